"""Trading time for memory: activations are computed again in the backward pass.

What the operators of a checkpointed function save for their derivatives is not
kept; the first derivative that asks for it runs the function once more, with
the random stream where it was, and takes the tensors from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor
from pynn.autograd.graph import saved_tensors_hooks

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential"]


class CheckpointError(RuntimeError):
    """The function did something else the second time."""


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool = False,
    preserve_rng_state: bool = True,
    determinism_check: str = "default",
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs) without keeping what its derivative needs.

    The function must compute the same when it is run again; grad(), second
    derivatives and nested checkpoints work.  preserve_rng_state: the second
    run draws the same random numbers.  determinism_check "none" does not
    compare the shapes and dtypes of both runs.  use_reentrant=True, PyTorch's
    older way, is not there.
    """
    if use_reentrant:
        raise ValueError("checkpoint() knows use_reentrant=False only")
    if determinism_check not in ("default", "none"):
        raise ValueError(
            f"determinism_check should be 'default' or 'none', not {determinism_check!r}"
        )
    if not _core.is_grad_enabled():
        return function(*args, **kwargs)
    region = _Region(function, args, kwargs, preserve_rng_state, determinism_check == "default")
    with saved_tensors_hooks(region.pack, region.unpack):
        return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Tensor,
    use_reentrant: bool = False,
    preserve_rng_state: bool = True,
) -> Tensor:
    """The functions (a Sequential, a list) one after another, as `segments` checkpoints.

    The last segment is run as ever: its activations are wanted at once.
    """
    rows = list(functions)
    if segments < 1:
        raise ValueError(f"segments must be at least 1, not {segments}")
    size = len(rows) // segments

    def run(part: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for row in part:
                x = row(x)
            return x

        return forward

    start = 0
    for _ in range(segments - 1):
        part = rows[start : start + size]
        input = checkpoint(
            run(part),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve_rng_state,
        )
        start += size
    result: Tensor = run(rows[start:])(input)
    return result


class _Region:
    """One call of a checkpointed function: numbers what is saved, finds it again."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        keep_rng: bool,
        check: bool,
    ) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.stream = _core._stream_state() if keep_rng else None
        self.check = check
        self.meta: list[tuple[tuple[int, ...], Any]] = []
        self.again: list[Tensor] = []

    def pack(self, tensor: Tensor) -> int:
        self.meta.append((tensor.shape, tensor.dtype))
        return len(self.meta) - 1

    def unpack(self, number: int) -> Tensor:
        if not self.again:
            self.again = self.run_again()
        return self.again[number]

    def run_again(self) -> list[Tensor]:
        """What the operators save this time; it lives as long as the graph that asked."""
        found: list[Tensor] = []
        now = _core._stream_state()
        if self.stream is not None:
            _core._set_stream_state(*self.stream)
        try:
            with _core.enable_grad(), saved_tensors_hooks(_collector(found), _never):
                self.function(*self.args, **self.kwargs)
        finally:
            if self.stream is not None:
                _core._set_stream_state(*now)
        if len(found) != len(self.meta):
            raise CheckpointError(
                "A different number of tensors was saved during the original forward and "
                f"recomputation: {len(self.meta)} and {len(found)}"
            )
        if self.check:
            for i, (tensor, meta) in enumerate(zip(found, self.meta, strict=True)):
                if (tensor.shape, tensor.dtype) != meta:
                    raise CheckpointError(
                        "Recomputed values for the following tensors have different metadata "
                        f"than during the forward pass: tensor {i} was {meta}, is now "
                        f"{(tensor.shape, tensor.dtype)}"
                    )
        return found


def _collector(found: list[Tensor]) -> Callable[[Tensor], int]:
    def pack(tensor: Tensor) -> int:
        found.append(tensor)
        return len(found) - 1

    return pack


def _never(number: int) -> Tensor:
    raise CheckpointError("the recomputed graph itself is not differentiated")
