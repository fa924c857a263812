/* What has happened: runs and their ports, a port over time, the rows that broke a check, and why a port is as it is. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "contract/contract.h"

enum { SHOWN = 50, SHOWN_MAX = 1000, HISTORY_DAYS = 90, HISTORY_DAYS_MAX = 3660, FAILING_ROWS = BUILD_FAILING_KEPT - 1, FAILING_ROWS_MAX = 10000 };

bool route_port_checks(struct call *c, struct err *e)
{
    const struct mesh_port *p = call_port(c, e);
    struct store_check *checks;
    size_t n;
    int64_t limit;
    if (!p || !call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e) ||
        !store_checks_history(c->app->state->store, c->a, p->ref_major, (size_t)limit, &checks, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "checks", '[');
    for (size_t i = 0; i < n; i++)
        shape_check(c, &b, &checks[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* A run as it concerns somebody: of its ports those that they see, and the figures of these. False: it does not. */
static bool run_as_seen(struct call *c, struct store_run *r, struct store_run_port *ports, size_t *n)
{
    static const char *const built[] = {"built", "refused", "failed", "skipped"};
    int64_t *const counts[] = {&r->ports_built, &r->ports_failed, &r->ports_failed, &r->ports_skipped};
    size_t kept = 0;
    if (call_whole(c))
        return true;
    r->ports_built = r->ports_failed = r->ports_skipped = r->rows = 0;
    for (size_t i = 0; i < *n; i++) {
        const struct mesh_port *p = mesh_find_port(c->mesh, ports[i].ref);
        if (!p)
            continue;
        for (size_t k = 0; k < sizeof built / sizeof *built; k++)
            *counts[k] += str_eq(ports[i].status, str_of(built[k]));
        r->rows += ports[i].rows > 0 && !p->partial ? ports[i].rows : 0;
        ports[kept++] = ports[i];
    }
    *n = kept;
    return kept > 0;
}

bool route_runs(struct call *c, struct err *e)
{
    struct store *s = c->app->state->store;
    struct store_run *runs;
    size_t n;
    int64_t limit;
    if (!call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e) || !store_runs(s, c->a, (size_t)limit, &runs, &n, e))
        return false;
    struct buf b = call_buf();
    bool good = true;
    put_open(&b, NULL, '{');
    put_open(&b, "runs", '[');
    for (size_t i = 0; good && i < n; i++) {
        struct store_run_port *ports;
        size_t n_ports;
        good = store_run_ports(s, c->a, runs[i].run_id, &ports, &n_ports, e);
        if (good && run_as_seen(c, &runs[i], ports, &n_ports))
            shape_run(c, &b, &runs[i], ports, n_ports);
    }
    put_close(&b, ']');
    put_close(&b, '}');
    if (good)
        call_json(c, &b);
    else
        buf_fini(&b);
    return good;
}

/* ---- a port over time ---- */
bool route_port_history(struct call *c, struct err *e)
{
    const struct mesh_port *p = call_port(c, e);
    struct port_history h;
    int64_t days;
    if (!p || !call_int(c, "days", HISTORY_DAYS, 1, HISTORY_DAYS_MAX, &days, e) ||
        !catalog_history(c->app->state, c->mesh, p, clock_now_us() - days * 86400 * 1000000, c->a, &h, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "runs", '[');
    for (size_t i = 0; i < h.n_runs; i++) {
        const struct store_run_port *r = &h.runs[i];
        put_open(&b, NULL, '{');
        put_int(&b, "run_id", r->run_id);
        put_time(&b, "at", r->finished_at_us);
        put_str(&b, "status", r->status);
        if (p->partial)
            put_null(&b, "rows");
        else
            put_int(&b, "rows", r->rows);
        put_int(&b, "elapsed_ms", r->elapsed_ms);
        put_opt(&b, "message", p->partial ? STR("") : call_text(c, r->message));
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_open(&b, "checks", '[');
    for (size_t i = 0; i < h.n_checks; i++) {
        put_open(&b, NULL, '{');
        put_int(&b, "run_id", h.checks[i].run_id);
        put_time(&b, "at", h.checks[i].at_us);
        for (int v = 0; v < 4; v++)
            put_int(&b, check_verdict_text((enum check_verdict)v), h.checks[i].counts[v]);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_open(&b, "freshness", '[');
    for (size_t i = 0; i < h.n_lags; i++) {
        put_open(&b, NULL, '{');
        put_time(&b, "at", h.lags[i].at_us);
        put_int(&b, "lag_s", h.lags[i].lag_s);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    if (h.allowed_lag_s >= 0)
        put_int(&b, "allowed_lag_s", h.allowed_lag_s);
    else
        put_null(&b, "allowed_lag_s");
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- rows that broke a check ---- */
struct failing {
    const struct mesh_port *p;
    struct store_check *checks;
    size_t n, at; /* at: the check that is asked for; n: all of them */
};

static bool is_bad(const struct store_check *k)
{
    return k->verdict == CHECK_FAILED || k->verdict == CHECK_WARNED;
}

/* The check of this name, at this column where one is given; of several, one that did not pass. */
static bool find_check(struct call *c, struct failing *f, struct err *e)
{
    struct str rule, column = STR(""), *known = arena_array(c->a, f->n + 1, sizeof *known);
    f->at = f->n;
    if (!http_query_param(c->req, c->a, "rule", &rule) || !rule.n)
        return true;
    http_query_param(c->req, c->a, "column", &column);
    for (size_t i = 0; i < f->n; i++) {
        const struct store_check *k = &f->checks[i];
        known[i] = k->rule;
        if (str_eq(k->rule, rule) && (!column.n || str_eq(k->column, column)) && (f->at == f->n || (is_bad(k) && !is_bad(&f->checks[f->at]))))
            f->at = i;
    }
    return f->at < f->n || call_missing(e, "check", rule, known, f->n);
}

static bool put_rows(struct buf *b, struct govern_result *r, int64_t *total, struct err *e)
{
    const struct engine_column *cols;
    struct engine_chunk *ch;
    size_t n = govern_result_columns(r, &cols), rows;
    bool good;
    put_open(b, "columns", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", cols[i].name);
        put_str(b, "type", cols[i].type_name);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "rows", '[');
    while ((good = govern_result_next(r, &ch, &rows, e)) && ch)
        for (size_t i = 0; i < rows; i++, ++*total) {
            buf_addz(b, *total ? ",[" : "[");
            for (size_t k = 0; k < n; k++) {
                buf_addz(b, k ? "," : "");
                engine_cell_json(ch, k, i, b);
            }
            buf_addc(b, ']');
        }
    put_close(b, ']');
    put_int(b, "row_count", *total);
    put_bool(b, "truncated", govern_result_truncated(r));
    return good;
}

/* Nothing is kept: of checks that passed, that are no matter of single rows, or that were made before rows were kept. */
static bool put_failing(struct call *c, struct buf *b, const struct failing *f, int64_t limit, int64_t *rows, struct err *e)
{
    bool one = f->at < f->n;
    struct str where = arena_printf(c->a, "FROM %.*s WHERE " BUILD_FAILING_RUN " = %lld", STR_FMT(govern_failing_name(f->p, c->a)),
                                    (long long)(f->n ? f->checks[0].run_id : 0));
    struct govern_request q = {.principal = &c->who, .purpose = call_purpose(c), .row_limit = limit};
    struct govern_result *r = NULL;
    struct err said = {0};
    if (one)
        q.sql = arena_printf(c->a,
                             "SELECT * EXCLUDE (" BUILD_FAILING_RUN ", " BUILD_FAILING_CHECK ", " BUILD_FAILING_RULE
                             ") %.*s AND " BUILD_FAILING_CHECK " = %zu",
                             STR_FMT(where), f->at);
    else
        q.sql = arena_printf(c->a,
                             "SELECT " BUILD_FAILING_RULE " AS \"check\", * EXCLUDE (" BUILD_FAILING_RUN ", " BUILD_FAILING_CHECK
                             ", " BUILD_FAILING_RULE ") %.*s ORDER BY " BUILD_FAILING_CHECK,
                             STR_FMT(where));
    if (f->n && govern_query(c->app->govern, &q, &r, &said)) {
        bool good = put_rows(b, r, rows, e);
        govern_result_close(r);
        return good;
    }
    if (f->n && said.code != E_NOT_FOUND) {
        *e = said;
        return false;
    }
    put_raw(b, "columns", STR("[]"));
    put_raw(b, "rows", STR("[]"));
    put_int(b, "row_count", 0);
    put_bool(b, "truncated", false);
    return true;
}

static struct str failing_message(struct call *c, const struct failing *f)
{
    size_t bad = 0;
    if (f->at < f->n)
        return f->checks[f->at].message;
    for (size_t i = 0; i < f->n; i++)
        bad += is_bad(&f->checks[i]);
    return !f->n ? STR("no check has run yet")
           : bad ? arena_printf(c->a, "%zu of %zu checks did not pass", bad, f->n)
                 : arena_printf(c->a, "all %zu checks passed or could not be evaluated", f->n);
}

bool route_port_failing(struct call *c, struct err *e)
{
    struct failing f = {.p = call_port(c, e)};
    int64_t limit, rows = 0;
    bool refused = false;
    if (!f.p || !call_int(c, "limit", FAILING_ROWS, 1, FAILING_ROWS_MAX, &limit, e) ||
        !store_checks_latest(c->app->state->store, c->a, f.p->ref_major, &f.checks, &f.n, e) || !find_check(c, &f, e))
        return false;
    for (size_t i = 0; i < f.n; i++)
        refused |= f.checks[i].verdict == CHECK_FAILED;
    const struct store_check *k = f.at < f.n ? &f.checks[f.at] : NULL;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_opt(&b, "rule", k ? k->rule : STR(""));
    put_opt(&b, "column", k ? k->column : STR(""));
    put_opt(&b, "message", call_text(c, failing_message(c, &f)));
    put_bool(&b, "refused", refused);
    if (k)
        put_raw(&b, "check", STR(""));
    if (k)
        shape_check(c, &b, k);
    else
        put_null(&b, "check");
    bool good = put_failing(c, &b, &f, limit < FAILING_ROWS || !k ? limit : FAILING_ROWS, &rows, e);
    put_opt(&b, "why_none", k && !rows ? contract_failing_none(k) : STR(""));
    put_close(&b, '}');
    if (good)
        call_json(c, &b);
    else
        buf_fini(&b);
    return good;
}

/* ---- why ---- */
bool route_port_why(struct call *c, struct err *e)
{
    const struct mesh_port *p = call_port(c, e);
    struct known_states *st = p ? known_states_get(c->app, c->known, e) : NULL;
    struct why_step *chain;
    size_t n;
    if (!st)
        return false;
    bool good = catalog_why(c->app->state, c->mesh, st->ports, p, c->a, &chain, &n, e);
    struct buf b = call_buf();
    if (good) {
        put_open(&b, NULL, '{');
        put_str(&b, "ref", chain[0].ref);
        put_str(&b, "state", chain[0].state);
        put_open(&b, "chain", '[');
        for (size_t i = 0; i < n; i++) {
            put_open(&b, NULL, '{');
            put_str(&b, "ref", chain[i].ref);
            put_str(&b, "kind", chain[i].kind);
            put_str(&b, "state", chain[i].state);
            put_time(&b, "since", chain[i].since_us);
            put_opt(&b, "message", call_text(c, chain[i].message));
            shape_owner(&b, "owner", &chain[i].owner, NULL);
            put_close(&b, '}');
        }
        put_close(&b, ']');
        put_close(&b, '}');
    }
    known_states_put(st);
    if (good)
        call_json(c, &b);
    else
        buf_fini(&b);
    return good;
}
