/* Our functions where numpy's arrays are answered from their fields. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

#define BUFPROTO_NUMPY
#define BUFPROTO_REPLACE
#include <bufproto/python.h>

#define CALL arrays_ours
#include "call.h"

static PyMethodDef methods[] = {
    {"ours", arrays_ours, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "arrays", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_arrays(void);
PyMODINIT_FUNC PyInit_arrays(void)
{
    import_array();
    return PyModule_Create(&definition);
}
