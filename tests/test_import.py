"""What `import pynn` costs over `import numpy`, and what it leaves alone."""

import json
import sys

import isolated
import pytest

TIME_MS = 15.0
MEMORY_MB = 6.0

# Prints milliseconds, RSS in MB, threads and modules added by `import pynn` after `import numpy`.
MEASURE = """
import json, os, sys, time
import numpy

def rss():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def threads():
    return len(os.listdir("/proc/self/task"))

before, memory, count = set(sys.modules), rss(), threads()
start = time.perf_counter()
import pynn
took = time.perf_counter() - start
print(json.dumps({
    "ms": took * 1e3, "mb": rss() - memory, "threads": threads() - count,
    "modules": sorted(set(sys.modules) - before),
}))
"""


@pytest.fixture(scope="module")
def costs() -> list[dict]:
    """Several processes: the least is what the import costs, more is the machine's noise."""
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    return [json.loads(isolated.run(MEASURE)) for _ in range(7)]


def test_time(costs: list[dict]) -> None:
    assert min(c["ms"] for c in costs) <= TIME_MS, [c["ms"] for c in costs]


def test_memory(costs: list[dict]) -> None:
    assert min(c["mb"] for c in costs) <= MEMORY_MB, [c["mb"] for c in costs]


def test_no_thread(costs: list[dict]) -> None:
    assert {c["threads"] for c in costs} == {0}


def test_modules(costs: list[dict]) -> None:
    """Nothing of the standard library beyond what NumPy has imported."""
    added = {m.split(".")[0] for m in costs[0]["modules"]}
    assert {m for m in added if "cython" not in m} == {"pynn"}, added


GLOBAL_STATE = """
import ctypes, locale, signal, sys
import numpy

def state():
    subnormal = numpy.float32(1e-30) * numpy.float32(1e-10)
    handlers = [signal.getsignal(s) for s in sorted(signal.valid_signals())]
    return handlers, locale.getlocale(), float(subnormal), sys.getswitchinterval(), numpy.geterr()

before = state()
import pynn
assert state() == before
x = pynn.randn(300, 300)
(x @ x).tanh().sum().item()
assert state() == before
assert numpy.finfo("f4").smallest_subnormal > 0
print("same")
"""


def test_global_state_stays() -> None:
    """Signal handlers, locale, denormals, NumPy's error state."""
    assert isolated.run(GLOBAL_STATE).strip() == "same"


def test_numpy_alone_is_enough() -> None:
    """No optional package is imported, not even when networks are trained."""
    code = """
import sys
for name in ("matplotlib", "sklearn", "scipy", "tqdm", "torch", "pandas"):
    sys.modules[name] = None
import numpy as np, pynn
import pynn.nn.functional, pynn.optim, pynn.data, pynn.tutorial
net = pynn.tutorial.NeuralNetwork(2, 4, 1)
net.train(np.array([[0, 1], [1, 0]]), np.array([[1], [0]]), epochs=10, verbose=False)
print(len(net.losses))
"""
    assert isolated.run(code).strip() == "10"
