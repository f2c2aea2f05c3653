"""Every operator of the table beside its oracle, over all shapes, and what forward must not do."""

import numpy as np
import pytest
from optable import OPS, Op, Sample, arrays, exact, outputs, same_bits, wide

import pynn

# Where there is no extended precision, the oracles of float64 err as much as the operators.
SLACK = 1 if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else 3

CASES = [(op, dtype) for op in OPS.values() for dtype in op.dtypes]


def case_id(value: object) -> str:
    return str(value)


def compare(op: Op, dtype: str, sample: Sample) -> bool:
    """True if the results say anything: not all zero, not empty."""
    got, want = op.run(sample), op.want(sample)
    assert len(got) == len(want), f"{op}({sample}): {len(got)} results, expected {len(want)}"
    for result, right in zip(got, want, strict=True):
        assert result.shape == right.shape, f"{op}({sample}): {result.shape}, not {right.shape}"
        if op.bound is exact or result.dtype.kind != "f":
            equal = np.array_equal(result, right, equal_nan=result.dtype.kind == "f")
            assert equal, f"{op}({sample}):\n{result}\nexpected\n{right}"
            assert result.dtype == right.dtype or op.name.startswith("cast"), result.dtype
        else:
            within(op, dtype, sample, result, right)
    return any(bool(np.any(w)) for w in want)


def within(op: Op, dtype: str, sample: Sample, got: np.ndarray, want: np.ndarray) -> None:
    assert got.dtype == np.dtype(dtype), f"{op}({sample}): {got.dtype}"
    with np.errstate(all="ignore"):
        given = [wide(a) for a in sample.arrays]
        bound = SLACK * op.bound(want, *given, dtype=np.dtype(dtype), **sample.kwargs)
        error = np.abs(wide(got) - want)
        bad = ~((error <= bound) | (got == want) | (np.isnan(got) & np.isnan(want)))
    if np.any(bad):
        at = tuple(np.argwhere(bad)[0])
        worst = np.broadcast_to(bound, got.shape)
        raise AssertionError(
            f"{op}({sample}): {np.count_nonzero(bad)} of {got.size} wrong, first at {at}: "
            f"{got[at]!r}, expected {want[at]!r}, error {error[at]:.3g} > {worst[at]:.3g}"
        )


@pytest.mark.parametrize(("op", "dtype"), CASES, ids=case_id)
def test_against_oracle(op: Op, dtype: str) -> None:
    samples = op.draw(dtype, "sizes")
    telling = [compare(op, dtype, sample) for sample in samples]
    full = [s for s in samples if all(a.size for a in s.arrays)]
    assert sum(telling) >= 0.5 * len(full), "most results are zero: the test shows little"


@pytest.mark.parametrize("op", OPS.values(), ids=case_id)
def test_forward_leaves_no_trace(op: Op) -> None:
    """Inputs stay as they were, read-only ones will do, and a second call gives the same bits."""
    for sample in op.draw(op.dtypes[0], "sizes", most=6):
        before = [a.copy() for a in sample.arrays]
        for a in sample.arrays:
            a.flags.writeable = False
        first, second = op.run(sample), op.run(sample)
        for a, b in zip(sample.arrays, before, strict=True):
            assert same_bits(a, b), f"{op}({sample}) wrote to its input"
        for a, b in zip(first, second, strict=True):
            assert same_bits(a, b), f"{op}({sample}): two calls, two results"


@pytest.mark.parametrize("op", OPS.values(), ids=case_id)
def test_result_owns_its_memory(op: Op) -> None:
    """A write to a result does not reach an input (the table's views end in copies)."""
    for sample in op.draw(op.dtypes[0], "sizes", most=4):
        before = [a.copy() for a in sample.arrays]
        with pynn.no_grad():
            for t in outputs(op.call(*op.tensors(sample), **sample.kwargs)):
                t.fill_(1)
        for a, b in zip(sample.arrays, before, strict=True):
            assert same_bits(a, b), f"{op}({sample}): the result shares its input's memory"


@pytest.mark.parametrize("op", OPS.values(), ids=case_id)
def test_grad_mode_moves_no_bit(op: Op) -> None:
    for sample in op.draw(op.dtypes[0], "sizes", most=4):
        plain = op.run(sample)
        tensors = op.tensors(sample)
        for i in op.grad:
            tensors[i].requires_grad_()
        recorded = arrays(op.call(*tensors, **sample.kwargs))
        for a, b in zip(plain, recorded, strict=True):
            assert same_bits(a, b), f"{op}({sample}): other bits when recorded"
