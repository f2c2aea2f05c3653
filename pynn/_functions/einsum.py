"""Einstein's summation: an equation of subscripts, contracted by products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynn._core import Tensor
from pynn._functions.products import _product, diagonal_of

__all__ = ["einsum"]
METHODS: tuple[str, ...] = ()
INPLACE: tuple[str, ...] = ()

Label = int
"""A letter's code, a number of the sublist form, or -1, -2, ... for the last, last but one, ...
dimension that an ellipsis stands for."""

ELLIPSIS = object()


def einsum(*args: Any) -> Tensor:
    """einsum(equation, *operands): sums of products, named by subscripts.

    "ik,kj->ij" is a product of matrices; a letter that is repeated in one operand takes its
    diagonal; "..." stands for dimensions that broadcast; without "->" the result has the letters
    that occur once, in alphabetical order, after the ellipsis.  Also einsum(a, [0, 1], b, [1, 2],
    [0, 2]), numbers and Ellipsis for letters.  Operands are contracted from left to right.
    """
    operands, inputs, output = _parse(args)
    named = [
        _named(t, labels, i) for i, (t, labels) in enumerate(zip(operands, inputs, strict=True))
    ]
    if output is None:
        output = _implied(inputs)
    target = _target(output, named)
    result, labels = named[0]
    for i in range(1, len(named)):
        later = {name for _, others in named[i + 1 :] for name in others}
        result, labels = _contract(result, labels, *named[i], later | set(target))
    return _arranged(result, labels, target)


# ---- the equation --------------------------------------------------------------------------------


def _parse(args: tuple[Any, ...]) -> tuple[list[Tensor], list[list[Any]], list[Any] | None]:
    """Operands, the subscripts of each, and those of the result (None: not given)."""
    if not args:
        raise ValueError("einsum(): must specify the equation string and at least one operand")
    if not isinstance(args[0], str):
        pairs = len(args) // 2
        operands = list(args[: 2 * pairs : 2])
        lists = [_numbers(s) for s in args[1 : 2 * pairs : 2]]
        result = _numbers(args[-1]) if len(args) % 2 else None
    else:
        operands = (
            list(args[1])
            if len(args) == 2 and isinstance(args[1], (list, tuple))
            else list(args[1:])
        )
        left, arrow, right = args[0].partition("->")
        lists = [_letters(part, args[0]) for part in left.split(",")]
        result = _letters(right, args[0]) if arrow else None
    if not operands or not all(isinstance(t, Tensor) for t in operands):
        raise ValueError("einsum(): must provide at least one operand, and operands are tensors")
    if len(lists) != len(operands):
        raise RuntimeError(
            f"einsum(): {len(lists)} groups of subscripts do not match {len(operands)} operands"
        )
    return operands, lists, result


def _letters(text: str, equation: str) -> list[Any]:
    found: list[Any] = []
    text = text.replace(" ", "")
    while text:
        if text.startswith("..."):
            found.append(ELLIPSIS)
            text = text[3:]
            continue
        if not (text[0].isascii() and text[0].isalpha()):
            raise RuntimeError(
                f"einsum(): invalid subscript {text[0]!r} in {equation!r}: subscripts are letters "
                "in [a-zA-Z] and '...'"
            )
        found.append(ord(text[0]))
        text = text[1:]
    return _once(found)


def _numbers(items: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if item is not Ellipsis and not (isinstance(item, int) and 0 <= item < 52):
            raise RuntimeError(
                f"einsum(): subscripts are Ellipsis or numbers in the range [0, 52), not {item!r}"
            )
        found.append(ELLIPSIS if item is Ellipsis else item)
    return _once(found)


def _once(subscripts: list[Any]) -> list[Any]:
    if sum(s is ELLIPSIS for s in subscripts) > 1:
        raise RuntimeError("einsum(): found '...' for one operand more than once")
    return subscripts


def _named(t: Tensor, subscripts: list[Any], number: int) -> tuple[Tensor, list[Label]]:
    """The operand with one label for each dimension, diagonals taken."""
    given = len(subscripts) - (ELLIPSIS in subscripts)
    if given > t.ndim or (given < t.ndim and ELLIPSIS not in subscripts):
        raise RuntimeError(
            f"einsum(): the number of subscripts for operand {number} ({given}) does not match "
            f"its {t.ndim} dimensions (shape {t.shape})"
        )
    labels: list[Label] = []
    for s in subscripts:
        labels += range(given - t.ndim, 0) if s is ELLIPSIS else [s]
    while len(set(labels)) < len(labels):
        name = next(n for n in labels if labels.count(n) > 1)
        i = labels.index(name)
        j = labels.index(name, i + 1)
        if t.shape[i] != t.shape[j]:
            raise RuntimeError(
                f"einsum(): a subscript is repeated for operand {number} but the sizes do not "
                f"match, {t.shape[j]} != {t.shape[i]}"
            )
        rest = [k for k in range(t.ndim) if k not in (i, j)]
        t = diagonal_of(t.permute(*rest, i, j))
        labels = [*(labels[k] for k in rest), name]
    return t, labels


def _implied(inputs: list[list[Any]]) -> list[Any]:
    every = [s for subscripts in inputs for s in subscripts]
    once = sorted(s for s in every if s is not ELLIPSIS and every.count(s) == 1)
    return [ELLIPSIS, *once] if ELLIPSIS in every else once


def _target(output: list[Any], named: list[tuple[Tensor, list[Label]]]) -> list[Label]:
    """The result's labels."""
    known = {name for _, labels in named for name in labels}
    dots = sorted(name for name in known if name < 0)
    target: list[Label] = []
    for s in output:
        if s is ELLIPSIS:
            target += dots
        elif s not in known:
            raise RuntimeError(
                f"einsum(): output subscript {_text(s)} does not appear in the equation for any "
                "input operand"
            )
        elif s in target:
            raise RuntimeError(
                f"einsum(): output subscript {_text(s)} appears more than once in the output"
            )
        else:
            target.append(s)
    return target


def _text(name: Label) -> str:
    return chr(name) if name >= 65 else str(name)


# ---- contraction ---------------------------------------------------------------------------------


def _summed(
    t: Tensor, labels: list[Label], names: set[Label], widens: bool = False
) -> tuple[Tensor, list[Label]]:
    """Without the dimensions called names; widens: integers become int64."""
    dims = [i for i, name in enumerate(labels) if name in names]
    if not dims:
        return t, labels
    t = t.sum(dims, dtype=None if widens else t.dtype)
    return t, [name for name in labels if name not in names]


def _contract(
    a: Tensor, la: list[Label], b: Tensor, lb: list[Label], needed: set[Label]
) -> tuple[Tensor, list[Label]]:
    """The product of two operands, summed over the labels that nobody needs any more."""
    a, la = _summed(a, la, set(la) - set(lb) - needed, widens=True)
    b, lb = _summed(b, lb, set(lb) - set(la) - needed, widens=True)
    if a.dtype != b.dtype and not a.dtype.is_floating_point and not b.dtype.is_floating_point:
        a, b = a.long(), b.long()
    inner: list[Label] = []
    for name in [n for n in la if n in lb]:
        i, j = a.shape[la.index(name)], b.shape[lb.index(name)]
        if i != j and 1 not in (i, j):
            raise RuntimeError(
                f"einsum(): subscript {_text(name)} has size {j} which does not broadcast with "
                f"previously seen size {i}"
            )
        if name in needed:
            continue
        if i == j:
            inner.append(name)
        else:  # one of the two repeats along it: the sum is the other's alone
            a, la = _summed(a, la, {name})
            b, lb = _summed(b, lb, {name})
    batch = [n for n in la if n in lb and n not in inner]
    rows = [n for n in la if n not in batch and n not in inner]
    columns = [n for n in lb if n not in batch and n not in inner]
    left = a.permute(*[la.index(n) for n in (*batch, *rows, *inner)])
    right = b.permute(*[lb.index(n) for n in (*batch, *inner, *columns)])
    labels = batch + rows + columns
    nb, nr = len(batch), len(rows)
    if not inner:
        left = left[(...,) + (None,) * len(columns)]
        right = right[(slice(None),) * nb + (None,) * nr]
        return left * right, labels
    row_shape, column_shape = left.shape[nb : nb + nr], right.shape[nb + len(inner) :]
    depth = _product(left.shape[nb + nr :])
    left = left.reshape(*left.shape[:nb], _product(row_shape), depth)
    right = right.reshape(*right.shape[:nb], depth, _product(column_shape))
    product = left @ right
    return product.reshape(*product.shape[:nb], *row_shape, *column_shape), labels


def _arranged(t: Tensor, labels: list[Label], target: list[Label]) -> Tensor:
    t, labels = _summed(t, labels, set(labels) - set(target), widens=True)
    return t.permute(*[labels.index(name) for name in target]) if labels != target else t
