"""fork() after use, Ctrl-C in long runs, and threads of the host that train side by side."""

import os
import sys
import threading

import isolated
import numpy as np
import pytest
from hashing import digest

import pynn
import pynn.nn.functional as F

posix = pytest.mark.skipif(os.name != "posix", reason="fork and signals of POSIX")
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")

# From the signal to the exception: 100 ms is the promise on a machine that is ours; a loaded
# one may keep the process waiting for its turn.
PROMPT = 0.1
SLACK = 10

WORK = """
import os, signal, sys, threading, time
import numpy as np
import pynn
from pynn import _debug

pynn.set_num_threads(3)
_debug.chaos(True)

def work(seed=0):
    rng = np.random.RandomState(seed)
    x, w = pynn.tensor(rng.rand(120, 500)), pynn.tensor(rng.rand(500, 70), requires_grad=True)
    loss = (x @ w).tanh().mean()
    loss.backward()
    return w.grad.numpy().tobytes() + loss.detach().numpy().tobytes()

def child(function):
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        assert status == 0, status
        return
    signal.alarm(60)  # a child that hangs dies, and its parent says so
    try:
        function()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)

want = work()
for _ in range(50):
    if _debug.pool_stats()["threads"] > 1:
        break
    work()
assert _debug.pool_stats()["workers"] > 0

def same():
    assert work() == want
    assert pynn.get_num_threads() == 3
"""


@posix
def test_child_works() -> None:
    isolated.run(WORK + "for _ in range(5): child(same)\nsame()", timeout=120)


@posix
def test_nested_fork() -> None:
    isolated.run(WORK + "child(lambda: (same(), child(lambda: (same(), child(same))), same()))")


@posix
def test_child_of_an_unused_parent() -> None:
    code = WORK.replace("want = work()", "child(lambda: work() and None)\nwant = work()")
    isolated.run(code + "same()")


@posix
def test_fork_during_another_threads_replay() -> None:
    """The child gets a pool of its own, whatever the parent's was doing."""
    code = """
rng = np.random.RandomState(1)
a = pynn.tensor(rng.rand(200, 200))
b = pynn.zeros(200, 200, dtype=pynn.float64)
@pynn.capture
def step():
    with pynn.no_grad():
        b.copy_((a @ a + b).tanh())
    return b.sum()
stop = False
def replay():
    while not stop:
        step.run(20)
thread = threading.Thread(target=replay)
thread.start()
time.sleep(0.1)
for i in range(12):
    child(same)
    time.sleep(0.003 * i)
stop = True
thread.join()
assert step.replays > 20
same()
"""
    isolated.run(WORK + code, timeout=240)


# ---- Ctrl-C --------------------------------------------------------------------------------------

INTERRUPT = """
import os, signal, sys, threading, time
import numpy as np
import pynn
from pynn.tutorial import NeuralNetwork  # before the clock starts: a busy machine imports slowly
sent = [0.0]
def interrupt():
    time.sleep(0.3)
    sent[0] = time.perf_counter()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
"""

LONG_RUN = """
w = pynn.tensor(np.ones((64, 64)))
n = pynn.tensor(np.zeros(1))
@pynn.capture
def step():
    with pynn.no_grad():
        n.add_(1)
        w.copy_((w @ w).tanh())
    return n.sum()
try:
    step.run(2_000_000)
    sys.exit("not interrupted")
except KeyboardInterrupt:
    late = time.perf_counter() - sent[0]
assert step.last_run_steps == n.item(), (step.last_run_steps, n.item())
assert len(step.last_traces) == step.last_run_steps
assert np.array_equal(step.last_traces, np.arange(1, step.last_run_steps + 1))
print(late)
"""

TRAIN = """
np.random.seed(0)
X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
net = NeuralNetwork(2, 4, 1, 0.1)
try:
    net.train(X, y, epochs=2_000_000_000, verbose=False)
    sys.exit("not interrupted")
except KeyboardInterrupt:
    late = time.perf_counter() - sent[0]
steps = len(net.losses)
weights = [a.copy() for a in (net.W1, net.b1, net.W2, net.b2)]
np.random.seed(0)
again = NeuralNetwork(2, 4, 1, 0.1)
again.train(X, y, epochs=steps, verbose=False)
assert again.losses == net.losses
for a, b in zip(weights, (again.W1, again.b1, again.W2, again.b2)):
    assert np.array_equal(a, b), "the weights are not those of the last whole step"
print(late)
"""


@posix
@pytest.mark.parametrize("code", [LONG_RUN, TRAIN], ids=["run", "train"])
def test_ctrl_c(code: str) -> None:
    """Answered at once, after a whole step, with everything done so far in place."""
    waits = [float(isolated.run(INTERRUPT + code)) for _ in range(3)]
    assert min(waits) <= PROMPT, waits
    assert max(waits) <= PROMPT * SLACK, waits


# ---- threads of the host -------------------------------------------------------------------------


def train(seed: int) -> str:
    """A net of its own, eager and replayed; the hash of its losses and weights."""
    rng = np.random.RandomState(seed)
    X, y = pynn.tensor(rng.rand(48, 20)), pynn.tensor(rng.randint(0, 5, 48))
    W = pynn.tensor(rng.rand(20, 5), requires_grad=True)
    optimiser = pynn.optim.SGD([W], lr=0.1, momentum=0.9)

    def step(X: pynn.Tensor, y: pynn.Tensor) -> pynn.Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(X @ W, y)
        loss.backward()
        optimiser.step()
        return loss

    eager = np.array([step(X, y).item() for _ in range(20)])
    replayed = pynn.capture(step).run(60, X, y)
    return digest([eager, replayed, np.array(W.detach().numpy())])


def test_threads_train_side_by_side() -> None:
    want = [train(seed) for seed in range(8)]
    for _ in range(3):
        got: dict[int, str] = {}

        def run(seed: int, got: dict[int, str] = got) -> None:
            got[seed] = train(seed)

        threads = [threading.Thread(target=run, args=(seed,)) for seed in range(8)]
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            for t in threads:
                t.start()
            for t in threads:
                t.join(60)
        finally:
            sys.setswitchinterval(interval)
        assert [got.get(seed) for seed in range(8)] == want


def test_grad_mode_and_capture_are_of_a_thread() -> None:
    seen = []
    with pynn.no_grad():
        thread = threading.Thread(target=lambda: seen.append(pynn.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]
