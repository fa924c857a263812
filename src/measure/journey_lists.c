/* Lists made of journeys: the paths that people take most, and how long it is from the first touch to the conversion. */
#include "measure/attribution.h"

#include <stdlib.h>

enum { PATHS_DEFAULT = 50, HOUR_S = 3600, DAY_S = 86400 };

/* ---- paths ---- */

struct path_at { const struct journey_paths *p; size_t index; };

static size_t path_begin(const struct journey_paths *p, size_t i)
{
    return i ? p->ends[i - 1] : 0;
}

static int steps_order(const struct journey_paths *p, size_t x, size_t y)
{
    size_t a = path_begin(p, x), b = path_begin(p, y), n = p->ends[x] - a, m = p->ends[y] - b;
    for (size_t i = 0; i < n && i < m; i++)
        if (p->steps[a + i] != p->steps[b + i])
            return p->steps[a + i] < p->steps[b + i] ? -1 : 1;
    return n != m ? (n < m ? -1 : 1) : 0;
}

static int path_order(const void *a, const void *b)
{
    const struct path_at *x = a, *y = b;
    int o = steps_order(x->p, x->index, y->index);
    return o ? o : x->index < y->index ? -1 : x->index > y->index;
}

static int row_order(const void *a, const void *b)
{
    const struct path_row *x = a, *y = b;
    if (x->conversions != y->conversions)
        return x->conversions > y->conversions ? -1 : 1;
    if (x->open != y->open)
        return x->open > y->open ? -1 : 1;
    for (size_t i = 0; i < x->n_steps && i < y->n_steps; i++) {
        int o = str_cmp(x->steps[i], y->steps[i]);
        if (o)
            return o;
    }
    return x->n_steps != y->n_steps ? (x->n_steps < y->n_steps ? -1 : 1) : 0;
}

static int i64_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* In place: each run of one channel becomes its first step, with its age. */
static void fold_repeats(struct journey_paths *p)
{
    size_t to = 0;
    for (size_t i = 0, from = 0; i < p->set.n; i++) {
        size_t end = p->ends[i], begin = to;
        for (size_t k = from; k < end; k++)
            if (to == begin || p->steps[to - 1] != p->steps[k])
                p->steps[to++] = p->steps[k];
        from = end;
        p->ends[i] = to;
    }
}

/* Paths of equal steps, [from, to) of the sorted ones, as one row. */
static void one_row(const struct journeys *j, const struct path_at *v, size_t n, int64_t *lags, struct arena *a, struct path_row *row)
{
    const struct journey_paths *p = v->p;
    size_t begin = path_begin(p, v->index), k = 0;
    row->n_steps = p->ends[v->index] - begin;
    row->steps = arena_array(a, row->n_steps + 1, sizeof *row->steps);
    for (size_t i = 0; i < row->n_steps; i++)
        row->steps[i] = arena_str(a, j->nodes[JOURNEY_CHANNEL][p->steps[begin + i]].key);
    for (size_t i = 0; i < n; i++) {
        size_t x = v[i].index;
        row->conversions += p->conversions[x];
        row->value += p->value[x];
        row->open += p->nulls[x];
        if (p->conversions[x])
            lags[k++] = p->lag_s[x];
    }
    qsort(lags, k, sizeof *lags, i64_order);
    row->median_lag_s = k ? lags[(k - 1) / 2] : -1;
}

/* Rows of the list, of which only the first `limit` get their texts: what comes together is counted first. */
static bool rows_make(const struct journeys *j, const struct journey_paths *p, int64_t limit, struct arena *a, struct path_list *out, struct err *e)
{
    size_t n = p->set.n, groups = 0;
    struct path_at *v = mem_try_alloc((n + 1) * sizeof *v);
    int64_t *lags = mem_try_alloc((n + 1) * sizeof *lags);
    struct arena scratch;
    bool ok = (v && lags) || err_set(e, E_MEMORY, "there is not enough memory for %zu paths", n);
    arena_init(&scratch);
    for (size_t i = 0; ok && i < n; i++)
        v[i] = (struct path_at){p, i};
    if (ok)
        qsort(v, n, sizeof *v, path_order);
    for (size_t i = 0; ok && i < n; i++)
        groups += i == 0 || steps_order(p, v[i - 1].index, v[i].index) != 0;
    struct path_row *rows = arena_array(&scratch, groups + 1, sizeof *rows);
    for (size_t from = 0, to, g = 0; ok && from < n; from = to, g++) {
        for (to = from; to < n && steps_order(p, v[from].index, v[to].index) == 0;)
            to++;
        one_row(j, v + from, to - from, lags, &scratch, &rows[g]);
        out->conversions += rows[g].conversions;
        out->open += rows[g].open;
    }
    qsort(rows, groups, sizeof *rows, row_order);
    out->n_all = groups;
    out->n_rows = groups < (size_t)limit ? groups : (size_t)limit;
    out->rows = arena_array(a, out->n_rows + 1, sizeof *out->rows);
    for (size_t i = 0; ok && i < out->n_rows; i++) {
        out->rows[i] = rows[i];
        out->rows[i].steps = arena_array(a, rows[i].n_steps + 1, sizeof *rows[i].steps);
        for (size_t k = 0; k < rows[i].n_steps; k++)
            out->rows[i].steps[k] = arena_str(a, rows[i].steps[k]);
    }
    arena_fini(&scratch);
    mem_free(v);
    mem_free(lags);
    return ok;
}

bool journey_paths_list(const struct metric_asker *who, const struct journey_ask *ask, bool fold, int64_t limit, struct arena *a, struct path_list *out, struct err *e)
{
    struct journeys j;
    struct journey_paths p = {0};
    *out = (struct path_list){0};
    bool ok = journeys_read(who, ask, &j, e) && journeys_cut(&j, &p, e);
    if (ok && fold)
        fold_repeats(&p);
    ok = ok && rows_make(&j, &p, limit > 0 ? limit : PATHS_DEFAULT, a, out, e);
    if (ok)
        out->has_days = attribution_days(who->mesh, ask, &j, &out->from, &out->to);
    journey_paths_fini(&p);
    journeys_fini(&j);
    return ok;
}

/* ---- lag ---- */

static const int64_t lag_ends[] = {HOUR_S, 6 * HOUR_S, DAY_S, 2 * DAY_S, 3 * DAY_S, 7 * DAY_S, 14 * DAY_S, 30 * DAY_S, 60 * DAY_S, 90 * DAY_S, INT64_MAX};
enum { LAG_BUCKETS = sizeof lag_ends / sizeof *lag_ends };

struct lag { int64_t s; uint32_t channel; };

static int lag_order(const void *a, const void *b)
{
    const struct lag *x = a, *y = b;
    return x->s != y->s ? (x->s < y->s ? -1 : 1) : x->channel < y->channel ? -1 : x->channel > y->channel;
}

static int lag_row_order(const void *a, const void *b)
{
    const struct lag_row *x = a, *y = b;
    return x->conversions != y->conversions ? (x->conversions > y->conversions ? -1 : 1) : str_cmp(x->key, y->key);
}

/* The value below or at which a share of the n sorted ones of a channel lies. */
static int64_t lag_at(const struct lag *v, size_t n, uint32_t channel, int64_t of, int64_t per_mille)
{
    int64_t wanted = (of * per_mille + 999) / 1000, seen = 0;
    for (size_t i = 0; i < n; i++)
        if ((channel == UINT32_MAX || v[i].channel == channel) && ++seen >= wanted)
            return v[i].s;
    return 0;
}

static void lag_rows(const struct journeys *j, const struct lag *v, size_t n, struct arena *a, struct lag_list *out)
{
    size_t channels = j->n_nodes[JOURNEY_CHANNEL];
    int64_t *count = arena_array(a, channels + 1, sizeof *count);
    out->buckets = arena_array(a, LAG_BUCKETS, sizeof *out->buckets);
    out->n_buckets = LAG_BUCKETS;
    for (size_t b = 0; b < LAG_BUCKETS; b++)
        out->buckets[b] = (struct lag_bucket){.from_s = b ? lag_ends[b - 1] : 0, .to_s = lag_ends[b]};
    for (size_t i = 0; i < n; i++) {
        size_t b = 0;
        while (v[i].s >= lag_ends[b] && b + 1 < LAG_BUCKETS)
            b++;
        out->buckets[b].conversions++;
        count[v[i].channel]++;
    }
    out->conversions = (int64_t)n;
    out->median_s = lag_at(v, n, UINT32_MAX, (int64_t)n, 500);
    out->rows = arena_array(a, channels + 1, sizeof *out->rows);
    for (uint32_t c = 0; c < channels; c++)
        if (count[c])
            out->rows[out->n_rows++] = (struct lag_row){.key = arena_str(a, j->nodes[JOURNEY_CHANNEL][c].key), .conversions = count[c],
                                                        .median_s = lag_at(v, n, c, count[c], 500), .p90_s = lag_at(v, n, c, count[c], 900)};
    qsort(out->rows, out->n_rows, sizeof *out->rows, lag_row_order);
}

/* From the first touch within the lookback to the conversion; by the channel of that touch. */
bool journey_lag_list(const struct metric_asker *who, const struct journey_ask *ask, struct arena *a, struct lag_list *out, struct err *e)
{
    struct journeys j;
    struct journey_touched t = {0};
    struct lag *v = NULL;
    size_t n = 0;
    *out = (struct lag_list){0};
    bool ok = journeys_read(who, ask, &j, e);
    if (ok && !(v = mem_try_alloc((j.n_ends + 1) * sizeof *v)))
        ok = err_set(e, E_MEMORY, "there is not enough memory for %zu conversions", j.n_ends);
    for (size_t i = 0; ok && i < j.n_ends; i++) {
        if (!j.ends[i].counted || !(ok = journeys_touched(&j, i, &t, e)) || !t.n)
            continue;
        const struct journey_touch *first = &j.touches[t.v[0]];
        v[n++] = (struct lag){(j.ends[i].at_us - first->at_us) / 1000000, journeys_up(&j, first->leaf, JOURNEY_CHANNEL)};
    }
    if (ok) {
        qsort(v, n, sizeof *v, lag_order);
        lag_rows(&j, v, n, a, out);
        out->has_days = attribution_days(who->mesh, ask, &j, &out->from, &out->to);
    }
    mem_free(v);
    mem_free(t.v);
    journeys_fini(&j);
    return ok;
}
