/* The four functions of one side. CALLS names the table, and the names of the functions mean that side's. */

COUNTING_DEED(characters, const char *, PyObject_AsCharBuffer(object, &pointer, &length))
COUNTING_DEED(reading, const void *, PyObject_AsReadBuffer(object, &pointer, &length))
COUNTING_DEED(writing, void *, PyObject_AsWriteBuffer(object, &pointer, &length))
COUNTING_DEED(checking, const void *, PyObject_CheckReadBuffer(object))

const counting_deed CALLS[COUNTING_CALLS] = {COUNTING_BOTH(characters), COUNTING_BOTH(reading), COUNTING_BOTH(writing),
                                             COUNTING_BOTH(checking)};
