/* What every peer is: a function that takes one object, extracts a pointer and a length, and gives back what it took before
 * it returns. 0, or -1, with an exception set or none. The harness calls all of them through this type, C, C++, Cython and
 * Rust alike, so that what surrounds a call is the same for all. */
#ifndef PEER_H
#define PEER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef int (*peer)(PyObject *object, const void **pointer, Py_ssize_t *length);

/* The name of the capsules in which a module hands out its peers. */
#define PEER "bufproto.peer"

/* The caller holds the memory while it uses it: nothing may be moved over this. */
#define PEER_USE(pointer, length) __asm__ volatile("" : : "r"(pointer), "r"(length) : "memory")

/* The compiler must believe that this is another object each time, and ask again what it is. */
#define PEER_FORGET(object) __asm__ volatile("" : "+r"(object) : : "memory")

/* A peer by its name. */
typedef struct {
    const char *name;
    peer function;
} named_peer;

#endif
