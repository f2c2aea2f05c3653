"""Jacobians, Hessians and their products with vectors, of functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor, _grad as grad
from pynn._functions.movement import stack

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_Tensors = Tensor | tuple[Tensor, ...]


def vjp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(func(*inputs), v^T J); v has the outputs' shapes, None is 1 for one element.

    strict: an input that the outputs do not depend on is an error, not zero.
    """
    with _core.enable_grad():
        xs, single = _inputs(inputs, create_graph)
        ys, single_out = _outputs(func(*xs), "vjp", strict)
        vs = _vectors(v, ys, "v", "output")
        result = _gradients(ys, xs, vs, create_graph, strict, "vjp")
    return _handed(ys, single_out, create_graph), _handed(result, single, create_graph)


def jvp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(func(*inputs), J v): the derivative along v, of the inputs' shapes.

    Two backward passes: u -> u^T J is linear in u, and its transpose is J.
    """
    with _core.enable_grad():
        xs, _ = _inputs(inputs, create_graph)
        vs = _vectors(v, xs, "v", "input")
        ys, single_out = _outputs(func(*xs), "jvp", strict)
        us = [_core.zeros_like(y).requires_grad_() for y in ys]
        back = _gradients(ys, xs, us, True, strict, "jvp")
        result = _gradients(back, us, vs, create_graph, strict, "jvp")
    return _handed(ys, single_out, create_graph), _handed(result, single_out, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: _Tensors,
    create_graph: bool = False,
    strict: bool = False,
) -> Any:
    """d output / d input, of shape output.shape + input.shape.

    A tuple per several inputs, and of such tuples per several outputs.
    """
    with _core.enable_grad():
        xs, single = _inputs(inputs, create_graph)
        ys, single_out = _outputs(func(*xs), "jacobian", strict)
        rows = []
        for y in ys:
            flat = y.reshape(-1)
            lines = [
                _gradients([flat[i]], xs, [None], create_graph, strict, "jacobian")
                for i in range(flat.numel())
            ]
            row = []
            for k, x in enumerate(xs):
                if lines:
                    block = stack([line[k] for line in lines])
                else:
                    block = _core.zeros(0, *x.shape, dtype=x.dtype)
                row.append(block.reshape(*y.shape, *x.shape))
            rows.append(_handed(row, single, create_graph))
    return rows[0] if single_out else tuple(rows)


def hessian(
    func: Callable[..., Any],
    inputs: _Tensors,
    create_graph: bool = False,
    strict: bool = False,
) -> Any:
    """The second derivatives of a scalar function: shape input.shape + input.shape.

    A tuple of tuples per several inputs.
    """
    single = isinstance(inputs, Tensor)

    def gradient(*xs: Tensor) -> Any:
        y = _scalar(func(*xs), "hessian")
        grads = _gradients([y], list(xs), [None], True, strict, "hessian")
        return grads[0] if single else tuple(grads)

    return jacobian(gradient, inputs, create_graph, strict)


def vhp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(func(*inputs), v^T H) of a scalar function: one double backward pass."""
    with _core.enable_grad():
        xs, single = _inputs(inputs, create_graph)
        vs = _vectors(v, xs, "v", "input")
        y = _scalar(func(*xs), "vhp")
        first = _gradients([y], xs, [None], True, strict, "vhp")
        result = _gradients(first, xs, vs, create_graph, strict, "vhp")
    return _handed([y], True, create_graph), _handed(result, single, create_graph)


def hvp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(func(*inputs), H v) of a scalar function; H is symmetric, so this is vhp()."""
    return vhp(func, inputs, v, create_graph, strict)


# ---- parts -------------------------------------------------------------------------


def _inputs(inputs: Any, create_graph: bool) -> tuple[list[Tensor], bool]:
    """The inputs as tensors that require grad; with create_graph their history stays."""
    single = isinstance(inputs, Tensor)
    given: Sequence[Any] = [inputs] if single else list(inputs)
    made = []
    for i, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"the inputs must be a Tensor or a tuple of Tensors; element {i} is "
                f"{type(x).__name__}"
            )
        if create_graph and x.requires_grad:
            made.append(x.reshape(x.shape))
        else:
            made.append(x.detach().clone().requires_grad_())
    return made, single


def _outputs(result: Any, name: str, strict: bool) -> tuple[list[Tensor], bool]:
    single = isinstance(result, Tensor)
    ys = [result] if single else list(result)
    for i, y in enumerate(ys):
        if not isinstance(y, Tensor):
            raise TypeError(
                f"{name}: the function must return a Tensor or a tuple of Tensors; element {i} is "
                f"{type(y).__name__}"
            )
        if strict and not y.requires_grad:
            raise RuntimeError(
                f"{name}: output {i} of the function does not require gradients; with strict "
                "every output must depend on the inputs"
            )
    return ys, single


def _scalar(result: Any, name: str) -> Tensor:
    if not isinstance(result, Tensor) or result.numel() != 1:
        shape = getattr(result, "shape", type(result).__name__)
        raise RuntimeError(f"{name}: the function must return a single element, not {shape}")
    return result


def _vectors(v: Any, like: list[Tensor], name: str, what: str) -> list[Tensor]:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(
                f"The vector {name} can only be None if the {what} is a single Tensor with a "
                "single element"
            )
        return [_core.ones_like(like[0])]
    vs = [v] if isinstance(v, Tensor) else list(v)
    if len(vs) != len(like):
        raise RuntimeError(f"{name} has {len(vs)} tensors, the {what} {len(like)}")
    for i, (given, wanted) in enumerate(zip(vs, like, strict=True)):
        if given.shape != wanted.shape:
            raise RuntimeError(
                f"{name}[{i}] has shape {given.shape}; the {what} has shape {wanted.shape}"
            )
    return vs


def _gradients(
    ys: list[Tensor],
    xs: list[Tensor],
    vs: Sequence[Tensor | None],
    create_graph: bool,
    strict: bool,
    name: str,
) -> list[Tensor]:
    """v^T J, zeros where an input is not used (an error if strict)."""
    used = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    grads: Sequence[Tensor | None] = [None] * len(xs)
    if used:
        outputs, weights = [y for y, _ in used], [w for _, w in used]
        grads = grad(outputs, xs, weights, True, create_graph, True)
    for i, g in enumerate(grads):
        if strict and g is None:
            raise RuntimeError(f"{name}: the outputs do not depend on input {i} (strict)")
    return [_core.zeros_like(x) if g is None else g for x, g in zip(xs, grads, strict=True)]


def _handed(tensors: Sequence[Tensor], single: bool, create_graph: bool) -> Any:
    done = tuple(t if create_graph else t.detach() for t in tensors)
    return done[0] if single else done
