# Built-in layers without a Python frame: their forward() in C.
#
#     @_core._forward("relu")
#     def forward(self, input): return F.relu(input)
#
# makes the function a Forward: a call of the module runs the C function of that
# name, and the Python one where that declines (NotImplemented).

cdef object forward_linear(_Module self, object x):
    cdef Tensor weight, bias    # held: another thread may replace them meanwhile
    if not self.cached:
        if "bias" not in self._parameters:
            return NotImplemented
        self.first = self._parameters.get("weight")
        self.second = self._parameters["bias"]
        self.cached = True
    weight = <Tensor>self.first
    bias = <Tensor>self.second
    if weight is None or not isinstance(x, Tensor):
        return NotImplemented
    return wrap(pn_linear((<Tensor>x).c, weight.c, NULL if bias is None else bias.c))


cdef object forward_relu(_Module self, object x):
    if not isinstance(x, Tensor) or self.inplace:
        return NotImplemented
    return wrap(pn_relu((<Tensor>x).c))


cdef object forward_sigmoid(_Module self, object x):
    return wrap(pn_sigmoid((<Tensor>x).c)) if isinstance(x, Tensor) else NotImplemented


cdef object forward_tanh(_Module self, object x):
    return wrap(pn_tanh((<Tensor>x).c)) if isinstance(x, Tensor) else NotImplemented


cdef object forward_identity(_Module self, object x):
    return x


cdef object forward_sequential(_Module self, object x):
    """Each module's output is the next one's input."""
    if not self.cached:
        self.first = tuple(self._modules.values())
        self.cached = True
    cdef tuple modules = <tuple>self.first    # as they are now: a forward may change them
    for module in modules:
        x = call_one(<_Module>module, x) if isinstance(module, _Module) else module(x)
    return x


cdef forward_fn c_forward(str name) except NULL:
    if name == "linear":
        return forward_linear
    if name == "relu":
        return forward_relu
    if name == "sigmoid":
        return forward_sigmoid
    if name == "tanh":
        return forward_tanh
    if name == "identity":
        return forward_identity
    if name == "sequential":
        return forward_sequential
    raise ValueError(f"there is no C forward of the name {name!r}")


def _forward(str name not None):
    """The decorator that gives a layer's forward() its C function."""
    cdef forward_fn fn = c_forward(name)

    def decorate(function):
        cdef Forward made = Forward.__new__(Forward)
        made.fn = fn
        made.__wrapped__ = function
        return made
    return decorate
