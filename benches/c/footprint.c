/* A small extension that uses the four functions: built twice, with ours and with the interpreter's own, it shows by how
 * many bytes an extension grows. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifdef FOOTPRINT_OURS
#define BUFPROTO_REPLACE
#include <bufproto/python.h>
#elif PY_VERSION_HEX >= 0x030d0000
extern int PyObject_AsCharBuffer(PyObject *, const char **, Py_ssize_t *);
extern int PyObject_AsReadBuffer(PyObject *, const void **, Py_ssize_t *);
extern int PyObject_AsWriteBuffer(PyObject *, void **, Py_ssize_t *);
extern int PyObject_CheckReadBuffer(PyObject *);
#endif

static PyObject *characters(PyObject *module, PyObject *object)
{
    const char *pointer;
    Py_ssize_t length;
    (void)module;
    return PyObject_AsCharBuffer(object, &pointer, &length) < 0 ? NULL : PyLong_FromSsize_t(length);
}

static PyObject *reading(PyObject *module, PyObject *object)
{
    const void *pointer;
    Py_ssize_t length;
    (void)module;
    return PyObject_AsReadBuffer(object, &pointer, &length) < 0 ? NULL : PyLong_FromSsize_t(length);
}

static PyObject *writing(PyObject *module, PyObject *object)
{
    void *pointer;
    Py_ssize_t length;
    (void)module;
    return PyObject_AsWriteBuffer(object, &pointer, &length) < 0 ? NULL : PyLong_FromSsize_t(length);
}

static PyObject *checking(PyObject *module, PyObject *object)
{
    (void)module;
    return PyLong_FromLong(PyObject_CheckReadBuffer(object));
}

static PyMethodDef methods[] = {
    {"characters", characters, METH_O, NULL},
    {"reading", reading, METH_O, NULL},
    {"writing", writing, METH_O, NULL},
    {"checking", checking, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "footprint", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_footprint(void)
{
    return PyModule_Create(&definition);
}
