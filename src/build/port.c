/* One port, one new version: written aside under its final name, committed, checked, then made live. An incremental port
 * replaces a window of days in place instead, inside the one transaction that also checks it and makes it live. */
#include "build/build_int.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "build/delta.h"
#include "identity/consenting.h"

static const char *const outcome_texts[] = {"built", "unchanged", "failed", "refused", "skipped", "cancelled"};

struct str build_outcome_text(enum build_outcome o)
{
    return str_of(outcome_texts[o]);
}

/* Cancelled work is not a failure of the port. */
bool build_ended(struct build_job *j, bool ok)
{
    if (ok)
        return true;
    bool cancelled = j->err.code == E_CANCELLED && atomic_load(j->cancelled);
    j->outcome = cancelled ? OUTCOME_CANCELLED : OUTCOME_FAILED;
    return false;
}

bool build_go_on(struct build_job *j)
{
    return !atomic_load(j->cancelled) || err_set(&j->err, E_CANCELLED, "cancelled before %.*s was finished", STR_FMT(j->p->ref));
}

/* A quiet build's catalog begins empty. */
static bool add_inputs(struct build_job *j)
{
    return !j->quiet || build_src_add_inputs(j->conn, j->m, j->facts, j->src, j->p, &j->err);
}

/* The SQL as a view of the run's catalog: it is bound without being run, so mistakes come with their place in the file. */
static bool declare(struct build_job *j, struct str *view)
{
    *view = build_qualified(j->a, j->src, STR("main"), j->p->ref_major);
    struct str sql = arena_printf(j->a, "CREATE OR REPLACE VIEW %.*s AS\n%.*s", STR_FMT(*view), STR_FMT(j->p->sql));
    if (engine_exec(j->conn, sql, &j->err))
        return true;
    if (j->err.line > 1 && j->err.file[0] == '\0') {
        j->err.line--;
        snprintf(j->err.file, sizeof j->err.file, "%.*s", STR_FMT(j->p->sql_file));
    } else if (j->err.file[0] == '\0') {
        j->err.line = j->err.col = 0;
        snprintf(j->err.file, sizeof j->err.file, "%.*s", STR_FMT(j->p->sql_file));
    }
    return false;
}

static bool has_column(const struct engine_column *cols, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(cols[i].name, name))
            return true;
    return false;
}

/* Rows and the span of the time column. */
bool build_measure(struct build_job *j, struct str object)
{
    struct engine_column *cols = NULL;
    size_t n = 0;
    struct str from = STR(""), to = STR("");
    bool null = true;
    if (!engine_describe(j->conn, arena_printf(j->a, "SELECT * FROM %.*s", STR_FMT(object)), j->a, &cols, &n, &j->err))
        return false;
    if (!engine_value_i64(j->conn, arena_printf(j->a, "SELECT count(*) FROM %.*s", STR_FMT(object)), NULL, 0, &j->version.rows,
                          &j->err))
        return false;
    if (j->p->time_column.n > 0 && has_column(cols, n, j->p->time_column)) {
        struct buf q = BUF_INIT(4096);
        buf_sql_ident(&q, j->p->time_column);
        struct str column = arena_str(j->a, buf_str(&q));
        buf_fini(&q);
        if (!engine_value(j->conn, arena_printf(j->a, "SELECT min(%.*s)::VARCHAR FROM %.*s", STR_FMT(column), STR_FMT(object)),
                          NULL, 0, j->a, &from, &null, &j->err) ||
            !engine_value(j->conn, arena_printf(j->a, "SELECT max(%.*s)::VARCHAR FROM %.*s", STR_FMT(column), STR_FMT(object)),
                          NULL, 0, j->a, &to, &null, &j->err))
            return false;
    }
    j->version.data_from = from;
    j->version.data_to = to;
    return true;
}

/* What the checks of one verdict say, at most three of them. */
static struct str told(struct build_job *j, const struct contract_report *r, enum check_verdict verdict)
{
    enum { TOLD_MAX = 3, TEXT_MAX = 400 };
    struct buf text = BUF_INIT(TEXT_MAX);
    size_t named = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (r->checks[i].verdict != verdict)
            continue;
        if (named++ < TOLD_MAX)
            buf_printf(&text, "%s%.*s", named > 1 ? "; " : "",
                       STR_FMT(r->checks[i].message.n > 0 ? r->checks[i].message : r->checks[i].rule));
    }
    struct str out = arena_printf(j->a, "%s%s", text.failed ? "" : buf_z(&text), named > TOLD_MAX ? "; ..." : "");
    buf_fini(&text);
    return out;
}

static void refuse(struct build_job *j, const struct contract_report *r)
{
    err_set(&j->err, E_CHECK_FAILED, "%zu of %zu checks refused the new version: %.*s", r->failed, r->n,
            STR_FMT(told(j, r, CHECK_FAILED)));
    err_hint(&j->err, "readers keep the last good version; mend the data or the contract (%.*s) and run again",
             STR_FMT(j->p->contract != NULL ? j->p->contract->pos.file : STR("")));
    j->outcome = OUTCOME_REFUSED;
}

/* The results are kept whatever the verdict; of a quiet build by the one who asked for it, where they are worth it. */
static bool judge(struct build_job *j, struct contract_report r)
{
    if (r.n > 0 && !j->quiet && !store_checks_add(j->b->s->store, r.checks, r.n, &j->err))
        return build_ended(j, false);
    j->report = r;
    j->checked = true;
    if (r.warned > 0)
        j->warned = arena_printf(j->a, "%zu of %zu checks warn: %.*s", r.warned, r.n, STR_FMT(told(j, &r, CHECK_WARNED)));
    if (!r.refused)
        return true;
    refuse(j, &r);
    return false;
}

bool build_check(struct build_job *j, struct str object)
{
    struct contract_report r = {0};
    if (j->p->contract == NULL)
        return true;
    if (!contract_check(j->conn, j->p, object, j->run_id, clock_now_us(), j->a, &r, &j->err))
        return build_ended(j, false);
    j->checked_whole = true;
    return judge(j, r);
}

bool build_check_changed(struct build_job *j, struct str object, struct str changed, struct str by)
{
    struct contract_report r = {0};
    if (j->p->contract == NULL)
        return true;
    if (!contract_check_changed(j->conn, j->p, object, changed, by, j->run_id, clock_now_us(), j->a, &r, &j->err))
        return build_ended(j, false);
    return judge(j, r);
}

bool build_next_id(struct build_job *j)
{
    pthread_mutex_lock(&j->b->writer_lock);
    bool ok = ledger_next_id(j->conn, STR("port_version"), &j->version.version_id, &j->err);
    pthread_mutex_unlock(&j->b->writer_lock);
    return ok;
}

/* Before anything is built from the new version: who said no is known by the ids that it gives. A failure leaves what was known before. */
static void follow_consent(struct build_job *j)
{
    struct err e = {0};
    bool consent = str_eq(j->p->ref, STR("shared.consent"));
    if (!consent && j->p->materialization != MATERIALIZED_IDENTITY)
        return;
    if (!identity_consent_refresh(j->m, j->conn, consent ? CONSENT_LIVE : CONSENT_IDENTITY_LIVE, &e))
        log_err(LOG_ERROR, "build", "consent_not_followed", &e);
}

/* From here on an interrupt is not looked at: the swap is short, and whole or not at all. */
bool build_make_live(struct build_job *j, bool in_transaction, int64_t replaces)
{
    atomic_store(j->interruptible, false);
    j->version.built_at_us = clock_now_us();
    j->version.live = true;
    pthread_mutex_lock(&j->b->writer_lock);
    bool ok = build_swap(j->conn, &j->version, in_transaction, replaces, &j->err);
    pthread_mutex_unlock(&j->b->writer_lock);
    if (ok)
        follow_consent(j);
    return ok;
}

/* Into a table or view aside; the rows of identity inside of a transaction, which is then open. */
static bool write_aside(struct build_job *j, struct delta *d, struct str view, struct str object, bool *open)
{
    struct str sql = {0};
    if (j->p->materialization == MATERIALIZED_IDENTITY) {
        *open = engine_exec(j->conn, STR("BEGIN"), &j->err);
        return *open && build_identity_whole(j, d, view, object);
    }
    if (j->p->materialization == MATERIALIZED_VIEW) {
        if (!build_view_sql(j->conn, j->m, j->p, j->facts, j->a, &sql, &j->err))
            return false;
        sql = arena_printf(j->a, "CREATE VIEW %.*s AS %.*s", STR_FMT(object), STR_FMT(sql));
    } else {
        sql = arena_printf(j->a, "CREATE TABLE %.*s AS SELECT * FROM %.*s", STR_FMT(object), STR_FMT(view));
    }
    return engine_exec(j->conn, sql, &j->err);
}

/* What a keyed port has seen is written in the transaction that makes it live. */
static bool go_live(struct build_job *j, struct delta *d, struct str object, bool *open)
{
    if (d != NULL && !*open && !(*open = engine_exec(j->conn, STR("BEGIN"), &j->err)))
        return false;
    if (d != NULL && !build_delta_whole(j, d, object))
        return false;
    bool in_transaction = *open;
    *open = false;
    return build_make_live(j, in_transaction, 0);
}

/* `d`: of a keyed port, else NULL. */
static bool make_whole(struct build_job *j, struct delta *d, struct str view)
{
    bool open = false;
    if (!build_breaking(j, view) || !build_ended(j, build_next_id(j)))
        return false;
    j->version.table_name = arena_printf(j->a, "%.*s@%lld", STR_FMT(j->p->ref_major), (long long)j->version.version_id);
    struct str object = build_qualified(j->a, STR("mesh"), STR("built"), j->version.table_name);
    bool made = build_ended(j, build_go_on(j) && write_aside(j, d, view, object, &open));
    bool kept = made && !open; /* it is there whatever comes */
    fault_crash_point("build_after_table");
    bool ok = made && build_ended(j, build_measure(j, object)) && build_check(j, object) && build_new_is_classified(j, object);
    if (kept || !made)
        build_failing_keep(j, object);
    ok = ok && build_ended(j, build_go_on(j));
    fault_crash_point("build_before_swap");
    ok = ok && build_ended(j, go_live(j, d, object, &open));
    atomic_store(j->interruptible, false);
    if (open && !engine_exec(j->conn, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "port=%.*s already ended", STR_FMT(j->p->ref));
    if (kept && !ok)
        build_drop_object(j->conn, j->version.table_name);
    return ok;
}

/* By key where that can be, else whole. */
static bool make_keyed(struct build_job *j)
{
    struct delta d;
    struct str view = {0};
    bool done = false;
    if (!build_ended(j, build_delta_open(j, &d)))
        return false;
    if (!build_delta(j, &d, &done))
        return false;
    return done || (build_ended(j, add_inputs(j) && declare(j, &view) && build_kept(j, &view)) && make_whole(j, &d, view));
}

/* ---- incremental ---- */

struct window {
    struct str column, object, where; /* quoted column, the live table, rows to be replaced */
};

bool build_same_columns(struct build_job *j, struct str earlier, struct str later)
{
    struct engine_column *old = NULL, *now = NULL;
    size_t n_old = 0, n_now = 0;
    if (!engine_describe(j->conn, arena_printf(j->a, "SELECT * FROM %.*s", STR_FMT(earlier)), j->a, &old, &n_old, NULL) ||
        !engine_describe(j->conn, arena_printf(j->a, "SELECT * FROM %.*s", STR_FMT(later)), j->a, &now, &n_now, NULL) ||
        n_old != n_now)
        return false;
    for (size_t i = 0; i < n_old; i++)
        if (!str_eq(old[i].name, now[i].name) || !str_eq(old[i].type_name, now[i].type_name))
            return false;
    return true;
}

/* The days to recompute: from the earlier of the newest day and the earliest touched day, back by the lookback. One more day
 * where the column is a moment and not a day, since its days may be another zone's. False: better (or only) made whole. */
static bool find_window(struct build_job *j, struct str view, struct window *w)
{
    struct arena *a = j->a;
    struct str newest = {0}, type = {0};
    bool null = true;
    int32_t day = 0;
    if (!j->may_increment || j->previous == NULL || !j->touched_known || j->p->time_column.n == 0)
        return false;
    struct buf q = BUF_INIT(4096);
    buf_sql_ident(&q, j->p->time_column);
    w->column = arena_str(a, buf_str(&q));
    buf_fini(&q);
    w->object = build_qualified(a, STR("mesh"), STR("built"), j->previous->table_name);
    if (!build_same_columns(j, w->object, view))
        return false;
    struct str of = arena_printf(a, "FROM %.*s", STR_FMT(w->object));
    if (!engine_value(j->conn, arena_printf(a, "SELECT max(%.*s)::DATE::VARCHAR %.*s", STR_FMT(w->column), STR_FMT(of)), NULL, 0,
                      a, &newest, &null, NULL) ||
        null || !clock_parse_date(newest, &day))
        return false;
    if (!engine_value(j->conn, arena_printf(a, "SELECT typeof(%.*s) %.*s LIMIT 1", STR_FMT(w->column), STR_FMT(of)), NULL, 0, a,
                      &type, &null, NULL))
        return false;
    if (j->touched_any && j->touched_day < day)
        day = j->touched_day;
    day -= j->p->lookback_days > 0 ? j->p->lookback_days : 0;
    if (!str_eq(type, STR("DATE")))
        day--;
    w->where = arena_printf(a, "(%.*s >= DATE '%s' OR %.*s IS NULL)", STR_FMT(w->column), clock_date(day).z, STR_FMT(w->column));
    int64_t in_window = 0, all = 0;
    if (!engine_value_i64(j->conn, arena_printf(a, "SELECT count(*) %.*s WHERE %.*s", STR_FMT(of), STR_FMT(w->where)), NULL, 0,
                          &in_window, NULL) ||
        !engine_value_i64(j->conn, arena_printf(a, "SELECT count(*) %.*s", STR_FMT(of)), NULL, 0, &all, NULL))
        return false;
    return in_window * 2 <= all; /* beyond half of it, a fresh table costs less and leaves no holes */
}

/* Delete the window, insert it anew, check, swap: one transaction, seen whole or not at all. */
static bool make_window(struct build_job *j, struct str view, const struct window *w)
{
    struct arena *a = j->a;
    bool open = false, ok = false;
    if (!build_ended(j, build_next_id(j)))
        return false;
    j->version.table_name = j->previous->table_name;
    if (!build_ended(j, build_go_on(j) && engine_exec(j->conn, STR("BEGIN"), &j->err)))
        return false;
    open = true;
    if (!build_ended(j, engine_exec(j->conn, arena_printf(a, "DELETE FROM %.*s WHERE %.*s", STR_FMT(w->object), STR_FMT(w->where)),
                              &j->err)))
        goto out;
    if (!build_ended(j, engine_exec(j->conn,
                              arena_printf(a, "INSERT INTO %.*s SELECT * FROM %.*s WHERE %.*s", STR_FMT(w->object), STR_FMT(view),
                                           STR_FMT(w->where)),
                              &j->err)))
        goto out;
    fault_crash_point("build_after_window");
    if (!build_ended(j, build_measure(j, w->object)) || !build_check(j, w->object) || !build_ended(j, build_go_on(j)))
        goto out;
    open = false;
    ok = build_ended(j, build_make_live(j, true, j->previous->version_id));
    j->incremental = ok;
    j->how = "recomputed a window of days";
out:
    atomic_store(j->interruptible, false);
    if (open && !engine_exec(j->conn, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "port=%.*s already ended", STR_FMT(j->p->ref));
    /* What was refused is gone with its transaction and put together once more from its two parts. */
    build_failing_keep(j, ok ? w->object
                             : arena_printf(a, "(SELECT * FROM %.*s WHERE NOT %.*s UNION ALL SELECT * FROM %.*s WHERE %.*s)",
                                            STR_FMT(w->object), STR_FMT(w->where), STR_FMT(view), STR_FMT(w->where)));
    return ok;
}

void build_port(struct build_job *j)
{
    struct str view = {0};
    struct window w = {0};
    j->outcome = OUTCOME_FAILED;
    j->version =
        (struct ledger_version){.run_id = j->quiet && j->previous != NULL ? j->previous->run_id : j->run_id, .port = j->p->ref_major, .fingerprint = build_print_text(&j->print, j->a)};
    atomic_store(j->interruptible, true);
    bool keyed = build_is_keyed(j->p);
    bool ok = build_ended(j, build_go_on(j) && (keyed || (add_inputs(j) && declare(j, &view) && build_kept(j, &view))));
    if (ok && j->p->materialization == MATERIALIZED_INCREMENTAL && find_window(j, view, &w))
        ok = make_window(j, view, &w);
    else if (ok && keyed)
        ok = make_keyed(j);
    else if (ok)
        ok = make_whole(j, NULL, view);
    atomic_store(j->interruptible, false);
    if (ok && j->outcome != OUTCOME_UNCHANGED)
        j->outcome = OUTCOME_BUILT;
}
