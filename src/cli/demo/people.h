/* Who the retailer deals with: shop customers and business contacts, both invented, each a pure function of the seed and a number. */
#ifndef CLI_DEMO_PEOPLE_H
#define CLI_DEMO_PEOPLE_H

#include "base/buf.h"
#include "cli/demo/world.h"

enum { DEMO_COMPANIES = 120 };

struct demo_person { const char *first, *last; char email[80], phone[24]; const char *country, *city; };

/* The shop's customer of that number, under the address that the shop's orders carry. */
struct demo_person demo_customer(const struct demo_world *w, int customer);
/* The id under which the website knows a customer who has signed in. */
enum { DEMO_USER_ID_BYTES = 16 };
void demo_user_id(int customer, char out[DEMO_USER_ID_BYTES]);
/* A contact at a company that buys plants for its offices. */
struct demo_person demo_colleague(const struct demo_world *w, int company, int i);

struct demo_company { char name[64], site[64]; const char *industry, *city; int employees; };
struct demo_company demo_company(const struct demo_world *w, int company);

/* "2026-03-01 07:05:12.000", as exports write times. `second` may run into the next days. */
void demo_time(struct buf *out, int32_t day, int64_t second);

#endif
