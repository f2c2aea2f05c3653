"""Recurrent modules, packed sequences, attention, embeddings: what the table of operators and the
parity samples do not say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pynn
import pynn.nn.functional as F
from pynn import nn
from pynn.nn.utils import rnn


def numbers(*shape: int, seed: int = 0, dtype: Any = np.float64) -> pynn.Tensor:
    return pynn.tensor(np.random.RandomState(seed).randn(*shape).astype(dtype))


def close(a: pynn.Tensor, b: pynn.Tensor, error: float = 1e-12) -> bool:
    return a.shape == b.shape and float((a - b).abs().max()) <= error


# ---- packed sequences ----------------------------------------------------------------------------


def test_packing_orders_steps() -> None:
    a, b, c = numbers(2, 3), numbers(4, 3, seed=1), numbers(1, 3, seed=2)
    packed = rnn.pack_sequence([a, b, c], enforce_sorted=False)
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    assert packed.sorted_indices.tolist() == [1, 0, 2]
    assert packed.unsorted_indices.tolist() == [1, 0, 2]
    want = [b[0], a[0], c[0], b[1], a[1], b[2], b[3]]
    assert packed.data.tolist() == pynn.stack(want).tolist()
    padded, lengths = rnn.pad_packed_sequence(packed, batch_first=True, padding_value=-7.0)
    assert lengths.tolist() == [2, 4, 1]
    assert padded[0, 2:].eq(-7.0).all() and close(padded[1], b)
    back = rnn.unpack_sequence(packed)
    assert [t.tolist() for t in back] == [t.tolist() for t in (a, b, c)]


def test_padding_has_two_sides() -> None:
    a, b = pynn.tensor([1.0, 2.0, 3.0]), pynn.tensor([4.0])
    assert rnn.pad_sequence([a, b]).tolist() == [[1, 4], [2, 0], [3, 0]]
    left = rnn.pad_sequence([a, b], batch_first=True, padding_value=9.0, padding_side="left")
    assert left.tolist() == [[1, 2, 3], [9, 9, 4]]
    with pytest.raises(RuntimeError, match="padding_side"):
        rnn.pad_sequence([a, b], padding_side="middle")


@pytest.mark.parametrize(
    ("lengths", "message"),
    [([1, 3], "sorted in decreasing order"), ([3, 0], "greater than 0"), ([3], "batch_size"),
     ([9, 1], "at most 4 steps")],
)  # fmt: skip
def test_wrong_lengths(lengths: list[int], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        rnn.pack_padded_sequence(numbers(4, 2, 3), lengths)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_packed_is_each_sequence_alone(kind: str, bidirectional: bool) -> None:
    """To the bit: a row of a batch has the bits of the row alone."""
    pynn.manual_seed(1)
    model = getattr(nn, kind)(3, 5, num_layers=2, bidirectional=bidirectional)
    sequences = [numbers(n, 3, seed=n, dtype=np.float32) for n in (2, 6, 1, 4)]
    packed, state = model(rnn.pack_sequence(sequences, enforce_sorted=False))
    last = state[0] if kind == "LSTM" else state
    for i, (sequence, y) in enumerate(zip(sequences, rnn.unpack_sequence(packed), strict=True)):
        alone, own = model(sequence)
        assert y.tolist() == alone.tolist()
        assert last[:, i].tolist() == (own[0] if kind == "LSTM" else own).tolist()


# ---- recurrent modules ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cell"), [("RNN", "RNNCell"), ("LSTM", "LSTMCell"), ("GRU", "GRUCell")]
)
def test_layer_is_its_cell_step_by_step(kind: str, cell: str) -> None:
    pynn.manual_seed(2)
    layer, one = getattr(nn, kind)(4, 6), getattr(nn, cell)(4, 6)
    one.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x, state = numbers(5, 3, 4, dtype=np.float32), None
    y, last = layer(x)
    for t in range(5):
        state = one(x[t], state)
        h = state[0] if kind == "LSTM" else state
        assert h.tolist() == y[t].tolist()
    if kind == "LSTM":
        assert last[1][0].tolist() == state[1].tolist()


def test_names_shapes_and_batch_first() -> None:
    model = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
    names = [name for name, _ in model.named_parameters()]
    assert names[:5] == [
        "weight_ih_l0",
        "weight_hh_l0",
        "bias_ih_l0",
        "bias_hh_l0",
        "weight_ih_l0_reverse",
    ]
    assert model.weight_ih_l1.shape == (16, 8)
    y, (h, c) = model(pynn.zeros(2, 7, 3))
    assert y.shape == (2, 7, 8) and h.shape == c.shape == (4, 2, 4)
    y, (h, c) = model(pynn.zeros(7, 3))
    assert y.shape == (7, 8) and h.shape == (4, 4)
    assert all(float(p.detach().abs().max()) <= 0.5 for p in model.parameters())
    y, _ = model(pynn.zeros(0, 7, 3))
    assert y.shape == (0, 7, 8)


def test_dropout_between_layers_only_in_training() -> None:
    model, x = nn.GRU(3, 50, num_layers=2, dropout=0.5), numbers(4, 2, 3, dtype=np.float32)
    assert model(x)[0].tolist() != model(x)[0].tolist()
    model.eval()
    assert model(x)[0].tolist() == model(x)[0].tolist()
    with pytest.warns(UserWarning, match="dropout option"):
        nn.GRU(3, 4, dropout=0.5)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.LSTM(3, 4)(pynn.zeros(2, 3, 4, 5)), ValueError, "2D or 3D, got 4D"),
        (lambda: nn.LSTM(3, 4)(pynn.zeros(2, 1, 5)), RuntimeError, "Expected 3, got 5"),
        (lambda: nn.LSTM(3, 4)(pynn.zeros(0, 1, 3)), RuntimeError, "larger than 0"),
        (lambda: nn.GRU(3, 4)(pynn.zeros(2, 1, 3), pynn.zeros(1, 2, 4)), RuntimeError, "hidden"),
        (lambda: nn.GRU(3, 4)(pynn.zeros(2, 1, 3), pynn.zeros(1, 4)), RuntimeError, "3-D"),
        (lambda: nn.GRU(3, 4)(pynn.zeros(2, 1, 3).double()), RuntimeError, "same dtype"),
        (lambda: nn.RNN(3, 4, nonlinearity="sin"), ValueError, "sin"),
        (lambda: nn.RNN(3, 0), ValueError, "hidden_size"),
        (lambda: nn.RNN(3, 4, dropout=2), ValueError, "dropout"),
        (lambda: nn.LSTMCell(3, 4)(pynn.zeros(1, 5)), RuntimeError, "got 5 expected 3"),
        (lambda: nn.GRUCell(3, 4)(pynn.zeros(2, 3), pynn.zeros(1, 4)), RuntimeError, "batch size"),
        (lambda: nn.GRUCell(3, 4)(pynn.zeros(2, 2, 3)), ValueError, "1D or 2D"),
    ],
)  # fmt: skip
def test_wrong_arguments(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_captured_step_of_a_recurrent_net() -> None:
    def losses(captured: bool) -> list[float]:
        pynn.manual_seed(3)
        model, head = nn.LSTM(4, 8), nn.Linear(8, 2)
        optimiser = pynn.optim.SGD([*model.parameters(), *head.parameters()], lr=0.1)

        def step(x: pynn.Tensor, y: pynn.Tensor) -> pynn.Tensor:
            optimiser.zero_grad()
            loss = F.cross_entropy(head(model(x)[0][-1]), y)
            loss.backward()
            optimiser.step()
            return loss

        run = pynn.capture(step) if captured else step
        batches = [
            (numbers(5, 3, 4, seed=k, dtype=np.float32), pynn.tensor([0, 1, k % 2]))
            for k in range(6)
        ]
        return [float(run(x, y).detach()) for x, y in batches]

    assert losses(True) == losses(False)


# ---- attention -----------------------------------------------------------------------------------


def composed(q: pynn.Tensor, k: pynn.Tensor, v: pynn.Tensor, mask: pynn.Tensor) -> pynn.Tensor:
    return (q @ k.transpose(-2, -1) * q.size(-1) ** -0.5 + mask).softmax(-1) @ v


def test_mask_gets_its_gradient() -> None:
    q, k, v, mask = (numbers(2, 4, 3, seed=s).requires_grad_() for s in range(4))
    mask = numbers(2, 4, 4, seed=9).requires_grad_()
    fused, plain = F.scaled_dot_product_attention(q, k, v, mask), composed(q, k, v, mask)
    assert close(fused.detach(), plain.detach())
    a = pynn.autograd.grad(fused.square().sum(), [q, k, v, mask])
    b = pynn.autograd.grad(plain.square().sum(), [q, k, v, mask])
    assert all(close(x, y) for x, y in zip(a, b, strict=True))


def test_grouped_heads_repeat_keys_and_values() -> None:
    q, k, v = numbers(2, 6, 5, 4), numbers(2, 3, 7, 4, seed=1), numbers(2, 3, 7, 4, seed=2)
    got = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    wide = [pynn.repeat_interleave(t, 2, 1) for t in (k, v)]
    assert got.tolist() == F.scaled_dot_product_attention(q, *wide).tolist()
    with pytest.raises(RuntimeError, match="must divide"):
        F.scaled_dot_product_attention(q[:, :4], k, v, enable_gqa=True)


def test_hidden_rows_are_zero_and_have_no_gradient() -> None:
    q, k, v = (numbers(3, 4, seed=s).requires_grad_() for s in range(3))
    mask = pynn.tensor([[True, False, True], [False] * 3, [True] * 3])
    out = F.scaled_dot_product_attention(q, k, v, mask)
    assert out[1].eq(0).all()
    gradients = pynn.autograd.grad(out.square().sum(), [q, k, v])
    assert all(bool(pynn.isfinite(g).all()) for g in gradients) and gradients[0][1].eq(0).all()


def test_dropout_of_attention_scales_what_it_keeps() -> None:
    q, v = pynn.zeros(1, 200, 2), pynn.ones(1, 200, 1)
    out = F.scaled_dot_product_attention(q, q, v, dropout_p=0.5)
    assert 0.8 < float(out.mean()) < 1.2 and float(out.var()) > 0


@pytest.mark.parametrize(
    "shapes", [((2, 3), (2, 4), (2, 4)), ((2, 3), (4, 3), (5, 3)), ((3,), (4, 3), (4, 3))]
)
def test_shapes_of_attention_that_do_not_fit(shapes: Any) -> None:
    with pytest.raises(RuntimeError, match="scaled_dot_product_attention"):
        F.scaled_dot_product_attention(*(pynn.zeros(*s) for s in shapes))


def test_attention_weights_are_averaged_or_not() -> None:
    pynn.manual_seed(4)
    model, x = nn.MultiheadAttention(8, 2, batch_first=True), numbers(3, 5, 8, dtype=np.float32)
    out, mean = model(x, x, x)
    same, each = model(x, x, x, average_attn_weights=False)
    alone, none = model(x, x, x, need_weights=False)
    assert none is None and mean.shape == (3, 5, 5) and each.shape == (3, 2, 5, 5)
    assert close(each.detach().mean(1), mean.detach(), 1e-6) and out.tolist() == same.tolist()
    assert close(out.detach(), alone.detach(), 1e-5)
    with pytest.raises(RuntimeError, match="attn_mask"):
        model(x, x, x, attn_mask=pynn.zeros(4, 5))
    with pytest.raises(AssertionError, match="embedding dimension of 8, but got 6"):
        model(pynn.zeros(3, 5, 6), pynn.zeros(3, 5, 6), pynn.zeros(3, 5, 6))


def test_causal_mask_of_the_transformer() -> None:
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    inf = float("inf")
    assert mask.tolist() == [[0, -inf, -inf], [0, 0, -inf], [0, 0, 0]]
    pynn.manual_seed(5)
    layer, x = nn.TransformerEncoderLayer(8, 2, 16, 0.0), numbers(3, 2, 8, dtype=np.float32)
    causal = layer(x, mask, is_causal=True).detach()
    assert close(causal, layer(x, mask).detach(), 1e-6)
    x[2] = 0.0
    assert layer(x, mask)[:2].tolist() == causal[:2].tolist() or close(
        layer(x, mask).detach()[:2], causal[:2], 1e-6
    )


def test_stack_copies_its_layer() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16)
    stack = nn.TransformerEncoder(layer, 2)
    first, second = stack.layers
    assert first.linear1.weight is not layer.linear1.weight
    assert first.linear1.weight.tolist() == second.linear1.weight.tolist()
    with pytest.raises(RuntimeError, match="relu/gelu"):
        nn.TransformerEncoderLayer(8, 2, 16, activation="sin")


# ---- embeddings ----------------------------------------------------------------------------------


def test_gradient_of_an_embedding() -> None:
    index, g = pynn.tensor([[0, 2], [2, 2]]), numbers(2, 2, 3)
    want = np.zeros((4, 3))
    np.add.at(want, index.numpy(), g.numpy())

    def gradient(**options: Any) -> np.ndarray:
        table = numbers(4, 3, seed=1).requires_grad_()
        (F.embedding(index, table, **options) * g).sum().backward()
        return np.asarray(table.grad.numpy())

    assert np.allclose(gradient(), want, 0, 1e-12)
    assert np.allclose(gradient(padding_idx=2), want * [[1], [1], [0], [1]], 0, 1e-12)
    assert np.allclose(gradient(padding_idx=-2), want * [[1], [1], [0], [1]], 0, 1e-12)
    assert np.allclose(gradient(scale_grad_by_freq=True), want / [[1], [1], [3], [1]], 0, 1e-12)


def test_long_rows_are_shortened() -> None:
    table = pynn.tensor([[3.0, 4.0], [0.3, 0.4], [30.0, 40.0]])
    out = F.embedding(pynn.tensor([0, 1, 0]), table, max_norm=1.0)
    assert close(out, pynn.tensor([[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]]), 1e-6)
    assert close(table, pynn.tensor([[0.6, 0.8], [0.3, 0.4], [30.0, 40.0]]), 1e-5)


def test_embedding_module() -> None:
    model = nn.Embedding(5, 3, padding_idx=-1)
    assert model.padding_idx == 4 and model.weight[4].eq(0).all()
    assert model(pynn.tensor([[1, 4]])).shape == (1, 2, 3)
    fixed = nn.Embedding.from_pretrained(pynn.ones(2, 3))
    assert not fixed.weight.requires_grad and fixed(pynn.tensor(1)).tolist() == [1, 1, 1]
    with pytest.raises(IndexError):
        model(pynn.tensor([5]))
    with pytest.raises(IndexError):
        model(pynn.tensor([-1]))
    with pytest.raises(RuntimeError, match="int64 or int32"):
        model(pynn.tensor([1.0]))
    with pytest.raises(AssertionError, match="Padding_idx"):
        nn.Embedding(5, 3, padding_idx=5)
