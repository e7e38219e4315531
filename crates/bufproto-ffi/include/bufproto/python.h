/* bufproto for extensions: the four functions of Python's old buffer protocol by their original names.
 *
 * Include it after Python.h; before, and in files without Python, it declares nothing, so it may be forced on every file of
 * a project as long as those that need it include it again. From Python 3.13 on, where the interpreter's headers declare them no more, the original
 * names are declared here; before, they are the interpreter's own unless BUFPROTO_REPLACE is defined. A name that the
 * user has defined as a macro stays the user's.
 */
#if defined(Py_PYTHON_H) && !defined(BUFPROTO_PYTHON_H)
#define BUFPROTO_PYTHON_H

#if defined(Py_LIMITED_API) && Py_LIMITED_API + 0 < 0x030b0000
#error "bufproto/python.h supports Py_LIMITED_API from 0x030b0000 (Python 3.11) on, which has Py_buffer"
#endif

#include "../bufproto.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BUFPROTO__UNUSED __attribute__((unused))
#else
#define BUFPROTO__UNUSED
#endif

/* What the table points to. Slots are read here, by a compiler that knows the interpreter's structures. */

/* The slot of the object's type, to be handed to the library with the object. The library's views are untyped. */
static inline bufproto_get_buffer bufproto__slot(PyObject *object)
{
#ifdef Py_LIMITED_API
    return object == NULL ? NULL : (bufproto_get_buffer)PyType_GetSlot(Py_TYPE(object), Py_bf_getbuffer);
#else
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
#endif
}

static inline void bufproto__release(void *view)
{
    PyBuffer_Release((Py_buffer *)view);
}

static inline void bufproto__set_with_type(PyObject *exception, const char *text, PyObject *object)
{
#ifdef Py_LIMITED_API
    /* The limited API does not tell a type's name as errors show it. The only such error here is that the type exports no
     * views, and asking it for one raises just that. */
    Py_buffer view;
    (void)exception;
    (void)text;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) == 0) {
        PyBuffer_Release(&view);
    }
#else
    PyErr_Format(exception, text, Py_TYPE(object)->tp_name);
#endif
}

#if PY_MAJOR_VERSION < 3

static inline int bufproto__has_segments(PyObject *object, int access)
{
    PyBufferProcs *slots = Py_TYPE(object)->tp_as_buffer;
    if (slots == NULL || slots->bf_getsegcount == NULL) {
        return 0;
    }
    return access == 0   ? slots->bf_getcharbuffer != NULL
           : access == 1 ? slots->bf_getreadbuffer != NULL
                         : slots->bf_getwritebuffer != NULL;
}

static inline ptrdiff_t bufproto__count_segments(PyObject *object, ptrdiff_t *total)
{
    return Py_TYPE(object)->tp_as_buffer->bf_getsegcount(object, (Py_ssize_t *)total);
}

static inline ptrdiff_t bufproto__get_segment(PyObject *object, int access, ptrdiff_t index, void **pointer)
{
    PyBufferProcs *slots = Py_TYPE(object)->tp_as_buffer;
    return access == 0   ? slots->bf_getcharbuffer(object, index, (char **)pointer)
           : access == 1 ? slots->bf_getreadbuffer(object, index, pointer)
                         : slots->bf_getwritebuffer(object, index, pointer);
}

#endif

/* The interpreter that this file is compiled for. */
BUFPROTO__UNUSED static const bufproto_interpreter bufproto__python = {
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
    sizeof(Py_buffer),
    Py_IncRef,
    bufproto__release,
    PyErr_Occurred,
    PyErr_Clear,
    PyErr_SetString,
    bufproto__set_with_type,
    {&PyExc_TypeError, &PyExc_ValueError, &PyExc_BufferError, &PyExc_SystemError, &PyExc_OverflowError,
     &PyExc_IndexError},
#if PY_MAJOR_VERSION < 3
    bufproto__has_segments,
    bufproto__count_segments,
    bufproto__get_segment,
#else
    NULL,
    NULL,
    NULL,
#endif
};

/* Exact bytes and bytearray, answered here as the library answers: their memory is where the interpreter's own macros say.
 * The content of bytes never changes. A bytearray can be resized by another thread where there is no lock of the
 * interpreter's; in 2.7 an empty one has no memory; and PyPy's macros are functions. Those ask the library. */
BUFPROTO__UNUSED static inline int bufproto__is_exact(PyObject *object, int writes, char **buffer, Py_ssize_t *length)
{
#if !defined(PYPY_VERSION) && !defined(Py_LIMITED_API)
    if (!writes && PyBytes_CheckExact(object)) {
        *buffer = PyBytes_AS_STRING(object);
        *length = PyBytes_GET_SIZE(object);
        return 1;
    }
#if PY_MAJOR_VERSION >= 3 && !defined(Py_GIL_DISABLED)
    if (PyByteArray_CheckExact(object)) {
        *buffer = PyByteArray_AS_STRING(object);
        *length = PyByteArray_GET_SIZE(object);
        return 1;
    }
#endif
#endif
    (void)object;
    (void)writes;
    (void)buffer;
    (void)length;
    return 0;
}

/* The functions, for this interpreter. */

BUFPROTO__UNUSED static inline int bufproto_PyObject_AsCharBuffer(PyObject *object, const char **buffer,
                                                                  Py_ssize_t *length)
{
    char *memory;
    if (object != NULL && buffer != NULL && length != NULL && bufproto__is_exact(object, 0, &memory, length)) {
        *buffer = memory;
        return 0;
    }
    return bufproto_as_char_buffer(&bufproto__python, object, bufproto__slot(object), buffer, length);
}

BUFPROTO__UNUSED static inline int bufproto_PyObject_AsReadBuffer(PyObject *object, const void **buffer,
                                                                  Py_ssize_t *length)
{
    char *memory;
    if (object != NULL && buffer != NULL && length != NULL && bufproto__is_exact(object, 0, &memory, length)) {
        *buffer = memory;
        return 0;
    }
    return bufproto_as_read_buffer(&bufproto__python, object, bufproto__slot(object), buffer, length);
}

BUFPROTO__UNUSED static inline int bufproto_PyObject_AsWriteBuffer(PyObject *object, void **buffer,
                                                                   Py_ssize_t *length)
{
    char *memory;
    if (object != NULL && buffer != NULL && length != NULL && bufproto__is_exact(object, 1, &memory, length)) {
        *buffer = memory;
        return 0;
    }
    return bufproto_as_write_buffer(&bufproto__python, object, bufproto__slot(object), buffer, length);
}

BUFPROTO__UNUSED static inline int bufproto_PyObject_CheckReadBuffer(PyObject *object)
{
    char *memory;
    Py_ssize_t length;
    return (object != NULL && bufproto__is_exact(object, 0, &memory, &length)) ||
           bufproto_check_read_buffer(&bufproto__python, object, bufproto__slot(object));
}

/* The original names. Where the interpreter's headers declare them, they are macros without arguments, so that calls and
 * addresses both work and its declarations are left alone; where they do not, they are functions of this file, never the
 * symbols that the interpreter still exports. A name that is a macro already is the user's. */
#if PY_VERSION_HEX >= 0x030d0000

#ifndef PyObject_AsCharBuffer
BUFPROTO__UNUSED static inline int PyObject_AsCharBuffer(PyObject *object, const char **buffer, Py_ssize_t *length)
{
    return bufproto_PyObject_AsCharBuffer(object, buffer, length);
}
#endif
#ifndef PyObject_AsReadBuffer
BUFPROTO__UNUSED static inline int PyObject_AsReadBuffer(PyObject *object, const void **buffer, Py_ssize_t *length)
{
    return bufproto_PyObject_AsReadBuffer(object, buffer, length);
}
#endif
#ifndef PyObject_AsWriteBuffer
BUFPROTO__UNUSED static inline int PyObject_AsWriteBuffer(PyObject *object, void **buffer, Py_ssize_t *length)
{
    return bufproto_PyObject_AsWriteBuffer(object, buffer, length);
}
#endif
#ifndef PyObject_CheckReadBuffer
BUFPROTO__UNUSED static inline int PyObject_CheckReadBuffer(PyObject *object)
{
    return bufproto_PyObject_CheckReadBuffer(object);
}
#endif

#elif defined(BUFPROTO_REPLACE)

#ifndef PyObject_AsCharBuffer
#define PyObject_AsCharBuffer bufproto_PyObject_AsCharBuffer
#endif
#ifndef PyObject_AsReadBuffer
#define PyObject_AsReadBuffer bufproto_PyObject_AsReadBuffer
#endif
#ifndef PyObject_AsWriteBuffer
#define PyObject_AsWriteBuffer bufproto_PyObject_AsWriteBuffer
#endif
#ifndef PyObject_CheckReadBuffer
#define PyObject_CheckReadBuffer bufproto_PyObject_CheckReadBuffer
#endif

#endif

#ifdef __cplusplus
}
#endif

#endif
