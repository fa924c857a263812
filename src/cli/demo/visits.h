/* Visits to the retailer's website and app: who came, on which device, by which way, and what for. Every visit is a pure function
 * of the world and a number; calls.c says what a visit's SDK sends. A sample: some customers are followed through the year, all
 * others stay unknown. */
#ifndef CLI_DEMO_VISITS_H
#define CLI_DEMO_VISITS_H

#include "base/buf.h"
#include "cli/demo/orders.h"
#include "cli/demo/world.h"

enum demo_device { DESKTOP_CHROME, DESKTOP_SAFARI, DESKTOP_FIREFOX, DESKTOP_EDGE, PHONE_IOS, PHONE_ANDROID, TABLET, APP_IOS, APP_ANDROID, ROBOT, DEMO_DEVICES };
enum demo_entry { ENTRY_DIRECT, ENTRY_AD, ENTRY_SEARCH, ENTRY_SOCIAL, ENTRY_REFERRAL, ENTRY_ASSISTANT, ENTRY_AFFILIATE, ENTRY_LETTER };
enum demo_aim { AIM_LOOK, AIM_BROWSE, AIM_CART, AIM_CHECKOUT, AIM_ORDER, AIM_HELP, AIM_ACCOUNT, AIM_LETTER /* subscribes */, AIM_OFFICES };
/* What somebody's code gets wrong, for a while. */
enum demo_fault { FAULT_NONE, FAULT_PRICE_TEXT, FAULT_NO_ORDER_ID, FAULT_CURRENCY, FAULT_TYPO, FAULT_NOBODY };
enum demo_word { WORD_NONE, WORD_ALL, WORD_SOME, WORD_NOTHING }; /* what the visitor says to the consent banner */

struct demo_visit {
    int64_t at_ms;               /* the first step, in milliseconds since 1970 */
    int64_t delay_ms;            /* without a network until then */
    uint64_t id, visitor;        /* visitor: one browser or app */
    enum demo_device device;
    enum demo_entry entry;
    enum demo_aim aim;
    enum demo_fault fault;
    enum demo_word word;
    const struct demo_node *ad;  /* campaign or ad, of ENTRY_AD */
    int letter;                  /* of ENTRY_LETTER; 0: a flow */
    const char *campaign;
    int customer;                /* -1: nobody that we know */
    int company, colleague;      /* of AIM_OFFICES */
    bool brief;                  /* told without what happened on the way */
    bool known;                  /* signed in before */
    bool signs_in, signs_out;
    bool gpc, own_people, twice, offices_ip;
    int skew_s;                  /* the device's clock is ahead by so much */
    int32_t order_day;
    int order_place;             /* demo_order(w, order_day, order_place) */
    int64_t order_number;
    int ticket;
    const char *topic;
};

struct demo_visits { struct demo_visit *v; size_t n; };
/* Sorted by the moment at which they are told. Lives in the arena. */
void demo_visits_make(struct arena *a, const struct demo_world *w, struct demo_visits *out);
/* Somebody who comes now; `nth` counts visitors since the sender began. */
struct demo_visit demo_visit_now(const struct demo_world *w, int64_t now_ms, uint64_t nth);
/* Is the customer among those whom the events follow? */
bool demo_followed(int customer);
/* When the visit's calls reach the collector. */
int64_t demo_visit_told_ms(const struct demo_world *w, const struct demo_visit *v);

/* ---- calls.c ---- */

/* {"batch":[…],"sentAt":…}: all calls of the visit, or the one at `only` (-1: all), dated `now_ms` where that is not 0. The number of
 * calls in the visit. */
int demo_visit_write(struct buf *out, const struct demo_world *w, const struct demo_visit *v, int only, int64_t now_ms);
/* Facts of the request, as a collector would write them. */
void demo_visit_facts(struct buf *out, const struct demo_world *w, const struct demo_visit *v);

#endif
