/* An erasure that dies: at each of its points the process is killed, another opens the same folder and goes on with what was left; then the person stands in no
 * byte of any file, the request is done once, and what is of others is whole. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "build_world.h"
#include "privacy/erase.h"
#include "spool/spool.h"

#ifdef TRELLIS_FAULTS
enum { FILE_MAX = 256 << 20 };

/* What may be found nowhere, in small letters. */
static const char *const words[] = {"zoe@zimmer.example", "zoe%40zimmer.example", "u-zoe-zimmer", "browser-of-zoe", "zimmermann", "770011", "990012345"};

static const char identify[] = "{\"userId\":\"%s\",\"anonymousId\":\"%s\",\"messageId\":\"%s\",\"timestamp\":\"2026-03-01T10:00:00Z\",\"traits\":{\"email\":\"%s\"}}";
static const char page[] = "{\"userId\":\"%s\",\"anonymousId\":\"%s\",\"messageId\":\"%s\",\"timestamp\":\"2026-03-01T10:0%d:00Z\",\"context\":{\"page\":{\"url\":\"https://shop.example/%s\",\"path\":\"/%s\"}}}";

#define SEEN_COLUMNS "evidence BIGINT, kind VARCHAR, value VARCHAR, first_seen TIMESTAMP, last_seen TIMESTAMP, source VARCHAR, message_id VARCHAR"
#define SEEN_SHOP \
    "SELECT mesh_hash63(id) AS evidence, 'contact' AS kind, 'shop:' || id AS value, TIMESTAMP '2026-01-01' AS first_seen, TIMESTAMP '2026-01-01' AS last_seen, 'acquisition.shop' AS source, id AS message_id" \
    " FROM acquisition.shop__customer\n" \
    "UNION ALL SELECT mesh_hash63(id), 'email', email, TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-01', 'acquisition.shop', id FROM acquisition.shop__customer"
#define SEEN_SITE \
    "WITH s AS (SELECT evidence, min(occurred_at) AS seen, min(message_id) AS message_id, any_value(user_id) AS user_id, any_value(anonymous_id) AS anonymous_id, any_value(email) AS email\n" \
    "  FROM acquisition.site__identify WHERE evidence IS NOT NULL GROUP BY evidence)\n" \
    "SELECT evidence, 'user_id' AS kind, user_id AS value, seen AS first_seen, seen AS last_seen, 'acquisition.site' AS source, message_id FROM s\n" \
    "UNION ALL SELECT evidence, 'anonymous_id', anonymous_id, seen, seen, 'acquisition.site', message_id FROM s\n" \
    "UNION ALL SELECT evidence, 'email', email, seen, seen, 'acquisition.site', message_id FROM s WHERE email IS NOT NULL\n" \
    "UNION ALL "
#define BY_EVIDENCE .name = "identifier_seen", .materialization = "by_key", .by = "evidence", .key = "evidence, kind, value", .time_column = "", .columns = SEEN_COLUMNS
static const struct world_port seen[] = {{BY_EVIDENCE, .sql = SEEN_SHOP}, {BY_EVIDENCE, .sql = SEEN_SITE SEEN_SHOP}}; /* without events, with them */
static const struct world_port ports[] = {
    {.name = "identity",
     .materialization = "identity",
     .time_column = "",
     .key = "evidence, kind, value",
     .columns = "evidence BIGINT, kind VARCHAR, value VARCHAR, customer_id VARCHAR, admitted BOOLEAN, reason VARCHAR, first_seen TIMESTAMP, last_seen TIMESTAMP, source VARCHAR, message_id VARCHAR",
     .sql = "SELECT * FROM acquisition.identifier_seen"},
    {.name = "buyer",
     .materialization = "by_key",
     .by = "email",
     .key = "email",
     .time_column = "",
     .columns = "email VARCHAR, orders BIGINT, total DECIMAL(18,6)",
     .sql = "SELECT email, count(*) AS orders, CAST(sum(total) AS DECIMAL(18,6)) AS total FROM acquisition.shop__order GROUP BY email"},
};

/* With a source of events, or without one: its tables are wide, so that an erasure takes many times as long. */
struct home { struct world w; struct events *events; struct audit *audit; bool with_events; };

static void must(bool ok, const struct err *e)
{
    if (!ok)
        fail_msg("%s (%s)", e->text, e->hint);
}

static void home_open(struct home *h)
{
    world_open(&h->w);
    must(events_open(h->w.state, &h->events, &h->w.err) && events_prepare(h->events, h->w.mesh, &h->w.err) && audit_open(h->w.state, &h->audit, &h->w.err), &h->w.err);
    build_events_from(h->w.build, h->events);
}

static void home_close(struct home *h)
{
    audit_close(h->audit);
    build_events_from(h->w.build, NULL);
    events_close(h->events);
    world_close(&h->w);
}

static struct privacy privacy_of(struct home *h)
{
    return (struct privacy){.s = h->w.state, .m = h->w.mesh, .build = h->w.build, .events = h->events, .audit = h->audit, .program = world_program, .by = STR("test")};
}

/* ---- The erasure, in a process that dies, and what goes on with it ---- */

static bool running(struct home *h, struct store_privacy **v, size_t *n)
{
    must(store_privacies(h->w.state->store, &h->w.arena, &(struct store_privacy_ask){.state = STR("running"), .kind = STR("erase")}, v, n, &h->w.err), &h->w.err);
    return *n > 0;
}

static void carry_out(struct home *h, struct store_privacy *q)
{
    struct erase_report report = {.a = &h->w.arena};
    struct privacy v = privacy_of(h);
    struct errs es = {0};
    bool ok = erase_do(&v, q, &report, &es, &h->w.err);
    if (!ok)
        fail_msg("%s (%s) %s", h->w.err.text, h->w.err.hint, es.n ? es.v[0].text : "");
    errs_fini(&es);
}

static void begin(struct home *h, bool anonymise)
{
    struct privacy v = privacy_of(h);
    struct store_privacy q;
    must(request_add(&v, STR("erase"), STR("email:zoe@zimmer.example"), 0, STR("of Zimmermann, by letter"), &h->w.arena, &q, &h->w.err), &h->w.err);
    q.anonymise = anonymise;
    carry_out(h, &q);
}

static int erase_elsewhere(const char *dir, bool anonymise)
{
    struct home h = {0};
    world_at(&h.w, dir);
    home_open(&h);
    begin(&h, anonymise);
    home_close(&h);
    world_leave(&h.w);
    return 0;
}

static pid_t spawn_erasure(struct home *h, const char *mode, const char *crash_at)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    setenv("TRELLIS_CRASH_AT", crash_at, 1);
    execl(world_program, world_program, "erase", h->w.dir, mode, (char *)NULL);
    _exit(127);
}

/* ---- The mesh that each of them begins with ---- */

static void send(struct home *h, const char *first, int from, int to)
{
    char spool_dir[300], body[512];
    struct spool_writer *s = NULL;
    snprintf(spool_dir, sizeof spool_dir, "%s/data/spool", h->w.dir);
    must(spool_writer_open(&(struct spool_options){.dir = spool_dir, .segment_bytes = 1 << 20}, &s, &h->w.err), &h->w.err);
    for (int i = from; i < to; i++) {
        const bool zoe = i % 2 == 0;
        char id[32];
        snprintf(id, sizeof id, "%s-%d", first, i);
        if (i % 4 < 2)
            snprintf(body, sizeof body, identify, zoe ? "u-zoe-zimmer" : "u-gil", zoe ? "browser-of-zoe" : "browser-of-gil", id, zoe ? "Zoe@Zimmer.example" : "gil@example.org");
        else
            snprintf(body, sizeof body, page, zoe ? "u-zoe-zimmer" : "u-gil", zoe ? "browser-of-zoe" : "browser-of-gil", id, i % 10, zoe ? "a" : "refer?to=zoe%40zimmer.example", "x");
        const struct spool_record r = {.received_us = INT64_C(1772359200000000) + i, .kind = i % 4 < 2 ? SPOOL_IDENTIFY : SPOOL_PAGE, .source = STR("acquisition.site"),
                                       .meta = STR("{\"key\":1}"), .body = str_of(body)};
        must(spool_append_wait(s, &r, &h->w.err), &h->w.err);
    }
    spool_writer_close(s);
}

static void declare(struct home *h)
{
    struct world *w = &h->w;
    if (h->with_events)
        world_put(w, "domains/acquisition/sources/site.yaml", "name: site\nkind: events\ntitle: Site\ndescription: A test.\nevents: {unplanned: pass, dedup_window: 30d}\n");
    world_put(w, "domains/acquisition/sources/shop.yaml",
              "name: shop\nkind: files\ntitle: Shop\npath: shop\ncurrency: EUR\nstreams:\n  - {name: customer, table: customer, optional: true}\n  - {name: order, table: order, optional: true}\n");
    world_put(w, "domains/acquisition/sources/shop.odcs.yaml",
              "apiVersion: v3.1.0\nkind: DataContract\nid: acquisition.shop\nname: shop\nversion: 1.0.0\nstatus: active\nschema:\n  - name: customer\n    properties:\n"
              "      - {name: id, logicalType: string, physicalType: VARCHAR, classification: internal, primaryKey: true, primaryKeyPosition: 1}\n"
              "      - {name: email, logicalType: string, physicalType: VARCHAR, classification: personal}\n"
              "      - {name: last_name, logicalType: string, physicalType: VARCHAR, classification: personal}\n"
              "  - name: order\n    properties:\n"
              "      - {name: id, logicalType: string, physicalType: VARCHAR, classification: internal, primaryKey: true, primaryKeyPosition: 1}\n"
              "      - {name: customer_id, logicalType: string, physicalType: VARCHAR, classification: internal}\n"
              "      - {name: email, logicalType: string, physicalType: VARCHAR, classification: personal}\n"
              "      - {name: total, logicalType: number, physicalType: \"DECIMAL(18,6)\", classification: internal}\n");
    world_port(w, &seen[h->with_events]);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        world_port(w, &ports[i]);
    world_put(w, "shop/shop_customer.csv", "id,email,last_name\n770011,zoe@zimmer.example,Zimmermann\n880022,gil@example.org,Graf\n");
    world_put(w, "shop/shop_order.csv", "id,customer_id,email,total\n990012345,770011,zoe@zimmer.example,10.00\n660012345,880022,gil@example.org,5.00\n");
}

/* Loaded and built, with what lies about; a second lot of events waits in the spool. */
static void fill(struct home *h)
{
    struct world *w = &h->w;
    struct err *e = &w->err;
    home_open(h);
    if (h->with_events)
        send(h, "first", 0, 8);
    if (!world_run(w) || w->report.exit_code != 0)
        fail_msg("%s %s", w->err.text, w->errs.n ? w->errs.v[0].text : "");
    must(engine_exec(w->conn,
                     STR("INSERT INTO mesh.govern.consent_said (statement_id, seq, kind, value, customer_id, purpose, status, source, proof, occurred_at, recorded_at, actor, taken)"
                         " VALUES ('s1', 1, 'email', 'zoe@zimmer.example', NULL, 'email', 'denied', 'letter', 'of Zimmermann', now(), now(), 'test', false)"),
                     e),
         e);
    struct store_request r = {.kind = STR("question"), .ref = STR("acquisition.buyer"), .title = STR("whose?"), .body = STR("What of zoe@zimmer.example?"), .asker = STR("test")};
    must(store_request_add(w->state->store, &r, e), e);
    struct str id = str_of(world_value(w, "SELECT DISTINCT customer_id FROM mesh.live.\"acquisition.identity_v1\" WHERE value = 'shop:770011'"));
    const struct audit_entry x = {.kind = AUDIT_REVEAL, .principal = STR("test"), .what = STR("acquisition.buyer: email"), .verdict = STR("ok"), .detail = STR("zoe@zimmer.example called"), .person = id};
    must(audit_write(h->audit, &x, e), e);
    world_put(w, "data/files/list.csv", "email,n\nzoe@zimmer.example,1\ngil@example.org,2\n");
    world_put(w, "data/uploads/aaaa/part", "zoe@zimmer.example");
    world_put(w, "data/mesh.duckdb.backup-v1", "zoe@zimmer.example");
    if (h->with_events)
        send(h, "second", 8, 14);
    home_close(h);
}

/* ---- What is left of them ---- */

/* Bytes without regard to case; each file is read once. The first word that stands in it; NULL: none. */
static const char *holds(char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(bytes[i] >= 'A' && bytes[i] <= 'Z' ? bytes[i] | 0x20 : bytes[i]);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(bytes, n, words[i], strlen(words[i])))
            return words[i];
    return NULL;
}

/* Which file holds which of them; NULL: none. */
static const char *found(struct home *h, struct str dir)
{
    struct str *names;
    size_t n;
    must(fs_list(&h->w.arena, dir.p, &names, &n, &h->w.err), &h->w.err);
    for (size_t i = 0; i < n; i++) {
        struct str path = fs_join(&h->w.arena, dir, names[i]), bytes;
        const char *in = NULL;
        struct arena a;
        arena_init(&a);
        if (fs_is_dir(path.p))
            in = found(h, path);
        else if (fs_read(&a, path.p, FILE_MAX, &bytes, NULL) && holds((char *)(uintptr_t)bytes.p, bytes.n))
            in = arena_printf(&h->w.arena, "\"%s\" in %s", holds((char *)(uintptr_t)bytes.p, bytes.n), path.p).p;
        arena_fini(&a);
        if (in)
            return in;
    }
    return NULL;
}

static struct str data_of(struct home *h)
{
    return fs_join(&h->w.arena, str_of(h->w.dir), STR("data"));
}

static void nothing_left(struct home *h, const char *point)
{
    const char *in = found(h, data_of(h));
    if (in)
        fail_msg("%s: left is %s", point, in);
}

static void others_whole(struct home *h, bool anonymise)
{
    struct world *w = &h->w;
    if (h->with_events)
        assert_string_equal(world_value(w, "SELECT count(*) || ' ' || count(DISTINCT message_id) FROM (SELECT message_id FROM mesh.raw.\"acquisition.site__identify\" WHERE user_id = 'u-gil' UNION ALL SELECT"
                                       " message_id FROM mesh.raw.\"acquisition.site__page\" WHERE user_id = 'u-gil')"),
                        "7 7");
    assert_string_equal(world_value(w, "SELECT count(*) || ' ' || sum(orders) || ' ' || CAST(sum(total) AS INTEGER) FROM mesh.live.\"acquisition.buyer_v1\""), anonymise ? "2 2 15" : "1 1 5");
    assert_string_equal(world_value(w, "SELECT orders FROM mesh.live.\"acquisition.buyer_v1\" WHERE email = 'gil@example.org'"), "1");
    assert_string_equal(world_value(w, "SELECT count(DISTINCT customer_id) FROM mesh.live.\"acquisition.identity_v1\""), anonymise ? "2" : "1");
}

/* One done, with one receipt, or with the one that a dead process wrote beside it. */
static void told_once(struct home *h, const char *point)
{
    struct store_privacy *v;
    size_t n;
    must(store_privacies(h->w.state->store, &h->w.arena, &(struct store_privacy_ask){0}, &v, &n, &h->w.err), &h->w.err);
    if (n != 1 || !str_eq(v[0].state, STR("done")) || v[0].sealed.n || v[0].note.n || !v[0].receipt_id.n)
        fail_msg("%s: the request is not done", point);
    struct audit_verdict verdict;
    must(audit_verify(h->audit, &h->w.arena, STR(""), &verdict, &h->w.err), &h->w.err);
    if (!verdict.whole)
        fail_msg("%s: the audit log: %.*s", point, STR_FMT(verdict.problem));
}

/* ---- Tests ---- */

static struct home home;
static char kept[300]; /* a copy of its folder as each erasure finds it */

static void copy_tree(const char *from, const char *to)
{
    char command[1024];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
    assert_int_equal(system(command), 0);
}

static int set_up(bool with_events)
{
    home = (struct home){.with_events = with_events};
    world_init(&home.w);
    snprintf(kept, sizeof kept, "%s.kept", home.w.dir);
    declare(&home);
    fill(&home);
    if (!found(&home, data_of(&home)))
        return 1;
    copy_tree(home.w.dir, kept);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return set_up(false);
}

static int setup_with_events(void **state)
{
    (void)state;
    return set_up(true);
}

static int teardown(void **state)
{
    (void)state;
    struct err e;
    bool ok = fs_remove_tree(kept, &e);
    world_fini(&home.w);
    return ok ? 0 : 1;
}

static void die_then_go_on(const char *point, bool anonymise)
{
    int status = 0;
    struct store_privacy *v;
    size_t n;
    copy_tree(kept, home.w.dir);
    assert_true(waitpid(spawn_erasure(&home, anonymise ? "anonymise" : "delete", point), &status, 0) > 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail_msg("%s: the erasure did not reach the point (status %d)", point, status);
    home_open(&home);
    if (running(&home, &v, &n))
        carry_out(&home, &v[0]);
    nothing_left(&home, point); /* while all files are open */
    others_whole(&home, anonymise);
    told_once(&home, point);
    home_close(&home);
    nothing_left(&home, point);
}

static void every_point(void **state)
{
    (void)state;
    static const char *const points[] = {"erase_begun",         "erase_before_commit",   "erase_after_commit",   "build_before_commit:2",
                                         "build_after_commit:3", "erase_built",         "erase_swept",        "erase_files",       "erase_store",
                                         "audit_forgotten",
                                         "erase_cleaned",       "compact_before_rename", "compact_after_rename", "erase_compacted",   "erase_receipt",     "erase_vacuumed",
                                         "erase_closed"};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        die_then_go_on(points[i], false);
}

static void points_of_names_replaced(void **state)
{
    (void)state;
    static const char *const points[] = {"erase_before_commit", "erase_after_commit", "erase_swept"};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        die_then_go_on(points[i], true);
}

/* Some of theirs wait in the spool when it begins, and are loaded on the way. */
static void points_with_events(void **state)
{
    (void)state;
    die_then_go_on("events_after_commit", false);
    die_then_go_on("spool_forgotten", false);
    die_then_go_on("erase_after_commit", true);
}
#endif

int main(int argc, char **argv)
{
    world_main(argc, argv);
#ifdef TRELLIS_FAULTS
    log_set(LOG_ERROR, false);
    if (argc > 3 && strcmp(argv[1], "erase") == 0)
        return erase_elsewhere(argv[2], strcmp(argv[3], "anonymise") == 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_point, setup, teardown),
        cmocka_unit_test_setup_teardown(points_of_names_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(points_with_events, setup_with_events, teardown),
    };
    return cmocka_run_group_tests_name("privacy_crash", tests, NULL, NULL);
#else
    return 0; /* crash points are in builds with -Dfaults=true */
#endif
}
