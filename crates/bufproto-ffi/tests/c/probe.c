/* An extension that calls ours beside the interpreter's, and objects that misbehave. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define BUFPROTO_REPLACE
#include <bufproto/python.h>

#define CALL probe_ours
#include "call.h"
#include "exporter.h"

PyObject *probe_theirs(PyObject *module, PyObject *arguments);

/* The names can be used as addresses. */
static int (*const address)(PyObject *, const void **, Py_ssize_t *) = PyObject_AsReadBuffer;

static PyObject *probe_by_address(PyObject *module, PyObject *object)
{
    const void *pointer;
    Py_ssize_t length;
    (void)module;
    return address(object, &pointer, &length) < 0 ? NULL : PyBytes_FromStringAndSize(pointer, length);
}

/* The lengths of before Python 2.5. */
static PyObject *probe_int(PyObject *module, PyObject *object)
{
    const void *pointer;
    int length = -77;
    (void)module;
    if (bufproto_as_read_buffer_int(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), &pointer, &length) < 0) {
        return NULL;
    }
    return PyLong_FromLong(length);
}

static PyObject *probe_version(PyObject *module, PyObject *nothing)
{
    (void)module;
    (void)nothing;
    return Py_BuildValue("s", bufproto_version());
}

/* An exporter that does as it is told: Exporter(returns, raises, length, read_only). */
typedef struct {
    PyObject_HEAD
    int returns, raises, read_only, segments;
    Py_ssize_t length;
    char memory[8];
} Exporter;

#if PY_MAJOR_VERSION >= 3
static int exporter_get(PyObject *object, Py_buffer *view, int request)
{
    Exporter *self = (Exporter *)object;
    (void)request;
    if (self->raises) {
        PyErr_SetString(PyExc_ZeroDivisionError, "told to");
    }
    /* CheckReadBuffer releases the view after any answer but -1, so an owner must be there, or none. */
    memset(view, 0, sizeof *view);
    if (self->returns == 0 || self->returns == 1) {
        view->buf = self->length == 5 ? NULL : self->memory;
        view->len = self->length;
        view->readonly = self->read_only;
        view->itemsize = 1;
        view->ndim = 1;
        view->obj = self->returns == 0 ? object : NULL;
        Py_XINCREF(view->obj);
    }
    return self->returns;
}

static PyBufferProcs exporter_slots = {exporter_get, NULL};
#else
static Py_ssize_t exporter_segment(PyObject *object, Py_ssize_t index, void **pointer)
{
    Exporter *self = (Exporter *)object;
    (void)index;
    if (self->raises) {
        PyErr_SetString(PyExc_ZeroDivisionError, "told to");
    }
    if (self->returns < 0) {
        return self->returns;
    }
    *pointer = self->length == 5 ? NULL : self->memory;
    return self->length;
}

static Py_ssize_t exporter_count(PyObject *object, Py_ssize_t *total)
{
    Exporter *self = (Exporter *)object;
    if (self->read_only) {
        PyErr_SetString(PyExc_IndexError, "while counting");
    }
    if (total != NULL) {
        *total = self->length;
    }
    return self->segments;
}

static PyBufferProcs exporter_slots = {exporter_segment, exporter_segment, exporter_count,
                                       (charbufferproc)exporter_segment, NULL, NULL};
#endif

static PyObject *exporter_new(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    Exporter *self;
    int returns, raises, read_only, segments;
    Py_ssize_t length;
    (void)names;
    if (!PyArg_ParseTuple(arguments, "iinii", &returns, &raises, &length, &read_only, &segments)) {
        return NULL;
    }
    self = (Exporter *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->returns = returns;
        self->raises = raises;
        self->length = length;
        self->read_only = read_only;
        self->segments = segments;
    }
    return (PyObject *)self;
}

static PyTypeObject exporter_type = {PyVarObject_HEAD_INIT(NULL, 0) "probe.Exporter", sizeof(Exporter)};

static PyMethodDef methods[] = {
    {"ours", probe_ours, METH_VARARGS, NULL},
    {"theirs", probe_theirs, METH_VARARGS, NULL},
    {"by_address", probe_by_address, METH_O, NULL},
    {"int_length", probe_int, METH_O, NULL},
    {"version", probe_version, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int fill(PyObject *module)
{
    return add_exporter(module, &exporter_type, exporter_new, NULL, &exporter_slots);
}

#ifndef MODULE
#define MODULE probe
#endif
#define ADD_TYPES fill
#include "module.h"
