"""`pynn tour` and the rest of the command line, as a person runs them."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import pynn
from pynn import cli

CHAPTERS = ["the neuron", "activation functions", "XOR", "capacity", "digits"]
PLOTS = [
    "1-neuron.png",
    "2-activations.png",
    "3-xor.png",
    "4-capacity.png",
    "5-confusion.png",
    "5-digits.png",
]


def run(*arguments, folder, **environment):
    """Run `python -m pynn` in `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "pynn", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


def without_matplotlib(folder):
    """A path on which matplotlib cannot be found."""
    stub = folder / "stub"
    stub.mkdir()
    blocker = (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'matplotlib':\n"
        "            raise ModuleNotFoundError(\"No module named 'matplotlib'\", name=name)\n"
        "sys.meta_path.insert(0, Blocker())\n"
    )
    (stub / "sitecustomize.py").write_text(blocker)
    return os.pathsep.join(filter(None, [str(stub), os.environ.get("PYTHONPATH", "")]))


def assert_complete(text):
    """All chapters have a heading and a row, and the digits are read."""
    for number, chapter in enumerate(CHAPTERS, 1):
        assert re.search(rf"^{number}\. ", text, re.M)
        row = re.search(rf"^{chapter}  .* ([\d.]+)x$", text, re.M)
        assert row and float(row[1]) > 0
    assert "AND learned in epoch" in text and "4 of 4" in text
    accuracy = re.search(r"^digits +([\d.]+)% of the test digits", text, re.M)
    assert float(accuracy[1]) >= 97


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="draws with matplotlib")
def test_quick_tour(tmp_path):
    done = run("tour", "--quick", "--threads", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert_complete(done.stdout)
    files = sorted(path.name for path in (tmp_path / "pynn-tour").iterdir())
    assert files == PLOTS
    for name in files:
        assert (tmp_path / "pynn-tour" / name).read_bytes().startswith(b"\x89PNG")


def test_quick_tour_without_matplotlib(tmp_path):
    done = run("tour", "--quick", folder=tmp_path, PYTHONPATH=without_matplotlib(tmp_path))
    assert done.returncode == 0, done.stderr
    assert_complete(done.stdout)
    assert "pip install 'pynn-native[plot]'" in done.stdout
    assert not (tmp_path / "pynn-tour").exists()


def test_tour_without_plots_repeats_its_numbers_on_any_thread_count(tmp_path):
    texts = []
    for threads in ("1", "3"):
        done = run("tour", "--quick", "--no-plots", "--threads", threads, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        # Without the times, the widths of their columns, and the count of threads.
        text = re.sub(r"[\d.]+ m?s\b|[\d.]+x| +|-+", " ", done.stdout)
        texts.append(re.sub(r"\d threads", "", text).split())
    assert texts[0] == texts[1]
    assert list(tmp_path.iterdir()) == []


def test_tour_into_a_file_says_so(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "taken").write_text("")
    done = run("tour", "--quick", "--out", "taken", folder=tmp_path)
    assert done.returncode == 1 and "taken" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("seed", [1, 2, 2**32 - 1])
def test_digits_are_read_from_other_starts(seed):
    from pynn.data import digits_parts
    from pynn.tour import digits

    parts = digits_parts()
    reader = digits.Reader(digits.initial_weights(seed))
    for x, y, rate in digits.plan(parts, 30, seed):
        loss = reader.train_epoch(x, y, rate)
    assert loss < 0.01
    assert (reader.predict(parts.X_test) == parts.y_test).mean() >= 0.97
    assert reader.step.programs == 1


def test_digits_follow_the_formulas_in_numpy():
    from pynn.data import digits_parts
    from pynn.tour import digits
    from pynn.tour.rival import NumpyReader

    parts, weights = digits_parts(), digits.initial_weights(0)
    reader = digits.Reader(weights)
    rival = NumpyReader(weights, 0.9, 1e-4)
    x, y, rate = digits.plan(parts, 30, 0)[0]
    losses = reader.step.scan(x[:5], y[:5])
    expected = [rival.step(a, b, rate) for a, b in zip(x[:5], y[:5], strict=True)]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for ours, theirs in zip(reader.parameters, rival.parameters, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=1e-4, atol=1e-6)


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"pynn {pynn.__version__}\n"


def test_config(capfd):
    assert cli.main(["config"]) == 0
    assert "threads" in capfd.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [[], ["tuor"], ["tour", "--seed", "-1"], ["tour", "--seed", "x"], ["tour", "--threads", "0"]],
)
def test_wrong_commands_are_explained(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: pynn" in capsys.readouterr().err


def test_plots_without_matplotlib_name_the_extra(tmp_path):
    script = (
        "import numpy as np, pynn.tutorial as t\n"
        "network = t.NeuralNetwork(2, 2, 1, seed=0)\n"
        "X = np.eye(2)\n"
        "for plot in (network.visualize_training, t.visualize_activation_functions,\n"
        "             t.compare_network_capacities,\n"
        "             lambda: t.Perceptron(2).visualize_decision_boundary(X, X[0])):\n"
        "    try:\n"
        "        plot()\n"
        "    except ImportError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": without_matplotlib(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("pip install 'pynn-native[plot]'") == 4
