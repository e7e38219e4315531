/* Our functions, as an extension gets them that asks for them by their original names. */
#include "peers.h"

#define BUFPROTO_REPLACE
#include <bufproto/convert.h>
#include <bufproto/python.h>
#include <bufproto/view.h>

#include "calls.h"

static int parse(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    PyObject *arguments = peers_arguments(object);
    bufproto_buffer data = BUFPROTO_BUFFER;
    if (arguments == NULL || !PyArg_ParseTuple(arguments, "O&", bufproto_convert_read, &data)) {
        return -1;
    }
    *pointer = data.memory;
    *length = data.length;
    PEER_USE(data.memory, data.length);
    bufproto_buffer_release(&data);
    return 0;
}

static int acquire(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    bufproto_python_view view;
    if (bufproto_python_acquire(object, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    *pointer = view.buf;
    *length = view.len;
    PEER_USE(view.buf, view.len);
    bufproto_python_release(&view);
    return 0;
}

static int copy(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    bufproto_python_view view;
    int result;
    if (bufproto_python_acquire(object, &view, PyBUF_FULL_RO) < 0) {
        return -1;
    }
    result = view.len <= PEERS_ROOM ? bufproto_python_copy_out(&view, peers_room, view.len, 'C') : -1;
    *pointer = peers_room;
    *length = view.len;
    bufproto_python_release(&view);
    return result;
}

const named_peer peers_ours[] = {
    {"char", as_char}, {"read", as_read}, {"write", as_write}, {"check", check},
    {"O&", parse},     {"acquire", acquire}, {"copy out", copy}, {NULL, NULL},
};
