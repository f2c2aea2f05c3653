"""Operators and modules over PyTorch's own sample inputs (tests/parity)."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")

from parity import modules, names, operators
from parity.extra import EXTRA

# PyTorch warns of its own deprecations and of shapes in its own samples.
pytestmark = pytest.mark.filterwarnings("ignore")


def explain(report):
    return f"{dict(report)}\n" + "\n".join(line[:600] for line in report.failures[:5])


@pytest.mark.parametrize("name", names.OPERATORS)
def test_operator(name):
    report = operators.check(name, names.DEVIATIONS)
    assert not report.failures, explain(report)
    assert report["equal"] > 0, explain(report)


@pytest.mark.parametrize("name", sorted({*names.MODULES, *EXTRA}))
def test_module(name):
    report = modules.check(name)
    assert not report.failures, explain(report)
    assert report["equal"] > 0, explain(report)
