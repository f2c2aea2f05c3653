"""The graph of recorded operators: its nodes, and where saved tensors are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pynn import _core
from pynn._core import Node as Node, Tensor

__all__ = ["Node", "saved_tensors_hooks"]


class saved_tensors_hooks(_core._SavedTensorsHooks):
    """Within it, pack_hook(tensor) says what is kept of a tensor that an operator
    saves for its derivative, and unpack_hook(kept) gives the tensor back.

    An error in pack_hook is raised when the derivative asks for the tensor.
    Leaves that require grad (parameters) are alive anyway and are saved as
    they are.
    """

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        """Both are called with grad mode as it is at that moment."""
