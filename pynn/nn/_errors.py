"""Errors of modules and functions."""

from __future__ import annotations


class ArgumentError(ValueError, AssertionError):
    """A wrong argument where PyTorch has an assertion: whoever expects one catches this too."""
