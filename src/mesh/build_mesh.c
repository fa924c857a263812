/* Second stage, top: mesh.yaml and the domains. */
#include "mesh/mesh_int.h"

#include "mesh/names.h"

static const struct str purposes_default[] = {
    {"analytics", 9}, {"advertising", 11}, {"email", 5}, {"personalization", 15}, {"sale", 4},
};

/* "4GB", "512 MiB": the schema has checked the form. */
static uint64_t bytes_of(struct str s)
{
    static const char units[] = "KMGT";
    size_t i = 0;
    while (i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.'))
        i++;
    double v = 0;
    (void)str_to_f64((struct str){s.p, i}, &v);
    while (i < s.n && s.p[i] == ' ')
        i++;
    const char *unit = i < s.n ? memchr(units, s.p[i], sizeof units - 1) : NULL;
    double base = unit && i + 1 < s.n && s.p[i + 1] == 'i' ? 1024.0 : 1000.0;
    for (int k = unit ? (int)(unit - units) + 1 : 0; k > 0; k--)
        v *= base;
    return v < 9.0e18 ? (uint64_t)v : UINT64_MAX;
}

static void check_currency(struct load *l, const struct doc *d, const struct doc_node *n)
{
    struct str s = doc_text(d, n);
    if (!n || name_is_currency(s))
        return;
    struct err *e = at_value(l, E_SCHEMA, d, n, "\"%.*s\" is not a currency code of ISO 4217", STR_FMT(s));
    struct str near = name_nearest_currency(s);
    if (near.p)
        hint(e, "did you mean \"%.*s\"?", STR_FMT(near));
    else
        hint(e, "a code is three capital letters, such as EUR or USD");
}

static void check_zone(struct load *l, const struct doc *d, const struct doc_node *n)
{
    struct str s = doc_text(d, n);
    if (!n || name_is_zone(s))
        return;
    struct err *e = at_value(l, E_SCHEMA, d, n, "\"%.*s\" is not a time zone that IANA lists", STR_FMT(s));
    struct str near = name_nearest_zone(s);
    if (near.p)
        hint(e, "did you mean \"%.*s\"?", STR_FMT(near));
    else
        hint(e, "zones are named like Europe/Berlin or America/New_York; UTC is one too");
}

void build_check_money_and_time(struct load *l, const struct doc *d, const struct doc_node *currency, const struct doc_node *zone)
{
    check_currency(l, d, currency);
    check_zone(l, d, zone);
}

static struct str or_default(struct str s, struct str otherwise)
{
    return s.n ? s : otherwise;
}

void build_mesh(struct load *l)
{
    struct mesh *m = l->m;
    const struct doc *d = l->mesh_file.doc;
    const struct doc_node *root = d ? doc_root(d) : NULL;
    m->time_zone = STR("UTC");
    m->reporting_currency = STR("USD");
    if (!root)
        return;
    m->name = doc_str(d, root, "name");
    m->title = or_default(doc_str(d, root, "title"), m->name);
    m->time_zone = or_default(doc_str(d, root, "time_zone"), m->time_zone);
    m->reporting_currency = or_default(doc_str(d, root, "reporting_currency"), m->reporting_currency);
    m->week_start = or_default(doc_str(d, root, "week_start"), STR("monday"));
    m->fiscal_year_start = or_default(doc_str(d, root, "fiscal_year_start"), STR("01-01"));
    m->purposes = text_list(l, d, doc_get(d, root, "purposes"), &m->n_purposes);
    if (m->n_purposes == 0) {
        m->n_purposes = sizeof purposes_default / sizeof purposes_default[0];
        m->purposes = arena_alloc(l->a, sizeof purposes_default);
        memcpy(m->purposes, purposes_default, sizeof purposes_default);
    }
    const struct doc_node *engine = doc_get(d, root, "engine");
    if (engine) {
        m->engine_threads = (int)doc_int(d, engine, "threads", 0);
        m->engine_memory_bytes = bytes_of(doc_str(d, engine, "memory_limit"));
    }
    build_alerts(l, d);
    build_sign_on(l, d);
    check_name(l, d, doc_get(d, root, "name"), "mesh");
    build_check_money_and_time(l, d, doc_get(d, root, "reporting_currency"), doc_get(d, root, "time_zone"));
}

/* The name in a file must be that of its folder or file, and fit the rule. claimed: the folder that has this name, when that
 * is another one. */
bool build_check_own_name(struct load *l, const struct doc *d, const struct doc_node *name, struct str folder, struct str claimed, const char *what)
{
    if (!name || !check_name(l, d, name, what))
        return false;
    struct str s = doc_text(d, name);
    if (name_is_reserved(s) || (strcmp(what, "domain") == 0 && name_is_sql_word(s))) {
        hint(at_value(l, E_NAME, d, name, "\"%.*s\" is a reserved word and cannot be the name of a %s", STR_FMT(s), what),
             "choose another name for it and its %s", strcmp(what, "source") == 0 ? "files" : "folder");
        return false;
    }
    if (claimed.p) {
        hint(at_value(l, E_OWNER, d, name, "the name \"%.*s\" has two owners: this %s and the one in %.*s", STR_FMT(s), what, STR_FMT(claimed)),
             "write name: %.*s, the name of its folder", STR_FMT(folder));
        return false;
    }
    if (!str_eq(s, folder)) {
        bool is_file = strcmp(what, "source") == 0;
        struct err *e = at_value(l, E_NAME, d, name, "the %s calls itself \"%.*s\", its %s is \"%.*s\"", what, STR_FMT(s),
                                 is_file ? "file" : "folder", STR_FMT(folder));
        hint(e, "make the two equal: rename the %s, or write name: %.*s", is_file ? "file" : "folder", STR_FMT(folder));
        return false;
    }
    return true;
}

void build_domain(struct load *l, const struct domain_files *f, struct mesh_domain *dom)
{
    const struct doc *d = f->domain.doc;
    dom->name = dom->title = f->folder;
    dom->pos = (struct mesh_pos){f->domain.path, 1, 1};
    if (!d)
        return;
    const struct doc_node *root = doc_root(d);
    struct str name = doc_str(d, root, "name"), claimed = {NULL, 0};
    for (size_t i = 0; i < l->n_domains; i++)
        if (str_eq(l->domains[i].folder, name) && !str_eq(name, f->folder))
            claimed = l->domains[i].path;
    build_check_own_name(l, d, doc_get(d, root, "name"), f->folder, claimed, "domain");
    dom->title = or_default(doc_str(d, root, "title"), dom->name);
    dom->description = doc_str(d, root, "description");
    dom->support = channel_of(d, doc_get(d, root, "support"));
    dom->kpis = text_list(l, d, doc_get(d, root, "kpis"), &dom->n_kpis);
    dom->north_star = doc_str(d, root, "north_star");
    build_people(l, d, dom);

    const struct doc_node *owner = doc_get(d, root, "owner");
    dom->owner = person_of(d, owner);
    if (!owner)
        hint(at_value(l, E_OWNER, d, root, "the domain \"%.*s\" has no owner", STR_FMT(f->folder)),
             "add: owner: {name: Ana Ruiz, contact: ana@example.org}");
    else if (str_trim(dom->owner.name).n == 0)
        hint(at_key(l, E_OWNER, d, owner, "the owner of \"%.*s\" has no name", STR_FMT(f->folder)), "add name: to the owner");
    else if (str_trim(dom->owner.contact).n == 0)
        hint(at_key(l, E_OWNER, d, owner, "the owner of \"%.*s\" cannot be reached: no contact", STR_FMT(f->folder)),
             "add contact: with an e-mail address to the owner");
}

void build_north_stars(struct load *l)
{
    for (size_t i = 0; i < l->n_domains; i++) {
        const struct mesh_domain *dom = &l->m->domains[i];
        const struct doc *d = l->domains[i].domain.doc;
        const struct doc_node *star = d ? doc_get(d, doc_root(d), "north_star") : NULL;
        bool known = !star || dom->n_kpis == 0 || mesh_find_metric(l->m, arena_printf(l->a, "%.*s.%.*s", STR_FMT(dom->name), STR_FMT(dom->north_star)), NULL) != NULL ||
                     mesh_find_metric(l->m, dom->north_star, NULL) != NULL;
        for (size_t k = 0; k < dom->n_kpis && !known; k++)
            known = str_eq(dom->kpis[k], dom->north_star);
        if (!known)
            hint_nearest(at_value(l, E_DANGLING, d, star, "north_star \"%.*s\" is not one of the domain's kpis, and no metric", STR_FMT(dom->north_star)), dom->north_star, dom->kpis, dom->n_kpis);
    }
}
