# The Tensor, third part: Python's operators and the methods of the mathematics.

cdef class _TensorMath(_TensorViews):
    """Operators: arithmetic, comparison, elementwise functions, in-place forms."""

    def __add__(self, other):
        return operator(pn_add, self, other)

    def __radd__(self, other):
        return operator(pn_add, other, self)

    def __iadd__(self, other):
        return inplace_operator(pn_add, self, other)

    def __sub__(self, other):
        return operator(pn_sub, self, other)

    def __rsub__(self, other):
        return operator(pn_sub, other, self)

    def __isub__(self, other):
        return inplace_operator(pn_sub, self, other)

    def __mul__(self, other):
        return operator(pn_mul, self, other)

    def __rmul__(self, other):
        return operator(pn_mul, other, self)

    def __imul__(self, other):
        return inplace_operator(pn_mul, self, other)

    def __truediv__(self, other):
        return operator(pn_div, self, other)

    def __rtruediv__(self, other):
        return operator(pn_div, other, self)

    def __itruediv__(self, other):
        return inplace_operator(pn_div, self, other)

    def __floordiv__(self, other):
        return operator(pn_floor_divide, self, other)

    def __rfloordiv__(self, other):
        return operator(pn_floor_divide, other, self)

    def __ifloordiv__(self, other):
        return inplace_operator(pn_floor_divide, self, other)

    def __mod__(self, other):
        return operator(pn_remainder, self, other)

    def __rmod__(self, other):
        return operator(pn_remainder, other, self)

    def __imod__(self, other):
        return inplace_operator(pn_remainder, self, other)

    def __divmod__(self, other):
        return operator(pn_floor_divide, self, other), operator(pn_remainder, self, other)

    def __rdivmod__(self, other):
        return operator(pn_floor_divide, other, self), operator(pn_remainder, other, self)

    def __lshift__(self, other):
        return operator(pn_shift_left, self, other)

    def __rlshift__(self, other):
        return operator(pn_shift_left, other, self)

    def __ilshift__(self, other):
        return inplace_operator(pn_shift_left, self, other)

    def __rshift__(self, other):
        return operator(pn_shift_right, self, other)

    def __rrshift__(self, other):
        return operator(pn_shift_right, other, self)

    def __irshift__(self, other):
        return inplace_operator(pn_shift_right, self, other)

    def __iand__(self, other):
        return inplace_operator(pn_bit_and, self, other)

    def __ior__(self, other):
        return inplace_operator(pn_bit_or, self, other)

    def __ixor__(self, other):
        return inplace_operator(pn_bit_xor, self, other)

    def __pow__(self, other, modulo):
        if modulo is not None:
            return NotImplemented
        return operator(pn_pow, self, other)

    def __rpow__(self, other, modulo):
        if modulo is not None:
            return NotImplemented
        return operator(pn_pow, other, self)

    def __ipow__(self, other):
        return inplace_operator(pn_pow, self, other)

    def __matmul__(self, other):
        return operator(pn_matmul, self, other)

    def __rmatmul__(self, other):
        return operator(pn_matmul, other, self)

    def __and__(self, other):
        return operator(pn_bit_and, self, other)

    def __rand__(self, other):
        return operator(pn_bit_and, other, self)

    def __or__(self, other):
        return operator(pn_bit_or, self, other)

    def __ror__(self, other):
        return operator(pn_bit_or, other, self)

    def __xor__(self, other):
        return operator(pn_bit_xor, self, other)

    def __rxor__(self, other):
        return operator(pn_bit_xor, other, self)

    def __invert__(self):
        return wrap(pn_bit_not(self.c))

    def __neg__(self):
        return wrap(pn_neg(self.c))

    def __pos__(self):
        return self

    def __abs__(self):
        return wrap(pn_abs(self.c))

    def __eq__(self, other):
        return operator(pn_eq, self, other)

    def __ne__(self, other):
        return operator(pn_ne, self, other)

    def __lt__(self, other):
        return operator(pn_lt, self, other)

    def __le__(self, other):
        return operator(pn_le, self, other)

    def __gt__(self, other):
        return operator(pn_gt, self, other)

    def __ge__(self, other):
        return operator(pn_ge, self, other)

    def __hash__(self):
        return <Py_hash_t>(<uintptr_t><void *>self >> 4)

    # ---- arithmetic ------------------------------------------------------------

    def add(self, other, *, alpha=1):
        """self + alpha * other."""
        return binary(pn_add, self, scaled(other, alpha), "add")

    def sub(self, other, *, alpha=1):
        """self - alpha * other."""
        return binary(pn_sub, self, scaled(other, alpha), "sub")

    def mul(self, other):
        """self * other."""
        return binary(pn_mul, self, other, "mul")

    def div(self, other, *, rounding_mode=None):
        """self / other, true division; rounding_mode "trunc" or "floor" rounds it."""
        return binary(division(rounding_mode), self, other, "div")

    def pow(self, exponent):
        """self ** exponent."""
        return binary(pn_pow, self, exponent, "pow")

    def maximum(self, other):
        """The greater of each pair; NaN wins."""
        return binary(pn_maximum, self, other, "maximum")

    def minimum(self, other):
        """The smaller of each pair; NaN wins."""
        return binary(pn_minimum, self, other, "minimum")

    def add_(self, other, *, alpha=1):
        """self += alpha * other."""
        return inplace(pn_add, self, scaled(other, alpha), "add_")

    def sub_(self, other, *, alpha=1):
        """self -= alpha * other."""
        return inplace(pn_sub, self, scaled(other, alpha), "sub_")

    def mul_(self, other):
        """self *= other."""
        return inplace(pn_mul, self, other, "mul_")

    def div_(self, other, *, rounding_mode=None):
        """self /= other."""
        return inplace(division(rounding_mode), self, other, "div_")

    def pow_(self, exponent):
        """self **= exponent."""
        return inplace(pn_pow, self, exponent, "pow_")

    def zero_(self):
        """Every element becomes 0."""
        return fill(<Tensor>self, 0)

    def fill_(self, value):
        """Every element becomes `value`, a number or a 0-d tensor."""
        return fill(<Tensor>self, value)

    def copy_(self, src):
        """The elements become those of `src`, broadcast and cast."""
        return fill(<Tensor>self, src)

    # ---- comparison and logic ----------------------------------------------------

    def eq(self, other):
        """self == other, elementwise."""
        return binary(pn_eq, self, other, "eq")

    def ne(self, other):
        """self != other, elementwise."""
        return binary(pn_ne, self, other, "ne")

    def lt(self, other):
        """self < other, elementwise."""
        return binary(pn_lt, self, other, "lt")

    def le(self, other):
        """self <= other, elementwise."""
        return binary(pn_le, self, other, "le")

    def gt(self, other):
        """self > other, elementwise."""
        return binary(pn_gt, self, other, "gt")

    def ge(self, other):
        """self >= other, elementwise."""
        return binary(pn_ge, self, other, "ge")

    # ---- elementwise functions -----------------------------------------------------

    def neg(self):
        """-self."""
        return wrap(pn_neg(self.c))

    def abs(self):
        """The absolute value."""
        return wrap(pn_abs(self.c))

    def sign(self):
        """-1, 0 or 1."""
        return wrap(pn_sign(self.c))

    def exp(self):
        """e to the power of self."""
        return wrap(pn_exp(self.c))

    def log(self):
        """The natural logarithm."""
        return wrap(pn_log(self.c))

    def sqrt(self):
        """The square root."""
        return wrap(pn_sqrt(self.c))

    def sigmoid(self):
        """1 / (1 + exp(-self))."""
        return wrap(pn_sigmoid(self.c))

    def tanh(self):
        """The hyperbolic tangent."""
        return wrap(pn_tanh(self.c))

    def relu(self):
        """max(self, 0)."""
        return wrap(pn_relu(self.c))

    def clamp(self, min=None, max=None):
        """The values moved into [min, max]: numbers, tensors or None."""
        return clamp_to(<Tensor>self, min, max)

    clip = clamp


cdef object scaled(object other, object alpha):
    """alpha * other for add and sub; other itself if alpha is 1."""
    if alpha is ONE:
        return other
    return binary(pn_mul, other, alpha, "alpha")


cdef Tensor fill(Tensor self, object value):
    cdef pn_tensor *source = need_operand(value, "copy_")
    try:
        check(pn_copy_(self.c, source))
    finally:
        pn_release(source)
    return self


cdef pn_binary_fn division(object rounding_mode) except NULL:
    if rounding_mode is None:
        return pn_div
    if rounding_mode == "trunc":
        return pn_trunc_divide
    if rounding_mode == "floor":
        return pn_floor_divide
    raise RuntimeError("div expected rounding_mode to be one of None, 'trunc', or 'floor' "
                       f"but found {rounding_mode!r}")


cdef Tensor clamp_to(Tensor self, object lo, object hi):
    """Bounds that are tensors, or would change an integer's dtype, go one by one."""
    if lo is None and hi is None:
        raise ValueError("clamp(): at least one of min and max must not be None")
    cdef bint number = not isinstance(lo, (Tensor, ndarray)) and not isinstance(hi, (Tensor, ndarray))
    cdef bint floating = isinstance(lo, float) or isinstance(hi, float)
    if number and (not floating or pn_is_float(self.c.dtype)):
        return wrap(pn_clamp(self.c, -INFINITY if lo is None else lo,
                             INFINITY if hi is None else hi))
    if lo is not None:
        self = binary(pn_clamp_min, self, lo, "clamp")
    return self if hi is None else binary(pn_clamp_max, self, hi, "clamp")


cdef Tensor where_of(object condition, object a, object b):
    cdef pn_tensor *c = NULL
    cdef pn_tensor *x = NULL
    cdef pn_tensor *y = NULL
    cdef pn_tensor *r
    try:
        c = need_operand(condition, "where")
        x = need_operand(a, "where")
        y = need_operand(b, "where")
        r = pn_where(c, x, y)
    finally:
        pn_release(c)
        pn_release(x)
        pn_release(y)
    return wrap(r)
