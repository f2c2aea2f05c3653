"""Operators written in Python."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx:
    """What forward() leaves for backward(): saved tensors and plain attributes."""

    needs_input_grad: tuple[bool, ...]

    def __init__(self) -> None:
        self._saving: tuple[Tensor | None, ...] = ()
        self._saved: list[tuple[Tensor | None, int, int]] = []
        self._node: Any = None
        self._plain: tuple[Tensor, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keeps inputs, outputs or intermediates for backward()."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument is of type "
                    f"{type(t).__name__}"
                )
        self._saving = tensors

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """These outputs carry no gradient."""
        self._plain = outputs

    def mark_dirty(self, *inputs: Tensor) -> None:
        """These inputs were written in place, and are returned."""
        self._dirty = inputs

    def set_materialize_grads(self, value: bool) -> None:
        """False: backward() gets None, not zeros, for outputs without gradient."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What save_for_backward() was given; refused if it was written in place since."""
        return tuple(self._load(*saved) for saved in self._saved)

    def _load(self, tensor: Tensor | None, version: int, output: int) -> Tensor | None:
        if tensor is None:
            return None
        if tensor._version != version:
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
            self._saved.append((kept, kept._version, place))
        self._saving = ()


class Function:
    """An operator of one's own: static forward(ctx, ...) and backward(ctx, ...).

    Function.apply(*args) calls forward without recording and puts backward on
    the tape; backward gets one gradient per output and returns one (or None)
    per argument of forward.  forward may also be written without ctx, with a
    static setup_context(ctx, inputs, output) beside it.  Such operators cannot
    be captured.
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        """The operator: returns a tensor or a tuple of tensors."""
        raise NotImplementedError("a Function needs a static forward(ctx, ...)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Saves what backward() needs, when forward() takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of forward's arguments, given those of its outputs."""
        raise NotImplementedError("a Function needs a static backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Runs forward(ctx, *args) and puts backward on the tape."""
        ctx = FunctionCtx()
        tensors = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        wanted = [isinstance(a, Tensor) and a.requires_grad for a in args]
        ctx.needs_input_grad = tuple(wanted)
        recorded = any(wanted) and _core.is_grad_enabled()
        with _core.no_grad():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
        outputs = _own(ctx, result, args, recorded)
        if recorded:
            active = [o for o in outputs if _differentiable(ctx, o)]
            ctx._keep(active)
            if active:
                call = _Backward(cls, ctx, args, tensors, outputs, active)
                name = f"{cls.__name__}Backward"
                ctx._node = _core._attach(name, [args[i] for i in tensors], active, call)
        return tuple(outputs) if isinstance(result, (tuple, list)) else outputs[0]


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator of a backward() that cannot be differentiated itself.

    Its gradients carry a node that raises when a second derivative asks for it.
    """

    @functools.wraps(fn)
    def once(ctx: Any, *args: Any) -> Any:
        with _core.no_grad():
            result = fn(ctx, *args)
        inputs = [a for a in args if isinstance(a, Tensor) and a.requires_grad]
        if not _core.is_grad_enabled() or not inputs:
            return result
        many = isinstance(result, (tuple, list))
        given = list(result) if many else [result]
        given = [g.detach() if isinstance(g, Tensor) else g for g in given]
        outputs = [g for g in given if isinstance(g, Tensor)]
        if outputs:
            _core._attach("OnceDifferentiableBackward", inputs, outputs, _refuse)
        return tuple(given) if many else given[0]

    return once


def _refuse(grads: list[Tensor | None]) -> list[Tensor | None]:
    raise RuntimeError(
        "trying to differentiate twice a function that was marked with @once_differentiable"
    )


def _differentiable(ctx: FunctionCtx, output: Tensor | None) -> bool:
    return (
        output is not None
        and output.dtype.is_floating_point
        and not any(output is p for p in ctx._plain)
    )


def _own(ctx: FunctionCtx, result: Any, args: Sequence[Any], recorded: bool) -> list[Any]:
    """The outputs; an argument handed through becomes an alias with a history of its own,
    unless it was written in place."""
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    for t in ctx._dirty:
        _check_dirty(t, outputs, recorded)
    for i, output in enumerate(outputs):
        if output is None or any(output is t for t in ctx._dirty):
            continue
        if not isinstance(output, Tensor):
            raise TypeError(f"forward() returns tensors, not {type(output).__name__}")
        if any(output is a for a in args) or not output.is_leaf or output.requires_grad:
            outputs[i] = output.detach()
            ctx._plain = tuple(outputs[i] if p is output else p for p in ctx._plain)
    return outputs


def _check_dirty(t: Tensor, outputs: list[Any], recorded: bool) -> None:
    if not any(t is o for o in outputs):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. "
            "The inputs that are modified inplace must all be outputs of the Function."
        )
    if recorded and t.is_leaf and t.requires_grad:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )
    if recorded and t._is_view():
        raise RuntimeError(
            "a view was written in place by a custom Function (mark_dirty): clone it first"
        )


class _Backward:
    """What the tape calls: gradients of the outputs in, one per tensor argument out."""

    def __init__(
        self,
        function: type[Function],
        ctx: FunctionCtx,
        args: Sequence[Any],
        tensors: list[int],
        outputs: list[Any],
        active: list[Tensor],
    ) -> None:
        self.function = function
        self.ctx = ctx
        self.count = len(args)
        self.tensors = tensors
        self.wanted = [(args[i].shape, args[i].dtype) for i in tensors]
        # Per output of forward(): its number among those on the tape (or -1), shape, dtype.
        number = {id(o): k for k, o in enumerate(active)}
        self.outputs = [
            None if o is None else (number.get(id(o), -1), o.shape, o.dtype) for o in outputs
        ]

    def __call__(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        full = [None if meta is None else self._gradient(grads, *meta) for meta in self.outputs]
        result = self.function.backward(self.ctx, *full)
        given = list(result) if isinstance(result, (tuple, list)) else [result]
        name = f"{self.function.__name__}.backward()"
        if len(given) < self.count or any(g is not None for g in given[self.count :]):
            raise RuntimeError(
                f"{name} returned an incorrect number of gradients: {len(given)} gradients for "
                f"{self.count} arguments of forward()"
            )
        return [
            self._checked(name, given[i], *meta)
            for i, meta in zip(self.tensors, self.wanted, strict=True)
        ]

    def _gradient(
        self, grads: list[Tensor | None], k: int, shape: tuple[int, ...], dtype: _core.dtype
    ) -> Tensor | None:
        g = grads[k] if k >= 0 else None
        if g is None and self.ctx._materialize:
            return _core.zeros(*shape, dtype=dtype)
        return g

    def _checked(
        self, name: str, grad: Any, shape: tuple[int, ...], dtype: _core.dtype
    ) -> Tensor | None:
        if grad is None:
            return None
        if not isinstance(grad, Tensor):
            raise TypeError(f"{name} returned {type(grad).__name__}, not a Tensor or None")
        if grad.shape != shape:
            grad = _reduced(name, grad, shape)
        cast: Tensor = grad.to(dtype)
        return cast


def _reduced(name: str, grad: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A gradient of a broadcast argument, summed to the argument's shape."""
    lead = grad.ndim - len(shape)
    fits = lead >= 0 and all(n in (1, m) for n, m in zip(shape, grad.shape[lead:], strict=True))
    if not fits:
        raise RuntimeError(
            f"{name} returned a gradient of shape {grad.shape} for an argument of shape {shape}"
        )
    if lead:
        grad = grad.sum(tuple(range(lead)))
    dims = tuple(d for d, n in enumerate(shape) if n == 1 and grad.shape[d] != 1)
    return grad.sum(dims, keepdim=True) if dims else grad
