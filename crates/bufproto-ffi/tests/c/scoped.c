/* Scopes: written once, compiled as C and as C++, as the module that MODULE names. Each function takes data and a callable that runs while the pointer into
 * the data is held, and tells what it saw. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <bufproto/scope.h>

#define CALL(callback) PyObject_CallFunctionObjArgs(callback, NULL)

/* The bug: nothing keeps the memory while the callback runs. */
static PyObject *unscoped(PyObject *module, PyObject *arguments)
{
    PyObject *data, *callback, *answer;
    const void *bytes;
    Py_ssize_t length;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &data, &callback)) {
        return NULL;
    }
    if (PyObject_AsReadBuffer(data, &bytes, &length) < 0) {
        return NULL;
    }
    answer = CALL(callback);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    /* Reading it now would be the bug; tell where it was. */
    return PyLong_FromVoidPtr((void *)bytes);
}

/* The cure: one line. */
static PyObject *scoped(PyObject *module, PyObject *arguments)
{
    PyObject *data, *callback, *answer;
    const void *bytes;
    Py_ssize_t length;
    BUFPROTO_SCOPE();
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &data, &callback)) {
        return NULL;
    }
    if (PyObject_AsReadBuffer(data, &bytes, &length) < 0) {
        return NULL;
    }
    answer = CALL(callback);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    return PyBytes_FromStringAndSize((const char *)bytes, length);
}

/* All three functions, and as many calls as the data has items; the scope takes four. */
static PyObject *many(PyObject *module, PyObject *arguments)
{
    PyObject *list, *callback, *answer;
    Py_ssize_t index;
    BUFPROTO_SCOPE_FOR(4);
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &list, &callback)) {
        return NULL;
    }
    for (index = 0; index < PyList_Size(list); index++) {
        PyObject *data = PyList_GetItem(list, index);
        const char *characters;
        const void *bytes;
        void *memory;
        Py_ssize_t length;
        int result = index % 3 == 0   ? PyObject_AsCharBuffer(data, &characters, &length)
                     : index % 3 == 1 ? PyObject_AsReadBuffer(data, &bytes, &length)
                                      : PyObject_AsWriteBuffer(data, &memory, &length);
        if (result < 0) {
            return NULL;
        }
    }
    answer = CALL(callback);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    return PyLong_FromLong((long)bufproto_scope_room(BUFPROTO_SCOPE_HERE));
}

/* A helper that takes its caller's scope. */
static int locate(const bufproto_scope *scope, PyObject *data, const void **bytes, Py_ssize_t *length)
{
    BUFPROTO_SCOPE_OF(scope);
    return PyObject_AsReadBuffer(data, bytes, length);
}

/* An address is that of the function without a scope, in files with scopes too. */
static PyObject *by_address(PyObject *module, PyObject *data)
{
    int (*const function)(PyObject *, const void **, Py_ssize_t *) = PyObject_AsReadBuffer;
    const void *bytes;
    Py_ssize_t length;
    (void)module;
    return function(data, &bytes, &length) < 0 ? NULL : PyLong_FromSsize_t(length);
}

/* A scope that has ended is refused, with an exception. */
static PyObject *ended(PyObject *module, PyObject *data)
{
    const void *bytes;
    Py_ssize_t length;
    bufproto_python_view views[1];
    bufproto_scope scope;
    (void)module;
    if (bufproto_python_scope_begin(&scope, views, 1) < 0) {
        return NULL;
    }
    bufproto_python_scope_end(&scope);
    {
        BUFPROTO_SCOPE_OF(&scope);
        if (PyObject_AsReadBuffer(data, &bytes, &length) < 0) {
            return NULL;
        }
    }
    return PyLong_FromSsize_t(length);
}

/* Scopes in scopes: the inner one ends with its block, the outer one stays, also through a helper. */
static PyObject *nested(PyObject *module, PyObject *arguments)
{
    PyObject *outer, *inner, *callback, *answer;
    const void *bytes;
    Py_ssize_t length;
    int turn;
    BUFPROTO_SCOPE();
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOO", &outer, &inner, &callback)) {
        return NULL;
    }
    if (locate(BUFPROTO_SCOPE_HERE, outer, &bytes, &length) < 0) {
        return NULL;
    }
    for (turn = 0; turn < 20; turn++) {
        const void *more;
        Py_ssize_t size;
        BUFPROTO_SCOPE_FOR(1);
        if (PyObject_AsReadBuffer(inner, &more, &size) < 0) {
            return NULL;
        }
        if (turn % 2 == 0) {
            continue;
        }
        if (turn == 19) {
            goto done;
        }
    }
done:
    answer = CALL(callback);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    return PyBytes_FromStringAndSize((const char *)bytes, length);
}

/* An exception that is pending when the scope ends is the caller's. */
static PyObject *failing(PyObject *module, PyObject *data)
{
    const void *bytes;
    Py_ssize_t length;
    BUFPROTO_SCOPE();
    (void)module;
    if (PyObject_AsReadBuffer(data, &bytes, &length) == 0) {
        PyErr_SetString(PyExc_ZeroDivisionError, "of the caller");
    }
    return NULL;
}

#ifdef __cplusplus
static void throwing(PyObject *data)
{
    const void *bytes;
    Py_ssize_t length;
    BUFPROTO_SCOPE();
    if (PyObject_AsReadBuffer(data, &bytes, &length) == 0) {
        throw 7;
    }
}

static PyObject *thrown(PyObject *module, PyObject *data)
{
    (void)module;
    try {
        throwing(data);
    } catch (int number) {
        return PyLong_FromLong(number);
    }
    return NULL;
}
#endif

#if PY_MAJOR_VERSION >= 3 && !defined(Py_LIMITED_API) && !defined(__cplusplus)
#include "exporter.h"

/* An exporter that raises when it is told that a view ends. */
static int raising_get(PyObject *object, Py_buffer *view, int request)
{
    return PyBuffer_FillInfo(view, object, (void *)"lent", 4, 1, request);
}

static void raising_release(PyObject *object, Py_buffer *view)
{
    (void)object;
    (void)view;
    PyErr_SetString(PyExc_ZeroDivisionError, "while releasing");
}

static PyBufferProcs raising_slots = {raising_get, raising_release};
static PyTypeObject raising_type = {PyVarObject_HEAD_INIT(NULL, 0) "scoped.RaisesOnRelease", sizeof(PyObject)};

static int add_types(PyObject *module)
{
    return add_exporter(module, &raising_type, PyType_GenericNew, NULL, &raising_slots);
}
#define ADD_TYPES add_types
#endif

static PyMethodDef methods[] = {
    {"unscoped", unscoped, METH_VARARGS, NULL},
    {"scoped", scoped, METH_VARARGS, NULL},
    {"many", many, METH_VARARGS, NULL},
    {"nested", nested, METH_VARARGS, NULL},
    {"failing", failing, METH_O, NULL},
    {"by_address", by_address, METH_O, NULL},
    {"ended", ended, METH_O, NULL},
#ifdef __cplusplus
    {"thrown", thrown, METH_O, NULL},
#endif
    {NULL, NULL, 0, NULL},
};

#include "module.h"
