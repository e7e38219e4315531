/* The names of the three functions that hand memory out, as macros without arguments for ours. Included by names.h and scope.h,
 * and so without a guard: what is a macro already stays. */
#ifdef PYPY_VERSION
/* PyPy's headers have macros of these names, by which it calls its own. */
#undef PyObject_AsCharBuffer
#undef PyObject_AsReadBuffer
#undef PyObject_AsWriteBuffer
#endif
#ifndef PyObject_AsCharBuffer
#define PyObject_AsCharBuffer bufproto_PyObject_AsCharBuffer
#endif
#ifndef PyObject_AsReadBuffer
#define PyObject_AsReadBuffer bufproto_PyObject_AsReadBuffer
#endif
#ifndef PyObject_AsWriteBuffer
#define PyObject_AsWriteBuffer bufproto_PyObject_AsWriteBuffer
#endif
