# Operators called by name: one entry for all that need no binding of their own.

cdef enum:
    CALL_TENSORS = 32    # arguments of one kind that fit without an allocation
    CALL_NUMBERS = 64


@cython.final
cdef class Operator:
    """One operator of the C library: its positional arguments are sorted by type.

    Tensor or None; bool and int (dtypes as their codes); float; a tuple or
    list stands for its items.  One output is a Tensor, several are a tuple.
    """

    cdef const pn_operator *op
    cdef readonly str __name__

    def __repr__(self):
        return f"<operator {self.__name__}>"

    def __call__(self, *args):
        if self.op.t is not NULL:
            if len(args) != 1 or not isinstance(args[0], Tensor):
                raise TypeError(f"{self.__name__}(): expected one Tensor, not "
                                f"{', '.join([type_name(a) for a in args])}")
            return wrap(self.op.t((<Tensor>args[0]).c))
        if self.op.tt is not NULL:
            if len(args) != 2:
                raise TypeError(f"{self.__name__}(): expected two operands, not {len(args)}")
            return binary(self.op.tt, args[0], args[1], self.__name__)
        return call_operator(self, args)


cdef Py_ssize_t count_items(tuple args) except -1:
    cdef Py_ssize_t n = 0
    for a in args:
        n += len(a) if isinstance(a, (tuple, list)) else 1
    return n


cdef object call_operator(Operator self, tuple args):
    cdef pn_tensor *few_tensors[CALL_TENSORS]
    cdef int64_t few_ints[CALL_NUMBERS]
    cdef double few_floats[CALL_NUMBERS]
    cdef pn_call c
    cdef Py_ssize_t n = count_items(args)
    cdef void *block = NULL
    cdef pn_status status
    cdef int k
    c.nin = c.nints = c.nfloats = c.nout = 0
    c.out[0] = NULL
    c.in_ = few_tensors
    cdef int64_t *ints = few_ints
    cdef double *floats = few_floats
    if n > CALL_TENSORS:
        block = PyMem_Malloc(<size_t>n * 3 * sizeof(int64_t))
        if block is NULL:
            raise MemoryError()
        c.in_ = <pn_tensor **>block
        ints = <int64_t *>block + n
        floats = <double *>block + 2 * n
    c.i = ints
    c.f = floats
    try:
        for a in args:
            if isinstance(a, (tuple, list)):
                for item in a:
                    sort_argument(self, &c, ints, floats, item)
            else:
                sort_argument(self, &c, ints, floats, a)
        for k in range(PN_CALL_OUTPUTS):
            c.out[k] = NULL
        status = self.op.call(&c)
    finally:
        PyMem_Free(block)
    if status != PN_OK:
        for k in range(c.nout):
            pn_release(c.out[k])
        fail()
    if c.nout == 1:
        return wrap(c.out[0])
    return tuple([None if c.out[k] is NULL else wrap(c.out[k]) for k in range(c.nout)])


cdef int sort_argument(Operator self, pn_call *c, int64_t *ints, double *floats,
                       object a) except -1:
    if isinstance(a, Tensor):
        c.in_[c.nin] = (<Tensor>a).c
        c.nin += 1
    elif a is None:
        c.in_[c.nin] = NULL
        c.nin += 1
    elif isinstance(a, float):
        floats[c.nfloats] = a
        c.nfloats += 1
    elif isinstance(a, (int, bool)):
        ints[c.nints] = a
        c.nints += 1
    elif isinstance(a, dtype):
        ints[c.nints] = dtype_code(a)
        c.nints += 1
    elif hasattr(a, "__index__"):
        ints[c.nints] = PyNumber_Index(a)
        c.nints += 1
    else:
        raise TypeError(f"{self.__name__}(): an argument is a {type_name(a)}; expected tensors, "
                        "None, numbers, dtypes, or tuples of them")
    return 0


cdef object make_operators():
    cdef Operator op
    cdef int k
    cdef dict found = {}
    for k in range(pn_operator_count):
        op = Operator.__new__(Operator)
        op.op = &pn_operators[k]
        op.__name__ = (<bytes>pn_operators[k].name).decode()
        found[op.__name__] = op
    return SimpleNamespace(**found)


ops = make_operators()


# ---- functions of Python as methods ----------------------------------------------

cdef set late_methods = set()


def _add_methods(dict methods, bint late=False):
    """Makes Python functions methods of Tensor; late ones give way to the functions themselves."""
    cdef PyTypeObject *kind = <PyTypeObject *>Tensor
    for name, function in methods.items():
        if name not in late_methods and hasattr(Tensor, name):
            raise TypeError(f"Tensor has a method {name!r} already")
        (<dict><object>kind.tp_dict)[name] = function
        if late:
            late_methods.add(name)
        else:
            late_methods.discard(name)
    PyType_Modified(kind)


def _assign_result(Tensor input not None, function, tuple args, dict kwargs):
    """input = function(input, ...) in place, with history; returns input."""
    cdef Tensor source = input, result
    if pn_grad_enabled() and wants_grad(input.c):
        source = wrap(pn_clone(input.c))  # what the derivative saves must keep its values
    result = function(source, *args, **kwargs)
    check(pn_assign(input.c, result.c))
    return input
