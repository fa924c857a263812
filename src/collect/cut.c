/* Events of suppressed people are cut out before anything is stored. Bodies without one are passed on as they came; only
 * where somebody is hit is the body written anew, its numbers as they were sent. */
#include "collect/collect_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

enum { VALUE_MAX_BYTES = 512, FIND_MAX_DEPTH = BODY_MAX_DEPTH + 1 };

/* Where identifiers stand in events of every kind; a path ends at a text or a number. */
static const struct {
    const char *path[4];
    struct str kind;
} places[] = {
#define P(kind, ...)              \
    {                             \
        {__VA_ARGS__},            \
        {                         \
            kind, sizeof kind - 1 \
        }                         \
    }
    P("user_id", "userId"),
    P("anonymous_id", "anonymousId"),
    P("user_id", "previousId"),
    P("anonymous_id", "previousId"),
    P("email", "email"),
    P("phone", "phone"),
    P("email", "traits", "email"),
    P("phone", "traits", "phone"),
    P("user_id", "traits", "id"),
    P("email", "properties", "email"),
    P("phone", "properties", "phone"),
    P("user_id", "context", "userId"),
    P("email", "context", "traits", "email"),
    P("phone", "context", "traits", "phone"),
    P("device_id", "context", "device", "id"),
    P("advertising_id", "context", "device", "advertisingId"),
    /* GA4 */
    P("user_id", "user_id"),
    P("anonymous_id", "client_id"),
    P("anonymous_id", "app_instance_id"),
    /* mParticle */
    P("user_id", "user_identities", "customer_id"),
    P("user_id", "user_identities", "customerid"),
    P("email", "user_identities", "email"),
    P("phone", "user_identities", "mobile_number"),
    P("anonymous_id", "mp_deviceid"),
    P("advertising_id", "device_info", "ios_advertising_id"),
    P("advertising_id", "device_info", "android_advertising_id"),
#undef P
};

static bool value_hit(const struct collect_config *g, struct str kind, yyjson_val *v)
{
    char number[32];
    struct str text = STR("");
    if (yyjson_is_str(v)) {
        text = (struct str){yyjson_get_str(v), yyjson_get_len(v)};
    } else if (yyjson_is_int(v)) { /* ids that are sent as numbers are texts later */
        int n = yyjson_is_sint(v) ? snprintf(number, sizeof number, "%lld", (long long)yyjson_get_sint(v))
                                  : snprintf(number, sizeof number, "%llu", (unsigned long long)yyjson_get_uint(v));
        text = (struct str){number, (size_t)n};
    }
    return text.n <= VALUE_MAX_BYTES && config_suppresses(g, kind, text);
}

/* [{id, type}] of context.externalIds, [{type, value}] of a merge: the type is the kind. */
static bool list_hit(const struct collect_config *g, yyjson_val *list, const char *value)
{
    size_t i, n;
    yyjson_val *o;
    yyjson_arr_foreach(list, i, n, o)
    {
        yyjson_val *type = yyjson_obj_get(o, "type");
        if (yyjson_is_str(type) &&
            value_hit(g, (struct str){yyjson_get_str(type), yyjson_get_len(type)}, yyjson_obj_get(o, value)))
            return true;
    }
    return false;
}

static bool listed(const void *config, struct str kind, struct str value)
{
    return config_suppresses(config, kind, value);
}

static bool ids_hit(const struct collect_config *g, yyjson_val *event)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        yyjson_val *v = event;
        for (size_t k = 0; k < 4 && places[i].path[k]; k++)
            v = yyjson_obj_get(v, places[i].path[k]);
        if (v && value_hit(g, places[i].kind, v))
            return true;
    }
    return list_hit(g, yyjson_obj_get(yyjson_obj_get(event, "context"), "externalIds"), "id") ||
           list_hit(g, yyjson_obj_get(event, "mergeProperties"), "value");
}

static bool event_hit(const struct collect_config *g, yyjson_val *event)
{
    return ids_hit(g, event) || suppress_mail_in(event, listed, g);
}

/* A webhook's body has no form that is known here: every text in it is looked up as each of these. */
static bool any_hit(const struct collect_config *g, yyjson_val *v, int depth)
{
    static const struct str kinds[] = {{"email", 5}, {"user_id", 7}, {"phone", 5}, {"anonymous_id", 12}};
    size_t i, n;
    yyjson_val *key, *child;
    if (depth > FIND_MAX_DEPTH)
        return true;
    if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, n, key, child) if (any_hit(g, child, depth + 1)) return true;
    } else if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, child) if (any_hit(g, child, depth + 1)) return true;
    } else if (yyjson_is_str(v) || yyjson_is_int(v)) {
        for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (value_hit(g, kinds[i], v))
                return true;
        return suppress_mail_in(v, listed, g);
    }
    return false;
}

/* The list of events in a body: the batch, an array of mParticle's batches, the longest array of objects in a webhook's body.
 * *member: which member of the root it is, by number, since a name may stand there twice. NULL: the body is one event. */
static yyjson_val *events_of(const struct take *t, yyjson_val *root, size_t *member)
{
    yyjson_val *key, *child, *best = NULL, *batch = t->route->flags & ROUTE_BATCH ? yyjson_obj_get(root, "batch") : NULL;
    size_t i, n;
    if (yyjson_is_arr(root))
        return root;
    yyjson_obj_foreach(root, i, n, key, child)
    {
        bool longer = t->route->kind == SPOOL_WEBHOOK && yyjson_is_obj(yyjson_arr_get_first(child)) &&
                      (!best || yyjson_arr_size(child) > yyjson_arr_size(best));
        if (longer || (batch && child == batch)) {
            best = child;
            *member = i;
        }
    }
    return best;
}

/* NULL: no memory. Nothing may go missing on the way that was not to be cut out. */
static yyjson_mut_val *list_rest(yyjson_mut_doc *made, yyjson_val *list, const bool *hit)
{
    yyjson_mut_val *rest = yyjson_mut_arr(made);
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        if (!hit[i] && !yyjson_mut_arr_append(rest, yyjson_val_mut_copy(made, v)))
            return NULL;
    }
    return rest;
}

static yyjson_mut_val *object_rest(yyjson_mut_doc *made, yyjson_val *from, size_t member, const bool *hit)
{
    yyjson_mut_val *rest = yyjson_mut_obj(made);
    size_t i, n;
    yyjson_val *key, *child;
    yyjson_obj_foreach(from, i, n, key, child)
    {
        yyjson_mut_val *v = i == member ? list_rest(made, child, hit) : yyjson_val_mut_copy(made, child);
        if (!yyjson_mut_obj_add(rest, yyjson_val_mut_copy(made, key), v))
            return NULL;
    }
    return rest;
}

/* The body without the events marked in `hit`, written into scratch.made. The list is this member of the root, or the root. */
static bool write_rest(struct take *t, size_t member, const bool *hit, struct err *e)
{
    size_t len = 0;
    yyjson_doc *doc = body_read(t->s, t->body, true, e); /* numbers stay what they were, digit by digit */
    if (!doc)
        return false;
    yyjson_val *from = yyjson_doc_get_root(doc);
    yyjson_mut_doc *made = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_is_obj(from) ? object_rest(made, from, member, hit) : list_rest(made, from, hit);
    char *text = root ? yyjson_mut_val_write(root, 0, &len) : NULL;
    buf_reset(&t->s->made);
    buf_add(&t->s->made, (struct str){text, text ? len : 0});
    bool good = text && !t->s->made.failed;
    if (good)
        t->body = buf_str(&t->s->made);
    else
        err_set(e, E_MEMORY, "there is not enough memory to take suppressed people out of this body");
    free(text); /* banned-ok: yyjson's own allocation */
    yyjson_mut_doc_free(made);
    return good;
}

/* Somebody is named outside of the list (or there is none): then all of the body is his. */
static bool whole_hit(const struct take *t, yyjson_val *root, yyjson_val *list)
{
    bool webhook = t->route->kind == SPOOL_WEBHOOK;
    yyjson_val *key, *child;
    size_t i, n;
    if (list == root)
        return false;
    if (!webhook && ids_hit(t->g, root))
        return true;
    if (!list)
        return webhook ? any_hit(t->g, root, 0) : suppress_mail_in(root, listed, t->g);
    yyjson_obj_foreach(root, i, n, key, child)
    {
        if (child != list && (webhook ? any_hit(t->g, child, 0) : suppress_mail_in(child, listed, t->g)))
            return true;
    }
    return false;
}

bool cut_suppressed(struct take *t, yyjson_doc **doc, int64_t *cut, struct err *e)
{
    size_t member = 0, i, n;
    yyjson_val *root = yyjson_doc_get_root(*doc), *list = events_of(t, root, &member), *v;
    bool webhook = t->route->kind == SPOOL_WEBHOOK, all = whole_hit(t, root, list);
    *cut = all ? t->events : 0;
    if (all)
        t->events = 0;
    if (all || !list)
        return true;
    size_t size = yyjson_arr_size(list);
    bool *hit = arena_array(&t->arena, size + 1, sizeof *hit);
    yyjson_arr_foreach(list, i, n, v)
    {
        hit[i] = webhook ? any_hit(t->g, v, 0) : event_hit(t->g, v);
        *cut += hit[i];
    }
    if (*cut == 0)
        return true;
    if ((size_t)*cut == size) {
        t->events = 0;
        return true;
    }
    *doc = NULL; /* its memory is used for the second reading */
    t->events -= webhook && list != root ? 0 : *cut;
    return write_rest(t, member, hit, e);
}
