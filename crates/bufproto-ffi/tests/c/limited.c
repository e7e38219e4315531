/* Our functions in an extension of a limited API, which the build names. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define BUFPROTO_REPLACE
#include <bufproto/python.h>

#define CALL limited_ours
#include "call.h"

static PyMethodDef methods[] = {
    {"ours", limited_ours, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#include "module.h"
