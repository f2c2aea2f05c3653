"""Embeddings and one-hot rows."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor
from pynn.nn._errors import ArgumentError

__all__ = ["embedding", "one_hot"]


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


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
) -> Tensor:
    """Rows of weight (rows, D) by index: any shape of int64 or int32 -> (that shape, D).

    padding_idx: its row gets no gradient.  max_norm: rows that are looked up and longer (in
    norm_type) are shortened first, in weight itself.  scale_grad_by_freq: gradients are divided
    by how often the index occurs in input.  IndexError for an index that weight has not.
    """
    padding = -1
    if padding_idx is not None:
        rows = weight.size(0)
        if not -rows <= padding_idx < rows:
            raise ArgumentError("Padding_idx must be within num_embeddings")
        padding = padding_idx % rows
    if max_norm is not None:
        _shorten(weight, input, float(max_norm), float(norm_type))
    out: Tensor = _core.ops.embedding(input, weight, padding, scale_grad_by_freq)
    return out


def _shorten(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    with _core.no_grad():
        index = input.reshape(-1)
        rows: Tensor = _core.ops.embedding(index, weight, -1, False)
        length = rows.norm(norm_type, dim=1, keepdim=True)
        factor = _core.where(length.gt(max_norm), max_norm / (length + 1e-7), 1.0)
        weight[index] = rows * factor
