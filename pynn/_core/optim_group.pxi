# What C reads of an optimiser's parameter groups.

cdef str PARAMS = "params"
cdef str BETAS = "betas"     # two numbers: the one option that is a pair

# Algorithm: its number, the options of a group in the order in which C reads
# them (a pair stands for two), and the buffers' names.
cdef dict ALGORITHMS = {
    "SGD": (PN_SGD, ("lr", "weight_decay", "maximize", "momentum", "dampening", "nesterov"),
            ("momentum_buffer",)),
    "Adam": (PN_ADAM, ("lr", "weight_decay", "maximize", BETAS, "eps",
                       "decoupled_weight_decay", "amsgrad"),
             ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")),
    "NAdam": (PN_NADAM, ("lr", "weight_decay", "maximize", BETAS, "eps",
                         "decoupled_weight_decay", "momentum_decay"), ("exp_avg", "exp_avg_sq")),
    "RAdam": (PN_RADAM, ("lr", "weight_decay", "maximize", BETAS, "eps",
                         "decoupled_weight_decay"), ("exp_avg", "exp_avg_sq")),
    "Adamax": (PN_ADAMAX, ("lr", "weight_decay", "maximize", BETAS, "eps"),
               ("exp_avg", "exp_inf")),
    "RMSprop": (PN_RMSPROP, ("lr", "weight_decay", "maximize", "alpha", "eps", "momentum",
                             "centered"), ("square_avg", "momentum_buffer", "grad_avg")),
    "Adagrad": (PN_ADAGRAD, ("lr", "weight_decay", "maximize", "lr_decay", "eps",
                             "initial_accumulator_value"), ("sum",)),
    "Adadelta": (PN_ADADELTA, ("lr", "weight_decay", "maximize", "rho", "eps"),
                 ("square_avg", "acc_delta")),
}


cdef extern from *:
    """
    #if PY_VERSION_HEX < 0x030c0000
    #define pn_dict_version(d) (((PyDictObject *)(d))->ma_version_tag)
    #else
    #define pn_dict_version(d) ((uint64_t)0)
    #endif
    """
    # Another number after every assignment to the dict; 0: this Python has none.
    uint64_t pn_dict_version(PyObject *d)


@cython.internal
cdef class OptimGroup:
    """A parameter group: the options that C reads, and what they were read from."""

    cdef dict group
    cdef object params       # the group's list, as it was when the slots were made
    cdef int start, n        # its slots
    cdef list values
    cdef double options[8]
    cdef uint64_t version    # of the dict that was read; 0: read it again

    cdef inline bint unchanged(self) noexcept:
        return self.version != 0 and self.version == pn_dict_version(<PyObject *>self.group)

    cdef int sync(self, tuple keys) except -1:
        """Options change by assignment to the dict; a tensor may change in place."""
        cdef PyObject *found
        cdef int k, i = 0
        cdef bint fixed = True
        if self.unchanged():
            return 0
        self.version = 0
        for k in range(<int>len(keys)):
            found = PyDict_GetItemWithError(<PyObject *>self.group, <PyObject *>keys[k])
            if found is NULL:
                raise KeyError(keys[k])
            if found != PyList_GET_ITEM(<PyObject *>self.values, k):
                fixed &= self.read(i, keys[k], <object>found, k)
            i += 2 if keys[k] is BETAS else 1
        if fixed:
            self.version = pn_dict_version(<PyObject *>self.group)
        return 0

    cdef bint read(self, int i, object key, object value, int k) except -1:
        """Option k into options[i]; False if it may change without an assignment."""
        cdef bint fixed = not isinstance(value, (Tensor, list))
        if key is BETAS:
            first, second = value
            self.options[i] = first
            self.options[i + 1] = second
        else:
            self.options[i] = value
        self.values[k] = value if fixed else None
        return fixed
