"""Any argument: a right result or an exception that says what is wrong, never a crash."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from optable import FULL, SEED

import pynn

HERE = Path(__file__).parent


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory by /proc")
@pytest.mark.parametrize("part", range(8 if FULL else 5))
def test_random_calls(part: int, tmp_path: Path) -> None:
    log = tmp_path / "call"
    count = 10_000 if FULL else 2_000
    command = [sys.executable, "-X", "faulthandler", "fuzz_args.py"]
    command += [str(SEED + part), str(count), str(log)]
    run = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, f"{log.read_text()}\n{run.stdout[-500:]}\n{run.stderr[-3000:]}"


def test_sizes_beyond_64_bits() -> None:
    errors = (OverflowError, MemoryError, ValueError)
    for shape in ((2**40, 2**40), (2**63 - 1, 2), (2**31, 2**31, 4)):
        for make in (pynn.zeros, pynn.empty, pynn.ones, pynn.rand):
            with pytest.raises(errors):
                make(*shape)
    with pytest.raises((OverflowError, TypeError, ValueError)):
        pynn.zeros(2**64)
    with pytest.raises(errors):
        pynn.arange(2**62)
    one = pynn.zeros(1)
    with pytest.raises((*errors, RuntimeError)):
        one.expand(2**40, 2**40)
    wide = one.expand(2**40)
    with pytest.raises(errors):
        wide.clone()
    with pytest.raises(errors):
        pynn.eye(2**40)
    with pytest.raises(errors):
        pynn.matmul(pynn.zeros(1, 1).expand(2**40, 1), pynn.zeros(1, 1).expand(1, 2**40))
    empty = pynn.zeros(0, 2**40)
    assert empty.numel() == 0
    assert empty.sum().item() == 0


def test_more_than_eight_dimensions() -> None:
    nine = (1,) * 9
    for call in (
        lambda: pynn.zeros(*nine),
        lambda: pynn.zeros(*nine[:8]).unsqueeze(0),
        lambda: pynn.zeros(1).expand(*nine),
        lambda: pynn.zeros(1).reshape(nine),
        lambda: pynn.tensor(np.zeros(nine)),
        lambda: pynn.zeros(*nine[:8])[None],
    ):
        with pytest.raises((ValueError, RuntimeError, IndexError), match="8 dim"):
            call()


def test_messages_name_both_shapes() -> None:
    a, b = pynn.zeros(2, 3), pynn.zeros(4, 5)
    for call in (
        lambda: a + b,
        lambda: a @ b,
        lambda: pynn.mm(a, b),
        lambda: pynn.where(a > 0, a, b),
        lambda: pynn.zeros(2, 3).copy_(b),
        lambda: pynn.nn.functional.linear(a, b),
        lambda: pynn.nn.functional.mse_loss(a, b),
    ):
        with pytest.raises((ValueError, RuntimeError), match=r"2, 3.*4, 5"):
            call()
