"""pynn.tutorial.NeuralNetwork beside the tutorial's own code."""

import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pynn.data import make_moons
from pynn.tutorial import NeuralNetwork
from pynn.tutorial._step import captured_step

X_XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y_XOR = np.array([[0], [1], [1], [0]])
WEIGHTS = ("W1", "b1", "W2", "b2")
ATTRIBUTES = ("z1", "a1", "z2", "a2", "dz2", "dW2", "db2", "dz1", "dW1", "db1")


class Tutorial:
    """The tutorial's NeuralNetwork, its formulas word for word."""

    def __init__(self, input_size, hidden_size, output_size, learning_rate=0.1):
        self.W1 = np.random.randn(input_size, hidden_size) * np.sqrt(2.0 / input_size)
        self.b1 = np.zeros((1, hidden_size))
        self.W2 = np.random.randn(hidden_size, output_size) * np.sqrt(2.0 / hidden_size)
        self.b2 = np.zeros((1, output_size))
        self.learning_rate = learning_rate
        self.losses = []

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-np.clip(x, -500, 500)))

    def sigmoid_derivative(self, x):
        sx = self.sigmoid(x)
        return sx * (1 - sx)

    def forward(self, X):
        self.z1 = np.dot(X, self.W1) + self.b1
        self.a1 = self.sigmoid(self.z1)
        self.z2 = np.dot(self.a1, self.W2) + self.b2
        self.a2 = self.sigmoid(self.z2)
        return self.a2

    def backward(self, X, y, output):
        m = X.shape[0]
        self.dz2 = output - y
        self.dW2 = (1 / m) * np.dot(self.a1.T, self.dz2)
        self.db2 = (1 / m) * np.sum(self.dz2, axis=0, keepdims=True)
        da1 = np.dot(self.dz2, self.W2.T)
        self.dz1 = da1 * self.sigmoid_derivative(self.z1)
        self.dW1 = (1 / m) * np.dot(X.T, self.dz1)
        self.db1 = (1 / m) * np.sum(self.dz1, axis=0, keepdims=True)
        self.W2 -= self.learning_rate * self.dW2
        self.b2 -= self.learning_rate * self.db2
        self.W1 -= self.learning_rate * self.dW1
        self.b1 -= self.learning_rate * self.db1

    def train(self, X, y, epochs=10000, verbose=True):
        for epoch in range(epochs):
            output = self.forward(X)
            loss = np.mean((output - y) ** 2)
            self.losses.append(loss)
            self.backward(X, y, output)
            if verbose and epoch % 1000 == 0:
                print(f"Epoch {epoch}, Loss: {loss:.4f}")

    def predict(self, X):
        return (self.forward(X) > 0.5).astype(int)


@pytest.fixture(autouse=True)
def global_stream():
    """Leave NumPy's global generator as it was."""
    state = np.random.get_state()
    yield
    np.random.set_state(state)


def both(*sizes, seed=0, kind=NeuralNetwork, reference=Tutorial):
    """A network and its reference from the same start."""
    networks = []
    for make in (kind, reference):
        np.random.seed(seed)
        networks.append(make(*sizes))
    return networks


def assert_same_run(ours, theirs, tolerance=1e-10):
    """Losses, weights and what the last epoch left agree."""
    assert len(ours.losses) == len(theirs.losses)
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=0, atol=tolerance)
    for name in WEIGHTS + ATTRIBUTES:
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=1e-7, atol=1e-9, err_msg=name
        )


def assert_same_bits(a, b, names=WEIGHTS + ATTRIBUTES):
    """Two networks of ours agree in every bit; NaNs count as equal."""
    np.testing.assert_array_equal(a.losses, b.losses)
    for name in names:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_xor_is_the_tutorials_run(seed, capsys):
    ours, theirs = both(2, 4, 1, 0.5, seed=seed)
    ours.train(X_XOR, Y_XOR)
    printed = capsys.readouterr().out
    theirs.train(X_XOR, Y_XOR)
    assert printed == capsys.readouterr().out
    assert len(printed.splitlines()) == 10
    assert_same_run(ours, theirs)
    assert np.array_equal(ours.predict(X_XOR), theirs.predict(X_XOR))


@pytest.mark.parametrize("sizes", [(2, 16, 1), (2, 1, 1), (2, 7, 1)])
def test_moons_are_the_tutorials_run(sizes):
    X, y = make_moons(n_samples=200, noise=0.2, random_state=42)
    ours, theirs = both(*sizes, 0.5)
    for network in (ours, theirs):
        network.train(X, y.reshape(-1, 1), epochs=500, verbose=False)
    assert_same_run(ours, theirs)


def test_several_outputs_and_targets_that_broadcast():
    numbers = np.random.RandomState(3)
    X = numbers.randn(11, 3)
    for y in (numbers.rand(11, 2), numbers.rand(11, 1), numbers.rand(1, 2), np.float64(0.5)):
        ours, theirs = both(3, 5, 2)
        for network in (ours, theirs):
            network.train(X, y, 20, verbose=False)
        assert_same_run(ours, theirs, 1e-13)


def test_weights_come_from_the_global_stream_in_the_tutorials_order():
    ours, theirs = both(3, 4, 2)
    for name in WEIGHTS:
        assert np.array_equal(getattr(ours, name), getattr(theirs, name))
    np.random.seed(5)
    NeuralNetwork(3, 4, 2)
    after = np.random.rand()
    np.random.seed(5)
    Tutorial(3, 4, 2)
    assert after == np.random.rand()


def test_seed_is_a_private_stream():
    np.random.seed(9)
    before = np.random.get_state()[1].copy()
    network = NeuralNetwork(3, 4, 2, seed=0)
    assert np.array_equal(before, np.random.get_state()[1])
    reference, _ = both(3, 4, 2, seed=0)
    assert np.array_equal(network.W1, reference.W1) and np.array_equal(network.W2, reference.W2)


def test_train_is_one_captured_step_replayed():
    step = captured_step()
    network = NeuralNetwork(2, 3, 1, seed=0)
    network.train(X_XOR, Y_XOR, 2, verbose=False)
    programs, replays = step.programs, step.replays
    network.learning_rate = 0.2
    network.train(X_XOR, Y_XOR, 100, verbose=False)
    other = NeuralNetwork(2, 3, 1, seed=1)
    other.train(X_XOR, Y_XOR, 100, verbose=False)
    assert step.programs == programs
    assert step.replays == replays + 200


def test_one_run_has_the_bits_of_its_parts():
    whole, parts, by_hand = (NeuralNetwork(2, 4, 1, 0.5, seed=0) for _ in range(3))
    whole.train(X_XOR, Y_XOR, 30, verbose=False)
    for epochs in (0, 1, 9, 20):
        parts.train(X_XOR, Y_XOR, epochs, verbose=False)
    for _ in range(30):
        by_hand.backward(X_XOR, Y_XOR, by_hand.forward(X_XOR))
    assert_same_bits(whole, parts)
    by_hand.losses = whole.losses
    assert_same_run(whole, by_hand, 1e-13)


def test_printing_does_not_change_the_numbers(capsys):
    loud, silent = (NeuralNetwork(2, 4, 1, 0.5, seed=0) for _ in range(2))
    loud.train(X_XOR, Y_XOR, 2001)
    silent.train(X_XOR, Y_XOR, 2001, verbose=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Epoch {e}, Loss: {loud.losses[e]:.4f}" for e in (0, 1000, 2000)]
    assert_same_bits(loud, silent)


def test_weights_are_updated_in_place_and_may_be_rebound():
    network = NeuralNetwork(2, 4, 1, 0.5, seed=0)
    aliases = {name: getattr(network, name) for name in WEIGHTS}
    start = {name: array.copy() for name, array in aliases.items()}
    network.train(X_XOR, Y_XOR, 10, verbose=False)
    for name, alias in aliases.items():
        assert alias is getattr(network, name) and not np.array_equal(alias, start[name])
    trained = {name: array.copy() for name, array in aliases.items()}
    for name, array in start.items():
        setattr(network, name, array)
    network.train(X_XOR, Y_XOR, 10, verbose=False)
    for name in WEIGHTS:
        assert getattr(network, name) is start[name]
        assert np.array_equal(start[name], trained[name])
        assert np.array_equal(aliases[name], trained[name])
    aliases["W1"][:] = 0
    assert network.W1.any()


def test_writing_between_calls_is_seen():
    ours, theirs = both(2, 4, 1, 0.5)
    for network in (ours, theirs):
        network.train(X_XOR, Y_XOR, 10, verbose=False)
        network.W1[0] = 0.25
        network.b2[:] = -1
        network.learning_rate = 0.125
        network.train(X_XOR, Y_XOR, 10, verbose=False)
    assert_same_run(ours, theirs, 1e-14)


def test_what_is_handed_out_is_never_overwritten():
    network = NeuralNetwork(2, 4, 1, 0.5, seed=0)
    network.train(X_XOR, Y_XOR, 10, verbose=False)
    kept = {name: getattr(network, name) for name in ATTRIBUTES}
    output = network.forward(X_XOR)
    copies = {name: array.copy() for name, array in kept.items()}
    output_copy = output.copy()
    network.train(X_XOR, Y_XOR, 10, verbose=False)
    network.backward(X_XOR, Y_XOR, network.forward(X_XOR))
    network.predict(X_XOR)
    assert np.array_equal(output, output_copy)
    for name, array in kept.items():
        assert np.array_equal(array, copies[name]), name
        assert array is not getattr(network, name) and type(array) is np.ndarray


class Counting:
    """Mixed into a network: counts, and changes what it computes."""

    calls = 0

    def forward(self, X):
        self.calls += 1
        return super().forward(X)


class Tanh:
    """Mixed into a network: another squashing function."""

    def sigmoid(self, x):
        return (np.tanh(x) + 1) / 2

    def sigmoid_derivative(self, x):
        return (1 - np.tanh(x) ** 2) / 2


class Halved:
    """Mixed into a network: half a step."""

    def backward(self, X, y, output):
        self.learning_rate /= 2
        super().backward(X, y, output)
        self.learning_rate *= 2


@pytest.mark.parametrize("mixin", [Counting, Tanh, Halved])
def test_subclasses_are_called(mixin):
    ours, theirs = both(
        2,
        4,
        1,
        0.5,
        kind=type("Ours", (mixin, NeuralNetwork), {}),
        reference=type("Theirs", (mixin, Tutorial), {}),
    )
    for network in (ours, theirs):
        network.train(X_XOR, Y_XOR, 50, verbose=False)
    assert_same_run(ours, theirs, 1e-13)
    assert getattr(ours, "calls", 50) == 50


@pytest.mark.parametrize("name", ["forward", "backward", "sigmoid", "sigmoid_derivative"])
def test_instances_and_the_class_itself_may_replace_a_method(name, monkeypatch):
    plain = NeuralNetwork(2, 4, 1, 0.5, seed=0)
    plain.train(X_XOR, Y_XOR, 5, verbose=False)
    method, calls = getattr(NeuralNetwork, name), []

    def replacement(self, *arguments):
        calls.append(name)
        return method(self, *arguments)

    network = NeuralNetwork(2, 4, 1, 0.5, seed=0)
    setattr(network, name, replacement.__get__(network))
    network.train(X_XOR, Y_XOR, 5, verbose=False)
    assert len(calls) >= 5
    assert_same_run(network, plain, 1e-13)

    calls.clear()
    monkeypatch.setattr(NeuralNetwork, name, replacement)
    NeuralNetwork(2, 4, 1, 0.5, seed=0).train(X_XOR, Y_XOR, 5, verbose=False)
    assert len(calls) >= 5


def _unaligned(array):
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[:] = array
    return view


def _read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "integers": lambda a: a,
    "lists": lambda a: a.tolist(),
    "bool": lambda a: a.astype(bool),
    "uint8": lambda a: a.astype(np.uint8),
    "float16": lambda a: a.astype(np.float16),
    "float32": lambda a: a.astype(np.float32),
    "longdouble": lambda a: a.astype(np.longdouble),
    "object": lambda a: a.astype(object),
    "fortran": lambda a: np.asfortranarray(a, dtype=float),
    "strided": lambda a: np.repeat(np.repeat(a.astype(float), 2, 0), 3, 1)[::2, ::3],
    "reversed": lambda a: a.astype(float)[::-1].copy()[::-1],
    "read-only": lambda a: _read_only(a.astype(float)),
    "unaligned": lambda a: _unaligned(a.astype(float)),
    "byte-swapped": lambda a: a.astype(np.dtype(float).newbyteorder()),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_kind_of_array_gives_the_same_bits(layout):
    change = LAYOUTS[layout]
    plain, network = (NeuralNetwork(2, 4, 1, 0.5, seed=0) for _ in range(2))
    plain.train(X_XOR.astype(float), Y_XOR.astype(float), 20, verbose=False)
    network.train(change(X_XOR), change(Y_XOR), 20, verbose=False)
    assert_same_bits(network, plain)
    assert np.array_equal(network.predict(change(X_XOR)), plain.predict(X_XOR))


WEIGHT_LAYOUTS = {
    "fortran": np.asfortranarray,
    "strided": lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "unaligned": _unaligned,
    "byte-swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "float32": lambda a: a.astype(np.float32),
}


@pytest.mark.parametrize("layout", WEIGHT_LAYOUTS)
def test_weights_of_every_layout_are_updated_in_place(layout):
    ours, theirs = both(2, 4, 1, 0.5)
    for network in (ours, theirs):
        mine = {name: WEIGHT_LAYOUTS[layout](getattr(network, name)) for name in WEIGHTS}
        vars(network).update(mine)
        network.train(X_XOR, Y_XOR, 20, verbose=False)
        assert all(getattr(network, name) is array for name, array in mine.items())
    tolerance = 1e-6 if layout == "float32" else 1e-13
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=0, atol=tolerance)
    for name in WEIGHTS:
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=0, atol=10 * tolerance
        )


def test_tied_weights_share_their_memory():
    ours, theirs = both(3, 4, 3, 0.5)
    X = np.random.RandomState(1).rand(6, 3)
    for network in (ours, theirs):
        network.W2 = network.W1.T
        network.train(X, X, 20, verbose=False)
    assert_same_run(ours, theirs, 1e-13)


def test_read_only_weights_are_refused():
    network = NeuralNetwork(2, 4, 1, seed=0)
    network.W1.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        network.train(X_XOR, Y_XOR, 3, verbose=False)


def test_shapes_that_do_not_fit_are_named_before_any_arithmetic():
    network = NeuralNetwork(2, 4, 1, seed=0)
    start = network.W1.copy()
    cases = [
        (X_XOR, Y_XOR.ravel(), r"\(4,\).*\(4, 1\).*reshape"),
        (X_XOR, Y_XOR[:3], r"\(3, 1\).*\(4, 1\)"),
        (X_XOR, np.zeros((4, 2)), r"\(4, 2\).*\(4, 1\)"),
        (np.zeros((4, 3)), Y_XOR, r"\(4, 3\).*\(2, 4\)"),
        (np.zeros(2), Y_XOR, r"\(2,\).*\(m, 2\)"),
        (np.zeros((0, 2)), np.zeros((0, 1)), r"\(0, 2\).*no sample"),
    ]
    for X, y, message in cases:
        with pytest.raises(ValueError, match=message):
            network.train(X, y, 5, verbose=False)
    with pytest.raises(ValueError, match=r"\(4, 3\).*\(2, 4\)"):
        network.forward(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"\(4,\).*\(4, 1\)"):
        network.backward(X_XOR, Y_XOR.ravel(), network.forward(X_XOR))
    assert np.array_equal(network.W1, start) and network.losses == []


@pytest.mark.parametrize(
    "wrong", [np.full((4, 2), 1j), np.full((4, 2), "a"), np.full((4, 2), None), [["a", "b"]] * 4]
)
def test_what_is_no_number_is_refused(wrong):
    network = NeuralNetwork(2, 4, 1, seed=0)
    with pytest.raises(TypeError, match="X must hold real numbers"):
        network.train(wrong, Y_XOR, 5, verbose=False)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_inf_flow_through(value):
    X = X_XOR.astype(float)
    X[2, 1] = value
    ours, theirs = both(2, 4, 1, 0.5)
    with np.errstate(all="ignore"):
        for network in (ours, theirs):
            network.train(X, Y_XOR, 3, verbose=False)
    assert_same_run(ours, theirs)
    assert np.isnan(ours.W1).any()


def test_zero_epochs_change_nothing(capsys):
    network = NeuralNetwork(2, 4, 1, seed=0)
    start = network.W1.copy()
    network.train(X_XOR, Y_XOR, 0)
    assert np.array_equal(network.W1, start) and network.losses == []
    assert capsys.readouterr().out == "" and not hasattr(network, "a1")
    with pytest.raises(TypeError):
        network.train(X_XOR, Y_XOR, 1.5)


@pytest.mark.parametrize("shape", [(2,), (1, 2), (0, 2), (3, 5, 2)])
def test_forward_takes_what_np_dot_takes(shape):
    ours, theirs = both(2, 4, 3)
    X = np.random.RandomState(1).randn(*shape)
    np.testing.assert_allclose(ours.forward(X), theirs.forward(X), rtol=1e-14)
    for name in ("z1", "a1", "z2", "a2"):
        assert getattr(ours, name).shape == getattr(theirs, name).shape
    assert ours.predict(X).dtype == theirs.predict(X).dtype


def test_sigmoid_and_its_derivative():
    network, reference = both(2, 4, 1)
    x = np.linspace(-500, 500, 10001)
    np.testing.assert_allclose(network.sigmoid(x), reference.sigmoid(x), rtol=1e-15)
    np.testing.assert_allclose(
        network.sigmoid_derivative(x), reference.sigmoid_derivative(x), rtol=1e-15, atol=1e-16
    )
    assert network.sigmoid(0) == 0.5 and np.ndim(network.sigmoid(0)) == 0
    assert network.sigmoid(np.array([[-2000.0, 2000.0]])).tolist() == [[0.0, 1.0]]


def test_threads_may_train_at_the_same_time():
    serial = [NeuralNetwork(2, 4, 1, 0.5, seed=seed) for seed in range(4)]
    together = [NeuralNetwork(2, 4, 1, 0.5, seed=seed) for seed in range(4)]
    for network in serial:
        network.train(X_XOR, Y_XOR, 3000, verbose=False)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: n.train(X_XOR, Y_XOR, 3000, verbose=False), together))
    for a, b in zip(together, serial, strict=True):
        assert_same_bits(a, b)


INTERRUPTED = """
import time
import numpy as np
from pynn.tutorial import NeuralNetwork

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
network = NeuralNetwork(2, 4, 1, 0.5, seed=0)
network.train(X, y, 10, verbose=False)
print("ready", flush=True)
try:
    network.train(X, y, 10**12, verbose=False)
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
steps = len(network.losses)
again = NeuralNetwork(2, 4, 1, 0.5, seed=0)
again.train(X, y, steps, verbose=False)
assert again.losses == network.losses
for name in ("W1", "b1", "W2", "b2"):
    assert np.array_equal(getattr(network, name), getattr(again, name)), name
network.train(X, y, 5, verbose=False)
print(steps)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to one process")
def test_ctrl_c_leaves_whole_steps(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(1.0)  # a busy machine is slow to start
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        answered = float(child.stdout.readline())
        steps = int(child.stdout.readline())
    assert child.returncode == 0
    assert steps > 100
    # The promise is 0.1 s; the rest is for a machine that is busy otherwise.
    assert answered - sent < 0.5


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer")
def test_a_signal_at_any_time_leaves_a_loss_for_every_step():
    def interrupt(signum, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for delay in np.linspace(0.001, 0.06, 30):
            network = NeuralNetwork(2, 4, 1, 0.5, seed=0)
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012
                signal.setitimer(signal.ITIMER_REAL, delay)
                network.train(X_XOR, Y_XOR, 10**12, verbose=False)
            again = NeuralNetwork(2, 4, 1, 0.5, seed=0)
            again.train(X_XOR, Y_XOR, len(network.losses), verbose=False)
            assert_same_bits(network, again, WEIGHTS)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
