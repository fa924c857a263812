/* One request of events: its key, its limits, its body; then into the spool, and an answer once it is on disk. */
#include "collect/collect_int.h"

#include <sodium.h>
#include <stdlib.h>
#include <yyjson.h>

#include "base/clock.h"

enum { LOOP_BODY_BYTES = 256 << 10, BODY_BYTES = 4 << 20 };

static bool refuse(struct take *t, int status, enum err_code code, const char *text, const char *hint)
{
    struct err e = {0};
    err_set(&e, code, "%s", text);
    if (hint)
        err_hint(&e, "%s", hint);
    return answer_error(t, status, &e);
}

/* ---- keys ---- */
/* "Basic base64(key:)": the password is ignored, the colon may be missing, and so may the padding. */
static bool basic_user(struct take *t, struct str *user)
{
    struct str coded, scheme = str_cut(t->f.authorization, ' ', &coded);
    if (!coded.p || !str_eq_nocase(scheme, STR("basic")))
        return false;
    coded = str_trim(coded);
    if (coded.n == 0 || coded.n > KEY_MAX_BYTES * 2)
        return false;
    unsigned char *room = arena_alloc(&t->arena, coded.n + 1);
    size_t n = 0;
    while (coded.n && coded.p[coded.n - 1] == '=')
        coded.n--;
    if (sodium_base642bin(room, coded.n, coded.p, coded.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return false;
    struct str password;
    *user = str_cut((struct str){(char *)room, n}, ':', &password);
    return user->n > 0;
}

bool take_key_of_address(struct take *t, struct str *key)
{
    static const char *const parameters[] = {"writeKey", "api_secret", "write_key"};
    if (t->f.authorization.n && basic_user(t, key))
        return true;
    if (t->q->query.n)
        for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
            if (http_query_param(t->q, &t->arena, parameters[i], key) && key->n)
                return true;
    return false;
}

static bool within_rate(struct bucket *b, int64_t rate)
{
    pthread_mutex_lock(&b->lock);
    int64_t now = clock_mono_us();
    b->tokens = b->tokens < 0 ? (double)rate : b->tokens + (double)(now - b->filled_us) * (double)rate / 1e6;
    if (b->tokens > (double)rate)
        b->tokens = (double)rate;
    b->filled_us = now;
    bool good = b->tokens >= 1;
    if (good)
        b->tokens -= 1;
    pthread_mutex_unlock(&b->lock);
    return good;
}

/* A key that was made a moment ago: the settings are looked at before anybody is refused for good, since clients do not ask again
 * after a 401. */
static const struct write_key *fresh_key(struct take *t, struct str key)
{
    if (!key.n)
        return NULL;
    config_refresh(t->c);
    struct collect_config *g = config_hold(t->c);
    config_drop(t->g);
    t->g = g;
    return config_key(g, key);
}

bool take_key(struct take *t, struct str key)
{
    const struct write_key *k = config_key(t->g, key);
    if (!k)
        k = fresh_key(t, key);
    if (!k)
        return !refuse(t, 401, E_UNAUTHENTICATED, key.n ? "this write key is not known" : "there is no write key",
                       "send it as the user of Basic authorization, as writeKey in the body, or as ?writeKey=; `trellis key "
                       "create` makes one");
    t->key = k;
    if (!k->source->enabled)
        return !refuse(t, 404, E_NOT_FOUND, "this source is switched off", NULL);
    if (t->route->kind == SPOOL_WEBHOOK && !k->source->webhook)
        return !refuse(t, 404, E_NOT_FOUND, "this source has no webhook", "declare `webhook:` under `events:` of the source");
    if (t->f.origin.n && !source_allows(k->source, t->f.origin))
        return !refuse(t, 403, E_DENIED, "pages of this origin may not send to this source",
                       "list it under `origins:` of the source");
    if (!within_rate(k->bucket, k->source->rate))
        return !refuse(t, 429, E_RATE, "more requests than this write key may send in a second",
                       "wait as Retry-After says, and send batches");
    return true;
}

/* ---- into the spool ---- */
struct waiting {
    struct http_later *later;
    const struct http_fixed *kept;
    struct counts *counts;
    int64_t events;
    size_t bytes;
    atomic_size_t parts; /* records that are not on disk yet */
    atomic_int failed;   /* enum err_code of one that never will be */
};

static void count_kept(const struct waiting *w)
{
    atomic_fetch_add_explicit(&w->counts->requests, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&w->counts->events, (uint64_t)w->events, memory_order_relaxed);
    atomic_fetch_add_explicit(&w->counts->bytes, w->bytes, memory_order_relaxed);
}

/* On the spool's thread. */
static void on_disk(void *ctx, const struct err *e)
{
    struct waiting *w = ctx;
    if (e && e->code != E_OK)
        atomic_store(&w->failed, (int)e->code);
    if (atomic_fetch_sub(&w->parts, 1) != 1)
        return;
    enum err_code failed = (enum err_code)atomic_load(&w->failed);
    if (failed)
        atomic_fetch_add_explicit(&w->counts->refused[failed], 1, memory_order_relaxed);
    else
        count_kept(w);
    http_later_answer(w->later, failed ? answer_of_failure(failed) : w->kept);
    mem_free(w);
}

static struct waiting *wait_for(struct take *t, size_t parts, struct spool_record *rec)
{
    struct waiting *w = mem_alloc(sizeof *w);
    facts_meta(t, &t->s->meta);
    *rec = (struct spool_record){.received_us = clock_now_us(),
                                 .kind = t->route->kind,
                                 .source = t->key->source->ref,
                                 .meta = buf_str(&t->s->meta),
                                 .body = t->body};
    w->kept = answer_of_route(t->route);
    w->counts = t->key->source->counts;
    w->events = t->events;
    w->bytes = t->body.n;
    atomic_init(&w->parts, parts);
    w->later = http_reply_later(t->r);
    return w;
}

bool take_keep(struct take *t)
{
    struct err e = {0};
    struct spool_record rec;
    struct waiting *w = wait_for(t, 1, &rec);
    if (!spool_append(t->c->spool, &rec, on_disk, w, &e))
        on_disk(w, &e);
    return true;
}

/* An array of batches: a record of each, one answer when all are on disk. Numbers stay as they were sent. */
static bool keep_each(struct take *t)
{
    struct err e = {0};
    struct spool_record rec;
    size_t i, n;
    yyjson_val *v;
    yyjson_doc *doc = body_read(t->s, t->body, true, &e);
    if (!doc)
        return answer_error(t, 503, &e);
    struct waiting *w = wait_for(t, yyjson_arr_size(yyjson_doc_get_root(doc)), &rec);
    yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, v)
    {
        size_t len = 0;
        char *text = yyjson_val_write(v, 0, &len);
        rec.body = (struct str){text, len};
        if (!text)
            err_set(&e, E_MEMORY, "there is not enough memory");
        if (!text || !spool_append(t->c->spool, &rec, on_disk, w, &e))
            on_disk(w, &e);
        free(text); /* banned-ok: yyjson's own allocation */
    }
    return true;
}

/* ---- bodies ---- */
/* What the body is, after its coding. False: answered. */
static bool body_plain(struct take *t)
{
    struct err e = {0};
    int status = 400;
    t->body = t->q->body;
    if (t->body.n == 0) {
        bool unsaid = !t->f.length.p && !t->f.transfer.p;
        return !refuse(t, unsaid ? 411 : 400, E_EVENT, "the request has no body", "send one JSON object");
    }
    if (t->f.encoding.n && !str_eq_nocase(t->f.encoding, STR("identity"))) {
        if (!unpack(t->f.encoding, t->body, BODY_BYTES, &t->s->plain, &status, &e))
            return !answer_error(t, status, &e);
        t->body = buf_str(&t->s->plain);
    }
    return true;
}

/* What the route needs of its body, beyond being JSON. NULL: all there. */
static const char *lacks(struct take *t, yyjson_val *root)
{
    unsigned flags = t->route->flags;
    t->events = 1;
    if (yyjson_is_arr(root) && (flags & ROUTE_ARRAY)) {
        t->events = (int64_t)yyjson_arr_size(root);
        return t->events ? NULL : "the array is empty";
    }
    if (!yyjson_is_obj(root))
        return "the body is no JSON object";
    if (flags & ROUTE_BATCH) {
        yyjson_val *batch = yyjson_obj_get(root, "batch");
        t->events = (int64_t)yyjson_arr_size(batch);
        return !yyjson_is_arr(batch) ? "the body has no array `batch`" : t->events ? NULL : "the batch is empty";
    }
    if ((flags & ROUTE_CONSENT) && !yyjson_is_obj(yyjson_obj_get(root, "purposes")))
        return "the body has no object `purposes`";
    return NULL;
}

static bool starts_object(struct str body)
{
    body = str_trim(body);
    return body.n && body.p[0] == '{';
}

static struct str key_in_body(yyjson_val *root)
{
    yyjson_val *v = yyjson_obj_get(root, "writeKey");
    if (!v) /* of a batch, events may carry it */
        v = yyjson_obj_get(yyjson_arr_get_first(yyjson_obj_get(root, "batch")), "writeKey");
    return yyjson_is_str(v) ? (struct str){yyjson_get_str(v), yyjson_get_len(v)} : STR("");
}

/* The key that a body carries does not go into the spool: each of its characters becomes a star there. Another text in its place is no
 * secret, and stays. */
static void hide_key(struct take *t, struct str key)
{
    char *copy = NULL;
    if (!config_key(t->g, key))
        return;
    for (size_t at = 0; (at = str_find(t->body, key, at)) != SIZE_MAX; at += key.n) {
        if (!copy) {
            copy = arena_alloc(&t->arena, t->body.n + 1);
            memcpy(copy, t->body.p, t->body.n);
            t->body.p = copy;
        }
        memset(copy + at, '*', key.n);
    }
}

bool take_event(struct take *t)
{
    struct err e = {0};
    struct str key, told;
    const char *why;
    if (take_key_of_address(t, &key) && !take_key(t, key))
        return true;
    if (!body_plain(t))
        return true;
    yyjson_doc *doc = body_read(t->s, t->body, false, &e);
    if (!doc)
        return answer_error(t, e.code == E_MEMORY ? 503 : 400, &e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!t->key && !take_key(t, key_in_body(root)))
        return true;
    told = arena_str(&t->arena, key_in_body(root));
    if ((why = lacks(t, root)))
        return refuse(t, 400, E_EVENT, why, NULL);
    if ((int64_t)t->body.n > t->key->source->batch_bytes) {
        err_set(&e, E_EVENT, "the body has %zu bytes; this source takes up to %lld", t->body.n,
                (long long)t->key->source->batch_bytes);
        err_hint(&e, "send smaller batches, or raise `limits: {batch: …}` of the source");
        return answer_error(t, 400, &e);
    }
    int64_t cut = 0;
    if (t->route->kind <= SPOOL_BATCH) /* the calls that several makers' clients send alike */
        t->api = facts_way_in(t, root);
    if (t->g->n_suppressed) {
        if (!cut_suppressed(t, &doc, &cut, &e))
            return answer_error(t, 503, &e);
        atomic_fetch_add_explicit(&t->key->source->counts->suppressed, (uint64_t)cut, memory_order_relaxed);
        if (t->events == 0)
            return answer_ok(t);
    }
    if ((t->route->flags & ROUTE_BULK) && !starts_object(t->body))
        return keep_each(t);
    hide_key(t, told);
    return take_keep(t);
}

bool take_pixel(struct take *t)
{
    struct err e = {0};
    struct str key, told;
    int64_t cut = 0;
    if (take_key_of_address(t, &key) && !take_key(t, key))
        return true;
    if (!pixel_body(t, &t->s->plain, &e))
        return answer_error(t, 400, &e);
    t->body = buf_str(&t->s->plain);
    yyjson_doc *doc = body_read(t->s, t->body, false, &e);
    if (!doc)
        return answer_error(t, 400, &e);
    if (!t->key && !take_key(t, key_in_body(yyjson_doc_get_root(doc))))
        return true;
    told = arena_str(&t->arena, key_in_body(yyjson_doc_get_root(doc)));
    t->events = 1;
    if (t->g->n_suppressed && !cut_suppressed(t, &doc, &cut, &e))
        return answer_error(t, 503, &e);
    atomic_fetch_add_explicit(&t->key->source->counts->suppressed, (uint64_t)cut, memory_order_relaxed);
    hide_key(t, told);
    return t->events ? take_keep(t) : answer_ok(t);
}

/* ---- which way ---- */
static bool dispatch(struct take *t)
{
    bool known = false;
    const char *allow = "";
    if (t->q->verb == VERB_OPTIONS)
        return answer_preflight(t);
    t->route = route_find(t->q->path, t->q->verb, &t->rest, &known, &allow);
    t->api = t->route ? t->route->api : "";
    if (t->route)
        return t->route->answer ? t->route->answer(t) : take_event(t);
    if (!known)
        return refuse(t, 404, E_NOT_FOUND, "there is no such route", "docs/events.md lists them");
    http_reply_header(t->r, "Allow", str_of(allow));
    return refuse(t, 405, E_USAGE, "this route is not asked with this method", NULL);
}

bool take_request(struct collect *c, const struct http_request *q, struct http_reply *r, bool on_loop)
{
    struct take t = {.c = c, .q = q, .r = r, .on_loop = on_loop};
    facts_gather(q, &t.f);
    if (on_loop && (q->body.n > LOOP_BODY_BYTES || (q->body.n && t.f.encoding.n)))
        return false;
    arena_init(&t.arena);
    t.g = config_hold(c);
    t.s = scratch_take(c);
    answer_cors(&t);
    dispatch(&t);
    scratch_give(c, t.s);
    config_drop(t.g);
    arena_fini(&t.arena);
    return true;
}
