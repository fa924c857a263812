/* Delimited text. A first pass over the window marks the few bytes that matter (delimiter, quote, line end), sixteen at
 * a time; the second walks from mark to mark. A damaged record costs its first physical line: reading goes on with the
 * next one, so that one open quote does not swallow the file. */
#include "ingest/head.h"
#include "ingest/reader.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { GRAIN = 64, FIELDS_MAX = 8192 }; /* GRAIN: bytes that one `suspect` flag speaks for */

struct csv {
    struct window w;
    uint32_t *marks; /* offsets in the window of special bytes */
    size_t n_marks, marks_cap;
    uint8_t *suspect; /* per GRAIN bytes: something else than ASCII, or a NUL */
    size_t suspect_cap;
    struct str *fields;
    size_t n_fields;    /* columns of the header */
    int64_t line;       /* of the record at window.at, from 1 */
    bool discarding;    /* inside an oversized line */
    struct buf scratch; /* unescaped fields of one record */
};

/* ---- Marks ---- */

static bool marks_reserve(struct csv *c, size_t n, struct err *e)
{
    size_t grains = n / GRAIN + 1;
    if (n > c->marks_cap) {
        uint32_t *m = mem_try_realloc(c->marks, n * sizeof *m);
        if (!m)
            return err_set(e, E_MEMORY, "no memory to read the file");
        c->marks = m;
        c->marks_cap = n;
    }
    if (grains > c->suspect_cap) {
        uint8_t *s = mem_try_realloc(c->suspect, grains);
        if (!s)
            return err_set(e, E_MEMORY, "no memory to read the file");
        c->suspect = s;
        c->suspect_cap = grains;
    }
    return true;
}

static void marks_plain(struct csv *c, const struct dialect *d, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        char b = c->w.p[i];
        if (b == d->delimiter || b == d->newline || (d->quote && (b == d->quote || b == d->escape)))
            c->marks[c->n_marks++] = (uint32_t)i;
        if ((unsigned char)b >= 0x80 || b == 0)
            c->suspect[i / GRAIN] = 1;
    }
}

static void marks_find(struct csv *c, const struct dialect *d)
{
    size_t n = c->w.n, i = c->w.at & ~(size_t)(GRAIN - 1);
    c->n_marks = 0;
    memset(c->suspect, 0, n / GRAIN + 1);
    if (i < c->w.at) {
        size_t to = i + GRAIN < n ? i + GRAIN : n;
        marks_plain(c, d, c->w.at, to);
        i = to;
    }
#if defined(__SSE2__)
    const __m128i delimiter = _mm_set1_epi8(d->delimiter), newline = _mm_set1_epi8(d->newline),
                  quote = _mm_set1_epi8(d->quote ? d->quote : d->delimiter),
                  escape = _mm_set1_epi8(d->quote ? d->escape : d->delimiter), zero = _mm_setzero_si128();
    for (; i + GRAIN <= n; i += GRAIN) {
        uint64_t bits = 0;
        unsigned odd = 0;
        for (unsigned k = 0; k < GRAIN / 16; k++) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(c->w.p + i + k * 16));
            __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, delimiter), _mm_cmpeq_epi8(v, newline)),
                                       _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, escape)));
            bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (k * 16);
            odd |= (unsigned)_mm_movemask_epi8(v) | (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, zero));
        }
        c->suspect[i / GRAIN] = odd != 0;
        for (; bits; bits &= bits - 1)
            c->marks[c->n_marks++] = (uint32_t)i + (uint32_t)__builtin_ctzll(bits);
    }
#endif
    marks_plain(c, d, i, n);
}

/* The first mark at or after `at`. */
static size_t mark_from(const struct csv *c, size_t at)
{
    size_t lo = 0, hi = c->n_marks;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (c->marks[mid] < at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* ---- Records ---- */

enum record { RECORD_OK, RECORD_MORE, RECORD_BAD_QUOTE, RECORD_UNTERMINATED };

struct record_at {
    size_t mark, end;
    int64_t lines;
    size_t n;
    bool escaped;
};

static struct str unescape(struct csv *c, const struct dialect *d, struct str s)
{
    size_t from = c->scratch.n;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == d->escape && i + 1 < s.n && (d->escape != d->quote || s.p[i + 1] == d->quote))
            i++;
        buf_addc(&c->scratch, s.p[i]);
    }
    return (struct str){c->scratch.p + from, c->scratch.n - from};
}

/* A quoted field that opens at `*at`; leaves *at behind the closing quote and r->mark behind its mark. */
static enum record quoted_field(struct csv *c, const struct dialect *d, struct record_at *r, size_t *at, struct str *out)
{
    size_t from = *at + 1;
    bool escaped = false;
    while (r->mark < c->n_marks) {
        size_t p = c->marks[r->mark++];
        char b = c->w.p[p];
        bool next_known = p + 1 < c->w.n;
        if (b == d->newline) {
            r->lines++;
        } else if (b == d->escape && d->escape != d->quote) {
            if (!next_known)
                break;
            escaped = true;
            if (c->w.p[p + 1] == d->newline)
                r->lines++;
            while (r->mark < c->n_marks && c->marks[r->mark] <= p + 1)
                r->mark++;
        } else if (b == d->quote) {
            if (!next_known && !c->w.end)
                return RECORD_MORE;
            if (d->escape == d->quote && next_known && c->w.p[p + 1] == d->quote) {
                escaped = true;
                r->mark++;
                continue;
            }
            *out = (struct str){c->w.p + from, p - from};
            if (escaped)
                *out = unescape(c, d, *out);
            *at = p + 1;
            return RECORD_OK;
        }
    }
    return c->w.end ? RECORD_UNTERMINATED : RECORD_MORE;
}

/* One record from window.at on. Fields beyond the header's number are counted, not kept. */
static enum record record_parse(struct csv *c, const struct dialect *d, struct record_at *r)
{
    const char *p = c->w.p;
    size_t at = c->w.at;
    r->lines = 1;
    r->n = 0;
    buf_reset(&c->scratch);
    for (;;) {
        struct str field = {0};
        bool quoted = d->quote && at < c->w.n && p[at] == d->quote;
        size_t stop;
        if (quoted) {
            r->mark++;
            enum record got = quoted_field(c, d, r, &at, &field);
            if (got != RECORD_OK)
                return got;
            if (at < c->w.n && p[at] == '\r' && d->newline == '\n') {
                if (at + 1 == c->w.n && !c->w.end)
                    return RECORD_MORE;
                at += at + 1 == c->w.n || p[at + 1] == '\n';
            }
            if (at == c->w.n && !c->w.end)
                return RECORD_MORE;
            if (at < c->w.n && p[at] != d->delimiter && p[at] != d->newline)
                return RECORD_BAD_QUOTE;
            stop = at;
            r->mark += at < c->w.n;
        } else {
            for (;;) { /* a quote inside of an unquoted value is a character like any other */
                if (r->mark == c->n_marks) {
                    if (!c->w.end)
                        return RECORD_MORE;
                    stop = c->w.n;
                    break;
                }
                stop = c->marks[r->mark++];
                if (p[stop] == d->delimiter || p[stop] == d->newline)
                    break;
            }
            field = (struct str){p + at, stop - at};
            if (field.n && field.p[field.n - 1] == '\r' && d->newline == '\n' && (stop == c->w.n || p[stop] == '\n'))
                field.n--;
        }
        if (r->n < c->n_fields)
            c->fields[r->n] = field;
        r->n++;
        if (stop == c->w.n || p[stop] == d->newline) {
            r->end = stop + (stop < c->w.n);
            return RECORD_OK;
        }
        at = stop + 1;
    }
}

static struct str line_trim(struct str s)
{
    while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

static bool text_ok(const struct csv *c, size_t from, size_t to)
{
    bool odd = false;
    for (size_t g = from / GRAIN; g <= (to - 1) / GRAIN && !odd; g++)
        odd = c->suspect[g] != 0;
    struct str s = {c->w.p + from, to - from};
    return !odd || (str_utf8_valid(s) && !memchr(s.p, 0, s.n));
}

/* Fields beyond the header's that hold nothing: delimiters at the end of the line. */
static bool only_empty_behind(const struct reading *r, const struct csv *c, size_t n, struct str raw)
{
    size_t more = n > c->n_fields ? n - c->n_fields : 0;
    for (size_t i = 0; i < more; i++) {
        if (i >= raw.n || raw.p[raw.n - 1 - i] != r->dialect.delimiter)
            return false;
    }
    return more > 0;
}

/* A whole record: to the rows, or to quarantine. */
static bool record_take(struct reading *r, struct csv *c, const struct record_at *at, struct err *e)
{
    struct str raw = line_trim((struct str){c->w.p + c->w.at, at->end - c->w.at});
    if (!raw.n || raw.n == at->n - 1) /* an empty line is no row, nor is one of delimiters alone */
        return true;
    if (!text_ok(c, c->w.at, at->end)) {
        struct wire_reject w = {c->line, REJECT_ENCODING, WIRE_NO_COLUMN, STR(""), raw};
        return rows_reject(&r->rows, &w, e);
    }
    if (r->job.fill && at->n < c->n_fields)
        memset(c->fields + at->n, 0, (c->n_fields - at->n) * sizeof *c->fields);
    else if (at->n != c->n_fields && !only_empty_behind(r, c, at->n, raw)) {
        struct buf m = BUF_INIT(256);
        buf_printf(&m, "%zu fields where the header has %zu", at->n, c->n_fields);
        struct wire_reject w = {c->line, REJECT_FIELD_COUNT, WIRE_NO_COLUMN, buf_str(&m), raw};
        bool ok = rows_reject(&r->rows, &w, e);
        buf_fini(&m);
        return ok;
    }
    if (!buf_ok(&c->scratch, e))
        return false;
    return rows_put(&r->rows, c->line, c->fields, raw, e);
}

/* Gives up the first physical line of a damaged record. *more: it does not end inside the window. */
static bool line_reject(struct reading *r, struct csv *c, enum reject_reason why, bool *more, struct err *e)
{
    const char *from = c->w.p + c->w.at, *nl = memchr(from, r->dialect.newline, c->w.n - c->w.at);
    *more = !nl && !c->w.end;
    if (*more)
        return true;
    size_t n = nl ? (size_t)(nl - from) + 1 : c->w.n - c->w.at;
    struct wire_reject w = {c->line, why, WIRE_NO_COLUMN, STR(""), line_trim((struct str){from, n})};
    if (!rows_reject(&r->rows, &w, e))
        return false;
    c->w.at += n;
    c->line++;
    return true;
}

/* The rest of a line that was too long for the window. */
static void discard(struct csv *c, char newline)
{
    const char *from = c->w.p + c->w.at, *nl = memchr(from, newline, c->w.n - c->w.at);
    c->w.at = nl ? (size_t)(nl - c->w.p) + 1 : c->w.n;
    if (nl) {
        c->discarding = false;
        c->line++;
    }
}

/* A record fills the window and does not end: an open quote, or a line beyond the limit. */
static bool oversized(struct reading *r, struct csv *c, struct err *e)
{
    bool more;
    const char *from = c->w.p + c->w.at;
    if (memchr(from, r->dialect.newline, c->w.n - c->w.at))
        return line_reject(r, c, REJECT_UNTERMINATED, &more, e);
    struct wire_reject w = {c->line, REJECT_OVERSIZED, WIRE_NO_COLUMN, STR(""), {from, c->w.n - c->w.at}};
    c->discarding = true;
    c->w.at = c->w.n;
    return rows_reject(&r->rows, &w, e);
}

/* Takes the records that are whole in the window. */
static bool window_take(struct reading *r, struct csv *c, struct err *e)
{
    const struct dialect *d = &r->dialect;
    if (c->discarding)
        discard(c, d->newline);
    if (!marks_reserve(c, c->w.n, e))
        return false;
    buf_reset(&c->scratch);
    if (!buf_reserve(&c->scratch, c->w.n)) /* fields point into it, so it must not move within a record */
        return buf_ok(&c->scratch, e);
    marks_find(c, d);
    size_t mark = mark_from(c, c->w.at);
    while (c->w.at < c->w.n) {
        struct record_at at = {.mark = mark};
        enum record got = record_parse(c, d, &at);
        if (got == RECORD_MORE)
            return true;
        if (got == RECORD_OK) {
            if (!record_take(r, c, &at, e))
                return false;
            c->line += at.lines;
            c->w.at = at.end;
            mark = at.mark;
            continue;
        }
        bool more;
        if (!line_reject(r, c, got == RECORD_UNTERMINATED ? REJECT_UNTERMINATED : REJECT_QUOTE, &more, e))
            return false;
        if (more)
            return true;
        mark = mark_from(c, c->w.at);
    }
    return true;
}

static bool csv_run(struct reading *r, struct err *e)
{
    struct csv *c = r->state;
    for (;;) {
        bool full;
        r->line = c->line;
        if (!window_take(r, c, e))
            return false;
        if (rows_enough(&r->rows) || (c->w.end && c->w.at == c->w.n))
            return rows_end(&r->rows, e);
        if (!window_more(&c->w, r->source, &full, e) || (full && !oversized(r, c, e)))
            return false;
        r->rows.source_bytes = source_position(r->source);
    }
}

/* ---- Opening ---- */

/* Skips declared or found title lines, and empty lines above the header. */
static bool titles_skip(struct reading *r, struct csv *c, struct err *e)
{
    int left = r->dialect.skip_rows;
    for (;;) {
        bool full;
        const char *nl = memchr(c->w.p + c->w.at, r->dialect.newline, c->w.n - c->w.at);
        if (!nl && !c->w.end) {
            if (!window_more(&c->w, r->source, &full, e))
                return false;
            if (full)
                return err_set(e, E_SOURCE_FILE, "its first line is longer than %d bytes", WIRE_RECORD_MAX);
            continue;
        }
        size_t n = nl ? (size_t)(nl - c->w.p) + 1 - c->w.at : c->w.n - c->w.at;
        bool blank = line_trim((struct str){c->w.p + c->w.at, n}).n == 0;
        if (n == 0 || (left == 0 && !blank))
            return true;
        left -= left > 0;
        c->w.at += n;
        c->line++;
    }
}

/* The first record, copied. *n == 0: the file holds none. */
static bool first_record(struct reading *r, struct csv *c, struct str *fields, size_t *n, size_t *used, struct err *e)
{
    for (;;) {
        struct str rest = {c->w.p + c->w.at, c->w.n - c->w.at};
        *n = 0;
        if (!rest.n && c->w.end)
            return true;
        *used = detect_record(rest, c->w.end, &r->dialect, &r->arena, fields, FIELDS_MAX, n);
        if (*used)
            break;
        bool full = c->w.end;
        if (!full && !window_more(&c->w, r->source, &full, e))
            return false;
        if (full) {
            r->line = c->line;
            err_set(e, E_SOURCE_FILE, "its header cannot be read: a quoted name is never closed");
            err_hint(e, "declare the stream's `quote`, `delimiter` or `skip_rows` in its options");
            return false;
        }
    }
    for (size_t i = 0; i < *n && i < FIELDS_MAX; i++)
        fields[i] = arena_str(&r->arena, fields[i]);
    return true;
}

/* Names from the header; without one the contract's, where their number fits. */
static void columns_name(struct reading *r, const struct str *header, size_t n)
{
    r->rows.n_cols = n;
    r->rows.cols = arena_array(&r->arena, n + 1, sizeof *r->rows.cols);
    for (size_t i = 0; i < n; i++) {
        if (r->dialect.header_rows) {
            r->rows.cols[i].title = str_trim(header[i]);
            r->rows.cols[i].name = column_normal(&r->arena, header[i], i);
        } else if (n == r->job.n_columns)
            r->rows.cols[i].name = r->job.columns[i].name;
        else
            r->rows.cols[i].name = column_normal(&r->arena, STR(""), i);
    }
    columns_unique(&r->arena, r->rows.cols, n);
}

/* What the values of the sample look like, column by column. */
static int64_t looks_sample(struct reading *r, const struct csv *c, size_t from, char decimal, enum cell_look *looks)
{
    enum { SAMPLED = 1000 };
    struct str s = {c->w.p + from, c->w.n - from};
    size_t n_cols = r->rows.n_cols;
    struct str *fields = arena_array(&r->arena, n_cols + 1, sizeof *fields);
    int64_t sampled = 0;
    struct arena a;
    arena_init(&a);
    for (int i = 0; i < SAMPLED && s.n; i++) {
        size_t n, used = detect_record(s, c->w.end, &r->dialect, &a, fields, n_cols, &n);
        if (!used)
            break;
        for (size_t k = 0; k < n && n == n_cols; k++) {
            bool null = false;
            for (size_t z = 0; z < r->job.n_nulls && !null; z++)
                null = str_eq(fields[k], r->job.nulls[z]);
            if (!null)
                looks[k] = cell_look_join(looks[k], cell_look(fields[k], decimal));
        }
        sampled += n == n_cols;
        s.p += used;
        s.n -= used;
    }
    arena_fini(&a);
    return sampled;
}

static void looks_take(struct reading *r, const struct csv *c)
{
    size_t n = r->rows.n_cols;
    enum cell_look *looks = arena_array(&r->arena, n + 1, sizeof *looks);
    r->sampled = looks_sample(r, c, c->w.at, r->rows.format.decimal, looks);
    for (size_t k = 0; k < n; k++)
        r->rows.cols[k].look = looks[k];
}

/* The header at the window's start is passed by. */
static void header_pass(struct reading *r, struct csv *c, size_t used)
{
    for (size_t i = 0; i < used; i++)
        c->line += c->w.p[c->w.at + i] == r->dialect.newline;
    c->w.at += used;
}

/* A control character in a name: the bytes are those of another format, which would be taken for one strange column. */
static bool names_are_text(const struct str *fields, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (detect_control(fields[i])) {
            err_set(e, E_SOURCE_FILE, "it is no text: a control character stands in the name of column %zu", i + 1);
            err_hint(e, "save it as CSV in UTF-8, XLSX, JSON or Parquet; unpack it where it was compressed twice");
            return false;
        }
    }
    return true;
}

/* Names from one row or two; without any, the first record is left where it is. */
static bool header_read(struct reading *r, struct csv *c, struct err *e)
{
    struct str *fields = arena_array(&r->arena, FIELDS_MAX, sizeof *fields), *groups = NULL;
    size_t n = 0, n_groups = 0, used = 0;
    if (!first_record(r, c, fields, &n, &used, e))
        return false;
    r->header_row = r->dialect.header_rows ? c->line : 0;
    if (r->dialect.header_rows == 2 && n > 0 && n <= FIELDS_MAX) {
        header_pass(r, c, used);
        groups = fields;
        n_groups = n;
        fields = arena_array(&r->arena, FIELDS_MAX, sizeof *fields);
        r->header_row = c->line;
        if (!first_record(r, c, fields, &n, &used, e))
            return false;
    }
    if (n > FIELDS_MAX)
        return err_set(e, E_SOURCE_FILE, "its first line has %zu fields; %d are the most", n, FIELDS_MAX);
    if (r->dialect.header_rows && (!names_are_text(fields, n, e) || (groups && !names_are_text(groups, n_groups, e))))
        return false;
    if (n == 0 && !groups) {
        err_set(e, E_SOURCE_FILE, "the file is empty: there is not even a header");
        err_hint(e, "remove it, or export it again");
        return false;
    }
    if (groups) {
        struct head_row above = {groups, n_groups}, below = {fields, n};
        n = n > n_groups ? n : n_groups;
        struct str *joined = arena_array(&r->arena, n + 1, sizeof *joined);
        head_join(&r->arena, &above, &below, joined, n);
        fields = joined;
    }
    columns_name(r, fields, n);
    reading_types(r);
    if (r->dialect.header_rows)
        header_pass(r, c, used);
    c->n_fields = n;
    c->fields = arena_array(&r->arena, n + 1, sizeof *c->fields);
    return true;
}

static bool csv_open(struct reading *r, struct err *e)
{
    struct csv *c = mem_alloc(sizeof *c);
    r->state = c;
    c->line = 1;
    c->scratch = BUF_INIT(WIRE_RECORD_MAX * 2);
    const struct job *j = &r->job;
    struct str *names = arena_array(&r->arena, j->n_columns + 1, sizeof *names);
    for (size_t i = 0; i < j->n_columns; i++)
        names[i] = j->columns[i].name;
    struct detect_asked asked = {j->delimiter,
                                 j->quote,
                                 j->escape,
                                 j->no_quote,
                                 j->header,
                                 j->header_rows,
                                 j->skip_rows,
                                 names,
                                 j->n_columns,
                                 str_eq_nocase(j->format, STR("tsv")) || str_ends(j->file_name, STR(".tsv")) ||
                                     str_ends(j->file_name, STR(".tsv.gz")) || str_ends(j->file_name, STR(".tsv.zst"))};
    if (j->delimiter.n > 1 && !str_eq(j->delimiter, STR("\\t"))) {
        err_set(e, E_SOURCE_FILE, "the delimiter \"%.*s\" is more than one character", STR_FMT(j->delimiter));
        err_hint(e, "declare one character, or \\t for a tab; characters beyond ASCII are not taken");
        return false;
    }
    struct str sample = source_sample(r->source);
    bool full, whole = sample.n < (256u << 10);
    detect_dialect(sample, whole, &asked, &r->dialect);
    if (!window_init(&c->w, e) || !window_more(&c->w, r->source, &full, e) || !titles_skip(r, c, e) || !header_read(r, c, e))
        return false;
    looks_take(r, c);
    return true;
}

static void csv_close(struct reading *r)
{
    struct csv *c = r->state;
    if (!c)
        return;
    window_fini(&c->w);
    mem_free(c->marks);
    mem_free(c->suspect);
    buf_fini(&c->scratch);
    mem_free(c);
    r->state = NULL;
}

const struct reader reader_csv = {"csv", csv_open, csv_run, csv_close};
