# What a capture keeps: a program with its guards, and the outputs of its steps.

cdef enum:
    ARGUMENT_SLOT      # memory bound at every replay
    ARGUMENT_IDENTITY  # must be the same object
    ARGUMENT_VALUE     # must be equal and of the same type


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
    cdef Check *checks       # the same
    cdef list optimisers     # _Optimizer: options to copy before a replay
    cdef list needs          # per optimiser: the buffers that its options needed
    cdef list kept           # what the records point to
    cdef object structure    # of the outputs
    cdef list outputs        # contiguous Tensors that every step overwrites
    cdef void **trace
    cdef int64_t *steps      # bytes by which slots advance in scan()

    def __cinit__(self):
        self.optimisers = []
        self.kept = []

    def __dealloc__(self):
        pn_program_free(self.p)
        PyMem_Free(self.trace)
        PyMem_Free(self.steps)
        PyMem_Free(self.checks)

    cdef bint holds(self, tuple args, tuple names, list slots) except -1:
        cdef Py_ssize_t i
        if (len(args) != len(self.arguments) or names != self.names
                or self.grad_mode != pn_grad_enabled()):
            return False
        for i in range(len(args)):
            if not (<Argument>self.arguments[i]).accepts(args[i], <Tensor>slots[i]):
                return False
        if not all_hold(self.checks, len(self.places)):
            return False
        for i in range(len(self.optimisers)):
            (<_Optimizer>self.optimisers[i]).sync()
            if (<_Optimizer>self.optimisers[i]).needs() != self.needs[i]:
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
        self.checks = make_checks(self.places)
        self.stable = pn_program_ready(self.p)
        self.needs = [(<_Optimizer>o).needs() for o in self.optimisers]
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
