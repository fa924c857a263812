/* Who belongs together, on pairs of identifiers of a year: 1, 5 and 20 million from the beginning, 10,000 more on top of 20 million, late
 * ones, and what is held in memory. Beside it, on the same million pairs and the same engine, the SQL by which Splink makes clusters
 * (labels spread to neighbours, the least wins, until none changes), and the whole way of a build: table in, tables out.
 * Aims, as ratios to that SQL: 10 times faster whole, 500 times for 10,000 pairs, at most 0.3 of its memory at 20 million pairs (5.8 GB there).
 * TRELLIS_BENCH_PAIRS=N ends the series at N pairs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "identity/identity_int.h"
#include "identity/resolve.h"
#include "store/state.h"

enum { MILLION = 1000000, ADDED = 10000, LATE = 1000, PAIRS_OF_ONE = 10, VISITORS_OF_ONE = 6 };
static const int64_t year_us = INT64_C(365) * 86400 * 1000000;

static const struct resolve_kind limited[] = {{{"user_id", 7}, 1, 0}, {{"email", 5}, 5, 0}, {{"anonymous_id", 12}, 5, INT64_C(7) * 86400 * 1000000}};
static const struct resolve_kind unlimited[] = {{{"user_id", 7}, 0, 0}, {{"email", 5}, 0, 0}, {{"anonymous_id", 12}, 0, 0}};

static uint64_t mixed(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Pair i: one of a person's visitors with his user id or address. Ten pairs a person, about seven identifiers; one in 2,000 visitors is
 * a device that two people share. */
struct pair { uint32_t kind; char a[24], b[24]; int64_t at; };
static void pair_make(uint64_t i, uint64_t people, struct pair *p)
{
    uint64_t r = mixed(i), who = r % people, visitor = r >> 40 & 0xffff;
    p->kind = (r >> 33 & 3) == 0;
    snprintf(p->a, sizeof p->a, p->kind ? "p%llu@example.org" : "user-%llu", (unsigned long long)who);
    visitor = visitor % 2000 == 0 ? (who ^ 1) * VISITORS_OF_ONE : who * VISITORS_OF_ONE + visitor % VISITORS_OF_ONE;
    snprintf(p->b, sizeof p->b, "v%016llx", (unsigned long long)mixed(visitor));
    p->at = (int64_t)(mixed(i ^ 0x5555) % (uint64_t)(year_us * 4 / 5));
}

static void pair_give(struct resolve *r, uint64_t i, uint64_t people, int64_t at, bool put)
{
    struct pair p;
    pair_make(i, people, &p);
    struct resolve_identifier ids[] = {{p.kind, str_of(p.a)}, {2, str_of(p.b)}};
    struct resolve_set s = {(int64_t)i, at >= 0 ? at : p.at, STR("web.site"), STR(""), ids, 2};
    (put ? resolve_put : resolve_load)(r, &s);
}

/* Time of processors that this process has had, so that a busy machine does not count. */
static int64_t own_us(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 ? (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 : 0;
}

static double own_s(int64_t t)
{
    return (double)(own_us() - t) / 1e6;
}

static double since_s(int64_t t)
{
    return (double)(clock_mono_us() - t) / 1e6;
}

static double resident_mb(void)
{
    unsigned long long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%llu %llu", &all, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double peak_mb(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (double)u.ru_maxrss / 1e3 : 0;
}

/* What making up the pairs costs: left out of what is said. */
static double making_s(uint64_t n)
{
    struct pair p;
    uint64_t sum = 0;
    int64_t t = own_us();
    for (uint64_t i = 0; i < n; i++) {
        pair_make(i, n / PAIRS_OF_ONE, &p);
        sum += strlen(p.a) + strlen(p.b);
    }
    return sum ? own_s(t) : 0;
}

static double whole(uint64_t n, const struct resolve_kind *kinds, const char *rules, struct resolve **keep)
{
    struct resolve_rules x = {.kinds = kinds, .n_kinds = 3};
    double before = resident_mb(), making = making_s(n);
    int64_t t = own_us();
    struct resolve *r = resolve_new(&x);
    for (uint64_t i = 0; i < n; i++)
        pair_give(r, i, n / PAIRS_OF_ONE, -1, false);
    double taken = own_s(t) - making;
    int64_t t2 = own_us();
    resolve_all(r);
    double resolved = own_s(t2);
    struct resolve_counts c = resolve_counts_get(r);
    struct resolve_outcome o;
    resolve_outcome_get(r, &o);
    printf("%5.1f M pairs, %s: %6.2f s (%.2f M pairs/s; taking in %.2f s, resolving %.2f s); %zu identifiers, %zu customers, %zu lines; %.0f MB, %.0f B a pair; peak so far %.0f MB\n",
           (double)n / MILLION, rules, taken + resolved, (double)n / MILLION / (taken + resolved), taken, resolved, c.identifiers, c.customers, o.n_lines,
           resident_mb() - before, (resident_mb() - before) * 1e6 / (double)n, peak_mb());
    fflush(stdout);
    if (keep)
        *keep = r;
    else
        resolve_free(r);
    return taken + resolved;
}

static double more(struct resolve *r, uint64_t n)
{
    int64_t t = own_us();
    resolve_put(r, &(struct resolve_set){.evidence = -1, .at_us = 0, .source = STR("web.site"), .identifiers = &(struct resolve_identifier){2, STR("first")}, .n = 1});
    resolve_changes(r);
    printf("      the first change after a whole run (sets by evidence are arranged once): %.2f s\n", own_s(t));
    t = own_us();
    for (uint64_t i = 0; i < ADDED; i++)
        pair_give(r, n + i, n / PAIRS_OF_ONE, year_us + (int64_t)i, true);
    resolve_changes(r);
    double s = own_s(t);
    struct resolve_outcome o;
    resolve_outcome_get(r, &o);
    printf("      %d pairs on top of %.1f M: %.2f ms (%.0f ns a pair), %zu sets changed\n", ADDED, (double)n / MILLION, s * 1e3, s * 1e9 / ADDED, o.n_changed);
    t = own_us();
    for (uint64_t i = 0; i < LATE; i++)
        pair_give(r, n + ADDED + i, n / PAIRS_OF_ONE, (int64_t)(mixed(i) % (uint64_t)year_us), true);
    resolve_changes(r);
    resolve_outcome_get(r, &o);
    printf("      %d late ones: %.2f ms; %zu sets resolved anew, %zu changed\n", LATE, own_s(t) * 1e3, o.n_redone, o.n_changed);
    return s;
}

/* ---- The same pairs in the engine ---- */

static struct engine_conn *c;
static struct err e;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_identity: %s: %s %s\n", what, e.text, c ? engine_last_message(c) : "");
    exit(1);
}

static void run(const char *sql)
{
    must(engine_exec(c, str_of(sql), &e), sql);
}

static int64_t number(const char *sql)
{
    int64_t n = 0;
    must(engine_value_i64(c, str_of(sql), NULL, 0, &n, &e), sql);
    return n;
}

static void fill(uint64_t n)
{
    struct engine_appender *ap;
    run("CREATE SCHEMA mesh.b; CREATE TABLE mesh.b.pair (l VARCHAR, r VARCHAR, evidence BIGINT, kind VARCHAR, seen TIMESTAMP)");
    must(engine_append_open(c, STR("mesh"), STR("b"), STR("pair"), &ap, &e), "appending");
    for (uint64_t i = 0; i < n; i++) {
        struct pair p;
        pair_make(i, n / PAIRS_OF_ONE, &p);
        struct engine_param cells[] = {{.type = ENGINE_TEXT, .s = str_of(p.a)}, {.type = ENGINE_TEXT, .s = str_of(p.b)}, {.type = ENGINE_INT, .i = (int64_t)i},
                                       {.type = ENGINE_TEXT, .s = p.kind ? STR("email") : STR("user_id")}, {.type = ENGINE_TIMESTAMP, .i = p.at}};
        must(engine_append_row(ap, cells, 5, &e), "appending");
    }
    must(engine_append_close(ap, &e), "appending");
    run("CREATE TABLE mesh.b.obs AS SELECT evidence, unnest([kind, 'anonymous_id']) AS kind, unnest([l, r]) AS value, seen AS first_seen, seen AS last_seen, 'web.site' AS source, '' AS"
        " message_id FROM mesh.b.pair");
}

/* Splink's connected components, its steps as SQL: neighbours both ways, the least neighbour as representative, then the least of the
 * neighbours' representatives, over those nodes whose own changed, until none does. */
static double by_sql(int64_t *clusters)
{
    int64_t t = own_us(), w = clock_mono_us();
    run("CREATE OR REPLACE TEMP TABLE nodes AS SELECT DISTINCT id FROM (SELECT l AS id FROM mesh.b.pair UNION ALL SELECT r FROM mesh.b.pair);"
        "CREATE OR REPLACE TEMP TABLE neighbours AS SELECT l AS node_id, r AS neighbour FROM mesh.b.pair UNION ALL SELECT r, l FROM mesh.b.pair;"
        "CREATE OR REPLACE TEMP TABLE representatives AS SELECT n.id AS node_id, least(n.id, min(x.neighbour)) AS representative, true AS needs_updating FROM nodes n LEFT JOIN"
        " neighbours x ON x.node_id = n.id GROUP BY n.id");
    int64_t changed = 1;
    int rounds = 0;
    for (; changed; rounds++) {
        run("CREATE OR REPLACE TEMP TABLE next AS WITH source AS (SELECT x.node_id, r.representative FROM neighbours x JOIN representatives r ON r.node_id = x.neighbour AND"
            " r.needs_updating UNION ALL SELECT node_id, representative FROM representatives), least_of AS (SELECT node_id, min(representative) AS representative FROM source GROUP BY"
            " node_id) SELECT l.node_id, l.representative, l.representative <> r.representative AS needs_updating FROM least_of l JOIN representatives r ON r.node_id = l.node_id;"
            "DROP TABLE representatives; ALTER TABLE next RENAME TO representatives");
        changed = number("SELECT count(*) FROM representatives WHERE needs_updating");
    }
    double s = own_s(t), wall = since_s(w);
    *clusters = number("SELECT count(DISTINCT representative) FROM representatives");
    printf("      Splink's SQL: %.2f s of processors (%.2f s) in %d rounds, %lld clusters\n", s, wall, rounds, (long long)*clusters);
    return s;
}

/* What the SQL does, by the resolver: pairs out of the table, each identifier's customer in memory. */
static double by_resolver(struct state *s, size_t *customers)
{
    static struct mesh_identifier_kind kinds[] = {{.name = {"user_id", 7}, .normalise = {"none", 4}}, {.name = {"email", 5}, .normalise = {"email", 5}},
                                                  {.name = {"anonymous_id", 12}, .normalise = {"none", 4}}};
    struct mesh_identity rules = {.kinds = kinds, .n_kinds = 3};
    struct graph *g;
    int64_t t = own_us(), w = clock_mono_us();
    must(graph_open(s, &rules, &g, &e) && graph_load(g, c, STR("mesh.b.obs"), false, NULL, &e), "loading");
    resolve_all(g->r);
    double took = own_s(t);
    *customers = resolve_counts_get(g->r).customers;
    printf("      pairs out of the table, customers in memory: %.2f s of processors (%.2f s)\n", took, since_s(w));
    graph_close(g);
    return took;
}

static double by_build(struct state *s, bool limits)
{
    static struct mesh_identifier_kind kinds[] = {{.name = {"user_id", 7}, .normalise = {"none", 4}}, {.name = {"email", 5}, .normalise = {"email", 5}},
                                                  {.name = {"anonymous_id", 12}, .normalise = {"none", 4}}};
    struct mesh m = {.identity = {.kinds = kinds, .n_kinds = 3}};
    struct identity_report r;
    snprintf(m.identity.sha.z, sizeof m.identity.sha.z, "%d", limits);
    for (size_t i = 0; i < 3; i++) {
        kinds[i].limit = limits ? (int)limited[i].limit : 0;
        kinds[i].per_s = limits ? limited[i].per_us / 1000000 : 0;
    }
    struct identity_job j = {.s = s, .m = &m, .c = c, .observations = STR("mesh.b.obs"), .table = limits ? STR("mesh.b.limited") : STR("mesh.b.unlimited")};
    int64_t t = own_us(), w = clock_mono_us();
    run("BEGIN");
    must(identity_build(&j, &r, &e), "identity_build");
    run("COMMIT");
    double took = own_s(t), wall = since_s(w);
    printf("      a whole build, table in, tables out, %s: %.2f s of processors (%.2f s); %lld customers, %lld merges, %lld refused\n", limits ? "with limits" : "without limits", took, wall, (long long)r.customers,
           (long long)r.merges, (long long)r.refused);
    run("CREATE OR REPLACE TEMP TABLE touched (evidence BIGINT, customer_id VARCHAR);"
        "CREATE OR REPLACE TABLE mesh.b.more AS SELECT evidence + 1000000000 AS evidence, kind, value, first_seen + INTERVAL 400 DAY AS first_seen, last_seen + INTERVAL 400 DAY AS last_seen,"
        " source, message_id FROM mesh.b.obs WHERE evidence < 10000");
    j.delta = true;
    j.observations = STR("mesh.b.more");
    j.changed = STR("temp.main.touched");
    t = own_us();
    w = clock_mono_us();
    run("BEGIN");
    must(identity_build(&j, &r, &e), "identity_build");
    run("COMMIT");
    printf("      10,000 more sets in place: %.2f s of processors (%.2f s)\n", own_s(t), since_s(w));
    return took;
}

int main(void)
{
    const char *last = getenv("TRELLIS_BENCH_PAIRS");
    uint64_t most = last ? strtoull(last, NULL, 10) : 20u * MILLION, sizes[] = {MILLION, 5 * MILLION, 20u * MILLION};
    char dir[] = "/tmp/trellis-bench-identity-XXXXXX";
    struct state *s = NULL;
    int64_t clusters = 0;
    double plain = 1, added = 1;
    for (size_t i = 0; i < 3 && sizes[i] <= most; i++) {
        struct resolve *r = NULL;
        double took = whole(sizes[i], unlimited, "no limits  ", NULL);
        if (i == 0)
            plain = took;
        whole(sizes[i], limited, "with limits", &r);
        added = more(r, sizes[i]);
        resolve_free(r);
    }
    printf("in the engine, 1 M pairs:\n");
    if (!mkdtemp(dir))
        return 1;
    must(state_open(dir, &(struct state_options){.threads = 0}, &s, &e) && engine_connect(s->engine, &c, &e), "opening");
    fill(MILLION);
    double sql = by_sql(&clusters);
    size_t found;
    double loaded = by_resolver(s, &found), built = by_build(s, false);
    by_build(s, true);
    int64_t customers = number("SELECT count(DISTINCT customer_id) FROM mesh.b.unlimited");
    printf("      the same clusters: %s (%lld)\n", customers == clusters && found == (size_t)clusters ? "yes" : "NO", (long long)customers);
    printf("      ratios to the SQL: resolver %.1fx, with reading the table %.1fx, whole build %.1fx; 10,000 more against the SQL over a million %.0fx\n", sql / plain, sql / loaded, sql / built,
           sql / added);
    engine_disconnect(c);
    state_close(s);
    if (!fs_remove_tree(dir, &e))
        return 1;
    return customers == clusters ? 0 : 1;
}
