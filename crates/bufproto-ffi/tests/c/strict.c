/* Our functions under the strict policy. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define BUFPROTO_STRICT
#define BUFPROTO_REPLACE
#include <bufproto/python.h>

#define CALL strict_ours
#include "call.h"

static PyMethodDef methods[] = {
    {"ours", strict_ours, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#define GLUE_(left, right) left##right
#define GLUE(left, right) GLUE_(left, right)
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)

#if PY_MAJOR_VERSION >= 3
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, TEXT(MODULE), NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC GLUE(PyInit_, MODULE)(void);
PyMODINIT_FUNC GLUE(PyInit_, MODULE)(void)
{
    return PyModule_Create(&definition);
}
#else
PyMODINIT_FUNC GLUE(init, MODULE)(void);
PyMODINIT_FUNC GLUE(init, MODULE)(void)
{
    Py_InitModule(TEXT(MODULE), methods);
}
#endif
