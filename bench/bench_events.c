/* Events into a file database: how many a second beside the engine's own read_json of the same bytes, how long from the
 * acknowledgement until a query sees them while readers ask, and the memory of the ids that are remembered.
 *   bench_events [events] [seconds] */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "events/events_int.h"

enum { PER_BODY = 100, LIVE_PER_BODY = 10, LIVE_RATE = 20000, READERS = 4, RING = 1 << 20 };

struct bench {
    char dir[64], spool_dir[96];
    struct state *state;
    struct events *events;
    struct spool_writer *spool;
    struct mesh mesh;
    struct mesh_domain domain;
    struct mesh_source source, *sources[1];
    struct mesh_events rules;
    struct mesh_identifier_kind kinds[2];
    struct err e;
    /* latency */
    _Atomic int64_t *acked_us; /* by request */
    _Atomic int64_t sent, acked;
    int64_t seen, *latency_us;
    size_t n_latency;
    atomic_bool stop;
    _Atomic int64_t queries;
};

static void must(struct bench *b, bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "%s %s\n", b->e.text, b->e.hint);
    exit(1);
}

static void declare(struct bench *b)
{
    b->domain.name = STR("web");
    b->rules = (struct mesh_events){.dedup_window_s = 30 * 86400,
                                    .event_bytes = 32768,
                                    .batch_events = 2500,
                                    .batch_bytes = 4096000,
                                    .late_after_s = 3600,
                                    .future_s = 300};
    b->source = (struct mesh_source){.domain = &b->domain, .name = STR("site"), .events = &b->rules};
    b->sources[0] = &b->source;
    b->kinds[0] = (struct mesh_identifier_kind){.name = STR("user_id"), .normalise = STR("none"), .limit = 1};
    b->kinds[1] =
        (struct mesh_identifier_kind){.name = STR("anonymous_id"), .normalise = STR("none"), .limit = 5, .per_s = 7 * 86400};
    b->mesh = (struct mesh){.dir = str_of(b->dir), .name = STR("bench"), .sources = b->sources, .n_sources = 1};
    b->mesh.identity.kinds = b->kinds;
    b->mesh.identity.n_kinds = 2;
}

static void open_all(struct bench *b)
{
    snprintf(b->dir, sizeof b->dir, "/tmp/trellis-bench-XXXXXX");
    if (!mkdtemp(b->dir))
        exit(1);
    snprintf(b->spool_dir, sizeof b->spool_dir, "%s/data/spool", b->dir);
    declare(b);
    const struct state_options o = {0};
    const struct spool_options so = {.dir = b->spool_dir};
    must(b, state_open(b->dir, &o, &b->state, &b->e) && events_open(b->state, &b->events, &b->e) &&
                events_prepare(b->events, &b->mesh, &b->e) && spool_writer_open(&so, &b->spool, &b->e));
}

static void close_all(struct bench *b)
{
    spool_writer_close(b->spool);
    events_close(b->events);
    state_close(b->state);
    must(b, fs_remove_tree(b->dir, &b->e));
}

/* About 600 bytes, as a browser sends them; every event another one. */
static void event_put(struct buf *o, int64_t i, int64_t at_us)
{
    static const char *const names[] = {"Product Viewed", "Product Added", "Order Completed", "Product Clicked",
                                        "Checkout Started"};
    struct clock_text t = clock_iso(at_us);
    buf_printf(
        o,
        "{\"type\":\"track\",\"messageId\":\"ajs-next-%016llx-%lld\",\"anonymousId\":\"%08llx-77aa-4b1c-9d2e-%012llx\","
        "\"userId\":"
        "\"user-%lld\",\"event\":\"%s\",\"timestamp\":\"%.23sZ\",\"properties\":{\"product_id\":\"p-%lld\",\"price\":%lld.%02lld,"
        "\"quantity\":%lld,\"currency\":\"EUR\",\"category\":\"Shoes\",\"order_id\":\"o-%lld\",\"revenue\":%lld.5},\"context\":{"
        "\"library\":{\"name\":\"analytics.js\",\"version\":\"npm:next-1.70.0\"},\"locale\":\"de-DE\",\"timezone\":\"Europe/"
        "Berlin\","
        "\"userAgent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\","
        "\"page\":{\"path\":\"/p/%lld\",\"referrer\":\"https://www.google.com/\",\"search\":\"\",\"title\":\"Product "
        "%lld\",\"url\":"
        "\"https://shop.example/p/%lld\"}}}",
        (unsigned long long)(uint64_t)i * 2654435761u, (long long)i, (unsigned long long)((uint64_t)(i / 20) * 40503u),
        (unsigned long long)(i / 20), (long long)(i / 40), names[i % 5], t.z, (long long)(i % 977), (long long)(i % 300),
        (long long)(i % 100), (long long)(i % 5 + 1), (long long)i, (long long)(i % 200), (long long)(i % 977),
        (long long)(i % 977), (long long)(i % 977));
}

static void body_put(struct buf *o, int64_t first, int n, int64_t at_us)
{
    buf_reset(o);
    buf_addz(o, "{\"batch\":[");
    for (int i = 0; i < n; i++) {
        buf_addz(o, i ? "," : "");
        event_put(o, first + i, at_us);
    }
    buf_printf(o, "],\"sentAt\":\"%.23sZ\"}", clock_iso(at_us).z);
}

static long rss_kb(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long pages = 0, resident = 0;
    if (f && fscanf(f, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- throughput ---- */

static double read_json(struct bench *b, const char *file, double *cpu)
{
    struct engine *g = NULL;
    struct engine_conn *c = NULL;
    struct buf sql = BUF_INIT(65536);
    char db[128];
    snprintf(db, sizeof db, "%s/other.duckdb", b->dir);
    const struct engine_options o = {.data_path = db};
    must(b, engine_open(&o, &g, &b->e) && engine_connect(g, &c, &b->e));
    buf_printf(
        &sql,
        "CREATE TABLE mesh.main.track AS SELECT messageId AS message_id, CAST(\"timestamp\" AS TIMESTAMP) AS occurred_at, "
        "anonymousId AS "
        "anonymous_id, userId AS user_id, event, CAST(properties->>'revenue' AS DECIMAL(18,6)) AS revenue_amount, "
        "properties->>'currency' AS currency, properties->>'order_id' AS order_id, context->>'$.library.name' AS library, "
        "context->>'$.library.version' AS library_version, context->>'locale' AS locale, context->>'timezone' AS time_zone, "
        "context->>'userAgent' AS user_agent, context->>'$.page.url' AS page_url, context->>'$.page.path' AS page_path, "
        "context->>'$.page.title' AS page_title, context->>'$.page.referrer' AS referrer_url, CAST(properties AS VARCHAR) AS "
        "properties, "
        "CAST(context AS VARCHAR) AS context FROM read_json('%s', format = 'newline_delimited', columns = {messageId: 'VARCHAR', "
        "\"timestamp\": 'VARCHAR', anonymousId: 'VARCHAR', userId: 'VARCHAR', event: 'VARCHAR', properties: 'JSON', context: "
        "'JSON'})",
        file);
    int64_t begun = clock_mono_us();
    *cpu = -cpu_s();
    must(b, engine_exec(c, buf_str(&sql), &b->e));
    must(b, engine_exec(c, STR("CHECKPOINT mesh"), &b->e));
    double s = (double)(clock_mono_us() - begun) / 1e6;
    *cpu += cpu_s();
    engine_disconnect(c);
    engine_close(g);
    buf_fini(&sql);
    unlink(db);
    return s;
}

static void throughput(int64_t events)
{
    struct bench b = {0};
    struct buf body = BUF_INIT(16 << 20);
    struct events_report r;
    struct errs es = {0};
    char file[128];
    open_all(&b);
    snprintf(file, sizeof file, "%s/events.ndjson", b.dir);
    FILE *f = fopen(file, "we");
    int64_t at = clock_now_us(), bytes = 0;
    for (int64_t i = 0; f && i < events; i += PER_BODY) {
        body_put(&body, i, PER_BODY, at);
        struct spool_record rec = {.received_us = at,
                                   .kind = SPOOL_BATCH,
                                   .source = STR("web.site"),
                                   .meta = STR("{\"key\":1}"),
                                   .body = buf_str(&body)};
        must(&b, i + PER_BODY < events ? spool_append(b.spool, &rec, NULL, NULL, &b.e) : spool_append_wait(b.spool, &rec, &b.e));
        if (i % 10000 == 0)
            must(&b, spool_append_wait(b.spool, &rec, &b.e)); /* the same ids again: duplicates, and room in the backlog */
        bytes += (int64_t)body.n;
        for (int k = 0; k < PER_BODY; k++) {
            buf_reset(&body);
            event_put(&body, i + k, at);
            fprintf(f, "%.*s\n", (int)body.n, body.p);
        }
    }
    if (f)
        fclose(f);
    long before = rss_kb();
    int64_t begun = clock_mono_us();
    double cpu_before = cpu_s();
    must(&b, events_load(b.events, &b.mesh, NULL, &r, &es, &b.e));
    double ours = (double)(clock_mono_us() - begun) / 1e6, theirs_cpu, ours_cpu = cpu_s() - cpu_before;
    double theirs = read_json(&b, file, &theirs_cpu);
    printf("load: %lld events (%.0f MB) in %.2f s = %.0f events/s, %lld duplicates, %lld batches; read_json %.2f s; ratio %.2f\n",
           (long long)r.loaded, (double)bytes / 1e6, ours, (double)(r.loaded + r.duplicates) / ours, (long long)r.duplicates,
           (long long)r.batches, theirs, theirs / ours);
    printf("load, CPU alone: %.2f s = %.0f events a CPU second; read_json %.2f s; ratio %.2f\n", ours_cpu,
           (double)(r.loaded + r.duplicates) / ours_cpu, theirs_cpu, theirs_cpu / ours_cpu);
    printf("ids: %zu remembered in %zu bytes = %.1f bytes each; process grew by %ld MB while loading\n",
           seen_count(b.events->seen), seen_bytes(b.events->seen),
           (double)seen_bytes(b.events->seen) / (double)seen_count(b.events->seen), (rss_kb() - before) / 1024);
    close_all(&b);
    buf_fini(&body);
    errs_fini(&es);
}

/* ---- from the acknowledgement to a query ---- */

struct ticket {
    struct bench *b;
    int64_t no;
};

static void acked(void *ctx, const struct err *e)
{
    struct ticket *t = ctx;
    if (!e)
        atomic_store(&t->b->acked_us[t->no % RING], clock_mono_us());
    atomic_fetch_add(&t->b->acked, 1);
    free(t);
}

static void *send_main(void *ctx)
{
    struct bench *b = ctx;
    struct buf body = BUF_INIT(16 << 20);
    int64_t begun = clock_mono_us(), events = 0;
    while (!atomic_load(&b->stop)) {
        int64_t due = (clock_mono_us() - begun) * LIVE_RATE / 1000000;
        while (events < due) {
            struct ticket *t = malloc(sizeof *t);
            if (!t)
                exit(1);
            *t = (struct ticket){b, atomic_load(&b->sent)};
            atomic_store(&b->acked_us[t->no % RING], 0);
            body_put(&body, events, LIVE_PER_BODY, clock_now_us());
            struct spool_record rec = {.received_us = clock_now_us(),
                                       .kind = SPOOL_BATCH,
                                       .source = STR("web.site"),
                                       .meta = STR("{}"),
                                       .body = buf_str(&body)};
            atomic_fetch_add(&b->sent, 1);
            must(b, spool_append(b->spool, &rec, acked, t, &b->e));
            events += LIVE_PER_BODY;
        }
        usleep(500);
    }
    buf_fini(&body);
    return NULL;
}

static void *read_main(void *ctx)
{
    static const char *const questions[] = {
        "SELECT date_trunc('minute', occurred_at), count(*) FROM mesh.raw.\"web.site__track\" GROUP BY 1",
        "SELECT event, count(*), sum(revenue_amount) FROM mesh.raw.\"web.site__track\" GROUP BY 1",
        "SELECT channel_group, count(DISTINCT anonymous_id) FROM mesh.raw.\"web.site__track\" GROUP BY 1",
        "SELECT page_path, count(*) FROM mesh.raw.\"web.site__track\" GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
    };
    struct bench *b = ctx;
    struct engine_conn *c = NULL;
    struct err e = {0};
    if (!engine_connect(b->state->engine, &c, &e))
        return NULL;
    for (size_t i = 0; !atomic_load(&b->stop); i++) {
        if (engine_exec(c, str_of(questions[i % 4]), &e))
            atomic_fetch_add(&b->queries, 1);
        usleep(50000);
    }
    engine_disconnect(c);
    return NULL;
}

static atomic_bool over;
static int64_t over_us;

static void visible(void *ctx, const struct events_report *r)
{
    if (over_us && clock_mono_us() > over_us)
        atomic_store(&over, true);
    struct bench *b = ctx;
    static int64_t last;
    int64_t now = clock_mono_us();
    if (r->requests < last)
        last = 0;
    for (; last < r->requests; last++, b->seen++) {
        int64_t at = atomic_load(&b->acked_us[b->seen % RING]);
        b->latency_us[b->n_latency++ % RING] = at && now > at ? now - at : 0; /* 0: loaded before its answer was out */
    }
    last = r->requests;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void latency(int64_t seconds, int readers)
{
    struct bench b = {0};
    struct errs es = {0};
    pthread_t sender, reader[READERS];
    open_all(&b);
    b.acked_us = calloc(RING, sizeof *b.acked_us);
    b.latency_us = calloc(RING, sizeof *b.latency_us);
    if (!b.acked_us || !b.latency_us || pthread_create(&sender, NULL, send_main, &b) != 0)
        exit(1);
    for (int i = 0; i < readers; i++)
        if (pthread_create(&reader[i], NULL, read_main, &b) != 0)
            exit(1);
    int64_t end = clock_mono_us() + seconds * INT64_C(1000000), loaded = 0;
    over_us = end;
    atomic_store(&over, false);
    while (clock_mono_us() < end) {
        struct events_report r;
        const struct events_load_options o = {.progress = visible, .ctx = &b, .cancel = &over};
        visible(&b, &(struct events_report){0});
        must(&b, events_load(b.events, &b.mesh, &o, &r, &es, &b.e));
        loaded += r.loaded;
        if (!r.more)
            events_wait(b.events, 100, -1);
    }
    atomic_store(&b.stop, true);
    pthread_join(sender, NULL);
    for (int i = 0; i < readers; i++)
        pthread_join(reader[i], NULL);
    size_t n = b.n_latency < RING ? b.n_latency : RING;
    qsort(b.latency_us, n, sizeof *b.latency_us, ascending);
    printf("acknowledged to queryable, %d readers: %.0f events/s loaded of %d sent, p50 %.0f ms, p99 %.0f ms, most %.0f ms; %lld "
           "queries; RSS %ld MB\n",
           readers, (double)loaded / (double)seconds, LIVE_RATE, n ? (double)b.latency_us[n / 2] / 1e3 : 0,
           n ? (double)b.latency_us[n * 99 / 100] / 1e3 : 0, n ? (double)b.latency_us[n - 1] / 1e3 : 0,
           (long long)atomic_load(&b.queries), rss_kb() / 1024);
    close_all(&b);
    free(b.acked_us);
    free(b.latency_us);
    errs_fini(&es);
}

int main(int argc, char **argv)
{
    int64_t events = 400000, seconds = 15;
    if ((argc > 1 && !str_to_i64(str_of(argv[1]), &events)) || (argc > 2 && !str_to_i64(str_of(argv[2]), &seconds))) {
        fprintf(stderr, "bench_events [events] [seconds]\n");
        return 2;
    }
    log_set(LOG_ERROR, false);
    setvbuf(stdout, NULL, _IOLBF, 0);
    throughput(events);
    latency(seconds, 0);
    latency(seconds, READERS);
    return 0;
}
