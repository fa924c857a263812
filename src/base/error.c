/* The error type: filled at the cause, prefixed on the way up, written as text or JSON at the boundary. */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

const struct err_info *err_info_get(enum err_code code)
{
    static const struct err_info infos[E_COUNT] = {
#define X(id, public_code, http, exit_status, retry, text) \
    [id] = {.name = #id, .code = public_code, .meaning = text, .http_status = http, .exit_code = exit_status, .retryable = retry},
        ERROR_CODES(X)
#undef X
    };
    return &infos[(unsigned)code < E_COUNT ? code : E_INTERNAL];
}

/* vsnprintf that cuts at a whole UTF-8 character. */
__attribute__((format(printf, 3, 0))) static void format_cut(char *out, size_t size, const char *fmt, va_list ap)
{
    int n = vsnprintf(out, size, fmt, ap);
    if (n < 0) {
        out[0] = 0;
    } else if ((size_t)n >= size) {
        size_t end = size - 1;
        while (end > 0 && ((unsigned char)out[end - 1] & 0xc0) == 0x80)
            end--;
        if (end > 0 && (unsigned char)out[end - 1] >= 0xc0)
            end--;
        out[end] = 0;
    }
}

static void copy_cut(char *out, size_t size, struct str s)
{
    size_t n = s.n < size ? s.n : size - 1;
    if (n)
        memcpy(out, s.p, n);
    out[n] = 0;
}

__attribute__((format(printf, 6, 0))) static void fill(struct err *e, enum err_code code, struct str file, uint32_t line,
                                                       uint32_t col, const char *fmt, va_list ap)
{
    e->code = code;
    e->line = line;
    e->col = col;
    copy_cut(e->file, sizeof e->file, file);
    format_cut(e->text, sizeof e->text, fmt, ap);
    e->hint[0] = 0;
}

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        fill(e, code, (struct str){NULL, 0}, 0, 0, fmt, ap);
        va_end(ap);
    }
    return false;
}

bool err_at(struct err *e, enum err_code code, struct str file, uint32_t line, uint32_t col, const char *fmt, ...)
{
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        fill(e, code, file, line, col, fmt, ap);
        va_end(ap);
    }
    return false;
}

bool err_errno(struct err *e, int errnum, const char *fmt, ...)
{
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        fill(e, E_IO, (struct str){NULL, 0}, 0, 0, fmt, ap);
        va_end(ap);
        char reason[128];
        size_t n = strlen(e->text);
        if (n + 3 < sizeof e->text)
            snprintf(e->text + n, sizeof e->text - n, ": %s", strerror_r(errnum, reason, sizeof reason));
    }
    return false;
}

void err_hint(struct err *e, const char *fmt, ...)
{
    if (!e)
        return;
    va_list ap;
    va_start(ap, fmt);
    format_cut(e->hint, sizeof e->hint, fmt, ap);
    va_end(ap);
}

void err_prefix(struct err *e, const char *fmt, ...)
{
    if (!e)
        return;
    char before[sizeof e->text], cause[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    format_cut(before, sizeof before, fmt, ap);
    va_end(ap);
    memcpy(cause, e->text, sizeof cause);
    size_t n = strlen(before), m = strlen(cause);
    if (n + 2 + m >= sizeof e->text) /* the cause is worth more than the context */
        return;
    memcpy(e->text, before, n);
    memcpy(e->text + n, ": ", 2);
    memcpy(e->text + n + 2, cause, m + 1);
}

enum { ERRS_MAX = 10000 };

static struct err *errs_slot(struct errs *es, bool warning)
{
    size_t max = es->max ? es->max : ERRS_MAX;
    if (!warning)
        es->n_errors++;
    if (es->n >= max) {
        es->dropped++;
        return NULL;
    }
    if (es->n == es->cap) {
        es->cap = es->cap ? es->cap * 2 : 8;
        es->v = mem_realloc(es->v, es->cap * sizeof *es->v);
        es->warning = mem_realloc(es->warning, es->cap * sizeof *es->warning);
    }
    es->warning[es->n] = warning;
    return &es->v[es->n++];
}

struct err *errs_add(struct errs *es, enum err_code code, struct str file, uint32_t line, uint32_t col, const char *fmt, ...)
{
    struct err *e = errs_slot(es, false);
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        fill(e, code, file, line, col, fmt, ap);
        va_end(ap);
    }
    return e;
}

struct err *errs_warn(struct errs *es, enum err_code code, struct str file, uint32_t line, uint32_t col, const char *fmt, ...)
{
    struct err *e = errs_slot(es, true);
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        fill(e, code, file, line, col, fmt, ap);
        va_end(ap);
    }
    return e;
}

void errs_push(struct errs *es, const struct err *e)
{
    struct err *slot = errs_slot(es, false);
    if (slot)
        *slot = *e;
}

/* What is sorted: an index, so that the warning flags move along and equal positions keep their order. */
struct errs_order {
    const struct err *e;
    size_t at;
};

static int errs_compare(const void *a, const void *b)
{
    const struct errs_order *x = a, *y = b;
    int c = strcmp(x->e->file, y->e->file);
    if (c)
        return c;
    if (x->e->line != y->e->line)
        return x->e->line < y->e->line ? -1 : 1;
    if (x->e->col != y->e->col)
        return x->e->col < y->e->col ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

void errs_sort(struct errs *es)
{
    if (es->n < 2)
        return;
    struct errs_order *order = mem_alloc(es->n * sizeof *order);
    for (size_t i = 0; i < es->n; i++)
        order[i] = (struct errs_order){&es->v[i], i};
    qsort(order, es->n, sizeof *order, errs_compare);
    struct err *v = mem_alloc(es->n * sizeof *v);
    bool *warning = mem_alloc(es->n * sizeof *warning);
    for (size_t i = 0; i < es->n; i++) {
        v[i] = *order[i].e;
        warning[i] = es->warning[order[i].at];
    }
    mem_free(order);
    mem_free(es->v);
    mem_free(es->warning);
    es->v = v;
    es->warning = warning;
    es->cap = es->n;
}

void errs_fini(struct errs *es)
{
    mem_free(es->v);
    mem_free(es->warning);
    *es = (struct errs){.max = es->max};
}

void err_json(const struct err *e, struct buf *out)
{
    const struct err_info *info = err_info_get(e->code);
    buf_printf(out, "{\"code\":\"%s\",\"name\":\"%s\",\"message\":", info->code, info->name);
    buf_json_str(out, str_of(e->text));
    if (e->hint[0]) {
        buf_addz(out, ",\"hint\":");
        buf_json_str(out, str_of(e->hint));
    }
    if (e->file[0]) {
        buf_addz(out, ",\"file\":");
        buf_json_str(out, str_of(e->file));
    }
    if (e->line)
        buf_printf(out, ",\"line\":%u,\"col\":%u", e->line, e->col);
    buf_printf(out, ",\"retryable\":%s}", info->retryable ? "true" : "false");
}

void err_text(const struct err *e, bool warning, struct buf *out)
{
    if (e->file[0])
        buf_addz(out, e->file);
    if (e->line)
        buf_printf(out, "%s%u:%u", e->file[0] ? ":" : "", e->line, e->col);
    if (e->file[0] || e->line)
        buf_addz(out, ": ");
    buf_printf(out, "%s %s: %s\n", warning ? "warning" : "error", err_info_get(e->code)->code, e->text);
    if (e->hint[0])
        buf_printf(out, "  hint: %s\n", e->hint);
}
