/* Fault points of test builds: one armed kind, counted down by every passage. */
#include "base/fault.h"

#ifdef TRELLIS_FAULTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int armed_kind = -1;
static atomic_uint passages_left;
static atomic_bool armed_sticky, any_hit;

void fault_arm(enum fault_kind kind, unsigned nth, bool sticky)
{
    passages_left = nth;
    armed_sticky = sticky;
    any_hit = false;
    armed_kind = (int)kind;
}

void fault_disarm(void)
{
    armed_kind = -1;
}

bool fault_hit(void)
{
    return any_hit;
}

bool fault_fires(enum fault_kind kind)
{
    if (armed_kind != (int)kind)
        return false;
    unsigned left = passages_left;
    do {
        if (left == 0)
            return armed_sticky && any_hit;
    } while (!atomic_compare_exchange_weak(&passages_left, &left, left - 1));
    if (left != 1)
        return false;
    any_hit = true;
    return true;
}

void fault_crash_point(const char *name)
{
    static atomic_uint passages;
    const char *at = getenv("TRELLIS_CRASH_AT");
    if (!at)
        return;
    size_t n = strlen(name);
    if (strncmp(at, name, n) != 0 || (at[n] && at[n] != ':'))
        return;
    unsigned long nth = at[n] == ':' ? strtoul(at + n + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&passages, 1) + 1 == nth)
        kill(getpid(), SIGKILL);
}

#else

/* A release build has no fault points; a translation unit may not be empty. */
_Static_assert(FAULT_KINDS > 0, "the kinds are declared in either build");

#endif
