/* mParticle's batch into calls: custom and commerce events are tracks (commerce under the names of Segment's ecommerce), screen
 * views are screens, other events tracks of their type's name; what is known of the user is an identify before them. */
#include "events/events_int.h"

#include <stdio.h>

enum { REQUEST_ID_MAX = 70 };

struct mparticle {
    yyjson_mut_doc *doc;
    yyjson_mut_val *calls;
    yyjson_val *body;
};

static void copy(struct mparticle *g, yyjson_mut_val *to, const char *name, yyjson_val *v)
{
    if (to && v && !yyjson_is_null(v))
        yyjson_mut_obj_put(to, yyjson_mut_str(g->doc, name), yyjson_val_mut_copy(g->doc, v));
}

static yyjson_val *first(yyjson_val *o, const char *const *names, size_t n)
{
    yyjson_val *v = NULL;
    for (size_t i = 0; i < n && !v; i++)
        v = yyjson_obj_get(o, names[i]);
    return v;
}

/* Identities come as an object, or as a list of {identity_type, identity}. */
static yyjson_val *identity(yyjson_val *body, const char *name)
{
    yyjson_val *all = yyjson_obj_get(body, "user_identities"), *v;
    size_t i, n;
    if (yyjson_is_obj(all))
        return yyjson_obj_get(all, name);
    yyjson_arr_foreach(all, i, n, v)
    {
        if (str_eq_nocase(event_scalar(yyjson_obj_get(v, "identity_type")), str_of(name)))
            return yyjson_obj_get(v, "identity");
    }
    return NULL;
}

/* {"gdpr":{"marketing":{"consented":true}},"ccpa":{"data_sale_opt_out":{"consented":true}}} */
static void consent(struct mparticle *g, yyjson_mut_val *context)
{
    yyjson_val *state = yyjson_obj_get(g->body, "consent_state"), *gdpr = yyjson_obj_get(state, "gdpr"), *key, *v;
    yyjson_val *opted_out = yyjson_obj_get(yyjson_obj_get(yyjson_obj_get(state, "ccpa"), "data_sale_opt_out"), "consented");
    size_t i, n;
    if (!yyjson_is_obj(state))
        return;
    yyjson_mut_val *purposes = yyjson_mut_obj_add_obj(g->doc, yyjson_mut_obj_add_obj(g->doc, context, "consent"), "purposes");
    yyjson_obj_foreach(gdpr, i, n, key, v)
    {
        yyjson_val *consented = yyjson_obj_get(v, "consented");
        if (yyjson_is_bool(consented))
            yyjson_mut_obj_add(purposes, yyjson_val_mut_copy(g->doc, key), yyjson_val_mut_copy(g->doc, consented));
    }
    if (yyjson_is_bool(opted_out))
        yyjson_mut_obj_add_bool(g->doc, purposes, "sale", !yyjson_is_true(opted_out));
}

static yyjson_mut_val *call_new(struct mparticle *g, const char *type)
{
    static const char *const ids[] = {"device_id", "ios_idfv", "android_uuid", "amp_id"}, *const ads[] = {
                                                                                              "ios_advertising_id",
                                                                                              "android_advertising_id"};
    yyjson_val *device = yyjson_obj_get(g->body, "device_info"), *app = yyjson_obj_get(g->body, "application_info"), *mpid;
    yyjson_mut_val *call = yyjson_mut_arr_add_obj(g->doc, g->calls), *context = yyjson_mut_obj_add_obj(g->doc, call, "context"),
                   *o;
    yyjson_mut_obj_add_str(g->doc, call, "type", type);
    copy(g, call, "userId", identity(g->body, "customer_id"));
    copy(g, call, "timestamp", yyjson_obj_get(g->body, "timestamp_unixtime_ms"));
    o = yyjson_mut_obj_add_obj(g->doc, context, "traits");
    copy(g, o, "email", identity(g->body, "email"));
    copy(g, o, "phone", identity(g->body, "mobile_number"));
    o = yyjson_mut_obj_add_obj(g->doc, context, "device");
    copy(g, o, "id", first(device, ids, sizeof ids / sizeof *ids));
    copy(g, o, "advertisingId", first(device, ads, sizeof ads / sizeof *ads));
    copy(g, o, "manufacturer", yyjson_obj_get(device, "device_manufacturer"));
    copy(g, o, "model", yyjson_obj_get(device, "device_model"));
    if (yyjson_is_true(yyjson_obj_get(device, "limit_ad_tracking")))
        yyjson_mut_obj_add_bool(g->doc, o, "adTrackingEnabled", false);
    o = yyjson_mut_obj_add_obj(g->doc, context, "os");
    copy(g, o, "name", yyjson_obj_get(device, "platform"));
    copy(g, o, "version", yyjson_obj_get(device, "os_version"));
    o = yyjson_mut_obj_add_obj(g->doc, context, "app");
    copy(g, o, "name", yyjson_obj_get(app, "application_name"));
    copy(g, o, "version", yyjson_obj_get(app, "application_version"));
    copy(g, context, "locale", yyjson_obj_get(device, "locale_language"));
    copy(g, context, "userAgent", yyjson_obj_get(device, "http_header_user_agent"));
    copy(g, context, "ip", yyjson_obj_get(g->body, "ip"));
    mpid = yyjson_obj_get(g->body, "mpid");
    if (event_scalar(mpid).n) {
        o = yyjson_mut_arr_add_obj(g->doc, yyjson_mut_obj_add_arr(g->doc, context, "externalIds"));
        yyjson_mut_obj_add_str(g->doc, o, "type", "mpid");
        yyjson_mut_obj_add_strn(g->doc, o, "id", event_scalar(mpid).p, event_scalar(mpid).n);
    }
    consent(g, context);
    return call;
}

static void commerce(struct mparticle *g, yyjson_mut_val *call, yyjson_mut_val *properties, yyjson_val *data)
{
    static const struct {
        const char *action, *event;
    } names[] = {{"purchase", "Order Completed"},
                 {"refund", "Order Refunded"},
                 {"add_to_cart", "Product Added"},
                 {"remove_from_cart", "Product Removed"},
                 {"checkout", "Checkout Started"},
                 {"checkout_option", "Checkout Step Completed"},
                 {"click", "Product Clicked"},
                 {"view_detail", "Product Viewed"},
                 {"add_to_wish_list", "Product Added to Wishlist"},
                 {"remove_from_wish_list", "Product Removed from Wishlist"}};
    yyjson_val *action = yyjson_obj_get(data, "product_action");
    struct str word = event_scalar(yyjson_obj_get(action, "action"));
    const char *event = "Commerce Event";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_eq(word, str_of(names[i].action)))
            event = names[i].event;
    }
    yyjson_mut_obj_add_str(g->doc, call, "event", event);
    copy(g, properties, "order_id", yyjson_obj_get(action, "transaction_id"));
    copy(g, properties, "revenue", yyjson_obj_get(action, "total_amount"));
    copy(g, properties, "tax", yyjson_obj_get(action, "tax_amount"));
    copy(g, properties, "shipping", yyjson_obj_get(action, "shipping_amount"));
    copy(g, properties, "coupon", yyjson_obj_get(action, "coupon_code"));
    copy(g, properties, "currency", yyjson_obj_get(data, "currency_code"));
    copy(g, properties, "products", yyjson_obj_get(action, "products"));
}

/* Where an event has no id of its own, that of its request and its place there: a request that is sent again is the same one. */
static void id_of_request(struct mparticle *g, yyjson_mut_val *call, const char *part, size_t at)
{
    struct str request = event_scalar(yyjson_obj_get(g->body, "source_request_id"));
    char id[EVENT_MESSAGE_ID_MAX];
    if (!request.n || request.n > REQUEST_ID_MAX || yyjson_mut_obj_get(call, "messageId"))
        return;
    int n = snprintf(id, sizeof id, "%.*s:%s%zu", STR_FMT(request), part, at);
    yyjson_mut_obj_put(call, yyjson_mut_str(g->doc, "messageId"), yyjson_mut_strncpy(g->doc, id, (size_t)n));
}

static void event(struct mparticle *g, yyjson_val *v, size_t at)
{
    yyjson_val *data = yyjson_obj_get(v, "data"), *attributes = yyjson_obj_get(data, "custom_attributes");
    struct str type = event_scalar(yyjson_obj_get(v, "event_type"));
    bool screen = str_eq(type, STR("screen_view"));
    yyjson_mut_val *call = call_new(g, screen ? "screen" : "track");
    yyjson_mut_val *properties = yyjson_is_obj(attributes) ? yyjson_val_mut_copy(g->doc, attributes) : yyjson_mut_obj(g->doc);
    copy(g, call, "timestamp", yyjson_obj_get(data, "timestamp_unixtime_ms"));
    copy(g, call, "messageId", yyjson_obj_get(data, "source_message_id"));
    id_of_request(g, call, "", at);
    copy(g, yyjson_mut_obj_get(call, "context"), "sessionId", yyjson_obj_get(data, "session_uuid"));
    if (screen)
        copy(g, call, "name", yyjson_obj_get(data, "screen_name"));
    else if (str_eq(type, STR("commerce_event")))
        commerce(g, call, properties, data);
    else if (yyjson_obj_get(data, "event_name"))
        copy(g, call, "event", yyjson_obj_get(data, "event_name"));
    else
        yyjson_mut_obj_add_strn(g->doc, call, "event", type.p ? type.p : "", type.n);
    yyjson_mut_obj_put(call, yyjson_mut_str(g->doc, "properties"), properties);
}

void event_mparticle(struct event_batch *b, yyjson_val *body, struct event_translation *out)
{
    yyjson_alc alc = event_alc(&b->a);
    struct mparticle g = {.doc = yyjson_mut_doc_new(&alc), .body = body};
    yyjson_val *list = yyjson_obj_get(body, "events"), *attributes = yyjson_obj_get(body, "user_attributes"), *v;
    size_t i, n;
    g.calls = yyjson_mut_arr(g.doc);
    *out = (struct event_translation){0};
    bool told = yyjson_obj_size(attributes) || identity(body, "email");
    if (!yyjson_is_arr(list) && !told) {
        *out =
            (struct event_translation){.reason = "bad_value", .field = STR("events"), .message = STR("must be a list of events")};
        return;
    }
    if (told) {
        yyjson_mut_val *call = call_new(&g, "identify");
        id_of_request(&g, call, "user", 0);
        yyjson_mut_obj_put(call, yyjson_mut_str(g.doc, "traits"),
                           yyjson_is_obj(attributes) ? yyjson_val_mut_copy(g.doc, attributes) : yyjson_mut_obj(g.doc));
    }
    yyjson_arr_foreach(list, i, n, v) event(&g, v, i);
    yyjson_mut_doc_set_root(g.doc, g.calls);
    out->items = event_frozen(&b->a, g.doc);
}
