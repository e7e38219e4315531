/* An extension of the 2.x era, by SWIG: its own typemaps for memory, and one more of the same kind for characters. */
%module old_swig

%include <pybuffer.i>

%pybuffer_binary(const unsigned char *data, size_t amount);
%pybuffer_mutable_binary(unsigned char *memory, size_t amount);

%typemap(in) (const char *text, Py_ssize_t length) {
  if (PyObject_AsCharBuffer($input, (const char **)&$1, &$2) < 0) SWIG_fail;
}

%inline %{
static unsigned long checksum(const unsigned char *data, size_t amount)
{
    unsigned long total = 0;
    while (amount--)
        total += *data++;
    return total;
}

static void fill(unsigned char *memory, size_t amount, int value)
{
    memset(memory, value, amount);
}

static size_t count(const char *text, Py_ssize_t length, const unsigned char *data, size_t amount)
{
    size_t found = 0;
    while (length--)
        found += memchr(data, *text++, amount) != NULL;
    return found;
}

static PyObject *is_readable(PyObject *data)
{
    return PyBool_FromLong(PyObject_CheckReadBuffer(data));
}

static PyObject *lengths(PyObject *data)
{
    int (*read)(PyObject *, const void **, Py_ssize_t *) = PyObject_AsReadBuffer;
    const char *characters;
    const void *bytes;
    void *memory;
    Py_ssize_t first, second, third;
    if (!PyObject_CheckReadBuffer(data)) {
        PyErr_SetString(PyExc_ValueError, "not readable");
        return NULL;
    }
    if (PyObject_AsCharBuffer(data, &characters, &first) < 0 || read(data, &bytes, &second) < 0 ||
        PyObject_AsWriteBuffer(data, &memory, &third) < 0)
        return NULL;
    return Py_BuildValue("(lll)", (long)first, (long)second, (long)third);
}
%}
