/* Credit by rule: weights of one journey, and all rules over many paths in one pass. Paths up to SHORT_MAX steps are only counted, by length,
 * place and channel, and every rule reads the same counts; of longer ones the shares are added in fixed point. Both are sums of
 * integers, so neither the order of paths nor how the input was cut shows in the result. */
#include "measure/kernels.h"

#include <math.h>

#include "base/mem.h"
#include "measure/kernels_int.h"

enum { SHORT_MAX = 16, CELLS = SHORT_MAX * (SHORT_MAX + 1) / 2, COUNTED_CHANNELS_MAX = 4096, FRACTION_BITS = 62 };

const char *rule_model_name(enum rule_model m)
{
    static const char *const names[RULE_MODELS] = {"last", "last_non_direct", "first", "linear", "position_u", "position_w", "time_decay"};
    return m < RULE_MODELS ? names[m] : "";
}

/* ---- one journey ---- */

static void only(size_t at, size_t n, double *w)
{
    for (size_t i = 0; i < n; i++)
        w[i] = i == at ? 1 : 0;
}

static void made_one(size_t n, double *w)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += w[i];
    if (!(sum > 0)) { /* the touches that are there weigh nothing: alike */
        for (size_t i = 0; i < n; i++)
            w[i] = 1 / (double)n;
        return;
    }
    for (size_t i = 0; i < n; i++)
        w[i] /= sum;
}

static size_t last_meant(const struct rule_options *o, const uint32_t *channel, size_t n)
{
    for (size_t i = n; o->direct && i-- > 0;)
        if (!o->direct[channel[i]])
            return i;
    return n - 1;
}

static void position(const double *part, size_t n, double *w)
{
    for (size_t i = 0; i < n; i++)
        w[i] = n > 2 ? part[1] / (double)(n - 2) : 0;
    w[0] = n == 1 ? 1 : part[0];
    if (n > 1)
        w[n - 1] = part[2];
    made_one(n, w);
}

static void position_w(const struct rule_options *o, size_t milestone, size_t n, double *w)
{
    if (milestone == 0 || milestone >= n - 1) {
        position(o->u, n, w);
        return;
    }
    for (size_t i = 0; i < n; i++)
        w[i] = n > 3 ? o->w[3] / (double)(n - 3) : 0;
    w[0] = o->w[0];
    w[milestone] = o->w[1];
    w[n - 1] = o->w[2];
    made_one(n, w);
}

/* Ages count from the youngest touch, so that a journey of long ago is no row of zeros. */
static void decay(const struct rule_options *o, const int64_t *age_s, size_t n, double *w)
{
    int64_t youngest = INT64_MAX;
    for (size_t i = 0; age_s && i < n; i++)
        youngest = age_s[i] < youngest ? age_s[i] : youngest;
    for (size_t i = 0; i < n; i++) {
        double steps = age_s ? ((double)age_s[i] - (double)youngest) / o->half_life_s : (double)(n - 1 - i);
        w[i] = exp2(-steps);
    }
    made_one(n, w);
}

void rule_weights(enum rule_model m, const struct rule_options *o, const uint32_t *channel, const int64_t *age_s, size_t milestone, size_t n, double *weights)
{
    switch (m) {
    case RULE_LAST: only(n - 1, n, weights); break;
    case RULE_LAST_NON_DIRECT: only(last_meant(o, channel, n), n, weights); break;
    case RULE_FIRST: only(0, n, weights); break;
    case RULE_LINEAR:
        for (size_t i = 0; i < n; i++)
            weights[i] = 1 / (double)n;
        break;
    case RULE_POSITION_U: position(o->u, n, weights); break;
    case RULE_POSITION_W: position_w(o, milestone, n, weights); break;
    case RULE_TIME_DECAY: decay(o, age_s, n, weights); break;
    case RULE_MODELS: break;
    }
}

/* ---- many paths ---- */

struct sums { int64_t conversions, value; };
struct long_sums { __int128 conversions, value; };

struct rules {
    const struct path_set *p;
    const struct rule_options *o;
    struct sums *cells;       /* [cell(n, place) * channels + channel]: paths of n <= SHORT_MAX steps */
    struct sums *meant;       /* [channels]: last touch that is not direct, of all paths */
    struct long_sums *added;  /* [model * channels + channel]: longer paths */
    double *w;                /* room for the longest path */
    int64_t *fraction;        /* [model * longest + place]: of the length `fractions_of` */
    size_t longest, fractions_of;
};

static size_t cell(size_t n, size_t place)
{
    return n * (n - 1) / 2 + place;
}

/* Shares of a path of n steps, in 2^-62; what rounding leaves goes to the last, so that they are a whole. */
static void fractions_make(struct rules *r, size_t n, const uint32_t *steps)
{
    r->fractions_of = n;
    for (int m = 0; m < RULE_MODELS; m++) {
        int64_t *f = r->fraction + (size_t)m * r->longest, sum = 0;
        if (m == RULE_LAST_NON_DIRECT) /* depends on the channels: counted on its own */
            continue;
        rule_weights((enum rule_model)m, r->o, steps, NULL, SIZE_MAX, n, r->w);
        for (size_t i = 0; i < n; i++) {
            f[i] = (int64_t)ldexp(r->w[i], FRACTION_BITS);
            sum += f[i];
        }
        f[n - 1] += (INT64_C(1) << FRACTION_BITS) - sum;
    }
}

static void add_long(struct rules *r, const uint32_t *steps, size_t n, int64_t conversions, int64_t value)
{
    if (r->fractions_of != n)
        fractions_make(r, n, steps);
    for (int m = 0; m < RULE_MODELS; m++) {
        const int64_t *f = r->fraction + (size_t)m * r->longest;
        struct long_sums *added = r->added + (size_t)m * r->p->channels;
        if (m == RULE_LAST_NON_DIRECT)
            continue;
        for (size_t i = 0; i < n; i++) {
            added[steps[i]].conversions += (__int128)f[i] * conversions;
            added[steps[i]].value += (__int128)f[i] * value;
        }
    }
}

static void count(struct rules *r)
{
    const struct path_set *p = r->p;
    for (size_t i = 0, from = 0; i < p->n; from = p->ends[i++]) {
        size_t n = p->ends[i] - from;
        int64_t conversions = p->conversions[i], value = p->value ? p->value[i] : 0;
        const uint32_t *steps = p->steps + from;
        if (n == 0 || (conversions == 0 && value == 0))
            continue;
        struct sums *meant = r->meant + steps[last_meant(r->o, steps, n)];
        meant->conversions += conversions;
        meant->value += value;
        if (n > SHORT_MAX || !r->cells) {
            add_long(r, steps, n, conversions, value);
            continue;
        }
        struct sums *at = r->cells + cell(n, 0) * p->channels;
        for (size_t k = 0; k < n; k++, at += p->channels) {
            at[steps[k]].conversions += conversions;
            at[steps[k]].value += value;
        }
    }
}

/* Counts of short paths to credit; lengths, places and channels in their order. */
static void spread(struct rules *r, struct channel_credit *out)
{
    static const uint32_t none[SHORT_MAX];
    double w[SHORT_MAX];
    size_t channels = r->p->channels;
    for (int m = 0; m < RULE_MODELS; m++)
        for (size_t n = 1; r->cells && m != RULE_LAST_NON_DIRECT && n <= SHORT_MAX; n++) {
            rule_weights((enum rule_model)m, r->o, none, NULL, SIZE_MAX, n, w);
            for (size_t k = 0; k < n; k++) {
                const struct sums *at = r->cells + cell(n, k) * channels;
                for (size_t c = 0; c < channels && w[k] > 0; c++) {
                    out[(size_t)m * channels + c].conversions += w[k] * (double)at[c].conversions;
                    out[(size_t)m * channels + c].value += w[k] * (double)at[c].value;
                }
            }
        }
}

static double unfixed(__int128 sum)
{
    return ldexp((double)sum, -FRACTION_BITS);
}

bool rules_run(const struct path_set *p, const struct rule_options *o, struct channel_credit *out, struct err *e)
{
    struct rules r = {.p = p, .o = o};
    struct path_totals t;
    size_t cells = p->channels <= COUNTED_CHANNELS_MAX ? CELLS * p->channels : 0, all = RULE_MODELS * p->channels;
    bool good = false;
    if (!path_totals(p, &t, e))
        return false;
    r.longest = t.longest ? t.longest : 1;
    r.cells = cells ? mem_try_alloc(cells * sizeof *r.cells) : NULL;
    r.meant = mem_try_alloc((p->channels + 1) * sizeof *r.meant);
    r.added = mem_try_alloc((all + 1) * sizeof *r.added);
    r.w = mem_try_alloc(r.longest * sizeof *r.w);
    r.fraction = mem_try_alloc(r.longest * RULE_MODELS * sizeof *r.fraction);
    if ((cells && !r.cells) || !r.meant || !r.added || !r.w || !r.fraction) {
        err_set(e, E_MEMORY, "there is not enough memory for the credit of %zu channels", p->channels);
        goto out;
    }
    count(&r);
    for (size_t i = 0; i < all; i++)
        out[i] = (struct channel_credit){.conversions = unfixed(r.added[i].conversions), .value = unfixed(r.added[i].value)};
    for (size_t c = 0; c < p->channels; c++) {
        struct channel_credit *meant = &out[(size_t)RULE_LAST_NON_DIRECT * p->channels + c];
        meant->conversions = (double)r.meant[c].conversions;
        meant->value = (double)r.meant[c].value;
    }
    spread(&r, out);
    for (size_t i = 0; i < all; i++) {
        out[i].value /= MILLIONTHS;
        out[i].low = out[i].high = out[i].conversions;
        out[i].value_low = out[i].value_high = out[i].value;
    }
    good = true;
out:
    mem_free(r.cells);
    mem_free(r.meant);
    mem_free(r.added);
    mem_free(r.w);
    mem_free(r.fraction);
    return good;
}
