/* Which ISA level runs.  The levels built into this library come from the
 * build (PN_HAVE_LEVEL_*); the choice is made once, by pn_start, from CPUID,
 * the operating system and PYNN_ISA; tests choose again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cpu.h"
#include "runtime/internal.h"
#include "runtime/runtime.h"

void pn_level_get_avx512(pn_level *out);
void pn_level_get_avx2(pn_level *out);
void pn_level_get_neon(pn_level *out);
void pn_level_get_scalar(pn_level *out);

enum { MAX_LEVELS = 4 };
static pn_level levels[MAX_LEVELS];
static bool runnable[MAX_LEVELS];
static int level_count;
static pn_cpu cpu;

const pn_level *pn_active;

static void add_level(void (*get)(pn_level *), bool can_run) {
  get(&levels[level_count]);
  runnable[level_count] = can_run;
  level_count++;
}

/* Best first; scalar runs everywhere and is the last. */
void pn_dispatch_init(void) {
  cpu = pn_cpu_detect();
#ifdef PN_HAVE_LEVEL_AVX512
  add_level(pn_level_get_avx512, cpu.avx512);
#endif
#ifdef PN_HAVE_LEVEL_AVX2
  add_level(pn_level_get_avx2, cpu.avx2);
#endif
#ifdef PN_HAVE_LEVEL_NEON
  add_level(pn_level_get_neon, cpu.neon);
#endif
  add_level(pn_level_get_scalar, true);
  int best = 0;
  while (!runnable[best]) best++;
  pn_active = &levels[best];
}

int pn_level_count(void) {
  pn_start();
  return level_count;
}

const char *pn_level_name(int i) { return i >= 0 && i < pn_level_count() ? levels[i].name : NULL; }

bool pn_level_runnable(int i) { return i >= 0 && i < pn_level_count() && runnable[i]; }

const pn_level *pn_active_level(void) {
  if (!pn_active) pn_start();
  return pn_active;
}

bool pn_cpu_has_fma(void) {
  pn_start();
  return cpu.fma;
}

static void list_runnable(char *text, size_t bytes) {
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < level_count; i++) {
    if (!runnable[i] || used >= bytes) continue;
    int n = snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", levels[i].name);
    used += n > 0 ? (size_t)n : 0;
  }
}

pn_status pn_dispatch_select(const char *name) {
  const char *source = "";
  if (!name) {
    name = getenv("PYNN_ISA");
    source = "PYNN_ISA: ";
  }
  char choices[128];
  list_runnable(choices, sizeof choices);
  if (!name || !*name) {
    int best = 0;
    while (!runnable[best]) best++;
    pn_active = &levels[best];
    return PN_OK;
  }
  for (int i = 0; i < level_count; i++) {
    if (strcmp(levels[i].name, name) != 0) continue;
    if (!runnable[i])
      return pn_fail(PN_VALUE_ERROR,
                     "%sthis machine cannot run the ISA level '%.40s'; choose one of: %s", source,
                     name, choices);
    pn_active = &levels[i];
    return PN_OK;
  }
  return pn_fail(PN_VALUE_ERROR, "%sno ISA level '%.40s' in this build; choose one of: %s", source,
                 name, choices);
}

pn_status pn_select_level(const char *name) {
  pn_start();
  return pn_dispatch_select(name);
}
