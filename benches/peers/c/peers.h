/* The peers in C, in one module. */
#ifndef PEERS_H
#define PEERS_H

#include "peer.h"

/* Something that has to happen here, and takes nothing. */
#define PEER_USED __asm__ volatile("" : : : "memory")

extern const named_peer peers_theirs[];
extern const named_peer peers_ours[];
extern const named_peer peers_address[];
extern const named_peer peers_library[];
extern const named_peer peers_numpy[];
extern const named_peer peers_scopes[];

/* numpy's functions, or -1 with ImportError. */
int peers_import_numpy(void);

/* A tuple with the object, as a function gets it: a borrowed reference. Made anew only for another object. */
PyObject *peers_arguments(PyObject *object);

/* Where copies go. */
#define PEERS_ROOM (1 << 20)
extern char peers_room[PEERS_ROOM];

#endif
