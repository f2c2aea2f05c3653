/* Running one record: phases over the pool, the host's lock, sticky errors. */
#include "engine/internal.h"

#include <stdio.h>

pn_status pn_no_kernel(const pn_row *row, int dtype) {
  return pn_fail(PN_TYPE_ERROR, "\"%s\" is not implemented for %s; convert the tensor first%s",
                 row->name, pn_dtype_name(dtype),
                 pn_is_float(dtype) ? " (for instance with .float())" : "");
}

pn_status pn_run_phase(pn_kernel_fn fn, const pn_args *a, const pn_work *w) {
  void *scratch = NULL;
  if (w->scratch) {
    scratch = pn_scratch(w->scratch);
    if (!scratch) return pn_last_status();
  }
  double cost = w->cost * (double)w->units;
  if (cost < pn_parallel_threshold) {
    fn(a, 0, w->units, scratch);
    return PN_OK;
  }
  void *lock = NULL;
  bool released = cost > pn_release_threshold && pn_host_lock.release;
  if (released) lock = pn_host_lock.release();
  if (w->units > 1 && pn_get_num_threads() > 1)
    pn_parallel(fn, a, w->units, w->scratch, scratch);
  else
    fn(a, 0, w->units, scratch);
  if (released) pn_host_lock.acquire(lock);
  return PN_OK;
}

pn_status pn_check_status(const char *name, const int64_t *status) {
  if (!status || !status[0]) return PN_OK;
  char dim[24] = "";
  if (status[0] > 1) snprintf(dim, sizeof dim, "%lld ", (long long)status[0] - 2);
  return pn_fail(PN_INDEX_ERROR, "%s: index %lld is out of bounds for dimension %swith size %lld",
                 name, (long long)status[1], dim, (long long)status[2]);
}

static pn_status run_phases(const pn_row *row, const pn_args *a) {
  for (int phase = 0; phase < row->phases; phase++) {
    pn_kernel_fn fn = pn_active->fn[row->kernel[phase]][a->dtype];
    if (!fn) return pn_no_kernel(row, (int)a->dtype);
    pn_work w = {0, 0, 0};
    row->plan(row, a, phase, &w);
    if (!w.units) continue;
    pn_status s = pn_run_phase(fn, a, &w);
    if (s) return s;
  }
  pn_stats.records++;
  return PN_OK;
}

pn_status pn_run_checked(const pn_row *row, pn_args *a, size_t block_bytes, int64_t *status) {
  pn_status s = run_phases(row, a);
  if (!s) s = pn_check_status(row->name, status);
  if (!pn_tls.recording) return s;
  if (!s) return pn_record_append(row, a, block_bytes, status);
  pn_record_drop(a);
  return s;
}

pn_status pn_run(const pn_row *row, pn_args *a, size_t block_bytes) {
  return pn_run_checked(row, a, block_bytes, NULL);
}
