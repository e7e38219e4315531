// An extension of the 2.x era, in C++: the functions are called from methods, and handed to templates.
#define PY_SSIZE_T_CLEAN
#include "Python.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace {

// What a function hands out, or the exception that it raised.
template <typename Byte, typename Pointer, int (*get)(PyObject *, Pointer *, Py_ssize_t *)> class Memory {
  public:
    explicit Memory(PyObject *object) : pointer(), length(), failed(get(object, &pointer, &length) != 0) {}
    operator bool() const { return !failed; }
    Byte *begin() const { return static_cast<Byte *>(pointer); }
    Byte *end() const { return begin() + length; }
    Py_ssize_t size() const { return length; }

  private:
    Pointer pointer;
    Py_ssize_t length;
    bool failed;
};

typedef Memory<const unsigned char, const void *, PyObject_AsReadBuffer> Bytes;
typedef Memory<unsigned char, void *, PyObject_AsWriteBuffer> Writable;
typedef Memory<const char, const char *, ::PyObject_AsCharBuffer> Characters;

PyObject *checksum(PyObject *, PyObject *data)
{
    const void *pointer;
    Py_ssize_t length;
    if (PyObject_AsReadBuffer(data, &pointer, &length) < 0)
        return NULL;
    const unsigned char *bytes = static_cast<const unsigned char *>(pointer);
    return PyLong_FromUnsignedLong(std::accumulate(bytes, bytes + length, 0ul));
}

PyObject *fill(PyObject *, PyObject *args)
{
    PyObject *data;
    int value;
    if (!PyArg_ParseTuple(args, "Oi:fill", &data, &value))
        return NULL;
    void *memory;
    Py_ssize_t length;
    if (::PyObject_AsWriteBuffer(data, &memory, &length) < 0)
        return NULL;
    std::fill_n(static_cast<unsigned char *>(memory), length, static_cast<unsigned char>(value));
    Py_RETURN_NONE;
}

PyObject *count(PyObject *, PyObject *args)
{
    PyObject *data;
    const char *letters;
    Py_ssize_t known;
    if (!PyArg_ParseTuple(args, "Os#:count", &data, &letters, &known))
        return NULL;
    const char *text;
    Py_ssize_t length;
    if (PyObject_AsCharBuffer(data, &text, &length) < 0)
        return NULL;
    const std::string characters(text, length), set(letters, known);
    Py_ssize_t found = 0;
    for (std::string::const_iterator character = characters.begin(); character != characters.end(); ++character)
        found += set.find(*character) != std::string::npos;
    return PyLong_FromSsize_t(found);
}

PyObject *is_readable(PyObject *, PyObject *data)
{
    return PyBool_FromLong(PyObject_CheckReadBuffer(data));
}

PyObject *lengths(PyObject *, PyObject *data)
{
    int (*const check)(PyObject *) = &PyObject_CheckReadBuffer;
    if (!check(data)) {
        PyErr_SetString(PyExc_ValueError, "not readable");
        return NULL;
    }
    const Characters characters(data);
    if (!characters)
        return NULL;
    const Bytes bytes(data);
    if (!bytes)
        return NULL;
    const Writable memory(data);
    if (!memory)
        return NULL;
    return Py_BuildValue("nnn", characters.size(), bytes.size(), memory.size());
}

PyMethodDef methods[] = {
    {"checksum", checksum, METH_O, NULL},       {"fill", fill, METH_VARARGS, NULL}, {"count", count, METH_VARARGS, NULL},
    {"is_readable", is_readable, METH_O, NULL}, {"lengths", lengths, METH_O, NULL}, {NULL, NULL, 0, NULL},
};

} // namespace

#if PY_MAJOR_VERSION >= 3
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "old_cxx", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_old_cxx(void)
{
    return PyModule_Create(&module);
}
#else
PyMODINIT_FUNC initold_cxx(void)
{
    Py_InitModule("old_cxx", methods);
}
#endif
