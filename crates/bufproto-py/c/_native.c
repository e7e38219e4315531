/* What Python code cannot ask an interpreter by itself: the four functions, the view that an object exports, and whom a
 * view's end is told. For interpreters that PyO3 does not support; `_bufproto.py` makes the report of it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define BUFPROTO_REPLACE
#include <bufproto/python.h>

/* The four functions. Each of the first three returns the length, or raises what the function raised. */

static PyObject *as_char_buffer(PyObject *module, PyObject *object)
{
    const char *buffer;
    Py_ssize_t length;
    (void)module;
    return PyObject_AsCharBuffer(object, &buffer, &length) < 0 ? NULL : Py_BuildValue("n", length);
}

static PyObject *as_read_buffer(PyObject *module, PyObject *object)
{
    const void *buffer;
    Py_ssize_t length;
    (void)module;
    return PyObject_AsReadBuffer(object, &buffer, &length) < 0 ? NULL : Py_BuildValue("n", length);
}

static PyObject *as_write_buffer(PyObject *module, PyObject *object)
{
    void *buffer;
    Py_ssize_t length;
    (void)module;
    return PyObject_AsWriteBuffer(object, &buffer, &length) < 0 ? NULL : Py_BuildValue("n", length);
}

static PyObject *check_read_buffer(PyObject *module, PyObject *object)
{
    int answer = PyObject_CheckReadBuffer(object);
    (void)module;
    /* In 2.7 what a slot raised stays pending, as the original leaves it; a closed mmap raises. */
    PyErr_Clear();
    return PyBool_FromLong(answer);
}

/* A list of a view's field, or None where the exporter left it null. */
static PyObject *entries(const Py_ssize_t *field, int count)
{
    PyObject *list;
    int index;
    if (field == NULL) {
        Py_RETURN_NONE;
    }
    list = PyList_New(count);
    for (index = 0; list != NULL && index < count; index++) {
        PyObject *entry = Py_BuildValue("n", field[index]);
        if (entry == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, index, entry);
        }
    }
    return list;
}

static PyObject *describe(const Py_buffer *view)
{
    /* Where there are more, the lists cannot be trusted to be that long. PyBUF_MAX_NDIM is not in every header. */
    if (view->ndim < 0 || view->ndim > 64) {
        PyErr_Format(PyExc_BufferError, "ndim is %d; there may be 0 to 64 dimensions", view->ndim);
        return NULL;
    }
    return Py_BuildValue("(nnNiNNNNO)", view->len, view->itemsize, PyBool_FromLong(view->readonly), view->ndim,
                         view->format == NULL ? Py_BuildValue("") : PyBytes_FromString(view->format),
                         entries(view->shape, view->ndim), entries(view->strides, view->ndim),
                         entries(view->suboffsets, view->ndim), view->obj == NULL ? Py_None : view->obj);
}

/* The view that an object exports, released again: the fields that a report shows, in its order, and the owner. */
static PyObject *view(PyObject *module, PyObject *object)
{
    Py_buffer taken;
    PyObject *described;
    (void)module;
    if (PyObject_GetBuffer(object, &taken, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    described = describe(&taken);
    PyBuffer_Release(&taken);
    if (PyErr_Occurred()) {
        Py_CLEAR(described);
    }
    return described;
}

/* Whether an owner of memory is told when a view of it ends. */
static PyObject *is_told(PyObject *module, PyObject *owner)
{
    PyBufferProcs *slots = Py_TYPE(owner)->tp_as_buffer;
    (void)module;
#if PY_MAJOR_VERSION < 3
    /* Types that were compiled for Python 2.5 have a shorter structure. */
    if (!PyType_HasFeature(Py_TYPE(owner), Py_TPFLAGS_HAVE_NEWBUFFER)) {
        Py_RETURN_FALSE;
    }
#endif
    return PyBool_FromLong(slots != NULL && slots->bf_releasebuffer != NULL);
}

#if PY_MAJOR_VERSION < 3

/* The beginning of a `buffer` object, which no header declares. Source: Objects/bufferobject.c, where it is the same in all
 * releases of 2.7. */
typedef struct {
    PyObject_HEAD
    PyObject *base;
} Buffer;

/* What a `buffer` object takes its memory from, or None. */
static PyObject *buffer_base(PyObject *module, PyObject *object)
{
    PyObject *base;
    (void)module;
    if (!PyBuffer_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "not a buffer");
        return NULL;
    }
    base = ((Buffer *)object)->base;
    if (base == NULL) {
        Py_RETURN_NONE;
    }
    Py_INCREF(base);
    return base;
}

#endif

static PyMethodDef functions[] = {
    {"as_char_buffer", as_char_buffer, METH_O, NULL},
    {"as_read_buffer", as_read_buffer, METH_O, NULL},
    {"as_write_buffer", as_write_buffer, METH_O, NULL},
    {"check_read_buffer", check_read_buffer, METH_O, NULL},
    {"view", view, METH_O, NULL},
    {"is_told", is_told, METH_O, NULL},
#if PY_MAJOR_VERSION < 3
    {"buffer_base", buffer_base, METH_O, NULL},
#endif
    {NULL, NULL, 0, NULL},
};

/* Adds the C functions, which extensions that link with no library take from here (bufproto/import.h). */
static int add_functions(PyObject *module)
{
    PyObject *capsule = PyCapsule_New((void *)bufproto_functions(), "bufproto._C_API", NULL);
    return capsule == NULL ? -1 : PyModule_AddObject(module, "_C_API", capsule);
}

#if PY_MAJOR_VERSION < 3

PyMODINIT_FUNC init_native(void)
{
    PyObject *module = Py_InitModule("_native", functions);
    if (module != NULL) {
        add_functions(module);
        PyModule_AddStringConstant(module, "version", BUFPROTO_VERSION);
    }
}

#else

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, 0, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL &&
        (add_functions(module) < 0 || PyModule_AddStringConstant(module, "version", BUFPROTO_VERSION) < 0)) {
        Py_CLEAR(module);
    }
    return module;
}

#endif
