# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""Cython's typed memoryviews as peers."""

from cpython.pycapsule cimport PyCapsule_New


cdef int memoryview_u8(object data, const void **pointer, Py_ssize_t *length) except -1:
    cdef const unsigned char[::1] view = data
    pointer[0] = &view[0]
    length[0] = view.shape[0]
    return 0


cdef int memoryview_f64(object data, const void **pointer, Py_ssize_t *length) except -1:
    cdef const double[:, ::1] view = data
    pointer[0] = &view[0, 0]
    length[0] = view.shape[0] * view.shape[1] * sizeof(double)
    return 0


peers = {
    "memoryview u8": PyCapsule_New(<void *>memoryview_u8, "bufproto.peer", NULL),
    "memoryview f64": PyCapsule_New(<void *>memoryview_f64, "bufproto.peer", NULL),
}


def frame(data):
    return 5


def call_u8(const unsigned char[::1] data):
    return data.shape[0]


def call_f64(const double[:, ::1] data):
    return data.shape[0] * data.shape[1] * sizeof(double)
