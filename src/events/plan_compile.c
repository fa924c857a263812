/* The contract of an event type, from its document to a tree that is walked beside the event: types, bounds, patterns, allowed
 * values, nested members and items. Done once for each declaration. */
#include "events/plan_int.h"

#include "base/log.h"
#include "contract/contract.h"

static const struct {
    const char *word;
    enum plan_kind kind;
} kinds[] = {
    {"string", PLAN_STRING},
    {"number", PLAN_NUMBER},
    {"integer", PLAN_INTEGER},
    {"boolean", PLAN_BOOLEAN},
    {"date", PLAN_DATE},
    {"timestamp", PLAN_TIMESTAMP},
    {"time", PLAN_TIME},
    {"object", PLAN_OBJECT},
    {"array", PLAN_ARRAY},
    /* physical types, where no logical one is given */
    {"VARCHAR", PLAN_STRING},
    {"DECIMAL", PLAN_NUMBER},
    {"DOUBLE", PLAN_NUMBER},
    {"FLOAT", PLAN_NUMBER},
    {"BIGINT", PLAN_INTEGER},
    {"INTEGER", PLAN_INTEGER},
    {"SMALLINT", PLAN_INTEGER},
    {"TINYINT", PLAN_INTEGER},
    {"BOOLEAN", PLAN_BOOLEAN},
    {"DATE", PLAN_DATE},
    {"TIMESTAMP", PLAN_TIMESTAMP},
    {"TIMESTAMP WITH TIME ZONE", PLAN_TIMESTAMP},
};

struct making {
    struct plan *p;
    const struct doc *d;
    bool closed; /* of the whole contract */
};

static enum plan_kind kind_of(const struct making *m, const struct doc_node *n)
{
    struct str word = doc_str(m->d, n, "logicalType"), rest;
    if (!word.n) {
        word = doc_str(m->d, n, "physicalType");
        word = str_trim(str_cut(word, '(', &rest));
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq_nocase(word, str_of(kinds[i].word)))
            return kinds[i].kind;
    return PLAN_ANY;
}

/* A pattern is found anywhere in the value, as in JSON Schema and in checks of tables. */
static void pattern_add(const struct making *m, struct plan_spec *s, struct str text, struct str format)
{
    struct plan *p = m->p;
    struct pattern *is;
    struct err e = {0};
    if (!pattern_new(text, 0, &is, &e))
        log_event(LOG_WARN, "events", "plan_pattern", "source=%.*s member=%.*s %s", STR_FMT(p->source->name), STR_FMT(s->key),
                  e.text);
    if (is && p->n_patterns == p->cap_patterns) {
        p->cap_patterns = p->cap_patterns ? 2 * p->cap_patterns : 16;
        p->patterns = mem_realloc(p->patterns, p->cap_patterns * sizeof(*p->patterns));
    }
    if (is)
        p->patterns[p->n_patterns++] = is;
    struct plan_pattern *grown = arena_array(&p->arena, s->n_patterns + 1, sizeof *grown);
    if (s->n_patterns)
        memcpy(grown, s->patterns, s->n_patterns * sizeof *grown);
    grown[s->n_patterns++] = (struct plan_pattern){is, format};
    s->patterns = grown;
}

static void bound_set(const struct plan_spec *s, struct plan_bound *b, struct str text, bool exclusive)
{
    int parts = s->kind == PLAN_DATE   ? PLAN_MOMENT_DATE
                : s->kind == PLAN_TIME ? PLAN_MOMENT_TIME
                                       : PLAN_MOMENT_DATE | PLAN_MOMENT_TIME;
    struct plan_bound made = {.exclusive = exclusive, .text = text};
    if (s->kind == PLAN_NUMBER || s->kind == PLAN_INTEGER)
        made.set = plan_number_parse(text, &made.number);
    else
        made.set = plan_moment_parse(text, parts, &made.us) ||
                   (s->kind == PLAN_TIMESTAMP && plan_moment_parse(text, PLAN_MOMENT_DATE, &made.us));
    if (made.set)
        *b = made;
}

/* Dates and times in a form of their own: texts like any other here, without a typed value. */
static bool own_form(enum plan_kind kind, struct str format)
{
    struct str begin = kind == PLAN_TIME ? STR("HH:mm") : STR("yyyy-MM-dd");
    return (kind == PLAN_DATE || kind == PLAN_TIMESTAMP || kind == PLAN_TIME) && format.n &&
           !str_eq_nocase((struct str){format.p, format.n < begin.n ? format.n : begin.n}, begin);
}

static void format_set(const struct making *m, struct plan_spec *s, struct str logical, struct str format)
{
    const struct contract_format *f = contract_format_find(logical, format);
    if (own_form(s->kind, format))
        s->kind = PLAN_STRING;
    if (f && f->pattern)
        pattern_add(m, s, str_of(f->pattern), format);
    if (f && f->low && !s->low.set)
        bound_set(s, &s->low, str_of(f->low), false);
    if (f && f->high && !s->high.set)
        bound_set(s, &s->high, str_of(f->high), false);
}

static void texts_set(const struct making *m, const struct doc_node *list, struct str **out, size_t *n)
{
    *out = arena_array(&m->p->arena, list->n_children + 1, sizeof **out);
    for (const struct doc_node *v = doc_first(m->d, list); v; v = doc_next(m->d, v))
        if (v->kind != DOC_NULL)
            (*out)[(*n)++] = doc_text(m->d, v);
}

static void options_set(const struct making *m, struct plan_spec *s, const struct doc_node *n)
{
    const struct doc_node *given = doc_get(m->d, n, "logicalTypeOptions");
    struct str format = {NULL, 0};
    const struct {
        const char *key;
        int64_t *into;
    } sizes[] = {
        {"minLength", &s->length.least},           {"maxLength", &s->length.most},
        {"minItems", &s->items_size.least},        {"maxItems", &s->items_size.most},
        {"minProperties", &s->members_size.least}, {"maxProperties", &s->members_size.most},
    };
    const struct {
        const char *key;
        struct plan_bound *into;
        bool exclusive;
    } bounds[] = {
        {"minimum", &s->low, false},
        {"maximum", &s->high, false},
        {"exclusiveMinimum", &s->low, true},
        {"exclusiveMaximum", &s->high, true},
    };
    for (const struct doc_node *o = given ? doc_first(m->d, given) : NULL; o; o = doc_next(m->d, o)) {
        struct str key = doc_key(m->d, o), text = doc_text(m->d, o);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            if (str_eq(key, str_of(sizes[i].key)))
                *sizes[i].into = o->v.i;
        for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
            if (str_eq(key, str_of(bounds[i].key)))
                bound_set(s, bounds[i].into, text, bounds[i].exclusive);
        if (str_eq(key, STR("pattern")))
            pattern_add(m, s, text, STR(""));
        else if (str_eq(key, STR("format")))
            format = text;
        else if (str_eq(key, STR("multipleOf")))
            s->has_multiple = plan_number_parse(text, &s->multiple_of) && s->multiple_of.digits && !s->multiple_of.negative;
        else if (str_eq(key, STR("uniqueItems")))
            s->unique_items = o->v.b;
        else if (str_eq(key, STR("required")) && o->kind == DOC_SEQ)
            texts_set(m, o, &s->needed, &s->n_needed);
    }
    if (format.n)
        format_set(m, s, doc_str(m->d, n, "logicalType"), format);
}

/* A rule that allows no value at fault holds for every event; one that allows a share of them speaks of tables. */
static bool tolerates_none(const struct making *m, const struct doc_node *rule)
{
    const struct doc_node *be = doc_get(m->d, rule, "mustBe"), *less = doc_get(m->d, rule, "mustBeLessThan"),
                          *most = doc_get(m->d, rule, "mustBeLessOrEqualTo");
    struct str severity = doc_str(m->d, rule, "severity");
    if (severity.n && !str_eq_nocase(severity, STR("error")))
        return false;
    return (be && be->kind == DOC_INT && be->v.i == 0) || (most && most->kind == DOC_INT && most->v.i == 0) ||
           (less && less->kind == DOC_INT && less->v.i == 1 && !str_starts(doc_str(m->d, rule, "unit"), STR("percent")));
}

static void allowed_set(const struct making *m, struct plan_spec *s, const struct doc_node *list)
{
    s->allowed = arena_array(&m->p->arena, list->n_children + 1, sizeof *s->allowed);
    s->n_allowed = 0;
    for (const struct doc_node *v = doc_first(m->d, list); v; v = doc_next(m->d, v)) {
        struct plan_allowed *a = &s->allowed[s->n_allowed++];
        a->text = doc_text(m->d, v);
        a->is_number = (v->kind == DOC_INT || v->kind == DOC_FLOAT) && plan_number_parse(a->text, &a->number);
    }
}

static void quality_set(const struct making *m, struct plan_spec *s, const struct doc_node *n)
{
    const struct doc_node *list = doc_get(m->d, n, "quality");
    for (const struct doc_node *rule = list ? doc_first(m->d, list) : NULL; rule; rule = doc_next(m->d, rule)) {
        struct str metric = doc_str(m->d, rule, "metric");
        const struct doc_node *arguments = doc_get(m->d, rule, "arguments"), *v;
        metric = metric.n ? metric : doc_str(m->d, rule, "rule");
        if (arguments && arguments->kind != DOC_MAP)
            arguments = NULL;
        if (!tolerates_none(m, rule))
            continue;
        if (str_eq(metric, STR("nullValues")) || str_eq(metric, STR("missingValues")))
            s->required = true;
        if (str_eq(metric, STR("missingValues")) && arguments && (v = doc_get(m->d, arguments, "missingValues")) != NULL)
            texts_set(m, v, &s->missing, &s->n_missing);
        if (str_eq(metric, STR("invalidValues")) && arguments && (v = doc_get(m->d, arguments, "validValues")) != NULL)
            allowed_set(m, s, v);
        if (str_eq(metric, STR("invalidValues")) && arguments && (v = doc_get(m->d, arguments, "pattern")) != NULL)
            pattern_add(m, s, doc_text(m->d, v), STR(""));
    }
}

static const struct doc_node *custom(const struct making *m, const struct doc_node *n, const char *name)
{
    const struct doc_node *list = doc_get(m->d, n, "customProperties");
    for (const struct doc_node *c = list ? doc_first(m->d, list) : NULL; c; c = doc_next(m->d, c))
        if (str_eq(doc_str(m->d, c, "property"), str_of(name)))
            return doc_get(m->d, c, "value");
    return NULL;
}

static void spec_make(const struct making *m, const struct doc_node *n, struct plan_spec *s)
{
    const struct doc_node *properties = doc_get(m->d, n, "properties"), *items = doc_get(m->d, n, "items"),
                          *open = custom(m, n, "trellisOpen");
    s->length = s->items_size = s->members_size = (struct plan_size){-1, -1};
    s->kind = kind_of(m, n);
    s->required = doc_bool(m->d, n, "required", false);
    options_set(m, s, n);
    quality_set(m, s, n);
    if (properties && properties->n_children) {
        s->kind = s->kind == PLAN_ANY ? PLAN_OBJECT : s->kind;
        s->closed = open && open->kind == DOC_BOOL ? !open->v.b : m->closed;
        s->members = arena_array(&m->p->arena, properties->n_children, sizeof *s->members);
        for (const struct doc_node *c = doc_first(m->d, properties); c; c = doc_next(m->d, c)) {
            struct plan_spec *member = &s->members[s->n_members];
            if (custom(m, c, "trellisPath"))
                continue; /* it stands elsewhere: a spec of its own */
            member->key = doc_str(m->d, c, "name");
            spec_make(m, c, member);
            s->n_members++;
        }
    }
    if (items) {
        s->kind = s->kind == PLAN_ANY ? PLAN_ARRAY : s->kind;
        s->items = arena_alloc(&m->p->arena, sizeof *s->items);
        spec_make(m, items, s->items);
    }
}

/* "properties.products[0].sku", "properties.products[*].sku" */
static size_t steps_make(struct arena *a, struct str path, struct plan_step **out)
{
    size_t most = 1, n = 0;
    for (size_t i = 0; i < path.n; i++)
        most += path.p[i] == '.' || path.p[i] == '[';
    *out = arena_array(a, most + 1, sizeof **out);
    for (struct str rest = path; rest.p;) {
        struct str index, part = str_cut(rest, '.', &rest), name = str_cut(part, '[', &index);
        if (name.n)
            (*out)[n++] = (struct plan_step){name, PLAN_MEMBER};
        while (index.p && n < most + 1) {
            struct str after, number = str_cut(index, ']', &after);
            int64_t at = PLAN_EACH;
            if (!str_eq(number, STR("*")) && (!str_to_i64(number, &at) || at < 0))
                break;
            (*out)[n++] = (struct plan_step){{NULL, 0}, at};
            str_cut(after, '[', &index);
        }
    }
    return n;
}

/* Whether the contract's column is a member of properties itself, or one inside of an object that has members of its own. */
static bool is_top(const struct mesh_contract *c, const struct mesh_column *col)
{
    const struct doc_node *properties = doc_get(c->doc, c->object, "properties");
    for (const struct doc_node *n = properties ? doc_first(c->doc, properties) : NULL; n; n = doc_next(c->doc, n))
        if (n == col->node)
            return true;
    return false;
}

/* The members that stand in the contract, each once. */
static void known_make(struct plan *p, struct plan_event *ev)
{
    struct str section = plan_section(ev->stream);
    ev->known = arena_array(&p->arena, ev->n_specs + 1, sizeof *ev->known);
    for (size_t i = 0; i < ev->n_specs; i++) {
        const struct plan_spec *s = &ev->specs[i];
        bool there = s->n_steps < 2 || !str_eq(s->steps[0].key, section);
        for (size_t k = 0; k < ev->n_known && !there; k++)
            there = str_eq(ev->known[k], s->steps[1].key);
        if (!there)
            ev->known[ev->n_known++] = s->steps[1].key;
    }
}

struct str plan_section(enum event_stream stream)
{
    return stream & (EVENT_IDENTIFY | EVENT_GROUP) ? STR("traits") : STR("properties");
}

size_t plan_stream_place(enum event_stream bit)
{
    size_t i = 0;
    while (i < EVENT_STREAMS - 1 && event_streams[i].bit != bit)
        i++;
    return i;
}

void plan_compile(struct plan *p, const struct mesh_planned *from, struct plan_event *out)
{
    const struct mesh_contract *c = from->contract;
    struct making m = {p, c->doc, from->closed};
    out->event = from->event;
    out->closed = from->closed;
    out->stream = EVENT_TRACK;
    for (size_t i = 0; i < EVENT_STREAMS; i++)
        if (str_eq(from->type, str_of(event_streams[i].name)))
            out->stream = event_streams[i].bit;
    out->specs = arena_array(&p->arena, c->n_columns + 1, sizeof *out->specs);
    out->cells = arena_array(&p->arena, c->n_columns + 1, sizeof *out->cells);
    for (size_t i = 0; i < c->n_columns; i++) {
        const struct mesh_column *col = &c->columns[i];
        struct plan_step *steps;
        size_t column, n_steps = steps_make(&p->arena, from->paths[i], &steps);
        const struct doc_node *options = doc_get(m.d, col->node, "logicalTypeOptions");
        bool typed =
            event_planned_type(from, i) && !(options && own_form(kind_of(&m, col->node), doc_str(m.d, options, "format")));
        if (typed && plan_column_find(p, out->stream, event_planned_name(&p->arena, col->name), &column))
            out->cells[out->n_cells++] = (struct plan_cell){steps, n_steps, column, from->paths[i]};
        if (!is_top(c, col) && !custom(&m, col->node, "trellisPath"))
            continue;
        struct plan_spec *s = &out->specs[out->n_specs++];
        *s = (struct plan_spec){.key = from->paths[i], .steps = steps, .n_steps = n_steps};
        spec_make(&m, col->node, s);
    }
    known_make(p, out);
}
