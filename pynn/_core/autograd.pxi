# Grad mode, grad(), and Python code on the tape.

def is_grad_enabled():
    """True if operators of this thread are recorded for backward()."""
    return pn_grad_enabled()


cdef class _GradMode:
    """A grad mode as context manager and decorator; thread-local."""

    cdef bint mode
    cdef uint64_t entered    # the modes before each __enter__, one bit each, newest lowest

    def __enter__(self):
        self.entered = self.entered << 1 | pn_set_grad_enabled(self.mode)

    def __exit__(self, *exc):
        pn_set_grad_enabled(self.entered & 1)
        self.entered >>= 1

    def __call__(self, function):
        return under_grad_mode(function, self.mode)


cdef object under_grad_mode(object function, bint mode):
    """function wrapped so that it runs in this grad mode."""
    if getattr(getattr(function, "__code__", None), "co_flags", 0) & CO_GENERATOR:
        raise TypeError(
            "a generator runs after the decorated call has returned: use the context manager "
            "inside it")

    @cython.binding(True)
    def call(*args, **kwargs):
        cdef bint previous = pn_set_grad_enabled(mode)
        try:
            return function(*args, **kwargs)
        finally:
            pn_set_grad_enabled(previous)
    return update_wrapper(call, function)


@cython.final
cdef class no_grad(_GradMode):
    """Nothing is recorded within: `with pynn.no_grad():` or `@pynn.no_grad()`."""

    def __cinit__(self):
        self.mode = False


@cython.final
cdef class enable_grad(_GradMode):
    """Operators are recorded within: `with pynn.enable_grad():` or `@pynn.enable_grad()`."""

    def __cinit__(self):
        self.mode = True


@cython.final
cdef class set_grad_enabled(_GradMode):
    """Sets the grad mode at once; as a context manager, until its end."""

    def __cinit__(self, bint mode):
        self.mode = mode
        self.entered = pn_set_grad_enabled(mode)

    def __enter__(self):
        pn_set_grad_enabled(self.mode)

    def __call__(self, function):
        pn_set_grad_enabled(self.entered & 1)
        return under_grad_mode(function, self.mode)


# ---- grad() ----------------------------------------------------------------------

cdef list tensor_list(object o, str what):
    cdef list r = [o] if isinstance(o, Tensor) else list(o)
    for t in r:
        if not isinstance(t, Tensor):
            raise TypeError(f"{what} are tensors, not {type_name(t)}")
    return r


cdef pn_tensor **pointers(list tensors) except NULL:
    """The C tensors of a list; None is NULL.  Freed with PyMem_Free."""
    cdef pn_tensor **p = <pn_tensor **>PyMem_Calloc(len(tensors) + 1, sizeof(pn_tensor *))
    cdef Py_ssize_t i
    if p is NULL:
        raise MemoryError
    for i in range(len(tensors)):
        p[i] = NULL if tensors[i] is None else (<Tensor>tensors[i]).c
    return p


def _grad(outputs, inputs, grad_outputs=None, retain_graph=None, bint create_graph=False,
          bint allow_unused=False):
    """pynn.autograd.grad."""
    cdef list roots = tensor_list(outputs, "outputs")
    cdef list leaves = tensor_list(inputs, "inputs")
    cdef list weights = [None] * len(roots)
    cdef bint retain = create_graph if retain_graph is None else retain_graph
    cdef list result
    cdef pn_tensor **r = NULL
    cdef pn_tensor **w = NULL
    cdef pn_tensor **x = NULL
    cdef pn_tensor **g = NULL
    if grad_outputs is not None:
        weights = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
        if len(weights) != len(roots):
            raise ValueError(f"{len(roots)} outputs, but {len(weights)} grad_outputs")
    for t in leaves:
        if not wants_grad((<Tensor>t).c):
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    try:
        r = pointers(roots)
        w = pointers(weights)
        x = pointers(leaves)
        g = pointers([None] * len(leaves))
        check(pn_backward(<int>len(roots), r, w, retain, create_graph, <int>len(leaves), x, g))
        result = [None if g[i] is NULL else wrap(g[i]) for i in range(len(leaves))]
    finally:
        for p in (<uintptr_t>r, <uintptr_t>w, <uintptr_t>x, <uintptr_t>g):
            PyMem_Free(<void *><uintptr_t>p)
    if not allow_unused and None in [t if t is None else 0 for t in result]:
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. Set "
            "allow_unused=True if this is the desired behavior.")
    return tuple(result)


# ---- Python code on the tape -------------------------------------------------------

cdef pn_status run_foreign(void *ctx, int nout, pn_tensor **g, int nin,
                           pn_tensor **gin) noexcept with gil:
    """Calls ctx(list of gradients or None), which gives a gradient or None per input."""
    cdef object error = None
    cdef int i
    try:
        grads = (<object>ctx)([None if g[i] is NULL else wrap_borrowed(g[i]) for i in range(nout)])
        for i in range(nin):
            if grads[i] is not None:
                pn_retain((<Tensor?>grads[i]).c)
                gin[i] = (<Tensor>grads[i]).c
    except BaseException as raised:
        error = raised
    if error is None:
        return PN_OK
    PyErr_SetObject(type(error), error)    # stays set: fail() finds it
    return PN_INTERRUPTED


cdef void release_foreign(void *ctx) noexcept with gil:
    Py_DECREF(<object>ctx)


def _attach(str name, list inputs, list outputs, run):
    """Makes `run` the derivative of the outputs, which are fresh tensors, with
    respect to the inputs; gives the saved-output maker of that node."""
    cdef bytes text = name.encode()
    cdef pn_tensor **x = pointers(inputs)
    cdef pn_tensor **y = NULL
    cdef _NodeOutput node = _NodeOutput.__new__(_NodeOutput)
    try:
        y = pointers(outputs)
        Py_INCREF(run)
        check(pn_attach_foreign(text, <int>len(inputs), x, <int>len(outputs), y, run_foreign,
                                release_foreign, <void *>run))
        node.node = y[0].node
    finally:
        PyMem_Free(x)
        PyMem_Free(y)
    return node


@cython.final
cdef class _NodeOutput:
    """A foreign node, borrowed: valid while its own backward runs."""

    cdef pn_node *node

    def tensor(self, Tensor saved not None, int output):
        """The saved memory of an output, with this node as its history."""
        return wrap(pn_foreign_output(self.node, output, saved.c))


def _version(_TensorData tensor not None):
    """How often the tensor's memory was written in place."""
    return tensor.c.storage.version
