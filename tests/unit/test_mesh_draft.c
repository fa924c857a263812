/* Drafts: clicks become the SQL that they mean and nothing else; whatever stands in an answer, what comes out is a mesh that loads or an error
 * with the answer's name. */
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
#include "mesh/mesh_draft.h"

static struct engine *engine;
static struct engine_conn *parser;
static struct arena arena;
static char dir[64];
static struct mesh *mesh;

static const struct mesh_inferred_column columns[] = {
    {.name = {"day", 3}, .logical_type = {"date", 4}, .physical_type = {"DATE", 4}, .required = true},
    {.name = {"at", 2}, .logical_type = {"timestamp", 9}, .physical_type = {"TIMESTAMP", 9}},
    {.name = {"country", 7}, .logical_type = {"string", 6}, .physical_type = {"VARCHAR", 7}},
    {.name = {"amount", 6}, .logical_type = {"number", 6}, .physical_type = {"DECIMAL(18,2)", 13}},
    {.name = {"pieces", 6}, .logical_type = {"integer", 7}, .physical_type = {"BIGINT", 6}},
    {.name = {"ratio", 5}, .logical_type = {"number", 6}, .physical_type = {"DOUBLE", 6}},
    {.name = {"paid", 4}, .logical_type = {"boolean", 7}, .physical_type = {"BOOLEAN", 7}},
    {.name = {"email", 5}, .logical_type = {"string", 6}, .physical_type = {"VARCHAR", 7}},
};

static struct str brief(struct arena *a, const char *more)
{
    return arena_printf(a,
                        "{\"domain\":\"web\",\"name\":\"sales\",\"purpose\":\"Know what we sold.\",\"consumers\":[\"Shop\"],\"success_metrics\":[\"Used\"],"
                        "\"sla\":{\"freshness\":\"26h\"},\"from\":\"web.orders\"%s}",
                        more);
}

static bool make(struct arena *a, const char *kind, struct str json, struct mesh_draft *d, struct errs *es)
{
    const struct doc *answers = doc_parse_json(a, STR("answers"), json, es);
    return answers && mesh_draft_make(a, mesh, str_of(kind), answers, doc_root(answers), NULL, d, es);
}

static struct str file_of(const struct mesh_draft *d, const char *end)
{
    for (size_t i = 0; i < d->n; i++)
        if (str_ends(d->patches[i].path, str_of(end)))
            return d->patches[i].after;
    fail_msg("no file ends in %s", end);
    return STR("");
}

static void loads(struct arena *a, const struct mesh_draft *d, const char *answers)
{
    struct mesh_load_options o = {.parser = parser};
    struct errs es = {0};
    if (!mesh_patch_try(a, str_of(dir), d->patches, d->n, &o, &es))
        fail_msg("%s: %s:%u: %s", answers, es.v[0].file, es.v[0].line, es.v[0].text);
    errs_fini(&es);
}

static const struct { const char *answers, *select; } clicks[] = {
    {"\"columns\":[{\"column\":\"day\"},{\"column\":\"country\"}]", "SELECT \"day\",\n       \"country\"\nFROM web.orders\n"},
    {"\"columns\":[{\"column\":\"country\",\"name\":\"land\"}]", "SELECT \"country\" AS \"land\"\nFROM web.orders\n"},
    {"\"columns\":[{\"column\":\"day\",\"grain\":\"week\"}]", "SELECT CAST(date_trunc('week', \"day\") AS DATE) AS \"week\"\nFROM web.orders\nGROUP BY 1\n"},
    {"\"columns\":[{\"column\":\"at\",\"grain\":\"day\"}]", "SELECT CAST(date_trunc('day', \"at\") AS DATE) AS \"at\"\nFROM web.orders\nGROUP BY 1\n"},
    {"\"measures\":[{\"aggregate\":\"count\"}]", "SELECT count(*) AS \"row_count\"\nFROM web.orders\n"},
    {"\"columns\":[{\"column\":\"country\"}],\"measures\":[{\"column\":\"amount\",\"aggregate\":\"sum\"}]",
     "SELECT \"country\",\n       CAST(sum(\"amount\") AS DECIMAL(38,2)) AS \"amount\"\nFROM web.orders\nGROUP BY 1\n"},
    {"\"measures\":[{\"column\":\"pieces\",\"aggregate\":\"sum\"},{\"column\":\"ratio\",\"aggregate\":\"sum\"}]",
     "SELECT CAST(sum(\"pieces\") AS BIGINT) AS \"pieces\",\n       CAST(sum(\"ratio\") AS DOUBLE) AS \"ratio\"\nFROM web.orders\n"},
    {"\"measures\":[{\"column\":\"amount\",\"aggregate\":\"avg\"},{\"column\":\"at\",\"aggregate\":\"max\"},{\"column\":\"email\",\"aggregate\":\"count_distinct\"}]",
     "SELECT CAST(avg(\"amount\") AS DOUBLE) AS \"avg_amount\",\n       max(\"at\") AS \"max_at\",\n       count(DISTINCT \"email\") AS \"distinct_email\"\nFROM web.orders\n"},
    {"\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"country\",\"is\":\"=\",\"value\":\"O'Hara\"},{\"column\":\"amount\",\"is\":\">=\",\"value\":-1.5}]",
     "SELECT \"day\"\nFROM web.orders\nWHERE \"country\" = 'O''Hara'\n  AND \"amount\" >= -1.5\n"},
    {"\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"day\",\"is\":\"in\",\"value\":[\"2026-01-02\",\"2026-01-03\"]},{\"column\":\"paid\",\"is\":\"=\",\"value\":true}]",
     "SELECT \"day\"\nFROM web.orders\nWHERE \"day\" IN (DATE '2026-01-02', DATE '2026-01-03')\n  AND \"paid\" = true\n"},
    {"\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"country\",\"is\":\"empty\"},{\"column\":\"at\",\"is\":\"<\",\"value\":\"2026-01-02 10:00:00\"}]",
     "SELECT \"day\"\nFROM web.orders\nWHERE \"country\" IS NULL\n  AND \"at\" < TIMESTAMP '2026-01-02 10:00:00'\n"},
    {"\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"pieces\",\"is\":\"starts_with\",\"value\":\"1%\"}]",
     "SELECT \"day\"\nFROM web.orders\nWHERE starts_with(lower(CAST(\"pieces\" AS VARCHAR)), lower('1%'))\n"},
};

static void clicks_become_sql(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof clicks / sizeof *clicks; i++) {
        struct arena a;
        struct errs es = {0};
        struct mesh_draft d;
        arena_init(&a);
        if (!make(&a, "product", brief(&a, arena_printf(&a, ",%s", clicks[i].answers).p), &d, &es))
            fail_msg("%zu: %s: %s", i, es.v[0].file, es.v[0].text);
        struct str sql = file_of(&d, "sales.sql"), rest;
        (void)str_cut(sql, '\n', &rest);
        assert_string_equal(arena_strz(&a, rest), clicks[i].select);
        loads(&a, &d, clicks[i].answers);
        errs_fini(&es);
        arena_fini(&a);
    }
}

/* What an answer holds may be anything; it stays a value. Each text is put into every place that takes one. */
/* Each text in each place is tried in a whole mesh; under a sanitizer, where that takes ten times as long, each text in every second place. */
#ifdef __SANITIZE_ADDRESS__
enum { EVERY = 2 };
#else
enum { EVERY = 1 };
#endif

static void hostile_answers(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "'", "''; DROP TABLE x; --", "\\\"", "\\\\", "}: [", "{{domain}}", "# no comment", "a: b", "- x", "\\n  key: value", "\\u0000", "\\u0007", "\\ud83d\\ude00", "null", "true", "1e999", "*anchor", "&a", "!!tag x",
        "%s%n", "/* */ 1", "x' OR '1'='1", "\\t", "@", "`", "|", ">", "?", "<<", "=", "~", "0x10", "2026-01-01", "../../etc/passwd", "$(id)", "\\r\\nx: 1", "\\u2028", "\\ufeff",
    };
    static const char *const places[] = {
        ",\"title\":\"%s\",\"columns\":[{\"column\":\"day\"}]", ",\"limitations\":\"%s\",\"usage\":\"%s\",\"columns\":[{\"column\":\"day\"}]", ",\"tags\":[\"%s\"],\"columns\":[{\"column\":\"day\"}]",
        ",\"owner\":{\"name\":\"%s\",\"contact\":\"%s\"},\"columns\":[{\"column\":\"day\"}]", ",\"support\":{\"channel\":\"%s\",\"url\":\"https://example.org/\"},\"columns\":[{\"column\":\"day\"}]",
        ",\"columns\":[{\"column\":\"day\",\"title\":\"%s\",\"description\":\"%s\"}]", ",\"columns\":[{\"column\":\"day\",\"name\":\"%s\"}]", ",\"columns\":[{\"column\":\"%s\"}]",
        ",\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"country\",\"is\":\"=\",\"value\":\"%s\"}]", ",\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"country\",\"is\":\"contains\",\"value\":\"%s\"}]",
        ",\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"amount\",\"is\":\"<\",\"value\":\"%s\"}]", ",\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"day\",\"is\":\"in\",\"value\":[\"%s\"]}]",
        ",\"columns\":[{\"column\":\"day\"}],\"where\":[{\"column\":\"%s\",\"is\":\"%s\"}]", ",\"columns\":[{\"column\":\"day\",\"grain\":\"%s\"}]", ",\"measures\":[{\"column\":\"amount\",\"aggregate\":\"%s\"}]",
        ",\"port\":\"%s\",\"columns\":[{\"column\":\"day\"}]", ",\"materialization\":\"%s\",\"columns\":[{\"column\":\"day\"}]", ",\"columns\":[{\"column\":\"day\"}],\"key\":[\"%s\"],\"time_column\":\"%s\"",
    };
    size_t made = 0, refused = 0;
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
            struct arena a;
            struct errs es = {0};
            struct mesh_draft d = {0};
            if ((p + t) % EVERY)
                continue;
            arena_init(&a);
            struct buf b = BUF_INIT((size_t)1 << 16);
            for (struct str rest = str_of(places[p]); rest.p;) { /* every %s is the text */
                size_t at = str_find(rest, STR("%s"), 0);
                buf_add(&b, at == SIZE_MAX ? rest : (struct str){rest.p, at});
                if (at == SIZE_MAX)
                    break;
                buf_addz(&b, texts[t]);
                rest = (struct str){rest.p + at + 2, rest.n - at - 2};
            }
            if (make(&a, "product", brief(&a, buf_z(&b)), &d, &es)) {
                loads(&a, &d, buf_z(&b));
                made++;
            } else {
                assert_true(es.n_errors > 0);
                refused++;
            }
            buf_fini(&b);
            errs_fini(&es);
            arena_fini(&a);
        }
    assert_true(made > 150 / EVERY && refused > 150 / EVERY);
}

static void what_is_wrong_names_its_answer(void **state)
{
    (void)state;
    static const struct { const char *kind, *answers, *field; } cases[] = {
        {"product", "{\"domain\":[1]}", "answers.domain"}, {"product", "{\"sla\":{\"freshness\":\"0h\"}}", "answers.sla.freshness"}, {"product", "{\"sla\":{\"freshnes\":\"3d\"}}", "answers.sla.freshnes"},
        {"product", "{\"consumers\":[\"\"]}", "answers.consumers"}, {"product", "{\"consumers\":[[1]]}", "answers.consumers"}, {"product", "{\"owner\":\"Ana\"}", "answers.owner"},
        {"term", "{\"name\":\"x\",\"definition\":\"y\"}", "answers.owner"}, {"term", "{\"domain\":\"web\"}", "answers.definition"}, {"goal", "{\"domain\":\"web\",\"name\":\"g\"}", "answers.number"},
        {"dashboard", "{\"domain\":\"web\",\"name\":\"b\",\"title\":\"B\",\"panels\":[3]}", "answers.panels"}, {"dashboard", "{\"domain\":\"web\",\"name\":\"b\",\"title\":\"B\"}", "answers.panels"},
        {"domain", "{\"name\":\"order\",\"template\":\"web\",\"owner\":{\"name\":\"A\",\"contact\":\"a@example.org\"}}", "answers.name"}, {"source", "{\"pack\":\"nope\",\"domain\":\"web\"}", "answers.pack"},
        {"source", "{\"pack\":\"google_ads\",\"domain\":\"web\",\"path\":\"x\",\"currency\":\"EURO\"}", "answers.currency"}, {"annotation", "{\"title\":\"Sale\"}", "answers.day"}, {"annotation", "{\"day\":\"1 March\",\"title\":\"Sale\"}", "answers.day"}, {"annotation", "{\"day\":\"2026-03-01\",\"title\":\"Sale\",\"domain\":\"nope\"}", "answers.domain"},
        {"annotation", "{\"day\":\"2026-03-01\",\"title\":\"Sale\",\"who\":\"me\"}", "answers.who"}, {"nothing", "{}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        struct errs es = {0};
        struct mesh_draft d;
        bool named = false;
        arena_init(&a);
        assert_false(make(&a, cases[i].kind, str_of(cases[i].answers), &d, &es));
        for (size_t k = 0; k < es.n; k++)
            named = named || strcmp(es.v[k].file, cases[i].field) == 0;
        if (!named)
            fail_msg("%s %s: not told of %s, but %s: %s", cases[i].kind, cases[i].answers, cases[i].field, es.v[0].file, es.v[0].text);
        errs_fini(&es);
        arena_fini(&a);
    }
}

/* A key is proposed where rows must differ by it, and nowhere else. */
static void keys_are_proposed(void **state)
{
    (void)state;
    static const struct { const char *answers; bool key; } cases[] = {
        {",\"columns\":[{\"column\":\"day\"}],\"measures\":[{\"aggregate\":\"count\"}]", true},
        {",\"columns\":[{\"column\":\"country\"}],\"measures\":[{\"aggregate\":\"count\"}]", false}, /* may be empty */
        {",\"columns\":[{\"column\":\"day\"}]", false},
        {",\"columns\":[{\"column\":\"day\"},{\"column\":\"email\"}],\"key\":[\"email\"]", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        struct errs es = {0};
        struct mesh_draft d;
        arena_init(&a);
        assert_true(make(&a, "product", brief(&a, cases[i].answers), &d, &es));
        assert_int_equal(str_find(file_of(&d, "product.yaml"), STR("trellisKey"), 0) != SIZE_MAX, cases[i].key);
        assert_int_equal(str_find(file_of(&d, "sales.odcs.yaml"), STR("primaryKey: true"), 0) != SIZE_MAX, cases[i].key);
        errs_fini(&es);
        arena_fini(&a);
    }
}

static int setup(void **state)
{
    struct err e = {0};
    struct errs es = {0};
    struct mesh_written *files;
    size_t n;
    (void)state;
    arena_init(&arena);
    struct engine_options o = {.threads = 1, .locked = true};
    if (!engine_open(&o, &engine, &e) || !engine_connect(engine, &parser, &e))
        return -1;
    strcpy(dir, fs_is_dir("/dev/shm") ? "/dev/shm/trellis-draft-XXXXXX" : "/tmp/trellis-draft-XXXXXX"); /* hundreds of tries, each synced to its disk */
    if (!mkdtemp(dir) || !fs_mkdirs(arena_printf(&arena, "%s/data", dir).p, 0700, &e)) /* trials are made in there */
        return -1;
    struct mesh_init_options init = {.name = STR("shop"), .owner_name = STR("Ana"), .owner_contact = STR("ana@example.org")};
    struct mesh_add_options add = {.domain = STR("web"), .name = STR("orders"), .path = STR("in/orders.csv")};
    struct mesh_load_options load = {.parser = parser};
    if (!mesh_init(&arena, dir, &init, &files, &n, &e) || !mesh_add_files(&arena, dir, &add, columns, sizeof columns / sizeof *columns, &files, &n, &e))
        return -1;
    /* Hundreds of drafts are each tried in the whole mesh: what no draft looks at goes. */
    static const char *const unused[] = {"metrics", "models", "dashboards"};
    for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
        if (!fs_remove_tree(arena_printf(&arena, "%s/domains/shared/%s", dir, unused[i]).p, &e))
            return -1;
    mesh = mesh_load(dir, &load, &es);
    errs_fini(&es);
    return mesh ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mesh_free(mesh);
    engine_disconnect(parser);
    engine_close(engine);
    (void)!fs_remove_tree(dir, NULL);
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clicks_become_sql),
        cmocka_unit_test(hostile_answers),
        cmocka_unit_test(what_is_wrong_names_its_answer),
        cmocka_unit_test(keys_are_proposed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
