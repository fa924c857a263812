/* From the spool into the tables: what arrives is there once, what does not fit lies in quarantine, and all of it together with
 * the place in the spool. */
#include "events_fixture.h"
#include "ingest/ingest.h"

static void test_one_of_each(void **state)
{
    struct fixture *f = *state;
    fixture_send(
        f, SPOOL_TRACK,
        "{\"messageId\":\"m-1\",\"anonymousId\":\"a-9\",\"event\":\"Order Completed\",\"timestamp\":\"2026-01-05T10:00:00.000Z\","
        "\"sentAt\":\"2026-01-05T10:00:05.000Z\",\"properties\":{\"order_id\":\"o-1\",\"total\":27.50,\"revenue\":22.5,"
        "\"currency\":\"eur\"},\"context\":{\"campaign\":{\"source\":\"google\",\"medium\":\"cpc\",\"name\":\"spring\"},"
        "\"consent\":{\"categoryPreferences\":{\"Advertising\":true,\"Analytics\":false}}}}");
    fixture_send(f, SPOOL_BATCH,
                 "{\"context\":{\"library\":{\"name\":\"x\",\"version\":\"1\"}},\"sentAt\":\"2026-01-05T10:02:00Z\",\"batch\":["
                 "{\"type\":\"page\",\"messageId\":\"m-2\",\"userId\":42,\"name\":\"Home\",\"properties\":{\"url\":\"https://a.b/"
                 "c?d=e\"}},"
                 "{\"type\":\"screen\",\"messageId\":\"m-3\",\"userId\":\"u\",\"name\":\"Main\"},"
                 "{\"type\":\"identify\",\"messageId\":\"m-4\",\"userId\":\"u\",\"traits\":{\"email\":\"a@b.example\"},"
                 "\"context\":{\"library\":{\"version\":\"2\"}}},"
                 "{\"type\":\"group\",\"messageId\":\"m-5\",\"userId\":\"u\",\"groupId\":\"g\",\"traits\":{\"name\":\"G\"}},"
                 "{\"type\":\"alias\",\"messageId\":\"m-6\",\"userId\":\"u\",\"previousId\":\"a-9\"}]}");
    fixture_load(f);
    assert_int_equal(f->report.events, 6);
    assert_int_equal(f->report.loaded, 6);
    assert_int_equal(f->report.requests, 2);
    ask(f, "SELECT count(*) FROM mesh.raw.\"web.site__track\"", "1");
    ask(f,
        "SELECT concat_ws('|', message_id, occurred_at, event, revenue_amount, currency, order_id, utm_source, anonymous_id, "
        "write_key_id, "
        "api, clock, is_late) FROM mesh.raw.\"web.site__track\"",
        "m-1|2026-01-05 10:02:00|Order Completed|22.500000|EUR|o-1|google|a-9|7|segment|false");
    ask(f, "SELECT properties FROM mesh.raw.\"web.site__track\"",
        "{\"order_id\":\"o-1\",\"total\":27.50,\"revenue\":22.5,\"currency\":\"eur\"}");
    ask(f,
        "SELECT string_agg(consent_category || '=' || status || '/' || system, ' ' ORDER BY consent_category) FROM "
        "mesh.raw.\"web.site__consent\"",
        "Advertising=granted/segment Analytics=denied/segment");
    ask(f, "SELECT user_id || name || page_url || page_path || library FROM mesh.raw.\"web.site__page\"",
        "42Homehttps://a.b/c/cx");
    ask(f, "SELECT email || library || library_version || traits FROM mesh.raw.\"web.site__identify\"",
        "a@b.examplex2{\"email\":\"a@b.example\"}");
    ask(f, "SELECT group_id || traits FROM mesh.raw.\"web.site__group\"", "g{\"name\":\"G\"}");
    ask(f, "SELECT previous_id FROM mesh.raw.\"web.site__alias\"", "a-9");
    ask(f, "SELECT string_agg(stream || version || rows, ' ' ORDER BY stream) FROM mesh.sys.event_stream WHERE rows > 0",
        "web.site__alias11 web.site__consent12 web.site__group11 web.site__identify11 web.site__page11 web.site__screen11 "
        "web.site__track11");
    fixture_load(f);
    assert_int_equal(f->report.events, 0);
}

static void track(struct fixture *f, const char *id, const char *more)
{
    struct buf b = BUF_INIT(65536);
    buf_printf(&b, "{\"messageId\":\"%s\",\"userId\":\"u\",\"event\":\"E\"%s}", id, more);
    fixture_send(f, SPOOL_TRACK, buf_z(&b));
    buf_fini(&b);
}

static void reopen(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

static const char ids[] = "SELECT string_agg(message_id, ' ' ORDER BY message_id) FROM mesh.raw.\"web.site__track\"";

/* Zeros of clocks and libraries, and what a correction makes of two broken clocks, are no moments. */
static void test_moments_before_all(void **state)
{
    struct fixture *f = *state;
    track(f, "a", ",\"timestamp\":\"0001-01-01T00:00:00Z\"");
    track(f, "b", ",\"timestamp\":\"1970-01-01T00:00:00Z\"");
    track(f, "c", ",\"timestamp\":\"0001-01-01T00:00:00Z\",\"sentAt\":\"9999-12-31T00:00:00Z\"");
    track(f, "d", ",\"timestamp\":\"1971-01-01T00:00:00Z\"");
    track(f, "e", ",\"timestamp\":\"0001-01-01T00:00:00Z\",\"sentAt\":\"0001-01-01T00:00:05Z\""); /* the clock is wrong, what lies between is not */
    fixture_load(f);
    ask(f,
        "SELECT string_agg(concat_ws('|', message_id, clock, year(occurred_at) = year(received_at), is_late), ' ' ORDER BY "
        "message_id) FROM mesh.raw.\"web.site__track\"",
        "a|bad_timestamp|true|false b|bad_timestamp|true|false c|bad_timestamp|true|false d|false|true e|true|false");
}

static void test_duplicates(void **state)
{
    struct fixture *f = *state;
    track(f, "a", "");
    track(f, "b", "");
    track(f, "a", ",\"properties\":{\"n\":2}"); /* in the same batch */
    fixture_load(f);
    assert_int_equal(f->report.loaded, 2);
    assert_int_equal(f->report.duplicates, 1);
    track(f, "b", "");
    track(f, "c", "");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 1);
    assert_int_equal(f->report.duplicates, 1);
    reopen(f); /* ids are known again from the tables */
    track(f, "c", "");
    track(f, "d", "");
    fixture_send(f, SPOOL_PAGE, "{\"messageId\":\"a\",\"userId\":\"u\"}"); /* whatever its type */
    fixture_load(f);
    assert_int_equal(f->report.loaded, 1);
    assert_int_equal(f->report.duplicates, 2);
    ask(f, ids, "a b c d");
    clock_set_us(FIXTURE_NOW + 31 * INT64_C(86400000000)); /* beyond the window it is taken again: ports keep one row per key */
    reopen(f);
    track(f, "a", "");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 1);
    /* What was set aside counts as seen, too, and a rejected event is not set aside twice. */
    for (int i = 0; i < 2; i++) {
        fixture_send(f, SPOOL_TRACK, "{\"messageId\":\"bad\",\"userId\":\"u\"}");
        fixture_load(f);
        reopen(f);
    }
    ask(f, "SELECT count(*) || reason FROM mesh.quarantine.event GROUP BY reason", "1no_event");
}

static void test_same_id_of_fingerprints(void **state)
{
    /* A fingerprint alone never drops an event: whoever has the same one is looked up by its id. */
    struct fixture *f = *state;
    int64_t from, to;
    track(f, "a", "");
    fixture_load(f);
    (void)seen_add(f->events->seen, seen_print(STR("web.site"), STR("innocent")), FIXTURE_NOW, &from, &to);
    track(f, "innocent", "");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 1);
    assert_int_equal(f->report.duplicates, 0);
}

static void test_no_id(void **state)
{
    struct fixture *f = *state;
    fixture_send(f, SPOOL_TRACK, "{\"userId\":\"u\",\"event\":\"E\"}");
    fixture_send(f, SPOOL_TRACK, "{\"userId\":\"u\",\"event\":\"E\"}");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 2); /* two events, each with an id that comes of its place */
    ask(f, "SELECT count(DISTINCT message_id) || min(message_id[:5]) FROM mesh.raw.\"web.site__track\"", "2auto-");
    /* The spool read again gives the same ids. */
    must(f, engine_exec(f->conn, STR("UPDATE mesh.sys.event_place SET segment = 0, \"offset\" = 0"), &f->e));
    reopen(f);
    fixture_load(f);
    assert_int_equal(f->report.duplicates, 2);
    assert_int_equal(f->report.loaded, 0);
}

static void test_seen(void **state)
{
    enum { IDS = 300000 };
    struct seen *s = seen_new(30 * INT64_C(86400000000));
    int64_t from, to;
    (void)state;
    for (int64_t i = 0; i < IDS; i++) { /* a month of ids, one after the other */
        char id[32];
        snprintf(id, sizeof id, "id-%lld", (long long)i);
        uint64_t p = seen_print(STR("s"), str_of(id));
        int64_t at = FIXTURE_NOW + i * 8640000;
        assert_false(seen_add(s, p, at, &from, &to));
        assert_true(seen_add(s, p, at, &from, &to));
        assert_true(from <= at && at < to);
    }
    assert_int_equal(seen_count(s), IDS);
    assert_true(seen_bytes(s) < (size_t)IDS * 20);
    for (int64_t i = 0; i < IDS; i += 1000) {
        char id[32];
        snprintf(id, sizeof id, "id-%lld", (long long)i);
        int64_t at = FIXTURE_NOW + i * 8640000;
        assert_true(seen_add(s, seen_print(STR("s"), str_of(id)), FIXTURE_NOW + IDS * INT64_C(8640000), &from, &to));
        assert_true(from <= at && at < to);
        assert_false(seen_print(STR("s"), str_of(id)) == seen_print(STR("t"), str_of(id)));
    }
    for (int64_t i = 0; i < IDS * 2; i++) { /* two months later nothing of it is left, and the table has not grown without end */
        char id[32];
        snprintf(id, sizeof id, "new-%lld", (long long)i);
        assert_false(seen_add(s, seen_print(STR("s"), str_of(id)), FIXTURE_NOW + 90 * INT64_C(86400000000) + i, &from, &to));
    }
    assert_true(seen_count(s) <= IDS * 2 + 1000);
    seen_free(s);
}

static void test_quarantine(void **state)
{
    struct fixture *f = *state;
    fixture_send(
        f, SPOOL_BATCH,
        "{\"context\":{\"locale\":\"de\"},\"batch\":[{\"type\":\"track\",\"userId\":\"u\",\"messageId\":\"q1\"},{\"type\":"
        "\"hum\","
        "\"userId\":\"u\",\"messageId\":\"q2\"},{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\",\"messageId\":\"q3\"}]}");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 1);
    assert_int_equal(f->report.quarantined, 2);
    ask(f,
        "SELECT string_agg(concat_ws(',', source, type, message_id, reason, field, state, origin[-2:]), ' ' ORDER BY id) FROM "
        "mesh.quarantine.event",
        "web.site,track,q1,no_event,event,waiting,:0 web.site,hum,q2,unknown_type,type,waiting,:1");
    ask(f, "SELECT payload FROM mesh.quarantine.event WHERE message_id = 'q1'",
        "{\"type\":\"track\",\"userId\":\"u\",\"messageId\":\"q1\",\"context\":{\"locale\":\"de\"}}");
    ask(f, "SELECT rows FROM mesh.sys.event_stream WHERE stream = 'web.site__track'", "1");
    ask(f, "SELECT concat_ws(',', requests, events, loaded, duplicates, quarantined) FROM mesh.sys.event_batch", "1,3,1,0,2");
}

static void test_unknown_source(void **state)
{
    struct fixture *f = *state;
    struct spool_record r = {
        .received_us = FIXTURE_NOW, .kind = SPOOL_TRACK, .source = STR("web.gone"), .meta = STR("{}"), .body = STR("{\"a\":1}")};
    must(f, spool_append_wait(f->spool, &r, &f->e));
    track(f, "a", "");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 1);
    ask(f, "SELECT concat_ws(',', source, type, reason, payload) FROM mesh.quarantine.event",
        "web.gone,request,unknown_source,{\"a\":1}");
}

static void test_own_columns(void **state)
{
    struct fixture *f = *state;
    track(f, "before", "");
    fixture_load(f);
    f->enrich[0] =
        (struct mesh_enrich){.name = STR("is_member"), .type = STR("BOOLEAN"), .sql = STR("properties->>'plan' = 'member'")};
    f->enrich[1] = (struct mesh_enrich){
        .name = STR("amount_twice"), .type = STR("DECIMAL(10,2)"), .sql = STR("CAST(properties->>'n' AS INTEGER) * 2")};
    f->enrich[2] = (struct mesh_enrich){.name = STR("wrong"), .type = STR("BIGINT"), .sql = STR("no_such_column + 1")};
    f->rules.n_enrich = 3;
    reopen(f); /* declared later: the table is widened */
    track(f, "m", ",\"properties\":{\"plan\":\"member\",\"n\":4}");
    track(f, "n", ",\"properties\":{\"n\":\"no number\"}"); /* fails for this row alone */
    track(f, "o", "");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 3);
    ask(f,
        "SELECT string_agg(concat_ws(',', message_id, coalesce(is_member::VARCHAR, '-'), coalesce(amount_twice::VARCHAR, '-'), "
        "coalesce(wrong::VARCHAR, '-')), ' ' ORDER BY message_id) FROM mesh.raw.\"web.site__track\"",
        "before,-,-,- m,true,8.00,- n,-,-,- o,-,-,-");
}

static void test_plan_columns(void **state)
{
    struct fixture *f = *state;
    static const char yaml[] = "name: paid\nproperties:\n"
                               "  - {name: total, logicalType: number, physicalType: 'DECIMAL(12,2)', required: true}\n"
                               "  - {name: items, logicalType: integer}\n  - {name: gift, logicalType: boolean}\n"
                               "  - {name: coupon, logicalType: string}\n";
    static const char *const types[] = {"DECIMAL(12,2)", "BIGINT", "BOOLEAN", "VARCHAR"};
    struct arena a;
    struct errs es = {0};
    struct mesh_column columns[4] = {0};
    struct str paths[4];
    arena_init(&a);
    struct doc *d = doc_parse_yaml(&a, STR("paid.odcs.yaml"), STR(yaml), &es);
    assert_non_null(d);
    size_t n = 0;
    for (const struct doc_node *c = doc_first(d, doc_get(d, doc_root(d), "properties")); c; c = doc_next(d, c), n++) {
        columns[n] = (struct mesh_column){.name = doc_str(d, c, "name"), .physical_type = str_of(types[n]), .node = c};
        paths[n] = arena_printf(&a, "properties.%.*s", STR_FMT(columns[n].name));
    }
    struct mesh_contract contract = {.columns = columns, .n_columns = n, .doc = d, .object = doc_root(d)};
    struct mesh_planned planned = {.event = STR("Paid"), .type = STR("track"), .contract = &contract, .paths = paths};
    f->rules.planned = &planned;
    f->rules.n_planned = 1;
    reopen(f);
    fixture_send(f, SPOOL_BATCH,
                 "{\"batch\":[{\"type\":\"track\",\"userId\":\"u\",\"messageId\":\"1\",\"event\":\"Paid\",\"properties\":{"
                 "\"total\":19.99,\"items\":3,"
                 "\"gift\":true,\"coupon\":\"X\"}},{\"type\":\"track\",\"userId\":\"u\",\"messageId\":\"2\",\"event\":\"Paid\","
                 "\"properties\":{"
                 "\"items\":1},\"context\":{\"consent\":{\"categoryPreferences\":{\"A\":false}}}},"
                 "{\"type\":\"track\",\"userId\":\"u\",\"messageId\":\"3\",\"event\":\"Other\"}]}");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 2);
    assert_int_equal(f->report.quarantined, 1);
    ask(f, "SELECT concat_ws(',', p_total, p_items, p_gift, p_coupon) FROM mesh.raw.\"web.site__track\" WHERE message_id = '1'",
        "19.990000,3,true,X");
    ask(f, "SELECT message_id || reason || field FROM mesh.quarantine.event", "2missingproperties.total");
    /* A no is a no, even in an event that does not fit. */
    ask(f, "SELECT message_id || consent_category || status FROM mesh.raw.\"web.site__consent\"", "2Adenied");
    /* Mended and replayed it is loaded, and what it said of consent is not said twice. */
    struct str path = STR("properties.total"), json = STR("5");
    const struct events_fix fix = {.set_path = &path, .set_json = &json, .n_set = 1};
    const struct events_rejected_ask all = {0};
    int64_t fixed;
    must(f, events_rejected_fix(f->events, 0, &all, &fix, &fixed, &f->e));
    assert_int_equal(fixed, 1);
    must(f, events_rejected_replay(f->events, &f->mesh, 0, &all, &f->report, &f->e));
    assert_int_equal(f->report.loaded, 1);
    ask(f, "SELECT count(*) FROM mesh.raw.\"web.site__consent\"", "1");
    ask(f, ids, "1 2 3");
    f->rules.n_planned = 0;
    reopen(f);
    arena_fini(&a);
}

static void test_tail(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    struct events_seen *v;
    arena_init(&a);
    track(f, "t1", ",\"properties\":{\"secret\":1}");
    track(f, "t1", "");
    fixture_send(f, SPOOL_TRACK, "{\"messageId\":\"t2\",\"userId\":\"u\"}");
    fixture_load(f);
    assert_int_equal(events_tail(f->events, 0, STR(""), &a, &v, 10), 3);
    assert_true(str_eq(v[0].verdict, STR("passed")) && str_eq(v[1].verdict, STR("duplicate")) &&
                str_eq(v[2].verdict, STR("quarantined")));
    assert_true(str_eq(v[2].reason, STR("no_event")) && str_eq(v[0].message_id, STR("t1")) && str_eq(v[0].name, STR("E")));
    assert_true(str_find(v[0].summary, STR("\"user_id\":\"hidden: personal\""), 0) != SIZE_MAX);
    assert_true(str_find(v[0].summary, STR("secret"), 0) == SIZE_MAX);
    assert_int_equal(events_tail(f->events, v[1].seq, STR("web.site"), &a, &v, 10), 1);
    assert_int_equal(events_tail(f->events, 0, STR("web.other"), &a, &v, 10), 0);
    for (int i = 0; i < 3000; i++) {
        char id[32];
        if (i % 200 == 199)
            fixture_load(f);
        snprintf(id, sizeof id, "many-%d", i);
        struct buf b = BUF_INIT(65536);
        buf_printf(&b, "{\"messageId\":\"%s\",\"userId\":\"u\",\"event\":\"E\"}", id);
        struct spool_record r = {
            .received_us = FIXTURE_NOW, .kind = SPOOL_TRACK, .source = STR("web.site"), .meta = STR("{}"), .body = buf_str(&b)};
        must(f, i % 200 < 198 ? spool_append(f->spool, &r, NULL, NULL, &f->e) : spool_append_wait(f->spool, &r, &f->e));
        buf_fini(&b);
    }
    track(f, "last", "");
    fixture_load(f);
    size_t n = events_tail(f->events, 0, STR(""), &a, &v, 10000);
    assert_int_equal(n, 2048);
    assert_true(str_eq(v[n - 1].message_id, STR("last")));
    assert_int_equal(v[n - 1].seq, 3 + 3001);
    arena_fini(&a);
}

static void test_limit_and_versions(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    struct events_version *v;
    size_t n;
    for (int i = 0; i < 10; i++) {
        char id[32];
        snprintf(id, sizeof id, "l%d", i);
        track(f, id, "");
    }
    const struct events_load_options o = {.limit = 4};
    must(f, events_load(f->events, &f->mesh, &o, &f->report, &f->es, &f->e));
    assert_int_equal(f->report.loaded, 4);
    assert_true(f->report.more);
    fixture_load(f);
    assert_int_equal(f->report.loaded, 6);
    assert_false(f->report.more);
    arena_init(&a);
    must(f, events_versions(f->conn, &a, &v, &n, &f->e));
    assert_int_equal(n, 7);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(v[i].stream, STR("web.site__track"))) {
            assert_int_equal(v[i].version, 2);
            assert_int_equal(v[i].rows, 10);
        } else {
            assert_int_equal(v[i].version, 0);
        }
    }
    arena_fini(&a);
}

/* What pages and products see of a stream of events: its state, and a view that can be asked as of a moment. */
static void test_stream(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream st = {.source = &f->source, .name = STR("track"), .ref = STR("web.site__track")};
    struct ingest_stream_state seen;
    struct buf sql = BUF_INIT(1 << 20), all = BUF_INIT(1 << 20);
    struct arena a;
    arena_init(&a);
    must(f, ingest_stream_state(f->conn, &st, &a, &seen, &f->e));
    assert_true(str_eq(seen.state, STR("never_loaded")));
    track(f, "a", "");
    fixture_load(f);
    clock_set_us(FIXTURE_NOW + 10000000);
    track(f, "b", "");
    fixture_send(f, SPOOL_TRACK, "{\"messageId\":\"bad\",\"userId\":\"u\"}");
    fixture_load(f);
    must(f, ingest_stream_state(f->conn, &st, &a, &seen, &f->e));
    assert_int_equal(seen.rows, 2);
    assert_int_equal(seen.rows_quarantined, 1);
    assert_int_equal(seen.last_loaded_us, FIXTURE_NOW + 10000000);
    assert_true(str_eq(seen.state, STR("quarantine")) && str_eq(seen.reasons[0].reason, STR("no_event")));
    assert_true(str_eq(seen.data_from, STR("2026-01-05")));
    for (int then = 0; then < 2; then++) {
        buf_reset(&sql);
        buf_reset(&all);
        must(f, ingest_stream_view_sql(f->conn, &st, then ? FIXTURE_NOW + 5000000 : 0, &sql, &f->e));
        buf_printf(&all, "SELECT count(*) || coalesce(max(_source_currency), '') || count(_learned_from) FROM (%s)", buf_z(&sql));
        ask(f, buf_z(&all), then ? "11" : "22");
    }
    buf_fini(&sql);
    buf_fini(&all);
    arena_fini(&a);
}

/* A transaction that fails leaves nothing, and the next load brings it all. */
static void test_failed_commit(void **state)
{
    struct fixture *f = *state;
    track(f, "a", "");
    must(f, engine_exec(f->conn, STR("ALTER TABLE mesh.raw.\"web.site__track\" RENAME TO moved"), &f->e));
    assert_false(events_load(f->events, &f->mesh, NULL, &f->report, &f->es, &f->e));
    assert_int_equal(f->report.events, 0);
    must(f, engine_exec(f->conn, STR("ALTER TABLE mesh.raw.moved RENAME TO \"web.site__track\""), &f->e));
    fixture_load(f);
    assert_int_equal(f->report.loaded, 1);
    assert_int_equal(f->report.duplicates, 0);
    ask(f, ids, "a");
    ask(f, "SELECT version || '/' || rows FROM mesh.sys.event_stream WHERE stream = 'web.site__track'", "1/1");
}

/* A spool that somebody deleted begins behind what the ledger has passed, or what comes next would never be read. */
static void test_emptied_spool(void **state)
{
    struct fixture *f = *state;
    struct spool_position told;
    track(f, "before", "");
    fixture_load(f);
    assert_int_equal(f->report.loaded, 1);
    for (int round = 0; round < 2; round++) {
        spool_writer_close(f->spool);
        f->spool = NULL;
        fixture_close(f);
        must(f, fs_remove_tree(f->spool_dir, &f->e));
        if (round == 1) { /* what it says of itself is damaged, too */
            char path[128];
            snprintf(path, sizeof path, "%s/loaded", f->spool_dir);
            must(f, fs_mkdirs(f->spool_dir, 0700, &f->e) && fs_write_atomic(path, STR("nonsense"), 0600, &f->e));
        }
        fixture_open(f);
        must(f, spool_loaded_get(f->spool_dir, &told, &f->e));
        assert_true(told.segment >= (uint64_t)round + 1);
        fixture_spool(f);
        track(f, round ? "after-2" : "after-1", "");
        fixture_load(f);
        assert_int_equal(f->report.loaded, 1);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_one_of_each),      CASE(test_moments_before_all), CASE(test_duplicates), CASE(test_same_id_of_fingerprints), CASE(test_no_id),
        cmocka_unit_test(test_seen), CASE(test_quarantine), CASE(test_unknown_source),          CASE(test_own_columns),
        CASE(test_plan_columns),     CASE(test_tail),       CASE(test_limit_and_versions),      CASE(test_failed_commit),
        CASE(test_emptied_spool),    CASE(test_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
