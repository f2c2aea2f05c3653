/* The table of one ISA level; compiled once per level with PN_LEVEL defined. */
#include "kernels/table.h"

#define PN_CAT_(a, b) a##b
#define PN_CAT(a, b) PN_CAT_(a, b)
#define PN_STR_(x) #x
#define PN_STR(x) PN_STR_(x)
#define PN_NAME3_(n, t, l) pn_k_##n##_##t##_##l
#define PN_NAME3(n, t, l) PN_NAME3_(n, t, l)
#define PN_NAME(n, t) PN_NAME3(n, t, PN_LEVEL)

#define PN_FOR_R(X, n) X(n, f32) X(n, f64)
#define PN_FOR_I(X, n) X(n, i64) X(n, i32) X(n, i8) X(n, u8) X(n, bool)
#define PN_FOR_RI(X, n) PN_FOR_R(X, n) PN_FOR_I(X, n)
#define PN_FOR_S(X, n) X(n, s1) X(n, s2) X(n, s4) X(n, s8)
#define PN_FOR_C(X, n) PN_FOR_RI(X, n) X(n, bf16) X(n, f16)

#define PN_PROTO(n, t) void PN_NAME(n, t)(const pn_args *, int64_t, int64_t, void *);
#define PN_K(name, family) PN_FOR_##family(PN_PROTO, name)
#include "kernels/kernels.def"
#undef PN_K

/* Columns of the table by the kernel's type word. */
#define PN_COL_f32(f) [PN_F32] = f,
#define PN_COL_f64(f) [PN_F64] = f,
#define PN_COL_bf16(f) [PN_BF16] = f,
#define PN_COL_f16(f) [PN_F16] = f,
#define PN_COL_i64(f) [PN_I64] = f,
#define PN_COL_i32(f) [PN_I32] = f,
#define PN_COL_i8(f) [PN_I8] = f,
#define PN_COL_u8(f) [PN_U8] = f,
#define PN_COL_bool(f) [PN_BOOL] = f,
#define PN_COL_s1(f) [PN_I8] = f, [PN_U8] = f, [PN_BOOL] = f,
#define PN_COL_s2(f) [PN_BF16] = f, [PN_F16] = f,
#define PN_COL_s4(f) [PN_F32] = f, [PN_I32] = f,
#define PN_COL_s8(f) [PN_F64] = f, [PN_I64] = f,
#define PN_ENTRY(n, t) PN_COL_##t(PN_NAME(n, t))

extern const pn_gemm_blocks PN_CAT(pn_gemm_blocks_f32_, PN_LEVEL);
extern const pn_gemm_blocks PN_CAT(pn_gemm_blocks_f64_, PN_LEVEL);

static const pn_level level = {
    .name = PN_STR(PN_LEVEL),
    .fn =
        {
#define PN_K(name, family) [PN_K_##name] = {PN_FOR_##family(PN_ENTRY, name)},
#include "kernels/kernels.def"
#undef PN_K
        },
};

/* The gemm blocks live beside their tiles (real/gemm.c); a const object cannot
 * copy them at compile time, so the level hands them out here. */
void PN_CAT(pn_level_get_, PN_LEVEL)(pn_level *out) {
  *out = level;
  out->gemm[0] = PN_CAT(pn_gemm_blocks_f32_, PN_LEVEL);
  out->gemm[1] = PN_CAT(pn_gemm_blocks_f64_, PN_LEVEL);
}
