"""finfo and iinfo against NumPy's."""

import numpy as np
import pytest

import pynn


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_finfo(name: str) -> None:
    ours, theirs = pynn.finfo(getattr(pynn, name)), np.finfo(name)
    assert (ours.bits, ours.dtype) == (theirs.bits, name)
    for field in ("eps", "max", "min", "tiny", "smallest_normal"):
        assert getattr(ours, field) == float(getattr(theirs, field)), field
    assert ours.resolution == pytest.approx(float(theirs.resolution), rel=1e-3)


def test_bfloat16_and_the_default() -> None:
    limits = pynn.finfo(pynn.bfloat16)
    assert (limits.max, limits.eps, limits.tiny) == (3.3895313892515355e38, 2**-7, 2.0**-126)
    assert repr(pynn.finfo()).endswith("dtype=float32)")


@pytest.mark.parametrize("name", ["int64", "int32", "int8", "uint8"])
def test_iinfo(name: str) -> None:
    ours, theirs = pynn.iinfo(getattr(pynn, name)), np.iinfo(name)
    assert (ours.bits, ours.min, ours.max) == (theirs.bits, theirs.min, theirs.max)


def test_wrong_dtypes() -> None:
    for call in (lambda: pynn.finfo(pynn.int64), lambda: pynn.iinfo(pynn.float32)):
        with pytest.raises(TypeError, match="info"):
            call()
    with pytest.raises(TypeError, match="expected a dtype"):
        pynn.iinfo("int64")  # type: ignore[arg-type]
