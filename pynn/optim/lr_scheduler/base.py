"""The base of all schedulers."""

from __future__ import annotations

from typing import Any

from pynn.optim.optimizer import Optimizer


class LRScheduler:
    """Writes the learning rate of every parameter group, once per step().

    A subclass defines get_lr(), the rates of all groups at self.last_epoch; it
    may use the rates of the step before, in the groups, so that schedulers can
    act on one another.  last_epoch = -1 starts anew; a scheduler that resumes
    finds "initial_lr" in the groups.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming an "
                    "optimizer"
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self.step()

    def _rates(self) -> list[float]:
        """The rates that the groups have now."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def get_lr(self) -> list[float]:
        """The rates at last_epoch, one per group."""
        raise NotImplementedError

    def _get_closed_form_lr(self) -> list[float]:
        """The rates at any last_epoch, for step(epoch)."""
        return self.get_lr()

    def get_last_lr(self) -> list[float]:
        """The rates that the last step() wrote, one per group."""
        return self._last_lr

    def step(self, epoch: float | None = None) -> None:
        """The next epoch's rates, or those of a given epoch."""
        self._step_count += 1
        if epoch is None:
            self.last_epoch += 1
            self._write(self.get_lr())
        else:
            self.last_epoch = epoch  # type: ignore[assignment]
            self._write(self._get_closed_form_lr())

    def _write(self, rates: list[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr: list[float] = self._rates()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what state_dict() gave."""
        self.__dict__.update(state_dict)
