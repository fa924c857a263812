/* Quarantine: what was set aside and why, one event with its payload, mending and taking in again. Personal values are hidden but
 * for a reveal, which is logged before it is answered. */
#include "serve/put.h"
#include "serve/routes.h"

#include <stdlib.h>

#include "base/json.h"
#include "events/events.h"

enum { SHOWN = 50, SHOWN_MAX = 1000, IDS_MAX = 10000, CHANGES_MAX = 100, REASON_MAX = 500 };

static const struct str states[] = {{"waiting", 7}, {"fixed", 5}, {"replayed", 8}, {"dropped", 7}, {"all", 3}};

static bool state_check(struct str state, struct err *e)
{
    enum { STATES = sizeof states / sizeof *states };
    for (size_t i = 0; i < STATES; i++)
        if (str_eq(state, states[i]))
            return true;
    int near = str_nearest(state, states, STATES);
    if (!state.n)
        return true;
    err_set(e, E_USAGE, "state is one of waiting, fixed, replayed, dropped, all");
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(states[near]));
    return false;
}

/* ---- reading ---- */

static void put_rejected(struct buf *b, const struct events_rejected *r) /* members only */
{
    put_int(b, "id", r->id);
    put_str(b, "source", r->source);
    put_opt(b, "type", r->type);
    put_opt(b, "event", r->event);
    put_opt(b, "message_id", r->message_id);
    put_str(b, "reason", r->reason);
    put_opt(b, "field", r->field);
    put_str(b, "message", r->message);
    put_str(b, "state", r->state);
    put_time(b, "received_at", r->received_us);
    put_time(b, "fixed_at", r->fixed_us);
    put_time(b, "replayed_at", r->replayed_us);
}

static void put_groups(struct buf *b, const struct events_rejected_group *v, size_t n)
{
    put_open(b, "groups", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "source", v[i].source);
        put_opt(b, "type", v[i].type);
        put_opt(b, "event", v[i].event);
        put_str(b, "reason", v[i].reason);
        put_opt(b, "field", v[i].field);
        put_int(b, "count", v[i].count);
        put_time(b, "newest", v[i].newest_us);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void put_files(struct buf *b, const struct events_rejected_rows *v, size_t n)
{
    put_open(b, "files", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "stream", v[i].stream);
        put_str(b, "path", v[i].path);
        put_opt(b, "column", v[i].column);
        put_str(b, "reason", v[i].reason);
        put_str(b, "message", v[i].message);
        put_int(b, "rows", v[i].rows);
        put_int(b, "first_line", v[i].first_line);
        put_time(b, "newest", v[i].newest_us);
        put_close(b, '}');
    }
    put_close(b, ']');
}

bool route_quarantine(struct call *c, struct err *e)
{
    struct events_rejected_ask ask = {0};
    struct events_rejected *v;
    struct events_rejected_group *groups;
    struct events_rejected_rows *files = NULL;
    size_t n, n_groups, n_files = 0;
    int64_t total, limit;
    struct engine_conn *conn = NULL;
    http_query_param(c->req, c->a, "source", &ask.source);
    http_query_param(c->req, c->a, "event", &ask.event);
    http_query_param(c->req, c->a, "reason", &ask.reason);
    http_query_param(c->req, c->a, "field", &ask.field);
    http_query_param(c->req, c->a, "state", &ask.state);
    http_query_param(c->req, c->a, "message_id", &ask.message_id);
    if (!call_source(c, ask.source, e) || !state_check(ask.state, e) || !call_int(c, "limit", SHOWN, 0, SHOWN_MAX, &limit, e) ||
        !call_int(c, "before", 0, 0, INT64_MAX, &ask.before_id, e) || !engine_connect(c->app->state->engine, &conn, e))
        return false;
    bool with_files =
        !ask.event.n && !ask.reason.n && !ask.field.n && !ask.message_id.n && (!ask.state.n || str_eq(ask.state, STR("all")));
    ask.limit = limit ? (size_t)limit : 1;
    bool ok = events_rejected_list(conn, c->a, &ask, &v, &n, &total, e) &&
              events_rejected_groups(conn, c->a, &ask, &groups, &n_groups, e) &&
              (!with_files || events_rejected_files(conn, c->a, ask.source, &files, &n_files, e));
    engine_disconnect(conn);
    if (!ok)
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "total", total);
    put_groups(&b, groups, n_groups);
    put_open(&b, "events", '[');
    for (size_t i = 0; i < n && limit; i++) {
        put_open(&b, NULL, '{');
        put_rejected(&b, &v[i]);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_files(&b, files, n_files);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

static bool log_reveal(struct call *c, const struct events_rejected *r, struct str hidden, struct err *e)
{
    struct str reason = STR("");
    http_query_param(c->req, c->a, "reason", &reason);
    if (reason.n > REASON_MAX)
        return err_set(e, E_USAGE, "`reason` is longer than %d bytes", REASON_MAX);
    return call_reveal(c, arena_printf(c->a, "quarantine %lld", (long long)r->id), hidden, reason, STR(""), e);
}

static void put_names(struct buf *b, struct str names)
{
    put_open(b, "hidden", '[');
    for (struct str rest = names; rest.n;)
        put_str(b, NULL, str_cut(rest, ',', &rest));
    put_close(b, ']');
}

/* In the words for one that was never there (events_rejected_get). */
static bool no_event(struct err *e, int64_t id)
{
    err_set(e, E_NOT_FOUND, "there is no rejected event %lld", (long long)id);
    err_hint(e, "`trellis quarantine list` shows their numbers");
    return false;
}

bool route_quarantine_one(struct call *c, struct err *e)
{
    struct engine_conn *conn = NULL;
    struct events_rejected r;
    struct str reveal = STR("");
    int64_t id;
    if (!str_to_i64(c->args[0], &id))
        return err_set(e, E_NOT_FOUND, "there is no rejected event %.*s", STR_FMT(c->args[0]));
    if (http_query_param(c->req, c->a, "reveal", &reveal) && !str_eq(reveal, STR("true")) && !str_eq(reveal, STR("false")))
        return err_set(e, E_USAGE, "reveal is true or false");
    if (!engine_connect(c->app->state->engine, &conn, e))
        return false;
    bool ok = events_rejected_get(conn, c->a, id, &r, e), open = str_eq(reveal, STR("true"));
    engine_disconnect(conn);
    if (!ok)
        return false;
    if (!call_sees(c, r.source))
        return no_event(e, id);
    const struct mesh_domain *d = mesh_find_domain(c->whole, str_cut(r.source, '.', &(struct str){0}));
    if (open && !call_whole(c) && !call_may(c, RIGHT_REVEAL, d, e))
        return false;
    struct str hidden = events_rejected_hidden(c->whole, &r, r.payload, c->a);
    if (open && !log_reveal(c, &r, hidden, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_rejected(&b, &r);
    put_bool(&b, "revealed", open);
    put_names(&b, hidden);
    put_raw(&b, "payload", !r.payload.n ? STR("null") : open ? r.payload : events_rejected_masked(c->whole, &r, r.payload, c->a));
    put_raw(&b, "first_payload",
            !r.first_payload.n ? STR("null")
            : open             ? r.first_payload
                               : events_rejected_masked(c->whole, &r, r.first_payload, c->a));
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- changing ---- */

/* Who builds in some domains alone names a source of theirs, or events of it. */
static bool are_theirs(struct call *c, const struct events_rejected_ask *ask, struct err *e)
{
    struct engine_conn *conn = NULL;
    struct events_rejected r;
    if (ask->n_ids == 0 || call_whole(c))
        return call_source(c, ask->source, e);
    bool ok = engine_connect(c->app->state->engine, &conn, e);
    for (size_t i = 0; ok && i < ask->n_ids; i++)
        ok = events_rejected_get(conn, c->a, ask->ids[i], &r, e) && (call_sees(c, r.source) || no_event(e, ask->ids[i]));
    engine_disconnect(conn);
    return ok;
}

/* Which events: "ids" or "ask", one of the two. */
static bool read_which(struct call *c, yyjson_val *root, struct events_rejected_ask *ask, struct err *e)
{
    yyjson_val *ids = yyjson_obj_get(root, "ids"), *o = yyjson_obj_get(root, "ask"), *v;
    size_t i, max;
    *ask = (struct events_rejected_ask){0};
    if (!yyjson_is_obj(root) || (ids != NULL) == (o != NULL) || (ids && (!yyjson_is_arr(ids) || yyjson_arr_size(ids) == 0)) ||
        (o && !yyjson_is_obj(o))) {
        err_set(e, E_USAGE, "the request names no events");
        return err_hint(e, "{\"ids\":[17]} or {\"ask\":{\"event\":\"Order Completed\",\"reason\":\"wrong_type\"}}; {\"ask\":{}} "
                           "are all that wait"),
               false;
    }
    if (yyjson_arr_size(ids) > IDS_MAX)
        return err_set(e, E_USAGE, "at most %d ids at once; name them by `ask`", IDS_MAX);
    int64_t *list = arena_array(c->a, yyjson_arr_size(ids) + 1, sizeof *list);
    yyjson_arr_foreach(ids, i, max, v)
    {
        if (!yyjson_is_int(v))
            return err_set(e, E_USAGE, "`ids` are whole numbers");
        list[i] = yyjson_get_sint(v);
    }
    ask->ids = list;
    ask->n_ids = yyjson_arr_size(ids);
    ask->source = json_str(o, "source");
    ask->event = json_str(o, "event");
    ask->reason = json_str(o, "reason");
    ask->field = json_str(o, "field");
    ask->state = json_str(o, "state");
    ask->message_id = json_str(o, "message_id");
    return state_check(ask->state, e) && are_theirs(c, ask, e);
}

static struct str text_of(yyjson_val *v)
{
    return (struct str){yyjson_get_str(v), yyjson_get_len(v)};
}

/* {"path": value}: as JSON, or (texts) as they are. */
static bool read_pairs(struct call *c, yyjson_val *o, const char *name, bool json, struct str **keys, struct str **values,
                       size_t *n, struct err *e)
{
    size_t i, max, size = yyjson_obj_size(o);
    yyjson_val *key, *v;
    *n = 0;
    if (o && !yyjson_is_obj(o))
        return err_set(e, E_USAGE, "`%s` is an object of paths", name);
    if (size > CHANGES_MAX)
        return err_set(e, E_USAGE, "`%s` has more than %d paths", name, CHANGES_MAX);
    *keys = arena_array(c->a, size + 1, sizeof **keys);
    *values = arena_array(c->a, size + 1, sizeof **values);
    yyjson_obj_foreach(o, i, max, key, v)
    {
        if (!json && !yyjson_is_str(v))
            return err_set(e, E_USAGE, "`%s` has texts as values", name);
        (*keys)[*n] = text_of(key);
        (*values)[*n] = text_of(v);
        if (json) {
            size_t bytes = 0;
            char *text = yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &bytes);
            (*values)[*n] = arena_str(c->a, (struct str){text ? text : "null", text ? bytes : 4});
            free(text); /* banned-ok: yyjson's own allocation */
        }
        (*n)++;
    }
    return true;
}

static bool read_fix(struct call *c, yyjson_val *root, struct events_fix *f, struct err *e)
{
    static const char *const known[] = {"ids", "ask", "set", "rename", "cast", "remove", "drop"};
    yyjson_val *remove = yyjson_obj_get(root, "remove"), *key, *v;
    size_t i, max;
    *f = (struct events_fix){0};
    yyjson_obj_foreach(root, i, max, key, v)
    {
        size_t k = 0;
        while (k < sizeof known / sizeof *known && !str_eq(text_of(key), str_of(known[k])))
            k++;
        if (k == sizeof known / sizeof *known)
            return err_set(e, E_USAGE, "`%.*s` is no member of this request", STR_FMT(text_of(key)));
    }
    if (!read_pairs(c, yyjson_obj_get(root, "set"), "set", true, &f->set_path, &f->set_json, &f->n_set, e) ||
        !read_pairs(c, yyjson_obj_get(root, "rename"), "rename", false, &f->rename_from, &f->rename_to, &f->n_rename, e) ||
        !read_pairs(c, yyjson_obj_get(root, "cast"), "cast", false, &f->cast_path, &f->cast_to, &f->n_cast, e))
        return false;
    if (remove && (!yyjson_is_arr(remove) || yyjson_arr_size(remove) > CHANGES_MAX))
        return err_set(e, E_USAGE, "`remove` is a list of at most %d paths", CHANGES_MAX);
    f->remove = arena_array(c->a, yyjson_arr_size(remove) + 1, sizeof *f->remove);
    yyjson_arr_foreach(remove, i, max, v)
    {
        if (!yyjson_is_str(v))
            return err_set(e, E_USAGE, "`remove` is a list of paths");
        f->remove[f->n_remove++] = text_of(v);
    }
    f->drop = json_bool(root, "drop", false);
    return true;
}

static bool told(struct call *c, const char *how, const struct events_rejected_ask *ask, struct err *e)
{
    struct str what = ask->n_ids ? arena_printf(c->a, "quarantine: %zu events %s", ask->n_ids, how)
                                 : arena_printf(c->a, "quarantine: events of %.*s %s", STR_FMT(ask->source.n ? ask->source : STR("any source")), how);
    return call_changed(c, what, STR(""), e);
}

bool route_quarantine_fix(struct call *c, struct err *e)
{
    struct events_rejected_ask ask;
    struct events_fix fix;
    int64_t n;
    yyjson_doc *doc = call_body(c, NULL, e), *digits = NULL;
    bool ok = doc && read_which(c, yyjson_doc_get_root(doc), &ask, e);
    if (ok) /* numbers that are set keep their digits */
        digits = yyjson_read(c->req->body.p, c->req->body.n, YYJSON_READ_NUMBER_AS_RAW);
    ok = ok && read_fix(c, yyjson_doc_get_root(digits), &fix, e) && told(c, fix.drop ? "given up" : "changed", &ask, e) &&
         events_rejected_fix(c->app->events, 0, &ask, &fix, &n, e);
    if (ok) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_int(&b, "fixed", n);
        put_close(&b, '}');
        call_json(c, &b);
    }
    yyjson_doc_free(digits);
    yyjson_doc_free(doc);
    return ok;
}

bool route_quarantine_replay(struct call *c, struct err *e)
{
    struct events_rejected_ask ask;
    struct events_report r;
    yyjson_doc *doc = call_body(c, NULL, e);
    bool ok = doc && read_which(c, yyjson_doc_get_root(doc), &ask, e) &&
              told(c, "taken in again", &ask, e) && events_rejected_replay(c->app->events, c->whole, 0, &ask, &r, e);
    if (ok) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_int(&b, "loaded", r.loaded);
        put_int(&b, "still", r.quarantined);
        put_int(&b, "duplicates", r.duplicates);
        put_int(&b, "suppressed", r.suppressed);
        put_close(&b, '}');
        call_json(c, &b);
    }
    yyjson_doc_free(doc);
    return ok;
}
