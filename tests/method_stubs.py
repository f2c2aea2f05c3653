"""Makes pynn/_methods.pyi, the types of the Tensor methods that are functions of Python, and
pynn/_names.py, their names.

`python tests/method_stubs.py` writes it, from the functions' own signatures; test_binding_stubs.py
fails when it is out of date.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pynn
import pynn._functions

FILE = Path(__file__).parents[1] / "pynn" / "_methods.pyi"
HEAD = '''"""The methods of Tensor that are functions of Python (made by tests/method_stubs.py)."""

from builtins import bool as _bool, float as _float, int as _int
from collections.abc import Callable, Sequence
from typing import Any, Literal

from pynn._core import Generator, Tensor, dtype as _dtype
{more}
_Number = _float | _int | _bool

class TensorMethods:
'''
BUILTINS = {"bool": "_bool", "int": "_int", "float": "_float", "dtype": "_dtype"}


def renamed(annotation: str) -> str:
    """Names that a method of the same name would hide."""
    plain = annotation.replace("_core.", "").replace("pynn.", "")
    for name, other in BUILTINS.items():
        plain = re.sub(rf"(?<![\w.]){name}\b", other, plain)
    return plain


def aliases(function: Callable[..., Any]) -> dict[str, str]:
    """Type aliases of the function's module that its annotations use."""
    module = sys.modules[function.__module__]
    if not str(module.__file__).endswith(".py"):
        return {}  # the extension's functions have no annotations
    return aliases_in(Path(str(module.__file__)))


def aliases_in(path: Path) -> dict[str, str]:
    """What a module assigns at its top, and what it imports of that from its neighbours."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.unparse(node.value)
        elif isinstance(node, ast.ImportFrom) and node.module == "pynn._functions._arguments":
            there = aliases_in(path.with_name("_arguments.py"))
            found |= {a.name: there[a.name] for a in node.names if a.name in there}
    return found


def expanded(annotation: str, known: dict[str, str]) -> str:
    for _ in range(3):
        for name, value in known.items():
            if re.search(rf"\b{name}\b", annotation):
                annotation = re.sub(rf"\b{name}\b", value, annotation)
    return annotation


def parameter(p: inspect.Parameter, known: dict[str, str]) -> str:
    star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
    kind = "Any" if p.annotation is p.empty else expanded(str(p.annotation), known)
    default = "" if p.default is p.empty else " = ..."
    return f"{star}{p.name}: {renamed(kind)}{default}"


def compiled(name: str, function: Callable[..., Any], result: str | None) -> str:
    """A method that is a function of pynn._core: its types stand in _core.pyi."""
    tree = ast.parse(FILE.with_name("_core.pyi").read_text())
    defined = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    node = next(n for n in defined if n.name == function.__name__)
    operand = "Tensor | float | int | bool"
    parts = ["input"]
    count = len(node.args.args)
    for k, a in enumerate(node.args.args[1:] + node.args.kwonlyargs, 1):
        default = " = ..." if k >= count - len(node.args.defaults) else ""
        if k == count:
            parts.append("*")
        kind = ast.unparse(a.annotation).replace("_Operand", operand) if a.annotation else "Any"
        parts.append(f"{a.arg}: {renamed(kind)}{default}")
    return f"    def {name}({', '.join(parts)}) -> {result or 'Tensor'}: ...\n"


def method(name: str, function: Callable[..., Any], result: str | None = None) -> str:
    """def name(self, ...) -> ...: the function without its first argument."""
    if function.__module__ == "pynn._core":
        return compiled(name, function, result)
    signature, known = inspect.signature(function), aliases(function)
    first, *rest = signature.parameters.values()
    parts = [first.name]
    if known == {} and inspect.isbuiltin(function):
        rest = [p for p in rest if p.kind is not p.POSITIONAL_ONLY]
    if first.kind is first.VAR_POSITIONAL:
        parts = ["self", "*others: Any"]
    for k, p in enumerate(rest):
        if p.kind is p.KEYWORD_ONLY and not any(
            q.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL) for q in rest[:k]
        ):
            parts.append("*")
        parts.append(parameter(p, known))
    returns = result or renamed(expanded(str(signature.return_annotation), known))
    return f"    def {name}({', '.join(parts)}) -> {returns}: ...\n"


def results(lines: list[str]) -> set[tuple[str, str]]:
    """Classes that methods return (named tuples), with the modules that define them."""
    words = set(re.findall(r"\b[A-Z]\w+", " ".join(lines)))
    found = set()
    for word in words - {"Any", "Callable", "Generator", "Literal", "Sequence", "Tensor", "None"}:
        for family in pynn._functions._FAMILIES:
            item = getattr(family, word, None)
            if inspect.isclass(item):
                found.add((word, item.__module__))
    return found


def text() -> str:
    lines = []
    for family in pynn._functions._FAMILIES:
        for name in family.METHODS:
            lines.append(method(name, getattr(family, name)))
        for name in family.INPLACE:
            lines.append(method(name + "_", getattr(family, name), "Tensor"))
    more = "".join(f"from {where} import {name}\n" for name, where in sorted(results(lines)))
    return HEAD.replace("{more}", more) + "".join(sorted(lines))


NAMES = Path(__file__).parents[1] / "pynn" / "_names.py"


def names() -> str:
    """pynn/_names.py: what pynn._functions has, known before it is imported."""

    def listed(found: Iterable[str]) -> str:
        return textwrap.indent(textwrap.fill(" ".join(sorted(found)), 92), "    ")

    families = pynn._functions._FAMILIES
    methods = [n for f in families for n in (*f.METHODS, *(i + "_" for i in f.INPLACE))]
    title = "The names that pynn._functions adds at its first use (made by tests/method_stubs.py)."
    parts = [f'"""{title}"""\n']
    for name, found in (("FUNCTIONS", set(pynn._functions.__all__)), ("METHODS", set(methods))):
        parts.append(f'{name} = frozenset(\n    """\n{listed(found)}\n    """.split()\n)')
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
    NAMES.write_text(names())
    print(FILE.name, text().count("def "))
