"""Attention and embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from optable import Op, Sample, exact, product_length, spread, whole

import pynn
import pynn.nn.functional as F

# Batch of query; of key and value; L, S, E, Ev: around vectors, row blocks, K blocks.
Shape = tuple[tuple[int, ...], tuple[int, ...], int, int, int, int]
SIZES: list[Shape] = [
    ((), (), 3, 4, 5, 2),
    ((2,), (2,), 1, 1, 1, 1),
    ((2, 3), (2, 3), 7, 9, 8, 8),
    ((2, 1), (1, 3), 5, 5, 4, 3),
    ((1,), (1,), 65, 70, 16, 17),
    ((2,), (2,), 130, 33, 9, 5),
    ((2,), (2,), 3, 0, 4, 5),
    ((0,), (0,), 3, 4, 4, 5),
    ((1,), (1,), 2, 600, 3, 4),
    ((1,), (1,), 3, 5, 520, 4),
]
GRAD: list[Shape] = [((), (), 2, 3, 2, 3), ((2,), (1,), 3, 3, 2, 1), ((1, 2), (1, 2), 2, 2, 1, 2)]
HASH: list[Shape] = [((3, 2), (3, 2), 150, 140, 33, 20), ((1,), (1,), 70, 1100, 64, 64)]


def samples(kind: str) -> Callable[..., Iterator[Sample]]:
    def draw(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for batch, others, rows, columns, e, ev in {"sizes": SIZES, "grad": GRAD, "hash": HASH}[
            purpose
        ]:
            arrays = [
                np.asarray(2 * rng.random_sample((*lead, *shape)) - 1, dtype)
                for lead, shape in (
                    (batch, (rows, e)),
                    (others, (columns, e)),
                    (others, (columns, ev)),
                )
            ]
            if kind == "bool":
                mask = rng.random_sample((rows, columns)) > 0.3
                mask[rows - 1 :] = purpose == "grad"
                arrays.append(mask)
            if kind == "added":
                arrays.append(np.asarray(rng.random_sample((*batch, rows, columns)), dtype))
            if kind == "dropout":
                lead = np.broadcast_shapes(batch, others)
                arrays.append(rng.random_sample((*lead, rows, columns)) > 0.4)
            yield Sample(tuple(arrays), {"is_causal": True} if kind == "causal" else {})

    return draw


def dropped(q: Any, k: Any, v: Any, keep: Any) -> Any:
    """What scaled_dot_product_attention does with the weights that dropout keeps."""
    scale = max(1, q.shape[-1]) ** -0.5
    return pynn._core.ops.attention(q, k, v, None, keep, False, scale, 1.75)


def attention(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: Any = None, is_causal: bool = False
) -> np.ndarray:
    weights = softmax(q, k, mask, is_causal)
    return weights @ v


def softmax(q: np.ndarray, k: np.ndarray, mask: Any, is_causal: bool) -> Any:
    scores = q @ np.swapaxes(k, -2, -1) / np.sqrt(q.dtype.type(q.shape[-1]))
    if is_causal:
        mask = np.tri(*scores.shape[-2:], dtype=bool)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    top = scores.max(-1, keepdims=True, initial=-np.inf)
    weights = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


def bound(want: Any, q: Any, k: Any, v: Any, *mask: Any, dtype: np.dtype, **_: Any) -> Any:
    """Rounding of the scores (at most sqrt(E) in size), of the exponentials' sum, and of the
    product with v."""
    columns, e = k.shape[-2:]
    scores = np.sqrt(e) * (product_length(e) + 4) + (1.0 if mask else 0.0)
    return np.finfo(dtype).eps * (2 * scores + product_length(columns) + 8)


def entry(name: str, kind: str) -> Op:
    return Op(
        name,
        F.scaled_dot_product_attention,
        attention,
        samples(kind),
        bound,
        grad=(0, 1, 2),
        grad_ulps=128,
        stub=("nn.functional.scaled_dot_product_attention",),
    )


def embedding_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    sizes: list[tuple[tuple[int, ...], int, int]] = {
        "sizes": [((), 3, 4), ((5,), 1, 1), ((0,), 3, 2), ((2, 3), 7, 17), ((40,), 9, 130)],
        "grad": [((4,), 3, 2), ((2, 3), 4, 1)],
        "hash": [((700,), 33, 300)],
    }[purpose]
    for i, (shape, rows, width) in enumerate(sizes):
        # with these the gradient is not that of the function (tests/test_nn_sequence.py)
        options = [{}, {"padding_idx": 0}, {"scale_grad_by_freq": True}][i % 3]
        options = {} if purpose == "grad" else options
        index = whole(rng, 0, rows, shape)
        yield Sample((index, spread(rng, (rows, width), dtype)), options)


OPS = [
    entry("scaled_dot_product_attention", "plain"),
    entry("scaled_dot_product_attention_causal", "causal"),
    entry("scaled_dot_product_attention_bool_mask", "bool"),
    entry("scaled_dot_product_attention_added_mask", "added"),
    replace(
        entry("scaled_dot_product_attention_dropout", "dropout"),
        call=dropped,
        oracle=lambda q, k, v, keep: np.where(keep, 1.75 * softmax(q, k, None, False), 0) @ v,
    ),
    Op(
        "embedding",
        F.embedding,
        lambda index, weight, **_: weight[index.astype(np.int64)],
        embedding_samples,
        exact,
        grad=(1,),
        stub=("nn.functional.embedding",),
    ),
]
