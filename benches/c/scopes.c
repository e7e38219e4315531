/* A block that holds some buffers until it ends: by a scope, and by hand with the interpreter's own views, which is what
 * an author would write instead. */
#include "counting.h"

#include <bufproto/scope.h>

#define BLOCKS(room) \
    static inline int scoped_##room(PyObject *object, const void **pointer, Py_ssize_t *length) \
    { \
        int index; \
        BUFPROTO_SCOPE_FOR(room); \
        for (index = 0; index < room; index++) { \
            COUNTING_FORGET(object); \
            if (PyObject_AsReadBuffer(object, pointer, length) < 0) { \
                return -1; \
            } \
            COUNTING_USE(index, *pointer, *length); \
        } \
        return 0; \
    } \
    static inline int paired_##room(PyObject *object, const void **pointer, Py_ssize_t *length) \
    { \
        Py_buffer views[room]; \
        int held, result = 0; \
        for (held = 0; held < room; held++) { \
            COUNTING_FORGET(object); \
            if (PyObject_GetBuffer(object, &views[held], PyBUF_SIMPLE) < 0) { \
                result = -1; \
                break; \
            } \
            *pointer = views[held].buf; \
            *length = views[held].len; \
            COUNTING_USE(held, *pointer, *length); \
        } \
        while (held > 0) { \
            PyBuffer_Release(&views[--held]); \
        } \
        return result; \
    } \
    static inline int empty_##room(PyObject *object, const void **pointer, Py_ssize_t *length) \
    { \
        int index; \
        for (index = 0; index < room; index++) { \
            COUNTING_FORGET(object); \
            COUNTING_USE(index, *pointer, *length); \
        } \
        return 0; \
    } \
    COUNTING_DEED(ours_##room, const void *, scoped_##room(object, &pointer, &length)) \
    COUNTING_DEED(theirs_##room, const void *, paired_##room(object, &pointer, &length)) \
    COUNTING_DEED(nothing_##room, const void *, empty_##room(object, &pointer, &length))

BLOCKS(1)
BLOCKS(4)
BLOCKS(16)

#define TABLE(side) {COUNTING_BOTH(side##_1), COUNTING_BOTH(side##_4), COUNTING_BOTH(side##_16)}

const counting_deed counting_empty_scopes[COUNTING_SCOPES] = TABLE(nothing);
const counting_deed counting_our_scopes[COUNTING_SCOPES] = TABLE(ours);
const counting_deed counting_their_scopes[COUNTING_SCOPES] = TABLE(theirs);
