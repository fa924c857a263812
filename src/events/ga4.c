/* GA4's Measurement Protocol into calls: page_view is a page, screen_view a screen, all else a track; what is said of the user
 * becomes an identify before them. */
#include "events/events_int.h"

#include <stdio.h>

struct ga4 {
    yyjson_mut_doc *doc;
    yyjson_mut_val *calls;
    yyjson_val *body;
};

static void copy(struct ga4 *g, yyjson_mut_val *to, const char *name, yyjson_val *v)
{
    if (v && !yyjson_is_null(v))
        yyjson_mut_obj_put(to, yyjson_mut_str(g->doc, name), yyjson_val_mut_copy(g->doc, v));
}

static void text(struct ga4 *g, yyjson_mut_val *to, const char *name, struct str s)
{
    if (s.n)
        yyjson_mut_obj_put(to, yyjson_mut_str(g->doc, name), yyjson_mut_strn(g->doc, s.p, s.n));
}

static void moment(struct ga4 *g, yyjson_mut_val *call, yyjson_val *event)
{
    yyjson_val *v = yyjson_obj_get(event, "timestamp_micros");
    int64_t us;
    char z[32];
    if (!v)
        v = yyjson_obj_get(g->body, "timestamp_micros");
    if (!v)
        return;
    if (str_to_i64(event_scalar(v), &us)) { /* a number of milliseconds is a moment of a call; the last three digits are lost */
        snprintf(z, sizeof z, "%lld", (long long)(us / 1000));
        yyjson_mut_obj_put(call, yyjson_mut_str(g->doc, "timestamp"), yyjson_mut_rawcpy(g->doc, z));
    } else {
        copy(g, call, "timestamp", v);
    }
}

/* Who, and what the whole request says; also the context. */
static yyjson_mut_val *call_new(struct ga4 *g, const char *type, yyjson_val *params)
{
    static const struct {
        const char *object, *member, *param;
    } places[] = {
        {"page", "url", "page_location"}, {"page", "title", "page_title"},    {"page", "referrer", "page_referrer"},
        {"campaign", "source", "source"}, {"campaign", "medium", "medium"},   {"campaign", "name", "campaign"},
        {"campaign", "term", "term"},     {"campaign", "content", "content"}, {"campaign", "id", "campaign_id"},
    };
    yyjson_mut_val *call = yyjson_mut_arr_add_obj(g->doc, g->calls), *context = yyjson_mut_obj_add_obj(g->doc, call, "context");
    yyjson_val *client = yyjson_obj_get(g->body, "client_id"), *agent = yyjson_obj_get(g->body, "user_agent");
    yyjson_mut_obj_add_str(g->doc, call, "type", type);
    copy(g, call, "userId", yyjson_obj_get(g->body, "user_id"));
    copy(g, call, "anonymousId", client ? client : yyjson_obj_get(g->body, "app_instance_id"));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct str s = event_scalar(yyjson_obj_get(params, places[i].param));
        yyjson_mut_val *o = yyjson_mut_obj_get(context, places[i].object);
        if (s.n && !o)
            o = yyjson_mut_obj_add_obj(g->doc, context, places[i].object);
        text(g, o, places[i].member, s);
    }
    copy(g, context, "sessionId", yyjson_obj_get(params, "session_id"));
    copy(g, context, "locale", yyjson_obj_get(params, "language"));
    copy(g, context, "userAgent", agent);
    copy(g, context, "ip", yyjson_obj_get(g->body, "ip_override"));
    yyjson_val *consent = yyjson_obj_get(g->body, "consent");
    if (yyjson_is_obj(consent))
        copy(g, yyjson_mut_obj_add_obj(g->doc, context, "consent"), "google", consent);
    return call;
}

static void event(struct ga4 *g, yyjson_val *v)
{
    yyjson_val *params = yyjson_obj_get(v, "params");
    struct str name = event_scalar(yyjson_obj_get(v, "name"));
    bool page = str_eq(name, STR("page_view")), screen = str_eq(name, STR("screen_view"));
    yyjson_mut_val *call = call_new(g, page ? "page" : screen ? "screen" : "track", params);
    yyjson_mut_val *properties = yyjson_is_obj(params) ? yyjson_val_mut_copy(g->doc, params) : yyjson_mut_obj(g->doc);
    struct str title = event_scalar(yyjson_obj_get(params, page ? "page_title" : "screen_name"));
    if (!title.n && screen)
        title = event_scalar(yyjson_obj_get(params, "firebase_screen"));
    text(g, call, page || screen ? "name" : "event", page || screen ? title : name);
    if (str_eq(name, STR("purchase")) && !yyjson_obj_get(params, "revenue"))
        copy(g, properties, "revenue", yyjson_obj_get(params, "value"));
    yyjson_mut_obj_put(call, yyjson_mut_str(g->doc, "properties"), properties);
    moment(g, call, v);
}

/* {"plan":{"value":"gold"}} */
static void user_properties(struct ga4 *g, yyjson_val *o)
{
    size_t i, n;
    yyjson_val *key, *v;
    if (!yyjson_obj_size(o))
        return;
    yyjson_mut_val *call = call_new(g, "identify", NULL), *traits = yyjson_mut_obj_add_obj(g->doc, call, "traits");
    yyjson_obj_foreach(o, i, n, key, v)
    {
        yyjson_val *value = yyjson_is_obj(v) ? yyjson_obj_get(v, "value") : v;
        if (value)
            yyjson_mut_obj_add(traits, yyjson_val_mut_copy(g->doc, key), yyjson_val_mut_copy(g->doc, value));
    }
    moment(g, call, NULL);
}

void event_ga4(struct event_batch *b, yyjson_val *body, struct event_translation *out)
{
    yyjson_alc alc = event_alc(&b->a);
    struct ga4 g = {.doc = yyjson_mut_doc_new(&alc), .body = body};
    yyjson_val *list = yyjson_obj_get(body, "events"), *v;
    size_t i, n;
    g.calls = yyjson_mut_arr(g.doc);
    *out = (struct event_translation){0};
    if (!yyjson_is_arr(list)) {
        *out =
            (struct event_translation){.reason = "bad_value", .field = STR("events"), .message = STR("must be a list of events")};
        return;
    }
    user_properties(&g, yyjson_obj_get(body, "user_properties"));
    yyjson_arr_foreach(list, i, n, v) event(&g, v);
    yyjson_mut_doc_set_root(g.doc, g.calls);
    out->items = event_frozen(&b->a, g.doc);
}
