# The Tensor, second part: views and casts.

cdef tuple TYPE_NAMES = ("Float", "Double", "BFloat16", "Half", "Long", "Int", "Char", "Byte", "Bool")


cdef bint all_none(tuple values):
    for value in values:
        if value is not None:
            return False
    return True


cdef class _TensorViews(_TensorData):
    """Other shapes of the same elements, other dtypes of the same values."""

    @property
    def T(self):
        """The tensor with its dimensions reversed."""
        cdef int order[8]
        cdef int i, n = self.c.ndim
        for i in range(n):
            order[i] = n - 1 - i
        return wrap(pn_permute(self.c, n, order))

    @property
    def mT(self):
        """The tensor with its last two dimensions exchanged."""
        if self.c.ndim < 2:
            raise RuntimeError(f"mT needs at least 2 dimensions, not {self.c.ndim}")
        return wrap(pn_transpose(self.c, self.c.ndim - 2, self.c.ndim - 1))

    def view(self, *shape):
        """The same memory in another shape (one size may be -1), or as another dtype."""
        cdef int64_t size[8]
        cdef int n
        if len(shape) == 1 and isinstance(shape[0], dtype):
            return wrap(pn_view_dtype(self.c, dtype_code(shape[0])))
        n = parse_size(shape, size)
        return wrap(pn_view(self.c, n, size))

    def reshape(self, *shape):
        """Another shape (one size may be -1); copies only if no view can have it."""
        cdef int64_t size[8]
        cdef int n = parse_size(shape, size)
        return wrap(pn_reshape(self.c, n, size))

    def view_as(self, _TensorViews other not None):
        """view(other.shape)."""
        return wrap(pn_view(self.c, other.c.ndim, other.c.shape))

    def reshape_as(self, _TensorViews other not None):
        """reshape(other.shape)."""
        return wrap(pn_reshape(self.c, other.c.ndim, other.c.shape))

    def flatten(self, start_dim=0, end_dim=-1):
        """The dimensions start_dim to end_dim as one."""
        return flatten_dims(self.c, start_dim, end_dim)

    def transpose(self, dim0, dim1):
        """Dimensions dim0 and dim1 exchanged."""
        return wrap(pn_transpose(self.c, axis(dim0, self.c.ndim), axis(dim1, self.c.ndim)))

    def t(self):
        """The transpose of a tensor of at most 2 dimensions."""
        return transpose_2d(self.c)

    def permute(self, *dims):
        """The dimensions in another order."""
        return permute_dims(self.c, dims[0] if len(dims) == 1 and not isinstance(dims[0], int)
                       else dims)

    def squeeze(self, dim=None):
        """Without dimensions of size 1: all, or those of `dim`."""
        return squeeze_dims(self.c, dim)

    def unsqueeze(self, dim):
        """With a dimension of size 1 at `dim`."""
        return wrap(pn_unsqueeze(self.c, axis(dim, self.c.ndim + 1)))

    def expand(self, *sizes):
        """Dimensions of size 1 repeated without a copy; -1 keeps a size."""
        cdef int64_t size[8]
        cdef int n = parse_size(sizes, size)
        return expand_to(self.c, n, size)

    def expand_as(self, _TensorViews other not None):
        """expand(other.shape)."""
        return wrap(pn_expand(self.c, other.c.ndim, other.c.shape))

    def select(self, dim, index):
        """The slice at `index` of dimension `dim`, which goes."""
        return select_at(self.c, axis(dim, self.c.ndim), index)

    def narrow(self, dim, start, length):
        """Elements start to start + length of dimension `dim`."""
        return narrow_dim(self.c, dim, start, length)

    def __getitem__(self, key):
        if type(key) is PyInt:
            return select_at(self.c, 0, key)
        return read_index(<Tensor>self, key)

    def __setitem__(self, key, value):
        write_index(<Tensor>self, key, value)

    def __delitem__(self, key):
        raise TypeError("elements of a tensor cannot be deleted")

    # ---- copies and casts --------------------------------------------------------

    def detach(self):
        """The same memory without history."""
        return wrap(pn_alias(self.c))

    def clone(self):
        """A copy of its own memory; differentiable."""
        return wrap(pn_clone(self.c))

    def contiguous(self):
        """The tensor itself if it is contiguous, else a copy that is."""
        return wrap(pn_contiguous(self.c))

    def to(self, *args, object dtype=None, object device=None, bint non_blocking=False,
           bint copy=False):
        """The values as another dtype; the tensor itself if it has it, unless copy.

        to(dtype), to(other), to("cpu", dtype), then non_blocking and copy as in PyTorch; the
        only device is "cpu".
        """
        cdef int code = self.c.dtype
        cdef int flags = 0
        for given in (*args, dtype, device):
            if given is None:
                continue
            if given is True or given is False:
                flags += 1
                copy = copy or (flags == 2 and given)
            elif isinstance(given, Tensor):
                code = (<Tensor>given).c.dtype
            elif isinstance(given, str):
                if given != "cpu" and given != "cpu:0":
                    raise RuntimeError(f"to(): the only device is 'cpu', not {given!r}")
            else:
                code = dtype_code(given)
        if dtype is None and device is None and all_none(args):
            raise TypeError("to(): expected a dtype such as pynn.float32, a Tensor or 'cpu'")
        if copy and code == self.c.dtype:
            return wrap(pn_clone(self.c))
        return wrap(pn_cast(self.c, code))

    def type(self, dtype=None):
        """to(dtype); without one the name of the type, such as "pynn.FloatTensor"."""
        if dtype is None:
            return f"pynn.{TYPE_NAMES[self.c.dtype]}Tensor"
        return wrap(pn_cast(self.c, dtype_code(dtype)))

    def type_as(self, _TensorViews other not None):
        """to(other.dtype)."""
        return wrap(pn_cast(self.c, other.c.dtype))

    def float(self):
        """to(pynn.float32)."""
        return wrap(pn_cast(self.c, PN_F32))

    def double(self):
        """to(pynn.float64)."""
        return wrap(pn_cast(self.c, PN_F64))

    def half(self):
        """to(pynn.float16)."""
        return wrap(pn_cast(self.c, PN_F16))

    def bfloat16(self):
        """to(pynn.bfloat16)."""
        return wrap(pn_cast(self.c, PN_BF16))

    def long(self):
        """to(pynn.int64)."""
        return wrap(pn_cast(self.c, PN_I64))

    def int(self):
        """to(pynn.int32)."""
        return wrap(pn_cast(self.c, PN_I32))

    def char(self):
        """to(pynn.int8)."""
        return wrap(pn_cast(self.c, PN_I8))

    def byte(self):
        """to(pynn.uint8)."""
        return wrap(pn_cast(self.c, PN_U8))

    def bool(self):
        """to(pynn.bool): what is not 0."""
        return wrap(pn_cast(self.c, PN_BOOL))


# ---- the work, for methods and functions alike ---------------------------------

cdef Tensor permute_dims(pn_tensor *t, object dims):
    cdef int order[8]
    cdef int i, n = 0
    cdef uint32_t seen = 0
    dims = tuple(dims)
    if len(dims) != t.ndim:
        raise RuntimeError(
            f"permute(): {len(dims)} dims {dims} for {t.ndim} dimensions of shape {shape_of(t)}")
    for d in dims:
        i = axis(d, t.ndim)
        if seen & (<uint32_t>1 << i):
            raise RuntimeError(f"permute(): dim {i} appears twice in {dims}")
        seen |= <uint32_t>1 << i
        order[n] = i
        n += 1
    return wrap(pn_permute(t, n, order))


cdef Tensor transpose_2d(pn_tensor *t):
    if t.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with at most 2 dimensions, not {t.ndim} as in {shape_of(t)}; "
            "use transpose(dim0, dim1)")
    if t.ndim < 2:
        return wrap(pn_alias(t)) if not pn_requires_grad(t) else wrap(pn_view(t, t.ndim, t.shape))
    return wrap(pn_transpose(t, 0, 1))


cdef Tensor flatten_dims(pn_tensor *t, object start_dim, object end_dim):
    cdef int first = axis(start_dim, t.ndim)
    cdef int last = axis(end_dim, t.ndim)
    cdef int64_t size[8]
    cdef int i, n = first
    if last < first:
        raise RuntimeError(f"flatten(): start_dim {start_dim} is after end_dim {end_dim}")
    if t.ndim == 0:
        size[0] = 1
        return wrap(pn_reshape(t, 1, size))
    if first == last:
        return wrap_borrowed(t)
    for i in range(first):
        size[i] = t.shape[i]
    size[n] = 1
    for i in range(first, last + 1):
        size[n] *= t.shape[i]
    for i in range(last + 1, t.ndim):
        n += 1
        size[n] = t.shape[i]
    return wrap(pn_reshape(t, n + 1, size))


cdef Tensor squeeze_dims(pn_tensor *t, object dim):
    cdef Tensor r
    if dim is None:
        return wrap(pn_squeeze(t, PN_ALL_DIMS))
    if not isinstance(dim, (tuple, list)):
        return wrap(pn_squeeze(t, axis(dim, t.ndim)))
    r = wrap_borrowed(t)
    for d in sorted([axis(d, t.ndim) for d in dim], reverse=True):
        r = wrap(pn_squeeze(r.c, d))
    return r


cdef Tensor expand_to(pn_tensor *t, int n, int64_t *size):
    """-1 keeps a size; sizes are aligned at the end."""
    cdef int i, lead = n - t.ndim
    for i in range(n):
        if size[i] == -1 and i >= lead:
            size[i] = t.shape[i - lead]
    return wrap(pn_expand(t, n, size))


cdef Tensor select_at(pn_tensor *t, int dim, object index):
    cdef int64_t i = PyNumber_Index(index)
    if t.ndim == 0:
        raise IndexError("a 0-d tensor cannot be indexed; use item() for its value")
    if i < -t.shape[dim] or i >= t.shape[dim]:
        raise IndexError(
            f"index {i} is out of bounds for dimension {dim} with size {t.shape[dim]}")
    return wrap(pn_select(t, dim, i + t.shape[dim] if i < 0 else i))


cdef Tensor narrow_dim(pn_tensor *t, object dim, object start, object length):
    cdef int d = axis(dim, t.ndim)
    cdef int64_t first = start
    cdef int64_t n = length
    if t.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-d tensor")
    if first < 0:
        first += t.shape[d]
    if first < 0 or n < 0 or first > t.shape[d] - n:
        raise RuntimeError(
            f"narrow(): start {start} and length {length} do not fit dimension {d} of "
            f"{shape_of(t)}")
    return wrap(pn_slice(t, d, first, first + n, 1))
