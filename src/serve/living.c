/* After batches of events the live ports are brought up to date: at once when it was quiet, at most each second when events go on,
 * and so seldom that it takes no more than a third of the time. A failure is tried again more and more slowly. */
#include "serve/living.h"

#include <errno.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "build/build.h"
#include "events/events.h"
#include "serve/routes.h"

enum { EVERY_MS = 1000, SHARE = 3, AGAIN_MOST_MS = 60000, LOOK_MS = 60000, BUSY_MS = 200 };

struct living {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t lock; /* guards wanted, stop */
    pthread_cond_t changed;
    bool wanted, stop;
    int failures;
    struct sha_hex asked; /* the declaration for which a first build was asked: once is enough */
};

/* From the loader's thread. */
static void on_batch(void *ctx)
{
    struct living *l = ctx;
    pthread_mutex_lock(&l->lock);
    l->wanted = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

/* Until `until_us` (monotonic), or the end; with `wanted` also when there is something to do. False: the end. */
static bool wait_until(struct living *l, int64_t until_us, bool wanted)
{
    struct timespec t = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    pthread_mutex_lock(&l->lock);
    while (!l->stop && !(wanted && l->wanted))
        if (pthread_cond_timedwait(&l->changed, &l->lock, &t) == ETIMEDOUT)
            break;
    bool on = !l->stop;
    pthread_mutex_unlock(&l->lock);
    return on;
}

static size_t live_ports(const struct mesh *m, struct arena *a, struct str **out)
{
    size_t n = 0;
    *out = arena_array(a, m->n_ports + 1, sizeof **out);
    for (size_t i = 0; i < m->n_ports; i++)
        if (m->ports[i]->live)
            (*out)[n++] = m->ports[i]->ref_major;
    return n;
}

/* What is made anew has a view that readers have not bound yet. They bind to the newest declaration: that of this round may have been replaced meanwhile, and
 * ends with it. */
static bool show(struct app *app, const struct build_report *r, struct err *e)
{
    if (r->whole == 0)
        return true;
    pthread_mutex_lock(&app->reload);
    struct app_mesh *newest = app_mesh_get_locked(app);
    atomic_fetch_add(&app->generation, 1);
    bool ok = govern_refresh(app->govern, app_mesh_of(newest), e);
    pthread_mutex_unlock(&app->reload);
    app_mesh_put(newest);
    return ok;
}

/* ---- The first time ---- */

static bool any_never_built(struct app *app, const struct mesh *m, struct arena *a)
{
    struct build_port_status *status;
    struct err e = {0};
    if (!build_status(app->build, m, a, &status, &e))
        return false;
    for (size_t i = 0; i < m->n_ports; i++)
        if (m->ports[i]->live && status[i].state == PORT_NEVER_BUILT)
            return true;
    return false;
}

static bool any_event(struct app *app, struct arena *a)
{
    struct engine_conn *c = NULL;
    struct events_version *v;
    struct err e = {0};
    size_t n = 0;
    bool ok = engine_connect(app->state->engine, &c, &e) && events_versions(c, a, &v, &n, &e);
    engine_disconnect(c);
    return ok && n > 0;
}

static bool pass_over(void *ctx, struct str bytes)
{
    (void)ctx;
    (void)bytes;
    return true;
}

/* Live ports that were never built: the first events ask for them, as a person would, so that nobody has to know of `trellis run` to see customers.
 * What is declared otherwise later on waits for a run that somebody asks for. */
static void build_first(struct living *l, const struct mesh *m, const struct str *ports, size_t n, struct arena *a)
{
    struct http_memory answer = {.data = pass_over};
    struct buf body = BUF_INIT((size_t)8 << 20);
    if (strcmp(l->asked.z, m->sha.z) == 0 || !any_event(l->app, a) || !any_never_built(l->app, m, a))
        return;
    l->asked = m->sha;
    buf_addz(&body, "{\"ports\":[");
    for (size_t i = 0; i < n; i++) {
        buf_addz(&body, i ? "," : "");
        buf_json_str(&body, ports[i]);
    }
    buf_addz(&body, "]}");
    if (!body.failed) {
        l->app->first_builder = pthread_self();
        atomic_store(&l->app->first_build, true);
        routes_call(l->app, VERB_POST, "/api/v1/run", buf_str(&body), &answer);
        atomic_store(&l->app->first_build, false);
    }
    buf_fini(&body);
}

enum outcome { DONE, BUSY, FAILED };

static enum outcome follow(struct living *l)
{
    struct app *app = l->app;
    struct app_mesh *am = app_mesh_get(app, false);
    const struct mesh *m = app_mesh_of(am);
    struct build_report report = {0};
    struct errs es = {0};
    struct err e = {0};
    struct arena a;
    enum outcome out = DONE;
    arena_init(&a);
    struct build_options o = {.program = app->program, .quiet = true, .trigger = STR("live"), .cancel = &app->closing};
    struct str *ports;
    o.n_ports = live_ports(m, &a, &ports);
    o.ports = ports;
    if (o.n_ports > 0) {
        bool ok = !atomic_load(&app->running) && build_run(app->build, m, &o, &report, &es, &e) && show(app, &report, &e);
        if (atomic_load(&app->running) || report.cancelled || e.code == E_BUSY)
            out = BUSY;
        else if (!ok || report.failed + report.refused > 0)
            out = FAILED;
        if (!ok && out == FAILED && l->failures == 0)
            log_err(LOG_ERROR, "living", "failed", &e);
        if (out == DONE && report.skipped > 0)
            build_first(l, m, ports, o.n_ports, &a);
    }
    errs_fini(&es);
    arena_fini(&a);
    app_mesh_put(am);
    return out;
}

static int64_t pause_ms(struct living *l, enum outcome out, int64_t took_ms)
{
    int64_t ms = took_ms * SHARE > EVERY_MS ? took_ms * SHARE : EVERY_MS;
    l->failures = out == FAILED ? l->failures + 1 : out == DONE ? 0 : l->failures;
    if (out == BUSY)
        return BUSY_MS;
    for (int i = 0; i < l->failures && ms < AGAIN_MOST_MS; i++)
        ms *= 2;
    return ms;
}

static void *living_main(void *ctx)
{
    struct living *l = ctx;
    while (wait_until(l, clock_mono_us() + (int64_t)LOOK_MS * 1000, true)) {
        pthread_mutex_lock(&l->lock);
        l->wanted = false;
        pthread_mutex_unlock(&l->lock);
        int64_t begun = clock_mono_us();
        enum outcome out = follow(l);
        int64_t next = begun + pause_ms(l, out, (clock_mono_us() - begun) / 1000) * 1000;
        if (out != DONE)
            on_batch(l);
        if (!wait_until(l, next, false))
            break;
    }
    return NULL;
}

bool living_start(struct app *app, struct living **out, struct err *e)
{
    struct living *l = mem_alloc(sizeof *l);
    pthread_condattr_t attr;
    l->app = app;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attr);
    pthread_condattr_destroy(&attr);
    l->wanted = true; /* what came while nobody was there */
    int failed = pthread_create(&l->thread, NULL, living_main, l);
    if (failed) {
        pthread_cond_destroy(&l->changed);
        pthread_mutex_destroy(&l->lock);
        mem_free(l);
        return err_errno(e, failed, "starting to follow events");
    }
    events_on_batch(app->events, on_batch, l);
    *out = l;
    return true;
}

void living_wake(struct living *l)
{
    if (l)
        on_batch(l);
}

void living_stop(struct living *l)
{
    if (!l)
        return;
    events_on_batch(l->app->events, NULL, NULL);
    atomic_store(&l->app->closing, true);
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}
