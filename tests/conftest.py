"""What every test may rely on: the global state is as it was when it began."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pynn
from pynn import _debug


@pytest.fixture(autouse=True)
def _global_state() -> Iterator[None]:
    threads = pynn.get_num_threads()
    level = _debug.last_level()
    pynn.manual_seed(0)
    yield
    _debug.fail_alloc(0)
    _debug.chaos(False)
    _debug.set_level(level)
    pynn.set_num_threads(threads)
    pynn.set_default_dtype(pynn.float32)
    assert pynn.is_grad_enabled(), "the test left the grad mode off"
