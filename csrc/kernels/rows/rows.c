/* The rows of rows.def. */
#include "kernels/table.h"

#define PN_ROW1(name, plan, cost) \
  void pn_plan_##plan(const pn_row *, const pn_args *, int, pn_work *);
#define PN_ROW2(name, plan, cost, k2) PN_ROW1(name, plan, cost)
#define PN_ROW3(name, plan, cost, k2, k3) PN_ROW1(name, plan, cost)
#include "kernels/rows.def"
#undef PN_ROW1
#undef PN_ROW2
#undef PN_ROW3

#define PN_ROW1(name, plan, cost) \
  const pn_row pn_row_##name = {#name, pn_plan_##plan, cost, 1, {PN_K_##name}};
#define PN_ROW2(name, plan, cost, k2) \
  const pn_row pn_row_##name = {#name, pn_plan_##plan, cost, 2, {PN_K_##name, PN_K_##k2}};
#define PN_ROW3(name, plan, cost, k2, k3) \
  const pn_row pn_row_##name = {          \
      #name, pn_plan_##plan, cost, 3, {PN_K_##name, PN_K_##k2, PN_K_##k3}};
#include "kernels/rows.def"
