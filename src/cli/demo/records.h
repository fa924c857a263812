/* Exports of the retailer's CRM, mail program and shop, in the layouts in which HubSpot, Klaviyo and Shopify really land. Each
 * is told as of a day: what came later is not in it. */
#ifndef CLI_DEMO_RECORDS_H
#define CLI_DEMO_RECORDS_H

#include "base/buf.h"
#include "cli/demo/world.h"

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

/* Clicks in letters, in no particular order; `letter` counts from 1, 0: a flow. */
struct demo_click { int customer, letter; int32_t day; int64_t second; const char *campaign; };
typedef void demo_click_fn(void *ctx, const struct demo_click *c);
void demo_mail_clicks(const struct demo_world *w, demo_click_fn *fn, void *ctx);
/* The nth customer, from 0, who asked to be forgotten; -1: no further one. */
int demo_forgotten(int nth);

/* Questions to support; of the shop's customers. */
struct demo_ticket { int id, customer; int32_t day; int64_t second; const char *category; };
typedef void demo_ticket_fn(void *ctx, const struct demo_ticket *t);
void demo_tickets(const struct demo_world *w, demo_ticket_fn *fn, void *ctx);

/* dir/<prefix><name>.csv. */
MUST_CHECK bool demo_table_write(const char *dir, const char *prefix, const char *name, const struct buf *text, struct err *e);

#endif
