# The Tensor, first part: the object itself, its attributes, its way to Python
# and NumPy.  A class body cannot span files, so the parts by meaning are a
# chain of private bases: _TensorData, _TensorViews, _TensorMath, Tensor.

cdef class _TensorData:
    """What a tensor is: memory, shape, dtype, gradient; conversion to Python and NumPy."""

    cdef pn_tensor *c
    cdef object __weakref__

    # NumPy's scalars and arrays leave mixed operators to the tensor's.
    __array_priority__ = 1000

    def __cinit__(self):
        global pending
        if pending is NULL and (isinstance(self, Parameter) or isinstance(self, Buffer)):
            pending = empty_vector()
        if pending is NULL:
            raise TypeError(
                "Tensor() makes no tensors: use pynn.tensor(data), pynn.zeros(2, 3), ...")
        self.c = pending
        pending = NULL
        self.c.py = <void *>self

    def __dealloc__(self):
        if self.c is not NULL:
            self.c.py = NULL
            pn_release(self.c)

    # ---- attributes ----------------------------------------------------------

    @property
    def shape(self):
        """The sizes, a tuple."""
        return shape_of(self.c)

    @property
    def ndim(self):
        """The number of dimensions."""
        return self.c.ndim

    @property
    def itemsize(self):
        """The bytes of one element."""
        return pn_itemsize(self.c.dtype)

    @property
    def nbytes(self):
        """The bytes of all elements."""
        return self.c.numel * <int64_t>pn_itemsize(self.c.dtype)

    @property
    def dtype(self):
        """The element type."""
        return DTYPES[self.c.dtype]

    @property
    def requires_grad(self):
        """True if operators on this tensor are recorded for backward()."""
        return wants_grad(self.c)

    @requires_grad.setter
    def requires_grad(self, bint value):
        check(pn_set_requires_grad(self.c, value))

    @property
    def grad(self):
        """The gradient that backward() has accumulated, or None."""
        cdef pn_tensor *grad = pn_get_grad(self.c)
        return None if grad is NULL else wrap_borrowed(grad)

    @grad.setter
    def grad(self, value):
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(f"grad is a Tensor or None, not {type_name(value)}")
        check(pn_set_grad(self.c, NULL if value is None else (<Tensor>value).c))

    @property
    def grad_fn(self):
        """The operator that made this tensor, for a look at its name(); None for a leaf."""
        cdef pn_node *node = pn_grad_node(self.c)
        return None if node is NULL else look_at(node, NULL)

    @property
    def output_nr(self):
        """Which output of its operator this tensor is."""
        return self.c.node_output if pn_grad_node(self.c) is not NULL else 0

    @property
    def retains_grad(self):
        """True if backward() keeps the gradient of this non-leaf."""
        return (self.c.flags & PN_T_RETAIN_GRAD) != 0

    def _is_view(self):
        """True if it shares another tensor's memory and history."""
        return self.c.base is not NULL

    @property
    def _base(self):
        """Of a view: the tensor whose memory it shows."""
        return None if self.c.base is NULL else wrap_borrowed(self.c.base)

    @property
    def _version(self):
        """How often the tensor's memory was written in place."""
        return self.c.storage.version

    @property
    def is_leaf(self):
        """True if no recorded operator made this tensor."""
        return pn_node_name(self.c) is NULL

    @property
    def data(self):
        """The same memory without history, as detach()."""
        return wrap(pn_alias(self.c))

    @data.setter
    def data(self, Tensor value not None):
        """Gives this tensor the memory, shape and dtype of another."""
        check(pn_set_data(self.c, value.c))

    def size(self, dim=None):
        """The shape, or the size of one dimension."""
        if dim is None:
            return shape_of(self.c)
        return self.c.shape[self._dimension(dim)]

    def dim(self):
        """The number of dimensions."""
        return self.c.ndim

    def ndimension(self):
        """dim()."""
        return self.c.ndim

    def numel(self):
        """The number of elements."""
        return self.c.numel

    def nelement(self):
        """numel()."""
        return self.c.numel

    def stride(self, dim=None):
        """The steps between neighbours in elements, or that of one dimension."""
        if dim is None:
            return tuple_of(self.c.ndim, self.c.stride)
        return self.c.stride[self._dimension(dim)]

    def storage_offset(self):
        """How many elements the first one lies behind the start of the memory."""
        return (<char *>self.c.data - <char *>self.c.storage.data) // <Py_ssize_t>pn_itemsize(
            self.c.dtype)

    def element_size(self):
        """The bytes of one element."""
        return pn_itemsize(self.c.dtype)

    def is_contiguous(self):
        """True if the elements lie in C order without gaps."""
        return (self.c.flags & PN_T_CONTIGUOUS) != 0

    def data_ptr(self):
        """The address of the first element."""
        return <uintptr_t>self.c.data

    def is_inference(self):
        """True if it was made in inference_mode()."""
        return (self.c.flags & PN_T_INFERENCE) != 0

    def is_floating_point(self):
        """True if the dtype is a floating one."""
        return pn_is_float(self.c.dtype)

    cdef int _dimension(self, object dim) except -1:
        if self.c.ndim == 0:
            raise IndexError(f"dimension {dim} of a 0-d tensor was asked for; it has none")
        return axis(dim, self.c.ndim)

    # ---- to Python -------------------------------------------------------------

    def item(self):
        """The value of a tensor of one element as a Python number."""
        return scalar_value(self.c)

    def tolist(self):
        """The values as nested lists; of a 0-d tensor the number."""
        return to_list(<Tensor>self)

    def __bool__(self):
        if self.c.numel != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {self.c.numel} values is ambiguous: its shape is "
                f"{shape_of(self.c)}")
        return scalar_value(self.c) != 0

    def __float__(self):
        return PyFloat(scalar_value(self.c))

    def __int__(self):
        return PyInt(scalar_value(self.c))

    def __index__(self):
        if pn_is_float(self.c.dtype) or self.c.numel != 1:
            raise TypeError(
                "only integer tensors of a single element can be converted to an index, not "
                f"{DTYPES[self.c.dtype]!r} of shape {shape_of(self.c)}")
        return PyInt(scalar_value(self.c))

    def __len__(self):
        if self.c.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self.c.shape[0]

    def __iter__(self):
        if self.c.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter([wrap(pn_select(self.c, 0, i)) for i in range(self.c.shape[0])])

    def __reversed__(self):
        return wrap_borrowed(self.c) if self.c.ndim == 0 else wrap(pn_flip(self.c, 1))

    def __contains__(self, element):
        if not isinstance(element, (Tensor, int, float, numpy_generic)):
            raise RuntimeError(
                "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                f"{type(element)}.")
        equal = binary(pn_eq, self, element, "__contains__")
        return wrap(pn_nonzero((<Tensor>equal).c)).c.shape[0] != 0

    def __repr__(self):
        from pynn._repr import tensor_repr
        return tensor_repr(self)

    def __format__(self, spec):
        if self.c.ndim == 0 and spec:
            return format(scalar_value(self.c), spec)
        return format(repr(self), spec)

    def __reduce_ex__(self, protocol):
        raise TypeError(
            "a Tensor is never pickled: pynn.save({'name': tensor}, path) writes a safetensors "
            "file, and pynn.load(path) reads it")

    def __copy__(self):
        cdef Tensor t = wrap(pn_alias(self.c))
        if wants_grad(self.c):
            check(pn_set_requires_grad(t.c, True))
        return t

    def __deepcopy__(self, memo):
        if pn_node_name(self.c) is not NULL:
            raise RuntimeError(
                "only tensors that you created yourself (leaves) can be deep-copied; "
                "use detach() first")
        copied = memo.get(id(self))
        if copied is None:
            copied = deep_copy(<Tensor>self)
            memo[id(self)] = copied
        return copied

    # ---- to NumPy --------------------------------------------------------------

    def numpy(self, *, bint force=False):
        """A NumPy array on the same memory.

        A tensor that requires grad is refused, unless force, which detaches it.
        """
        if force and wants_grad(self.c):
            return to_numpy(wrap(pn_alias(self.c)))
        return to_numpy(<Tensor>self)

    def __array__(self, dtype=None, copy=None):
        array = to_numpy(<Tensor>self)
        if copy is False and dtype is not None and array.dtype != dtype:
            raise ValueError(f"dtype {dtype} needs a copy of the {array.dtype} tensor")
        return array.astype(array.dtype if dtype is None else dtype, copy=copy is True)

    @property
    def __array_interface__(self):
        """NumPy's array interface, version 3, of the tensor's memory."""
        return to_numpy(<Tensor>self).__array_interface__

    def __getbuffer__(self, Py_buffer *view, int flags):
        export_buffer(<Tensor>self, view, flags)

    def __releasebuffer__(self, Py_buffer *view):
        PyMem_Free(view.internal)

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        cdef bint versioned = max_version is not None and max_version[0] >= 1
        cdef Tensor self_or_copy = <Tensor>self
        if stream is not None:
            raise BufferError(f"the CPU has no streams: stream must be None, not {stream!r}")
        if dl_device is not None and tuple(dl_device) != (DL_CPU, 0):
            raise BufferError(f"the tensor is on the CPU (1, 0), not on {dl_device!r}")
        refuse_export(self.c, "__dlpack__", BufferError)
        if copy:
            self_or_copy = wrap(pn_clone(self.c))
        return export_dlpack(self_or_copy, versioned, copy is True)

    def __dlpack_device__(self):
        return (DL_CPU, 0)


cdef pn_tensor *empty_vector() except NULL:
    """What a Parameter or Buffer is until its own __cinit__ gives it memory."""
    cdef int64_t none = 0
    cdef pn_tensor *t = pn_empty(pn_default_dtype(), 1, &none)
    if t is NULL:
        fail()
    return t


cdef bint wants_grad(pn_tensor *t):
    """requires_grad; a view may have it from a write into its base since."""
    return pn_requires_grad(t) or pn_node_name(t) is not NULL


cdef Tensor deep_copy(Tensor source):
    """A leaf of its own memory, with its own copy of the gradient."""
    cdef bint old = pn_set_grad_enabled(False)
    cdef Tensor copied, grad
    try:
        copied = wrap(pn_clone(source.c))
        if source.c.grad is not NULL:
            grad = wrap(pn_clone(source.c.grad))
            check(pn_set_grad(copied.c, grad.c))
    finally:
        pn_set_grad_enabled(old)
    check(pn_set_requires_grad(copied.c, pn_requires_grad(source.c)))
    return copied
