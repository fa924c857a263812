/* What a loaded mesh holds, its order, and the cache: same mesh with it and without, whatever state the file is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "mesh/names.h"
#include "mesh/types.h"

static const char base_dir[] = "tests/declarations/base";
static struct engine *engine;
static struct engine_conn *parser;

static struct mesh *load(const char *dir, const char *cache)
{
    struct errs es = {0};
    struct mesh_load_options o = {.parser = parser, .cache_path = cache};
    struct mesh *m = mesh_load(dir, &o, &es);
    for (size_t i = 0; i < es.n; i++)
        print_message("%s:%u:%u: %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    return m;
}

#define assert_str(s, lit) assert_true(str_eq((s), STR(lit)))

static void test_settings(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    assert_non_null(m);
    assert_str(m->name, "shop");
    assert_str(m->time_zone, "Europe/Berlin");
    assert_str(m->reporting_currency, "EUR");
    assert_str(m->fiscal_year_start, "01-01");
    assert_int_equal(m->engine_threads, 2);
    assert_int_equal(m->engine_memory_bytes, 2000000000);
    assert_int_equal(m->n_purposes, 2);
    assert_true(m->dir.p[0] == '/' && !str_ends(m->dir, STR("/")));
    assert_int_equal(strlen(m->sha.z), 64);
    mesh_free(m);
}

static void test_source(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    struct mesh_stream *stats = mesh_find_stream(m, STR("acquisition.ads__stats")), *history = mesh_find_stream(m, STR("acquisition.ads__history"));
    assert_non_null(stats);
    assert_non_null(history);
    assert_null(mesh_find_stream(m, STR("acquisition.ads__nothing")));
    assert_int_equal(stats->load, LOAD_REPLACE_DAYS);
    assert_str(stats->day_column, "date");
    assert_str(stats->table, "stats");
    assert_str(stats->path, "../exports/ads/{,*_}stats{,_data}.{csv,tsv,json,ndjson,jsonl,parquet}{,.gz,.zst}");
    assert_int_equal(stats->header, -1);
    assert_int_equal(stats->skip_rows, -1);
    assert_str(stats->source->owner.name, "Ana Ruiz"); /* the domain's */
    assert_int_equal(stats->contract->n_columns, 3);
    assert_str(stats->contract->columns[2].physical_type, "DECIMAL(18,6)");
    assert_str(stats->contract->columns[1].physical_type, "VARCHAR");
    assert_int_equal(stats->contract->columns[1].class_, CLASS_INTERNAL);
    assert_true(history->optional);
    assert_int_equal(history->load, LOAD_SNAPSHOT);
    assert_str(history->delimiter, ";");
    assert_int_equal(history->header, 1);
    assert_str(m->streams[0]->ref, "acquisition.ads__history");
    mesh_free(m);
}

static void test_ports(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    struct mesh_port *daily = mesh_find_port(m, STR("acquisition.daily")), *monthly = mesh_find_port(m, STR("acquisition.monthly_v2"));
    assert_non_null(daily);
    assert_ptr_equal(daily, mesh_find_port(m, STR("acquisition.daily_v1")));
    assert_int_equal(daily->materialization, MATERIALIZED_INCREMENTAL);
    assert_int_equal(daily->n_key, 2);
    assert_int_equal(daily->lookback_days, 30);
    assert_str(daily->time_column, "date_day");
    assert_int_equal(daily->n_inputs, 2);
    assert_str(daily->inputs[0].ref, "acquisition.ads__history");
    assert_int_equal(daily->inputs[0].line, 3);
    assert_non_null(daily->inputs[0].stream);
    assert_true(daily->contract->columns[0].primary_key && daily->contract->columns[0].required);
    assert_str(daily->contract->columns[0].physical_type, "DATE");
    assert_ptr_equal(monthly->inputs[0].port, daily);
    assert_int_equal(monthly->materialization, MATERIALIZED_VIEW);
    /* inputs come before those that read them */
    for (size_t i = 0; i < m->n_ports; i++) {
        assert_int_equal(m->ports[i]->index, i);
        for (size_t k = 0; k < m->ports[i]->n_inputs; k++)
            assert_true(!m->ports[i]->inputs[k].port || m->ports[i]->inputs[k].port->index < i);
    }
    struct mesh_product *p = mesh_find_product(m, STR("acquisition"), STR("performance"));
    assert_str(p->title, "Performance");
    assert_str(p->owner.name, "Ana Ruiz");
    assert_str(p->owner.contact, "ana@example.org");
    assert_int_equal(p->n_team, 2);
    assert_int_equal(p->n_consumers, 1);
    assert_null(mesh_find_product(m, STR("acquisition"), STR("nothing")));
    mesh_free(m);
}

static void test_majors(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    struct mesh_port *one = mesh_find_port(m, STR("brand.reach_v1")), *two = mesh_find_port(m, STR("brand.reach_v2"));
    assert_ptr_equal(mesh_find_port(m, STR("brand.reach")), two);
    assert_true(two->is_default && !one->is_default);
    assert_true(str_ends(one->sql_file, STR("/reach_v1.sql")));
    assert_true(str_ends(two->sql_file, STR("/reach.sql")));
    assert_int_equal(one->major, 1);
    assert_str(two->contract->version, "2.0.0");
    assert_str(one->product->owner.name, "Bo Li"); /* no team: the domain's owner */
    mesh_free(m);
}

static void test_find_dir(void **state)
{
    (void)state;
    struct arena a;
    struct err e = {0};
    struct str dir;
    arena_init(&a);
    assert_true(mesh_find_dir(&a, "tests/declarations/base/domains/acquisition/products", &dir, &e));
    assert_true(str_ends(dir, STR("tests/declarations/base")));
    assert_false(mesh_find_dir(&a, "/", &dir, &e));
    assert_int_equal(e.code, E_NOT_FOUND);
    assert_false(mesh_find_dir(&a, "/nowhere/at/all", &dir, &e));
    arena_fini(&a);
}

/* ---- Cache ---- */

static void assert_same(const struct mesh *a, const struct mesh *b)
{
    assert_string_equal(a->sha.z, b->sha.z);
    assert_int_equal(a->n_ports, b->n_ports);
    for (size_t i = 0; i < a->n_ports; i++) {
        assert_true(str_eq(a->ports[i]->ref_major, b->ports[i]->ref_major));
        assert_int_equal(a->ports[i]->n_inputs, b->ports[i]->n_inputs);
        assert_int_equal(a->ports[i]->contract->n_columns, b->ports[i]->contract->n_columns);
        for (size_t k = 0; k < a->ports[i]->n_inputs; k++) {
            assert_true(str_eq(a->ports[i]->inputs[k].ref, b->ports[i]->inputs[k].ref));
            assert_int_equal(a->ports[i]->inputs[k].line, b->ports[i]->inputs[k].line);
        }
    }
}

static void file_write(const char *path, struct str text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    fclose(f);
}

static void test_cache(void **state)
{
    (void)state;
    struct arena a;
    struct err e = {0};
    struct str bytes;
    char dir[] = "/tmp/trellis-cache-XXXXXX", path[64];
    arena_init(&a);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/mesh.cache", dir);
    struct mesh *cold = load(base_dir, path), *warm = load(base_dir, path);
    assert_non_null(cold);
    assert_non_null(warm);
    assert_same(cold, warm);
    mesh_free(warm);
    assert_true(fs_read(&a, path, 1 << 24, &bytes, &e));
    assert_true(bytes.n > 1000);

    /* Cut short, and with a flipped bit anywhere: never believed, never a crash, and written anew. */
    for (size_t n = 0; n < bytes.n; n += bytes.n / 13 + 1) {
        file_write(path, (struct str){bytes.p, n});
        struct mesh *m = load(base_dir, path);
        assert_non_null(m);
        assert_same(cold, m);
        mesh_free(m);
        char *bent = arena_strz(&a, bytes);
        bent[n] = (char)(bent[n] ^ 0x10);
        file_write(path, (struct str){bent, bytes.n});
        m = load(base_dir, path);
        assert_non_null(m);
        assert_same(cold, m);
        mesh_free(m);
    }
    struct str again;
    assert_true(fs_read(&a, path, 1 << 24, &again, &e));
    assert_true(str_eq(bytes, again));
    mesh_free(cold);

    /* A folder that is not there: no cache, no error. */
    struct mesh *m = load(base_dir, "/tmp/trellis-no-such-folder/mesh.cache");
    assert_non_null(m);
    mesh_free(m);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* ---- Names and types ---- */

static void test_names(void **state)
{
    (void)state;
    assert_true(name_is_zone(STR("Europe/Berlin")) && name_is_zone(STR("UTC")) && !name_is_zone(STR("europe/berlin")));
    assert_true(name_is_currency(STR("EUR")) && name_is_currency(STR("AED")) && name_is_currency(STR("ZWG")) && !name_is_currency(STR("CAN")));
    assert_str(name_nearest_currency(STR("usd")), "USD");
    assert_null(name_nearest_zone(STR("Nowhere/Land")).p);
    assert_true(name_is_reserved(STR("raw")) && name_is_reserved(STR("temp")) && !name_is_reserved(STR("web")));
}

static void test_types(void **state)
{
    (void)state;
    static const struct { const char *text, *canonical; } types[] = {
        {"varchar", "VARCHAR"}, {"VARCHAR(20)", "VARCHAR"}, {"string", "VARCHAR"}, {"numeric(10, 2)", "DECIMAL(10,2)"}, {"DECIMAL", "DECIMAL(18,3)"},
        {"DECIMAL(9)", "DECIMAL(9,0)"}, {"timestamptz", "TIMESTAMP WITH TIME ZONE"}, {"int8", "BIGINT"}, {"double precision", "DOUBLE"},
        {"BIGINT[]", "BIGINT[]"}, {"varchar(3)[][]", "VARCHAR[][]"}, {"STRUCT(a INTEGER, b VARCHAR)", "STRUCT(a INTEGER, b VARCHAR)"},
        {"DECIMAL(39,0)", NULL}, {"DECIMAL(4,5)", NULL}, {"BIGINT(3)", NULL}, {"DATE; DROP TABLE x", NULL}, {"STRUCT(a INTEGER); --", NULL}, {"", NULL},
        {"VARCHAR(", NULL}, {"STRUCT(a))(", NULL}, {"TEXT)", NULL},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct str near, got = type_canonical(&a, str_of(types[i].text), &near);
        if (types[i].canonical ? !str_eq(got, str_of(types[i].canonical)) : got.p != NULL)
            fail_msg("%s -> %.*s", types[i].text, STR_FMT(got));
    }
    assert_str(type_of_logical(STR("integer"), STR("i16"), false), "SMALLINT");
    assert_str(type_of_logical(STR("integer"), (struct str){NULL, 0}, false), "BIGINT");
    assert_str(type_of_logical(STR("timestamp"), (struct str){NULL, 0}, true), "TIMESTAMP WITH TIME ZONE");
    assert_true(type_fits(STR("integer"), STR("DECIMAL(38,0)")) && !type_fits(STR("integer"), STR("DECIMAL(18,6)")));
    assert_true(type_fits(STR("time"), STR("TIME")) && !type_fits(STR("time"), STR("TIMESTAMP")) && !type_fits(STR("string"), STR("VARCHAR[]")));
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
        cmocka_unit_test(test_settings), cmocka_unit_test(test_source), cmocka_unit_test(test_ports), cmocka_unit_test(test_majors),
        cmocka_unit_test(test_find_dir), cmocka_unit_test(test_cache), cmocka_unit_test(test_names), cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
