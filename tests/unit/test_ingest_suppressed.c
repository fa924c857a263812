/* Names of people on the suppression list: in names of files, and inside of texts of other people's rows. */
#include "ingest_fixture.h"

#include "base/secret.h"
#include "collect/suppress.h"
#include "ingest/people.h"
#include "store/store.h"

static const struct mesh_identifier_kind kinds[] = {{.name = {"user_id", 7}}, {.name = {"email", 5}}, {.name = {"phone", 5}}};

static void list(struct fixture *f, const char *kind, const char *value)
{
    unsigned char key[SECRET_BYTES];
    struct suppress_hash h;
    must(f, secret_key(f->state->data_dir, SUPPRESS_KEY_FILE, key, &f->e));
    suppress_hash(key, str_of(kind), str_of(value), &h);
    must(f, store_suppressed_add(f->state->store, &(struct store_suppressed){str_of(h.z), str_of(kind), STR("erased"), 1}, &f->e));
}

static struct suppressed *listed(struct fixture *f)
{
    struct suppressed *x;
    f->mesh.identity.kinds = (struct mesh_identifier_kind *)(uintptr_t)kinds;
    f->mesh.identity.n_kinds = sizeof kinds / sizeof *kinds;
    list(f, "email", "ann@example.org");
    list(f, "email", "ann.b-c@mail.example.co.uk");
    list(f, "user_id", "customer-4711");
    list(f, "user_id", "u-1");
    list(f, "phone", "+43 316 5550199");
    list(f, "record", "d.s__order:5400000100870");
    must(f, suppressed_read(f->state, &x, &f->e));
    return x;
}

static void test_paths(void **state)
{
    struct fixture *f = *state;
    static const struct { const char *path, *begins, *ends; } cases[] = {
        {"in/export_Ann@example.org.csv", "in/export_erased-", ".csv"},
        {"ann@example.org", "erased-", ""},
        {"in/ANN%40EXAMPLE.ORG/2026.csv", "in/erased-", "/2026.csv"},
        {"in/ann.b-c@mail.example.co.uk_orders.csv.gz", "in/erased-", "_orders.csv.gz"},
        {"customer-4711_orders.csv", "erased-", "_orders.csv"},
        {"a/43-316-5550199.json", "a/erased-", ".json"},
        {"a/+433165550199.json", "a/erased-", ".json"},
        {"order 5400000100870.pdf", "order erased-", ".pdf"},
        /* Others stay as they are. */
        {"in/joann@example.org.csv", NULL, NULL},
        {"in/ann@example.organic.csv", NULL, NULL},
        {"customer-47110.csv", NULL, NULL},
        {"xcustomer-4711.csv", NULL, NULL},
        {"u-1.csv", NULL, NULL}, /* too short to tell anybody */
        {"update_2026-11-22_shop_orders_data.csv", NULL, NULL},
        {"a/@/%40/%4", NULL, NULL},
        {"///", NULL, NULL},
        {"", NULL, NULL},
    };
    struct mesh_stream *st = fixture_stream(f, "order", "in/*");
    struct suppressed *x = listed(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str path = str_of(cases[i].path), s = suppressed_path(x, &f->mesh, st, &f->a, path);
        if (!cases[i].begins) {
            assert_true(str_eq(s, path));
            continue;
        }
        struct str begins = str_of(cases[i].begins), ends = str_of(cases[i].ends);
        if (!str_starts(s, begins) || !str_ends(s, ends) || s.n != begins.n + ends.n + 12)
            fail_msg("%s gives %.*s", cases[i].path, STR_FMT(s));
        assert_true(str_eq(s, suppressed_path(x, &f->mesh, st, &f->a, path))); /* the same each time */
        assert_true(str_eq(s, suppressed_path(x, &f->mesh, st, &f->a, s)));    /* and once */
    }
    /* Two names are two files. */
    assert_false(str_eq(suppressed_path(x, &f->mesh, st, &f->a, STR("Ann@example.org")), suppressed_path(x, &f->mesh, st, &f->a, STR("ann@example.org"))));
    assert_true(str_eq(suppressed_path(NULL, &f->mesh, st, &f->a, STR("ann@example.org")), STR("ann@example.org")));
    suppressed_free(x);
}

static void test_texts(void **state)
{
    struct fixture *f = *state;
    static const struct { const char *text, *left; } cases[] = {
        {"please call Ann@Example.org today", "please call [erased] today"},
        {"<ann@example.org>, ann@example.org.", "<[erased]>, [erased]."},
        {"https://x.example/?to=ann%40example.org&x=1", "https://x.example/?to=[erased]&x=1"},
        {"?q=%3Cann%40example.org%3E", "?q=%3C[erased]%3E"},
        {"joann@example.org wrote to ann@example.organic", "joann@example.org wrote to ann@example.organic"},
        {"mary.ann@example.org", "mary.ann@example.org"},
        {"@ %40 a@ @b ann@", "@ %40 a@ @b ann@"},
        {"", ""},
    };
    struct suppressed *x = listed(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct engine_param p = sql_text(str_of(cases[i].text));
        struct str s;
        bool null;
        must(f, engine_value(f->conn, STR("SELECT trellis_unnamed($1)"), &p, 1, &f->a, &s, &null, &f->e));
        if (!str_eq(s, str_of(cases[i].left)))
            fail_msg("%s gives %.*s", cases[i].text, STR_FMT(s));
        assert_int_equal(suppressed_in_text(x, str_of(cases[i].text)), strcmp(cases[i].text, cases[i].left) != 0);
    }
    suppressed_free(x);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    log_set(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paths, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_texts, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
