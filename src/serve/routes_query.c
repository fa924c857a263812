/* Rows, asked in SQL or of one port: always through govern_query, always streamed from the engine's chunks. */
#include "serve/put.h"
#include "serve/routes.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "govern/audit.h"
#include "sql/sql.h"

enum { PARAMS_MAX = 200, LIMIT_MAX = 1000000, ROWS_LIMIT = 1000, ROW_BYTES_MAX = 64 << 20, TIMEOUT_MAX_MS = 120000 };

enum rows_form { ROWS_JSON, ROWS_CSV, ROWS_NDJSON };
static const struct {
    const char *name, *type;
} forms[] = {
    [ROWS_JSON] = {"json", "application/json; charset=utf-8"},
    [ROWS_CSV] = {"csv", "text/csv; charset=utf-8"},
    [ROWS_NDJSON] = {"ndjson", "application/x-ndjson"},
};

static bool find_form(struct str name, enum rows_form *out, struct err *e)
{
    *out = ROWS_JSON;
    for (size_t i = 0; name.n && i < sizeof forms / sizeof *forms; i++)
        if (str_eq(name, str_of(forms[i].name))) {
            *out = (enum rows_form)i;
            return true;
        }
    return name.n == 0 || err_set(e, E_USAGE, "format is one of json, csv, ndjson; not %.*s", STR_FMT(name));
}

/* ---- writing rows ---- */
static void put_columns(struct buf *b, const struct engine_column *cols, size_t n)
{
    put_open(b, "columns", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", cols[i].name);
        put_str(b, "type", cols[i].type_name);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void write_prologue(struct buf *b, enum rows_form form, const struct engine_column *cols, size_t n)
{
    switch (form) {
    case ROWS_JSON:
        put_open(b, NULL, '{');
        put_columns(b, cols, n);
        buf_addz(b, ",\"rows\":[");
        break;
    case ROWS_NDJSON:
        put_open(b, NULL, '{');
        put_columns(b, cols, n);
        buf_addz(b, "}\n");
        break;
    case ROWS_CSV:
        for (size_t i = 0; i < n; i++) {
            if (i)
                buf_addc(b, ',');
            buf_csv_cell(b, cols[i].name);
        }
        buf_addz(b, "\r\n");
        break;
    }
}

static void write_row(struct buf *b, struct buf *cell, enum rows_form form, const struct engine_chunk *ch, size_t row, size_t n)
{
    if (form == ROWS_CSV) {
        for (size_t i = 0; i < n; i++) {
            if (i)
                buf_addc(b, ',');
            buf_reset(cell);
            engine_cell_text(ch, i, row, cell);
            buf_csv_cell(b, buf_str(cell));
        }
        buf_addz(b, "\r\n");
        return;
    }
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_addc(b, ',');
        engine_cell_json(ch, i, row, b);
    }
    buf_addz(b, form == ROWS_NDJSON ? "]\n" : "]");
}

static void write_epilogue(struct buf *b, enum rows_form form, int64_t rows, bool truncated, int64_t elapsed_ms,
                           const struct err *e)
{
    if (form == ROWS_CSV)
        return;
    if (form == ROWS_JSON)
        buf_addz(b, "],");
    else
        buf_addc(b, '{');
    if (e) {
        buf_addz(b, "\"error\":");
        err_json(e, b);
    } else {
        buf_printf(b, "\"row_count\":%lld,\"truncated\":%s,\"elapsed_ms\":%lld", (long long)rows, truncated ? "true" : "false",
                   (long long)elapsed_ms);
    }
    buf_addz(b, "}\n");
}

static void call_off(void *ctx)
{
    govern_result_cancel(ctx);
}

/* From the moment on when a question can be called off, the client's leaving does so. */
static void watch(void *ctx, struct govern_result *r)
{
    http_reply_on_gone(ctx, r ? call_off : NULL, r);
}

/* A file that leaves the program: on the record before its first row does. */
static bool told(struct call *c, const struct govern_request *q, struct err *e)
{
    const struct audit_entry x = {.kind = AUDIT_EXPORT, .purpose = q->purpose.n ? q->purpose : STR("analytics"), .what = STR("rows as CSV"), .sql_shape = sql_shape(c->a, q->sql)};
    return call_audit(c, &x, e);
}

/* The first chunk is awaited before the answer begins, so that most errors come with their own status. */
static bool stream_rows(struct call *c, struct govern_request *q, enum rows_form form, struct err *e)
{
    struct govern_result *res = NULL;
    struct engine_chunk *ch = NULL;
    const struct engine_column *cols;
    struct buf b = BUF_INIT((size_t)ROW_BYTES_MAX), cell = BUF_INIT((size_t)ROW_BYTES_MAX);
    int64_t started = clock_mono_us(), total = 0;
    size_t rows = 0;
    q->watch = watch;
    q->watch_ctx = c->reply;
    bool good = govern_query(c->app->govern, q, &res, e);
    if (!good)
        return false;
    size_t n = govern_result_columns(res, &cols);
    if (!govern_result_next(res, &ch, &rows, e)) {
        good = false;
        goto out;
    }
    if (form == ROWS_CSV && !told(c, q, e)) {
        good = false;
        goto out;
    }
    http_reply_begin(c->reply, 200, str_of(forms[form].type));
    write_prologue(&b, form, cols, n);
    bool failed = false;
    while (ch && !failed && !c->reply->failed) {
        for (size_t i = 0; i < rows; i++, total++) {
            if (form == ROWS_JSON && total)
                buf_addc(&b, ',');
            write_row(&b, &cell, form, ch, i, n);
            if (b.n > 16 << 10) {
                http_reply_write(c->reply, buf_str(&b));
                buf_reset(&b);
            }
        }
        failed = !buf_ok(&b, e) || !buf_ok(&cell, e) || !govern_result_next(res, &ch, &rows, e);
    }
    if (failed && !c->reply->failed)
        log_err(LOG_WARN, "serve", "rows_broke_off", e);
    if (b.failed)
        buf_reset(&b);
    write_epilogue(&b, form, total, govern_result_truncated(res), (clock_mono_us() - started) / 1000, failed ? e : NULL);
    http_reply_write(c->reply, buf_str(&b));
    if (failed && form == ROWS_CSV)
        http_reply_abort(c->reply); /* CSV has no place for an error: the client sees a stream without its end */
    else
        http_reply_end(c->reply);
out:
    http_reply_on_gone(c->reply, NULL, NULL);
    govern_result_close(res);
    buf_fini(&b);
    buf_fini(&cell);
    return good;
}

/* ---- POST /api/v1/query ---- */
static bool read_param(yyjson_val *v, size_t no, struct engine_param *out, struct err *e)
{
    *out = (struct engine_param){.type = ENGINE_TEXT};
    if (yyjson_is_null(v)) {
        out->null = true;
    } else if (yyjson_is_bool(v)) {
        out->type = ENGINE_BOOL;
        out->i = yyjson_get_bool(v);
    } else if (yyjson_is_str(v)) {
        out->s = (struct str){yyjson_get_str(v), yyjson_get_len(v)};
    } else if (yyjson_is_sint(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) <= INT64_MAX)) {
        out->type = ENGINE_INT;
        out->i = yyjson_get_sint(v);
    } else if (yyjson_is_num(v)) {
        out->type = ENGINE_DOUBLE;
        out->f = yyjson_get_num(v);
    } else {
        return err_set(e, E_USAGE, "params[%zu] must be a text, a number, a boolean or null", no);
    }
    return true;
}

static bool read_params(yyjson_val *list, struct arena *a, struct engine_param **out, size_t *n, struct err *e)
{
    *n = 0;
    *out = NULL;
    if (!list || yyjson_is_null(list))
        return true;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) > PARAMS_MAX)
        return err_set(e, E_USAGE, "params must be an array of at most %d values", PARAMS_MAX);
    *out = arena_array(a, yyjson_arr_size(list) + 1, sizeof **out);
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, max, v) if (!read_param(v, i, &(*out)[i], e)) return false;
    *n = yyjson_arr_size(list);
    return true;
}

/* Type of every member; a wrong or unknown one is an error, so that a misspelt "as_of" cannot pass for none. */
static const struct {
    const char *name;
    char kind; /* s text, i integer, a array */
} members[] = {{"sql", 's'},   {"params", 'a'}, {"as_of", 's'},     {"purpose", 's'},
               {"limit", 'i'}, {"format", 's'}, {"timeout_ms", 'i'}};

static bool check_members(yyjson_val *root, struct err *e)
{
    size_t i, max;
    yyjson_val *key, *v;
    struct str names[sizeof members / sizeof *members];
    for (size_t k = 0; k < sizeof members / sizeof *members; k++)
        names[k] = str_of(members[k].name);
    if (!yyjson_is_obj(root))
        return err_set(e, E_USAGE, "the body must be a JSON object with the member sql");
    yyjson_obj_foreach(root, i, max, key, v)
    {
        struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
        size_t k = 0;
        while (k < sizeof members / sizeof *members && !str_eq(names[k], name))
            k++;
        if (k == sizeof members / sizeof *members) {
            int near = str_nearest(name, names, k);
            err_set(e, E_USAGE, "unknown member %.*s", STR_FMT(name));
            if (near >= 0)
                err_hint(e, "did you mean %s?", members[near].name);
            return false;
        }
        bool fits = members[k].kind == 's' ? yyjson_is_str(v) : members[k].kind == 'i' ? yyjson_is_int(v) : yyjson_is_arr(v);
        if (!fits && !yyjson_is_null(v))
            return err_set(e, E_USAGE, "member %s must be %s", members[k].name,
                           members[k].kind == 's'   ? "a text"
                           : members[k].kind == 'i' ? "a whole number"
                                                    : "an array");
    }
    return true;
}

bool route_query(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    enum rows_form form = ROWS_JSON;
    bool good = doc != NULL;
    struct engine_param *params = NULL;
    size_t n_params = 0;
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    good = good && check_members(root, e) && read_params(yyjson_obj_get(root, "params"), c->a, &params, &n_params, e) &&
           find_form(json_str(root, "format"), &form, e);
    struct govern_request q = {.principal = &c->who, .params = params, .n_params = n_params};
    if (good) {
        q.sql = json_str(root, "sql");
        q.as_of = json_str(root, "as_of");
        q.purpose = json_str(root, "purpose");
        if (!q.purpose.n)
            q.purpose = call_purpose(c);
        q.row_limit = json_int(root, "limit", 0);
        q.timeout_ms = json_int(root, "timeout_ms", 0);
        if (str_trim(q.sql).n == 0)
            good = err_set(e, E_USAGE, "the member sql is missing or empty");
        else if (q.row_limit < 0 || q.timeout_ms < 0)
            good = err_set(e, E_USAGE, "limit and timeout_ms must not be negative");
        else if (!c->req->trusted && (q.row_limit > LIMIT_MAX || q.timeout_ms > TIMEOUT_MAX_MS))
            good = err_set(e, E_USAGE, "limit may be at most %d and timeout_ms at most %d", LIMIT_MAX, TIMEOUT_MAX_MS);
    }
    good = good && stream_rows(c, &q, form, e);
    yyjson_doc_free(doc);
    return good;
}

/* ---- GET /api/v1/ports/D/P/rows ---- */
bool route_rows(struct call *c, struct err *e)
{
    const struct mesh_port *p = call_port(c, e);
    int64_t limit, offset;
    enum rows_form form;
    struct str format = STR(""), as_of = STR("");
    http_query_param(c->req, c->a, "format", &format);
    http_query_param(c->req, c->a, "as_of", &as_of);
    if (!p || !call_int(c, "limit", ROWS_LIMIT, 1, LIMIT_MAX, &limit, e) || !call_int(c, "offset", 0, 0, INT64_MAX, &offset, e) ||
        !find_form(format, &form, e))
        return false;
    struct buf sql = BUF_INIT((size_t)4096);
    buf_addz(&sql, "SELECT * FROM ");
    buf_sql_ident(&sql, c->args[0]);
    buf_addc(&sql, '.');
    buf_sql_ident(&sql, c->args[1]);
    buf_printf(&sql, " LIMIT %lld OFFSET %lld", (long long)limit, (long long)offset);
    struct govern_request q = {
        .principal = &c->who, .purpose = call_purpose(c), .sql = buf_str(&sql), .as_of = as_of, .row_limit = limit};
    if (form == ROWS_CSV) {
        struct str name = arena_printf(c->a, "attachment; filename=\"%.*s.%.*s.csv\"", STR_FMT(c->args[0]), STR_FMT(c->args[1]));
        http_reply_header(c->reply, "Content-Disposition", name);
    }
    bool good = stream_rows(c, &q, form, e);
    buf_fini(&sql);
    return good;
}
