"""What this installation consists of: pynn.config() and pynn.show_config()."""

from __future__ import annotations

import platform
import sys

import numpy

import pynn
from pynn import _core


def config() -> dict[str, object]:
    """Versions, compiler, ISA levels (built, runnable, active) and threads, as a dict."""
    levels = _core._levels()
    build = _core._build()
    return {
        "pynn": pynn.__version__,
        "numerics": build["numerics"],
        "compiler": build["compiler"],
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "platform": f"{sys.platform} {platform.machine()}",
        "levels_built": [name for name, _ in levels],
        "levels_runnable": [name for name, runnable in levels if runnable],
        "level_active": _core._active_level(),
        "hardware_fma": build["hardware_fma"],
        "threads": pynn.get_num_threads(),
    }


def show_config() -> None:
    """Prints config(), a line per entry."""
    for key, value in config().items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        print(f"{key.replace('_', ' '):<16} {text}")
