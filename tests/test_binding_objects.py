"""Objects: identity, life, leaks, copies, pickles, printing, threads, the package."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import pynn
import pynn.nn.functional as F
from pynn import _debug

COUNTED = ("tensors", "storages", "nodes")


def counts() -> dict[str, int]:
    gc.collect()
    stats = _debug.stats()
    return {key: stats[key] for key in COUNTED} | {"bytes": _debug.live_bytes()}


# ---- identity and life ---------------------------------------------------------------------


def test_one_object_per_tensor():
    t = pynn.ones(2, requires_grad=True)
    assert t.float() is t
    assert t.contiguous() is t
    assert t.requires_grad_() is t
    t.sum().backward()
    g = t.grad
    assert t.grad is g
    assert id(t.detach()) != id(t)
    assert len({t, t.detach(), t}) == 2
    assert {t: 1}[t] == 1


def test_weak_references():
    t = pynn.ones(2)
    ref = weakref.ref(t)
    assert ref() is t
    del t
    assert ref() is None


def test_no_dict_and_no_new_attributes():
    t = pynn.ones(2)
    assert not hasattr(t, "__dict__")
    with pytest.raises(AttributeError):
        t.name = "weights"
    with pytest.raises(AttributeError):
        t.shape = (1,)


def train_step() -> None:
    w = pynn.randn(4, 3, requires_grad=True)
    x = pynn.randn(5, 4)
    loss = F.cross_entropy((x @ w).relu(), pynn.tensor([0, 1, 2, 0, 1]))
    loss.backward()
    w.grad[0] = 1
    view = w.detach()[1:, ::2]
    view *= 2
    list(view)
    view.tolist(), view.numpy(), memoryview(view), np.from_dlpack(view)
    x[x > 0], x[[0, 1]], x.max(1), repr(x)
    x[x > 0] = 0
    copy.deepcopy(w)
    2 * x + 1


def failures() -> None:
    x = pynn.ones(2, 3, requires_grad=True)
    for bad in (
        lambda: x + pynn.ones(2, 2),
        lambda: x @ x,
        lambda: x + "a",
        lambda: x[9],
        lambda: x[[9]],
        lambda: x.view(7),
        lambda: x.add_(1),
        lambda: x.backward(),
        lambda: pynn.tensor([1, "a"]),
        lambda: pynn.tensor([[1], [1, 2]]),
        lambda: pynn.from_numpy(np.array(["a"])),
        lambda: pynn.where(x, "a", 1),
        lambda: pynn.zeros(2**62),
        lambda: F.cross_entropy(x, pynn.tensor([0, 7])),
        lambda: x.numpy(),
    ):
        with pytest.raises(Exception):  # noqa: B017, PT011
            bad()


@pytest.mark.parametrize("work", [train_step, failures])
def test_nothing_leaks(work):
    for _ in range(3):
        work()
    before = counts()
    for _ in range(20):
        work()
    assert counts() == before


def test_references_of_python_objects():
    number, key = 12345.678, slice(0, 1)
    t = pynn.ones(3)
    watched = [number, key, t, pynn.float32]
    before = [sys.getrefcount(o) for o in watched]
    for _ in range(50):
        t + number, number * t, t[key], t.to(pynn.float32), t.dtype, t.shape
        pynn.full((2,), number)
        t.add_(number)
    assert [sys.getrefcount(o) for o in watched] == before


def test_out_of_memory_is_an_exception():
    x, w = pynn.ones(64, 64), pynn.ones(64, 64, requires_grad=True)

    def work():
        y = (x @ w).sigmoid() + 1
        y[0] = 0
        loss = y.sum()
        loss.backward()
        w.grad = None
        return y.tolist()

    expected = work()
    before = counts()
    failed = 0
    for n in range(1, 60):
        _debug.fail_alloc(n)
        try:
            work()
        except MemoryError:
            failed += 1
        finally:
            _debug.fail_alloc(0)
        w.grad = None
    assert failed > 10
    assert counts() == before
    assert work() == expected


# ---- copies and pickles --------------------------------------------------------------------


def test_deepcopy():
    w = pynn.tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    both = {"a": w, "b": [w]}
    copied = copy.deepcopy(both)
    c = copied["a"]
    assert copied["b"][0] is c
    assert c is not w
    assert c.requires_grad
    assert c.is_leaf
    assert c.tolist() == [1, 2]
    assert c.grad.tolist() == [2, 4]
    with pynn.no_grad():
        c.add_(1)
        c.grad.zero_()
    assert w.tolist() == [1, 2]
    assert w.grad.tolist() == [2, 4]
    with pytest.raises(RuntimeError, match="detach"):
        copy.deepcopy(w * 2)
    assert copy.deepcopy(pynn.float32) is pynn.float32


def test_tensors_are_never_pickled():
    with pytest.raises(TypeError, match=r"pynn\.save"):
        pickle.dumps(pynn.ones(2))
    assert pickle.loads(pickle.dumps(pynn.int8)) is pynn.int8


# ---- numbers -------------------------------------------------------------------------------


def test_conversions():
    assert pynn.tensor(2.5).item() == 2.5
    assert isinstance(pynn.tensor([3]).item(), int)
    assert pynn.tensor([[True]]).item() is True
    assert float(pynn.tensor(3)) == 3.0
    assert int(pynn.tensor(3.7)) == 3
    assert [10, 20, 30][pynn.tensor(1)] == 20
    assert range(pynn.tensor(3)) == range(3)
    assert bool(pynn.tensor([0.5]))
    assert not pynn.tensor(0)
    assert f"{pynn.tensor(3.14159):.2f}" == "3.14"
    assert round(float(pynn.tensor(2.5)), 1) == 2.5


@pytest.mark.parametrize(
    ("convert", "error", "words"),
    [
        (lambda: pynn.ones(2).item(), RuntimeError, r"2 elements.*\(2,\)"),
        (lambda: bool(pynn.ones(2)), RuntimeError, r"ambiguous.*\(2,\)"),
        (lambda: bool(pynn.ones(0)), RuntimeError, "ambiguous"),
        (lambda: float(pynn.ones(2)), RuntimeError, "2 elements"),
        (lambda: int(pynn.ones(0)), RuntimeError, "0 elements"),
        (lambda: range(pynn.ones(1)), TypeError, "only integer tensors.*float32"),
        (lambda: range(pynn.tensor([1, 2])), TypeError, "single element"),
        (lambda: f"{pynn.ones(2):.2f}", ValueError, "format code 'f'"),
    ],
)
def test_conversion_errors(convert, error, words):
    with pytest.raises(error, match=words):
        convert()


# ---- printing: PyTorch's own output --------------------------------------------------------


PRINTED = [
    (
        lambda: pynn.tensor([[1.0, 2.0]], requires_grad=True),
        "tensor([[1., 2.]], requires_grad=True)",
    ),
    (lambda: pynn.tensor(3), "tensor(3)"),
    (lambda: pynn.tensor(3.5), "tensor(3.5000)"),
    (lambda: pynn.tensor([]), "tensor([])"),
    (lambda: pynn.zeros(0, 3), "tensor([], size=(0, 3))"),
    (lambda: pynn.zeros(0, dtype=pynn.int64), "tensor([], dtype=pynn.int64)"),
    (lambda: pynn.tensor([True, False]), "tensor([ True, False])"),
    (lambda: pynn.tensor([0.0, -0.0]), "tensor([0., -0.])"),
    (lambda: pynn.tensor([1.5, float("nan"), float("-inf")]), "tensor([1.5000,    nan,   -inf])"),
    (lambda: pynn.tensor([1e-5, 1.0]), "tensor([1.0000e-05, 1.0000e+00])"),
    (lambda: pynn.tensor([1e9, 1.0]), "tensor([1.0000e+09, 1.0000e+00])"),
    (lambda: pynn.tensor([1, 200]), "tensor([  1, 200])"),
    (lambda: pynn.ones(2, dtype=pynn.float64), "tensor([1., 1.], dtype=pynn.float64)"),
    (lambda: pynn.ones(2, dtype=pynn.bfloat16), "tensor([1., 1.], dtype=pynn.bfloat16)"),
    (lambda: pynn.ones(1, requires_grad=True) * 2, "tensor([2.], grad_fn=<MulBackward>)"),
    (
        lambda: pynn.arange(8).reshape(2, 2, 2),
        "tensor([[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]])",
    ),
    (
        lambda: pynn.arange(20.0),
        "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
        "        14., 15., 16., 17., 18., 19.])",
    ),
    (lambda: pynn.zeros(1001), "tensor([0., 0., 0.,  ..., 0., 0., 0.])"),
    (
        lambda: pynn.zeros(1001, 2),
        "tensor([[0., 0.],\n        [0., 0.],\n        [0., 0.],\n        ...,\n"
        "        [0., 0.],\n        [0., 0.],\n        [0., 0.]])",
    ),
]


@pytest.mark.parametrize(("make", "text"), PRINTED, ids=[text for _, text in PRINTED])
def test_repr(make, text):
    assert repr(make()) == text
    assert str(make()) == text
    assert f"{make()}" == text


# ---- threads -------------------------------------------------------------------------------


def test_threads_compute_side_by_side():
    """Shared and own tensors, with the lock given up around every record."""
    old = _debug.release_threshold(0.0)
    shared = pynn.randn(64, 64)
    expected = (shared @ shared).sigmoid().sum().item()
    wrong = []

    def work():
        for _ in range(100):
            w = shared.detach().clone().requires_grad_()
            y = (shared @ w).sigmoid().sum()
            y.backward()
            if y.item() != expected or w.grad.shape != (64, 64):
                wrong.append(y.item())

    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        _debug.release_threshold(old)
    assert wrong == []


def test_number_of_threads():
    pynn.set_num_threads(3)
    assert pynn.get_num_threads() == 3
    for n in (0, -1, 100_000):
        with pytest.raises(ValueError, match="threads"):
            pynn.set_num_threads(n)
    assert pynn.get_num_threads() == 3


# ---- the package ---------------------------------------------------------------------------


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=os.path.dirname(__file__),  # not where the sources of pynn lie
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def test_show_config(capsys):
    pynn.show_config()
    text = capsys.readouterr().out
    config = pynn.config()
    assert config["pynn"] == pynn.__version__
    assert config["level_active"] in config["levels_runnable"]
    assert set(config["levels_runnable"]) <= set(config["levels_built"])
    assert config["levels_built"][-1] == "scalar"
    for value in (pynn.__version__, np.__version__, config["compiler"], config["level_active"]):
        assert value in text


def test_levels():
    for name in _debug.levels():
        _debug.set_level(name)
        assert _debug.last_level() == name
    with pytest.raises(ValueError, match=r"avx9000.*scalar"):
        _debug.set_level("avx9000")


def test_an_impossible_level_is_an_import_error():
    run = python("import pynn", PYNN_ISA="avx9000")
    assert "ImportError" in run.stderr
    assert "avx9000" in run.stderr
    assert "scalar" in run.stderr
    run = python("import pynn; print(pynn.config()['level_active'])", PYNN_ISA="scalar")
    assert run.stdout.strip() == "scalar", run.stderr


def test_import_starts_no_thread_and_is_lazy():
    run = python(
        "import sys, threading, os, pynn\n"
        "from pynn import _debug\n"
        "assert _debug.pool_stats()['workers'] == 0\n"
        "assert threading.active_count() == 1\n"
        "assert not os.path.isdir('/proc/self/task') or len(os.listdir('/proc/self/task')) == 1\n"
        "lazy = ['pynn.nn', 'pynn.optim', 'pynn.autograd', 'pynn.tutorial', 'matplotlib']\n"
        "assert not [name for name in lazy if name in sys.modules]\n"
        "assert pynn.nn.functional and pynn.optim.SGD and pynn.autograd.grad\n"
        "assert pynn.Perceptron is pynn.tutorial.Perceptron\n",
        OPENBLAS_NUM_THREADS="1",
    )
    assert run.returncode == 0, run.stderr


def test_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pynn.nothing  # noqa: B018
    assert {"nn", "tensor", "show_config", "Tensor"} <= set(dir(pynn))
