/* Running one product record. */
#include "engine/product.h"

#include "kernels/gemm_plan.h"

pn_status pn_product_types(const char *name, const pn_tensor *a, const pn_tensor *b) {
  if (a->dtype != b->dtype)
    return pn_fail(PN_RUNTIME_ERROR,
                   "%s: expected both operands to have the same dtype, got %s %s "
                   "and %s %s",
                   name, pn_dtype_name(a->dtype), pn_shape_text(a), pn_dtype_name(b->dtype),
                   pn_shape_text(b));
  if (!pn_is_real(a->dtype) && (pn_is_float(a->dtype) || a->dtype == PN_BOOL))
    return pn_fail(PN_TYPE_ERROR,
                   "%s is not implemented for %s (shapes %s and %s); convert with "
                   ".float() or .double()",
                   name, pn_dtype_name(a->dtype), pn_shape_text(a), pn_shape_text(b));
  return PN_OK;
}

/* Products that plan nothing go to their kernel at once: 60 ns less. */
static bool run_tiny(const pn_args *a) {
  pn_gemm_shape s;
  const pn_row *row = &pn_row_gemm_pack;
  if (!pn_gemm_is_mini(a)) {
    pn_gemm_shape_of(&s, a->n);
    if (a->n[PN_GEMM_BATCH] != 1 || !pn_gemm_is_tiny(&s)) return false;
  }
  double work = (double)(a->n[PN_GEMM_M] * a->n[PN_GEMM_N] * a->n[PN_GEMM_K]);
  if (row->cost * work + 20 >= pn_parallel_threshold) return false;
  pn_active->fn[row->kernel[1]][a->dtype](a, 0, 1, NULL);
  pn_stats.records++;
  return true;
}

pn_status pn_product_run(pn_args *a, size_t block_bytes, pn_tensor *out, pn_tensor *x, pn_tensor *y,
                         pn_tensor *bias, double alpha, int act) {
  a->flags = (uint32_t)act;
  a->dtype = out->dtype;
  a->f[PN_GEMM_ALPHA] = alpha;
  a->p[PN_GEMM_Z] = a->p[PN_GEMM_BIAS] = a->p[PN_GEMM_WORK] = NULL;
  a->n[PN_GEMM_BIAS_STRIDE] = 0;
  if (bias) {
    a->n[PN_GEMM_BIAS_STRIDE] = bias->stride[bias->ndim - 1];
    pn_bind(a, PN_GEMM_BIAS, bias);
  }
  const bool real = pn_is_real(out->dtype);
  if (real && !pn_tls.recording) {
    a->p[PN_GEMM_C] = out->data;
    a->p[PN_GEMM_A] = x->data;
    a->p[PN_GEMM_B] = y->data;
    if (run_tiny(a)) return PN_OK;
  }
  size_t bytes = real ? pn_gemm_workspace(a) : 0;
  pn_tensor *work = bytes ? pn_workspace(bytes) : NULL;
  if (bytes && !work) return pn_last_status();
  if (work) pn_bind_out(a, PN_GEMM_WORK, work);
  pn_bind_out(a, PN_GEMM_C, out);
  pn_bind(a, PN_GEMM_A, x);
  pn_bind(a, PN_GEMM_B, y);
  pn_status s = pn_run(real ? &pn_row_gemm_pack : &pn_row_product, a, block_bytes);
  pn_release(work);
  return s;
}

pn_status pn_product(pn_tensor *out, const pn_matrix *x, const pn_matrix *y, pn_tensor *bias,
                     double alpha, int act) {
  if (out->numel == 0) return PN_OK;
  pn_args a;
  a.n[PN_GEMM_M] = x->rows;
  a.n[PN_GEMM_N] = y->cols;
  a.n[PN_GEMM_K] = x->cols;
  a.n[PN_GEMM_RSA] = x->row_step;
  a.n[PN_GEMM_CSA] = x->column_step;
  a.n[PN_GEMM_RSB] = y->row_step;
  a.n[PN_GEMM_CSB] = y->column_step;
  a.n[PN_GEMM_RSC] = y->cols;
  a.n[PN_GEMM_BATCH] = 1;
  a.n[PN_GEMM_BSA] = a.n[PN_GEMM_BSB] = 0;
  a.n[PN_GEMM_BSC] = x->rows * y->cols;
  a.block = NULL;
  return pn_product_run(&a, 0, out, x->t, y->t, bias, alpha, act);
}
