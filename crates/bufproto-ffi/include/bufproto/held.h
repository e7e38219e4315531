/* How exports are begun and ended where the interpreter's structures are known: what scopes, views and converters share.
 * Needs Python.h.
 *
 * It is what PyObject_GetBuffer and PyBuffer_Release do, without the way to them; and an export of an exact bytearray or
 * memoryview is a number that goes up and down, so that no view of it is needed: the type refuses to resize or to release
 * just as if it had been asked.
 */
#ifndef BUFPROTO_HELD_H
#define BUFPROTO_HELD_H

#include "interpreter.h"

#if PY_MAJOR_VERSION >= 3 && !defined(PYPY_VERSION) && !defined(Py_LIMITED_API)
#define BUFPROTO__VIEWS

#ifdef __cplusplus
extern "C" {
#endif

/* The item size of what is a reference to an object, and no view. */
#define BUFPROTO__REFERENCE PY_SSIZE_T_MIN

/* The exception that is pending in a thread, or NULL: what PyErr_Occurred looks at. */
#if PY_VERSION_HEX >= 0x030c0000
#define BUFPROTO__PENDING(thread) ((thread)->current_exception)
#else
#define BUFPROTO__PENDING(thread) ((thread)->curexc_type)
#endif

/* Whether nobody but the caller may refer to an object, so that it may end with the caller's reference, and run code then.
 * Exact bytes end without; of others nothing is known where other threads count at the same time. */
#ifdef Py_GIL_DISABLED
#define BUFPROTO__MAY_END(object) (!PyBytes_CheckExact(object))
#else
#define BUFPROTO__MAY_END(object) (Py_REFCNT(object) <= 1)
#endif

/* The type's function that exports a view, or NULL. */
BUFPROTO__ALWAYS getbufferproc bufproto__exporter(PyObject *object)
{
    const PyBufferProcs *slots = Py_TYPE(object)->tp_as_buffer;
    return BUFPROTO__LIKELY(slots != NULL) ? slots->bf_getbuffer : NULL;
}

/* The type's function that is told when a view ends, or NULL. */
BUFPROTO__ALWAYS releasebufferproc bufproto__releaser(PyObject *owner)
{
    const PyBufferProcs *slots = Py_TYPE(owner)->tp_as_buffer;
    return BUFPROTO__LIKELY(slots != NULL) ? slots->bf_releasebuffer : NULL;
}

/* Counts an export of an exact bytearray or memoryview, to read or to write to. Returns whether it did: whatever is out of
 * the ordinary, the type knows. It is given back like a view whose owner is the object, or by bufproto__uncount. Other
 * threads may count too where there is no lock of the interpreter's. */
BUFPROTO__ALWAYS int bufproto__count(PyObject *object, int access, bufproto__pointer *buffer, Py_ssize_t *length)
{
#ifndef Py_GIL_DISABLED
    if (PyByteArray_CheckExact(object)) {
        PyByteArrayObject *array = (PyByteArrayObject *)(void *)object;
        const Py_ssize_t size = ((PyVarObject *)(void *)object)->ob_size;
        if (size != 0) {
            array->ob_exports++;
            *buffer = array->ob_start;
            *length = size;
            return 1;
        }
    }
#if defined(_Py_MEMORYVIEW_C)
    if (PyMemoryView_Check(object)) {
        PyMemoryViewObject *memory = (PyMemoryViewObject *)(void *)object;
#ifdef _Py_MEMORYVIEW_RESTRICTED
        const int refuses = _Py_MEMORYVIEW_RELEASED | _Py_MEMORYVIEW_RESTRICTED;
#else
        const int refuses = _Py_MEMORYVIEW_RELEASED;
#endif
        if ((memory->flags & (refuses | _Py_MEMORYVIEW_C)) == _Py_MEMORYVIEW_C &&
            (memory->mbuf->flags & _Py_MANAGED_BUFFER_RELEASED) == 0 &&
            !(access == BUFPROTO_WRITE && memory->view.readonly)) {
            memory->exports++;
            *buffer = memory->view.buf;
            *length = memory->view.len;
            return 1;
        }
    }
#endif
#endif
    (void)object;
    (void)access;
    (void)buffer;
    (void)length;
    return 0;
}

/* Ends an export of an exact bytearray or memoryview. Returns whether it was one: of others the type is to be told. */
BUFPROTO__ALWAYS int bufproto__uncount(PyObject *owner)
{
#ifndef Py_GIL_DISABLED
    if (PyByteArray_CheckExact(owner)) {
        ((PyByteArrayObject *)(void *)owner)->ob_exports--;
        return 1;
    }
#if defined(_Py_MEMORYVIEW_C)
    if (PyMemoryView_Check(owner)) {
        ((PyMemoryViewObject *)(void *)owner)->exports--;
        return 1;
    }
#endif
#endif
    (void)owner;
    return 0;
}

/* PyBuffer_Release. */
BUFPROTO__ALWAYS void bufproto__release(Py_buffer *view)
{
    PyObject *owner = view->obj;
    if (BUFPROTO__LIKELY(owner != NULL)) {
        releasebufferproc release = bufproto__releaser(owner);
        if (release != NULL) {
            release(owner, view);
        }
        view->obj = NULL;
        Py_DECREF(owner);
    }
}

#ifdef __cplusplus
}
#endif

#endif
#endif
