"""Losses of classes: cross-entropies and the negative logarithm of likelihoods."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor
from pynn.nn.functional._reduction import reduced


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """-(t log p + (1 - t) log(1 - p)) of probabilities p; the logarithms end at -100."""
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is None:
        return _core._binary_cross_entropy(input, target, reduction)
    return reduced(_core._binary_cross_entropy(input, target, "none") * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """binary_cross_entropy(sigmoid(input), target) without loss of precision.

    pos_weight weighs the positive targets.
    """
    if input.shape != target.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    if pos_weight is None:
        if weight is None:
            return _core._binary_cross_entropy_with_logits(input, target, reduction)
        loss = _core._binary_cross_entropy_with_logits(input, target, "none")
    else:
        # softplus(-x) is the loss of target 1, softplus(x) that of target 0.
        ones = _core.ones_like(input)
        positive = _core._binary_cross_entropy_with_logits(input, ones, "none")
        negative = _core._binary_cross_entropy_with_logits(input, ones - ones, "none")
        loss = pos_weight * target * positive + (1 - target) * negative
    return reduced(loss if weight is None else loss * weight, reduction)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(input) at the target class.

    input is (C), (N, C) or (N, C, d1, ...) logits; target holds class indices
    of the same shape without C, or probabilities of the same shape.
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.shape == target.shape and target.dtype.is_floating_point:
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    rows, classes, shape = _rows(input, target)
    if label_smoothing == 0.0:
        loss = _core._cross_entropy(rows, classes, weight, ignore_index, reduction)
        return loss.reshape(shape) if reduction == "none" else loss
    return _smoothed(rows, classes, weight, ignore_index, reduction, label_smoothing, shape)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """-input at the target class, for input of log-probabilities; shapes as cross_entropy."""
    rows, classes, shape = _rows(input, target)
    loss, scale = _picked(rows, classes, weight, ignore_index)
    return _weighted(loss, scale, reduction, shape)


def _rows(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """Logits as (rows, C), classes as (rows), and the shape that single losses have."""
    if input.ndim == 0 or target.shape != input.shape[:1][: input.ndim - 1] + input.shape[2:]:
        raise ValueError(
            f"input of shape {input.shape} needs class indices of its shape without dimension "
            f"{min(1, max(0, input.ndim - 1))} (or probabilities of its own shape), "
            f"not a target of shape {target.shape} and {target.dtype}"
        )
    if input.ndim == 1:
        return input.unsqueeze(0), target.reshape(1), ()
    if input.ndim == 2:
        return input, target, target.shape
    last = input.permute(0, *range(2, input.ndim), 1)
    return last.reshape(-1, input.shape[1]), target.reshape(-1), target.shape


def _picked(
    rows: Tensor, classes: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[Tensor, Tensor]:
    """-rows at the class and the weight of each row, both 0 where it is ignored."""
    kept = classes.ne(ignore_index)
    safe = _core.where(kept, classes, 0)
    scale = kept.to(rows.dtype)
    if weight is not None:
        scale = scale * weight.index_select(0, safe)
    picked = rows.gather(1, safe.unsqueeze(1)).squeeze(1)
    return _core.where(kept, -picked, 0.0) * scale, scale


def _weighted(loss: Tensor, scale: Tensor, reduction: str, shape: tuple[int, ...]) -> Tensor:
    if reduction == "mean":
        return loss.sum() / scale.sum()
    return reduced(loss.reshape(shape) if reduction == "none" else loss, reduction)


def _smoothed(
    rows: Tensor,
    classes: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    smoothing: float,
    shape: tuple[int, ...],
) -> Tensor:
    """(1 - s) times the loss of the class plus s / C times the sum over all classes."""
    logs = rows.log_softmax(1)
    loss, scale = _picked(logs, classes, weight, ignore_index)
    every = -(logs if weight is None else logs * weight).sum(1)
    every = _core.where(classes.ne(ignore_index), every, 0.0)
    mixed = loss * (1.0 - smoothing) + every * (smoothing / rows.shape[1])
    return _weighted(mixed, scale, reduction, shape)


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float
) -> Tensor:
    axis = 0 if input.ndim == 1 else 1
    count = input.shape[axis]
    if smoothing:
        target = target * (1.0 - smoothing) + smoothing / count
    logs = input.log_softmax(axis)
    if weight is not None:
        logs = logs * weight.reshape((count,) + (1,) * (input.ndim - 1 - axis))
    loss = -(target * logs).sum(axis)
    if reduction == "mean":
        return loss.sum() / (loss.numel() if input.ndim > 1 else 1)
    return reduced(loss, reduction)
