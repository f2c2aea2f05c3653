"""Random numbers: one stream over levels, threads, eager and replay; and what it looks like."""

import numpy as np
import pytest
from hashing import Run, on_threads, running, runs

import pynn
import pynn.nn.functional as F

N = 20_001
STEPS = 3


def step() -> list[pynn.Tensor]:
    return [pynn.rand(N), pynn.randn(N, dtype=pynn.float64), F.dropout(pynn.ones(N), 0.3)]


def stream(run: Run) -> str:
    def draw() -> list[np.ndarray]:
        pynn.manual_seed(7)
        if run.replay:
            captured = pynn.capture(step)
            found = captured.run(STEPS)
            assert captured.replays == STEPS - 1
            return found
        steps = [[t.numpy() for t in step()] for _ in range(STEPS)]
        return [np.stack(parts) for parts in zip(*steps, strict=True)]

    with running(run):
        return on_threads(run, draw)


def test_one_stream() -> None:
    found = {str(run): stream(run) for run in runs()}
    assert len(set(found.values())) == 1, found


def test_a_draw_does_not_depend_on_its_shape() -> None:
    """Element i of a draw is the same for every size, and for every shape of it."""
    for make in (pynn.rand, pynn.randn):
        pynn.manual_seed(3)
        whole = make(1000).numpy()
        for shape in ((7,), (10, 100), (5, 5, 5)):
            pynn.manual_seed(3)
            part = make(*shape).numpy().reshape(-1)
            assert np.array_equal(part, whole[: part.size])


@pytest.mark.parametrize("dtype", [pynn.float32, pynn.float64], ids=str)
def test_distribution(dtype: pynn.dtype) -> None:
    """Moments within 5 standard errors; uniform numbers in [0, 1)."""
    n = 400_000
    pynn.manual_seed(11)
    u, z = pynn.rand(n, dtype=dtype).numpy(), pynn.randn(n, dtype=dtype).numpy()
    assert u.min() >= 0
    assert u.max() < 1
    error = 5 / np.sqrt(n)
    assert abs(u.mean() - 0.5) < error * np.sqrt(1 / 12)
    assert abs(z.mean()) < error
    assert abs(z.var() - 1) < error * np.sqrt(2)
    assert abs((z**3).mean()) < error * np.sqrt(15)
    assert abs((z**4).mean() - 3) < error * np.sqrt(96)
    counts = np.histogram(u, 64, (0, 1))[0]
    assert np.sum((counts - n / 64) ** 2) / (n / 64) < 64 + 5 * np.sqrt(128)
    neighbours = np.corrcoef(u[:-1], u[1:])[0, 1]
    assert abs(neighbours) < error
