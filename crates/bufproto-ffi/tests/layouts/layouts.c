/* What the interpreter says of the layout of a view, and what the library says of the same view. Each function takes a number
 * first: 0 to ask the interpreter, 1 to ask the library. And an exporter that takes any layout, since the interpreter's own
 * test exporter has one level of pointers, and Python 2 has none. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <bufproto/python.h>
#include <bufproto/scope.h>
#include <bufproto/view.h>

#include "../c/exporter.h"

/* The most dimensions that a view may have. */
#define DIMENSIONS 64

/* A view, and who gave it. */
typedef struct {
    int ours;
    Py_buffer view;
    Py_ssize_t shape[1], strides[DIMENSIONS];
} Held;

static int hold(Held *held, int ours, PyObject *object, int request)
{
    held->ours = ours;
    return ours ? bufproto_python_acquire(object, &held->view, request)
                : PyObject_GetBuffer(object, &held->view, request);
}

static void let_go(Held *held)
{
    if (held->ours) {
        bufproto_python_release(&held->view);
    } else {
        PyBuffer_Release(&held->view);
    }
}

/* The interpreter's PyBuffer_GetPointer and PyBuffer_FromContiguous, and all of them in Python 2, read strides whether they are stated or not, so for them
 * they are stated: those in the order of C. Returns a view that is not to be released. */
static Py_buffer stated(Held *held)
{
    Py_buffer view = held->view;
    if (view.shape == NULL && view.ndim != 0) {
        held->shape[0] = view.len / view.itemsize;
        view.shape = held->shape;
    }
    if (view.strides == NULL && view.ndim != 0) {
        Py_ssize_t distance = view.itemsize;
        int dimension = view.ndim;
        while (dimension-- > 0) {
            held->strides[dimension] = distance;
            distance *= view.shape[dimension];
        }
        view.strides = held->strides;
    }
    return view;
}

/* contiguous(ours, object): in the order of C, of Fortran, in either. */
static PyObject *contiguous(PyObject *module, PyObject *arguments)
{
    int ours, answers[3], order;
    PyObject *object;
    Held held;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iO", &ours, &object) || hold(&held, ours, object, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    for (order = 0; order < 3; order++) {
        answers[order] =
            ours ? bufproto_is_contiguous(&held.view, "CFA"[order]) : PyBuffer_IsContiguous(&held.view, "CFA"[order]);
    }
    let_go(&held);
    return Py_BuildValue("iii", answers[0], answers[1], answers[2]);
}

/* Reads the entries of a sequence; their number, or -1 with an exception set. */
static Py_ssize_t read_entries(PyObject *sequence, Py_ssize_t *entries)
{
    Py_ssize_t count = PySequence_Size(sequence), index;
    if (count > DIMENSIONS) {
        PyErr_SetString(PyExc_ValueError, "too many entries");
        return -1;
    }
    for (index = 0; index < count; index++) {
        PyObject *entry = PySequence_GetItem(sequence, index);
        if (entry == NULL) {
            return -1;
        }
        entries[index] = PyNumber_AsSsize_t(entry, PyExc_OverflowError);
        Py_DECREF(entry);
        if (entries[index] == -1 && PyErr_Occurred()) {
            return -1;
        }
    }
    return count;
}

/* addresses(ours, object, [indices...]): where the items are. */
static PyObject *addresses(PyObject *module, PyObject *arguments)
{
    Py_ssize_t entries[DIMENSIONS], count, index;
    int ours;
    PyObject *object, *items, *answer;
    Held held;
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iOO!", &ours, &object, &PyList_Type, &items) ||
        hold(&held, ours, object, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    view = stated(&held);
    count = PyList_Size(items);
    answer = PyList_New(count);
    for (index = 0; answer != NULL && index < count; index++) {
        PyObject *address = NULL;
        void *place;
        if (read_entries(PyList_GetItem(items, index), entries) == held.view.ndim) {
            place = ours ? bufproto_python_item(&held.view, entries) : PyBuffer_GetPointer(&view, entries);
            address = ours && place == NULL ? NULL : PyLong_FromVoidPtr(place);
        } else if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "not an index for each dimension");
        }
        if (address == NULL || PyList_SetItem(answer, index, address) < 0) {
            Py_CLEAR(answer);
        }
    }
    let_go(&held);
    return answer;
}

/* copy_out(ours, object, order): the items side by side. */
static PyObject *copy_out(PyObject *module, PyObject *arguments)
{
    int ours, failed;
    char order;
    const char *letter;
    PyObject *object, *answer;
    Held held;
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iOs", &ours, &object, &letter) || hold(&held, ours, object, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    view = PY_MAJOR_VERSION < 3 ? stated(&held) : held.view;
    order = *letter;
    answer = PyBytes_FromStringAndSize(NULL, held.view.len);
    if (answer != NULL) {
        char *into = PyBytes_AsString(answer);
        memset(into, 0, (size_t)held.view.len);
        failed = ours ? bufproto_python_copy_out(&held.view, into, held.view.len, order)
                      : PyBuffer_ToContiguous(into, &view, view.len, order);
        if (failed) {
            Py_CLEAR(answer);
        }
    }
    let_go(&held);
    return answer;
}

/* copy_in(ours, object, order, bytes): the items are what the bytes say. */
static PyObject *copy_in(PyObject *module, PyObject *arguments)
{
    int ours, failed;
    const char *letter;
    char *bytes;
    Py_ssize_t length;
    PyObject *object, *content;
    Held held;
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iOsO!", &ours, &object, &letter, &PyBytes_Type, &content) ||
        PyBytes_AsStringAndSize(content, &bytes, &length) < 0 || hold(&held, ours, object, PyBUF_FULL) < 0) {
        return NULL;
    }
    view = stated(&held);
    failed = ours ? bufproto_python_copy_in(&held.view, bytes, length, *letter)
                  : PyBuffer_FromContiguous(&view, bytes, length, *letter);
    let_go(&held);
    if (failed) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* fields(object): ndim, itemsize, len, and whether there are suboffsets. */
static PyObject *fields(PyObject *module, PyObject *object)
{
    Py_buffer view;
    PyObject *answer;
    (void)module;
    if (PyObject_GetBuffer(object, &view, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    answer = Py_BuildValue("innO", view.ndim, view.itemsize, view.len, view.suboffsets ? Py_True : Py_False);
    PyBuffer_Release(&view);
    return answer;
}

/* peek([addresses...], length): what is there now. */
static PyObject *peek(PyObject *module, PyObject *arguments)
{
    Py_ssize_t length, count, index;
    PyObject *places, *answer;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!n", &PyList_Type, &places, &length)) {
        return NULL;
    }
    count = PyList_Size(places);
    answer = PyBytes_FromStringAndSize(NULL, count * length);
    for (index = 0; answer != NULL && index < count; index++) {
        const void *place = PyLong_AsVoidPtr(PyList_GetItem(places, index));
        if (place == NULL && PyErr_Occurred()) {
            Py_CLEAR(answer);
        } else {
            memcpy(PyBytes_AsString(answer) + index * length, place, (size_t)length);
        }
    }
    return answer;
}

/* An exporter that gives every request the same view: Structure(address, item size, length, shape, strides, suboffsets).
 * Whoever makes one keeps the memory. None for what is not stated. */
typedef struct {
    PyObject_HEAD
    void *memory;
    Py_ssize_t item_size, length, dimensions;
    int stated[3];
    Py_ssize_t entries[3][DIMENSIONS];
} Structure;

static PyObject *structure_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    Structure *self;
    PyObject *address, *given[3];
    Py_ssize_t count;
    int array;
    (void)keywords;
    self = (Structure *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    if (!PyArg_ParseTuple(arguments, "OnnOOO", &address, &self->item_size, &self->length, &given[0], &given[1],
                          &given[2])) {
        goto failed;
    }
    self->memory = PyLong_AsVoidPtr(address);
    if (PyErr_Occurred()) {
        goto failed;
    }
    self->dimensions = 1;
    for (array = 0; array < 3; array++) {
        self->stated[array] = given[array] != Py_None;
        if (self->stated[array]) {
            count = read_entries(given[array], self->entries[array]);
            if (count >= 0 && array > 0 && count != self->dimensions) {
                PyErr_SetString(PyExc_ValueError, "not an entry for each dimension");
            }
            if (PyErr_Occurred()) {
                goto failed;
            }
            self->dimensions = count;
        }
    }
    return (PyObject *)self;
failed:
    Py_DECREF(self);
    return NULL;
}

static void structure_free(PyObject *object)
{
    Py_TYPE(object)->tp_free(object);
}

static int structure_get(PyObject *object, Py_buffer *view, int request)
{
    Structure *self = (Structure *)object;
    (void)request;
    memset(view, 0, sizeof *view);
    view->buf = self->memory;
    view->len = self->length;
    view->itemsize = self->item_size;
    view->ndim = (int)self->dimensions;
    view->shape = self->stated[0] && self->dimensions ? self->entries[0] : NULL;
    view->strides = self->stated[1] && self->dimensions ? self->entries[1] : NULL;
    view->suboffsets = self->stated[2] && self->dimensions ? self->entries[2] : NULL;
    Py_INCREF(object);
    view->obj = object;
    return 0;
}

static PyBufferProcs structure_slots;

static PyTypeObject structure_type = {PyVarObject_HEAD_INIT(NULL, 0) "layouts.Structure", sizeof(Structure)};

static int fill(PyObject *module)
{
    structure_slots.bf_getbuffer = structure_get;
    return add_exporter(module, &structure_type, structure_new, structure_free, &structure_slots);
}

static PyMethodDef methods[] = {
    {"contiguous", contiguous, METH_VARARGS, NULL},
    {"addresses", addresses, METH_VARARGS, NULL},
    {"copy_out", copy_out, METH_VARARGS, NULL},
    {"copy_in", copy_in, METH_VARARGS, NULL},
    {"fields", fields, METH_O, NULL},
    {"peek", peek, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#define MODULE layouts
#define MODULE_WITHOUT_GIL
#define ADD_TYPES fill
#include "../c/module.h"
