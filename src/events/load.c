/* The loader: from the spool into the raw tables, a batch at a time. Rows, what was set aside, counts and the place in the spool
 * are one transaction: whatever happens, the next load goes on exactly behind what is there. */
#include "events/events_int.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

/* A batch is what has come meanwhile, up to this much: larger ones load faster, smaller ones are seen earlier. */
enum { BATCH_EVENTS = 4000, BATCH_BYTES = 8 << 20, BATCH_US = 100000 };

struct load {
    struct events *ev;
    const struct events_load_options *o;
    struct events_report *r;
    struct errs *es;
    struct event_batch b;
    struct spool_position next;
    int64_t requests, started_us, newest_us; /* newest: receivedAt of the last record that was read */
    bool at_end;
};

/* ---- ids that are in the tables already ---- */

static bool seen_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct events *ev = ctx;
    int64_t from, to;
    (void)e;
    if (!engine_cell_null(ch, 0, i) && !engine_cell_null(ch, 2, i))
        (void)seen_add(ev->seen, seen_print(engine_cell_str(ch, 1, i), engine_cell_str(ch, 0, i)), engine_cell_i64(ch, 2, i),
                       &from, &to);
    return true;
}

bool events_know_ids(struct events *ev, struct err *e)
{
    if (ev->seen)
        return true;
    int64_t started = clock_mono_us(), since = clock_now_us() - ev->window_us;
    bool ok = true;
    ev->seen = seen_new(ev->window_us);
    for (size_t i = 0; ok && i <= ev->n_sources * EVENT_STREAMS; i++) {
        struct buf sql = BUF_INIT((size_t)1 << 20);
        bool rejected = i == ev->n_sources * EVENT_STREAMS;
        if (rejected) {
            buf_addz(&sql, "SELECT message_id, source, received_at FROM mesh.quarantine.event");
        } else {
            buf_addz(&sql, "SELECT message_id, ");
            buf_sql_text(&sql, ev->sources[i / EVENT_STREAMS].ref);
            buf_addz(&sql, ", received_at FROM mesh.raw.");
            buf_sql_ident(&sql, ev->sources[i / EVENT_STREAMS].tables[i % EVENT_STREAMS].ref);
        }
        buf_printf(&sql, " WHERE received_at >= make_timestamp(CAST(%lld AS BIGINT))", (long long)since);
        ok = buf_ok(&sql, e) && events_each(ev->c, buf_str(&sql), NULL, 0, seen_row, ev, e);
        buf_fini(&sql);
    }
    if (!ok) {
        seen_free(ev->seen);
        ev->seen = NULL;
        return false;
    }
    log_event(LOG_INFO, "events", "ids_known", "ids=%zu bytes=%zu ms=%lld", seen_count(ev->seen), seen_bytes(ev->seen),
              (long long)((clock_mono_us() - started) / 1000));
    return true;
}

/* ---- reading ---- */

/* A part of the spool that cannot be read any more: said, kept in mind, passed over. */
static bool damage(struct load *l, const struct err *why, struct err *e)
{
    struct events *ev = l->ev;
    const struct engine_param p[] = {
        {.type = ENGINE_INT, .i = (int64_t)l->next.segment},
        {.type = ENGINE_INT, .i = (int64_t)l->next.offset},
        {.type = ENGINE_TEXT, .s = str_of(why->text)},
        {.type = ENGINE_INT, .i = clock_now_us()},
    };
    struct str ignored;
    bool null;
    struct arena a;
    log_err(LOG_ERROR, "events", "spool_damaged", why);
    errs_push(l->es, why);
    arena_init(&a);
    bool ok = engine_value(
        ev->c,
        STR("INSERT INTO mesh.sys.event_damage SELECT $1, $2, $3, make_timestamp(CAST($4 AS BIGINT)) WHERE NOT EXISTS "
            "(SELECT 1 FROM mesh.sys.event_damage WHERE message = $3 AND segment = $1 AND \"offset\" = $2)"),
        p, 4, &a, &ignored, &null, e);
    arena_fini(&a);
    return ok;
}

static void take(struct load *l, const struct spool_entry *entry)
{
    const struct event_source *s = events_source(l->ev, entry->record.source);
    if (s)
        event_split(&l->b, s->source, &entry->record, entry->at);
    else
        event_split_unknown(&l->b, &entry->record, entry->at);
    l->requests++;
    l->newest_us = entry->record.received_us;
    l->next = entry->next;
}

static bool cancelled(const struct load *l)
{
    return l->o && l->o->cancel && atomic_load(l->o->cancel);
}

/* What there is, up to the size of a batch. */
static bool gather(struct load *l, struct err *e)
{
    int64_t started = clock_mono_us();
    size_t bytes = 0, most = BATCH_EVENTS;
    l->requests = 0;
    if (l->o && l->o->limit > 0 && l->o->limit - l->r->events < (int64_t)most)
        most = (size_t)(l->o->limit - l->r->events);
    while (l->b.events < most && bytes < BATCH_BYTES && clock_mono_us() - started < BATCH_US) {
        struct spool_entry entry;
        struct err why = {0};
        bool got = false;
        if (!spool_next(l->ev->reader, &entry, &got, &why)) {
            if (why.code != E_SPOOL) {
                *e = why;
                return false;
            }
            if (!damage(l, &why, e))
                return false;
            continue;
        }
        if (!got) {
            l->at_end = true;
            break;
        }
        bytes += entry.record.body.n;
        take(l, &entry);
    }
    return true;
}

/* ---- committing ---- */

static bool place_write(struct load *l, const struct events_report *before, int64_t now_us, struct err *e)
{
    const struct events_report *r = l->r;
    struct buf sql = BUF_INIT((size_t)64 << 10);
    buf_printf(&sql, "UPDATE mesh.sys.event_place SET segment = %llu, \"offset\" = %llu;", (unsigned long long)l->next.segment,
               (unsigned long long)l->next.offset);
    buf_printf(&sql,
               "INSERT INTO mesh.sys.event_batch VALUES (%lld, make_timestamp(CAST(%lld AS BIGINT)), %lld, %lld, %lld, %lld, "
               "%lld, %llu, %llu)",
               (long long)(l->ev->next_batch - 1), (long long)now_us, (long long)l->requests,
               (long long)(r->events - before->events), (long long)(r->loaded - before->loaded),
               (long long)(r->duplicates - before->duplicates), (long long)(r->quarantined - before->quarantined),
               (unsigned long long)l->next.segment, (unsigned long long)l->next.offset);
    bool ok = buf_ok(&sql, e) && engine_exec(l->ev->c, buf_str(&sql), e);
    buf_fini(&sql);
    return ok;
}

static bool commit(struct load *l, struct err *e)
{
    struct events *ev = l->ev;
    struct events_report before = *l->r;
    struct err ignored;
    int64_t first_rejected = ev->next_rejected;
    if (!events_judge(ev, &l->b, e) || !engine_exec(ev->c, STR("BEGIN"), e))
        return false;
    fault_crash_point("events_before_rows");
    bool ok = events_write(ev, &l->b, l->r, e) && place_write(l, &before, clock_now_us(), e);
    fault_crash_point("events_before_commit");
    ok = ok && engine_exec(ev->c, STR("COMMIT"), e);
    fault_crash_point("events_after_commit");
    if (!ok) {
        if (!engine_exec(ev->c, STR("ROLLBACK"), &ignored))
            log_event(LOG_DEBUG, "events", "rollback", "the transaction had ended already");
        *l->r = before;
        ev->next_rejected = first_rejected;
    } else {
        ev->place = l->next;
        l->r->requests += l->requests;
        l->r->batches++;
    }
    events_written(ev, &l->b, ok);
    if (ok && !spool_loaded_set(ev->spool_dir, ev->place, &ignored))
        log_err(LOG_WARN, "events", "spool_not_told", &ignored); /* it only keeps its segments longer */
    fault_crash_point("events_after_told");
    return ok;
}

static bool batches(struct load *l, struct err *e)
{
    while (!l->at_end && !cancelled(l)) {
        event_batch_clear(&l->b);
        if (!gather(l, e))
            return false;
        if (l->requests && !commit(l, e))
            return false;
        if (l->requests && l->o && l->o->progress)
            l->o->progress(l->o->ctx, l->r);
        if (l->o && l->o->limit > 0 && l->r->events >= l->o->limit)
            break;
        /* What came meanwhile is the next call's, or events that come without end would keep others waiting without end. */
        if (l->newest_us > l->started_us)
            break;
    }
    l->r->more = !l->at_end;
    return true;
}

bool events_load(struct events *ev, const struct mesh *m, const struct events_load_options *o, struct events_report *r,
                 struct errs *es, struct err *e)
{
    struct load l = {.ev = ev, .o = o, .r = r, .es = es, .started_us = clock_now_us()};
    *r = (struct events_report){0};
    pthread_mutex_lock(&ev->lock);
    event_batch_init(&l.b, m);
    l.next = ev->place;
    bool ok = events_fit(ev, m, e) && (ev->reader || spool_reader_open(ev->spool_dir, ev->place, &ev->reader, e)) &&
              events_know_ids(ev, e) && batches(&l, e);
    if (!ok) { /* what was read and not committed is read again */
        spool_reader_close(ev->reader);
        ev->reader = NULL;
    }
    event_batch_fini(&l.b);
    pthread_mutex_unlock(&ev->lock);
    return ok;
}
