/* Our functions by their addresses, as a table of functions or another library calls them. */
#define BUFPROTO_REPLACE
#include <bufproto/python.h>

static int (*volatile as_char_buffer)(PyObject *, const char **, Py_ssize_t *) = PyObject_AsCharBuffer;
static int (*volatile as_read_buffer)(PyObject *, const void **, Py_ssize_t *) = PyObject_AsReadBuffer;
static int (*volatile as_write_buffer)(PyObject *, void **, Py_ssize_t *) = PyObject_AsWriteBuffer;
static int (*volatile check_read_buffer)(PyObject *) = PyObject_CheckReadBuffer;

#undef PyObject_AsCharBuffer
#undef PyObject_AsReadBuffer
#undef PyObject_AsWriteBuffer
#undef PyObject_CheckReadBuffer
#define PyObject_AsCharBuffer as_char_buffer
#define PyObject_AsReadBuffer as_read_buffer
#define PyObject_AsWriteBuffer as_write_buffer
#define PyObject_CheckReadBuffer check_read_buffer
