"""Losses of distributions and of sequences: kl_div, ctc_loss."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from pynn import _core
from pynn._core import Tensor
from pynn.nn.functional._reduction import code, reduced


def kl_div(
    input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False
) -> Tensor:
    """target (log(target) - input) elementwise, input being log-probabilities.

    log_target: target is too.  'batchmean' divides the sum by the first size, which is the
    Kullback-Leibler divergence; 'mean' divides by all elements.
    """
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size. 'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.",
            stacklevel=2,
        )
    if log_target:
        loss = target.exp() * (target - input)
    else:
        safe = _core.where(target.eq(0), 1.0, target)
        loss = target * safe.log() - target * input
    if reduction == "batchmean":
        return loss.sum() / input.shape[0] if input.ndim else loss.sum()
    return reduced(loss, reduction)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Connectionist temporal classification: -log of the sum over all alignments.

    log_probs is (T, N, C) or (T, C), log-softmax outputs; targets (N, S), padded, or all of them
    one after the other.  'mean' divides each loss by its target's length (at least 1) first.
    zero_infinity makes losses of impossible alignments 0.  The gradient is that with respect to
    log_softmax's input, as PyTorch's; there is no second one.  Graves et al. 2006.
    """
    kind = code(reduction)
    batched = log_probs.ndim == 3
    if log_probs.ndim not in (2, 3):
        raise RuntimeError(f"ctc_loss: log_probs is (T, N, C) or (T, C), not {log_probs.shape}")
    if targets.dtype.is_floating_point or targets.dtype == _core.bool:
        raise RuntimeError(f"ctc_loss: targets must be integers, not {targets.dtype}")
    frames, lengths = _lengths(input_lengths, "input"), _lengths(target_lengths, "target")
    probs = log_probs if batched else log_probs.unsqueeze(1)
    if targets.ndim == 0 or (not batched and targets.ndim == 1 and len(lengths) == 1):
        targets = targets.reshape(1, -1)
    loss = _core.ops.ctc_loss(
        probs, targets.long(), int(blank), bool(zero_infinity), frames, lengths
    )
    if kind == 1:
        share = _core.tensor([float(max(n, 1)) for n in lengths], dtype=loss.dtype)
        return (loss / share).mean()
    return loss.sum() if kind == 2 else loss if batched else loss.squeeze(0)


def _lengths(lengths: Tensor | Sequence[int], name: str) -> list[int]:
    if isinstance(lengths, Tensor):
        if lengths.dtype.is_floating_point:
            raise RuntimeError(f"ctc_loss: {name}_lengths must be integral")
        return [int(n) for n in lengths.reshape(-1).tolist()]
    return [int(n) for n in ([lengths] if isinstance(lengths, int) else lengths)]
