/* Who read rows of people before they said no: from the audit log. */
#include "privacy/consent_int.h"

#include <stdlib.h>

#include "base/clock.h"

enum { DAYS = 30, ENTRIES_MAX = 20000, BY_MAX = 100 };

struct read {
    struct str principal, ref;
    int64_t times, last_us;
};

static int by_who(const void *x, const void *y)
{
    const struct read *a = x, *b = y;
    int c = str_cmp(a->principal, b->principal);
    return c ? c : str_cmp(a->ref, b->ref);
}

static int newest_first(const void *x, const void *y)
{
    const struct read *a = x, *b = y;
    return a->last_us != b->last_us ? (a->last_us < b->last_us ? 1 : -1) : by_who(x, y);
}

static bool is_of(const struct desk_effect *of, struct str ref)
{
    for (size_t i = 0; i < of->n; i++)
        if (of->ports[i].rows > 0 && (str_eq(of->ports[i].port->ref_major, ref) || str_eq(of->ports[i].port->ref, ref)))
            return true;
    return false;
}

/* One for each principal and port; *questions: entries that named any. */
static size_t reads_of(const struct audit_entry *v, size_t n, const struct desk_effect *of, struct read *out, size_t max, int64_t *questions)
{
    size_t found = 0, kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct str rest = v[i].what;
        bool any = false;
        while (rest.p && rest.n) {
            struct str ref = str_cut(rest, ',', &rest);
            if (!is_of(of, ref))
                continue;
            any = true;
            if (found < max)
                out[found++] = (struct read){v[i].principal, ref, 1, v[i].at_us};
        }
        *questions += any;
    }
    qsort(out, found, sizeof *out, by_who);
    for (size_t i = 0; i < found; i++) {
        if (kept && by_who(&out[kept - 1], &out[i]) == 0) {
            out[kept - 1].times++;
            out[kept - 1].last_us = out[i].last_us > out[kept - 1].last_us ? out[i].last_us : out[kept - 1].last_us;
        } else {
            out[kept++] = out[i];
        }
    }
    qsort(out, kept, sizeof *out, newest_first);
    return kept;
}

bool desk_reads_put(const struct desk *d, struct buf *b, const struct desk_effect *of, struct str purpose, int64_t now_us, struct err *e)
{
    int64_t since = now_us - (int64_t)DAYS * 86400 * 1000000, questions = 0;
    struct audit_entry *v = NULL;
    size_t n = 0;
    if (!d->audit) {
        buf_addz(b, ",\"reads\":null");
        return true;
    }
    const struct audit_ask ask = {.kind = AUDIT_READ, .purpose = purpose, .from_us = since, .limit = ENTRIES_MAX};
    if (!audit_find(d->audit, d->a, &ask, &v, &n, e))
        return false;
    size_t max = n * 4 + 1;
    struct read *reads = arena_array(d->a, max, sizeof *reads);
    size_t kept = reads_of(v, n, of, reads, max, &questions);
    buf_printf(b, ",\"reads\":{\"since\":\"%s\",\"questions\":%lld,\"by\":[", clock_iso(since).z, (long long)questions);
    for (size_t i = 0; i < kept && i < BY_MAX; i++) {
        buf_addz(b, i ? ",{\"principal\":" : "{\"principal\":");
        buf_json_str(b, reads[i].principal);
        buf_addz(b, ",\"ref\":");
        buf_json_str(b, reads[i].ref);
        buf_printf(b, ",\"at\":\"%s\",\"times\":%lld}", clock_iso(reads[i].last_us).z, (long long)reads[i].times);
    }
    buf_addz(b, "]}");
    return true;
}
