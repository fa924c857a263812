/* The data file under a key, and the data file written anew: what is readable, what is refused, what stands in the bytes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/fs.h"
#include "engine/engine.h"

static const unsigned char key_a[ENGINE_KEY_BYTES] = "one key of the tests", key_b[ENGINE_KEY_BYTES] = "another one";
static struct arena a;
static char dir[64], path[96], spill[96];

static int set_up(void **state)
{
    (void)state;
    arena_init(&a);
    snprintf(dir, sizeof dir, "/tmp/trellis-encrypt-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof path, "%s/mesh.duckdb", dir);
    snprintf(spill, sizeof spill, "%s/tmp", dir);
    struct err e;
    return fs_mkdirs(spill, 0700, &e) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    unsetenv("TRELLIS_EXTENSIONS");
    if (!fs_remove_tree(dir, &e))
        printf("%s\n", e.text);
    arena_fini(&a);
    return 0;
}

static bool can(void)
{
    if (!engine_can_encrypt())
        printf("not run: the engine's extension for encryption is not on this machine\n");
    return engine_can_encrypt();
}

static bool try_open(const unsigned char *key, struct engine **g, struct engine_conn **c, struct err *e)
{
    const struct engine_options o = {.data_path = path, .temp_dir = spill, .threads = 2, .memory_limit_bytes = 256u << 20, .locked = true, .key = key};
    *g = NULL;
    *c = NULL;
    bool ok = engine_open(&o, g, e) && engine_connect(*g, c, e);
    if (!ok) {
        engine_disconnect(*c);
        engine_close(*g);
    }
    return ok;
}

static void must_open(const unsigned char *key, struct engine **g, struct engine_conn **c)
{
    struct err e;
    if (!try_open(key, g, c, &e))
        fail_msg("%s (%s)", e.text, e.hint);
}

static void shut(struct engine *g, struct engine_conn *c)
{
    engine_disconnect(c);
    engine_close(g);
}

static void run(struct engine_conn *c, const char *sql)
{
    struct err e;
    if (!engine_exec(c, str_of(sql), &e))
        fail_msg("%s [%s]: %s", e.text, engine_last_message(c), sql);
}

static int64_t number(struct engine_conn *c, const char *sql)
{
    struct err e;
    int64_t n = 0;
    if (!engine_value_i64(c, str_of(sql), NULL, 0, &n, &e))
        fail_msg("%s [%s]: %s", e.text, engine_last_message(c), sql);
    return n;
}

/* Files below the folder whose bytes hold the text. */
static size_t files_with(const char *in, const char *text)
{
    struct str *names;
    size_t n, found = 0;
    struct err e;
    assert_true(fs_list(&a, in, &names, &n, &e));
    for (size_t i = 0; i < n; i++) {
        struct str bytes;
        const char *p = fs_join(&a, str_of(in), names[i]).p;
        if (fs_is_dir(p))
            found += files_with(p, text);
        else if (assert_true(fs_read(&a, p, 1u << 30, &bytes, &e)), str_find(bytes, str_of(text), 0) != SIZE_MAX)
            found++;
    }
    return found;
}

static const char fill[] =
    "CREATE SCHEMA mesh.s; CREATE SEQUENCE mesh.s.q; CREATE TABLE mesh.s.t (i BIGINT PRIMARY KEY, v VARCHAR, n DECIMAL(18,6));"
    "CREATE VIEW mesh.s.w AS SELECT * FROM mesh.s.t; INSERT INTO mesh.s.t SELECT nextval('mesh.s.q'), 'CANARY-' || range, range FROM range(5000)";

static void a_file_under_a_key(void **state)
{
    (void)state;
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    if (!can())
        return;
    must_open(key_a, &g, &c);
    run(c, fill);
    assert_int_equal(files_with(dir, "CANARY-"), 0); /* the log of changes, before a checkpoint */
    shut(g, c);
    assert_int_equal(engine_file_look(path), ENGINE_FILE_ENCRYPTED);
    assert_int_equal(files_with(dir, "CANARY-"), 0);
    must_open(key_a, &g, &c);
    assert_int_equal(number(c, "SELECT count(*) FROM mesh.s.w WHERE v LIKE 'CANARY-%'"), 5000);
    assert_int_equal(number(c, "SELECT nextval('mesh.s.q')"), 5001);
    shut(g, c);

    assert_false(try_open(key_b, &g, &c, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
    assert_non_null(strstr(e.text, "not the one"));
    assert_false(try_open(NULL, &g, &c, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
    assert_non_null(strstr(e.text, "no key is given"));
    assert_int_equal(truncate(path, 5000), 0);
    assert_false(try_open(key_a, &g, &c, &e)); /* damaged, which is something else */
    assert_int_equal(e.code, E_IO);
}

static void a_plain_file_with_a_key(void **state)
{
    (void)state;
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    must_open(NULL, &g, &c);
    run(c, fill);
    shut(g, c);
    assert_int_equal(engine_file_look(path), ENGINE_FILE_PLAIN);
    if (!can())
        return;
    assert_false(try_open(key_a, &g, &c, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
    assert_non_null(strstr(e.text, "not encrypted"));
}

static void without_the_extension(void **state)
{
    (void)state;
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    char wrong[128];
    setenv("TRELLIS_EXTENSIONS", dir, 1);
    assert_false(engine_can_encrypt());
    assert_false(try_open(key_a, &g, &c, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
    assert_non_null(strstr(e.hint, "TRELLIS_EXTENSIONS"));
    assert_int_equal(engine_file_look(path), ENGINE_FILE_NONE); /* and nothing was begun in an unsafe mode */
    snprintf(wrong, sizeof wrong, "%s/httpfs.duckdb_extension", dir);
    assert_true(fs_write_atomic(wrong, STR("no extension at all"), 0600, &e));
    assert_false(try_open(key_a, &g, &c, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
    assert_non_null(strstr(e.text, "does not take"));
    assert_int_equal(engine_file_look(path), ENGINE_FILE_NONE);
}

static void what_is_spilled(void **state)
{
    (void)state;
    struct engine *g;
    struct engine_conn *c;
    struct engine_result *r;
    struct engine_chunk *ch;
    struct err e;
    size_t spilled;
    struct str *names;
    if (!can())
        return;
    must_open(key_a, &g, &c);
    run(c, "CREATE TABLE mesh.main.t AS SELECT 'CANARY-' || hash(range) || repeat('x', 100) AS v FROM range(2500000)");
    assert_true(engine_query(c, STR("SELECT v FROM mesh.main.t ORDER BY v DESC"), NULL, 0, &r, &e));
    assert_true(engine_result_next(r, &ch, &e) && ch);
    assert_true(fs_list(&a, spill, &names, &spilled, &e));
    assert_true(spilled > 0);
    assert_int_equal(files_with(dir, "CANARY-"), 0);
    engine_result_close(r);
    shut(g, c);
}

static void compacted(const unsigned char *key)
{
    struct engine *g;
    struct engine_conn *c, *other;
    struct engine_result *r;
    struct engine_chunk *ch;
    struct err e;
    must_open(key, &g, &c);
    assert_true(engine_connect(g, &other, &e));
    run(c, fill);
    run(c, "CHECKPOINT mesh; ATTACH ':memory:' AS src; CREATE VIEW src.main.v AS FROM mesh.s.w");
    run(other, "USE src");
    run(c, "DELETE FROM mesh.s.t WHERE i <= 100; CHECKPOINT mesh");

    /* Nobody's result or transaction may be cut. */
    assert_true(engine_query(other, STR("SELECT v FROM v"), NULL, 0, &r, &e));
    assert_true(engine_result_next(r, &ch, &e) && ch);
    assert_false(engine_compact(g, 20, &e));
    assert_int_equal(e.code, E_BUSY);
    engine_result_close(r);
    run(other, "BEGIN");
    run(other, "INSERT INTO mesh.s.t VALUES (9001, 'late', 1)");
    assert_false(engine_compact(g, 20, &e));
    assert_int_equal(e.code, E_BUSY);
    run(other, "COMMIT");

    if (!engine_compact(g, 1000, &e))
        fail_msg("%s", e.text);
    assert_int_equal(number(other, "SELECT count(*) FROM v"), 4901); /* the same connections, through a view in memory */
    run(c, "INSERT INTO mesh.s.t SELECT nextval('mesh.s.q'), 'new', 2");
    assert_int_equal(number(other, "SELECT max(i) FROM v WHERE v = 'new'"), 5001);
    assert_false(engine_exec(c, STR("INSERT INTO mesh.s.t VALUES (200, 'twice', 0)"), &e)); /* the key went along */
    char copy[128];
    snprintf(copy, sizeof copy, "%s%s", path, ENGINE_COPY_SUFFIX);
    assert_false(fs_exists(copy));
    engine_disconnect(other);
    shut(g, c);
    must_open(key, &g, &c);
    assert_int_equal(number(c, "SELECT count(*) FROM mesh.s.w"), 4902);
    shut(g, c);
}

static void compacted_plain(void **state)
{
    (void)state;
    compacted(NULL);
}

static void compacted_encrypted(void **state)
{
    (void)state;
    if (can())
        compacted(key_a);
}

/* Deleted values are in no byte of the file that was written anew. */
static void nothing_deleted_is_left(void **state)
{
    (void)state;
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    must_open(NULL, &g, &c);
    run(c, "CREATE TABLE mesh.main.t (v VARCHAR); INSERT INTO mesh.main.t VALUES ('GONE-value-that-leaves'), ('KEPT-value-that-stays'); CHECKPOINT mesh");
    assert_int_equal(files_with(dir, "GONE-value"), 1);
    run(c, "DELETE FROM mesh.main.t WHERE v LIKE 'GONE%'; CHECKPOINT mesh");
    assert_true(engine_compact(g, 1000, &e));
    assert_int_equal(files_with(dir, "GONE-value"), 0);
    assert_int_equal(files_with(dir, "KEPT-value"), 1);
    shut(g, c);
}

/* What was asked and not read to its end is over when it is closed, though its connection rests: nothing of it is in the way of writing the file anew. */
static void a_stream_let_go(void **state)
{
    (void)state;
    struct engine *g;
    struct engine_conn *c, *other;
    struct engine_result *r;
    struct engine_chunk *ch;
    struct err e;
    must_open(NULL, &g, &c);
    assert_true(engine_connect(g, &other, &e));
    run(c, "CREATE TABLE mesh.main.t AS SELECT range AS i FROM range(9000000)");
    assert_true(engine_query(other, STR("SELECT i FROM mesh.main.t"), NULL, 0, &r, &e));
    assert_true(engine_result_next(r, &ch, &e) && ch);
    engine_result_close(r);
    run(c, "INSERT INTO mesh.main.t VALUES (-1)");
    run(c, "CHECKPOINT mesh");
    assert_true(engine_compact(g, 1000, &e));
    assert_int_equal(number(other, "SELECT count(*) FROM mesh.main.t"), 9000001);
    engine_disconnect(other);
    shut(g, c);
}

static void into_another_key_and_back(void **state)
{
    (void)state;
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    char other[128];
    if (!can())
        return;
    must_open(NULL, &g, &c);
    run(c, fill);
    shut(g, c);
    static const unsigned char *const steps[][2] = {{NULL, key_a}, {key_a, key_b}, {key_b, NULL}};
    for (size_t i = 0; i < 3; i++) {
        const struct engine_options o = {.data_path = path, .threads = 1, .key = steps[i][0]};
        snprintf(other, sizeof other, "%s/next.duckdb", dir);
        /* The extension is loaded for the engine's own key; a copy that brings the first key asks for it itself. */
        assert_true(engine_open(&o, &g, &e));
        if (!engine_copy(g, other, steps[i][1], &e))
            fail_msg("%zu: %s", i, e.text);
        engine_close(g);
        assert_int_equal(rename(other, path), 0);
        must_open(steps[i][1], &g, &c);
        assert_int_equal(number(c, "SELECT count(*) FROM mesh.s.w"), 5000);
        shut(g, c);
    }
}

static void a_locked_engine_writes_nowhere_else(void **state)
{
    (void)state;
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    char other[128];
    must_open(NULL, &g, &c);
    snprintf(other, sizeof other, "%s/elsewhere.duckdb", dir);
    assert_false(engine_copy(g, other, NULL, &e));
    assert_false(fs_exists(other));
    assert_false(engine_exec(c, STR("ATTACH '/tmp/x.duckdb' AS x"), &e));
    assert_false(engine_exec(c, STR("SET GLOBAL allowed_paths = ['/etc/passwd']"), &e));
    assert_false(engine_exec(c, STR("SELECT * FROM read_text('/etc/passwd')"), &e));
    shut(g, c);
}

#ifdef TRELLIS_FAULTS
static void a_failure_leaves_the_old_file(void **state)
{
    (void)state;
    static const enum fault_kind kinds[] = {FAULT_ENGINE, FAULT_SYNC, FAULT_RENAME};
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    must_open(NULL, &g, &c);
    run(c, fill);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (unsigned n = 1; n < 40; n++) {
            fault_arm(kinds[k], n, false);
            bool ok = engine_compact(g, 1000, &e);
            fault_disarm();
            if (!ok)
                assert_true(e.text[0]);
            if (number(c, "SELECT count(*) FROM duckdb_databases() WHERE database_name = 'mesh'") == 0) {
                shut(g, c); /* bringing it back failed, too: the file is whole */
                must_open(NULL, &g, &c);
            }
            assert_int_equal(number(c, "SELECT count(*) FROM mesh.s.w"), 5000);
            if (!fault_hit())
                break;
        }
    shut(g, c);
}
#endif

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_file_under_a_key),     CASE(a_plain_file_with_a_key),   CASE(without_the_extension),
        CASE(what_is_spilled),        CASE(compacted_plain), CASE(a_stream_let_go),           CASE(compacted_encrypted),
        CASE(nothing_deleted_is_left), CASE(into_another_key_and_back), CASE(a_locked_engine_writes_nowhere_else),
#ifdef TRELLIS_FAULTS
        CASE(a_failure_leaves_the_old_file),
#endif
    };
    return cmocka_run_group_tests_name("engine encryption", tests, NULL, NULL);
}
