/* The tracking plan of a source of events beside what really comes: event types that are planned, seen in the last days, or both. */
#include "serve/gate_rows.h"
#include "serve/put.h"

#include "events/events.h"
#include "mesh/event_columns.h"

enum { DAYS = 7, TYPES_MAX = 500 };

static const struct mesh_source *find_source(struct call *c, struct err *e)
{
    for (size_t i = 0; i < c->mesh->n_sources; i++) {
        const struct mesh_source *s = c->mesh->sources[i];
        if (s->events && str_eq(s->domain->name, c->args[0]) && str_eq(s->name, c->args[1]))
            return s;
    }
    err_set(e, E_NOT_FOUND, "there is no source of events %.*s.%.*s", STR_FMT(c->args[0]), STR_FMT(c->args[1]));
    err_hint(e, "GET /api/v1/sources lists the sources; those of kind events have a plan");
    return NULL;
}

static void put_planned(struct buf *b, const struct mesh_planned *p)
{
    const struct mesh_contract *k = p->contract;
    put_open(b, NULL, '{');
    put_str(b, "type", p->type);
    put_str(b, "event", p->event);
    put_str(b, "description", k->description);
    put_bool(b, "closed", p->closed);
    put_str(b, "file", p->pos.file);
    put_open(b, "members", '[');
    for (size_t i = 0; i < k->n_columns; i++) {
        put_open(b, NULL, '{');
        put_str(b, "name", k->columns[i].name);
        put_str(b, "path", p->paths[i]);
        put_str(b, "type", k->columns[i].logical_type);
        put_bool(b, "required", k->columns[i].required);
        put_bool(b, "personal", mesh_column_hidden(&k->columns[i]));
        put_str(b, "title", k->columns[i].business_name);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
}

/* What came, by type and name: one question over all streams of the source. */
static struct str seen_sql(struct call *c, const struct mesh_source *s)
{
    struct buf q = BUF_INIT((size_t)64 << 10);
    bool any = false;
    for (size_t i = 0; i < s->n_streams; i++) {
        const struct mesh_stream *st = &s->streams[i];
        const char *name = str_eq(st->name, STR("track"))                                      ? "event"
                           : str_eq(st->name, STR("page")) || str_eq(st->name, STR("screen")) ? "name"
                                                                                               : NULL;
        if (str_eq(st->name, STR("consent"))) /* made from others */
            continue;
        buf_printf(&q, "%sSELECT '%.*s' AS type, %s AS event, count(*) AS events, max(received_at) AS newest FROM %.*s WHERE received_at > now()::TIMESTAMP - INTERVAL %d DAY GROUP BY ALL",
                   any ? " UNION ALL " : "", STR_FMT(st->name), name ? name : "''", STR_FMT(st->ref), DAYS);
        any = true;
    }
    buf_printf(&q, " ORDER BY events DESC, type, event LIMIT %d", TYPES_MAX);
    struct str sql = arena_str(c->a, buf_str(&q));
    buf_fini(&q);
    return sql;
}

static bool put_rejected(struct call *c, struct buf *b, struct str ref, struct err *e)
{
    struct engine_conn *conn = NULL;
    struct events_rejected_group *v = NULL;
    const struct events_rejected_ask ask = {.source = ref};
    size_t n = 0;
    bool ok = engine_connect(c->app->state->engine, &conn, e) && events_rejected_groups(conn, c->a, &ask, &v, &n, e);
    put_open(b, "rejected", '[');
    for (size_t i = 0; ok && i < n; i++) {
        put_open(b, NULL, '{');
        put_opt(b, "type", v[i].type);
        put_opt(b, "event", v[i].event);
        put_str(b, "reason", v[i].reason);
        put_opt(b, "field", v[i].field);
        put_int(b, "count", v[i].count);
        put_close(b, '}');
    }
    put_close(b, ']');
    engine_disconnect(conn);
    return ok;
}

bool route_source_plan(struct call *c, struct err *e)
{
    const struct mesh_source *s = find_source(c, e);
    size_t n;
    if (!s)
        return false;
    struct str ref = arena_printf(c->a, "%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "source", ref);
    put_str(&b, "unplanned", s->events->unplanned == UNPLANNED_QUARANTINE ? STR("quarantine") : STR("pass"));
    put_int(&b, "dedup_window_s", s->events->dedup_window_s);
    put_int(&b, "rate", s->events->rate_per_s);
    put_texts(&b, "origins", s->events->origins, s->events->n_origins);
    put_int(&b, "days", DAYS);
    put_open(&b, "planned", '[');
    for (size_t i = 0; i < s->events->n_planned; i++)
        put_planned(&b, &s->events->planned[i]);
    put_close(&b, ']');
    bool ok = gate_rows(c, &b, "seen", seen_sql(c, s), NULL, 0, TYPES_MAX, &n, e) && put_rejected(c, &b, ref, e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}
