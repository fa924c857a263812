/* Rows as CSV says them against rows as the engine gave them: texts as they are, numbers as exact decimals. */
#include "cli/pack_test.h"

enum { CELLS_MAX = 1 << 22, TOLD_MAX = 12, CELL_SHOWN = 60 };

/* ---- CSV ---- */

struct csv {
    struct str text;
    size_t at;
    uint32_t line;
};

/* One field; *ends when a line or the text ends after it. False: a quote that is not closed. */
static bool csv_field(struct arena *a, struct csv *c, struct str *out, bool *ends)
{
    const char *p = c->text.p;
    size_t n = c->text.n;
    if (c->at < n && p[c->at] == '"') {
        size_t from = ++c->at, used = 0;
        char *v = arena_alloc(a, n - from + 1);
        for (; c->at < n; c->at++) {
            if (p[c->at] == '"') {
                if (c->at + 1 < n && p[c->at + 1] == '"')
                    c->at++;
                else
                    break;
            }
            c->line += p[c->at] == '\n';
            v[used++] = p[c->at];
        }
        if (c->at == n)
            return false;
        c->at++;
        *out = (struct str){v, used};
    } else {
        size_t from = c->at;
        while (c->at < n && p[c->at] != ',' && p[c->at] != '\n' && p[c->at] != '\r')
            c->at++;
        *out = c->at > from ? (struct str){p + from, c->at - from} : (struct str){NULL, 0};
    }
    *ends = c->at >= n || p[c->at] != ',';
    if (c->at < n && p[c->at] == ',')
        c->at++;
    else {
        c->at += c->at < n && p[c->at] == '\r';
        if (c->at < n && p[c->at] == '\n') {
            c->at++;
            c->line++;
        }
    }
    return true;
}

/* How many fields the first line has, and at most how many lines follow. */
static bool csv_size(struct arena *a, struct str text, size_t *columns, size_t *rows)
{
    struct csv c = {text, 0, 1};
    struct str field;
    bool ends = false;
    *columns = 0;
    while (!ends && c.at <= text.n) {
        if (!csv_field(a, &c, &field, &ends))
            return false;
        ++*columns;
    }
    *rows = 1;
    for (size_t i = 0; i < text.n; i++)
        *rows += text.p[i] == '\n';
    return *columns * *rows < CELLS_MAX;
}

bool cells_parse_csv(struct arena *a, struct str text, struct cells *out, struct err *e)
{
    struct csv c = {text, 0, 1};
    size_t rows;
    bool ends;
    *out = (struct cells){0};
    if (!text.n)
        return err_set(e, E_SOURCE_FILE, "the expected rows are empty; the first line names the columns");
    if (!csv_size(a, text, &out->n_columns, &rows))
        return err_set(e, E_SOURCE_FILE, "the expected rows cannot be read as CSV: a quote is not closed, or they are too many");
    out->names = arena_array(a, out->n_columns + 1, sizeof *out->names);
    out->v = arena_array(a, out->n_columns * rows + 1, sizeof *out->v);
    for (size_t i = 0; i < out->n_columns; i++)
        if (!csv_field(a, &c, &out->names[i], &ends))
            return err_set(e, E_SOURCE_FILE, "a quote is not closed in the header");
    while (c.at < text.n) {
        uint32_t line = c.line;
        size_t i = 0;
        for (ends = false; !ends; i++) {
            struct str field;
            if (!csv_field(a, &c, &field, &ends))
                return err_set(e, E_SOURCE_FILE, "line %u: a quote is not closed", (unsigned)line);
            if (i < out->n_columns)
                out->v[out->n_rows * out->n_columns + i] = field;
        }
        if (i == 1 && out->n_columns > 1 && !out->v[out->n_rows * out->n_columns].p)
            continue; /* an empty line */
        if (i != out->n_columns)
            return err_set(e, E_SOURCE_FILE, "line %u has %zu fields, the header %zu", (unsigned)line, i, out->n_columns);
        out->n_rows++;
    }
    return true;
}

void cells_write_csv(const struct cells *c, const bool *keep, struct buf *out)
{
    for (size_t r = 0; r <= c->n_rows; r++) {
        bool first = true;
        for (size_t i = 0; i < c->n_columns; i++) {
            struct str v = r == 0 ? c->names[i] : c->v[(r - 1) * c->n_columns + i];
            if (keep && !keep[i])
                continue;
            if (!first)
                buf_addc(out, ',');
            first = false;
            if (v.p && !v.n)
                buf_addz(out, "\"\"");
            else if (v.p)
                buf_csv_field(out, v);
        }
        buf_addc(out, '\n');
    }
}

int64_t records_count(struct str path, struct str text)
{
    bool quoted = str_ends(path, STR(".csv")) || str_ends(path, STR(".tsv")), in_quotes = false, content = false;
    int64_t n = 0;
    if (!quoted && !str_ends(path, STR(".ndjson")))
        return -1;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (quoted && c == '"')
            in_quotes = !in_quotes;
        if (c == '\n' && !in_quotes) {
            n += content;
            content = false;
        } else if (c != '\r' && c != ' ' && c != '\t') {
            content = true;
        }
    }
    n += content;
    return quoted && n > 0 ? n - 1 : n;
}

/* ---- values ---- */

/* A number without what says nothing: +1.50 -> 1.5, -0.00 -> 0. Anything else is itself. */
static struct str decimal(struct arena *a, struct str s)
{
    size_t i = 0, digits = 0, point = SIZE_MAX;
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        i++;
    struct str body = {s.p + i, s.n - i};
    for (size_t k = 0; k < body.n; k++) {
        if (body.p[k] == '.' && point == SIZE_MAX)
            point = k;
        else if (body.p[k] >= '0' && body.p[k] <= '9')
            digits++;
        else
            return s;
    }
    if (!digits)
        return s;
    size_t from = 0, to = body.n;
    while (point != SIZE_MAX && to > point && (body.p[to - 1] == '0' || body.p[to - 1] == '.'))
        to -= 1;
    while (from + 1 < (point == SIZE_MAX ? to : point < to ? point : to) && body.p[from] == '0')
        from++;
    struct str bare = {body.p + from, to - from};
    if (!bare.n || str_eq(bare, STR("0")))
        return STR("0");
    bool leading = bare.p[0] == '.';
    return arena_printf(a, "%s%s%.*s", negative ? "-" : "", leading ? "0" : "", STR_FMT(bare));
}

static bool same(struct arena *a, struct str x, struct str y, bool numeric)
{
    if (!x.p || !y.p)
        return !x.p && !y.p;
    if (str_eq(x, y))
        return true;
    double u, v;
    if (!numeric)
        return false;
    bool exponent = memchr(x.p, 'e', x.n) || memchr(y.p, 'e', y.n);
    return exponent ? str_to_f64(x, &u) && str_to_f64(y, &v) && u == v : str_eq(decimal(a, x), decimal(a, y));
}

/* ---- rows ---- */

struct comparing {
    struct arena *a;
    const struct cells *expected, *got;
    const size_t *at;    /* column of `got` for each of `expected` */
    const bool *numeric; /* by column of `got` */
    struct buf *out;
    size_t told;
};

static struct str expected_cell(const struct comparing *c, size_t row, size_t col)
{
    return c->expected->v[row * c->expected->n_columns + col];
}

static struct str got_cell(const struct comparing *c, size_t row, size_t col)
{
    return c->got->v[row * c->got->n_columns + c->at[col]];
}

static size_t equal_cells(const struct comparing *c, size_t expected, size_t got)
{
    size_t n = 0;
    for (size_t i = 0; i < c->expected->n_columns; i++)
        n += same(c->a, expected_cell(c, expected, i), got_cell(c, got, i), c->numeric[c->at[i]]);
    return n;
}

static void show(struct buf *b, struct str v)
{
    if (!v.p)
        buf_addz(b, "NULL");
    else if (!v.n)
        buf_addz(b, "\"\"");
    else
        buf_printf(b, "%.*s%s", (int)(v.n > CELL_SHOWN ? CELL_SHOWN : v.n), v.p, v.n > CELL_SHOWN ? "…" : "");
}

/* A row by its first cells, enough to find it. */
static void show_row(const struct comparing *c, size_t row, bool of_expected)
{
    for (size_t i = 0; i < c->expected->n_columns; i++) {
        buf_printf(c->out, "%s%.*s=", i ? " " : "", STR_FMT(c->expected->names[i]));
        show(c->out, of_expected ? expected_cell(c, row, i) : got_cell(c, row, i));
    }
}

static bool tell(struct comparing *c)
{
    c->told++;
    if (c->told == TOLD_MAX + 1)
        buf_addz(c->out, "    and more\n");
    return c->told <= TOLD_MAX;
}

static void tell_pair(struct comparing *c, size_t expected, size_t got)
{
    for (size_t i = 0; i < c->expected->n_columns; i++) {
        if (same(c->a, expected_cell(c, expected, i), got_cell(c, got, i), c->numeric[c->at[i]]) || !tell(c))
            continue;
        buf_printf(c->out, "    %.*s: expected ", STR_FMT(c->expected->names[i]));
        show(c->out, expected_cell(c, expected, i));
        buf_addz(c->out, ", got ");
        show(c->out, got_cell(c, got, i));
        buf_addz(c->out, "; in the row ");
        show_row(c, expected, true);
        buf_addc(c->out, '\n');
    }
}

static void tell_row(struct comparing *c, size_t row, bool of_expected)
{
    if (!tell(c))
        return;
    buf_addz(c->out, of_expected ? "    missing row: " : "    row too many: ");
    show_row(c, row, of_expected);
    buf_addc(c->out, '\n');
}

/* Rows that are alike are taken away; of the rest, those most alike are told as one row that differs. */
static void compare_sets(struct comparing *c)
{
    size_t ne = c->expected->n_rows, ng = c->got->n_rows;
    bool *met = arena_array(c->a, ne + 1, sizeof *met), *used = arena_array(c->a, ng + 1, sizeof *used);
    memset(met, 0, ne + 1);
    memset(used, 0, ng + 1);
    for (size_t want = c->expected->n_columns; want > 0; want--) { /* all cells alike first, then fewer, at least half */
        if (want < c->expected->n_columns && want * 2 < c->expected->n_columns)
            break;
        for (size_t i = 0; i < ne; i++)
            for (size_t k = 0; k < ng && !met[i]; k++)
                if (!used[k] && equal_cells(c, i, k) == want) {
                    met[i] = used[k] = true;
                    if (want < c->expected->n_columns)
                        tell_pair(c, i, k);
                }
    }
    for (size_t i = 0; i < ne; i++)
        if (!met[i])
            tell_row(c, i, true);
    for (size_t k = 0; k < ng; k++)
        if (!used[k])
            tell_row(c, k, false);
}

static void compare_lists(struct comparing *c)
{
    size_t ne = c->expected->n_rows, ng = c->got->n_rows;
    for (size_t i = 0; i < (ne < ng ? ne : ng); i++)
        tell_pair(c, i, i);
    for (size_t i = ng; i < ne; i++)
        tell_row(c, i, true);
    for (size_t i = ne; i < ng; i++)
        tell_row(c, i, false);
}

size_t cells_compare(struct arena *a, const struct cells *expected, const struct cells *got, const bool *numeric, bool ordered, struct buf *out)
{
    size_t *at = arena_array(a, expected->n_columns + 1, sizeof *at);
    struct comparing c = {.a = a, .expected = expected, .got = got, .at = at, .numeric = numeric, .out = out};
    for (size_t i = 0; i < expected->n_columns; i++) {
        size_t k = 0;
        while (k < got->n_columns && !str_eq(got->names[k], expected->names[i]))
            k++;
        at[i] = k;
        if (k < got->n_columns)
            continue;
        int near = str_nearest(expected->names[i], got->names, got->n_columns);
        buf_printf(out, "    there is no column %.*s", STR_FMT(expected->names[i]));
        if (near >= 0)
            buf_printf(out, "; did you mean %.*s?", STR_FMT(got->names[near]));
        buf_addc(out, '\n');
        c.told++;
    }
    if (c.told)
        return c.told;
    if (ordered)
        compare_lists(&c);
    else
        compare_sets(&c);
    return c.told;
}
