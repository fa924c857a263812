/* Fourth stage: targets/<metric>.csv. Small tables that people keep by hand, so every row that is wrong is named, and two
 * rows that promise for the same thing and the same days are an error. */
#include "mesh/mesh_int.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mesh/names.h"

enum column { COL_PERIOD, COL_PLATFORM, COL_CAMPAIGN, COL_CURRENCY, COL_TARGET, COLS, FIELDS_MAX = 16 };
static const struct str col_names[COLS] = {{"period", 6}, {"platform", 8}, {"campaign_id", 11}, {"currency", 8}, {"target", 6}};
static const struct str metrics[] = {{"spend", 5}, {"conversions", 11}, {"conversions_value", 17}, {"clicks", 6}, {"impressions", 11}};
enum { METRICS = sizeof metrics / sizeof metrics[0] };

struct field { struct str text; uint32_t line, col; };

struct reader {
    struct load *l;
    const struct mesh_file *f;
    const char *at, *end;
    uint32_t line, col;
    int place[COLS];             /* of each column in a row, or -1 */
    size_t n_header;
};

__attribute__((format(printf, 4, 5))) static struct err *at_field(struct reader *r, enum err_code code, const struct field *f, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return errs_add(r->l->es, code, r->f->path, f->line, f->col, "%s", text);
}

static void step(struct reader *r)
{
    char c = *r->at++;
    if (c == '\n') {
        r->line++;
        r->col = 1;
    } else if (((unsigned char)c & 0xC0) != 0x80) {
        r->col++;
    }
}

static bool ends_field(const struct reader *r)
{
    return r->at == r->end || *r->at == ',' || *r->at == '\n' || (*r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n');
}

/* One field, quoted or not, trimmed; false: a quote that is never closed. */
static bool field_read(struct reader *r, struct field *f)
{
    *f = (struct field){.line = r->line, .col = r->col};
    if (r->at == r->end || *r->at != '"') {
        const char *from = r->at;
        while (!ends_field(r))
            step(r);
        f->text = str_trim((struct str){from, (size_t)(r->at - from)});
        return true;
    }
    char *out = arena_alloc(r->l->a, (size_t)(r->end - r->at));
    size_t n = 0;
    step(r);
    while (r->at < r->end) {
        bool quote = *r->at == '"', doubled = quote && r->at + 1 < r->end && r->at[1] == '"';
        if (quote && !doubled)
            break;
        if (doubled)
            step(r);
        out[n++] = *r->at;
        step(r);
    }
    if (r->at == r->end) {
        hint(at_field(r, E_SOURCE_FILE, f, "a quote is opened here and never closed"), "close it, or remove it");
        return false;
    }
    step(r);
    while (!ends_field(r))
        step(r);
    f->text = str_trim((struct str){out, n});
    return true;
}

/* The fields of the next row that is not empty; 0: the end, or a row that cannot be read. */
static size_t row_read(struct reader *r, struct field *v)
{
    size_t n = 0;
    while (r->at < r->end && (*r->at == '\n' || *r->at == '\r'))
        step(r);
    while (r->at < r->end) {
        struct field f;
        if (!field_read(r, &f)) {
            r->at = r->end;
            return 0;
        }
        if (n < FIELDS_MAX)
            v[n++] = f;
        if (r->at == r->end)
            break;
        bool more = *r->at == ',';
        if (*r->at == '\r')
            step(r);
        step(r);
        if (!more)
            break;
        if (r->at == r->end && n < FIELDS_MAX) /* a comma at the very end: an empty field follows */
            v[n++] = (struct field){{"", 0}, r->line, r->col};
    }
    return n;
}

static bool header_read(struct reader *r)
{
    struct field v[FIELDS_MAX];
    size_t n = row_read(r, v);
    bool good = true;
    r->n_header = n;
    for (size_t k = 0; k < COLS; k++)
        r->place[k] = -1;
    if (n == 0) {
        hint(at_file(r->l, E_SOURCE_FILE, r->f->path, "this file is empty"), "its first line is period,platform,campaign_id,currency,target; or remove the file");
        return false;
    }
    if (n == 1 && memchr(v[0].text.p, ';', v[0].text.n)) {
        hint(at_field(r, E_SOURCE_FILE, &v[0], "the columns are separated by semicolons"), "save it with commas between columns and a point before decimals");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < COLS && !str_eq_nocase(v[i].text, col_names[k]))
            k++;
        if (k == COLS) {
            hint_nearest(at_field(r, E_UNKNOWN_KEY, &v[i], "\"%.*s\" is not a column of a file of targets", STR_FMT(v[i].text)), v[i].text, col_names, COLS);
            good = false;
        } else if (r->place[k] >= 0) {
            hint(at_field(r, E_DUPLICATE, &v[i], "the column \"%.*s\" stands twice", STR_FMT(col_names[k])), "remove one of the two");
            good = false;
        } else {
            r->place[k] = (int)i;
        }
    }
    for (size_t k = 0; k < COLS && good; k++)
        if ((k == COL_PERIOD || k == COL_TARGET) && r->place[k] < 0) {
            hint(at_field(r, E_MISSING_KEY, &v[0], "the column \"%.*s\" is missing", STR_FMT(col_names[k])), "the first line is period,platform,campaign_id,currency,target");
            good = false;
        }
    return good;
}

/* ---- Periods ---- */

static bool day_of(struct arena *a, int64_t year, int64_t month, int64_t day, int32_t *out)
{
    return clock_parse_date(arena_printf(a, "%04d-%02d-%02d", (int)year, (int)month, (int)day), out);
}

/* From the first of a month over `months` months. */
static bool months_of(struct arena *a, int64_t year, int64_t month, int64_t months, struct mesh_target *t)
{
    int64_t next = month + months, next_year = year + (next > 12);
    if (month < 1 || month > 12 || !day_of(a, year, month, 1, &t->day_from) || !day_of(a, next_year, next > 12 ? next - 12 : next, 1, &t->day_to))
        return false;
    t->day_to--;
    return true;
}

/* 2026, 2026-Q4, 2026-11, 2026-11-03, 2026-11-01/2026-11-15 */
static bool period_read(struct arena *a, struct str s, struct mesh_target *t)
{
    struct str to, rest, from = str_cut(s, '/', &to);
    int64_t year, part;
    if (to.p)
        return clock_parse_date(str_trim(from), &t->day_from) && clock_parse_date(str_trim(to), &t->day_to) && t->day_from <= t->day_to;
    if (clock_parse_date(s, &t->day_from)) {
        t->day_to = t->day_from;
        return true;
    }
    struct str first = str_cut(s, '-', &rest);
    if (first.n != 4 || !str_to_i64(first, &year) || year < 1970)
        return false;
    if (!rest.p)
        return months_of(a, year, 1, 12, t);
    if (rest.n == 2 && (rest.p[0] == 'Q' || rest.p[0] == 'q') && rest.p[1] >= '1' && rest.p[1] <= '4')
        return months_of(a, year, (rest.p[1] - '1') * 3 + 1, 3, t);
    return rest.n == 2 && str_to_i64(rest, &part) && months_of(a, year, part, 1, t);
}

/* ---- Rows ---- */

static const struct field *field_of(const struct reader *r, const struct field *v, size_t n, enum column k)
{
    return r->place[k] >= 0 && (size_t)r->place[k] < n ? &v[r->place[k]] : NULL;
}

static bool has_money(struct str metric)
{
    return str_eq(metric, STR("spend")) || str_eq(metric, STR("conversions_value"));
}

static bool currency_check(struct reader *r, struct str metric, const struct field *f)
{
    if (!f || !f->text.n)
        return true;
    if (!has_money(metric)) {
        hint(at_field(r, E_SCHEMA, f, "%.*s is a count and has no currency", STR_FMT(metric)), "leave the field empty");
        return false;
    }
    if (name_is_currency(f->text))
        return true;
    struct str near = name_nearest_currency(f->text);
    struct err *e = at_field(r, E_SCHEMA, f, "\"%.*s\" is not a currency code of ISO 4217", STR_FMT(f->text));
    if (near.p)
        hint(e, "did you mean \"%.*s\"?", STR_FMT(near));
    else
        hint(e, "a code is three capital letters, such as EUR; empty means the reporting currency");
    return false;
}

static bool target_read(struct reader *r, struct str metric, const struct field *v, size_t n, struct mesh_target *t)
{
    const struct field *period = field_of(r, v, n, COL_PERIOD), *target = field_of(r, v, n, COL_TARGET), *platform = field_of(r, v, n, COL_PLATFORM);
    const struct field *campaign = field_of(r, v, n, COL_CAMPAIGN), *currency = field_of(r, v, n, COL_CURRENCY);
    bool good = currency_check(r, metric, currency);
    *t = (struct mesh_target){.metric = metric, .pos = {r->f->path, v[0].line, v[0].col}};
    if (!period || !target) {
        hint(at_field(r, E_SOURCE_FILE, &v[0], "this row is too short: it lacks the %s", !period ? "period" : "target"), "write all fields of the first line, empty ones too");
        return false;
    }
    if (!period_read(r->l->a, period->text, t)) {
        hint(at_field(r, E_SCHEMA, period, "\"%.*s\" is not a period", STR_FMT(period->text)), "write 2026, 2026-Q4, 2026-11, 2026-11-03 or 2026-11-01/2026-11-15");
        good = false;
    }
    if (!str_to_f64(target->text, &t->amount) || !isfinite(t->amount)) {
        hint(at_field(r, E_SCHEMA, target, "the target \"%.*s\" is not a number", STR_FMT(target->text)), "write it as 12000.50: no currency sign, nothing between thousands, a point before decimals");
        good = false;
    } else if (t->amount < 0) {
        hint(at_field(r, E_SCHEMA, target, "the target is below zero"), "write what is to be reached");
        good = false;
    }
    if (n > r->n_header) {
        hint(at_field(r, E_SOURCE_FILE, &v[0], "this row has more fields than the first line"), "write numbers without commas, and a text that holds one in quotes");
        good = false;
    }
    t->platform = platform ? platform->text : (struct str){NULL, 0};
    t->campaign_id = campaign ? campaign->text : (struct str){NULL, 0};
    t->currency = currency ? currency->text : (struct str){NULL, 0};
    return good;
}

static int scope_compare(const struct mesh_target *x, const struct mesh_target *y)
{
    int c = str_cmp(x->platform, y->platform);
    c = c ? c : str_cmp(x->campaign_id, y->campaign_id);
    return c ? c : str_cmp(x->currency, y->currency);
}

static int target_order(const void *a, const void *b)
{
    const struct mesh_target *x = *(struct mesh_target *const *)a, *y = *(struct mesh_target *const *)b;
    int c = scope_compare(x, y);
    c = c ? c : (x->day_from > y->day_from) - (x->day_from < y->day_from);
    return c ? c : (x->pos.line > y->pos.line) - (x->pos.line < y->pos.line);
}

/* Sorted by scope and first day, a row overlaps an earlier one exactly when it begins before the latest end so far. */
static void overlaps_report(struct load *l, struct mesh_target *v, size_t n)
{
    struct mesh_target **order = arena_array(l->a, n + 1, sizeof *order);
    const struct mesh_target *latest = NULL;
    for (size_t i = 0; i < n; i++)
        order[i] = &v[i];
    qsort(order, n, sizeof *order, target_order);
    for (size_t i = 0; i < n; i++) {
        const struct mesh_target *t = order[i];
        if (!latest || scope_compare(latest, t) != 0) {
            latest = t;
            continue;
        }
        if (t->day_from <= latest->day_to) {
            const struct mesh_target *late = t->pos.line > latest->pos.line ? t : latest, *early = late == t ? latest : t;
            hint(errs_add(l->es, E_DUPLICATE, late->pos.file, late->pos.line, late->pos.col, "this period overlaps that of line %u, and both hold for the same platform, campaign and currency", early->pos.line),
                 "give each day one target: keep one of the two, or shorten a period");
        }
        if (t->day_to > latest->day_to)
            latest = t;
    }
}

static void file_targets(struct load *l, const struct mesh_file *f)
{
    struct mesh *m = l->m;
    struct str metric = {f->base.p, f->base.n - (sizeof ".csv" - 1)};
    bool known = false;
    for (size_t i = 0; i < METRICS; i++)
        known = known || str_eq(metric, metrics[i]);
    if (!known) {
        hint_nearest(at_file(l, E_NAME, f->path, "\"%.*s\" is not a measure that can have targets", STR_FMT(metric)), metric, metrics, METRICS);
        return;
    }
    struct reader r = {.l = l, .f = f, .at = f->text.p, .end = f->text.p + f->text.n, .line = 1, .col = 1};
    if (str_starts(f->text, STR("\xEF\xBB\xBF")))
        r.at += 3;
    size_t first = m->n_targets, most = 1;
    for (size_t i = 0; i < f->text.n; i++)
        most += f->text.p[i] == '\n';
    struct mesh_target *v = arena_array(l->a, first + most, sizeof *v);
    if (first)
        memcpy(v, m->targets, first * sizeof *v);
    m->targets = v;
    if (!header_read(&r))
        return;
    struct field fields[FIELDS_MAX];
    for (size_t n = row_read(&r, fields); n > 0; n = row_read(&r, fields))
        if (target_read(&r, metric, fields, n, &v[m->n_targets]))
            m->n_targets++;
    overlaps_report(l, v + first, m->n_targets - first);
}

void meaning_targets(struct load *l)
{
    for (size_t i = 0; i < l->n_targets; i++)
        file_targets(l, &l->targets[i]);
}
