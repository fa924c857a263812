/* Any JSON into calls, by the mapping of its source: `items` says where the events lie, `fields` where each member of a call
 * comes from. A path looks into the item, and where nothing lies there into the whole body. */
#include "events/events_int.h"

static bool misfit(struct event_translation *out, struct str field, const char *message)
{
    *out = (struct event_translation){.reason = "bad_mapping", .field = field, .message = str_of(message)};
    return false;
}

/* "properties.total": objects on the way are made. */
static void put(yyjson_mut_doc *doc, yyjson_mut_val *call, struct str to, yyjson_mut_val *v)
{
    struct str rest = to, name = str_cut(to, '.', &rest);
    while (rest.p) {
        yyjson_mut_val *next = yyjson_mut_obj_getn(call, name.p, name.n);
        if (!yyjson_mut_is_obj(next)) {
            next = yyjson_mut_obj(doc);
            yyjson_mut_obj_put(call, yyjson_mut_strn(doc, name.p, name.n), next);
        }
        call = next;
        name = str_cut(rest, '.', &rest);
    }
    yyjson_mut_obj_put(call, yyjson_mut_strn(doc, name.p, name.n), v);
}

static yyjson_val *look(yyjson_val *item, yyjson_val *body, struct str path)
{
    yyjson_val *v = event_path(item, path);
    return v || item == body ? v : event_path(body, path);
}

static bool call_of(const struct mesh_webhook *w, yyjson_mut_doc *doc, yyjson_val *item, yyjson_val *body, yyjson_mut_val *calls,
                    struct event_translation *out)
{
    yyjson_mut_val *call = yyjson_mut_arr_add_obj(doc, calls);
    struct str type = w->type.n ? w->type : STR("track"), event = w->event;
    if (type.p[0] == '$')
        type = event_scalar(look(item, body, type));
    if (!type.n)
        return misfit(out, w->type, "the type of the event does not lie there");
    yyjson_mut_obj_add_strn(doc, call, "type", type.p, type.n);
    if (event.n && event.p[0] == '$') {
        event = event_scalar(look(item, body, event));
        if (!event.n)
            return misfit(out, w->event, "the name of the event does not lie there");
    }
    if (event.n)
        yyjson_mut_obj_add_strn(doc, call, str_eq(type, STR("track")) ? "event" : "name", event.p, event.n);
    for (size_t i = 0; i < w->n_fields; i++) {
        const struct mesh_mapped *f = &w->fields[i];
        yyjson_val *v = f->from.n ? look(item, body, f->from) : NULL;
        if (v)
            put(doc, call, f->to, yyjson_val_mut_copy(doc, v));
        else if (f->value.n)
            put(doc, call, f->to, yyjson_mut_strn(doc, f->value.p, f->value.n));
    }
    return true;
}

void event_webhook(struct event_batch *b, const struct mesh_source *s, yyjson_val *body, struct event_translation *out)
{
    const struct mesh_webhook *w = s->events->webhook;
    yyjson_alc alc = event_alc(&b->a);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_val *calls = yyjson_mut_arr(doc);
    yyjson_val *items = w && w->items.n ? event_path(body, w->items) : body, *item;
    size_t i, n;
    bool ok = true;
    *out = (struct event_translation){0};
    if (!w) {
        misfit(out, STR(""), "the source declares no webhook");
        return;
    }
    if (!items) {
        misfit(out, w->items, "no list of events lies there");
        return;
    }
    if (yyjson_is_arr(items)) {
        yyjson_arr_foreach(items, i, n, item) ok = ok && call_of(w, doc, item, body, calls, out);
    } else {
        ok = call_of(w, doc, items, body, calls, out);
    }
    yyjson_mut_doc_set_root(doc, calls);
    if (ok)
        out->items = event_frozen(&b->a, doc);
}
