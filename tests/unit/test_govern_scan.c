/* What looks personal: single values with and without their check digits, and columns of a labelled table, with precision and recall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "govern/scan.h"

enum { YEAR = 2026 };

static const struct { const char *value; int kind; /* -1: none of those below */ } values[] = {
    {"ana@example.org", SCAN_EMAIL}, {"A.B+tag@sub.example.co.uk", SCAN_EMAIL}, {"@handle", -1}, {"a@b", -1}, {"5@5.5", -1},
    {"+49 30 901820", SCAN_PHONE}, {"+1 (415) 555-2671", SCAN_PHONE}, {"0044 20 7946 0958", SCAN_PHONE}, {"030/901820-0", SCAN_PHONE}, {"(415) 555-2671", SCAN_PHONE}, {"415-555-2671", SCAN_PHONE},
    {"2024-01-31", -1}, {"20240131", -1}, {"1234567890", -1}, {"+00 12345678", -1}, {"1.234.567,00", -1},
    {"DE89 3704 0044 0532 0130 00", SCAN_IBAN}, {"GB29NWBK60161331926819", SCAN_IBAN}, {"DE89370400440532013001", -1}, {"DE8937040044053201300", -1},
    {"4111 1111 1111 1111", SCAN_CARD}, {"378282246310005", SCAN_CARD}, {"5555-5555-5555-4444", SCAN_CARD}, {"4111 1111 1111 1112", -1}, {"0000000000000000", -1},
    {"12345678Z", SCAN_NATIONAL_ID}, {"12345678A", -1}, {"X1234567L", SCAN_NATIONAL_ID}, {"AB123456C", SCAN_NATIONAL_ID}, {"123-45-6789", SCAN_NATIONAL_ID}, {"666-45-6789", -1},
    {"86095742719", SCAN_NATIONAL_ID}, {"86095742718", -1}, {"44051401359", SCAN_NATIONAL_ID}, {"529.982.247-25", SCAN_NATIONAL_ID}, {"111444735", -1}, {"111222333", SCAN_NATIONAL_ID}, {"811218-9876", SCAN_NATIONAL_ID},
    {"255081416802538", SCAN_NATIONAL_ID}, {"255081416802539", -1},
    {"192.168.1.10", SCAN_IP}, {"2001:db8::1", SCAN_IP}, {"1.2.3", -1}, {"256.1.1.1", -1}, {"12:30", -1},
    {"12 Main Street", SCAN_ADDRESS}, {"Hauptstraße 5", SCAN_ADDRESS}, {"Rue de Rivoli 12", SCAN_ADDRESS}, {"Kalverstraat 92", SCAN_ADDRESS}, {"Main Street", -1}, {"Spring sale 2024", -1},
    {"Mary", SCAN_NAME}, {"Mary Miller", SCAN_NAME}, {"Miller, James", SCAN_NAME}, {"brand_search", -1}, {"Autumn 2024 campaign", -1},
    {"1987-03-12", SCAN_BIRTH}, {"12.03.1987", SCAN_BIRTH}, {"2025-03-12", -1}, {"1899-12-31", -1},
    {"3f2504e0-4f89-11d3-9a0c-0305e82c3301", SCAN_DEVICE}, {"GA1.2.123456789.1612345678", SCAN_DEVICE}, {"fb.1.1612345678901.1234567890", SCAN_DEVICE}, {"12.34", -1},
    {"please write to ana@example.org soon", SCAN_TEXT}, {"call me at +49 30 901820 today", SCAN_TEXT}, {"nothing to see @ all", -1}, {"", -1},
};

static void test_values(void **state)
{
    (void)state;
    const unsigned ignored = 1u << SCAN_BIRTH;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        unsigned bits = scan_value(str_of(values[i].value), YEAR);
        if (values[i].kind >= 0 ? !(bits & 1u << values[i].kind) : (bits & ~(values[i].kind < 0 ? 0 : ignored)) != 0)
            fail_msg("\"%s\" gives %x", values[i].value, bits);
    }
}

/* Every prefix and every byte that differs: nothing reads beyond its end. */
static void test_hostile(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        size_t n = strlen(values[i].value);
        for (size_t k = 0; k <= n; k++) {
            char *exact = malloc(k + 1);
            memcpy(exact, values[i].value, k);
            (void)scan_value((struct str){exact, k}, YEAR);
            if (k) {
                exact[k - 1] = (char)(0xff - (int)k);
                (void)scan_value((struct str){exact, k}, YEAR);
            }
            free(exact);
        }
    }
}

/* ---- labelled columns ---- */

static const char *const first[] = {"Mary", "James", "Linda", "Robert", "Susan", "Michael", "Karen", "David", "Laura", "Peter", "Helen", "Thomas"};
static const char *const last[] = {"Miller", "Smith", "Garcia", "Weber", "Rossi", "Novak", "Jansen", "Silva", "Lind", "Dubois"};
static const char *const products[] = {"Blue Jacket", "Trail Shoe", "Winter Cap", "Running Sock", "Water Bottle", "Yoga Mat", "Desk Lamp"};
static const char *const cities[] = {"Berlin", "Paris", "Madrid", "Lyon", "Porto", "Utrecht", "Malmö", "Gdansk", "Austin", "Leeds"};

static void value_of(char *z, size_t n, int what, unsigned i)
{
    switch (what) {
    case 0: snprintf(z, n, "%s.%s%u@example.com", first[i % 12], last[i % 10], i); break;
    case 1: snprintf(z, n, "+49 30 90%05u", i * 37 % 100000); break;
    case 2: snprintf(z, n, "%s %s", first[i % 12], last[i * 7 % 10]); break;
    case 3: snprintf(z, n, "%s", first[i % 12]); break;
    case 4: snprintf(z, n, "10.%u.%u.%u", i % 250 + 1, i * 7 % 250, i * 13 % 250); break;
    case 5: snprintf(z, n, "%u %s Street", i % 200 + 1, last[i % 10]); break;
    case 6: snprintf(z, n, "%u-%02u-%02u", 1950 + i % 50, i % 12 + 1, i % 28 + 1); break;
    case 7: snprintf(z, n, "%08x-0000-4000-8000-%012x", i * 2654435761u, i); break;
    case 8: snprintf(z, n, i % 4 ? "all is well %u" : "please answer to kim%u@example.net", i); break;
    case 9: snprintf(z, n, "123-45-%04u", i % 9000 + 1000); break;
    case 10: snprintf(z, n, "%s", products[i % 7]); break;
    case 11: snprintf(z, n, "%s", cities[i % 10]); break;
    case 12: snprintf(z, n, "2026-%02u-%02u", i % 12 + 1, i % 28 + 1); break;
    case 13: snprintf(z, n, "%u", 100000 + i * 97); break;
    case 14: snprintf(z, n, "%u.%u.%u.%u", 100 + i % 20, i % 5, i * 31 % 7000, i % 99); break;
    case 15: snprintf(z, n, "summer_%u_search_%s", i % 4, i % 2 ? "de" : "fr"); break;
    case 16: snprintf(z, n, "https://shop.example.com/p/%u", i); break;
    case 17: snprintf(z, n, "%u.%02u", i % 300, i % 100); break;
    default: snprintf(z, n, "SKU-%06u", i); break;
    }
}

static const struct { const char *column; int what; bool personal; } columns[] = {
    {"contact", 0, true}, {"email", 0, true}, {"login", 0, true}, {"hotline", 1, true}, {"phone", 1, true}, {"buyer", 2, true}, {"full_name", 2, true}, {"given", 3, true}, {"first_name", 3, true}, {"host", 4, true},
    {"client_ip", 4, true}, {"deliver_to", 5, true}, {"street", 5, true}, {"birth_date", 6, true}, {"geburtstag", 6, true}, {"device_id", 7, true}, {"cookie", 7, true}, {"remark", 8, true}, {"note", 8, true}, {"reference", 9, true},
    {"product_name", 10, false}, {"item", 10, false}, {"city", 11, false}, {"order_date", 12, false}, {"founded_on", 6, false}, {"order_number", 13, false}, {"amount_cents", 13, false}, {"browser_version", 14, false}, {"app_version", 14, false},
    {"campaign_name", 15, false}, {"landing_page", 16, false}, {"price", 17, false}, {"sku", 18, false}, {"event_id", 7, false}, {"email_opens", 13, false}, {"phone_calls", 13, false},
};

static void test_labelled(void **state)
{
    (void)state;
    size_t right = 0, wrong = 0, missed = 0;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        struct scan_tally t = {0};
        struct scan_finding f;
        char z[128];
        for (unsigned k = 1; k <= 1000; k++) {
            value_of(z, sizeof z, columns[i].what, k);
            scan_count(&t, str_of(z), YEAR);
        }
        bool found = scan_judge(str_of(columns[i].column), STR(""), &t, &f) && f.percent >= SCAN_FAILS_AT;
        right += found && columns[i].personal;
        wrong += found && !columns[i].personal;
        missed += !found && columns[i].personal;
        if (found != columns[i].personal)
            print_message("%s: %s %d\n", columns[i].column, scan_kind_text(f.kind), f.percent);
    }
    print_message("labelled columns: precision %.3f, recall %.3f\n", (double)right / (double)(right + wrong), (double)right / (double)(right + missed));
    assert_int_equal(wrong, 0);
    assert_int_equal(missed, 0);
}

/* A sample of a table, nested values by their path; what is told holds no value. */
static void test_table(void **state)
{
    (void)state;
    struct engine *g = NULL;
    struct engine_conn *c = NULL;
    struct scan_finding *v = NULL;
    struct arena a;
    struct err e = {0};
    size_t n = 0, seen = 0;
    arena_init(&a);
    if (!engine_open(&(struct engine_options){.threads = 1}, &g, &e) || !engine_connect(g, &c, &e))
        fail_msg("%s", e.text);
    if (!engine_exec(c, STR("CREATE TABLE t AS SELECT 'QZCANARY' || i || '@example.org' AS contact, i AS amount, {'who': {'mail': 'QZCANARY' || i || '@example.org'}, 'n': i} AS s,"
                            " ('{\"to\": [{\"m\": \"QZCANARY' || i || '@example.org\"}], \"k\": ' || i || '}')::JSON AS j, ['QZCANARY' || i || '@example.org'] AS l, NULL::VARCHAR AS phone, 'x' || i AS plain FROM range(5000) AS r(i)"),
                     &e) ||
        !scan_table(c, STR("t"), NULL, NULL, &a, &v, &n, &e))
        fail_msg("%s", e.text);
    static const char *const expected[] = {"contact", "s who.mail", "j to.m", "l", "phone"};
    for (size_t i = 0; i < n; i++) {
        struct str what = arena_printf(&a, "%.*s%s%.*s", STR_FMT(v[i].column), v[i].path.n ? " " : "", STR_FMT(v[i].path)), why = scan_why(&a, &v[i]);
        bool found = false;
        for (size_t k = 0; k < sizeof expected / sizeof *expected; k++)
            found = found || str_eq(what, str_of(expected[k]));
        if (!found || v[i].percent < SCAN_FAILS_AT)
            fail_msg("%.*s %d", STR_FMT(what), v[i].percent);
        assert_true(str_find(why, STR("QZCANARY"), 0) == SIZE_MAX);
        seen++;
    }
    assert_int_equal(seen, sizeof expected / sizeof *expected);
    arena_fini(&a);
    engine_disconnect(c);
    engine_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_hostile), cmocka_unit_test(test_labelled), cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
