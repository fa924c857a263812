/* Sheets of a workbook. Two passes: the first measures every sheet, to choose the one with the largest table, its columns and its
 * header; the second makes rows. Formulas give the value that the spreadsheet program last saw. */
#include "ingest/xlsx.h"

#include <stdlib.h>

#include "ingest/head.h"
#include "ingest/reader.h"

enum { COLUMNS_MAX = 4096, CELL_MAX_BYTES = 1 << 20, ROW_MAX_BYTES = WIRE_RECORD_MAX, MERGES_MAX = 10000 };

struct merge {
    uint32_t from, to, column; /* rows, from 1; one column */
    struct str value;
};

/* What the first pass learns of a sheet. */
struct measured {
    int64_t rows, cells;
    uint32_t *used; /* values by column */
    struct head_row head[HEAD_ROWS];
    int64_t head_lines[HEAD_ROWS];
    size_t n_head;
    struct merge *merges;
    size_t n_merges, cap_merges;
};

struct xlsx {
    struct xlsx_book book;
    const struct xlsx_sheet *sheet;
    struct measured *m; /* of the chosen sheet */
    size_t *columns;    /* of the sheet, by column of the table */
    int64_t first_row;  /* of the table's rows */
    struct str *fields;
};

/* ---- One sheet, row by row ---- */

struct walk {
    struct reading *r; /* NULL in the first pass */
    struct xlsx *x;
    struct measured *m;
    struct err *e;
    bool stop, failed;
    uint32_t row, column;
    char type; /* of the cell: s shared, i inline, t text of a formula, b, e, d, n */
    size_t style;
    bool in_value, in_cell;
    struct buf value, text; /* of the cell; of the row's cells, one behind the other */
    struct {
        size_t from, n;
    } * at;       /* by column */
    size_t width; /* columns that the row has used */
    struct buf raw;
    size_t next_merge; /* the merges before begin above the row */
};

static uint32_t column_of(const char *ref)
{
    uint32_t c = 0;
    for (; *ref >= 'A' && *ref <= 'Z' && c < 1u << 20; ref++)
        c = c * 26 + (uint32_t)(*ref - 'A' + 1);
    return c; /* from 1; 0: none */
}

static uint32_t row_of(const char *ref)
{
    while (*ref >= 'A' && *ref <= 'Z')
        ref++;
    unsigned long row = strtoul(ref, NULL, 10);
    return row > 0 && row <= 1u << 24 ? (uint32_t)row : 0;
}

static void fail(struct walk *w)
{
    w->failed = w->stop = true;
}

static struct str field_at(const struct walk *w, size_t column)
{
    return column < w->width && w->at[column].n ? (struct str){w->text.p + w->at[column].from, w->at[column].n} : (struct str){0};
}

/* ---- First pass ---- */

static void row_measure(struct walk *w)
{
    struct measured *m = w->m;
    struct arena *a = w->x->book.arena;
    size_t n = 0;
    for (size_t i = 0; i < w->width; i++) {
        bool here = str_trim(field_at(w, i)).n > 0;
        m->used[i] += here;
        n += here;
    }
    m->cells += (int64_t)n;
    m->rows += n > 0;
    if (n == 0 || m->n_head == HEAD_ROWS)
        return;
    struct str *fields = arena_array(a, w->width + 1, sizeof *fields);
    for (size_t i = 0; i < w->width; i++)
        fields[i] = field_at(w, i).p ? arena_str(a, field_at(w, i)) : (struct str){0};
    m->head_lines[m->n_head] = w->row;
    m->head[m->n_head++] = (struct head_row){fields, w->width};
}

/* "B3:B7": only those of one column carry a value downwards. */
static void merge_add(struct measured *m, const char *ref)
{
    const char *colon = ref ? strchr(ref, ':') : NULL;
    if (!colon || m->n_merges == MERGES_MAX)
        return;
    struct merge g = {row_of(ref), row_of(colon + 1), column_of(ref), {0}};
    if (!g.column || g.column > COLUMNS_MAX || g.column != column_of(colon + 1) || !g.from || g.to <= g.from)
        return;
    if (m->n_merges == m->cap_merges) {
        m->cap_merges = m->cap_merges ? m->cap_merges * 2 : 64;
        m->merges = mem_realloc(m->merges, m->cap_merges * sizeof *m->merges);
    }
    m->merges[m->n_merges++] = g;
}

static int by_row(const void *x, const void *y)
{
    const struct merge *a = x, *b = y;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* ---- Second pass ---- */

/* Cells below the first of a merged block show its value. */
static void merges_fill(struct walk *w)
{
    struct measured *m = w->m;
    while (w->next_merge < m->n_merges && m->merges[w->next_merge].to < w->row)
        w->next_merge++;
    for (size_t k = w->next_merge; k < m->n_merges && m->merges[k].from <= w->row; k++) {
        struct merge *g = &m->merges[k];
        for (size_t i = 0; i < w->r->rows.n_cols && w->row <= g->to; i++) {
            if (w->x->columns[i] + 1 != g->column)
                continue;
            if (w->row == g->from)
                g->value = w->x->fields[i].p ? arena_str(&w->r->arena, w->x->fields[i]) : (struct str){0};
            else if (!w->x->fields[i].p)
                w->x->fields[i] = g->value;
        }
    }
}

static void row_read(struct walk *w)
{
    struct reading *r = w->r;
    if (w->row < w->x->first_row)
        return;
    size_t n = 0;
    buf_reset(&w->raw);
    for (size_t i = 0; i < r->rows.n_cols; i++) {
        w->x->fields[i] = field_at(w, w->x->columns[i]);
        n += str_trim(w->x->fields[i]).n > 0;
        if (i)
            buf_addc(&w->raw, '\t');
        buf_add(&w->raw, w->x->fields[i]);
    }
    if (n == 0)
        return;
    merges_fill(w);
    r->line = w->row;
    if (!rows_put(&r->rows, w->row, w->x->fields, buf_str(&w->raw), w->e))
        fail(w);
    else if (rows_enough(&r->rows))
        w->stop = true;
}

/* ---- Cells ---- */

static void cell_begin(struct walk *w, const char **at)
{
    const char *ref = xlsx_attribute(at, "r"), *type = xlsx_attribute(at, "t"), *style = xlsx_attribute(at, "s");
    uint32_t column = ref ? column_of(ref) : w->column + 1;
    w->column = column ? column : w->column + 1;
    w->type = !type ? 'n' : strcmp(type, "inlineStr") == 0 ? 'i' : strcmp(type, "str") == 0 ? 't' : type[0];
    w->style = style ? strtoul(style, NULL, 10) : 0;
    w->in_cell = true;
    buf_reset(&w->value);
}

static void cell_end(struct walk *w)
{
    static const struct xlsx_style plain = {XLSX_NUMBER, 0};
    const struct xlsx_book *b = &w->x->book;
    struct str v = w->value.n ? buf_str(&w->value) : STR("");
    size_t from = w->text.n;
    w->in_cell = w->in_value = false;
    if (!v.n || w->column == 0)
        return;
    if (w->column > COLUMNS_MAX) {
        err_set(w->e, E_SOURCE_FILE, "row %u holds a value in column %u; %d columns are the most", w->row, w->column, COLUMNS_MAX);
        err_hint(w->e, "remove what stands far to the right, or export the columns that matter as CSV");
        fail(w);
        return;
    }
    if (w->type == 's') {
        int64_t i;
        if (str_to_i64(str_trim(v), &i) && i >= 0)
            buf_add(&w->text, xlsx_text(b, (size_t)i));
    } else if (w->type == 'n') {
        xlsx_number(b, w->style < b->n_styles ? &b->styles[w->style] : &plain, str_trim(v), &w->text);
        char *point =
            w->r && w->r->rows.format.decimal == ',' && w->text.n > from ? memchr(w->text.p + from, '.', w->text.n - from) : NULL;
        if (point) /* as the texts of the workbook have it */
            *point = ',';
    } else if (w->type == 'b') {
        buf_add(&w->text, str_eq(v, STR("1")) ? STR("true") : STR("false"));
    } else {
        buf_add(&w->text, v);
    }
    if (w->text.failed || w->value.failed) {
        err_set(w->e, E_SOURCE_FILE, "row %u holds more than %d bytes", w->row, ROW_MAX_BYTES);
        err_hint(w->e, "such a row is no row of a table: name another sheet, or export the table as CSV");
        fail(w);
        return;
    }
    for (; w->width < w->column; w->width++)
        w->at[w->width].n = 0;
    w->at[w->column - 1].from = from;
    w->at[w->column - 1].n = w->text.n - from;
}

static void walk_start(void *ctx, const char *name, const char **at)
{
    struct walk *w = ctx;
    if (w->stop)
        return;
    if (strcmp(name, "c") == 0) {
        cell_begin(w, at);
    } else if (w->in_cell && (strcmp(name, "v") == 0 || (strcmp(name, "t") == 0 && w->type == 'i'))) {
        w->in_value = true;
    } else if (strcmp(name, "row") == 0) {
        const char *row = xlsx_attribute(at, "r");
        uint32_t told = row ? row_of(row) : 0;
        w->row = told ? told : w->row + 1;
        w->column = 0;
        w->width = 0;
        buf_reset(&w->text);
    } else if (strcmp(name, "mergeCell") == 0 && !w->r) {
        merge_add(w->m, xlsx_attribute(at, "ref"));
    }
}

static void walk_end(void *ctx, const char *name)
{
    struct walk *w = ctx;
    if (w->stop)
        return;
    if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        w->in_value = false;
    else if (strcmp(name, "c") == 0)
        cell_end(w);
    else if (strcmp(name, "row") == 0 && w->r)
        row_read(w);
    else if (strcmp(name, "row") == 0)
        row_measure(w);
}

static void walk_text(void *ctx, const char *p, int n)
{
    struct walk *w = ctx;
    if (w->in_value)
        buf_add(&w->value, (struct str){p, (size_t)n});
}

static bool sheet_walk(struct reading *r, struct xlsx *x, const struct xlsx_sheet *s, struct measured *m, struct err *e)
{
    struct walk w = {.r = r,
                     .x = x,
                     .m = m,
                     .e = e,
                     .value = BUF_INIT(CELL_MAX_BYTES),
                     .text = BUF_INIT(ROW_MAX_BYTES),
                     .raw = BUF_INIT(ROW_MAX_BYTES * 2)};
    w.at = mem_try_alloc(COLUMNS_MAX * sizeof *w.at);
    const struct xlsx_parse p = {&w, walk_start, walk_end, walk_text, &w.stop};
    bool ok = w.at ? xlsx_part(&x->book, s->part, &p, e) && !w.failed : err_set(e, E_MEMORY, "no memory to read the workbook");
    mem_free(w.at);
    buf_fini(&w.value);
    buf_fini(&w.text);
    buf_fini(&w.raw);
    return ok;
}

/* ---- Opening ---- */

static bool sheet_missing(struct reading *r, const struct xlsx *x, struct err *e)
{
    struct buf names = BUF_INIT(4096);
    for (size_t i = 0; i < x->book.n_sheets && names.n < 150; i++)
        buf_printf(&names, "%s%.*s", i ? ", " : "", STR_FMT(x->book.sheets[i].name));
    err_set(e, E_SOURCE_FILE, "the workbook has no sheet named \"%.*s\"", STR_FMT(r->job.sheet));
    err_hint(e, "it has: %s", buf_z(&names));
    buf_fini(&names);
    return false;
}

/* The sheet that was asked for, or the one with the most values that is not hidden. */
static bool sheet_choose(struct reading *r, struct xlsx *x, struct err *e)
{
    r->sheets = arena_array(&r->arena, x->book.n_sheets + 1, sizeof *r->sheets);
    for (size_t i = 0; i < x->book.n_sheets; i++) {
        const struct xlsx_sheet *s = &x->book.sheets[i];
        bool named = r->job.sheet.n > 0, wanted = named ? str_eq_nocase(s->name, r->job.sheet) : !s->hidden;
        if (!s->part.n)
            continue; /* a chart */
        r->sheets[r->n_sheets++] = s->name;
        if (!wanted)
            continue;
        struct measured *m = arena_alloc(&r->arena, sizeof *m);
        m->used = arena_array(&r->arena, COLUMNS_MAX, sizeof *m->used);
        bool ok = sheet_walk(NULL, x, s, m, e), better = ok && (!x->m || m->cells > x->m->cells);
        struct measured *lost = better ? x->m : m;
        if (lost) {
            mem_free(lost->merges);
            lost->merges = NULL;
            lost->n_merges = 0;
        }
        if (!ok)
            return false;
        if (better) {
            x->m = m;
            x->sheet = s;
        }
    }
    if (!x->m && r->job.sheet.n)
        return sheet_missing(r, x, e);
    if (!x->m || x->m->cells == 0) {
        err_set(e, E_SOURCE_FILE, "the workbook is empty: no sheet holds a value");
        err_hint(e, "formulas give the value that was saved with them: open it in a spreadsheet program and save it again");
        return false;
    }
    if (x->m->n_merges)
        qsort(x->m->merges, x->m->n_merges, sizeof *x->m->merges, by_row);
    r->sheet = x->sheet->name;
    return true;
}

static bool xlsx_open(struct reading *r, struct err *e)
{
    struct xlsx *x = mem_alloc(sizeof *x);
    r->state = x;
    if (!xlsx_book_open(r->fd, &r->arena, &x->book, e) || !sheet_choose(r, x, e))
        return false;
    struct measured *m = x->m;
    const struct job *j = &r->job;
    size_t skip = 0, n = 0;
    while (skip < m->n_head && m->head_lines[skip] <= j->skip_rows)
        skip++;
    struct str *wanted = arena_array(&r->arena, j->n_columns + 1, sizeof *wanted);
    for (size_t i = 0; i < j->n_columns; i++)
        wanted[i] = j->columns[i].name;
    const struct head_asked asked = {j->header, j->header_rows, j->skip_rows >= 0, wanted, j->n_columns};
    struct head h = head_find(m->head + skip, m->n_head - skip, &asked);
    size_t at = skip + h.at;
    int64_t last = at < m->n_head ? m->head_lines[at] : 1;
    r->dialect.header_rows = h.header_rows;
    struct str *names = arena_array(&r->arena, COLUMNS_MAX + 1, sizeof *names);
    const struct head_row none = {NULL, 0}, *first = at < m->n_head ? &m->head[at] : &none;
    if (h.header_rows == 2 && at + 1 < m->n_head) {
        head_join(&r->arena, first, first + 1, names, COLUMNS_MAX);
        last = m->head_lines[at + 1];
    } else {
        for (size_t i = 0; i < first->n && h.header_rows; i++)
            names[i] = str_trim(first->fields[i]);
    }
    r->header_row = h.header_rows ? last : 0;
    x->first_row = h.header_rows ? last + 1 : last;
    x->columns = arena_array(&r->arena, COLUMNS_MAX, sizeof *x->columns);
    r->rows.cols = arena_array(&r->arena, COLUMNS_MAX + 1, sizeof *r->rows.cols);
    for (size_t i = 0; i < COLUMNS_MAX; i++) {
        if (!m->used[i] || (h.header_rows && !names[i].n && m->used[i] == 1 && at > 0))
            continue; /* an empty column, or one that only a title reaches into */
        x->columns[n] = i;
        r->rows.cols[n].title = names[i];
        r->rows.cols[n].name = !h.header_rows && j->n_columns > n ? j->columns[n].name : column_normal(&r->arena, names[i], n);
        n++;
    }
    r->rows.n_cols = n;
    columns_unique(&r->arena, r->rows.cols, n);
    reading_types(r);
    for (size_t k = at + (size_t)h.header_rows; k < m->n_head; k++) {
        for (size_t i = 0; i < n; i++) {
            struct str s = x->columns[i] < m->head[k].n ? m->head[k].fields[x->columns[i]] : (struct str){0};
            r->rows.cols[i].look = cell_look_join(r->rows.cols[i].look, cell_look(s, r->rows.format.decimal));
        }
        r->sampled++;
    }
    x->fields = arena_array(&r->arena, n + 1, sizeof *x->fields);
    return true;
}

static bool xlsx_run(struct reading *r, struct err *e)
{
    struct xlsx *x = r->state;
    return sheet_walk(r, x, x->sheet, x->m, e) && rows_end(&r->rows, e);
}

static void xlsx_close(struct reading *r)
{
    struct xlsx *x = r->state;
    if (!x)
        return;
    if (x->m)
        mem_free(x->m->merges);
    xlsx_book_close(&x->book);
    mem_free(x);
    r->state = NULL;
}

const struct reader reader_xlsx = {"xlsx", xlsx_open, xlsx_run, xlsx_close};
