/* Alerts and the digest: what lasts, what became of the messages, and sending on demand. */
#include "serve/alerting.h"
#include "serve/put.h"
#include "serve/routes.h"

enum { SHOWN = 200, SHOWN_MAX = 5000 };

/* There is nothing to say with these requests; an empty object is fine. */
static bool empty_body(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, "{}", e);
    bool ok = doc && (yyjson_obj_size(yyjson_doc_get_root(doc)) == 0 || err_set(e, E_USAGE, "this request takes no members"));
    yyjson_doc_free(doc);
    return ok;
}

/* What it is about is seen in part, in groups or as invented rows: figures over all of it are not for them. */
static bool in_part(const struct call *c, struct str ref)
{
    const struct mesh_port *p = mesh_find_port(c->mesh, ref);
    const struct mesh_metric *m = mesh_find_metric(c->mesh, ref, NULL);
    bool part = p && p->partial;
    for (size_t i = 0; m && i < m->n_models; i++)
        part = part || m->models[i]->port->partial;
    return part;
}

/* The message was written for who sees everything: its figures stand behind the name in brackets. */
static struct str message_of(struct call *c, const struct store_alert *v)
{
    struct str rest, said = str_cut(v->message, ')', &rest);
    if (!in_part(c, v->ref))
        return v->message;
    return rest.p ? arena_printf(c->a, "%.*s).", STR_FMT(said)) : STR("");
}

static void put_alerts(struct call *c, struct buf *b, const struct store_alert *v, size_t n)
{
    put_open(b, "alerts", '[');
    for (size_t i = 0; i < n; i++) {
        if (!call_sees(c, v[i].ref))
            continue;
        put_open(b, NULL, '{');
        put_str(b, "kind", v[i].kind);
        put_str(b, "ref", v[i].ref);
        put_str(b, "message", call_text(c, message_of(c, &v[i])));
        put_time(b, "raised_at", v[i].raised_at_us);
        put_time(b, "sent_at", v[i].sent_at_us);
        put_time(b, "mended_at", v[i].cleared_at_us);
        put_int(b, "attempts", v[i].attempts);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void put_messages(struct buf *b, const struct store_message *v, size_t n)
{
    put_open(b, "messages", '[');
    for (size_t i = 0; i < n; i++) {
        bool waits = !v[i].sent_at_us && !v[i].given_up_at_us;
        put_open(b, NULL, '{');
        put_str(b, "kind", v[i].kind);
        put_str(b, "channel", v[i].channel);
        put_str(b, "subject", v[i].subject);
        put_time(b, "made_at", v[i].made_at_us);
        put_time(b, "sent_at", v[i].sent_at_us);
        put_time(b, "given_up_at", v[i].given_up_at_us);
        put_time(b, "next_at", waits ? v[i].next_at_us : 0);
        put_int(b, "attempts", v[i].attempts);
        put_opt(b, "problem", v[i].problem);
        put_close(b, '}');
    }
    put_close(b, ']');
}

bool route_alerts(struct call *c, struct err *e)
{
    struct store_alert *alerts;
    struct store_message *messages;
    size_t n, n_messages;
    int64_t limit;
    struct str all = STR("");
    if (!call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e))
        return false;
    if (http_query_param(c->req, c->a, "all", &all) && !str_eq(all, STR("true")) && !str_eq(all, STR("false")))
        return err_set(e, E_USAGE, "all is true or false");
    if (!store_alerts(c->app->state->store, c->a, !str_eq(all, STR("true")), (size_t)limit, &alerts, &n, e) ||
        !store_messages(c->app->state->store, c->a, false, (size_t)limit, &messages, &n_messages, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_bool(&b, "configured", notify_configured(c->mesh));
    put_alerts(c, &b, alerts, n);
    put_messages(&b, messages, call_whole(c) ? n_messages : 0); /* they speak of everything */
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_alerts_check(struct call *c, struct err *e)
{
    struct notify_seen seen = {0};
    struct notify_sent sent = {0};
    if (!empty_body(c, e) || !alerting_turn(c->app, c->a, &seen, &sent, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "raised", (int64_t)seen.raised);
    put_int(&b, "mended", (int64_t)seen.mended);
    put_int(&b, "open", (int64_t)seen.open);
    put_int(&b, "sent", (int64_t)sent.sent);
    put_int(&b, "failed", (int64_t)sent.failed);
    put_int(&b, "given_up", (int64_t)sent.given_up);
    put_opt(&b, "problem", sent.problem);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_alerts_test(struct call *c, struct err *e)
{
    struct notify n = alerting_of(c->app, c->mesh, NULL, c->a);
    struct notify_sent sent;
    if (!empty_body(c, e) || !call_changed(c, STR("alerts: a test message sent"), STR(""), e) || !notify_test(&n, c->a, &sent, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "sent", (int64_t)sent.sent);
    put_int(&b, "failed", (int64_t)sent.failed);
    put_opt(&b, "problem", sent.problem);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_digest(struct call *c, struct err *e)
{
    struct notify n = alerting_of(c->app, c->mesh, NULL, c->a);
    struct notify_digest d;
    if (!notify_digest(&n, c->a, &d, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "title", d.title);
    put_str(&b, "text", d.text);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_digest_send(struct call *c, struct err *e)
{
    struct notify n = alerting_of(c->app, c->mesh, NULL, c->a);
    struct notify_digest d;
    struct notify_sent sent;
    if (!empty_body(c, e) || !call_changed(c, STR("digest sent"), STR(""), e) || !notify_digest_tell(&n, STR(""), c->a, &d, e) || !notify_send(&n, c->a, &sent, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "title", d.title);
    put_str(&b, "text", d.text);
    put_int(&b, "sent", (int64_t)sent.sent);
    put_int(&b, "failed", (int64_t)sent.failed);
    put_opt(&b, "problem", sent.problem);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
