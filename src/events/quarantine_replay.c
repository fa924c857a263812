/* Rejected events taken through the loader's way once more: what passes now is loaded and marked in one transaction, the rest
 * waits on with its new reason. Those of people on the suppression list are emptied instead. */
#include "events/quarantine_int.h"

#include <sched.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "collect/suppress.h"
#include "store/store.h"

enum { REPLAY_PAGE = 4000, REPLAY_SQL_MAX = 16 << 20 };

/* A page of rows: each with its entry of the batch, where it got that far. */
struct row {
    int64_t id;
    struct str source, payload, meta, origin, message_id, reason;
    int64_t received_us;
    struct event_entry *x; /* NULL: its source is not declared, or the payload is no event */
    bool suppressed;
    bool split; /* a whole request that fits now: its parts go on as if they had just come */
    size_t parts, parts_suppressed;
};

struct replay {
    struct events *ev;
    const struct mesh *m;
    struct events_report *r;
    struct buf where;
    struct engine_param p[QUARANTINE_PARAMS];
    size_t n_params;
    int64_t after_id;
    struct arena list;                   /* of the suppression list */
    struct store_suppressed *suppressed; /* by hash */
    size_t n_suppressed;
    unsigned char key[SUPPRESS_KEY_BYTES];
    /* the page */
    struct event_batch b;
    struct row *rows;
    size_t n;
};

/* ---- the suppression list ---- */

static int by_hash(const void *a, const void *b)
{
    return str_cmp(((const struct store_suppressed *)a)->hash, ((const struct store_suppressed *)b)->hash);
}

static bool suppressed_read(struct replay *k, struct err *e)
{
    struct state *s = k->ev->s;
    if (!store_suppressed_all(s->store, &k->list, &k->suppressed, &k->n_suppressed, e))
        return false;
    if (!k->n_suppressed)
        return true;
    qsort(k->suppressed, k->n_suppressed, sizeof *k->suppressed, by_hash);
    return secret_key(s->data_dir, SUPPRESS_KEY_FILE, k->key, e);
}

static bool is_listed(const struct replay *k, struct str kind, struct str value)
{
    struct suppress_hash hash;
    if (!kind.n || !value.n)
        return false;
    suppress_hash(k->key, kind, value, &hash);
    struct store_suppressed is = {.hash = str_of(hash.z)};
    return bsearch(&is, k->suppressed, k->n_suppressed, sizeof is, by_hash) != NULL;
}

static bool mail_listed(const void *k, struct str kind, struct str value)
{
    return is_listed(k, kind, value);
}

/* [{type, id}] of context.externalIds, [{type, value}] of a merge: the type is the kind. */
static bool any_listed(const struct replay *k, yyjson_val *list, const char *member)
{
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, max, v)
    {
        if (is_listed(k, event_scalar(yyjson_obj_get(v, "type")), event_scalar(yyjson_obj_get(v, member))))
            return true;
    }
    return false;
}

/* The places where the collector looks, too. */
static bool is_suppressed(const struct replay *k, const struct event *ev)
{
    static const struct {
        enum event_column column;
        const char *kind;
    } ids[] = {
        {EVENT_USER_ID, "user_id"},     {EVENT_ANONYMOUS_ID, "anonymous_id"},     {EVENT_EMAIL, "email"},
        {EVENT_PHONE, "phone"},         {EVENT_PREVIOUS_ID, "user_id"},           {EVENT_PREVIOUS_ID, "anonymous_id"},
        {EVENT_DEVICE_ID, "device_id"}, {EVENT_ADVERTISING_ID, "advertising_id"},
    };
    if (!k->n_suppressed)
        return false;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (ev->cells[ids[i].column].set && is_listed(k, str_of(ids[i].kind), ev->cells[ids[i].column].s))
            return true;
    return suppress_mail_in(ev->whole, mail_listed, k) ||
           is_listed(k, STR("phone"), event_scalar(yyjson_obj_get(ev->properties, "phone"))) ||
           is_listed(k, STR("user_id"), event_scalar(yyjson_obj_get(ev->traits, "id"))) ||
           any_listed(k, yyjson_obj_get(ev->context, "externalIds"), "id") ||
           any_listed(k, yyjson_obj_get(ev->whole, "mergeProperties"), "value");
}

/* ---- a page ---- */

static bool row_read(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct replay *k = ctx;
    struct row *w = &k->rows[k->n++];
    struct str *const texts[] = {&w->source, &w->payload, &w->meta, &w->origin, &w->message_id, &w->reason};
    (void)e;
    *w = (struct row){.id = engine_cell_i64(ch, 0, i), .received_us = engine_cell_i64(ch, 1, i)};
    for (size_t c = 0; c < sizeof texts / sizeof *texts; c++)
        if (!engine_cell_null(ch, 2 + c, i))
            *texts[c] = arena_str(&k->b.a, engine_cell_str(ch, 2 + c, i));
    k->after_id = w->id;
    return true;
}

static bool page_read(struct replay *k, struct err *e)
{
    struct buf sql = BUF_INIT(REPLAY_SQL_MAX);
    event_batch_clear(&k->b);
    k->rows = arena_array(&k->b.a, REPLAY_PAGE, sizeof *k->rows);
    k->n = 0;
    buf_printf(&sql,
               "SELECT id, epoch_us(received_at), source, payload, meta, origin, message_id, reason FROM mesh.quarantine.event%s",
               buf_z(&k->where));
    buf_printf(&sql, " AND state IN ('waiting', 'fixed') AND id > %lld ORDER BY id LIMIT %d", (long long)k->after_id,
               REPLAY_PAGE);
    bool ok = buf_ok(&sql, e) && events_each(k->ev->c, buf_str(&sql), k->p, k->n_params, row_read, k, e);
    buf_fini(&sql);
    return ok;
}

/* What the plan found wrong was an event otherwise: what it said of consent has been kept then. */
static bool consent_is_kept(struct str reason)
{
    static const char *const of_plan[] = {"unplanned", "missing",     "wrong_type",    "out_of_range",
                                          "pattern",   "not_allowed", "unknown_member"};
    for (size_t i = 0; i < sizeof of_plan / sizeof *of_plan; i++)
        if (str_eq(reason, str_of(of_plan[i])))
            return true;
    return false;
}

/* Parts that fail have rows of their own from now on; those of people on the list get none. */
static void request_split(struct replay *k, struct row *w, const struct event_source *s, enum spool_kind kind)
{
    size_t first = k->b.n;
    event_split_request(&k->b, s->source, kind, w->payload, w->meta, w->received_us, w->origin);
    if (k->b.n == first + 1 && k->b.v[first]->request) {
        w->x = k->b.v[first];
        w->x->again = w->id;
        return;
    }
    w->split = true;
    for (size_t i = first; i < k->b.n; i++) {
        struct event_entry *x = k->b.v[i];
        const struct event_entry *of = x->statement_of;
        w->parts += !of;
        if (of ? of->again != w->id : !is_suppressed(k, &x->ev))
            continue;
        x->again = w->id;
        x->ev.stream = 0;
        w->parts_suppressed += !of;
        event_refuse(&k->b, x, "suppressed", STR(""), "belongs to a person on the suppression list");
    }
    w->suppressed = w->parts_suppressed > 0;
}

static void row_split(struct replay *k, struct row *w)
{
    const struct event_source *s = events_source(k->ev, w->source);
    enum spool_kind kind = event_request_kind(&k->b, w->meta);
    size_t first = k->b.n;
    if (s && kind && w->payload.n) {
        request_split(k, w, s, kind);
        return;
    }
    if (!s || !w->payload.n || w->payload.p[0] != '{') /* of what was too large only the beginning is there */
        return;
    event_split_again(&k->b, s->source, w->payload, w->meta, w->received_us, w->origin, w->id);
    for (size_t i = first; i < k->b.n; i++) {
        struct event_entry *x = k->b.v[i];
        if (!x->statement_of)
            w->x = x;
        else if (consent_is_kept(w->reason))
            x->ev.stream = 0;
    }
    w->suppressed = w->x && is_suppressed(k, &w->x->ev);
    for (size_t i = first; i < k->b.n && w->suppressed; i++) { /* it gets no row */
        event_refuse(&k->b, k->b.v[i], "suppressed", STR(""), "belongs to a person on the suppression list");
        if (k->b.v[i]->statement_of)
            k->b.v[i]->ev.stream = 0;
    }
}

/* ---- events whose id was not known when they were rejected may have come again since ---- */

static bool came_row(void *ctx, const struct engine_chunk *ch, size_t i, struct err *e)
{
    struct replay *k = ctx;
    struct str source = engine_cell_str(ch, 0, i), id = engine_cell_str(ch, 1, i);
    (void)e;
    for (size_t n = 0; n < k->n; n++)
        if (k->rows[n].x && !k->rows[n].message_id.n && str_eq(k->rows[n].source, source) &&
            str_eq(k->rows[n].x->ev.cells[EVENT_MESSAGE_ID].s, id))
            k->rows[n].x->verdict = EVENT_DUPLICATE;
    return true;
}

static bool came_again(struct replay *k, struct err *e)
{
    struct buf ids = BUF_INIT(REPLAY_SQL_MAX), sql = BUF_INIT(REPLAY_SQL_MAX);
    bool ok = true;
    for (size_t i = 0; i < k->n; i++) {
        const struct event_entry *x = k->rows[i].x;
        if (!x || k->rows[i].message_id.n || !x->ev.cells[EVENT_MESSAGE_ID].set)
            continue;
        buf_addz(&ids, ids.n ? "," : "");
        buf_sql_text(&ids, x->ev.cells[EVENT_MESSAGE_ID].s);
    }
    for (size_t i = 0; ids.n && i < k->ev->n_sources * EVENT_STREAMS; i++) {
        const struct event_source *s = &k->ev->sources[i / EVENT_STREAMS];
        buf_addz(&sql, i ? " UNION ALL SELECT " : "SELECT ");
        buf_sql_text(&sql, s->ref);
        buf_addz(&sql, ", message_id FROM mesh.raw.");
        buf_sql_ident(&sql, s->tables[i % EVENT_STREAMS].ref);
        buf_addz(&sql, " WHERE message_id IN (");
        buf_add(&sql, buf_str(&ids));
        buf_addc(&sql, ')');
    }
    if (sql.n)
        ok = buf_ok(&sql, e) && events_each(k->ev->c, buf_str(&sql), NULL, 0, came_row, k, e);
    buf_fini(&ids);
    buf_fini(&sql);
    return ok;
}

/* ---- marking ---- */

static bool marks_write(struct replay *k, struct err *e)
{
    struct quarantine_change *done = arena_array(&k->b.a, k->n + 1, sizeof *done),
                             *still = arena_array(&k->b.a, k->n + 1, sizeof *still),
                             *emptied = arena_array(&k->b.a, k->n + 1, sizeof *emptied);
    size_t n_done = 0, n_still = 0, n_emptied = 0;
    struct buf set = BUF_INIT((size_t)1024);
    for (size_t i = 0; i < k->n; i++) {
        const struct row *w = &k->rows[i];
        if (w->suppressed)
            emptied[n_emptied++].id = w->id;
        else if (w->split || (w->x && w->x->verdict != EVENT_QUARANTINED))
            done[n_done++].id = w->id;
        else if (w->x)
            still[n_still++] = (struct quarantine_change){w->id,
                                                          {str_of(w->x->why[0].reason), w->x->why[0].field,
                                                           event_messages(&k->b, w->x), w->x->ev.cells[EVENT_MESSAGE_ID].s}};
    }
    buf_printf(&set, "state = 'replayed', replayed_at = make_timestamp(%lld)", (long long)clock_now_us());
    bool ok =
        quarantine_update(k->ev->c, buf_str(&set), 0, done, n_done, e) &&
        quarantine_update(
            k->ev->c,
            STR("state = 'waiting', reason = s.c1, field = nullif(s.c2, ''), message = s.c3, message_id = coalesce(nullif("
                "s.c4, ''), q.message_id)"),
            4, still, n_still, e) &&
        quarantine_update(
            k->ev->c,
            STR("state = 'dropped', payload = '{}', first_payload = NULL, meta = NULL, message = 'belongs to a person on the "
                "suppression list'"),
            0, emptied, n_emptied, e);
    buf_fini(&set);
    k->r->suppressed += (int64_t)n_emptied;
    return ok;
}

/* A batch like any other, at the place in the spool that was loaded last. */
static bool batch_write(struct replay *k, const struct events_report *before, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)2048);
    buf_printf(&sql,
               "INSERT INTO mesh.sys.event_batch VALUES (%lld, make_timestamp(CAST(%lld AS BIGINT)), 0, %lld, %lld, %lld, 0, "
               "%llu, %llu)",
               (long long)(k->ev->next_batch - 1), (long long)clock_now_us(), (long long)(k->r->events - before->events),
               (long long)(k->r->loaded - before->loaded), (long long)(k->r->duplicates - before->duplicates),
               (unsigned long long)k->ev->place.segment, (unsigned long long)k->ev->place.offset);
    bool ok = buf_ok(&sql, e) && engine_exec(k->ev->c, buf_str(&sql), e);
    buf_fini(&sql);
    return ok;
}

static bool page_replay(struct replay *k, struct err *e)
{
    const struct events_report before = *k->r;
    int64_t events = (int64_t)k->n, suppressed = 0;
    bool split = false;
    for (size_t i = 0; i < k->n; i++) {
        const struct row *w = &k->rows[i];
        row_split(k, &k->rows[i]);
        split = split || w->split;
        events += w->split ? (int64_t)w->parts - 1 : 0;
        suppressed += w->parts_suppressed > 1 ? (int64_t)w->parts_suppressed - 1 : 0;
    }
    if ((split && !events_know_ids(k->ev, e)) || !came_again(k, e) || !events_judge(k->ev, &k->b, e) ||
        !quarantine_begin(k->ev->c, e))
        return false;
    fault_crash_point("replay_before_rows");
    bool ok = events_write(k->ev, &k->b, k->r, e) && marks_write(k, e) && batch_write(k, &before, e);
    fault_crash_point("replay_before_commit");
    ok = quarantine_end(k->ev->c, ok, e);
    fault_crash_point("replay_after_commit");
    if (!ok) {
        *k->r = before;
    } else {
        k->r->events = before.events + events;
        k->r->suppressed += suppressed;
        k->r->batches++;
        k->r->quarantined = k->r->events - k->r->loaded - k->r->duplicates - k->r->suppressed;
    }
    events_written(k->ev, &k->b, ok);
    return ok;
}

bool events_rejected_replay(struct events *ev, const struct mesh *m, int64_t id, const struct events_rejected_ask *ask,
                            struct events_report *r, struct err *e)
{
    const struct events_rejected_ask one = {.ids = &id, .n_ids = 1, .state = STR("all")};
    struct replay k = {.ev = ev, .m = m, .r = r, .where = BUF_INIT(REPLAY_SQL_MAX)};
    *r = (struct events_report){0};
    arena_init(&k.list);
    quarantine_where(id ? &one : ask, &k.where, k.p, &k.n_params);
    event_batch_init(&k.b, m);
    bool ok = buf_ok(&k.where, e) && suppressed_read(&k, e);
    do { /* between two pages the loader has its turn */
        pthread_mutex_lock(&ev->lock);
        ok = ok && events_fit(ev, m, e) && page_read(&k, e) && (k.n == 0 || page_replay(&k, e));
        pthread_mutex_unlock(&ev->lock);
        sched_yield();
    } while (ok && k.n == REPLAY_PAGE);
    event_batch_fini(&k.b);
    sodium_memzero(k.key, sizeof k.key);
    buf_fini(&k.where);
    arena_fini(&k.list);
    return ok;
}
