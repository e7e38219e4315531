/* A block that holds some buffers until it ends. */
#include "peers.h"

#include <bufproto/scope.h>

#define SCOPE(room) \
    static int scope_##room(PyObject *object, const void **pointer, Py_ssize_t *length) \
    { \
        int index; \
        BUFPROTO_SCOPE_FOR(room); \
        for (index = 0; index < room; index++) { \
            PEER_FORGET(object); \
            if (PyObject_AsReadBuffer(object, pointer, length) < 0) { \
                return -1; \
            } \
            PEER_USE(*pointer, *length); \
        } \
        return 0; \
    }

SCOPE(1)
SCOPE(4)
SCOPE(16)
SCOPE(64)
SCOPE(256)

const named_peer peers_scopes[] = {
    {"scope of 1", scope_1},   {"scope of 4", scope_4},     {"scope of 16", scope_16},
    {"scope of 64", scope_64}, {"scope of 256", scope_256}, {NULL, NULL},
};
