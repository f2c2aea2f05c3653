"""pynn.tutorial.Perceptron beside the tutorial's own code."""

import numpy as np
import pytest

from pynn.tutorial import Perceptron

X_GATE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y_AND = np.array([0, 0, 0, 1])
Y_XOR = np.array([0, 1, 1, 0])


class Tutorial:
    """The tutorial's Perceptron, its formulas word for word."""

    def __init__(self, n_features, learning_rate=0.01):
        self.weights = np.random.randn(n_features) * 0.01
        self.bias = 0
        self.learning_rate = learning_rate

    def activate(self, x):
        return 1 if x > 0 else 0

    def predict(self, X):
        linear_output = np.dot(X, self.weights) + self.bias
        return self.activate(linear_output)

    def train(self, X, y, epochs=100):
        for epoch in range(epochs):
            errors = 0
            for xi, yi in zip(X, y, strict=True):
                prediction = self.predict(xi)
                error = yi - prediction
                if error != 0:
                    self.weights += self.learning_rate * error * xi
                    self.bias += self.learning_rate * error
                    errors += 1
            if errors == 0:
                print(f"Converged at epoch {epoch}")
                break


@pytest.fixture(autouse=True)
def global_stream():
    """Leave NumPy's global generator as it was."""
    state = np.random.get_state()
    yield
    np.random.set_state(state)


def assert_same_training(capsys, X, y, epochs, rate=0.01, weights=None, seed=0):
    """Train both on the same data: same weights in every bit, same line printed."""
    printed, trained = [], []
    for kind in (Perceptron, Tutorial):
        np.random.seed(seed)
        perceptron = kind(X.shape[1], rate)
        if weights is not None:
            perceptron.weights[:] = weights
        alias = perceptron.weights
        with np.errstate(all="ignore"):
            perceptron.train(X, y, epochs)
        assert perceptron.weights is alias
        printed.append(capsys.readouterr().out)
        trained.append(perceptron)
    assert printed[0] == printed[1]
    ours, theirs = trained
    assert np.array_equal(ours.weights, theirs.weights, equal_nan=True)
    assert ours.bias == theirs.bias and type(ours.bias) is type(theirs.bias)
    return ours, printed[0]


@pytest.mark.parametrize("seed", range(20))
def test_and_is_learned_in_the_tutorials_epoch(seed, capsys):
    perceptron, line = assert_same_training(capsys, X_GATE, Y_AND, 100, seed=seed)
    assert line == f"Converged at epoch {perceptron.converged_at}\n"
    assert [perceptron.predict(x) for x in X_GATE] == Y_AND.tolist()


def test_xor_is_not(capsys):
    perceptron, line = assert_same_training(capsys, X_GATE, Y_XOR, 1000)
    assert line == "" and perceptron.converged_at is None
    assert perceptron.circling_at < 20


@pytest.mark.parametrize("n_features", [1, 2, 8, 9, 20])
@pytest.mark.parametrize("samples", [1, 2, 9, 33, 100, 700])
def test_sums_near_zero_are_judged_as_the_tutorial_judges_them(samples, n_features, capsys):
    """Small integers, weights that are multiples of 0.1: many sums are zero but for rounding."""
    numbers = np.random.RandomState(samples * 100 + n_features)
    for rate in (0.1, 0.3, 1.0):
        X = numbers.randint(-3, 4, (samples, n_features))
        y = (X.sum(axis=1) > 0).astype(int) if rate == 0.3 else numbers.randint(0, 2, samples)
        weights = numbers.randint(-2, 3, n_features) * 0.1
        assert_same_training(capsys, X, y, 20, rate, weights)
        assert_same_training(capsys, X * 1e200, y, 3, rate, weights)


@pytest.mark.parametrize("margin", [0.5, 1.8, 4.0])
@pytest.mark.parametrize("n_features", [2, 40])
def test_clouds_of_points(n_features, margin, capsys):
    numbers = np.random.RandomState(0)
    y = numbers.randint(0, 2, 1500)
    X = numbers.randn(1500, n_features)
    X[:, 0] += margin * (2 * y - 1)
    assert_same_training(capsys, X, y, 8)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.float32, np.float64, bool])
def test_kinds_of_numbers(kind, capsys):
    assert_same_training(capsys, X_GATE.astype(kind), Y_AND, 50)
    assert_same_training(capsys, np.asfortranarray(X_GATE, dtype=kind), Y_AND.astype(float), 50)


def test_targets_that_no_neuron_can_give(capsys):
    assert_same_training(capsys, X_GATE, np.array([-1, -1, -1, 1]), 50)


def test_nan_and_inf_flow_through(capsys):
    X = X_GATE.astype(float)
    X[1, 1], X[3, 0] = np.nan, np.inf
    assert_same_training(capsys, X, Y_AND, 5)


def test_replacements_are_called(capsys):
    class Inverted(Perceptron):
        def activate(self, x):
            return 1 - super().activate(x)

    inverted = Inverted(2, seed=0)
    inverted.train(X_GATE, 1 - Y_AND, 100)
    assert inverted.converged_at is None
    calls = []
    perceptron = Perceptron(2, seed=0)
    perceptron.predict = lambda x: calls.append(x) or Perceptron.predict(perceptron, x)
    perceptron.train(X_GATE, Y_AND)
    plain = Perceptron(2, seed=0)
    plain.train(X_GATE, Y_AND)
    assert len(calls) == 4 * (plain.converged_at + 1)
    assert np.array_equal(perceptron.weights, plain.weights)


def test_predict_takes_one_sample_and_whole_arrays():
    perceptron = Perceptron(2, seed=0)
    perceptron.train(X_GATE, Y_AND)
    assert perceptron.predict(X_GATE).tolist() == Y_AND.tolist()
    assert perceptron.predict(X_GATE.tolist()).tolist() == Y_AND.tolist()
    assert type(perceptron.predict(X_GATE[3])) is int
    assert perceptron.predict(X_GATE[:1]).tolist() == [0]
    assert perceptron.predict(X_GATE[:0]).tolist() == []
    assert perceptron.activate(0.0) == 0 and perceptron.activate(1e-300) == 1
    assert perceptron.activate(np.array([-1.0, 0.0, 2.0, np.nan])).tolist() == [0, 0, 1, 0]


def test_streams():
    np.random.seed(3)
    drawn = Perceptron(5).weights
    np.random.seed(3)
    assert np.array_equal(drawn, np.random.randn(5) * 0.01)
    assert np.array_equal(drawn, Perceptron(5, seed=3).weights)
    assert Perceptron(5).bias == 0


def test_shapes_that_do_not_fit():
    perceptron = Perceptron(2, seed=0)
    with pytest.raises(ValueError, match=r"\(4, 3\).*2 weights"):
        perceptron.train(np.zeros((4, 3)), Y_AND)
    with pytest.raises(ValueError, match=r"\(3,\).*\(4, 2\)"):
        perceptron.train(X_GATE, Y_AND[:3])
    with pytest.raises(ValueError, match=r"\(3,\).*2 weights"):
        perceptron.predict([1, 2, 3])


def test_targets_in_a_column(capsys):
    perceptron = Perceptron(2, seed=0)
    perceptron.train(X_GATE, Y_AND.reshape(-1, 1))
    assert perceptron.predict(X_GATE).tolist() == Y_AND.tolist()


@pytest.mark.parametrize("weights", [(1.0, 2.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)])
def test_decision_boundary_of_every_direction(weights):
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    perceptron = Perceptron(2, seed=0)
    perceptron.weights[:] = weights
    perceptron.bias = -0.5
    perceptron.visualize_decision_boundary(X_GATE, Y_AND)
    (ax,) = pyplot.gcf().axes
    assert ax.get_title() == "Perceptron Decision Boundary"
    for line in ax.lines:
        points = np.column_stack(line.get_data())
        np.testing.assert_allclose(points @ weights + perceptron.bias, 0, atol=1e-12)
    assert len(ax.lines) == (0 if weights == (0.0, 0.0) else 1)
    pyplot.close("all")
