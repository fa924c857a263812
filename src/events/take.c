/* What happens to events between being read and being committed: told apart from those that came before, held against the plan,
 * enriched, written. Load and replay share it. */
#include "events/events_int.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

enum { SQL_MAX = 16 << 20, MESSAGE_BYTES_MAX = 1000 };

/* ---- seen before? ---- */

/* Places in a batch by print: within a batch the ids themselves are compared. */
struct places {
    size_t *slots; /* index + 1 */
    size_t cap;
};

static bool same_id(const struct event_entry *x, const struct event_entry *y)
{
    return x->ev.source == y->ev.source && str_eq(x->ev.cells[EVENT_MESSAGE_ID].s, y->ev.cells[EVENT_MESSAGE_ID].s);
}

/* True: an entry before it in the batch has this id. */
static bool place_taken(struct places *p, const struct event_batch *b, size_t index)
{
    const struct event_entry *x = b->v[index];
    for (size_t i = x->print & (p->cap - 1);; i = (i + 1) & (p->cap - 1)) {
        if (!p->slots[i]) {
            p->slots[i] = index + 1;
            return false;
        }
        if (same_id(b->v[p->slots[i] - 1], x))
            return true;
    }
}

struct suspect {
    struct event_entry *x;
    int64_t from_us, to_us;
};

static int by_source_and_id(const void *a, const void *b)
{
    const struct event_entry *x = ((const struct suspect *)a)->x, *y = ((const struct suspect *)b)->x;
    if (x->ev.source != y->ev.source)
        return x->ev.source < y->ev.source ? -1 : 1;
    return str_cmp(x->ev.cells[EVENT_MESSAGE_ID].s, y->ev.cells[EVENT_MESSAGE_ID].s);
}

struct confirm {
    struct suspect *v;
    size_t n;
};

static bool confirm_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct confirm *k = ctx;
    struct str id = engine_cell_str(ch, 0, i);
    size_t low = 0, high = k->n;
    (void)e;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (str_cmp(k->v[mid].x->ev.cells[EVENT_MESSAGE_ID].s, id) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < k->n && str_eq(k->v[low].x->ev.cells[EVENT_MESSAGE_ID].s, id); low++)
        k->v[low].x->verdict = EVENT_DUPLICATE;
    return true;
}

/* Looks the suspected ids of one source up where they would be: in the rows that were received at the time that is remembered. */
static bool confirm(struct events *ev, const struct event_source *s, struct suspect *v, size_t n, struct err *e)
{
    struct buf ids = BUF_INIT(SQL_MAX), sql = BUF_INIT(SQL_MAX);
    struct confirm k = {v, n};
    int64_t from = INT64_MAX, to = 0;
    for (size_t i = 0; i < n; i++) {
        from = v[i].from_us < from ? v[i].from_us : from;
        to = v[i].to_us > to ? v[i].to_us : to;
        if (i)
            buf_addc(&ids, ',');
        buf_sql_text(&ids, v[i].x->ev.cells[EVENT_MESSAGE_ID].s);
    }
    for (size_t i = 0; i < EVENT_STREAMS; i++) {
        /* A consent call has no row but its statements. */
        buf_printf(&sql, "%sSELECT message_id FROM mesh.raw.", i ? " UNION ALL " : "");
        buf_sql_ident(&sql, s->tables[i].ref);
        buf_printf(&sql,
                   " WHERE received_at BETWEEN make_timestamp(CAST(%lld AS BIGINT)) AND make_timestamp(CAST(%lld AS BIGINT)) AND "
                   "message_id IN (",
                   (long long)from, (long long)to);
        buf_add(&sql, buf_str(&ids));
        buf_addc(&sql, ')');
    }
    buf_addz(&sql, " UNION ALL SELECT message_id FROM mesh.quarantine.event WHERE source = ");
    struct str ref = event_ref(s->source, &ev->a);
    buf_sql_text(&sql, ref);
    buf_addz(&sql, " AND message_id IN (");
    buf_add(&sql, buf_str(&ids));
    buf_addc(&sql, ')');
    bool ok = buf_ok(&ids, e) && buf_ok(&sql, e) && events_each(ev->c, buf_str(&sql), NULL, 0, confirm_row, &k, e);
    buf_fini(&ids);
    buf_fini(&sql);
    return ok;
}

static bool tell_apart(struct events *ev, struct event_batch *b, struct err *e)
{
    struct places p = {.cap = 64};
    struct suspect *suspects = arena_array(&b->a, b->events + 1, sizeof *suspects);
    size_t n = 0;
    bool ok = true;
    while (p.cap < b->events * 2)
        p.cap *= 2;
    p.slots = arena_array(&b->a, p.cap, sizeof *p.slots);
    for (size_t i = 0; i < b->n; i++) {
        struct event_entry *x = b->v[i];
        if (x->statement_of || x->again || !x->ev.source || !x->ev.cells[EVENT_MESSAGE_ID].set)
            continue;
        const struct event_source *s = events_source(ev, event_ref(x->ev.source, &b->a));
        x->print = seen_print(s->ref, x->ev.cells[EVENT_MESSAGE_ID].s);
        if (place_taken(&p, b, i))
            x->verdict = EVENT_DUPLICATE;
        else if (seen_add(ev->seen, x->print, x->ev.received_us, &suspects[n].from_us, &suspects[n].to_us))
            suspects[n++].x = x;
    }
    if (n)
        qsort(suspects, n, sizeof *suspects, by_source_and_id);
    for (size_t i = 0, k; ok && i < n; i = k) {
        for (k = i; k < n && suspects[k].x->ev.source == suspects[i].x->ev.source; k++)
            ;
        ok = confirm(ev, events_source(ev, event_ref(suspects[i].x->ev.source, &b->a)), suspects + i, k - i, e);
    }
    for (size_t i = 0; ok && i < n; i++) {
        if (suspects[i].x->verdict != EVENT_DUPLICATE)
            seen_again(ev->seen, suspects[i].x->print, suspects[i].x->ev.received_us);
    }
    return ok;
}

/* ---- the plan ---- */

static void plan(struct event_source *s, struct event_batch *b, struct event_entry *x)
{
    struct plan_violation *v = NULL;
    size_t n = 0;
    if (plan_check(s->plan, &x->ev, &b->a, &v, &n))
        return;
    for (size_t i = 0; i < n; i++)
        event_refuse(b, x, v[i].reason, v[i].field, arena_strz(&b->a, v[i].message));
}

bool events_judge(struct events *ev, struct event_batch *b, struct err *e)
{
    if (!tell_apart(ev, b, e))
        return false;
    for (size_t i = 0; i < b->n; i++) {
        struct event_entry *x = b->v[i];
        if (x->statement_of || !x->ev.source || x->verdict != EVENT_PASSED || x->ev.stream == EVENT_CONSENT)
            continue;
        struct event_source *s = events_source(ev, event_ref(x->ev.source, &b->a));
        plan(s, b, x);
        if (x->verdict == EVENT_PASSED)
            enrich_event(s->enrich, &x->ev, &b->a);
    }
    return true;
}

/* ---- writing ---- */

/* A statement holds even where its event does not fit the plan: a no is a no. (A replay leaves out those that were written then.) */
static bool is_written(const struct event_entry *x, enum event_stream stream)
{
    const struct event_entry *of = x->statement_of;
    if (x->ev.stream != stream)
        return false;
    if (stream != EVENT_CONSENT)
        return x->verdict == EVENT_PASSED;
    return of && of->verdict != EVENT_DUPLICATE;
}

static size_t pick(const struct event_batch *b, const struct event_table *t, struct event_entry **out)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->v[i]->ev.source == t->source && is_written(b->v[i], t->stream))
            out[n++] = b->v[i];
    }
    return n;
}

static void count(struct event_table *t, struct event_entry **v, size_t n)
{
    t->next = t->now;
    t->next.version++;
    t->next.rows += (int64_t)n;
    for (size_t i = 0; i < n; i++) {
        int64_t at = v[i]->ev.cells[EVENT_OCCURRED_AT].i;
        if (!t->next.from_us || at < t->next.from_us)
            t->next.from_us = at;
        if (!t->next.to_us || at > t->next.to_us)
            t->next.to_us = at;
    }
}

static void counts_sql(struct buf *sql, const struct event_table *t, int64_t now_us)
{
    buf_printf(sql,
               "UPDATE mesh.sys.event_stream SET version = %lld, rows = %lld, data_from = make_timestamp(CAST(%lld AS BIGINT)), "
               "data_to = "
               "make_timestamp(CAST(%lld AS BIGINT)), loaded_at = make_timestamp(CAST(%lld AS BIGINT)) WHERE stream = ",
               (long long)t->next.version, (long long)t->next.rows, (long long)t->next.from_us, (long long)t->next.to_us,
               (long long)now_us);
    buf_sql_text(sql, t->ref);
    buf_addc(sql, ';');
}

/* Reason and field are those of the first thing that is wrong; the message names all. */
struct str event_messages(struct event_batch *b, const struct event_entry *x)
{
    struct buf all = BUF_INIT((size_t)64 << 10);
    for (size_t i = 0; i < x->n_why && all.n < MESSAGE_BYTES_MAX; i++) {
        if (i)
            buf_addz(&all, "; ");
        if (x->why[i].field.n && x->n_why > 1) {
            buf_add(&all, x->why[i].field);
            buf_addz(&all, ": ");
        }
        buf_add(&all, x->why[i].message);
    }
    struct str s = arena_str(&b->a, buf_str(&all));
    buf_fini(&all);
    return s;
}

static struct engine_param text(struct str s)
{
    return (struct engine_param){.type = ENGINE_TEXT, .null = s.n == 0, .s = s};
}

static bool quarantine(struct events *ev, struct event_batch *b, struct events_report *r, struct err *e)
{
    struct engine_appender *ap = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < b->n; i++) {
        struct event_entry *x = b->v[i];
        if (x->verdict != EVENT_QUARANTINED || x->statement_of || x->again)
            continue;
        if (!ap && !engine_append_open(ev->c, STR("mesh"), STR("quarantine"), STR("event"), &ap, e))
            return false;
        const struct engine_param none = {.type = ENGINE_TEXT, .null = true};
        const struct engine_param row[] = {
            {.type = ENGINE_INT, .i = ev->next_rejected++},
            text(x->ev.source ? event_ref(x->ev.source, &b->a) : x->source_ref),
            text(x->type),
            text(x->name),
            text(x->ev.cells[EVENT_MESSAGE_ID].s),
            text(str_of(x->why[0].reason)),
            text(x->why[0].field),
            text(event_messages(b, x)),
            text(event_payload(b, x)),
            none,
            text(event_meta(b, x)),
            {.type = ENGINE_TIMESTAMP, .i = x->ev.received_us},
            text(STR("waiting")),
            none,
            none,
            text(x->origin),
        };
        ok = engine_append_row(ap, row, sizeof row / sizeof *row, e);
        r->quarantined++;
    }
    if (ap && !engine_append_close(ap, ok ? e : NULL))
        ok = false;
    return ok;
}

bool events_write(struct events *ev, struct event_batch *b, struct events_report *r, struct err *e)
{
    struct event_entry **rows = arena_array(&b->a, b->n + 1, sizeof *rows);
    struct buf sql = BUF_INIT(SQL_MAX);
    int64_t now = clock_now_us(), batch_id = ev->next_batch++;
    bool ok = true;
    for (size_t i = 0; ok && i < ev->n_sources; i++) {
        for (size_t k = 0; ok && k < EVENT_STREAMS; k++) {
            struct event_table *t = &ev->sources[i].tables[k];
            size_t n = pick(b, t, rows);
            if (!n)
                continue;
            ok = event_rows_write(ev->c, t, rows, n, batch_id, now, &b->a, e);
            if (t->stream != EVENT_CONSENT)
                r->loaded += (int64_t)n;
            count(t, rows, n);
            counts_sql(&sql, t, now);
        }
    }
    ok = ok && quarantine(ev, b, r, e);
    for (size_t i = 0; i < b->n; i++) {
        const struct event_entry *x = b->v[i];
        r->duplicates += !x->statement_of && x->verdict == EVENT_DUPLICATE;
        r->loaded += !x->statement_of && x->verdict == EVENT_PASSED && x->ev.stream == EVENT_CONSENT;
    }
    r->events += (int64_t)b->events;
    ok = ok && buf_ok(&sql, e) && (sql.n == 0 || engine_exec(ev->c, buf_str(&sql), e));
    buf_fini(&sql);
    return ok;
}

void events_written(struct events *ev, struct event_batch *b, bool committed)
{
    for (size_t i = 0; i < ev->n_sources; i++) {
        for (size_t k = 0; k < EVENT_STREAMS; k++) {
            struct event_table *t = &ev->sources[i].tables[k];
            if (committed)
                t->now = t->next;
            else
                t->next = t->now;
        }
    }
    if (!committed)
        return;
    tail_add(ev->tail, b, clock_now_us());
    pthread_mutex_lock(&ev->listen_lock);
    if (ev->on_batch)
        ev->on_batch(ev->on_batch_ctx);
    pthread_mutex_unlock(&ev->listen_lock);
}
