/* Build of Campaign 360 over ad-day rows (10 million, or BENCH_ROWS) against the same SQL run straight in the engine on the same
 * file. The build's share includes everything: planning, contract checks, ledger and swap. Rounds are interleaved; the median of
 * each is compared. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "build/build.h"

enum { ROUNDS = 5, DAYS = 400, ADS = 25000 };

static struct arena arena;
static char dir[] = "/tmp/trellis-bench-build-XXXXXX";

static void must(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "bench_build: %s:%u %s (%s)\n", e->file, e->line, e->text, e->hint);
    exit(1);
}

static void put(const char *path, const char *text)
{
    struct err e = {0};
    struct str full = arena_printf(&arena, "%s/%s", dir, path);
    must(fs_mkdirs(arena_strz(&arena, fs_dirname(full)), 0700, &e) && fs_write_atomic(full.p, str_of(text), 0600, &e), &e);
}

static const char source_yaml[] =
    "name: bench_ads\nkind: files\ntitle: Generated ads\npath: landing\ncurrency: EUR\nstreams:\n"
    "  - {name: ad_stats, table: ad_stats, optional: true, load: replace_days, account_column: customer_id, day_column: date}\n";
static const char source_contract[] =
    "apiVersion: v3.1.0\nkind: DataContract\nid: acquisition.bench_ads\nname: bench_ads\nversion: 1.0.0\nstatus: "
    "active\nschema:\n  - name: ad_stats\n    properties:\n"
    "      - {name: date, logicalType: date, physicalType: DATE, classification: internal}\n"
    "      - {name: customer_id, logicalType: string, physicalType: VARCHAR, classification: internal}\n"
    "      - {name: campaign_id, logicalType: string, physicalType: VARCHAR, classification: internal}\n"
    "      - {name: ad_group_id, logicalType: string, physicalType: VARCHAR, classification: internal}\n"
    "      - {name: ad_id, logicalType: string, physicalType: VARCHAR, classification: internal}\n"
    "      - {name: impressions, logicalType: integer, physicalType: BIGINT, classification: internal}\n"
    "      - {name: clicks, logicalType: integer, physicalType: BIGINT, classification: internal}\n"
    "      - {name: cost_micros, logicalType: integer, physicalType: BIGINT, classification: internal}\n"
    "      - {name: conversions, logicalType: number, physicalType: DOUBLE, classification: internal}\n"
    "      - {name: conversions_value, logicalType: number, physicalType: \"DECIMAL(18,6)\", classification: internal}\n";

#define PLATFORM_COLUMNS                                                                                                      \
    "      - {name: date_day, logicalType: date, physicalType: DATE, classification: internal, required: true}\n"             \
    "      - {name: platform, logicalType: string, physicalType: VARCHAR, classification: internal, required: true}\n"        \
    "      - {name: account_id, logicalType: string, physicalType: VARCHAR, classification: internal}\n"                      \
    "      - {name: campaign_id, logicalType: string, physicalType: VARCHAR, classification: internal}\n"                     \
    "      - {name: impressions, logicalType: integer, physicalType: BIGINT, classification: internal, required: true}\n"     \
    "      - {name: clicks, logicalType: integer, physicalType: BIGINT, classification: internal, required: true}\n"          \
    "      - {name: spend, logicalType: number, physicalType: \"DECIMAL(18,6)\", classification: internal, required: true}\n" \
    "      - {name: conversions, logicalType: number, physicalType: DOUBLE, classification: internal}\n"                      \
    "      - {name: conversions_value, logicalType: number, physicalType: \"DECIMAL(18,6)\", classification: internal}\n"     \
    "      - {name: currency, logicalType: string, physicalType: VARCHAR, classification: internal, required: true}\n"
#define QUALITY                                                                                                                 \
    "    quality:\n"                                                                                                            \
    "      - {id: one_row_per_day, metric: duplicateValues, arguments: {properties: [date_day, platform, account_id, "          \
    "campaign_id]}, mustBe: 0, severity: error}\n"                                                                              \
    "      - {id: spend_not_negative, type: sql, query: \"SELECT count(*) FROM {object} WHERE spend < 0\", mustBe: 0, "         \
    "severity: error}\n"                                                                                                        \
    "      - {id: clicks_within_impressions, type: sql, query: \"SELECT count(*) FROM {object} WHERE clicks > impressions AND " \
    "impressions > 0\", mustBe: 0, severity: warning}\n"

/* The packs' shapes: a platform rolled up from its ad report, then the flagship with rates. */
static const struct port {
    const char *name, *columns, *sql;
} ports[] = {
    {"exchange_rate",
     "      - {name: date_day, logicalType: date, physicalType: DATE, classification: internal}\n"
     "      - {name: currency, logicalType: string, physicalType: VARCHAR, classification: internal}\n"
     "      - {name: rate, logicalType: number, physicalType: \"DECIMAL(18,8)\", classification: internal}\n",
     "SELECT DATE '2020-01-01' AS date_day, 'USD' AS currency, CAST(0.9 AS DECIMAL(18,8)) AS rate"},
    {"bench_ads_campaign_daily", PLATFORM_COLUMNS,
     "SELECT stats.date AS date_day, 'google_ads' AS platform, stats.customer_id AS account_id, stats.campaign_id AS "
     "campaign_id,\n"
     "       CAST(coalesce(sum(stats.impressions), 0) AS BIGINT) AS impressions, CAST(coalesce(sum(stats.clicks), 0) AS BIGINT) "
     "AS clicks,\n"
     "       CAST(CAST(coalesce(sum(stats.cost_micros), 0) AS DECIMAL(28,0)) * 0.000001 AS DECIMAL(18,6)) AS spend,\n"
     "       CAST(sum(stats.conversions) AS DOUBLE) AS conversions, CAST(sum(stats.conversions_value) AS DECIMAL(18,6)) AS "
     "conversions_value,\n"
     "       any_value(stats._source_currency) AS currency\n"
     "FROM acquisition.bench_ads__ad_stats AS stats GROUP BY stats.date, stats.customer_id, stats.campaign_id"},
    {"campaign_daily",
     PLATFORM_COLUMNS
     "      - {name: reporting_currency, logicalType: string, physicalType: VARCHAR, classification: internal, required: true}\n"
     "      - {name: spend_reporting, logicalType: number, physicalType: \"DECIMAL(18,6)\", classification: internal}\n"
     "      - {name: conversions_value_reporting, logicalType: number, physicalType: \"DECIMAL(18,6)\", classification: "
     "internal}\n" QUALITY,
     "WITH reported AS (\n    SELECT * FROM acquisition.bench_ads_campaign_daily\n), rate AS (\n"
     "    SELECT day.date_day, day.currency,\n"
     "           CASE WHEN day.currency = mesh_reporting_currency() THEN CAST(1 AS DECIMAL(18,8)) ELSE known.rate END AS rate\n"
     "    FROM (SELECT DISTINCT date_day, currency FROM reported) AS day\n"
     "    ASOF LEFT JOIN acquisition.exchange_rate AS known ON day.currency = known.currency AND day.date_day >= "
     "known.date_day\n)\n"
     "SELECT reported.*, mesh_reporting_currency() AS reporting_currency,\n"
     "       CASE WHEN reported.currency = mesh_reporting_currency() THEN reported.spend\n"
     "            ELSE CAST(CAST(reported.spend AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS spend_reporting,\n"
     "       CASE WHEN reported.currency = mesh_reporting_currency() THEN reported.conversions_value\n"
     "            ELSE CAST(CAST(reported.conversions_value AS DECIMAL(24,6)) * rate.rate AS DECIMAL(18,6)) END AS "
     "conversions_value_reporting\n"
     "FROM reported LEFT JOIN rate ON reported.date_day = rate.date_day AND reported.currency = rate.currency"},
};
enum { N_PORTS = sizeof ports / sizeof *ports };

static void write_mesh(void)
{
    put("mesh.yaml", "name: bench\ntitle: Bench\ntime_zone: UTC\nreporting_currency: EUR\n");
    put("domains/acquisition/domain.yaml",
        "name: acquisition\ntitle: Acquisition\nowner: {name: Ana Ruiz, contact: ana@example.org}\n");
    put("domains/acquisition/sources/bench_ads.yaml", source_yaml);
    put("domains/acquisition/sources/bench_ads.odcs.yaml", source_contract);
    struct buf product = BUF_INIT(1 << 20);
    buf_addz(&product, "apiVersion: v1.0.0\nkind: DataProduct\nid: acquisition.campaigns\nname: campaigns\nversion: "
                       "1.0.0\nstatus: active\ndomain: acquisition\n"
                       "description: {purpose: Measuring., limitations: None., usage: Bench.}\noutputPorts:\n");
    for (int i = 0; i < N_PORTS; i++) {
        buf_printf(
            &product,
            "  - name: %s\n    version: 1.0.0\n    type: tables\n    description: Bench.\n    contractId: "
            "acquisition.campaigns.%s\n    customProperties:\n"
            "      - {property: trellisMaterialization, value: table}\n      - {property: trellisTimeColumn, value: date_day}\n",
            ports[i].name, ports[i].name);
        put(arena_printf(&arena, "domains/acquisition/products/campaigns/%s.sql", ports[i].name).p, ports[i].sql);
        put(arena_printf(&arena, "domains/acquisition/products/campaigns/%s.odcs.yaml", ports[i].name).p,
            arena_printf(&arena,
                         "apiVersion: v3.1.0\nkind: DataContract\nid: acquisition.campaigns.%s\nname: %s\nversion: "
                         "1.0.0\nstatus: active\nschema:\n  - name: %s\n"
                         "    physicalType: table\n    properties:\n%s",
                         ports[i].name, ports[i].name, ports[i].name, ports[i].columns)
                .p);
    }
    buf_addz(&product, "team: {name: Bench, members: [{username: ana@example.org, name: Ana Ruiz, role: owner}]}\n");
    put("domains/acquisition/products/campaigns/product.yaml", buf_z(&product));
    buf_fini(&product);
}

/* Rows straight into the raw table: how they are loaded is another bench. */
static void generate(struct engine_conn *c, long long rows)
{
    struct err e = {0};
    static const char make[] =
        "CREATE OR REPLACE TABLE mesh.raw.\"acquisition.bench_ads__ad_stats\" AS SELECT DATE '2025-01-01' + CAST(i // %d AS "
        "INTEGER) AS date,\n"
        " 'account-' || ((i %% %d) // 1250) AS customer_id, 'campaign-' || ((i %% %d) // 50) AS campaign_id, 'group-' || ((i %% "
        "%d) // 10) AS ad_group_id,\n"
        " 'ad-' || (i %% %d) AS ad_id, CAST(hash(i) %% 5000 AS BIGINT) + 1000 AS impressions, CAST(hash(i + 1) %% 900 AS BIGINT) "
        "AS clicks,\n"
        " CAST(hash(i + 2) %% 90000000 AS BIGINT) AS cost_micros, CAST(hash(i + 3) %% 100 AS DOUBLE) / 10 AS conversions,\n"
        " CAST(CAST(hash(i + 4) %% 100000 AS BIGINT) / 100 AS DECIMAL(18,6)) AS conversions_value,\n"
        " CAST(1 AS BIGINT) AS _file_id, i AS _line, TIMESTAMP '2026-01-01 00:00:00' AS _learned_from FROM range(%lld) AS t(i);\n"
        "CREATE OR REPLACE TABLE mesh.hist.\"acquisition.bench_ads__ad_stats\" AS SELECT *, _learned_from AS _learned_to FROM "
        "mesh.raw.\"acquisition.bench_ads__ad_stats\" LIMIT 0; CHECKPOINT mesh";
    struct ledger_file f = {.file_id = 1,
                            .stream = STR("acquisition.bench_ads__ad_stats"),
                            .path = STR("generated"),
                            .sha256 = STR("generated"),
                            .format = STR("csv"),
                            .rows_loaded = rows,
                            .learned_at_us = clock_now_us()};
    must(engine_exec(c, arena_printf(&arena, make, ADS, ADS, ADS, ADS, ADS, rows), &e) && ledger_file_add(c, &f, &e), &e);
}

/* The same SQL on a plain connection: names given by views, tables written to the same file. */
static int64_t straight(struct engine_conn *c)
{
    struct err e = {0};
    struct buf sql = BUF_INIT(1 << 20);
    for (int i = 0; i < N_PORTS; i++)
        buf_printf(&sql, "CREATE OR REPLACE TABLE mesh.main.%s AS %s;\n", ports[i].name, ports[i].sql);
    int64_t began = clock_mono_us();
    must(buf_ok(&sql, &e) && engine_exec(c, buf_str(&sql), &e), &e);
    int64_t took = clock_mono_us() - began;
    must(engine_exec(c, STR("CHECKPOINT mesh"), &e), &e);
    buf_fini(&sql);
    return took;
}

static void name_views(struct engine_conn *c)
{
    struct err e = {0};
    struct buf sql = BUF_INIT(1 << 20);
    buf_addz(
        &sql,
        "ATTACH ':memory:' AS plain; CREATE SCHEMA plain.acquisition; CREATE MACRO plain.main.mesh_reporting_currency() AS 'EUR';"
        "CREATE VIEW plain.acquisition.bench_ads__ad_stats AS SELECT *, 'EUR' AS _source_currency FROM "
        "mesh.raw.\"acquisition.bench_ads__ad_stats\";");
    for (int i = 0; i < N_PORTS; i++)
        buf_printf(&sql,
                   "CREATE TABLE mesh.main.%s AS SELECT 1 AS x; CREATE VIEW plain.acquisition.%s AS SELECT * FROM mesh.main.%s;",
                   ports[i].name, ports[i].name, ports[i].name);
    buf_addz(&sql, "USE plain");
    must(buf_ok(&sql, &e) && engine_exec(c, buf_str(&sql), &e), &e);
    buf_fini(&sql);
}

static int64_t built(struct build *b, const struct mesh *m)
{
    struct err e = {0};
    struct errs es = {0};
    struct build_report r;
    struct build_options o = {.program = "", .full = true, .trigger = STR("bench")};
    int64_t began = clock_mono_us();
    bool ok = build_run(b, m, &o, &r, &es, &e);
    int64_t took = clock_mono_us() - began;
    must(ok && r.exit_code == 0, es.n > 0 ? &es.v[0] : &e);
    errs_fini(&es);
    return took;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    struct err e = {0};
    struct errs es = {0};
    struct state *state = NULL;
    struct engine_conn *c = NULL, *plain = NULL;
    struct build *b = NULL;
    int64_t ours[ROUNDS], theirs[ROUNDS];
    const char *asked = getenv("BENCH_ROWS");
    int64_t rows = (int64_t)DAYS * ADS;
    if (asked)
        str_to_i64(str_of(asked), &rows);
    log_set(LOG_ERROR, false);
    arena_init(&arena);
    if (!mkdtemp(dir))
        return 1;
    write_mesh();
    must(state_open(dir, &(struct state_options){0}, &state, &e), &e);
    must(engine_connect(state->engine, &c, &e) && engine_connect(state->engine, &plain, &e) && build_open(state, &b, &e), &e);
    struct mesh *m = mesh_load(dir, &(struct mesh_load_options){.parser = c}, &es);
    must(m != NULL, es.n > 0 ? &es.v[0] : &e);
    must(build_refresh(b, m, &e), &e);
    generate(c, rows);
    name_views(plain);
    for (int i = 0; i < ROUNDS; i++) {
        theirs[i] = straight(plain);
        ours[i] = built(b, m);
    }
    qsort(ours, ROUNDS, sizeof *ours, by_size);
    qsort(theirs, ROUNDS, sizeof *theirs, by_size);
    printf("build of Campaign 360 over %lld ad-day rows: %.2f s [%.2f-%.2f]; the same SQL straight in the engine: %.2f s "
           "[%.2f-%.2f]; %d rounds, medians\n",
           (long long)rows, (double)ours[ROUNDS / 2] / 1e6, (double)ours[0] / 1e6, (double)ours[ROUNDS - 1] / 1e6,
           (double)theirs[ROUNDS / 2] / 1e6, (double)theirs[0] / 1e6, (double)theirs[ROUNDS - 1] / 1e6, ROUNDS);
    printf("ratio %.2f (aim: at most 1.15; contract checks, ledger and swap included)\n",
           (double)ours[ROUNDS / 2] / (double)theirs[ROUNDS / 2]);
    build_close(b);
    engine_disconnect(c);
    engine_disconnect(plain);
    state_close(state);
    mesh_free(m);
    errs_fini(&es);
    must(fs_remove_tree(dir, &e), &e);
    arena_fini(&arena);
    return 0;
}
