// Decoders in memory of the caller, which have no other declaration; they have been in the library since 1.3.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
