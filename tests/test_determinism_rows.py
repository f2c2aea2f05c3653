"""Row i of a batch has the bits of row i alone, on every level."""

from collections.abc import Callable

import numpy as np
import pytest
from optable import KBLOCK, same_bits

import pynn
import pynn.nn.functional as F
from pynn import _debug

K = (1, 5, 33, KBLOCK - 1, KBLOCK + 1, 2 * KBLOCK + 1, 1000)
N = (2, 7, 17, 70, 300)
ROWS = 37


def draw(seed: int, *shape: int, dtype: str) -> np.ndarray:
    return np.asarray(np.random.RandomState(seed).random_sample(shape) * 2 - 1, dtype)


@pytest.fixture(params=_debug.levels())
def level(request: pytest.FixtureRequest) -> str:
    old = _debug.last_level()
    _debug.set_level(request.param)
    yield request.param
    _debug.set_level(old)


def alone(function: Callable[..., pynn.Tensor], batch: np.ndarray, *rest: np.ndarray) -> None:
    """function of the batch beside function of single rows and of parts of the batch."""
    given = [pynn.from_numpy(r) for r in rest]
    whole = np.array(function(pynn.from_numpy(batch), *given).numpy())
    for rows in ([i] for i in range(0, len(batch), 5)):
        part = np.array(function(pynn.from_numpy(batch[rows]), *given).numpy())
        assert same_bits(part, whole[rows]), (
            f"row {rows} of {batch.shape}, {[r.shape for r in rest]}"
        )
    part = np.array(function(pynn.from_numpy(batch[3:20]), *given).numpy())
    assert same_bits(part, whole[3:20]), f"rows 3..20 of {batch.shape}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products(level: str, dtype: str) -> None:
    for k in K:
        for n in N:
            x, w, b = (
                draw(1, ROWS, k, dtype=dtype),
                draw(2, k, n, dtype=dtype),
                draw(3, n, dtype=dtype),
            )
            wt = np.ascontiguousarray(w.T)
            alone(pynn.matmul, x, w)
            alone(lambda x, w: x @ w.t(), x, wt)
            alone(lambda x, w, b: F.linear(x, w, b), x, wt, b)
            alone(lambda x, w, b: pynn.addmm(b, x, w), x, w, b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_along_rows(level: str, dtype: str) -> None:
    functions: list[Callable[..., pynn.Tensor]] = [
        lambda x: pynn.softmax(x, 1),
        lambda x: pynn.log_softmax(x, 1),
        lambda x: pynn.sum(x, 1),
        lambda x: pynn.mean(x, 1),
        lambda x: pynn.var(x, 1),
        lambda x: pynn.tanh(x) * pynn.exp(x),
    ]
    for n in (2, 10, 17, 130, 4097, 9000):
        for function in functions:
            alone(function, draw(5, ROWS, n, dtype=dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_entropy(level: str, dtype: str) -> None:
    for n in (2, 10, 130):
        x = draw(6, ROWS, n, dtype=dtype)
        target = np.random.RandomState(7).randint(0, n, ROWS)
        whole = F.cross_entropy(
            pynn.from_numpy(x), pynn.from_numpy(target), reduction="none"
        ).numpy()
        for i in range(ROWS):
            one = pynn.from_numpy(x[i : i + 1]), pynn.from_numpy(target[i : i + 1])
            assert same_bits(F.cross_entropy(*one, reduction="none").numpy(), whole[i : i + 1])


def test_rows_of_a_trained_net_agree(level: str) -> None:
    """The same through three layers: what a server answers does not depend on who else asks."""
    layers = [
        (draw(i, 64, 64, dtype="float32"), draw(i + 9, 64, dtype="float32")) for i in range(3)
    ]

    def net(x: pynn.Tensor) -> pynn.Tensor:
        for w, b in layers:
            x = pynn.tanh(F.linear(x, pynn.from_numpy(w), pynn.from_numpy(b)))
        return pynn.softmax(x, 1)

    alone(net, draw(20, ROWS, 64, dtype="float32"))
