/* The four functions for the interpreter of this file, whatever its headers declare. Needs Python.h.
 *
 *     int bufproto_PyObject_AsCharBuffer(PyObject *object, const char **buffer, Py_ssize_t *length)
 *     int bufproto_PyObject_AsReadBuffer(PyObject *object, const void **buffer, Py_ssize_t *length)
 *     int bufproto_PyObject_AsWriteBuffer(PyObject *object, void **buffer, Py_ssize_t *length)
 *     int bufproto_PyObject_CheckReadBuffer(PyObject *object)
 *
 * The first three return 0, or -1 with an exception set: TypeError if the object's type exports no memory, or for
 * PyObject_AsWriteBuffer no writable memory; else what the exporter raised. The outputs, a pointer and a length in bytes, are
 * written on success only. NULL for an argument is a SystemError, unless an exception is pending. All this is as in the
 * interpreter's own functions, which do not keep the memory either: it is the object's, and it may move or be freed as soon
 * as any other code runs. A scope keeps it (scope.h).
 *
 * The last returns 1 if the object has memory to read, and 0 if not. It never raises, and may discard a pending exception, as
 * the original.
 */
#ifndef BUFPROTO_FUNCTIONS_H
#define BUFPROTO_FUNCTIONS_H

#include "interpreter.h"

#ifdef __cplusplus
extern "C" {
#endif

#if PY_MAJOR_VERSION < 3 || defined(PYPY_VERSION)

/* The library knows the procedure, and PyPy's macros are functions. */
BUFPROTO__INLINE int bufproto__locate(PyObject *object, int access, void **buffer, Py_ssize_t *length)
{
    const bufproto_interpreter *python = bufproto__python();
    bufproto_get_buffer slot = bufproto__slot(object);
    if (!BUFPROTO__READY()) {
        return -1;
    }
    return access == BUFPROTO_CHAR ? bufproto_as_char_buffer(python, object, slot, (const char **)buffer, length)
           : access == BUFPROTO_READ
               ? bufproto_as_read_buffer(python, object, slot, (const void **)buffer, length)
               : bufproto_as_write_buffer(python, object, slot, buffer, length);
}

BUFPROTO__INLINE int bufproto__check(PyObject *object)
{
    return BUFPROTO__READY() && bufproto_check_read_buffer(bufproto__python(), object, bufproto__slot(object));
}

#define bufproto__locate_to_read bufproto__locate

#elif defined(Py_LIMITED_API)

#define bufproto__locate bufproto__opaque_locate
#define bufproto__locate_to_read bufproto__opaque_locate
#define bufproto__check bufproto__opaque_check

#else

/* The procedure of views is so short that the way to a library would be the longer part of it. It is that of core's
 * legacy/views.rs, and only what it fails with is the library's. */

/* PyBuffer_Release. */
BUFPROTO__INLINE void bufproto__give_back(Py_buffer *view)
{
    PyObject *owner = view->obj;
    PyBufferProcs *slots;
    if (owner == NULL) {
        return;
    }
    slots = Py_TYPE(owner)->tp_as_buffer;
    if (slots != NULL && slots->bf_releasebuffer != NULL) {
        slots->bf_releasebuffer(owner, view);
    }
    view->obj = NULL;
    Py_DECREF(owner);
}

/* Exact types whose memory can be seen without asking. A bytearray can be resized by another thread, and a view released,
 * where there is no lock of the interpreter's; and the strict policy refuses both. */
BUFPROTO__INLINE int bufproto__see(PyObject *object, int access, void **buffer, Py_ssize_t *length)
{
#if !defined(Py_GIL_DISABLED) && !defined(BUFPROTO_STRICT)
    if (PyByteArray_CheckExact(object)) {
        *buffer = PyByteArray_AS_STRING(object);
        *length = PyByteArray_GET_SIZE(object);
        return 1;
    }
#if defined(_Py_MEMORYVIEW_C)
    if (PyMemoryView_Check(object)) {
        const PyMemoryViewObject *memory = (const PyMemoryViewObject *)(void *)object;
        const int in_order = _Py_MEMORYVIEW_SCALAR | _Py_MEMORYVIEW_C;
#ifdef _Py_MEMORYVIEW_RESTRICTED
        const int refuses = _Py_MEMORYVIEW_RELEASED | _Py_MEMORYVIEW_RESTRICTED;
#else
        const int refuses = _Py_MEMORYVIEW_RELEASED;
#endif
        /* Whatever is out of the ordinary, the type's own function knows. */
        if ((memory->flags & refuses) == 0 && (memory->flags & in_order) != 0 &&
            (memory->mbuf->flags & _Py_MANAGED_BUFFER_RELEASED) == 0 && memory->view.suboffsets == NULL &&
            (access != BUFPROTO_WRITE || !memory->view.readonly)) {
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

/* One of the three functions. */
BUFPROTO__OUTLINE int bufproto__locate(PyObject *object, int access, void **buffer, Py_ssize_t *length)
{
    Py_buffer view;
    PyBufferProcs *slots;
    int reason = BUFPROTO_FAILED_NULL;
    if (object != NULL && buffer != NULL && length != NULL) {
        if (bufproto__see(object, access, buffer, length)) {
            return 0;
        }
        slots = Py_TYPE(object)->tp_as_buffer;
        reason = BUFPROTO_FAILED_EXPORTS_NOTHING;
        if (slots != NULL && slots->bf_getbuffer != NULL) {
            reason = BUFPROTO_FAILED_EXPORTER;
            view.buf = NULL;
            view.obj = NULL;
            view.len = 0;
#ifdef BUFPROTO_STRICT
            if (slots->bf_releasebuffer != NULL) {
                reason = BUFPROTO_FAILED_UNHELD;
            } else
#endif
            /* The content of bytes never changes, so that the type need not be asked whether it can be written to. */
            if (!(access == BUFPROTO_WRITE && PyBytes_CheckExact(object)) &&
                slots->bf_getbuffer(object, &view, access == BUFPROTO_WRITE ? PyBUF_WRITABLE : PyBUF_SIMPLE) == 0) {
                *buffer = view.buf;
                *length = view.len;
                bufproto__give_back(&view);
                return 0;
            }
        }
    }
    if (BUFPROTO__READY()) {
        bufproto_fail(bufproto__python(), object, access, reason);
    }
    return -1;
}

/* To read. Most callers pass bytes, whose memory never changes. */
BUFPROTO__INLINE int bufproto__locate_to_read(PyObject *object, int access, void **buffer, Py_ssize_t *length)
{
    if (BUFPROTO__LIKELY(object != NULL && buffer != NULL && length != NULL && PyBytes_CheckExact(object))) {
        *buffer = PyBytes_AS_STRING(object);
        *length = PyBytes_GET_SIZE(object);
        return 0;
    }
    return bufproto__locate(object, access, buffer, length);
}

BUFPROTO__INLINE int bufproto__check(PyObject *object)
{
    Py_buffer view;
    PyBufferProcs *slots;
    if (object == NULL) {
        return 0;
    }
    slots = Py_TYPE(object)->tp_as_buffer;
    if (slots == NULL || slots->bf_getbuffer == NULL) {
        return 0;
    }
    view.obj = NULL;
    if (slots->bf_getbuffer(object, &view, PyBUF_SIMPLE) == -1) {
        PyErr_Clear();
        return 0;
    }
    bufproto__give_back(&view);
    return 1;
}

#endif

BUFPROTO__INLINE int bufproto_PyObject_AsCharBuffer(PyObject *object, const char **buffer, Py_ssize_t *length)
{
    void *memory = NULL;
    if (bufproto__locate_to_read(object, BUFPROTO_CHAR, buffer == NULL ? NULL : &memory, length) < 0) {
        return -1;
    }
    *buffer = (const char *)memory;
    return 0;
}

BUFPROTO__INLINE int bufproto_PyObject_AsReadBuffer(PyObject *object, const void **buffer, Py_ssize_t *length)
{
    void *memory = NULL;
    if (bufproto__locate_to_read(object, BUFPROTO_READ, buffer == NULL ? NULL : &memory, length) < 0) {
        return -1;
    }
    *buffer = memory;
    return 0;
}

BUFPROTO__INLINE int bufproto_PyObject_AsWriteBuffer(PyObject *object, void **buffer, Py_ssize_t *length)
{
    return bufproto__locate(object, BUFPROTO_WRITE, buffer, length);
}

BUFPROTO__INLINE int bufproto_PyObject_CheckReadBuffer(PyObject *object)
{
    return bufproto__check(object);
}

#ifdef __cplusplus
}
#endif

#endif
