/* What encryption at rest costs: the same rows in a plain and an encrypted data file; opening, loading, questions on a cold file (opened anew) and
 * on a warm one, a sort that spills, writing the file anew; and writes to the control store. Rounds are interleaved; the ratio is of
 * medians. bench_encrypt [FOLDER]      on the file system of FOLDER, /tmp when left out */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cipher.h"
#include "base/clock.h"
#include "base/fs.h"
#include "engine/engine.h"
#include "store/store.h"

enum { ROUNDS = 5, SETTINGS = 2000, ROWS = 2000000 };
static const unsigned char key[CIPHER_KEY_BYTES] = "a key of the benches";
static char dir[300];
static struct arena arena;

static const char *const steps[] = {"open", "load 2 M rows", "group by, cold", "group by, warm", "sort that spills", "write anew", "store: 2,000 commits"};
enum { OPEN, LOAD, COLD, WARM, SPILL, ANEW, STORE, STEPS };
static double ms[2][STEPS][ROUNDS];

static void must(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "bench_encrypt: %s\n", e->text);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double since(int64_t *t)
{
    int64_t now = clock_mono_us(), was = *t;
    *t = now;
    return (double)(now - was) / 1e3;
}

static void open_it(const char *path, bool sealed, struct engine **g, struct engine_conn **c)
{
    struct err e;
    const struct engine_options o = {.data_path = path, .temp_dir = arena_printf(&arena, "%s/tmp", dir).p, .memory_limit_bytes = 256u << 20, .locked = true, .key = sealed ? key : NULL};
    must(engine_open(&o, g, &e) && engine_connect(*g, c, &e), &e);
}

static void shut(struct engine *g, struct engine_conn *c)
{
    engine_disconnect(c);
    engine_close(g);
}

static void run(struct engine_conn *c, const char *sql)
{
    struct err e;
    must(engine_exec(c, str_of(sql), &e), &e);
}

static void engine_round(int sealed, int round)
{
    static const char ask[] = "SELECT campaign, sum(spend), count(DISTINCT user_id) FROM mesh.main.t GROUP BY ALL";
    const char *path = arena_printf(&arena, "%s/%s.duckdb", dir, sealed ? "sealed" : "plain").p;
    struct engine *g;
    struct engine_conn *c;
    struct err e;
    double(*v)[ROUNDS] = ms[sealed];
    unlink(path);
    open_it(path, sealed, &g, &c);
    run(c, "CREATE TABLE mesh.main.t (user_id BIGINT, campaign VARCHAR, spend DECIMAL(18,6), seen_at TIMESTAMP, note VARCHAR)");
    int64_t t = clock_mono_us();
    char sql[400];
    snprintf(sql, sizeof sql,
             "INSERT INTO mesh.main.t SELECT hash(range) %% 300000, 'campaign ' || (range %% 500), (range %% 9973) / 100.0, TIMESTAMP '2026-01-01' + INTERVAL (range) SECOND,"
             " 'note ' || hash(range) FROM range(%d); CHECKPOINT mesh", ROWS);
    run(c, sql);
    v[LOAD][round] = since(&t);
    shut(g, c);
    t = clock_mono_us();
    open_it(path, sealed, &g, &c);
    v[OPEN][round] = since(&t);
    run(c, ask);
    v[COLD][round] = since(&t);
    run(c, ask);
    v[WARM][round] = since(&t);
    run(c, "SELECT max(note) FROM (SELECT note, row_number() OVER (ORDER BY note DESC, user_id) AS n FROM mesh.main.t)");
    v[SPILL][round] = since(&t);
    must(engine_compact(g, 1000, &e), &e);
    v[ANEW][round] = since(&t);
    shut(g, c);
}

static void store_round(int sealed, int round)
{
    const char *folder = arena_printf(&arena, "%s/%s", dir, sealed ? "s" : "p").p;
    struct store *s;
    struct err e;
    must(store_open(arena_printf(&arena, "%s/%d.sqlite", folder, round).p, &s, &e), &e);
    int64_t t = clock_mono_us();
    for (int i = 0; i < SETTINGS; i++) {
        char name[24];
        snprintf(name, sizeof name, "key %d", i);
        must(store_setting_set(s, str_of(name), STR("a value of some length that is written"), &e), &e);
    }
    ms[sealed][STORE][round] = since(&t);
    store_close(s);
}

int main(int argc, char **argv)
{
    struct err e;
    struct cipher *c;
    arena_init(&arena);
    if (!engine_can_encrypt()) {
        printf("bench_encrypt: not run, the engine's extension for encryption is not on this machine\n");
        return 0;
    }
    snprintf(dir, sizeof dir, "%s/trellis-bench-encrypt-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(dir))
        return 1;
    static const char *const folders[] = {"tmp", "s", "p"};
    for (size_t i = 0; i < 3; i++)
        must(fs_mkdirs(arena_printf(&arena, "%s/%s", dir, folders[i]).p, 0700, &e), &e);
    must(cipher_of_key(key, &c, &e) && cipher_hold(arena_printf(&arena, "%s/s", dir).p, c, &e), &e);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < 2; i++) {
            engine_round((i + round) % 2, round);
            store_round((i + round) % 2, round);
        }
    printf("%-24s %10s %10s %7s\n", "", "plain ms", "sealed ms", "ratio");
    for (int s = 0; s < STEPS; s++) {
        for (int i = 0; i < 2; i++)
            qsort(ms[i][s], ROUNDS, sizeof(double), by_value);
        double plain = ms[0][s][ROUNDS / 2], sealed = ms[1][s][ROUNDS / 2];
        printf("%-24s %10.1f %10.1f %7.2f\n", steps[s], plain, sealed, sealed / plain);
    }
    cipher_release(arena_printf(&arena, "%s/s", dir).p);
    must(fs_remove_tree(dir, &e), &e);
    arena_fini(&arena);
    return 0;
}
