/* bufproto without a library to link with: its functions are those of the Python package bufproto. Included by the other
 * headers where BUFPROTO_IMPORT is defined. Needs Python.h.
 *
 *     #include <Python.h>
 *     #define BUFPROTO_IMPORT
 *     #include <bufproto/python.h>
 *
 *     PyMODINIT_FUNC PyInit_example(void)
 *     {
 *         if (bufproto_import() < 0) return NULL;
 *
 * Each file that calls functions by bufproto_ names of bufproto.h calls bufproto_import() before; all others import by
 * themselves when they are first called. Taking the address of a function of bufproto.h gives that of the package's.
 *
 * All of it is called by threads that are attached to the interpreter: that hold its lock, where it has one.
 */
#ifndef BUFPROTO_IMPORT_H
#define BUFPROTO_IMPORT_H
#ifndef Py_PYTHON_H
#error "include Python.h before; BUFPROTO_IMPORT needs it"
#endif

#include "../bufproto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The package's functions, once they are imported in this file. */
BUFPROTO__UNUSED static const bufproto_function *bufproto__functions = NULL;

/* Imports the package's functions. Returns 0, or -1 with ImportError set, if the package is missing or too old. */
BUFPROTO__INLINE int bufproto_import(void)
{
    const bufproto_functions_table *table;
    if (bufproto__functions != NULL) {
        return 0;
    }
    table = (const bufproto_functions_table *)PyCapsule_Import("bufproto._C_API", 0);
    if (table == NULL) {
        if (PyErr_ExceptionMatches(PyExc_ImportError) || PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_SetString(PyExc_ImportError, "this extension needs the Python package bufproto, version " BUFPROTO_VERSION
                                               " or later, and there is none: pip install bufproto");
        }
        return -1;
    }
    if (table->count < BUFPROTO__IMPORTED_COUNT) {
        PyErr_Format(PyExc_ImportError,
                     "this extension needs the Python package bufproto, version %s or later, and version %s is "
                     "installed: pip install --upgrade bufproto",
                     BUFPROTO_VERSION, table->version);
        return -1;
    }
    bufproto__functions = table->functions;
    return 0;
}

#ifdef __cplusplus
}
#endif

#define BUFPROTO__READY() (bufproto_import() == 0)

/* A function of bufproto.h, by its type. */
#if defined(_MSC_VER) && defined(__cplusplus)
#define BUFPROTO__IMPORTED(name, place) ((decltype(&name))bufproto__functions[place])
#else
#define BUFPROTO__IMPORTED(name, place) ((__typeof__(&name))bufproto__functions[place])
#endif

#endif
