/* From a question about groups to the groups that are shown. See small.h. */
#include "govern/small.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "govern/small_int.h"
#include "sql/aggregate.h"

enum { SQL_MAX = 4 << 20, GROUPS_MAX = 20000, PARTS = 4 /* of a set: people, print, sketch, rows */ };

struct small_plan {
    struct sql_people form;
    struct str ref;          /* with its major */
    int minimum, questions_per_day;
    bool by_key;             /* kept up customer by customer: its versions differ by single people */
};

bool small_applies(const struct mesh_port *p, const struct policy_access *x)
{
    return x->tier == TIER_AGGREGATED && p->person_column.n > 0;
}

/* ---- the plan ---- */

struct columns {
    struct govern *g;
    struct gov_catalog *k;
    const struct mesh_port **ports;
    size_t n;
};

static bool is_text(struct str type)
{
    return str_starts(type, STR("VARCHAR")) || str_starts(type, STR("JSON")) || str_starts(type, STR("ENUM")) || str_starts(type, STR("BLOB")) || str_ends(type, STR("]")) || str_starts(type, STR("STRUCT")) ||
           str_starts(type, STR("MAP")) || str_starts(type, STR("UUID"));
}

static bool is_time(struct str type)
{
    return str_starts(type, STR("DATE")) || str_starts(type, STR("TIMESTAMP"));
}

static bool column(void *ctx, struct str name, bool *personal, bool *text, bool *time)
{
    const struct columns *c = ctx;
    bool found = false;
    *personal = *text = false;
    *time = true;
    for (size_t i = 0; i < c->n; i++) {
        const struct gov_object *o = gov_object_find(&c->k->live->ports, c->ports[i]->ref_major);
        for (size_t col = 0; o && col < o->n; col++) {
            if (!str_eq_nocase(o->cols[col], name))
                continue;
            *personal = *personal || policy_class(c->g->mesh, c->ports[i], o->cols[col]) >= CLASS_PERSONAL;
            *text = *text || is_text(o->types[col]);
            *time = *time && is_time(o->types[col]);
            found = true;
        }
    }
    return found;
}

bool small_plan(struct govern *g, struct gov_catalog *k, const struct sql_ast *ast, const struct sql_ref *refs, size_t n, struct arena *a, struct small_plan **out, struct err *e)
{
    struct small_plan *p = arena_alloc(a, sizeof *p);
    struct columns c = {.g = g, .k = k, .ports = arena_array(a, n + 1, sizeof *c.ports)};
    struct sql_people_ask ask = {.ctx = &c, .column = column, .time_zone = g->mesh->time_zone};
    const struct mesh_port *people = NULL;
    *out = NULL;
    if (k->src[0])
        return err_set(e, E_SQL_REFUSED, "your role sees groups of people of today alone, not of the past");
    for (size_t i = 0; i < n; i++) {
        struct str ref = arena_printf(a, "%.*s.%.*s", STR_FMT(refs[i].schema), STR_FMT(refs[i].table));
        const struct mesh_port *port = mesh_find_port(g->mesh, ref);
        bool of_people = port && port->person_column.n > 0;
        if (!port || (of_people && people)) {
            err_set(e, E_SQL_REFUSED, "%s", port ? "a question about groups reads one table of people" : "raw streams cannot be read together with groups of people");
            e->line = refs[i].line;
            e->col = refs[i].col;
            return false;
        }
        c.ports[c.n++] = port;
        if (!of_people)
            continue;
        const struct policy_access *x = gov_access(g, k, port);
        people = port;
        ask.ref = ref;
        ask.person = port->person_column;
        p->ref = arena_str(a, port->ref_major);
        p->by_key = port->materialization == MATERIALIZED_BY_KEY;
        p->minimum = x->minimum;
        p->questions_per_day = x->questions_per_day;
    }
    if (!people)
        return err_set(e, E_INTERNAL, "a question about groups without people");
    *out = p;
    return sql_people(ast, a, &ask, &p->form, e);
}

/* ---- the groups ---- */

static bool read_sketch(struct str text, struct small_set *s)
{
    s->n = 0;
    while (text.p && text.n && s->n < SMALL_SKETCH) {
        struct str one = str_cut(text, ' ', &text);
        char digits[24], *end;
        if (one.n == 0 || one.n >= sizeof digits)
            return false;
        memcpy(digits, one.p, one.n);
        digits[one.n] = '\0';
        s->sketch[s->n++] = strtoull(digits, &end, 10);
        if (*end)
            return false;
    }
    return true;
}

struct groups {
    struct small_group *v;
    int64_t *rows; /* of the computed table */
    size_t n, room;
};

/* Counts and sketches of every group. */
static bool read_groups(struct engine_conn *c, const struct sql_people *f, struct arena *a, struct groups *out, struct err *e)
{
    struct buf q = BUF_INIT(SQL_MAX);
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    buf_addz(&q, "SELECT trellis_row");
    for (size_t i = 0; i < f->n_sets; i++)
        buf_printf(&q, ", p%zu, CAST(coalesce(x%zu, 0) AS VARCHAR), coalesce(array_to_string(k%zu, ' '), ''), r%zu", i, i, i, i);
    for (size_t i = 0; i < f->n_dominances; i++)
        buf_printf(&q, ", CAST(d%zu AS DOUBLE)", i);
    buf_addz(&q, " FROM temp.main.trellis_groups ORDER BY p0 DESC, trellis_row");
    bool ok = buf_ok(&q, e) && engine_query(c, buf_str(&q), NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch) {
        for (size_t i = 0; ok && i < engine_chunk_rows(ch); i++) {
            if (out->n == GROUPS_MAX) {
                ok = err_set(e, E_TOO_LARGE, "the answer has more than %d groups", GROUPS_MAX);
                break;
            }
            if (out->n == out->room) {
                size_t room = out->room ? out->room * 2 : 64;
                struct small_group *v = arena_array(a, room, sizeof *v);
                int64_t *rows = arena_array(a, room, sizeof *rows);
                if (out->n) {
                    memcpy(v, out->v, out->n * sizeof *v);
                    memcpy(rows, out->rows, out->n * sizeof *rows);
                }
                out->v = v;
                out->rows = rows;
                out->room = room;
            }
            struct small_set *sets = arena_array(a, f->n_sets, sizeof *sets);
            struct small_group *one = &out->v[out->n];
            *one = (struct small_group){.sets = sets, .n_sets = f->n_sets};
            out->rows[out->n++] = engine_cell_i64(ch, 0, i);
            for (size_t s = 0; ok && s < f->n_sets; s++) {
                struct small_set print = {0};
                size_t at = 1 + PARTS * s;
                sets[s].people = engine_cell_i64(ch, at, i);
                sets[s].rows = engine_cell_i64(ch, at + 3, i);
                sets[s].figure = f->figures[s];
                ok = (read_sketch(engine_cell_str(ch, at + 1, i), &print) && read_sketch(engine_cell_str(ch, at + 2, i), &sets[s])) || err_set(e, E_INTERNAL, "a sketch of people cannot be read");
                sets[s].print = print.sketch[0];
            }
            for (size_t d = 0; d < f->n_dominances; d++) {
                size_t col = 1 + PARTS * f->n_sets + d;
                double share = engine_cell_null(ch, col, i) ? 0 : engine_cell_f64(ch, col, i);
                one->dominance = share > one->dominance ? share : one->dominance;
            }
        }
    }
    engine_result_close(r);
    buf_fini(&q);
    return ok;
}

/* The question's own columns with what counts people, as a table of the connection. */
static bool compute(struct engine_conn *c, const struct sql_people *f, const struct engine_param *params, size_t n_params, struct arena *a, struct err *e)
{
    struct buf q = BUF_INIT(SQL_MAX);
    struct str text;
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool null = true;
    const struct engine_param tree = {.type = ENGINE_TEXT, .s = f->json};
    bool ok = engine_value(c, STR("SELECT json_deserialize_sql($1)"), &tree, 1, a, &text, &null, e);
    if (ok && null)
        ok = err_set(e, E_INTERNAL, "the question cannot be written down");
    buf_addz(&q, "CREATE OR REPLACE TEMP TABLE trellis_groups AS SELECT row_number() OVER () AS trellis_row, trellis_of.* FROM (");
    buf_add(&q, text);
    buf_addz(&q, ") AS trellis_of(");
    for (size_t i = 0; i < f->n_columns; i++)
        buf_printf(&q, "%sc%zu", i ? ", " : "", i);
    for (size_t i = 0; i < f->n_sets; i++)
        buf_printf(&q, ", p%zu, x%zu, k%zu, r%zu", i, i, i, i);
    for (size_t i = 0; i < f->n_dominances; i++)
        buf_printf(&q, ", d%zu", i);
    buf_addc(&q, ')');
    ok = ok && buf_ok(&q, e) && engine_query(c, buf_str(&q), params, n_params, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        ;
    engine_result_close(r);
    buf_fini(&q);
    return ok;
}

/* What is left of it, under the question's names and in its order. */
static bool show(struct engine_conn *c, const struct sql_people *f, const struct engine_column *names, const struct groups *all, struct engine_result **out, struct err *e)
{
    struct buf q = BUF_INIT(SQL_MAX);
    bool any = false;
    buf_addz(&q, "SELECT ");
    for (size_t i = 0; i < f->n_columns; i++) {
        buf_printf(&q, "%sc%zu AS ", i ? ", " : "", i);
        buf_sql_ident(&q, names[i].name);
    }
    buf_addz(&q, " FROM temp.main.trellis_groups WHERE trellis_row IN (");
    for (size_t i = 0; i < all->n; i++) {
        if (!all->v[i].shown)
            continue;
        buf_printf(&q, "%s%lld", any ? "," : "", (long long)all->rows[i]);
        any = true;
    }
    buf_addz(&q, any ? ")" : "-1)");
    for (size_t i = 0; i < f->n_orders; i++)
        buf_printf(&q, "%s c%zu%s%s", i ? "," : " ORDER BY", f->orders[i].column, f->orders[i].descending ? " DESC" : "",
                   f->orders[i].nulls_first ? " NULLS FIRST" : f->orders[i].nulls_last ? " NULLS LAST" : "");
    if (f->limit >= 0)
        buf_printf(&q, " LIMIT %lld", (long long)f->limit);
    if (f->offset > 0)
        buf_printf(&q, " OFFSET %lld", (long long)f->offset);
    bool ok = buf_ok(&q, e) && engine_query(c, buf_str(&q), NULL, 0, out, e);
    buf_fini(&q);
    return ok;
}

bool small_run(struct govern *g, struct engine_conn *c, const struct small_plan *p, struct str principal, struct str sql, const struct engine_param *params, size_t n_params,
               struct arena *a, struct engine_result **out, struct err *e)
{
    struct groups all = {0};
    struct engine_column *names;
    size_t n_names = 0;
    *out = NULL;
    bool ok = small_budget(g, principal, p->questions_per_day, e) && engine_describe(c, sql, a, &names, &n_names, e) && compute(c, &p->form, params, n_params, a, e) &&
              read_groups(c, &p->form, a, &all, e);
    if (ok && n_names != p->form.n_columns)
        ok = err_set(e, E_INTERNAL, "the question has other columns than its form");
    ok = ok && small_judge(g, p->ref, p->by_key, all.v, all.n, p->minimum, e) && show(c, &p->form, names, &all, out, e);
    if (!ok)
        small_done(c);
    return ok;
}

void small_done(struct engine_conn *c)
{
    struct err e = {0};
    if (!engine_exec(c, STR("DROP TABLE IF EXISTS temp.main.trellis_groups"), &e))
        log_err(LOG_WARN, "govern", "groups_kept", &e);
}
