/* Our functions, as an extension gets them that asks for them by their original names. */
#include "counting.h"

#define BUFPROTO_REPLACE
#include <bufproto/python.h>

#define CALLS counting_our_calls
#include "calls.h"
