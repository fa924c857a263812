/* A text of paths in parts, one for each thread, cut at line ends: rows of each are read by themselves, then names are numbered, lines counted and rows
 * put together as if one had read them all. A part that ends within quotes shows that a line end was none of a row; then all is read as one part. */
#include "measure/paths_int.h"

#include <unistd.h>

enum { ERRORS_MAX = 100, PARTS_MAX = 64, PART_BYTES = 1 << 20 };

struct part {
    struct reading r;
    struct arena a;
    struct errs es;
    size_t lines, steps;    /* room that it needs */
    size_t row_at, step_at; /* of its first row and step among all */
    uint32_t *now;          /* its numbers of names to those of all */
};

/* ---- room ---- */

/* Line ends and signs between steps, in lanes of bytes that are emptied before they are full. */
static void tally(const char *p, const char *end, size_t *lines, size_t *steps)
{
    enum { LANES = 32, FULL = 255 };
    while (end - p >= LANES) {
        unsigned char ends[LANES] = {0}, signs[LANES] = {0};
        for (int k = 0; k < FULL && end - p >= LANES; k++, p += LANES)
            for (int i = 0; i < LANES; i++) {
                ends[i] = (unsigned char)(ends[i] + (p[i] == '\n') + (p[i] == '\r'));
                signs[i] = (unsigned char)(signs[i] + (p[i] == '>'));
            }
        for (int i = 0; i < LANES; i++) {
            *lines += ends[i];
            *steps += signs[i];
        }
    }
    for (; p < end; p++) {
        *lines += *p == '\n' || *p == '\r';
        *steps += *p == '>';
    }
}

static void part_tally(void *ctx, size_t i)
{
    struct part *p = (struct part *)ctx + i;
    tally(p->r.at, p->r.end, &p->lines, &p->steps);
}

/* Parts begin after line feeds; of a short text some are empty. */
static void parts_cut(const struct reading *whole, struct part *v, size_t n)
{
    size_t bytes = (size_t)(whole->end - whole->at);
    const char *at = whole->at;
    for (size_t i = 0; i < n; i++) {
        const char *to = i + 1 < n ? whole->at + bytes / n * (i + 1) : whole->end;
        const char *feed = i + 1 < n && at <= to ? memchr(to, '\n', (size_t)(whole->end - to)) : NULL;
        v[i].r.at = v[i].r.line = at;
        v[i].r.end = at = i + 1 == n ? whole->end : feed ? feed + 1 : at <= to ? whole->end : at;
    }
}

static void rooms(struct reading *r, struct part *v, size_t n)
{
    size_t lines = 1, steps = 1;
    in_parallel((int)n, n, part_tally, v);
    for (size_t i = 0; i < n; i++) {
        lines += v[i].lines;
        steps += v[i].steps;
    }
    r->steps = arena_array(r->a, lines + steps, sizeof *r->steps);
    r->ends = arena_array(r->a, lines, sizeof *r->ends);
    for (int f = CONVERSIONS; f < FIELDS; f++)
        if (r->has[f])
            r->counts[f] = arena_array(r->a, lines, sizeof *r->counts[f]);
}

/* ---- parts ---- */

/* Reads its part with nothing known of those before: lines count from 0, rows, steps and names, too. */
static void part_read(void *ctx, size_t i)
{
    path_rows(&((struct part *)ctx + i)->r);
}

static void parts_begin(const struct reading *whole, struct part *v, size_t n)
{
    size_t row = 0, step = 0;
    for (size_t i = 0; i < n; i++) {
        struct part *p = &v[i];
        p->r = *whole;
        arena_init(&p->a);
        p->es = (struct errs){.max = whole->es->max};
        p->r.a = &p->a;
        p->r.es = &p->es;
        p->r.line_no = 0;
        p->r.slots = NULL;
        p->r.plain = BUF_INIT((size_t)(whole->end - whole->at) + 1);
        path_names_widen(&p->r);
        p->row_at = row;
        p->step_at = step;
        p->r.ends += row;
        p->r.steps += step;
        for (int f = CONVERSIONS; f < FIELDS; f++)
            if (p->r.counts[f])
                p->r.counts[f] += row;
        row += p->lines;
        step += p->lines + p->steps;
    }
    parts_cut(whole, v, n);
}

static void parts_end(struct part *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mem_free(v[i].r.slots);
        mem_free(v[i].now);
        buf_fini(&v[i].r.plain);
        errs_fini(&v[i].es);
        arena_fini(&v[i].a);
    }
}

/* ---- together ---- */

static void said(struct reading *whole, const struct part *p)
{
    for (size_t k = 0; k < p->es.n; k++) {
        struct err e = p->es.v[k];
        e.line += whole->line_no;
        errs_push(whole->es, &e);
    }
    whole->es->n_errors += p->es.dropped; /* rows say errors only */
    whole->es->dropped += p->es.dropped;
    if (p->r.rounded && !whole->rounded) {
        whole->rounded_line = p->r.rounded_line + whole->line_no;
        whole->rounded_col = p->r.rounded_col;
    }
    whole->rounded += p->r.rounded;
    whole->line_no += p->r.line_no;
}

/* In the order in which they appear in the part, after those of the parts before it. */
static void named(struct reading *whole, struct part *p)
{
    const struct name_slot **order = mem_alloc((p->r.n_names + 1) * sizeof *order);
    p->now = mem_alloc((p->r.n_names + 1) * sizeof *p->now);
    for (size_t i = 0; i <= p->r.mask; i++)
        if (p->r.slots[i].used)
            order[p->r.slots[i].id] = &p->r.slots[i];
    for (size_t i = 0; i < p->r.n_names; i++)
        p->now[i] = path_name_number(whole, order[i]);
    mem_free(order);
}

static void part_renumber(void *ctx, size_t i)
{
    struct part *p = (struct part *)ctx + i;
    bool same = true;
    for (size_t k = 0; same && k < p->r.n_names; k++)
        same = p->now[k] == k;
    for (size_t k = 0; !same && k < p->r.n_steps; k++)
        p->r.steps[k] = p->now[p->r.steps[k]];
    for (size_t k = 0; p->step_at && k < p->r.rows; k++)
        p->r.ends[k] += p->step_at;
}

/* Lines that are no rows leave gaps between the parts. */
static void parts_close_up(struct reading *whole, const struct part *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct part *p = &v[i];
        if (whole->steps + p->step_at != p->r.steps)
            memmove(whole->steps + p->step_at, p->r.steps, p->r.n_steps * sizeof *whole->steps);
        if (whole->ends + p->row_at == p->r.ends)
            continue;
        memmove(whole->ends + p->row_at, p->r.ends, p->r.rows * sizeof *whole->ends);
        for (int f = CONVERSIONS; f < FIELDS; f++)
            if (whole->counts[f])
                memmove(whole->counts[f] + p->row_at, p->r.counts[f], p->r.rows * sizeof *whole->counts[f]);
    }
}

static void together(struct reading *whole, struct part *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        said(whole, &v[i]);
        named(whole, &v[i]);
        v[i].row_at = whole->rows;
        v[i].step_at = whole->n_steps;
        whole->rows += v[i].r.rows;
        whole->n_steps += v[i].r.n_steps;
    }
    in_parallel((int)n, n, part_renumber, v);
    parts_close_up(whole, v, n);
}

static bool crossed(const struct part *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].r.crossed)
            return true;
    return false;
}

static void all_rows(struct reading *whole, size_t n)
{
    struct part *v = mem_alloc(n * sizeof *v);
    parts_cut(whole, v, n);
    rooms(whole, v, n);
    parts_begin(whole, v, n);
    in_parallel((int)n, n, part_read, v);
    if (crossed(v, n)) {
        parts_end(v, n);
        memset(v, 0, n * sizeof *v);
        n = 1;
        parts_begin(whole, v, n);
        part_read(v, 0);
    }
    together(whole, v, n);
    parts_end(v, n);
    mem_free(v);
}

/* ---- all of it ---- */

static int64_t sum_of(struct reading *r, enum path_field f)
{
    int64_t sum = 0;
    for (size_t i = 0; r->counts[f] && i < r->rows; i++)
        if (__builtin_add_overflow(sum, r->counts[f][i], &sum)) {
            errs_add(r->es, E_TOO_LARGE, r->file, 0, 0, "%s of all rows together is more than can be counted", path_fields[f]);
            return 0;
        }
    return sum;
}

static void finish(struct reading *r, struct path_file *out)
{
    if (r->rounded) {
        errs_warn(r->es, E_SOURCE_FILE, r->file, r->rounded_line, r->rounded_col, "%zu values with more than six digits after the point were rounded to millionths, this the first",
                  r->rounded);
    }
    if (r->rows == 0 && r->es->n_errors == 0)
        errs_add(r->es, E_SOURCE_FILE, r->file, r->line_no, 1, "the file has no paths");
    *out = (struct path_file){.set = {.steps = r->steps, .ends = r->ends, .conversions = r->counts[CONVERSIONS], .value = r->counts[VALUE], .nulls = r->counts[NULLS],
                                      .n = r->rows, .channels = r->n_names},
                              .conversions = sum_of(r, CONVERSIONS), .value = sum_of(r, VALUE), .nulls = sum_of(r, NULLS)};
    out->names = arena_array(r->a, r->n_names + 1, sizeof *out->names);
    for (size_t i = 0; i <= r->mask; i++)
        if (r->slots[i].used)
            out->names[r->slots[i].id] = r->slots[i].name;
}

bool paths_read_parts(struct arena *a, struct str file, struct str text, size_t parts, struct path_file *out, struct errs *es)
{
    struct reading r = {.a = a, .file = file, .es = es, .at = text.p, .end = text.p + text.n, .whole_end = text.p + text.n, .line_no = 1, .plain = BUF_INIT(text.n + 1)};
    *out = (struct path_file){0};
    if (es->max == 0)
        es->max = ERRORS_MAX;
    path_names_widen(&r);
    if (path_head(&r)) {
        all_rows(&r, parts > PARTS_MAX ? PARTS_MAX : parts ? parts : 1);
        finish(&r, out);
    }
    mem_free(r.slots);
    buf_fini(&r.plain);
    return es->n_errors == 0;
}

bool paths_read(struct arena *a, struct str file, struct str text, struct path_file *out, struct errs *es)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t parts = text.n / PART_BYTES;
    return paths_read_parts(a, file, text, cores > 0 && (size_t)cores < parts ? (size_t)cores : parts, out, es);
}
