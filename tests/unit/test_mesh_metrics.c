/* Models, metrics, conversions and annotations as they are loaded: what the files say, what holds where they are silent, versions of definitions, and
 * the conversions that port SQL gets. Mistakes are cases of test_mesh_declarations.c, who sees what those of test_mesh_seen.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/functions.h"
#include "mesh/mesh.h"

static struct engine *engine;
static struct engine_conn *parser;
static char dir[] = "/tmp/trellis-metrics-XXXXXX";

#define assert_str(s, z) assert_true(str_eq((s), str_of(z)))

static struct mesh *load(void)
{
    struct errs es = {0};
    struct mesh_load_options o = {.parser = parser};
    struct mesh *m = mesh_load(dir, &o, &es);
    for (size_t i = 0; i < es.n && !m; i++)
        print_error("%s:%u:%u: %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    assert_non_null(m);
    return m;
}

static const char *inside(struct arena *a, const char *path)
{
    return arena_strz(a, arena_printf(a, "%s/%s", dir, path));
}

static void put(const char *path, const char *text)
{
    struct err e = {0};
    struct arena a;
    arena_init(&a);
    const char *file = inside(&a, path);
    assert_true(fs_mkdirs(arena_strz(&a, fs_dirname(str_of(file))), 0755, &e));
    assert_true(fs_write_atomic(file, str_of(text), 0644, &e));
    arena_fini(&a);
}

/* A mesh of its own for each test. */
static int fresh(void **state)
{
    (void)state;
    char command[256];
    strcpy(dir + sizeof dir - sizeof "XXXXXX", "XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(command, sizeof command, "cp -r tests/declarations/base/. %s", dir);
    return system(command);
}

static int gone(void **state)
{
    (void)state;
    struct err e = {0};
    return fs_remove_tree(dir, &e) ? 0 : -1;
}

static void models_say_how_a_port_is_read(void **state)
{
    (void)state;
    struct mesh *m = load();
    const struct mesh_model *x = mesh_find_model(m, STR("ad_spend")), *v = mesh_find_model(m, STR("visits"));
    assert_int_equal(m->n_models, 3);
    assert_ptr_equal(m->models[0], x);
    assert_ptr_equal(x->port, mesh_find_port(m, STR("acquisition.daily")));
    assert_ptr_equal(x->domain->models[0], x);
    assert_str(x->time, "date_day");
    assert_true(x->time_is_date && !v->time_is_date);
    assert_int_equal(x->entities[0].type, ENTITY_FOREIGN);
    assert_str(x->entities[0].expr, "account_id");
    assert_str(x->dimensions[0].synonyms.v[0], "ad account");
    assert_ptr_equal(x->dimensions[0].column, mesh_port_column(x->port, STR("account_id")));
    assert_true(x->dimensions[1].time && !x->dimensions[0].time);
    assert_str(x->dimensions[1].expr, "date_day");
    assert_null(x->dimensions[2].column);
    assert_str(x->facts[0].expr, "spend");
    assert_int_equal(x->facts[1].agg, AGG_COUNT);
    assert_int_equal(x->facts[1].expr.n, 0);
    assert_true(x->facts[2].percentile == 0.9);
    assert_str(x->facts[3].last_over, "date_day");
    assert_false(x->facts[3].first);
    assert_str(x->facts[3].window_groupings.v[0], "account_id");
    assert_str(x->facts[3].non_additive.v[0], "account_id");
    assert_null(mesh_find_model(m, STR("none")));
    mesh_free(m);
}

static const struct mesh_metric *metric(const struct mesh *m, const char *name)
{
    const struct mesh_metric *x = mesh_find_metric(m, str_of(name), NULL);
    if (!x)
        fail_msg("there is no metric %s", name);
    return x;
}

static void metrics_say_what_a_number_means(void **state)
{
    (void)state;
    struct mesh *m = load();
    const struct mesh_metric *spend = metric(m, "spend"), *per = metric(m, "spend_per_row"), *change = metric(m, "acquisition.spend_change"), *sum = metric(m, "spend_28");
    const struct mesh_metric *known = metric(m, "known_after_visit"), *visits = metric(m, "visits");
    assert_int_equal(m->n_metrics, 7);
    assert_str(spend->ref, "acquisition.spend");
    assert_str(spend->owner.name, "Ana Ruiz");
    assert_int_equal(spend->unit, UNIT_CURRENCY); /* the measure's */
    assert_true(spend->fill && spend->fill_with == 0 && spend->watch && spend->better == 1);
    assert_str(spend->fact->name, "spend");
    assert_int_equal(per->type, METRIC_RATIO);
    assert_int_equal(per->unit, UNIT_CURRENCY); /* money for each row */
    assert_int_equal(per->better, -1);
    assert_ptr_equal(per->parts[0].metric, spend);
    assert_str(per->parts[1].filter, "account_id <> 'test'");
    assert_int_equal(change->unit, UNIT_PERCENT);
    assert_str(change->parts[1].as, "before");
    assert_int_equal(change->parts[1].offset_n, 1);
    assert_str(change->parts[1].offset_unit, "month");
    assert_int_equal(sum->window_n, 28);
    assert_str(sum->window_unit, "day");
    assert_str(sum->period, "last");
    assert_int_equal(sum->unit, UNIT_CURRENCY);
    assert_int_equal(known->unit, UNIT_PERCENT);
    assert_str(known->to_model->name, "people");
    assert_int_equal(known->n_models, 2);
    assert_int_equal(visits->n_models, 2); /* its filter goes to people */
    assert_int_equal(per->n_models, 1);
    for (size_t i = 0; i < m->n_metrics; i++) {
        assert_int_equal(strlen(m->metrics[i]->sha.z), 64);
        assert_false(m->metrics[i]->ambiguous);
    }
    assert_string_equal(mesh_unit_text(UNIT_HOURS), "hours");
    assert_string_equal(mesh_metric_type_text(METRIC_CUMULATIVE), "cumulative");
    assert_string_equal(mesh_agg_text(AGG_SUM_BOOLEAN), "sum_boolean");
    mesh_free(m);
}

static void one_name_of_two_domains_is_asked_with_its_domain(void **state)
{
    (void)state;
    bool several = false;
    put("domains/web/dashboards/numbers.yaml", "name: numbers\npanels: [{title: Rows, metrics: [rows]}]\n");
    put("domains/brand/metrics/spend.yaml", "name: spend\ndescription: Of brand.\ntype: simple\nmeasure: ad_spend.spend\n");
    struct mesh *m = load();
    assert_null(mesh_find_metric(m, STR("spend"), &several));
    assert_true(several);
    assert_true(metric(m, "brand.spend")->ambiguous && metric(m, "acquisition.spend")->ambiguous);
    assert_ptr_equal(metric(m, "spend_per_row")->parts[0].metric, metric(m, "acquisition.spend")); /* the own domain's */
    assert_null(mesh_find_metric(m, STR("web.spend"), &several));
    assert_false(several);
    mesh_free(m);
}

static bool same(const struct sha_hex *was, const struct mesh_metric *m)
{
    return memcmp(was->z, m->sha.z, sizeof was->z) == 0;
}

/* The version is of what is said, not of how it is written, and of everything that it is made of. */
static void versions_are_of_definitions(void **state)
{
    (void)state;
    static const struct { const char *path, *text; bool same_spend, same_per, same_rows; } edits[] = {
        {"domains/acquisition/metrics/rows.yaml", "# counted\ntype: simple\nname:   rows\nmeasure: 'ad_spend.rows'\ndescription: \"Rows of accounts and days.\"\n", true, true, true},
        {"domains/acquisition/metrics/rows.yaml", "name: rows\ndescription: All rows.\ntype: simple\nmeasure: ad_spend.rows\n", true, false, false},
        {"domains/acquisition/models/ad_spend.yaml",
         "name: ad_spend\nport: acquisition.daily\ndimensions: [{name: account_id}, {name: size, expr: \"'large'\"}]\nmeasures: [{name: spend, agg: max, unit: currency}, {name: rows, agg: count}]\n", false, false, false},
    };
    struct sha_hex spend, per, rows;
    struct mesh *m = load();
    spend = metric(m, "spend")->sha;
    per = metric(m, "spend_per_row")->sha;
    rows = metric(m, "rows")->sha;
    mesh_free(m);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        put(edits[i].path, edits[i].text);
        m = load();
        assert_int_equal(same(&spend, metric(m, "spend")), edits[i].same_spend);
        assert_int_equal(same(&per, metric(m, "spend_per_row")), edits[i].same_per);
        assert_int_equal(same(&rows, metric(m, "rows")), edits[i].same_rows);
        mesh_free(m);
    }
}

static void attribution_as_declared_and_by_default(void **state)
{
    (void)state;
    struct mesh *m = load();
    const struct mesh_attribution *t = &m->attribution;
    assert_str(t->default_model, "linear");
    assert_true(t->u[1] == 0.4 && t->w[3] == 0.25 && t->level == 0.9 && t->shapley_rate && t->consent_keep);
    assert_int_equal(t->half_life_s, 3 * 86400);
    assert_int_equal(t->markov_order, 2);
    assert_int_equal(t->shapley_seed, 7);
    assert_int_equal(t->samples, 50);
    assert_int_equal(t->direct.n, 2);
    assert_str(t->consent_purpose, "advertising");
    assert_str(t->incremental[0].source, "Geo test");
    assert_true(t->incremental[0].high == 0.74);
    assert_int_equal(t->n_conversions, 1);
    assert_str(t->conversions[0].name, "purchase");
    assert_str(t->conversions[0].value, "net_revenue_reporting");
    mesh_free(m);
    gone(NULL);
    fresh(NULL);
    put("governance/attribution.yaml", "{}\n");
    m = load();
    t = &m->attribution;
    assert_str(t->default_model, "last_non_direct");
    assert_true(t->u[0] == 0.4 && t->w[0] == 0.3 && t->level == 0.95 && !t->shapley_rate && !t->consent_keep);
    assert_int_equal(t->half_life_s, 7 * 86400);
    assert_int_equal(t->paid.n, 8);
    assert_int_equal(t->n_incremental, 0);
    mesh_free(m);
}

static void annotations_by_day(void **state)
{
    (void)state;
    struct mesh *m = load();
    int32_t day = 0;
    assert_true(clock_parse_date(STR("2026-08-01"), &day));
    assert_int_equal(m->n_annotations, 2);
    assert_int_equal(m->annotations[0].day, day);
    assert_int_equal(m->annotations[0].until, day);
    assert_null(m->annotations[0].domain);
    assert_str(m->annotations[1].domain->name, "web");
    assert_int_equal(m->annotations[1].until - m->annotations[1].day, 13);
    mesh_free(m);
}

static void panels_and_goals_of_metrics(void **state)
{
    (void)state;
    put("domains/web/goals.yaml", "goals:\n  - {name: spent, question: What is spent?, number: {metric: spend_per_row, where: \"size = 'large'\", window_days: 7}}\n");
    struct mesh *m = load();
    const struct mesh_dashboard *d = m->dashboards[0];
    for (size_t i = 0; i < m->n_dashboards; i++)
        d = str_eq(m->dashboards[i]->name, STR("numbers")) ? m->dashboards[i] : d;
    assert_int_equal(d->refresh_s, 3600);
    assert_int_equal(d->panels[0].kind, PANEL_METRICS);
    assert_ptr_equal(d->panels[0].metrics[1], metric(m, "rows"));
    assert_str(d->panels[0].by.v[0], "account_id");
    assert_int_equal(d->panels[0].days, 90);
    assert_int_equal(d->panels[1].kind, PANEL_ATTRIBUTION);
    assert_str(d->panels[1].models.v[1], "markov");
    assert_str(d->panels[1].chart, "bar");
    assert_str(d->panels[2].steps.v[1], "conversion:purchase");
    assert_str(d->panels[2].window, "7d");
    assert_str(d->panels[3].again, "purchase");
    assert_str(d->panels[3].counting, "n_day");
    assert_int_equal(d->panels[4].kind, PANEL_SQL);
    assert_str(d->panels[4].x, "date_day");
    assert_int_equal(d->panels[4].n_reads, 1);
    assert_ptr_equal(d->panels[4].reads[0], mesh_find_port(m, STR("acquisition.daily")));
    for (size_t i = 0; i < m->n_goals; i++)
        if (str_eq(m->goals[i].name, STR("spent"))) {
            assert_ptr_equal(m->goals[i].number.metric, metric(m, "spend_per_row"));
            assert_null(m->goals[i].number.port);
            assert_str(m->goals[i].number.unit, "currency");
            assert_true(m->goals[i].number.lower_is_better);
            assert_int_equal(m->goals[i].number.window_days, 7);
        }
    mesh_free(m);
}

/* ---- conversions in port SQL ---- */

static void orders(const char *sql)
{
    put("domains/shared/domain.yaml", "name: shared\nowner: {name: Ana Ruiz, contact: ana@example.org}\n");
    put("domains/shared/products/sold/product.yaml", "apiVersion: v1.0.0\nkind: DataProduct\nid: shared.sold\nname: sold\nversion: 1.0.0\nstatus: active\ndomain: shared\noutputPorts:\n"
                                                     "  - {name: customer_order, version: 1.0.0, contractId: shared.sold.customer_order}\n  - {name: conversion, version: 1.0.0, contractId: shared.sold.conversion}\n");
    put("domains/shared/products/sold/customer_order.odcs.yaml", "apiVersion: v3.1.0\nkind: DataContract\nid: shared.sold.customer_order\nversion: 1.0.0\nstatus: active\nschema:\n  - name: customer_order\n    properties:\n"
                                                                 "      - {name: k, logicalType: integer, classification: internal}\n      - {name: status, logicalType: string, classification: internal}\n      - {name: net, logicalType: number, classification: internal}\n");
    put("domains/shared/products/sold/customer_order.sql", "SELECT * FROM (VALUES (1, 'paid', 1.5), (2, 'open', 2.5), (3, 'paid', 0.25), (4, 'it''s', 8.0)) AS t(k, status, net)\n");
    put("domains/shared/products/sold/conversion.odcs.yaml", "apiVersion: v3.1.0\nkind: DataContract\nid: shared.sold.conversion\nversion: 1.0.0\nstatus: active\nschema:\n  - name: conversion\n    properties:\n"
                                                             "      - {name: conversion, logicalType: string}\n      - {name: value_reporting, logicalType: number, physicalType: \"DECIMAL(18,6)\"}\n      - {name: k, logicalType: integer}\n");
    put("domains/shared/products/sold/conversion.sql", sql);
    put("domains/web/dashboards/numbers.yaml", "name: numbers\npanels: [{title: Rows, metrics: [rows]}]\n");
    put("governance/attribution.yaml", "conversions:\n  - {name: sale, from: orders, where: \"status = 'paid' -- of money\", value: net * 2, lookback: 10d, touches: {view: 1d}}\n"
                                       "  - {name: quote, title: It's, from: orders, where: \"status = 'it''s' OR k = 2\"}\n");
}

static struct str asked(const struct mesh *m, const char *sql, struct arena *a)
{
    struct err e = {0};
    struct buf all = BUF_INIT((size_t)1 << 20);
    struct str out = STR("");
    bool null;
    buf_addz(&all, "ATTACH ':memory:' AS told; CREATE SCHEMA told.shared;");
    mesh_functions_create(m, STR("told"), &all);
    const struct mesh_port *p = mesh_find_port(m, STR("shared.customer_order"));
    if (p)
        buf_printf(&all, "CREATE VIEW told.shared.customer_order AS %.*s;", STR_FMT(p->sql));
    if (!engine_exec(parser, buf_str(&all), &e))
        fail_msg("%s", e.text);
    buf_reset(&all);
    assert_true(engine_exec(parser, STR("USE told"), &e));
    buf_printf(&all, "SELECT string_agg(line, '|') FROM (%s) AS t(line)", sql);
    if (!engine_value(parser, buf_str(&all), NULL, 0, a, &out, &null, &e))
        fail_msg("%s: %s", sql, e.text);
    assert_true(engine_exec(parser, STR("USE memory; DETACH told"), &e));
    buf_fini(&all);
    return null ? STR("nothing") : out;
}

static void conversions_are_written_into_port_sql(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    orders("-- mesh_conversion_rows('orders', x) in a comment stays\nWITH x AS (SELECT * FROM shared.customer_order)\nSELECT conversion, value_reporting, k, 'mesh_conversion_rows' AS word\nFROM  Mesh_Conversion_Rows ( 'orders',\n x ) AS c\n"
           "UNION ALL SELECT conversion, value_reporting, k, 'e' FROM mesh_conversion_rows('events', shared.customer_order)\n");
    struct mesh *m = load();
    const struct mesh_port *p = mesh_find_port(m, STR("shared.conversion"));
    assert_int_equal(p->n_inputs, 1);
    assert_ptr_equal(p->inputs[0].port, mesh_find_port(m, STR("shared.customer_order")));
    struct str rows = asked(m, arena_printf(&a, "SELECT concat_ws(' ', conversion, value_reporting, k, word) FROM (%.*s) ORDER BY conversion, k", STR_FMT(p->sql)).p, &a);
    assert_str(rows, "quote 2 mesh_conversion_rows|quote 4 mesh_conversion_rows|sale 3.000000 1 mesh_conversion_rows|sale 0.500000 3 mesh_conversion_rows");
    struct sha_hex before = p->sql_sha;
    mesh_free(m);
    put("governance/attribution.yaml", "conversions:\n  - {name: sale, from: orders, where: \"status = 'open'\", value: net}\n");
    m = load();
    assert_string_not_equal(before.z, mesh_find_port(m, STR("shared.conversion"))->sql_sha.z); /* what it says is part of the port */
    mesh_free(m);
    arena_fini(&a);
}

static void conversions_are_told_to_port_sql(void **state)
{
    (void)state;
    static const struct { const char *sql, *rows; } questions[] = {
        {"SELECT concat_ws(' ', conversion, title, source, by_account, has_value, lookback_s) FROM mesh_conversions() ORDER BY 1", "quote It's orders false false 2592000|sale sale orders false true 864000"},
        {"SELECT concat_ws(' ', conversion, kind, lookback_s) FROM mesh_touch_windows()", "sale view 86400"},
        {"SELECT channel FROM mesh_direct_channels()", "direct"},
        {"SELECT count(*) FROM mesh_paid_channels()", "8"},
        {"SELECT channel FROM mesh_incremental()", "nothing"},
        {"SELECT concat_ws(' ', mesh_attribution('default_model'), mesh_attribution('u_middle'), mesh_attribution('half_life_s'), mesh_attribution('consent_touches'), coalesce(mesh_attribution('none'), '-'))",
         "last_non_direct 0.2 604800 exclude -"},
    };
    struct arena a;
    arena_init(&a);
    orders("SELECT conversion, value_reporting, k FROM mesh_conversion_rows('orders', shared.customer_order)\n");
    struct mesh *m = load();
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct str got = asked(m, questions[i].sql, &a);
        if (!str_eq(got, str_of(questions[i].rows)))
            fail_msg("%s gives %.*s", questions[i].sql, STR_FMT(got));
    }
    mesh_free(m);
    gone(NULL);
    fresh(NULL);
    m = load();
    assert_str(asked(m, "SELECT concat_ws(' ', channel, share, low, high, source, as_of) FROM mesh_incremental()", &a), "paid_search 0.62 0.5 0.74 Geo test 2026-06-01");
    assert_str(asked(m, "SELECT concat_ws(' ', mesh_attribution('w_rest'), mesh_attribution('consent_touches'), mesh_attribution('markov_order'))", &a), "0.25 keep 2");
    mesh_free(m);
    arena_fini(&a);
}

/* What was found good before is not bound again, and means the same. */
static void the_cache_changes_nothing(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct mesh_load_options o = {.parser = parser, .cache_path = inside(&a, "cache")};
    struct errs es = {0};
    struct mesh *m[] = {load(), mesh_load(dir, &o, &es), mesh_load(dir, &o, &es)};
    assert_int_equal(es.n, 0);
    for (size_t k = 1; k < 3; k++) {
        assert_int_equal(m[k]->n_metrics, m[0]->n_metrics);
        for (size_t i = 0; i < m[0]->n_metrics; i++) {
            assert_string_equal(m[k]->metrics[i]->sha.z, m[0]->metrics[i]->sha.z);
            assert_int_equal(m[k]->metrics[i]->n_models, m[0]->metrics[i]->n_models);
        }
    }
    for (size_t k = 0; k < 3; k++)
        mesh_free(m[k]);
    put("domains/acquisition/metrics/spend.yaml", "name: spend\ndescription: S.\ntype: simple\nmeasure: ad_spend.spend\nfilter: account_id + 1\n");
    assert_null(mesh_load(dir, &o, &es));
    size_t n = es.n;
    assert_true(n > 0);
    assert_null(mesh_load(dir, &o, &es)); /* what is wrong is told each time */
    assert_int_equal(es.n, 2 * n);
    errs_fini(&es);
    arena_fini(&a);
}

/* Hostile files: many metrics of many parts, each of which leads to all below. */
static void many_parts_take_no_time(void **state)
{
    (void)state;
    enum { LEVELS = 40 };
    char path[128], text[1024];
    for (int i = 0; i < LEVELS; i++) {
        snprintf(path, sizeof path, "domains/brand/metrics/deep_%d.yaml", i);
        if (i == 0)
            snprintf(text, sizeof text, "name: deep_0\ndescription: D.\ntype: simple\nmeasure: ad_spend.rows\n");
        else
            snprintf(text, sizeof text, "name: deep_%d\ndescription: D.\ntype: derived\nexpr: a + b + c + d\nmetrics: [{metric: deep_%d, as: a}, {metric: deep_%d, as: b}, {metric: deep_%d, as: c}, {metric: deep_%d, as: d}]\n", i,
                     i - 1, i - 1, i - 1, i - 1);
        put(path, text);
    }
    struct mesh *m = load();
    assert_int_equal(metric(m, "deep_39")->n_models, 1);
    mesh_free(m);
}

static int open_engine(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine_options o = {.threads = 1};
    /* What the functions of consent read. */
    return engine_open(&o, &engine, &e) && engine_connect(engine, &parser, &e) &&
           engine_exec(parser, STR("ATTACH ':memory:' AS mesh; CREATE SCHEMA mesh.govern; CREATE TABLE mesh.govern.consent_said(statement_id VARCHAR, seq BIGINT, kind VARCHAR, value VARCHAR, "
                                   "purpose VARCHAR, status VARCHAR, source VARCHAR, proof VARCHAR, occurred_at TIMESTAMP, recorded_at TIMESTAMP)"), &e) ? 0 : -1;
}

static int close_engine(void **state)
{
    (void)state;
    engine_disconnect(parser);
    engine_close(engine);
    return 0;
}

#define in_own_mesh(test) cmocka_unit_test_setup_teardown(test, fresh, gone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_own_mesh(models_say_how_a_port_is_read), in_own_mesh(metrics_say_what_a_number_means), in_own_mesh(one_name_of_two_domains_is_asked_with_its_domain),
        in_own_mesh(versions_are_of_definitions), in_own_mesh(attribution_as_declared_and_by_default), in_own_mesh(annotations_by_day), in_own_mesh(panels_and_goals_of_metrics),
        in_own_mesh(conversions_are_written_into_port_sql), in_own_mesh(conversions_are_told_to_port_sql), in_own_mesh(the_cache_changes_nothing), in_own_mesh(many_parts_take_no_time),
    };
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
