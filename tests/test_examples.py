"""Every example, and every piece of Python in the README and the tutorial's page, runs."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(script, folder):
    """Run a script with every warning an error; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 100
    assert run(path, tmp_path).strip()


def code_of(page):
    """The Python blocks of a page of the documentation, joined."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.S))


def test_code_of_the_readme(tmp_path):
    script = tmp_path / "readme.py"
    script.write_text(code_of("README.md"), encoding="utf-8")
    step, module = map(float, run(script, tmp_path).split())
    assert 0 < step < 0.1
    assert 0 < module < 0.3


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="the page draws")
def test_code_of_the_tutorials_page(tmp_path):
    script = tmp_path / "tutorial.py"
    script.write_text(code_of("docs/tutorial.md"), encoding="utf-8")
    assert run(script, tmp_path).startswith("Epoch 0, Loss: 0.2940\n")


def test_code_of_the_autograd_page(tmp_path):
    script = tmp_path / "autograd.py"
    script.write_text(code_of("docs/autograd.md"), encoding="utf-8")
    run(script, tmp_path)
