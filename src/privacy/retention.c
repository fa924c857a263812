/* What is too old, by rule and table. Rows of streams are judged where they lie; products by what they would be built without. */
#include "privacy/retention.h"

#include <string.h>

#include "base/clock.h"
#include "govern/policy.h"
#include "govern/retention_holds.h"
#include "privacy/hold.h"
#include "privacy/retention_int.h"

enum { SQL_MAX = 1 << 20 };

struct looking {
    const struct privacy *v;
    struct retention_report *r;
    struct engine_conn *c;
    struct arena *a;
    struct held_people people;
    struct retention_holds holds;
};

static struct retention_place *add(struct looking *l, struct retention_place p)
{
    struct retention_report *r = l->r;
    if (r->n == r->cap) {
        size_t more = r->cap ? r->cap * 2 : 32;
        struct retention_place *v = arena_array(l->a, more, sizeof *v);
        if (r->n)
            memcpy(v, r->places, r->n * sizeof *v);
        r->places = v;
        r->cap = more;
    }
    r->places[r->n] = p;
    return &r->places[r->n++];
}

static struct str text_of(struct arena *a, struct buf *b)
{
    struct str s = arena_str(a, buf_str(b));
    buf_fini(b);
    return s;
}

static bool table_there(struct looking *l, const char *schema, struct str name, struct str *sql, struct err *e)
{
    const struct engine_param p[] = {{.type = ENGINE_TEXT, .s = str_of(schema)}, {.type = ENGINE_TEXT, .s = name}};
    struct buf b = BUF_INIT(4096);
    int64_t n = 0;
    if (!engine_value_i64(l->c, STR("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name = $1 AND table_name = $2"), p, 2, &n, e))
        return false;
    buf_printf(&b, "mesh.%s.", schema);
    buf_sql_ident(&b, name);
    *sql = n ? text_of(l->a, &b) : STR("");
    if (!n)
        buf_fini(&b);
    return true;
}

/* ---- whose rows are kept ---- */

static struct str held_where(struct looking *l, const struct engine_column *cols, size_t n)
{
    struct str *names = arena_array(l->a, n + 1, sizeof *names), *types = arena_array(l->a, n + 1, sizeof *types);
    struct buf b = BUF_INIT((size_t)SQL_MAX);
    for (size_t i = 0; i < n; i++) {
        names[i] = cols[i].name;
        types[i] = cols[i].type_name;
    }
    for (size_t i = 0; i < l->people.n; i++) {
        buf_addz(&b, i ? " OR (" : "(");
        buf_add(&b, person_where(l->people.v[i], l->a, names, types, n));
        buf_addc(&b, ')');
    }
    if (l->people.n == 0)
        buf_addz(&b, "false");
    return text_of(l->a, &b);
}

/* ---- what anonymised rows become: no value of a person, sets of identifiers under new names ---- */

static bool personal(const struct mesh_stream *s, struct str column)
{
    for (size_t i = 0; s->contract && i < s->contract->n_columns; i++)
        if (str_eq_nocase(s->contract->columns[i].name, column) && s->contract->columns[i].class_ != CLASS_UNSET)
            return s->contract->columns[i].class_ >= CLASS_PERSONAL;
    return mesh_name_personal(column);
}

#define VISITOR "anonymous_id"
static void anonymous_put(struct looking *l, const struct mesh_stream *s, const struct engine_column *cols, size_t n, struct str *set, struct str *still)
{
    struct buf b = BUF_INIT((size_t)SQL_MAX), w = BUF_INIT((size_t)SQL_MAX);
    for (size_t i = 0; i < n; i++) {
        bool visitor = str_eq(cols[i].name, STR(VISITOR)), evidence = s->source->events && str_eq(cols[i].name, STR("evidence"));
        if ((!personal(s, cols[i].name) && !evidence) || str_starts(cols[i].name, STR("_")))
            continue;
        buf_addz(&b, b.n ? ", " : "");
        buf_sql_ident(&b, cols[i].name);
        /* Under a salt that nobody keeps: rows of one visitor still belong together, and to nobody. */
        if (evidence)
            buf_addz(&b, " = CAST('0x' || substr(md5($1 || CAST(evidence AS VARCHAR)), 1, 15) AS BIGINT)");
        else if (visitor)
            buf_addz(&b, " = 'anon_' || md5($1 || " VISITOR ")");
        else
            buf_addz(&b, " = NULL");
        if (evidence)
            continue;
        buf_addz(&w, w.n ? " OR " : "");
        buf_sql_ident(&w, cols[i].name);
        buf_addz(&w, visitor ? " NOT LIKE 'anon\\_%' ESCAPE '\\'" : " IS NOT NULL");
    }
    *set = text_of(l->a, &b);
    *still = text_of(l->a, &w);
}

/* ---- rows of streams ---- */

static bool count_rows(struct looking *l, struct retention_place *p, struct str old, struct str held, struct err *e)
{
    bool null;
    struct str time = p->time_column;
    struct buf b = BUF_INIT((size_t)SQL_MAX);
    buf_sql_ident(&b, time);
    struct str column = text_of(l->a, &b);
    p->where = arena_printf(l->a, "(%.*s) AND NOT coalesce((%.*s), false)", STR_FMT(old), STR_FMT(held));
    return engine_value_i64(l->c, arena_printf(l->a, "SELECT count(*) FROM %.*s WHERE %.*s", STR_FMT(p->table), STR_FMT(p->where)), NULL, 0, &p->rows, e) &&
           engine_value_i64(l->c, arena_printf(l->a, "SELECT count(*) FROM %.*s WHERE (%.*s) AND coalesce((%.*s), false)", STR_FMT(p->table), STR_FMT(old), STR_FMT(held)), NULL, 0, &p->held, e) &&
           engine_value(l->c, arena_printf(l->a, "SELECT CAST(CAST(min(%.*s) AS DATE) AS VARCHAR) FROM %.*s", STR_FMT(column), STR_FMT(p->table)), NULL, 0, l->a, &p->oldest, &null, e);
}

static bool look_table(struct looking *l, const struct mesh_retention *rule, const struct mesh_stream *s, const char *schema, const char *kind, struct str time, struct err *e)
{
    struct retention_place p = {.rule = rule, .stream = s, .ref = s->ref, .kind = kind, .how = "rows", .time_column = time, .before_us = l->r->at_us - rule->keep_s * 1000000};
    struct engine_column *cols;
    size_t n;
    bool there = false;
    if (!table_there(l, schema, s->ref, &p.table, e))
        return false;
    if (p.table.n == 0)
        return true;
    if (!engine_describe(l->c, arena_printf(l->a, "SELECT * FROM %.*s", STR_FMT(p.table)), l->a, &cols, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        there |= str_eq(cols[i].name, time);
    if (!there) {
        p.how = "not done";
        p.why = "its rows do not say how old they are: name a day_column in the source";
        p.time_column = STR("");
        add(l, p);
        return true;
    }
    struct buf b = BUF_INIT((size_t)SQL_MAX);
    retention_old_put(&b, time, rule->keep_s, l->r->at_us);
    struct str old = text_of(l->a, &b), still;
    if (rule->anonymise) {
        anonymous_put(l, s, cols, n, &p.set, &still);
        if (p.set.n == 0 || still.n == 0)
            return true; /* nothing in it is personal */
        old = arena_printf(l->a, "%.*s AND (%.*s)", STR_FMT(old), STR_FMT(still));
    }
    bool all = retention_held(&l->holds, s->source->domain->name, s->source->name);
    if (!count_rows(l, &p, old, all ? STR("true") : held_where(l, cols, n), e))
        return false;
    add(l, p);
    return true;
}

/* Lines of quarantine: by when they came. */
static bool look_quarantine(struct looking *l, const struct mesh_retention *rule, const struct mesh_stream *s, struct err *e)
{
    bool events = s->source->events != NULL;
    struct retention_place p = {.rule = rule, .stream = s, .ref = s->ref, .kind = "quarantine", .how = "rows", .before_us = l->r->at_us - rule->keep_s * 1000000};
    struct engine_column *cols;
    size_t n;
    if (events && s != &s->source->streams[0])
        return true; /* one place for all streams of a source of events */
    p.table = events ? STR("mesh.quarantine.event") : STR("mesh.quarantine.rejected");
    p.time_column = events ? STR("received_at") : STR("learned_at");
    struct str name = events ? arena_printf(l->a, "%.*s.%.*s", STR_FMT(s->source->domain->name), STR_FMT(s->source->name)) : s->ref;
    if (events)
        p.ref = name;
    struct buf b = BUF_INIT((size_t)SQL_MAX);
    buf_addz(&b, events ? "source = " : "stream = ");
    buf_sql_text(&b, name);
    buf_addz(&b, " AND ");
    retention_old_put(&b, p.time_column, rule->keep_s, l->r->at_us);
    struct str old = text_of(l->a, &b);
    if (!engine_describe(l->c, arena_printf(l->a, "SELECT * FROM %.*s", STR_FMT(p.table)), l->a, &cols, &n, e))
        return false;
    bool all = retention_held(&l->holds, s->source->domain->name, s->source->name);
    if (!count_rows(l, &p, old, all ? STR("true") : held_where(l, cols, n), e))
        return false;
    if (p.rows || p.held)
        add(l, p);
    return true;
}

static bool look_stream(struct looking *l, const struct mesh_stream *s, struct err *e)
{
    for (int anonymise = 0; anonymise < 2; anonymise++) {
        const struct mesh_retention *rule = NULL;
        for (size_t i = 0; i < l->v->m->policy.n_retention; i++) {
            const struct mesh_retention *r = &l->v->m->policy.retention[i];
            if (r->anonymise == (anonymise == 1) && retention_fits_stream(r, s) && (!rule || r->keep_s < rule->keep_s))
                rule = r;
        }
        struct str time = retention_time_column(s);
        if (!rule)
            continue;
        if (!look_table(l, rule, s, "raw", "stream", time, e) || (!s->source->events && !look_table(l, rule, s, "hist", "history", time.n ? time : STR("_learned_to"), e)) ||
            (!anonymise && !look_quarantine(l, rule, s, e)))
            return false;
    }
    return true;
}

/* ---- products ---- */

static const struct mesh_retention *rule_of(const struct mesh *m, const struct mesh_port *p, bool anonymise)
{
    for (size_t i = 0; i < m->policy.n_retention; i++)
        if (m->policy.retention[i].anonymise == anonymise && retention_fits_port(&m->policy.retention[i], p))
            return &m->policy.retention[i];
    return NULL;
}

static bool look_port(struct looking *l, const struct mesh_port *port, struct err *e)
{
    const struct mesh *m = l->v->m;
    const struct mesh_retention *rule = rule_of(m, port, false), *other = rule_of(m, port, true);
    const struct engine_param name = {.type = ENGINE_TEXT, .s = port->ref_major};
    struct retention_place p = {.port = port, .ref = port->ref, .kind = "port", .how = "rebuilt", .time_column = port->time_column};
    struct retention_holds none = {0};
    int64_t live = 0, without = 0;
    bool null;
    if (!rule && !other)
        return true;
    if (!engine_value_i64(l->c, STR("SELECT count(*) FROM mesh.sys.port_version WHERE live AND port = $1"), &name, 1, &live, e))
        return false;
    if (!live)
        return true;
    p.rule = rule ? rule : other;
    p.before_us = l->r->at_us - p.rule->keep_s * 1000000;
    if (!rule || port->materialization == MATERIALIZED_VIEW || port->materialization == MATERIALIZED_IDENTITY || port->time_column.n == 0) {
        p.how = "not done";
        p.why = !rule                                                   ? "products are made from what is anonymised in their sources; name those"
                : port->materialization == MATERIALIZED_VIEW            ? "a view shows what it reads: what goes there is gone here"
                : port->materialization == MATERIALIZED_IDENTITY        ? "identity follows what its observations hold"
                                                                        : "its rows do not say how old they are: it has no trellisTimeColumn";
        add(l, p);
        return true;
    }
    struct buf b = BUF_INIT((size_t)SQL_MAX), w = BUF_INIT((size_t)SQL_MAX), t = BUF_INIT(4096);
    buf_addz(&t, "mesh.live.");
    buf_sql_ident(&t, port->ref_major);
    struct str table = text_of(l->a, &t);
    buf_sql_ident(&t, port->time_column);
    struct str column = text_of(l->a, &t);
    bool fits = retention_kept(m, port, &l->holds, l->r->at_us, &b, &rule);
    bool all = retention_kept(m, port, &none, l->r->at_us, &w, NULL);
    struct str kept = text_of(l->a, &b), kept_all = text_of(l->a, &w);
    p.rule = rule ? rule : p.rule;
    p.before_us = l->r->at_us - p.rule->keep_s * 1000000;
    if ((fits && !engine_value_i64(l->c, arena_printf(l->a, "SELECT count(*) FROM %.*s WHERE NOT %.*s", STR_FMT(table), STR_FMT(kept)), NULL, 0, &p.rows, e)) ||
        (all && !engine_value_i64(l->c, arena_printf(l->a, "SELECT count(*) FROM %.*s WHERE NOT %.*s", STR_FMT(table), STR_FMT(kept_all)), NULL, 0, &without, e)) ||
        !engine_value(l->c, arena_printf(l->a, "SELECT CAST(CAST(min(%.*s) AS DATE) AS VARCHAR) FROM %.*s", STR_FMT(column), STR_FMT(table)), NULL, 0, l->a, &p.oldest, &null, e))
        return false;
    p.held = without - p.rows;
    add(l, p);
    return true;
}

/* ---- the whole ---- */

bool retention_look(const struct privacy *v, struct retention_report *r, struct err *e)
{
    struct looking l = {.v = v, .r = r, .a = r->a};
    int64_t begun = clock_mono_us();
    bool ok = false;
    *r = (struct retention_report){.a = r->a, .at_us = clock_now_us(), .dry_run = true, .by = v->by};
    if (!engine_connect(v->s->engine, &l.c, e))
        return false;
    if (!held_people_find(v->s, v->m, &l.people, e) || !retention_holds_read(v->s->store, l.c, l.a, &l.holds, e))
        goto out;
    for (size_t i = 0; i < v->m->n_streams; i++)
        if (!look_stream(&l, v->m->streams[i], e))
            goto out;
    for (size_t i = 0; i < v->m->n_ports; i++)
        if (!look_port(&l, v->m->ports[i], e))
            goto out;
    for (size_t i = 0; i < r->n; i++) {
        r->rows += r->places[i].rows;
        r->held += r->places[i].held;
    }
    r->elapsed_us = clock_mono_us() - begun;
    ok = true;
out:
    held_people_free(&l.people);
    engine_disconnect(l.c);
    if (!ok)
        err_prefix(e, "looking for what is older than its rule keeps");
    return ok;
}
