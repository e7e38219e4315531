/* What `cargo xtask install --python EXE` builds with what it has installed, and runs. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define BUFPROTO_REPLACE
#include <bufproto/python.h>
#include <bufproto/scope.h>

/* The length of an object's memory in bytes. */
static PyObject *length(PyObject *module, PyObject *object)
{
    const void *bytes;
    Py_ssize_t count;
    BUFPROTO_SCOPE();
    (void)module;
    return PyObject_AsReadBuffer(object, &bytes, &count) < 0 ? NULL : Py_BuildValue("n", count);
}

static PyMethodDef methods[] = {{"length", length, METH_O, NULL}, {NULL, NULL, 0, NULL}};

#if PY_MAJOR_VERSION >= 3
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "tried", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_tried(void)
{
    return PyModule_Create(&definition);
}
#else
PyMODINIT_FUNC inittried(void)
{
    Py_InitModule("tried", methods);
}
#endif
