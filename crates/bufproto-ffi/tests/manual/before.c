#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The first byte of the data, after a callable has run. */
static PyObject *first(PyObject *module, PyObject *arguments)
{
    PyObject *data, *callback, *answer;
    const void *bytes;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(arguments, "OO", &data, &callback))
        return NULL;
    if (PyObject_AsReadBuffer(data, &bytes, &length) < 0)
        return NULL;
    answer = PyObject_CallFunctionObjArgs(callback, NULL);
    if (answer == NULL)
        return NULL;
    Py_DECREF(answer);
    return PyBytes_FromStringAndSize((const char *)bytes, length < 1 ? length : 1);
}

static PyMethodDef methods[] = {{"first", first, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "manual", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_manual(void)
{
    return PyModule_Create(&definition);
}
