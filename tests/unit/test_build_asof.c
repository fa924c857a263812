/* "As reported on": a restated file changes today's figure and not the answer for the day before, through run and gate. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"
#include "govern/govern.h"

struct past {
    struct world w;
    struct govern *govern;
};

static const struct world_port ports[] = {
    {.name = "daily",
     .columns = "day DATE, account VARCHAR, spend DECIMAL(18,6)",
     .sql = "SELECT day, account, CAST(sum(spend) AS DECIMAL(18,6)) AS spend FROM acquisition.ads__stats GROUP BY day, account"},
    {.name = "seen",
     .materialization = "view",
     .columns = "day DATE, spend DECIMAL(18,6), currency VARCHAR",
     .sql = "SELECT day, CAST(sum(spend) AS DECIMAL(18,6)) AS spend, mesh_reporting_currency() AS currency FROM "
            "acquisition.daily GROUP BY day"},
    {.name = "total",
     .materialization = "incremental",
     .columns = "day DATE, spend DECIMAL(18,6)",
     .sql = "SELECT day, spend FROM acquisition.seen"},
};

static int setup(void **state)
{
    struct past *p = mem_alloc(sizeof *p);
    world_init(&p->w);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        world_port(&p->w, &ports[i]);
    world_open(&p->w);
    if (!govern_open(p->w.state, &(struct govern_past){build_asof, build_asof_object, p->w.build}, &p->govern, &p->w.err))
        fail_msg("%s", p->w.err.text);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct past *p = *state;
    govern_close(p->govern);
    world_fini(&p->w);
    mem_free(p);
    clock_set_us(0);
    return 0;
}

static void at(const char *day)
{
    int64_t end = 0;
    assert_true(clock_day_end_us(str_of(day), STR("Europe/Berlin"), &end));
    clock_set_us(end - (int64_t)12 * 3600 * 1000000);
}

static void land_and_run(struct past *p, const char *day, const char *name, const char *rows)
{
    at(day);
    world_land(&p->w, name, rows);
    if (!world_run(&p->w) || p->w.report.exit_code != 0)
        fail_msg("%s %s", p->w.err.text, p->w.errs.n > 0 ? p->w.errs.v[0].text : "");
    if (!govern_refresh(p->govern, p->w.mesh, &p->w.err))
        fail_msg("%s", p->w.err.text);
}

/* One value through the gate, as of a day (NULL: now). */
static const char *ask(struct past *p, const char *as_of, const char *sql)
{
    struct govern_request q = {
        .principal = &GOVERN_LOCAL_ADMIN, .purpose = STR("analytics"), .sql = str_of(sql), .as_of = str_of(as_of ? as_of : "")};
    struct govern_result *r = NULL;
    struct engine_chunk *ch = NULL;
    struct buf b = BUF_INIT(4096);
    size_t rows = 0;
    if (!govern_query(p->govern, &q, &r, &p->w.err))
        fail_msg("%s as of %s: %s (%s)", sql, as_of ? as_of : "now", p->w.err.text, p->w.err.hint);
    if (!govern_result_next(r, &ch, &rows, &p->w.err))
        fail_msg("%s", p->w.err.text);
    if (ch != NULL && rows > 0)
        engine_cell_text(ch, 0, 0, &b);
    govern_result_close(r);
    struct str out = arena_str(&p->w.arena, buf_str(&b));
    buf_fini(&b);
    return out.n > 0 ? out.p : "";
}

static void restated_day_keeps_its_past(void **state)
{
    struct past *p = *state;
    static const char *const sums[] = {"SELECT sum(spend) FROM acquisition.daily", "SELECT sum(spend) FROM acquisition.daily_v1",
                                       "SELECT sum(spend) FROM acquisition.seen", "SELECT sum(spend) FROM acquisition.total",
                                       "SELECT sum(spend) FROM acquisition.ads__stats"};
    land_and_run(p, "2026-03-01", "first", "2026-02-27,one,x,10,1\n2026-02-28,one,x,20,1\n");
    land_and_run(p, "2026-03-02", "second", "2026-02-28,one,x,25,1\n2026-03-01,one,x,7,1\n");
    land_and_run(p, "2026-03-03", "third", "2026-02-28,one,x,26,1\n");
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        assert_string_equal(ask(p, NULL, sums[i]), "43.000000");
        assert_string_equal(ask(p, "2026-03-03", sums[i]), "43.000000");
        assert_string_equal(ask(p, "2026-03-02", sums[i]), "42.000000");
        assert_string_equal(ask(p, "2026-03-01", sums[i]), "30.000000");
        assert_string_equal(ask(p, "2026-02-28", sums[i]), "");
    }
    assert_string_equal(ask(p, "2026-02-28", "SELECT count(*) FROM acquisition.daily"), "0");
    assert_string_equal(ask(p, "2026-03-01", "SELECT max(currency) FROM acquisition.seen"), "EUR");
}

static void past_is_made_anew_after_a_load(void **state)
{
    struct past *p = *state;
    land_and_run(p, "2026-03-01", "first", "2026-02-28,one,x,20,1\n");
    at("2026-03-02");
    assert_string_equal(ask(p, "2026-03-02", "SELECT sum(spend) FROM acquisition.daily"), "20.000000");
    land_and_run(p, "2026-03-02", "second", "2026-02-28,one,x,25,1\n");
    assert_string_equal(ask(p, "2026-03-02", "SELECT sum(spend) FROM acquisition.daily"), "25.000000");
    assert_string_equal(ask(p, "2026-03-01", "SELECT sum(spend) FROM acquisition.daily"), "20.000000");
}

/* More moments than are kept, and a broken port among them. */
static void many_moments(void **state)
{
    struct past *p = *state;
    land_and_run(p, "2026-03-01", "first", "2026-02-28,one,x,20,1\n");
    struct world_port broken = {.name = "broken", .columns = "day DATE", .sql = "SELECT nothing AS day FROM acquisition.daily"};
    world_port(&p->w, &broken);
    world_load(&p->w);
    assert_true(govern_refresh(p->govern, p->w.mesh, &p->w.err));
    for (int round = 0; round < 2; round++)
        for (int32_t d = -5; d < 15; d++) /* from the day of the load */
            assert_string_equal(ask(p, clock_date(20513 + d).z, "SELECT count(*) FROM acquisition.daily"), d >= 0 ? "1" : "0");
    struct govern_request q = {
        .principal = &GOVERN_LOCAL_ADMIN, .sql = STR("SELECT * FROM acquisition.broken"), .as_of = STR("2026-03-01")};
    struct govern_result *r = NULL;
    for (int round = 0; round < 2; round++) {
        assert_false(govern_query(p->govern, &q, &r, &p->w.err));
        assert_int_equal(p->w.err.code, E_NOT_BUILT);
    }
}

/* Views of one moment are made by many questions at once, each once. */
static void *ask_often(void *arg)
{
    static const char *const sql[] = {"SELECT sum(spend) FROM acquisition.total", "SELECT sum(spend) FROM acquisition.daily_v1",
                                      "SELECT sum(spend) FROM acquisition.seen", "SELECT sum(spend) FROM acquisition.total_v1"};
    struct past *p = arg;
    for (size_t i = 0; i < 16; i++) {
        struct govern_request q = {.principal = &GOVERN_LOCAL_ADMIN,
                                   .sql = str_of(sql[i % 4]),
                                   .as_of = i % 8 < 4 ? STR("2026-03-01") : STR("2026-03-02")};
        struct govern_result *r = NULL;
        struct engine_chunk *ch = NULL;
        struct err e = {0};
        struct buf b = BUF_INIT(4096);
        size_t rows = 0;
        if (!govern_query(p->govern, &q, &r, &e) || !govern_result_next(r, &ch, &rows, &e)) {
            printf("%s\n", e.text);
            return p;
        }
        engine_cell_text(ch, 0, 0, &b);
        bool right = str_eq(buf_str(&b), STR("20.000000"));
        buf_fini(&b);
        govern_result_close(r);
        if (!right)
            return p;
    }
    return NULL;
}

static void many_ask_at_once(void **state)
{
    struct past *p = *state;
    land_and_run(p, "2026-03-01", "first", "2026-02-28,one,x,20,1\n");
    pthread_t threads[4];
    void *failed;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, p), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(restated_day_keeps_its_past, setup, teardown),
        cmocka_unit_test_setup_teardown(past_is_made_anew_after_a_load, setup, teardown),
        cmocka_unit_test_setup_teardown(many_moments, setup, teardown),
        cmocka_unit_test_setup_teardown(many_ask_at_once, setup, teardown),
    };
    return cmocka_run_group_tests_name("build_asof", tests, NULL, NULL);
}
