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
 */
#ifndef BUFPROTO_CONVERT_H
#define BUFPROTO_CONVERT_H

#include "interpreter.h"

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

/* Gives the memory back. Does nothing to a buffer that holds none. */
BUFPROTO__INLINE void bufproto_buffer_release(bufproto_buffer *buffer)
{
    if (buffer->held) {
        buffer->held = 0;
        buffer->memory = NULL;
        buffer->length = 0;
        bufproto_release(BUFPROTO_PYTHON, &buffer->view);
    }
}

/* Converts, or, for NULL, gives back. */
BUFPROTO__INLINE int bufproto__convert(PyObject *object, void *address, int access)
{
    bufproto_buffer *buffer = (bufproto_buffer *)address;
    if (object == NULL) {
        bufproto_buffer_release(buffer);
        return 1;
    }
    buffer->held = 0;
    if (!BUFPROTO__READY() || bufproto_argument(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), access, &buffer->view,
                                                &buffer->memory, &buffer->length) < 0) {
        return 0;
    }
    buffer->held = 1;
#ifdef Py_CLEANUP_SUPPORTED
    return Py_CLEANUP_SUPPORTED;
#else
    return 1;
#endif
}

/* To read, whatever the memory holds. The address is that of a bufproto_buffer. */
BUFPROTO__INLINE int bufproto_convert_read(PyObject *object, void *address)
{
    return bufproto__convert(object, address, BUFPROTO_READ);
}

/* To read as characters. */
BUFPROTO__INLINE int bufproto_convert_char(PyObject *object, void *address)
{
    return bufproto__convert(object, address, BUFPROTO_CHAR);
}

/* To write to. */
BUFPROTO__INLINE int bufproto_convert_write(PyObject *object, void *address)
{
    return bufproto__convert(object, address, BUFPROTO_WRITE);
}

#ifdef __cplusplus
}
#endif

#endif
