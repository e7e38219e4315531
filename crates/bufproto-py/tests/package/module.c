/* An extension that calls two of the four functions: as old code has them; from bufproto, with INCLUDED; or none, with
 * CLEAN. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#ifdef INCLUDED
#define BUFPROTO_REPLACE
#include <bufproto/python.h>
#endif

static PyObject *length(PyObject *module, PyObject *data)
{
    const void *memory = NULL;
    Py_ssize_t size = 0;
    (void)module;
#ifdef CLEAN
    (void)data, (void)memory;
#else
    if (PyObject_AsReadBuffer(data, &memory, &size) < 0) {
        return NULL;
    }
#endif
    return PyLong_FromSsize_t(size);
}

static PyObject *fill(PyObject *module, PyObject *data)
{
    void *memory = NULL;
    Py_ssize_t size = 0;
    (void)module;
#ifdef CLEAN
    (void)data, (void)memory;
#else
    if (PyObject_AsWriteBuffer(data, &memory, &size) < 0) {
        return NULL;
    }
    memset(memory, 'A', (size_t)size);
#endif
    return PyLong_FromSsize_t(size);
}

static PyMethodDef functions[] = {
    {"length", length, METH_O, NULL},
    {"fill", fill, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "module", NULL, 0, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_module(void)
{
    return PyModule_Create(&definition);
}
