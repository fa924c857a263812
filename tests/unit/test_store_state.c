/* The state of a mesh: lock, both stores opened and upgraded, what a crash left put right; the ledger's lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "store/ledger_int.h"
#include "store/state.h"
#include "store/store.h"

static char dir[] = "/tmp/trellis-test-state-XXXXXX";
static struct arena arena;
static const struct state_options small = {.threads = 1, .memory_limit_bytes = 256u << 20};

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/trellis-test-state-XXXXXX");
    arena_init(&arena);
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    arena_fini(&arena);
    return fs_remove_tree(dir, &e) ? 0 : -1;
}

static struct state *open_state(void)
{
    struct state *s;
    struct err e = {0};
    if (!state_open(dir, &small, &s, &e))
        fail_msg("%s (%s)", e.text, e.hint);
    return s;
}

static struct engine_conn *connect_to(struct state *s)
{
    struct engine_conn *c;
    struct err e;
    assert_true(engine_connect(s->engine, &c, &e));
    return c;
}

static int64_t number(struct engine_conn *c, const char *sql)
{
    int64_t v = -1;
    struct err e = {0};
    if (!engine_value_i64(c, str_of(sql), NULL, 0, &v, &e))
        fail_msg("%s: %s", sql, engine_last_message(c));
    return v;
}

static void must(struct engine_conn *c, const char *sql)
{
    struct err e = {0};
    if (!engine_exec(c, str_of(sql), &e))
        fail_msg("%s: %s", sql, engine_last_message(c));
}

static void one_process_has_it(void **state)
{
    (void)state;
    struct state *s = open_state(), *other;
    struct err e;
    assert_false(state_open(dir, &small, &other, &e));
    assert_int_equal(e.code, E_BUSY);
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld ", (long)getpid());
    assert_true(strstr(e.hint, pid) != NULL);
    struct stat st;
    assert_int_equal(stat(s->data_dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    state_close(s);
    s = open_state();
    struct engine_conn *c = connect_to(s);
    assert_int_equal(number(c, "SELECT count(*) FROM duckdb_schemas() WHERE database_name = 'mesh' AND schema_name IN ('sys', "
                               "'raw', 'hist', 'quarantine', 'built', 'live')"),
                     6);
    assert_false(engine_exec(c, STR("COPY (SELECT 1) TO '/tmp/never'"), &e)); /* the serving engine is locked */
    engine_disconnect(c);
    state_close(s);
    assert_false(state_open("/no/such/folder", &small, &other, &e));
    assert_int_equal(e.code, E_IO);
    state_close(NULL);
}

static void ledger_lines(void **state)
{
    (void)state;
    struct state *s = open_state();
    struct engine_conn *c = connect_to(s);
    struct err e;
    int64_t id, next;
    assert_true(ledger_next_id(c, STR("file_load"), &id, &e));
    assert_true(ledger_next_id(c, STR("file_load"), &next, &e));
    assert_true(next > id);
    assert_false(ledger_next_id(c, STR("x'; DROP"), &next, &e));
    struct ledger_file f = {.file_id = id,
                            .stream = STR("a.b__c"),
                            .path = STR("x'y.csv"),
                            .sha256 = STR("00"),
                            .format = STR("csv"),
                            .size_bytes = 5,
                            .rows_loaded = 4,
                            .rows_quarantined = 1,
                            .learned_at_us = 1767225600123456,
                            .day_from = 20000,
                            .day_to = 20001,
                            .has_days = true};
    assert_true(ledger_file_add(c, &f, &e));
    f.file_id++;
    f.has_days = false;
    f.stream = STR("a.b__d");
    assert_true(ledger_file_add(c, &f, &e));
    assert_true(ledger_file_supersede(c, id, 1767225600999999, &e));
    struct ledger_file *files;
    size_t n;
    assert_true(ledger_files(c, &arena, STR(""), &files, &n, &e));
    assert_int_equal(n, 2);
    assert_int_equal(files[0].file_id, id + 1);
    assert_false(files[0].has_days || files[0].superseded);
    assert_true(files[1].has_days && files[1].superseded);
    assert_int_equal(files[1].day_to, 20001);
    assert_int_equal(files[1].learned_at_us, 1767225600123456);
    assert_true(str_eq(files[1].path, STR("x'y.csv")));
    assert_true(ledger_files(c, &arena, STR("a.b__c"), &files, &n, &e));
    assert_int_equal(n, 1);
    must(c, "BEGIN"); /* the caller's transaction decides */
    f.file_id++;
    assert_true(ledger_file_add(c, &f, &e));
    must(c, "ROLLBACK");
    assert_int_equal(number(c, "SELECT count(*) FROM mesh.sys.file_load"), 2);

    for (int64_t v = 1; v <= 4; v++) {
        struct ledger_version row = {.version_id = v,
                                     .rows = v * 10,
                                     .built_at_us = v,
                                     .run_id = 1,
                                     .port = STR("a.p_v1"),
                                     .fingerprint = STR("fp"),
                                     .table_name = STR("t"),
                                     .data_to = STR("2026-01-01")};
        assert_true(ledger_version_add(c, &row, &e));
        assert_true(ledger_version_go_live(c, STR("a.p_v1"), v, &e));
    }
    struct ledger_version orphan = {.version_id = 9, .port = STR("a.gone_v1"), .table_name = STR("g")};
    assert_true(ledger_version_add(c, &orphan, &e));
    struct ledger_version *v;
    assert_true(ledger_versions_live(c, &arena, &v, &n, &e));
    assert_int_equal(n, 1);
    assert_int_equal(v[0].version_id, 4);
    assert_int_equal(v[0].rows, 40);
    assert_true(v[0].live && str_eq(v[0].data_to, STR("2026-01-01")) && v[0].data_from.n == 0);
    assert_true(ledger_versions_garbage(c, &arena, &v, &n, &e)); /* the one before the live one is kept */
    assert_int_equal(n, 3);
    assert_int_equal(v[0].version_id, 1);
    assert_int_equal(v[1].version_id, 2);
    assert_int_equal(v[2].version_id, 9);
    assert_true(ledger_version_forget(c, 1, &e));
    assert_true(ledger_versions_garbage(c, &arena, &v, &n, &e));
    assert_int_equal(n, 2);
    engine_disconnect(c);
    state_close(s);
}

/* A child builds, makes live and dies before the control store is told. */
static void die_after_commit(void)
{
    struct state *s;
    struct engine_conn *c;
    struct err e;
    int64_t run, id;
    if (!state_open(dir, &small, &s, &e) || !engine_connect(s->engine, &c, &e) ||
        !store_run_begin(s->store, STR("run"), STR("cli"), &run, &e) || !ledger_next_id(c, STR("port_version"), &id, &e))
        _exit(1);
    struct ledger_version v = {.version_id = id, .rows = 1, .run_id = run, .port = STR("a.p_v1"), .table_name = STR("a.p_v1@1")};
    if (!engine_exec(c,
                     STR("CREATE TABLE mesh.built.\"a.p_v1@1\" AS SELECT 1 AS x; CREATE TABLE mesh.built.\"half\"\"done\" AS "
                         "SELECT 1 AS x;"
                         "CREATE VIEW mesh.built.\"a view\" AS SELECT * FROM mesh.built.\"half\"\"done\"; BEGIN;"
                         "CREATE VIEW mesh.live.\"a.p_v1\" AS SELECT * FROM mesh.built.\"a.p_v1@1\""),
                     &e) ||
        !ledger_version_add(c, &v, &e) || !ledger_version_go_live(c, v.port, id, &e) || !engine_exec(c, STR("COMMIT"), &e))
        _exit(2);
    kill(getpid(), SIGKILL);
}

static void a_crash_is_put_right(void **state)
{
    (void)state;
    pid_t child = fork(); /* before this process has opened an engine of its own */
    if (child == 0)
        die_after_commit();
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct state *s = open_state();
    struct engine_conn *c = connect_to(s);
    struct err e;
    assert_int_equal(number(c, "SELECT x FROM mesh.live.\"a.p_v1\""), 1);
    assert_int_equal(number(c, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'built'"), 1);
    assert_int_equal(number(c, "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'built'"), 0);
    struct store_run *runs;
    struct store_run_port *ports;
    size_t n;
    assert_true(store_runs(s->store, &arena, 5, &runs, &n, &e));
    assert_int_equal(runs[0].status, RUN_INTERRUPTED);
    assert_true(store_port_history(s->store, &arena, STR("a.p_v1"), 5, &ports, &n, &e));
    assert_int_equal(n, 1);
    assert_true(str_eq(ports[0].status, STR("built")));
    int64_t id;
    assert_true(ledger_next_id(c, STR("port_version"), &id, &e));
    assert_true(id > ports[0].version_id); /* an id is never given twice */
    engine_disconnect(c);
    state_close(s);
}

static void versions_of_the_data(void **state)
{
    (void)state;
    static const struct ledger_migration ok[] = {{"CREATE TABLE mesh.sys.one (x INTEGER)"},
                                                 {"ALTER TABLE mesh.sys.one ADD COLUMN y INTEGER"}},
                                         broken[] = {
                                             {""},
                                             {"CREATE TABLE mesh.sys.two (x INTEGER); CREATE TABLE mesh.sys.one (x INTEGER)"}};
    char path[128];
    snprintf(path, sizeof path, "%s/l.duckdb", dir);
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    const struct engine_options o = {.data_path = path, .threads = 1, .memory_limit_bytes = 256u << 20};
    assert_true(engine_open(&o, &g, &e));
    assert_true(engine_connect(g, &c, &e));
    assert_true(ledger_migrate_by(c, NULL, ok, 1, &e));
    assert_false(ledger_migrate_by(c, "the-copy", broken, 2, &e));
    assert_true(strstr(e.hint, "the-copy") != NULL);
    assert_int_equal(number(c, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'two'"), 0);
    assert_true(ledger_migrate_by(c, NULL, ok, 2, &e));
    must(c, "SELECT y FROM mesh.sys.one");
    assert_int_equal(number(c, "SELECT CAST(value AS BIGINT) FROM mesh.sys.meta WHERE key = 'schema_version'"), 2);
    assert_false(ledger_migrate_by(c, NULL, ok, 1, &e));
    assert_int_equal(e.code, E_STATE_NEWER);
    engine_disconnect(c);
    engine_close(g);

    struct state *s = open_state(), *again; /* an older one is copied before it is opened */
    assert_true(store_setting_set(s->store, STR("ledger_version"), STR("0"), &e));
    c = connect_to(s);
    must(c, "UPDATE mesh.sys.meta SET value = '999'");
    engine_disconnect(c);
    state_close(s);
    assert_false(state_open(dir, &small, &again, &e));
    assert_int_equal(e.code, E_STATE_NEWER);
    snprintf(path, sizeof path, "%s/data/mesh.duckdb.backup-v0", dir);
    assert_true(fs_exists(path));
}

#ifdef TRELLIS_FAULTS
static void opening_may_fail_anywhere(void **state)
{
    (void)state;
    static const enum fault_kind kinds[] = {FAULT_STORE, FAULT_OPEN, FAULT_ENGINE};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (unsigned n = 1;; n++) {
            struct state *s = NULL;
            struct err e = {0};
            fault_arm(kinds[k], n, false);
            bool ok = state_open(dir, &small, &s, &e);
            fault_disarm();
            if (!ok)
                assert_true(fault_hit() && e.text[0]);
            state_close(s);
            state_close(open_state());
            if (!fault_hit())
                break;
        }
}
#endif

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_crash_is_put_right),      CASE(one_process_has_it), CASE(ledger_lines), CASE(versions_of_the_data),
#ifdef TRELLIS_FAULTS
        CASE(opening_may_fail_anywhere),
#endif
    };
    return cmocka_run_group_tests_name("store state", tests, NULL, NULL);
}
