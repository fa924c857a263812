/* A port held to its contract: what kinds of checks run, in which order, and how results are counted. */
#include "contract/contract.h"

#include "contract/contract_int.h"

/* Rows and NULLs of all columns in one scan; other checks ask their own question each, which on columnar data is as fast. */
static bool take_counts(struct contract_run *run)
{
    struct buf sql = BUF_INIT(4 << 20);
    bool any = false;
    run->nulls = arena_array(run->a, run->c->n_columns + 1, sizeof *run->nulls);
    buf_addz(&sql, "SELECT count(*)");
    for (size_t i = 0; i < run->c->n_columns; i++) {
        run->nulls[i] = contract_table_column(run, run->c->columns[i].name) ? 0 : -1;
        if (run->nulls[i] < 0)
            continue;
        any = true;
        buf_addz(&sql, ", count(*) - count(");
        buf_sql_ident(&sql, run->c->columns[i].name);
        buf_addc(&sql, ')');
    }
    buf_printf(&sql, " FROM %.*s", STR_FMT(run->table));
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    bool ok =
        buf_ok(&sql, run->e) && engine_query(run->conn, buf_str(&sql), NULL, 0, &r, run->e) && engine_result_next(r, &ch, run->e);
    if (ok && ch) {
        size_t col = 0;
        run->rows = engine_cell_i64(ch, col++, 0);
        for (size_t i = 0; any && i < run->c->n_columns; i++)
            if (run->nulls[i] >= 0)
                run->nulls[i] = engine_cell_i64(ch, col++, 0);
    }
    while (ok && ch)
        ok = engine_result_next(r, &ch, run->e);
    engine_result_close(r);
    buf_fini(&sql);
    return ok;
}

static bool carry_out(struct contract_run *run, struct contract_report *report)
{
    static void (*const kinds[])(struct contract_run *) = {contract_check_schema, contract_check_options, contract_check_rules,
                                                           contract_check_relations, contract_check_sla};
    size_t n_kinds = run->whole.n > 0 ? 3 : sizeof kinds / sizeof *kinds;
    *report = (struct contract_report){0};
    if (!run->c)
        return true;
    run->d = run->c->doc;
    bool ok = engine_describe(run->conn, arena_printf(run->a, "SELECT * FROM %.*s", STR_FMT(run->table)), run->a, &run->cols, &run->n_cols,
                              run->e) &&
              take_counts(run);
    for (size_t i = 0; ok && i < n_kinds && !run->broken; i++)
        kinds[i](run);
    if (!ok || run->broken) {
        err_prefix(run->e, "checking %.*s", STR_FMT(run->port->ref));
        return false;
    }
    report->checks = run->v;
    report->failing = run->failing;
    report->n = run->n;
    for (size_t i = 0; i < run->n; i++) {
        size_t *counts[] = {&report->passed, &report->warned, &report->failed, &report->not_evaluated};
        ++*counts[run->v[i].verdict];
    }
    report->refused = report->failed > 0;
    return true;
}

bool contract_check(struct engine_conn *conn, const struct mesh_port *port, struct str table_sql, int64_t run_id, int64_t now_us,
                    struct arena *a, struct contract_report *report, struct err *e)
{
    struct contract_run run = {
        .conn = conn, .port = port, .c = port->contract, .table = table_sql, .a = a, .e = e, .run_id = run_id, .now_us = now_us};
    return carry_out(&run, report);
}

bool contract_check_changed(struct engine_conn *conn, const struct mesh_port *port, struct str table_sql, struct str changed_sql,
                            struct str by, int64_t run_id, int64_t now_us, struct arena *a, struct contract_report *report, struct err *e)
{
    struct contract_run run = {.conn = conn,
                               .port = port,
                               .c = port->contract,
                               .table = changed_sql,
                               .whole = table_sql,
                               .by = by,
                               .a = a,
                               .e = e,
                               .run_id = run_id,
                               .now_us = now_us};
    return carry_out(&run, report);
}
