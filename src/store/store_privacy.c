/* Requests of people about their data, and blanking: what names somebody is taken out of every text of a table, then the file is written anew. */
#include "store/privacy.h"

#include "base/clock.h"
#include "store/store_int.h"

enum { TEXT_MAX = 16 << 20 };

static const char columns[] = "id, kind, state, identifier_kind, sealed, note, extension_reason, asked_by, closed_by, answer, receipt_id, problem, counts,"
                              " anonymise, received_at_us, due_at_us, asked_at_us, started_at_us, closed_at_us";

static void take(struct store_stmt *q, struct arena *a, struct store_privacy *r)
{
    *r = (struct store_privacy){.id = store_col_i64(q, 0),
                                .kind = store_col_str(q, a, 1),
                                .state = store_col_str(q, a, 2),
                                .identifier_kind = store_col_str(q, a, 3),
                                .sealed = store_col_str(q, a, 4),
                                .note = store_col_str(q, a, 5),
                                .extension_reason = store_col_str(q, a, 6),
                                .asked_by = store_col_str(q, a, 7),
                                .closed_by = store_col_str(q, a, 8),
                                .answer = store_col_str(q, a, 9),
                                .receipt_id = store_col_str(q, a, 10),
                                .problem = store_col_str(q, a, 11),
                                .counts = store_col_str(q, a, 12),
                                .anonymise = store_col_i64(q, 13) != 0,
                                .received_at_us = store_col_i64(q, 14),
                                .due_at_us = store_col_i64(q, 15),
                                .asked_at_us = store_col_i64(q, 16),
                                .started_at_us = store_col_i64(q, 17),
                                .closed_at_us = store_col_i64(q, 18)};
}

bool store_privacy_add(struct store *s, struct store_privacy *r, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s,
                     "INSERT INTO privacy_request (kind, identifier_kind, sealed, note, asked_by, received_at_us, due_at_us, asked_at_us) VALUES"
                     " (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                     e))
        return false;
    r->asked_at_us = clock_now_us();
    r->state = STR("open");
    store_bind_str(&q, r->kind);
    store_bind_str(&q, r->identifier_kind);
    store_bind_str(&q, r->sealed);
    store_bind_str(&q, r->note);
    store_bind_str(&q, r->asked_by);
    store_bind_i64(&q, r->received_at_us);
    store_bind_i64(&q, r->due_at_us);
    store_bind_i64(&q, r->asked_at_us);
    while (store_row(&q))
        r->id = store_col_i64(&q, 0);
    return store_end(&q);
}

bool store_privacy_get(struct store *s, struct arena *a, int64_t id, struct store_privacy *out, struct err *e)
{
    struct store_stmt q;
    bool found = false;
    if (!store_begin(&q, s, arena_printf(a, "SELECT %s FROM privacy_request WHERE id = ?", columns).p, e))
        return false;
    store_bind_i64(&q, id);
    while (store_row(&q)) {
        take(&q, a, out);
        found = true;
    }
    if (!store_end(&q))
        return false;
    return found || err_set(e, E_NOT_FOUND, "there is no request %lld about personal data", (long long)id);
}

bool store_privacies(struct store *s, struct arena *a, const struct store_privacy_ask *ask, struct store_privacy **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s,
                     arena_printf(a,
                                  "SELECT %s, count(*) OVER () FROM privacy_request WHERE (?1 = '' OR state = ?1) AND (?2 = '' OR kind = ?2) ORDER BY id"
                                  " DESC LIMIT ?3",
                                  columns)
                         .p,
                     e))
        return false;
    store_bind_str(&q, ask->state.p ? ask->state : STR(""));
    store_bind_str(&q, ask->kind.p ? ask->kind : STR(""));
    store_bind_i64(&q, ask->limit ? (int64_t)ask->limit : -1);
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 19), sizeof **out);
        take(&q, a, &(*out)[(*n)++]);
    }
    return store_end(&q);
}

static const char write_sql[] =
    "UPDATE privacy_request SET state = ?1, sealed = ?2, note = ?3, extension_reason = ?4, closed_by = ?5, answer = ?6, receipt_id = ?7, problem = ?8,"
    " counts = ?9, anonymise = ?10, due_at_us = ?11, started_at_us = ?12, closed_at_us = ?13 WHERE id = ?14";

static void bind_written(struct store_stmt *q, const struct store_privacy *r)
{
    const struct str texts[] = {r->state, r->sealed, r->note, r->extension_reason, r->closed_by, r->answer, r->receipt_id, r->problem, r->counts};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        store_bind_str(q, texts[i].p ? texts[i] : STR(""));
    store_bind_i64(q, r->anonymise);
    store_bind_i64(q, r->due_at_us);
    store_bind_i64(q, r->started_at_us);
    store_bind_i64(q, r->closed_at_us);
    store_bind_i64(q, r->id);
}

bool store_privacy_write(struct store *s, const struct store_privacy *r, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, write_sql, e))
        return false;
    bind_written(&q, r);
    while (store_row(&q)) {
    }
    return store_end(&q);
}

/* Of one transaction under one lock: the request has begun, and its person is on the list, or neither. */
static bool begin_locked(struct store *s, const struct store_privacy *r, const struct store_suppressed *people, size_t n, struct err *e)
{
    struct store_stmt q = {.s = s, .e = e}, add = {.s = s, .e = e};
    bool ok = false;
    if (!store_exec(s->db, "BEGIN IMMEDIATE", e))
        return false;
    if (sqlite3_prepare_v2(s->db, write_sql, -1, &q.stmt, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(s->db, "INSERT OR IGNORE INTO suppressed (hash, kind, reason, added_at_us) VALUES (?, ?, ?, ?)", -1, &add.stmt, NULL) != SQLITE_OK) {
        store_fail(s->db, e);
        goto out;
    }
    bind_written(&q, r);
    ok = store_step(&q);
    for (size_t i = 0; ok && i < n; i++) {
        store_bind_str(&add, people[i].hash);
        store_bind_str(&add, people[i].kind);
        store_bind_str(&add, people[i].reason);
        store_bind_i64(&add, r->started_at_us);
        ok = store_step(&add);
    }
    if (!ok)
        store_fail(s->db, e);
out:
    sqlite3_finalize(q.stmt);
    sqlite3_finalize(add.stmt);
    if (ok)
        ok = store_exec(s->db, "COMMIT", e);
    if (!ok)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}

bool store_privacy_begin(struct store *s, const struct store_privacy *r, const struct store_suppressed *people, size_t n, struct err *e)
{
    pthread_mutex_lock(&s->lock);
    bool ok = begin_locked(s, r, people, n, e);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_decision_forget(struct store *s, int64_t id, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "DELETE FROM identity_decision WHERE id = ?", e))
        return false;
    store_bind_i64(&q, id);
    while (store_row(&q)) {
    }
    return store_end(&q);
}

bool store_holds_forget(struct store *s, struct str blanked, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "UPDATE hold SET sealed = '' WHERE customer_id = ?", e))
        return false;
    store_bind_str(&q, blanked);
    while (store_row(&q)) {
    }
    return store_end(&q);
}

/* ---- Blanking ---- */

bool store_tables(struct store *s, struct arena *a, struct str **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(&q, s, "SELECT name, count(*) OVER () FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", e))
        return false;
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 1), sizeof **out);
        (*out)[(*n)++] = store_col_str(&q, a, 0);
    }
    return store_end(&q);
}

struct clean {
    struct store *s;
    struct arena a;
    struct str table, *column;
    size_t n;
    store_clean_fn *fn;
    void *ctx;
    int64_t rows;
    struct buf made;
    struct err *e;
};

static bool prepare(struct clean *x, struct str sql, sqlite3_stmt **out)
{
    return sqlite3_prepare_v2(x->s->db, sql.p, (int)sql.n, out, NULL) == SQLITE_OK || store_fail(x->s->db, x->e);
}

/* The table's columns of text. Tables WITHOUT ROWID are found by their columns, too: their rows are replaced by all that they say. */
static bool read_columns(struct clean *x)
{
    sqlite3_stmt *st = NULL;
    if (!prepare(x, arena_printf(&x->a, "SELECT name, count(*) OVER () FROM pragma_table_info('%.*s') WHERE upper(type) = 'TEXT'", STR_FMT(x->table)), &st))
        return false;
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (x->n == 0)
            x->column = arena_array(&x->a, (size_t)sqlite3_column_int64(st, 1), sizeof *x->column);
        x->column[x->n++] = arena_str(&x->a, str_of((const char *)sqlite3_column_text(st, 0)));
    }
    sqlite3_finalize(st);
    return true;
}

/* Distinct texts are few beside rows; each that names the person is replaced wherever it stands in the column. */
static bool clean_column(struct clean *x, struct str column, bool write)
{
    sqlite3_stmt *st = NULL, *put = NULL;
    struct { struct str from, to; } *found = NULL;
    size_t n = 0, cap = 0;
    bool ok = prepare(x, arena_printf(&x->a, "SELECT \"%.*s\", count(*) FROM \"%.*s\" WHERE \"%.*s\" <> '' GROUP BY 1", STR_FMT(column), STR_FMT(x->table), STR_FMT(column)), &st);
    int rc = SQLITE_DONE;
    while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct str text = {(const char *)sqlite3_column_text(st, 0), (size_t)sqlite3_column_bytes(st, 0)};
        buf_reset(&x->made);
        if (!text.p || !x->fn(x->ctx, text, &x->made))
            continue;
        if (!(ok = buf_ok(&x->made, x->e)))
            break;
        x->rows += sqlite3_column_int64(st, 1);
        if (n == cap)
            found = mem_realloc(found, (cap = cap ? cap * 2 : 64) * sizeof *found);
        found[n].from = arena_str(&x->a, text);
        found[n++].to = arena_str(&x->a, buf_str(&x->made));
    }
    if (ok && rc != SQLITE_DONE)
        ok = store_fail(x->s->db, x->e);
    sqlite3_finalize(st);
    ok = ok && (!write || n == 0 ||
                prepare(x, arena_printf(&x->a, "UPDATE \"%.*s\" SET \"%.*s\" = ?1 WHERE \"%.*s\" = ?2", STR_FMT(x->table), STR_FMT(column), STR_FMT(column)), &put));
    for (size_t i = 0; ok && write && i < n; i++) {
        sqlite3_bind_text(put, 1, found[i].to.p, (int)found[i].to.n, SQLITE_STATIC);
        sqlite3_bind_text(put, 2, found[i].from.p, (int)found[i].from.n, SQLITE_STATIC);
        ok = sqlite3_step(put) == SQLITE_DONE || store_fail(x->s->db, x->e);
        sqlite3_reset(put);
    }
    sqlite3_finalize(put);
    mem_free(found);
    return ok;
}

static bool clean_table(struct store *s, struct str table, store_clean_fn *fn, void *ctx, bool write, int64_t *rows, struct err *e)
{
    struct clean x = {.s = s, .table = table, .fn = fn, .ctx = ctx, .made = BUF_INIT(TEXT_MAX), .e = e};
    arena_init(&x.a);
    pthread_mutex_lock(&s->lock);
    bool ok = store_exec(s->db, "BEGIN IMMEDIATE", e) && read_columns(&x);
    for (size_t i = 0; ok && i < x.n; i++)
        ok = clean_column(&x, x.column[i], write);
    if (!(ok && store_exec(s->db, "COMMIT", e))) {
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
        ok = false;
    }
    pthread_mutex_unlock(&s->lock);
    *rows = x.rows;
    buf_fini(&x.made);
    arena_fini(&x.a);
    return ok;
}

bool store_table_clean(struct store *s, struct str table, store_clean_fn *clean, void *ctx, int64_t *changed, struct err *e)
{
    return clean_table(s, table, clean, ctx, true, changed, e);
}

bool store_table_find(struct store *s, struct str table, store_clean_fn *clean, void *ctx, int64_t *rows, struct err *e)
{
    return clean_table(s, table, clean, ctx, false, rows, e);
}

bool store_vacuum(struct store *s, struct err *e)
{
    pthread_mutex_lock(&s->lock);
    bool ok = store_exec(s->db, "VACUUM", e) && store_log_empty(s->db, e);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_empty_log(struct store *s, struct err *e)
{
    pthread_mutex_lock(&s->lock);
    bool ok = store_log_empty(s->db, e);
    pthread_mutex_unlock(&s->lock);
    return ok;
}
