"""The table of operators: one entry per public operator, which the generic tests go through.

An entry names the operator, calls it, says what it must give (a formula of its own, in NumPy, in
wider arithmetic), draws samples, and bounds the error.  The tests are test_ops_*.py and
test_determinism*.py; the entries are in operators/, by family.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import pynn

SEED = int(os.environ.get("PYNN_SEED", "0"))
FULL = os.environ.get("PYNN_TEST_FULL") == "1"
"""The full product of everything instead of all pairs, and more samples."""

REAL = ("float32", "float64")
INTEGER = ("int64", "int32", "int8", "uint8")

# The constants of the numerics contract (csrc/pn_contract.h).
KBLOCK = 512
CHUNK = 4096
ROWCHUNK = 256
VBYTES = 64
VACC = 4

# 0, 1, w-1, w, w+1, 2w+3, 8w+2 for vectors of 2, 4, 8 and 16 elements, and around a chunk.
SIZES = sorted(
    {n for w in (2, 4, 8, 16) for n in (0, 1, w - 1, w, w + 1, 2 * w + 3, 8 * w + 2)}
    | {CHUNK - 1, CHUNK, CHUNK + 1}
)
SMALL_SIZES = [n for n in SIZES if n < 1000]

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Sample:
    """Arguments of one call: arrays become tensors, everything else is a keyword."""

    arrays: Arrays
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        parts = [f"{a.dtype}{list(a.shape)}" for a in self.arrays]
        return ", ".join(parts + [f"{k}={v!r}" for k, v in self.kwargs.items()])


def exact(want: np.ndarray, *arrays: np.ndarray, **kwargs: Any) -> float:
    """The bound of operators that are correctly rounded: the oracle's bits."""
    return 0.0


def ulps(count: float) -> Callable[..., np.ndarray]:
    """A bound of so many units in the last place of the result."""

    def bound(want: np.ndarray, *arrays: np.ndarray, dtype: np.dtype, **_: Any) -> np.ndarray:
        return count * ulp(want, dtype)

    return bound


def ulp(value: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The distance of neighbouring numbers of the dtype at |value|."""
    limits = np.finfo(dtype)
    size = np.minimum(np.abs(np.nan_to_num(np.asarray(value, np.float64))), float(limits.max))
    return np.spacing(size.astype(dtype)).astype(np.float64)


@dataclass(frozen=True)
class Op:
    """One operator.

    call      takes tensors and the sample's keywords, returns one tensor or a tuple of them
    oracle    the same in NumPy: arrays in wider arithmetic, or, where the bound is `exact`, of the
              operator's own dtype
    samples   samples(rng, dtype, purpose), where purpose is
                "sizes"    many shapes, small and around every boundary
                "grad"     few elements, in a domain where the function is smooth
                "hash"     few large samples: beyond chunk, K block and one unit of work
    bound     bound(want, *wide arrays, dtype=..., **keywords): the greatest error allowed
    grad      positions of the arguments that have a gradient
    grad_ulps rounding errors of the gradient, in units of epsilon times its greatest element
    captured  False: it reads values, so a recording refuses it
    stub      names in pynn's stubs that this entry is about, as "pynn.exp" or "Tensor.exp"
    """

    name: str
    call: Callable[..., Any]
    oracle: Callable[..., Any]
    samples: Callable[[np.random.RandomState, np.dtype, str], Iterator[Sample]]
    bound: Callable[..., Any] = exact
    dtypes: tuple[str, ...] = REAL
    grad: tuple[int, ...] = ()
    grad_ulps: float = 16
    twice: bool = True
    special: bool = False
    captured: bool = True
    stub: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return self.name

    def draw(self, dtype: str, purpose: str, most: int | None = None) -> list[Sample]:
        """The samples of a purpose, always the same for the same PYNN_SEED."""
        rng = np.random.RandomState(zlib.crc32(f"{self.name} {purpose} {SEED}".encode()))
        found = list(self.samples(rng, np.dtype(dtype), purpose))
        if most is not None and len(found) > most:
            found = [found[i] for i in np.linspace(0, len(found) - 1, most).astype(int)]
        return found

    def tensors(self, sample: Sample) -> list[Any]:
        return [pynn.from_numpy(a) for a in sample.arrays]

    def run(self, sample: Sample) -> Arrays:
        """The operator's results as arrays."""
        with pynn.no_grad():
            return arrays(self.call(*self.tensors(sample), **sample.kwargs))

    def want(self, sample: Sample) -> Arrays:
        """What the oracle says: in wide arithmetic, unless the operator is exact."""
        with np.errstate(all="ignore"):
            given = sample.arrays if self.bound is exact else [wide(a) for a in sample.arrays]
            result = self.oracle(*given, **sample.kwargs)
        return tuple(np.asarray(r) for r in (result if isinstance(result, tuple) else (result,)))


def wide(a: np.ndarray) -> np.ndarray:
    """Twice the precision for float32, extended precision for float64."""
    if a.dtype == np.float32:
        return a.astype(np.float64)
    return a.astype(np.longdouble) if a.dtype == np.float64 else a


def outputs(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


def arrays(result: Any) -> Arrays:
    """Tensors as arrays of their own memory (bfloat16 as float32, which holds it exactly)."""
    found = []
    for t in outputs(result):
        t = t.detach()
        t = t.float() if t.dtype == pynn.bfloat16 else t
        found.append(np.array(t.numpy()))
    return tuple(found)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal dtype, shape and bits; a NaN equals a NaN."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return canonical(a) == canonical(b)


def canonical(a: np.ndarray) -> bytes:
    """The bytes of an array, every NaN as the same NaN."""
    a = np.array(a, order="C")
    if a.dtype.kind == "f":
        a[np.isnan(a)] = np.nan
    return a.tobytes()


# ---- drawing -------------------------------------------------------------------------------------


def uniform(low: float, high: float) -> Callable[..., np.ndarray]:
    """Draws from [low, high)."""

    def draw(rng: np.random.RandomState, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return np.asarray(low + (high - low) * rng.random_sample(shape), dtype)

    return draw


def away(*kinks: float, low: float = -3, high: float = 3) -> Callable[..., np.ndarray]:
    """Draws from [low, high), at least 0.05 away from the kinks."""

    def draw(rng: np.random.RandomState, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        x = low + (high - low) * rng.random_sample(shape)
        for kink in kinks:
            near = np.abs(x - kink) < 0.05
            x = np.where(near, kink + np.where(x < kink, -0.05, 0.05) * (1 + rng.rand()), x)
        return np.asarray(x, dtype)

    return draw


def whole(rng: np.random.RandomState, low: int, high: int, shape: Any) -> np.ndarray:
    """Whole numbers from [low, high), the same on every system."""
    return np.asarray(rng.randint(low, high, shape, dtype=np.int64))


def integers(low: int, high: int) -> Callable[..., np.ndarray]:
    """Whole numbers from low to high, both included, of any dtype."""

    def draw(rng: np.random.RandomState, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return np.asarray(whole(rng, low, high + 1, shape), dtype)

    return draw


def signed(low: float, high: float) -> Callable[..., np.ndarray]:
    """Draws from [low, high), either sign."""

    def draw(rng: np.random.RandomState, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        size = low + (high - low) * rng.random_sample(shape)
        return np.asarray(size * (2 * whole(rng, 0, 2, shape) - 1), dtype)

    return draw


spread = uniform(-4, 4)
positive = uniform(0.25, 4)


def distinct(rng: np.random.RandomState, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """No two elements closer than 0.1: extremes without ties."""
    n = int(np.prod(shape, dtype=np.int64))
    return np.asarray((rng.permutation(n) - n / 2).reshape(shape) * 0.1, dtype)


# ---- lengths of sums: what a rounding error bound depends on -------------------------------------


def sum_length(count: int, last: bool, itemsize: int) -> int:
    """The most additions that one term goes through (csrc/kernels/reduce.h)."""
    if not last:
        return min(count, ROWCHUNK) + -(-count // ROWCHUNK)
    lanes = VBYTES // itemsize
    return -(-min(count, CHUNK) // (VACC * lanes)) + 2 + lanes.bit_length() + -(-count // CHUNK)


def product_length(k: int) -> int:
    """Of a product: one K block, then the blocks."""
    return min(k, KBLOCK) + -(-k // KBLOCK)


# ---- the table -----------------------------------------------------------------------------------


def _table() -> dict[str, Op]:
    import operators

    found: dict[str, Op] = {}
    for module in pkgutil.iter_modules(operators.__path__):
        family = importlib.import_module(f"operators.{module.name}")
        for op in family.OPS:
            assert op.name not in found, op.name
            found[op.name] = op
    return found


OPS = _table()


def select(*, grad: bool = False, special: bool = False) -> list[Op]:
    """The entries with a gradient, or with tests of special values."""
    return [o for o in OPS.values() if (o.grad or not grad) and (o.special or not special)]
