/* Our functions through the library, without the part of them that is inline. */
#include "peers.h"

#include <bufproto/python.h>

#undef PyObject_AsCharBuffer
#undef PyObject_AsReadBuffer
#undef PyObject_AsWriteBuffer
#undef PyObject_CheckReadBuffer
#define PyObject_AsCharBuffer(object, buffer, length) \
    bufproto_as_char_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), buffer, length)
#define PyObject_AsReadBuffer(object, buffer, length) \
    bufproto_as_read_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), buffer, length)
#define PyObject_AsWriteBuffer(object, buffer, length) \
    bufproto_as_write_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object), buffer, length)
#define PyObject_CheckReadBuffer(object) \
    bufproto_check_read_buffer(BUFPROTO_PYTHON, object, BUFPROTO_SLOT(object))

#include "calls.h"

const named_peer peers_library[] = {
    {"char", as_char}, {"read", as_read}, {"write", as_write}, {"check", check}, {NULL, NULL},
};
