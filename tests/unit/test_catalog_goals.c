/* Numbers of the catalog on a built mesh, against figures counted by hand: goals by window and week, a baseline over a span,
 * targets with pacing in three currencies, names and tracking parameters that break their rules. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"
#include "catalog/catalog.h"
#include "govern/audit.h"
#include "store/store_audit.h"

static struct world w;
static struct govern *g;

/* platform (the account), campaign, spend and clicks by day. us_ads is paid in USD, 1 USD = 0.5 EUR. */
static const char rows[] = "2026-01-05,google_ads,DE_spring_2026,10,1\n" /* a Monday */
                           "2026-01-06,google_ads,DE_spring_2026,10,3\n"
                           "2026-01-06,us_ads,us_SPRING,40,4\n"
                           /* the week of the 12th has no row */
                           "2026-01-19,google_ads,DE_spring_2026,20,8\n"
                           "2026-01-20,google_ads,FR_spring_2026,30,2\n"
                           "2026-01-20,us_ads,us_SPRING,20,10\n";

static const char shared_product[] =
    "apiVersion: v1.0.0\nkind: DataProduct\nid: shared.campaign\nname: campaign\nversion: 1.0.0\nstatus: active\ndomain: shared\n"
    "description: {purpose: A test., limitations: None., usage: Tests.}\noutputPorts:\n"
    "  - {name: campaign, version: 1.0.0, type: tables, description: A test., contractId: shared.campaign.campaign}\n"
    "  - {name: ad, version: 1.0.0, type: tables, description: A test., contractId: shared.campaign.ad}\n"
    "  - {name: exchange_rate, version: 1.0.0, type: tables, description: A test., contractId: shared.campaign.exchange_rate}\n"
    "team: {name: Growth, members: [{username: ana@example.org, name: Ana Ruiz, role: owner}]}\n";

static void shared_port(const char *name, const char *properties, const char *sql)
{
    struct arena *a = &w.arena;
    world_put(&w, arena_printf(a, "domains/shared/products/campaign/%s.sql", name).p, sql);
    world_put(
        &w, arena_printf(a, "domains/shared/products/campaign/%s.odcs.yaml", name).p,
        arena_printf(a,
                     "apiVersion: v3.1.0\nkind: DataContract\nid: shared.campaign.%s\nname: %s\nversion: 1.0.0\nstatus: active\n"
                     "schema:\n  - name: %s\n    physicalType: table\n    properties:\n%s",
                     name, name, name, properties)
            .p);
}

#define TEXT(name) "      - {name: " name ", logicalType: string, physicalType: VARCHAR, classification: internal}\n"

static int set_up(void **state)
{
    (void)state;
    world_init(&w);
    world_land(&w, "jan", rows);
    world_port(
        &w, &(struct world_port){
                .name = "campaign_daily",
                .time_column = "date_day",
                .sql = "SELECT day AS date_day, account AS platform, campaign AS campaign_id, spend, clicks,\n"
                       "CASE WHEN account = 'us_ads' THEN 'USD' ELSE 'EUR' END AS currency,\n"
                       "CAST(CASE WHEN account = 'us_ads' THEN spend / 2 ELSE spend END AS DECIMAL(18,6)) AS spend_reporting\n"
                       "FROM acquisition.ads__stats\n",
                .columns =
                    "date_day DATE, platform VARCHAR, campaign_id VARCHAR, spend DECIMAL(18,6), clicks BIGINT, currency VARCHAR, "
                    "spend_reporting DECIMAL(18,6)"});
    world_port(&w,
               &(struct world_port){
                   .name = "ad_daily",
                   .time_column = "date_day",
                   .sql = "SELECT date_day, platform, campaign_id AS ad_id, spend_reporting FROM acquisition.campaign_daily\n",
                   .columns = "date_day DATE, platform VARCHAR, ad_id VARCHAR, spend_reporting DECIMAL(18,6)"});
    world_put(&w, "domains/shared/domain.yaml",
              "name: shared\ntitle: Shared\nowner: {name: Ana Ruiz, contact: ana@example.org, role: product owner}\n");
    world_put(&w, "domains/shared/products/campaign/product.yaml", shared_product);
    shared_port("campaign", TEXT("platform") TEXT("campaign_id") TEXT("campaign_name"),
                "SELECT DISTINCT platform, campaign_id, campaign_id AS campaign_name FROM acquisition.campaign_daily\n");
    shared_port(
        "ad", TEXT("platform") TEXT("ad_id") TEXT("ad_name") TEXT("landing_url"),
        "SELECT * FROM (VALUES ('google_ads', 'DE_spring_2026', 'Spring', 'https://shop.example/?utm_source=Google&x=1'),\n"
        "('us_ads', 'us_SPRING', 'US', 'https://shop.example/?a=1'), ('us_ads', 'ok', 'OK', "
        "'https://shop.example/?a=1&utm_source=google#top'),\n"
        "('us_ads', 'odd', 'Odd', 'https://shop.example/?utm_source=%ZZ'), ('us_ads', 'none', 'None', NULL))\n"
        "AS t (platform, ad_id, ad_name, landing_url)\n");
    shared_port(
        "exchange_rate",
        "      - {name: date_day, logicalType: date, physicalType: DATE, classification: public}\n" TEXT(
            "currency") "      - {name: rate, logicalType: number, physicalType: \"DECIMAL(18,8)\", classification: public}\n",
        "SELECT DATE '2026-01-01' AS date_day, 'USD' AS currency, CAST(0.5 AS DECIMAL(18,8)) AS rate\n");
    world_open(&w);
    if (!world_run(&w) || w.report.exit_code != 0)
        fail_msg("run: %s %s", w.err.text, w.errs.n ? w.errs.v[0].text : "");
    assert_true(govern_open(w.state, NULL, &g, &w.err));
    assert_true(govern_refresh(g, w.mesh, &w.err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    govern_close(g);
    world_fini(&w);
    return 0;
}

static struct mesh_goal goal(const char *value)
{
    return (struct mesh_goal){.name = STR("g"),
                              .number = {.ref = STR("acquisition.campaign_daily"),
                                         .port = mesh_find_port(w.mesh, STR("acquisition.campaign_daily")),
                                         .value = str_of(value),
                                         .unit = STR("count"),
                                         .window_days = 2}};
}

static struct goal_state ask(const struct mesh_goal *x)
{
    struct goal_state s;
    if (!catalog_goal(g, NULL, w.mesh, x, &w.arena, &s, &w.err))
        fail_msg("%s", w.err.text);
    return s;
}

static void test_goal_window_and_weeks(void **state)
{
    (void)state;
    struct mesh_goal x = goal("sum(clicks)");
    struct goal_state s = ask(&x);
    assert_true(s.known);
    assert_true(s.value == 20); /* the 19th and the 20th, the newest two days */
    assert_true(str_eq(s.day_from, STR("2026-01-19")) && str_eq(s.day_to, STR("2026-01-20")));
    assert_true(isnan(s.progress));
    assert_int_equal(s.n_series, 3);
    assert_string_equal(clock_date(s.series[0].day).z, "2026-01-06"); /* the 5th and the 6th; the window before would lack days */
    assert_true(s.series[0].known && s.series[0].value == 8);
    assert_false(s.series[1].known); /* a gap is not 0 */
    assert_true(s.series[2].known && s.series[2].value == 20);
    assert_string_equal(clock_date(s.series[2].day).z, "2026-01-20");
    x.number.where = STR("platform = 'us_ads'");
    s = ask(&x);
    assert_true(s.value == 10);
    assert_true(str_find(s.sql, STR("platform = 'us_ads'"), 0) != SIZE_MAX);
}

static void test_goal_progress(void **state)
{
    (void)state;
    struct mesh_goal x = goal("sum(clicks)");
    x.has_baseline = x.has_target = true;
    x.baseline = 10;
    x.target = 30;
    assert_true(ask(&x).progress == 0.5);
    x.baseline = 40; /* fewer is better: from 40 to 15, at 20 */
    x.target = 15;
    x.number.lower_is_better = true;
    struct goal_state s = ask(&x);
    assert_true(fabs(s.progress - 0.8) < 1e-12);
    assert_int_equal(s.problem.n, 0);
    x.number.lower_is_better = false; /* a target behind the baseline is said */
    assert_true(str_find(ask(&x).problem, STR("wrong side"), 0) != SIZE_MAX);
    x.target = x.baseline;
    assert_true(isnan(ask(&x).progress));
}

static void test_goal_problems(void **state)
{
    (void)state;
    struct mesh_goal x = goal("sum(nope)");
    struct goal_state s = ask(&x);
    assert_false(s.known);
    assert_true(str_find(s.problem, STR("no column"), 0) != SIZE_MAX);
    x = goal("sum(clicks)");
    x.number.where = STR("platform = 'none'");
    s = ask(&x);
    assert_false(s.known);
    assert_true(str_find(s.problem, STR("no rows"), 0) != SIZE_MAX);
    x = goal("sum(clicks) / 0"); /* infinite is no number */
    assert_false(ask(&x).known);
    x = goal("(SELECT count(*) FROM duckdb_settings())"); /* a goal sees what the gate shows, no more */
    s = ask(&x);
    assert_false(s.known);
    assert_true(s.problem.n > 0);
    x.number.port = NULL;
    assert_true(ask(&x).problem.n > 0);
}

static void test_goal_value(void **state)
{
    (void)state;
    struct mesh_goal x = goal("sum(clicks)");
    int32_t from = 0, to = 0;
    double v;
    bool known;
    assert_true(clock_parse_date(STR("2026-01-05"), &from) && clock_parse_date(STR("2026-01-06"), &to));
    assert_true(catalog_goal_value(g, NULL, w.mesh, &x, from, to, &w.arena, &v, &known, &w.err));
    assert_true(known && v == 8);
    assert_true(catalog_goal_value(g, NULL, w.mesh, &x, from + 4, to + 5, &w.arena, &v, &known, &w.err));
    assert_false(known);
}

static struct mesh_target target(const char *metric, const char *platform, const char *campaign, const char *currency,
                                 const char *from, const char *to, double amount)
{
    struct mesh_target t = {.metric = str_of(metric),
                            .platform = str_of(platform),
                            .campaign_id = str_of(campaign),
                            .currency = str_of(currency),
                            .amount = amount};
    assert_true(clock_parse_date(str_of(from), &t.day_from) && clock_parse_date(str_of(to), &t.day_to));
    return t;
}

static void test_pacing(void **state)
{
    (void)state;
    static const struct {
        const char *metric, *platform, *campaign, *currency, *from, *to;
        double amount, actual, expected, projected;
        bool known;
    } cases[] = {
        /* 20 of 31 days have gone when the newest day is the 20th */
        {"clicks", "", "", "", "2026-01-01", "2026-01-31", 31, 28, 20, 43.4, true},
        {"spend", "", "", "", "2026-01-01", "2026-01-31", 310, 100, 200, 155, true},
        {"spend", "", "", "EUR", "2026-01-01", "2026-01-10", 100, 40, 100, 40, true},
        {"spend", "us_ads", "", "USD", "2026-01-01", "2026-01-20", 100, 60, 100, 60, true},
        {"spend", "google_ads", "FR_spring_2026", "USD", "2026-01-01", "2026-01-20", 100, 60, 100, 60, true},
        {"spend", "google_ads", "", "", "2026-01-19", "2026-01-22", 100, 50, 50, 100, true},
        {"spend", "no_ads", "", "", "2026-01-01", "2026-01-20", 20, 0, 20, 0, true},
        {"spend", "", "", "", "2026-02-01", "2026-02-28", 100, 0, 0, 0, false},
        {"impressions", "", "", "", "2026-01-01", "2026-01-31", 100, 0, 0, 0, false}, /* no port has it */
    };
    enum { N = sizeof cases / sizeof *cases };
    struct mesh_target targets[N];
    struct pacing p;
    int32_t today;
    assert_true(clock_parse_date(STR("2026-01-21"), &today));
    for (size_t i = 0; i < N; i++)
        targets[i] = target(cases[i].metric, cases[i].platform, cases[i].campaign, cases[i].currency, cases[i].from, cases[i].to,
                            cases[i].amount);
    w.mesh->targets = targets;
    w.mesh->n_targets = N;
    assert_true(catalog_pacing(g, NULL, w.mesh, today, &w.arena, &p, &w.err));
    w.mesh->n_targets = 0;
    assert_int_equal(p.problem.n, 0);
    assert_int_equal(p.n, N);
    assert_string_equal(p.port->ref.p, "acquisition.campaign_daily");
    for (size_t i = 0; i < N; i++) {
        const struct pace *v = NULL;
        for (size_t k = 0; k < p.n; k++)
            if (p.v[k].target == &targets[i])
                v = &p.v[k];
        assert_non_null(v);
        if (v->known != cases[i].known || fabs(v->actual - cases[i].actual) > 1e-9 ||
            fabs(v->expected - cases[i].expected) > 1e-9 || fabs(v->projected - cases[i].projected) > 1e-9)
            fail_msg("case %zu: known %d actual %g expected %g projected %g", i, v->known, v->actual, v->expected, v->projected);
    }
    assert_true(p.v[0].target->day_to >= today); /* what runs today stands first */
    assert_true(p.v[p.n - 1].target->day_from > today);
}

static struct naming check(struct mesh_naming_rule *rules, size_t n, size_t limit)
{
    struct naming out;
    w.mesh->naming = rules;
    w.mesh->n_naming = n;
    assert_true(catalog_naming(g, NULL, w.mesh, limit, &w.arena, &out, &w.err));
    w.mesh->n_naming = 0;
    return out;
}

static void test_naming_pattern_and_parts(void **state)
{
    (void)state;
    struct str countries[] = {STR("DE"), STR("AT")}, platforms[] = {STR("google_ads")};
    struct mesh_naming_part part = {.name = STR("country"), .allowed = countries, .n_allowed = 2};
    struct mesh_naming_rule r = {.name = STR("pattern"),
                                 .subject = STR("campaign_name"),
                                 .pattern = STR("^(?P<country>[A-Z]{2})_(?:[a-z(]+)_(?P<year>20[0-9]{2})$"),
                                 .message = STR("Country, theme, year"),
                                 .example = STR("DE_spring_2026"),
                                 .parts = &part,
                                 .n_parts = 1};
    struct naming n = check(&r, 1, 50);
    assert_int_equal(n.problem.n, 0);
    assert_int_equal(n.total, 2);
    /* the dearest first: us_SPRING 30 EUR, FR 30 EUR: same spend, then by platform */
    assert_string_equal(n.v[0].subject_id.p, "FR_spring_2026");
    assert_true(n.v[0].spend_known && n.v[0].spend == 30);
    assert_string_equal(n.v[0].problem.p, "\"FR_spring_2026\": country is \"FR\", which is none of DE, AT");
    assert_string_equal(n.v[1].subject_id.p, "us_SPRING");
    assert_string_equal(n.v[1].problem.p, "\"us_SPRING\": Country, theme, year, as in DE_spring_2026");
    r.platforms = platforms;
    r.n_platforms = 1;
    assert_int_equal(check(&r, 1, 50).total, 1);
    r.n_parts = 0;
    assert_int_equal(check(&r, 1, 50).total, 0);
}

static void test_naming_utm(void **state)
{
    (void)state;
    struct str allowed[] = {STR("google"), STR("it's")};
    struct mesh_naming_rule rules[] = {
        {.name = STR("lower"), .subject = STR("utm_source"), .lower_case = true, .allowed = allowed, .n_allowed = 2}};
    struct naming n = check(rules, 1, 50);
    assert_int_equal(n.problem.n, 0);
    assert_int_equal(n.total, 3);
    for (size_t i = 0; i < n.n; i++) {
        const struct mistag *v = &n.v[i];
        if (str_eq(v->subject_id, STR("DE_spring_2026")))
            assert_string_equal(v->problem.p, "\"Google\": not in lower case");
        else if (str_eq(v->subject_id, STR("us_SPRING")))
            assert_string_equal(v->problem.p, "the landing page's address has no utm_source");
        else
            assert_string_equal(v->subject_id.p, "odd"); /* an escape that no decoder takes is judged as it stands */
    }
    assert_false(n.v[2].spend_known);
    n = check(rules, 1, 1);
    assert_int_equal(n.n, 1);
    assert_int_equal(n.total, 3); /* what is cut is still counted */
}

/* A pattern that no engine holds is a sentence, not a failure. */
static void test_naming_problem(void **state)
{
    (void)state;
    struct mesh_naming_rule r = {.name = STR("bad"), .subject = STR("campaign_name"), .pattern = STR("(")};
    struct naming n = check(&r, 1, 50);
    assert_true(n.problem.n > 0);
    assert_int_equal(n.n, 0);
}

/* What the program asks for its pages is nobody's use of a product. */
static void test_own_questions_are_no_use(void **state)
{
    (void)state;
    struct mesh_goal x = goal("sum(clicks)");
    struct store_use *uses;
    size_t n;
    ask(&x);
    struct audit_entry *log;
    const struct audit_ask all = {.kind = -1, .limit = 1, .programs = true};
    assert_true(audit_find(govern_audit(g), &w.arena, &all, &log, &n, &w.err));
    assert_string_equal(log[0].principal.p, "trellis"); /* it is in the log all the same */
    assert_true(store_uses(w.state->audit, &w.arena, 0, &uses, &n, &w.err));
    assert_int_equal(n, 0);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goal_window_and_weeks),
        cmocka_unit_test(test_goal_progress),
        cmocka_unit_test(test_goal_problems),
        cmocka_unit_test(test_goal_value),
        cmocka_unit_test(test_pacing),
        cmocka_unit_test(test_naming_pattern_and_parts),
        cmocka_unit_test(test_naming_utm),
        cmocka_unit_test(test_naming_problem),
        cmocka_unit_test(test_own_questions_are_no_use),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
