/* Adds a type of exporters to a module, under the name behind the dot. Needs Python.h. Returns -1 with an exception set if it
 * cannot. Without `unmake`, objects are only freed. */
#include <string.h>

static int add_exporter(PyObject *module, PyTypeObject *type, newfunc make, destructor unmake, PyBufferProcs *slots)
{
    type->tp_flags = Py_TPFLAGS_DEFAULT;
#if PY_MAJOR_VERSION < 3
    if (slots->bf_getbuffer != NULL) {
        type->tp_flags |= Py_TPFLAGS_HAVE_NEWBUFFER;
    }
#endif
    type->tp_new = make;
    type->tp_dealloc = unmake;
    type->tp_as_buffer = slots;
    if (PyType_Ready(type) < 0) {
        return -1;
    }
    Py_INCREF(type);
    return PyModule_AddObject(module, strchr(type->tp_name, '.') + 1, (PyObject *)type);
}
