/* The one gate: opening it, refreshing what it shows, and asking a question. */
#include "govern/govern_int.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum { ROWS_DEFAULT = 10000, TIMEOUT_DEFAULT_MS = 30000, CONNS_MIN = 4, CONNS_MAX = 16, STALE_ATTEMPTS = 3 };

const struct govern_principal GOVERN_LOCAL_ADMIN = {{"local-admin", 11}};
const struct govern_principal GOVERN_ITSELF = {{"trellis", 7}};

bool govern_open(struct state *s, const struct govern_past *past, struct govern **out, struct err *e)
{
    struct govern *g = mem_alloc(sizeof *g);
    pthread_condattr_t attr;
    *out = NULL;
    g->state = s;
    if (past)
        g->below = *past;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    g->conns_max = cores * 2 < CONNS_MIN ? CONNS_MIN : cores * 2 > CONNS_MAX ? CONNS_MAX : (unsigned)(cores * 2);
    pthread_mutex_init(&g->refresh_lock, NULL);
    pthread_rwlock_init(&g->mesh_lock, NULL);
    pthread_mutex_init(&g->asof_lock, NULL);
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&g->conn_free, &attr);
    pthread_condattr_destroy(&attr);
    if (!engine_connect(s->engine, &g->maker, e)) {
        govern_close(g);
        return false;
    }
    *out = g;
    return true;
}

void govern_close(struct govern *g)
{
    if (!g)
        return;
    gov_pool_close(g);
    gov_asof_forget(g);
    gov_catalog_retire(g, g->current);
    engine_disconnect(g->maker);
    gov_verdicts_free(g);
    pthread_cond_destroy(&g->conn_free);
    pthread_mutex_destroy(&g->lock);
    pthread_mutex_destroy(&g->asof_lock);
    pthread_rwlock_destroy(&g->mesh_lock);
    pthread_mutex_destroy(&g->refresh_lock);
    mem_free(g);
}

/* refresh_lock held. */
static bool refresh_locked(struct govern *g, const struct mesh *m, struct err *e)
{
    struct gov_catalog *fresh = NULL, *old;
    char stamp[64];
    /* The stamp is read first: what comes live in between is noticed later rather than missed. */
    if (!gov_stamp(g->maker, stamp, e) || !gov_catalog_make(g, m, &fresh, e)) {
        gov_catalog_retire(g, fresh);
        return false;
    }
    pthread_rwlock_wrlock(&g->mesh_lock);
    pthread_mutex_lock(&g->lock);
    old = g->current;
    g->current = fresh;
    pthread_mutex_unlock(&g->lock);
    g->mesh = m;
    g->generation++;
    snprintf(g->stamp, sizeof g->stamp, "%s", stamp);
    pthread_rwlock_unlock(&g->mesh_lock);
    gov_asof_forget(g);
    gov_catalog_retire(g, old);
    return true;
}

bool govern_refresh(struct govern *g, const struct mesh *m, struct err *e)
{
    pthread_mutex_lock(&g->refresh_lock);
    bool ok = refresh_locked(g, m, e);
    pthread_mutex_unlock(&g->refresh_lock);
    return ok;
}

/* When what is live has moved since the views were made (a run in this process swapped a port a moment ago): makes them anew.
 * True when the views are others than those that the failed question saw. */
static bool refresh_when_stale(struct govern *g, unsigned seen_generation)
{
    struct err e = {0};
    char stamp[64];
    pthread_mutex_lock(&g->refresh_lock);
    bool anew = g->generation != seen_generation;
    anew = anew || (g->mesh && gov_stamp(g->maker, stamp, &e) && strcmp(stamp, g->stamp) != 0 && refresh_locked(g, g->mesh, &e));
    pthread_mutex_unlock(&g->refresh_lock);
    return anew;
}

static bool purpose_check(const struct mesh *m, struct str purpose, struct err *e)
{
    for (size_t i = 0; i < m->n_purposes; i++)
        if (str_eq(m->purposes[i], purpose))
            return true;
    if (m->n_purposes == 0 && str_eq(purpose, STR("analytics")))
        return true;
    err_set(e, E_DENIED, "the purpose \"%.*s\" is not declared", purpose.n < 60 ? (int)purpose.n : 60, purpose.p);
    int near = str_nearest(purpose, m->purposes, m->n_purposes);
    if (near >= 0)
        err_hint(e, "did you mean %.*s? purposes stand in mesh.yaml", STR_FMT(m->purposes[near]));
    else
        err_hint(e, "purposes stand in mesh.yaml");
    return false;
}

/* Verdict and catalog, while the declaration cannot change. */
static bool admit(struct govern *g, const struct govern_request *q, struct govern_result *r, struct err *e)
{
    bool past = q->as_of.n > 0, ok = false;
    pthread_rwlock_rdlock(&g->mesh_lock);
    r->generation = g->generation;
    if (!g->mesh) {
        err_set(e, E_INTERNAL, "a question came before a declaration was given");
    } else if (purpose_check(g->mesh, r->purpose, e)) {
        if (past)
            ok = gov_asof(g, g->mesh, q->as_of, &r->catalog, e);
        else
            ok = (r->catalog = gov_catalog_ref(g, g->current)) != NULL;
        /* First the catalog: a connection whose last one is gone cannot even parse. */
        ok = ok && gov_conn_use(r->conn, r->catalog->name, e) && gov_verdict(g, r->conn->conn, r->sql, r->catalog, past, r->refs, e);
    }
    pthread_rwlock_unlock(&g->mesh_lock);
    return ok;
}

static bool ask(struct govern *g, const struct govern_request *q, struct govern_result *r, struct err *e)
{
    return admit(g, q, r, e) && engine_query(r->conn->conn, r->sql, q->params, q->n_params, &r->result, e);
}

bool govern_query(struct govern *g, const struct govern_request *q, struct govern_result **out, struct err *e)
{
    int64_t timeout_ms = q->timeout_ms > 0 ? q->timeout_ms : TIMEOUT_DEFAULT_MS;
    struct err local = {0};
    *out = NULL;
    e = e ? e : &local;
    if (!q->principal || (!str_eq(q->principal->name, GOVERN_LOCAL_ADMIN.name) && !str_eq(q->principal->name, GOVERN_ITSELF.name)))
        return err_set(e, E_UNAUTHENTICATED, "nobody is known who asks this");
    struct govern_result *r = mem_alloc(sizeof *r);
    arena_init(&r->arena);
    r->govern = g;
    r->started_us = clock_mono_us();
    r->row_limit = q->row_limit > 0 ? q->row_limit : ROWS_DEFAULT;
    r->principal = arena_str(&r->arena, q->principal->name);
    r->purpose = arena_str(&r->arena, q->purpose.n ? q->purpose : STR("analytics"));
    r->sql = arena_str(&r->arena, q->sql);
    bool ok = gov_conn_take(g, timeout_ms, &r->conn, e);
    if (ok) {
        engine_deadline(r->conn->conn, timeout_ms);
        if (q->watch)
            q->watch(q->watch_ctx, r);
        ok = ask(g, q, r, e);
        for (int again = 0; !ok && again < STALE_ATTEMPTS && (e->code == E_NOT_BUILT || e->code == E_SQL) &&
                            refresh_when_stale(g, r->generation);
             again++) {
            gov_catalog_unref(g, r->catalog);
            r->catalog = NULL;
            *e = (struct err){0};
            ok = ask(g, q, r, e);
        }
    }
    r->outcome = ok ? E_OK : e->code;
    if (!ok) {
        if (q->watch)
            q->watch(q->watch_ctx, NULL);
        govern_result_close(r);
        return false;
    }
    *out = r;
    return true;
}
