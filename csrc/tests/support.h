/* Small helpers of the C tests that need the platform layer. */
#ifndef PN_TEST_SUPPORT_H
#define PN_TEST_SUPPORT_H

#include <stdlib.h>

#include "runtime/platform.h"

/* Runs fn(arg) on another thread and waits for it. */
static inline void run_in_thread(void (*fn)(void *), void *arg) {
  pn_thread t;
  if (pn_thread_start(&t, fn, arg)) pn_thread_join(t);
}

static inline void set_env(const char *name, const char *value) {
#if defined(_WIN32)
  _putenv_s(name, value);
#else
  setenv(name, value, 1);
#endif
}

#endif
