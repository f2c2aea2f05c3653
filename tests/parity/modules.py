"""One module of PyTorch's module_db through both libraries: state-dict keys, outputs, gradients of
inputs and parameters, buffers, in train and eval mode."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch.testing._internal.common_modules import module_db

import pynn
from parity.convert import Unsupported, difference, flat, keywords, tensor, to_pynn
from parity.operators import TOLERANCE, Report, cotangents, differentiable

ENCODER_LAYER = torch.nn.TransformerEncoderLayer
MODULES: dict[str, Any] = {m.name: m for m in module_db}


def inputs(name: str, dtype: torch.dtype, training: bool) -> Iterator[tuple[Any, Any, Any, Any]]:
    """(constructor args, kwargs, forward args, kwargs) of PyTorch's own samples and ours."""
    from parity.extra import EXTRA

    torch.manual_seed(0)
    info = MODULES.get(name)
    if info is not None:
        for item in info.module_inputs_func(
            info, device="cpu", dtype=dtype, requires_grad=True, training=training
        ):
            made, forward = item.constructor_input, item.forward_input
            if forward is None:
                forward = made  # a functional form's sample
            yield made.args, made.kwargs, forward.args, forward.kwargs
    for made_args, made_kwargs, forward_args in EXTRA.get(name, lambda dtype: [])(dtype):
        yield made_args, made_kwargs, forward_args, {}


def without_dropout(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {k: 0.0 if k == "dropout" else v for k, v in kwargs.items()}


def check(name: str) -> Report:
    report = Report()
    for dtype in (torch.float32, torch.float64):
        for training in (True, False):
            for k, sample in enumerate(inputs(name, dtype, training)):
                mode = "train" if training else "eval"
                label = f"{name} {dtype} {mode} sample {k} {sample[0]} {sample[1]}"
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        worse = compare(name, sample, dtype, training)
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


def distinct(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without a tensor given twice, whose gradient would be the sum of two."""
    seen: list[Any] = []
    for a in args:
        again = isinstance(a, torch.Tensor) and any(a is b for b in seen)
        seen.append(a.detach().clone().requires_grad_(a.requires_grad) if again else a)
    return tuple(seen)


def wanting(value: Any) -> list[Any]:
    return [t for t in flat(value) if getattr(t, "requires_grad", False)]


def state(module: torch.nn.Module) -> dict[str, pynn.Tensor]:
    return {key: tensor(value) for key, value in module.state_dict().items()}


def encoder_layer(layer: Any) -> pynn.nn.TransformerEncoderLayer:
    """pynn's, with the options of PyTorch's."""
    return pynn.nn.TransformerEncoderLayer(
        layer.self_attn.embed_dim,
        layer.self_attn.num_heads,
        layer.linear1.out_features,
        layer.dropout.p,
        to_pynn(layer.activation),
        layer.norm1.eps,
        layer.self_attn.batch_first,
        layer.norm_first,
        layer.linear1.bias is not None,
    )


def compare(name: str, sample: Any, dtype: torch.dtype, training: bool) -> str | None:
    made_args, made_kwargs, args, kwargs = sample
    args = distinct(args)
    made_kwargs = {k: v for k, v in made_kwargs.items() if k not in ("device", "dtype")}
    if name.startswith("nn.Transformer") and name != "nn.TransformerEncoder" and len(made_args) < 4:
        made_kwargs = {"dropout": 0.0, **without_dropout(made_kwargs)}
    kind = getattr(torch.nn, name.removeprefix("nn."))
    our_kind = getattr(pynn.nn, name.removeprefix("nn."))
    theirs = kind(*made_args, **made_kwargs).to(dtype).train(training)
    our_args = [encoder_layer(a) if isinstance(a, ENCODER_LAYER) else to_pynn(a) for a in made_args]
    ours = our_kind(*our_args, **keywords(made_kwargs)).to(to_pynn(dtype)).train(training)
    if list(theirs.state_dict()) != list(ours.state_dict()):
        return f"state-dict keys {list(ours.state_dict())}, not {list(theirs.state_dict())}"
    ours.load_state_dict(state(theirs))
    if repr(theirs) != repr(ours):
        return f"repr {ours!r}, not {theirs!r}"
    our_args, our_kwargs = to_pynn(args), keywords(kwargs)
    a, b = theirs(*args, **kwargs), ours(*our_args, **our_kwargs)
    rtol, atol = TOLERANCE[dtype]
    rtol, atol = 5 * rtol, 5 * atol
    worse = difference(a, b, rtol, atol)
    if worse:
        return worse
    worse = difference(list(theirs.buffers()), list(ours.buffers()), rtol, atol)
    if worse:
        return "buffers: " + worse
    leaves = [t for t in flat((args, tuple(kwargs.values()))) if getattr(t, "requires_grad", False)]
    ours_leaves = [
        t
        for t in flat((our_args, tuple(our_kwargs.values())))
        if getattr(t, "requires_grad", False)
    ]
    leaves += list(theirs.parameters())
    ours_leaves += list(ours.parameters())
    a, b = differentiable(a, torch), differentiable(b, pynn)
    if len(a) != len(b):
        return f"{len(b)} outputs require grad instead of {len(a)}"
    if not a or not leaves:
        return None
    seeds = cotangents(a)
    want = torch.autograd.grad(a, leaves, seeds, allow_unused=True)
    have = pynn.autograd.grad(b, ours_leaves, [tensor(s) for s in seeds], allow_unused=True)
    pairs = [
        (w, h if h is not None else pynn.zeros_like(o))
        for w, h, o in zip(want, have, ours_leaves, strict=True)
        if w is not None
    ]
    worse = difference([w for w, _ in pairs], [h for _, h in pairs], 10 * rtol, 10 * atol)
    return worse and "gradient: " + worse
