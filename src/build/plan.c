/* The plan: declared against deployed, what would be loaded, what would be built and why. Reading only. What is deployed of a
 * port is the fingerprint of its live version; streams and products, which no ledger line names, are kept as a setting. */
#include "build/build_int.h"

#include <yyjson.h>

#include "base/json.h"

#define DEPLOYED_KEY STR("build.deployed")

static const struct {
    enum build_reason reason;
    const char *text;
} reasons[] = {
    {REASON_NONE, "up_to_date"},           {REASON_NEVER_BUILT, "never_built"},   {REASON_SQL, "sql_changed"},
    {REASON_CONTRACT, "contract_changed"}, {REASON_SETTINGS, "settings_changed"}, {REASON_ENGINE, "engine_changed"},
    {REASON_UPSTREAM_DECLARED, "upstream_changed"}, {REASON_UPSTREAM, "upstream_changed"}, {REASON_NEW_DATA, "new_data"},         {REASON_FORCED, "forced"},
};

struct str build_reason_text(enum build_reason r)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].reason == r)
            return str_of(reasons[i].text);
    return STR("");
}

static bool same(struct build_part a, struct build_part b)
{
    return memcmp(a.z, b.z, sizeof a.z) == 0;
}

/* Which input's data is another than at the last build: the first newer one, for the words of the reason. */
static enum build_reason data_reason(const struct mesh *m, const struct build_facts *f, const struct mesh_port *p,
                                     const struct build_print *old, struct arena *a, struct str *because)
{
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        bool events = in->stream != NULL && in->stream->source->events != NULL;
        if (in->stream != NULL && (events || f->stream_newest[build_stream_index(f, m, in->stream)] > old->files)) {
            *because = arena_printf(a, "%.*s has new %s", STR_FMT(in->ref), events ? "events" : "rows");
            return REASON_NEW_DATA;
        }
    }
    for (size_t i = 0; i < p->n_inputs; i++)
        if (p->inputs[i].port != NULL) {
            *because = arena_printf(a, "%.*s was built again", STR_FMT(p->inputs[i].ref));
            return REASON_UPSTREAM;
        }
    *because = STR("its inputs changed");
    return REASON_NEW_DATA;
}

enum build_reason build_reason_of(const struct mesh *m, const struct build_facts *f, const struct build_print *prints,
                                  const struct mesh_port *p, const bool *will_build, struct arena *a, struct str *because)
{
    const struct ledger_version *v = f->by_port[p->index];
    const struct build_print *declared = &prints[p->index];
    struct build_print now = *declared, old;
    *because = STR("");
    if (v == NULL)
        return REASON_NEVER_BUILT;
    if (!build_print_parse(v->fingerprint, &old)) {
        *because = STR("it was built by another version of Trellis");
        return REASON_ENGINE;
    }
    const struct {
        enum build_reason reason;
        bool differs;
        const char *because;
    } parts[] = {
        {REASON_SQL, !same(declared->sql, old.sql), "its SQL differs from the deployed one"},
        {REASON_CONTRACT, !same(declared->contract, old.contract), "its contract differs from the deployed one"},
        {REASON_SETTINGS, !same(declared->settings, old.settings),
         "its materialisation or the mesh's currency or time zone changed"},
        {REASON_ENGINE, !same(declared->engine, old.engine), "it was built by another version of the engine or of Trellis"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].differs) {
            *because = str_of(parts[i].because);
            return parts[i].reason;
        }
    for (size_t i = 0; i < p->n_inputs; i++)
        if (p->inputs[i].port != NULL && will_build != NULL && will_build[p->inputs[i].port->index]) {
            *because = arena_printf(a, "%.*s is built first", STR_FMT(p->inputs[i].ref));
            return REASON_UPSTREAM;
        }
    if (!same(declared->defs, old.defs)) {
        *because = STR("a port that it reads, or one further up, is declared otherwise");
        return REASON_UPSTREAM_DECLARED;
    }
    build_print_data(m, f, p, &now);
    if (same(now.data, old.data))
        return REASON_NONE;
    if (f->views_stand && p->materialization == MATERIALIZED_VIEW && v->built_at_us >= f->views_since_us && same(now.bound, old.bound))
        return REASON_NONE;
    return data_reason(m, f, p, &old, a, because);
}

/* ---- streams, products, event types and rules as deployed ---- */

static void stream_part(const struct mesh_stream *st, struct buf *b, struct build_part *out)
{
    buf_reset(b);
    buf_printf(b, "%.*s|%.*s|%d|%.*s|%.*s|%d|%d|%.*s\n", STR_FMT(st->path), STR_FMT(st->format), (int)st->load,
               STR_FMT(st->account_column), STR_FMT(st->day_column), st->overlap_adds, (int)st->source->drift,
               STR_FMT(st->source->currency));
    for (size_t i = 0; st->contract != NULL && i < st->contract->n_columns; i++)
        buf_printf(b, "%.*s %.*s %d\n", STR_FMT(st->contract->columns[i].name), STR_FMT(st->contract->columns[i].physical_type),
                   st->contract->columns[i].required);
    build_part_of(buf_str(b), out);
}

static void product_part(const struct mesh_product *p, struct buf *b, struct build_part *out)
{
    buf_reset(b);
    if (p->doc != NULL)
        doc_json(p->doc, doc_root(p->doc), b);
    buf_add(b, p->readme);
    build_part_of(buf_str(b), out);
}

static void event_part(const struct mesh_planned *p, struct buf *b, struct build_part *out)
{
    buf_reset(b);
    doc_json(p->contract->doc, doc_root(p->contract->doc), b);
    build_part_of(buf_str(b), out);
}

static void put_all(struct buf *b, const struct str *v, size_t n)
{
    buf_printf(b, "%zu:", n);
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%zu:%.*s", v[i].n, STR_FMT(v[i]));
}

static void consent_part(const struct mesh_consent *c, struct buf *b, struct build_part *out)
{
    buf_reset(b);
    buf_printf(b, "%d\n", (int)c->newest_wins);
    for (size_t i = 0; i < c->n_purposes; i++)
        buf_printf(b, "%.*s %d %lld\n", STR_FMT(c->purposes[i].name), (int)c->purposes[i].fail_open, (long long)c->purposes[i].expires_s);
    for (size_t i = 0; i < c->n_rules; i++) {
        buf_printf(b, "%.*s %zu:%.*s %d ", STR_FMT(c->rules[i].system), c->rules[i].category.n, STR_FMT(c->rules[i].category), (int)c->rules[i].case_sensitive);
        put_all(b, c->rules[i].purposes, c->rules[i].n_purposes);
    }
    build_part_of(buf_str(b), out);
}

static void channels_part(const struct mesh *m, struct buf *b, struct build_part *out)
{
    buf_reset(b);
    for (size_t i = 0; i < m->n_channels; i++) {
        put_all(b, &m->channels[i].channel, 1);
        for (size_t k = 0; k < m->channels[i].n_when; k++)
            put_all(b, (struct str[]){m->channels[i].when[k].field, m->channels[i].when[k].pattern}, 2);
    }
    build_part_of(buf_str(b), out);
}

enum { RULES = 3 };
static const char stream_kind[] = "stream", product_kind[] = "product", event_kind[] = "event", rules_kind[] = "rules";

struct declared {
    struct str ref;
    const char *kind;
    struct build_part part;
};

/* Streams, products, event types of tracking plans, and rules of a mesh. */
static struct declared *declared_list(const struct mesh *m, struct arena *a, size_t *n)
{
    struct buf scratch = BUF_INIT((size_t)64 << 20);
    size_t planned = 0;
    for (size_t i = 0; i < m->n_sources; i++)
        planned += m->sources[i]->events ? m->sources[i]->events->n_planned : 0;
    struct declared *list = arena_array(a, m->n_streams + m->n_products + planned + RULES, sizeof *list);
    *n = 0;
    for (size_t i = 0; i < m->n_streams; i++) {
        struct declared *d = &list[(*n)++];
        *d = (struct declared){.ref = m->streams[i]->ref, .kind = stream_kind};
        stream_part(m->streams[i], &scratch, &d->part);
    }
    for (size_t i = 0; i < m->n_products; i++) {
        struct declared *d = &list[(*n)++];
        *d = (struct declared){
            .ref = arena_printf(a, "%.*s.%.*s", STR_FMT(m->products[i]->domain->name), STR_FMT(m->products[i]->name)),
            .kind = product_kind};
        product_part(m->products[i], &scratch, &d->part);
    }
    for (size_t i = 0; i < m->n_sources; i++)
        for (size_t k = 0; m->sources[i]->events && k < m->sources[i]->events->n_planned; k++) {
            const struct mesh_source *s = m->sources[i];
            struct declared *d = &list[(*n)++];
            *d = (struct declared){.kind = event_kind,
                                   .ref = arena_printf(a, "%.*s.%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name),
                                                       STR_FMT(s->events->planned[k].name))};
            event_part(&s->events->planned[k], &scratch, &d->part);
        }
    list[*n] = (struct declared){.ref = STR("governance/identity.yaml"), .kind = rules_kind};
    build_part_of(str_of(m->identity.sha.z), &list[(*n)++].part);
    list[*n] = (struct declared){.ref = STR("governance/consent.yaml"), .kind = rules_kind};
    consent_part(&m->consent, &scratch, &list[(*n)++].part);
    list[*n] = (struct declared){.ref = STR("governance/channels.yaml"), .kind = rules_kind};
    channels_part(m, &scratch, &list[(*n)++].part);
    buf_fini(&scratch);
    return list;
}

bool build_deployed_save(struct build *b, const struct mesh *m, struct err *e)
{
    struct arena a;
    struct buf text = BUF_INIT((size_t)64 << 20);
    size_t n = 0;
    arena_init(&a);
    struct declared *list = declared_list(m, &a, &n);
    buf_addc(&text, '{');
    for (size_t i = 0; i < n; i++) {
        buf_addz(&text, i > 0 ? "," : "");
        buf_json_str(&text, arena_printf(&a, "%s %.*s", list[i].kind, STR_FMT(list[i].ref)));
        buf_printf(&text, ":\"%s\"", list[i].part.z);
    }
    buf_addc(&text, '}');
    bool ok = buf_ok(&text, e) && store_setting_set(b->s->store, DEPLOYED_KEY, buf_str(&text), e);
    buf_fini(&text);
    arena_fini(&a);
    return ok;
}

/* ---- the plan ---- */

static void add_change(struct build_plan *out, struct arena *a, struct str ref, const char *kind, const char *action,
                       const char *const *what, size_t n_what)
{
    struct build_change *c = &out->changes[out->n_changes++];
    *c = (struct build_change){.ref = ref, .kind = str_of(kind), .action = str_of(action)};
    c->what = arena_array(a, n_what + 1, sizeof *c->what);
    for (size_t i = 0; i < n_what; i++)
        c->what[c->n_what++] = str_of(what[i]);
}

static void port_changes(const struct mesh *m, const struct build_facts *f, const struct build_print *prints, struct arena *a,
                         struct build_plan *out)
{
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct ledger_version *v = f->by_port[i];
        struct build_print old;
        const char *what[3];
        size_t n = 0;
        if (v == NULL) {
            add_change(out, a, m->ports[i]->ref_major, "port", "create", NULL, 0);
            continue;
        }
        if (!build_print_parse(v->fingerprint, &old))
            continue;
        if (!same(old.sql, prints[i].sql))
            what[n++] = "sql";
        if (!same(old.contract, prints[i].contract))
            what[n++] = "contract";
        if (!same(old.settings, prints[i].settings))
            what[n++] = "materialization";
        if (n > 0)
            add_change(out, a, m->ports[i]->ref_major, "port", "change", what, n);
    }
    for (size_t i = 0; i < f->n_live; i++) {
        const struct mesh_port *p = mesh_find_port(m, f->live[i].port);
        if (p == NULL || !str_eq(p->ref_major, f->live[i].port))
            add_change(out, a, f->live[i].port, "port", "remove", NULL, 0);
    }
}

static bool other_changes(struct build *b, const struct mesh *m, struct arena *a, struct build_plan *out, struct err *e)
{
    struct str text = {0};
    size_t n = 0;
    yyjson_doc *doc = NULL;
    if (!store_setting_get(b->s->store, a, DEPLOYED_KEY, &text, e))
        return false;
    if (text.n > 0 && (doc = json_parse(text, e)) == NULL)
        return false;
    yyjson_val *old = doc != NULL ? yyjson_doc_get_root(doc) : NULL;
    struct declared *list = declared_list(m, a, &n);
    size_t n_old = old != NULL ? yyjson_obj_size(old) : 0;
    struct build_change *room = arena_array(a, out->n_changes + n + n_old + 1, sizeof *room);
    if (out->n_changes > 0)
        memcpy(room, out->changes, out->n_changes * sizeof *room);
    out->changes = room;
    for (size_t i = 0; i < n; i++) {
        struct str key = arena_printf(a, "%s %.*s", list[i].kind, STR_FMT(list[i].ref));
        yyjson_val *v = old != NULL ? yyjson_obj_getn(old, key.p, key.n) : NULL;
        const char *what[] = {"declaration"};
        if (v == NULL && list[i].kind == rules_kind)
            continue; /* they always are, by default; a change of them is news */
        if (v == NULL)
            add_change(out, a, list[i].ref, list[i].kind, "create", NULL, 0);
        else if (!str_eq(str_of(yyjson_get_str(v)), str_of(list[i].part.z)))
            add_change(out, a, list[i].ref, list[i].kind, "change", what, 1);
    }
    size_t i, max;
    yyjson_val *key, *v;
    yyjson_obj_foreach(old, i, max, key, v)
    {
        struct str ref, kind = str_cut((struct str){yyjson_get_str(key), yyjson_get_len(key)}, ' ', &ref);
        bool declared = false;
        for (size_t k = 0; k < n && !declared; k++)
            declared = str_eq(list[k].ref, ref) && str_eq(str_of(list[k].kind), kind);
        if (declared)
            continue;
        const char *const gone[] = {stream_kind, event_kind, product_kind};
        size_t g = 0;
        while (g < 2 && !str_eq(kind, str_of(gone[g])))
            g++;
        add_change(out, a, arena_str(a, ref), gone[g], "remove", NULL, 0);
    }
    yyjson_doc_free(doc);
    return true;
}

bool build_plan(struct build *b, const struct mesh *m, struct arena *a, struct build_plan *out, struct errs *es, struct err *e)
{
    struct engine_conn *c = NULL;
    struct build_facts facts;
    struct build_print *prints = NULL;
    bool ok = false;
    *out = (struct build_plan){0};
    if (!engine_connect(b->s->engine, &c, e))
        goto out;
    if (!build_facts_read(c, m, a, &facts, e) || !build_facts_identity(b->s, m, a, &facts, e) || !build_prints(m, a, &prints, e) ||
        !ingest_discover(b->s, m, a, &out->loads, &out->n_loads, es, e))
        goto out;
    out->changes = arena_array(a, m->n_ports + facts.n_live + 1, sizeof *out->changes);
    port_changes(m, &facts, prints, a, out);
    if (!other_changes(b, m, a, out, e))
        goto out;
    size_t *to_load = arena_array(a, m->n_streams + 1, sizeof *to_load);
    bool *will_build = arena_array(a, m->n_ports + 1, sizeof *will_build);
    out->todo = arena_array(a, m->n_ports + 1, sizeof *out->todo);
    for (size_t i = 0; i < out->n_loads; i++)
        to_load[build_stream_index(&facts, m, out->loads[i].stream)]++;
    for (size_t i = 0; i < m->n_ports; i++) {
        struct mesh_port *p = m->ports[i];
        struct str because;
        enum build_reason r = build_reason_of(m, &facts, prints, p, will_build, a, &because);
        for (size_t k = 0; r == REASON_NONE && k < p->n_inputs; k++) {
            size_t files = p->inputs[k].stream != NULL ? to_load[build_stream_index(&facts, m, p->inputs[k].stream)] : 0;
            if (files == 0)
                continue;
            r = REASON_NEW_DATA;
            because = arena_printf(a, "%.*s has %zu file%s to load", STR_FMT(p->inputs[k].ref), files, files > 1 ? "s" : "");
        }
        will_build[i] = r != REASON_NONE;
        if (r == REASON_NONE)
            out->up_to_date++;
        else
            out->todo[out->n_todo++] = (struct build_todo){.port = p, .reason = build_reason_text(r), .because = because};
    }
    ok = build_unclassified(b, m, a, es, e);
out:
    engine_disconnect(c);
    return ok;
}
