/* Texts of aggregated paths through the reader, and what was read through every model: sums hold, nobody owes. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "measure/kernels_int.h"

enum { SIZE_MAX_BYTES = 1 << 14, CHANNELS_MAX = 12, STEPS_MAX = 2000 };

static double sum_of(const struct channel_credit *c, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(c[i].conversions >= 0))
            abort();
        sum += c[i].conversions;
    }
    return sum;
}

static void models(const struct path_file *f)
{
    static struct channel_credit c[RULE_MODELS * CHANNELS_MAX];
    struct rule_options rules = {.u = {0.4, 0.2, 0.4}, .w = {0.3, 0.3, 0.3, 0.1}, .half_life_s = 1};
    size_t n = f->set.channels;
    struct err e;
    if (rules_run(&f->set, &rules, c, &e))
        for (int m = 0; m < RULE_MODELS; m++)
            if (fabs(sum_of(c + (size_t)m * n, n) - (double)f->conversions) > 1e-9 * (double)f->conversions + 1e-9)
                abort();
    for (int k = 0; k < 4; k++) {
        struct data_options o = {.order = k == 0 ? 1 : 2, .seed = 1, .samples = k == 0 ? 2 : 0, .level = 0.9, .threads = 1, .shapley_rate = k == 3};
        if ((k < 2 ? markov_run(&f->set, &o, c, NULL, &e) : shapley_run(&f->set, &o, c, &e)) &&
            fabs(sum_of(c, n) - (double)f->conversions) > 1e-9 * (double)f->conversions + 1e-9)
            abort();
    }
}

/* Read in parts, the same comes of it. */
static void parts(const struct path_file *f, const struct errs *es, struct str text)
{
    struct arena a;
    struct errs others = {0};
    struct path_file g;
    arena_init(&a);
    (void)paths_read_parts(&a, STR("paths.csv"), text, 3, &g, &others);
    if (g.set.n != f->set.n || g.set.channels != f->set.channels || others.n_errors != es->n_errors || g.conversions != f->conversions || g.value != f->value || g.nulls != f->nulls)
        abort();
    for (size_t i = 0; i < others.n; i++)
        if (others.v[i].line != es->v[i].line || others.v[i].col != es->v[i].col)
            abort();
    if (g.set.n && (memcmp(g.set.ends, f->set.ends, g.set.n * sizeof *g.set.ends) != 0 || memcmp(g.set.steps, f->set.steps, g.set.ends[g.set.n - 1] * sizeof *g.set.steps) != 0))
        abort();
    errs_fini(&others);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct errs es = {0};
    struct path_file f;
    if (size > SIZE_MAX_BYTES)
        return 0;
    arena_init(&a);
    if (paths_read(&a, STR("paths.csv"), (struct str){(const char *)data, size}, &f, &es)) {
        if (es.n_errors || f.set.n == 0 || f.set.ends[f.set.n - 1] < f.set.n)
            abort();
        if (f.set.channels <= CHANNELS_MAX && f.set.ends[f.set.n - 1] <= STEPS_MAX)
            models(&f);
    } else if (es.n_errors == 0)
        abort();
    parts(&f, &es, (struct str){(const char *)data, size});
    errs_fini(&es);
    arena_fini(&a);
    return 0;
}
