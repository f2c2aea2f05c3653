"""What of op_db is compared, and where pynn deviates on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Operator: the samples that pynn leaves out, and why (a comment beside each).
DEVIATIONS: dict[str, Callable[[Any], bool]] = {}

# What the tests go through; a name enters when it is equal.
OPERATORS: list[str] = ["add", "sum", "zeros"]
MODULES: list[str] = []
