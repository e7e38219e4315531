/* The four functions of one side: their names mean that side's in the file that includes this. Something is left to do after
 * each, as for whoever uses what it found: else the compiler would jump there and save the return. */

static int as_char(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    const int result = PyObject_AsCharBuffer(object, (const char **)(void *)pointer, length);
    PEER_USED;
    return result;
}

static int as_read(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    const int result = PyObject_AsReadBuffer(object, pointer, length);
    PEER_USED;
    return result;
}

static int as_write(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    const int result = PyObject_AsWriteBuffer(object, (void **)(void *)pointer, length);
    PEER_USED;
    return result;
}

/* Whether there is memory to read is all that this one says. */
static int check(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    int result;
    *pointer = NULL;
    *length = 0;
    result = PyObject_CheckReadBuffer(object);
    PEER_USED;
    return result - 1;
}
