/* Errors, size arithmetic, environment, control groups, Philox. */
#if defined(__linux__)
#define _GNU_SOURCE /* sched_setaffinity */
#include <sched.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "pn_contract.h"
#include "runtime/internal.h"
#include "simd/philox.h"
#include "tests/support.h"
#include "tests/test.h"

/* ---- errors -------------------------------------------------------------- */
static void set_an_error(void *unused) {
  CHECK(pn_last_status() == PN_OK);
  CHECK(strcmp(pn_last_message(), "") == 0);
  pn_fail(PN_TYPE_ERROR, "other thread");
}

static void test_errors(void) {
  pn_clear_error();
  CHECK(pn_last_status() == PN_OK);
  CHECK(pn_fail(PN_INDEX_ERROR, "index %d of axis %s", 7, "rows") == PN_INDEX_ERROR);
  CHECK(pn_last_status() == PN_INDEX_ERROR);
  CHECK(strcmp(pn_last_message(), "index 7 of axis rows") == 0);
  run_in_thread(set_an_error, NULL);
  CHECK(pn_last_status() == PN_INDEX_ERROR);
  pn_fail(PN_VALUE_ERROR, "%5000d", 1);
  CHECK(strlen(pn_last_message()) > 500 && strlen(pn_last_message()) < 5000);
  for (int i = 0; i < PN_STATUS_COUNT; i++)
    for (int k = 0; k < i; k++)
      CHECK(strcmp(pn_status_name((pn_status)i), pn_status_name((pn_status)k)) != 0);
  CHECK(strcmp(pn_status_name(PN_OVERFLOW_ERROR), "OverflowError") == 0);
  CHECK(strcmp(pn_status_name((pn_status)-1), pn_status_name(PN_STATUS_COUNT)) == 0);
  pn_clear_error();
  CHECK(pn_last_status() == PN_OK);
}

static void test_sizes(void) {
  int64_t x = 0;
  CHECK(pn_mul_ok(INT64_C(3037000499), INT64_C(3037000499), &x) &&
        x == INT64_C(9223372030926249001));
  CHECK(!pn_mul_ok(INT64_C(3037000500), INT64_C(3037000500), &x));
  CHECK(!pn_mul_ok(INT64_MIN, -1, &x));
  CHECK(pn_mul_ok(INT64_MAX, 0, &x) && x == 0);
  CHECK(pn_add_ok(INT64_MAX, -1, &x) && x == INT64_MAX - 1);
  CHECK(!pn_add_ok(INT64_MAX, 1, &x));
  CHECK(pn_numerics_version() == PN_NUMERICS_VERSION);
}

/* ---- environment --------------------------------------------------------- */
static void test_environment(void) {
  char before[32] = "";
  const char *set = getenv("PYNN_NUM_THREADS");
  if (set) snprintf(before, sizeof before, "%s", set);
  set_env("PYNN_NUM_THREADS", "5");
  CHECK(pn_default_num_threads() == 5 && pn_pool_check_environment() == PN_OK);
  set_env("PYNN_NUM_THREADS", "100000");
  CHECK(pn_default_num_threads() == PN_MAX_THREADS);
  const char *bad[] = {"0", "-3", "two", "4x", "1.5", " "};
  for (int i = 0; i < 6; i++) {
    set_env("PYNN_NUM_THREADS", bad[i]);
    CHECK_MSG(pn_pool_check_environment() == PN_VALUE_ERROR, "'%s'", bad[i]);
    CHECK(strstr(pn_last_message(), bad[i]) != NULL);
    CHECK(pn_default_num_threads() >= 1);
  }
  set_env("PYNN_NUM_THREADS", "");
  CHECK(pn_pool_check_environment() == PN_OK);
  CHECK(pn_default_num_threads() == pn_usable_cpus());
  if (set) set_env("PYNN_NUM_THREADS", before);
  CHECK(pn_set_num_threads(0) == PN_VALUE_ERROR);
  CHECK(pn_set_num_threads(PN_MAX_THREADS + 1) == PN_VALUE_ERROR);
  CHECK(strstr(pn_last_message(), "257") != NULL);
  pn_clear_error();
}

static void test_clock(void) {
  double t = pn_now();
  pn_thread_sleep(2e-3);
  double passed = pn_now() - t;
  CHECK_MSG(passed >= 1.9e-3 && passed < 5, "%g s", passed);
}

/* ---- affinity ------------------------------------------------------------ */
#if defined(__linux__)
static void count_on_one_cpu(void *unused) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(pn_usable_cpus() == 1);
}
static void test_affinity(void) { run_in_thread(count_on_one_cpu, NULL); }
#else
static void test_affinity(void) { CHECK(pn_usable_cpus() >= 1); }
#endif

/* ---- control groups: files as the kernel writes them --------------------- */
#if !defined(_WIN32)
#include <sys/stat.h>
#include <unistd.h>

static char root[256];

static void write_file(const char *name, const char *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", root, name);
  for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
    *p = '\0';
    mkdir(path, 0700);
    *p = '/';
  }
  FILE *f = fopen(path, "w");
  CHECK_MSG(f != NULL, "%s", path);
  if (!f) return;
  fputs(text, f);
  fclose(f);
}

static int cpus_for(const char *proc) {
  char path[512];
  write_file("proc", proc);
  snprintf(path, sizeof path, "%s/proc", root);
  return pn_cgroup_cpus(path, root);
}

static void test_cgroups(void) {
  const char *base = getenv("TMPDIR");
  snprintf(root, sizeof root, "%s/pn_cgroup_XXXXXX", base ? base : "/tmp");
  CHECK(mkdtemp(root) != NULL);
  CHECK(pn_cgroup_cpus("/nonexistent", root) == 0);
  CHECK(cpus_for("0::/\n") == 0);
  write_file("a/b/cpu.max", "250000 100000\n");
  CHECK(cpus_for("0::/a/b\n") == 3);
  CHECK(cpus_for("0::/a/b/gone/deeper\n") == 3);
  write_file("a/cpu.max", "200000 100000\n");
  CHECK(cpus_for("0::/a/b\n") == 2);
  write_file("a/cpu.max", "max 100000\n");
  CHECK(cpus_for("0::/a/b\n") == 3);
  CHECK(cpus_for("0::/a\n") == 0);
  write_file("a/cpu.max", "1000 100000\n");
  CHECK(cpus_for("0::/a\n") == 1);
  write_file("cpu.max", "400000 100000\n");
  CHECK(cpus_for("0::/../elsewhere\n") >= 0);
  CHECK(cpus_for("0::/x\n") == 4);
  write_file("cpu,cpuacct/docker/cpu.cfs_quota_us", "150000\n");
  write_file("cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
  write_file("cpuset/docker/cpu.cfs_quota_us", "100000\n");
  write_file("cpuset/docker/cpu.cfs_period_us", "100000\n");
  CHECK(cpus_for("5:cpuset:/docker\n4:cpu,cpuacct:/docker\n") == 2);
  write_file("cpu,cpuacct/docker/cpu.cfs_quota_us", "-1\n");
  CHECK(cpus_for("4:cpu,cpuacct:/docker\n") == 0);
  write_file("cpu/host/cpu.cfs_quota_us", "300000\n");
  write_file("cpu/host/cpu.cfs_period_us", "100000\n");
  CHECK(cpus_for("4:cpuacct,cpu:/host\n") == 3);
  CHECK(cpus_for("nonsense\n:\n::\n1:cpu\n") == 0);
  char command[300];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  CHECK(system(command) == 0);
}
#else
static void test_cgroups(void) { CHECK(pn_cgroup_cpus("nonexistent", "nonexistent") == 0); }
#endif

void suite_runtime(void) {
  test_errors();
  test_sizes();
  test_environment();
  test_clock();
  test_affinity();
  test_cgroups();
}

/* ---- Philox: the known answers of the Random123 distribution ------------- */
typedef struct known_answer {
  uint32_t counter[4], key[2], out[4];
} known_answer;

static const known_answer answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

void suite_philox(void) {
  uint32_t out[4], same[4];
  for (int i = 0; i < 3; i++) {
    pn_philox4x32_block(answers[i].counter, answers[i].key, out);
    CHECK_MSG(memcmp(out, answers[i].out, sizeof out) == 0, "vector %d: %08x %08x %08x %08x", i,
              out[0], out[1], out[2], out[3]);
  }
  pn_philox4x32(0, 0, out);
  CHECK(memcmp(out, answers[0].out, sizeof out) == 0);
  uint32_t counter[4] = {0x89abcdef, 0x01234567, 0, 0}, key[2] = {0x76543210, 0xfedcba98};
  pn_philox4x32_block(counter, key, same);
  pn_philox4x32(UINT64_C(0xfedcba9876543210), UINT64_C(0x0123456789abcdef), out);
  CHECK(memcmp(out, same, sizeof out) == 0);

  pn_generator g = {1, 2};
  pn_generator_seed(&g, 77);
  CHECK(g.seed == 77 && g.offset == 0);
  pn_generator *d = pn_default_generator();
  CHECK(d != NULL && d == pn_default_generator());
  pn_generator before = *d;
  CHECK(pn_default_generator()->seed == before.seed); /* seeded once */
  CHECK(pn_entropy() != pn_entropy());
}
