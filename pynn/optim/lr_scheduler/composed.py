"""Several schedulers: one after another, or one upon another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from pynn.optim.lr_scheduler.base import LRScheduler
from pynn.optim.optimizer import Optimizer


class SequentialLR(LRScheduler):
    """schedulers[0] up to milestones[0], then schedulers[1] from its own epoch 0 on, ..."""

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        _check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than "
                f"the number of milestone points, but got number of schedulers "
                f"{len(schedulers)} and the number of milestones to be equal to {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Every scheduler has made its first step; all but the first one's are undone.
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for scheduler in schedulers:
            scheduler.last_epoch -= 1
        schedulers[0]._initial_step()
        self._last_lr = schedulers[0].get_last_lr()

    def step(self, epoch: float | None = None) -> None:
        """The next epoch's rates."""
        self.last_epoch += 1
        index = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[index]
        if index > 0 and self._milestones[index - 1] == self.last_epoch:
            scheduler.step(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """The state of every scheduler, and where they are."""
        return _states(super().state_dict(), self._schedulers)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what state_dict() gave."""
        super().load_state_dict(_load_states(state_dict, self._schedulers))


class ChainedScheduler(LRScheduler):
    """All schedulers at every step, each on what the ones before it wrote."""

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        schedulers = list(schedulers)
        if not schedulers:
            raise ValueError("ChainedScheduler expects at least one scheduler to be chained")
        optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        _check(schedulers, optimizer)
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = self._rates()

    def step(self, epoch: float | None = None) -> None:
        """The next epoch's rates."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()

    def state_dict(self) -> dict[str, Any]:
        """The state of every scheduler."""
        return _states(super().state_dict(), self._schedulers)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what state_dict() gave."""
        super().load_state_dict(_load_states(state_dict, self._schedulers))


def _check(schedulers: list[LRScheduler], optimizer: Optimizer) -> None:
    if not schedulers:
        raise ValueError("expected at least one scheduler, but got none")
    for i, scheduler in enumerate(schedulers):
        if getattr(scheduler, "optimizer", None) is not optimizer:
            raise ValueError(
                f"all schedulers must belong to the optimizer {type(optimizer).__name__}, but "
                f"the one at index {i} ({type(scheduler).__name__}) has another"
            )


def _states(state: dict[str, Any], schedulers: list[LRScheduler]) -> dict[str, Any]:
    return {**state, "_schedulers": [s.state_dict() for s in schedulers]}


def _load_states(state: dict[str, Any], schedulers: list[LRScheduler]) -> dict[str, Any]:
    for scheduler, one in zip(schedulers, state["_schedulers"], strict=True):
        scheduler.load_state_dict(one)
    return {key: value for key, value in state.items() if key != "_schedulers"}
