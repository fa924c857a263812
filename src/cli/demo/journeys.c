/* What visitors do, from the page on which they land to what they came for. */
#include "cli/demo/teller.h"

#include "cli/demo/people.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

static const char *currency(const struct teller *t)
{
    return t->v->fault == FAULT_CURRENCY ? "eur" : "EUR";
}

static void view(struct teller *t, const struct demo_product *p)
{
    teller_page(t, "Product", p->path, p->title);
    if (teller_track(t, t->v->fault == FAULT_TYPO ? "Prodcut Viewed" : "Product Viewed")) {
        teller_product(t->out, p, p->cents, t->v->fault == FAULT_PRICE_TEXT);
        buf_printf(t->out, ",\"currency\":\"%s\"", currency(t));
        teller_track_end(t);
    }
}

static void add(struct teller *t, const struct demo_product *p, int64_t cents)
{
    if (teller_track(t, "Product Added")) {
        teller_product(t->out, p, cents, t->v->fault == FAULT_PRICE_TEXT);
        buf_printf(t->out, ",\"quantity\":1,\"currency\":\"%s\"", currency(t));
        teller_track_end(t);
    }
}

/* ---- Who they are ---- */

static void customer_traits(struct buf *b, const struct teller *t)
{
    struct demo_person p = demo_customer(t->w, t->v->customer);
    teller_text(b, "email", p.email);
    buf_addc(b, ',');
    teller_text(b, "firstName", p.first);
    buf_addc(b, ',');
    teller_text(b, "lastName", p.last);
    buf_printf(b, ",\"plan\":\"%s\",\"address\":{", t->v->customer % 3 == 0 ? "garden club" : "guest");
    teller_text(b, "city", p.city);
    buf_addc(b, ',');
    teller_text(b, "country", p.country);
    buf_addc(b, '}');
    if (t->v->customer % 4 == 0) {
        buf_addc(b, ',');
        teller_text(b, "phone", p.phone);
    }
}

static void sign_in(struct teller *t)
{
    t->inside = true;
    if (teller_call(t, "identify")) {
        buf_addz(t->out, ",\"traits\":{");
        if (t->v->customer >= 0) {
            customer_traits(t->out, t);
        } else {
            struct demo_person p = demo_colleague(t->w, t->v->company, t->v->colleague);
            teller_text(t->out, "email", p.email);
            buf_addc(t->out, ',');
            teller_text(t->out, "firstName", p.first);
            buf_addc(t->out, ',');
            teller_text(t->out, "lastName", p.last);
        }
        buf_addc(t->out, '}');
        teller_call_end(t);
    }
    if (t->v->aim != AIM_OFFICES && !t->v->brief && teller_track(t, "Signed In")) {
        teller_text(t->out, "method", t->v->id % 4 ? "password" : "link");
        teller_track_end(t);
    }
}

static void group(struct teller *t)
{
    struct demo_company co = demo_company(t->w, t->v->company);
    if (teller_call(t, "group")) {
        buf_addc(t->out, ',');
        teller_text(t->out, "groupId", co.site);
        buf_addz(t->out, ",\"traits\":{");
        teller_text(t->out, "name", co.name);
        buf_addc(t->out, ',');
        teller_text(t->out, "industry", co.industry);
        buf_printf(t->out, ",\"employees\":%d,", co.employees);
        teller_text(t->out, "website", co.site);
        buf_addc(t->out, '}');
        teller_call_end(t);
    }
}

/* ---- What they came for ---- */

static void order(struct teller *t)
{
    const struct demo_visit *v = t->v;
    struct demo_order o = demo_order(t->w, v->order_day, v->order_place);
    int64_t tax = demo_tax_in(o.cents, o.country), shipping = demo_shipping(&o);
    for (int i = 0; i < (v->brief ? 1 : o.items); i++) {
        int64_t cents = demo_line_cents(t->w, v->order_number, &o, i);
        const struct demo_product *p = &DEMO_PRODUCTS[demo_product_of(cents)];
        if (!v->brief) {
            view(t, p);
        }
        add(t, p, p->cents);
    }
    if (!v->brief) {
        teller_page(t, "Basket", "/basket", "Basket");
    }
    if (teller_track(t, "Checkout Started")) {
        teller_money(t->out, "value", o.cents);
        buf_addz(t->out, ",\"currency\":\"EUR\"");
        teller_track_end(t);
    }
    if (v->signs_in) {
        sign_in(t);
    }
    if (!v->brief) {
        teller_page(t, "Thank you", "/checkout/thanks", "Thank you");
    }
    if (t->now_ms == 0) { /* the till's own minute */
        int64_t paid_ms = ((int64_t)v->order_day * 86400 + o.minute * 60) * 1000;
        t->ms = t->ms > paid_ms ? t->ms : paid_ms;
    }
    for (int wrong = v->fault == FAULT_NO_ORDER_ID; wrong >= 0; wrong--) {
        if (!teller_track(t, "Order Completed")) {
            continue;
        }
        if (!wrong) {
            buf_printf(t->out, "\"order_id\":\"%lld\",", (long long)(DEMO_ORDER_ID + v->order_number));
        }
        teller_money(t->out, "revenue", o.cents - tax);
        buf_addc(t->out, ',');
        teller_money(t->out, "tax", tax);
        buf_addc(t->out, ',');
        teller_money(t->out, "shipping", shipping);
        buf_addc(t->out, ',');
        teller_money(t->out, "total", o.cents + shipping);
        buf_printf(t->out, ",\"currency\":\"%s\",\"products\":[", strcmp(o.country, "US") == 0 ? "USD" : "EUR");
        for (int i = 0; i < o.items; i++) {
            int64_t cents = demo_line_cents(t->w, v->order_number, &o, i);
            buf_addz(t->out, i ? ",{" : "{");
            teller_product(t->out, &DEMO_PRODUCTS[demo_product_of(cents)], cents, false);
            buf_addz(t->out, ",\"quantity\":1}");
        }
        buf_addc(t->out, ']');
        teller_track_end(t);
    }
}

static void help(struct teller *t)
{
    teller_page(t, "Help", "/help", "How can we help?");
    if (t->v->signs_in) {
        sign_in(t);
    }
    if (teller_track(t, "Support Requested")) {
        teller_text(t->out, "topic", t->v->topic);
        buf_printf(t->out, ",\"ticket_id\":\"%d\"", t->v->ticket);
        teller_track_end(t);
    }
}

static void offices(struct teller *t)
{
    teller_page(t, "Offices", "/offices", "Plants for offices");
    teller_page(t, "Offices", "/offices/prices", "Plants for offices: prices");
    if (t->v->signs_in) {
        sign_in(t);
        group(t);
        if (teller_track(t, "Quote Requested")) {
            buf_printf(t->out, "\"desks\":%d", 5 + (int)teller_pick(t, 9, 120));
            teller_track_end(t);
        }
    }
}

static void letter_wanted(struct teller *t)
{
    teller_page(t, "Newsletter", "/newsletter", "Our letter");
    if (teller_track(t, "Newsletter Subscribed")) {
        teller_text(t->out, "place", t->v->id % 3 ? "footer" : "checkout");
        teller_track_end(t);
    }
    if (teller_call(t, "identify")) {
        buf_printf(t->out, ",\"traits\":{\"email\":\"reader%08x@example.org\"}", (unsigned)t->v->visitor);
        teller_call_end(t);
    }
}

static void browse(struct teller *t)
{
    if (t->v->brief) {
        view(t, &DEMO_PRODUCTS[teller_pick(t, 10, DEMO_PRODUCTS_N)]);
        return;
    }
    static const char *const WORDS[] = {"hochbeet", "raised bed", "bird feeder", "lights", "herbs", "balcony table", "soil"};
    if (teller_chance(t, 4) < 0.13) {
        teller_page(t, "Search", "/search", "Search");
        if (teller_track(t, "Products Searched")) {
            teller_text(t->out, "query", WORDS[teller_pick(t, 5, LEN(WORDS))]);
            buf_printf(t->out, ",\"results\":%d", (int)teller_pick(t, 6, 12));
            teller_track_end(t);
        }
    } else if (teller_chance(t, 4) < 0.5) {
        teller_page(t, "Category", "/c/all", "All products");
    }
    const struct demo_product *p = NULL;
    for (int i = 0, n = 1 + (int)(2.2 * teller_chance(t, 7)); i < n; i++) {
        p = &DEMO_PRODUCTS[teller_pick(t, 10 + (uint64_t)i, DEMO_PRODUCTS_N)];
        view(t, p);
    }
    if (t->v->aim == AIM_CART || t->v->aim == AIM_CHECKOUT) {
        add(t, p, p->cents);
        teller_page(t, "Basket", "/basket", "Basket");
    }
    if (t->v->aim == AIM_CHECKOUT && teller_track(t, "Checkout Started")) {
        teller_money(t->out, "value", p->cents);
        buf_addz(t->out, ",\"currency\":\"EUR\"");
        teller_track_end(t);
    }
}

void teller_visit(struct teller *t)
{
    static const struct { const char *path, *title; } LANDINGS[] = {{"/", "Marlow & Finch"}, {"/balcony", "Balcony ideas"}, {"/ideas", "Ideas"}, {"/c/beds", "Raised beds"}, {"/c/furniture", "Garden furniture"}};
    const struct demo_visit *v = t->v;
    size_t landing = v->entry == ENTRY_DIRECT ? 0 : teller_pick(t, 3, LEN(LANDINGS));
    if (v->aim == AIM_OFFICES) {
        teller_page(t, "Landing", "/business", "For companies");
    } else if (v->entry == ENTRY_LETTER) {
        teller_page(t, "Landing", "/new", "New in the shop");
    } else {
        teller_page(t, "Landing", LANDINGS[landing].path, LANDINGS[landing].title);
    }
    if (v->signs_in && v->aim != AIM_ORDER && v->aim != AIM_HELP && v->aim != AIM_OFFICES) {
        sign_in(t);
    }
    switch (v->aim) {
    case AIM_LOOK:
        break;
    case AIM_BROWSE:
    case AIM_CART:
    case AIM_CHECKOUT:
        browse(t);
        break;
    case AIM_ORDER:
        order(t);
        break;
    case AIM_HELP:
        help(t);
        break;
    case AIM_ACCOUNT:
        teller_page(t, "Orders", "/account/orders", "Your orders");
        break;
    case AIM_LETTER:
        letter_wanted(t);
        break;
    case AIM_OFFICES:
        offices(t);
        break;
    }
    if (v->signs_out) {
        if (teller_track(t, "Signed Out")) {
            teller_track_end(t);
        }
        t->inside = false;
    }
}
