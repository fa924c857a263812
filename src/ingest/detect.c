/* What a file is, from its first bytes: compression, encoding, format, and the dialect of delimited text. Every answer
 * can be overruled by the stream's options. */
#include "ingest/source.h"

#include "base/buf.h"
#include "ingest/cell.h"
#include "ingest/head.h"

static bool starts(struct str s, const char *magic, size_t n)
{
    return s.n >= n && memcmp(s.p, magic, n) == 0;
}

enum source_compression detect_compression(struct str head)
{
    if (starts(head, "\x1f\x8b", 2))
        return COMPRESSION_GZIP;
    return starts(head, "\x28\xb5\x2f\xfd", 4) ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

#define AS_TEXT "save it as CSV, XLSX, JSON or Parquet; compress with gzip or zstd"

/* An old spreadsheet and one with a password come in the same envelope; the latter names its stream in UTF-16. */
static bool has_password(struct str head)
{
    static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
    return str_find(head, (struct str){name, sizeof name - 1}, 0) != SIZE_MAX;
}

static bool is_web_page(struct str head)
{
    static const char *const begins[] = {"<!doctype html", "<html", "<head", "<body", "<table", "<script", "<meta"};
    if (starts(head, "\xef\xbb\xbf", 3))
        head = (struct str){head.p + 3, head.n - 3};
    head = str_trim(head);
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        size_t n = strlen(begins[i]);
        if (head.n > n && str_eq_nocase((struct str){head.p, n}, str_of(begins[i])))
            return true;
    }
    return false;
}

bool detect_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char b = (unsigned char)s.p[i], next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
        if ((b < 0x20 && b != '\t' && b != '\n' && b != '\r') || b == 0x7f || (b == 0xc2 && next >= 0x80 && next <= 0x9f))
            return true;
    }
    return false;
}

const char *detect_refused(struct str head, const char **hint)
{
    static const struct {
        const char *magic;
        size_t n;
        const char *what, *hint;
    } kinds[] = {
        {"PK\x03\x04", 4, "a ZIP archive", "unpack it and give the files in it; a spreadsheet is saved as XLSX"},
        {"BZh", 3, "bzip2 compression", AS_TEXT},
        {"\xfd"
         "7zXZ",
         5, "xz compression", AS_TEXT},
        {"7z\xbc\xaf", 4, "a 7-Zip archive", "unpack it and give the files in it"},
        {"Rar!", 4, "a RAR archive", "unpack it and give the files in it"},
        {"\xd0\xcf\x11\xe0", 4, "an old spreadsheet (XLS)", "open it in a spreadsheet program and save it as XLSX or CSV"},
        {"%PDF", 4, "PDF", "ask for the table itself, as CSV or XLSX"},
        {"{\\rtf", 5, "a text document (RTF)", AS_TEXT},
        {"SQLite format 3", 15, "a SQLite database", "export its tables as CSV"},
        {"\xff\xfe\0\0", 4, "text in UTF-32", "save it as UTF-8"},
        {"\0\0\xfe\xff", 4, "text in UTF-32", "save it as UTF-8"},
        {"\x89PNG", 4, "a picture (PNG)", AS_TEXT},
        {"\xff\xd8\xff", 3, "a picture (JPEG)", AS_TEXT},
        {"ORC", 3, "ORC", "save it as Parquet"},
        {"Obj\x01", 4, "Avro", "save it as Parquet or JSON"},
    };
    if (is_web_page(head)) {
        *hint = "the download brought a page to sign in at, or a report as HTML: sign in and export again as CSV or XLSX";
        return "a web page (HTML)";
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!starts(head, kinds[i].magic, kinds[i].n) || head.n <= 3)
            continue;
        if (kinds[i].n == 3 && memchr(head.p, ',', head.n < 64 ? head.n : 64)) /* a column may be called ORC */
            continue;
        *hint = kinds[i].hint;
        if (kinds[i].magic[0] == '\xd0' && has_password(head)) {
            *hint = "open it in a spreadsheet program, remove the password and save it again as XLSX";
            return "a spreadsheet with a password";
        }
        return kinds[i].what;
    }
    return NULL;
}

/* Characters beyond ASCII that are whole UTF-8, and bytes that are not. The last three bytes of a cut sample may be the
 * beginning of a character. */
static void utf8_count(struct str s, bool whole, size_t *good, size_t *bad)
{
    *good = *bad = 0;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        if (c < 0x80) {
            i++;
        } else if (i + len <= s.n && str_utf8_valid((struct str){s.p + i, len})) {
            (*good)++;
            i += len;
        } else if (!whole && i + len > s.n) {
            return;
        } else {
            (*bad)++;
            i++;
        }
    }
}

enum source_encoding detect_encoding(struct str s, bool whole, size_t *bom)
{
    *bom = 0;
    if (starts(s, "\xef\xbb\xbf", 3)) {
        *bom = 3;
        return ENCODING_UTF8;
    }
    if (starts(s, "\xff\xfe", 2) || starts(s, "\xfe\xff", 2)) {
        *bom = 2;
        return s.p[0] == '\xff' ? ENCODING_UTF16LE : ENCODING_UTF16BE;
    }
    size_t zeros[2] = {0, 0}, n = s.n < 4096 ? s.n : 4096;
    for (size_t i = 0; i < n; i++)
        zeros[i & 1] += s.p[i] == 0;
    if (n >= 4 && zeros[1] > n / 4 && zeros[0] < n / 16)
        return ENCODING_UTF16LE;
    if (n >= 4 && zeros[0] > n / 4 && zeros[1] < n / 16)
        return ENCODING_UTF16BE;
    size_t good, bad;
    utf8_count(s, whole, &good, &bad);
    if (bad <= good) /* a stray byte in a UTF-8 file costs its row, not the file's umlauts */
        return ENCODING_UTF8;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == 0x81 || c == 0x8d || c == 0x8f || c == 0x90 || c == 0x9d) /* not in windows-1252 */
            return ENCODING_LATIN1;
    }
    return ENCODING_WINDOWS1252;
}

static struct str skip_blanks(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n')) {
        s.p++;
        s.n--;
    }
    return s;
}

/* Whether an object opened at the start of `s` closes within its first line. */
static bool object_on_one_line(struct str s, bool whole)
{
    int depth = 0;
    bool text = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\n')
            return false;
        if (text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                text = false;
        } else if (c == '"') {
            text = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return true;
        }
    }
    return !whole; /* longer than the sample: pretty printers break lines early */
}

enum source_format detect_format(struct str sample, struct str name, bool whole)
{
    if (starts(sample, "PAR1", 4))
        return FORMAT_PARQUET;
    struct str s = skip_blanks(sample);
    bool json_name = false, delimited_name = false;
    static const char *const ends[] = {".gz", ".zst", ".gzip", ".zstd"};
    for (size_t i = 0; i < 4; i++) {
        size_t n = strlen(ends[i]);
        if (name.n > n && str_eq_nocase((struct str){name.p + name.n - n, n}, str_of(ends[i])))
            name.n -= n;
    }
    static const struct {
        const char *end;
        bool json;
    } kinds[] = {{".json", true}, {".ndjson", true}, {".jsonl", true}, {".csv", false},
                 {".tsv", false}, {".txt", false},   {".tab", false}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i].end);
        if (name.n >= n && str_eq_nocase((struct str){name.p + name.n - n, n}, str_of(kinds[i].end)))
            *(kinds[i].json ? &json_name : &delimited_name) = true;
    }
    if (delimited_name || !s.n)
        return json_name ? FORMAT_NDJSON : FORMAT_CSV;
    if (s.p[0] == '{')
        return object_on_one_line(s, whole) ? FORMAT_NDJSON : FORMAT_JSON;
    if (s.p[0] == '[') {
        struct str t = skip_blanks((struct str){s.p + 1, s.n - 1});
        if (json_name || !t.n || t.p[0] == '{' || t.p[0] == ']')
            return FORMAT_JSON;
    }
    return json_name ? FORMAT_NDJSON : FORMAT_CSV;
}

/* ---- Dialect ---- */

static struct str field_unquote(struct arena *a, struct str s, const struct dialect *d)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == d->escape && i + 1 < s.n && (d->escape != d->quote || s.p[i + 1] == d->quote))
            i++;
        p[n++] = s.p[i];
    }
    return (struct str){p, n};
}

size_t detect_record(struct str s, bool whole, const struct dialect *d, struct arena *a, struct str *fields, size_t max,
                     size_t *n)
{
    size_t i = 0, count = 0;
    for (;;) {
        struct str field = {s.p + i, 0};
        bool quoted = d->quote && i < s.n && s.p[i] == d->quote;
        if (quoted) {
            size_t from = ++i;
            bool closed = false;
            for (; i < s.n && !closed; i++) {
                if (d->escape && s.p[i] == d->escape && i + 1 < s.n && (d->escape != d->quote || s.p[i + 1] == d->quote))
                    i++;
                else if (s.p[i] == d->quote)
                    closed = true;
            }
            if (!closed)
                return 0;
            field = (struct str){s.p + from, i - 1 - from};
            if (a)
                field = field_unquote(a, field, d);
        }
        size_t from = i;
        while (i < s.n && s.p[i] != d->delimiter && s.p[i] != d->newline)
            i++;
        if (i == s.n && !whole)
            return 0;
        if (!quoted)
            field = (struct str){s.p + from, i - from};
        bool end = i == s.n || s.p[i] == d->newline;
        if (end && !quoted && field.n && field.p[field.n - 1] == '\r')
            field.n--;
        if (count < max)
            fields[count] = field;
        count++;
        i += i < s.n;
        if (end) {
            *n = count;
            return i;
        }
    }
}

enum { SAMPLE_RECORDS = 500 };

struct shape {
    size_t fields, records, agreeing;
};

static size_t fields_of(struct str *s, bool whole, const struct dialect *d)
{
    size_t n = 0, used = detect_record(*s, whole, d, NULL, NULL, 0, &n);
    bool blank = n == 1 && (used == 0 || s->p[0] == d->newline || (s->p[0] == '\r' && used <= 2));
    s->p += used;
    s->n -= used;
    return used == 0 ? SIZE_MAX : blank ? 0 : n;
}

/* How well a dialect explains the sample: the commonest number of fields, and how many records have it. */
static struct shape shape_of(struct str s, bool whole, const struct dialect *d)
{
    size_t counts[SAMPLE_RECORDS], n = 0;
    while (s.n && n < SAMPLE_RECORDS) {
        size_t k = fields_of(&s, whole, d);
        if (k == SIZE_MAX)
            break;
        if (k)
            counts[n++] = k;
    }
    struct shape best = {1, n, 0};
    for (size_t i = 0; i < n; i++) {
        size_t same = 0;
        for (size_t j = 0; j < n; j++)
            same += counts[j] == counts[i];
        if (same > best.agreeing || (same == best.agreeing && counts[i] > best.fields)) {
            best.agreeing = same;
            best.fields = counts[i];
        }
    }
    return best;
}

/* Quotes count only where a value begins or ends. */
static size_t quotes_at_edges(struct str s, char quote)
{
    size_t n = 0;
    for (size_t i = 1; i + 1 < s.n; i++) {
        if (s.p[i] == quote && (strchr(",;\t|\n\r", s.p[i - 1]) || strchr(",;\t|\n\r", s.p[i + 1])))
            n++;
    }
    return n + (s.n && s.p[0] == quote);
}

static char escape_find(struct str s, char quote)
{
    size_t doubled = 0, backslashed = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.p[i] == '\\' && s.p[i + 1] == quote)
            backslashed++;
        doubled += s.p[i] == quote && s.p[i + 1] == quote;
    }
    return backslashed > doubled ? '\\' : quote;
}

static char delimiter_find(struct str s, bool whole, struct dialect d, bool tsv)
{
    static const char candidates[] = {',', '\t', ';', '|'};
    double best = -1;
    char found = tsv ? '\t' : ',';
    for (size_t i = 0; i < sizeof candidates; i++) {
        d.delimiter = candidates[i];
        struct shape sh = shape_of(s, whole, &d);
        if (sh.fields < 2 || !sh.records)
            continue;
        double share = (double)sh.agreeing / (double)sh.records;
        double score = share + (double)(sh.fields < 50 ? sh.fields : 50) / 1000 + (d.delimiter == found ? 0.001 : 0);
        if (score > best) {
            best = score;
            found = d.delimiter;
        }
    }
    return found;
}

/* The first records of the sample, for head_find. `lines` has the physical line that each begins on. */
static size_t head_rows(struct str s, bool whole, const struct dialect *d, struct arena *a, struct head_row *rows, int *lines)
{
    enum { MOST = 2048 };
    struct str *fields = arena_array(a, MOST, sizeof *fields);
    size_t n = 0;
    int line = 0;
    while (n < HEAD_ROWS && s.n) {
        size_t k, used = detect_record(s, whole, d, a, fields, MOST, &k);
        if (!used)
            break;
        bool blank = k == 1 && str_trim(fields[0]).n == 0;
        if (!blank) {
            k = k < MOST ? k : MOST;
            rows[n] = (struct head_row){arena_array(a, k + 1, sizeof *fields), k};
            memcpy((struct str *)(uintptr_t)rows[n].fields, fields, k * sizeof *fields);
            lines[n++] = line;
        }
        for (size_t i = 0; i < used; i++)
            line += s.p[i] == d->newline;
        s.p += used;
        s.n -= used;
    }
    return n;
}

static struct str lines_cut(struct str s, int n, char newline)
{
    for (int i = 0; i < n && s.n; i++) {
        const char *nl = memchr(s.p, newline, s.n);
        size_t used = nl ? (size_t)(nl - s.p) + 1 : s.n;
        s.p += used;
        s.n -= used;
    }
    return s;
}

static void head_detect(struct str s, bool whole, const struct detect_asked *asked, struct dialect *d)
{
    struct head_row rows[HEAD_ROWS];
    int lines[HEAD_ROWS];
    struct arena a;
    arena_init(&a);
    const struct head_asked ask = {asked->header, asked->header_rows, asked->skip_rows >= 0, asked->columns, asked->n_columns};
    size_t n = head_rows(lines_cut(s, d->skip_rows, d->newline), whole, d, &a, rows, lines);
    struct head h = head_find(rows, n, &ask);
    d->header_rows = n ? h.header_rows : asked->header != 0;
    if (n && asked->skip_rows < 0 && h.at > 0)
        d->skip_rows += lines[h.at];
    arena_fini(&a);
}

/* "sep=;" as spreadsheet programs write above a table. */
static char separator_line(struct str s)
{
    return s.n > 5 && str_eq_nocase((struct str){s.p, 4}, STR("sep=")) && (s.p[5] == '\r' || s.p[5] == '\n') ? s.p[4] : 0;
}

void detect_dialect(struct str s, bool whole, const struct detect_asked *asked, struct dialect *d)
{
    *d = (struct dialect){.newline = '\n'};
    if (s.n && !memchr(s.p, '\n', s.n) && memchr(s.p, '\r', s.n))
        d->newline = '\r';
    d->quote = asked->quote.n ? asked->quote.p[0] : '"';
    if (!asked->quote.n && quotes_at_edges(s, '\'') > 3 && quotes_at_edges(s, '"') == 0)
        d->quote = '\'';
    if (asked->no_quote)
        d->quote = 0;
    d->escape = !d->quote ? 0 : asked->escape.n ? asked->escape.p[0] : escape_find(s, d->quote);
    char told = separator_line(s);
    d->delimiter = asked->delimiter.n ? asked->delimiter.p[0] : told ? told : delimiter_find(s, whole, *d, asked->tsv);
    if (str_eq(asked->delimiter, STR("\\t")))
        d->delimiter = '\t';
    d->skip_rows = asked->skip_rows >= 0 ? asked->skip_rows : told ? 1 : 0;
    head_detect(s, whole, asked, d);
}
