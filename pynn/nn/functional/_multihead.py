"""Multi-head attention as a function of its weights."""

from __future__ import annotations

import math

from pynn import _core
from pynn._core import Tensor
from pynn._functions.movement import cat
from pynn.nn._errors import ArgumentError
from pynn.nn.functional.dropout import dropout
from pynn.nn.functional.linear import linear

Projected = tuple[Tensor, Tensor, Tensor]


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """nn.MultiheadAttention with the weights as arguments: (output, attention weights or None).

    query (L, N, E), key and value (S, N, ...), or all without N.  attn_mask (L, S) or
    (N num_heads, L, S) and key_padding_mask (N, S): bool, where True does not take part, or
    numbers that are added to the scores.
    """
    batched = _check_dims(query, key, value, key_padding_mask, attn_mask)
    if not batched:
        query, key, value = (t.unsqueeze(1) for t in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, embed_dim = query.shape
    _check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    causal = is_causal and key_padding_mask is None and not need_weights
    mask = None if causal else _additive(attn_mask, "attn_mask", query)
    padding = _additive(key_padding_mask, "key_padding_mask", query)
    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = _project(query, key, value, in_proj_weight, in_proj_bias, weights)
    if mask is not None:
        mask = _attention_mask(mask, length, key.size(0), batch, num_heads)
    extra = 0
    if bias_k is not None and bias_v is not None:
        k = cat((k, bias_k.expand(1, batch, k.size(2))))
        v = cat((v, bias_v.expand(1, batch, v.size(2))))
        extra += 1
    q = _heads(q, num_heads)
    k = _heads(k, num_heads) if static_k is None else _static(static_k, batch, num_heads, q)
    v = _heads(v, num_heads) if static_v is None else _static(static_v, batch, num_heads, q)
    if add_zero_attn:
        zero = _core.zeros(batch, num_heads, 1, k.size(3), dtype=k.dtype)
        k, v = cat((k, zero), 2), cat((v, zero), 2)
        extra += 1
    mask = _merged(mask, padding, extra, k.size(2))
    p = dropout_p if training else 0.0
    if need_weights:
        out, shown = _attend(q, k, v, mask, p)
    else:
        from pynn.nn.functional.attention import scaled_dot_product_attention

        out, shown = scaled_dot_product_attention(q, k, v, mask, p, causal), None
    out = out.permute(2, 0, 1, 3).reshape(length, batch, embed_dim)
    out = linear(out, out_proj_weight, out_proj_bias)
    if shown is not None:
        if average_attn_weights:
            shown = shown.mean(1)
        shown = shown if batched else shown.squeeze(0)
    return (out if batched else out.squeeze(1)), shown


def _check_dims(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None
) -> bool:
    """Is there a batch dimension?"""
    if query.dim() not in (2, 3):
        raise ArgumentError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.dim()}-D query "
            "tensor"
        )
    kind = "batched (3-D)" if query.dim() == 3 else "unbatched (2-D)"
    if key.dim() != query.dim() or value.dim() != query.dim():
        raise ArgumentError(
            f"For {kind} `query`, expected `key` and `value` to be {query.dim()}-D but found "
            f"{key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if padding is not None and padding.dim() != query.dim() - 1:
        raise ArgumentError(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or "
            f"{query.dim() - 1}-D but found {padding.dim()}-D tensor instead"
        )
    if mask is not None and mask.dim() not in (2, 3):
        raise ArgumentError(
            f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found "
            f"{mask.dim()}-D tensor instead"
        )
    return query.dim() == 3


def _check_sizes(
    query: Tensor, key: Tensor, value: Tensor, expected: int, num_heads: int, separate: bool
) -> None:
    embed_dim = query.size(2)
    if embed_dim != expected:
        raise ArgumentError(f"was expecting embedding dimension of {expected}, but got {embed_dim}")
    if embed_dim % num_heads:
        raise ArgumentError(f"embed_dim {embed_dim} not divisible by num_heads {num_heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise ArgumentError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    if not separate and key.shape != value.shape:
        raise ArgumentError(f"key shape {key.shape} does not match value shape {value.shape}")


def _additive(mask: Tensor | None, name: str, like: Tensor) -> Tensor | None:
    """A mask as numbers to add to the scores: -inf where a bool one is True."""
    if mask is None:
        return None
    if mask.dtype is _core.bool:
        zero = _core.zeros(mask.shape, dtype=like.dtype)
        return _core.where(mask, -math.inf, zero)
    if not mask.dtype.is_floating_point:
        raise ArgumentError(f"only bool and floating types of {name} are supported")
    return mask


def _project(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    separate: tuple[Tensor | None, Tensor | None, Tensor | None] | None,
) -> Projected:
    """q, k, v of (..., E) each."""
    size = query.size(2)
    if separate is None:
        if weight is None:
            raise ArgumentError("use_separate_proj_weight is False but in_proj_weight is None")
        if query is key and key is value:
            q, k, v = linear(query, weight, bias).chunk(3, -1)
            return q, k, v
        w_q, w_k, w_v = weight.chunk(3, 0)
    else:
        if separate[0] is None or separate[1] is None or separate[2] is None:
            raise ArgumentError("use_separate_proj_weight is True but a weight is None")
        w_q, w_k, w_v = separate[0], separate[1], separate[2]
    b: list[Tensor | None] = [None] * 3 if bias is None else list(bias.split(size))
    return linear(query, w_q, b[0]), linear(key, w_k, b[1]), linear(value, w_v, b[2])


def _heads(x: Tensor, num_heads: int) -> Tensor:
    """(L, N, E) as (N, heads, L, E / heads)."""
    length, batch, size = x.shape
    return x.reshape(length, batch, num_heads, size // num_heads).permute(1, 2, 0, 3)


def _static(x: Tensor, batch: int, num_heads: int, q: Tensor) -> Tensor:
    """(N heads, S, E / heads) as (N, heads, S, E / heads)."""
    if x.size(0) != batch * num_heads or x.size(2) != q.size(3):
        raise ArgumentError(
            f"expecting static_k and static_v of sizes ({batch * num_heads}, S, {q.size(3)}), but "
            f"got {tuple(x.shape)}"
        )
    return x.reshape(batch, num_heads, *x.shape[1:])


def _attention_mask(mask: Tensor, length: int, source: int, batch: int, num_heads: int) -> Tensor:
    if mask.dim() == 2 and tuple(mask.shape) == (length, source):
        return mask
    if mask.dim() == 3 and tuple(mask.shape) == (batch * num_heads, length, source):
        return mask.reshape(batch, num_heads, length, source)
    expected = (length, source) if mask.dim() == 2 else (batch * num_heads, length, source)
    raise RuntimeError(
        f"The shape of the {mask.dim()}D attn_mask is {tuple(mask.shape)}, but should be "
        f"{expected}."
    )


def _widened(mask: Tensor, columns: int) -> Tensor:
    """With columns of 0 for keys that no mask knows of."""
    if columns == 0:
        return mask
    return cat((mask, _core.zeros(*mask.shape[:-1], columns, dtype=mask.dtype)), -1)


def _merged(mask: Tensor | None, padding: Tensor | None, extra: int, source: int) -> Tensor | None:
    """One mask that broadcasts to (N, heads, L, S)."""
    if mask is not None:
        mask = _widened(mask, extra)
    if padding is None:
        return mask
    padding = _widened(padding, extra)
    if padding.size(1) != source:
        raise ArgumentError(
            f"expecting key_padding_mask of {source - extra} columns, but got {padding.size(1)}"
        )
    padding = padding.unsqueeze(1).unsqueeze(1)
    return padding if mask is None else mask + padding


def _attend(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, p: float
) -> tuple[Tensor, Tensor]:
    """The output and the weights, which therefore exist as a tensor."""
    scores = (q * math.sqrt(1.0 / q.size(3))) @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores + mask
    weights = scores.softmax(-1)
    if p > 0.0:
        weights = dropout(weights, p, True)
    return weights @ v, weights
