/* Making a version the live one, and clearing away what nothing reads. The ledger and the data change in one transaction, so
 * a kill between any two lines leaves either the old version live or the new one. */
#include "build/build_int.h"

#include "base/fault.h"
#include "base/log.h"
#include "build/delta.h"

bool build_swap(struct engine_conn *c, const struct ledger_version *v, bool in_transaction, int64_t replaces, struct err *e)
{
    struct arena a;
    bool open = in_transaction;
    bool ok = false;
    arena_init(&a);
    struct str live = build_qualified(&a, STR("mesh"), STR("live"), v->port);
    struct str built = build_qualified(&a, STR("mesh"), STR("built"), v->table_name);
    if (!open && !engine_exec(c, STR("BEGIN"), e))
        goto out;
    open = true;
    /* A table that was changed in place is shown already; making its view again would have every reader bind anew. */
    if (replaces == 0 &&
        !engine_exec(c, arena_printf(&a, "CREATE OR REPLACE VIEW %.*s AS SELECT * FROM %.*s", STR_FMT(live), STR_FMT(built)), e))
        goto out;
    if (!ledger_version_add(c, v, e) || !ledger_version_go_live(c, v->port, v->version_id, e))
        goto out;
    if (replaces != 0 && !ledger_version_forget(c, replaces, e))
        goto out;
    fault_crash_point("build_before_commit");
    if (!engine_exec(c, STR("COMMIT"), e))
        goto out;
    open = false;
    fault_crash_point("build_after_commit");
    ok = true;
out:
    if (open && !engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "port=%.*s already ended", STR_FMT(v->port));
    arena_fini(&a);
    return ok;
}

void build_restate_sql(int64_t version_id, struct str fingerprint, struct buf *sql)
{
    buf_addz(sql, "UPDATE mesh.sys.port_version SET fingerprint = ");
    buf_sql_text(sql, fingerprint);
    buf_printf(sql, " WHERE version_id = %lld;\n", (long long)version_id);
}

bool build_restate(struct engine_conn *c, int64_t version_id, struct str fingerprint, struct err *e)
{
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    build_restate_sql(version_id, fingerprint, &sql);
    bool ok = buf_ok(&sql, e) && engine_exec(c, buf_str(&sql), e);
    buf_fini(&sql);
    return ok;
}

/* The views of `built` and `live`, read once per clearing: the engine's own list is dear to ask. */
struct views {
    struct arena *a;
    struct str *name, *sql;
    size_t n;
};

static bool views_read(struct engine_conn *c, struct arena *a, struct views *out, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    size_t cap = 0;
    *out = (struct views){.a = a};
    bool ok = engine_query(
        c, STR("SELECT view_name, sql FROM duckdb_views() WHERE database_name = 'mesh' AND schema_name IN ('built', 'live')"),
        NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch != NULL)
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            if (out->n == cap) {
                size_t more = cap > 0 ? cap * 2 : 64;
                struct str *name = arena_array(a, more, sizeof *name), *sql = arena_array(a, more, sizeof *sql);
                if (cap > 0) {
                    memcpy(name, out->name, cap * sizeof *name);
                    memcpy(sql, out->sql, cap * sizeof *sql);
                }
                out->name = name;
                out->sql = sql;
                cap = more;
            }
            out->name[out->n] = arena_str(a, engine_cell_str(ch, 0, i));
            out->sql[out->n++] = arena_str(a, engine_cell_str(ch, 1, i));
        }
    engine_result_close(r);
    return ok;
}

static bool is_view(const struct views *v, struct str name)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->name[i], name))
            return true;
    return false;
}

/* A kept view of another version may still read it. */
static bool is_read_by_a_view(const struct views *v, struct str name)
{
    struct buf quoted = BUF_INIT(4096);
    bool found = false;
    buf_sql_ident(&quoted, name);
    for (size_t i = 0; i < v->n && !found; i++)
        found = !str_eq(v->name[i], name) && str_find(v->sql[i], buf_str(&quoted), 0) != SIZE_MAX;
    buf_fini(&quoted);
    return found;
}

/* `v` forgets it too, so that what only it read can go next. */
static bool drop_object(struct engine_conn *c, struct views *v, struct str name, struct err *e)
{
    struct str object = build_qualified(v->a, STR("mesh"), STR("built"), name);
    if (!engine_exec(c, arena_printf(v->a, "DROP %s IF EXISTS %.*s", is_view(v, name) ? "VIEW" : "TABLE", STR_FMT(object)), e))
        return false;
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->name[i], name))
            v->sql[i] = STR("");
    return true;
}

void build_drop_object(struct engine_conn *c, struct str table)
{
    struct arena a;
    struct views v;
    struct err e = {0};
    arena_init(&a);
    if (!views_read(c, &a, &v, &e) || !drop_object(c, &v, table, &e))
        log_err(LOG_WARN, "build", "drop_later", &e);
    arena_fini(&a);
}

/* The object and its line in the ledger go together. */
static bool forget(struct engine_conn *c, struct views *v, struct str table, int64_t version_id, struct err *e)
{
    if (!engine_exec(c, STR("BEGIN"), e))
        return false;
    if ((table.n == 0 || drop_object(c, v, table, e)) && ledger_version_forget(c, version_id, e) &&
        engine_exec(c, STR("COMMIT"), e))
        return true;
    if (!engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "version=%lld already ended", (long long)version_id);
    return false;
}

/* A port that the declaration does not hold any more: its stable view goes; its versions become garbage. */
static void retire_port(struct engine_conn *c, struct views *views, const struct ledger_version *v)
{
    struct err e = {0};
    struct arena *a = views->a;
    struct str sql =
        arena_printf(a, "BEGIN; DROP VIEW IF EXISTS %.*s", STR_FMT(build_qualified(a, STR("mesh"), STR("live"), v->port)));
    bool ok = engine_exec(c, sql, &e) && ledger_version_forget(c, v->version_id, &e) && engine_exec(c, STR("COMMIT"), &e);
    if (!ok && !engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "port=%.*s already ended", STR_FMT(v->port));
    if (!ok) {
        log_err(LOG_WARN, "build", "retire_later", &e);
        return;
    }
    log_event(LOG_INFO, "build", "port_retired", "port=%.*s", STR_FMT(v->port));
    for (size_t i = 0; i < views->n; i++)
        if (str_eq(views->name[i], v->port))
            views->sql[i] = STR("");
    if (!is_read_by_a_view(views, v->table_name) && !drop_object(c, views, v->table_name, &e))
        log_err(LOG_WARN, "build", "drop_later", &e);
}

void build_collect(struct build *b, struct engine_conn *c, const struct mesh *m, bool retire)
{
    struct arena a;
    struct err e = {0};
    struct ledger_version *v = NULL;
    struct views views;
    size_t n = 0;
    arena_init(&a);
    pthread_mutex_lock(&b->writer_lock);
    if (!views_read(c, &a, &views, &e))
        goto out;
    if (retire && ledger_versions_live(c, &a, &v, &n, &e))
        for (size_t i = 0; i < n; i++) {
            const struct mesh_port *p = mesh_find_port(m, v[i].port);
            if (p == NULL || !str_eq(p->ref_major, v[i].port))
                retire_port(c, &views, &v[i]);
        }
    if (retire)
        build_failing_collect(c, m, &e);
    if (e.code != E_OK || !ledger_versions_garbage(c, &a, &v, &n, &e))
        goto out;
    build_changes_collect(c, m, retire);
    for (size_t i = n; i-- > 0;) /* newest first: a view is newer than what it reads */
        if (!is_read_by_a_view(&views, v[i].table_name) && !forget(c, &views, v[i].table_name, v[i].version_id, &e))
            goto out;
out:
    if (e.code != E_OK)
        log_err(LOG_WARN, "build", "collect_later", &e);
    pthread_mutex_unlock(&b->writer_lock);
    arena_fini(&a);
}
