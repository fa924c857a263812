/* One record of the spool, or one payload out of quarantine, into events. */
#include "events/events_int.h"

#include "base/json.h"

enum { EXCESS_KEPT = 1000 };

static struct event_facts *facts_read(struct event_batch *b, struct str meta, int64_t received_us, const char *api)
{
    struct event_facts *f = arena_alloc(&b->a, sizeof *f);
    yyjson_doc *doc = event_batch_parse(b, meta);
    yyjson_val *o = yyjson_doc_get_root(doc);
    f->received_us = received_us;
    f->ip = json_str(o, "ip");
    f->user_agent = json_str(o, "ua");
    f->accept_language = json_str(o, "lang");
    f->origin = json_str(o, "origin");
    f->api = json_str(o, "api");
    f->gpc = json_bool(o, "gpc", false);
    f->dnt = json_bool(o, "dnt", false);
    f->direct = json_bool(o, "direct", false);
    if (!str_to_i64(event_scalar(yyjson_obj_get(o, "key")), &f->key_id))
        f->key_id = 0;
    if (!f->api.n)
        f->api = str_of(api);
    return f;
}

static struct event_entry *entry_new(struct event_batch *b, const struct mesh_source *s, const struct event_facts *f,
                                     struct str origin)
{
    struct event_entry *x = event_batch_add(b);
    x->ev.source = s;
    x->facts = f;
    x->origin = origin;
    x->ev.received_us = f->received_us;
    b->events++;
    return x;
}

static struct str origin_of(struct event_batch *b, struct spool_position at, size_t index)
{
    return arena_printf(&b->a, "%llu:%llu:%zu", (unsigned long long)at.segment, (unsigned long long)at.offset, index);
}

/* Of no event: its parts are numbered when it is split. */
static struct str origin_of_request(struct event_batch *b, struct spool_position at)
{
    return arena_printf(&b->a, "%llu:%llu:request", (unsigned long long)at.segment, (unsigned long long)at.offset);
}

/* Kept whole, so that it can go the way again once the declaration fits it. */
static void keep_request(struct event_batch *b, struct event_entry *x, const struct spool_record *r)
{
    x->type = STR("request");
    x->request = r->kind;
    x->payload = arena_str(&b->a, r->body);
}

static void refuse_body(struct event_batch *b, const struct mesh_source *s, const struct event_facts *f, struct spool_position at,
                        const struct spool_record *r, bool is_json, const struct event_translation *why)
{
    struct event_entry *x = entry_new(b, s, f, origin_of_request(b, at));
    if (is_json) {
        keep_request(b, x, r);
    } else {
        struct buf json = BUF_INIT((size_t)64 << 10);
        buf_json_str(&json, (struct str){r->body.p, r->body.n < EVENT_BEGINNING_BYTES ? r->body.n : EVENT_BEGINNING_BYTES});
        x->payload = arena_str(&b->a, buf_str(&json));
        buf_fini(&json);
    }
    event_refuse(b, x, why->reason, why->field, arena_strz(&b->a, why->message));
}

/* Items beyond the limit are kept as rejected one by one, as long as they are not too many for that, too. */
static void items(struct event_batch *b, const struct mesh_source *s, const struct event_facts *f, struct spool_position at,
                  yyjson_val *list, const struct event_shared *sh)
{
    size_t i, n, most = (size_t)s->events->batch_events;
    yyjson_val *item;
    yyjson_arr_foreach(list, i, n, item)
    {
        struct event_entry *x = entry_new(b, s, f, origin_of(b, at, i));
        if (i < most) {
            event_normalise(b, x, item, sh, 0);
        } else if (i < most + EXCESS_KEPT) {
            x->ev.whole = item;
            event_refuse(b, x, "too_many", STR(""), "beyond the number of events that a batch may have");
        } else {
            x->payload = arena_printf(&b->a, "{\"further_events\":%zu}", n - i);
            event_refuse(b, x, "too_many", STR(""),
                         "so many events beyond the number that a batch may have that these are only counted");
            break;
        }
    }
}

static const struct {
    enum spool_kind kind;
    enum event_stream stream;
} one_call[] = {
    {SPOOL_TRACK, EVENT_TRACK}, {SPOOL_PAGE, EVENT_PAGE},   {SPOOL_SCREEN, EVENT_SCREEN}, {SPOOL_IDENTIFY, EVENT_IDENTIFY},
    {SPOOL_GROUP, EVENT_GROUP}, {SPOOL_ALIAS, EVENT_ALIAS}, {SPOOL_MERGE, EVENT_ALIAS},
};

static void one(struct event_batch *b, const struct mesh_source *s, const struct event_facts *f, struct spool_position at,
                yyjson_val *root, enum spool_kind kind)
{
    struct event_entry *x = entry_new(b, s, f, origin_of(b, at, 0));
    enum event_stream stream = 0;
    for (size_t i = 0; i < sizeof one_call / sizeof *one_call; i++) {
        if (one_call[i].kind == kind)
            stream = one_call[i].stream;
    }
    if (kind == SPOOL_MERGE && yyjson_is_obj(root)) { /* by its route; the body need not say so */
        yyjson_alc alc = event_alc(&b->a);
        yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
        yyjson_mut_val *o = yyjson_val_mut_copy(doc, root);
        yyjson_mut_obj_put(o, yyjson_mut_str(doc, "type"), yyjson_mut_str(doc, "merge"));
        yyjson_mut_doc_set_root(doc, o);
        root = event_frozen(&b->a, doc);
    }
    event_normalise(b, x, root, &(struct event_shared){0}, stream);
}

/* A statement of the consent API: no event of its own, rows of the stream `consent` alone. */
static void spoken(struct event_batch *b, const struct mesh_source *s, const struct event_facts *f, struct str origin,
                   yyjson_val *root)
{
    struct event_entry *x = entry_new(b, s, f, origin);
    size_t before = b->n;
    yyjson_alc alc = event_alc(&b->a);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_val *o = yyjson_is_obj(root) ? yyjson_val_mut_copy(doc, root) : yyjson_mut_obj(doc);
    struct str email = event_scalar(yyjson_obj_get(root, "email")), phone = event_scalar(yyjson_obj_get(root, "phone"));
    yyjson_mut_val *traits = yyjson_mut_obj_add_obj(doc, o, "traits");
    if (email.n)
        yyjson_mut_obj_add_strn(doc, traits, "email", email.p, email.n);
    if (phone.n)
        yyjson_mut_obj_add_strn(doc, traits, "phone", phone.p, phone.n);
    yyjson_mut_obj_put(o, yyjson_mut_str(doc, "type"), yyjson_mut_str(doc, "identify"));
    yyjson_mut_doc_set_root(doc, o);
    event_normalise(b, x, event_frozen(&b->a, doc), &(struct event_shared){0}, EVENT_IDENTIFY);
    x->type = STR("consent");
    x->ev.whole = root;
    if (x->verdict == EVENT_PASSED)
        event_consent(b, x, root);
    if (x->verdict == EVENT_PASSED && b->n == before)
        event_refuse(b, x, "bad_value", STR("purposes"), "must be an object of purposes, each true or false");
    x->ev.stream = EVENT_CONSENT; /* the entry itself stands for the call: rows.c writes its statements */
}

static void translated(struct event_batch *b, const struct mesh_source *s, const struct event_facts *f, struct spool_position at,
                       yyjson_val *root, const struct spool_record *r)
{
    struct event_translation t = {0};
    if (r->kind == SPOOL_GA4)
        event_ga4(b, root, &t);
    else if (r->kind == SPOOL_MPARTICLE)
        event_mparticle(b, root, &t);
    else
        event_webhook(b, s, root, &t);
    if (t.reason)
        refuse_body(b, s, f, at, r, true, &t);
    else
        items(b, s, f, at, t.items, &(struct event_shared){0});
}

static const char *api_of_kind(enum spool_kind kind)
{
    static const char *const apis[SPOOL_MPARTICLE + 1] = {
        [SPOOL_WEBHOOK] = "webhook", [SPOOL_GA4] = "ga4", [SPOOL_MPARTICLE] = "mparticle", [SPOOL_MERGE] = "rudderstack"};
    return kind <= SPOOL_MPARTICLE && apis[kind] ? apis[kind] : "segment";
}

void event_split(struct event_batch *b, const struct mesh_source *s, const struct spool_record *r, struct spool_position at)
{
    const struct event_facts *f = facts_read(b, r->meta, r->received_us, api_of_kind(r->kind));
    yyjson_val *root = yyjson_doc_get_root(event_batch_parse(b, r->body));
    if (!root || (!yyjson_is_obj(root) && r->kind != SPOOL_WEBHOOK)) {
        const struct event_translation why = {.reason = "bad_value", .message = STR("the body is no JSON object")};
        refuse_body(b, s, f, at, r, root != NULL, &why);
    } else if (r->kind == SPOOL_BATCH) {
        const struct event_shared sh = {yyjson_obj_get(root, "context"), yyjson_obj_get(root, "integrations"),
                                        yyjson_obj_get(root, "sentAt")};
        yyjson_val *list = yyjson_obj_get(root, "batch");
        const struct event_translation why = {
            .reason = "bad_value", .field = STR("batch"), .message = STR("must be a list of events")};
        if (yyjson_is_arr(list))
            items(b, s, f, at, list, &sh);
        else
            refuse_body(b, s, f, at, r, true, &why);
    } else if (r->kind == SPOOL_CONSENT) {
        spoken(b, s, f, origin_of(b, at, 0), root);
    } else if (r->kind == SPOOL_WEBHOOK || r->kind == SPOOL_GA4 || r->kind == SPOOL_MPARTICLE) {
        translated(b, s, f, at, root, r);
    } else {
        one(b, s, f, at, root, r->kind);
    }
}

void event_split_unknown(struct event_batch *b, const struct spool_record *r, struct spool_position at)
{
    struct event_entry *x =
        entry_new(b, NULL, facts_read(b, r->meta, r->received_us, api_of_kind(r->kind)), origin_of_request(b, at));
    x->source_ref = arena_str(&b->a, r->source);
    keep_request(b, x, r);
    event_refuse(b, x, "unknown_source", STR(""), "its source is not declared any more");
}

void event_split_again(struct event_batch *b, const struct mesh_source *s, struct str payload, struct str meta,
                       int64_t received_us, struct str origin, int64_t id)
{
    const struct event_facts *f = facts_read(b, meta, received_us, "segment");
    yyjson_val *root = yyjson_doc_get_root(event_batch_parse(b, payload));
    size_t first = b->n;
    if (str_eq(json_str(root, "type"), STR("consent")))
        spoken(b, s, f, arena_str(&b->a, origin), root);
    else
        event_normalise(b, entry_new(b, s, f, arena_str(&b->a, origin)), root, &(struct event_shared){0}, 0);
    for (size_t i = first; i < b->n; i++)
        b->v[i]->again = id;
}

enum spool_kind event_request_kind(struct event_batch *b, struct str meta)
{
    int64_t kind = 0;
    struct str text = event_scalar(yyjson_obj_get(yyjson_doc_get_root(event_batch_parse(b, meta)), "request"));
    return str_to_i64(text, &kind) && kind > 0 && kind <= SPOOL_MPARTICLE ? (enum spool_kind)kind : 0;
}

void event_split_request(struct event_batch *b, const struct mesh_source *s, enum spool_kind kind, struct str payload,
                         struct str meta, int64_t received_us, struct str origin)
{
    struct str rest, offset, segment = str_cut(origin, ':', &rest);
    int64_t at_segment = 0, at_offset = 0;
    offset = str_cut(rest, ':', &rest);
    if (!str_to_i64(segment, &at_segment) || !str_to_i64(offset, &at_offset))
        return;
    const struct spool_record r = {.received_us = received_us, .kind = kind, .meta = meta, .body = payload};
    event_split(b, s, &r, (struct spool_position){(uint64_t)at_segment, (uint64_t)at_offset});
}

/* ---- what quarantine keeps ---- */

struct str event_payload(struct event_batch *b, const struct event_entry *x)
{
    const struct event *ev = &x->ev;
    if (x->payload.n)
        return x->payload;
    if (!yyjson_is_obj(ev->whole))
        return event_json(&b->a, ev->whole);
    /* Whole by itself: with what its batch said of it, so that it can go the way again alone. */
    yyjson_alc alc = event_alc(&b->a);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_val *o = yyjson_val_mut_copy(doc, ev->whole);
    yyjson_mut_obj_remove_key(o, "writeKey"); /* only its hash is kept */
    const struct {
        const char *key;
        yyjson_val *v;
    } shared[] = {{"context", ev->context}, {"integrations", x->integrations}, {"sentAt", x->sent_at}};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (shared[i].v)
            yyjson_mut_obj_put(o, yyjson_mut_str(doc, shared[i].key), yyjson_val_mut_copy(doc, shared[i].v));
    }
    struct str ip = event_scalar(yyjson_obj_get(ev->context, "ip")), cut = event_ip_cut(&b->a, ip);
    if (ip.n && !ev->source->events->keep_ip)
        yyjson_mut_obj_put(yyjson_mut_obj_get(o, "context"), yyjson_mut_str(doc, "ip"),
                           yyjson_mut_strn(doc, cut.n ? cut.p : "", cut.n));
    if (x->type.n)
        yyjson_mut_obj_put(o, yyjson_mut_str(doc, "type"), yyjson_mut_strn(doc, x->type.p, x->type.n));
    struct str id = ev->cells[EVENT_MESSAGE_ID].s;
    if (id.n)
        yyjson_mut_obj_put(o, yyjson_mut_str(doc, "messageId"), yyjson_mut_strn(doc, id.p, id.n));
    yyjson_mut_doc_set_root(doc, o);
    return event_json(&b->a, event_frozen(&b->a, doc));
}

struct str event_meta(struct event_batch *b, const struct event_entry *x)
{
    const struct event_facts *f = x->facts;
    struct str ip = x->ev.source && x->ev.source->events->keep_ip ? f->ip : event_ip_cut(&b->a, f->ip);
    struct buf o = BUF_INIT((size_t)64 << 10);
    const struct {
        const char *key;
        struct str s;
    } texts[] = {{"api", f->api}, {"ip", ip}, {"ua", f->user_agent}, {"lang", f->accept_language}, {"origin", f->origin}};
    buf_printf(&o, "{\"key\":%lld", (long long)f->key_id);
    if (x->request)
        buf_printf(&o, ",\"request\":%d", (int)x->request);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i].s.n)
            continue;
        buf_addc(&o, ',');
        buf_json_key(&o, texts[i].key);
        buf_json_str(&o, texts[i].s);
    }
    buf_printf(&o, ",\"gpc\":%s,\"dnt\":%s,\"direct\":%s}", f->gpc ? "true" : "false", f->dnt ? "true" : "false",
               f->direct ? "true" : "false");
    struct str s = arena_str(&b->a, buf_str(&o));
    buf_fini(&o);
    return s;
}
