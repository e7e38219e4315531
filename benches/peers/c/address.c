#include "peers.h"
#include "../../c/by_address.h"
#include "calls.h"

const named_peer peers_address[] = {
    {"char", as_char}, {"read", as_read}, {"write", as_write}, {"check", check}, {NULL, NULL},
};
