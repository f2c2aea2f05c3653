# DLPack (dmlc/dlpack, ABI 1.0 and the unversioned one before it), CPU memory.

cdef struct DLDevice:
    int32_t device_type
    int32_t device_id

cdef struct DLDataType:
    uint8_t code
    uint8_t bits
    uint16_t lanes

cdef struct DLTensor:
    void *data
    DLDevice device
    int32_t ndim
    DLDataType dtype
    int64_t *shape
    int64_t *strides
    uint64_t byte_offset

cdef struct DLManagedTensor:
    DLTensor dl_tensor
    void *manager_ctx
    void (*deleter)(DLManagedTensor *self) noexcept

cdef struct DLPackVersion:
    uint32_t major
    uint32_t minor

cdef struct DLManagedTensorVersioned:
    DLPackVersion version
    void *manager_ctx
    void (*deleter)(DLManagedTensorVersioned *self) noexcept
    uint64_t flags
    DLTensor dl_tensor

cdef enum:
    DL_CPU = 1
    DL_INT = 0
    DL_UINT = 1
    DL_FLOAT = 2
    DL_BFLOAT = 4
    DL_BOOL = 6
    DL_FLAG_READ_ONLY = 1
    DL_FLAG_IS_COPIED = 2

# By pn_dtype: DLPack's type code.
cdef uint8_t[9] DL_CODES = [DL_FLOAT, DL_FLOAT, DL_BFLOAT, DL_FLOAT, DL_INT, DL_INT, DL_INT,
                            DL_UINT, DL_BOOL]


# ---- out -----------------------------------------------------------------------

cdef void delete_plain(DLManagedTensor *m) noexcept with gil:
    Py_DECREF(<object>m.manager_ctx)
    PyMem_Free(m)


cdef void delete_versioned(DLManagedTensorVersioned *m) noexcept with gil:
    Py_DECREF(<object>m.manager_ctx)
    PyMem_Free(m)


cdef void drop_plain(object capsule) noexcept:
    """Of a capsule that nobody took."""
    cdef DLManagedTensor *m
    if PyCapsule_IsValid(capsule, b"dltensor"):
        m = <DLManagedTensor *>PyCapsule_GetPointer(capsule, b"dltensor")
        m.deleter(m)


cdef void drop_versioned(object capsule) noexcept:
    cdef DLManagedTensorVersioned *m
    if PyCapsule_IsValid(capsule, b"dltensor_versioned"):
        m = <DLManagedTensorVersioned *>PyCapsule_GetPointer(capsule, b"dltensor_versioned")
        m.deleter(m)


cdef void fill_dltensor(pn_tensor *t, DLTensor *d, int64_t *dims) noexcept:
    cdef int i
    for i in range(t.ndim):
        dims[i] = t.shape[i]
        dims[PN_MAX_DIMS + i] = t.stride[i]
    d.data = t.data
    d.device = DLDevice(DL_CPU, 0)
    d.ndim = t.ndim
    d.dtype = DLDataType(DL_CODES[t.dtype], <uint8_t>(8 * pn_itemsize(t.dtype)), 1)
    d.shape = dims
    d.strides = dims + PN_MAX_DIMS
    d.byte_offset = 0


cdef object export_dlpack(Tensor self, bint versioned, bint copied):
    """A capsule on the tensor's memory; the struct is followed by shape and strides."""
    cdef DLManagedTensor *plain
    cdef DLManagedTensorVersioned *m
    cdef size_t dims = 2 * PN_MAX_DIMS * sizeof(int64_t)
    cdef bint readonly = self.c.storage.flags & PN_STORAGE_READONLY
    if not versioned:
        if readonly:
            raise BufferError("a read-only tensor needs a consumer that knows DLPack 1.0")
        plain = <DLManagedTensor *>PyMem_Malloc(sizeof(DLManagedTensor) + dims)
        if plain is NULL:
            raise MemoryError
        fill_dltensor(self.c, &plain.dl_tensor, <int64_t *>(plain + 1))
        plain.manager_ctx = <void *>self
        plain.deleter = delete_plain
        Py_INCREF(self)
        return PyCapsule_New(plain, b"dltensor", drop_plain)
    m = <DLManagedTensorVersioned *>PyMem_Malloc(sizeof(DLManagedTensorVersioned) + dims)
    if m is NULL:
        raise MemoryError
    fill_dltensor(self.c, &m.dl_tensor, <int64_t *>(m + 1))
    m.version = DLPackVersion(1, 0)
    m.flags = (DL_FLAG_READ_ONLY if readonly else 0) | (DL_FLAG_IS_COPIED if copied else 0)
    m.manager_ctx = <void *>self
    m.deleter = delete_versioned
    Py_INCREF(self)
    return PyCapsule_New(m, b"dltensor_versioned", drop_versioned)


# ---- in ------------------------------------------------------------------------

cdef void release_plain(void *ctx) noexcept with gil:
    cdef DLManagedTensor *m = <DLManagedTensor *>ctx
    if m.deleter is not NULL:
        m.deleter(m)


cdef void release_versioned(void *ctx) noexcept with gil:
    cdef DLManagedTensorVersioned *m = <DLManagedTensorVersioned *>ctx
    if m.deleter is not NULL:
        m.deleter(m)


cdef int dl_code(DLDataType d) except -1:
    cdef int code
    for code in range(PN_DTYPE_COUNT):
        if (d.lanes == 1 and DL_CODES[code] == d.code
                and d.bits == 8 * pn_itemsize(code)):
            return code
    raise TypeError(
        f"from_dlpack(): type code {d.code} of {d.bits} bits and {d.lanes} lanes is not "
        f"supported; supported are {SUPPORTED_DTYPES}")


cdef int check_dltensor(DLTensor *d) except -1:
    """The dtype code of a DLTensor that can be shared as it is."""
    cdef int code
    if d.device.device_type != DL_CPU:
        raise BufferError(
            f"from_dlpack(): the memory is on device type {d.device.device_type}; "
            "only the CPU (1) is supported")
    if d.ndim < 0 or d.ndim > PN_MAX_DIMS:
        raise ValueError(f"a tensor has at most {PN_MAX_DIMS} dimensions, not {d.ndim}")
    code = dl_code(d.dtype)
    if (<uintptr_t>d.data + d.byte_offset) % pn_itemsize(code):
        raise BufferError("from_dlpack(): the memory is not aligned to its items")
    return code


cdef pn_tensor *adopt_dltensor(DLTensor *d, int code, bint readonly,
                               void (*release)(void *) noexcept, void *ctx) except NULL:
    cdef int64_t stride[8]
    cdef int64_t step = 1
    cdef int i
    for i in range(d.ndim - 1, -1, -1):
        stride[i] = step if d.strides is NULL else d.strides[i]
        step *= d.shape[i] if d.shape[i] > 0 else 1
    t = pn_from_memory(<char *>d.data + d.byte_offset, code, d.ndim, d.shape, stride, readonly,
                       release, ctx)
    if t is NULL:
        fail()
    return t


def from_dlpack(ext_tensor):
    """A tensor on the memory of an object with __dlpack__ (or of its capsule)."""
    cdef DLManagedTensor *plain
    cdef DLManagedTensorVersioned *m
    cdef int code
    capsule = ext_tensor
    if hasattr(ext_tensor, "__dlpack__"):
        try:
            capsule = ext_tensor.__dlpack__(max_version=(1, 0))
        except TypeError:
            capsule = ext_tensor.__dlpack__()
    if PyCapsule_IsValid(capsule, b"dltensor_versioned"):
        m = <DLManagedTensorVersioned *>PyCapsule_GetPointer(capsule, b"dltensor_versioned")
        if m.version.major != 1:
            raise BufferError(f"from_dlpack(): DLPack {m.version.major} is not supported; 1 is")
        code = check_dltensor(&m.dl_tensor)
        PyCapsule_SetName(capsule, b"used_dltensor_versioned")
        return wrap(adopt_dltensor(&m.dl_tensor, code, m.flags & DL_FLAG_READ_ONLY,
                                   release_versioned, m))
    if PyCapsule_IsValid(capsule, b"dltensor"):
        plain = <DLManagedTensor *>PyCapsule_GetPointer(capsule, b"dltensor")
        code = check_dltensor(&plain.dl_tensor)
        PyCapsule_SetName(capsule, b"used_dltensor")
        return wrap(adopt_dltensor(&plain.dl_tensor, code, False, release_plain, plain))
    raise TypeError(
        f"from_dlpack(): expected an object with __dlpack__ or an unused DLPack capsule, "
        f"not {type_name(ext_tensor)}")
