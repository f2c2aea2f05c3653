# Capture: a step is recorded once and then replayed without Python.

cdef enum:
    MAX_PROGRAMS = 4      # kept per captured function, least recently used first out
    UNSTABLE_LIMIT = 8    # recordings in vain before a warning
    ARGUMENT_SLOT = 0     # memory bound at every replay
    ARGUMENT_IDENTITY = 1 # must be the same object
    ARGUMENT_VALUE = 2    # must be equal and of the same type

cdef double SLICE = 0.02  # seconds between two looks at pending signals


# ---- guards on arguments -----------------------------------------------------------

@cython.internal
cdef class Argument:
    """What one argument must be for a program to hold."""

    cdef int kind
    cdef int slot            # number of the input slot, or -1
    cdef object value        # IDENTITY, VALUE
    cdef pn_tensor layout    # SLOT: dtype, shape, strides
    cdef bint readonly

    cdef bint accepts(self, object value, Tensor slot) except -1:
        if self.kind == ARGUMENT_SLOT:
            return (slot is not None and same_layout(slot.c, &self.layout)
                    and readonly_memory(slot) == self.readonly)
        if slot is not None:
            return False
        if self.kind == ARGUMENT_IDENTITY:
            return value is self.value
        return type(value) is type(self.value) and equal_values(value, self.value)


cdef bint same_layout(pn_tensor *a, pn_tensor *b) noexcept:
    cdef size_t bytes = a.ndim * sizeof(int64_t)
    return (a.dtype == b.dtype and a.ndim == b.ndim and memcmp(a.shape, b.shape, bytes) == 0
            and memcmp(a.stride, b.stride, bytes) == 0)


cdef bint readonly_memory(Tensor t):
    return (t.c.storage.flags & PN_STORAGE_READONLY) != 0


cdef bint equal_values(object a, object b) except -1:
    """Equality that tells -0.0 from 0.0 and finds NaN equal to itself."""
    cdef double x, y
    if isinstance(a, float):
        x, y = a, b
        return memcmp(&x, &y, sizeof(double)) == 0
    return a == b


cdef list slot_tensors(tuple args):
    """Per argument the tensor that an input slot is bound to, or None."""
    cdef list slots = []
    for a in args:
        if isinstance(a, Tensor):
            slots.append(None if wants_grad((<Tensor>a).c) else a)
        else:
            slots.append(wrap(share_array(a)) if isinstance(a, ndarray) else None)
    return slots


cdef Argument argument_guard(object value, Tensor slot, int number):
    cdef Argument a = Argument.__new__(Argument)
    a.slot = -1
    if slot is not None:
        a.kind = ARGUMENT_SLOT
        a.slot = number
        a.layout = slot.c[0]
        a.readonly = readonly_memory(slot)
        return a
    a.value = value
    a.kind = ARGUMENT_VALUE if value is None or isinstance(
        value, (bool, int, float, str, bytes, numpy_generic)) else ARGUMENT_IDENTITY
    return a


# ---- programs ------------------------------------------------------------------------

@cython.internal
cdef class Program:
    """One recorded step with its guards."""

    cdef pn_program *p
    cdef bint grad_mode
    cdef bint stable         # a replay leaves the gradients as it wants to find them
    cdef tuple names         # of the last arguments, which were given by keyword
    cdef list arguments      # Argument
    cdef list places         # Place
    cdef list groups         # _SGDGroup: scalars to copy before a replay
    cdef list buffered       # per group: had it momentum buffers?
    cdef list kept           # what the records point to
    cdef object structure    # of the outputs
    cdef list outputs        # contiguous Tensors that every step overwrites
    cdef void **trace
    cdef int64_t *steps      # bytes by which slots advance in scan()

    def __cinit__(self):
        self.groups = []
        self.kept = []

    def __dealloc__(self):
        pn_program_free(self.p)
        PyMem_Free(self.trace)
        PyMem_Free(self.steps)

    cdef bint holds(self, tuple args, tuple names, list slots) except -1:
        cdef Py_ssize_t i
        if (len(args) != len(self.arguments) or names != self.names
                or self.grad_mode != pn_grad_enabled()):
            return False
        for i in range(len(args)):
            if not (<Argument>self.arguments[i]).accepts(args[i], <Tensor>slots[i]):
                return False
        for place in self.places:
            if not (<Place>place).holds():
                return False
        for i in range(len(self.groups)):
            (<_SGDGroup>self.groups[i]).sync()
            if (<_SGDGroup>self.groups[i]).has_buffers() and not self.buffered[i]:
                return False
        return pn_program_ready(self.p)

    cdef int bind(self, list slots) except -1:
        cdef Argument a
        for i, a in enumerate(self.arguments):
            if a.slot >= 0:
                check(pn_program_bind(self.p, a.slot, (<Tensor>slots[i]).c))
        return 0

    cdef int finish(self) except -1:
        """After the recording: what replays need."""
        cdef Py_ssize_t n = len(self.outputs)
        cdef Py_ssize_t slots = 0
        cdef Argument a
        for a in self.arguments:
            slots += a.slot >= 0
        self.trace = <void **>PyMem_Calloc(n + 1, sizeof(void *))
        self.steps = <int64_t *>PyMem_Calloc(slots + 1, sizeof(int64_t))
        if self.trace is NULL or self.steps is NULL:
            raise MemoryError
        self.stable = pn_program_ready(self.p)
        self.buffered = [(<_SGDGroup>g).has_buffers() for g in self.groups]
        return 0


# The programs being recorded, by thread.
cdef dict recordings = {}


cdef Program current_recording():
    return recordings[PyThread_get_thread_ident()]


cdef int keep_for_recording(object o) except -1:
    current_recording().kept.append(o)
    return 0


# ---- outputs -------------------------------------------------------------------------

cdef object take_apart(object result, list leaves):
    """The structure of what fn returned; its tensors go to leaves."""
    if isinstance(result, Tensor):
        leaves.append(result)
        return len(leaves) - 1
    if result is None:
        return None
    if isinstance(result, dict):
        return {key: take_apart(value, leaves) for key, value in result.items()}
    if isinstance(result, (tuple, list)):
        return type(result), [take_apart(value, leaves) for value in result]
    raise TypeError(
        "a captured function returns tensors, tuples, lists or dicts of them, or None, not "
        f"{type_name(result)}")


cdef object put_together(object structure, list leaves):
    if structure is None:
        return None
    if isinstance(structure, int):
        return leaves[structure]
    if isinstance(structure, dict):
        return {key: put_together(value, leaves) for key, value in structure.items()}
    kind, parts = structure
    values = [put_together(part, leaves) for part in parts]
    return kind._make(values) if hasattr(kind, "_make") else kind(values)


@cython.internal
cdef class Traces:
    """The outputs of many steps: one NumPy array per tensor, a row per step."""

    cdef object structure
    cdef list arrays, tensors

    cdef int open(self, Program program, int64_t n) except -1:
        cdef Tensor t
        if self.arrays is not None:
            return self.compare(program)
        self.structure = program.structure
        self.arrays = []
        for t in program.outputs:
            if t.c.dtype == PN_BF16:
                raise TypeError("NumPy has no bfloat16: return x.float() from the captured step")
            self.arrays.append(numpy_empty((n,) + shape_of(t.c), NUMPY_DTYPES[t.c.dtype]))
        self.tensors = [wrap(share_array(a)) for a in self.arrays]
        return 0

    cdef int compare(self, Program program) except -1:
        cdef Tensor t
        cdef list shapes = [(a.shape[1:], a.dtype) for a in self.arrays]
        cdef list now = [(shape_of(t.c), NUMPY_DTYPES[t.c.dtype]) for t in program.outputs]
        if shapes != now or self.structure != program.structure:
            raise RuntimeError(
                f"the outputs of the captured step changed between two steps: {shapes} became {now}")
        return 0

    cdef int store(self, Program program, int64_t row) except -1:
        """The outputs as the recording left them."""
        for array, t in zip(self.arrays, program.outputs):
            array[row] = to_numpy(<Tensor>t)
        return 0

    cdef int point(self, Program program, int64_t row) except -1:
        """program.trace: where the next step's outputs go."""
        cdef Tensor t
        for i, t in enumerate(self.tensors):
            program.trace[i] = <char *>t.c.data + (
                row * t.c.stride[0] * <int64_t>pn_itemsize(t.c.dtype) if t.c.shape[0] > 1 else 0)
        return 0

    cdef object rows(self, int64_t n):
        if self.arrays is None:
            return None
        return put_together(self.structure, [a[:n] for a in self.arrays])


# ---- the captured function -------------------------------------------------------------

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
