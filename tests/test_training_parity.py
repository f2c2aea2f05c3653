"""Four networks trained in pynn and in PyTorch from the same weights on the same batches: the
loss curves differ by rounding only.

Both float32 curves are compared with PyTorch's in float64.  Rounding errors grow along a training
run, at a rate that belongs to the network and its optimiser, not to the library; so PyTorch's own
distance from float64 says how far float32 gets.  pynn's must not exceed TIMES times that (both as
the greatest up to every step, which a lucky crossing of the curves does not change) nor BOUND.

Greatest distance from float64 over 200 steps, relative to the greatest loss so far, pynn / PyTorch:
perceptron 1.4e-7 / 1.8e-7, LeNet 1.1e-7 / 1.5e-7, LSTM 1.6e-7 / 1.8e-7, encoder 2.3e-6 / 1.3e-6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

import pynn

torch = pytest.importorskip("torch")

STEPS = 200
TIMES = 3.0
BOUND = 1e-5
FLOOR = 4 * np.finfo(np.float32).eps


class Net:
    """A network as both libraries write it: nn is torch.nn or pynn.nn, F its functional."""

    optimiser = "Adam"
    options: ClassVar[dict[str, float]] = {"lr": 1e-3}

    def layers(self, nn: Any) -> dict[str, Any]:
        raise NotImplementedError

    def forward(self, m: Any, x: Any, F: Any) -> Any:
        raise NotImplementedError

    def batch(self, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError


class Perceptron(Net):
    optimiser = "SGD"
    options: ClassVar[dict[str, float]] = {"lr": 0.05, "momentum": 0.9}

    def layers(self, nn: Any) -> dict[str, Any]:
        return {"one": nn.Linear(20, 64), "two": nn.Linear(64, 32), "three": nn.Linear(32, 5)}

    def forward(self, m: Any, x: Any, F: Any) -> Any:
        return m["three"](F.relu(m["two"](F.relu(m["one"](x)))))

    def batch(self, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        x = rng.randn(32, 20)
        return x, np.argmax(x[:, :5] + 0.5 * x[:, 5:10] ** 2, 1)


class LeNet(Net):
    def layers(self, nn: Any) -> dict[str, Any]:
        return {
            "c1": nn.Conv2d(1, 6, 5, padding=2),
            "c2": nn.Conv2d(6, 16, 5),
            "f1": nn.Linear(16 * 2 * 2, 40),
            "f2": nn.Linear(40, 10),
        }

    def forward(self, m: Any, x: Any, F: Any) -> Any:
        x = F.max_pool2d(F.relu(m["c1"](x)), 2)
        x = F.max_pool2d(F.relu(m["c2"](x)), 2)
        return m["f2"](F.relu(m["f1"](x.flatten(1))))

    def batch(self, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        classes = rng.randint(0, 10, 16)
        x = 0.3 * rng.randn(16, 1, 16, 16)
        for i, c in enumerate(classes):
            x[i, 0, 3 * (c // 4) + 1 : 3 * (c // 4) + 5, 3 * (c % 4) + 1 : 3 * (c % 4) + 5] += 1
        return x, classes


class Recurrent(Net):
    def layers(self, nn: Any) -> dict[str, Any]:
        return {"lstm": nn.LSTM(6, 24, num_layers=2, batch_first=True), "out": nn.Linear(24, 4)}

    def forward(self, m: Any, x: Any, F: Any) -> Any:
        y, _ = m["lstm"](x)
        return m["out"](y[:, -1])

    def batch(self, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        x = rng.randn(16, 12, 6)
        return x, np.argmax(x[:, :, :4].sum(1), 1)


class Encoder(Net):
    # The bias of the keys has the gradient 0, in floating point noise, which Adam turns into steps
    # of its whole learning rate: both libraries are then 3.5e-4 from float64.
    optimiser = "SGD"
    options: ClassVar[dict[str, float]] = {"lr": 0.05, "momentum": 0.9}

    def layers(self, nn: Any) -> dict[str, Any]:
        layer = nn.TransformerEncoderLayer(16, 4, 32, 0.0, batch_first=True)
        return {
            "embedding": nn.Embedding(20, 16),
            "encoder": nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
            "out": nn.Linear(16, 3),
        }

    def forward(self, m: Any, x: Any, F: Any) -> Any:
        return m["out"](m["encoder"](m["embedding"](x)).mean(1))

    def batch(self, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        x = rng.randint(0, 20, (16, 10))
        return x, np.argmax([(x // 7 == c).sum(1) for c in range(3)], 0)


def curve(
    net: Net, lib: Any, model: Any, to_input: Callable[[Any], Any], to_index: Callable[[Any], Any]
) -> np.ndarray:
    optimiser = getattr(lib.optim, net.optimiser)(model.parameters(), **net.options)
    rng, losses = np.random.RandomState(5), []
    for _ in range(STEPS):
        x, y = net.batch(rng)
        given = to_input(x) if x.dtype.kind == "f" else to_index(x)
        optimiser.zero_grad()
        out = net.forward(model, given, lib.nn.functional)
        loss = lib.nn.functional.cross_entropy(out, to_index(y))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return np.array(losses)


@pytest.mark.parametrize("kind", [Perceptron, LeNet, Recurrent, Encoder])
def test_loss_curves(kind: type[Net]) -> None:
    net = kind()
    torch.manual_seed(0)
    first = torch.nn.ModuleDict(net.layers(torch.nn))
    state = {key: value.numpy().copy() for key, value in first.state_dict().items()}
    double = torch.nn.ModuleDict(net.layers(torch.nn))
    double.load_state_dict(first.state_dict())
    ours = pynn.nn.ModuleDict(net.layers(pynn.nn))
    ours.load_state_dict({key: pynn.tensor(value) for key, value in state.items()})
    want = curve(net, torch, double.double(), torch.from_numpy, torch.from_numpy)
    theirs = curve(net, torch, first, lambda x: torch.from_numpy(x).float(), torch.from_numpy)
    have = curve(net, pynn, ours, lambda x: pynn.tensor(x).float(), pynn.tensor)
    assert want[-20:].mean() < 0.8 * want[:20].mean(), "it does not learn"
    scale = np.maximum.accumulate(np.abs(want))
    error = np.maximum.accumulate(np.abs(have - want)) / scale
    theirs_error = np.maximum.accumulate(np.abs(theirs - want)) / scale
    ratio = (error / (theirs_error + FLOOR)).max()
    print(f"{kind.__name__}: {error[-1]:.2e}, PyTorch {theirs_error[-1]:.2e}; at most {ratio:.2f}")
    assert (error <= TIMES * theirs_error + FLOOR).all(), (error / (theirs_error + FLOOR)).max()
    assert error[-1] <= BOUND
