/* From the plans to figures: the tree of each account and what every ad did on every day. */
#include "cli/demo/world.h"

#include <math.h>

#include "base/clock.h"
#include "cli/demo/orders.h"
#include "cli/demo/planted.h"

/* splitmix64: a well-mixed 64-bit hash; the sequence is fixed for ever, unlike the C library's. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t demo_number(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return mix(mix(mix(mix(seed) ^ a) ^ b) ^ c);
}

double demo_chance(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return (double)(demo_number(seed, a, b, c) >> 11) / 9007199254740992.0;
}

static void civil(int32_t day, int *month, int *day_of_month)
{
    struct clock_text t = clock_date(day);
    *month = (t.z[5] - '0') * 10 + (t.z[6] - '0');
    *day_of_month = (t.z[8] - '0') * 10 + (t.z[9] - '0');
}

const char *demo_promotion(int32_t day)
{
    int m, d;
    civil(day, &m, &d);
    if (m == 11 && d >= 20 && d <= 30) {
        return "Black Week";
    }
    if (m == 4 && d <= 14) {
        return "Spring sale";
    }
    if (m == 8 && d >= 20 && d <= 31) {
        return "End of summer";
    }
    return NULL;
}

double demo_season(int32_t day, bool promotion)
{
    static const double WEEKDAY[7] = {1.02, 0.97, 0.95, 0.98, 1.00, 1.06, 1.14}; /* Thursday first: 1970-01-01 was one */
    static const double MONTH[13] = {0, 0.72, 0.84, 1.16, 1.42, 1.38, 1.18, 0.97, 0.92, 0.90, 0.88, 1.12, 0.95};
    int m, d;
    civil(day, &m, &d);
    int next = m == 12 ? 1 : m + 1;
    double month = MONTH[m] + (MONTH[next] - MONTH[m]) * (double)(d - 1) / 30.0;
    double lift = demo_promotion(day) ? (promotion ? 1.9 : 1.35) : 1.0;
    return month * WEEKDAY[((day % 7) + 7) % 7] * lift;
}

static struct demo_facts restated(struct demo_facts f)
{
    f.clicks -= f.clicks / 60;
    f.spend_micros -= f.spend_micros / 60 / 10000 * 10000;
    f.conversions_milli += f.conversions_milli / 8;
    f.value_micros += f.value_micros / 8 / 10000 * 10000;
    return f;
}

/* An ad draws more than the one shop sells by it: its platform claims more than those that it had a touch in. */
static const double CLAIM = 0.7;

static struct demo_facts facts_of(uint64_t seed, const struct demo_plan *plan, uint64_t who, double share, int32_t day)
{
    double season = demo_season(day, plan->promotion);
    double noise = 0.78 + 0.44 * demo_chance(seed, who, (uint64_t)day, 1);
    double quality = 0.7 + 0.6 * demo_chance(seed, who, 0, 2);            /* some creatives are simply better */
    double drift = 1.0 + 0.10 * sin((double)day / 23.0 + (double)(who % 7));
    double spend = plan->daily_spend * share * season * noise;
    double clicks = spend / (plan->cpc * (0.92 + 0.16 * demo_chance(seed, who, (uint64_t)day, 3)));
    double impressions = clicks / (plan->ctr * (0.85 + 0.3 * demo_chance(seed, who, (uint64_t)day, 4)));
    double roas = plan->roas * quality * drift * (0.75 + 0.5 * demo_chance(seed, who, (uint64_t)day, 5)) * (demo_promotion(day) ? 1.12 : 1.0);
    double value = spend * roas;
    double basket = 62.0 + 26.0 * demo_chance(seed, who, 0, 6), drawn = value / basket;
    double claimed = round(drawn / CLAIM * 10.0) / 10.0;
    struct demo_facts f = {
        .impressions = (int64_t)impressions,
        .clicks = (int64_t)clicks,
        .spend_micros = (int64_t)(spend * 100.0) * 10000,   /* whole cents */
        .conversions_milli = (int64_t)llround(claimed * 10.0) * 100,
        .value_micros = (int64_t)(claimed * basket * 100.0) * 10000,
        .drawn_milli = (int64_t)(drawn * 10.0) * 100,
    };
    return f;
}

static void add(struct demo_facts *to, struct demo_facts f)
{
    to->impressions += f.impressions;
    to->clicks += f.clicks;
    to->spend_micros += f.spend_micros;
    to->conversions_milli += f.conversions_milli;
    to->value_micros += f.value_micros;
    to->drawn_milli += f.drawn_milli;
}

static struct demo_node *node_new(struct arena *a, struct demo_world *w, enum demo_level level, const struct demo_node *parent,
                                  const struct demo_platform *p, const struct demo_plan *plan, struct str id, struct str name)
{
    struct demo_node *n = arena_alloc(a, sizeof *n);
    *n = (struct demo_node){.level = level, .parent = parent, .id = id, .name = name, .plan = plan, .platform = p,
                            .days = arena_array(a, w->n_days, sizeof(struct demo_facts))};
    w->nodes[w->n_nodes++] = n;
    return n;
}

static void run_days(struct demo_world *w, struct demo_node *account, struct demo_node *campaign, struct demo_node *group,
                     struct demo_node *ad, double share)
{
    const struct demo_plan *plan = campaign->plan;
    uint64_t who = str_hash(ad ? ad->id : campaign->id);
    for (size_t i = 0; i < w->n_days; i++) {
        int back = (int)(w->n_days - 1 - i);
        if ((plan->first_day_back >= 0 && back > plan->first_day_back) || back < plan->last_day_back) {
            continue;
        }
        int32_t day = w->first_day + (int32_t)i;
        struct demo_facts f = facts_of(w->seed, plan, who, share * demo_planted_factor(w, MOVED_SPEND, plan->name, day), day);
        if (w->restated_from && day >= w->restated_from) {
            f = restated(f);
        }
        add(&account->days[i], f);
        add(&campaign->days[i], f);
        if (ad) {
            add(&group->days[i], f);
            add(&ad->days[i], f);
        }
    }
}

static void campaign_make(struct arena *a, struct demo_world *w, struct demo_node *account, const struct demo_plan *plan, int64_t *next_id)
{
    const struct demo_platform *p = account->platform;
    struct str id = arena_printf(a, "%lld", (long long)(*next_id)++);
    struct demo_node *campaign = node_new(a, w, LEVEL_CAMPAIGN, account, p, plan, id, str_of(plan->name));
    if (plan->ad_groups == 0) {
        run_days(w, account, campaign, NULL, NULL, 1.0);
        return;
    }
    double share = 1.0 / (plan->ad_groups * plan->ads);
    for (int g = 0; g < plan->ad_groups; g++) {
        id = arena_printf(a, "%lld", (long long)(*next_id)++);
        struct demo_node *group = node_new(a, w, LEVEL_AD_GROUP, campaign, p, plan, id, str_of(p->audiences[g]));
        for (int k = 0; k < plan->ads; k++) {
            id = arena_printf(a, "%lld", (long long)(*next_id)++);
            struct demo_node *ad = node_new(a, w, LEVEL_AD, group, p, plan, id, str_of(p->creatives[k]));
            run_days(w, account, campaign, group, ad, share * (0.6 + 0.8 * demo_chance(w->seed, str_hash(id), 0, 7)));
        }
    }
}

void demo_world_make(struct arena *a, uint64_t seed, int32_t last_day, size_t days, int32_t restated_from, struct demo_world *out)
{
    *out = (struct demo_world){.first_day = last_day - (int32_t)days + 1, .last_day = last_day, .n_days = days, .seed = seed, .restated_from = restated_from};
    size_t n = 0;
    for (size_t p = 0; p < DEMO_PLATFORMS_N; p++) {
        n++;
        for (size_t c = 0; c < DEMO_PLATFORMS[p].n_plans; c++) {
            const struct demo_plan *plan = &DEMO_PLATFORMS[p].plans[c];
            n += 1 + (size_t)plan->ad_groups * (1 + (size_t)plan->ads);
        }
    }
    out->nodes = arena_array(a, n, sizeof *out->nodes);
    out->new_before = arena_array(a, days + 1, sizeof *out->new_before);
    for (size_t i = 0; i < days; i++) {
        int32_t day = out->first_day + (int32_t)i;
        out->new_before[i + 1] = out->new_before[i] + demo_first_orders(out, day, demo_orders_on(out, day));
    }
    for (size_t p = 0; p < DEMO_PLATFORMS_N; p++) {
        const struct demo_platform *pf = &DEMO_PLATFORMS[p];
        struct demo_node *account = node_new(a, out, LEVEL_ACCOUNT, NULL, pf, NULL, str_of(pf->account_id), str_of(pf->account_name));
        int64_t next_id = pf->first_id;
        for (size_t c = 0; c < pf->n_plans; c++) {
            campaign_make(a, out, account, &pf->plans[c], &next_id);
        }
    }
}
