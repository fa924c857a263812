/* A funnel asked: the rows of its steps, each person's walk, and where those are lost who are lost more often than others. */
#include "measure/funnel.h"

#include <stdlib.h>

#include "measure/steps_int.h"

enum { GROUPS_MAX = 50, REASONS_MAX = 20, DAY_S = 86400, WINDOW_DAYS_MAX = 366 };
#define CHANCE 0.05 /* of any reason at all where there is none */

/* What is counted of each value of each dimension: people who reached a step. */
struct counts { int64_t *people[STEP_DIMENSIONS]; }; /* [value * steps + step] */

struct walk {
    const struct funnel_ask *ask;
    const struct steps_ask *rows;
    const struct step_events *events;
    struct funnel *out;
    struct counts counts;
    int64_t *between[STEPS_MAX]; size_t n_between[STEPS_MAX]; /* from the step before */
};

static bool counts_make(struct walk *w, struct err *e)
{
    size_t steps = w->out->n;
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        if (w->rows->wanted[d] && !(w->counts.people[d] = mem_try_alloc(w->events->n_names[d] * steps * sizeof(int64_t))))
            return err_set(e, E_MEMORY, "not enough memory for this funnel; ask for fewer days");
    for (size_t s = 1; s < steps; s++)
        if (!(w->between[s] = mem_try_alloc((w->events->n_people + 1) * sizeof(int64_t))))
            return err_set(e, E_MEMORY, "not enough memory for this funnel; ask for fewer days");
    return true;
}

static void count_one(struct walk *w, size_t from, size_t to, int64_t window_us)
{
    const struct step_event *v = w->events->v;
    struct funnel *f = w->out;
    int64_t at[STEPS_MAX], last = INT64_MIN;
    size_t begun = 0;
    int reached = funnel_walk(v + from, to - from, (int)f->n, window_us, at, &begun);
    for (size_t i = to; i > from && last == INT64_MIN; i--)
        if ((v[i - 1].mask & 1) && v[i - 1].fits)
            last = v[i - 1].at_us;
    if (reached && reached < (int)f->n && last + window_us > f->newest_us)
        f->unfinished++;
    uint32_t entry = v[from + begun].entry;
    for (int s = 0; s < reached; s++) {
        f->steps[s].people++;
        if (s)
            w->between[s][w->n_between[s]++] = at[s] - at[s - 1];
        for (int d = 0; d < STEP_DIMENSIONS; d++)
            if (w->counts.people[d])
                w->counts.people[d][(size_t)w->events->values[d][entry] * f->n + (size_t)s]++;
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void summarise(struct walk *w)
{
    struct funnel *f = w->out;
    for (size_t s = 0; s < f->n; s++) {
        struct funnel_step *x = &f->steps[s];
        int64_t before = s ? f->steps[s - 1].people : x->people;
        x->dropped = before - x->people;
        x->rate = f->steps[0].people ? (double)x->people / (double)f->steps[0].people : 0;
        x->rate_before = before ? (double)x->people / (double)before : 0;
        size_t n = w->n_between[s];
        if (!n)
            continue;
        int64_t *v = w->between[s];
        size_t low = (n - 1) / 2, high = n / 2;
        qsort(v, n, sizeof *v, by_size);
        x->has_median = true;
        x->median_s = ((double)v[low] + (double)v[high]) / 2 / 1e6;
    }
}

/* ---- told apart ---- */

struct ranked { size_t value; int64_t people; };

static int largest_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->people != y->people)
        return x->people > y->people ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

static void groups(struct walk *w, struct arena *a)
{
    struct funnel *f = w->out;
    int d = (int)w->ask->by;
    size_t n = 0, values = w->events->n_names[d];
    struct ranked *r = arena_array(a, values + 1, sizeof *r);
    for (size_t v = 0; v < values; v++)
        if (w->counts.people[d][v * f->n])
            r[n++] = (struct ranked){v, w->counts.people[d][v * f->n]};
    if (n)
        qsort(r, n, sizeof *r, largest_first);
    f->by = arena_array(a, GROUPS_MAX + 1, sizeof *f->by);
    for (size_t i = 0; i < n; i++) {
        bool rest = i >= GROUPS_MAX;
        struct funnel_group *g = &f->by[rest ? GROUPS_MAX : i];
        g->rest = rest;
        if (!rest)
            g->key = arena_str(a, w->events->names[d][r[i].value]);
        for (size_t s = 0; s < f->n; s++)
            g->people[s] += w->counts.people[d][r[i].value * f->n + s];
    }
    f->n_by = n > GROUPS_MAX ? GROUPS_MAX + 1 : n;
}

static int most_lost_first(const void *a, const void *b)
{
    const struct funnel_reason *x = a, *y = b;
    if (x->share_of_loss != y->share_of_loss)
        return x->share_of_loss > y->share_of_loss ? -1 : 1;
    if (x->step != y->step)
        return x->step - y->step;
    return x->dimension != y->dimension ? (int)x->dimension - (int)y->dimension : str_cmp(x->value, y->value);
}

/* Each value of each dimension against all others at the same step. So many are looked at that some differ by chance: one counts only where its
 * own chance, times how many were looked at, is small. What it lost more than the others' rate would have is its share of the loss. */
static void reasons(struct walk *w, struct arena *a)
{
    struct funnel *f = w->out;
    size_t cap = 0, n = 0;
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        cap += w->counts.people[d] ? w->events->n_names[d] * f->n : 0;
    struct funnel_reason *v = arena_array(a, cap + 1, sizeof *v);
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        for (size_t s = 1; w->counts.people[d] && s < f->n; s++) {
            int64_t all_of = f->steps[s - 1].people, all_got = f->steps[s].people;
            for (size_t k = 1; k < w->events->n_names[d]; k++) { /* 0: not known, which nobody can mend */
                int64_t of = w->counts.people[d][k * f->n + s - 1], got = w->counts.people[d][k * f->n + s];
                double p, others;
                if (of < FUNNEL_PEOPLE_MIN || all_of - of < FUNNEL_PEOPLE_MIN)
                    continue;
                f->looked_at++;
                if (!funnel_below(got, of, all_got - got, all_of - of, &p))
                    continue;
                others = (double)(all_got - got) / (double)(all_of - of);
                v[n++] = (struct funnel_reason){.step = (int)s, .dimension = (enum step_dimension)d, .value = w->events->names[d][k], .people = of, .rate = (double)got / (double)of,
                                                .others = others, .share_of_loss = (others * (double)of - (double)got) / (double)(all_of - all_got), .p = p};
            }
        }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i].p * f->looked_at < CHANCE)
            v[kept++] = v[i];
    if (kept)
        qsort(v, kept, sizeof *v, most_lost_first);
    f->n_reasons = kept > REASONS_MAX ? REASONS_MAX : kept;
    f->reasons = v;
    for (size_t i = 0; i < f->n_reasons; i++)
        v[i].value = arena_str(a, v[i].value);
}

/* ---- the whole ---- */

static bool steps_all(const struct metric_asker *who, const struct funnel_ask *ask, struct arena *a, struct funnel *f, struct step *steps, struct err *e)
{
    if (ask->n < 2 || ask->n > STEPS_MAX) {
        err_set(e, E_USAGE, "a funnel has 2 to %d steps; there %s %zu", STEPS_MAX, ask->n == 1 ? "is" : "are", ask->n);
        err_hint(e, "trellis funnel 'Product Viewed','Product Added','Order Completed'");
        return false;
    }
    f->steps = arena_array(a, ask->n, sizeof *f->steps);
    f->n = ask->n;
    for (size_t i = 0; i < ask->n; i++) {
        if (!step_read(who, ask->steps[i], a, &steps[i], e)) {
            err_prefix(e, "step %zu", i + 1);
            return false;
        }
        f->steps[i].step = steps[i];
    }
    return true;
}

static bool window_set(const struct funnel_ask *ask, struct funnel *f, struct err *e)
{
    f->window_s = ask->window_s ? ask->window_s : 7 * DAY_S;
    if (f->window_s < 1 || f->window_s > (int64_t)WINDOW_DAYS_MAX * DAY_S)
        return err_set(e, E_USAGE, "a window lasts from a second to %d days", WINDOW_DAYS_MAX);
    return true;
}

static void wanted_set(const struct metric_asker *who, const struct funnel_ask *ask, struct steps_ask *rows, struct funnel *f, struct arena *a)
{
    struct buf b = BUF_INIT((size_t)512);
    for (int d = 0; d < STEP_DIMENSIONS; d++) {
        bool there = step_dimension_there(who, (enum step_dimension)d);
        rows->wanted[d] = (ask->has_by && ask->by == (enum step_dimension)d) || (!ask->no_reasons && there);
        if (!there && !ask->no_reasons)
            buf_printf(&b, "%s%s", b.n ? ", " : "", step_dimension_name((enum step_dimension)d));
    }
    if (b.n)
        f->notes[f->n_notes++] = arena_printf(a, "Reasons were not looked for by %s: your role does not see what tells it.", buf_z(&b));
    buf_fini(&b);
}

bool funnel_run(const struct metric_asker *who, const struct funnel_ask *ask, struct arena *a, struct funnel *out, struct err *e)
{
    struct step steps[STEPS_MAX];
    struct steps_ask rows = {.steps = steps, .n = ask->n, .where = ask->where, .as_of = ask->as_of, .watch = ask->watch, .watch_ctx = ask->watch_ctx};
    struct step_events events = {0};
    struct walk w = {.ask = ask, .rows = &rows, .events = &events, .out = out};
    *out = (struct funnel){0};
    if (!window_set(ask, out, e) || !steps_all(who, ask, a, out, steps, e) || !steps_newest(who, ask->as_of, &out->newest_us, e) ||
        !steps_span(who, ask->has_from ? &ask->from : NULL, ask->has_to ? &ask->to : NULL, out->newest_us, &out->span, e))
        return false;
    int64_t window_us = out->window_s * 1000000;
    rows.from_us = out->span.from_us;
    rows.entry_until_us = out->span.until_us;
    rows.until_us = out->span.until_us + window_us; /* who begins on the last day has the whole window */
    wanted_set(who, ask, &rows, out, a);
    bool good = steps_read(who, &rows, &events, e) && steps_exist(who, &rows, &events, e) && counts_make(&w, e);
    for (size_t i = 0; good && i < events.n_people; i++)
        count_one(&w, events.first[i], events.first[i + 1], window_us);
    if (good) {
        summarise(&w);
        if (ask->has_by)
            groups(&w, a);
        if (!ask->no_reasons)
            reasons(&w, a);
        out->n_ports = steps_ports(steps, out->n, rows.wanted, out->ports);
        if (out->unfinished)
            out->notes[out->n_notes++] = arena_printf(a, "%lld people are still within the window: the newest attempts may yet get further.", (long long)out->unfinished);
    }
    for (int d = 0; d < STEP_DIMENSIONS; d++)
        mem_free(w.counts.people[d]);
    for (size_t s = 0; s < STEPS_MAX; s++)
        mem_free(w.between[s]);
    steps_fini(&events);
    return good;
}
