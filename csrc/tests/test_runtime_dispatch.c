/* ISA levels: detection, forcing, complete tables. */
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/internal.h"
#include "tests/support.h"
#include "tests/test.h"

#define TYPES_R (1u << PN_F32 | 1u << PN_F64)
#define TYPES_I (1u << PN_I64 | 1u << PN_I32 | 1u << PN_I8 | 1u << PN_U8 | 1u << PN_BOOL)
#define TYPES_RI (TYPES_R | TYPES_I)
#define TYPES_S (TYPES_RI | 1u << PN_BF16 | 1u << PN_F16)
#define TYPES_C TYPES_S

static const struct {
  const char *name;
  unsigned types;
} kernels[] = {
#define PN_K(name, family) {#name, TYPES_##family},
#include "kernels/kernels.def"
#undef PN_K
};

static void test_table(const pn_level *level) {
  for (int k = 0; k < PN_K_COUNT; k++)
    for (int t = 0; t < PN_DTYPE_COUNT; t++) {
      bool wanted = kernels[k].types >> t & 1u;
      CHECK_MSG((level->fn[k][t] != NULL) == wanted, "%s: kernel %s, dtype %d", level->name,
                kernels[k].name, t);
    }
}

static void test_forcing(void) {
  int n = pn_level_count();
  CHECK(n >= 1 && strcmp(pn_level_name(n - 1), "scalar") == 0 && pn_level_runnable(n - 1));
  CHECK(pn_level_name(-1) == NULL && pn_level_name(n) == NULL && !pn_level_runnable(n));
  for (int i = 0; i < n; i++) {
    pn_status status = pn_select_level(pn_level_name(i));
    CHECK((status == PN_OK) == pn_level_runnable(i));
    if (status != PN_OK) {
      CHECK(status == PN_VALUE_ERROR && strstr(pn_last_message(), "cannot run") != NULL);
      continue;
    }
    CHECK(strcmp(pn_active_level()->name, pn_level_name(i)) == 0 && pn_active == pn_active_level());
    test_table(pn_active);
  }
}

static void test_unknown(void) {
  CHECK(pn_select_level("scalar") == PN_OK);
  CHECK(pn_select_level("sse9") == PN_VALUE_ERROR);
  CHECK(strstr(pn_last_message(), "sse9") && strstr(pn_last_message(), "scalar"));
  for (int i = 0; i < pn_level_count(); i++)
    CHECK(!pn_level_runnable(i) || strstr(pn_last_message(), pn_level_name(i)));
  CHECK(strcmp(pn_active->name, "scalar") == 0); /* an error changes nothing */
  CHECK(pn_select_level("SCALAR") == PN_VALUE_ERROR);
  pn_clear_error();
}

static void test_environment(void) {
  char before[32] = "";
  const char *set = getenv("PYNN_ISA");
  if (set) snprintf(before, sizeof before, "%s", set);
  set_env("PYNN_ISA", "scalar");
  CHECK(pn_select_level(NULL) == PN_OK && strcmp(pn_active->name, "scalar") == 0);
  set_env("PYNN_ISA", "vax");
  CHECK(pn_select_level(NULL) == PN_VALUE_ERROR);
  CHECK(strstr(pn_last_message(), "PYNN_ISA") && strstr(pn_last_message(), "vax"));
  set_env("PYNN_ISA", "");
  CHECK(pn_select_level(NULL) == PN_OK);
  int best = 0;
  while (!pn_level_runnable(best)) best++;
  CHECK(strcmp(pn_active->name, pn_level_name(best)) == 0);
  set_env("PYNN_ISA", before);
  CHECK(pn_select_level(NULL) == PN_OK);
}

void suite_dispatch(void) {
  char active[32];
  snprintf(active, sizeof active, "%s", pn_active_level()->name);
  CHECK(pn_init() == PN_OK && pn_init() == PN_OK);
  pn_cpu cpu = pn_cpu_detect();
  CHECK(cpu.fma == pn_cpu_has_fma());
  CHECK(!cpu.avx512 || cpu.avx2);
  CHECK(!cpu.avx2 || cpu.fma);
#if defined(__aarch64__)
  CHECK(cpu.neon && cpu.fma);
#elif defined(__x86_64__)
  CHECK(cpu.avx2 == (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                     __builtin_cpu_supports("bmi2")));
  CHECK(cpu.avx512 ==
        (cpu.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")));
#endif
  test_forcing();
  test_unknown();
  test_environment();
  CHECK(pn_select_level(active) == PN_OK);
}
