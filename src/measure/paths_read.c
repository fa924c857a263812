/* Rows of aggregated paths as text: a header, then a row for each path. Delimiter ; , or tab as the header has it, quotes as in RFC 4180, any of
 * the usual line ends. One pass; every row that cannot be read as it stands is an error with its place, so that nothing is left out in silence. */
#include "measure/paths_int.h"

enum { DECIMALS = 6, DIGITS_MAX = 18, SHOWN_MAX = 60, MILLION = 1000000 };

const char *const path_fields[FIELDS] = {"path", "total_conversions", "total_conversion_value", "total_null"};

/* ---- saying where ---- */

static uint32_t column_of(const struct reading *r, const char *at)
{
    uint32_t n = 1;
    for (const char *p = r->line; p < at; p++)
        n += ((unsigned char)*p & 0xc0) != 0x80;
    return n;
}

static struct str shown(struct str s)
{
    while (s.n > SHOWN_MAX || (s.n == SHOWN_MAX && ((unsigned char)s.p[s.n - 1] & 0x80)))
        s.n--;
    return s;
}

static struct err *wrong(struct reading *r, const char *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static struct err *wrong(struct reading *r, const char *at, const char *fmt, ...)
{
    struct arena scratch;
    va_list ap;
    arena_init(&scratch);
    va_start(ap, fmt);
    struct str text = arena_vprintf(&scratch, fmt, ap);
    va_end(ap);
    struct err *e = errs_add(r->es, E_SOURCE_FILE, r->file, r->line_no, column_of(r, at), "%.*s", STR_FMT(text));
    arena_fini(&scratch);
    return e;
}

static void mend(struct err *e, const char *how)
{
    if (e)
        err_hint(e, "%s", how);
}

/* ---- names of channels ---- */

/* The first byte is the lowest, on every machine. */
static uint64_t word(const char *p, size_t n)
{
    uint64_t w = 0;
    memcpy(&w, p, n < sizeof w ? n : sizeof w);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(w) : w;
}

/* Head and tail are the whole name up to 16 bytes. */
static size_t slot_of(const struct reading *r, struct str name, uint64_t head, uint64_t tail)
{
    uint64_t h = (head ^ (tail << 23 | tail >> 41) ^ name.n) * 0x9e3779b97f4a7c15u;
    for (size_t i = (size_t)(h ^ h >> 32) & r->mask;; i = (i + 1) & r->mask) {
        const struct name_slot *s = &r->slots[i];
        if (!s->used || (s->head == head && s->tail == tail && s->name.n == name.n && (name.n <= 16 || memcmp(s->name.p, name.p, name.n) == 0)))
            return i;
    }
}

void path_names_widen(struct reading *r)
{
    struct name_slot *old = r->slots;
    size_t n = old ? r->mask + 1 : 0;
    r->mask = n ? 2 * n - 1 : 1023;
    r->slots = mem_alloc((r->mask + 1) * sizeof *r->slots);
    for (size_t i = 0; i < n; i++)
        if (old[i].used)
            r->slots[slot_of(r, old[i].name, old[i].head, old[i].tail)] = old[i];
    mem_free(old);
}

uint32_t path_name_number(struct reading *r, const struct name_slot *s)
{
    size_t i = slot_of(r, s->name, s->head, s->tail);
    if (r->slots[i].used)
        return r->slots[i].id;
    uint32_t id = (uint32_t)r->n_names++;
    r->slots[i] = (struct name_slot){s->head, s->tail, arena_str(r->a, s->name), id, true};
    if (2 * r->n_names > r->mask)
        path_names_widen(r);
    return id;
}

/* `safe`: bytes from the name on that may be read. */
static void step_add(struct reading *r, struct str name, size_t safe, const char *at)
{
    uint64_t head, tail;
    if (name.n == 0) {
        mend(wrong(r, at, "a step of this path is empty"), "name each step, with \" > \" between two of them");
        return;
    }
    if (name.n < 8 && safe >= 8) {
        head = word(name.p, 8) & ((UINT64_C(1) << 8 * name.n) - 1);
        tail = 0;
    } else {
        head = word(name.p, name.n);
        tail = name.n > 8 ? word(name.p + name.n - 8, 8) : 0;
    }
    size_t i = slot_of(r, name, head, tail);
    if (r->slots[i].used) {
        r->steps[r->n_steps++] = r->slots[i].id;
        return;
    }
    if (!str_utf8_valid(name)) {
        mend(wrong(r, at, "this name of a channel is not UTF-8"), "save the file as UTF-8");
        return;
    }
    r->steps[r->n_steps++] = path_name_number(r, &(struct name_slot){.head = head, .tail = tail, .name = name});
}

static struct str bare(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (struct str){from, (size_t)(to - from)};
}

/* Steps of a path that is no longer quoted; `at`: where to point. */
static void path_split(struct reading *r, struct str path, const char *at)
{
    if (str_trim(path).n == 0) {
        mend(wrong(r, at, "this row has no path"), "conversions without any touch have no part in attribution by paths: leave the row out");
        return;
    }
    for (struct str rest = path; rest.p;) {
        struct str step = str_cut(rest, '>', &rest);
        struct str name = bare(step.p, step.p + step.n);
        step_add(r, name, name.n, at);
    }
}

/* ---- fields ---- */

static bool at_line_end(const struct reading *r)
{
    return r->at >= r->end || *r->at == '\n' || *r->at == '\r';
}

static void line_next(struct reading *r)
{
    if (r->at < r->end && *r->at == '\r')
        r->at++;
    if (r->at < r->end && *r->at == '\n' )
        r->at++;
    r->line = r->at;
    r->line_no++;
}

/* A field in quotes; at its opening one. What stands between it and the next delimiter is an error. */
static struct str quoted(struct reading *r)
{
    const char *open = r->at++;
    bool closed = false;
    buf_reset(&r->plain);
    for (const char *from = r->at; !closed;) {
        const char *quote = memchr(from, '"', (size_t)(r->end - from));
        const char *to = quote ? quote : r->end;
        buf_add(&r->plain, (struct str){from, (size_t)(to - from)});
        r->at = quote ? quote + 1 : r->end;
        if (quote && r->at < r->end && *r->at == '"') {
            buf_addc(&r->plain, '"');
            from = ++r->at;
        } else if (quote)
            closed = true;
        else
            break;
    }
    r->crossed |= !closed && r->end != r->whole_end;
    if (!closed)
        mend(wrong(r, open, "this quote is never closed"), "close it, or write \"\" for a quote within quotes");
    else if (!at_line_end(r) && *r->at != r->delimiter) {
        mend(wrong(r, r->at, "something stands between the quotes and the next field"), "a field is either wholly within quotes or without any");
        while (!at_line_end(r) && *r->at != r->delimiter)
            r->at++;
    }
    return buf_str(&r->plain);
}

static void lines_within(struct reading *r, const char *from)
{
    for (const char *p = from; p < r->at; p++)
        if (*p == '\n') {
            r->line_no++;
            r->line = p + 1;
        }
}

static struct str field(struct reading *r)
{
    const char *from = r->at;
    if (r->at < r->end && *r->at == '"')
        return quoted(r);
    while (r->at < r->end && r->stops[(unsigned char)*r->at] != 1)
        r->at++;
    return (struct str){from, (size_t)(r->at - from)};
}

/* Bytes of w that are c, as their high bits; above the lowest of them there may be false ones. */
static uint64_t marks(uint64_t w, unsigned char c)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t t = w ^ ones * c;
    return (t - ones) & ~t & ones << 7;
}

/* Where a step ends, eight bytes at a time. */
static const char *step_end(const struct reading *r, const char *p)
{
    for (; r->end - p >= 8; p += 8) {
        uint64_t w = word(p, 8), m = marks(w, '>') | marks(w, (unsigned char)r->delimiter) | marks(w, '\n') | marks(w, '\r');
        if (m)
            return p + __builtin_ctzll(m) / 8;
    }
    while (p < r->end && !r->stops[(unsigned char)*p])
        p++;
    return p;
}

/* The path of most files: not quoted, its steps found while its end is. */
static void path_bare(struct reading *r)
{
    const char *from = r->at, *p = from, *end = r->end;
    size_t begin = r->n_steps;
    bool more = true;
    while (more) {
        const char *step = p;
        p = step_end(r, p);
        more = p < end && *p == '>';
        struct str name = bare(step, p);
        if (!more && name.n == 0 && r->n_steps == begin && step == from)
            path_split(r, name, from); /* says that there is none */
        else
            step_add(r, name, (size_t)(end - name.p), step);
        p += more;
    }
    r->at = p;
}

/* ---- numbers ---- */

struct decimal { bool negative, full, over, cut; int64_t digits; int exponent; }; /* digits x 10^exponent; over, cut: more digits than fit before, after the point */

/* Digits with at most one point and an exponent. */
static bool decimal_read(struct str s, struct decimal *d)
{
    const char *p = s.p, *end = s.p + s.n;
    bool point = false, some = false;
    *d = (struct decimal){0};
    if (p < end && (*p == '-' || *p == '+'))
        d->negative = *p++ == '-';
    for (; p < end && ((*p >= '0' && *p <= '9') || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        some = true;
        int64_t longer;
        if (!d->full && !__builtin_mul_overflow(d->digits, 10, &longer) && !__builtin_add_overflow(longer, *p - '0', &longer)) {
            d->digits = longer;
            d->exponent -= point;
        } else {
            d->full = true;
            d->over |= !point;
            d->cut |= point && *p != '0';
        }
    }
    if (some && p < end && (*p == 'e' || *p == 'E')) {
        bool minus = ++p < end && *p == '-';
        int power = 0, digits = 0;
        p += p < end && (*p == '-' || *p == '+');
        for (; p < end && *p >= '0' && *p <= '9' && digits < 4; p++, digits++)
            power = power * 10 + (*p - '0');
        d->exponent += minus ? -power : power;
        some = digits > 0;
    }
    return some && p == end;
}

/* Whole numbers of 10^-places, rounded half away from zero; *exact: nothing was rounded. False: too large. */
static bool decimal_scaled(const struct decimal *d, int places, int64_t *out, bool *exact)
{
    int shift = d->exponent + places;
    int64_t v = d->digits, cut = 0;
    bool lost = d->cut;
    for (; shift > 0 && v; shift--)
        if (__builtin_mul_overflow(v, 10, &v))
            return false;
    for (; shift < 0 && (v || cut); shift++) {
        lost |= cut != 0;
        cut = v % 10;
        v /= 10;
    }
    *exact = !lost && cut == 0;
    v += cut >= 5;
    *out = d->negative ? -v : v;
    return !d->over;
}

static void number(struct reading *r, enum path_field f, struct str s, const char *at)
{
    struct decimal d;
    bool exact = true;
    int64_t *out = &r->counts[f][r->rows];
    s = str_trim(s);
    if (s.n == 0) {
        mend(wrong(r, at, "%s is empty here", path_fields[f]), "write 0 where there is none");
        return;
    }
    if (!decimal_read(s, &d)) {
        mend(wrong(r, at, "%s is no number here: %.*s", path_fields[f], STR_FMT(shown(s))), "numbers are written like 1250 or 12.5, without thousands or currency");
        return;
    }
    if (!decimal_scaled(&d, f == VALUE ? DECIMALS : 0, out, &exact)) {
        wrong(r, at, "%s is too large here: %.*s", path_fields[f], STR_FMT(shown(s)));
        return;
    }
    if (f == VALUE) {
        if (!exact && r->rounded++ == 0) {
            r->rounded_line = r->line_no;
            r->rounded_col = column_of(r, at);
        }
        return;
    }
    if (!exact)
        mend(wrong(r, at, "%s is not a whole number here: %.*s", path_fields[f], STR_FMT(shown(s))), "it counts, so it is a whole number");
    else if (*out < 0)
        mend(wrong(r, at, "%s is negative here: %.*s", path_fields[f], STR_FMT(shown(s))), "it counts, so it is 0 or more");
}

/* Where the digits end; NULL: there are none. */
static const unsigned char *digits_of(const char *p, const char *end, int64_t *v)
{
    const char *from = p;
    int64_t n = 0;
    while (p < end && p - from < DIGITS_MAX && *p >= '0' && *p <= '9')
        n = n * 10 + (*p++ - '0');
    *v = n;
    return p > from ? (const unsigned char *)p : NULL;
}

/* Plain digits, which nearly all numbers are. */
static bool number_plain(struct reading *r, enum path_field f)
{
    int64_t v;
    const unsigned char *p = digits_of(r->at, r->end, &v);
    if (!p || ((const char *)p < r->end && r->stops[*p] != 1) || (f == VALUE && v > INT64_MAX / MILLION))
        return false;
    r->counts[f][r->rows] = f == VALUE ? v * MILLION : v;
    r->at = (const char *)p;
    return true;
}

/* ---- rows ---- */

static void row(struct reading *r)
{
    const char *begin = r->at;
    size_t k = 0, errors = r->es->n_errors, steps = r->n_steps;
    uint32_t line = r->line_no;
    for (;; k++) {
        int f = k < r->columns ? r->column[k] : -1;
        const char *at = r->at;
        bool in_quotes = at < r->end && *at == '"';
        if (f == PATH && !in_quotes)
            path_bare(r);
        else if (f <= PATH || !number_plain(r, (enum path_field)f)) {
            struct str s = field(r);
            if (f == PATH)
                path_split(r, s, at);
            else if (f > PATH)
                number(r, (enum path_field)f, s, at);
            if (in_quotes)
                lines_within(r, at);
        }
        if (at_line_end(r))
            break;
        r->at++;
    }
    if (k + 1 != r->columns) {
        const char *was = r->line;
        r->line = begin;
        struct err *e = errs_add(r->es, E_SOURCE_FILE, r->file, line, 1, "this row has %zu fields, the header %zu", k + 1, r->columns);
        r->line = was;
        mend(e, "put names that contain the delimiter into quotes");
    } else if (r->counts[VALUE] && r->counts[VALUE][r->rows] && r->counts[CONVERSIONS][r->rows] == 0 && r->es->n_errors == errors)
        mend(wrong(r, begin, "this row has a value and no conversion"), "value is that of the conversions of the row");
    if (r->es->n_errors != errors) { /* of a row that is wrong, nothing counts */
        r->n_steps = steps;
        for (int f = CONVERSIONS; f < FIELDS; f++)
            if (r->counts[f])
                r->counts[f][r->rows] = 0;
        return;
    }
    r->ends[r->rows++] = r->n_steps;
}

static bool blank_line(struct reading *r)
{
    const char *p = r->at;
    while (p < r->end && (*p == ' ' || *p == '\t') && *p != r->delimiter)
        p++;
    if (p < r->end && *p != '\n' && *p != '\r')
        return false;
    r->at = p;
    return true;
}

/* ---- header ---- */

static int field_of(struct str name)
{
    for (int f = 0; f < FIELDS; f++)
        if (str_eq_nocase(str_trim(name), str_of(path_fields[f])))
            return f;
    return -1;
}

/* The delimiter with which the header has most fields. */
static char delimiter_of(const struct reading *r)
{
    static const char candidates[] = ";,\t";
    size_t most = 0;
    char found = ';';
    for (const char *c = candidates; *c; c++) {
        size_t n = 0;
        for (const char *p = r->at; p < r->end && *p != '\n' && *p != '\r'; p++)
            n += *p == *c;
        if (n > most) {
            most = n;
            found = *c;
        }
    }
    return found;
}

static bool header(struct reading *r)
{
    r->delimiter = delimiter_of(r);
    r->stops[(unsigned char)r->delimiter] = r->stops['\n'] = r->stops['\r'] = 1;
    r->stops['>'] = 2;
    for (;;) {
        const char *at = r->at;
        struct str name = field(r);
        int f = field_of(name);
        if (r->columns == COLUMNS_MAX) {
            wrong(r, at, "the header has more than %d columns", COLUMNS_MAX);
            return false;
        }
        if (f >= 0 && r->has[f])
            wrong(r, at, "the header has %s twice", path_fields[f]);
        if (f >= 0)
            r->has[f] = true;
        r->column[r->columns++] = f;
        if (at_line_end(r))
            break;
        r->at++;
    }
    for (int f = PATH; f <= CONVERSIONS; f++)
        if (!r->has[f])
            mend(wrong(r, r->line, "the header has no column %s", path_fields[f]),
                 "the first line names the columns: path;total_conversions;total_conversion_value;total_null (the last two may be left out)");
    line_next(r);
    return r->es->n_errors == 0;
}

bool path_head(struct reading *r)
{
    static const char bom[] = "\xef\xbb\xbf";
    if (str_starts((struct str){r->at, (size_t)(r->end - r->at)}, STR(bom)))
        r->at += sizeof bom - 1;
    r->line = r->at;
    if (!blank_line(r) || r->at < r->end)
        return header(r);
    mend(wrong(r, r->at, "the file is empty"), "the first line names the columns: path;total_conversions;total_conversion_value;total_null");
    return false;
}

void path_rows(struct reading *r)
{
    while (r->at < r->end) {
        if (!blank_line(r))
            row(r);
        line_next(r);
    }
}
