"""Attention."""

from __future__ import annotations

import math

from pynn import _core
from pynn._core import Tensor
from pynn._functions.views import broadcast_shapes
from pynn.nn.functional._multihead import multi_head_attention_forward
from pynn.nn.functional.dropout import dropout

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale query key^T + mask) value (Vaswani et al. 2017).

    query (..., L, E), key (..., S, E), value (..., S, Ev) give (..., L, Ev).  attn_mask
    broadcasts to (..., L, S): bool, where True takes part, or numbers that are added.  is_causal:
    row i sees the columns up to i.  scale: 1/sqrt(E) if None.  enable_gqa: query's heads (third
    dimension from the end) may be a multiple of key's and value's.  A row that is masked as a
    whole gives 0.  RuntimeError for shapes and dtypes that do not fit.
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    if min(query.dim(), key.dim(), value.dim()) < 2:
        raise RuntimeError(
            "scaled_dot_product_attention: Expected query, key, and value to all be at least 2 "
            f"dimensional, but got query.dim(): {query.dim()}, key.dim(): {key.dim()} and "
            f"value.dim(): {value.dim()} instead."
        )
    if not 0.0 <= dropout_p <= 1.0:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
    if scale is None:
        scale = 1.0 / math.sqrt(query.size(-1)) if query.size(-1) else 1.0
    heads = query.size(-3) if enable_gqa else 0
    if enable_gqa:
        query, key, value, attn_mask = _grouped(query, key, value, attn_mask)
    if attn_mask is not None and attn_mask.dim() < 2:
        attn_mask = attn_mask.reshape(*[1] * (2 - attn_mask.dim()), *attn_mask.shape)
    if attn_mask is not None and attn_mask.requires_grad:
        weights = _weights(query, key, attn_mask, is_causal, scale)
        out = dropout(weights, dropout_p, True) @ value
    else:
        keep, kept = _kept(query, key, value, attn_mask, dropout_p)
        out = _core.ops.attention(query, key, value, attn_mask, keep, is_causal, float(scale), kept)
    return out.reshape(*out.shape[:-4], heads, *out.shape[-2:]) if enable_gqa else out


def _kept(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, p: float
) -> tuple[Tensor | None, float]:
    """Which weights dropout keeps (drawn anew), and what they are multiplied by."""
    if p == 0.0:
        return None, 1.0
    operands = (query, key, value) if mask is None else (query, key, value, mask)
    batch = broadcast_shapes(*(t.shape[:-2] for t in operands))
    draws = _core.rand(*batch, query.size(-2), key.size(-2))
    return draws.ge(p), 1.0 / (1.0 - p) if p < 1.0 else 0.0


def _grouped(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Heads as (heads of key, query heads of each): key and value broadcast over the second."""
    heads, groups = query.size(-3), key.size(-3)
    if groups == 0 or heads % groups or value.size(-3) != groups:
        raise RuntimeError(
            "scaled_dot_product_attention: with enable_gqa the number of heads in key and value "
            f"must divide the number of heads in query, got {heads}, {groups} and {value.size(-3)}"
        )
    query = query.reshape(*query.shape[:-3], groups, heads // groups, *query.shape[-2:])
    if mask is not None and mask.dim() >= 3:
        if mask.size(-3) == 1:
            mask = mask.unsqueeze(-3)
        else:
            mask = mask.reshape(*mask.shape[:-3], groups, heads // groups, *mask.shape[-2:])
    return query, key.unsqueeze(-3), value.unsqueeze(-3), mask


def _weights(
    query: Tensor, key: Tensor, mask: Tensor | None, is_causal: bool, scale: float
) -> Tensor:
    """The attention weights as a tensor: where dropout or the mask's gradient needs them."""
    scores = (query @ key.transpose(-2, -1)) * scale
    hidden = -math.inf
    if is_causal:
        rows = _core.arange(query.size(-2)).unsqueeze(1)
        scores = _core.where(rows.ge(_core.arange(key.size(-2))), scores, hidden)
    if mask is not None:
        masked = mask.dtype is _core.bool
        scores = _core.where(mask, scores, hidden) if masked else scores + mask
    if mask is None:
        return scores.softmax(-1)
    nothing = scores.detach().amax(-1, keepdim=True).eq(hidden)
    weights = _core.where(nothing, 0.0, scores).softmax(-1)
    return _core.where(nothing, 0.0, weights)
