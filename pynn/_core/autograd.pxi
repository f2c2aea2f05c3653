# Grad mode, grad(), and Python code on the tape.

def is_grad_enabled():
    """True if operators of this thread are recorded for backward()."""
    return pn_grad_enabled()


cdef class _GradMode:
    """A grad mode as context manager and decorator; thread-local."""

    cdef object function     # of @no_grad without parentheses
    cdef bint mode
    cdef uint64_t entered    # the modes before each __enter__, one bit each, newest lowest

    def __enter__(self):
        self.entered = self.entered << 1 | pn_set_grad_enabled(self.mode)

    def __exit__(self, *exc):
        pn_set_grad_enabled(self.entered & 1)
        self.entered >>= 1

    def __call__(self, *args, **kwargs):
        if self.function is not None:
            return self.function(*args, **kwargs)
        if len(args) != 1 or kwargs:
            raise TypeError("a grad mode decorates one function")
        return under_grad_mode(args[0], self.mode)

    def __get__(self, instance, owner):
        return self if self.function is None or instance is None else MethodType(self, instance)


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

    def __cinit__(self, orig_func=None):
        self.mode = False
        if orig_func is not None:
            self.function = under_grad_mode(orig_func, False)


@cython.final
cdef class enable_grad(_GradMode):
    """Operators are recorded within: `with pynn.enable_grad():` or `@pynn.enable_grad()`."""

    def __cinit__(self, orig_func=None):
        self.mode = True
        if orig_func is not None:
            self.function = under_grad_mode(orig_func, True)


@cython.final
cdef class set_grad_enabled(_GradMode):
    """Sets the grad mode at once; as a context manager, until its end."""

    def __cinit__(self, bint mode):
        self.mode = mode
        self.entered = pn_set_grad_enabled(mode)

    def __enter__(self):
        pn_set_grad_enabled(self.mode)

    def __call__(self, function):
        """As a decorator it leaves the mode alone."""
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


cdef list root_weights(object weights, Py_ssize_t n):
    """One weight or None per root."""
    if weights is None:
        return [None] * n
    cdef list r = [weights] if isinstance(weights, Tensor) else list(weights)
    if len(r) != n:
        raise RuntimeError(f"got {n} tensors and {len(r)} gradients")
    for w in r:
        if w is not None and not isinstance(w, Tensor):
            raise TypeError(f"gradients are Tensors or None, not {type_name(w)}")
    return r


cdef object backward_into(list roots, list weights, object retain_graph, bint create_graph,
                          object inputs):
    cdef list into = tensor_list(inputs, "inputs")
    cdef pn_tensor **r = NULL
    cdef pn_tensor **w = NULL
    cdef pn_tensor **x = NULL
    if not into:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    for t in into:
        if not wants_grad((<Tensor>t).c):
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    try:
        r = pointers(roots)
        w = pointers(weights)
        x = pointers(into)
        check(pn_backward_into(<int>len(roots), r, w,
                               create_graph if retain_graph is None else retain_graph,
                               create_graph, <int>len(into), x))
    finally:
        for p in (<uintptr_t>r, <uintptr_t>w, <uintptr_t>x):
            PyMem_Free(<void *><uintptr_t>p)


def _backward(tensors, grad_tensors=None, retain_graph=None, bint create_graph=False,
              inputs=None):
    """pynn.autograd.backward."""
    cdef list roots = tensor_list(tensors, "tensors")
    cdef list weights = root_weights(grad_tensors, len(roots))
    cdef pn_tensor **r = NULL
    cdef pn_tensor **w = NULL
    if inputs is not None:
        return backward_into(roots, weights, retain_graph, create_graph, inputs)
    try:
        r = pointers(roots)
        w = pointers(weights)
        check(pn_backward(<int>len(roots), r, w,
                          create_graph if retain_graph is None else retain_graph, create_graph,
                          0, NULL, NULL))
    finally:
        PyMem_Free(r)
        PyMem_Free(w)


def _grad(outputs, inputs, grad_outputs=None, retain_graph=None, bint create_graph=False,
          allow_unused=None, bint materialize_grads=False):
    """The gradients of outputs with respect to inputs, one per input: a tuple, or a dict
    for a dict of inputs.

    grad_outputs weighs the elements of the outputs (None: 1 for a single
    element).  An input that the outputs do not depend on is an error, None with
    allow_unused, or zeros with materialize_grads.
    """
    if isinstance(inputs, dict):
        return dict(zip(inputs, _grad(outputs, list(inputs.values()), grad_outputs, retain_graph,
                                      create_graph, allow_unused, materialize_grads)))
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but "
            "got: allow_unused=False.")
    cdef list roots = tensor_list(outputs, "outputs")
    cdef list leaves = tensor_list(inputs, "inputs")
    cdef list weights = root_weights(grad_outputs, len(roots))
    cdef bint retain = create_graph if retain_graph is None else retain_graph
    cdef list result
    cdef pn_tensor **r = NULL
    cdef pn_tensor **w = NULL
    cdef pn_tensor **x = NULL
    cdef pn_tensor **g = NULL
    if not leaves:
        raise ValueError("grad requires non-empty inputs.")
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
    if materialize_grads:
        result = [zeros_like(x_i) if g_i is None else g_i for x_i, g_i in zip(leaves, result)]
    elif not allow_unused and None in [t if t is None else 0 for t in result]:
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. Set "
            "allow_unused=True if this is the desired behavior.")
    return tuple(result)


# ---- Python code on the tape -------------------------------------------------------

@cython.internal
cdef class ForeignRun:
    """What a foreign node holds: the callable, and who points back at the node."""

    cdef object run
    cdef _NodeOutput node


cdef void release_run(void *ctx) noexcept with gil:
    (<ForeignRun>ctx).node.node = NULL    # the node is going
    Py_DECREF(<object>ctx)


cdef pn_status run_foreign(void *ctx, int nout, pn_tensor **g, int nin,
                           pn_tensor **gin) noexcept with gil:
    """Calls run(list of gradients or None), which gives a gradient or None per input."""
    cdef object error = None
    cdef int i
    try:
        grads = (<ForeignRun>ctx).run([None if g[i] is NULL else wrap_borrowed(g[i]) for i in range(nout)])
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
    cdef pn_tensor **x = pointers(tensor_list(inputs, "inputs"))
    cdef pn_tensor **y = NULL
    cdef _NodeOutput node = _NodeOutput.__new__(_NodeOutput)
    cdef ForeignRun held = ForeignRun.__new__(ForeignRun)
    held.run = run
    held.node = node
    try:
        if not outputs:
            raise ValueError("a node needs at least one output")
        y = pointers(tensor_list(outputs, "outputs"))
        Py_INCREF(held)
        check(pn_attach_foreign(text, <int>len(inputs), x, <int>len(outputs), y, run_foreign,
                                release_run, <void *>held))
        node.node = y[0].node
    finally:
        PyMem_Free(x)
        PyMem_Free(y)
    return node


@cython.final
cdef class _NodeOutput:
    """A foreign node, borrowed as long as it lives."""

    cdef pn_node *node

    def tensor(self, Tensor saved not None, int output):
        """The saved memory of an output, with this node as its history."""
        if self.node is NULL:
            return saved
        return wrap(pn_foreign_output(self.node, output, saved.c))


def _version(_TensorData tensor not None):
    """How often the tensor's memory was written in place."""
    return tensor.c.storage.version
