/* The newest events as they were loaded, for people who watch: a ring in memory. What may be a person's is not in it. */
#include "events/events_int.h"

#include "base/clock.h"

/* Of a large batch only the last ones are told: nobody reads thousands a second. */
enum { TAIL_EVENTS = 2048, TAIL_PER_BATCH = 256, TAIL_NAME_BYTES = 128, TAIL_SUMMARY_BYTES = 2048 };

struct seen_event {
    struct arena a; /* its texts */
    struct events_seen v;
};
struct tail {
    pthread_mutex_t lock;
    struct seen_event ring[TAIL_EVENTS];
    int64_t seq;
};

struct tail *tail_new(void)
{
    struct tail *t = mem_alloc(sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void tail_free(struct tail *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < TAIL_EVENTS; i++)
        arena_fini(&t->ring[i].a);
    pthread_mutex_destroy(&t->lock);
    mem_free(t);
}

/* Columns by name: their values, or that they are hidden. */
static struct str summary_of(struct arena *a, const struct event *ev)
{
    struct buf o = BUF_INIT((size_t)64 << 10);
    bool first = true;
    buf_addc(&o, '{');
    for (size_t c = 0; c < EVENT_COLUMNS && o.n < TAIL_SUMMARY_BYTES; c++) {
        const struct event_column_info *info = &event_columns[c];
        const struct event_cell *cell = &ev->cells[c];
        bool hidden = info->class_ == CLASS_PERSONAL || info->class_ == CLASS_SENSITIVE;
        if (!cell->set || c == EVENT_MESSAGE_ID || c == EVENT_EVIDENCE || (cell->s.n > 400 && !hidden))
            continue;
        if (!first)
            buf_addc(&o, ',');
        first = false;
        buf_json_key(&o, info->name);
        if (hidden)
            buf_addz(&o, "\"hidden: personal\"");
        else if (info->type == 'T')
            buf_json_str(&o, cell->s);
        else if (info->type == 'M')
            buf_printf(&o, "\"%s\"", clock_iso(cell->i).z);
        else if (info->type == 'B')
            buf_addz(&o, cell->i ? "true" : "false");
        else if (info->type == 'D')
            buf_printf(&o, "%s%lld.%06lld", cell->i < 0 ? "-" : "", (long long)(llabs(cell->i) / 1000000),
                       (long long)(llabs(cell->i) % 1000000));
        else
            buf_printf(&o, "%lld", (long long)cell->i);
    }
    buf_addc(&o, '}');
    struct str s = o.failed ? STR("{}") : arena_str(a, buf_str(&o));
    buf_fini(&o);
    return s;
}

static struct str cut(struct arena *a, struct str s)
{
    size_t n = s.n < TAIL_NAME_BYTES ? s.n : TAIL_NAME_BYTES;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return arena_str(a, (struct str){s.p, n});
}

static const char *const verdicts[] = {
    [EVENT_PASSED] = "passed", [EVENT_QUARANTINED] = "quarantined", [EVENT_DUPLICATE] = "duplicate"};

void tail_add(struct tail *t, const struct event_batch *b, int64_t loaded_us)
{
    size_t first = 0, left = 0;
    for (size_t i = b->n; i > 0 && left < TAIL_PER_BATCH; i--) {
        left += !b->v[i - 1]->statement_of;
        first = i - 1;
    }
    pthread_mutex_lock(&t->lock);
    t->seq += (int64_t)(b->events - left);
    for (size_t i = first; i < b->n; i++) {
        const struct event_entry *x = b->v[i];
        if (x->statement_of)
            continue;
        struct seen_event *slot = &t->ring[++t->seq % TAIL_EVENTS];
        arena_fini(&slot->a);
        arena_init(&slot->a);
        slot->v = (struct events_seen){
            .seq = t->seq,
            .received_us = x->ev.received_us,
            .loaded_us = loaded_us,
            .source = x->ev.source ? event_ref(x->ev.source, &slot->a) : arena_str(&slot->a, x->source_ref),
            .type = cut(&slot->a, x->type),
            .name = cut(&slot->a, x->name),
            .message_id = cut(&slot->a, x->ev.cells[EVENT_MESSAGE_ID].s),
            .verdict = str_of(verdicts[x->verdict]),
            .reason = str_of(x->n_why ? x->why[0].reason : ""),
            .summary = summary_of(&slot->a, &x->ev),
        };
    }
    pthread_mutex_unlock(&t->lock);
}

size_t tail_read(struct tail *t, int64_t after_seq, struct str source, struct arena *a, struct events_seen **out, size_t max)
{
    size_t n = 0;
    *out = arena_array(a, max + 1, sizeof **out);
    pthread_mutex_lock(&t->lock);
    int64_t from = t->seq - TAIL_EVENTS + 1;
    for (int64_t seq = after_seq + 1 > from ? after_seq + 1 : from; seq <= t->seq && n < max; seq++) {
        const struct events_seen *v = &t->ring[seq % TAIL_EVENTS].v;
        if (seq < 1 || v->seq != seq || (source.n && !str_eq(source, v->source)))
            continue;
        (*out)[n++] = (struct events_seen){
            .seq = v->seq,
            .received_us = v->received_us,
            .loaded_us = v->loaded_us,
            .source = arena_str(a, v->source),
            .type = arena_str(a, v->type),
            .name = arena_str(a, v->name),
            .message_id = arena_str(a, v->message_id),
            .verdict = v->verdict,
            .reason = v->reason,
            .summary = arena_str(a, v->summary),
        };
    }
    pthread_mutex_unlock(&t->lock);
    return n;
}
