/* Titles, groups, names: told apart by how full a row is and by whether values stand in it. */
#include "ingest/head.h"

#include <stdlib.h>

#include "ingest/cell.h"

static struct str cell(const struct head_row *r, size_t i)
{
    return i < r->n ? str_trim(r->fields[i]) : (struct str){0};
}

static size_t filled(const struct head_row *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += cell(r, i).n > 0;
    return n;
}

static bool is_value(struct str s)
{
    enum cell_look look = cell_look(s, '.');
    return look != LOOK_TEXT && look != LOOK_EMPTY;
}

/* 2024, 2025: what a table has as the names of its columns more often than as a lonely number beside words. */
static bool is_year(struct str s)
{
    int64_t y;
    return s.n == 4 && str_to_i64(s, &y) && y >= 1900 && y < 2100;
}

static size_t values_of(const struct head_row *r, size_t *years)
{
    size_t n = 0;
    *years = 0;
    for (size_t i = 0; i < r->n; i++) {
        n += is_value(cell(r, i));
        *years += is_year(cell(r, i));
    }
    return n;
}

static bool normal_eq(struct str f, struct str column)
{
    if (f.n != column.n)
        return false;
    for (size_t i = 0; i < f.n; i++) {
        char c = f.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            c = '_';
        if (c != column.p[i])
            return false;
    }
    return true;
}

/* A row names columns when it holds a declared name, or when nothing in it is a number or a day. */
static bool is_header(const struct head_row *r, const struct head_asked *asked)
{
    size_t years, values = values_of(r, &years), full = filled(r);
    for (size_t i = 0; i < r->n; i++) {
        for (size_t k = 0; k < asked->n_columns; k++) {
            if (normal_eq(cell(r, i), asked->columns[k]))
                return true;
        }
    }
    return (values == 0 || (values == years && years >= 2 && full > years)) && full > 0;
}

static int by_size(const void *x, const void *y)
{
    const size_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

/* How full a row of the table usually is. */
static size_t usual(const struct head_row *rows, size_t n)
{
    size_t counts[HEAD_ROWS];
    for (size_t i = 0; i < n; i++)
        counts[i] = filled(&rows[i]);
    qsort(counts, n, sizeof *counts, by_size);
    return n ? counts[n / 2] : 0;
}

static bool is_title(const struct head_row *r, size_t width)
{
    size_t full = filled(r);
    struct str first = cell(r, 0);
    if (full == 0)
        return true;
    if (full == 2 && width == 4 && first.n > 1 && first.p[first.n - 1] == ':') /* Period: December */
        return true;
    return width >= 3 ? full * 2 < width : width == 2 && full == 1 && cell(r, 0).n > 0;
}

static bool repeats(const struct head_row *r)
{
    for (size_t i = 0; i < r->n; i++) {
        for (size_t k = i + 1; k < r->n && cell(r, i).n; k++) {
            if (str_eq_nocase(cell(r, i), cell(r, k)))
                return true;
        }
    }
    return false;
}

/* Whether `names` continues `groups`: it fills cells that are empty there, it holds no values, and values follow. */
static bool is_second(const struct head_row *groups, const struct head_row *names, const struct head_row *next)
{
    size_t years, fills = 0, gap = 0, widest = groups->n > names->n ? groups->n : names->n;
    if (values_of(names, &years) || !values_of(next, &years))
        return false;
    for (size_t i = 0; i < widest; i++) {
        bool above = cell(groups, i).n > 0, below = cell(names, i).n > 0;
        if (!above && !below && cell(next, i).n)
            return false;
        gap += !above;
        fills += !above && below;
    }
    return gap > 0 && fills > 0 && fills * 2 >= gap;
}

struct head head_find(const struct head_row *rows, size_t n, const struct head_asked *asked)
{
    struct head h = {0, 1};
    n = n < HEAD_ROWS ? n : HEAD_ROWS;
    if (asked->header == 0 || n == 0)
        return (struct head){0, asked->header == 0 ? 0 : 1};
    if (!asked->at_start) {
        size_t width = usual(rows, n), k = 0;
        while (k < n && k < HEAD_TITLES && is_title(&rows[k], width))
            k++;
        if (k < n && k < HEAD_TITLES && is_header(&rows[k], asked)) /* titles stand above names, never above values */
            h.at = k;
        else
            while (h.at + 1 < n && filled(&rows[h.at]) == 0)
                h.at++;
    }
    const struct head_row *first = &rows[h.at];
    if (asked->header != 1 && !is_header(first, asked)) {
        h.header_rows = 0;
    } else if (asked->header_rows) {
        h.header_rows = asked->header_rows;
        if (asked->header_rows == 2 && !asked->at_start && h.at > 0 && repeats(first) && filled(&rows[h.at - 1]))
            h.at--; /* the groups look like a title */
    } else if (h.at + 2 < n && is_second(first, first + 1, first + 2)) {
        h.header_rows = 2;
    } else if (h.at > 0 && h.at + 1 < n && repeats(first) && is_second(first - 1, first, first + 1)) {
        h.at--;
        h.header_rows = 2;
    }
    return h;
}

void head_join(struct arena *a, const struct head_row *groups, const struct head_row *names, struct str *out, size_t n)
{
    struct str group = {0};
    for (size_t i = 0; i < n; i++) {
        struct str above = cell(groups, i), below = cell(names, i);
        if (above.n)
            group = above;
        else if (!below.n)
            group = (struct str){0};
        out[i] = !below.n ? above : !group.n ? below : arena_printf(a, "%.*s %.*s", STR_FMT(group), STR_FMT(below));
    }
}
