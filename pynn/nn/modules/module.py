"""nn.Module: modes, conversion, gradients, and what a module looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pynn import _core
from pynn._core import Tensor
from pynn.nn.modules._hooks import ModuleHooks
from pynn.nn.modules._state import ModuleState

__all__ = ["Module"]

_M = TypeVar("_M", bound="Module")


def _no_forward(self: Any, *input: Any) -> None:
    raise NotImplementedError(
        f'Module [{type(self).__name__}] is missing the required "forward" function'
    )


class Module(ModuleState, ModuleHooks):
    """The base of all networks and layers, as torch.nn.Module.

    A subclass sets Parameters, Modules and buffers as attributes in __init__
    and computes in forward(); calling the module runs forward() and the hooks.
    """

    training: bool

    def __init__(self) -> None:
        """Nothing is left to do: a module is complete when it is created."""

    # Any: subclasses choose their own arguments.
    forward: Callable[..., Any] = _no_forward

    # ---- modes and gradients -------------------------------------------------------

    def train(self: _M, mode: bool = True) -> _M:
        """Training mode for this module and all below; False is eval()."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: _M) -> _M:
        """Evaluation mode: dropout passes through, batch norm uses its running values."""
        return self.train(False)

    def requires_grad_(self: _M, requires_grad: bool = True) -> _M:
        """Sets requires_grad of every parameter."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients of all parameters, or fills them with 0."""
        for p in self.parameters():
            if p.grad is None:
                continue
            if set_to_none:
                p.grad = None
            else:
                if not p.grad.is_leaf:
                    p.grad = p.grad.detach()
                p.grad.requires_grad_(False)
                p.grad.zero_()

    def apply(self: _M, fn: Callable[[Module], Any]) -> _M:
        """Calls fn on every module below, then on this one; to initialise, say."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # ---- conversion ----------------------------------------------------------------

    def _apply(self: _M, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> _M:
        """Replaces every parameter, gradient and buffer by fn of it.

        Parameters stay the same objects, so that optimisers keep them.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        for param in self._parameters.values():
            if param is None:
                continue
            with _core.no_grad():
                grad = None if param.grad is None else fn(param.grad)
                param.grad = None
                param.data = fn(param)
                param.grad = grad
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self: _M, *args: Any, **kwargs: Any) -> _M:
        """to(dtype), to(tensor) or to("cpu"): floating parameters and buffers in that dtype."""
        dtype = _target(args, kwargs)
        if dtype is None:
            return self
        if not dtype.is_floating_point:
            raise TypeError(
                f"nn.Module.to only accepts floating point dtypes, but got desired dtype={dtype}"
            )
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def type(self: _M, dst_type: _core.dtype) -> _M:
        """All parameters and buffers, of integers too, in dst_type."""
        return self._apply(lambda t: t.to(dst_type))

    def float(self: _M) -> _M:
        """Floating parameters and buffers as float32."""
        return self.to(_core.float32)

    def double(self: _M) -> _M:
        """Floating parameters and buffers as float64."""
        return self.to(_core.float64)

    def half(self: _M) -> _M:
        """Floating parameters and buffers as float16."""
        return self.to(_core.float16)

    def bfloat16(self: _M) -> _M:
        """Floating parameters and buffers as bfloat16."""
        return self.to(_core.bfloat16)

    def cpu(self: _M) -> _M:
        """This module: there is no other device."""
        return self

    # ---- looks ---------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr; for subclasses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        child_lines = [
            f"({name}): " + _indent(repr(module)) for name, module in self._modules.items()
        ]
        lines = extra_lines + child_lines
        if not lines:
            return f"{self._get_name()}()"
        if len(extra_lines) == 1 and not child_lines:
            return f"{self._get_name()}({extra_lines[0]})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__}
        names.update(self._parameters, self._buffers, self._modules)
        return sorted(name for name in names if not name[:1].isdigit())


class TensorModule(Module):
    """A Module that makes one tensor of one tensor, and says so to type checkers."""

    if TYPE_CHECKING:

        def __call__(self, input: Tensor, /) -> Tensor: ...


def _indent(text: str) -> str:
    return text.replace("\n", "\n  ")


def _target(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _core.dtype | None:
    """The dtype that to() was asked for, None for a device only."""
    unknown = set(kwargs) - {"device", "dtype", "non_blocking", "copy"}
    if unknown:
        raise TypeError(f"to() got an unexpected keyword argument {sorted(unknown)[0]!r}")
    dtype = kwargs.get("dtype")
    for value in (*args, kwargs.get("device")):
        if isinstance(value, _core.dtype):
            dtype = value
        elif isinstance(value, Tensor):
            dtype = value.dtype
        elif not (value is None or isinstance(value, bool) or str(value).startswith("cpu")):
            raise ValueError(f"to() takes a dtype, a tensor or the device 'cpu', not {value!r}")
    return dtype
