/* What is counted: loops that do the same on three sides, empty (nothing is called), ours, and the interpreter's own. */
#ifndef COUNTING_H
#define COUNTING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The functions of each side, in this order; see count.py. Ours have three forms: inline, by address, and by the
 * library. */
enum { COUNTING_CALLS = 4, COUNTING_FORMS = 3, COUNTING_SCOPES = 3, COUNTING_HELD = 2 };

/* One thing done to an object: a number of times, with exceptions cleared; and once, with the exception left. */
typedef struct {
    void (*many)(PyObject *object, long turns);
    int (*once)(PyObject *object, const void **pointer, Py_ssize_t *length);
} counting_deed;

extern const counting_deed counting_empty_calls[COUNTING_CALLS];
extern const counting_deed counting_our_calls[COUNTING_CALLS];
extern const counting_deed counting_address_calls[COUNTING_CALLS];
extern const counting_deed counting_library_calls[COUNTING_CALLS];
extern const counting_deed counting_their_calls[COUNTING_CALLS];

extern const counting_deed counting_empty_scopes[COUNTING_SCOPES];
extern const counting_deed counting_our_scopes[COUNTING_SCOPES];
extern const counting_deed counting_their_scopes[COUNTING_SCOPES];

extern const counting_deed counting_empty_held[COUNTING_HELD];
extern const counting_deed counting_our_held[COUNTING_HELD];
extern const counting_deed counting_their_held[COUNTING_HELD];

/* The compiler must believe that this changes the object, or it would ask for the type once and not in each turn. */
#define COUNTING_FORGET(object) __asm__ volatile("" : "+r"(object) : : "memory")

/* The compiler must believe that a caller uses what it got. */
#define COUNTING_USE(result, pointer, length) \
    __asm__ volatile("" : : "r"(result), "r"(pointer), "r"(length) : "memory")

/* A turn is what a caller does: it calls, clears an exception, and uses the pointer and the length. Each side reads the object
 * from memory, which the empty one then takes from the count; a register that keeps it between turns would be counted. */
#define COUNTING_DEED(name, type, call) \
    static void name##_many(PyObject *const volatile again, long turns) \
    { \
        type pointer = NULL; \
        Py_ssize_t length = 0; \
        while (turns-- > 0) { \
            int result; \
            PyObject *object = again; \
            COUNTING_FORGET(object); \
            result = call; \
            if (result < 0) { \
                PyErr_Clear(); \
            } \
            COUNTING_USE(result, pointer, length); \
        } \
    } \
    static int name##_once(PyObject *object, const void **pointer_out, Py_ssize_t *length_out) \
    { \
        type pointer = NULL; \
        Py_ssize_t length = 0; \
        int result = call; \
        (void)object; \
        *pointer_out = (const void *)pointer; \
        *length_out = length; \
        return result; \
    }

#define COUNTING_BOTH(name) {name##_many, name##_once}

#endif
