/* Our functions by their addresses, as a table of functions or another library calls them. */
#include "counting.h"

#define BUFPROTO_REPLACE
#include <bufproto/python.h>

static int (*volatile as_char)(PyObject *, const char **, Py_ssize_t *) = PyObject_AsCharBuffer;
static int (*volatile as_read)(PyObject *, const void **, Py_ssize_t *) = PyObject_AsReadBuffer;
static int (*volatile as_write)(PyObject *, void **, Py_ssize_t *) = PyObject_AsWriteBuffer;
static int (*volatile check_read)(PyObject *) = PyObject_CheckReadBuffer;

#undef PyObject_AsCharBuffer
#undef PyObject_AsReadBuffer
#undef PyObject_AsWriteBuffer
#undef PyObject_CheckReadBuffer
#define PyObject_AsCharBuffer as_char
#define PyObject_AsReadBuffer as_read
#define PyObject_AsWriteBuffer as_write
#define PyObject_CheckReadBuffer check_read

#define CALLS counting_address_calls
#include "calls.h"
