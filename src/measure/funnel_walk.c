/* The walk of one person through a funnel, and whether two rates differ: no engine, no mesh, no clock. */
#include "measure/funnel.h"

#include <math.h>

/* For each step the attempt that reached it: when it began, and when it got to each step on the way. */
struct attempt {
    bool there;
    size_t begun;
    int64_t at_us[STEPS_MAX];
};

int funnel_walk(const struct step_event *v, size_t n, int steps, int64_t window_us, int64_t *at_us, size_t *begun)
{
    struct attempt kept[STEPS_MAX];
    int best = 0;
    for (int s = 0; s < steps; s++)
        kept[s].there = false;
    for (size_t i = 0, next; i < n && best < steps; i = next) {
        uint32_t mask = 0;
        size_t entry = i;
        bool entered = false;
        for (next = i; next < n && v[next].at_us == v[i].at_us; next++) { /* moments that are one may be any of their steps, and not two after each other */
            bool enters = (v[next].mask & 1) && v[next].fits;
            if (enters && !entered) {
                entered = true;
                entry = next;
            }
            mask |= v[next].mask & ~(uint32_t)1;
        }
        mask |= entered;
        for (int s = steps - 1; s >= 0; s--) {
            if (!(mask >> s & 1))
                continue;
            if (s == 0) {
                kept[0] = (struct attempt){.there = true, .begun = entry};
                kept[0].at_us[0] = v[i].at_us;
            } else {
                const struct attempt *from = &kept[s - 1];
                if (!from->there || v[i].at_us - from->at_us[0] > window_us || (kept[s].there && kept[s].at_us[0] >= from->at_us[0]))
                    continue;
                kept[s] = *from;
                kept[s].at_us[s] = v[i].at_us;
            }
            if (s + 1 > best) {
                best = s + 1;
                memcpy(at_us, kept[s].at_us, sizeof *at_us * (size_t)best);
                *begun = kept[s].begun;
            }
        }
    }
    return best;
}

bool funnel_below(int64_t got, int64_t of, int64_t others_got, int64_t others_of, double *p)
{
    *p = 1;
    if (of < FUNNEL_PEOPLE_MIN || others_of < FUNNEL_PEOPLE_MIN)
        return false;
    double a = (double)got / (double)of, b = (double)others_got / (double)others_of;
    double all = (double)(got + others_got) / (double)(of + others_of);
    double error = sqrt(all * (1 - all) * (1 / (double)of + 1 / (double)others_of));
    if (!(error > 0) || a >= b)
        return false;
    *p = 0.5 * erfc((b - a) / error / sqrt(2));
    return true;
}
