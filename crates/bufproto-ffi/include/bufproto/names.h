/* The original names. Included by python.h.
 *
 * Where the interpreter's headers declare them, they are macros without arguments, so that calls and addresses both work and
 * its declarations are left alone. Where they do not, they are functions of the user's file, never the symbols that the
 * interpreter still exports: those of early.h, if that came first. A name that is a macro already is the user's.
 */
#ifndef BUFPROTO_NAMES_H
#define BUFPROTO_NAMES_H

#ifdef BUFPROTO_NO_NAMES
#elif PY_VERSION_HEX >= 0x030d0000 && !defined(BUFPROTO__EARLY_NAMES)

#ifdef __cplusplus
extern "C" {
#endif

#ifndef PyObject_AsCharBuffer
BUFPROTO__NAME int PyObject_AsCharBuffer(PyObject *object, const char **buffer, Py_ssize_t *length)
{
    return bufproto_PyObject_AsCharBuffer(object, buffer, length);
}
#endif
#ifndef PyObject_AsReadBuffer
BUFPROTO__NAME int PyObject_AsReadBuffer(PyObject *object, const void **buffer, Py_ssize_t *length)
{
    return bufproto_PyObject_AsReadBuffer(object, buffer, length);
}
#endif
#ifndef PyObject_AsWriteBuffer
BUFPROTO__NAME int PyObject_AsWriteBuffer(PyObject *object, void **buffer, Py_ssize_t *length)
{
    return bufproto_PyObject_AsWriteBuffer(object, buffer, length);
}
#endif
#ifndef PyObject_CheckReadBuffer
BUFPROTO__NAME int PyObject_CheckReadBuffer(PyObject *object)
{
    return bufproto_PyObject_CheckReadBuffer(object);
}
#endif

#ifdef __cplusplus
}
#endif

#elif PY_VERSION_HEX < 0x030d0000 && defined(BUFPROTO_REPLACE)

#include "rename.h"
#ifdef PYPY_VERSION
#undef PyObject_CheckReadBuffer
#endif
#ifndef PyObject_CheckReadBuffer
#define PyObject_CheckReadBuffer bufproto_PyObject_CheckReadBuffer
#endif

#endif
#endif
