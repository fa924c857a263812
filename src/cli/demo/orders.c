/* Orders of a day, each a pure function of the seed. */
#include "cli/demo/orders.h"

int demo_orders_on(const struct demo_world *w, int32_t day)
{
    return (int)(70.0 * demo_season(day, true) * (0.85 + 0.3 * demo_chance(w->seed, (uint64_t)day, 0, 11)));
}

struct demo_order demo_order(const struct demo_world *w, int32_t day, int i)
{
    static const char *const COUNTRIES[] = {"DE", "DE", "DE", "DE", "AT", "AT", "CH", "US"};
    uint64_t k = (uint64_t)day * 1000u + (uint64_t)i;
    return (struct demo_order){
        .minute = (int)(1439.0 * demo_chance(w->seed, k, 1, 12)),
        .cents = 1900 + (int64_t)(16000.0 * demo_chance(w->seed, k, 2, 12) * demo_chance(w->seed, k, 3, 12)),
        .country = COUNTRIES[(size_t)(8.0 * demo_chance(w->seed, k, 4, 12))],
        .customer = (int)(9000.0 * demo_chance(w->seed, k, 5, 12)),
        .items = 1 + (int)(3.0 * demo_chance(w->seed, k, 6, 12)),
        .first = demo_chance(w->seed, k, 7, 12) < 0.38,
    };
}
