/* A mesh under a key: its data begins so, is brought under one, under another, under none; killed at any point, exactly one key opens it and
 * the other is told which. Canaries lie in each kind of file. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/secret.h"
#include "spool/spool.h"
#include "store/encryption.h"
#include "store/state.h"
#include "store/store.h"

static const char key_a[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", key_b[] = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
static const struct state_options small = {.threads = 1, .memory_limit_bytes = 256u << 20};
static struct arena a;
static char dir[64];

static int set_up(void **state)
{
    (void)state;
    struct err e;
    arena_init(&a);
    setenv("TRELLIS_TEST_A", key_a, 1);
    setenv("TRELLIS_TEST_B", key_b, 1);
    snprintf(dir, sizeof dir, "/tmp/trellis-exchange-XXXXXX");
    return mkdtemp(dir) && fs_write_atomic(arena_printf(&a, "%s/mesh.yaml", dir).p, STR("name: test   # a comment\n"), 0644, &e) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
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

static const char *in(const char *name)
{
    return arena_printf(&a, "%s/%s", dir, name).p;
}

static void declare(const char *reference)
{
    struct err e;
    struct str text = reference ? arena_printf(&a, "name: test\nencryption: {key: \"%s\"}\n", reference) : STR("name: test\n");
    assert_true(fs_write_atomic(in("mesh.yaml"), text, 0644, &e));
}

static struct state *opened(void)
{
    struct state *s;
    struct err e;
    if (!state_open(dir, &small, &s, &e))
        fail_msg("%s (%s)", e.text, e.hint);
    return s;
}

static void refused(const char *text)
{
    struct state *s;
    struct err e;
    assert_false(state_open(dir, &small, &s, &e));
    assert_int_equal(e.code, E_ENCRYPTION);
    if (!strstr(e.text, text) && !strstr(e.hint, text))
        fail_msg("%s (%s), not %s", e.text, e.hint, text);
    assert_null(strstr(e.text, key_a));
    assert_null(strstr(e.text, key_b));
}

static size_t files_with(const char *folder, const char *text)
{
    struct str *names;
    size_t n, found = 0;
    struct err e;
    assert_true(fs_list(&a, folder, &names, &n, &e));
    for (size_t i = 0; i < n; i++) {
        struct str bytes;
        const char *p = fs_join(&a, str_of(folder), names[i]).p;
        if (fs_is_dir(p)) {
            found += files_with(p, text);
            continue;
        }
        assert_true(fs_read(&a, p, 1u << 30, &bytes, &e));
        found += str_find(bytes, str_of(text), 0) != SIZE_MAX;
    }
    return found;
}

static unsigned char secret[SECRET_BYTES];

static void fill(void)
{
    struct state *s = opened();
    struct engine_conn *c;
    struct spool_writer *w;
    struct err e;
    assert_true(engine_connect(s->engine, &c, &e));
    assert_true(engine_exec(c, STR("CREATE TABLE mesh.raw.canary AS SELECT 'CANARY in the engine ' || range AS v FROM range(500)"), &e));
    assert_true(store_setting_set(s->store, STR("canary"), STR("CANARY in the store"), &e));
    assert_true(secret_key(s->data_dir, "mask.key", secret, &e));
    assert_true(fs_write_atomic(in("data/site.key"), STR("tw_CANNOT_BE_SECRET"), 0600, &e)); /* no key of ours */
    assert_true(spool_writer_open(&(struct spool_options){.dir = in("data/spool"), .segment_bytes = 1 << 16}, &w, &e));
    for (int i = 0; i < 60; i++) {
        struct spool_record r = {.kind = SPOOL_TRACK, .received_us = i, .source = STR("a.b"), .body = arena_printf(&a, "{\"CANARY\":%d,\"x\":\"%0*d\"}", i, 3000, i)};
        assert_true(spool_append_wait(w, &r, &e));
    }
    spool_writer_close(w);
    /* The first twenty are loaded. */
    struct spool_reader *r;
    struct spool_entry x;
    bool got;
    assert_true(spool_reader_open(in("data/spool"), (struct spool_position){0, 0}, &r, &e));
    for (int i = 0; i < 20; i++)
        assert_true(spool_next(r, &x, &got, &e) && got);
    spool_reader_close(r);
    struct str sql = arena_printf(&a, "UPDATE mesh.sys.event_place SET segment = %llu, \"offset\" = %llu", (unsigned long long)x.next.segment, (unsigned long long)x.next.offset);
    assert_true(engine_exec(c, sql, &e));
    engine_disconnect(c);
    state_close(s);
}

/* Everything is there, and of the events just those that were not loaded. */
static void whole(void)
{
    struct state *s = opened();
    struct engine_conn *c;
    struct err e;
    int64_t n = 0, segment = 0, offset = 0;
    struct str value;
    unsigned char now[SECRET_BYTES];
    assert_true(engine_connect(s->engine, &c, &e));
    assert_true(engine_value_i64(c, STR("SELECT count(*) FROM mesh.raw.canary WHERE v LIKE 'CANARY in%'"), NULL, 0, &n, &e));
    assert_int_equal(n, 500);
    assert_true(engine_value_i64(c, STR("SELECT segment FROM mesh.sys.event_place"), NULL, 0, &segment, &e));
    assert_true(engine_value_i64(c, STR("SELECT \"offset\" FROM mesh.sys.event_place"), NULL, 0, &offset, &e));
    assert_true(store_setting_get(s->store, &a, STR("canary"), &value, &e));
    assert_true(str_eq(value, STR("CANARY in the store")));
    assert_true(secret_key(s->data_dir, "mask.key", now, &e));
    assert_memory_equal(now, secret, sizeof now);
    struct spool_reader *r;
    struct spool_entry x;
    bool got;
    assert_true(spool_reader_open(in("data/spool"), (struct spool_position){(uint64_t)segment, (uint64_t)offset}, &r, &e));
    for (int i = 20; i < 60; i++) {
        if (!spool_next(r, &x, &got, &e))
            fail_msg("%d: %s", i, e.text);
        assert_true(got && x.record.received_us == i);
    }
    assert_true(spool_next(r, &x, &got, &e));
    assert_false(got);
    spool_reader_close(r);
    engine_disconnect(c);
    state_close(s);
    assert_false(fs_exists(in("data/next")));
}

static bool exchange(const char *reference, struct encryption_done *done, struct err *e)
{
    const struct encryption_exchange x = {.dir = dir, .reference = str_of(reference)};
    return encryption_exchange(&x, &a, done, e);
}

static void must_exchange(const char *reference)
{
    struct encryption_done done;
    struct err e;
    if (!exchange(reference, &done, &e))
        fail_msg("%s (%s)", e.text, e.hint);
}

static void it_begins_so(void **state)
{
    (void)state;
    if (!can())
        return;
    declare("env:TRELLIS_TEST_A");
    fill();
    assert_int_equal(files_with(in("data"), "CANARY"), 0);
    whole();
    assert_int_equal(files_with(in("data"), "CANARY"), 0);
    assert_int_equal(files_with(in("data"), key_a), 0);
    declare("env:TRELLIS_TEST_B");
    refused("env:TRELLIS_TEST_A");
    declare(NULL);
    refused("names no key");
    declare("env:TRELLIS_TEST_NONE");
    refused("is not set");
}

static void plain_with_a_key(void **state)
{
    (void)state;
    if (!can())
        return;
    fill();
    declare("env:TRELLIS_TEST_A");
    refused("trellis encrypt");
    setenv("TRELLIS_EXTENSIONS", dir, 1);
    refused("TRELLIS_EXTENSIONS");
    unsetenv("TRELLIS_EXTENSIONS");
    declare(NULL);
    whole();
}

static void there_and_back(void **state)
{
    (void)state;
    struct str yaml;
    struct err e;
    struct encryption_done done;
    if (!can())
        return;
    fill();
    assert_true(files_with(in("data"), "CANARY") >= 2);
    must_exchange("env:TRELLIS_TEST_A");
    assert_true(fs_read(&a, in("mesh.yaml"), 4096, &yaml, &e));
    assert_true(str_find(yaml, STR("env:TRELLIS_TEST_A"), 0) != SIZE_MAX && str_find(yaml, STR("# a comment"), 0) != SIZE_MAX);
    assert_int_equal(files_with(in("data"), "CANARY"), 0);
    assert_int_equal(files_with(in("data"), "CANNOT_BE_SECRET"), 1);
    whole();
    assert_false(exchange("env:TRELLIS_TEST_A", &done, &e)); /* the same again */
    assert_int_equal(e.code, E_USAGE);
    must_exchange("env:TRELLIS_TEST_B");
    assert_int_equal(files_with(in("data"), "CANARY"), 0);
    whole();
    unsetenv("TRELLIS_TEST_B");
    assert_false(exchange("env:TRELLIS_TEST_A", &done, &e)); /* the old key is needed */
    assert_int_equal(e.code, E_ENCRYPTION);
    setenv("TRELLIS_TEST_B", key_b, 1);
    must_exchange("");
    assert_false(fs_exists(in("data/encryption.json")));
    whole();
    assert_true(files_with(in("data"), "CANARY") >= 2);
}

static void not_while_it_is_open(void **state)
{
    (void)state;
    struct err e;
    struct encryption_done done;
    struct spool_writer *w;
    if (!can())
        return;
    fill();
    struct state *s = opened();
    assert_false(exchange("env:TRELLIS_TEST_A", &done, &e));
    assert_int_equal(e.code, E_BUSY);
    state_close(s);
    assert_true(spool_writer_open(&(struct spool_options){.dir = in("data/spool")}, &w, &e)); /* a collector */
    assert_false(exchange("env:TRELLIS_TEST_A", &done, &e));
    assert_int_equal(e.code, E_BUSY);
    spool_writer_close(w);
    whole();
}

/* The backup that an upgrade leaves is a file of this mesh, too. */
static void backups_go_along(void **state)
{
    (void)state;
    struct str bytes;
    struct err e;
    static const char *const pairs[][2] = {{"data/mesh.duckdb", "data/mesh.duckdb.backup-v3"}, {"data/control.sqlite", "data/control.sqlite.backup-v3"}};
    if (!can())
        return;
    fill();
    for (size_t i = 0; i < 2; i++)
        assert_true(fs_read(&a, in(pairs[i][0]), 1u << 30, &bytes, &e) && fs_write_atomic(in(pairs[i][1]), bytes, 0600, &e));
    must_exchange("env:TRELLIS_TEST_A");
    assert_int_equal(files_with(in("data"), "CANARY"), 0);
    assert_int_equal(engine_file_look(in(pairs[0][1])), ENGINE_FILE_ENCRYPTED);
    whole();
}

#ifdef TRELLIS_FAULTS
static bool killed_at(const char *point, const char *reference)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct encryption_done done;
        struct err e;
        setenv("TRELLIS_CRASH_AT", point, 1);
        _exit(exchange(reference, &done, &e) ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void killed_anywhere(void **state)
{
    (void)state;
    static const struct {
        const char *point;
        bool decided;
    } points[] = {{"exchange_before_decision", false},  {"exchange_after_decision", true},  {"exchange_before_rename:1", true}, {"exchange_before_rename:2", true},
                  {"exchange_before_rename:3", true},   {"exchange_before_rename:4", true}, {"exchange_before_rename:5", true}, {"exchange_before_note", true},
                  {"exchange_before_declaration", true}};
    if (!can())
        return;
    fill();
    must_exchange("env:TRELLIS_TEST_A");
    bool at_a = true;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        const char *from = at_a ? "env:TRELLIS_TEST_A" : "env:TRELLIS_TEST_B", *to = at_a ? "env:TRELLIS_TEST_B" : "env:TRELLIS_TEST_A";
        assert_true(killed_at(points[i].point, to));
        assert_int_equal(files_with(in("data"), "CANARY"), 0);
        declare(points[i].decided ? from : to);
        refused(points[i].decided ? to : from); /* the wrong one is told which is the right one */
        declare(points[i].decided ? to : from);
        whole();
        assert_int_equal(files_with(in("data"), "CANARY"), 0);
        at_a = points[i].decided ? !at_a : at_a;
    }
}

static void failing_anywhere(void **state)
{
    (void)state;
    static const enum fault_kind kinds[] = {FAULT_OPEN, FAULT_WRITE, FAULT_SYNC, FAULT_RENAME, FAULT_READ, FAULT_ENGINE, FAULT_STORE, FAULT_ALLOC};
    if (!can())
        return;
    fill();
    declare("env:TRELLIS_TEST_A");
    must_exchange("env:TRELLIS_TEST_A");
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (unsigned n = 1; n < 60; n += n < 4 ? 1 : 9) {
            struct encryption_note before, after;
            struct encryption_done done;
            struct err e = {0};
            assert_true(encryption_note_read(in("data"), &a, &before, &e));
            const char *to = str_eq(before.reference, STR("env:TRELLIS_TEST_A")) ? "env:TRELLIS_TEST_B" : "env:TRELLIS_TEST_A";
            fault_arm(kinds[k], n, false);
            bool ok = exchange(to, &done, &e);
            fault_disarm();
            assert_true(ok || e.text[0]);
            assert_true(encryption_repair(in("data"), &e));
            assert_true(encryption_note_read(in("data"), &a, &after, &e));
            declare(arena_strz(&a, after.reference)); /* what it says is what opens */
            whole();
            if (!fault_hit())
                break;
        }
}
#endif

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(it_begins_so), CASE(plain_with_a_key), CASE(there_and_back), CASE(not_while_it_is_open), CASE(backups_go_along),
#ifdef TRELLIS_FAULTS
        CASE(killed_anywhere), CASE(failing_anywhere),
#endif
    };
    return cmocka_run_group_tests_name("exchange of keys", tests, NULL, NULL);
}
