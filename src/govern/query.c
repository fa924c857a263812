/* The one gate: opening it, refreshing what it shows, and asking a question. */
#include "govern/govern_int.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "govern/small.h"
#include "govern/audit.h"

enum { ROWS_DEFAULT = 10000, TIMEOUT_DEFAULT_MS = 30000, CONNS_MIN = 4, CONNS_MAX = 16, STALE_ATTEMPTS = 3 };

static const struct str admin_role = {"admin", 5};
const struct govern_principal GOVERN_LOCAL_ADMIN = {.name = {"local-admin", 11}, .kind = GOVERN_LOCAL, .roles = &admin_role, .n_roles = 1};
const struct govern_principal GOVERN_ITSELF = {.name = {"trellis", 7}, .kind = GOVERN_PROGRAM, .roles = &admin_role, .n_roles = 1};

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
    pthread_mutex_init(&g->profile_lock, NULL);
    g->small = small_history_new();
    if (!engine_connect(s->engine, &g->maker, e) || !mask_open(s, &g->keys, e) || !audit_open(s, &g->audit, e)) {
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
    struct gov_catalog *taken[PROFILES_KEPT];
    gov_profiles_take(g, taken);
    gov_profiles_drop(g, taken);
    gov_live_unref(g, g->live);
    mask_close(g->keys);
    small_history_free(g->small);
    audit_close(g->audit);
    engine_disconnect(g->maker);
    gov_verdicts_free(g);
    pthread_cond_destroy(&g->conn_free);
    pthread_mutex_destroy(&g->lock);
    pthread_mutex_destroy(&g->profile_lock);
    pthread_mutex_destroy(&g->asof_lock);
    pthread_rwlock_destroy(&g->mesh_lock);
    pthread_mutex_destroy(&g->refresh_lock);
    mem_free(g);
}

struct audit *govern_audit(struct govern *g)
{
    return g->audit;
}

/* refresh_lock held. */
static bool refresh_locked(struct govern *g, const struct mesh *m, struct err *e)
{
    struct gov_live *fresh = NULL, *old;
    struct gov_catalog *taken[PROFILES_KEPT];
    char stamp[64];
    /* The stamp is read first: what comes live in between is noticed later rather than missed. */
    if (!gov_stamp(g->maker, stamp, e) || !gov_live_read(g->maker, &fresh, e))
        return false;
    pthread_rwlock_wrlock(&g->mesh_lock);
    pthread_mutex_lock(&g->lock);
    old = g->live;
    g->live = fresh;
    pthread_mutex_unlock(&g->lock);
    g->mesh = m;
    g->generation++;
    snprintf(g->stamp, sizeof g->stamp, "%s", stamp);
    gov_profiles_take(g, taken);
    pthread_rwlock_unlock(&g->mesh_lock);
    gov_profiles_drop(g, taken);
    gov_asof_forget(g);
    gov_live_unref(g, old);
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

static bool is_purpose(const struct mesh *m, struct str purpose)
{
    for (size_t i = 0; i < m->n_purposes; i++)
        if (str_eq(m->purposes[i], purpose))
            return true;
    return m->n_purposes == 0 && str_eq(purpose, STR("analytics"));
}

/* The same words whether a purpose is not declared or not theirs. */
static bool purpose_check(const struct mesh *m, const struct govern_principal *who, struct str purpose, struct arena *a, struct err *e)
{
    struct mesh_strs may = {arena_array(a, m->n_purposes + 1, sizeof *may.v), 0};
    if (is_purpose(m, purpose) && policy_purpose(m, who, purpose))
        return true;
    for (size_t i = 0; i < m->n_purposes; i++)
        if (policy_purpose(m, who, m->purposes[i]))
            may.v[may.n++] = m->purposes[i];
    err_set(e, E_DENIED, "the purpose \"%.*s\" is none that may be asked for here", purpose.n < 60 ? (int)purpose.n : 60, purpose.p);
    int near = str_nearest(purpose, may.v, may.n);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(may.v[near]));
    else if (may.n)
        err_hint(e, "%.*s may be", STR_FMT(may.v[0]));
    else
        err_hint(e, "no role of yours names a purpose; who administers governance/roles.yaml can give one");
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
    } else if (purpose_check(g->mesh, q->principal, r->purpose, &r->arena, e)) {
        struct gov_asker who = {.principal = q->principal, .purpose = r->purpose};
        policy_profile(g->mesh, q->principal, r->purpose, &who.profile);
        if (past)
            ok = gov_asof(g, g->mesh, &who, q->as_of, &r->catalog, e);
        else
            ok = gov_profile_catalog(g, g->mesh, &who, &r->catalog, e);
        /* First the catalog: a connection whose last one is gone cannot even parse. */
        ok = ok && gov_conn_use(r->conn, r->catalog->name, e) && gov_verdict(g, r->conn->conn, r->sql, r->catalog, past, r->refs, &r->arena, &r->small, e);
    }
    pthread_rwlock_unlock(&g->mesh_lock);
    return ok;
}

/* A column that is not there: the nearest of those that the asker's own views have, where the engine names none. */
static void hint_column(struct govern_result *r, struct err *e)
{
    struct str head = STR("there is no column \""), text = str_of(e->text), tables = str_of(r->refs), table;
    size_t end = str_starts(text, head) && !e->hint[0] ? str_find(text, STR("\""), head.n) : SIZE_MAX;
    const struct str wanted = end != SIZE_MAX ? (struct str){text.p + head.n, end - head.n} : STR("");
    struct str *names = NULL;
    size_t n = 0;
    while (wanted.n && tables.n) {
        struct engine_column *cols;
        struct err none = {0};
        size_t n_cols;
        table = str_cut(tables, ',', &tables);
        if (!engine_describe(r->conn->conn, arena_printf(&r->arena, "SELECT * FROM %.*s", STR_FMT(table)), &r->arena, &cols, &n_cols, &none))
            continue;
        struct str *more = arena_array(&r->arena, n + n_cols + 1, sizeof *more);
        if (n)
            memcpy(more, names, n * sizeof *more);
        for (size_t i = 0; i < n_cols; i++) {
            if (str_eq_nocase(cols[i].name, wanted)) { /* of a join: asked of another of its tables */
                err_hint(e, "it is a column of %.*s", STR_FMT(table));
                return;
            }
            more[n++] = cols[i].name;
        }
        names = more;
    }
    int near = n ? str_nearest(wanted, names, n) : -1;
    if (near >= 0)
        err_hint(e, "did you mean \"%.*s\"?", STR_FMT(names[near]));
}

static bool ask(struct govern *g, const struct govern_request *q, struct govern_result *r, struct err *e)
{
    if (!admit(g, q, r, e))
        return false;
    bool ok = r->small ? small_run(g, r->conn->conn, r->small, r->principal, r->sql, q->params, q->n_params, &r->arena, &r->result, e)
                       : engine_query(r->conn->conn, r->sql, q->params, q->n_params, &r->result, e);
    if (!ok && e->code == E_SQL)
        hint_column(r, e);
    return ok;
}

bool govern_query(struct govern *g, const struct govern_request *q, struct govern_result **out, struct err *e)
{
    int64_t timeout_ms = q->timeout_ms > 0 ? q->timeout_ms : TIMEOUT_DEFAULT_MS;
    struct err local = {0};
    *out = NULL;
    e = e ? e : &local;
    if (!q->principal || q->principal->name.n == 0)
        return err_set(e, E_UNAUTHENTICATED, "nobody is known who asks this");
    if (!audit_takes(g->audit, e))
        return false;
    struct govern_result *r = mem_alloc(sizeof *r);
    arena_init(&r->arena);
    r->govern = g;
    r->started_us = clock_mono_us();
    r->row_limit = q->row_limit > 0 ? q->row_limit : ROWS_DEFAULT;
    gov_log_who(r, q);
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
