/* The original names where scopes are asked for: a name that the user has taken stays the user's, and addresses are ours. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define PyObject_AsWriteBuffer(object, buffer, length) (-1)
#include <bufproto/scope.h>

int old_code(PyObject *object);

int old_code(PyObject *object)
{
    const void *bytes;
    Py_ssize_t length;
    int (*function)(PyObject *, const void **, Py_ssize_t *) = PyObject_AsReadBuffer;
    BUFPROTO_SCOPE();
    return PyObject_AsReadBuffer(object, &bytes, &length) + function(object, &bytes, &length) +
           PyObject_AsWriteBuffer(object, &bytes, &length);
}
