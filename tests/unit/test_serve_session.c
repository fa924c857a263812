/* Who may ask, and what the description of the API says. No mesh is needed for either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/json.h"
#include "serve/put.h"
#include "serve/routes.h"
#include "serve/run_event.h"
#include "serve/session.h"

static struct session session = {
    .token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", .cookie = "trellis_8080", .base = "http://127.0.0.1:8080", .port = 8080};

static struct http_request with(enum http_verb verb, struct http_header *h, const char *const *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h[i] = (struct http_header){str_of(pairs[2 * i]), str_of(pairs[2 * i + 1])};
    return (struct http_request){
        .verb = verb, .headers = h, .n_headers = n, .path = STR("/"), .target = STR("/"), .query = STR("")};
}

struct origin_case {
    const char *what, *host, *origin;
    bool good;
};
static const struct origin_case origins[] = {
    {"ip", "127.0.0.1:8080", NULL, true},
    {"name", "localhost:8080", NULL, true},
    {"name in capitals", "LOCALHOST:8080", NULL, true},
    {"v6", "[::1]:8080", NULL, true},
    {"own origin", "127.0.0.1:8080", "http://127.0.0.1:8080", true},
    {"own origin by another of our names", "127.0.0.1:8080", "http://localhost:8080", true},
    {"no port", "127.0.0.1", NULL, false},
    {"other port", "127.0.0.1:9090", NULL, false},
    {"rebound name", "evil.example:8080", NULL, false},
    {"our name inside another", "127.0.0.1:8080.evil.example", NULL, false},
    {"empty", "", NULL, false},
    {"foreign origin", "127.0.0.1:8080", "http://evil.example", false},
    {"null origin", "127.0.0.1:8080", "null", false},
    {"other scheme", "127.0.0.1:8080", "https://127.0.0.1:8080", false},
    {"other port in origin", "127.0.0.1:8080", "http://127.0.0.1:9090", false},
    {"empty origin", "127.0.0.1:8080", "", false},
};

static void host_and_origin_must_be_ours(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        const char *pairs[] = {"host", origins[i].host, "origin", origins[i].origin};
        struct http_header h[2];
        struct http_request q = with(VERB_GET, h, pairs, origins[i].origin ? 2 : 1);
        struct err e = {0};
        bool good = session_check_origin(&session, &q, &e);
        if (good != origins[i].good)
            fail_msg("%s: %d", origins[i].what, good);
        if (!good)
            assert_int_equal(e.code, E_DENIED);
    }
}

static void changes_must_be_json(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool good;
    } types[] = {
        {"application/json", true},   {"application/json; charset=utf-8", true},    {"Application/JSON", true},
        {"text/plain", false},        {"application/x-www-form-urlencoded", false}, {"", false},
        {"application/jsonp", false},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const char *pairs[] = {"host", "127.0.0.1:8080", "content-type", types[i].type};
        struct http_header h[2];
        struct http_request q = with(VERB_POST, h, pairs, 2);
        struct err e = {0};
        assert_int_equal(session_check_origin(&session, &q, &e), types[i].good);
        q.trusted = true; /* our own socket asks no Host of anybody, but the form of a body still holds */
        assert_int_equal(session_check_origin(&session, &q, &e), types[i].good);
    }
}

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static void the_token_opens(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        bool good;
    } cases[] = {
        {"authorization", "Bearer " TOKEN, true},
        {"authorization", "bearer  " TOKEN, true},
        {"authorization", TOKEN, false},
        {"authorization", "Basic " TOKEN, false},
        {"authorization", "Bearer ", false},
        {"authorization", "Bearer " TOKEN "0", false},
        {"authorization", "Bearer 0123", false},
        {"cookie", "trellis_8080=" TOKEN, true},
        {"cookie", "a=b; trellis_8080=" TOKEN "; c=d", true},
        {"cookie", "trellis_8081=" TOKEN, false},
        {"cookie", "xtrellis_8080=" TOKEN, false},
        {"cookie", "trellis_8080=", false},
        {"cookie", "trellis_8080", false},
        {"cookie", "", false},
        {"x-token", TOKEN, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *pairs[] = {cases[i].name, cases[i].value};
        struct http_header h[1];
        struct http_request q = with(VERB_GET, h, pairs, 1);
        struct err e = {0};
        bool good = session_check_token(&session, &q, &e);
        if (good != cases[i].good)
            fail_msg("%s: %s", cases[i].name, cases[i].value);
        if (!good)
            assert_int_equal(e.code, E_UNAUTHENTICATED);
    }
    struct session unset = {0}; /* before a token is made nothing opens */
    const char *pairs[] = {"authorization", "Bearer "};
    struct http_header h[1];
    struct http_request q = with(VERB_GET, h, pairs, 1);
    assert_false(session_check_token(&unset, &q, NULL));
}

static void a_session_leaves_its_token_in_a_private_file(void **state)
{
    (void)state;
    char dir[] = "/tmp/trellis-session-XXXXXX", path[64];
    struct session a, b;
    struct err e = {0};
    struct stat st;
    assert_non_null(mkdtemp(dir));
    const struct session_options o = {.data_dir = dir, .port = 8311};
    assert_true(session_open(&a, &o, &e));
    assert_true(session_open(&b, &o, &e));
    assert_int_equal(strlen(a.token), 64);
    assert_string_not_equal(a.token, b.token);
    assert_string_equal(a.cookie, "trellis_8311");
    snprintf(path, sizeof path, "%s/session-token", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct arena arena;
    struct str text;
    arena_init(&arena);
    assert_true(fs_read(&arena, path, 1000, &text, &e));
    assert_true(str_eq(str_trim(text), str_of(b.token)));
    arena_fini(&arena);
    assert_true(fs_remove_tree(dir, &e));
}

/* ---- the API's description ---- */
static bool no_data(void *ctx, struct str bytes)
{
    buf_add(ctx, bytes);
    return true;
}

static yyjson_val *at(yyjson_val *v, const char *a, const char *b)
{
    return yyjson_obj_get(yyjson_obj_get(v, a), b);
}

static void check_refs(yyjson_val *v, yyjson_val *schemas)
{
    size_t i, max;
    yyjson_val *key, *child;
    if (yyjson_is_arr(v))
        yyjson_arr_foreach(v, i, max, child) check_refs(child, schemas);
    if (yyjson_is_obj(v))
        yyjson_obj_foreach(v, i, max, key, child)
        {
            if (strcmp(yyjson_get_str(key), "$ref") == 0) {
                const char *name = strrchr(yyjson_get_str(child), '/') + 1;
                if (!yyjson_obj_get(schemas, name))
                    fail_msg("no shape %s", name);
            }
            check_refs(child, schemas);
        }
}

static void every_route_is_described(void **state)
{
    (void)state;
    struct app app = {0};
    struct buf text = BUF_INIT((size_t)4 << 20);
    struct http_memory m = {.data = no_data, .ctx = &text};
    struct err e = {0};
    routes_call(&app, VERB_GET, "/openapi.json", STR(""), &m);
    assert_int_equal(m.status, 200);
    assert_true(m.whole);
    yyjson_doc *doc = json_parse(buf_str(&text), &e);
    if (!doc)
        fail_msg("%s", e.text);
    yyjson_val *root = yyjson_doc_get_root(doc), *schemas = at(root, "components", "schemas");
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "openapi")), "3.1.0");
    for (size_t i = 0; i < routes_count; i++) {
        const struct route *rt = &routes_table[i];
        const char *verb = rt->verb == VERB_POST ? "post" : rt->verb == VERB_PUT ? "put" : "get";
        yyjson_val *op = yyjson_obj_get(at(root, "paths", rt->pattern), verb);
        if (!op)
            fail_msg("%s %s is not described", verb, rt->pattern);
        assert_true((rt->body != NULL) == (yyjson_obj_get(op, "requestBody") != NULL));
        assert_true(rt->body == NULL || rt->verb == VERB_POST || rt->verb == VERB_PUT);
        assert_int_equal(yyjson_arr_size(yyjson_obj_get(op, "security")), rt->flags & ROUTE_OPEN ? 0 : 2);
    }
    size_t i, max, described = 0;
    yyjson_val *key, *path;
    yyjson_obj_foreach(yyjson_obj_get(root, "paths"), i, max, key, path) described += yyjson_obj_size(path);
    assert_int_equal(described, routes_count);
    check_refs(root, schemas);
    yyjson_doc_free(doc);
    buf_fini(&text);
}

/* A row that forgets what it needs would let in whoever comes, or nobody. */
static void every_route_says_what_it_needs(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count; i++) {
        const struct route *rt = &routes_table[i];
        unsigned right = (rt->flags & NEED_RIGHT) >> 8;
        int said = !!(rt->flags & ROUTE_OPEN) + !!(rt->flags & NEED_SESSION) + !!(rt->flags & NEED_GRANT) + !!(rt->flags & NEED_ALL) + (right != 0);
        if (said != 1)
            fail_msg("%s says %d times what it needs", rt->pattern, said);
        if (right > RIGHTS)
            fail_msg("%s needs a right that there is not", rt->pattern);
        if ((rt->flags & ROUTE_MEMORY) && !(rt->flags & ROUTE_OPEN))
            fail_msg("%s is answered without a declaration, so nobody can be held off", rt->pattern);
        if ((rt->flags & ROUTE_DOMAIN) && (!right || !strstr(rt->pattern, "/{domain}")))
            fail_msg("%s names no domain for its right", rt->pattern);
        if ((rt->flags & ROUTE_WHOLE) && !right)
            fail_msg("%s needs no right in the whole mesh", rt->pattern);
        if ((rt->flags & ROUTE_READS) && rt->verb == VERB_GET)
            fail_msg("%s is read anyway", rt->pattern);
    }
}

static void unknown_addresses_and_methods_are_told(void **state)
{
    (void)state;
    static const struct {
        enum http_verb verb;
        const char *target;
        int status;
        const char *text;
    } cases[] = {
        {VERB_GET, "/api/v1/nothing", 404, "no address"},
        {VERB_GET, "/api/v1/products/", 404, "no address"},
        {VERB_GET, "/api/v1/products/a/b/c", 404, "no address"},
        {VERB_POST, "/healthz", 405, "method"},
        {VERB_DELETE, "/api/v1/query", 405, "method"},
        {VERB_GET, "/api/v1/query", 405, "method"},
        {VERB_GET, "/x.js", 404, "no file"},
        {VERB_GET, "/healthz", 200, "ok"},
        {VERB_GET, "/%zz", 400, "escape"},
        {VERB_GET, "/../../etc/passwd.txt", 404, "no file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct app app = {0};
        struct buf text = BUF_INIT((size_t)1 << 20);
        struct http_memory m = {.data = no_data, .ctx = &text};
        routes_call(&app, cases[i].verb, cases[i].target, STR(""), &m);
        if (m.status != cases[i].status || !strstr(buf_z(&text), cases[i].text))
            fail_msg("%s: %d %s", cases[i].target, m.status, buf_z(&text));
        buf_fini(&text);
    }
}

static void events_survive_the_way_to_text_and_back(void **state)
{
    (void)state;
    static const struct build_event events[] = {
        {.kind = BUILD_RUN_STARTED, .run_id = 7, .total = 12},
        {.kind = BUILD_LOAD,
         .ref = {"a.b__c", 6},
         .file = {"x \"y\".csv", 9},
         .rows = 5,
         .quarantined = 2,
         .done = 1,
         .total = 3},
        {.kind = BUILD_PORT_STARTED, .ref = {"a.b", 3}},
        {.kind = BUILD_PROGRESS, .ref = {"a.b", 3}, .fraction = 0.5, .rows = 1000, .eta_s = 2},
        {.kind = BUILD_PORT_DONE,
         .ref = {"a.b", 3},
         .status = {"failed", 6},
         .message = {"why\n", 4},
         .rows = 1,
         .elapsed_ms = 4},
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct buf b = BUF_INIT((size_t)4096);
        struct arena a;
        struct build_event back;
        arena_init(&a);
        run_event_write(&b, &events[i]);
        assert_true(b.n > 1 && b.p[b.n - 1] == '\n' && memchr(b.p, '\n', b.n - 1) == NULL);
        assert_true(run_event_read((struct str){b.p, b.n - 1}, &a, &back));
        assert_int_equal(back.kind, events[i].kind);
        assert_true(str_eq(back.ref, events[i].ref) && str_eq(back.file, events[i].file) &&
                    str_eq(back.status, events[i].status));
        assert_true(str_eq(back.message, events[i].message));
        assert_true(back.rows == events[i].rows && back.quarantined == events[i].quarantined && back.run_id == events[i].run_id);
        assert_true(back.done == events[i].done && back.total == events[i].total && back.elapsed_ms == events[i].elapsed_ms);
        arena_fini(&a);
        buf_fini(&b);
    }
    struct arena a;
    struct build_event ev;
    arena_init(&a);
    assert_false(run_event_read(STR("{}"), &a, &ev));
    assert_false(run_event_read(STR("not json"), &a, &ev));
    assert_false(run_event_read(STR("[1]"), &a, &ev));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_and_origin_must_be_ours),
        cmocka_unit_test(changes_must_be_json),
        cmocka_unit_test(the_token_opens),
        cmocka_unit_test(a_session_leaves_its_token_in_a_private_file),
        cmocka_unit_test(every_route_is_described),
        cmocka_unit_test(every_route_says_what_it_needs),
        cmocka_unit_test(unknown_addresses_and_methods_are_told),
        cmocka_unit_test(events_survive_the_way_to_text_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
