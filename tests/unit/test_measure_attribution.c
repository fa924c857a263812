/* Journeys and credit without a gate: which touches have a part in which conversion, by hand; and of generated journeys, that every model has the same sums on
 * every level, that rule credits of some customers and of the others add up to those of all, and that the order of rows does not show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "measure/attribution_int.h"

enum { DAY = 86400, ROOM = 4096 };
#define US INT64_C(1000000)

static struct str direct_words[] = {{"direct", 6}};
static struct mesh mesh; /* as governance/attribution.yaml has it where it is absent */

static void mesh_make(void)
{
    mesh = (struct mesh){.time_zone = STR("UTC"), .engine_threads = 1};
    mesh.attribution = (struct mesh_attribution){.u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1}, .half_life_s = 7 * DAY, .markov_order = 1, .shapley_seed = 1, .bootstrap_seed = 1, .level = 0.95, .samples = 20,
                                                 .direct = {direct_words, 1}};
}

/* ---- a journey book made by hand: as journeys_read leaves it ---- */

struct book { struct journeys j; };

static void book_open(struct book *b, size_t customers, enum journey_level level)
{
    struct journeys *j = &b->j;
    *j = (struct journeys){.level = level, .n_customers = customers, .lookback_us = 30 * DAY * US, .longest_us = 30 * DAY * US, .has_value = true};
    arena_init(&j->a);
    j->touches = mem_alloc(ROOM * sizeof *j->touches);
    j->ends = mem_alloc(ROOM * sizeof *j->ends);
    j->first_touch = mem_alloc((customers + 1) * sizeof *j->first_touch);
    j->first_end = mem_alloc((customers + 1) * sizeof *j->first_end);
    j->hash = mem_alloc((customers + 1) * sizeof *j->hash);
    for (size_t k = 0; k < customers; k++)
        j->hash[k] = (k + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 1;
    j->window_us = mem_alloc(2 * sizeof *j->window_us);
    j->window_us[0] = 30 * DAY * US;
    j->window_us[1] = 14 * DAY * US;
    j->n_kinds = 2;
}

/* Channels a, b, c … ; below each two sources, below each of those two campaigns: nodes of a parent stand together. */
static void book_tree(struct book *b, size_t channels)
{
    struct journeys *j = &b->j;
    size_t n = channels;
    for (int l = 0; l <= (int)j->level; l++, n *= 2) {
        j->nodes[l] = mem_alloc(n * sizeof *j->nodes[l]);
        j->n_nodes[l] = n;
        for (size_t i = 0; i < n; i++) {
            struct str name = l ? arena_printf(&j->a, "%d.%zu", l, i) : arena_printf(&j->a, "%c", (char)('a' + i));
            j->nodes[l][i] = (struct journey_node){.parent = l ? (uint32_t)(i / 2) : 0, .key = name, .title = name};
        }
    }
}

/* Of customer k, who come in order: touches and ends by time. */
static void touch(struct book *b, size_t k, int64_t day, uint32_t leaf, uint8_t kind)
{
    b->j.touches[b->j.n_touches++] = (struct journey_touch){.at_us = day * DAY * US, .leaf = leaf, .kind = kind};
    b->j.first_touch[k + 1] = b->j.n_touches;
}

static void end(struct book *b, size_t k, int64_t day, int64_t value, bool counted)
{
    b->j.ends[b->j.n_ends++] = (struct journey_end){.at_us = day * DAY * US, .value = value, .milestone_us = INT64_MIN, .customer = (uint32_t)k, .counted = counted};
    b->j.first_end[k + 1] = b->j.n_ends;
}

static void customer_done(struct book *b, size_t k)
{
    b->j.first_touch[k + 1] = b->j.n_touches;
    b->j.first_end[k + 1] = b->j.n_ends;
}

static void expect_touched(struct journeys *j, size_t end, const char *wanted)
{
    struct journey_touched t = {0};
    struct err e = {0};
    char got[64];
    assert_true(journeys_touched(j, end, &t, &e));
    for (size_t i = 0; i < t.n; i++)
        got[i] = (char)('0' + t.v[i]);
    got[t.n] = 0;
    assert_string_equal(got, wanted);
    mem_free(t.v);
}

/* ---- which touches ---- */

static void test_windows(void **state)
{
    (void)state;
    struct book b;
    book_open(&b, 2, JOURNEY_CHANNEL);
    book_tree(&b, 3);
    touch(&b, 0, 0, 0, 0);  /* 0: just 30 days before the first: within */
    touch(&b, 0, 15, 1, 1); /* 1: kind of 14 days, 15 before: too old */
    touch(&b, 0, 16, 1, 1); /* 2: 14 before: within */
    touch(&b, 0, 30, 2, 0); /* 3: at the same moment: within */
    touch(&b, 0, 31, 0, 0); /* 4: after the first */
    end(&b, 0, 30, 10 * US, true);
    end(&b, 0, 46, 5 * US, true); /* 0 is 46 days old, 2 is 30 of its 14 */
    customer_done(&b, 0);
    touch(&b, 1, 10, 0, 0); /* 5: of somebody else */
    customer_done(&b, 1);
    expect_touched(&b.j, 0, "023");
    expect_touched(&b.j, 1, "34");
    b.j.once = true; /* what the first took is not the second's */
    expect_touched(&b.j, 0, "023");
    expect_touched(&b.j, 1, "4");
    journeys_fini(&b.j);
}

static void expect_paths(const struct journeys *j, const char *wanted)
{
    struct journey_paths p;
    struct err e = {0};
    char got[256] = "";
    size_t at = 0;
    assert_true(journeys_cut(j, &p, &e));
    for (size_t i = 0, from = 0; i < p.set.n; from = p.ends[i++]) {
        for (size_t s = from; s < p.ends[i]; s++)
            got[at++] = (char)('a' + p.steps[s]);
        got[at++] = p.conversions[i] ? '!' : '?';
        got[at++] = ' ';
        assert_int_equal(p.conversions[i] + p.nulls[i], 1);
    }
    got[at] = 0;
    assert_string_equal(got, wanted);
    journey_paths_fini(&p);
}

static void test_cut(void **state)
{
    (void)state;
    struct book b;
    book_open(&b, 3, JOURNEY_CHANNEL);
    book_tree(&b, 3);
    touch(&b, 0, 0, 0, 0);   /* too old for the first conversion: led nowhere */
    touch(&b, 0, 40, 1, 0);
    touch(&b, 0, 41, 2, 0);
    end(&b, 0, 50, US, true);
    end(&b, 0, 55, US, true); /* nothing between: no path of its own */
    touch(&b, 0, 60, 0, 0);   /* after the last: open */
    customer_done(&b, 0);
    touch(&b, 1, 5, 1, 0);
    end(&b, 1, 6, US, false); /* before the first day: its touches are gone */
    touch(&b, 1, 70, 2, 0);
    customer_done(&b, 1);
    customer_done(&b, 2);
    expect_paths(&b.j, "a? bc! a? c? ");
    b.j.has_from = true;
    b.j.from_us = 30 * DAY * US; /* an open journey that was over by then is none of these days */
    expect_paths(&b.j, "bc! a? c? ");
    journeys_fini(&b.j);
}

/* ---- credit of generated journeys ---- */

static uint64_t seed_state;

static uint64_t dice(uint64_t n)
{
    seed_state = seed_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed_state >> 33) % n;
}

enum { CUSTOMERS = 120, CHANNELS = 5 };

/* which: bit 0 and 1 say which halves of the customers are in it. Each draws from a seed of their own. */
static void generate(struct book *b, unsigned seed, unsigned which)
{
    book_open(b, CUSTOMERS, JOURNEY_CAMPAIGN);
    book_tree(b, CHANNELS);
    for (size_t k = 0; k < CUSTOMERS; k++) {
        int64_t day = 0;
        seed_state = (seed + 1) * UINT64_C(7919) + k;
        size_t n = dice(9);
        bool in = which & (1u << (k % 2));
        for (size_t i = 0; i < n; i++) {
            day += (int64_t)dice(12);
            uint32_t leaf = (uint32_t)dice(CHANNELS * 4);
            uint8_t kind = (uint8_t)dice(2);
            if (in)
                touch(b, k, day, leaf, kind);
            if (dice(3) == 0 && in)
                end(b, k, day + (int64_t)dice(2), (int64_t)dice(100000000) - 20000000, true); /* some are worth less than nothing */
        }
        for (size_t i = b->j.first_end[k]; i + 1 < b->j.n_ends && b->j.n_ends > 0; i++) /* by time, as read ones are */
            for (size_t x = i + 1; x < b->j.n_ends; x++)
                if (b->j.ends[x].at_us < b->j.ends[i].at_us) {
                    struct journey_end swap = b->j.ends[i];
                    b->j.ends[i] = b->j.ends[x];
                    b->j.ends[x] = swap;
                }
        customer_done(b, k);
    }
}

static void credit(struct book *b, enum journey_level level, struct arena *a, struct attribution *out)
{
    const struct metric_asker who = {.mesh = &mesh};
    struct attribution_ask ask = {.n_models = ATTRIBUTION_MODELS};
    struct err e = {0};
    for (int m = 0; m < ATTRIBUTION_MODELS; m++)
        ask.models[m] = m;
    ask.journeys.level = level;
    if (!attribution_of(&who, &ask, &b->j, a, out, &e))
        fail_msg("%s", e.text);
}

/* Credit of one model by what is above: [channel][source][campaign] of the generated tree. */
static void by_channel(const struct attribution *r, int m, int64_t *conversions, int64_t *value)
{
    for (size_t i = 0; i < r->n_rows; i++) {
        size_t c = r->rows[i].none ? CHANNELS : (size_t)(r->rows[i].key[JOURNEY_CHANNEL].p[0] - 'a');
        conversions[c] += r->rows[i].cells[m].conversions;
        value[c] += r->rows[i].cells[m].value;
    }
}

/* The leaves of a book by their channel or source alone. */
static void lift(struct book *b, enum journey_level level)
{
    for (size_t i = 0; i < b->j.n_touches; i++)
        b->j.touches[i].leaf = journeys_up(&b->j, b->j.touches[i].leaf, level);
    b->j.level = level;
}

static void test_sums(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 40; seed++) {
        struct arena a;
        struct book deep, flat;
        struct attribution d, f;
        arena_init(&a);
        generate(&deep, seed, 3);
        generate(&flat, seed, 3);
        lift(&flat, JOURNEY_CHANNEL);
        credit(&deep, JOURNEY_CAMPAIGN, &a, &d);
        credit(&flat, JOURNEY_CHANNEL, &a, &f);
        assert_true(d.conversions > 50 && d.journeys > 30 && d.open > 20);
        assert_int_equal(d.conversions, f.conversions);
        for (int m = 0; m < ATTRIBUTION_MODELS; m++) {
            int64_t c1[CHANNELS + 1] = {0}, v1[CHANNELS + 1] = {0}, c2[CHANNELS + 1] = {0}, v2[CHANNELS + 1] = {0}, sum = 0, value = 0;
            by_channel(&d, m, c1, v1);
            by_channel(&f, m, c2, v2);
            for (size_t c = 0; c <= CHANNELS; c++) {
                if (c1[c] != c2[c] || v1[c] != v2[c])
                    fail_msg("seed %u, %s, channel %zu: %lld %lld by campaign, %lld %lld by channel", seed, attribution_models[m].name, c, (long long)c1[c], (long long)v1[c], (long long)c2[c], (long long)v2[c]);
                sum += c1[c];
                value += v1[c];
            }
            if (sum != d.conversions * ONE || value != d.value)
                fail_msg("seed %u, %s: %lld of %lld millionths", seed, attribution_models[m].name, (long long)sum, (long long)(d.conversions * ONE));
        }
        for (size_t i = 0; i < d.n_rows; i++)
            for (int m = 0; m < ATTRIBUTION_MODELS; m++)
                assert_true(d.rows[i].cells[m].conversions >= 0);
        journeys_fini(&deep.j);
        journeys_fini(&flat.j);
        arena_fini(&a);
    }
}

/* A rule's credit of all is that of one half and of the other. */
static void test_halves(void **state)
{
    (void)state;
    for (unsigned seed = 100; seed < 120; seed++) {
        struct arena a;
        struct book b[3];
        struct attribution r[3];
        arena_init(&a);
        for (unsigned w = 0; w < 3; w++) {
            generate(&b[w], seed, w + 1);
            lift(&b[w], JOURNEY_CHANNEL);
            credit(&b[w], JOURNEY_CHANNEL, &a, &r[w]);
        }
        assert_int_equal(r[0].conversions + r[1].conversions, r[2].conversions);
        assert_int_equal(r[0].open + r[1].open, r[2].open);
        for (int m = 0; m < RULE_MODELS; m++) {
            int64_t c[3][CHANNELS + 1] = {{0}}, v[3][CHANNELS + 1] = {{0}};
            for (unsigned w = 0; w < 3; w++)
                by_channel(&r[w], m, c[w], v[w]);
            for (size_t k = 0; k <= CHANNELS; k++) {
                assert_int_equal(c[0][k] + c[1][k], c[2][k]);
                assert_int_equal(v[0][k] + v[1][k], v[2][k]);
            }
        }
        for (unsigned w = 0; w < 3; w++)
            journeys_fini(&b[w].j);
        arena_fini(&a);
    }
}

/* The one before the milestone, where it lies between. */
static void test_milestone(void **state)
{
    (void)state;
    static const struct { int64_t at; int64_t w[4]; } cases[] = {
        {-1, {400000, 100000, 100000, 400000}},           /* none: as U */
        {1, {300000, 300000, 100000, 300000}},            /* the second touch */
        {2, {300000, 100000, 300000, 300000}},
        {0, {400000, 100000, 100000, 400000}},            /* the first: not between */
        {3, {400000, 100000, 100000, 400000}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct book b;
        struct rule_setting set;
        struct share_room room = {0};
        struct journey_touched t = {0};
        struct err e = {0};
        book_open(&b, 1, JOURNEY_CHANNEL);
        book_tree(&b, 4);
        for (uint32_t d = 0; d < 4; d++)
            touch(&b, 0, d, d, 0);
        end(&b, 0, 5, 3, true);
        customer_done(&b, 0);
        b.j.ends[0].milestone_us = cases[i].at < 0 ? INT64_MIN : cases[i].at * DAY * US + 5;
        rule_setting_make(&mesh, &b.j, &set);
        assert_true(journeys_touched(&b.j, 0, &t, &e) && attribution_share(&b.j, &set, &b.j.ends[0], &t, RULE_POSITION_W, &room, &e));
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(room.conversions[k], cases[i].w[k]);
        assert_int_equal(room.value[0] + room.value[1] + room.value[2] + room.value[3], 3);
        mem_free(set.direct);
        mem_free(room.all);
        mem_free(t.v);
        journeys_fini(&b.j);
    }
}

/* ---- words ---- */

static void test_words(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a = 1", "name = 'it''s )'", "x IN (1, 2) AND (y OR z)", "\"odd ) name\" = 2", "a[1] = 'b'"};
    static const char *const bad[] = {"1=1) OR (1=1", "a = 'x", "(a", "a -- b", "a /* b */", "a; b", "a = $1", "[1", "a)"};
    struct journey_port p;
    struct err e = {0};
    int models[ATTRIBUTION_MODELS];
    size_t n;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!journeys_condition(str_of(good[i]), &e))
            fail_msg("%s: %s", good[i], e.text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (journeys_condition(str_of(bad[i]), &e))
            fail_msg("%s passed", bad[i]);
    assert_true(journey_port_read(STR(" web.visit customer=u  time=t channel=c campaign=k where=a = 1 AND b "), true, &p, &e));
    assert_true(str_eq(p.port, STR("web.visit")) && str_eq(p.customer, STR("u")) && str_eq(p.time, STR("t")) && str_eq(p.level[JOURNEY_CHANNEL], STR("c")) && str_eq(p.level[JOURNEY_CAMPAIGN], STR("k")) &&
                str_eq(p.where, STR("a = 1 AND b")));
    assert_true(journey_port_read(STR("web.order customer=u time=t value=v"), false, &p, &e) && str_eq(p.value, STR("v")));
    assert_false(journey_port_read(STR("web.visit customer=u time=t"), true, &p, &e));
    assert_false(journey_port_read(STR("web.visit"), false, &p, &e));
    assert_false(journey_port_read(STR("web.order custmer=u time=t"), false, &p, &e));
    assert_false(journey_port_read(STR("web.order customer= time=t"), false, &p, &e));
    assert_true(attribution_models_read(STR("all"), models, &n, &e) && n == ATTRIBUTION_MODELS);
    assert_true(attribution_models_read(STR("markov, last,markov"), models, &n, &e) && n == 2 && models[0] == MODEL_MARKOV && models[1] == RULE_LAST);
    assert_false(attribution_models_read(STR("last,lineer"), models, &n, &e));
    assert_non_null(strstr(e.hint, "linear"));
    assert_false(attribution_models_read(STR(""), models, &n, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows), cmocka_unit_test(test_cut), cmocka_unit_test(test_sums), cmocka_unit_test(test_halves), cmocka_unit_test(test_milestone), cmocka_unit_test(test_words)};
    mesh_make();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
