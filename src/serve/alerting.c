/* See alerting.h. */
#include "serve/alerting.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "govern/audit.h"
#include "serve/session.h"

enum { FIRST_S = 5, EVERY_S = 60 };
#define DAY_US ((int64_t)86400 * 1000000)

struct alerting {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool woken, ending;
    int64_t cut_us; /* of the thread: when the audit log was last cut to what is kept, by the monotonic clock; 0: not yet */
};

struct notify alerting_of(struct app *app, const struct mesh *m, const struct build_port_status *status, struct arena *a)
{
    struct notify n = {
        .state = app->state, .govern = app->govern, .mesh = m, .status = status, .page = m->alerts.page, .cancel = &app->closing};
    if (!n.page.n && app->session)
        n.page = arena_printf(a, "http://127.0.0.1:%d", app->session->port);
    return n;
}

/* Said once: what was told is remembered in the store. */
static bool tell_digest(struct app *app, const struct notify *n, struct arena *a, struct err *e)
{
    struct str once, told;
    struct notify_digest d;
    if (!notify_digest_due(n->mesh, clock_now_us(), a, &once))
        return true;
    if (!store_setting_get(app->state->store, a, STR("digest_told"), &told, e))
        return false;
    return str_eq(told, once) || notify_digest_tell(n, once, a, &d, e);
}

bool alerting_turn(struct app *app, struct arena *a, struct notify_seen *seen, struct notify_sent *sent, struct err *e)
{
    struct app_mesh *am = app_mesh_get(app, false);
    struct known_states *st = known_states_get(app, app_mesh_known(am), e);
    bool ok = st != NULL;
    if (ok) {
        struct notify n = alerting_of(app, app_mesh_of(am), st->ports, a);
        ok = notify_look(&n, seen, e) && tell_digest(app, &n, a, e) && notify_send(&n, a, sent, e);
    }
    known_states_put(st);
    app_mesh_put(am);
    return ok;
}

static void turn(struct app *app)
{
    struct arena a;
    struct notify_seen seen;
    struct notify_sent sent;
    struct err e = {0};
    arena_init(&a);
    if (!alerting_turn(app, &a, &seen, &sent, &e))
        log_err(LOG_WARN, "notify", "not_looked", &e);
    arena_fini(&a);
}

/* False: the program ends. */
static bool wait_for(struct alerting *al, int seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&al->lock);
    while (!al->woken && !al->ending && pthread_cond_timedwait(&al->changed, &al->lock, &until) != ETIMEDOUT)
        ;
    al->woken = false;
    bool go_on = !al->ending;
    pthread_mutex_unlock(&al->lock);
    return go_on;
}

/* Entries of the audit log that are older than they have to be kept, once a day. */
static void cut_audit(struct alerting *al)
{
    struct err e = {0};
    int64_t cut, now = clock_mono_us();
    if (al->cut_us && now - al->cut_us < DAY_US)
        return;
    struct app_mesh *am = app_mesh_get(al->app, false);
    int64_t keep_s = app_mesh_of(am)->policy.audit_keep_s;
    app_mesh_put(am);
    if (!keep_s)
        return;
    al->cut_us = now;
    if (!audit_cut(govern_audit(al->app->govern), clock_now_us() - keep_s * 1000000, GOVERN_ITSELF.name, &cut, &e))
        log_err(LOG_WARN, "audit", "not_cut", &e);
    else if (cut)
        log_event(LOG_INFO, "audit", "cut", "entries=%lld", (long long)cut);
}

static void *looking(void *ctx)
{
    struct alerting *al = ctx;
    for (int wait = FIRST_S; wait_for(al, wait); wait = EVERY_S)
        if (!atomic_load(&al->app->run_id)) { /* its end wakes us */
            turn(al->app);
            cut_audit(al);
        }
    return NULL;
}

bool alerting_start(struct app *app, struct alerting **out, struct err *e)
{
    struct alerting *al = mem_alloc(sizeof *al);
    pthread_condattr_t attr;
    al->app = app;
    pthread_mutex_init(&al->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&al->changed, &attr);
    pthread_condattr_destroy(&attr);
    int failed = pthread_create(&al->thread, NULL, looking, al);
    if (!failed) {
        *out = al;
        return true;
    }
    pthread_cond_destroy(&al->changed);
    pthread_mutex_destroy(&al->lock);
    mem_free(al);
    return err_errno(e, failed, "starting to look for alerts");
}

void alerting_wake(struct alerting *al)
{
    if (!al)
        return;
    pthread_mutex_lock(&al->lock);
    al->woken = true;
    pthread_cond_signal(&al->changed);
    pthread_mutex_unlock(&al->lock);
}

void alerting_stop(struct alerting *al)
{
    if (!al)
        return;
    atomic_store(&al->app->closing, true);
    pthread_mutex_lock(&al->lock);
    al->ending = true;
    pthread_cond_signal(&al->changed);
    pthread_mutex_unlock(&al->lock);
    pthread_join(al->thread, NULL);
    pthread_cond_destroy(&al->changed);
    pthread_mutex_destroy(&al->lock);
    mem_free(al);
}
