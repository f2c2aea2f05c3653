"""Plots with matplotlib, an optional extra that is imported when a plot is drawn.

`shown` and `saved` open a figure; the other functions draw on its axes:

    with viz.saved("loss.png", (8, 5)) as figure:
        viz.training_loss(figure.add_subplot(), network.losses)
"""

from pynn.viz._figure import available as available, saved as saved, shown as shown
from pynn.viz.boundaries import decision_line as decision_line, decision_regions as decision_regions
from pynn.viz.curves import (
    activation_functions as activation_functions,
    training_loss as training_loss,
)
from pynn.viz.images import confusion_matrix as confusion_matrix, image_grid as image_grid

__all__ = [
    "activation_functions",
    "available",
    "confusion_matrix",
    "decision_line",
    "decision_regions",
    "image_grid",
    "saved",
    "shown",
    "training_loss",
]
