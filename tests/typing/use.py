"""What users write, with the types they get; checked by mypy --strict, never run."""

from __future__ import annotations

from typing import assert_type

import pynn
import pynn.nn.functional as F
from pynn.autograd import Function, FunctionCtx, grad
from pynn.nn import init

x = pynn.tensor([[1.0, 2.0]], dtype=pynn.float64, requires_grad=True)
assert_type(x, pynn.Tensor)
assert_type(x.shape, tuple[int, ...])
assert_type(x.size(0), int)
assert_type(x.size(), tuple[int, ...])
assert_type(x.dtype, pynn.dtype)
assert_type(x.grad, pynn.Tensor | None)
assert_type(x + 1, pynn.Tensor)
assert_type(2 * x, pynn.Tensor)
assert_type(x @ x.T, pynn.Tensor)
assert_type(x == 1, pynn.Tensor)
assert_type(x[0, 1:, None, ...], pynn.Tensor)
assert_type(x[x > 0], pynn.Tensor)
assert_type(x[[0, 0]], pynn.Tensor)
assert_type(x.float(), pynn.Tensor)
assert_type(x.sum(), pynn.Tensor)
assert_type(x.max(), pynn.Tensor)
assert_type(x.max(1).indices, pynn.Tensor)
assert_type(pynn.max(x, 0).values, pynn.Tensor)
assert_type(float(x[0, 0]), float)
assert_type(len(x), int)
assert_type([row for row in x], list[pynn.Tensor])  # noqa: C416
x[0] = 1
x[x > 0] = pynn.zeros(2)
x += 1
x.grad = None
x.requires_grad = False

with pynn.no_grad(), pynn.set_grad_enabled(True):
    assert_type(pynn.is_grad_enabled(), bool)


@pynn.no_grad()
def predict(v: pynn.Tensor, scale: float = 1.0) -> pynn.Tensor:
    return v * scale


assert_type(predict(x, scale=2.0), pynn.Tensor)


@pynn.capture
def step(v: pynn.Tensor, target: pynn.Tensor) -> tuple[pynn.Tensor, pynn.Tensor]:
    loss = F.cross_entropy(v, target)
    return loss, v


assert_type(step(x, x), tuple[pynn.Tensor, pynn.Tensor])
assert_type(step.replays, int)
assert_type(step.records, list[str])
losses = step.run(10, x, x)


class Square(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, v: pynn.Tensor) -> pynn.Tensor:
        ctx.save_for_backward(v)
        return v * v

    @staticmethod
    def backward(ctx: FunctionCtx, g: pynn.Tensor) -> pynn.Tensor:
        (v,) = ctx.saved_tensors
        assert v is not None
        return 2 * v * g


assert_type(grad(x.sum(), [x]), tuple[pynn.Tensor, ...])
optimiser = pynn.optim.SGD([x], lr=0.1, momentum=0.9)
optimiser.param_groups[0]["lr"] = 0.01
optimiser.zero_grad()
init.kaiming_uniform_(x, nonlinearity="relu")
assert_type(pynn.config(), dict[str, object])
assert_type(pynn.promote_types(pynn.float32, float), pynn.dtype)
