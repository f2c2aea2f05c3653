"""Embeddings and one-hot rows."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor

__all__ = ["one_hot"]


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 rows of 0 with a 1 at each class index: (..., num_classes).

    -1 takes the greatest index plus 1, which reads the values.
    """
    if num_classes == -1:
        if tensor.numel() == 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(tensor.max().item()) + 1
    classes = _core.arange(num_classes)
    return tensor.unsqueeze(-1).eq(classes).long()
