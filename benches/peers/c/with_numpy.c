/* Our functions with BUFPROTO_NUMPY: numpy's arrays from their fields. */
#include "peers.h"

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

#define BUFPROTO_REPLACE
#define BUFPROTO_NUMPY
#include <bufproto/python.h>

#include "calls.h"

int peers_import_numpy(void)
{
    import_array1(-1);
    return 0;
}

const named_peer peers_numpy[] = {
    {"char", as_char}, {"read", as_read}, {"write", as_write}, {"check", check}, {NULL, NULL},
};
