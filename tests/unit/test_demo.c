/* The demo's world: the same seed gives the same world, levels add up where they should, exports hold what they tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "cli/demo/landed.h"
#include "cli/demo/meaning.h"
#include "cli/demo/world.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "mesh/mesh_write.h"

enum { DAYS = 40 };

static int32_t last_day(void)
{
    int32_t day = 0;
    assert_true(clock_parse_date(STR("2026-05-31"), &day));
    return day;
}

static void same_seed_same_world(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w, same, other;
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    demo_world_make(&a, 7, last_day(), DAYS, 0, &same);
    demo_world_make(&a, 8, last_day(), DAYS, 0, &other);
    size_t differing = 0;
    assert_int_equal(w.n_nodes, same.n_nodes);
    for (size_t i = 0; i < w.n_nodes; i++) {
        assert_memory_equal(w.nodes[i]->days, same.nodes[i]->days, DAYS * sizeof(struct demo_facts));
        differing += memcmp(w.nodes[i]->days, other.nodes[i]->days, DAYS * sizeof(struct demo_facts)) != 0;
    }
    assert_true(differing > w.n_nodes / 2);
    arena_fini(&a);
}

static int64_t spend_below(const struct demo_world *w, const struct demo_node *parent, size_t day, size_t *children)
{
    int64_t sum = 0;
    for (size_t i = 0; i < w->n_nodes; i++) {
        if (w->nodes[i]->parent == parent) {
            sum += w->nodes[i]->days[day].spend_micros;
            (*children)++;
        }
    }
    return sum;
}

/* Every parent is the sum of its children, but for the one campaign that has no ads. */
static void levels_add_up(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w;
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    size_t without_ads = 0;
    for (size_t i = 0; i < w.n_nodes; i++) {
        const struct demo_node *n = w.nodes[i];
        for (size_t day = 0; day < DAYS && n->level != LEVEL_AD; day++) {
            size_t children = 0;
            int64_t sum = spend_below(&w, n, day, &children);
            without_ads += children == 0 && n->days[day].spend_micros > 0;
            if (children > 0) {
                assert_int_equal(sum, n->days[day].spend_micros);
            }
        }
    }
    assert_int_equal(without_ads, DAYS); /* Performance Max, every day */
    arena_fini(&a);
}

static void restated_days_differ_and_only_they(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w, later;
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    demo_world_make(&a, 7, last_day(), DAYS, last_day() - 6, &later);
    const struct demo_facts *before = w.nodes[0]->days, *after = later.nodes[0]->days;
    assert_memory_equal(before, after, (DAYS - 7) * sizeof *before);
    for (size_t i = DAYS - 7; i < DAYS; i++) {
        assert_true(after[i].conversions_milli > before[i].conversions_milli);
        assert_true(after[i].spend_micros < before[i].spend_micros);
    }
    arena_fini(&a);
}

static size_t lines_of(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += s.p[i] == '\n';
    }
    return n;
}

/* Splitting a day by device or hour loses nothing: the micros of Google's account table sum to the account's. */
static void tables_hold_the_figures(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w;
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    struct landed_range all = {w.first_day, w.last_day, STR("2026-06-01 05:40:12.000")};
    for (size_t t = 0; t < LANDED_TABLES_N; t++) {
        struct buf b = BUF_INIT(64u << 20);
        landed_write(&LANDED_TABLES[t], &w, &all, &b);
        assert_true(buf_ok(&b, NULL));
        assert_true(lines_of(buf_str(&b)) > 1);
        if (strcmp(LANDED_TABLES[t].file, "google_ads_account_stats_data") == 0) {
            int64_t micros = 0, expected = 0, value;
            struct str rest = buf_str(&b), line;
            (void)str_cut(rest, '\n', &rest);
            while (line = str_cut(rest, '\n', &rest), line.n > 0) {
                for (int field = 0; field < 8; field++) {
                    (void)str_cut(line, ',', &line);
                }
                struct str ignored;
                assert_true(str_to_i64(str_cut(line, ',', &ignored), &value));
                micros += value;
            }
            for (size_t i = 0; i < DAYS; i++) {
                expected += w.nodes[0]->days[i].spend_micros;
            }
            assert_int_equal(micros, expected);
        }
        buf_fini(&b);
    }
    arena_fini(&a);
}

/* ---- What people wrote down ---- */

static void pack_add(struct arena *a, const char *dir, const char *pack, bool with_path)
{
    struct mesh_add_options o = {.domain = STR("acquisition"), .path = with_path ? STR("exports") : STR("")};
    struct mesh_written *files;
    struct err e = {0};
    size_t n;
    if (!mesh_add(a, dir, str_of(pack), &o, &files, &n, &e)) {
        fail_msg("%s: %s", pack, e.text);
    }
}

static void demo_declare(struct arena *a, const char *dir, const struct demo_world *w)
{
    static const char *const PACKS[] = {"google_ads", "meta_ads", "linkedin_ads", "microsoft_ads", "tiktok_ads", "pinterest_ads", "amazon_ads"};
    struct mesh_init_options init = {.name = STR("marlow"), .owner_name = STR("Ana Ruiz"), .owner_contact = STR("ana.ruiz@example.org"), .reporting_currency = STR("EUR")};
    struct mesh_inferred_column columns[] = {
        {.name = STR("order_id"), .logical_type = STR("integer"), .physical_type = STR("BIGINT")}, {.name = STR("ordered_at"), .logical_type = STR("timestamp"), .physical_type = STR("TIMESTAMP")},
        {.name = STR("country"), .logical_type = STR("string"), .physical_type = STR("VARCHAR")}, {.name = STR("revenue"), .logical_type = STR("number"), .physical_type = STR("DECIMAL(18,2)")},
        {.name = STR("currency"), .logical_type = STR("string"), .physical_type = STR("VARCHAR")}, {.name = STR("new_customer"), .logical_type = STR("boolean"), .physical_type = STR("BOOLEAN")},
    };
    struct mesh_add_options orders = {.domain = STR("web"), .name = STR("shop_orders"), .path = STR("exports/shop_orders.csv")};
    struct mesh_written *files;
    struct err e = {0};
    size_t n;
    assert_true(mesh_init(a, dir, &init, &files, &n, &e));
    assert_true(demo_meaning_write(dir, w, &e));
    for (size_t i = 0; i < sizeof PACKS / sizeof *PACKS; i++) {
        pack_add(a, dir, PACKS[i], true);
    }
    pack_add(a, dir, "campaign_performance", false);
    if (!mesh_add_files(a, dir, &orders, columns, sizeof columns / sizeof *columns, &files, &n, &e)) {
        fail_msg("%s", e.text);
    }
    assert_true(demo_sla_write(dir, &e));
}

static struct mesh *demo_load(const char *dir)
{
    struct engine *engine;
    struct engine_conn *parser;
    struct engine_options eo = {.threads = 1};
    struct errs es = {0};
    struct err e = {0};
    assert_true(engine_open(&eo, &engine, &e) && engine_connect(engine, &parser, &e));
    struct mesh_load_options o = {.parser = parser};
    struct mesh *m = mesh_load(dir, &o, &es);
    for (size_t i = 0; i < es.n; i++) {
        print_message("%s:%u:%u: %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    }
    assert_int_equal(es.n, 0);
    errs_fini(&es);
    engine_disconnect(parser);
    engine_close(engine);
    return m;
}

static const struct mesh_term *term_of(const struct mesh *m, const char *domain, const char *name)
{
    for (size_t i = 0; i < m->n_terms; i++) {
        if (m->terms[i].domain && str_eq(m->terms[i].domain->name, str_of(domain)) && str_eq(m->terms[i].name, str_of(name))) {
            return &m->terms[i];
        }
    }
    return NULL;
}

/* Everything that the demo declares passes the check; baselines are what the world really did in the tenth week and the three after it. */
static void meaning_fits_the_world(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    assert_non_null(mkdtemp(dir));
    demo_world_make(&a, 7, last_day(), 365, 0, &w);
    demo_declare(&a, dir, &w);
    struct mesh *m = demo_load(dir);

    double spend = 0, value = 0;
    for (size_t i = 0; i < w.n_nodes; i++) {
        for (size_t day = 70; day < 98 && w.nodes[i]->level == LEVEL_ACCOUNT && strcmp(w.nodes[i]->platform->name, "amazon_ads") != 0; day++) {
            spend += (double)w.nodes[i]->days[day].spend_micros;
            value += (double)w.nodes[i]->days[day].value_micros;
        }
    }
    assert_non_null(m->north_star);
    assert_true(m->north_star->baseline > value / spend - 0.0001 && m->north_star->baseline < value / spend + 0.0001);
    assert_true(m->north_star->baseline_from == w.first_day + 70 && m->north_star->baseline_to == w.first_day + 97);
    assert_int_equal(m->n_goals, 4);
    assert_true(m->n_terms >= 20);
    const struct mesh_term *ads = term_of(m, "acquisition", "conversion"), *shop = term_of(m, "web", "conversion");
    assert_true(ads && shop && !str_eq(ads->owner.name, shop->owner.name));
    assert_int_equal(m->n_dashboards, 2);
    assert_int_equal(m->n_targets, 2 * 7 * 4); /* two measures, seven platforms, four months */
    for (size_t i = 0; i < m->n_targets; i++) {
        assert_true(m->targets[i].amount > 0 && m->targets[i].currency.n == 3);
    }
    size_t promised = 0;
    for (size_t i = 0; i < m->n_sources; i++) {
        promised += m->sources[i]->sla.freshness_s > 0;
    }
    assert_int_equal(promised, 6);
    mesh_free(m);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* In any month that the demo is made in, no two targets overlap and every date is one. */
static void meaning_holds_all_year(void **state)
{
    (void)state;
    static const char *const DAYS_MADE[] = {"2026-01-01", "2026-02-28", "2028-02-29", "2026-12-31", "2027-03-01"};
    struct arena a;
    arena_init(&a);
    struct demo_world w;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof DAYS_MADE / sizeof *DAYS_MADE; i++) {
        int32_t day;
        assert_true(clock_parse_date(str_of(DAYS_MADE[i]), &day));
        demo_world_make(&a, 7, day, 365, 0, &w);
        if (i == 0) {
            demo_declare(&a, dir, &w);
        } else {
            assert_true(demo_meaning_write(dir, &w, &e));
        }
        mesh_free(demo_load(dir));
    }
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_world),
        cmocka_unit_test(levels_add_up),
        cmocka_unit_test(restated_days_differ_and_only_they),
        cmocka_unit_test(tables_hold_the_figures),
        cmocka_unit_test(meaning_fits_the_world),
        cmocka_unit_test(meaning_holds_all_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
