# The dtype objects: one per pn_dtype, made once.

@cython.final
cdef class dtype:
    """An element type, such as pynn.float32.

    Attributes: name, itemsize (bytes), is_floating_point.
    """

    cdef int code
    cdef readonly str name
    cdef readonly int itemsize
    cdef readonly bint is_floating_point

    def __cinit__(self):
        if DTYPES is not None:
            raise TypeError(
                "the dtypes are pynn.float32, pynn.int64, ...; there are no others")

    def __repr__(self):
        return "pynn." + self.name

    def __reduce__(self):
        return self.name


cdef dtype make_dtype(int code):
    cdef dtype d = dtype.__new__(dtype)
    d.code = code
    d.name = (<bytes>pn_dtype_name(code)).decode()
    d.itemsize = <int>pn_itemsize(code)
    d.is_floating_point = pn_is_float(code)
    return d


cdef list DTYPES = None
DTYPES = [make_dtype(code) for code in range(PN_DTYPE_COUNT)]
# Through globals(): a plain assignment to `bool` would hide the builtin here.
globals().update({(<dtype>d).name: d for d in DTYPES})
globals()["double"] = DTYPES[PN_F64]
globals()["float"] = DTYPES[PN_F32]
globals()["half"] = DTYPES[PN_F16]
globals()["long"] = DTYPES[PN_I64]
globals()["int"] = DTYPES[PN_I32]

cdef str SUPPORTED_DTYPES = ", ".join([(<dtype>d).name for d in DTYPES])

# NumPy's names; bfloat16 is not one of them.
cdef list NUMPY_DTYPES = [
    None if code == PN_BF16 else numpy_dtype((<dtype>DTYPES[code]).name)
    for code in range(PN_DTYPE_COUNT)
]


cdef int dtype_code(object o, int default=-1) except -2:
    """The code of a dtype argument: a pynn dtype, float, int or bool; None is `default`."""
    if o is None:
        return default
    if isinstance(o, dtype):
        return (<dtype>o).code
    if o is PyFloat:
        return PN_F64
    if o is PyInt:
        return PN_I64
    if o is PyBool:
        return PN_BOOL
    raise TypeError(
        f"expected a dtype such as pynn.float32, not {o!r}; there are {SUPPORTED_DTYPES}")


cdef int float_code(object o) except -2:
    """As dtype_code, for what must be float32 or float64; None is the default dtype."""
    cdef int code = dtype_code(o, pn_default_dtype())
    if not pn_is_float(code):
        raise TypeError(f"expected a floating dtype, not {DTYPES[code]!r}")
    return code


def promote_types(type1, type2):
    """The dtype that an operation of tensors of the two dtypes has."""
    return DTYPES[pn_promote_types(dtype_code(type1, PN_F32), dtype_code(type2, PN_F32))]


def get_default_dtype():
    """The dtype that Python floats become in new tensors: float32 at first."""
    return DTYPES[pn_default_dtype()]


def set_default_dtype(d):
    """Sets the dtype that Python floats become in new tensors: float32 or float64."""
    check(pn_set_default_dtype(dtype_code(d, PN_F32)))
