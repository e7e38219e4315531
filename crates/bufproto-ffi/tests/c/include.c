/* The header under the strictest warnings, in every standard of C and C++; and a name that the user has taken. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifndef PYPY_VERSION
#define PyObject_CheckReadBuffer(object) (0)
#endif
#define BUFPROTO_REPLACE
#include <bufproto/python.h>
#include <bufproto/python.h>

/* A macro of the user's after the header, where no header of Python's declares the name. */
#if PY_VERSION_HEX >= 0x030d0000
#define PyObject_AsCharBuffer(object, buffer, length) (-1)
#endif

int old_code(PyObject *object);

int old_code(PyObject *object)
{
    const char *characters;
    const void *bytes;
    void *memory;
    Py_ssize_t length;
    int (*function)(PyObject *, const void **, Py_ssize_t *) = PyObject_AsReadBuffer;
    if (PyObject_CheckReadBuffer(object)) {
        return 1;
    }
    characters = NULL;
    (void)characters;
    return PyObject_AsCharBuffer(object, &characters, &length) + function(object, &bytes, &length) +
           PyObject_AsWriteBuffer(object, &memory, &length);
}
