/* Second stage: the tracking plan of a source of events: one contract for each event type, in the folder that is called like the
 * source. What an event must be is asked while loading (src/events/plan.c); here the contracts are held together. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

#include "mesh/event_columns.h"

enum { PATH_BYTES_MAX = 500, PLAN_COLUMNS_MAX = 2000 };

static const struct own_property object_properties[] = {
    {"trellisEvent", DOC_STRING, "the name of the event, as it is sent"}, {"trellisType", DOC_STRING, "track, page, screen, identify, group or alias"},
    {"trellisOpen", DOC_BOOL, "true or false"}, {NULL, DOC_NULL, NULL},
};
static const struct own_property member_properties[] = {{"trellisPath", DOC_STRING, "a path such as products[0].sku"}, {NULL, DOC_NULL, NULL}};

/* ---- Where a value stands ---- */

/* a, a.b, a[0].b, a[*].b */
static bool is_member_path(struct str s)
{
    size_t i = 0;
    if (s.n == 0 || s.n > PATH_BYTES_MAX)
        return false;
    while (i < s.n) {
        size_t from = i;
        while (i < s.n && s.p[i] != '.' && s.p[i] != '[' && s.p[i] != ']')
            i++;
        if (i == from)
            return false;
        while (i < s.n && s.p[i] == '[') {
            size_t end = str_find(s, STR("]"), i);
            int64_t index;
            struct str inside = end == SIZE_MAX ? (struct str){NULL, 0} : (struct str){s.p + i + 1, end - i - 1};
            if (!str_eq(inside, STR("*")) && !(str_to_i64(inside, &index) && index >= 0))
                return false;
            i = end + 1;
        }
        if (i == s.n)
            return true;
        if (s.p[i] != '.' || ++i == s.n)
            return false;
    }
    return false;
}

static void member_paths(struct load *l, struct mesh_planned *p)
{
    const struct mesh_contract *c = p->contract;
    bool traits = str_eq(p->type, STR("identify")) || str_eq(p->type, STR("group"));
    p->paths = arena_array(l->a, c->n_columns + 1, sizeof *p->paths);
    for (size_t i = 0; i < c->n_columns; i++) {
        struct mesh_column *col = &c->columns[i];
        struct str member = col->name;
        if (build_own_properties(l, c->doc, col->node, member_properties)) {
            const struct doc_node *path = custom_get(c->doc, col->node, "trellisPath");
            member = path ? doc_text(c->doc, path) : member;
            if (path && !is_member_path(member)) {
                hint(at_value(l, E_SCHEMA, c->doc, path, "\"%.*s\" is not a path into %s", STR_FMT(member), traits ? "traits" : "properties"),
                     "write members with points and places of lists in brackets: cart.total, products[0].sku, products[*].sku");
                member = col->name;
            }
        }
        p->paths[i] = arena_printf(l->a, "%s.%.*s", traits ? "traits" : "properties", STR_FMT(member));
        if (str_eq(col->logical_type, STR("object")) && doc_get(c->doc, col->node, "properties") && custom_get(c->doc, col->node, "trellisPath"))
            hint(at_value(l, E_SCHEMA, c->doc, custom_get(c->doc, col->node, "trellisPath"), "an object with properties of its own stands under its name; it has no trellisPath"),
                 "remove trellisPath, or describe its members one by one with a trellisPath each");
    }
}

/* ---- What could never be asked ---- */

static void list_check(struct load *l, const struct doc *d, const struct doc_node *list)
{
    if (list->kind == DOC_SEQ && !list->n_children)
        hint(at_value(l, E_SCHEMA, d, list, "no value is allowed, so no event that has this member would pass"), "name the values, or remove the rule");
}

/* Patterns and lists of values in the options and rules of members, of their members and items, however deep. */
static void rules_check(struct load *l, const struct doc *d, const struct doc_node *n, const char *of)
{
    for (const struct doc_node *c = doc_first(d, n); c; c = doc_next(d, c)) {
        bool held = n->kind == DOC_MAP && (str_eq(doc_key(d, n), STR("logicalTypeOptions")) || str_eq(doc_key(d, n), STR("arguments")));
        if (held && c->kind == DOC_STRING && str_eq(doc_key(d, c), STR("pattern")))
            (void)pattern_check(l, d, c, of);
        else if (held && str_eq(doc_key(d, c), STR("validValues")))
            list_check(l, d, c);
        else if (c->kind == DOC_MAP || c->kind == DOC_SEQ)
            rules_check(l, d, c, of);
    }
}

static void members_check(struct load *l, const struct mesh_contract *c)
{
    for (size_t i = 0; i < c->n_columns; i++) {
        const struct doc_node *name = doc_get(c->doc, c->columns[i].node, "name");
        if (name && !str_trim(doc_text(c->doc, name)).n)
            hint(at_value(l, E_SCHEMA, c->doc, name, "a member without a name is in no event"), "write the name as it is sent");
        rules_check(l, c->doc, c->columns[i].node, arena_strz(l->a, arena_printf(l->a, "\"%.*s\"", STR_FMT(c->columns[i].name))));
    }
}

/* ---- One contract ---- */

static void head_check(struct load *l, const struct doc *d, const struct mesh_source *s)
{
    const struct doc_node *root = doc_root(d), *version = doc_get(d, root, "version"), *domain = doc_get(d, root, "domain");
    build_claim_id(l, &l->contract_ids, d, doc_get(d, root, "id"),
                   arena_printf(l->a, "a contract in the tracking plan of %.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name)), NULL);
    if (build_major(doc_text(d, version)) == MAJOR_NONE)
        hint(at_value(l, E_CONTRACT, d, version, "\"%.*s\" is not a version", STR_FMT(doc_text(d, version))), "versions have three numbers, such as 1.0.0");
    if (domain && !str_eq(doc_text(d, domain), s->domain->name))
        hint(at_value(l, E_CONTRACT, d, domain, "the contract says domain \"%.*s\", it stands in \"%.*s\"", STR_FMT(doc_text(d, domain)), STR_FMT(s->domain->name)),
             "write domain: %.*s", STR_FMT(s->domain->name));
}

/* The one schema object; NULL: reported. */
static const struct doc_node *object_of(struct load *l, const struct doc *d)
{
    const struct doc_node *schema = doc_get(d, doc_root(d), "schema"), *object = schema ? doc_first(d, schema) : NULL;
    if (!object) {
        hint(at_value(l, E_CONTRACT, d, schema ? schema : doc_root(d), "the contract describes no event type"), "add: schema: [{name: …, customProperties: [{property: trellisEvent, value: …}], properties: [...]}]");
        return NULL;
    }
    if (schema->n_children > 1) {
        hint(at_value(l, E_CONTRACT, d, doc_next(d, object), "a contract in a tracking plan describes one event type, this one describes %u", schema->n_children), "move the others to contracts of their own");
        return NULL;
    }
    return object;
}

static struct str title_of(struct load *l, const struct doc *d, const struct doc_node *object, const struct mesh_planned *p)
{
    if (!str_eq(p->event, STR("*")))
        return p->event;
    struct str said = doc_str(d, object, "businessName");
    return said.n ? said : arena_printf(l->a, "every %.*s", STR_FMT(p->type));
}

static bool planned_read(struct load *l, const struct mesh_file *f, struct mesh_source *s, struct mesh_planned *p)
{
    static const struct str types[] = {{"track", 5}, {"page", 4}, {"screen", 6}, {"identify", 8}, {"group", 5}, {"alias", 5}};
    enum { TYPES = sizeof types / sizeof types[0] };
    const struct doc *d = f->doc;
    const struct doc_node *object = object_of(l, d);
    head_check(l, d, s);
    if (!object || !build_own_properties(l, d, object, object_properties))
        return false;
    const struct doc_node *event = custom_get(d, object, "trellisEvent"), *type = custom_get(d, object, "trellisType"), *open = custom_get(d, object, "trellisOpen");
    p->type = type ? doc_text(d, type) : STR("track");
    p->event = str_trim(doc_text(d, event));
    p->closed = open && !open->v.b;
    p->pos = pos_of(d, object);
    unsigned stream = event_stream_bit(p->type);
    if (!stream || stream == EVENT_CONSENT) {
        hint_nearest(at_value(l, E_SCHEMA, d, type, "\"%.*s\" is not a type of event", STR_FMT(p->type)), p->type, types, TYPES);
        return false;
    }
    bool named = (stream & (EVENT_TRACK | EVENT_PAGE | EVENT_SCREEN)) != 0;
    if (named && !p->event.n) {
        hint(at_value(l, E_MISSING_KEY, d, event ? event : object, "the contract does not say which event it is of"),
             "add to its schema object: customProperties: [{property: trellisEvent, value: \"Order Completed\"}]%s", stream == EVENT_TRACK ? "" : "; * stands for all names");
        return false;
    }
    if (stream == EVENT_TRACK && str_eq(p->event, STR("*"))) {
        hint(at_value(l, E_SCHEMA, d, event, "a contract of type track is one of a single event, not of \"*\""), "write the event's name as it is sent");
        return false;
    }
    if (!named && event && !str_eq(p->event, STR("*"))) {
        hint(at_value(l, E_SCHEMA, d, event, "an event of type %.*s has no name", STR_FMT(p->type)), "remove trellisEvent");
        return false;
    }
    p->event = named ? p->event : STR("*");
    p->source = s;
    p->name = (struct str){f->base.p, f->base.n - (sizeof ".odcs.yaml" - 1)};
    p->title = title_of(l, d, object, p);
    p->contract = build_contract(l, d, object, COLUMNS_EVENT);
    if (stream == EVENT_ALIAS && p->contract->n_columns)
        hint(at_value(l, E_CONTRACT, d, doc_get(d, object, "properties"), "an event of type alias has no properties"), "remove properties");
    member_paths(l, p);
    members_check(l, p->contract);
    return true;
}

/* ---- All of a source ---- */

static int planned_order(const void *a, const void *b)
{
    const struct mesh_planned *x = a, *y = b;
    int c = str_cmp(x->type, y->type);
    c = c ? c : str_cmp(x->event, y->event);
    c = c ? c : str_cmp(x->pos.file, y->pos.file);
    return c;
}

static void check_twice(struct load *l, const struct mesh_events *ev)
{
    for (size_t i = 1; i < ev->n_planned; i++) {
        const struct mesh_planned *p = &ev->planned[i], *first = &ev->planned[i - 1];
        if (str_eq(p->type, first->type) && str_eq(p->event, first->event))
            hint(errs_add(l->es, E_DUPLICATE, p->pos.file, p->pos.line, p->pos.col, "the event type \"%.*s\" (%.*s) has two contracts; the other is %.*s", STR_FMT(p->event),
                          STR_FMT(p->type), STR_FMT(first->pos.file)), "keep one of them");
    }
}

struct claimed { const struct mesh_planned *by; const struct mesh_column *column; char type; };

/* Members of one name become one column of their stream: within an event they must not meet, between events their types agree. */
static void check_columns_agree(struct load *l, const struct mesh_events *ev, unsigned stream)
{
    struct table seen = {0};
    size_t n = 0;
    for (size_t i = 0; i < ev->n_planned; i++) {
        const struct mesh_planned *p = &ev->planned[i];
        for (size_t k = 0; event_stream_bit(p->type) == stream && k < p->contract->n_columns; k++) {
            const struct mesh_column *c = &p->contract->columns[k];
            char type = event_planned_type(p, k);
            if (!type)
                continue;
            struct claimed *now = arena_alloc(l->a, sizeof *now);
            struct str name = event_planned_name(l->a, c->name);
            *now = (struct claimed){p, c, type};
            const struct claimed *first = table_put(&seen, l->a, name, now);
            if (!first) {
                if (++n == PLAN_COLUMNS_MAX + 1)
                    hint(errs_add(l->es, E_TOO_LARGE, c->pos.file, c->pos.line, c->pos.col, "the tracking plan gives a stream more than %d columns", PLAN_COLUMNS_MAX),
                         "describe fewer properties; those that are not described stay in the column properties");
                continue;
            }
            if (first->by == p && !str_eq(first->column->name, c->name))
                hint(errs_add(l->es, E_DUPLICATE, c->pos.file, c->pos.line, c->pos.col, "\"%.*s\" and \"%.*s\" would both be the column %.*s", STR_FMT(first->column->name),
                              STR_FMT(c->name), STR_FMT(name)), "describe one of them, or give one another name and its place as trellisPath");
            else if (first->type != type)
                hint(errs_add(l->es, E_CONTRACT, c->pos.file, c->pos.line, c->pos.col, "\"%.*s\" is a %s here and a %s of \"%.*s\" (%.*s:%u); both become the column %.*s",
                              STR_FMT(c->name), event_column_type(type), event_column_type(first->type), STR_FMT(first->by->event), STR_FMT(first->column->pos.file),
                              first->column->pos.line, STR_FMT(name)), "give both the same logicalType, or one another name and its place as trellisPath");
        }
    }
}

void build_planned(struct load *l, struct source_files *f, struct mesh_source *s)
{
    struct mesh_events *ev = s->events;
    ev->planned = arena_array(l->a, f->n_plan + 1, sizeof *ev->planned);
    for (size_t i = 0; i < f->n_plan; i++)
        if (f->plan[i].doc && planned_read(l, &f->plan[i], s, &ev->planned[ev->n_planned]))
            ev->n_planned++;
    if (ev->n_planned)
        qsort(ev->planned, ev->n_planned, sizeof *ev->planned, planned_order);
    check_twice(l, ev);
    for (int i = 0; i < EVENT_STREAMS; i++)
        check_columns_agree(l, ev, event_streams[i].bit);
}
