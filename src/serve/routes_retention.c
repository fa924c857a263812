/* Retention and legal holds: what would go, what went, what is kept whatever its age. */
#include "serve/retaining.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "govern/retention.h"
#include "privacy/hold.h"
#include "privacy/retention.h"
#include "serve/policy_words.h"
#include "serve/put.h"
#include "serve/routes_privacy.h"

enum { REPORTS = 30 };

/* ---- retention ---- */

static void rule_put(struct call *c, struct buf *b, const struct mesh_retention *r)
{
    int64_t ports = 0, streams = 0;
    for (size_t i = 0; i < c->whole->n_ports; i++)
        ports += retention_fits_port(r, c->whole->ports[i]);
    for (size_t i = 0; i < c->whole->n_streams; i++)
        streams += retention_fits_stream(r, c->whole->streams[i]);
    put_open(b, NULL, '{');
    put_str(b, "name", r->name);
    put_opt(b, "domain", r->domain ? r->domain->name : STR(""));
    put_int(b, "keep_s", r->keep_s);
    put_str(b, "words", words_retention(c, r));
    put_str(b, "action", r->anonymise ? STR("anonymise") : STR("delete"));
    put_place(b, r->pos);
    put_int(b, "ports", ports);
    put_int(b, "streams", streams);
    put_close(b, '}');
}

/* A report as it was kept, with the number that it got then. */
static void kept_put(struct buf *b, const struct store_retention *r)
{
    static const char none[] = "{\"id\":null";
    struct str rest = r->report;
    if (!str_starts(rest, str_of(none)))
        return;
    rest = (struct str){rest.p + sizeof none - 1, rest.n - (sizeof none - 1)};
    put_open(b, NULL, '{');
    put_int(b, "id", r->id);
    buf_add(b, rest);
}

bool route_retention(struct call *c, struct err *e)
{
    struct store_retention *v;
    struct store_hold *holds;
    size_t n, n_holds;
    if (!store_retentions(c->app->state->store, c->a, REPORTS, &v, &n, e) || !store_holds(c->app->state->store, c->a, clock_now_us(), &holds, &n_holds, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "rules", '[');
    for (size_t i = 0; i < c->whole->policy.n_retention; i++)
        rule_put(c, &b, &c->whole->policy.retention[i]);
    put_close(&b, ']');
    put_open(&b, "reports", '[');
    for (size_t i = 0; i < n; i++)
        kept_put(&b, &v[i]);
    put_close(&b, ']');
    put_time(&b, "next_at", c->whole->policy.n_retention ? retaining_next(c->app, c->whole, c->a) : 0);
    put_int(&b, "holds", (int64_t)n_holds);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_retention_run(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, "{}", e);
    struct retention_report r = {.a = c->a};
    if (!doc)
        return false;
    yyjson_val *dry_run = yyjson_obj_get(yyjson_doc_get_root(doc), "dry_run");
    bool dry = json_bool(yyjson_doc_get_root(doc), "dry_run", true);
    bool told = !dry_run || yyjson_is_bool(dry_run);
    yyjson_doc_free(doc);
    if (!told)
        return err_set(e, E_USAGE, "`dry_run` is true or false");
    struct privacy v = call_privacy(c);
    if (dry ? !retention_look(&v, &r, e) : !retaining_run(c->app, &v, &r, e))
        return false;
    struct buf b = call_buf();
    retention_report_put(&b, &r);
    call_json(c, &b);
    return true;
}

/* ---- holds ---- */

static void hold_put(struct buf *b, const struct store_hold *h)
{
    bool person = str_eq(h->kind, STR("person")), over = h->until_us > 0 && h->until_us <= clock_now_us();
    put_open(b, NULL, '{');
    put_int(b, "id", h->id);
    put_str(b, "kind", h->kind);
    put_opt(b, "product", person ? STR("") : h->product);
    put_opt(b, "identifier_kind", h->identifier_kind);
    put_opt(b, "customer_id", h->customer_id);
    put_str(b, "reason", h->reason);
    put_str(b, "by", h->by);
    put_time(b, "at", h->at_us);
    put_time(b, "until", h->until_us);
    put_time(b, "ended_at", h->ended_at_us);
    put_opt(b, "ended_by", h->ended_by);
    put_str(b, "state", h->ended_at_us ? STR("ended") : over ? STR("expired") : STR("holds"));
    put_close(b, '}');
}

bool route_holds(struct call *c, struct err *e)
{
    struct store_hold *v;
    size_t n;
    if (!store_holds(c->app->state->store, c->a, 0, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "holds", '[');
    for (size_t i = 0; i < n; i++)
        hold_put(&b, &v[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_hold_add(struct call *c, struct err *e)
{
    struct store_hold h;
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    if (!doc)
        return false;
    const struct privacy v = call_privacy(c);
    const struct hold_ask ask = {.identifier = arena_str(c->a, json_str(root, "identifier")), .product = arena_str(c->a, json_str(root, "product")), .reason = arena_str(c->a, json_str(root, "reason")),
                                 .until = arena_str(c->a, json_str(root, "until")), .by = v.by};
    yyjson_doc_free(doc);
    bool ok = hold_add(c->app->state, c->whole, &ask, c->a, &h, e);
    sodium_memzero((char *)(uintptr_t)ask.identifier.p, ask.identifier.n);
    const struct audit_entry x = {.kind = AUDIT_CHANGE, .what = arena_printf(c->a, "legal hold %lld", ok ? (long long)h.id : 0LL), .detail = ask.reason, .person = ok ? h.customer_id : STR("")};
    ok = ok && call_audit(c, &x, e);
    if (ok) {
        struct buf b = call_buf();
        hold_put(&b, &h);
        call_json(c, &b);
    }
    return ok;
}

bool route_hold_end(struct call *c, struct err *e)
{
    struct store_hold *v;
    size_t n;
    int64_t id = 0;
    yyjson_doc *doc = call_body(c, "{}", e);
    if (!doc)
        return false;
    struct str reason = arena_str(c->a, json_str(yyjson_doc_get_root(doc), "reason"));
    yyjson_doc_free(doc);
    if (!str_to_i64(c->args[0], &id))
        return err_set(e, E_NOT_FOUND, "there is no hold %.*s", STR_FMT(c->args[0]));
    const struct privacy p = call_privacy(c);
    const struct audit_entry x = {.kind = AUDIT_CHANGE, .what = arena_printf(c->a, "legal hold %lld ended", (long long)id), .detail = reason};
    if (!call_audit(c, &x, e) || !store_hold_end(c->app->state->store, id, clock_now_us(), p.by, e) || !store_holds(c->app->state->store, c->a, 0, &v, &n, e))
        return false;
    struct buf b = call_buf();
    for (size_t i = 0; i < n; i++)
        if (v[i].id == id)
            hold_put(&b, &v[i]);
    call_json(c, &b);
    return true;
}
