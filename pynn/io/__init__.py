"""Files: tensors in the safetensors format, never pickles."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pynn._core import Tensor
from pynn.io import safetensors

__all__ = ["load", "save"]


def save(tensors: Mapping[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Writes named tensors, such as module.state_dict(), as a safetensors file.

    The file appears whole or not at all: it is written beside its place and then renamed.  Other
    readers of the format (safetensors.torch, safetensors.numpy) read it.
    """
    safetensors.save_file(tensors, path)


def load(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The named tensors of a safetensors file, for module.load_state_dict().

    A file that is damaged or no safetensors file is a ValueError.
    """
    return safetensors.load_file(path)
