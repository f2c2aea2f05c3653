"""One operator of PyTorch's op_db through both libraries: outputs, gradients, second gradients,
methods and in-place forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from types import MethodDescriptorType, WrapperDescriptorType
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

import pynn
from parity.convert import (
    DTYPES,
    Mirror,
    Unsupported,
    counterpart,
    difference,
    flat,
    keywords,
    tensor,
    to_pynn,
)

OPS: dict[str, list[Any]] = {}
for _op in op_db:
    OPS.setdefault(_op.name, []).append(_op)

# Where PyTorch itself is no better: its constants or its order of operations.
LOOSE = {
    "cov": 1e-4,  # differences of large sums
    "logcumsumexp": 1e-3,  # exp(x - total) of a running total
    "nn.functional.hardsigmoid": 1e-7,  # one sixth is a float32 there
}
TOLERANCE = {torch.float32: (2e-5, 2e-6), torch.float64: (1e-9, 1e-10)}
# Random, or memory that nobody has written: the shape and the dtype are all there is.
VALUELESS = {
    *("bernoulli", "dropout", "dropout2d", "dropout3d", "empty", "empty_like", "empty_strided"),
    "new_empty_strided",
    *("exponential", "multinomial", "new_empty", "normal", "rand_like", "randint", "randint_like"),
    *("randn", "randn_like", "uniform", "geometric", "cauchy", "log_normal", "rrelu"),
}
# In-place forms that change a tensor's geometry, not its values: pynn's tensors keep theirs.
GEOMETRY = {"as_strided", "squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze"}
INTEGERS = (torch.int64, torch.bool, torch.uint8)
LIMIT = 60
"""Samples of one operator and dtype; some have hundreds that differ little."""


def samples(op: Any, dtype: torch.dtype, grad: bool) -> Iterator[Any]:
    torch.manual_seed(0)
    for k, sample in enumerate(op.sample_inputs("cpu", dtype, requires_grad=grad)):
        if k >= LIMIT:
            return
        yield sample


def mirrored(value: Any) -> Any:
    """Tensors as mirrors of pynn's, in whatever holds them."""
    if isinstance(value, torch.Tensor):
        return Mirror(tensor(value))
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(mirrored(v) for v in value)
    return value


def torch_leaves(value: Any) -> list[torch.Tensor]:
    return [v for v in flat(value) if isinstance(v, torch.Tensor) and v.requires_grad]


def our_leaves(value: Any) -> list[pynn.Tensor]:
    return [v for v in flat(value) if isinstance(v, pynn.Tensor) and v.requires_grad]


# What op_db calls as a method of PyTorch's Tensor, which a mirror is not.
METHODS = {
    "exponential": "exponential_",
    "item": "item",
    "uniform": "uniform_",
    "normal.in_place": "normal_",
}


def call_pynn(op: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """op.op is PyTorch's function or a lambda of it; without a tensor to lead it here, by name."""
    method = METHODS.get(op.formatted_name.replace("normal_in_place", "normal.in_place"))
    if method is not None:
        ours = to_pynn(args)
        first = ours[0].detach().clone() if method.endswith("_") else ours[0]
        return getattr(first, method)(*ours[1:], **keywords(kwargs))
    if op.name in ("randint", "randn", "normal"):
        return getattr(pynn, op.name)(*to_pynn(args), **keywords(kwargs))
    if any(isinstance(a, Mirror) for a in flat_mirrors((args, tuple(kwargs.values())))):
        if isinstance(op.op, (MethodDescriptorType, WrapperDescriptorType)):
            return counterpart(op.op)(*to_pynn(args), **keywords(kwargs))
        return op.op(*args, **kwargs)
    return counterpart(op.op)(*to_pynn(args), **keywords(kwargs))


def flat_mirrors(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [item for v in value for item in flat_mirrors(v)]
    return [value]


def cotangents(outputs: list[torch.Tensor]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(o.shape, dtype=o.dtype, generator=generator) for o in outputs]


def differentiable(outputs: Any, library: Any) -> list[Any]:
    return [o for o in flat(outputs) if isinstance(o, library.Tensor) and o.requires_grad]


def gradients(
    theirs: Any,
    ours: Any,
    leaves: list[torch.Tensor],
    our: list[pynn.Tensor],
    second: bool,
    loose: float = 0.0,
) -> str | None:
    """What differs between the gradients of two results, or None."""
    a, b = differentiable(theirs, torch), differentiable(ours, pynn)
    if len(a) != len(b):
        return f"{len(b)} outputs require grad instead of {len(a)}"
    if not a or not leaves:
        return None
    rtol, atol = TOLERANCE.get(a[0].dtype, (1e-2, 1e-2))
    rtol, atol = max(rtol, loose), max(atol, loose)
    seeds = cotangents(a)
    try:
        want = torch.autograd.grad(a, leaves, seeds, allow_unused=True, create_graph=second)
    except RuntimeError:
        return None  # PyTorch has no derivative here
    have = pynn.autograd.grad(
        b, our, [tensor(s) for s in seeds], allow_unused=True, create_graph=second
    )
    first = [
        (w, h if h is not None else pynn.zeros_like(o))
        for w, h, o in zip(want, have, our, strict=True)
        if w is not None
    ]
    worse = difference([w for w, _ in first], [h for _, h in first], 10 * rtol, 10 * atol)
    if worse or not second:
        return worse and "gradient: " + worse
    pairs = [(w, h) for w, h in first if w.requires_grad]
    if not pairs:
        return None
    seeds = cotangents([w for w, _ in pairs])
    try:
        want = torch.autograd.grad([w for w, _ in pairs], leaves, seeds, allow_unused=True)
    except (RuntimeError, NotImplementedError):
        return None
    # A gradient that depends on no leaf (that of a bias) may have no history: it counts as zero.
    known = [(h, tensor(s)) for (_, h), s in zip(pairs, seeds, strict=True) if h.requires_grad]
    have: Any = [None] * len(our)
    if known:
        have = pynn.autograd.grad(
            [h for h, _ in known], our, [s for _, s in known], allow_unused=True
        )
    both = [
        (w, h if h is not None else pynn.zeros_like(o))
        for w, h, o in zip(want, have, our, strict=True)
        if w is not None
    ]
    worse = difference([w for w, _ in both], [h for _, h in both], 100 * rtol, 100 * atol)
    return worse and "second gradient: " + worse


def compare(op: Any, sample: Any, dtype: torch.dtype, grad: bool) -> str | None:
    """What differs for one sample, or None.  Raises Unsupported where pynn has no word for it."""
    args = (sample.input, *sample.args)
    to_pynn(sample.kwargs), keywords(sample.kwargs)  # Unsupported, before PyTorch is asked
    ours_args = mirrored(args)
    ours_kwargs = {k: mirrored(v) for k, v in sample.kwargs.items() if k != "memory_format"}
    leaves = torch_leaves((args, tuple(sample.kwargs.values())))
    our = our_leaves(flat_mirrors((ours_args, tuple(ours_kwargs.values()))))
    theirs = op.op(*args, **sample.kwargs)
    ours = call_pynn(op, ours_args, ours_kwargs)
    post = sample.output_process_fn_grad
    if op.name.rpartition(".")[2] in VALUELESS:
        return shapes(theirs, ours)
    loose = LOOSE.get(op.name, 0.0)
    rtol, atol = TOLERANCE.get(dtype, (2e-5, 2e-6))
    rtol, atol = max(rtol, loose), max(atol, loose)
    worse = difference(theirs, ours, rtol, atol)
    if worse or not grad:
        return worse
    if getattr(post, "__name__", "") != "<lambda>" or "lambda x: x" not in repr(post):
        theirs, ours = processed(post, theirs, ours)
    return gradients(theirs, ours, leaves, our, dtype is torch.float64, loose)


def processed(post: Callable[[Any], Any], theirs: Any, ours: Any) -> tuple[Any, Any]:
    try:
        return post(theirs), post(ours)
    except Exception:
        return theirs, ours


def shapes(theirs: Any, ours: Any) -> str | None:
    for x, y in zip(flat(theirs), flat(ours), strict=True):
        if isinstance(x, torch.Tensor) and (
            tuple(x.shape) != tuple(y.shape) or DTYPES.get(x.dtype) != y.dtype
        ):
            return f"{y.dtype} {tuple(y.shape)} instead of {x.dtype} {tuple(x.shape)}"
    return None


def compare_variants(op: Any, sample: Any) -> Iterator[tuple[str, str | None]]:
    """The method and the in-place method of pynn's Tensor, where PyTorch has them."""
    name = op.name.rpartition(".")[2]
    args, kwargs = sample.args, sample.kwargs
    method = op.method_variant
    plain = method is not None and getattr(method, "__name__", "") == name
    if plain and isinstance(sample.input, torch.Tensor) and name not in VALUELESS:
        theirs = method(sample.input, *args, **kwargs)
        ours = getattr(to_pynn(sample.input), name)(*to_pynn(args), **keywords(kwargs))
        yield "method", difference(theirs, ours, 2e-5, 2e-6)
    inplace = op.inplace_variant
    if (
        inplace is None
        or getattr(inplace, "__name__", "") != name + "_"
        or name in VALUELESS | GEOMETRY
    ):
        return
    if sample.broadcasts_input or not isinstance(sample.input, torch.Tensor):
        return
    theirs_input, ours_input = sample.input.detach().clone(), tensor(sample.input.detach())
    detached = [a.detach() if isinstance(a, torch.Tensor) else a for a in args]
    try:
        inplace(theirs_input, *detached, **kwargs)
    except RuntimeError:
        return  # the result's dtype does not fit
    getattr(ours_input, name + "_")(*to_pynn(detached), **keywords(kwargs))
    yield "in place", difference(theirs_input, ours_input, 2e-5, 2e-6)


class Report(Counter[str]):
    """Counts of "equal", "unsupported", "failed"; the failures' texts."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[str] = []

    def failed(self, what: str) -> None:
        self["failed"] += 1
        self.failures.append(what)


def text(sample: Any) -> str:
    return sample.summary() if hasattr(sample, "summary") else repr(sample)


def check(name: str, deviations: dict[str, Callable[[Any], bool]] | None = None) -> Report:
    """All samples of all variants of one operator of op_db."""
    report = Report()
    skip = (deviations or {}).get(name, lambda sample: False)
    for op in OPS[name]:
        supported = op.supported_dtypes("cpu")
        for dtype in (torch.float32, torch.float64, *INTEGERS):
            if dtype not in supported:
                continue
            grad = dtype.is_floating_point and op.supports_autograd
            for sample in samples(op, dtype, grad):
                if skip(sample):
                    report["deviates"] += 1
                    continue
                label = f"{op.formatted_name} {dtype} {text(sample)}"
                try:
                    worse = compare(op, sample, dtype, grad)
                    if worse is None and dtype is torch.float32:
                        with torch.no_grad():
                            bad = [f"{k}: {w}" for k, w in compare_variants(op, sample) if w]
                        worse = bad[0] if bad else None
                except Unsupported:
                    report["unsupported"] += 1
                    continue
                except Exception as error:
                    worse = f"{type(error).__name__}: {error}"
                if worse:
                    report.failed(f"{label}: {worse}")
                else:
                    report["equal"] += 1
    return report
