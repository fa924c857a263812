/* Calls made by a picture's address: RudderStack's (`?event=Opened&properties.list=7`) become the object that a POST would have
 * had, Segment's carry it whole (`?data=` in base64). */
#include "collect/collect_int.h"

#include <sodium.h>
#include <stdlib.h>
#include <yyjson.h>

enum { FIELDS_MAX = 200, PATH_MAX_PARTS = 8 };

static bool refuse(struct err *e, const char *text)
{
    return err_set(e, E_EVENT, "%s", text);
}

static bool whole_body(struct take *t, struct str coded, struct buf *out, struct err *e)
{
    size_t n = 0;
    unsigned char *room = arena_alloc(&t->arena, coded.n + 1);
    while (coded.n && coded.p[coded.n - 1] == '=')
        coded.n--;
    if (sodium_base642bin(room, coded.n, coded.p, coded.n, "\r\n ", &n, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 &&
        sodium_base642bin(room, coded.n, coded.p, coded.n, "\r\n ", &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return refuse(e, "the parameter `data` is not base64");
    if (n == 0)
        return refuse(e, "the parameter `data` is empty");
    buf_add(out, (struct str){(char *)room, n});
    return buf_ok(out, e);
}

/* properties.list=7 -> {"properties":{"list":"7"}}; a name that stands where an object is needed gives way to it. */
static bool put(yyjson_mut_doc *doc, struct str path, struct str value)
{
    yyjson_mut_val *at = yyjson_mut_doc_get_root(doc);
    for (int parts = 0; parts < PATH_MAX_PARTS; parts++) {
        struct str rest, part = str_cut(path, '.', &rest);
        if (part.n == 0)
            return false;
        yyjson_mut_val *key = yyjson_mut_strncpy(doc, part.p, part.n);
        if (!rest.p)
            return yyjson_mut_obj_put(at, key, yyjson_mut_strncpy(doc, value.p, value.n));
        yyjson_mut_val *next = yyjson_mut_obj_getn(at, part.p, part.n);
        if (!yyjson_mut_is_obj(next)) {
            next = yyjson_mut_obj(doc);
            yyjson_mut_obj_put(at, key, next);
        }
        at = next;
        path = rest;
    }
    return false;
}

bool pixel_body(struct take *t, struct buf *out, struct err *e)
{
    struct str data, rest = t->q->query;
    size_t fields = 0, len = 0;
    buf_reset(out);
    if (http_query_param(t->q, &t->arena, "data", &data))
        return whole_body(t, data, out, e);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    bool good = doc != NULL;
    if (good)
        yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
    while (good && rest.p && rest.n) {
        struct str text, pair = str_cut(rest, '&', &rest), name = str_cut(pair, '=', &text);
        char *name_room = arena_alloc(&t->arena, name.n + 1), *text_room = arena_alloc(&t->arena, text.n + 1);
        size_t name_n = 0, text_n = 0;
        if (pair.n == 0)
            continue;
        good = ++fields <= FIELDS_MAX && http_decode(name, true, name_room, &name_n) &&
               http_decode(text.p ? text : STR(""), true, text_room, &text_n);
        struct str path = {name_room, name_n}, value = {text_room, text_n};
        if (!good || str_eq(path, STR("writeKey")))
            continue;
        good = put(doc, path, value);
    }
    if (!good || fields == 0) {
        yyjson_mut_doc_free(doc);
        return refuse(e, "the parameters of the address are no call");
    }
    char *json = yyjson_mut_write(doc, 0, &len);
    buf_add(out, (struct str){json, json ? len : 0});
    free(json); /* banned-ok: yyjson's own allocation */
    yyjson_mut_doc_free(doc);
    return len ? buf_ok(out, e) : refuse(e, "the parameters of the address are no call");
}
