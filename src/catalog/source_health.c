/* The state of every source from a few questions to the ledger: is it in time, did its files load, did as much come as usual, was
 * more set aside than usual, did columns change. Files of one stream that come within ten minutes of each other are one load. */
#include "catalog/catalog_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fs.h"

enum { HABIT_LEAST = 4, MESSAGE_SHOWN = 200, PROBLEMS = 5 };

static const char volume_sql[] =
    "WITH f AS (SELECT stream, file_id, learned_at, rows_loaded, rows_quarantined,"
    " CASE WHEN learned_at - lag(learned_at) OVER w <= INTERVAL 10 MINUTE THEN 0 ELSE 1 END AS begins FROM mesh.sys.file_load"
    " WINDOW w AS (PARTITION BY stream ORDER BY learned_at, file_id)),"
    " g AS (SELECT *, sum(begins) OVER (PARTITION BY stream ORDER BY learned_at, file_id) AS no FROM f),"
    " l AS (SELECT stream, no, min(learned_at) AS begun, sum(rows_loaded) + sum(rows_quarantined) AS came, sum(rows_quarantined) "
    "AS"
    " bad, row_number() OVER (PARTITION BY stream ORDER BY no DESC) AS age FROM g GROUP BY stream, no),"
    " v AS (SELECT stream, max(came) FILTER (age = 1) AS came, max(bad) FILTER (age = 1) AS bad, max(begun) FILTER (age = 1) AS"
    " begun, median(came) FILTER (age BETWEEN 2 AND 9) AS habit, median(CAST(bad AS DOUBLE) / greatest(came, 1)) FILTER (age "
    "BETWEEN"
    " 2 AND 9) AS habit_bad, count(*) FILTER (age BETWEEN 2 AND 9) AS before FROM l GROUP BY stream)"
    " SELECT v.stream, CAST(came AS BIGINT), CAST(bad AS BIGINT), CAST(coalesce(habit, 0) AS DOUBLE), CAST(coalesce(habit_bad, "
    "0) AS"
    " DOUBLE), before, (SELECT count(*) FROM mesh.sys.ingest_drift d WHERE d.stream = v.stream AND d.noted_at >= v.begun) FROM v";
static const char drift_sql[] = "SELECT stream, count(*) FROM mesh.sys.ingest_drift GROUP BY stream";
static const char failed_sql[] = "SELECT stream, path, message FROM mesh.sys.ingest_problem ORDER BY noted_at DESC, path";

const char *source_state_text(enum source_state s)
{
    static const char *const texts[] = {[SOURCE_OK] = "ok",
                                        [SOURCE_LATE] = "late",
                                        [SOURCE_FAILED] = "failed",
                                        [SOURCE_UNUSUAL] = "unusual",
                                        [SOURCE_NEVER] = "never"};
    return texts[s];
}

/* What is known of one stream. */
struct facts {
    bool loaded, failed;
    int64_t came, bad, habit /* -1: too few loads to tell */, before, new_drift, drift;
    double habit_bad;
    struct str path, message;
};

struct reading {
    const struct mesh *m;
    struct arena *a;
    struct facts **facts; /* by source, then by stream */
    size_t *steps;        /* by port, for one source at a time */
    int64_t now_us;
};

static struct facts *facts_of(struct reading *r, struct str ref)
{
    const struct mesh_stream *st = mesh_find_stream(r->m, ref);
    for (size_t i = 0; st && i < r->m->n_sources; i++)
        if (r->m->sources[i] == st->source)
            return &r->facts[i][st - st->source->streams];
    return NULL;
}

static void take_volume(struct reading *r, const struct engine_chunk *ch, size_t row)
{
    struct facts *f = facts_of(r, engine_cell_str(ch, 0, row));
    if (!f)
        return;
    f->loaded = true;
    f->came = engine_cell_i64(ch, 1, row);
    f->bad = engine_cell_i64(ch, 2, row);
    f->before = engine_cell_i64(ch, 5, row);
    f->habit = f->before >= HABIT_LEAST ? (int64_t)(engine_cell_f64(ch, 3, row) + 0.5) : -1;
    f->habit_bad = f->before >= HABIT_LEAST ? engine_cell_f64(ch, 4, row) : 0;
    f->new_drift = f->before ? engine_cell_i64(ch, 6, row) : 0; /* the first load has nothing to differ from */
}

static void take_drift(struct reading *r, const struct engine_chunk *ch, size_t row)
{
    struct facts *f = facts_of(r, engine_cell_str(ch, 0, row));
    if (f)
        f->drift = engine_cell_i64(ch, 1, row);
}

static void take_failed(struct reading *r, const struct engine_chunk *ch, size_t row)
{
    struct facts *f = facts_of(r, engine_cell_str(ch, 0, row));
    struct str path = engine_cell_str(ch, 1, row);
    if (!f || f->failed ||
        !fs_exists(arena_strz(r->a, fs_join(r->a, r->m->dir, path)))) /* a file that was taken away troubles nobody */
        return;
    f->failed = true;
    f->path = arena_str(r->a, path);
    f->message = arena_str(r->a, engine_cell_str(ch, 2, row));
}

static bool ask(struct reading *r, struct engine_conn *conn, const char *sql,
                void (*take)(struct reading *, const struct engine_chunk *, size_t), struct err *e)
{
    struct engine_result *res = NULL;
    struct engine_chunk *ch = NULL;
    if (!engine_query(conn, str_of(sql), NULL, 0, &res, e))
        return false;
    bool ok;
    while ((ok = engine_result_next(res, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++)
            take(r, ch, row);
    engine_result_close(res);
    return ok;
}

/* ---- words ---- */

/* "40 minutes", "26 hours", "3 days" */
static struct str span(int64_t seconds, struct arena *a)
{
    if (seconds < 2 * 3600)
        return count_of(seconds / 60, "minute", "minutes", a);
    return seconds < 48 * 3600 ? count_of(seconds / 3600, "hour", "hours", a) : count_of(seconds / 86400, "day", "days", a);
}

static struct str short_of(struct str s, size_t most)
{
    if (s.n <= most)
        return s;
    while (most && ((unsigned char)s.p[most] & 0xC0) == 0x80)
        most--;
    return (struct str){s.p, most};
}

static struct source_problem *add(struct source_health *h, const char *kind, const struct mesh_stream *st)
{
    struct source_problem *p = &h->problems[h->n_problems++];
    *p = (struct source_problem){.kind = str_of(kind), .stream = st};
    return p;
}

/* ---- verdicts ---- */

static void judge_failed(struct reading *r, struct source_health *h, const struct facts *f)
{
    const struct mesh_source *s = h->source;
    size_t missing = SIZE_MAX;
    for (size_t i = 0; i < s->n_streams; i++) {
        if (f[i].failed) {
            struct source_problem *p = add(h, "source_failed", &s->streams[i]);
            p->text = arena_printf(r->a, "the file %.*s of %.*s could not be loaded: %.*s", STR_FMT(fs_basename(f[i].path)),
                                   STR_FMT(s->streams[i].name), STR_FMT(short_of(f[i].message, MESSAGE_SHOWN)));
            p->step = STR("mend or replace the file and run `trellis run`");
            return;
        }
        if (missing == SIZE_MAX && !f[i].loaded && !s->streams[i].optional && !s->events)
            missing = i;
    }
    if (missing == SIZE_MAX || !h->last_load_us)
        return;
    struct source_problem *p = add(h, "source_failed", &s->streams[missing]);
    p->text = arena_printf(r->a, "no file of %.*s has ever come: nothing matches %.*s", STR_FMT(s->streams[missing].name),
                           STR_FMT(s->streams[missing].path));
    p->step = STR("have it delivered there, or mark the stream optional");
}

static void judge_never(struct reading *r, struct source_health *h)
{
    bool required = false;
    for (size_t i = 0; i < h->source->n_streams; i++)
        required = required || !h->source->streams[i].optional;
    h->state = required || h->source->events ? SOURCE_NEVER : SOURCE_OK;
    if (h->source->events) {
        h->reason = arena_printf(r->a, "No event has come yet; `trellis key create %.*s.%.*s` makes a key to send with.",
                                 STR_FMT(h->source->domain->name), STR_FMT(h->source->name));
        return;
    }
    if (!required) {
        h->reason = STR("No file has come yet, and none is required.");
        return;
    }
    struct source_problem own,
        *p = h->allowed_lag_s ? add(h, "source_late", NULL) : &own; /* without a promise nobody is behind one */
    p->text = arena_printf(r->a, "no file has come yet, and nothing was found at %.*s", STR_FMT(h->source->path));
    p->step = STR("have the first export delivered there and run `trellis run`");
    struct mesh_person who = who_of_source(h->source);
    h->reason = arena_printf(r->a, "%.*s; %.*s should %.*s.", STR_FMT(p->text), STR_FMT(title_of(who.name, STR("its owner"))),
                             STR_FMT(p->step));
}

static void judge_late(struct reading *r, struct source_health *h, const struct source_lag *lag)
{
    struct str age = span(h->lag_s, r->a), allowed = span(h->allowed_lag_s, r->a);
    struct source_problem *p = add(h, "source_late", lag->decides);
    int32_t day;
    if (h->source->events) {
        p->text = arena_printf(r->a, "its last event came %.*s ago; at most %.*s are promised", STR_FMT(age), STR_FMT(allowed));
        p->step = STR("look whether its pages and apps still send, and to the right address");
        return;
    }
    if (lag->decides && clock_day_of(lag->newest_us - 1, r->m->time_zone, &day))
        p->text = arena_printf(r->a, "the newest day of %.*s is %s, which ended %.*s ago; at most %.*s are promised",
                               STR_FMT(lag->decides->name), clock_date(day).z, STR_FMT(age), STR_FMT(allowed));
    else
        p->text = arena_printf(r->a, "its last file came %.*s ago; at most %.*s are promised", STR_FMT(age), STR_FMT(allowed));
    p->step = arena_printf(r->a, "have the missing export delivered to %.*s and run `trellis run`", STR_FMT(h->source->path));
}

/* The stream that is furthest below its habit speaks for the source; where no habit is known, the one of the largest load. */
static void judge_volume(struct reading *r, struct source_health *h, const struct facts *f)
{
    const struct mesh_source *s = h->source;
    size_t worst = SIZE_MAX;
    double least = 0;
    for (size_t i = 0; i < s->n_streams; i++) {
        if (!f[i].loaded)
            continue;
        bool known = f[i].habit > 0;
        double share = known ? (double)f[i].came / (double)f[i].habit : 0;
        bool better_known = worst == SIZE_MAX || (known && f[worst].habit <= 0);
        bool same = worst != SIZE_MAX && known == (f[worst].habit > 0);
        if (better_known || (same && (known ? share < least : f[i].came > f[worst].came))) {
            worst = i;
            least = share;
        }
    }
    if (worst == SIZE_MAX)
        return;
    h->last_rows = f[worst].came;
    h->habit_rows = f[worst].habit;
    if (f[worst].habit <= 0 || least * 100 >= s->sla.volume_percent)
        return;
    struct source_problem *p = add(h, "volume_unusual", &s->streams[worst]);
    p->text = arena_printf(r->a, "the last load of %.*s brought %.*s, %d%% of the usual %.*s", STR_FMT(s->streams[worst].name),
                           STR_FMT(count_of(f[worst].came, "row", "rows", r->a)), (int)(least * 100),
                           STR_FMT(count_of(f[worst].habit, "row", "rows", r->a)));
    p->step = STR("look whether the export was cut short, or its filter or account changed");
}

static double bad_share(const struct facts *f)
{
    return f->loaded && f->came > 0 ? (double)f->bad / (double)f->came : 0;
}

/* More than twice the share that is usually set aside; without a habit, any. */
static void judge_quarantine(struct reading *r, struct source_health *h, const struct facts *f)
{
    const struct mesh_source *s = h->source;
    size_t worst = SIZE_MAX;
    for (size_t i = 0; i < s->n_streams; i++)
        if (f[i].bad > 0 && bad_share(&f[i]) > 2 * f[i].habit_bad &&
            (worst == SIZE_MAX || bad_share(&f[i]) > bad_share(&f[worst])))
            worst = i;
    if (worst == SIZE_MAX)
        return;
    char percent[16];
    snprintf(percent, sizeof percent, "%.1f%%", bad_share(&f[worst]) * 100);
    struct source_problem *p = add(h, "quarantine", &s->streams[worst]);
    p->text = arena_printf(r->a, "%lld of %.*s in the last load of %.*s were set aside (%s)", (long long)f[worst].bad,
                           STR_FMT(count_of(f[worst].came, "row", "rows", r->a)), STR_FMT(s->streams[worst].name), percent);
    p->step = STR("look at the reasons beside the source, and mend the export or its contract");
}

static void judge_drift(struct reading *r, struct source_health *h, const struct facts *f)
{
    const struct mesh_source *s = h->source;
    size_t worst = SIZE_MAX;
    for (size_t i = 0; i < s->n_streams; i++) {
        h->drift_events += (size_t)f[i].drift;
        if (f[i].new_drift && (worst == SIZE_MAX || f[i].new_drift > f[worst].new_drift))
            worst = i;
    }
    if (worst == SIZE_MAX)
        return;
    struct source_problem *p = add(h, "drift", &s->streams[worst]);
    p->text = arena_printf(r->a, "the columns of %.*s changed with its last load (%.*s)", STR_FMT(s->streams[worst].name),
                           STR_FMT(count_of(f[worst].new_drift, "change", "changes", r->a)));
    p->step = STR("look at the changes beside the source, and write them into its contract");
}

/* ---- what stands on it ---- */
struct near {
    const struct mesh_port *port;
    size_t steps;
};

static int by_steps(const void *x, const void *y)
{
    const struct near *a = x, *b = y;
    return a->steps != b->steps ? (a->steps < b->steps ? -1 : 1) : a->port->index < b->port->index ? -1 : 1;
}

static void find_affected(struct reading *r, struct source_health *h)
{
    size_t *steps = r->steps, n = 0;
    memset(steps, 0, (r->m->n_ports + 1) * sizeof *steps);
    for (size_t i = 0; i < r->m->n_ports; i++) { /* inputs stand before what reads them */
        const struct mesh_port *p = r->m->ports[i];
        for (size_t k = 0; k < p->n_inputs; k++) {
            const struct mesh_input *in = &p->inputs[k];
            size_t here = in->stream && in->stream->source == h->source ? 1
                          : in->port && steps[in->port->index]          ? steps[in->port->index] + 1
                                                                        : 0;
            if (here && (!steps[i] || here < steps[i]))
                steps[i] = here;
        }
        n += steps[i] != 0;
    }
    struct near *v = arena_array(r->a, n + 1, sizeof *v);
    h->affected = arena_array(r->a, n + 1, sizeof(const struct mesh_port *));
    for (size_t i = 0; i < r->m->n_ports; i++)
        if (steps[i])
            v[h->n_affected++] = (struct near){r->m->ports[i], steps[i]};
    qsort(v, n, sizeof *v, by_steps);
    for (size_t i = 0; i < n; i++)
        h->affected[i] = v[i].port;
}

/* ---- all together ---- */
static void judge(struct reading *r, struct source_health *h, const struct source_lag *lag, const struct facts *f)
{
    h->source = lag->source;
    h->problems = arena_array(r->a, PROBLEMS, sizeof *h->problems);
    h->last_load_us = lag->last_load_us;
    h->lag_s = lag->newest_us ? (r->now_us > lag->newest_us ? (r->now_us - lag->newest_us) / 1000000 : 0) : -1;
    h->allowed_lag_s = lag->source->sla.freshness_s;
    h->rows = lag->rows;
    h->rows_quarantined = lag->rows_quarantined;
    h->last_rows = h->habit_rows = -1;
    if (lag->has_days) {
        h->data_from = arena_str(r->a, str_of(clock_date(lag->day_from).z));
        h->data_to = arena_str(r->a, str_of(clock_date(lag->day_to).z));
    }
    judge_failed(r, h, f);
    h->state = h->n_problems ? SOURCE_FAILED : SOURCE_OK;
    if (!h->last_load_us && !h->n_problems) {
        judge_never(r, h);
        return;
    }
    if (lag->late_us)
        judge_late(r, h, lag);
    if (h->state == SOURCE_OK && h->n_problems)
        h->state = SOURCE_LATE;
    judge_volume(r, h, f);
    judge_quarantine(r, h, f);
    if (h->state == SOURCE_OK && h->n_problems)
        h->state = SOURCE_UNUSUAL;
    judge_drift(r, h, f);
    struct mesh_person who = who_of_source(h->source);
    struct str name = title_of(who.name, STR("its owner"));
    if (h->n_problems)
        h->reason = arena_printf(r->a, "%.*s; %.*s should %.*s.", STR_FMT(h->problems[0].text), STR_FMT(name),
                                 STR_FMT(h->problems[0].step));
    else if (h->allowed_lag_s)
        h->reason = arena_printf(r->a, "In time: the newest data is %.*s old, and %.*s are allowed.",
                                 STR_FMT(span(h->lag_s, r->a)), STR_FMT(span(h->allowed_lag_s, r->a)));
    else if (h->source->events)
        h->reason = STR("Its events are loaded as they come; how new they must be is not declared (`sla: {freshness: 2h}`).");
    else
        h->reason = STR("All its files are loaded; how new they must be is not declared (`sla: {freshness: 26h}`).");
}

static void begin_with_capital(struct str s)
{
    if (s.n && s.p[0] >= 'a' && s.p[0] <= 'z')
        ((char *)s.p)[0] = (char)(s.p[0] - 'a' + 'A');
}

bool catalog_sources(struct state *s, const struct mesh *m, struct arena *a, struct source_health **out, struct err *e)
{
    struct reading r = {.m = m, .a = a, .now_us = clock_now_us()};
    struct source_health *v = arena_array(a, m->n_sources + 1, sizeof *v);
    struct source_lag *lags;
    struct engine_conn *conn = NULL;
    r.facts = arena_array(a, m->n_sources + 1, sizeof *r.facts);
    r.steps = arena_array(a, m->n_ports + 1, sizeof *r.steps);
    for (size_t i = 0; i < m->n_sources; i++)
        r.facts[i] = arena_array(a, m->sources[i]->n_streams + 1, sizeof **r.facts);
    if (!catalog_lags(s, m, a, &lags, e) || !engine_connect(s->engine, &conn, e))
        return false;
    bool ok = ask(&r, conn, volume_sql, take_volume, e) && ask(&r, conn, drift_sql, take_drift, e) &&
              ask(&r, conn, failed_sql, take_failed, e);
    engine_disconnect(conn);
    for (size_t i = 0; ok && i < m->n_sources; i++) {
        judge(&r, &v[i], &lags[i], r.facts[i]);
        if (v[i].n_problems || v[i].state == SOURCE_NEVER)
            begin_with_capital(v[i].reason);
        find_affected(&r, &v[i]);
    }
    *out = v;
    return ok;
}

static int newest_first(const void *x, const void *y)
{
    const struct source_load *a = x, *b = y;
    return a->file_id > b->file_id ? -1 : 1;
}

bool catalog_source_loads(struct state *s, const struct mesh_source *src, size_t limit, struct arena *a, struct source_load **out,
                          size_t *n, struct err *e)
{
    struct engine_conn *conn = NULL;
    struct ledger_file **files = arena_array(a, src->n_streams + 1, sizeof *files);
    size_t *counts = arena_array(a, src->n_streams + 1, sizeof *counts), all = 0;
    *n = 0;
    if (!engine_connect(s->engine, &conn, e))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < src->n_streams; i++) {
        ok = ledger_files(conn, a, src->streams[i].ref, &files[i], &counts[i], e);
        all += ok ? counts[i] : 0;
    }
    engine_disconnect(conn);
    struct source_load *v = arena_array(a, all + 1, sizeof *v);
    for (size_t i = 0; ok && i < src->n_streams; i++)
        for (size_t k = 0; k < counts[i]; k++) {
            const struct ledger_file *f = &files[i][k];
            v[(*n)++] =
                (struct source_load){f->file_id,           f->rows_loaded, f->rows_quarantined, f->size_bytes, f->learned_at_us,
                                     src->streams[i].name, f->path,        f->day_from,         f->day_to,     f->has_days};
        }
    qsort(v, *n, sizeof *v, newest_first);
    *n = *n < limit ? *n : limit;
    *out = v;
    return ok;
}
