/* A payload as everybody may see it: its form whole, values only where the base columns or the tracking plan call them not
 * personal. What nobody has described may be personal. */
#include "events/quarantine_int.h"

enum { MASKED_MAX_BYTES = 16 << 20, DEPTH_SHOWN = 64, NAMES_MAX = 60 };

enum mode { HIDE, SHOW, ROOT, CONTEXT, PAGE, PLAN };

static const struct {
    enum mode in;
    const char *key;
    enum mode then;
} rules[] = {
    {ROOT, "type", SHOW},           {ROOT, "event", SHOW},      {ROOT, "name", SHOW},        {ROOT, "category", SHOW},
    {ROOT, "messageId", SHOW},      {ROOT, "timestamp", SHOW},  {ROOT, "sentAt", SHOW},      {ROOT, "originalTimestamp", SHOW},
    {ROOT, "receivedAt", SHOW},     {ROOT, "version", SHOW},    {ROOT, "channel", SHOW},     {ROOT, "integrations", SHOW},
    {ROOT, "further_events", SHOW}, {ROOT, "context", CONTEXT}, {ROOT, "properties", PLAN},  {ROOT, "traits", PLAN},
    {CONTEXT, "library", SHOW},     {CONTEXT, "locale", SHOW},  {CONTEXT, "timezone", SHOW}, {CONTEXT, "app", SHOW},
    {CONTEXT, "os", SHOW},          {CONTEXT, "screen", SHOW},  {CONTEXT, "campaign", SHOW}, {CONTEXT, "direct", SHOW},
    {CONTEXT, "consent", SHOW},     {CONTEXT, "page", PAGE},    {PAGE, "path", SHOW},        {PAGE, "title", SHOW},
};

struct masking {
    const struct doc *d;
    struct buf *out;
    struct arena *a;
    struct str names[NAMES_MAX]; /* of what is hidden */
    size_t n_names;
};

static const struct mesh_planned *planned_of(const struct mesh *m, const struct events_rejected *r)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        const struct mesh_source *s = m->sources[i];
        struct str name, domain = str_cut(r->source, '.', &name);
        if (!s->events || !str_eq(s->domain->name, domain) || !str_eq(s->name, name))
            continue;
        const struct mesh_planned *all = NULL;
        for (size_t k = 0; k < s->events->n_planned; k++) {
            const struct mesh_planned *p = &s->events->planned[k];
            if (!str_eq(p->type, r->type))
                continue;
            if (r->event.n && str_eq(p->event, r->event))
                return p;
            if (str_eq(p->event, STR("*")))
                all = p;
        }
        return all;
    }
    return NULL;
}

static const struct doc_node *member_of(const struct doc *d, const struct doc_node *object, struct str key)
{
    const struct doc_node *list = object ? doc_get(d, object, "properties") : NULL;
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n))
        if (str_eq(doc_str(d, n, "name"), key))
            return n;
    return NULL;
}

static bool is_personal(const struct doc *d, const struct doc_node *n, struct str key)
{
    static const char *const words[] = {"personal", "pii", "sensitive"};
    struct str word = doc_str(d, n, "classification");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq_nocase(word, str_of(words[i])))
            return true;
    return word.n == 0 && mesh_name_personal(key);
}

static void name_note(struct masking *k, struct str path)
{
    for (size_t i = 0; i < k->n_names; i++)
        if (str_eq(k->names[i], path))
            return;
    if (k->n_names < NAMES_MAX)
        k->names[k->n_names++] = path;
}

static void value_write(struct masking *k, yyjson_val *v, enum mode mode, const struct doc_node *node, struct str path,
                        int depth);

static void members_write(struct masking *k, yyjson_val *v, enum mode mode, const struct doc_node *node, struct str path,
                          int depth)
{
    size_t i, max;
    yyjson_val *key, *child;
    buf_addc(k->out, '{');
    yyjson_obj_foreach(v, i, max, key, child)
    {
        struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
        struct str shown = mode == SHOW || plan_name_is_plain(name) ? name : STR("?");
        const struct doc_node *member = NULL;
        enum mode then = mode == SHOW ? SHOW : HIDE;
        for (size_t r = 0; r < sizeof rules / sizeof *rules; r++)
            if (rules[r].in == mode && str_eq(name, str_of(rules[r].key)))
                then = rules[r].then;
        if (mode == PLAN && (member = member_of(k->d, node, name)) != NULL && !is_personal(k->d, member, name))
            then = PLAN;
        else if (then == PLAN)
            member = node; /* the section itself */
        if (i)
            buf_addc(k->out, ',');
        buf_json_str(k->out, shown);
        buf_addc(k->out, ':');
        value_write(k, child, then, member,
                    path.n ? arena_printf(k->a, "%.*s.%.*s", STR_FMT(path), STR_FMT(shown)) : arena_str(k->a, shown), depth + 1);
    }
    buf_addc(k->out, '}');
}

static void value_write(struct masking *k, yyjson_val *v, enum mode mode, const struct doc_node *node, struct str path, int depth)
{
    size_t i, max;
    yyjson_val *item;
    if (yyjson_is_obj(v) && depth < DEPTH_SHOWN) {
        members_write(k, v, mode, node, path, depth);
    } else if (yyjson_is_arr(v) && depth < DEPTH_SHOWN) {
        const struct doc_node *items = mode == PLAN && node ? doc_get(k->d, node, "items") : NULL;
        buf_addc(k->out, '[');
        yyjson_arr_foreach(v, i, max, item)
        {
            if (i)
                buf_addc(k->out, ',');
            value_write(k, item, mode == PLAN && !items ? HIDE : mode, items, path, depth + 1);
        }
        buf_addc(k->out, ']');
    } else if ((mode == SHOW || mode == PLAN) && !yyjson_is_ctn(v)) {
        struct str json = event_json(k->a, v);
        buf_add(k->out, json);
    } else if (yyjson_is_null(v)) {
        buf_addz(k->out, "null");
    } else {
        buf_addz(k->out, "\"hidden: personal\"");
        name_note(k, path);
    }
}

static void mask(struct masking *k, const struct mesh *m, const struct events_rejected *r, struct str payload)
{
    yyjson_alc alc = event_alc(k->a);
    const struct mesh_planned *p = planned_of(m, r);
    yyjson_doc *doc =
        payload.n ? yyjson_read_opts((char *)(uintptr_t)payload.p, payload.n, YYJSON_READ_NUMBER_AS_RAW, &alc, NULL) : NULL;
    k->d = p ? p->contract->doc : NULL;
    /* Of a whole request nobody knows what its members mean. */
    value_write(k, yyjson_doc_get_root(doc), str_eq(r->type, STR("request")) ? HIDE : ROOT, p ? p->contract->object : NULL, STR(""), 0);
}

struct str events_rejected_masked(const struct mesh *m, const struct events_rejected *r, struct str payload, struct arena *a)
{
    struct buf out = BUF_INIT(MASKED_MAX_BYTES);
    struct masking k = {.out = &out, .a = a};
    mask(&k, m, r, payload);
    struct str s = out.failed ? STR("\"hidden: personal\"") : arena_str(a, buf_str(&out));
    buf_fini(&out);
    return s;
}

struct str events_rejected_hidden(const struct mesh *m, const struct events_rejected *r, struct str payload, struct arena *a)
{
    struct buf out = BUF_INIT(MASKED_MAX_BYTES), names = BUF_INIT((size_t)65536);
    struct masking k = {.out = &out, .a = a};
    mask(&k, m, r, payload);
    for (size_t i = 0; i < k.n_names; i++)
        buf_printf(&names, "%s%.*s", i ? "," : "", STR_FMT(k.names[i]));
    struct str s = arena_str(a, buf_str(&names));
    buf_fini(&out);
    buf_fini(&names);
    return s;
}
