/* The tracking plan of one source: which contract an event answers to, what breaks it, and its planned properties as typed
 * cells. Contracts are compiled once (plan_compile.c), values are held to them in plan_value.c. */
#include "events/plan_int.h"

static uint64_t key_hash(enum event_stream stream, struct str event)
{
    return str_hash(event) ^ ((uint64_t)stream * UINT64_C(0x9E3779B97F4A7C15));
}

static bool is_all(struct str event)
{
    return event.n == 0 || str_eq(event, STR("*"));
}

static void table_put(struct plan *p, size_t i)
{
    const struct plan_event *ev = &p->events[i];
    size_t place = plan_stream_place(ev->stream);
    if (is_all(ev->event)) {
        p->all[place] = ev;
        return;
    }
    p->streams[place].named = true;
    size_t at = key_hash(ev->stream, ev->event) & (p->table_size - 1);
    while (p->table[at])
        at = (at + 1) & (p->table_size - 1);
    p->table[at] = i + 1;
}

static const struct plan_event *event_find(const struct plan *p, enum event_stream stream, struct str event)
{
    for (size_t at = key_hash(stream, event) & (p->table_size - 1); p->table[at]; at = (at + 1) & (p->table_size - 1)) {
        const struct plan_event *ev = &p->events[p->table[at] - 1];
        if (ev->stream == stream && str_eq(ev->event, event))
            return ev;
    }
    return p->all[plan_stream_place(stream)];
}

struct plan *plan_new(const struct mesh_source *s)
{
    struct plan *p = mem_alloc(sizeof *p);
    arena_init(&p->arena);
    p->source = s;
    p->events = arena_array(&p->arena, s->events->n_planned + 1, sizeof *p->events);
    for (p->table_size = 16; p->table_size < 2 * s->events->n_planned; p->table_size *= 2)
        ;
    p->table = arena_array(&p->arena, p->table_size, sizeof *p->table);
    plan_columns_make(p);
    for (size_t i = 0; i < s->events->n_planned; i++) {
        plan_compile(p, &s->events->planned[i], &p->events[p->n_events++]);
        table_put(p, i);
    }
    return p;
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_patterns; i++)
        pattern_free(p->patterns[i]);
    mem_free(p->patterns);
    arena_fini(&p->arena);
    mem_free(p);
}

size_t plan_columns(const struct plan *p, enum event_stream stream, const struct plan_column **out)
{
    const struct plan_stream *st = &p->streams[plan_stream_place(stream)];
    *out = st->columns;
    return st->n_columns;
}

/* Calls without a name of their own are never unplanned; pages and screens only beside others that the plan names. */
static bool is_unplanned(const struct plan *p, const struct event *ev)
{
    if (p->source->events->unplanned != UNPLANNED_QUARANTINE)
        return false;
    return ev->stream == EVENT_TRACK ||
           (ev->stream & (EVENT_PAGE | EVENT_SCREEN) && p->streams[plan_stream_place(ev->stream)].named);
}

static struct str event_name(const struct event *ev)
{
    const struct event_cell *c = &ev->cells[ev->stream == EVENT_TRACK ? EVENT_EVENT : EVENT_NAME];
    return (ev->stream & (EVENT_TRACK | EVENT_PAGE | EVENT_SCREEN)) && c->set ? c->s : STR("");
}

/* The section that a path begins in; *from is the first step inside of it. */
static yyjson_val *root_of(const struct event *ev, const struct plan_step *steps, size_t n, size_t *from)
{
    const struct {
        struct str name;
        yyjson_val *v;
    } roots[] = {{STR("properties"), ev->properties}, {STR("traits"), ev->traits}, {STR("context"), ev->context}};
    *from = 1;
    for (size_t k = 0; k < sizeof roots / sizeof *roots && n; k++)
        if (str_eq(steps[0].key, roots[k].name))
            return roots[k].v;
    *from = 0;
    return ev->whole;
}

static yyjson_val *step_into(yyjson_val *v, const struct plan_step *s)
{
    if (s->index == PLAN_MEMBER)
        return yyjson_obj_getn(v, s->key.p, s->key.n);
    return s->index == PLAN_EACH ? NULL : yyjson_arr_get(v, (size_t)s->index);
}

/* Follows the steps of a path to its value, or to each of its values, and checks it there. */
static void spec_check(struct plan_run *r, const struct plan_spec *s, yyjson_val *v, size_t step, const struct plan_place *at)
{
    size_t i, max;
    yyjson_val *item;
    if (step == s->n_steps) {
        plan_value_check(r, s, v, at);
        return;
    }
    struct plan_place here = {at, s->steps[step].key, s->steps[step].index, true};
    if (here.index != PLAN_EACH) {
        spec_check(r, s, step_into(v, &s->steps[step]), step + 1, &here);
        return;
    }
    yyjson_arr_foreach(v, i, max, item)
    {
        here.index = (int64_t)i;
        spec_check(r, s, item, step + 1, &here);
    }
}

static void cell_fill(struct plan_run *r, const struct plan_cell *c, enum event_stream stream, struct event *ev)
{
    const struct plan_stream *st = &r->plan->streams[plan_stream_place(stream)];
    struct plan_place at = {NULL, c->path, PLAN_MEMBER, true};
    size_t i;
    yyjson_val *v = root_of(ev, c->steps, c->n_steps, &i);
    for (; i < c->n_steps && v; i++)
        v = step_into(v, &c->steps[i]);
    if (v && !yyjson_is_null(v) && !plan_cell_fill(st->types[c->column], v, r->a, &ev->planned[c->column]))
        plan_violation(r, "out_of_range", &at, "does not go into its column, which is %.*s",
                       STR_FMT(st->columns[c->column].type));
}

static void contract_check_event(struct plan_run *r, const struct plan_event *e, struct event *ev)
{
    for (size_t i = 0; i < e->n_specs; i++) {
        size_t from;
        yyjson_val *v = root_of(ev, e->specs[i].steps, e->specs[i].n_steps, &from);
        struct plan_place top = {NULL, from ? e->specs[i].steps[0].key : STR(""), PLAN_MEMBER, true};
        spec_check(r, &e->specs[i], v, from, from ? &top : NULL);
    }
    struct str section = plan_section(e->stream);
    struct plan_place top = {NULL, section, PLAN_MEMBER, true};
    if (e->closed)
        plan_members_check(r, str_eq(section, STR("traits")) ? ev->traits : ev->properties, e->known, e->n_known, &top);
    for (size_t i = 0; i < e->n_cells && !r->n; i++) /* what breaks its contract gets no row */
        cell_fill(r, &e->cells[i], e->stream, ev);
}

bool plan_check(const struct plan *p, struct event *ev, struct arena *a, struct plan_violation **out, size_t *n)
{
    const struct plan_stream *st = &p->streams[plan_stream_place(ev->stream)];
    struct plan_run r = {.plan = p, .a = a};
    const struct plan_event *e = event_find(p, ev->stream, event_name(ev));
    if (st->n_columns)
        ev->planned = arena_array(a, st->n_columns, sizeof *ev->planned);
    if (e) {
        contract_check_event(&r, e, ev);
    } else if (is_unplanned(p, ev)) {
        struct plan_place at = {NULL, ev->stream == EVENT_TRACK ? STR("event") : STR("name"), PLAN_MEMBER, true};
        plan_violation(&r, "unplanned", &at, "is not in the tracking plan of this source");
    }
    *out = r.v;
    *n = r.n;
    return r.n == 0;
}
