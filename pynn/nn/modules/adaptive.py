"""The adaptive softmax, for many classes of which few are frequent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pynn import _core
from pynn._core import Tensor
from pynn._functions.movement import cat
from pynn.nn.modules.container import ModuleList, Sequential
from pynn.nn.modules.linear import Linear
from pynn.nn.modules.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """log softmax over classes in clusters by frequency (Grave et al. 2017), and its loss.

    Classes 0 to cutoffs[0] have their place in the head; the others are in clusters between the
    cutoffs, each with one place in the head and a tail of in_features / div_value ** i features.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
    ) -> None:
        super().__init__()
        given = list(cutoffs)
        fine = given and all(int(c) == c for c in given) and given == sorted(set(given))
        if not fine or given[0] <= 0 or given[-1] > n_classes - 1:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
                f"order, where each value is between 1 and n_classes-1 = {n_classes - 1}; "
                f"given: {given}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*given, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            width = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(Linear(in_features, width, bias=False), Linear(width, size, bias=False))
            )

    def reset_parameters(self) -> None:
        self.head.reset_parameters()
        for layer in self.tail.modules():
            if isinstance(layer, Linear):
                layer.reset_parameters()

    def forward(self, input: Tensor, target: Tensor) -> _ASMoutput:
        """The log-probabilities (N) of the targets (N) of input (N, in_features), and the loss."""
        single = target.ndim == 0
        if single:
            input, target = input.unsqueeze(0), target.unsqueeze(0)
        if target.ndim != 1 or input.ndim != 2 or input.shape[0] != target.shape[0]:
            raise RuntimeError(
                "Input and target should have the same size in the batch dimension: "
                f"{input.shape} and {target.shape}"
            )
        log_prob = self._log_prob(input, self.head(input))
        if target.numel() and not 0 <= target.min().item() <= target.max().item() < self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found."
            )
        output = log_prob.gather(1, target.unsqueeze(1)).squeeze(1)
        loss = -output.mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def _log_prob(self, input: Tensor, head: Tensor) -> Tensor:
        """(N, n_classes): a class of a cluster has the cluster's plus its own log-probability."""
        logs = head.log_softmax(1)
        parts = [logs[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            cluster = logs[:, self.shortlist_size + i].unsqueeze(1)
            parts.append(tail(input).log_softmax(1) + cluster)
        return cat(parts, 1)

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities (N, n_classes) of all classes."""
        return self._log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class (N) of each row."""
        with _core.no_grad():
            return self.log_prob(input).argmax(1)
