/* The module that MODULE names, of the functions in `methods`, for Python 2 and 3. Included at the end of a file that may have
 * defined ADD_TYPES(module), which is negative if it fails, and MODULE_WITHOUT_GIL, if it needs no lock of the interpreter's. */
#ifndef ADD_TYPES
#define ADD_TYPES(module) (0)
#endif

#define GLUE_(left, right) left##right
#define GLUE(left, right) GLUE_(left, right)
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)

#if PY_MAJOR_VERSION >= 3
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, TEXT(MODULE), NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC GLUE(PyInit_, MODULE)(void);
PyMODINIT_FUNC GLUE(PyInit_, MODULE)(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && ADD_TYPES(module) < 0) {
        Py_DECREF(module);
        module = NULL;
    }
#if defined(Py_GIL_DISABLED) && defined(MODULE_WITHOUT_GIL)
    if (module != NULL) {
        PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
    }
#endif
    return module;
}
#else
PyMODINIT_FUNC GLUE(init, MODULE)(void);
PyMODINIT_FUNC GLUE(init, MODULE)(void)
{
    PyObject *module = Py_InitModule(TEXT(MODULE), methods);
    if (module != NULL) {
        /* What it raises, the import does. */
        (void)ADD_TYPES(module);
    }
}
#endif
