/* The year's visits on their way into the spool: one request each, some of them twice, as networks do. */
#include "cli/demo/events.h"

#include <stdatomic.h>

#include "base/fs.h"
#include "spool/spool.h"

enum { SEGMENT_BYTES = 8 << 20, BODY_MAX_BYTES = 1 << 20, AT_ONCE = 400, AGAIN_AFTER_MS = 2300 };

struct giving { struct spool_writer *w; struct buf body, meta; atomic_bool failed; size_t n; };

/* A group that fails makes the next wait fail, too; this only notices it. */
static void done(void *ctx, const struct err *e)
{
    struct giving *g = ctx;
    if (e) {
        atomic_store(&g->failed, true);
    }
}

static bool give(struct giving *g, const struct spool_record *r, struct err *e)
{
    if (++g->n % AT_ONCE != 0) {
        return spool_append(g->w, r, done, g, e);
    }
    return spool_append_wait(g->w, r, e) && (!atomic_load(&g->failed) || err_set(e, E_IO, "events could not be written to the spool"));
}

static bool visit_give(struct giving *g, const struct demo_world *w, const struct demo_visit *v, int64_t told_ms, struct err *e)
{
    buf_reset(&g->body);
    buf_reset(&g->meta);
    demo_visit_write(&g->body, w, v, -1, 0);
    demo_visit_facts(&g->meta, w, v);
    if (!buf_ok(&g->body, e) || !buf_ok(&g->meta, e)) {
        return false;
    }
    struct spool_record r = {.received_us = told_ms * 1000, .kind = SPOOL_BATCH, .source = STR(DEMO_EVENT_SOURCE), .meta = buf_str(&g->meta), .body = buf_str(&g->body)};
    bool ok = give(g, &r, e);
    r.received_us += AGAIN_AFTER_MS * 1000;
    return ok && (!v->twice || give(g, &r, e));
}

bool demo_events_write(const char *dir, const struct demo_world *w, const struct demo_visits *visits, int64_t from_ms, int64_t to_ms, struct err *e)
{
    struct giving g = {.body = BUF_INIT(BODY_MAX_BYTES), .meta = BUF_INIT(BODY_MAX_BYTES)};
    struct arena a;
    arena_init(&a);
    const char *spool = arena_printf(&a, "%s/data/spool", dir).p;
    const struct spool_options o = {.dir = spool, .segment_bytes = SEGMENT_BYTES};
    bool ok = fs_mkdirs(arena_printf(&a, "%s/data", dir).p, 0700, e) && spool_writer_open(&o, &g.w, e);
    for (size_t i = 0; ok && i < visits->n; i++) {
        int64_t told_ms = demo_visit_told_ms(w, &visits->v[i]);
        ok = told_ms < from_ms || told_ms >= to_ms || visit_give(&g, w, &visits->v[i], told_ms, e);
    }
    spool_writer_close(g.w); /* what was taken is written */
    ok = ok && (!atomic_load(&g.failed) || err_set(e, E_IO, "events could not be written to the spool"));
    buf_fini(&g.body);
    buf_fini(&g.meta);
    arena_fini(&a);
    return ok;
}
