# New tensors: from data, from numbers, from the random streams.

cdef Tensor finish(Tensor t, bint requires_grad):
    if requires_grad:
        check(pn_set_requires_grad(t.c, True))
    return t


# ---- from data -------------------------------------------------------------------

def tensor(data, *, dtype=None, bint requires_grad=False):
    """A new tensor with a copy of `data`: numbers, nested lists, arrays or a tensor.

    Without dtype, Python's floats take the default dtype, integers int64,
    bools bool; arrays and tensors keep theirs.
    """
    return finish(from_data(data, dtype_code(dtype)), requires_grad)


cpdef Tensor as_tensor(data, dtype=None):
    """`data` as a tensor, shared where it can be: tensors and arrays are not copied."""
    cdef int code = dtype_code(dtype)
    cdef Tensor t
    if isinstance(data, Tensor):
        t = <Tensor>data
    elif isinstance(data, ndarray):
        t = wrap(share_array(data))
    else:
        return from_data(data, code)
    return t if code < 0 else wrap(pn_cast(t.c, code))


cdef Tensor from_data(object data, int code):
    """A tensor of its own memory."""
    cdef pn_tensor *source
    cdef Tensor t
    if isinstance(data, (float, int, numpy_bool)):
        source = need_operand(data, "tensor")
        t = wrap(pn_full(scalar_code(data) if code < 0 else code, 0, NULL, source))
        pn_release(source)
        return t
    if isinstance(data, Tensor):
        return own_copy(wrap(pn_alias((<Tensor>data).c)), code)
    if isinstance(data, (ndarray, numpy_generic)):
        return own_copy(wrap(share_array(numpy_asarray(data))), code)
    if isinstance(data, (list, tuple)):
        return from_sequence(data, code)
    array = foreign_array(data)
    if array is not None:
        return own_copy(wrap(share_array(array)), code)
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        return from_sequence(list(data), code)
    raise TypeError(
        "tensor(): expected numbers, nested lists of them, a NumPy array or a Tensor, "
        f"not {type_name(data)}")


cdef Tensor own_copy(Tensor t, int code):
    """t, which has no history, as contiguous memory that nobody else has."""
    if code >= 0 and code != t.c.dtype:
        return wrap(pn_cast(t.c, code))
    return wrap(pn_clone(t.c))


cdef object foreign_array(object data):
    """An array from __array__ or the buffer protocol, which are checked by those who
    make them; an __array_interface__ alone is not believed."""
    if hasattr(data, "__array__"):
        data = data.__array__()
        if not isinstance(data, ndarray):
            raise TypeError(f"__array__() gave {type_name(data)}, not a NumPy array")
        return data
    if PyObject_CheckBuffer(data):
        return numpy_asarray(memoryview(data))
    return None


cdef Tensor from_sequence(object data, int code):
    cdef int wanted = infer_code(data, 0)
    cdef Tensor t
    if code < 0:
        code = pn_default_dtype() if wanted < 0 else wanted
    native = NUMPY_DTYPES[PN_F32 if code == PN_BF16 else code]
    try:
        array = numpy_array(data, dtype=native)
    except ValueError as error:
        raise ValueError(f"tensor(): the nested lists must have equal lengths: {error}") from None
    t = wrap(share_array(array))
    return wrap(pn_clone(t.c)) if t.c.dtype == code else wrap(pn_cast(t.c, code))


cdef int infer_code(object data, int depth) except -2:
    """The dtype of nested lists: that which all their numbers promote to; -1 for none."""
    cdef int code = -1, item
    if depth > PN_MAX_DIMS:
        raise ValueError(f"tensor(): lists are nested more than {PN_MAX_DIMS} deep")
    for value in data:
        if isinstance(value, (list, tuple)):
            item = infer_code(value, depth + 1)
        elif isinstance(value, (float, int, numpy_bool)):
            item = scalar_code(value)
        elif isinstance(value, Tensor):
            item = (<Tensor>value).c.dtype
        elif isinstance(value, (ndarray, numpy_generic)):
            item = array_code(value)
        else:
            raise TypeError(f"tensor(): a list may hold numbers and lists, not {type_name(value)}")
        if code < 0 or item < 0:
            code = item if code < 0 else code
        elif item != code:
            code = pn_promote_types(code, item)
    return code


cdef int array_code(object array) except -1:
    if array.dtype not in NUMPY_DTYPES:
        raise unsupported_array(array)
    return NUMPY_DTYPES.index(array.dtype)


# ---- from numbers ----------------------------------------------------------------

cdef Tensor filled(object size, object value, int code, bint requires_grad):
    cdef int64_t shape[8]
    cdef int n = parse_size(size, shape)
    return finish(filled_shape(n, shape, value, code), requires_grad)


cdef Tensor filled_shape(int n, const int64_t *shape, object value, int code):
    cdef pn_tensor *source = need_operand(value, "full")
    try:
        return wrap(pn_full(code, n, shape, source))
    finally:
        pn_release(source)


def empty(*size, dtype=None, bint requires_grad=False):
    """A tensor of this size whose values are whatever the memory holds."""
    cdef int64_t shape[8]
    cdef int n = parse_size(size, shape)
    return finish(wrap(pn_empty(dtype_code(dtype, pn_default_dtype()), n, shape)), requires_grad)


def zeros(*size, dtype=None, bint requires_grad=False):
    """A tensor of this size full of 0."""
    cdef int64_t shape[8]
    cdef int n = parse_size(size, shape)
    return finish(wrap(pn_zeros(dtype_code(dtype, pn_default_dtype()), n, shape)), requires_grad)


def ones(*size, dtype=None, bint requires_grad=False):
    """A tensor of this size full of 1."""
    return filled(size, 1, dtype_code(dtype, pn_default_dtype()), requires_grad)


def full(size, fill_value, *, dtype=None, bint requires_grad=False):
    """A tensor of this size full of a number, whose kind decides the dtype."""
    cdef int code = dtype_code(dtype)
    if code < 0:
        code = (<Tensor>fill_value).c.dtype if isinstance(fill_value, Tensor) else (
            scalar_code(fill_value))
    return filled(size, fill_value, code, requires_grad)


def empty_like(Tensor input not None, *, dtype=None, bint requires_grad=False):
    """empty(input.shape) of input's dtype."""
    return finish(wrap(pn_empty_like(input.c, dtype_code(dtype, input.c.dtype))), requires_grad)


def zeros_like(Tensor input not None, *, dtype=None, bint requires_grad=False):
    """zeros(input.shape) of input's dtype."""
    return full_like(input, 0, dtype=dtype, requires_grad=requires_grad)


def ones_like(Tensor input not None, *, dtype=None, bint requires_grad=False):
    """ones(input.shape) of input's dtype."""
    return full_like(input, 1, dtype=dtype, requires_grad=requires_grad)


def full_like(Tensor input not None, fill_value, *, dtype=None, bint requires_grad=False):
    """full(input.shape, fill_value) of input's dtype."""
    return finish(filled_shape(input.c.ndim, input.c.shape, fill_value,
                               dtype_code(dtype, input.c.dtype)), requires_grad)


def arange(start, end=None, step=1, *, dtype=None, bint requires_grad=False):
    """start, start + step, ... before end; int64 unless a number is a float."""
    cdef int code = dtype_code(dtype)
    if end is None:
        start, end = 0, start
    if code == PN_I64:
        start, end, step = PyInt(start), PyInt(end), PyInt(step)
    if step == 0 or (end - start) / step < 0:
        raise ValueError(
            f"arange(): step {step} does not lead from {start} to {end}")
    if code < 0:
        code = pn_default_dtype() if isinstance(start, float) or isinstance(end, float) or (
            isinstance(step, float)) else PN_I64
    length = ceil((end - start) / step)
    if length >= 1 << 62:
        raise OverflowError(f"arange(): {length} elements are more than memory can hold")
    return finish(wrap(pn_arange(code, start, step, length)), requires_grad)


def linspace(start, end, int64_t steps, *, dtype=None, bint requires_grad=False):
    """`steps` evenly spaced numbers from start to end, both included."""
    cdef int code = dtype_code(dtype, pn_default_dtype())
    cdef double width
    cdef Tensor up, down, t
    start = start.item() if isinstance(start, Tensor) else start
    end = end.item() if isinstance(end, Tensor) else end
    if not pn_is_float(code):
        start, end = PyInt(start), PyInt(end)
    width = (end - start) / <double>(steps - 1 if steps > 1 else 1)
    if steps < 0:
        raise ValueError(f"linspace(): the number of steps must not be negative: {steps}")
    # Both halves are counted from their own end, so that both ends are exact.
    up = wrap(pn_arange(PN_F64, start, width, steps))
    down = wrap(pn_arange(PN_F64, end - width * (steps - 1), width, steps))
    t = where_of(wrap(pn_arange(PN_I64, 0, 1, steps)) < (steps + 1) // 2, up, down)
    return finish(wrap(pn_cast(t.c, code)), requires_grad)


def eye(int64_t n, m=None, *, dtype=None, bint requires_grad=False):
    """The identity matrix, or its first n rows of m columns."""
    cdef int64_t columns = n if m is None else m
    cdef Tensor rows, r
    if n < 0 or columns < 0:
        raise ValueError(f"eye(): sizes must not be negative: {n}, {columns}")
    rows = wrap(pn_unsqueeze(wrap(pn_arange(PN_I64, 0, 1, n)).c, 1))
    r = rows == wrap(pn_arange(PN_I64, 0, 1, columns))
    return finish(wrap(pn_cast(r.c, dtype_code(dtype, pn_default_dtype()))), requires_grad)
