#include <stddef.h>

// From now on, an allocation of more than `byteCount` bytes ends the process as a finding. 0 allows all.
void setAllocationLimit(size_t byteCount);

// Prints what is wrong, and ends the process so that libFuzzer keeps the input.
_Noreturn void endWithFinding(const char *fact);
