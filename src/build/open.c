/* Opening and closing the build module over one opened state, and the lineage of a port's columns. */
#include "build/build.h"

#include "base/log.h"
#include "build/delta.h"
#include "identity/consenting.h"
#include "sql/sql.h"

bool build_open(struct state *s, struct build **out, struct err *e)
{
    struct build *b = mem_alloc(sizeof *b);
    struct engine_conn *c = NULL;
    *out = NULL;
    b->s = s;
    pthread_mutex_init(&b->lock, NULL);
    pthread_mutex_init(&b->run_lock, NULL);
    pthread_mutex_init(&b->work_lock, NULL);
    pthread_mutex_init(&b->writer_lock, NULL);
    bool ok = engine_connect(s->engine, &c, e) && build_changes_open(c, e);
    engine_disconnect(c);
    if (!ok) {
        build_close(b);
        return false;
    }
    *out = b;
    return true;
}

void build_events_from(struct build *b, struct events *ev)
{
    b->events = ev;
}

void build_close(struct build *b)
{
    if (b == NULL)
        return;
    build_asof_free(b);
    delta_kept_free(b);
    pthread_mutex_destroy(&b->lock);
    pthread_mutex_destroy(&b->run_lock);
    pthread_mutex_destroy(&b->work_lock);
    mem_free(b->prints);
    pthread_mutex_destroy(&b->writer_lock);
    mem_free(b);
}

bool build_refresh(struct build *b, const struct mesh *m, struct err *e)
{
    struct engine_conn *c = NULL;
    bool ok = engine_connect(b->s->engine, &c, e) && identity_consent_refresh(m, c, CONSENT_DECLARED, e);
    engine_disconnect(c);
    if (!ok)
        return false;
    pthread_mutex_lock(&b->lock);
    b->m = m;
    build_asof_invalidate_locked(b);
    pthread_mutex_unlock(&b->lock);
    return true;
}

struct lineage_source {
    const struct mesh *m;
    struct engine_conn *c;
    struct arena *a;
};

/* Columns of an input: a port's are its contract's, a stream's those of its table. */
static bool lineage_columns(void *ctx, struct str ref, struct str **columns, size_t *n)
{
    struct lineage_source *l = ctx;
    const struct mesh_port *p = mesh_find_port(l->m, ref);
    if (p != NULL && p->contract != NULL) {
        *n = p->contract->n_columns;
        *columns = arena_array(l->a, *n + 1, sizeof **columns);
        for (size_t i = 0; i < *n; i++)
            (*columns)[i] = p->contract->columns[i].name;
        return true;
    }
    const struct mesh_stream *st = p == NULL ? mesh_find_stream(l->m, ref) : NULL;
    struct ingest_column *cols = NULL;
    size_t n_cols = 0;
    if (st == NULL || !ingest_stream_columns(l->c, st, l->a, &cols, &n_cols, NULL))
        return false;
    *n = n_cols + 2;
    *columns = arena_array(l->a, *n, sizeof **columns);
    for (size_t i = 0; i < n_cols; i++)
        (*columns)[i] = cols[i].name;
    (*columns)[n_cols] = STR("_learned_from");
    (*columns)[n_cols + 1] = STR("_source_currency");
    return true;
}

bool build_lineage(struct build *b, const struct mesh *m, const struct mesh_port *p, struct arena *a, struct sql_column_lineage **out, size_t *n,
                   struct err *e)
{
    bool ok = false;
    struct engine_conn *c = NULL;
    struct sql_ast *ast = NULL;
    *out = NULL;
    *n = 0;
    if (!engine_connect(b->s->engine, &c, e))
        goto out;
    if (!sql_parse(c, a, p->sql, &ast, e))
        goto out;
    struct lineage_source l = {.m = m, .c = c, .a = a};
    ok = sql_lineage(ast, a, lineage_columns, &l, out, n, e);
out:
    sql_ast_free(ast);
    engine_disconnect(c);
    return ok;
}
