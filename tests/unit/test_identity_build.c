/* Identity as the builder calls it: tables changed in place by batches against tables made anew, over random observations with late and
 * changed sets, decisions and a restart; what is told of changes; and retired ids, which must lead on for ever, also past new rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "identity/decisions.h"
#include "identity/identity.h"

static char dir[] = "/tmp/trellis-test-identity-XXXXXX";
static struct arena arena;
static struct state *s;
static struct engine_conn *c;
static struct err e;
static uint64_t seed = 11;

static struct mesh_identifier_kind kinds[] = {
    {.name = {"user_id", 7}, .normalise = {"none", 4}, .limit = 1},
    {.name = {"email", 5}, .normalise = {"email", 5}, .limit = 2},
    {.name = {"phone", 5}, .normalise = {"phone", 5}, .limit = 2},
    {.name = {"contact", 7}, .normalise = {"none", 4}},
    {.name = {"anonymous_id", 12}, .normalise = {"none", 4}, .limit = 2, .per_s = 40},
};
static struct str blocked[] = {{"unknown", 7}};
static struct str patterns[] = {{"^[0-]*$", 7}};
static struct mesh mesh;

static unsigned pick(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((seed >> 33) % n);
}

static void open_all(void)
{
    static const struct state_options small = {.threads = 1, .memory_limit_bytes = 512u << 20};
    if (!state_open(dir, &small, &s, &e) || !engine_connect(s->engine, &c, &e))
        fail_msg("%s (%s)", e.text, e.hint);
}

static void close_all(void)
{
    engine_disconnect(c);
    state_close(s);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/trellis-test-identity-XXXXXX");
    arena_init(&arena);
    mesh = (struct mesh){.identity = {.kinds = kinds, .n_kinds = sizeof kinds / sizeof *kinds, .blocked = blocked, .n_blocked = 1, .patterns = patterns,
                                      .n_patterns = 1, .sha = {"rules-1"}}};
    kinds[0].limit = 1;
    if (!mkdtemp(dir))
        return -1;
    open_all();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_all();
    arena_fini(&arena);
    return fs_remove_tree(dir, &e) ? 0 : -1;
}

static void run(const char *sql)
{
    if (!engine_exec(c, str_of(sql), &e))
        fail_msg("%s: %s [%s]", sql, e.text, engine_last_message(c));
}

static int64_t number(const char *sql)
{
    int64_t n = 0;
    if (!engine_value_i64(c, str_of(sql), NULL, 0, &n, &e))
        fail_msg("%s: %s [%s]", sql, e.text, engine_last_message(c));
    return n;
}

static const char *value(const char *sql)
{
    struct str v = STR("");
    bool null;
    if (!engine_value(c, str_of(sql), NULL, 0, &arena, &v, &null, &e))
        fail_msg("%s: %s [%s]", sql, e.text, engine_last_message(c));
    return null ? "NULL" : arena_strz(&arena, v);
}

static struct identity_report build(const char *observations, const char *table, bool delta)
{
    struct identity_report r;
    struct identity_job j = {.s = s, .m = &mesh, .c = c, .observations = str_of(observations), .table = str_of(table), .delta = delta,
                             .changed = delta ? STR("temp.main.touched") : STR("")};
    if (delta)
        run("CREATE OR REPLACE TEMP TABLE touched (evidence BIGINT, customer_id VARCHAR)");
    run("BEGIN");
    if (!identity_build(&j, &r, &e))
        fail_msg("%s (%s) [%s]", e.text, e.hint, engine_last_message(c));
    run("COMMIT");
    return r;
}

static void no_difference(const char *what, const char *a, const char *b)
{
    char sql[2048];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM ((SELECT * FROM (%s) EXCEPT ALL SELECT * FROM (%s)) UNION ALL (SELECT * FROM (%s) EXCEPT ALL SELECT * FROM (%s)))", a, b, b, a);
    int64_t n = number(sql);
    if (n)
        fail_msg("%s: %lld rows differ", what, (long long)n);
}

/* ---- Random observations: a table of the test, `obs`, and the keys of the evidence that changed since, `dirty` ---- */

static void observe(int64_t evidence, int64_t at)
{
    static const char *const names[] = {"user_id", "email", "phone", "contact", "anonymous_id", "shoe_size"};
    static const char *const emails[] = {"nn@example.org", "NN@Example.org ", "nn@EXAMPLE.ORG"};
    char sql[1024], v[64];
    unsigned n = 1 + pick(3);
    snprintf(sql, sizeof sql, "DELETE FROM obs WHERE evidence = %lld; INSERT INTO dirty VALUES (%lld)", (long long)evidence, (long long)evidence);
    run(sql);
    for (unsigned i = 0; i < n; i++) {
        unsigned kind = pick(pick(2) ? 5 : 6), who = pick(6);
        if (kind == 1)
            snprintf(v, sizeof v, "%s%c%s", pick(3) ? "" : " ", 'a' + (int)who, emails[pick(3)]);
        else if (kind == 2)
            snprintf(v, sizeof v, pick(2) ? "+49 (30) 1%u" : "0049301%u", who);
        else if (pick(15) == 0)
            snprintf(v, sizeof v, "%s", pick(2) ? "Unknown" : "0000-0000");
        else
            snprintf(v, sizeof v, "%c%u", "uepcax"[kind], pick(2) ? who : who % 3);
        snprintf(sql, sizeof sql,
                 "INSERT INTO obs SELECT %lld, '%s', %s'%s', make_timestamp(%lld), make_timestamp(%lld), '%s', 'm%u' WHERE NOT EXISTS (SELECT 1 FROM obs WHERE"
                 " evidence = %lld AND kind = '%s' AND value = '%s')",
                 (long long)evidence, names[kind], "", v, (long long)at * 1000000, (long long)(at + pick(50)) * 1000000, pick(2) ? "web.site" : "crm.app", pick(30),
                 (long long)evidence, names[kind], v);
        run(sql);
    }
}

static void tables_of_the_test(void)
{
    run("CREATE SCHEMA mesh.t; CREATE TABLE mesh.t.obs (evidence BIGINT, kind VARCHAR, value VARCHAR, first_seen TIMESTAMP, last_seen TIMESTAMP,"
        " source VARCHAR, message_id VARCHAR); CREATE TABLE mesh.t.ever (customer_id VARCHAR);"
        "CREATE OR REPLACE TEMP VIEW obs AS SELECT * FROM mesh.t.obs; CREATE OR REPLACE TEMP TABLE dirty (evidence BIGINT)");
    run("DROP VIEW temp.main.obs; SET search_path = 'temp.main,mesh.t'");
}

static void decide(bool split, const char *const *out, size_t n_out, const char *const *rest, size_t n_rest)
{
    unsigned char key[SECRET_BYTES];
    struct identifier ids[2][4];
    for (size_t i = 0; i < n_rest; i++)
        ids[1][i].kind = str_cut(str_of(rest[i]), '=', &ids[1][i].value);
    for (size_t i = 0; i < n_out; i++)
        ids[0][i].kind = str_cut(str_of(out[i]), '=', &ids[0][i].value);
    struct decision_made d = {.split = split, .out = ids[0], .n_out = n_out, .rest = ids[1], .n_rest = n_rest, .reason = STR("why not"), .who = STR("tester")};
    if (!secret_key(s->data_dir, IDENTITY_KEY_FILE, key, &e) || !decision_write(s->store, key, &d, &e))
        fail_msg("%s (%s)", e.text, e.hint);
}

/* What must hold of the table `t` beside the observations: rows, changes told, ledger and redirects as when made anew. */
static void check_against_new(const char *table, int round)
{
    char sql[1024];
    snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
    run("DROP TABLE IF EXISTS mesh.t.fresh; CREATE OR REPLACE TEMP TABLE ledger_was AS FROM mesh.identity.ledger;"
        "CREATE OR REPLACE TEMP TABLE redirect_was AS FROM mesh.identity.redirect; CREATE OR REPLACE TEMP TABLE customer_was AS FROM mesh.identity.customer;"
        "CREATE OR REPLACE TEMP TABLE state_was AS FROM mesh.identity.state");
    build("mesh.t.obs", "mesh.t.fresh", false);
    no_difference("rows", sql, "SELECT * FROM mesh.t.fresh");
    no_difference("ledger", "SELECT * FROM ledger_was", "SELECT * FROM mesh.identity.ledger");
    no_difference("canonical redirects", "SELECT * FROM redirect_was WHERE cause = 'merged'", "SELECT * FROM mesh.identity.redirect WHERE cause = 'merged'");
    no_difference("redirects", "SELECT old_id, customer_id FROM redirect_was", "SELECT old_id, customer_id FROM mesh.identity.redirect");
    no_difference("customers", "SELECT customer_id FROM customer_was", "SELECT customer_id FROM mesh.identity.customer");
    no_difference("observations", "SELECT evidence, kind, value, first_seen, last_seen, source, message_id FROM mesh.t.fresh", "SELECT * FROM mesh.t.obs");
    /* every id that ever was in the table is one of now or leads to one of now */
    snprintf(sql, sizeof sql, "INSERT INTO mesh.t.ever SELECT DISTINCT customer_id FROM %s EXCEPT SELECT customer_id FROM mesh.t.ever", table);
    run(sql);
    assert_int_equal(number("SELECT count(*) - count(DISTINCT old_id) FROM mesh.identity.redirect"), 0);
    if (number("SELECT count(*) FROM mesh.t.ever e LEFT JOIN mesh.identity.redirect r ON r.old_id = e.customer_id WHERE coalesce(r.customer_id, e.customer_id) NOT IN"
               " (SELECT customer_id FROM mesh.t.fresh)"))
        fail_msg("round %d: an id leads nowhere", round);
    assert_int_equal(number("SELECT count(*) FROM mesh.identity.redirect WHERE old_id IN (SELECT customer_id FROM mesh.t.fresh)"), 0);
    /* as if it had not been made anew; the one in memory has gone with it */
    run("DELETE FROM mesh.identity.ledger; INSERT INTO mesh.identity.ledger FROM ledger_was; DELETE FROM mesh.identity.redirect; INSERT INTO mesh.identity.redirect FROM"
        " redirect_was; DELETE FROM mesh.identity.customer; INSERT INTO mesh.identity.customer FROM customer_was; DELETE FROM mesh.identity.state; INSERT INTO"
        " mesh.identity.state FROM state_was");
}

static void check_told(void)
{
    /* before is the table as it was; keys of every row that was put or taken */
    no_difference("what has changed",
                  "SELECT DISTINCT k.* FROM (SELECT evidence, customer_id FROM (FROM before EXCEPT ALL FROM mesh.t.one) UNION ALL SELECT evidence, customer_id FROM (FROM"
                  " mesh.t.one EXCEPT ALL FROM before)) k",
                  "SELECT DISTINCT k.* FROM touched k JOIN (SELECT evidence FROM (FROM before EXCEPT ALL FROM mesh.t.one) UNION SELECT evidence FROM (FROM mesh.t.one EXCEPT"
                  " ALL FROM before)) d USING (evidence)");
}

static void deltas_are_what_whole_builds_are(void **state)
{
    (void)state;
    int64_t next = 1, now = 1000;
    const char *rounds_text = getenv("TRELLIS_IDENTITY_ROUNDS");
    int rounds = rounds_text ? atoi(rounds_text) : 40;
    tables_of_the_test();
    for (int i = 0; i < 30; i++)
        observe(next++, now += pick(20));
    build("mesh.t.obs", "mesh.t.one", false);
    for (int round = 0; round < rounds; round++) {
        run("DELETE FROM dirty");
        for (unsigned i = 0, n = 1 + pick(5); i < n; i++) {
            now += pick(20);
            if (pick(5) == 0)
                observe(1 + pick((unsigned)next - 1), pick(2) ? now : 900 + pick(200)); /* changed */
            else
                observe(next++, pick(5) ? now : 900 + (int64_t)pick((unsigned)(now - 900))); /* sometimes late */
        }
        if (pick(4) == 0)
            run("UPDATE obs SET last_seen = last_seen + INTERVAL 1 HOUR WHERE evidence = 7; INSERT INTO dirty VALUES (7)");
        if (pick(6) == 0) {
            char a[24], b[24];
            snprintf(a, sizeof a, "user_id=u%u", pick(6));
            snprintf(b, sizeof b, "email=%cnn@example.org", 'a' + (int)pick(6));
            clock_set_us(now * 1000000);
            if (pick(2))
                decide(false, (const char *[]){a, b}, 2, NULL, 0);
            else
                decide(true, (const char *[]){b}, 1, (const char *[]){a}, 1);
        }
        if (pick(8) == 0) {
            struct store_decision *d;
            size_t n;
            assert_true(store_decisions(s->store, &arena, &d, &n, &e));
            if (n)
                assert_true(store_decision_withdraw(s->store, d[pick((unsigned)n)].id, STR("tester"), &e));
        }
        run("CREATE OR REPLACE TEMP TABLE before AS FROM mesh.t.one");
        if (pick(5) == 0) { /* a call that is not committed leaves nothing behind */
            struct identity_report r;
            struct identity_job j = {.s = s, .m = &mesh, .c = c, .observations = STR("(SELECT * FROM obs WHERE evidence IN (SELECT evidence FROM dirty))"), .table = STR("mesh.t.one"),
                                     .delta = true, .changed = STR("temp.main.touched")};
            run("CREATE OR REPLACE TEMP TABLE touched (evidence BIGINT, customer_id VARCHAR); BEGIN");
            assert_true(identity_build(&j, &r, &e));
            run("ROLLBACK");
            no_difference("rolled back", "FROM before", "FROM mesh.t.one");
        }
        build("(SELECT * FROM obs WHERE evidence IN (SELECT evidence FROM dirty))", "mesh.t.one", true);
        check_told();
        if (round % 3 == 2 || round == rounds - 1)
            check_against_new("mesh.t.one", round);
        if (round % 10 == 5) {
            close_all();
            open_all();
            run("CREATE OR REPLACE TEMP TABLE dirty (evidence BIGINT); SET search_path = 'temp.main,mesh.t'");
        }
    }
    clock_set_us(0);
    print_message("%d rounds; %lld observations, %lld customers, %lld lines, %lld redirects\n", rounds, (long long)number("SELECT count(*) FROM obs"),
                  (long long)number("SELECT count(DISTINCT customer_id) FROM mesh.t.one"), (long long)number("SELECT count(*) FROM mesh.identity.ledger"),
                  (long long)number("SELECT count(*) FROM mesh.identity.redirect"));
}

/* ---- Stories ---- */

static void see(int64_t evidence, int64_t at, const char *const *ids)
{
    char sql[512];
    for (size_t i = 0; ids[i]; i++) {
        struct str v, kind = str_cut(str_of(ids[i]), '=', &v);
        snprintf(sql, sizeof sql, "INSERT INTO obs VALUES (%lld, '%.*s', '%.*s', make_timestamp(%lld), make_timestamp(%lld), 'web.site', 'm%lld')", (long long)evidence,
                 STR_FMT(kind), STR_FMT(v), (long long)at * 1000000, (long long)at * 1000000, (long long)evidence);
        run(sql);
    }
}
#define SEE(evidence, at, ...) see(evidence, at, (const char *[]){__VA_ARGS__, NULL})

static void new_rules_lead_on(void **state)
{
    (void)state;
    tables_of_the_test();
    SEE(1, 100, "anonymous_id=a1");
    SEE(2, 110, "user_id=u1", "anonymous_id=a1", "email=ann@example.org");
    SEE(3, 120, "user_id=u2", "email=ann@example.org");
    build("mesh.t.obs", "mesh.t.one", false);
    assert_int_equal(number("SELECT count(DISTINCT customer_id) FROM mesh.t.one"), 2);
    assert_string_equal(value("SELECT reason FROM mesh.t.one WHERE evidence = 3 AND kind = 'email'"), "limit");
    assert_string_equal(value("SELECT refused_by || ' ' || cause || ' ' || kind FROM mesh.identity.ledger WHERE action = 'refused'"), "user_id limit email");
    const char *second = value("SELECT customer_id FROM mesh.t.one WHERE evidence = 3 LIMIT 1");
    kinds[0].limit = 2;
    memcpy(mesh.identity.sha.z, "rules-2", 8);
    build("mesh.t.obs", "mesh.t.two", false);
    assert_int_equal(number("SELECT count(DISTINCT customer_id) FROM mesh.t.two"), 1);
    char sql[256];
    /* with the new rules nobody was ever founded by u2: its id was published, and leads on */
    snprintf(sql, sizeof sql, "SELECT cause || ' ' || (customer_id = (SELECT min(customer_id) FROM mesh.t.two)) FROM mesh.identity.redirect WHERE old_id = '%s'", second);
    assert_string_equal(value(sql), "rules true");
    kinds[0].limit = 1;
    memcpy(mesh.identity.sha.z, "rules-1", 8);
    build("mesh.t.obs", "mesh.t.three", false);
    assert_int_equal(number("SELECT count(*) FROM mesh.identity.redirect"), 0); /* it is in use again */
    no_difference("back again", "FROM mesh.t.one", "FROM mesh.t.three");
    /* rules that changed meanwhile, told to a delta: everything is resolved anew, in place */
    kinds[0].limit = 2;
    memcpy(mesh.identity.sha.z, "rules-2", 8);
    run("CREATE OR REPLACE TEMP TABLE before AS FROM mesh.t.one");
    build("(SELECT * FROM obs WHERE false)", "mesh.t.one", true);
    no_difference("in place", "FROM mesh.t.one", "FROM mesh.t.two");
    check_told();
}

static void a_split_restores(void **state)
{
    (void)state;
    tables_of_the_test();
    SEE(1, 100, "user_id=u1", "email=ann@example.org");
    SEE(2, 110, "contact=c7", "email=bob@example.org");
    SEE(3, 120, "contact=c7", "phone=0049 30 1");
    SEE(5, 140, "email=bob@example.org", "anonymous_id=a1");
    build("mesh.t.obs", "mesh.t.one", false);
    run("CREATE TABLE mesh.t.was AS FROM mesh.t.one; CREATE TABLE mesh.t.ledger_was AS FROM mesh.identity.ledger");
    assert_int_equal(number("SELECT count(DISTINCT customer_id) FROM mesh.t.one"), 2);
    /* somebody mistypes: both addresses on one form */
    SEE(4, 130, "email=ann@example.org", "email=bob@example.org");
    build("(SELECT * FROM obs WHERE evidence = 4)", "mesh.t.one", true);
    assert_int_equal(number("SELECT count(DISTINCT customer_id) FROM mesh.t.one"), 1);
    assert_int_equal(number("SELECT count(*) FROM mesh.identity.redirect WHERE cause = 'merged'"), 1);
    clock_set_us(INT64_C(1000) * 1000000);
    decide(true, (const char *[]){"email=bob@example.org", "contact=c7", "phone=+49301", "anonymous_id=a1"}, 4, (const char *[]){"user_id=u1", "email=ann@example.org"}, 2);
    build("(SELECT * FROM obs WHERE false)", "mesh.t.one", true);
    no_difference("split", "SELECT * FROM mesh.t.one WHERE evidence <> 4", "FROM mesh.t.was");
    no_difference("split, ledger", "SELECT * FROM mesh.identity.ledger WHERE evidence <> 4", "FROM mesh.t.ledger_was");
    assert_int_equal(number("SELECT count(*) FROM mesh.identity.redirect"), 0);
    assert_string_equal(value("SELECT string_agg(action || ' ' || coalesce(cause, '') || ' ' || coalesce(decision_id::VARCHAR, ''), ';' ORDER BY seq) FROM mesh.identity.ledger WHERE evidence = 4"),
                        "split split 1");
    /* a merge by hand past the limits, and taken back */
    SEE(6, 150, "user_id=u9");
    build("(SELECT * FROM obs WHERE evidence = 6)", "mesh.t.one", true);
    run("CREATE OR REPLACE TABLE mesh.t.was AS FROM mesh.t.one");
    clock_set_us(INT64_C(2000) * 1000000);
    decide(false, (const char *[]){"user_id=u1", "user_id=u9"}, 2, NULL, 0);
    build("(SELECT * FROM obs WHERE false)", "mesh.t.one", true);
    assert_int_equal(number("SELECT count(DISTINCT customer_id) FROM mesh.t.one WHERE evidence IN (1, 6)"), 1);
    assert_string_equal(value("SELECT cause || decision_id FROM mesh.identity.ledger WHERE action = 'merged' AND cause = 'decision'"), "decision2");
    assert_true(store_decision_withdraw(s->store, 2, STR("tester"), &e));
    build("(SELECT * FROM obs WHERE false)", "mesh.t.one", true);
    no_difference("withdrawn", "FROM mesh.t.one", "FROM mesh.t.was");
    clock_set_us(0);
}

static void late_ids_lead_on(void **state)
{
    (void)state;
    tables_of_the_test();
    SEE(2, 110, "user_id=u1", "anonymous_id=a1");
    build("mesh.t.obs", "mesh.t.one", false);
    const char *first = value("SELECT min(customer_id) FROM mesh.t.one");
    SEE(1, 100, "anonymous_id=a1");
    build("(SELECT * FROM obs WHERE evidence = 1)", "mesh.t.one", true);
    const char *second = value("SELECT min(customer_id) FROM mesh.t.one");
    assert_string_not_equal(first, second);
    assert_int_equal(number("SELECT count(DISTINCT customer_id) FROM mesh.t.one"), 1);
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT cause || ' ' || (customer_id = '%s') FROM mesh.identity.redirect WHERE old_id = '%s'", second, first);
    assert_string_equal(value(sql), "late true");
    /* and what leads to it leads on when it goes itself */
    SEE(7, 50, "email=ann@example.org");
    SEE(8, 200, "email=ann@example.org", "user_id=u1");
    build("(SELECT * FROM obs WHERE evidence IN (7, 8))", "mesh.t.one", true);
    assert_int_equal(number("SELECT count(*) FROM mesh.identity.redirect WHERE customer_id = (SELECT min(customer_id) FROM mesh.t.one)"), 2);
    assert_int_equal(number("SELECT count(*) FROM mesh.identity.redirect"), 2);
    struct stat st;
    char path[128];
    snprintf(path, sizeof path, "%s/data/identity.key", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void wrong_input(void **state)
{
    (void)state;
    struct identity_report r;
    tables_of_the_test();
    /* nothing; NULLs; blocked only; kinds that nobody declared */
    r = build("mesh.t.obs", "mesh.t.none", false);
    assert_int_equal(r.customers, 0);
    run("INSERT INTO obs VALUES (NULL, 'email', 'x@example.org', NULL, NULL, NULL, NULL), (1, NULL, 'x', NULL, NULL, NULL, NULL), (1, 'email', NULL, NULL, NULL, NULL, NULL),"
        " (2, 'email', 'Unknown', now()::TIMESTAMP, NULL, 'a', 'b'), (3, 'email', '0000', now()::TIMESTAMP, NULL, 'a', 'b'), (4, 'shoe_size', '43', NULL, NULL, NULL, NULL)");
    r = build("mesh.t.obs", "mesh.t.one", false);
    assert_int_equal(number("SELECT count(*) FROM mesh.t.one"), 5); /* without evidence: no row */
    assert_int_equal(number("SELECT count(*) FROM mesh.t.one WHERE reason = 'blocked' AND NOT admitted"), 5);
    assert_int_equal(r.customers, 4);
    assert_int_equal(r.identifiers, 0);
    /* a pattern that is none; a table that is not there */
    patterns[0] = STR("(");
    memcpy(mesh.identity.sha.z, "rules-3", 8);
    run("BEGIN");
    struct identity_job j = {.s = s, .m = &mesh, .c = c, .observations = STR("mesh.t.obs"), .table = STR("mesh.t.two")};
    assert_false(identity_build(&j, &r, &e));
    assert_int_equal(e.code, E_SCHEMA);
    patterns[0] = STR("^[0-]*$");
    run("ROLLBACK; BEGIN");
    j.observations = STR("mesh.t.nothing");
    assert_false(identity_build(&j, &r, &e));
    run("ROLLBACK");
    /* the wrong key: decisions cannot be read, and it says so */
    decide(false, (const char *[]){"user_id=u1", "user_id=u9"}, 2, NULL, 0);
    char path[128];
    snprintf(path, sizeof path, "%s/data/identity.key", dir);
    assert_true(unlink(path) == 0);
    j.observations = STR("mesh.t.obs");
    run("BEGIN");
    assert_false(identity_build(&j, &r, &e));
    assert_int_equal(e.code, E_STORE);
    run("ROLLBACK");
    assert_true(strstr(e.text, "identity.key") != NULL);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {CASE(deltas_are_what_whole_builds_are), CASE(new_rules_lead_on), CASE(a_split_restores), CASE(late_ids_lead_on), CASE(wrong_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
