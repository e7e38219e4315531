/* The interpreter's own functions; since 3.13 they are exported, but not declared. Needs Python.h. */
#if PY_VERSION_HEX >= 0x030d0000
extern int PyObject_AsCharBuffer(PyObject *, const char **, Py_ssize_t *);
extern int PyObject_AsReadBuffer(PyObject *, const void **, Py_ssize_t *);
extern int PyObject_AsWriteBuffer(PyObject *, void **, Py_ssize_t *);
extern int PyObject_CheckReadBuffer(PyObject *);
#endif
