/* Rows that broke a check are kept for those who mend it, also of a version that was refused and is gone: a table of the port in
 * mesh.quarantine, replaced at its next build. They are rows like the port's own: reached through the gate alone, never written into
 * the control store, a log or an error. */
#include "build/build_int.h"

#include "base/log.h"

static void roll_back(struct build_job *j)
{
    if (!engine_exec(j->conn, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "port=%.*s already ended", STR_FMT(j->p->ref));
}

static struct str rule_text(struct build_job *j, struct str rule)
{
    struct buf b = BUF_INIT(1 << 16);
    buf_sql_text(&b, rule);
    struct str s = arena_str(j->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static bool keep(struct build_job *j, struct str table, struct str object, struct err *e)
{
    const struct contract_report *r = &j->report;
    struct str none = arena_printf(j->a,
                                   "CREATE OR REPLACE TABLE %.*s AS SELECT CAST(0 AS BIGINT) AS " BUILD_FAILING_RUN
                                   ", CAST(0 AS BIGINT) AS " BUILD_FAILING_CHECK ", '' AS " BUILD_FAILING_RULE
                                   ", * FROM %.*s LIMIT 0",
                                   STR_FMT(table), STR_FMT(object));
    if (!engine_exec(j->conn, STR("BEGIN"), e))
        return false;
    bool ok = engine_exec(j->conn, none, e);
    for (size_t i = 0; ok && i < r->n; i++) {
        if (r->failing[i].sql.n == 0)
            continue;
        struct str rows = contract_failing_sql(j->p, &r->failing[i], object, BUILD_FAILING_KEPT, j->a);
        ok = engine_exec(j->conn,
                         arena_printf(j->a, "INSERT INTO %.*s SELECT %lld, %zu, %.*s, broken.* FROM (%.*s) broken", STR_FMT(table),
                                      (long long)j->run_id, i, STR_FMT(rule_text(j, r->checks[i].rule)), STR_FMT(rows)),
                         e);
    }
    ok = ok && engine_exec(j->conn, STR("COMMIT"), e);
    if (!ok)
        roll_back(j);
    return ok;
}

void build_failing_keep(struct build_job *j, struct str object)
{
    struct err e = {0};
    bool any = false;
    if (!j->checked)
        return;
    for (size_t i = 0; i < j->report.n; i++)
        any |= j->report.failing[i].sql.n > 0;
    struct str table = build_qualified(j->a, STR("mesh"), STR("quarantine"), j->p->ref_major);
    if (any && keep(j, table, object, &e))
        return;
    if (any) {
        err_prefix(&e, "rows of %.*s that broke a check are not kept", STR_FMT(j->p->ref));
        log_err(LOG_WARN, "build", "failing_not_kept", &e);
    }
    if (!engine_exec(j->conn, arena_printf(j->a, "DROP TABLE IF EXISTS %.*s", STR_FMT(table)), &e))
        log_err(LOG_WARN, "build", "failing_left", &e);
}

void build_failing_collect(struct engine_conn *c, const struct mesh *m, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct arena a;
    struct buf drop = BUF_INIT(BUILD_SQL_MAX);
    arena_init(&a);
    bool ok = engine_query(c,
                           STR("SELECT table_name FROM duckdb_tables() WHERE database_name = 'mesh' AND schema_name = 'quarantine' AND"
                               " contains(table_name, '.')"),
                           NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch != NULL)
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            struct str name = engine_cell_str(ch, 0, i);
            const struct mesh_port *p = mesh_find_port(m, name);
            if (p == NULL || !str_eq(p->ref_major, name))
                buf_printf(&drop, "DROP TABLE IF EXISTS %.*s;\n",
                           STR_FMT(build_qualified(&a, STR("mesh"), STR("quarantine"), name)));
        }
    engine_result_close(r);
    if (ok && drop.n > 0 && buf_ok(&drop, e) && !engine_exec(c, buf_str(&drop), e))
        log_err(LOG_WARN, "build", "failing_left", e);
    buf_fini(&drop);
    arena_fini(&a);
}
