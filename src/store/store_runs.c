/* Runs and what became of each port in them. */
#include "base/clock.h"
#include "store/store_int.h"

const char *run_status_text(enum run_status s)
{
    static const char *const texts[] = {"running", "succeeded", "failed", "cancelled", "interrupted"};
    return (unsigned)s < sizeof texts / sizeof *texts ? texts[s] : "failed";
}

bool store_run_begin(struct store *s, struct str kind, struct str trigger, int64_t *run_id, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "INSERT INTO run (kind, trigger_, status, started_at_us) VALUES (?, ?, ?, ?) RETURNING run_id", e))
        return false;
    store_bind_str(&q, kind);
    store_bind_str(&q, trigger);
    store_bind_i64(&q, RUN_RUNNING);
    store_bind_i64(&q, clock_now_us());
    if (store_row(&q))
        *run_id = store_col_i64(&q, 0);
    if (!q.failed && !store_step(&q)) /* to the end: then it is committed */
        q.failed = true;
    return store_end(&q);
}

bool store_run_port_add(struct store *s, const struct store_run_port *p, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO run_port (run_id, ref, status, message, code, rows_, elapsed_ms, finished_at_us, version_id,"
                     " data_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     e))
        return false;
    store_bind_i64(&q, p->run_id);
    store_bind_str(&q, p->ref);
    store_bind_str(&q, p->status);
    store_bind_str(&q, p->message);
    store_bind_str(&q, p->code);
    store_bind_i64(&q, p->rows);
    store_bind_i64(&q, p->elapsed_ms);
    store_bind_i64(&q, p->finished_at_us);
    store_bind_i64(&q, p->version_id);
    store_bind_str(&q, p->data_to);
    if (!store_step(&q))
        q.failed = true;
    return store_end(&q);
}

bool store_run_finish(struct store *s, const struct store_run *r, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(
            &q, s,
            "UPDATE run SET status = ?, finished_at_us = ?, message = ?, ports_built = ?, ports_failed = ?, ports_skipped = ?,"
            " rows_ = ? WHERE run_id = ?",
            e))
        return false;
    store_bind_i64(&q, r->status);
    store_bind_i64(&q, r->finished_at_us);
    store_bind_str(&q, r->message);
    store_bind_i64(&q, r->ports_built);
    store_bind_i64(&q, r->ports_failed);
    store_bind_i64(&q, r->ports_skipped);
    store_bind_i64(&q, r->rows);
    store_bind_i64(&q, r->run_id);
    if (!store_step(&q))
        q.failed = true;
    return store_end(&q);
}

bool store_runs(struct store *s, struct arena *a, size_t limit, struct store_run **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    if (!store_begin(
            &q, s,
            "SELECT run_id, kind, trigger_, status, started_at_us, finished_at_us, message, ports_built, ports_failed,"
            " ports_skipped, rows_, count(*) OVER () FROM (SELECT * FROM run ORDER BY run_id DESC LIMIT ?) ORDER BY run_id DESC",
            e))
        return false;
    store_bind_i64(&q, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 11), sizeof **out);
        (*out)[(*n)++] = (struct store_run){.run_id = store_col_i64(&q, 0),
                                            .kind = store_col_str(&q, a, 1),
                                            .trigger = store_col_str(&q, a, 2),
                                            .status = (enum run_status)store_col_i64(&q, 3),
                                            .started_at_us = store_col_i64(&q, 4),
                                            .finished_at_us = store_col_i64(&q, 5),
                                            .message = store_col_str(&q, a, 6),
                                            .ports_built = store_col_i64(&q, 7),
                                            .ports_failed = store_col_i64(&q, 8),
                                            .ports_skipped = store_col_i64(&q, 9),
                                            .rows = store_col_i64(&q, 10)};
    }
    return store_end(&q);
}

#define RUN_PORT_COLUMNS "run_id, ref, status, message, code, rows_, elapsed_ms, finished_at_us, version_id, count(*) OVER (), data_to"

static bool read_run_ports(struct store_stmt *q, struct arena *a, struct store_run_port **out, size_t *n)
{
    while (store_row(q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(q, 9), sizeof **out);
        (*out)[(*n)++] = (struct store_run_port){.run_id = store_col_i64(q, 0),
                                                 .ref = store_col_str(q, a, 1),
                                                 .status = store_col_str(q, a, 2),
                                                 .message = store_col_str(q, a, 3),
                                                 .code = store_col_str(q, a, 4),
                                                 .rows = store_col_i64(q, 5),
                                                 .elapsed_ms = store_col_i64(q, 6),
                                                 .finished_at_us = store_col_i64(q, 7),
                                                 .version_id = store_col_i64(q, 8),
                                                 .data_to = store_col_str(q, a, 10)};
    }
    return store_end(q);
}

bool store_run_ports(struct store *s, struct arena *a, int64_t run_id, struct store_run_port **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    if (!store_begin(&q, s, "SELECT " RUN_PORT_COLUMNS " FROM run_port WHERE run_id = ? ORDER BY id", e))
        return false;
    store_bind_i64(&q, run_id);
    return read_run_ports(&q, a, out, n);
}

bool store_port_history(struct store *s, struct arena *a, struct str ref, size_t limit, struct store_run_port **out, size_t *n,
                        struct err *e)
{
    struct store_stmt q;
    *n = 0;
    if (!store_begin(&q, s,
                     "SELECT " RUN_PORT_COLUMNS
                     " FROM (SELECT * FROM run_port WHERE ref = ? ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
                     e))
        return false;
    store_bind_str(&q, ref);
    store_bind_i64(&q, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    return read_run_ports(&q, a, out, n);
}
