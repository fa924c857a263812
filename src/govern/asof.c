/* Governed views of a past moment. The builder makes the unmasked ones as they are asked for; here they are masked, and kept for the
 * moments asked last. */
#include "govern/govern_int.h"

#include <stdio.h>

#include "base/clock.h"

/* asof_lock held: room for one more, the one unused for longest makes way. */
static struct asof_views *slot_find(struct govern *g, struct str src, const struct sha_hex *profile)
{
    struct asof_views *oldest = &g->past[0];
    for (size_t i = 0; i < ASOF_KEPT; i++) {
        struct asof_views *v = &g->past[i];
        if (v->catalog && str_eq(str_of(v->src), src) && memcmp(&v->profile, profile, sizeof *profile) == 0)
            return v;
        if (!v->catalog || (oldest->catalog && v->used_us < oldest->used_us))
            oldest = v;
    }
    gov_catalog_unref(g, oldest->catalog);
    *oldest = (struct asof_views){0};
    return oldest;
}

bool gov_asof(struct govern *g, const struct mesh *m, const struct gov_asker *who, struct str day, struct gov_catalog **out, struct err *e)
{
    int64_t moment_us;
    struct arena a;
    struct str src;
    *out = NULL;
    if (!clock_day_end_us(day, m->time_zone, &moment_us)) {
        err_set(e, E_USAGE, "\"%.*s\" is not a day", day.n < 40 ? (int)day.n : 40, day.p ? day.p : "");
        err_hint(e, "write YYYY-MM-DD");
        return false;
    }
    if (!g->below.catalog)
        return err_set(e, E_USAGE, "the past cannot be asked here");
    arena_init(&a);
    bool ok = g->below.catalog(g->below.ctx, moment_us, &a, &src, e);
    if (ok && src.n >= CATALOG_NAME_MAX)
        ok = err_set(e, E_INTERNAL, "the name of the past's catalog is too long");
    if (ok) {
        pthread_mutex_lock(&g->asof_lock);
        struct asof_views *v = slot_find(g, src, &who->profile);
        if (!v->catalog) {
            ok = gov_catalog_make(g, m, who, src, &v->catalog, e);
            v->profile = who->profile;
            snprintf(v->src, sizeof v->src, "%.*s", STR_FMT(src));
        }
        v->used_us = clock_mono_us();
        if (ok)
            *out = gov_catalog_ref(g, v->catalog);
        else
            *v = (struct asof_views){0};
        pthread_mutex_unlock(&g->asof_lock);
    }
    arena_fini(&a);
    return ok;
}

void gov_asof_forget(struct govern *g)
{
    pthread_mutex_lock(&g->asof_lock);
    for (size_t i = 0; i < ASOF_KEPT; i++) {
        gov_catalog_unref(g, g->past[i].catalog);
        g->past[i] = (struct asof_views){0};
    }
    pthread_mutex_unlock(&g->asof_lock);
}
