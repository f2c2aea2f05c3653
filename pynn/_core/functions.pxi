# The module's functions of tensors: one or two lines per operator.

# ---- elementwise -------------------------------------------------------------

def add(input, other, *, alpha=1):
    """input + alpha * other."""
    return binary(pn_add, input, scaled(other, alpha), "add")


def sub(input, other, *, alpha=1):
    """input - alpha * other."""
    return binary(pn_sub, input, scaled(other, alpha), "sub")


def mul(input, other):
    """input * other."""
    return binary(pn_mul, input, other, "mul")


def div(input, other, *, rounding_mode=None):
    """input / other: true division, or with rounding_mode "trunc" or "floor" the rounded one."""
    return binary(division(rounding_mode), input, other, "div")


def pow(input, exponent):
    """input ** exponent."""
    return binary(pn_pow, input, exponent, "pow")


def maximum(input, other):
    """The greater of each pair; NaN wins, and +0 over -0."""
    return binary(pn_maximum, input, other, "maximum")


def minimum(input, other):
    """The smaller of each pair; NaN wins, and -0 over +0."""
    return binary(pn_minimum, input, other, "minimum")


def eq(input, other):
    """input == other, elementwise."""
    return binary(pn_eq, input, other, "eq")


def ne(input, other):
    """input != other, elementwise."""
    return binary(pn_ne, input, other, "ne")


def lt(input, other):
    """input < other, elementwise."""
    return binary(pn_lt, input, other, "lt")


def le(input, other):
    """input <= other, elementwise."""
    return binary(pn_le, input, other, "le")


def gt(input, other):
    """input > other, elementwise."""
    return binary(pn_gt, input, other, "gt")


def ge(input, other):
    """input >= other, elementwise."""
    return binary(pn_ge, input, other, "ge")


def bitwise_and(input, other):
    """input & other of integers; of bool the logical one."""
    return binary(pn_bit_and, input, other, "bitwise_and")


def bitwise_or(input, other):
    """input | other of integers; of bool the logical one."""
    return binary(pn_bit_or, input, other, "bitwise_or")


def bitwise_xor(input, other):
    """input ^ other of integers; of bool the logical one."""
    return binary(pn_bit_xor, input, other, "bitwise_xor")


def bitwise_not(Tensor input not None):
    """~input of integers; of bool the logical one."""
    return wrap(pn_bit_not(input.c))


def where(condition, input=None, other=None):
    """input where condition (bool) is true, else other; all three broadcast.

    where(condition) alone is nonzero(condition, as_tuple=True).
    """
    cdef Tensor found
    if input is None and other is None and isinstance(condition, Tensor):
        found = condition.reshape(1) if condition.ndim == 0 else condition
        n = found.c.ndim
        found = wrap(pn_nonzero(found.c))
        return tuple([wrap(pn_select(found.c, 1, d)) for d in range(n)])
    return where_of(condition, input, other)


def neg(Tensor input not None):
    """-input."""
    return wrap(pn_neg(input.c))


def abs(Tensor input not None):
    """The absolute value."""
    return wrap(pn_abs(input.c))


def sign(Tensor input not None):
    """-1, 0 or 1."""
    return wrap(pn_sign(input.c))


def exp(Tensor input not None):
    """e to the power of input."""
    return wrap(pn_exp(input.c))


def log(Tensor input not None):
    """The natural logarithm."""
    return wrap(pn_log(input.c))


def sqrt(Tensor input not None):
    """The square root."""
    return wrap(pn_sqrt(input.c))


def sigmoid(Tensor input not None):
    """1 / (1 + exp(-input))."""
    return wrap(pn_sigmoid(input.c))


def tanh(Tensor input not None):
    """The hyperbolic tangent."""
    return wrap(pn_tanh(input.c))


def relu(Tensor input not None, bint inplace=False):
    """max(input, 0); inplace: input itself becomes it."""
    return _assign_result(input, relu, (), {}) if inplace else wrap(pn_relu(input.c))


def clamp(Tensor input not None, min=None, max=None):
    """The values moved into [min, max]: numbers, tensors or None."""
    return clamp_to(input, min, max)


clip = clamp


# ---- reductions ----------------------------------------------------------------

def sum(Tensor input not None, dim=None, bint keepdim=False, *, dtype=None):
    """The sum over all elements or over dimensions `dim`."""
    return wrap(pn_sum(input.c, axes_mask(dim, input.c.ndim), keepdim, dtype_code(dtype)))


def mean(Tensor input not None, dim=None, bint keepdim=False, *, dtype=None):
    """The mean over all elements or over dimensions `dim`."""
    return mean_of(input, dim, keepdim, dtype)


def var(Tensor input not None, dim=None, unbiased=None, bint keepdim=False, *, correction=1):
    """The variance over `dim`: squared deviations over n - correction."""
    return variance(input.c, dim, unbiased, correction, keepdim)


def std(Tensor input not None, dim=None, unbiased=None, bint keepdim=False, *, correction=1):
    """The square root of var()."""
    return deviation(input.c, dim, unbiased, correction, keepdim)


def _axes(dim, int ndim):
    """Dimensions as a bit mask; None and () are all, which is 0."""
    return axes_mask(dim, ndim)


def max(Tensor input not None, dim=None, bint keepdim=False):
    """The greatest element; with `dim` (values, indices); with a tensor, maximum()."""
    return extremum(input, dim, keepdim, False)


def min(Tensor input not None, dim=None, bint keepdim=False):
    """The smallest element; with `dim` (values, indices); with a tensor, minimum()."""
    return extremum(input, dim, keepdim, True)


def amax(Tensor input not None, dim=(), bint keepdim=False):
    """The greatest values over dimensions `dim`; () is all."""
    return wrap(pn_amax(input.c, axes_mask(dim, input.c.ndim), keepdim))


def amin(Tensor input not None, dim=(), bint keepdim=False):
    """The smallest values over dimensions `dim`; () is all."""
    return wrap(pn_amin(input.c, axes_mask(dim, input.c.ndim), keepdim))


def argmax(Tensor input not None, dim=None, bint keepdim=False):
    """The lowest index of the greatest value, of the flat tensor or along `dim`."""
    return arg_extremum(input.c, dim, keepdim, False)


def argmin(Tensor input not None, dim=None, bint keepdim=False):
    """The lowest index of the smallest value, of the flat tensor or along `dim`."""
    return arg_extremum(input.c, dim, keepdim, True)


def softmax(Tensor input not None, dim, *, dtype=None):
    """exp(x) / sum(exp(x)) along `dim`."""
    return wrap(pn_softmax(recast(input, dtype).c, axis(dim, input.c.ndim)))


def log_softmax(Tensor input not None, dim, *, dtype=None):
    """The logarithm of softmax(dim)."""
    return wrap(pn_log_softmax(recast(input, dtype).c, axis(dim, input.c.ndim)))


# ---- products ------------------------------------------------------------------

def matmul(input, other):
    """input @ other: vectors, matrices, or batches of matrices."""
    return binary(pn_matmul, input, other, "matmul")


def mm(Tensor input not None, Tensor mat2 not None):
    """The product of two matrices."""
    return matrix_product(input, mat2)


def addmm(Tensor input not None, Tensor mat1 not None, Tensor mat2 not None, *, beta=1, alpha=1):
    """beta * input + alpha * (mat1 @ mat2); input broadcasts to the product's shape."""
    return add_product(input, mat1, mat2, beta, alpha)


cdef Tensor add_product(Tensor input, Tensor a, Tensor b, object beta, object alpha):
    """A bias row is added in the product's own pass; the bits are the same."""
    cdef Tensor product
    cdef int64_t size[2]
    if a.c.ndim != 2 or b.c.ndim != 2:
        raise RuntimeError(
            f"addmm() multiplies two matrices, not {shape_of(a.c)} and {shape_of(b.c)}")
    if not pn_is_float(a.c.dtype):  # factors of integers are integers
        beta, alpha = PyInt(beta), PyInt(alpha)
    if beta == 0:  # input, and its NaN, stay out
        size[0], size[1] = a.c.shape[0], b.c.shape[1]
        wrap(pn_expand(input.c, 2, size))
        return scaled(wrap(pn_matmul(a.c, b.c)), alpha)
    input = scaled(input, beta)
    if b.c.ndim == 2 and input.c.ndim == 1 and input.c.shape[0] == b.c.shape[1] and (
            input.c.dtype == a.c.dtype):
        return wrap(pn_addmm(input.c, a.c, b.c, alpha, 0))
    product = scaled(wrap(pn_matmul(a.c, b.c)), alpha)
    return wrap(pn_add(product.c, wrap(pn_expand(input.c, 2, product.c.shape)).c))


# ---- views and indices -----------------------------------------------------------

def reshape(Tensor input not None, shape):
    """Another shape (one size may be -1); copies only if no view can have it."""
    cdef int64_t size[8]
    cdef int n = parse_size(shape, size)
    return wrap(pn_reshape(input.c, n, size))


def flatten(Tensor input not None, start_dim=0, end_dim=-1):
    """The dimensions start_dim to end_dim as one."""
    return flatten_dims(input.c, start_dim, end_dim)


def transpose(Tensor input not None, dim0, dim1):
    """Dimensions dim0 and dim1 exchanged."""
    return wrap(pn_transpose(input.c, axis(dim0, input.c.ndim), axis(dim1, input.c.ndim)))


def t(Tensor input not None):
    """The transpose of a tensor of at most 2 dimensions."""
    return transpose_2d(input.c)


def permute(Tensor input not None, dims):
    """The dimensions in another order."""
    return permute_dims(input.c, dims)


def squeeze(Tensor input not None, dim=None):
    """Without dimensions of size 1: all, or those of `dim`."""
    return squeeze_dims(input.c, dim)


def unsqueeze(Tensor input not None, dim):
    """With a dimension of size 1 at `dim`."""
    return wrap(pn_unsqueeze(input.c, axis(dim, input.c.ndim + 1)))


def select(Tensor input not None, dim, index):
    """The slice at `index` of dimension `dim`, which goes."""
    return select_at(input.c, axis(dim, input.c.ndim), index)


def narrow(Tensor input not None, dim, start, length):
    """Elements start to start + length of dimension `dim`."""
    return narrow_dim(input.c, dim, start, length)


def clone(Tensor input not None):
    """A copy of its own memory; differentiable."""
    return wrap(pn_clone(input.c))


def index_select(Tensor input not None, dim, Tensor index not None):
    """The slices of `dim` at `index`, a 1-d integer tensor."""
    return wrap(pn_index_select(input.c, axis(dim, input.c.ndim), index.c))


def gather(Tensor input not None, dim, Tensor index not None):
    """out[i][j] = input[index[i][j]][j] for dim 0, and so on."""
    return wrap(pn_gather(input.c, axis(dim, input.c.ndim), index.c))


def index_add(Tensor input not None, dim, Tensor index not None, Tensor source not None, *,
              alpha=1):
    """A copy of input with the slices of alpha * source added at `index` of `dim`."""
    source = scaled(source, alpha)
    return wrap(pn_index_add(input.c, axis(dim, input.c.ndim), index.c, source.c))


def scatter_add(Tensor input not None, dim, Tensor index not None, Tensor src not None):
    """A copy of input with src[i][j] added at [index[i][j]][j] for dim 0, and so on."""
    return wrap(pn_scatter_add(input.c, axis(dim, input.c.ndim), index.c, src.c))


def is_tensor(obj):
    """True if obj is a Tensor."""
    return isinstance(obj, Tensor)


def numel(Tensor input not None):
    """The number of elements."""
    return input.c.numel


def result_type(tensor1, tensor2):
    """The dtype of an arithmetic operation on two operands; numbers are weak."""
    cdef pn_tensor *a = need_operand(tensor1, "result_type")
    cdef pn_tensor *b = NULL
    try:
        b = need_operand(tensor2, "result_type")
        return DTYPES[pn_result_type(a, b)]
    finally:
        pn_release(a)
        pn_release(b)
