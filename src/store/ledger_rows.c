/* Lines of the ledger: files that were loaded, versions of ports. Always on the caller's connection, in its transaction. */
#include "store/ledger.h"

#include "base/mem.h"

static struct engine_param text(struct str s)
{
    return (struct engine_param){.type = ENGINE_TEXT, .null = s.p == NULL, .s = s};
}

static struct engine_param number(int64_t i)
{
    return (struct engine_param){.type = ENGINE_INT, .i = i};
}

static struct engine_param number_or_null(int64_t i, bool has)
{
    return (struct engine_param){.type = ENGINE_INT, .null = !has, .i = i};
}

/* A statement whose rows, if any, do not matter. */
static bool run(struct engine_conn *c, struct str sql, const struct engine_param *p, size_t n, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *chunk;
    if (!engine_query(c, sql, p, n, &r, e))
        return false;
    bool ok;
    do
        ok = engine_result_next(r, &chunk, e);
    while (ok && chunk);
    engine_result_close(r);
    return ok;
}

bool ledger_file_add(struct engine_conn *c, const struct ledger_file *f, struct err *e)
{
    const struct engine_param p[] = {number(f->file_id),
                                     text(f->stream),
                                     text(f->path),
                                     text(f->sha256),
                                     number(f->size_bytes),
                                     text(f->format),
                                     number(f->rows_loaded),
                                     number(f->rows_quarantined),
                                     number_or_null(f->day_from, f->has_days),
                                     number_or_null(f->day_to, f->has_days),
                                     number(f->learned_at_us),
                                     number(f->replaced_rows)};
    return run(
        c,
        STR("INSERT INTO mesh.sys.file_load (file_id, stream, path, sha256, size_bytes, format, rows_loaded, rows_quarantined, "
            "day_from,"
            " day_to, learned_at, replaced_rows) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, DATE '1970-01-01' + CAST($9 AS INTEGER),"
            " DATE '1970-01-01' + CAST($10 AS INTEGER), make_timestamp(CAST($11 AS BIGINT)), $12)"),
        p, sizeof p / sizeof *p, e);
}

bool ledger_file_move(struct engine_conn *c, int64_t file_id, struct str path, struct err *e)
{
    const struct engine_param p[] = {number(file_id), text(path)};
    return run(c, STR("UPDATE mesh.sys.file_load SET path = $2 WHERE file_id = $1"), p, 2, e);
}

bool ledger_file_supersede(struct engine_conn *c, int64_t file_id, int64_t at_us, struct err *e)
{
    const struct engine_param p[] = {number(file_id), number(at_us)};
    return run(c,
               STR("UPDATE mesh.sys.file_load SET superseded_at = make_timestamp(CAST($2 AS BIGINT)) WHERE file_id = $1 AND "
                   "superseded_at IS NULL"),
               p, 2, e);
}

/* ---- Reading: rows go into a growing array first, then into the arena. ---- */

struct rows {
    char *v;
    size_t n, cap, size;
};

static void *rows_add(struct rows *r)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 64;
        r->v = mem_realloc(r->v, r->cap * r->size);
    }
    return r->v + r->size * r->n++;
}

typedef void (*read_row_fn)(const struct engine_chunk *ch, size_t row, struct arena *a, void *into);

static bool read_rows(struct engine_conn *c, struct str sql, const struct engine_param *p, size_t n_params, size_t size,
                      read_row_fn read, struct arena *a, void **out, size_t *n, struct err *e)
{
    struct rows rows = {.size = size};
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool ok = engine_query(c, sql, p, n_params, &r, e);
    *out = NULL;
    *n = 0;
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++)
            read(ch, row, a, rows_add(&rows));
    engine_result_close(r);
    if (ok && rows.n) {
        *out = arena_array(a, rows.n, size);
        memcpy(*out, rows.v, rows.n * size);
        *n = rows.n;
    }
    mem_free(rows.v);
    return ok;
}

static struct str cell(const struct engine_chunk *ch, size_t col, size_t row, struct arena *a)
{
    return engine_cell_null(ch, col, row) ? (struct str){NULL, 0} : arena_str(a, engine_cell_str(ch, col, row));
}

static int64_t cell_int(const struct engine_chunk *ch, size_t col, size_t row)
{
    return engine_cell_null(ch, col, row) ? 0 : engine_cell_i64(ch, col, row);
}

static void read_file(const struct engine_chunk *ch, size_t row, struct arena *a, void *into)
{
    struct ledger_file *f = into;
    *f = (struct ledger_file){.file_id = cell_int(ch, 0, row),
                              .stream = cell(ch, 1, row, a),
                              .path = cell(ch, 2, row, a),
                              .sha256 = cell(ch, 3, row, a),
                              .format = cell(ch, 4, row, a),
                              .size_bytes = cell_int(ch, 5, row),
                              .rows_loaded = cell_int(ch, 6, row),
                              .rows_quarantined = cell_int(ch, 7, row),
                              .replaced_rows = cell_int(ch, 8, row),
                              .learned_at_us = cell_int(ch, 9, row),
                              .day_from = (int32_t)cell_int(ch, 10, row),
                              .day_to = (int32_t)cell_int(ch, 11, row),
                              .has_days = !engine_cell_null(ch, 10, row),
                              .superseded = !engine_cell_null(ch, 12, row)};
}

bool ledger_files(struct engine_conn *c, struct arena *a, struct str stream, struct ledger_file **out, size_t *n, struct err *e)
{
    const struct engine_param p[] = {{.type = ENGINE_TEXT, .s = stream.p ? stream : STR("")}};
    void *v;
    bool ok = read_rows(
        c,
        STR("SELECT file_id, stream, path, sha256, format, size_bytes, rows_loaded, rows_quarantined, replaced_rows, learned_at,"
            " day_from, day_to, superseded_at FROM mesh.sys.file_load WHERE $1 = '' OR stream = $1 ORDER BY file_id DESC"),
        p, 1, sizeof **out, read_file, a, &v, n, e);
    *out = v;
    return ok;
}

bool ledger_version_add(struct engine_conn *c, const struct ledger_version *v, struct err *e)
{
    const struct engine_param p[] = {
        number(v->version_id), text(v->port),          text(v->fingerprint), text(v->table_name),
        number(v->rows),       number(v->built_at_us), number(v->run_id),    {.type = ENGINE_BOOL, .i = v->live},
        text(v->data_from),    text(v->data_to)};
    return run(c,
               STR("INSERT INTO mesh.sys.port_version (version_id, port, fingerprint, table_name, rows, built_at, run_id, live, "
                   "data_from, data_to)"
                   " VALUES ($1, $2, $3, $4, $5, make_timestamp(CAST($6 AS BIGINT)), $7, $8, $9, $10)"),
               p, sizeof p / sizeof *p, e);
}

bool ledger_version_go_live(struct engine_conn *c, struct str port, int64_t version_id, struct err *e)
{
    const struct engine_param p[] = {number(version_id), text(port)};
    return run(c, STR("UPDATE mesh.sys.port_version SET live = (version_id = $1) WHERE port = $2 AND (live OR version_id = $1)"),
               p, 2, e);
}

static void read_version(const struct engine_chunk *ch, size_t row, struct arena *a, void *into)
{
    struct ledger_version *v = into;
    *v = (struct ledger_version){.version_id = cell_int(ch, 0, row),
                                 .port = cell(ch, 1, row, a),
                                 .fingerprint = cell(ch, 2, row, a),
                                 .table_name = cell(ch, 3, row, a),
                                 .rows = cell_int(ch, 4, row),
                                 .built_at_us = cell_int(ch, 5, row),
                                 .run_id = cell_int(ch, 6, row),
                                 .live = cell_int(ch, 7, row) != 0,
                                 .data_from = cell(ch, 8, row, a),
                                 .data_to = cell(ch, 9, row, a)};
}

#define VERSION_COLUMNS "SELECT version_id, port, fingerprint, table_name, rows, built_at, run_id, live, data_from, data_to "

bool ledger_versions_live(struct engine_conn *c, struct arena *a, struct ledger_version **out, size_t *n, struct err *e)
{
    void *v;
    bool ok = read_rows(c, STR(VERSION_COLUMNS "FROM mesh.sys.port_version WHERE live ORDER BY port"), NULL, 0, sizeof **out,
                        read_version, a, &v, n, e);
    *out = v;
    return ok;
}

bool ledger_versions_garbage(struct engine_conn *c, struct arena *a, struct ledger_version **out, size_t *n, struct err *e)
{
    void *v;
    bool ok = read_rows(c,
                        STR(VERSION_COLUMNS
                            "FROM (SELECT *, row_number() OVER (PARTITION BY port, live ORDER BY version_id DESC) AS nth,"
                            " bool_or(live) OVER (PARTITION BY port) AS served FROM mesh.sys.port_version)"
                            " WHERE NOT live AND (nth > 1 OR NOT served) ORDER BY version_id"),
                        NULL, 0, sizeof **out, read_version, a, &v, n, e);
    *out = v;
    return ok;
}

bool ledger_version_forget(struct engine_conn *c, int64_t version_id, struct err *e)
{
    const struct engine_param p[] = {number(version_id)};
    return run(c, STR("DELETE FROM mesh.sys.port_version WHERE version_id = $1"), p, 1, e);
}
