"""Sequences of different lengths: packed (the steps of all, longest first) and padded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pynn import _core
from pynn._core import Tensor
from pynn._functions.movement import cat

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """The steps of several sequences, one after another: step t has batch_sizes[t] rows of data.

    Made by pack_padded_sequence and pack_sequence.  sorted_indices is the order in which the
    sequences were taken (None: as they were), unsorted_indices its inverse.
    """

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With data.to(...)."""
        return PackedSequence(self.data.to(*args, **kwargs), *self[1:])

    def double(self) -> PackedSequence:
        """With float64 data."""
        return self.to(_core.float64)

    def float(self) -> PackedSequence:
        """With float32 data."""
        return self.to(_core.float32)


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """p with p[permutation[i]] = i."""
    if permutation is None:
        return None
    return _core.from_numpy(np.argsort(permutation.numpy(), kind="stable"))


def _rows(lengths: np.ndarray, steps: int) -> np.ndarray:
    """Positions, in a padded (steps, batch) array, of the steps that exist."""
    return np.flatnonzero(np.arange(steps)[:, None] < lengths[None, :])


def pack_padded_sequence(
    input: Tensor,
    lengths: Tensor | Sequence[int],
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Packs (T, B, ...), with batch_first (B, T, ...), whose sequences have these lengths.

    enforce_sorted=True expects descending lengths.  RuntimeError where they are not, where one
    is not positive or longer than T, or where there are not B of them.
    """
    counts = np.asarray(lengths.tolist() if isinstance(lengths, Tensor) else lengths, np.int64)
    x = input.transpose(0, 1) if batch_first else input
    steps, batch = x.size(0), x.size(1)
    if counts.shape != (batch,):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {counts.size} "
            f"(batch_size={batch})"
        )
    if batch == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    if counts.min() <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    order = None
    if not enforce_sorted:
        permutation = np.argsort(-counts, kind="stable")
        counts = counts[permutation]
        order = _core.from_numpy(permutation)
        x = x.index_select(1, order)
    elif (np.diff(counts) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    longest = int(counts[0])
    if longest > steps:
        raise RuntimeError(f"Expected lengths of at most {steps} steps, got {longest}")
    sizes = (np.arange(longest)[:, None] < counts[None, :]).sum(1)
    flat = x.reshape(steps * batch, *x.shape[2:])
    data = flat.index_select(0, _core.from_numpy(_rows(counts, steps)))
    return PackedSequence(data, _core.from_numpy(sizes.astype(np.int64)), order)


def _lengths(batch_sizes: np.ndarray) -> np.ndarray:
    return (batch_sizes[:, None] > np.arange(batch_sizes[0])[None, :]).sum(0)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The inverse of pack_padded_sequence: (T, B, ...) and the lengths, in the original order.

    total_length: T; ValueError if it is less than the longest length.
    """
    data, batch_sizes, _, back = sequence
    sizes = np.asarray(batch_sizes.tolist(), np.int64)
    steps, batch = len(sizes), int(sizes[0])
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in "
                f"input, but got total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    lengths = _lengths(sizes)
    rows = _rows(lengths, steps)
    shape = (steps * batch, *data.shape[1:])
    padded = _core.zeros(shape, dtype=data.dtype).index_add(0, _core.from_numpy(rows), data)
    if padding_value != 0.0:
        there = np.zeros(shape[:1], bool)
        there[rows] = True
        mask = _core.from_numpy(there.reshape(-1, *[1] * (data.dim() - 1)))
        padded = _core.where(mask, padded, padding_value)
    padded = padded.reshape(steps, batch, *data.shape[1:])
    counts = _core.from_numpy(lengths.astype(np.int64))
    if back is not None:
        padded = padded.index_select(1, back)
        counts = counts.index_select(0, back)
    return (padded.transpose(0, 1) if batch_first else padded), counts


def pad_sequence(
    sequences: Tensor | Sequence[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stacks sequences (T_i, ...) of different lengths: (T, B, ...), or (B, T, ...)."""
    if not isinstance(sequences, Tensor | list | tuple):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    parts = list(sequences.unbind(0)) if isinstance(sequences, Tensor) else list(sequences)
    if not parts:
        raise RuntimeError("Expected a non-empty list of Tensors")
    longest = max(p.size(0) for p in parts)
    padded = []
    for p in parts:
        fill = _core.full((longest - p.size(0), *p.shape[1:]), padding_value, dtype=p.dtype)
        both = (p, fill) if padding_side == "right" else (fill, p)
        padded.append(cat(both).unsqueeze(0 if batch_first else 1))
    return cat(padded, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences of (T, B, ...) with these lengths, as a list."""
    x = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [x.select(0, i).narrow(0, 0, int(n)) for i, n in enumerate(lengths.tolist())]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Packs sequences (T_i, ...); they must be sorted by descending length if enforce_sorted."""
    lengths = [v.size(0) for v in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a PackedSequence, as a list."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
