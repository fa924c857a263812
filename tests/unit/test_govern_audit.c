/* The audit log on a real engine and store: what is written is found again, chained and signed; every way to falsify it is found, with the entry; people
 * are pseudonyms that can be forgotten; failures of the disk lose nothing that was promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "govern/audit_int.h"
#include "store/store_int.h"

static char dir[64];
static struct state *s;
static struct audit *a;
static struct arena arena;

static void must(bool ok, const struct err *e)
{
    if (!ok)
        fail_msg("%s (%s)", e->text, e->hint);
}

static void open_log(void)
{
    struct err e = {0};
    must(state_open(dir, NULL, &s, &e), &e);
    must(audit_open(s, &a, &e), &e);
}

static void close_log(void)
{
    audit_close(a);
    a = NULL;
    state_close(s);
    s = NULL;
}

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/trellis-test-audit-XXXXXX");
    arena_init(&arena);
    if (!mkdtemp(dir))
        return -1;
    open_log();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    close_log();
    clock_set_us(0);
    arena_fini(&arena);
    return fs_remove_tree(dir, &e) ? 0 : -1;
}

static struct audit_entry read_of(const char *who, const char *what)
{
    return (struct audit_entry){.kind = AUDIT_READ, .principal = str_of(who), .roles = STR("marketer"), .purpose = STR("analytics"), .what = str_of(what),
                                .sql_shape = STR("SELECT ?"), .verdict = STR("ok"), .rows = 3, .bytes = 24, .elapsed_us = 1500};
}

static void write_some(int n)
{
    struct err e = {0};
    for (int i = 0; i < n; i++) {
        struct audit_entry x = read_of(i % 2 ? "anna" : "ben", i % 3 ? "web.page_v1,shared.customer_v1" : "web.site_v1");
        audit_note(a, &x);
    }
    must(audit_flush(a, &e), &e);
}

static struct audit_verdict verify(struct str head)
{
    struct audit_verdict v;
    struct err e = {0};
    must(audit_verify(a, &arena, head, &v, &e), &e);
    return v;
}

static size_t find(struct audit_ask ask, struct audit_entry **out)
{
    struct err e = {0};
    size_t n;
    must(audit_find(a, &arena, &ask, out, &n, &e), &e);
    return n;
}

/* ---- what is written ---- */

static void written_and_found(void **state)
{
    (void)state;
    struct audit_entry *v;
    struct err e = {0};
    write_some(12);
    struct audit_entry x = {.kind = AUDIT_REVEAL, .principal = STR("anna"), .what = STR("shared.customer: email"), .verdict = STR("ok"),
                            .detail = STR("she called"), .person = STR("c_1")};
    must(audit_write(a, &x, &e), &e);
    x = read_of("ben", "web.secret_v1");
    x.verdict = STR("E_DENIED");
    audit_note(a, &x);
    x = read_of("trellis", "web.site_v1");
    x.quiet = true;
    audit_note(a, &x);
    assert_int_equal(find((struct audit_ask){.kind = -1}, &v), 14);
    assert_int_equal(v[0].id, 14);
    assert_int_equal(find((struct audit_ask){.kind = -1, .programs = true}, &v), 15);
    assert_int_equal(find((struct audit_ask){.kind = -1, .principal = STR("anna")}, &v), 7);
    assert_int_equal(find((struct audit_ask){.kind = AUDIT_REVEAL}, &v), 1);
    assert_string_equal(v[0].detail.p, "she called");
    assert_string_equal(v[0].person.p, "somebody");
    assert_int_equal(find((struct audit_ask){.kind = -1, .what = STR("web.page")}, &v), 8);
    assert_int_equal(find((struct audit_ask){.kind = -1, .what = STR("shared.customer_v1")}, &v), 9); /* its version, and what names none */
    assert_int_equal(find((struct audit_ask){.kind = -1, .what = STR("web.pag")}, &v), 0);
    assert_int_equal(find((struct audit_ask){.kind = -1, .refused = true}, &v), 1);
    assert_int_equal(find((struct audit_ask){.kind = -1, .text = STR("SHE CALL")}, &v), 1);
    assert_int_equal(find((struct audit_ask){.kind = -1, .purpose = STR("email")}, &v), 0);
    assert_int_equal(find((struct audit_ask){.kind = -1, .before_id = 5, .limit = 3}, &v), 3);
    assert_int_equal(v[2].id, 2);
    assert_int_equal(find((struct audit_ask){.kind = -1, .person = STR("c_0,c_1")}, &v), 1);
    assert_string_equal(v[0].person.p, "this");
    assert_int_equal(find((struct audit_ask){.kind = -1, .person = STR("c_2")}, &v), 0);
    assert_int_equal(find((struct audit_ask){.kind = -1, .to_us = 1}, &v), 0);
    assert_true(verify(STR("")).whole);
}

static void uses_are_counted(void **state)
{
    (void)state;
    struct store_use *u;
    size_t n;
    struct err e = {0};
    write_some(6);
    struct audit_entry x = read_of("trellis", "web.site_v1");
    x.quiet = true;
    audit_note(a, &x);
    x = read_of("carl", "web.site_v1");
    x.verdict = STR("E_DENIED");
    audit_note(a, &x);
    must(audit_flush(a, &e), &e);
    must(store_uses(s->audit, &arena, 0, &u, &n, &e), &e);
    assert_int_equal(n, 3);
    assert_string_equal(arena_strz(&arena, u[2].ref), "web.site_v1");
    assert_int_equal(u[2].questions, 2);
    assert_int_equal(u[2].principals, 2);
    assert_int_equal(u[0].questions, 4);
    must(store_uses(s->audit, &arena, INT64_MAX, &u, &n, &e), &e);
    assert_int_equal(n, 0);
}

static void goes_on_after_closing(void **state)
{
    (void)state;
    write_some(3);
    close_log();
    open_log();
    write_some(2);
    struct audit_verdict v = verify(STR(""));
    assert_true(v.whole);
    assert_int_equal(v.entries, 5);
    struct audit_entry *w;
    assert_int_equal(find((struct audit_ask){.kind = AUDIT_SYSTEM}, &w), 0); /* nothing was wrong, nothing is said */
    struct stat st;
    char path[128];
    static const char *const private[] = {"audit.key", "audit.head", "audit.sqlite"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/data/%s", dir, private[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void odd_texts_stay_readable(void **state)
{
    (void)state;
    struct err e = {0};
    struct audit_entry *v;
    char *large = arena_alloc(&arena, 100000);
    memset(large, 'x', 99999);
    struct audit_entry x = read_of("\xff\xfe""bad", "a\0b");
    x.what = (struct str){"a\0b", 3};
    x.sql_shape = str_of(large);
    x.detail = STR("caf\xc3\xa9 \"quoted\"\n");
    must(audit_write(a, &x, &e), &e);
    assert_int_equal(find((struct audit_ask){.kind = -1}, &v), 1);
    assert_string_equal(v[0].principal.p, "??bad");
    assert_string_equal(v[0].what.p, "a?b");
    assert_true(v[0].sql_shape.n < 20000);
    assert_true(verify(STR("")).whole);
}

/* ---- falsified ---- */

/* On a copy of the three files. */
static struct audit_verdict verify_copy(const char *sql, const char *head_of, struct str known_head, bool key)
{
    struct err e = {0};
    struct store *copy = NULL;
    struct audit_verdict v;
    char to[160], command[1024];
    snprintf(to, sizeof to, "%s/copy", dir);
    snprintf(command, sizeof command, "rm -rf %s && mkdir %s && cp %s/data/audit.* %s/ && rm -f %s/audit.key", to, to, dir, to, to);
    assert_int_equal(system(command), 0);
    if (head_of) {
        snprintf(command, sizeof command, "cp %s %s/audit.head", head_of, to);
        assert_int_equal(system(command), 0);
    }
    strcat(to, "/audit.sqlite");
    must(store_audit_open(to, false, &copy, &e), &e);
    if (!store_exec(copy->db, sql, &e))
        fail_msg("%s: %s", sql, e.text);
    store_close(copy);
    char hex[AUDIT_HEX];
    sodium_bin2hex(hex, sizeof hex, a->keys.public_key, sizeof a->keys.public_key);
    must(audit_verify_file(to, &arena, known_head, key ? str_of(hex) : STR(""), &v, &e), &e);
    return v;
}

/* The chain made anew from an entry on, as somebody does who can write the file and has no key. */
static bool rehash_row(void *ctx, const struct store_audit *x, const struct store_checkpoint *c)
{
    struct { struct chain_head head; struct buf *sql; } *k = ctx;
    char hex[AUDIT_HEX];
    (void)c;
    chain_hash(k->head.hash, x, k->head.hash);
    sodium_bin2hex(hex, sizeof hex, k->head.hash, AUDIT_HASH_BYTES);
    buf_printf(k->sql, "UPDATE entry SET hash = x'%s' WHERE id = %lld;", hex, (long long)x->id);
    return true;
}

static char *rehashed(const char *sql)
{
    struct err e = {0};
    struct buf b = BUF_INIT((size_t)1 << 20);
    struct store *copy = NULL;
    char to[160], command[1024];
    snprintf(command, sizeof command, "rm -rf %s/copy && mkdir %s/copy && cp %s/data/audit.* %s/copy/", dir, dir, dir, dir);
    assert_int_equal(system(command), 0);
    snprintf(to, sizeof to, "%s/copy/audit.sqlite", dir);
    must(store_audit_open(to, false, &copy, &e), &e);
    assert_true(store_exec(copy->db, sql, &e));
    struct { struct chain_head head; struct buf *sql; } k = {.sql = &b};
    buf_addz(&b, sql);
    must(store_audit_each(copy, 0, rehash_row, &k, &e), &e);
    store_close(copy);
    char *out = arena_strz(&arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

static void falsified(void **state)
{
    (void)state;
    static const struct { const char *what, *sql, *problem; int64_t id; } attacks[] = {
        {"nothing", "SELECT 1", NULL, 0},
        {"who", "UPDATE entry SET principal = 'nobody' WHERE id = 5", "edited", 5},
        {"rows", "UPDATE entry SET rows_ = 1 WHERE id = 1", "edited", 1},
        {"when", "UPDATE entry SET at_us = at_us + 1 WHERE id = 20", "edited", 20},
        {"verdict", "UPDATE entry SET verdict = 'E_DENIED' WHERE id = 7", "edited", 7},
        {"shape", "UPDATE entry SET sql_shape = 'SELECT 1' WHERE id = 3", "edited", 3},
        {"moved text", "UPDATE entry SET roles = principal, principal = roles WHERE id = 3", "edited", 3},
        {"between fields", "UPDATE entry SET principal = principal || 'm', roles = substr(roles, 2) WHERE id = 3", "edited", 3},
        {"program", "UPDATE entry SET quiet = 1 WHERE id = 9", "edited", 9},
        {"person", "UPDATE entry SET person = '' WHERE id = 8", "edited", 8},
        {"another person", "UPDATE entry SET person = 'p_00' WHERE id = 8", "edited", 8},
        {"reason", "UPDATE entry SET detail = 'another reason' WHERE id = 8", "text was edited", 8},
        {"reason taken away", "UPDATE entry SET detail = '', salt = x'' WHERE id = 8", "taken away", 8},
        {"reason with its hash", "UPDATE entry SET detail = '', salt = x'', detail_hash = x'' WHERE id = 8", "edited", 8},
        {"hash", "UPDATE entry SET hash = zeroblob(32) WHERE id = 4", "edited", 4},
        {"hash of no length", "UPDATE entry SET hash = x'' WHERE id = 4", "edited", 4},
        {"one cut", "DELETE FROM entry WHERE id = 12", "entry 12 is missing", 12},
        {"some cut", "DELETE FROM entry WHERE id BETWEEN 12 AND 15", "entries 12 to 15 are missing", 12},
        {"first cut", "DELETE FROM entry WHERE id = 1", "missing", 1},
        {"all cut", "DELETE FROM entry", "missing", 11},
        {"all and checkpoints cut", "DELETE FROM entry; DELETE FROM checkpoint", "the end is missing", 1},
        {"cut and closed up", "DELETE FROM entry WHERE id = 12; UPDATE entry SET id = id - 1 WHERE id > 12", "edited", 12},
        {"swapped", "UPDATE entry SET id = -5 WHERE id = 5; UPDATE entry SET id = 5 WHERE id = 6; UPDATE entry SET id = 6 WHERE id = -5", "edited", 5},
        {"inserted", "INSERT INTO entry SELECT 21, at_us, kind, principal, roles, purpose, what, sql_shape, verdict, detail, salt, detail_hash, person, rows_, bytes,"
                     " elapsed_us, quiet, hash, signed_id FROM entry WHERE id = 20", "edited", 21},
        {"put before", "INSERT INTO entry SELECT 0, at_us, kind, principal, roles, purpose, what, sql_shape, verdict, detail, salt, detail_hash, person, rows_, bytes,"
                       " elapsed_us, quiet, hash, signed_id FROM entry WHERE id = 20", "out of order", 0},
        {"tail cut", "DELETE FROM entry WHERE id > 18; DELETE FROM checkpoint WHERE id > 18", "the end is missing from entry 19 on", 19},
        {"tail cut, checkpoint left", "DELETE FROM entry WHERE id > 18", "missing", 19},
        {"signature", "UPDATE checkpoint SET signature = zeroblob(64) WHERE id = 20", "forged", 20},
        {"signature of no length", "UPDATE checkpoint SET signature = x'' WHERE id = 20", "forged", 20},
        {"checkpoint of another time", "UPDATE checkpoint SET at_us = at_us + 1 WHERE id = 20", "forged", 20},
        {"checkpoint of another entry", "UPDATE checkpoint SET hash = (SELECT hash FROM entry WHERE id = 2) WHERE id = 20", "not of this chain", 20},
        {"checkpoint moved", "UPDATE checkpoint SET id = 19 WHERE id = 20", "not of this chain", 19},
        {"a checkpoint taken away", "DELETE FROM checkpoint WHERE id = 10", "the checkpoint at entry 10 is missing: entry 11", 10},
        {"the newest taken away", "DELETE FROM checkpoint WHERE id = 20", "the checkpoint at entry 20 is missing: audit.head", 20},
        {"all checkpoints", "DELETE FROM checkpoint", "the checkpoint at entry 10 is missing", 10},
        {"checkpoints, and what names them", "DELETE FROM checkpoint WHERE id = 10; UPDATE entry SET signed_id = 0", "edited", 11},
        {"as an older version wrote them", "DELETE FROM checkpoint WHERE id = 10; UPDATE entry SET signed_id = -1", "edited", 1},
        {"begun with a checkpoint", "DELETE FROM entry WHERE id <= 10; DELETE FROM checkpoint WHERE id < 10", "no entry says that they were cut", 10},
    };
    struct err e = {0};
    struct audit_entry x = {.kind = AUDIT_REVEAL, .principal = STR("anna"), .what = STR("shared.customer: email"), .verdict = STR("ok"),
                            .detail = STR("she called"), .person = STR("c_1")};
    write_some(7);
    must(audit_write(a, &x, &e), &e); /* 8 */
    write_some(2);
    close_log(); /* a checkpoint at 10 */
    open_log();
    write_some(10);
    close_log(); /* and one at 20 */
    open_log();
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        struct audit_verdict v = verify_copy(attacks[i].sql, NULL, STR(""), true);
        if (!attacks[i].problem && !v.whole)
            fail_msg("%s: %.*s", attacks[i].what, STR_FMT(v.problem));
        if (attacks[i].problem && (v.whole || str_find(v.problem, str_of(attacks[i].problem), 0) == SIZE_MAX || v.first_bad_id != attacks[i].id))
            fail_msg("%s: entry %lld, \"%.*s\"", attacks[i].what, (long long)v.first_bad_id, STR_FMT(v.problem));
    }
    /* Who makes the chain anew has no key for the checkpoints, nor for the head. */
    struct audit_verdict v = verify_copy(rehashed("UPDATE entry SET principal = 'nobody' WHERE id = 5;"), NULL, STR(""), true);
    assert_false(v.whole);
    assert_int_equal(v.first_bad_id, 10);
    v = verify_copy(rehashed("DELETE FROM checkpoint; UPDATE entry SET signed_id = 0; UPDATE entry SET principal = 'nobody' WHERE id = 5;"), NULL, STR(""), true);
    assert_false(v.whole);
    assert_int_equal(v.first_bad_id, 20); /* what audit.head names */
    v = verify_copy(rehashed("DELETE FROM checkpoint WHERE id = 20; UPDATE entry SET principal = 'nobody' WHERE id = 15;"), NULL, STR(""), true);
    assert_false(v.whole);
    assert_int_equal(v.first_bad_id, 20);
}

/* All that a log was signed with taken away: few entries, which somebody made anew without a key. That it was signed once stands elsewhere. */
static void signatures_gone(void **state)
{
    (void)state;
    struct err e = {0};
    char command[300];
    write_some(5);
    close_log();
    open_log();
    char *sql = rehashed("DELETE FROM checkpoint; UPDATE entry SET signed_id = 0; UPDATE entry SET principal = 'nobody' WHERE id = 2;");
    assert_true(store_exec(s->audit->db, sql, &e));
    snprintf(command, sizeof command, "rm %s/data/audit.head", dir);
    assert_int_equal(system(command), 0);
    struct audit_verdict v = verify(STR(""));
    assert_false(v.whole);
    assert_string_equal(arena_strz(&arena, v.problem), "audit.head is gone");
}

static void heads(void **state)
{
    (void)state;
    char old[128], command[300];
    write_some(5);
    close_log();
    open_log();
    snprintf(old, sizeof old, "%s/old.head", dir);
    snprintf(command, sizeof command, "cp %s/data/audit.head %s", dir, old);
    assert_int_equal(system(command), 0);
    struct audit_verdict first = verify(STR(""));
    for (int i = 0; i < 3; i++) {
        write_some(5);
        close_log();
        open_log();
    }
    struct audit_verdict now = verify(str_of(first.head));
    assert_true(now.whole);
    assert_int_equal(now.checkpoints, 4);
    /* An old head with the entries after it cut off: only a head that was kept elsewhere finds it. */
    const char *cut = "DELETE FROM entry WHERE id > 5; DELETE FROM checkpoint WHERE id > 5";
    assert_true(verify_copy(cut, old, STR(""), true).whole);
    struct audit_verdict v = verify_copy(cut, old, str_of(now.head), true);
    assert_false(v.whole);
    assert_non_null(strstr(arena_strz(&arena, v.problem), "the head that you kept"));
    /* An old head with a longer log. */
    v = verify_copy("SELECT 1", old, STR(""), true);
    assert_false(v.whole);
    assert_non_null(strstr(arena_strz(&arena, v.problem), "replaced"));
    /* A head of somebody else's making. */
    struct err e = {0};
    const char *const forged[] = {"", "{}", "not json", "{\"id\":20,\"at_us\":1,\"hash\":\"00\",\"signature\":\"00\",\"public_key\":\"00\"}", "{\"id\":99999999999999999999}"};
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        must(fs_write_atomic(old, str_of(forged[i]), 0600, &e), &e);
        v = verify_copy("SELECT 1", old, STR(""), true);
        assert_false(v.whole);
    }
    assert_false(audit_verify(a, &arena, STR("abc"), &v, &e)); /* no head at all */
    assert_int_equal(e.code, E_USAGE);
}

/* A log that was found broken says so for ever, and numbers are not used twice. */
static void broken_while_closed(void **state)
{
    (void)state;
    struct err e = {0};
    write_some(8);
    close_log();
    must(state_open(dir, NULL, &s, &e), &e);
    assert_true(store_exec(s->audit->db, "DELETE FROM entry WHERE id > 6; DELETE FROM checkpoint WHERE id > 6", &e));
    must(audit_open(s, &a, &e), &e);
    write_some(1);
    struct audit_verdict v = verify(STR(""));
    assert_false(v.whole);
    assert_int_equal(v.first_bad_id, 7);
    assert_non_null(strstr(arena_strz(&arena, v.problem), "entries 7 to 8 are missing"));
    struct audit_entry *x;
    assert_int_equal(find((struct audit_ask){.kind = AUDIT_SYSTEM}, &x), 1);
    assert_int_equal(x[0].id, 9);
    assert_string_equal(x[0].verdict.p, "E_STORE");
    close_log();
    open_log(); /* told once */
    assert_int_equal(find((struct audit_ask){.kind = AUDIT_SYSTEM}, &x), 1);
    assert_false(verify(STR("")).whole);
}

static void head_gone(void **state)
{
    (void)state;
    char path[128];
    write_some(3);
    close_log();
    snprintf(path, sizeof path, "%s/data/audit.head", dir);
    assert_int_equal(unlink(path), 0);
    open_log();
    struct audit_verdict v = verify(STR(""));
    assert_false(v.whole);
    assert_non_null(strstr(arena_strz(&arena, v.problem), "audit.head is gone"));
}

static void another_key(void **state)
{
    (void)state;
    char path[128];
    write_some(3);
    close_log();
    snprintf(path, sizeof path, "%s/data/audit.key", dir);
    assert_int_equal(unlink(path), 0);
    open_log();
    struct audit_verdict v = verify(STR(""));
    assert_false(v.whole);
    assert_int_equal(v.first_bad_id, 3);
}

/* ---- people ---- */

static bool file_holds(const char *name, struct str needle)
{
    struct err e = {0};
    struct str bytes;
    char path[128];
    snprintf(path, sizeof path, "%s/data/%s", dir, name);
    if (!fs_exists(path))
        return false;
    must(fs_read(&arena, path, (size_t)64 << 20, &bytes, &e), &e);
    return str_find(bytes, needle, 0) != SIZE_MAX;
}

static void forgotten(void **state)
{
    (void)state;
    struct err e = {0};
    struct audit_entry *v;
    struct audit_pseudonym p;
    struct arena *ar = &arena;
    unsigned char lookup[AUDIT_HASH_BYTES];
    struct str key, kept;
    int64_t n;
    struct audit_entry x = {.kind = AUDIT_REVEAL, .principal = STR("anna"), .what = STR("shared.customer: email"), .verdict = STR("ok"),
                            .detail = STR("REASON-CANARY"), .person = STR("CUSTOMER-CANARY")};
    write_some(3);
    for (int i = 0; i < 3; i++)
        must(audit_write(a, &x, &e), &e);
    x.person = STR("c_2");
    x.detail = STR("another reason");
    must(audit_write(a, &x, &e), &e);
    assert_false(file_holds("audit.sqlite", STR("CUSTOMER-CANARY")));
    assert_false(file_holds("audit.sqlite-wal", STR("CUSTOMER-CANARY")));
    assert_true(audit_pseudonym(a, STR("CUSTOMER-CANARY"), false, &p, &e) && p.z[0]);
    audit_lookup(&a->keys, STR("CUSTOMER-CANARY"), lookup);
    must(store_audit_key(s->audit, ar, (struct str){(const char *)lookup, sizeof lookup}, &key, &e), &e);
    kept = arena_str(ar, key);
    assert_int_equal(kept.n, 32);
    must(audit_forget(a, STR("CUSTOMER-CANARY"), &n, &e), &e);
    assert_int_equal(n, 3);
    must(audit_forget(a, STR("CUSTOMER-CANARY"), &n, &e), &e); /* again: nobody is there */
    assert_int_equal(n, 0);
    assert_int_equal(find((struct audit_ask){.kind = -1, .person = STR("CUSTOMER-CANARY")}, &v), 0);
    assert_int_equal(find((struct audit_ask){.kind = AUDIT_REVEAL}, &v), 4);
    assert_string_equal(v[0].detail.p, "another reason");
    assert_int_equal(v[1].detail.n, 0);
    for (int i = 0; i < 2; i++) {
        const char *file = i ? "audit.sqlite-wal" : "audit.sqlite";
        assert_false(file_holds(file, STR("REASON-CANARY")));
        assert_false(file_holds(file, kept));
    }
    struct audit_verdict w = verify(STR(""));
    if (!w.whole)
        fail_msg("%.*s", STR_FMT(w.problem));
    assert_int_equal(w.blanked, 3);
    close_log();
    open_log();
    assert_true(verify(STR("")).whole);
    /* The words about the other person are still held to their hash. */
    assert_false(verify_copy("UPDATE entry SET detail = '', salt = x'' WHERE detail = 'another reason'", NULL, STR(""), true).whole);
}

/* ---- exports ---- */

static FILE *to;
static bool put_line(void *ctx, struct str text)
{
    (void)ctx;
    return fwrite(text.p, 1, text.n, to) == text.n;
}

static void line_to_file(const char *path)
{
    struct err e = {0};
    to = fopen(path, "we");
    must(audit_export(a, 0, put_line, NULL, &e), &e);
    fclose(to);
}

static void exported(void **state)
{
    (void)state;
    static const struct { const char *what, *edit, *problem; } attacks[] = {
        {"nothing", "cat", NULL},
        {"an edit", "sed 's/\"principal\":\"anna\"/\"principal\":\"carl\"/'", "edited"},
        {"a time for people", "sed '2s/\"at\":\"2/\"at\":\"3/'", "line 2"},
        {"a line cut", "sed 5d", "missing"},
        {"the first cut", "sed 2d", "missing"},
        {"two swapped", "sed '3{h;d};4G'", "missing"},
        {"one twice", "sed 3p", "out of order"},
        {"half of a line", "sed '4s/.\\{40\\}$//'", "line 4"},
        {"a forged signature", "sed 's/\"signature\":\"..../\"signature\":\"0000/'", "forged"},
        {"a reason", "sed 's/she called/she wrote/'", "text was edited"},
        {"a reason taken away", "sed 's/\"detail\":\"she.*\xe2\x82\xac\"/\"detail\":\"\"/; s/\"salt\":\"[0-9a-f]*\"/\"salt\":\"\"/'", "taken away"},
    };
    struct err e = {0};
    char path[128], edited[128], command[512], hex[AUDIT_HEX];
    struct audit_verdict v;
    struct audit_entry x = {.kind = AUDIT_REVEAL, .principal = STR("anna"), .what = STR("shared.customer: email"), .verdict = STR("ok"),
                            .detail = STR("she called \"twice\" \xe2\x82\xac"), .person = STR("c_1")};
    write_some(6);
    must(audit_write(a, &x, &e), &e);
    close_log();
    open_log();
    write_some(4);
    struct str head = arena_str(&arena, str_of(verify(STR("")).head));
    snprintf(path, sizeof path, "%s/x.ndjson", dir);
    snprintf(edited, sizeof edited, "%s/y.ndjson", dir);
    line_to_file(path);
    sodium_bin2hex(hex, sizeof hex, a->keys.public_key, sizeof a->keys.public_key);
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        snprintf(command, sizeof command, "%s < %s > %s", attacks[i].edit, path, edited);
        assert_int_equal(system(command), 0);
        must(audit_verify_file(edited, &arena, STR(""), str_of(hex), &v, &e), &e);
        if (v.whole != (attacks[i].problem == NULL) || (attacks[i].problem && str_find(v.problem, str_of(attacks[i].problem), 0) == SIZE_MAX))
            fail_msg("%s: \"%.*s\"", attacks[i].what, STR_FMT(v.problem));
    }
    must(audit_verify_file(path, &arena, head, STR(""), &v, &e), &e);
    assert_true(v.whole && v.own_key);
    assert_int_equal(v.entries, 11);
    /* A tail that was cut shows by a kept head alone. */
    snprintf(command, sizeof command, "head -n 9 %s > %s", path, edited);
    assert_int_equal(system(command), 0);
    must(audit_verify_file(edited, &arena, head, STR(""), &v, &e), &e);
    assert_false(v.whole);
    memset(hex, '1', AUDIT_HEX - 1);
    must(audit_verify_file(path, &arena, STR(""), str_of(hex), &v, &e), &e); /* not the key that signed it */
    assert_false(v.whole);
    assert_false(audit_verify_file("/nonexistent", &arena, STR(""), STR(""), &v, &e));
    assert_int_equal(e.code, E_NOT_FOUND);
    e = (struct err){0};
    assert_false(audit_verify_file("meson.build", &arena, STR(""), STR(""), &v, &e));
    assert_int_equal(e.code, E_USAGE);
}

/* ---- retention of the log itself ---- */

static void cut(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t n;
    char path[128];
    clock_set_us(1000000000);
    write_some(6);
    close_log(); /* checkpoint at 6 */
    open_log();
    clock_set_us(2000000000);
    write_some(4);
    must(audit_cut(a, 999, STR("ben"), &n, &e), &e); /* nothing is so old */
    assert_int_equal(n, 0);
    must(audit_cut(a, 1500000000, STR("ben"), &n, &e), &e);
    assert_int_equal(n, 6);
    struct audit_verdict v = verify(STR(""));
    if (!v.whole)
        fail_msg("%.*s", STR_FMT(v.problem));
    assert_int_equal(v.first_id, 7);
    assert_int_equal(v.entries, 5);
    snprintf(path, sizeof path, "%s/x.ndjson", dir);
    line_to_file(path);
    must(audit_verify_file(path, &arena, STR(""), STR(""), &v, &e), &e);
    assert_true(v.whole);
    close_log();
    open_log();
    assert_true(verify(STR("")).whole);
    assert_true(verify_copy("SELECT 1", NULL, STR(""), true).whole);
    /* A cut that nobody declared, and one beyond what was declared. */
    assert_false(verify_copy("DELETE FROM entry WHERE id < 9", NULL, STR(""), true).whole);
    assert_false(verify_copy("DELETE FROM checkpoint WHERE id = 6", NULL, STR(""), true).whole);
    v = verify_copy("DELETE FROM entry WHERE id <= 11; DELETE FROM checkpoint WHERE id < 11", NULL, STR(""), true);
    assert_false(v.whole);
    clock_set_us(9000000000);
    must(audit_cut(a, 8000000000, STR("ben"), &n, &e), &e); /* a second one, which takes the word of the first along */
    assert_true(n > 0);
    assert_true(verify(STR("")).whole);
}

/* ---- groups, threads, failures ---- */

enum { THREADS = 8, EACH = 400 };
static void *many(void *arg)
{
    struct err e = {0};
    for (int i = 0; i < EACH; i++) {
        struct audit_entry x = read_of("anna", "web.page_v1");
        x.elapsed_us = i;
        if (i % 100 == 7 && !audit_write(a, &x, &e))
            *(bool *)arg = false;
        else if (i % 100 != 7)
            audit_note(a, &x);
    }
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    pthread_t t[THREADS];
    bool good = true;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, many, &good), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_true(good);
    struct audit_verdict v = verify(STR(""));
    if (!v.whole)
        fail_msg("%.*s", STR_FMT(v.problem));
    assert_int_equal(v.entries, THREADS * EACH);
    assert_true(v.checkpoints >= 2); /* by number alone: the minute is not over */
    v = verify_copy("DELETE FROM checkpoint", NULL, STR(""), true);
    assert_false(v.whole);
    assert_non_null(strstr(arena_strz(&arena, v.problem), "the checkpoint at entry"));
}

static void abrupt_end(void **state)
{
    (void)state;
    struct audit_entry *x;
    char command[512];
    write_some(3);
    /* What a dead process leaves: entries without a checkpoint. */
    snprintf(command, sizeof command, "mkdir -p %s/dead/data && cp %s/data/audit.* %s/dead/data/", dir, dir, dir);
    assert_int_equal(system(command), 0);
    close_log();
    strcat(dir, "/dead");
    open_log();
    assert_int_equal(find((struct audit_ask){.kind = AUDIT_SYSTEM}, &x), 1);
    assert_string_equal(x[0].what.p, "audit opened");
    assert_int_equal(x[0].rows, 3);
    assert_true(verify(STR("")).whole);
    close_log();
    dir[strlen(dir) - 5] = '\0';
    open_log();
}

#ifdef TRELLIS_FAULTS
static void disk_fails(void **state)
{
    (void)state;
    struct err e = {0};
    struct audit_entry x = read_of("anna", "web.page_v1");
    write_some(2);
    fault_arm(FAULT_STORE, 1, true);
    assert_false(audit_write(a, &x, &e)); /* whoever has to know is told */
    assert_int_equal(e.code, E_STORE);
    audit_note(a, &x);
    assert_false(audit_flush(a, &e));
    assert_true(audit_takes(a, &e));
    for (int i = 1; i < 8192; i++)
        audit_note(a, &x);
    assert_false(audit_takes(a, &e)); /* before the queue is full, so that those under way find room */
    fault_disarm();
    must(audit_flush(a, &e), &e); /* the note waited */
    struct audit_verdict v = verify(STR(""));
    assert_true(v.whole);
    assert_int_equal(v.entries, 2 + 8192);
    assert_true(audit_takes(a, &e));
}
#endif

/* ---- what older versions kept ---- */

static void older_logs(void **state)
{
    (void)state;
    struct err e = {0};
    struct audit_entry *v;
    struct store_use *u;
    size_t n;
    close_log();
    must(state_open(dir, NULL, &s, &e), &e);
    must(store_exec(s->store->db,
                    "CREATE TABLE IF NOT EXISTS query_log (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, principal TEXT NOT NULL, purpose TEXT NOT NULL, sql_shape"
                    " TEXT NOT NULL, verdict TEXT NOT NULL, refs TEXT NOT NULL, rows_ INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL) STRICT;"
                    "CREATE TABLE IF NOT EXISTS reveal (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, principal TEXT NOT NULL, what TEXT NOT NULL, fields TEXT NOT"
                    " NULL, reason TEXT NOT NULL) STRICT;"
                    "INSERT INTO query_log VALUES (1, 1000, 'local-admin', 'analytics', 'SELECT ?', 'allowed', 'web.page', 4, 2),"
                    " (2, 3000, 'trellis', 'analytics', 'SELECT ?', 'allowed', 'web.page', 1, 1), (3, 4000, 'local-admin', 'analytics', 'SELECT ?', 'refused', '', 0, 1);"
                    "INSERT INTO reveal VALUES (1, 2000, 'local-admin', 'customer:c_9', 'email,phone', 'a call'), (2, 2500, 'local-admin', 'quarantine:7', 'userId', 'why')",
                    &e), &e);
    must(audit_open(s, &a, &e), &e);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(find((struct audit_ask){.kind = -1, .programs = true}, &v), 5);
        assert_int_equal(v[4].at_us, 1000);
        assert_int_equal(find((struct audit_ask){.kind = -1, .refused = true}, &v), 1);
        assert_int_equal(find((struct audit_ask){.kind = AUDIT_REVEAL, .person = STR("c_9")}, &v), 1);
        assert_string_equal(v[0].what.p, "shared.customer: email phone");
        assert_string_equal(v[0].detail.p, "a call");
        must(store_uses(s->audit, &arena, 0, &u, &n, &e), &e);
        assert_int_equal(n, 1);
        assert_int_equal(u[0].questions, 1);
        assert_true(verify(STR("")).whole);
        close_log();
        open_log();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_and_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(uses_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_after_closing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(odd_texts_stay_readable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(falsified, set_up, tear_down),
        cmocka_unit_test_setup_teardown(heads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signatures_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_while_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(head_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(abrupt_end, set_up, tear_down),
#ifdef TRELLIS_FAULTS
        cmocka_unit_test_setup_teardown(disk_fails, set_up, tear_down),
#endif
        cmocka_unit_test_setup_teardown(older_logs, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
