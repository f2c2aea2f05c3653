"""Captured steps: the same bits as eager, every guard, run, scan, interruption."""

from __future__ import annotations

import functools
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from collections import namedtuple

import numpy as np
import pytest

import pynn
import pynn.nn.functional as F
from pynn import _debug

X = np.float32([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.float32([[0], [1], [1], [0]])


class Net:
    """Two layers and an optimiser: what a user's own class looks like."""

    def __init__(self, hidden: int = 4, **options: float) -> None:
        pynn.manual_seed(1)
        self.layers = [
            {
                "w": pynn.randn(2, hidden, requires_grad=True),
                "b": pynn.zeros(hidden, requires_grad=True),
            },
            {
                "w": pynn.randn(hidden, 1, requires_grad=True),
                "b": pynn.zeros(1, requires_grad=True),
            },
        ]
        self.training = True
        self.optimiser = pynn.optim.SGD(self.parameters(), **{"lr": 0.5, **options})

    def parameters(self) -> list[pynn.Tensor]:
        return [p for layer in self.layers for p in layer.values()]

    def forward(self, x: pynn.Tensor) -> pynn.Tensor:
        for layer in self.layers:
            x = pynn.sigmoid(F.linear(x, layer["w"].T, layer["b"]))
        return x

    def step(self, x: pynn.Tensor, y: pynn.Tensor) -> pynn.Tensor:
        self.optimiser.zero_grad()
        loss = F.mse_loss(self.forward(x), y)
        loss.backward()
        self.optimiser.step()
        return loss

    def state(self) -> list[list[float]]:
        return [p.tolist() for p in self.parameters()]


def pair(**options: float) -> tuple[Net, Net, pynn.Tensor, pynn.Tensor]:
    return Net(**options), Net(**options), pynn.tensor(X), pynn.tensor(Y)


# ---- the same bits -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        {"momentum": 0.5, "dampening": 0.5, "maximize": True},
    ],
    ids=str,
)
def test_steps_equal_eager_ones(options):
    a, b, x, y = pair(**options)
    step = pynn.capture(b.step)
    for i in range(10):
        assert a.step(x, y).item() == step(x, y).item(), i
        assert a.state() == b.state()
        assert [p.grad.tolist() for p in a.parameters()] == [
            p.grad.tolist() for p in b.parameters()
        ]
    assert (step.programs, step.replays) == (1, 9)


def test_run_equals_eager_steps():
    a, b, x, y = pair(momentum=0.9)
    expected = np.float32([a.step(x, y).item() for _ in range(50)])
    step = pynn.capture(b.step)
    losses = step.run(50, x, y)
    assert losses.dtype == np.float32
    assert np.array_equal(losses, expected)
    assert a.state() == b.state()
    assert (step.replays, step.last_run_steps) == (49, 50)
    assert np.array_equal(step.last_traces, losses)
    assert step.run(5, x, y).shape == (5,)
    assert step.replays == 54


def test_scan_equals_eager_steps():
    a, b, _x, _y = pair()
    batches = pynn.tensor(np.stack([X[[i, (i + 1) % 4]] for i in range(4)] * 5))
    targets = np.stack([Y[[i, (i + 1) % 4]] for i in range(4)] * 5)
    expected = [a.step(batches[i], pynn.tensor(targets[i])).item() for i in range(20)]
    step = pynn.capture(b.step)
    assert step.scan(batches, targets).tolist() == expected
    assert a.state() == b.state()
    assert (step.replays, step.programs) == (19, 1)
    assert step.scan(batches[:3], targets[:3]).shape == (3,)
    assert step.programs == 1


def test_scan_over_strided_and_swapped_arrays():
    data = np.arange(24.0).reshape(2, 3, 4)
    total = pynn.zeros(3, dtype=pynn.float64)

    def add(x, k):
        total.add_(x * k)
        return total

    step = pynn.capture(add)
    for view in (data.transpose(2, 1, 0)[:, :, 0], data[0].T[::-1], data[1].T.astype(">f8")):
        total.zero_()
        rows = step.scan(view, 2)
        assert np.array_equal(rows, np.cumsum(view * 2, axis=0))


def test_random_numbers_go_on_as_in_eager_steps():
    def noise(x):
        return F.dropout(x, 0.5) + pynn.randn(3) * pynn.rand(3)

    x = pynn.ones(3)
    pynn.manual_seed(5)
    expected = [noise(x).tolist() for _ in range(6)]
    pynn.manual_seed(5)
    step = pynn.capture(noise)
    assert [step(x).tolist() for _ in range(3)] + step.run(3, x).tolist() == expected
    assert step.replays == 5
    generator = pynn.Generator(9)
    own = pynn.capture(lambda: pynn.randn(2, generator=generator))
    drawn = own.run(3)
    fresh = pynn.Generator(9)
    assert drawn.tolist() == [pynn.randn(2, generator=fresh).tolist() for _ in range(3)]


@pytest.mark.parametrize("level", _debug.levels())
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_levels_and_threads_do_not_show(level, threads):
    reference = Net(hidden=33)
    x, y = pynn.randn(300, 2), pynn.rand(300, 1)
    expected = [reference.step(x, y).item() for _ in range(5)]
    _debug.set_level(level)
    pynn.set_num_threads(threads)
    _debug.chaos(True)
    _debug.reset_pool_stats()
    net = Net(hidden=33)
    step = pynn.capture(net.step)
    assert step.run(5, x, y).tolist() == np.float32(expected).tolist()
    assert net.state() == reference.state()
    assert step.replays == 4
    assert _debug.last_level() == level
    regions = _debug.pool_stats()["regions"]
    assert regions == 0 if threads == 1 else regions > 0


# ---- what comes back -----------------------------------------------------------------------


def test_outputs_are_fresh():
    total = pynn.zeros(2)
    step = pynn.capture(lambda x: total.add_(x))
    outs = [step(pynn.ones(2)) for _ in range(4)]
    assert [o.tolist() for o in outs] == [[1, 1], [2, 2], [3, 3], [4, 4]]
    assert outs[0] is not total
    assert not any(o.requires_grad for o in outs)


Pair = namedtuple("Pair", ["left", "right"])


def test_structures():
    w = pynn.ones(2, requires_grad=True)

    def fn(x):
        y = w * x
        return {"sum": y.sum(), "parts": [y, (x, None)], "pair": Pair(x.T, y > 1)}

    step = pynn.capture(fn)
    x = pynn.arange(4.0).reshape(2, 2)
    for out in (step(x), step(x)):
        assert out["sum"].item() == 6
        assert out["parts"][0].tolist() == x.tolist()
        assert out["parts"][1][1] is None
        assert isinstance(out["pair"], Pair)
        assert out["pair"].left.tolist() == x.T.tolist()
        assert out["pair"].right.dtype is pynn.bool
    traces = step.run(3, x)
    assert traces["sum"].tolist() == [6, 6, 6]
    assert traces["parts"][0].shape == (3, 2, 2)
    assert traces["parts"][1][1] is None
    assert traces["pair"].left[2].tolist() == x.T.tolist()
    assert pynn.capture(lambda: None)() is None
    assert pynn.capture(lambda: None).run(3) is None
    assert pynn.capture(lambda: ()).run(3) == ()


def test_results_that_are_no_tensors():
    with pytest.raises(TypeError, match="not float"):
        pynn.capture(lambda x: 1.5)(pynn.ones(1))
    with pytest.raises(TypeError, match="bfloat16"):
        pynn.capture(lambda x: x.bfloat16()).run(2, pynn.ones(1))


def test_no_steps():
    step = pynn.capture(lambda x: x * 2)
    assert step.run(0, pynn.ones(3)) is None
    assert step.programs == 0
    step(pynn.ones(3))
    assert step.run(0, pynn.ones(3)).shape == (0, 3)
    assert step.scan(pynn.ones(0, 3)).shape == (0, 3)
    with pytest.raises(ValueError, match="negative"):
        step.run(-1, pynn.ones(3))


def test_names_and_looks():
    @pynn.capture
    def twice(x):
        return x * 2

    assert twice.__name__ == "twice"
    assert twice.__wrapped__(pynn.ones(1)).item() == 2
    assert twice.records == []
    twice(pynn.ones(1))
    assert twice.records == ["mul"]
    assert "twice: 1 programs, 0 replays" in repr(twice)
    with pytest.raises(TypeError, match="not int"):
        pynn.capture(1)


def test_keyword_arguments():
    step = pynn.capture(lambda x, *, scale, y=None: x * scale if y is None else x * scale + y)
    x = pynn.ones(2)
    assert step(x, scale=2).tolist() == [2, 2]
    assert step(x, scale=2).tolist() == [2, 2]
    assert step(x, scale=3).tolist() == [3, 3]
    assert step(x, scale=2, y=x).tolist() == [3, 3]
    assert step(x, scale=2, y=pynn.zeros(2)).tolist() == [2, 2]
    assert step.run(2, x, scale=2).tolist() == [[2, 2]] * 2
    assert step.scan(x, scale=2).tolist() == [2, 2]
    assert (step.programs, step.replays) == (4, 2 + 2 + 1)


# ---- guards --------------------------------------------------------------------------------


def counting(fn):
    """fn captured, and a list that grows by one whenever its Python code runs."""
    calls: list[int] = []

    def wrapped(*args):
        calls.append(1)
        return fn(*args)

    return pynn.capture(wrapped), calls


@pytest.mark.parametrize(
    ("first", "second"),
    {
        "shape": (pynn.ones(2, 3), pynn.ones(3, 3)),
        "dimensions": (pynn.ones(3), pynn.ones(1, 3)),
        "dtype": (pynn.ones(2), pynn.ones(2, dtype=pynn.float64)),
        "strides": (pynn.ones(3, 3), pynn.arange(9.0).reshape(3, 3).T),
        "kind": (pynn.ones(2), 1.0),
        "int or float": (1, 1.0),
        "bool or int": (True, 1),
        "value": (1.5, 2.5),
        "sign of zero": (0.0, -0.0),
        "none": (None, 0),
        "text": ("mean", "sum"),
        "requires_grad": (pynn.ones(2), pynn.ones(2, requires_grad=True)),
        "numpy scalar": (np.float32(1), np.float64(1)),
    }.values(),
    ids=lambda v: "",
)
def test_arguments_are_guarded(first, second):
    def fn(x, a):
        if isinstance(a, (pynn.Tensor, np.ndarray)):
            return (a * 2).sum() + x
        return x if isinstance(a, (str, type(None))) else x * a

    step, calls = counting(fn)
    x = pynn.tensor(3.0)
    for a in (first, second, first, second):
        expected = fn(x, a).tolist()
        assert step(x, a).tolist() == expected
    assert len(calls) == step.programs == 2
    assert step.replays == 2


def test_nan_arguments_are_equal_to_themselves():
    step, calls = counting(lambda x, a: x * a)
    step(pynn.ones(1), float("nan"))
    step(pynn.ones(1), float("nan"))
    assert len(calls) == 1


def test_number_of_arguments():
    step, calls = counting(lambda *xs: sum(xs[1:], xs[0]))
    one = pynn.ones(1)
    assert step(one).item() == 1
    assert step(one, one).item() == 2
    assert step(one, one).item() == 2
    assert len(calls) == 2


def test_four_programs_are_kept():
    step, calls = counting(lambda x: x * 2)
    inputs = [pynn.ones(n) for n in range(1, 7)]
    for x in inputs:
        step(x)
    assert step.programs == 4
    for x in inputs[2:]:
        step(x)
    assert (len(calls), step.replays) == (6, 4)
    step(inputs[0])
    step(inputs[3])  # 2 was used longest ago: it went
    assert len(calls) == 7
    step(inputs[2])
    assert len(calls) == 8


def test_arguments_are_bound_by_pointer():
    step, calls = counting(lambda x, y: (x - y, x.add_(1)))
    a, b = np.zeros(3, np.float32), pynn.ones(3)
    for i in range(3):
        difference, _ = step(a, b)
        assert a.tolist() == [i + 1] * 3
        assert difference.tolist() == [i - 1] * 3
    c = np.full(3, 10, np.float32)
    step(c, b)
    assert c.tolist() == [11] * 3
    step(b, b)  # the same tensor twice
    assert b.tolist() == [2] * 3
    assert len(calls) == 1


def test_read_only_arguments():
    step, _calls = counting(lambda x: x.add_(1))
    a = np.zeros(3, np.float32)
    step(a)
    r = np.zeros(3, np.float32)
    r.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        step(r)
    assert r.tolist() == [0, 0, 0]
    step(a)
    assert a.tolist() == [2, 2, 2]


def test_arguments_that_require_grad_are_bound_by_identity():
    step, calls = counting(lambda w: (w * w).sum())
    w, v = pynn.ones(2, requires_grad=True), pynn.ones(2, requires_grad=True)
    step(w), step(w), step(v), step(w)
    assert len(calls) == 2
    with pytest.raises(ValueError, match="closed over"):
        step.scan(w)


def test_grad_mode_is_guarded():
    w = pynn.ones(2, requires_grad=True)
    seen = []

    def fn(x):
        y = w * x
        seen.append(y.requires_grad)
        return y

    step = pynn.capture(fn)
    x = pynn.ones(2)
    step(x)
    with pynn.no_grad():
        step(x)
        step(x)
    step(x)
    assert seen == [True, False]


def test_the_level_is_guarded():
    step, calls = counting(lambda x: x.exp())
    step(pynn.ones(3))
    _debug.set_level("scalar")
    step(pynn.ones(3))
    assert len(calls) == (1 if _debug.levels() == ["scalar"] else 2)


GLOBAL = pynn.ones(2)
TABLE = {"t": [pynn.ones(2)]}


def helper(x):
    return x * GLOBAL


class Slotted:
    __slots__ = ("w",)


def test_everything_reachable_is_guarded():
    global GLOBAL
    net = Net()
    slotted = Slotted()
    slotted.w = pynn.ones(2)
    cell = pynn.ones(2)
    array = np.ones(2, np.float32)

    def fn(x, *, default=net):
        y = helper(x) * TABLE["t"][0] * slotted.w * cell
        return (y + pynn.from_numpy(array)).sum() + default.layers[1]["b"].sum()

    step, calls = counting(fn)
    x = pynn.ones(2)

    def runs(n: int) -> bool:
        del calls[:]
        result = step(x).item()
        assert result == fn(x).item()
        return len(calls) == n

    assert runs(1)
    assert runs(0)
    GLOBAL = pynn.full((2,), 2.0)
    assert runs(1)
    TABLE["t"][0] = pynn.full((2,), 3.0)
    assert runs(1)
    TABLE["t"].insert(0, pynn.full((2,), 4.0))
    assert runs(1)
    slotted.w = pynn.full((2,), 5.0)
    assert runs(1)
    cell = pynn.full((2,), 6.0)
    assert runs(1)
    array = np.full(2, 7, np.float32)
    assert runs(1)
    net.layers[1]["b"] = pynn.ones(1)
    assert runs(1)
    assert runs(0)
    net.training = False
    assert runs(1)
    net.layers[1]["b"].requires_grad_()
    assert runs(1)
    array[0] = 100  # the same memory: no new recording
    assert runs(0)
    TABLE["other"] = 1
    assert runs(0)


@pytest.mark.parametrize("kind", ["method", "partial", "partial of a method", "callable object"])
def test_tensors_behind_callables_are_guarded(kind):
    net = Net()
    x, y = pynn.tensor(X), pynn.tensor(Y)

    class Caller:
        def __call__(self, x, y):
            return net.step(x, y)

    fn = {
        "method": net.step,
        "partial": functools.partial(Net.step, net),
        "partial of a method": functools.partial(net.step, x),
        "callable object": Caller(),
    }[kind]
    args = (y,) if kind == "partial of a method" else (x, y)
    step = pynn.capture(fn)
    step(*args), step(*args)
    assert step.replays == 1
    net.layers[0]["w"] = net.layers[0]["w"].detach().clone().requires_grad_()
    step(*args)
    assert step.replays == 1


def test_objects_as_arguments_are_guarded_by_identity():
    step, calls = counting(lambda net, x: net.forward(x))
    a, b, x = Net(), Net(), pynn.tensor(X)
    step(a, x), step(a, x), step(b, x), step(a, x)
    assert len(calls) == 2
    a.layers[0]["b"] = pynn.ones(4)
    assert step(a, x).tolist() == a.forward(x).tolist()
    assert len(calls) == 3


def test_closed_over_numbers_are_constants():
    """Documented: arguments and optimiser options are what may change."""
    scale = 2.0
    step = pynn.capture(lambda x: x * scale)
    assert step(pynn.ones(1)).item() == 2
    scale = 3.0
    assert step(pynn.ones(1)).item() == 2


def test_optimiser_options_act_on_replays():
    a, b, x, y = pair(momentum=0.9)
    step = pynn.capture(b.step)
    for i in range(8):
        for net in (a, b):
            net.optimiser.param_groups[0]["lr"] = 0.5 / (i + 1)
            net.optimiser.param_groups[0]["momentum"] = 0.9 if i < 4 else 0.5
        assert a.step(x, y).item() == step(x, y).item()
        assert a.state() == b.state()
    assert (step.programs, step.replays) == (1, 7)


def test_momentum_that_begins_later():
    a, b, x, y = pair()
    step = pynn.capture(b.step)
    for i in range(6):
        for net in (a, b):
            net.optimiser.param_groups[0]["momentum"] = 0.0 if i < 3 else 0.9
        assert a.step(x, y).item() == step(x, y).item()
    assert a.state() == b.state()
    assert step.replays == 4


# ---- gradients' presence -------------------------------------------------------------------


def test_gradients_that_accumulate():
    a, b = pynn.ones(2, requires_grad=True), pynn.ones(2, requires_grad=True)
    x = pynn.tensor([1.0, 2.0])

    def step_of(w):
        def step(x):
            (w * x).sum().backward()

        return step

    eager, step = step_of(a), pynn.capture(step_of(b))
    for _ in range(4):
        eager(x), step(x)
        assert a.grad.tolist() == b.grad.tolist()
    for w in (a, b):
        w.grad = None
    for _ in range(3):
        eager(x), step(x)
        assert a.grad.tolist() == b.grad.tolist()
    a.grad = b.grad = None
    for _ in range(5):
        eager(x)
    step.run(5, x)
    assert a.grad.tolist() == b.grad.tolist()


def test_gradients_read_and_cleared_inside():
    a, b = pynn.ones(2, requires_grad=True), pynn.ones(2, requires_grad=True)

    def step_of(w):
        def step(x):
            (w * w * x).sum().backward()
            with pynn.no_grad():
                w.sub_(w.grad * 0.1)
            w.grad.zero_()
            return w

        return step

    eager, step = step_of(a), pynn.capture(step_of(b))
    x = pynn.tensor([1.0, 2.0])
    for _ in range(5):
        assert eager(x).tolist() == step(x).tolist()
    assert a.grad.tolist() == b.grad.tolist()
    assert step.replays >= 3


# ---- what is refused while recording -------------------------------------------------------


@pytest.mark.parametrize(
    "read",
    [
        lambda x: x.sum().item(),
        lambda x: bool(x.sum() > 0),
        lambda x: float(x.sum()),
        lambda x: int(x.sum()),
        lambda x: x.tolist(),
        lambda x: x.numpy(),
        lambda x: np.asarray(x),
        lambda x: memoryview(x),
        lambda x: np.from_dlpack(x),
        lambda x: x[x > 0],
        lambda x: repr(x),
        lambda x: range(x.long().sum()),
    ],
)
def test_values_are_not_read_while_recording(read):
    step = pynn.capture(lambda x: (read(x), x)[1])
    with pytest.raises(RuntimeError, match="while a step is being captured"):
        step(pynn.ones(2))
    assert step.programs == 0
    assert read(pynn.ones(2)) is not None  # nothing is left behind


def test_functions_in_python_are_refused():
    class Twice(pynn.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    w = pynn.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"TwiceBackward.*cannot be captured"):
        pynn.capture(lambda: Twice.apply(w))()
    Twice.apply(w).backward()


def test_exceptions_leave_nothing_behind():
    gc.collect()
    before = _debug.stats()
    fail = [True]

    def fn(x):
        y = (x * 2).exp()
        if fail[0]:
            raise KeyError("mine")
        return y

    step = pynn.capture(fn)
    for _ in range(3):
        with pytest.raises(KeyError, match="mine"):
            step(pynn.ones(3))
    gc.collect()
    after = _debug.stats()
    assert [after[k] - before[k] for k in ("tensors", "storages", "nodes")] == [0, 0, 0]
    fail[0] = False
    assert step(pynn.zeros(3)).tolist() == [1, 1, 1]


def test_an_index_error_in_a_replay():
    table = pynn.arange(6.0).reshape(3, 2)
    log = []

    def fn(i):
        row = table.index_select(0, i)
        log.append(1)
        return row

    step = pynn.capture(fn)
    assert step(pynn.tensor([1])).tolist() == [[2, 3]]
    with pytest.raises(IndexError, match=r"7.*3"):
        step(pynn.tensor([7]))
    assert step(pynn.tensor([2])).tolist() == [[4, 5]]
    assert len(log) == 1
    with pytest.raises(IndexError):
        step.scan(np.array([[0], [1], [9], [2]]))
    assert step.last_run_steps == 2
    assert step.last_traces.tolist() == [[[0, 1]], [[2, 3]]]


def test_captured_in_captured_is_one_recording():
    inner = pynn.capture(lambda x: x * 2)
    outer = pynn.capture(lambda x: inner(x) + 1)
    assert outer(pynn.ones(1)).item() == 3
    assert outer(pynn.ones(1)).item() == 3
    assert (inner.programs, outer.replays) == (0, 1)
    looping = pynn.capture(lambda x: inner.run(2, x))
    with pytest.raises(RuntimeError, match="cannot be called while"):
        looping(pynn.ones(1))


# ---- state that changes hands --------------------------------------------------------------


def test_state_made_at_the_first_step():
    class Lazy:
        def __init__(self):
            self.total = None

        def step(self, x):
            if self.total is None:
                self.total = pynn.zeros(2)
            self.total.add_(x)
            return self.total

    lazy = Lazy()
    step = pynn.capture(lazy.step)
    assert [step(pynn.ones(2)).tolist() for _ in range(4)] == [[i, i] for i in (1, 2, 3, 4)]
    assert step.replays == 2


def test_tensors_that_are_rebound_are_never_replayed():
    class Functional:
        def __init__(self):
            self.w = pynn.ones(2)

        def step(self):
            self.w = self.w * 2
            return self.w

    model = Functional()
    step = pynn.capture(model.step)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert [step().tolist()[0] for _ in range(10)] == [2.0**i for i in range(1, 11)]
    assert (step.replays, step.programs) == (0, 0)
    step = pynn.capture(model.step)
    with pytest.warns(RuntimeWarning, match="never replayed"):
        step.run(10)


# ---- life ----------------------------------------------------------------------------------


def test_programs_are_freed():
    def work():
        net = Net(momentum=0.9)
        step = pynn.capture(net.step)
        x, y = pynn.tensor(X), pynn.tensor(Y)
        step(x, y), step(x, y), step.run(3, X, Y)
        step.scan(X[:, None], Y[:, None])
        with pytest.raises(RuntimeError):
            pynn.capture(lambda: net.layers[0]["w"].sum().item())()

    for _ in range(2):
        work()
    gc.collect()
    before = _debug.stats(), _debug.live_bytes()
    for _ in range(5):
        work()
    gc.collect()
    after = _debug.stats(), _debug.live_bytes()
    for key in ("tensors", "storages", "nodes", "live_bytes"):
        assert after[0][key] == before[0][key], key


def test_inputs_are_let_go():
    step = pynn.capture(lambda x: x * 2)
    a = np.ones(1000, np.float32)
    n = sys.getrefcount(a)
    for _ in range(3):
        step(a)
        step.run(3, a)
    step.scan(a)
    assert sys.getrefcount(a) == n


def test_outputs_outlive_the_program():
    step = pynn.capture(lambda x: x * 2)
    out, traces = step(pynn.ones(3)), step.run(2, pynn.ones(3))
    del step
    gc.collect()
    assert out.tolist() == [2, 2, 2]
    assert traces.tolist() == [[2, 2, 2]] * 2


# ---- threads and signals -------------------------------------------------------------------


def test_two_threads_cannot_share_a_running_step():
    x = pynn.randn(64, 64)
    state = pynn.zeros(64, 64)

    def fn(x):
        state.copy_((state + x @ x).tanh())

    step = pynn.capture(fn)
    step(x)
    messages = []
    runner = threading.Thread(target=lambda: step.run(5000, x))
    runner.start()
    while runner.is_alive():
        try:
            step(x)
        except RuntimeError as error:
            messages.append(str(error))
            break
    runner.join()
    assert not messages or "already running on another thread" in messages[0]
    step(x)


def test_the_lock_is_given_up():
    """Another thread counts on while a run is under way."""
    x = pynn.randn(64, 64)
    state = pynn.zeros(64, 64)
    step = pynn.capture(lambda x: state.copy_((state + x @ x).tanh()))
    step(x)
    counted = [0]
    stop = threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0)

    counter = threading.Thread(target=count)
    counter.start()
    before = counted[0]
    started = time.perf_counter()
    step.run(2000, x)
    elapsed = time.perf_counter() - started
    during = counted[0] - before
    stop.set()
    counter.join()
    assert elapsed > 0.005
    assert during > 20


INTERRUPTED = """
    import os, signal, sys, threading, time
    import numpy as np, pynn

    count = pynn.zeros(1, dtype=pynn.int64)
    w = pynn.zeros(32, 32)
    def fn(x):
        w.copy_((w + x @ x).tanh())
        count.add_(1)
        return count

    step = pynn.capture(fn)
    x = pynn.randn(32, 32)
    step(x)
    sent = []
    def send():
        time.sleep(0.3)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=send).start()
    try:
        {call}
    except KeyboardInterrupt:
        late = time.perf_counter() - sent[0]
        done = step.last_run_steps
        assert 0 < done < 10**7, done
        assert count.item() == done + 1, (count.item(), done)
        assert len(step.last_traces) == done
        assert step.last_traces[-1, 0] == done + 1
        step(x)
        assert count.item() == done + 2
        print("late", late)
        sys.exit(0 if late < 0.1 else 3)
    sys.exit("not interrupted")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to one process")
@pytest.mark.parametrize(
    "call",
    ["step.run(10**7, x)", "step.scan(np.broadcast_to(x.numpy(), (10**7, 32, 32)))"],
    ids=["run", "scan"],
)
def test_ctrl_c_is_answered_after_a_whole_step(call):
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED).replace("{call}", call)],
        cwd=os.path.dirname(__file__),  # not where the sources of pynn lie
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYNN_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_ctrl_c_while_recording():
    def fn(x):
        y = x * 2
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100):
            time.sleep(0.01)
        return y

    step = pynn.capture(fn)
    if sys.platform == "win32":
        pytest.skip("a signal cannot be sent to one process")
    with pytest.raises(KeyboardInterrupt):
        step(pynn.ones(1))
    assert step.programs == 0
    assert pynn.capture(lambda x: x * 2)(pynn.ones(1)).item() == 2


# ---- scan's own rules ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "at least one"),
        ((1, 2), "at least one"),
        ((np.ones(3), np.ones(2)), r"\(3,\), \(2,\)"),
        ((np.float32(1).reshape(()),), r"\(\)"),
        ((np.ones((3, 2)), np.ones(())), r"\(3, 2\), \(\)"),
    ],
)
def test_scan_errors(args, words):
    with pytest.raises(ValueError, match=words):
        pynn.capture(lambda *a: None).scan(*args)


def test_outputs_whose_shape_changes():
    sizes = iter([2, 3])
    target = [pynn.ones(1)]

    def fn(x):
        target[0] = pynn.ones(1)
        return pynn.ones(next(sizes))

    with pytest.raises(RuntimeError, match=r"\(2,\).*\(3,\)"):
        pynn.capture(fn).run(2, pynn.ones(1))
