"""Derivatives against differences: gradcheck() and gradgradcheck()."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from pynn import _core
from pynn._core import Tensor, _grad as grad

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """What gradcheck() found wrong."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
) -> bool:
    """Compares the gradients of func(*inputs) with central differences.

    Every input that requires grad should be float64.  |a - n| <= atol + rtol |n|
    must hold for every entry of the Jacobian, or, with fast_mode, for u^T J v
    of random u and v.  Also checked: the same gradients twice (nondet_tol), and
    zeros for outputs without gradient.  False or GradcheckError says no.
    """
    try:
        case = _Case(func, inputs)
        case.compare(eps, atol, rtol, nondet_tol, fast_mode)
        if check_undefined_grad:
            case.check_undefined()
        if check_grad_dtypes:
            case.check_dtypes()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
) -> bool:
    """gradcheck() of the gradients of func: its second derivatives.

    grad_outputs weighs the outputs (None: random numbers).
    """
    xs = _tuple(inputs)
    if grad_outputs is None:
        grad_outputs = [_random(y, gen_non_contig_grad_outputs) for y in _active(func(*xs))]
    weights = _tuple(grad_outputs)
    count = len(xs)

    def first(*args: Any) -> tuple[Tensor, ...]:
        outputs = _active(func(*args[:count]))
        wanted = [x for x in args[:count] if isinstance(x, Tensor) and x.requires_grad]
        grads = grad(outputs, wanted, list(args[count:]), None, True, True)
        return tuple(g for g in grads if g is not None)

    return gradcheck(
        first,
        (*xs, *weights),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        fast_mode=fast_mode,
    )


def _tuple(values: Any) -> tuple[Any, ...]:
    return (values,) if isinstance(values, Tensor) else tuple(values)


def _active(result: Any) -> list[Tensor]:
    """The outputs that carry a gradient."""
    values = _tuple(result) if isinstance(result, (Tensor, tuple, list)) else (result,)
    return [y for y in values if isinstance(y, Tensor) and y.requires_grad]


def _random(like: Tensor, strided: bool) -> Tensor:
    """Random weights in [0.1, 1.1) for an output, as a leaf."""
    made = _core.rand(*like.shape, dtype=like.dtype) + 0.1
    if strided and like.ndim:
        doubled = _core.zeros(*like.shape, 2, dtype=like.dtype)
        view = doubled.select(-1, 0)
        view.copy_(made)
        made = view
    return made.detach().requires_grad_()


class _Case:
    """One function with its inputs."""

    def __init__(self, func: Callable[..., Any], inputs: Any) -> None:
        self.func = func
        self.inputs = _tuple(inputs)
        self.wanted = [x for x in self.inputs if isinstance(x, Tensor) and x.requires_grad]
        if not self.wanted:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of "
                "the them have requires_grad=True."
            )
        for i, x in enumerate(self.inputs):
            if not isinstance(x, Tensor) or not x.requires_grad:
                continue
            if x.dtype != _core.float64:
                warnings.warn(
                    f"Input #{i} requires gradient and is not a double precision floating point. "
                    "This check will likely fail if all the inputs are not of double precision "
                    "floating point.",
                    stacklevel=4,
                )
            if any(s == 0 and n > 1 for n, s in zip(x.shape, x.stride(), strict=True)):
                raise RuntimeError(
                    f"The {i}th input has a dimension with stride 0. gradcheck only supports "
                    "inputs that are non-overlapping to be able to compute the numerical "
                    "gradients correctly. You should call .contiguous on the input before "
                    "passing it to gradcheck."
                )

    def outputs(self) -> list[Tensor]:
        return _active(self.func(*self.inputs))

    def compare(self, eps: float, atol: float, rtol: float, nondet_tol: float, fast: bool) -> None:
        outputs = self.outputs()
        if not outputs:
            self.check_constant(eps, atol)
            return
        draw = np.random.default_rng(0)
        for i, y in enumerate(outputs):
            flat = [draw.random(y.numel()) for _ in range(1)] if fast else np.eye(y.numel())
            rows = [self.gradients(y, u) for u in flat]
            again = [self.gradients(y, u) for u in flat]
            for k, x in enumerate(self.wanted):
                shape = (len(rows), x.numel())
                exact = np.array([row[k] for row in rows]).reshape(shape)
                second = np.array([row[k] for row in again]).reshape(shape)
                if exact.size and np.max(np.abs(exact - second)) > nondet_tol:
                    raise GradcheckError(
                        "Backward is not reentrant, i.e., running backward with same input and "
                        "grad_output multiple times gives different values, although analytical "
                        f"gradient matches numerical gradient (output {i}, input {k})."
                    )
                if fast:
                    v = draw.random(x.numel())
                    approx = (np.asarray(flat) @ self.along(i, x, v, eps)).reshape(1, 1)
                    exact = (exact @ v).reshape(1, 1)
                else:
                    approx = self.differences(i, x, eps)
                _close(exact, approx, atol, rtol, i, k)

    def gradients(self, y: Tensor, u: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
        """u^T J of one output, per input."""
        weight = _core.tensor(u, dtype=y.dtype).reshape(*y.shape)
        found = grad(y, self.wanted, weight, True, False, True)
        return [
            np.zeros(x.numel()) if g is None else _flat(g)
            for x, g in zip(self.wanted, found, strict=True)
        ]

    def value(self, i: int) -> np.ndarray[Any, Any]:
        return _flat(self.outputs()[i])

    def differences(self, i: int, x: Tensor, eps: float) -> np.ndarray[Any, Any]:
        """The Jacobian of output i by input x, column by column."""
        columns = []
        for j in range(x.numel()):
            v = np.zeros(x.numel())
            v[j] = 1.0
            columns.append(self.along(i, x, v, eps))
        return np.array(columns).T.reshape(-1, x.numel())

    def along(self, i: int, x: Tensor, v: np.ndarray[Any, Any], eps: float) -> np.ndarray[Any, Any]:
        """(f(x + eps v) - f(x - eps v)) / (2 eps) of output i."""
        memory = x.detach().numpy()
        before = memory.copy()
        step = eps * v.reshape(x.shape)
        try:
            memory[...] = before + step
            plus = self.value(i)
            memory[...] = before - step
            minus = self.value(i)
        finally:
            memory[...] = before
        return np.asarray((plus - minus) / (2.0 * eps))

    def check_constant(self, eps: float, atol: float) -> None:
        """No output carries a gradient: then none may depend on the inputs."""
        values = [y for y in _tuple(self.func(*self.inputs)) if isinstance(y, Tensor)]
        if any(y.dtype.is_floating_point for y in values):
            raise GradcheckError(
                "None of the outputs of the function require gradients: it was detached, or "
                "computed without grad mode"
            )

    def check_undefined(self) -> None:
        """Outputs of zero gradient, alone and together, give None or zeros."""
        outputs = self.outputs()
        for group in [[y] for y in outputs] + [outputs] * (len(outputs) > 1):
            zeros = [_core.zeros_like(y) for y in group]
            for g in grad(group, self.wanted, zeros, True, False, True):
                if g is not None and np.any(_flat(g) != 0):
                    raise GradcheckError(
                        "Expected backward function to handle undefined output grads: gradients of "
                        "zero gradients are not zero"
                    )

    def check_dtypes(self) -> None:
        outputs = self.outputs()
        ones = [_core.ones_like(y) for y in outputs]
        for x, g in zip(
            self.wanted, grad(outputs, self.wanted, ones, True, False, True), strict=True
        ):
            if g is not None and g.dtype != x.dtype:
                raise GradcheckError(f"grad is of dtype {g.dtype}, the input of dtype {x.dtype}")


def _flat(t: Tensor) -> np.ndarray[Any, Any]:
    return np.asarray(t.detach().double().reshape(-1).numpy(), dtype=np.float64).copy()


def _close(
    exact: np.ndarray[Any, Any],
    approx: np.ndarray[Any, Any],
    atol: float,
    rtol: float,
    i: int,
    k: int,
) -> None:
    if not np.allclose(exact, approx, rtol=rtol, atol=atol):
        raise GradcheckError(
            f"Jacobian mismatch for output {i} with respect to input {k},\n"
            f"numerical:{approx}\nanalytical:{exact}"
        )
