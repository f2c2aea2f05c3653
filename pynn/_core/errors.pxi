# Errors: the engine's statuses become Python exceptions in this one place.

# By pn_status; PN_OK (0) is never raised.
cdef tuple STATUS_ERRORS = (
    SystemError, ValueError, TypeError, IndexError, RuntimeError, MemoryError, OverflowError,
    BufferError,
)


cdef int fail() except -1:
    """Raises the thread's last error.

    PN_INTERRUPTED says that Python code which the engine called has already
    raised: then that exception passes through.
    """
    cdef pn_status status = pn_last_status()
    if PyErr_Occurred() is not NULL:
        return -1
    if status == PN_INTERRUPTED:
        raise KeyboardInterrupt
    raise STATUS_ERRORS[<int>status]((<bytes>pn_last_message()).decode("utf-8", "replace"))


cdef inline int check(pn_status status) except -1:
    if status != PN_OK:
        fail()
    return 0
