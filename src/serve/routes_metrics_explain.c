/* "Why is this number so": one figure taken apart, by its definition, its parts, its rows and what it stands on. */
#include "serve/metrics.h"

#include "base/clock.h"
#include "base/json.h"

enum { KEYS_MAX = 8, CHANGES_SHOWN = 20, CHANGES_READ = 500 };

/* The question narrowed to the one row that the figure stands in. */
static bool narrow(struct call *c, yyjson_val *key, struct metric_ask *ask, struct err *e)
{
    struct buf b = BUF_INIT((size_t)64 << 10);
    size_t i, max;
    yyjson_val *k, *v;
    if (key && !yyjson_is_null(key) && (!yyjson_is_obj(key) || yyjson_obj_size(key) > KEYS_MAX))
        return err_set(e, E_USAGE, "key is an object of dimensions and their values");
    if (ask->where.n)
        buf_printf(&b, "(%.*s)", STR_FMT(ask->where));
    yyjson_obj_foreach(key, i, max, k, v)
    {
        struct str name = {yyjson_get_str(k), yyjson_get_len(k)};
        buf_printf(&b, "%s", b.n ? " AND " : "");
        buf_sql_ident(&b, name);
        if (yyjson_is_str(v)) {
            buf_addz(&b, " = ");
            buf_sql_text(&b, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
        } else {
            buf_addz(&b, " IS NULL");
        }
    }
    ask->where = arena_str(c->a, buf_str(&b));
    ask->by = NULL;
    ask->n_by = 0;
    ask->grain = GRAIN_NONE;
    ask->compare = COMPARE_NONE;
    ask->order = STR("");
    ask->limit = 0;
    bool good = buf_ok(&b, e);
    buf_fini(&b);
    return good;
}

static const struct metric_cell *figure_of(const struct metric_table *t, size_t nth)
{
    return t->n_rows ? &t->cells[nth] : NULL;
}

static void put_parts(struct call *c, struct buf *b, const struct metric_asker *who, const struct metric_ask *ask, const struct mesh_metric *m)
{
    put_open(b, "parts", '[');
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct mesh_metric_part *part = &m->parts[i];
        struct metric_ask one = *ask;
        struct metric_table t;
        struct err none = {0};
        one.metrics = &part->metric->ref;
        one.n_metrics = 1;
        if (part->filter.n)
            one.where = ask->where.n ? arena_printf(c->a, "(%.*s) AND (%.*s)", STR_FMT(ask->where), STR_FMT(part->filter)) : part->filter;
        put_open(b, NULL, '{');
        put_str(b, "metric", part->metric->ref);
        put_str(b, "title", part->metric->title.n ? part->metric->title : part->metric->name);
        put_str(b, "unit", str_of(mesh_unit_text(part->metric->unit)));
        put_str(b, "formula", metric_formula(part->metric, c->a));
        if (!part->offset_n && !part->offset_to.n && metric_ask_run(who, &one, c->a, &t, &none) && t.n_rows)
            metrics_put_cell(b, "value", figure_of(&t, 0));
        else
            put_null(b, "value");
        put_close(b, '}');
    }
    put_close(b, ']');
}

static bool put_legs(struct call *c, struct buf *b, const struct metric_plan *plan, struct err *e)
{
    const struct metric_leg *legs;
    size_t n = metric_plan_legs(plan, &legs);
    (void)c;
    put_open(b, "legs", '[');
    for (size_t i = 0; i < n; i++) {
        struct str rows;
        if (!metric_plan_rows(plan, i, &rows, e))
            return false;
        put_open(b, NULL, '{');
        put_str(b, "port", legs[i].model->ref);
        put_str(b, "sql", legs[i].sql);
        put_str(b, "rows_sql", rows);
        put_close(b, '}');
    }
    put_close(b, ']');
    return metrics_put_ports(c, b, "ports", legs, n, e);
}

/* What happened lately to the ports it stands on, and to its own file. */
static bool put_changes(struct call *c, struct buf *b, const struct metric_plan *plan, const struct mesh_metric *m, struct err *e)
{
    const struct metric_leg *legs;
    size_t n_legs = metric_plan_legs(plan, &legs), n, shown = 0;
    struct change *changes;
    if (!catalog_changes(c->app->state, c->mesh, CHANGES_READ, c->a, &changes, &n, e))
        return false;
    put_open(b, "changes", '[');
    for (size_t i = 0; i < n && shown < CHANGES_SHOWN; i++) {
        bool ours = str_eq(changes[i].ref, m->ref);
        for (size_t l = 0; !ours && l < n_legs; l++)
            for (size_t p = 0; !ours && p < legs[l].n_ports; p++)
                ours = str_eq(changes[i].ref, legs[l].ports[p]->ref) || str_eq(changes[i].ref, legs[l].ports[p]->ref_major);
        if (!ours)
            continue;
        shown++;
        put_open(b, NULL, '{');
        put_time(b, "at", changes[i].at_us);
        put_str(b, "title", call_text(c, changes[i].title));
        put_str(b, "kind", changes[i].kind);
        put_str(b, "ref", changes[i].ref);
        put_close(b, '}');
    }
    put_close(b, ']');
    return true;
}

bool route_metrics_explain(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct metric_asker who = metrics_asker(c);
    struct metric_ask ask;
    struct metric_table t;
    struct metric_plan *plan;
    struct buf b = call_buf();
    const struct mesh_metric *m = NULL;
    bool good = doc && metrics_purpose_read(c, root, &who, e) && metrics_ask_read(c, root, &ask, e) && (ask.n_metrics == 1 || err_set(e, E_USAGE, "one metric is explained at a time")) && (m = metrics_find(c, ask.metrics[0], e)) &&
                narrow(c, yyjson_obj_get(root, "key"), &ask, e) && metric_ask_run(&who, &ask, c->a, &t, e);
    if (good) {
        ask.has_from = ask.has_to = true;
        ask.from = t.from;
        ask.to = t.to;
        good = metric_plan_make(&who, &ask, c->a, &plan, e);
    }
    if (good) {
        put_open(&b, NULL, '{');
        put_str(&b, "metric", m->ref);
        put_str(&b, "title", m->title.n ? m->title : m->name);
        put_opt(&b, "description", m->description);
        put_str(&b, "formula", metric_formula(m, c->a));
        put_str(&b, "unit", str_of(mesh_unit_text(m->unit)));
        put_str(&b, "version", (struct str){m->sha.z, 12});
        shape_owner(&b, "owner", &m->owner, &m->domain->owner);
        if (t.n_rows)
            metrics_put_cell(&b, "value", figure_of(&t, 0));
        else
            put_null(&b, "value");
        metrics_put_day(&b, "from", t.from);
        metrics_put_day(&b, "to", t.to);
        put_parts(c, &b, &who, &ask, m);
        put_str(&b, "sql", t.sql);
        good = put_legs(c, &b, plan, e) && put_changes(c, &b, plan, m, e);
        put_texts(&b, "notes", t.notes, t.n_notes);
        put_str(&b, "file", m->pos.file);
        put_int(&b, "line", m->pos.line);
        put_close(&b, '}');
    }
    if (good)
        call_json(c, &b);
    buf_fini(&b);
    yyjson_doc_free(doc);
    return good;
}
