/* bufproto for extensions: the four functions of Python's old buffer protocol by their original names.
 *
 *     PyObject_AsCharBuffer, PyObject_AsReadBuffer, PyObject_AsWriteBuffer, PyObject_CheckReadBuffer
 *
 * From Python 3.13 on, where the interpreter's headers declare them no more, they are declared here. On earlier versions
 * they are the interpreter's own, unless BUFPROTO_REPLACE is defined. They can be called and their addresses taken. A name
 * that the user has defined as a macro stays the user's; with BUFPROTO_NO_NAMES none is touched. By their names with
 * bufproto_ before, they are always there: see functions.h.
 *
 * It may be included after Python.h, or before, or be forced on every file of a project (-include), in C and C++: a
 * file without Python gets nothing. It never includes Python.h itself. Before Python.h the functions are a little slower,
 * since nothing is known of the interpreter's structures.
 *
 * What may be defined before:
 *   BUFPROTO_REPLACE        the original names are ours on every version
 *   BUFPROTO_NO_NAMES       the original names are left alone
 *   BUFPROTO_STRICT         memory that its owner may move is refused outside a scope (BufferError), and MemoryError and
 *                           KeyboardInterrupt are not masked by PyObject_AsWriteBuffer
 *   BUFPROTO_NUMPY          numpy's arrays are answered from their fields, see numpy.h
 *   BUFPROTO_IMPORT         link with no library: take the functions from the Python package bufproto, see import.h
 *   BUFPROTO_FULL_IS_ERROR  a scope that is full refuses, and does not take more memory
 * They hold for one file, and have to be the same at each inclusion in it.
 *
 * The functions are called attached to the interpreter (holding the GIL, where there is one).
 */
#ifndef __ASSEMBLER__
#ifdef Py_PYTHON_H
#ifndef BUFPROTO_PYTHON_H
#define BUFPROTO_PYTHON_H
#include "functions.h"
#include "names.h"
#endif
#else
#include "early.h"
#endif
#endif
