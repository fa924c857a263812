/* The JSON Schema checker: the official examples hold, and each keyword says what is wrong in its own way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "mesh/mesh.h"
#include "mesh/schema.h"

static const char *shared_dir(void)
{
    const char *dir = getenv("TRELLIS_SHARED");
    return dir ? dir : "../shared";
}

static void check_examples(const char *folder, size_t least)
{
    struct arena a;
    struct err e = {0};
    struct str *names;
    size_t n;
    arena_init(&a);
    struct str dir = arena_printf(&a, "%s/specs/%s", shared_dir(), folder);
    if (!fs_is_dir(dir.p)) {
        print_message("%s is not there: examples not checked\n", dir.p);
        arena_fini(&a);
        skip();
    }
    assert_true(fs_list(&a, dir.p, &names, &n, &e));
    assert_true(n >= least);
    for (size_t i = 0; i < n; i++) {
        struct errs es = {0};
        const char *path = arena_strz(&a, fs_join(&a, dir, names[i]));
        bool good = mesh_check_file(path, &es);
        for (size_t k = 0; k < es.n; k++)
            print_message("%s:%u:%u: %s\n", es.v[k].file, es.v[k].line, es.v[k].col, es.v[k].text);
        assert_true(good);
        errs_fini(&es);
    }
    arena_fini(&a);
}

static void test_contract_examples(void **state)
{
    (void)state;
    check_examples("odcs-examples", 18);
}

static void test_product_examples(void **state)
{
    (void)state;
    check_examples("odps-examples", 2);
}

#define CONTRACT "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n"
#define PRODUCT "apiVersion: v1.0.0\nkind: DataProduct\nid: x\nstatus: active\n"

/* text after the five (four) lines above; line, col, code and words of the one error; line 0: no error. */
static const struct schema_case {
    enum schema_kind kind;
    const char *text;
    uint32_t line, col;
    enum err_code code;
    const char *words, *hint;
} schema_cases[] = {
    {SCHEMA_CONTRACT, CONTRACT, 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "team: {members: [{username: ana}]}\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "team: [{username: ana}]\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "team: ana\n", 6, 7, E_SCHEMA, "a list or a map of keys, this is text", ""},
    {SCHEMA_CONTRACT, CONTRACT "team: [{name: ana}]\n", 6, 8, E_MISSING_KEY, "\"username\"", "add username:"},
    {SCHEMA_CONTRACT, CONTRACT "team: {members: [{usernme: ana}]}\n", 6, 19, E_UNKNOWN_KEY, "\"usernme\"", "did you mean \"username\"?"},
    {SCHEMA_CONTRACT, CONTRACT "contractCreatedTs: 2022-11-15T02:59:43Z\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "contractCreatedTs: 2022-11-15\n", 6, 20, E_SCHEMA, "point in time", ""},
    {SCHEMA_CONTRACT, CONTRACT "contractCreatedTs: 2022-11-31T00:00:00Z\n", 6, 20, E_SCHEMA, "point in time", ""},
    {SCHEMA_CONTRACT, CONTRACT "price: {priceAmount: 9.95}\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "price: {priceAmount: '9.95'}\n", 6, 22, E_SCHEMA, "must be a number", "without quotes"},
    {SCHEMA_CONTRACT, CONTRACT "slaProperties: [{property: latency, value: [1]}]\n", 6, 44, E_SCHEMA, "text, a number, true or false or nothing", ""},
    {SCHEMA_CONTRACT, CONTRACT "slaProperties: [{property: latency, value: null}]\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "servers: [{server: a, type: sftp, location: 'http://x'}]\n", 6, 45, E_SCHEMA, "\"http://x\"", ""},
    {SCHEMA_CONTRACT, CONTRACT "servers: [{server: a, type: sftp, location: 'sftp://x/y'}]\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "servers: [{server: a, type: custom, port: 80, host: h}]\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, relationships: [{from: t.a, to: [u.b]}]}]\n", 6, 52, E_SCHEMA, "must be text, this is a list", ""},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, relationships: [{from: t.a, to: u.b}]}]\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, relationships: [{from: [], to: [u.b]}]}]\n", 6, 43, E_SCHEMA, "at least 1 entries", ""},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, properties: [{name: a, logicalType: integer, logicalTypeOptions: {multipleOf: 0}}]}]\n", 6, 98, E_SCHEMA,
     "must be more than 0", ""},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, properties: [{name: a, logicalType: object, properties: [{nam: b}]}]}]\n", 6, 78, E_UNKNOWN_KEY, "\"nam\"",
     "did you mean \"name\"?"},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, properties: [{name: a, logicalType: array, items: {logicalType: strin}}]}]\n", 6, 84, E_SCHEMA, "\"strin\"",
     "did you mean \"string\"?"},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, quality: [{type: sql, query: q, mustBeBetween: [2, 2]}]}]\n", 6, 71, E_SCHEMA, "stands twice", ""},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, quality: [{type: text, description: d}]}]\n", 0, 0, E_OK, "", ""},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, quality: [{type: custom, engine: soda, implementation: 1}]}]\n", 6, 75, E_SCHEMA, "text or a map of keys", "quotes"},
    {SCHEMA_CONTRACT, CONTRACT "schema: [{name: t, quality: [{type: sql, query: q, mustBe: 0, engine: soda}]}]\n", 6, 63, E_UNKNOWN_KEY, "\"engine\"",
     "belongs to type: custom; this is sql"},
    {SCHEMA_PRODUCT, PRODUCT "support: [{channel: c, url: no}]\n", 5, 29, E_SCHEMA, "not an address", ""},
    {SCHEMA_PRODUCT, PRODUCT "support: [{channel: c, url: 'mailto:a@b.c'}]\n", 0, 0, E_OK, "", ""},
    {SCHEMA_PRODUCT, PRODUCT "tags: [a, 1]\n", 5, 11, E_SCHEMA, "tags[2] must be text", "\"1\""},
    {SCHEMA_PRODUCT, PRODUCT "tags: a\n", 5, 7, E_SCHEMA, "tags must be a list", "[a]"},
    {SCHEMA_PRODUCT, PRODUCT "customProperties: [{property: a, value: {b: [1, null]}}]\n", 0, 0, E_OK, "", ""},
    {SCHEMA_PRODUCT, PRODUCT "customProperties: [{property: a}]\n", 5, 20, E_MISSING_KEY, "\"value\"", ""},
    {SCHEMA_PRODUCT, PRODUCT "outputport: []\n", 5, 1, E_UNKNOWN_KEY, "\"outputport\"", "did you mean \"outputPorts\"?"},
    {SCHEMA_PRODUCT, PRODUCT "team: [{username: ana}]\n", 5, 7, E_SCHEMA, "must be a map of keys, this is a list", ""},
    {SCHEMA_PACK, "name: a\nkind: source\ntitle: A\nsummary: s\nprovides: [campaign, campaigns]\n", 5, 22, E_SCHEMA, "\"campaigns\"", "did you mean \"campaign\"?"},
};

static void test_keywords(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof schema_cases / sizeof schema_cases[0]; i++) {
        const struct schema_case *c = &schema_cases[i];
        struct arena a;
        struct errs es = {0};
        arena_init(&a);
        const struct doc *d = doc_parse_yaml(&a, STR("file.yaml"), str_of(c->text), &es);
        assert_non_null(d);
        bool good = schema_check(schema_get(c->kind), d, &es);
        bool as_expected = c->line == 0 ? good && es.n == 0
                                        : !good && es.n == 1 && es.v[0].line == c->line && es.v[0].col == c->col && es.v[0].code == c->code &&
                                              strstr(es.v[0].text, c->words) && strstr(es.v[0].hint, c->hint);
        if (!as_expected) {
            print_message("case %zu:\n%s", i, c->text);
            for (size_t k = 0; k < es.n; k++)
                print_message("  %u:%u %s %s | %s\n", es.v[k].line, es.v[k].col, err_info_get(es.v[k].code)->name, es.v[k].text, es.v[k].hint);
        }
        assert_true(as_expected);
        errs_fini(&es);
        arena_fini(&a);
    }
}

static void test_file_of_unknown_kind(void **state)
{
    (void)state;
    char path[] = "/tmp/trellis-schema-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    assert_non_null(f);
    fputs("kind: Something\n", f);
    fclose(f);
    struct errs es = {0};
    assert_false(mesh_check_file(path, &es));
    assert_int_equal(es.n, 1);
    assert_non_null(strstr(es.v[0].hint, "DataProduct"));
    errs_fini(&es);
    es = (struct errs){0};
    remove(path);
    assert_false(mesh_check_file(path, &es));
    assert_int_equal(es.n, 1);
    errs_fini(&es);
}

/* Each own kind is known by its name or folder, and held to its own schema. */
static void test_files_known_by_name(void **state)
{
    (void)state;
    static const struct { const char *path, *good, *wrong; } cases[] = {
        {"glossary.yaml", "terms: [{name: a, definition: b}]\n", "terms: [{name: a}]\n"},
        {"goals.yaml", "goals: []\n", "goal: []\n"},
        {"naming.yaml", "rules: []\n", "rules: [{name: a}]\n"},
        {"dashboards/weekly.yaml", "name: weekly\npanels: [{title: A, port: d.p, chart: number, measures: [{aggregate: count}]}]\n", "name: weekly\n"},
        {"domain.yaml", "name: web\nroles: [{role: data_steward, name: Bo}]\n", "name: web\nroles: [{role: boss, name: Bo}]\n"},
        {"sources/a.yaml", "name: a\nkind: files\npath: x\nsla: {freshness: 26h}\nstreams: [{name: b}]\n", "name: a\nkind: files\npath: x\nsla: {freshness: soon}\nstreams: [{name: b}]\n"},
        {"roles.yaml", "roles: [{name: a, grants: [{products: [\"*\"], tier: masked}]}]\n", "roles: [{name: a, grants: [{tier: masked}]}]\n"},
        {"policies.yaml", "masks: [{name: a, mask: hash}]\n", "masks: [{name: a, mask: hashed}]\n"},
        {"approvals/a.yaml", "domain: web\nrule: masks.a\nagainst: masks.b\nrule_sha: \"ab00000000000000000000000000000000000000000000000000000000000000\"\napproved_by: [ana]\nat: now\n",
         "domain: web\nrule: masks.a\nagainst: masks.b\nrule_sha: \"ab\"\napproved_by: [ana]\nat: now\n"},
        {"attribution.yaml", "models: {default: linear}\n", "models: {default: markov}\n"},
        {"annotations.yaml", "annotations: [{day: 2026-01-01, title: A}]\n", "annotations: [{day: 2026-01-32, title: A}]\n"},
        {"models/a.yaml", "name: a\nport: d.p\nmeasures: [{name: n, agg: count}]\n", "name: a\nport: d.p\nmeasures: [{name: n, agg: counts}]\n"},
        {"metrics/a.yaml", "name: a\ndescription: A.\ntype: ratio\nnumerator: b\ndenominator: {metric: c}\n", "name: a\ndescription: A.\ntype: ratio\nnumerator: b\ndenominator: {filter: c}\n"},
        {"dashboards/a.yaml", "name: a\nrefresh: 1h\npanels: [{title: A, metrics: [b], by: c}]\n", "name: a\nrefresh: 1h\npanels: [{title: A, metrics: [b], bi: c}]\n"},
        {"mesh.yaml", "name: a\nalerts: {digest: {day: daily}}\n", "name: a\nalerts: {digest: {hour: 8}}\n"},
    };
    struct arena a;
    struct err e = {0};
    char dir[] = "/tmp/trellis-kinds-XXXXXX";
    arena_init(&a);
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = arena_printf(&a, "%s/%s", dir, cases[i].path).p;
        assert_true(fs_mkdirs(arena_strz(&a, fs_dirname(str_of(path))), 0755, &e));
        for (int wrong = 0; wrong < 2; wrong++) {
            struct errs es = {0};
            assert_true(fs_write_atomic(path, str_of(wrong ? cases[i].wrong : cases[i].good), 0644, &e));
            bool good = mesh_check_file(path, &es);
            if (good == (bool)wrong)
                fail_msg("%s: %s", cases[i].path, es.n ? es.v[0].text : "in order");
            assert_int_equal(es.n, wrong);
            errs_fini(&es);
        }
    }
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_examples),
        cmocka_unit_test(test_product_examples),
        cmocka_unit_test(test_keywords),
        cmocka_unit_test(test_file_of_unknown_kind),
        cmocka_unit_test(test_files_known_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
