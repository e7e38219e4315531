/* The module peers_c: `peers`, a dictionary of dictionaries of capsules, and functions to be called from Python, `calls`. */
#include "peers.h"

#define BUFPROTO_REPLACE
#include <bufproto/convert.h>
#include <bufproto/python.h>

char peers_room[PEERS_ROOM];

PyObject *peers_arguments(PyObject *object)
{
    static PyObject *arguments = NULL;
    if (arguments == NULL || PyTuple_GET_ITEM(arguments, 0) != object) {
        Py_XDECREF(arguments);
        arguments = PyTuple_Pack(1, object);
    }
    return arguments;
}

/* Whole functions: what a caller in Python pays. The frames take the object and do nothing with it. */

static PyObject *frame_one(PyObject *module, PyObject *object)
{
    (void)module;
    PEER_USE(object, 0L);
    return PyLong_FromSsize_t(5);
}

static PyObject *frame_tuple(PyObject *module, PyObject *arguments)
{
    PyObject *object;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O", &object)) {
        return NULL;
    }
    PEER_USE(object, 0L);
    return PyLong_FromSsize_t(5);
}

static PyObject *call_read(PyObject *module, PyObject *object)
{
    const void *pointer;
    Py_ssize_t length;
    (void)module;
    if (PyObject_AsReadBuffer(object, &pointer, &length) < 0) {
        return NULL;
    }
    PEER_USE(pointer, length);
    return PyLong_FromSsize_t(length);
}

static PyObject *call_get_buffer(PyObject *module, PyObject *object)
{
    Py_buffer view;
    Py_ssize_t length;
    (void)module;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    PEER_USE(view.buf, view.len);
    length = view.len;
    PyBuffer_Release(&view);
    return PyLong_FromSsize_t(length);
}

static PyObject *call_parse(PyObject *module, PyObject *arguments)
{
    Py_buffer view;
    Py_ssize_t length;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*", &view)) {
        return NULL;
    }
    PEER_USE(view.buf, view.len);
    length = view.len;
    PyBuffer_Release(&view);
    return PyLong_FromSsize_t(length);
}

static PyObject *call_convert(PyObject *module, PyObject *arguments)
{
    bufproto_buffer data = BUFPROTO_BUFFER;
    Py_ssize_t length;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O&", bufproto_convert_read, &data)) {
        return NULL;
    }
    PEER_USE(data.memory, data.length);
    length = data.length;
    bufproto_buffer_release(&data);
    return PyLong_FromSsize_t(length);
}

static PyMethodDef methods[] = {
    {"frame_one", frame_one, METH_O, NULL},
    {"frame_tuple", frame_tuple, METH_VARARGS, NULL},
    {"call_read", call_read, METH_O, NULL},
    {"call_get_buffer", call_get_buffer, METH_O, NULL},
    {"call_parse", call_parse, METH_VARARGS, NULL},
    {"call_convert", call_convert, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "peers_c", NULL, -1, methods, NULL, NULL, NULL, NULL};

/* Adds a side's peers to the module. */
static int add(PyObject *module, const char *side, const named_peer *peers)
{
    PyObject *capsules = PyDict_New();
    if (capsules == NULL) {
        return -1;
    }
    for (; peers->name != NULL; peers++) {
        PyObject *capsule = PyCapsule_New((void *)peers->function, PEER, NULL);
        if (capsule == NULL || PyDict_SetItemString(capsules, peers->name, capsule) < 0) {
            Py_XDECREF(capsule);
            Py_DECREF(capsules);
            return -1;
        }
        Py_DECREF(capsule);
    }
    if (PyModule_AddObject(module, side, capsules) < 0) {
        Py_DECREF(capsules);
        return -1;
    }
    return 0;
}

PyMODINIT_FUNC PyInit_peers_c(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) {
        return NULL;
    }
    if (peers_import_numpy() < 0 || add(module, "theirs", peers_theirs) < 0 || add(module, "ours", peers_ours) < 0 ||
        add(module, "address", peers_address) < 0 || add(module, "library", peers_library) < 0 ||
        add(module, "numpy", peers_numpy) < 0 || add(module, "scopes", peers_scopes) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
