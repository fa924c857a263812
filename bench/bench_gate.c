/* What the gate adds to a question: the panels of the demo's dashboards, figures as Campaign 360 and Customer 360 ask them, each
 * through the gate as the administrator, and straight on the engine over views of the same tables without masks, once with the
 * same row conditions (consent) and once with all rows, in turns; then a text that the gate sees for the first time, and what
 * each mask costs beside the values as they are. TRELLIS_PROGRAM=build/trellis bench_gate            (TRELLIS_BENCH_MESH: a copy
 * of a built mesh to use; its roles and masks are added to) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "catalog/catalog.h"
#include "engine/engine.h"
#include "govern/govern.h"
#include "mesh/mesh.h"
#include "store/state.h"

enum { ROUNDS = 60, MASK_ROUNDS = 12, MAX_QUESTIONS = 64 };

static char dir[512], made_dir[480]; /* the mesh; the folder it was made in */
static bool ours; /* the mesh was made here, and goes */
static struct state *s;
static struct mesh *m;
static struct govern *g;
static struct engine_conn *straight,
    *held; /* over the tables as they are, and with the row conditions of consent that the gate adds for the administrator */

static void must(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "bench_gate: %s %s\n", e->text, e->hint);
    exit(1);
}

/* ---- a mesh, both ways to it ---- */

/* `text` comes behind the first `after` of a file; after NULL: at its end. */
static void put_in(const char *name, const char *after, const char *text)
{
    struct err e = {0};
    struct arena a;
    struct str old;
    struct buf made = BUF_INIT((size_t)1 << 20);
    arena_init(&a);
    struct str path = fs_join(&a, str_of(dir), str_of(name));
    must(fs_read(&a, arena_strz(&a, path), (size_t)1 << 20, &old, &e), &e);
    const char *was = arena_strz(&a, old), *at = after ? strstr(was, after) : was + strlen(was);
    if (!at) {
        fprintf(stderr, "bench_gate: %s has no %s\n", name, after);
        exit(1);
    }
    if (after)
        at += strlen(after);
    buf_add(&made, (struct str){was, (size_t)(at - was)});
    buf_addz(&made, text);
    buf_addz(&made, at);
    must(fs_write_atomic(arena_strz(&a, path), buf_str(&made), 0644, &e), &e);
    buf_fini(&made);
    arena_fini(&a);
}

static void remove_dir(void)
{
    struct err e = {0};
    if (ours && !fs_remove_tree(made_dir, &e))
        fprintf(stderr, "bench_gate: %s was left behind\n", made_dir);
}

static void make_mesh(void)
{
    const char *given = getenv("TRELLIS_BENCH_MESH"), *program = getenv("TRELLIS_PROGRAM");
    if (given) {
        snprintf(dir, sizeof dir, "%s", given);
        return;
    }
    snprintf(made_dir, sizeof made_dir, "/tmp/trellis-bench-gate-XXXXXX");
    if (!mkdtemp(made_dir))
        exit(1);
    ours = true;
    atexit(remove_dir);
    snprintf(dir, sizeof dir, "%s/demo", made_dir);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(1);
        execl(program ? program : "build/trellis", "trellis", "demo", "--dir", dir, "--no-serve", (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "bench_gate: making the demo ended with %d\n", status);
        exit(1);
    }
}

/* Views by the names that questions use, over the live tables themselves. */
static struct engine_conn *open_beside(const char *catalog, bool conditions)
{
    struct err e = {0};
    struct engine_conn *c;
    struct buf sql = BUF_INIT((size_t)1 << 20);
    buf_printf(&sql, "ATTACH ':memory:' AS %s", catalog);
    must(engine_connect(s->engine, &c, &e) && engine_exec(c, buf_str(&sql), &e), &e);
    for (size_t i = 0; i < m->n_domains; i++) {
        buf_reset(&sql);
        buf_printf(&sql, "CREATE SCHEMA %s.\"%.*s\"", catalog, STR_FMT(m->domains[i].name));
        must(engine_exec(c, buf_str(&sql), &e), &e);
    }
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *p = m->ports[i];
        struct err gone = {0};
        buf_reset(&sql);
        buf_printf(&sql, "CREATE VIEW %s.\"%.*s\".\"%.*s\" AS SELECT * FROM mesh.live.\"%.*s\" AS below", catalog,
                   STR_FMT(p->product->domain->name), STR_FMT(p->name), STR_FMT(p->ref_major));
        if (conditions && p->person_column.n)
            buf_printf(&sql,
                       " WHERE (below.\"%.*s\" IS NULL OR below.\"%.*s\" NOT IN (SELECT customer_id FROM mesh.govern.consent_no "
                       "WHERE customer_id IS NOT NULL AND purpose = 'analytics'))",
                       STR_FMT(p->person_column), STR_FMT(p->person_column));
        if (!engine_exec(c, buf_str(&sql), &gone) && gone.code == E_INTERNAL)
            must(false, &gone); /* a port that is not built has no table */
    }
    buf_reset(&sql);
    buf_printf(&sql, "USE %s", catalog);
    must(engine_exec(c, buf_str(&sql), &e), &e);
    buf_fini(&sql);
    return c;
}

static void open_all(void)
{
    struct err e = {0};
    struct errs es = {0};
    struct engine_conn *c;
    put_in("governance/roles.yaml", NULL,
           "\n"
           "  - {name: as_is, grants: [{products: [\"*\"], tier: raw}]}\n"
           "  - {name: redacted, grants: [{products: [\"*\"], tier: masked}]}\n"
           "  - {name: hashed, grants: [{products: [\"*\"], tier: masked}]}\n"
           "  - {name: in_tokens, grants: [{products: [\"*\"], tier: masked}]}\n"
           "  - {name: in_part, grants: [{products: [\"*\"], tier: masked}]}\n"
           "  - {name: in_general, grants: [{products: [\"*\"], tier: masked}]}\n");
    put_in("governance/policies.yaml", "masks:\n",
           "  - {name: bench_h, columns: [value], products: [shared.identity], roles: [hashed], mask: hash}\n"
           "  - {name: bench_t, columns: [value], products: [shared.identity], roles: [in_tokens], mask: tokenise}\n"
           "  - {name: bench_p, columns: [value], products: [shared.identity], roles: [in_part], mask: partial}\n"
           "  - {name: bench_g, columns: [value], products: [shared.identity], roles: [in_general], mask: generalise, to: "
           "prefix2}\n");
    must(state_open(dir, &(struct state_options){.threads = 2}, &s, &e) && engine_connect(s->engine, &c, &e), &e);
    m = mesh_load(dir, &(struct mesh_load_options){.parser = c}, &es);
    if (!m) {
        fprintf(stderr, "bench_gate: %s\n", es.v[0].text);
        exit(1);
    }
    errs_fini(&es);
    engine_disconnect(c);
    must(govern_open(s, NULL, &g, &e) && govern_refresh(g, m, &e), &e);
    straight = open_beside("bench", false);
    held = open_beside("held", true);
}

/* ---- one question ---- */

static double ask_straight(struct engine_conn *c, struct str sql)
{
    struct err e = {0};
    struct engine_result *r;
    struct engine_chunk *ch;
    int64_t begun = clock_mono_us();
    must(engine_query(c, sql, NULL, 0, &r, &e), &e);
    do
        must(engine_result_next(r, &ch, &e), &e);
    while (ch);
    engine_result_close(r);
    return (double)(clock_mono_us() - begun) / 1e3;
}

static double ask_gate(const struct govern_principal *who, struct str sql)
{
    struct err e = {0};
    struct govern_result *r;
    struct engine_chunk *ch;
    size_t rows;
    const struct govern_request q = {.principal = who, .purpose = STR("analytics"), .sql = sql};
    int64_t begun = clock_mono_us();
    must(govern_query(g, &q, &r, &e), &e);
    do
        must(govern_result_next(r, &ch, &rows, &e), &e);
    while (ch);
    govern_result_close(r);
    return (double)(clock_mono_us() - begun) / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

/* ---- questions ---- */

static struct {
    const char *of;
    struct str title, sql;
} questions[MAX_QUESTIONS];
static size_t n_questions;

static void add(const char *of, struct str title, struct str sql)
{
    if (n_questions == MAX_QUESTIONS)
        exit(1);
    questions[n_questions].of = of;
    questions[n_questions].title = title;
    questions[n_questions++].sql = sql;
}

static void gather(struct arena *a)
{
    for (size_t i = 0; i < m->n_dashboards; i++)
        for (size_t k = 0; k < m->dashboards[i]->n_panels; k++) {
            struct err e = {0};
            struct str sql;
            if (m->dashboards[i]->panels[k].port && catalog_panel_sql(m, &m->dashboards[i]->panels[k], a, &sql, &e))
                add(arena_strz(a, m->dashboards[i]->name), m->dashboards[i]->panels[k].title, sql);
        }
    add("Campaign 360", STR("totals of a span and the one before"),
        STR("SELECT date_day >= DATE '2026-10-20' AS now, sum(spend), sum(impressions), sum(clicks), sum(conversions) FROM "
            "acquisition.campaign_daily WHERE date_day >= DATE '2026-09-20' GROUP BY 1"));
    add("Campaign 360", STR("by day and platform"),
        STR("SELECT date_day, platform, sum(spend) AS spend, sum(clicks) AS clicks, sum(conversions) AS conversions FROM "
            "acquisition.campaign_daily GROUP BY date_day, platform ORDER BY date_day, platform"));
    add("Campaign 360", STR("campaigns, largest first"),
        STR("SELECT platform, campaign_id, any_value(campaign_name) AS name, sum(spend) AS spend, sum(clicks) / "
            "nullif(sum(impressions), 0) AS ctr FROM acquisition.campaign_daily GROUP BY ALL ORDER BY spend DESC NULLS LAST "
            "LIMIT 100"));
    add("Customer 360", STR("customers by country and channel"),
        STR("SELECT country, first_channel_group, count(*) AS customers, sum(emails_received) AS letters FROM shared.customer "
            "GROUP BY ALL ORDER BY customers DESC"));
    add("Customer 360", STR("a page of customers"),
        STR("SELECT customer_id, is_known, email, country, last_seen_at, sessions FROM shared.customer ORDER BY last_seen_at "
            "DESC NULLS LAST, customer_id LIMIT 50"));
    add("Customer 360", STR("interactions of a customer"),
        STR("SELECT * FROM shared.interaction WHERE customer_id = (SELECT min(customer_id) FROM shared.customer)"));
    add("Customer 360", STR("touchpoints by month and channel"),
        STR("SELECT date_trunc('month', CAST(first_seen_at AS TIMESTAMP)) AS month, last_channel_group, count(*) FROM "
            "shared.customer GROUP BY ALL ORDER BY ALL"));
}

static void panels(void)
{
    double ratios[MAX_QUESTIONS], more[MAX_QUESTIONS], sum_gate = 0, sum_held = 0, sum_plain = 0;
    size_t under = 0;
    for (size_t q = 0; q < n_questions; q++) {
        struct str sql = questions[q].sql;
        double v[3][ROUNDS], added[ROUNDS];
        for (int i = -1; i < ROUNDS; i++) {
            double ms[3];
            for (int k = 0; k < 3; k++) { /* in turns, and each first as often as second and third */
                int way = (k + i + 3) % 3;
                ms[way] = way == 0 ? ask_gate(&GOVERN_LOCAL_ADMIN, sql) : ask_straight(way == 1 ? held : straight, sql);
            }
            for (int k = 0; i >= 0 && k < 3; k++)
                v[k][i] = ms[k];
            if (i >= 0)
                added[i] = ms[0] - ms[1];
        }
        double gate = middle(v[0], ROUNDS), same = middle(v[1], ROUNDS), plain = middle(v[2], ROUNDS);
        ratios[q] = gate / same;
        more[q] = middle(added, ROUNDS);
        sum_gate += gate;
        sum_held += same;
        sum_plain += plain;
        under += more[q] < 1;
        printf("gate   %-18s %-36.*s %7.2f ms; straight, same rows %7.2f ms: ratio %.2f, added %+.2f ms; straight, all rows "
               "%7.2f ms: ratio %.2f\n",
               questions[q].of, STR_FMT(questions[q].title), gate, same, ratios[q], more[q], plain, gate / plain);
    }
    printf("gate   %zu questions, %d rounds: sums %.2f ms, straight with the same rows %.2f: ratio %.3f (aim at most 1.05), "
           "median ratio %.3f; added, median of medians %+.2f ms, %zu of %zu under 1 ms (aim: all); row "
           "conditions of consent: %.2f times all rows\n",
           n_questions, ROUNDS, sum_gate, sum_held, sum_gate / sum_held, middle(ratios, n_questions), middle(more, n_questions),
           under, n_questions, sum_held / sum_plain);
}

/* A text that nobody asked before: parsed and judged as well as run. */
static void first_time(struct arena *a)
{
    double fresh[ROUNDS], known[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct str sql = arena_printf(a, "%.*s /* %d */", STR_FMT(questions[n_questions - 3].sql), i);
        fresh[i] = ask_gate(&GOVERN_LOCAL_ADMIN, sql);
        known[i] = ask_gate(&GOVERN_LOCAL_ADMIN, sql);
    }
    double first = middle(fresh, ROUNDS), again = middle(known, ROUNDS);
    printf("gate   a text of its own %.2f ms, the same again %.2f ms: the verdict costs %.2f ms\n", first, again, first - again);
}

static void masks(void)
{
    static const char *const roles[] = {"as_is", "redacted", "hashed", "in_tokens", "in_part", "in_general"};
    struct str sql = STR("SELECT count(*) AS n, max(length(value)) AS longest FROM shared.identity");
    double v[sizeof roles / sizeof *roles][MASK_ROUNDS];
    for (int i = -1; i < MASK_ROUNDS; i++)
        for (size_t k = 0; k < sizeof roles / sizeof *roles; k++) {
            const struct str role = str_of(roles[k]);
            const struct govern_principal who = {.name = STR("bench"), .kind = GOVERN_USER, .roles = &role, .n_roles = 1};
            double ms = ask_gate(&who, sql);
            if (i >= 0)
                v[k][i] = ms;
        }
    double whole = middle(v[0], MASK_ROUNDS);
    for (size_t k = 0; k < sizeof roles / sizeof *roles; k++)
        printf("masks  every identifier %-10s %7.2f ms, beside the values as they are %.2f\n", roles[k],
               middle(v[k], MASK_ROUNDS), middle(v[k], MASK_ROUNDS) / whole);
}

int main(void)
{
    struct arena a;
    arena_init(&a);
    make_mesh();
    open_all();
    gather(&a);
    panels();
    first_time(&a);
    masks();
    engine_disconnect(held);
    engine_disconnect(straight);
    govern_close(g);
    mesh_free(m);
    state_close(s);
    arena_fini(&a);
    return 0;
}
