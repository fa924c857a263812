/* Metrics that are out of the ordinary, for alerts and the digest. Days that are judged are over, so that what was found holds until another day, another
 * run or another declaration: it is kept until then, because alerts look every minute. */
#include "notify/notify_int.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "measure/watch.h"

enum { DAYS = 28, RECENT_DAYS = 3, SHOWN_BYTES = 80 };

/* One at a time: kept and read under the lock. The text of each lives in `a`. */
static struct {
    pthread_mutex_t lock;
    const void *state;
    uint64_t key; /* 0: nothing is kept */
    struct arena a;
    struct unusual_found *v;
    size_t n;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t key_of(const struct notify *n, int32_t today, struct arena *a)
{
    struct store_run *run;
    size_t runs = 0;
    struct err e = {0};
    if (!store_runs(n->state->store, a, 1, &run, &runs, &e))
        runs = 0;
    struct str key = arena_printf(a, "%s/%d/%lld/%lld", n->mesh->sha.z, today, runs ? (long long)run->run_id : 0, runs ? (long long)run->finished_at_us : 0);
    return str_hash(key) | 1;
}

/* 1,234 or 12.34 or 3.4 % */
static struct str figure(double v, enum mesh_unit unit, struct str currency, struct arena *a)
{
    if (unit == UNIT_PERCENT)
        return arena_printf(a, "%.2f %%", 100 * v);
    struct str number = arena_printf(a, fabs(v) >= 100 ? "%.0f" : "%.4g", v);
    return unit == UNIT_CURRENCY ? arena_printf(a, "%.*s %.*s", STR_FMT(number), STR_FMT(currency)) : number;
}

static struct str because(const struct unusual *u, struct arena *a)
{
    const struct watch_driver *d = u->drivers.v;
    if (u->drivers.n == 0 || !u->drivers.exact)
        return STR("");
    struct str value = d->unknown ? STR("(unknown)") : d->value;
    if (value.n > SHOWN_BYTES) {
        size_t cut = SHOWN_BYTES;
        while (cut && ((unsigned char)value.p[cut] & 0xC0) == 0x80) /* not inside of a character */
            cut--;
        value = arena_printf(a, "%.*s…", (int)cut, value.p);
    }
    return arena_printf(a, "; %.*s = %.*s has %.0f %% of the change", STR_FMT(d->title), STR_FMT(value), 100 * d->share);
}

static struct str text_of(const struct mesh *m, const struct unusual *u, struct arena *a)
{
    const struct anomaly *x = &u->found;
    struct str value = figure(x->value, u->metric->unit, m->reporting_currency, a), usual = figure(x->expected, u->metric->unit, m->reporting_currency, a);
    if (x->kind == ANOMALY_SHIFT)
        return arena_printf(a, "since %s it stays %s what is usual (%.*s on %s, %.*s would be usual)%.*s", clock_date(u->since).z, x->score > 0 ? "above" : "below", STR_FMT(value), clock_date(u->day).z, STR_FMT(usual), STR_FMT(because(u, a)));
    return arena_printf(a, "%.*s on %s, where %.*s would be usual%.*s", STR_FMT(value), clock_date(u->day).z, STR_FMT(usual), STR_FMT(because(u, a)));
}

/* Of one metric the newest is told, while it lasts or as long as it is news. What returned is in order again. */
static bool is_news(const struct unusual *u, int32_t today)
{
    return !u->found.returns && (u->found.lasts ? u->until >= today - DAYS : u->until >= today - RECENT_DAYS);
}

static bool look(const struct notify *n, int32_t today, struct arena *a, struct unusual_found **out, size_t *count, struct err *e)
{
    const struct metric_asker who = {.gate = n->govern, .who = &GOVERN_ITSELF, .purpose = STR(""), .mesh = n->mesh};
    struct watch_ask ask = {.today = today, .days = DAYS, .explained = 8};
    struct watched w;
    *count = 0;
    if (!watch_run(&who, &ask, a, &w, e))
        return false;
    *out = arena_array(a, w.n + 1, sizeof **out);
    for (size_t i = 0; i < w.n; i++) {
        bool told = false;
        for (size_t k = 0; k < *count; k++)
            told = told || str_eq((*out)[k].ref, w.v[i].metric->ref);
        if (told || !is_news(&w.v[i], today))
            continue;
        (*out)[(*count)++] = (struct unusual_found){.ref = arena_str(a, w.v[i].metric->ref), .text = text_of(n->mesh, &w.v[i], a)};
    }
    return true;
}

void unusual_now(const struct notify *n, struct arena *a, struct unusual_found **out, size_t *count)
{
    int32_t today;
    if (!clock_day_of(clock_now_us(), n->mesh->time_zone, &today))
        today = (int32_t)(clock_now_us() / 86400000000);
    pthread_mutex_lock(&kept.lock);
    uint64_t key = key_of(n, today, a);
    if (kept.key != key || kept.state != n->state) {
        struct arena work;
        struct unusual_found *v = NULL;
        struct err e = {0};
        size_t found = 0;
        arena_init(&work);
        if (!look(n, today, &work, &v, &found, &e)) /* not built, most of all: the next run is another key */
            log_err(LOG_DEBUG, "notify", "metrics_not_looked_at", &e);
        if (kept.key)
            arena_fini(&kept.a);
        arena_init(&kept.a);
        kept.v = arena_array(&kept.a, found + 1, sizeof *kept.v);
        kept.n = found;
        kept.key = key;
        kept.state = n->state;
        for (size_t i = 0; i < found; i++)
            kept.v[i] = (struct unusual_found){arena_str(&kept.a, v[i].ref), arena_str(&kept.a, v[i].text)};
        arena_fini(&work);
    }
    *out = arena_array(a, kept.n + 1, sizeof **out);
    *count = kept.n;
    for (size_t i = 0; i < kept.n; i++)
        (*out)[i] = (struct unusual_found){arena_str(a, kept.v[i].ref), arena_str(a, kept.v[i].text)};
    pthread_mutex_unlock(&kept.lock);
}
