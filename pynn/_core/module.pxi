# The base of pynn.nn.Module: what a call, an attribute and a
# registration cost.  Everything rarer is Python, in pynn/nn/modules.
#
# A module's parameters, buffers and submodules hang in three registries and,
# under the same names, in the instance's own __dict__, so that `self.weight`
# is an ordinary attribute.  __setattr__ and the registries keep both equal.

cdef extern from "Python.h":
    PyObject *PyType_Lookup "_PyType_Lookup"(object kind, object name)    # borrowed or NULL
    int PyFunction_Check(PyObject *o)
    object PyObject_Vectorcall(PyObject *f, PyObject **args, size_t n, PyObject *names)
    int PyObject_GenericSetAttr(object o, object name, PyObject *value) except -1

cdef extern from *:
    """
    #define pn_type_call(type) ((void *)((PyTypeObject *)(type))->tp_call)
    /* Makes call the __call__ of a class and of those that inherit it from now on;
     * gives the old one. */
    /* Calls of instances go to the vectorcall function in a field of theirs.  Before
     * Python 3.12 classes do not inherit that: their first instance asks for it. */
    static void pn_use_vectorcall(PyTypeObject *type, Py_ssize_t offset, ternaryfunc call) {
      if (type->tp_call == call && type->tp_vectorcall_offset == offset)
        type->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL;
    }
    static PyObject *pn_call_by_tuple(PyObject *self, PyObject *const *args, size_t nargsf,
                                      PyObject *names) {
      Py_ssize_t n = PyVectorcall_NARGS(nargsf), named = names ? PyTuple_GET_SIZE(names) : 0;
      PyObject *tuple = PyTuple_New(n), *dict = named ? PyDict_New() : NULL, *result = NULL;
      int ok = tuple && (dict || !named);
      for (Py_ssize_t i = 0; ok && i < n; i++) {
        Py_INCREF(args[i]);
        PyTuple_SET_ITEM(tuple, i, args[i]);
      }
      for (Py_ssize_t i = 0; ok && i < named; i++)
        ok = PyDict_SetItem(dict, PyTuple_GET_ITEM(names, i), args[n + i]) == 0;
      if (ok) result = Py_TYPE(self)->tp_call(self, tuple, dict);
      Py_XDECREF(tuple);
      Py_XDECREF(dict);
      return result;
    }
    #define pn_set_vectorcall(type, offset) ((type)->tp_vectorcall_offset = (offset))
    static ternaryfunc pn_replace_call(PyTypeObject *type, ternaryfunc call) {
      ternaryfunc old = type->tp_call;
      PyObject *d = PyDict_GetItemString(type->tp_dict, "__call__");
      if (d && Py_TYPE(d) == &PyWrapperDescr_Type) {
        ((PyWrapperDescrObject *)d)->d_wrapped = (void *)call;
        type->tp_call = call;
      }
      return old;
    }
    """
    void *type_call "pn_type_call"(object kind)
    ctypedef object (*ternaryfunc)(object self, PyObject *args, PyObject *kwargs)
    ternaryfunc pn_replace_call(PyTypeObject *kind, ternaryfunc call)
    void pn_use_vectorcall(PyTypeObject *kind, Py_ssize_t offset, ternaryfunc call)
    object pn_call_by_tuple(object self, PyObject **args, size_t nargsf, PyObject *names)
    void set_vectorcall_offset "pn_set_vectorcall"(PyTypeObject *kind, Py_ssize_t offset)
    Py_ssize_t PyVectorcall_NARGS(size_t n)
    # Cython's name of the struct behind _Module
    const Py_ssize_t FIELD "offsetof(struct __pyx_obj_4pynn_5_core__Module, vectorcall)"
    Py_ssize_t PyTuple_GET_SIZE(PyObject *o)
    PyObject *PyTuple_GET_ITEM(PyObject *o, Py_ssize_t i)

cdef str FORWARD = "forward"
cdef object YES = True

cdef enum:
    OWN_FORWARD = 1    # the instance has a forward of its own
    IN_PLACE = 2       # self.inplace


# ---- forward in C ----------------------------------------------------------------

# What a built-in layer's call runs: forward(self, x) without a Python frame.
# NULL with an exception set on failure; NotImplemented (borrowed) leaves the
# call to the Python function of the same layer.
ctypedef object (*forward_fn)(_Module self, object x)


cdef object declined(_Module self, object x):
    return NotImplemented


@cython.final
cdef class Forward:
    """A layer's forward(): a Python function, and a C function that does the same faster."""

    cdef forward_fn fn
    cdef readonly object __wrapped__

    def __cinit__(self):
        self.fn = declined

    def __get__(self, instance, owner):
        return self if instance is None else MethodType(self.__wrapped__, instance)

    def __call__(self, *args, **kwargs):
        return self.__wrapped__(*args, **kwargs)

    @property
    def __name__(self):
        return self.__wrapped__.__name__

    @property
    def __qualname__(self):
        return self.__wrapped__.__qualname__

    @property
    def __module__(self):
        return self.__wrapped__.__module__

    @property
    def __doc__(self):
        return self.__wrapped__.__doc__


# ---- the registries ----------------------------------------------------------------

@cython.final
cdef class _Registry(dict):
    """Names of a module's parameters, buffers or submodules; writing here writes the
    module's attributes too."""

    cdef PyObject *owner     # borrowed; NULL once the module is gone

    def __setitem__(self, name, value):
        dict.__setitem__(self, name, value)
        if self.owner is not NULL:
            changed(<_Module>self.owner, name, value)

    def __delitem__(self, name):
        dict.__delitem__(self, name)
        if self.owner is not NULL:
            forget(<_Module>self.owner, name)

    def pop(self, name, *default):
        if name not in self:
            return dict.pop(self, name, *default)
        value = self[name]
        del self[name]
        return value

    def popitem(self):
        value = dict.popitem(self)
        if self.owner is not NULL:
            forget(<_Module>self.owner, value[0])
        return value

    def clear(self):
        for name in list(self):
            del self[name]

    def setdefault(self, name, default=None):
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *args, **kwargs):
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def __ior__(self, other):
        self.update(other)
        return self

    def copy(self):
        return dict(self)

    def __reduce_ex__(self, protocol):
        return (dict, (dict(self),))


cdef _Registry new_registry(_Module owner):
    cdef _Registry r = _Registry.__new__(_Registry)
    r.owner = <PyObject *>owner
    return r


cdef int changed(_Module self, object name, object value) except -1:
    """The attribute follows the registry."""
    self.first = self.second = None
    self.cached = False
    return PyObject_GenericSetAttr(self, name, <PyObject *>value)


cdef int forget(_Module self, object name) except -1:
    self.first = self.second = None
    self.cached = False
    if name in self.__dict__:
        PyObject_GenericSetAttr(self, name, NULL)
    return 0


# ---- the module ----------------------------------------------------------------------

cdef class _Module:
    """The part of pynn.nn.Module that every call and every assignment goes through."""

    cdef readonly _Registry _parameters, _buffers, _modules
    cdef readonly set _non_persistent_buffers_set
    cdef public object _hooks      # None, or what _call_hooked looks at
    cdef int python_forward        # not 0: why the type's C forward does not do
    cdef bint cached               # first and second hold what the C forward needs
    cdef object first, second
    cdef void *vectorcall
    cdef object __weakref__

    def __cinit__(self):
        cdef object kind = type(self)
        self.vectorcall = <void *>module_vectorcall
        pn_use_vectorcall(<PyTypeObject *>kind, vectorcall_offset, module_call)
        self._parameters = new_registry(self)
        self._buffers = new_registry(self)
        self._modules = new_registry(self)
        self._non_persistent_buffers_set = set()
        PyObject_GenericSetAttr(self, "training", <PyObject *>YES)

    def __dealloc__(self):
        if self._parameters is not None:
            self._parameters.owner = self._buffers.owner = self._modules.owner = NULL

    def __call__(self, *args, **kwargs):
        """Runs forward() and the hooks around it."""
        if self._hooks is not None:
            return self._call_hooked(args, kwargs)
        if len(args) == 1 and not kwargs:
            return run_forward(self, args[0])
        return self.forward(*args, **kwargs)

    def __setattr__(self, str name, value):
        if isinstance(value, Parameter):
            check_name(self, name, self._parameters)
            release_name(self, name, self._parameters)
            self._parameters[name] = value
        elif isinstance(value, _Module):
            if name in self._parameters:
                self.refuse(name, value, "parameter", "Parameter")
            check_name(self, name, self._modules)
            release_name(self, name, self._modules)
            self._modules[name] = value
        elif name in self._parameters:
            if value is not None:
                self.refuse(name, value, "parameter", "Parameter")
            self._parameters[name] = None
        elif isinstance(value, Buffer):
            check_name(self, name, self._buffers)
            release_name(self, name, self._buffers)
            self._buffers[name] = value
            if (<Buffer>value).persistent:
                self._non_persistent_buffers_set.discard(name)
            else:
                self._non_persistent_buffers_set.add(name)
        elif name in self._modules:
            if value is not None:
                self.refuse(name, value, "child module", "Module")
            self._modules[name] = None
        elif name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                self.refuse(name, value, "buffer", "Tensor")
            self._buffers[name] = value
        else:
            if name == FORWARD:
                self.python_forward |= OWN_FORWARD
            elif name == "inplace":
                self.python_forward &= ~IN_PLACE
                self.python_forward |= IN_PLACE if value else 0
            PyObject_GenericSetAttr(self, name, <PyObject *>value)

    def __delattr__(self, str name):
        for registry in (self._parameters, self._buffers, self._modules):
            if name in registry:
                del registry[name]
                self._non_persistent_buffers_set.discard(name)
                return
        PyObject_GenericSetAttr(self, name, NULL)
        if name == FORWARD:
            self.python_forward &= ~OWN_FORWARD

    cdef int refuse(self, str name, object value, str what, str kind) except -1:
        raise TypeError(
            f"cannot assign '{type_name(value)}' as {what} '{name}' ({kind} or None expected)")

    def __reduce_ex__(self, protocol):
        raise TypeError(
            f"a {type_name(self)} is never pickled: pynn.save(module.state_dict(), path), then "
            "module.load_state_dict(pynn.load(path)), or copy it with copy.deepcopy()")

    def __copy__(self):
        return copy_module(self, None)

    def __deepcopy__(self, memo):
        return copy_module(self, memo)


cdef object run_forward(_Module self, object x):
    """forward(x): the type's in C, or a plain function of Python without a bound method."""
    cdef PyObject *f
    cdef PyObject *stack[2]
    if self.python_forward == 0:
        f = PyType_Lookup(type(self), FORWARD)
        if f is not NULL:
            if type(<object>f) is Forward:
                result = (<Forward>f).fn(self, x)
                if result is not NotImplemented:
                    return result
            elif PyFunction_Check(f):
                stack[0] = <PyObject *>self
                stack[1] = <PyObject *>x
                return PyObject_Vectorcall(f, stack, 2, NULL)
    return self.forward(x)


cdef ternaryfunc general_call = NULL


cdef object module_call(object self, PyObject *args, PyObject *kwargs):
    """The slot of __call__: with one argument and no hooks straight to forward()."""
    if kwargs is NULL and PyTuple_GET_SIZE(args) == 1 and (<_Module>self)._hooks is None:
        return run_forward(<_Module>self, <object>PyTuple_GET_ITEM(args, 0))
    return general_call(self, args, kwargs)


cdef object module_vectorcall(object self, PyObject **args, size_t nargsf, PyObject *names):
    """The same for calls that come without a tuple."""
    if (names is NULL and PyVectorcall_NARGS(nargsf) == 1 and (<_Module>self)._hooks is None
            and type_call(type(self)) == <void *>module_call):
        return run_forward(<_Module>self, <object>args[0])
    return pn_call_by_tuple(self, args, nargsf, names)


cdef Py_ssize_t vectorcall_offset = 0


cdef int install_calls() except -1:
    """Before any subclass exists."""
    global general_call, vectorcall_offset
    general_call = pn_replace_call(<PyTypeObject *>_Module, module_call)
    vectorcall_offset = FIELD
    set_vectorcall_offset(<PyTypeObject *>_Module, vectorcall_offset)
    pn_use_vectorcall(<PyTypeObject *>_Module, vectorcall_offset, module_call)
    return 0


install_calls()


cdef object call_one(_Module self, object x):
    """self(x), for C callers."""
    if self._hooks is None and type_call(type(self)) == type_call(_Module):
        return run_forward(self, x)
    return self(x)


cdef int check_name(_Module self, str name, _Registry into) except -1:
    """A class attribute that is no method would hide the entry."""
    cdef PyObject *found = PyType_Lookup(type(self), name)
    if found is not NULL and hasattr(<object>found, "__set__"):
        raise KeyError(f"attribute '{name}' already exists")
    return 0


cdef int release_name(_Module self, str name, _Registry into) except -1:
    """A name is in one registry only."""
    for registry in (self._parameters, self._buffers, self._modules):
        if registry is not into and name in registry:
            dict.__delitem__(registry, name)
            self._non_persistent_buffers_set.discard(name)
    return 0


cdef object copy_module(_Module source, dict memo):
    """memo None: shares everything; else a deep copy with that memo."""
    from copy import deepcopy
    kind = type(source)
    cdef _Module made = kind.__new__(kind)
    cdef dict attributes = source.__dict__
    if memo is not None:
        memo[id(source)] = made
    for name, value in attributes.items():
        if name not in source._parameters and name not in source._buffers and (
                name not in source._modules):
            made.__dict__[name] = value if memo is None else deepcopy(value, memo)
    for old, new in ((source._parameters, made._parameters), (source._buffers, made._buffers),
                     (source._modules, made._modules)):
        for name, value in old.items():
            new[name] = value if memo is None else deepcopy(value, memo)
    made._non_persistent_buffers_set.update(source._non_persistent_buffers_set)
    made.python_forward = source.python_forward
    made._hooks = source._hooks if memo is None else deepcopy(source._hooks, memo)
    return made
