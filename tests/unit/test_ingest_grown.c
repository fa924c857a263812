/* Files that grow under `load: append`: what is known of them is not loaded twice, whatever the moment at which they were met. */
#include "ingest_fixture.h"

static const char *const table = "SELECT string_agg(a || v::VARCHAR, ' ' ORDER BY _line) FROM mesh.raw.\"d.s__g\"";

static struct mesh_stream *growing(struct fixture *f, const char *first)
{
    fixture_file(f, "in/g.csv", first);
    struct mesh_stream *st = fixture_stream(f, "g", "in/g.csv");
    st->load = LOAD_APPEND;
    fixture_column(f, st, "v", "BIGINT", false);
    fixture_run(f);
    return st;
}

static void test_grows(void **state)
{
    struct fixture *f = *state;
    growing(f, "a,v\nx,1\ny,bad\n");
    assert_int_equal(f->report.rows, 1);
    assert_int_equal(f->report.quarantined, 1);
    fixture_file(f, "in/g.csv", "a,v\nx,1\ny,bad\nz,3\n");
    fixture_run(f);
    assert_int_equal(f->report.rows, 1);
    assert_int_equal(f->report.quarantined, 0);
    fixture_file(f, "in/g.csv", "a,v\nx,1\ny,bad\nz,3\nw,4\nTotal,5\n");
    fixture_run(f);
    assert_int_equal(f->report.rows, 2); /* a file without an end has no totals */
    fixture_expect(f, table, "x1 z3 w4 Total5");
    fixture_run(f);
    assert_int_equal(f->report.files, 0);
}

/* Met while its last line was half written: the line counts once, whole. */
static void test_half_line(void **state)
{
    struct fixture *f = *state;
    growing(f, "a,v\nx,1\ny,2");
    fixture_expect(f, table, "x1 y2");
    fixture_file(f, "in/g.csv", "a,v\nx,1\ny,23\nz,4\n");
    fixture_run(f);
    fixture_expect(f, table, "x1 y23 z4");
    assert_int_equal(f->report.replaced, 2);
}

/* Only the line end was missing. */
static void test_whole_line(void **state)
{
    struct fixture *f = *state;
    growing(f, "a,v\nx,1\ny,2");
    fixture_file(f, "in/g.csv", "a,v\nx,1\ny,2\nz,4\n");
    fixture_run(f);
    assert_int_equal(f->report.rows, 1);
    assert_int_equal(f->report.replaced, 0);
    fixture_expect(f, table, "x1 y2 z4");
}

/* Met inside of a quoted value that goes over several lines. */
static void test_half_value(void **state)
{
    struct fixture *f = *state;
    growing(f, "a,v\nx,1\n\"y\n");
    assert_int_equal(f->report.quarantined, 1);
    fixture_file(f, "in/g.csv", "a,v\nx,1\n\"y\nz\",2\n");
    fixture_run(f);
    fixture_expect(f, "SELECT string_agg(replace(a, chr(10), '/') || v, ' ' ORDER BY _line) FROM mesh.raw.\"d.s__g\"", "x1 y/z2");
}

/* Other content under the same path adds its rows, as before. */
static void test_other_content(void **state)
{
    struct fixture *f = *state;
    growing(f, "a,v\nx,1\n");
    fixture_file(f, "in/g.csv", "a,v\nn,7\nm,8\n");
    fixture_run(f);
    fixture_expect(f, "SELECT string_agg(a || v, ' ' ORDER BY _file_id, _line) FROM mesh.raw.\"d.s__g\"", "x1 n7 m8");
}

/* Under another declaration the whole file is read anew. */
static void test_declared_anew(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = growing(f, "a;v\nx;1.000\n");
    fixture_expect(f, table, "x1");
    st->decimal_separator = STR(",");
    fixture_file(f, "in/g.csv", "a;v\nx;1.000\ny;2\n");
    fixture_run(f);
    fixture_expect(f, table, "x1000 y2");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    log_set(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_grows, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_half_line, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_whole_line, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_half_value, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_other_content, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_declared_anew, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
