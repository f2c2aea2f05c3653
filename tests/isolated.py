"""Code in a process of its own, where a crash is a failure and not the end of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def run(code: str, *args: object, timeout: float = 300, **env: str) -> str:
    """Runs Python code that can import the tests' modules; returns what it printed."""
    command = [sys.executable, "-X", "faulthandler", "-c", code, *map(str, args)]
    done = subprocess.run(
        command, cwd=HERE, env=os.environ | env, capture_output=True, text=True, timeout=timeout
    )
    said = f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == 0, f"exit code {done.returncode}\n{said}"
    return done.stdout
