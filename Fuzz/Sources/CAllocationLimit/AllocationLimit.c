// libFuzzer's -malloc_limit_mb needs AddressSanitizer, which takes half of the speed. These functions take the place of the
// C library's and ask it for the memory. Linux only: there glibc exports its own functions under a second name.

// For dladdr.
#define _GNU_SOURCE
#include "AllocationLimit.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local size_t limit;

void setAllocationLimit(size_t byteCount) { limit = byteCount; }

void endWithFinding(const char *fact) {
  fprintf(stderr, "finding: %s\n", fact);
  abort();
}

// libzstd allocates the window that a frame states, of which it touches what it decodes.
static int isZstdWindow(size_t byteCount, const void *caller) {
  Dl_info facts;
  return byteCount <= (1u << 27) + (1u << 18) && dladdr(caller, &facts) != 0 && strstr(facts.dli_fname, "libzstd") != NULL;
}

static void check(size_t byteCount, const void *caller) {
  if (limit == 0 || byteCount <= limit || isZstdWindow(byteCount, caller)) return;
  size_t allowed = limit;
  limit = 0;
  fprintf(stderr, "finding: allocates %zu bytes at once, allowed are %zu\n", byteCount, allowed);
  abort();
}

#if defined(__GLIBC__) && !__has_feature(address_sanitizer)

void *__libc_malloc(size_t byteCount);
void *__libc_calloc(size_t count, size_t byteCount);
void *__libc_realloc(void *memory, size_t byteCount);
void *__libc_memalign(size_t alignment, size_t byteCount);

void *malloc(size_t byteCount) {
  check(byteCount, __builtin_return_address(0));
  return __libc_malloc(byteCount);
}

void *calloc(size_t count, size_t byteCount) {
  check(byteCount != 0 && count > (size_t)-1 / byteCount ? (size_t)-1 : count * byteCount,
        __builtin_return_address(0));
  return __libc_calloc(count, byteCount);
}

void *realloc(void *memory, size_t byteCount) {
  check(byteCount, __builtin_return_address(0));
  return __libc_realloc(memory, byteCount);
}

int posix_memalign(void **result, size_t alignment, size_t byteCount) {
  check(byteCount, __builtin_return_address(0));
  void *memory = __libc_memalign(alignment, byteCount);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}

void *aligned_alloc(size_t alignment, size_t byteCount) {
  check(byteCount, __builtin_return_address(0));
  return __libc_memalign(alignment, byteCount);
}

#endif
