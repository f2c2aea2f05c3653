/* pn_ctest [--list] [--threads N] [--verbose] [--skip suite]... [suite ...]
 *
 * Runs all suites of suites.def or those named; one line each, and last a line
 * of its own "N passed, N failed" (suites).  Exit code 0 when none failed.
 * (--skip fork is for emulators that cannot fork a process with threads.) */
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "tests/test.h"

int pn_test_failures;
long pn_test_checks;
bool pn_test_verbose;

#define SUITE(name) void suite_##name(void);
#include "tests/suites.def"
#undef SUITE

typedef struct suite {
  const char *name;
  void (*run)(void);
} suite;

static const suite suites[] = {
#define SUITE(name) {#name, suite_##name},
#include "tests/suites.def"
#undef SUITE
};
enum { SUITES = sizeof suites / sizeof suites[0] };

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#if defined(TSAN)
/* The fork suite starts threads in children, on purpose. */
const char *__tsan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void) {
  return "die_after_fork=0:second_deadlock_stack=1:exitcode=66";
}
#endif

static int usage(const char *complaint, const char *what) {
  fprintf(
      stderr,
      "%s%s\nusage: pn_ctest [--list] [--threads N] [--verbose] [--skip suite]... [suite ...]\n",
      complaint, what);
  return 2;
}

static int find_suite(const char *name) {
  for (int i = 0; i < SUITES; i++)
    if (strcmp(suites[i].name, name) == 0) return i;
  return -1;
}

/* A suite that checked nothing has failed, too. */
static bool run_suite(const suite *s) {
  int failures = pn_test_failures;
  long checks = pn_test_checks;
  double start = pn_now();
  s->run();
  failures = pn_test_failures - failures;
  checks = pn_test_checks - checks;
  printf("%-12s %9ld checks %6d failures %8.3f s%s\n", s->name, checks, failures, pn_now() - start,
         checks ? "" : "  (checked nothing)");
  fflush(stdout);
  return failures == 0 && checks > 0;
}

static bool read_threads(const char *text) {
  char *end;
  long n = text ? strtol(text, &end, 10) : 0;
  return text && *end == '\0' && n > 0 && n <= PN_MAX_THREADS &&
         pn_set_num_threads((int)n) == PN_OK;
}

/* Marks what shall run: 1 named, -1 skipped.  0: go on; else the exit code + 1. */
static int read_arguments(int argc, char **argv, int *mark) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--list") == 0) {
      for (int k = 0; k < SUITES; k++) puts(suites[k].name);
      return 1;
    } else if (strcmp(argv[i], "--verbose") == 0) {
      pn_test_verbose = true;
    } else if (strcmp(argv[i], "--threads") == 0) {
      if (!read_threads(argv[++i])) return 1 + usage("--threads wants a number from 1 to 256", "");
    } else {
      int value = strcmp(argv[i], "--skip") == 0 ? -1 : 1;
      i += value < 0;
      int k = i < argc ? find_suite(argv[i]) : -1;
      if (k < 0) return 1 + usage("no such suite (see --list): ", i < argc ? argv[i] : "");
      mark[k] = value;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  int mark[SUITES] = {0}, named = 0, passed = 0, ran = 0;
  if (pn_init() != PN_OK) return usage(pn_last_message(), "");
  int stop = read_arguments(argc, argv, mark);
  if (stop) return stop - 1;
  for (int k = 0; k < SUITES; k++) named += mark[k] > 0;
  printf("level %s, %d threads\n", pn_active_level()->name, pn_get_num_threads());
  for (int k = 0; k < SUITES; k++) {
    if (mark[k] < 0 || (named && !mark[k])) continue;
    passed += run_suite(&suites[k]);
    ran++;
  }
  pn_pool_shutdown();
  printf("%d passed, %d failed\n", passed, ran - passed);
  return passed == ran ? 0 : 1;
}
