"""Random wrong calls: `python tests/fuzz_args.py SEED COUNT`, in a process that may die.

Every call gives a result or one of the listed exceptions.  The call about to be made is in the
file named by the third argument, so a crash can be repeated.
"""

from __future__ import annotations

import gc
import inspect
import os
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from optable import OPS, Op

import pynn
import pynn._debug
import pynn.nn.functional as F
import pynn.nn.init
import pynn.optim

ALLOWED = (
    TypeError,
    ValueError,
    IndexError,
    RuntimeError,
    MemoryError,
    OverflowError,
    BufferError,
)
BIG = (2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**31), 10**30)
SKIP = {
    "set_num_threads",
    "set_default_dtype",
    "show_config",
    "config",
    "NeuralNetwork",
    "Perceptron",
}


def tensor(rng: random.Random) -> Any:
    """A tensor of any dtype, shape and kind of memory."""
    shape = rng.choice([(), (0,), (1,), (3,), (2, 3), (3, 2), (3, 3), (0, 3), (2, 3, 4), (1,) * 8])
    dtypes = ["float32"] * 4 + ["float64"] * 2
    dtype = rng.choice([*dtypes, "int64", "int32", "int8", "uint8", "bool", "float16"])
    a = np.asarray(np.random.RandomState(rng.randrange(1000)).randint(-3, 9, shape)).astype(dtype)
    kind = rng.randrange(8)
    if kind == 0:
        a.flags.writeable = False
    if kind == 1 and a.ndim:
        a = a[::-1]
    t = pynn.from_numpy(a)
    if kind == 2:
        t = t.bfloat16() if a.dtype == "float32" else t
    if kind == 3 and t.ndim and t.ndim < 8:
        t = t.unsqueeze(0).expand(4, *t.shape)
    if kind in (4, 5) and dtype in ("float32", "float64"):
        t.requires_grad_()
        t = t * 1 if kind == 5 else t
    if kind == 6 and t.ndim == 2:
        t = t.t()
    return t


class Odd:
    """Answers questions in unhelpful ways."""

    def __init__(self, kind: int) -> None:
        self.kind = kind

    def __index__(self) -> Any:
        if self.kind == 0:
            raise ValueError("no index")
        return 2**70 if self.kind == 1 else "three"

    def __float__(self) -> Any:
        return "pi" if self.kind == 2 else float("nan")

    def __len__(self) -> int:
        return -1 if self.kind == 3 else 3

    def __getitem__(self, key: Any) -> Any:
        return self

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"shape": (9, 9), "typestr": "<f8", "data": (8, False), "version": 3}


def value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(18)
    if kind < 7:
        return tensor(rng)
    if kind == 7:
        return rng.choice([0, 1, -1, 2, 3, 7, -2, 9, 100, 1000, True, False])
    if kind == 8:
        return rng.choice(BIG)
    if kind == 9:
        return rng.choice([0.0, -1.5, 1e300, float("nan"), float("inf"), 1e-320, 2.5])
    if kind == 10:
        return rng.choice([None, "", "mean", "none", "x" * 1000, b"bytes", "\0", Ellipsis])
    if kind == 11:
        return rng.choice([pynn.float32, pynn.int64, pynn.bool, pynn.bfloat16, float, int, "f4"])
    if kind == 12 and depth < 3:
        return tuple(value(rng, depth + 1) for _ in range(rng.randrange(4)))
    if kind == 13 and depth < 3:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 14:
        return array(rng)
    if kind == 15:
        parts = [rng.choice([None, 0, 1, -1, 5, 2**63, "a"]) for _ in range(3)]
        return slice(*parts)
    if kind == 16:
        return rng.choice(
            [Odd(rng.randrange(5)), object(), 3j, {}, {"dim": 1}, set(), range(3), len]
        )
    return rng.choice([(1,) * 9, (2**32, 2**32), (-1, -1), (0, -1), [[1, 2], [3]], (3, 2)])


def array(rng: random.Random) -> Any:
    """Arrays that a tensor may share, must copy, or must refuse."""
    return rng.choice(
        [
            np.zeros((2, 3), ">f4"),
            np.zeros((2, 3), "c16"),
            np.zeros(3, object),
            np.zeros(3, [("a", "f4"), ("b", "i8")])["b"],
            np.zeros(3, "U5"),
            np.zeros(3, "M8[s]"),
            np.frombuffer(b"\0" * 25, "f8", 3, 1),
            np.zeros((3, 3), "f8")[::-1, ::2],
            np.broadcast_to(np.float32(1), (3, 3)),
            np.zeros((1,) * 12, "f4"),
            np.zeros(0, "f4"),
            np.zeros(3, "u4"),
            np.float64(3),
            np.int8(-1),
            np.array(2**63, "u8"),
            np.ma.masked_array([1.0, 2.0], [True, False]),
        ]
    )


def targets() -> list[tuple[str, Callable[..., Any]]]:
    found = []
    for prefix, module in (("pynn", pynn), ("F", F), ("init", pynn.nn.init)):
        for name in dir(module):
            item = getattr(module, name)
            if name.startswith("_") or name in SKIP or inspect.ismodule(item):
                continue
            if callable(item):
                found.append((f"{prefix}.{name}", item))
    found.append(("grad", pynn.autograd.grad))
    for name in dir(pynn.optim):
        item = getattr(pynn.optim, name)
        if inspect.isclass(item) and issubclass(item, pynn.optim.Optimizer):
            found.append((f"optim.{name}", item))
    for name in dir(pynn.nn):
        item = getattr(pynn.nn, name)
        if inspect.isclass(item) and issubclass(item, pynn.nn.Module):
            found.append((f"nn.{name}", building(item)))
    for name in dir(pynn.Tensor):
        if not name.startswith("__") or name in OPERATORS:
            found.append((f"Tensor.{name}", getattr(pynn.Tensor, name)))
    return [f for f in found if callable(f[1])]


def building(kind: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a module of numbers like those a user gives, or of anything, and calls it."""

    def call(*args: Any, **kwargs: Any) -> None:
        rng = random.Random(repr(args)[:100])
        if rng.random() < 0.7:
            args = tuple(rng.choice([1, 2, 3, 4]) for _ in range(rng.randrange(4)))
            kwargs = {}
        try:
            module = kind(*args, **kwargs)
        except AssertionError as error:  # PyTorch's word for sizes that do not fit each other
            raise ValueError(str(error)) from error
        result = module(*(tensor(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))))
        if isinstance(result, pynn.Tensor) and result.requires_grad:
            result.sum().backward()

    return call


OPERATORS = {
    f"__{name}__"
    for name in (
        *(
            "add",
            "radd",
            "iadd",
            "sub",
            "rsub",
            "mul",
            "matmul",
            "rmatmul",
            "truediv",
            "pow",
            "rpow",
        ),
        *("ipow", "and", "or", "xor", "invert", "neg", "abs", "eq", "lt", "le", "bool", "float"),
        *("int", "index", "len", "iter", "getitem", "setitem", "delitem", "contains", "array"),
        *("dlpack", "repr", "hash"),
    )
}


def random_call(rng: random.Random, every: list[tuple[str, Callable[..., Any]]]) -> tuple[str, Any]:
    """Any function with any arguments, now and then by their names."""
    name, function = rng.choice(every)
    args = [value(rng) for _ in range(rng.choice([0, 1, 1, 2, 2, 2, 3, 4]))]
    if name.startswith("Tensor.") and rng.random() < 0.95:
        args.insert(0, tensor(rng))
    kwargs = {}
    names = [
        "dim",
        "keepdim",
        "dtype",
        "reduction",
        "requires_grad",
        "alpha",
        "size",
        "min",
        "index",
    ]
    if rng.random() < 0.3:
        kwargs[rng.choice(names)] = value(rng)
    text = f"{name}({describe(args)}, {describe(kwargs)})"

    def call() -> None:
        try:
            function(*args, **kwargs)
        except AttributeError as error:
            if name.startswith(("pynn.", "Tensor.")) or "has no attribute" not in str(error):
                raise AssertionError("AttributeError out of C") from error

    return text, call


def near_miss(rng: random.Random, ops: list[Op]) -> tuple[str, Any]:
    """A call of the table with one thing changed, then backward."""
    op = rng.choice(ops)
    samples = op.draw(rng.choice(op.dtypes), "grad")
    sample = rng.choice(samples)
    args: list[Any] = op.tensors(sample)
    kwargs = dict(sample.kwargs)
    which = rng.randrange(4)
    if which == 0 and kwargs:
        kwargs[rng.choice(list(kwargs))] = value(rng)
    elif which == 1 and len(args) > 1 and sample.arrays[1].dtype == np.int64:
        far = rng.choice([-1, 5, 100, 2**40, -(2**63), 2**63 - 1])
        args[1] = pynn.from_numpy(np.full(sample.arrays[1].shape, far))
    elif args:
        args[rng.randrange(len(args))] = value(rng) if which == 3 else tensor(rng)
    text = f"{op.name}({describe(args)}, {describe(kwargs)})"

    def call() -> None:
        for i in op.grad:
            if isinstance(args[i], pynn.Tensor) and args[i].dtype.is_floating_point:
                args[i].requires_grad_()
        try:
            result = op.call(*args, **kwargs)
        except (AttributeError, ZeroDivisionError):  # the table's own lambdas, given numbers
            assert not all(isinstance(a, pynn.Tensor) for a in args)
            return
        for t in result if isinstance(result, tuple) else (result,):
            if isinstance(t, pynn.Tensor):
                t.sum().backward()

    return text, call


def describe(o: Any) -> str:
    if isinstance(o, pynn.Tensor):
        return f"<{o.dtype} {o.shape} strides {o.stride()} grad {o.requires_grad}>"
    if isinstance(o, (list, tuple)):
        return f"{type(o).__name__}[{', '.join(map(describe, o))}]"
    if isinstance(o, dict):
        return "{" + ", ".join(f"{k}={describe(v)}" for k, v in o.items()) + "}"
    return f"array {o.dtype} {o.shape}" if isinstance(o, np.ndarray) else repr(o)[:60]


def main(seed: int, count: int, log: str) -> None:
    np.seterr(all="ignore")
    every, ops = targets(), list(OPS.values())
    outcomes: dict[str, int] = {}
    x = pynn.tensor([[1.0, 2.0], [3.0, 4.0]])
    before = pynn._debug.stats()["tensors"]
    with open(log, "w+b", buffering=0) as file:
        for i in range(count):
            rng = random.Random(f"{seed} {i}")
            with pynn.set_grad_enabled(rng.random() < 0.8):
                text, call = near_miss(rng, ops) if i % 2 else random_call(rng, every)
                file.seek(0)
                file.write(f"{seed} {i}: {text}\n".encode(errors="replace"))
                file.truncate()
                try:
                    call()
                    name = "fine"
                except ALLOWED as error:
                    name = type(error).__name__
                    if not str(error) and name != "MemoryError":
                        name = f"no message: {text}"
                outcomes[name] = outcomes.get(name, 0) + 1
            if i % 500 == 0:
                assert (x @ x).tolist() == [[7.0, 10.0], [15.0, 22.0]], f"corrupted after {text}"
    del call
    gc.collect()
    alive = pynn._debug.stats()["tensors"]
    assert alive < before + 200, f"{alive} tensors are alive, {before} were"
    assert not any("no message" in name for name in outcomes), outcomes
    assert outcomes.get("fine", 0) > count / 50, outcomes
    assert outcomes.get("fine", 0) < count * 0.9, outcomes
    print(outcomes)


if __name__ == "__main__":
    if os.name == "posix":
        import resource

        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + (512 << 20),) * 2)
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
