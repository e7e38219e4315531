/* The original names ahead of Python.h, for headers that are forced on every file of a project. Included by python.h.
 *
 * Whether there is a Python, and which, is all that is looked at. A file without one gets nothing, and one for a Python
 * whose headers declare the names themselves neither; nor one that is to import the functions, for which Python.h is
 * needed. Needs a compiler that has __has_include and other names for a symbol,
 * as gcc and clang do; others get nothing: include python.h after Python.h there.
 */
#if !defined(BUFPROTO_EARLY_H) && defined(__has_include) && defined(__GNUC__) && !defined(BUFPROTO_NO_NAMES) && \
    !defined(BUFPROTO_IMPORT)
#define BUFPROTO_EARLY_H
#if __has_include(<Python.h>) && __has_include(<patchlevel.h>)
/* The version, and nothing else. */
#include <patchlevel.h>
#if defined(PY_VERSION_HEX) && !defined(PYPY_VERSION)
#if PY_VERSION_HEX >= 0x030d0000

#include "opaque.h"

/* python.h, once it comes after Python.h, finds them here. */
#define BUFPROTO__EARLY_NAMES

#ifdef __cplusplus
extern "C" {
#endif

#ifndef PyObject_AsCharBuffer
BUFPROTO__NAME int PyObject_AsCharBuffer(struct _object *object, const char **buffer, ptrdiff_t *length)
{
    return bufproto__opaque_locate(object, BUFPROTO_CHAR, (bufproto__pointer *)(void *)buffer, length);
}
#endif
#ifndef PyObject_AsReadBuffer
BUFPROTO__NAME int PyObject_AsReadBuffer(struct _object *object, const void **buffer, ptrdiff_t *length)
{
    return bufproto__opaque_locate(object, BUFPROTO_READ, (bufproto__pointer *)(void *)buffer, length);
}
#endif
#ifndef PyObject_AsWriteBuffer
BUFPROTO__NAME int PyObject_AsWriteBuffer(struct _object *object, void **buffer, ptrdiff_t *length)
{
    return bufproto__opaque_locate(object, BUFPROTO_WRITE, (bufproto__pointer *)(void *)buffer, length);
}
#endif
#ifndef PyObject_CheckReadBuffer
BUFPROTO__NAME int PyObject_CheckReadBuffer(struct _object *object)
{
    return bufproto__opaque_check(object);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
#endif
#endif
#endif
