/* The demo's files on disk: two exports of every ad platform, shop orders, exchange rates. */
#ifndef CLI_DEMO_EXPORTS_H
#define CLI_DEMO_EXPORTS_H

#include "base/error.h"
#include "cli/demo/world.h"

struct demo_days { int32_t first, last, exported; };  /* `exported`: the day up to which the first export knows */

/* The first export: every table from the first day to `exported`. */
MUST_CHECK bool demo_export_first(const char *dir, const struct demo_world *w, const struct demo_days *d, struct err *e);
/* The later one: the days since, and for Google and Meta the week before as it was restated; one Pinterest file has broken lines. */
MUST_CHECK bool demo_export_later(const char *dir, const struct demo_world *as_first_told, const struct demo_world *restated,
                                  const struct demo_days *d, struct err *e);
/* All orders up to a day, in one file that the till writes anew each night. */
MUST_CHECK bool demo_export_orders(const char *path, const struct demo_world *w, int32_t until, struct err *e);
/* date,currency,rate: euros for one dollar, weekly. */
MUST_CHECK bool demo_export_rates(const char *path, const struct demo_world *w, struct err *e);
/* date_month,channel,impressions: what all advertisers of the market were shown in the channels that a research firm counts. */
MUST_CHECK bool demo_export_market(const char *path, const struct demo_world *w, struct err *e);

#endif
