/* Readiness on a real state: each step turns from missing to done by what it asks for, with the way to mend it; and each pitfall.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "build_world.h"
#include "catalog/catalog.h"
#include "store/store_audit.h"

static struct world w;
static struct mesh_domain *d; /* acquisition */

static const char quality[] =
    "      - {id: some_rows, name: Rows, type: sql, query: \"SELECT count(*) FROM {object}\", mustBeGreaterThan: 0, "
    "dimension: completeness, severity: warning}\n";

static int set_up(void **state)
{
    (void)state;
    world_init(&w);
    world_land(&w, "jan", "2026-01-05,a,x,10,1\n");
    world_port(&w, &(struct world_port){.name = "spend",
                                        .sql = "SELECT day, sum(spend) AS spend FROM acquisition.ads__stats GROUP BY 1\n",
                                        .columns = "day DATE, spend DECIMAL(38,6)",
                                        .quality = quality});
    world_put(&w, "domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Bo Lind, contact: bo@example.org}\n");
    world_open(&w);
    d = mesh_find_domain(w.mesh, STR("acquisition"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&w);
    return 0;
}

static const struct readiness *ready_of(const char *domain)
{
    struct build_port_status *st = NULL;
    struct readiness *v = NULL;
    if (!build_status(w.build, w.mesh, &w.arena, &st, &w.err) || !catalog_readiness(w.state, w.mesh, st, &w.arena, &v, &w.err))
        fail_msg("%s", w.err.text);
    return &v[mesh_find_domain(w.mesh, str_of(domain)) - w.mesh->domains];
}

static const struct ready_step *step(const char *domain, const char *id)
{
    const struct readiness *r = ready_of(domain);
    for (size_t i = 0; i < r->n_steps; i++)
        if (str_eq(r->steps[i].id, str_of(id)))
            return &r->steps[i];
    fail_msg("no step %s", id);
    return NULL;
}

static const struct ready_pitfall *pitfall(const char *domain, const char *id)
{
    const struct readiness *r = ready_of(domain);
    for (size_t i = 0; i < r->n_pitfalls; i++)
        if (str_eq(r->pitfalls[i].id, str_of(id)))
            return &r->pitfalls[i];
    return NULL;
}

/* Everything that is not done says what is missing and offers a command or a page. */
static void test_every_gap_can_be_mended(void **state)
{
    (void)state;
    for (size_t i = 0; i < w.mesh->n_domains; i++) {
        const struct readiness *r = ready_of(w.mesh->domains[i].name.p);
        size_t done = 0;
        assert_true(r->n_steps > 10);
        for (size_t k = 0; k < r->n_steps; k++) {
            const struct ready_step *s = &r->steps[k];
            done += s->done && !s->optional;
            if (!s->done && (!s->missing.n || (!s->command.n && !s->href.n)))
                fail_msg("%s: step %s", r->domain->name.p, s->id.p);
            if (s->done && s->missing.n)
                fail_msg("%s: step %s is done and lacks something", r->domain->name.p, s->id.p);
        }
        assert_int_equal(done, r->n_done);
    }
}

/* What is asked of every product is not done where there is none. */
static void test_empty_domain(void **state)
{
    (void)state;
    static const char *const open[] = {"first_products", "purpose",   "readme", "contracts", "checks", "sla",  "source_sla",
                                       "built",          "consumers", "raci",   "terms",     "goals",  "roles"};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (step("web", open[i])->done)
            fail_msg("%s is done in a domain without a product", open[i]);
    assert_true(step("web", "owner")->done);
    assert_string_equal(step("web", "first_products")->command.p, "trellis add files --domain web --name NAME --path FILE");
}

static void test_own(void **state)
{
    (void)state;
    struct mesh_person roles[] = {{.role = STR("product_owner")},
                                  {.role = STR("analytics_engineer")},
                                  {.role = STR("data_partner")},
                                  {.role = STR("data_steward")},
                                  {.role = STR("governance_lead")}};
    assert_false(step("acquisition", "support")->done);
    d->support.channel = STR("#acquisition");
    assert_true(step("acquisition", "support")->done);
    d->roles = roles;
    d->n_roles = 4;
    const struct ready_step *s = step("acquisition", "roles");
    assert_false(s->done);
    assert_true(str_find(s->missing, STR("governance_lead"), 0) != SIZE_MAX);
    assert_true(str_find(s->missing, STR("data_steward"), 0) == SIZE_MAX);
    size_t asked = ready_of("acquisition")->n_asked;
    d->light = true;
    assert_true(step("acquisition", "roles")->optional);
    assert_int_equal(ready_of("acquisition")->n_asked, asked - 2); /* roles and RACI */
    d->light = false;
    d->n_roles = 5;
    assert_true(step("acquisition", "roles")->done);
    struct str ana[] = {STR("Ana")};
    struct mesh_raci raci = {.product = STR("spend_product"), .accountable = ana, .n_accountable = 1};
    assert_false(step("acquisition", "raci")->done);
    d->raci = &raci;
    d->n_raci = 1;
    assert_true(step("acquisition", "raci")->done);
    d->n_raci = d->n_roles = 0;
}

static void test_products_and_trust(void **state)
{
    (void)state;
    struct mesh_product *p = d->products[0];
    struct mesh_port *port = p->ports[0];
    assert_true(step("acquisition", "purpose")->done);
    assert_false(step("acquisition", "readme")->done);
    p->readme = STR("# How it is kept\n");
    assert_true(step("acquisition", "readme")->done);

    assert_false(step("acquisition", "contracts")->done); /* no column is described */
    for (size_t i = 0; i < port->contract->n_columns; i++)
        port->contract->columns[i].description = STR("What it is.");
    assert_true(step("acquisition", "contracts")->done);
    port->contract->columns[0].class_ = CLASS_UNSET;
    const struct ready_step *s = step("acquisition", "contracts");
    assert_false(s->done);
    assert_string_equal(s->href.p, "/catalog/acquisition/spend_product?port=spend&tab=schema");
    port->contract->columns[0].class_ = CLASS_INTERNAL;
    assert_true(step("acquisition", "checks")->done);
    assert_false(step("acquisition", "sla")->done);
    assert_false(step("acquisition", "source_sla")->done);
    d->sources[0]->sla.freshness_s = 3600;
    assert_true(step("acquisition", "source_sla")->done);

    s = step("acquisition", "built");
    assert_false(s->done);
    assert_string_equal(s->command.p, "trellis run");
    assert_true(world_run(&w));
    assert_true(step("acquisition", "built")->done);
}

static void test_use(void **state)
{
    (void)state;
    struct mesh_product *p = d->products[0];
    struct str page[] = {STR("Weekly report")};
    assert_false(step("acquisition", "consumers")->done);
    assert_non_null(pitfall("acquisition", "unused"));
    p->consumers = page;
    p->n_consumers = 1;
    assert_true(step("acquisition", "consumers")->done);
    assert_null(pitfall("acquisition", "unused"));

    const struct ready_step *s = step("acquisition", "questions");
    assert_false(s->done);
    assert_string_equal(s->command.p, "trellis query \"SELECT * FROM acquisition.spend LIMIT 10\"");
    const struct store_audit q = {.id = 1,
                                  .at_us = clock_now_us(),
                                  .kind = STR("read"),
                                  .principal = STR("local-admin"),
                                  .purpose = STR("analytics"),
                                  .verdict = STR("ok"),
                                  .what = STR("acquisition.spend")};
    assert_true(store_audit_append(w.state->audit, &q, 1, NULL, &w.err));
    assert_true(step("acquisition", "questions")->done);
    const struct ready_pitfall *f = pitfall("acquisition", "sql_only"); /* asked in SQL, shown nowhere */
    assert_non_null(f);
    assert_string_equal(f->owner.name.p, "Ana Ruiz");
    assert_false(step("acquisition", "dashboard")->done);
    struct mesh_panel panel = {.port = p->ports[0]};
    struct mesh_dashboard dash = {.panels = &panel, .n_panels = 1}, *dashes[] = {&dash};
    w.mesh->dashboards = dashes;
    w.mesh->n_dashboards = 1;
    assert_true(step("acquisition", "dashboard")->done);
    assert_null(pitfall("acquisition", "sql_only"));
    w.mesh->n_dashboards = 0;
}

static void test_meaning(void **state)
{
    (void)state;
    struct mesh_term terms[] = {{.name = STR("spend"), .title = STR("Spend"), .domain = d, .status = STR("draft")},
                                {.name = STR("spend"), .domain = mesh_find_domain(w.mesh, STR("web")), .status = STR("agreed")}};
    struct mesh_goal goal = {.name = STR("less"), .title = STR("Less"), .domain = d};
    w.mesh->terms = terms;
    w.mesh->n_terms = 2;
    w.mesh->goals = &goal;
    w.mesh->n_goals = 1;
    const struct ready_step *s = step("acquisition", "terms");
    assert_false(s->done);
    assert_string_equal(s->missing.p, "terms that are not agreed: Spend");
    assert_string_equal(s->href.p, "/glossary?term=spend");
    assert_non_null(pitfall("acquisition", "unclear_owner")); /* two domains define it */
    assert_non_null(pitfall("web", "unclear_owner"));
    terms[0].status = STR("agreed");
    terms[1].name = STR("visit");
    assert_true(step("acquisition", "terms")->done);
    assert_null(pitfall("acquisition", "unclear_owner"));
    s = step("acquisition", "goals");
    assert_false(s->done);
    assert_string_equal(s->command.p, "trellis goals freeze acquisition.less --from DAY --to DAY");
    goal.has_baseline = true;
    assert_true(step("acquisition", "goals")->done);
    w.mesh->n_terms = w.mesh->n_goals = 0;
}

static void test_pitfalls_of_time_and_number(void **state)
{
    (void)state;
    struct mesh_product *real = d->products[0], copies[6], *list[6];
    assert_null(pitfall("acquisition", "no_release"));
    clock_set_us(clock_now_us() + (int64_t)31 * 86400 * 1000000);
    assert_non_null(pitfall("acquisition", "no_release")); /* built once, a month ago */
    clock_set_us(0);
    struct mesh_product **products = d->products;
    for (size_t i = 0; i < 6; i++) {
        copies[i] = *real;
        copies[i].n_consumers = 0;
        list[i] = &copies[i];
    }
    d->products = list;
    d->n_products = 6;
    const struct ready_pitfall *f = pitfall("acquisition", "many_unused");
    assert_non_null(f);
    assert_true(str_starts(f->text, STR("6 products")));
    copies[3].n_consumers = 1;
    assert_null(pitfall("acquisition", "many_unused"));
    copies[3].n_consumers = 0;
    copies[5].status = STR("draft"); /* what is not published yet does not count */
    assert_null(pitfall("acquisition", "many_unused"));
    d->products = products;
    d->n_products = 1;
}

int main(int argc, char **argv)
{
    world_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_gap_can_be_mended),     cmocka_unit_test(test_empty_domain), cmocka_unit_test(test_own),
        cmocka_unit_test(test_products_and_trust),          cmocka_unit_test(test_use),          cmocka_unit_test(test_meaning),
        cmocka_unit_test(test_pitfalls_of_time_and_number),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
