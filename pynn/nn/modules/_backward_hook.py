"""Full backward hooks: identities around a module that see its gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pynn._core import Tensor
from pynn.autograd import Function, FunctionCtx


class BackwardWatch:
    """One call of a module: knows grad_output first, then grad_input, then runs the hooks."""

    def __init__(
        self, module: Any, pre: list[Callable[..., Any]], post: list[Callable[..., Any]]
    ) -> None:
        self.module = module
        self.pre = pre
        self.post = post
        self.arity = 0  # of the positional arguments
        self.places: list[int] = []  # arguments that carry a gradient
        self.outputs_arity = 0
        self.grad_output: tuple[Tensor | None, ...] | None = None

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, behind an identity."""
        self.arity = len(args)
        self.places = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad]
        if not self.places:
            return args
        passed = _Inputs.apply(self, *[args[i] for i in self.places])
        result = list(args)
        for i, tensor in zip(self.places, passed, strict=True):
            result[i] = tensor
        return tuple(result)

    def outputs(self, result: Any) -> Any:
        """The outputs, behind an identity."""
        single = isinstance(result, Tensor)
        values = [result] if single else list(result) if isinstance(result, (tuple, list)) else []
        places = [i for i, o in enumerate(values) if isinstance(o, Tensor) and o.requires_grad]
        if not places:
            return result
        self.outputs_arity = len(values)
        passed = _Outputs.apply(self, places, *[values[i] for i in places])
        for i, tensor in zip(places, passed, strict=True):
            values[i] = tensor
        return values[0] if single else type(result)(values)

    def at_output(self, places: list[int], grads: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
        """Runs the pre-hooks; without inputs that carry gradients the hooks too."""
        full: tuple[Tensor | None, ...] = _spread(self.outputs_arity, places, grads)
        for hook in self.pre:
            changed = hook(self.module, full)
            if changed is not None:
                full = _same_length(changed, full, "grad_output")
        self.grad_output = full
        if not self.places:
            self.run((None,) * self.arity)
        return tuple(full[i] for i in places)

    def at_input(self, grads: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
        """Runs the hooks; the gradients that go on."""
        full = self.run(_spread(self.arity, self.places, grads))
        return tuple(full[i] for i in self.places)

    def run(self, grad_input: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        """The hooks, each with what the one before returned."""
        for hook in self.post:
            changed = hook(self.module, grad_input, self.grad_output)
            if changed is not None:
                grad_input = _same_length(changed, grad_input, "grad_input")
        self.grad_output = None
        return grad_input


def _spread(n: int, places: list[int], grads: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
    full: list[Tensor | None] = [None] * n
    for i, g in zip(places, grads, strict=True):
        full[i] = g
    return tuple(full)


def _same_length(
    changed: Any, old: tuple[Tensor | None, ...], what: str
) -> tuple[Tensor | None, ...]:
    given = changed if isinstance(changed, tuple) else (changed,)
    if len(given) != len(old):
        raise RuntimeError(
            "Backward hook returned an invalid number of grads: "
            f"{len(given)} for {len(old)} of {what}"
        )
    return given


class _Inputs(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, watch: BackwardWatch, *tensors: Tensor) -> Any:
        ctx.watch = watch  # type: ignore[attr-defined]
        return tensors

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor) -> Any:
        return (None, *ctx.watch.at_input(grads))  # type: ignore[attr-defined]


class _Outputs(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, watch: BackwardWatch, places: list[int], *tensors: Tensor) -> Any:
        ctx.watch, ctx.places = watch, places  # type: ignore[attr-defined]
        return tensors

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor) -> Any:
        return (None, None, *ctx.watch.at_output(ctx.places, grads))  # type: ignore[attr-defined]
