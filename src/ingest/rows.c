/* The loader child's output side: conversion, missing values, blocks. */
#include "ingest/rows.h"

#include "base/arena.h"

enum { HEAP_FIRST = 64 << 10, REJECTS_MAX = 16 << 20, VALUE_SHOWN = 40 };

/* A row that looks like totals. */
struct held {
    int64_t line;
    struct str *fields;
    struct str raw;
    struct arena arena;
};
enum { HELD_MAX = 8 };

bool rows_init(struct rows *r, struct arena *a, struct err *e)
{
    r->arena = a;
    r->held = arena_array(a, HELD_MAX, sizeof *r->held);
    if (r->look_at) {
        r->seen = arena_array(a, r->n_cols + 1, sizeof *r->seen);
        r->sample = arena_array(a, r->n_cols * ROWS_SAMPLE + 1, sizeof *r->sample);
        r->n_sample = 0;
    }
    r->frame = BUF_INIT(WIRE_PAYLOAD_MAX);
    r->rejects = BUF_INIT(WIRE_PAYLOAD_MAX);
    r->order = arena_array(a, r->n_cols + 1, sizeof *r->order);
    r->lines = arena_array(a, WIRE_BLOCK_ROWS, sizeof *r->lines);
    size_t k = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < r->n_cols; i++) {
            if ((r->cols[i].type.type == ENGINE_TEXT) == (pass == 1))
                r->order[k++] = i;
        }
    }
    for (size_t i = 0; i < r->n_cols; i++) {
        struct rows_column *c = &r->cols[i];
        bool text = c->type.type == ENGINE_TEXT;
        c->cells = text ? NULL : mem_try_alloc((size_t)WIRE_BLOCK_ROWS * c->type.bytes);
        c->lengths = text ? mem_try_alloc(WIRE_BLOCK_ROWS * sizeof *c->lengths) : NULL;
        c->valid = mem_try_alloc(WIRE_BLOCK_ROWS / 8);
        c->heap_cap = text ? HEAP_FIRST : 0;
        c->heap = text ? mem_try_alloc(c->heap_cap) : NULL;
        if (!c->valid || (text ? !c->lengths || !c->heap : !c->cells))
            return err_set(e, E_MEMORY, "no memory for a block of %zu columns", r->n_cols);
        memset(c->valid, 0xff, WIRE_BLOCK_ROWS / 8);
    }
    return true;
}

static void held_free(struct rows *r)
{
    for (size_t i = 0; i < r->n_held; i++)
        arena_fini(&r->held[i].arena);
    r->n_held = 0;
}

void rows_fini(struct rows *r)
{
    held_free(r);
    for (size_t i = 0; i < r->n_cols; i++) {
        struct rows_column *c = &r->cols[i];
        mem_free(c->cells);
        mem_free(c->lengths);
        mem_free(c->valid);
        mem_free(c->heap);
        c->cells = NULL;
        c->lengths = NULL;
        c->valid = NULL;
        c->heap = NULL;
    }
    buf_fini(&r->rejects);
    buf_fini(&r->frame);
}

static void pad(struct buf *b)
{
    static const char zeros[8] = {0};
    buf_add(b, (struct str){zeros, (8 - (b->n & 7)) & 7});
}

static bool block_send(struct rows *r, struct err *e)
{
    struct buf *b = &r->frame;
    buf_reset(b);
    for (size_t i = 0; i < r->n_cols; i++) {
        struct rows_column *c = &r->cols[i];
        uint32_t head[2] = {c->any_null, (uint32_t)c->heap_used};
        buf_add(b, (struct str){(const char *)head, sizeof head});
        if (c->any_null) {
            buf_add(b, (struct str){(const char *)c->valid, (r->n + 63) / 64 * sizeof *c->valid});
            memset(c->valid, 0xff, WIRE_BLOCK_ROWS / 8);
        }
        if (c->type.type == ENGINE_TEXT) {
            buf_add(b, (struct str){(const char *)c->lengths, r->n * sizeof *c->lengths});
            pad(b);
            buf_add(b, (struct str){c->heap, c->heap_used});
        } else {
            buf_add(b, (struct str){c->cells, (size_t)r->n * c->type.bytes});
        }
        pad(b);
        c->any_null = false;
        c->heap_used = 0;
    }
    uint32_t head[2] = {0, 0};
    buf_add(b, (struct str){(const char *)head, sizeof head});
    buf_add(b, (struct str){(const char *)r->lines, r->n * sizeof *r->lines});
    uint32_t n = r->n;
    r->n = 0;
    return buf_ok(b, e) && (r->fd < 0 || wire_send(r->fd, WIRE_ROWS, n, r->source_bytes, buf_str(b), e));
}

bool rows_flush(struct rows *r, struct err *e)
{
    if (r->n && !block_send(r, e))
        return false;
    if (r->n_rejects) {
        uint32_t n = r->n_rejects;
        r->n_rejects = 0;
        bool ok =
            buf_ok(&r->rejects, e) && (r->fd < 0 || wire_send(r->fd, WIRE_REJECTS, n, r->source_bytes, buf_str(&r->rejects), e));
        buf_reset(&r->rejects);
        return ok;
    }
    return true;
}

/* Text that may hold anything, cut and made valid UTF-8. */
static void text_clean(struct buf *out, struct str s, size_t most)
{
    bool cut = s.n > most;
    if (cut)
        s.n = most;
    while (cut && s.n && ((unsigned char)s.p[s.n - 1] & 0xc0) == 0x80)
        s.n--; /* not in the middle of a character */
    if (cut && s.n && (unsigned char)s.p[s.n - 1] >= 0xc0)
        s.n--;
    if (str_utf8_valid(s)) {
        buf_add(out, s);
        return;
    }
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        if (i + len <= s.n && str_utf8_valid((struct str){s.p + i, len})) {
            buf_add(out, (struct str){s.p + i, len});
            i += len;
        } else {
            buf_addz(out, "\xef\xbf\xbd");
            i++;
        }
    }
}

bool rows_reject(struct rows *r, const struct wire_reject *why, struct err *e)
{
    if (r->known > 0) {
        r->known--;
        return true;
    }
    if (r->look_at) {
        r->total_rejected++;
        return true;
    }
    struct buf raw = BUF_INIT(WIRE_RAW_MAX * 4);
    struct wire_reject w = *why;
    text_clean(&raw, why->raw, WIRE_RAW_MAX);
    if (r->all_drift) {
        w.reason = REJECT_DRIFT;
        w.column = WIRE_NO_COLUMN;
        w.message = r->drift_message;
    }
    w.raw = buf_str(&raw);
    wire_reject_add(&r->rejects, &w);
    bool ok = buf_ok(&raw, e);
    buf_fini(&raw);
    r->n_rejects++;
    r->total_rejected++;
    return ok && (r->rejects.n < REJECTS_MAX || rows_flush(r, e));
}

static bool is_null(const struct rows *r, struct str s)
{
    for (size_t i = 0; i < r->n_nulls; i++) {
        if (s.n == r->nulls[i].n && (s.n == 0 || memcmp(s.p, r->nulls[i].p, s.n) == 0))
            return true;
    }
    return false;
}

/* Says which column and what was expected; the value itself only where the column is not personal. */
static bool value_reject(struct rows *r, size_t column, int64_t line, enum cell_result why, struct str value, struct str raw,
                         struct err *e)
{
    const struct rows_column *c = &r->cols[column];
    struct buf m = BUF_INIT(4096);
    if (why == CELL_EMPTY) {
        buf_addz(&m, "no value, and the column is required");
    } else {
        if (c->show) {
            buf_addc(&m, '"');
            text_clean(&m, value, VALUE_SHOWN);
            buf_addz(&m, value.n > VALUE_SHOWN ? "...\" " : "\" ");
        } else {
            buf_addz(&m, "the value ");
        }
        buf_addz(&m, why == CELL_RANGE ? "is outside of what " : "does not convert to ");
        cell_type_name(&c->type, &m);
        if (why == CELL_RANGE)
            buf_addz(&m, " can hold");
    }
    struct wire_reject w = {line, why == CELL_EMPTY ? REJECT_KEY : REJECT_VALUE, (unsigned)column, buf_str(&m), raw};
    bool ok = buf_ok(&m, e) && rows_reject(r, &w, e);
    buf_fini(&m);
    return ok;
}

static bool text_put(struct rows_column *c, uint32_t row, struct str s, struct err *e)
{
    if (s.n > c->heap_cap - c->heap_used) {
        size_t cap = c->heap_cap * 2 + s.n;
        char *p = mem_try_realloc(c->heap, cap);
        if (!p)
            return err_set(e, E_MEMORY, "no memory for the texts of a block");
        c->heap = p;
        c->heap_cap = cap;
    }
    memcpy(c->heap + c->heap_used, s.p, s.n);
    c->heap_used += s.n;
    c->lengths[row] = (uint32_t)s.n;
    return true;
}

static void null_put(struct rows_column *c, uint32_t row)
{
    c->valid[row / 64] &= ~(1ull << (row % 64));
    c->any_null = true;
    if (c->type.type == ENGINE_TEXT)
        c->lengths[row] = 0;
    else
        memset((char *)c->cells + (size_t)row * c->type.bytes, 0, c->type.bytes);
}

/* ---- Looking ---- */

static void sample_keep(struct rows *r, const struct str *fields)
{
    struct str *row = r->sample + r->n_sample++ * r->n_cols;
    for (size_t i = 0; i < r->n_cols; i++) {
        struct str s = fields[i];
        if (!s.p || is_null(r, s))
            continue;
        struct buf b = BUF_INIT(ROWS_SAMPLE_BYTES * 4);
        text_clean(&b, s, ROWS_SAMPLE_BYTES);
        row[i] = arena_str(r->arena, buf_str(&b));
        buf_fini(&b);
    }
}

static void row_see(struct rows *r, const struct str *fields)
{
    if (r->total >= r->look_at)
        return;
    r->total++;
    if (r->n_sample < ROWS_SAMPLE)
        sample_keep(r, fields);
    for (size_t i = 0; i < r->n_cols; i++) {
        if (fields[i].p && !is_null(r, fields[i]))
            column_see(&r->seen[i], fields[i]);
    }
}

/* ---- Rows ---- */

static enum cell_result cell_put(const struct rows *r, const struct rows_column *c, struct str s, void *to)
{
    return c->form.kind ? cell_convert_form(&c->type, &r->format, &c->form, s, to) : cell_convert(&c->type, &r->format, s, to);
}

static bool row_take(struct rows *r, int64_t line, const struct str *fields, struct str raw, struct err *e)
{
    if (r->look_at) {
        row_see(r, fields);
        return true;
    }
    if (r->all_drift)
        return rows_reject(r, &(struct wire_reject){.line = line, .raw = raw}, e);
    uint32_t row = r->n;
    size_t texts = 0, k;
    for (k = 0; k < r->n_cols; k++) {
        size_t i = r->order[k];
        struct rows_column *c = &r->cols[i];
        struct str s = fields[i];
        enum cell_result got = CELL_OK;
        if (!s.p || is_null(r, s)) {
            got = CELL_EMPTY;
        } else if (c->type.type == ENGINE_TEXT) {
            if (!text_put(c, row, s, e))
                return false;
            texts += c->heap_used;
        } else {
            got = cell_put(r, c, s, (char *)c->cells + (size_t)row * c->type.bytes);
        }
        if (got == CELL_EMPTY && !c->required)
            null_put(c, row);
        else if (got != CELL_OK) {
            if (!value_reject(r, i, line, got, s, raw, e))
                return false;
            break;
        }
    }
    if (k < r->n_cols) { /* take back what the row has written */
        while (k-- > 0) {
            struct rows_column *c = &r->cols[r->order[k]];
            c->valid[row / 64] |= 1ull << (row % 64);
            if (c->type.type == ENGINE_TEXT)
                c->heap_used -= c->lengths[row];
        }
        return true;
    }
    r->lines[row] = line;
    r->n++;
    r->total++;
    return r->n < WIRE_BLOCK_ROWS && texts < WIRE_BLOCK_BYTES ? true : rows_flush(r, e);
}

/* ---- Totals below the table ---- */

static bool blank(struct str s)
{
    s = str_trim(s);
    return s.n == 0 || str_eq(s, STR("-")) || str_eq(s, STR("--")) || str_eq(s, STR("\xe2\x80\x93")) ||
           str_eq(s, STR("\xe2\x80\x94"));
}

static bool total_word(struct str s)
{
    static const char *const words[] = {"total",       "totals",         "grand total", "sum",           "summe",  "gesamt",
                                        "gesamtsumme", "gesamtergebnis", "insgesamt",   "total general", "totale", "totaal",
                                        "somme",       "suma",           "subtotal",    "zwischensumme"};
    s = str_trim(s);
    struct str rest, head = str_cut(s, ':', &rest); /* "Total: Account" */
    size_t dash = str_find(head, STR(" - "), 0);
    if (dash != SIZE_MAX)
        head.n = dash;
    head = str_trim(head);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_eq_nocase(head, str_of(words[i])))
            return true;
    }
    return false;
}

/* A row whose first value is a word for a sum, that has numbers, and nothing else where other rows have words or days. */
static bool is_total(const struct rows *r, const struct str *fields)
{
    size_t first = 0, numbers = 0;
    while (first < r->n_cols && (!fields[first].p || fields[first].n == 0))
        first++;
    if (first == r->n_cols || fields[first].n < 3 || fields[first].n > 60 || !strchr("tTgGsSiIzZ ", fields[first].p[0]) ||
        !total_word(fields[first]))
        return false;
    for (size_t i = first + 1; i < r->n_cols; i++) {
        if (blank(fields[i]))
            continue;
        char c = fields[i].p[fields[i].n - 1], f = fields[i].p[0];
        bool digit = (c >= '0' && c <= '9') || (f >= '0' && f <= '9');
        enum cell_look look = cell_look(fields[i], r->format.decimal);
        if (!digit || look == LOOK_DATE || look == LOOK_TIMESTAMP)
            return false;
        numbers++;
    }
    return numbers > 0;
}

static void hold(struct rows *r, int64_t line, const struct str *fields, struct str raw)
{
    struct held *h = &r->held[r->n_held++];
    arena_init(&h->arena);
    h->line = line;
    h->raw = arena_str(&h->arena, raw);
    h->fields = arena_array(&h->arena, r->n_cols + 1, sizeof *h->fields);
    for (size_t i = 0; i < r->n_cols; i++)
        h->fields[i] = fields[i].p ? arena_str(&h->arena, fields[i]) : (struct str){0};
}

/* A row follows: what was held back is of the table. */
static bool held_take(struct rows *r, struct err *e)
{
    bool ok = true;
    for (size_t i = 0; i < r->n_held && ok; i++)
        ok = row_take(r, r->held[i].line, r->held[i].fields, r->held[i].raw, e);
    held_free(r);
    return ok;
}

bool rows_put(struct rows *r, int64_t line, const struct str *fields, struct str raw, struct err *e)
{
    if (r->known > 0) {
        r->known--;
        return true;
    }
    if (r->totals && r->n_cols > 1) {
        if (r->n_held < HELD_MAX && is_total(r, fields)) {
            hold(r, line, fields, raw);
            return true;
        }
        if (r->n_held && !held_take(r, e))
            return false;
    }
    return row_take(r, line, fields, raw, e);
}

bool rows_end(struct rows *r, struct err *e)
{
    if (r->n_held) {
        r->left_out = (int64_t)r->n_held;
        r->left_out_line = r->held[0].line;
        held_free(r);
    }
    return rows_flush(r, e);
}
