/* What is found in a file before it is added: what the upload page shows of it, and nothing of a person. */
#include "ingest_fixture.h"

static struct ingest_inferred look_at(struct fixture *f, const char *name, const char *text)
{
    struct ingest_inferred found;
    fixture_file(f, "in/look", text);
    const struct ingest_look_options o = {.program = "/proc/self/exe",
                                          .path = arena_strz(&f->a, fs_join(&f->a, str_of(f->dir), STR("in/look"))),
                                          .name = str_of(name)};
    must(f, ingest_look(&o, &f->a, &found, &f->e));
    return found;
}

static void test_shown(void **state)
{
    struct fixture *f = *state;
    struct ingest_inferred x = look_at(
        f, "orders.csv",
        "Orders of the shop\nOrder Date;E-Mail;writes to;Amount\n"
        "24.12.2026;ana@example.org;tom@example.org;1.000,50 €\n25.12.2026;;eva@example.org;2,00 €\nTotal;;;1.002,50 €\n");
    assert_int_equal(x.n_columns, 4);
    assert_string_equal(x.format.p, "csv");
    assert_string_equal(x.encoding.p, "utf-8");
    assert_string_equal(x.delimiter.p, ";");
    assert_int_equal(x.header_row, 2);
    assert_int_equal(x.rows_sampled, 2);
    assert_int_equal(x.rows_left_out, 1);
    assert_string_equal(x.options.p, "delimiter: \";\", decimal_separator: \",\", formats: {\"amount\": \"\xe2\x82\xac\"}");
    assert_string_equal(x.columns[0].business_name.p, "Order Date");
    assert_string_equal(x.columns[0].physical_type.p, "DATE");
    assert_string_equal(x.day_column.p, "order_date");
    assert_string_equal(x.columns[1].class_text.p, "personal"); /* by its name */
    assert_string_equal(x.columns[2].class_text.p, "personal"); /* by what it holds */
    assert_int_equal(x.columns[2].class_, CLASS_PERSONAL);
    assert_string_equal(x.columns[3].class_text.p, "internal");
    assert_int_equal(x.n_rows, 2);
    assert_string_equal(x.rows[0].p, "24.12.2026");
    assert_string_equal(x.rows[1].p, INGEST_HIDDEN);
    assert_null(x.rows[4 + 1].p); /* no value is no secret */
    assert_int_equal(x.examples[2].n, 1);
    assert_string_equal(x.examples[2].v[0].p, INGEST_HIDDEN);
    assert_int_equal(x.n_problems, 2);
    for (size_t i = 0; i < x.n_problems; i++)
        assert_null(strstr(x.problems[i].message.p, "example.org"));
}

/* The name that the person gave decides as the file's own would. */
static void test_name(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(look_at(f, "a.ndjson", "{\"a\":{\"b\":1}}\n").options.p, "nested: columns");
    assert_string_equal(look_at(f, "a.csv", "{\"a\"\n1\n").format.p, "csv");
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    struct ingest_inferred found;
    struct ingest_look_options o = {.program = "/proc/self/exe",
                                    .path = arena_strz(&f->a, fs_join(&f->a, str_of(f->dir), STR("in/look"))),
                                    .name = STR("mine.csv")};
    fixture_file(f, "in/look", "<html><body>sign in</body></html>");
    assert_false(ingest_look(&o, &f->a, &found, &f->e));
    assert_int_equal(f->e.code, E_SOURCE_FILE);
    assert_string_equal(f->e.file, "mine.csv"); /* not where it lies on the server */
    o.path = "/nowhere/at/all";
    assert_false(ingest_look(&o, &f->a, &found, &f->e));
    assert_string_equal(f->e.file, "mine.csv");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    log_set(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shown, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_name, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
