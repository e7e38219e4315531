/* bufproto: what can be done with a view that is held, whatever its layout. Needs Python.h.
 *
 * A view is the interpreter's own Py_buffer, from PyObject_GetBuffer or from a scope (bufproto_python_scope_acquire). Indices,
 * strides and lengths are checked, which the interpreter's functions of the same purpose do not do.
 *
 * All of it is called by threads that are attached to the interpreter: that hold its lock, where it has one.
 */
#ifndef BUFPROTO_VIEW_H
#define BUFPROTO_VIEW_H

#include "held.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Acquires a view by the library. */
BUFPROTO__COLD int bufproto__acquire_by_library(PyObject *object, bufproto_python_view *view, int request)
{
    return BUFPROTO__READY() ? bufproto_acquire(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), view, request) : -1;
}

/* Acquires a view for any request (PyBUF_...), as PyObject_GetBuffer does. It must not move until bufproto_python_release.
 * Returns 0, or -1 with an exception set. */
BUFPROTO__INLINE int bufproto_python_acquire(PyObject *object, bufproto_python_view *view, int request)
{
#ifdef BUFPROTO__VIEWS
    /* These two alone are no requests: the library knows in which versions they are refused. */
    if (BUFPROTO__LIKELY(object != NULL && view != NULL && request != PyBUF_READ && request != PyBUF_WRITE)) {
        getbufferproc get_buffer = bufproto__exporter(object);
        if (BUFPROTO__LIKELY(get_buffer != NULL)) {
            memset(view, 0, sizeof *view);
            if (BUFPROTO__LIKELY(get_buffer(object, view, request) == 0)) {
                return 0;
            }
            /* A failed export may leave an owner behind, which is nobody's to release. */
            memset(view, 0, sizeof *view);
            return -1;
        }
    }
#endif
    return bufproto__acquire_by_library(object, view, request);
}

/* Gives a view back, as PyBuffer_Release does. */
BUFPROTO__INLINE void bufproto_python_release(bufproto_python_view *view)
{
#ifdef BUFPROTO__VIEWS
    if (view != NULL) {
        bufproto__release(view);
    }
#else
    if (BUFPROTO__READY()) {
        bufproto_release(BUFPROTO_PYTHON, view);
    }
#endif
}

/* The address of the item with these indices, one for each dimension. NULL with IndexError if there is no such item, and with
 * BufferError if the view is no layout of memory. */
BUFPROTO__INLINE void *bufproto_python_item(const bufproto_python_view *view, const Py_ssize_t *indices)
{
    return BUFPROTO__READY() ? bufproto_item(BUFPROTO_PYTHON, view, indices) : NULL;
}

/* Copies the items to one place, side by side in an order: 'C', 'F', or 'A' for the view's own. The length in bytes is the
 * view's, else ValueError. Returns 0, or -1 with an exception set. */
BUFPROTO__INLINE int bufproto_python_copy_out(const bufproto_python_view *view, void *into, Py_ssize_t length, char order)
{
    return BUFPROTO__READY() ? bufproto_copy_out(BUFPROTO_PYTHON, view, into, length, order) : -1;
}

/* Copies items that lie side by side in an order to the view's. The view is writable, else BufferError. */
BUFPROTO__INLINE int bufproto_python_copy_in(const bufproto_python_view *view, const void *from, Py_ssize_t length,
                                             char order)
{
    return BUFPROTO__READY() ? bufproto_copy_in(BUFPROTO_PYTHON, view, from, length, order) : -1;
}

/* Copies each item of a view to the one of another with the same indices. They have the same shape and item size, else
 * ValueError; the target is writable, else BufferError. */
BUFPROTO__INLINE int bufproto_python_copy(const bufproto_python_view *from, const bufproto_python_view *to)
{
    return BUFPROTO__READY() ? bufproto_copy(BUFPROTO_PYTHON, from, to) : -1;
}

#ifdef __cplusplus
}
#endif

#endif
