/* What the C face offers beyond the four functions: views, converters, the thread's scope, rules, and the exporter's side.
 * Compiled as C and as C++, and under the limited API, as the module that MODULE names. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <bufproto/convert.h>
#include <bufproto/thread_scope.h>
#include <bufproto/view.h>

#include "helper.h"

/* PyBUF_FULL_RO and PyBUF_FULL, which older limited APIs hide. */
#define FULL_RO (0x100 | 0x18 | 0x4)
#define FULL (FULL_RO | 0x1)

/* item(object, index, ...): the bytes of one item. */
static PyObject *item(PyObject *module, PyObject *arguments)
{
    Py_ssize_t indices[64], dimension, count = PyTuple_Size(arguments) - 1;
    bufproto_python_view view;
    PyObject *answer = NULL;
    void *pointer;
    (void)module;
    for (dimension = 0; dimension < count; dimension++) {
        indices[dimension] = PyNumber_AsSsize_t(PyTuple_GetItem(arguments, dimension + 1), NULL);
    }
    if (PyErr_Occurred() || bufproto_python_acquire(PyTuple_GetItem(arguments, 0), &view, FULL_RO) < 0) {
        return NULL;
    }
    pointer = bufproto_python_item(&view, indices);
    if (pointer != NULL) {
        answer = PyBytes_FromStringAndSize((const char *)pointer, view.itemsize);
    }
    bufproto_python_release(&view);
    return answer;
}

/* contiguous(object, order) */
static PyObject *contiguous(PyObject *module, PyObject *arguments)
{
    bufproto_python_view view;
    PyObject *object;
    const char *order;
    int answer;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Os", &object, &order) || bufproto_python_acquire(object, &view, FULL_RO) < 0) {
        return NULL;
    }
    answer = bufproto_is_contiguous(&view, order[0]);
    bufproto_python_release(&view);
    return PyBool_FromLong(answer);
}

/* copy_out(object, order, more): its items as bytes; the length is wrong by more. */
static PyObject *copy_out(PyObject *module, PyObject *arguments)
{
    const void *held;
    PyObject *object, *answer;
    const char *order;
    int more;
    BUFPROTO_SCOPE();
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Osi", &object, &order, &more)) {
        return NULL;
    }
    held = bufproto_python_scope_acquire(BUFPROTO_SCOPE_HERE, object, FULL_RO);
    if (held == NULL) {
        return NULL;
    }
    {
        const bufproto_python_view *view = (const bufproto_python_view *)held;
        answer = PyBytes_FromStringAndSize(NULL, view->len + more);
        if (answer != NULL && bufproto_python_copy_out(view, PyBytes_AsString(answer), view->len + more, order[0]) < 0) {
            Py_DECREF(answer);
            answer = NULL;
        }
    }
    return answer;
}

/* copy_in(object, bytes, order) */
static PyObject *copy_in(PyObject *module, PyObject *arguments)
{
    bufproto_python_view view;
    PyObject *object;
    bufproto_buffer bytes = BUFPROTO_BUFFER;
    const char *order;
    int result;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO&s", &object, bufproto_convert_read, &bytes, &order)) {
        bufproto_buffer_release(&bytes);
        return NULL;
    }
    result = bufproto_python_acquire(object, &view, FULL_RO);
    if (result == 0) {
        result = bufproto_python_copy_in(&view, bytes.memory, bytes.length, order[0]);
        bufproto_python_release(&view);
    }
    bufproto_buffer_release(&bytes);
    return result < 0 ? NULL : Py_BuildValue("");
}

/* copy(from, to) */
static PyObject *copy(PyObject *module, PyObject *arguments)
{
    bufproto_python_view from, to;
    PyObject *source, *target;
    int result;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &source, &target) || bufproto_python_acquire(source, &from, FULL_RO) < 0) {
        return NULL;
    }
    result = bufproto_python_acquire(target, &to, FULL_RO);
    if (result == 0) {
        result = bufproto_python_copy(&from, &to);
        bufproto_python_release(&to);
    }
    bufproto_python_release(&from);
    return result < 0 ? NULL : Py_BuildValue("");
}

/* convert(how, object, callback, number): the memory as it is after the callback. The number comes last, so that a wrong one
 * fails when the memory is already held. */
static PyObject *convert(PyObject *module, PyObject *arguments)
{
    bufproto_buffer data = BUFPROTO_BUFFER;
    PyObject *callback, *answer;
    const char *how = PyBytes_AsString(PyTuple_GetItem(arguments, 0));
    const char *ignored;
    int number;
    int (*const converter)(PyObject *, void *) = how == NULL      ? NULL
                                                 : how[0] == 'r' ? bufproto_convert_read
                                                 : how[0] == 'c' ? bufproto_convert_char
                                                                 : bufproto_convert_write;
    (void)module;
    if (converter == NULL) {
        return NULL;
    }
    if (!PyArg_ParseTuple(arguments, PY_MAJOR_VERSION < 3 ? "sO&Oi" : "yO&Oi", &ignored, converter, &data, &callback,
                          &number)) {
        bufproto_buffer_release(&data);
        return NULL;
    }
    answer = PyObject_CallFunctionObjArgs(callback, NULL);
    if (answer != NULL) {
        Py_DECREF(answer);
        answer = PyBytes_FromStringAndSize((const char *)data.memory, data.length);
    }
    bufproto_buffer_release(&data);
    bufproto_buffer_release(&data);
    return answer;
}

/* with_thread(object, callback): the helper in the other file takes the memory, which stays while the callback runs. */
static PyObject *with_thread(PyObject *module, PyObject *arguments)
{
    PyObject *object, *callback, *answer;
    const void *bytes;
    Py_ssize_t length;
    int turn;
    BUFPROTO_THREAD_SCOPE();
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &object, &callback) || helper(object, &bytes, &length) < 0) {
        return NULL;
    }
    for (turn = 0; turn < 20; turn++) {
        BUFPROTO_THREAD_SCOPE_FOR(1);
        if (helper(object, &bytes, &length) < 0) {
            return NULL;
        }
        if (turn == 10) {
            break;
        }
    }
    answer = PyObject_CallFunctionObjArgs(callback, NULL);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    return PyBytes_FromStringAndSize((const char *)bytes, length);
}

/* The helper where no scope is. */
static PyObject *without_thread(PyObject *module, PyObject *object)
{
    const void *bytes;
    Py_ssize_t length;
    (void)module;
    return helper(object, &bytes, &length) < 0 ? NULL : PyLong_FromSsize_t(length);
}

/* refuse(rule, object or None for nobody) */
static PyObject *refuse(PyObject *module, PyObject *arguments)
{
    PyObject *object;
    int rule;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iO", &rule, &object)) {
        return NULL;
    }
    bufproto_raise(BUFPROTO_PYTHON, rule, object == Py_None ? NULL : object);
    return NULL;
}

#if PY_MAJOR_VERSION >= 3 && !defined(Py_LIMITED_API) && !defined(__cplusplus)
#include "exporter.h"

/* An exporter whose views are filled by the library: six items of two bytes, in two rows, the columns apart. */
static short items[12] = {0, -1, 1, -1, 2, -1, 3, -1, 4, -1, 5, -1};
static const ptrdiff_t shape[] = {2, 3}, strides[] = {12, 4};

static int get_strided(PyObject *object, Py_buffer *view, int request)
{
    const bufproto_memory memory = {items, 2, "h", 2, 1, shape, strides, NULL};
    return bufproto_fill(BUFPROTO_PYTHON, view, object, &memory, request);
}

static int get_block(PyObject *object, Py_buffer *view, int request)
{
    return bufproto_fill_info(BUFPROTO_PYTHON, view, object, items, sizeof items, 1, request);
}

static PyBufferProcs strided_slots = {get_strided, NULL}, block_slots = {get_block, NULL};
static PyTypeObject strided_type = {PyVarObject_HEAD_INIT(NULL, 0) "more.Strided", sizeof(PyObject)};
static PyTypeObject block_type = {PyVarObject_HEAD_INIT(NULL, 0) "more.Block", sizeof(PyObject)};

static int add_types(PyObject *module)
{
    return add_exporter(module, &strided_type, PyType_GenericNew, NULL, &strided_slots) < 0
               ? -1
               : add_exporter(module, &block_type, PyType_GenericNew, NULL, &block_slots);
}
#define ADD_TYPES add_types
#endif

static PyMethodDef methods[] = {
    {"item", item, METH_VARARGS, NULL},
    {"contiguous", contiguous, METH_VARARGS, NULL},
    {"copy_out", copy_out, METH_VARARGS, NULL},
    {"copy_in", copy_in, METH_VARARGS, NULL},
    {"copy", copy, METH_VARARGS, NULL},
    {"convert", convert, METH_VARARGS, NULL},
    {"with_thread", with_thread, METH_VARARGS, NULL},
    {"without_thread", without_thread, METH_O, NULL},
    {"refuse", refuse, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#include "module.h"
