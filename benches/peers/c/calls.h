/* The four functions of one side: their names mean that side's in the file that includes this. */

static int as_char(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    return PyObject_AsCharBuffer(object, (const char **)(void *)pointer, length);
}

static int as_read(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    return PyObject_AsReadBuffer(object, pointer, length);
}

static int as_write(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    return PyObject_AsWriteBuffer(object, (void **)(void *)pointer, length);
}

/* Whether there is memory to read is all that this one says. */
static int check(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    *pointer = NULL;
    *length = 0;
    return PyObject_CheckReadBuffer(object) - 1;
}
