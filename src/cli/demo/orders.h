/* The shop's orders, one by one: what the export holds and what goals count are the same. */
#ifndef CLI_DEMO_ORDERS_H
#define CLI_DEMO_ORDERS_H

#include "cli/demo/world.h"

struct demo_order { int minute, items, customer; int64_t cents; const char *country; bool first; }; /* first: of its customer */

int demo_orders_on(const struct demo_world *w, int32_t day);
struct demo_order demo_order(const struct demo_world *w, int32_t day, int i);

#endif
