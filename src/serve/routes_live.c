/* Events as they arrive, and one event looked for by its message id. Personal values are hidden: in the tail by the loader, in the
 * streams by the gate. */
#include "serve/live.h"
#include "serve/put.h"
#include "serve/routes.h"

enum { SHOWN = 100, SHOWN_MAX = 1000, FOUND_MAX = 5, MESSAGE_ID_MAX = 512 };

static bool wants_stream(const struct http_request *q)
{
    return str_find(http_request_header(q, "accept"), STR("text/event-stream"), 0) != SIZE_MAX;
}

/* The newest as JSON, for those who ask now and then. */
static bool newest(struct call *c, int64_t after, struct str source, int64_t limit)
{
    struct events_seen *v;
    size_t n = events_tail(c->app->events, after, source, c->a, &v, 4096), from = n > (size_t)limit ? n - (size_t)limit : 0;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "events", '[');
    for (size_t i = from; i < n; i++)
        live_event_json(&b, &v[i]);
    put_close(&b, ']');
    put_int(&b, "newest", n ? v[n - 1].seq : after);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_live(struct call *c, struct err *e)
{
    struct str source = STR(""), last = http_request_header(c->req, "last-event-id");
    int64_t after, limit;
    http_query_param(c->req, c->a, "source", &source);
    if (!call_int(c, "after", -1, -1, INT64_MAX, &after, e) || !call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e))
        return false;
    if (!call_source(c, source, e))
        return false;
    if (!wants_stream(c->req))
        return newest(c, after < 0 ? 0 : after, source, limit);
    if (c->app->live == NULL) {
        err_set(e, E_NOT_FOUND, "nobody serves a stream here");
        err_hint(e, "trellis serve, and ask that server");
        return false;
    }
    if (last.n && !str_to_i64(last, &after))
        after = -1;
    http_reply_header(c->reply, "Cache-Control", STR("no-store"));
    if (!http_reply_begin(c->reply, 200, STR("text/event-stream; charset=utf-8")))
        return true;
    struct http_stream *s = http_reply_detach(c->reply);
    if (!live_watch(c->app->live, s, after, source)) {
        (void)http_stream_send(s, STR("event: busy\ndata: {}\n\n"));
        http_stream_close(s);
    }
    return true;
}

/* Rows of one stream with this message id, each with the name of the stream. */
static bool find_in(struct call *c, const struct mesh_stream *st, struct str id, struct buf *b, size_t *found, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)4096);
    const struct engine_param p = {.type = ENGINE_TEXT, .s = id};
    const struct engine_column *cols;
    struct govern_result *r = NULL;
    struct engine_chunk *ch = NULL;
    size_t rows = 0;
    buf_printf(&sql, "SELECT * FROM %.*s WHERE message_id = $1 LIMIT %d", STR_FMT(st->ref), FOUND_MAX);
    const struct govern_request q = {.principal = &c->who, .purpose = call_purpose(c), .sql = buf_str(&sql), .params = &p, .n_params = 1, .row_limit = FOUND_MAX};
    bool ok = govern_query(c->app->govern, &q, &r, e);
    size_t n = ok ? govern_result_columns(r, &cols) : 0;
    while (ok && (ok = govern_result_next(r, &ch, &rows, e)) && ch) {
        for (size_t row = 0; row < rows; row++, ++*found) {
            put_open(b, NULL, '{');
            put_str(b, "stream", st->ref);
            put_open(b, "columns", '{');
            for (size_t i = 0; i < n; i++) {
                struct buf cell = BUF_INIT((size_t)1 << 20);
                engine_cell_json(ch, i, row, &cell);
                put_raw(b, arena_strz(c->a, cols[i].name), buf_str(&cell));
                buf_fini(&cell);
            }
            put_close(b, '}');
            put_close(b, '}');
        }
    }
    govern_result_close(r);
    buf_fini(&sql);
    return ok;
}

static bool find_rejected(struct call *c, struct str id, struct buf *b, struct err *e)
{
    struct engine_conn *conn = NULL;
    struct events_rejected *v = NULL;
    const struct events_rejected_ask ask = {.message_id = id, .limit = FOUND_MAX};
    size_t n = 0;
    int64_t total;
    bool ok = engine_connect(c->app->state->engine, &conn, e) && events_rejected_list(conn, c->a, &ask, &v, &n, &total, e);
    for (size_t i = 0; ok && i < n; i++) {
        if (!call_sees(c, v[i].source))
            continue;
        put_open(b, NULL, '{');
        put_int(b, "id", v[i].id);
        put_str(b, "source", v[i].source);
        put_str(b, "type", v[i].type);
        put_str(b, "event", v[i].event);
        put_str(b, "reason", v[i].reason);
        put_str(b, "field", v[i].field);
        put_str(b, "message", v[i].message);
        put_str(b, "state", v[i].state);
        put_time(b, "received_at", v[i].received_us);
        put_close(b, '}');
    }
    engine_disconnect(conn);
    return ok;
}

bool route_live_find(struct call *c, struct err *e)
{
    struct str id = STR("");
    size_t found = 0;
    http_query_param(c->req, c->a, "message_id", &id);
    id = str_trim(id);
    if (id.n == 0 || id.n > MESSAGE_ID_MAX) {
        err_set(e, E_USAGE, "`message_id` is needed, of at most %d characters", MESSAGE_ID_MAX);
        err_hint(e, "/api/v1/live/find?message_id=…");
        return false;
    }
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "found", '[');
    for (size_t i = 0; i < c->mesh->n_streams; i++)
        if (c->mesh->streams[i]->source->events && !find_in(c, c->mesh->streams[i], id, &b, &found, e)) {
            buf_fini(&b);
            return false;
        }
    put_close(&b, ']');
    put_open(&b, "rejected", '[');
    bool ok = find_rejected(c, id, &b, e);
    put_close(&b, ']');
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}
