#include "store/store_audit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/fault.h"
#include "store/privacy.h"
#include "store/store_int.h"

static const struct store_migration migrations[] = {
    {
        "CREATE TABLE entry (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind TEXT NOT NULL, principal TEXT NOT NULL, roles "
        "TEXT NOT"
        " NULL, purpose TEXT NOT NULL, what TEXT NOT NULL, sql_shape TEXT NOT NULL, verdict TEXT NOT NULL, detail TEXT NOT NULL, "
        "salt BLOB"
        " NOT NULL, detail_hash BLOB NOT NULL, person TEXT NOT NULL, rows_ INTEGER NOT NULL, bytes INTEGER NOT NULL, elapsed_us "
        "INTEGER NOT"
        " NULL, quiet INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;"
        "CREATE INDEX entry_at ON entry (at_us);"
        "CREATE INDEX entry_person ON entry (person, id) WHERE person <> '';"
        "CREATE INDEX entry_act ON entry (kind, id) WHERE kind <> 'read';"
        "CREATE INDEX entry_use ON entry (at_us, what, principal) WHERE kind = 'read' AND verdict = 'ok' AND quiet = 0 AND what "
        "<> '';"
        "CREATE TABLE checkpoint (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL) "
        "STRICT;"
        "CREATE TABLE person_key (lookup BLOB PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;",
    },
    {
        "ALTER TABLE entry ADD COLUMN signed_id INTEGER NOT NULL DEFAULT -1;",
    },
};

/* FULL: what is committed is on the disk, power cut or not. secure_delete: a key that is gone is nowhere in the file. */
static const char pragmas[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF";

bool store_audit_open(const char *path, bool read_only, struct store **out, struct err *e)
{
    return store_open_file(path, read_only, read_only ? "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF" : pragmas,
                           migrations, read_only ? 0 : sizeof migrations / sizeof *migrations, out, e);
}

bool store_audit_snapshot(struct store *s, struct err *e)
{
    pthread_mutex_lock(&s->lock);
    bool ok = store_exec(s->db, "BEGIN; SELECT count(*) FROM checkpoint WHERE id = 0", e);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* Borrowed, not copied: entries outlive the statement that they are bound to, and there are many. */
static void bind_still(struct store_stmt *q, struct str v)
{
    if (v.n > INT32_MAX || sqlite3_bind_text(q->stmt, ++q->bound, v.p ? v.p : "", (int)v.n, SQLITE_STATIC) != SQLITE_OK)
        q->failed = true;
}

static void bind_still_bytes(struct store_stmt *q, struct str v)
{
    if (v.n > INT32_MAX || sqlite3_bind_blob(q->stmt, ++q->bound, v.p ? v.p : "", (int)v.n, SQLITE_STATIC) != SQLITE_OK)
        q->failed = true;
}

static void bind_entry(struct store_stmt *q, const struct store_audit *x)
{
    store_bind_i64(q, x->id);
    store_bind_i64(q, x->at_us);
    bind_still(q, x->kind);
    bind_still(q, x->principal);
    bind_still(q, x->roles);
    bind_still(q, x->purpose);
    bind_still(q, x->what);
    bind_still(q, x->sql_shape);
    bind_still(q, x->verdict);
    bind_still(q, x->detail);
    bind_still_bytes(q, x->salt);
    bind_still_bytes(q, x->detail_hash);
    bind_still(q, x->person);
    store_bind_i64(q, x->rows);
    store_bind_i64(q, x->bytes);
    store_bind_i64(q, x->elapsed_us);
    store_bind_i64(q, x->quiet);
    bind_still_bytes(q, x->hash);
    store_bind_i64(q, x->signed_id);
}

/* With the lock of `s` held by a statement of it: ends a transaction that failed half-way. */
static void roll_back(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

static bool add_checkpoint(struct store *s, const struct store_checkpoint *c, struct err *e)
{
    struct store_stmt q = {.s = s, .e = e};
    bool ok = sqlite3_prepare_v2(s->db, "INSERT INTO checkpoint (id, at_us, hash, signature) VALUES (?, ?, ?, ?)", -1, &q.stmt,
                                 NULL) == SQLITE_OK;
    if (ok) {
        store_bind_i64(&q, c->id);
        store_bind_i64(&q, c->at_us);
        store_bind_bytes(&q, c->hash);
        store_bind_bytes(&q, c->signature);
        ok = store_step(&q);
    }
    if (!ok)
        store_fail(s->db, e);
    sqlite3_finalize(q.stmt);
    return ok;
}

bool store_audit_append(struct store *s, const struct store_audit *v, size_t n, const struct store_checkpoint *c, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(
            &q, s,
            "INSERT INTO entry (id, at_us, kind, principal, roles, purpose, what, sql_shape, verdict, detail, salt, detail_hash,"
            " person, rows_, bytes, elapsed_us, quiet, hash, signed_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            e))
        return false;
    bool ok = store_exec(s->db, "BEGIN IMMEDIATE", e);
    for (size_t i = 0; i < n && ok; i++) {
        bind_entry(&q, &v[i]);
        ok = store_step(&q) || store_fail(s->db, e);
    }
    ok = ok && (!c || add_checkpoint(s, c, e)) && store_exec(s->db, "COMMIT", e);
    sqlite3_reset(q.stmt);
    roll_back(s);
    q.failed = false; /* e says it already, or nothing failed */
    return store_end(&q) && ok;
}

/* ---- reading ---- */

#define ENTRY_COLUMNS                                                                                                           \
    "e.id, e.at_us, e.kind, e.principal, e.roles, e.purpose, e.what, e.sql_shape, e.verdict, e.detail, e.salt, e.detail_hash, " \
    "e.person,"                                                                                                                 \
    " e.rows_, e.bytes, e.elapsed_us, e.quiet, e.hash"
enum { ENTRY_COLUMN_COUNT = 19 };

/* Behind ENTRY_COLUMNS. A file that is only read may be a copy from before there was this column. */
static const char *signed_column(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    bool there = sqlite3_table_column_metadata(s->db, NULL, "entry", "signed_id", NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
    pthread_mutex_unlock(&s->lock);
    return there ? ", e.signed_id" : ", -1";
}

static struct str col(const struct store_stmt *q, int c)
{
    const char *p = sqlite3_column_blob(q->stmt, c);
    return (struct str){p ? p : "", (size_t)sqlite3_column_bytes(q->stmt, c)};
}

static struct store_audit read_entry(const struct store_stmt *q)
{
    return (struct store_audit){.id = store_col_i64(q, 0),
                                .at_us = store_col_i64(q, 1),
                                .kind = col(q, 2),
                                .principal = col(q, 3),
                                .roles = col(q, 4),
                                .purpose = col(q, 5),
                                .what = col(q, 6),
                                .sql_shape = col(q, 7),
                                .verdict = col(q, 8),
                                .detail = col(q, 9),
                                .salt = col(q, 10),
                                .detail_hash = col(q, 11),
                                .person = col(q, 12),
                                .rows = store_col_i64(q, 13),
                                .bytes = store_col_i64(q, 14),
                                .elapsed_us = store_col_i64(q, 15),
                                .quiet = store_col_i64(q, 16) != 0,
                                .hash = col(q, 17),
                                .signed_id = store_col_i64(q, 18)};
}

static void keep_texts(struct store_audit *x, struct arena *a)
{
    struct str *texts[] = {&x->kind,    &x->principal, &x->roles, &x->purpose,     &x->what,   &x->sql_shape,
                           &x->verdict, &x->detail,    &x->salt,  &x->detail_hash, &x->person, &x->hash};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(a, *texts[i]);
}

static struct store_checkpoint read_checkpoint(const struct store_stmt *q, int first)
{
    return (struct store_checkpoint){store_col_i64(q, first), store_col_i64(q, first + 1), col(q, first + 2), col(q, first + 3)};
}

bool store_audit_each(struct store *s, int64_t after_id, store_audit_row_fn row, void *ctx, struct err *e)
{
    struct store_stmt q;
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT " ENTRY_COLUMNS "%s, c.id, c.at_us, c.hash, c.signature FROM entry e LEFT JOIN checkpoint c ON c.id = e.id"
             " WHERE e.id > ? ORDER BY e.id",
             signed_column(s));
    if (!store_begin(&q, s, sql, e))
        return false;
    store_bind_i64(&q, after_id);
    while (store_row(&q)) {
        struct store_audit x = read_entry(&q);
        struct store_checkpoint c = read_checkpoint(&q, ENTRY_COLUMN_COUNT);
        if (!row(ctx, &x, &c))
            break;
    }
    return store_end(&q);
}

bool store_audit_newest(struct store *s, struct arena *a, struct store_audit *out, struct err *e)
{
    struct store_stmt q;
    *out = (struct store_audit){0};
    if (!store_begin(&q, s, "SELECT id, at_us, hash FROM entry ORDER BY id DESC LIMIT 1", e))
        return false;
    if (store_row(&q))
        *out = (struct store_audit){.id = store_col_i64(&q, 0), .at_us = store_col_i64(&q, 1), .hash = arena_str(a, col(&q, 2))};
    return store_end(&q);
}

bool store_checkpoint_newest(struct store *s, struct arena *a, int64_t to_id, int64_t before_us, struct store_checkpoint *out,
                             struct err *e)
{
    struct store_stmt q;
    *out = (struct store_checkpoint){0};
    if (!store_begin(
            &q, s, "SELECT id, at_us, hash, signature FROM checkpoint WHERE id <= ?1 AND at_us < ?2 ORDER BY id DESC LIMIT 1", e))
        return false;
    store_bind_i64(&q, to_id);
    store_bind_i64(&q, before_us);
    if (store_row(&q)) {
        *out = read_checkpoint(&q, 0);
        out->hash = arena_str(a, out->hash);
        out->signature = arena_str(a, out->signature);
    }
    return store_end(&q);
}

bool store_checkpoint_alone(struct store *s, struct arena *a, struct store_checkpoint **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    *out = NULL;
    if (!store_begin(
            &q, s,
            "SELECT id, at_us, hash, signature, count(*) OVER () FROM checkpoint c WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE"
            " e.id = c.id) ORDER BY id",
            e))
        return false;
    while (store_row(&q)) {
        if (*n == 0)
            *out = arena_array(a, (size_t)store_col_i64(&q, 4), sizeof **out);
        struct store_checkpoint c = read_checkpoint(&q, 0);
        c.hash = arena_str(a, c.hash);
        c.signature = arena_str(a, c.signature);
        (*out)[(*n)++] = c;
    }
    return store_end(&q);
}

bool store_audit_cut(struct store *s, int64_t to_id, int64_t *n, struct err *e)
{
    char sql[192];
    struct store_stmt q;
    *n = 0;
    if (!store_begin(&q, s, "SELECT count(*) FROM entry WHERE id <= ?", e))
        return false;
    store_bind_i64(&q, to_id);
    if (store_row(&q))
        *n = store_col_i64(&q, 0);
    sqlite3_reset(q.stmt);
    snprintf(sql, sizeof sql,
             "BEGIN IMMEDIATE; DELETE FROM entry WHERE id <= %lld; DELETE FROM checkpoint WHERE id < %lld; COMMIT",
             (long long)to_id, (long long)to_id);
    bool ok = !q.failed && store_exec(s->db, sql, e);
    roll_back(s);
    return store_end(&q) && ok;
}

/* ---- asking ---- */

enum { BINDS_MAX = 32, PERSONS_MAX = 20 };
struct binds {
    struct {
        struct str text;
        int64_t number;
        bool is_text;
    } v[BINDS_MAX];
    size_t n;
};

static void where_text(struct buf *sql, struct binds *b, const char *condition, struct str text)
{
    if (!text.n)
        return;
    buf_addz(sql, condition);
    b->v[b->n].text = text;
    b->v[b->n++].is_text = true;
}

static void where_number(struct buf *sql, struct binds *b, const char *condition, int64_t number)
{
    if (!number)
        return;
    buf_addz(sql, condition);
    b->v[b->n++].number = number;
}

bool store_audit_find(struct store *s, struct arena *a, const struct store_audit_ask *ask, struct store_audit **out, size_t *n,
                      struct err *e)
{
    struct store_stmt q;
    struct binds b = {.n = 0};
    struct buf sql = BUF_INIT((size_t)64 << 10);
    *n = 0;
    *out = NULL;
    if (ask->n_persons > PERSONS_MAX)
        return err_set(e, E_TOO_LARGE, "more than %d people at once", PERSONS_MAX);
    buf_printf(&sql, "SELECT " ENTRY_COLUMNS "%s FROM entry e WHERE true", signed_column(s));
    where_text(&sql, &b, " AND kind = ?", ask->kind);
    where_text(&sql, &b, " AND principal = ?", ask->principal);
    where_text(&sql, &b, " AND purpose = ?", ask->purpose);
    if (ask->what.n) {
        where_text(&sql, &b, " AND (what = ?", ask->what);
        where_text(&sql, &b, " OR instr(',' || what || ',', ',' || ? || ',') > 0", ask->what);
        where_text(&sql, &b, " OR instr(',' || what || ',', ',' || ? || ',') > 0", ask->what_bare);
        where_text(&sql, &b, " OR instr(what, ? || ': ') = 1", ask->what_bare.n ? ask->what_bare : ask->what);
        where_text(&sql, &b, " OR instr(',' || what, ',' || ? || '_v') > 0)", ask->what);
    }
    where_text(&sql, &b,
               " AND instr(lower(sql_shape || ' ' || detail || ' ' || what || ' ' || principal || ' ' || roles), lower(?)) > 0",
               ask->text);
    where_number(&sql, &b, " AND at_us >= ?", ask->from_us);
    where_number(&sql, &b, " AND at_us < ?", ask->to_us);
    where_number(&sql, &b, " AND id < ?", ask->before_id);
    if (ask->any_person) {
        buf_addz(&sql, " AND person IN (''");
        for (size_t i = 0; i < ask->n_persons; i++)
            where_text(&sql, &b, ", ?", ask->persons[i]);
        buf_addz(&sql, ") AND person <> ''");
    }
    buf_addz(&sql, ask->refused ? " AND verdict <> 'ok'" : "");
    buf_addz(&sql, ask->quiet ? "" : " AND quiet = 0");
    buf_addz(&sql, " ORDER BY id DESC");
    where_number(&sql, &b, " LIMIT ?", ask->limit < INT32_MAX ? (int64_t)ask->limit : INT32_MAX);
    bool ok = buf_ok(&sql, e) && store_begin(&q, s, buf_z(&sql), e);
    buf_fini(&sql);
    if (!ok)
        return false;
    for (size_t i = 0; i < b.n; i++) {
        if (b.v[i].is_text)
            store_bind_str(&q, b.v[i].text);
        else
            store_bind_i64(&q, b.v[i].number);
    }
    for (size_t cap = 0; store_row(&q);) {
        if (*n == cap) {
            struct store_audit *old = *out;
            *out = arena_array(a, cap = cap ? cap * 2 : 64, sizeof **out);
            if (*n)
                memcpy(*out, old, *n * sizeof **out);
        }
        (*out)[*n] = read_entry(&q);
        keep_texts(&(*out)[(*n)++], a);
    }
    return store_end(&q);
}

/* ---- people ---- */

bool store_audit_key(struct store *s, struct arena *a, struct str lookup, struct str *key, struct err *e)
{
    struct store_stmt q;
    *key = STR("");
    if (!store_begin(&q, s, "SELECT key FROM person_key WHERE lookup = ?", e))
        return false;
    store_bind_bytes(&q, lookup);
    if (store_row(&q))
        *key = arena_str(a, col(&q, 0));
    return store_end(&q);
}

bool store_audit_key_add(struct store *s, struct str lookup, struct str key, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "INSERT INTO person_key (lookup, key) VALUES (?, ?)", e))
        return false;
    store_bind_bytes(&q, lookup);
    store_bind_bytes(&q, key);
    if (!store_step(&q))
        q.failed = true;
    return store_end(&q);
}

bool store_audit_texts(struct store *s, struct str person, int64_t *n, struct err *e)
{
    struct store_stmt q;
    *n = 0;
    if (!store_begin(&q, s, "SELECT count(*) FROM entry WHERE person = ? AND person <> '' AND length(salt) > 0", e))
        return false;
    store_bind_str(&q, person);
    if (store_row(&q))
        *n = store_col_i64(&q, 0);
    return store_end(&q);
}

static bool forget_rows(struct store *s, struct str lookup, struct str person, struct err *e)
{
    struct store_stmt q;
    if (!store_begin(&q, s, "UPDATE entry SET detail = '', salt = x'' WHERE person = ? AND person <> ''", e))
        return false;
    bool ok = store_exec(s->db, "BEGIN IMMEDIATE", e);
    store_bind_str(&q, person);
    ok = ok && (store_step(&q) || store_fail(s->db, e));
    sqlite3_stmt *key = NULL;
    ok = ok && sqlite3_prepare_v2(s->db, "DELETE FROM person_key WHERE lookup = ?", -1, &key, NULL) == SQLITE_OK &&
         sqlite3_bind_blob(key, 1, lookup.p, (int)lookup.n, SQLITE_TRANSIENT) == SQLITE_OK;
    ok = (ok && sqlite3_step(key) == SQLITE_DONE) || store_fail(s->db, e);
    sqlite3_finalize(key);
    ok = ok && store_exec(s->db, "COMMIT", e);
    sqlite3_reset(q.stmt);
    roll_back(s);
    q.failed = false;
    return store_end(&q) && ok;
}

bool store_audit_forget(struct store *s, struct str lookup, struct str person, struct err *e)
{
    if (!forget_rows(s, lookup, person, e))
        return false;
    fault_crash_point("audit_forgotten");
    return store_empty_log(s, e);
}
