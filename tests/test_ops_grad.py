"""Every derivative: beside differences, twice, for every set of arguments, in both types."""

from itertools import combinations

import gradcheck
import numpy as np
import pytest
from optable import Op, Sample, arrays, outputs, same_bits, select

import pynn

BY_OP = pytest.mark.parametrize("op", select(grad=True), ids=str)


def function_of(op: Op, sample: Sample) -> gradcheck.Function:
    def function(tensors: list[pynn.Tensor]) -> list[pynn.Tensor]:
        return list(outputs(op.call(*tensors, **sample.kwargs)))

    return function


@BY_OP
def test_gradient(op: Op) -> None:
    for sample in op.draw("float64", "grad"):
        gradcheck.check(function_of(op, sample), sample.arrays, op.grad, f"{op}({sample})")


@pytest.mark.parametrize("op", [o for o in select(grad=True) if o.twice], ids=str)
def test_second_derivative(op: Op) -> None:
    """The gradient, as a function of the arguments and of the upstream gradient."""
    for sample in op.draw("float64", "grad", most=6):
        if not all(a.size for a in sample.arrays):
            continue
        shape = op.run(sample)[0].shape
        upstream = np.asarray(np.random.RandomState(5).uniform(0.5, 1.5, shape))

        def backward(tensors: list[pynn.Tensor], sample: Sample = sample) -> list[pynn.Tensor]:
            inputs, up = list(tensors[:-1]), tensors[-1]
            with pynn.enable_grad():
                for i in op.grad:  # a leaf of a step of differences needs history, too
                    inputs[i] = inputs[i] if inputs[i].requires_grad else inputs[i].requires_grad_()
                result = outputs(op.call(*inputs, **sample.kwargs))[0]
                leaves = [inputs[i] for i in op.grad]
                found = pynn.autograd.grad(result, leaves, up, create_graph=True, allow_unused=True)
                return [x * 0 if g is None else g for g, x in zip(found, leaves, strict=True)]

        given = [*sample.arrays, upstream]
        gradcheck.check(backward, given, [*op.grad, len(given) - 1], f"gradient of {op}({sample})")


def grads(op: Op, sample: Sample, wanted: tuple[int, ...], create_graph: bool = False) -> list:
    """The gradients of a weighted sum of the first output."""
    tensors = op.tensors(sample)
    for i in wanted:
        tensors[i].requires_grad_()
    result = outputs(op.call(*tensors, **sample.kwargs))[0]
    draw = np.random.RandomState(9).uniform(-1, 1, result.shape)
    upstream = pynn.tensor(np.asarray(draw, "float32")).to(result.dtype)
    leaves = [tensors[i] for i in wanted]
    if not result.requires_grad:
        return [np.zeros(t.shape, np.float64) for t in leaves]
    found = pynn.autograd.grad(
        result, leaves, upstream, create_graph=create_graph, allow_unused=True
    )
    pairs = zip(found, leaves, strict=True)
    return [arrays(x * 0 if g is None else g)[0] for g, x in pairs]


@BY_OP
def test_every_set_of_arguments(op: Op) -> None:
    """Who else requires a gradient changes no bit of it; nor does create_graph."""
    for sample in op.draw("float64", "grad", most=3):
        full = dict(zip(op.grad, grads(op, sample, op.grad), strict=True))
        for count in range(1, len(op.grad) + 1):
            for wanted in combinations(op.grad, count):
                for create_graph in (False, True):
                    got = grads(op, sample, wanted, create_graph)
                    for i, gradient in zip(wanted, got, strict=True):
                        assert same_bits(gradient, full[i]), f"{op}({sample}): {wanted}, {i}"


@BY_OP
def test_backward_accumulates_and_repeats(op: Op) -> None:
    for sample in op.draw("float64", "grad", most=3):
        once = grads(op, sample, op.grad)
        for a, b in zip(once, grads(op, sample, op.grad), strict=True):
            assert same_bits(a, b)
        tensors = op.tensors(sample)
        for i in op.grad:
            tensors[i].requires_grad_()
        for _ in range(2):
            result = outputs(op.call(*tensors, **sample.kwargs))[0]
            draw = np.random.RandomState(9).uniform(-1, 1, result.shape)
            result.backward(pynn.tensor(np.asarray(draw, "float32")).to(result.dtype))
        for i, a in zip(op.grad, once, strict=True):
            assert same_bits(np.asarray(a + a), np.array(tensors[i].grad.numpy())), (
                f"{op}({sample})"
            )


@BY_OP
def test_float32_beside_float64(op: Op) -> None:
    """Both types come from one source: differences check the formula, this checks the lanes."""
    for sample in op.draw("float32", "sizes", most=24) + op.draw("float32", "hash"):
        if "float32" not in op.dtypes or not all(a.size for a in sample.arrays):
            continue
        double = tuple(a.astype("float64") if a.dtype == "float32" else a for a in sample.arrays)
        narrow, exact = (
            grads(op, sample, op.grad),
            grads(op, Sample(double, sample.kwargs), op.grad),
        )
        for i, a, b in zip(op.grad, narrow, exact, strict=True):
            assert a.dtype == np.float32
            assert b.dtype == np.float64
            result = op.run(sample)[0]
            scale = max(np.max(np.abs(x), initial=1) for x in (b, result))
            scale *= np.sqrt(max(1, result.size / b.size))  # what broadcasting sums up
            bound = op.grad_ulps * np.finfo("f4").eps * scale
            fine = (np.abs(a - b) <= bound) | (np.isnan(a) & np.isnan(b)) | (a == b)
            assert fine.all(), f"{op}({sample}), argument {i}: {np.max(np.abs(a - b))} > {bound}"
