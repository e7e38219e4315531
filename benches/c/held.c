/* One buffer that is held and given back: as a view of the caller's, and as an argument. Ours, and what an author would write
 * with the interpreter's own. */
#include "counting.h"

#include <bufproto/convert.h>
#include <bufproto/view.h>

/* The arguments that a function is called with which is given this object. */
static inline PyObject *arguments_of(PyObject *object)
{
    static PyObject *arguments = NULL;
    if (arguments == NULL || PyTuple_GET_ITEM(arguments, 0) != object) {
        Py_XDECREF(arguments);
        arguments = PyTuple_Pack(1, object);
    }
    return arguments;
}

static inline int our_view(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    bufproto_python_view view;
    if (bufproto_python_acquire(object, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    *pointer = view.buf;
    *length = view.len;
    COUNTING_USE(0, *pointer, *length);
    bufproto_python_release(&view);
    return 0;
}

static inline int their_view(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    *pointer = view.buf;
    *length = view.len;
    COUNTING_USE(0, *pointer, *length);
    PyBuffer_Release(&view);
    return 0;
}

static inline int our_argument(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    bufproto_buffer data = BUFPROTO_BUFFER;
    if (!PyArg_ParseTuple(arguments_of(object), "O&", bufproto_convert_read, &data)) {
        return -1;
    }
    *pointer = data.memory;
    *length = data.length;
    COUNTING_USE(0, *pointer, *length);
    bufproto_buffer_release(&data);
    return 0;
}

static inline int their_argument(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    Py_buffer view;
    if (!PyArg_ParseTuple(arguments_of(object), "y*", &view)) {
        return -1;
    }
    *pointer = view.buf;
    *length = view.len;
    COUNTING_USE(0, *pointer, *length);
    PyBuffer_Release(&view);
    return 0;
}

static inline int no_view(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    COUNTING_FORGET(object);
    COUNTING_USE(0, *pointer, *length);
    return 0;
}

static inline int no_argument(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    PyObject *arguments = arguments_of(object);
    COUNTING_FORGET(arguments);
    return no_view(object, pointer, length);
}

COUNTING_DEED(ours_view, const void *, our_view(object, &pointer, &length))
COUNTING_DEED(ours_argument, const void *, our_argument(object, &pointer, &length))
COUNTING_DEED(theirs_view, const void *, their_view(object, &pointer, &length))
COUNTING_DEED(theirs_argument, const void *, their_argument(object, &pointer, &length))
COUNTING_DEED(nothing_view, const void *, no_view(object, &pointer, &length))
COUNTING_DEED(nothing_argument, const void *, no_argument(object, &pointer, &length))

#define TABLE(side) {COUNTING_BOTH(side##_view), COUNTING_BOTH(side##_argument)}

const counting_deed counting_empty_held[COUNTING_HELD] = TABLE(nothing);
const counting_deed counting_our_held[COUNTING_HELD] = TABLE(ours);
const counting_deed counting_their_held[COUNTING_HELD] = TABLE(theirs);
