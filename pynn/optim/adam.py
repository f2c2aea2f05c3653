"""Adam and what follows its two running means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pynn.optim.optimizer import Fused, ParamsT

INF = float("inf")
_RANGES = {"lr": (0.0, INF), "betas": (0.0, 1.0), "eps": (0.0, INF), "weight_decay": (0.0, INF)}


class Adam(Fused):
    """Adam (Kingma and Ba 2015), as torch.optim.Adam.

    At step t = 1, 2, ..., for each parameter p with gradient g (negated if maximize):

        g = g + weight_decay * p
        m = beta1 * m + (1 - beta1) * g             (exp_avg)
        v = beta2 * v + (1 - beta2) * g * g         (exp_avg_sq)
        p = p - lr / (1 - beta1**t) * m / (sqrt(v / (1 - beta2**t)) + eps)

    amsgrad takes the largest v so far; with decoupled_weight_decay the
    parameter is scaled by 1 - lr * weight_decay instead (AdamW).  foreach and
    fused choose between implementations in PyTorch; there is one here.
    """

    _algorithm = "Adam"
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = _RANGES

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def _check_options(self, group: dict[str, Any]) -> None:
        group.setdefault("decoupled_weight_decay", False)
        super()._check_options(group)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), as torch.optim.AdamW."""

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
        )


class NAdam(Fused):
    """Adam with Nesterov momentum (Dozat 2016), as torch.optim.NAdam.

    With mu(t) = beta1 * (1 - 0.96**(t * momentum_decay) / 2) and P the product of
    mu(1) ... mu(t), the running means of Adam are applied as

        d = sqrt(v / (1 - beta2**t)) + eps
        p = p - lr * (1 - mu(t)) / (1 - P) * g / d - lr * mu(t+1) / (1 - P * mu(t+1)) * m / d
    """

    _algorithm = "NAdam"
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {**_RANGES, "momentum_decay": (0.0, INF)}

    def __init__(
        self,
        params: ParamsT,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )


class RAdam(Fused):
    """Rectified Adam (Liu et al. 2020), as torch.optim.RAdam.

    While the variance of 1 / sqrt(v) is not tractable (the first steps), the
    update is lr * m / (1 - beta1**t); then it is rectified.
    """

    _algorithm = "RAdam"
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = _RANGES

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )


class Adamax(Fused):
    """Adam with the infinity norm (Kingma and Ba 2015), as torch.optim.Adamax.

    u = max(beta2 * u, abs(g) + eps)            (exp_inf)
    p = p - lr / (1 - beta1**t) * m / u
    """

    _algorithm = "Adamax"
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = _RANGES

    def __init__(
        self,
        params: ParamsT,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize
        )
