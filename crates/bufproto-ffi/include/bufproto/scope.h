/* bufproto: one line per function that keeps its buffers where they are. Needs Python.h.
 *
 *     #include <Python.h>
 *     #include <bufproto/scope.h>
 *
 *     static PyObject *digest(PyObject *module, PyObject *data)
 *     {
 *         BUFPROTO_SCOPE();
 *         ...
 *         if (PyObject_AsReadBuffer(data, &bytes, &length) < 0) return NULL;
 *
 * From the line on until the end of the enclosing block, everything that the old functions hand out in this file stays
 * alive and in place, and is given back on every way out: return, goto, break, a C++ exception. Calls in blocks without a
 * scope behave as before. The names become macros in the files that include this header, and only there.
 *
 * A scope has room for BUFPROTO_SCOPE_ROOM buffers on the stack (8, unless defined before), and BUFPROTO_SCOPE_FOR(64); for
 * more. A scope that is full takes memory from the interpreter (MemoryError if there is none); with BUFPROTO_FULL_IS_ERROR
 * defined before, it refuses one more with BufferError. Nothing is ever handed out unpinned.
 *
 * A helper can be handed the scope of its caller: BUFPROTO_SCOPE_HERE is the innermost one, to be passed as a
 * const bufproto_scope *, and BUFPROTO_SCOPE_OF(scope); makes it the scope of the helper's block. For helpers whose signature
 * cannot change, see thread_scope.h.
 *
 * A goto must not jump over the line into the rest of its block: C would then end a scope that never began. gcc warns of it
 * with -Wjump-misses-init; C++ refuses it.
 *
 * When a scope ends, a pending exception stays, and what an exporter raises while it takes its memory back is reported as
 * unraisable. A scope belongs to the thread that began it.
 *
 * Without the cleanup attribute of GNU C and without C++, BUFPROTO_SCOPE is not defined: begin a scope by
 * bufproto_scope_begin and end it by bufproto_python_scope_end on every way out.
 */
#ifndef Py_PYTHON_H
#error "include Python.h before bufproto/scope.h"
#endif
#ifndef BUFPROTO_SCOPE_H
#define BUFPROTO_SCOPE_H

#include "functions.h"

#ifndef BUFPROTO_SCOPE_ROOM
#define BUFPROTO_SCOPE_ROOM 8
#endif

#if PY_MAJOR_VERSION >= 3 && !defined(PYPY_VERSION) && !defined(Py_LIMITED_API)
/* The places of a scope are views whose fields are known, and what most callers need is inline, as in functions.h. */
#define BUFPROTO__VIEWS
/* The item size of what is a reference to an object, and no view. */
#define BUFPROTO__REFERENCE PY_SSIZE_T_MIN
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Begins a scope with room for count views. One that cannot begin refuses what it is asked for. */
BUFPROTO__INLINE int bufproto_python_scope_begin(bufproto_scope *scope, bufproto_python_view *views, size_t count)
{
    if (!BUFPROTO__READY()) {
        /* Raised again by the first call through the scope. */
        PyErr_Clear();
        scope->interpreter = NULL;
        return -1;
    }
#ifdef BUFPROTO__VIEWS
    scope->interpreter = BUFPROTO_PYTHON;
    scope->places.first = views;
    scope->places.own = count;
    scope->places.claimed = 0;
    scope->places.count = count;
    scope->places.spilled = NULL;
    return 0;
#else
    return bufproto_scope_begin(scope, BUFPROTO_PYTHON, views, count);
#endif
}

/* Gives back all that a scope holds. */
BUFPROTO__ALWAYS void bufproto__give_all_back(bufproto_scope *scope)
{
#ifdef BUFPROTO__VIEWS
    if (scope->places.spilled == NULL) {
        scope->interpreter = NULL;
        while (scope->places.claimed != 0) {
            Py_buffer *view = (Py_buffer *)scope->places.first + --scope->places.claimed;
            if (view->itemsize == BUFPROTO__REFERENCE) {
                Py_DECREF(view->obj);
            } else {
                Py_buffer *volatile place = view;
                bufproto__give_back(view->obj, &place);
            }
        }
        return;
    }
#endif
    bufproto_scope_end(scope);
}

/* Ends a scope that holds something. */
BUFPROTO__OUTLINE void bufproto__end(bufproto_scope *scope)
{
    PyObject *type, *value, *traceback;
    const int pending = PyErr_Occurred() != NULL;
    if (pending) {
        PyErr_Fetch(&type, &value, &traceback);
    }
    bufproto__give_all_back(scope);
    if (PyErr_Occurred()) {
        /* 2.7 needs to be told of an object. */
        PyErr_WriteUnraisable(PY_MAJOR_VERSION < 3 ? Py_None : NULL);
    }
    if (pending) {
        PyErr_Restore(type, value, traceback);
    }
}

/* Ends a scope. */
BUFPROTO__INLINE void bufproto_python_scope_end(bufproto_scope *scope)
{
    if (scope->interpreter != NULL) {
        bufproto__end(scope);
    }
}

/* The innermost scope: blocks with a scope declare a variable of this name, which hides this one. */
BUFPROTO__UNUSED static const bufproto_scope *const bufproto__here = NULL;
#define BUFPROTO_SCOPE_HERE (bufproto__here)

/* Whether a scope can be used; false with an exception set. */
BUFPROTO__INLINE int bufproto__is_open(const bufproto_scope *scope)
{
    if (BUFPROTO__READY() && scope->interpreter == NULL) {
        PyErr_SetString(PyExc_SystemError, "there is no buffer scope here: it has ended, or the thread has none");
    }
    return scope->interpreter != NULL;
}

/* One of the three functions, by the library. */
BUFPROTO__COLD int bufproto__hold(const bufproto_scope *scope, PyObject *object, int access, bufproto__pointer *buffer,
                                     Py_ssize_t *length)
{
    if (!bufproto__is_open(scope)) {
        return -1;
    }
    return access == BUFPROTO_CHAR
               ? bufproto_scope_as_char_buffer(scope, object, BUFPROTO_SLOT(object), (const char **)(void *)buffer, length)
           : access == BUFPROTO_READ
               ? bufproto_scope_as_read_buffer(scope, object, BUFPROTO_SLOT(object), (const void **)(void *)buffer, length)
               : bufproto_scope_as_write_buffer(scope, object, BUFPROTO_SLOT(object), (void **)(void *)buffer, length);
}

#ifdef BUFPROTO__VIEWS

/* Forgets a view of which there is nothing to give back. Its place is free again, unless the exporter came back and took
 * those behind it. */
BUFPROTO__ALWAYS void bufproto__drop(Py_buffer *view, bufproto_kept *places)
{
    view->obj = NULL;
    view->itemsize = 0;
    if ((Py_buffer *)places->first + places->claimed == view + 1) {
        places->claimed--;
    }
}

/* Leaves the error of a function whose exporter has failed. */
BUFPROTO__COLD int bufproto__refused(const bufproto_scope *scope, int access, Py_buffer *view)
{
    bufproto__drop(view, (bufproto_kept *)&scope->places);
    return bufproto_fail(scope->interpreter, NULL, access, BUFPROTO_FAILED_EXPORTER);
}

/* Keeps the object beside its view, which names no owner and so keeps nothing alive. */
BUFPROTO__COLD int bufproto__keep(const bufproto_scope *scope, PyObject *object, Py_buffer *view,
                                     bufproto__pointer *buffer, Py_ssize_t *length)
{
    if (bufproto_scope_keep(scope, object) < 0) {
        bufproto__drop(view, (bufproto_kept *)&scope->places);
        return -1;
    }
    *buffer = view->buf;
    *length = view->len;
    return 0;
}

/* As the scopes of core do, in its scope.rs. */
BUFPROTO__ALWAYS int bufproto__take(const bufproto_scope *scope, PyObject *object, int access, bufproto__pointer *buffer,
                                    Py_ssize_t *length)
{
    bufproto_kept *places = (bufproto_kept *)&scope->places;
    PyBufferProcs *slots;
    Py_buffer *view;
    if (!BUFPROTO__LIKELY(scope->interpreter != NULL && object != NULL && buffer != NULL && length != NULL &&
                          places->claimed < places->own)) {
        return bufproto__hold(scope, object, access, buffer, length);
    }
    view = (Py_buffer *)places->first + places->claimed;
    if (access != BUFPROTO_WRITE && PyBytes_CheckExact(object)) {
        /* They neither move nor change: it is enough that they stay alive. */
        view->obj = object;
        view->itemsize = BUFPROTO__REFERENCE;
        places->claimed++;
        Py_INCREF(object);
        *buffer = ((PyBytesObject *)(void *)object)->ob_sval;
        *length = ((PyVarObject *)(void *)object)->ob_size;
        return 0;
    }
    slots = Py_TYPE(object)->tp_as_buffer;
    if (!BUFPROTO__LIKELY(slots != NULL && slots->bf_getbuffer != NULL)) {
        return bufproto__hold(scope, object, access, buffer, length);
    }
    view->buf = NULL;
    view->obj = NULL;
    view->len = 0;
    view->itemsize = 0;
    /* Exporting runs code that may come back to this scope. */
    places->claimed++;
    {
        bufproto__pointer *volatile out = buffer;
        Py_ssize_t *volatile size = length;
        Py_buffer *volatile place = view;
        const bufproto_scope *volatile here = scope;
        PyObject *volatile asked = object;
        if (slots->bf_getbuffer(object, view, access == BUFPROTO_WRITE ? PyBUF_WRITABLE : PyBUF_SIMPLE) != 0) {
            return bufproto__refused(here, access, place);
        }
        view = place;
        if (!BUFPROTO__LIKELY(view->obj != NULL)) {
            return bufproto__keep(here, asked, view, out, size);
        }
        *out = view->buf;
        *size = view->len;
    }
    return bufproto__opaque_number(0);
}

BUFPROTO__OUTLINE int bufproto__take_to_read(const bufproto_scope *scope, PyObject *object, bufproto__pointer *buffer,
                                             Py_ssize_t *length)
{
    return bufproto__take(scope, object, BUFPROTO_READ, buffer, length);
}

BUFPROTO__OUTLINE int bufproto__take_to_write(const bufproto_scope *scope, PyObject *object, bufproto__pointer *buffer,
                                              Py_ssize_t *length)
{
    return bufproto__take(scope, object, BUFPROTO_WRITE, buffer, length);
}

#else
#define bufproto__take_to_read(scope, object, buffer, length) bufproto__hold(scope, object, BUFPROTO_READ, buffer, length)
#define bufproto__take_to_write(scope, object, buffer, length) bufproto__hold(scope, object, BUFPROTO_WRITE, buffer, length)
#endif

BUFPROTO__INLINE int bufproto__as_char_buffer(const bufproto_scope *scope, PyObject *object, const char **buffer,
                                      Py_ssize_t *length)
{
    if (scope == NULL) {
        return bufproto_PyObject_AsCharBuffer(object, buffer, length);
    }
#ifdef BUFPROTO__VIEWS
    /* In CPython 3 it is the same as to read. */
    return bufproto__take_to_read(scope, object, (bufproto__pointer *)(void *)buffer, length);
#else
    return bufproto__hold(scope, object, BUFPROTO_CHAR, (bufproto__pointer *)(void *)buffer, length);
#endif
}

BUFPROTO__INLINE int bufproto__as_read_buffer(const bufproto_scope *scope, PyObject *object, const void **buffer,
                                      Py_ssize_t *length)
{
    if (scope == NULL) {
        return bufproto_PyObject_AsReadBuffer(object, buffer, length);
    }
    return bufproto__take_to_read(scope, object, (bufproto__pointer *)(void *)buffer, length);
}

BUFPROTO__INLINE int bufproto__as_write_buffer(const bufproto_scope *scope, PyObject *object, void **buffer,
                                      Py_ssize_t *length)
{
    if (scope == NULL) {
        return bufproto_PyObject_AsWriteBuffer(object, buffer, length);
    }
    return bufproto__take_to_write(scope, object, (bufproto__pointer *)(void *)buffer, length);
}

/* Acquires a view for any request, to be held by a scope: a Py_buffer, or NULL with an exception set. */
BUFPROTO__INLINE const void *bufproto_python_scope_acquire(const bufproto_scope *scope, PyObject *object, int request)
{
    return bufproto__is_open(scope) ? bufproto_scope_acquire(scope, object, BUFPROTO_SLOT(object), request) : NULL;
}

#ifdef __cplusplus
}
#endif

/* The original names stand for functions that are macros as well: a call sees the scope, an address is that of the function
 * without one. A name that is a macro of the user's stays the user's. */
#ifndef BUFPROTO_NO_NAMES
#include "rename.h"
#endif
#define bufproto_PyObject_AsCharBuffer(object, buffer, length) \
    bufproto__as_char_buffer(bufproto__here, object, buffer, length)
#define bufproto_PyObject_AsReadBuffer(object, buffer, length) \
    bufproto__as_read_buffer(bufproto__here, object, buffer, length)
#define bufproto_PyObject_AsWriteBuffer(object, buffer, length) \
    bufproto__as_write_buffer(bufproto__here, object, buffer, length)

/* The variable hides another on purpose. */
#if defined(__GNUC__)
#define BUFPROTO__HIDING(declaration) \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wshadow\"") declaration _Pragma("GCC diagnostic pop")
#else
#define BUFPROTO__HIDING(declaration) declaration
#endif

#if defined(__cplusplus)

extern "C++" {

/* A scope and its room. */
template <size_t room> class bufproto_python_scope {
  public:
    bufproto_python_scope()
    {
        bufproto_python_scope_begin(&scope, views, room);
    }
    ~bufproto_python_scope()
    {
        bufproto_python_scope_end(&scope);
    }
    bufproto_scope scope;

  private:
    bufproto_python_scope(const bufproto_python_scope &);
    bufproto_python_scope &operator=(const bufproto_python_scope &);
    bufproto_python_view views[room];
};

}

#define BUFPROTO_SCOPE_FOR(room) \
    BUFPROTO__HIDING(bufproto_python_scope<(room)> bufproto__scope;) \
    BUFPROTO_SCOPE_OF(&bufproto__scope.scope)

#elif defined(__GNUC__)

#define BUFPROTO_SCOPE_FOR(room) \
    BUFPROTO__HIDING( \
        bufproto_python_view bufproto__views[room]; \
        bufproto_scope bufproto__scope __attribute__((cleanup(bufproto_python_scope_end))); \
        BUFPROTO__UNUSED const int bufproto__begun = \
            bufproto_python_scope_begin(&bufproto__scope, bufproto__views, (room));) \
    BUFPROTO_SCOPE_OF(&bufproto__scope)

#endif

#ifdef BUFPROTO_SCOPE_FOR
#define BUFPROTO_SCOPE() BUFPROTO_SCOPE_FOR(BUFPROTO_SCOPE_ROOM)
#endif

/* A declaration of nothing, for the semicolon that the user writes. */
#ifdef __cplusplus
#define BUFPROTO__NOTHING static_assert(true, "")
#else
#define BUFPROTO__NOTHING struct bufproto__nothing
#endif

/* Makes a scope the one of the enclosing block. */
#define BUFPROTO_SCOPE_OF(the_scope) \
    BUFPROTO__HIDING(BUFPROTO__UNUSED const bufproto_scope *const bufproto__here = (the_scope);) \
    BUFPROTO__NOTHING

#endif
