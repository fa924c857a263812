/* Funnels: steps in order of time within a window from the first, each person counted once by the best attempt. docs/attribution.md */
#ifndef MEASURE_FUNNEL_H
#define MEASURE_FUNNEL_H

#include "measure/steps.h"

/* ---- numbers in, numbers out ---- */
/* The furthest attempt of one person whose events stand by time: how many steps it reached, when each (at_us[steps]), and the event that
 * began it. Steps follow each other at strictly later moments; all lie within window_us of the first. As windowFunnel of ClickHouse: for each
 * step the attempt that began last is kept, so that nothing that fits is missed; of attempts that reach as far, the one that got there first. */
int funnel_walk(const struct step_event *v, size_t n, int steps, int64_t window_us, int64_t *at_us, size_t *begun);

/* Is the rate got/of below that of all others, beyond chance? Two proportions, one-sided; p: the chance of a difference as large. */
bool funnel_below(int64_t got, int64_t of, int64_t others_got, int64_t others_of, double *p);
enum { FUNNEL_PEOPLE_MIN = 30 }; /* fewer on either side tell nothing */

/* ---- a question ---- */
struct funnel_ask {
    const struct str *steps; size_t n;
    int64_t window_s;                /* 0: 7 days */
    bool has_from, has_to; int32_t from, to; /* days of the first step, both inside; absent: the newest 28 */
    bool has_by; enum step_dimension by;
    struct str where, as_of;
    bool no_reasons;
    void (*watch)(void *ctx, struct govern_result *r); void *watch_ctx;
};
struct funnel_step { struct step step; int64_t people, dropped; double rate, rate_before; bool has_median; double median_s; };
struct funnel_group { struct str key; bool rest; int64_t people[STEPS_MAX]; }; /* key empty: not known; rest: all that are not shown */
struct funnel_reason { int step; enum step_dimension dimension; struct str value; int64_t people; double rate, others, share_of_loss, p; };
struct funnel {
    struct funnel_step *steps; size_t n;
    struct funnel_group *by; size_t n_by;
    struct funnel_reason *reasons; size_t n_reasons;
    int looked_at;                   /* how many groups were looked at for reasons: what one is held to */
    int64_t unfinished;              /* people on their way whose window is not over */
    struct steps_span span; int64_t window_s, newest_us;
    struct str ports[4]; size_t n_ports;
    struct str notes[4]; size_t n_notes;
};
/* E_USAGE, E_NOT_FOUND (a step: did you mean), E_DENIED (in groups only), and what govern_query says. */
MUST_CHECK bool funnel_run(const struct metric_asker *who, const struct funnel_ask *ask, struct arena *a, struct funnel *out, struct err *e);

#endif
