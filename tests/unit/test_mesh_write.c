/* `trellis init` and `trellis add`: what they write passes the check, is written whole or not at all, and asks before it replaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "mesh/mesh_write.h"

static struct engine *engine;
static struct engine_conn *parser;

struct place {
    struct arena a;
    char dir[64];
    struct mesh_written *files;
    size_t n;
    struct err e;
};

static void place_open(struct place *p)
{
    *p = (struct place){0};
    arena_init(&p->a);
    strcpy(p->dir, "/tmp/trellis-write-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
}

static void place_close(struct place *p)
{
    assert_true(fs_remove_tree(p->dir, &p->e));
    arena_fini(&p->a);
}

static void init(struct place *p)
{
    struct mesh_init_options o = {.name = STR("shop"), .owner_name = STR("Ana \"A\" Ruiz"), .owner_contact = STR("ana@example.org"), .reporting_currency = STR("EUR")};
    if (!mesh_init(&p->a, p->dir, &o, &p->files, &p->n, &p->e))
        fail_msg("%s", p->e.text);
}

static bool add(struct place *p, const char *pack, const char *name, const char *path, bool force)
{
    struct mesh_add_options o = {.domain = STR("acquisition"), .name = str_of(name), .path = str_of(path), .force = force};
    p->e = (struct err){0};
    return mesh_add(&p->a, p->dir, str_of(pack), &o, &p->files, &p->n, &p->e);
}

static struct mesh *load(struct place *p)
{
    struct errs es = {0};
    struct mesh_load_options o = {.parser = parser};
    struct mesh *m = mesh_load(p->dir, &o, &es);
    for (size_t i = 0; i < es.n; i++)
        print_message("%s:%u:%u: %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    assert_int_equal(es.n, 0);
    errs_fini(&es);
    assert_non_null(m);
    return m;
}

static struct str text_of(struct place *p, const char *file)
{
    struct str text;
    if (!fs_read(&p->a, arena_printf(&p->a, "%s/%s", p->dir, file).p, 1 << 20, &text, &p->e))
        fail_msg("%s", p->e.text);
    return text;
}

static bool contains(struct str text, const char *part)
{
    return str_find(text, str_of(part), 0) != SIZE_MAX;
}

static void test_init_passes_the_check(void **state)
{
    (void)state;
    struct place p;
    place_open(&p);
    init(&p);
    assert_true(contains(text_of(&p, ".gitignore"), "/data/"));
    struct mesh *m = load(&p);
    assert_int_equal(m->n_domains, 5);
    assert_true(str_eq(m->domains[0].owner.name, STR("Ana \"A\" Ruiz")));
    assert_true(m->n_terms >= 10); /* the domains come from templates, with a first glossary */
    assert_true(str_eq(m->domains[0].title, STR("Acquisition")));
    assert_true(m->domains[0].light);
    assert_int_equal(m->n_naming, 2);
    assert_non_null(mesh_find_port(m, STR("shared.exchange_rate")));
    assert_non_null(mesh_find_port(m, STR("shared.campaign")));
    assert_non_null(mesh_find_stream(m, STR("shared.governance__rates")));
    mesh_free(m);
    /* a second time: refused, and nothing changes */
    struct mesh_init_options o = {.name = STR("other")};
    assert_false(mesh_init(&p.a, p.dir, &o, &p.files, &p.n, &p.e));
    assert_int_equal(p.e.code, E_DUPLICATE);
    assert_true(contains(text_of(&p, "mesh.yaml"), "\"shop\""));
    place_close(&p);
}

static void test_init_names(void **state)
{
    (void)state;
    struct place p;
    place_open(&p);
    struct mesh_init_options wrong = {.name = STR("My Shop")}, zone = {.name = STR("shop"), .time_zone = STR("Berlin")}, none = {0};
    assert_false(mesh_init(&p.a, p.dir, &wrong, &p.files, &p.n, &p.e));
    assert_int_equal(p.e.code, E_NAME);
    assert_true(strstr(p.e.hint, "my_shop"));
    assert_false(mesh_init(&p.a, p.dir, &zone, &p.files, &p.n, &p.e));
    assert_false(fs_exists(arena_printf(&p.a, "%s/mesh.yaml", p.dir).p));
    struct str inner = arena_printf(&p.a, "%s/My Shop 2", p.dir);
    assert_true(mesh_init(&p.a, inner.p, &none, &p.files, &p.n, &p.e));
    assert_true(contains(text_of(&p, "My Shop 2/mesh.yaml"), "name: \"my_shop_2\""));
    place_close(&p);
}

static bool pack_is_there(struct place *p, struct str name)
{
    struct mesh_pack *packs;
    size_t n;
    assert_true(mesh_packs(&p->a, &packs, &n, &p->e));
    for (size_t i = 0; i < n; i++)
        if (str_eq(packs[i].name, name))
            return true;
    return false;
}

/* Every template makes a domain that passes the check, and names packs that exist. */
static void test_domain_templates(void **state)
{
    (void)state;
    struct place p;
    struct mesh_template *templates;
    size_t n;
    place_open(&p);
    init(&p);
    assert_true(mesh_templates(&p.a, &templates, &n, &p.e));
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        struct mesh_domain_options o = {.name = arena_printf(&p.a, "my_%.*s", STR_FMT(templates[i].name)), .template_name = templates[i].name,
                                        .owner_name = STR("Bo \"B\" Li"), .owner_contact = STR("bo@example.org")};
        assert_true(templates[i].title.n && templates[i].summary.n && templates[i].n_sources);
        for (size_t k = 0; k < templates[i].n_sources; k++)
            if (!pack_is_there(&p, templates[i].sources[k]))
                fail_msg("the template %.*s names the pack %.*s", STR_FMT(templates[i].name), STR_FMT(templates[i].sources[k]));
        assert_true(mesh_add_domain(&p.a, p.dir, &o, &p.files, &p.n, &p.e));
        assert_int_equal(p.n, 3);
    }
    struct mesh *m = load(&p);
    const struct mesh_domain *d = mesh_find_domain(m, STR("my_retention"));
    assert_int_equal(m->n_domains, 10);
    assert_true(str_eq(d->title, STR("My retention")));
    assert_true(str_eq(d->owner.name, STR("Bo \"B\" Li")));
    assert_true(d->n_kpis >= 2 && d->north_star.n);
    mesh_free(m);
    place_close(&p);
}

static void test_domain_refused(void **state)
{
    (void)state;
    static const struct { const char *name, *template_name; enum err_code code; const char *hint; } cases[] = {
        {"web", "web", E_DUPLICATE, "--force"},
        {"Paid Media", "acquisition", E_NAME, "lower-case"},
        {"group", "acquisition", E_NAME, "group_data"},
        {"main", "acquisition", E_NAME, "main_data"},
        {"paid_media", "aquisition", E_NOT_FOUND, "did you mean \"acquisition\"?"},
        {"paid_media", "", E_USAGE, "templates are: acquisition, brand"},
    };
    struct place p;
    place_open(&p);
    init(&p);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mesh_domain_options o = {.name = str_of(cases[i].name), .template_name = str_of(cases[i].template_name)};
        p.e = (struct err){0};
        assert_false(mesh_add_domain(&p.a, p.dir, &o, &p.files, &p.n, &p.e));
        assert_int_equal(p.e.code, cases[i].code);
        if (!strstr(p.e.hint, cases[i].hint))
            fail_msg("%s: %s", cases[i].name, p.e.hint);
        assert_false(fs_exists(arena_printf(&p.a, "%s/domains/paid_media", p.dir).p));
    }
    struct mesh_domain_options force = {.name = STR("web"), .template_name = STR("brand"), .title = STR("Web shop"), .force = true};
    assert_true(mesh_add_domain(&p.a, p.dir, &force, &p.files, &p.n, &p.e));
    assert_true(contains(text_of(&p, "domains/web/domain.yaml"), "title: \"Web shop\""));
    place_close(&p);
}

static void test_every_pack_passes_the_check(void **state)
{
    (void)state;
    struct place p;
    struct mesh_pack *packs;
    size_t n, ads = 0;
    place_open(&p);
    init(&p);
    assert_true(mesh_packs(&p.a, &packs, &n, &p.e));
    assert_true(n >= 8);
    for (size_t i = 0; i < n; i++) {
        assert_true(packs[i].summary.n > 10 && packs[i].title.n > 0);
        const char *name = arena_strz(&p.a, packs[i].name);
        if (!add(&p, name, NULL, packs[i].kind == PACK_SOURCE && !packs[i].events ? "../exports" : NULL, false))
            fail_msg("%s: %s", name, p.e.text);
        ads += packs[i].kind == PACK_SOURCE && str_eq(packs[i].domain, STR("acquisition"));
        mesh_free(load(&p));
    }
    struct mesh *m = load(&p);
    struct mesh_port *union_port = mesh_find_port(m, STR("shared.campaign")), *flagship = mesh_find_port(m, STR("acquisition.campaign_daily"));
    assert_int_equal(union_port->n_inputs, ads);
    assert_int_equal(flagship->n_inputs, ads + 2); /* rates, and campaigns for their channel */
    const struct mesh_metric *cac = mesh_find_metric(m, STR("cac"), NULL);
    assert_non_null(cac); /* a pack brings its numbers, made of those that init wrote */
    assert_true(str_eq(cac->ref, STR("acquisition.cac")) && cac->n_parts == 2 && str_eq(cac->parts[1].ref, STR("shared.new_customers")));
    assert_true(m->n_metrics > 60 && m->n_dashboards >= 4);
    mesh_free(m);
    place_close(&p);
}

static void test_unions_follow(void **state)
{
    (void)state;
    struct place p;
    place_open(&p);
    init(&p);
    assert_true(contains(text_of(&p, "domains/shared/products/campaign/campaign.sql"), "WHERE false"));
    assert_true(add(&p, "campaign_performance", NULL, NULL, false));
    assert_true(add(&p, "google_ads", NULL, "../a", false));
    assert_true(add(&p, "google_ads", "google_uk", "../b", false));
    struct str sql = text_of(&p, "domains/acquisition/products/campaign_performance/campaign_daily.sql");
    assert_true(contains(sql, "FROM acquisition.google_ads_campaign_daily\n"));
    assert_true(contains(sql, "UNION ALL\n"));
    assert_true(contains(sql, "FROM acquisition.google_uk_campaign_daily\n"));
    assert_false(contains(sql, "WHERE false"));
    struct mesh *m = load(&p);
    assert_int_equal(mesh_find_port(m, STR("shared.ad"))->n_inputs, 2);
    mesh_free(m);
    /* A source of a pack that this program does not have stays in, by its ports. */
    struct str source = text_of(&p, "domains/acquisition/sources/google_ads.yaml");
    size_t at = str_find(source, STR("pack: google_ads"), 0);
    FILE *f = fopen(arena_printf(&p.a, "%s/domains/acquisition/sources/google_ads.yaml", p.dir).p, "w");
    assert_non_null(f);
    fprintf(f, "%.*spack: other_ads%.*s", (int)at, source.p, (int)(source.n - at - 16), source.p + at + 16);
    fclose(f);
    assert_true(add(&p, "pinterest_ads", NULL, "../c", false));
    sql = text_of(&p, "domains/acquisition/products/campaign_performance/campaign_daily.sql");
    assert_true(contains(sql, "FROM acquisition.google_ads_campaign_daily\n"));
    assert_true(contains(sql, "FROM acquisition.pinterest_ads_campaign_daily\n"));
    place_close(&p);
}

static void test_add_asks_before_it_replaces(void **state)
{
    (void)state;
    struct place p;
    place_open(&p);
    init(&p);
    assert_true(add(&p, "google_ads", NULL, "../a", false));
    assert_true(add(&p, "google_ads", NULL, "../a", false)); /* the same again: nothing to do */
    for (size_t i = 0; i < p.n; i++)
        assert_int_equal(p.files[i].how, WRITTEN_SAME);
    struct str before = text_of(&p, "domains/acquisition/sources/google_ads.yaml");
    assert_false(add(&p, "google_ads", NULL, "../b", false));
    assert_int_equal(p.e.code, E_DUPLICATE);
    assert_non_null(strstr(p.e.text, "sources/google_ads.yaml"));
    assert_true(str_eq(before, text_of(&p, "domains/acquisition/sources/google_ads.yaml")));
    assert_true(add(&p, "google_ads", NULL, "../b", true));
    assert_true(contains(text_of(&p, "domains/acquisition/sources/google_ads.yaml"), "path: \"../b\""));
    place_close(&p);
}

static void test_wrong_options(void **state)
{
    (void)state;
    static const struct { const char *pack, *domain, *name, *path, *currency; enum err_code code; const char *words; } cases[] = {
        {"googl_ads", "acquisition", NULL, "x", NULL, E_NOT_FOUND, "google_ads"},
        {"init", "acquisition", NULL, "x", NULL, E_NOT_FOUND, ""},
        {"google_ads", NULL, NULL, "x", NULL, E_USAGE, "--domain"},
        {"google_ads", "aquisition", NULL, "x", NULL, E_NOT_FOUND, "acquisition"},
        {"google_ads", "../shared", NULL, "x", NULL, E_NOT_FOUND, ""},
        {"google_ads", "acquisition", NULL, NULL, NULL, E_USAGE, "--path"},
        {"campaign_performance", "acquisition", NULL, "x", NULL, E_USAGE, "--path"},
        {"google_ads", "acquisition", "Google", "x", NULL, E_NAME, ""},
        {"google_ads", "acquisition", "../x", "x", NULL, E_NAME, ""},
        {"google_ads", "acquisition", "raw", "x", NULL, E_NAME, ""},
        {"google_ads", "acquisition", NULL, "x", "EURO", E_USAGE, "EUR"},
    };
    struct place p;
    place_open(&p);
    init(&p);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mesh_add_options o = {.domain = str_of(cases[i].domain), .name = str_of(cases[i].name), .path = str_of(cases[i].path), .currency = str_of(cases[i].currency)};
        p.e = (struct err){0};
        assert_false(mesh_add(&p.a, p.dir, str_of(cases[i].pack), &o, &p.files, &p.n, &p.e));
        if (p.e.code != cases[i].code || (!strstr(p.e.text, cases[i].words) && !strstr(p.e.hint, cases[i].words)) || !p.e.hint[0])
            fail_msg("case %zu: %s | %s", i, p.e.text, p.e.hint);
    }
    mesh_free(load(&p));
    place_close(&p);
}

static void test_a_failed_write_is_taken_back(void **state)
{
    (void)state;
    struct place p;
    place_open(&p);
    init(&p);
    /* A file where a folder is to be made stops the writing half-way. */
    FILE *f = fopen(arena_printf(&p.a, "%s/domains/acquisition/sources", p.dir).p, "w");
    assert_non_null(f);
    fclose(f);
    assert_false(add(&p, "google_ads", NULL, "../a", false));
    assert_false(fs_exists(arena_printf(&p.a, "%s/domains/acquisition/products/google_ads", p.dir).p));
    assert_true(contains(text_of(&p, "domains/shared/products/campaign/campaign.sql"), "WHERE false"));
    remove(arena_printf(&p.a, "%s/domains/acquisition/sources", p.dir).p);
    mesh_free(load(&p));
    place_close(&p);
}

static void test_broken_regions_are_refused(void **state)
{
    (void)state;
    static const struct { const char *text, *words; } cases[] = {
        {"-- trellis:sources begin campaign\nSELECT 1\n", "trellis:sources end"},
        {"-- trellis:sources begin campain\n-- trellis:sources end\n", "campaign"},
    };
    struct place p;
    place_open(&p);
    init(&p);
    const char *path = arena_printf(&p.a, "%s/domains/shared/products/campaign/campaign.sql", p.dir).p;
    for (size_t i = 0; i < 2; i++) {
        FILE *f = fopen(path, "w");
        fputs(cases[i].text, f);
        fclose(f);
        assert_false(add(&p, "google_ads", NULL, "../a", false));
        assert_true(strstr(p.e.text, cases[i].words) || strstr(p.e.hint, cases[i].words));
        assert_int_equal(p.e.line, 1);
        assert_false(fs_exists(arena_printf(&p.a, "%s/domains/acquisition/sources/google_ads.yaml", p.dir).p));
    }
    place_close(&p);
}

static void test_add_files(void **state)
{
    (void)state;
    static const struct mesh_inferred_column columns[] = {
        {.name = {"date", 4}, .logical_type = {"date", 4}, .physical_type = {"DATE", 4}, .required = true}, {.name = {"order", 5}, .logical_type = {"string", 6}, .physical_type = {"VARCHAR", 7}, .required = false},
        {.name = {"_id", 3}, .logical_type = {"string", 6}, .physical_type = {"VARCHAR", 7}, .required = false}, {.name = {"id", 2}, .logical_type = {"integer", 7}, .physical_type = {"BIGINT", 6}, .required = false},
        {.name = {"2nd__price_v2", 13}, .logical_type = {"number", 6}, .physical_type = {"DECIMAL(18,2)", 13}, .required = false}, {.name = {"customer_email", 14}, .logical_type = {"string", 6}, .physical_type = {"VARCHAR", 7}, .required = false},
    };
    struct place p;
    struct mesh_add_options o = {.domain = STR("acquisition"), .name = STR("budget"), .path = STR("in: \"x\"/budget.csv")};
    place_open(&p);
    init(&p);
    assert_true(mesh_add_files(&p.a, p.dir, &o, columns, 6, &p.files, &p.n, &p.e));
    assert_int_equal(p.n, 5);
    struct mesh *m = load(&p);
    struct mesh_port *port = mesh_find_port(m, STR("acquisition.budget"));
    struct mesh_stream *stream = mesh_find_stream(m, STR("acquisition.budget__data"));
    assert_non_null(port);
    assert_true(str_eq(stream->path, o.path));
    assert_true(str_eq(port->contract->columns[2].name, STR("id")) && str_eq(port->contract->columns[3].name, STR("id_2")));
    assert_true(str_eq(port->contract->columns[4].name, STR("c_2nd_price_v2_value")));
    assert_int_equal(port->contract->columns[5].class_, CLASS_PERSONAL);
    assert_int_equal(port->contract->columns[1].class_, CLASS_INTERNAL);
    assert_int_equal(stream->contract->columns[5].class_, CLASS_PERSONAL);
    mesh_free(m);
    o.name = (struct str){NULL, 0};
    assert_false(mesh_add_files(&p.a, p.dir, &o, columns, 6, &p.files, &p.n, &p.e));
    assert_int_equal(p.e.code, E_USAGE);
    o.name = STR("empty");
    assert_false(mesh_add_files(&p.a, p.dir, &o, columns, 0, &p.files, &p.n, &p.e));
    place_close(&p);
}

static void test_classes(void **state)
{
    (void)state;
    static const char *const personal[] = {"email", "customer_email", "email_address", "phone", "first_name", "name", "ip", "user_id", "date_of_birth", "zip_code"};
    static const char *const internal[] = {"spend", "campaign_name", "emailed", "shipping", "clicks", "campaign_id", "description", "zipped", "relationship"};
    for (size_t i = 0; i < sizeof personal / sizeof personal[0]; i++)
        if (!str_eq(mesh_propose_class(str_of(personal[i])), STR("personal")))
            fail_msg("%s", personal[i]);
    for (size_t i = 0; i < sizeof internal / sizeof internal[0]; i++)
        if (!str_eq(mesh_propose_class(str_of(internal[i])), STR("internal")))
            fail_msg("%s", internal[i]);
    struct arena a;
    arena_init(&a);
    assert_true(str_eq(mesh_normal_column(&a, STR("\xEF\xBB\xBF Order ID ")), STR("order_id")));
    assert_true(str_eq(mesh_normal_column(&a, STR("Cost (EUR)")), STR("cost__eur_")));
    arena_fini(&a);
}

static int open_engine(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine_options o = {.threads = 1};
    return engine_open(&o, &engine, &e) && engine_connect(engine, &parser, &e) ? 0 : -1;
}

static int close_engine(void **state)
{
    (void)state;
    engine_disconnect(parser);
    engine_close(engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_passes_the_check), cmocka_unit_test(test_init_names), cmocka_unit_test(test_domain_templates), cmocka_unit_test(test_domain_refused), cmocka_unit_test(test_every_pack_passes_the_check),
        cmocka_unit_test(test_unions_follow), cmocka_unit_test(test_add_asks_before_it_replaces), cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_a_failed_write_is_taken_back), cmocka_unit_test(test_broken_regions_are_refused), cmocka_unit_test(test_add_files),
        cmocka_unit_test(test_classes),
    };
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
