# NumPy's door: arrays come in and go out through the buffer protocol, so the
# extension does not depend on NumPy's binary interface.

cdef void release_buffer(void *ctx) noexcept with gil:
    PyBuffer_Release(<Py_buffer *>ctx)
    PyMem_Free(ctx)


cdef int buffer_code(const char *format, Py_ssize_t itemsize) noexcept:
    """The dtype of a one-letter buffer format in native byte order; else -1."""
    cdef char c
    if format is NULL:
        return PN_U8
    c = format[0]
    if c == b"@" or c == b"=" or c == (b"<" if LITTLE_ENDIAN else b">"):
        format += 1
        c = format[0]
    if c == 0 or format[1] != 0:
        return -1
    if c == b"f":
        return PN_F32
    if c == b"d":
        return PN_F64
    if c == b"e":
        return PN_F16
    if c == b"?":
        return PN_BOOL
    if c == b"B":
        return PN_U8
    if c in b"bhilqn":
        return PN_I64 if itemsize == 8 else PN_I32 if itemsize == 4 else (
            PN_I8 if itemsize == 1 else -1)
    return -1


cdef object unsupported_array(object array):
    return TypeError(
        f"a NumPy array of dtype {array.dtype} cannot become a tensor; supported are "
        f"{SUPPORTED_DTYPES}")


cdef bint aligned(Py_buffer *view) noexcept:
    """True if base and strides are multiples of the item: what kernels assume."""
    cdef int i
    if <uintptr_t>view.buf % <size_t>view.itemsize:
        return False
    for i in range(view.ndim):
        if view.shape[i] > 1 and view.strides[i] % view.itemsize:
            return False
    return True


cdef pn_tensor *adopt_buffer(Py_buffer *view, int code) except NULL:
    """A tensor on the memory of a strided buffer, which it takes."""
    cdef int64_t shape[8]
    cdef int64_t stride[8]
    cdef int i
    cdef pn_tensor *t
    for i in range(view.ndim):
        shape[i] = view.shape[i]
        stride[i] = view.strides[i] // view.itemsize if view.shape[i] > 1 else 1
    t = pn_from_memory(view.buf, code, view.ndim, shape, stride, view.readonly,
                       release_buffer, view)
    if t is NULL:
        fail()
    return t


cdef pn_tensor *share_array(object array) except NULL:
    """A new tensor on the array's memory; of a copy where items are misaligned or swapped."""
    cdef Py_buffer *view = <Py_buffer *>PyMem_Malloc(sizeof(Py_buffer))
    cdef int code
    if view is NULL:
        raise MemoryError
    try:
        PyObject_GetBuffer(array, view, PyBUF_FORMAT | PyBUF_STRIDES)
    except (ValueError, BufferError):
        PyMem_Free(view)
        raise unsupported_array(array) from None
    code = buffer_code(view.format, view.itemsize)
    if code >= 0 and view.ndim <= PN_MAX_DIMS and aligned(view):
        return adopt_buffer(view, code)
    release_buffer(view)
    return share_copy(array, code)


cdef pn_tensor *share_copy(object array, int code) except NULL:
    """share_array() of what cannot be shared: copied into native, aligned items, or refused."""
    if array.ndim > PN_MAX_DIMS:
        raise ValueError(
            f"a tensor has at most {PN_MAX_DIMS} dimensions; the array has {array.ndim}: "
            f"{array.shape}")
    native = array.dtype.newbyteorder("=")
    if code < 0 and (array.dtype.isnative or native not in NUMPY_DTYPES):
        raise unsupported_array(array)
    return share_array(numpy_array(array, dtype=native, order="C"))


def from_numpy(array):
    """A tensor that shares the array's memory.

    Writes through one are seen by the other; a read-only array gives a
    read-only tensor.  Byte-swapped and misaligned arrays are copied.
    """
    if not isinstance(array, ndarray):
        raise TypeError(f"from_numpy(): expected a NumPy array, not {type_name(array)}")
    return wrap(share_array(array))


# ---- out -----------------------------------------------------------------------

# Buffer formats by dtype, as NumPy itself writes them.
cdef const char *BUFFER_FORMATS[9]
BUFFER_FORMATS[:] = [b"f", b"d", NULL, b"e", b"l" if sizeof(long) == 8 else b"q",
                     b"i", b"b", b"B", b"?"]


cdef int export_buffer(Tensor self, Py_buffer *view, int flags) except -1:
    """Fills a buffer view of the tensor's memory; view.internal holds shape and strides."""
    cdef pn_tensor *t = self.c
    cdef bint readonly = t.storage.flags & PN_STORAGE_READONLY
    cdef Py_ssize_t *dims
    cdef Py_ssize_t itemsize = pn_itemsize(t.dtype)
    cdef int i
    view.obj = None
    refuse_export(t, "the buffer protocol", BufferError)
    if BUFFER_FORMATS[t.dtype] is NULL:
        raise BufferError("the buffer protocol has no bfloat16: convert first, as in x.float()")
    if readonly and (flags & PyBUF_WRITABLE):
        raise BufferError("the tensor is read-only")
    if not (t.flags & PN_T_CONTIGUOUS) and (
            (flags & PyBUF_STRIDES) != PyBUF_STRIDES
            or (flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS
            or (flags & PyBUF_ANY_CONTIGUOUS) == PyBUF_ANY_CONTIGUOUS):
        raise BufferError("the tensor is not contiguous")
    if (flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS and t.ndim > 1:
        raise BufferError("the tensor is not Fortran-contiguous")
    dims = <Py_ssize_t *>PyMem_Malloc(2 * PN_MAX_DIMS * sizeof(Py_ssize_t))
    if dims is NULL:
        raise MemoryError
    for i in range(t.ndim):
        dims[i] = t.shape[i]
        dims[PN_MAX_DIMS + i] = t.stride[i] * itemsize
    view.internal = dims
    view.buf = t.data
    view.len = t.numel * itemsize
    view.readonly = readonly
    view.itemsize = itemsize
    view.format = <char *>BUFFER_FORMATS[t.dtype] if flags & PyBUF_FORMAT else NULL
    view.ndim = t.ndim
    view.shape = dims if flags & PyBUF_ND else NULL
    view.strides = dims + PN_MAX_DIMS if (flags & PyBUF_STRIDES) == PyBUF_STRIDES else NULL
    view.suboffsets = NULL
    view.obj = self
    return 0


cdef int refuse_export(pn_tensor *t, str what, object error) except -1:
    """Memory goes out neither with a history nor while a step is being recorded."""
    if wants_grad(t):
        raise error(
            f"Can't call {what} on Tensor that requires grad. Use tensor.detach().{what} instead."
            if what == "numpy()" else
            f"Can't export a Tensor that requires grad through {what}; use tensor.detach()")
    check(pn_data_read())
    return 0


cdef object to_numpy(Tensor self):
    """An array on the tensor's memory."""
    refuse_export(self.c, "numpy()", RuntimeError)
    if self.c.dtype == PN_BF16:
        raise TypeError("NumPy has no bfloat16: convert first, as in x.float().numpy()")
    return numpy_asarray(self)


cdef object to_list(Tensor self):
    if self.c.ndim == 0:
        return scalar_value(self.c)
    if self.c.dtype == PN_BF16:
        return to_list(wrap(pn_cast(self.c, PN_F32)))
    return to_numpy(wrap(pn_alias(self.c))).tolist()
