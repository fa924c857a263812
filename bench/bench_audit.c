/* What the audit log costs: questions with and without it, in turns, by one and by eight who ask at once (ratios); then what an
 * entry costs whoever notes it and whoever waits for it, and verifying and asking a log of 200,000 entries. "Without" means that
 * audit_note does nothing, by the linker's --wrap. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "govern/audit.h"
#include "mesh/mesh.h"
#include "store/state.h"

enum { ROUNDS = 75, ROUND_MS = 120, THREADS = 8, NOTES = 20000, WRITES = 200, LOG_ENTRIES = 200000, FINDS = 20 };

static atomic_bool muted;
void __real_audit_note(struct audit *a, const struct audit_entry *x);
void __wrap_audit_note(struct audit *a, const struct audit_entry *x);
void __wrap_audit_note(struct audit *a, const struct audit_entry *x)
{
    if (!atomic_load(&muted))
        __real_audit_note(a, x);
}

static char dir[64];
static struct state *s;
static struct mesh *m;
static struct govern *g;

static void must(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "bench_audit: %s %s\n", e->text, e->hint);
    exit(1);
}

static void put(const char *name, const char *text)
{
    struct err e = {0};
    struct arena a;
    arena_init(&a);
    struct str path = fs_join(&a, str_of(dir), str_of(name));
    must(fs_mkdirs(arena_strz(&a, fs_dirname(path)), 0755, &e) && fs_write_atomic(path.p, str_of(text), 0644, &e), &e);
    arena_fini(&a);
}

static void open_mesh(void)
{
    struct err e = {0};
    struct errs es = {0};
    struct engine_conn *c = NULL;
    snprintf(dir, sizeof dir, "/tmp/trellis-bench-audit-XXXXXX");
    if (!mkdtemp(dir))
        exit(1);
    put("mesh.yaml", "name: bench\ntitle: Bench\ntime_zone: UTC\nreporting_currency: EUR\n");
    put("domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Ana, contact: ana@example.org}\n");
    put("domains/web/products/core/product.yaml",
        "apiVersion: v1.0.0\nkind: DataProduct\nid: web.core\nname: core\nversion: 1.0.0\nstatus: active\ndomain: "
        "web\ndescription: {purpose: bench}\noutputPorts:\n"
        "  - {name: page_daily, version: 1.0.0, type: tables, contractId: web.core.page_daily}\n");
    put("domains/web/products/core/page_daily.odcs.yaml",
        "apiVersion: v3.1.0\nkind: DataContract\nid: web.core.page_daily\nversion: 1.0.0\nstatus: active\nschema:\n  - name: "
        "page_daily\n    properties:\n"
        "      - {name: day, logicalType: date, classification: internal}\n      - {name: channel, logicalType: string, "
        "classification: internal}\n"
        "      - {name: visits, logicalType: integer, classification: internal}\n");
    put("domains/web/products/core/page_daily.sql", "SELECT DATE '2026-01-01' AS day, 'x' AS channel, 1::BIGINT AS visits");
    must(state_open(dir, &(struct state_options){.threads = 2}, &s, &e) && engine_connect(s->engine, &c, &e), &e);
    m = mesh_load(dir, &(struct mesh_load_options){.parser = c}, &es);
    if (!m) {
        fprintf(stderr, "bench_audit: %s\n", es.v[0].text);
        exit(1);
    }
    must(engine_exec(c,
                     STR("CREATE TABLE mesh.built.\"web.page_daily_v1@1\" AS SELECT DATE '2026-01-01' + (i % 365)::INT AS day, "
                         "'c' || (i % 9) AS channel,"
                         " (i * 7919) % 1000 AS visits FROM range(200000) t(i);"
                         "CREATE VIEW mesh.live.\"web.page_daily_v1\" AS SELECT * FROM mesh.built.\"web.page_daily_v1@1\";"
                         "INSERT INTO mesh.sys.port_version(version_id, port, live) VALUES (1, 'web.page_daily_v1', true)"),
                     &e),
         &e);
    engine_disconnect(c);
    must(govern_open(s, NULL, &g, &e) && govern_refresh(g, m, &e), &e);
}

/* ---- reads ---- */

struct asker {
    const char *sql;
    int64_t until_us;
    long done;
};

static void *asking(void *ctx)
{
    struct asker *k = ctx;
    while (clock_mono_us() < k->until_us) {
        struct err e = {0};
        struct govern_result *r;
        struct engine_chunk *ch;
        size_t rows;
        const struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN, .purpose = STR("analytics"), .sql = str_of(k->sql)};
        must(govern_query(g, &q, &r, &e), &e);
        do
            must(govern_result_next(r, &ch, &rows, &e), &e);
        while (ch);
        govern_result_close(r);
        k->done++;
    }
    return NULL;
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Questions a second; *cpu: processor time of one, that of the log's writer with it. */
static double per_second(const char *sql, int threads, double *cpu)
{
    double cpu_begun = cpu_us();
    struct asker k[THREADS];
    pthread_t t[THREADS];
    int64_t begun = clock_mono_us();
    long done = 0;
    for (int i = 0; i < threads; i++) {
        k[i] = (struct asker){sql, begun + ROUND_MS * 1000, 0};
        if (pthread_create(&t[i], NULL, asking, &k[i]))
            exit(1);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(t[i], NULL);
        done += k[i].done;
    }
    double wall = (double)(clock_mono_us() - begun);
    struct err e = {0};
    must(audit_flush(govern_audit(g), &e), &e); /* what it has put off is its cost as well */
    *cpu = (cpu_us() - cpu_begun) / (double)done;
    return (double)done * 1e6 / wall;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(const char *what, const char *sql, int threads)
{
    double ratio[ROUNDS], cpu_ratio[ROUNDS], cpu[2], with = 0, without = 0;
    per_second(sql, threads, cpu);
    for (int i = 0; i < ROUNDS; i++) {
        double v[2];
        for (int half = 0; half < 2; half++) { /* in turns, and each first as often as second */
            bool off = (half + i) % 2;
            atomic_store(&muted, off);
            v[off] = per_second(sql, threads, &cpu[off]);
        }
        ratio[i] = v[1] / v[0];
        cpu_ratio[i] = cpu[0] / cpu[1];
        with += v[0] / ROUNDS;
        without += v[1] / ROUNDS;
    }
    atomic_store(&muted, false);
    qsort(ratio, ROUNDS, sizeof *ratio, by_value);
    qsort(cpu_ratio, ROUNDS, sizeof *cpu_ratio, by_value);
    printf("audit  %-27s %d at once: %.0f a second with, %.0f without; with/without, median and quartiles: time %.3f (%.3f to "
           "%.3f), processor %.3f (%.3f to %.3f)\n",
           what, threads, with, without, ratio[ROUNDS / 2], ratio[ROUNDS / 4], ratio[ROUNDS - 1 - ROUNDS / 4],
           cpu_ratio[ROUNDS / 2], cpu_ratio[ROUNDS / 4], cpu_ratio[ROUNDS - 1 - ROUNDS / 4]);
}

/* ---- the log itself ---- */

static struct audit_entry entry(int i)
{
    static const char *const people[] = {"c_1", "c_2", "c_3", ""};
    return (struct audit_entry){
        .kind = AUDIT_READ,
        .principal = STR("anna"),
        .roles = STR("marketer,analyst"),
        .purpose = STR("analytics"),
        .what = STR("web.page_daily,shared.customer"),
        .verdict = STR("ok"),
        .rows = i,
        .bytes = 64,
        .elapsed_us = 900,
        .sql_shape =
            STR("SELECT day, sum(visits) AS visits FROM web.page_daily WHERE channel = ? AND day >= ? GROUP BY day ORDER BY day"),
        .person = str_of(people[i % 4])};
}

static void the_log(void)
{
    struct audit *a = govern_audit(g);
    struct err e = {0};
    struct arena arena;
    struct audit_verdict v;
    struct audit_entry *found;
    struct fs_stat st;
    size_t n;
    arena_init(&arena);
    int64_t begun = clock_mono_us();
    for (int i = 0; i < NOTES / 4; i++) { /* what the queue holds: nobody waits */
        struct audit_entry x = entry(i);
        audit_note(a, &x);
    }
    printf("audit  noting an entry: %.2f us\n", (double)(clock_mono_us() - begun) / (NOTES / 4));
    must(audit_flush(a, &e), &e);
    begun = clock_mono_us();
    for (int i = 0; i < WRITES; i++) {
        struct audit_entry x = entry(i);
        must(audit_write(a, &x, &e), &e);
    }
    printf("audit  writing one and waiting for the disk: %.2f ms\n", (double)(clock_mono_us() - begun) / 1e3 / WRITES);
    begun = clock_mono_us();
    double cpu = cpu_us();
    for (int i = 0; i < LOG_ENTRIES; i++) {
        struct audit_entry x = entry(i);
        audit_note(a, &x);
    }
    must(audit_flush(a, &e), &e);
    printf("audit  written in groups: %.0f entries a second, %.1f us of a processor each\n",
           LOG_ENTRIES * 1e6 / (double)(clock_mono_us() - begun), (cpu_us() - cpu) / LOG_ENTRIES);
    begun = clock_mono_us();
    must(audit_verify(a, &arena, STR(""), &v, &e), &e);
    double s_all = (double)(clock_mono_us() - begun) / 1e6;
    printf("audit  verifying %lld entries: %.2f s, %.0f a second, whole: %s\n", (long long)v.entries, s_all,
           (double)v.entries / s_all, v.whole ? "yes" : "NO");
    const struct {
        const char *what;
        struct audit_ask ask;
    } asks[] = {{"the newest 50", {.kind = -1}},
                {"who saw a customer", {.kind = -1, .person = STR("c_2")}},
                {"a text that is nowhere", {.kind = -1, .text = STR("nowhere at all")}}};
    for (size_t k = 0; k < sizeof asks / sizeof *asks; k++) {
        begun = clock_mono_us();
        for (int i = 0; i < FINDS; i++)
            must(audit_find(a, &arena, &asks[k].ask, &found, &n, &e), &e);
        printf("audit  %s: %.2f ms\n", asks[k].what, (double)(clock_mono_us() - begun) / 1e3 / FINDS);
    }
    struct str path = arena_printf(&arena, "%s/data/audit.sqlite", dir);
    if (fs_stat(path.p, &st))
        printf("audit  bytes of an entry on disk: %.0f\n", (double)st.size_bytes / (double)v.entries);
    arena_fini(&arena);
}

int main(void)
{
    struct err e;
    open_mesh();
    static const char small[] = "SELECT visits FROM web.page_daily LIMIT 1",
                      report[] = "SELECT channel, sum(visits) AS visits, count(*) AS n FROM web.page_daily WHERE day >= DATE "
                                 "'2026-03-01' GROUP BY channel ORDER BY channel";
    compare("one row, verdict cached", small, 1);
    compare("one row, verdict cached", small, THREADS);
    compare("a report over 200,000 rows", report, 1);
    compare("a report over 200,000 rows", report, THREADS);
    the_log();
    govern_close(g);
    mesh_free(m);
    state_close(s);
    return fs_remove_tree(dir, &e) ? 0 : 1;
}
