"""Pixel and channel shuffling."""

from __future__ import annotations

__all__: list[str] = []
