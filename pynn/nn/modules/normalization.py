"""Normalisation over features, groups and channels."""

from __future__ import annotations

__all__: list[str] = []
