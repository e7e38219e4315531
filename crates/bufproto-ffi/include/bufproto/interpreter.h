/* The interpreter, as the library wants to know it: a constant table of its functions, and the slots of its types, read by
 * the compiler that knows the user's Python. Needs Python.h.
 *
 * BUFPROTO_PYTHON is the table, a const bufproto_interpreter *, and BUFPROTO_SLOT(object) the slot that the library's
 * functions want beside an object. bufproto_python_view is room for a view.
 */
#ifndef BUFPROTO_INTERPRETER_H
#define BUFPROTO_INTERPRETER_H
#ifndef Py_PYTHON_H
#error "include Python.h before"
#endif

#include <string.h>

#include "common.h"
#include "words.h"

/* Whether what is raised must not be masked under the strict policy. */
BUFPROTO__INLINE int bufproto__is_severe(void)
{
    return PyErr_ExceptionMatches(PyExc_MemoryError) || PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
}

#if defined(Py_LIMITED_API) && !defined(PYPY_VERSION)

#include "opaque.h"
#define BUFPROTO_PYTHON (bufproto__opaque())
#define BUFPROTO_SLOT(object) bufproto__opaque_slot(object)
typedef struct bufproto__view bufproto_python_view;

#else

#define BUFPROTO_PYTHON (bufproto__python())
#define BUFPROTO_SLOT(object) bufproto__slot(object)
typedef Py_buffer bufproto_python_view;

#ifdef __cplusplus
extern "C" {
#endif

/* The slot of the object's type, or NULL. The library's views are untyped. */
BUFPROTO__INLINE bufproto_get_buffer bufproto__slot(PyObject *object)
{
    PyBufferProcs *slots;
    if (object == NULL) {
        return NULL;
    }
#if PY_MAJOR_VERSION < 3
    if (!PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_HAVE_NEWBUFFER)) {
        return NULL;
    }
#endif
    slots = Py_TYPE(object)->tp_as_buffer;
    return slots == NULL ? NULL : (bufproto_get_buffer)(void (*)(void))slots->bf_getbuffer;
}

BUFPROTO__INLINE void bufproto__release_python(void *view)
{
    PyBuffer_Release((Py_buffer *)view);
}

BUFPROTO__INLINE void bufproto__set_with_type(PyObject *exception, const char *text, PyObject *object)
{
    PyErr_Format(exception, text, Py_TYPE(object)->tp_name);
}

#if PY_MAJOR_VERSION >= 3 && !defined(PYPY_VERSION)

/* A string in ASCII, or NULL with an exception set. */
BUFPROTO__ALWAYS PyObject *bufproto__ascii(const char *text, size_t length)
{
    return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, (Py_ssize_t)length);
}

/* PyErr_SetObject, for one of the exceptions in the table and a string, which becomes the exception's. What it is raised in the
 * context of need not be looked for: in most callers nothing. */
#if PY_VERSION_HEX >= 0x030c0000
BUFPROTO__INLINE void bufproto__raise(PyObject *type, PyObject *text)
{
    PyObject *arguments = PyTuple_New(1), *exception;
    if (arguments == NULL) {
        Py_DECREF(text);
        return;
    }
    PyTuple_SET_ITEM(arguments, 0, text);
    /* It keeps its arguments from here on, and its tp_init would do no more. */
    exception = ((PyTypeObject *)(void *)type)->tp_new((PyTypeObject *)(void *)type, arguments, NULL);
    Py_DECREF(arguments);
    if (exception != NULL) {
        PyException_SetContext(exception, PyErr_GetHandledException());
        PyErr_SetRaisedException(exception);
    }
}
#else
BUFPROTO__OUTLINE void bufproto__raise(PyObject *type, PyObject *text)
{
    PyObject *handling, *handled, *traceback;
    PyErr_GetExcInfo(&handling, &handled, &traceback);
    Py_XDECREF(handling);
    Py_XDECREF(handled);
    Py_XDECREF(traceback);
    if (handled == NULL || handled == Py_None) {
        /* The exception is made when somebody asks for it. */
        Py_INCREF(type);
        PyErr_Restore(type, text, NULL);
        return;
    }
    PyErr_SetObject(type, text);
    Py_DECREF(text);
}
#endif

BUFPROTO__INLINE void bufproto__set_string(PyObject *exception, const char *text)
{
    PyObject *string = bufproto__ascii(text, strlen(text));
    if (string != NULL) {
        bufproto__raise(exception, string);
    }
}
#else
#define bufproto__set_string PyErr_SetString
#endif

BUFPROTO__INLINE const char *bufproto__type_name(PyObject *object)
{
    return Py_TYPE(object)->tp_name;
}

BUFPROTO__INLINE int bufproto__python_needs_release(PyObject *object)
{
    PyBufferProcs *slots = Py_TYPE(object)->tp_as_buffer;
#if PY_MAJOR_VERSION < 3
    if (!PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_HAVE_NEWBUFFER)) {
        return 0;
    }
#endif
    return slots != NULL && slots->bf_releasebuffer != NULL;
}

#if PY_MAJOR_VERSION < 3

BUFPROTO__INLINE int bufproto__has_segments(PyObject *object, int access)
{
    PyBufferProcs *slots = Py_TYPE(object)->tp_as_buffer;
    if (slots == NULL || slots->bf_getsegcount == NULL) {
        return 0;
    }
    return access == BUFPROTO_CHAR   ? slots->bf_getcharbuffer != NULL
           : access == BUFPROTO_READ ? slots->bf_getreadbuffer != NULL
                                     : slots->bf_getwritebuffer != NULL;
}

BUFPROTO__INLINE ptrdiff_t bufproto__count_segments(PyObject *object, ptrdiff_t *total)
{
    return Py_TYPE(object)->tp_as_buffer->bf_getsegcount(object, (Py_ssize_t *)total);
}

BUFPROTO__INLINE ptrdiff_t bufproto__get_segment(PyObject *object, int access, ptrdiff_t index, void **pointer)
{
    PyBufferProcs *slots = Py_TYPE(object)->tp_as_buffer;
    return access == BUFPROTO_CHAR   ? slots->bf_getcharbuffer(object, index, (char **)pointer)
           : access == BUFPROTO_READ ? slots->bf_getreadbuffer(object, index, pointer)
                                     : slots->bf_getwritebuffer(object, index, pointer);
}

#endif

#if PY_MAJOR_VERSION >= 3 && !defined(PYPY_VERSION)
/* In functions.h. */
BUFPROTO__INLINE int bufproto__read(PyObject *object, const void **buffer, ptrdiff_t *length);
BUFPROTO__INLINE int bufproto__write(PyObject *object, void **buffer, ptrdiff_t *length);
BUFPROTO__INLINE int bufproto__check(PyObject *object);
#define BUFPROTO__WHOLE(function) function
#else
#define BUFPROTO__WHOLE(function) NULL
#endif

/* What only the strict policy asks. */
#ifdef BUFPROTO_STRICT
#define BUFPROTO__STRICTLY(function) function
#else
#define BUFPROTO__STRICTLY(function) NULL
#endif

#define BUFPROTO__PYTHONS(name) &PyExc_##name

/* In a function, so that a file without use for it refers to none of the interpreter's. */
BUFPROTO__INLINE const bufproto_interpreter *bufproto__python(void)
{
    BUFPROTO__TABLE table = {
        sizeof(bufproto_interpreter),
#if PY_MAJOR_VERSION < 3
#ifdef PYPY_VERSION
        4,
#else
        1,
#endif
#elif defined(PYPY_VERSION)
        5,
#elif PY_VERSION_HEX < 0x030d0000
        2,
#else
        3,
#endif
        BUFPROTO__POLICY,
        sizeof(Py_buffer),
        Py_IncRef,
        Py_DecRef,
        bufproto__release_python,
        PyErr_Occurred,
        PyErr_Clear,
        bufproto__set_string,
        bufproto__set_with_type,
        bufproto__type_name,
        BUFPROTO__STRICTLY(bufproto__is_severe),
        BUFPROTO__STRICTLY(bufproto__python_needs_release),
        BUFPROTO__EXCEPTIONS(BUFPROTO__PYTHONS),
#ifndef BUFPROTO_FULL_IS_ERROR
        PyMem_Malloc,
        PyMem_Free,
#else
        NULL,
        NULL,
#endif
#if PY_MAJOR_VERSION < 3
        bufproto__has_segments,
        bufproto__count_segments,
        bufproto__get_segment,
#else
        NULL,
        NULL,
        NULL,
#endif
        BUFPROTO__WHOLE(bufproto__read),
        BUFPROTO__WHOLE(bufproto__write),
        BUFPROTO__WHOLE(bufproto__check),
    };
    BUFPROTO__COMPLETE(table, BUFPROTO__PYTHONS)
    return &table;
}

#ifdef __cplusplus
}
#endif

#include "functions.h"

#endif
#endif
