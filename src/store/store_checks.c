/* Results of contract checks, with their history. Counts and types only, never values of rows. */
#include "store/store_int.h"

const char *check_verdict_text(enum check_verdict v)
{
    static const char *const texts[] = {"passed", "warned", "failed", "not_evaluated"};
    return (unsigned)v < sizeof texts / sizeof *texts ? texts[v] : "not_evaluated";
}

static void bind_check(struct store_stmt *q, const struct store_check *c)
{
    store_bind_i64(q, c->run_id);
    store_bind_str(q, c->ref);
    store_bind_str(q, c->rule);
    store_bind_str(q, c->column);
    store_bind_str(q, c->metric);
    store_bind_str(q, c->dimension);
    store_bind_str(q, c->severity);
    store_bind_i64(q, c->verdict);
    store_bind_str(q, c->measured);
    store_bind_str(q, c->expected);
    store_bind_str(q, c->message);
    store_bind_i64(q, c->evaluated_at_us);
}

bool store_checks_add(struct store *s, const struct store_check *c, size_t n, struct err *e)
{
    struct store_stmt q;
    if (n == 0)
        return true;
    if (!store_begin(
            &q, s,
            "INSERT INTO check_result (run_id, ref, rule, column_, metric, dimension, severity, verdict, measured, expected,"
            " message, evaluated_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            e))
        return false;
    bool ok = store_exec(s->db, "BEGIN IMMEDIATE", e);
    for (size_t i = 0; i < n && ok; i++) {
        bind_check(&q, &c[i]);
        ok = store_step(&q) || store_fail(s->db, e);
    }
    ok = ok && store_exec(s->db, "COMMIT", e);
    sqlite3_reset(q.stmt);
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    q.failed = false; /* e says it already, or nothing failed */
    return store_end(&q) && ok;
}

#define CHECK_COLUMNS                                                                                                           \
    "run_id, ref, rule, column_, metric, dimension, severity, verdict, measured, expected, message, evaluated_at_us, count(*) " \
    "OVER ()"

static bool read_checks(struct store_stmt *q, struct arena *a, struct store_check **out, size_t *n)
{
    while (store_row(q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(q, 12), sizeof **out);
        (*out)[(*n)++] = (struct store_check){.run_id = store_col_i64(q, 0),
                                              .ref = store_col_str(q, a, 1),
                                              .rule = store_col_str(q, a, 2),
                                              .column = store_col_str(q, a, 3),
                                              .metric = store_col_str(q, a, 4),
                                              .dimension = store_col_str(q, a, 5),
                                              .severity = store_col_str(q, a, 6),
                                              .verdict = (enum check_verdict)store_col_i64(q, 7),
                                              .measured = store_col_str(q, a, 8),
                                              .expected = store_col_str(q, a, 9),
                                              .message = store_col_str(q, a, 10),
                                              .evaluated_at_us = store_col_i64(q, 11)};
    }
    return store_end(q);
}

bool store_checks_latest(struct store *s, struct arena *a, struct str ref, struct store_check **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    if (!store_begin(&q, s,
                     "SELECT " CHECK_COLUMNS
                     " FROM check_result WHERE ref = ?1 AND run_id = (SELECT max(run_id) FROM check_result"
                     " WHERE ref = ?1) ORDER BY id",
                     e))
        return false;
    store_bind_str(&q, ref);
    return read_checks(&q, a, out, n);
}

bool store_checks_history(struct store *s, struct arena *a, struct str ref, size_t limit, struct store_check **out, size_t *n,
                          struct err *e)
{
    struct store_stmt q;
    *n = 0;
    if (!store_begin(&q, s,
                     "SELECT " CHECK_COLUMNS
                     " FROM (SELECT * FROM check_result WHERE ref = ? ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
                     e))
        return false;
    store_bind_str(&q, ref);
    store_bind_i64(&q, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    return read_checks(&q, a, out, n);
}

bool store_checks_by_run(struct store *s, struct arena *a, struct str ref, int64_t since_us, struct store_check_run **out, size_t *n,
                         struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT run_id, max(evaluated_at_us), sum(verdict = 0), sum(verdict = 1), sum(verdict = 2), sum(verdict = 3),"
                     " count(*) OVER () FROM check_result WHERE ref = ? AND evaluated_at_us >= ? GROUP BY run_id ORDER BY run_id",
                     e))
        return false;
    store_bind_str(&q, ref);
    store_bind_i64(&q, since_us);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 6), sizeof **out);
        struct store_check_run *r = &(*out)[(*n)++];
        *r = (struct store_check_run){.run_id = store_col_i64(&q, 0), .at_us = store_col_i64(&q, 1)};
        for (int v = 0; v < 4; v++)
            r->counts[v] = store_col_i64(&q, 2 + v);
    }
    return store_end(&q);
}

enum { TURNED_LOOKED_AT = 50000 };

bool store_checks_turned(struct store *s, struct arena *a, int64_t since_us, size_t limit, struct store_check **out, size_t *n,
                         struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     "SELECT " CHECK_COLUMNS " FROM (SELECT * FROM (SELECT *, lag(verdict, 1, 0) OVER (PARTITION BY ref, rule, column_"
                     " ORDER BY id) AS before FROM check_result WHERE id > (SELECT max(id) FROM check_result) - ?1)"
                     " WHERE verdict IN (1, 2) AND verdict > CASE before WHEN 3 THEN 0 ELSE before END AND evaluated_at_us >= ?2"
                     " ORDER BY id DESC LIMIT ?3) ORDER BY id DESC",
                     e))
        return false;
    store_bind_i64(&q, TURNED_LOOKED_AT);
    store_bind_i64(&q, since_us);
    store_bind_i64(&q, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    return read_checks(&q, a, out, n);
}
