/* Once a day, in the night of the mesh's time zone or as soon as a server runs after it. What was done last is remembered by its day. */
#include "serve/retaining.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "govern/audit.h"
#include "privacy/retention.h"

#define TOLD "retention_day"
enum { LOOK_S = 60, HOUR = 3 };
static const int64_t hour_us = (int64_t)HOUR * 3600 * 1000000;

struct retaining {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ending;
};

/* The day whose turn it is: it begins at three in the morning. */
static bool day_of(const struct mesh *m, int64_t at_us, int32_t *day)
{
    return clock_day_of(at_us - hour_us, m->time_zone.n ? m->time_zone : STR("UTC"), day);
}

int64_t retaining_next(struct app *app, const struct mesh *m, struct arena *a)
{
    struct str told = STR("");
    struct err ignored = {0};
    int64_t now = clock_now_us(), end = 0;
    int32_t day;
    if (!day_of(m, now, &day) || !store_setting_get(app->state->store, a, STR(TOLD), &told, &ignored))
        return now;
    struct clock_text today = clock_date(day);
    if (!str_eq(told, str_of(today.z)))
        return now;
    return clock_day_end_us(str_of(today.z), m->time_zone.n ? m->time_zone : STR("UTC"), &end) ? end + hour_us : now;
}

bool retaining_run(struct app *app, struct privacy *v, struct retention_report *r, struct err *e)
{
    struct errs es = {0};
    struct err view = {0};
    if (!app_turn_take(app, e))
        return false;
    struct app_mesh *am = app_mesh_get_locked(app);
    v->m = app_mesh_of(am);
    bool ok = retention_do(v, r, &es, e);
    atomic_fetch_add(&app->generation, 1);
    if (!govern_refresh(app->govern, v->m, &view))
        log_err(LOG_ERROR, "retention", "views_not_refreshed", &view);
    app_turn_give(app);
    app_mesh_put(am);
    errs_fini(&es);
    return ok;
}

bool retaining_turn(struct app *app, bool *done, struct err *e)
{
    struct arena a;
    struct retention_report r;
    struct str told = STR("");
    int32_t day = 0;
    struct app_mesh *am = app_mesh_get(app, false);
    const struct mesh *m = app_mesh_of(am);
    bool due = m->policy.n_retention > 0 && day_of(m, clock_now_us(), &day);
    app_mesh_put(am);
    *done = false;
    if (!due)
        return true;
    arena_init(&a);
    r = (struct retention_report){.a = &a};
    struct clock_text today = clock_date(day);
    bool ok = store_setting_get(app->state->store, &a, STR(TOLD), &told, e);
    if (ok && !str_eq(told, str_of(today.z))) {
        struct privacy v = {.s = app->state, .build = app->build, .events = app->events, .audit = govern_audit(app->govern), .program = app->program, .by = STR("trellis")};
        ok = retaining_run(app, &v, &r, e) && store_setting_set(app->state->store, STR(TOLD), str_of(today.z), e);
        *done = ok;
        if (ok)
            log_event(LOG_INFO, "retention", "done", "rows=%lld held=%lld problems=%zu", (long long)r.rows, (long long)r.held, r.n_problems);
    }
    arena_fini(&a);
    return ok;
}

/* False: the program ends. */
static bool wait_for(struct retaining *r, int seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&r->lock);
    while (!r->ending && pthread_cond_timedwait(&r->changed, &r->lock, &until) != ETIMEDOUT)
        ;
    bool go_on = !r->ending;
    pthread_mutex_unlock(&r->lock);
    return go_on;
}

static void *turning(void *ctx)
{
    struct retaining *r = ctx;
    while (wait_for(r, LOOK_S)) {
        struct err e = {0};
        bool done;
        if (!retaining_turn(r->app, &done, &e) && e.code != E_BUSY)
            log_err(LOG_ERROR, "retention", "failed", &e);
    }
    return NULL;
}

bool retaining_start(struct app *app, struct retaining **out, struct err *e)
{
    struct retaining *r = mem_alloc(sizeof *r);
    pthread_condattr_t attr;
    r->app = app;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->changed, &attr);
    pthread_condattr_destroy(&attr);
    int failed = pthread_create(&r->thread, NULL, turning, r);
    if (!failed) {
        *out = r;
        return true;
    }
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
    return err_errno(e, failed, "starting to look for what is too old");
}

void retaining_stop(struct retaining *r)
{
    if (!r)
        return;
    atomic_store(&r->app->closing, true);
    pthread_mutex_lock(&r->lock);
    r->ending = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}
