/* The council: rules of domains that loosen one of the mesh, from the files as they are now, and versions that break their readers; a decision is a file of governance/approvals/. */
#include "base/clock.h"
#include "base/json.h"
#include "govern/audit.h"
#include "mesh/mesh_council.h"
#include "serve/edits.h"
#include "serve/policy_words.h"
#include "serve/put.h"

/* ---- versions that break their readers ---- */

/* What a build left: "hash\nmicroseconds\nwords"; with the decision, where there is one of the same hash. */
static bool breaking_of(struct call *c, const struct mesh_loosenings *all, const struct mesh_port *p, struct mesh_loosening *x, bool *is, struct err *e)
{
    const struct mesh_policy *pol = &c->whole->policy;
    struct str kept, rest, at, words, rule = build_breaking_rule(c->a, p);
    *is = false;
    if (!store_setting_get(c->app->state->store, c->a, build_breaking_key(c->a, p->ref_major), &kept, e))
        return false;
    struct str sha = str_cut(kept, '\n', &rest);
    at = str_cut(rest, '\n', &words);
    (void)at;
    if (sha.n != sizeof x->rule_sha.z - 1)
        return true;
    *is = true;
    *x = (struct mesh_loosening){.domain = p->product->domain->name, .rule = rule, .against = rule, .what = arena_printf(c->a, "%.*s: %.*s", STR_FMT(p->ref_major), STR_FMT(words)),
                                 .pos = {p->sql_file, 1, 1}, .needs = 1, .of = RIGHT_APPROVE};
    x->id = arena_printf(c->a, "%.*s.%.*s", STR_FMT(x->domain), STR_FMT(rule));
    memcpy(x->rule_sha.z, sha.p, sha.n);
    for (size_t i = 0; i < pol->n_approvals; i++)
        if (str_eq(pol->approvals[i].change, STR("breaking"))) {
            x->needs = pol->approvals[i].needs;
            x->of = pol->approvals[i].of;
        }
    for (size_t i = 0; i < all->n_breaking; i++) {
        const struct mesh_loosening *d = &all->breaking[i];
        if (!str_eq(d->id, x->id))
            continue;
        x->approval_file = d->approval_file;
        x->outdated = strcmp(d->rule_sha.z, x->rule_sha.z) != 0;
        if (x->outdated)
            continue;
        x->approved = d->approved;
        x->approved_by = d->approved_by;
        x->declined_by = d->declined_by;
        x->at = d->at;
        x->reason = d->reason;
    }
    return true;
}

static bool add_breaking(struct call *c, struct mesh_loosenings *all, struct err *e)
{
    struct mesh_loosening *v = arena_array(c->a, all->n + c->mesh->n_ports + 1, sizeof *v);
    if (all->n)
        memcpy(v, all->v, all->n * sizeof *v);
    all->v = v;
    for (size_t i = 0; i < c->mesh->n_ports; i++) {
        bool is = false;
        const struct mesh_port *p = call_whole_port(c, c->mesh->ports[i]);
        if (!breaking_of(c, all, p, &v[all->n], &is, e))
            return false;
        all->n += is;
    }
    return true;
}

static bool is_breaking(const struct mesh_loosening *l)
{
    return str_starts(l->rule, STR("contract."));
}

static bool read_all(struct call *c, struct mesh_loosenings *out, struct err *e)
{
    struct engine_conn *parser = NULL;
    const char *cache = arena_printf(c->a, "%s/cache/mesh.cache", c->app->state->data_dir).p;
    if (!engine_connect(c->app->state->engine, &parser, e))
        return false;
    bool ok = mesh_council(c->a, str_of(c->app->dir), parser, cache, out, e);
    engine_disconnect(parser);
    return ok && add_breaking(c, out, e);
}

/* Who changed the file of the rule last, from the page; by hand is nobody that is known here. */
static bool asked_by(struct call *c, const struct mesh_loosening *l, struct str *who, int64_t *at_us, struct err *e)
{
    const struct audit_ask ask = {.text = l->pos.file, .kind = AUDIT_CHANGE, .limit = 1};
    struct audit_entry *v = NULL;
    size_t n = 0;
    *who = STR("");
    *at_us = 0;
    if (!audit_find(govern_audit(c->app->govern), c->a, &ask, &v, &n, e))
        return false;
    if (n) {
        *who = v[0].principal;
        *at_us = v[0].at_us;
    }
    return true;
}

/* Somebody else who could decide it. */
static bool others_may(struct call *c, const struct mesh_loosening *l, struct err *e, bool *out)
{
    struct auth_user *v = NULL;
    size_t n = 0;
    *out = false;
    if (!auth_users(c->app->auth, c->a, &v, &n, e))
        return false;
    for (size_t i = 0; i < n && !*out; i++) {
        const struct govern_principal who = {.name = v[i].name, .kind = GOVERN_USER, .roles = v[i].roles.v, .n_roles = v[i].roles.n};
        *out = !v[i].disabled && !str_eq(v[i].name, c->who.name) && policy_may_whole(c->whole, &who, l->of);
    }
    return true;
}

struct standing { struct str asked_by; int64_t asked_at_us; struct str why_not; }; /* why_not empty: they may decide */

static bool standing_of(struct call *c, const struct mesh_loosening *l, struct standing *s, struct err *e)
{
    bool others = false;
    *s = (struct standing){.why_not = STR("")};
    if (!asked_by(c, l, &s->asked_by, &s->asked_at_us, e))
        return false;
    if (c->who.kind == GOVERN_PREVIEW)
        s->why_not = STR("a look as a role decides nothing");
    else if (c->who.kind == GOVERN_TOKEN)
        s->why_not = STR("people decide, not service tokens");
    else if (!policy_may_whole(c->whole, &c->who, l->of)) /* what loosens a rule of the whole mesh is not the domain's own to allow */
        s->why_not = arena_printf(c->a, "this needs the right %s in the whole mesh", mesh_right_text(l->of));
    else if (c->who.kind == GOVERN_USER && str_eq(s->asked_by, c->who.name)) {
        if (!others_may(c, l, e, &others))
            return false;
        if (others)
            s->why_not = STR("the change is your own; somebody else who may decide has to");
    }
    if (!s->why_not.n && c->who.kind != GOVERN_LOCAL && mesh_strs_have(l->approved_by, c->who.name) && !l->approved)
        s->why_not = arena_printf(c->a, "you have approved it; %d have to", l->needs);
    return true;
}

static void put_side(struct buf *b, const char *key, struct str rule, struct mesh_pos pos)
{
    struct str rest, kind = str_cut(rule, '.', &rest);
    (void)kind;
    put_rule_at(b, key, rest.p && !str_eq(rest, STR("default")) ? rest : STR(""), pos);
}

static bool put_matter(struct call *c, struct buf *b, const char *key, const struct mesh_loosening *l, struct err *e)
{
    struct standing s;
    bool decided = l->approved || l->declined_by.n;
    struct buf by = BUF_INIT((size_t)4096);
    if (!standing_of(c, l, &s, e))
        return false;
    for (size_t i = 0; i < l->approved_by.n; i++)
        buf_printf(&by, "%s%.*s", i ? ", " : "", STR_FMT(l->approved_by.v[i]));
    put_open(b, key, '{');
    put_str(b, "id", l->id);
    put_str(b, "kind", is_breaking(l) ? STR("breaking") : STR("loosening"));
    put_str(b, "title", is_breaking(l) ? arena_printf(c->a, "A new version of %.*s.%.*s breaks its readers", STR_FMT(l->domain), (int)(l->rule.n - 9), l->rule.p + 9)
                                       : arena_printf(c->a, "%.*s of %.*s loosens %.*s", STR_FMT(l->rule), STR_FMT(l->domain), STR_FMT(l->against)));
    put_str(b, "words", l->outdated ? arena_printf(c->a, "%.*s. It was decided on before, when something else stood there", STR_FMT(l->what)) : l->what);
    put_str(b, "domain", l->domain);
    put_side(b, "rule", l->rule, l->pos);
    if (is_breaking(l))
        put_null(b, "against");
    else
        put_side(b, "against", l->against, l->against_pos);
    put_opt(b, "asked_by", s.asked_by);
    put_time(b, "asked_at", s.asked_at_us);
    put_int(b, "needs", l->needs);
    put_str(b, "of", str_of(mesh_right_text(l->of)));
    put_texts(b, "approved_by", l->approved_by.v, l->approved_by.n);
    put_bool(b, "may", !l->approved && !s.why_not.n);
    put_opt(b, "why_not", l->approved ? STR("") : s.why_not);
    put_opt(b, "decision", l->approved ? STR("approve") : l->declined_by.n ? STR("decline") : STR(""));
    put_opt(b, "decided_by", l->approved ? buf_str(&by) : l->declined_by);
    put_opt(b, "decided_at", decided ? l->at : STR(""));
    put_opt(b, "reason", decided || l->approved_by.n ? l->reason : STR(""));
    put_close(b, '}');
    buf_fini(&by);
    return true;
}

static bool put_matters(struct call *c, struct buf *b, const char *key, const struct mesh_loosenings *all, bool decided, struct err *e)
{
    put_open(b, key, '[');
    for (size_t i = 0; i < all->n; i++)
        if ((all->v[i].approved || all->v[i].declined_by.n) == decided && call_sees(c, all->v[i].domain) && !put_matter(c, b, NULL, &all->v[i], e))
            return false;
    put_close(b, ']');
    return true;
}

bool route_council(struct call *c, struct err *e)
{
    struct mesh_loosenings all;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    bool ok = read_all(c, &all, e) && put_matters(c, &b, "waiting", &all, false, e) && put_matters(c, &b, "decided", &all, true, e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}

static bool decide(struct call *c, const struct mesh_loosening *l, bool approve, struct str by, struct str reason, struct err *e)
{
    struct mesh_patch patch;
    struct standing s;
    if (!standing_of(c, l, &s, e))
        return false;
    if (s.why_not.n)
        return err_set(e, E_DENIED, "%.*s", STR_FMT(s.why_not));
    if (!mesh_council_patch(c->a, str_of(c->app->dir), l, approve, by, reason, clock_now_us(), &patch, e))
        return false;
    const struct audit_entry x = {.kind = AUDIT_APPROVAL, .what = arena_printf(c->a, "%s %.*s", approve ? "approved" : "declined", STR_FMT(l->id)), .detail = reason};
    return call_audit(c, &x, e) && edits_write(c, &patch, 1, e);
}

bool route_council_decide(struct call *c, struct err *e)
{
    struct mesh_loosenings all;
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct str decision = arena_str(c->a, json_str(root, "decision")), reason = arena_str(c->a, json_str(root, "reason")), by = arena_str(c->a, json_str(root, "by"));
    bool approve = str_eq(decision, STR("approve")), decline = str_eq(decision, STR("decline"));
    yyjson_doc_free(doc);
    if (!doc)
        return false;
    if (!approve && !decline)
        return err_set(e, E_USAGE, "decision is approve or decline");
    if (decline && !str_trim(reason).n) {
        err_set(e, E_USAGE, "a no needs a reason");
        return err_hint(e, "whoever wrote the rule reads it"), false;
    }
    const struct mesh_loosening *l = read_all(c, &all, e) ? mesh_council_find(&all, c->args[0], e) : NULL;
    if (!l)
        return false;
    if (!call_sees(c, l->domain))
        return err_set(e, E_NOT_FOUND, "no rule called %.*s waits for the council", STR_FMT(c->args[0]));
    if (!decide(c, l, approve, call_by(c, by), str_trim(reason), e) || !read_all(c, &all, e) || !(l = mesh_council_find(&all, c->args[0], e)))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    bool ok = put_matter(c, &b, "matter", l, e);
    put_close(&b, '}');
    if (ok)
        call_json(c, &b);
    else
        buf_fini(&b);
    return ok;
}
