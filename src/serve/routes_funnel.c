/* Funnels, who comes back, the ways that people take, and what may be a step of them. All of it is read as who asks (src/measure). */
#include "serve/put.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "base/json.h"
#include "measure/funnel.h"
#include "measure/path_tree.h"
#include "measure/retention.h"
#include "mesh/units.h"

enum { KNOWN_LIMIT = 200, KNOWN_LIMIT_MAX = 5000 };

/* ---- what is asked ---- */

/* From the moment on when a question can be called off, the client's leaving does so. */
static void call_off(void *ctx)
{
    govern_result_cancel(ctx);
}

static void watch(void *ctx, struct govern_result *r)
{
    http_reply_on_gone(ctx, r ? call_off : NULL, r);
}

static struct metric_asker asker(struct call *c, struct str purpose)
{
    return (struct metric_asker){.gate = c->app->govern, .who = &c->who, .purpose = purpose.n ? arena_str(c->a, purpose) : call_purpose(c), .mesh = c->mesh};
}

/* A misspelt member must not pass for one left out, nor a number for a text. */
struct member { const char *name; char kind; }; /* s text, i whole number, b boolean, a texts */

static bool fits(char kind, yyjson_val *v)
{
    if (yyjson_is_null(v))
        return true;
    bool texts = yyjson_is_arr(v);
    size_t i, max;
    yyjson_val *x;
    if (kind == 'a')
        yyjson_arr_foreach(v, i, max, x) texts = texts && yyjson_is_str(x);
    return kind == 's' ? yyjson_is_str(v) : kind == 'i' ? yyjson_is_int(v) : kind == 'b' ? yyjson_is_bool(v) : texts;
}

static bool check_body(yyjson_val *root, const struct member *members, size_t n, struct err *e)
{
    struct str names[16];
    size_t i, max;
    yyjson_val *key, *v;
    if (!yyjson_is_obj(root))
        return err_set(e, E_USAGE, "the body must be a JSON object");
    for (size_t k = 0; k < n; k++)
        names[k] = str_of(members[k].name);
    yyjson_obj_foreach(root, i, max, key, v)
    {
        struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
        size_t k = 0;
        while (k < n && !str_eq(names[k], name))
            k++;
        if (k == n) {
            int near = str_nearest(name, names, n);
            err_set(e, E_USAGE, "unknown member %.*s", STR_FMT(name));
            if (near >= 0)
                err_hint(e, "did you mean %s?", members[near].name);
            return false;
        }
        if (!fits(members[k].kind, v))
            return err_set(e, E_USAGE, "member %s must be %s", members[k].name,
                           members[k].kind == 's'   ? "a text"
                           : members[k].kind == 'i' ? "a whole number"
                           : members[k].kind == 'b' ? "true or false"
                                                    : "a list of texts");
    }
    return true;
}

static bool day_of(yyjson_val *root, const char *name, bool *has, int32_t *out, struct err *e)
{
    struct str text = json_str(root, name);
    *has = text.n > 0;
    return !text.n || clock_parse_date(text, out) || err_set(e, E_USAGE, "%s must be a day, YYYY-MM-DD; not %.*s", name, STR_FMT(text));
}

static bool window_of(yyjson_val *root, int64_t *out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(root, "window");
    *out = 0;
    if (!v || yyjson_is_null(v) || (unit_seconds(json_str(root, "window"), out) && *out > 0))
        return true;
    err_set(e, E_USAGE, "the window '%.*s' is no span of time", STR_FMT(json_str(root, "window")));
    return err_hint(e, "7d, 12h, 30min"), false;
}

static bool by_of(const struct metric_asker *who, yyjson_val *root, bool *has, enum step_dimension *out, struct err *e)
{
    struct str text = json_str(root, "by");
    *has = text.n > 0;
    return !text.n || step_dimension_read(who, text, out, e);
}

static struct str text_of(struct call *c, yyjson_val *root, const char *name)
{
    return arena_str(c->a, str_trim(json_str(root, name)));
}

static struct str *texts_of(struct call *c, yyjson_val *list, size_t *n)
{
    struct str *v = arena_array(c->a, yyjson_arr_size(list) + 1, sizeof *v);
    size_t i, max;
    yyjson_val *x;
    *n = 0;
    yyjson_arr_foreach(list, i, max, x) v[(*n)++] = arena_str(c->a, (struct str){yyjson_get_str(x), yyjson_get_len(x)});
    return v;
}

/* ---- what is answered ---- */

static void put_step(struct buf *b, const char *key, const struct step *s)
{
    if (key)
        put_open(b, key, '{');
    put_str(b, "step", s->text);
    put_str(b, "title", s->title);
    put_str(b, "kind", str_of(step_kind_name(s->kind)));
    if (key)
        put_close(b, '}');
}

static bool put_ports(struct call *c, struct buf *b, const struct str *refs, size_t n, struct err *e)
{
    const struct build_port_status *states = call_states(c, e);
    if (!states)
        return false;
    put_open(b, "ports", '[');
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < c->mesh->n_ports; p++) {
            if (!str_eq(c->mesh->ports[p]->ref, refs[i]))
                continue;
            put_open(b, NULL, '{');
            put_str(b, "ref", refs[i]);
            put_str(b, "state", str_of(port_state_text(states[p].state)));
            put_opt(b, "data_to", states[p].data_to);
            put_time(b, "built_at", states[p].built_at_us);
            put_close(b, '}');
        }
    put_close(b, ']');
    return true;
}

static void put_span(struct buf *b, const struct steps_span *s, int64_t newest_us)
{
    put_str(b, "from", str_of(clock_date(s->from).z));
    put_str(b, "to", str_of(clock_date(s->to).z));
    put_bool(b, "range_given", s->given);
    put_time(b, "data_to", newest_us);
}

/* ---- GET /api/v1/funnels/steps ---- */

bool route_funnel_steps(struct call *c, struct err *e)
{
    struct metric_asker who = asker(c, STR(""));
    struct step_known *v;
    struct str q = STR("");
    size_t n;
    int64_t limit;
    http_query_param(c->req, c->a, "q", &q);
    if (!call_int(c, "limit", KNOWN_LIMIT, 1, KNOWN_LIMIT_MAX, &limit, e) || !steps_known(&who, str_trim(q), (size_t)limit, c->a, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "steps", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "step", v[i].step);
        put_str(&b, "title", v[i].title);
        put_str(&b, "kind", str_of(step_kind_name(v[i].kind)));
        put_int(&b, "count", v[i].count);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_open(&b, "dimensions", '[');
    for (int d = 0; d < STEP_DIMENSIONS; d++) {
        if (!step_dimension_there(&who, (enum step_dimension)d))
            continue;
        put_open(&b, NULL, '{');
        put_str(&b, "name", str_of(step_dimension_name((enum step_dimension)d)));
        put_str(&b, "title", str_of(step_dimension_title((enum step_dimension)d)));
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- POST /api/v1/funnel ---- */

static void put_funnel(struct buf *b, const struct funnel_ask *ask, const struct funnel *f)
{
    put_open(b, "steps", '[');
    for (size_t i = 0; i < f->n; i++) {
        const struct funnel_step *s = &f->steps[i];
        put_open(b, NULL, '{');
        put_step(b, NULL, &s->step);
        put_int(b, "people", s->people);
        put_num(b, "rate", s->rate);
        put_num(b, "rate_before", s->rate_before);
        s->has_median ? put_num(b, "median_s", s->median_s) : put_null(b, "median_s");
        put_int(b, "dropped", s->dropped);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_opt(b, "dimension", ask->has_by ? str_of(step_dimension_name(ask->by)) : STR(""));
    put_open(b, "by", '[');
    for (size_t i = 0; i < f->n_by; i++) {
        put_open(b, NULL, '{');
        put_opt(b, "key", f->by[i].key);
        put_bool(b, "rest", f->by[i].rest);
        put_open(b, "people", '[');
        for (size_t s = 0; s < f->n; s++)
            put_int(b, NULL, f->by[i].people[s]);
        put_close(b, ']');
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "reasons", '[');
    for (size_t i = 0; i < f->n_reasons; i++) {
        const struct funnel_reason *r = &f->reasons[i];
        put_open(b, NULL, '{');
        put_int(b, "step", r->step);
        put_str(b, "dimension", str_of(step_dimension_name(r->dimension)));
        put_str(b, "title", str_of(step_dimension_title(r->dimension)));
        put_str(b, "value", r->value);
        put_int(b, "people", r->people);
        put_num(b, "rate", r->rate);
        put_num(b, "others", r->others);
        put_num(b, "share_of_loss", r->share_of_loss);
        put_num(b, "p", r->p);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_int(b, "looked_at", f->looked_at);
    put_int(b, "window_s", f->window_s);
    put_int(b, "unfinished", f->unfinished);
}

bool route_funnel(struct call *c, struct err *e)
{
    static const struct member members[] = {{"steps", 'a'}, {"window", 's'}, {"by", 's'}, {"from", 's'}, {"to", 's'}, {"where", 's'}, {"as_of", 's'}, {"purpose", 's'}, {"reasons", 'b'}};
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct funnel_ask ask = {.watch = watch, .watch_ctx = c->reply};
    struct funnel f;
    bool good = doc && check_body(root, members, sizeof members / sizeof *members, e);
    struct metric_asker who = asker(c, good ? json_str(root, "purpose") : STR(""));
    good = good && window_of(root, &ask.window_s, e) && day_of(root, "from", &ask.has_from, &ask.from, e) && day_of(root, "to", &ask.has_to, &ask.to, e) &&
           by_of(&who, root, &ask.has_by, &ask.by, e);
    if (good) {
        ask.steps = texts_of(c, yyjson_obj_get(root, "steps"), &ask.n);
        ask.where = text_of(c, root, "where");
        ask.as_of = text_of(c, root, "as_of");
        ask.no_reasons = !json_bool(root, "reasons", true);
    }
    yyjson_doc_free(doc);
    int64_t started = clock_mono_us();
    if (!good || !funnel_run(&who, &ask, c->a, &f, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_funnel(&b, &ask, &f);
    put_span(&b, &f.span, f.newest_us);
    put_texts(&b, "notes", f.notes, f.n_notes);
    if (!put_ports(c, &b, f.ports, f.n_ports, e)) {
        buf_fini(&b);
        return false;
    }
    put_int(&b, "elapsed_ms", (clock_mono_us() - started) / 1000);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- POST /api/v1/cohorts ---- */

static void put_rates(struct buf *b, const struct retention *r, const struct retention_group *g)
{
    put_int(b, "size", g->size);
    put_open(b, "rates", '[');
    for (int k = 0; k < r->periods; k++)
        g->rates[k].known ? put_num(b, NULL, g->rates[k].rate) : put_null(b, NULL);
    put_close(b, ']');
}

/* Periods that have not begun have no count; from `whole` on they are not over, and what they say is not yet what it will be. */
static void put_retention(struct buf *b, const struct retention_ask *ask, const struct retention *r)
{
    put_step(b, "first", &r->first);
    put_step(b, "again", &r->again);
    put_str(b, "grain", str_of(metric_grain_text(r->grain)));
    put_str(b, "kind", str_of(retention_kind_name(r->kind)));
    put_int(b, "periods", r->periods);
    put_open(b, "cohorts", '[');
    for (size_t i = 0; i < r->n; i++) {
        const struct retention_cohort *x = &r->cohorts[i];
        put_open(b, NULL, '{');
        put_str(b, "cohort", str_of(clock_date(x->start).z));
        put_int(b, "size", x->size);
        put_open(b, "kept", '[');
        for (int k = 0; k < r->periods; k++)
            k < x->begun ? put_int(b, NULL, x->kept[k]) : put_null(b, NULL);
        put_close(b, ']');
        put_int(b, "whole", x->whole < r->periods ? x->whole : r->periods);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "all", '{');
    put_rates(b, r, &r->all);
    put_close(b, '}');
    put_opt(b, "dimension", ask->has_by ? str_of(step_dimension_name(ask->by)) : STR(""));
    put_open(b, "by", '[');
    for (size_t i = 0; i < r->n_by; i++) {
        put_open(b, NULL, '{');
        put_opt(b, "key", r->by[i].key);
        put_bool(b, "rest", r->by[i].rest);
        put_rates(b, r, &r->by[i]);
        put_close(b, '}');
    }
    put_close(b, ']');
}

static bool kinds_of(yyjson_val *root, struct retention_ask *ask, struct err *e)
{
    struct str kind = json_str(root, "kind"), grain = json_str(root, "grain");
    int64_t periods = json_int(root, "periods", 0);
    yyjson_val *given = yyjson_obj_get(root, "periods");
    if (kind.n && !retention_kind_from(kind, &ask->kind))
        return err_set(e, E_USAGE, "kind is one of n_day, unbounded, rolling; not %.*s", STR_FMT(kind));
    if (grain.n && (!metric_grain_from(grain, &ask->grain) || ask->grain == GRAIN_NONE))
        return err_set(e, E_USAGE, "grain is one of day, week, month, quarter, year; not %.*s", STR_FMT(grain));
    if (given && !yyjson_is_null(given) && (periods < 1 || periods > RETENTION_PERIODS_MAX))
        return err_set(e, E_USAGE, "periods is a number from 1 to %d", RETENTION_PERIODS_MAX);
    ask->periods = (int)periods;
    return true;
}

bool route_cohorts(struct call *c, struct err *e)
{
    static const struct member members[] = {{"first", 's'}, {"again", 's'}, {"grain", 's'}, {"kind", 's'}, {"periods", 'i'}, {"by", 's'}, {"from", 's'}, {"to", 's'}, {"where", 's'}, {"as_of", 's'}, {"purpose", 's'}};
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct retention_ask ask = {.watch = watch, .watch_ctx = c->reply};
    struct retention *r = arena_alloc(c->a, sizeof *r);
    bool good = doc && check_body(root, members, sizeof members / sizeof *members, e);
    struct metric_asker who = asker(c, good ? json_str(root, "purpose") : STR(""));
    good = good && kinds_of(root, &ask, e) && day_of(root, "from", &ask.has_from, &ask.from, e) && day_of(root, "to", &ask.has_to, &ask.to, e) &&
           by_of(&who, root, &ask.has_by, &ask.by, e);
    if (good) {
        ask.first = text_of(c, root, "first");
        ask.again = text_of(c, root, "again");
        ask.where = text_of(c, root, "where");
        ask.as_of = text_of(c, root, "as_of");
    }
    yyjson_doc_free(doc);
    int64_t started = clock_mono_us();
    if (!good || !retention_run(&who, &ask, c->a, r, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_retention(&b, &ask, r);
    put_span(&b, &r->span, r->newest_us);
    if (!put_ports(c, &b, r->ports, r->n_ports, e)) {
        buf_fini(&b);
        return false;
    }
    put_int(&b, "elapsed_ms", (clock_mono_us() - started) / 1000);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- POST /api/v1/paths ---- */

static bool number_of(yyjson_val *root, const char *name, int64_t min, int64_t max, int64_t otherwise, int *out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(root, name);
    int64_t x = json_int(root, name, otherwise);
    *out = (int)x;
    return !v || yyjson_is_null(v) || (x >= min && x <= max) || err_set(e, E_USAGE, "%s is a number from %lld to %lld", name, (long long)min, (long long)max);
}

static void put_tree(struct buf *b, const struct path_tree *t)
{
    put_open(b, "nodes", '[');
    for (size_t i = 0; i < t->n; i++) {
        const struct path_node *x = &t->nodes[i];
        put_open(b, NULL, '{');
        put_int(b, "id", (int64_t)i);
        put_opt(b, "step", x->rest ? STR("") : t->labels[x->label].step);
        put_str(b, "title", x->rest ? STR("Others") : t->labels[x->label].title);
        put_bool(b, "rest", x->rest);
        put_int(b, "depth", x->depth);
        put_int(b, "people", x->people);
        put_int(b, "ends", x->ends);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_open(b, "edges", '[');
    for (size_t i = 1; i < t->n; i++) {
        put_open(b, NULL, '{');
        put_int(b, "from", (int64_t)t->nodes[i].parent);
        put_int(b, "to", (int64_t)i);
        put_int(b, "people", t->nodes[i].people);
        put_close(b, '}');
    }
    put_close(b, ']');
}

bool route_paths(struct call *c, struct err *e)
{
    static const struct member members[] = {{"start", 's'}, {"end", 's'}, {"of", 's'}, {"steps", 'i'}, {"limit", 'i'}, {"window", 's'}, {"collapse", 'b'}, {"from", 's'}, {"to", 's'}, {"as_of", 's'}, {"purpose", 's'}};
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct path_ask ask = {.watch = watch, .watch_ctx = c->reply};
    struct path_tree t;
    bool good = doc && check_body(root, members, sizeof members / sizeof *members, e);
    struct metric_asker who = asker(c, good ? json_str(root, "purpose") : STR(""));
    good = good && window_of(root, &ask.window_s, e) && day_of(root, "from", &ask.has_from, &ask.from, e) && day_of(root, "to", &ask.has_to, &ask.to, e) &&
           number_of(root, "steps", 1, PATH_DEPTH_MAX, 5, &ask.depth, e) && number_of(root, "limit", 1, PATH_FANOUT_MAX, 5, &ask.limit, e) &&
           path_of_read(json_str(root, "of"), &ask.of, e);
    if (good) {
        ask.start = text_of(c, root, "start");
        ask.end = text_of(c, root, "end");
        ask.as_of = text_of(c, root, "as_of");
        ask.collapse = json_bool(root, "collapse", false);
    }
    yyjson_doc_free(doc);
    int64_t started = clock_mono_us();
    if (!good || !path_tree_run(&who, &ask, c->a, &t, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_tree(&b, &t);
    put_step(&b, t.backwards ? "end" : "start", &t.start);
    put_str(&b, "of", str_of(path_of_name(t.of)));
    put_int(&b, "window_s", t.window_s);
    put_span(&b, &t.span, t.newest_us);
    if (!put_ports(c, &b, t.ports, t.n_ports, e)) {
        buf_fini(&b);
        return false;
    }
    put_int(&b, "elapsed_ms", (clock_mono_us() - started) / 1000);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
