/* Shopify: the same orders that the till's own file lists, under the same numbers, with their customers, lines, refunds and payments.
 * Prices include tax. An order that changed is told again. */
#include "cli/demo/records.h"

#include "cli/demo/orders.h"
#include "cli/demo/people.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

enum { TEST_EACH = 2003 };
static const int64_t CUSTOMER_ID = 6100000000000, PRODUCT_ID = 7700000000000, VARIANT_ID = 7800000000000, REFUND_ID = 800000000000;
static const size_t TEXT_MAX_BYTES = 256u << 20;

struct shop { const struct demo_world *w; int32_t since, known; const char *dir, *prefix, *synced; bool sloppy; };

/* What became of an order in the end; each is told from its day on. */
struct fate { bool cancelled, test; int refund_after; }; /* refund_after: days; 0: kept */

static struct fate fate_of(const struct demo_world *w, int64_t number)
{
    double c = demo_chance(w->seed, (uint64_t)number, 1, 61);
    return (struct fate){.test = number % TEST_EACH == 0, .cancelled = c < 0.012,
                         .refund_after = c > 0.955 ? 4 + (int)(14.0 * demo_chance(w->seed, (uint64_t)number, 2, 61)) : 0};
}

static void money(struct buf *b, int64_t cents, const char *then)
{
    buf_printf(b, "%lld.%02lld%s", (long long)(cents / 100), (long long)(cents % 100), then);
}

static int32_t changed_on(const struct fate *f, int32_t day, int32_t known)
{
    if (f->refund_after && day + f->refund_after <= known) {
        return day + f->refund_after;
    }
    return day;
}

struct tables { struct buf order, line, shipping, refund, line_refund, payment; };

static void order_row(struct buf *b, const struct shop *s, int64_t number, int32_t day, const struct demo_order *o, const struct fate *f, int32_t changed)
{
    int64_t shipping = demo_shipping(o);
    const char *state = changed > day ? (o->items == 1 ? "refunded" : "partially_refunded") : f->cancelled ? "voided" : "paid";
    struct demo_person who = demo_customer(s->w, o->customer);
    buf_printf(b, "%lld,%s,TRUE,%s,", (long long)(DEMO_ORDER_ID + number), who.email, strcmp(o->country, "US") == 0 ? "USD" : "EUR");
    money(b, o->cents, ",");
    money(b, demo_tax_in(o->cents, o->country), ",");
    money(b, o->cents + shipping, ",");
    demo_time(b, day, o->minute * 60);
    buf_addc(b, ',');
    demo_time(b, changed, o->minute * 60 + 30);
    buf_printf(b, ",#%lld,%s,%lld,%lld,%s,%s,", (long long)number, o->country, (long long)(CUSTOMER_ID + o->customer), (long long)number, state, changed > day || !f->cancelled ? "fulfilled" : "");
    demo_time(b, day, o->minute * 60);
    buf_printf(b, ",%s,", f->cancelled ? "customer" : "");
    if (f->cancelled) {
        demo_time(b, day, o->minute * 60 + 25);
    }
    buf_addz(b, ",0.00,");
    money(b, o->cents, ",web,");
    buf_printf(b, "%s,%s,%s\n", f->test ? "TRUE" : "FALSE", number % 3 == 0 ? "/?utm_source=newsletter&utm_medium=email" : "/", s->synced);
}

static void line_rows(struct buf *b, const struct shop *s, int64_t number, const struct demo_order *o)
{
    for (int i = 0; i < o->items; i++) {
        int64_t cents = demo_line_cents(s->w, number, o, i);
        size_t p = demo_product_of(cents);
        buf_printf(b, "%lld,%lld,%lld,%lld,%s,%s,Marlow & Finch,", (long long)(DEMO_ORDER_ID + number), (long long)((DEMO_ORDER_ID + number) * 10 + i), (long long)(PRODUCT_ID + (int64_t)p), (long long)(VARIANT_ID + (int64_t)p), DEMO_PRODUCTS[p].title, DEMO_PRODUCTS[p].title);
        money(b, cents, ",1,");
        buf_printf(b, "%s,FALSE,%d,0.00,%s\n", DEMO_PRODUCTS[p].sku, i + 1, s->synced);
    }
}

/* The first line comes back. */
static void refund_rows(struct tables *t, const struct shop *s, int64_t number, const struct demo_order *o, int32_t on)
{
    int64_t cents = demo_line_cents(s->w, number, o, 0);
    buf_printf(&t->refund, "%lld,", (long long)(REFUND_ID + number));
    for (int i = 0; i < 2; i++) {
        demo_time(&t->refund, on, o->minute * 60 + 30);
        buf_addc(&t->refund, ',');
    }
    buf_printf(&t->refund, "TRUE,%s,%lld\n", s->synced, (long long)(DEMO_ORDER_ID + number));
    buf_printf(&t->line_refund, "%lld,%lld,return,1,%lld,%s,", (long long)(REFUND_ID * 10 + number), (long long)(REFUND_ID + number), (long long)((DEMO_ORDER_ID + number) * 10), s->synced);
    money(&t->line_refund, cents, ",");
    money(&t->line_refund, demo_tax_in(cents, o->country), "\n");
}

static void payment_row(struct buf *b, const struct shop *s, int64_t number, int32_t day, const struct demo_order *o)
{
    buf_printf(b, "%lld,%lld,", (long long)((DEMO_ORDER_ID + number) * 10 + 9), (long long)(DEMO_ORDER_ID + number));
    money(b, o->cents + demo_shipping(o), ",");
    for (int i = 0; i < 2; i++) {
        demo_time(b, day, o->minute * 60 + 20);
        buf_addc(b, ',');
    }
    buf_printf(b, "%s,sale,success,FALSE,%s,%s\n", number % 4 == 0 ? "paypal" : "shopify_payments", strcmp(o->country, "US") == 0 ? "USD" : "EUR", s->synced);
}

static void shipping_row(struct buf *b, const struct shop *s, int64_t number, const struct demo_order *o)
{
    if (demo_shipping(o) == 0) {
        return;
    }
    buf_printf(b, "%lld,%lld,%s,Parcel,", (long long)((DEMO_ORDER_ID + number) * 10 + 7), (long long)(DEMO_ORDER_ID + number), s->synced);
    money(b, demo_shipping(o), ",");
    money(b, demo_shipping(o), ",Parcel\n");
}

struct buyer { int orders; int64_t cents; int32_t first, last; };

static void orders_tell(struct tables *t, struct buyer *buyers, const struct shop *s)
{
    int64_t number = DEMO_FIRST_NUMBER;
    for (int32_t day = s->w->first_day; day <= s->known; day++) {
        int n = demo_orders_on(s->w, day);
        for (int i = 0; i < n; i++, number++) {
            struct demo_order o = demo_order(s->w, day, i);
            struct fate f = fate_of(s->w, number);
            int32_t changed = changed_on(&f, day, s->known);
            struct buyer *who = &buyers[o.customer];
            *who = (struct buyer){who->orders + 1, who->cents + o.cents, who->orders ? who->first : day, day};
            if (changed > s->since) {
                order_row(&t->order, s, number, day, &o, &f, changed);
            }
            if (day > s->since) {
                line_rows(&t->line, s, number, &o);
                shipping_row(&t->shipping, s, number, &o);
                payment_row(&t->payment, s, number, day, &o);
            }
            if (changed > day && changed > s->since) {
                refund_rows(t, s, number, &o, changed);
            }
        }
    }
}

static void customers_tell(struct buf *b, const struct shop *s, const struct buyer *buyers)
{
    for (int i = 0; i < DEMO_CUSTOMERS; i++) {
        if (buyers[i].orders == 0 || buyers[i].last <= s->since) {
            continue;
        }
        struct demo_person p = demo_customer(s->w, i);
        buf_printf(b, "%lld,%s,%s,%s,%s,enabled,%d,", (long long)(CUSTOMER_ID + i), p.first, p.last, p.email, p.phone, buyers[i].orders);
        money(b, buyers[i].cents, ",");
        demo_time(b, buyers[i].first, 3600);
        buf_addc(b, ',');
        demo_time(b, buyers[i].last, 86000);
        buf_printf(b, ",%s,FALSE,TRUE,%s\n", i % 3 == 0 ? "TRUE" : "FALSE", s->synced);
    }
}

static bool catalogue_write(const struct shop *s, struct err *e)
{
    struct buf products = BUF_INIT(TEXT_MAX_BYTES), variants = BUF_INIT(TEXT_MAX_BYTES), shop = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&products, "id,title,handle,product_type,vendor,created_at,updated_at,published_at,published_scope,_fivetran_deleted,_fivetran_synced\n");
    buf_addz(&variants, "product_id,id,available_for_sale,inventory_policy,inventory_quantity,position,price,sku,taxable,title,_fivetran_synced\n");
    for (size_t i = 0; i < DEMO_PRODUCTS_N; i++) {
        buf_printf(&products, "%lld,%s,%s,%s,Marlow & Finch,2025-01-10 09:00:00.000,2025-03-02 09:00:00.000,2025-01-12 09:00:00.000,web,FALSE,%s\n", (long long)(PRODUCT_ID + (int64_t)i), DEMO_PRODUCTS[i].title, DEMO_PRODUCTS[i].sku, DEMO_PRODUCTS[i].type, s->synced);
        buf_printf(&variants, "%lld,%lld,TRUE,DENY,%d,1,", (long long)(PRODUCT_ID + (int64_t)i), (long long)(VARIANT_ID + (int64_t)i), 40 + (int)(300.0 * demo_chance(s->w->seed, i, 3, 61)));
        money(&variants, DEMO_PRODUCTS[i].cents, ",");
        buf_printf(&variants, "%s,TRUE,Default Title,%s\n", DEMO_PRODUCTS[i].sku, s->synced);
    }
    buf_printf(&shop, "id,_fivetran_deleted,_fivetran_synced,country,country_code,currency,domain,iana_timezone,name,taxes_included\n61230001,false,%s,DE,DE,EUR,shop.example.org,Europe/Berlin,Marlow & Finch,true\n", s->synced);
    bool ok = demo_table_write(s->dir, "", "shopify_product_data", &products, e) && demo_table_write(s->dir, "", "shopify_product_variant_data", &variants, e) && demo_table_write(s->dir, "", "shopify_shop_data", &shop, e);
    buf_fini(&products);
    buf_fini(&variants);
    buf_fini(&shop);
    return ok;
}

static bool tables_write(const struct shop *s, struct buyer *buyers, struct tables *t, struct buf *customers, struct err *e)
{
    const struct { const char *name, *columns; struct buf *rows; } FILES[] = {
        {"shopify_order_data", "id,email,taxes_included,currency,subtotal_price,total_tax,total_price,created_at,updated_at,name,shipping_address_country_code,customer_id,order_number,financial_status,fulfillment_status,processed_at,cancel_reason,cancelled_at,total_discounts,total_line_items_price,source_name,test,landing_site_base_url,_fivetran_synced", &t->order},
        {"shopify_order_line_data", "order_id,id,product_id,variant_id,name,title,vendor,price,quantity,sku,gift_card,index,total_discount,_fivetran_synced", &t->line},
        {"shopify_order_shipping_line_data", "id,order_id,_fivetran_synced,code,discounted_price,price,title", &t->shipping},
        {"shopify_refund_data", "id,created_at,processed_at,restock,_fivetran_synced,order_id", &t->refund},
        {"shopify_order_line_refund_data", "id,refund_id,restock_type,quantity,order_line_id,_fivetran_synced,subtotal,total_tax", &t->line_refund},
        {"shopify_transaction_data", "id,order_id,amount,created_at,processed_at,gateway,kind,status,test,currency,_fivetran_synced", &t->payment},
        {"shopify_customer_data", "id,first_name,last_name,email,phone,state,orders_count,total_spent,created_at,updated_at,accepts_marketing,tax_exempt,verified_email,_fivetran_synced", customers},
    };
    bool ok = true;
    for (size_t i = 0; i < LEN(FILES); i++) {
        buf_printf(FILES[i].rows, "\xef\xbb\xbf%s\n", FILES[i].columns); /* the mark is in the real exports too */
    }
    orders_tell(t, buyers, s);
    customers_tell(customers, s, buyers);
    if (s->sloppy) {
        buf_printf(&t->line, "%lld,%lld,%lld,%lld,Potting soil 20 l,Potting soil 20 l,Marlow & Finch,9.90,two bags,MF-SOIL-20,FALSE,4,0.00,%s\n", (long long)(DEMO_ORDER_ID + DEMO_FIRST_NUMBER), (long long)((DEMO_ORDER_ID + DEMO_FIRST_NUMBER) * 10 + 8), (long long)(PRODUCT_ID + 1), (long long)(VARIANT_ID + 1), s->synced);
    }
    for (size_t i = 0; ok && i < LEN(FILES); i++) {
        ok = demo_table_write(s->dir, s->prefix, FILES[i].name, FILES[i].rows, e);
    }
    return ok;
}

bool demo_shop_write(const char *dir, const char *prefix, const struct demo_world *w, int32_t since, int32_t known, bool sloppy, struct err *e)
{
    struct tables t = {BUF_INIT(TEXT_MAX_BYTES), BUF_INIT(TEXT_MAX_BYTES), BUF_INIT(TEXT_MAX_BYTES), BUF_INIT(TEXT_MAX_BYTES), BUF_INIT(TEXT_MAX_BYTES), BUF_INIT(TEXT_MAX_BYTES)};
    struct buf customers = BUF_INIT(TEXT_MAX_BYTES), at = BUF_INIT(64);
    struct arena a;
    arena_init(&a);
    demo_time(&at, known + 1, 16000);
    struct shop s = {.w = w, .since = since, .known = known, .dir = dir, .prefix = prefix, .synced = buf_z(&at), .sloppy = sloppy};
    struct buyer *buyers = arena_array(&a, DEMO_CUSTOMERS, sizeof *buyers);
    bool ok = buf_ok(&at, e) && catalogue_write(&s, e) && tables_write(&s, buyers, &t, &customers, e);
    struct buf *all[] = {&t.order, &t.line, &t.shipping, &t.refund, &t.line_refund, &t.payment, &customers, &at};
    for (size_t i = 0; i < LEN(all); i++) {
        buf_fini(all[i]);
    }
    arena_fini(&a);
    return ok;
}
