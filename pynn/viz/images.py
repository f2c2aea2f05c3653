"""Images with their classes."""

from __future__ import annotations

from typing import Any

import numpy as np


def image_grid(
    figure: Any,
    images: np.ndarray,
    labels: np.ndarray,
    predictions: np.ndarray,
    title: str,
    columns: int = 10,
) -> None:
    """Draw images (n, h, w), each with the predicted class above it, red where it is wrong."""
    rows = -(-len(images) // columns)
    figure.suptitle(title)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.set_axis_off()
    for ax, image, label, prediction in zip(axes, images, labels, predictions, strict=False):
        ax.imshow(image, cmap="gray_r", interpolation="nearest")
        right = label == prediction
        text = f"{prediction}" if right else f"{prediction} (is {label})"
        ax.set_title(text, fontsize=11, color="black" if right else "crimson")


def confusion_matrix(ax: Any, labels: np.ndarray, predictions: np.ndarray, title: str) -> None:
    """Draw how often class `row` was taken for class `column`."""
    classes = int(max(np.max(labels), np.max(predictions))) + 1
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels, predictions), 1)
    ax.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = count > counts.max() / 2
            colour = ("white" if dark else "black") if row == column else "crimson"
            ax.text(column, row, str(count), ha="center", va="center", color=colour)
    ticks = np.arange(classes)
    ax.set(xticks=ticks, yticks=ticks, xlabel="Predicted digit", ylabel="True digit", title=title)
