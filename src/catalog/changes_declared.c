/* What of a declaration differs from the one last seen, said in words ("owner, SQL"). */
#include "catalog/catalog_int.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "catalog/changes_things.h"

enum { WHAT_MAX = 2000 };

/* ---- differences ---- */
static struct str parts_that_differ(struct str kind, struct str before, struct str after, struct arena *a)
{
    struct buf b = BUF_INIT((size_t)WHAT_MAX);
    size_t k = 0;
    while (k + 1 < THING_KINDS && !str_eq(str_of(thing_kinds[k].kind), kind))
        k++;
    for (size_t i = 0; i < THING_PARTS_MAX && thing_kinds[k].parts[i]; i++) {
        size_t at = i * THING_PART_CHARS;
        bool same =
            before.n >= at + THING_PART_CHARS && after.n >= at + THING_PART_CHARS && memcmp(before.p + at, after.p + at, THING_PART_CHARS) == 0;
        if (!same)
            buf_printf(&b, "%s%s", b.n ? ", " : "", thing_kinds[k].parts[i]);
    }
    struct str what = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return what;
}

static bool old_has(const struct store_declared *old, size_t n_old, struct str ref, const char *kind)
{
    struct store_declared key = {.ref = ref, .kind = str_of(kind)};
    return n_old && bsearch(&key, old, n_old, sizeof *old, thing_by_ref) != NULL;
}

/* What is part of other news, or none: an event type of a source that is new itself; rules, which always are, with their defaults. */
static bool goes_without_saying(const struct store_declared *d, const struct store_declared *old, size_t n_old)
{
    size_t source = d->ref.n;
    if (!str_eq(d->kind, str_of(thing_kinds[THING_EVENT].kind)))
        return str_ends(d->kind, STR(" rules"));
    while (source && d->ref.p[source - 1] != '.')
        source--;
    return source && !old_has(old, n_old, (struct str){d->ref.p, source - 1}, thing_kinds[THING_SOURCE].kind);
}

/* A port that comes or goes with its product is part of that news. */
static bool port_of_new_product(const struct mesh *m, const struct store_declared *d, const struct store_declared *old,
                                size_t n_old, struct arena *a)
{
    const struct mesh_port *p = str_eq(d->kind, STR("port")) ? mesh_find_port(m, d->ref) : NULL;
    if (!p)
        return false;
    return !old_has(old, n_old, arena_printf(a, "%.*s.%.*s", STR_FMT(p->product->domain->name), STR_FMT(p->product->name)), "product");
}

static size_t differences(const struct mesh *m, const struct store_declared *old, size_t n_old, const struct store_declared *now,
                          size_t n_now, int64_t at_us, struct arena *a, struct store_change *out)
{
    size_t i = 0, k = 0, n = 0;
    while (i < n_old || k < n_now) {
        int c = i == n_old ? 1 : k == n_now ? -1 : thing_by_ref(&old[i], &now[k]);
        if (c < 0) {
            out[n++] = (struct store_change){at_us, old[i].ref, old[i].kind, STR("removed"), STR("")};
            i++;
        } else if (c > 0) {
            if (!port_of_new_product(m, &now[k], old, n_old, a) && !goes_without_saying(&now[k], old, n_old))
                out[n++] = (struct store_change){at_us, now[k].ref, now[k].kind, STR("created"), STR("")};
            k++;
        } else {
            if (!str_eq(old[i].fingerprint, now[k].fingerprint))
                out[n++] = (struct store_change){at_us, now[k].ref, now[k].kind, STR("changed"),
                                                 parts_that_differ(now[k].kind, old[i].fingerprint, now[k].fingerprint, a)};
            i++;
            k++;
        }
    }
    return n;
}

#define SEEN_KEY STR("declared_sha")

bool catalog_note_declared(struct state *s, const struct mesh *m, struct err *e)
{
    struct arena a;
    struct str seen;
    struct store_declared *old, *now;
    size_t n_old, n_now, n = 0;
    arena_init(&a);
    bool ok = store_setting_get(s->store, &a, SEEN_KEY, &seen, e);
    if (ok && str_eq(seen, str_of(m->sha.z)))
        goto out; /* the same files as last time: nothing to compare */
    ok = ok && store_declared_all(s->store, &a, &old, &n_old, e) && things_declared(&a, m, &now, &n_now, e);
    if (!ok)
        goto out;
    struct store_change *c = arena_array(&a, n_old + n_now + 1, sizeof *c);
    if (n_old) /* the first declaration of a mesh is where counting begins, not news */
        n = differences(m, old, n_old, now, n_now, clock_now_us(), &a, c);
    ok = store_declared_replace(s->store, now, n_now, c, n, e) && store_setting_set(s->store, SEEN_KEY, str_of(m->sha.z), e);
    if (ok && n)
        log_event(LOG_INFO, "catalog", "declaration_changed", "things=%zu", n);
out:
    arena_fini(&a);
    return ok;
}
