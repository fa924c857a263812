/* Rejected events: changes of payloads by path, what is shown of them, replay in one transaction whatever kills it. */
#include "events_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "events/quarantine_int.h"

/* ---- payloads ---- */

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t steps; /* 0: no path */
    } cases[] = {
        {"a", 1},
        {"a.b", 2},
        {"$.a.b", 2},
        {"a[0].b", 3},
        {"a[0][1]", 3},
        {"context['a.b']", 2},
        {"context[\"a.b\"].c", 3},
        {"a-b.c d", 2},
        {"", 0},
        {".", 0},
        {"a.", 0},
        {".a", 0},
        {"a..b", 0},
        {"a[", 0},
        {"a[x]", 0},
        {"a[-1]", 0},
        {"a['b'", 0},
        {"a['']", 0},
        {"[0]", 0},
        {"a[0]b", 0},
        {"$.", 0},
        {"a.[0]", 2},
        {"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", 32},
        {"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct payload_path p;
        struct err e = {0};
        bool good = payload_path_parse(str_of(cases[i].text), &p, &e);
        if (good != (cases[i].steps > 0) || (good && p.n != cases[i].steps))
            fail_msg("%s: %zu steps", cases[i].text, good ? p.n : 0);
        assert_true(good || e.code == E_USAGE);
    }
}

static void test_fixes(void **state)
{
    (void)state;
    static const struct {
        const char *set, *json, *from, *to, *cast, *type, *remove, *payload, *after; /* after NULL: nothing applies */
    } cases[] = {
        {.set = "a", .json = "1.50", .payload = "{}", .after = "{\"a\":1.50}"},
        {.set = "a.b.c",
         .json = "\"x\"",
         .payload = "{\"z\":10000000000000000000000001}",
         .after = "{\"z\":10000000000000000000000001,\"a\":{\"b\":{\"c\":\"x\"}}}"},
        {.set = "a.b", .json = "1", .payload = "{\"a\":\"text\"}"},
        {.set = "a.b", .json = "1", .payload = "{\"a\":null}", .after = "{\"a\":{\"b\":1}}"},
        {.set = "a[1]", .json = "2", .payload = "{\"a\":[1]}", .after = "{\"a\":[1,2]}"},
        {.set = "a[0]", .json = "2", .payload = "{\"a\":[1]}", .after = "{\"a\":[2]}"},
        {.set = "a[2]", .json = "2", .payload = "{\"a\":[1]}"},
        {.set = "a[0].b", .json = "2", .payload = "{\"a\":[{}]}", .after = "{\"a\":[{\"b\":2}]}"},
        {.set = "a", .json = "1", .payload = "{\"a\":1}"},
        {.set = "a", .json = "1", .payload = "[]"},
        {.set = "a", .json = "1", .payload = "\"the beginning of what was too la"},
        {.from = "a", .to = "b", .payload = "{\"a\":1}", .after = "{\"b\":1}"},
        {.from = "p.A", .to = "p.a", .payload = "{\"p\":{\"A\":1.0,\"c\":2}}", .after = "{\"p\":{\"c\":2,\"a\":1.0}}"},
        {.from = "a", .to = "b", .payload = "{\"c\":1}"},
        {.from = "a.b", .to = "a", .payload = "{\"a\":{\"b\":{\"b\":1}}}", .after = "{\"a\":{\"b\":1}}"},
        {.from = "a", .to = "t.b", .payload = "{\"a\":1,\"t\":5}"},
        {.cast = "a", .type = "number", .payload = "{\"a\":\" 19.990 \"}", .after = "{\"a\":19.990}"},
        {.cast = "a", .type = "number", .payload = "{\"a\":\"19,99\"}"},
        {.cast = "a", .type = "number", .payload = "{\"a\":\"0x10\"}"},
        {.cast = "a", .type = "number", .payload = "{\"a\":7}"},
        {.cast = "a", .type = "text", .payload = "{\"a\":7.10}", .after = "{\"a\":\"7.10\"}"},
        {.cast = "a", .type = "text", .payload = "{\"a\":true}", .after = "{\"a\":\"true\"}"},
        {.cast = "a", .type = "boolean", .payload = "{\"a\":\"TRUE\"}", .after = "{\"a\":true}"},
        {.cast = "a", .type = "boolean", .payload = "{\"a\":0}", .after = "{\"a\":false}"},
        {.cast = "a", .type = "boolean", .payload = "{\"a\":2}"},
        {.remove = "a.b", .payload = "{\"a\":{\"b\":1,\"c\":2}}", .after = "{\"a\":{\"c\":2}}"},
        {.remove = "a[0]", .payload = "{\"a\":[1,2]}", .after = "{\"a\":[2]}"},
        {.remove = "a[5]", .payload = "{\"a\":[1,2]}"},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str set = str_of(cases[i].set), json = str_of(cases[i].json), from = str_of(cases[i].from),
                   to = str_of(cases[i].to);
        struct str cast = str_of(cases[i].cast), type = str_of(cases[i].type), remove = str_of(cases[i].remove), out = {0};
        const struct events_fix fix = {&set,  &json, set.n > 0,  &from,   &to,          from.n > 0,
                                       &cast, &type, cast.n > 0, &remove, remove.n > 0, false};
        struct payload_fix *f;
        struct err e = {0};
        if (!payload_fix_make(&fix, &a, &f, &e))
            fail_msg("%zu: %s", i, e.text);
        bool applied = payload_fix_apply(f, str_of(cases[i].payload), &a, &out);
        if (applied != (cases[i].after != NULL) || (applied && !str_eq(out, str_of(cases[i].after))))
            fail_msg("%zu: %s\n  gave %.*s", i, cases[i].payload, STR_FMT(out));
        payload_fix_free(f);
    }
    arena_fini(&a);
}

/* ---- what is shown ---- */

static void test_masked(void **state)
{
    struct fixture *f = *state;
    static const char yaml[] =
        "name: paid\nproperties:\n"
        "  - {name: total, logicalType: number}\n  - {name: mail, logicalType: string}\n"
        "  - {name: secret, logicalType: string, classification: personal}\n"
        "  - name: list\n    logicalType: array\n    items:\n      logicalType: object\n      properties:\n"
        "        - {name: sku, logicalType: string}\n        - {name: first_name, logicalType: string}\n";
    static const struct {
        const char *payload, *shown, *hidden;
    } cases[] = {
        {"{\"type\":\"track\",\"event\":\"Paid\",\"userId\":\"u\",\"properties\":{\"total\":1.50,\"secret\":\"x\",\"more\":true,"
         "\"none\":null}}",
         "{\"type\":\"track\",\"event\":\"Paid\",\"userId\":\"hidden: "
         "personal\",\"properties\":{\"total\":1.50,\"secret\":\"hidden: personal\",\"more\":\"hidden: "
         "personal\",\"none\":null}}",
         "userId,properties.secret,properties.more"},
        {"{\"properties\":{\"list\":[{\"sku\":\"a\",\"first_name\":\"x\"},{\"sku\":\"b\",\"other\":1}]}}",
         "{\"properties\":{\"list\":[{\"sku\":\"a\",\"first_name\":\"hidden: personal\"},{\"sku\":\"b\",\"other\":\"hidden: "
         "personal\"}]}}",
         "properties.list.first_name,properties.list.other"},
        {"{\"a@b.example\":1,\"context\":{\"os\":{\"name\":\"iOS\"},\"page\":{\"path\":\"/\",\"search\":\"?e=1\"}}}",
         "{\"?\":\"hidden: personal\",\"context\":{\"os\":{\"name\":\"iOS\"},\"page\":{\"path\":\"/\",\"search\":\"hidden: "
         "personal\"}}}",
         "?,context.page.search"},
        {"\"the beginning\"", "\"hidden: personal\"", ""},
        {"no json", "\"hidden: personal\"", ""},
    };
    struct arena a;
    struct errs es = {0};
    arena_init(&a);
    struct doc *d = doc_parse_yaml(&a, STR("paid.odcs.yaml"), STR(yaml), &es);
    assert_non_null(d);
    struct mesh_contract contract = {.doc = d, .object = doc_root(d)};
    struct mesh_planned planned = {.event = STR("Paid"), .type = STR("track"), .contract = &contract};
    f->rules.planned = &planned;
    f->rules.n_planned = 1;
    const struct events_rejected r = {.source = STR("web.site"), .type = STR("track"), .event = STR("Paid")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str shown = events_rejected_masked(&f->mesh, &r, str_of(cases[i].payload), &a);
        struct str hidden = events_rejected_hidden(&f->mesh, &r, str_of(cases[i].payload), &a);
        if (!str_eq(shown, str_of(cases[i].shown)) || !str_eq(hidden, str_of(cases[i].hidden)))
            fail_msg("%s\n  shown  %.*s\n  hidden %.*s", cases[i].payload, STR_FMT(shown), STR_FMT(hidden));
    }
    /* Without a plan nothing of properties is shown; so deep a payload ends somewhere. */
    f->rules.n_planned = 0;
    assert_true(str_eq(events_rejected_masked(&f->mesh, &r, STR("{\"properties\":{\"total\":1}}"), &a),
                       STR("{\"properties\":{\"total\":\"hidden: personal\"}}")));
    struct buf deep = BUF_INIT((size_t)1 << 20);
    for (int i = 0; i < 5000; i++)
        buf_addz(&deep, "[");
    for (int i = 0; i < 5000; i++)
        buf_addz(&deep, "]");
    assert_true(events_rejected_masked(&f->mesh, &r, buf_str(&deep), &a).n < 200);
    buf_fini(&deep);
    errs_fini(&es);
    arena_fini(&a);
}

/* ---- replay ---- */

enum { SENT = 60 };

static void send_rejected(struct fixture *f)
{
    for (int i = 0; i < SENT; i++) {
        char body[256];
        snprintf(body, sizeof body, "{\"type\":\"track\",\"userId\":\"u%d\",\"messageId\":\"r%d\",\"properties\":{}}", i,
                 i); /* no event */
        fixture_send(f, SPOOL_TRACK, body);
    }
    fixture_load(f);
    assert_int_equal(f->report.quarantined, SENT);
}

static void mend(struct fixture *f)
{
    struct str path = STR("event"), json = STR("\"Mended\"");
    const struct events_fix fix = {.set_path = &path, .set_json = &json, .n_set = 1};
    const struct events_rejected_ask all = {0};
    int64_t n;
    must(f, events_rejected_fix(f->events, 0, &all, &fix, &n, &f->e));
    assert_int_equal(n, SENT);
}

static void test_replay(void **state)
{
    struct fixture *f = *state;
    const struct events_rejected_ask all = {0};
    struct events_report r;
    send_rejected(f);
    ask(f, "SELECT string_agg(DISTINCT reason || field) FROM mesh.quarantine.event", "no_eventevent");
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_true(r.loaded == 0 && r.quarantined == SENT);
    mend(f);
    must(f, events_rejected_replay(f->events, &f->mesh, 1, NULL, &r, &f->e));
    assert_true(r.loaded == 1 && r.events == 1);
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_true(r.loaded == SENT - 1 && r.quarantined == 0);
    must(f, events_rejected_replay(f->events, &f->mesh, 1, NULL, &r, &f->e));
    assert_true(r.loaded == 0);
    ask(f, "SELECT count(*) || '/' || count(DISTINCT message_id) || '/' || min(event) FROM mesh.raw.\"web.site__track\"",
        "60/60/Mended");
    ask(f, "SELECT string_agg(DISTINCT state) || count(first_payload) || count(replayed_at) FROM mesh.quarantine.event",
        "replayed6060");
    ask(f, "SELECT version || '/' || rows FROM mesh.sys.event_stream WHERE stream = 'web.site__track'", "2/60");
    /* The number of a replay's batch is not given again. */
    fixture_close(f);
    fixture_open(f);
    fixture_send(f, SPOOL_TRACK, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"messageId\":\"later\"}");
    fixture_load(f);
    ask(f, "SELECT count(DISTINCT _file_id) FROM mesh.raw.\"web.site__track\"", "3");
}

#ifdef TRELLIS_FAULTS
static void test_replay_killed(void **state)
{
    static const char *const points[] = {"replay_before_rows", "replay_before_commit", "replay_after_commit"};
    struct fixture *f = *state;
    const struct events_rejected_ask all = {0};
    struct events_report r;
    send_rejected(f);
    mend(f);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        fixture_close(f);
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            setenv("TRELLIS_CRASH_AT", points[i], 1);
            fixture_open(f);
            bool ok = events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e);
            _exit(ok ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        fixture_open(f);
        bool done = i == 2; /* behind the commit both are there, before it neither */
        ask(f, "SELECT count(*) FROM mesh.raw.\"web.site__track\"", done ? "60" : "0");
        ask(f, "SELECT count(*) FROM mesh.quarantine.event WHERE state = 'replayed'", done ? "60" : "0");
    }
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_int_equal(r.loaded, 0);
    ask(f, "SELECT count(*) || '/' || count(DISTINCT message_id) FROM mesh.raw.\"web.site__track\"", "60/60");
}
#endif

/* A request that does not fit as a whole is kept as it came, however long it is, and split when its declaration fits it. */
static void test_requests(void **state)
{
    struct fixture *f = *state;
    const struct events_rejected_ask all = {0};
    struct events_report r;
    struct mesh_mapped fields[] = {{STR("userId"), STR("$.who"), {0}}, {STR("properties.n"), STR("$.n"), {0}}};
    struct mesh_webhook w = {.event = STR("$.title"), .items = STR("$.data[*]"), .fields = fields, .n_fields = 2};
    struct buf body = BUF_INIT(1 << 20);
    f->rules.webhook = &w;
    buf_addz(&body,
             "{\"name\":\"Ada\",\"data\":[{\"name\":\"Paid\",\"who\":1,\"n\":1},{\"name\":\"Paid\"},{\"name\":\"Paid\",\"who\":3,"
             "\"n\":\"");
    for (int i = 0; i < 600; i++)
        buf_addz(&body, "long ");
    buf_addz(&body, "\"}]}");
    fixture_send(f, SPOOL_WEBHOOK, buf_z(&body));
    fixture_load(f);
    ask(f, "SELECT count(*) || min(type) || min(reason) || (min(length(payload)) > 3000) FROM mesh.quarantine.event",
        "1requestbad_mappingtrue");
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_true(r.loaded == 0 && r.events == 1 && r.quarantined == 1); /* the mapping is as it was */
    w.event = STR("$.name");
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_true(r.loaded == 2 && r.events == 3 && r.quarantined == 1); /* of one nobody knows whose it is */
    ask(f,
        "SELECT string_agg(event || user_id || length(properties->>'n'), ' ' ORDER BY user_id) FROM mesh.raw.\"web.site__track\"",
        "Paid11 Paid33000");
    ask(f, "SELECT string_agg(reason || ' ' || state, ', ' ORDER BY id) FROM mesh.quarantine.event",
        "bad_mapping replayed, no_identifier waiting");
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_true(r.loaded == 0 && r.events == 1);
    /* Mended by hand. */
    fixture_send(f, SPOOL_GA4, "{\"client_id\":\"c\",\"event\":{\"name\":\"sign_up\"}}");
    fixture_load(f);
    struct str set = STR("events"), json = STR("[{\"name\":\"sign_up\"}]");
    const struct events_rejected_ask bad = {.reason = STR("bad_value")};
    int64_t n = 0;
    must(f, events_rejected_fix(f->events, 0, &bad, &(struct events_fix){.set_path = &set, .set_json = &json, .n_set = 1}, &n,
                                &f->e));
    assert_int_equal(n, 1);
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &bad, &r, &f->e));
    assert_int_equal(r.loaded, 1);
    ask(f, "SELECT api || event FROM mesh.raw.\"web.site__track\" WHERE api = 'ga4'", "ga4sign_up");
    buf_fini(&body);
}

/* Of a source that is declared again. */
static void test_source_again(void **state)
{
    struct fixture *f = *state;
    const struct events_rejected_ask all = {0};
    struct events_report r;
    struct spool_record rec = {.received_us = FIXTURE_NOW,
                               .kind = SPOOL_BATCH,
                               .source = STR("web.again"),
                               .meta = STR("{\"key\":7}"),
                               .body = STR("{\"batch\":[{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\"},{\"type\":\"page\","
                                           "\"userId\":\"u\"}],\"name\":\"Ada\"}")};
    must(f, spool_append_wait(f->spool, &rec, &f->e));
    fixture_load(f);
    ask(f, "SELECT reason || type FROM mesh.quarantine.event", "unknown_sourcerequest");
    const struct events_rejected shown = {.source = STR("web.again"), .type = STR("request")};
    struct arena a;
    arena_init(&a);
    struct str masked = events_rejected_masked(&f->mesh, &shown, rec.body, &a);
    assert_true(str_find(masked, STR("Ada"), 0) == SIZE_MAX && str_find(masked, STR("batch"), 0) != SIZE_MAX);
    arena_fini(&a);
    f->source.name = STR("again");
    fixture_close(f);
    fixture_open(f);
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_true(r.loaded == 2 && r.events == 2 && r.quarantined == 0);
    ask(f, "SELECT event || write_key_id FROM mesh.raw.\"web.again__track\"", "e7");
    ask(f, "SELECT state FROM mesh.quarantine.event", "replayed");
}

/* Events that were too many for their batch are not known by their id until they are replayed; meanwhile they may have come
 * again. */
static void test_came_again(void **state)
{
    struct fixture *f = *state;
    const struct events_rejected_ask all = {0};
    struct events_report r;
    f->rules.batch_events = 1;
    fixture_send(f, SPOOL_BATCH,
                 "{\"batch\":[{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"messageId\":\"1\"},{\"type\":\"track\","
                 "\"event\":\"e\",\"userId\":\"u\","
                 "\"messageId\":\"2\"},{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"messageId\":\"3\"}]}");
    fixture_load(f);
    assert_true(f->report.loaded == 1 && f->report.quarantined == 2);
    fixture_send(f, SPOOL_TRACK, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"messageId\":\"2\"}");
    fixture_load(f);
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    ask(f, "SELECT string_agg(message_id, ',' ORDER BY message_id) FROM mesh.raw.\"web.site__track\"", "1,2,3");
    ask(f, "SELECT count(*) FROM mesh.quarantine.event WHERE state = 'replayed'", "2");
}

static void test_too_large(void **state)
{
    struct fixture *f = *state;
    const struct events_rejected_ask all = {0};
    const struct events_fix drop = {.drop = true};
    struct events_report r;
    int64_t n;
    struct buf b = BUF_INIT((size_t)1 << 20);
    buf_addz(&b, "{\"type\":\"track\",\"event\":\"e\",\"userId\":\"u\",\"messageId\":\"big\",\"properties\":{\"text\":\"");
    for (int i = 0; i < 40000; i++)
        buf_addc(&b, 'x');
    buf_addz(&b, "\"}}");
    fixture_send(f, SPOOL_TRACK, buf_z(&b));
    buf_fini(&b);
    fixture_load(f);
    ask(f, "SELECT reason FROM mesh.quarantine.event", "too_large");
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_true(r.loaded == 0 && r.quarantined == 1);
    ask(f, "SELECT reason || state FROM mesh.quarantine.event", "too_largewaiting"); /* its reason is still the right one */
    must(f, events_rejected_fix(f->events, 0, &all, &drop, &n, &f->e));
    assert_int_equal(n, 1);
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &r, &f->e));
    assert_int_equal(r.events, 0);
}

/* Names and values in a question are never SQL. */
static void test_asks(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    struct events_rejected *v, one;
    struct events_rejected_group *groups;
    size_t n;
    int64_t total, id = 7;
    send_rejected(f);
    arena_init(&a);
    const struct events_rejected_ask page = {.limit = 10, .before_id = 31, .reason = STR("no_event")},
                                     hostile = {.event = STR("' OR 1=1 --")}, ids = {.ids = &id, .n_ids = 1},
                                     none = {.state = STR("replayed")};
    must(f, events_rejected_list(f->conn, &a, &page, &v, &n, &total, &f->e));
    assert_true(n == 10 && total == SENT && v[0].id == 30 && v[9].id == 21);
    must(f, events_rejected_list(f->conn, &a, &hostile, &v, &n, &total, &f->e));
    assert_true(n == 0 && total == 0);
    must(f, events_rejected_list(f->conn, &a, &ids, &v, &n, &total, &f->e));
    assert_true(n == 1 && v[0].id == 7 && str_eq(v[0].message_id, STR("r6")));
    must(f, events_rejected_list(f->conn, &a, &none, &v, &n, &total, &f->e));
    assert_true(n == 0 && total == 0);
    must(f, events_rejected_groups(f->conn, &a, &(struct events_rejected_ask){0}, &groups, &n, &f->e));
    assert_true(n == 1 && groups[0].count == SENT);
    assert_false(events_rejected_get(f->conn, &a, 999, &one, &f->e));
    assert_int_equal(f->e.code, E_NOT_FOUND);
    arena_fini(&a);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths), cmocka_unit_test(test_fixes), CASE(test_masked), CASE(test_replay),
#ifdef TRELLIS_FAULTS
        CASE(test_replay_killed),
#endif
        CASE(test_came_again),        CASE(test_too_large),         CASE(test_asks),   CASE(test_requests),
        CASE(test_source_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
