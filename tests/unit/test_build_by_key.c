/* Ports by key: after any change of the data (rows that come late, are restated or go, links that move) what deltas make is what a
 * whole build makes; what did not change is not built; what is refused leaves the table. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"

#define LIVE(port) "mesh.live.\"acquisition." port "_v1\""

/* Evidence is `campaign`; whose it is follows from the rows, so that people merge and split as rows come and go. */
static const struct world_port ports[] = {
    {.name = "seen",
     .materialization = "view",
     .columns = "campaign VARCHAR, account VARCHAR, day DATE, spend DECIMAL(18,6), clicks BIGINT",
     .sql = "SELECT campaign, account, day, spend, clicks FROM acquisition.ads__stats WHERE clicks > 0;"},
    {.name = "dimension",
     .columns = "account VARCHAR, factor BIGINT",
     .time_column = "",
     .sql = "SELECT DISTINCT account, CAST(ascii(account) AS BIGINT) AS factor FROM acquisition.ads__stats"},
    {.name = "by_stream",
     .materialization = "by_key",
     .by = "campaign",
     .key = "campaign",
     .time_column = "",
     .columns = "campaign VARCHAR, n BIGINT, spend DECIMAL(18,6)",
     .sql = "SELECT campaign, count(*) AS n, CAST(sum(spend) AS DECIMAL(18,6)) AS spend FROM acquisition.ads__stats GROUP BY campaign"},
    {.name = "by_view",
     .materialization = "by_key",
     .by = "campaign",
     .key = "campaign, account",
     .time_column = "",
     .columns = "campaign VARCHAR, account VARCHAR, weighed BIGINT, place BIGINT",
     .sql = "SELECT s.campaign, s.account, CAST(sum(s.clicks * d.factor) AS BIGINT) AS weighed,\n"
            "       row_number() OVER (PARTITION BY s.campaign ORDER BY s.account) AS place\n"
            "FROM acquisition.seen AS s JOIN acquisition.dimension_v1 AS d USING (account) GROUP BY s.campaign, s.account -- by evidence"},
    {.name = "whose",
     .materialization = "by_key",
     .by = "campaign",
     .key = "campaign",
     .time_column = "",
     .columns = "campaign VARCHAR, person VARCHAR",
     .sql = "SELECT campaign, CASE WHEN max(clicks) % 7 = 0 THEN NULL ELSE 'p' || CAST(max(clicks) % 5 AS VARCHAR) END AS person FROM "
            "acquisition.ads__stats GROUP BY campaign"},
    {.name = "steps",
     .materialization = "by_key",
     .by = "campaign",
     .time_column = "",
     .columns = "campaign VARCHAR, person VARCHAR, day DATE, spend DECIMAL(18,6)",
     .sql = "SELECT campaign, person, day, spend FROM acquisition.seen JOIN acquisition.whose USING (campaign)"},
    {.name = "person",
     .materialization = "by_key",
     .by = "person",
     .key = "person",
     .time_column = "",
     .columns = "person VARCHAR, n BIGINT, spend DECIMAL(18,6), first DATE",
     .sql = "SELECT coalesce(person, 'nobody') AS person, count(*) AS n, CAST(sum(spend) AS DECIMAL(18,6)) AS spend, min(day) AS first "
            "FROM acquisition.steps WHERE person IS NOT NULL GROUP BY 1"},
    {.name = "linked",
     .materialization = "by_key",
     .by = "person",
     .time_column = "",
     .columns = "person VARCHAR, n BIGINT, spend DECIMAL(18,6), weighed BIGINT",
     .sql = "SELECT w.person, CAST(sum(s.n) AS BIGINT) AS n, CAST(sum(s.spend) AS DECIMAL(18,6)) AS spend, CAST(sum(v.weighed) AS BIGINT) "
            "AS weighed\nFROM acquisition.whose AS w JOIN acquisition.by_stream AS s USING (campaign) LEFT JOIN acquisition.seen_by_account "
            "AS v USING (campaign) GROUP BY w.person"},
    {.name = "seen_by_account",
     .materialization = "view",
     .time_column = "",
     .columns = "campaign VARCHAR, weighed BIGINT",
     .sql = "SELECT campaign, CAST(sum(weighed) AS BIGINT) AS weighed FROM acquisition.by_view GROUP BY campaign"},
    {.name = "contact",
     .time_column = "",
     .columns = "name VARCHAR, clicks BIGINT",
     .sql = "SELECT campaign AS name, CAST(sum(clicks) AS BIGINT) AS clicks FROM acquisition.ads__stats GROUP BY 1"},
    {.name = "contact_seen",
     .materialization = "view",
     .time_column = "",
     .columns = "campaign VARCHAR, what VARCHAR",
     .sql = "SELECT upper(name) AS campaign, 'contact ' || CAST(clicks AS VARCHAR) AS what FROM acquisition.contact\n"
            "UNION ALL SELECT campaign, 'stream' AS what FROM acquisition.seen WHERE clicks > 3"},
    {.name = "by_derived",
     .materialization = "by_key",
     .by = "campaign",
     .time_column = "",
     .columns = "campaign VARCHAR, what VARCHAR, n BIGINT",
     .sql = "SELECT campaign, what, count(*) AS n FROM acquisition.contact_seen GROUP BY ALL"},
    {.name = "person_seen",
     .materialization = "view",
     .time_column = "",
     .columns = "person VARCHAR, n BIGINT",
     .sql = "SELECT person, n FROM acquisition.by_stream JOIN acquisition.whose USING (campaign)"},
    {.name = "person_total",
     .materialization = "by_key",
     .by = "person",
     .time_column = "",
     .columns = "person VARCHAR, n BIGINT, places BIGINT",
     .sql = "SELECT person, CAST(sum(n) AS BIGINT) AS n, count(*) AS places FROM acquisition.person_seen GROUP BY person"},
};
enum { N_PORTS = sizeof ports / sizeof *ports };

struct two {
    struct world live, whole;
    unsigned seed;
};

static unsigned next(struct two *t, unsigned below)
{
    t->seed = t->seed * 1664525u + 1013904223u;
    return (t->seed >> 10) % below;
}

static int setup(void **state)
{
    struct two *t = mem_alloc(sizeof *t);
    world_init(&t->live);
    world_init(&t->whole);
    for (int i = 0; i < N_PORTS; i++) {
        world_port(&t->live, &ports[i]);
        world_port(&t->whole, &ports[i]);
    }
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct two *t = *state;
    world_fini(&t->live);
    world_fini(&t->whole);
    mem_free(t);
    return 0;
}

static void must_run(struct world *w, bool full)
{
    if (!world_run_with(w, (struct build_options){.full = full}) || w->report.exit_code != 0)
        fail_msg("%s %s", w->err.text, w->errs.n > 0 ? w->errs.v[0].text : "");
}

/* How the port was last built; empty: whole. */
static const char *how(struct world *w, const char *port)
{
    struct store_run_port *history = NULL;
    size_t n = 0;
    assert_true(
        store_port_history(w->state->store, &w->arena, arena_printf(&w->arena, "acquisition.%s_v1", port), 1, &history, &n, &w->err));
    return n == 0 ? "never" : history[0].message.n > 0 ? arena_strz(&w->arena, history[0].message) : "";
}

static void must_equal(struct two *t, const char *port, int round)
{
    const char *sql = arena_printf(&t->live.arena, "SELECT count(*) || ':' || coalesce(sum(hash(t)::HUGEINT), 0) FROM mesh.live.\"acquisition.%s_v1\" AS t", port).p;
    const char *a = world_value(&t->live, "%s", sql), *b = world_value(&t->whole, "%s", sql);
    if (!str_eq(str_of(a), str_of(b)))
        fail_msg("round %d: %s is %s by key (%s), %s when made whole", round, port, a, how(&t->live, port), b);
}

/* A file of some partitions (account, day), each with a few rows of few campaigns: it replaces what they held. */
static void land(struct two *t, const char *name, int partitions, int days, int campaigns, int rows)
{
    struct buf b = BUF_INIT(1 << 20);
    for (int i = 0; i < partitions; i++) {
        int day = 20454 + (int)next(t, (unsigned)days), account = 'a' + (int)next(t, 4), n = (int)next(t, (unsigned)rows) + 1;
        for (int k = 0; k < n; k++)
            buf_printf(&b, "%s,%c,C%u,%u.%02u,%u\n", clock_date(day).z, account, next(t, (unsigned)campaigns), next(t, 50), next(t, 100),
                       next(t, 12));
    }
    world_land(&t->live, name, buf_z(&b));
    world_land(&t->whole, name, buf_z(&b));
    buf_fini(&b);
}

static void deltas_equal_whole_builds(void **state)
{
    struct two *t = *state;
    const char *rounds_text = getenv("TRELLIS_ROUNDS");
    int rounds = rounds_text ? atoi(rounds_text) : 12, by_key = 0;
    t->seed = rounds_text ? (unsigned)clock_now_us() : 17;
    world_open(&t->live);
    world_open(&t->whole);
    land(t, "base", 60, 30, 200, 12);
    must_run(&t->live, false);
    for (int round = 0; round < rounds; round++) {
        if (round > 0)
            land(t, arena_printf(&t->live.arena, "more%u", next(t, 6)).p, 1 + (int)next(t, 3), 34, 210, 4);
        must_run(&t->live, false);
        must_run(&t->whole, true);
        for (int i = 0; i < N_PORTS; i++)
            must_equal(t, ports[i].name, round);
        static const char *const always[] = {"by_stream", "whose", "person", "linked", "person_total", "by_derived", "steps"};
        for (size_t i = 0; round > 0 && i < sizeof always / sizeof *always; i++)
            by_key += how(&t->live, always[i])[0] != '\0';
        if (round % 5 == 4) {
            world_close(&t->live);
            world_open(&t->live);
        }
    }
    /* The lot of them: a person that splits into nobody takes the derived ports along a whole build now and then. */
    if (by_key < (rounds - 1) * 5)
        fail_msg("%d ports of %d were built by key", by_key, (rounds - 1) * 7);
}

static void an_unchanged_answer_stops_there(void **state)
{
    struct two *t = *state;
    struct world *w = &t->live;
    world_land(w, "base", "2026-01-01,a,C1,10,3\n2026-01-01,b,C2,10,4\n2026-01-02,c,C3,5,6\n");
    world_open(w);
    must_run(w, false);
    const char *version = world_value(w, "SELECT version_id FROM mesh.sys.port_version WHERE live AND port = 'acquisition.person_v1'");
    /* The same row again, restated: nobody's answer differs. */
    world_land(w, "again", "2026-01-01,a,C1,10,3\n");
    must_run(w, false);
    assert_string_equal(
        world_value(w, "SELECT version_id FROM mesh.sys.port_version WHERE live AND port = 'acquisition.person_v1'"), version);
    assert_int_equal(world_status(w, "acquisition.person").state, PORT_FRESH);
    assert_int_equal(world_status(w, "acquisition.by_stream").state, PORT_FRESH);
    must_run(w, false);
    assert_int_equal(w->report.built, 0);
}

static void a_refused_delta_leaves_all_as_it_was(void **state)
{
    struct two *t = *state;
    struct world *w = &t->live;
    struct world_port strict = {.name = "strict",
                                .materialization = "by_key",
                                .by = "campaign",
                                .time_column = "",
                                .key = "mark",
                                .columns = "campaign VARCHAR, mark VARCHAR, spend DECIMAL(18,6)",
                                .sql = "SELECT campaign, CAST(min(clicks) AS VARCHAR) AS mark, CAST(sum(spend) AS DECIMAL(18,6)) AS spend FROM "
                                       "acquisition.ads__stats GROUP BY campaign"};
    world_port(w, &strict);
    world_land(w, "base", "2026-01-01,a,C1,10,3\n2026-01-01,b,C2,10,4\n2026-01-02,c,C3,5,6\n");
    world_open(w);
    must_run(w, false);
    world_land(w, "bad", "2026-01-03,a,C4,1,4\n"); /* C2's mark once more, of another key */
    assert_true(world_run(w));
    assert_int_equal(w->report.exit_code, 4);
    assert_string_equal(world_value(w, "SELECT count(*) FROM " LIVE("strict")), "3");
    assert_int_equal(world_status(w, "acquisition.strict").state, PORT_FAILING);
    world_land(w, "bad", "2026-01-03,a,C4,1,9\n");
    must_run(w, false);
    assert_string_equal(world_value(w, "SELECT count(*) FROM " LIVE("strict")), "4");
    assert_string_equal(how(w, "strict"), "recomputed what changed, by key");
}

static void logs_are_cleared_away(void **state)
{
    struct two *t = *state;
    struct world *w = &t->live;
    t->seed = 5;
    world_open(w);
    land(t, "base", 20, 10, 60, 8);
    must_run(w, false);
    for (int i = 0; i < 4; i++) {
        land(t, "more", 2, 10, 60, 3);
        must_run(w, false);
    }
    assert_string_equal(world_value(w, "SELECT count(*) FROM mesh.changes.\"acquisition.whose_v1\""), "0");
    static const char *const gone[] = {"steps", "person", "linked", "person_seen", "person_total"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        world_drop_port(w, gone[i]);
    world_load(w);
    must_run(w, false);
    assert_string_equal(world_value(w, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'changes' AND table_name = "
                                       "'acquisition.whose_v1'"),
                        "0");
    assert_string_equal(world_value(w, "SELECT count(*) FROM mesh.changes.seen WHERE port = 'acquisition.person_v1'"), "0");
}

static void functions_of_the_mesh_mean_the_same_in_kept_views(void **state)
{
    struct two *t = *state;
    struct world *w = &t->live;
    static const char sql[] = "SELECT account, mesh_hash63('contact:' || account) AS h, purpose, fail_open, expires_s, priority, mesh_consent_merge() AS "
                              "merge, mesh_time_zone() AS zone FROM acquisition.ads__stats CROSS JOIN mesh_purposes() AS p CROSS JOIN "
                              "mesh_identity_kinds() LEFT JOIN mesh_consent_rules() AS r USING (purpose) WHERE mesh_hash63(account) > 0";
    static const char columns[] = "account VARCHAR, h BIGINT, purpose VARCHAR, fail_open BOOLEAN, expires_s BIGINT, priority INTEGER, merge VARCHAR, zone "
                                  "VARCHAR";
    world_port(w, &(struct world_port){.name = "kept", .materialization = "view", .time_column = "", .columns = columns, .sql = sql});
    world_port(w, &(struct world_port){.name = "made", .time_column = "", .columns = columns, .sql = sql});
    world_land(w, "base", "2026-01-01,a,C1,10,3\n");
    world_open(w);
    must_run(w, false);
    assert_string_equal(world_value(w, "SELECT count(*) FROM (SELECT * FROM " LIVE("kept") " EXCEPT ALL SELECT * FROM " LIVE("made") ")"), "0");
    assert_string_equal(world_value(w, "SELECT count(*) > 1 FROM " LIVE("kept")), "true");
    assert_string_equal(world_value(w, "SELECT DISTINCT h = ('0x' || left(md5('contact:a'), 15))::BIGINT FROM " LIVE("kept")), "true");
    world_put(w, "governance/consent.yaml", "purposes:\n  - {name: advertising, default: granted}\n");
    world_load(w);
    /* The values are part of what the ports were made from. */
    must_run(w, false);
    assert_string_equal(world_value(w, "SELECT count(*) FROM (SELECT * FROM " LIVE("kept") " EXCEPT ALL SELECT * FROM " LIVE("made") ")"), "0");
    assert_int_equal(w->report.built, 2);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deltas_equal_whole_builds, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unchanged_answer_stops_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_delta_leaves_all_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(logs_are_cleared_away, setup, teardown),
        cmocka_unit_test_setup_teardown(functions_of_the_mesh_mean_the_same_in_kept_views, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
