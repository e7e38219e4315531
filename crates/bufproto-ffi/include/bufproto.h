/* bufproto: Python's old buffer protocol. What the library exports; it needs no Python headers.
 *
 * Extensions include "bufproto/python.h", which declares the functions by their original names.
 */
#ifndef BUFPROTO_H
#define BUFPROTO_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A Python object, as the interpreter's headers name it. */
struct _object;

/* A type's bf_getbuffer: fills a view as a request asks, and returns 0, or -1 with an exception set. */
typedef int (*bufproto_get_buffer)(struct _object *object, void *view, int request);

/* The functions of an interpreter that the library calls. Filled by "bufproto/python.h"; all fields but those for old
 * slots are set, and all functions are called by the thread that called the library. */
typedef struct bufproto_interpreter {
    /* sizeof of this structure: later versions add fields at the end. */
    size_t size;
    /* 1 CPython 2.7, 2 CPython 3.6 to 3.12, 3 CPython 3.13 and later, 4 PyPy for 2.7, 5 PyPy for 3. */
    int family;
    /* sizeof(Py_buffer): which layout views have. */
    size_t view_size;
    /* Py_IncRef. */
    void (*refer)(struct _object *object);
    /* PyBuffer_Release. */
    void (*release)(void *view);
    /* PyErr_Occurred, PyErr_Clear, PyErr_SetString. */
    struct _object *(*occurred)(void);
    void (*clear)(void);
    void (*set_string)(struct _object *exception, const char *text);
    /* Raises an exception whose text has one place, %.100s, for the name of the object's type. */
    void (*set_with_type)(struct _object *exception, const char *text, struct _object *object);
    /* Where TypeError, ValueError, BufferError, SystemError, OverflowError and IndexError are kept. */
    struct _object **exceptions[6];
    /* Whether the type fills the segment counter and the slot for an access (0 characters, 1 reading, 2 writing), the
     * counter, and the slot. NULL where types have no old slots. */
    int (*has_segments)(struct _object *object, int access);
    ptrdiff_t (*count_segments)(struct _object *object, ptrdiff_t *total);
    ptrdiff_t (*get_segment)(struct _object *object, int access, ptrdiff_t index, void **pointer);
} bufproto_interpreter;

/* PyObject_AsCharBuffer, PyObject_AsReadBuffer and PyObject_AsWriteBuffer, in the dialect of the interpreter.
 *
 * get_buffer is the slot of the object's type, or NULL if it has none, or if the object is NULL.
 * Return 0, or -1 with an exception set; the outputs are written on success only. NULL for the object or an output is a
 * SystemError, unless an exception is pending. The memory is kept alive by nobody: on Python 3 the view is released
 * before the function returns. The thread must be attached to the interpreter. */
int bufproto_as_char_buffer(const bufproto_interpreter *interpreter, struct _object *object,
        bufproto_get_buffer get_buffer, const char **buffer, ptrdiff_t *length);
int bufproto_as_read_buffer(const bufproto_interpreter *interpreter, struct _object *object,
        bufproto_get_buffer get_buffer, const void **buffer, ptrdiff_t *length);
int bufproto_as_write_buffer(const bufproto_interpreter *interpreter, struct _object *object,
        bufproto_get_buffer get_buffer, void **buffer, ptrdiff_t *length);

/* The same as before Python 2.5: a length above INT_MAX is an OverflowError. */
int bufproto_as_char_buffer_int(const bufproto_interpreter *interpreter, struct _object *object,
        bufproto_get_buffer get_buffer, const char **buffer, int *length);
int bufproto_as_read_buffer_int(const bufproto_interpreter *interpreter, struct _object *object,
        bufproto_get_buffer get_buffer, const void **buffer, int *length);
int bufproto_as_write_buffer_int(const bufproto_interpreter *interpreter, struct _object *object,
        bufproto_get_buffer get_buffer, void **buffer, int *length);

/* PyObject_CheckReadBuffer: 1 or 0; never raises. For NULL, where the original crashes, 0. */
int bufproto_check_read_buffer(const bufproto_interpreter *interpreter, struct _object *object,
        bufproto_get_buffer get_buffer);

/* A scope: every buffer that is taken through it stays where it is until the scope ends. Lives on the caller's stack, and
 * does not move. Extensions declare one by BUFPROTO_SCOPE, in "bufproto/scope.h". */
typedef struct bufproto_scope {
    const bufproto_interpreter *interpreter;
    size_t content[4];
} bufproto_scope;

/* Begins a scope with room for a number of views (of view_size bytes each) at an address. Returns 0, or -1 if the library
 * does not know the layout of the interpreter's views; nothing is raised then. */
int bufproto_scope_begin(bufproto_scope *scope, const bufproto_interpreter *interpreter, void *views, size_t count);

/* Ends a scope: gives back what was taken through it, the last first. Exporters may run code then, and may leave an
 * exception; put a pending one aside before. Does nothing to a scope that has ended. */
void bufproto_scope_end(bufproto_scope *scope);

/* How many more buffers the scope can take. */
size_t bufproto_scope_room(const bufproto_scope *scope);

/* As the functions without a scope, but the memory stays until the scope ends. BufferError if the scope is full. */
int bufproto_scope_as_char_buffer(const bufproto_scope *scope, struct _object *object,
        bufproto_get_buffer get_buffer, const char **buffer, ptrdiff_t *length);
int bufproto_scope_as_read_buffer(const bufproto_scope *scope, struct _object *object,
        bufproto_get_buffer get_buffer, const void **buffer, ptrdiff_t *length);
int bufproto_scope_as_write_buffer(const bufproto_scope *scope, struct _object *object,
        bufproto_get_buffer get_buffer, void **buffer, ptrdiff_t *length);

/* The library's version, as "major.minor.patch". */
const char *bufproto_version(void);

#ifdef __cplusplus
}
#endif

#endif
