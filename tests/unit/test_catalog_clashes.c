/* Two that claim the same, on declarations made by hand: which pairs are told, under which kind and name, and which are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/catalog.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct mesh_domain domains[] = {
    {.name = {"acquisition", 11}, .owner = {.name = {"Ana", 3}, .contact = {"ana@example.org", 15}}},
    {.name = {"web", 3}, .owner = {.name = {"Bo", 2}, .contact = {"bo@example.org", 14}}},
};
enum { ACQUISITION, WEB };

static size_t find(const struct mesh *m, struct clash **out)
{
    size_t n;
    struct err e = {0};
    assert_true(catalog_clashes(m, &arena, out, &n, &e));
    return n;
}

/* ---- words ---- */
static void test_terms(void **state)
{
    (void)state;
    struct str purchase[] = {STR("purchase"), STR("Sale")}, paid[] = {STR("paid order"), STR("purchase")};
    static const struct {
        const char *what;
        struct mesh_term a, b;
        const char *kind, *subject; /* NULL: no clash */
    } cases[] = {
        {"one name in two domains", {.name = STR("conversion")}, {.name = STR("conversion")}, "duplicate_term", "conversion"},
        {"one title",
         {.name = STR("a"), .title = STR("Active user")},
         {.name = STR("b"), .title = STR("active  User")},
         "duplicate_term",
         "active user"},
        {"the title of one is the name of the other",
         {.name = STR("active_user")},
         {.name = STR("b"), .title = STR("Active-User")},
         "duplicate_term",
         "active user"},
        {"different words", {.name = STR("lead"), .title = STR("Lead")}, {.name = STR("leads")}, NULL, NULL},
        {"no title at all", {.name = STR("a")}, {.name = STR("b")}, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mesh_term terms[] = {cases[i].a, cases[i].b};
        struct mesh m = {.terms = terms, .n_terms = 2};
        struct clash *v;
        terms[0].domain = &domains[ACQUISITION];
        terms[1].domain = &domains[WEB];
        size_t n = find(&m, &v);
        if (n != (cases[i].kind != NULL))
            fail_msg("%s: %zu clashes", cases[i].what, n);
        if (!n)
            continue;
        assert_string_equal(v[0].kind.p, cases[i].kind);
        assert_true(str_eq(v[0].subject, str_of(cases[i].subject)));
        assert_int_equal(v[0].n_claims, 2);
        assert_string_equal(v[0].claims[0].owner.name.p, "Ana"); /* the domain's, where the term names nobody */
        assert_string_equal(v[0].claims[1].owner.name.p, "Bo");
    }
    struct mesh_term terms[] = {{.name = STR("conversion"), .synonyms = purchase, .n_synonyms = 2, .owner = {.name = STR("Cy")}},
                                {.name = STR("order"), .synonyms = paid, .n_synonyms = 2, .domain = &domains[WEB]},
                                {.name = STR("sale"), .domain = &domains[ACQUISITION]}};
    struct mesh m = {.terms = terms, .n_terms = 3};
    struct clash *v;
    assert_int_equal(find(&m, &v), 2);
    assert_string_equal(v[0].kind.p, "duplicate_synonym"); /* purchase: conversion and order */
    assert_string_equal(v[0].claims[0].ref.p, "conversion");
    assert_string_equal(v[0].claims[0].owner.name.p, "Cy");
    assert_string_equal(v[0].claims[1].ref.p, "web.order");
    assert_string_equal(v[1].claims[1].ref.p, "acquisition.sale"); /* sale: a synonym here, a term there */
}

/* One pair is told once, not once for each word that it shares. */
static void test_told_once(void **state)
{
    (void)state;
    struct str words[] = {STR("purchase"), STR("sale")};
    struct mesh_term terms[] = {
        {.name = STR("conversion"),
         .title = STR("A conversion"),
         .synonyms = words,
         .n_synonyms = 2,
         .domain = &domains[ACQUISITION]},
        {.name = STR("conversion"), .title = STR("A conversion"), .synonyms = words, .n_synonyms = 2, .domain = &domains[WEB]}};
    struct mesh m = {.terms = terms, .n_terms = 2};
    struct clash *v;
    assert_int_equal(find(&m, &v), 1);
    assert_string_equal(v[0].kind.p, "duplicate_term");
    m.n_terms = 1; /* a term whose title is its name does not clash with itself */
    terms[0].title = STR("Conversion");
    assert_int_equal(find(&m, &v), 0);
}

static void test_products(void **state)
{
    (void)state;
    struct mesh_product a = {.domain = &domains[ACQUISITION], .name = STR("orders"), .title = STR("Shop orders")},
                        b = {.domain = &domains[WEB],
                             .name = STR("web_orders"),
                             .title = STR("shop Orders"),
                             .owner = {.name = STR("Cy")}},
                        c = {.domain = &domains[WEB], .name = STR("other")};
    struct mesh_product *products[] = {&a, &b, &c};
    struct mesh m = {.products = products, .n_products = 3};
    struct clash *v;
    assert_int_equal(find(&m, &v), 1);
    assert_string_equal(v[0].kind.p, "duplicate_product");
    assert_int_equal(v[0].n_claims, 2);
    assert_string_equal(v[0].claims[1].owner.name.p, "Cy");
}

/* ---- ports ---- */
static struct mesh_column columns[] = {{.name = {"id", 2}}, {.name = {"amount", 6}}},
                          turned[] = {{.name = {"amount", 6}}, {.name = {"id", 2}}};
static struct mesh_contract contract = {.columns = columns, .n_columns = 2},
                            contract_turned = {.columns = turned, .n_columns = 2},
                            contract_less = {.columns = columns, .n_columns = 1};
static struct str key[] = {{"id", 2}};

static void test_ports(void **state)
{
    (void)state;
    struct mesh_product pa = {.domain = &domains[ACQUISITION], .name = STR("a")},
                        pb = {.domain = &domains[WEB], .name = STR("b")};
    struct mesh_port a = {.product = &pa,
                          .name = STR("orders"),
                          .ref = STR("acquisition.orders"),
                          .is_default = true,
                          .key = key,
                          .n_key = 1,
                          .contract = &contract},
                     b = {.product = &pb,
                          .name = STR("sales"),
                          .ref = STR("web.sales"),
                          .is_default = true,
                          .key = key,
                          .n_key = 1,
                          .contract = &contract_turned},
                     whole = {.product = &pb,
                              .name = STR("whole"),
                              .ref = STR("web.whole"),
                              .is_default = true,
                              .contract = &contract_less};
    struct mesh_port *ports[] = {&a, &b, &whole};
    struct mesh m = {.ports = ports, .n_ports = 3};
    struct clash *v;
    pa.title = STR("A");
    assert_int_equal(find(&m, &v), 1); /* the order of columns says nothing */
    assert_string_equal(v[0].kind.p, "duplicate_port");
    assert_string_equal(v[0].claims[0].owner.name.p, "Ana");
    assert_string_equal(v[0].claims[1].owner.name.p, "Bo");

    pb.domain = &domains[ACQUISITION]; /* inside one domain it is that domain's affair */
    assert_int_equal(find(&m, &v), 0);
    pb.domain = &domains[WEB];
    b.n_key = 0; /* without a key nobody knows what a row is */
    assert_int_equal(find(&m, &v), 0);
    b.n_key = 1;
    b.contract = &contract_less;
    assert_int_equal(find(&m, &v), 0);
    b.contract = &contract_turned;

    struct mesh_input from_a = {.port = &a}, both[] = {{.port = &a}, {.port = &b}};
    b.inputs = &from_a; /* made of the other */
    b.n_inputs = 1;
    assert_int_equal(find(&m, &v), 0);
    b.n_inputs = 0;
    whole.inputs = both; /* parts of one union are meant to have one shape */
    whole.n_inputs = 2;
    assert_int_equal(find(&m, &v), 0);
}

/* Metrics of one name in two domains, and two that say they are the number of one word; each word is the one of the metric's own domain. */
static void test_metrics(void **state)
{
    (void)state;
    struct str word[] = {STR("cac")};
    struct mesh_term terms[] = {{.name = STR("cac"), .title = STR("Cost of ours"), .domain = &domains[WEB]}, {.name = STR("cac"), .title = STR("Cost of all")}};
    struct mesh_metric a = {.name = STR("cac"), .ref = STR("acquisition.cac"), .domain = &domains[ACQUISITION], .terms = {word, 1}},
                       b = {.name = STR("cac"), .ref = STR("web.cac"), .domain = &domains[WEB], .owner = {.name = STR("Cy")}},
                       c = {.name = STR("cost"), .ref = STR("acquisition.cost"), .domain = &domains[ACQUISITION], .terms = {word, 1}};
    struct mesh_metric *metrics[] = {&a, &b, &c};
    struct mesh m = {.metrics = metrics, .n_metrics = 3, .terms = &terms[1], .n_terms = 1};
    struct clash *v;
    assert_int_equal(find(&m, &v), 2);
    assert_string_equal(v[0].kind.p, "duplicate_metric");
    assert_int_equal(v[0].n_claims, 2);
    assert_string_equal(v[0].claims[0].owner.name.p, "Ana");
    assert_string_equal(v[0].claims[1].owner.name.p, "Cy");
    assert_string_equal(v[1].kind.p, "claimed_term");
    assert_string_equal(v[1].claims[1].ref.p, "acquisition.cost");
    b.name = STR("other");
    c.domain = &domains[WEB];
    m.terms = terms;
    m.n_terms = 2;
    assert_int_equal(find(&m, &v), 1); /* the two words of one name clash, and each has its own number */
    assert_string_equal(v[0].kind.p, "duplicate_term");
}

/* The word for one metric is what another is called; a metric's words for itself, and a word that two share, are no clash. */
static void test_words_of_metrics(void **state)
{
    (void)state;
    struct str words[] = {STR("Customers  won"), STR("new buyers")}, own[] = {STR("orders placed"), STR("NEW_buyers")};
    struct mesh_metric a = {.name = STR("new_customers"), .ref = STR("shared.new_customers"), .domain = &domains[ACQUISITION], .synonyms = {words, 2}},
                       b = {.name = STR("customers_won"), .ref = STR("web.customers_won"), .domain = &domains[WEB]},
                       c = {.name = STR("orders_placed"), .title = STR("Orders"), .ref = STR("web.orders_placed"), .domain = &domains[WEB], .synonyms = {own, 2}};
    struct mesh_metric *metrics[] = {&a, &b, &c};
    struct mesh m = {.metrics = metrics, .n_metrics = 3};
    struct clash *v;
    assert_int_equal(find(&m, &v), 1);
    assert_string_equal(v[0].kind.p, "duplicate_metric");
    assert_true(str_eq(v[0].subject, STR("customers won")));
    assert_int_equal(v[0].n_claims, 2);
    assert_string_equal(v[0].claims[0].ref.p, "shared.new_customers");
    assert_string_equal(v[0].claims[1].ref.p, "web.customers_won");
    b.name = STR("other");
    assert_int_equal(find(&m, &v), 0);
    b.title = STR("Customers won");
    assert_int_equal(find(&m, &v), 1);
}

static void test_warnings(void **state)
{
    (void)state;
    struct mesh_term terms[] = {{.name = STR("conversion"),
                                 .domain = &domains[ACQUISITION],
                                 .pos = {.file = STR("domains/acquisition/glossary.yaml"), .line = 3, .col = 5}},
                                {.name = STR("conversion"),
                                 .domain = &domains[WEB],
                                 .pos = {.file = STR("domains/web/glossary.yaml"), .line = 9, .col = 5}}};
    struct mesh m = {.terms = terms, .n_terms = 2};
    struct errs es = {0};
    struct err e = {0};
    assert_true(catalog_clash_warnings(&m, &es, &e));
    assert_int_equal(es.n, 1);
    assert_int_equal(es.n_errors, 0);
    assert_int_equal(es.v[0].code, E_OWNER);
    assert_string_equal(es.v[0].file, "domains/web/glossary.yaml");
    assert_int_equal(es.v[0].line, 9);
    assert_non_null(strstr(es.v[0].text, "acquisition.conversion (Ana) and web.conversion (Bo)"));
    assert_non_null(strstr(es.v[0].hint, "let Ana and Bo agree on one owner"));
    errs_fini(&es);
    struct str words[] = {STR("AOV")};
    struct mesh_metric a = {.name = STR("aov"), .ref = STR("web.aov"), .domain = &domains[WEB]}, b = {.name = STR("order_value"), .synonyms = {words, 1}, .ref = STR("web.order_value"), .domain = &domains[WEB]};
    struct mesh_metric *metrics[] = {&a, &b};
    struct mesh own = {.metrics = metrics, .n_metrics = 2};
    es = (struct errs){0};
    assert_true(catalog_clash_warnings(&own, &es, &e));
    assert_int_equal(es.n, 1);
    assert_non_null(strstr(es.v[0].hint, "let Bo keep one and rename or drop the other"));
    errs_fini(&es);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms), cmocka_unit_test(test_told_once), cmocka_unit_test(test_products),
        cmocka_unit_test(test_ports), cmocka_unit_test(test_metrics), cmocka_unit_test(test_words_of_metrics), cmocka_unit_test(test_warnings),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
