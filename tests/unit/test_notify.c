/* Alerts: raised once, mended once, roots alone; messages that wait, are tried again and are given up; secrets; the digest's
 * hour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "build_world.h"
#include "notify/notify_int.h"

static struct world w;

static const struct world_port spend = {.name = "spend",
                                        .sql = "SELECT day, sum(spend) AS spend FROM acquisition.ads__stats GROUP BY 1\n",
                                        .columns = "day DATE, spend DECIMAL(38,6)"};
static const struct world_port total = {
    .name = "total", .sql = "SELECT day, spend FROM acquisition.spend\n", .columns = "day DATE, spend DECIMAL(38,6)"};

#define FIRST INT64_C(1772323200000000) /* 2026-03-01T00:00:00Z, a Sunday */
#define HOUR  (INT64_C(3600) * 1000000)
#define DAY   (24 * HOUR)

/* Nobody listens at port 1. */
static const char mesh_yaml[] =
    "name: shop\ntitle: Shop\ntime_zone: Europe/Berlin\nreporting_currency: EUR\n"
    "alerts:\n  webhook: file:hook\n  page: https://trellis.example.org/\n  digest: {day: monday, hour: 8}\n";

static int set_up(void **state)
{
    (void)state;
    clock_set_us(FIRST + 9 * HOUR);
    world_init(&w);
    world_port(&w, &spend);
    world_port(&w, &total);
    world_put(&w, "mesh.yaml", mesh_yaml);
    world_put(&w, "hook", "http://127.0.0.1:1/T000/very-secret\n");
    world_put(&w, "domains/acquisition/sources/ads.yaml",
              "name: ads\nkind: files\ntitle: Ads\npath: landing\ncurrency: EUR\nsla: {freshness: 26h}\nstreams:\n"
              "  - {name: stats, table: stats, load: replace_days, account_column: account, day_column: day}\n");
    world_open(&w);
    world_land(&w, "a", "2026-02-28,1,c,1.50,1\n");
    (void)!world_run(&w);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&w);
    clock_set_us(0);
    return 0;
}

static struct notify here(void)
{
    struct build_port_status *st;
    if (!build_status(w.build, w.mesh, &w.arena, &st, &w.err))
        fail_msg("%s", w.err.text);
    return (struct notify){.state = w.state, .mesh = w.mesh, .status = st, .page = w.mesh->alerts.page};
}

static struct notify_seen look(void)
{
    struct notify n = here();
    struct notify_seen seen;
    if (!notify_look(&n, &seen, &w.err))
        fail_msg("%s", w.err.text);
    return seen;
}

static struct notify_sent send_now(void)
{
    struct notify n = here();
    struct notify_sent sent;
    if (!notify_send(&n, &w.arena, &sent, &w.err))
        fail_msg("%s", w.err.text);
    return sent;
}

static size_t messages(struct store_message **v)
{
    size_t n;
    if (!store_messages(w.state->store, &w.arena, false, 0, v, &n, &w.err))
        fail_msg("%s", w.err.text);
    return n;
}

static void has(struct str s, const char *what)
{
    if (str_find(s, str_of(what), 0) == SIZE_MAX)
        fail_msg("'%s' is not in\n%.*s", what, STR_FMT(s));
}

static void test_once(void **state)
{
    (void)state;
    struct store_message *v;
    struct notify_seen seen = look();
    assert_int_equal(seen.raised, 0);
    assert_int_equal(messages(&v), 0);
    clock_set_us(FIRST + 3 * DAY);
    seen = look();
    assert_int_equal(seen.raised, 1); /* the source; the two ports are what it affects */
    assert_int_equal(messages(&v), 1);
    assert_string_equal(v[0].channel.p, "webhook");
    has(v[0].subject, "Shop: Ads is late");
    has(v[0].body, "Ads is late (acquisition.ads): the newest day of stats is 2026-02-28");
    has(v[0].body, "Owner: Ana Ruiz, ana@example.org.");
    has(v[0].body, "Affects acquisition.spend, acquisition.total.");
    has(v[0].body, "\nhttps://trellis.example.org/sources/acquisition/ads");
    seen = look();
    assert_int_equal(seen.raised, 0); /* it lasts */
    assert_int_equal(seen.open, 1);
    assert_int_equal(messages(&v), 1);
    world_land(&w, "b", "2026-03-03,1,c,2.50,1\n");
    (void)!world_run(&w);
    seen = look();
    assert_int_equal(seen.mended, 1);
    assert_int_equal(seen.open, 0);
    assert_int_equal(messages(&v), 2);
    has(v[0].subject, "1 mended");
    has(v[0].body, "Mended: acquisition.ads is in order again, after an alert of 2026-03-04T00:00Z (Ads is late");
    seen = look();
    assert_int_equal(seen.mended, 0);
    clock_set_us(FIRST + 9 * DAY); /* late again is news again */
    assert_int_equal(look().raised, 1);
}

static void test_failing_port(void **state)
{
    (void)state;
    struct store_alert *v;
    size_t n;
    struct world_port broken = spend;
    broken.sql = "SELECT day, sum(spend) / (count(*) - count(*)) + CAST('x' || max(campaign) AS INTEGER) AS spend FROM "
                 "acquisition.ads__stats GROUP BY 1\n";
    world_port(&w, &broken);
    world_load(&w);
    (void)!world_run(&w);
    assert_int_equal(look().raised, 1);
    if (!store_alerts(w.state->store, &w.arena, true, 0, &v, &n, &w.err))
        fail_msg("%s", w.err.text);
    assert_int_equal(n, 1);
    assert_string_equal(v[0].kind.p, "run_failed");
    assert_string_equal(v[0].ref.p, "acquisition.spend");
    has(v[0].message, "Affects acquisition.total.");
    world_port(&w, &spend);
    world_load(&w);
    (void)!world_run(&w);
    assert_int_equal(look().mended, 1);
}

static void test_refused(void **state)
{
    (void)state;
    struct store_alert *v;
    size_t n;
    struct world_port strict = spend;
    strict.quality = "      - {name: at_least_hundred, type: library, metric: rowCount, mustBeGreaterThan: 100}\n";
    world_port(&w, &strict);
    world_load(&w);
    (void)!world_run(&w);
    assert_int_equal(look().raised, 1);
    if (!store_alerts(w.state->store, &w.arena, true, 0, &v, &n, &w.err))
        fail_msg("%s", w.err.text);
    assert_string_equal(v[0].kind.p, "check_failed");
}

static void test_retries(void **state)
{
    (void)state;
    struct store_message *v;
    struct store_alert *alerts;
    size_t n;
    clock_set_us(FIRST + 3 * DAY);
    look();
    if (chmod(arena_printf(&w.arena, "%s/hook", w.dir).p, 0644) != 0)
        fail();
    struct notify_sent sent = send_now();
    assert_int_equal(sent.failed, 1);
    has(sent.problem, "may be read by others (mode 644)");
    if (chmod(arena_printf(&w.arena, "%s/hook", w.dir).p, 0600) != 0)
        fail();
    assert_int_equal(send_now().failed, 0); /* not due yet: the first wait is a minute */
    static const int waits[] = {60, 120, 240, 480, 960, 1920, 3600, 3600};
    int64_t at = FIRST + 3 * DAY;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        at += (int64_t)waits[i] * 1000000;
        clock_set_us(at - 1);
        assert_int_equal(send_now().failed, 0);
        clock_set_us(at);
        sent = send_now();
        assert_int_equal(sent.failed, 1);
        assert_int_equal(sent.given_up, 0);
    }
    assert_int_equal(messages(&v), 1);
    assert_int_equal(v[0].attempts, 9);
    has(v[0].problem, "does not accept connections");
    if (str_find(v[0].problem, STR("very-secret"), 0) != SIZE_MAX || str_find(v[0].problem, STR("127.0.0.1"), 0) != SIZE_MAX)
        fail_msg("%.*s", STR_FMT(v[0].problem));
    clock_set_us(FIRST + 4 * DAY); /* a day later it is news no more */
    assert_int_equal(send_now().given_up, 1);
    clock_set_us(FIRST + 9 * DAY);
    assert_int_equal(send_now().failed, 0);
    if (!store_alerts(w.state->store, &w.arena, true, 0, &alerts, &n, &w.err))
        fail_msg("%s", w.err.text);
    assert_int_equal(alerts[0].attempts, 10);
    assert_int_equal(alerts[0].sent_at_us, 0);
}

static void test_secrets(void **state)
{
    (void)state;
    char *out;
    setenv("TRELLIS_TEST_SECRET", "  https://example.org/x \n", 1);
    assert_true(secret_get(w.mesh, STR("env:TRELLIS_TEST_SECRET"), "webhook", &w.arena, &out, &w.err));
    assert_string_equal(out, "https://example.org/x");
    assert_false(secret_get(w.mesh, STR("env:TRELLIS_TEST_NONE"), "webhook", &w.arena, &out, &w.err));
    assert_int_equal(w.err.code, E_NOT_FOUND);
    assert_true(secret_get(w.mesh, STR("file:hook"), "webhook", &w.arena, &out, &w.err));
    assert_string_equal(out, "http://127.0.0.1:1/T000/very-secret");
    assert_false(secret_get(w.mesh, STR("file:domains"), "webhook", &w.arena, &out, &w.err));
    assert_false(secret_get(w.mesh, STR("file:nothing"), "webhook", &w.arena, &out, &w.err));
    assert_int_equal(w.err.code, E_IO);
}

static void test_webhook_text(void **state)
{
    (void)state;
    struct buf b = BUF_INIT((size_t)8192);
    say_webhook(STR("Shop: <!channel> & \"more\""), STR("a\nb"), &b);
    assert_string_equal(buf_z(&b), "{\"text\":\"*Shop: &lt;!channel&gt; &amp; \\\"more\\\"*\\na\\nb\"}");
    buf_fini(&b);
}

static void test_digest_hour(void **state)
{
    (void)state;
    /* Monday 2 March 2026, 8:00 in Berlin is 7:00 UTC. */
    static const struct {
        int64_t at;
        bool due;
    } cases[] = {{FIRST + DAY + 7 * HOUR - 1, false},
                 {FIRST + DAY + 7 * HOUR, true},
                 {FIRST + DAY + 22 * HOUR, true},
                 {FIRST + DAY + 23 * HOUR, false},
                 {FIRST + 7 * HOUR, false},
                 {FIRST + 8 * DAY + 7 * HOUR, true},
                 {FIRST + 22 * DAY + 7 * HOUR, true},
                 {FIRST + 29 * DAY + 6 * HOUR, true},
                 {FIRST + 29 * DAY + 6 * HOUR - 1, false}}; /* summer time */
    struct str once;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (notify_digest_due(w.mesh, cases[i].at, &w.arena, &once) != cases[i].due)
            fail_msg("case %zu", i);
    assert_true(notify_digest_due(w.mesh, cases[1].at, &w.arena, &once));
    assert_string_equal(once.p, "digest 2026-03-02");
}

static void test_once_key(void **state)
{
    (void)state;
    struct store_message *v, twice = {.kind = STR("digest"),
                                      .channel = STR("webhook"),
                                      .subject = STR("s"),
                                      .body = STR("b"),
                                      .once = STR("digest 2026-03-02")};
    for (int i = 0; i < 2; i++)
        if (!store_alerts_write(w.state->store, NULL, 0, NULL, 0, &twice, 1, &w.err))
            fail_msg("%s", w.err.text);
    assert_int_equal(messages(&v), 1);
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {CASE(test_once),    CASE(test_failing_port), CASE(test_refused),     CASE(test_retries),
                                       CASE(test_secrets), CASE(test_webhook_text), CASE(test_digest_hour), CASE(test_once_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
