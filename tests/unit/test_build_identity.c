/* An identity port and its reader by customer, over many small loads: as a whole build makes them, also after evidence was lost, a
 * process ended, or a version was refused. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "build_world.h"

#define LIVE(port) "mesh.live.\"acquisition." port "_v1\""
#define SET "mesh_hash63(campaign || '/' || account || '/' || CAST(clicks AS VARCHAR))"

/* Each row of the landing is a login on a device: account is who, clicks the device. */
static const struct world_port ports[] = {
    {.name = "identifier_seen",
     .materialization = "by_key",
     .by = "evidence",
     .key = "evidence, kind, value",
     .time_column = "",
     .columns = "evidence BIGINT, kind VARCHAR, value VARCHAR, first_seen TIMESTAMP, last_seen TIMESTAMP, source VARCHAR, message_id VARCHAR",
     .sql = "WITH s AS (SELECT " SET " AS evidence, account, clicks, min(CAST(day AS TIMESTAMP)) AS first_seen, max(CAST(day AS TIMESTAMP)) AS "
            "last_seen, min(campaign) AS message_id FROM acquisition.numbered GROUP BY ALL)\n"
            "SELECT evidence, 'user_id' AS kind, 'u' || account AS value, first_seen, last_seen, 'test' AS source, message_id FROM s\n"
            "UNION ALL SELECT evidence, 'device_id', 'd' || CAST(clicks AS VARCHAR), first_seen, last_seen, 'test', message_id FROM s"},
    {.name = "numbered",
     .materialization = "view",
     .time_column = "",
     .columns = "evidence BIGINT, campaign VARCHAR, account VARCHAR, clicks BIGINT, day DATE",
     .sql = "SELECT " SET " AS evidence, campaign, account, clicks, day FROM acquisition.ads__stats"},
    {.name = "identity",
     .materialization = "identity",
     .time_column = "",
     .key = "evidence, kind, value",
     .columns = "evidence BIGINT, kind VARCHAR, value VARCHAR, customer_id VARCHAR, admitted BOOLEAN, reason VARCHAR, first_seen TIMESTAMP, "
                "last_seen TIMESTAMP, source VARCHAR, message_id VARCHAR",
     .sql = "SELECT * FROM acquisition.identifier_seen"},
    {.name = "customer",
     .materialization = "by_key",
     .by = "customer_id",
     .key = "customer_id",
     .time_column = "",
     .columns = "customer_id VARCHAR, sets BIGINT, identifiers BIGINT, first TIMESTAMP",
     .sql = "SELECT customer_id, count(DISTINCT evidence) AS sets, count(DISTINCT kind || value) AS identifiers, min(first_seen) AS first FROM "
            "acquisition.identity WHERE customer_id IS NOT NULL GROUP BY customer_id"},
};
enum { N_PORTS = sizeof ports / sizeof *ports };

struct two {
    struct world live, whole;
    unsigned seed;
};

static unsigned next(struct two *t, unsigned below)
{
    t->seed = t->seed * 1664525u + 1013904223u;
    return (t->seed >> 10) % below;
}

static int setup(void **state)
{
    struct two *t = mem_alloc(sizeof *t);
    world_init(&t->live);
    world_init(&t->whole);
    for (int i = 0; i < N_PORTS; i++) {
        world_port(&t->live, &ports[i]);
        world_port(&t->whole, &ports[i]);
    }
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct two *t = *state;
    world_fini(&t->live);
    world_fini(&t->whole);
    mem_free(t);
    return 0;
}

static void must_run(struct world *w, bool full)
{
    if (!world_run_with(w, (struct build_options){.full = full}) || w->report.exit_code != 0)
        fail_msg("%s %s", w->err.text, w->errs.n > 0 ? w->errs.v[0].text : "");
}

static const char *how(struct world *w, const char *port)
{
    struct store_run_port *history = NULL;
    size_t n = 0;
    assert_true(
        store_port_history(w->state->store, &w->arena, arena_printf(&w->arena, "acquisition.%s_v1", port), 1, &history, &n, &w->err));
    return n == 0 ? "never" : history[0].message.n > 0 ? arena_strz(&w->arena, history[0].message) : "";
}

static void must_equal(struct two *t, const char *port, int round)
{
    const char *sql =
        arena_printf(&t->live.arena, "SELECT count(*) || ':' || coalesce(sum(hash(t)::HUGEINT), 0) FROM mesh.live.\"acquisition.%s_v1\" AS t", port).p;
    const char *a = world_value(&t->live, "%s", sql), *b = world_value(&t->whole, "%s", sql);
    if (!str_eq(str_of(a), str_of(b)))
        fail_msg("round %d: %s is %s by key (%s), %s when made whole", round, port, a, how(&t->live, port), b);
}

/* Logins of `days` from the `first` on; of a partition that is landed again, all others are lost. */
static void land(struct two *t, const char *name, int logins, int first, int days, int users, int devices)
{
    struct buf b = BUF_INIT(1 << 20);
    for (int i = 0; i < logins; i++)
        buf_printf(&b, "%s,%c%u,C%u,1,%u\n", clock_date(20454 + first + (int)next(t, (unsigned)days)).z, 'a', next(t, (unsigned)users), next(t, 3),
                   next(t, (unsigned)devices));
    world_land(&t->live, name, buf_z(&b));
    world_land(&t->whole, name, buf_z(&b));
    buf_fini(&b);
}

/* Both know people by the same key, so that ids can be compared. */
static void open_both(struct two *t)
{
    struct world *from = &t->live, *to = &t->whole;
    struct str key;
    world_open(from);
    must_run(from, false);
    assert_true(fs_read(&from->arena, arena_printf(&from->arena, "%s/data/identity.key", from->dir).p, 4096, &key, &from->err));
    world_put(to, "data/identity.key", "");
    assert_true(fs_write_atomic(arena_printf(&to->arena, "%s/data/identity.key", to->dir).p, key, 0600, &to->err));
    world_open(&t->whole);
    must_run(&t->whole, true);
}

static void deltas_equal_whole_builds(void **state)
{
    struct two *t = *state;
    const char *rounds_text = getenv("TRELLIS_ROUNDS");
    int rounds = rounds_text ? atoi(rounds_text) : 14, by_key = 0;
    t->seed = rounds_text ? (unsigned)clock_now_us() : 3;
    land(t, "base", 300, 0, 60, 60, 90);
    open_both(t);
    for (int round = 0; round < rounds; round++) {
        if (round % 4 == 3) /* days that were there: evidence goes */
            land(t, "again", 3, (int)next(t, 60), 1, 60, 90);
        else
            land(t, arena_printf(&t->live.arena, "new%d", round).p, 1 + (int)next(t, 5), 61 + round * 2, 2, 70, 95);
        must_run(&t->live, false);
        must_run(&t->whole, true);
        for (int i = 0; i < N_PORTS; i++)
            must_equal(t, ports[i].name, round);
        by_key += how(&t->live, "identity")[0] != '\0' && how(&t->live, "customer")[0] != '\0';
        if (round % 5 == 4) {
            world_close(&t->live);
            world_open(&t->live);
        }
    }
    if (by_key < rounds / 2)
        fail_msg("%d rounds of %d were built by key", by_key, rounds);
}

static void a_refused_identity_is_as_if_it_had_not_been(void **state)
{
    struct two *t = *state;
    struct world_port strict = ports[2];
    strict.quality = "      - {id: few, type: sql, query: \"SELECT count(*) FROM {object} WHERE value = 'd77'\", mustBe: 0}\n";
    world_port(&t->live, &strict);
    world_port(&t->whole, &strict);
    t->seed = 9;
    land(t, "base", 100, 0, 30, 30, 40);
    open_both(t);
    world_land(&t->live, "bad", "2026-06-01,a1,C1,1,77\n");
    assert_true(world_run(&t->live));
    assert_int_equal(t->live.report.exit_code, 4);
    must_equal(t, "identity", 0);
    world_land(&t->live, "bad", "2026-06-01,a1,C1,1,5\n");
    world_land(&t->whole, "bad", "2026-06-01,a1,C1,1,5\n");
    must_run(&t->live, false);
    must_run(&t->whole, true);
    for (int i = 0; i < N_PORTS; i++)
        must_equal(t, ports[i].name, 1);
}

static void the_past_shows_people_of_today(void **state)
{
    struct two *t = *state;
    struct world *w = &t->live;
    struct str catalog;
    world_land(w, "base", "2026-01-01,a1,C1,1,5\n2026-01-02,a2,C1,1,5\n");
    world_open(w);
    must_run(w, false);
    assert_true(build_asof(w->build, clock_now_us() + 1000000, &w->arena, &catalog, &w->err));
    if (!build_asof_object(w->build, catalog, STR("acquisition.customer"), &w->err))
        fail_msg("%s", w->err.text);
    assert_string_equal(world_value(w, "SELECT count(*) FROM %.*s.acquisition.customer", STR_FMT(catalog)),
                        world_value(w, "SELECT count(*) FROM " LIVE("customer")));
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deltas_equal_whole_builds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_identity_is_as_if_it_had_not_been, setup, teardown),
        cmocka_unit_test_setup_teardown(the_past_shows_people_of_today, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
