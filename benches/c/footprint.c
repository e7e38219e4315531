/* A small extension that uses the four functions: built with ours and with the interpreter's own, it shows by how many bytes an
 * extension grows; with FOOTPRINT_SCOPES and FOOTPRINT_COPIES it also holds a buffer in a scope, or copies views. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifdef FOOTPRINT_OURS
#define BUFPROTO_REPLACE
#include <bufproto/python.h>
#ifdef FOOTPRINT_SCOPES
#include <bufproto/scope.h>
#endif
#ifdef FOOTPRINT_COPIES
#include <bufproto/view.h>
#endif
#else
#include "declared.h"
#endif

static PyObject *characters(PyObject *module, PyObject *object)
{
    const char *pointer;
    Py_ssize_t length;
    (void)module;
    /* It needs the library of C anyway, as nearly all extensions do. */
    return PyObject_AsCharBuffer(object, &pointer, &length) < 0 ? NULL
                                                                : PyBool_FromLong(memchr(pointer, 0, (size_t)length) != NULL);
}

static PyObject *reading(PyObject *module, PyObject *object)
{
    const void *pointer;
    Py_ssize_t length;
#ifdef FOOTPRINT_SCOPES
    BUFPROTO_SCOPE();
#endif
    (void)module;
    return PyObject_AsReadBuffer(object, &pointer, &length) < 0 ? NULL : PyLong_FromSsize_t(length);
}

static PyObject *writing(PyObject *module, PyObject *object)
{
    void *pointer;
    Py_ssize_t length;
    (void)module;
    return PyObject_AsWriteBuffer(object, &pointer, &length) < 0 ? NULL : PyLong_FromSsize_t(length);
}

static PyObject *checking(PyObject *module, PyObject *object)
{
    (void)module;
    return PyLong_FromLong(PyObject_CheckReadBuffer(object));
}

#ifdef FOOTPRINT_COPIES
static PyObject *copying(PyObject *module, PyObject *pair)
{
    bufproto_python_view from, to;
    char bytes[16];
    int copied = -1;
    (void)module;
    if (bufproto_python_acquire(PyTuple_GET_ITEM(pair, 0), &from, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    if (bufproto_python_acquire(PyTuple_GET_ITEM(pair, 1), &to, PyBUF_FULL) == 0) {
        copied = bufproto_python_copy(&from, &to) < 0 || bufproto_python_copy_out(&from, bytes, 16, 'C') < 0
                     ? -1
                     : bufproto_python_copy_in(&to, bytes, 16, 'C');
        bufproto_python_release(&to);
    }
    bufproto_python_release(&from);
    return copied < 0 ? NULL : PyLong_FromLong(copied);
}
#endif

static PyMethodDef methods[] = {
#ifdef FOOTPRINT_COPIES
    {"copying", copying, METH_O, NULL},
#endif
    {"characters", characters, METH_O, NULL},
    {"reading", reading, METH_O, NULL},
    {"writing", writing, METH_O, NULL},
    {"checking", checking, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "footprint", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_footprint(void)
{
    return PyModule_Create(&definition);
}
