/* bufproto: a scope for helpers that cannot be handed one, because their signature is fixed. Needs Python.h, and a compiler
 * with __thread and the cleanup attribute (gcc, clang).
 *
 *     static PyObject *caller(PyObject *module, PyObject *data)
 *     {
 *         BUFPROTO_THREAD_SCOPE();                  a scope of the block, as BUFPROTO_SCOPE(), and the thread's meanwhile
 *         return helper(data);
 *     }
 *
 *     static PyObject *helper(PyObject *data)        in any file of the same extension
 *     {
 *         BUFPROTO_SCOPE_OF_THREAD();               what is taken in this block stays until the caller's ends
 *
 * They nest: the thread's scope is the one that began last. In a thread that has none, the helper's calls raise SystemError
 * rather than hand out what nothing holds. Code that leaves a function and comes back later, as greenlets do, must not do
 * so between the two.
 */
#ifndef BUFPROTO_THREAD_SCOPE_H
#define BUFPROTO_THREAD_SCOPE_H

#include "scope.h"

#if defined(__GNUC__)

#ifdef __cplusplus
extern "C" {
#endif

/* One variable for all files of an extension. */
extern __thread const bufproto_scope *bufproto__thread_scope __attribute__((visibility("hidden")));
__attribute__((weak, visibility("hidden"))) __thread const bufproto_scope *bufproto__thread_scope;

BUFPROTO__INLINE const bufproto_scope *bufproto__enter(const bufproto_scope *scope)
{
    const bufproto_scope *outer = bufproto__thread_scope;
    bufproto__thread_scope = scope;
    return outer;
}

BUFPROTO__INLINE void bufproto__leave(const bufproto_scope **outer)
{
    bufproto__thread_scope = *outer;
}

BUFPROTO__INLINE const bufproto_scope *bufproto__of_thread(void)
{
    static const bufproto_scope none = {0, {0, 0, 0, 0}};
    return bufproto__thread_scope != NULL ? bufproto__thread_scope : &none;
}

#ifdef __cplusplus
}
#endif

/* The thread's scope is restored before the block's ends. */
#define BUFPROTO_THREAD_SCOPE() BUFPROTO_THREAD_SCOPE_FOR(BUFPROTO_SCOPE_ROOM)
#define BUFPROTO_THREAD_SCOPE_FOR(room) \
    BUFPROTO_SCOPE_FOR(room); \
    BUFPROTO__HIDING( \
        const bufproto_scope *bufproto__outer __attribute__((cleanup(bufproto__leave))) = \
            bufproto__enter(BUFPROTO_SCOPE_HERE);) \
    BUFPROTO__NOTHING

#define BUFPROTO_SCOPE_OF_THREAD() BUFPROTO_SCOPE_OF(bufproto__of_thread())

#endif
#endif
