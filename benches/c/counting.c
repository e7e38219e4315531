/* The extension that count.py runs under callgrind. */
#include "counting.h"

static const counting_deed *find(int side, int function)
{
    static const counting_deed *const calls[] = {counting_empty_calls, counting_our_calls, counting_their_calls};
    static const counting_deed *const scopes[] = {counting_empty_scopes, counting_our_scopes, counting_their_scopes};
    static const counting_deed *const held[] = {counting_empty_held, counting_our_held, counting_their_held};
    const int first_held = COUNTING_CALLS + COUNTING_SCOPES;
    if (side < 0 || side > 2 || function < 0 || function >= first_held + COUNTING_HELD) {
        PyErr_SetString(PyExc_IndexError, "there is nothing of this number to count");
        return NULL;
    }
    return function < COUNTING_CALLS ? &calls[side][function]
           : function < first_held   ? &scopes[side][function - COUNTING_CALLS]
                                     : &held[side][function - first_held];
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
