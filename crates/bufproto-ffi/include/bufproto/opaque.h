/* The four functions where nothing is known of the interpreter's structures: under the limited API, and ahead of Python.h.
 *
 * They go through functions that every CPython 3 exports, also those that the headers of a limited API hide (before 3.11),
 * so they are declared here, by other names. The layout of a view is the same in every CPython 3.
 */
#ifndef BUFPROTO_OPAQUE_H
#define BUFPROTO_OPAQUE_H

#include <string.h>

#include "common.h"
#include "words.h"

#ifdef __cplusplus
extern "C" {
#endif

/* CPython 3's Py_buffer. */
struct bufproto__view {
    void *buf, *obj;
    ptrdiff_t len, itemsize;
    int readonly, ndim;
    void *format, *shape, *strides, *suboffsets, *internal;
};

#if defined(__GNUC__)
#define BUFPROTO__STRING_OF(text) #text
#define BUFPROTO__STRING(text) BUFPROTO__STRING_OF(text)
#define BUFPROTO__AS(symbol) __asm__(BUFPROTO__STRING(__USER_LABEL_PREFIX__) symbol)
int bufproto__get_buffer(struct _object *object, void *view, int request) BUFPROTO__AS("PyObject_GetBuffer");
void bufproto__release_buffer(void *view) BUFPROTO__AS("PyBuffer_Release");
int bufproto__check_buffer(struct _object *object) BUFPROTO__AS("PyObject_CheckBuffer");
#elif Py_LIMITED_API + 0 < 0x030b0000
/* Other compilers have no other names for a symbol, but under this limited API the headers declare none of these. */
#define bufproto__get_buffer PyObject_GetBuffer
#define bufproto__release_buffer PyBuffer_Release
#define bufproto__check_buffer PyObject_CheckBuffer
PyAPI_FUNC(int) PyObject_GetBuffer(struct _object *object, void *view, int request);
PyAPI_FUNC(void) PyBuffer_Release(void *view);
PyAPI_FUNC(int) PyObject_CheckBuffer(struct _object *object);
#else
BUFPROTO__INLINE int bufproto__get_buffer(struct _object *object, void *view, int request)
{
    return PyObject_GetBuffer(object, (Py_buffer *)view, request);
}
BUFPROTO__INLINE void bufproto__release_buffer(void *view)
{
    PyBuffer_Release((Py_buffer *)view);
}
#define bufproto__check_buffer PyObject_CheckBuffer
#endif

#ifdef Py_PYTHON_H
#define bufproto__refer Py_IncRef
#define bufproto__unrefer Py_DecRef
#define bufproto__occurred PyErr_Occurred
#define bufproto__clear PyErr_Clear
#define bufproto__opaque_set_string PyErr_SetString
#define BUFPROTO__EXCEPTION(name) &PyExc_##name
#else
void bufproto__refer(struct _object *object) BUFPROTO__AS("Py_IncRef");
void bufproto__unrefer(struct _object *object) BUFPROTO__AS("Py_DecRef");
struct _object *bufproto__occurred(void) BUFPROTO__AS("PyErr_Occurred");
void bufproto__clear(void) BUFPROTO__AS("PyErr_Clear");
void bufproto__opaque_set_string(struct _object *exception, const char *text) BUFPROTO__AS("PyErr_SetString");
extern struct _object *bufproto__TypeError BUFPROTO__AS("PyExc_TypeError");
extern struct _object *bufproto__ValueError BUFPROTO__AS("PyExc_ValueError");
extern struct _object *bufproto__BufferError BUFPROTO__AS("PyExc_BufferError");
extern struct _object *bufproto__SystemError BUFPROTO__AS("PyExc_SystemError");
extern struct _object *bufproto__OverflowError BUFPROTO__AS("PyExc_OverflowError");
extern struct _object *bufproto__IndexError BUFPROTO__AS("PyExc_IndexError");
extern struct _object *bufproto__MemoryError BUFPROTO__AS("PyExc_MemoryError");
#define BUFPROTO__EXCEPTION(name) &bufproto__##name
#endif

#if defined(Py_LIMITED_API) && Py_LIMITED_API + 0 < 0x030a0000

/* Before 3.10 no function tells the slots of every type, and so the place of tp_as_buffer has to be known: it is the same in
 * every release build of CPython 3, and only those take an extension of such a limited API. */
BUFPROTO__INLINE void *const *bufproto__slots(struct _object *object)
{
    struct bufproto__object {
        ptrdiff_t count;
        char *type;
    };
    char *type = ((struct bufproto__object *)(void *)object)->type;
    return *(void *const **)(void *)(type + 20 * sizeof(void *));
}

#endif

BUFPROTO__INLINE int bufproto__exports(struct _object *object)
{
#if defined(Py_LIMITED_API) && Py_LIMITED_API + 0 < 0x03090000
    void *const *slots = bufproto__slots(object);
    return slots != NULL && slots[0] != NULL;
#else
    return bufproto__check_buffer(object);
#endif
}

/* What stands for a type's bf_getbuffer. */
BUFPROTO__INLINE bufproto_get_buffer bufproto__opaque_slot(struct _object *object)
{
    return object != NULL && bufproto__exports(object) ? bufproto__get_buffer : (bufproto_get_buffer)0;
}

#if defined(Py_PYTHON_H)

BUFPROTO__INLINE int bufproto__needs_release(struct _object *object)
{
#if defined(Py_LIMITED_API) && Py_LIMITED_API + 0 < 0x030a0000
    void *const *slots = bufproto__slots(object);
    return slots != NULL && slots[1] != NULL;
#else
    /* Py_bf_releasebuffer, which the headers show from 3.11 on. */
    return PyType_GetSlot(Py_TYPE(object), 2) != NULL;
#endif
}

#endif

/* The limited API does not tell a type's name as errors show it. That a type exports no views is what the interpreter itself
 * raises when asked for one; the other texts are ours, and may show the short name. */
BUFPROTO__INLINE void bufproto__opaque_set_with_type(struct _object *exception, const char *text,
                                                     struct _object *object)
{
    if (!bufproto__exports(object) && strcmp(text, BUFPROTO__READ_TEXT) == 0) {
        struct bufproto__view view;
        if (bufproto__get_buffer(object, &view, 0) == 0) {
            bufproto__release_buffer(&view);
        }
        return;
    }
#ifdef Py_PYTHON_H
    {
        PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
        PyObject *bytes = name == NULL ? NULL : PyUnicode_AsUTF8String(name);
        if (bytes != NULL) {
            PyErr_Format(exception, text, PyBytes_AsString(bytes));
        }
        Py_XDECREF(bytes);
        Py_XDECREF(name);
    }
#else
    bufproto__opaque_set_string(exception, text);
#endif
}

/* The interpreter's functions for the library. In a function, so that a file without use for it refers to none of them. */
BUFPROTO__INLINE const bufproto_interpreter *bufproto__opaque(void)
{
    BUFPROTO__TABLE table = {
        sizeof(bufproto_interpreter),
        /* Requests are checked by PyObject_GetBuffer, which is what differs from 3.13 on. */
        2,
        BUFPROTO__POLICY,
        sizeof(struct bufproto__view),
        bufproto__refer,
        bufproto__unrefer,
        bufproto__release_buffer,
        bufproto__occurred,
        bufproto__clear,
        bufproto__opaque_set_string,
        bufproto__opaque_set_with_type,
        NULL,
#ifdef Py_PYTHON_H
        bufproto__is_severe,
        bufproto__needs_release,
#else
        NULL,
        NULL,
#endif
        BUFPROTO__EXCEPTIONS(BUFPROTO__EXCEPTION),
#if defined(Py_PYTHON_H) && !defined(BUFPROTO_FULL_IS_ERROR)
        PyMem_Malloc,
        PyMem_Free,
#else
        NULL,
        NULL,
#endif
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
    };
    BUFPROTO__COMPLETE(table, BUFPROTO__EXCEPTION)
    return &table;
}

/* One of the three functions. */
BUFPROTO__INLINE int bufproto__opaque_locate(struct _object *object, int access, bufproto__pointer *buffer,
                                            ptrdiff_t *length)
{
    struct bufproto__view view;
    int reason = BUFPROTO_FAILED_NULL;
    if (object != NULL && buffer != NULL && length != NULL) {
#if defined(Py_PYTHON_H) && defined(Py_LIMITED_API)
        if (access != BUFPROTO_WRITE && PyBytes_CheckExact(object)) {
            *buffer = PyBytes_AsString(object);
            *length = PyBytes_Size(object);
            return 0;
        }
#endif
        reason = BUFPROTO_FAILED_EXPORTER;
        view.buf = NULL;
        view.obj = NULL;
        view.len = 0;
#if defined(Py_PYTHON_H) && defined(BUFPROTO_STRICT)
        if (bufproto__exports(object) && bufproto__needs_release(object)) {
            reason = BUFPROTO_FAILED_UNHELD;
        } else
#endif
        if (bufproto__get_buffer(object, &view, access == BUFPROTO_WRITE) == 0) {
            *buffer = view.buf;
            *length = view.len;
            bufproto__release_buffer(&view);
            return 0;
        }
    }
    if (BUFPROTO__READY()) {
        bufproto_fail(bufproto__opaque(), object, access, reason);
    }
    return -1;
}

BUFPROTO__INLINE int bufproto__opaque_check(struct _object *object)
{
    struct bufproto__view view;
    if (object == NULL || !bufproto__exports(object)) {
        return 0;
    }
    view.obj = NULL;
    if (bufproto__get_buffer(object, &view, 0) == -1) {
        bufproto__clear();
        return 0;
    }
    bufproto__release_buffer(&view);
    return 1;
}

#ifdef __cplusplus
}
#endif

#endif
