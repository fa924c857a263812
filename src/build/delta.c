/* A port that is built by key, or by identity: a new version put together in place from the keys that have changed, or made whole
 * with what readers may go by. docs/build.md, "Incremental by key". */
#include "build/delta.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "identity/identity.h"
#include "mesh/functions.h"

enum { FEW_KEYS = 1000 };
static const struct str rules_seen = {"(rules of identity)", 19}, said_seen = {"(said at the desk)", 18};

static bool run_sql(struct delta *d, struct str sql)
{
    return engine_exec(d->c, sql, &d->err);
}

static bool roll_back(struct delta *d)
{
    if (!engine_exec(d->c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "build", "rollback", "port=%.*s already ended", STR_FMT(d->j->p->ref));
    return false;
}

/* ---- what is remembered ---- */

static void see(struct delta *d, struct build_seen x)
{
    struct build_seen *more = arena_array(d->a, d->now.n + 1, sizeof *more);
    if (d->now.n > 0)
        memcpy(more, d->now.seen, d->now.n * sizeof *more);
    more[d->now.n++] = x;
    d->now.seen = more;
}

/* The rules of identity are seen like an input. */
static void see_rules(struct delta *d)
{
    struct build_part part;
    if (d->j->p->materialization != MATERIALIZED_IDENTITY)
        return;
    build_part_of(d->j->facts->identity, &part);
    see(d, (struct build_seen){.input = rules_seen, .object = arena_str(d->a, str_of(part.z))});
}

/* So are the statements of the desk. */
static void see_said(struct delta *d)
{
    if (mesh_function_called(d->j->p->sql, MESH_CONSENT_SAID))
        see(d, (struct build_seen){.input = said_seen, .version = d->j->facts->said, .mark = d->j->facts->said});
}

/* Keys of what was said since: it has no other than the set of identifiers that it is. */
static enum told said_keys(struct delta *d, enum told told, struct buf *sql)
{
    int64_t was = 0;
    if (told == TOLD_UNKNOWN || !mesh_function_called(d->j->p->sql, MESH_CONSENT_SAID))
        return told;
    for (size_t i = 0; i < d->was.n; i++)
        if (str_eq(d->was.seen[i].input, said_seen))
            was = d->was.seen[i].mark;
    if (was == d->j->facts->said)
        return told;
    if (!str_eq_nocase(d->key, STR("evidence"))) {
        d->why = STR("what was said at the desk has no such key");
        return TOLD_UNKNOWN;
    }
    buf_addz(sql, sql->n > 0 ? " UNION ALL SELECT evidence AS k FROM (" : "SELECT evidence AS k FROM (");
    mesh_function_sql(d->j->m, MESH_CONSENT_SAID, sql);
    buf_printf(sql, ") WHERE seq > %lld", (long long)was);
    return TOLD_KEYS;
}

static bool same_rules(const struct delta *d)
{
    struct str was = STR(""), now = STR("");
    for (size_t i = 0; i < d->was.n; i++)
        if (str_eq(d->was.seen[i].input, rules_seen))
            was = d->was.seen[i].object;
    for (size_t i = 0; i < d->now.n; i++)
        if (str_eq(d->now.seen[i].input, rules_seen))
            now = d->now.seen[i].object;
    return str_eq(was, now);
}

bool build_delta_open(struct build_job *j, struct delta *d)
{
    if (!delta_open(d, j)) {
        j->err = d->err;
        return false;
    }
    see_rules(d);
    see_said(d);
    return true;
}

bool build_delta_whole(struct build_job *j, struct delta *d, struct str object)
{
    struct str *columns;
    size_t n = build_log_columns(j->m, j->p, j->a, &columns);
    d->now.checked_at_us = clock_now_us();
    d->now.whole = d->was.whole;
    struct str list = build_log_select(columns, n, j->a), log = build_log_table(j->p, j->a);
    struct str before = j->previous != NULL ? build_qualified(j->a, STR("mesh"), STR("built"), j->previous->table_name) : STR("");
    bool comparable = n > 0 && j->may_increment && d->was.known && before.n > 0 && build_log_fits(d->c, j->p, columns, n, j->a) &&
                      build_same_columns(j, before, object);
    struct str compare = arena_printf(j->a,
                                      "INSERT INTO %.*s SELECT DISTINCT %lld, %.*s FROM ((SELECT * FROM %.*s EXCEPT ALL SELECT * FROM %.*s) UNION "
                                      "ALL (SELECT * FROM %.*s EXCEPT ALL SELECT * FROM %.*s))",
                                      STR_FMT(log), (long long)j->version.version_id, STR_FMT(list), STR_FMT(before), STR_FMT(object),
                                      STR_FMT(object), STR_FMT(before));
    bool ok;
    if (comparable) {
        ok = engine_exec(d->c, compare, &j->err);
    } else {
        d->now.whole = j->version.version_id;
        ok = n == 0 || build_log_new(d->c, j->p, list, object, j->a, &j->err);
    }
    return ok && build_changes_write(d->c, j->p->ref_major, &d->now, &j->err);
}

/* Nothing that the port shows has changed: the version stays, what it was made from is said anew. */
static bool touch(struct delta *d)
{
    struct build_job *j = d->j;
    struct str fingerprint = j->version.fingerprint;
    if (j->later != NULL) {
        build_changes_sql(j->p->ref_major, &d->now, j->later);
        build_restate_sql(j->previous->version_id, fingerprint, j->later);
        goto out;
    }
    if (!run_sql(d, STR("BEGIN")))
        return false;
    pthread_mutex_lock(&j->b->writer_lock);
    bool ok = build_changes_write(d->c, j->p->ref_major, &d->now, &d->err) &&
              build_restate(d->c, j->previous->version_id, j->version.fingerprint, &d->err) && run_sql(d, STR("COMMIT"));
    pthread_mutex_unlock(&j->b->writer_lock);
    if (!ok)
        return roll_back(d);
out:
    j->version = *j->previous;
    j->version.fingerprint = fingerprint;
    j->outcome = OUTCOME_UNCHANGED;
    return true;
}

/* ---- the changed keys ---- */

struct found {
    struct str catalog, keys; /* a catalog of its own, in which `keys` is a table with one column k */
    size_t first;             /* its place among those of d */
    int64_t n;                /* how many, NULL counted too */
    bool null_too;
};

/* False: d->err, or d->why says that it cannot go by key. */
static bool find_keys(struct delta *d, struct found *o)
{
    struct buf sql = BUF_INIT(BUILD_SQL_MAX);
    int64_t nulls = 0, have = 0;
    enum told told = said_keys(d, delta_keys(d, &sql), &sql);
    bool ok = told != TOLD_UNKNOWN && buf_ok(&sql, &d->err);
    if (!ok || told == TOLD_NOTHING)
        goto out;
    o->first = d->n_catalogs;
    ok = delta_catalog(d, &o->catalog);
    o->keys = build_qualified(d->a, o->catalog, STR("main"), STR("changed"));
    ok = ok &&
         run_sql(d, arena_printf(d->a, "CREATE TABLE %.*s AS SELECT DISTINCT k FROM (%.*s)", STR_FMT(o->keys), STR_FMT(buf_str(&sql)))) &&
         engine_value_i64(d->c, arena_printf(d->a, "SELECT count(*) FROM %.*s", STR_FMT(o->keys)), NULL, 0, &o->n, &d->err) &&
         engine_value_i64(d->c, arena_printf(d->a, "SELECT count(*) FROM %.*s WHERE k IS NULL", STR_FMT(o->keys)), NULL, 0, &nulls, &d->err);
    o->null_too = nulls > 0;
    if (ok && nulls > 0)
        ok = run_sql(d, arena_printf(d->a, "DELETE FROM %.*s WHERE k IS NULL", STR_FMT(o->keys)));
    if (ok && o->n > FEW_KEYS) {
        struct str object = build_qualified(d->a, STR("mesh"), STR("built"), d->j->previous->table_name);
        ok = engine_value_i64(d->c, arena_printf(d->a, "SELECT approx_count_distinct(%.*s) FROM %.*s", STR_FMT(d->column), STR_FMT(object)),
                              NULL, 0, &have, &d->err);
        if (ok && o->n * 3 > have) {
            d->why = STR("more than a third of its keys have changed");
            ok = false;
        }
    }
out:
    buf_fini(&sql);
    return ok;
}

/* The port's SQL over the found keys; in a quiet run through the views of the last one, where they still fit. */
static bool look(struct delta *d, struct found *o, struct str *view)
{
    char signature[17];
    struct kept *k = NULL;
    if (!d->j->quiet)
        return delta_restricted(d, o->catalog, o->keys, o->null_too, view);
    kept_signature(d, o->null_too, signature);
    if ((k = kept_find(d, signature)) == NULL) {
        if (!delta_restricted(d, o->catalog, o->keys, o->null_too, view))
            return false;
        kept_add(d, signature, o->first, o->catalog, *view);
        return true;
    }
    struct str keys = build_qualified(d->a, k->catalog, STR("main"), STR("changed"));
    bool ok = run_sql(d, arena_printf(d->a, "CREATE OR REPLACE TABLE %.*s AS SELECT * FROM %.*s; %.*s", STR_FMT(keys), STR_FMT(o->keys),
                                      STR_FMT(k->refill)));
    o->catalog = arena_str(d->a, k->catalog);
    o->keys = keys;
    *view = arena_str(d->a, k->view);
    return ok;
}

static struct str among(struct delta *d, struct str keys, bool null_too)
{
    return arena_printf(d->a, null_too ? "(%.*s IN (SELECT k FROM %.*s) OR %.*s IS NULL)" : "%.*s IN (SELECT k FROM %.*s)",
                        STR_FMT(d->column), STR_FMT(keys), STR_FMT(d->column));
}

/* ---- a delta of rows ---- */

struct rows {
    struct str object, put, differ, keys; /* the port's table; new rows of the changed keys; rows that came or went; their keys */
    int64_t n_differ, came, went;
    bool null_too;
};

static bool compute(struct delta *d, struct str catalog, struct str keys, bool null_too, struct str view, struct rows *r)
{
    struct arena *a = d->a;
    r->put = build_qualified(a, catalog, STR("main"), STR("put"));
    r->differ = build_qualified(a, catalog, STR("main"), STR("differ"));
    r->keys = build_qualified(a, catalog, STR("main"), STR("touched"));
    struct str which = among(d, keys, null_too);
    struct str had = build_qualified(a, catalog, STR("main"), STR("had"));
    if (!run_sql(d, arena_printf(a, "CREATE OR REPLACE TABLE %.*s AS SELECT * FROM %.*s WHERE %.*s", STR_FMT(r->put), STR_FMT(view),
                                 STR_FMT(which))))
        return false;
    if (!build_same_columns(d->j, r->object, r->put)) {
        d->why = STR("its columns are others than before");
        return false;
    }
    return run_sql(d, arena_printf(a, "CREATE OR REPLACE TABLE %.*s AS SELECT * FROM %.*s WHERE %.*s", STR_FMT(had), STR_FMT(r->object),
                                   STR_FMT(which))) &&
           run_sql(d, arena_printf(a,
                                   "CREATE OR REPLACE TABLE %.*s AS (SELECT false AS came, * FROM (FROM %.*s EXCEPT ALL FROM %.*s)) UNION ALL "
                                   "(SELECT true AS came, * FROM (FROM %.*s EXCEPT ALL FROM %.*s)); CREATE OR REPLACE TABLE %.*s AS SELECT "
                                   "DISTINCT %.*s AS k FROM %.*s WHERE %.*s IS NOT NULL",
                                   STR_FMT(r->differ), STR_FMT(had), STR_FMT(r->put), STR_FMT(r->put), STR_FMT(had), STR_FMT(r->keys),
                                   STR_FMT(d->column), STR_FMT(r->differ), STR_FMT(d->column))) &&
           engine_value_i64(d->c, arena_printf(a, "SELECT count(*) FROM %.*s", STR_FMT(r->differ)), NULL, 0, &r->n_differ, &d->err) &&
           engine_value_i64(d->c, arena_printf(a, "SELECT count(*) FROM %.*s WHERE came", STR_FMT(r->differ)), NULL, 0, &r->came, &d->err);
}

static bool write_rows(struct delta *d, const struct rows *r)
{
    struct build_job *j = d->j;
    struct arena *a = d->a;
    struct str *columns;
    size_t n = build_log_columns(j->m, j->p, a, &columns);
    struct str which = among(d, r->keys, r->null_too);
    struct str sql = arena_printf(a, "DELETE FROM %.*s WHERE %.*s; INSERT INTO %.*s SELECT * FROM %.*s WHERE %.*s", STR_FMT(r->object),
                                  STR_FMT(which), STR_FMT(r->object), STR_FMT(r->put), STR_FMT(which));
    return run_sql(d, sql) &&
           (n == 0 || run_sql(d, arena_printf(a, "INSERT INTO %.*s SELECT DISTINCT %lld, %.*s FROM %.*s", STR_FMT(build_log_table(j->p, a)),
                                              (long long)j->version.version_id, STR_FMT(build_log_select(columns, n, a)), STR_FMT(r->differ))));
}

/* ---- a delta of identity ---- */

static bool resolve(struct delta *d, struct str observations, struct str table, bool delta, struct str changed)
{
    struct build_job *j = d->j;
    struct identity_report report = {0};
    const struct identity_job job = {.s = j->b->s,
                                     .m = j->m,
                                     .c = d->c,
                                     .observations = observations,
                                     .table = table,
                                     .changed = changed,
                                     .delta = delta,
                                     .version_id = j->version.version_id};
    bool ok = identity_build(&job, &report, &d->err);
    if (ok)
        log_event(LOG_DEBUG, "build", "identity", "evidences=%lld customers=%lld merges=%lld refused=%lld changed=%lld",
                  (long long)report.evidences, (long long)report.customers, (long long)report.merges, (long long)report.refused,
                  (long long)report.changed);
    return ok;
}

bool build_identity_whole(struct build_job *j, struct delta *d, struct str view, struct str object)
{
    bool ok = resolve(d, view, object, false, STR(""));
    if (!ok)
        j->err = d->err;
    return ok;
}

static bool write_identity(struct delta *d, struct str view, const struct rows *r, int64_t *changed)
{
    struct build_job *j = d->j;
    struct str *columns;
    size_t n = build_log_columns(j->m, j->p, d->a, &columns);
    struct str took = STR("temp.main.identity_changed");
    return resolve(d, view, r->object, true, took) &&
           engine_value_i64(d->c, STR("SELECT count(*) FROM temp.main.identity_changed"), NULL, 0, changed, &d->err) &&
           (n == 0 || run_sql(d, arena_printf(d->a, "INSERT INTO %.*s SELECT DISTINCT %lld, %.*s FROM %.*s", STR_FMT(build_log_table(j->p, d->a)),
                                              (long long)j->version.version_id, STR_FMT(build_log_select(columns, n, d->a)), STR_FMT(took))));
}

/* ---- checks ---- */

enum { WHOLE_CHECK_EVERY_S = 3600 };

/* Before the transaction, which may write to no other catalog: what checks of the whole look at. False: d->err. */
static bool decide_check(struct delta *d)
{
    struct build_job *j = d->j;
    int64_t now = clock_now_us();
    d->check_whole = !j->quiet || now - d->was.checked_at_us >= (int64_t)WHOLE_CHECK_EVERY_S * 1000000;
    if (!d->check_whole)
        return true;
    d->now.checked_at_us = now;
    return !j->quiet || build_src_add_inputs(d->c, j->m, j->facts, j->src, j->p, &d->err);
}

static bool check(struct delta *d, struct str object, struct str changed)
{
    return d->check_whole ? build_check(d->j, object) : build_check_changed(d->j, object, changed, d->key);
}

/* Of a quiet delta from what came; else looked at as a whole. */
static bool measure(struct delta *d, const struct rows *r)
{
    struct build_job *j = d->j;
    if (!j->quiet)
        return build_measure(j, r->object);
    if (!build_measure(j, r->put))
        return false;
    j->version.rows = j->previous->rows + r->came - r->went;
    if (j->previous->data_from.n > 0 && (j->version.data_from.n == 0 || str_cmp(j->previous->data_from, j->version.data_from) < 0))
        j->version.data_from = j->previous->data_from;
    if (str_cmp(j->previous->data_to, j->version.data_to) > 0)
        j->version.data_to = j->previous->data_to;
    return true;
}

/* ---- the whole way ---- */

/* From BEGIN to COMMIT. False: the job ended as j says. */
static bool commit_rows(struct delta *d, struct rows *r)
{
    struct build_job *j = d->j;
    bool open = false, ok = false;
    r->went = r->n_differ - r->came;
    if (!build_ended(j, build_next_id(j)))
        return false;
    j->version.table_name = j->previous->table_name;
    if (!build_ended(j, build_go_on(j) && engine_exec(d->c, STR("BEGIN"), &j->err)))
        return false;
    open = true;
    if (!write_rows(d, r)) {
        j->err = d->err;
        build_ended(j, false);
        goto out;
    }
    fault_crash_point("build_after_delta");
    if (!build_ended(j, measure(d, r)) || !check(d, r->object, r->put) ||
        !build_ended(j, build_go_on(j) && build_changes_write(d->c, j->p->ref_major, &d->now, &j->err)))
        goto out;
    open = false;
    ok = build_ended(j, build_make_live(j, true, j->previous->version_id));
out:
    atomic_store(j->interruptible, false);
    if (open)
        roll_back(d);
    build_failing_keep(j, ok ? r->object : r->put);
    return ok;
}

static bool commit_identity(struct delta *d, struct str view, struct rows *r)
{
    struct build_job *j = d->j;
    bool open = false, ok = false;
    int64_t changed = 0;
    if (!build_ended(j, build_next_id(j)))
        return false;
    j->version.table_name = j->previous->table_name;
    if (!build_ended(j, build_go_on(j) &&
                            engine_exec(d->c, STR("CREATE OR REPLACE TEMP TABLE identity_changed (evidence BIGINT, customer_id VARCHAR); BEGIN"),
                                        &j->err)))
        return false;
    open = true;
    if (!write_identity(d, view, r, &changed)) {
        j->err = d->err;
        build_ended(j, false);
        goto out;
    }
    struct str rows = arena_printf(d->a, "(SELECT * FROM %.*s WHERE evidence IN (SELECT evidence FROM temp.main.identity_changed))",
                                   STR_FMT(r->object));
    fault_crash_point("build_after_delta");
    if (!build_ended(j, build_measure(j, r->object)) || !check(d, r->object, rows) ||
        !build_ended(j, build_go_on(j) && build_changes_write(d->c, j->p->ref_major, &d->now, &j->err)))
        goto out;
    open = false;
    ok = build_ended(j, build_make_live(j, true, j->previous->version_id));
out:
    atomic_store(j->interruptible, false);
    if (open)
        roll_back(d);
    return ok;
}

static bool lost_evidence(struct delta *d, struct str view, struct str keys, bool *lost)
{
    int64_t n = 0;
    bool ok = engine_value_i64(d->c,
                               arena_printf(d->a, "SELECT count(*) FROM %.*s WHERE k NOT IN (SELECT evidence FROM %.*s WHERE evidence IS NOT NULL)",
                                            STR_FMT(keys), STR_FMT(view)),
                               NULL, 0, &n, &d->err);
    *lost = n > 0;
    return ok;
}

/* *done false and no error: it must be made whole. */
static bool by_key(struct delta *d, bool *done)
{
    struct build_job *j = d->j;
    struct rows r = {.object = build_qualified(d->a, STR("mesh"), STR("built"), j->previous->table_name)};
    struct found found = {0};
    struct str view = STR("");
    bool lost = false;
    if (!find_keys(d, &found))
        return false;
    *done = true;
    if (found.n == 0)
        return touch(d);
    *done = false;
    if (!look(d, &found, &view)) {
        kept_drop(d);
        return false;
    }
    if (j->p->materialization == MATERIALIZED_IDENTITY) {
        if (!lost_evidence(d, view, found.keys, &lost))
            return false;
        if (lost || found.null_too) {
            d->why = STR("evidence has lost all of its observations");
            return false;
        }
        *done = true;
        return decide_check(d) && commit_identity(d, view, &r);
    }
    if (!build_kept(j, &view)) {
        d->err = j->err;
        return false;
    }
    if (!compute(d, found.catalog, found.keys, found.null_too, view, &r)) {
        kept_drop(d);
        return false;
    }
    *done = true;
    r.null_too = found.null_too;
    return r.n_differ == 0 ? touch(d) : decide_check(d) && commit_rows(d, &r);
}

bool build_delta(struct build_job *j, struct delta *d, bool *done)
{
    struct str *columns;
    *done = false;
    if (!j->may_increment || j->previous == NULL || !d->was.known || !same_rules(d))
        return true;
    size_t n = build_log_columns(j->m, j->p, j->a, &columns);
    if (n > 0 && !build_log_fits(d->c, j->p, columns, n, j->a))
        return true;
    bool ok = by_key(d, done);
    delta_close(d);
    if (ok && j->outcome != OUTCOME_UNCHANGED) {
        j->incremental = true;
        j->how = "recomputed what changed, by key";
    }
    if (ok || *done) {
        if (!ok && j->err.code == E_OK) {
            j->err = d->err;
            build_ended(j, false);
        }
        return ok;
    }
    if (j->err.code == E_CANCELLED || d->err.code == E_CANCELLED) {
        if (j->err.code == E_OK)
            j->err = d->err;
        build_ended(j, false);
        *done = true;
        return false;
    }
    if (d->err.code != E_OK)
        log_err(LOG_WARN, "build", "delta_not_possible", &d->err);
    else
        log_event(LOG_INFO, "build", "whole", "port=%.*s because=%.*s", STR_FMT(j->p->ref), STR_FMT(d->why));
    d->err = (struct err){0};
    return true;
}
