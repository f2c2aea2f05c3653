/* The tiles of this level (gemm_tile.h), and its block sizes. */
#define VREAL vreal
#define LANES PN_VN
#define V(op) v_##op
#include "kernels/real/gemm_tile.h"

/* clang-format off */
/* A mask register costs nothing on AVX-512, so its tiles are always masked. */
#if PN_LEVEL_IS_AVX512
ROWS14(TILE, 1, 1) ROWS14(TILE, 2, 1) ROWS8(TILE, 3, 1) ROWS6(TILE, 4, 1)
#define TILES(x) {{ROWS14(NAME, 1, 1)}, {ROWS14(NAME, 2, 1)}, {ROWS8(NAME, 3, 1)}, {ROWS6(NAME, 4, 1)}}
#elif PN_LEVEL_IS_AVX2
ROWS8(TILE, 1, 0) ROWS6(TILE, 2, 0) ROWS4(TILE, 3, 0)
ROWS8(TILE, 1, 1) ROWS6(TILE, 2, 1) ROWS4(TILE, 3, 1)
#define TILES(x) {{ROWS8(NAME, 1, x)}, {ROWS6(NAME, 2, x)}, {ROWS4(NAME, 3, x)}}
#elif PN_LEVEL_IS_NEON
ROWS8(TILE, 1, 0) ROWS8(TILE, 2, 0) ROWS7(TILE, 3, 0)
ROWS8(TILE, 1, 1) ROWS8(TILE, 2, 1) ROWS7(TILE, 3, 1)
#define TILES(x) {{ROWS8(NAME, 1, x)}, {ROWS8(NAME, 2, x)}, {ROWS7(NAME, 3, x)}}
#else
ROWS4(TILE, 1, 0) ROWS4(TILE, 2, 0)
ROWS4(TILE, 1, 1) ROWS4(TILE, 2, 1)
#define TILES(x) {{ROWS4(NAME, 1, x)}, {ROWS4(NAME, 2, x)}}
#endif
const gemm_tile_fn PN_FN(gemm_tiles)[2][TILE_NV][TILE_MR] = {TILES(0), TILES(1)};
/* clang-format on */

const pn_gemm_blocks PN_BLOCKS(PN_TYPE, PN_LEVEL) = {
    .mr = TILE_PMR,
    .nr = TILE_PNV * PN_VN,
    .mc = TILE_A_BYTES / (PN_KBLOCK * (int)sizeof(real)),
    .kc = PN_KBLOCK,
    .nc = 3 * TILE_PNV * PN_VN};
