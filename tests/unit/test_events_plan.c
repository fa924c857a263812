/* The tracking plan: what a contract asks of an event and what is said of one that breaks it; typed columns; exact numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "events/plan_int.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* ---- a plan from YAML, as the mesh module reads it ---- */
static const struct {
    const char *logical, *physical;
} physicals[] = {
    {"number", "DOUBLE"}, {"integer", "BIGINT"}, {"boolean", "BOOLEAN"}, {"date", "DATE"}, {"timestamp", "TIMESTAMP"}};

static void columns_read(struct mesh_planned *p, const struct doc *d, const struct doc_node *properties, const char *within,
                         const char *section)
{
    struct mesh_contract *c = p->contract;
    for (const struct doc_node *n = doc_first(d, properties); n; n = doc_next(d, n)) {
        struct mesh_column *col = &c->columns[c->n_columns];
        struct str path, name = doc_str(d, n, "name");
        col->name = arena_printf(&arena, "%s%.*s", within, STR_FMT(name));
        col->node = n;
        col->logical_type = doc_str(d, n, "logicalType");
        col->physical_type = STR("VARCHAR");
        for (size_t i = 0; i < sizeof physicals / sizeof *physicals; i++)
            if (str_eq(col->logical_type, str_of(physicals[i].logical)))
                col->physical_type = str_of(physicals[i].physical);
        path = col->name;
        const struct doc_node *custom = doc_get(d, n, "customProperties");
        for (const struct doc_node *x = custom ? doc_first(d, custom) : NULL; x; x = doc_next(d, x))
            if (str_eq(doc_str(d, x, "property"), STR("trellisPath")))
                path = doc_str(d, x, "value");
        p->paths[c->n_columns++] = arena_printf(&arena, "%s.%.*s", section, STR_FMT(path));
        const struct doc_node *inside = doc_get(d, n, "properties");
        if (inside)
            columns_read(p, d, inside, arena_strz(&arena, arena_printf(&arena, "%.*s.", STR_FMT(col->name))), section);
    }
}

static void planned_read(struct mesh_planned *p, const char *type, const char *event, bool closed, const char *properties)
{
    struct errs es = {0};
    struct doc *d =
        doc_parse_yaml(&arena, STR("plan.odcs.yaml"), arena_printf(&arena, "name: x\nproperties:\n%s", properties), &es);
    if (!d)
        fail_msg("%s: %s", es.v[0].text, properties);
    *p = (struct mesh_planned){.event = str_of(event), .type = str_of(type), .closed = closed};
    p->contract = arena_alloc(&arena, sizeof *p->contract);
    p->contract->doc = d;
    p->contract->object = doc_root(d);
    p->contract->columns = arena_array(&arena, 64, sizeof(struct mesh_column));
    p->paths = arena_array(&arena, 64, sizeof(struct str));
    bool traits = strcmp(type, "identify") == 0 || strcmp(type, "group") == 0;
    columns_read(p, d, doc_get(d, doc_root(d), "properties"), "", traits ? "traits" : "properties");
    errs_fini(&es);
}

static const char order_plan[] =
    "  - {name: order_id, logicalType: string, required: true, logicalTypeOptions: {minLength: 3, maxLength: 6, pattern: "
    "'^[A-Z]-[0-9]+$'}}\n"
    "  - {name: total, logicalType: number, required: true, logicalTypeOptions: {minimum: 0, exclusiveMaximum: 1000, multipleOf: "
    "0.01}}\n"
    "  - {name: items, logicalType: integer, logicalTypeOptions: {format: i8, minimum: 1}}\n"
    "  - {name: gift, logicalType: boolean}\n"
    "  - {name: day, logicalType: date, logicalTypeOptions: {minimum: '2026-01-01'}}\n"
    "  - {name: at, logicalType: timestamp, logicalTypeOptions: {maximum: '2026-12-31T23:59:59Z'}}\n"
    "  - {name: currency, logicalType: string, quality: [{metric: invalidValues, arguments: {validValues: [EUR, USD]}, mustBe: "
    "0}]}\n"
    "  - {name: step, logicalType: integer, quality: [{metric: invalidValues, arguments: {validValues: [1, 2, 3]}, mustBe: 0}]}\n"
    "  - {name: soft, logicalType: string, quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0, severity: "
    "warning}]}\n"
    "  - {name: mail, logicalType: string, logicalTypeOptions: {format: email}}\n"
    "  - name: cart\n"
    "    logicalType: object\n"
    "    properties:\n"
    "      - {name: id, logicalType: string, required: true}\n"
    "      - {name: weight, logicalType: number}\n"
    "  - name: products\n"
    "    logicalType: array\n"
    "    logicalTypeOptions: {minItems: 1, maxItems: 3, uniqueItems: true}\n"
    "    items:\n"
    "      logicalType: object\n"
    "      properties:\n"
    "        - {name: sku, logicalType: string, required: true}\n"
    "        - {name: price, logicalType: number, logicalTypeOptions: {minimum: 0}}\n"
    "  - {name: first_sku, logicalType: string, customProperties: [{property: trellisPath, value: 'products[0].sku'}]}\n"
    "  - {name: every_sku, logicalType: string, logicalTypeOptions: {maxLength: 4}, customProperties: [{property: trellisPath, "
    "value: 'products[*].sku'}]}\n";

static struct mesh_source source;
static struct mesh_events declared;

static struct plan *plan_of(const struct mesh_planned *v, size_t n, enum mesh_unplanned unplanned)
{
    declared = (struct mesh_events){.unplanned = unplanned, .planned = arena_array(&arena, n + 1, sizeof *v), .n_planned = n};
    if (n)
        memcpy(declared.planned, v, n * sizeof *v);
    source = (struct mesh_source){.name = STR("site"), .events = &declared};
    return plan_new(&source);
}

/* What is wrong with an event, as "reason field; …". */
static const char *wrong(const struct plan *p, enum event_stream stream, const char *name, const char *section, struct event *out)
{
    struct event ev = {.source = &source, .stream = stream};
    struct plan_violation *v;
    size_t n;
    yyjson_doc *doc = yyjson_read(section, strlen(section), YYJSON_READ_NUMBER_AS_RAW);
    assert_non_null(doc);
    if (name)
        event_text(&ev, stream == EVENT_TRACK ? EVENT_EVENT : EVENT_NAME, str_of(name));
    ev.whole = yyjson_doc_get_root(doc);
    *(stream & (EVENT_IDENTIFY | EVENT_GROUP) ? &ev.traits : &ev.properties) = yyjson_is_obj(ev.whole) ? ev.whole : NULL;
    bool good = plan_check(p, &ev, &arena, &v, &n);
    assert_int_equal(good, n == 0);
    struct buf b = BUF_INIT((size_t)65536);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%s %.*s", i ? "; " : "", v[i].reason, STR_FMT(v[i].field));
    const char *text = arena_strz(&arena, buf_str(&b));
    buf_fini(&b);
    if (out)
        *out = ev;
    for (size_t i = 0; i < n && strlen(section) > 4; i++) /* no value stands in a message */
        assert_true(str_find(v[i].message, STR("SECRET"), 0) == SIZE_MAX && str_find(v[i].field, STR("SECRET"), 0) == SIZE_MAX);
    yyjson_doc_free(doc);
    return text;
}

static void test_contract(void **state)
{
    (void)state;
    static const struct {
        const char *properties, *wrong;
    } cases[] = {
        {"{\"order_id\":\"A-1\",\"total\":19.99}", ""},
        {"{\"order_id\":\"A-1\",\"total\":0,\"items\":5,\"gift\":false,\"day\":\"2026-01-01\",\"at\":\"2026-05-01T10:00:00+02:"
         "00\",\"more\":1}",
         ""},
        {"{}", "missing properties.order_id; missing properties.total"},
        {"null", "missing properties.order_id; missing properties.total"},
        {"{\"order_id\":null,\"total\":1}", "missing properties.order_id"},
        {"{\"order_id\":17,\"total\":\"19.99\"}", "wrong_type properties.order_id; wrong_type properties.total"},
        {"{\"order_id\":\"A1\",\"total\":-1}",
         "out_of_range properties.order_id; pattern properties.order_id; out_of_range properties.total"},
        {"{\"order_id\":\"A-1234567\",\"total\":1000}", "out_of_range properties.order_id; out_of_range properties.total"},
        {"{\"order_id\":\"A-1\\n\",\"total\":1}", "pattern properties.order_id"},
        {"{\"order_id\":\"A-1\",\"total\":999.99}", ""},
        {"{\"order_id\":\"A-1\",\"total\":1.005}", "out_of_range properties.total"}, /* three decimals */
        {"{\"order_id\":\"A-1\",\"total\":1e1}", ""},
        {"{\"order_id\":\"A-1\",\"total\":1,\"items\":128}", "out_of_range properties.items"}, /* i8 */
        {"{\"order_id\":\"A-1\",\"total\":1,\"items\":0}", "out_of_range properties.items"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"items\":2.5}", "wrong_type properties.items"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"items\":2.0}", ""},
        {"{\"order_id\":\"A-1\",\"total\":1,\"gift\":\"yes\"}", "wrong_type properties.gift"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"gift\":1}", "wrong_type properties.gift"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"day\":\"2025-12-31\"}", "out_of_range properties.day"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"day\":\"2026-02-30\"}", "wrong_type properties.day"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"day\":\"2026-02-03T00:00:00Z\"}", "wrong_type properties.day"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"at\":\"2027-01-01T00:00:00Z\"}", "out_of_range properties.at"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"at\":\"2027-01-01T01:00:00+02:00\"}", ""}, /* still 2026 in UTC */
        {"{\"order_id\":\"A-1\",\"total\":1,\"at\":1767225600}", "wrong_type properties.at"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"currency\":\"SECRET\"}", "not_allowed properties.currency"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"currency\":\"EUR\",\"step\":2.0}", ""},
        {"{\"order_id\":\"A-1\",\"total\":1,\"step\":4}", "not_allowed properties.step"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"soft\":\"b\"}", ""}, /* a warning */
        {"{\"order_id\":\"A-1\",\"total\":1,\"mail\":\"SECRET\"}", "pattern properties.mail"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"cart\":{}}", "missing properties.cart.id"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"cart\":{\"id\":\"c\",\"weight\":\"1\"}}", "wrong_type properties.cart.weight"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"cart\":[]}", "wrong_type properties.cart"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"products\":[]}", "out_of_range properties.products"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"products\":[{\"sku\":\"a\"},{\"price\":-1}]}",
         "missing properties.products[1].sku; out_of_range properties.products[1].price"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"products\":[{\"sku\":\"a\",\"price\":1},{\"price\":1.0,\"sku\":\"a\"}]}",
         "not_allowed properties.products"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"products\":[{\"sku\":\"a\"},{\"sku\":\"SECRET\"}]}",
         "out_of_range properties.products[1].sku"},
        {"{\"order_id\":\"A-1\",\"total\":1,\"products\":[1]}", "wrong_type properties.products[0]"},
    };
    struct mesh_planned p;
    planned_read(&p, "track", "Order Completed", false, order_plan);
    struct plan *plan = plan_of(&p, 1, UNPLANNED_PASS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *is = wrong(plan, EVENT_TRACK, "Order Completed", cases[i].properties, NULL);
        if (strcmp(is, cases[i].wrong) != 0)
            fail_msg("%s\n  is     %s\n  wanted %s", cases[i].properties, is, cases[i].wrong);
    }
    plan_free(plan);
}

static void test_columns(void **state)
{
    (void)state;
    static const char *const names[] = {"p_at",    "p_cart_id", "p_cart_weight", "p_currency", "p_day",  "p_first_sku", "p_gift",
                                        "p_items", "p_mail",    "p_order_id",    "p_soft",     "p_step", "p_total"};
    struct mesh_planned p;
    struct event ev;
    const struct plan_column *columns;
    planned_read(&p, "track", "Order Completed", false, order_plan);
    struct plan *plan = plan_of(&p, 1, UNPLANNED_PASS);
    assert_int_equal(plan_columns(plan, EVENT_PAGE, &columns), 0);
    assert_int_equal(plan_columns(plan, EVENT_TRACK, &columns), sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(str_eq(columns[i].name, str_of(names[i])));
    assert_true(str_eq(columns[12].type, STR("DECIMAL(18,6)")) && str_eq(columns[4].type, STR("DATE")));
    const char *is = wrong(plan, EVENT_TRACK, "Order Completed",
                           "{\"order_id\":\"A-1\",\"total\":19.99,\"items\":3,\"gift\":true,\"day\":\"2026-01-02\",\"at\":\"2026-"
                           "01-01T01:00:00+02:00\","
                           "\"cart\":{\"id\":\"c\",\"weight\":0.1234565},\"products\":[{\"sku\":\"s1\"}]}",
                           &ev);
    assert_string_equal(is, "");
    assert_int_equal(ev.planned[0].i, INT64_C(1767222000000000));
    assert_true(ev.planned[1].set && ev.planned[1].s.n == 1);
    assert_int_equal(ev.planned[2].i, 123457); /* half away from zero, by the digits */
    assert_false(ev.planned[3].set);
    assert_int_equal(ev.planned[4].i, 20455); /* 2026-01-02 */
    assert_true(ev.planned[5].s.n == 2 && ev.planned[6].i == 1 && ev.planned[7].i == 3);
    assert_int_equal(ev.planned[12].i, 19990000);
    plan_free(plan);
}

/* A value that fits its contract but not its column is not cut. */
static void test_too_large_for_column(void **state)
{
    (void)state;
    struct mesh_planned p;
    planned_read(&p, "track", "x", false, "  - {name: n, logicalType: number}\n  - {name: i, logicalType: integer}\n");
    struct plan *plan = plan_of(&p, 1, UNPLANNED_PASS);
    assert_string_equal(wrong(plan, EVENT_TRACK, "x", "{\"n\":999999999999.999999,\"i\":9223372036854775807}", NULL), "");
    assert_string_equal(wrong(plan, EVENT_TRACK, "x", "{\"n\":1e12}", NULL), "out_of_range properties.n");
    assert_string_equal(wrong(plan, EVENT_TRACK, "x", "{\"i\":9223372036854775808}", NULL), "out_of_range properties.i");
    plan_free(plan);
}

static void test_closed(void **state)
{
    (void)state;
    struct mesh_planned v[2];
    planned_read(&v[0], "track", "x", true,
                 "  - {name: a, logicalType: string}\n"
                 "  - {name: o, logicalType: object, properties: [{name: in, logicalType: string}]}\n"
                 "  - {name: free, logicalType: object, customProperties: [{property: trellisOpen, value: true}], properties: "
                 "[{name: in, logicalType: string}]}\n");
    planned_read(&v[1], "identify", "*", true, "  - {name: plan, logicalType: string}\n");
    struct plan *plan = plan_of(v, 2, UNPLANNED_PASS);
    assert_string_equal(wrong(plan, EVENT_TRACK, "x", "{\"a\":\"1\",\"o\":{\"in\":\"1\"},\"free\":{\"b\":1}}", NULL), "");
    assert_string_equal(wrong(plan, EVENT_TRACK, "x", "{\"b\":1,\"o\":{\"out\":1}}", NULL),
                        "unknown_member properties.o.out; unknown_member properties.b");
    /* A member's name may be a value: it is not shown. */
    assert_string_equal(wrong(plan, EVENT_TRACK, "x", "{\"SECRET@example.org\":1}", NULL), "unknown_member properties.?");
    assert_string_equal(wrong(plan, EVENT_IDENTIFY, NULL, "{\"plan\":\"a\",\"age\":3}", NULL), "unknown_member traits.age");
    assert_string_equal(wrong(plan, EVENT_IDENTIFY, NULL, "{}", NULL), "");
    plan_free(plan);
}

static void test_unplanned(void **state)
{
    (void)state;
    struct mesh_planned v[2];
    planned_read(&v[0], "track", "Known", false, "  - {name: a, logicalType: string}\n");
    planned_read(&v[1], "page", "Home", false, "  - {name: a, logicalType: string}\n");
    struct plan *open = plan_of(v, 2, UNPLANNED_PASS);
    assert_string_equal(wrong(open, EVENT_TRACK, "Other", "{}", NULL), "");
    plan_free(open);
    struct plan *closed = plan_of(v, 2, UNPLANNED_QUARANTINE);
    assert_string_equal(wrong(closed, EVENT_TRACK, "Known", "{}", NULL), "");
    assert_string_equal(wrong(closed, EVENT_TRACK, "known", "{}", NULL), "unplanned event"); /* names are as sent */
    assert_string_equal(wrong(closed, EVENT_PAGE, "Other", "{}", NULL), "unplanned name");
    assert_string_equal(wrong(closed, EVENT_SCREEN, "Other", "{}", NULL), ""); /* the plan names no screen */
    assert_string_equal(wrong(closed, EVENT_IDENTIFY, NULL, "{}", NULL), "");
    plan_free(closed);
    planned_read(&v[1], "page", "*", false, "  - {name: a, logicalType: string, required: true}\n");
    closed = plan_of(v, 2, UNPLANNED_QUARANTINE);
    assert_string_equal(wrong(closed, EVENT_PAGE, "Any", "{}", NULL), "missing properties.a");
    assert_string_equal(wrong(closed, EVENT_PAGE, NULL, "{\"a\":\"1\"}", NULL), "");
    plan_free(closed);
    struct plan *none = plan_of(v, 0, UNPLANNED_QUARANTINE);
    assert_string_equal(wrong(none, EVENT_TRACK, "Any", "{}", NULL), "unplanned event");
    plan_free(none);
}

static void test_many(void **state)
{
    (void)state;
    struct mesh_planned p;
    planned_read(&p, "track", "x", false, "  - {name: list, logicalType: array, items: {logicalType: integer}}\n");
    struct plan *plan = plan_of(&p, 1, UNPLANNED_PASS);
    struct buf b = BUF_INIT((size_t)65536);
    buf_addz(&b, "{\"list\":[\"\"");
    for (int i = 1; i < 1000; i++)
        buf_addz(&b, ",\"\"");
    buf_addz(&b, "]}");
    const char *is = wrong(plan, EVENT_TRACK, "x", buf_z(&b), NULL);
    size_t n = 1;
    for (const char *at = is; (at = strchr(at, ';')) != NULL; at++)
        n++;
    assert_int_equal(n, 100);
    buf_fini(&b);
    plan_free(plan);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int cmp;
    } pairs[] = {
        {"0", "-0", 0},
        {"1.50", "1.5", 0},
        {"1e2", "100", 0},
        {"-1", "1", -1},
        {"-2", "-1", -1},
        {"0.1", "0.10000000000000000001", -1},
        {"9", "10", -1},
        {"1e-3", "0.001", 0},
        {"1e400", "1", 1},
        {"-1e400", "1", -1},
        {"0", "1e-9", -1},
        {"123456789012345678901234567890", "123456789012345678901234567891", -1},
        {"99999999999999999999999999999999999999", "1e38", -1},
    };
    static const char *const no_numbers[] = {"", "-", ".", "1e", "1e+", "1.2.3", "0x1", "1 ", "NaN", "1_000"};
    static const struct {
        const char *v;
        int scale;
        bool fits;
        int64_t is;
    } scaled[] = {
        {"19.99", 6, true, 19990000},
        {"0.0000005", 6, true, 1},
        {"-0.0000005", 6, true, -1},
        {"0.00000049", 6, true, 0},
        {"1e-50", 6, true, 0},
        {"9223372036854775807", 0, true, INT64_MAX},
        {"9223372036854775808", 0, false, 0},
        {"1e30", 6, false, 0},
        {"2.5", 0, true, 3},
        {"0", 6, true, 0},
    };
    static const struct {
        const char *v, *of;
        bool is;
    } multiples[] = {{"0.3", "0.1", true},    {"0.35", "0.1", false}, {"1e30", "3", false},
                     {"19.99", "0.01", true}, {"0", "7", true},       {"-6", "3", true}};
    struct plan_number a, b;
    int64_t i;
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        assert_true(plan_number_parse(str_of(pairs[k].a), &a) && plan_number_parse(str_of(pairs[k].b), &b));
        assert_int_equal(plan_number_cmp(&a, &b), pairs[k].cmp);
        assert_int_equal(plan_number_cmp(&b, &a), -pairs[k].cmp);
    }
    for (size_t k = 0; k < sizeof no_numbers / sizeof *no_numbers; k++)
        assert_false(plan_number_parse(str_of(no_numbers[k]), &a));
    for (size_t k = 0; k < sizeof scaled / sizeof *scaled; k++) {
        assert_true(plan_number_parse(str_of(scaled[k].v), &a));
        assert_int_equal(plan_number_scaled(&a, scaled[k].scale, &i), scaled[k].fits);
        if (scaled[k].fits)
            assert_int_equal(i, scaled[k].is);
    }
    for (size_t k = 0; k < sizeof multiples / sizeof *multiples; k++) {
        assert_true(plan_number_parse(str_of(multiples[k].v), &a) && plan_number_parse(str_of(multiples[k].of), &b));
        assert_int_equal(plan_number_multiple(&a, &b), multiples[k].is);
    }
    yyjson_doc *doc = yyjson_read("[0.1,-7,18446744073709551615]", 29, 0); /* numbers that were read */
    assert_true(plan_number_of(yyjson_arr_get(yyjson_doc_get_root(doc), 0), &a) && plan_number_parse(STR("0.1"), &b) &&
                plan_number_cmp(&a, &b) == 0);
    assert_true(plan_number_of(yyjson_arr_get(yyjson_doc_get_root(doc), 1), &a) && plan_number_parse(STR("-7"), &b) &&
                plan_number_cmp(&a, &b) == 0);
    assert_true(plan_number_of(yyjson_arr_get(yyjson_doc_get_root(doc), 2), &a) &&
                plan_number_parse(STR("18446744073709551615"), &b) && plan_number_cmp(&a, &b) == 0);
    yyjson_doc_free(doc);
}

static void test_moments(void **state)
{
    (void)state;
    enum { BOTH = PLAN_MOMENT_DATE | PLAN_MOMENT_TIME };
    static const struct {
        const char *s;
        int parts;
        bool good;
        int64_t us;
    } cases[] = {
        {"1970-01-02", PLAN_MOMENT_DATE, true, INT64_C(86400000000)},
        {"1970-01-01T00:00:01Z", BOTH, true, 1000000},
        {"1970-01-01 00:00:01.5", BOTH, true, 1500000},
        {"1970-01-01T01:00:00+01:00", BOTH, true, 0},
        {"1969-12-31T22:00:00-0200", BOTH, true, 0},
        {"1970-01-01T00:00:00.123456789Z", BOTH, true, 123456},
        {"1970-01-01T00:00Z", BOTH, true, 0},
        {"10:30:00", PLAN_MOMENT_TIME, true, INT64_C(37800000000)},
        {"1970-01-01", BOTH, false, 0},
        {"1970-01-01T24:00:00Z", BOTH, false, 0},
        {"1970-01-01T00:00:00ZZ", BOTH, false, 0},
        {"1970-13-01", PLAN_MOMENT_DATE, false, 0},
        {"", BOTH, false, 0},
        {"1970-01-01T", BOTH, false, 0},
        {"1970-01-01T00:00:00+", BOTH, false, 0},
        {"1970-01-01T0a:00:00Z", BOTH, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us;
        if (plan_moment_parse(str_of(cases[i].s), cases[i].parts, &us) != cases[i].good)
            fail_msg("%s", cases[i].s);
        if (cases[i].good)
            assert_int_equal(us, cases[i].us);
    }
}

/* Bytes of an event exchanged at random: whatever is still JSON gets an answer, and all that is said has a reason and a place. */
static void test_mutations(void **state)
{
    (void)state;
    static const char json[] =
        "{\"order_id\":\"A-1\",\"total\":19.99,\"items\":3,\"gift\":true,\"day\":\"2026-01-02\",\"at\":\"2026-01-01T01:00:00+02:"
        "00\","
        "\"cart\":{\"id\":\"c\",\"weight\":0.5},\"products\":[{\"sku\":\"s1\",\"price\":1.5e3},{\"sku\":\"s2\",\"price\":2}]}";
    static const char bytes[] = "0123456789-+.eE\"{}[]:,truefalsn \\u\xc3\xa9";
    struct mesh_planned p;
    uint64_t seed = 88172645463325252u;
    size_t valid = 0, bad = 0;
    planned_read(&p, "track", "x", true, order_plan);
    struct plan *plan = plan_of(&p, 1, UNPLANNED_PASS);
    for (int i = 0; i < 60000; i++) {
        char text[sizeof json];
        struct arena a;
        struct plan_violation *v;
        size_t n;
        memcpy(text, json, sizeof json);
        for (int k = 0; k <= i % 3; k++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            text[seed % (sizeof json - 1)] = bytes[(seed >> 32) % (sizeof bytes - 1)];
        }
        yyjson_doc *doc = yyjson_read(text, sizeof json - 1, YYJSON_READ_NUMBER_AS_RAW);
        if (!doc)
            continue;
        struct event ev = {
            .source = &source, .stream = EVENT_TRACK, .whole = yyjson_doc_get_root(doc), .properties = yyjson_doc_get_root(doc)};
        event_text(&ev, EVENT_EVENT, STR("x"));
        arena_init(&a);
        bool good = plan_check(plan, &ev, &a, &v, &n);
        assert_int_equal(good, n == 0);
        for (size_t k = 0; k < n; k++)
            assert_true(v[k].reason[0] && v[k].field.n && v[k].message.n);
        valid++;
        bad += n > 0;
        arena_fini(&a);
        yyjson_doc_free(doc);
    }
    assert_true(valid > 1000 && bad > 100 && bad < valid);
    plan_free(plan);
}

/* Prints what one event costs; it asserts no time. */
static void test_cost(void **state)
{
    (void)state;
    enum { TIMES = 20000 };
    static const char json[] =
        "{\"order_id\":\"A-1\",\"total\":19.99,\"items\":3,\"gift\":true,\"day\":\"2026-01-02\",\"at\":\"2026-01-01T01:00:00+02:"
        "00\","
        "\"currency\":\"EUR\",\"step\":2,\"mail\":\"a@example.org\",\"cart\":{\"id\":\"c\",\"weight\":0.5},"
        "\"products\":[{\"sku\":\"s1\",\"price\":1.5},{\"sku\":\"s2\",\"price\":2}]}";
    struct mesh_planned p;
    planned_read(&p, "track", "Order Completed", true, order_plan);
    struct plan *plan = plan_of(&p, 1, UNPLANNED_QUARANTINE);
    yyjson_doc *doc = yyjson_read(json, sizeof json - 1, YYJSON_READ_NUMBER_AS_RAW);
    struct event ev = {
        .source = &source, .stream = EVENT_TRACK, .whole = yyjson_doc_get_root(doc), .properties = yyjson_doc_get_root(doc)};
    event_text(&ev, EVENT_EVENT, STR("Order Completed"));
    int64_t began = clock_mono_us();
    for (int i = 0; i < TIMES; i += 1000) {
        struct arena a;
        arena_init(&a);
        for (int k = 0; k < 1000; k++) {
            struct plan_violation *v;
            size_t n;
            assert_true(plan_check(plan, &ev, &a, &v, &n));
        }
        arena_fini(&a);
    }
    print_message("a check of %zu properties and 2 items: %.2f us\n", p.contract->n_columns,
                  (double)(clock_mono_us() - began) / TIMES);
    yyjson_doc_free(doc);
    plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_contract, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_large_for_column, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unplanned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_moments),
        cmocka_unit_test_setup_teardown(test_mutations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
