// Loaded before the C library (LD_PRELOAD): reads and writes move fewer bytes than asked, or are interrupted.
// SHORT_IO_SEED chooses the sequence. Calls that move one byte are left alone, so everything comes to an end.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

static _Thread_local unsigned long state;

static unsigned long next(void) {
  if (state == 0) {
    const char *seed = getenv("SHORT_IO_SEED");
    state = 88172645463325252UL ^ (seed ? strtoul(seed, NULL, 10) : 0) * 2654435761UL;
  }
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

// 0 for an interrupt, else the bytes to move: mostly 1 to 4096, now and then all.
static size_t fewer(size_t count) {
  unsigned long number = next();
  if (count <= 1 || number % 8 == 0) return count;
  if (number % 8 == 1) return 0;
  return 1 + (number >> 8) % (count < 4096 ? count : 4096);
}

#define SHORTENED(type, name, parameters, call)                                        \
  type name parameters {                                                               \
    static type(*real) parameters;                                                     \
    if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name);                     \
    if (count > 0 && (count = fewer(count)) == 0) { errno = EINTR; return -1; }        \
    return real call;                                                                  \
  }

SHORTENED(ssize_t, pread, (int file, void *bytes, size_t count, off_t offset), (file, bytes, count, offset))
SHORTENED(ssize_t, pread64, (int file, void *bytes, size_t count, off64_t offset), (file, bytes, count, offset))
SHORTENED(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t offset), (file, bytes, count, offset))
SHORTENED(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t offset), (file, bytes, count, offset))
SHORTENED(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
SHORTENED(ssize_t, sendfile, (int out, int in, off_t *offset, size_t count), (out, in, offset, count))
SHORTENED(ssize_t, sendfile64, (int out, int in, off64_t *offset, size_t count), (out, in, offset, count))
