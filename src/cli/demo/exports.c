/* What the retailer's export tool would have left on disk. */
#include "cli/demo/exports.h"

#include <math.h>

#include "base/clock.h"
#include "base/fs.h"
#include "cli/demo/landed.h"
#include "cli/demo/orders.h"

static const size_t FILE_MAX_BYTES = 256u << 20;
enum { FILE_MODE = 0644, FOLDER_MODE = 0755, RESTATED_DAYS = 7, MONTH_LENGTH = 7 /* of 2026-01 */ };

static bool file_write(const char *path, struct buf *text, struct err *e)
{
    return buf_ok(text, e) && fs_write_atomic(path, buf_str(text), FILE_MODE, e);
}

static bool table_write(const char *dir, const char *prefix, const struct landed_table *t, const struct demo_world *w,
                        const struct landed_range *r, const char *broken, struct err *e)
{
    struct arena a;
    arena_init(&a);
    struct buf text = BUF_INIT(FILE_MAX_BYTES);
    const char *folder = arena_printf(&a, "%s/%s", dir, t->platform).p;
    const char *path = arena_printf(&a, "%s/%s%s.csv", folder, prefix, t->file).p;
    landed_write(t, w, r, &text);
    buf_addz(&text, broken);
    bool ok = fs_mkdirs(folder, FOLDER_MODE, e) && file_write(path, &text, e);
    buf_fini(&text);
    arena_fini(&a);
    return ok;
}

static struct str synced_at(struct arena *a, int32_t day)
{
    return arena_printf(a, "%s 05:40:12.000", clock_date(day).z);
}

bool demo_export_first(const char *dir, const struct demo_world *w, const struct demo_days *d, struct err *e)
{
    struct arena a;
    arena_init(&a);
    struct landed_range all = {d->first, d->exported, synced_at(&a, d->exported + 1)};
    bool ok = true;
    for (size_t i = 0; ok && i < LANDED_TABLES_N; i++) {
        ok = table_write(dir, "", &LANDED_TABLES[i], w, &all, "", e);
    }
    arena_fini(&a);
    return ok;
}

static bool restates(const struct landed_table *t)
{
    return strcmp(t->platform, "google_ads") == 0 || strcmp(t->platform, "facebook_ads") == 0;
}

/* Lines as an interrupted export leaves them: a date that is none, a text where a number belongs, half a line. */
static const char BROKEN_LINES[] =
    "2026-02-30,626750000000,\"DE | Ideas | Terrace inspiration\",ACTIVE,549770012345,,1200,150,12,1,4100000,1.0,82000000\n"
    "not a day,626750000000,\"DE | Ideas | Terrace inspiration\",ACTIVE,549770012345,,1200,150,12,1,4100000,1.0,82000000\n"
    "2026-03-01,626750000000,\"DE | Ideas | Terrace inspiration\",ACTIVE,549770012345,,n/a,150,12,1,4100000,1.0,82000000\n"
    "2026-03-01,626750000000,\"DE | Ideas\n";

bool demo_export_later(const char *dir, const struct demo_world *as_first_told, const struct demo_world *restated,
                       const struct demo_days *d, struct err *e)
{
    struct arena a;
    arena_init(&a);
    struct str synced = synced_at(&a, d->last + 1);
    const char *prefix = arena_printf(&a, "update_%s_", clock_date(d->last + 1).z).p;
    bool ok = true;
    for (size_t i = 0; ok && i < LANDED_TABLES_N; i++) {
        const struct landed_table *t = &LANDED_TABLES[i];
        if (t->history) {
            continue;
        }
        bool again = restates(t);
        struct landed_range r = {again ? d->exported - RESTATED_DAYS + 1 : d->exported + 1, d->last, synced};
        const char *broken = strcmp(t->file, "pinterest_campaign_report_data") == 0 ? BROKEN_LINES : "";
        ok = table_write(dir, prefix, t, again ? restated : as_first_told, &r, broken, e);
    }
    arena_fini(&a);
    return ok;
}

bool demo_export_orders(const char *path, const struct demo_world *w, int32_t until, struct err *e)
{
    struct buf out = BUF_INIT(FILE_MAX_BYTES);
    buf_addz(&out, "order_id,ordered_at,customer_email,country,items,revenue,currency,new_customer\n");
    int64_t id = 100000;
    for (int32_t day = w->first_day; day <= until; day++) {
        int orders = demo_orders_on(w, day);
        for (int i = 0; i < orders; i++) {
            struct demo_order o = demo_order(w, day, i);
            buf_printf(&out, "%lld,%s %02d:%02d:00,customer%05d@example.org,%s,%d,%lld.%02lld,%s,%s\n", (long long)id++, clock_date(day).z,
                       o.minute / 60, o.minute % 60, o.customer, o.country, o.items, (long long)(o.cents / 100), (long long)(o.cents % 100),
                       strcmp(o.country, "US") == 0 ? "USD" : "EUR", o.first ? "true" : "false");
        }
    }
    bool ok = file_write(path, &out, e);
    buf_fini(&out);
    return ok;
}

bool demo_export_rates(const char *path, const struct demo_world *w, struct err *e)
{
    struct buf out = BUF_INIT(1u << 20);
    buf_addz(&out, "date,currency,rate\n");
    double rate = 0.92;
    for (int32_t day = w->first_day - 7; day <= w->last_day; day += 7) {
        rate += 0.012 * (demo_chance(w->seed, (uint64_t)day, 0, 13) - 0.5);
        buf_printf(&out, "%s,USD,%.4f\n", clock_date(day).z, rate);
    }
    bool ok = file_write(path, &out, e);
    buf_fini(&out);
    return ok;
}

/* Thousands of impressions on an ordinary day; how much a channel of the market grows in a year. */
static const struct market { const char *channel; double thousands, growth; } MARKET[] = {
    {"paid_search", 118, 1.04}, {"paid_shopping", 870, 1.12}, {"paid_social", 4100, 1.21}};

static double market_day(const struct demo_world *w, const struct market *m, int32_t day)
{
    double noise = 0.94 + 0.12 * demo_chance(w->seed, (uint64_t)day, (uint64_t)(m - MARKET), 14);
    return m->thousands * 1000 * demo_season(day, false) * noise * pow(m->growth, (day - w->last_day) / 365.0);
}

bool demo_export_market(const char *path, const struct demo_world *w, struct err *e)
{
    struct buf out = BUF_INIT(1u << 20);
    buf_addz(&out, "date_month,channel,impressions\n");
    for (size_t i = 0; i < sizeof MARKET / sizeof *MARKET; i++) {
        int32_t day = w->first_day;
        while (strcmp(clock_date(day).z + MONTH_LENGTH, "-01") != 0)
            day--;
        while (day <= w->last_day) { /* whole months, the one that is running too: counted ahead, as such figures are */
            struct clock_text month = clock_date(day);
            double sum = 0;
            for (; memcmp(clock_date(day).z, month.z, MONTH_LENGTH) == 0; day++)
                sum += market_day(w, &MARKET[i], day);
            buf_printf(&out, "%s,%s,%.0f\n", month.z, MARKET[i].channel, sum);
        }
    }
    bool ok = file_write(path, &out, e);
    buf_fini(&out);
    return ok;
}
