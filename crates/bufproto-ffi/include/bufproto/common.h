/* What the parts of the C face share. Needs no Python. */
#ifndef BUFPROTO_COMMON_H
#define BUFPROTO_COMMON_H

#include "../bufproto.h"

#if defined(__GNUC__)
#define BUFPROTO__INLINE static __inline__ __attribute__((unused))
#define BUFPROTO__OUTLINE static __attribute__((noinline, unused))
#define BUFPROTO__UNUSED __attribute__((unused))
#define BUFPROTO__LIKELY(condition) __builtin_expect(!!(condition), 1)
#elif defined(_MSC_VER)
#define BUFPROTO__INLINE static __inline
#define BUFPROTO__OUTLINE static __declspec(noinline)
#define BUFPROTO__UNUSED
#define BUFPROTO__LIKELY(condition) (condition)
#else
#define BUFPROTO__INLINE static inline
#define BUFPROTO__OUTLINE static inline
#define BUFPROTO__UNUSED
#define BUFPROTO__LIKELY(condition) (condition)
#endif

#ifdef BUFPROTO_STRICT
#define BUFPROTO__POLICY 1
#else
#define BUFPROTO__POLICY 0
#endif

#ifdef BUFPROTO_IMPORT
#include "import.h"
#else
/* Whether the library's functions can be called; false with an exception set. */
#define BUFPROTO__READY() 1
#endif

#endif
