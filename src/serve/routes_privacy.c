/* Requests of people about their own data: looked at, carried out, closed. Identifiers come in bodies alone and are wiped behind each answer. */
#include "serve/routes_privacy.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "privacy/receipt.h"
#include "serve/put.h"

enum { LISTED = 100, LISTED_MAX = 5000, ANSWER_MAX = 4000 };

struct privacy call_privacy(struct call *c)
{
    struct audit_entry named = {0};
    audit_who(&named, &c->who, c->a);
    return (struct privacy){.s = c->app->state, .m = c->whole, .build = c->app->build, .events = c->app->events, .audit = govern_audit(c->app->govern),
                            .program = c->app->program, .by = named.principal};
}

/* ---- Shapes ---- */

static void put_request(struct buf *b, const char *key, const struct store_privacy *r)
{
    int64_t now = clock_now_us(), day = (int64_t)86400 * 1000000, left = r->due_at_us - now;
    put_open(b, key, '{');
    put_int(b, "id", r->id);
    put_str(b, "kind", r->kind);
    put_str(b, "state", r->state);
    put_bool(b, "overdue", request_overdue(r, now));
    put_str(b, "identifier_kind", r->identifier_kind);
    put_time(b, "received_at", r->received_at_us);
    put_time(b, "due_at", r->due_at_us);
    put_int(b, "days_left", left >= 0 ? left / day : (left - day + 1) / day);
    put_bool(b, "extended", r->extension_reason.n > 0);
    put_opt(b, "extension_reason", r->extension_reason);
    put_opt(b, "note", r->note);
    put_str(b, "asked_by", r->asked_by);
    put_time(b, "asked_at", r->asked_at_us);
    put_bool(b, "anonymise", r->anonymise);
    put_time(b, "started_at", r->started_at_us);
    put_time(b, "closed_at", r->closed_at_us);
    put_opt(b, "closed_by", r->closed_by);
    put_opt(b, "answer", r->answer);
    put_opt(b, "problem", r->problem);
    put_opt(b, "receipt_id", r->receipt_id);
    put_close(b, '}');
}

static void answer_request(struct call *c, const struct store_privacy *r)
{
    struct buf b = call_buf();
    put_request(&b, NULL, r);
    call_json(c, &b);
}

static void answer_look(struct call *c, const struct erase_report *report, const struct store_privacy *r)
{
    struct buf b = call_buf();
    buf_addc(&b, '{');
    erase_report_put(&b, report);
    if (r)
        put_request(&b, "request", r);
    buf_addc(&b, '}');
    call_json(c, &b);
}

static bool request_of(struct call *c, struct store_privacy *r, struct err *e)
{
    int64_t id;
    if (!str_to_i64(c->args[0], &id))
        return err_set(e, E_NOT_FOUND, "there is no request %.*s about personal data", STR_FMT(c->args[0]));
    return store_privacy_get(c->app->state->store, c->a, id, r, e);
}

/* An identifier that was read out of a body lives in the call's memory until it is wiped here. */
static void wipe(struct str s)
{
    if (s.n)
        sodium_memzero((char *)(uintptr_t)s.p, s.n);
}

/* ---- Lists ---- */

static bool of_state(const struct store_privacy *r, struct str state, int64_t now)
{
    return !state.n || (str_eq(state, STR("overdue")) ? request_overdue(r, now) : str_eq(r->state, state));
}

bool route_privacy_requests(struct call *c, struct err *e)
{
    static const char *const states[] = {"open", "running", "done", "declined"};
    struct str state = STR(""), kind = STR("");
    struct store_privacy *v;
    int64_t limit, now = clock_now_us(), counts[5] = {0};
    size_t n;
    http_query_param(c->req, c->a, "state", &state);
    http_query_param(c->req, c->a, "kind", &kind);
    if (!call_int(c, "limit", LISTED, 1, LISTED_MAX, &limit, e) || !store_privacies(c->app->state->store, c->a, &(struct store_privacy_ask){0}, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "requests", '[');
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 4; k++)
            counts[k] += str_eq(v[i].state, str_of(states[k]));
        counts[4] += request_overdue(&v[i], now);
        if (of_state(&v[i], state, now) && (!kind.n || str_eq(v[i].kind, kind)) && limit-- > 0)
            put_request(&b, NULL, &v[i]);
    }
    put_close(&b, ']');
    put_open(&b, "counts", '{');
    for (size_t k = 0; k < 4; k++)
        put_int(&b, states[k], counts[k]);
    put_int(&b, "overdue", counts[4]);
    put_close(&b, '}');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_privacy_request(struct call *c, struct err *e)
{
    struct store_privacy r;
    if (!request_of(c, &r, e))
        return false;
    answer_request(c, &r);
    return true;
}

static bool time_of(struct str text, int64_t *us, struct err *e)
{
    int32_t days;
    *us = 0;
    if (!text.n)
        return true;
    if (!clock_parse_date(text.n > 10 ? (struct str){text.p, 10} : text, &days))
        return err_set(e, E_USAGE, "`received_at` is a day (2026-01-31) or a moment (2026-01-31T10:00:00Z)");
    *us = (int64_t)days * 86400 * 1000000;
    return true;
}

bool route_privacy_request_add(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct store_privacy r;
    int64_t received;
    const struct privacy v = call_privacy(c);
    if (!doc)
        return false;
    bool ok = time_of(json_str(root, "received_at"), &received, e) &&
              request_add(&v, json_str(root, "kind"), json_str(root, "identifier"), received, json_str(root, "note"), c->a, &r, e) &&
              call_audit(c, &(struct audit_entry){.kind = AUDIT_CHANGE, .what = arena_printf(c->a, "privacy request %lld", (long long)r.id)}, e);
    if (ok)
        answer_request(c, &r);
    wipe(json_str(root, "identifier"));
    yyjson_doc_free(doc);
    return ok;
}

bool route_privacy_request_extend(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    struct store_privacy r;
    bool ok = doc && request_of(c, &r, e) && request_extend(c->app->state, &r, json_str(yyjson_doc_get_root(doc), "reason"), e) &&
              call_audit(c, &(struct audit_entry){.kind = AUDIT_CHANGE, .what = arena_printf(c->a, "privacy request %lld", (long long)r.id)}, e);
    if (ok)
        answer_request(c, &r);
    yyjson_doc_free(doc);
    return ok;
}

bool route_privacy_request_close(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct store_privacy r;
    const struct privacy v = call_privacy(c);
    struct str answer = json_str(root, "answer");
    bool ok = doc && request_of(c, &r, e);
    if (ok && answer.n > ANSWER_MAX)
        ok = err_set(e, E_USAGE, "`answer` is longer than %d characters", ANSWER_MAX);
    ok = ok && request_close(c->app->state, &r, json_str(root, "state"), answer, v.by, e) &&
         call_audit(c, &(struct audit_entry){.kind = AUDIT_CHANGE, .what = arena_printf(c->a, "privacy request %lld", (long long)r.id)}, e);
    if (ok)
        answer_request(c, &r);
    yyjson_doc_free(doc);
    return ok;
}

bool route_privacy_request_receipt(struct call *c, struct err *e)
{
    struct store_privacy r;
    struct str text;
    if (!request_of(c, &r, e))
        return false;
    if (!r.receipt_id.n)
        return err_set(e, E_NOT_FOUND, "request %lld has no receipt: it was not carried out", (long long)r.id);
    if (!receipt_read(c->app->state->data_dir, r.receipt_id, c->a, &text, e))
        return false;
    struct buf b = call_buf();
    buf_add(&b, text);
    call_json(c, &b);
    return true;
}

/* ---- Looking and doing ---- */

static bool look(struct call *c, struct str identifier, bool anonymise, struct err *e)
{
    const struct privacy v = call_privacy(c);
    struct erase_report report = {.a = c->a};
    if (!erase_look(&v, identifier, anonymise, &report, e))
        return false;
    answer_look(c, &report, NULL);
    return true;
}

bool route_privacy_request_preview(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, "{}", e);
    bool anonymise = doc && json_bool(yyjson_doc_get_root(doc), "anonymise", false);
    struct store_privacy r;
    struct str identifier = STR("");
    yyjson_doc_free(doc);
    bool ok = doc && request_of(c, &r, e) && request_identifier(c->app->state, &r, c->a, &identifier, e) && look(c, identifier, anonymise, e);
    wipe(identifier);
    return ok;
}

/* Runs are held off, and so is everything that loads or builds between runs. What readers have bound is made anew behind it. */
static bool carry_out(struct call *c, struct store_privacy *r, struct erase_report *report, struct err *e)
{
    struct errs es = {0};
    struct err view = {0};
    if (!app_turn_take(c->app, e))
        return false;
    struct app_mesh *m = app_mesh_get_locked(c->app);
    struct privacy v = call_privacy(c);
    v.m = app_mesh_of(m);
    bool ok = erase_do(&v, r, report, &es, e);
    atomic_fetch_add(&c->app->generation, 1);
    if (!govern_refresh(c->app->govern, v.m, &view))
        log_err(LOG_ERROR, "privacy", "views_not_refreshed", &view);
    app_turn_give(c->app);
    app_mesh_put(m);
    errs_fini(&es);
    return ok;
}

static bool erase_request(struct call *c, struct store_privacy *r, bool anonymise, struct err *e)
{
    struct erase_report report = {.a = c->a};
    if (str_eq(r->state, STR("open")))
        r->anonymise = anonymise;
    if (!carry_out(c, r, &report, e))
        return false;
    answer_look(c, &report, r);
    return true;
}

bool route_privacy_request_run(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, "{}", e);
    bool anonymise = doc && json_bool(yyjson_doc_get_root(doc), "anonymise", false);
    struct store_privacy r;
    struct str identifier = STR("");
    yyjson_doc_free(doc);
    if (!doc || !request_of(c, &r, e))
        return false;
    if (str_eq(r.kind, STR("erase")))
        return erase_request(c, &r, anonymise, e);
    if (!str_eq(r.kind, STR("access")) && !str_eq(r.kind, STR("export"))) {
        err_set(e, E_USAGE, "a request of kind %.*s is carried out by people, not by Trellis", STR_FMT(r.kind));
        err_hint(e, "mend the record where it is kept, or state consent; then close the request with an answer");
        return false;
    }
    bool ok = request_identifier(c->app->state, &r, c->a, &identifier, e) && privacy_document(c, str_eq(r.kind, STR("export")), identifier, &r, e);
    wipe(identifier);
    return ok;
}

/* Erasures that a dead process left: gone on with, one after the other. */
static bool resume(struct call *c, size_t *done, struct err *e)
{
    struct store_privacy *v;
    size_t n;
    *done = 0;
    if (!store_privacies(c->app->state->store, c->a, &(struct store_privacy_ask){.state = STR("running"), .kind = STR("erase")}, &v, &n, e))
        return false;
    for (size_t i = n; i-- > 0; ++*done) {
        struct erase_report report = {.a = c->a};
        if (!carry_out(c, &v[i], &report, e))
            return false;
    }
    return true;
}

static bool told(void *ctx, struct str bytes)
{
    (void)ctx;
    (void)bytes;
    return true;
}

void privacy_finish(struct app *app)
{
    struct arena a;
    struct store_privacy *v;
    struct err e = {0};
    size_t n = 0;
    arena_init(&a);
    if (store_privacies(app->state->store, &a, &(struct store_privacy_ask){.state = STR("running"), .kind = STR("erase")}, &v, &n, &e) && n) {
        struct http_memory answer = {.data = told};
        log_event(LOG_WARN, "privacy", "erasure_goes_on", "requests=%zu", n);
        routes_call(app, VERB_POST, "/api/v1/privacy/resume", STR("{}"), &answer);
        log_event(answer.status == 200 ? LOG_INFO : LOG_ERROR, "privacy", answer.status == 200 ? "erasure_finished" : "erasure_still_waits", "requests=%zu", n);
    }
    arena_fini(&a);
}

bool route_privacy_erase(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct str identifier = arena_str(c->a, json_str(root, "identifier"));
    bool dry = json_bool(root, "dry_run", false), anonymise = json_bool(root, "anonymise", false);
    const struct privacy v = call_privacy(c);
    struct store_privacy r;
    size_t done;
    if (!doc)
        return false;
    bool ok = dry ? look(c, identifier, anonymise, e)
                  : resume(c, &done, e) && request_add(&v, STR("erase"), identifier, 0, json_str(root, "reason"), c->a, &r, e) && erase_request(c, &r, anonymise, e);
    wipe(json_str(root, "identifier"));
    wipe(identifier);
    yyjson_doc_free(doc);
    return ok;
}

bool route_privacy_resume(struct call *c, struct err *e)
{
    size_t done;
    yyjson_doc *doc = call_body(c, "{}", e);
    yyjson_doc_free(doc);
    if (!doc || !resume(c, &done, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "finished", (int64_t)done);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

static bool document(struct call *c, bool whole, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct str identifier = arena_str(c->a, json_str(root, "identifier"));
    const struct privacy v = call_privacy(c);
    struct store_privacy r;
    if (!doc)
        return false;
    bool ok = request_add(&v, whole ? STR("export") : STR("access"), identifier, 0, json_str(root, "reason"), c->a, &r, e) && privacy_document(c, whole, identifier, &r, e);
    wipe(json_str(root, "identifier"));
    wipe(identifier);
    yyjson_doc_free(doc);
    return ok;
}

bool route_privacy_access(struct call *c, struct err *e)
{
    return document(c, false, e);
}

bool route_privacy_export(struct call *c, struct err *e)
{
    return document(c, true, e);
}
