/* What a pointer is worth while other code runs: by the old idiom, and by the same with a scope. And a mixture of all calls,
 * to look for what they leave behind. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <setjmp.h>
#include <signal.h>

#define BUFPROTO_REPLACE
#include <bufproto/python.h>
#include <bufproto/scope.h>

/* One of the functions that hand out memory, in the scope of the block where this stands. */
#define TAKE(function, object, memory, length) \
    ((function) == 0   ? PyObject_AsCharBuffer(object, (const char **)(memory), length) \
     : (function) == 1 ? PyObject_AsReadBuffer(object, memory, length) \
                       : PyObject_AsWriteBuffer(object, (void **)(memory), length))

/* Memory that has gone back to the system cannot be read. */
static sigjmp_buf before_reading;

static void unmapped(int number)
{
    siglongjmp(before_reading, number);
}

/* How often each byte is there. Read in this file, not in the interpreter, so that a report names this function; and nothing
 * is allocated, since that could take just the memory that is to be seen. */
__attribute__((noinline)) static void look(const volatile unsigned char *memory, Py_ssize_t length,
                                           Py_ssize_t *counts)
{
    Py_ssize_t index;
    for (index = 0; index < length; index++) {
        counts[memory[index]]++;
    }
}

/* Calls, then tells what is where the pointer points: how many bytes, how many of them are the content of the tests, and how
 * many are what the interpreter overwrites freed memory with. None if there is no memory any more. */
static PyObject *call_and_look(PyObject *callback, const void *memory, Py_ssize_t length)
{
    static Py_ssize_t counts[256];
    static struct sigaction action, violation, bus;
    volatile int readable = 0;
    PyObject *answer = PyObject_CallFunctionObjArgs(callback, NULL);
    if (answer == NULL) {
        return NULL;
    }
    Py_DECREF(answer);
    memset(counts, 0, sizeof counts);
    action.sa_handler = unmapped;
    sigaction(SIGSEGV, &action, &violation);
    sigaction(SIGBUS, &action, &bus);
    if (sigsetjmp(before_reading, 1) == 0) {
        look((const unsigned char *)memory, length, counts);
        readable = 1;
    }
    sigaction(SIGSEGV, &violation, NULL);
    sigaction(SIGBUS, &bus, NULL);
    if (!readable) {
        Py_RETURN_NONE;
    }
    /* 0xDB up to Python 3.7. */
    return Py_BuildValue("(nnn)", length, counts['K'], counts[0xDB] + counts[0xDD]);
}

/* The bug. The list has the only reference to the object, and the callback the list. */
static PyObject *unscoped(PyObject *module, PyObject *arguments)
{
    PyObject *owners, *callback;
    const void *memory;
    Py_ssize_t length;
    int function;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iO!O", &function, &PyList_Type, &owners, &callback)) {
        return NULL;
    }
    if (TAKE(function, PyList_GET_ITEM(owners, 0), &memory, &length) < 0) {
        return NULL;
    }
    return call_and_look(callback, memory, length);
}

/* The cure. */
static PyObject *scoped(PyObject *module, PyObject *arguments)
{
    PyObject *owners, *callback;
    const void *memory;
    Py_ssize_t length;
    int function;
    BUFPROTO_SCOPE();
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iO!O", &function, &PyList_Type, &owners, &callback)) {
        return NULL;
    }
    if (TAKE(function, PyList_GET_ITEM(owners, 0), &memory, &length) < 0) {
        return NULL;
    }
    return call_and_look(callback, memory, length);
}

/* Every function, with each choice of arguments that are NULL, whatever comes of it. */
#define TAKE_ALL(object, calls) \
    do { \
        const void *memory; \
        Py_ssize_t length; \
        int function, null; \
        for (null = 0; null < 8; null++) { \
            for (function = 0; function < 3; function++) { \
                TAKE(function, null & 1 ? NULL : (object), null & 2 ? NULL : &memory, null & 4 ? NULL : &length); \
                PyErr_Clear(); \
                (calls)++; \
            } \
        } \
    } while (0)

static long mix_once(PyObject *object)
{
    long calls = 0;
    PyObject_CheckReadBuffer(object);
    PyErr_Clear();
    PyObject_CheckReadBuffer(NULL);
    PyErr_Clear();
    calls += 2;
    TAKE_ALL(object, calls);
    {
        BUFPROTO_SCOPE();
        TAKE_ALL(object, calls);
        {
            /* Too small for all that is asked for. */
            BUFPROTO_SCOPE_FOR(1);
            TAKE_ALL(object, calls);
        }
    }
    return calls;
}

/* mix(objects, rounds) tells how many calls it made. */
static PyObject *mix(PyObject *module, PyObject *arguments)
{
    PyObject *objects;
    int rounds;
    long calls = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!i", &PyList_Type, &objects, &rounds)) {
        return NULL;
    }
    for (; rounds > 0; rounds--) {
        Py_ssize_t index;
        for (index = 0; index < PyList_GET_SIZE(objects); index++) {
            calls += mix_once(PyList_GET_ITEM(objects, index));
        }
    }
    return PyLong_FromLong(calls);
}

/* The faults that the tests would have to see: a reference, an exception and a view that are never given back. */

static PyObject *leak_reference(PyObject *module, PyObject *object)
{
    (void)module;
    Py_INCREF(object);
    Py_RETURN_NONE;
}

static PyObject *leak_exception(PyObject *module, PyObject *object)
{
    PyObject *type, *value, *trace;
    (void)module;
    PyErr_SetObject(PyExc_TypeError, object);
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    Py_RETURN_NONE;
}

static PyObject *leak_view(PyObject *module, PyObject *object)
{
    Py_buffer view;
    (void)module;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

#if PY_MAJOR_VERSION >= 3

#include "../c/exporter.h"

/* An exporter whose views do not name their owner, so that they do not keep it alive: Ownerless(size). */
typedef struct {
    PyObject_HEAD
    char *memory;
    Py_ssize_t size;
} Ownerless;

static PyObject *ownerless_new(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    Ownerless *self;
    Py_ssize_t size;
    (void)names;
    if (!PyArg_ParseTuple(arguments, "n", &size)) {
        return NULL;
    }
    self = (Ownerless *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->memory = (char *)PyMem_Malloc((size_t)size);
    if (self->memory == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    memset(self->memory, 'K', (size_t)size);
    self->size = size;
    return (PyObject *)self;
}

static void ownerless_free(PyObject *object)
{
    PyMem_Free(((Ownerless *)object)->memory);
    Py_TYPE(object)->tp_free(object);
}

static int ownerless_get(PyObject *object, Py_buffer *view, int request)
{
    Ownerless *self = (Ownerless *)object;
    return PyBuffer_FillInfo(view, NULL, self->memory, self->size, 0, request);
}

static PyBufferProcs ownerless_slots = {ownerless_get, NULL};

static PyTypeObject ownerless_type = {PyVarObject_HEAD_INIT(NULL, 0) "lifetime.Ownerless", sizeof(Ownerless)};

static int fill(PyObject *module)
{
    return add_exporter(module, &ownerless_type, ownerless_new, ownerless_free, &ownerless_slots);
}

#define ADD_TYPES fill
#endif

static PyMethodDef methods[] = {
    {"unscoped", unscoped, METH_VARARGS, NULL},
    {"scoped", scoped, METH_VARARGS, NULL},
    {"mix", mix, METH_VARARGS, NULL},
    {"leak_reference", leak_reference, METH_O, NULL},
    {"leak_exception", leak_exception, METH_O, NULL},
    {"leak_view", leak_view, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

#define MODULE lifetime
#define MODULE_WITHOUT_GIL
#include "../c/module.h"
