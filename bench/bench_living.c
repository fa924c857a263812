/* Live ports over a million events (or BENCH_EVENTS): the time from a batch of one and of a hundred events in the raw table until the
 * last of five ports by key shows it, by quiet runs; against making the same ports whole. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "build/build.h"
#include "events/events.h"

enum { BATCHES = 60 };

static struct arena arena;
static char dir[] = "/tmp/trellis-bench-living-XXXXXX";

static void must(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "bench_living: %s:%u %s (%s)\n", e->file, e->line, e->text, e->hint);
    exit(1);
}

static void put(const char *path, const char *text)
{
    struct err e = {0};
    struct str full = arena_printf(&arena, "%s/%s", dir, path);
    must(fs_mkdirs(arena_strz(&arena, fs_dirname(full)), 0700, &e) && fs_write_atomic(full.p, str_of(text), 0600, &e), &e);
}

static const struct port {
    const char *name, *how, *by, *key, *columns, *sql;
} ports[] = {
    {"visit_event", "view", NULL, NULL, "evidence BIGINT;message_id VARCHAR;occurred_at TIMESTAMP;event VARCHAR;amount DECIMAL(18,6)",
     "SELECT evidence, message_id, occurred_at, event, revenue_amount AS amount FROM web.site__track UNION ALL SELECT evidence, message_id, "
     "occurred_at, name, NULL FROM web.site__page"},
    {"visit", "by_key", "evidence", "message_id",
     "evidence BIGINT;message_id VARCHAR;occurred_at TIMESTAMP;event VARCHAR;amount DECIMAL(18,6);nth BIGINT",
     "SELECT evidence, message_id, occurred_at, event, amount, row_number() OVER (PARTITION BY evidence ORDER BY occurred_at, message_id) AS nth "
     "FROM web.visit_event"},
    {"who", "by_key", "evidence", "evidence", "evidence BIGINT;person VARCHAR",
     "SELECT evidence, 'c_' || CAST(min(evidence) % 20000 AS VARCHAR) AS person FROM web.visit_event GROUP BY evidence"},
    {"interaction", "by_key", "evidence", "message_id",
     "evidence BIGINT;message_id VARCHAR;occurred_at TIMESTAMP;event VARCHAR;amount DECIMAL(18,6);nth BIGINT;person VARCHAR",
     "SELECT evidence, message_id, occurred_at, event, amount, nth, person FROM web.visit JOIN web.who USING (evidence)"},
    {"customer", "by_key", "person", "person",
     "person VARCHAR;events BIGINT;revenue DECIMAL(18,6);first_seen TIMESTAMP;last_seen TIMESTAMP",
     "SELECT person, count(*) AS events, CAST(coalesce(sum(amount), 0) AS DECIMAL(18,6)) AS revenue, min(occurred_at) AS first_seen, "
     "max(occurred_at) AS last_seen FROM web.interaction GROUP BY person"},
    {"customer_sets", "by_key", "person", "person", "person VARCHAR;events BIGINT;sets BIGINT",
     "SELECT w.person, count(*) AS events, count(DISTINCT w.evidence) AS sets FROM web.who AS w JOIN web.visit AS v USING (evidence) GROUP BY "
     "w.person"},
};
enum { N_PORTS = sizeof ports / sizeof *ports };

static void put_port(const struct port *p)
{
    struct buf b = BUF_INIT(1 << 20);
    const char *folder = arena_printf(&arena, "domains/web/products/%s_product", p->name).p;
    buf_printf(&b,
               "apiVersion: v1.0.0\nkind: DataProduct\nid: web.%s_product\nname: %s_product\nversion: 1.0.0\nstatus: active\ndomain: web\n"
               "description: {purpose: A bench., limitations: None., usage: Benches.}\noutputPorts:\n  - name: %s\n    version: 1.0.0\n    type: "
               "tables\n    description: A bench.\n    contractId: web.%s_product.%s\n    customProperties:\n"
               "      - {property: trellisMaterialization, value: %s}\n",
               p->name, p->name, p->name, p->name, p->name, p->how);
    if (p->by)
        buf_printf(&b,
                   "      - {property: trellisIncrementalBy, value: %s}\n      - {property: trellisKey, value: [%s]}\n"
                   "      - {property: trellisLive, value: true}\n",
                   p->by, p->key);
    buf_addz(&b, "team: {name: Growth, members: [{username: ana@example.org, name: Ana Ruiz, role: owner}]}\n");
    put(arena_printf(&arena, "%s/product.yaml", folder).p, buf_z(&b));
    buf_reset(&b);
    buf_printf(&b,
               "apiVersion: v3.1.0\nkind: DataContract\nid: web.%s_product.%s\nname: %s\nversion: 1.0.0\nstatus: active\nschema:\n  - name: %s\n"
               "    physicalType: table\n    properties:\n",
               p->name, p->name, p->name, p->name);
    for (struct str rest = str_of(p->columns), column; rest.n > 0;) {
        struct str type, name;
        column = str_cut(rest, ';', &rest);
        name = str_cut(column, ' ', &type);
        buf_printf(&b, "      - {name: %.*s, physicalType: \"%.*s\", classification: internal%s}\n", STR_FMT(name), STR_FMT(type),
                   p->key && str_eq(str_of(p->key), name) ? ", primaryKey: true, primaryKeyPosition: 1" : "");
    }
    put(arena_printf(&arena, "%s/%s.odcs.yaml", folder, p->name).p, buf_z(&b));
    put(arena_printf(&arena, "%s/%s.sql", folder, p->name).p, p->sql);
    buf_fini(&b);
}

static void run(struct build *build, const struct mesh *m, bool quiet, bool full)
{
    struct str names[] = {STR("web.customer"), STR("web.customer_sets")};
    struct build_options o = {.program = "", .trigger = STR("bench"), .quiet = quiet, .full = full, .ports = names, .n_ports = 2};
    struct build_report r;
    struct errs es = {0};
    struct err e = {0};
    must(build_run(build, m, &o, &r, &es, &e), &e);
    if (r.failed + r.refused > 0)
        must(false, &es.v[0]);
    errs_fini(&es);
}

/* Events as the loader writes them: rows, then the version of the stream. */
static void events(struct engine_conn *c, int64_t first, int64_t n, int64_t batch)
{
    struct err e = {0};
    must(engine_exec(c,
                     arena_printf(&arena,
                                  "BEGIN; INSERT INTO mesh.raw.\"web.site__track\" BY NAME SELECT 'm' || i AS message_id, TIMESTAMP '2026-01-01' + "
                                  "to_seconds(i) AS occurred_at, (hash(i %% 300000) >> 1)::BIGINT AS evidence, 'Viewed' AS event, "
                                  "CAST(i %% 100 AS DECIMAL(18,6)) AS revenue_amount, %lld AS _file_id, i AS _line, TIMESTAMP '2026-01-01' AS "
                                  "_learned_from FROM range(%lld, %lld) t(i); DELETE FROM mesh.sys.event_stream WHERE stream = 'web.site__track'; "
                                  "INSERT INTO mesh.sys.event_stream (stream, version, rows) VALUES ('web.site__track', %lld, 0); COMMIT",
                                  (long long)batch, (long long)first, (long long)(first + n), (long long)batch),
                     &e),
         &e);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    struct state_options so = {.threads = 2, .memory_limit_bytes = (uint64_t)4 << 30};
    struct state *s = NULL;
    struct build *build = NULL;
    struct events *ev = NULL;
    struct engine_conn *c = NULL;
    struct errs es = {0};
    struct err e = {0};
    const char *wanted = getenv("BENCH_EVENTS");
    int64_t n = 1000000, batch = 1;
    if (wanted && !str_to_i64(str_of(wanted), &n))
        n = 1000000;
    log_set(LOG_ERROR, false);
    arena_init(&arena);
    if (!mkdtemp(dir))
        return 1;
    put("mesh.yaml", "name: shop\ntitle: Shop\ntime_zone: Europe/Berlin\nreporting_currency: EUR\nengine: {kind: duckdb, threads: 2}\n");
    put("domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Ana Ruiz, contact: ana@example.org, role: product owner}\n");
    put("domains/web/sources/site.yaml", "name: site\nkind: events\ntitle: Site\n");
    for (int i = 0; i < N_PORTS; i++)
        put_port(&ports[i]);
    must(state_open(dir, &so, &s, &e) && engine_connect(s->engine, &c, &e) && build_open(s, &build, &e) && events_open(s, &ev, &e), &e);
    struct mesh_load_options lo = {.parser = c};
    struct mesh *m = mesh_load(dir, &lo, &es);
    if (!m)
        must(false, &es.v[0]);
    must(events_prepare(ev, m, &e) && build_refresh(build, m, &e), &e);
    events(c, 0, n, batch++);
    int64_t t = clock_mono_us();
    run(build, m, false, false);
    printf("living: %lld events, 5 ports by key made whole: %.0f ms\n", (long long)n, (double)(clock_mono_us() - t) / 1000.0);
    static const int64_t sizes[] = {1, 100};
    for (size_t k = 0; k < 2; k++) {
        int64_t took[BATCHES];
        for (int i = 0; i < BATCHES; i++) {
            events(c, n, sizes[k], batch++);
            n += sizes[k];
            t = clock_mono_us();
            run(build, m, true, false);
            took[i] = clock_mono_us() - t;
        }
        qsort(took, BATCHES, sizeof *took, by_value);
        printf("living: a batch of %lld events shown in all of them: p50 %.1f ms, p99 %.1f ms\n", (long long)sizes[k],
               (double)took[BATCHES / 2] / 1000.0, (double)took[BATCHES - 1] / 1000.0);
    }
    struct str by_key = {0}, whole = {0};
    bool null;
    struct str sum = STR("SELECT sum(hash(t)::HUGEINT)::VARCHAR FROM mesh.live.\"web.customer_v1\" AS t");
    must(engine_value(c, sum, NULL, 0, &arena, &by_key, &null, &e), &e);
    t = clock_mono_us();
    run(build, m, false, true);
    printf("living: the same made whole again: %.0f ms\n", (double)(clock_mono_us() - t) / 1000.0);
    must(engine_value(c, sum, NULL, 0, &arena, &whole, &null, &e), &e);
    if (!str_eq(by_key, whole)) {
        printf("living: FAILED, by key and whole differ\n");
        return 1;
    }
    events_close(ev);
    build_close(build);
    engine_disconnect(c);
    mesh_free(m);
    state_close(s);
    must(fs_remove_tree(dir, &e), &e);
    return 0;
}
