/* Changes are noticed by inotify and, since not every file system tells, by looking each half minute. A run begins when nothing
 * has changed for two seconds, so that a file that is being written is left for later; it begins only when there is something
 * new, and waits while another run is in work. */
#include "serve/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"

enum { LOOK_MS = 30000, SOON_MS = 500, SETTLE_US = 2000000, LONGEST_US = 60 * 1000000, RUN_AGAIN_US = 2 * 1000000 };

struct watch {
    struct app *app;
    pthread_t thread;
    int notify, wake;
    uint64_t loaded, seen; /* fingerprints of the files: when a run last began, and at the last look; 0: none */
    int64_t seen_us;       /* since when it stands still */
    int64_t differs_us;    /* since when it is another one than `loaded`; 0: it is not */
};

/* The folder of a glob, up to its first pattern. */
static struct str fixed_folder(struct arena *a, struct str dir, struct str glob)
{
    struct str whole = fs_join(a, dir, glob);
    size_t n = 0;
    while (n < whole.n && !strchr("*?[{", whole.p[n]))
        n++;
    while (n > 1 && whole.p[n - 1] != '/')
        n--;
    return (struct str){whole.p, n};
}

static uint64_t mix(uint64_t h, struct str path)
{
    struct fs_stat st;
    uint64_t parts[4] = {h, str_hash(path), 0, 0};
    if (fs_stat(path.p, &st) && !st.is_dir) {
        parts[2] = st.size_bytes;
        parts[3] = (uint64_t)st.mtime_ns;
    }
    return str_hash((struct str){(const char *)parts, sizeof parts});
}

/* A fingerprint of all watched files by name, size and time; their folders are put under inotify on the way. 0: nothing is
 * watched. */
static uint64_t look(struct watch *w, const struct mesh *m)
{
    uint64_t h = 0;
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < m->n_streams; i++) {
        const struct mesh_stream *st = m->streams[i];
        struct str *paths;
        size_t n;
        if (!st->source->watch)
            continue;
        h = str_hash((struct str){(const char *)&h, sizeof h}) | 1;
        if (w->notify >= 0)
            (void)inotify_add_watch(w->notify, arena_strz(&a, fixed_folder(&a, m->dir, st->path)),
                                    IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY |
                                        IN_ONLYDIR); /* the poll does without */
        if (!fs_glob(&a, arena_strz(&a, fs_join(&a, m->dir, st->path)), true, &paths, &n, NULL))
            continue;
        for (size_t k = 0; k < n; k++)
            h = mix(h, arena_str(&a, paths[k]));
    }
    arena_fini(&a);
    return h;
}

/* ---- The run ---- */

static void note_run(void *ctx, const struct build_event *ev)
{
    struct app *app = ctx;
    if (ev->kind == BUILD_RUN_STARTED)
        atomic_store(&app->run_id, ev->run_id);
}

/* Whether a watched source has content that is not loaded. */
static bool anything_new(struct app *app, const struct mesh *m, bool *out, struct err *e)
{
    struct arena a;
    struct errs es = {0};
    struct ingest_file *files;
    size_t n;
    arena_init(&a);
    *out = false;
    bool ok = ingest_discover(app->state, m, &a, &files, &n, &es, e);
    for (size_t i = 0; ok && i < n; i++)
        *out = *out || files[i].stream->source->watch;
    errs_fini(&es);
    arena_fini(&a);
    return ok;
}

static bool run_built(struct app *app, const struct mesh *m, struct err *e)
{
    struct build_options o = {
        .program = app->program, .trigger = STR("watch"), .event = note_run, .ctx = app, .cancel = &app->cancel};
    struct build_report report = {0};
    struct errs es = {0};
    struct err view = {0};
    bool good = build_run(app->build, m, &o, &report, &es, e);
    atomic_fetch_add(&app->generation, 1);
    atomic_store(&app->run_id, 0);
    if (!govern_refresh(app->govern, m, &view) && good)
        good = (*e = view, false);
    if (good)
        log_event(LOG_INFO, "watch", "run_done", "run=%lld built=%zu failed=%zu errors=%zu", (long long)report.run_id,
                  report.built, report.failed, es.n_errors);
    errs_fini(&es);
    return good;
}

/* False: another run is in work, or the declaration is broken: later. */
static bool run(struct watch *w)
{
    struct app *app = w->app;
    struct buf broken = BUF_INIT((size_t)2 << 20);
    struct err e = {0};
    bool wanted = false, good;
    if (!app_turn_take(app, &e))
        return false;
    struct app_mesh *m = app_mesh_get_locked(app);
    app_broken(app, &broken);
    bool sound = broken.n == 0;
    good = !sound || (anything_new(app, app_mesh_of(m), &wanted, &e) && (!wanted || run_built(app, app_mesh_of(m), &e)));
    app_turn_give(app);
    app_mesh_put(m);
    buf_fini(&broken);
    if (!good)
        log_err(LOG_WARN, "watch", "run_failed", &e);
    return sound;
}

/* ---- The thread ---- */

/* One look; how long to wait for the next one. */
static int turn(struct watch *w)
{
    struct app_mesh *m = app_mesh_get(w->app, false);
    uint64_t now = look(w, app_mesh_of(m));
    int64_t at = clock_mono_us();
    app_mesh_put(m);
    if (now == 0 || now == w->loaded) {
        w->seen = now;
        w->differs_us = 0;
        return LOOK_MS;
    }
    if (!w->differs_us)
        w->differs_us = at;
    if (now != w->seen) {
        w->seen = now;
        w->seen_us = at;
    }
    bool still = at - w->seen_us >= SETTLE_US, long_enough = at - w->differs_us >= LONGEST_US; /* something always writes there */
    if (!still && !long_enough)
        return SOON_MS;
    if (!run(w))
        return RUN_AGAIN_US / 1000;
    w->loaded = now;
    w->differs_us = 0;
    return still ? LOOK_MS : SOON_MS;
}

static void drain(int fd)
{
    char events[4096] __attribute__((aligned(8)));
    while (read(fd, events, sizeof events) > 0)
        ;
}

static void *watching(void *ctx)
{
    struct watch *w = ctx;
    while (!atomic_load(&w->app->closing)) {
        int wait = turn(w);
        struct pollfd p[2] = {{.fd = w->wake, .events = POLLIN}, {.fd = w->notify, .events = POLLIN}};
        int ready = poll(p, w->notify >= 0 ? 2 : 1, wait);
        if (ready > 0 && (p[0].revents & POLLIN))
            break;
        if (ready > 0)
            drain(w->notify);
    }
    return NULL;
}

bool watch_start(struct app *app, struct watch **out, struct err *e)
{
    struct watch *w = mem_alloc(sizeof *w);
    *w = (struct watch){
        .app = app, .notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    int failed = w->wake < 0 ? errno : pthread_create(&w->thread, NULL, watching, w);
    if (failed) {
        if (w->notify >= 0)
            close(w->notify);
        if (w->wake >= 0)
            close(w->wake);
        mem_free(w);
        return err_errno(e, failed, "starting to watch folders");
    }
    *out = w;
    return true;
}

void watch_stop(struct watch *w)
{
    if (!w)
        return;
    uint64_t one = 1;
    atomic_store(&w->app->closing, true);
    atomic_store(&w->app->cancel, true);
    if (write(w->wake, &one, sizeof one) < 0)
        log_event(LOG_DEBUG, "watch", "wake", "the thread notices by itself");
    pthread_join(w->thread, NULL);
    if (w->notify >= 0)
        close(w->notify);
    close(w->wake);
    mem_free(w);
}
