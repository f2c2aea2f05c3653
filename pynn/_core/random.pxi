# Random tensors and the streams that they come from.

@cython.final
cdef class Generator:
    """A stream of random numbers of its own: Philox4x32-10, indexed by element."""

    cdef pn_generator own
    cdef pn_generator *g

    def __cinit__(self, seed=0):
        self.g = &self.own
        pn_generator_seed(self.g, seed_value(seed))

    def manual_seed(self, seed):
        """Starts the stream of `seed` anew; returns the generator."""
        pn_generator_seed(self.g, seed_value(seed))
        return self

    def seed(self):
        """Starts a stream of the system's choice; returns its seed."""
        cdef uint64_t chosen = int.from_bytes(urandom(8), "little")
        pn_generator_seed(self.g, chosen)
        return chosen

    def initial_seed(self):
        """The seed that the stream was started with."""
        return self.g.seed

    def get_state(self):
        """Seed and position of the stream: a uint8 tensor of 16 elements."""
        state = numpy_array([self.g.seed, self.g.offset], dtype="<u8").view("u1")
        return tensor(state)

    def set_state(self, Tensor new_state not None):
        """Goes on where get_state() was; returns the generator."""
        if new_state.c.dtype != PN_U8 or new_state.c.ndim != 1 or new_state.c.numel != 16:
            raise RuntimeError(
                "set_state(): expected the uint8 tensor of 16 elements that get_state() gave, "
                f"not {DTYPES[new_state.c.dtype]} of shape {shape_of(new_state.c)}")
        seed, offset = new_state.contiguous().numpy().view("<u8").tolist()
        self.g.seed = seed
        self.g.offset = offset
        return self


cdef uint64_t seed_value(object seed) except? 0xffffffff:
    """Any integer of 64 bits; negative ones as PyTorch takes them, modulo 2**64."""
    seed = PyNumber_Index(seed)
    if seed < -(1 << 63) or seed >= 1 << 64:
        raise OverflowError(f"a seed has 64 bits: {seed} does not fit")
    return seed & 0xffffffffffffffff


cdef Generator make_default_generator():
    cdef Generator generator = Generator.__new__(Generator)
    generator.g = pn_default_generator()
    return generator


cdef pn_generator *stream(Generator generator):
    """Whose numbers to draw; a recorded program keeps the generator alive."""
    if generator is None:
        return pn_default_generator()
    if pn_capturing():
        keep_for_recording(generator)
    return generator.g


def manual_seed(seed):
    """Starts the default stream of random numbers anew; returns its generator."""
    return default_generator.manual_seed(seed)


def initial_seed():
    """The seed that the default stream was started with."""
    return default_generator.initial_seed()


def seed():
    """Starts a default stream of the system's choice; returns its seed."""
    return default_generator.seed()


def get_rng_state():
    """Seed and position of the default stream."""
    return default_generator.get_state()


def set_rng_state(new_state):
    """The default stream goes on where get_rng_state() was."""
    default_generator.set_state(new_state)


def rand(*size, Generator generator=None, dtype=None, bint requires_grad=False):
    """Uniform random numbers from [0, 1)."""
    cdef int64_t shape[8]
    cdef int n = parse_size(size, shape)
    return finish(wrap(pn_rand(float_code(dtype), n, shape, stream(generator))), requires_grad)


def randn(*size, Generator generator=None, dtype=None, bint requires_grad=False):
    """Random numbers of the standard normal distribution."""
    cdef int64_t shape[8]
    cdef int n = parse_size(size, shape)
    return finish(wrap(pn_randn(float_code(dtype), n, shape, stream(generator))), requires_grad)


def rand_like(Tensor input not None, *, Generator generator=None, dtype=None,
              bint requires_grad=False):
    """rand(input.shape) of input's dtype."""
    cdef int code = float_code(DTYPES[input.c.dtype] if dtype is None else dtype)
    return finish(wrap(pn_rand(code, input.c.ndim, input.c.shape, stream(generator))),
                  requires_grad)


def randn_like(Tensor input not None, *, Generator generator=None, dtype=None,
               bint requires_grad=False):
    """randn(input.shape) of input's dtype."""
    cdef int code = float_code(DTYPES[input.c.dtype] if dtype is None else dtype)
    return finish(wrap(pn_randn(code, input.c.ndim, input.c.shape, stream(generator))),
                  requires_grad)


# ---- for pynn._functions.random ------------------------------------------------------

def _uniform(size, double low, double high, Generator generator, dtype):
    """low + (high - low) u, u uniform in [0, 1)."""
    cdef int64_t shape[8]
    cdef int n = parse_size(size, shape)
    return wrap(pn_uniform(float_code(dtype), n, shape, stream(generator), low, high))


def _normal(size, double mean, double std, Generator generator, dtype):
    """mean + std z, z standard normal."""
    cdef int64_t shape[8]
    cdef int n = parse_size(size, shape)
    return wrap(pn_normal(float_code(dtype), n, shape, stream(generator), mean, std))


def _bernoulli(size, double p, double value, Generator generator, dtype):
    """value with probability p, else 0."""
    cdef int64_t shape[8]
    cdef int n = parse_size(size, shape)
    return wrap(pn_bernoulli(float_code(dtype), n, shape, stream(generator), p, value))


def _is_recording():
    """Whether a capture records: then values cannot be looked at."""
    return pn_capturing()
