/* The interpreter's own functions, asked plainly: what they return, what they write, and what they raise. Compiled once with
 * PY_SSIZE_T_CLEAN and once without, as `oracle` and as `oracle_int`, since that is what lengths in argument formats depend
 * on. */
#ifndef WITH_INT
#define PY_SSIZE_T_CLEAN
#endif
#include <Python.h>

#include <stddef.h>
#include <string.h>

/* From 3.13 on no header declares them. */
#if PY_VERSION_HEX >= 0x030d0000
PyAPI_FUNC(int) PyObject_AsCharBuffer(PyObject *, const char **, Py_ssize_t *);
PyAPI_FUNC(int) PyObject_AsReadBuffer(PyObject *, const void **, Py_ssize_t *);
PyAPI_FUNC(int) PyObject_AsWriteBuffer(PyObject *, void **, Py_ssize_t *);
PyAPI_FUNC(int) PyObject_CheckReadBuffer(PyObject *);
#endif

/* What nobody has written. */
#define UNTOUCHED 0x7777777777777777

/* How many bytes are shown. */
#define SHOWN 64

/* Puts a value into a dictionary, and takes the reference over. */
static void put(PyObject *answer, const char *key, PyObject *value)
{
    if (value != NULL && answer != NULL) {
        PyDict_SetItemString(answer, key, value);
    }
    Py_XDECREF(value);
}

/* The pending exception, under "raised", taken away. */
static void put_raised(PyObject *answer)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (type != NULL) {
        PyErr_NormalizeException(&type, &value, &traceback);
        PyDict_SetItemString(answer, "raised", value);
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

static void put_memory(PyObject *answer, const void *pointer, Py_ssize_t length, int peek)
{
    put(answer, "pointer", PyLong_FromVoidPtr((void *)pointer));
    put(answer, "len", PyLong_FromSsize_t(length));
    if (peek && pointer != NULL && length >= 0) {
        put(answer, "data", PyBytes_FromStringAndSize((const char *)pointer, length < SHOWN ? length : SHOWN));
    }
}

/* call(function, object, peek, nulls, pending): one of the four, 0 to 3. `nulls` has a bit for each argument that is NULL. */
static PyObject *call(PyObject *module, PyObject *arguments)
{
    int function, peek, nulls, pending, rc;
    void *pointer = (void *)UNTOUCHED;
    Py_ssize_t length = (Py_ssize_t)UNTOUCHED;
    PyObject *object, *asked, *answer = PyDict_New();
    void **into;
    Py_ssize_t *counted;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "iOiii", &function, &object, &peek, &nulls, &pending)) {
        return NULL;
    }
    if (pending) {
        PyErr_SetString(PyExc_KeyError, "pending before the call");
    }
    asked = nulls & 1 ? NULL : object;
    into = nulls & 2 ? NULL : &pointer;
    counted = nulls & 4 ? NULL : &length;
    switch (function) {
    case 0:
        rc = PyObject_AsCharBuffer(asked, (const char **)into, counted);
        break;
    case 1:
        rc = PyObject_AsReadBuffer(asked, (const void **)into, counted);
        break;
    case 2:
        rc = PyObject_AsWriteBuffer(asked, into, counted);
        break;
    default:
        rc = PyObject_CheckReadBuffer(asked);
    }
    put_raised(answer);
    put(answer, "rc", PyLong_FromLong(rc));
    if (pointer != (void *)UNTOUCHED && length != (Py_ssize_t)UNTOUCHED) {
        put_memory(answer, pointer, length, peek);
    }
    return answer;
}

static PyObject *numbers(const Py_ssize_t *values, int count)
{
    PyObject *list = PyList_New(count);
    int index;
    for (index = 0; list != NULL && index < count; index++) {
        PyList_SetItem(list, index, PyLong_FromSsize_t(values[index]));
    }
    return list;
}

/* The fields of a view, and where they point. */
static void put_view(PyObject *answer, const Py_buffer *view, PyObject *object, int peek)
{
    /* Without strides it is one block. */
    put_memory(answer, view->buf, view->len, peek && view->strides == NULL);
    put(answer, "itemsize", PyLong_FromSsize_t(view->itemsize));
    put(answer, "ndim", PyLong_FromLong(view->ndim));
    put(answer, "readonly", PyLong_FromLong(view->readonly));
    put(answer, "owner", Py_BuildValue("s", view->obj == NULL ? "null" : view->obj == object ? "self" : "other"));
    put(answer, "internal", Py_BuildValue("s", view->internal == NULL ? "null" : "set"));
    if (view->format != NULL) {
        put(answer, "format", PyBytes_FromString(view->format));
    }
    if (view->shape != NULL) {
        put(answer, "shape", numbers(view->shape, view->ndim));
    }
    if (view->strides != NULL) {
        put(answer, "strides", numbers(view->strides, view->ndim));
    }
    if (view->suboffsets != NULL) {
        put(answer, "suboffsets", numbers(view->suboffsets, view->ndim));
    }
}

/* get_buffer(object, request, peek, contiguous): PyObject_GetBuffer, given back at once. */
static PyObject *get_buffer(PyObject *module, PyObject *arguments)
{
    int request, peek, contiguous, rc, order;
    PyObject *object, *answer = PyDict_New();
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Oiii", &object, &request, &peek, &contiguous)) {
        return NULL;
    }
    memset(&view, 0, sizeof view);
    rc = PyObject_GetBuffer(object, &view, request);
    put_raised(answer);
    put(answer, "rc", PyLong_FromLong(rc));
    if (rc == 0) {
        put_view(answer, &view, object, peek);
        if (contiguous) {
            char orders[4] = "", *end = orders;
            for (order = 0; order < 3; order++) {
                if (PyBuffer_IsContiguous(&view, "CFA"[order])) {
                    *end++ = "CFA"[order];
                }
            }
            put(answer, "contiguous", Py_BuildValue("s", orders));
        }
        PyBuffer_Release(&view);
    }
    return answer;
}

/* fill_info(object, owner, length, read only, request, view): PyBuffer_FillInfo over five bytes. */
static PyObject *fill_info(PyObject *module, PyObject *arguments)
{
    static char memory[8] = "hello";
    int has_owner, read_only, request, has_view, rc;
    Py_ssize_t length;
    PyObject *object, *answer = PyDict_New();
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Oiniii", &object, &has_owner, &length, &read_only, &request, &has_view)) {
        return NULL;
    }
    memset(&view, 0, sizeof view);
    view.buf = (void *)UNTOUCHED;
    rc = PyBuffer_FillInfo(has_view ? &view : NULL, has_owner ? object : NULL, memory, length, read_only, request);
    put_raised(answer);
    put(answer, "rc", PyLong_FromLong(rc));
    if (has_view && rc != 0) {
        put(answer, "buf_untouched", PyBool_FromLong(view.buf == (void *)UNTOUCHED));
    } else if (has_view) {
        put_view(answer, &view, object, 0);
        put(answer, "shape_is_len", PyBool_FromLong(view.shape == &view.len));
        put(answer, "strides_is_itemsize", PyBool_FromLong(view.strides == &view.itemsize));
        PyBuffer_Release(&view);
    }
    return answer;
}

/* hold(object, request, callable): calls while a view is held. None if there is no view. */
static PyObject *hold(PyObject *module, PyObject *arguments)
{
    int request;
    PyObject *object, *callable, *answer;
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OiO", &object, &request, &callable)) {
        return NULL;
    }
    if (PyObject_GetBuffer(object, &view, request) < 0) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    answer = PyObject_CallFunctionObjArgs(callable, NULL);
    PyBuffer_Release(&view);
    return answer;
}

#if PY_MAJOR_VERSION < 3
/* What an old slot answers for the first segment. */
static void put_slot(PyObject *answers, const char *name, readbufferproc slot, PyObject *object, int peek)
{
    PyObject *answer;
    void *pointer = (void *)UNTOUCHED;
    Py_ssize_t returned;
    if (slot == NULL) {
        return;
    }
    answer = PyDict_New();
    returned = slot(object, 0, &pointer);
    put_raised(answer);
    if (pointer != (void *)UNTOUCHED) {
        put_memory(answer, pointer, returned, peek);
    }
    put(answer, "returned", PyLong_FromSsize_t(returned));
    put(answers, name, answer);
}
#endif

/* describe(object, peek): which slots its type fills, and what the old ones answer. */
static PyObject *describe(PyObject *module, PyObject *arguments)
{
    PyObject *object, *slots = PyDict_New(), *answer = PyDict_New();
    PyBufferProcs *procs;
    int peek;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Oi", &object, &peek)) {
        return NULL;
    }
    procs = Py_TYPE(object)->tp_as_buffer;
#define FILLS(slot) PyBool_FromLong(procs != NULL && procs->slot != NULL)
    put(slots, "procs", PyBool_FromLong(procs != NULL));
    put(slots, "check_buffer", PyBool_FromLong(PyObject_CheckBuffer(object)));
#if PY_MAJOR_VERSION < 3
    {
        int newer = PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_HAVE_NEWBUFFER);
        PyObject *old = PyDict_New();
        put(slots, "flag_newbuffer", PyBool_FromLong(newer));
        put(slots, "flag_getcharbuffer", PyBool_FromLong(PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_HAVE_GETCHARBUFFER)));
        put(slots, "getbuffer", PyBool_FromLong(newer && procs != NULL && procs->bf_getbuffer != NULL));
        put(slots, "releasebuffer", PyBool_FromLong(newer && procs != NULL && procs->bf_releasebuffer != NULL));
        put(slots, "getreadbuffer", FILLS(bf_getreadbuffer));
        put(slots, "getwritebuffer", FILLS(bf_getwritebuffer));
        put(slots, "getsegcount", FILLS(bf_getsegcount));
        put(slots, "getcharbuffer", FILLS(bf_getcharbuffer));
        if (procs != NULL) {
            if (procs->bf_getsegcount != NULL) {
                PyObject *count = PyDict_New();
                Py_ssize_t total = (Py_ssize_t)UNTOUCHED, returned = procs->bf_getsegcount(object, &total);
                put_raised(count);
                put(count, "returned", PyLong_FromSsize_t(returned));
                if (total != (Py_ssize_t)UNTOUCHED) {
                    put(count, "total", PyLong_FromSsize_t(total));
                }
                put(old, "segcount", count);
            }
            put_slot(old, "read", procs->bf_getreadbuffer, object, peek);
            put_slot(old, "write", procs->bf_getwritebuffer, object, peek);
            put_slot(old, "char", (readbufferproc)procs->bf_getcharbuffer, object, peek);
        }
        put(answer, "old_slots", old);
    }
#else
    put(slots, "getbuffer", FILLS(bf_getbuffer));
    put(slots, "releasebuffer", FILLS(bf_releasebuffer));
#endif
    put(answer, "slots", slots);
    put(answer, "type", PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__"));
    return answer;
}

/* parse(format, object, peek): one argument, as PyArg_ParseTuple takes it. The second of the results is a length. */
static PyObject *parse(PyObject *module, PyObject *arguments)
{
    const char *format;
    char full[16];
    int peek, ok, is_view, has_length;
    PyObject *object, *tuple, *answer = PyDict_New();
    const char *pointer = (const char *)UNTOUCHED;
    unsigned long long length = UNTOUCHED;
    Py_buffer view;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "sOi", &format, &object, &peek)) {
        return NULL;
    }
    is_view = format[1] == '*';
    has_length = format[1] == '#';
    PyOS_snprintf(full, sizeof full, "%s:probe", format);
    tuple = PyTuple_Pack(1, object);
    memset(&view, 0, sizeof view);
    ok = is_view ? PyArg_ParseTuple(tuple, full, &view)
                 : PyArg_ParseTuple(tuple, full, &pointer, &length);
    Py_XDECREF(tuple);
    put_raised(answer);
    put(answer, "ok", PyLong_FromLong(ok));
    if (is_view) {
        if (ok) {
            put_view(answer, &view, object, peek);
            PyBuffer_Release(&view);
        }
        return answer;
    }
    if (pointer != (const char *)UNTOUCHED) {
        put(answer, "pointer", PyLong_FromVoidPtr((void *)pointer));
    }
    if (ok && has_length) {
        int stored, is_int;
        memcpy(&stored, &length, sizeof stored);
        is_int = (length >> 32) == (UNTOUCHED >> 32);
        put(answer, "stored", Py_BuildValue("s", is_int ? "int" : "Py_ssize_t"));
        put_memory(answer, pointer, is_int ? stored : (Py_ssize_t)length, peek);
    } else if (ok && pointer != NULL && peek && *format != 'w') {
        put(answer, "data", PyBytes_FromStringAndSize(pointer, (Py_ssize_t)(strlen(pointer) < SHOWN ? strlen(pointer) : SHOWN)));
    }
    return answer;
}

/* layout(): offsets and sizes in bytes. flags(): the values of PyBUF_*. */
static PyObject *layout(PyObject *module, PyObject *none)
{
    PyObject *answer = PyDict_New(), *view = PyDict_New(), *procs = PyDict_New();
    (void)module;
    (void)none;
#define FIELD(structure, into, field) put(into, #field, PyLong_FromSize_t(offsetof(structure, field)))
    FIELD(Py_buffer, view, buf);
    FIELD(Py_buffer, view, obj);
    FIELD(Py_buffer, view, len);
    FIELD(Py_buffer, view, itemsize);
    FIELD(Py_buffer, view, readonly);
    FIELD(Py_buffer, view, ndim);
    FIELD(Py_buffer, view, format);
    FIELD(Py_buffer, view, shape);
    FIELD(Py_buffer, view, strides);
    FIELD(Py_buffer, view, suboffsets);
    FIELD(Py_buffer, view, internal);
    put(view, "sizeof", PyLong_FromSize_t(sizeof(Py_buffer)));
    FIELD(PyBufferProcs, procs, bf_getbuffer);
    FIELD(PyBufferProcs, procs, bf_releasebuffer);
#if PY_MAJOR_VERSION < 3
    FIELD(Py_buffer, view, smalltable);
    FIELD(PyBufferProcs, procs, bf_getreadbuffer);
    FIELD(PyBufferProcs, procs, bf_getwritebuffer);
    FIELD(PyBufferProcs, procs, bf_getsegcount);
    FIELD(PyBufferProcs, procs, bf_getcharbuffer);
    put(answer, "Py_TPFLAGS_HAVE_GETCHARBUFFER", PyLong_FromLong(Py_TPFLAGS_HAVE_GETCHARBUFFER));
    put(answer, "Py_TPFLAGS_HAVE_NEWBUFFER", PyLong_FromLong(Py_TPFLAGS_HAVE_NEWBUFFER));
#endif
    put(procs, "sizeof", PyLong_FromSize_t(sizeof(PyBufferProcs)));
    put(answer, "Py_buffer", view);
    put(answer, "PyBufferProcs", procs);
    put(answer, "PyObject", PyLong_FromSize_t(sizeof(PyObject)));
    put(answer, "tp_as_buffer", PyLong_FromSize_t(offsetof(PyTypeObject, tp_as_buffer)));
    put(answer, "tp_flags", PyLong_FromSize_t(offsetof(PyTypeObject, tp_flags)));
    return answer;
}

static PyObject *flags(PyObject *module, PyObject *none)
{
    PyObject *answer = PyDict_New();
    (void)module;
    (void)none;
#define FLAG(name) put(answer, #name, PyLong_FromLong(name))
    FLAG(PyBUF_SIMPLE);
    FLAG(PyBUF_WRITABLE);
    FLAG(PyBUF_FORMAT);
    FLAG(PyBUF_ND);
    FLAG(PyBUF_STRIDES);
    FLAG(PyBUF_C_CONTIGUOUS);
    FLAG(PyBUF_F_CONTIGUOUS);
    FLAG(PyBUF_ANY_CONTIGUOUS);
    FLAG(PyBUF_INDIRECT);
    FLAG(PyBUF_CONTIG);
    FLAG(PyBUF_CONTIG_RO);
    FLAG(PyBUF_STRIDED);
    FLAG(PyBUF_STRIDED_RO);
    FLAG(PyBUF_RECORDS);
    FLAG(PyBUF_RECORDS_RO);
    FLAG(PyBUF_FULL);
    FLAG(PyBUF_FULL_RO);
    FLAG(PyBUF_READ);
    FLAG(PyBUF_WRITE);
#ifdef PyBUF_MAX_NDIM
    FLAG(PyBUF_MAX_NDIM);
#endif
    return answer;
}

static PyMethodDef methods[] = {
    {"call", call, METH_VARARGS, NULL},
    {"get_buffer", get_buffer, METH_VARARGS, NULL},
    {"fill_info", fill_info, METH_VARARGS, NULL},
    {"hold", hold, METH_VARARGS, NULL},
    {"describe", describe, METH_VARARGS, NULL},
    {"parse", parse, METH_VARARGS, NULL},
    {"layout", layout, METH_NOARGS, NULL},
    {"flags", flags, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#ifdef WITH_INT
#define NAME "oracle_int"
#define INIT3 PyInit_oracle_int
#define INIT2 initoracle_int
#else
#define NAME "oracle"
#define INIT3 PyInit_oracle
#define INIT2 initoracle
#endif

#if PY_MAJOR_VERSION >= 3
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, NAME, NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC INIT3(void)
{
    PyObject *module = PyModule_Create(&definition);
#ifdef Py_GIL_DISABLED
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    return module;
}
#else
PyMODINIT_FUNC INIT2(void)
{
    Py_InitModule(NAME, methods);
}
#endif
