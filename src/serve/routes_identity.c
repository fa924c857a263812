/* Identity: rules and counts, the ledger, why these are one customer, what other rules would do, and people's decisions. Personal values
 * are shown in part; a reveal is logged before it is answered. */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/fs.h"
#include "base/json.h"
#include "govern/policy.h"
#include "identity/ask.h"
#include "identity/decisions.h"

enum { SHOWN = 50, SHOWN_MAX = 10000, TEXT_MAX = 2000, REASON_MAX = 500, RULES_MAX = 1 << 20, OUT_MAX = 1000 };

/* The question with a connection of its own; finish in any case. */
static bool ask_open(struct call *c, struct ask *q, struct err *e)
{
    *q = (struct ask){.s = c->app->state, .m = c->whole, .a = c->a};
    return engine_connect(c->app->state->engine, &q->c, e);
}

const struct mesh_domain *call_identity_domain(const struct call *c)
{
    for (size_t i = 0; i < c->whole->n_ports; i++)
        if (c->whole->ports[i]->materialization == MATERIALIZED_IDENTITY)
            return c->whole->ports[i]->product->domain;
    return NULL;
}

/* Identity is kept in one domain, by those who build there. */
static bool ask_work(struct call *c, struct ask *q, struct err *e)
{
    *q = (struct ask){0};
    return call_may(c, RIGHT_BUILD, call_identity_domain(c), e) && ask_open(c, q, e);
}

static struct str id_text(struct call *c, int64_t id)
{
    return arena_printf(c->a, "%lld", (long long)id); /* beyond what a number of JSON holds exactly */
}

/* ---- shapes ---- */

static void put_decision(struct buf *b, const char *key, const struct decision_made *d)
{
    put_open(b, key, '{');
    put_int(b, "id", d->id);
    put_str(b, "action", d->split ? STR("split") : STR("merge"));
    put_time(b, "at", d->at_us);
    put_str(b, "by", d->who);
    put_str(b, "reason", d->reason);
    put_int(b, "identifiers", (int64_t)(d->split ? d->n_out : d->n_out + d->n_rest));
    put_time(b, "withdrawn_at", d->withdrawn_at_us);
    put_opt(b, "withdrawn_by", d->withdrawn_by);
    put_close(b, '}');
}

static void put_rules(struct buf *b, const char *key, const struct mesh_identity *m)
{
    put_open(b, key, '{');
    put_str(b, "sha", str_of(m->sha.z));
    put_open(b, "kinds", '[');
    for (size_t i = 0; i < m->n_kinds; i++) {
        const struct mesh_identifier_kind *k = &m->kinds[i];
        put_open(b, NULL, '{');
        put_str(b, "name", k->name);
        put_str(b, "title", k->title);
        put_str(b, "normalise", k->normalise.n ? k->normalise : STR("none"));
        if (k->limit)
            put_int(b, "limit", k->limit);
        else
            put_null(b, "limit");
        if (k->per_s)
            put_int(b, "per_s", k->per_s);
        else
            put_null(b, "per_s");
        put_int(b, "blocked", (int64_t)k->n_blocked);
        put_texts(b, "patterns", k->patterns, k->n_patterns);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_texts(b, "blocked", m->blocked, m->n_blocked);
    put_texts(b, "patterns", m->patterns, m->n_patterns);
    put_bool(b, "fuzzy", m->fuzzy.on);
    put_close(b, '}');
}

static void put_entry(struct call *c, struct buf *b, const struct ledger_entry *x)
{
    put_open(b, NULL, '{');
    put_time(b, "at", x->at_us);
    put_str(b, "action", x->action);
    put_str(b, "cause", x->cause);
    put_opt(b, "kind", x->kind);
    put_opt(b, "refused_by", x->refused_by);
    put_opt(b, "customer_id", x->customer_id);
    put_opt(b, "other_id", x->other_id);
    put_str(b, "evidence", id_text(c, x->evidence));
    put_int(b, "seq", x->seq);
    put_str(b, "source", x->source);
    put_opt(b, "message_id", x->message_id);
    if (x->decision_id)
        put_int(b, "decision_id", x->decision_id);
    else
        put_null(b, "decision_id");
    put_str(b, "rule", x->rule_sha);
    put_str(b, "cursor", x->cursor);
    put_close(b, '}');
}

/* ---- counts, rules, decisions ---- */

/* The file of the rules as it is; empty where the defaults hold. */
static struct str rules_text(struct call *c)
{
    struct str path = fs_join(c->a, str_of(c->app->dir), STR("governance/identity.yaml")), text = STR("");
    struct err unread = {0};
    if (fs_exists(arena_strz(c->a, path)) && !fs_read(c->a, arena_strz(c->a, path), RULES_MAX, &text, &unread))
        return STR("");
    return text;
}

bool route_identity(struct call *c, struct err *e)
{
    struct ask q;
    struct identity_overview o;
    struct decision_made *d = NULL;
    size_t n = 0;
    bool ok = ask_work(c, &q, e) && identity_overview_get(&q, &o, e) && identity_decisions(&q, &d, &n, e);
    engine_disconnect(q.c);
    if (!ok)
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "port", o.port->ref);
    put_bool(&b, "built", o.built);
    put_int(&b, "customers", o.customers);
    put_int(&b, "merged", o.merged);
    put_int(&b, "refused", o.refused);
    put_int(&b, "split", o.split);
    put_int(&b, "retired", o.retired);
    put_int(&b, "review", o.review);
    put_open(&b, "kinds", '[');
    for (size_t i = 0; i < o.n_kinds; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "kind", o.kinds[i].kind);
        put_int(&b, "identifiers", o.kinds[i].identifiers);
        put_int(&b, "left_out", o.kinds[i].left_out);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_open(&b, "largest", '[');
    for (size_t i = 0; i < o.n_largest; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "customer_id", o.largest[i].customer_id);
        put_int(&b, "identifiers", o.largest[i].identifiers);
        put_int(&b, "evidences", o.largest[i].evidences);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_rules(&b, "rules", &c->mesh->identity);
    put_opt(&b, "yaml", rules_text(c));
    put_open(&b, "decisions", '[');
    while (n-- > 0)
        put_decision(&b, NULL, &d[n]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

bool route_identity_ledger(struct call *c, struct err *e)
{
    static const char *const actions[] = {"created", "merged", "refused", "split"};
    struct ask q;
    struct ledger_ask ask = {0};
    struct ledger_entry *v;
    size_t n;
    int64_t limit, total;
    http_query_param(c->req, c->a, "customer", &ask.customer);
    http_query_param(c->req, c->a, "action", &ask.action);
    http_query_param(c->req, c->a, "before", &ask.before);
    if (!call_int(c, "limit", SHOWN, 1, SHOWN_MAX, &limit, e))
        return false;
    bool known = !ask.action.n;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        known = known || str_eq(ask.action, str_of(actions[i]));
    if (!known)
        return err_set(e, E_USAGE, "action is one of created, merged, refused, split");
    ask.limit = (size_t)limit;
    bool ok = ask_work(c, &q, e) && identity_ledger(&q, &ask, &v, &n, &total, e);
    engine_disconnect(q.c);
    if (!ok)
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "total", total);
    put_open(&b, "entries", '[');
    for (size_t i = 0; i < n; i++)
        put_entry(c, &b, &v[i]);
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- why ---- */

static bool log_reveal(struct call *c, const struct why *w, struct str reason, struct err *e)
{
    struct buf fields = BUF_INIT((size_t)4096);
    for (size_t i = 0; i < w->n; i++)
        if (str_find(buf_str(&fields), w->identifiers[i].kind, 0) == SIZE_MAX)
            buf_printf(&fields, "%s%.*s", fields.n ? "," : "", STR_FMT(w->identifiers[i].kind));
    bool logged = call_reveal(c, STR("shared.customer"), buf_str(&fields), reason, w->customer_id, e);
    buf_fini(&fields);
    return logged;
}

struct str call_part_of(struct call *c, struct str value)
{
    bool may = policy_may(c->whole, &c->who, RIGHT_REVEAL, call_identity_domain(c)) || call_whole(c);
    return may ? identity_masked(c->a, value) : STR("hidden: personal");
}

static void put_value(struct call *c, struct buf *b, struct str kind, struct str value, struct str ref, bool open)
{
    put_str(b, "ref", ref);
    put_str(b, "kind", kind);
    put_str(b, "value", open ? value : call_part_of(c, value));
}

static void put_evidence(struct call *c, struct buf *b, const char *key, const struct why_evidence *v)
{
    put_open(b, key, '{');
    put_str(b, "evidence", id_text(c, v->evidence));
    put_str(b, "source", v->source);
    put_opt(b, "message_id", v->message_id);
    put_time(b, "first_seen", v->at_us);
    put_time(b, "last_seen", v->last_us);
    if (v->decision_id)
        put_int(b, "decision_id", v->decision_id);
    else
        put_null(b, "decision_id");
    put_close(b, '}');
}

/* From `from` along to one identifier: what stands between. */
static void put_path(struct call *c, struct buf *b, const struct why *w, size_t to)
{
    size_t n = w->identifiers[to].steps, *steps;
    put_open(b, "path", '[');
    if (n == SIZE_MAX) {
        put_close(b, ']');
        return;
    }
    steps = arena_array(c->a, n + 1, sizeof *steps);
    for (size_t i = n + 1; i-- > 0; to = w->identifiers[to].via)
        steps[i] = to;
    for (size_t i = 0; i <= n; i++) {
        put_open(b, NULL, '{');
        if (i > 0)
            put_evidence(c, b, "by", &w->evidence[w->identifiers[steps[i]].evidence]);
        else
            put_null(b, "by");
        put_str(b, "identifier", w->identifiers[steps[i]].ref);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void put_why(struct call *c, struct buf *b, const struct why *w, struct str to, bool open)
{
    put_open(b, NULL, '{');
    put_str(b, "customer_id", w->customer_id);
    put_opt(b, "retired_id", w->retired_id);
    put_opt(b, "retired_cause", w->cause);
    put_bool(b, "revealed", open);
    put_int(b, "evidences", (int64_t)w->n_evidence);
    put_opt(b, "from", w->n ? w->identifiers[w->from].ref : STR(""));
    put_open(b, "identifiers", '[');
    for (size_t i = 0; i < w->n; i++) {
        const struct why_identifier *x = &w->identifiers[i];
        put_open(b, NULL, '{');
        put_value(c, b, x->kind, x->value, x->ref, open);
        put_time(b, "first_seen", x->first_us);
        put_time(b, "last_seen", x->last_us);
        put_int(b, "evidences", (int64_t)x->evidences);
        if (!to.n || str_eq(to, x->ref))
            put_path(c, b, w, i);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "left_out", '[');
    for (size_t i = 0; i < w->n_left_out; i++) {
        const struct why_left_out *x = &w->left_out[i];
        put_open(b, NULL, '{');
        put_value(c, b, x->kind, x->value, x->ref, open);
        put_str(b, "reason", x->reason);
        put_opt(b, "customer_id", x->customer_id);
        put_evidence(c, b, "by", &w->evidence[x->evidence]);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
}

/* Who is not there is told in the words for who is hidden. */
static bool nobody(const struct call *c, struct err *e)
{
    return !call_whole(c) && e->code == E_NOT_FOUND && call_no_customer(e);
}

static bool answer_why(struct call *c, struct str who, struct str from, struct str to, bool open, struct str reason, struct err *e)
{
    struct ask q;
    struct why w;
    if (who.n > TEXT_MAX || from.n > TEXT_MAX || reason.n > REASON_MAX)
        return err_set(e, E_USAGE, "the question is longer than an identifier or a reason can be");
    if (open && !str_trim(reason).n)
        return err_set(e, E_USAGE, "say why in `reason`: it is written down with your name, the customer and the kinds of identifiers");
    bool ok = ask_open(c, &q, e) && (identity_why(&q, who, from, &w, e) || nobody(c, e)) && (call_whole(c) || call_sees_customer(c, w.customer_id, e)) && (!open || log_reveal(c, &w, reason, e));
    engine_disconnect(q.c);
    if (!ok)
        return false;
    struct buf b = call_buf();
    put_why(c, &b, &w, to, open);
    call_json(c, &b);
    return true;
}

bool route_customer_why(struct call *c, struct err *e)
{
    struct str from = STR(""), to = STR("");
    http_query_param(c->req, c->a, "from", &from);
    http_query_param(c->req, c->a, "to", &to);
    if (!str_starts(c->args[0], STR("c_"))) { /* what somebody is known by has no place in an address */
        err_set(e, E_NOT_FOUND, "there is no customer of this id");
        err_hint(e, "POST it to /api/v1/identity/explain");
        return false;
    }
    return answer_why(c, c->args[0], from, to, false, STR(""), e);
}

/* In the body: an identifier has no place in an address, which proxies and logs keep, and looking does not write into the log of reveals. */
bool route_identity_explain(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    if (!doc)
        return false;
    yyjson_val *o = yyjson_doc_get_root(doc);
    struct str who = arena_str(c->a, json_str(o, "who")), from = arena_str(c->a, json_str(o, "from")), reason = arena_str(c->a, json_str(o, "reason"));
    bool open = json_bool(o, "reveal", false);
    yyjson_doc_free(doc);
    if (!who.n)
        return err_set(e, E_USAGE, "`who` is missing: a customer id, KIND:VALUE, or a value");
    return answer_why(c, who, from, STR(""), open, reason, e);
}

/* ---- what other rules would do ---- */

static void put_largest(struct buf *b, const char *key, const struct preview_customer *v, size_t n)
{
    put_open(b, key, '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "customer_id", v[i].customer_id);
        put_int(b, "identifiers", (int64_t)v[i].identifiers);
        put_int(b, "evidences", (int64_t)v[i].sets);
        put_int(b, "parts", (int64_t)v[i].parts);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static void put_side(struct buf *b, const char *key, const struct preview_side *s)
{
    put_open(b, key, '{');
    put_int(b, "customers", (int64_t)s->customers);
    put_int(b, "identifiers", (int64_t)s->identifiers);
    put_int(b, "refused", (int64_t)s->refused);
    put_largest(b, "largest", s->largest, s->n_largest);
    put_close(b, '}');
}

static void answer_preview(struct call *c, const struct preview *p, const struct mesh_identity *rules)
{
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_side(&b, "now", &p->now);
    put_side(&b, "then", &p->then);
    put_int(&b, "merged", (int64_t)p->merged);
    put_int(&b, "split", (int64_t)p->split);
    put_int(&b, "same", (int64_t)p->same);
    put_int(&b, "ids_retired", (int64_t)p->ids_retired);
    put_largest(&b, "changed", p->changed, p->n_changed);
    put_rules(&b, "rules", rules);
    put_close(&b, '}');
    call_json(c, &b);
}

bool route_identity_preview(struct call *c, struct err *e)
{
    struct ask q = {0};
    struct preview p;
    struct mesh_identity rules;
    struct errs es = {0};
    yyjson_doc *doc = call_body(c, NULL, e);
    if (!doc)
        return false;
    struct str yaml = arena_str(c->a, json_str(yyjson_doc_get_root(doc), "yaml"));
    yyjson_doc_free(doc);
    if (!yaml.n || yaml.n > RULES_MAX)
        return err_set(e, E_USAGE, "`yaml` is the text of an identity.yaml, at most %d bytes", RULES_MAX);
    bool ok = ask_work(c, &q, e), readable = ok && mesh_identity_read(c->a, STR("identity.yaml"), yaml, q.c, &rules, &es);
    if (ok && !readable) {
        errs_sort(&es);
        *e = es.v[0];
        ok = false;
    }
    ok = ok && identity_preview(&q, &rules, NULL, &p, e);
    engine_disconnect(q.c);
    errs_fini(&es);
    if (ok)
        answer_preview(c, &p, &rules);
    return ok;
}

/* ---- decisions ---- */

static void answer_decision(struct call *c, const struct decision_made *d)
{
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_decision(&b, "decision", d);
    put_close(&b, '}');
    call_json(c, &b);
}

/* Written down, or only tried: what it would change, and nothing is kept. */
static bool decide_or_try(struct call *c, const struct ask *q, struct decision_made *d, bool try_it, struct str reason, struct str by, struct err *e)
{
    struct preview p;
    if (try_it) {
        if (!identity_preview(q, &c->mesh->identity, d, &p, e))
            return false;
        answer_preview(c, &p, &c->mesh->identity);
        return true;
    }
    if (!call_changed(c, d->split ? STR("identity: a split") : STR("identity: a merge"), reason, e) || !identity_decide(q, d, reason, call_by(c, by), e))
        return false;
    answer_decision(c, d);
    return true;
}

static struct str member(struct call *c, yyjson_val *o, const char *name)
{
    return arena_str(c->a, json_str(o, name));
}

bool route_identity_merge(struct call *c, struct err *e)
{
    struct ask q = {0};
    struct decision_made *d = NULL;
    yyjson_doc *doc = call_body(c, NULL, e);
    if (!doc)
        return false;
    yyjson_val *o = yyjson_doc_get_root(doc);
    struct str a = member(c, o, "a"), other = member(c, o, "b"), reason = member(c, o, "reason"), by = member(c, o, "by");
    bool try_it = json_bool(o, "try", false);
    yyjson_doc_free(doc);
    if (!a.n || !other.n || a.n > TEXT_MAX || other.n > TEXT_MAX || reason.n > REASON_MAX || by.n > REASON_MAX)
        return err_set(e, E_USAGE, "`a` and `b` say which two customers are one: an id, or an identifier of each");
    bool ok = ask_work(c, &q, e) && identity_merge_plan(&q, a, other, &d, e) && decide_or_try(c, &q, d, try_it, reason, by, e);
    engine_disconnect(q.c);
    return ok;
}

bool route_identity_split(struct call *c, struct err *e)
{
    struct ask q = {0};
    struct decision_made *d = NULL;
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *v;
    size_t i, max, n = 0;
    if (!doc)
        return false;
    yyjson_val *o = yyjson_doc_get_root(doc), *list = yyjson_obj_get(o, "out");
    struct str who = member(c, o, "customer"), reason = member(c, o, "reason"), by = member(c, o, "by");
    struct str *out = arena_array(c->a, yyjson_arr_size(list) + 1, sizeof *out);
    bool try_it = json_bool(o, "try", false);
    yyjson_arr_foreach(list, i, max, v)
    {
        if (yyjson_is_str(v) && n < OUT_MAX)
            out[n++] = arena_str(c->a, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    }
    yyjson_doc_free(doc);
    if (!who.n || n == 0 || who.n > TEXT_MAX || reason.n > REASON_MAX || by.n > REASON_MAX)
        return err_set(e, E_USAGE, "`customer` says whose identifiers, `out` which of them are somebody else's (at most %d)", OUT_MAX);
    bool ok = ask_work(c, &q, e) && identity_split_plan(&q, who, out, n, &d, e) && decide_or_try(c, &q, d, try_it, reason, by, e);
    engine_disconnect(q.c);
    return ok;
}

bool route_identity_withdraw(struct call *c, struct err *e)
{
    struct ask q = {0};
    struct decision_made *d = NULL;
    size_t n = 0;
    yyjson_doc *doc = call_body(c, NULL, e);
    if (!doc)
        return false;
    yyjson_val *o = yyjson_doc_get_root(doc);
    int64_t id = json_int(o, "id", 0);
    struct str by = member(c, o, "by");
    yyjson_doc_free(doc);
    bool ok = ask_work(c, &q, e) && call_changed(c, arena_printf(c->a, "identity: decision %lld withdrawn", (long long)id), STR(""), e) &&
              identity_withdraw(&q, id, call_by(c, by), e) && identity_decisions(&q, &d, &n, e);
    engine_disconnect(q.c);
    for (size_t i = 0; i < n && ok; i++)
        if (d[i].id == id)
            answer_decision(c, &d[i]);
    return ok;
}
