/* The shop's orders, one by one: what the export holds, what the website's events tell and what goals count are the same. */
#ifndef CLI_DEMO_ORDERS_H
#define CLI_DEMO_ORDERS_H

#include "cli/demo/world.h"

enum { DEMO_CUSTOMERS = 12000, DEMO_FIRST_NUMBER = 100000 };
static const int64_t DEMO_ORDER_ID = 5400000000000; /* Shopify's id of an order is this and its number */

struct demo_order { int minute, items, customer; int64_t cents; const char *country; bool first; }; /* first: of its customer */

int demo_orders_on(const struct demo_world *w, int32_t day);
int demo_first_orders(const struct demo_world *w, int32_t day, int until); /* how many of the day's first `until` orders are their customers' first */
struct demo_order demo_order(const struct demo_world *w, int32_t day, int i);

struct demo_product { const char *sku, *title, *type; int cents; const char *path; };
extern const struct demo_product DEMO_PRODUCTS[]; /* the cheapest first */
extern const size_t DEMO_PRODUCTS_N;

/* An order is split into as many lines as it has items; the last takes what is left. */
int64_t demo_line_cents(const struct demo_world *w, int64_t number, const struct demo_order *o, int line);
/* The dearest product that costs no more than what was paid for the line. */
size_t demo_product_of(int64_t cents);
int64_t demo_tax_in(int64_t cents, const char *country); /* prices include tax */
int64_t demo_shipping(const struct demo_order *o);

#endif
