/* The part of the extension that knows nothing of Python. */
#include "sum.h"

unsigned long sum(const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    unsigned long total = 0;

    while (length--)
        total += *byte++;
    return total;
}
