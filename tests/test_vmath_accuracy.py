"""The vector functions in units of the last place, on every level.

float32 is compared with float64 (which errs by 2**-29 of these units); PYNN_TEST_EXHAUSTIVE=1
takes all 2**32 bit patterns instead of a sample.  float64 is compared with the C library's
extended precision where there is one, and with mpmath on a part.
"""

import os
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import pynn
from pynn import _debug

EXHAUSTIVE = os.environ.get("PYNN_TEST_EXHAUSTIVE") == "1"
EXTENDED = np.finfo(np.longdouble).nmant >= 63
BLOCK = 1 << 20


def sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x > 0, 1, e) / (1 + e)


# name: (oracle, greatest error in units of the last place)
FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "exp": (np.exp, 1),
    "log": (np.log, 1),
    "tanh": (np.tanh, 2),
    "sigmoid": (sigmoid, 2),
    "sqrt": (np.sqrt, 0.5),
    "sin": (np.sin, 1),
    "cos": (np.cos, 1),
    "tan": (np.tan, 2),
    "asin": (np.arcsin, 1),
    "acos": (np.arccos, 1),
    "atan": (np.arctan, 1),
    "sinh": (np.sinh, 1),
    "cosh": (np.cosh, 1),
    "asinh": (np.arcsinh, 1),
    "acosh": (np.arccosh, 1),
    "atanh": (np.arctanh, 1),
    "expm1": (np.expm1, 2),
    "exp2": (np.exp2, 1),
    "log1p": (np.log1p, 2),
    "log2": (np.log2, 1),
    "log10": (np.log10, 1),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 1.5),
}
RANGES = {
    **dict.fromkeys(("asin", "acos", "atanh", "erfinv"), (-1, 1)),
    **dict.fromkeys(("log", "log2", "log10", "rsqrt"), (0.001, 4)),
    **{"exp": (-750, 712), "sqrt": (0, 9), "acosh": (1, 9), "log1p": (-1, 4), "expm1": (-3, 3)},
    **{"erf": (-6, 6), "erfc": (-6, 26), "sinh": (-3, 3), "asinh": (-5, 5), "exp2": (-1070, 1020)},
}
BY_NAME = pytest.mark.parametrize("name", FUNCTIONS)
LEVELS = _debug.levels()
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, at infinities


def call(name: str, x: np.ndarray, level: str) -> np.ndarray:
    old = _debug.last_level()
    _debug.set_level(level)
    try:
        return np.array(getattr(pynn, name)(pynn.from_numpy(x)).numpy())
    finally:
        _debug.set_level(old)


def units(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """|got - want| in units of the last place of want, whose precision is wider.

    NaN and infinities count 0 where both have them; a result that overflows may be the greatest
    number or infinity.
    """
    dtype = got.dtype
    limit = want.dtype.type(np.finfo(dtype).max)
    with np.errstate(all="ignore"):
        size = np.spacing(np.minimum(np.abs(want), limit).astype(dtype)).astype(want.dtype)
        edge = np.where(np.isinf(want), np.copysign(limit, want), want)
        near = np.where(np.isinf(got), np.copysign(limit, got.astype(want.dtype)), got)
        error = np.abs(near - np.clip(edge, -limit, limit)) / size
    same = (np.isnan(got) & np.isnan(want)) | (got == want.astype(dtype))
    return np.where(same & np.isnan(error), 0, np.where(np.isnan(error), np.inf, error))


def patterns() -> Iterator[np.ndarray]:
    """float32 by bit pattern: all of them, or every 509th and what lies around the edges."""
    if EXHAUSTIVE:
        for start in range(0, 1 << 32, BLOCK):
            yield np.arange(start, start + BLOCK, dtype=np.uint64).astype(np.uint32).view("f4")
        return
    every = np.arange(0, 1 << 32, 509, dtype=np.uint64).astype(np.uint32)
    edges = np.array([0, 1, 2**-126, 2**-24, 1, 2, 9, 17, 87.3, 88.7, 104, 3.4e38], "f4")
    around = edges.view(np.uint32)[:, None] + np.arange(-500, 500).astype(np.uint32)
    every = np.concatenate([every, around.reshape(-1), around.reshape(-1) | np.uint32(1 << 31)])
    for start in range(0, len(every), BLOCK):
        yield every[start : start + BLOCK].view("f4")


@BY_NAME
def test_float32(name: str) -> None:
    oracle, most = FUNCTIONS[name]
    worst, where = -1.0, np.float32(0)
    for x in patterns():
        got = call(name, x, LEVELS[0])
        with np.errstate(all="ignore"):
            want = oracle(x.astype(np.float64))
        error = units(got, want)
        at = int(np.argmax(error))
        if error[at] > worst:
            worst, where = float(error[at]), x[at]
    print(f"{name}: {worst:.4f} ulp at {where!r}")
    assert worst <= most, f"{name}({where!r}): {worst:.4f} ulp"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@BY_NAME
def test_levels_agree(name: str, dtype: str) -> None:
    """Every length of tail, every level: the same bits."""
    rng = np.random.RandomState(8)
    x = np.frombuffer(rng.bytes(8 << 16), dtype)
    want = call(name, x, LEVELS[0])
    for level in LEVELS:
        assert np.array_equal(call(name, x, level), want, equal_nan=True), level
        for n in range(0, 67):
            got = call(name, x[n : 2 * n], level)
            assert np.array_equal(got, want[n : 2 * n], equal_nan=True), (level, n)


def doubles(name: str, count: int) -> np.ndarray:
    """Bit patterns over the function's range, and numbers spread evenly over its bends."""
    rng = np.random.RandomState(6)
    low, high = RANGES.get(name, (-40, 40))
    even = low + (high - low) * rng.random_sample(count // 2)
    bits = np.frombuffer(rng.bytes(8 * (count - len(even))), "f8")
    bits = np.abs(bits) if low >= 0 else bits
    return np.concatenate([even, bits])


@pytest.mark.skipif(not EXTENDED, reason="no extended precision on this machine")
@BY_NAME
def test_float64(name: str) -> None:
    oracle, most = FUNCTIONS[name]
    x = doubles(name, 10_000_000 if EXHAUSTIVE else 1_000_000)
    with np.errstate(all="ignore"):
        error = units(call(name, x, LEVELS[0]), oracle(x.astype(np.longdouble)))
    at = int(np.argmax(error))
    print(f"{name}: {error[at]:.4f} ulp at {x[at]!r}")
    # The oracle errs by one unit of its own last place, 2**-11 of ours, in every function it calls.
    assert error[at] <= most + 2**-8, f"{name}({x[at]!r}): {error[at]} ulp"


BESIDE_MPMATH = {**{name: bound for name, (_, bound) in FUNCTIONS.items()}}
BESIDE_MPMATH |= {"erf": 1, "erfc": 2, "erfinv": 2}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", BESIDE_MPMATH)
def test_beside_mpmath(name: str, dtype: str) -> None:
    mpmath = pytest.importorskip("mpmath")
    context = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.MPContext()
    context.prec = 1300 if name in ("sin", "cos", "tan") else 160  # 2**1024 radians
    formulas = {
        "sigmoid": lambda v: 1 / (1 + context.exp(-v)),
        "exp2": lambda v: context.mpf(2) ** v,
        "log2": lambda v: context.log(v) / context.log(2),
        "rsqrt": lambda v: 1 / context.sqrt(v),
    }
    formula = formulas.get(name) or getattr(context, name)
    x = doubles(name, 3000).astype(dtype)
    got = call(name, x, LEVELS[0])
    tiny = np.finfo(dtype).tiny
    kept = np.isfinite(x) & np.isfinite(got) & (np.abs(got) >= tiny) & (np.abs(x) >= tiny)
    for value, result in zip(x[kept], got[kept], strict=True):
        want = formula(context.mpf(float(value)))
        size = float(np.spacing(np.abs(np.asarray(float(want), dtype))))
        error = abs(context.mpf(float(result)) - want) / size
        assert error <= BESIDE_MPMATH[name], f"{name}({value!r}): {error} ulp"


def test_atan2() -> None:
    """All quadrants, ratios from 2**-60 to 2**60, and the special cases of C."""
    rng = np.random.RandomState(4)
    for dtype, wide in (("float32", np.float64), ("float64", np.longdouble)):
        if dtype == "float64" and not EXTENDED:
            continue
        y, x = (np.exp2(rng.uniform(-30, 30, 200_000)) * rng.choice([-1, 1], 200_000) for _ in "yx")
        y[::3] = x[::3] * rng.uniform(-3, 3, len(x[::3]))
        y, x = y.astype(dtype), x.astype(dtype)
        got = np.array(pynn.atan2(pynn.from_numpy(y), pynn.from_numpy(x)).numpy())
        error = units(got, np.arctan2(y.astype(wide), x.astype(wide)))
        assert error.max() <= 1 + 2**-8
        ends = np.array([0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan], dtype)
        y, x = (np.ascontiguousarray(g.reshape(-1)) for g in np.meshgrid(ends, ends))
        got = np.array(pynn.atan2(pynn.from_numpy(y), pynn.from_numpy(x)).numpy())
        want = np.arctan2(y, x)
        assert np.allclose(got, want, rtol=1e-6, atol=0, equal_nan=True)
        assert np.array_equal(np.signbit(got[got == got]), np.signbit(want[got == got]))


def powers(dtype: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.RandomState(9)
    x = np.exp(rng.uniform(-30, 30, count))
    x[: count // 4] = rng.uniform(0.5, 2, count // 4)
    limit = (80 if dtype == "float32" else 690) / np.maximum(np.abs(np.log(x)), 1e-9)
    y = rng.uniform(-1, 1, count) * np.minimum(limit, 1e6)
    y[::16] = np.round(y[::16])
    return x.astype(dtype), y.astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pow(dtype: str) -> None:
    if dtype == "float64" and not EXTENDED:
        pytest.skip("no extended precision on this machine")
    x, y = powers(dtype, 1_000_000)
    wide = np.float64 if dtype == "float32" else np.longdouble
    with np.errstate(all="ignore"):
        want = x.astype(wide) ** y.astype(wide)
        got = np.array(pynn.pow(pynn.from_numpy(x), pynn.from_numpy(y)).numpy())
        error = units(got, want)
    at = int(np.argmax(error))
    print(f"pow {dtype}: {error[at]:.4f} ulp at {x[at]!r}, {y[at]!r}")
    assert error[at] <= 2 + 2**-8, f"pow({x[at]!r}, {y[at]!r}): {error[at]} ulp"


def test_ranges_and_order() -> None:
    """sigmoid in [0, 1], |tanh| <= 1, exp >= 0; none of them ever falls; tanh is odd."""
    for dtype in ("float32", "float64"):
        x = np.sort(np.random.RandomState(2).uniform(-120, 120, 200_000).astype(dtype))
        exp, tanh, sig = (call(n, x, LEVELS[0]) for n in ("exp", "tanh", "sigmoid"))
        assert exp.min() >= 0
        assert np.abs(tanh).max() <= 1
        assert 0 <= sig.min() <= sig.max() <= 1
        for y in (exp, tanh, sig):
            assert np.all(y[1:] >= y[:-1])
        assert np.array_equal(call("tanh", -x, LEVELS[0]), -tanh)
