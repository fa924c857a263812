/* Making a version the live one, and clearing away what nothing reads. The ledger and the data change in one transaction, so
 * a kill between any two lines leaves either the old version live or the new one. */
#include "build/build_int.h"

#include "base/fault.h"
#include "base/log.h"

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
    if (!engine_exec(c, arena_printf(&a, "CREATE OR REPLACE VIEW %.*s AS SELECT * FROM %.*s", STR_FMT(live), STR_FMT(built)), e))
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

/* Whether the object is a view or a table; empty when it is not there. */
static struct str object_kind(struct engine_conn *c, struct arena *a, struct str table)
{
    struct engine_param name = {.type = ENGINE_TEXT, .s = table};
    struct str kind = {0};
    bool null = true;
    if (!engine_value(c,
                      STR("SELECT 'TABLE' FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name = 'built' AND table_name = $1 "
                          "UNION ALL SELECT 'VIEW' FROM duckdb_views() WHERE database_name = 'mesh' AND schema_name = 'built' AND view_name = $1"),
                      &name, 1, a, &kind, &null, NULL) ||
        null)
        return STR("");
    return kind;
}

static bool drop_object(struct engine_conn *c, struct str table, struct err *e)
{
    struct arena a;
    bool ok = true;
    arena_init(&a);
    struct str kind = object_kind(c, &a, table);
    if (kind.n > 0)
        ok = engine_exec(c, arena_printf(&a, "DROP %.*s IF EXISTS %.*s", STR_FMT(kind), STR_FMT(build_qualified(&a, STR("mesh"), STR("built"), table))), e);
    arena_fini(&a);
    return ok;
}

void build_drop_object(struct engine_conn *c, struct str table)
{
    struct err e = {0};
    if (!drop_object(c, table, &e))
        log_err(LOG_WARN, "build", "drop_later", &e);
}

/* A kept view of another version may still read it. */
static bool is_read_by_a_view(struct engine_conn *c, struct str table)
{
    struct buf quoted = BUF_INIT(4096);
    int64_t readers = 1;
    buf_sql_ident(&quoted, table);
    struct engine_param names[] = {{.type = ENGINE_TEXT, .s = buf_str(&quoted)}, {.type = ENGINE_TEXT, .s = table}};
    if (!engine_value_i64(c,
                          STR("SELECT count(*) FROM duckdb_views() WHERE database_name = 'mesh' AND schema_name IN ('built', 'live') "
                              "AND view_name <> $2 AND contains(sql, $1)"),
                          names, 2, &readers, NULL))
        readers = 1;
    buf_fini(&quoted);
    return readers > 0;
}

/* The object and its line in the ledger go together. */
static bool forget(struct engine_conn *c, struct str table, int64_t version_id, struct err *e)
{
    if (!engine_exec(c, STR("BEGIN"), e))
        return false;
    if ((table.n == 0 || drop_object(c, table, e)) && ledger_version_forget(c, version_id, e) && engine_exec(c, STR("COMMIT"), e))
        return true;
    if (!engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "version=%lld already ended", (long long)version_id);
    return false;
}

/* A port that the declaration does not hold any more: its stable view goes; its versions become garbage. */
static void retire_port(struct engine_conn *c, const struct ledger_version *v)
{
    struct arena a;
    struct err e = {0};
    arena_init(&a);
    struct str sql = arena_printf(&a, "BEGIN; DROP VIEW IF EXISTS %.*s", STR_FMT(build_qualified(&a, STR("mesh"), STR("live"), v->port)));
    bool ok = engine_exec(c, sql, &e) && ledger_version_forget(c, v->version_id, &e) && engine_exec(c, STR("COMMIT"), &e);
    if (!ok && !engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "port=%.*s already ended", STR_FMT(v->port));
    if (!ok)
        log_err(LOG_WARN, "build", "retire_later", &e);
    else {
        log_event(LOG_INFO, "build", "port_retired", "port=%.*s", STR_FMT(v->port));
        if (!is_read_by_a_view(c, v->table_name))
            build_drop_object(c, v->table_name);
    }
    arena_fini(&a);
}

void build_collect(struct build *b, struct engine_conn *c, const struct mesh *m, bool retire)
{
    struct arena a;
    struct err e = {0};
    struct ledger_version *v = NULL;
    size_t n = 0;
    arena_init(&a);
    pthread_mutex_lock(&b->writer_lock);
    if (retire && ledger_versions_live(c, &a, &v, &n, &e))
        for (size_t i = 0; i < n; i++) {
            const struct mesh_port *p = mesh_find_port(m, v[i].port);
            if (p == NULL || !str_eq(p->ref_major, v[i].port))
                retire_port(c, &v[i]);
        }
    if (!ledger_versions_garbage(c, &a, &v, &n, &e))
        log_err(LOG_WARN, "build", "collect_later", &e);
    else
        for (size_t i = n; i-- > 0;) { /* newest first: a view is newer than what it reads */
            if (is_read_by_a_view(c, v[i].table_name))
                continue;
            if (!forget(c, v[i].table_name, v[i].version_id, &e))
                log_err(LOG_WARN, "build", "collect_later", &e);
        }
    pthread_mutex_unlock(&b->writer_lock);
    arena_fini(&a);
}
