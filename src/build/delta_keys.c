/* Which keys of a port have changed since it was built: by stream from rows that came and went, by keyed port from its log, by
 * table from what differs between two versions, by view from what it reads. */
#include "build/delta.h"

#include "base/clock.h"

/* ---- leaves ---- */

static struct leaf *find_leaf(struct delta *d, const struct mesh_input *in)
{
    for (size_t i = 0; i < d->n_leaves; i++)
        if (in->port != NULL ? d->leaves[i].port == in->port : d->leaves[i].stream == in->stream)
            return &d->leaves[i];
    return NULL;
}

struct leaf *delta_leaf(struct delta *d, const struct mesh_input *in)
{
    return in->port != NULL && in->port->materialization == MATERIALIZED_VIEW ? NULL : find_leaf(d, in);
}

static struct str raw_table(struct delta *d, const char *schema, const struct mesh_stream *st)
{
    return build_qualified(d->a, STR("mesh"), str_of(schema), st->ref);
}

static bool open_stream(struct delta *d, struct leaf *l, const struct mesh_stream *st)
{
    const struct build_facts *f = d->j->facts;
    l->stream = st;
    l->ref = st->ref;
    l->version = l->mark = f->stream_newest[build_stream_index(f, d->j->m, st)];
    if (st->source->events == NULL || l->version == 0)
        return true;
    if (l->seen != NULL && l->seen->version == l->version)
        l->mark = l->seen->mark;
    else /* before the rows are looked at: what comes meanwhile is looked at once more the next time */
        return engine_value_i64(d->c, arena_printf(d->a, "SELECT max(_file_id) FROM %.*s", STR_FMT(raw_table(d, "raw", st))), NULL, 0,
                                &l->mark, &d->err);
    return true;
}

static bool open_leaves(struct delta *d, const struct mesh_port *p)
{
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        if (in->port != NULL && in->port->materialization == MATERIALIZED_VIEW) {
            if (!open_leaves(d, in->port))
                return false;
            continue;
        }
        if ((in->port == NULL && in->stream == NULL) || find_leaf(d, in) != NULL)
            continue;
        struct leaf *l = &d->leaves[d->n_leaves++];
        struct str ref = in->port != NULL ? in->port->ref_major : in->stream->ref;
        for (size_t k = 0; k < d->was.n; k++)
            if (str_eq(d->was.seen[k].input, ref))
                l->seen = &d->was.seen[k];
        if (in->stream != NULL) {
            if (!open_stream(d, l, in->stream))
                return false;
            continue;
        }
        const struct ledger_version *v = d->j->facts->by_port[in->port->index];
        l->port = in->port;
        l->ref = ref;
        if (v == NULL)
            return err_set(&d->err, E_NOT_BUILT, "%.*s has not been built yet", STR_FMT(in->port->ref));
        l->version = l->mark = v->version_id;
        l->table = v->table_name;
        l->object = build_qualified(d->a, STR("mesh"), STR("built"), v->table_name);
    }
    return true;
}

bool delta_open(struct delta *d, struct build_job *j)
{
    *d = (struct delta){.j = j, .c = j->conn, .a = j->a, .key = build_key_of(j->p), .refill = BUF_INIT(BUILD_SQL_MAX)};
    d->column = build_log_select(&d->key, 1, d->a);
    d->leaves = arena_array(d->a, j->m->n_ports + j->m->n_streams + 1, sizeof *d->leaves);
    if (!build_changes_read(d->c, j->p->ref_major, d->a, &d->was, &d->err) || !open_leaves(d, j->p))
        return false;
    d->now = (struct build_changes){.known = true, .whole = d->was.whole, .checked_at_us = d->was.checked_at_us};
    d->now.seen = arena_array(d->a, d->n_leaves + 1, sizeof *d->now.seen);
    for (size_t i = 0; i < d->n_leaves; i++) {
        const struct leaf *l = &d->leaves[i];
        d->now.seen[d->now.n++] = (struct build_seen){l->ref, l->version, l->mark, l->table};
    }
    return true;
}

/* ---- what changed in a leaf ---- */

static enum told cannot(struct delta *d, struct str ref, const char *why)
{
    if (d->why.n == 0)
        d->why = arena_printf(d->a, "%.*s %s", STR_FMT(ref), why);
    return TOLD_UNKNOWN;
}

static bool ask(struct delta *d, struct str sql, int64_t *out)
{
    return engine_value_i64(d->c, sql, NULL, 0, out, &d->err);
}

static bool same_shape(struct delta *d, struct str a, struct str b)
{
    struct engine_column *x = NULL, *y = NULL;
    size_t n = 0, m = 0;
    if (!engine_describe(d->c, arena_printf(d->a, "SELECT * FROM %.*s", STR_FMT(a)), d->a, &x, &n, NULL) ||
        !engine_describe(d->c, arena_printf(d->a, "SELECT * FROM %.*s", STR_FMT(b)), d->a, &y, &m, NULL) || n != m)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!str_eq(x[i].name, y[i].name) || !str_eq(x[i].type_name, y[i].type_name))
            return false;
    return true;
}

/* Rows by file, and those that files took away since the first that was not seen. */
static enum told judge_stream(struct delta *d, struct leaf *l)
{
    struct buf b = BUF_INIT(BUILD_SQL_MAX);
    struct str raw = raw_table(d, "raw", l->stream), rows;
    enum told told = TOLD_UNKNOWN;
    if (!ingest_stream_view_sql(d->c, l->stream, 0, &b, &d->err) || !buf_ok(&b, &d->err))
        goto out;
    rows = arena_str(d->a, buf_str(&b));
    size_t from = str_find(rows, STR(" FROM "), 0), last = from;
    for (; from != SIZE_MAX; from = str_find(rows, STR(" FROM "), from + 1))
        last = from;
    if (last == SIZE_MAX) { /* nothing was ever loaded */
        told = cannot(d, l->ref, "has no table");
        goto out;
    }
    l->changed = arena_printf(d->a, "%.*s WHERE _file_id > %lld", STR_FMT(rows), (long long)l->seen->mark);
    if (l->stream->source->events == NULL) {
        const struct build_facts *f = d->j->facts;
        int64_t since_us = INT64_MAX;
        for (size_t i = 0; i < f->n_files; i++)
            if (f->files[i].file_id > l->seen->mark && str_eq(f->files[i].stream, l->ref) && f->files[i].learned_at_us < since_us)
                since_us = f->files[i].learned_at_us;
        if (since_us != INT64_MAX)
            l->changed = arena_printf(d->a, "%.*s UNION ALL %.*s FROM %.*s WHERE _learned_to >= make_timestamp(%lld)", STR_FMT(l->changed),
                                      (int)last, rows.p, STR_FMT(raw_table(d, "hist", l->stream)), (long long)since_us);
    }
    (void)raw;
    told = TOLD_KEYS;
out:
    buf_fini(&b);
    return told;
}

static enum told judge_keyed(struct delta *d, struct leaf *l)
{
    struct build_changes theirs;
    struct str *columns, log = build_log_table(l->port, d->a), key = build_key_of(l->port);
    size_t n = build_log_columns(d->j->m, l->port, d->a, &columns);
    int64_t lines = 0;
    if (!build_changes_read(d->c, l->port->ref_major, d->a, &theirs, &d->err))
        return TOLD_UNKNOWN;
    if (!theirs.known || theirs.whole > l->seen->version || n == 0 || !build_log_fits(d->c, l->port, columns, n, d->a))
        return cannot(d, l->ref, "was built whole");
    if (!ask(d, arena_printf(d->a, "SELECT count(*) FROM %.*s WHERE version_id > %lld", STR_FMT(log), (long long)l->seen->version), &lines))
        return TOLD_UNKNOWN;
    struct str quoted = build_log_select(&key, 1, d->a);
    l->changed = arena_printf(d->a, "SELECT * FROM %.*s WHERE %.*s IN (SELECT %.*s FROM %.*s WHERE version_id > %lld)", STR_FMT(l->object),
                              STR_FMT(quoted), STR_FMT(quoted), STR_FMT(log), (long long)l->seen->version);
    return lines > 0 ? TOLD_KEYS : TOLD_NOTHING;
}

static enum told judge_table(struct delta *d, struct leaf *l)
{
    int64_t differ = 0;
    struct str old = build_qualified(d->a, STR("mesh"), STR("built"), l->seen->object);
    if (str_eq(l->seen->object, l->table) || !same_shape(d, old, l->object))
        return cannot(d, l->ref, "was built again and cannot be compared with the version before");
    l->changed = arena_printf(d->a,
                              "(SELECT * FROM %.*s EXCEPT ALL SELECT * FROM %.*s) UNION ALL (SELECT * FROM %.*s EXCEPT ALL SELECT * FROM %.*s)",
                              STR_FMT(old), STR_FMT(l->object), STR_FMT(l->object), STR_FMT(old));
    if (!ask(d, arena_printf(d->a, "SELECT count(*) FROM (SELECT 1 FROM (%.*s) LIMIT 1)", STR_FMT(l->changed)), &differ))
        return TOLD_UNKNOWN;
    return differ > 0 ? TOLD_KEYS : TOLD_NOTHING;
}

enum told delta_judge(struct delta *d, struct leaf *l)
{
    if (l->judged)
        return l->state;
    l->judged = true;
    if (l->seen == NULL)
        l->state = cannot(d, l->ref, "is read for the first time");
    else if (l->seen->version == l->version)
        l->state = TOLD_NOTHING;
    else if (l->stream != NULL)
        l->state = judge_stream(d, l);
    else
        l->state = build_is_keyed(l->port) ? judge_keyed(d, l) : judge_table(d, l);
    return l->state;
}

/* ---- what changed in an input ---- */

bool delta_has(struct delta *d, const struct mesh_input *in, struct str column)
{
    struct ingest_column *cols = NULL;
    size_t n = 0;
    if (in->port != NULL)
        return build_port_has(in->port, column);
    for (size_t i = 0; in->stream->contract != NULL && i < in->stream->contract->n_columns; i++)
        if (str_eq_nocase(in->stream->contract->columns[i].name, column))
            return true;
    if (in->stream->source->events != NULL || !ingest_stream_columns(d->c, in->stream, d->a, &cols, &n, NULL))
        return false;
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(cols[i].name, column))
            return true;
    return false;
}

const struct mesh_port *delta_link(struct delta *d, const struct mesh_input *in)
{
    const struct mesh_port *p = d->j->p;
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_port *l = p->inputs[i].port;
        if (l != NULL && l != in->port && build_is_keyed(l) && delta_has(d, &p->inputs[i], d->key) &&
            !str_eq_nocase(build_key_of(l), d->key) && delta_has(d, in, build_key_of(l)))
            return l;
    }
    return NULL;
}

static void add_select(struct delta *d, struct buf *sql, struct str column, struct str rows)
{
    buf_printf(sql, "%sSELECT %.*s AS k FROM (%.*s)", sql->n > 0 ? " UNION ALL " : "", STR_FMT(build_log_select(&column, 1, d->a)),
               STR_FMT(rows));
}

static enum told leaf_keys(struct delta *d, struct leaf *l, struct str column, struct buf *sql)
{
    enum told told = delta_judge(d, l);
    if (told != TOLD_KEYS)
        return told;
    if (l->port == NULL || !build_is_keyed(l->port)) {
        add_select(d, sql, column, l->changed);
        return told;
    }
    struct str *columns;
    size_t n = build_log_columns(d->j->m, l->port, d->a, &columns);
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(columns[i], column)) {
            add_select(d, sql, column,
                       arena_printf(d->a, "SELECT * FROM %.*s WHERE version_id > %lld", STR_FMT(build_log_table(l->port, d->a)),
                                    (long long)l->seen->version));
            return told;
        }
    return cannot(d, l->ref, "does not log that key");
}

/* Whether keys of the log have no row any more: then what they were beside is not known. */
static bool anything_gone(struct delta *d, const struct leaf *l, bool *gone)
{
    struct str key = build_key_of(l->port), quoted = build_log_select(&key, 1, d->a);
    int64_t n = 0;
    bool ok = ask(d,
                  arena_printf(d->a,
                               "SELECT count(*) FROM %.*s AS log WHERE version_id > %lld AND NOT EXISTS (SELECT 1 FROM %.*s AS t WHERE t.%.*s "
                               "= log.%.*s)",
                               STR_FMT(build_log_table(l->port, d->a)), (long long)l->seen->version, STR_FMT(l->object), STR_FMT(quoted),
                               STR_FMT(quoted)),
                  &n);
    *gone = n > 0;
    return ok;
}

static enum told each_leaf(struct delta *d, const struct mesh_input *in, const struct mesh_input *view, struct str column, struct buf *sql);

/* Through a view from an input without the column: the view's SQL over its changed rows alone. */
static enum told derive(struct delta *d, struct leaf *l, const struct mesh_input *view, struct str column, struct buf *sql)
{
    struct scene s;
    struct str shown;
    bool gone = false;
    enum told told = delta_judge(d, l);
    if (told != TOLD_KEYS)
        return told;
    if (l->port != NULL && build_is_keyed(l->port)) {
        if (!anything_gone(d, l, &gone))
            return TOLD_UNKNOWN;
        if (gone)
            return cannot(d, l->ref, "has lost rows");
    }
    if (!scene_open(&s, d))
        return TOLD_UNKNOWN;
    s.replaced = l;
    s.rows = l->changed;
    if (!scene_port(&s, view->port, &shown))
        return TOLD_UNKNOWN;
    add_select(d, sql, column, arena_printf(d->a, "SELECT * FROM %.*s", STR_FMT(shown)));
    return TOLD_KEYS;
}

static enum told each_leaf(struct delta *d, const struct mesh_input *in, const struct mesh_input *view, struct str column, struct buf *sql)
{
    struct leaf *l = delta_leaf(d, in);
    if (l != NULL)
        return derive(d, l, view, column, sql);
    for (size_t i = 0; i < in->port->n_inputs; i++)
        if (each_leaf(d, &in->port->inputs[i], view, column, sql) == TOLD_UNKNOWN)
            return TOLD_UNKNOWN;
    return TOLD_KEYS;
}

static enum told input_keys(struct delta *d, const struct mesh_input *in, struct str column, struct buf *sql)
{
    struct leaf *l = delta_leaf(d, in);
    if (l != NULL)
        return leaf_keys(d, l, column, sql);
    for (size_t i = 0; i < in->port->n_inputs; i++) {
        const struct mesh_input *below = &in->port->inputs[i];
        enum told told = delta_has(d, below, column) ? input_keys(d, below, column, sql) : each_leaf(d, below, in, column, sql);
        if (told == TOLD_UNKNOWN)
            return told;
    }
    return TOLD_KEYS;
}

/* An input that no key leads to: it must not have changed at all. */
static enum told must_stand(struct delta *d, const struct mesh_input *in)
{
    struct leaf *l = delta_leaf(d, in);
    if (l != NULL && delta_judge(d, l) != TOLD_NOTHING)
        return cannot(d, l->ref, "has changed, and has no such key");
    for (size_t i = 0; l == NULL && i < in->port->n_inputs; i++)
        if (must_stand(d, &in->port->inputs[i]) == TOLD_UNKNOWN)
            return TOLD_UNKNOWN;
    return TOLD_NOTHING;
}

enum told delta_keys(struct delta *d, struct buf *sql)
{
    const struct mesh_port *p = d->j->p;
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        const struct mesh_port *link = delta_has(d, in, d->key) ? NULL : delta_link(d, in);
        enum told told = TOLD_NOTHING;
        if (in->port == NULL && in->stream == NULL)
            continue;
        if (delta_has(d, in, d->key)) {
            told = input_keys(d, in, d->key, sql);
        } else if (link == NULL) {
            told = must_stand(d, in);
        } else {
            struct buf inner = BUF_INIT(BUILD_SQL_MAX);
            struct str by = build_key_of(link), quoted = build_log_select(&by, 1, d->a);
            const struct ledger_version *v = d->j->facts->by_port[link->index];
            told = input_keys(d, in, by, &inner);
            if (told != TOLD_UNKNOWN && inner.n > 0 && buf_ok(&inner, &d->err))
                add_select(d, sql, d->key,
                           arena_printf(d->a, "SELECT * FROM %.*s WHERE %.*s IN (SELECT k FROM (%.*s))",
                                        STR_FMT(build_qualified(d->a, STR("mesh"), STR("built"), v->table_name)), STR_FMT(quoted),
                                        STR_FMT(buf_str(&inner))));
            buf_fini(&inner);
        }
        if (told == TOLD_UNKNOWN)
            return told;
    }
    return sql->n > 0 ? TOLD_KEYS : TOLD_NOTHING;
}
