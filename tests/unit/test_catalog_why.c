/* Why a port is stale or failing: from the port over its inputs to the source, with owners; and its history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"
#include "catalog/catalog.h"

static struct world w;

static const char source[] =
    "name: ads\nkind: files\ntitle: Ads\npath: landing\ncurrency: EUR\nowner: {name: Bo Lind, contact: bo@example.org}\nsla: {freshness: 26h}\n"
    "streams:\n  - {name: stats, table: stats, load: replace_days, account_column: account, day_column: day}\n";

static void at(const char *day, int hour)
{
    int32_t d;
    assert_true(clock_parse_date(str_of(day), &d));
    clock_set_us(((int64_t)d * 24 + hour) * 3600 * 1000000);
}

static void port(const char *name, const char *from, const char *quality)
{
    world_port(&w, &(struct world_port){.name = name,
                                        .sql = arena_printf(&w.arena, "SELECT day, sum(spend) AS spend FROM acquisition.%s GROUP BY 1\n", from).p,
                                        .columns = "day DATE, spend DECIMAL(38,6)",
                                        .quality = quality});
}

static int set_up(void **state)
{
    (void)state;
    at("2026-01-06", 6);
    world_init(&w);
    world_put(&w, "domains/acquisition/sources/ads.yaml", source);
    world_land(&w, "jan", "2026-01-05,a,x,10,1\n");
    port("spend", "ads__stats", NULL);
    port("total", "spend", NULL);
    world_open(&w);
    assert_true(world_run(&w));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&w);
    clock_set_us(0);
    return 0;
}

static struct why_step *why(const char *ref, size_t *n)
{
    struct build_port_status *st = NULL;
    struct why_step *v = NULL;
    if (!catalog_status(w.build, w.state, w.mesh, &w.arena, &st, &w.err) ||
        !catalog_why(w.state, w.mesh, st, mesh_find_port(w.mesh, str_of(ref)), &w.arena, &v, n, &w.err))
        fail_msg("%s", w.err.text);
    return v;
}

/* "ref state owner" of each step, one after the other. */
static const char *told(const char *ref)
{
    size_t n;
    struct why_step *v = why(ref, &n);
    struct str s = STR("");
    for (size_t i = 0; i < n; i++)
        s = arena_printf(&w.arena, "%.*s%s%.*s %.*s %.*s", STR_FMT(s), i ? " | " : "", STR_FMT(v[i].ref), STR_FMT(v[i].state),
                         STR_FMT(v[i].owner.name));
    return arena_printf(&w.arena, "%.*s", STR_FMT(s)).p;
}

static void a_fresh_port_is_one_step(void **state)
{
    (void)state;
    assert_string_equal(told("acquisition.total"), "acquisition.total fresh Ana Ruiz");
}

static void a_late_source_is_named_with_its_owner(void **state)
{
    (void)state;
    size_t n;
    at("2026-01-07", 6); /* yesterday's file is missing: 5 January ended 30 hours ago */
    assert_string_equal(told("acquisition.total"), "acquisition.total stale Ana Ruiz | acquisition.spend stale Ana Ruiz | "
                                                   "acquisition.ads__stats late Bo Lind | acquisition.ads late Bo Lind");
    struct why_step *v = why("acquisition.total", &n);
    assert_non_null(strstr(v[0].message.p, "the source Ads is late"));
    assert_non_null(strstr(v[2].message.p, "2026-01-05"));
    assert_non_null(strstr(v[3].message.p, "Bo Lind should have the missing export delivered"));
    for (size_t i = 0; i < n; i++) /* the day ended at 23:00 UTC, and 26 hours are allowed */
        assert_string_equal(clock_iso(v[i].since_us).z, "2026-01-07T01:00:00.000000Z");
    world_land(&w, "feb", "2026-01-06,a,x,10,1\n");
    assert_true(world_run(&w));
    assert_string_equal(told("acquisition.total"), "acquisition.total fresh Ana Ruiz");
}

static void a_refusal_goes_on_to_its_data(void **state)
{
    (void)state;
    size_t n;
    port("spend", "ads__stats",
         "      - {name: three_days, type: sql, query: \"SELECT count(*) FROM {object}\", mustBeGreaterThan: 2, severity: error}\n");
    world_load(&w);
    assert_true(world_run(&w));
    assert_string_equal(told("acquisition.total"), "acquisition.total stale Ana Ruiz | acquisition.spend failing Ana Ruiz");
    assert_non_null(strstr(why("acquisition.total", &n)[1].message.p, "was refused"));
    at("2026-01-08", 6);
    assert_true(world_run(&w)); /* refused again */
    struct why_step *v = why("acquisition.spend", &n);
    assert_int_equal(n, 3);
    assert_string_equal(clock_iso(v[0].since_us).z, "2026-01-06T06:00:00.000000Z"); /* since the first of the two */
    assert_string_equal(v[2].ref.p, "acquisition.ads");
}

static void a_file_that_fails_is_named(void **state)
{
    (void)state;
    world_put(&w, "landing/feb_stats.csv", ""); /* not even a header */
    assert_true(world_run(&w));
    at("2026-01-09", 6);
    assert_string_equal(told("acquisition.spend"),
                        "acquisition.spend stale Ana Ruiz | acquisition.ads__stats failed Bo Lind | acquisition.ads failed Bo Lind");
    size_t n;
    struct why_step *v = why("acquisition.spend", &n);
    assert_non_null(strstr(v[1].message.p, "feb_stats.csv"));
    assert_string_equal(clock_iso(v[1].since_us).z, "2026-01-06T06:00:00.000000Z");
}

static void broken_sql_is_its_own_cause(void **state)
{
    (void)state;
    at("2026-01-09", 6); /* the source is late, too */
    world_put(&w, "domains/acquisition/products/spend_product/spend.sql", "SELECT day, spend / 'x' AS spend FROM acquisition.ads__stats\n");
    world_load(&w);
    assert_true(world_run(&w));
    assert_string_equal(told("acquisition.spend"), "acquisition.spend failing Ana Ruiz");
}

static void history(void **state)
{
    (void)state;
    struct port_history h;
    at("2026-01-08", 6);
    world_land(&w, "feb", "2026-01-06,a,x,10,1\n2026-01-07,a,x,10,1\n");
    assert_true(world_run(&w));
    at("2026-01-08", 10);
    const struct mesh_port *p = mesh_find_port(w.mesh, STR("acquisition.total"));
    assert_true(catalog_history(w.state, w.mesh, p, 0, &w.arena, &h, &w.err));
    assert_int_equal(h.n_runs, 2);
    assert_int_equal(h.runs[0].rows, 3);
    assert_int_equal(h.runs[1].rows, 1);
    assert_int_equal(h.n_checks, 2);
    assert_int_equal(h.checks[0].counts[CHECK_PASSED], 2);
    assert_true(h.checks[0].run_id < h.checks[1].run_id);
    static const int hours[] = {7, 55, 7, 11}; /* a day ends at 23:00 UTC: after the first build, before and after the second, now */
    assert_int_equal(h.n_lags, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(h.lags[i].lag_s, hours[i] * 3600);
    assert_true(h.allowed_lag_s < 0);
    int64_t since = clock_now_us() - INT64_C(86400000000);
    assert_true(catalog_history(w.state, w.mesh, p, since, &w.arena, &h, &w.err));
    assert_int_equal(h.n_runs, 1);
    assert_int_equal(h.n_checks, 1);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fresh_port_is_one_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_source_is_named_with_its_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_goes_on_to_its_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_fails_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_sql_is_its_own_cause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(history, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
