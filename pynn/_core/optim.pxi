# The C side of pynn.optim: one C call over all parameters of an optimiser.

cdef class _Optimizer:
    """Parameter groups, state, and the step of the optimisers that C has.

    The base of pynn.optim.Optimizer.  The state of a parameter is made at its
    first step with a gradient; the tensors in `state` are those that C reads
    and writes.
    """

    cdef public list param_groups
    cdef public dict defaults
    cdef public object state
    cdef public dict _pre_hooks, _post_hooks
    cdef pn_algorithm algorithm
    cdef tuple keys, names
    cdef list groups         # OptimGroup
    cdef pn_optim_slot *slots
    cdef int n
    cdef Py_ssize_t known    # entries of state when it was last compared
    cdef bint stale          # slots have state that `state` lacks
    cdef object __weakref__

    def __cinit__(self, *args, **kwargs):
        self.param_groups = []
        self.groups = []
        self.keys = self.names = ()

    def __dealloc__(self):
        free_slots(self.slots, self.n)

    def _use(self, str name):
        """The algorithm of step()."""
        self.algorithm, self.keys, self.names = ALGORITHMS[name]

    # ---- the slots ---------------------------------------------------------------

    cdef int sync(self) except -1:
        """Brings slots and options up to date with param_groups and state."""
        cdef Py_ssize_t k
        self.sync_slots()
        for k in range(PyList_GET_SIZE(<PyObject *>self.groups)):
            (<OptimGroup>self.groups[k]).sync(self.keys)
        return 0

    cdef int sync_slots(self) except -1:
        cdef OptimGroup g
        cdef Py_ssize_t k, i
        cdef PyObject *params
        cdef bint same
        if self.param_groups is None:
            raise TypeError("param_groups is a list of dicts, not None")
        same = PyList_GET_SIZE(<PyObject *>self.param_groups) == len(self.groups)
        for k in range(len(self.groups) if same else 0):
            g = <OptimGroup>self.groups[k]
            if PyList_GET_ITEM(<PyObject *>self.param_groups, k) != <PyObject *>g.group:
                same = False
                break
            params = <PyObject *>g.params
            if not g.unchanged():
                params = PyDict_GetItemWithError(<PyObject *>g.group, <PyObject *>PARAMS)
            if params != <PyObject *>g.params or PyList_GET_SIZE(params) != g.n:
                same = False
                break
            for i in range(g.n):
                same &= self.slots[g.start + i].param.py == <void *>PyList_GET_ITEM(params, i)
        if not same:
            self.rebuild()
        if len(self.state) != self.known:
            self.adopt()
        return 0

    cdef int rebuild(self) except -1:
        """Slots for the parameters that the groups hold now; known ones keep their state."""
        cdef int total = 0, i, old
        cdef OptimGroup g
        cdef list groups = []
        cdef dict before = {}
        cdef pn_optim_slot *slots
        for i in range(self.n):
            before[<uintptr_t>self.slots[i].param] = i
        for index, group in enumerate(self.param_groups):
            g = None
            if index < len(self.groups) and (<OptimGroup>self.groups[index]).group is group:
                g = <OptimGroup>self.groups[index]
            else:
                g = OptimGroup.__new__(OptimGroup)
                g.values = [None] * len(self.keys)
            g.group = group
            g.params = group["params"]
            if type(g.params) is not list:
                raise TypeError(f"param_groups[{index}]['params'] must be a list, not "
                                f"{type_name(g.params)}")
            for p in g.params:
                if not isinstance(p, Tensor):
                    raise TypeError(f"optimizer can only optimize Tensors, not {type_name(p)}")
            g.start = total
            g.n = <int>len(g.params)
            total += g.n
            groups.append(g)
        slots = <pn_optim_slot *>PyMem_Calloc(total + 1, sizeof(pn_optim_slot))
        if slots is NULL:
            raise MemoryError
        for g in groups:
            for i in range(g.n):
                fill_slot(&slots[g.start + i], (<Tensor>g.params[i]).c, g)
                found = before.pop(<uintptr_t>(<Tensor>g.params[i]).c, None)
                if found is not None:
                    old = found
                    move_state(&slots[g.start + i], &self.slots[old])
        free_slots(self.slots, self.n)
        self.slots = slots
        self.n = total
        self.groups = groups
        return 0

    cdef tuple needs(self):
        """Per group the buffers that its options need: a captured step holds while they do."""
        return tuple([pn_optim_buffers(self.algorithm, (<OptimGroup>g).options)
                      for g in self.groups])

    # ---- state --------------------------------------------------------------------

    cdef int publish(self) except -1:
        """state gets the tensors of every slot that has some."""
        cdef int i
        for i in range(self.n):
            if self.slots[i].progress is not NULL and self.slots[i].grad is not NULL:
                self.publish_slot(&self.slots[i])
        self.known = len(self.state)
        self.stale = False
        return 0

    cdef int publish_slot(self, pn_optim_slot *s) except -1:
        cdef int k
        cdef dict entry = self.state.setdefault(wrap_borrowed(s.param), {})
        if self.algorithm != PN_SGD and not same_memory(entry.get("step"), s.progress):
            entry["step"] = wrap(pn_select(s.progress, 0, PN_OPT_STEP))
            if self.algorithm == PN_NADAM:
                entry["mu_product"] = wrap(pn_select(s.progress, 0, PN_OPT_PRODUCT))
        for k in range(<int>len(self.names)):
            if s.buffer[k] is not NULL:
                entry[self.names[k]] = wrap_borrowed(s.buffer[k])
        return 0

    cdef int adopt(self) except -1:
        """Takes over what somebody else put into `state`, or took out of it."""
        cdef int i
        cdef bint old
        if pn_capturing():
            raise RuntimeError("an optimiser's state cannot be replaced in a captured step")
        old = pn_set_grad_enabled(False)
        try:
            for i in range(self.n):
                entry = self.state.get(wrap_borrowed(self.slots[i].param))
                if entry:
                    self.adopt_entry(&self.slots[i], entry)
                elif self.slots[i].progress is not NULL:
                    self.forget(&self.slots[i])
        finally:
            pn_set_grad_enabled(old)
        self.known = len(self.state)
        return 0

    def _adopt(self):
        """After `state` was replaced."""
        self.known = -1
        self.sync()

    cdef int forget(self, pn_optim_slot *s) except -1:
        """As before the first step; memory stays, because captured steps know it."""
        cdef int k
        set_progress(s, 0, 1)
        for k in range(PN_OPT_BUFFERS):
            if s.buffer[k] is not NULL:
                fill(wrap_borrowed(s.buffer[k]),
                     s.options[PN_ADAGRAD_INITIAL] if self.algorithm == PN_ADAGRAD else 0.0)
        self.stale = True
        return 0

    cdef int adopt_entry(self, pn_optim_slot *s, object entry) except -1:
        cdef int k
        cdef double steps = 0, mu = 1
        cdef bint found = False
        cdef Tensor own
        if not self.keys:
            return 0
        for k in range(<int>len(self.names)):
            value = entry.get(self.names[k])
            if value is None:
                continue
            found = True
            if shape_of((<Tensor?>value).c) != shape_of(s.param):
                raise ValueError(f"the state {self.names[k]!r} of shape {value.shape} does not fit "
                                 f"a parameter of shape {shape_of(s.param)}")
            if s.buffer[k] is NULL:
                own = zeros_like(wrap_borrowed(s.param))
                pn_retain(own.c)
                s.buffer[k] = own.c
            if value is not wrap_borrowed(s.buffer[k]):
                fill(wrap_borrowed(s.buffer[k]), value)
        if self.algorithm == PN_SGD:
            steps = 1 if found else 0
        else:
            steps = entry.get("step", 0.0)
            mu = entry.get("mu_product", 1.0)
            found |= "step" in entry
        if found:
            set_progress(s, steps, mu)
            self.publish_slot(s)
        return 0

    # ---- what users call -------------------------------------------------------------

    def step(self, closure=None):
        """One update of every parameter that has a gradient.

        closure, if given, computes the loss anew (with gradients enabled), and
        its value is returned.
        """
        cdef object loss = None
        cdef bint old
        if self._pre_hooks:
            for hook in list(self._pre_hooks.values()):
                changed = hook(self, (self,) if closure is None else (self, closure), {})
                if changed is not None:
                    if not isinstance(changed, tuple) or len(changed) != 2:
                        raise RuntimeError("a step pre-hook returns None or a tuple of new args "
                                           f"and kwargs, not {changed!r}")
                    closure = changed[0][1] if len(changed[0]) > 1 else None
        if closure is not None:
            old = pn_set_grad_enabled(True)
            try:
                loss = closure()
            finally:
                pn_set_grad_enabled(old)
        self.update()
        if self._post_hooks:
            for hook in list(self._post_hooks.values()):
                hook(self, (self,) if closure is None else (self, closure), {})
        return loss

    cdef int update(self) except -1:
        cdef int i
        cdef bint made = False
        cdef pn_status status
        if not self.keys:
            raise NotImplementedError(f"{type_name(self)} has no step()")
        self.sync()
        for i in range(self.n):
            self.slots[i].grad = pn_get_grad(self.slots[i].param)
        if pn_capturing():
            current_recording().optimisers.append(self)
        status = pn_optim_step(self.algorithm, self.n, self.slots, &made)
        if made or self.stale:
            self.publish()
        check(status)
        return 0

    def zero_grad(self, bint set_to_none=True):
        """Forgets the gradients, or fills them with 0."""
        cdef int i
        cdef Tensor g
        cdef pn_tensor *grad
        self.sync_slots()
        for i in range(self.n):
            if set_to_none:
                check(pn_set_grad(self.slots[i].param, NULL))
                continue
            grad = pn_get_grad(self.slots[i].param)
            if grad is not NULL:
                g = wrap(pn_alias(grad))
                fill(g, 0)
                check(pn_set_grad(self.slots[i].param, g.c))


cdef void fill_slot(pn_optim_slot *s, pn_tensor *param, OptimGroup g) noexcept:
    pn_retain(param)
    s.param = param
    s.options = g.options


cdef void move_state(pn_optim_slot *to, pn_optim_slot *source) noexcept:
    cdef int k
    to.progress = source.progress
    source.progress = NULL
    for k in range(PN_OPT_BUFFERS):
        to.buffer[k] = source.buffer[k]
        source.buffer[k] = NULL


cdef void free_slots(pn_optim_slot *slots, int n) noexcept:
    cdef int i, k
    for i in range(n):
        pn_release(slots[i].param)
        pn_release(slots[i].progress)
        for k in range(PN_OPT_BUFFERS):
            pn_release(slots[i].buffer[k])
    PyMem_Free(slots)


cdef int set_progress(pn_optim_slot *s, double steps, double product) except -1:
    cdef Tensor own
    cdef double *progress
    if s.progress is NULL:
        own = zeros(2, dtype=DTYPES[PN_F64])
        pn_retain(own.c)
        s.progress = own.c
    progress = <double *>s.progress.data
    progress[PN_OPT_STEP] = steps
    progress[PN_OPT_PRODUCT] = product
    return 0


cdef bint same_memory(object value, pn_tensor *t):
    return isinstance(value, Tensor) and (<Tensor>value).c.data == t.data
