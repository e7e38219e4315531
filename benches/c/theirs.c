/* The interpreter's own functions. */
#include "counting.h"

#include "declared.h"

#define CALLS counting_their_calls
#include "calls.h"
