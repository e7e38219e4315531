/* Our functions in an extension of the limited API. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#define BUFPROTO_REPLACE
#include <bufproto/python.h>

#define CALL limited_ours
#include "call.h"

static PyMethodDef methods[] = {
    {"ours", limited_ours, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "limited", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_limited(void);
PyMODINIT_FUNC PyInit_limited(void)
{
    return PyModule_Create(&definition);
}
