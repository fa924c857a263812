/* Writers of the API's shapes that several groups of routes use. docs/api.md and openapi.c say what they mean. */
#include "serve/put.h"
#include "serve/routes.h"

const struct mesh_person *shape_product_owner(const struct mesh_product *p)
{
    return p->owner.name.n || p->owner.contact.n ? &p->owner : &p->domain->owner;
}

void shape_owner(struct buf *b, const char *key, const struct mesh_person *p, const struct mesh_person *otherwise)
{
    if (!p->name.n && !p->contact.n && otherwise)
        p = otherwise;
    put_open(b, key, '{');
    put_str(b, "name", p->name);
    put_str(b, "contact", p->contact);
    put_close(b, '}');
}

void shape_support(struct buf *b, const char *key, const struct mesh_channel *v, size_t n, const struct mesh_channel *otherwise)
{
    if (n == 0 && otherwise && (otherwise->channel.n || otherwise->url.n)) {
        v = otherwise;
        n = 1;
    }
    put_open(b, key, '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "channel", v[i].channel);
        put_opt(b, "url", v[i].url);
        put_opt(b, "tool", v[i].tool);
        put_close(b, '}');
    }
    put_close(b, ']');
}

struct str shape_materialization(enum mesh_materialization m)
{
    static const struct str names[] = {
        [MATERIALIZED_TABLE] = {"table", 5},   [MATERIALIZED_VIEW] = {"view", 4},         [MATERIALIZED_INCREMENTAL] = {"incremental", 11},
        [MATERIALIZED_BY_KEY] = {"by_key", 6}, [MATERIALIZED_IDENTITY] = {"identity", 8},
    };
    return names[m];
}

struct str shape_ref(const struct mesh *m, struct str ref)
{
    const struct mesh_port *p = m ? mesh_find_port(m, ref) : NULL;
    return p && p->is_default ? p->ref : ref;
}

void shape_port_summary(struct buf *b, const struct mesh_port *p, const struct build_port_status *s)
{
    put_str(b, "domain", p->product->domain->name);
    put_str(b, "product", p->product->name);
    put_str(b, "name", p->name);
    put_str(b, "ref", p->is_default ? p->ref : p->ref_major);
    put_str(b, "version", p->version);
    put_int(b, "major", p->major);
    put_str(b, "description", p->description);
    put_str(b, "materialization", shape_materialization(p->materialization));
    put_str(b, "state", str_of(port_state_text(s->state)));
    put_opt(b, "state_reason", s->reason);
    if (s->stale_cause_ref.n || s->stale_cause.n) {
        put_open(b, "stale_cause", '{');
        put_str(b, "ref", s->stale_cause_ref);
        put_str(b, "message", s->stale_cause);
        put_close(b, '}');
    } else {
        put_null(b, "stale_cause");
    }
    put_time(b, "built_at", s->built_at_us);
    if (s->state == PORT_NEVER_BUILT || s->rows < 0 || p->partial)
        put_null(b, "rows");
    else
        put_int(b, "rows", s->rows);
    put_opt(b, "data_from", p->partial ? STR("") : s->data_from);
    put_opt(b, "data_to", p->partial ? STR("") : s->data_to);
    put_open(b, "checks", '{');
    put_int(b, "passed", (int64_t)s->checks_passed);
    put_int(b, "warned", (int64_t)s->checks_warned);
    put_int(b, "failed", (int64_t)s->checks_failed);
    put_int(b, "not_evaluated", (int64_t)s->checks_not_evaluated);
    put_close(b, '}');
}

static bool is_partial(struct call *c, struct str ref)
{
    const struct mesh_port *p = mesh_find_port(c->mesh, ref);
    return p && p->partial;
}

void shape_check(struct call *c, struct buf *b, const struct store_check *k)
{
    bool part = is_partial(c, k->ref);
    put_open(b, NULL, '{');
    put_str(b, "rule", call_text(c, k->rule));
    put_opt(b, "column", k->column);
    put_opt(b, "metric", k->metric);
    put_opt(b, "dimension", k->dimension);
    put_opt(b, "severity", k->severity);
    put_str(b, "verdict", str_of(check_verdict_text(k->verdict)));
    put_opt(b, "measured", part ? STR("") : call_text(c, k->measured));
    put_opt(b, "expected", call_text(c, k->expected));
    put_opt(b, "message", part ? STR("") : call_text(c, k->message)); /* it names what was measured */
    put_time(b, "evaluated_at", k->evaluated_at_us);
    put_int(b, "run_id", k->run_id);
    put_close(b, '}');
}

void shape_run_port(struct call *c, struct buf *b, const struct store_run_port *p)
{
    put_open(b, NULL, '{');
    put_int(b, "run_id", p->run_id);
    put_str(b, "ref", shape_ref(c->mesh, p->ref));
    put_str(b, "status", p->status);
    if (is_partial(c, p->ref))
        put_null(b, "rows");
    else
        put_int(b, "rows", p->rows);
    put_int(b, "elapsed_ms", p->elapsed_ms);
    put_time(b, "finished_at", p->finished_at_us);
    put_opt(b, "message", is_partial(c, p->ref) ? STR("") : call_text(c, p->message));
    put_close(b, '}');
}

void shape_run(struct call *c, struct buf *b, const struct store_run *r, const struct store_run_port *ports, size_t n)
{
    put_open(b, NULL, '{');
    put_int(b, "run_id", r->run_id);
    put_str(b, "kind", r->kind);
    put_time(b, "started_at", r->started_at_us);
    put_time(b, "finished_at", r->finished_at_us);
    put_str(b, "status", str_of(run_status_text(r->status)));
    put_str(b, "trigger", r->trigger);
    put_int(b, "ports_built", r->ports_built);
    put_int(b, "ports_failed", r->ports_failed);
    put_int(b, "ports_skipped", r->ports_skipped);
    put_int(b, "rows", r->rows);
    put_opt(b, "message", call_whole(c) ? r->message : STR("")); /* counts of the whole */
    put_open(b, "ports", '[');
    for (size_t i = 0; i < n; i++)
        shape_run_port(c, b, &ports[i]);
    put_close(b, ']');
    put_close(b, '}');
}

void shape_errs(struct buf *b, const char *key, const struct errs *es, bool warnings)
{
    put_open(b, key, '[');
    for (size_t i = 0; i < es->n; i++)
        if (es->warning[i] == warnings)
            put_err(b, NULL, &es->v[i]);
    put_close(b, ']');
}
