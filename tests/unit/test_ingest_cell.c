/* Texts to typed cells: one table of what is taken, for what, and what is not. */
#include "ingest_fixture.h"

#include <inttypes.h>

/* expect NULL: does not convert; "RANGE", "EMPTY" as the results are called. */
static const struct {
    const char *type, *text, *expect;
    char decimal;
    const char *form;
} cases[] = {
    {"BIGINT", "12", "12", 0, NULL},
    {"BIGINT", " -3 ", "-3", 0, NULL},
    {"BIGINT", "+4", "4", 0, NULL},
    {"BIGINT", "1,234,567", "1234567", 0, NULL},
    {"BIGINT", "1.234.567", "1234567", ',', NULL},
    {"BIGINT", "1,23", NULL, 0, NULL},
    {"BIGINT", "1,2345", NULL, 0, NULL},
    {"BIGINT", ",123", NULL, 0, NULL},
    {"BIGINT", "3.0", "3", 0, NULL},
    {"BIGINT", "3.5", NULL, 0, NULL},
    {"BIGINT", "1e3", "1000", 0, NULL},
    {"BIGINT", "1e-3", NULL, 0, NULL},
    {"BIGINT", "9223372036854775807", "9223372036854775807", 0, NULL},
    {"BIGINT", "9223372036854775808", "RANGE", 0, NULL},
    {"BIGINT", "-9223372036854775808", "-9223372036854775808", 0, NULL},
    {"BIGINT", "-9223372036854775809", "RANGE", 0, NULL},
    {"BIGINT", "99999999999999999999999999999999999999999", "RANGE", 0, NULL},
    {"BIGINT", "", "EMPTY", 0, NULL},
    {"BIGINT", "  ", "EMPTY", 0, NULL},
    {"BIGINT", "x", NULL, 0, NULL},
    {"BIGINT", "1 2", NULL, 0, NULL},
    {"BIGINT", "-", NULL, 0, NULL},
    {"BIGINT", "0x10", NULL, 0, NULL},
    {"UTINYINT", "255", "255", 0, NULL},
    {"UTINYINT", "256", "RANGE", 0, NULL},
    {"UTINYINT", "-1", "RANGE", 0, NULL},
    {"TINYINT", "-128", "-128", 0, NULL},
    {"INTEGER", "2147483648", "RANGE", 0, NULL},
    {"DECIMAL(18,6)", "1,234.56", "1234560000", 0, NULL},
    {"DECIMAL(18,6)", "1.234,56", "1234560000", ',', NULL},
    {"DECIMAL(18,6)", "0.1", "100000", 0, NULL},
    {"DECIMAL(18,6)", ".5", "500000", 0, NULL},
    {"DECIMAL(18,6)", "5.", "5000000", 0, NULL},
    {"DECIMAL(18,6)", ".", NULL, 0, NULL},
    {"DECIMAL(18,6)", "0.30000000000000004", "300000", 0, NULL},
    {"DECIMAL(18,6)", "0.0000005", "1", 0, NULL},
    {"DECIMAL(18,6)", "-0.0000005", "-1", 0, NULL},
    {"DECIMAL(18,6)", "0.00000049", "0", 0, NULL},
    {"DECIMAL(18,6)", "1.5E-5", "15", 0, NULL},
    {"DECIMAL(18,6)", "1e-400", "0", 0, NULL},
    {"DECIMAL(18,6)", "0e400", "0", 0, NULL},
    {"DECIMAL(18,6)", "999999999999.999999", "999999999999999999", 0, NULL},
    {"DECIMAL(18,6)", "999999999999.9999995", "RANGE", 0, NULL},
    {"DECIMAL(18,6)", "1000000000000", "RANGE", 0, NULL},
    {"DECIMAL(18,6)", "$5", NULL, 0, NULL},
    {"DECIMAL(18,6)", "5%", NULL, 0, NULL},
    {"DECIMAL(18,6)", "1.2.3", NULL, 0, NULL},
    {"DECIMAL(9,2)", "1234567.89", "123456789", 0, NULL},
    {"DECIMAL(4,1)", "999.94", "9999", 0, NULL},
    {"DECIMAL(4,1)", "999.95", "RANGE", 0, NULL},
    {"DOUBLE", "0.1", "0.1", 0, NULL},
    {"DOUBLE", "1e22", "1e+22", 0, NULL},
    {"DOUBLE", "12345678901234567890", "1.2345678901234567e+19", 0, NULL},
    {"DOUBLE", "-1,000.5", "-1000.5", 0, NULL},
    {"DOUBLE", "1e999", "RANGE", 0, NULL},
    {"DOUBLE", "nan", NULL, 0, NULL},
    {"DOUBLE", "inf", NULL, 0, NULL},
    {"BOOLEAN", "TRUE", "1", 0, NULL},
    {"BOOLEAN", "f", "0", 0, NULL},
    {"BOOLEAN", "2", NULL, 0, NULL},
    {"DATE", "1970-01-02", "1", 0, NULL},
    {"DATE", "2024-02-29", "19782", 0, NULL},
    {"DATE", "2023-02-29", NULL, 0, NULL},
    {"DATE", "2026-1-5", "20458", 0, NULL},
    {"DATE", "2026/01/05", "20458", 0, NULL},
    {"DATE", "20260105", "20458", 0, NULL},
    {"DATE", "2020-10-17 00:00:00", "18552", 0, NULL},
    {"DATE", "2020-10-17 05:00:00", NULL, 0, NULL},
    {"DATE", "17.10.2020", "18552", 0, "%d.%m.%Y"},
    {"DATE", "Oct 17, 2020", "18552", 0, "%b %d, %Y"},
    {"DATE", "october 17 20", "18552", 0, "%B %d %y"},
    {"DATE", "2020-10-17", NULL, 0, "%d.%m.%Y"},
    {"DATE", "0001-01-01", "-719162", 0, NULL},
    {"TIMESTAMP", "1970-01-01", "0", 0, NULL},
    {"TIMESTAMP", "2021-09-15 4:00:00", "1631678400000000", 0, NULL},
    {"TIMESTAMP", "2021-09-15T04:00:00.123456789Z", "1631678400123456", 0, NULL},
    {"TIMESTAMP", "2023-05-26 09:00:00.000 +0000", "1685091600000000", 0, NULL},
    {"TIMESTAMP", "2023-05-26 09:00:00+02:00", "1685084400000000", 0, NULL},
    {"TIMESTAMP", "2023-05-26 09:00:00 -05", "1685109600000000", 0, NULL},
    {"TIMESTAMP", "2023-05-26 09:00", "1685091600000000", 0, NULL},
    {"TIMESTAMP", "2023-05-26 09:00:00 UTC", "1685091600000000", 0, NULL},
    {"TIMESTAMP", "2023-05-26 25:00:00", NULL, 0, NULL},
    {"TIMESTAMP", "2023-05-26 09:00:00 x", NULL, 0, NULL},
    {"TIMESTAMP", "2023-05-26T", NULL, 0, NULL},
    {"TIMESTAMP", "05/26/2023 09:30 PM", "1685136600000000", 0, "%m/%d/%Y %I:%M %p"},
    {"TIMESTAMP", "05/26/2023 12:30 AM", "1685061000000000", 0, "%m/%d/%Y %I:%M %p"},
    {"TIMESTAMP", "05/26/2023 13:30 AM", NULL, 0, "%m/%d/%Y %I:%M %p"},
    {"TIMESTAMPTZ", "1969-12-31T23:59:59.5Z", "-500000", 0, NULL},
    {"TIME", "4:05:06", "14706000000", 0, NULL},
    {"TIME", "24:00:00", NULL, 0, NULL},
};

static void cell_text(const struct engine_pipe_type *t, const void *cell, char *out, size_t n)
{
    int64_t i = 0;
    double d;
    memcpy(&i, cell, t->bytes);
    if (t->type == ENGINE_DOUBLE) {
        memcpy(&d, cell, sizeof d);
        snprintf(out, n, "%.17g", d);
        for (int digits = 1; digits < 17; digits++) { /* the shortest that reads back */
            char shorter[40];
            snprintf(shorter, sizeof shorter, "%.*g", digits, d);
            if (strtod(shorter, NULL) == d) {
                snprintf(out, n, "%s", shorter);
                break;
            }
        }
        return;
    }
    if (!t->is_unsigned && t->type != ENGINE_BOOL && t->bytes < 8) {
        int shift = 64 - 8 * t->bytes;
        i = (int64_t)((uint64_t)i << shift) >> shift;
    }
    snprintf(out, n, "%" PRId64, i);
}

static void test_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct engine_pipe_type t = cell_type_parse(str_of(cases[i].type));
        struct cell_format f = {.decimal = cases[i].decimal ? cases[i].decimal : '.'};
        if (cases[i].form)
            f.date_format = f.timestamp_format = str_of(cases[i].form);
        unsigned char cell[16] = {0};
        char got[64] = "";
        switch (cell_convert(&t, &f, str_of(cases[i].text), cell)) {
        case CELL_OK:
            cell_text(&t, cell, got, sizeof got);
            break;
        case CELL_RANGE:
            snprintf(got, sizeof got, "RANGE");
            break;
        case CELL_EMPTY:
            snprintf(got, sizeof got, "EMPTY");
            break;
        case CELL_BAD:
            break;
        }
        if (strcmp(got, cases[i].expect ? cases[i].expect : "") != 0)
            fail_msg("%s of \"%s\" is %s, not %s", cases[i].type, cases[i].text, got[0] ? got : "refused",
                     cases[i].expect ? cases[i].expect : "refused");
    }
}

/* 38 digits go through the wide way: the same text comes out of the engine. */
static void test_wide_decimals(void **state)
{
    struct fixture *f = *state;
    fixture_file(f, "in/t.csv",
                 "v\n12345678901234567890123456789.123456789\n-99999999999999999999999999999.999999999\n0.0000000005\n"
                 "100000000000000000000000000000\n");
    struct mesh_stream *st = fixture_stream(f, "t", "in/t.csv");
    fixture_column(f, st, "v", "DECIMAL(38,9)", false);
    fixture_run(f);
    fixture_expect(f, "SELECT string_agg(v::VARCHAR, ' ' ORDER BY _line) FROM mesh.raw.\"d.s__t\"",
                   "12345678901234567890123456789.123456789 -99999999999999999999999999999.999999999 0.000000001");
    assert_int_equal(f->report.quarantined, 1);
}

/* Forms of single columns: what fits, and what is not taken for it. */
static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *type, *form, *text, *expect;
    } texts[] = {
        {"DATE", "%d/%m/%Y", "25/12/2026", "20812"},
        {"DATE", "%d/%m/%Y", "12/25/2026", NULL},
        {"DATE", "%d/%m/%Y", "2026-12-25", NULL},
        {"DATE", "excel", "46381", "20812"},
        {"DATE", "excel", "46381.5", NULL},
        {"TIMESTAMP", "excel", "46381.5", "1798200000000000"},
        {"DATE", "excel", "60", NULL},
        {"DATE", "excel", "-1", NULL},
        {"TIMESTAMP", "epoch", "1798156800", "1798156800000000"},
        {"TIMESTAMP", "epoch_ms", "1798156800123", "1798156800123000"},
        {"TIMESTAMP", "epoch", "99999999999999", NULL},
        {"TIMESTAMP", "epoch", "soon", NULL},
        {"DECIMAL(18,2)", "$", "$1,234.50", "123450"},
        {"DECIMAL(18,2)", "$", "-$5", "-500"},
        {"DECIMAL(18,2)", "$", "$-5", "-500"},
        {"DECIMAL(18,2)", "$", "($5)", "-500"},
        {"DECIMAL(18,2)", "$", "(-$5)", NULL},
        {"DECIMAL(18,2)", "$", "5", "500"},
        {"DECIMAL(18,2)", "$",
         "\xe2\x82\xac"
         "5",
         NULL},
        {"DECIMAL(18,2)", "$", "$", NULL},
        {"DECIMAL(18,2)", "EUR", "5 EUR", "500"},
        {"DECIMAL(18,4)", "%", "12.5%", "1250"},
        {"DECIMAL(18,4)", "%", "12.5 %", "1250"},
        {"DECIMAL(18,4)", "%", "12.5", NULL},
        {"BIGINT", "%", "50%", NULL},
        {"BIGINT", "%", "200%", "2"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct engine_pipe_type t = cell_type_parse(str_of(texts[i].type));
        struct cell_format f = {.decimal = '.'};
        struct cell_form form = cell_form_parse(str_of(texts[i].form));
        unsigned char cell[16] = {0};
        char got[64] = "";
        if (cell_convert_form(&t, &f, &form, str_of(texts[i].text), cell) == CELL_OK)
            cell_text(&t, cell, got, sizeof got);
        if (strcmp(got, texts[i].expect ? texts[i].expect : "") != 0)
            fail_msg("%s of \"%s\" as %s is %s", texts[i].type, texts[i].text, texts[i].form, got[0] ? got : "refused");
    }
}

/* Numbers and days as countries and programs write them, that need no declaration. */
static void test_habits(void **state)
{
    (void)state;
    static const struct {
        const char *type, *text, *expect;
    } texts[] = {
        {"BIGINT", "1 234 567", "1234567"},
        {"BIGINT", "1'234", "1234"},
        {"BIGINT",
         "1\xc2\xa0"
         "234",
         "1234"},
        {"BIGINT", "1 23", NULL},
        {"BIGINT", "1 234'567", NULL},
        {"BIGINT", "1 234,567", NULL},
        {"BIGINT", "(12)", "-12"},
        {"BIGINT", "(-12)", NULL},
        {"BIGINT", "12-", "-12"},
        {"BIGINT",
         "\xe2\x88\x92"
         "12",
         "-12"},
        {"BIGINT", "()", NULL},
        {"BIGINT", "-", NULL},
        {"DATE", "25.12.2026", "20812"},
        {"DATE", "25.12.26", NULL},
        {"DATE", "32.12.2026", NULL},
        {"DATE", "25-Dec-26", "20812"},
        {"DATE", "25 December 2026", "20812"},
        {"DATE", "25 Dezember 2026", "20812"},
        {"DATE", "Dec 25, 2026", "20812"},
        {"DATE", "Dec 32, 2026", NULL},
        {"DATE", "Dec 25", NULL},
        {"DATE", "25/12/2026", NULL},
        {"DATE", "Decoy 25, 2026", NULL},
        {"DATE", "25.12.2026 08:00", NULL},
        {"TIMESTAMP", "Fri, 25 Dec 2026 08:00:00 +0000", "1798185600000000"},
        {"TIMESTAMP", "Dec 25, 2026, 8:00 PM", "1798228800000000"},
        {"TIMESTAMP", "2026-12-25 12:30 AM", "1798158600000000"},
        {"TIMESTAMP", "2026-12-25 13:30 AM", NULL},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct engine_pipe_type t = cell_type_parse(str_of(texts[i].type));
        struct cell_format f = {.decimal = '.'};
        unsigned char cell[16] = {0};
        char got[64] = "";
        if (cell_convert(&t, &f, str_of(texts[i].text), cell) == CELL_OK)
            cell_text(&t, cell, got, sizeof got);
        if (strcmp(got, texts[i].expect ? texts[i].expect : "") != 0)
            fail_msg("%s of \"%s\" is %s", texts[i].type, texts[i].text, got[0] ? got : "refused");
    }
}

static void test_types(void **state)
{
    (void)state;
    static const char *const types[][2] = {
        {"varchar", "VARCHAR"},       {"numeric(10, 2)", "DECIMAL(10,2)"}, {"DECIMAL", "DECIMAL(18,3)"},
        {"int", "INTEGER"},           {"double precision", "DOUBLE"},      {"timestamptz", "TIMESTAMP WITH TIME ZONE"},
        {"DECIMAL(50,2)", "VARCHAR"}, {"STRUCT(a INT)", "VARCHAR"},        {"JSON", "VARCHAR"},
        {"BIGINT[]", "VARCHAR"},      {"datetime", "TIMESTAMP"},           {"real", "FLOAT"}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct engine_pipe_type t = cell_type_parse(str_of(types[i][0]));
        struct buf b = BUF_INIT(64);
        cell_type_name(&t, &b);
        assert_string_equal(buf_z(&b), types[i][1]);
        buf_fini(&b);
    }
}

static void test_looks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cell_look look;
    } texts[] = {{"", LOOK_EMPTY},
                 {"12", LOOK_INTEGER},
                 {"-1.5", LOOK_DECIMAL},
                 {"1.12345678", LOOK_NUMBER},
                 {"007", LOOK_TEXT},
                 {"0", LOOK_INTEGER},
                 {"0.5", LOOK_DECIMAL},
                 {"2026-01-31", LOOK_DATE},
                 {"true", LOOK_BOOL},
                 {"12345678901234567890", LOOK_TEXT},
                 {"2026-01-31 10:00", LOOK_TIMESTAMP},
                 {"1e5", LOOK_NUMBER},
                 {"a", LOOK_TEXT},
                 {"+49301234567", LOOK_TEXT}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (cell_look(str_of(texts[i].text), '.') != texts[i].look)
            fail_msg("%s looks like %s", texts[i].text, cell_look_text(cell_look(str_of(texts[i].text), '.')));
    }
    assert_int_equal(cell_look_join(LOOK_INTEGER, LOOK_DECIMAL), LOOK_DECIMAL);
    assert_int_equal(cell_look_join(LOOK_TIMESTAMP, LOOK_DATE), LOOK_TIMESTAMP);
    assert_int_equal(cell_look_join(LOOK_DATE, LOOK_INTEGER), LOOK_TEXT);
    assert_int_equal(cell_look_join(LOOK_BOOL, LOOK_INTEGER), LOOK_TEXT);
    assert_int_equal(cell_look_join(LOOK_EMPTY, LOOK_BOOL), LOOK_BOOL);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    log_set(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),  cmocka_unit_test(test_forms),
        cmocka_unit_test(test_habits), cmocka_unit_test(test_types),
        cmocka_unit_test(test_looks),  cmocka_unit_test_setup_teardown(test_wide_decimals, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
