/* Calls one of the four functions and tells what a caller sees. Included twice: with ours, and with the interpreter's. */

static PyObject *CALL(PyObject *module, PyObject *arguments)
{
    int function, null, pending, result;
    PyObject *object, *type = NULL, *value = NULL, *trace = NULL, *answer;
    const void *const untouched = &function;
    const void *pointer = untouched;
    Py_ssize_t length = -77;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iOii", &function, &object, &null, &pending)) {
        return NULL;
    }
    if (pending) {
        PyErr_SetString(PyExc_LookupError, "pending");
    }
    {
        PyObject *asked = null & 1 ? NULL : object;
        const void **buffer = null & 2 ? NULL : &pointer;
        Py_ssize_t *size = null & 4 ? NULL : &length;
        result = function == 0   ? PyObject_AsCharBuffer(asked, (const char **)buffer, size)
                 : function == 1 ? PyObject_AsReadBuffer(asked, buffer, size)
                 : function == 2 ? PyObject_AsWriteBuffer(asked, (void **)buffer, size)
                                 : PyObject_CheckReadBuffer(asked);
    }
    PyErr_Fetch(&type, &value, &trace);
    if (type != NULL) {
        PyErr_NormalizeException(&type, &value, &trace);
    }
    answer = Py_BuildValue("(iiNnOO)", result, pointer == untouched,
                           pointer == untouched ? PyLong_FromLong(0) : PyLong_FromVoidPtr((void *)pointer), length,
                           type ? type : Py_None, value ? value : Py_None);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    return answer;
}
