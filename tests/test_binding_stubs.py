"""The types: the stub says what the extension has, and user code passes mypy --strict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")
HERE = Path(__file__).parent


def run(*args: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_is_the_extension(tmp_path):
    # The methods that are functions of Python have come.
    code = "import sys, pynn._functions, mypy.stubtest; sys.exit(mypy.stubtest.main())"
    run("-c", code, "pynn._core", folder=tmp_path)


def test_user_code_passes(tmp_path):
    run("-m", "mypy", "--strict", "--python-version=3.11", str(HERE / "typing"), folder=tmp_path)
