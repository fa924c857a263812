/* Fault points. In a test build (-Dfaults=true) the n-th passage of an armed kind fails, once or from then on;
 * in a release build every call is the constant false. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

enum fault_kind { FAULT_ALLOC, FAULT_OPEN, FAULT_READ, FAULT_WRITE, FAULT_SYNC, FAULT_RENAME, FAULT_ENGINE, FAULT_STORE, FAULT_KINDS };

#ifdef TRELLIS_FAULTS
bool fault_fires(enum fault_kind kind);
void fault_arm(enum fault_kind kind, unsigned nth, bool sticky); /* nth counts from 1 */
void fault_disarm(void);
bool fault_hit(void);                                            /* has any fired since arming */
#else
static inline bool fault_fires(enum fault_kind kind)
{
    (void)kind;
    return false;
}
#endif

/* A crash point for kill tests: TRELLIS_CRASH_AT=name[:n] kills the process there (SIGKILL) in a test build. */
#ifdef TRELLIS_FAULTS
void fault_crash_point(const char *name);
#else
static inline void fault_crash_point(const char *name)
{
    (void)name;
}
#endif

#endif
