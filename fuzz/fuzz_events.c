/* Any bytes as the body of a record of the spool: no crash, no runaway; every event either has what its stream needs or a reason,
 * and what quarantine would keep of it can be read again. The first byte chooses the kind of the record. */
#include <stdlib.h>

#include "events/events_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keep(bool ok)
{
    if (!ok)
        abort();
}

static void check(struct event_batch *b)
{
    size_t n = b->n;
    for (size_t i = 0; i < n; i++) {
        const struct event_entry *x = b->v[i];
        keep((x->verdict == EVENT_QUARANTINED) == (x->n_why > 0));
        if (x->verdict == EVENT_PASSED)
            keep(x->ev.stream != 0 && x->ev.cells[EVENT_MESSAGE_ID].set && x->ev.cells[EVENT_OCCURRED_AT].set);
        for (int c = 0; c < EVENT_COLUMNS; c++)
            keep(!x->ev.cells[c].set || event_columns[c].type != 'T' || x->ev.cells[c].s.n > 0);
        if (x->statement_of || x->verdict != EVENT_QUARANTINED)
            continue;
        struct str payload = event_payload(b, x), meta = event_meta(b, x);
        keep(!payload.n || str_utf8_valid(payload));
        keep(meta.n > 0 && event_batch_parse(b, meta) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mesh_mapped fields[] = {
        {{"userId", 6}, {"$.a.b", 5}, {0}}, {{"properties.x", 12}, {"$.l[0]", 6}, {0}}, {{"properties", 10}, {"$", 1}, {0}}};
    static struct mesh_webhook webhook = {
        .type = {"track", 5}, .event = {"$.e", 3}, .items = {"$.data[*]", 9}, .fields = fields, .n_fields = 3};
    static struct mesh_events rules = {.dedup_window_s = 86400,
                                       .event_bytes = 32768,
                                       .batch_events = 50,
                                       .batch_bytes = 512000,
                                       .late_after_s = 3600,
                                       .future_s = 300};
    static struct mesh_domain domain = {.name = {"web", 3}};
    static struct mesh_source source = {.domain = &domain, .name = {"site", 4}, .events = &rules};
    static struct mesh_identifier_kind kinds[] = {{.name = {"user_id", 7}, .normalise = {"none", 4}},
                                                  {.name = {"email", 5}, .normalise = {"email", 5}},
                                                  {.name = {"phone", 5}, .normalise = {"phone", 5}, .per_s = 60}};
    static struct mesh mesh = {.identity = {.kinds = kinds, .n_kinds = 3}};
    static const char *const metas[] = {"{}", "{\"key\":1,\"ip\":\"1.2.3.4\",\"ua\":\"Mozilla/5.0\",\"origin\":\"https://"
                                              "a.b\",\"gpc\":true,\"api\":\"snippet\",\"direct\":true}"};
    struct event_batch b;
    struct event_tcf t;
    int64_t v;
    if (size < 1 || size > (256 << 10))
        return 0;
    struct str body = {(const char *)data + 1, size - 1};
    rules.webhook = &webhook;
    struct spool_record r = {.received_us = INT64_C(1767607325000000),
                             .kind = (enum spool_kind)(data[0] % SPOOL_MPARTICLE + 1),
                             .source = {"web.site", 8},
                             .meta = str_of(metas[data[0] >> 7]),
                             .body = body};
    event_batch_init(&b, &mesh);
    if (str_utf8_valid(body)) /* a record's promise */
        event_split(&b, &source, &r, (struct spool_position){1, 4096});
    check(&b);
    event_batch_clear(&b);
    event_split_again(&b, &source, body, r.meta, r.received_us, (struct str){"1:2:3", 5}, 1);
    check(&b);
    event_batch_fini(&b);
    (void)event_tcf_parse(body, &t);
    (void)event_moment(body, &v);
    (void)event_millionths(body, &v);
    return 0;
}
