/* Quiet runs, as a server makes them between runs: what only data has made stale is brought up to date, nothing else, without a line
 * unless there is something to tell; a run that somebody asks for is never refused because of them. */
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

static const struct world_port ports[] = {
    {.name = "first",
     .materialization = "by_key",
     .by = "campaign",
     .key = "campaign",
     .time_column = "",
     .columns = "campaign VARCHAR, person VARCHAR, spend DECIMAL(18,6)",
     .sql = "SELECT campaign, 'p' || CAST(max(clicks) % 3 AS VARCHAR) AS person, CAST(sum(spend) AS DECIMAL(18,6)) AS spend FROM "
            "acquisition.ads__stats GROUP BY campaign"},
    {.name = "second",
     .materialization = "by_key",
     .by = "person",
     .key = "person",
     .time_column = "",
     .live = true,
     .columns = "person VARCHAR, spend DECIMAL(18,6)",
     .sql = "SELECT person, CAST(sum(spend) AS DECIMAL(18,6)) AS spend FROM acquisition.first GROUP BY person",
     .quality = "      - {metric: rowCount, mustBeLessThan: 100}\n"},
    {.name = "loads",
     .columns = "day DATE, n BIGINT",
     .sql = "SELECT day, count(*) AS n FROM acquisition.ads__stats GROUP BY day"},
};

static int setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    world_init(w);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        world_port(w, &ports[i]);
    world_land(w, "a", "2026-01-01,a,C1,10,3\n2026-01-01,b,C2,10,4\n2026-01-02,c,C3,5,5\n");
    world_open(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_fini(*state);
    mem_free(*state);
    clock_set_us(0);
    return 0;
}

static void must_run(struct world *w)
{
    if (!world_run(w) || w->report.exit_code != 0)
        fail_msg("%s %s", w->err.text, w->errs.n > 0 ? w->errs.v[0].text : "");
}

/* Brings rows in and builds one port that reads them: the others are stale then. */
static void load(struct world *w, const char *name, const char *rows)
{
    struct str only = STR("acquisition.loads");
    world_land(w, name, rows);
    assert_true(world_run_with(w, (struct build_options){.ports = &only, .n_ports = 1}));
}

static bool quiet(struct world *w, struct build_report *r, struct err *e)
{
    struct str second = STR("acquisition.second");
    struct errs es = {0};
    const struct build_options o = {.quiet = true, .trigger = STR("live"), .ports = &second, .n_ports = 1};
    bool ok = build_run(w->build, w->mesh, &o, r, &es, e);
    errs_fini(&es);
    return ok;
}

static void must_be_quiet(struct world *w)
{
    if (!quiet(w, &w->report, &w->err))
        fail_msg("%s", w->err.text);
}

static size_t lines(struct world *w)
{
    struct store_run *runs;
    size_t n;
    assert_true(store_runs(w->state->store, &w->arena, 1000, &runs, &n, &w->err));
    return n;
}

static void new_rows_are_shown_without_a_line(void **state)
{
    struct world *w = *state;
    must_run(w);
    load(w, "b", "2026-01-03,a,C1,5,7\n2026-01-03,b,C9,1,8\n");
    assert_int_equal(world_status(w, "acquisition.first").state, PORT_STALE);
    size_t before = lines(w);
    must_be_quiet(w);
    assert_int_equal(w->report.failed + w->report.refused + w->report.skipped, 0);
    assert_int_equal(w->report.run_id, 0);
    assert_int_equal(lines(w), before);
    assert_string_equal(world_value(w, "SELECT string_agg(person || ' ' || spend, ', ' ORDER BY person) FROM " LIVE("second")),
                        "p1 25.000000, p2 6.000000");
    assert_int_equal(world_status(w, "acquisition.second").state, PORT_FRESH);
    assert_int_equal(world_status(w, "acquisition.second").rows, 2);
    must_be_quiet(w);
    assert_int_equal(w->report.built, 0);
    must_run(w);
    assert_int_equal(w->report.built, 0);
}

static void another_declaration_waits_for_a_run(void **state)
{
    struct world *w = *state;
    struct world_port changed = ports[0];
    must_run(w);
    changed.sql = "SELECT campaign, 'q' || CAST(max(clicks) % 3 AS VARCHAR) AS person, CAST(sum(spend) AS DECIMAL(18,6)) AS spend FROM "
                  "acquisition.ads__stats GROUP BY campaign";
    world_port(w, &changed);
    world_load(w);
    load(w, "b", "2026-01-03,a,C1,5,7\n");
    size_t before = lines(w);
    must_be_quiet(w);
    assert_int_equal(w->report.failed, 0);
    assert_int_equal(lines(w), before);
    assert_string_equal(world_value(w, "SELECT count(*) FROM " LIVE("first") " WHERE person LIKE 'q%%'"), "0");
    must_run(w);
    assert_string_equal(world_value(w, "SELECT count(*) FROM " LIVE("first") " WHERE person LIKE 'q%%'"), "3");
}

static void a_refusal_is_told_once(void **state)
{
    struct world *w = *state;
    struct world_port strict = ports[1];
    strict.quality = "      - {metric: rowCount, mustBeLessThan: 100}\n";
    strict.columns = "person VARCHAR, spend DECIMAL(18,6)";
    strict.sql = "SELECT person, CASE WHEN sum(spend) > 900 THEN NULL ELSE CAST(sum(spend) AS DECIMAL(18,6)) END AS spend FROM acquisition.first "
                 "GROUP BY person";
    strict.key = "person, spend";
    world_port(w, &strict);
    world_load(w);
    must_run(w);
    size_t before = lines(w);
    load(w, "b", "2026-01-03,a,C1,1000,7\n");
    before++;
    must_be_quiet(w);
    assert_int_equal(w->report.refused, 1);
    assert_int_equal(lines(w), before + 1);
    assert_int_equal(world_status(w, "acquisition.second").state, PORT_FAILING);
    assert_true(world_status(w, "acquisition.second").checks_failed > 0);
    must_be_quiet(w);
    must_be_quiet(w);
    assert_int_equal(w->report.refused, 1);
    assert_int_equal(lines(w), before + 1);
    assert_string_equal(world_value(w, "SELECT count(*) FROM " LIVE("second") " WHERE spend IS NULL"), "0");
    load(w, "b", "2026-01-03,a,C1,1,7\n");
    must_be_quiet(w);
    assert_int_equal(world_status(w, "acquisition.second").state, PORT_FRESH);
}

static void all_is_checked_once_an_hour(void **state)
{
    struct world *w = *state;
    int64_t now = clock_now_us();
    struct buf b = BUF_INIT(1 << 20);
    struct world_port few = ports[0];
    few.quality = "      - {metric: rowCount, mustBeLessThan: 5}\n"; /* no row alone can break it */
    world_port(w, &few);
    world_load(w);
    must_run(w);
    for (int i = 0; i < 4; i++)
        buf_printf(&b, "2026-01-03,b,D%d,1,4\n", i);
    load(w, "b", buf_z(&b));
    must_be_quiet(w);
    assert_int_equal(w->report.refused, 0);
    assert_string_equal(world_value(w, "SELECT count(*) FROM " LIVE("first")), "7");
    clock_set_us(now + (int64_t)3700 * 1000000);
    load(w, "c", "2026-01-04,b,E1,1,4\n");
    must_be_quiet(w);
    assert_int_equal(w->report.refused, 1);
    assert_string_equal(world_value(w, "SELECT count(*) FROM " LIVE("first")), "7");
    buf_fini(&b);
}

struct steady {
    struct world *w;
    atomic_bool stop;
    long done, busy;
    char failure[600];
};

static void *steady_main(void *arg)
{
    struct steady *s = arg;
    while (!atomic_load(&s->stop) && !s->failure[0]) {
        struct build_report r;
        struct err e = {0};
        if (quiet(s->w, &r, &e) && r.failed + r.refused == 0)
            s->done++;
        else if (e.code == E_BUSY)
            s->busy++;
        else
            snprintf(s->failure, sizeof s->failure, "%s", e.text);
    }
    return NULL;
}

static void a_run_is_never_refused_because_of_them(void **state)
{
    struct world *w = *state;
    struct steady s = {.w = w};
    pthread_t thread;
    must_run(w);
    assert_int_equal(pthread_create(&thread, NULL, steady_main, &s), 0);
    for (int i = 0; i < 12; i++) {
        world_land(w, arena_printf(&w->arena, "m%d", i % 3).p,
                   arena_printf(&w->arena, "2026-02-%02d,a,C%d,%d,%d\n2026-02-%02d,b,C%d,2,3\n", i % 5 + 1, i % 7, i, i % 4, i % 5 + 1, i).p);
        must_run(w);
    }
    atomic_store(&s.stop, true);
    pthread_join(thread, NULL);
    assert_string_equal(s.failure, "");
    assert_true(s.done > 0);
    const char *by_key = world_value(w, "SELECT sum(hash(t)::HUGEINT) FROM " LIVE("second") " AS t");
    assert_true(world_run_with(w, (struct build_options){.full = true}));
    assert_string_equal(world_value(w, "SELECT sum(hash(t)::HUGEINT) FROM " LIVE("second") " AS t"), by_key);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(new_rows_are_shown_without_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(another_declaration_waits_for_a_run, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(all_is_checked_once_an_hour, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_is_never_refused_because_of_them, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
