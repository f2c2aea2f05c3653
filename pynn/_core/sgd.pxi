# The C side of pynn.optim.SGD: one call per parameter group.

@cython.final
cdef class _SGDGroup:
    """One group: its tensors, momentum buffers and the scalars that C reads.

    The scalars are copied from the group's dict before every step and every
    replay, so that schedules act on captured steps too.
    """

    cdef dict group
    cdef list params
    cdef list buffers        # momentum: a Tensor or None per parameter
    cdef Tensor first        # int64: 1 where a buffer holds nothing yet
    cdef pn_sgd_scalars scalars
    cdef int n
    cdef pn_tensor **table   # n parameters, n gradients, n buffers

    def __cinit__(self, dict group not None):
        self.group = group
        self.params = list(group["params"])
        self.n = <int>len(self.params)
        self.buffers = [None] * self.n
        self.first = zeros(self.n, dtype=DTYPES[PN_I64])
        self.table = <pn_tensor **>PyMem_Calloc(3 * self.n + 1, sizeof(pn_tensor *))
        if self.table is NULL:
            raise MemoryError
        for i in range(self.n):
            self.table[i] = (<Tensor?>self.params[i]).c

    def __dealloc__(self):
        PyMem_Free(self.table)

    cdef int sync(self) except -1:
        cdef dict g = self.group
        self.scalars.lr = g["lr"]
        self.scalars.momentum = g["momentum"]
        self.scalars.dampening = g["dampening"]
        self.scalars.weight_decay = g["weight_decay"]
        self.scalars.nesterov = 1 if g["nesterov"] else 0
        self.scalars.maximize = 1 if g["maximize"] else 0
        return 0

    cdef bint has_buffers(self):
        return self.scalars.momentum != 0 or None not in [b if b is None else 0
                                                         for b in self.buffers]

    def step(self):
        """One update of every parameter that has a gradient."""
        cdef int i, n = self.n
        cdef pn_tensor **buffer = self.table + 2 * n
        cdef pn_status status
        self.sync()
        for i in range(n):
            self.table[n + i] = pn_get_grad(self.table[i])
            buffer[i] = NULL if self.buffers[i] is None else (<Tensor>self.buffers[i]).c
        if pn_capturing():
            current_recording().groups.append(self)
        status = pn_sgd_step(n, self.table, self.table + n, buffer, self.first.c, &self.scalars)
        for i in range(n):
            if self.buffers[i] is None and buffer[i] is not NULL:
                self.buffers[i] = wrap(buffer[i])
        check(status)

    def momentum_buffers(self):
        """The buffers: a Tensor or None per parameter."""
        return list(self.buffers)

    def set_momentum_buffer(self, int i, Tensor value):
        """Loads a buffer; None forgets it.  A buffer that exists keeps its memory,
        which captured steps know."""
        cdef bint old = pn_set_grad_enabled(False)
        try:
            if value is not None and self.buffers[i] is None:
                self.buffers[i] = zeros_like(self.params[i])
            if value is not None:
                fill(self.buffers[i], value)
            if self.buffers[i] is not None:
                self.first[i] = 1 if value is None else 0
        finally:
            pn_set_grad_enabled(old)
