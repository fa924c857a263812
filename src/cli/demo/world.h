/* The demo's fictional retailer: its ad accounts, campaigns, ad groups and ads, and what each ad did on each day.
 * Everything follows from a seed and the last day, so that two demos with the same ones are equal byte by byte. */
#ifndef CLI_DEMO_WORLD_H
#define CLI_DEMO_WORLD_H

#include "base/arena.h"

enum demo_level { LEVEL_ACCOUNT, LEVEL_CAMPAIGN, LEVEL_AD_GROUP, LEVEL_AD, DEMO_LEVELS };

/* What happened on one day. Money in millionths of the account's currency, conversions in thousandths. */
struct demo_facts {
    int64_t impressions, clicks, spend_micros, conversions_milli, value_micros;
    int64_t drawn_milli; /* how well the ad sells: visits that lead to orders come by it in proportion */
};

/* A node of the tree account > campaign > ad group > ad. */
struct demo_node {
    enum demo_level level;
    const struct demo_node *parent;   /* NULL for an account */
    struct str id, name;
    const struct demo_plan *plan;     /* of its campaign; NULL for an account */
    const struct demo_platform *platform;
    struct demo_facts *days;          /* n_days, sums of the children and of what belongs to no child */
};

struct demo_plan {                    /* one campaign as designed */
    const char *name, *objective, *channel, *status;
    int ad_groups, ads;               /* ads per ad group; 0 and 0: spends without any ad (Performance Max) */
    double daily_spend;               /* in account currency, before seasons */
    double roas;                      /* claimed return per unit of spend */
    double cpc, ctr;
    int first_day_back, last_day_back;/* days before the last day; 0 = still running, -1 = the whole year */
    bool promotion;                   /* runs hardest in promotions */
};

struct demo_platform {
    const char *name, *account_id, *account_name, *currency;
    const char *const *audiences;     /* ad group names, NULL-terminated */
    const char *const *creatives;     /* ad names, NULL-terminated */
    const struct demo_plan *plans; size_t n_plans;
    int64_t first_id;                 /* ids count up from here, as the platform writes them */
};

struct demo_world {
    int32_t first_day, last_day;      /* days since 1970 */
    size_t n_days;
    uint64_t seed;
    int32_t restated_from;
    int32_t *new_before;              /* [n_days + 1]: customers who first ordered before that day */
    struct demo_node **nodes; size_t n_nodes;   /* parents before children, grouped by platform */
};

extern const struct demo_platform DEMO_PLATFORMS[];
extern const size_t DEMO_PLATFORMS_N;

/* Lives in the arena. `days` days that end with last_day. From `restated_from` on (0: nowhere) the facts are those that the
 * platform reported later: more conversions were claimed by then, some clicks were found invalid. */
void demo_world_make(struct arena *a, uint64_t seed, int32_t last_day, size_t days, int32_t restated_from, struct demo_world *out);
/* How busy a day is for a garden and home retailer: yearly and weekly season, promotions. 1 = an ordinary day. */
double demo_season(int32_t day, bool promotion);
/* Name of the promotion that runs on a day, or NULL. */
const char *demo_promotion(int32_t day);
/* Uniform in [0, 1), a pure function of its arguments. */
double demo_chance(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);
/* Any number, in the same way. */
uint64_t demo_number(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

#endif
