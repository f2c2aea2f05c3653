"""Whole training runs: one hash over levels, threads, eager and replay."""

import json
from pathlib import Path

import numpy as np
import pytest
from hashing import Run, on_threads, running, runs

import pynn
import pynn.nn.functional as F
from pynn.data import digits_parts

GOLDEN = Path(__file__).parent / "golden" / "training.json"


def weights(rng: np.random.RandomState, *shape: int, dtype: str) -> pynn.Tensor:
    size = rng.random_sample(shape) * 2 - 1
    return pynn.tensor(np.asarray(size / np.sqrt(shape[-1]), dtype)).requires_grad_()


def digits(run: Run) -> str:
    """64-48-10 on the handwritten digits: mini-batches, momentum, weight decay; float32."""
    parts = digits_parts()
    X = parts.X_train.reshape(21, 57, 64)
    y = parts.y_train.reshape(21, 57)

    def train() -> list[np.ndarray]:
        rng = np.random.RandomState(0)
        shapes = ((48, 64), (48,), (10, 48), (10,))
        W1, b1, W2, b2 = params = [weights(rng, *s, dtype="float32") for s in shapes]
        optimiser = pynn.optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=1e-4)

        def step(x: pynn.Tensor, labels: pynn.Tensor) -> pynn.Tensor:
            optimiser.zero_grad()
            hidden = F.relu(F.linear(x, W1, b1))
            loss = F.cross_entropy(F.linear(hidden, W2, b2), labels)
            loss.backward()
            optimiser.step()
            return loss

        losses = _train(run, step, X, y, epochs=4)
        with pynn.no_grad():
            test = pynn.from_numpy(parts.X_test)
            logits = F.linear(F.relu(F.linear(test, W1, b1)), W2, b2)
        assert np.mean(logits.argmax(1).numpy() == parts.y_test) > 0.93
        return [losses, *(np.array(p.detach().numpy()) for p in params)]

    with running(run):
        return on_threads(run, train)


def _train(run: Run, step, X: np.ndarray, y: np.ndarray, epochs: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    if run.replay:
        captured = pynn.capture(step)
        losses = np.concatenate([captured.scan(X, y) for _ in range(epochs)])
        assert captured.replays >= epochs * len(X) - 2
        return losses
    given = [(pynn.from_numpy(a), pynn.from_numpy(b)) for a, b in zip(X, y, strict=True)]
    return np.array([step(*pair).item() for _ in range(epochs) for pair in given], "float32")


def xor(run: Run) -> str:
    """XOR, 64 copies of it, 300 hidden units, momentum with Nesterov; float64; a user's step."""
    X = pynn.tensor(np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 64, "float64"))
    y = pynn.tensor(np.array([[0], [1], [1], [0]] * 64, "float64"))

    def train() -> list[np.ndarray]:
        rng = np.random.RandomState(1)
        shapes = ((2, 300), (1, 300), (300, 1), (1, 1))
        W1, b1, W2, b2 = params = [weights(rng, *s, dtype="float64") for s in shapes]
        optimiser = pynn.optim.SGD(params, lr=0.05, momentum=0.9, nesterov=True)

        def step() -> pynn.Tensor:
            optimiser.zero_grad()
            out = ((X @ W1 + b1).tanh() @ W2 + b2).sigmoid()
            loss = ((out - y) ** 2).mean()
            loss.backward()
            optimiser.step()
            return loss

        if run.replay:
            captured = pynn.capture(step)
            losses = captured.run(400)
            assert captured.replays >= 398
        else:
            losses = np.array([step().item() for _ in range(400)])
        assert losses[-1] < 0.1 < losses[0]
        return [losses, *(np.array(p.detach().numpy()) for p in params)]

    with running(run):
        return on_threads(run, train)


TRAININGS = {"digits": digits, "xor": xor}


@pytest.mark.parametrize("name", TRAININGS)
def test_one_hash(name: str) -> None:
    found = {str(run): TRAININGS[name](run) for run in runs()}
    assert len(set(found.values())) == 1, found
    golden = json.loads(GOLDEN.read_text())
    assert golden["numerics"] == pynn.config()["numerics"], "regenerate with tests/golden.py"
    assert set(found.values()) == {golden["hashes"][name]}, "other bits: see tests/golden.py"
