/* Write keys of event sources, the suppression list, and how the collector stands. A key is in the answer once, when it is made. */
#include "serve/put.h"
#include "serve/routes.h"

#include <sodium.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/secret.h"
#include "collect/collect.h"
#include "collect/suppress.h"
#include "events/events.h"

enum { LABEL_MAX = 100, KEY_CHARACTERS = 32, BEGINS_CHARACTERS = 4, IDENTIFIER_MAX = 320, REASON_MAX = 200 };

static void shape_key(struct buf *b, const struct store_key *k, struct str key)
{
    put_open(b, NULL, '{');
    put_int(b, "id", k->id);
    put_str(b, "source", k->source);
    put_str(b, "label", k->label);
    put_str(b, "begins", k->begins);
    put_time(b, "created_at", k->created_at_us);
    put_time(b, "revoked_at", k->revoked_at_us);
    if (key.n)
        put_str(b, "key", key);
    put_close(b, '}');
}

/* "web.site" of an event source. */
static const struct mesh_source *event_source(struct call *c, struct str ref, struct err *e)
{
    struct str *names = arena_array(c->a, c->mesh->n_sources + 1, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < c->mesh->n_sources; i++) {
        const struct mesh_source *s = c->mesh->sources[i];
        struct str name = arena_printf(c->a, "%.*s.%.*s", STR_FMT(s->domain->name), STR_FMT(s->name));
        if (s->events)
            names[n++] = name;
        if (!str_eq(name, ref))
            continue;
        if (s->events)
            return s;
        err_set(e, E_USAGE, "%.*s is no source of events", STR_FMT(ref));
        err_hint(e, "write keys belong to sources with `kind: events`; trellis add events --domain %.*s --name NAME makes one",
                 STR_FMT(s->domain->name));
        return NULL;
    }
    call_missing(e, "source of events", ref, names, n);
    if (n == 0)
        err_hint(e, "trellis add events --domain web --name site makes one");
    return NULL;
}

bool route_keys(struct call *c, struct err *e)
{
    struct str source = STR("");
    struct store_key *v;
    size_t n;
    http_query_param(c->req, c->a, "source", &source);
    if (!store_keys(c->app->state->store, c->a, source, &v, &n, e))
        return false;
    if (source.n && n == 0 && !event_source(c, source, e)) /* keys of a source that is no more are still listed */
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_open(&b, "keys", '[');
    for (size_t i = 0; i < n; i++)
        if (call_sees(c, v[i].source))
            shape_key(&b, &v[i], STR(""));
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

static void make_key(char key[KEY_CHARACTERS + 1])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"; /* none that look alike */
    for (size_t i = 0; i < KEY_CHARACTERS; i++)
        key[i] = letters[randombytes_uniform(sizeof letters - 1)];
    key[KEY_CHARACTERS] = '\0';
}

bool route_key_add(struct call *c, struct err *e)
{
    char key[KEY_CHARACTERS + 1];
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct sha sha;
    bool ok = doc != NULL;
    if (ok) {
        struct store_key k = {.source = arena_str(c->a, json_str(root, "source")), .label = arena_str(c->a, json_str(root, "label"))};
        if (k.label.n > LABEL_MAX)
            ok = err_set(e, E_USAGE, "`label` is longer than %d characters", LABEL_MAX);
        else
            ok = event_source(c, k.source, e) != NULL;
        if (ok) {
            make_key(key);
            sha_bytes((struct str){key, KEY_CHARACTERS}, &sha);
            k.sha256 = str_of(sha.hex);
            k.begins = (struct str){key, BEGINS_CHARACTERS};
            ok = call_changed(c, arena_printf(c->a, "key of %.*s made", STR_FMT(k.source)), k.label, e) && store_key_add(c->app->state->store, &k, e) && events_publish(c->app->state, c->whole, e);
        }
        if (ok) {
            struct buf b = call_buf();
            shape_key(&b, &k, (struct str){key, KEY_CHARACTERS});
            call_json(c, &b);
        }
        sodium_memzero(key, sizeof key);
    }
    yyjson_doc_free(doc);
    return ok;
}

static bool key_is_theirs(struct call *c, int64_t id, struct err *e)
{
    struct store_key *v;
    size_t n, i = 0;
    if (call_whole(c))
        return true;
    if (!store_keys(c->app->state->store, c->a, STR(""), &v, &n, e))
        return false;
    while (i < n && (v[i].id != id || !call_sees(c, v[i].source)))
        i++;
    if (i < n)
        return true;
    err_set(e, E_NOT_FOUND, "there is no write key %lld", (long long)id); /* in the words for one that was never there */
    return err_hint(e, "trellis key list shows them"), false;
}

bool route_key_revoke(struct call *c, struct err *e)
{
    int64_t id;
    if (!str_to_i64(c->args[0], &id))
        return err_set(e, E_NOT_FOUND, "there is no write key %.*s", STR_FMT(c->args[0]));
    yyjson_doc *doc = call_body(c, "{}", e); /* the page sends an empty object, the command line nothing */
    if (!doc)
        return false;
    yyjson_doc_free(doc);
    if (!key_is_theirs(c, id, e))
        return false;
    if (!call_changed(c, arena_printf(c->a, "key %lld revoked", (long long)id), STR(""), e) || !store_key_revoke(c->app->state->store, id, e) || !events_publish(c->app->state, c->whole, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "id", id);
    put_bool(&b, "revoked", true);
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* ---- the suppression list ---- */

bool route_suppressed(struct call *c, struct err *e)
{
    struct store_suppressed *v;
    size_t n;
    if (!store_suppressed_all(c->app->state->store, c->a, &v, &n, e))
        return false;
    struct buf b = call_buf();
    put_open(&b, NULL, '{');
    put_int(&b, "count", (int64_t)n);
    put_open(&b, "suppressed", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "hash", v[i].hash);
        put_str(&b, "kind", v[i].kind);
        put_str(&b, "reason", v[i].reason);
        put_time(&b, "added_at", v[i].added_at_us);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}

/* What an identifier may be; without a word on it, an address is an e-mail, and anything else any kind of id. */
static size_t kinds_of(struct str identifier, struct str said, struct str out[4])
{
    if (said.n) {
        out[0] = said;
        return 1;
    }
    if (memchr(identifier.p, '@', identifier.n)) {
        out[0] = STR("email");
        return 1;
    }
    out[0] = STR("user_id");
    out[1] = STR("anonymous_id");
    out[2] = STR("phone");
    return 3;
}

static bool change_list(struct call *c, bool add, struct err *e)
{
    unsigned char key[SECRET_BYTES];
    yyjson_doc *doc = call_body(c, NULL, e);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct str kinds[4], identifier = str_trim(json_str(root, "identifier")), kind = json_str(root, "kind"), reason = json_str(root, "reason");
    size_t done = 0;
    bool ok = doc && secret_key(c->app->state->data_dir, SUPPRESS_KEY_FILE, key, e);
    if (ok && (identifier.n == 0 || identifier.n > IDENTIFIER_MAX || reason.n > REASON_MAX))
        ok = err_set(e, E_USAGE, "`identifier` is needed, of at most %d characters; `reason` has at most %d", IDENTIFIER_MAX, REASON_MAX);
    if (ok && kind.n && !str_is_name(kind))
        ok = err_set(e, E_USAGE, "`kind` is a name such as email, user_id, anonymous_id or phone");
    ok = ok && call_changed(c, add ? STR("suppression list: one more identifier") : STR("suppression list: one identifier less"), reason, e);
    for (size_t i = 0, n = ok ? kinds_of(identifier, kind, kinds) : 0; ok && i < n; i++) {
        struct suppress_hash h;
        struct err absent = {0};
        suppress_hash(key, kinds[i], identifier, &h);
        struct store_suppressed p = {.hash = str_of(h.z), .kind = kinds[i], .reason = reason};
        if (add)
            ok = store_suppressed_add(c->app->state->store, &p, e);
        else if (!store_suppressed_remove(c->app->state->store, p.hash, &absent)) {
            if (absent.code != E_NOT_FOUND)
                ok = err_set(e, absent.code, "%s", absent.text);
            continue;
        }
        done++;
    }
    sodium_memzero(key, sizeof key);
    if (ok && done == 0)
        ok = err_set(e, E_NOT_FOUND, "this identifier is not on the suppression list");
    ok = ok && events_publish(c->app->state, c->whole, e);
    if (ok) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        put_int(&b, add ? "added" : "removed", (int64_t)done);
        put_close(&b, '}');
        call_json(c, &b);
    }
    yyjson_doc_free(doc);
    return ok;
}

bool route_suppressed_add(struct call *c, struct err *e)
{
    return change_list(c, true, e);
}

bool route_suppressed_remove(struct call *c, struct err *e)
{
    return change_list(c, false, e);
}

/* ---- the collector of this server ---- */

bool route_collector(struct call *c, struct err *e)
{
    (void)e;
    struct buf b = call_buf();
    struct collect *k = c->app->collect;
    put_open(&b, NULL, '{');
    put_bool(&b, "listening", k != NULL);
    put_opt(&b, "address", k ? str_of(c->app->collect_address) : STR(""));
    if (k) {
        struct buf stats = BUF_INIT((size_t)1 << 20);
        collect_stats_json(k, &stats);
        put_raw(&b, "stats", buf_str(&stats));
        buf_fini(&stats);
    } else {
        put_null(&b, "stats");
    }
    put_close(&b, '}');
    call_json(c, &b);
    return true;
}
