"""What is measured on: processor, instruction set, threads, versions."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np

import pynn


def describe(threads: int) -> dict[str, object]:
    """The facts that belong to every figure."""
    config = pynn.config()
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "level": config["level_active"],
        "threads": threads,
        "system": platform.system(),
        "python": platform.python_version(),
        "pynn": pynn.__version__,
        "compiler": config["compiler"],
        "numpy": np.__version__,
        "blas": blas(),
    }


def line(facts: dict[str, object]) -> str:
    """The facts in one line of text."""
    threads = "1 thread" if facts["threads"] == 1 else f"{facts['threads']} threads"
    return (
        f"{facts['processor']}, {threads} of {facts['cores']} cores, "
        f"pynn {facts['pynn']} on {facts['level']} ({facts['compiler']}), "
        f"NumPy {facts['numpy']} with {facts['blas']}, "
        f"Python {facts['python']}, {facts['system']}"
    )


def processor() -> str:
    """The processor's name as the system gives it."""
    if sys.platform == "linux":
        for row in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if row.startswith(("model name", "Model")):
                return row.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return platform.processor() or platform.machine()


def blas() -> str:
    """Which library NumPy multiplies with."""
    try:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{found['name']} {found['version']}"
    except (KeyError, TypeError):
        return "an unknown BLAS"
