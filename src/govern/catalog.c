/* Catalogs of governed views: one for all who see the same (a profile of the policy) for one purpose, with a schema per domain and the functions of the
 * mesh. They are made when somebody of a profile first asks, and the ones unused for longest make way. */
#include "govern/govern_int.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "mesh/functions.h"

enum { SQL_MAX = 1024 * 1024 };

static struct str *copy_strs(struct arena *a, const struct str *v, size_t n)
{
    struct str *out = arena_array(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = arena_str(a, v[i]);
    return out;
}

static void catalog_free(struct govern *g, struct gov_catalog *k)
{
    gov_live_unref(g, k->live);
    pthread_mutex_destroy(&k->making);
    arena_fini(&k->arena);
    mem_free(k);
}

static struct gov_catalog *catalog_new(struct govern *g, const struct mesh *m, const char *kind, const struct gov_asker *who)
{
    struct gov_catalog *k = mem_alloc(sizeof *k);
    arena_init(&k->arena);
    pthread_mutex_init(&k->making, NULL);
    pthread_mutex_lock(&g->lock);
    snprintf(k->name, sizeof k->name, "%s_%u", kind, ++g->catalog_number);
    k->live = g->live;
    k->live->refs++;
    pthread_mutex_unlock(&g->lock);
    k->who = *who->principal;
    k->who.name = k->who.by = STR("");
    k->who.roles = copy_strs(&k->arena, who->principal->roles, who->principal->n_roles);
    k->who.purposes = who->principal->purposes ? copy_strs(&k->arena, who->principal->purposes, who->principal->n_purposes) : NULL;
    k->purpose = arena_str(&k->arena, who->purpose);
    k->profile = who->profile;
    k->access = arena_array(&k->arena, m->n_ports + 1, sizeof *k->access);
    k->port_made = arena_array(&k->arena, m->n_ports + 1, 1);
    k->stream_made = arena_array(&k->arena, m->n_streams + 1, 1);
    k->used_us = clock_mono_us();
    k->refs = 1;
    return k;
}

/* Attached, with schemas and functions; from now on it is found among the catalogs. */
static bool catalog_attach(struct govern *g, struct engine_conn *c, const struct mesh *m, struct gov_catalog *k, struct err *e)
{
    struct buf b = BUF_INIT(SQL_MAX);
    buf_printf(&b, "ATTACH ':memory:' AS \"%s\";", k->name);
    for (size_t i = 0; i < m->n_domains; i++) {
        buf_printf(&b, "CREATE SCHEMA \"%s\".", k->name);
        buf_sql_ident(&b, m->domains[i].name);
        buf_addc(&b, ';');
    }
    mesh_functions_create(m, str_of(k->name), &b);
    bool ok = buf_ok(&b, e) && engine_exec(c, buf_str(&b), e);
    buf_fini(&b);
    if (ok) {
        pthread_mutex_lock(&g->lock);
        k->next = g->catalogs;
        g->catalogs = k;
        pthread_mutex_unlock(&g->lock);
    }
    return ok;
}

bool gov_catalog_make(struct govern *g, const struct mesh *m, const struct gov_asker *who, struct str src, struct gov_catalog **out, struct err *e)
{
    struct gov_catalog *k = catalog_new(g, m, src.n ? "gov_asof" : "gov", who);
    struct engine_conn *c = NULL;
    snprintf(k->src, sizeof k->src, "%.*s", STR_FMT(src));
    bool ok = engine_connect(g->state->engine, &c, e) && catalog_attach(g, c, m, k, e);
    engine_disconnect(c);
    if (!ok) {
        catalog_free(g, k);
        k = NULL;
    }
    *out = k;
    return ok;
}

const struct policy_access *gov_access(struct govern *g, struct gov_catalog *k, const struct mesh_port *p)
{
    pthread_mutex_lock(&k->making);
    struct policy_access *x = k->access[p->index];
    if (!x) {
        x = arena_alloc(&k->arena, sizeof *x);
        *x = policy_access(g->mesh, &k->who, k->purpose, p, &k->arena);
        k->access[p->index] = x;
    }
    pthread_mutex_unlock(&k->making);
    return x;
}

/* ---- of the profiles ---- */

static struct gov_catalog *profile_find(struct govern *g, const struct sha_hex *profile)
{
    struct gov_catalog *found = NULL;
    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < PROFILES_KEPT && !found; i++)
        if (g->profiles[i] && memcmp(g->profiles[i]->profile.z, profile->z, sizeof profile->z) == 0)
            found = g->profiles[i];
    if (found) {
        found->refs++;
        found->used_us = clock_mono_us();
    }
    pthread_mutex_unlock(&g->lock);
    return found;
}

/* Keeps it for the next question; the one unused for longest makes way. */
static void profile_keep(struct govern *g, struct gov_catalog *k)
{
    size_t at = 0;
    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < PROFILES_KEPT; i++) {
        if (!g->profiles[i]) {
            at = i;
            break;
        }
        if (g->profiles[i]->used_us < g->profiles[at]->used_us)
            at = i;
    }
    struct gov_catalog *old = g->profiles[at];
    g->profiles[at] = k;
    k->refs++;
    pthread_mutex_unlock(&g->lock);
    gov_catalog_unref(g, old);
}

bool gov_profile_catalog(struct govern *g, const struct mesh *m, const struct gov_asker *who, struct gov_catalog **out, struct err *e)
{
    if ((*out = profile_find(g, &who->profile)))
        return true;
    pthread_mutex_lock(&g->profile_lock);
    bool ok = (*out = profile_find(g, &who->profile)) != NULL;
    if (!ok && (ok = gov_catalog_make(g, m, who, STR(""), out, e)))
        profile_keep(g, *out);
    pthread_mutex_unlock(&g->profile_lock);
    return ok;
}

void gov_profiles_take(struct govern *g, struct gov_catalog *out[PROFILES_KEPT])
{
    pthread_mutex_lock(&g->lock);
    memcpy(out, g->profiles, sizeof g->profiles);
    memset(g->profiles, 0, sizeof g->profiles);
    pthread_mutex_unlock(&g->lock);
}

void gov_profiles_drop(struct govern *g, struct gov_catalog *taken[PROFILES_KEPT])
{
    for (size_t i = 0; i < PROFILES_KEPT; i++)
        gov_catalog_unref(g, taken[i]);
}

/* ---- counting ---- */

struct gov_catalog *gov_catalog_ref(struct govern *g, struct gov_catalog *c)
{
    pthread_mutex_lock(&g->lock);
    c->refs++;
    pthread_mutex_unlock(&g->lock);
    return c;
}

void gov_catalog_unref(struct govern *g, struct gov_catalog *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&g->lock);
    bool last = --c->refs == 0;
    for (struct gov_catalog **p = &g->catalogs; last && *p; p = &(*p)->next) {
        if (*p == c) {
            *p = c->next;
            break;
        }
    }
    pthread_mutex_unlock(&g->lock);
    if (!last)
        return;
    char sql[CATALOG_NAME_MAX + 40];
    struct err e = {0};
    struct engine_conn *conn = NULL;
    snprintf(sql, sizeof sql, "DETACH DATABASE IF EXISTS \"%s\"", c->name);
    if (!engine_connect(g->state->engine, &conn, &e) || !engine_exec(conn, str_of(sql), &e))
        log_err(LOG_DEBUG, "govern", "catalog_kept", &e);
    engine_disconnect(conn);
    catalog_free(g, c);
}
