# An extension of the 2.x era, in Cython.
from libc.string cimport memchr, memset

cdef extern from "Python.h":
    int PyObject_AsCharBuffer(object, const char **, Py_ssize_t *) except -1
    int PyObject_AsReadBuffer(object, const void **, Py_ssize_t *) except -1
    int PyObject_AsWriteBuffer(object, void **, Py_ssize_t *) except -1

# Without a header to name, Cython writes a declaration of its own.
cdef extern int PyObject_CheckReadBuffer(object)

ctypedef int (*reader)(object, const void **, Py_ssize_t *) except -1


def checksum(data):
    cdef const void *memory
    cdef Py_ssize_t length, index
    cdef unsigned long total = 0
    PyObject_AsReadBuffer(data, &memory, &length)
    for index in range(length):
        total += (<const unsigned char *>memory)[index]
    return total


def fill(data, int value):
    cdef void *memory
    cdef Py_ssize_t length
    PyObject_AsWriteBuffer(data, &memory, &length)
    memset(memory, value, length)


def count(data, bytes letters):
    cdef const char *text
    cdef const char *known = letters
    cdef Py_ssize_t length, index, found = 0
    PyObject_AsCharBuffer(data, &text, &length)
    for index in range(length):
        if memchr(known, text[index], len(letters)) != NULL:
            found += 1
    return found


def is_readable(data):
    return bool(PyObject_CheckReadBuffer(data))


def lengths(data):
    cdef const char *characters
    cdef const void *memory
    cdef void *writable
    cdef Py_ssize_t first, second, third
    cdef reader read = PyObject_AsReadBuffer
    if not PyObject_CheckReadBuffer(data):
        raise ValueError("not readable")
    PyObject_AsCharBuffer(data, &characters, &first)
    read(data, &memory, &second)
    PyObject_AsWriteBuffer(data, &writable, &third)
    return first, second, third
