"""Modules that hold modules, in a row, a list or a dict."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

from pynn import _core
from pynn.nn.modules.module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]

_M = TypeVar("_M", bound="_Row")


class _Row(Module):
    """Modules numbered from 0: what Sequential and ModuleList share."""

    def _place(self, index: int) -> int:
        size = len(self)
        number = operator.index(index)
        if not -size <= number < size:
            raise IndexError(f"index {number} is out of range")
        return number % size

    def _renumber(self, modules: Iterable[Module]) -> None:
        """These modules become 0, 1, ..."""
        rows = list(modules)
        self._modules.clear()
        for i, module in enumerate(rows):
            self.add_module(str(i), module)

    def _like(self: _M, modules: list[Module]) -> _M:
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self: _M, index: slice) -> _M: ...
    def __getitem__(self, index: int | slice) -> Any:
        names = list(self._modules)
        if isinstance(index, slice):
            return self._like([self._modules[name] for name in names[index]])
        return self._modules[names[self._place(index)]]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, list(self._modules)[self._place(index)], module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        if not isinstance(index, slice):
            index = slice(self._place(index), self._place(index) + 1)
        for name in names[index]:
            delattr(self, name)
        self._renumber(self._modules.values())

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def append(self: _M, module: Module) -> _M:
        """Adds a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self: _M, modules: Iterable[Module]) -> _M:
        """Adds modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{type(self).__name__}.extend should be called with an iterable, but got "
                f"{type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def insert(self: _M, index: int, module: Module) -> _M:
        """Adds a module in front of the one at index."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        size = len(self)
        if not -size <= index <= size:
            raise IndexError(f"Index out of range: {index}")
        rows = list(self._modules.values())
        rows.insert(index + size if index < 0 else index, module)
        self._renumber(rows)
        return self

    def pop(self, key: int | slice) -> Any:
        """Takes a module out."""
        module = self[key]
        del self[key]
        return module

    def __iadd__(self: _M, other: Iterable[Module]) -> _M:
        return self.extend(other)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]


class Sequential(_Row):
    """Modules in a row, each fed with the output of the one before.

    Sequential(m1, m2, ...) names them "0", "1", ...; an OrderedDict brings names.
    """

    @overload
    def __init__(self, *args: Module) -> None: ...
    @overload
    def __init__(self, arg: OrderedDict[str, Module], /) -> None: ...
    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = enumerate(args)
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            named = args[0].items()  # type: ignore[assignment]
        for name, module in named:
            self.add_module(str(name), module)

    @_core._forward("sequential")
    def forward(self, input: Any) -> Any:
        """The last module's output."""
        for module in self:
            input = module(input)
        return input

    def _like(self: _M, modules: list[Module]) -> _M:
        names = {id(m): name for name, m in self._modules.items()}
        return type(self)(OrderedDict((names[id(m)], m) for m in modules))  # type: ignore[call-arg]

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(
                "add operator supports only objects of Sequential class, but "
                f"{type(other)} is given."
            )
        return Sequential(*self, *other)

    def __mul__(self, other: int) -> Sequential:
        _check_factor(other)
        return Sequential(*list(self) * other)

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Sequential:
        _check_factor(other)
        for module in list(self) * (other - 1):
            self.append(module)
        return self


def _check_factor(other: Any) -> None:
    if not isinstance(other, int):
        raise TypeError(f"unsupported operand type(s) for *: {Sequential} and {type(other)}")
    if other <= 0:
        raise ValueError(f"Non-positive multiplication factor {other} for {Sequential}")


class ModuleList(_Row):
    """A list of modules; what they do is up to the owner's forward()."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _like(self: _M, modules: list[Module]) -> _M:
        return type(self)(modules)  # type: ignore[call-arg]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        rows = [repr(module) for module in self]
        if not rows:
            return f"{self._get_name()}()"
        lines, start = [], 0
        for i in range(1, len(rows) + 1):
            if i == len(rows) or rows[i] != rows[start]:
                label = f"({start})" if i - start == 1 else f"({start}-{i - 1})"
                count = "" if i - start == 1 else f"{i - start} x "
                lines.append(f"{label}: {count}" + rows[start].replace("\n", "\n  "))
                start = i
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """Modules by name, in the order of insertion."""

    def __init__(
        self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None
    ) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        module: Module = self._modules[key]
        return module

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Takes all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Takes a module out."""
        module = self[key]
        del self[key]
        return module

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def items(self) -> Any:
        """(name, module) pairs."""
        return self._modules.items()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Adds or replaces modules."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        pairs = modules.items() if isinstance(modules, Mapping) else modules
        for i, pair in enumerate(pairs):
            if len(pair) != 2:
                raise ValueError(
                    f"ModuleDict update sequence element #{i} has length {len(pair)}; 2 is required"
                )
            self[pair[0]] = pair[1]
