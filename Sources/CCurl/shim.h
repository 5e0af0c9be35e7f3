// Calls of libcurl's functions that take variable arguments, which Swift cannot call. Its headers are not needed: the library
// is loaded when the first address is opened, so that neither a build nor a run on local files needs it.
#ifndef INGOT_CURL_SHIM_H
#define INGOT_CURL_SHIM_H

#ifdef __linux__
#include <sys/auxv.h>
#endif

// Whether the program runs without the system's loader: then all of its libraries are in itself.
static inline int curl_has_no_loader(void) {
#ifdef __linux__
  return getauxval(AT_BASE) == 0;
#else
  return 0;
#endif
}

typedef int (*curl_variadic_function)(void *handle, int option, ...);
typedef unsigned long (*curl_data_function)(char *bytes, unsigned long size, unsigned long count, void *context);

static inline int curl_set_long(curl_variadic_function set, void *handle, int option, long value) {
  return set(handle, option, value);
}
static inline int curl_set_text(curl_variadic_function set, void *handle, int option, const char *value) {
  return set(handle, option, value);
}
static inline int curl_set_pointer(curl_variadic_function set, void *handle, int option, void *value) {
  return set(handle, option, value);
}
static inline int curl_set_function(curl_variadic_function set, void *handle, int option, curl_data_function value) {
  return set(handle, option, value);
}
static inline int curl_get_text(curl_variadic_function get, void *handle, int info, const char **value) {
  return get(handle, info, value);
}

#endif
