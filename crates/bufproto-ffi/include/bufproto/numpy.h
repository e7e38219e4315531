/* numpy arrays, answered from their fields: a tenth of what asking them costs. Included by functions.h where BUFPROTO_NUMPY is
 * defined, which needs numpy's headers before, and import_array() before the first call:
 *
 *     #include <Python.h>
 *     #include <numpy/arrayobject.h>
 *     #define BUFPROTO_NUMPY
 *     #include <bufproto/python.h>
 *
 * Only arrays of exactly numpy's own type, with items that are numbers or booleans, side by side in C's order; everything else
 * is asked. The answer is what numpy gives, and the memory as unprotected: array.resize moves it. Without effect where there is
 * no lock of the interpreter's, and under the strict policy, which asks.
 */
#ifndef BUFPROTO_NUMPY_H
#define BUFPROTO_NUMPY_H
#ifndef NPY_NDARRAYOBJECT_H
#ifndef NUMPY_CORE_INCLUDE_NUMPY_NDARRAYOBJECT_H_
#error "include numpy/arrayobject.h before"
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

BUFPROTO__INLINE int bufproto__see_array(PyObject *object, int access, bufproto__pointer *buffer, Py_ssize_t *length)
{
    PyArrayObject *array = (PyArrayObject *)(void *)object;
    const int needed = access == BUFPROTO_WRITE ? NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_WRITEABLE : NPY_ARRAY_C_CONTIGUOUS;
    int dimension;
    Py_ssize_t bytes;
    /* The highest flag, which the headers do not show, has numpy warn of writing. */
    if ((PyArray_FLAGS(array) & needed) != needed || PyArray_TYPE(array) > NPY_CLONGDOUBLE ||
        (access == BUFPROTO_WRITE && PyArray_FLAGS(array) < 0)) {
        return 0;
    }
    bytes = (Py_ssize_t)PyArray_ITEMSIZE(array);
    for (dimension = 0; dimension < PyArray_NDIM(array); dimension++) {
        bytes *= PyArray_DIM(array, dimension);
    }
    *buffer = PyArray_DATA(array);
    *length = bytes;
    return 1;
}

#ifdef __cplusplus
}
#endif

#endif
