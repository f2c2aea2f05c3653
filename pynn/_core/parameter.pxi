# Parameter and Buffer: tensors that a module registers when they are assigned.

cdef class Parameter(Tensor):
    """A Tensor that a Module registers when it is assigned to an attribute.

    Shares the memory of `data` (None: an empty tensor); requires grad unless
    told otherwise.
    """

    cdef dict __dict__
    cdef dict hooks          # tables of hooks by kind (hooks.pxi)

    def __cinit__(self, data=None, bint requires_grad=True):
        self.hooks = {}
        share_memory(self, data, "Parameter")
        if requires_grad:
            check(pn_set_requires_grad(self.c, True))

    def __repr__(self):
        return "Parameter containing:\n" + _TensorData.__repr__(self)

    def __deepcopy__(self, memo):
        copied = memo.get(id(self))
        if copied is None:
            copied = type(self)(deep_copy(self).data, pn_requires_grad(self.c))
            if self.c.grad is not NULL:
                copied.grad = deep_copy(wrap_borrowed(self.c.grad))
            vars(copied).update(vars(self))
            memo[id(self)] = copied
        return copied


cdef class Buffer(Tensor):
    """A Tensor that a Module registers as a buffer when it is assigned to an attribute.

    Shares the memory of `data`; persistent: it is part of state_dict().
    """

    cdef public bint persistent

    def __cinit__(self, data=None, *, bint persistent=True):
        share_memory(self, data, "Buffer")
        self.persistent = persistent

    def __deepcopy__(self, memo):
        copied = memo.get(id(self))
        if copied is None:
            copied = type(self)(deep_copy(self), persistent=self.persistent)
            memo[id(self)] = copied
        return copied


cdef int share_memory(Tensor self, object data, str kind) except -1:
    """A fresh Parameter or Buffer takes the memory of data; None: it stays empty."""
    cdef pn_tensor *own
    if data is None:
        return 0
    if not isinstance(data, Tensor):
        raise TypeError(f"a {kind} is made of a Tensor, not {type_name(data)}")
    own = pn_alias((<Tensor>data).c)
    if own is NULL:
        fail()
    pn_release(self.c)
    self.c = own
    own.py = <void *>self
    return 0
