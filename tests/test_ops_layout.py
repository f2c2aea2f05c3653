"""No bit of a result depends on where and how the inputs lie in memory."""

import os
import sys

import isolated
import numpy as np
import pytest
from layouts import LAYOUTS, expanded, guarded
from optable import OPS, Op, Sample, arrays, same_bits, select

import pynn
import pynn.optim
from pynn import _debug

BY_NAME = pytest.mark.parametrize("name", LAYOUTS)
BY_OP = pytest.mark.parametrize("op", OPS.values(), ids=str)


def check(op: Op, sample: Sample, moved: Sample, how: str) -> None:
    for a, b in zip(op.run(sample), op.run(moved), strict=True):
        assert same_bits(a, b), f"{op}({sample}), {how}: {moved.arrays[0].strides}\n{a}\n{b}"


@BY_NAME
@BY_OP
def test_layout(op: Op, name: str) -> None:
    for dtype in op.dtypes[:2]:
        for sample in op.draw(dtype, "sizes", most=14) + op.draw(dtype, "hash", most=1):
            moved = Sample(tuple(LAYOUTS[name](a) for a in sample.arrays), sample.kwargs)
            check(op, sample, moved, name)


@BY_OP
def test_layouts_mixed(op: Op) -> None:
    """Every argument in another layout."""
    makers = list(LAYOUTS.values())
    for i, sample in enumerate(op.draw(op.dtypes[0], "sizes", most=14)):
        moved = [makers[(i + 2 * k) % len(makers)](a) for k, a in enumerate(sample.arrays)]
        check(op, sample, Sample(tuple(moved), sample.kwargs), "mixed")


@BY_OP
def test_expanded(op: Op) -> None:
    """Stride 0 gives the bits of the copy."""
    for sample in op.draw(op.dtypes[0], "sizes", most=10):
        for k, array in enumerate(sample.arrays):
            for repeated in expanded(array):
                own = list(sample.arrays)
                own[k] = repeated
                moved = Sample(tuple(own), sample.kwargs)
                own[k] = repeated.copy()
                check(op, Sample(tuple(own), sample.kwargs), moved, "expanded")


@pytest.mark.parametrize("op", select(grad=True), ids=str)
def test_gradient_layout(op: Op) -> None:
    """Strided inputs and a strided upstream gradient give the contiguous gradient's bits."""
    for sample in op.draw("float32", "grad") + op.draw("float32", "hash", most=1):
        if sample.arrays[0].dtype != np.float32:
            pytest.skip("no float32")
        want = gradients(op, sample, lambda a: a)
        for name, layout in LAYOUTS.items():
            for a, b in zip(want, gradients(op, sample, layout), strict=True):
                assert same_bits(a, b), f"{op}({sample}), {name}"


def gradients(op: Op, sample: Sample, layout: object) -> tuple[np.ndarray, ...]:
    tensors = [pynn.from_numpy(layout(a)) for a in sample.arrays]  # type: ignore[operator]
    leaves = [tensors[i].requires_grad_() for i in op.grad]
    result = op.call(*tensors, **sample.kwargs)
    first = result[0] if isinstance(result, tuple) else result
    rng = np.random.RandomState(1)
    upstream = np.asarray(rng.randint(-8, 9, first.shape) / 8, "float32")
    found = pynn.autograd.grad(first, leaves, pynn.from_numpy(layout(upstream)))  # type: ignore[operator]
    return arrays(found)


# ---- between guard pages: in processes of their own, where a fault is a failure ----------------

GUARDED = """
import sys
from test_ops_layout import touch_no_guard
touch_no_guard(sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="needs mprotect")
@pytest.mark.parametrize("level", _debug.levels())
def test_guard_pages(level: str) -> None:
    """Operands that end at a page that faults, and operands that begin after one."""
    assert int(isolated.run(GUARDED, level, timeout=600).split()[-1]) > 1000


@pytest.mark.skipif(os.name != "posix", reason="needs mprotect")
@pytest.mark.parametrize("at_end", [True, False])
def test_a_guard_page_faults(at_end: bool) -> None:
    """What the test above relies on: one item too far is the end of the process."""
    code = """
import ctypes, sys
import numpy as np
from layouts import guarded
a = guarded(np.ones(5, "float32"), sys.argv[1] == "True")
ctypes.string_at(a.ctypes.data, a.nbytes)
print("inside", flush=True)
ctypes.string_at(a.ctypes.data + (a.nbytes if sys.argv[1] == "True" else -4), 4)
"""
    with pytest.raises(AssertionError, match=r"exit code -(11|10|7)\ninside"):
        isolated.run(code, at_end)


def touch_no_guard(level: str) -> None:
    _debug.set_level(level)
    count = 0
    for op in OPS.values():
        for dtype in op.dtypes[:2]:
            for sample in op.draw(dtype, "sizes", most=24):
                if sum(a.nbytes for a in sample.arrays) > 1 << 17:
                    continue
                for at_end in (True, False):
                    moved = tuple(guarded(a, at_end) for a in sample.arrays)
                    print(f"{op}({sample}) {'end' if at_end else 'begin'}", file=sys.stderr)
                    check(op, sample, Sample(moved, sample.kwargs), "between guard pages")
                    count += 1
    write_between_guards()
    print(count)


def write_between_guards() -> None:
    """Outputs: in-place operators and SGD on memory that ends or begins at a guard page."""
    for n in (0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 100, 4097):
        for dtype in ("float32", "float64"):
            for at_end in (True, False):
                place = [guarded(np.full(n, i + 1, dtype), at_end) for i in range(3)]
                p, g, m = (pynn.from_numpy(a) for a in place)
                p.add_(g).mul_(m).sub_(g).div_(m).copy_(g).fill_(2).zero_()
                p.copy_(pynn.exp(g))
                p.requires_grad_()
                p.grad = g
                pynn.optim.SGD([p], lr=0.5, momentum=0.9, weight_decay=0.1).step()
