"""`pynn tour`: the tutorial's chapters, one after another, beside the tutorial's NumPy formulas."""

from pynn.tour.report import Options as Options
from pynn.tour.run import run as run

__all__ = ["Options", "run"]
