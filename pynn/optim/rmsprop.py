"""Steps scaled by running or summed squares: RMSprop, Adagrad, Adadelta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pynn.optim.optimizer import Fused, ParamsT

INF = float("inf")


class RMSprop(Fused):
    """RMSprop (Hinton, lecture 6 of the Coursera course), as torch.optim.RMSprop.

    v = alpha * v + (1 - alpha) * g * g                        (square_avg)
    d = g / (sqrt(v) + eps), centered: g / (sqrt(v - a * a) + eps) with the
        running mean a of g                                    (grad_avg)
    b = momentum * b + d, p = p - lr * b                       (momentum_buffer)
    """

    _algorithm = "RMSprop"
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "lr": (0.0, INF),
        "eps": (0.0, INF),
        "momentum": (0.0, INF),
        "weight_decay": (0.0, INF),
        "alpha": (0.0, INF),
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            alpha=alpha,
            eps=eps,
            centered=centered,
            weight_decay=weight_decay,
            maximize=maximize,
        )


class Adagrad(Fused):
    """Adagrad (Duchi, Hazan and Singer 2011), as torch.optim.Adagrad.

    s = s + g * g                               (sum, from initial_accumulator_value)
    p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)
    """

    _algorithm = "Adagrad"
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "lr": (0.0, INF),
        "lr_decay": (0.0, INF),
        "weight_decay": (0.0, INF),
        "initial_accumulator_value": (0.0, INF),
        "eps": (0.0, INF),
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            eps=eps,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            maximize=maximize,
        )


class Adadelta(Fused):
    """Adadelta (Zeiler 2012), as torch.optim.Adadelta.

    v = rho * v + (1 - rho) * g * g             (square_avg)
    d = sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * d * d             (acc_delta)
    p = p - lr * d
    """

    _algorithm = "Adadelta"
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "lr": (0.0, INF),
        "eps": (0.0, INF),
        "weight_decay": (0.0, INF),
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
    ) -> None:
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        super().__init__(
            params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize
        )
