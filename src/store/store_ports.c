/* How every port stands, for pages that show them all: two prepared statements for ten thousand ports, each answered from the end of
 * an index, so that a long history costs nothing. */
#include "store/store_int.h"

/* Attempts that are looked back at for one that says something; those before are too old to be told. */
#define OUTCOMES_LOOKED_AT "8"

/* For the next port, whatever of this one is still unread. */
static bool rewound(struct store_stmt *q)
{
    if (!q->failed) {
        sqlite3_reset(q->stmt);
        q->bound = 0;
    }
    return !q->failed;
}

static bool last_outcome(struct store_stmt *q, struct str ref, struct str passed_over, struct arena *a, struct store_port_state *out)
{
    store_bind_str(q, ref);
    while (out->status.n == 0 && store_row(q)) {
        struct str status = store_col_str(q, a, 0);
        if (str_eq(status, passed_over))
            continue;
        out->status = status;
        out->message = store_col_str(q, a, 1);
    }
    return rewound(q);
}

static bool latest_checks(struct store_stmt *q, struct str ref, struct store_port_state *out)
{
    store_bind_str(q, ref);
    while (store_row(q)) {
        int64_t verdict = store_col_i64(q, 0);
        if (verdict >= 0 && verdict < (int64_t)(sizeof out->checks / sizeof *out->checks))
            out->checks[verdict]++;
    }
    return rewound(q);
}

bool store_port_states(struct store *s, struct arena *a, const struct str *refs, size_t n, struct str passed_over,
                       struct store_port_state **out, struct err *e)
{
    struct store_stmt outcomes, checks;
    struct store_port_state *v = arena_array(a, n + 1, sizeof *v);
    bool ok = true;
    if (!store_begin(&outcomes, s, "SELECT status, message FROM run_port WHERE ref = ? ORDER BY id DESC LIMIT " OUTCOMES_LOOKED_AT, e))
        return false;
    for (size_t i = 0; i < n && ok; i++)
        ok = last_outcome(&outcomes, refs[i], passed_over, a, &v[i]);
    if (!store_end(&outcomes))
        return false;
    if (!store_begin(&checks, s,
                     "SELECT verdict FROM check_result WHERE ref = ?1 AND run_id = (SELECT max(run_id) FROM check_result WHERE ref = ?1)",
                     e))
        return false;
    for (size_t i = 0; i < n && ok; i++)
        ok = latest_checks(&checks, refs[i], &v[i]);
    *out = v;
    return store_end(&checks);
}
