# What the backward pass calls in Python: gradient hooks and saved-tensor hooks;
# inference mode; nodes to look at; the random stream's state.

cdef object RemovableHandle = None    # of pynn.utils.hooks, at its first use


cdef object removable(dict table, object hook):
    """Adds a hook to its table; the handle that takes it off."""
    global RemovableHandle
    if RemovableHandle is None:
        from pynn.utils.hooks import RemovableHandle as kind
        RemovableHandle = kind
    if not callable(hook):
        raise TypeError(f"a hook is a function, not {type_name(hook)}")
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle


@cython.internal
cdef class ParameterHooks:
    """The way to a Parameter's hooks that does not keep them alive."""

    cdef object parameter    # a weak reference
    cdef int kind


cdef object add_tensor_hook(Tensor t, pn_hook_kind kind, object hook):
    """The table of hooks hangs on the engine's tensor or node; a Parameter has its own,
    where the garbage collector sees a hook that holds the parameter's module."""
    cdef void *found = pn_hook_context(t.c, kind)
    cdef dict table = {} if found is NULL else table_of(found)
    cdef ParameterHooks way
    cdef object ctx = table
    if found is NULL and isinstance(t, Parameter):
        (<Parameter>t).hooks[<int>kind] = table
        way = ParameterHooks.__new__(ParameterHooks)
        way.parameter = weakref(t)
        way.kind = kind
        ctx = way
    handle = removable(table, hook)
    if found is NULL:
        Py_INCREF(ctx)
        check(pn_add_hook(t.c, kind, run_grad_hooks if kind == PN_HOOK_GRAD else
                          run_accumulated_hooks, release_foreign, <void *>ctx))
    return handle


cdef dict table_of(void *ctx):
    cdef object o = <object>ctx
    cdef object owner
    if isinstance(o, dict):
        return o
    owner = (<ParameterHooks>o).parameter()
    return {} if owner is None else (<Parameter>owner).hooks[(<ParameterHooks>o).kind]


cdef pn_tensor *run_grad_hooks(void *ctx, pn_tensor *g) noexcept with gil:
    cdef object error = None
    cdef Tensor grad
    try:
        grad = wrap_borrowed(g)
        for hook in list(table_of(ctx).values()):
            changed = hook(grad)
            if changed is not None:
                grad = checked_gradient(hook, grad, changed)
        pn_retain(grad.c)
        return grad.c
    except BaseException as raised:
        error = raised
    PyErr_SetObject(type(error), error)    # stays set: fail() finds it
    return NULL


cdef Tensor checked_gradient(object hook, Tensor grad, object changed):
    name = getattr(hook, "__name__", type_name(hook))
    if not isinstance(changed, Tensor):
        raise TypeError(f"hook '{name}' returned {type_name(changed)}, not a Tensor or None")
    if shape_of((<Tensor>changed).c) != shape_of(grad.c):
        raise RuntimeError(
            f"hook '{name}' has changed the size of value: from {shape_of(grad.c)} to "
            f"{shape_of((<Tensor>changed).c)}")
    if (<Tensor>changed).c.dtype != grad.c.dtype:
        raise RuntimeError(
            f"hook '{name}' has changed the type of value: from {grad.dtype!r} to "
            f"{changed.dtype!r}")
    return changed


cdef pn_tensor *run_accumulated_hooks(void *ctx, pn_tensor *leaf) noexcept with gil:
    cdef object error = None
    cdef Tensor t
    try:
        t = wrap_borrowed(leaf)
        for hook in list(table_of(ctx).values()):
            hook(t)
        pn_retain(leaf)
        return leaf
    except BaseException as raised:
        error = raised
    PyErr_SetObject(type(error), error)
    return NULL


# ---- saved tensors ---------------------------------------------------------------

@cython.internal
cdef class Packed:
    """What a pack hook made of a saved tensor, or the exception it raised."""

    cdef object value, unpack, error


cdef void *pack_saved(void *ctx, pn_tensor *t) noexcept with gil:
    cdef Packed made = Packed.__new__(Packed)
    cdef _SavedTensorsHooks hooks = <_SavedTensorsHooks>ctx
    made.unpack = hooks.unpack
    try:
        made.value = hooks.pack(wrap_borrowed(t))
    except BaseException as raised:
        made.error = raised
    Py_INCREF(made)
    return <void *>made


cdef pn_tensor *unpack_saved(void *packed) noexcept with gil:
    cdef Packed kept = <Packed>packed
    cdef object error = kept.error
    cdef Tensor t
    try:
        if error is None:
            given = kept.unpack(kept.value)
            if not isinstance(given, Tensor):
                raise TypeError(
                    "Output of saved tensor unpack_hook expected to be a Tensor but got result of "
                    f"type {type_name(given)}")
            t = given
            pn_retain(t.c)
            return t.c
    except BaseException as raised:
        error = raised
    PyErr_SetObject(type(error), error)
    return NULL


cdef class _SavedTensorsHooks:
    """pynn.autograd.graph.saved_tensors_hooks: on the thread that enters it."""

    cdef object pack, unpack
    cdef pn_saved_hooks c
    cdef list entered    # the addresses of those before, newest last

    def __cinit__(self, pack_hook, unpack_hook):
        self.pack = pack_hook
        self.unpack = unpack_hook
        self.c = pn_saved_hooks(pack_saved, unpack_saved, release_foreign, <void *>self)
        self.entered = []

    def __enter__(self):
        Py_INCREF(self)    # the thread's state points here
        self.entered.append(<uintptr_t>pn_set_saved_hooks(&self.c))
        return self

    def __exit__(self, *exc):
        pn_set_saved_hooks(<const pn_saved_hooks *><uintptr_t>self.entered.pop())
        Py_DECREF(self)


# ---- modes -----------------------------------------------------------------------

def is_inference_mode_enabled():
    """True within inference_mode() on this thread."""
    return pn_inference_mode()


def is_inference(Tensor input not None):
    """True if input was made in inference_mode()."""
    return (input.c.flags & PN_T_INFERENCE) != 0


@cython.final
cdef class inference_mode:
    """As no_grad(), and the tensors made within say so: `with pynn.inference_mode():`."""

    cdef bint mode
    cdef list entered

    def __cinit__(self, mode=True):
        self.mode = mode
        self.entered = []

    def __enter__(self):
        self.entered.append((pn_set_inference_mode(self.mode),
                             pn_set_grad_enabled(not self.mode and pn_grad_enabled())))

    def __exit__(self, *exc):
        inference, grad = self.entered.pop()
        pn_set_inference_mode(inference)
        pn_set_grad_enabled(grad)

    def __call__(self, function):
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & CO_GENERATOR:
            raise TypeError(
                "a generator runs after the decorated call has returned: use the context "
                "manager inside it")

        @cython.binding(True)
        def call(*args, **kwargs):
            with inference_mode(self.mode):
                return function(*args, **kwargs)
        return update_wrapper(call, function)


# ---- a look at the graph -----------------------------------------------------------

@cython.final
cdef class Node:
    """An operator of the graph, or (AccumulateGrad) the leaf that a gradient ends in."""

    cdef pn_node *node       # kept, or NULL
    cdef Tensor leaf

    def __dealloc__(self):
        pn_node_drop(self.node)

    def name(self):
        """Its name, such as MulBackward."""
        return "AccumulateGrad" if self.node is NULL else (
            (<bytes>pn_node_label(self.node)).decode())

    @property
    def variable(self):
        """Of AccumulateGrad: the leaf."""
        if self.leaf is None:
            raise AttributeError(f"{self.name()} has no variable")
        return self.leaf

    @property
    def next_functions(self):
        """(node or None, which output of it) per input."""
        cdef pn_node *node = NULL
        cdef pn_tensor *leaf = NULL
        cdef int k, output = 0
        cdef list found = []
        for k in range(0 if self.node is NULL else pn_node_inputs(self.node)):
            pn_node_input(self.node, k, &node, &output, &leaf)
            if node is NULL and leaf is NULL:
                found.append((None, 0))
            else:
                found.append((look_at(node, leaf), output))
        return tuple(found)

    def __eq__(self, other):
        if not isinstance(other, Node):
            return NotImplemented
        return self.node == (<Node>other).node and self.leaf is (<Node>other).leaf

    def __hash__(self):
        return hash(<uintptr_t>self.node) if self.leaf is None else hash(self.leaf)

    def __repr__(self):
        return f"<{self.name()}>"


cdef Node look_at(pn_node *node, pn_tensor *leaf):
    cdef Node found = Node.__new__(Node)
    if node is not NULL:
        pn_node_keep(node)
        found.node = node
    else:
        found.leaf = wrap_borrowed(leaf)
    return found


# ---- the default random stream ---------------------------------------------------------

def _stream_state():
    """(seed, offset) of the default generator."""
    cdef pn_generator *g = pn_default_generator()
    return (g.seed, g.offset)


def _set_stream_state(uint64_t seed, uint64_t offset):
    """Puts the default generator where _stream_state() found it."""
    cdef pn_generator *g = pn_default_generator()
    g.seed = seed
    g.offset = offset
