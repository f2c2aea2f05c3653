"""Products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence

from pynn import _core
from pynn._core import Tensor, addmm as addmm

__all__ = [
    "addbmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "cross",
    "dot",
    "ger",
    "inner",
    "matrix_power",
    "mv",
    "outer",
    "tensordot",
    "trace",
    "vdot",
]
METHODS: tuple[str, ...] = (
    "addbmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "cross",
    "dot",
    "ger",
    "inner",
    "matrix_power",
    "mv",
    "outer",
    "trace",
    "vdot",
)
INPLACE: tuple[str, ...] = ("addbmm", "addmm", "addmv", "addr", "baddbmm")


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Products of matrices, batch by batch: (B, M, K) and (B, K, N) give (B, M, N).

    A row's bits do not depend on the batch it is in.
    """
    return _core.ops.bmm(input, mat2)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix (M, K) times a vector (K): (M)."""
    return _core.ops.mv(input, vec)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors."""
    return _core.ops.dot(input, tensor)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """dot(): no dtype here has a complex conjugate."""
    return _core.ops.dot(input, other)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of (M) and one of (N): (M, N)."""
    return _core.ops.outer(input, vec2)


ger = outer


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums over the last dimensions: (..., K) and (*, K) give (..., *)."""
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes "
            f"{input.shape} and {other.shape}"
        )
    return tensordot(input, other, ([-1], [-1]))


def _added(input: Tensor, product: Tensor, beta: float, alpha: float, name: str) -> Tensor:
    """beta * input + alpha * product; beta 0 leaves input (and its NaN) out."""
    if input.shape != product.shape:
        try:
            input = input.expand(product.shape)
        except RuntimeError:
            raise RuntimeError(
                f"{name}(): input of shape {input.shape} does not broadcast to the product's "
                f"shape {product.shape}"
            ) from None
    if not product.dtype.is_floating_point:  # factors of integers are integers
        kind = bool if product.dtype == _core.bool else int
        beta, alpha = kind(beta), kind(alpha)
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return product
    return (input if beta == 1 else input * beta) + product


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta * input + alpha * bmm(batch1, batch2)."""
    return _added(input, _core.ops.bmm(batch1, batch2), beta, alpha, "baddbmm")


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta * input + alpha * bmm(batch1, batch2).sum(0)."""
    product = _core.ops.bmm(batch1, batch2)
    return _added(input, product.sum(0, dtype=product.dtype), beta, alpha, "addbmm")


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * mv(mat, vec)."""
    return _added(input, _core.ops.mv(mat, vec), beta, alpha, "addmv")


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
    return _added(input, _core.ops.outer(vec1, vec2), beta, alpha, "addr")


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return diagonal_of(input).sum()


def diagonal_of(input: Tensor) -> Tensor:
    """The diagonals of the last two dimensions, (..., n, m): (..., min(n, m)); maybe a copy."""
    n, m = input.shape[-2:]
    flat = input.reshape(*input.shape[:-2], n * m)
    return flat[..., : min(n, m) * (m + 1) : m + 1] if n and m else flat


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along dim of size 3 (None: the first such dimension)."""
    if dim is None:
        sized = [d for d, size in enumerate(input.shape) if size == 3]
        if not sized:
            raise RuntimeError(f"no dimension of size 3 in input of shape {input.shape}")
        dim = sized[0]
    if not -max(input.ndim, other.ndim) <= dim < max(input.ndim, other.ndim):
        raise IndexError(
            f"cross(): dimension {dim} is out of range for shapes {input.shape} and {other.shape}"
        )
    if input.ndim != other.ndim or input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"inputs dimension {dim} must have length 3. Got shapes {input.shape} and {other.shape}"
        )
    next_, last = _core.tensor([1, 2, 0]), _core.tensor([2, 0, 1])
    return input.index_select(dim, next_) * other.index_select(dim, last) - (
        input.index_select(dim, last) * other.index_select(dim, next_)
    )


def matrix_power(input: Tensor, n: int) -> Tensor:
    """(..., M, M) times itself n >= 0 times; 0 is the identity."""
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise RuntimeError(
            f"matrix_power: A must be batches of square matrices, but they have shape {input.shape}"
        )
    if n < 0:
        raise RuntimeError(f"matrix_power: n must not be negative (no inverse here), got {n}")
    if n == 0:
        eye = _core.eye(input.shape[-1], dtype=input.dtype)
        return eye.expand(input.shape).clone()
    result: Tensor | None = None
    square = input
    while True:
        if n % 2:
            result = square if result is None else result @ square
        n //= 2
        if n == 0:
            assert result is not None
            return result if result is not input else input.clone()
        square = square @ square


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] | Tensor = 2) -> Tensor:
    """Sums over dims of a and of b, paired: the rest of a's shape, then the rest of b's.

    dims is a number n (the last n of a, the first n of b) or a pair of lists.
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeError(
                f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims} for shapes "
                f"{a.shape} and {b.shape}"
            )
        of_a, of_b = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        of_a = [_dim(int(d), a) for d in dims[0]]
        of_b = [_dim(int(d), b) for d in dims[1]]
    if len(of_a) != len(of_b):
        raise RuntimeError(f"both dimension lists should have same length, got {of_a} and {of_b}")
    for i, j in zip(of_a, of_b, strict=True):
        if a.shape[i] == 1 and b.shape[j] != 1:
            b = b.sum(j, True, dtype=b.dtype)
        elif b.shape[j] == 1 and a.shape[i] != 1:
            a = a.sum(i, True, dtype=a.dtype)
        elif a.shape[i] != b.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} "
                f"and second has size {b.shape[j]} in dim {j}"
            )
    rest_a = [d for d in range(a.ndim) if d not in of_a]
    rest_b = [d for d in range(b.ndim) if d not in of_b]
    sizes = [a.shape[d] for d in rest_a], [b.shape[d] for d in rest_b]
    inner_size = _product([a.shape[d] for d in of_a])
    left = a.permute(*rest_a, *of_a).reshape(_product(sizes[0]), inner_size)
    right = b.permute(*of_b, *rest_b).reshape(inner_size, _product(sizes[1]))
    return (left @ right).reshape(*sizes[0], *sizes[1])


def _dim(dim: int, t: Tensor) -> int:
    if not -t.ndim <= dim < t.ndim:
        raise IndexError(f"tensordot(): dimension {dim} is out of range for shape {t.shape}")
    return dim % t.ndim


def _product(sizes: Sequence[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total
