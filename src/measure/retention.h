/* Who comes back: people by the period of their first event, and what part of them did another one later. docs/attribution.md */
#ifndef MEASURE_RETENTION_H
#define MEASURE_RETENTION_H

#include "measure/steps.h"

/* n_day: in exactly that period. unbounded: in that period or any later one. rolling: by the end of that period. */
enum retention_kind { RETENTION_N_DAY, RETENTION_UNBOUNDED, RETENTION_ROLLING, RETENTION_KINDS };
const char *retention_kind_name(enum retention_kind k);
bool retention_kind_from(struct str text, enum retention_kind *out);

enum { RETENTION_PERIODS_MAX = 60, RETENTION_COHORTS_MAX = 400 };

/* ---- numbers in, numbers out ---- */
/* Of one person who begins in period `first`: adds 1 to kept[k] for each k < periods in which they count as back. again: periods of what they did
 * strictly later than their first, in order. */
void retention_count(enum retention_kind kind, int64_t first, const int64_t *again, size_t n, int periods, int64_t *kept);

/* ---- a question ---- */
struct retention_ask {
    struct str first, again;         /* steps; again empty: as first */
    enum metric_grain grain;         /* GRAIN_NONE: month */
    enum retention_kind kind;
    int periods;                     /* 0: 12, and less where the history is shorter */
    bool has_from, has_to; int32_t from, to; /* days of the first event; absent: as many periods as are shown, up to the newest */
    bool has_by; enum step_dimension by;     /* as it was at the first event */
    struct str where, as_of;
    void (*watch)(void *ctx, struct govern_result *r); void *watch_ctx;
};
struct retention_cohort {
    int32_t start;                   /* first day of its period */
    int64_t size;
    int64_t kept[RETENTION_PERIODS_MAX];
    int begun, whole;                /* how many of its periods have begun, and how many are over */
};
struct retention_rate { bool known; double rate; int64_t kept, of; }; /* over the cohorts whose period is over */
struct retention_group { struct str key; bool rest; int64_t size; struct retention_rate rates[RETENTION_PERIODS_MAX]; };
struct retention {
    struct step first, again; enum metric_grain grain; enum retention_kind kind; int periods;
    struct retention_cohort *cohorts; size_t n;
    struct retention_group all, *by; size_t n_by;
    struct steps_span span; int64_t newest_us;
    struct str ports[4]; size_t n_ports;
};
/* As funnel_run. */
MUST_CHECK bool retention_run(const struct metric_asker *who, const struct retention_ask *ask, struct arena *a, struct retention *out, struct err *e);

#endif
