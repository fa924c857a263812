/* Bringing in files, end to end: a mesh made by hand, files written by the test, the loader child being this very program. */
#include "ingest_fixture.h"

/* ---- One file, every column, typed where the contract says so ---- */

static void test_loads_and_types(void **state)
{
    struct fixture *f = *state;
    fixture_file(f, "in/stats.csv", "Date,Account ID,Clicks,Cost,Note,When\n"
                                    "2026-01-01,a1,10,\"1,234.56\",\"x, \"\"y\"\"\",2021-09-15 4:00:00\n"
                                    "2026-01-02,a1,,0.5,,2023-05-26T09:00:00.000 +0200\n");
    struct mesh_stream *st = fixture_stream(f, "stats", "in/stats.csv");
    fixture_column(f, st, "date", "DATE", true);
    fixture_column(f, st, "clicks", "BIGINT", false);
    fixture_column(f, st, "cost", "DECIMAL(18,6)", false);
    fixture_column(f, st, "when", "TIMESTAMP", false);
    fixture_column(f, st, "absent", "DOUBLE", false);
    fixture_run(f);
    assert_int_equal(f->report.rows, 2);
    assert_int_equal(f->report.quarantined, 0);
    fixture_expect(f, "SELECT sum(cost)::VARCHAR, sum(clicks)::VARCHAR, max(\"when\")::VARCHAR, count(absent)::VARCHAR, string_agg(note, '|'), max(_line)::VARCHAR"
                      " FROM mesh.raw.\"d.s__stats\"",
                   "1235.060000 10 2023-05-26 07:00:00 0 x, \"y\" 3");
    fixture_run(f); /* the same content: nothing happens */
    assert_int_equal(f->report.files, 0);
    fixture_expect(f, "SELECT count(*)::VARCHAR FROM mesh.raw.\"d.s__stats\"", "2");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_loads_and_types, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
