/* A few connections, leased one per question: the number of questions at once is the number of connections. */
#include "govern/govern_int.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/mem.h"

enum { WAITING_MAX = 256 };

bool gov_conn_take(struct govern *g, int64_t timeout_ms, struct gov_conn **out, struct err *e)
{
    struct timespec until;
    bool ok = true;
    *out = NULL;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&g->lock);
    if (g->waiting >= WAITING_MAX) {
        ok = err_set(e, E_BUSY, "too many questions are waiting");
        err_hint(e, "try again in a moment");
    }
    g->waiting++;
    while (ok && !g->idle && g->conns >= g->conns_max) {
        if (pthread_cond_timedwait(&g->conn_free, &g->lock, &until) == ETIMEDOUT) {
            ok = err_set(e, E_BUSY, "other questions took all the time that this one had");
            err_hint(e, "try again in a moment");
        }
    }
    g->waiting--;
    if (ok && g->idle) {
        *out = g->idle;
        g->idle = g->idle->next;
    } else if (ok) {
        g->conns++; /* room for a new one */
    }
    pthread_mutex_unlock(&g->lock);
    if (!ok || *out)
        return ok;
    struct gov_conn *c = mem_alloc(sizeof *c);
    if (!engine_connect(g->state->engine, &c->conn, e)) {
        mem_free(c);
        pthread_mutex_lock(&g->lock);
        g->conns--;
        pthread_cond_signal(&g->conn_free);
        pthread_mutex_unlock(&g->lock);
        return false;
    }
    *out = c;
    return true;
}

void gov_conn_give(struct govern *g, struct gov_conn *c)
{
    if (!c)
        return;
    engine_deadline(c->conn, 0);
    pthread_mutex_lock(&g->lock);
    c->next = g->idle;
    g->idle = c;
    pthread_cond_signal(&g->conn_free);
    pthread_mutex_unlock(&g->lock);
}

bool gov_conn_use(struct gov_conn *c, const char *catalog, struct err *e)
{
    if (strcmp(c->catalog, catalog) == 0)
        return true;
    char sql[CATALOG_NAME_MAX + 16];
    snprintf(sql, sizeof sql, "USE \"%s\"", catalog); /* a name made by this module */
    if (!engine_exec(c->conn, str_of(sql), e))
        return false;
    snprintf(c->catalog, sizeof c->catalog, "%s", catalog);
    return true;
}

void gov_pool_close(struct govern *g)
{
    for (struct gov_conn *c = g->idle, *next; c; c = next) {
        next = c->next;
        engine_disconnect(c->conn);
        mem_free(c);
    }
    g->idle = NULL;
}
