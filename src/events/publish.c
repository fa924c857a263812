/* data/spool/collector.json: all that collectors need to know of the mesh, written whole. docs/events.md describes it. */
#include "events/events.h"

#include <sodium.h>

#include "base/fs.h"
#include "base/secret.h"
#include "collect/suppress.h"
#include "store/store.h"

enum { TEXT_MAX_BYTES = 256 << 20 };

static void put_texts(struct buf *b, const char *key, const struct str *v, size_t n)
{
    buf_json_key(b, key);
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_addz(b, i ? "," : "");
        buf_json_str(b, v[i]);
    }
    buf_addc(b, ']');
}

static void put_source(struct buf *b, const struct mesh_source *s, struct str ref, const struct store_key *keys, size_t n_keys)
{
    const struct mesh_events *v = s->events;
    bool any = false;
    buf_addc(b, '{');
    buf_json_key(b, "ref");
    buf_json_str(b, ref);
    buf_addz(b, ",\"enabled\":true,\"keys\":[");
    for (size_t i = 0; i < n_keys; i++) {
        if (keys[i].revoked_at_us || !str_eq(keys[i].source, ref))
            continue;
        buf_printf(b, "%s{\"id\":%lld,\"sha256\":\"%.*s\"}", any ? "," : "", (long long)keys[i].id, STR_FMT(keys[i].sha256));
        any = true;
    }
    buf_printf(b, "],\"rate\":%lld,\"event_bytes\":%lld,\"batch_bytes\":%lld,\"batch_events\":%lld,\"webhook\":%s,\"keep_ip\":%s,",
               (long long)v->rate_per_s, (long long)v->event_bytes, (long long)v->batch_bytes, (long long)v->batch_events,
               v->webhook ? "true" : "false", v->keep_ip ? "true" : "false");
    put_texts(b, "origins", v->origins, v->n_origins);
    buf_addc(b, '}');
}

static bool put_suppressed(struct buf *b, struct state *s, struct arena *a, struct err *e)
{
    unsigned char key[SECRET_BYTES];
    char hex[2 * SECRET_BYTES + 1];
    struct store_suppressed *v;
    size_t n;
    if (!store_suppressed_all(s->store, a, &v, &n, e))
        return false;
    if (n == 0) {
        buf_addz(b, "{\"key\":\"\",\"hashes\":[]}");
        return true;
    }
    if (!secret_key(s->data_dir, SUPPRESS_KEY_FILE, key, e))
        return false;
    sodium_bin2hex(hex, sizeof hex, key, sizeof key);
    buf_printf(b, "{\"key\":\"%s\",\"hashes\":[", hex);
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s\"%.*s\"", i ? "," : "", STR_FMT(v[i].hash));
    buf_addz(b, "]}");
    sodium_memzero(key, sizeof key);
    sodium_memzero(hex, sizeof hex);
    return true;
}

bool events_publish(struct state *s, const struct mesh *m, struct err *e)
{
    struct arena a;
    struct buf b = BUF_INIT((size_t)TEXT_MAX_BYTES);
    struct store_key *keys;
    size_t n_keys;
    bool any = false;
    arena_init(&a);
    struct str dir = arena_printf(&a, "%s/spool", s->data_dir), path = arena_printf(&a, "%s/spool/collector.json", s->data_dir), before;
    bool ok = store_keys(s->store, &a, STR(""), &keys, &n_keys, e);
    if (!ok)
        goto out;
    buf_addz(&b, "{\"version\":1,\"mesh\":");
    buf_json_str(&b, m->name);
    buf_addz(&b, ",\"sources\":[");
    for (size_t i = 0; i < m->n_sources; i++) {
        const struct mesh_source *src = m->sources[i];
        if (!src->events)
            continue;
        buf_addz(&b, any ? ",\n" : "");
        put_source(&b, src, arena_printf(&a, "%.*s.%.*s", STR_FMT(src->domain->name), STR_FMT(src->name)), keys, n_keys);
        any = true;
    }
    buf_addz(&b, "],\n\"suppressed\":");
    ok = put_suppressed(&b, s, &a, e);
    buf_addz(&b, "}\n");
    /* A mesh without events has no spool. */
    if (!ok || !buf_ok(&b, e) || (!any && !fs_is_dir(dir.p)))
        goto out;
    /* The same words are not written again: collectors would read them anew. */
    if (fs_exists(path.p) && fs_read(&a, path.p, TEXT_MAX_BYTES, &before, NULL) && str_eq(before, buf_str(&b)))
        goto out;
    ok = fs_mkdirs(dir.p, 0700, e) && fs_write_atomic(path.p, buf_str(&b), 0600, e);
out:
    ok = ok && buf_ok(&b, e);
    buf_fini(&b);
    arena_fini(&a);
    return ok;
}
