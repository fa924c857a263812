/* Tables for people: see table.h. */
#include "cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { CELL_MAX_CHARS = 60, GAP = 2 };

void table_init(struct table *t, struct cli *c, size_t n_cols)
{
    *t = (struct table){.c = c, .n_cols = n_cols, .rule = true};
    arena_init(&t->arena);
    t->heads = arena_array(&t->arena, n_cols + 1, sizeof *t->heads);
    t->right = arena_array(&t->arena, n_cols + 1, sizeof *t->right);
}

void table_fini(struct table *t)
{
    mem_free(t->cells);
    mem_free(t->dim);
    arena_fini(&t->arena);
}

struct str table_clean(struct arena *a, struct str s)
{
    bool dirty = false;
    for (size_t i = 0; i < s.n; i++)
        dirty |= (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ||
                 ((unsigned char)s.p[i] == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0);
    if (!dirty)
        return s;
    char *copy = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool c1 = c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0; /* U+0080 to U+009F */
        copy[i] = c < 0x20 || c == 0x7f || c1 ? ' ' : s.p[i];
        if (c1)
            copy[++i] = ' ';
    }
    return (struct str){copy, s.n};
}

/* Columns on a terminal, and how many bytes fit into `max` of them. */
static size_t width(struct str s, size_t max, size_t *bytes)
{
    mbstate_t state = {0};
    size_t cols = 0, at = 0;
    while (at < s.n) {
        wchar_t w = 0;
        size_t k = mbrtowc(&w, s.p + at, s.n - at, &state);
        if (k == 0 || k > s.n - at) {
            k = 1;
            state = (mbstate_t){0};
            w = '?';
        }
        int one = wcwidth(w);
        size_t add = one > 0 ? (size_t)one : 0;
        if (cols + add > max)
            break;
        cols += add;
        at += k;
    }
    *bytes = at;
    return cols;
}

void table_head(struct table *t, size_t col, struct str text, bool right)
{
    t->heads[col] = table_clean(&t->arena, arena_str(&t->arena, text));
    t->right[col] = right;
}

void table_cell(struct table *t, struct str text, bool dim)
{
    if (t->n_cells == t->cap_cells) {
        t->cap_cells = t->cap_cells ? t->cap_cells * 2 : 256;
        t->cells = mem_realloc(t->cells, t->cap_cells * sizeof *t->cells);
        t->dim = mem_realloc(t->dim, t->cap_cells * sizeof *t->dim);
    }
    t->cells[t->n_cells] = table_clean(&t->arena, arena_str(&t->arena, text));
    t->dim[t->n_cells++] = dim;
}

static void pad(struct buf *b, size_t n, char c)
{
    while (n--)
        buf_addc(b, c);
}

static void put_row(struct table *t, struct buf *b, const struct str *cells, const bool *dim, const size_t *widths, size_t max,
                    const char *style)
{
    bool color = t->c->color;
    for (size_t i = 0; i < t->n_cols; i++) {
        size_t bytes, cols = width(cells[i], max, &bytes);
        bool cut = bytes < cells[i].n, last = i + 1 == t->n_cols;
        if (cut)
            cols = width(cells[i], max - 1, &bytes) + 1;
        if (t->right[i])
            pad(b, widths[i] - cols, ' ');
        buf_addz(b, dim && dim[i] ? cli_paint(color, "dim") : style);
        buf_add(b, (struct str){cells[i].p, bytes});
        if (cut)
            buf_addz(b, "\xe2\x80\xa6");
        if (style[0] || (dim && dim[i]))
            buf_addz(b, cli_paint(color, ""));
        if (!t->right[i] && !last)
            pad(b, widths[i] - cols, ' ');
        if (!last)
            pad(b, GAP, ' ');
    }
    while (b->n && b->p[b->n - 1] == ' ') /* empty cells at the end */
        b->n--;
    buf_addc(b, '\n');
}

void table_print(struct table *t)
{
    size_t *widths = arena_array(&t->arena, t->n_cols + 1, sizeof *widths), bytes;
    size_t max = isatty(STDOUT_FILENO) ? CELL_MAX_CHARS : SIZE_MAX; /* only eyes get shortened texts */
    struct buf b = BUF_INIT((size_t)1 << 20);
    for (size_t i = 0; i < t->n_cols; i++)
        widths[i] = width(t->heads[i], max, &bytes);
    for (size_t i = 0; i < t->n_cells; i++) {
        size_t w = width(t->cells[i], max, &bytes);
        if (w > widths[i % t->n_cols])
            widths[i % t->n_cols] = w;
    }
    put_row(t, &b, t->heads, NULL, widths, max, cli_paint(t->c->color, "bold"));
    for (size_t i = 0; t->rule && i < t->n_cols; i++) {
        pad(&b, widths[i], '-');
        if (i + 1 < t->n_cols)
            pad(&b, GAP, ' ');
    }
    if (t->rule)
        buf_addc(&b, '\n');
    for (size_t i = 0; t->n_cols && i + t->n_cols <= t->n_cells; i += t->n_cols) {
        put_row(t, &b, t->cells + i, t->dim + i, widths, max, "");
        if (b.n > 32 << 10) {
            cli_print(&b);
            buf_reset(&b);
        }
    }
    cli_print(&b);
    buf_fini(&b);
    fflush(stdout); /* remarks on the table go to the other stream, and stand below it where both are one */
}
