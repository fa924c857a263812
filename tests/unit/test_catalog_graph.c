/* The graph: what stands in it at each level, what is cut, that edges go to the right, circles of products included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "catalog/catalog.h"
#include "engine/engine.h"

static struct engine *engine;
static struct engine_conn *parser;
static char dir[] = "/tmp/trellis-graph-XXXXXX";
static struct mesh *m;
static struct arena arena;

static void put(const char *path, const char *text)
{
    struct err e = {0};
    struct arena a;
    arena_init(&a);
    struct str whole = arena_printf(&a, "%s/%s", dir, path);
    char *folder = arena_strz(&a, fs_dirname(whole));
    assert_true(fs_mkdirs(folder, 0755, &e));
    FILE *f = fopen(whole.p, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    arena_fini(&a);
}

/* A product of ports without contracts' detail; `ports` are pairs of name and SQL. */
static void product(const char *domain, const char *name, const char *more, const char *const (*ports)[2], size_t n)
{
    struct buf b = BUF_INIT((size_t)1 << 16);
    char path[256];
    buf_printf(&b,
               "apiVersion: v1.0.0\nkind: DataProduct\nid: %s.%s\nname: %s\nversion: 1.0.0\nstatus: active\ndomain: %s\n"
               "description: {purpose: For tests.}\n%soutputPorts:\n",
               domain, name, name, domain, more);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "  - {name: %s, version: 1.0.0, type: tables, contractId: %s.%s.%s}\n", ports[i][0], domain, name, ports[i][0]);
    snprintf(path, sizeof path, "domains/%s/products/%s/product.yaml", domain, name);
    put(path, buf_z(&b));
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "domains/%s/products/%s/%s.sql", domain, name, ports[i][0]);
        put(path, ports[i][1]);
        buf_reset(&b);
        buf_printf(&b,
                   "apiVersion: v3.1.0\nkind: DataContract\nid: %s.%s.%s\nname: %s\nversion: 1.0.0\nstatus: active\nschema:\n  - name: %s\n"
                   "    properties:\n      - {name: x, logicalType: integer, classification: internal}\n",
                   domain, name, ports[i][0], ports[i][0], ports[i][0]);
        snprintf(path, sizeof path, "domains/%s/products/%s/%s.odcs.yaml", domain, name, ports[i][0]);
        put(path, buf_z(&b));
    }
    buf_fini(&b);
}

static int set_up(void **state)
{
    (void)state;
    struct err e = {0};
    struct errs es = {0};
    struct engine_options o = {.threads = 1};
    arena_init(&arena);
    assert_true(engine_open(&o, &engine, &e) && engine_connect(engine, &parser, &e));
    assert_non_null(mkdtemp(dir));
    put("mesh.yaml", "name: small\n");
    put("domains/shop/domain.yaml", "name: shop\ntitle: The shop\nowner: {name: Ana, contact: ana@example.org}\n");
    put("domains/ads/domain.yaml", "name: ads\nowner: {name: Bo, contact: bo@example.org}\n");
    put("domains/shop/sources/till.yaml", "name: till\nkind: files\npath: ../exports\nstreams:\n  - {name: sales, optional: true}\n  - {name: refunds, optional: true}\n");
    product("shop", "sales", "customProperties:\n  - {property: trellisConsumers, value: [Board report, board REPORT]}\n",
            (const char *const[][2]){{"orders", "SELECT 1 AS x FROM shop.till__sales\n"}, {"totals", "SELECT x FROM shop.orders UNION ALL SELECT x FROM ads.clicks\n"}}, 2);
    product("ads", "clicks", "", (const char *const[][2]){{"clicks", "SELECT x FROM shop.orders\n"}}, 1);
    product("ads", "alone", "", (const char *const[][2]){{"nothing", "SELECT 1 AS x\n"}}, 1);
    struct mesh_load_options lo = {.parser = parser};
    m = mesh_load(dir, &lo, &es);
    for (size_t i = 0; i < es.n; i++)
        print_message("%s:%u:%u: %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    assert_non_null(m);
    return 0;
}

static int tear_down(void **state)
{
    struct err e = {0};
    (void)state;
    mesh_free(m);
    arena_fini(&arena);
    engine_disconnect(parser);
    engine_close(engine);
    assert_true(fs_remove_tree(dir, &e));
    return 0;
}

static struct graph ask(enum graph_level level, const char *focus, const char *domain, int up, int down, size_t limit)
{
    struct graph g;
    struct err e = {0};
    struct graph_ask a = {level, str_of(focus), str_of(domain), up, down, limit};
    if (!catalog_graph(m, NULL, &a, &arena, &g, &e))
        fail_msg("%s: %s", focus, e.text);
    return g;
}

static size_t place(const struct graph *g, const char *id)
{
    for (size_t i = 0; i < g->n_nodes; i++)
        if (str_eq(g->nodes[i].id, str_of(id)))
            return i;
    return SIZE_MAX;
}

static bool has_edge(const struct graph *g, const char *from, const char *to)
{
    size_t a = place(g, from), b = place(g, to);
    for (size_t i = 0; i < g->n_edges; i++)
        if (g->edges[i].from == a && g->edges[i].to == b)
            return true;
    return false;
}

static void test_ports(void **state)
{
    (void)state;
    struct graph g = ask(GRAPH_PORT, "", "", -1, -1, 100);
    assert_int_equal(g.n_nodes, 1 + 2 + 4 + 1);
    assert_true(has_edge(&g, "source:shop.till", "stream:shop.till__sales"));
    assert_true(has_edge(&g, "stream:shop.till__sales", "port:shop.orders"));
    assert_true(has_edge(&g, "port:shop.orders", "port:ads.clicks"));
    assert_true(has_edge(&g, "port:shop.totals", "consumer:Board report")); /* one node for both spellings */
    assert_false(has_edge(&g, "port:shop.orders", "consumer:Board report")); /* another port of the product reads it */
    for (size_t i = 0; i < g.n_edges; i++)
        assert_true(g.nodes[g.edges[i].from].layer < g.nodes[g.edges[i].to].layer);
    assert_int_equal(g.nodes[place(&g, "source:shop.till")].layer, 0);
    assert_int_equal(g.nodes[place(&g, "port:shop.totals")].layer, 4);
    /* Within a layer, every place is taken once. */
    for (size_t i = 0; i < g.n_nodes; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(g.nodes[i].layer == g.nodes[k].layer && g.nodes[i].order == g.nodes[k].order);
    assert_int_equal(g.hidden, 0);
}

/* Sales feed clicks, clicks feed sales: a circle of products, though not of ports. */
static void test_circles(void **state)
{
    (void)state;
    struct graph g = ask(GRAPH_PRODUCT, "", "", -1, -1, 100);
    assert_int_equal(g.n_nodes, 1 + 3 + 1);
    assert_true(has_edge(&g, "product:shop.sales", "product:ads.clicks") && has_edge(&g, "product:ads.clicks", "product:shop.sales"));
    assert_true(has_edge(&g, "source:shop.till", "product:shop.sales"));
    assert_int_equal(g.nodes[place(&g, "product:shop.sales")].inside, 2);
    g = ask(GRAPH_DOMAIN, "", "", -1, -1, 100);
    assert_int_equal(g.n_nodes, 2);
    assert_int_equal(g.n_edges, 2);
    assert_true(g.nodes[0].layer != g.nodes[1].layer);
    assert_true(str_eq(g.nodes[place(&g, "domain:shop")].label, STR("The shop")));
}

static void test_focus(void **state)
{
    (void)state;
    struct graph g = ask(GRAPH_PORT, "ads.clicks", "", 1, 1, 100);
    assert_int_equal(g.n_nodes, 3);
    assert_true(place(&g, "port:shop.orders") != SIZE_MAX && place(&g, "port:shop.totals") != SIZE_MAX);
    g = ask(GRAPH_PORT, "port:ads.clicks", "", -1, 0, 100);
    assert_int_equal(g.n_nodes, 4); /* itself, orders, their stream and source */
    g = ask(GRAPH_PORT, "ads.clicks", "", 0, 0, 100);
    assert_int_equal(g.n_nodes, 1);
    /* A port among products is its product; a product among ports is its ports. */
    g = ask(GRAPH_PRODUCT, "shop.totals", "", 0, 0, 100);
    assert_true(g.n_nodes == 1 && place(&g, "product:shop.sales") == 0);
    g = ask(GRAPH_PORT, "shop.sales", "", 0, 0, 100);
    assert_int_equal(g.n_nodes, 2);
    g = ask(GRAPH_PRODUCT, "shop.till__sales", "", 0, 0, 100);
    assert_true(place(&g, "source:shop.till") == 0);
    g = ask(GRAPH_PORT, "shop.till__sales", "", 0, -1, 100);
    assert_true(place(&g, "consumer:Board report") != SIZE_MAX && place(&g, "source:shop.till") == SIZE_MAX);
    g = ask(GRAPH_DOMAIN, "shop.orders", "", 0, 0, 100);
    assert_true(g.n_nodes == 1 && place(&g, "domain:shop") == 0);
}

static void test_cut(void **state)
{
    (void)state;
    struct graph g = ask(GRAPH_PORT, "", "ads", -1, -1, 100);
    assert_true(place(&g, "port:ads.nothing") != SIZE_MAX && place(&g, "port:shop.orders") != SIZE_MAX);
    assert_true(place(&g, "source:shop.till") == SIZE_MAX);
    g = ask(GRAPH_PORT, "", "", -1, -1, 3);
    assert_int_equal(g.n_nodes, 3);
    assert_int_equal(g.hidden, 5);
    assert_true(place(&g, "port:shop.orders") != SIZE_MAX); /* the busiest stays */
    g = ask(GRAPH_PORT, "ads.clicks", "", -1, -1, 2);
    assert_int_equal(g.n_nodes, 2);
    assert_true(place(&g, "port:ads.clicks") != SIZE_MAX);
    assert_true(g.hidden > 0);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *focus, *domain;
    } cases[] = {{"nothing", ""}, {"shop.nothing", ""}, {"port:", ""}, {":", ""}, {".", ""}, {"", "shoop"}, {"shop.orders", "shoop"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph g;
        struct err e = {0};
        struct graph_ask a = {GRAPH_PORT, str_of(cases[i].focus), str_of(cases[i].domain), -1, -1, 100};
        assert_false(catalog_graph(m, NULL, &a, &arena, &g, &e));
        assert_int_equal(e.code, E_NOT_FOUND);
    }
    struct mesh none = {0};
    struct graph g;
    struct err e = {0};
    struct graph_ask a = {GRAPH_PORT, STR(""), STR(""), -1, -1, 100};
    assert_true(catalog_graph(&none, NULL, &a, &arena, &g, &e));
    assert_int_equal(g.n_nodes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ports), cmocka_unit_test(test_circles), cmocka_unit_test(test_focus),
                                       cmocka_unit_test(test_cut),   cmocka_unit_test(test_wrong)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
