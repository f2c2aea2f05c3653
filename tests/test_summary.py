"""pynn.summary: shapes, parameters, multiply-adds, memory."""

from __future__ import annotations

import pytest

import pynn
from pynn import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 5)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(6 * 24 * 24, 10))
        self.register_buffer("scale", pynn.ones(1))

    def forward(self, x, y=None):
        return self.head(self.conv(x).relu()) * self.scale


def test_layers_and_totals():
    net = Net()
    net.train()
    net.head[1].bias.requires_grad_(False)
    s = pynn.summary(net, (2, 1, 28, 28))
    assert [r.name for r in s.layers] == ["", "conv", "head", "head.0", "head.1"]
    assert [r.output_shape for r in s.layers] == [
        (2, 10), (2, 6, 24, 24), (2, 10), (2, 3456), (2, 10)
    ]  # fmt: skip
    assert s.layers[1].params == 6 * 25 + 6
    assert s.layers[1].multiply_adds == 2 * 6 * 24 * 24 * 25
    assert s.layers[4].multiply_adds == 2 * 10 * 3456
    assert s.total_params == sum(p.numel() for p in net.parameters())
    assert s.trainable_params == s.total_params - 10
    assert s.total_multiply_adds == s.layers[1].multiply_adds + s.layers[4].multiply_adds
    assert s.input_bytes == 2 * 28 * 28 * 4
    assert s.param_bytes == 4 * (s.total_params + 1)
    assert s.activation_bytes == 4 * (2 * 6 * 24 * 24 + 2 * 3456 + 2 * 10)
    assert net.training  # as it was
    assert net.conv._hooks is None or not net.conv._hooks
    text = str(s)
    assert "conv: Conv2d" in text
    assert "[2, 6, 24, 24]" in text
    assert "Memory: 6.12 KB input" in text


def test_repeated_layers_and_uncalled_ones():
    layer = nn.Linear(3, 3)
    s = pynn.summary(nn.Sequential(layer, nn.ReLU(), layer), (4, 3))
    assert [r.repeated for r in s.layers] == [False, False, False, True]
    assert [r.params for r in s.layers] == [0, 12, 0, 0]
    assert "(again)" in str(s)
    x = pynn.rand(7, 2, 8)
    s = pynn.summary(nn.MultiheadAttention(8, 2), input_data=(x, x, x))
    assert s.layers[0].params == s.total_params
    assert s.total_multiply_adds == 4 * 14 * 64 + 2 * 14 * 7 * 8
    s = pynn.summary(nn.LSTM(3, 5), (7, 2, 3))
    assert s.total_multiply_adds == 14 * 4 * 5 * (3 + 5)


def test_arguments():
    net = Net()
    x = pynn.zeros(1, 1, 28, 28)
    assert pynn.summary(net, input_data=x).layers[0].output_shape == (1, 10)
    assert pynn.summary(net, input_data={"x": x}).layers[0].output_shape == (1, 10)
    assert pynn.summary(net, [(1, 1, 28, 28), (3,)]).input_bytes == 4 * (28 * 28 + 3)
    with pytest.raises(ValueError, match="either"):
        pynn.summary(net)
    with pytest.raises(RuntimeError):
        pynn.summary(net, (1, 1, 3, 3))
    assert not net.conv._hooks
    assert len(str(pynn.summary(net, (1, 1, 28, 28), depth=0)).split("\n")) == 7
