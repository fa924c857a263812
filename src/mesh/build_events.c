/* Second stage: a source of events: what it takes and how (`events:`), where a webhook's members stand, and its streams, whose
 * columns are known here: those of every event (event_columns), of the tracking plan (p_<name>) and of one's own (`enrich:`). */
#include "mesh/mesh_int.h"

#include <arpa/inet.h>

#include "mesh/event_columns.h"
#include "mesh/units.h"

enum {
    DEDUP_DAYS_MAX = 400, LATE_DAYS_MAX = 400, FUTURE_DAYS_MAX = 1, DAY_S = 86400, REQUEST_BYTES_MAX = 4 << 20, PATH_STEPS_MAX = 16,
    STREAM_CONTRACT_MAX_BYTES = 16 << 20
};

/* ---- What it takes ---- */

static int64_t span_of(struct load *l, const struct doc *d, const struct doc_node *map, const char *key, int64_t otherwise, int64_t days_max)
{
    const struct doc_node *n = map ? doc_get(d, map, key) : NULL;
    int64_t v = otherwise;
    if (n && unit_seconds(doc_text(d, n), &v) && v > days_max * DAY_S)
        hint(at_value(l, E_SCHEMA, d, n, "%s is at most %lldd, this is %.*s", key, (long long)days_max, STR_FMT(doc_text(d, n))), "write a shorter time");
    return v;
}

static int64_t size_of(const struct doc *d, const struct doc_node *map, const char *key, int64_t otherwise)
{
    int64_t v = otherwise;
    const struct doc_node *n = map ? doc_get(d, map, key) : NULL;
    return n && unit_bytes(doc_text(d, n), &v) ? v : otherwise;
}

static void limits_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_events *ev)
{
    const struct doc_node *batch = n ? doc_get(d, n, "batch") : NULL, *event = n ? doc_get(d, n, "event") : NULL;
    ev->event_bytes = size_of(d, n, "event", 32 * 1024);
    ev->batch_bytes = size_of(d, n, "batch", 500 * 1024);
    ev->batch_events = n ? doc_int(d, n, "events", 2500) : 2500;
    if (batch && ev->batch_bytes > REQUEST_BYTES_MAX)
        hint(at_value(l, E_SCHEMA, d, batch, "a request has at most 4MB, this is %.*s", STR_FMT(doc_text(d, batch))), "senders split what is larger");
    else if (ev->event_bytes > ev->batch_bytes)
        hint(at_value(l, E_SCHEMA, d, event ? event : batch, "an event may be larger (%lld bytes) than the request that brings it (%lld bytes)",
                      (long long)ev->event_bytes, (long long)ev->batch_bytes), "make limits.batch larger than limits.event");
}

/* An address, or a network: address, slash, bits. */
static bool is_network(struct str s)
{
    struct str bits, address = str_cut(s, '/', &bits);
    char z[INET6_ADDRSTRLEN];
    unsigned char raw[16];
    int64_t v = 0;
    if (address.n == 0 || address.n >= sizeof z)
        return false;
    memcpy(z, address.p, address.n);
    z[address.n] = 0;
    bool four = inet_pton(AF_INET, z, raw) == 1, six = !four && inet_pton(AF_INET6, z, raw) == 1;
    return (four || six) && (!bits.p || (str_to_i64(bits, &v) && v >= 0 && v <= (four ? 32 : 128)));
}

static void internal_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_events *ev)
{
    const struct doc_node *ips = n ? doc_get(d, n, "ips") : NULL;
    if (!n)
        return;
    ev->internal_ips = text_list(l, d, ips, &ev->n_internal_ips);
    ev->internal_hosts = text_list(l, d, doc_get(d, n, "hosts"), &ev->n_internal_hosts);
    ev->internal_emails = text_list(l, d, doc_get(d, n, "emails"), &ev->n_internal_emails);
    for (const struct doc_node *ip = ips ? doc_first(d, ips) : NULL; ip; ip = doc_next(d, ip))
        if (!is_network(doc_text(d, ip)))
            hint(at_value(l, E_SCHEMA, d, ip, "\"%.*s\" is neither an address nor a network", STR_FMT(doc_text(d, ip))), "a network is an address, a slash and a number of bits, such as 10.0.0.0/8");
}

/* ---- Webhooks ---- */

/* $, $.a.b, $.a[0], $['a b']; with `list` the last step may be [*]. */
static bool is_path(struct str s, bool list)
{
    size_t i = 1, steps = 0;
    if (s.n == 0 || s.p[0] != '$')
        return false;
    while (i < s.n) {
        size_t from = i + 1, end;
        if (++steps > PATH_STEPS_MAX)
            return false;
        if (s.p[i] == '.') {
            for (end = from; end < s.n && s.p[end] != '.' && s.p[end] != '['; end++)
                if (strchr("*]'\" ", s.p[end]))
                    return false;
            if (end == from)
                return false;
            i = end;
            continue;
        }
        end = str_find(s, STR("]"), from);
        if (s.p[i] != '[' || end == SIZE_MAX || end == from)
            return false;
        struct str inside = {s.p + from, end - from};
        int64_t index;
        bool quoted = inside.n > 2 && (inside.p[0] == '\'' || inside.p[0] == '"') && inside.p[inside.n - 1] == inside.p[0];
        bool all = str_eq(inside, STR("*"));
        if (!quoted && !(all && list && end + 1 == s.n) && !(str_to_i64(inside, &index) && index >= 0))
            return false;
        i = end + 1;
    }
    return true;
}

static void path_check(struct load *l, const struct doc *d, const struct doc_node *n, bool list)
{
    struct str s = doc_text(d, n);
    if (!n || is_path(s, list) || (!list && s.n && s.p[0] != '$'))
        return;
    hint(at_value(l, E_SCHEMA, d, n, "\"%.*s\" is not a path into a JSON body", STR_FMT(s)), "%s",
         list ? "write $ for the body and [*] for all of a list: $.data[*]" : "write $ for the body and its members: $.customer.id, $.lines[0].sku");
}

static const struct str event_members[] = {
    {"messageId", 9}, {"timestamp", 9}, {"originalTimestamp", 17}, {"sentAt", 6}, {"userId", 6}, {"anonymousId", 11}, {"event", 5}, {"name", 4},
    {"category", 8}, {"groupId", 7}, {"previousId", 10}, {"properties", 10}, {"traits", 6}, {"context", 7}, {"integrations", 12},
};
enum { EVENT_MEMBERS = sizeof event_members / sizeof event_members[0] };

static void webhook_read(struct load *l, const struct doc *d, const struct doc_node *n, struct mesh_events *ev)
{
    const struct doc_node *event = n ? doc_get(d, n, "event") : NULL, *items = n ? doc_get(d, n, "items") : NULL, *fields = n ? doc_get(d, n, "fields") : NULL;
    bool event_mapped = event != NULL;
    if (!n)
        return;
    struct mesh_webhook *w = ev->webhook = arena_alloc(l->a, sizeof *w);
    w->type = doc_str(d, n, "type");
    w->event = doc_text(d, event);
    w->items = doc_text(d, items);
    path_check(l, d, event, false);
    path_check(l, d, items, true);
    w->fields = arena_array(l->a, (fields ? fields->n_children : 0) + 1, sizeof *w->fields);
    for (const struct doc_node *f = fields ? doc_first(d, fields) : NULL; f; f = doc_next(d, f)) {
        struct str to = doc_key(d, f), rest, first = str_cut(to, '.', &rest), text = doc_text(d, f);
        size_t i = 0;
        while (i < EVENT_MEMBERS && !str_eq(event_members[i], first))
            i++;
        if (i == EVENT_MEMBERS || (rest.p && !str_eq(first, STR("properties")) && !str_eq(first, STR("traits")) && !str_eq(first, STR("context")))) {
            hint_nearest(at_key(l, E_UNKNOWN_KEY, d, f, "\"%.*s\" is not a member of an event", STR_FMT(to)), first, event_members, EVENT_MEMBERS);
            continue;
        }
        path_check(l, d, f, false);
        bool path = text.n && text.p[0] == '$';
        event_mapped = event_mapped || str_eq(to, STR("event"));
        w->fields[w->n_fields++] = (struct mesh_mapped){.to = to, .from = path ? text : (struct str){NULL, 0}, .value = path ? (struct str){NULL, 0} : text};
    }
    if (str_eq(w->type, STR("track")) && !event_mapped)
        hint(at_key(l, E_MISSING_KEY, d, n, "a webhook of type track does not say which event it is"), "add event: a path such as $.event_name, or a name");
}

/* ---- Streams ---- */

static const struct { char type; const char *logical; } logical_types[] = {
    {'T', "string"}, {'M', "timestamp"}, {'B', "boolean"}, {'I', "integer"}, {'D', "number"}, {'Y', "date"},
};

static const char *logical_of(char type)
{
    for (size_t i = 0; i < sizeof logical_types / sizeof logical_types[0]; i++)
        if (logical_types[i].type == type)
            return logical_types[i].logical;
    return "string";
}

static const char *class_name(enum mesh_class c)
{
    static const char *const names[] = {
        [CLASS_UNSET] = "internal", [CLASS_PUBLIC] = "public", [CLASS_INTERNAL] = "internal", [CLASS_CONFIDENTIAL] = "confidential",
        [CLASS_PERSONAL] = "personal", [CLASS_SENSITIVE] = "sensitive",
    };
    return names[c];
}

struct stream_column { struct str name, logical, physical, title, description; enum mesh_class class_; bool required; };

static void column_put(struct buf *b, const struct stream_column *c)
{
    const struct { const char *key; struct str text; } texts[] = {
        {"name", c->name}, {"logicalType", c->logical}, {"physicalType", c->physical}, {"classification", str_of(class_name(c->class_))},
        {"businessName", c->title}, {"description", c->description},
    };
    bool first = true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!texts[i].text.n)
            continue;
        buf_addc(b, first ? '{' : ',');
        first = false;
        buf_json_key(b, texts[i].key);
        buf_json_str(b, texts[i].text);
    }
    buf_addz(b, c->required ? ",\"required\":true}" : "}");
}

static bool is_required(enum event_column c)
{
    return c == EVENT_MESSAGE_ID || c == EVENT_OCCURRED_AT || c == EVENT_RECEIVED_AT || c == EVENT_API;
}

static void stream_put(struct load *l, struct buf *b, const struct mesh_source *s, const struct event_stream_info *info, const struct enriched *enriched)
{
    struct event_plan_column *planned;
    bool first = true;
    buf_printf(b, "{\"name\":\"%s\",\"properties\":[", info->name);
    for (int i = 0; i < EVENT_COLUMNS; i++) {
        const struct event_column_info *k = &event_columns[i];
        if (!(k->streams & info->bit))
            continue;
        buf_addz(b, first ? "" : ",");
        first = false;
        column_put(b, &(struct stream_column){.name = str_of(k->name), .logical = str_of(logical_of(k->type)), .physical = str_of(event_column_type(k->type)),
                                              .title = str_of(k->title), .class_ = k->class_, .required = is_required((enum event_column)i)});
    }
    size_t n = event_plan_columns(l->a, s->events, info->bit, &planned);
    for (size_t i = 0; i < n; i++) {
        buf_addc(b, ',');
        column_put(b, &(struct stream_column){.name = planned[i].name, .logical = str_of(logical_of(planned[i].type)),
                                              .physical = str_of(event_column_type(planned[i].type)), .title = planned[i].title,
                                              .description = planned[i].description, .class_ = planned[i].class_});
    }
    for (size_t i = 0; i < s->events->n_enrich; i++) {
        if (!(enriched[i].streams & info->bit))
            continue;
        buf_addc(b, ',');
        column_put(b, &(struct stream_column){.name = s->events->enrich[i].name, .physical = s->events->enrich[i].type, .class_ = enriched[i].class_});
    }
    buf_addz(b, "]}");
}

/* The streams' contract as a document of its own, so that whoever reads contracts reads this one like any other. What it says
 * stands in the source's file. */
static void streams_make(struct load *l, struct mesh_source *s, const struct enriched *enriched)
{
    struct buf b = BUF_INIT(STREAM_CONTRACT_MAX_BYTES);
    buf_addz(&b, "{\"apiVersion\":\"v3.1.0\",\"kind\":\"DataContract\",\"version\":\"1.0.0\",\"status\":\"active\",\"id\":");
    struct str id = arena_printf(l->a, "%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
    buf_json_str(&b, id);
    buf_addz(&b, ",\"schema\":[");
    for (int i = 0; i < EVENT_STREAMS; i++) {
        if (i)
            buf_addc(&b, ',');
        stream_put(l, &b, s, &event_streams[i], enriched);
    }
    buf_addz(&b, "]}");
    struct doc *d = buf_ok(&b, NULL) ? doc_parse_json(l->a, s->pos.file, buf_str(&b), l->es) : NULL;
    if (!d) {
        hint(errs_add(l->es, E_TOO_LARGE, s->pos.file, s->pos.line, s->pos.col, "the tracking plan has more columns than a stream can hold"), "declare fewer properties");
        buf_fini(&b);
        return;
    }
    for (uint32_t i = 0; i < d->n_nodes; i++) {
        d->nodes[i].line = d->nodes[i].key_line = d->nodes[i].end_line = s->pos.line;
        d->nodes[i].col = d->nodes[i].key_col = s->pos.col;
    }
    s->streams = arena_array(l->a, EVENT_STREAMS, sizeof *s->streams);
    const struct doc_node *object = doc_first(d, doc_get(d, doc_root(d), "schema"));
    for (int i = 0; i < EVENT_STREAMS; i++, object = doc_next(d, object)) {
        struct mesh_stream *st = &s->streams[s->n_streams++];
        st->source = s;
        st->name = str_of(event_streams[i].name);
        st->ref = arena_printf(l->a, "%.*s.%.*s__%.*s", STR_FMT(s->domain->name), STR_FMT(s->name), STR_FMT(st->name));
        st->pos = s->pos;
        st->optional = true;
        st->load = LOAD_APPEND;
        st->header = st->skip_rows = -1;
        st->contract = build_contract(l, d, object, COLUMNS_RAW);
        (void)table_put(&l->w->streams, l->a, st->ref, st);
    }
    buf_fini(&b);
}

void build_events(struct load *l, struct source_files *f, struct mesh_source *s)
{
    static const char *const of_files[] = {"path", "streams", "drift", "watch"};
    const struct doc *d = f->source.doc;
    const struct doc_node *root = doc_root(d), *n = doc_get(d, root, "events");
    struct mesh_events *ev = s->events = arena_alloc(l->a, sizeof *ev);
    for (size_t i = 0; i < sizeof of_files / sizeof of_files[0]; i++) {
        const struct doc_node *key = doc_get(d, root, of_files[i]);
        if (key)
            hint(at_key(l, E_UNKNOWN_KEY, d, key, "a source of events has no %s", of_files[i]), "remove it, or write kind: files");
    }
    if (f->contract.path.p)
        hint(at_file(l, E_CONTRACT, f->contract.path, "the streams of a source of events have the columns that Trellis gives them"),
             "contracts of event types stand in the folder sources/%.*s; remove this file", STR_FMT(s->name));
    ev->unplanned = n && str_eq(doc_str(d, n, "unplanned"), STR("quarantine")) ? UNPLANNED_QUARANTINE : UNPLANNED_PASS;
    ev->dedup_window_s = span_of(l, d, n, "dedup_window", 30 * (int64_t)DAY_S, DEDUP_DAYS_MAX);
    ev->late_after_s = span_of(l, d, n, "late_after", 3600, LATE_DAYS_MAX);
    ev->future_s = span_of(l, d, n, "future", 300, FUTURE_DAYS_MAX);
    ev->rate_per_s = n ? doc_int(d, n, "rate", 1000) : 1000;
    ev->keep_ip = n && doc_bool(d, n, "keep_ip", false);
    limits_read(l, d, n ? doc_get(d, n, "limits") : NULL, ev);
    ev->origins = n ? text_list(l, d, doc_get(d, n, "origins"), &ev->n_origins) : NULL;
    internal_read(l, d, n ? doc_get(d, n, "internal") : NULL, ev);
    webhook_read(l, d, n ? doc_get(d, n, "webhook") : NULL, ev);
    build_planned(l, f, s);
    streams_make(l, s, build_enrich(l, d, n ? doc_get(d, n, "enrich") : NULL, s));
}
