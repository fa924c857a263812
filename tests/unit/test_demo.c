/* The demo's world: the same seed gives the same world, levels add up where they should, exports hold what they tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "cli/demo/events.h"
#include "cli/demo/landed.h"
#include "cli/demo/meaning.h"
#include "cli/demo/orders.h"
#include "cli/demo/people.h"
#include "cli/demo/records.h"
#include "cli/demo/world.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "mesh/mesh_write.h"
#include "spool/spool.h"

enum { DAYS = 40 };

static int32_t last_day(void)
{
    int32_t day = 0;
    assert_true(clock_parse_date(STR("2026-05-31"), &day));
    return day;
}

static void same_seed_same_world(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w, same, other;
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    demo_world_make(&a, 7, last_day(), DAYS, 0, &same);
    demo_world_make(&a, 8, last_day(), DAYS, 0, &other);
    size_t differing = 0;
    assert_int_equal(w.n_nodes, same.n_nodes);
    for (size_t i = 0; i < w.n_nodes; i++) {
        assert_memory_equal(w.nodes[i]->days, same.nodes[i]->days, DAYS * sizeof(struct demo_facts));
        differing += memcmp(w.nodes[i]->days, other.nodes[i]->days, DAYS * sizeof(struct demo_facts)) != 0;
    }
    assert_true(differing > w.n_nodes / 2);
    arena_fini(&a);
}

static int64_t spend_below(const struct demo_world *w, const struct demo_node *parent, size_t day, size_t *children)
{
    int64_t sum = 0;
    for (size_t i = 0; i < w->n_nodes; i++) {
        if (w->nodes[i]->parent == parent) {
            sum += w->nodes[i]->days[day].spend_micros;
            (*children)++;
        }
    }
    return sum;
}

/* Every parent is the sum of its children, but for the one campaign that has no ads. */
static void levels_add_up(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w;
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    size_t without_ads = 0;
    for (size_t i = 0; i < w.n_nodes; i++) {
        const struct demo_node *n = w.nodes[i];
        for (size_t day = 0; day < DAYS && n->level != LEVEL_AD; day++) {
            size_t children = 0;
            int64_t sum = spend_below(&w, n, day, &children);
            without_ads += children == 0 && n->days[day].spend_micros > 0;
            if (children > 0) {
                assert_int_equal(sum, n->days[day].spend_micros);
            }
        }
    }
    assert_int_equal(without_ads, DAYS); /* Performance Max, every day */
    arena_fini(&a);
}

static void restated_days_differ_and_only_they(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w, later;
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    demo_world_make(&a, 7, last_day(), DAYS, last_day() - 6, &later);
    const struct demo_facts *before = w.nodes[0]->days, *after = later.nodes[0]->days;
    assert_memory_equal(before, after, (DAYS - 7) * sizeof *before);
    for (size_t i = DAYS - 7; i < DAYS; i++) {
        assert_true(after[i].conversions_milli > before[i].conversions_milli);
        assert_true(after[i].spend_micros < before[i].spend_micros);
    }
    arena_fini(&a);
}

static size_t lines_of(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += s.p[i] == '\n';
    }
    return n;
}

/* Splitting a day by device or hour loses nothing: the micros of Google's account table sum to the account's. */
static void tables_hold_the_figures(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w;
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    struct landed_range all = {w.first_day, w.last_day, STR("2026-06-01 05:40:12.000")};
    for (size_t t = 0; t < LANDED_TABLES_N; t++) {
        struct buf b = BUF_INIT(64u << 20);
        landed_write(&LANDED_TABLES[t], &w, &all, &b);
        assert_true(buf_ok(&b, NULL));
        assert_true(lines_of(buf_str(&b)) > 1);
        if (strcmp(LANDED_TABLES[t].file, "google_ads_account_stats_data") == 0) {
            int64_t micros = 0, expected = 0, value;
            struct str rest = buf_str(&b), line;
            (void)str_cut(rest, '\n', &rest);
            while (line = str_cut(rest, '\n', &rest), line.n > 0) {
                for (int field = 0; field < 8; field++) {
                    (void)str_cut(line, ',', &line);
                }
                struct str ignored;
                assert_true(str_to_i64(str_cut(line, ',', &ignored), &value));
                micros += value;
            }
            for (size_t i = 0; i < DAYS; i++) {
                expected += w.nodes[0]->days[i].spend_micros;
            }
            assert_int_equal(micros, expected);
        }
        buf_fini(&b);
    }
    arena_fini(&a);
}

/* ---- CRM, mail program and shop ---- */

static const char *const RECORDS[] = {
    "company", "contact", "contact_merge_audit", "owner", "deal", "deal_company", "deal_contact", "deal_pipeline", "deal_pipeline_stage",
    "ticket", "ticket_contact", "ticket_pipeline", "ticket_pipeline_stage", "person", "campaign", "event", "flow", "metric",
    "shopify_order_data", "shopify_order_line_data", "shopify_order_shipping_line_data", "shopify_refund_data", "shopify_order_line_refund_data",
    "shopify_transaction_data", "shopify_customer_data", "shopify_product_data", "shopify_product_variant_data", "shopify_shop_data"};
enum { RECORDS_N = sizeof RECORDS / sizeof *RECORDS, YEAR = 365 };

static void records_write(const char *dir, const struct demo_world *w, int32_t known)
{
    struct err e = {0};
    assert_true(demo_crm_write(dir, w, known, false, &e));
    assert_true(demo_mail_write(dir, w, known, &e));
    assert_true(demo_shop_write(dir, "", w, INT32_MIN, known, false, &e));
}

static struct str record(struct arena *a, const char *dir, const char *name)
{
    struct str text;
    struct err e = {0};
    if (!fs_read(a, arena_printf(a, "%s/%s.csv", dir, name).p, 64u << 20, &text, &e)) {
        fail_msg("%s: %s", name, e.text);
    }
    return text;
}

static struct str cell(struct str line, int column)
{
    while (column-- > 0) {
        (void)str_cut(line, ',', &line);
    }
    struct str rest;
    return str_cut(line, ',', &rest);
}

static int64_t cents_of(struct str amount)
{
    struct str fraction, whole = str_cut(amount, '.', &fraction);
    int64_t units = 0, cents = 0;
    assert_true(str_to_i64(whole, &units) && fraction.n == 2 && str_to_i64(fraction, &cents));
    return units * 100 + cents;
}

static void same_seed_same_records(void **state)
{
    (void)state;
    struct arena a;
    struct demo_world w;
    struct err e = {0};
    char one[] = "/tmp/trellis-demo-XXXXXX", two[] = "/tmp/trellis-demo-XXXXXX";
    arena_init(&a);
    demo_world_make(&a, 7, last_day(), YEAR, 0, &w);
    assert_true(mkdtemp(one) && mkdtemp(two));
    records_write(one, &w, w.last_day);
    records_write(two, &w, w.last_day);
    for (size_t i = 0; i < RECORDS_N; i++) {
        struct str x = record(&a, one, RECORDS[i]), y = record(&a, two, RECORDS[i]);
        assert_true(str_eq(x, y));
        assert_true(lines_of(x) > 1);
    }
    assert_true(fs_remove_tree(one, &e) && fs_remove_tree(two, &e));
    arena_fini(&a);
}

/* Addresses end in example.org, numbers lie in the range that belongs to nobody, and every row has as many cells as the header. */
static void records_name_nobody(void **state)
{
    (void)state;
    struct arena a;
    struct demo_world w;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    size_t addresses = 0, numbers = 0;
    arena_init(&a);
    demo_world_make(&a, 7, last_day(), YEAR, 0, &w);
    assert_non_null(mkdtemp(dir));
    records_write(dir, &w, w.last_day);
    for (size_t i = 0; i < RECORDS_N; i++) {
        struct str rest = record(&a, dir, RECORDS[i]), line;
        size_t commas = SIZE_MAX;
        while (line = str_cut(rest, '\n', &rest), line.n > 0) {
            size_t n = 0;
            for (size_t k = 0; k < line.n; k++) {
                n += line.p[k] == ',';
            }
            assert_true(commas == SIZE_MAX || n == commas);
            commas = n;
            for (size_t at = 0; (at = str_find(line, STR("@"), at)) != SIZE_MAX; at++, addresses++) {
                struct str after, domain = str_cut((struct str){line.p + at, line.n - at}, ',', &after);
                assert_true(str_ends(domain, STR("example.org")));
            }
            for (size_t at = 0; (at = str_find(line, STR(",+"), at)) != SIZE_MAX; at++, numbers++) {
                assert_true(str_find((struct str){line.p + at, 20}, STR(" 555 01"), 0) != SIZE_MAX);
            }
        }
    }
    assert_true(addresses > 1000 && numbers > 1000);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* The shop's export tells the same orders as the till: number, amount, and lines that add up to it. */
static void shop_tells_the_orders(void **state)
{
    (void)state;
    struct arena a;
    struct demo_world w;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    arena_init(&a);
    demo_world_make(&a, 7, last_day(), YEAR, 0, &w);
    assert_non_null(mkdtemp(dir));
    records_write(dir, &w, w.last_day);
    struct str orders = record(&a, dir, "shopify_order_data"), lines = record(&a, dir, "shopify_order_line_data"), line;
    (void)str_cut(orders, '\n', &orders);
    (void)str_cut(lines, '\n', &lines);
    int64_t number = 100000, told;
    for (int32_t day = w.first_day; day <= w.last_day; day++) {
        for (int i = 0; i < demo_orders_on(&w, day); i++, number++) {
            struct demo_order o = demo_order(&w, day, i);
            line = str_cut(orders, '\n', &orders);
            assert_true(str_to_i64(cell(line, 12), &told) && told == number);
            assert_int_equal(cents_of(cell(line, 4)), o.cents);
            int64_t sum = 0;
            for (int k = 0; k < o.items; k++) {
                struct str item = str_cut(lines, '\n', &lines);
                assert_true(str_eq(cell(item, 0), cell(line, 0)));
                assert_true(cents_of(cell(item, 7)) > 0);
                sum += cents_of(cell(item, 7));
            }
            assert_int_equal(sum, o.cents);
        }
    }
    assert_true(orders.n == 0 && lines.n == 0);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* A later export holds what changed since the first, and an order that came back in between is told again. */
static void shop_tells_changes(void **state)
{
    (void)state;
    struct arena a;
    struct demo_world w;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    arena_init(&a);
    demo_world_make(&a, 7, last_day(), YEAR, 0, &w);
    assert_non_null(mkdtemp(dir));
    assert_true(demo_shop_write(dir, "later_", &w, w.last_day - 3, w.last_day, true, &e));
    size_t fresh = 0, again = 0;
    struct str rest = record(&a, dir, "later_shopify_order_data"), line, since = str_of(clock_date(w.last_day - 3).z);
    (void)str_cut(rest, '\n', &rest);
    while (line = str_cut(rest, '\n', &rest), line.n > 0) {
        struct str made = cell(line, 7), changed = cell(line, 8), state_told = cell(line, 13);
        assert_true(memcmp(changed.p, since.p, 10) > 0);
        if (memcmp(made.p, since.p, 10) > 0) {
            fresh++;
        } else {
            assert_true(str_ends(state_told, STR("refunded")));
            again++;
        }
    }
    assert_true(fresh > 50 && again > 0);
    assert_int_equal(lines_of(record(&a, dir, "later_shopify_refund_data")), again + 1);
    assert_true(str_find(record(&a, dir, "later_shopify_order_line_data"), STR(",two bags,"), 0) != SIZE_MAX);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* What the goal starts from is what the export holds. */
static void mail_sums_are_its_events(void **state)
{
    (void)state;
    struct arena a;
    struct demo_world w;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    arena_init(&a);
    demo_world_make(&a, 7, last_day(), YEAR, 0, &w);
    assert_non_null(mkdtemp(dir));
    records_write(dir, &w, w.last_day);
    struct demo_mail sums = demo_mail_sums(&w, w.first_day + 70, w.first_day + 97), told = {0};
    struct clock_text from = clock_date(w.first_day + 70), to = clock_date(w.first_day + 97);
    struct str rest = record(&a, dir, "event"), line;
    while (line = str_cut(rest, '\n', &rest), line.n > 0) {
        struct str at = cell(line, 4), type = cell(line, 8);
        if (at.n > 10 && memcmp(at.p, from.z, 10) >= 0 && memcmp(at.p, to.z, 10) <= 0) {
            told.delivered += str_eq(type, STR("Received Email"));
            told.opened += str_eq(type, STR("Opened Email"));
        }
    }
    assert_true(sums.delivered > 500 && sums.opened > 100 && sums.opened < sums.delivered);
    assert_int_equal(told.delivered, sums.delivered);
    assert_int_equal(told.opened, sums.opened);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* ---- Visits ---- */

struct told {
    size_t events, orders, refused, late, identify, group, consent, letters, ads;
    int64_t cents;
};

static const struct demo_node *campaign_of(const struct demo_node *n)
{
    while (n->level != LEVEL_CAMPAIGN) {
        n = n->parent;
    }
    return n;
}

/* What an order's event says must be what the shop's export says. */
static void order_is_the_shops(const struct demo_world *w, const struct demo_visit *v, yyjson_val *properties, struct told *t)
{
    struct demo_order o = demo_order(w, v->order_day, v->order_place);
    if (!yyjson_obj_get(properties, "order_id")) {
        assert_int_equal(v->fault, FAULT_NO_ORDER_ID);
        t->refused++;
        return;
    }
    int64_t id;
    assert_true(str_to_i64(json_str(properties, "order_id"), &id));
    assert_int_equal(id, DEMO_ORDER_ID + v->order_number);
    assert_int_equal(o.customer, v->customer);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(properties, "products")), o.items);
    int64_t total = (int64_t)(yyjson_get_num(yyjson_obj_get(properties, "total")) * 100.0 + 0.5);
    assert_int_equal(total, o.cents + demo_shipping(&o));
    t->orders++;
    t->cents += o.cents;
}

static void visit_check(const struct demo_world *w, const struct demo_visit *v, struct buf *text, struct told *t)
{
    buf_reset(text);
    int n = demo_visit_write(text, w, v, -1, 0);
    struct err e = {0};
    yyjson_doc *doc = json_parse(buf_str(text), &e);
    if (!doc) {
        fail_msg("%s: %s", e.text, buf_z(text));
    }
    yyjson_val *root = yyjson_doc_get_root(doc), *batch = yyjson_obj_get(root, "batch"), *call;
    size_t i, max;
    assert_true(n > 0 && yyjson_arr_size(batch) == (size_t)n);
    t->events += (size_t)n;
    t->late += v->delay_ms > 0;
    yyjson_arr_foreach(batch, i, max, call)
    {
        struct str type = json_str(call, "type");
        yyjson_val *context = yyjson_obj_get(call, "context"), *properties = yyjson_obj_get(call, "properties");
        assert_true(json_str(call, "messageId").n == 36 && json_str(call, "timestamp").n > 0);
        assert_true((yyjson_obj_get(call, "anonymousId") == NULL) == (v->fault == FAULT_NOBODY));
        t->identify += str_eq(type, STR("identify"));
        t->group += str_eq(type, STR("group"));
        t->consent += yyjson_obj_get(context, "consent") || yyjson_obj_get(context, "consentManagement");
        if (i == 0 && v->ad) {
            char id[64];
            snprintf(id, sizeof id, "utm_id=%.*s", STR_FMT(campaign_of(v->ad)->id));
            assert_true(str_find(json_str(yyjson_obj_get(context, "page"), "url"), str_of(id), 0) != SIZE_MAX);
            t->ads++;
        }
        t->letters += i == 0 && v->entry == ENTRY_LETTER;
        if (str_eq(json_str(call, "event"), STR("Order Completed"))) {
            order_is_the_shops(w, v, properties, t);
        }
    }
    yyjson_doc_free(doc);
}

/* Every call is whole, orders and ads are those of the same world, and the year is believable. */
static void visits_are_of_this_world(void **state)
{
    (void)state;
    struct arena a;
    struct demo_world w;
    struct demo_visits visits, same;
    struct buf text = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
    struct told t = {0};
    size_t looks = 0, signed_in = 0, robots = 0, twice = 0;
    arena_init(&a);
    demo_world_make(&a, 7, last_day(), YEAR, 0, &w);
    demo_visits_make(&a, &w, &visits);
    demo_visits_make(&a, &w, &same);
    assert_int_equal(visits.n, same.n);
    for (size_t i = 0; i < visits.n; i++) {
        const struct demo_visit *v = &visits.v[i];
        assert_true(i == 0 || demo_visit_told_ms(&w, v) >= demo_visit_told_ms(&w, v - 1));
        for (int k = 0, customer; (customer = demo_forgotten(k)) >= 0; k++) {
            assert_int_not_equal(v->customer, customer);
        }
        visit_check(&w, v, &text, &t);
        if (i % 97 == 0) {
            buf_reset(&again);
            demo_visit_write(&again, &w, &same.v[i], -1, 0);
            assert_true(str_eq(buf_str(&text), buf_str(&again)));
        }
        looks += v->aim == AIM_LOOK;
        signed_in += v->known || v->signs_in;
        robots += v->device == ROBOT;
        twice += v->twice;
    }
    assert_in_range(t.events, 140000, 220000);
    assert_in_range(t.orders * 1000 / visits.n, 250, 450); /* of a thousand visits: every order is told, of strangers a sample */
    assert_true(t.refused > 2 && t.late > 20 && t.group > 20 && t.identify > t.orders / 5 && t.letters > 50);
    assert_true(t.ads > visits.n / 4 && t.consent > 1000 && signed_in > 500 && robots > 50 && twice > 50 && looks > visits.n / 4);
    buf_fini(&text);
    buf_fini(&again);
    arena_fini(&a);
}

/* The calls of a visitor who comes now are the same as those of the whole visit, one by one, dated now. */
static void visitors_of_now_come_step_by_step(void **state)
{
    (void)state;
    struct arena a;
    struct demo_world w;
    struct buf one = BUF_INIT(1 << 20);
    const int64_t now_ms = 1780315200000;
    bool known = false;
    arena_init(&a);
    demo_world_make(&a, 7, last_day(), YEAR, 0, &w);
    for (uint64_t nth = 0; nth < 200; nth++) {
        struct demo_visit v = demo_visit_now(&w, now_ms + (int64_t)nth, nth);
        known = known || v.customer >= 0;
        for (int k = 0, n = 1; k < n; k++) {
            struct err e = {0};
            buf_reset(&one);
            n = demo_visit_write(&one, &w, &v, k, now_ms);
            yyjson_doc *doc = json_parse(buf_str(&one), &e);
            assert_non_null(doc);
            yyjson_val *batch = yyjson_obj_get(yyjson_doc_get_root(doc), "batch");
            assert_int_equal(yyjson_arr_size(batch), 1);
            assert_true(str_starts(json_str(yyjson_arr_get_first(batch), "timestamp"), (struct str){clock_iso(now_ms * 1000).z, 10}) || v.skew_s);
            yyjson_doc_free(doc);
        }
    }
    assert_true(known);
    buf_fini(&one);
    arena_fini(&a);
}

/* Two lots go into the spool, each visit once and a few twice, in the order in which they were told. */
static void events_lie_in_the_spool(void **state)
{
    (void)state;
    struct arena a;
    struct demo_world w;
    struct demo_visits visits;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    arena_init(&a);
    assert_non_null(mkdtemp(dir));
    demo_world_make(&a, 7, last_day(), DAYS, 0, &w);
    demo_visits_make(&a, &w, &visits);
    int64_t middle = demo_visit_told_ms(&w, &visits.v[visits.n / 2]);
    assert_true(demo_events_write(dir, &w, &visits, INT64_MIN, middle, &e));
    assert_true(demo_events_write(dir, &w, &visits, middle, INT64_MAX, &e));
    size_t expected = visits.n, records = 0;
    for (size_t i = 0; i < visits.n; i++) {
        expected += visits.v[i].twice;
    }
    struct spool_reader *r = NULL;
    struct spool_entry entry;
    bool got = true;
    assert_true(spool_reader_open(arena_printf(&a, "%s/data/spool", dir).p, (struct spool_position){0, 0}, &r, &e));
    while (spool_next(r, &entry, &got, &e) && got) {
        assert_true(str_eq(entry.record.source, STR(DEMO_EVENT_SOURCE)) && entry.record.kind == SPOOL_BATCH);
        assert_true(str_starts(entry.record.body, STR("{\"batch\":[{")) && str_starts(entry.record.meta, STR("{\"key\":1")));
        records++;
    }
    assert_false(got);
    assert_int_equal(records, expected);
    spool_reader_close(r);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* ---- What people wrote down ---- */

static void pack_add(struct arena *a, const char *dir, const char *pack, const char *domain, bool with_path)
{
    struct mesh_add_options o = {.domain = str_of(domain), .path = with_path ? STR("exports") : STR("")};
    struct mesh_written *files;
    struct err e = {0};
    size_t n;
    if (!mesh_add(a, dir, str_of(pack), &o, &files, &n, &e)) {
        fail_msg("%s: %s", pack, e.text);
    }
}

static void demo_declare(struct arena *a, const char *dir, const struct demo_world *w)
{
    static const char *const PACKS[] = {"google_ads", "meta_ads", "linkedin_ads", "microsoft_ads", "tiktok_ads", "pinterest_ads", "amazon_ads"};
    struct mesh_init_options init = {.name = STR("marlow"), .owner_name = STR("Ana Ruiz"), .owner_contact = STR("ana.ruiz@example.org"), .reporting_currency = STR("EUR")};
    struct mesh_inferred_column columns[] = {
        {.name = STR("order_id"), .logical_type = STR("integer"), .physical_type = STR("BIGINT")}, {.name = STR("ordered_at"), .logical_type = STR("timestamp"), .physical_type = STR("TIMESTAMP")},
        {.name = STR("country"), .logical_type = STR("string"), .physical_type = STR("VARCHAR")}, {.name = STR("revenue"), .logical_type = STR("number"), .physical_type = STR("DECIMAL(18,2)")},
        {.name = STR("currency"), .logical_type = STR("string"), .physical_type = STR("VARCHAR")}, {.name = STR("new_customer"), .logical_type = STR("boolean"), .physical_type = STR("BOOLEAN")},
    };
    struct mesh_add_options orders = {.domain = STR("web"), .name = STR("shop_orders"), .path = STR("exports/shop_orders.csv")};
    struct mesh_written *files;
    struct err e = {0};
    size_t n;
    assert_true(mesh_init(a, dir, &init, &files, &n, &e));
    assert_true(demo_meaning_write(dir, w, &e));
    for (size_t i = 0; i < sizeof PACKS / sizeof *PACKS; i++) {
        pack_add(a, dir, PACKS[i], "acquisition", true);
    }
    pack_add(a, dir, "hubspot", "lifecycle", true);
    pack_add(a, dir, "klaviyo", "lifecycle", true);
    pack_add(a, dir, "shopify", "web", true);
    pack_add(a, dir, "campaign_performance", "acquisition", false);
    if (!mesh_add_files(a, dir, &orders, columns, sizeof columns / sizeof *columns, &files, &n, &e)) {
        fail_msg("%s", e.text);
    }
    struct mesh_add_options site = {.domain = STR("web"), .name = STR("site")};
    if (!mesh_add(a, dir, STR("events"), &site, &files, &n, &e)) {
        fail_msg("%s", e.text);
    }
    assert_true(demo_sla_write(dir, &e));
}

static struct mesh *demo_load(const char *dir)
{
    struct engine *engine = NULL;
    struct engine_conn *parser = NULL;
    struct engine_options eo = {.threads = 1};
    struct errs es = {0};
    struct err e = {0};
    assert_true(engine_open(&eo, &engine, &e) && engine_connect(engine, &parser, &e));
    struct mesh_load_options o = {.parser = parser};
    struct mesh *m = mesh_load(dir, &o, &es);
    for (size_t i = 0; i < es.n; i++) {
        print_message("%s:%u:%u: %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    }
    assert_int_equal(es.n, 0);
    errs_fini(&es);
    engine_disconnect(parser);
    engine_close(engine);
    return m;
}

static const struct mesh_term *term_of(const struct mesh *m, const char *domain, const char *name)
{
    for (size_t i = 0; i < m->n_terms; i++) {
        if (m->terms[i].domain && str_eq(m->terms[i].domain->name, str_of(domain)) && str_eq(m->terms[i].name, str_of(name))) {
            return &m->terms[i];
        }
    }
    return NULL;
}

/* Everything that the demo declares passes the check; baselines are what the world really did in the tenth week and the three after it. */
static void meaning_fits_the_world(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct demo_world w;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    assert_non_null(mkdtemp(dir));
    demo_world_make(&a, 7, last_day(), 365, 0, &w);
    demo_declare(&a, dir, &w);
    struct mesh *m = demo_load(dir);

    double spend = 0, value = 0;
    for (size_t i = 0; i < w.n_nodes; i++) {
        for (size_t day = 70; day < 98 && w.nodes[i]->level == LEVEL_ACCOUNT && strcmp(w.nodes[i]->platform->name, "amazon_ads") != 0; day++) {
            spend += (double)w.nodes[i]->days[day].spend_micros;
            value += (double)w.nodes[i]->days[day].value_micros;
        }
    }
    assert_non_null(m->north_star);
    assert_true(m->north_star->baseline > value / spend - 0.0001 && m->north_star->baseline < value / spend + 0.0001);
    assert_true(m->north_star->baseline_from == w.first_day + 70 && m->north_star->baseline_to == w.first_day + 97);
    assert_int_equal(m->n_goals, 5);
    assert_true(m->n_terms >= 20);
    const struct mesh_term *ads = term_of(m, "acquisition", "conversion"), *shop = term_of(m, "web", "conversion");
    assert_true(ads && shop && !str_eq(ads->owner.name, shop->owner.name));
    assert_true(m->n_dashboards >= 3); /* its own, and those that come with packs */
    assert_int_equal(m->n_targets, 2 * 7 * 4); /* two measures, seven platforms, four months */
    for (size_t i = 0; i < m->n_targets; i++) {
        assert_true(m->targets[i].amount > 0 && m->targets[i].currency.n == 3);
    }
    size_t promised = 0;
    for (size_t i = 0; i < m->n_sources; i++) {
        promised += m->sources[i]->sla.freshness_s > 0;
    }
    assert_int_equal(promised, 10);
    const struct mesh_source *site = NULL;
    for (size_t i = 0; i < m->n_sources; i++) {
        site = m->sources[i]->events ? m->sources[i] : site;
    }
    assert_non_null(site);
    assert_int_equal(site->events->n_planned, 10);
    mesh_free(m);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* In any month that the demo is made in, no two targets overlap and every date is one. */
static void meaning_holds_all_year(void **state)
{
    (void)state;
    static const char *const DAYS_MADE[] = {"2026-01-01", "2026-02-28", "2028-02-29", "2026-12-31", "2027-03-01"};
    struct arena a;
    arena_init(&a);
    struct demo_world w;
    struct err e = {0};
    char dir[] = "/tmp/trellis-demo-XXXXXX";
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof DAYS_MADE / sizeof *DAYS_MADE; i++) {
        int32_t day;
        assert_true(clock_parse_date(str_of(DAYS_MADE[i]), &day));
        demo_world_make(&a, 7, day, 365, 0, &w);
        if (i == 0) {
            demo_declare(&a, dir, &w);
        } else {
            assert_true(demo_meaning_write(dir, &w, &e));
        }
        mesh_free(demo_load(dir));
    }
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_world),
        cmocka_unit_test(levels_add_up),
        cmocka_unit_test(restated_days_differ_and_only_they),
        cmocka_unit_test(tables_hold_the_figures),
        cmocka_unit_test(same_seed_same_records),
        cmocka_unit_test(records_name_nobody),
        cmocka_unit_test(shop_tells_the_orders),
        cmocka_unit_test(shop_tells_changes),
        cmocka_unit_test(mail_sums_are_its_events),
        cmocka_unit_test(visits_are_of_this_world),
        cmocka_unit_test(visitors_of_now_come_step_by_step),
        cmocka_unit_test(events_lie_in_the_spool),
        cmocka_unit_test(meaning_fits_the_world),
        cmocka_unit_test(meaning_holds_all_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
