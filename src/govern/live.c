/* What lies below the views: ports and streams with their columns, read once when the views of a declaration are begun, and shared by all catalogs of it. */
#include "govern/govern_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static int object_cmp(const void *x, const void *y)
{
    return str_cmp(((const struct gov_object *)x)->name, ((const struct gov_object *)y)->name);
}

static struct str *grown(struct arena *a, const struct str *old, size_t n, size_t room)
{
    struct str *v = arena_array(a, room, sizeof *v);
    if (n)
        memcpy(v, old, n * sizeof *v);
    return v;
}

bool gov_objects_read(struct engine_conn *c, struct arena *a, struct str catalog, struct str schema, struct str table, struct gov_objects *out, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    size_t cap = 0, cols_cap = 0;
    const struct engine_param p[] = {{.type = ENGINE_TEXT, .s = catalog}, {.type = ENGINE_TEXT, .s = schema}, {.type = ENGINE_TEXT, .s = table}};
    bool ok = engine_query(c,
                           STR("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2"
                               " AND ($3 = '' OR table_name = $3) ORDER BY table_name, column_index"),
                           p, 3, &r, e);
    *out = (struct gov_objects){0};
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch) {
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            struct str name = engine_cell_str(ch, 0, i);
            struct gov_object *o = out->n ? &out->v[out->n - 1] : NULL;
            if (!o || !str_eq(o->name, name)) {
                if (out->n == cap) {
                    size_t bigger = cap ? cap * 2 : 64;
                    struct gov_object *v = arena_array(a, bigger, sizeof *v);
                    if (out->n)
                        memcpy(v, out->v, out->n * sizeof *v);
                    out->v = v;
                    cap = bigger;
                }
                o = &out->v[out->n++];
                *o = (struct gov_object){.name = arena_str(a, name)};
                cols_cap = 0;
            }
            if (o->n == cols_cap) {
                size_t bigger = cols_cap ? cols_cap * 2 : 32;
                o->cols = grown(a, o->cols, o->n, bigger);
                o->types = grown(a, o->types, o->n, bigger);
                cols_cap = bigger;
            }
            o->cols[o->n] = arena_str(a, engine_cell_str(ch, 1, i));
            o->types[o->n++] = arena_str(a, engine_cell_str(ch, 2, i));
        }
    }
    engine_result_close(r);
    if (ok && out->n)
        qsort(out->v, out->n, sizeof *out->v, object_cmp);
    return ok;
}

const struct gov_object *gov_object_find(const struct gov_objects *o, struct str name)
{
    const struct gov_object key = {.name = name};
    return o->n ? bsearch(&key, o->v, o->n, sizeof *o->v, object_cmp) : NULL;
}

bool gov_live_read(struct engine_conn *c, struct gov_live **out, struct err *e)
{
    struct gov_live *l = mem_alloc(sizeof *l);
    arena_init(&l->arena);
    l->refs = 1;
    *out = l;
    if (gov_objects_read(c, &l->arena, STR("mesh"), STR("live"), STR(""), &l->ports, e) &&
        gov_objects_read(c, &l->arena, STR("mesh"), STR("raw"), STR(""), &l->streams, e))
        return true;
    arena_fini(&l->arena);
    mem_free(l);
    *out = NULL;
    return false;
}

void gov_live_unref(struct govern *g, struct gov_live *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&g->lock);
    bool last = --l->refs == 0;
    pthread_mutex_unlock(&g->lock);
    if (!last)
        return;
    arena_fini(&l->arena);
    mem_free(l);
}

bool gov_stamp(struct engine_conn *c, char out[64], struct err *e)
{
    struct arena a;
    struct str text;
    bool null;
    arena_init(&a);
    bool ok = engine_value(c,
                           STR("SELECT (SELECT count(*) || ':' || coalesce(max(version_id), 0) || ':' || coalesce(sum(version_id), 0) FROM mesh.sys.port_version WHERE live)"
                               " || ':' || (SELECT coalesce(max(file_id), 0) FROM mesh.sys.file_load)"),
                           NULL, 0, &a, &text, &null, e);
    snprintf(out, 64, "%.*s", STR_FMT(text));
    arena_fini(&a);
    return ok;
}
