/* Loops that call nothing: what a turn takes by itself. */
#include "counting.h"

#define PyObject_AsCharBuffer(object, buffer, length) 0
#define PyObject_AsReadBuffer(object, buffer, length) 0
#define PyObject_AsWriteBuffer(object, buffer, length) 0
#define PyObject_CheckReadBuffer(object) 0

#define CALLS counting_empty_calls
#include "calls.h"
