/* Memory that is held: by what the header does itself, by the library, and by the interpreter's own functions. Compiled as C
 * and as C++, as the module that MODULE names. For CPython 3. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <bufproto/convert.h>
#include <bufproto/scope.h>
#include <bufproto/view.h>

#include "exporter.h"

/* Calls, then tells where the memory is and what is in it. With FAIL, it leaves an exception instead. */
static PyObject *look(PyObject *callback, int fail, const void *memory, Py_ssize_t length)
{
    PyObject *answer = PyObject_CallFunctionObjArgs(callback, NULL);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    if (fail) {
        PyErr_SetString(PyExc_ZeroDivisionError, "of the caller");
        return NULL;
    }
    return Py_BuildValue("Nny#", PyLong_FromVoidPtr((void *)memory), length, (const char *)memory, length);
}

/* One of the functions that hand out memory, in the scope of the block where this stands. */
#define TAKE(access, object, memory, length) \
    ((access) == BUFPROTO_CHAR   ? PyObject_AsCharBuffer(object, (const char **)(memory), length) \
     : (access) == BUFPROTO_READ ? PyObject_AsReadBuffer(object, (const void **)(memory), length) \
                                 : PyObject_AsWriteBuffer(object, memory, length))

static PyObject *by_scope(PyObject *object, int access, PyObject *callback, int fail)
{
    void *memory;
    Py_ssize_t length;
    BUFPROTO_SCOPE_FOR(1);
    return TAKE(access, object, &memory, &length) < 0 ? NULL : look(callback, fail, memory, length);
}

/* As above, but begun, filled and ended by the library, by each as the bits say. */
static PyObject *by_library_scope(PyObject *object, int access, PyObject *callback, int fail, int library)
{
    bufproto_python_view views[2];
    bufproto_scope scope;
    PyObject *answer, *type, *value, *traceback;
    void *memory;
    Py_ssize_t length;
    int result;
    if (library & 1) {
        bufproto_scope_begin(&scope, BUFPROTO_PYTHON, views, 2);
    } else {
        bufproto_python_scope_begin(&scope, views, 2);
    }
    if (library & 2) {
        bufproto_get_buffer slot = BUFPROTO_SLOT(object);
        result = access == BUFPROTO_CHAR
                     ? bufproto_scope_as_char_buffer(&scope, object, slot, (const char **)&memory, &length)
                 : access == BUFPROTO_READ
                     ? bufproto_scope_as_read_buffer(&scope, object, slot, (const void **)&memory, &length)
                     : bufproto_scope_as_write_buffer(&scope, object, slot, &memory, &length);
    } else {
        BUFPROTO_SCOPE_OF(&scope);
        result = TAKE(access, object, &memory, &length);
    }
    answer = result < 0 ? NULL : look(callback, fail, memory, length);
    if (library & 4) {
        PyErr_Fetch(&type, &value, &traceback);
        bufproto_scope_end(&scope);
        PyErr_Restore(type, value, traceback);
    } else {
        bufproto_python_scope_end(&scope);
    }
    return answer;
}

static PyObject *by_argument(PyObject *object, int access, PyObject *callback, int fail)
{
    int (*const converter)(PyObject *, void *) = access == BUFPROTO_CHAR   ? bufproto_convert_char
                                                 : access == BUFPROTO_READ ? bufproto_convert_read
                                                                           : bufproto_convert_write;
    bufproto_buffer data = BUFPROTO_BUFFER;
    PyObject *arguments = PyTuple_Pack(1, object), *answer;
    const int parsed = PyArg_ParseTuple(arguments, "O&", converter, &data);
    Py_DECREF(arguments);
    if (!parsed) {
        return NULL;
    }
    answer = look(callback, fail, data.memory, data.length);
    bufproto_buffer_release(&data);
    bufproto_buffer_release(&data);
    return answer;
}

static PyObject *by_library_argument(PyObject *object, int access, PyObject *callback, int fail)
{
    bufproto_python_view view;
    PyObject *answer;
    void *memory;
    Py_ssize_t length;
    if (bufproto_argument(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), access, &view, &memory, &length) < 0) {
        return NULL;
    }
    answer = look(callback, fail, memory, length);
    bufproto_release(BUFPROTO_PYTHON, &view);
    return answer;
}

static PyObject *by_their_argument(PyObject *object, int access, PyObject *callback, int fail)
{
    Py_buffer view;
    PyObject *arguments = PyTuple_Pack(1, object), *answer;
    const int parsed = PyArg_ParseTuple(arguments, access == BUFPROTO_WRITE ? "w*" : "y*", &view);
    Py_DECREF(arguments);
    if (!parsed) {
        return NULL;
    }
    answer = look(callback, fail, view.buf, view.len);
    PyBuffer_Release(&view);
    return answer;
}

/* hold(way, access, [object], callback, fail): the list has perhaps the only reference, and the callback the list. */
static PyObject *hold(PyObject *module, PyObject *arguments)
{
    PyObject *owners, *callback, *object;
    int way, access, fail;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iiO!Oi", &way, &access, &PyList_Type, &owners, &callback, &fail)) {
        return NULL;
    }
    object = PyList_GET_ITEM(owners, 0);
    return way < 8    ? way == 0 ? by_scope(object, access, callback, fail)
                                 : by_library_scope(object, access, callback, fail, way)
           : way == 8 ? by_argument(object, access, callback, fail)
           : way == 9 ? by_library_argument(object, access, callback, fail)
                      : by_their_argument(object, access, callback, fail);
}

static PyObject *numbers(const Py_ssize_t *array, int count)
{
    PyObject *list;
    int index;
    if (array == NULL) {
        Py_RETURN_NONE;
    }
    list = PyList_New(0);
    for (index = 0; list != NULL && index < count; index++) {
        PyObject *number = PyLong_FromSsize_t(array[index]);
        PyList_Append(list, number);
        Py_DECREF(number);
    }
    return list;
}

/* view(way, request, object): what the exporter filled in. */
static PyObject *view(PyObject *module, PyObject *arguments)
{
    PyObject *object, *answer;
    Py_buffer held;
    int way, request, result;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iiO", &way, &request, &object)) {
        return NULL;
    }
    memset(&held, 0xAA, sizeof held);
    result = way == 0   ? bufproto_python_acquire(object, &held, request)
             : way == 1 ? bufproto_acquire(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), &held, request)
                        : PyObject_GetBuffer(object, &held, request);
    if (result < 0) {
        return NULL;
    }
    answer = Py_BuildValue("NOnniizNNN", PyLong_FromVoidPtr(held.buf), held.obj == NULL ? Py_None : held.obj, held.len,
                           held.itemsize, held.readonly, held.ndim, held.format, numbers(held.shape, held.ndim),
                           numbers(held.strides, held.ndim), numbers(held.suboffsets, held.ndim));
    if (way == 0) {
        bufproto_python_release(&held);
        bufproto_python_release(&held);
    } else if (way == 1) {
        bufproto_release(BUFPROTO_PYTHON, &held);
    } else {
        PyBuffer_Release(&held);
    }
    return answer;
}

/* The scope that many() is in. */
static const bufproto_scope *current = NULL;

/* many(objects, callback): takes all of them in one scope, and tells their memory after the callback. */
static PyObject *many(PyObject *module, PyObject *arguments)
{
    PyObject *objects, *callback, *answer;
    const void *memory[64];
    Py_ssize_t length[64], index;
    BUFPROTO_SCOPE_FOR(3);
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O", &PyList_Type, &objects, &callback)) {
        return NULL;
    }
    current = BUFPROTO_SCOPE_HERE;
    for (index = 0; index < PyList_GET_SIZE(objects) && index < 64; index++) {
        if (PyObject_AsReadBuffer(PyList_GET_ITEM(objects, index), &memory[index], &length[index]) < 0) {
            return NULL;
        }
    }
    answer = PyObject_CallFunctionObjArgs(callback, NULL);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    answer = PyList_New(0);
    for (index = 0; answer != NULL && index < PyList_GET_SIZE(objects) && index < 64; index++) {
        PyObject *bytes = PyBytes_FromStringAndSize((const char *)memory[index], length[index]);
        PyList_Append(answer, bytes);
        Py_DECREF(bytes);
    }
    return answer;
}

/* again(object, ...): takes them in the scope that many() is in, while that asks an exporter. */
static PyObject *again(PyObject *module, PyObject *objects)
{
    Py_ssize_t index, total = 0;
    BUFPROTO_SCOPE_OF(current);
    (void)module;
    for (index = 0; index < PyTuple_GET_SIZE(objects); index++) {
        const void *memory;
        Py_ssize_t length;
        if (PyObject_AsReadBuffer(PyTuple_GET_ITEM(objects, index), &memory, &length) < 0) {
            return NULL;
        }
        total += length;
    }
    return PyLong_FromSsize_t(total);
}

/* Exporter(name, log, call, answer): asked for a view, it calls, and answers with one of these, or fails with any other number.
 * When a view ends, it writes its name to the log. */
enum {
    PLAIN,
    /* Names no owner. */
    OWNERLESS,
    /* Raises when a view ends. */
    RAISES,
    /* Tells of gaps between the items, or of none, asked or not. */
    GAPS,
    STRIDES,
    /* Fills in nothing. */
    NOTHING
};

typedef struct {
    PyObject_HEAD
    PyObject *name, *log, *call;
    int answer;
} Exporter;

static PyObject *exporter_new(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    Exporter *self = (Exporter *)type->tp_alloc(type, 0);
    (void)names;
    if (self == NULL || !PyArg_ParseTuple(arguments, "OOOi", &self->name, &self->log, &self->call, &self->answer)) {
        return NULL;
    }
    Py_INCREF(self->name);
    Py_INCREF(self->log);
    Py_INCREF(self->call);
    return (PyObject *)self;
}

static void exporter_free(PyObject *object)
{
    Exporter *self = (Exporter *)object;
    Py_DECREF(self->name);
    Py_DECREF(self->log);
    Py_DECREF(self->call);
    Py_TYPE(object)->tp_free(object);
}

static int exporter_get(PyObject *object, Py_buffer *view, int request)
{
    Exporter *self = (Exporter *)object;
    if (self->call != Py_None) {
        PyObject *answer = PyObject_CallFunctionObjArgs(self->call, NULL);
        if (answer == NULL) {
            return -1;
        }
        Py_DECREF(answer);
    }
    if (self->answer < PLAIN || self->answer > NOTHING) {
        PyErr_SetString(PyExc_ValueError, "of the exporter");
        view->obj = object;
        return self->answer;
    }
    if (self->answer == NOTHING) {
        return 0;
    }
    if (PyBuffer_FillInfo(view, self->answer == OWNERLESS ? NULL : object, (void *)"exported", 8, 0, request) < 0) {
        return -1;
    }
    if (self->answer == GAPS || self->answer == STRIDES) {
        static Py_ssize_t shapes[] = {4, 8}, strides[] = {2, 1};
        view->shape = &shapes[self->answer - GAPS];
        view->strides = &strides[self->answer - GAPS];
        view->len = *view->shape;
    }
    return 0;
}

static void exporter_release(PyObject *object, Py_buffer *view)
{
    Exporter *self = (Exporter *)object;
    (void)view;
    PyList_Append(self->log, self->name);
    if (self->answer == RAISES) {
        PyErr_SetString(PyExc_KeyError, "while releasing");
    }
}

static PyBufferProcs exporter_slots = {exporter_get, exporter_release};
static PyTypeObject exporter_type = {PyVarObject_HEAD_INIT(NULL, 0) "held.Exporter", sizeof(Exporter)};

static int add_types(PyObject *module)
{
    return add_exporter(module, &exporter_type, exporter_new, exporter_free, &exporter_slots);
}
#define ADD_TYPES add_types

static PyMethodDef methods[] = {
    {"hold", hold, METH_VARARGS, NULL},
    {"view", view, METH_VARARGS, NULL},
    {"many", many, METH_VARARGS, NULL},
    {"again", again, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#include "module.h"
