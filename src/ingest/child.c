/* The loader child: `trellis loader-child`. It reads one file that its parent has opened, and nothing else.
 *   fd 0  the job, one line of JSON; then one byte: L (load), Q (all rows to quarantine as drift), end: stop
 *   fd 3  frames (wire.h): SCHEMA, then ROWS and REJECTS, then END, or FAILED
 *   fd 4  the file */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/json.h"
#include "ingest/ingest.h"
#include "ingest/reader.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

enum { FD_OUT = 3, FD_FILE = 4, JOB_MAX = 8 << 20, LOOK_ROWS = 1000000 };

/* ---- The job ---- */

static struct str text_of(struct arena *a, yyjson_val *o, const char *key)
{
    return arena_str(a, json_str(o, key));
}

bool job_parse(struct arena *a, struct str json, struct job *j, struct err *e)
{
    yyjson_doc *doc = json_parse(json, e);
    if (!doc)
        return false;
    yyjson_val *o = yyjson_doc_get_root(doc);
    *j = (struct job){
        .file_name = text_of(a, o, "file_name"),
        .format = text_of(a, o, "format"),
        .compression = text_of(a, o, "compression"),
        .encoding = text_of(a, o, "encoding"),
        .delimiter = text_of(a, o, "delimiter"),
        .quote = text_of(a, o, "quote"),
        .escape = text_of(a, o, "escape"),
        .decimal = text_of(a, o, "decimal"),
        .date_format = text_of(a, o, "date_format"),
        .timestamp_format = text_of(a, o, "timestamp_format"),
        .sheet = text_of(a, o, "sheet"),
        .header_rows = (int)json_int(o, "header_rows", 0),
        .known = json_int(o, "known", 0),
        .totals_kept = json_bool(o, "totals_kept", false),
        .nested = json_bool(o, "nested", false),
        .header = (int)json_int(o, "header", -1),
        .skip_rows = (int)json_int(o, "skip_rows", -1),
        .no_quote = json_bool(o, "no_quote", false),
        .fill = json_bool(o, "fill", false),
        .look = json_bool(o, "look", false),
    };
    size_t i, n;
    yyjson_val *v, *list = yyjson_obj_get(o, "nulls");
    j->nulls = arena_array(a, yyjson_arr_size(list) + 1, sizeof *j->nulls);
    yyjson_arr_foreach(list, i, n, v)
    {
        if (yyjson_is_str(v))
            j->nulls[j->n_nulls++] = arena_str(a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    }
    if (!list) /* an empty value is no value, unless the stream says what stands for none */
        j->nulls[j->n_nulls++] = STR("");
    list = yyjson_obj_get(o, "columns");
    j->columns = arena_array(a, yyjson_arr_size(list) + 1, sizeof *j->columns);
    yyjson_arr_foreach(list, i, n, v)
    {
        j->columns[j->n_columns++] =
            (struct job_column){text_of(a, v, "name"), cell_type_parse(json_str(v, "type")), json_bool(v, "required", false),
                                json_bool(v, "show", false), cell_form_parse(text_of(a, v, "form"))};
    }
    yyjson_doc_free(doc);
    return true;
}

/* ---- Columns ---- */

struct str column_normal(struct arena *a, struct str name, size_t index)
{
    name = str_trim(name);
    if (!name.n)
        return arena_printf(a, "column_%zu", index + 1);
    char *p = arena_alloc(a, name.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (((unsigned char)c & 0xc0) == 0x80)
            continue; /* one `_` per character, not per byte */
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        p[n++] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
    }
    return (struct str){p, n};
}

static bool name_taken(const struct rows_column *cols, size_t n, struct str name)
{
    static const char *const own[] = {"_file_id", "_line", "_learned_from", "_learned_to", "_source_currency"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (str_eq(name, str_of(own[i])))
            return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (str_eq(cols[i].name, name))
            return true;
    }
    return false;
}

void columns_unique(struct arena *a, struct rows_column *cols, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str base = cols[i].name;
        for (unsigned k = 2; name_taken(cols, i, cols[i].name); k++)
            cols[i].name = arena_printf(a, "%.*s_%u", STR_FMT(base), k);
    }
}

void reading_types(struct reading *r)
{
    const struct job *j = &r->job;
    r->rows.format = (struct cell_format){j->decimal.n ? j->decimal.p[0] : '.', j->date_format, j->timestamp_format};
    r->rows.nulls = j->nulls;
    r->rows.n_nulls = j->n_nulls;
    r->rows.totals = !j->totals_kept && r->format != FORMAT_PARQUET;
    r->rows.known = j->known;
    for (size_t i = 0; i < r->rows.n_cols; i++) {
        struct rows_column *c = &r->rows.cols[i];
        c->type = (struct engine_pipe_type){.type = ENGINE_TEXT};
        for (size_t k = 0; k < j->n_columns; k++) {
            if (str_eq(j->columns[k].name, c->name)) {
                c->type = j->columns[k].type;
                c->required = j->columns[k].required;
                c->show = j->columns[k].show;
                c->form = j->columns[k].form;
            }
        }
    }
}

void reading_schema(const struct reading *r, const struct reader *reader, struct buf *b)
{
    buf_addc(b, '{');
    buf_json_key(b, "format");
    buf_json_str(b, str_of(reader->name));
    if (r->source) {
        buf_addc(b, ',');
        buf_json_key(b, "compression");
        buf_json_str(b, str_of(source_compression_name(r->source)));
        buf_addc(b, ',');
        buf_json_key(b, "encoding");
        buf_json_str(b, str_of(source_encoding_name(r->source)));
    }
    buf_printf(b, ",\"sampled\":%lld,", (long long)r->sampled);
    if (r->job.look)
        reading_found(r, b);
    buf_json_key(b, "columns");
    buf_addc(b, '[');
    for (size_t i = 0; i < r->rows.n_cols; i++) {
        const struct rows_column *c = &r->rows.cols[i];
        buf_addz(b, i ? ",{" : "{");
        buf_json_key(b, "name");
        buf_json_str(b, c->name);
        buf_addc(b, ',');
        buf_json_key(b, "look");
        buf_json_str(b, str_of(cell_look_text(c->look)));
        buf_addc(b, '}');
    }
    buf_addz(b, "]}");
}

/* ---- Reading ---- */

static const struct reader *const readers[] = {[FORMAT_CSV] = &reader_csv,
                                               [FORMAT_JSON] = &reader_json,
                                               [FORMAT_NDJSON] = &reader_ndjson,
                                               [FORMAT_PARQUET] = &reader_parquet,
                                               [FORMAT_XLSX] = &reader_xlsx};

bool reading_open(struct reading *r, const struct reader **reader, struct err *e)
{
    static const struct {
        const char *name;
        enum source_format format;
    } named[] = {{"csv", FORMAT_CSV},      {"tsv", FORMAT_CSV},         {"json", FORMAT_JSON}, {"ndjson", FORMAT_NDJSON},
                 {"jsonl", FORMAT_NDJSON}, {"parquet", FORMAT_PARQUET}, {"xlsx", FORMAT_XLSX}};
    *reader = NULL;
    char magic[4] = {0};
    if (pread(r->fd, magic, sizeof magic, 0) == sizeof magic && memcmp(magic, "PAR1", 4) == 0) {
        r->format = FORMAT_PARQUET;
    } else if (pread(r->fd, magic, sizeof magic, 0) == sizeof magic && memcmp(magic, "PK\x03\x04", 4) == 0) {
        r->format = FORMAT_XLSX;
    } else if (str_eq_nocase(r->job.format, STR("xlsx"))) {
        return err_set(e, E_SOURCE_FILE, "it is declared as XLSX, but does not start like one");
    } else if (str_eq(r->job.format, STR("parquet"))) {
        return err_set(e, E_SOURCE_FILE, "it is declared as Parquet, but does not start like one");
    } else {
        if (!source_open(r->fd, r->job.compression, r->job.encoding, &r->source, e))
            return false;
        struct str sample = source_sample(r->source);
        const char *hint = "", *refused = detect_refused(sample, &hint);
        if (refused) {
            err_set(e, E_SOURCE_FILE, "in it is %s, which is not read inside of a compressed file", refused);
            err_hint(e, "%s", hint);
            return false;
        }
        r->format = detect_format(sample, r->job.file_name, sample.n < (256u << 10));
        if (r->format == FORMAT_PARQUET)
            return err_set(e, E_SOURCE_FILE, "a compressed Parquet file is not read; Parquet compresses by itself");
        for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
            if (str_eq_nocase(r->job.format, str_of(named[i].name)))
                r->format = named[i].format;
        }
    }
    *reader = readers[r->format];
    return (*reader)->open(r, e);
}

void reading_close(struct reading *r, const struct reader *reader)
{
    if (reader)
        reader->close(r);
    source_close(r->source);
    rows_fini(&r->rows);
}

/* ---- The process ---- */

/* No core with people's data in it, no new rights, an end with the parent, and bounds on files and memory. */
static void confine(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 1);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is for the parent, which then stops the child */
    struct rlimit none = {0, 0}, files = {64, 64};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_NOFILE, &files);
#ifndef SANITIZED
    struct rlimit memory = {4ull << 30, 4ull << 30};
    setrlimit(RLIMIT_AS, &memory);
#endif
}

/* One line. */
static bool job_read(struct buf *b, struct err *e)
{
    char c;
    ssize_t n;
    for (;;) {
        n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || c == '\n')
            break;
        buf_addc(b, c);
    }
    return n == 1 ? buf_ok(b, e) : err_set(e, E_USAGE, "loader-child is started by Trellis itself, with a job on standard input");
}

static bool failed(const struct err *e, int64_t line)
{
    struct buf b = BUF_INIT(1 << 16);
    struct err ignored;
    buf_printf(&b, "{\"code\":%d,\"line\":%lld,\"text\":", (int)e->code, (long long)(e->line ? e->line : line));
    buf_json_str(&b, str_of(e->text));
    buf_addz(&b, ",\"hint\":");
    buf_json_str(&b, str_of(e->hint));
    buf_addc(&b, '}');
    bool ok = buf_ok(&b, &ignored) && wire_send(FD_OUT, WIRE_FAILED, 0, 0, buf_str(&b), &ignored);
    buf_fini(&b);
    return ok;
}

static bool serve(struct reading *r, const struct reader **reader, struct err *e)
{
    struct buf b = BUF_INIT(JOB_MAX);
    bool ok = job_read(&b, e) && job_parse(&r->arena, buf_str(&b), &r->job, e) && reading_open(r, reader, e);
    if (ok && r->job.look) { /* Parquet has types of its own: only a sample is wanted */
        r->rows.look_at = r->format == FORMAT_PARQUET ? ROWS_SAMPLE : LOOK_ROWS;
        ok = rows_init(&r->rows, &r->arena, e) && (*reader)->run(r, e);
        r->sampled = r->rows.total;
    }
    if (ok) {
        buf_reset(&b);
        reading_schema(r, *reader, &b);
        ok = buf_ok(&b, e) && wire_send(FD_OUT, WIRE_SCHEMA, 0, 0, buf_str(&b), e);
    }
    fault_crash_point("child_after_schema");
    char go = 0;
    ssize_t n = 0;
    while (ok && (n = read(STDIN_FILENO, &go, 1)) < 0 && errno == EINTR)
        ;
    if (ok && n == 1) {
        r->rows.fd = FD_OUT;
        r->rows.all_drift = go == 'Q';
        r->rows.drift_message = STR("the columns of its file changed");
        ok = rows_init(&r->rows, &r->arena, e) && (*reader)->run(r, e);
        fault_crash_point("child_before_end");
        if (ok) {
            buf_reset(&b);
            buf_printf(&b, "{\"rows\":%lld,\"rejected\":%lld,\"left_out\":%lld,\"left_out_line\":%lld}", (long long)r->rows.total,
                       (long long)r->rows.total_rejected, (long long)r->rows.left_out, (long long)r->rows.left_out_line);
            ok = buf_ok(&b, e) && wire_send(FD_OUT, WIRE_END, 0, r->rows.source_bytes, buf_str(&b), e);
        }
    }
    buf_fini(&b);
    return ok;
}

int loader_child_main(void)
{
    confine();
    struct reading r = {.fd = FD_FILE, .rows = {.fd = -1}};
    const struct reader *reader = NULL;
    struct err e = {0};
    arena_init(&r.arena);
    bool ok = serve(&r, &reader, &e);
    if (!ok)
        failed(&e, r.line);
    reading_close(&r, reader);
    arena_fini(&r.arena);
    return ok ? 0 : 1;
}
