"""Gradients by name, and operators written in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor, _grad as grad

__all__ = ["Function", "FunctionCtx", "grad"]


class FunctionCtx:
    """What forward() leaves for backward(): saved tensors and plain attributes."""

    needs_input_grad: tuple[bool, ...]

    def __init__(self) -> None:
        self._saving: tuple[Tensor | None, ...] = ()
        self._saved: list[tuple[Tensor | None, int, int]] = []
        self._node: Any = None
        self._plain: tuple[Tensor, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keeps inputs, outputs or intermediates for backward()."""
        self._saving = tensors

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """These outputs carry no gradient."""
        self._plain = outputs

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What save_for_backward() was given; refused if it was written in place since."""
        return tuple(self._load(*saved) for saved in self._saved)

    def _load(self, tensor: Tensor | None, version: int, output: int) -> Tensor | None:
        if tensor is None:
            return None
        if _core._version(tensor) != version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an "
                f"inplace operation: a saved tensor of shape {tensor.shape}"
            )
        return tensor if output < 0 else self._node.tensor(tensor, output)

    def _keep(self, outputs: list[Tensor]) -> None:
        """Own outputs are kept as bare memory: as tensors they would hold their own node."""
        for tensor in self._saving:
            if tensor is None:
                self._saved.append((None, 0, -1))
                continue
            place = next((i for i, o in enumerate(outputs) if o is tensor), -1)
            kept = tensor if place < 0 else tensor.detach()
            self._saved.append((kept, _core._version(kept), place))
        self._saving = ()


class Function:
    """An operator of one's own: static forward(ctx, ...) and backward(ctx, ...).

    Function.apply(*args) calls forward without recording and puts backward on
    the tape; backward gets one gradient per output and returns one (or None)
    per argument of forward.  Such operators cannot be captured.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, *args: Any) -> Any:
        """The operator: returns a tensor or a tuple of tensors."""
        raise NotImplementedError("a Function needs a static forward(ctx, ...)")

    @staticmethod
    def backward(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        """The gradients of forward's arguments, given those of its outputs."""
        raise NotImplementedError("a Function needs a static backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Runs forward(ctx, *args) and puts backward on the tape."""
        ctx = FunctionCtx()
        tensors = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        wanted = [isinstance(a, Tensor) and a.requires_grad for a in args]
        ctx.needs_input_grad = tuple(wanted)
        with _core.no_grad():
            result = cls.forward(ctx, *args)
        outputs = _own(result, args)
        if any(wanted) and _core.is_grad_enabled():
            active = [o for o in outputs if _differentiable(ctx, o)]
            ctx._keep(active)
            if active:
                call = _Backward(cls, ctx, args, tensors, active)
                name = f"{cls.__name__}Backward"
                ctx._node = _core._attach(name, [args[i] for i in tensors], active, call)
        return tuple(outputs) if isinstance(result, (tuple, list)) else outputs[0]


def _differentiable(ctx: FunctionCtx, output: Tensor) -> bool:
    return output.dtype.is_floating_point and not any(output is p for p in ctx._plain)


def _own(result: Any, args: Sequence[Any]) -> list[Tensor]:
    """The outputs; an argument handed through becomes an alias with a history of its own."""
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    for i, output in enumerate(outputs):
        if not isinstance(output, Tensor):
            raise TypeError(f"forward() returns tensors, not {type(output).__name__}")
        if any(output is a for a in args) or not output.is_leaf or output.requires_grad:
            outputs[i] = output.detach()
    return outputs


class _Backward:
    """What the tape calls: gradients of the outputs in, one per tensor argument out."""

    def __init__(
        self,
        function: type[Function],
        ctx: FunctionCtx,
        args: Sequence[Any],
        tensors: list[int],
        outputs: list[Tensor],
    ) -> None:
        self.function = function
        self.ctx = ctx
        self.count = len(args)
        self.tensors = tensors
        self.wanted = [(args[i].shape, args[i].dtype) for i in tensors]
        self.outputs = [(o.shape, o.dtype) for o in outputs]

    def __call__(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        full = [
            _core.zeros(*shape, dtype=dtype) if g is None else g
            for g, (shape, dtype) in zip(grads, self.outputs, strict=True)
        ]
        result = self.function.backward(self.ctx, *full)
        given = list(result) if isinstance(result, (tuple, list)) else [result]
        name = f"{self.function.__name__}.backward()"
        if len(given) < self.count or any(g is not None for g in given[self.count :]):
            raise RuntimeError(
                f"{name} returned {len(given)} gradients for {self.count} arguments of forward()"
            )
        return [
            self._checked(name, given[i], *meta)
            for i, meta in zip(self.tensors, self.wanted, strict=True)
        ]

    def _checked(
        self, name: str, grad: Any, shape: tuple[int, ...], dtype: _core.dtype
    ) -> Tensor | None:
        if grad is None:
            return None
        if not isinstance(grad, Tensor):
            raise TypeError(f"{name} returned {type(grad).__name__}, not a Tensor or None")
        if grad.shape != shape:
            raise RuntimeError(
                f"{name} returned a gradient of shape {grad.shape} for an argument of shape {shape}"
            )
        return grad.to(dtype)
