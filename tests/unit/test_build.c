/* Building on a small mesh: what is out of date and why, materialisations, failure, refusal, retiring, states, cancelling. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"

#define LIVE(port) "mesh.live.\"acquisition." port "_v1\""

static const struct world_port daily = {
    .name = "daily",
    .columns = "day DATE, account VARCHAR, spend DECIMAL(18,6), clicks BIGINT",
    .sql = "SELECT day, account, CAST(sum(spend) AS DECIMAL(18,6)) AS spend, CAST(sum(clicks) AS BIGINT) AS clicks\n"
           "FROM acquisition.ads__stats GROUP BY day, account",
};
static const struct world_port total = {
    .name = "total",
    .columns = "day DATE, spend DECIMAL(18,6)",
    .sql = "SELECT max(daily.day) AS day, CAST(sum(acquisition.daily.spend) AS DECIMAL(18,6)) AS spend FROM acquisition.daily",
};

static int setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    world_init(w);
    world_land(w, "a", "2026-01-01,one,x,10.50,3\n2026-01-02,one,x,20.25,4\n2026-01-02,two,y,1,1\n");
    world_port(w, &daily);
    world_port(w, &total);
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

static void must_run(struct world *w, int exit_code)
{
    if (!world_run(w))
        fail_msg("%s (%s)", w->err.text, w->err.hint);
    if (w->report.exit_code != exit_code)
        fail_msg("exit code %d, not %d: %s %s", w->report.exit_code, exit_code, w->errs.n > 0 ? w->errs.v[0].text : "",
                 w->errs.n > 0 ? w->errs.v[0].file : "");
}

static struct build_plan plan(struct world *w)
{
    struct build_plan p;
    struct errs es = {0};
    if (!build_plan(w->build, w->mesh, &w->arena, &p, &es, &w->err))
        fail_msg("%s", w->err.text);
    assert_int_equal(es.n_errors, 0);
    errs_fini(&es);
    return p;
}

/* "action kind ref what,what" of each change that has `ref`. */
static const char *change_of(struct world *w, const struct build_plan *p, const char *ref)
{
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < p->n_changes; i++) {
        if (!str_eq(p->changes[i].ref, str_of(ref)))
            continue;
        buf_printf(&b, "%.*s %.*s", STR_FMT(p->changes[i].action), STR_FMT(p->changes[i].kind));
        for (size_t k = 0; k < p->changes[i].n_what; k++)
            buf_printf(&b, " %.*s", STR_FMT(p->changes[i].what[k]));
        buf_addc(&b, ';');
    }
    struct str out = arena_str(&w->arena, buf_str(&b));
    buf_fini(&b);
    return out.p ? out.p : "";
}

static const char *reason_of(const struct build_plan *p, const char *ref)
{
    for (size_t i = 0; i < p->n_todo; i++)
        if (str_eq(p->todo[i].port->ref, str_of(ref)))
            return p->todo[i].reason.p;
    return "up_to_date";
}

static void chain_is_built_once(void **state)
{
    struct world *w = *state;
    world_open(w);
    struct build_plan p = plan(w);
    assert_int_equal(p.n_loads, 1);
    assert_int_equal(p.n_todo, 2);
    assert_string_equal(reason_of(&p, "acquisition.daily"), "never_built");
    assert_string_equal(change_of(w, &p, "acquisition.daily_v1"), "create port;");
    assert_string_equal(change_of(w, &p, "acquisition.ads__stats"), "create stream;");
    assert_string_equal(change_of(w, &p, "acquisition.daily_product"), "create product;");
    must_run(w, 0);
    assert_int_equal(w->report.built, 2);
    assert_int_equal(w->report.rows, 4);
    assert_string_equal(world_value(w, "SELECT spend FROM " LIVE("total")), "31.750000");
    struct build_port_status s = world_status(w, "acquisition.daily");
    assert_int_equal(s.state, PORT_FRESH);
    assert_int_equal(s.rows, 3);
    assert_string_equal(s.data_from.p, "2026-01-01");
    assert_string_equal(s.data_to.p, "2026-01-02");
    assert_true(s.checks_passed > 0);
    p = plan(w);
    assert_int_equal(p.n_changes + p.n_loads + p.n_todo, 0);
    assert_int_equal(p.up_to_date, 2);
    must_run(w, 0);
    assert_int_equal(w->report.built, 0);
    assert_int_equal(w->report.unchanged, 2);
}

static void state_survives_closing(void **state)
{
    struct world *w = *state;
    world_open(w);
    must_run(w, 0);
    world_close(w);
    world_open(w);
    must_run(w, 0);
    assert_int_equal(w->report.unchanged, 2);
    assert_string_equal(world_value(w, "SELECT spend FROM " LIVE("total")), "31.750000");
}

static void reasons_are_told(void **state)
{
    struct world *w = *state;
    world_open(w);
    must_run(w, 0);
    struct world_port changed = daily;
    changed.sql = "SELECT day, account, CAST(sum(spend) AS DECIMAL(18,6)) AS spend, CAST(2 * sum(clicks) AS BIGINT) AS clicks "
                  "FROM acquisition.ads__stats GROUP BY 1, 2";
    world_port(w, &changed);
    world_load(w);
    struct build_plan p = plan(w);
    assert_string_equal(reason_of(&p, "acquisition.daily"), "sql_changed");
    assert_string_equal(reason_of(&p, "acquisition.total"), "upstream_changed");
    assert_string_equal(change_of(w, &p, "acquisition.daily_v1"), "change port sql;");
    assert_int_equal(world_status(w, "acquisition.daily").state, PORT_STALE);
    struct build_port_status s = world_status(w, "acquisition.total");
    assert_int_equal(s.state, PORT_STALE);
    assert_string_equal(s.stale_cause_ref.p, "acquisition.daily_v1");
    must_run(w, 0);
    assert_int_equal(w->report.built, 2);

    changed.quality = "      - {metric: rowCount, mustBeGreaterThan: 0}\n";
    world_port(w, &changed);
    world_load(w);
    p = plan(w);
    assert_string_equal(reason_of(&p, "acquisition.daily"), "contract_changed");
    assert_string_equal(change_of(w, &p, "acquisition.daily_v1"), "change port contract;");
    must_run(w, 0);

    changed.materialization = "view";
    world_port(w, &changed);
    world_load(w);
    p = plan(w);
    assert_string_equal(reason_of(&p, "acquisition.daily"), "settings_changed");
    must_run(w, 0);
    assert_string_equal(world_value(w, "SELECT sum(clicks) FROM " LIVE("daily")), "16");

    world_land(w, "b", "2026-01-03,one,x,100,1\n");
    p = plan(w);
    assert_int_equal(p.n_loads, 1);
    assert_string_equal(reason_of(&p, "acquisition.daily"), "new_data");
    assert_string_equal(reason_of(&p, "acquisition.total"), "upstream_changed");
    must_run(w, 0);
    assert_string_equal(world_value(w, "SELECT spend FROM " LIVE("total")), "131.750000");
}

static void changed_file_replaces_its_days(void **state)
{
    struct world *w = *state;
    world_open(w);
    must_run(w, 0);
    world_land(w, "b", "2026-01-02,one,x,30,4\n");
    must_run(w, 0);
    assert_int_equal(w->report.built, 2);
    assert_string_equal(world_value(w, "SELECT spend FROM " LIVE("total")), "41.500000");
}

static void selected_ports_bring_their_inputs(void **state)
{
    struct world *w = *state;
    struct world_port other = daily;
    other.name = "other";
    world_port(w, &other);
    world_open(w);
    struct str names[] = {STR("acquisition.total")};
    assert_true(world_run_with(w, (struct build_options){.ports = names, .n_ports = 1}));
    assert_int_equal(w->report.built, 2);
    assert_int_equal(world_status(w, "acquisition.other").state, PORT_NEVER_BUILT);
    names[0] = STR("acquisition.totl");
    assert_false(world_run_with(w, (struct build_options){.ports = names, .n_ports = 1}));
    assert_int_equal(w->err.code, E_NOT_FOUND);
    assert_int_equal(w->report.exit_code, 2);
    assert_non_null(strstr(w->err.hint, "acquisition.total"));
    assert_true(world_run_with(w, (struct build_options){.full = true}));
    assert_int_equal(w->report.built, 3);
}

static void failure_stops_only_descendants(void **state)
{
    struct world *w = *state;
    struct world_port other = daily, below = total;
    other.name = "other";
    below.name = "below";
    below.sql = "SELECT day, spend FROM acquisition.total";
    world_port(w, &other);
    world_port(w, &below);
    world_open(w);
    must_run(w, 0);
    assert_int_equal(w->report.built, 4);

    struct world_port broken = daily;
    broken.sql = "SELECT day, account, spend, CAST(campaign AS BIGINT) AS clicks FROM acquisition.ads__stats";
    world_port(w, &broken);
    world_land(w, "b", "2026-01-03,one,x,100,1\n");
    world_load(w);
    must_run(w, 1);
    assert_int_equal(w->report.failed, 1);
    assert_int_equal(w->report.skipped, 2);
    assert_int_equal(w->report.built, 1);
    assert_int_equal(w->errs.n_errors, 1);
    assert_null(strstr(w->errs.v[0].text, "'x'"));
    assert_string_equal(world_value(w, "SELECT spend FROM " LIVE("total")), "31.750000");
    assert_string_equal(world_value(w, "SELECT sum(spend) FROM " LIVE("other")), "131.750000");
    struct build_port_status s = world_status(w, "acquisition.daily");
    assert_int_equal(s.state, PORT_FAILING);
    assert_int_equal(s.rows, 3);
    assert_non_null(strstr(s.reason.p, "the last build failed"));
    s = world_status(w, "acquisition.below");
    assert_int_equal(s.state, PORT_STALE);
    assert_string_equal(s.stale_cause_ref.p, "acquisition.daily_v1");
    assert_non_null(strstr(s.reason.p, "acquisition.daily_v1 is failing"));
    assert_int_equal(world_status(w, "acquisition.other").state, PORT_FRESH);

    world_port(w, &daily);
    world_load(w);
    must_run(w, 0);
    assert_int_equal(w->report.built, 3);
    assert_int_equal(world_status(w, "acquisition.below").state, PORT_FRESH);
}

static void mistakes_carry_their_place(void **state)
{
    struct world *w = *state;
    struct world_port broken = daily;
    broken.sql = "SELECT day, account,\n       spend, clickz AS clicks\nFROM acquisition.ads__stats";
    world_port(w, &broken);
    world_open(w);
    must_run(w, 1);
    assert_int_equal(w->report.failed, 1);
    assert_int_equal(w->errs.v[0].line, 2);
    assert_int_equal(w->errs.v[0].col, 15);
    assert_non_null(strstr(w->errs.v[0].file, "daily.sql"));
    struct build_port_status s = world_status(w, "acquisition.daily");
    assert_int_equal(s.state, PORT_NEVER_BUILT);
    assert_non_null(strstr(s.reason.p, "first build failed"));
    s = world_status(w, "acquisition.total");
    assert_int_equal(s.state, PORT_NEVER_BUILT);
    assert_string_equal(s.stale_cause_ref.p, "acquisition.daily_v1");
}

static void refused_version_is_not_served(void **state)
{
    struct world *w = *state;
    struct world_port strict = daily;
    strict.quality = "      - {id: not_negative, name: Spend is never negative, type: sql, query: \"SELECT count(*) FROM "
                     "{object} WHERE spend < 0\", mustBe: 0}\n"
                     "      - {id: small, name: Spend is small, type: sql, query: \"SELECT count(*) FROM {object} WHERE spend > "
                     "15\", mustBe: 0, severity: warning}\n";
    world_port(w, &strict);
    world_open(w);
    must_run(w, 0);
    assert_int_equal(world_status(w, "acquisition.daily").checks_warned, 1);
    world_land(w, "b", "2026-01-03,one,x,-100,1\n");
    must_run(w, 4);
    assert_int_equal(w->report.refused, 1);
    assert_int_equal(w->report.skipped, 1);
    assert_string_equal(world_value(w, "SELECT min(spend) FROM " LIVE("daily")), "1.000000");
    struct build_port_status s = world_status(w, "acquisition.daily");
    assert_int_equal(s.state, PORT_FAILING);
    assert_int_equal(s.checks_failed, 1);
    assert_non_null(strstr(s.reason.p, "refused"));
    assert_string_equal(world_value(w, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'built'"), "2");
    world_land(w, "b", "2026-01-03,one,x,100,1\n");
    must_run(w, 0);
    assert_int_equal(world_status(w, "acquisition.daily").state, PORT_FRESH);
}

static void views_hold_on_to_their_inputs(void **state)
{
    struct world *w = *state;
    static const struct world_port view = {
        .name = "seen",
        .materialization = "view",
        .columns = "day DATE, zone VARCHAR, currency VARCHAR, spend DECIMAL(18,6), rows BIGINT",
        .sql = "-- by day; with a comment that ends in a semicolon;\n"
               "WITH counted AS MATERIALIZED (SELECT s.day, count(*) AS rows FROM Acquisition.ads__stats AS s GROUP BY s.day)\n"
               "SELECT acquisition.daily.day, mesh_time_zone() AS zone, mesh_reporting_currency() AS currency, daily.spend, "
               "counted.rows\n"
               "FROM acquisition.daily JOIN counted ON counted.day = daily.day\n"
               "WHERE daily.account = 'one' AND EXISTS (SELECT 1 FROM acquisition.daily_v1 AS d WHERE d.day = counted.day)",
    };
    struct world_port over = {.name = "over",
                              .materialization = "view",
                              .columns = "day DATE, spend DECIMAL(18,6)",
                              .sql = "SELECT day, spend FROM acquisition.seen"};
    world_port(w, &view);
    world_port(w, &over);
    world_open(w);
    must_run(w, 0);
    assert_int_equal(w->report.built, 4);
    assert_string_equal(world_value(w, "SELECT string_agg(day || ' ' || zone || ' ' || currency || ' ' || spend || ' ' || rows, "
                                       "',' ORDER BY day) FROM " LIVE("seen")),
                        "2026-01-01 Europe/Berlin EUR 10.500000 1,2026-01-02 Europe/Berlin EUR 20.250000 2");
    assert_string_equal(world_value(w, "SELECT sum(spend) FROM " LIVE("over")), "30.750000");
    assert_string_equal(world_value(w, "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'built' AND (contains(sql, "
                                       "'src') OR contains(sql, 'acquisition.daily '))"),
                        "0");
    /* daily loses the column that the deployed view reads; the view's own new version fails; the old one goes on, whole */
    struct world_port less = daily;
    less.columns = "day DATE, account VARCHAR, clicks BIGINT";
    less.sql = "SELECT day, account, CAST(sum(clicks) AS BIGINT) AS clicks FROM acquisition.ads__stats GROUP BY day, account";
    world_port(w, &less);
    world_load(w);
    must_run(w, 1);
    assert_string_equal(world_value(w, "SELECT sum(spend) FROM " LIVE("over")), "30.750000");
    must_run(w, 1);
    world_land(w, "c", "2026-01-09,one,x,100,1\n");
    must_run(w, 1);
    world_land(w, "d", "2026-01-10,one,x,100,1\n");
    must_run(w, 1);
    assert_string_equal(world_value(w, "SELECT sum(spend) FROM " LIVE("over")), "30.750000");
    world_port(w, &daily);
    world_load(w);
    must_run(w, 0);
    assert_string_equal(world_value(w, "SELECT sum(spend) FROM " LIVE("over")), "230.750000");
    assert_true(world_run_with(
        w, (struct build_options){.full = true})); /* then the view before the live one reads a version that is kept anyway */
    assert_string_equal(
        world_value(
            w,
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'built' AND starts_with(table_name, 'acquisition.daily')"),
        "2");
}

static void removed_port_is_retired_by_a_good_run(void **state)
{
    struct world *w = *state;
    world_open(w);
    must_run(w, 0);
    world_drop_port(w, "total");
    world_load(w);
    struct build_plan p = plan(w);
    assert_string_equal(change_of(w, &p, "acquisition.total_v1"), "remove port;");
    assert_string_equal(change_of(w, &p, "acquisition.total_product"), "remove product;");
    struct world_port broken = daily;
    broken.sql = "SELECT nothing FROM acquisition.ads__stats";
    world_port(w, &broken);
    world_load(w);
    must_run(w, 1);
    assert_string_equal(world_value(w, "SELECT spend FROM " LIVE("total")), "31.750000");
    world_port(w, &daily);
    world_load(w);
    must_run(w, 0);
    assert_string_equal(world_value(w, "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'live'"), "1");
    assert_string_equal(
        world_value(
            w,
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'built' AND starts_with(table_name, 'acquisition.total')"),
        "0");
    p = plan(w);
    assert_int_equal(p.n_changes, 0);
}

static void old_versions_are_cleared_away(void **state)
{
    struct world *w = *state;
    world_open(w);
    for (int i = 0; i < 4; i++)
        assert_true(world_run_with(w, (struct build_options){.full = true}));
    assert_string_equal(world_value(w, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'built'"), "4");
    assert_string_equal(world_value(w, "SELECT count(*) FROM mesh.sys.port_version WHERE live"), "2");
    world_close(w);
    world_open(w);
    assert_string_equal(world_value(w, "SELECT spend FROM " LIVE("total")), "31.750000");
}

struct listening {
    int started, done, run_started, run_done, loads;
    atomic_bool cancel;
    bool cancel_at_port;
    size_t last_done;
};

static void listen_to(void *ctx, const struct build_event *ev)
{
    struct listening *l = ctx;
    assert_true(ev->run_id > 0);
    switch (ev->kind) {
    case BUILD_RUN_STARTED:
        l->run_started++;
        break;
    case BUILD_LOAD:
        l->loads++;
        break;
    case BUILD_PORT_STARTED:
        assert_int_equal(l->run_started, 1);
        l->started++;
        if (l->cancel_at_port)
            atomic_store(&l->cancel, true);
        break;
    case BUILD_PROGRESS:
        assert_true(ev->fraction >= 0 && ev->fraction <= 1);
        break;
    case BUILD_PORT_DONE:
        l->done++;
        assert_true(ev->done > l->last_done && ev->done <= ev->total);
        l->last_done = ev->done;
        break;
    case BUILD_RUN_DONE:
        l->run_done++;
        break;
    }
}

static void events_tell_the_run(void **state)
{
    struct world *w = *state;
    struct listening l = {0};
    world_open(w);
    assert_true(world_run_with(w, (struct build_options){.event = listen_to, .ctx = &l}));
    assert_int_equal(l.run_started, 1);
    assert_int_equal(l.run_done, 1);
    assert_true(l.loads > 0);
    assert_int_equal(l.started, 2);
    assert_int_equal(l.done, 2);
}

static void cancelling_leaves_nothing_half(void **state)
{
    struct world *w = *state;
    struct listening l = {.cancel_at_port = true};
    struct world_port slow = daily;
    slow.sql = "SELECT s.day, s.account, s.spend, CAST(t.clicks AS BIGINT) AS clicks FROM acquisition.ads__stats AS s,\n"
               "(SELECT sum(a.range * b.range % 7) AS clicks FROM range(300000) AS a, range(300000) AS b) AS t";
    world_port(w, &slow);
    world_open(w);
    assert_true(world_run_with(w, (struct build_options){.event = listen_to, .ctx = &l, .cancel = &l.cancel}));
    assert_true(w->report.cancelled);
    assert_int_equal(w->report.exit_code, 1);
    assert_int_equal(w->report.built + w->report.failed, 0);
    assert_string_equal(world_value(w, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'built'"), "0");
    assert_int_equal(world_status(w, "acquisition.daily").state, PORT_NEVER_BUILT);
    struct store_run *runs = NULL;
    size_t n = 0;
    assert_true(store_runs(w->state->store, &w->arena, 1, &runs, &n, &w->err));
    assert_int_equal(runs[0].status, RUN_CANCELLED);
    world_port(w, &daily);
    world_load(w);
    must_run(w, 0);
    assert_int_equal(w->report.built, 2);
}

/* Asks for a second run from within the first. */
static void ask_again(void *ctx, const struct build_event *ev)
{
    struct world *w = ctx;
    struct build_report r;
    struct errs es = {0};
    struct err e = {0};
    if (ev->kind != BUILD_PORT_STARTED)
        return;
    assert_false(
        build_run(w->build, w->mesh, &(struct build_options){.program = world_program, .trigger = STR("test")}, &r, &es, &e));
    assert_int_equal(e.code, E_BUSY);
    assert_int_equal(r.exit_code, 3);
}

static void one_run_at_a_time(void **state)
{
    struct world *w = *state;
    world_open(w);
    assert_true(world_run_with(w, (struct build_options){.event = ask_again, .ctx = w}));
    assert_int_equal(w->report.built, 2);
}

static void many_ports_side_by_side(void **state)
{
    struct world *w = *state;
    char name[16], sql[128];
    for (int i = 0; i < 12; i++) {
        struct world_port p = daily;
        snprintf(name, sizeof name, "p%d", i);
        snprintf(sql, sizeof sql, "SELECT day, account, spend, clicks FROM acquisition.%s%d", i < 4 ? "ads__stats -- " : "p",
                 i < 4 ? 0 : i - 4);
        p.name = name;
        p.sql = sql;
        world_port(w, &p);
    }
    world_open(w);
    for (int round = 0; round < 4; round++) {
        assert_true(world_run_with(w, (struct build_options){.full = true}));
        assert_int_equal(w->report.built, 14);
        assert_int_equal(w->report.failed, 0);
    }
    assert_string_equal(world_value(w, "SELECT sum(spend) FROM " LIVE("p11")), "31.750000");
}

static void lineage_goes_to_the_columns(void **state)
{
    struct world *w = *state;
    struct sql_column_lineage *lines = NULL;
    size_t n = 0;
    world_open(w);
    must_run(w, 0);
    assert_true(build_lineage(w->build, w->mesh, mesh_find_port(w->mesh, STR("acquisition.daily")), &w->arena, &lines, &n, &w->err));
    assert_int_equal(n, 4);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chain_is_built_once, setup, teardown),
        cmocka_unit_test_setup_teardown(state_survives_closing, setup, teardown),
        cmocka_unit_test_setup_teardown(reasons_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(changed_file_replaces_its_days, setup, teardown),
        cmocka_unit_test_setup_teardown(selected_ports_bring_their_inputs, setup, teardown),
        cmocka_unit_test_setup_teardown(failure_stops_only_descendants, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_carry_their_place, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_version_is_not_served, setup, teardown),
        cmocka_unit_test_setup_teardown(views_hold_on_to_their_inputs, setup, teardown),
        cmocka_unit_test_setup_teardown(removed_port_is_retired_by_a_good_run, setup, teardown),
        cmocka_unit_test_setup_teardown(old_versions_are_cleared_away, setup, teardown),
        cmocka_unit_test_setup_teardown(events_tell_the_run, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelling_leaves_nothing_half, setup, teardown),
        cmocka_unit_test_setup_teardown(one_run_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(many_ports_side_by_side, setup, teardown),
        cmocka_unit_test_setup_teardown(lineage_goes_to_the_columns, setup, teardown),
    };
    return cmocka_run_group_tests_name("build", tests, NULL, NULL);
}
