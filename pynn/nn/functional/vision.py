"""Resampling and rearranging of images."""

from __future__ import annotations

__all__: list[str] = []
