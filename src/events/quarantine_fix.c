/* Rejected events mended or given up: many at once, in one transaction. */
#include "base/clock.h"
#include "base/log.h"
#include "engine/pipe.h"
#include "events/quarantine_int.h"

enum { PAGE = 1000, SQL_MAX = 1 << 20, CHANGE_TEXTS = 4, TEXTS_MAX_BYTES = 1 << 30 };

bool quarantine_begin(struct engine_conn *c, struct err *e)
{
    return engine_exec(c, STR("BEGIN"), e);
}

bool quarantine_end(struct engine_conn *c, bool good, struct err *e)
{
    if (good && engine_exec(c, STR("COMMIT"), e))
        return true;
    if (!engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "events", "quarantine_rollback", "already ended");
    return false;
}

/* ---- many rows changed by one statement ---- */

struct one_block {
    pthread_mutex_t lock;
    struct engine_pipe_block block;
    bool given;
};

static bool block_next(void *ctx, struct engine_pipe_block **out, struct err *e)
{
    struct one_block *b = ctx;
    (void)e;
    pthread_mutex_lock(&b->lock);
    *out = b->given ? NULL : &b->block;
    b->given = true;
    pthread_mutex_unlock(&b->lock);
    return true;
}

static void block_release(void *ctx, struct engine_pipe_block *block)
{
    (void)ctx;
    (void)block;
}

bool quarantine_update(struct engine_conn *c, struct str set, size_t n_texts, const struct quarantine_change *v, size_t n,
                       struct err *e)
{
    struct arena a;
    struct engine_pipe_type types[1 + CHANGE_TEXTS] = {{.type = ENGINE_INT, .bytes = 8}};
    struct engine_pipe_cells cols[1 + CHANGE_TEXTS] = {{0}};
    struct buf heaps[CHANGE_TEXTS], before = BUF_INIT(SQL_MAX);
    struct one_block block = {.lock = PTHREAD_MUTEX_INITIALIZER, .block = {(uint32_t)n, cols}};
    const struct engine_pipe_source source = {&block, block_next, block_release};
    bool ok = true;
    if (n == 0)
        return true;
    arena_init(&a);
    int64_t *ids = arena_array(&a, n, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        ids[i] = v[i].id;
    cols[0].data = ids;
    for (size_t k = 0; k < n_texts; k++) {
        uint32_t *lengths = arena_array(&a, n, sizeof *lengths);
        heaps[k] = BUF_INIT(TEXTS_MAX_BYTES);
        for (size_t i = 0; i < n; i++) {
            buf_add(&heaps[k], v[i].texts[k]);
            lengths[i] = (uint32_t)v[i].texts[k].n;
        }
        ok = ok && buf_ok(&heaps[k], e);
        types[1 + k] = (struct engine_pipe_type){.type = ENGINE_TEXT};
        cols[1 + k] = (struct engine_pipe_cells){.data = lengths, .heap = heaps[k].p};
    }
    buf_printf(&before, "UPDATE mesh.quarantine.event AS q SET %.*s FROM ", STR_FMT(set));
    ok = ok && buf_ok(&before, e) &&
         engine_pipe_run(c, buf_str(&before), STR(" AS s WHERE q.id = s.c0"), types, 1 + n_texts, &source, e);
    for (size_t k = 0; k < n_texts; k++)
        buf_fini(&heaps[k]);
    buf_fini(&before);
    arena_fini(&a);
    return ok;
}

/* ---- one page of rows after the other ---- */

struct fixing {
    struct engine_conn *c;
    const struct payload_fix *fix;
    struct buf where;
    struct engine_param p[QUARANTINE_PARAMS];
    size_t n_params;
    int64_t after_id, fixed;
};

static bool page(struct fixing *f, size_t *seen, struct err *e)
{
    struct arena a;
    struct buf sql = BUF_INIT(SQL_MAX), set = BUF_INIT(512);
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct quarantine_change *v;
    size_t n = 0;
    bool ok = false;
    arena_init(&a);
    v = arena_array(&a, PAGE, sizeof *v);
    *seen = 0;
    buf_printf(&sql, "SELECT id, payload FROM mesh.quarantine.event%s AND id > %lld ORDER BY id LIMIT %d", buf_z(&f->where),
               (long long)f->after_id, PAGE);
    if (!buf_ok(&sql, e) || !engine_query(f->c, buf_str(&sql), f->p, f->n_params, &r, e))
        goto out;
    while ((ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t i = 0; i < engine_chunk_rows(ch); i++, (*seen)++) {
            v[n].id = f->after_id = engine_cell_i64(ch, 0, i);
            struct str payload = engine_cell_null(ch, 1, i) ? STR("") : engine_cell_str(ch, 1, i);
            n += payload_fix_apply(f->fix, payload, &a, &v[n].texts[0]);
        }
    engine_result_close(r);
    r = NULL;
    buf_printf(
        &set,
        "payload = s.c1, first_payload = coalesce(q.first_payload, q.payload), state = 'fixed', fixed_at = make_timestamp(%lld)",
        (long long)clock_now_us());
    ok = ok && quarantine_update(f->c, buf_str(&set), 1, v, n, e);
    f->fixed += ok ? (int64_t)n : 0;
out:
    engine_result_close(r);
    buf_fini(&sql);
    buf_fini(&set);
    arena_fini(&a);
    return ok;
}

static bool pages(struct fixing *f, struct err *e)
{
    size_t seen;
    do {
        if (!page(f, &seen, e))
            return false;
    } while (seen == PAGE);
    return true;
}

static bool drop(struct fixing *f, struct err *e)
{
    struct buf sql = BUF_INIT(SQL_MAX);
    buf_printf(&sql, "SELECT count(*) FROM mesh.quarantine.event%s", buf_z(&f->where));
    bool ok = buf_ok(&sql, e) && engine_value_i64(f->c, buf_str(&sql), f->p, f->n_params, &f->fixed, e);
    buf_reset(&sql);
    buf_printf(&sql, "UPDATE mesh.quarantine.event SET state = 'dropped', fixed_at = make_timestamp(%lld)%s",
               (long long)clock_now_us(), buf_z(&f->where));
    struct engine_result *r = NULL;
    ok = ok && buf_ok(&sql, e) && engine_query(f->c, buf_str(&sql), f->p, f->n_params, &r, e);
    engine_result_close(r);
    buf_fini(&sql);
    return ok;
}

bool events_rejected_fix(struct events *ev, int64_t id, const struct events_rejected_ask *ask, const struct events_fix *fix,
                         int64_t *n, struct err *e)
{
    const struct events_rejected_ask one = {.ids = &id, .n_ids = 1};
    struct fixing f = {.c = ev->c, .where = BUF_INIT(SQL_MAX)};
    struct payload_fix *made = NULL;
    struct arena a;
    bool nothing = !fix->n_set && !fix->n_rename && !fix->n_cast && !fix->n_remove, ok = false;
    *n = 0;
    if (fix->drop ? !nothing : nothing)
        return err_set(e, E_USAGE,
                       fix->drop ? "an event that is dropped is not changed, too"
                                 : "there is nothing to change: set, rename, cast, remove or drop");
    arena_init(&a);
    quarantine_where(id ? &one : ask, &f.where, f.p, &f.n_params);
    if (!payload_fix_make(fix, &a, &made, e))
        goto out;
    f.fix = made;
    pthread_mutex_lock(&ev->lock);
    ok = quarantine_begin(ev->c, e);
    if (ok)
        ok = quarantine_end(ev->c, fix->drop ? drop(&f, e) : pages(&f, e), e);
    pthread_mutex_unlock(&ev->lock);
    *n = ok ? f.fixed : 0;
out:
    payload_fix_free(made);
    buf_fini(&f.where);
    arena_fini(&a);
    return ok;
}
