"""Nothing is forgotten: every kernel is reached by the table of operators, every public operator
is in it, every entry has its stub (and its benchmark: test_bench.py)."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import optable
import pytest
from optable import OPS, REAL, outputs

import pynn
import pynn.nn.functional as F

ROOT = Path(__file__).parent.parent
KERNELS = ROOT / "csrc" / "kernels"

# Public functions that compute nothing of their own: creation, state, questions, other names.
NO_OPERATORS = {
    *("load", "save", "as_tensor", "from_dlpack", "from_numpy", "tensor", "is_tensor", "numel"),
    *("arange", "empty", "empty_like", "eye", "full", "full_like", "linspace", "ones", "ones_like"),
    *("zeros", "zeros_like", "manual_seed", "initial_seed", "promote_types", "result_type"),
    *("get_default_dtype", "set_default_dtype", "get_num_threads", "set_num_threads"),
    *("is_grad_enabled", "config", "show_config", "clip", "capture"),
}
# Compositions and streams, which have tests of their own.
ELSEWHERE = {"rand", "rand_like", "randn", "randn_like"}
COMPOSED = {"softmax", "log_softmax", "one_hot", "dropout", "nll_loss"}
COMPOSED |= {"instance_norm", "local_response_norm"}

COMPOSED |= {"multi_head_attention_forward"}

# Pooling, images: by the operators of the other dimensions, or compositions (tests/parity).
COMPOSED |= {
    "adaptive_avg_pool1d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "affine_grid",
    "avg_pool1d",
    "avg_pool3d",
    "channel_shuffle",
    "grid_sample",
    "max_pool1d_with_indices",
    "max_pool2d_with_indices",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "pixel_shuffle",
    "pixel_unshuffle",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
}

# Compositions of elementwise operators, their other names, and random draws: parity, test_random.
ELSEWHERE |= {
    *("absolute", "addcdiv", "addcmul", "allclose", "arccos", "arccosh", "arcsin", "arcsinh"),
    *("arctan", "arctan2", "arctanh", "bernoulli", "deg2rad", "divide", "equal", "fill", "fill_"),
    *(
        "fix",
        "float_power",
        "finfo",
        "fmax",
        "fmin",
        "frac",
        "iinfo",
        "get_rng_state",
        "greater",
        "greater_equal",
    ),
    *("heaviside", "isclose", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "lerp"),
    *("less", "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "logit"),
    *("multinomial", "multiply", "nan_to_num", "negative", "normal", "not_equal", "poisson"),
    *("positive", "rad2deg", "randint", "randint_like", "randperm", "rsub", "seed", "sgn"),
    *("set_rng_state", "signbit", "sinc", "square", "subtract", "true_divide", "zero_"),
}
COMPOSED |= {
    *("celu_", "dropout1d", "dropout2d", "dropout3d", "elu_", "glu", "gumbel_softmax"),
    *("hardtanh_", "leaky_relu_", "prelu", "relu_", "rrelu", "rrelu_", "selu_", "softmin"),
    *("softsign", "tanhshrink", "threshold_"),
}
# Views, movement, indexing, sorting: compositions of the operators in the table (tests/parity).
ELSEWHERE |= {
    *(
        "adjoint",
        "argsort",
        "argwhere",
        "asarray",
        "atleast_1d",
        "atleast_2d",
        "atleast_3d",
        "bincount",
        "block_diag",
        "broadcast_shapes",
        "broadcast_tensors",
        "broadcast_to",
        "bucketize",
        "cartesian_prod",
        "chunk",
        "column_stack",
        "combinations",
        "concat",
        "concatenate",
        "count_nonzero",
        "diag",
        "diag_embed",
        "diagflat",
        "diagonal_scatter",
        "dsplit",
        "dstack",
        "empty_strided",
        "fliplr",
        "flipud",
        "hsplit",
        "hstack",
        "index_copy",
        "index_fill",
        "isin",
        "logspace",
        "masked_fill",
        "masked_scatter",
        "masked_select",
        "median",
        "meshgrid",
        "moveaxis",
        "movedim",
        "msort",
        "nanmedian",
        "nanquantile",
        "put",
        "quantile",
        "ravel",
        "repeat_interleave",
        "roll",
        "rot90",
        "row_stack",
        "scalar_tensor",
        "select_scatter",
        "slice_scatter",
        "split",
        "split_with_sizes",
        "swapaxes",
        "swapdims",
        "take",
        "take_along_dim",
        "tensor_split",
        "tile",
        "tril",
        "tril_indices",
        "triu",
        "triu_indices",
        "unbind",
        "unflatten",
        "unique",
        "unique_consecutive",
        "unsafe_chunk",
        "unsafe_split",
        "vander",
        "vsplit",
        "vstack",
    ),
}
# Reductions, norms, products and losses composed of the operators in the table (tests/parity).
ELSEWHERE |= {
    *("addbmm", "addmv", "addr", "aminmax", "baddbmm", "cdist", "corrcoef", "cosine_similarity"),
    *("cov", "cross", "cumulative_trapezoid", "diff", "dist", "einsum", "ger", "inner"),
    *("matrix_power", "nanmean", "nansum", "pairwise_distance", "renorm", "std_mean", "tensordot"),
    *("trace", "trapezoid", "trapz", "var_mean", "vdot"),
}
COMPOSED |= {
    *("cosine_embedding_loss", "gaussian_nll_loss", "hinge_embedding_loss", "kl_div"),
    *("margin_ranking_loss", "multi_margin_loss", "multilabel_margin_loss", "normalize"),
    *("multilabel_soft_margin_loss", "poisson_nll_loss", "soft_margin_loss"),
    *("triplet_margin_loss", "triplet_margin_with_distance_loss", "cosine_similarity"),
    "pairwise_distance",
}
# Their output's size depends on values, so no recording has them; their operator is in the table.
UNCAPTURED = {"nonzero_count", "nonzero_write"}


@cache
def rows() -> dict[str, list[str]]:
    """Row name: its kernels, phase by phase (csrc/kernels/rows.def)."""
    text = (KERNELS / "rows.def").read_text()
    found = re.findall(r"^PN_ROW\d\((\w+), \w+, [\d.]+((?:, \w+)*)\)", text, re.M)
    return {name: [name, *more.replace(",", "").split()] for name, more in found}


@cache
def reached() -> frozenset[str]:
    """The kernels that the table's entries and their gradients record."""
    found: set[str] = set()
    for op in OPS.values():
        if not op.captured:
            continue
        for dtype in op.dtypes:
            for sample in op.draw(dtype, "grad")[:3]:
                tensors = op.tensors(sample)
                wanted = [i for i in op.grad if sample.arrays[i].dtype.kind == "f"]
                leaves = [tensors[i].requires_grad_() for i in wanted]

                def step(op=op, dtype=dtype, tensors=tensors, sample=sample, leaves=leaves):  # type: ignore[no-untyped-def]
                    results = outputs(op.call(*tensors, **sample.kwargs))
                    if leaves and dtype in REAL and results[0].requires_grad:
                        grads = pynn.autograd.grad(results[0].sum(), leaves, allow_unused=True)
                        results = [*results, *(g for g in grads if g is not None)]
                    return [r.detach() for r in results]

                found |= records(step)
    optimisers = [n for n in dir(pynn.optim) if n[0].isupper() and n != "Optimizer"]
    for step in (random_step, *map(optimiser_step, optimisers)):
        found |= records(step)
    return frozenset(k for row in found for k in rows()[row])


def records(step: object) -> set[str]:
    captured = pynn.capture(step)  # type: ignore[arg-type]
    captured()
    return set(captured.records)


def random_step() -> list[pynn.Tensor]:
    return [pynn.rand(3), pynn.randn(3), pynn.nn.functional.dropout(pynn.ones(3))]


def optimiser_step(name: str) -> object:
    p = pynn.ones(3, requires_grad=True)
    optimiser = getattr(pynn.optim, name)([p], lr=0.1)

    def step() -> pynn.Tensor:
        optimiser.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        optimiser.step()
        return loss

    return step


@pytest.mark.skipif(not KERNELS.exists(), reason="needs the sources")
def test_every_kernel_is_reached() -> None:
    text = (KERNELS / "kernels.def").read_text()
    kernels = set(re.findall(r"^PN_K\((\w+),", text, re.M))
    assert len(kernels) > 50
    assert kernels == {k for phases in rows().values() for k in phases}, "kernels without a row"
    assert not kernels - reached() - UNCAPTURED, "kernels that no entry of the table reaches"


@pytest.mark.skipif(not KERNELS.exists(), reason="needs the sources")
def test_sizes_lie_around_the_contracts_constants() -> None:
    header = (ROOT / "csrc" / "pn_contract.h").read_text()
    for name in ("KBLOCK", "CHUNK", "ROWCHUNK", "VBYTES", "VACC"):
        assert f"#define PN_{name} {getattr(optable, name)}\n" in header, name


def public_functions() -> set[str]:
    found = {f"pynn.{n}" for n in dir(pynn) if callable(getattr(pynn, n)) and n[0].islower()}
    types = {
        "dtype",
        "no_grad",
        "enable_grad",
        "set_grad_enabled",
        "inference_mode",
        "is_inference",
        "is_inference_mode_enabled",
        "summary",
        "annotations",
    }
    found -= {f"pynn.{n}" for n in NO_OPERATORS | ELSEWHERE | types}
    functional = {n for n in dir(F) if getattr(F, n) is not None and not n.startswith("_")}
    functional = {n for n in functional if callable(getattr(F, n)) and n[0].islower()}
    same = {n for n in functional if getattr(F, n) is getattr(pynn, n, None)}
    return found | {f"nn.functional.{n}" for n in functional - COMPOSED - same - {"annotations"}}


def names(op: object) -> tuple[str, ...]:
    return op.stub or (f"pynn.{op.name}",)  # type: ignore[attr-defined]


def test_every_operator_is_in_the_table() -> None:
    covered = {name for op in OPS.values() for name in names(op)}
    tensor = {name.replace("Tensor.", "pynn.") for name in covered if name.startswith("Tensor.")}
    missing = public_functions() - covered - tensor
    assert not missing, f"not in tests/operators: {sorted(missing)}"


def sources(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.py")))


def test_every_entry_has_its_stub() -> None:
    package = Path(pynn.__file__).parent
    stub = (package / "_core.pyi").read_text()
    functions = sources(package / "_functions")
    text = stub + functions
    tensor = stub[stub.index("class Tensor") :] + functions
    functional = sources(Path(F.__file__).parent)
    modules = sources(package / "nn" / "modules")
    for op in OPS.values():
        for name in names(op):
            owner, _, last = name.rpartition(".")
            where = {"pynn": text, "Tensor": tensor, "nn.functional": functional, "nn": modules}[
                owner
            ]
            pattern = rf"(?:def|class) {last}\b|\b{last} as {last}\b| {last} = |^{last} = "
            assert re.search(pattern, where, re.M), name
            if owner == "pynn":
                assert getattr(pynn, last)
    assert (package / "py.typed").exists()


def test_table_is_used() -> None:
    """Every entry has samples for every purpose and dtype, and they say something."""
    for op in OPS.values():
        for dtype in op.dtypes:
            for purpose in ("sizes", "grad", "hash"):
                samples = op.draw(dtype, purpose)
                assert samples, f"{op} has no samples {purpose!r} of {dtype}"
        big = max(sum(a.size for a in s.arrays) for s in op.draw(op.dtypes[0], "hash"))
        assert big > 1000, op
        assert np.isfinite(big)
