/* A very small test harness: one function per test, registered in main.c by
 * suite; a failed CHECK prints file, line and values and counts. */
#ifndef PN_TEST_H
#define PN_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

extern int pn_test_failures;
extern long pn_test_checks;
extern bool pn_test_verbose; /* --verbose: suites may print what they measured */

#define CHECK(cond)                                                     \
  do {                                                                  \
    pn_test_checks++;                                                   \
    if (!(cond)) {                                                      \
      pn_test_failures++;                                               \
      fprintf(stderr, "%s:%d: CHECK(%s)\n", __FILE__, __LINE__, #cond); \
    }                                                                   \
  } while (0)

#define CHECK_MSG(cond, ...)                                            \
  do {                                                                  \
    pn_test_checks++;                                                   \
    if (!(cond)) {                                                      \
      pn_test_failures++;                                               \
      fprintf(stderr, "%s:%d: CHECK(%s): ", __FILE__, __LINE__, #cond); \
      fprintf(stderr, __VA_ARGS__);                                     \
      fputc('\n', stderr);                                              \
    }                                                                   \
  } while (0)

/* A suite is `void suite_<name>(void)`; add it to suites.def. */

#endif
