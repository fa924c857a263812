/* Waits for the spool and loads what is there. The declaration that it loads by is held until the next one is in use, so that
 * nothing that was prepared from it is ever without it. A failure is said once, and tried again more and more slowly. */
#include "serve/loading.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "events/events.h"

enum { WAIT_MS = 1000, AGAIN_MS = 250, AGAIN_MOST_MS = 30000, IDLE_LOOK_MS = 1000, TURN_MS = 1 };

struct loading {
    struct app *app;
    pthread_t thread;
    int wake;
    atomic_bool stop;
    struct app_mesh *held;
    int failures;
};

static bool has_events(const struct mesh *m)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        if (m->sources[i]->events)
            return true;
    }
    return false;
}

static void hold(struct loading *l, struct app_mesh *m)
{
    app_mesh_put(l->held);
    l->held = m;
}

/* False: it failed. */
static bool load(struct loading *l, bool *more)
{
    const struct events_load_options o = {.cancel = &l->stop};
    struct events_report r;
    struct errs es = {0};
    struct err e = {0};
    bool ok = events_load(l->app->events, app_mesh_of(l->held), &o, &r, &es, &e);
    errs_fini(&es);
    *more = r.more;
    if (ok && r.events > 0)
        atomic_fetch_add(&l->app->generation, 1);
    if (!ok && e.code != E_CANCELLED && l->failures++ == 0)
        log_err(LOG_ERROR, "events", "load_failed", &e);
    if (ok && l->failures)
        log_event(LOG_INFO, "events", "load_goes_on", "failures=%d", l->failures);
    l->failures = ok ? 0 : l->failures;
    return ok;
}

static int again_ms(const struct loading *l)
{
    int ms = AGAIN_MS;
    for (int i = 1; i < l->failures && ms < AGAIN_MOST_MS; i++)
        ms *= 2;
    return ms < AGAIN_MOST_MS ? ms : AGAIN_MOST_MS;
}

static void *loading_main(void *ctx)
{
    struct loading *l = ctx;
    struct pollfd stopped = {.fd = l->wake, .events = POLLIN};
    bool more = false;
    while (!atomic_load(&l->stop)) {
        hold(l, app_mesh_get(l->app, false));
        if (!has_events(app_mesh_of(l->held)))
            poll(&stopped, 1, IDLE_LOOK_MS);
        else if (!load(l, &more))
            poll(&stopped, 1, again_ms(l));
        else if (more)
            poll(&stopped, 1, TURN_MS); /* runs and replays wait for the same lock */
        else
            events_wait(l->app->events, WAIT_MS, l->wake);
    }
    return NULL;
}

bool loading_start(struct app *app, struct loading **out, struct err *e)
{
    struct loading *l = mem_alloc(sizeof *l);
    l->app = app;
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failed = l->wake < 0 ? errno : pthread_create(&l->thread, NULL, loading_main, l);
    if (failed) {
        if (l->wake >= 0)
            close(l->wake);
        mem_free(l);
        return err_errno(e, failed, "starting to load events");
    }
    *out = l;
    return true;
}

void loading_stop(struct loading *l)
{
    uint64_t one = 1;
    if (!l)
        return;
    atomic_store(&l->stop, true);
    if (write(l->wake, &one, sizeof one) < 0)
        log_event(LOG_DEBUG, "events", "wake", "the thread notices by itself");
    pthread_join(l->thread, NULL);
    close(l->wake);
    app_mesh_put(l->held);
    mem_free(l);
}
