/* What the parts of the C face share. Needs no Python. */
#ifndef BUFPROTO_COMMON_H
#define BUFPROTO_COMMON_H

#include "../bufproto.h"

#if defined(__GNUC__)
#define BUFPROTO__INLINE static __inline__ __attribute__((unused))
#define BUFPROTO__ALWAYS static __inline__ __attribute__((always_inline, unused))
/* Without optimization only inline functions are left out of a file that calls none. */
#ifdef __OPTIMIZE__
#define BUFPROTO__OUTLINE static __attribute__((noinline, unused))
#else
#define BUFPROTO__OUTLINE BUFPROTO__INLINE
#endif
/* What is not worth its room in a file where speed is. */
#ifdef __OPTIMIZE__
#define BUFPROTO__COLD static __attribute__((noinline, cold, unused))
#else
#define BUFPROTO__COLD BUFPROTO__INLINE
#endif
#define BUFPROTO__UNUSED __attribute__((unused))
#define BUFPROTO__LIKELY(condition) __builtin_expect(!!(condition), 1)
#elif defined(_MSC_VER)
#define BUFPROTO__INLINE static __inline
#define BUFPROTO__ALWAYS static __forceinline
#define BUFPROTO__OUTLINE static __declspec(noinline)
#define BUFPROTO__COLD BUFPROTO__OUTLINE
#define BUFPROTO__UNUSED
#define BUFPROTO__LIKELY(condition) (condition)
#else
#define BUFPROTO__INLINE static inline
#define BUFPROTO__ALWAYS static inline
#define BUFPROTO__OUTLINE static inline
#define BUFPROTO__COLD static inline
#define BUFPROTO__UNUSED
#define BUFPROTO__LIKELY(condition) (condition)
#endif

/* The original names. Before C++11 what a template is given must be known outside of its file. */
#if defined(__GNUC__) && defined(__cplusplus) && __cplusplus < 201103L
#define BUFPROTO__NAME inline __attribute__((visibility("hidden")))
#else
#define BUFPROTO__NAME BUFPROTO__INLINE
#endif

/* An output that callers have as a const char *, a const void * or a void *. */
#if defined(__GNUC__)
typedef void *__attribute__((may_alias)) bufproto__pointer;
#else
typedef void *bufproto__pointer;
#endif

/* The table of the interpreter: constant, except that on Windows the addresses of another library's data are none, and are
 * filled in when the table is first asked for. PLACE gives the address of an exception's variable. */
#ifdef _WIN32
#define BUFPROTO__TABLE static bufproto_interpreter
#define BUFPROTO__EXCEPTIONS(PLACE) {0}
#define BUFPROTO__COMPLETE(table, PLACE) \
    if ((table).exceptions[0] == NULL) { \
        (table).exceptions[6] = PLACE(MemoryError); \
        (table).exceptions[5] = PLACE(IndexError); \
        (table).exceptions[4] = PLACE(OverflowError); \
        (table).exceptions[3] = PLACE(SystemError); \
        (table).exceptions[2] = PLACE(BufferError); \
        (table).exceptions[1] = PLACE(ValueError); \
        (table).exceptions[0] = PLACE(TypeError); \
    }
#else
#define BUFPROTO__TABLE static const bufproto_interpreter
#define BUFPROTO__EXCEPTIONS(PLACE) \
    {PLACE(TypeError),   PLACE(ValueError),    PLACE(BufferError), \
     PLACE(SystemError), PLACE(OverflowError), PLACE(IndexError), PLACE(MemoryError)}
#define BUFPROTO__COMPLETE(table, PLACE)
#endif

#ifdef BUFPROTO_STRICT
#define BUFPROTO__POLICY 1
#else
#define BUFPROTO__POLICY 0
#endif

#ifdef BUFPROTO_IMPORT
/* The functions' places first: the importer compares their number. */
#include "imported.h"
#include "import.h"
#else
/* Whether the library's functions can be called; false with an exception set. */
#define BUFPROTO__READY() 1
#endif

#endif
