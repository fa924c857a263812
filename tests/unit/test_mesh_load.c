/* What a loaded mesh holds, its order, and the cache: same mesh with it and without, whatever state the file is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/event_columns.h"
#include "mesh/mesh.h"
#include "mesh/names.h"
#include "mesh/types.h"

static const char base_dir[] = "tests/declarations/base";
static struct engine *engine;
static struct engine_conn *parser;

static struct mesh *load(const char *dir, const char *cache)
{
    struct errs es = {0};
    struct mesh_load_options o = {.parser = parser, .cache_path = cache};
    struct mesh *m = mesh_load(dir, &o, &es);
    for (size_t i = 0; i < es.n; i++)
        print_message("%s:%u:%u: %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    errs_fini(&es);
    return m;
}

#define assert_str(s, z) assert_true(str_eq((s), str_of(z)))

static void test_settings(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    assert_non_null(m);
    assert_str(m->name, "shop");
    assert_str(m->time_zone, "Europe/Berlin");
    assert_str(m->reporting_currency, "EUR");
    assert_str(m->fiscal_year_start, "01-01");
    assert_int_equal(m->engine_threads, 2);
    assert_int_equal(m->engine_memory_bytes, 2000000000);
    assert_int_equal(m->n_purposes, 2);
    assert_true(m->dir.p[0] == '/' && !str_ends(m->dir, STR("/")));
    assert_int_equal(strlen(m->sha.z), 64);
    mesh_free(m);
}

static void test_source(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    struct mesh_stream *stats = mesh_find_stream(m, STR("acquisition.ads__stats")), *history = mesh_find_stream(m, STR("acquisition.ads__history"));
    assert_non_null(stats);
    assert_non_null(history);
    assert_null(mesh_find_stream(m, STR("acquisition.ads__nothing")));
    assert_int_equal(stats->load, LOAD_REPLACE_DAYS);
    assert_str(stats->day_column, "date");
    assert_str(stats->table, "stats");
    assert_str(stats->path, "../exports/ads/{,*_}stats{,_data}.{csv,tsv,json,ndjson,jsonl,parquet,xlsx}{,.gz,.zst}");
    assert_int_equal(stats->header, -1);
    assert_int_equal(stats->skip_rows, -1);
    assert_str(stats->source->owner.name, "Ana Ruiz"); /* the domain's */
    assert_int_equal(stats->contract->n_columns, 3);
    assert_str(stats->contract->columns[2].physical_type, "DECIMAL(18,6)");
    assert_str(stats->contract->columns[1].physical_type, "VARCHAR");
    assert_int_equal(stats->contract->columns[1].class_, CLASS_INTERNAL);
    assert_true(history->optional);
    assert_int_equal(history->load, LOAD_SNAPSHOT);
    assert_str(history->delimiter, ";");
    assert_int_equal(history->header, 1);
    assert_str(m->streams[0]->ref, "acquisition.ads__history");
    mesh_free(m);
}

static const struct mesh_column *column_named(const struct mesh_contract *c, const char *name)
{
    for (size_t i = 0; i < c->n_columns; i++)
        if (str_eq(c->columns[i].name, str_of(name)))
            return &c->columns[i];
    return NULL;
}

static const struct mesh_stream *stream_of_site(const struct mesh *m, const char *name)
{
    char ref[64];
    snprintf(ref, sizeof ref, "web.site__%s", name);
    return mesh_find_stream(m, str_of(ref));
}

static void test_events(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    const struct mesh_source *s = mesh_find_domain(m, STR("web"))->sources[0];
    const struct mesh_events *ev = s->events;
    assert_non_null(ev);
    assert_null(mesh_find_domain(m, STR("acquisition"))->sources[0]->events);
    assert_int_equal(ev->unplanned, UNPLANNED_QUARANTINE);
    assert_int_equal(ev->dedup_window_s, 14 * 86400);
    assert_int_equal(ev->rate_per_s, 200);
    assert_int_equal(ev->event_bytes, 64 * 1024);
    assert_int_equal(ev->batch_bytes, 4 * 1024 * 1024);
    assert_int_equal(ev->batch_events, 5000);
    assert_int_equal(ev->late_after_s, 90 * 60);
    assert_int_equal(ev->future_s, 30);
    assert_true(ev->keep_ip && ev->n_origins == 1 && ev->n_internal_ips == 2 && ev->n_internal_hosts == 1 && ev->n_internal_emails == 1);
    assert_int_equal(s->sla.freshness_s, 7200);

    assert_str(ev->webhook->items, "$.data[*]");
    assert_int_equal(ev->webhook->n_fields, 3);
    assert_str(ev->webhook->fields[1].to, "properties.total");
    assert_str(ev->webhook->fields[1].from, "$.lines[0]['unit price']");
    assert_str(ev->webhook->fields[2].value, "shop");
    assert_int_equal(ev->webhook->fields[2].from.n, 0);

    assert_int_equal(s->n_streams, EVENT_STREAMS);
    for (int i = 0; i < EVENT_STREAMS; i++) {
        const struct mesh_stream *st = stream_of_site(m, event_streams[i].name);
        assert_non_null(st);
        assert_str(st->name, event_streams[i].name);
        size_t n = 0;
        for (int k = 0; k < EVENT_COLUMNS; k++)
            if (event_columns[k].streams & event_streams[i].bit) {
                const struct mesh_column *c = &st->contract->columns[n++];
                assert_str(c->name, event_columns[k].name);
                assert_str(c->physical_type, event_column_type(event_columns[k].type));
                assert_int_equal(c->class_, event_columns[k].class_);
                assert_true(str_eq(c->pos.file, s->pos.file));
            }
        assert_true(st->contract->n_columns >= n);
    }
    mesh_free(m);
}

static void test_tracking_plan(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    const struct mesh_events *ev = mesh_find_domain(m, STR("web"))->sources[0]->events;
    assert_int_equal(ev->n_planned, 2); /* by type */
    const struct mesh_planned *signed_up = &ev->planned[0], *order = &ev->planned[1];
    assert_str(signed_up->type, "identify");
    assert_str(signed_up->event, "*");
    assert_str(signed_up->paths[1], "traits.age");
    assert_false(signed_up->closed);
    assert_str(order->type, "track");
    assert_str(order->event, "Order Completed");
    assert_true(order->closed);
    static const char *const members[][2] = {
        {"orderId", "properties.orderId"}, {"total", "properties.total"}, {"placed_on", "properties.placed_on"}, {"shipping", "properties.shipping"},
        {"shipping.street", "properties.shipping.street"}, {"shipping.city", "properties.shipping.city"}, {"first_sku", "properties.products[0].sku"},
        {"skus", "properties.products[*].sku"},
    };
    assert_int_equal(order->contract->n_columns, sizeof members / sizeof members[0]);
    for (size_t i = 0; i < order->contract->n_columns; i++) {
        assert_str(order->contract->columns[i].name, members[i][0]);
        assert_str(order->paths[i], members[i][1]);
    }
    assert_true(order->contract->columns[0].required);

    /* Columns of the stream: one for each member that is one value; a name that speaks of a person is hidden. */
    static const struct {
        const char *stream, *column, *type; /* NULL: there is none */
        bool hidden;
    } columns[] = {
        {"track", "p_orderid", "VARCHAR", false}, {"track", "p_total", "DECIMAL(18,6)", false}, {"track", "p_placed_on", "DATE", false},
        {"track", "p_shipping", NULL, false}, {"track", "p_shipping_street", "VARCHAR", true}, {"track", "p_shipping_city", "VARCHAR", false},
        {"track", "p_first_sku", "VARCHAR", false}, {"track", "p_skus", NULL, false}, {"page", "p_total", NULL, false},
        {"identify", "p_email", "VARCHAR", true}, {"identify", "p_age", "BIGINT", false}, {"track", "p_age", NULL, false},
        /* enrich: where all that the SQL names is there; text out of personal columns is personal */
        {"track", "is_member", "BOOLEAN", false}, {"screen", "is_member", "BOOLEAN", false}, {"identify", "is_member", NULL, false},
        {"track", "plan_name", "VARCHAR", true}, {"alias", "plan_name", NULL, false},
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        const struct mesh_column *c = column_named(stream_of_site(m, columns[i].stream)->contract, columns[i].column);
        if (!columns[i].type != !c)
            fail_msg("%s.%s: %s", columns[i].stream, columns[i].column, c ? "is there" : "is not there");
        if (c) {
            assert_str(c->physical_type, columns[i].type);
            assert_int_equal(mesh_column_hidden(c), columns[i].hidden);
        }
    }

    struct event_plan_column *v;
    struct arena a;
    arena_init(&a);
    assert_int_equal(event_plan_columns(&a, ev, EVENT_TRACK, &v), 6);
    assert_str(v[0].name, "p_first_sku");
    assert_int_equal(event_plan_columns(&a, ev, EVENT_CONSENT, &v), 0);
    arena_fini(&a);
    mesh_free(m);
}

static void test_ports_of_keys(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    const struct mesh_port *visit = mesh_find_port(m, STR("web.visit")), *person = mesh_find_port(m, STR("web.person"));
    assert_int_equal(visit->materialization, MATERIALIZED_BY_KEY);
    assert_str(visit->by_key, "evidence");
    assert_true(visit->live && !person->live);
    assert_int_equal(person->materialization, MATERIALIZED_IDENTITY);
    assert_int_equal(mesh_find_port(m, STR("acquisition.daily"))->by_key.n, 0);
    assert_int_equal(visit->n_inputs, 1);
    assert_ptr_equal(visit->inputs[0].stream, stream_of_site(m, "page"));
    mesh_free(m);
}

static void test_identity_rules(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    const struct mesh_identity *r = &m->identity;
    assert_int_equal(r->n_kinds, 4);
    assert_str(r->kinds[1].name, "email");
    assert_str(r->kinds[1].normalise, "email");
    assert_int_equal(r->kinds[1].limit, 3);
    assert_int_equal(r->kinds[1].per_s, 0);
    assert_str(r->kinds[1].blocked[0], "info@shop.example");
    assert_str(r->kinds[1].patterns[0], "^test");
    assert_int_equal(r->kinds[2].per_s, 7 * 86400);
    assert_str(r->kinds[2].title, "Visitor id");
    assert_str(r->kinds[3].normalise, "digits");
    assert_int_equal(r->kinds[3].limit, 0);
    assert_true(r->fuzzy.on && r->fuzzy.link > 0.94 && r->fuzzy.link < 0.96 && r->fuzzy.n_fields == 2);
    assert_str(r->fuzzy.country, "DE");

    /* Rules of another file: the same but for a comment have the same version, others have another, wrong ones say so. */
    struct arena a;
    struct mesh_identity other;
    struct errs es = {0};
    arena_init(&a);
    static const char same[] = "# as the mesh's\nkinds:\n  - {name: user_id, limit: 1}\n  - {name: email, limit: 3, patterns: [\"^test\"], blocked: [info@shop.example]}\n"
                               "  - {name: anonymous_id, per: 168h, limit: 5}\n  - {name: loyalty_card, normalise: digits, title: Card}\n"
                               "blocked: {values: [\"null\"], patterns: [\"^[0-]*$\"]}\n"
                               "fuzzy: {link: 0.95, review: 0.6, fields: [name, birth_date], country: DE}\n";
    assert_true(mesh_identity_read(&a, STR("rules.yaml"), str_of(same), parser, &other, &es));
    assert_string_equal(other.sha.z, r->sha.z);
    assert_true(mesh_identity_read(&a, STR("rules.yaml"), STR("{}"), parser, &other, &es));
    assert_int_equal(other.n_kinds, 7); /* the defaults */
    assert_str(other.kinds[3].title, "Record of a CRM or shop");
    assert_int_equal(other.kinds[6].per_s, 7 * 86400);
    assert_int_equal(other.n_blocked, 7);
    assert_false(other.fuzzy.on);
    assert_string_not_equal(other.sha.z, r->sha.z);
    assert_int_equal(es.n, 0);
    assert_false(mesh_identity_read(&a, STR("rules.yaml"), STR("kinds: [{name: email, pattern: [x]}, {name: email, patterns: [\"(\"]}]"), parser, &other, &es));
    assert_int_equal(es.n_errors, 1);
    assert_false(mesh_identity_read(&a, STR("rules.yaml"), STR("kinds: [{name: email}, {name: email, patterns: [\"(\"]}]"), parser, &other, &es));
    assert_int_equal(es.n_errors, 3);
    assert_string_equal(es.v[1].file, "rules.yaml");
    errs_fini(&es);
    arena_fini(&a);
    mesh_free(m);
}

static const struct mesh_consent_rule *rule_of(const struct mesh_consent *c, const char *system, const char *category)
{
    for (size_t i = 0; i < c->n_rules; i++)
        if (str_eq(c->rules[i].system, str_of(system)) && str_eq_nocase(c->rules[i].category, str_of(category)))
            return &c->rules[i];
    return NULL;
}

static void test_consent_and_channels(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    const struct mesh_consent *c = &m->consent;
    assert_int_equal(c->n_purposes, m->n_purposes);
    assert_str(c->purposes[0].name, "analytics");
    assert_true(c->purposes[0].fail_open);
    assert_str(c->purposes[1].name, "advertising");
    assert_true(c->purposes[1].fail_open);
    assert_int_equal(c->purposes[1].expires_s, 730 * 86400);
    assert_true(c->newest_wins);
    assert_str(rule_of(c, "segment", "Marketing")->purposes[0], "advertising");
    assert_int_equal(rule_of(c, "google", "ad_user_data")->n_purposes, 0); /* in the place of the default */
    assert_str(rule_of(c, "google", "ad_storage")->purposes[0], "advertising");
    assert_int_equal(rule_of(c, "gpc", "1")->n_purposes, 1); /* of sale and advertising the mesh has one */
    assert_null(rule_of(c, "google", "ad_personalization"));
    assert_str(rule_of(c, "segment", "analytics")->purposes[0], "analytics");
    assert_int_equal(rule_of(c, "tcf", "7")->n_purposes, 2);
    assert_int_equal(m->n_channels, 1);
    assert_str(m->channels[0].channel, "influencer");
    assert_int_equal(m->channels[0].n_when, 2);
    assert_str(m->channels[0].when[1].field, "source");
    mesh_free(m);
}

static void test_people(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    const struct mesh_domain *d = mesh_find_domain(m, STR("acquisition"));
    assert_false(d->light);
    assert_int_equal(d->n_roles, 2);
    assert_str(d->roles[0].role, "analytics_engineer");
    assert_str(d->roles[0].name, "Cy Roe");
    assert_int_equal(d->n_raci, 1);
    assert_str(d->raci[0].product, "performance");
    assert_str(d->raci[0].accountable[0], "Ana Ruiz");
    assert_int_equal(d->raci[0].n_consulted, 0);
    assert_true(d->sources[0]->watch);
    assert_int_equal(d->sources[0]->sla.freshness_s, 26 * 3600);
    assert_int_equal(d->sources[0]->sla.volume_percent, 40);
    assert_str(m->alerts.webhook, "env:SHOP_WEBHOOK");
    assert_str(m->alerts.smtp_password, "file:secrets/smtp");
    assert_int_equal(m->alerts.n_mail_to, 1);
    assert_str(m->alerts.digest_day, "monday");
    assert_int_equal(m->alerts.digest_hour, 7);
    mesh_free(m);
}

static int32_t day(const char *text)
{
    int32_t d;
    assert_true(clock_parse_date(str_of(text), &d));
    return d;
}

static void test_terms_and_goals(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    assert_int_equal(m->n_terms, 2); /* by name */
    const struct mesh_term *roas = &m->terms[0], *spend = &m->terms[1];
    assert_str(roas->name, "roas");
    assert_str(roas->title, "roas");
    assert_str(roas->status, "draft");
    assert_int_equal(roas->reviewed, 0);
    assert_str(roas->owner.name, "Ana Ruiz"); /* the domain's */
    assert_str(roas->domain->name, "acquisition");
    assert_null(spend->domain);
    assert_int_equal(spend->n_synonyms, 2);
    assert_int_equal(spend->n_columns, 1);
    assert_ptr_equal(spend->columns[0].port, mesh_find_port(m, STR("acquisition.daily")));
    assert_str(spend->columns[0].column, "spend");
    assert_int_equal(spend->reviewed, day("2026-10-01"));

    assert_int_equal(m->n_goals, 2);
    const struct mesh_goal *accounts = &m->goals[0], *star = m->north_star;
    assert_str(accounts->name, "accounts");
    assert_false(accounts->has_baseline || accounts->has_target || accounts->number.lower_is_better);
    assert_int_equal(accounts->number.window_days, 28);
    assert_str(accounts->number.unit, "count");
    assert_ptr_equal(star, &m->goals[1]);
    assert_true(star->has_baseline && star->has_target && star->number.lower_is_better);
    assert_true(star->baseline > 1200.49 && star->baseline < 1200.51 && star->target > 999.9 && star->target < 1000.1);
    assert_int_equal(star->baseline_to, day("2026-03-31"));
    assert_int_equal(star->target_by, day("2026-12-31"));
    assert_str(star->number.time_column, "date_day"); /* the port's */
    assert_int_equal(star->n_products, 1);
    assert_ptr_equal(star->products[0], mesh_find_product(m, STR("acquisition"), STR("performance")));
    mesh_free(m);
}

static void test_naming_and_targets(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    assert_int_equal(m->n_naming, 2);
    assert_int_equal(m->naming[0].n_parts, 1);
    assert_str(m->naming[0].parts[0].name, "country");
    assert_str(m->naming[0].parts[0].allowed[1], "AT");
    assert_str(m->naming[0].severity, "warning");
    assert_true(m->naming[1].lower_case && m->naming[1].n_allowed == 2);

    const struct { const char *from, *to, *platform, *campaign, *currency; double amount; } rows[] = {
        {"2026-11-01", "2026-11-30", "google_ads", "", "EUR", 12000.5},
        {"2026-12-01", "2026-12-31", "google_ads", "", "EUR", 9000},
        {"2026-10-01", "2026-12-31", "", "a,b", "", 500},
        {"2026-11-01", "2026-11-15", "meta_ads", "", "", 1000},
    };
    assert_int_equal(m->n_targets, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < m->n_targets; i++) {
        const struct mesh_target *t = &m->targets[i];
        assert_str(t->metric, "spend");
        assert_int_equal(t->day_from, day(rows[i].from));
        assert_int_equal(t->day_to, day(rows[i].to));
        assert_true(str_eq(t->platform, str_of(rows[i].platform)) && str_eq(t->campaign_id, str_of(rows[i].campaign)));
        assert_true(str_eq(t->currency, str_of(rows[i].currency)) && t->amount > rows[i].amount - 1e-6 && t->amount < rows[i].amount + 1e-6);
        assert_int_equal(t->pos.line, i + 2);
    }
    mesh_free(m);
}

static void test_dashboards(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    assert_int_equal(m->n_dashboards, 2);
    const struct mesh_dashboard *b = m->dashboards[0];
    assert_ptr_equal(b, mesh_find_domain(m, STR("acquisition"))->dashboards[0]);
    assert_str(b->name, "weekly");
    assert_str(b->owner.contact, "ana@example.org");
    assert_int_equal(b->n_panels, 2);
    assert_str(b->panels[0].grain, "week");
    assert_str(b->panels[0].measures[0].title, "Spend");
    assert_ptr_equal(b->panels[0].port, mesh_find_port(m, STR("acquisition.daily")));
    assert_str(b->panels[1].measures[0].title, "rows");
    assert_int_equal(b->panels[1].x.n, 0);
    mesh_free(m);
}

/* What stands in clear text may be the secret itself: no message repeats it. */
static void test_secret_is_not_repeated(void **state)
{
    (void)state;
    static const struct { const char *alerts; bool good; } cases[] = {
        {"{webhook: \"https://hooks.example.org/hunter2\"}", false},
        {"{webhook: hunter2}", false},
        {"{mail: {smtp: \"smtp://mail.example.org\", user: env:U, password: hunter2, from: a@example.org, to: [b@example.org]}}", false},
        {"{mail: {smtp: \"smtp://mail.example.org\", user: hunter2, from: a@example.org, to: [b@example.org]}}", false},
        {"{mail: {smtp: \"smtp://u:hunter2@mail.example.org\", from: a@example.org, to: [b@example.org]}}", false},
        {"{webhook: \"env:hunter2 x\"}", false},
        {"{webhook: env:NAME_1}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dir[] = "/tmp/trellis-secret-XXXXXX";
        struct errs es = {0};
        struct err e = {0};
        struct arena a;
        arena_init(&a);
        assert_non_null(mkdtemp(dir));
        struct str text = arena_printf(&a, "name: shop\nalerts: %s\n", cases[i].alerts);
        assert_true(fs_write_atomic(arena_printf(&a, "%s/mesh.yaml", dir).p, text, 0644, &e));
        struct mesh_load_options o = {.parser = parser};
        struct mesh *m = mesh_load(dir, &o, &es);
        assert_true((m != NULL) == cases[i].good);
        for (size_t k = 0; k < es.n; k++)
            assert_true(!strstr(es.v[k].text, "hunter2") && !strstr(es.v[k].hint, "hunter2"));
        mesh_free(m);
        errs_fini(&es);
        assert_true(fs_remove_tree(dir, &e));
        arena_fini(&a);
    }
}

static void test_ports(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    struct mesh_port *daily = mesh_find_port(m, STR("acquisition.daily")), *monthly = mesh_find_port(m, STR("acquisition.monthly_v2"));
    assert_non_null(daily);
    assert_ptr_equal(daily, mesh_find_port(m, STR("acquisition.daily_v1")));
    assert_int_equal(daily->materialization, MATERIALIZED_INCREMENTAL);
    assert_int_equal(daily->n_key, 2);
    assert_int_equal(daily->lookback_days, 30);
    assert_str(daily->time_column, "date_day");
    assert_int_equal(daily->n_inputs, 2);
    assert_str(daily->inputs[0].ref, "acquisition.ads__history");
    assert_int_equal(daily->inputs[0].line, 3);
    assert_non_null(daily->inputs[0].stream);
    assert_true(daily->contract->columns[0].primary_key && daily->contract->columns[0].required);
    assert_str(daily->contract->columns[0].physical_type, "DATE");
    assert_ptr_equal(monthly->inputs[0].port, daily);
    assert_int_equal(monthly->materialization, MATERIALIZED_VIEW);
    /* inputs come before those that read them */
    for (size_t i = 0; i < m->n_ports; i++) {
        assert_int_equal(m->ports[i]->index, i);
        for (size_t k = 0; k < m->ports[i]->n_inputs; k++)
            assert_true(!m->ports[i]->inputs[k].port || m->ports[i]->inputs[k].port->index < i);
    }
    struct mesh_product *p = mesh_find_product(m, STR("acquisition"), STR("performance"));
    assert_str(p->title, "Performance");
    assert_str(p->owner.name, "Ana Ruiz");
    assert_str(p->owner.contact, "ana@example.org");
    assert_int_equal(p->n_team, 2);
    assert_int_equal(p->n_consumers, 1);
    assert_null(mesh_find_product(m, STR("acquisition"), STR("nothing")));
    mesh_free(m);
}

static void test_majors(void **state)
{
    (void)state;
    struct mesh *m = load(base_dir, NULL);
    struct mesh_port *one = mesh_find_port(m, STR("brand.reach_v1")), *two = mesh_find_port(m, STR("brand.reach_v2"));
    assert_ptr_equal(mesh_find_port(m, STR("brand.reach")), two);
    assert_true(two->is_default && !one->is_default);
    assert_true(str_ends(one->sql_file, STR("/reach_v1.sql")));
    assert_true(str_ends(two->sql_file, STR("/reach.sql")));
    assert_int_equal(one->major, 1);
    assert_str(two->contract->version, "2.0.0");
    assert_str(one->product->owner.name, "Bo Li"); /* no team: the domain's owner */
    mesh_free(m);
}

static void test_find_dir(void **state)
{
    (void)state;
    struct arena a;
    struct err e = {0};
    struct str dir;
    arena_init(&a);
    assert_true(mesh_find_dir(&a, "tests/declarations/base/domains/acquisition/products", &dir, &e));
    assert_true(str_ends(dir, STR("tests/declarations/base")));
    assert_false(mesh_find_dir(&a, "/", &dir, &e));
    assert_int_equal(e.code, E_NOT_FOUND);
    assert_false(mesh_find_dir(&a, "/nowhere/at/all", &dir, &e));
    arena_fini(&a);
}

/* ---- Cache ---- */

static void assert_same(const struct mesh *a, const struct mesh *b)
{
    assert_string_equal(a->sha.z, b->sha.z);
    assert_int_equal(a->n_ports, b->n_ports);
    for (size_t i = 0; i < a->n_ports; i++) {
        assert_true(str_eq(a->ports[i]->ref_major, b->ports[i]->ref_major));
        assert_int_equal(a->ports[i]->n_inputs, b->ports[i]->n_inputs);
        assert_int_equal(a->ports[i]->contract->n_columns, b->ports[i]->contract->n_columns);
        for (size_t k = 0; k < a->ports[i]->n_inputs; k++) {
            assert_true(str_eq(a->ports[i]->inputs[k].ref, b->ports[i]->inputs[k].ref));
            assert_int_equal(a->ports[i]->inputs[k].line, b->ports[i]->inputs[k].line);
        }
    }
}

static void file_write(const char *path, struct str text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    fclose(f);
}

static void test_cache(void **state)
{
    (void)state;
    struct arena a;
    struct err e = {0};
    struct str bytes;
    char dir[] = "/tmp/trellis-cache-XXXXXX", path[64];
    arena_init(&a);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/mesh.cache", dir);
    struct mesh *cold = load(base_dir, path), *warm = load(base_dir, path);
    assert_non_null(cold);
    assert_non_null(warm);
    assert_same(cold, warm);
    for (size_t i = 0; i < cold->n_streams; i++) { /* columns that the engine was asked about: of enrich */
        const struct mesh_contract *x = cold->streams[i]->contract, *y = warm->streams[i]->contract;
        assert_int_equal(x->n_columns, y->n_columns);
        for (size_t k = 0; k < x->n_columns; k++)
            assert_true(str_eq(x->columns[k].name, y->columns[k].name) && x->columns[k].class_ == y->columns[k].class_);
    }
    mesh_free(warm);
    assert_true(fs_read(&a, path, 1 << 24, &bytes, &e));
    assert_true(bytes.n > 1000);

    /* Cut short, and with a flipped bit anywhere: never believed, never a crash, and written anew. */
    for (size_t n = 0; n < bytes.n; n += bytes.n / 13 + 1) {
        file_write(path, (struct str){bytes.p, n});
        struct mesh *m = load(base_dir, path);
        assert_non_null(m);
        assert_same(cold, m);
        mesh_free(m);
        char *bent = arena_strz(&a, bytes);
        bent[n] = (char)(bent[n] ^ 0x10);
        file_write(path, (struct str){bent, bytes.n});
        m = load(base_dir, path);
        assert_non_null(m);
        assert_same(cold, m);
        mesh_free(m);
    }
    struct str again;
    assert_true(fs_read(&a, path, 1 << 24, &again, &e));
    assert_true(str_eq(bytes, again));
    mesh_free(cold);

    /* A folder that is not there: no cache, no error. */
    struct mesh *m = load(base_dir, "/tmp/trellis-no-such-folder/mesh.cache");
    assert_non_null(m);
    mesh_free(m);
    assert_true(fs_remove_tree(dir, &e));
    arena_fini(&a);
}

/* ---- Names and types ---- */

static void test_names(void **state)
{
    (void)state;
    assert_true(name_is_zone(STR("Europe/Berlin")) && name_is_zone(STR("UTC")) && !name_is_zone(STR("europe/berlin")));
    assert_true(name_is_currency(STR("EUR")) && name_is_currency(STR("AED")) && name_is_currency(STR("ZWG")) && !name_is_currency(STR("CAN")));
    assert_str(name_nearest_currency(STR("usd")), "USD");
    assert_null(name_nearest_zone(STR("Nowhere/Land")).p);
    assert_true(name_is_reserved(STR("raw")) && name_is_reserved(STR("temp")) && !name_is_reserved(STR("web")));
}

static void test_types(void **state)
{
    (void)state;
    static const struct { const char *text, *canonical; } types[] = {
        {"varchar", "VARCHAR"}, {"VARCHAR(20)", "VARCHAR"}, {"string", "VARCHAR"}, {"numeric(10, 2)", "DECIMAL(10,2)"}, {"DECIMAL", "DECIMAL(18,3)"},
        {"DECIMAL(9)", "DECIMAL(9,0)"}, {"timestamptz", "TIMESTAMP WITH TIME ZONE"}, {"int8", "BIGINT"}, {"double precision", "DOUBLE"},
        {"BIGINT[]", "BIGINT[]"}, {"varchar(3)[][]", "VARCHAR[][]"}, {"STRUCT(a INTEGER, b VARCHAR)", "STRUCT(a INTEGER, b VARCHAR)"},
        {"DECIMAL(39,0)", NULL}, {"DECIMAL(4,5)", NULL}, {"BIGINT(3)", NULL}, {"DATE; DROP TABLE x", NULL}, {"STRUCT(a INTEGER); --", NULL}, {"", NULL},
        {"VARCHAR(", NULL}, {"STRUCT(a))(", NULL}, {"TEXT)", NULL},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct str near, got = type_canonical(&a, str_of(types[i].text), &near);
        if (types[i].canonical ? !str_eq(got, str_of(types[i].canonical)) : got.p != NULL)
            fail_msg("%s -> %.*s", types[i].text, STR_FMT(got));
    }
    assert_str(type_of_logical(STR("integer"), STR("i16"), false), "SMALLINT");
    assert_str(type_of_logical(STR("integer"), (struct str){NULL, 0}, false), "BIGINT");
    assert_str(type_of_logical(STR("timestamp"), (struct str){NULL, 0}, true), "TIMESTAMP WITH TIME ZONE");
    assert_true(type_fits(STR("integer"), STR("DECIMAL(38,0)")) && !type_fits(STR("integer"), STR("DECIMAL(18,6)")));
    assert_true(type_fits(STR("time"), STR("TIME")) && !type_fits(STR("time"), STR("TIMESTAMP")) && !type_fits(STR("string"), STR("VARCHAR[]")));
    arena_fini(&a);
}

static int open_engine(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine_options o = {.threads = 1};
    return engine_open(&o, &engine, &e) && engine_connect(engine, &parser, &e) ? 0 : -1;
}

static int close_engine(void **state)
{
    (void)state;
    engine_disconnect(parser);
    engine_close(engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings), cmocka_unit_test(test_source), cmocka_unit_test(test_ports), cmocka_unit_test(test_majors),
        cmocka_unit_test(test_events), cmocka_unit_test(test_tracking_plan), cmocka_unit_test(test_ports_of_keys),
        cmocka_unit_test(test_identity_rules), cmocka_unit_test(test_consent_and_channels),
        cmocka_unit_test(test_people), cmocka_unit_test(test_terms_and_goals), cmocka_unit_test(test_naming_and_targets),
        cmocka_unit_test(test_dashboards), cmocka_unit_test(test_secret_is_not_repeated),
        cmocka_unit_test(test_find_dir), cmocka_unit_test(test_cache), cmocka_unit_test(test_names), cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
