/* The window through which readers see the file: whole records stay in one piece. */
#include "ingest/reader.h"

enum { WINDOW_FIRST = 512 << 10, WINDOW_READ = 256 << 10, WINDOW_MAX = WIRE_RECORD_MAX + WINDOW_READ };

bool window_init(struct window *w, struct err *e)
{
    *w = (struct window){.p = mem_try_alloc(WINDOW_FIRST), .cap = WINDOW_FIRST};
    return w->p || err_set(e, E_MEMORY, "no memory to read the file");
}

void window_fini(struct window *w)
{
    mem_free(w->p);
    w->p = NULL;
}

bool window_more(struct window *w, struct source *s, bool *full, struct err *e)
{
    *full = false;
    memmove(w->p, w->p + w->at, w->n - w->at);
    w->n -= w->at;
    w->at = 0;
    if (w->cap - w->n < WINDOW_READ) {
        size_t cap = w->cap * 2 < WINDOW_MAX ? w->cap * 2 : WINDOW_MAX;
        if (cap == w->cap || w->n >= WIRE_RECORD_MAX) {
            *full = true;
            return true;
        }
        char *p = mem_try_realloc(w->p, cap);
        if (!p)
            return err_set(e, E_MEMORY, "no memory for a record of more than %zu bytes", w->n);
        w->p = p;
        w->cap = cap;
    }
    size_t want = w->n + WINDOW_READ;
    while (!w->end && w->n < want) {
        size_t got;
        if (!source_read(s, w->p + w->n, w->cap - w->n, &got, e))
            return false;
        w->n += got;
        w->end = got == 0;
    }
    return true;
}
