/* What an erasure rests on: a person's pattern finds them and nobody else, requests are due when the law says, what is sealed opens, and every place under data/ has
 * somebody who thought of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "privacy/erase_int.h"
#include "store/state.h"
#include "store/store_audit.h"
#include "store/store_int.h"

static char *scratch_dir(void)
{
    char *dir = strdup("/tmp/trellis-privacy-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static struct person *ann(void)
{
    struct person *p = person_new();
    static struct person_identifier v[] = {
        {{"email", 5}, {"Ann@Example.org", 15}, false}, {{"phone", 5}, {"+43 316 5550199", 15}, false},
        {{"user_id", 7}, {"u-1", 3}, false},            {{"anonymous_id", 12}, {"0f1e-77aa-42", 12}, false},
        {{"anonymous_id", 12}, {"shared-tablet", 13}, true},
    };
    static struct str ids[] = {{"c_aaaaaaaaaaaaaaaaaaaaaaaaaa", 28}};
    p->known = true;
    p->asked_kind = STR("email");
    p->customer_id = ids[0];
    p->customer_ids = (struct mesh_strs){ids, 1};
    p->identifiers = arena_array(&p->arena, 5, sizeof *p->identifiers);
    for (size_t i = 0; i < 5; i++)
        p->identifiers[p->n_identifiers++] = (struct person_identifier){v[i].kind, arena_str(&p->arena, v[i].value), v[i].shared};
    p->evidence = arena_array(&p->arena, 1, sizeof *p->evidence);
    p->evidence[p->n_evidence++] = 42;
    person_record_add(p, STR("web.shopify"), STR("order"), STR("5400000125251"));
    person_record_add(p, STR("web.shopify"), STR("order"), STR("5400000125251"));
    person_record_add(p, STR("web.shopify"), STR("contact"), STR("17"));
    return p;
}

/* The same in memory (PCRE2) and in the engine (RE2). */
static void test_mentions(void **state)
{
    (void)state;
    static const struct { const char *text, *cleaned; } cases[] = {
        {"ann@example.org", "[erased]"},
        {"mail to ANN@EXAMPLE.ORG.", "mail to [erased]."},
        {"joann@example.org", NULL},
        {"j.ann@example.org", NULL},
        {"ann@example.org.au", NULL},
        {"?to=ann%40example.org&x", "?to=[erased]&x"},
        {"a%3Dann%40example.org%26b", "a%3D[erased]%26b"},
        {"{\"a\":\"ann@example.org\",\"b\":\"ann@example.org\"}", "{\"a\":\"[erased]\",\"b\":\"[erased]\"}"},
        {"ann@example.org,ann@example.org", "[erased],[erased]"},
        {"call 0043 316 555 0199 now", "call [erased] now"},
        {"call +43 (316) 555-0199 now", "call [erased] now"},
        {"x433165550199", NULL},
        {"143316555019900", NULL},
        {"tel:+433165550199", "tel:[erased]"},
        {"43 316 5550199", "[erased]"},
        {"order 5400000125251;", "order [erased];"},
        {"15400000125251", NULL},
        {"5400000125251x", NULL},
        {"shopify:5400000125251", "shopify:[erased]"},
        {"17", NULL},
        {"u-1", NULL},
        {"shared-tablet", NULL},
        {"0F1E-77AA-42", "[erased]"},
        {"c_aaaaaaaaaaaaaaaaaaaaaaaaaa", "[erased]"},
        {"", NULL},
        {"caf\xc3\xa9 ann@example.org", "caf\xc3\xa9 [erased]"},
        {"\xff ann@example.org", "\xff [erased]"},
    };
    struct person *p = ann();
    struct person_cleaner *k = NULL;
    struct engine *g = NULL;
    struct engine_conn *c = NULL;
    struct err e = {0};
    struct arena a;
    arena_init(&a);
    assert_true(person_cleaner_new(p, &k, &e));
    assert_true(engine_open(&(struct engine_options){.threads = 1}, &g, &e) && engine_connect(g, &c, &e));
    struct str sql = arena_printf(&a, "SELECT %.*s FROM (SELECT CAST($1 AS VARCHAR) AS t)", STR_FMT(person_cleaned_sql(p, &a, STR("t"))));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT((size_t)4096);
        struct str text = str_of(cases[i].text), got;
        bool null, hit = person_clean(k, text, &out);
        const char *wanted = cases[i].cleaned;
        if (hit != (wanted != NULL) || (wanted && !str_eq(buf_str(&out), str_of(wanted))))
            fail_msg("\"%s\" became \"%.*s\"", cases[i].text, hit ? (int)out.n : 2, hit ? out.p : "--");
        if (str_utf8_valid(text)) {
            const struct engine_param param = {.type = ENGINE_TEXT, .s = text};
            assert_true(engine_value(c, sql, &param, 1, &a, &got, &null, &e));
            if (!str_eq(got, wanted ? str_of(wanted) : text))
                fail_msg("in the engine \"%s\" became \"%.*s\"", cases[i].text, STR_FMT(got));
        }
        buf_fini(&out);
    }
    person_cleaner_free(k);
    engine_disconnect(c);
    engine_close(g);
    person_free(p);
    arena_fini(&a);
}

/* Somebody with more of it than can be looked for: said before anything is done, or in the report. */
static void test_too_many(void **state)
{
    (void)state;
    struct person *p = ann();
    struct person_cleaner *k = NULL;
    struct err e = {0};
    struct arena a;
    arena_init(&a);
    struct erase_report r = {.a = &a};
    for (int i = (int)p->n_records; i < ERASE_RECORDS_MAX - 1; i++)
        person_record_add(p, STR("web.shopify"), STR("order"), arena_printf(&a, "54%011d", i));
    assert_true(person_cleaner_new(p, &k, &e));
    person_cleaner_free(k);
    erase_report_unfollowed(&r, p);
    assert_int_equal(r.n_left, 0);
    person_record_add(p, STR("web.shopify"), STR("order"), STR("5500000000000"));
    erase_report_unfollowed(&r, p);
    assert_int_equal(r.n_left, 1);
    p->identifiers = arena_array(&p->arena, 20000, sizeof *p->identifiers);
    for (p->n_identifiers = 0; p->n_identifiers < 20000; p->n_identifiers++)
        p->identifiers[p->n_identifiers] = (struct person_identifier){STR("anonymous_id"), arena_printf(&p->arena, "%012zu-%048zu", p->n_identifiers, p->n_identifiers), false};
    assert_false(person_cleaner_new(p, &k, &e));
    assert_int_equal(e.code, E_TOO_LARGE);
    person_free(p);
    arena_fini(&a);
}

static void test_rows(void **state)
{
    (void)state;
    struct person *p = ann();
    struct engine *g = NULL;
    struct engine_conn *c = NULL;
    struct err e = {0};
    struct arena a;
    arena_init(&a);
    assert_true(engine_open(&(struct engine_options){.threads = 1}, &g, &e) && engine_connect(g, &c, &e));
    assert_true(engine_exec(c, STR("CREATE TABLE t (no INTEGER, user_id VARCHAR, amount VARCHAR, property_email VARCHAR, phone VARCHAR, note VARCHAR, customer_id VARCHAR, evidence BIGINT);"
                                   "INSERT INTO t VALUES (1, ' U-1 ', '', '', '', '', '', 0), (2, '', 'u-1', '', '', '', '', 0), (3, '', '', ' ANN@example.org', '', '', '', 0),"
                                   " (4, '', '', '', '0043 316/5550199', '', '', 0), (5, '', '', '', '', 'ann@example.org', '', 0), (6, '', '', '', '', 'of ann@example.org', '', 0),"
                                   " (7, '', '', '', '', '', 'c_aaaaaaaaaaaaaaaaaaaaaaaaaa', 0), (8, '', '', '', '', '', '', 42), (9, 'shared-tablet', '', '', '', '', '', 0),"
                                   " (10, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"),
                            &e));
    struct str columns[] = {STR("no"), STR("user_id"), STR("amount"), STR("property_email"), STR("phone"), STR("note"), STR("customer_id"), STR("evidence")};
    struct str types[] = {STR("INTEGER"), STR("VARCHAR"), STR("VARCHAR"), STR("VARCHAR"), STR("VARCHAR"), STR("VARCHAR"), STR("VARCHAR"), STR("BIGINT")};
    struct str got;
    bool null;
    assert_true(engine_value(c, arena_printf(&a, "SELECT string_agg(no, ',' ORDER BY no) FROM t WHERE %.*s", STR_FMT(person_where(p, &a, columns, types, 8))), NULL, 0, &a, &got, &null, &e));
    assert_string_equal(arena_strz(&a, got), "1,3,4,5,7,8");
    /* Where no column tells whose a row is, what names them is theirs. */
    assert_true(engine_value(c, arena_printf(&a, "SELECT string_agg(no, ',' ORDER BY no) FROM t WHERE %.*s", STR_FMT(person_where(p, &a, &columns[5], &types[5], 1))), NULL, 0, &a, &got, &null, &e));
    assert_string_equal(arena_strz(&a, got), "5,6");
    engine_disconnect(c);
    engine_close(g);
    person_free(p);
    arena_fini(&a);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct person *p = ann(), *q = NULL;
    struct buf b = BUF_INIT((size_t)1 << 16), again = BUF_INIT((size_t)1 << 16);
    struct err e = {0};
    person_put(p, &b);
    assert_true(person_take(buf_str(&b), &q, &e));
    person_put(q, &again);
    assert_true(str_eq(buf_str(&b), buf_str(&again)));
    assert_int_equal(q->n_records, 2);
    person_free(p);
    person_free(q);
    buf_fini(&b);
    buf_fini(&again);
    assert_false(person_take(STR("{"), &q, &e));
}

/* Keys of digits become others of the width of a BIGINT, which join as before and do not begin with what they were: whoever searches the bytes of the files for
 * the old ones finds nothing. */
static void test_keys_anew(void **state)
{
    (void)state;
    char *dir = scratch_dir();
    struct state *s = NULL;
    struct person *p = ann();
    struct errs es = {0};
    struct arena a;
    struct err e = {0};
    arena_init(&a);
    for (int i = 0; i < 2000; i++) {
        struct person_record old[2] = {{.value = arena_printf(&a, "%d", i % 120)}, {.value = STR("4")}}; /* nor with that of another record of theirs */
        struct str to = erase_key_anew(&a, old[0].value, old, 2);
        int64_t number;
        if (to.n != 18 || str_starts(to, old[0].value) || str_starts(to, old[1].value) || !str_to_i64(to, &number))
            fail_msg("%.*s became %.*s", STR_FMT(old[0].value), STR_FMT(to));
    }
    struct erase_find f = {.p = p, .a = &a};
    assert_true(fs_write_atomic(fs_join(&a, str_of(dir), STR("mesh.yaml")).p, STR("name: test\ntitle: Test\ntime_zone: UTC\nreporting_currency: EUR\n"), 0600, &e));
    assert_true(state_open(dir, &(struct state_options){.threads = 1, .memory_limit_bytes = 256u << 20}, &s, &e) && engine_connect(s->engine, &f.c, &e));
    struct mesh *m = mesh_load(dir, &(struct mesh_load_options){.parser = f.c}, &es);
    assert_non_null(m);
    f.m = m;
    p->sources = (struct mesh_strs){(struct str[]){STR("web.shop")}, 1};
    assert_true(engine_exec(f.c,
                            STR("CREATE TABLE mesh.raw.\"web.shop__customer\" AS SELECT i AS n, CAST(i AS VARCHAR) AS id, 'ann@example.org' AS email FROM range(1, 200) AS r(i);"
                                "CREATE TABLE mesh.raw.\"web.shop__order\" AS SELECT i AS n, CAST(i AS VARCHAR) AS id, i AS customer_id FROM range(1, 200) AS r(i);"
                                "BEGIN"),
                            &e));
    if (!erase_find_rows(&f, &e) || !erase_anonymise_rows(&f, &e))
        fail_msg("%s [%s]", e.text, engine_last_message(f.c));
    struct str got;
    bool null;
    assert_true(engine_exec(f.c, STR("COMMIT"), &e));
    for (int i = 0; i < 2; i++) {
        assert_true(engine_value(f.c,
                                 arena_printf(&a,
                                              "SELECT count(DISTINCT id) || ' ' || count(*) FILTER (starts_with(id, CAST(n AS VARCHAR))) || ' ' || count(*) FILTER (TRY_CAST(id AS BIGINT) IS NULL)"
                                              " || ' ' || min(length(id)) || ' ' || max(length(id)) FROM mesh.raw.\"web.shop__%s\"",
                                              i ? "order" : "customer"),
                                 NULL, 0, &a, &got, &null, &e));
        assert_string_equal(arena_strz(&a, got), "199 0 0 18 18");
    }
    assert_true(engine_value(f.c, STR("SELECT count(*) FROM mesh.raw.\"web.shop__order\" o JOIN mesh.raw.\"web.shop__customer\" c ON c.id = CAST(o.customer_id AS VARCHAR) AND c.n = o.n"), NULL, 0, &a, &got,
                             &null, &e));
    assert_string_equal(arena_strz(&a, got), "199");
    mesh_free(m);
    errs_fini(&es);
    engine_disconnect(f.c);
    state_close(s);
    person_free(p);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
    free(dir);
}

static void test_due(void **state)
{
    (void)state;
    static const struct { const char *from, *to; int months; } cases[] = {
        {"2026-01-15", "2026-02-15", 1}, {"2026-01-31", "2026-02-28", 1}, {"2028-01-31", "2028-02-29", 1}, {"2026-12-05", "2027-01-05", 1},
        {"2026-11-30", "2027-02-28", 3}, {"2026-03-31", "2026-04-30", 1}, {"2100-01-30", "2100-02-28", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t from = 0, to = 0;
        assert_true(clock_parse_date(str_of(cases[i].from), &from) && clock_parse_date(str_of(cases[i].to), &to));
        assert_int_equal(request_due((int64_t)from * 86400000000 + 7, cases[i].months), (int64_t)to * 86400000000 + 7);
    }
}

static void test_sealed(void **state)
{
    (void)state;
    char *dir = scratch_dir();
    struct buf sealed = BUF_INIT((size_t)4096), plain = BUF_INIT((size_t)4096);
    struct err e = {0};
    assert_true(request_seal(dir, STR("email:ann@example.org"), &sealed, &e));
    assert_true(str_find(buf_str(&sealed), STR("ann"), 0) == SIZE_MAX);
    assert_true(request_unseal(dir, buf_str(&sealed), &plain, &e));
    assert_true(str_eq(buf_str(&plain), STR("email:ann@example.org")));
    sealed.p[5] = sealed.p[5] == 'A' ? 'B' : 'A';
    buf_reset(&plain);
    assert_false(request_unseal(dir, buf_str(&sealed), &plain, &e));
    assert_int_equal(e.code, E_STORE);
    assert_false(request_unseal(dir, STR("!"), &plain, &e));
    buf_fini(&sealed);
    buf_fini(&plain);
    assert_true(fs_remove_tree(dir, &e));
    free(dir);
}

/* Whoever adds a schema, a table of the control store or a file under data/ has to say what an erasure does there (src/privacy/places.c). */
static void test_places(void **state)
{
    (void)state;
    char *dir = scratch_dir();
    struct state *s = NULL;
    struct engine_conn *c = NULL;
    struct arena a;
    struct err e = {0};
    struct str *names, list;
    size_t n;
    bool null;
    arena_init(&a);
    assert_true(state_open(dir, NULL, &s, &e));
    assert_true(store_tables(s->store, &a, &names, &n, &e));
    assert_true(n > 10);
    for (size_t i = 0; i < n; i++)
        if (!place_find(PLACE_TABLE, names[i]))
            fail_msg("no place covers the table %.*s of the control store", STR_FMT(names[i]));
    assert_true(engine_connect(s->engine, &c, &e));
    assert_true(engine_value(c, STR("SELECT string_agg(DISTINCT schema_name, ',') FROM duckdb_schemas() WHERE database_name = 'mesh' AND NOT internal"), NULL, 0, &a, &list, &null, &e));
    for (struct str rest = list, one; rest.p && (one = str_cut(rest, ',', &rest)).n;)
        if (!place_find(PLACE_ENGINE, one))
            fail_msg("no place covers the schema mesh.%.*s", STR_FMT(one));
    assert_true(fs_list(&a, s->data_dir, &names, &n, &e));
    for (size_t i = 0; i < n; i++)
        if (!place_find(PLACE_FILE, names[i]))
            fail_msg("no place covers data/%.*s", STR_FMT(names[i]));
    for (size_t i = 0; i < places_count; i++)
        if (places[i].how == PLACE_NOTHING)
            assert_true(places[i].why[0] != 0);
    assert_null(place_find(PLACE_ENGINE, STR("unheard_of")));
    engine_disconnect(c);
    state_close(s);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
    free(dir);
}

/* ---- A reader of another connection stands before what is to go out of the log of SQLite ---- */

static bool stands_in(const char *dir, const char *name, const char *word)
{
    struct arena a;
    struct str text;
    bool found = false;
    arena_init(&a);
    for (int i = 0; i < 2; i++) {
        const char *path = arena_printf(&a, "%s/data/%s%s", dir, name, i ? "-wal" : "").p;
        found |= fs_exists(path) && fs_read(&a, path, (size_t)64 << 20, &text, NULL) && str_find(text, str_of(word), 0) != SIZE_MAX;
    }
    arena_fini(&a);
    return found;
}

static void test_reader_in_the_way(void **state)
{
    (void)state;
    char *dir = scratch_dir();
    struct state *s = NULL;
    struct audit *audit = NULL;
    struct store *reader = NULL;
    struct arena a;
    struct err e = {0};
    int64_t n;
    arena_init(&a);
    assert_true(state_open(dir, &(struct state_options){.threads = 1, .memory_limit_bytes = 256u << 20}, &s, &e) && audit_open(s, &audit, &e));
    sqlite3_busy_timeout(s->store->db, 1);
    sqlite3_busy_timeout(s->audit->db, 1);

    const struct str id = STR("c_aaaaaaaaaaaaaaaaaaaaaaaaaa");
    const struct audit_entry x = {.kind = AUDIT_REVEAL, .principal = STR("test"), .what = STR("shared.customer: email"), .verdict = STR("ok"), .detail = STR("Zimmermann called"), .person = id};
    assert_true(audit_write(audit, &x, &e) && store_empty_log(s->audit, &e));
    assert_true(store_audit_open(arena_printf(&a, "%s/data/audit.sqlite", dir).p, true, &reader, &e) && store_audit_snapshot(reader, &e));
    assert_false(audit_forget(audit, id, &n, &e));
    assert_int_equal(e.code, E_BUSY);
    store_close(reader);
    e = (struct err){0};
    if (!audit_forget(audit, id, &n, &e))
        fail_msg("%s", e.text);
    assert_false(stands_in(dir, "audit.sqlite", "Zimmermann"));

    struct store_request r = {.kind = STR("question"), .ref = STR("a.b"), .title = STR("t"), .body = STR("of Zimmermann"), .asker = STR("test")};
    assert_true(store_request_add(s->store, &r, &e) && store_empty_log(s->store, &e));
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(arena_printf(&a, "%s/data/control.sqlite", dir).p, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN; SELECT count(*) FROM request", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(s->store->db, "UPDATE request SET body = ''", NULL, NULL, NULL), SQLITE_OK);
    assert_true(stands_in(dir, "control.sqlite", "Zimmermann"));
    assert_false(store_vacuum(s->store, &e));
    assert_int_equal(e.code, E_BUSY);
    sqlite3_close(other);
    assert_true(store_vacuum(s->store, &e));
    assert_false(stands_in(dir, "control.sqlite", "Zimmermann"));

    audit_close(audit);
    state_close(s);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mentions), cmocka_unit_test(test_rows),   cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_due),      cmocka_unit_test(test_sealed), cmocka_unit_test(test_places),        cmocka_unit_test(test_keys_anew),
        cmocka_unit_test(test_reader_in_the_way),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests_name("privacy", tests, NULL, NULL);
}
