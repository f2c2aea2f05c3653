"""NaN, infinities, zeros with their signs, denormals, in every lane."""

import numpy as np
import pytest
from optable import Op, Sample, exact, select, ulp

OPS = select(special=True)


def specials(dtype: str) -> np.ndarray:
    limits = np.finfo(dtype)
    tiny, least, most = limits.tiny, limits.smallest_subnormal, limits.max
    half = [
        0.0,
        least,
        3 * least,
        tiny - least,
        tiny,
        limits.eps,
        0.5,
        1.0,
        1 + limits.eps,
        1.5,
        2.0,
    ]
    half += [3.0, 87.0, 104.0, 710.0, 746.0, 1e10, most / 2, most, np.inf]
    with np.errstate(all="ignore"):
        return np.array([np.nan, *half, *(-x for x in half)], dtype)


def check(op: Op, dtype: str, sample: Sample) -> None:
    with np.errstate(all="ignore"):
        (got,) = op.run(sample)
        (want,) = op.want(sample)
    if got.dtype.kind != "f":
        assert np.array_equal(got, want), f"{op}"
        return
    with np.errstate(all="ignore"):
        rounded = want.astype(dtype)
        close = np.abs(got - want) <= (
            0 if op.bound is exact else op.bound(want, dtype=np.dtype(dtype))
        )
        # What is close to the greatest number may round to infinity, and back.
        edge = np.abs(np.abs(want) - float(np.finfo(dtype).max)) <= 2 * ulp(want, np.dtype(dtype))
    same = (got == rounded) & (np.signbit(got) == np.signbit(rounded))
    fine = same | (np.isnan(got) & np.isnan(rounded)) | (close & (want != 0)) | edge
    bad = np.flatnonzero(~fine.reshape(-1))
    lines = [
        f"{[a.reshape(-1)[i] for a in sample.arrays]}: {got.reshape(-1)[i]!r}, "
        f"expected {rounded.reshape(-1)[i]!r}"
        for i in bad[:8]
    ]
    assert not len(bad), f"{op}: {len(bad)} of {got.size} wrong\n" + "\n".join(lines)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", OPS, ids=str)
def test_special_values(op: Op, dtype: str) -> None:
    """All pairs of special values, each at every place of a vector."""
    given = op.draw(dtype, "sizes", most=1)[0]
    values = specials(dtype)
    if len(given.arrays) == 2:
        grid = np.meshgrid(values, values)
        columns = [np.ascontiguousarray(g.reshape(-1)) for g in grid]
    else:
        columns = [values]
    for shift in range(0, 17) if len(columns) == 1 else (0, 1, 5):
        arrays = tuple(np.ascontiguousarray(np.roll(c, shift)) for c in columns)
        check(op, dtype, Sample(arrays, given.kwargs))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", OPS, ids=str)
def test_neighbours(op: Op, dtype: str) -> None:
    """A special value does not change what its neighbours become."""
    plain = op.draw(dtype, "sizes")[12]
    assert plain.arrays[0].size >= 16
    (want,) = op.run(plain)
    for value in specials(dtype)[[0, 1, 2, 20, 21]]:
        for at in range(plain.arrays[0].size):
            first = plain.arrays[0].copy()
            first[at] = value
            (got,) = op.run(Sample((first, *plain.arrays[1:]), plain.kwargs))
            rest = np.arange(first.size) != at
            assert np.array_equal(got[rest], want[rest]), f"{op}: {value} at {at}"
