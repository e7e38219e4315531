/* Our functions through the library, without the part of them that is inline. */
#include "peers.h"

#include <bufproto/python.h>

static int as_char(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    return bufproto_as_char_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), (const char **)(void *)pointer, length);
}

static int as_read(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    return bufproto_as_read_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), pointer, length);
}

static int as_write(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    return bufproto_as_write_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), (void **)(void *)pointer, length);
}

static int check(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    *pointer = NULL;
    *length = 0;
    return bufproto_check_read_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object)) - 1;
}

const named_peer peers_library[] = {
    {"char", as_char}, {"read", as_read}, {"write", as_write}, {"check", check}, {NULL, NULL},
};
