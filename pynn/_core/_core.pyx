# The extension module pynn._core: parts by meaning, one translation unit, the
# only one that links the C library.  Each binding checks, makes one C call,
# and raises; mathematics and loops are below.
cimport cython
from cpython.buffer cimport (
    PyBUF_ANY_CONTIGUOUS, PyBUF_C_CONTIGUOUS, PyBUF_F_CONTIGUOUS, PyBUF_FORMAT, PyBUF_ND,
    PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer,
)
from cpython.exc cimport PyErr_CheckSignals, PyErr_Occurred
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from cpython.pycapsule cimport (
    PyCapsule_GetPointer, PyCapsule_IsValid, PyCapsule_New, PyCapsule_SetName,
)
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t
from libc.string cimport memcmp

from pynn._core.engine cimport *

cdef extern from "Python.h":
    ctypedef struct PyThreadState:
        pass
    PyThreadState *PyEval_SaveThread()
    void PyEval_RestoreThread(PyThreadState *state)
    object PyNumber_Index(object o)
    void PyErr_SetObject(object kind, object value)
    int PySlice_Unpack(object s, Py_ssize_t *start, Py_ssize_t *stop, Py_ssize_t *step) except -1
    Py_ssize_t PySlice_AdjustIndices(Py_ssize_t length, Py_ssize_t *start, Py_ssize_t *stop,
                                     Py_ssize_t step)
    unsigned long PyThread_get_thread_ident()
    ctypedef struct PyObject:
        pass
    ctypedef struct PyTypeObject:
        PyObject *tp_dict
    void PyType_Modified(PyTypeObject *kind)
    PyObject *PyCell_GET(PyObject *cell)
    PyObject *PyDict_GetItemWithError(PyObject *d, PyObject *key)
    PyObject *PyList_GET_ITEM(PyObject *list, Py_ssize_t i)
    Py_ssize_t PyList_GET_SIZE(PyObject *list)

from collections import namedtuple
from functools import partial, update_wrapper
from math import ceil, prod as product
from os import urandom
from sys import byteorder as _byteorder
from types import CellType, CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from weakref import ref as weakref

from numpy import (
    arange as numpy_arange,
    array as numpy_array,
    asarray as numpy_asarray,
    bool_ as numpy_bool,
    dtype as numpy_dtype,
    empty as numpy_empty,
    floating as numpy_floating,
    generic as numpy_generic,
    integer as numpy_integer,
    ndarray,
    zeros as numpy_zeros,
)

# Builtins that functions of this module hide by their names.
cdef object PyFloat = float
cdef object PyInt = int
cdef object PyBool = bool
cdef object ONE = 1
cdef bint LITTLE_ENDIAN = _byteorder == "little"
cdef enum:
    CO_GENERATOR = 0x20

cdef class _TensorData
cdef class _TensorViews(_TensorData)
cdef class _TensorMath(_TensorViews)
cdef class Tensor(_TensorMath)
cdef class Parameter(Tensor)
cdef class Buffer(Tensor)
cdef class _Module
cdef class Node

include "errors.pxi"
include "host.pxi"
start_library()
include "dtype.pxi"
include "convert.pxi"
include "array.pxi"
include "dlpack.pxi"
include "tensor.pxi"
include "views.pxi"
include "operators.pxi"
include "methods.pxi"
include "index.pxi"
include "create.pxi"
include "random.pxi"
include "functions.pxi"
include "losses.pxi"
include "call.pxi"
include "autograd.pxi"
include "hooks.pxi"
include "parameter.pxi"
include "module.pxi"
include "layers.pxi"
include "optim_group.pxi"
include "optim.pxi"
include "reach.pxi"
include "program.pxi"
include "capture.pxi"

default_generator = make_default_generator()
pn_object_install(<PyTypeObject *>Tensor)
