"""The tutorial's snippets as functions."""

import numpy as np
import pytest

import pynn
from pynn import tutorial


@pytest.fixture(autouse=True)
def global_stream():
    """Start NumPy's global generator at 0, and leave it as it was."""
    state = np.random.get_state()
    np.random.seed(0)
    yield
    np.random.set_state(state)


@pytest.mark.parametrize(
    ("function", "scale"),
    [(tutorial.xavier_init, np.sqrt(2.0 / 8)), (tutorial.he_init, np.sqrt(2.0 / 3))],
)
def test_initialisation_draws_from_the_global_stream(function, scale):
    drawn = function(3, 5)
    np.random.seed(0)
    assert np.array_equal(drawn, np.random.randn(3, 5) * scale)
    assert np.array_equal(drawn, function(3, 5, seed=0))


def tutorial_batch_norm(x, gamma, beta, eps=1e-5):
    """The tutorial's formula."""
    mean = np.mean(x, axis=0)
    var = np.var(x, axis=0)
    return gamma * ((x - mean) / np.sqrt(var + eps)) + beta


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("shape", [(7, 3), (1, 3), (6,), (5, 2, 3)])
def test_batch_norm(shape, dtype):
    x = (10 * np.random.randn(*shape)).astype(dtype)
    gamma, beta = np.random.randn(shape[-1]), np.random.randn(shape[-1])
    if dtype == np.float32:
        gamma, beta = gamma.astype(dtype), beta.astype(dtype)
    expected = tutorial_batch_norm(x, gamma, beta)
    result = tutorial.batch_norm(x, gamma, beta)
    assert type(result) is np.ndarray and result.dtype == expected.dtype
    tolerance = 64 * np.finfo(expected.dtype).eps
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        tutorial.batch_norm(x, 2.0, 1.0, eps=0.1),
        tutorial_batch_norm(x, 2.0, 1.0, 0.1),
        rtol=tolerance,
        atol=tolerance,
    )


def test_batch_norm_of_tensors_has_gradients():
    values = np.random.randn(6, 2)
    x = pynn.tensor(values, requires_grad=True)
    gamma, beta = pynn.ones(2, dtype=pynn.float64), pynn.zeros(2, dtype=pynn.float64)
    result = tutorial.batch_norm(x, gamma, beta)
    np.testing.assert_allclose(
        result.detach().numpy(), tutorial_batch_norm(values, 1.0, 0.0), rtol=1e-13, atol=1e-13
    )
    (result * result * result).sum().backward()
    numeric = np.empty_like(values)
    for index in np.ndindex(values.shape):
        shifted = []
        for h in (1e-5, -1e-5):
            moved = values.copy()
            moved[index] += h
            shifted.append((tutorial_batch_norm(moved, 1.0, 0.0) ** 3).sum())
        numeric[index] = (shifted[0] - shifted[1]) / 2e-5
    np.testing.assert_allclose(x.grad.numpy(), numeric, atol=1e-6)


def test_dropout_is_the_tutorials():
    x = np.random.randn(50, 4)
    np.random.seed(1)
    expected = x * (np.random.rand(*x.shape) < 0.7) / 0.7
    np.random.seed(1)
    assert np.array_equal(tutorial.dropout(x, 0.7), expected)
    assert np.array_equal(tutorial.dropout(x, 0.7, seed=1), expected)
    assert np.array_equal(tutorial.dropout(x, 1.0), x)
    assert np.isnan(tutorial.dropout(x, 0.0)).all()
    t = pynn.tensor(x, requires_grad=True)
    result = tutorial.dropout(t, 0.7, seed=1)
    assert np.array_equal(result.detach().numpy(), expected)
    result.sum().backward()
    np.testing.assert_allclose(t.grad.numpy(), (expected != 0) / 0.7, rtol=1e-15)
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="keep_prob"):
            tutorial.dropout(x, wrong)


def test_l2_penalty_and_its_gradient():
    W = np.random.randn(5, 4)
    assert tutorial.l2_penalty(W, 0.1) == pytest.approx(0.1 * np.sum(W**2), rel=1e-14)
    t = pynn.tensor(W, requires_grad=True)
    tutorial.l2_penalty(t, 0.1).backward()
    np.testing.assert_allclose(t.grad.numpy(), 0.2 * W, rtol=1e-14)
    with pytest.raises(ValueError, match=r"lambda_reg.*\(5, 4\)"):
        tutorial.l2_penalty(0.1, W)


def test_schedules():
    assert tutorial.exponential_decay(0.1, 0.5, 0, 10) == 0.1
    assert tutorial.exponential_decay(0.1, 0.5, 10, 10) == pytest.approx(0.05)
    assert tutorial.exponential_decay(0.1, 0.5, 5, 10) == pytest.approx(0.1 * 0.5**0.5)
    assert tutorial.cosine_annealing(0.01, 0.1, 0, 50) == pytest.approx(0.1)
    assert tutorial.cosine_annealing(0.01, 0.1, 50, 50) == pytest.approx(0.01)
    assert tutorial.cosine_annealing(0.01, 0.1, 25, 50) == pytest.approx(0.055)
