"""nn.utils, nn.init and swa_utils against PyTorch, or against what they promise."""

from __future__ import annotations

import copy
import math
import warnings
from typing import Any

import numpy as np
import pytest

import pynn
from pynn import nn
from pynn.nn import init, utils
from pynn.optim import swa_utils

torch = pytest.importorskip("torch")


def both(*shapes: tuple[int, ...], dtype: str = "float64") -> tuple[list[Any], list[Any]]:
    """Parameters with gradients."""
    rng = np.random.RandomState(1)
    ours, theirs = [], []
    for shape in shapes:
        p, g = (np.asarray(rng.randn(*shape), dtype) for _ in range(2))
        theirs.append(torch.tensor(p, requires_grad=True))
        ours.append(pynn.tensor(p, requires_grad=True))
        theirs[-1].grad, ours[-1].grad = torch.tensor(g), pynn.tensor(g)
    return theirs, ours


# ---- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_type", [1, 2, 3.5, math.inf, 0])
@pytest.mark.parametrize("max_norm", [0.1, 1e3])
def test_clip_grad_norm(norm_type: float, max_norm: float) -> None:
    theirs, ours = both((3, 4), (5,), ())
    a = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    b = utils.clip_grad_norm_(ours, max_norm, norm_type)
    assert b.shape == ()
    np.testing.assert_allclose(b.numpy(), a.numpy(), 1e-12)
    for p, q in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(q.grad.numpy(), p.grad.numpy(), 1e-12)


def test_clip_grad_norm_of_none_and_of_nan() -> None:
    p = pynn.ones(2, requires_grad=True)
    assert utils.clip_grad_norm_([p], 1.0).item() == 0
    p.grad = pynn.tensor([math.inf, 1.0])
    with pytest.raises(RuntimeError, match="non-finite"):
        utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)


def test_clipping_is_captured() -> None:
    def run(captured: bool) -> list[float]:
        p = pynn.ones(5, requires_grad=True)
        o = pynn.optim.SGD([p], lr=0.1)

        def step() -> pynn.Tensor:
            o.zero_grad()
            (p * p * p).sum().backward()
            norm = utils.clip_grad_norm_([p], 0.5)
            o.step()
            return norm

        f: Any = pynn.capture(step) if captured else step
        return [float(f()) for _ in range(6)] + list(p.tolist())

    assert run(True) == run(False)


def test_clip_grad_value() -> None:
    theirs, ours = both((3, 4), (5,))
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    utils.clip_grad_value_(ours, 0.3)
    for p, q in zip(theirs, ours, strict=True):
        assert (q.grad.numpy() == p.grad.numpy()).all()


def test_parameters_and_vectors() -> None:
    _, ours = both((3, 4), (5,), ())
    vector = utils.parameters_to_vector(ours)
    assert vector.shape == (18,)
    utils.vector_to_parameters(vector.detach() * 2, ours)
    assert (utils.parameters_to_vector(ours).detach() == vector.detach() * 2).all().item()
    with pytest.raises(TypeError, match="expected a Tensor, but got: list"):
        utils.vector_to_parameters([1.0], ours)  # type: ignore[arg-type]


# ---- weights -------------------------------------------------------------------------------------


def copied(theirs: Any, ours: Any) -> None:
    """PyTorch's parameters and buffers in pynn's module."""
    state = {k: pynn.tensor(v.detach().numpy()) for k, v in theirs.state_dict().items()}
    ours.load_state_dict(state)


def compare(theirs: Any, ours: Any, *shape: int) -> None:
    x = np.random.RandomState(2).randn(*shape).astype("float32")
    a, b = torch.tensor(x, requires_grad=True), pynn.tensor(x, requires_grad=True)
    y, z = theirs(a), ours(b)
    np.testing.assert_allclose(z.detach().numpy(), y.detach().numpy(), 1e-4, 1e-5)
    (y * y).sum().backward()
    (z * z).sum().backward()
    np.testing.assert_allclose(b.grad.numpy(), a.grad.numpy(), 1e-3, 1e-4)
    named = dict(theirs.named_parameters())
    for name, q in ours.named_parameters():
        np.testing.assert_allclose(q.grad.numpy(), named[name].grad.numpy(), 1e-3, 1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(dim: int | None) -> None:
    theirs = torch.nn.utils.weight_norm(torch.nn.Linear(5, 3), dim=dim)
    ours = utils.weight_norm(nn.Linear(5, 3), dim=dim)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    copied(theirs, ours)
    compare(theirs, ours, 4, 5)
    before = ours(pynn.ones(5)).detach()
    utils.remove_weight_norm(ours)
    assert [n for n, _ in ours.named_parameters()] == ["bias", "weight"]
    np.testing.assert_allclose(ours(pynn.ones(5)).detach().numpy(), before.numpy(), 1e-6)
    with pytest.raises(ValueError, match="not found"):
        utils.remove_weight_norm(ours)


@pytest.mark.parametrize("kind", ["Linear", "Conv2d"])
def test_spectral_norm(kind: str) -> None:
    arguments, shape = ((5, 3), (4, 5)) if kind == "Linear" else ((2, 3, 2), (2, 2, 4, 4))
    theirs = torch.nn.utils.spectral_norm(getattr(torch.nn, kind)(*arguments))
    ours = utils.spectral_norm(getattr(nn, kind)(*arguments))
    assert sorted(ours.state_dict()) == sorted(theirs.state_dict())
    copied(theirs, ours)
    for training in (True, True, False):
        theirs.train(training)
        ours.train(training)
        theirs.zero_grad()
        ours.zero_grad()
        compare(theirs, ours, *shape)
    utils.remove_spectral_norm(ours)
    assert sorted(n for n, _ in ours.named_parameters()) == ["bias", "weight"]


def test_fusion() -> None:
    pynn.manual_seed(0)
    layers = [(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), (2, 3, 5, 5), utils.fuse_conv_bn_eval)]
    layers.append((nn.Linear(3, 4), nn.BatchNorm1d(4), (6, 3), utils.fuse_linear_bn_eval))
    for layer, bn, shape, fuse in layers:
        x = pynn.randn(*shape)
        for _ in range(3):
            bn(layer(x))
        with pytest.raises(AssertionError, match="eval"):
            fuse(layer, bn)
        init.normal_(bn.weight)
        want = bn.eval()(layer.eval()(x))
        got = fuse(layer, bn)(x)
        np.testing.assert_allclose(got.detach().numpy(), want.detach().numpy(), 1e-4, 1e-5)


# ---- initial values ------------------------------------------------------------------------------


def test_orthogonal() -> None:
    for shape in ((7, 7), (4, 9), (9, 2, 3), (5, 1)):
        w = init.orthogonal_(pynn.empty(*shape, dtype=pynn.float64), gain=2.0).numpy()
        m = w.reshape(shape[0], -1)
        small = m @ m.T if m.shape[0] <= m.shape[1] else m.T @ m
        np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)
    with pytest.raises(ValueError, match="2 or more"):
        init.orthogonal_(pynn.ones(3))


def test_truncated_normal() -> None:
    x = init.trunc_normal_(pynn.empty(200, 100), 0.5, 2.0, -1.0, 3.0).numpy()
    theirs = torch.nn.init.trunc_normal_(torch.empty(200, 100), 0.5, 2.0, -1.0, 3.0).numpy()
    assert x.min() >= -1
    assert x.max() <= 3
    assert abs(x.mean() - theirs.mean()) < 0.05
    assert abs(x.std() - theirs.std()) < 0.05
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(pynn.empty(2), 5.0, 1.0)


def test_variances() -> None:
    shape = (300, 200)
    for fill, std in (
        (init.lecun_normal_, math.sqrt(1 / 200)),
        (init.lecun_uniform_, math.sqrt(1 / 200)),
        (init.xavier_normal_, math.sqrt(2 / 500)),
        (init.kaiming_uniform_, math.sqrt(2 / (1 + 0.0) / 200)),
    ):
        assert abs(fill(pynn.empty(*shape)).std().item() / std - 1) < 0.03, fill.__name__


def test_fixed_values() -> None:
    for shape, groups in (((4, 3, 3), 1), ((4, 3, 2, 5), 2), ((6, 2, 3, 3, 3), 3)):
        want = torch.nn.init.dirac_(torch.empty(*shape), groups).numpy()
        assert (init.dirac_(pynn.empty(*shape), groups).numpy() == want).all()
    assert (init.eye_(pynn.empty(3, 5)).numpy() == np.eye(3, 5)).all()
    sparse = init.sparse_(pynn.empty(10, 6), 0.35).numpy()
    assert ((sparse == 0).sum(0) == 4).all()


@pytest.mark.parametrize(
    "arguments",
    [("linear",), ("conv_transpose2d",), ("tanh",), ("relu",), ("leaky_relu", 0.2), ("selu",)],
)
def test_gains(arguments: Any) -> None:
    assert init.calculate_gain(*arguments) == torch.nn.init.calculate_gain(*arguments)


def test_init_errors() -> None:
    for call, words in (
        (lambda: init.calculate_gain("foo"), "Unsupported nonlinearity foo"),
        (lambda: init.calculate_gain("leaky_relu", "x"), "negative_slope x"),  # type: ignore[arg-type]
        (lambda: init.eye_(pynn.ones(2)), "2 dimensions"),
        (lambda: init.dirac_(pynn.ones(2, 2)), "3, 4, or 5"),
        (lambda: init.dirac_(pynn.ones(3, 2, 3), 2), "divisible by groups"),
        (lambda: init.sparse_(pynn.ones(3), 0.1), "2 dimensions"),
        (lambda: init.kaiming_uniform_(pynn.ones(2, 2), mode="x"), "Mode x not supported"),
        (lambda: init.xavier_uniform_(pynn.ones(3)), "Fan in and fan out"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


# ---- averages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["mean", "ema", "multi_ema", "multi_mean"])
@pytest.mark.parametrize("use_buffers", [False, True])
def test_averaged_model(kind: str, use_buffers: bool) -> None:
    def options(library: Any) -> dict[str, Any]:
        return {
            "mean": {},
            "ema": {"avg_fn": library.get_ema_avg_fn(0.9)},
            "multi_ema": {"multi_avg_fn": library.get_ema_multi_avg_fn(0.9)},
            "multi_mean": {"multi_avg_fn": library.get_swa_multi_avg_fn()},
        }[kind]

    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    ours = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    copied(theirs, ours)
    their_options = options(torch.optim.swa_utils)
    if kind == "multi_mean" and use_buffers:
        their_options = {}  # PyTorch divides integers there, which it refuses
    a = torch.optim.swa_utils.AveragedModel(theirs, use_buffers=use_buffers, **their_options)
    b = swa_utils.AveragedModel(ours, use_buffers=use_buffers, **options(swa_utils))
    rng = np.random.RandomState(0)
    for _ in range(4):
        for p, q in zip(theirs.parameters(), ours.parameters(), strict=True):
            step = rng.randn(*p.shape).astype("float32")
            p.data += torch.tensor(step)
            with pynn.no_grad():
                q.add_(pynn.tensor(step))
        x = rng.randn(5, 3).astype("float32")
        theirs(torch.tensor(x))
        ours(pynn.tensor(x))
        a.update_parameters(theirs)
        b.update_parameters(ours)
    assert list(b.state_dict()) == list(a.state_dict())
    for key, value in a.state_dict().items():
        if value.is_floating_point() or not use_buffers:  # counts are copied, not averaged
            np.testing.assert_allclose(b.state_dict()[key].numpy(), value.numpy(), 1e-5, 1e-6)
    data = [rng.randn(6, 3).astype("float32") for _ in range(3)]
    torch.optim.swa_utils.update_bn([torch.tensor(d) for d in data], a)
    swa_utils.update_bn([(pynn.tensor(d), None) for d in data], b)
    for key, value in a.state_dict().items():
        np.testing.assert_allclose(b.state_dict()[key].numpy(), value.numpy(), 1e-5, 1e-6)
    x = rng.randn(2, 3).astype("float32")
    a.eval()
    b.eval()
    want = a(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(b(pynn.tensor(x)).detach().numpy(), want, 1e-4, 1e-5)
    copy.deepcopy(b)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_swalr(strategy: str) -> None:
    rates: list[list[float]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in (torch, pynn):
            p = library.ones(2, requires_grad=True)
            o = library.optim.SGD([p], lr=0.3)
            s = library.optim.swa_utils.SWALR(o, 0.05, 7, strategy)
            rates.append([])
            for _ in range(20):
                rates[-1].append(s.get_last_lr()[0])
                s.step()
    assert rates[1] == pytest.approx(rates[0], rel=1e-12)


# ---- batch normalisation's count -----------------------------------------------------------------


def test_cumulative_average_is_captured() -> None:
    """momentum None: the factor is 1 / count, which a replay reads anew."""
    rng = np.random.RandomState(0)
    batches = [rng.randn(6, 3).astype("float32") for _ in range(5)]
    found = []
    for captured in (False, True):
        bn = nn.BatchNorm1d(3, momentum=None)

        def step(x: Any, bn: Any = bn) -> Any:
            return bn(x).sum()

        f: Any = pynn.capture(step) if captured else step
        for batch in batches:
            f(pynn.tensor(batch))
        assert not captured or f.replays > 1
        found.append([t.numpy() for t in bn.buffers()])
    for a, b in zip(*found, strict=True):
        assert a.tobytes() == b.tobytes()
    theirs = torch.nn.BatchNorm1d(3, momentum=None)
    for batch in batches:
        theirs(torch.tensor(batch))
    np.testing.assert_allclose(found[0][1], theirs.running_var.numpy(), 1e-5)
    assert found[0][2] == 5
