/* An extension of the 2.x era, in C. */
#define PY_SSIZE_T_CLEAN
#include "Python.h"

#include "sum.h"

static PyObject *checksum(PyObject *self, PyObject *args)
{
    PyObject *data;
    const void *bytes;
    Py_ssize_t length;

    if (!PyArg_ParseTuple(args, "O:checksum", &data))
        return NULL;
    if (PyObject_AsReadBuffer(data, &bytes, &length) < 0)
        return NULL;
    return PyLong_FromUnsignedLong(sum(bytes, (size_t)length));
}

static PyObject *fill(PyObject *self, PyObject *args)
{
    PyObject *data;
    void *memory;
    Py_ssize_t length;
    int value;

    if (!PyArg_ParseTuple(args, "Oi:fill", &data, &value))
        return NULL;
    if (PyObject_AsWriteBuffer(data, &memory, &length))
        return NULL;
    memset(memory, value, (size_t)length);
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *count(PyObject *self, PyObject *args)
{
    PyObject *data;
    const char *text, *letters;
    Py_ssize_t length, known, i, found = 0;

    /* The length of "s#" is a Py_ssize_t only if the macro above is seen by Python.h. */
    if (!PyArg_ParseTuple(args, "Os#:count", &data, &letters, &known))
        return NULL;
    if (PyObject_AsCharBuffer(data, &text, &length) != 0)
        return NULL;
    for (i = 0; i < length; i++)
        if (memchr(letters, text[i], (size_t)known) != NULL)
            found++;
    return PyLong_FromSsize_t(found);
}

static PyObject *is_readable(PyObject *self, PyObject *args)
{
    PyObject *data;

    if (!PyArg_ParseTuple(args, "O:is_readable", &data))
        return NULL;
    return PyBool_FromLong(PyObject_CheckReadBuffer(data));
}

#define AS(kind) PyObject_As##kind##Buffer

/* The functions' addresses, in a table that the compiler fills. */
static const struct {
    int (*check)(PyObject *);
    int (*as_characters)(PyObject *, const char **, Py_ssize_t *);
    int (*as_bytes)(PyObject *, const void **, Py_ssize_t *);
    int (*as_memory)(PyObject *, void **, Py_ssize_t *);
} table = {
    PyObject_CheckReadBuffer,
    AS(Char),
    &AS(Read),
    &PyObject_AsWriteBuffer,
};

static PyObject *lengths(PyObject *self, PyObject *args)
{
    PyObject *data;
    const char *characters;
    const void *bytes;
    void *memory;
    Py_ssize_t first, second, third;

    if (!PyArg_ParseTuple(args, "O:lengths", &data))
        return NULL;
    if (!table.check(data)) {
        PyErr_SetString(PyExc_ValueError, "not readable");
        return NULL;
    }
    if (table.as_characters(data, &characters, &first) < 0 || (*table.as_bytes)(data, &bytes, &second) < 0 ||
        table.as_memory(data, &memory, &third) < 0)
        return NULL;
    return Py_BuildValue("nnn", first, second, third);
}

static PyMethodDef methods[] = {
    {"checksum", checksum, METH_VARARGS, "The sum of the bytes."},
    {"fill", fill, METH_VARARGS, "Writes one byte everywhere."},
    {"count", count, METH_VARARGS, "How many of the characters are in a set."},
    {"is_readable", is_readable, METH_VARARGS, "Whether there is anything to read."},
    {"lengths", lengths, METH_VARARGS, "The length, as three functions tell it."},
    {NULL, NULL, 0, NULL}
};

#if PY_MAJOR_VERSION >= 3
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "old_plain", NULL, -1, methods};

PyMODINIT_FUNC PyInit_old_plain(void)
{
    return PyModule_Create(&module);
}
#else
PyMODINIT_FUNC initold_plain(void)
{
    Py_InitModule("old_plain", methods);
}
#endif
