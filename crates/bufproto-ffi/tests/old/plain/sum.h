#ifndef SUM_H
#define SUM_H

#include <stddef.h>

unsigned long sum(const void *bytes, size_t length);

#endif
