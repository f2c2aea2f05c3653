"""The tutorial's own code, its class definitions deleted."""

import numpy as np
import pytest

pyplot = pytest.importorskip("matplotlib.pyplot")

CODE = """
import numpy as np
import matplotlib.pyplot as plt
from pynn.tutorial import *

# Example: AND gate
X_and = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y_and = np.array([0, 0, 0, 1])

perceptron = Perceptron(n_features=2)
perceptron.train(X_and, y_and)
perceptron.visualize_decision_boundary(X_and, y_and)

# XOR gate - not linearly separable!
X_xor = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y_xor = np.array([0, 1, 1, 0])

# This won't work well...
perceptron_xor = Perceptron(n_features=2)
perceptron_xor.train(X_xor, y_xor, epochs=1000)

visualize_activation_functions()

# Solve XOR with a neural network!
nn = NeuralNetwork(input_size=2, hidden_size=4, output_size=1, learning_rate=0.5)
nn.train(X_xor, y_xor.reshape(-1, 1), epochs=10000)

print("\\nXOR Predictions:")
for i in range(len(X_xor)):
    pred = nn.predict(X_xor[i:i+1])
    print(f"Input: {X_xor[i]}, Target: {y_xor[i]}, Prediction: {pred[0][0]}")

nn.visualize_training()
nn.visualize_decision_boundary(X_xor, y_xor)

compare_network_capacities()
"""

# What the tutorial's code prints after np.random.seed(0), with its own classes.
PRINTED = """\
Converged at epoch 3
Epoch 0, Loss: 0.2824
Epoch 1000, Loss: 0.0034
Epoch 2000, Loss: 0.0002
Epoch 3000, Loss: 0.0001
Epoch 4000, Loss: 0.0000
Epoch 5000, Loss: 0.0000
Epoch 6000, Loss: 0.0000
Epoch 7000, Loss: 0.0000
Epoch 8000, Loss: 0.0000
Epoch 9000, Loss: 0.0000

XOR Predictions:
Input: [0 0], Target: 0, Prediction: 0
Input: [0 1], Target: 1, Prediction: 1
Input: [1 0], Target: 1, Prediction: 1
Input: [1 1], Target: 0, Prediction: 0
"""
LAST_LOSS = 2.1736854940067997e-06

SNIPPETS = """
# Xavier/Glorot initialization
restart()
W = np.random.randn(n_in, n_out) * np.sqrt(2.0 / (n_in + n_out))
restart()
same(W, xavier_init(n_in, n_out))

# He initialization (for ReLU)
restart()
W = np.random.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
restart()
same(W, he_init(n_in, n_out))

# L2 regularization
loss += lambda_reg * np.sum(W**2)
close(loss, 1 + l2_penalty(W, lambda_reg))

# Exponential decay
lr = initial_lr * decay_rate ** (epoch / decay_steps)
close(lr, exponential_decay(initial_lr, decay_rate, epoch, decay_steps))

# Cosine annealing
lr = min_lr + (max_lr - min_lr) * 0.5 * (1 + np.cos(epoch / max_epochs * np.pi))
close(lr, cosine_annealing(min_lr, max_lr, epoch, max_epochs))
"""


@pytest.fixture
def figures():
    """Figures are drawn without a window, and closed; NumPy's global stream is put back."""
    backend, state = pyplot.get_backend(), np.random.get_state()
    pyplot.switch_backend("Agg")
    pyplot.close("all")
    yield lambda: [pyplot.figure(number) for number in pyplot.get_fignums()]
    pyplot.close("all")
    pyplot.switch_backend(backend)
    np.random.set_state(state)


def test_the_tutorials_code_runs_and_prints_what_it_printed(figures, capsys):
    np.random.seed(0)
    names = {}
    exec(CODE, names)
    assert capsys.readouterr().out == PRINTED
    assert abs(names["nn"].losses[-1] - LAST_LOSS) < 1e-10
    titles = [[ax.get_title() for ax in figure.axes] for figure in figures()]
    assert titles == [
        ["Perceptron Decision Boundary"],
        [
            "Sigmoid: σ(x) = 1/(1+e^(-x))",
            "Tanh: tanh(x)",
            "ReLU: max(0, x)",
            "Leaky ReLU: max(0.01x, x)",
        ],
        ["Training Loss Over Time"],
        ["Neural Network Decision Boundary"],
        [f"{hidden} hidden neurons" for hidden in (2, 4, 8, 16)],
    ]


def test_capacities_without_scikit_learn_are_the_same(figures, monkeypatch):
    import pynn.data
    from pynn.tutorial import plots

    drawn = []
    monkeypatch.setattr(plots, "_EPOCHS", 20)
    for name in ("theirs", "ours"):
        np.random.seed(0)
        plots.compare_network_capacities()
        drawn.append([ax.collections[-1].get_offsets().data for ax in figures()[-1].axes])
        if name == "theirs":
            monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    assert plots._moons() is pynn.data.make_moons
    assert np.array_equal(drawn[0], drawn[1])


def test_activation_curves_are_the_formulas(figures):
    from pynn.tutorial import visualize_activation_functions

    visualize_activation_functions()
    (figure,) = figures()
    x = np.linspace(-5, 5, 100)
    formulas = [1 / (1 + np.exp(-x)), np.tanh(x), np.maximum(0, x), np.where(x > 0, x, 0.01 * x)]
    for ax, formula in zip(figure.axes, formulas, strict=True):
        (line,) = ax.lines
        np.testing.assert_array_equal(line.get_xdata(), x)
        np.testing.assert_allclose(line.get_ydata(), formula, rtol=1e-15)


def test_the_tutorials_snippets_have_their_functions(figures):
    values = {
        "n_in": 60,
        "n_out": 40,
        "loss": 1.0,
        "lambda_reg": 0.1,
        "initial_lr": 0.1,
        "decay_rate": 0.96,
        "decay_steps": 100,
        "min_lr": 0.001,
        "max_lr": 0.1,
        "max_epochs": 50,
        "epoch": 7,
        "restart": lambda: np.random.seed(0),
        "same": np.testing.assert_array_equal,
        "close": lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-14),
    }
    exec("import numpy as np\nfrom pynn.tutorial import *\n" + SNIPPETS, values)
