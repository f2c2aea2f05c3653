# The Tensor, last part: reductions, products, indices, autograd.

cdef class Tensor(_TensorMath):
    """An n-dimensional array that operators and backward() know.

    Made by pynn.tensor(data), pynn.from_numpy(array), pynn.zeros(2, 3) and so
    on.  Shapes, dtypes and names follow PyTorch.
    """

    # ---- reductions ------------------------------------------------------------

    def sum(self, dim=None, bint keepdim=False, *, dtype=None):
        """The sum over all elements or over dimensions `dim`."""
        return wrap(pn_sum(self.c, axes_mask(dim, self.c.ndim), keepdim, dtype_code(dtype)))

    def mean(self, dim=None, bint keepdim=False, *, dtype=None):
        """The mean over all elements or over dimensions `dim`."""
        return mean_of(self, dim, keepdim, dtype)

    def var(self, dim=None, unbiased=None, bint keepdim=False, *, correction=1):
        """The variance over `dim`: squared deviations over n - correction."""
        return variance(self.c, dim, unbiased, correction, keepdim)

    def std(self, dim=None, unbiased=None, bint keepdim=False, *, correction=1):
        """The square root of var()."""
        return deviation(self.c, dim, unbiased, correction, keepdim)

    def max(self, dim=None, bint keepdim=False):
        """The greatest element; with `dim` (values, indices); with a tensor, maximum()."""
        return extremum(self, dim, keepdim, False)

    def min(self, dim=None, bint keepdim=False):
        """The smallest element; with `dim` (values, indices); with a tensor, minimum()."""
        return extremum(self, dim, keepdim, True)

    def amax(self, dim=(), bint keepdim=False):
        """The greatest values over dimensions `dim`; () is all."""
        return wrap(pn_amax(self.c, axes_mask(dim, self.c.ndim), keepdim))

    def amin(self, dim=(), bint keepdim=False):
        """The smallest values over dimensions `dim`; () is all."""
        return wrap(pn_amin(self.c, axes_mask(dim, self.c.ndim), keepdim))

    def argmax(self, dim=None, bint keepdim=False):
        """The lowest index of the greatest value, of the flat tensor or along `dim`."""
        return arg_extremum(self.c, dim, keepdim, False)

    def argmin(self, dim=None, bint keepdim=False):
        """The lowest index of the smallest value, of the flat tensor or along `dim`."""
        return arg_extremum(self.c, dim, keepdim, True)

    def softmax(self, dim, *, dtype=None):
        """exp(x) / sum(exp(x)) along `dim`."""
        return wrap(pn_softmax(recast(self, dtype).c, axis(dim, self.c.ndim)))

    def log_softmax(self, dim, *, dtype=None):
        """The logarithm of softmax(dim)."""
        return wrap(pn_log_softmax(recast(self, dtype).c, axis(dim, self.c.ndim)))

    # ---- products --------------------------------------------------------------

    def matmul(self, other):
        """self @ other."""
        return binary(pn_matmul, self, other, "matmul")

    def mm(self, Tensor mat2 not None):
        """The product of two matrices."""
        return matrix_product(self, mat2)

    def addmm(self, Tensor mat1 not None, Tensor mat2 not None, *, beta=1, alpha=1):
        """beta * self + alpha * (mat1 @ mat2)."""
        return add_product(self, mat1, mat2, beta, alpha)
    def where(self, condition, other):
        """self where condition (bool) is true, else other; all three broadcast."""
        return where_of(condition, self, other)

    # ---- indices ---------------------------------------------------------------

    def index_select(self, dim, Tensor index not None):
        """The slices of `dim` at `index`, a 1-d integer tensor."""
        return wrap(pn_index_select(self.c, axis(dim, self.c.ndim), index.c))

    def gather(self, dim, Tensor index not None):
        """out[i][j] = self[index[i][j]][j] for dim 0, and so on."""
        return wrap(pn_gather(self.c, axis(dim, self.c.ndim), index.c))

    def index_add(self, dim, Tensor index not None, Tensor source not None, *, alpha=1):
        """A copy with the slices of alpha * source added at `index` of `dim`."""
        source = scaled(source, alpha)
        return wrap(pn_index_add(self.c, axis(dim, self.c.ndim), index.c, source.c))

    def scatter_add(self, dim, Tensor index not None, Tensor src not None):
        """A copy with src[i][j] added at [index[i][j]][j] for dim 0, and so on."""
        return wrap(pn_scatter_add(self.c, axis(dim, self.c.ndim), index.c, src.c))

    # ---- autograd --------------------------------------------------------------

    def requires_grad_(self, bint requires_grad=True):
        """Sets requires_grad; returns self."""
        check(pn_set_requires_grad(self.c, requires_grad))
        return self

    def retain_grad(self):
        """Lets backward() keep the gradient of this non-leaf in grad."""
        check(pn_retain_grad(self.c))

    def register_hook(self, hook):
        """hook(grad) when this tensor's gradient is known; what it returns replaces it."""
        return add_tensor_hook(self, PN_HOOK_GRAD, hook)

    def register_post_accumulate_grad_hook(self, hook):
        """hook(tensor) when this leaf's grad is complete."""
        return add_tensor_hook(self, PN_HOOK_ACCUMULATED, hook)

    def detach_(self):
        """Forgets where the tensor came from; returns self."""
        check(pn_detach_(self.c))
        return self

    def backward(self, gradient=None, retain_graph=None, bint create_graph=False, inputs=None):
        """Adds the gradients of this tensor to the grad of every leaf it came from.

        gradient weighs the elements; a single element needs none.  inputs: the
        only tensors whose grad is written, leaves or not.
        """
        cdef pn_tensor *root = self.c
        cdef pn_tensor *weight = NULL
        if gradient is not None:
            if not isinstance(gradient, Tensor):
                raise TypeError(f"gradient is a Tensor or None, not {type_name(gradient)}")
            weight = (<Tensor>gradient).c
        if inputs is not None:
            return backward_into([self], [gradient], retain_graph, create_graph, inputs)
        check(pn_backward(1, &root, &weight,
                          create_graph if retain_graph is None else retain_graph, create_graph,
                          0, NULL, NULL))


cdef object pair_type = namedtuple("max", ("values", "indices"))


cdef Tensor recast(Tensor t, object dtype):
    return t if dtype is None else wrap(pn_cast(t.c, dtype_code(dtype)))


cdef Tensor mean_of(Tensor t, object dim, bint keepdim, object dtype):
    t = recast(t, dtype)
    return wrap(pn_mean(t.c, axes_mask(dim, t.c.ndim), keepdim))


cdef Tensor variance(pn_tensor *t, object dim, object unbiased, object correction, bint keepdim):
    """unbiased is PyTorch's older name of correction 1 or 0, also as var(unbiased)."""
    if isinstance(dim, bool):
        unbiased, dim = dim, None
    if unbiased is not None:
        correction = 1 if unbiased else 0
    elif correction is None:
        correction = 1
    return wrap(pn_var(t, axes_mask(dim, t.ndim), correction, keepdim))


cdef Tensor deviation(pn_tensor *t, object dim, object unbiased, object correction, bint keepdim):
    if isinstance(dim, bool):
        unbiased, dim = dim, None
    if unbiased is not None:
        correction = 1 if unbiased else 0
    elif correction is None:
        correction = 1
    return wrap(pn_std(t, axes_mask(dim, t.ndim), correction, keepdim))


cdef object extremum(Tensor t, object dim, bint keepdim, bint is_min):
    cdef pn_tensor *values = NULL
    cdef pn_tensor *indices = NULL
    if dim is None:
        return wrap(pn_amin(t.c, 0, keepdim) if is_min else pn_amax(t.c, 0, keepdim))
    if isinstance(dim, Tensor):
        return binary(pn_minimum if is_min else pn_maximum, t, dim, "max")
    check(pn_max_dim(t.c, axis(dim, t.c.ndim), keepdim, is_min, &values, &indices))
    first = wrap(values)
    return pair_type(first, wrap(indices))


cdef Tensor arg_extremum(pn_tensor *t, object dim, bint keepdim, bint is_min):
    return wrap(pn_argmax(t, PN_ALL_DIMS if dim is None else axis(dim, t.ndim), keepdim, is_min))


cdef Tensor matrix_product(Tensor a, Tensor b):
    if a.c.ndim != 2 or b.c.ndim != 2:
        raise RuntimeError(
            f"mm() multiplies two matrices, not {shape_of(a.c)} and {shape_of(b.c)}; "
            "matmul() knows other shapes")
    return wrap(pn_matmul(a.c, b.c))
