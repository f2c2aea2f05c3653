# The host's side: the lock, threads, levels, and what tests look at.

cdef void *release_lock() noexcept:
    return PyEval_SaveThread()


cdef void take_lock(void *state) noexcept:
    PyEval_RestoreThread(<PyThreadState *>state)


cdef int start_library() except -1:
    """Dispatch (an impossible PYNN_ISA is an ImportError), and the lock's callbacks."""
    if pn_init() != PN_OK:
        raise ImportError((<bytes>pn_last_message()).decode("utf-8", "replace"))
    pn_host_lock.release = release_lock
    pn_host_lock.acquire = take_lock
    return 0


def set_num_threads(int n):
    """How many threads operators may use, the calling one included; at least 1."""
    check(pn_set_num_threads(n))


def get_num_threads():
    """How many threads operators may use."""
    return pn_get_num_threads()


def _levels():
    """The ISA levels of this build, best first, with whether this machine can run them."""
    return [((<bytes>pn_level_name(i)).decode(), pn_level_runnable(i))
            for i in range(pn_level_count())]


def _active_level():
    return (<bytes>pn_active_level().name).decode()


def _build():
    """What the library was built with and runs on."""
    return {
        "compiler": (<bytes>PN_COMPILER).decode(),
        "numerics": PN_NUMERICS_VERSION,
        "hardware_fma": pn_cpu_has_fma(),
    }


# ---- for tests: pynn._debug ----------------------------------------------------------

def _set_level(str name):
    check(pn_select_level(name.encode()))


def _fail_alloc(int64_t n, bint persistent=False):
    pn_memory_fail_at(n, persistent)


def _memory_trim():
    pn_memory_trim()


def _memory_stats():
    cdef pn_memory_stats s
    pn_memory_get_stats(&s)
    return s


def _engine_stats():
    cdef pn_engine_stats s
    pn_engine_get_stats(&s)
    return s


def _pool_stats():
    cdef pn_pool_stats s
    pn_pool_get_stats(&s)
    return dict(s, workers=pn_pool_worker_count())


def _reset_pool_stats():
    pn_pool_reset_stats()


def _chaos(bint on):
    pn_pool_set_chaos(on)


def _release_threshold(double nanoseconds):
    """Sets above which cost of a record the GIL is released; returns the old value."""
    global pn_release_threshold
    cdef double old = pn_release_threshold
    pn_release_threshold = nanoseconds
    return old
