/* The interpreter's own ways to a pointer and a length. */
#include "peers.h"

#include "../../c/declared.h"

/* What a call by this way takes by itself, to be subtracted. */
static int nothing(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    PEER_FORGET(object);
    *pointer = NULL;
    *length = 0;
    return 0;
}

#include "calls.h"

static int get_buffer(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    *pointer = view.buf;
    *length = view.len;
    PEER_USE(view.buf, view.len);
    PyBuffer_Release(&view);
    return 0;
}

static int parse(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    PyObject *arguments = peers_arguments(object);
    Py_buffer view;
    if (arguments == NULL || !PyArg_ParseTuple(arguments, "y*", &view)) {
        return -1;
    }
    *pointer = view.buf;
    *length = view.len;
    PEER_USE(view.buf, view.len);
    PyBuffer_Release(&view);
    return 0;
}

/* As many views by hand as a scope holds. */
#define VIEWS(count) \
    static int views_##count(PyObject *object, const void **pointer, Py_ssize_t *length) \
    { \
        Py_buffer views[count]; \
        int held, result = 0; \
        for (held = 0; held < count; held++) { \
            PEER_FORGET(object); \
            if (PyObject_GetBuffer(object, &views[held], PyBUF_SIMPLE) < 0) { \
                result = -1; \
                break; \
            } \
            *pointer = views[held].buf; \
            *length = views[held].len; \
            PEER_USE(views[held].buf, views[held].len); \
        } \
        while (held > 0) { \
            PyBuffer_Release(&views[--held]); \
        } \
        return result; \
    }

VIEWS(4)
VIEWS(16)
VIEWS(64)
VIEWS(256)

/* Copies what lies in memory in any way to one place, which has room for it. */
static int copy(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    Py_buffer view;
    int result;
    if (PyObject_GetBuffer(object, &view, PyBUF_FULL_RO) < 0) {
        return -1;
    }
    result = view.len <= PEERS_ROOM ? PyBuffer_ToContiguous(peers_room, &view, view.len, 'C') : -1;
    *pointer = peers_room;
    *length = view.len;
    PyBuffer_Release(&view);
    return result;
}

const named_peer peers_theirs[] = {
    {"nothing", nothing},
    {"char", as_char},
    {"read", as_read},
    {"write", as_write},
    {"check", check},
    {"GetBuffer", get_buffer},
    {"y*", parse},
    {"4 views", views_4},
    {"16 views", views_16},
    {"64 views", views_64},
    {"256 views", views_256},
    {"ToContiguous", copy},
    {NULL, NULL},
};
