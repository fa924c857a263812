/* Numbers that somebody answers for: goals, pacing against targets, mis-tagged campaigns. Kept until new data or declarations. */
#include "serve/kept.h"
#include "serve/put.h"
#include "serve/routes.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"

enum { NAMING_SHOWN = 200, NAMING_MAX = 5000, PART_MAX = 1 << 20 };

/* Who sees everything is told what the program knows anyway, which is nobody's use of a product. */
static const struct govern_principal *asker(const struct call *c)
{
    return call_whole(c) ? NULL : &c->who;
}

static void put_day(struct buf *b, const char *key, int32_t day)
{
    struct clock_text t = clock_date(day);
    put_opt(b, key, day ? str_of(t.z) : STR(""));
}

/* Amounts of millions to the cent, which put_num would round. */
static void put_amount(struct buf *b, const char *key, double v)
{
    char text[40];
    snprintf(text, sizeof text, "%.12g", v);
    put_raw(b, key, str_of(text));
}

static void put_known(struct buf *b, const char *key, bool known, double v)
{
    if (known && isfinite(v))
        put_amount(b, key, v);
    else
        put_null(b, key);
}

static void put_goal(struct call *c, struct buf *b, const struct goal_state *s)
{
    const struct mesh_goal *g = s->goal;
    const struct mesh *m = c->mesh;
    struct arena *a = c->a;
    put_open(b, NULL, '{');
    put_str(b, "name", g->name);
    put_str(b, "title", g->title.n ? g->title : g->name);
    put_str(b, "question", g->question);
    put_opt(b, "domain", g->domain ? g->domain->name : STR(""));
    shape_owner(b, "owner", &g->owner, g->domain ? &g->domain->owner : NULL);
    put_str(b, "unit", g->number.unit);
    put_opt(b, "currency", str_eq(g->number.unit, STR("currency")) ? m->reporting_currency : STR(""));
    put_str(b, "direction", g->number.lower_is_better ? STR("down") : STR("up"));
    put_known(b, "value", s->known, s->value);
    put_opt(b, "problem", call_text(c, s->problem));
    put_opt(b, "day_from", s->day_from);
    put_opt(b, "day_to", s->day_to);
    put_int(b, "window_days", g->number.window_days);
    if (g->has_baseline) {
        put_open(b, "baseline", '{');
        put_amount(b, "value", g->baseline);
        put_day(b, "from", g->baseline_from);
        put_day(b, "to", g->baseline_to);
        put_day(b, "frozen", g->frozen);
        put_close(b, '}');
    } else {
        put_null(b, "baseline");
    }
    if (g->has_target) {
        put_open(b, "target", '{');
        put_amount(b, "value", g->target);
        put_day(b, "by", g->target_by);
        put_close(b, '}');
    } else {
        put_null(b, "target");
    }
    put_known(b, "progress", s->known, s->progress);
    put_open(b, "series", '[');
    for (size_t i = 0; i < s->n_series; i++) {
        put_open(b, NULL, '{');
        put_day(b, "day", s->series[i].day);
        put_known(b, "value", s->series[i].known, s->series[i].value);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "products", '[');
    for (size_t i = 0; i < g->n_products; i++) {
        const struct mesh_product *p = g->products[i];
        put_open(b, NULL, '{');
        put_str(b, "ref", arena_printf(a, "%.*s.%.*s", STR_FMT(p->domain->name), STR_FMT(p->name)));
        put_str(b, "title", p->title.n ? p->title : p->name);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_str(b, "port", g->number.ref);
    put_opt(b, "metric", g->number.metric ? g->number.metric->ref : STR(""));
    put_opt(b, "where", s->sql.n ? g->number.where : STR(""));
    put_opt(b, "product", g->number.port ? g->number.port->product->name : STR(""));
    put_opt(b, "sql", s->sql);
    put_bool(b, "north_star", m->north_star == g);
    put_str(b, "file", g->pos.file);
    put_int(b, "line", g->pos.line);
    put_close(b, '}');
}

bool shape_goal(struct call *c, struct buf *b, const char *key, const struct mesh_goal *g, struct err *e)
{
    uint64_t generation = atomic_load(&c->app->generation);
    struct str kept = arena_printf(c->a, "goal/%.*s/%.*s", STR_FMT(g->domain ? g->domain->name : STR("")), STR_FMT(g->name));
    struct buf one = BUF_INIT((size_t)PART_MAX);
    struct goal_state s;
    bool ok = true;
    if (!kept_get(c->app, c->mesh, kept, &one)) {
        ok = catalog_goal(c->app->govern, asker(c), c->mesh, g, c->a, &s, e);
        if (ok) {
            put_goal(c, &one, &s);
            ok = buf_ok(&one, e);
        }
        if (ok && s.series) /* was asked: what kept it from being asked may pass without a new generation */
            kept_put(c->app, c->mesh, generation, kept, buf_str(&one));
    }
    if (ok)
        put_raw(b, key, buf_str(&one));
    buf_fini(&one);
    return ok;
}

bool shape_goals(struct call *c, struct buf *b, const struct mesh_domain *only, struct err *e)
{
    bool ok = true;
    const struct mesh_goal *star = only ? NULL : c->mesh->north_star;
    put_open(b, "goals", '[');
    if (star)
        ok = shape_goal(c, b, NULL, star, e);
    for (size_t i = 0; ok && i < c->mesh->n_goals; i++) {
        const struct mesh_goal *g = &c->mesh->goals[i];
        if (g != star && (!only || g->domain == only))
            ok = shape_goal(c, b, NULL, g, e);
    }
    put_close(b, ']');
    return ok;
}

static bool answer(struct call *c, struct buf *b, bool ok)
{
    if (ok)
        call_json(c, b);
    else
        buf_fini(b);
    return ok;
}

bool route_goals(struct call *c, struct err *e)
{
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    bool ok = shape_goals(c, &b, NULL, e);
    put_close(&b, '}');
    return answer(c, &b, ok);
}

/* "name" or "domain.name"; a name alone may also be a domain's, where no other goal has it. */
static const struct mesh_goal *find_goal(struct call *c, struct str ref, struct err *e)
{
    const struct mesh *m = c->mesh;
    const struct mesh_goal *found = NULL;
    struct str *known = arena_array(c->a, m->n_goals + 1, sizeof *known);
    size_t n = 0;
    for (size_t i = 0; i < m->n_goals; i++) {
        const struct mesh_goal *g = &m->goals[i];
        known[i] = g->domain ? arena_printf(c->a, "%.*s.%.*s", STR_FMT(g->domain->name), STR_FMT(g->name)) : g->name;
        if (str_eq(known[i], ref))
            return g;
        if (str_eq(g->name, ref)) {
            found = g;
            n++;
        }
    }
    if (n == 1)
        return found;
    if (n > 1) {
        err_set(e, E_USAGE, "%zu domains have a goal %.*s", n, STR_FMT(ref));
        err_hint(e, "say which: domain.%.*s", STR_FMT(ref));
    } else {
        call_missing(e, "goal", ref, known, m->n_goals);
    }
    return NULL;
}

static bool day_param(struct call *c, const char *name, int32_t *out, struct err *e)
{
    struct str text = STR("");
    if (http_query_param(c->req, c->a, name, &text) && clock_parse_date(text, out))
        return true;
    return err_set(e, E_USAGE, "%s must be a day, YYYY-MM-DD", name);
}

static int32_t today_of(const struct mesh *m)
{
    int32_t today = 0;
    return clock_day_of(clock_now_us(), m->time_zone, &today) ? today : (int32_t)(clock_now_us() / 86400000000);
}

/* The value over a span, for freezing a baseline. */
bool route_goal_value(struct call *c, struct err *e)
{
    const struct mesh_goal *g = find_goal(c, c->args[0], e);
    int32_t from, to;
    double value = 0;
    bool known = false;
    if (!g || !day_param(c, "from", &from, e) || !day_param(c, "to", &to, e))
        return false;
    if (to < from)
        return err_set(e, E_USAGE, "the span ends before it begins");
    if (!catalog_goal_value(c->app->govern, asker(c), c->mesh, g, from, to, c->a, &value, &known, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_str(&b, "name", g->name);
    put_opt(&b, "domain", g->domain ? g->domain->name : STR(""));
    if (known) {
        put_raw(&b, "value", arena_printf(c->a, "%.15g", value));
    } else {
        put_null(&b, "value");
    }
    put_day(&b, "from", from);
    put_day(&b, "to", to);
    put_str(&b, "file", g->pos.file);
    put_int(&b, "line", g->pos.line);
    put_bool(&b, "frozen", g->has_baseline);
    put_day(&b, "today", today_of(c->mesh));
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- pacing and naming ---- */
static bool put_pacing(struct call *c, struct buf *b, int32_t today, bool *lasting, struct err *e)
{
    struct pacing p;
    if (!catalog_pacing(c->app->govern, asker(c), c->mesh, today, c->a, &p, e))
        return false;
    *lasting = p.problem.n == 0;
    put_open(b, NULL, '{');
    put_opt(b, "port", p.port ? p.port->ref : STR(""));
    put_opt(b, "problem", call_text(c, p.problem));
    put_open(b, "targets", '[');
    for (size_t i = 0; i < p.n; i++) {
        const struct pace *v = &p.v[i];
        const struct mesh_target *t = v->target;
        put_open(b, NULL, '{');
        put_str(b, "metric", t->metric);
        put_str(b, "platform", t->platform);
        put_str(b, "campaign_id", t->campaign_id);
        put_str(b, "currency", t->currency.n ? t->currency : c->mesh->reporting_currency);
        put_day(b, "from", t->day_from);
        put_day(b, "to", t->day_to);
        put_amount(b, "target", t->amount);
        put_known(b, "actual", v->known, v->actual);
        put_known(b, "expected", v->known, v->expected);
        put_known(b, "projected", v->known, v->projected);
        put_int(b, "days_done", v->days_done);
        put_int(b, "days_all", v->days_all);
        put_day(b, "last_day", v->known ? v->last_day : 0);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
    return buf_ok(b, e);
}

bool route_pacing(struct call *c, struct err *e)
{
    uint64_t generation = atomic_load(&c->app->generation);
    int32_t today = today_of(c->mesh);
    struct buf b = call_buf();
    bool ok = true, lasting = false;
    struct str key = arena_printf(c->a, "pacing/%d", (int)today);
    if (!kept_get(c->app, c->mesh, key, &b)) {
        ok = put_pacing(c, &b, today, &lasting, e);
        if (ok && lasting)
            kept_put(c->app, c->mesh, generation, key, buf_str(&b));
    }
    return answer(c, &b, ok);
}

static bool put_naming(struct call *c, struct buf *b, size_t limit, bool *lasting, struct err *e)
{
    const struct mesh *m = c->mesh;
    struct naming n;
    if (!catalog_naming(c->app->govern, asker(c), m, limit, c->a, &n, e))
        return false;
    *lasting = n.problem.n == 0;
    put_open(b, NULL, '{');
    put_opt(b, "problem", call_text(c, n.problem));
    put_open(b, "rules", '[');
    for (size_t i = 0; i < m->n_naming; i++) {
        const struct mesh_naming_rule *r = &m->naming[i];
        put_open(b, NULL, '{');
        put_str(b, "name", r->name);
        put_str(b, "subject", r->subject);
        put_opt(b, "example", r->example);
        put_opt(b, "message", r->message);
        put_str(b, "severity", r->severity);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_int(b, "total", (int64_t)n.total);
    put_str(b, "currency", m->reporting_currency);
    put_open(b, "items", '[');
    for (size_t i = 0; i < n.n; i++) {
        const struct mistag *v = &n.v[i];
        put_open(b, NULL, '{');
        put_str(b, "rule", v->rule->name);
        put_str(b, "platform", v->platform);
        put_str(b, "id", v->subject_id);
        put_str(b, "name", v->name);
        put_str(b, "problem", v->problem);
        put_known(b, "spend", v->spend_known, v->spend);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_close(b, '}');
    return buf_ok(b, e);
}

bool route_naming(struct call *c, struct err *e)
{
    uint64_t generation = atomic_load(&c->app->generation);
    int64_t limit;
    struct buf b = call_buf();
    bool lasting = false;
    if (!call_int(c, "limit", NAMING_SHOWN, 1, NAMING_MAX, &limit, e))
        return false;
    struct str key = arena_printf(c->a, "naming/%lld", (long long)limit);
    bool ok = true;
    if (!kept_get(c->app, c->mesh, key, &b)) {
        ok = put_naming(c, &b, (size_t)limit, &lasting, e);
        if (ok && lasting)
            kept_put(c->app, c->mesh, generation, key, buf_str(&b));
    }
    return answer(c, &b, ok);
}
