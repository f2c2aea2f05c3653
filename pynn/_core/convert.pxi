# From Python's values to the engine's and back: wrapped tensors, operands,
# sizes, axes.

# The tensor that the next Tensor.__new__ takes: how wrap() hands it over, and
# why calling Tensor() is refused.  Always under the GIL.
cdef pn_tensor *pending = NULL


cdef extern from "tensor_object.h":
    int pn_object_install(PyTypeObject *type)
    PyObject *pn_object_take(pn_tensor *t)
    object pn_stolen "(PyObject *)" (PyObject *o)    # takes over the reference


cdef inline Tensor wrap(pn_tensor *t):
    """The Python object of a new reference, which it takes; raises when t is NULL."""
    cdef PyObject *o
    if t is not NULL and t.py is NULL:
        o = pn_object_take(t)
        if o is not NULL:
            return <Tensor>pn_stolen(o)
    return wrap_any(t)


cdef Tensor wrap_any(pn_tensor *t):
    global pending
    cdef Tensor found
    if t is NULL:
        fail()
    if t.py is not NULL:
        found = <Tensor>t.py
        pn_release(t)
        return found
    pending = t
    return <Tensor>Tensor.__new__(Tensor)


cdef inline Tensor wrap_borrowed(pn_tensor *t):
    pn_retain(t)
    return wrap(t)


# ---- operands ----------------------------------------------------------------

cdef pn_tensor *operand(object o) except? NULL:
    """o as an operand: a new reference; NULL without an exception if it is none.

    Python's and NumPy's scalars become wrapped scalars, weak in promotion;
    arrays enter shared.
    """
    cdef pn_tensor *t
    if isinstance(o, Tensor):
        t = (<Tensor>o).c
        pn_retain(t)
    elif isinstance(o, float):
        t = pn_scalar_float(o)
    elif isinstance(o, bool) or isinstance(o, numpy_bool):
        t = pn_scalar_bool(True if o else False)
    elif isinstance(o, int) or isinstance(o, numpy_integer):
        t = pn_scalar_int(o)
    elif isinstance(o, numpy_floating):
        t = pn_scalar_float(o)
    elif isinstance(o, ndarray):
        t = share_array(o)
    else:
        return NULL
    if t is NULL:
        fail()
    return t


cdef pn_tensor *need_operand(object o, str function) except NULL:
    """As operand(), but what is none raises TypeError."""
    cdef pn_tensor *t = operand(o)
    if t is NULL:
        raise TypeError(
            f"{function}(): expected a Tensor, a NumPy array or a number, not {type_name(o)}")
    return t


cdef str type_name(object o):
    return type(o).__name__


cdef Tensor binary_slow(pn_binary_fn fn, object a, object b, str function):
    """fn(a, b) of any operands; None if one is no operand and function is None."""
    cdef pn_tensor *x = NULL
    cdef pn_tensor *y = NULL
    cdef pn_tensor *r
    try:
        x = operand(a) if function is None else need_operand(a, function)
        y = operand(b) if function is None else need_operand(b, function)
        if x is NULL or y is NULL:
            return None
        r = fn(x, y)
    finally:
        pn_release(x)
        pn_release(y)
    return wrap(r)


cdef inline object operator(pn_binary_fn fn, object a, object b):
    """fn(a, b) for Python's operators: NotImplemented where an operand is none."""
    cdef Tensor r
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return wrap(fn((<Tensor>a).c, (<Tensor>b).c))
    r = binary_slow(fn, a, b, None)
    return NotImplemented if r is None else r


cdef inline Tensor binary(pn_binary_fn fn, object a, object b, str function):
    """fn(a, b) for functions and methods: TypeError where an operand is none."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return wrap(fn((<Tensor>a).c, (<Tensor>b).c))
    return binary_slow(fn, a, b, function)


cdef object inplace(pn_binary_fn fn, object a, object b, str function):
    """a = fn(a, b) in place; returns a."""
    cdef pn_tensor *y
    if isinstance(b, Tensor):
        check(pn_inplace(fn, (<Tensor>a).c, (<Tensor>b).c))
        return a
    y = need_operand(b, function)
    try:
        check(pn_inplace(fn, (<Tensor>a).c, y))
    finally:
        pn_release(y)
    return a


cdef object inplace_operator(pn_binary_fn fn, object a, object b):
    if isinstance(b, (Tensor, int, float, ndarray, numpy_generic)):
        return inplace(fn, a, b, "in-place operator")
    return NotImplemented


# ---- numbers -----------------------------------------------------------------

cdef object scalar_value(pn_tensor *t):
    """The value of a single element as a Python float, int or bool."""
    cdef double f = 0
    cdef int64_t i = 0
    if t.numel != 1:
        raise RuntimeError(
            f"a Tensor with {t.numel} elements cannot be converted to a number: its shape is "
            f"{shape_of(t)}; use tolist() or numpy()")
    check(pn_data_read())
    check(pn_item(t, &f, &i))
    if pn_is_float(t.dtype):
        return f
    return i != 0 if t.dtype == PN_BOOL else i


cdef int scalar_code(object value) except -1:
    """The dtype that a Python number has by itself."""
    if isinstance(value, bool) or isinstance(value, numpy_bool):
        return PN_BOOL
    if isinstance(value, int) or isinstance(value, numpy_integer):
        return PN_I64
    return pn_default_dtype()


# ---- sizes and axes ----------------------------------------------------------

cdef tuple shape_of(pn_tensor *t):
    """The shape as a tuple."""
    return tuple_of(t.ndim, t.shape)


cdef tuple tuple_of(int n, const int64_t *values):
    cdef tuple r = PyTuple_New(n)
    cdef object v
    cdef int i
    for i in range(n):
        v = values[i]
        Py_INCREF(v)
        PyTuple_SET_ITEM(r, i, v)
    return r


cdef int parse_size(object size, int64_t *out) except -1:
    """A size: an int or a sequence of ints; returns the number of dimensions.

    A tuple that holds one sequence is that sequence: zeros((2, 3)) and
    zeros(2, 3) arrive alike.
    """
    cdef Py_ssize_t i, n
    if not isinstance(size, (tuple, list)):
        out[0] = size_item(size)
        return 1
    n = len(size)
    if n == 1 and isinstance(size[0], (tuple, list)):
        return parse_size(size[0], out)
    if n > PN_MAX_DIMS:
        raise ValueError(f"a tensor has at most {PN_MAX_DIMS} dimensions, not {n}: {size!r}")
    for i in range(n):
        out[i] = size_item(size[i])
    return <int>n


cdef int64_t size_item(object o) except? -7:
    if type(o) is PyInt:
        return o
    try:
        return PyNumber_Index(o)
    except TypeError:
        raise TypeError(f"a size is made of integers, not {type_name(o)}") from None


cdef int axis(int64_t dim, int ndim) except -1:
    """dim counted from the front; of a 0-d tensor 0 and -1 exist."""
    cdef int n = ndim if ndim else 1
    if dim < -n or dim >= n:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
    return <int>(dim + n if dim < 0 else dim)


cdef uint32_t axes_mask(object dim, int ndim) except? 0xffffffff:
    """A reduction's axes as bits; None and () are all, which is 0."""
    cdef uint32_t mask = 0
    cdef int d
    if dim is None:
        return 0
    if not isinstance(dim, (tuple, list)):
        d = axis(dim, ndim)
        return <uint32_t>1 << d if ndim else 0
    for item in dim:
        d = axis(item, ndim)
        if mask & (<uint32_t>1 << d):
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims {dim!r}")
        mask |= <uint32_t>1 << d
    return mask if ndim else 0


cdef int reduction_code(object reduction) except -1:
    if reduction == "mean":
        return PN_REDUCE_MEAN
    if reduction == "sum":
        return PN_REDUCE_SUM
    if reduction == "none":
        return PN_REDUCE_NONE
    raise ValueError(f"reduction is 'none', 'mean' or 'sum', not {reduction!r}")
