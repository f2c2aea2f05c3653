"""Against PyTorch, where it is installed: calls, and training steps of a user's Module."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

import pynn
import pynn.nn.functional
from pynn.bench.case import Array, Bound, Case, Pair, exact, rounded, uniform, whole, within
from pynn.tour.rival import NumpyNetwork

_SIZE = 4
_XOR_STEPS = 500
_XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
_XOR_TARGETS = np.array([[0], [1], [1], [0]], np.float32)
_OPTIMISERS: dict[str, dict[str, bool]] = {"": {}, ", foreach": {"foreach": True}}
_OPTIMISERS[", fused"] = {"fused": True}

_few = rounded(8, lambda: 4.0)
_CALLS: dict[str, tuple[str, str, Bound, float]] = {
    "x + y": ("add", "x y", exact, 15),
    "y + z, nothing recorded": ("add", "y z", exact, 0),
    "sigmoid(x)": ("sigmoid", "x", _few, 15),
    "relu(x)": ("relu", "x", exact, 15),
    "linear(x, w, b)": ("nn.functional.linear", "x w b", _few, 15),
    "mse_loss(x, y)": ("nn.functional.mse_loss", "x y", _few, 15),
}


def cases() -> Iterator[Case]:
    """Calls on 4 x 4 float32 with gradients recorded; XOR and a wider net, step by step."""
    yield Case(
        "training",
        f"XOR, {_XOR_STEPS} eager steps of a Module, float64",
        _xor_numpy_pair,
        _XOR_STEPS,
        least=25,
    )
    if not find_spec("torch"):
        return
    for name, (function, operands, bound, least) in _CALLS.items():
        yield Case(
            "PyTorch",
            f"{name} of 4x4",
            partial(_call_pair, function, operands, bound),
            _SIZE,
            rival="PyTorch",
            least=least,
        )
    yield Case(
        "PyTorch",
        f"XOR, {_XOR_STEPS} eager steps of a Module",
        _xor_pair,
        _XOR_STEPS,
        rival="PyTorch",
        least=100,
    )
    for words, options in _OPTIMISERS.items():
        yield Case(
            "PyTorch",
            f"MLP 784-256-128-10, batch 64, Adam{words}",
            partial(_mlp_pair, options),
            10,
            small=3,
            rival="PyTorch",
            least=1.5,
        )


def _torch() -> Any:
    """PyTorch, on as many threads as pynn."""
    torch = import_module("torch")
    torch.set_num_threads(pynn.get_num_threads())
    return torch


def _read(result: Any) -> Any:
    return result.detach().numpy()


# ---- calls ---------------------------------------------------------------------------------------


def _call_pair(function: str, operands: str, bound: Bound, n: int) -> Pair:
    """x, w and b require gradients, y and z do not."""
    torch = _torch()

    def side(lib: Any) -> tuple[Any, ...]:
        tensors = {name: lib.tensor(uniform(-1, 1, n, n, seed=k)) for k, name in enumerate("xyzw")}
        tensors["b"] = lib.tensor(uniform(-1, 1, n, seed=4))
        for name in "xwb":
            tensors[name].requires_grad_()
        call = operator.add if function == "add" else operator.attrgetter(function)(lib)
        return (call, *(tensors[name] for name in operands.split()))

    return Pair(side(pynn), side(torch), bound, _read)


# ---- XOR -----------------------------------------------------------------------------------------


def _two_layers(lib: Any) -> Any:
    """What a user of either library writes."""

    class Net(lib.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden = lib.nn.Linear(2, 4)
            self.out = lib.nn.Linear(4, 1)

        def forward(self, x: Any) -> Any:
            return lib.sigmoid(self.out(lib.sigmoid(self.hidden(x))))

    return Net()


def _load(lib: Any, model: Any, arrays: list[Array]) -> None:
    with lib.no_grad():
        for p, a in zip(model.parameters(), arrays, strict=True):
            p.copy_(lib.tensor(a))


def _training(
    lib: Any, model: Any, start: list[Array], optimizer: Any, loss: Any, x: Any, y: Any
) -> Callable[[int], list[Array]]:
    """Goes back to the start and trains; gives the loss of the last step and the weights."""

    def run(steps: int) -> list[Array]:
        _load(lib, model, start)
        for _ in range(steps):
            optimizer.zero_grad()
            error = loss(model(x), y)
            error.backward()
            optimizer.step()
        return [error.detach().numpy(), *(p.detach().numpy().copy() for p in model.parameters())]

    return run


def _xor_start() -> list[Array]:
    return [
        uniform(-1, 1, 4, 2, seed=1),
        uniform(-1, 1, 4, seed=2),
        uniform(-1, 1, 1, 4, seed=3),
        uniform(-1, 1, 1, seed=4),
    ]


def _xor_pair(steps: int) -> Pair:
    torch = _torch()

    def side(lib: Any) -> Callable[[int], list[Array]]:
        model = _two_layers(lib)
        optimizer = lib.optim.SGD(model.parameters(), lr=0.5)
        loss = lib.nn.functional.mse_loss
        x, y = lib.tensor(_XOR), lib.tensor(_XOR_TARGETS)
        return _training(lib, model, _xor_start(), optimizer, loss, x, y)

    return Pair((side(pynn), steps), (side(torch), steps), rounded(4 * steps, lambda: 2.0))


def _xor_numpy_pair(steps: int) -> Pair:
    """The first loss is compared: from there on the ways part, because the tutorial's derivative
    of its loss leaves out that of the last sigmoid."""
    start = [a.astype(np.float64) for a in _xor_start()]
    X, targets = _XOR.astype(np.float64), _XOR_TARGETS.astype(np.float64)
    model = _two_layers(pynn).double()
    optimizer = pynn.optim.SGD(model.parameters(), lr=0.5)
    loss = pynn.nn.functional.mse_loss
    x, y = pynn.tensor(X), pynn.tensor(targets)

    def ours(steps: int) -> float:
        _load(pynn, model, start)
        first = float(loss(model(x), y))
        for _ in range(steps):
            optimizer.zero_grad()
            error = loss(model(x), y)
            error.backward()
            optimizer.step()
        return first

    def theirs(steps: int) -> float:
        network = NumpyNetwork(2, 4, 1, 0.5, seed=0)
        network.W1, network.b1 = start[0].T.copy(), start[1].reshape(1, 4).copy()
        network.W2, network.b2 = start[2].T.copy(), start[3].reshape(1, 1).copy()
        network.train(X, targets, steps)
        return float(network.losses[0])

    return Pair((ours, steps), (theirs, steps), within(1e-14))


# ---- a wider net ---------------------------------------------------------------------------------


def _three_layers(lib: Any) -> Any:
    class Net(lib.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first = lib.nn.Linear(784, 256)
            self.second = lib.nn.Linear(256, 128)
            self.out = lib.nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            return self.out(lib.relu(self.second(lib.relu(self.first(x)))))

    return Net()


def _mlp_pair(options: dict[str, bool], steps: int) -> Pair:
    """From the same weights; trained on from call to call.  The losses are compared."""
    torch = _torch()
    images, labels = uniform(0, 1, 64, 784), whole(0, 10, 64)
    shapes = [(256, 784), (256,), (128, 256), (128,), (10, 128), (10,)]
    start = [uniform(-1, 1, *s, seed=k) / np.float32(s[-1] ** 0.5) for k, s in enumerate(shapes)]

    def side(lib: Any, **options: bool) -> Callable[[int], list[Array]]:
        model = _three_layers(lib)
        _load(lib, model, start)
        optimizer = lib.optim.Adam(model.parameters(), lr=1e-3, **options)
        loss = lib.nn.functional.cross_entropy
        x, y = lib.tensor(images), lib.tensor(labels)

        def run(steps: int) -> list[Array]:
            losses = []
            for _ in range(steps):
                optimizer.zero_grad()
                error = loss(model(x), y)
                error.backward()
                optimizer.step()
                losses.append(error.detach().numpy())
            return losses

        return run

    return Pair((side(pynn), steps), (side(torch, **options), steps), within(1e-3))
