/* Dtypes: names, sizes, promotion (torch.promote_types, torch.result_type). */
#include "engine/internal.h"

static const char *const names[PN_DTYPE_COUNT] = {
    "float32", "float64", "bfloat16", "float16", "int64", "int32", "int8", "uint8", "bool"};

const char *pn_dtype_name(int dtype) {
  return dtype >= 0 && dtype < PN_DTYPE_COUNT ? names[dtype] : "unknown";
}

/* The lattice of PyTorch: bool < uint8, int8 < int32 < int64 < float16,
 * bfloat16 < float32 < float64; uint8 with int8 gives int64's little brother
 * int16 in PyTorch, which is not in the list: int32 here. */
int pn_promote_types(int a, int b) {
  static const uint8_t rank[PN_DTYPE_COUNT] = {7, 8, 5, 5, 4, 3, 2, 1, 0};
  if (a == b) return a;
  if ((a == PN_BF16 && b == PN_F16) || (a == PN_F16 && b == PN_BF16)) return PN_F32;
  if ((a == PN_U8 && b == PN_I8) || (a == PN_I8 && b == PN_U8)) return PN_I32;
  return rank[a] > rank[b] ? a : b;
}

static int default_dtype = PN_F32;
int pn_default_dtype(void) { return default_dtype; }
pn_status pn_set_default_dtype(int dtype) {
  if (!pn_is_float(dtype))
    return pn_fail(PN_TYPE_ERROR, "the default dtype must be a floating one, not %s",
                   pn_dtype_name(dtype));
  default_dtype = dtype;
  return PN_OK;
}

/* 0 bool, 1 integer, 2 floating */
static int category(int dtype) { return dtype == PN_BOOL ? 0 : pn_is_float(dtype) ? 2 : 1; }

bool pn_can_cast(int from, int to) { return category(from) <= category(to); }
/* 2: tensor with dimensions, 1: 0-d tensor, 0: host scalar */
static int priority(const pn_tensor *t) {
  return (t->flags & PN_T_WRAPPED) ? 0 : t->ndim > 0 ? 2 : 1;
}
/* A host scalar stands for the default dtype of its category. */
static int participating_dtype(const pn_tensor *t) {
  if (!(t->flags & PN_T_WRAPPED)) return t->dtype;
  return t->dtype == PN_F64 ? default_dtype : t->dtype;
}

int pn_result_type(const pn_tensor *a, const pn_tensor *b) {
  int da = participating_dtype(a), db = participating_dtype(b);
  int pa = priority(a), pb = priority(b);
  if (pa == pb) return pn_promote_types(da, db);
  /* the weaker side counts only when its category is higher */
  int strong = pa > pb ? da : db, weak = pa > pb ? db : da;
  return category(weak) > category(strong) ? pn_promote_types(strong, weak) : strong;
}
