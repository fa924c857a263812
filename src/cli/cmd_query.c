/* trellis query: SQL through the gate, as a table, CSV or JSON. Rows come as lines of JSON whether the mesh is open in
 * this process or in a server; numbers are passed on as they were written. */
#include "cli/api.h"
#include "cli/table.h"

#include <unistd.h>

#include "base/json.h"
#include "serve/put.h"

enum { TABLE_ROWS = 10000, SQL_MAX_BYTES = 1 << 20, OUT_BYTES = 64 << 20 };
enum form { FORM_TABLE, FORM_CSV, FORM_JSON };

struct showing {
    struct cli *c;
    enum form form;
    struct table table;
    struct buf out;
    struct str *names; /* in c->arena */
    size_t n_cols;
    int64_t rows;
    bool begun, ended, truncated;
    struct err e;
};

static bool is_number(struct str type)
{
    static const char *const words[] = {"TINYINT",   "SMALLINT", "INTEGER", "BIGINT",   "HUGEINT", "UTINYINT",
                                        "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT",   "DOUBLE"};
    if (str_starts(type, STR("DECIMAL")))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(type, str_of(words[i])))
            return true;
    return false;
}

static void flush_out(struct showing *s, size_t above)
{
    if (s->out.n <= above)
        return;
    cli_print(&s->out);
    buf_reset(&s->out);
}

static void begin(struct showing *s, yyjson_val *columns)
{
    size_t i, max;
    yyjson_val *col;
    s->n_cols = yyjson_arr_size(columns);
    s->names = arena_array(&s->c->arena, s->n_cols + 1, sizeof *s->names);
    if (s->form == FORM_TABLE)
        table_init(&s->table, s->c, s->n_cols);
    yyjson_arr_foreach(columns, i, max, col)
    {
        s->names[i] = arena_str(&s->c->arena, json_str(col, "name"));
        if (s->form == FORM_TABLE) {
            table_head(&s->table, i, s->names[i], is_number(json_str(col, "type")));
        } else if (s->form == FORM_CSV) {
            if (i)
                buf_addc(&s->out, ',');
            buf_csv_cell(&s->out, s->names[i]);
        }
    }
    if (s->form == FORM_CSV)
        buf_addz(&s->out, "\r\n");
    if (s->form == FORM_JSON)
        buf_addc(&s->out, '[');
    s->begun = true;
}

/* The text of a value: a string's own, anything else as JSON has it. Owned when *owned is set. */
static struct str text_of(yyjson_val *v, char **owned)
{
    *owned = NULL;
    if (yyjson_is_str(v))
        return (struct str){yyjson_get_str(v), yyjson_get_len(v)};
    if (yyjson_is_raw(v))
        return (struct str){yyjson_get_raw(v), yyjson_get_len(v)};
    size_t n = 0;
    *owned = yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n);
    return (struct str){*owned ? *owned : "", n};
}

static void put_json_value(struct buf *b, yyjson_val *v)
{
    char *owned;
    struct str s = text_of(v, &owned);
    if (yyjson_is_str(v))
        buf_json_str(b, s);
    else
        buf_add(b, s);
    free(owned); /* banned-ok: yyjson's own allocation */
}

static void show_row(struct showing *s, yyjson_val *row)
{
    size_t i, max;
    yyjson_val *v;
    if (s->form == FORM_JSON)
        buf_addz(&s->out, s->rows ? ",\n{" : "\n{");
    yyjson_arr_foreach(row, i, max, v)
    {
        char *owned = NULL;
        if (s->form == FORM_TABLE) {
            bool null = yyjson_is_null(v);
            table_cell(&s->table, null ? STR("NULL") : text_of(v, &owned), null);
        } else if (s->form == FORM_CSV) {
            if (i)
                buf_addc(&s->out, ',');
            if (!yyjson_is_null(v))
                buf_csv_cell(&s->out, text_of(v, &owned));
        } else {
            if (i)
                buf_addc(&s->out, ',');
            buf_json_str(&s->out, s->names[i]);
            buf_addc(&s->out, ':');
            put_json_value(&s->out, v);
        }
        free(owned); /* banned-ok: yyjson's own allocation */
    }
    if (s->form == FORM_JSON)
        buf_addc(&s->out, '}');
    if (s->form == FORM_CSV)
        buf_addz(&s->out, "\r\n");
    s->rows++;
    flush_out(s, 64 << 10);
}

static bool take_line(void *ctx, struct str line)
{
    struct showing *s = ctx;
    yyjson_doc *doc = yyjson_read(line.p, line.n, YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    if (yyjson_is_arr(root)) {
        show_row(s, root);
    } else if (yyjson_obj_get(root, "columns")) {
        begin(s, yyjson_obj_get(root, "columns"));
    } else if (yyjson_obj_get(root, "error")) {
        api_err(yyjson_obj_get(root, "error"), &s->e);
    } else if (root) {
        s->truncated = yyjson_get_bool(yyjson_obj_get(root, "truncated"));
        s->ended = true;
    }
    yyjson_doc_free(doc);
    return root != NULL;
}

static void end(struct showing *s)
{
    if (s->form == FORM_TABLE && s->begun)
        table_print(&s->table);
    if (s->form == FORM_JSON)
        buf_addz(&s->out, s->rows ? "\n]\n" : "]\n");
    flush_out(s, 0);
    if (s->form == FORM_TABLE && !s->c->quiet)
        fprintf(stderr, "%s%lld row%s%s%s\n", cli_paint(s->c->color_err, "dim"), (long long)s->rows, s->rows == 1 ? "" : "s",
                s->truncated ? "; there are more (--limit N)" : "", cli_paint(s->c->color_err, ""));
    else if (s->truncated)
        fprintf(stderr, "warning: cut after %lld rows (--limit N)\n", (long long)s->rows);
}

/* ---- the request ---- */
static bool read_form(struct cli *c, const struct cli_args *args, enum form *out, struct err *e)
{
    static const char *const names[] = {[FORM_TABLE] = "table", [FORM_CSV] = "csv", [FORM_JSON] = "json"};
    const char *given = cli_opt(args, "--format");
    *out = c->json ? FORM_JSON : FORM_TABLE;
    for (size_t i = 0; given && i < 3; i++)
        if (strcmp(given, names[i]) == 0) {
            *out = (enum form)i;
            return true;
        }
    return !given || err_set(e, E_USAGE, "--format is one of table, csv, json; not '%s'", given);
}

static bool read_sql(struct cli *c, const char *word, struct str *sql, struct err *e)
{
    *sql = str_of(word);
    if (strcmp(word, "-") != 0)
        return true;
    struct buf b = BUF_INIT((size_t)SQL_MAX_BYTES);
    char room[8192];
    ssize_t n;
    while ((n = read(STDIN_FILENO, room, sizeof room)) > 0)
        buf_add(&b, (struct str){room, (size_t)n});
    bool good = buf_ok(&b, e);
    *sql = good ? arena_str(&c->arena, buf_str(&b)) : STR("");
    buf_fini(&b);
    return good;
}

static bool make_request(struct cli *c, const struct cli_args *args, enum form form, struct str sql, struct buf *b, struct err *e)
{
    int64_t limit, timeout_s;
    const char *as_of = cli_opt(args, "--as-of");
    (void)c;
    if (!cli_int(args, "--limit", form == FORM_TABLE ? TABLE_ROWS : INT64_MAX / 2, 1, INT64_MAX / 2, &limit, e) ||
        !cli_int(args, "--timeout", 600, 1, 86400, &timeout_s, e))
        return false;
    if (as_of && !*as_of) { /* an unset variable of a script must not pass for "now" */
        err_set(e, E_USAGE, "--as-of is empty");
        err_hint(e, "write a day, YYYY-MM-DD, or leave the option out");
        return false;
    }
    put_open(b, NULL, '{');
    put_str(b, "sql", sql);
    put_str(b, "format", STR("ndjson"));
    put_int(b, "limit", limit);
    put_int(b, "timeout_ms", timeout_s * 1000);
    if (as_of)
        put_str(b, "as_of", str_of(as_of));
    put_close(b, '}');
    return buf_ok(b, e);
}

int cmd_query(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir, sql = STR("");
    struct showing s = {.c = c, .out = BUF_INIT((size_t)OUT_BYTES)};
    struct buf body = BUF_INIT((size_t)SQL_MAX_BYTES * 8);
    struct lines lines = {.line = take_line, .ctx = &s};
    int code = 0;
    bool good = read_form(c, args, &s.form, &e);
    if (good && s.form == FORM_JSON)
        c->json = true;
    good = good && read_sql(c, args->words[0], &sql, &e) && make_request(c, args, s.form, sql, &body, &e) &&
           cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
           api_stream(api, VERB_POST, "/api/v1/query", buf_str(&body), lines_data, &lines, &e);
    good = good && lines_end(&lines);
    if (good && s.e.code != E_OK) {
        e = s.e; /* it broke off on the way */
        good = false;
    } else if (good && !s.ended) {
        good = err_set(&e, E_IO, "the rows broke off before their end");
    }
    if (good)
        end(&s);
    else if (s.begun)
        flush_out(&s, 0);
    if (!good)
        code = es.n_errors ? cli_fail_all(c, &es, &e) : cli_fail_sql(c, &e, sql);
    if (s.form == FORM_TABLE && s.begun)
        table_fini(&s.table);
    buf_fini(&s.out);
    buf_fini(&body);
    buf_fini(&lines.rest);
    errs_fini(&es);
    api_close(api);
    return code;
}
