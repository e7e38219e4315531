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

#if defined(BUFPROTO_NUMPY) && !defined(Py_LIMITED_API)
#include "numpy.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if PY_MAJOR_VERSION < 3 || defined(PYPY_VERSION)

/* The library knows the procedure, and PyPy's macros are functions. */
BUFPROTO__INLINE int bufproto__locate(PyObject *object, int access, bufproto__pointer *buffer, Py_ssize_t *length)
{
    const bufproto_interpreter *python = bufproto__python();
    bufproto_get_buffer slot = bufproto__slot(object);
    if (!BUFPROTO__READY()) {
        return -1;
    }
    return access == BUFPROTO_CHAR
               ? bufproto_as_char_buffer(python, object, slot, (const char **)(void *)buffer, length)
           : access == BUFPROTO_READ
               ? bufproto_as_read_buffer(python, object, slot, (const void **)(void *)buffer, length)
               : bufproto_as_write_buffer(python, object, slot, (void **)(void *)buffer, length);
}

BUFPROTO__INLINE int bufproto__check(PyObject *object)
{
    return BUFPROTO__READY() && bufproto_check_read_buffer(bufproto__python(), object, bufproto__slot(object));
}

#elif defined(Py_LIMITED_API)

#define bufproto__locate bufproto__opaque_locate
#define bufproto__check bufproto__opaque_check

#else

/* The procedure of views is so short that the way to a library would be the longer part of it. It is that of core's
 * legacy/views.rs, and what it raises is in words.h. */

/* A number that the compiler does not know: else it would keep one in a register for as long as it could be needed. */
BUFPROTO__ALWAYS int bufproto__opaque_number(int number)
{
#ifdef __GNUC__
    __asm__("" : "+r"(number));
#endif
    return number;
}

/* A text of which the compiler makes no copies. */
BUFPROTO__ALWAYS const char *bufproto__opaque_text(const char *text)
{
#ifdef __GNUC__
    __asm__("" : "+r"(text));
#endif
    return text;
}

/* What is needed only after the type's function waits on the stack, here and below: in registers it would cost more, since
 * those have to be saved and restored. */

/* PyBuffer_Release, of a view that is not looked at again. */
BUFPROTO__ALWAYS void bufproto__give_back(PyObject *owner, Py_buffer *volatile *view)
{
    PyBufferProcs *slots;
    if (owner == NULL) {
        return;
    }
    slots = Py_TYPE(owner)->tp_as_buffer;
    if (slots != NULL && slots->bf_releasebuffer != NULL) {
        PyObject *volatile kept = owner;
        slots->bf_releasebuffer(owner, *view);
        owner = kept;
    }
    Py_DECREF(owner);
}

/* What exact types answer, whose memory can be seen without asking: the memory and 1; or -1 if they refuse, with what is
 * replaced anyway; or 0 if the type is to be asked. Fields, because the macros for them check again what has been checked. A
 * bytearray can be resized by another thread, and a memoryview released, where there is no lock of the interpreter's; and the
 * strict policy refuses both. Bytes to read are the caller's. */
BUFPROTO__ALWAYS int bufproto__see(PyObject *object, int writing, bufproto__pointer *buffer, Py_ssize_t *length)
{
#if !defined(Py_GIL_DISABLED) && !defined(BUFPROTO_STRICT)
    if (PyByteArray_CheckExact(object)) {
        const Py_ssize_t size = ((PyVarObject *)(void *)object)->ob_size;
        /* Where an empty one is, the type knows. */
        if (size != 0) {
            *buffer = ((PyByteArrayObject *)(void *)object)->ob_start;
            *length = size;
            return 1;
        }
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
        /* Whatever else is out of the ordinary, the type knows. */
        if ((memory->flags & refuses) == 0 && (memory->flags & in_order) != 0 &&
            (memory->mbuf->flags & _Py_MANAGED_BUFFER_RELEASED) == 0 && memory->view.suboffsets == NULL) {
            if (writing && memory->view.readonly) {
                return -1;
            }
            *buffer = memory->view.buf;
            *length = memory->view.len;
            return 1;
        }
    }
#endif
#ifdef BUFPROTO_NUMPY
    if (PyArray_CheckExact(object)) {
        return bufproto__see_array(object, writing ? BUFPROTO_WRITE : BUFPROTO_READ, buffer, length);
    }
#endif
#endif
    (void)object;
    (void)writing;
    (void)buffer;
    (void)length;
    return 0;
}

#ifdef BUFPROTO_STRICT

/* Leaves the error of a function. */
BUFPROTO__COLD int bufproto__refuse(PyObject *object, int writing, int reason)
{
    if (BUFPROTO__READY()) {
        bufproto_fail(bufproto__python(), object, writing ? BUFPROTO_WRITE : BUFPROTO_READ, reason);
    }
    return -1;
}

#define bufproto__fail_to_read(object) bufproto__refuse(object, 0, BUFPROTO_FAILED_EXPORTS_NOTHING)
#define bufproto__fail_to_write() bufproto__refuse(NULL, 1, BUFPROTO_FAILED_EXPORTER)

#else

/* Leaves the error of a function whose object has no memory to read; or if there is no object, of one whose object has none to
 * write to. */
BUFPROTO__OUTLINE int bufproto__fail(PyObject *object)
{
    /* In one, so that the mark stays, whichever of them is not needed. */
    const char *words = bufproto__opaque_text(BUFPROTO__READ_TEXT "\0" BUFPROTO__WRITE_TEXT BUFPROTO__MARK);
    const size_t before = sizeof(BUFPROTO__READ_BEFORE) - 1, after = sizeof(BUFPROTO__READ_AFTER) - 1;
    char room[sizeof(BUFPROTO__READ_BEFORE BUFPROTO__READ_AFTER) + BUFPROTO__READ_NAME];
    const char *name = "", *from = words + sizeof(BUFPROTO__READ_TEXT);
    size_t length = sizeof(BUFPROTO__WRITE_TEXT) - 1;
    PyObject *exception = BUFPROTO__WRITE_EXCEPTION, *text;
    if (object != NULL) {
        exception = BUFPROTO__READ_EXCEPTION;
        from = room;
        memcpy(room, words, before);
        length = before;
        for (name = Py_TYPE(object)->tp_name; length != before + BUFPROTO__READ_NAME && (signed char)*name > 0; name++) {
            room[length++] = *name;
        }
        memcpy(room + length, BUFPROTO__READ_AFTER, after);
        length += after;
    }
    if (*bufproto__opaque_text(name) != 0) {
        /* It is long or not ASCII: the interpreter knows how to show it. */
        text = PyUnicode_FromFormat(words, Py_TYPE(object)->tp_name);
    } else {
        text = bufproto__ascii(from, length);
    }
    if (text != NULL) {
        bufproto__raise(exception, text);
    }
    return -1;
}

#define bufproto__fail_to_read(object) bufproto__fail(object)
#if PY_VERSION_HEX < 0x030c0000
BUFPROTO__OUTLINE int bufproto__fail_to_write(void)
{
    /* All interpreters have one lock, and so can have one text. */
    static PyObject *text = NULL;
    if (text == NULL) {
        text = bufproto__ascii(BUFPROTO__WRITE_TEXT BUFPROTO__MARK, sizeof(BUFPROTO__WRITE_TEXT) - 1);
        if (text == NULL) {
            return -1;
        }
    }
    Py_INCREF(text);
    bufproto__raise(BUFPROTO__WRITE_EXCEPTION, text);
    return -1;
}
#else
#define bufproto__fail_to_write() bufproto__fail(NULL)
#endif

#endif

/* Asks the type's function. Writing or not, 1 or 0, is what it is asked for, and so comes third here as well. */
BUFPROTO__OUTLINE int bufproto__ask(PyObject *object, bufproto__pointer *buffer, int writing, Py_ssize_t *length,
                                    getbufferproc get_buffer)
{
    bufproto__pointer *volatile out = buffer;
    Py_ssize_t *volatile size = length;
    volatile int wrote = writing;
    Py_buffer view;
    Py_buffer *volatile place = &view;
    /* An exporter that fills nothing has no bytes and no owner. */
    view.obj = NULL;
    view.len = 0;
    if (get_buffer(object, &view, writing) != 0) {
        return wrote ? bufproto__fail_to_write() : bufproto__opaque_number(-1);
    }
    *out = view.buf;
    *size = view.len;
    bufproto__give_back(view.obj, &place);
    return bufproto__opaque_number(0);
}

/* What is not bytes. */
BUFPROTO__OUTLINE int bufproto__find(PyObject *object, bufproto__pointer *buffer, int writing, Py_ssize_t *length)
{
    PyBufferProcs *slots;
    const int seen = bufproto__see(object, writing, buffer, length);
    if (seen != 0) {
        return seen > 0 ? 0 : bufproto__fail_to_write();
    }
    slots = Py_TYPE(object)->tp_as_buffer;
    if (slots == NULL || slots->bf_getbuffer == NULL) {
        return writing ? bufproto__fail_to_write() : bufproto__fail_to_read(object);
    }
#ifdef BUFPROTO_STRICT
    if (slots->bf_releasebuffer != NULL) {
        return bufproto__refuse(object, writing, BUFPROTO_FAILED_UNHELD);
    }
#endif
    return bufproto__ask(object, buffer, writing, length, slots->bf_getbuffer);
}

/* Whether neither is NULL. Two addresses on one stack have bits in common, and where the compiler knows no more of them, that is
 * asked at once. */
BUFPROTO__ALWAYS int bufproto__are_given(bufproto__pointer *buffer, Py_ssize_t *length)
{
#ifdef __GNUC__
    if (!__builtin_constant_p(buffer != NULL) && ((size_t)buffer & (size_t)length) != 0) {
        return 1;
    }
#endif
    return buffer != NULL && length != NULL;
}

BUFPROTO__INLINE int bufproto__locate(PyObject *object, int access, bufproto__pointer *buffer, Py_ssize_t *length)
{
    if (!BUFPROTO__LIKELY(object != NULL && bufproto__are_given(buffer, length))) {
        /* What the interpreter says of NULL, unless an exception is pending, wherever it looks for that. */
        return (int)PyObject_Size(NULL);
    }
    if (PyBytes_CheckExact(object)) {
        if (access == BUFPROTO_WRITE) {
            return bufproto__fail_to_write();
        }
        *buffer = ((PyBytesObject *)(void *)object)->ob_sval;
        *length = ((PyVarObject *)(void *)object)->ob_size;
        return 0;
    }
    return bufproto__find(object, buffer, access == BUFPROTO_WRITE, length);
}

/* Whether the type's function succeeds. */
BUFPROTO__ALWAYS int bufproto__check_view(PyObject *object, getbufferproc get_buffer)
{
    Py_buffer view;
    Py_buffer *volatile place = &view;
    view.obj = NULL;
    if (get_buffer(object, &view, PyBUF_SIMPLE) == -1) {
        PyErr_Clear();
        return 0;
    }
    bufproto__give_back(view.obj, &place);
    return 1;
}

BUFPROTO__INLINE int bufproto__check(PyObject *object)
{
    bufproto__pointer memory;
    Py_ssize_t size;
    PyBufferProcs *slots;
    if (object == NULL) {
        return 0;
    }
    if (PyBytes_CheckExact(object)) {
        return 1;
    }
    /* Before the other shortcuts: most that is asked about and is not bytes has no memory. */
    slots = Py_TYPE(object)->tp_as_buffer;
    if (slots == NULL || slots->bf_getbuffer == NULL) {
        return 0;
    }
#if !defined(Py_GIL_DISABLED) && !defined(BUFPROTO_STRICT)
    /* Empty or not. */
    if (PyByteArray_CheckExact(object)) {
        return bufproto__opaque_number(1);
    }
#endif
    if (bufproto__see(object, 0, &memory, &size) > 0) {
        return bufproto__opaque_number(1);
    }
    return bufproto__check_view(object, slots->bf_getbuffer);
}

/* For whoever calls the functions by the library. */
BUFPROTO__INLINE int bufproto__read(PyObject *object, const void **buffer, ptrdiff_t *length)
{
    return bufproto__locate(object, BUFPROTO_READ, (bufproto__pointer *)(void *)buffer, (Py_ssize_t *)length);
}

BUFPROTO__INLINE int bufproto__write(PyObject *object, void **buffer, ptrdiff_t *length)
{
    return bufproto__locate(object, BUFPROTO_WRITE, (bufproto__pointer *)(void *)buffer, (Py_ssize_t *)length);
}

#endif

BUFPROTO__INLINE int bufproto_PyObject_AsCharBuffer(PyObject *object, const char **buffer, Py_ssize_t *length)
{
    return bufproto__locate(object, BUFPROTO_CHAR, (bufproto__pointer *)(void *)buffer, length);
}

BUFPROTO__INLINE int bufproto_PyObject_AsReadBuffer(PyObject *object, const void **buffer, Py_ssize_t *length)
{
    return bufproto__locate(object, BUFPROTO_READ, (bufproto__pointer *)(void *)buffer, length);
}

BUFPROTO__INLINE int bufproto_PyObject_AsWriteBuffer(PyObject *object, void **buffer, Py_ssize_t *length)
{
    return bufproto__locate(object, BUFPROTO_WRITE, (bufproto__pointer *)(void *)buffer, length);
}

BUFPROTO__INLINE int bufproto_PyObject_CheckReadBuffer(PyObject *object)
{
    return bufproto__check(object);
}

#ifdef __cplusplus
}
#endif

#endif
