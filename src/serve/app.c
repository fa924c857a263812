/* An opened mesh and its newest valid declaration: see app.h. */
#include "serve/app.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "events/events.h"
#include "serve/alerting.h"
#include "serve/kept.h"
#include "serve/living.h"
#include "serve/put.h"

enum { LOOK_EVERY_US = 1000000, LOOK_SELDOM_US = 10000000, LOOK_SHARE = 20, LOOK_WAIT_S = 20, TURN_WAIT_MS = 20000, PAUSE_MS = 20, BROKEN_KEPT = 50, TREE_DEPTH_MAX = 8 };

struct app_mesh {
    struct mesh *mesh;
    struct known *known;
    struct sights *sights;
    atomic_int refs;
};

static struct app_mesh *app_mesh_new(struct mesh *m)
{
    struct app_mesh *am = mem_alloc(sizeof *am);
    am->mesh = m;
    am->known = known_new(m);
    am->sights = sights_new();
    atomic_init(&am->refs, 1);
    return am;
}

const struct mesh *app_mesh_of(const struct app_mesh *m)
{
    return m->mesh;
}

struct known *app_mesh_known(const struct app_mesh *m)
{
    return m->known;
}

struct app_seen *app_seen_get(const struct app_mesh *m, const struct govern_principal *who)
{
    return sights_get(m->sights, m->mesh, m->known, who);
}

void app_seen_put(const struct app_mesh *m, struct app_seen *x)
{
    if (x)
        sights_put(m->sights, x);
}

void app_mesh_put(struct app_mesh *m)
{
    if (!m || atomic_fetch_sub(&m->refs, 1) != 1)
        return;
    sights_free(m->sights);
    known_free(m->known);
    mesh_free(m->mesh);
    mem_free(m);
}

/* ---- has anything changed on disk? ---- */
static uint64_t mix(uint64_t h, struct str name, const struct fs_stat *st)
{
    uint64_t parts[4] = {h, str_hash(name), st->size_bytes, (uint64_t)st->mtime_ns};
    return str_hash((struct str){(const char *)parts, sizeof parts});
}

static uint64_t tree_hash(struct arena *a, struct str path, uint64_t h, int depth)
{
    struct fs_stat st;
    char *z = arena_strz(a, path);
    if (!fs_stat(z, &st))
        return h;
    if (!st.is_dir)
        return mix(h, path, &st);
    struct str *names;
    size_t n;
    if (depth == TREE_DEPTH_MAX || !fs_list(a, z, &names, &n, NULL))
        return h;
    for (size_t i = 0; i < n; i++)
        h = tree_hash(a, fs_join(a, path, names[i]), h, depth + 1);
    return h;
}

static uint64_t declaration_hash(const struct app *app)
{
    struct arena a;
    arena_init(&a);
    struct str dir = str_of(app->dir);
    static const struct str parts[] = {{"mesh.yaml", 9}, {"governance", 10}, {"targets", 7}, {"domains", 7}};
    uint64_t h = 1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        h = tree_hash(&a, fs_join(&a, dir, parts[i]), h, 0);
    arena_fini(&a);
    return h;
}

/* ---- loading ---- */
static struct mesh *load(struct app *app, struct errs *es, struct err *e)
{
    struct engine_conn *parser = NULL;
    struct buf cache = BUF_INIT((size_t)8192);
    struct mesh *m = NULL;
    if (!engine_connect(app->state->engine, &parser, e))
        return NULL;
    buf_printf(&cache, "%s/cache/mesh.cache", app->state->data_dir);
    struct mesh_load_options o = {.parser = parser, .cache_path = buf_z(&cache)};
    m = mesh_load(app->dir, &o, es);
    for (size_t i = 0; !m && i < es->n; i++)
        if (!es->warning[i]) {
            *e = es->v[i];
            break;
        }
    buf_fini(&cache);
    engine_disconnect(parser);
    return m;
}

static void note_broken(struct app *app, const struct errs *es, const struct err *alone)
{
    size_t kept = 0;
    buf_reset(&app->broken);
    put_open(&app->broken, NULL, '[');
    for (size_t i = 0; es && i < es->n && kept < BROKEN_KEPT; i++)
        if (!es->warning[i]) {
            put_err(&app->broken, NULL, &es->v[i]);
            kept++;
        }
    if (kept == 0)
        put_err(&app->broken, NULL, alone);
    put_close(&app->broken, ']');
}

/* Takes a new declaration into use. The old one stays in use where that fails. */
static bool adopt(struct app *app, struct app_mesh *fresh, struct err *e)
{
    struct err ignored = {0};
    if (events_prepare(app->events, fresh->mesh, e) && build_refresh(app->build, fresh->mesh, e) &&
        govern_refresh(app->govern, fresh->mesh, e))
        return true;
    if (app->current &&
        !(events_prepare(app->events, app->current->mesh, &ignored) &&
          build_refresh(app->build, app->current->mesh, &ignored) && govern_refresh(app->govern, app->current->mesh, &ignored)))
        log_err(LOG_ERROR, "serve", "old_declaration_lost", &ignored);
    return false;
}

/* The list of changes is told from what was declared before; that it cannot be kept is no reason to refuse the declaration. */
static void note_declared(struct app *app, const struct mesh *m)
{
    struct err e = {0};
    if (!catalog_note_declared(app->state, m, &e))
        log_err(LOG_WARN, "serve", "declared_not_noted", &e);
}

static void reload(struct app *app, uint64_t tree)
{
    struct errs es = {0};
    struct err e = {0};
    struct mesh *m = load(app, &es, &e);
    struct app_mesh *fresh = m ? app_mesh_new(m) : NULL, *old = NULL;
    bool good = fresh && adopt(app, fresh, &e);
    pthread_mutex_lock(&app->lock);
    app->tree = tree;
    if (good) {
        old = app->current;
        app->current = fresh;
        buf_reset(&app->broken);
        atomic_fetch_add(&app->generation, 1);
    } else {
        note_broken(app, m ? NULL : &es, &e);
    }
    pthread_mutex_unlock(&app->lock);
    if (good)
        note_declared(app, m);
    if (good && old && strcmp(old->mesh->identity.sha.z, m->identity.sha.z) != 0)
        living_wake(app->living); /* other rules make other customers, whether or not events come */
    app_mesh_put(good ? old : fresh);
    if (good)
        log_event(LOG_INFO, "serve", "declaration_reloaded", "ports=%zu", m->n_ports);
    else
        log_event(LOG_WARN, "serve", "declaration_broken", "errors=%zu", es.n_errors);
    errs_fini(&es);
}

static struct app_mesh *newest(struct app *app)
{
    pthread_mutex_lock(&app->lock);
    struct app_mesh *m = app->current;
    atomic_fetch_add(&m->refs, 1);
    pthread_mutex_unlock(&app->lock);
    return m;
}

struct app_mesh *app_mesh_get_locked(struct app *app)
{
    int64_t begun = clock_mono_us();
    uint64_t tree = declaration_hash(app);
    pthread_mutex_lock(&app->lock);
    app->look_us = clock_mono_us() - begun;
    pthread_mutex_unlock(&app->lock);
    if (tree != app->tree)
        reload(app, tree);
    return newest(app);
}

/* Looking is to take a small share of the time, however many files there are. */
static int64_t look_after_us(const struct app *app)
{
    int64_t us = app->look_us * LOOK_SHARE;
    return us < LOOK_EVERY_US ? LOOK_EVERY_US : us > LOOK_SELDOM_US ? LOOK_SELDOM_US : us;
}

/* Whoever finds somebody else at it takes what there is; but with `now` another look is waited for, which may have begun before what is to be seen was written.
 * A run is not: it holds the lock for as long as it takes. One that has no number yet is only looking whether there is anything to do. */
static bool reload_take(struct app *app, bool now)
{
    struct timespec until;
    if (pthread_mutex_trylock(&app->reload) == 0)
        return true;
    if (!now || (atomic_load(&app->running) && atomic_load(&app->run_id)))
        return false;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LOOK_WAIT_S;
    return pthread_mutex_timedlock(&app->reload, &until) == 0;
}

struct app_mesh *app_mesh_get(struct app *app, bool now)
{
    int64_t at = clock_mono_us();
    pthread_mutex_lock(&app->lock);
    bool look = now || at - app->checked_us > look_after_us(app);
    if (look)
        app->checked_us = at;
    pthread_mutex_unlock(&app->lock);
    if (look && reload_take(app, now)) {
        struct app_mesh *m = app_mesh_get_locked(app);
        pthread_mutex_unlock(&app->reload);
        return m;
    }
    return newest(app);
}

static void pause_a_moment(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

/* A run that nobody asked for must not be in anybody's way: it is waited for. */
static void wait_for_first_build(struct app *app)
{
    while (atomic_load(&app->first_build) && !pthread_equal(app->first_builder, pthread_self()) && !atomic_load(&app->closing))
        pause_a_moment();
}

bool app_turn_take(struct app *app, struct err *e)
{
    int64_t run = 0;
    wait_for_first_build(app);
    for (int waited_ms = 0; !run && waited_ms < TURN_WAIT_MS && !atomic_load(&app->closing); waited_ms += PAUSE_MS) {
        if (!atomic_exchange(&app->running, true)) {
            pthread_mutex_lock(&app->reload);
            return true;
        }
        pause_a_moment();
        run = atomic_load(&app->run_id);
    }
    if (run)
        err_set(e, E_BUSY, "run %lld is still in work", (long long)run);
    else
        err_set(e, E_BUSY, "a run begins or ends, or data are being deleted just now");
    err_hint(e, "wait for its end, or call it off");
    return false;
}

void app_turn_give(struct app *app)
{
    if (!atomic_load(&app->closing))
        atomic_store(&app->cancel, false);
    atomic_store(&app->running, false);
    pthread_mutex_unlock(&app->reload);
    alerting_wake(app->alerting);
}

void app_broken(struct app *app, struct buf *out)
{
    pthread_mutex_lock(&app->lock);
    buf_add(out, buf_str(&app->broken));
    pthread_mutex_unlock(&app->lock);
}

/* ---- opening ---- */
bool app_open(const char *mesh_dir, const char *program, struct app **out, struct errs *es, struct err *e)
{
    struct app *app = mem_alloc(sizeof *app);
    pthread_mutex_init(&app->lock, NULL);
    pthread_mutex_init(&app->reload, NULL);
    app->broken = BUF_INIT((size_t)1 << 20);
    app->sources = BUF_INIT((size_t)64 << 20);
    atomic_init(&app->generation, 1);
    app->dir = mem_strdup(str_of(mesh_dir));
    app->program = mem_strdup(str_of(program));
    struct state_options so = {0};
    struct mesh *m = NULL;
    if (!state_open(mesh_dir, &so, &app->state, e))
        goto fail;
    app->tree = declaration_hash(app);
    app->checked_us = clock_mono_us();
    m = load(app, es, e);
    if (!m)
        goto fail;
    if (!events_open(app->state, &app->events, e) || !build_open(app->state, &app->build, e) ||
        !govern_open(app->state, &(struct govern_past){build_asof, build_asof_object, app->build}, &app->govern, e) ||
        !auth_open(app->state, govern_audit(app->govern), &app->auth, e))
        goto fail;
    app->current = app_mesh_new(m);
    m = NULL;
    build_events_from(app->build, app->events);
    if (!events_prepare(app->events, app->current->mesh, e) || !build_refresh(app->build, app->current->mesh, e) ||
        !govern_refresh(app->govern, app->current->mesh, e))
        goto fail;
    note_declared(app, app->current->mesh);
    *out = app;
    return true;
fail:
    if (m)
        mesh_free(m);
    app_close(app);
    return false;
}

void app_close(struct app *app)
{
    if (!app)
        return;
    auth_close(app->auth);
    if (app->govern)
        govern_close(app->govern);
    if (app->build)
        build_close(app->build);
    events_close(app->events);
    app_mesh_put(app->current);
    if (app->state)
        state_close(app->state);
    buf_fini(&app->broken);
    buf_fini(&app->sources);
    kept_free(app->kept);
    mem_free(app->dir);
    mem_free(app->program);
    pthread_mutex_destroy(&app->lock);
    pthread_mutex_destroy(&app->reload);
    mem_free(app);
}
