# Capture: a function's steps are recorded once and then replayed without Python.

cdef enum:
    MAX_PROGRAMS = 4      # kept per captured function, least recently used first out
    UNSTABLE_LIMIT = 8    # recordings in vain before a warning

cdef double SLICE = 0.02  # seconds between two looks at pending signals


@cython.final
cdef class Captured:
    """A function whose steps are recorded once and replayed; made by pynn.capture()."""

    cdef object fn
    cdef list kept           # Program, most recently used first
    cdef Program newest
    cdef bint busy
    cdef int unstable        # recordings in a row that could not be kept
    cdef readonly int64_t replays
    cdef readonly int64_t last_run_steps
    cdef Traces traces
    cdef object __weakref__

    def __cinit__(self, fn):
        if not callable(fn):
            raise TypeError(f"capture() takes a function, not {type_name(fn)}")
        self.fn = fn
        self.kept = []

    @property
    def __wrapped__(self):
        return self.fn

    @property
    def __name__(self):
        return getattr(self.fn, "__name__", type_name(self.fn))

    def __repr__(self):
        return f"<captured {self.__name__}: {len(self.kept)} programs, {self.replays} replays>"

    @property
    def programs(self):
        """How many recorded programs are kept, at most 4."""
        return len(self.kept)

    @property
    def records(self):
        """The names of the newest program's kernel calls, in order."""
        if self.newest is None:
            return []
        return [(<bytes>pn_program_record_name(self.newest.p, i)).decode()
                for i in range(pn_program_records(self.newest.p))]

    @property
    def last_traces(self):
        """What run() or scan() returned last, or the steps it had done when it was stopped."""
        return None if self.traces is None else self.traces.rows(self.last_run_steps)

    def __call__(self, *args, **kwargs):
        """One step: recorded if no program holds, else replayed."""
        cdef Program program
        cdef tuple names = tuple(kwargs)
        cdef list slots, fresh
        cdef int64_t done = 0
        cdef Tensor t
        if pn_capturing():
            return self.fn(*args, **kwargs)
        if names:
            args += tuple(kwargs.values())
        slots = slot_tensors(args)
        program = self.find(args, names, slots)
        if program is None:
            program = self.record(args, names, slots)
            fresh = [wrap(pn_clone((<Tensor>o).c)) for o in program.outputs]
            return put_together(program.structure, fresh)
        fresh = []
        for i, t in enumerate(program.outputs):
            t = wrap(pn_empty(t.c.dtype, t.c.ndim, t.c.shape))
            program.trace[i] = t.c.data
            fresh.append(t)
        self.replay(program, slots, 1, None, &done, None)
        return put_together(program.structure, fresh)

    def run(self, int64_t n, /, *args, **kwargs):
        """n steps with the same arguments.

        Returns the outputs of every step as NumPy arrays with a leading axis
        of n.  When an exception (Ctrl-C too) ends it early, last_run_steps
        and last_traces tell what was done: always whole steps.
        """
        if n < 0:
            raise ValueError(f"run(): the number of steps must not be negative: {n}")
        return self.many(n, args + tuple(kwargs.values()), tuple(kwargs), None)

    def _run_into(self, list values, int64_t n, /, *args):
        """run() of a step with one number as its output, appended to `values` step by step.

        Also when an exception ends it early: no signal is looked at between the steps and the
        list, as one would be between two lines of Python, so that the list has a number for
        every step that was done.
        """
        self.traces = None
        try:
            self.many(n, args, (), None)
        finally:
            if self.traces is not None and self.last_run_steps:
                values.extend(self.traces.rows(self.last_run_steps).tolist())

    def scan(self, *args, **kwargs):
        """One step per slice of the arguments' leading axis; returns as run().

        Tensors and arrays are sliced; numbers, strings and None are passed to
        every step.
        """
        cdef Slices slices = Slices(args + tuple(kwargs.values()))
        return self.many(slices.n, slices.args, tuple(kwargs), slices)

    cdef object many(self, int64_t n, tuple args, tuple names, Slices slices):
        cdef Program program
        cdef list slots
        cdef int64_t done = 0
        cdef Traces traces = Traces.__new__(Traces)
        if pn_capturing():
            raise RuntimeError("run() and scan() cannot be called while a step is being captured")
        self.traces = traces
        try:
            if n == 0 and self.newest is not None:
                traces.open(self.newest, 0)
            while done < n:
                if slices is not None:
                    args = slices.at(done)
                slots = slot_tensors(args)
                program = self.find(args, names, slots)
                if program is None:
                    program = self.record(args, names, slots)
                    traces.open(program, n)
                    traces.store(program, done)
                    done += 1
                else:
                    traces.open(program, n)
                    self.replay(program, slots, n - done if program.stable else 1, traces, &done,
                                slices)
        finally:
            self.last_run_steps = done
        return traces.rows(n)

    cdef Program find(self, tuple args, tuple names, list slots):
        """The most recently used program whose guards hold, moved to the front."""
        cdef Py_ssize_t i
        cdef Program program
        for i in range(len(self.kept)):
            program = self.kept[i]
            if program.holds(args, names, slots):
                if i:
                    self.kept.insert(0, self.kept.pop(i))
                return program
        return None

    cdef Program record(self, tuple args, tuple names, list slots):
        """Runs fn once and keeps the program if its places are as they were before."""
        cdef Program program = Program.__new__(Program)
        cdef Argument a
        cdef list call = [], inputs = []
        program.grad_mode = pn_grad_enabled()
        program.names = names
        program.arguments = []
        for value, slot in zip(args, slots):
            program.arguments.append(argument_guard(value, slot, <int>len(inputs)))
            if slot is not None:
                value = wrap(pn_capture_input((<Tensor>slot).c))
                inputs.append(value)
            call.append(value)
        roots = [self.fn] + [a.value for a in program.arguments if a.kind == ARGUMENT_IDENTITY]
        program.places = (<Reach>Reach.__new__(Reach)).places(roots)
        record_program(program, self.fn, call, inputs)
        self.newest = program
        if same_places(program.places, (<Reach>Reach.__new__(Reach)).places(roots)):
            self.unstable = 0
            self.kept.insert(0, program)
            del self.kept[MAX_PROGRAMS:]
        else:
            self.note_unstable()
        return program

    cdef int note_unstable(self) except -1:
        self.unstable += 1
        if self.unstable == UNSTABLE_LIMIT:
            from warnings import warn
            warn(f"the captured function {self.__name__} binds other tensors at every step "
                 "(a name, an attribute or a list is assigned), so it is never replayed: write "
                 "into the tensors in place", RuntimeWarning, stacklevel=2)
        return 0

    cdef int replay(self, Program program, list slots, int64_t n, Traces traces, int64_t *done,
                    Slices slices) except -1:
        """n steps in slices, signals looked at in between; done counts them also on failure."""
        cdef pn_status status = PN_OK
        cdef int64_t left = n, count = 0
        cdef bint single = traces is None
        if self.busy:
            raise RuntimeError("this captured step is already running on another thread")
        self.busy = True
        try:
            program.bind(slots)
            if slices is not None:
                slices.steps(program.steps)
            check(pn_program_enter(program.p))
            try:
                while left and status == PN_OK:
                    if not single:
                        traces.point(program, done[0])
                    status = pn_program_run(program.p, left, 0 if single else pn_now() + SLICE,
                                            &count, program.trace,
                                            NULL if slices is None else program.steps)
                    left -= count
                    done[0] += count
                    self.replays += count
                    if left and status == PN_OK:
                        PyErr_CheckSignals()
            finally:
                pn_program_leave(program.p)
        finally:
            self.busy = False
        check(status)
        return 0


cdef int record_program(Program program, object fn, list call, list inputs) except -1:
    """Records fn(*call): program.p, .outputs, .structure; an exception leaves no trace."""
    cdef unsigned long thread = PyThread_get_thread_ident()
    cdef pn_tensor **x = pointers(inputs)
    cdef pn_tensor **y = NULL
    cdef pn_program *p
    cdef list leaves = []
    cdef bint old
    p = pn_capture_begin(<int>len(inputs), x)
    PyMem_Free(x)
    if p is NULL:
        fail()
    recordings[thread] = program
    try:
        program.structure = take_apart(call_named(fn, call, program.names), leaves)
        old = pn_set_grad_enabled(False)
        try:
            leaves = [wrap(pn_contiguous(wrap(pn_alias((<Tensor>t).c)).c)) for t in leaves]
        finally:
            pn_set_grad_enabled(old)
        y = pointers(leaves)
    except BaseException:
        pn_capture_abort(p)
        raise
    finally:
        del recordings[thread]
    program.p = p
    program.outputs = leaves
    try:
        check(pn_capture_end(p, <int>len(leaves), y))
    finally:
        PyMem_Free(y)
    return program.finish()


cdef object call_named(object fn, list args, tuple names):
    """fn(*args), the last of them by name."""
    cdef Py_ssize_t n = len(args) - len(names)
    return fn(*args[:n], **dict(zip(names, args[n:])))


cdef bint same_places(list before, list after) except -1:
    if len(before) != len(after):
        return False
    for a, b in zip(before, after):
        if not (<Place>a).same(<Place>b):
            return False
    return True


# ---- scan ------------------------------------------------------------------------------

@cython.internal
cdef class Slices:
    """The arguments of scan(): what is sliced, as tensors, and how far slices lie apart."""

    cdef tuple args
    cdef int64_t n

    def __cinit__(self, tuple args):
        self.args = tuple([from_numpy(a) if isinstance(a, ndarray) else a for a in args])
        shapes = [t.shape for t in self.args if isinstance(t, Tensor)]
        if not shapes:
            raise ValueError("scan() needs at least one tensor or array: its first axis is the steps")
        if any([len(shape) == 0 or shape[0] != shapes[0][0] for shape in shapes]):
            raise ValueError(f"scan(): the first axes must have one length; the shapes are {shapes}")
        if any([isinstance(t, Tensor) and wants_grad((<Tensor>t).c) for t in self.args]):
            raise ValueError(
                "scan() slices its arguments: a tensor that requires grad must be closed over")
        self.n = shapes[0][0]

    cdef tuple at(self, int64_t i):
        """The arguments of step i."""
        return tuple([select_at((<Tensor>a).c, 0, i) if isinstance(a, Tensor) else a
                      for a in self.args])

    cdef int steps(self, int64_t *out) noexcept:
        """Bytes between two slices, per input slot."""
        cdef int slot = 0
        for a in self.args:
            if isinstance(a, Tensor):
                out[slot] = (<Tensor>a).c.stride[0] * <int64_t>pn_itemsize((<Tensor>a).c.dtype)
                slot += 1
        return slot


def capture(fn):
    """fn as a step that is recorded once and then replayed without Python.

    step(*args) does one step, step.run(n, *args) n of them in one C call,
    step.scan(*args) one per slice of the arguments.  Tensors and arrays given
    as arguments may change from call to call; what fn closes over must stay
    the same objects (else it is recorded again), and closed-over numbers are
    constants.  fn must not read values (item(), bool(), numpy()) or branch on
    them.
    """
    return Captured(fn)
