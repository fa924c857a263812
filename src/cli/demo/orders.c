/* Orders of a day, each a pure function of the seed. */
#include "cli/demo/orders.h"

#include <math.h>

#include "cli/demo/planted.h"

/* Customers from before the year; who buys again bought not long ago, mostly. */
enum { OLD_CUSTOMERS = 1200 };
static const double FIRST_SHARE = 0.34, RECENT = 5.0;
enum { FREE_SHIPPING_CENTS = 4900, SHIPPING_CENTS = 490 };

const struct demo_product DEMO_PRODUCTS[] = {
    {"MF-SEED-HERB", "Herb seeds", "Seeds", 490, "/p/herb-seeds"}, {"MF-SOIL-20", "Potting soil 20 l", "Soil", 990, "/p/potting-soil-20-l"}, {"MF-POT-TERRA", "Terracotta pot", "Pots", 1490, "/p/terracotta-pot"}, {"MF-GLOVES", "Garden gloves", "Tools", 1990, "/p/garden-gloves"},
    {"MF-CAN-5", "Watering can 5 l", "Tools", 2490, "/p/watering-can-5-l"}, {"MF-FEEDER-OAK", "Bird feeder oak", "Birds", 3490, "/p/bird-feeder-oak"}, {"MF-PLANTER-60", "Planter 60 cm", "Pots", 4990, "/p/planter-60-cm"}, {"MF-LIGHTS", "Terrace lights", "Lights", 5990, "/p/terrace-lights"},
    {"MF-PLANTER-90", "Planter 90 cm", "Pots", 7990, "/p/planter-90-cm"}, {"MF-BED-RAISED", "Raised bed larch", "Beds", 9990, "/p/raised-bed-larch"}, {"MF-CHAIR", "Garden chair", "Furniture", 12990, "/p/garden-chair"}, {"MF-TABLE", "Balcony table", "Furniture", 17990, "/p/balcony-table"}};
const size_t DEMO_PRODUCTS_N = sizeof DEMO_PRODUCTS / sizeof *DEMO_PRODUCTS;

int demo_orders_on(const struct demo_world *w, int32_t day)
{
    return (int)(45.0 * demo_season(day, true) * demo_planted_factor(w, MOVED_ORDERS, NULL, day) * (0.85 + 0.3 * demo_chance(w->seed, (uint64_t)day, 0, 11)));
}

static bool is_first(const struct demo_world *w, int32_t day, int i)
{
    return demo_chance(w->seed, (uint64_t)day * 1000u + (uint64_t)i, 7, 12) < FIRST_SHARE;
}

int demo_first_orders(const struct demo_world *w, int32_t day, int until)
{
    int n = 0;
    for (int i = 0; i < until; i++) {
        n += is_first(w, day, i);
    }
    return n;
}

/* New ones are numbered as they come. */
static int customer_of(const struct demo_world *w, int32_t day, int i, double chance)
{
    int known = OLD_CUSTOMERS + (day > w->first_day ? w->new_before[(day <= w->last_day ? day : w->last_day) - w->first_day] : 0);
    if (is_first(w, day, i)) {
        return (known + demo_first_orders(w, day, i)) % DEMO_CUSTOMERS;
    }
    return (known - 1 - (int)(known * pow(chance, RECENT))) % DEMO_CUSTOMERS;
}

struct demo_order demo_order(const struct demo_world *w, int32_t day, int i)
{
    static const char *const COUNTRIES[] = {"DE", "DE", "DE", "DE", "AT", "AT", "CH", "US"};
    uint64_t k = (uint64_t)day * 1000u + (uint64_t)i;
    return (struct demo_order){
        .minute = (int)(1439.0 * demo_chance(w->seed, k, 1, 12)),
        .cents = 1900 + (int64_t)(16000.0 * demo_chance(w->seed, k, 2, 12) * demo_chance(w->seed, k, 3, 12)),
        .country = COUNTRIES[(size_t)(8.0 * demo_chance(w->seed, k, 4, 12))],
        .customer = customer_of(w, day, i, demo_chance(w->seed, k, 5, 12)),
        .items = 1 + (int)(3.0 * demo_chance(w->seed, k, 6, 12)),
        .first = is_first(w, day, i),
    };
}

int64_t demo_line_cents(const struct demo_world *w, int64_t number, const struct demo_order *o, int line)
{
    int64_t left = o->cents;
    for (int i = 0; i < o->items; i++) {
        int64_t part = i == o->items - 1 ? left : left / (o->items - i) * (int64_t)(60 + 80.0 * demo_chance(w->seed, (uint64_t)number, 10 + (uint64_t)i, 61)) / 100;
        if (i == line) {
            return part;
        }
        left -= part;
    }
    return 0;
}

size_t demo_product_of(int64_t cents)
{
    size_t i = 0;
    while (i + 1 < DEMO_PRODUCTS_N && DEMO_PRODUCTS[i + 1].cents <= cents) {
        i++;
    }
    return i;
}

static int tax_percent_x10(const char *country)
{
    return strcmp(country, "DE") == 0 ? 190 : strcmp(country, "AT") == 0 ? 200 : strcmp(country, "CH") == 0 ? 81 : 0;
}

int64_t demo_tax_in(int64_t cents, const char *country)
{
    int rate = tax_percent_x10(country);
    return (cents * rate + (1000 + rate) / 2) / (1000 + rate);
}

int64_t demo_shipping(const struct demo_order *o)
{
    return o->cents >= FREE_SHIPPING_CENTS ? 0 : SHIPPING_CENTS;
}
