/* Records that are alike: those that wait for a person, what was linked or decided, and the answer. Values are shown in part; a reveal is
 * logged before it is answered. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/json.h"
#include "identity/review.h"

enum { SHOWN = 50, SHOWN_MAX = 1000, REASON_MAX = 500 };

static struct str state_of(enum review_state s)
{
    return review_state_name(s);
}

/* ---- shapes ---- */

static void put_value(struct call *c, struct buf *b, const char *key, struct str value, bool open)
{
    put_opt(b, key, !value.n || open ? value : call_part_of(c, value));
}

static void put_pair(struct call *c, struct buf *b, const struct review_pair *p, bool open)
{
    put_open(b, NULL, '{');
    put_str(b, "id", arena_printf(c->a, "%lld", (long long)p->id));
    put_str(b, "a", p->a);
    put_str(b, "b", p->b);
    put_num(b, "probability", p->probability);
    put_str(b, "state", state_of(p->state));
    put_time(b, "decided_at", p->decided_us);
    put_opt(b, "decided_by", p->decided_by);
    put_opt(b, "reason", p->reason);
    if (p->decision_id)
        put_int(b, "decision_id", p->decision_id);
    else
        put_null(b, "decision_id");
    put_open(b, "fields", '[');
    for (size_t i = 0; i < p->n_fields; i++) {
        const struct review_field *f = &p->fields[i];
        put_open(b, NULL, '{');
        put_str(b, "field", f->name);
        put_value(c, b, "a", f->a, open);
        put_value(c, b, "b", f->b, open);
        put_str(b, "words", str_of(f->words));
        put_str(b, "agrees", f->level == FUZZY_MISSING ? STR("unknown") : f->level == 0 ? STR("no") : f->level == f->levels - 1 ? STR("yes") : STR("nearly"));
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
}

static void answer(struct call *c, const struct review *r, bool open)
{
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_bool(&b, "on", r->on);
    put_bool(&b, "revealed", open);
    put_num(&b, "link", c->mesh->identity.fuzzy.link);
    put_num(&b, "review", c->mesh->identity.fuzzy.review);
    put_int(&b, "records", r->records);
    put_int(&b, "compared", r->compared);
    put_int(&b, "passed_over", r->passed_over);
    for (int s = 0; s < REVIEW_STATES; s++)
        put_int(&b, state_of((enum review_state)s).p, r->counts[s]);
    put_open(&b, "pairs", '[');
    for (size_t i = 0; i < r->n; i++)
        put_pair(c, &b, &r->pairs[i], open);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
}

/* ---- what waits ---- */

static bool ask_open(struct call *c, struct ask *q, struct err *e)
{
    *q = (struct ask){.s = c->app->state, .m = c->whole, .a = c->a};
    return call_may(c, RIGHT_BUILD, call_identity_domain(c), e) && engine_connect(c->app->state->engine, &q->c, e);
}

static bool state_find(struct str name, enum review_state *out, struct err *e)
{
    for (int s = 0; s < REVIEW_STATES; s++)
        if (str_eq(name, state_of((enum review_state)s))) {
            *out = (enum review_state)s;
            return true;
        }
    return err_set(e, E_USAGE, "`state` is waiting, linked, same, different or all");
}

bool route_identity_review(struct call *c, struct err *e)
{
    struct ask q;
    struct review r;
    struct review_query query = {.state = REVIEW_WAITING};
    struct str state = STR("");
    int64_t limit;
    http_query_param(c->req, c->a, "state", &state);
    query.every = str_eq(state, STR("all"));
    if (!call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e) || (state.n && !query.every && !state_find(state, &query.state, e)))
        return false;
    query.limit = (size_t)limit;
    bool ok = ask_open(c, &q, e) && identity_review(&q, &query, &r, e);
    engine_disconnect(q.c);
    if (ok)
        answer(c, &r, false);
    return ok;
}

/* ---- the answer, or a look at the whole values ---- */

static bool reveal(struct call *c, const struct ask *q, int64_t id, struct str reason, struct err *e)
{
    struct review r;
    const struct review_query query = {.id = id};
    if (!str_trim(reason).n)
        return err_set(e, E_USAGE, "say why in `reason`: it is written down with your name and the pair");
    if (!identity_review(q, &query, &r, e))
        return false;
    if (r.n == 0)
        return err_set(e, E_NOT_FOUND, "no pair of records has the number %lld", (long long)id);
    struct buf fields = BUF_INIT((size_t)4096);
    for (size_t i = 0; i < r.pairs[0].n_fields; i++)
        buf_printf(&fields, "%s%.*s", i ? "," : "", STR_FMT(r.pairs[0].fields[i].name));
    bool logged = call_reveal(c, arena_printf(c->a, "review %lld", (long long)id), buf_str(&fields), reason, STR(""), e);
    buf_fini(&fields);
    if (!logged)
        return false;
    answer(c, &r, true);
    return true;
}

bool route_identity_review_decide(struct call *c, struct err *e)
{
    struct ask q = {0};
    struct decision_made *d = NULL;
    int64_t id;
    if (!str_to_i64(c->args[0], &id) || id <= 0)
        return err_set(e, E_USAGE, "a pair of records has a number");
    yyjson_doc *doc = call_body(c, NULL, e);
    if (!doc)
        return false;
    yyjson_val *o = yyjson_doc_get_root(doc), *same = yyjson_obj_get(o, "same");
    struct str reason = arena_str(c->a, json_str(o, "reason")), by = arena_str(c->a, json_str(o, "by"));
    bool decided = yyjson_is_bool(same), yes = yyjson_is_true(same), open = json_bool(o, "reveal", false);
    yyjson_doc_free(doc);
    if (decided == open)
        return err_set(e, E_USAGE, "`same` says whether the two records are one person; or `reveal` asks for their values");
    if (reason.n > REASON_MAX || by.n > REASON_MAX)
        return err_set(e, E_USAGE, "a reason is at most %d bytes", REASON_MAX);
    struct review r;
    const struct review_query query = {.id = id};
    bool ok = ask_open(c, &q, e);
    if (ok && open)
        ok = call_may(c, RIGHT_REVEAL, call_identity_domain(c), e) && reveal(c, &q, id, reason, e);
    else if (ok && (ok = call_changed(c, arena_printf(c->a, "review %lld: %s", (long long)id, yes ? "one person" : "two people"), reason, e) &&
                         identity_review_decide(&q, id, yes, reason, call_by(c, by), &d, e) && identity_review(&q, &query, &r, e)))
        answer(c, &r, false);
    engine_disconnect(q.c);
    return ok;
}
