/* The job for a loader child: the stream's options and the types of its contract. And the sums by which a later run knows that
 * a file was read under another declaration. */
#include <stdlib.h>

#include "ingest/ingest_int.h"

static void text(struct buf *b, const char *key, struct str s)
{
    if (!s.n)
        return;
    buf_addc(b, ',');
    buf_json_key(b, key);
    buf_json_str(b, s);
}

/* Only a class that says so lets a value stand in a message. */
static bool may_show(const struct mesh_column *c)
{
    return c->class_ == CLASS_PUBLIC || c->class_ == CLASS_INTERNAL || c->class_ == CLASS_CONFIDENTIAL;
}

static bool is_key(const struct mesh_stream *st, struct str name)
{
    return st->load == LOAD_REPLACE_DAYS &&
           (str_eq(name, st->day_column) || (st->account_column.n && str_eq(name, st->account_column)));
}

static struct str format_of(const struct mesh_stream *st, struct str name)
{
    for (size_t i = 0; i < st->n_formats; i++) {
        if (str_eq(st->formats[i].column, name))
            return st->formats[i].format;
    }
    return (struct str){0};
}

static void column(struct buf *b, bool first, struct str name, struct str type, struct str form, bool required, bool show)
{
    buf_addz(b, first ? "{" : ",{");
    buf_json_key(b, "name");
    buf_json_str(b, name);
    text(b, "type", type);
    text(b, "form", form);
    buf_addz(b, required ? ",\"required\":true" : "");
    buf_addz(b, show ? ",\"show\":true}" : "}");
}

static void options_text(const struct mesh_stream *st, struct buf *b)
{
    text(b, "format", st->format);
    text(b, "compression", st->compression);
    text(b, "encoding", st->encoding);
    text(b, "delimiter", st->delimiter);
    text(b, "quote", st->quote);
    buf_addz(b, st->quote.p && !st->quote.n ? ",\"no_quote\":true" : "");
    text(b, "escape", st->escape);
    text(b, "decimal", st->decimal_separator);
    text(b, "date_format", st->date_format);
    text(b, "timestamp_format", st->timestamp_format);
    text(b, "sheet", st->sheet);
    if (st->header_rows)
        buf_printf(b, ",\"header_rows\":%d", st->header_rows);
    buf_addz(b, st->totals_kept ? ",\"totals_kept\":true" : "");
    buf_addz(b, st->nested_columns ? ",\"nested\":true" : "");
    buf_printf(b, ",\"header\":%d,\"skip_rows\":%d", st->header, st->skip_rows);
    buf_addz(b, st->short_rows_fill ? ",\"fill\":true" : "");
    if (st->n_null_texts) {
        buf_addz(b, ",\"nulls\":[");
        for (size_t i = 0; i < st->n_null_texts; i++) {
            buf_addz(b, i ? "," : "");
            buf_json_str(b, st->null_texts[i]);
        }
        buf_addc(b, ']');
    }
}

static void job_text(const struct mesh_stream *st, struct str file_name, int64_t known, bool show, struct buf *b)
{
    buf_addc(b, '{');
    buf_json_key(b, "file_name");
    buf_json_str(b, file_name);
    options_text(st, b);
    if (known)
        buf_printf(b, ",\"known\":%lld", (long long)known);
    if (st->load == LOAD_APPEND && !st->totals_kept) /* a file that grows has no end at which totals could stand */
        buf_addz(b, ",\"totals_kept\":true");
    buf_addz(b, ",\"columns\":[");
    bool first = true;
    for (size_t i = 0; st->contract && i < st->contract->n_columns; i++) {
        const struct mesh_column *c = &st->contract->columns[i];
        column(b, first, c->name, c->physical_type, format_of(st, c->name), c->required || is_key(st, c->name),
               show && may_show(c));
        first = false;
    }
    /* Days and accounts are needed even where the contract does not know them. */
    const struct str keys[2] = {st->day_column, st->account_column};
    for (size_t i = 0; st->load == LOAD_REPLACE_DAYS && i < 2; i++) {
        if (keys[i].n && !stream_column(st, keys[i])) {
            column(b, first, keys[i], (struct str){0}, (struct str){0}, true, false);
            first = false;
        }
    }
    buf_addz(b, "]}");
}

void job_write(const struct mesh_stream *st, struct str file_name, int64_t known, struct buf *b)
{
    job_text(st, file_name, known, true, b);
}

static int by_name(const void *x, const void *y)
{
    const struct mesh_column *const *a = x, *const *b = y;
    return str_cmp((*a)->name, (*b)->name);
}

/* The columns that are not kept as text, in whatever order the contract has them. */
static void types_text(const struct mesh_stream *st, struct arena *a, struct buf *b)
{
    size_t n = st->contract ? st->contract->n_columns : 0;
    const struct mesh_column **cols = arena_array(a, n + 1, sizeof *cols);
    for (size_t i = 0; i < n; i++)
        cols[i] = &st->contract->columns[i];
    qsort(cols, n, sizeof *cols, by_name);
    for (size_t i = 0; i < n; i++) {
        struct engine_pipe_type type = cell_type_parse(cols[i]->physical_type);
        if (type.type == ENGINE_TEXT)
            continue;
        buf_addc(b, ',');
        buf_json_key(b, "column");
        buf_json_str(b, cols[i]->name);
        cell_type_name(&type, b);
        text(b, "form", format_of(st, cols[i]->name));
    }
}

bool job_sums(const struct mesh_stream *st, struct arena *a, struct job_sums *out, struct err *e)
{
    struct buf values = BUF_INIT(4u << 20), rejects = BUF_INIT(4u << 20);
    options_text(st, &values);
    types_text(st, a, &values);
    job_text(st, STR(""), 0, false, &rejects);
    bool ok = buf_ok(&values, e) && buf_ok(&rejects, e);
    if (ok) {
        sha_bytes(buf_str(&values), &out->values);
        sha_bytes(buf_str(&rejects), &out->rejects);
    }
    buf_fini(&values);
    buf_fini(&rejects);
    return ok;
}
