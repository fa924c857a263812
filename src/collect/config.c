/* Settings of the collector: spool/collector.json, written whole by the process that holds the mesh, read anew here when it
 * changes. What cannot be read leaves the settings as they were. */
#include "collect/collect_int.h"

#include <sodium.h>
#include <stdlib.h>
#include <yyjson.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"

enum { CONFIG_MAX_BYTES = 256 << 20, CONFIG_VERSION = 1 };

struct counts *counts_of(struct collect *c, struct str ref)
{
    struct counts *last = &c->nobody;
    for (struct counts *k = &c->nobody; k; k = k->next) {
        if (str_eq(k->ref, ref))
            return k;
        last = k;
    }
    struct counts *fresh = mem_alloc(sizeof *fresh);
    fresh->ref = (struct str){mem_strdup(ref), ref.n};
    last->next = fresh;
    return fresh;
}

struct bucket *bucket_of(struct collect *c, int64_t key_id)
{
    for (struct bucket *b = c->buckets; b; b = b->next)
        if (b->key_id == key_id)
            return b;
    struct bucket *fresh = mem_alloc(sizeof *fresh);
    pthread_mutex_init(&fresh->lock, NULL);
    fresh->key_id = key_id;
    fresh->tokens = -1; /* full, when it is first asked */
    fresh->next = c->buckets;
    c->buckets = fresh;
    return fresh;
}

static bool unhex(struct str hex, unsigned char *out, size_t n)
{
    size_t got = 0;
    return hex.n == n * 2 && sodium_hex2bin(out, n, hex.p, hex.n, NULL, &got, NULL) == 0 && got == n;
}

static int by_sha(const void *a, const void *b)
{
    return memcmp(((const struct write_key *)a)->sha, ((const struct write_key *)b)->sha, KEY_SHA_BYTES);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, SUPPRESS_HASH_BYTES);
}

static int64_t positive(yyjson_val *o, const char *key, int64_t otherwise)
{
    int64_t v = json_int(o, key, otherwise);
    return v > 0 ? v : otherwise;
}

static bool source_read(struct collect *c, struct collect_config *g, struct source *s, yyjson_val *o, struct err *e)
{
    struct str ref = json_str(o, "ref");
    if (ref.n == 0)
        return err_set(e, E_SCHEMA, "a source without ref");
    s->ref = arena_str(&g->arena, ref);
    s->enabled = json_bool(o, "enabled", true);
    s->webhook = json_bool(o, "webhook", false);
    s->rate = positive(o, "rate", 1000);
    s->batch_bytes = positive(o, "batch_bytes", 512000);
    yyjson_val *origins = yyjson_obj_get(o, "origins"), *keys = yyjson_obj_get(o, "keys"), *v;
    size_t i, n;
    s->origins = arena_array(&g->arena, yyjson_arr_size(origins) + 1, sizeof *s->origins);
    yyjson_arr_foreach(origins, i, n, v)
    {
        if (yyjson_is_str(v))
            s->origins[s->n_origins++] = arena_str(&g->arena, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    }
    s->counts = counts_of(c, s->ref);
    yyjson_arr_foreach(keys, i, n, v)
    {
        struct write_key *k = &g->keys[g->n_keys];
        k->id = json_int(v, "id", 0);
        if (!unhex(json_str(v, "sha256"), k->sha, sizeof k->sha))
            return err_set(e, E_SCHEMA, "key %lld of %.*s has no sha256 of 64 hexadecimal digits", (long long)k->id,
                           STR_FMT(ref));
        k->source = s;
        k->bucket = bucket_of(c, k->id);
        g->n_keys++;
    }
    return true;
}

static bool suppressed_read(struct collect_config *g, yyjson_val *o, struct err *e)
{
    yyjson_val *hashes = yyjson_obj_get(o, "hashes"), *v;
    size_t i, n, count = yyjson_arr_size(hashes);
    if (count == 0)
        return true;
    if (!unhex(json_str(o, "key"), g->suppress_key, sizeof g->suppress_key))
        return err_set(e, E_SCHEMA, "the suppression list has no key");
    g->suppressed = arena_array(&g->arena, count, sizeof *g->suppressed);
    yyjson_arr_foreach(hashes, i, n, v)
    {
        struct str text = {yyjson_is_str(v) ? yyjson_get_str(v) : "", yyjson_is_str(v) ? yyjson_get_len(v) : 0};
        if (!unhex(text, g->suppressed[g->n_suppressed].b, SUPPRESS_HASH_BYTES))
            return err_set(e, E_SCHEMA, "entry %zu of the suppression list is no hash", i + 1);
        g->n_suppressed++;
    }
    qsort(g->suppressed, g->n_suppressed, sizeof *g->suppressed, by_hash);
    return true;
}

struct collect_config *config_parse(struct collect *c, struct str text, struct err *e)
{
    struct collect_config *g = mem_alloc(sizeof *g);
    atomic_init(&g->holders, 1);
    arena_init(&g->arena);
    yyjson_doc *doc = json_parse(text, e);
    yyjson_val *root = yyjson_doc_get_root(doc), *sources = yyjson_obj_get(root, "sources"), *o;
    bool good = doc != NULL;
    size_t i, n, keys = 0;
    if (good && (!yyjson_is_obj(root) || !yyjson_is_arr(sources)))
        good = err_set(e, E_SCHEMA, "this is no list of sources");
    if (good && json_int(root, "version", 0) != CONFIG_VERSION)
        good = err_set(e, E_STATE_NEWER, "version %lld is not known here", (long long)json_int(root, "version", 0));
    yyjson_arr_foreach(sources, i, n, o) keys += yyjson_arr_size(yyjson_obj_get(o, "keys"));
    g->sources = arena_array(&g->arena, yyjson_arr_size(sources) + 1, sizeof *g->sources);
    g->keys = arena_array(&g->arena, keys + 1, sizeof *g->keys);
    yyjson_arr_foreach(sources, i, n, o)
    {
        good = good && source_read(c, g, &g->sources[g->n_sources], o, e);
        if (!good)
            break;
        g->any_origin = g->any_origin || (g->sources[g->n_sources].enabled && g->sources[g->n_sources].n_origins == 0);
        g->n_sources++;
    }
    good = good && suppressed_read(g, yyjson_obj_get(root, "suppressed"), e);
    qsort(g->keys, g->n_keys, sizeof *g->keys, by_sha);
    yyjson_doc_free(doc);
    if (!good) {
        config_drop(g);
        return NULL;
    }
    return g;
}

struct collect_config *config_hold(struct collect *c)
{
    pthread_mutex_lock(&c->lock);
    struct collect_config *g = c->config;
    atomic_fetch_add(&g->holders, 1);
    pthread_mutex_unlock(&c->lock);
    return g;
}

void config_drop(struct collect_config *g)
{
    if (!g || atomic_fetch_sub(&g->holders, 1) != 1)
        return;
    arena_fini(&g->arena);
    sodium_memzero(g->suppress_key, sizeof g->suppress_key);
    mem_free(g);
}

static void config_set(struct collect *c, struct collect_config *g)
{
    struct collect_config *old = c->config;
    c->config = g;
    config_drop(old);
}

/* From the look at the file to its settings under one lock: whoever comes meanwhile waits for them, since a client is refused for
 * good, and an older file never comes after a newer one. */
void config_refresh(struct collect *c)
{
    struct fs_stat st = {0};
    struct err e = {0};
    struct str text;
    pthread_mutex_lock(&c->lock);
    bool there = fs_stat(c->config_path, &st);
    bool same = there == c->config_seen && st.size_bytes == c->config_size && st.mtime_ns == c->config_mtime_ns;
    c->config_seen = there;
    c->config_size = st.size_bytes;
    c->config_mtime_ns = st.mtime_ns;
    if (!c->config) { /* before there is a file, nobody has a key */
        c->config = mem_alloc(sizeof *c->config);
        atomic_init(&c->config->holders, 1);
        arena_init(&c->config->arena);
    }
    if (same || !there) {
        pthread_mutex_unlock(&c->lock);
        return;
    }
    struct arena a;
    arena_init(&a);
    bool good = fs_read(&a, c->config_path, CONFIG_MAX_BYTES, &text, &e);
    struct collect_config *g = good ? config_parse(c, text, &e) : NULL;
    if (g)
        config_set(c, g);
    pthread_mutex_unlock(&c->lock);
    if (g)
        log_event(LOG_INFO, "collect", "settings_read", "sources=%zu keys=%zu suppressed=%zu", g->n_sources, g->n_keys,
                  g->n_suppressed);
    else
        log_err(LOG_ERROR, "collect", "settings_unreadable", &e); /* those before stay */
    arena_fini(&a);
}

const struct write_key *config_key(const struct collect_config *g, struct str key)
{
    struct write_key want;
    if (key.n == 0 || key.n > KEY_MAX_BYTES || g->n_keys == 0)
        return NULL;
    crypto_hash_sha256(want.sha, (const unsigned char *)key.p, key.n);
    return bsearch(&want, g->keys, g->n_keys, sizeof *g->keys, by_sha);
}

bool config_suppresses(const struct collect_config *g, struct str kind, struct str value)
{
    struct suppress_hash text;
    unsigned char hash[SUPPRESS_HASH_BYTES];
    if (g->n_suppressed == 0 || value.n == 0)
        return false;
    suppress_hash(g->suppress_key, kind, value, &text);
    return unhex(str_of(text.z), hash, sizeof hash) &&
           bsearch(hash, g->suppressed, g->n_suppressed, sizeof *g->suppressed, by_hash) != NULL;
}

bool source_allows(const struct source *s, struct str origin)
{
    for (size_t i = 0; i < s->n_origins; i++)
        if (str_eq_nocase(s->origins[i], origin) || str_eq(s->origins[i], STR("*")))
            return true;
    return s->n_origins == 0;
}

bool config_allows(const struct collect_config *g, struct str origin)
{
    if (g->any_origin)
        return true;
    for (size_t i = 0; i < g->n_sources; i++)
        if (g->sources[i].enabled && source_allows(&g->sources[i], origin))
            return true;
    return false;
}
