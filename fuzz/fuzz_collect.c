/* Bodies, codings, addresses and settings of the collector. The first byte says what the rest is. What is taken must be what a
 * plain JSON reader takes, too, and what is written anew must be valid again. */
#include "collect/collect_int.h"

#include <stdlib.h>
#include <yyjson.h>

static const unsigned char zero_key[SUPPRESS_KEY_BYTES];

/* Somebody is suppressed who is likely to be found: user "a", email "a". */
static struct collect_config *settings(void)
{
    static struct collect_config *g;
    static struct suppressed_hash hashes[2];
    if (g)
        return g;
    g = calloc(1, sizeof *g);
    if (!g)
        abort();
    static const struct str kinds[2] = {{"user_id", 7}, {"email", 5}};
    for (int i = 0; i < 2; i++) {
        struct suppress_hash text;
        suppress_hash(zero_key, kinds[i], STR("a"), &text);
        for (int k = 0; k < SUPPRESS_HASH_BYTES; k++) {
            char two[3] = {text.z[2 * k], text.z[2 * k + 1], 0};
            hashes[i].b[k] = (unsigned char)strtoul(two, NULL, 16);
        }
    }
    if (memcmp(hashes[0].b, hashes[1].b, SUPPRESS_HASH_BYTES) > 0) {
        struct suppressed_hash t = hashes[0];
        hashes[0] = hashes[1];
        hashes[1] = t;
    }
    g->suppressed = hashes;
    g->n_suppressed = 2;
    return g;
}

static void cut(struct scratch *s, const char *path, struct str body)
{
    struct http_request q = {.query = STR("")};
    struct take t = {.g = settings(), .q = &q, .s = s, .body = body};
    const char *allow;
    bool known;
    struct err e = {0};
    int64_t n = 0;
    arena_init(&t.arena);
    t.route = route_find(str_of(path), VERB_POST, &t.rest, &known, &allow);
    yyjson_doc *doc = body_read(s, body, false, &e), *plain = yyjson_read(body.p, body.n, 0);
    if (doc && !plain)
        abort(); /* the loader could not read what was taken */
    bool fits = doc && (yyjson_is_obj(yyjson_doc_get_root(doc)) || (t.route->flags & ROUTE_ARRAY));
    yyjson_val *batch = yyjson_obj_get(yyjson_doc_get_root(doc), "batch");
    if (fits && (!(t.route->flags & ROUTE_BATCH) || yyjson_arr_size(batch) > 0)) {
        t.events = yyjson_is_arr(batch) && (t.route->flags & ROUTE_BATCH) ? (int64_t)yyjson_arr_size(batch)
                   : yyjson_is_arr(yyjson_doc_get_root(doc))              ? (int64_t)yyjson_arr_size(yyjson_doc_get_root(doc))
                                                                          : 1;
        if (!cut_suppressed(&t, &doc, &n, &e) || n < 0 || t.events < 0)
            abort();
        if (n && t.events) { /* written anew: valid, and nobody is left to be cut out */
            int64_t again = 0;
            doc = body_read(s, t.body, false, &e);
            struct str made = t.body;
            if (!doc || !cut_suppressed(&t, &doc, &again, &e) || again || made.n > body.n)
                abort();
        }
    }
    yyjson_doc_free(plain);
    arena_fini(&t.arena);
}

static void pixel(struct scratch *s, struct str query)
{
    struct http_request q = {.query = query};
    struct take t = {.g = settings(), .q = &q, .s = s};
    struct err e = {0};
    arena_init(&t.arena);
    struct str data;
    bool made_here = !http_query_param(&q, &t.arena, "data", &data);
    if (pixel_body(&t, &s->plain, &e) && !body_read(s, buf_str(&s->plain), false, &e) && made_here)
        abort(); /* what was made here must be valid */
    arena_fini(&t.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"/v1/track",  "/v1/batch",   "/v1/webhook", "/v2/bulkevents",
                                        "/v2/events", "/mp/collect", "/v1/merge"};
    static const char *const codings[] = {"gzip", "deflate", "zstd", "br"};
    static struct scratch s;
    struct err e = {0};
    int status = 0;
    if (size < 1)
        return 0;
    struct str rest = {(const char *)data + 1, size - 1};
    s.plain.max = s.made.max = s.meta.max = (size_t)16 << 20;
    if (data[0] < 128) {
        cut(&s, paths[data[0] % (sizeof paths / sizeof *paths)], rest);
    } else if (data[0] < 192) {
        if (unpack(str_of(codings[data[0] % 4]), rest, 1 << 20, &s.plain, &status, &e) ? s.plain.n > 1 << 20 : status < 400)
            abort();
    } else if (data[0] < 224) {
        pixel(&s, rest);
    } else {
        struct collect c = {.nobody = {.ref = {"", 0}}};
        pthread_mutex_init(&c.lock, NULL);
        struct collect_config *g = config_parse(&c, rest, &e);
        if (!g && e.code == E_OK)
            abort(); /* a refusal has its reason */
        config_drop(g);
        collect_lists_free(&c);
        pthread_mutex_destroy(&c.lock);
    }
    return 0;
}
