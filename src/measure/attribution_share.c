/* One conversion shared among its touches, to the millionth, by the same whole numbers as the port shared.credit has them (credit.sql): so that what is read from the
 * port and what is asked anew agree in every digit. Weights that are declared count in ten-thousandths; time decay is in floating point on both sides. */
#include <math.h>
#include <stdlib.h>

#include "measure/attribution_int.h"

enum { TENTHS = 10000 };
typedef unsigned __int128 u128;

struct cut { double rest; u128 whole_rest; size_t at; };

static int by_whole_rest(const void *a, const void *b)
{
    const struct cut *x = a, *y = b;
    if (x->whole_rest != y->whole_rest)
        return x->whole_rest > y->whole_rest ? -1 : 1;
    return x->at > y->at ? -1 : 1; /* of equal ones the later */
}

static int by_rest(const void *a, const void *b)
{
    const struct cut *x = a, *y = b;
    if (x->rest > y->rest || x->rest < y->rest)
        return x->rest > y->rest ? -1 : 1;
    return x->at > y->at ? -1 : 1;
}

/* By weights: cut, and what is left in units to the largest cut-off parts. */
static void share_whole(uint64_t total, const int64_t *weights, size_t n, struct cut *cuts, int64_t *out)
{
    u128 all = 0;
    uint64_t left = total;
    for (size_t i = 0; i < n; i++)
        all += (u128)weights[i];
    for (size_t i = 0; i < n; i++) {
        u128 product = (u128)total * (u128)weights[i];
        out[i] = (int64_t)(product / all);
        cuts[i] = (struct cut){.whole_rest = product % all, .at = i};
        left -= (uint64_t)out[i];
    }
    qsort(cuts, n, sizeof *cuts, by_whole_rest);
    for (size_t i = 0; i < left && i < n; i++)
        out[cuts[i].at]++;
}

static void share_decayed(uint64_t total, double half_life_s, const int64_t *age_s, size_t n, struct cut *cuts, int64_t *out)
{
    const double unit = 0x1p40;
    int64_t left = (int64_t)total, youngest = age_s[n - 1];
    u128 sum = 0;
    if (n == 1) {
        out[0] = left;
        return;
    }
    for (size_t i = 0; i < n; i++)
        sum += (u128)trunc(pow(2, (double)(youngest - age_s[i]) / half_life_s) * unit);
    for (size_t i = 0; i < n; i++) {
        double part = trunc(pow(2, (double)(youngest - age_s[i]) / half_life_s) * unit) / (double)sum * (double)total;
        out[i] = (int64_t)floor(part);
        cuts[i] = (struct cut){.rest = part - floor(part), .at = i};
        left -= out[i];
    }
    qsort(cuts, n, sizeof *cuts, by_rest);
    for (size_t i = 0; (int64_t)i < left && i < n; i++)
        out[cuts[i].at]++;
}

static int64_t tenths(double weight)
{
    return (int64_t)round(weight * TENTHS);
}

/* First, middle and last; or first, milestone, last and rest. mark: index of the touch before the milestone, 0 where it is not between. */
static void position_weights(const struct rule_options *o, size_t mark, size_t n, int64_t *w)
{
    int64_t others = (int64_t)n - (mark ? 3 : 2), each = others > 0 ? others : 1, sum = 0;
    for (size_t i = 0; i < n; i++)
        w[i] = others > 0 ? tenths(mark ? o->w[3] : o->u[1]) : 0;
    w[0] = tenths(mark ? o->w[0] : o->u[0]) * each;
    w[n - 1] = tenths(mark ? o->w[2] : o->u[2]) * each;
    if (mark)
        w[mark] = tenths(o->w[1]) * each;
    for (size_t i = 0; i < n; i++)
        sum += w[i];
    for (size_t i = 0; sum == 0 && i < n; i++)
        w[i] = 1;
}

static size_t last_meant(const struct rule_options *o, const uint32_t *channel, size_t n)
{
    for (size_t i = n; i-- > 0;)
        if (!o->direct[channel[i]])
            return i;
    return n - 1;
}

/* The touch before the milestone, where it lies between the first and the last; else 0. */
static size_t milestone_touch(const struct journeys *j, const struct journey_end *x, const struct journey_touched *t)
{
    size_t n = 0;
    while (x->milestone_us != INT64_MIN && n < t->n && j->touches[t->v[n]].at_us <= x->milestone_us)
        n++;
    return n > 1 && n < t->n ? n - 1 : 0;
}

static void weights_make(const struct journeys *j, const struct rule_setting *set, const struct journey_end *x, const struct journey_touched *t, enum rule_model m, struct share_room *room)
{
    size_t n = t->n, only = m == RULE_FIRST ? 0 : m == RULE_LAST_NON_DIRECT ? last_meant(&set->o, room->channel, n) : n - 1;
    if (n > 1 && (m == RULE_POSITION_U || m == RULE_POSITION_W)) {
        position_weights(&set->o, m == RULE_POSITION_W ? milestone_touch(j, x, t) : 0, n, room->weights);
        return;
    }
    for (size_t i = 0; i < n; i++)
        room->weights[i] = m == RULE_LINEAR || n == 1 ? 1 : i == only;
}

static bool room_make(struct share_room *room, size_t n, struct err *e)
{
    if (n <= room->cap)
        return true;
    size_t cap = n * 2;
    mem_free(room->all);
    room->all = mem_try_alloc(cap * (sizeof(struct cut) + 4 * sizeof(int64_t) + sizeof(uint32_t)));
    room->cap = room->all ? cap : 0;
    if (!room->all)
        return err_set(e, E_MEMORY, "there is not enough memory for a journey of %zu touches", n);
    room->cuts = room->all;
    room->weights = (int64_t *)((struct cut *)room->all + cap);
    room->age_s = room->weights + cap;
    room->conversions = room->age_s + cap;
    room->value = room->conversions + cap;
    room->channel = (uint32_t *)(room->value + cap);
    return true;
}

bool attribution_share(const struct journeys *j, const struct rule_setting *set, const struct journey_end *x, const struct journey_touched *t, enum rule_model m, struct share_room *room, struct err *e)
{
    uint64_t total = x->value < 0 ? -(uint64_t)x->value : (uint64_t)x->value;
    if (!room_make(room, t->n, e))
        return false;
    for (size_t i = 0; i < t->n; i++) {
        room->channel[i] = journeys_up(j, j->touches[t->v[i]].leaf, JOURNEY_CHANNEL);
        room->age_s[i] = (x->at_us - j->touches[t->v[i]].at_us) / 1000000;
    }
    if (m == RULE_TIME_DECAY) {
        share_decayed((uint64_t)ONE, set->o.half_life_s, room->age_s, t->n, room->cuts, room->conversions);
        share_decayed(total, set->o.half_life_s, room->age_s, t->n, room->cuts, room->value);
    } else {
        weights_make(j, set, x, t, m, room);
        share_whole((uint64_t)ONE, room->weights, t->n, room->cuts, room->conversions);
        share_whole(total, room->weights, t->n, room->cuts, room->value);
    }
    for (size_t i = 0; x->value < 0 && i < t->n; i++)
        room->value[i] = -room->value[i];
    return true;
}
