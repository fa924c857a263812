/* What every form of body becomes, cell by cell, without a database: Segment's calls and clock rule, RudderStack, GA4, mParticle,
 * webhooks, consent in all its forms, what is refused and why. */
#include "events_fixture.h"

struct split {
    struct fixture f;
    struct event_batch b;
};

static int setup(void **state)
{
    struct split *s = calloc(1, sizeof *s);
    if (!s)
        return 1;
    fixture_mesh(&s->f);
    event_batch_init(&s->b, &s->f.mesh);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct split *s = *state;
    event_batch_fini(&s->b);
    free(s);
    return 0;
}

static void split_meta(struct split *s, enum spool_kind kind, const char *meta, const char *body)
{
    struct spool_record r = {
        .received_us = FIXTURE_NOW, .kind = kind, .source = STR("web.site"), .meta = str_of(meta), .body = str_of(body)};
    event_batch_clear(&s->b);
    event_split(&s->b, &s->f.source, &r, (struct spool_position){3, 4096});
}

static void split(struct split *s, enum spool_kind kind, const char *body)
{
    split_meta(s, kind, "{}", body);
}

/* Cells by name, "column=value" parted by blanks; a missing one is "column=". Statements count like events. */
static void is(const struct split *s, size_t i, const char *expected)
{
    struct buf got = BUF_INIT(1 << 20);
    struct str rest = str_of(expected);
    if (i >= s->b.n)
        fail_msg("only %zu entries, wanted number %zu: %s", s->b.n, i, expected);
    const struct event_entry *x = s->b.v[i];
    while (rest.p) {
        struct str pair = str_cut(rest, ' ', &rest), name = str_cut(pair, '=', &pair);
        size_t c = 0;
        while (c < EVENT_COLUMNS && !str_eq(name, str_of(event_columns[c].name)))
            c++;
        buf_printf(&got, "%s%.*s=", got.n ? " " : "", STR_FMT(name));
        if (str_eq(name, STR("stream"))) {
            for (size_t k = 0; k < EVENT_STREAMS; k++)
                if (event_streams[k].bit == x->ev.stream)
                    buf_addz(&got, event_streams[k].name);
        } else if (str_eq(name, STR("refused"))) {
            for (size_t k = 0; k < x->n_why; k++)
                buf_printf(&got, "%s%s:%.*s", k ? "," : "", x->why[k].reason, STR_FMT(x->why[k].field));
        } else if (c == EVENT_COLUMNS) {
            fail_msg("no column %.*s", STR_FMT(name));
        } else if (x->ev.cells[c].set) {
            const struct event_cell *cell = &x->ev.cells[c];
            char type = event_columns[c].type;
            struct clock_text t = clock_iso(type == 'M' ? cell->i : 0);
            if (type == 'T')
                buf_add(&got, cell->s);
            else if (type == 'M')
                buf_printf(&got, "%.19s", t.z);
            else
                buf_printf(&got, "%lld", (long long)cell->i);
        }
    }
    if (!str_eq(buf_str(&got), str_of(expected)))
        fail_msg("entry %zu\n  gave     %.*s\n  expected %s", i, STR_FMT(buf_str(&got)), expected);
    buf_fini(&got);
}

static void test_calls(void **state)
{
    static const struct {
        enum spool_kind kind;
        const char *body, *expected;
    } cases[] = {
        {SPOOL_TRACK,
         "{\"userId\":\"u\",\"messageId\":\"m\",\"event\":\"E\",\"properties\":{\"revenue\":\"12.345\",\"value\":3,\"currency\":"
         "\"usd\"}}",
         "stream=track user_id=u message_id=m event=E revenue_amount=12345000 value_amount=3000000 currency=USD "
         "clock=no_timestamp "
         "occurred_at=2026-01-05T10:02:05 refused="},
        {SPOOL_TRACK, "{\"userId\":12345678901234567890123,\"event\":7}",
         "user_id=12345678901234567890123 event=7 message_id=auto-647a126b58140-3:4096:0 refused="},
        {SPOOL_PAGE,
         "{\"anonymousId\":\"a\",\"name\":\"N\",\"category\":\"C\",\"context\":{\"page\":{\"url\":\"https://x.y/"
         "p?utm_source=a\",\"path\":\"/p\","
         "\"title\":\"T\",\"referrer\":\"https://r.z/\"}}}",
         "stream=page name=N category=C page_url=https://x.y/p?utm_source=a page_path=/p page_title=T referrer_url=https://r.z/ "
         "refused="},
        {SPOOL_SCREEN, "{\"anonymousId\":\"a\",\"properties\":{\"name\":\"S\"}}", "stream=screen name=S refused="},
        {SPOOL_IDENTIFY, "{\"userId\":\"u\",\"traits\":{\"email\":\"A@b.c\",\"phone\":\"+1\"}}",
         "stream=identify email=A@b.c phone=+1 traits={\"email\":\"A@b.c\",\"phone\":\"+1\"} refused="},
        {SPOOL_IDENTIFY, "{\"userId\":\"u\",\"traits\":{\"a\":1},\"context\":{\"traits\":{\"a\":2,\"b\":3}}}",
         "traits={\"a\":1,\"b\":3}"},
        {SPOOL_GROUP, "{\"userId\":\"u\",\"groupId\":\"g\",\"traits\":{\"email\":\"firm@b.c\"}}",
         "stream=group group_id=g email= refused="},
        {SPOOL_ALIAS, "{\"userId\":\"u\",\"previousId\":\"p\"}", "stream=alias user_id=u previous_id=p refused="},
        {SPOOL_MERGE, "{\"mergeProperties\":[{\"type\":\"email\",\"value\":\"a@b\"},{\"type\":\"mobile\",\"value\":\"7\"}]}",
         "stream=alias email=a@b external_ids=[{\"type\":\"email\",\"value\":\"a@b\"},{\"type\":\"mobile\",\"value\":\"7\"}] "
         "refused="},
        {SPOOL_TRACK,
         "{\"event\":\"E\",\"context\":{\"device\":{\"id\":\"d\",\"advertisingId\":\"ad\",\"adTrackingEnabled\":false},\"app\":{"
         "\"name\":\"A\","
         "\"version\":\"2\"},\"os\":{\"name\":\"iOS\"},\"locale\":\"de\",\"timezone\":\"Europe/"
         "Berlin\",\"sessionId\":17,\"groupId\":\"g\"}}",
         "device_id=d advertising_id= app_name=A app_version=2 operating_system=iOS locale=de time_zone=Europe/Berlin "
         "client_session_id=17 group_id=g refused="},
        {SPOOL_TRACK, "{\"userId\":\"u\",\"event\":\"E\",\"context\":{\"ip\":\"203.0.113.77\"}}",
         "ip=203.0.113.0 context={\"ip\":\"203.0.113.0\"}"},
        {SPOOL_TRACK, "{\"userId\":\"u\",\"event\":\"E\",\"context\":{\"ip\":\"2001:db8:1:2::3\"}}", "ip=2001:db8:1::"},
        {SPOOL_TRACK, "{\"userId\":\"u\",\"event\":\"E\",\"context\":{\"library\":{\"name\":\"RudderLabs JavaScript SDK\"}}}",
         "api=rudderstack"},
        {SPOOL_TRACK, "{\"anonymousId\":\"a\",\"type\":\"identify\",\"event\":\"E\"}", "stream=track event=E refused="},
    };
    struct split *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        split(s, cases[i].kind, cases[i].body);
        is(s, 0, cases[i].expected);
    }
}

static void test_clock(void **state)
{
    static const struct {
        const char *times, *expected;
    } cases[] = {
        {"\"timestamp\":\"2026-01-05T10:00:00.000Z\",\"sentAt\":\"2026-01-05T10:00:05.000Z\"",
         "occurred_at=2026-01-05T10:02:00 clock= is_late=0"},
        {"\"timestamp\":\"2026-01-05T10:00:00Z\"", "occurred_at=2026-01-05T10:00:00 clock= is_late=0 sent_at="},
        {"\"originalTimestamp\":\"2026-01-05T10:00:00Z\"", "occurred_at=2026-01-05T10:00:00 clock="},
        {"\"timestamp\":\"2026-01-05T12:00:00+02:00\"", "occurred_at=2026-01-05T10:00:00"},
        {"\"timestamp\":1767607200000", "occurred_at=2026-01-05T10:00:00"},
        {"\"timestamp\":1767607200", "occurred_at=2026-01-05T10:00:00"},
        {"\"timestamp\":1767607200.5", "occurred_at=2026-01-05T10:00:00"},
        {"\"timestamp\":\"2030-01-05T10:00:00Z\"",
         "occurred_at=2026-01-05T10:02:05 clock=future original_timestamp=2030-01-05T10:00:00"},
        {"\"timestamp\":\"2030-01-05T10:00:00Z\",\"sentAt\":\"2030-01-05T10:00:05Z\"", "occurred_at=2026-01-05T10:02:00 clock="},
        {"\"timestamp\":\"yesterday\"", "occurred_at=2026-01-05T10:02:05 clock=bad_timestamp original_timestamp="},
        {"\"timestamp\":\"2026-02-30T10:00:00Z\"", "clock=bad_timestamp"},
        {"\"timestamp\":null", "clock=no_timestamp"},
        {"\"timestamp\":\"2026-01-03T10:00:00Z\"", "occurred_at=2026-01-03T10:00:00 is_late=1"},
        {"\"timestamp\":\"2026-01-05T10:00:00Z\",\"sentAt\":\"not a time\"", "occurred_at=2026-01-05T10:00:00 sent_at="},
    };
    struct split *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT(65536);
        buf_printf(&b, "{\"userId\":\"u\",\"event\":\"E\",%s}", cases[i].times);
        split(s, SPOOL_TRACK, buf_z(&b));
        is(s, 0, cases[i].expected);
        buf_fini(&b);
    }
}

static void test_refused(void **state)
{
    static const struct {
        enum spool_kind kind;
        const char *body, *expected;
    } cases[] = {
        {SPOOL_TRACK, "{\"event\":\"E\"}", "refused=no_identifier:"},
        {SPOOL_TRACK, "{\"userId\":\"\",\"anonymousId\":null,\"event\":\"E\"}", "refused=no_identifier:"},
        {SPOOL_TRACK, "{\"userId\":{\"a\":1},\"event\":\"E\"}", "refused=bad_value:userId,no_identifier:"},
        {SPOOL_TRACK, "{\"userId\":true,\"anonymousId\":\"a\",\"event\":\"E\"}", "refused=bad_value:userId anonymous_id=a"},
        {SPOOL_TRACK, "{\"userId\":\"u\"}", "refused=no_event:event"},
        {SPOOL_TRACK, "{\"userId\":\"u\",\"event\":[]}", "refused=bad_value:event,no_event:event"},
        {SPOOL_TRACK, "{\"userId\":\"u\",\"event\":\"E\",\"properties\":[1]}", "refused=bad_value:properties"},
        {SPOOL_TRACK, "{\"userId\":\"u\",\"event\":\"E\",\"context\":\"x\"}", "refused=bad_value:context"},
        {SPOOL_GROUP, "{\"userId\":\"u\"}", "refused=no_group:groupId"},
        {SPOOL_ALIAS, "{\"userId\":\"u\"}", "refused=no_previous:previousId"},
        {SPOOL_ALIAS, "{\"previousId\":\"u\"}", "refused=no_identifier:userId"},
        {SPOOL_MERGE, "{\"mergeProperties\":[{\"type\":\"email\",\"value\":\"a@b\"}]}", "refused=bad_value:mergeProperties"},
        {SPOOL_BATCH, "{\"batch\":[{\"type\":\"buy\",\"userId\":\"u\"}]}", "stream= refused=unknown_type:type"},
        {SPOOL_BATCH, "{\"batch\":[{\"userId\":\"u\"}]}", "refused=unknown_type:type"},
        {SPOOL_BATCH, "{\"batch\":[17]}", "refused=bad_value:"},
        {SPOOL_BATCH, "{\"batch\":{}}", "refused=bad_value:batch"},
        {SPOOL_TRACK, "[]", "refused=bad_value:"},
        {SPOOL_TRACK, "{\"userId\":", "refused=bad_value:"},
        {SPOOL_GA4, "{\"client_id\":\"c\"}", "refused=bad_value:events"},
        {SPOOL_MPARTICLE, "{\"mpid\":1}", "refused=bad_value:events"},
        {SPOOL_WEBHOOK, "{}", "refused=bad_mapping:"},
        {SPOOL_CONSENT, "{\"userId\":\"u\"}", "refused=bad_value:purposes"},
        {SPOOL_CONSENT, "{\"purposes\":{\"a\":true}}", "refused=no_identifier:"},
    };
    struct split *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        split(s, cases[i].kind, cases[i].body);
        is(s, 0, cases[i].expected);
        assert_true(s->b.v[0]->verdict == EVENT_QUARANTINED);
        assert_true(event_payload(&s->b, s->b.v[0]).n > 0);
        assert_non_null(event_batch_parse(&s->b, event_payload(&s->b, s->b.v[0])));
        assert_non_null(event_batch_parse(&s->b, event_meta(&s->b, s->b.v[0])));
    }
}

static void test_limits(void **state)
{
    struct split *s = *state;
    struct buf b = BUF_INIT(16 << 20);
    buf_addz(&b, "{\"batch\":[");
    for (int i = 0; i < 4000; i++)
        buf_printf(&b, "%s{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\"}", i ? "," : "");
    buf_addz(&b, "]}");
    split(s, SPOOL_BATCH, buf_z(&b));
    assert_int_equal(s->b.events, 3501);
    is(s, 2499, "refused=");
    is(s, 2500, "refused=too_many:");
    is(s, 3500, "refused=too_many:");
    assert_true(str_eq(event_payload(&s->b, s->b.v[3500]), STR("{\"further_events\":500}")));
    for (int over = 0; over < 2; over++) {
        buf_reset(&b);
        buf_addz(&b, "{\"userId\":\"u\",\"event\":\"E\",\"properties\":{\"x\":\"");
        while (b.n < (size_t)(32768 - 3 + over))
            buf_addc(&b, 'x');
        buf_addz(&b, "\"}}");
        split(s, SPOOL_TRACK, buf_z(&b));
        is(s, 0, over ? "refused=too_large:" : "refused=");
    }
    assert_true(event_payload(&s->b, s->b.v[0]).n < 4096);
    buf_reset(&b);
    buf_addz(&b, "{\"userId\":\"u\",\"event\":\"E\",\"properties\":");
    for (int i = 0; i < 250; i++)
        buf_addz(&b, "{\"a\":");
    buf_addc(&b, '1');
    for (int i = 0; i < 251; i++)
        buf_addc(&b, '}');
    split(s, SPOOL_TRACK, buf_z(&b));
    is(s, 0, "refused=too_deep:");
    buf_reset(&b);
    buf_addz(&b, "{\"userId\":\"u\",\"event\":\"E\",\"messageId\":\"");
    for (int i = 0; i < 101; i++)
        buf_addc(&b, 'm');
    buf_addz(&b, "\"}");
    split(s, SPOOL_TRACK, buf_z(&b));
    is(s, 0, "refused=bad_value:messageId");
    buf_fini(&b);
}

static void test_batch_context(void **state)
{
    struct split *s = *state;
    split(
        s, SPOOL_BATCH,
        "{\"context\":{\"locale\":\"de\",\"app\":{\"name\":\"A\",\"version\":\"1\"}},\"integrations\":{\"All\":true,\"X\":false},"
        "\"sentAt\":\"2026-01-05T10:00:05Z\",\"batch\":[{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\",\"timestamp\":"
        "\"2026-01-05T10:00:00Z\",\"context\":{\"app\":{\"version\":\"2\"}},\"integrations\":{\"X\":true}},"
        "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\"}]}");
    is(s, 0, "locale=de app_name=A app_version=2 integrations={\"All\":true,\"X\":true} occurred_at=2026-01-05T10:02:00");
    is(s, 1, "locale=de app_version=1 integrations={\"All\":true,\"X\":false}");
    assert_true(str_eq(s->b.v[1]->origin, STR("3:4096:1")));
    /* What quarantine would keep goes the same way again, alone. */
    struct str payload = event_payload(&s->b, s->b.v[0]), meta = event_meta(&s->b, s->b.v[0]);
    struct event_batch again;
    event_batch_init(&again, &s->f.mesh);
    event_split_again(&again, &s->f.source, payload, meta, FIXTURE_NOW, STR("3:4096:0"), 5);
    assert_int_equal(again.n, 1);
    for (int c = 0; c < EVENT_COLUMNS; c++) {
        const struct event_cell *x = &again.v[0]->ev.cells[c], *y = &s->b.v[0]->ev.cells[c];
        if (x->set != y->set || x->i != y->i || !str_eq(x->s, y->s))
            fail_msg("%s differs: %.*s, was %.*s", event_columns[c].name, STR_FMT(x->s), STR_FMT(y->s));
    }
    event_batch_fini(&again);
}

static void test_request_facts(void **state)
{
    struct split *s = *state;
    static const char browser[] =
        "{\"key\":7,\"ip\":\"203.0.113.9\",\"ua\":\"Mozilla/5.0\",\"origin\":\"https://a.b\",\"gpc\":true,\"direct\":true}";
    static const char server[] = "{\"ip\":\"203.0.113.9\",\"ua\":\"node-fetch\"}";
    split_meta(s, SPOOL_TRACK, browser, "{\"anonymousId\":\"a\",\"event\":\"E\"}");
    is(s, 0, "ip=203.0.113.0 user_agent=Mozilla/5.0 write_key_id=7 gpc=1");
    is(s, 1, "stream=consent system=gpc consent_category=1 status=denied anonymous_id=a");
    split_meta(s, SPOOL_TRACK, server, "{\"anonymousId\":\"a\",\"event\":\"E\"}");
    is(s, 0, "ip= user_agent=");
    split_meta(s, SPOOL_TRACK, server, "{\"anonymousId\":\"a\",\"event\":\"E\",\"context\":{\"direct\":true}}");
    is(s, 0, "ip=203.0.113.0");
    s->f.rules.keep_ip = true;
    split_meta(s, SPOOL_TRACK, browser, "{\"anonymousId\":\"a\",\"event\":\"E\"}");
    is(s, 0, "ip=203.0.113.9");
}

static void test_ga4(void **state)
{
    struct split *s = *state;
    split(s, SPOOL_GA4,
          "{\"client_id\":\"c.1\",\"user_id\":\"u\",\"timestamp_micros\":\"1767607200123456\",\"user_properties\":{\"plan\":{"
          "\"value\":\"gold\"}},"
          "\"consent\":{\"ad_user_data\":\"GRANTED\",\"ad_personalization\":\"DENIED\"},\"events\":["
          "{\"name\":\"purchase\",\"params\":{\"transaction_id\":\"T1\",\"value\":12.5,\"currency\":\"EUR\",\"session_id\":99}},"
          "{\"name\":\"page_view\",\"params\":{\"page_location\":\"https://a.b/"
          "c\",\"page_title\":\"T\",\"page_referrer\":\"https://r/\"}},"
          "{\"name\":\"screen_view\",\"params\":{\"screen_name\":\"S\"}}]}");
    is(s, 0, "stream=identify user_id=u anonymous_id=c.1 traits={\"plan\":\"gold\"} api=ga4 occurred_at=2026-01-05T10:00:00");
    is(s, 1, "stream=consent system=google consent_category=ad_user_data status=granted");
    is(s, 2, "stream=consent consent_category=ad_personalization status=denied");
    is(s, 3,
       "stream=track event=purchase order_id=T1 revenue_amount=12500000 value_amount=12500000 currency=EUR client_session_id=99");
    is(s, 6, "stream=page name=T page_url=https://a.b/c referrer_url=https://r/");
    is(s, 9, "stream=screen name=S refused=");
}

static void test_mparticle(void **state)
{
    struct split *s = *state;
    split(
        s, SPOOL_MPARTICLE,
        "{\"mpid\":\"77\",\"user_identities\":{\"customer_id\":\"u\",\"email\":\"a@b.c\"},\"user_attributes\":{\"plan\":\"x\"},"
        "\"device_info\":{\"ios_idfv\":\"d\",\"platform\":\"iOS\"},\"application_info\":{\"application_name\":\"A\"},"
        "\"consent_state\":{\"gdpr\":{\"marketing\":{\"consented\":true}},\"ccpa\":{\"data_sale_opt_out\":{\"consented\":true}}},"
        "\"timestamp_unixtime_ms\":1767607200000,\"events\":[{\"event_type\":\"custom_event\",\"data\":{\"event_name\":\"Tap\","
        "\"custom_attributes\":{\"k\":1},\"source_message_id\":\"m1\",\"timestamp_unixtime_ms\":1767607201000}},"
        "{\"event_type\":\"commerce_event\",\"data\":{\"currency_code\":\"USD\",\"product_action\":{\"action\":\"purchase\","
        "\"transaction_id\":\"T\",\"total_amount\":9.99}}},{\"event_type\":\"screen_view\",\"data\":{\"screen_name\":\"S\"}},"
        "{\"event_type\":\"session_start\",\"data\":{}}]}");
    is(s, 0,
       "stream=identify user_id=u email=a@b.c traits={\"email\":\"a@b.c\",\"plan\":\"x\"} device_id=d app_name=A "
       "operating_system=iOS api=mparticle");
    is(s, 1, "stream=consent system=api consent_category=marketing status=granted");
    is(s, 2, "stream=consent consent_category=sale status=denied");
    is(s, 3,
       "stream=track event=Tap message_id=m1 properties={\"k\":1} occurred_at=2026-01-05T10:00:01 "
       "external_ids=[{\"type\":\"mpid\",\"id\":\"77\"}]");
    is(s, 6, "stream=track order_id=T revenue_amount=9990000 currency=USD");
    is(s, 9, "stream=screen name=S");
    is(s, 12, "stream=track event=session_start");
    /* A request that is sent again has the ids that it had. */
    split(s, SPOOL_MPARTICLE,
          "{\"source_request_id\":\"r\",\"user_identities\":{\"email\":\"a@b.c\"},\"events\":[{\"event_type\":\"custom_event\","
          "\"data\":{\"event_name\":\"Tap\"}},{\"event_type\":\"custom_event\",\"data\":{\"event_name\":\"Tap\","
          "\"source_message_id\":\"m2\"}}]}");
    is(s, 0, "stream=identify message_id=r:user0 email=a@b.c refused=");
    is(s, 1, "stream=track message_id=r:0 refused=");
    is(s, 2, "stream=track message_id=m2 refused=");
    split(s, SPOOL_MPARTICLE, "{\"user_identities\":{\"email\":\"a@b.c\"}}");
    is(s, 0, "stream=identify email=a@b.c refused=");
}

static void test_webhook(void **state)
{
    struct split *s = *state;
    struct mesh_mapped fields[] = {
        {STR("userId"), STR("$.customer.id"), {0}},   {STR("timestamp"), STR("$.at"), {0}},
        {STR("messageId"), STR("$['id']"), {0}},      {STR("properties.total"), STR("$.lines[1].amount"), {0}},
        {STR("properties.shop"), STR("$.shop"), {0}}, {STR("properties.kind"), {0}, STR("order")}};
    struct mesh_webhook w = {
        .type = STR("track"), .event = STR("$.name"), .items = STR("$.data[*]"), .fields = fields, .n_fields = 6};
    s->f.rules.webhook = &w;
    split(s, SPOOL_WEBHOOK,
          "{\"shop\":\"S\",\"data\":[{\"id\":\"h1\",\"name\":\"Paid\",\"customer\":{\"id\":5},\"at\":\"2026-01-05T10:00:00Z\","
          "\"lines\":[{},"
          "{\"amount\":3.50}]},{\"id\":\"h2\",\"name\":\"Sent\",\"customer\":{\"id\":6}}]}");
    is(s, 0,
       "stream=track event=Paid user_id=5 message_id=h1 properties={\"total\":3.50,\"shop\":\"S\",\"kind\":\"order\"} "
       "api=webhook refused=");
    is(s, 1, "event=Sent user_id=6 message_id=h2 clock=no_timestamp refused=");
    split(s, SPOOL_WEBHOOK, "{\"other\":1}");
    is(s, 0, "refused=bad_mapping:$.data[*]");
    split(s, SPOOL_WEBHOOK, "{\"data\":[{\"id\":1}]}");
    is(s, 0, "refused=bad_mapping:$.name");
    static const struct {
        const char *path, *expected;
    } paths[] = {{"$.a.b", "1"}, {"$['a']['b']", "1"}, {"$.l[1]", "3"}, {"$.l[9]", ""},  {"$.l[-1]", ""},
                 {"a", ""},      {"$.a[", ""},         {"$[", ""},      {"$.l[*].x", ""}};
    yyjson_val *root = yyjson_doc_get_root(event_batch_parse(&s->b, STR("{\"a\":{\"b\":1},\"l\":[2,3]}")));
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_true(str_eq(event_scalar(event_path(root, str_of(paths[i].path))), str_of(paths[i].expected)));
}

/* Categories and their status, in order. */
static void says(struct split *s, const char *context, const char *expected)
{
    struct buf body = BUF_INIT(1 << 20), got = BUF_INIT(1 << 20);
    buf_printf(&body, "{\"userId\":\"u\",\"event\":\"E\",\"context\":%s}", context);
    split(s, SPOOL_TRACK, buf_z(&body));
    for (size_t i = 1; i < s->b.n; i++)
        buf_printf(&got, "%s%.*s/%.*s=%.*s", i > 1 ? " " : "", STR_FMT(s->b.v[i]->ev.cells[EVENT_SYSTEM].s),
                   STR_FMT(s->b.v[i]->ev.cells[EVENT_CONSENT_CATEGORY].s), STR_FMT(s->b.v[i]->ev.cells[EVENT_STATUS].s));
    if (!str_eq(buf_str(&got), str_of(expected)))
        fail_msg("%s\n  gave     %.*s\n  expected %s", context, STR_FMT(buf_str(&got)), expected);
    buf_fini(&body);
    buf_fini(&got);
}

static void test_consent(void **state)
{
    struct split *s = *state;
    says(s, "{}", "");
    says(s, "{\"consent\":{}}", "");
    says(s, "{\"consent\":{\"categoryPreferences\":{}}}", "segment/*=denied");
    says(s, "{\"consent\":{\"categoryPreferences\":{\"A\":true,\"b\":false,\"c\":17}}}", "segment/A=granted segment/b=denied");
    says(s,
         "{\"consentManagement\":{\"provider\":\"oneTrust\",\"allowedConsentIds\":[\"C1\",{\"id\":\"C2\"}],\"deniedConsentIds\":["
         "\"C3\"]}}",
         "rudderstack/C1=granted rudderstack/C2=granted rudderstack/C3=denied");
    says(s, "{\"consent\":{\"ad_storage\":\"granted\",\"analytics_storage\":\"denied\"}}",
         "google/ad_storage=granted google/analytics_storage=denied");
    says(s, "{\"consent\":{\"google\":{\"ad_user_data\":true}}}", "google/ad_user_data=granted");
    says(s, "{\"consent\":{\"gcs\":\"G101\"}}", "google/ad_storage=denied google/analytics_storage=granted");
    says(s, "{\"consent\":{\"gcs\":\"G1--\"}}", "");
    says(s, "{\"consent\":{\"gcd\":\"11t1p1l1r5\"}}",
         "google/ad_storage=granted google/analytics_storage=denied google/ad_personalization=granted");
    says(s, "{\"consent\":{\"gpc\":true}}", "gpc/1=denied");
    says(s, "{\"consent\":{\"tcString\":\"CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA\"}}",
         "tcf/1=denied tcf/2=denied tcf/3=denied tcf/4=denied tcf/5=denied tcf/6=denied tcf/7=denied tcf/8=denied tcf/9=denied "
         "tcf/10=denied "
         "tcf/11=denied");
    says(s, "{\"consent\":{\"tcString\":\"nonsense\"}}", "");
    split(s, SPOOL_CONSENT,
          "{\"email\":\"a@b.c\",\"purposes\":{\"advertising\":false,\"email\":\"withdrawn\"},\"timestamp\":\"2026-01-05T10:00:"
          "00Z\","
          "\"policyVersion\":\"v3\",\"proof\":{\"form\":\"f\"}}");
    is(s, 0, "stream=consent refused=");
    is(s, 1,
       "system=api consent_category=advertising status=denied policy_version=v3 proof={\"form\":\"f\"} email=a@b.c "
       "occurred_at=2026-01-05T10:00:00");
    is(s, 2, "consent_category=email status=withdrawn");
}

/* A string made bit by bit: purposes 1, 2 and 7. */
static void test_tcf(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const struct {
        int bits;
        int64_t value;
    } fields[] = {{6, 2},
                  {36, 17676072000},
                  {36, 17676072010},
                  {12, 31},
                  {12, 4},
                  {6, 1},
                  {12, 4 << 6 | 13},
                  {12, 77},
                  {6, 5},
                  {1, 1},
                  {1, 0},
                  {12, 0},
                  {24, 0xC20000},
                  {24, 0},
                  {1, 0},
                  {12, 4 << 6 | 4},
                  {16, 0},
                  {1, 0}};
    char bits[512] = {0}, text[128] = {0};
    size_t n = 0;
    struct event_tcf t;
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (int k = fields[i].bits - 1; k >= 0; k--)
            bits[n++] = (char)(fields[i].value >> k & 1);
    for (size_t i = 0; i < n; i += 6) {
        int v = 0;
        for (size_t k = 0; k < 6; k++)
            v = v << 1 | (i + k < n ? bits[i + k] : 0);
        text[i / 6] = digits[v];
    }
    assert_true(event_tcf_parse(str_of(text), &t));
    assert_int_equal(t.purposes, 1 | 2 | 64);
    assert_int_equal(t.cmp_id, 31);
    assert_int_equal(t.vendor_list_version, 77);
    assert_int_equal(t.policy_version, 5);
    assert_true(t.service_specific);
    assert_int_equal(t.created_us, INT64_C(1767607200000000));
    for (size_t cut = 0; cut < 36; cut++)
        (void)event_tcf_parse((struct str){text, cut}, &t);
    assert_false(event_tcf_parse((struct str){text, 30}, &t));
    assert_false(event_tcf_parse(STR("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"), &t)); /* version 1 */
}

static int64_t evidence(struct split *s, const char *members)
{
    struct buf b = BUF_INIT(65536);
    buf_printf(&b, "{\"event\":\"E\",%s}", members);
    split(s, SPOOL_TRACK, buf_z(&b));
    buf_fini(&b);
    return s->b.v[0]->ev.cells[EVENT_EVIDENCE].set ? s->b.v[0]->ev.cells[EVENT_EVIDENCE].i : 0;
}

static void test_evidence(void **state)
{
    struct split *s = *state;
    int64_t one = evidence(s, "\"anonymousId\":\"a\",\"userId\":\"u\"");
    assert_true(one > 0);
    assert_true(one == evidence(s, "\"userId\":\"u\",\"anonymousId\":\"a\",\"timestamp\":\"2026-01-05T09:00:00Z\""));
    assert_true(one !=
                evidence(s, "\"userId\":\"u\",\"anonymousId\":\"a\",\"timestamp\":\"2025-12-05T09:00:00Z\"")); /* another week */
    assert_true(one != evidence(s, "\"userId\":\"a\",\"anonymousId\":\"u\""));
    assert_true(one != evidence(s, "\"userId\":\"u\""));
    assert_true(evidence(s, "\"userId\":\"u\"") ==
                evidence(s, "\"userId\":\"u\",\"timestamp\":\"2020-12-05T09:00:00Z\"")); /* no window */
    assert_true(evidence(s, "\"context\":{\"traits\":{\"email\":\"A@B.c\"}}") ==
                evidence(s, "\"context\":{\"traits\":{\"email\":\" a@b.C\"}}"));
    assert_true(evidence(s, "\"context\":{\"externalIds\":[{\"type\":\"zz\",\"id\":\"1\"}]}") == 0);
    assert_true(evidence(s, "\"context\":{\"externalIds\":[{\"type\":\"contact\",\"id\":\"1\"}]}") > 0);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t expected; /* INT64_MIN: none */
    } cases[] = {{"1", 1000000},
                 {"-1.5", -1500000},
                 {"0.0000005", 1},
                 {"0.0000004", 0},
                 {"1e3", 1000000000},
                 {"1.5E-3", 1500},
                 {"999999999999.999999", 999999999999999999},
                 {"9999999999999", INT64_MIN},
                 {"1e300", INT64_MIN},
                 {"1e-300", 0},
                 {"", INT64_MIN},
                 {"x", INT64_MIN},
                 {"1.2.3", INT64_MIN},
                 {"$5", INT64_MIN},
                 {"0.1234567890123456789", 123457},
                 {"-0", 0},
                 {".", INT64_MIN},
                 {"12345678901234567890", INT64_MIN},
                 {"0e99", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t got;
        if (!event_millionths(str_of(cases[i].text), &got))
            got = INT64_MIN;
        if (got != cases[i].expected)
            fail_msg("%s gave %lld", cases[i].text, (long long)got);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_calls),         CASE(test_clock),    CASE(test_refused),   CASE(test_limits),  CASE(test_batch_context),
        CASE(test_request_facts), CASE(test_ga4),      CASE(test_mparticle), CASE(test_webhook), CASE(test_consent),
        CASE(test_tcf),           CASE(test_evidence), CASE(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
