/* How often each port was read, from the audit log. */
#include "store/store_audit.h"
#include "store/store_int.h"

#include <stdlib.h>

struct seen {
    struct str ref, principal;
    int64_t questions, last_us;
};

static int seen_order(const void *x, const void *y)
{
    const struct seen *a = x, *b = y;
    int c = str_cmp(a->ref, b->ref);
    return c ? c : str_cmp(a->principal, b->principal);
}

/* A question names all that it reads, with commas between. */
static size_t count_refs(struct str refs)
{
    size_t n = refs.n > 0;
    for (size_t i = 0; i < refs.n; i++)
        n += refs.p[i] == ',';
    return n;
}

bool store_uses(struct store *audit, struct arena *a, int64_t since_us, struct store_use **out, size_t *n, struct err *e)
{
    struct store_stmt q;
    struct seen *v = NULL;
    size_t n_seen = 0, cap = 0;
    *n = 0;
    if (!store_begin(&q, audit,
                     "SELECT what, principal, count(*), max(at_us) FROM entry INDEXED BY entry_use WHERE at_us >= ? AND kind = 'read' AND"
                     " verdict = 'ok' AND quiet = 0 AND what <> '' GROUP BY what, principal",
                     e))
        return false;
    store_bind_i64(&q, since_us);
    while (store_row(&q)) {
        struct str rest = store_col_str(&q, a, 0), principal = store_col_str(&q, a, 1);
        if (n_seen + count_refs(rest) > cap) {
            cap = (cap + count_refs(rest)) * 2;
            v = mem_realloc(v, cap * sizeof *v);
        }
        while (rest.p && rest.n) {
            struct str ref = str_cut(rest, ',', &rest);
            v[n_seen++] = (struct seen){ref, principal, store_col_i64(&q, 2), store_col_i64(&q, 3)};
        }
    }
    bool good = store_end(&q);
    *out = arena_array(a, n_seen + 1, sizeof **out);
    if (n_seen)
        qsort(v, n_seen, sizeof *v, seen_order);
    for (size_t i = 0; good && i < n_seen; i++) {
        bool same = i > 0 && str_eq(v[i - 1].ref, v[i].ref);
        if (!same)
            (*out)[(*n)++] = (struct store_use){.ref = v[i].ref};
        struct store_use *u = &(*out)[*n - 1];
        u->questions += v[i].questions;
        u->principals += !same || !str_eq(v[i - 1].principal, v[i].principal);
        u->last_us = v[i].last_us > u->last_us ? v[i].last_us : u->last_us;
    }
    mem_free(v);
    return good;
}
