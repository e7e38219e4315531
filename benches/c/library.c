/* Our functions by the library, without the part of them that is inline: as hosts call them. */
#include "counting.h"

#include <bufproto/python.h>

#define BY_LIBRARY(function, object, ...) function(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), __VA_ARGS__)
#define PyObject_AsCharBuffer(object, buffer, length) BY_LIBRARY(bufproto_as_char_buffer, object, buffer, length)
#define PyObject_AsReadBuffer(object, buffer, length) BY_LIBRARY(bufproto_as_read_buffer, object, buffer, length)
#define PyObject_AsWriteBuffer(object, buffer, length) BY_LIBRARY(bufproto_as_write_buffer, object, buffer, length)
#define PyObject_CheckReadBuffer(object) bufproto_check_read_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object))

#define CALLS counting_library_calls
#include "calls.h"
