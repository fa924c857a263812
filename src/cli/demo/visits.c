/* The year's visits: those of followed customers around what they bought, clicked and asked, and many more of people unknown. */
#include "cli/demo/visits.h"

#include <stdlib.h>

#include "cli/demo/people.h"
#include "cli/demo/planted.h"
#include "cli/demo/records.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

enum { EACH_PROFILE = 84, EACH_PATRON = 136, VISITS_MAX = 90000, BUSINESSES = 24, HOUSEHOLDS = 6, DAY_S = 86400, BASE_VISITS = 34, BACK_DAYS = 24, SALT = 71 };
/* Whose keys tell visitors apart; below are those of strangers, day * 1000 + place. */
static const uint64_t OF_CUSTOMER = 1ull << 40, OF_BUSINESS = 1ull << 41, OF_HOUSEHOLD = 1ull << 42, OF_NOW = 1ull << 43;

struct making { const struct demo_world *w; struct demo_visits *to; };

static double chance(const struct demo_world *w, uint64_t who, uint64_t what)
{
    return demo_chance(w->seed, who, what, SALT);
}

static size_t pick(const struct demo_world *w, uint64_t who, uint64_t what, size_t n)
{
    return (size_t)((double)n * chance(w, who, what));
}

static int64_t ms_at(int32_t day, int64_t second)
{
    return ((int64_t)day * DAY_S + second) * 1000;
}

bool demo_followed(int customer)
{
    return customer % EACH_PROFILE == 0 || customer % EACH_PATRON == 0;
}

/* Hours at which people shop: few at night, most in the evening. */
static int64_t second_of_day(double a, double b)
{
    return a < 0.62 ? 15 * 3600 + (int64_t)(7.5 * 3600 * b) : a < 0.96 ? 7 * 3600 + (int64_t)(8 * 3600 * b) : (int64_t)(7 * 3600 * b);
}

static struct demo_visit *visit_add(struct making *m, struct demo_visit v)
{
    if (m->to->n == VISITS_MAX) {
        return NULL;
    }
    m->to->v[m->to->n] = v;
    return &m->to->v[m->to->n++];
}

/* ---- By which way ---- */

enum ad_of { AD_CLICKED, AD_THAT_BEGINS, AD_THAT_ENDS };

/* What an ad weighs on a day. Whoever will buy comes by ads that sell; brand and retargeting meet those who know the shop already. */
static int64_t ad_weight(const struct demo_node *n, const struct demo_facts *f, enum ad_of which)
{
    bool known = strstr(n->plan->name, "Brand") || strstr(n->plan->name, "Retargeting");
    return which == AD_CLICKED ? f->clicks * 1000 : f->drawn_milli * (known == (which == AD_THAT_ENDS) ? 4 : 1);
}

/* An ad in proportion to what its platform counts on that day. Amazon's lead to Amazon. */
static const struct demo_node *ad_clicked(const struct demo_world *w, int32_t day, enum ad_of which, double where)
{
    size_t k = day < w->first_day ? 0 : day > w->last_day ? w->n_days - 1 : (size_t)(day - w->first_day);
    int64_t sum = 0, stop;
    for (int pass = 0; pass < 2; pass++) {
        stop = (int64_t)((double)sum * where);
        for (size_t i = 0; i < w->n_nodes; i++) {
            const struct demo_node *n = w->nodes[i];
            if (!(n->level == LEVEL_AD || (n->level == LEVEL_CAMPAIGN && n->plan->ad_groups == 0)) || strcmp(n->platform->name, "amazon_ads") == 0) {
                continue;
            }
            if (pass == 0) {
                sum += ad_weight(n, &n->days[k], which);
            } else if ((stop -= ad_weight(n, &n->days[k], which)) < 0) {
                return n;
            }
        }
    }
    return NULL;
}

/* Of somebody who looks around: the first time, later. Of somebody who will buy: a new customer's first visit and later ones, an old one's. */
enum way { WAY_FIRST, WAY_AGAIN, WAY_NEW, WAY_NEW_AGAIN, WAY_OLD, WAYS_OF };

static void enter(const struct demo_world *w, struct demo_visit *v, enum way way)
{
    static const struct { enum demo_entry entry; double share[WAYS_OF]; } WAYS[] = {
        {ENTRY_AD, {0.42, 0.22, 0.50, 0.30, 0.16}}, {ENTRY_SEARCH, {0.28, 0.22, 0.22, 0.17, 0.14}}, {ENTRY_DIRECT, {0.12, 0.43, 0.07, 0.30, 0.38}}, {ENTRY_SOCIAL, {0.07, 0.05, 0.06, 0.03, 0.03}},
        {ENTRY_REFERRAL, {0.05, 0.03, 0.07, 0.02, 0.01}}, {ENTRY_AFFILIATE, {0.03, 0.02, 0.04, 0.04, 0.02}}, {ENTRY_ASSISTANT, {0.03, 0.03, 0.04, 0.02, 0.01}}, {ENTRY_LETTER, {0, 0, 0, 0.12, 0.25}}};
    double c = chance(w, v->id, 1);
    int32_t day = (int32_t)(v->at_ms / 1000 / DAY_S);
    v->entry = ENTRY_DIRECT;
    for (size_t i = 0; i < LEN(WAYS); i++) {
        c -= WAYS[i].share[way];
        if (c < 0) {
            v->entry = WAYS[i].entry;
            break;
        }
    }
    if (v->entry == ENTRY_LETTER) {
        v->campaign = "What to plant this week";
        v->letter = day > w->first_day ? 1 + (int)(day - w->first_day) / 7 : 1;
    }
    if (v->entry == ENTRY_AD && !(v->ad = ad_clicked(w, day, way < WAY_NEW ? AD_CLICKED : way == WAY_NEW ? AD_THAT_BEGINS : AD_THAT_ENDS, chance(w, v->id, 2)))) {
        v->entry = ENTRY_SEARCH;
    }
}

static enum demo_device device_of(const struct demo_world *w, uint64_t visitor)
{
    static const struct { enum demo_device device; double share; } SHARES[] = {
        {PHONE_IOS, 0.29}, {PHONE_ANDROID, 0.27}, {DESKTOP_CHROME, 0.20}, {DESKTOP_SAFARI, 0.08}, {DESKTOP_EDGE, 0.06}, {DESKTOP_FIREFOX, 0.05}, {TABLET, 0.05}};
    double c = chance(w, visitor, 3);
    for (size_t i = 0; i < LEN(SHARES); i++) {
        if ((c -= SHARES[i].share) < 0) {
            return SHARES[i].device;
        }
    }
    return DESKTOP_CHROME;
}

static enum demo_word word_of(const struct demo_world *w, uint64_t visitor)
{
    double c = chance(w, visitor, 4);
    return c < 0.30 ? WORD_NONE : c < 0.72 ? WORD_ALL : c < 0.86 ? WORD_SOME : WORD_NOTHING;
}

/* ---- Customers ---- */

/* Each has a computer, a phone, perhaps the app. Browsers forget them now and then. */
static void device_take(const struct demo_world *w, struct demo_visit *v, bool app_fits)
{
    uint64_t who = OF_CUSTOMER | (uint64_t)v->customer;
    static const enum demo_device PHONES[] = {PHONE_IOS, PHONE_ANDROID}, APPS[] = {APP_IOS, APP_ANDROID}, DESKS[] = {DESKTOP_CHROME, DESKTOP_CHROME, DESKTOP_SAFARI, DESKTOP_EDGE, DESKTOP_FIREFOX};
    size_t system = pick(w, who, 5, 2);
    double c = chance(w, v->id, 6);
    v->device = app_fits && chance(w, who, 7) < 0.4 && c < 0.5 ? APPS[system] : c < 0.62 ? PHONES[system] : DESKS[pick(w, who, 8, LEN(DESKS))];
    bool app = v->device == APP_IOS || v->device == APP_ANDROID;
    int64_t age_days = app ? 0 : (v->at_ms / 1000 / DAY_S + (int64_t)(who % 97)) / (v->device == PHONE_IOS || v->device == DESKTOP_SAFARI ? 70 : 200);
    v->visitor = who | (uint64_t)v->device << 24 | (uint64_t)age_days << 29;
    v->gpc = v->device == DESKTOP_FIREFOX && chance(w, who, 9) < 0.4;
    if (app) {
        v->entry = ENTRY_DIRECT;
        v->ad = NULL;
    }
}

static struct demo_visit customer_visit(const struct demo_world *w, int customer, int64_t at_ms, uint64_t nth, enum demo_aim aim)
{
    return (struct demo_visit){.at_ms = at_ms, .id = demo_number(w->seed, (uint64_t)customer, nth, SALT), .customer = customer, .aim = aim};
}

static void order_visit_add(struct making *m, struct demo_visit v)
{
    bool phone = v.device == PHONE_IOS || v.device == PHONE_ANDROID;
    if (!phone || demo_planted_factor(m->w, MOVED_ORDER_EVENTS, "mobile", v.order_day) > 0) {
        visit_add(m, v);
    }
}

static bool asked_to_be_forgotten(int customer)
{
    for (int i = 0, c; (c = demo_forgotten(i)) >= 0; i++) {
        if (c == customer) {
            return true;
        }
    }
    return false;
}

/* One of a few devices, the same for nearly all visits of a person. */
static void device_keep(const struct demo_world *w, struct demo_visit *v)
{
    static const enum demo_device DEVICES[] = {PHONE_IOS, PHONE_ANDROID, DESKTOP_CHROME, PHONE_ANDROID, PHONE_IOS, DESKTOP_SAFARI, DESKTOP_EDGE, TABLET};
    uint64_t who = OF_CUSTOMER | (uint64_t)v->customer;
    size_t own = pick(w, who, 90, LEN(DEVICES));
    v->device = DEVICES[chance(w, v->id, 91) < 0.12 ? (own + 2) % LEN(DEVICES) : own];
    v->visitor = who | (uint64_t)v->device << 24;
}

/* The days that are told in full: what led to each order, in few words. New customers come by ads, search and friends, and take their time; old ones know the way. */
static void order_told(struct making *m, int32_t day, int place, int64_t number, const struct demo_order *o)
{
    const struct demo_world *w = m->w;
    uint64_t nth = (uint64_t)number * 10;
    double c = chance(w, nth, 92);
    int before = o->first ? (c < 0.22 ? 0 : c < 0.56 ? 1 : c < 0.83 ? 2 : 3) : c < 0.58 ? 0 : c < 0.88 ? 1 : 2;
    for (int i = 0; i <= before; i++) {
        bool last = i == before;
        int64_t ago = last ? 420 : 3600 + (int64_t)((o->first ? 20.0 : 7.0) * DAY_S * chance(w, nth, 93) * (1.0 - (double)i / before * 0.9));
        struct demo_visit v = customer_visit(w, o->customer, ms_at(day, o->minute * 60 - ago), nth + (uint64_t)i, last ? AIM_ORDER : chance(w, nth + (uint64_t)i, 94) < 0.35 ? AIM_BROWSE : AIM_LOOK);
        v.brief = true;
        enter(w, &v, !o->first ? WAY_OLD : i == 0 ? WAY_NEW : WAY_NEW_AGAIN);
        device_keep(w, &v);
        if (last) {
            v.order_day = day;
            v.order_place = place;
            v.order_number = number;
            order_visit_add(m, v);
        } else {
            visit_add(m, v);
        }
    }
}

/* What led to an order, the order, and a look at where it is. */
static void order_add(struct making *m, int32_t day, int place, int64_t number)
{
    const struct demo_world *w = m->w;
    struct demo_order o = demo_order(w, day, place);
    if (!demo_followed(o.customer)) {
        if (!asked_to_be_forgotten(o.customer)) {
            order_told(m, day, place, number, &o);
        }
        return;
    }
    uint64_t nth = (uint64_t)number * 10;
    int before = (int)pick(w, (uint64_t)number, 10, 5);
    for (int i = 0; i < before; i++) {
        int64_t ago = 3600 + (int64_t)(12.0 * DAY_S * chance(w, (uint64_t)number, 11 + (uint64_t)i) * chance(w, (uint64_t)number, 21 + (uint64_t)i));
        struct demo_visit v = customer_visit(w, o.customer, ms_at(day, o.minute * 60 - ago), nth + (uint64_t)i, chance(w, nth + (uint64_t)i, 31) < 0.3 ? AIM_CART : AIM_BROWSE);
        enter(w, &v, i > 0 ? WAY_AGAIN : WAY_FIRST);
        device_take(w, &v, i > 0);
        visit_add(m, v);
    }
    struct demo_visit v = customer_visit(w, o.customer, ms_at(day, o.minute * 60 - 420), nth + 6, AIM_ORDER);
    enter(w, &v, before > 0 ? WAY_AGAIN : WAY_FIRST);
    device_take(w, &v, before > 1);
    v.order_day = day;
    v.order_place = place;
    v.order_number = number;
    v.fault = chance(w, nth, 32) < 0.02 ? FAULT_NO_ORDER_ID : FAULT_NONE;
    v.signs_out = chance(w, nth, 33) < 0.1;
    order_visit_add(m, v);
    if (chance(w, nth, 34) < 0.45) {
        v = customer_visit(w, o.customer, ms_at(day + 2, 30000 + (int64_t)(40000.0 * chance(w, nth, 35))), nth + 7, AIM_ACCOUNT);
        device_take(w, &v, true);
        v.signs_in = true;
        visit_add(m, v);
    }
}

static void letter_clicked(void *ctx, const struct demo_click *c)
{
    struct making *m = ctx;
    if (!demo_followed(c->customer)) {
        return;
    }
    uint64_t nth = 1u << 30 | (uint64_t)c->day;
    struct demo_visit v = customer_visit(m->w, c->customer, ms_at(c->day, c->second + 4), nth, chance(m->w, nth ^ (uint64_t)c->customer, 36) < 0.35 ? AIM_LOOK : AIM_BROWSE);
    device_take(m->w, &v, false);
    v.entry = ENTRY_LETTER;
    v.letter = c->letter;
    v.campaign = c->campaign;
    visit_add(m, v);
}

static void help_wanted(void *ctx, const struct demo_ticket *t)
{
    struct making *m = ctx;
    if (!demo_followed(t->customer)) {
        return;
    }
    struct demo_visit v = customer_visit(m->w, t->customer, ms_at(t->day, t->second - 200), 1ull << 31 | (uint64_t)t->id, AIM_HELP);
    device_take(m->w, &v, true);
    v.signs_in = true;
    v.ticket = t->id;
    v.topic = t->category;
    visit_add(m, v);
}

/* Those who have the app open it about twice a month. */
static void app_opened(struct making *m, int customer)
{
    const struct demo_world *w = m->w;
    uint64_t who = OF_CUSTOMER | (uint64_t)customer;
    for (int32_t day = w->first_day + (int32_t)pick(w, who, 37, 120); day <= w->last_day && chance(w, who, 7) < 0.4; day += 3 + (int32_t)pick(w, who, 1000 + (uint64_t)day, 22)) {
        struct demo_visit v = customer_visit(w, customer, ms_at(day, second_of_day(chance(w, who, 2000 + (uint64_t)day), chance(w, who, 3000 + (uint64_t)day))), 1ull << 32 | (uint64_t)day, AIM_BROWSE);
        device_take(w, &v, true);
        v.signs_in = chance(w, v.id, 38) < 0.5;
        v.aim = chance(w, v.id, 39) < 0.2 ? AIM_CART : AIM_BROWSE;
        visit_add(m, v);
    }
}

/* Two people of one home and their tablet. In most homes whoever is done signs out, and the SDK begins a new visitor; in two nobody does. */
static void household_add(struct making *m, int nth)
{
    const struct demo_world *w = m->w;
    bool careless = nth % 3 == 2;
    for (int i = 0; i < 12; i++) {
        int customer = (nth * 2 + i % 2 + 1) * EACH_PROFILE;
        uint64_t home = OF_HOUSEHOLD | (uint64_t)nth << 8;
        int32_t day = w->first_day + 30 + i / 2 * 50 + nth * 3;
        struct demo_visit v = customer_visit(w, customer, ms_at(day, 66600 + i % 2 * 2400), 1ull << 33 | (uint64_t)i, i % 3 == 0 ? AIM_CART : AIM_BROWSE);
        v.device = TABLET;
        v.visitor = careless ? home : home | (uint64_t)i;
        v.signs_in = true;
        v.signs_out = !careless;
        visit_add(m, v);
    }
}

/* ---- Companies ---- */

static void business_add(struct making *m, int company)
{
    const struct demo_world *w = m->w;
    uint64_t who = OF_BUSINESS | (uint64_t)company << 8;
    int32_t day = w->first_day + 20 + (int32_t)pick(w, who, 40, w->n_days - 60);
    for (int i = 0, n = 3 + (int)pick(w, who, 41, 4); i < n; i++) {
        int colleague = i > 1 ? (int)pick(w, who, 42 + (uint64_t)i, 3) : 0;
        struct demo_visit v = {.at_ms = ms_at(day + i * 4, 30000 + (int64_t)(28000.0 * chance(w, who, 50 + (uint64_t)i))), .id = demo_number(w->seed, who, (uint64_t)i, SALT),
                               .visitor = who | (uint64_t)colleague, .customer = -1, .company = company, .colleague = colleague, .aim = AIM_OFFICES, .known = i > 1};
        v.device = colleague == 1 ? DESKTOP_EDGE : DESKTOP_CHROME;
        v.signs_in = i == 1 || (i > 1 && colleague > 0);
        v.entry = i == 0 ? ENTRY_AD : ENTRY_DIRECT;
        for (size_t k = 0; i == 0 && k < w->n_nodes; k++) { /* they come by LinkedIn */
            if (w->nodes[k]->level == LEVEL_AD && strcmp(w->nodes[k]->platform->name, "linkedin_ads") == 0 && (v.ad == NULL || chance(w, who, 60 + k) < 0.2)) {
                v.ad = w->nodes[k];
            }
        }
        if (v.at_ms < ms_at(w->last_day + 1, 0)) {
            visit_add(m, v);
        }
    }
}

/* ---- Strangers ---- */

static enum demo_aim aim_of(const struct demo_world *w, uint64_t id, bool back)
{
    double c = chance(w, id, 70);
    double look = back ? 0.38 : 0.53;
    return c < look ? AIM_LOOK : c < look + 0.33 ? AIM_BROWSE : c < 0.955 ? AIM_CART : c < 0.987 ? AIM_CHECKOUT : AIM_LETTER;
}

static void faults_of(struct demo_visit *v, const struct demo_world *w)
{
    int back = w->last_day - (int32_t)(v->at_ms / 1000 / DAY_S);
    bool app = v->device == APP_IOS || v->device == APP_ANDROID;
    if (v->fault != FAULT_NONE || v->brief) {
        return;
    }
    if (app && ((back >= 38 && back <= 44) || back <= 2)) {
        v->fault = FAULT_PRICE_TEXT; /* two releases of the app send prices as they are shown */
    } else if (back >= 58 && back <= 61 && v->aim != AIM_ORDER) {
        v->fault = FAULT_CURRENCY;
    } else if (v->device == DESKTOP_CHROME && back >= 19 && back <= 21) {
        v->fault = FAULT_TYPO;
    }
}

static void stranger_add(struct making *m, int32_t day, int place)
{
    const struct demo_world *w = m->w;
    uint64_t here = (uint64_t)day * 1000u + (uint64_t)place, visitor = here;
    bool back = chance(w, here, 71) < 0.29;
    if (back) {
        int32_t then = day - 1 - (int32_t)(BACK_DAYS * chance(w, here, 72) * chance(w, here, 73));
        visitor = (uint64_t)then * 1000u + pick(w, here, 74, BASE_VISITS / 2);
    }
    struct demo_visit v = {.at_ms = ms_at(day, second_of_day(chance(w, here, 75), chance(w, here, 76))), .id = demo_number(w->seed, here, 1, SALT), .visitor = visitor, .customer = -1, .company = -1};
    v.aim = aim_of(w, here, back);
    v.device = device_of(w, visitor);
    enter(w, &v, back ? WAY_AGAIN : WAY_FIRST);
    v.word = back || v.aim == AIM_LOOK ? WORD_NONE : word_of(w, visitor);
    v.gpc = chance(w, visitor, 77) < (v.device == DESKTOP_FIREFOX ? 0.25 : 0.006);
    v.twice = chance(w, here, 78) < 0.012;
    v.skew_s = chance(w, visitor, 79) < 0.02 ? 3600 + (int)pick(w, visitor, 80, 7200) : 0;
    double kind = chance(w, here, 81);
    if (kind < 0.018) {
        v.device = ROBOT;
        v.entry = ENTRY_DIRECT;
        v.ad = NULL;
        v.word = WORD_NONE;
        v.aim = AIM_LOOK;
        v.visitor = here;
    } else if (kind < 0.026) {
        v.own_people = true;
        v.entry = ENTRY_DIRECT;
        v.ad = NULL;
    } else if (kind < 0.0266) {
        v.fault = FAULT_NOBODY;
        v.aim = AIM_BROWSE;
    }
    visit_add(m, v);
}

/* ---- Who is signed in, and when things are told ---- */

static int by_person(const void *a, const void *b)
{
    const struct demo_visit *x = a, *y = b;
    if (x->customer != y->customer) {
        return x->customer < y->customer ? -1 : 1;
    }
    return x->at_ms != y->at_ms ? (x->at_ms < y->at_ms ? -1 : 1) : (x->id > y->id) - (x->id < y->id);
}

enum { REMEMBERED = 64 };

/* Once somebody has signed in, the SDK names them in every call of that visitor, until they sign out. */
static void people_follow(struct making *m)
{
    const struct demo_world *w = m->w;
    uint64_t seen[REMEMBERED], inside[REMEMBERED];
    size_t n_seen = 0, n_inside = 0;
    for (size_t i = 0; i < m->to->n; i++) {
        struct demo_visit *v = &m->to->v[i];
        if (i == 0 || v->customer != v[-1].customer) {
            n_seen = n_inside = 0;
        }
        if (v->customer < 0) {
            continue;
        }
        bool fresh = true, signed_in = false;
        for (size_t k = 0; k < n_seen; k++) {
            fresh = fresh && seen[k] != v->visitor;
        }
        for (size_t k = 0; k < n_inside; k++) {
            signed_in = signed_in || inside[k] == v->visitor;
        }
        if (fresh && n_seen < REMEMBERED) {
            seen[n_seen++] = v->visitor;
        }
        v->word = n_seen == 1 && fresh ? (chance(w, (uint64_t)v->customer, 82) < 0.8 ? WORD_ALL : WORD_SOME) : chance(w, v->id, 83) < 0.012 ? WORD_NOTHING : fresh ? WORD_ALL : WORD_NONE;
        if (v->brief) {
            v->word = n_seen == 1 && fresh && chance(w, (uint64_t)v->customer, 95) < 0.06 ? WORD_NOTHING : WORD_NONE;
        }
        v->known = signed_in;
        v->signs_in = !signed_in && (v->signs_in || v->aim == AIM_ORDER);
        if (v->signs_in && !v->signs_out && n_inside < REMEMBERED) {
            inside[n_inside++] = v->visitor;
        }
        if (v->signs_out) {
            for (size_t k = 0; k < n_inside; k++) {
                inside[k] = inside[k] == v->visitor ? 0 : inside[k];
            }
        }
        bool app = v->device == APP_IOS || v->device == APP_ANDROID;
        v->delay_ms = app && chance(w, v->id, 84) < 0.09 ? (int64_t)((0.2 + 3.5 * chance(w, v->id, 85)) * DAY_S) * 1000 : 0;
    }
}

struct told { const struct demo_visit *v; int64_t ms; };

static int by_told(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return x->ms != y->ms ? (x->ms < y->ms ? -1 : 1) : (x->v->id > y->v->id) - (x->v->id < y->v->id);
}

void demo_visits_make(struct arena *a, const struct demo_world *w, struct demo_visits *out)
{
    struct making m = {w, out};
    *out = (struct demo_visits){.v = arena_array(a, VISITS_MAX, sizeof *out->v)};
    int64_t number = DEMO_FIRST_NUMBER, from = ms_at(w->first_day, 0), to = ms_at(w->last_day + 1, 0);
    for (int32_t day = w->first_day; day <= w->last_day; day++) {
        for (int i = 0, n = demo_orders_on(w, day); i < n; i++) {
            order_add(&m, day, i, number++);
        }
        for (int i = 0, n = (int)(BASE_VISITS * demo_season(day, true) * (0.9 + 0.2 * chance(w, (uint64_t)day, 86))); i < n; i++) {
            stranger_add(&m, day, i);
        }
    }
    demo_mail_clicks(w, letter_clicked, &m);
    demo_tickets(w, help_wanted, &m);
    for (int c = 0; c < DEMO_CUSTOMERS; c++) {
        if (demo_followed(c)) {
            app_opened(&m, c);
        }
    }
    for (int i = 0; i < HOUSEHOLDS; i++) {
        household_add(&m, i);
    }
    for (int i = 0; i < BUSINESSES; i++) {
        business_add(&m, i * 5);
    }
    qsort(out->v, out->n, sizeof *out->v, by_person);
    people_follow(&m);
    struct told *order = arena_array(a, out->n, sizeof *order);
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++) {
        struct demo_visit *v = &out->v[i];
        faults_of(v, w);
        struct told t = {v, demo_visit_told_ms(w, v)};
        if (v->at_ms >= from && t.ms < to) {
            order[n++] = t;
        }
    }
    qsort(order, n, sizeof *order, by_told);
    struct demo_visit *sorted = arena_array(a, n, sizeof *sorted);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = *order[i].v;
    }
    *out = (struct demo_visits){sorted, n};
}

struct demo_visit demo_visit_now(const struct demo_world *w, int64_t now_ms, uint64_t nth)
{
    uint64_t here = OF_NOW | ((uint64_t)now_ms << 8) | (nth & 0xff);
    struct demo_visit v = {.at_ms = now_ms, .id = demo_number(w->seed, here, 2, SALT), .visitor = here, .customer = -1, .company = -1};
    double kind = chance(w, here, 87);
    v.device = device_of(w, here);
    v.aim = aim_of(w, here, true);
    v.word = word_of(w, here);
    if (kind < 0.30) { /* somebody whom we know */
        int nth_profile = (int)pick(w, here, 88, DEMO_CUSTOMERS / EACH_PROFILE);
        v.customer = nth_profile * EACH_PROFILE;
        v.aim = kind < 0.08 ? AIM_ACCOUNT : kind < 0.2 ? AIM_CART : AIM_BROWSE;
        v.word = WORD_NONE;
        v.signs_in = kind < 0.15;
        device_take(w, &v, true);
    } else if (kind < 0.33) {
        v.device = ROBOT;
        v.word = WORD_NONE;
        v.aim = AIM_LOOK;
    } else if (kind < 0.345) { /* somebody who asked to be forgotten comes back: nothing of it is kept */
        v.customer = demo_forgotten((int)(nth % 8));
        v.known = true;
    }
    v.fault = kind > 0.985 ? FAULT_TYPO : kind > 0.97 && (v.device == APP_IOS || v.device == APP_ANDROID) ? FAULT_PRICE_TEXT : FAULT_NONE;
    if (v.device != ROBOT && v.device != APP_IOS && v.device != APP_ANDROID) {
        enter(w, &v, v.customer >= 0 ? WAY_AGAIN : WAY_FIRST);
    }
    return v;
}
