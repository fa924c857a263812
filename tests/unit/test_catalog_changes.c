/* The list of changes on a real state: what of a declaration counts as changed, what the ledger and the runs add, what people
 * asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"
#include "catalog/catalog.h"

static struct world w;

static const struct world_port spend = {.name = "spend",
                                        .sql = "SELECT day, sum(spend) AS spend FROM acquisition.ads__stats GROUP BY 1\n",
                                        .columns = "day DATE, spend DECIMAL(38,6)"};

static int set_up(void **state)
{
    (void)state;
    world_init(&w);
    world_port(&w, &spend);
    world_open(&w);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&w);
    return 0;
}

static size_t noted(struct store_change **v)
{
    size_t n = 0;
    if (!catalog_note_declared(w.state, w.mesh, &w.err) || !store_changes(w.state->store, &w.arena, 0, 100, v, &n, &w.err))
        fail_msg("%s", w.err.text);
    return n;
}

static size_t listed(struct change **v)
{
    size_t n;
    if (!catalog_changes(w.state, w.mesh, 100, &w.arena, v, &n, &w.err))
        fail_msg("%s", w.err.text);
    return n;
}

static const struct change *find(const char *kind, const char *title)
{
    struct change *v;
    size_t n = listed(&v);
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].kind, str_of(kind)) && str_find(v[i].title, str_of(title), 0) != SIZE_MAX)
            return &v[i];
    return NULL;
}

static void test_declared(void **state)
{
    (void)state;
    struct store_change *v;
    assert_int_equal(noted(&v), 0); /* where counting begins nothing is news */
    assert_int_equal(noted(&v), 0);

    struct world_port changed = spend;
    changed.sql = "SELECT day, sum(spend) * 1 AS spend FROM acquisition.ads__stats GROUP BY 1\n";
    world_port(&w, &changed);
    world_load(&w);
    assert_int_equal(noted(&v), 1);
    assert_string_equal(v[0].kind.p, "port");
    assert_string_equal(v[0].ref.p, "acquisition.spend_v1");
    assert_string_equal(v[0].action.p, "changed");
    assert_string_equal(v[0].what.p, "SQL");

    world_put(&w, "domains/acquisition/domain.yaml", /* a comment and another layout are no change */
              "# ours\nname: acquisition\ntitle: Acquisition\nowner:\n  name: Ana Ruiz\n  contact: ana@example.org\n  role: "
              "product owner\n");
    world_load(&w);
    assert_int_equal(noted(&v), 1);
    world_put(&w, "domains/acquisition/domain.yaml",
              "name: acquisition\ntitle: Winning\nowner: {name: Bo Lind, contact: bo@example.org, role: product owner}\n");
    world_load(&w);
    assert_int_equal(noted(&v), 2);
    assert_string_equal(v[0].kind.p, "domain");
    assert_string_equal(v[0].what.p, "owner, title");

    struct world_port fresh = {
        .name = "clicks", .sql = "SELECT day, clicks FROM acquisition.ads__stats\n", .columns = "day DATE, clicks BIGINT"};
    world_port(&w, &fresh);
    world_load(&w);
    assert_int_equal(noted(&v), 3); /* a port that comes with its product is part of that news */
    assert_string_equal(v[0].kind.p, "product");
    assert_string_equal(v[0].action.p, "created");
    world_drop_port(&w, "clicks");
    world_load(&w);
    assert_true(noted(&v) > 3);
    assert_string_equal(v[0].action.p, "removed");

    const struct change *c = find("sql", "acquisition.spend changed: SQL");
    assert_non_null(c);
    assert_string_equal(c->href.p, "/catalog/acquisition/spend_product?port=spend");
    assert_string_equal(c->owner.name.p, "Ana Ruiz");
    c = find("declared", "acquisition changed: owner, title");
    assert_non_null(c);
    assert_string_equal(c->owner.name.p, "Bo Lind");
    assert_string_equal(c->href.p, "/domains/acquisition");
    c = find("declared", "acquisition.clicks_product was taken away");
    assert_non_null(c);
    assert_int_equal(c->severity, CHANGE_WARN);
}

static void test_loads_and_lag(void **state)
{
    (void)state;
    int64_t day_end = 0;
    world_land(&w, "jan", "2026-01-05,a,x,10,1\n2026-01-06,a,x,oops,3\n");
    assert_true(clock_day_end_us(STR("2026-01-07"), STR("UTC"), &day_end));
    clock_set_us(day_end);
    assert_true(world_run(&w));
    const struct change *c = find("load", "Ads: 1 file loaded, 1 row; 1 row set aside");
    assert_non_null(c);
    assert_int_equal(c->severity, CHANGE_WARN);
    assert_string_equal(c->href.p, "/sources/acquisition/ads");
    assert_null(find("source_late", ""));

    w.mesh->sources[0]->sla.freshness_s = 24 * 3600;
    clock_set_us(day_end - 1); /* the newest day that came is the 5th: its end and a day more is the end of the 6th */
    c = find("source_late", "Ads is late");
    assert_non_null(c);
    assert_int_equal(c->severity, CHANGE_BAD);
    assert_true(clock_day_end_us(STR("2026-01-06"), STR("Europe/Berlin"), &day_end));
    assert_true(c->at_us == day_end);
    clock_set_us(day_end - 1);
    assert_null(find("source_late", ""));
    clock_set_us(0);
}

static void test_runs_and_checks(void **state)
{
    (void)state;
    struct world_port checked = spend;
    checked.quality = "      - {id: many_days, name: Many days, type: sql, query: \"SELECT count(*) FROM {object}\", "
                      "mustBeGreaterThan: 5, dimension: "
                      "completeness, severity: warning}\n";
    world_port(&w, &checked);
    world_load(&w);
    assert_true(world_run(&w));
    const struct change *c = find("check_failed", "acquisition.spend: check");
    assert_non_null(c);
    assert_int_equal(c->severity, CHANGE_WARN);
    assert_string_equal(c->href.p, "/catalog/acquisition/spend_product?port=spend&tab=quality");
    struct store_check *v;
    size_t n;
    world_land(&w, "feb", "2026-02-05,a,x,10,1\n");
    assert_true(world_run(&w)); /* still too few: bad before and bad now is one change */
    assert_true(store_checks_turned(w.state->store, &w.arena, 0, 50, &v, &n, &w.err));
    assert_int_equal(n, 1);

    struct world_port broken = spend;
    broken.sql = "SELECT day, CAST('x' || spend AS DECIMAL(38,6)) AS spend FROM acquisition.ads__stats\n";
    world_port(&w, &broken);
    world_load(&w);
    (void)!world_run(&w);
    c = find("run_failed", "acquisition.spend could not be built");
    assert_non_null(c);
    assert_int_equal(c->severity, CHANGE_BAD);
}

static void test_requests(void **state)
{
    (void)state;
    struct store *s = w.state->store;
    struct store_request r = {.kind = STR("question"),
                              .ref = STR("acquisition.spend"),
                              .domain = STR("acquisition"),
                              .title = STR("Is VAT in it?"),
                              .asker = STR("Cy")},
                         other = {.kind = STR("product"), .domain = STR("web"), .title = STR("Visits"), .asker = STR("Cy")}, *v;
    size_t n;
    assert_true(store_request_add(s, &r, &w.err) && store_request_add(s, &other, &w.err));
    assert_true(r.id > 0 && other.id == r.id + 1);
    const struct change *c = find("request", "waits for an answer: Is VAT in it?");
    assert_non_null(c);
    assert_string_equal(c->owner.name.p, "Bo Lind");

    static const struct {
        struct store_request_ask ask;
        size_t n;
    } asks[] = {{{{0}, {0}, {0}, 0}, 2},
                {{.domain = {"web", 3}}, 1},
                {{.state = {"open", 4}}, 2},
                {{.state = {"done", 4}}, 0},
                {{.ref = {"acquisition.spend", 17}}, 1},
                {{.limit = 1}, 1}};
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        assert_true(store_requests(s, &w.arena, &asks[i].ask, &v, &n, &w.err));
        assert_int_equal(n, asks[i].n);
    }
    assert_true(store_request_answer(s, r.id, STR("answered"), STR("Net."), STR("Bo"), &w.err));
    assert_false(store_request_answer(s, 99, STR("answered"), STR("Net."), STR("Bo"), &w.err));
    assert_int_equal(w.err.code, E_NOT_FOUND);
    assert_true(store_requests(s, &w.arena, &(struct store_request_ask){.ref = STR("acquisition.spend")}, &v, &n, &w.err));
    assert_string_equal(v[0].state.p, "answered");
    assert_string_equal(v[0].answer.p, "Net.");
    assert_true(v[0].answered_at_us >= v[0].asked_at_us);
    assert_non_null(find("request", "answered: Is VAT in it?"));
    assert_null(find("request", "waits for an answer: Is VAT in it?"));
}

static void test_newest_first_and_cut(void **state)
{
    (void)state;
    struct change *v;
    size_t n = listed(&v);
    for (size_t i = 1; i < n; i++)
        assert_true(v[i - 1].at_us >= v[i].at_us);
    assert_true(n > 3);
    assert_true(catalog_changes(w.state, w.mesh, 3, &w.arena, &v, &n, &w.err));
    assert_int_equal(n, 3);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_declared), cmocka_unit_test(test_loads_and_lag),        cmocka_unit_test(test_runs_and_checks),
        cmocka_unit_test(test_requests), cmocka_unit_test(test_newest_first_and_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
