"""docs/coming-from-pytorch.md says what is there and what is missing."""

import importlib
import re
from pathlib import Path

import pytest

import pynn

PAGE = Path(__file__).parents[1] / "docs" / "coming-from-pytorch.md"


def test_what_it_calls_present_is_present():
    text = PAGE.read_text()
    found = re.findall(r"^Present, in `([\w.]+)`: (\d+)\n\n(.*?)\n\n", text, re.M | re.S)
    assert len(found) >= 10
    for path, count, names in found:
        place = importlib.import_module(path) if path != "pynn.Tensor" else pynn.Tensor
        names = re.findall(r"`(\w+)`", names)
        assert len(names) == int(count)
        assert [n for n in names if not hasattr(place, n)] == []


def test_it_is_up_to_date():
    torch = pytest.importorskip("torch")
    if not torch.__version__.startswith("2.13"):
        pytest.skip("the page is of PyTorch 2.13")
    from parity import page

    assert PAGE.read_text() == page.page(), "run python tests/parity/page.py"
