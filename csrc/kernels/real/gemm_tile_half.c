/* Tiles of one half register, for the last columns of a product: AVX-512 only
 * (see simd/half.h).  33 x 33 x 33 in float32: 0.87 us with them, 1.06 us with
 * a 64-byte vector for the last column. */
#include "simd/half.h"

#if PN_LEVEL_IS_AVX512
#define VREAL hreal
#define LANES PN_HN
#define V(op) h_##op
#include "kernels/real/gemm_tile.h"

ROWS14(TILE, 1, 1)
const gemm_tile_fn PN_FN(gemm_tiles_half)[TILE_MR] = {ROWS14(NAME, 1, 1)};
#endif
