/* In the loader child: what was looked at, for the parent's proposal: types and forms by column, a sample, and what a person
 * should know. */
#include "ingest/reader.h"

static void key(struct buf *b, const char *name)
{
    buf_json_key(b, name);
}

static void texts(struct buf *b, const char *name, const struct str *v, size_t n)
{
    key(b, name);
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_addz(b, i ? "," : "");
        buf_json_str(b, v[i]);
    }
    buf_addz(b, "],");
}

struct said {
    struct buf *b;
    size_t n;
};

static void say(struct said *s, struct str message, const char *hint)
{
    buf_addz(s->b, s->n++ ? ",{" : "{");
    key(s->b, "message");
    buf_json_str(s->b, message);
    buf_addc(s->b, ',');
    key(s->b, "hint");
    buf_json_str(s->b, str_of(hint ? hint : ""));
    buf_addc(s->b, '}');
}

static void say_of_file(const struct reading *r, struct arena *a, struct said *s, const struct looks_verdict *v)
{
    const struct rows *rows = &r->rows;
    if (rows->total == 0)
        say(s, STR("there are no rows below the names of the columns"), "all columns are taken for text until rows come");
    if (rows->total_rejected)
        say(s,
            arena_printf(a, "%lld of %lld rows do not fit the table: another number of fields, an open quote, or no text",
                         (long long)rows->total_rejected, (long long)(rows->total + rows->total_rejected)),
            "they would go to quarantine with their lines. `short_rows: fill` in the stream's options takes rows that end early");
    if (rows->left_out)
        say(s,
            arena_printf(a, "%lld row%s of totals below the table %s left out", (long long)rows->left_out,
                         rows->left_out == 1 ? "" : "s", rows->left_out == 1 ? "is" : "are"),
            "`totals: keep` in the stream's options loads such rows like any other");
    if (r->header_row > 1 + (r->dialect.header_rows == 2))
        say(s, arena_printf(a, "the table begins at line %lld; what stands above it is left out", (long long)r->header_row),
            NULL);
    if (r->header_row == 0 && r->format == FORMAT_CSV)
        say(s, STR("the first line does not name the columns: it holds numbers or days"),
            "columns are called column_1, column_2 ...; `header: true` in the stream's options takes the first line for names");
    if (r->n_sheets > 1)
        say(s, arena_printf(a, "the workbook has %zu sheets; \"%.*s\" is taken", r->n_sheets, STR_FMT(r->sheet)),
            "name another one if that is wrong");
    if (v->comma_doubt)
        say(s, STR("some numbers have decimal commas, others decimal points, or the comma parts the fields, too"),
            "columns that are no numbers under one of them stay text. Export with one of them, and with semicolons between "
            "fields");
}

/* A column without a name and without a value is no column. */
static bool is_void(const struct rows_column *c, const struct column_verdict *v, const struct reading *r)
{
    return v->look == LOOK_EMPTY && !c->title.n && r->header_row > 0 && r->format != FORMAT_PARQUET;
}

static void columns(const struct reading *r, struct arena *a, struct buf *b, struct said *s, const struct column_verdict *v)
{
    size_t n_void = 0, twice = 0;
    key(b, "looked");
    buf_addc(b, '[');
    for (size_t i = 0; i < r->rows.n_cols; i++) {
        const struct rows_column *c = &r->rows.cols[i];
        bool none = is_void(c, &v[i], r);
        n_void += none;
        for (size_t k = 0; k < i; k++)
            twice += c->title.n && str_eq(c->title, r->rows.cols[k].title);
        buf_addz(b, i ? ",{" : "{");
        key(b, "title");
        buf_json_str(b, c->title);
        buf_addc(b, ',');
        key(b, "look");
        buf_json_str(b, str_of(cell_look_text(r->format == FORMAT_PARQUET ? c->look : v[i].look)));
        buf_addc(b, ',');
        key(b, "format");
        buf_json_str(b, v[i].format);
        buf_printf(b, ",\"void\":%s,\"emails\":%s}", none ? "true" : "false",
                   r->rows.seen[i].emails * 2 > r->rows.seen[i].values ? "true" : "false");
        if (v[i].doubt)
            say(s, arena_printf(a, "column \"%.*s\" %s", STR_FMT(c->name), v[i].doubt), v[i].hint);
    }
    buf_addz(b, "],");
    if (n_void)
        say(s,
            arena_printf(a, "%zu column%s without a name and without values %s left out", n_void, n_void == 1 ? "" : "s",
                         n_void == 1 ? "is" : "are"),
            NULL);
    if (twice)
        say(s,
            arena_printf(a, "%zu name%s stand%s above several columns: they are numbered", twice, twice == 1 ? "" : "s",
                         twice == 1 ? "s" : ""),
            NULL);
}

static void sample(const struct reading *r, struct buf *b)
{
    key(b, "sample");
    buf_addc(b, '[');
    for (size_t i = 0; i < r->rows.n_sample; i++) {
        buf_addz(b, i ? ",[" : "[");
        for (size_t k = 0; k < r->rows.n_cols; k++) {
            struct str s = r->rows.sample[i * r->rows.n_cols + k];
            buf_addz(b, k ? "," : "");
            if (s.p)
                buf_json_str(b, s);
            else
                buf_addz(b, "null");
        }
        buf_addc(b, ']');
    }
    buf_addz(b, "],");
}

void reading_found(const struct reading *r, struct buf *b)
{
    struct arena a;
    struct buf problems = BUF_INIT(1u << 20);
    struct said s = {.b = &problems};
    size_t n = r->rows.n_cols;
    arena_init(&a);
    struct str *names = arena_array(&a, n + 1, sizeof *names), *none = arena_array(&a, 64, sizeof *none);
    struct column_verdict *verdicts = arena_array(&a, n + 1, sizeof *verdicts);
    for (size_t i = 0; i < n; i++)
        names[i] = r->rows.cols[i].name;
    bool text = r->format == FORMAT_CSV;
    char fixed = r->job.decimal.n ? r->job.decimal.p[0] : 0;
    struct looks_verdict v = looks_judge(r->rows.seen, names, n, fixed, !text || r->dialect.delimiter != ',', verdicts);
    size_t n_none = 0;
    for (unsigned i = 0; look_none_word(i); i++) {
        if (v.none_words >> i & 1)
            none[n_none++] = str_of(look_none_word(i));
    }
    say_of_file(r, &a, &s, &v);
    columns(r, &a, b, &s, verdicts);
    sample(r, b);
    texts(b, "none", none, n_none);
    texts(b, "sheets", r->sheets, r->n_sheets);
    key(b, "sheet");
    buf_json_str(b, r->sheet);
    char delimiter[2] = {text ? r->dialect.delimiter : 0, 0};
    buf_addz(b, ",\"delimiter\":");
    buf_json_str(b, str_of(delimiter));
    buf_printf(b, ",\"decimal\":\"%c\",\"header_row\":%lld,\"header_rows\":%d,\"nested\":%s,\"left_out\":%lld,", v.decimal,
               (long long)r->header_row, r->dialect.header_rows, r->nested ? "true" : "false", (long long)r->rows.left_out);
    key(b, "problems");
    buf_addc(b, '[');
    buf_add(b, buf_str(&problems));
    buf_addz(b, "],");
    buf_fini(&problems);
    arena_fini(&a);
}
