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
#include "held.h"

#ifndef BUFPROTO_SCOPE_ROOM
#define BUFPROTO_SCOPE_ROOM 8
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Begins a scope with room for count views. One that cannot begin refuses what it is asked for. */
BUFPROTO__INLINE int bufproto_python_scope_begin(bufproto_scope *scope, bufproto_python_view *views, size_t count)
{
    if (!BUFPROTO__READY()) {
        static const bufproto_scope none = {0, {0, 0, 0, 0}};
        /* Raised again by the first call through the scope. */
        PyErr_Clear();
        *scope = none;
        return -1;
    }
#ifdef BUFPROTO__VIEWS
    scope->interpreter = BUFPROTO_PYTHON;
    scope->places.next = views;
    scope->places.end = views + count;
    scope->places.first = views;
    scope->places.spilled = NULL;
    return 0;
#else
    return bufproto_scope_begin(scope, BUFPROTO_PYTHON, views, count);
#endif
}

#ifdef BUFPROTO__VIEWS

/* Gives back what places hold, from the last down to the first, whatever code that runs. RELEASE is what tells the last one's
 * owner, or NULL. */
BUFPROTO__OUTLINE void bufproto__give_places_back(Py_buffer *last, const Py_buffer *first, releasebufferproc release);

/* The same while an exception is pending, which stays. */
BUFPROTO__COLD void bufproto__give_places_back_aside(Py_buffer *last, const Py_buffer *first, releasebufferproc release)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    bufproto__give_places_back(last, first, release);
    PyErr_Restore(type, value, traceback);
}

BUFPROTO__OUTLINE void bufproto__give_places_back(Py_buffer *last, const Py_buffer *first, releasebufferproc release)
{
    PyThreadState *volatile thread = PyThreadState_Get();
    const Py_buffer *volatile until = first;
    PyObject *owner = last->obj;
    if (!BUFPROTO__LIKELY(BUFPROTO__PENDING(thread) == NULL)) {
        bufproto__give_places_back_aside(last, until, release);
        return;
    }
    for (;;) {
        if (release != NULL) {
            release(owner, last);
        }
        Py_DECREF(owner);
        do {
            if (last == until) {
                if (!BUFPROTO__LIKELY(BUFPROTO__PENDING(thread) == NULL)) {
                    PyErr_WriteUnraisable(NULL);
                }
                return;
            }
            owner = (--last)->obj;
        } while (owner == NULL);
        release = last->itemsize == BUFPROTO__REFERENCE ? NULL : bufproto__releaser(owner);
    }
}
#endif

/* Ends a scope by the library. */
BUFPROTO__COLD void bufproto__end_by_library(bufproto_scope *scope)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    bufproto_scope_end(scope);
    if (PyErr_Occurred()) {
        /* 2.7 needs to be told of an object. */
        PyErr_WriteUnraisable(PY_MAJOR_VERSION < 3 ? Py_None : NULL);
    }
    PyErr_Restore(type, value, traceback);
}

/* Ends a scope that holds something. */
BUFPROTO__OUTLINE void bufproto__end(bufproto_scope *scope)
{
#ifdef BUFPROTO__VIEWS
    if (BUFPROTO__LIKELY(scope->places.spilled == NULL)) {
        const Py_buffer *first = (const Py_buffer *)scope->places.first;
        Py_buffer *last = (Py_buffer *)scope->places.next;
        /* Nobody takes anything through it from here on. */
        scope->interpreter = NULL;
        scope->places.next = scope->places.end = scope->places.first;
        /* As long as giving back runs no code, nobody has to look at exceptions. */
        while (last != first) {
            releasebufferproc release = NULL;
            PyObject *owner = (--last)->obj;
            if (owner == NULL) {
                continue;
            }
            if (last->itemsize != BUFPROTO__REFERENCE && !bufproto__uncount(owner)) {
                release = bufproto__releaser(owner);
            }
            if (release != NULL || BUFPROTO__MAY_END(owner)) {
                bufproto__give_places_back(last, first, release);
                return;
            }
            Py_DECREF(owner);
        }
        return;
    }
#endif
    bufproto__end_by_library(scope);
}

/* Ends a scope. */
BUFPROTO__INLINE void bufproto_python_scope_end(bufproto_scope *scope)
{
    if (scope->places.next != scope->places.first || scope->places.spilled != NULL) {
        bufproto__end(scope);
    } else {
        scope->interpreter = NULL;
        scope->places.end = scope->places.first;
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

/* Has the next free place of a scope filled, as the scopes of core do, in its scope.rs. Returns 0, or something else if the
 * exporter has failed, or if the place is as it was: then the library is to be asked. */
BUFPROTO__ALWAYS int bufproto__take(PyObject *object, Py_buffer *view, const bufproto_scope *scope, int access)
{
    bufproto_kept *places = (bufproto_kept *)&scope->places;
    getbufferproc get_buffer;
    if (!BUFPROTO__LIKELY(object != NULL && (void *)view != places->end)) {
        return -1;
    }
    if (access != BUFPROTO_WRITE && PyBytes_CheckExact(object)) {
        /* They neither move nor change: it is enough that they stay alive. */
        view->buf = ((PyBytesObject *)(void *)object)->ob_sval;
        view->obj = object;
        view->len = ((PyVarObject *)(void *)object)->ob_size;
        view->itemsize = BUFPROTO__REFERENCE;
        places->next = view + 1;
        Py_INCREF(object);
        return 0;
    }
    if (bufproto__count(object, access, &view->buf, &view->len)) {
        view->obj = object;
        view->itemsize = 1;
        places->next = view + 1;
        Py_INCREF(object);
        return 0;
    }
    get_buffer = bufproto__exporter(object);
    if (!BUFPROTO__LIKELY(get_buffer != NULL)) {
        return -1;
    }
    view->buf = NULL;
    view->obj = NULL;
    view->len = 0;
    view->itemsize = 0;
    /* Exporting runs code that may come back to this scope. */
    places->next = view + 1;
    return get_buffer(object, view, access == BUFPROTO_WRITE ? PyBUF_WRITABLE : PyBUF_SIMPLE);
}

BUFPROTO__OUTLINE int bufproto__take_to_read(PyObject *object, Py_buffer *view, const bufproto_scope *scope)
{
    return bufproto__take(object, view, scope, BUFPROTO_READ);
}

BUFPROTO__OUTLINE int bufproto__take_to_write(PyObject *object, Py_buffer *view, const bufproto_scope *scope)
{
    return bufproto__take(object, view, scope, BUFPROTO_WRITE);
}

/* What comes of a place that has not been filled, or with a view that names no owner. */
BUFPROTO__COLD int bufproto__take_rest(const bufproto_scope *scope, PyObject *object, int access, bufproto__pointer *buffer,
                                       Py_ssize_t *length, Py_buffer *view, int failed)
{
    bufproto_kept *places = (bufproto_kept *)&scope->places;
    if (places->next == view) {
        return bufproto__hold(scope, object, access, buffer, length);
    }
    /* Such a view keeps nothing alive: the object is kept beside it. */
    if (failed || bufproto_scope_keep(scope, object) < 0) {
        /* There is nothing to give back. The place is free again, unless the exporter came back and took those behind it. */
        view->obj = NULL;
        view->itemsize = 0;
        if (places->next == view + 1 && places->spilled == NULL) {
            places->next = view;
        }
        return failed ? bufproto_fail(scope->interpreter, NULL, access, BUFPROTO_FAILED_EXPORTER) : -1;
    }
    *buffer = view->buf;
    *length = view->len;
    return 0;
}

#endif

/* One of the three functions. */
BUFPROTO__ALWAYS int bufproto__take_out(const bufproto_scope *scope, PyObject *object, int access,
                                        bufproto__pointer *buffer, Py_ssize_t *length)
{
#ifdef BUFPROTO__VIEWS
    if (BUFPROTO__LIKELY(buffer != NULL && length != NULL)) {
        Py_buffer *view = (Py_buffer *)scope->places.next;
        /* In CPython 3 characters are the same as what is to be read. */
        const int failed = access == BUFPROTO_WRITE ? bufproto__take_to_write(object, view, scope)
                                                    : bufproto__take_to_read(object, view, scope);
        if (!BUFPROTO__LIKELY(failed == 0 && view->obj != NULL)) {
            return bufproto__take_rest(scope, object, access, buffer, length, view, failed);
        }
        *buffer = view->buf;
        *length = view->len;
        return 0;
    }
#endif
    return bufproto__hold(scope, object, access, buffer, length);
}

BUFPROTO__INLINE int bufproto__as_char_buffer(const bufproto_scope *scope, PyObject *object, const char **buffer,
                                      Py_ssize_t *length)
{
    if (scope == NULL) {
        return bufproto_PyObject_AsCharBuffer(object, buffer, length);
    }
    return bufproto__take_out(scope, object, BUFPROTO_CHAR, (bufproto__pointer *)(void *)buffer, length);
}

BUFPROTO__INLINE int bufproto__as_read_buffer(const bufproto_scope *scope, PyObject *object, const void **buffer,
                                      Py_ssize_t *length)
{
    if (scope == NULL) {
        return bufproto_PyObject_AsReadBuffer(object, buffer, length);
    }
    return bufproto__take_out(scope, object, BUFPROTO_READ, (bufproto__pointer *)(void *)buffer, length);
}

BUFPROTO__INLINE int bufproto__as_write_buffer(const bufproto_scope *scope, PyObject *object, void **buffer,
                                      Py_ssize_t *length)
{
    if (scope == NULL) {
        return bufproto_PyObject_AsWriteBuffer(object, buffer, length);
    }
    return bufproto__take_out(scope, object, BUFPROTO_WRITE, (bufproto__pointer *)(void *)buffer, length);
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
