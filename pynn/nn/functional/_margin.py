"""Losses of margins: hinges, rankings, embeddings, triplets."""

from __future__ import annotations

from collections.abc import Callable

from pynn import _core
from pynn._core import Tensor
from pynn._functions.norms import pairwise_distance
from pynn._functions.scan import cumprod
from pynn.nn.functional._reduction import code, reduced


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean"
) -> Tensor:
    """input where target is 1, max(0, margin - input) where it is -1."""
    apart = _core.where(target.ne(1), (margin - input).clamp(min=0), 0.0)
    return reduced(apart + _core.where(target.ne(-1), input, 0.0), reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = "mean"
) -> Tensor:
    """max(0, -target (input1 - input2) + margin), for target 1 or -1."""
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape}"
        )
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-target input)), for target 1 or -1."""
    return reduced(_core.ops.log1p((-target * input).exp()), reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """The mean over classes of binary cross-entropies: logits (N, C), targets from 0 to 1."""
    loss = _core._binary_cross_entropy_with_logits(input, target, "none")
    if weight is not None:
        loss = loss * weight
    return reduced(loss.mean(-1), reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The sum over the other classes of max(0, margin - x[y] + x[j])**p, divided by their number.

    input is (N, C) or (C), target holds classes; weight weighs them.
    """
    code(reduction)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported, got {p}")
    if weight is not None and weight.ndim != 1:
        raise ValueError(f"weight must be one-dimensional, not of shape {weight.shape}")
    if input.ndim == 0:
        input = input.reshape(1)
    if (
        input.ndim not in (1, 2)
        or input.shape[-1] == 0
        or target.numel() != (1 if input.ndim == 1 else input.shape[0])
    ):
        raise RuntimeError(
            f"multi_margin_loss: expected input (N, C) and target (N), or (C) and (), got "
            f"{input.shape} and {target.shape}"
        )
    if weight is not None and weight.numel() != input.shape[-1]:
        raise RuntimeError(
            f"multi_margin_loss: weight needs {input.shape[-1]} elements, got {weight.shape}"
        )
    rows, classes = input.reshape(-1, input.shape[-1]), target.reshape(-1, 1)
    hinge = (margin - rows.gather(1, classes) + rows).clamp(min=0)
    if p == 2:
        hinge = hinge * hinge
    if weight is not None:
        hinge = hinge * weight.index_select(0, classes.reshape(-1)).unsqueeze(1)
    others = _core.arange(rows.shape[1]).ne(classes)
    loss = _core.where(others, hinge, 0.0).sum(1) / rows.shape[1]
    return reduced(loss if input.ndim == 2 else loss.reshape(target.shape), reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Sums of max(0, 1 - (x[y] - x[i])) over the classes y of a row and all others i, over C.

    input and target are (N, C) or (C); a row of target holds classes up to its first -1.
    """
    code(reduction)
    if input.ndim == target.ndim == 0:
        input, target = input.reshape(1), target.reshape(1)
    if input.shape != target.shape or input.ndim not in (1, 2) or input.shape[-1] == 0:
        raise RuntimeError(
            f"multilabel_margin_loss: expected input and target (N, C) or (C), got {input.shape} "
            f"and {target.shape}"
        )
    count = input.shape[-1]
    rows, classes = input.reshape(-1, count), target.reshape(-1, count)
    given = cumprod(classes.ge(0), 1).bool()
    classes = _core.where(given, classes, 0)
    member = _core.zeros_like(rows).scatter_add(1, classes, given.to(rows.dtype)).gt(0)
    scores = rows.gather(1, classes)
    hinge = (1.0 - (scores.unsqueeze(2) - rows.unsqueeze(1))).clamp(min=0)
    counted = given.unsqueeze(2) & ~member.unsqueeze(1)
    loss = _core.where(counted, hinge, 0.0).sum((1, 2)) / count
    return reduced(loss if input.ndim == 2 else loss.reshape(()), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = "mean"
) -> Tensor:
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1.

    Inputs are (N, D) with target (N), or (D) with ().
    """
    if target.ndim not in (0, 1) or input1.ndim != target.ndim + 1 or input2.ndim != input1.ndim:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found "
            f"inputs with sizes {input1.shape} and {input2.shape}"
        )
    dim = target.ndim
    squares = ((input1 * input1).sum(dim) + 1e-12) * ((input2 * input2).sum(dim) + 1e-12)
    cosine = (input1 * input2).sum(dim) / squares.sqrt()
    together = _core.where(target.eq(1), 1.0 - cosine, 0.0)
    apart = _core.where(target.eq(-1), (cosine - margin).clamp(min=0), 0.0)
    return reduced(together + apart, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + |anchor - positive| - |anchor - negative|) of p-norms.

    swap takes |positive - negative| where that is less than |anchor - negative|.
    Balntas et al. 2016.
    """

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            f"All inputs should have same dimension but got anchor: {anchor.ndim}D, "
            f"positive: {positive.ndim}D, negative: {negative.ndim}D inputs"
        )
    return triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=distance,
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """triplet_margin_loss() with a distance of one's own (None: pairwise_distance)."""
    code(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            f"The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative "
            f"{negative.ndim}D inputs"
        )
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = _core.minimum(far, distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), reduction)
