/* Opening and closing of the collector: spool, settings, listener, and the two threads that are its own (the loop, and the one
 * that looks at the settings). */
#include "collect/collect.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/fs.h"
#include "base/log.h"
#include "collect/collect_int.h"

enum { WORKERS = 2, LOOK_MS = 250 };

static bool fast(void *ctx, const struct http_request *q, struct http_reply *r)
{
    return take_request(ctx, q, r, true);
}

static void answer(void *ctx, const struct http_request *q, struct http_reply *r)
{
    take_request(ctx, q, r, false);
}

static void *loop_main(void *arg)
{
    struct collect *c = arg;
    http_server_run(c->server);
    return NULL;
}

static void *watch_main(void *arg)
{
    struct collect *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->closing) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + (int64_t)LOOK_MS * 1000000;
        until.tv_sec += ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
        pthread_cond_timedwait(&c->wake, &c->lock, &until);
        pthread_mutex_unlock(&c->lock);
        config_refresh(c);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void find_snippet(struct collect *c)
{
    static const char *const places[] = {"web/t.js", "snippet/t.js"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const struct embed_file *f = embed_find(str_of(places[i]));
        if (!f)
            continue;
        c->snippet = f->data;
        c->snippet_tag = f->sha256;
        return;
    }
}

static void init_lock(struct collect *c)
{
    pthread_condattr_t attr;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &attr);
    pthread_condattr_destroy(&attr);
}

static bool start_threads(struct collect *c, struct err *e)
{
    int failed = pthread_create(&c->loop, NULL, loop_main, c);
    if (failed)
        return err_errno(e, failed, "cannot start the collector's loop");
    c->loop_runs = true;
    pthread_setname_np(c->loop, "collect");
    failed = pthread_create(&c->watcher, NULL, watch_main, c);
    if (failed)
        return err_errno(e, failed, "cannot start the thread that reads the collector's settings");
    c->watcher_runs = true;
    pthread_setname_np(c->watcher, "collect-conf");
    return true;
}

bool collect_open(const struct collect_options *o, struct collect **out, struct err *e)
{
    struct collect *c = mem_alloc(sizeof *c);
    struct arena a;
    arena_init(&a);
    init_lock(c);
    c->nobody.ref = STR("");
    char *dir = arena_strz(&a, fs_join(&a, str_of(o->data_dir), STR("spool")));
    c->config_path = mem_strdup(fs_join(&a, str_of(dir), STR("collector.json")));
    find_snippet(c);
    struct spool_options so = {.dir = dir};
    struct http_limits limits = http_limits_default();
    struct http_handlers h = {fast, answer, c};
    bool good = spool_writer_open(&so, &c->spool, e);
    if (good)
        config_refresh(c);
    good = good && http_server_open(&limits, WORKERS, &h, &c->server, e);
    if (good)
        http_server_form(c->server, answers_always, answers_error_begin);
    if (good && (o->tls_certificate || o->tls_key)) {
        c->tls = true;
        good = o->tls_certificate && o->tls_key ? http_server_tls(c->server, o->tls_certificate, o->tls_key, e)
                                                : err_set(e, E_USAGE, "TLS needs both a certificate and its private key");
    }
    good = good && http_server_listen_any(c->server, o->host, o->port, &c->port, e) && start_threads(c, e);
    arena_fini(&a);
    if (!good) {
        collect_close(c);
        return false;
    }
    log_event(LOG_INFO, "collect", "listening", "port=%d", c->port);
    *out = c;
    return true;
}

int collect_port(const struct collect *c)
{
    return c->port;
}

struct spool_writer *collect_spool(struct collect *c)
{
    return c->spool;
}

static uint64_t get(const atomic_uint_fast64_t *v)
{
    return atomic_load_explicit((atomic_uint_fast64_t *)(uintptr_t)v, memory_order_relaxed);
}

static void counts_json(const struct counts *k, struct buf *b)
{
    bool first = true;
    buf_printf(b, "{\"requests\":%llu,\"events\":%llu,\"bytes\":%llu,\"suppressed\":%llu,\"refused\":{",
               (unsigned long long)get(&k->requests), (unsigned long long)get(&k->events), (unsigned long long)get(&k->bytes),
               (unsigned long long)get(&k->suppressed));
    for (int i = 0; i < E_COUNT; i++)
        if (get(&k->refused[i])) {
            buf_printf(b, "%s\"%s\":%llu", first ? "" : ",", err_info_get((enum err_code)i)->code,
                       (unsigned long long)get(&k->refused[i]));
            first = false;
        }
    buf_addz(b, "}}");
}

void collect_stats_json(struct collect *c, struct buf *b)
{
    struct spool_stats s = {0};
    spool_writer_stats(c->spool, &s);
    buf_addz(b, "{\"sources\":{");
    pthread_mutex_lock(&c->lock);
    for (const struct counts *k = c->nobody.next; k; k = k->next) {
        buf_json_str(b, k->ref);
        buf_addc(b, ':');
        counts_json(k, b);
        buf_addz(b, k->next ? "," : "");
    }
    buf_addz(b, "},\"without_key\":");
    counts_json(&c->nobody, b);
    pthread_mutex_unlock(&c->lock);
    buf_printf(
        b, ",\"spool\":{\"records\":%llu,\"bytes\":%llu,\"groups\":%llu,\"segments\":%llu,\"free_segments\":%llu,\"full\":%s}}",
        (unsigned long long)s.records, (unsigned long long)s.bytes, (unsigned long long)s.groups, (unsigned long long)s.segments,
        (unsigned long long)s.free_segments, s.full ? "true" : "false");
}

void collect_lists_free(struct collect *c)
{
    for (struct scratch *s = c->scratch; s;) {
        struct scratch *next = s->next;
        buf_fini(&s->plain);
        buf_fini(&s->meta);
        buf_fini(&s->made);
        mem_free(s->pool);
        mem_free(s);
        s = next;
    }
    for (struct bucket *b = c->buckets; b;) {
        struct bucket *next = b->next;
        pthread_mutex_destroy(&b->lock);
        mem_free(b);
        b = next;
    }
    for (struct counts *k = c->nobody.next; k;) {
        struct counts *next = k->next;
        mem_free((char *)(uintptr_t)k->ref.p);
        mem_free(k);
        k = next;
    }
}

/* In this order: no new requests, answers to those in flight, the spool to its end, and only then what its answers refer to. */
void collect_close(struct collect *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->closing = true;
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
    if (c->watcher_runs)
        pthread_join(c->watcher, NULL);
    if (c->server && c->loop_runs) {
        http_server_stop(c->server);
        pthread_join(c->loop, NULL);
    }
    spool_writer_close(c->spool);
    http_server_close(c->server);
    config_drop(c->config);
    collect_lists_free(c);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    mem_free(c->config_path);
    mem_free(c);
}
