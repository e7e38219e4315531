#include "counting.h"
#include "by_address.h"

#define CALLS counting_address_calls
#include "calls.h"
