/* Attribution over five million paths of twelve channels, 4.5 steps in the mean, 4 of 100 converted: Markov of order 1 from text, from memory and from
 * tables of touches, every rule in one pass, Shapley; beside the same counts in SQL (window functions over the same table, two threads) and one full
 * GROUP BY over the touches. Two tables hold the same touches: one as shared.touchpoint has them (texts for ids of customers and of touches, kind and
 * channel), read by the statement that the program sends for it; one of integers alone, read as a port of one's own is. The SQL leaves out what
 * the program does beyond the counts: ties, kinds, lookback, conversions from another table.
 * Rounds of all of them take turns; medians with the least and the most, by the clock and by the processor. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "measure/journeys_int.h"

enum { PATHS = 5000000, CHANNELS = 12, ROUNDS = 5, SOME = 100 };
enum { TEXT, MEMORY, TABLE, TABLE_TOLD, CREDIT_ALL, CREDIT_ONE, RULES, SHAPLEY, SHAPLEY_RATE, ORDER_3, SQL_WINDOW, SQL_WINDOW_TOLD, SQL_GROUP, MEASURED };
static const char *const what[MEASURED] = {
    "Markov order 1 from text, 2 threads", "Markov order 1 from memory, 1 thread", "Markov order 1 from touches, integers, any order", "Markov order 1 from touches as the mesh has them",
    "rules from touches in any order, all customers", "rules from touches, one customer by key", "all seven rules, one pass, 1 thread",
    "Shapley, worth conversions, 1 thread", "Shapley, worth rate, exact, 1 thread", "Markov order 3 from memory, 1 thread", "SQL: window over integers, counts alone", "SQL: window over the mesh's columns, counts alone", "SQL: one GROUP BY over the touches"};

struct bench {
    struct engine_conn *c;
    struct path_set p;
    uint32_t *steps;
    size_t *ends, n_steps;
    int64_t *conversions, *value, *nulls;
    struct buf text;
    double wall[MEASURED][ROUNDS], own[MEASURED][ROUNDS], p_conversion[MEASURED];
    struct channel_credit credit[RULE_MODELS * CHANNELS];
};

static double clock_s(clockid_t id)
{
    struct timespec t;
    return clock_gettime(id, &t) == 0 ? (double)t.tv_sec + (double)t.tv_nsec / 1e9 : 0;
}

static _Noreturn void failed(const char *where, const struct err *e)
{
    printf("%s: %s\n", where, e->text);
    exit(1);
}

/* Touches as they arrive: by time, not by person. */
static void touches_make(struct bench *b)
{
    struct err e = {0};
    static const char sql[] =
        "CREATE TABLE touches AS SELECT u::INTEGER AS user_id, (hash(u * 64 + k) % 1000000000)::INTEGER AS ts, "
        "least(11, floor(pow((hash(u * 64 + k + 1000000007) % 1000000) / 1e6, 1.7) * 12))::UTINYINT AS ch, hash(u + 7) % 100 < 4 AS converts "
        "FROM (SELECT u, least(40, 1 + floor(ln(((hash(u) % 1000000) + 1) / 1e6) / ln(1 - 1 / 4.5)))::INTEGER AS n FROM range(5000000) t(u)), range(40) s(k) WHERE k < n ORDER BY ts";
    if (!engine_exec(b->c, str_of(sql), &e))
        failed("touches", &e);
    if (!engine_exec(b->c, STR("CREATE TABLE ends AS SELECT user_id, max(ts) AS ts, (10 + user_id % 90)::BIGINT * 1000000 AS value FROM touches WHERE converts GROUP BY user_id ORDER BY hash(user_id); "
                               "CREATE TABLE touches_by_key AS FROM touches ORDER BY user_id; CREATE TABLE ends_by_key AS FROM ends ORDER BY user_id; "
                               "CREATE MACRO customer(u) AS 'c_' || lpad(to_hex(hash(u + 5)), 16, '0'); CREATE MACRO moment(ts) AS TIMESTAMP '2026-01-01' + to_microseconds(ts::BIGINT * 1000); "
                               "CREATE TABLE told AS SELECT customer(user_id) AS customer_id, moment(ts) AS occurred_at, 't_' || md5(concat(user_id, '.', ts)) AS touchpoint_id, 'visit' AS kind, "
                               "(['paid_search', 'email', 'organic_search', 'display', 'direct', 'affiliates', 'paid_social', 'referral', 'paid_video', 'sms', 'push', 'paid_shopping'])[ch::INTEGER + 1] AS channel_group, "
                               "converts FROM touches; "
                               "CREATE TABLE ends_told AS SELECT customer(user_id) AS customer_id, moment(ts) AS occurred_at, value FROM ends"), &e))
        failed("conversions", &e);
}

/* The statements of journeys_sql.c: for shared.touchpoint, and for ports of one's own with a customer that is a number. */
static const char *const told_sql[] = {"SELECT CAST(hash(customer_id) >> 1 AS BIGINT), occurred_at, 0, false, value FROM ends_told",
                                       "SELECT CAST(hash(customer_id) >> 1 AS BIGINT), occurred_at, substr(touchpoint_id, 3, 12), kind, NULL, false, coalesce(channel_group, 'direct'), NULL FROM told"};
static const char *const own_sql[] = {"SELECT CAST(hash(CAST(user_id AS VARCHAR)) >> 1 AS BIGINT), ts::BIGINT * 1000000, 0, false, value FROM ends",
                                      "SELECT CAST(hash(CAST(user_id AS VARCHAR)) >> 1 AS BIGINT), ts::BIGINT * 1000000, 0, NULL, NULL, false, CAST(ch AS VARCHAR), NULL FROM touches"};

static void take(struct bench *b, struct journey_packing *k, bool touches, int64_t user, bool told)
{
    struct err e = {0};
    struct engine_result *r;
    struct engine_chunk *ch;
    struct buf q = BUF_INIT((size_t)4096);
    buf_addz(&q, told ? told_sql[touches] : own_sql[touches]);
    if (user >= 0)
        buf_printf(&q, "_by_key WHERE user_id = %lld", (long long)user);
    if (!engine_query(b->c, buf_str(&q), NULL, 0, &r, &e))
        failed("rows", &e);
    while (engine_result_next(r, &ch, &e) && ch)
        if (!journey_take(k, touches, ch, engine_chunk_rows(ch), &e))
            failed("packing", &e);
    engine_result_close(r);
    buf_fini(&q);
}

/* The product's way: rows in any order from the engine, packed, sorted, cut into paths. All customers: -1. */
static void packed(struct bench *b, int64_t user, int which)
{
    static const struct rule_options rules = {.u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1}, .half_life_s = 1};
    struct err e = {0};
    struct journeys j = {.level = JOURNEY_CHANNEL, .lookback_us = INT64_MAX / 4, .longest_us = INT64_MAX / 4};
    struct journey_packing k;
    struct journey_paths p;
    struct markov_facts facts;
    arena_init(&j.a);
    if (!journey_packing_begin(&k, &j, 2, &e))
        failed("packing", &e);
    take(b, &k, false, user, which == TABLE_TOLD);
    take(b, &k, true, user, which == TABLE_TOLD);
    if (!journey_packing_end(&k, &e))
        failed("packing", &e);
    journey_packing_fini(&k);
    j.window_us = mem_alloc((j.n_kinds + 1) * sizeof *j.window_us);
    for (size_t i = 0; i < j.n_kinds; i++)
        j.window_us[i] = j.longest_us;
    if (!journeys_cut(&j, &p, &e))
        failed("cut", &e);
    if (which == TABLE || which == TABLE_TOLD ? !markov_run(&p.set, &(struct data_options){.order = 1, .threads = 2}, b->credit, &facts, &e) : !rules_run(&p.set, &rules, b->credit, &e))
        failed(what[which], &e);
    b->p_conversion[which] = which == TABLE || which == TABLE_TOLD ? facts.p_conversion : 0;
    journey_paths_fini(&p);
    journeys_fini(&j);
}

/* What the others begin with: rows in their order from the engine, cut into paths. */
static void paths_from_table(struct bench *b)
{
    struct err e = {0};
    struct engine_result *r;
    struct engine_chunk *ch;
    int64_t user = -1;
    size_t path = 0, at = 0;
    if (!engine_query(b->c, STR("SELECT user_id, ch, converts FROM touches ORDER BY user_id, ts, ch"), NULL, 0, &r, &e))
        failed("touches in order", &e);
    while (engine_result_next(r, &ch, &e) && ch)
        for (size_t i = 0, n = engine_chunk_rows(ch); i < n; i++) {
            int64_t u = engine_cell_i64(ch, 0, i);
            if (u != user) {
                b->conversions[path] = engine_cell_i64(ch, 2, i);
                b->value[path] = b->conversions[path] * (10 + u % 90) * 1000000;
                b->nulls[path] = !b->conversions[path];
                path++;
                user = u;
            }
            b->steps[at++] = (uint32_t)engine_cell_i64(ch, 1, i);
            b->ends[path - 1] = at;
        }
    engine_result_close(r);
    b->n_steps = at;
    b->p = (struct path_set){.steps = b->steps, .ends = b->ends, .conversions = b->conversions, .value = b->value, .nulls = b->nulls, .n = path, .channels = CHANNELS};
}

static void text_make(struct bench *b)
{
    static const char *const names[CHANNELS] = {"paid_search", "email", "organic", "display", "direct", "affiliates", "paid_social", "referral", "video", "sms", "push", "shopping"};
    buf_addz(&b->text, "path;total_conversions;total_conversion_value;total_null\n");
    for (size_t i = 0, at = 0; i < b->p.n; i++) {
        for (size_t from = at; at < b->ends[i]; at++) {
            if (at > from)
                buf_addz(&b->text, " > ");
            buf_addz(&b->text, names[b->steps[at]]);
        }
        buf_printf(&b->text, ";%lld;%lld;%lld\n", (long long)b->conversions[i], (long long)b->value[i] / 1000000, (long long)b->nulls[i]);
    }
}

static void markov(struct bench *b, const struct path_set *p, int which, int order)
{
    struct err e = {0};
    struct markov_facts facts;
    if (!markov_run(p, &(struct data_options){.order = order, .threads = which == TEXT ? 2 : 1}, b->credit, &facts, &e))
        failed(what[which], &e);
    b->p_conversion[which] = facts.p_conversion;
}

static void from_text(struct bench *b)
{
    struct arena a;
    struct errs es = {0};
    struct path_file f;
    arena_init(&a);
    if (!paths_read(&a, STR("paths.csv"), buf_str(&b->text), &f, &es))
        failed("text", &es.v[0]);
    markov(b, &f.set, TEXT, 1);
    arena_fini(&a);
}

static void sql(struct bench *b, int which, const char *query)
{
    struct err e = {0};
    struct engine_result *r;
    struct engine_chunk *ch;
    double converted = 0, ended = 0;
    if (!engine_query(b->c, str_of(query), NULL, 0, &r, &e))
        failed(what[which], &e);
    while (engine_result_next(r, &ch, &e) && ch)
        for (size_t i = 0; which != SQL_GROUP && i < engine_chunk_rows(ch); i++) {
            converted += engine_cell_f64(ch, 3, i);
            ended += engine_cell_f64(ch, 4, i);
        }
    engine_result_close(r);
    b->p_conversion[which] = ended > 0 ? converted / ended : 0;
}

#define WINDOW(channel, from, person, at)                                                                                                                      \
    "SELECT prev, ch, count(*), count(*) FILTER (last AND converts), count(*) FILTER (last) FROM (SELECT " channel " AS ch, converts, lag(" channel ") OVER w AS prev, lead(" channel \
    ") OVER w IS NULL AS last FROM " from " WINDOW w AS (PARTITION BY " person " ORDER BY " at ")) GROUP BY 1, 2"

static void run(struct bench *b, int which)
{
    static const struct rule_options rules = {.u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1}, .half_life_s = 1};
    struct err e = {0};
    struct data_options o = {.order = 1, .threads = 1, .shapley_rate = which == SHAPLEY_RATE};
    switch (which) {
    case TEXT: from_text(b); break;
    case MEMORY: markov(b, &b->p, MEMORY, 1); break;
    case ORDER_3: markov(b, &b->p, ORDER_3, 3); break;
    case TABLE:
    case TABLE_TOLD:
    case CREDIT_ALL: packed(b, -1, which); break;
    case CREDIT_ONE:
        for (int64_t i = 0; i < SOME; i++)
            packed(b, i * (PATHS / SOME), which);
        break;
    case RULES:
        if (!rules_run(&b->p, &rules, b->credit, &e))
            failed(what[which], &e);
        break;
    case SHAPLEY:
    case SHAPLEY_RATE:
        if (!shapley_run(&b->p, &o, b->credit, &e))
            failed(what[which], &e);
        break;
    case SQL_WINDOW: sql(b, which, WINDOW("ch", "touches", "user_id", "ts")); break;
    case SQL_WINDOW_TOLD: sql(b, which, WINDOW("channel_group", "told", "customer_id", "occurred_at")); break;
    default: sql(b, which, "SELECT ch::INTEGER, count(*), sum(ts) FROM touches GROUP BY 1"); break;
    }
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double median(const double *v)
{
    double sorted[ROUNDS];
    memcpy(sorted, v, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, by_size);
    return sorted[ROUNDS / 2];
}

/* Of rounds that ran one after the other, so that a busy machine weighs on both. */
static void ratio(const struct bench *b, int base, int ours, const char *aim)
{
    double r[ROUNDS], own[ROUNDS], least = INFINITY, most = 0;
    for (int i = 0; i < ROUNDS; i++) {
        r[i] = b->wall[base][i] / b->wall[ours][i];
        own[i] = b->own[base][i] / b->own[ours][i];
        least = fmin(least, r[i]);
        most = fmax(most, r[i]);
    }
    printf("  %-46s / %-52s %8.2fx [%.2f - %.2f], by processor time %.2fx   %s\n", what[base], what[ours], median(r), least, most, median(own), aim);
}

int main(void)
{
    static struct bench b;
    struct engine *g;
    struct err e = {0};
    if (!engine_open(&(struct engine_options){.threads = 2}, &g, &e) || !engine_connect(g, &b.c, &e))
        failed("engine", &e);
    touches_make(&b);
    size_t steps = (size_t)PATHS * 8;
    b.steps = mem_alloc(steps * sizeof *b.steps);
    b.ends = mem_alloc(PATHS * sizeof *b.ends);
    b.conversions = mem_alloc(PATHS * sizeof *b.conversions);
    b.value = mem_alloc(PATHS * sizeof *b.value);
    b.nulls = mem_alloc(PATHS * sizeof *b.nulls);
    b.text = BUF_INIT((size_t)2 << 30);
    paths_from_table(&b);
    text_make(&b);
    printf("%zu paths, %zu touches, %.1f steps in the mean, %zu MB of text\n", b.p.n, b.n_steps, (double)b.n_steps / (double)b.p.n, b.text.n >> 20);
    for (int round = 0; round < ROUNDS; round++)
        for (int m = 0; m < MEASURED; m++) {
            double wall = clock_s(CLOCK_MONOTONIC), own = clock_s(CLOCK_PROCESS_CPUTIME_ID);
            run(&b, m);
            b.wall[m][round] = (clock_s(CLOCK_MONOTONIC) - wall) / (m == CREDIT_ONE ? SOME : 1);
            b.own[m][round] = (clock_s(CLOCK_PROCESS_CPUTIME_ID) - own) / (m == CREDIT_ONE ? SOME : 1);
        }
    for (int m = 0; m < MEASURED; m++)
        printf("  %-52s %9.2f ms, %9.2f ms of processor, %7.1f M paths per s of processor\n", what[m], 1e3 * median(b.wall[m]), 1e3 * median(b.own[m]),
               (double)b.p.n / 1e6 / median(b.own[m]));
    for (int m = 0; m < MEASURED; m++)
        if (b.p_conversion[m] > 0 && fabs(b.p_conversion[m] - b.p_conversion[MEMORY]) > 1e-12)
            printf("%s: P(conversion) %.15g is not %.15g\n", what[m], b.p_conversion[m], b.p_conversion[MEMORY]);
    printf("ratios (more is better)\n");
    ratio(&b, SQL_WINDOW_TOLD, TABLE_TOLD, "aim 1.5x, then 4x: from the table to effects");
    ratio(&b, SQL_WINDOW, TABLE, "aim 1.5x, then 4x: the same of integers");
    ratio(&b, CREDIT_ALL, CREDIT_ONE, "one customer's credit again / everybody's");
    ratio(&b, SQL_WINDOW, TEXT, "");
    ratio(&b, SQL_WINDOW, MEMORY, "");
    ratio(&b, SQL_GROUP, SHAPLEY, "aim 1x, then 5x");
    ratio(&b, SQL_GROUP, SHAPLEY_RATE, "aim 1x");
    ratio(&b, SQL_GROUP, RULES, "");
    printf("  ChannelAttribution (R): not run by this bench\n");
    engine_disconnect(b.c);
    engine_close(g);
    mem_free(b.steps);
    mem_free(b.ends);
    mem_free(b.conversions);
    mem_free(b.value);
    mem_free(b.nulls);
    buf_fini(&b.text);
    return 0;
}
