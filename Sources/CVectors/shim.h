// The width of the widest vectors that the compiler uses in this build, which Swift cannot ask for.
#ifndef INGOT_VECTORS_SHIM_H
#define INGOT_VECTORS_SHIM_H

#ifdef __AVX512F__
static const int VECTOR_BYTE_COUNT = 64;
#elif defined(__AVX2__)
static const int VECTOR_BYTE_COUNT = 32;
#else
static const int VECTOR_BYTE_COUNT = 16;
#endif

#endif
