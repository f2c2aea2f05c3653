# Indexing.  Integers, slices, None and ... make views; masks and integer
# arrays go to the engine, each at the dimension of the view that it indexes.

cdef Tensor index_tensor(object key):
    """key as an index tensor; sequences and arrays become tensors."""
    cdef Tensor t
    if isinstance(key, Tensor):
        return <Tensor>key
    if isinstance(key, ndarray):
        return as_tensor(key)
    if isinstance(key, (list, tuple, range)):
        t = as_tensor(list(key) if isinstance(key, range) else key)
        return wrap(pn_cast(t.c, PN_I64)) if t.c.numel == 0 and t.c.dtype != PN_BOOL else t
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or bool tensors are valid "
        f"indices, not {type_name(key)}")


cdef bint is_bool(object key):
    return isinstance(key, (bool, numpy_bool))


cdef int covered(object key) except -1:
    """How many dimensions an item of an index uses up."""
    if key is None or key is Ellipsis or is_bool(key):
        return 0
    if isinstance(key, Tensor) and (<Tensor>key).c.dtype == PN_BOOL:
        return (<Tensor>key).c.ndim
    if isinstance(key, ndarray) and key.dtype == numpy_bool:
        return key.ndim
    if isinstance(key, list) and nested_bool(key):
        return index_tensor(key).c.ndim
    return 1


cdef bint nested_bool(list key):
    """True if the first number in nested lists is a bool."""
    cdef object first = key
    while isinstance(first, list) and first:
        first = first[0]
    return is_bool(first)


cdef Tensor slice_dim(pn_tensor *t, int dim, object key):
    cdef Py_ssize_t start, stop, step
    PySlice_Unpack(key, &start, &stop, &step)
    if step <= 0:
        raise ValueError(f"step must be greater than zero, not {step}")
    PySlice_AdjustIndices(t.shape[dim], &start, &stop, step)
    return wrap(pn_slice(t, dim, start, stop if stop > start else start, step))


cdef Tensor basic_index(Tensor t, object key, list items):
    """The view that integers, slices, None and ... make.

    items receives, where there are index tensors, one entry for each dimension
    of the view up to the last one indexed: None, or an index tensor (a mask
    stands for all the dimensions that it covers).
    """
    cdef tuple keys = key if isinstance(key, tuple) else (key,)
    cdef int dim = 0, used = 0, filled = 0, gap
    cdef bint ellipsis = False
    cdef Tensor index
    for item in keys:
        used += covered(item)
    gap = t.c.ndim - used
    if gap < 0:
        raise IndexError(
            f"too many indices for tensor of dimension {t.c.ndim}: {used} for shape "
            f"{shape_of(t.c)}")
    for item in keys:
        if type(item) is PyInt:
            t = select_at(t.c, dim, item)
        elif item is Ellipsis:
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
        elif not is_bool(item) and isinstance(item, (int, numpy_integer)):
            t = select_at(t.c, dim, item)
        else:
            if is_bool(item) or (isinstance(item, Tensor) and (<Tensor>item).c.ndim == 0
                                 and (<Tensor>item).c.dtype == PN_BOOL):
                t = wrap(pn_unsqueeze(t.c, dim))
                index = wrap(pn_arange(PN_I64, 0, 1, 1 if item else 0))
            else:
                index = index_tensor(item)
            if index.c.ndim == 0 and not pn_is_float(index.c.dtype) and not pn_capturing():
                t = select_at(t.c, dim, index)
                continue
            items.extend([None] * (dim - filled))
            items.append(index)
            dim += index.c.ndim if index.c.dtype == PN_BOOL else 1
            filled = dim
    return t


cdef Tensor read_index(Tensor t, object key):
    cdef list items = []
    cdef Tensor viewed = basic_index(t, key, items)
    cdef pn_tensor *index[8]
    if not items:
        return wrap(pn_view(t.c, t.c.ndim, t.c.shape)) if viewed is t else viewed
    return wrap(pn_index(viewed.c, fill_items(items, index), index))


cdef int fill_items(list items, pn_tensor **index) except -1:
    """The borrowed tensors of the items; NULL for None."""
    cdef int k = 0
    for item in items:
        if k == PN_MAX_DIMS:
            raise IndexError(f"an index has at most {PN_MAX_DIMS} items, not {len(items)}")
        index[k] = NULL if item is None else (<Tensor>item).c
        k += 1
    return k


# ---- writing ---------------------------------------------------------------------

cdef int write_index(Tensor t, object key, object value) except -1:
    cdef list items = []
    cdef Tensor viewed = basic_index(t, key, items)
    cdef pn_tensor *index[8]
    cdef pn_tensor *source = need_operand(value, "assignment")
    cdef int n
    try:
        if not items:
            check(pn_copy_(viewed.c, source))
        elif source.numel == 1 and len(items) == 1 and (<Tensor>items[0]).c.dtype == PN_BOOL:
            write_masked(viewed, <Tensor>items[0], source)
        else:
            n = fill_items(items, index)
            check(pn_index_put_(viewed.c, n, index, source, False))
    finally:
        pn_release(source)
    return 0


cdef int write_masked(Tensor t, Tensor mask, pn_tensor *value) except -1:
    """One number where the mask, over the first dimensions, is true: operators that read
    no value, so that it is captured."""
    cdef tuple sizes = shape_of(t.c)[:mask.c.ndim]
    cdef Tensor source
    cdef pn_tensor *one
    cdef pn_tensor *number
    if shape_of(mask.c) != sizes:
        raise IndexError(
            f"The shape of the mask {shape_of(mask.c)} at index 0 does not match the shape of "
            f"the indexed tensor {shape_of(t.c)} at index 0")
    mask = reshape_to(mask, sizes + (1,) * (t.c.ndim - mask.c.ndim))
    number = pn_cast(value, t.c.dtype)
    one = NULL if number is NULL else pn_reshape(number, 0, NULL)
    pn_release(number)
    if one is NULL:
        fail()
    source = wrap(pn_where(mask.c, one, t.c))
    pn_release(one)
    check(pn_copy_(t.c, source.c))
    return 0


cdef Tensor reshape_to(Tensor t, tuple shape):
    cdef int64_t size[8]
    cdef int n = parse_size(shape, size)
    return wrap(pn_reshape(t.c, n, size))
