/* What versions before the audit log kept in the control store: the query log and the reveals. Read once, then dropped. */
#include "base/buf.h"
#include "store/store_audit.h"
#include "store/store_int.h"

bool store_audit_older(struct store *control, struct arena *a, struct store_audit **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, control, "SELECT 1 FROM sqlite_schema WHERE name = 'query_log'", e))
        return false;
    bool there = store_row(&q);
    if (!store_end(&q))
        return false;
    if (!there)
        return true;
    if (!store_begin(
            &q, control,
            "SELECT at_us, kind, principal, purpose, what, shape, verdict, detail, rows_, elapsed, quiet, person, count(*) OVER "
            "() FROM"
            " (SELECT at_us, 'read' AS kind, principal, purpose, refs AS what, sql_shape AS shape, CASE verdict WHEN 'allowed'"
            " THEN 'ok' WHEN 'refused' THEN 'E_DENIED' WHEN 'cancelled' THEN 'E_CANCELLED' WHEN 'timeout' THEN 'E_TIMEOUT' ELSE"
            " 'E_ENGINE' END AS verdict, '' AS detail, rows_, elapsed_ms * 1000 AS elapsed, principal = 'trellis' AS quiet,"
            " '' AS person FROM query_log UNION ALL SELECT at_us, 'reveal', principal, '', CASE WHEN what LIKE 'customer:%' THEN"
            " 'shared.customer' ELSE replace(what, ':', ' ') END || ': ' || replace(fields, ',', ' '), '', 'ok', reason, 0, 0, 0,"
            " CASE WHEN what LIKE 'customer:%' THEN substr(what, 10) ELSE '' END FROM reveal)"
            " ORDER BY at_us",
            e))
        return false;
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 12), sizeof **out);
        (*out)[(*n)++] = (struct store_audit){.at_us = store_col_i64(&q, 0),
                                              .kind = store_col_str(&q, a, 1),
                                              .principal = store_col_str(&q, a, 2),
                                              .purpose = store_col_str(&q, a, 3),
                                              .what = store_col_str(&q, a, 4),
                                              .sql_shape = store_col_str(&q, a, 5),
                                              .verdict = store_col_str(&q, a, 6),
                                              .detail = store_col_str(&q, a, 7),
                                              .rows = store_col_i64(&q, 8),
                                              .elapsed_us = store_col_i64(&q, 9),
                                              .quiet = store_col_i64(&q, 10) != 0,
                                              .person = store_col_str(&q, a, 11)};
    }
    return store_end(&q);
}

bool store_audit_older_done(struct store *control, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, control, "SELECT 1", e))
        return false;
    bool ok = store_exec(control->db, "BEGIN IMMEDIATE; DROP TABLE IF EXISTS query_log; DROP TABLE IF EXISTS reveal; COMMIT", e);
    if (!sqlite3_get_autocommit(control->db))
        sqlite3_exec(control->db, "ROLLBACK", NULL, NULL, NULL);
    return store_end(&q) && ok;
}
