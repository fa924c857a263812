/* Real landed files: every file of the data folder's listings gives as many rows as its README says, loaded or in
 * quarantine. Skipped, with a message, where the folder is not there. */
#include "ingest_fixture.h"

static const char *shared_dir(void)
{
    const char *env = getenv("TRELLIS_SHARED");
    return env ? env : "../shared";
}

struct listed {
    struct str path;
    int64_t rows;
};

/* Lines "| file.csv | rows | ..." of a README. */
static void listing(struct fixture *f, const char *folder, struct listed *v, size_t max, size_t *n)
{
    char path[512];
    struct str text, line, rest;
    snprintf(path, sizeof path, "%s/data/%s/README.md", shared_dir(), folder);
    must(f, fs_read(&f->a, path, 1 << 20, &text, &f->e));
    for (; text.p; text = rest) {
        line = str_cut(text, '\n', &rest);
        if (!str_starts(line, STR("| ")))
            continue;
        line.p += 2;
        line.n -= 2;
        struct str more, name = str_trim(str_cut(line, '|', &more)), count = str_trim(str_cut(more, '|', &more));
        char digits[32];
        size_t k = 0;
        for (size_t i = 0; i < count.n && k < sizeof digits; i++) {
            if (count.p[i] != ',')
                digits[k++] = count.p[i];
        }
        int64_t rows;
        bool data = str_ends(name, STR(".csv")) || str_ends(name, STR(".csv.gz"));
        if (!data || !str_to_i64((struct str){digits, k}, &rows) || *n == max)
            continue;
        bool known = false; /* report tables are listed twice: among the control totals and among the files */
        struct str full = arena_printf(&f->a, "%s/data/%s/%.*s", shared_dir(), folder, STR_FMT(name));
        for (size_t i = 0; i < *n; i++)
            known = known || str_eq(v[i].path, full);
        if (!known && fs_exists(full.p))
            v[(*n)++] = (struct listed){full, rows};
    }
}

static void test_counts(void **state)
{
    static const char *const folders[] = {"ad_platforms/google_ads",
                                          "ad_platforms/facebook_ads",
                                          "ad_platforms/linkedin",
                                          "ad_platforms/microsoft_ads",
                                          "ad_platforms/tiktok",
                                          "ad_platforms/pinterest",
                                          "ad_platforms/amazon_ads",
                                          "crm_hubspot",
                                          "crm_salesforce",
                                          "commerce_shopify",
                                          "web_events",
                                          "billing_stripe",
                                          "email_klaviyo",
                                          "ab_cookie_cats",
                                          "attribution_playbook",
                                          "attribution_touchpoints",
                                          "causal_impact",
                                          "channel_paths",
                                          "churn_telco",
                                          "customer_personality",
                                          "facebook_ads_kag",
                                          "geo_geolift",
                                          "geo_tbr",
                                          "identity_fake1000",
                                          "identity_febrl",
                                          "ltv_apparel",
                                          "ltv_donations",
                                          "ltv_sbg_retention",
                                          "mmm_meridian",
                                          "mmm_robyn",
                                          "online_shoppers"};
    struct fixture *f = *state;
    enum { MOST = 256 };
    static struct listed files[MOST];
    size_t n = 0;
    if (!fs_is_dir(shared_dir())) {
        print_message("skipped: there is no %s (TRELLIS_SHARED names another)\n", shared_dir());
        skip();
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        listing(f, folders[i], files, MOST, &n);
    assert_true(n > 150);
    char *here = realpath(".", NULL);
    for (size_t i = 0; i < n; i++) {
        char name[24];
        snprintf(name, sizeof name, "f%zu", i);
        struct str full = fs_join(&f->a, str_of(here), files[i].path);
        struct mesh_stream *st = fixture_stream(f, arena_strz(&f->a, str_of(name)), arena_strz(&f->a, full));
        st->short_rows_fill =
            str_ends(full, STR("attribution_playbook/sessions.csv")); /* a third of its rows leave the last field out */
    }
    free(here);
    fixture_run(f);
    for (size_t i = 0; i < f->es.n; i++)
        print_message("%s %s: %s\n", f->es.warning[i] ? "warning" : "error", f->es.v[i].file, f->es.v[i].text);
    assert_int_equal(f->es.n_errors, 0);
    assert_int_equal(f->report.quarantined, 0);
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        struct buf sql = BUF_INIT(4096);
        buf_printf(&sql, "SELECT sum(rows_loaded + rows_quarantined)::BIGINT FROM mesh.sys.file_load WHERE stream = 'd.s__f%zu'",
                   i);
        int64_t rows = 0;
        must(f, engine_value_i64(f->conn, buf_str(&sql), NULL, 0, &rows, &f->e));
        buf_fini(&sql);
        total += files[i].rows;
        if (rows != files[i].rows)
            fail_msg("%.*s: %lld rows came, its README says %lld", STR_FMT(files[i].path), (long long)rows,
                     (long long)files[i].rows);
    }
    print_message("%zu files, %lld rows\n", n, (long long)total);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    log_set(LOG_WARN, false);
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_counts, fixture_setup, fixture_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
