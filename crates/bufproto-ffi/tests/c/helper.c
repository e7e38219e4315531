/* A helper that uses the scope of the thread. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <bufproto/thread_scope.h>

#include "helper.h"

int helper(PyObject *object, const void **bytes, Py_ssize_t *length)
{
    BUFPROTO_SCOPE_OF_THREAD();
    return PyObject_AsReadBuffer(object, bytes, length);
}
