"""Products whose results are exact in any order: what is wrong is wrong by a whole number."""

from itertools import product

import numpy as np
import pytest
from optable import FULL, KBLOCK, product_length

import pynn
from pynn import _debug

# Vector and tile widths of all levels, K blocks, sizes that are packed, split or shared.
M = (1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 16, 29, 64, 130, 300)
N = (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 49, 63, 65, 100, 270)
K = (0, 1, 2, 3, 8, 17, 33, 100, KBLOCK - 1, KBLOCK, KBLOCK + 1, 2 * KBLOCK + 1, 9 * KBLOCK + 5)
LAYOUTS = ("nn", "nt", "tn", "tt", "strided")


def shapes(seed: int) -> list[tuple[int, int, int, str]]:
    """All pairs of sizes (all triples in the full run), every layout."""
    rng = np.random.RandomState(seed)
    if FULL:
        return [(m, n, k, str(rng.choice(LAYOUTS))) for m, n, k in product(M, N, K)]
    found = [(m, n, int(rng.choice(K)), str(rng.choice(LAYOUTS))) for m, n in product(M, N)]
    found += [(m, int(rng.choice(N)), k, str(rng.choice(LAYOUTS))) for m, k in product(M, K)]
    found += [(int(rng.choice(M)), n, k, str(rng.choice(LAYOUTS))) for n, k in product(N, K)]
    return found


def place(a: np.ndarray, how: str) -> np.ndarray:
    if how == "t":
        return np.asfortranarray(a)
    if how == "s":
        wide = np.full((a.shape[0], 2 * a.shape[1] + 3), np.nan, a.dtype)
        wide[:, 1 : 1 + 2 * a.shape[1] : 2] = a
        return wide[:, 1 : 1 + 2 * a.shape[1] : 2]
    return a


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("level", _debug.levels())
def test_whole_numbers(level: str, dtype: str) -> None:
    old = _debug.last_level()
    _debug.set_level(level)
    rng = np.random.RandomState(3)
    telling = 0
    try:
        for m, n, k, layout in shapes(11):
            if level == "scalar" and m * n * k > 1e7:
                continue
            a, b = rng.randint(-3, 4, (m, k)), rng.randint(-3, 4, (k, n))
            want = a.astype("f8") @ b.astype("f8")
            x = place(a.astype(dtype), "s" if layout == "strided" else layout[0])
            y = place(b.astype(dtype), "s" if layout == "strided" else layout[1])
            got = pynn.matmul(pynn.from_numpy(x), pynn.from_numpy(y)).numpy()
            assert np.array_equal(got, want), f"{m} x {n} x {k}, {layout}"
            telling += bool(want.any())
    finally:
        _debug.set_level(old)
    assert telling > 300


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_error_grows_as_the_contract_says(dtype: str) -> None:
    """|error| <= eps (K block + blocks) |A| |B|: a longer sum would show."""
    rng = np.random.RandomState(4)
    for k in (10, KBLOCK, 5000, 40000):
        a, b = rng.random_sample((5, k)).astype(dtype), rng.random_sample((k, 6)).astype(dtype)
        want = a.astype(np.longdouble) @ b.astype(np.longdouble)
        got = pynn.matmul(pynn.from_numpy(a), pynn.from_numpy(b)).numpy()
        bound = np.finfo(dtype).eps / 2 * product_length(k) * want
        assert np.all(np.abs(got - want) <= bound), k


def test_fused_is_separate() -> None:
    """addmm, linear and their activations after capture: the separate operators' bits."""
    rng = np.random.RandomState(5)
    for m, n, k in ((4, 3, 2), (33, 70, 65), (64, 129, 2 * KBLOCK + 1), (5, 6, 9 * KBLOCK)):
        x, w, b = (pynn.tensor(rng.uniform(-1, 1, s)) for s in ((m, k), (k, n), (n,)))
        for name in ("relu", "sigmoid", "tanh"):

            def step(x: pynn.Tensor, name: str = name, w: pynn.Tensor = w, b: pynn.Tensor = b):  # type: ignore[no-untyped-def]
                return getattr(pynn, name)(x @ w + b)

            captured = pynn.capture(step)
            captured(x)
            separate = getattr(pynn, name)(pynn.add(pynn.matmul(x, w), b)).numpy()
            fused = getattr(pynn, name)(pynn.addmm(b, x, w)).numpy()
            assert np.array_equal(captured(x).numpy(), separate)
            assert np.array_equal(fused, separate)
            assert captured.replays == 1
            assert captured.records == ["gemm_pack"], "not fused"
