/* The control store: what is written is read back, migrations with their copy, a dead process's runs, failures at every
 * statement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "store/store_audit.h"
#include "store/store_int.h"

static char dir[] = "/tmp/trellis-test-store-XXXXXX";
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/trellis-test-store-XXXXXX");
    arena_init(&arena);
    clock_set_us(1000000);
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    arena_fini(&arena);
    clock_set_us(0);
    return chdir("/") == 0 && fs_remove_tree(dir, &e) ? 0 : -1;
}

static struct store *open_store(void)
{
    struct store *s;
    struct err e = {0};
    if (!store_open("control.sqlite", &s, &e))
        fail_msg("%s", e.text);
    return s;
}

static void runs_and_ports(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct err e;
    int64_t first, second;
    assert_true(store_run_begin(s, STR("run"), STR("cli"), &first, &e));
    assert_true(store_run_begin(s, STR("run"), STR("api"), &second, &e));
    assert_true(second > first);
    struct store_run_port p = {.run_id = first,
                               .ref = STR("a.b_v1"),
                               .status = STR("built"),
                               .rows = 7,
                               .elapsed_ms = 3,
                               .finished_at_us = 5,
                               .version_id = 9};
    assert_true(store_run_port_add(s, &p, &e));
    p.run_id = second;
    p.status = STR("failed");
    p.code = STR("TR008");
    p.message = STR("it's \xc3\xa9");
    assert_true(store_run_port_add(s, &p, &e));
    struct store_run done = {.run_id = first, .finished_at_us = 77, .status = RUN_SUCCEEDED, .ports_built = 1, .rows = 7};
    assert_true(store_run_finish(s, &done, &e));
    store_close(s);
    clock_set_us(2000000);
    s = open_store(); /* the second run was left behind by a dead process */
    struct store_run *runs;
    size_t n;
    assert_true(store_runs(s, &arena, 10, &runs, &n, &e));
    assert_int_equal(n, 2);
    assert_int_equal(runs[0].run_id, second);
    assert_int_equal(runs[0].status, RUN_INTERRUPTED);
    assert_int_equal(runs[0].finished_at_us, 2000000);
    assert_string_equal(run_status_text(runs[0].status), "interrupted");
    assert_int_equal(runs[1].status, RUN_SUCCEEDED);
    assert_int_equal(runs[1].rows, 7);
    assert_true(str_eq(runs[1].trigger, STR("cli")));
    assert_int_equal(runs[1].started_at_us, 1000000);
    assert_true(store_runs(s, &arena, 1, &runs, &n, &e));
    assert_int_equal(n, 1);
    struct store_run_port *ports;
    assert_true(store_run_ports(s, &arena, second, &ports, &n, &e));
    assert_int_equal(n, 1);
    assert_true(str_eq(ports[0].message, STR("it's \xc3\xa9")));
    assert_true(store_port_history(s, &arena, STR("a.b_v1"), 8, &ports, &n, &e));
    assert_int_equal(n, 2);
    assert_true(str_eq(ports[0].status, STR("failed")));
    assert_int_equal(ports[1].version_id, 9);
    assert_true(store_port_history(s, &arena, STR("nope"), 8, &ports, &n, &e));
    assert_int_equal(n, 0);
    store_close(s);
}

static void checks(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct err e;
    struct store_check c[] = {
        {.run_id = 1, .ref = STR("p"), .rule = STR("r1"), .verdict = CHECK_PASSED, .measured = STR("0"), .evaluated_at_us = 4},
        {.run_id = 1, .ref = STR("p"), .rule = STR("r2"), .verdict = CHECK_FAILED, .column = STR("c"), .severity = STR("error")},
    };
    assert_true(store_checks_add(s, c, 2, &e));
    assert_true(store_checks_add(s, NULL, 0, &e));
    c[0].run_id = 2;
    c[0].verdict = CHECK_NOT_EVALUATED;
    assert_true(store_checks_add(s, c, 1, &e));
    struct store_check *got;
    size_t n;
    assert_true(store_checks_latest(s, &arena, STR("p"), &got, &n, &e));
    assert_int_equal(n, 1);
    assert_int_equal(got[0].verdict, CHECK_NOT_EVALUATED);
    assert_string_equal(check_verdict_text(got[0].verdict), "not_evaluated");
    assert_true(store_checks_history(s, &arena, STR("p"), 10, &got, &n, &e));
    assert_int_equal(n, 3);
    assert_int_equal(got[0].run_id, 2);
    assert_true(str_eq(got[1].column, STR("c")));
    assert_true(store_checks_latest(s, &arena, STR("q"), &got, &n, &e));
    assert_int_equal(n, 0);
    store_close(s);
}

static void states_of_ports(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct err e;
    static const struct {
        const char *ref, *status, *message;
    } outcomes[] = {{"a", "failed", "one"}, {"a", "built", "two"},    {"a", "cancelled", "three"}, {"b", "built", "four"},
                    {"b", "refused", "it's \xc3\xa9"}, {"c", "cancelled", "six"}};
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        struct store_run_port p = {.run_id = 1,
                                   .ref = str_of(outcomes[i].ref),
                                   .status = str_of(outcomes[i].status),
                                   .message = str_of(outcomes[i].message)};
        assert_true(store_run_port_add(s, &p, &e));
    }
    for (int i = 0; i < 8; i++) { /* all that is looked back at says nothing */
        struct store_run_port p = {.run_id = 2, .ref = STR("d"), .status = i ? STR("cancelled") : STR("built")};
        assert_true(store_run_port_add(s, &p, &e));
    }
    struct store_run_port last = {.run_id = 3, .ref = STR("d"), .status = STR("cancelled")};
    assert_true(store_run_port_add(s, &last, &e));
    struct store_check c[] = {
        {.run_id = 1, .ref = STR("b"), .verdict = CHECK_FAILED}, {.run_id = 2, .ref = STR("b"), .verdict = CHECK_PASSED},
        {.run_id = 2, .ref = STR("b"), .verdict = CHECK_PASSED}, {.run_id = 2, .ref = STR("b"), .verdict = CHECK_WARNED},
        {.run_id = 9, .ref = STR("e"), .verdict = CHECK_NOT_EVALUATED}};
    assert_true(store_checks_add(s, c, 5, &e));
    static const struct str refs[] = {{"e", 1}, {"b", 1}, {"nope", 4}, {"a", 1}, {"c", 1}, {"d", 1}};
    struct store_port_state *got;
    assert_true(store_port_states(s, &arena, refs, 6, STR("cancelled"), &got, &e));
    assert_true(str_eq(got[0].status, STR("")));
    assert_int_equal(got[0].checks[CHECK_NOT_EVALUATED], 1);
    assert_true(str_eq(got[1].status, STR("refused")));
    assert_true(str_eq(got[1].message, STR("it's \xc3\xa9")));
    assert_int_equal(got[1].checks[CHECK_PASSED], 2); /* of the newest run alone */
    assert_int_equal(got[1].checks[CHECK_WARNED], 1);
    assert_int_equal(got[1].checks[CHECK_FAILED], 0);
    assert_true(str_eq(got[2].status, STR("")));
    assert_int_equal(got[2].checks[CHECK_PASSED] + got[2].checks[CHECK_NOT_EVALUATED], 0);
    assert_true(str_eq(got[3].status, STR("built")));
    assert_true(str_eq(got[3].message, STR("two")));
    assert_true(str_eq(got[4].status, STR("")));
    assert_true(str_eq(got[5].status, STR("")));
    assert_true(store_port_states(s, &arena, refs, 0, STR(""), &got, &e));
    assert_true(store_port_states(s, &arena, refs + 3, 1, STR(""), &got, &e));
    assert_true(str_eq(got[0].status, STR("cancelled")));
    store_close(s);
}

static void settings(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct err e;
    struct str value;
    assert_true(store_setting_get(s, &arena, STR("k"), &value, &e));
    assert_int_equal(value.n, 0);
    assert_true(store_setting_set(s, STR("k"), STR("one"), &e));
    assert_true(store_setting_set(s, STR("k"), STR("two"), &e));
    assert_true(store_setting_get(s, &arena, STR("k"), &value, &e));
    assert_true(str_eq(value, STR("two")));
    store_close(s);
}

static void uses(void **state)
{
    (void)state;
    static const struct {
        int64_t at_us;
        const char *principal, *refs, *verdict;
    } log[] = {
        {10, "ana", "web.orders", "ok"},          {20, "ana", "web.orders,ads.clicks", "ok"},
        {30, "bo", "ads.clicks,web.orders", "ok"}, {40, "bo", "ads.clicks", "E_DENIED"},
        {50, "bo", "", "ok"},                      {1, "old", "web.orders", "ok"},
    };
    struct store *s;
    struct err e;
    struct store_use *v;
    size_t n;
    assert_true(store_audit_open("audit.sqlite", false, &s, &e));
    assert_true(store_uses(s, &arena, 0, &v, &n, &e));
    assert_int_equal(n, 0);
    for (size_t i = 0; i < sizeof log / sizeof *log; i++) {
        const struct store_audit x = {.id = (int64_t)i + 1, .at_us = log[i].at_us, .kind = STR("read"), .principal = str_of(log[i].principal),
                                      .sql_shape = STR("SELECT ?"), .verdict = str_of(log[i].verdict), .what = str_of(log[i].refs)};
        assert_true(store_audit_append(s, &x, 1, NULL, &e));
    }
    assert_true(store_uses(s, &arena, 5, &v, &n, &e));
    assert_int_equal(n, 2);
    assert_true(str_eq(v[0].ref, STR("ads.clicks")) && v[0].questions == 2 && v[0].principals == 2 && v[0].last_us == 30);
    assert_true(str_eq(v[1].ref, STR("web.orders")) && v[1].questions == 3 && v[1].principals == 2 && v[1].last_us == 30);
    store_close(s);
}

static void migrations(void **state)
{
    (void)state;
    static const struct store_migration two[] = {{"CREATE TABLE a (x)"}, {"CREATE TABLE b (x)"}},
                                        broken[] = {{"CREATE TABLE a (x)"}, {"CREATE TABLE c (x); CREATE TABL"}};
    sqlite3 *db;
    struct err e;
    assert_int_equal(sqlite3_open("m.sqlite", &db), SQLITE_OK);
    assert_true(store_migrate(db, "m.sqlite", two, 1, &e));
    assert_false(fs_exists("m.sqlite.backup-v0")); /* nothing to lose yet */
    assert_true(store_exec(db, "INSERT INTO a VALUES (42)", &e));
    assert_false(store_migrate(db, "m.sqlite", broken, 2, &e));
    assert_int_equal(e.code, E_STORE);
    assert_true(store_exec(db, "CREATE TABLE c (x); DROP TABLE c", &e)); /* the half that worked was taken back */
    assert_true(store_migrate(db, "m.sqlite", two, 2, &e));
    assert_true(store_exec(db, "INSERT INTO b SELECT x FROM a", &e));
    assert_true(fs_exists("m.sqlite.backup-v1"));
    assert_true(store_migrate(db, "m.sqlite", two, 2, &e));
    assert_false(store_migrate(db, "m.sqlite", two, 1, &e));
    assert_int_equal(e.code, E_STATE_NEWER);
    sqlite3_close(db);
    assert_int_equal(sqlite3_open("m.sqlite.backup-v1", &db), SQLITE_OK);
    assert_true(store_exec(db, "SELECT x FROM a", &e));
    assert_false(store_exec(db, "SELECT x FROM b", &e));
    sqlite3_close(db);
    struct store *s;
    assert_true(fs_write_atomic("bad.sqlite",
                                STR("this is no database, and it is long enough to be looked at as one "
                                    "...................................................."),
                                0600, &e));
    assert_false(store_open("bad.sqlite", &s, &e));
    assert_int_equal(e.code, E_STORE);
    assert_null(s);
    assert_false(store_open("no/such/folder/x.sqlite", &s, &e));
}

struct writer {
    struct store *s;
    int64_t run;
};

static void *write_many(void *arg)
{
    const struct writer *w = arg;
    for (int i = 0; i < 50; i++) {
        struct store_run_port p = {.run_id = w->run, .ref = STR("x"), .status = STR("built")};
        struct store_check c = {.run_id = w->run, .ref = STR("x")};
        struct err e;
        if (!store_run_port_add(w->s, &p, &e) || !store_checks_add(w->s, &c, 1, &e))
            return (void *)1;
    }
    return NULL;
}

static void threads_share_it(void **state)
{
    (void)state;
    struct store *s = open_store();
    pthread_t t[4];
    struct writer w[4];
    struct err e;
    for (int i = 0; i < 4; i++) {
        w[i] = (struct writer){s, i};
        assert_int_equal(pthread_create(&t[i], NULL, write_many, &w[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *bad;
        pthread_join(t[i], &bad);
        assert_null(bad);
    }
    struct store_check *got;
    size_t n;
    assert_true(store_checks_history(s, &arena, STR("x"), 1000, &got, &n, &e));
    assert_int_equal(n, 200);
    store_close(s);
}

static void write_keys(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct err e = {0};
    struct store_key a = {.source = STR("web.site"), .sha256 = STR("aa"), .begins = STR("Ab3"), .label = STR("shop")},
                     b = {.source = STR("web.app"), .sha256 = STR("bb"), .begins = STR("Xy"), .label = STR("")}, *got;
    size_t n;
    assert_true(store_key_add(s, &a, &e) && store_key_add(s, &b, &e));
    assert_true(b.id > a.id && a.created_at_us == 1000000);
    assert_false(store_key_add(s, &a, &e)); /* the same key again */
    e = (struct err){0};
    clock_set_us(2000000);
    assert_true(store_key_revoke(s, a.id, &e));
    clock_set_us(3000000);
    assert_true(store_key_revoke(s, a.id, &e));
    assert_false(store_key_revoke(s, 99, &e));
    assert_int_equal(e.code, E_NOT_FOUND);
    assert_true(store_keys(s, &arena, STR(""), &got, &n, &e));
    assert_int_equal(n, 2);
    assert_int_equal(got[0].id, b.id);
    assert_int_equal(got[1].revoked_at_us, 2000000);
    assert_true(store_keys(s, &arena, STR("web.site"), &got, &n, &e));
    assert_int_equal(n, 1);
    assert_true(str_eq(got[0].begins, STR("Ab3")) && str_eq(got[0].label, STR("shop")) && str_eq(got[0].sha256, STR("aa")));
    store_close(s);
}

static void suppressed_people(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct err e = {0};
    struct store_suppressed p = {.hash = STR("f00d"), .kind = STR("email"), .reason = STR("erased")}, *got;
    size_t n;
    assert_true(store_suppressed_add(s, &p, &e) && store_suppressed_add(s, &p, &e));
    assert_true(store_suppressed_all(s, &arena, &got, &n, &e));
    assert_int_equal(n, 1);
    assert_true(str_eq(got[0].kind, STR("email")) && got[0].added_at_us == 1000000);
    assert_true(store_suppressed_remove(s, p.hash, &e));
    assert_false(store_suppressed_remove(s, p.hash, &e));
    assert_int_equal(e.code, E_NOT_FOUND);
    store_close(s);
}

#ifdef TRELLIS_FAULTS
static bool a_day_of_work(struct err *e)
{
    struct store *s = NULL;
    int64_t run;
    struct store_run_port p = {.ref = STR("a"), .status = STR("built")}, *ports;
    struct store_check c[3] = {{.ref = STR("a")}, {.ref = STR("a")}, {.ref = STR("a")}}, *checks_;
    struct store_run *runs;
    struct store_port_state *states;
    struct str value;
    size_t n;
    bool ok = store_open("control.sqlite", &s, e) && store_run_begin(s, STR("run"), STR("cli"), &run, e);
    if (ok) {
        p.run_id = run;
        for (int i = 0; i < 3; i++)
            c[i].run_id = run;
        struct store_run done = {.run_id = run, .status = RUN_SUCCEEDED};
        ok = store_run_port_add(s, &p, e) && store_checks_add(s, c, 3, e) && store_setting_set(s, STR("k"), STR("v"), e) &&
             store_run_finish(s, &done, e) && store_runs(s, &arena, 5, &runs, &n, e) &&
             store_port_history(s, &arena, STR("a"), 5, &ports, &n, e) &&
             store_checks_latest(s, &arena, STR("a"), &checks_, &n, e) &&
             store_port_states(s, &arena, &p.ref, 1, STR(""), &states, e) && store_setting_get(s, &arena, STR("k"), &value, e);
    }
    store_close(s);
    return ok;
}

static void every_statement_may_fail(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        struct err e = {0};
        fault_arm(FAULT_STORE, n, false);
        bool ok = a_day_of_work(&e);
        fault_disarm();
        assert_int_equal(ok, !fault_hit());
        if (!ok) {
            assert_int_equal(e.code, E_STORE);
            assert_true(e.text[0] != 0);
        }
        struct store *s = open_store(); /* readable again, and checks are whole or absent */
        struct store_check *c;
        size_t found;
        assert_true(store_checks_latest(s, &arena, STR("a"), &c, &found, &e));
        assert_true(found == 0 || found == 3);
        store_close(s);
        if (!fault_hit())
            break;
    }
}
#endif

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(runs_and_ports),           CASE(checks), CASE(states_of_ports), CASE(settings), CASE(uses), CASE(migrations), CASE(threads_share_it),
        CASE(write_keys),               CASE(suppressed_people),
#ifdef TRELLIS_FAULTS
        CASE(every_statement_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
