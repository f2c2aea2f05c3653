"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pynn.optim.optimizer import Fused, ParamsT

INF = float("inf")


class SGD(Fused):
    """Stochastic gradient descent with momentum, as torch.optim.SGD.

    Every step does, for each parameter p with gradient g (negated if maximize):

        d = g + weight_decay * p
        b = momentum * b + (1 - dampening) * d      (b = d at the first step)
        p = p - lr * (d + momentum * b if nesterov else b)

    foreach and fused choose between implementations in PyTorch; there is one here.
    """

    _algorithm = "SGD"
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "lr": (0.0, INF),
        "momentum": (0.0, INF),
        "weight_decay": (0.0, INF),
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )

    def _check_options(self, group: dict[str, Any]) -> None:
        super()._check_options(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
