/* CPU quotas of Linux control groups, version 2 (cpu.max) and version 1
 * (cpu.cfs_quota_us).  Only text files; it compiles and can be tested anywhere.
 *
 * A quota of 1.5 processors counts as 2, as in Go and the JVM: two threads that
 * are throttled a quarter of the time do more than one that is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/platform.h"

enum { PATH_BYTES = 1024 };

static bool read_text(const char *path, char *text, int bytes) {
  FILE *f = fopen(path, "r");
  if (!f) return false;
  bool ok = fgets(text, bytes, f) != NULL;
  fclose(f);
  return ok;
}

static int cpus_of(double quota, double period) {
  if (!(quota > 0 && period > 0)) return 0;
  double cpus = quota / period;
  if (cpus > 1e6) return 0;
  int whole = (int)cpus;
  return whole < cpus ? whole + 1 : whole;
}

/* "150000 100000" or "max 100000" */
static int quota_v2(const char *folder) {
  char path[PATH_BYTES + 16], text[64], *rest;
  snprintf(path, sizeof path, "%s/cpu.max", folder);
  if (!read_text(path, text, sizeof text)) return 0;
  double quota = strtod(text, &rest);
  if (rest == text) return 0;
  return cpus_of(quota, strtod(rest, NULL));
}

static int quota_v1(const char *folder) {
  char path[PATH_BYTES + 32], quota[64], period[64];
  snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
  if (!read_text(path, quota, sizeof quota)) return 0;
  snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
  if (!read_text(path, period, sizeof period)) return 0;
  return cpus_of(atof(quota), atof(period));
}

/* The smallest quota from the group up to the mount point.  Inside a container
 * the path may be the host's: folders that do not exist are passed over. */
static int smallest(const char *mount, const char *group, int (*quota_of)(const char *)) {
  char folder[PATH_BYTES];
  int best = 0;
  int n = snprintf(folder, sizeof folder, "%s%s", mount, group);
  if (n < 0 || n >= (int)sizeof folder) return 0;
  size_t root = strlen(mount);
  for (;;) {
    int cpus = quota_of(folder);
    if (cpus > 0 && (best == 0 || cpus < best)) best = cpus;
    if (strlen(folder) <= root) return best;
    *strrchr(folder, '/') = '\0';
  }
}

/* Is `cpu` one of the comma-separated controllers? */
static bool names_cpu(const char *list) {
  for (const char *p = list; p; p = strchr(p, ',')) {
    p += *p == ',';
    if (strncmp(p, "cpu", 3) == 0 && (p[3] == ',' || p[3] == '\0')) return true;
  }
  return false;
}

/* A line of /proc/self/cgroup is "hierarchy:controllers:path". */
static int quota_of_line(char *line, const char *root) {
  line[strcspn(line, "\n")] = '\0';
  char *controllers = strchr(line, ':');
  char *group = controllers ? strchr(controllers + 1, ':') : NULL;
  if (!group) return 0;
  *group++ = '\0';
  controllers++;
  if (*group != '/') return 0;
  if (*controllers == '\0') return smallest(root, group, quota_v2);
  if (!names_cpu(controllers)) return 0;
  char mount[PATH_BYTES];
  snprintf(mount, sizeof mount, "%s/%s", root, controllers);
  int cpus = smallest(mount, group, quota_v1);
  if (cpus) return cpus;
  snprintf(mount, sizeof mount, "%s/cpu", root);
  return smallest(mount, group, quota_v1);
}

int pn_cgroup_cpus(const char *proc, const char *root) {
  FILE *f = fopen(proc, "r");
  if (!f) return 0;
  char line[PATH_BYTES];
  int best = 0;
  while (fgets(line, sizeof line, f)) {
    int cpus = quota_of_line(line, root);
    if (cpus > 0 && (best == 0 || cpus < best)) best = cpus;
  }
  fclose(f);
  return best;
}
