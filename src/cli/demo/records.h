/* Exports of the retailer's CRM, mail program and shop, in the layouts in which HubSpot, Klaviyo and Shopify really land. Each
 * is told as of a day: what came later is not in it. */
#ifndef CLI_DEMO_RECORDS_H
#define CLI_DEMO_RECORDS_H

#include "base/buf.h"
#include "cli/demo/world.h"

enum { DEMO_SHOP_DAYS = 90 };   /* how long the shop has been on Shopify; older orders are in the till's own file alone */

/* HubSpot: all tables anew. `sloppy`: one deal whose amount was typed as words. */
MUST_CHECK bool demo_crm_write(const char *dir, const struct demo_world *w, int32_t known, bool sloppy, struct err *e);
/* Klaviyo: profiles, mailings, flows and what became of every message up to a day. */
MUST_CHECK bool demo_mail_write(const char *dir, const struct demo_world *w, int32_t known, struct err *e);
/* Shopify: the orders that changed after `since`. Files are prefixed, so that a later export lies beside the first. `sloppy`: one line
 * whose quantity is no number. */
MUST_CHECK bool demo_shop_write(const char *dir, const char *prefix, const struct demo_world *w, int32_t since, int32_t known, bool sloppy, struct err *e);

struct demo_mail { int64_t delivered, opened; };
/* What Klaviyo counts for the days from..to. */
struct demo_mail demo_mail_sums(const struct demo_world *w, int32_t from, int32_t to);

/* dir/<prefix><name>.csv. */
MUST_CHECK bool demo_table_write(const char *dir, const char *prefix, const char *name, const struct buf *text, struct err *e);

#endif
