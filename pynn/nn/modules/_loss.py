"""What the modules of losses share."""

from __future__ import annotations

from pynn._core import Tensor
from pynn.nn.functional._reduction import code
from pynn.nn.modules.module import Module


class Loss(Module):
    """A loss with a reduction: 'none', 'mean' or 'sum'."""

    reduction: str

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction != "batchmean":
            code(reduction)
        self.reduction = reduction


class WeightedLoss(Loss):
    """A loss whose weight is a buffer."""

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
