/* A helper in another file, whose signature has no place for a scope. */
#ifdef __cplusplus
extern "C"
#endif
int helper(PyObject *object, const void **bytes, Py_ssize_t *length);
