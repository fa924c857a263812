/* The declaration as somebody may see it: nothing of it names what they may not see, its lists and numbers hold together, and the whole one is as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/seen.h"

static struct engine *engine;
static struct engine_conn *parser;
static char dir[] = "/tmp/trellis-seen-XXXXXX";
static struct mesh *whole;

static void put(const char *path, const char *text)
{
    struct err e = {0};
    struct arena a;
    arena_init(&a);
    struct str file = arena_printf(&a, "%s/%s", dir, path);
    assert_true(fs_mkdirs(arena_strz(&a, fs_dirname(file)), 0755, &e));
    assert_true(fs_write_atomic(file.p, str_of(text), 0644, &e));
    arena_fini(&a);
}

static void product(const char *domain, const char *name, const char *purpose, const char *const (*ports)[2], size_t n)
{
    struct buf b = BUF_INIT((size_t)1 << 16);
    char path[256];
    buf_printf(&b,
               "apiVersion: v1.0.0\nkind: DataProduct\nid: %s.%s\nname: %s\nversion: 1.0.0\nstatus: active\ndomain: %s\n"
               "description: {purpose: \"%s\"}\noutputPorts:\n",
               domain, name, name, domain, purpose);
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
                   "    properties:\n      - {name: x, logicalType: integer, classification: internal, description: \"the x of finance.payroll\"}\n",
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
    assert_true(engine_open(&o, &engine, &e) && engine_connect(engine, &parser, &e));
    assert_non_null(mkdtemp(dir));
    put("mesh.yaml", "name: small\n");
    put("domains/shop/domain.yaml", "name: shop\nowner: {name: Ana, contact: ana@example.org}\ndescription: \"sells; see domains/finance\"\n");
    put("domains/finance/domain.yaml", "name: finance\nowner: {name: Bo, contact: bo@example.org}\n");
    put("domains/empty/domain.yaml", "name: empty\nowner: {name: Cy, contact: cy@example.org}\n");
    put("domains/shop/sources/till.yaml", "name: till\nkind: files\npath: ../exports\nstreams:\n  - {name: sales, optional: true}\n  - {name: refunds, optional: true}\n");
    put("domains/finance/sources/bank.yaml", "name: bank\nkind: files\npath: ../exports\nstreams:\n  - {name: moves, optional: true}\n");
    product("shop", "sales", "What finance.payroll is compared with; not shop.nothing",
            (const char *const[][2]){{"orders", "SELECT 1 AS x FROM shop.till__sales\n"}, {"margin", "SELECT x FROM shop.orders UNION ALL SELECT x FROM finance.payroll\n"}}, 2);
    product("finance", "pay", "Pay", (const char *const[][2]){{"payroll", "SELECT 1 AS x FROM finance.bank__moves\n"}, {"secret", "SELECT x FROM finance.payroll\n"}}, 2);
    product("shop", "board", "Board", (const char *const[][2]){{"summary", "SELECT x FROM shop.margin\n"}}, 1);
    put("governance/glossary.yaml", "terms:\n  - {name: pay, title: Pay, definition: What people earn, owner: {name: Bo, contact: bo@example.org}, columns: [finance.payroll.x]}\n"
                                    "  - {name: order, title: Order, definition: \"As in shop.orders, not finance.payroll\", owner: {name: Bo, contact: bo@example.org}, columns: [shop.orders.x, finance.secret.x]}\n"
                                    "  - {name: free, title: Free, definition: A word, owner: {name: Bo, contact: bo@example.org}}\n");
    put("governance/goals.yaml", "north_star: cost\ngoals:\n"
                                 "  - {name: cost, title: Cost, question: What does it cost?, owner: {name: Bo, contact: bo@example.org}, number: {port: finance.payroll, value: sum(x)}}\n"
                                 "  - {name: wages, title: Wages, question: What do wages cost?, owner: {name: Bo, contact: bo@example.org}, number: {metric: wage_sum}}\n"
                                 "  - {name: much, title: Much, question: How much is sold?, owner: {name: Bo, contact: bo@example.org}, number: {metric: twice}}\n"
                                 "  - {name: sold, title: Sold, question: What was sold?, owner: {name: Ana, contact: ana@example.org}, number: {port: shop.orders, value: sum(x)}, products: [shop.sales, finance.pay]}\n");
    put("domains/shop/dashboards/mixed.yaml", "name: mixed\ntitle: Mixed\npanels:\n  - {title: Own, chart: number, port: shop.orders, measures: [{column: x, aggregate: sum, title: X}]}\n"
                                              "  - {title: Theirs, chart: number, port: finance.payroll, measures: [{column: x, aggregate: sum, title: X}]}\n"
                                              "  - {title: Asked, sql: SELECT x FROM shop.orders}\n  - {title: Asked of both, sql: SELECT x FROM shop.orders WHERE x IN (SELECT x FROM finance.payroll)}\n");
    put("domains/finance/dashboards/pay.yaml", "name: pay\ntitle: Pay\npanels:\n  - {title: Own, chart: number, port: finance.payroll, measures: [{column: x, aggregate: sum, title: X}]}\n");
    put("domains/shop/models/sold.yaml", "name: sold\nport: shop.orders\nentities: [{name: who, type: foreign, column: x}]\nmeasures: [{name: sold, agg: sum, expr: x}]\n");
    put("domains/finance/models/wages.yaml", "name: wages\nport: finance.payroll\nentities: [{name: who, type: primary, column: x}]\ndimensions: [{name: grade, expr: \"CAST(x AS VARCHAR)\"}]\n"
                                             "measures: [{name: wage, agg: sum, expr: x}]\n");
    put("domains/shop/metrics/sold_sum.yaml", "name: sold_sum\ndescription: \"Not finance.payroll\"\ntype: simple\nmeasure: sold.sold\nterms: [free]\n");
    put("domains/shop/metrics/of_rich.yaml", "name: of_rich\ndescription: By those who earn.\ntype: simple\nmeasure: sold.sold\nfilter: \"who__grade = '1'\"\n");
    put("domains/shop/metrics/per_wage.yaml", "name: per_wage\ndescription: Sold for each wage.\ntype: ratio\nnumerator: sold_sum\ndenominator: wage_sum\n");
    put("domains/shop/metrics/twice.yaml", "name: twice\ndescription: Twice as much.\ntype: derived\nexpr: sold_sum * 2\nmetrics: [sold_sum]\ndimensions: [grade]\n");
    put("domains/finance/metrics/wage_sum.yaml", "name: wage_sum\ndescription: Wages.\ntype: simple\nmeasure: wages.wage\nterms: [pay]\n");
    put("domains/shop/dashboards/figures.yaml", "name: figures\npanels:\n  - {title: Sold, metrics: [sold_sum]}\n  - {title: Both, metrics: [sold_sum, wage_sum]}\n");
    put("governance/annotations.yaml", "annotations:\n  - {day: 2026-01-01, title: \"A raise, see finance.payroll\", domain: finance}\n  - {day: 2026-01-02, title: \"A sale, see finance.payroll\", domain: shop}\n");
    struct mesh_load_options lo = {.parser = parser};
    whole = mesh_load(dir, &lo, &es);
    for (size_t i = 0; i < es.n && !whole; i++)
        print_error("%s:%u: %s (%s)\n", es.v[i].file, es.v[i].line, es.v[i].text, es.v[i].hint);
    errs_fini(&es);
    return whole ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    mesh_free(whole);
    engine_disconnect(parser);
    engine_close(engine);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* ---- who looks: names with blanks between ---- */
struct looker { const char *ports, *streams, *domains; };

static bool among(const char *list, struct str name)
{
    for (struct str rest = str_of(list); rest.p && rest.n;)
        if (str_eq(str_cut(rest, ' ', &rest), name))
            return true;
    return false;
}
static bool sees_port(void *ctx, const struct mesh_port *p) { return among(((struct looker *)ctx)->ports, p->ref); }
static bool sees_part(void *ctx, const struct mesh_port *p) { return (void)ctx, str_eq(p->ref, STR("web.visits")); }
static bool sees_stream(void *ctx, const struct mesh_stream *s) { return among(((struct looker *)ctx)->streams, s->ref); }
static bool sees_domain(void *ctx, const struct mesh_domain *d) { return among(((struct looker *)ctx)->domains, d->name); }

static struct mesh *look(struct looker *l, const char *name)
{
    return mesh_seen(whole, &(struct mesh_sight){sees_port, sees_part, sees_stream, sees_domain, l, str_of(name)});
}

static void tell_panel(struct buf *b, const struct mesh_dashboard *d, const struct mesh_panel *p)
{
    buf_printf(b, "  panel %.*s %.*s", STR_FMT(d->name), STR_FMT(p->port ? p->port->ref : p->kind == PANEL_SQL ? STR("sql") : STR("metrics")));
    for (size_t i = 0; i < p->n_reads; i++)
        buf_printf(b, " %.*s", STR_FMT(p->reads[i]->ref));
    for (size_t i = 0; i < p->n_metrics; i++)
        buf_printf(b, " %.*s", STR_FMT(p->metrics[i]->ref));
    buf_addc(b, '\n');
}

static void tell_metric(struct buf *b, const struct mesh_metric *m)
{
    buf_printf(b, "  metric %.*s: %.*s, %zu models, %zu words\n", STR_FMT(m->ref), STR_FMT(m->description), m->n_models, m->terms.n);
    for (size_t i = 0; i < m->n_parts; i++)
        buf_printf(b, "    part %.*s\n", STR_FMT(m->parts[i].metric->ref));
    for (size_t i = 0; i < m->dimensions.n; i++)
        buf_printf(b, "    by %.*s\n", STR_FMT(m->dimensions.v[i]));
}

/* Every list, name and number of a declaration, in words. */
static void tell(const struct mesh *m, struct buf *b)
{
    for (size_t i = 0; i < m->n_domains; i++) {
        const struct mesh_domain *d = &m->domains[i];
        buf_printf(b, "domain %.*s: %.*s\n", STR_FMT(d->name), STR_FMT(d->description));
        for (size_t k = 0; k < d->n_sources; k++)
            buf_printf(b, "  source %.*s\n", STR_FMT(d->sources[k]->name));
        for (size_t k = 0; k < d->n_dashboards; k++)
            for (size_t j = 0; j < d->dashboards[k]->n_panels; j++)
                tell_panel(b, d->dashboards[k], &d->dashboards[k]->panels[j]);
        for (size_t k = 0; k < d->n_models; k++)
            buf_printf(b, "  model %.*s of %.*s\n", STR_FMT(d->models[k]->name), STR_FMT(d->models[k]->ref));
        for (size_t k = 0; k < d->n_metrics; k++)
            tell_metric(b, d->metrics[k]);
    }
    for (size_t i = 0; i < m->n_annotations; i++)
        buf_printf(b, "annotation %.*s\n", STR_FMT(m->annotations[i].title));
    for (size_t i = 0; i < m->n_streams; i++)
        buf_printf(b, "stream %.*s\n", STR_FMT(m->streams[i]->ref));
    for (size_t i = 0; i < m->n_products; i++)
        buf_printf(b, "product %.*s: %.*s\n", STR_FMT(m->products[i]->name), STR_FMT(m->products[i]->purpose));
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *p = m->ports[i];
        buf_printf(b, "port %.*s %s\n%.*s%.*s\n", STR_FMT(p->ref), p->veiled ? "veiled" : "", STR_FMT(p->sql), STR_FMT(p->contract->columns[0].description));
        for (size_t k = 0; k < p->n_inputs; k++)
            buf_printf(b, "  reads %.*s\n", STR_FMT(p->inputs[k].ref));
    }
    for (size_t i = 0; i < m->n_terms; i++) {
        buf_printf(b, "term %.*s: %.*s\n", STR_FMT(m->terms[i].name), STR_FMT(m->terms[i].definition));
        for (size_t k = 0; k < m->terms[i].n_columns; k++)
            buf_printf(b, "  of %.*s\n", STR_FMT(m->terms[i].columns[k].ref));
    }
    for (size_t i = 0; i < m->n_goals; i++) {
        buf_printf(b, "goal %.*s of %.*s\n", STR_FMT(m->goals[i].name), STR_FMT(m->goals[i].number.ref));
        for (size_t k = 0; k < m->goals[i].n_products; k++)
            buf_printf(b, "  served by %.*s\n", STR_FMT(m->goals[i].products[k]->name));
    }
    buf_printf(b, "north star %.*s\n", STR_FMT(m->north_star ? m->north_star->name : STR("none")));
}

/* Whatever is pointed at is part of the same declaration, at the place it says. */
static void check_whole(const struct mesh *m)
{
    size_t streams = 0, products = 0;
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *p = m->ports[i];
        assert_int_equal(p->index, i);
        assert_ptr_equal(mesh_find_port(m, p->ref_major), p);
        assert_ptr_equal(mesh_find_product(m, p->product->domain->name, p->product->name), p->product);
        for (size_t k = 0; k < p->n_inputs; k++) {
            assert_true((p->inputs[k].port != NULL) != (p->inputs[k].stream != NULL));
            if (p->inputs[k].port) {
                assert_ptr_equal(m->ports[p->inputs[k].port->index], p->inputs[k].port);
                assert_true(p->inputs[k].port->index < i);
            } else {
                assert_ptr_equal(mesh_find_stream(m, p->inputs[k].stream->ref), p->inputs[k].stream);
            }
        }
    }
    for (size_t i = 0; i < m->n_domains; i++) {
        const struct mesh_domain *d = &m->domains[i];
        products += d->n_products;
        for (size_t k = 0; k < d->n_products; k++)
            assert_ptr_equal(d->products[k]->domain, d);
        for (size_t k = 0; k < d->n_sources; k++) {
            assert_ptr_equal(d->sources[k]->domain, d);
            streams += d->sources[k]->n_streams;
        }
        for (size_t k = 0; k < d->n_dashboards; k++)
            assert_ptr_equal(d->dashboards[k]->domain, d);
    }
    for (size_t i = 0; i < m->n_models; i++) {
        assert_ptr_equal(mesh_find_port(m, m->models[i]->port->ref_major), m->models[i]->port);
        assert_ptr_equal(mesh_find_domain(m, m->models[i]->domain->name), m->models[i]->domain);
        for (size_t k = 0; k < m->models[i]->n_dimensions; k++)
            assert_true(!m->models[i]->dimensions[k].column || mesh_port_column(m->models[i]->port, m->models[i]->dimensions[k].column->name) == m->models[i]->dimensions[k].column);
    }
    for (size_t i = 0; i < m->n_metrics; i++) {
        const struct mesh_metric *x = m->metrics[i];
        assert_ptr_equal(mesh_find_metric(m, x->ref, NULL), x);
        assert_ptr_equal(mesh_find_domain(m, x->domain->name), x->domain);
        for (size_t k = 0; k < x->n_models; k++)
            assert_ptr_equal(mesh_find_model(m, x->models[k]->name), x->models[k]);
        for (size_t k = 0; k < x->n_parts; k++)
            assert_ptr_equal(mesh_find_metric(m, x->parts[k].ref, NULL), x->parts[k].metric);
        assert_true(!x->model || mesh_find_model(m, x->model->name) == x->model);
    }
    assert_int_equal(products, m->n_products);
    assert_int_equal(streams, m->n_streams);
    for (size_t i = 0; i < m->n_streams; i++)
        assert_ptr_equal(mesh_find_stream(m, m->streams[i]->ref), m->streams[i]);
}

static const struct {
    const char *name;
    struct looker who;
    const char *told, *not_told; /* lines with | between, each of which is there, or is nowhere */
} cases[] = {
    {"all", {"shop.orders shop.margin shop.summary finance.payroll finance.secret", "shop.till__sales shop.till__refunds finance.bank__moves", "shop finance empty"},
     "metric shop.of_rich: By those who earn., 2 models|metric shop.per_wage|part finance.wage_sum|metric finance.wage_sum: Wages., 1 models, 1 words|goal wages|by grade|panel figures metrics shop.sold_sum finance.wage_sum|annotation A raise, see finance.payroll|"
     "domain empty|port finance.payroll|north star cost|the x of finance.payroll|source bank|panel mixed finance.payroll|panel mixed sql shop.orders\n|panel mixed sql finance.payroll shop.orders|reads finance.payroll", "veiled"},
    {"reader of the shop", {"shop.orders shop.margin shop.summary", "", ""},
     "domain shop: sells; see \xe2\x80\xa6|port shop.orders veiled|port shop.margin veiled|port shop.summary \n|reads shop.orders|term order: As in shop.orders, not \xe2\x80\xa6|  of shop.orders|"
     "model sold of shop.orders|metric shop.sold_sum: Not \xe2\x80\xa6, 1 models, 1 words|metric shop.twice|part shop.sold_sum|    by \n|goal much of shop.twice|panel figures metrics shop.sold_sum\n|annotation A sale, see \xe2\x80\xa6|"
     "goal sold|served by sales|panel mixed shop.orders|panel mixed sql shop.orders\n|north star none|the x of \xe2\x80\xa6|What \xe2\x80\xa6 is compared with; not shop.nothing|term free",
     "of_rich|per_wage|wage|grade|goal wages|A raise|finance|payroll|secret|bank|term pay|till__sales|source|domain empty|served by pay|goal cost"},
    {"builder of the shop", {"shop.orders", "shop.till__sales shop.till__refunds", "shop"}, "stream shop.till__sales|source till|port shop.orders \n|reads shop.till__sales|FROM shop.till__sales", "finance|summary|margin|veiled"},
    {"builder of nothing yet", {"", "", "empty"}, "domain empty", "model|metric|annotation|domain shop|domain finance|port|product|stream|goal|panel|term order|term pay"},
    {"nobody", {"", "", ""}, "north star none", "model|metric|annotation|domain|port|product|stream|goal|panel|term order|term pay"},
    {"of a product one port", {"finance.secret", "", ""}, "port finance.secret veiled|product pay|domain finance|of finance.secret|term order", "payroll|panel|term pay|shop|goal"},
};

static void each_sees_what_is_theirs_and_nothing_names_the_rest(void **state)
{
    (void)state;
    struct buf before = BUF_INIT((size_t)1 << 20), after = BUF_INIT((size_t)1 << 20);
    tell(whole, &before);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct looker l = cases[i].who;
        struct mesh *m = look(&l, cases[i].name);
        struct buf b = BUF_INIT((size_t)1 << 20);
        check_whole(m);
        tell(m, &b);
        for (struct str rest = str_of(cases[i].told); rest.p && rest.n;) {
            struct str line = str_cut(rest, '|', &rest);
            if (str_find(buf_str(&b), line, 0) == SIZE_MAX)
                fail_msg("%s: \"%.*s\" is not told in\n%s", cases[i].name, STR_FMT(line), buf_z(&b));
        }
        for (struct str rest = str_of(cases[i].not_told); rest.p && rest.n;) {
            struct str line = str_cut(rest, '|', &rest);
            if (str_find(buf_str(&b), line, 0) != SIZE_MAX)
                fail_msg("%s: \"%.*s\" is told in\n%s", cases[i].name, STR_FMT(line), buf_z(&b));
        }
        assert_string_not_equal(m->sha.z, whole->sha.z);
        buf_fini(&b);
        mesh_free(m);
    }
    tell(whole, &after);
    assert_string_equal(buf_z(&before), buf_z(&after));
    buf_fini(&before);
    buf_fini(&after);
}

/* What is kept for one must not be shown to another, who sees the same but is asked for otherwise. */
static void each_has_a_sha_of_its_own(void **state)
{
    (void)state;
    struct looker l = {"shop.orders", "", ""};
    struct mesh *a = look(&l, "one"), *b = look(&l, "two"), *again = look(&l, "one");
    assert_string_not_equal(a->sha.z, b->sha.z);
    assert_string_equal(a->sha.z, again->sha.z);
    mesh_free(a);
    mesh_free(b);
    mesh_free(again);
}

static void texts_lose_hidden_names_and_keep_all_else(void **state)
{
    (void)state;
    static const struct { const char *text, *told; } texts[] = {
        {"finance.payroll", "\xe2\x80\xa6"},
        {"reads finance.payroll_v1, shop.orders and shop.nothing", "reads \xe2\x80\xa6, shop.orders and shop.nothing"},
        {"finance.payroll.x is finance.bank__moves.y", "\xe2\x80\xa6 is \xe2\x80\xa6"},
        {"domains/finance/products/pay/payroll.sql:3", "\xe2\x80\xa6:3"},
        {"/catalog/finance/pay?port=payroll", "/catalog/\xe2\x80\xa6?port=payroll"},
        {"finance.unknown xfinance.payroll finance", "finance.unknown xfinance.payroll finance"},
        {"", ""},
        {"no name here. Nor/there", "no name here. Nor/there"},
    };
    struct looker l = {"shop.orders shop.margin shop.summary", "", ""};
    struct mesh *m = look(&l, "x");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf b = BUF_INIT((size_t)4096);
        mesh_seen_text(whole, m, str_of(texts[i].text), &b);
        assert_string_equal(buf_z(&b), texts[i].told);
        buf_fini(&b);
    }
    mesh_free(m);
}

static void names_mean_something_or_nothing(void **state)
{
    (void)state;
    static const char *const there[] = {"shop", "shop.orders", "shop.orders_v1", "shop.sales", "shop.till", "shop.till__sales", "shop.till.any_event", "shop.mixed", "shop.sold_sum", "finance.wage_sum", "pay", "free", "sold"};
    static const char *const not_there[] = {"", "shop.", ".", "nothing", "shop.nothing", "shop.orders_v2", "finance.orders", "shop.wage_sum", "shop.tiller"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        if (!mesh_holds(whole, str_of(there[i])))
            fail_msg("%s is not there", there[i]);
    for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
        if (mesh_holds(whole, str_of(not_there[i])))
            fail_msg("%s is there", not_there[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sees_what_is_theirs_and_nothing_names_the_rest),
        cmocka_unit_test(each_has_a_sha_of_its_own),
        cmocka_unit_test(texts_lose_hidden_names_and_keep_all_else),
        cmocka_unit_test(names_mean_something_or_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
