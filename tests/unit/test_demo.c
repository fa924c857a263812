/* The demo's world: the same seed gives the same world, levels add up where they should, exports hold what they tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "cli/demo/landed.h"
#include "cli/demo/world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_world),
        cmocka_unit_test(levels_add_up),
        cmocka_unit_test(restated_days_differ_and_only_they),
        cmocka_unit_test(tables_hold_the_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
