/* Plain words: sentences as people type them, each with the question that it must give, over names as the packs give them. 2026-11-22 is a Sunday. */
#include "measure/understand.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"

#define STRS(...) {(struct str[]){__VA_ARGS__}, sizeof((struct str[]){__VA_ARGS__}) / sizeof(struct str)}
#define S(z) {(z), sizeof(z) - 1}

/* A metric and what it may be asked by, each between blanks. */
static struct { struct mesh_metric m; const char *by; } metrics[] = {
    {{.name = S("spend"), .title = S("Ad spend"), .synonyms = STRS(S("media cost"), S("ad cost"))}, " channel platform campaign ad country "},
    {{.name = S("revenue"), .title = S("Revenue"), .synonyms = STRS(S("sales"), S("turnover")), .better = 1}, " country customer_type "},
    {{.name = S("orders"), .title = S("Orders"), .better = 1}, " country customer_type "},
    {{.name = S("cac"), .title = S("Customer acquisition cost"), .synonyms = STRS(S("acquisition cost"), S("cost per new customer")), .better = -1}, " channel platform campaign "},
    {{.name = S("cpc"), .title = S("Cost per click"), .better = -1}, " channel platform campaign ad "},
    {{.name = S("roas"), .title = S("Return on ad spend"), .better = 1}, " channel platform campaign "},
    {{.name = S("clicks"), .title = S("Clicks"), .better = 1}, " channel platform campaign ad "},
    {{.name = S("new_customers"), .title = S("New customers"), .better = 1}, " channel platform campaign country "},
    {{.name = S("visits"), .title = S("Visits"), .synonyms = STRS(S("sessions")), .better = 1}, " channel platform source device page "},
    {{.name = S("conversion_rate"), .title = S("Conversion rate"), .better = 1}, " channel device "},
    {{.name = S("email_open_rate"), .title = S("Open rate"), .synonyms = STRS(S("open rate")), .better = 1}, " message_campaign "},
    {{.name = S("cost_per_order"), .title = S("Cost per order"), .better = -1}, " channel "},
};
static struct mesh_dimension dimensions[] = {
    {.name = S("channel"), .title = S("Channel")}, {.name = S("platform"), .title = S("Platform"), .synonyms = STRS(S("ad platform"))}, {.name = S("campaign"), .title = S("Campaign")}, {.name = S("ad"), .title = S("Ad")},
    {.name = S("country"), .title = S("Country"), .synonyms = STRS(S("market"))}, {.name = S("customer_type"), .title = S("New or returning")}, {.name = S("source"), .title = S("Source")}, {.name = S("device"), .title = S("Device")},
    {.name = S("page"), .title = S("Page")}, {.name = S("message_campaign"), .title = S("Letter or flow"), .synonyms = STRS(S("newsletter"), S("flow"))}, {.name = S("is_paid"), .title = S("Paid")},
};
static const struct { const char *dimension, *value; } values[] = {
    {"platform", "google_ads"}, {"platform", "facebook_ads"}, {"platform", "tiktok_ads"}, {"platform", "microsoft_ads"}, {"channel", "paid_search"}, {"channel", "paid_social"}, {"channel", "organic_search"}, {"channel", "organic_social"},
    {"channel", "email"}, {"channel", "direct"}, {"country", "DE"}, {"country", "AT"}, {"country", "US"}, {"customer_type", "new"}, {"customer_type", "returning"}, {"source", "newsletter"}, {"source", "google"}, {"device", "mobile"},
    {"device", "desktop"}, {"campaign", "Spring Bulbs | DE"},
};
enum { METRICS = sizeof metrics / sizeof *metrics, VALUES = sizeof values / sizeof *values, TODAY = 20779 };

static bool can(void *ctx, const struct mesh_metric *m, struct str dimension)
{
    (void)ctx;
    char text[64];
    snprintf(text, sizeof text, " %.*s ", STR_FMT(dimension));
    for (size_t i = 0; i < METRICS; i++)
        if (&metrics[i].m == m)
            return strstr(metrics[i].by, text);
    return false;
}

static bool find(void *ctx, const struct metric_ask *ask, const struct mesh_metric *m, struct str said, struct str *dimension, struct str *value)
{
    (void)ask;
    for (size_t i = 0; i < VALUES; i++)
        if (can(ctx, m, str_of(values[i].dimension)) && understand_means(said, str_of(values[i].value))) {
            *dimension = str_of(values[i].dimension);
            *value = str_of(values[i].value);
            return true;
        }
    return false;
}

static void list(struct buf *b, const char *before, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s%.*s", i ? "," : before, STR_FMT(v[i]));
}

static struct str told(struct arena *a, const struct understood *u)
{
    struct buf b = BUF_INIT((size_t)4096);
    const struct metric_ask *x = &u->ask;
    list(&b, "", x->metrics, x->n_metrics);
    list(&b, " by ", x->by, x->n_by);
    if (x->grain)
        buf_printf(&b, " each %s", metric_grain_text(x->grain));
    if (x->has_from)
        buf_printf(&b, " %s", clock_date(x->from).z);
    if (x->has_to && x->to != x->from)
        buf_printf(&b, "..%s", clock_date(x->to).z);
    if (x->where.n)
        buf_printf(&b, " where %.*s", STR_FMT(x->where));
    buf_addz(&b, x->compare == COMPARE_YEAR ? " vs year" : x->compare == COMPARE_PREVIOUS ? " vs previous" : "");
    if (x->order.n)
        buf_printf(&b, " order %.*s", STR_FMT(x->order));
    if (x->limit)
        buf_printf(&b, " top %d", (int)x->limit);
    list(&b, " left ", u->left, u->n_left);
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static const struct { const char *said, *wanted; } sentences[] = {
    /* verbs, platforms, periods */
    {"what did facebook cost in september", "spend 2026-09-01..2026-09-30 where \"platform\" = 'facebook_ads'"},
    {"visits from newsletter", "visits where \"channel\" = 'email'"},
    {"facebook spend last week", "spend 2026-11-09..2026-11-15 where \"platform\" = 'facebook_ads'"},
    {"how many new customers yesterday", "new_customers 2026-11-21"},
    {"best channel by cac", "cac by channel order cac"},
    {"revenue germany vs france", "revenue where \"country\" = 'DE' left france"},
    {"revenue germany vs austria", "revenue by country where \"country\" IN ('DE', 'AT')"},
    {"cpc google ads last month", "cpc 2026-10-01..2026-10-31 where \"platform\" = 'google_ads'"},
    {"how much did we spend on Google?", "spend where \"platform\" = 'google_ads'"},
    {"What did we pay for TikTok this month?", "spend 2026-11-01..2026-11-22 where \"platform\" = 'tiktok_ads'"},
    {"money for ads", "spend"},
    {"what does a new customer cost", "cac"},
    {"what do new customers cost by channel", "cac by channel"},
    {"how much did a customer cost us on bing", "cac where \"platform\" = 'microsoft_ads'"},
    {"what did we earn yesterday", "revenue 2026-11-21"},
    {"how much did we sell in Germany", "orders where \"country\" = 'DE'"},
    {"clicks and cost of meta", "clicks,spend where \"platform\" = 'facebook_ads'"},
    {"fb's clicks", "clicks where \"platform\" = 'facebook_ads'"},
    {"adwords spend", "spend where \"platform\" = 'google_ads'"},
    {"cost per order by channel", "cost_per_order by channel"},
    /* values by other names */
    {"organic traffic", "visits where \"channel\" = 'organic_search'"},
    {"seo visits", "visits where \"channel\" = 'organic_search'"},
    {"paid social last month", " by is_paid 2026-10-01..2026-10-31 left social"},
    {"new customers from paid social", "new_customers where \"channel\" = 'paid_social'"},
    {"social media visits", "visits where \"channel\" = 'organic_social'"},
    {"conversion rate on phones", "conversion_rate where \"device\" = 'mobile'"},
    {"conversion rate of desktop users", "conversion_rate where \"device\" = 'desktop'"},
    {"conversion rate mobile vs desktop", "conversion_rate by device where \"device\" IN ('mobile', 'desktop')"},
    {"revenue from new customers", "revenue where \"customer_type\" = 'new'"},
    {"orders of returning customers in austria", "orders where \"customer_type\" = 'returning' AND \"country\" = 'AT'"},
    {"revenue in AT", "revenue where \"country\" = 'AT'"},
    {"what did google cost us", "spend where \"platform\" = 'google_ads'"},
    {"german revenue", "revenue where \"country\" = 'DE'"},
    {"revenue not from germany", "revenue where \"country\" <> 'DE'"},
    {"revenue without the US and Austria", "revenue where \"country\" NOT IN ('US', 'AT')"},
    {"spend except google and tiktok by campaign", "spend by campaign where \"platform\" NOT IN ('google_ads', 'tiktok_ads')"},
    {"clicks of spring bulbs | de", "clicks where \"campaign\" = 'Spring Bulbs | DE'"},
    {"open rate of newsletter", "email_open_rate by message_campaign"},
    {"spend by ad platform", "spend by platform"},
    {"revenue by market and device", "revenue by country,device"},
    {"revenue by countries", "revenue by country"},
    /* what stands first */
    {"worst campaign by roas", "roas by campaign order roas"},
    {"top 5 campaigns by spend", "spend by campaign order -spend top 5"},
    {"best 3 channels by cac", "cac by channel order cac top 3"},
    {"five best campaigns by roas", "roas by campaign order -roas top 5"},
    {"most expensive campaign by cpc", "cpc by campaign order -cpc"},
    {"which channel brought the most new customers", "new_customers by channel order -new_customers"},
    {"which country makes most revenue", "revenue by country order -revenue"},
    {"platform with the lowest cpc", "cpc by platform order cpc"},
    {"which month had the highest revenue", "revenue each month 2025-11-23..2026-11-22 order -revenue"},
    {"which week had the most orders this year", "orders each week 2026-01-01..2026-11-22 order -orders"},
    /* periods */
    {"orders today", "orders 2026-11-22"},
    {"revenue this week", "revenue 2026-11-16..2026-11-22"},
    {"revenue last 3 months by month", "revenue each month 2026-08-23..2026-11-22"},
    {"revenue last seven days", "revenue 2026-11-16..2026-11-22"},
    {"revenue in the last 12 months", "revenue 2025-11-23..2026-11-22"},
    {"orders 2 months ago", "orders 2026-09-01..2026-09-30"},
    {"orders 3 days ago", "orders 2026-11-19"},
    {"orders year to date", "orders 2026-01-01..2026-11-22"},
    {"orders mtd", "orders 2026-11-01..2026-11-22"},
    {"orders in q1", "orders 2026-01-01..2026-03-31"},
    {"orders q4", "orders 2026-10-01..2026-11-22"},
    {"orders h1 2025", "orders 2025-01-01..2025-06-30"},
    {"orders in december", "orders 2025-12-01..2025-12-31"},
    {"orders in september last year", "orders 2025-09-01..2025-09-30"},
    {"orders sept 2024", "orders 2024-09-01..2024-09-30"},
    {"orders last summer", "orders 2026-06-01..2026-08-31"},
    {"orders winter 2024", "orders 2024-12-01..2025-02-28"},
    {"orders on 14 september", "orders 2026-09-14"},
    {"orders on september 14th 2025", "orders 2025-09-14"},
    {"orders since march", "orders 2026-03-01..2026-11-22"},
    {"orders after september", "orders 2026-10-01..2026-11-22"},
    {"orders from june to august by month", "orders each month 2026-06-01..2026-08-31"},
    {"orders from november to february", "orders 2025-11-01..2026-02-28"},
    {"orders between 1 may and 7 may", "orders 2026-05-01..2026-05-07"},
    {"orders from 2026-09-03 until 2026-09-05", "orders 2026-09-03..2026-09-05"},
    {"orders last monday", "orders 2026-11-16"},
    {"orders last weekend", "orders 2026-11-21..2026-11-22"},
    {"orders on black friday", "orders 2025-11-28"},
    {"orders cyber monday 2024", "orders 2024-12-02"},
    {"orders at christmas", "orders 2025-12-24..2025-12-26"},
    {"orders during garden week", "orders 2026-09-14..2026-09-20"},
    {"orders 2025", "orders 2025-01-01..2025-12-31"},
    /* side by side */
    {"compare revenue this month with last month", "revenue 2026-11-01..2026-11-22 vs previous"},
    {"september vs august revenue", "revenue 2026-09-01..2026-09-30 vs previous"},
    {"revenue august vs september", "revenue 2026-09-01..2026-09-30 vs previous"},
    {"revenue september vs september last year", "revenue 2026-09-01..2026-09-30 vs year"},
    {"orders today vs yesterday", "orders 2026-11-22 vs previous"},
    {"orders this year vs last year", "orders 2026-01-01..2026-11-22 vs year"},
    {"orders by week yoy", "orders each week vs year"},
    {"compare revenue of germany with austria", "revenue by country where \"country\" IN ('DE', 'AT')"},
    {"compare revenue", "revenue vs previous"},
    {"how has cac changed since last month", "cac vs previous"},
    {"revenue september vs june", "revenue 2026-09-01..2026-09-30 left june"},
    /* what is not understood is said */
    {"tiktok", " left tiktok"},
    {"weather in berlin", " left weather,berlin"},
    {"revenue by zodiac", "revenue left zodiac"},
    {"clicks on mobile", "clicks left mobile"},
    {"orders without unicorns", "orders left without,unicorns"},
    {"", ""},
};

static struct mesh_metric *metric_list[METRICS];
static struct mesh_model model = {.dimensions = dimensions, .n_dimensions = sizeof dimensions / sizeof *dimensions};
static struct mesh_model *model_list[] = {&model};

static void sentences_are_questions(void **state)
{
    (void)state;
    static struct mesh_annotation happened[] = {{.title = S("Garden week")}, {.title = S("Garden week")}};
    struct mesh m = {.metrics = metric_list, .n_metrics = METRICS, .models = model_list, .n_models = 1, .annotations = happened, .n_annotations = 2, .week_start = S("monday")};
    const struct understand_values known = {find, can, NULL};
    size_t wrong = 0;
    struct arena a;
    int32_t today;
    arena_init(&a);
    assert_true(clock_parse_date(STR("2026-11-22"), &today));
    assert_true(clock_parse_date(STR("2025-09-15"), &happened[0].day) && clock_parse_date(STR("2025-09-21"), &happened[0].until));
    assert_true(clock_parse_date(STR("2026-09-14"), &happened[1].day) && clock_parse_date(STR("2026-09-20"), &happened[1].until));
    for (size_t i = 0; i < METRICS; i++) {
        metric_list[i] = &metrics[i].m;
        metrics[i].m.ref = metrics[i].m.name;
    }
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        struct understood u;
        understand(&m, str_of(sentences[i].said), today, &known, &a, &u);
        struct str got = told(&a, &u);
        if (!str_eq(got, str_of(sentences[i].wanted))) {
            print_error("%s\n  gives  %.*s\n  wanted %s\n", sentences[i].said, STR_FMT(got), sentences[i].wanted);
            wrong++;
        }
    }
    print_message("%zu sentences\n", sizeof sentences / sizeof *sentences);
    assert_int_equal(wrong, 0);
    arena_fini(&a);
}

static void names_of_values(void **state)
{
    (void)state;
    static const struct { const char *said, *value; bool means; } cases[] = {
        {"google", "google_ads", true}, {"google ads", "google_ads", true}, {"meta", "facebook_ads", true}, {"facebook", "facebook", true}, {"meta", "meta_ads", true}, {"goo", "google_ads", false},
        {"newsletter", "email", true}, {"mobile users", "mobile", true}, {"users", "mobile", false}, {"germany", "DE", true}, {"germany", "de", false}, {"in", "IN", true}, {"paid search", "paid_search", true},
        {"search", "paid_search", false}, {"social", "paid_social", false}, {"facebook", "google_ads", false}, {"", "email", false}, {" customers", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (understand_means(str_of(cases[i].said), str_of(cases[i].value)) != cases[i].means)
            fail_msg("\"%s\" of %s", cases[i].said, cases[i].value);
    assert_true(str_eq(understand_country(STR("french")), STR("FR")));
    assert_int_equal(understand_country(STR("nowhere")).n, 0);
}

/* Whatever is typed: words are at most so many, and none is lost between read and left. */
static void anything_goes(void **state)
{
    (void)state;
    static const char *const pieces[] = {"from", "to", "vs", "last", "the", "compare", "and", "since", "between", "top", "5", "q3", "september", "31", "not", "best", "revenue", "channel", "germany", "'", "year", "of", "black", "friday", "december", "week"};
    struct mesh m = {.metrics = metric_list, .n_metrics = METRICS, .models = model_list, .n_models = 1, .week_start = S("monday")};
    const struct understand_values known = {find, can, NULL};
    uint64_t seed = 7;
    for (int i = 0; i < METRICS; i++)
        metric_list[i] = &metrics[i].m;
    for (int k = 0; k < 3000; k++) {
        struct buf b = BUF_INIT((size_t)4096);
        struct understood u;
        struct arena a;
        arena_init(&a);
        for (int i = 0; i < 1 + k % 70; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            buf_printf(&b, "%s ", pieces[(seed >> 33) % (sizeof pieces / sizeof *pieces)]);
        }
        understand(&m, buf_str(&b), TODAY, k % 3 ? &known : NULL, &a, &u);
        assert_true(u.n_words <= 128 && u.n_left <= 64 && (!u.ask.has_from || u.ask.from <= u.ask.to));
        buf_fini(&b);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sentences_are_questions), cmocka_unit_test(names_of_values), cmocka_unit_test(anything_goes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
