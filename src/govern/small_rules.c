/* The rules of small groups. See small_rules.h. */
#include "govern/small_rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double DOMINANCE_MAX = 0.85;

/* Of the smallest SMALL_SKETCH hashes of the union: how many there are, and how many are in both. */
static void overlap(const struct small_set *a, const struct small_set *b, size_t *seen, size_t *both)
{
    size_t i = 0, k = 0;
    *seen = *both = 0;
    while (*seen < SMALL_SKETCH && (i < a->n || k < b->n)) {
        uint64_t x = i < a->n ? a->sketch[i] : UINT64_MAX, y = k < b->n ? b->sketch[k] : UINT64_MAX;
        bool left = i < a->n && (k >= b->n || x <= y), right = k < b->n && (i >= a->n || y <= x);
        i += left;
        k += right;
        *both += left && right;
        ++*seen;
    }
}

/* Both are the sets themselves, and so is what is seen of their union. */
static bool whole(const struct small_set *a, const struct small_set *b)
{
    return a->people == (int64_t)a->n && b->people == (int64_t)b->n;
}

static int64_t exact_difference(const struct small_set *a, const struct small_set *b)
{
    size_t i = 0, k = 0, common = 0;
    while (i < a->n && k < b->n) {
        uint64_t x = a->sketch[i], y = b->sketch[k];
        common += x == y;
        i += x <= y;
        k += y <= x;
    }
    return (int64_t)(a->n + b->n - 2 * common);
}

bool small_too_close(const struct small_set *a, const struct small_set *b, int64_t minimum)
{
    if (a->people == b->people && a->print == b->print)
        return a->figure == b->figure && a->rows != b->rows && llabs(a->rows - b->rows) < minimum;
    if (llabs(a->people - b->people) >= minimum)
        return false;
    if (whole(a, b))
        return exact_difference(a, b) < minimum;
    /* Of the smallest hashes of the union, as many would be in one set alone as a Poisson number with this mean, were the difference just below the
     * minimum. Only far beyond it (four deviations and four more) the difference is taken to be larger. */
    size_t seen, both;
    overlap(a, b, &seen, &both);
    double people = (double)(a->people + b->people) / 2, mean = (double)(minimum - 1) * (double)seen / people;
    return (double)(seen - both) <= mean + 4 * sqrt(mean) + 4;
}

/* An empty set behind a figure (nobody in the group has it) tells of the whole group at once, as its size does. */
static bool set_fits(const struct small_set *s, bool first, const struct small_set *history, size_t n_history, int64_t minimum)
{
    if (s->people == 0 && !first)
        return true;
    if (s->people < minimum)
        return false;
    for (size_t i = 0; i < n_history; i++)
        if (small_too_close(s, &history[i], minimum))
            return false;
    return true;
}

/* The sets of one group against each other and against the groups shown so far. */
static bool fits_shown(const struct small_group *g, const struct small_group *groups, size_t n, int64_t minimum)
{
    for (size_t i = 0; i < g->n_sets; i++) {
        if (g->sets[i].people == 0)
            continue;
        for (size_t k = 0; k < i; k++)
            if (g->sets[k].people && small_too_close(&g->sets[i], &g->sets[k], minimum))
                return false;
        for (size_t o = 0; o < n; o++)
            for (size_t k = 0; groups[o].shown && k < groups[o].n_sets; k++)
                if (groups[o].sets[k].people && small_too_close(&g->sets[i], &groups[o].sets[k], minimum))
                    return false;
    }
    return true;
}

static bool group_fits(const struct small_group *g, const struct small_set *history, size_t n_history, int64_t minimum)
{
    for (size_t i = 0; i < g->n_sets; i++)
        if (!set_fits(&g->sets[i], i == 0, history, n_history, minimum))
            return false;
    return !(g->dominance > DOMINANCE_MAX);
}

/* People behind one figure in the groups that are left out: the figure of all of them less what is shown tells of these. */
static int64_t left_out(const struct small_group *groups, size_t n, size_t set)
{
    int64_t people = 0;
    for (size_t i = 0; i < n; i++)
        people += groups[i].shown ? 0 : groups[i].sets[set].people;
    return people;
}

static struct small_group *least_shown(struct small_group *groups, size_t n, size_t set)
{
    struct small_group *least = NULL;
    for (size_t i = 0; i < n; i++)
        if (groups[i].shown && groups[i].sets[set].people && (!least || groups[i].sets[set].people < least->sets[set].people))
            least = &groups[i];
    return least;
}

void small_decide(struct small_group *groups, size_t n, const struct small_set *history, size_t n_history, int64_t minimum)
{
    for (size_t i = 0; i < n; i++)
        groups[i].shown = group_fits(&groups[i], history, n_history, minimum) && fits_shown(&groups[i], groups, i, minimum);
    for (size_t set = 0; n && set < groups[0].n_sets;) {
        int64_t people = left_out(groups, n, set);
        struct small_group *least = people > 0 && people < minimum ? least_shown(groups, n, set) : NULL;
        if (least)
            least->shown = false;
        set = least ? 0 : set + 1; /* one more left out may leave too few behind another figure */
    }
}
