"""The types of the Tensor methods that are functions of Python are those of the functions."""

import method_stubs


def test_the_stub_has_every_method():
    have = set(method_stubs.FILE.read_text().split("def ")[1:])
    have = {text.partition("(")[0] for text in have}
    want = {text.partition("(")[0] for text in method_stubs.text().split("def ")[1:]}
    assert have == want, "run python tests/method_stubs.py"


def test_the_names_are_known_before_the_functions():
    assert method_stubs.NAMES.read_text().split() == method_stubs.names().split(), (
        "run python tests/method_stubs.py"
    )
