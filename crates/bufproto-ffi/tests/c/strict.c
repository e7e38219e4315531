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

#include "module.h"
