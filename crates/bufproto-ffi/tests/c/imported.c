/* Our functions in an extension that links with no library: they are those of the Python package. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define BUFPROTO_IMPORT
#define BUFPROTO_REPLACE
#include <bufproto/python.h>
#include <bufproto/scope.h>

#define CALL imported_ours
#include "call.h"

static PyObject *import_package(PyObject *module, PyObject *nothing)
{
    (void)module;
    (void)nothing;
    return bufproto_import() < 0 ? NULL : Py_BuildValue("s", bufproto_version());
}

/* What a scope holds while a callable runs. */
static PyObject *held(PyObject *module, PyObject *arguments)
{
    PyObject *data, *callback, *answer;
    const void *bytes;
    Py_ssize_t length;
    BUFPROTO_SCOPE();
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &data, &callback) ||
        PyObject_AsReadBuffer(data, &bytes, &length) < 0) {
        return NULL;
    }
    answer = PyObject_CallFunctionObjArgs(callback, NULL);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    return PyBytes_FromStringAndSize((const char *)bytes, length);
}

static PyMethodDef methods[] = {
    {"ours", imported_ours, METH_VARARGS, NULL},
    {"import_package", import_package, METH_NOARGS, NULL},
    {"held", held, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#define MODULE imported
#include "module.h"
