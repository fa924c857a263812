/* `trellis demo`: a fictional retailer's mesh with a year of data, loaded, built and, if asked, served. Uses the same functions
 * as init, add, run and serve; nothing in it is possible for the demo alone. Its steps are a table. */
#include "cli/demo/demo.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/fs.h"
#include "build/build.h"
#include "cli/demo/events.h"
#include "cli/demo/exports.h"
#include "cli/demo/meaning.h"
#include "cli/demo/records.h"
#include "mesh/mesh_write.h"

enum { DEMO_DAYS = 365, FIRST_EXPORT_DAYS_BACK = 3, FOLDER_MODE = 0755 };
static const char DEMO_ZONE[] = "Europe/Berlin";
static const int64_t DAY_US = 86400000000;

struct demo {
    const struct demo_options *o;
    struct arena arena;
    struct demo_world world, restated;
    struct demo_days days;
    struct demo_visits visits;
};

static const char *in(struct demo *d, const char *name)
{
    return arena_printf(&d->arena, "%s/%s", d->o->dir, name).p;
}

static bool world_make(struct demo *d, struct err *e)
{
    int32_t today;
    if (!clock_day_of(clock_now_us(), str_of(DEMO_ZONE), &today)) {
        return err_set(e, E_INTERNAL, "The time zone %s is unknown to this system.", DEMO_ZONE);
    }
    d->days = (struct demo_days){.last = today - 1, .first = today - DEMO_DAYS, .exported = today - 1 - FIRST_EXPORT_DAYS_BACK};
    demo_world_make(&d->arena, d->o->seed, d->days.last, DEMO_DAYS, 0, &d->world);
    demo_world_make(&d->arena, d->o->seed, d->days.last, DEMO_DAYS, d->days.exported - 6, &d->restated);
    demo_visits_make(&d->arena, &d->world, &d->visits);
    return true;
}

static bool mesh_make(struct demo *d, struct err *e)
{
    struct mesh_init_options o = {.name = STR("marlow"), .title = STR("Marlow & Finch"), .owner_name = STR("Ana Ruiz"), .owner_contact = STR("ana.ruiz@example.org"),
                                  .time_zone = str_of(DEMO_ZONE), .reporting_currency = STR("EUR")};
    struct mesh_written *files;
    size_t n;
    return fs_mkdirs(d->o->dir, FOLDER_MODE, e) && mesh_init(&d->arena, d->o->dir, &o, &files, &n, e);
}

static bool exports_make(struct demo *d, struct err *e)
{
    return demo_export_first(in(d, "exports"), &d->world, &d->days, e) &&
           demo_export_orders(in(d, "exports/shop_orders.csv"), &d->world, d->days.exported, e) &&
           demo_export_rates(in(d, "governance/rates.csv"), &d->world, e) &&
           demo_export_market(in(d, "governance/market.csv"), &d->world, e);
}

/* What the team's own systems know, as of three days ago. Klaviyo's later export never comes: somebody has to ask why. */
static bool records_make(struct demo *d, struct err *e)
{
    return demo_crm_write(in(d, "exports/hubspot"), &d->world, d->days.exported, false, e) &&
           demo_mail_write(in(d, "exports/klaviyo"), &d->world, d->days.exported, e) &&
           demo_shop_write(in(d, "exports/shopify"), "", &d->world, INT32_MIN, d->days.exported, false, e);
}

static bool pack_add(struct demo *d, const char *pack, const char *domain, const char *path, const char *currency, struct err *e)
{
    struct mesh_add_options o = {.domain = str_of(domain), .path = str_of(path), .currency = str_of(currency)};
    struct mesh_written *files;
    size_t n;
    return mesh_add(&d->arena, d->o->dir, str_of(pack), &o, &files, &n, e);
}

static bool packs_add(struct demo *d, struct err *e)
{
    static const char ADS[] = "acquisition", MAIL[] = "lifecycle", SHOP[] = "web";
    static const struct { const char *pack, *domain, *path, *currency; } PACKS[] = {
        {"google_ads", ADS, "exports/google_ads", "EUR"}, {"meta_ads", ADS, "exports/facebook_ads", "EUR"}, {"linkedin_ads", ADS, "exports/linkedin_ads", "EUR"},
        {"microsoft_ads", ADS, "exports/microsoft_ads", "EUR"}, {"tiktok_ads", ADS, "exports/tiktok_ads", "EUR"},
        {"pinterest_ads", ADS, "exports/pinterest_ads", "EUR"}, {"amazon_ads", ADS, "exports/amazon_ads", "USD"},
        {"hubspot", MAIL, "exports/hubspot", "EUR"}, {"klaviyo", MAIL, "exports/klaviyo", "EUR"}, {"shopify", SHOP, "exports/shopify", "EUR"},
    };
    for (size_t i = 0; i < sizeof PACKS / sizeof *PACKS; i++) {
        if (!pack_add(d, PACKS[i].pack, PACKS[i].domain, PACKS[i].path, PACKS[i].currency, e)) {
            return false;
        }
    }
    return pack_add(d, "campaign_performance", ADS, "", "", e);
}

/* A source of events has no files: its requests lie in the spool. */
static bool events_add(struct demo *d, struct err *e)
{
    struct mesh_add_options o = {.domain = STR("web"), .name = STR("site")};
    struct mesh_written *files;
    size_t n;
    return mesh_add(&d->arena, d->o->dir, STR("events"), &o, &files, &n, e);
}

static int64_t told_first_until_ms(const struct demo *d)
{
    return (int64_t)(d->days.exported + 1) * (DAY_US / 1000);
}

static bool events_make(struct demo *d, struct err *e)
{
    return demo_events_write(d->o->dir, &d->world, &d->visits, INT64_MIN, told_first_until_ms(d), e);
}

static bool orders_add(struct demo *d, struct err *e)
{
    struct ingest_inferred found;
    if (!ingest_infer(d->o->program, in(d, "exports/shop_orders.csv"), &d->arena, &found, e)) {
        return false;
    }
    struct mesh_inferred_column *columns = arena_array(&d->arena, found.n_columns, sizeof *columns);
    for (size_t i = 0; i < found.n_columns; i++) {
        columns[i] = (struct mesh_inferred_column){.name = found.columns[i].name, .logical_type = found.columns[i].logical_type, .physical_type = found.columns[i].physical_type, .required = found.columns[i].required};
    }
    struct mesh_add_options o = {.domain = STR("web"), .name = STR("shop_orders"), .path = STR("exports/shop_orders.csv"), .options = found.options};
    struct mesh_written *files;
    size_t n;
    return mesh_add_files(&d->arena, d->o->dir, &o, columns, found.n_columns, &files, &n, e);
}

static bool meaning_make(struct demo *d, struct err *e)
{
    return demo_meaning_write(d->o->dir, &d->world, e);
}

static bool slas_add(struct demo *d, struct err *e)
{
    return demo_sla_write(d->o->dir, e);
}

/* The first load happened days ago, so that "as reported on" has something to tell. */
static bool run_then(struct demo *d, struct err *e)
{
    clock_shift_us(-FIRST_EXPORT_DAYS_BACK * DAY_US);
    bool ok = d->o->run(d->o->ctx, d->o->dir, e);
    clock_shift_us(0);
    return ok;
}

static bool later_make(struct demo *d, struct err *e)
{
    const char *prefix = arena_printf(&d->arena, "update_%s_", clock_date(d->days.last + 1).z).p;
    return demo_export_later(in(d, "exports"), &d->world, &d->restated, &d->days, e) &&
           demo_export_orders(in(d, "exports/shop_orders.csv"), &d->world, d->days.last, e) &&
           demo_crm_write(in(d, "exports/hubspot"), &d->world, d->days.last, true, e) &&
           demo_shop_write(in(d, "exports/shopify"), prefix, &d->world, d->days.exported, d->days.last, true, e) &&
           demo_events_write(d->o->dir, &d->world, &d->visits, told_first_until_ms(d), INT64_MAX, e);
}

static bool run_now(struct demo *d, struct err *e)
{
    return d->o->run(d->o->ctx, d->o->dir, e);
}

static bool people_make(struct demo *d, struct err *e)
{
    return d->o->people(d->o->ctx, d->o->dir, e);
}

static const struct { const char *what; bool (*step)(struct demo *d, struct err *e); } STEPS[] = {
    {"Inventing a year of a garden retailer", world_make},
    {"Writing the mesh", mesh_make},
    {"Writing down owners, words, goals, names, targets and dashboards", meaning_make},
    {"Writing the exports of seven ad platforms", exports_make},
    {"Writing the exports of the CRM, the mail program and the shop", records_make},
    {"Adding the packs", packs_add},
    {"Adding the shop's orders", orders_add},
    {"Adding the website's and the app's events, with a tracking plan", events_add},
    {"Saying what the sources promise", slas_add},
    {"Taking a year of events", events_make},
    {"Loading and building, as of three days ago", run_then},
    {"Writing the latest exports: three days, a restated week, broken lines, none of the mail program; and events", later_make},
    {"Loading and building what is new", run_now},
    {"Making a write key, and noting who asked to be forgotten", people_make},
};

bool demo_make(const struct demo_options *o, struct err *e)
{
    struct demo d = {.o = o};
    arena_init(&d.arena);
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof STEPS / sizeof *STEPS; i++) {
        if (!o->quiet) {
            fprintf(stderr, "[%zu/%zu] %s\n", i + 1, sizeof STEPS / sizeof *STEPS, STEPS[i].what);
        }
        ok = STEPS[i].step(&d, e);
    }
    arena_fini(&d.arena);
    return ok;
}
