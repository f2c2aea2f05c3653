"""Convolution layers beyond the table of operators: errors, batches, modes, memory."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from layouts import guarded

import pynn
import pynn.nn.functional as F
from pynn import _debug, nn


def randn(*shape: int, dtype: pynn.dtype = pynn.float32) -> pynn.Tensor:
    values = np.random.RandomState(sum(shape)).standard_normal(shape)
    return pynn.tensor(values, dtype=dtype)


@pytest.mark.parametrize(("size", "kernel", "stride"), [(9, 3, 1), (8, 3, 2), (4, 1, 1), (5, 5, 1)])
def test_an_image_has_the_bits_of_a_batch(size: int, kernel: int, stride: int) -> None:
    """Forward and by the input, an image's results do not depend on its neighbours."""
    x, w = randn(7, 65, size, size), randn(33, 65, kernel, kernel)
    x.requires_grad_()
    y = F.conv2d(x, w, stride=stride, padding=kernel // 2)
    (dx,) = pynn.autograd.grad(y.sum(), [x])
    for i in (0, 3, 6):
        one = x[i : i + 1].detach().requires_grad_()
        alone = F.conv2d(one, w, stride=stride, padding=kernel // 2)
        assert np.array_equal(alone.detach().numpy()[0], y.detach().numpy()[i])
        (d,) = pynn.autograd.grad(alone.sum(), [one])
        assert np.array_equal(d.numpy()[0], dx.numpy()[i])


def test_pointwise_is_a_product() -> None:
    """A kernel of one element has the bits of the matrix product."""
    x, w = randn(3, 600, 5, 7), randn(20, 600, 1, 1)
    y = F.conv2d(x, w)
    product = w.reshape(20, 600) @ x.reshape(3, 600, 35)
    assert np.array_equal(y.numpy().reshape(3, 20, 35), product.numpy())


def test_unfold_and_a_product_have_the_same_bits() -> None:
    x, w = randn(2, 60, 6, 9), randn(11, 60, 3, 3)
    y = F.conv2d(x, w, stride=2, padding=1)
    columns = F.unfold(x, 3, padding=1, stride=2)
    assert np.array_equal(y.numpy().reshape(2, 11, -1), (w.reshape(11, -1) @ columns).numpy())


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_is_the_adjoint(groups: int, stride: int) -> None:
    """<conv(x), y> = <x, conv_transpose(y)>"""
    w = randn(6, 9 // groups, 3, 2, dtype=pynn.float64)
    x = randn(2, 9, 10, 8, dtype=pynn.float64)
    y = F.conv2d(x, w, stride=stride, padding=1, groups=groups)
    z = randn(*y.shape, dtype=pynn.float64)
    more = [x.shape[2 + d] - ((y.shape[2 + d] - 1) * stride - 2 + w.shape[2 + d]) for d in range(2)]
    back = F.conv_transpose2d(z, w, stride=stride, padding=1, output_padding=more, groups=groups)
    assert abs(float((y * z).sum()) - float((x * back).sum())) < 1e-9


WRONG = [
    (lambda: F.conv2d(randn(1, 4, 9, 9), randn(6, 3, 5, 5)), "to have 3 channels, but got 4"),
    (lambda: F.conv2d(randn(4, 9), randn(6, 3, 5, 5)), "Expected 3D .* or 4D"),
    (lambda: F.conv2d(randn(1, 3, 4, 9), randn(6, 3, 5, 5)), "Kernel size can't be greater"),
    (lambda: F.conv2d(randn(1, 3, 9, 9), randn(6, 3, 5, 5), randn(5)), "6 elements, but got"),
    (lambda: F.conv2d(randn(1, 3, 9, 9), randn(6, 3, 5, 5), stride=0), "non-positive stride"),
    (lambda: F.conv2d(randn(1, 3, 9, 9), randn(6, 3, 5, 5), padding=-1), "negative padding"),
    (lambda: F.conv2d(randn(1, 3, 9, 9), randn(6, 3, 5, 5), groups=4), "divisible"),
    (lambda: F.conv2d(randn(1, 3, 9, 9), randn(6, 3, 5, 5), padding="full"), "Invalid padding"),
    (
        lambda: F.conv2d(randn(1, 3, 9, 9), randn(6, 3, 5, 5, dtype=pynn.float64)),
        "should be the same",
    ),
    (lambda: F.conv2d(randn(1, 3, 9, 9), randn(6, 3, 5, 5), stride=(1, 2, 3)), "list of 2 values"),
    (lambda: F.conv_transpose2d(randn(1, 6, 9, 9), randn(6, 3, 5, 5), output_padding=1), "output"),
    (lambda: F.max_pool2d(randn(1, 3, 4, 4), 3, padding=2), "at most half"),
    (lambda: F.max_pool2d(randn(1, 3, 4, 4), 5), "too small"),
    (lambda: F.avg_pool2d(randn(1, 3, 4, 4), 2, divisor_override=0), "not zero"),
    (lambda: F.avg_pool2d(randn(4, 4), 2), "Expected 3D or 4D"),
    (lambda: F.pad(randn(3, 4), (1,)), "divisible by 2"),
    (lambda: F.pad(randn(3, 4), (-5, 0)), "negative output size"),
    (lambda: F.pad(randn(1, 3, 4), (4, 0), "reflect"), "less than the corresponding"),
    (lambda: F.unfold(randn(1, 3, 4, 4), 5), "sliding blocks"),
    (lambda: F.fold(randn(1, 12, 9), 5, 2), "sliding blocks"),
    (lambda: F.grid_sample(randn(1, 1, 3, 3), randn(2, 3, 3, 2)), "batch size 1"),
    (lambda: F.pixel_shuffle(randn(1, 3, 4, 4), 2), "divisible"),
]


@pytest.mark.parametrize(("call", "said"), WRONG)
def test_errors_say_what_is_wrong(call, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RuntimeError, match=said):
        call()


def test_modules_refuse_what_does_not_fit() -> None:
    for build, said in (
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "in_channels"),
        (lambda: nn.Conv2d(4, 3, 3, groups=2), "out_channels"),
        (lambda: nn.Conv2d(3, 4, 3, padding="half"), "Invalid padding"),
        (lambda: nn.Conv2d(3, 4, 3, padding="same", stride=2), "strided"),
        (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"), "padding_mode"),
        (lambda: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"), "Only"),
    ):
        with pytest.raises(ValueError, match=said):
            build()


def test_what_modules_look_like() -> None:
    conv = nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=2, bias=False, padding_mode="circular")
    assert repr(conv) == (
        "Conv2d(4, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), groups=2, bias=False, "
        "padding_mode=circular)"
    )
    assert repr(nn.MaxPool2d(2)) == (
        "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
    )
    assert repr(nn.ZeroPad2d(1)) == "ZeroPad2d((1, 1, 1, 1))"
    assert repr(nn.Upsample(scale_factor=2)) == "Upsample(scale_factor=2.0, mode='nearest')"


def test_output_size_settles_the_stride() -> None:
    layer = nn.ConvTranspose2d(3, 5, 3, stride=2, padding=1)
    x = randn(2, 3, 6, 6)
    assert layer(x).shape == (2, 5, 11, 11)
    assert layer(x, output_size=(12, 11)).shape == (2, 5, 12, 11)
    with pytest.raises(ValueError, match="valid sizes"):
        layer(x, output_size=(14, 11))


def test_unpooling_undoes_pooling() -> None:
    x = randn(2, 3, 8, 8)
    y, where = F.max_pool2d(x, 2, return_indices=True)
    back = F.max_unpool2d(y, where, 2)
    kept = back.numpy() != 0
    assert kept.sum() == y.numel()
    assert np.array_equal(back.numpy()[kept], x.numpy()[kept])


def test_an_index_outside_its_plane_is_refused() -> None:
    where = pynn.full((1, 1, 2, 2), 99, dtype=pynn.int64)
    with pytest.raises((IndexError, RuntimeError), match="99"):
        F.max_unpool2d(randn(1, 1, 2, 2), where, 2)


def test_grid_of_the_identity_gives_the_image() -> None:
    x = randn(2, 3, 5, 7, dtype=pynn.float64)
    theta = pynn.tensor([[[1.0, 0, 0], [0, 1, 0]]] * 2, dtype=pynn.float64)
    for align in (False, True):
        grid = F.affine_grid(theta, x.shape, align_corners=align)
        y = F.grid_sample(x, grid, align_corners=align)
        assert np.allclose(y.numpy(), x.numpy())


def test_a_step_needs_no_columns() -> None:
    """The batch as columns would be 9 times the input; forward and backward need none of it."""
    x, w = randn(16, 32, 32, 32).requires_grad_(), randn(32, 32, 3, 3).requires_grad_()
    image = x.numel() * 4
    threads = pynn.get_num_threads()
    pynn.set_num_threads(1)  # scratch of a thread that has its first work now would count
    try:
        F.conv2d(x, w, padding=1).sum().backward()
        x.grad = w.grad = None
        check_memory(x, w, image)
    finally:
        pynn.set_num_threads(threads)


def check_memory(x: pynn.Tensor, w: pynn.Tensor, image: int) -> None:
    gc.collect()
    _debug.trim()
    before = _debug.live_bytes()
    y = F.conv2d(x, w, padding=1)
    assert _debug.live_bytes() - before < 1.5 * image
    y.sum().backward()
    del y
    assert _debug.live_bytes() - before < 1.6 * image + 4 * w.numel()


LAYERS = [
    (1, 3, 17, (3, 3), 1, 1, 1, 7),
    (2, 1, 1, (3, 2), 2, 1, 1, 9),
    (1, 9, 2, (1, 1), 1, 0, 1, 33),
    (2, 2, 3, (5, 3), 3, 2, 2, 17),
    (5, 1, 1, (3, 3), 1, 2, 2, 35),
]


@pytest.mark.parametrize("level", _debug.levels())
@pytest.mark.parametrize("at_end", [False, True])
def test_nothing_outside_is_read(level: str, at_end: bool) -> None:
    """Images, weights and gradients between guard pages, forward and backward, on every level."""
    before = pynn.config()["level_active"]
    _debug.set_level(level)
    rng = np.random.RandomState(0)

    def fenced(*shape: int) -> pynn.Tensor:
        values = rng.standard_normal(shape).astype(np.float32)
        return pynn.from_numpy(guarded(values, at_end)).requires_grad_()

    try:
        for groups, c, o, kernel, stride, padding, dilation, side in LAYERS:
            w, size = fenced(groups * o, c, *kernel), (side + 3, side)
            numbers = {"stride": stride, "padding": padding, "dilation": dilation}
            forward = F.conv2d(fenced(2, groups * c, *size), w, groups=groups, **numbers)
            back = F.conv_transpose2d(fenced(2, groups * o, *size), w, groups=groups, **numbers)
            image = fenced(2, 3, side + 3, side + 3)
            others = (
                F.max_pool2d(image, 3, 2, 1),
                F.avg_pool2d(image, 3, 2, 1),
                F.interpolate(image, size=(7, 19), mode="bicubic"),
                F.unfold(image, 3, padding=1),
                F.pad(image, (1, 2, -1, 0)),
            )
            for y in (forward, back, *others):
                y.backward(fenced(*y.shape).detach())
                assert np.isfinite(y.detach().numpy()).all()
    finally:
        _debug.set_level(before)
