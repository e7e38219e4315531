/* The extension that count.py runs under callgrind. */
#include "counting.h"

static const counting_deed *find(int side, int function)
{
    static const counting_deed *const forms[COUNTING_FORMS] = {counting_our_calls, counting_address_calls,
                                                              counting_library_calls};
    static const counting_deed *const calls[] = {counting_empty_calls, NULL, counting_their_calls};
    static const counting_deed *const scopes[] = {counting_empty_scopes, counting_our_scopes, counting_their_scopes};
    static const counting_deed *const held[] = {counting_empty_held, counting_our_held, counting_their_held};
    const int scope = function - COUNTING_FORMS * COUNTING_CALLS;
    if (side < 0 || side > 2 || function < 0 || scope >= COUNTING_SCOPES + COUNTING_HELD) {
        PyErr_SetString(PyExc_IndexError, "there is nothing of this number to count");
        return NULL;
    }
    if (scope >= COUNTING_SCOPES) {
        return &held[side][scope - COUNTING_SCOPES];
    }
    if (scope >= 0) {
        return &scopes[side][scope];
    }
    return &(side == 1 ? forms[function / COUNTING_CALLS] : calls[side])[function % COUNTING_CALLS];
}

/* callgrind is told to count inside this function only, and to write down what it counted when the function returns. So
 * nothing of the interpreter around it is counted, and no header of valgrind's is needed. */
void bufproto_counted(const counting_deed *deed, PyObject *object, long turns);
__attribute__((noinline)) void bufproto_counted(const counting_deed *deed, PyObject *object, long turns)
{
    deed->many(object, turns);
    /* Without something to do after the call, the compiler would jump instead, and this function would end too early. */
    __asm__ volatile("" : : : "memory");
}

/* count(side, function, object, turns): one stretch of counting. */
static PyObject *count(PyObject *module, PyObject *arguments)
{
    int side, function;
    long turns;
    PyObject *object;
    const counting_deed *deed;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iiOl", &side, &function, &object, &turns)) {
        return NULL;
    }
    deed = find(side, function);
    if (deed == NULL) {
        return NULL;
    }
    bufproto_counted(deed, object, turns);
    Py_RETURN_NONE;
}

/* answer(side, function, object): the result, the address and the length, or the exception. */
static PyObject *answer(PyObject *module, PyObject *arguments)
{
    int side, function, result;
    PyObject *object;
    const void *pointer;
    Py_ssize_t length;
    const counting_deed *deed;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iiO", &side, &function, &object)) {
        return NULL;
    }
    deed = find(side, function);
    if (deed == NULL) {
        return NULL;
    }
    result = deed->once(object, &pointer, &length);
    if (result < 0) {
        return NULL;
    }
    return Py_BuildValue("iNn", result, PyLong_FromVoidPtr((void *)pointer), length);
}

static PyMethodDef methods[] = {
    {"count", count, METH_VARARGS, NULL},
    {"answer", answer, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "counting", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_counting(void)
{
    return PyModule_Create(&definition);
}
