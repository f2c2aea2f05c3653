/* Tensor objects made and freed in a few instructions.
 *
 * Cython's own way costs 20 ns of a 60 ns operator: __new__ through three bases
 * and __dealloc__ with the exception state saved.  Here a dead Tensor goes to a
 * list and comes back with its type, its method table and nothing else, so all
 * that a new one needs is its pn_tensor.  Subclasses and whoever else asks go
 * Cython's way; the layout is checked when this is installed. */
#ifndef PN_OBJECT_H
#define PN_OBJECT_H

#include "engine/engine.h"

typedef struct pn_object {
  PyObject_HEAD void *methods; /* Cython's */
  pn_tensor *c;
  PyObject *weakrefs;
} pn_object;

#if defined(Py_GIL_DISABLED) || defined(Py_TRACE_REFS) || defined(PYPY_VERSION)
enum { PN_OBJECTS = 0 }; /* such objects are not ours to keep */
#else
enum { PN_OBJECTS = 512 };
#endif

static PyTypeObject *pn_object_type; /* Tensor, once installed */
static pn_object *pn_dead_objects[PN_OBJECTS + 1];
static int pn_dead_count;

/* What Tensor's tp_dealloc is: also called with objects of subclasses. */
static void pn_object_dealloc(PyObject *o) {
  pn_object *t = (pn_object *)o;
  pn_tensor *c = t->c;
  if (t->weakrefs) PyObject_ClearWeakRefs(o);
  if (c) {
    t->c = NULL;
    c->py = NULL;
    pn_release(c);
  }
  if (Py_TYPE(o) == pn_object_type && pn_dead_count < PN_OBJECTS)
    pn_dead_objects[pn_dead_count++] = t;
  else
    Py_TYPE(o)->tp_free(o);
}

/* A Tensor for c, which has none; NULL: none is at hand. */
static inline PyObject *pn_object_take(pn_tensor *c) {
  if (!pn_dead_count) return NULL;
  pn_object *t = pn_dead_objects[--pn_dead_count];
  t->c = c;
  c->py = t;
#if PY_VERSION_HEX >= 0x030c0000
  _Py_NewReference((PyObject *)t);
#else
  Py_SET_REFCNT((PyObject *)t, 1);
#endif
  return (PyObject *)t;
}

/* False, and nothing changes, if the class is not what is expected here. */
static int pn_object_install(PyTypeObject *type) {
  if (PN_OBJECTS == 0 || type->tp_basicsize != (Py_ssize_t)sizeof(pn_object) ||
      type->tp_weaklistoffset != (Py_ssize_t)offsetof(pn_object, weakrefs) ||
      PyType_HasFeature(type, Py_TPFLAGS_HAVE_GC) || PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE))
    return 0;
  type->tp_dealloc = pn_object_dealloc;
  pn_object_type = type;
  return 1;
}

#endif
