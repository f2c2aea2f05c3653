# Indexing.  Integers, slices, None and ... make views; masks and integer
# arrays read through one index_select over the dimensions that they cover.

@cython.internal
cdef class Advanced:
    """An index tensor: the dimensions it covers in the view, and what it picks there."""

    cdef int dim, ndim       # first dimension, number of dimensions
    cdef Tensor mask         # bool, or
    cdef Tensor index        # int64


cdef Advanced advanced_index(object key, int dim):
    """key as an index tensor at dimension dim; lists and arrays become tensors."""
    cdef Advanced a = Advanced.__new__(Advanced)
    cdef Tensor t
    if isinstance(key, Tensor):
        t = <Tensor>key
    elif isinstance(key, (list, ndarray)):
        t = as_tensor(key)
        if t.c.numel == 0 and not isinstance(key, ndarray):
            t = wrap(pn_cast(t.c, PN_I64))
    else:
        raise IndexError(
            "an index is made of integers, slices, None, ..., bool masks and integer arrays, "
            f"not {type_name(key)}")
    a.dim = dim
    if t.c.dtype == PN_BOOL:
        if t.c.ndim == 0:
            raise IndexError("a mask has at least one dimension")
        a.mask = t
        a.ndim = t.c.ndim
    elif t.c.dtype == PN_I64 or t.c.dtype == PN_I32:
        a.index = t
        a.ndim = 1
    else:
        raise IndexError(
            f"tensors used as indices are int64, int32 or bool, not {DTYPES[t.c.dtype]!r}")
    return a


cdef int covered(object key) except -1:
    """How many dimensions an item of an index uses up."""
    if key is None or key is Ellipsis:
        return 0
    if isinstance(key, Tensor) and (<Tensor>key).c.dtype == PN_BOOL:
        return (<Tensor>key).c.ndim
    if isinstance(key, ndarray) and key.dtype == numpy_bool:
        return key.ndim
    return 1


cdef Tensor slice_dim(pn_tensor *t, int dim, object key):
    cdef Py_ssize_t start, stop, step
    PySlice_Unpack(key, &start, &stop, &step)
    if step <= 0:
        raise ValueError(f"step must be greater than zero, not {step}")
    PySlice_AdjustIndices(t.shape[dim], &start, &stop, step)
    return wrap(pn_slice(t, dim, start, stop if stop > start else start, step))


cdef Tensor basic_index(Tensor t, object key, list advanced):
    """The view that integers, slices, None and ... make; index tensors go to `advanced`."""
    cdef tuple items = key if isinstance(key, tuple) else (key,)
    cdef int dim = 0, used = 0, gap
    cdef bint ellipsis = False
    for item in items:
        used += covered(item)
    gap = t.c.ndim - used
    if gap < 0:
        raise IndexError(
            f"too many indices: {used} for a tensor of {t.c.ndim} dimensions, {shape_of(t.c)}")
    for item in items:
        if item is Ellipsis:
            if ellipsis:
                raise IndexError("an index has at most one ...")
            ellipsis = True
            dim += gap
        elif item is None:
            t = wrap(pn_unsqueeze(t.c, dim))
            dim += 1
        elif isinstance(item, slice):
            t = slice_dim(t.c, dim, item)
            dim += 1
        elif isinstance(item, bool):
            raise IndexError("True and False are no indices; None adds a dimension")
        elif isinstance(item, int) or isinstance(item, numpy_integer):
            t = select_at(t.c, dim, item)
        else:
            advanced.append(advanced_index(item, dim))
            dim += (<Advanced>advanced[len(advanced) - 1]).ndim
    return t


cdef Tensor read_index(Tensor t, object key):
    cdef list advanced = []
    cdef Tensor viewed = basic_index(t, key, advanced)
    cdef Advanced only
    if not advanced:
        return wrap(pn_view(t.c, t.c.ndim, t.c.shape)) if viewed is t else viewed
    only = advanced[0]
    if len(advanced) == 1 and only.index is not None:
        return pick(viewed, only.dim, 1, only.index, shape_of(only.index.c))
    viewed, dim, ndim, positions = combine(viewed, advanced)
    return pick(viewed, dim, ndim, from_numpy(positions.reshape(-1)), positions.shape)


cdef Tensor pick(Tensor t, int dim, int ndim, Tensor positions, tuple shape):
    """The elements of dimensions dim..dim+ndim-1 at flat positions, in their place as `shape`."""
    cdef tuple before = shape_of(t.c)[:dim]
    cdef tuple after = shape_of(t.c)[dim + ndim:]
    cdef Tensor flat = reshape_to(t, before + (product(shape_of(t.c)[dim:dim + ndim]),) + after)
    cdef Tensor one = reshape_to(positions, (positions.c.numel,))
    return reshape_to(wrap(pn_index_select(flat.c, dim, one.c)), before + shape + after)


cdef Tensor reshape_to(Tensor t, tuple shape):
    cdef int64_t size[8]
    cdef int n = parse_size(shape, size)
    return wrap(pn_reshape(t.c, n, size))


cdef tuple combine(Tensor t, list advanced):
    """The index tensors as one: (view, first dimension, dimensions, flat NumPy positions).

    Where they are not neighbours, the view has their dimensions first, and so
    has the result, as in NumPy.
    """
    cdef Advanced a
    cdef list dims = [], parts = []
    for a in advanced:
        dims.extend(range(a.dim, a.dim + a.ndim))
        parts.extend(component_positions(a, t))
    first = dims[0]
    if dims[len(dims) - 1] - first + 1 != len(dims):
        t = permute_dims(t.c, dims + [d for d in range(t.c.ndim) if d not in dims])
        first = 0
    sizes = shape_of(t.c)[first:first + len(dims)]
    positions = numpy_zeros((), "int64")
    try:
        for part, size in zip(parts, sizes):
            positions = positions * size + part
    except ValueError:
        shapes = ", ".join([f"{p.shape}" for p in parts])
        raise IndexError(f"index tensors cannot be broadcast together: {shapes}") from None
    return t, first, len(dims), numpy_array(positions, dtype="int64", order="C")


cdef list component_positions(Advanced a, Tensor t):
    """Per covered dimension the positions picked there, as NumPy arrays within bounds."""
    cdef tuple sizes = shape_of(t.c)[a.dim:a.dim + a.ndim]
    if a.mask is not None:
        if shape_of(a.mask.c) != sizes:
            raise IndexError(
                f"The shape of the mask {shape_of(a.mask.c)} does not match the indexed "
                f"dimensions {sizes} of the tensor {shape_of(t.c)}")
        return list(to_numpy(a.mask).nonzero())
    index = to_numpy(a.index)
    size = sizes[0]
    bad = index[(index < -size) | (index >= size)]
    if bad.size:
        raise IndexError(
            f"index {bad.flat[0]} is out of bounds for dimension {a.dim} with size {size}")
    return [index + size * (index < 0)]


# ---- writing ---------------------------------------------------------------------

cdef int write_index(Tensor t, object key, object value) except -1:
    cdef list advanced = []
    cdef Tensor viewed = basic_index(t, key, advanced)
    cdef Advanced only
    cdef pn_tensor *source
    if not advanced:
        source = need_operand(value, "assignment")
        try:
            check(pn_copy_(viewed.c, source))
        finally:
            pn_release(source)
        return 0
    only = advanced[0]
    if len(advanced) == 1 and only.mask is not None and not (
            isinstance(value, (Tensor, ndarray)) and value.ndim):
        return write_masked(viewed, only, value)
    viewed, dim, ndim, positions = combine(viewed, advanced)
    return write_at(viewed, dim, ndim, positions, value)


cdef int write_masked(Tensor t, Advanced a, object value) except -1:
    """One number everywhere in the mask: tensor operators, so that it is captured."""
    cdef Tensor mask, source
    cdef tuple sizes = shape_of(t.c)[a.dim:a.dim + a.ndim]
    if shape_of(a.mask.c) != sizes:
        raise IndexError(
            f"The shape of the mask {shape_of(a.mask.c)} does not match the indexed "
            f"dimensions {sizes} of the tensor {shape_of(t.c)}")
    mask = reshape_to(a.mask, sizes + (1,) * (t.c.ndim - a.dim - a.ndim))
    source = where_of(mask, value, t)
    check(pn_copy_(t.c, source.c))
    return 0


cdef int write_at(Tensor t, int dim, int ndim, object positions, object value) except -1:
    """value, broadcast to the picked shape, at the positions; the last of equal ones wins."""
    cdef tuple before = shape_of(t.c)[:dim]
    cdef tuple covers = shape_of(t.c)[dim:dim + ndim]
    cdef tuple after = shape_of(t.c)[dim + ndim:]
    cdef Tensor source = as_tensor(value)
    cdef Tensor hit, picked
    cdef int64_t size[8]
    cdef int n = parse_size(before + positions.shape + after, size)
    source = reshape_to(wrap(pn_expand(source.c, n, size)), before + (positions.size,) + after)
    if positions.size == 0:
        return 0
    origin = numpy_zeros(product(covers), "int64")
    taken = numpy_zeros(product(covers), "bool")
    origin[positions.reshape(-1)] = numpy_arange(positions.size)
    taken[positions.reshape(-1)] = True
    picked = pick(source, dim, 1, from_numpy(origin), covers)
    hit = reshape_to(from_numpy(taken), covers + (1,) * len(after))
    source = where_of(hit, picked, t)
    check(pn_copy_(t.c, source.c))
    return 0
