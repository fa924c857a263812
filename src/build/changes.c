/* What by-key builds remember, in the schema mesh.changes: of each port which keys changed in which version, for those who read it
 * (a table named by its ref), and what each port saw of its inputs when it was last built (`seen`, `state`). All of it is written in
 * the transaction of the rows that it speaks of. */
#include "build/delta.h"

#include "base/log.h"

bool build_changes_open(struct engine_conn *c, struct err *e)
{
    return engine_exec(c,
                       STR("CREATE SCHEMA IF NOT EXISTS mesh.changes;"
                           "CREATE TABLE IF NOT EXISTS mesh.changes.seen (port VARCHAR, input VARCHAR, version BIGINT, mark BIGINT, "
                           "object VARCHAR);"
                           "CREATE TABLE IF NOT EXISTS mesh.changes.state (port VARCHAR, whole BIGINT, checked_at_us BIGINT)"),
                       e);
}

bool build_changes_read(struct engine_conn *c, struct str port, struct arena *a, struct build_changes *out, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct engine_param name = {.type = ENGINE_TEXT, .s = port};
    size_t cap = 16;
    *out = (struct build_changes){.seen = arena_array(a, cap, sizeof *out->seen)};
    bool ok = engine_query(c,
                           STR("SELECT t.whole, t.checked_at_us, s.input, s.version, s.mark, s.object FROM mesh.changes.state t LEFT JOIN "
                               "mesh.changes.seen s ON s.port = t.port WHERE t.port = $1"),
                           &name, 1, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch != NULL)
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            out->known = true;
            out->whole = engine_cell_i64(ch, 0, i);
            out->checked_at_us = engine_cell_i64(ch, 1, i);
            if (engine_cell_null(ch, 2, i))
                continue;
            if (out->n == cap) {
                struct build_seen *more = arena_array(a, cap * 2, sizeof *more);
                memcpy(more, out->seen, cap * sizeof *more);
                out->seen = more;
                cap *= 2;
            }
            out->seen[out->n++] = (struct build_seen){.input = arena_str(a, engine_cell_str(ch, 2, i)),
                                                      .version = engine_cell_i64(ch, 3, i),
                                                      .mark = engine_cell_i64(ch, 4, i),
                                                      .object = arena_str(a, engine_cell_str(ch, 5, i))};
        }
    engine_result_close(r);
    return ok;
}

void build_changes_sql(struct str port, const struct build_changes *ch, struct buf *sql)
{
    buf_addz(sql, "DELETE FROM mesh.changes.seen WHERE port = ");
    buf_sql_text(sql, port);
    buf_addz(sql, "; DELETE FROM mesh.changes.state WHERE port = ");
    buf_sql_text(sql, port);
    buf_addz(sql, "; INSERT INTO mesh.changes.state VALUES (");
    buf_sql_text(sql, port);
    buf_printf(sql, ", %lld, %lld);", (long long)ch->whole, (long long)ch->checked_at_us);
    for (size_t i = 0; i < ch->n; i++) {
        buf_addz(sql, i == 0 ? "INSERT INTO mesh.changes.seen VALUES (" : ", (");
        buf_sql_text(sql, port);
        buf_addz(sql, ", ");
        buf_sql_text(sql, ch->seen[i].input);
        buf_printf(sql, ", %lld, %lld, ", (long long)ch->seen[i].version, (long long)ch->seen[i].mark);
        buf_sql_text(sql, ch->seen[i].object);
        buf_addc(sql, ')');
    }
    buf_addz(sql, ";\n");
}

bool build_changes_write(struct engine_conn *c, struct str port, const struct build_changes *ch, struct err *e)
{
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    build_changes_sql(port, ch, &sql);
    bool ok = buf_ok(&sql, e) && engine_exec(c, buf_str(&sql), e);
    buf_fini(&sql);
    return ok;
}

bool build_port_has(const struct mesh_port *p, struct str column)
{
    for (size_t i = 0; p->contract != NULL && i < p->contract->n_columns; i++)
        if (str_eq_nocase(p->contract->columns[i].name, column))
            return true;
    return false;
}

struct str build_key_of(const struct mesh_port *p)
{
    return p->materialization == MATERIALIZED_IDENTITY ? STR("evidence") : p->by_key;
}

/* Whether q reads p, views seen through. */
static bool reads(const struct mesh_port *q, const struct mesh_port *p)
{
    for (size_t i = 0; i < q->n_inputs; i++) {
        const struct mesh_port *in = q->inputs[i].port;
        if (in == p || (in != NULL && in->materialization == MATERIALIZED_VIEW && reads(in, p)))
            return true;
    }
    return false;
}

static void add_once(struct str *list, size_t *n, struct str s)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq_nocase(list[i], s))
            return;
    list[(*n)++] = s;
}

size_t build_log_columns(const struct mesh *m, const struct mesh_port *p, struct arena *a, struct str **out)
{
    size_t n = 0;
    bool read = false;
    *out = arena_array(a, m->n_ports + 2, sizeof **out);
    add_once(*out, &n, build_key_of(p));
    if (p->materialization == MATERIALIZED_IDENTITY)
        add_once(*out, &n, STR("customer_id"));
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *q = m->ports[i];
        if (!build_is_keyed(q) || !reads(q, p))
            continue;
        read = true;
        if (p->materialization == MATERIALIZED_BY_KEY && build_port_has(p, build_key_of(q)))
            add_once(*out, &n, build_key_of(q));
    }
    return read ? n : 0;
}

struct str build_log_table(const struct mesh_port *p, struct arena *a)
{
    return build_qualified(a, STR("mesh"), STR("changes"), p->ref_major);
}

struct str build_log_select(const struct str *columns, size_t n, struct arena *a)
{
    struct buf b = BUF_INIT(1 << 20);
    for (size_t i = 0; i < n; i++) {
        buf_addz(&b, i > 0 ? ", " : "");
        buf_sql_ident(&b, columns[i]);
    }
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

bool build_log_fits(struct engine_conn *c, const struct mesh_port *p, const struct str *columns, size_t n, struct arena *a)
{
    struct engine_column *cols = NULL;
    size_t n_cols = 0;
    struct str log = build_log_table(p, a);
    if (!engine_describe(c, arena_printf(a, "SELECT * FROM %.*s", STR_FMT(log)), a, &cols, &n_cols, NULL) || n_cols != n + 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!str_eq_nocase(cols[i + 1].name, columns[i]))
            return false;
    return true;
}

bool build_log_new(struct engine_conn *c, const struct mesh_port *p, struct str columns, struct str object, struct arena *a, struct err *e)
{
    struct str log = build_log_table(p, a);
    return engine_exec(c,
                       arena_printf(a, "CREATE OR REPLACE TABLE %.*s AS SELECT CAST(0 AS BIGINT) AS version_id, %.*s FROM %.*s LIMIT 0",
                                    STR_FMT(log), STR_FMT(columns), STR_FMT(object)),
                       e);
}

/* ---- clearing away ---- */

static bool collect_log(struct engine_conn *c, const struct mesh *m, const struct mesh_port *p, struct arena *a, struct err *e)
{
    struct str *columns, log = build_log_table(p, a);
    struct engine_column *cols;
    size_t n_cols;
    struct engine_param name = {.type = ENGINE_TEXT, .s = p->ref_major};
    int64_t least = 0, lines = 0;
    if (!engine_describe(c, arena_printf(a, "SELECT * FROM %.*s", STR_FMT(log)), a, &cols, &n_cols, NULL))
        return true;
    if (build_log_columns(m, p, a, &columns) == 0)
        return engine_exec(c, arena_printf(a, "DROP TABLE %.*s", STR_FMT(log)), e);
    if (!engine_value_i64(c, STR("SELECT min(version) FROM mesh.changes.seen WHERE input = $1"), &name, 1, &least, e) ||
        !engine_value_i64(c, arena_printf(a, "SELECT count(*) FROM %.*s WHERE version_id <= %lld", STR_FMT(log), (long long)least), NULL, 0,
                          &lines, e))
        return false;
    if (lines == 0)
        return true;
    return engine_exec(c, arena_printf(a, "DELETE FROM %.*s WHERE version_id <= %lld", STR_FMT(log), (long long)least), e);
}

void build_changes_collect(struct engine_conn *c, const struct mesh *m, bool retire)
{
    struct arena a;
    struct err e = {0};
    struct buf names = BUF_INIT(BUILD_SQL_MAX);
    arena_init(&a);
    for (size_t i = 0; i < m->n_ports; i++)
        if (build_is_keyed(m->ports[i])) {
            buf_addz(&names, names.n > 0 ? ", " : "");
            buf_sql_text(&names, m->ports[i]->ref_major);
        }
    bool ok = true;
    if (retire)
        ok = engine_exec(c,
                         arena_printf(&a,
                                      "DELETE FROM mesh.changes.seen WHERE port NOT IN (%s); DELETE FROM mesh.changes.state WHERE port NOT IN "
                                      "(%s)",
                                      names.n > 0 ? buf_z(&names) : "''", names.n > 0 ? buf_z(&names) : "''"),
                         &e);
    for (size_t i = 0; ok && i < m->n_ports; i++)
        if (build_is_keyed(m->ports[i]))
            ok = collect_log(c, m, m->ports[i], &a, &e);
    if (!ok)
        log_err(LOG_WARN, "build", "changes_collect_later", &e);
    buf_fini(&names);
    arena_fini(&a);
}
