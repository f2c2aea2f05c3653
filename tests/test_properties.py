"""Properties that hold for all inputs: adjoints of linear operators, views, broadcasting."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import pynn
import pynn.nn.functional as F

settings.register_profile(
    "pynn", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile("pynn")


def values(shape, seed):
    return pynn.tensor(np.random.default_rng(seed).standard_normal(shape))


def indices(high, shape, seed):
    return pynn.tensor(np.random.default_rng(seed).integers(0, high, shape))


# ---- adjoints -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Linear:
    """A linear operator x -> call(x), and the shapes of x that it takes."""

    call: Callable[[pynn.Tensor], pynn.Tensor]
    dims: tuple[int, int] = (1, 3)
    least: int = 1
    fixed: tuple[int, ...] | None = None

    def shape(self, draw):
        if self.fixed is not None:
            batch = draw(st.integers(1, 3))
            return (batch, *self.fixed)
        sizes = st.lists(st.integers(self.least, 5), min_size=self.dims[0], max_size=self.dims[1])
        return tuple(draw(sizes))


def last(x):
    return x.shape[-1]


LINEAR = {
    "neg": Linear(lambda x: -x, (0, 3)),
    "scaled": Linear(lambda x: x * 3 - x / 4, (0, 3)),
    "sum": Linear(lambda x: x.sum(-1)),
    "sum of all": Linear(lambda x: x.sum(), (0, 3)),
    "mean": Linear(lambda x: x.mean(0, keepdim=True)),
    "cumsum": Linear(lambda x: x.cumsum(0)),
    "diff": Linear(lambda x: x.diff(dim=-1), least=2),
    "trace": Linear(lambda x: x.trace(), (2, 2)),
    "diagonal": Linear(lambda x: x.diagonal(), (2, 3)),
    "diag": Linear(lambda x: x.diag(), (1, 2)),
    "diag_embed": Linear(lambda x: pynn.diag_embed(x), (1, 2)),
    "tril": Linear(lambda x: x.tril(), (2, 3)),
    "triu": Linear(lambda x: x.triu(1), (2, 3)),
    "transpose": Linear(lambda x: x.transpose(0, -1)),
    "permute": Linear(lambda x: x.permute(2, 0, 1), (3, 3)),
    "reshape": Linear(lambda x: x.transpose(0, -1).reshape(-1)),
    "expand": Linear(lambda x: x.unsqueeze(0).expand(3, *x.shape)),
    "narrow": Linear(lambda x: x.narrow(0, 1, 1), least=2),
    "slice": Linear(lambda x: x[::2]),
    "as_strided": Linear(lambda x: x.contiguous().as_strided((2, 2), (1, 1)), (1, 1), 3),
    "unfold view": Linear(lambda x: x.unfold(0, 2, 1), least=2),
    "roll": Linear(lambda x: x.roll(2, 0)),
    "flip": Linear(lambda x: x.flip(0)),
    "rot90": Linear(lambda x: x.rot90(), (2, 3)),
    "repeat": Linear(lambda x: x.repeat(2, 1, 1, 2)),
    "tile": Linear(lambda x: x.tile(3)),
    "repeat_interleave": Linear(lambda x: x.repeat_interleave(3, 0)),
    "cat": Linear(lambda x: pynn.cat([x, 2 * x, x], 0)),
    "stack": Linear(lambda x: pynn.stack([x, 2 * x], -1)),
    "index_select": Linear(lambda x: x.index_select(0, indices(x.shape[0], 7, 1))),
    "index": Linear(lambda x: x[indices(x.shape[0], (2, 3), 2)]),
    "gather": Linear(lambda x: x.gather(-1, indices(last(x), (*x.shape[:-1], 4), 3))),
    "take_along_dim": Linear(
        lambda x: pynn.take_along_dim(x, indices(last(x), (*x.shape[:-1], 4), 3), -1)
    ),
    "scatter_add": Linear(
        lambda x: pynn.zeros(*x.shape[:-1], 9, dtype=x.dtype).scatter_add(
            -1, indices(9, x.shape, 4), x
        )
    ),
    "index_add": Linear(
        lambda x: pynn.zeros(9, *x.shape[1:], dtype=x.dtype).index_add(
            0, indices(9, x.shape[0], 5), x
        )
    ),
    "masked_fill": Linear(lambda x: x.masked_fill(values(x.shape, 6) > 0, 0.0), (0, 3)),
    "where": Linear(lambda x: pynn.where(values(x.shape, 6) > 0, x, -2 * x), (0, 3)),
    "matmul left": Linear(lambda x: x @ values((last(x), 4), 7)),
    "matmul right": Linear(lambda x: values((4, x.shape[-2]), 7) @ x, (2, 3)),
    "linear": Linear(lambda x: F.linear(x, values((4, last(x)), 8))),
    "einsum": Linear(lambda x: pynn.einsum("i...,i->...", x, values(x.shape[0], 9))),
    "tensordot": Linear(lambda x: pynn.tensordot(x, values((last(x), 2), 9), 1)),
    "outer": Linear(lambda x: pynn.outer(x, values(3, 10)), (1, 1)),
    "cross": Linear(lambda x: pynn.cross(x, values(x.shape, 11), dim=-1), fixed=(3,)),
    "pad": Linear(lambda x: F.pad(x, (2, 1)), (1, 3)),
    "pad negative": Linear(lambda x: F.pad(x, (-1, 2)), (1, 3), 2),
    "pad reflect": Linear(lambda x: F.pad(x, (1, 2), "reflect"), fixed=(2, 4)),
    "pad replicate": Linear(lambda x: F.pad(x, (3, 2, 1, 0), "replicate"), fixed=(2, 3, 4)),
    "pad circular": Linear(lambda x: F.pad(x, (1, 2), "circular"), fixed=(2, 4)),
    "conv1d": Linear(lambda x: F.conv1d(x, values((4, 3, 3), 1), padding=1), fixed=(3, 6)),
    "conv1d dilated": Linear(
        lambda x: F.conv1d(x, values((2, 3, 2), 1), stride=2, dilation=3), fixed=(3, 8)
    ),
    "conv2d": Linear(
        lambda x: F.conv2d(x, values((4, 2, 3, 2), 2), stride=(2, 1), padding=(1, 0)),
        fixed=(2, 6, 5),
    ),
    "conv2d groups": Linear(
        lambda x: F.conv2d(x, values((4, 1, 3, 3), 2), padding=1, groups=4), fixed=(4, 5, 5)
    ),
    "conv2d of the weight": Linear(
        lambda w: F.conv2d(values((2, 3, 6, 6), 3), w, padding=1), fixed=(3, 3, 3)
    ),
    "conv3d": Linear(lambda x: F.conv3d(x, values((2, 2, 2, 2, 2), 3)), fixed=(2, 3, 4, 3)),
    "conv_transpose1d": Linear(
        lambda x: F.conv_transpose1d(x, values((3, 2, 3), 4), stride=2), fixed=(3, 5)
    ),
    "conv_transpose2d": Linear(
        lambda x: F.conv_transpose2d(
            x, values((4, 2, 3, 3), 4), stride=2, padding=1, output_padding=1, groups=2
        ),
        fixed=(4, 4, 3),
    ),
    "avg_pool2d": Linear(
        lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), fixed=(2, 6, 5)
    ),
    "adaptive_avg_pool2d": Linear(lambda x: F.adaptive_avg_pool2d(x, (3, 2)), fixed=(2, 7, 5)),
    "unfold": Linear(lambda x: F.unfold(x, 3, padding=1, stride=2), fixed=(2, 6, 5)),
    "fold": Linear(lambda x: F.fold(x, (4, 5), 2), fixed=(8, 12)),
    "pixel_shuffle": Linear(lambda x: F.pixel_shuffle(x, 2), fixed=(8, 3, 2)),
    "interpolate nearest": Linear(lambda x: F.interpolate(x, size=(7, 3)), fixed=(2, 4, 5)),
    "interpolate bilinear": Linear(
        lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear"), fixed=(2, 4, 5)
    ),
    "interpolate bicubic": Linear(
        lambda x: F.interpolate(x, size=(6, 9), mode="bicubic", align_corners=True),
        fixed=(2, 4, 5),
    ),
    "grid_sample": Linear(
        lambda x: F.grid_sample(
            x, values((x.shape[0], 4, 3, 2), 12) * 0.7, align_corners=False, mode="bilinear"
        ),
        fixed=(2, 5, 4),
    ),
    "embedding": Linear(lambda w: F.embedding(indices(w.shape[0], (3, 2), 13), w), (2, 2)),
    "batch_norm in eval": Linear(
        lambda x: F.batch_norm(x, pynn.zeros(3).double(), pynn.ones(3).double() * 2), fixed=(3, 4)
    ),
}


@pytest.mark.parametrize("name", LINEAR)
@settings(max_examples=8)
@given(data=st.data())
def test_backward_is_the_adjoint(name, data):
    """<A x, y> = <x, A* y>, A* by backward; A*'s own backward is A again."""
    op = LINEAR[name]
    x = values(op.shape(data.draw), data.draw(st.integers(0, 999))).requires_grad_()
    ax = op.call(x)
    y = values(ax.shape, 99).requires_grad_()
    (aty,) = pynn.autograd.grad(ax, x, y, create_graph=True)
    left, right = (ax * y).sum().item(), (x * aty).sum().item()
    assert math.isclose(left, right, rel_tol=1e-10, abs_tol=1e-9)
    (again,) = pynn.autograd.grad(aty, y, x.detach())
    np.testing.assert_allclose(again.numpy(), ax.detach().numpy(), rtol=1e-10, atol=1e-10)


# ---- views ----------------------------------------------------------------------------------


def steps(draw, ndim):
    """One random view of a tensor and of an array."""
    kind = draw(st.sampled_from(["transpose", "slice", "select", "unsqueeze"]))
    d = draw(st.integers(0, ndim - 1)) if ndim else 0
    if kind == "transpose" and ndim > 1:
        e = draw(st.integers(0, ndim - 1))
        return lambda t: t.transpose(d, e), lambda a: a.swapaxes(d, e)
    if kind == "slice" and ndim:
        s = slice(draw(st.integers(0, 2)), draw(st.integers(0, 5)), draw(st.integers(1, 3)))
        key = (slice(None),) * d + (s,)
        return lambda t: t[key], lambda a: a[key]
    if kind == "select" and ndim > 1:
        return (
            lambda t: t.select(d, 0) if t.shape[d] else t,
            lambda a: a[(slice(None),) * d + (0,)] if a.shape[d] else a,
        )
    return lambda t: t.unsqueeze(d), lambda a: np.expand_dims(a, d)


@settings(max_examples=200)
@given(data=st.data())
def test_views_alias_as_numpy_has_it(data):
    """A write through a chain of views changes the base as it changes NumPy's."""
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    base = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    tensor = pynn.tensor(base)
    array, view = base.copy(), tensor
    whole = array
    for _ in range(data.draw(st.integers(1, 4))):
        if array.ndim > 5:
            break
        ours, theirs = steps(data.draw, array.ndim)
        view, array = ours(view), theirs(array)
    assert view.shape == array.shape
    view.add_(100.0)
    array += 100.0
    np.testing.assert_array_equal(tensor.numpy(), whole)
    np.testing.assert_array_equal(view.numpy(), array)


# ---- broadcasting -----------------------------------------------------------------------------


def broadcastable(draw, count):
    """Shapes that broadcast together."""
    full = draw(st.lists(st.integers(0, 4), max_size=4))
    shapes = []
    for _ in range(count):
        kept = full[draw(st.integers(0, len(full))) :]
        shapes.append(tuple(n if draw(st.booleans()) else 1 for n in kept))
    return shapes


BINARY = {
    "add": (pynn.add, np.add),
    "sub": (pynn.sub, np.subtract),
    "mul": (pynn.mul, np.multiply),
    "div": (pynn.div, np.divide),
    "maximum": (pynn.maximum, np.maximum),
    "lt": (pynn.lt, np.less),
}


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=60)
@given(data=st.data())
def test_broadcasting_is_numpys(name, data):
    ours, theirs = BINARY[name]
    a, b = (values(s, k) for k, s in enumerate(broadcastable(data.draw, 2)))
    got, want = ours(a, b), theirs(a.numpy(), b.numpy())
    assert got.shape == want.shape
    np.testing.assert_array_equal(got.numpy(), want)
    if name != "lt":
        a.requires_grad_()
        b.requires_grad_()
        ours(a, b).sum().backward()
        assert a.grad.shape == a.shape
        assert b.grad.shape == b.shape


@settings(max_examples=60)
@given(data=st.data())
def test_three_operands_broadcast(data):
    c, a, b = (values(s, k) for k, s in enumerate(broadcastable(data.draw, 3)))
    got = pynn.where(c > 0, a, b)
    want = np.where(c.numpy() > 0, a.numpy(), b.numpy())
    np.testing.assert_array_equal(got.numpy(), want)
    assert got.shape == want.shape
