"""Averages of a model's parameters: stochastic weight averaging and exponential means."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor
from pynn.nn.modules.module import Module
from pynn.optim.lr_scheduler.base import LRScheduler
from pynn.optim.optimizer import Optimizer

Average = Callable[[Tensor, Tensor, Tensor], Tensor]
MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor], None]


def get_swa_avg_fn() -> Average:
    """The plain mean: averaged + (current - averaged) / (number + 1)."""

    def average(averaged: Tensor, current: Tensor, number: Tensor) -> Tensor:
        return averaged + (current - averaged) / (number + 1).to(averaged.dtype)

    return average


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The exponential mean: decay * averaged + (1 - decay) * current."""
    _check_decay(decay)

    def average(averaged: Tensor, current: Tensor, number: Tensor) -> Tensor:
        return averaged * decay + current * (1 - decay)

    return average


def _multi(average: Average) -> MultiAverage:
    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], number: Tensor) -> None:
        with _core.no_grad():
            for a, c in zip(averaged, current, strict=True):
                if a.dtype.is_floating_point:
                    a.copy_(average(a, c, number))
                else:
                    a.copy_(c)

    return update


def get_swa_multi_avg_fn() -> MultiAverage:
    """The plain mean of lists of tensors, in place."""
    return _multi(get_swa_avg_fn())


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """The exponential mean of lists of tensors, in place."""
    return _multi(get_ema_avg_fn(decay))


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1].")


class AveragedModel(Module):
    """A copy of a model whose parameters are averages over update_parameters().

    avg_fn(averaged, current, number) gives the new average of one parameter,
    multi_avg_fn changes lists of them in place; without either it is the plain
    mean.  use_buffers averages floating buffers too; other buffers are copied.
    Polyak and Juditsky 1992; Izmailov et al. 2018.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: str | None = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", _core.tensor(0, dtype=_core.int64))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The averaged model's."""
        return self.module(*args, **kwargs)

    def _tensors(self, model: Module) -> list[Tensor]:
        found: list[Tensor] = list(model.parameters())
        return found + list(model.buffers()) if self.use_buffers else found

    def update_parameters(self, model: Module) -> None:
        """Takes the model's parameters into the average."""
        averaged = [t.detach() for t in self._tensors(self.module)]
        current = [t.detach() for t in self._tensors(model)]
        with _core.no_grad():
            if self.n_averaged.item() == 0:
                for a, c in zip(averaged, current, strict=True):
                    a.copy_(c)
            elif self.multi_avg_fn is not None:
                self.multi_avg_fn(averaged, current, self.n_averaged)
            else:
                _multi(self.avg_fn or get_swa_avg_fn())(averaged, current, self.n_averaged)
            if not self.use_buffers:
                buffers = zip(self.module.buffers(), model.buffers(), strict=True)
                for own, other in buffers:
                    own.copy_(other)
            self.n_averaged.add_(1)


def update_bn(loader: Iterable[Any], model: Module, device: str | None = None) -> None:
    """Sets the running statistics of all batch normalisations from the loader's inputs.

    The loader gives inputs, or tuples or lists that begin with them.
    """
    momenta: dict[Any, Any] = {}
    layers: list[Any] = list(model.modules())
    for module in layers:
        if hasattr(module, "running_mean") and hasattr(module, "num_batches_tracked"):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.momentum = None
    with _core.no_grad():
        for batch in loader:
            model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the rates at the start to swa_lr in anneal_epochs epochs, then constant.

    Along a cosine or a line (anneal_strategy "cos", "linear"); swa_lr is one
    rate, or one per group.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        groups = optimizer.param_groups
        rates = list(swa_lr) if isinstance(swa_lr, (list, tuple)) else [swa_lr] * len(groups)
        if len(rates) != len(groups):
            raise ValueError(
                f"swa_lr must have the same length as optimizer.param_groups: {len(rates)} and "
                f"{len(groups)}"
            )
        for rate, group in zip(rates, groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must by one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._cosine = anneal_strategy == "cos"
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _part(self, step: int) -> float:
        """How much of the way is done at a step: 0 to 1."""
        if self.anneal_epochs == 0:
            return 1.0
        t = max(0.0, min(1.0, step / self.anneal_epochs))
        return (1 - math.cos(math.pi * t)) / 2 if self._cosine else t

    def get_lr(self) -> list[float]:
        """The rates at last_epoch, one per group."""
        before, part = self._part(self.last_epoch - 1), self._part(self.last_epoch)
        rates = []
        for group in self.optimizer.param_groups:
            if before >= 1:
                rates.append(group["swa_lr"])
                continue
            start = (group["lr"] - before * group["swa_lr"]) / (1 - before)
            rates.append(group["swa_lr"] * part + start * (1 - part))
        return rates
