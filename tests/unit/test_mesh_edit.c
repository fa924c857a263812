/* Changes from outside: each field of each kind lands in its file and nowhere else; the patch is one that git applies; what would break the
 * mesh is refused before anything is written. */
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
#include "mesh/mesh_edit.h"
#include "mesh/mesh_write.h"

static struct engine *engine;
static struct engine_conn *parser;

struct place {
    struct arena a;
    char dir[64];
    struct mesh *m;
    struct errs es;
};

static const struct mesh_inferred_column columns[] = {
    {.name = {"day", 3}, .logical_type = {"date", 4}, .physical_type = {"DATE", 4}},
    {.name = {"amount", 6}, .logical_type = {"number", 6}, .physical_type = {"DOUBLE", 6}, .description = {"Net: \"euros\"", 12}},
};

static void load(struct place *p)
{
    struct mesh_load_options o = {.parser = parser};
    if (p->m)
        mesh_free(p->m);
    p->m = mesh_load(p->dir, &o, &p->es);
    if (!p->m)
        fail_msg("%s: %s", p->es.v[0].file, p->es.v[0].text);
}

static void put(struct place *p, const char *name, const char *text)
{
    struct err e = {0};
    char *path = arena_strz(&p->a, arena_printf(&p->a, "%s/%s", p->dir, name));
    assert_true(fs_mkdirs(arena_strz(&p->a, fs_dirname(str_of(path))), 0755, &e));
    assert_true(fs_write_atomic(path, str_of(text), 0644, &e));
}

static struct str get(struct place *p, const char *name)
{
    struct err e = {0};
    struct str text;
    assert_true(fs_read(&p->a, arena_printf(&p->a, "%s/%s", p->dir, name).p, 1 << 20, &text, &e));
    return text;
}

static void open_place(struct place *p)
{
    struct mesh_written *files;
    size_t n;
    struct err e = {0};
    *p = (struct place){0};
    arena_init(&p->a);
    strcpy(p->dir, "/tmp/trellis-edit-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    struct mesh_init_options o = {.name = STR("shop"), .owner_name = STR("Ana"), .owner_contact = STR("ana@example.org")};
    assert_true(mesh_init(&p->a, p->dir, &o, &files, &n, &e));
    struct mesh_add_options add = {.domain = STR("web"), .name = STR("orders"), .path = STR("in/orders.csv")};
    assert_true(mesh_add_files(&p->a, p->dir, &add, columns, 2, &files, &n, &e));
    put(p, "governance/glossary.yaml", "# the words we agree on\nterms:\n  - name: order   # an order\n    title: Order\n    definition: A paid basket.\n    owner: {name: Ana, contact: ana@example.org}\n");
    put(p, "domains/web/dashboards/weekly.yaml", "name: weekly\ntitle: Weekly\npanels:\n  # the first\n  - {title: Revenue, port: web.orders, chart: number, measures: [{column: amount, aggregate: sum}]}\n");
    load(p);
}

static void close_place(struct place *p)
{
    struct err e = {0};
    if (p->m)
        mesh_free(p->m);
    errs_fini(&p->es);
    assert_true(fs_remove_tree(p->dir, &e));
    arena_fini(&p->a);
}

#define S(z) {z, sizeof(z) - 1}
#define TEXT(z) {.kind = YAML_TEXT, .text = S(z)}
static const struct str words[] = {S("daily"), S("shop, all")};

static const struct edit_case {
    struct mesh_edit edit;
    const char *file, *wanted; /* a part of the file afterwards */
} cases[] = {
    {{S("product"), S("web.orders"), {NULL, 0}, S("purpose"), TEXT("All orders: paid")}, "domains/web/products/orders/product.yaml", "purpose: \"All orders: paid\""},
    {{S("product"), S("web.orders"), {NULL, 0}, S("title"), TEXT("Orders")}, "domains/web/products/orders/product.yaml", "customProperties:\n  - property: trellisTitle\n    value: Orders\n"},
    {{S("product"), S("web.orders"), {NULL, 0}, S("tags"), {YAML_TEXTS, {NULL, 0}, words, 2}}, "domains/web/products/orders/product.yaml", "tags: [daily, \"shop, all\"]"},
    {{S("product"), S("web.orders"), {NULL, 0}, S("owner_name"), TEXT("Tom")}, "domains/web/products/orders/product.yaml", "name: \"Tom\", role: owner"},
    {{S("product"), S("web.orders"), {NULL, 0}, S("readme"), TEXT("# Orders\nRun it.")}, "domains/web/products/orders/README.md", "# Orders\nRun it.\n"},
    {{S("port"), S("web.orders"), {NULL, 0}, S("description"), TEXT("One row per order")}, "domains/web/products/orders/product.yaml", "description: One row per order"},
    {{S("column"), S("web.orders"), S("amount"), S("description"), TEXT("Gross")}, "domains/web/products/orders/orders.odcs.yaml", "description: \"Gross\""},
    {{S("column"), S("web.orders"), S("day"), S("description"), TEXT("The day, UTC")}, "domains/web/products/orders/orders.odcs.yaml", "description: \"The day, UTC\"}"},
    {{S("column"), S("web.orders"), S("day"), S("classification"), TEXT("public")}, "domains/web/products/orders/orders.odcs.yaml", "classification: public"},
    {{S("domain"), S("web"), {NULL, 0}, S("owner_name"), TEXT("Eva")}, "domains/web/domain.yaml", "Eva"},
    {{S("source"), S("web.orders"), {NULL, 0}, S("freshness"), TEXT("26h")}, "domains/web/sources/orders.yaml", "sla:\n  freshness: 26h\n"},
    {{S("source"), S("web.orders"), {NULL, 0}, S("watch"), {YAML_BARE, S("true"), NULL, 0}}, "domains/web/sources/orders.yaml", "watch: true\n"},
    {{S("term"), S("order"), {NULL, 0}, S("definition"), TEXT("A basket that was paid.")}, "governance/glossary.yaml", "  - name: order   # an order\n    title: Order\n    definition: A basket that was paid.\n"},
    {{S("term"), S("web.visit"), {NULL, 0}, S("definition"), TEXT("Half an hour.")}, "domains/web/glossary.yaml", "  - name: visit\n    definition: Half an hour.\n"},
    {{S("dashboard"), S("web.weekly"), {NULL, 0}, S("title"), TEXT("Every week")}, "domains/web/dashboards/weekly.yaml", "title: Every week\npanels:\n  # the first\n"},
    {{S("dashboard"), S("web.weekly"), S("By day: all"), S("panel"), {YAML_JSON, S("{\"title\":\"By day: all\",\"sql\":\"SELECT day, count(*) AS n\\nFROM web.orders GROUP BY 1\",\"chart\":\"line\",\"x\":\"day\"}"), NULL, 0}},
     "domains/web/dashboards/weekly.yaml", "  # the first\n  - {title: Revenue, port: web.orders, chart: number, measures: [{column: amount, aggregate: sum}]}\n  - {title: \"By day: all\", sql: \"SELECT day, count(*) AS n\\nFROM web.orders GROUP BY 1\", chart: \"line\", x: \"day\"}\n"},
    {{S("dashboard"), S("web.weekly"), S("Revenue"), S("panel"), {YAML_JSON, S("{\"title\":\"Revenue\",\"port\":\"web.orders\",\"chart\":\"number\",\"measures\":[{\"aggregate\":\"count\"}]}"), NULL, 0}},
     "domains/web/dashboards/weekly.yaml", "  # the first\n  - {title: \"Revenue\", port: \"web.orders\", chart: \"number\", measures: [{aggregate: \"count\"}]}\n"},
    {{S("annotation"), S("Sale: all"), {NULL, 0}, S("annotation"), {YAML_JSON, S("{\"day\":\"2026-03-01\",\"title\":\"Sale: all\",\"domain\":\"web\"}"), NULL, 0}},
     "governance/annotations.yaml", "annotations:\n  - {day: \"2026-03-01\", title: \"Sale: all\", domain: \"web\"}\n"},
    {{S("dashboard"), S("web.weekly"), {NULL, 0}, S("panels"), {YAML_JSON, S("[{\"title\":\"N\",\"port\":\"web.orders\",\"chart\":\"number\",\"measures\":[{\"column\":\"day\",\"aggregate\":\"count\"}]}]"), NULL, 0}},
     "domains/web/dashboards/weekly.yaml", "panels:\n  - {title: \"N\", port: \"web.orders\", chart: \"number\", measures: [{column: \"day\", aggregate: \"count\"}]}\n"},
};

static void each_field_lands_in_its_file(void **state)
{
    (void)state;
    struct place p;
    open_place(&p);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mesh_patch *patches;
        size_t n;
        struct err e = {0};
        struct mesh_load_options o = {.parser = parser};
        if (!mesh_edit_plan(&p.a, p.m, &cases[i].edit, 1, &patches, &n, &p.es) || n != 1)
            fail_msg("case %zu: %zu patches, %s", i, n, p.es.n ? p.es.v[0].text : "");
        assert_string_equal(arena_strz(&p.a, patches[0].path), cases[i].file);
        if (!strstr(arena_strz(&p.a, patches[0].after), cases[i].wanted))
            fail_msg("case %zu: \"%s\" is not in\n%.*s", i, cases[i].wanted, STR_FMT(patches[0].after));

        /* What git makes of the diff is what is written. */
        struct buf diff = BUF_INIT(1 << 20);
        char to[100], command[400];
        mesh_patch_diff(&p.a, patches, n, &diff);
        put(&p, "change.patch", buf_z(&diff));
        snprintf(to, sizeof to, "%s-git", p.dir);
        snprintf(command, sizeof command, "cp -r %s %s && cd %s && git apply --whitespace=nowarn change.patch", p.dir, to, to);
        if (system(command) != 0)
            fail_msg("case %zu: git does not apply\n%s", i, buf_z(&diff));
        struct str theirs;
        assert_true(fs_read(&p.a, arena_printf(&p.a, "%s/%s", to, cases[i].file).p, 1 << 20, &theirs, &e));
        assert_true(str_eq(theirs, patches[0].after));
        assert_true(fs_remove_tree(to, &e));
        buf_fini(&diff);

        if (!mesh_patch_try(&p.a, str_of(p.dir), patches, n, &o, &p.es))
            fail_msg("case %zu: %s: %s", i, p.es.v[p.es.n - 1].file, p.es.v[p.es.n - 1].text);
        assert_true(mesh_patch_apply(&p.a, str_of(p.dir), patches, n, &e));
        assert_true(str_eq(get(&p, cases[i].file), patches[0].after));
        load(&p);
        assert_true(mesh_edit_plan(&p.a, p.m, &cases[i].edit, 1, &patches, &n, &p.es));
        assert_int_equal(n, 0); /* the same again changes nothing */
    }
    assert_string_equal(arena_strz(&p.a, p.m->products[0]->domain->name), "shared");
    assert_int_equal(mesh_find_domain(p.m, STR("web"))->sources[0]->sla.freshness_s, 26 * 3600);
    close_place(&p);
}

static const struct { struct mesh_edit edit; const char *said; } refused[] = {
    {{S("product"), S("web.ordrs"), {NULL, 0}, S("purpose"), TEXT("x")}, "there is nothing of this name"},
    {{S("product"), S("web.orders"), {NULL, 0}, S("porpose"), TEXT("x")}, "the field porpose is not changed from here"},
    {{S("produkt"), S("web.orders"), {NULL, 0}, S("purpose"), TEXT("x")}, "there is no such kind"},
    {{S("column"), S("web.orders"), S("amonut"), S("description"), TEXT("x")}, "no such column"},
    {{S("product"), S("web.orders"), {NULL, 0}, S("tags"), TEXT("x")}, "tags is a list of texts"},
    {{S("term"), S("nowhere.visit"), {NULL, 0}, S("title"), TEXT("x")}, "nothing of this name"},
    {{S("term"), S("Visit"), {NULL, 0}, S("title"), TEXT("x")}, "this is no name"},
};

/* Lines of governance/annotations.yaml: of one title there are two, and each is told by its day. */
static void what_happened_is_changed_and_goes(void **state)
{
    (void)state;
    static const char before[] = "# ours\nannotations:\n  # the first\n  - {day: 2026-03-01, title: Sale}\n  - day: 2025-03-01\n    title: Sale\n    kind: promotion\n  - {day: 2026-04-01, title: \"A talk\"}\n";
    static const struct { struct mesh_edit edit; const char *after, *why; } told[] = {
        {{S("annotation"), S("Sale"), S("2025-03-01"), S("annotation"), {YAML_JSON, S("{\"day\":\"2025-03-02\",\"title\":\"Spring sale\"}"), NULL, 0}},
         "# ours\nannotations:\n  # the first\n  - {day: 2026-03-01, title: Sale}\n  - {day: \"2025-03-02\", title: \"Spring sale\"}\n  - {day: 2026-04-01, title: \"A talk\"}\n", NULL},
        {{S("annotation"), S("Sale"), S("2026-03-01"), S("annotation"), {YAML_REMOVE, {NULL, 0}, NULL, 0}},
         "# ours\nannotations:\n  # the first\n  - day: 2025-03-01\n    title: Sale\n    kind: promotion\n  - {day: 2026-04-01, title: \"A talk\"}\n", NULL},
        {{S("annotation"), S("A talk"), S("2026-04-01"), S("annotation"), {YAML_JSON, S("{\"day\":\"2026-04-02\",\"title\":\"A talk in May\"}"), NULL, 0}},
         "# ours\nannotations:\n  # the first\n  - {day: 2026-03-01, title: Sale}\n  - day: 2025-03-01\n    title: Sale\n    kind: promotion\n  - {day: \"2026-04-02\", title: \"A talk in May\"}\n", NULL},
        {{S("annotation"), S("Sale"), {NULL, 0}, S("annotation"), {YAML_REMOVE, {NULL, 0}, NULL, 0}}, NULL, "several are called so"},
        {{S("annotation"), S("Sale"), S("2026-03-02"), S("annotation"), {YAML_REMOVE, {NULL, 0}, NULL, 0}}, NULL, "nothing of this title is written down for that day"},
        {{S("annotation"), S("A talk"), S("2026-04-01"), S("annotation"), TEXT("x")}, NULL, "is a list or an object"},
    };
    struct place p;
    open_place(&p);
    put(&p, "governance/annotations.yaml", before);
    load(&p);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct mesh_patch *patches;
        size_t n, wrong = p.es.n;
        bool good = mesh_edit_plan(&p.a, p.m, &told[i].edit, 1, &patches, &n, &p.es);
        if (told[i].why && (good || !strstr(p.es.v[wrong].text, told[i].why)))
            fail_msg("case %zu: %s", i, good ? "is planned" : p.es.v[wrong].text);
        if (told[i].after && (!good || n != 1 || !str_eq(patches[0].after, str_of(told[i].after))))
            fail_msg("case %zu: %s%.*s", i, p.es.n > wrong ? p.es.v[wrong].text : "", good && n ? (int)patches[0].after.n : 0, good && n ? patches[0].after.p : "");
    }
    close_place(&p);
}

static void wrong_changes_are_refused(void **state)
{
    (void)state;
    struct place p;
    struct mesh_patch *patches;
    size_t n;
    struct err e = {0};
    struct mesh_load_options o = {.parser = parser};
    open_place(&p);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct errs es = {0};
        assert_false(mesh_edit_plan(&p.a, p.m, &refused[i].edit, 1, &patches, &n, &es));
        if (!strstr(es.v[0].text, refused[i].said))
            fail_msg("case %zu: %s", i, es.v[0].text);
        errs_fini(&es);
    }
    /* Well formed, but the mesh would not load: told with file and line, and nothing is written. */
    struct mesh_edit bad = {S("product"), S("web.orders"), {NULL, 0}, S("status"), TEXT("shiny")};
    struct str before = get(&p, "domains/web/products/orders/product.yaml");
    assert_true(mesh_edit_plan(&p.a, p.m, &bad, 1, &patches, &n, &p.es));
    assert_false(mesh_patch_try(&p.a, str_of(p.dir), patches, n, &o, &p.es));
    assert_string_equal(p.es.v[0].file, "domains/web/products/orders/product.yaml");
    assert_true(p.es.v[0].line > 0);
    assert_true(str_eq(before, get(&p, "domains/web/products/orders/product.yaml")));
    /* Somebody else was quicker. */
    struct mesh_edit late = {S("product"), S("web.orders"), {NULL, 0}, S("purpose"), TEXT("late")};
    assert_true(mesh_edit_plan(&p.a, p.m, &late, 1, &patches, &n, &p.es));
    put(&p, "domains/web/products/orders/product.yaml", arena_printf(&p.a, "%.*s# mine\n", STR_FMT(before)).p);
    assert_false(mesh_patch_apply(&p.a, str_of(p.dir), patches, n, &e));
    assert_int_equal(e.code, E_BUSY);
    close_place(&p);
}

static int open_engine(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine_options o = {.threads = 1, .locked = true};
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_field_lands_in_its_file), cmocka_unit_test(what_happened_is_changed_and_goes), cmocka_unit_test(wrong_changes_are_refused)};
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
