"""What Python and NumPy ask of a tensor beside arithmetic: membership, copies, memory, bytes."""

import copy
import pickle

import numpy as np
import pytest

import pynn


def test_membership():
    x = pynn.arange(6.0).reshape(2, 3)
    assert 3 in x and 3.0 in x and pynn.tensor(5.0) in x
    assert 99 not in x and float("nan") not in x
    with pytest.raises(RuntimeError, match=r"only supports Tensor or scalar.*str"):
        "a" in x  # noqa: B015


def test_copies():
    x = pynn.ones(3, requires_grad=True)
    shared = copy.copy(x)
    assert shared is not x and shared.data_ptr() == x.data_ptr() and shared.requires_grad
    own = copy.deepcopy(x)
    assert own.data_ptr() != x.data_ptr() and own.requires_grad
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(x)


def test_array_interface():
    class Holder:
        def __init__(self, t):
            self.t, self.__array_interface__ = t, t.__array_interface__

    x = pynn.arange(12).reshape(3, 4)[:, ::2]
    array = np.asarray(Holder(x))
    assert array.ctypes.data == x.data_ptr() and array.strides == (32, 16)
    assert np.array_equal(array, [[0, 2], [4, 6], [8, 10]])
    with pytest.raises(RuntimeError, match="requires grad"):
        _ = pynn.ones(2, requires_grad=True).__array_interface__


def test_order_and_names():
    x = pynn.arange(6).reshape(3, 2)
    assert reversed(x).tolist() == [[4, 5], [2, 3], [0, 1]]
    assert x.nbytes == 48 and x.itemsize == 8 and x.nelement() == 6 and x.ndimension() == 2
    assert x.type() == "pynn.LongTensor" and x.type(pynn.float32).dtype is pynn.float32
    assert x[1].storage_offset() == 2
    assert {"sort", "cat", "shape"} & set(dir(x)) == {"sort", "shape"}


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 0, 4)])
def test_view_as_another_dtype(shape):
    a = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    x = pynn.from_numpy(a)
    for name in ("int32", "uint8", "float64", "float16", "int64"):
        assert np.array_equal(x.view(getattr(pynn, name)).numpy(), a.view(name), equal_nan=True)
    x.view(pynn.int32).zero_()
    assert not a.any()
    with pytest.raises(RuntimeError, match="whole items"):
        x[..., :3].view(pynn.float64)
    with pytest.raises(RuntimeError, match="whole items"):
        pynn.tensor(1.0).view(pynn.int8)


def test_arange_survives_replays():
    """What the host writes is no block that a replay uses again."""

    def step(x):
        y = pynn.arange(4.0) + x
        z = pynn.cat([y * 2, y]).exp()
        return [y, z]

    captured = pynn.capture(step)
    for k in range(4):
        x = pynn.full((4,), float(k))
        assert captured(x)[0].tolist() == [k, k + 1, k + 2, k + 3]
    assert captured.replays >= 2
