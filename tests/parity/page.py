"""Makes docs/coming-from-pytorch.md: what pynn has of PyTorch's names, and what is missing.

`python tests/parity/page.py` writes the page.  It is made from the two libraries as they are, so it
cannot lie; tests/test_parity_page.py fails when it is out of date.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch

import pynn

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-pytorch.md"

INTRODUCTION = """\
# Coming from PyTorch

Names, arguments, defaults, shapes, dtype promotion, broadcasting, state-dict keys and weight
layouts are those of PyTorch {version} wherever PyTorch has the thing: `import pynn` for
`import torch`, `pynn.nn` for `torch.nn`, `pynn.optim` for `torch.optim`. Operators and modules are
compared with PyTorch over PyTorch's own sample inputs, with gradients (`tests/parity`).

This page is generated from both libraries as they are installed (`python tests/parity/page.py`).

## What differs

- One device: there is no `device=`, no `.to("cuda")`, no `.cpu()`. Layouts other than strided,
  complex numbers, quantised and sparse tensors are not there.
- `bfloat16` and `float16` store; arithmetic on them raises a TypeError that names `.float()`.
- Random numbers are Philox indexed by element: the same seed gives the same numbers on every
  machine and number of threads, but not PyTorch's numbers.
- Bits do not move: results do not depend on the number of threads, the instruction set, the memory
  layout, or eager against replay (docs/numerics.md).
- Nothing is pickled: a Tensor or a Module refuses. `pynn.save(model.state_dict(), path)` writes a
  safetensors file, which PyTorch's users read with `safetensors.torch`; weights move both ways.
- Views share memory and history as in PyTorch; the in-place forms that change a tensor's geometry
  (`t_`, `transpose_`, `squeeze_`, `unsqueeze_`, `resize_`, `set_`) are not there.
- `out=` arguments are not there.
- `pynn.capture` records a step and replays it without Python (no `torch.compile`).
- Names that are not listed as present are absent: an AttributeError, never a stub.
"""

# What has no meaning on one CPU with dense real tensors, or belongs to other parts of PyTorch.
FOREIGN = frozenset(
    [
        "cuda",
        "cudnn",
        "miopen",
        "mkldnn",
        "mps",
        "xpu",
        "quant",
        "sparse",
        "complex",
        "fft",
        "stft",
        "istft",
        "distributed",
        "jit",
        "onnx",
        "named",
        "lazy",
        "hip",
        "vulkan",
        "ipu",
        "hpu",
        "meta",
        "storage",
        "deterministic",
        "vmap",
        "is_shared",
        "pin_memory",
        "share_memory",
        "refine_names",
        "align_",
        "rename",
        "crow",
        "ccol",
        "coalesce",
        "dequant",
        "fbgemm",
        "fake_",
        "int_repr",
        "_copy",
        "native_",
        "unsafe_",
        "batch_norm_",
        "parse_",
        "import_ir",
        "warn_always",
        "thread_safe",
        "unify_type",
        "interop_",
        "init_num",
        "segment_",
        "script",
        "sym_",
        "symint",
        "compile",
        "export",
        "_dynamo",
        "imag",
        "conj",
        "angle",
        "view_as_real",
        "view_as_complex",
        "autocast",
        "resolve_",
        "cfloat",
        "cdouble",
        "chalf",
        "xnnpack",
        "nested",
        "device_mesh",
        "dtensor",
        "backend",
        "anomaly",
        "device",
        "layout",
        "memory_format",
        "q_scale",
        "q_zero",
        "q_per",
        "qscheme",
    ]
)


def public(names: Any) -> list[str]:
    """Without private names and those of other worlds."""
    kept = (n for n in names if not n.startswith("_") and not any(f in n.lower() for f in FOREIGN))
    return sorted(set(kept), key=lambda n: (n.lower(), n))


def overridable(owner: str) -> list[str]:
    """Functions or methods that take tensors: what torch.overrides knows, and what it ignores."""
    found = []
    ignored = torch.overrides.get_ignored_functions()
    for function in [*torch.overrides.get_testing_overrides(), *ignored]:
        name = torch.overrides.resolve_name(function) or getattr(function, "__name__", "")
        name = name.removesuffix(".__get__")
        head, _, last = name.rpartition(".")
        if head == owner or (owner == "torch" and head in ("", "torch.functional")):
            found.append(last)
    place = {"torch": torch, "torch.Tensor": torch.Tensor}[owner]
    return public(n for n in found if hasattr(place, n))


def exported(module: Any) -> list[str]:
    """The public functions and classes that a module of PyTorch defines."""
    names = getattr(module, "__all__", None) or dir(module)
    return public(
        n
        for n in names
        if (inspect.isclass(getattr(module, n)) or callable(getattr(module, n)))
        and not inspect.ismodule(getattr(module, n))
        and not (module is torch.nn.init and hasattr(module, n + "_"))  # older names
        and str(getattr(getattr(module, n), "__module__", "torch")).startswith("torch")
    )


def modules_of_nn() -> list[str]:
    kinds = inspect.getmembers(torch.nn, inspect.isclass)
    return public(n for n, c in kinds if issubclass(c, (torch.nn.Module, torch.nn.Parameter)))


def functional_names() -> list[str]:
    found = []
    for name in dir(torch.nn.functional):
        item = getattr(torch.nn.functional, name)
        if callable(item) and not inspect.isclass(item) and not name.endswith("_with_indices"):
            where = str(getattr(item, "__module__", "") or "")
            if where in ("torch.nn.functional", "torch._C._nn", "torch") or inspect.isbuiltin(item):
                found.append(name)
    skip = {"has_torch_function", "handle_torch_function", "boolean_dispatch", "assert_int_or_pair"}
    return public(n for n in found if not n.startswith("has_torch") and n not in skip)


def sections() -> Iterator[tuple[str, str, list[str]]]:
    """(title, pynn's place, names)."""
    yield "Functions: `torch.*`", "pynn", overridable("torch")
    yield "Methods and attributes: `torch.Tensor.*`", "pynn.Tensor", overridable("torch.Tensor")
    yield "Modules: `torch.nn.*`", "pynn.nn", modules_of_nn()
    yield "`torch.nn.functional.*`", "pynn.nn.functional", functional_names()
    for name in (
        "nn.init",
        "nn.utils",
        "nn.utils.rnn",
        "optim",
        "optim.lr_scheduler",
        "optim.swa_utils",
        "autograd",
        "autograd.functional",
        "utils.checkpoint",
    ):
        module = importlib.import_module(f"torch.{name}")
        yield f"`torch.{name}.*`", f"pynn.{name}", exported(module)


def resolve(path: str) -> Any:
    """pynn.nn.functional and so on; None if it is not there."""
    found: Any = pynn
    for part in path.split(".")[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(path)
            except ImportError:
                return None
    return found


def listed(names: list[str]) -> str:
    text = ", ".join(f"`{n}`" for n in names) or "none"
    return textwrap.fill(text, 100, break_on_hyphens=False, break_long_words=False)


def page() -> str:
    version = torch.__version__.partition("+")[0].rpartition(".")[0]
    parts = [INTRODUCTION.replace("{version}", version)]
    rows, bodies = [], []
    for title, path, names in sections():
        place = resolve(path)
        present = [n for n in names if place is not None and hasattr(place, n)]
        missing = [n for n in names if n not in present]
        rows.append(f"| {title} | {len(present)} | {len(missing)} |")
        bodies.append(
            f"\n## {title}\n\nPresent, in `{path}`: {len(present)}\n\n{listed(present)}\n\n"
            f"Missing: {len(missing)}\n\n{listed(missing)}\n"
        )
    parts.append("\n## In numbers\n\n| | present | missing |\n|---|---|---|\n" + "\n".join(rows))
    return "\n".join(parts[:1]) + parts[1] + "\n" + "".join(bodies)


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE.name, len(page()))
