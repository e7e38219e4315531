/* bufproto: converters for the O& of PyArg_ParseTuple, which keep the memory until it is given back. Needs Python.h.
 *
 *     bufproto_buffer data = BUFPROTO_BUFFER, into = BUFPROTO_BUFFER;
 *     if (!PyArg_ParseTuple(arguments, "O&O&", bufproto_convert_read, &data, bufproto_convert_write, &into)) return NULL;
 *     ... data.memory, data.length ...
 *     bufproto_buffer_release(&data);
 *     bufproto_buffer_release(&into);
 *
 * On Python 3 the rules are those of y* (read and char) and w* (write); texts do not name the function and the argument, which
 * a converter is not told. On Python 2.7 they are those of the old functions. If a later argument fails, Python 3 has the
 * memory given back by itself; on 2.7 release what was begun with BUFPROTO_BUFFER, converted or not. A buffer must not move
 * while it is held.
 *
 * All of it is called by threads that are attached to the interpreter: that hold its lock, where it has one.
 */
#ifndef BUFPROTO_CONVERT_H
#define BUFPROTO_CONVERT_H

#include "held.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An argument's memory. */
typedef struct bufproto_buffer {
    /* The first byte, and how many there are. */
    void *memory;
    Py_ssize_t length;
    /* The library's. */
    int held;
    bufproto_python_view view;
} bufproto_buffer;

/* A buffer that holds nothing. */
#if defined(__cplusplus)
#define BUFPROTO_BUFFER bufproto_buffer()
#else
#define BUFPROTO_BUFFER {0}
#endif

#ifdef Py_CLEANUP_SUPPORTED
#define BUFPROTO__CONVERTED Py_CLEANUP_SUPPORTED
#else
#define BUFPROTO__CONVERTED 1
#endif

/* What a buffer holds, in CPython 3: a view; a reference to the view's owner, which is enough for bytes; or an export of
 * the owner that has been counted. */
#define BUFPROTO__HOLDS_VIEW 1
#define BUFPROTO__HOLDS_REFERENCE 2
#define BUFPROTO__HOLDS_COUNT 3

/* Gives back what a buffer holds. */
BUFPROTO__OUTLINE void bufproto__buffer_release(bufproto_buffer *buffer)
{
#ifdef BUFPROTO__VIEWS
    const int holds = buffer->held;
    PyObject *owner = buffer->view.obj;
#endif
    buffer->held = 0;
    buffer->memory = NULL;
    buffer->length = 0;
#ifdef BUFPROTO__VIEWS
    if (holds == BUFPROTO__HOLDS_VIEW) {
        releasebufferproc release;
        if (owner == NULL) {
            return;
        }
        release = bufproto__releaser(owner);
        if (release != NULL) {
            /* It waits on the stack: in a register it would cost more, since that has to be saved and restored. */
            PyObject *volatile kept = owner;
            release(owner, &buffer->view);
            owner = kept;
        }
    } else if (holds == BUFPROTO__HOLDS_COUNT) {
        bufproto__uncount(owner);
    }
    Py_DECREF(owner);
#else
    bufproto_release(BUFPROTO_PYTHON, &buffer->view);
#endif
}

/* Gives the memory back. Does nothing to a buffer that holds none. */
BUFPROTO__INLINE void bufproto_buffer_release(bufproto_buffer *buffer)
{
    if (buffer->held) {
        bufproto__buffer_release(buffer);
    }
}

/* Converts by the library. */
BUFPROTO__COLD int bufproto__convert_by_library(PyObject *object, bufproto_buffer *buffer, int access)
{
    buffer->held = 0;
    if (!BUFPROTO__READY() || bufproto_argument(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), access, &buffer->view,
                                                &buffer->memory, &buffer->length) < 0) {
        return 0;
    }
    buffer->held = BUFPROTO__HOLDS_VIEW;
    return BUFPROTO__CONVERTED;
}

#ifdef BUFPROTO__VIEWS

/* Leaves the error of a converter whose exporter has failed. */
BUFPROTO__COLD int bufproto__not_converted(PyObject *object, bufproto_buffer *buffer, int access)
{
    buffer->held = 0;
    if (access == BUFPROTO_WRITE && BUFPROTO__READY()) {
        PyErr_Clear();
        bufproto_raise(BUFPROTO_PYTHON, BUFPROTO_RULE_ARGUMENT_WRITABLE, object);
    }
    return 0;
}

/* Looks whether the items lie side by side, where the exporter says more of them than it was asked for. */
BUFPROTO__COLD int bufproto__convert_items(PyObject *object, bufproto_buffer *buffer)
{
    buffer->held = 0;
    if (!BUFPROTO__READY()) {
        bufproto__release(&buffer->view);
        return 0;
    }
    if (buffer->view.len >= 0 && buffer->view.buf != NULL && !bufproto_is_contiguous(&buffer->view, 'C')) {
        bufproto__release(&buffer->view);
        bufproto_raise(BUFPROTO_PYTHON, BUFPROTO_RULE_ARGUMENT_CONTIGUOUS, object);
        return 0;
    }
    buffer->held = BUFPROTO__HOLDS_VIEW;
    return BUFPROTO__CONVERTED;
}
#endif

#ifdef BUFPROTO__VIEWS

/* Converts by a view. It goes as the procedure of arguments in core's view.rs. */
BUFPROTO__ALWAYS int bufproto__convert_view(PyObject *object, bufproto_buffer *buffer, int access)
{
    /* They wait on the stack: in registers they would cost more, since those have to be saved and restored. */
    bufproto_buffer *volatile place = buffer;
    PyObject *volatile asked = object;
    Py_buffer *view = &buffer->view;
    getbufferproc get_buffer = bufproto__exporter(object);
    if (!BUFPROTO__LIKELY(get_buffer != NULL)) {
        return bufproto__convert_by_library(object, buffer, access);
    }
    memset(view, 0, sizeof *view);
    if (!BUFPROTO__LIKELY(get_buffer(object, view, access == BUFPROTO_WRITE ? PyBUF_WRITABLE : PyBUF_SIMPLE) == 0)) {
        return bufproto__not_converted(asked, place, access);
    }
    buffer = place;
    buffer->memory = buffer->view.buf;
    buffer->length = buffer->view.len;
    if (!BUFPROTO__LIKELY(((size_t)buffer->view.strides | (size_t)buffer->view.suboffsets) == 0)) {
        return bufproto__convert_items(asked, buffer);
    }
    buffer->held = BUFPROTO__HOLDS_VIEW;
    return BUFPROTO__CONVERTED;
}
#endif

/* Gives back what has been converted, when a later argument fails. */
BUFPROTO__COLD int bufproto__convert_back(bufproto_buffer *buffer)
{
    bufproto_buffer_release(buffer);
    return 1;
}

/* Converts, or, for NULL, gives back. */
BUFPROTO__ALWAYS int bufproto__convert(PyObject *object, void *address, int access)
{
    bufproto_buffer *buffer = (bufproto_buffer *)address;
    if (!BUFPROTO__LIKELY(object != NULL)) {
        return bufproto__convert_back(buffer);
    }
#ifdef BUFPROTO__VIEWS
    if (access != BUFPROTO_WRITE && PyBytes_CheckExact(object)) {
        buffer->memory = ((PyBytesObject *)(void *)object)->ob_sval;
        buffer->length = ((PyVarObject *)(void *)object)->ob_size;
        buffer->view.obj = object;
        buffer->held = BUFPROTO__HOLDS_REFERENCE;
        Py_INCREF(object);
        return BUFPROTO__CONVERTED;
    }
    if (bufproto__count(object, access, &buffer->memory, &buffer->length)) {
        buffer->view.obj = object;
        buffer->held = BUFPROTO__HOLDS_COUNT;
        Py_INCREF(object);
        return BUFPROTO__CONVERTED;
    }
    return bufproto__convert_view(object, buffer, access);
#else
    return bufproto__convert_by_library(object, buffer, access);
#endif
}

/* To read, whatever the memory holds. The address is that of a bufproto_buffer. */
BUFPROTO__OUTLINE int bufproto_convert_read(PyObject *object, void *address)
{
    return bufproto__convert(object, address, BUFPROTO_READ);
}

/* To read as characters. */
BUFPROTO__OUTLINE int bufproto_convert_char(PyObject *object, void *address)
{
    return bufproto__convert(object, address, BUFPROTO_CHAR);
}

/* To write to. */
BUFPROTO__OUTLINE int bufproto_convert_write(PyObject *object, void *address)
{
    return bufproto__convert(object, address, BUFPROTO_WRITE);
}

#ifdef __cplusplus
}
#endif

#endif
