/* Exporters that break the protocol, each in its own way, and everything of ours that asks them. For Python 2.7 and 3.6 and
 * later. `cases.py` says what each of them must come to. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <string.h>

#define BUFPROTO_REPLACE
#include <bufproto/convert.h>
#include <bufproto/python.h>
#include <bufproto/scope.h>
#include <bufproto/view.h>

#include "../c/exporter.h"

#define FULL_RO (0x100 | 0x18 | 0x4)

/* What an exporter does. */
#define TRICKS(TRICK) \
    TRICK(honest) \
    TRICK(negative_length) \
    TRICK(null_memory) \
    TRICK(untouched_view) \
    TRICK(dimensions_65) \
    TRICK(dimensions_negative) \
    TRICK(dimensions_most) \
    TRICK(shape_missing) \
    TRICK(shape_negative) \
    TRICK(shape_overflows) \
    TRICK(length_lies) \
    TRICK(strides_overflow) \
    TRICK(strides_nowhere) \
    TRICK(suboffsets_nowhere) \
    TRICK(item_size_negative) \
    TRICK(item_size_zero) \
    TRICK(format_broken) \
    TRICK(format_of_another_size) \
    TRICK(read_only_when_asked_to_write) \
    TRICK(owner_other) \
    TRICK(owner_missing) \
    TRICK(owner_named_on_failure) \
    TRICK(succeeds_and_raises) \
    TRICK(fails_silently) \
    TRICK(returns_7) \
    TRICK(calls) \
    TRICK(release_raises) \
    TRICK(release_clears) \
    TRICK(release_calls)

enum trick {
#define NUMBER(name) trick_##name,
    TRICKS(NUMBER) number_of_tricks
};

static const char *const names[] = {
#define NAME(name) #name,
    TRICKS(NAME)
};

static char memory[64] = "0123456789abcdef0123456789abcdef";
#define LENGTH 32

/* Hostile(trick, call=None), and counts() tells how many views were granted and given back. */
typedef struct {
    PyObject_HEAD
    int trick;
    PyObject *call;
    long granted, released;
} Hostile;

/* Threads count at the same time where there is no lock. */
#define COUNT(counter, more) ((void)__atomic_fetch_add(&(counter), more, __ATOMIC_RELAXED))

static int call(Hostile *self)
{
    PyObject *answer = PyObject_CallFunctionObjArgs(self->call, NULL);
    Py_XDECREF(answer);
    return answer == NULL ? -1 : 0;
}

static Py_ssize_t ones[65], two_rows[2] = {2, 16}, far[2] = {(Py_ssize_t)1 << 40, 1}, pointers[2] = {sizeof(void *), 1};
static Py_ssize_t first_is_pointers[2] = {0, -1}, minus_four[1] = {-4}, three[1] = {3}, one[1] = {1};
static Py_ssize_t largest[2] = {PY_SSIZE_T_MAX, PY_SSIZE_T_MAX}, lowest[1] = {PY_SSIZE_T_MIN}, all[1] = {LENGTH};

static void shape(Py_buffer *view, int ndim, Py_ssize_t *extents, Py_ssize_t *strides)
{
    view->ndim = ndim;
    view->shape = extents;
    view->strides = strides;
}

static int hostile_get(PyObject *object, Py_buffer *view, int request)
{
    Hostile *self = (Hostile *)object;
    (void)request;
    if (self->trick == trick_calls) {
        /* It may drop the last other reference to this exporter. */
        int failed;
        Py_INCREF(object);
        failed = call(self);
        if (failed) {
            Py_DECREF(object);
            return -1;
        }
        Py_DECREF(object);
    }
    switch (self->trick) {
    case trick_untouched_view:
        COUNT(self->granted, 1);
        return 0;
    case trick_fails_silently:
        return -1;
    case trick_returns_7:
        return 7;
    default:
        break;
    }
    memset(view, 0, sizeof *view);
    view->buf = memory;
    view->len = LENGTH;
    view->itemsize = 1;
    view->format = (char *)"B";
    shape(view, 1, all, one);
    switch (self->trick) {
    case trick_negative_length: view->len = -1; break;
    case trick_null_memory: view->buf = NULL; break;
    case trick_dimensions_65: shape(view, 65, ones, ones); view->len = 1; break;
    case trick_dimensions_negative: view->ndim = -1; break;
    case trick_dimensions_most: view->ndim = INT_MAX; break;
    case trick_shape_missing: shape(view, 2, NULL, NULL); break;
    case trick_shape_negative: view->shape = minus_four; break;
    case trick_shape_overflows: shape(view, 2, largest, two_rows); break;
    case trick_length_lies: view->len = (Py_ssize_t)1 << 30; break;
    case trick_strides_overflow: shape(view, 1, three, lowest); view->len = 3; break;
    case trick_strides_nowhere: shape(view, 2, two_rows, far); break;
    case trick_suboffsets_nowhere:
        shape(view, 2, two_rows, pointers);
        view->suboffsets = first_is_pointers;
        break;
    case trick_item_size_negative: view->itemsize = -1; break;
    case trick_item_size_zero: view->itemsize = 0; break;
    case trick_format_broken: view->format = (char *)"T{i:"; break;
    case trick_format_of_another_size: view->format = (char *)"d"; break;
    case trick_read_only_when_asked_to_write: view->readonly = 1; break;
    default: break;
    }
    if (self->trick == trick_owner_named_on_failure) {
        PyErr_SetString(PyExc_ZeroDivisionError, "told to");
        view->obj = object;
        return -1;
    }
    if (self->trick == trick_succeeds_and_raises) {
        PyErr_SetString(PyExc_ZeroDivisionError, "told to");
    }
    view->obj = self->trick == trick_owner_missing ? NULL : self->trick == trick_owner_other ? Py_None : object;
    Py_XINCREF(view->obj);
    COUNT(self->granted, view->obj == object);
    return 0;
}

static void hostile_release(PyObject *object, Py_buffer *view)
{
    Hostile *self = (Hostile *)object;
    (void)view;
    COUNT(self->released, 1);
    switch (self->trick) {
    case trick_release_raises: PyErr_SetString(PyExc_ZeroDivisionError, "told to"); break;
    case trick_release_clears: PyErr_Clear(); break;
    case trick_release_calls: call(self); break;
    default: break;
    }
}

#if PY_MAJOR_VERSION < 3
/* The old slots, as far as the tricks have a meaning for them. */
static Py_ssize_t hostile_segment(PyObject *object, Py_ssize_t index, void **pointer)
{
    Hostile *self = (Hostile *)object;
    (void)index;
    switch (self->trick) {
    case trick_calls:
        if (call(self) < 0) {
            return -1;
        }
        break;
    case trick_negative_length: return -7;
    case trick_null_memory: *pointer = NULL; return LENGTH;
    case trick_fails_silently: return -1;
    case trick_succeeds_and_raises: PyErr_SetString(PyExc_ZeroDivisionError, "told to"); break;
    default: break;
    }
    *pointer = memory;
    return LENGTH;
}

static Py_ssize_t hostile_count(PyObject *object, Py_ssize_t *total)
{
    if (total != NULL) {
        *total = LENGTH;
    }
    return ((Hostile *)object)->trick == trick_returns_7 ? 7 : 1;
}

static PyBufferProcs hostile_slots = {hostile_segment, hostile_segment, hostile_count, (charbufferproc)hostile_segment,
                                      hostile_get, hostile_release};
#else
static PyBufferProcs hostile_slots = {hostile_get, hostile_release};
#endif

static PyObject *hostile_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    const char *name;
    PyObject *callable = Py_None;
    Hostile *self;
    int trick;
    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "s|O", &name, &callable)) {
        return NULL;
    }
    for (trick = 0; trick < number_of_tricks && strcmp(name, names[trick]) != 0; trick++) {
    }
    if (trick == number_of_tricks) {
        PyErr_SetString(PyExc_LookupError, name);
        return NULL;
    }
    self = (Hostile *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->trick = trick;
        Py_INCREF(callable);
        self->call = callable;
    }
    return (PyObject *)self;
}

static void hostile_free(PyObject *object)
{
    Py_XDECREF(((Hostile *)object)->call);
    Py_TYPE(object)->tp_free(object);
}

static PyObject *hostile_counts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    return Py_BuildValue("(ll)", ((Hostile *)object)->granted, ((Hostile *)object)->released);
}

static PyMethodDef hostile_methods[] = {{"counts", hostile_counts, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static PyTypeObject hostile_type = {PyVarObject_HEAD_INIT(NULL, 0) "hostile.Hostile", sizeof(Hostile)};

/* What a call came to: "ok", the name of what it raised, or "ok and NAME" where it succeeds and something is pending. */
static PyObject *outcome(int failed)
{
    PyObject *type, *value, *traceback, *answer;
    const char *name;
    PyErr_Fetch(&type, &value, &traceback);
    name = type == NULL ? "nothing" : strrchr(((PyTypeObject *)type)->tp_name, '.');
    name = type == NULL ? name : name == NULL ? ((PyTypeObject *)type)->tp_name : name + 1;
    answer = failed            ? Py_BuildValue("s", name)
             : type == NULL ? Py_BuildValue("s", "ok")
                            : PyBytes_FromFormat("ok and %s", name);
#if PY_MAJOR_VERSION >= 3
    if (answer != NULL && PyBytes_Check(answer)) {
        PyObject *text = PyUnicode_FromString(PyBytes_AsString(answer));
        Py_DECREF(answer);
        answer = text;
    }
#endif
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return answer;
}

/* A way to ask an object for its memory: 0, or -1. */
typedef int (*way)(PyObject *object);

static int as_char(PyObject *object)
{
    const char *pointer;
    Py_ssize_t length;
    return PyObject_AsCharBuffer(object, &pointer, &length);
}

static int as_read(PyObject *object)
{
    const void *pointer;
    Py_ssize_t length;
    return PyObject_AsReadBuffer(object, &pointer, &length);
}

static int as_write(PyObject *object)
{
    void *pointer;
    Py_ssize_t length;
    return PyObject_AsWriteBuffer(object, &pointer, &length);
}

static int check(PyObject *object)
{
    return PyObject_CheckReadBuffer(object) ? 0 : -1;
}

static int as_char_scoped(PyObject *object)
{
    const char *pointer;
    Py_ssize_t length;
    BUFPROTO_SCOPE();
    return PyObject_AsCharBuffer(object, &pointer, &length);
}

static int as_read_scoped(PyObject *object)
{
    const void *pointer;
    Py_ssize_t length;
    BUFPROTO_SCOPE();
    return PyObject_AsReadBuffer(object, &pointer, &length);
}

static int as_write_scoped(PyObject *object)
{
    void *pointer;
    Py_ssize_t length;
    BUFPROTO_SCOPE();
    return PyObject_AsWriteBuffer(object, &pointer, &length);
}

/* More than the scope has room for at first. */
static int as_read_scoped_often(PyObject *object)
{
    const void *pointer;
    Py_ssize_t length;
    int times;
    BUFPROTO_SCOPE_FOR(2);
    for (times = 0; times < 9; times++) {
        if (PyObject_AsReadBuffer(object, &pointer, &length) < 0) {
            return -1;
        }
    }
    return 0;
}

static int converted(PyObject *object, int (*converter)(PyObject *, void *))
{
    bufproto_buffer buffer = BUFPROTO_BUFFER;
    if (!converter(object, &buffer)) {
        return -1;
    }
    bufproto_buffer_release(&buffer);
    return 0;
}

static int convert_read(PyObject *object)
{
    return converted(object, bufproto_convert_read);
}

static int convert_write(PyObject *object)
{
    return converted(object, bufproto_convert_write);
}

/* What is done with a view. */
typedef int (*use)(bufproto_python_view *view);

static int used(PyObject *object, use done)
{
    bufproto_python_view view;
    int result = bufproto_python_acquire(object, &view, FULL_RO);
    if (result == 0) {
        result = done(&view);
        bufproto_python_release(&view);
    }
    return result;
}

static int ask_contiguous(bufproto_python_view *view)
{
    return bufproto_is_contiguous(view, 'C') < 0 ? -1 : 0;
}

static int ask_item(bufproto_python_view *view)
{
    Py_ssize_t indices[65] = {0};
    return bufproto_python_item(view, indices) == NULL ? -1 : 0;
}

static int ask_copy_out(bufproto_python_view *view)
{
    char copied[LENGTH];
    Py_ssize_t length = view->len >= 0 && view->len <= LENGTH ? view->len : LENGTH;
    return bufproto_python_copy_out(view, copied, length, 'C');
}

static int ask_copy_in(bufproto_python_view *view)
{
    char copied[LENGTH] = "0123456789abcdef0123456789abcde";
    Py_ssize_t length = view->len >= 0 && view->len <= LENGTH ? view->len : LENGTH;
    return bufproto_python_copy_in(view, copied, length, 'C');
}

static int contiguous(PyObject *object)
{
    return used(object, ask_contiguous);
}

static int item(PyObject *object)
{
    return used(object, ask_item);
}

static int copy_out(PyObject *object)
{
    return used(object, ask_copy_out);
}

static int copy_in(PyObject *object)
{
    return used(object, ask_copy_in);
}

static const struct {
    const char *name;
    way ask;
} ways[] = {
    {"char", as_char},
    {"read", as_read},
    {"write", as_write},
    {"check", check},
    {"char in a scope", as_char_scoped},
    {"read in a scope", as_read_scoped},
    {"write in a scope", as_write_scoped},
    {"read in a scope that grows", as_read_scoped_often},
    {"convert to read", convert_read},
    {"convert to write", convert_write},
    {"contiguous", contiguous},
    {"item", item},
    {"copy out", copy_out},
    {"copy in", copy_in},
};

/* ask(way, owners): asks the first item of a list, to which nobody else need refer. */
static PyObject *ask(PyObject *module, PyObject *arguments)
{
    const char *name;
    PyObject *owners, *object;
    size_t number;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "sO!", &name, &PyList_Type, &owners)) {
        return NULL;
    }
    for (number = 0; number < sizeof ways / sizeof *ways; number++) {
        if (strcmp(name, ways[number].name) == 0) {
            int failed;
            /* As an argument of a function is held by its caller. */
            object = PyList_GET_ITEM(owners, 0);
            Py_INCREF(object);
            failed = ways[number].ask(object);
            Py_DECREF(object);
            return outcome(failed < 0);
        }
    }
    PyErr_SetString(PyExc_LookupError, name);
    return NULL;
}

/* held(object, callback): calls while a scope holds the object's memory. */
static PyObject *held(PyObject *module, PyObject *arguments)
{
    PyObject *object, *callback;
    const void *pointer;
    Py_ssize_t length;
    BUFPROTO_SCOPE();
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &object, &callback) || PyObject_AsReadBuffer(object, &pointer, &length) < 0) {
        return NULL;
    }
    return PyObject_CallFunctionObjArgs(callback, NULL);
}

/* keep(object): holds its memory for ever. */
static PyObject *keep(PyObject *module, PyObject *object)
{
    static bufproto_python_view view;
    static bufproto_python_view places[4];
    static bufproto_scope scope;
    static int begun;
    const void *pointer;
    (void)module;
    if (bufproto_python_acquire(object, &view, 0) < 0 || (!begun && bufproto_python_scope_begin(&scope, places, 4) < 0)) {
        return NULL;
    }
    begun = 1;
    pointer = bufproto_python_scope_acquire(&scope, object, 0);
    return pointer == NULL ? NULL : Py_BuildValue("");
}

/* in_subinterpreter(program, own): runs a program in an interpreter beside this one, with a lock of its own or not. Returns
 * 0 if nothing was raised. */
static PyObject *in_subinterpreter(PyObject *module, PyObject *arguments)
{
    const char *program;
    int own, failed;
    PyThreadState *main_state = PyThreadState_Get(), *state = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "si", &program, &own)) {
        return NULL;
    }
#if PY_VERSION_HEX >= 0x030C0000
    if (own) {
        PyInterpreterConfig config;
        PyStatus status;
        memset(&config, 0, sizeof config);
        config.allow_threads = 1;
        config.check_multi_interp_extensions = 1;
        config.gil = PyInterpreterConfig_OWN_GIL;
        status = Py_NewInterpreterFromConfig(&state, &config);
        if (PyStatus_Exception(status)) {
            state = NULL;
        }
    }
#endif
    if (!own) {
        state = Py_NewInterpreter();
    }
    if (state == NULL) {
        PyThreadState_Swap(main_state);
        PyErr_SetString(PyExc_NotImplementedError, "there is no such interpreter");
        return NULL;
    }
    failed = PyRun_SimpleString(program);
    Py_EndInterpreter(state);
    PyThreadState_Swap(main_state);
    return PyLong_FromLong(failed);
}

static int fill(PyObject *module)
{
    PyObject *list = PyList_New(0);
    size_t number;
    if (list == NULL) {
        return -1;
    }
    for (number = 0; number < 65; number++) {
        ones[number] = 1;
    }
    for (number = 0; number < number_of_tricks; number++) {
        PyObject *name = Py_BuildValue("s", names[number]);
        if (name == NULL || PyList_Append(list, name) < 0) {
            return -1;
        }
        Py_DECREF(name);
    }
    if (PyModule_AddObject(module, "TRICKS", list) < 0 || (list = PyList_New(0)) == NULL) {
        return -1;
    }
    for (number = 0; number < sizeof ways / sizeof *ways; number++) {
        PyObject *name = Py_BuildValue("s", ways[number].name);
        if (name == NULL || PyList_Append(list, name) < 0) {
            return -1;
        }
        Py_DECREF(name);
    }
    if (PyModule_AddObject(module, "WAYS", list) < 0) {
        return -1;
    }
    hostile_type.tp_methods = hostile_methods;
    return add_exporter(module, &hostile_type, hostile_new, hostile_free, &hostile_slots);
}

static PyMethodDef methods[] = {
    {"ask", ask, METH_VARARGS, NULL},
    {"held", held, METH_VARARGS, NULL},
    {"keep", keep, METH_O, NULL},
    {"in_subinterpreter", in_subinterpreter, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#define MODULE hostile
#define MODULE_WITHOUT_GIL
#define ADD_TYPES fill
#include "../c/module.h"
