"""Gradients by name, operators written in Python, and checks of their derivatives."""

from pynn._core import (
    _backward as backward,
    _grad as grad,
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from pynn.autograd import functional as functional, graph as graph
from pynn.autograd.function import Function as Function, FunctionCtx as FunctionCtx
from pynn.autograd.gradcheck import (
    GradcheckError as GradcheckError,
    gradcheck as gradcheck,
    gradgradcheck as gradgradcheck,
)

__all__ = [
    "Function",
    "FunctionCtx",
    "GradcheckError",
    "backward",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
]
