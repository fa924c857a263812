/* The search over one declaration: what is found for which words, in which order, and what is said about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "catalog/search_int.h"

/* ---- a small mesh, made by hand ---- */
static struct mesh_domain domains[] = {
    {.name = {"acquisition", 11}, .title = {"Acquisition", 11}, .description = {"Paid media", 10}, .owner = {.name = {"Ana Ruiz", 8}}},
    {.name = {"web", 3}, .title = {"Webshop", 7}, .owner = {.name = {"Jörg Weiß", 11}}},
};
static struct mesh_product campaign = {.domain = &domains[0], .name = {"campaign_performance", 20}, .title = {"Unified Campaign Performance 360", 32},
                                       .purpose = STR("Spend, clicks and results of all ad platforms, comparable."), .status = STR("active")};
static struct mesh_product sales = {.domain = &domains[1], .name = {"sales", 5}, .title = {"Umsätze", 8}, .purpose = STR("Orders and revenue of the shop.")};
static struct mesh_product sessions = {.domain = &domains[1], .name = {"sessions", 8}, .title = {"Visits", 6}, .purpose = STR("Who came, and from where. Conversion is not in here, nor is spend.")};

static struct mesh_column campaign_columns[] = {
    {.name = {"spend", 5}, .business_name = {"Ad spend", 8}, .description = STR("Cost of the ads in the account's currency")},
    {.name = {"conversions", 11}, .description = STR("As the platform claims them")},
    {.name = {"clicks", 6}},
    {.name = {"date_day", 8}},
};
static struct mesh_column sales_columns[] = {
    {.name = {"revenue", 7}, .description = STR("Paid amount")},
    {.name = {"customer_email", 14}, .class_ = CLASS_PERSONAL},
    {.name = {"paid_orders", 11}},
};
static struct mesh_contract campaign_contract = {.columns = campaign_columns, .n_columns = 4}, sales_contract = {.columns = sales_columns, .n_columns = 3};
static struct mesh_port campaign_daily = {.product = &campaign, .name = STR("campaign_daily"), .ref = STR("acquisition.campaign_daily"), .is_default = true,
                                          .description = STR("A row per day and campaign"), .contract = &campaign_contract, .index = 0};
static struct mesh_port orders = {.product = &sales, .name = STR("orders"), .ref = STR("web.orders"), .is_default = true,
                                  .description = STR("A row per order"), .contract = &sales_contract, .index = 1};
static struct mesh_port visits = {.product = &sessions, .name = STR("visits"), .ref = STR("web.visits"), .is_default = true, .index = 2};
static struct mesh_port *campaign_ports[] = {&campaign_daily}, *sales_ports[] = {&orders}, *session_ports[] = {&visits};
static struct mesh_port *ports[] = {&campaign_daily, &orders, &visits};
static struct mesh_product *products[] = {&campaign, &sales, &sessions};
static struct str conversion_synonyms[] = {STR("purchase"), STR("Kauf"), STR("paid order")}, cpc_synonyms[] = {STR("cost per click")};
static struct mesh_term_column conversion_columns[] = {{&campaign_daily, STR("acquisition.campaign_daily"), STR("conversions")}};
static struct mesh_term terms[] = {
    {.domain = &domains[0], .name = {"conversion", 10}, .title = {"Conversion", 10}, .definition = STR("A paid order that a click came before."),
     .synonyms = conversion_synonyms, .n_synonyms = 3, .columns = conversion_columns, .n_columns = 1},
    {.name = {"cpc", 3}, .title = {"CPC", 3}, .definition = STR("Spend over clicks."), .synonyms = cpc_synonyms, .n_synonyms = 1, .owner = {.name = {"Tom Berg", 8}}},
};
static struct mesh world = {.domains = domains, .n_domains = 2, .products = products, .n_products = 3, .ports = ports, .n_ports = 3, .terms = terms, .n_terms = 2};

static struct arena arena;
static struct find *index_;

static int set_up(void **state)
{
    struct err e = {0};
    (void)state;
    campaign.ports = campaign_ports, sales.ports = sales_ports, sessions.ports = session_ports;
    campaign.n_ports = sales.n_ports = sessions.n_ports = 1;
    arena_init(&arena);
    assert_true(find_open(&world, NULL, &index_, &e));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    find_close(index_);
    arena_fini(&arena);
    return 0;
}

static struct find_result ask_in(struct find *f, const char *words, unsigned kinds, const char *domain)
{
    struct find_result r;
    struct err e = {0};
    struct find_ask a = {.q = str_of(words), .kinds = kinds, .domain = str_of(domain), .limit = 20};
    if (!find_query(f, &a, &arena, &r, &e))
        fail_msg("%s: %s", words, e.text);
    return r;
}

static struct find_result ask(const char *words)
{
    return ask_in(index_, words, 0, "");
}

static int place(const struct find_result *r, const char *ref)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(r->hits[i].ref, str_of(ref)))
            return (int)i;
    return -1;
}

/* ---- words ---- */
static void test_words(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"Ad spend", "ad|spend"},
        {"campaign_daily.spend", "campaign|daily|spend"},
        {"Umsätze ÄRGER é Straße", "umsatze|arger|e|strasse"},
        {"e\xcc\x81t\xcc\x81", "et"},
        {"Œuvre Łódź Ångström", "oeuvre|lodz|angstrom"},
        {"ΔΡΌΜΟΣ Привет", "δρομοσ|привет"},
        {"広告費", "広|告|費"},
        {"a\xff\xfe b\xc3", "a|b"},
        {"🎉 sale—today", "sale|today"},
        {"", ""},
        {" \t_-. ", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT((size_t)1000);
        struct str rest = str_of(cases[i].text);
        struct word w;
        while (search_word(&rest, &w)) {
            if (b.n)
                buf_addc(&b, '|');
            buf_add(&b, (struct str){w.p, w.n});
        }
        if (strcmp(buf_z(&b), cases[i].words) != 0)
            fail_msg("%s: %s, not %s", cases[i].text, buf_z(&b), cases[i].words);
        buf_fini(&b);
    }
}

/* ---- what is found first ---- */
static void test_first(void **state)
{
    static const struct {
        const char *words, *first;
    } cases[] = {
        {"conversion", "acquisition.conversion"},
        {"Conversions", "acquisition.conversion"},
        {"who owns conversion", "acquisition.conversion"},
        {"purchase", "acquisition.conversion"},
        {"kauf", "acquisition.conversion"},
        {"paid order", "acquisition.conversion"},
        {"cost per click", "cpc"},
        {"revneue", "web.orders.revenue"},
        {"reven", "web.orders.revenue"},
        {"revneu", "web.orders.revenue"},
        {"umsatze", "web.sales"},
        {"Umsätze", "web.sales"},
        {"UMSAETZE", "web.sales"},
        {"campaign performance", "acquisition.campaign_performance"},
        {"performence", "acquisition.campaign_performance"},
        {"web", "web"},
        {"jorg weiss", "web.sales"},
        {"weiß", "web.sales"},
        {"customer email", "web.orders.customer_email"},
        {"web.orders", "web.orders"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct find_result r = ask(cases[i].words);
        if (!r.n || !str_eq(r.hits[0].ref, str_of(cases[i].first)))
            fail_msg("%s: %.*s, not %s", cases[i].words, r.n ? (int)r.hits[0].ref.n : 7, r.n ? r.hits[0].ref.p : "nothing", cases[i].first);
    }
}

static void test_meaning(void **state)
{
    (void)state;
    /* The product whose column the term is tied to comes before one that only mentions it. */
    struct find_result r = ask("conversion");
    assert_int_equal(r.hits[0].kind, FIND_TERM);
    assert_int_equal(r.hits[1].kind, FIND_PRODUCT);
    assert_int_equal(place(&r, "acquisition.campaign_performance"), 1);
    assert_true(place(&r, "web.sessions") > 1);
    assert_true(place(&r, "acquisition.campaign_daily.conversions") > 0);
    r = ask("ad spend");
    assert_int_equal(r.hits[0].kind, FIND_COLUMN);
    assert_true(place(&r, "acquisition.campaign_daily.spend") == 0);
    assert_true(place(&r, "acquisition.campaign_performance") > 0);
    assert_int_equal(place(&r, "web.sales"), -1);
    assert_int_equal(r.n_dropped, 0);
}

static void test_said(void **state)
{
    (void)state;
    struct find_result r = ask("revneue");
    assert_true(str_eq(r.hits[0].via, STR("revenue")));
    assert_true(str_eq(r.hits[0].field, STR("name")));
    r = ask("purchase");
    assert_true(str_eq(r.hits[0].field, STR("synonym")));
    assert_true(str_eq(r.hits[0].owner, STR("Ana Ruiz")));
    assert_true(str_eq(r.hits[0].title, STR("Conversion")));
    int mention = place(&r, "web.sessions"); /* says conversion, not purchase */
    assert_true(mention > 0 && str_eq(r.hits[mention].via, STR("conversion")));
    r = ask("cpc");
    assert_true(str_eq(r.hits[0].owner, STR("Tom Berg")));
    assert_int_equal(r.hits[0].domain.n, 0);
}

static void test_dropped(void **state)
{
    (void)state;
    struct find_result r = ask("revenue zzzzzz");
    assert_int_equal(r.n_dropped, 1);
    assert_true(str_eq(r.dropped[0], STR("zzzzzz")));
    assert_int_equal(place(&r, "web.orders.revenue"), 0);
    r = ask("clicks customer_email"); /* each is there, never together */
    assert_true(r.n > 0 && r.n_dropped > 0);
    r = ask("zzzzzz qqqqqq");
    assert_int_equal(r.n, 0);
    assert_int_equal(r.total, 0);
    r = ask("");
    assert_int_equal(r.n, 0);
    r = ask("?!");
    assert_int_equal(r.n, 0);
    r = ask("one two three four five six seven eight nine ten eleven twelve revenue");
    (void)r;
}

static void test_filters(void **state)
{
    struct err e = {0};
    struct find_result r;
    (void)state;
    r = ask_in(index_, "campaign", 1u << FIND_PORT, "");
    assert_true(r.n == 1 && r.total == 1 && r.hits[0].kind == FIND_PORT);
    r = ask_in(index_, "spend", 0, "web");
    assert_int_equal(place(&r, "acquisition.campaign_daily.spend"), -1);
    assert_true(place(&r, "web.sessions") >= 0);
    struct find_ask wrong = {.q = STR("spend"), .domain = STR("wbe"), .limit = 5};
    assert_false(find_query(index_, &wrong, &arena, &r, &e));
    assert_int_equal(e.code, E_NOT_FOUND);
    struct find_ask few = {.q = STR("campaign"), .limit = 1};
    assert_true(find_query(index_, &few, &arena, &r, &e));
    assert_true(r.n == 1 && r.total > 1);
    few.limit = 0;
    assert_true(find_query(index_, &few, &arena, &r, &e));
    assert_true(r.n == 0 && r.total > 1);
}

/* Of two that match alike, the one that is asked more often comes first. */
static void test_use(void **state)
{
    static const int64_t much_visits[] = {0, 0, 900}, much_orders[] = {0, 900, 0};
    struct find *f;
    struct err e = {0};
    (void)state;
    assert_true(find_open(&world, much_visits, &f, &e));
    struct find_result r = ask_in(f, "w", 1u << FIND_PORT, "");
    assert_true(place(&r, "web.visits") < place(&r, "web.orders"));
    find_close(f);
    assert_true(find_open(&world, much_orders, &f, &e));
    r = ask_in(f, "w", 1u << FIND_PORT, "");
    assert_true(place(&r, "web.orders") < place(&r, "web.visits"));
    find_close(f);
}

static void test_empty_mesh(void **state)
{
    struct mesh none = {0};
    struct find *f;
    struct err e = {0};
    (void)state;
    assert_true(find_open(&none, NULL, &f, &e));
    struct find_result r = ask_in(f, "anything", 0, "");
    assert_int_equal(r.n, 0);
    assert_true(find_size(f).entries == 0);
    find_close(f);
}

/* Every beginning of a long name finds it, with and without the letter after it. */
static void test_as_typed(void **state)
{
    static const char name[] = "unified campaign performance 360";
    char typed[sizeof name];
    (void)state;
    for (size_t n = 1; n < sizeof name; n++) {
        memcpy(typed, name, n);
        typed[n] = '\0';
        struct find_result r = ask(typed);
        if (place(&r, "acquisition.campaign_performance") < 0)
            fail_msg("not found as \"%s\"", typed);
    }
}

/* Any bytes are a question: nothing breaks, and what is found is within its limits. */
static void test_any_bytes(void **state)
{
    static const char *const seeds[] = {"conversion", "Ums\xc3\xa4tze", "\xe5\xba\x83\xe5\x91\x8a", "\xf0\x9f\x8e\x89", "cost per click", "\xcc\x81", " _.:,", "revenue"};
    uint64_t r = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[64];
        size_t n = 0;
        struct arena a;
        struct find_result out;
        struct err e = {0};
        while (n < 48) {
            r = r * 6364136223846793005u + 1442695040888963407u;
            const char *seed = seeds[(r >> 60) & 7];
            size_t len = strlen(seed), from = (size_t)(r >> 40) % (len + 1), to = from + (size_t)(r >> 50) % (len - from + 1);
            if ((r >> 33) % 4 == 0) {
                text[n++] = (char)(r >> 20);
            } else {
                memcpy(text + n, seed + from, to - from);
                n += to - from;
            }
            if ((r >> 36) % 9 == 0)
                break;
        }
        arena_init(&a);
        struct find_ask ask_ = {.q = {text, n}, .limit = (size_t)(r >> 45) % 5};
        assert_true(find_query(index_, &ask_, &a, &out, &e));
        assert_true(out.n <= ask_.limit && out.n <= out.total);
        for (size_t k = 1; k < out.n; k++)
            assert_true(out.hits[k - 1].score >= out.hits[k].score);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),   cmocka_unit_test(test_first), cmocka_unit_test(test_meaning),    cmocka_unit_test(test_said),
        cmocka_unit_test(test_dropped), cmocka_unit_test(test_filters), cmocka_unit_test(test_use),      cmocka_unit_test(test_empty_mesh),
        cmocka_unit_test(test_as_typed), cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
