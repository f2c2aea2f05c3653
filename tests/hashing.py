"""One hash for every way to compute the same thing: levels, threads, eager or replayed.

`runs()` are the ways; `operator_hash` and the training functions of test_determinism_training.py
compute one of them and prove that they did: the level is active, chunks ran on several threads,
the steps were replayed, and the numbers say something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from optable import FULL, Op, Sample, arrays, canonical, outputs

import pynn
from pynn import _debug

THREADS = (1, 2, 3, 7)
PATIENCE = 40
"""How often a run is repeated until a second thread was there in time to take a chunk."""


@dataclass(frozen=True)
class Run:
    """One way to compute."""

    level: str
    threads: int
    replay: bool

    def __str__(self) -> str:
        return f"{self.level}-{self.threads}-{'replay' if self.replay else 'eager'}"


def runs() -> list[Run]:
    """All pairs of level and threads, of level and mode, of threads and mode; or the product."""
    found = []
    for i, level in enumerate(_debug.levels()):
        for k, threads in enumerate(THREADS):
            modes = (False, True) if FULL else ((i + k) % 2 == 1,)
            found += [Run(level, threads, replay) for replay in modes]
    return found


@contextmanager
def running(run: Run) -> Iterator[None]:
    """The level and threads of a run; chunks in random order where there are several threads."""
    level, threads = _debug.last_level(), pynn.get_num_threads()
    _debug.set_level(run.level)
    pynn.set_num_threads(run.threads)
    _debug.chaos(run.threads > 1)
    try:
        assert _debug.last_level() == run.level
        assert pynn.get_num_threads() == run.threads
        yield
    finally:
        _debug.chaos(False)
        pynn.set_num_threads(threads)
        _debug.set_level(level)


def digest(found: Iterable[np.ndarray]) -> str:
    """Of dtypes, shapes and bits; NaNs count as one."""
    h = hashlib.blake2b(digest_size=12)
    for a in found:
        h.update(f"{a.dtype.str}{a.shape}".encode())
        h.update(canonical(a))
    return h.hexdigest()


def telling(found: Iterable[np.ndarray]) -> bool:
    """Neither all zero nor all NaN."""
    return any(np.any((a != 0) & (a == a)) for a in found)


def on_threads(run: Run, compute: Callable[[], list[np.ndarray]]) -> str:
    """The hash of compute(), the same until at least two threads took chunks."""
    seen = set()
    for _ in range(PATIENCE):
        _debug.reset_pool_stats()
        found = compute()
        assert telling(found)
        seen.add(digest(found))
        assert len(seen) == 1, f"two runs, two results: {run}"
        took = _debug.pool_stats()
        if run.threads == 1 or took["threads"] > 1:
            found_hash = seen.pop()
            print(f"{run}: {took['chunks']} chunks on {took['threads']} threads: {found_hash}")
            return found_hash
    raise AssertionError(f"only one thread took chunks: {run}, {took}")


def operator_hash(op: Op, dtype: str, run: Run) -> str:
    """Results and gradients of the operator's large samples."""
    samples = op.draw(dtype, "hash")
    with running(run):
        return on_threads(run, lambda: [a for s in samples for a in _results(op, s, run)])


def _results(op: Op, sample: Sample, run: Run) -> list[np.ndarray]:
    tensors = op.tensors(sample)
    wanted = [i for i in op.grad if sample.arrays[i].dtype.kind == "f"]
    for i in wanted:
        tensors[i].requires_grad_()
    leaves = [tensors[i] for i in wanted]

    def step(*given: Any) -> list[Any]:
        found = list(outputs(op.call(*given, **sample.kwargs)))
        if leaves and found[0].requires_grad:
            weights = pynn.from_numpy(upstream(found[0])).to(found[0].dtype)
            found += pynn.autograd.grad(found[0], leaves, weights)
        return [t.detach() for t in found]

    if not (run.replay and op.captured):
        return list(arrays(step(*tensors)))
    captured = pynn.capture(step)
    captured(*tensors)
    found = list(arrays(captured(*tensors)))
    assert captured.replays == 1, "recorded twice, replayed never"
    return found


def upstream(like: Any) -> np.ndarray:
    """Weights in [-1, 1] that every dtype holds exactly."""
    rng = np.random.RandomState(4)
    return np.asarray(rng.randint(-8, 9, like.shape, dtype=np.int64) / 8, np.float32)
