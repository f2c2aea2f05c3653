# What a captured function can reach: the tensors behind its closure, globals,
# defaults, bound object, and the objects, lists and dicts on the way, with the
# places where each hangs.  A program holds as long as every place does.

cdef enum:
    PLACE_FIXED      # cannot change: a tuple's element, a method's self
    PLACE_CELL
    PLACE_ITEM       # of a dict: a namespace, an object's attributes, any dict
    PLACE_ELEMENT    # of a list, whose length must hold too
    PLACE_ATTRIBUTE  # of a slot

    REACH_DEPTH = 10
    REACH_PLACES = 200000


@cython.internal
cdef class Place:
    """One link: container[key] is value."""

    cdef int kind
    cdef object container, key, value
    cdef Py_ssize_t index, length
    cdef uint16_t flags      # a tensor's requires_grad

    cdef bint same(self, Place other):
        return (self.kind == other.kind and self.container is other.container
                and self.value is other.value and self.index == other.index
                and self.length == other.length and self.flags == other.flags
                and (self.key is other.key or self.key == other.key))


# The places of a program as a plain array: 25 instructions per place and call
# where a loop over the objects took 80.
cdef struct Check:
    int kind
    uint16_t flags
    PyObject *container
    PyObject *key
    PyObject *value
    pn_tensor *tensor        # of value, or NULL
    void *data               # of that tensor: its memory may be replaced
    Py_ssize_t index, length


cdef Check *make_checks(list places) except NULL:
    """One Check per place, borrowing from them."""
    cdef Check *checks = <Check *>PyMem_Calloc(len(places) + 1, sizeof(Check))
    cdef Check *c = checks
    cdef Place p
    if checks is NULL:
        raise MemoryError
    for p in places:
        c.kind = p.kind
        c.flags = p.flags
        c.container = <PyObject *>p.container
        c.key = <PyObject *>p.key
        c.value = <PyObject *>p.value
        c.tensor = (<Tensor>p.value).c if isinstance(p.value, Tensor) else NULL
        c.data = NULL if c.tensor is NULL else c.tensor.data
        c.index = p.index
        c.length = p.length
        c += 1
    return checks


cdef bint all_hold(Check *c, Py_ssize_t n) except -1:
    """Is every container[key] still its value, and every tensor's requires_grad as it was?"""
    cdef Py_ssize_t i
    cdef PyObject *found
    for i in range(n):
        if c.kind == PLACE_CELL:
            found = PyCell_GET(c.container)
        elif c.kind == PLACE_ITEM:
            found = PyDict_GetItemWithError(c.container, c.key)
            if found is NULL and PyErr_Occurred() is not NULL:
                return -1
        elif c.kind == PLACE_ELEMENT:
            found = NULL
            if PyList_GET_SIZE(c.container) == c.length:
                found = PyList_GET_ITEM(c.container, c.index)
        else:
            value = getattr(<object>c.container, <object>c.key, None)
            found = <PyObject *>value
        if found != c.value:
            return False
        if c.tensor is not NULL and (c.tensor.flags & PN_T_REQUIRES_GRAD != c.flags
                                     or c.tensor.data != c.data):
            return False
        c += 1
    return True


@cython.internal
cdef class Reach:
    """A breadth-first walk: links found, and who leads to whom."""

    cdef list links          # of every container visited: Place
    cdef list flags          # train flags: Place
    cdef list queue          # objects to visit, with their depth
    cdef dict seen           # id: object, which keeps the id valid
    cdef dict into           # id of an object: the links that lead to it

    def __cinit__(self):
        self.links = []
        self.flags = []
        self.queue = []
        self.seen = {}
        self.into = {}

    cdef list places(self, list roots):
        """The links on every way from the roots to a tensor or an array."""
        cdef Py_ssize_t i = 0
        for root in roots:
            self.enqueue(root, 0)
        while i < len(self.queue):
            o, depth = self.queue[i]
            if depth < REACH_DEPTH and len(self.links) < REACH_PLACES:
                self.visit(o, depth + 1)
            i += 1
        return self.leading()

    cdef list leading(self):
        cdef Place link
        cdef set marked = {key for key, o in self.seen.items() if isinstance(o, (Tensor, ndarray))}
        cdef list pending = list(marked)
        while pending:
            for link in self.into.get(pending.pop(), ()):
                key = id(link.container)
                if key not in marked:
                    marked.add(key)
                    pending.append(key)
        return self.flags + [link for link in self.links
                             if link.kind != PLACE_FIXED and id(link.value) in marked]

    cdef int enqueue(self, object o, int depth) except -1:
        if id(o) not in self.seen:
            self.seen[id(o)] = o
            self.queue.append((o, depth))
        return 0

    cdef int link(self, int kind, object container, object key, object value, int depth,
                  Py_ssize_t index=-1) except -1:
        cdef Place place
        if not interesting(value):
            return 0
        place = Place.__new__(Place)
        place.kind = kind
        place.container = container
        place.key = key
        place.value = value
        place.index = index
        place.length = len(container) if kind == PLACE_ELEMENT else 0
        if isinstance(value, Tensor):
            place.flags = (<Tensor>value).c.flags & PN_T_REQUIRES_GRAD
        self.links.append(place)
        self.into.setdefault(id(value), []).append(place)
        return self.enqueue(value, depth)

    cdef int visit(self, object o, int depth) except -1:
        cdef Py_ssize_t i
        if isinstance(o, (Tensor, ndarray)):
            return 0
        if isinstance(o, list):
            for i in range(len(<list>o)):
                self.link(PLACE_ELEMENT, o, None, o[i], depth, i)
        elif isinstance(o, tuple):
            for value in o:
                self.link(PLACE_FIXED, o, None, value, depth)
        elif isinstance(o, dict):
            for key, value in (<dict>o).items():
                self.link(PLACE_ITEM, o, key, value, depth)
        elif isinstance(o, CellType):
            if PyCell_GET(<PyObject *>o) is not NULL:
                self.link(PLACE_CELL, o, None, <object>PyCell_GET(<PyObject *>o), depth)
        elif isinstance(o, FunctionType):
            self.visit_function(o, depth)
        else:
            self.visit_object(o, depth)
        return 0

    cdef int visit_function(self, object f, int depth) except -1:
        for part in (f.__closure__, f.__defaults__, f.__kwdefaults__, f.__dict__):
            if part:
                self.link(PLACE_FIXED, f, None, part, depth)
        return self.visit_names(f, f.__globals__, code_names(f.__code__), depth)

    cdef int visit_names(self, object owner, dict namespace, set names, int depth) except -1:
        """The globals of these names; a module among them is looked into for them too."""
        self.seen[id(namespace)] = namespace
        for name in names:
            value = namespace.get(name)
            if isinstance(value, ModuleType):
                if not foreign_library(value.__name__) and id(value) not in self.seen:
                    self.seen[id(value)] = value
                    self.visit_names(owner, value.__dict__, names, depth)
            elif interesting(value):
                self.link(PLACE_ITEM, namespace, name, value, depth)
                self.link(PLACE_FIXED, owner, None, namespace, REACH_DEPTH)
        return 0

    cdef int visit_object(self, object o, int depth) except -1:
        """Attributes, slots, and the methods of Python classes with what they name."""
        if isinstance(o, MethodType):
            self.link(PLACE_FIXED, o, None, o.__self__, depth)
            self.link(PLACE_FIXED, o, None, o.__func__, depth)
            return 0
        if isinstance(o, partial):
            for part in (o.func, o.args, o.keywords):
                self.link(PLACE_FIXED, o, None, part, depth)
        if isinstance(o, Captured):
            self.link(PLACE_FIXED, o, None, (<Captured>o).fn, depth)
        attributes = getattr(o, "__dict__", None)
        if isinstance(attributes, dict):
            self.link(PLACE_FIXED, o, None, attributes, depth)
            if "training" in attributes:
                self.link_flag(attributes, "training")
        for kind in type(o).__mro__:
            if foreign_library(kind.__module__):
                continue
            for name in slot_names(kind):
                self.link(PLACE_ATTRIBUTE, o, name, getattr(o, name, None), depth)
            for value in list(kind.__dict__.values()):
                if isinstance(value, FunctionType):
                    self.link(PLACE_FIXED, o, None, value, depth)
        return 0

    cdef int link_flag(self, dict attributes, str name) except -1:
        """A module's train flag decides what its forward records: guarded like a tensor."""
        cdef Place place = Place.__new__(Place)
        place.kind = PLACE_ITEM
        place.container = attributes
        place.key = name
        place.value = attributes[name]
        self.flags.append(place)
        return 0


cdef bint interesting(object o) except -1:
    """May a tensor hang on it?"""
    if o is None or isinstance(o, (bool, int, float, str, bytes, type, dtype, numpy_generic,
                                   ModuleType, Generator)):
        return False
    if isinstance(o, (Tensor, ndarray, list, tuple, dict, CellType, FunctionType, MethodType,
                      Captured, partial)):
        return True
    return getattr(o, "__dict__", None) is not None or len(slot_names(type(o))) > 0


cdef set code_names(object code):
    """The names that a code object and those within it use."""
    cdef set names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= code_names(constant)
    return names


cdef object slot_names(object kind):
    slots = kind.__dict__.get("__slots__", ())
    return [slots] if isinstance(slots, str) else [name for name in slots
                                                   if not name.startswith("__")]


cdef bint foreign_library(str name) except -1:
    """Modules and classes that hold no tensors of the user's."""
    return name.partition(".")[0] in ("builtins", "numpy", "pynn", "functools", "typing", "abc")
