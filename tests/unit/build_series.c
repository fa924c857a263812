#include "build_series.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"

#define LIVE(port) "mesh.live.\"acquisition." port "_v1\""

static const struct world_port ports[] = {
    {.name = "daily",
     .columns = "day DATE, campaign VARCHAR, spend DECIMAL(18,6), clicks BIGINT",
     .sql = "SELECT day, campaign, spend, clicks FROM acquisition.ads__stats"},
    {.name = "window",
     .materialization = "incremental",
     .columns = "day DATE, spend DECIMAL(18,6), rows BIGINT",
     .sql = "SELECT day, max(spend) AS spend, count(*) AS rows FROM acquisition.ads__stats GROUP BY day"},
    {.name = "seen",
     .materialization = "view",
     .columns = "day DATE, spend DECIMAL(18,6), rows BIGINT",
     .sql = "SELECT day, max(spend) AS spend, count(*) AS rows FROM acquisition.daily GROUP BY day"},
    {.name = "total",
     .columns = "day DATE, spend DECIMAL(18,6)",
     .sql = "SELECT s.day, CAST(s.spend + w.spend AS DECIMAL(18,6)) AS spend FROM acquisition.seen AS s JOIN acquisition.window "
            "AS w ON s.day = w.day"},
};

void series_init(struct world *w)
{
    world_init(w);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        world_port(w, &ports[i]);
    series_land(w, 1);
}

static void land(struct world *w, const char *name, int first, int days, int number)
{
    struct buf b = BUF_INIT(8 << 20);
    int32_t day = 20454 + first; /* from 2026-01-01 */
    for (int i = 0; i < days; i++)
        for (int k = 0; k < SERIES_ROWS / SERIES_DAYS; k++)
            buf_printf(&b, "%s,one,c%d,%d,%d\n", clock_date(day + i).z, k, number, k);
    world_land(w, name, buf_z(&b));
    buf_fini(&b);
}

void series_land(struct world *w, int number)
{
    land(w, "all", 0, SERIES_DAYS, number);
}

void series_land_last(struct world *w, int number)
{
    land(w, "last", SERIES_DAYS - 1, 1, number);
}

const char *series_figures(struct world *w)
{
    return world_value(w, "SELECT (SELECT count(*) || ' ' || sum(spend) || ' ' || sum(clicks) FROM " LIVE(
                              "daily") ") || '/' || "
                                       "(SELECT count(*) || ' ' || sum(spend) || ' ' || sum(rows) FROM " LIVE(
                                           "window") ") || '/' || "
                                                     "(SELECT count(*) || ' ' || sum(spend) || ' ' || sum(rows) FROM " LIVE(
                                                         "seen") ") || '/' || "
                                                                 "(SELECT count(*) || ' ' || sum(spend) FROM " LIVE("total") ")");
}

struct reader {
    struct world *w;
    const atomic_bool *stop;
    pthread_t thread;
    long reads;
    char failure[1200];
};

/* Rows and the spread of the number within one version; a torn read shows more than one number or another count. */
static const struct {
    const char *sql;
    int64_t rows;
} questions[] = {
    {"SELECT count(*), min(spend), max(spend) FROM " LIVE("daily"), SERIES_ROWS},
    {"SELECT count(*), min(spend), max(spend) FROM " LIVE("window"), SERIES_DAYS},
    {"SELECT count(*), min(spend), max(spend) FROM " LIVE("seen"), SERIES_DAYS},
    {"SELECT count(*), min(spend), max(spend) FROM " LIVE("total"), SERIES_DAYS},
};
enum { N_QUESTIONS = sizeof questions / sizeof *questions };

static bool read_once(struct engine_conn *c, size_t q, struct err *e)
{
    struct engine_result *result = NULL;
    struct engine_chunk *ch = NULL;
    if (!engine_query(c, str_of(questions[q].sql), NULL, 0, &result, e))
        return false;
    bool ok = engine_result_next(result, &ch, e);
    if (ok &&
        (ch == NULL || engine_cell_i64(ch, 0, 0) != questions[q].rows || engine_cell_f64(ch, 1, 0) != engine_cell_f64(ch, 2, 0)))
        ok = err_set(e, E_INTERNAL, "torn: %lld rows, %g to %g", ch ? (long long)engine_cell_i64(ch, 0, 0) : -1LL,
                     ch ? engine_cell_f64(ch, 1, 0) : 0, ch ? engine_cell_f64(ch, 2, 0) : 0);
    engine_result_close(result);
    return ok;
}

/* Streams all rows of a table slowly, while versions go by: it must see the one that it began with. */
static bool stream_once(struct engine_conn *c, struct err *e)
{
    struct engine_result *result = NULL;
    struct engine_chunk *ch = NULL;
    int64_t rows = 0;
    double number = -1;
    if (!engine_query(c, STR("SELECT spend FROM " LIVE("daily")), NULL, 0, &result, e))
        return false;
    bool ok = true;
    while (ok && (ok = engine_result_next(result, &ch, e)) && ch != NULL)
        for (size_t i = 0; ok && i < engine_chunk_rows(ch); i++, rows++) {
            double v = engine_cell_f64(ch, 0, i);
            if (number >= 0 && v != number)
                ok = err_set(e, E_INTERNAL, "torn stream: %g beside %g", v, number);
            number = v;
        }
    engine_result_close(result);
    return ok && (rows == SERIES_ROWS || err_set(e, E_INTERNAL, "torn stream: %lld rows", (long long)rows));
}

static void *reader_main(void *arg)
{
    struct reader *r = arg;
    struct engine_conn *c = NULL;
    struct err e = {0};
    bool ok = engine_connect(r->w->state->engine, &c, &e);
    while (ok && !atomic_load(r->stop)) {
        for (size_t q = 0; ok && q < N_QUESTIONS; q++, r->reads++)
            ok = read_once(c, q, &e);
        ok = ok && stream_once(c, &e);
    }
    if (!ok)
        snprintf(r->failure, sizeof r->failure, "%s [%s]", e.text, c ? engine_last_message(c) : "");
    engine_disconnect(c);
    return NULL;
}

long series_under_readers(struct world *w, int rounds, int readers)
{
    struct reader r[8] = {0};
    atomic_bool stop = false;
    long reads = 0;
    assert_true(readers <= 8);
    assert_true(world_run(w));
    for (int i = 0; i < readers; i++) {
        r[i] = (struct reader){.w = w, .stop = &stop};
        assert_int_equal(pthread_create(&r[i].thread, NULL, reader_main, &r[i]), 0);
    }
    char failed[1300] = "";
    for (int k = 0; k < rounds && !failed[0]; k++) {
        series_land(w, k + 2);
        if (!world_run(w) || w->report.exit_code != 0)
            snprintf(failed, sizeof failed, "round %d: %s %s", k, w->err.text, w->errs.n > 0 ? w->errs.v[0].text : "");
    }
    atomic_store(&stop, true);
    for (int i = 0; i < readers; i++) {
        pthread_join(r[i].thread, NULL);
        reads += r[i].reads;
    }
    for (int i = 0; i < readers && !failed[0]; i++)
        snprintf(failed, sizeof failed, "%s", r[i].failure);
    if (failed[0])
        fail_msg("%s", failed);
    return reads;
}
