/* First stage: the folders of a mesh, every file read, hashed, and (documents) checked against its schema, or taken
 * from the cache where the same bytes were found good before. */
#include "mesh/mesh_int.h"

enum { DECLARATION_MAX_BYTES = 16 << 20, SQL_MAX_BYTES = 256 << 10, README_MAX_BYTES = 1 << 20, TARGETS_MAX_BYTES = 16 << 20 };

static const char *absolute(struct load *l, struct str path)
{
    return arena_strz(l->a, fs_join(l->a, l->m->dir, path));
}

static bool file_read(struct load *l, struct mesh_file *f, struct str path, size_t max_bytes)
{
    f->path = path;
    f->base = fs_basename(path);
    struct err e = {0};
    if (!fs_read(l->a, absolute(l, path), max_bytes, &f->text, &e)) {
        /* The file is named relative to the mesh; the absolute path in the text helps nobody. */
        struct err *x = at_file(l, e.code, path, "this file cannot be read: %s", e.text);
        hint(x, e.code == E_TOO_LARGE ? "the limit is %zu bytes" : "check that it is a readable file", max_bytes);
        return false;
    }
    sha_bytes(f->text, &f->sha);
    buf_add(&l->digest, path);
    buf_addc(&l->digest, '\n');
    buf_addz(&l->digest, f->sha.hex);
    return true;
}

static void document_read(struct load *l, struct mesh_file *f, struct str path, enum schema_kind kind)
{
    if (!file_read(l, f, path, DECLARATION_MAX_BYTES))
        return;
    f->doc = l->cache ? cache_doc(l->cache, l->a, kind, path, &f->sha) : NULL;
    if (f->doc)
        return;
    size_t before = l->es->n;
    const struct doc *d = doc_parse_yaml(l->a, path, f->text, l->es);
    if (!d || !schema_check(schema_get(kind), d, l->es)) {
        if (kind != SCHEMA_CONTRACT)
            return;
        if (d)
            table_put(&l->broken, l->a, doc_str(d, doc_root(d), "id"), l);
        else
            l->contract_unreadable = true;
        return;
    }
    f->doc = d;
    if (l->cache && l->es->n == before)
        cache_put_doc(l->cache, kind, &f->sha, d);
}

static struct str joined(struct load *l, struct str dir, struct str name)
{
    return arena_printf(l->a, "%.*s/%.*s", STR_FMT(dir), STR_FMT(name));
}

static bool names_in(struct load *l, struct str path, struct str **names, size_t *n)
{
    struct err e = {0};
    *n = 0;
    const char *full = absolute(l, path);
    if (!fs_is_dir(full))
        return true;
    if (fs_list(l->a, full, names, n, &e))
        return true;
    at_file(l, e.code, path, "this folder cannot be read: %s", e.text);
    return false;
}

static bool is_folder(struct load *l, struct str path)
{
    return fs_is_dir(absolute(l, path));
}

/* A required file that is absent: says so, and names a near miss (product.yml, Product.yaml) that is there. */
static void missing_file(struct load *l, struct str dir, const char *wanted, const struct str *names, size_t n, const char *what)
{
    struct err *e = at_file(l, E_MISSING_KEY, joined(l, dir, str_of(wanted)), "this %s has no %s", what, wanted);
    for (size_t i = 0; i < n; i++)
        if (str_distance(names[i], str_of(wanted), 3) <= 3) {
            hint(e, "there is %.*s: rename it to %s", STR_FMT(names[i]), wanted);
            return;
        }
    hint(e, "write %.*s/%s, or remove the folder", STR_FMT(dir), wanted);
}

static bool has(const struct str *names, size_t n, const char *wanted)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], str_of(wanted)))
            return true;
    return false;
}

static void product_walk(struct load *l, struct product_files *p)
{
    struct str *names;
    size_t n;
    if (!names_in(l, p->path, &names, &n))
        return;
    p->contracts = arena_array(l->a, n + 1, sizeof *p->contracts);
    p->sql = arena_array(l->a, n + 1, sizeof *p->sql);
    if (!has(names, n, "product.yaml"))
        missing_file(l, p->path, "product.yaml", names, n, "product");
    for (size_t i = 0; i < n; i++) {
        struct str path = joined(l, p->path, names[i]);
        if (str_eq(names[i], STR("product.yaml")))
            document_read(l, &p->product, path, SCHEMA_PRODUCT);
        else if (str_ends(names[i], STR(".odcs.yaml")))
            document_read(l, &p->contracts[p->n_contracts++], path, SCHEMA_CONTRACT);
        else if (str_ends(names[i], STR(".sql")))
            file_read(l, &p->sql[p->n_sql++], path, SQL_MAX_BYTES);
        else if (str_eq(names[i], STR("README.md")))
            file_read(l, &p->readme, path, README_MAX_BYTES);
    }
}

/* Says so where a file misses the ending that declarations have, and would be passed over in silence. */
static bool ends_in_yml(struct load *l, struct str path)
{
    if (!str_ends(path, STR(".yml")))
        return false;
    hint(at_file(l, E_NAME, path, "declarations end in .yaml"), "rename it to %.*s.yaml", (int)(fs_basename(path).n - 4), fs_basename(path).p);
    return true;
}

static struct source_files *source_named(struct domain_files *d, struct str stem)
{
    for (size_t k = 0; k < d->n_sources; k++)
        if (str_eq(d->sources[k].stem, stem))
            return &d->sources[k];
    struct source_files *s = &d->sources[d->n_sources++];
    s->stem = stem;
    return s;
}

/* A folder beside the sources: the tracking plan of the one it is called like. A folder without contracts is nobody's business. */
static void plan_walk(struct load *l, struct domain_files *d, struct str path, struct str stem)
{
    struct str *names;
    size_t n, contracts = 0;
    if (!names_in(l, path, &names, &n))
        return;
    for (size_t i = 0; i < n; i++)
        contracts += str_ends(names[i], STR(".odcs.yaml"));
    if (contracts == 0)
        return;
    struct source_files *s = source_named(d, stem);
    s->plan_path = path;
    s->plan = arena_array(l->a, contracts, sizeof *s->plan);
    for (size_t i = 0; i < n; i++) {
        struct str file = joined(l, path, names[i]);
        if (str_ends(names[i], STR(".odcs.yaml")))
            document_read(l, &s->plan[s->n_plan++], file, SCHEMA_CONTRACT);
        else if (!ends_in_yml(l, file) && str_ends(names[i], STR(".yaml")))
            hint(at_file(l, E_NAME, file, "contracts of a tracking plan end in .odcs.yaml"), "rename it to %.*s.odcs.yaml", (int)(names[i].n - 5), names[i].p);
    }
}

static void sources_walk(struct load *l, struct domain_files *d)
{
    struct str dir = joined(l, d->path, STR("sources")), *names;
    size_t n;
    if (!names_in(l, dir, &names, &n))
        return;
    d->sources = arena_array(l->a, n + 1, sizeof *d->sources);
    for (size_t i = 0; i < n; i++) {
        struct str path = joined(l, dir, names[i]), stem = names[i];
        if (is_folder(l, path)) {
            plan_walk(l, d, path, stem);
            continue;
        }
        if (ends_in_yml(l, path) || !str_ends(names[i], STR(".yaml")))
            continue;
        bool is_contract = str_ends(names[i], STR(".odcs.yaml"));
        stem.n -= is_contract ? sizeof ".odcs.yaml" - 1 : sizeof ".yaml" - 1;
        struct source_files *s = source_named(d, stem);
        document_read(l, is_contract ? &s->contract : &s->source, path, is_contract ? SCHEMA_CONTRACT : SCHEMA_SOURCE);
    }
}

/* Files of one folder that have a fixed name; a file whose name is almost one of them is an error. */
struct known { const char *name; struct mesh_file *to; enum schema_kind kind; };

static void known_read(struct load *l, struct str dir, const struct str *names, size_t n, const struct known *known, size_t n_known)
{
    for (size_t i = 0; i < n; i++) {
        struct str path = joined(l, dir, names[i]);
        size_t near = n_known;
        bool taken = false;
        for (size_t k = 0; k < n_known && !taken; k++) {
            taken = str_eq(names[i], str_of(known[k].name));
            if (taken)
                document_read(l, known[k].to, path, known[k].kind);
            else if (near == n_known && str_distance(names[i], str_of(known[k].name), 2) <= 2)
                near = k;
        }
        if (!taken && near < n_known)
            hint(at_file(l, E_NAME, path, "%.*s is no file of a mesh", STR_FMT(names[i])), "rename it to %s", known[near].name);
    }
}

/* A folder in which every .yaml is a file of one kind. */
static void folder_read(struct load *l, struct str dir, enum schema_kind kind, struct mesh_file **files, size_t *n_files)
{
    struct str *names;
    size_t n;
    if (!names_in(l, dir, &names, &n))
        return;
    *files = arena_array(l->a, n + 1, sizeof **files);
    for (size_t i = 0; i < n; i++) {
        struct str path = joined(l, dir, names[i]);
        if (!ends_in_yml(l, path) && str_ends(path, STR(".yaml")))
            document_read(l, &(*files)[(*n_files)++], path, kind);
    }
}

static void governance_walk(struct load *l)
{
    const struct known known[] = {
        {"glossary.yaml", &l->glossary, SCHEMA_GLOSSARY}, {"goals.yaml", &l->goals, SCHEMA_GOALS}, {"naming.yaml", &l->naming, SCHEMA_NAMING},
        {"identity.yaml", &l->identity, SCHEMA_IDENTITY}, {"consent.yaml", &l->consent, SCHEMA_CONSENT}, {"channels.yaml", &l->channels, SCHEMA_CHANNELS},
        {"roles.yaml", &l->roles, SCHEMA_ROLES}, {"policies.yaml", &l->policies, SCHEMA_POLICIES}, {"attribution.yaml", &l->attribution, SCHEMA_ATTRIBUTION},
        {"annotations.yaml", &l->annotations, SCHEMA_ANNOTATIONS},
    };
    struct str *names;
    size_t n;
    if (names_in(l, STR("governance"), &names, &n))
        known_read(l, STR("governance"), names, n, known, sizeof known / sizeof known[0]);
    folder_read(l, STR("governance/approvals"), SCHEMA_APPROVAL, &l->approvals, &l->n_approvals);
    if (!names_in(l, STR("targets"), &names, &n))
        return;
    l->targets = arena_array(l->a, n + 1, sizeof *l->targets);
    for (size_t i = 0; i < n; i++)
        if (str_ends(names[i], STR(".csv")) && file_read(l, &l->targets[l->n_targets], joined(l, STR("targets"), names[i]), TARGETS_MAX_BYTES))
            l->n_targets++;
}

static void domain_walk(struct load *l, struct domain_files *d)
{
    struct str *names;
    size_t n;
    if (!names_in(l, d->path, &names, &n))
        return;
    if (has(names, n, "domain.yaml"))
        document_read(l, &d->domain, joined(l, d->path, STR("domain.yaml")), SCHEMA_DOMAIN);
    else
        missing_file(l, d->path, "domain.yaml", names, n, "domain");
    const struct known known[] = {{"glossary.yaml", &d->glossary, SCHEMA_GLOSSARY}, {"goals.yaml", &d->goals, SCHEMA_GOALS}, {"policies.yaml", &d->policies, SCHEMA_POLICIES}};
    known_read(l, d->path, names, n, known, sizeof known / sizeof known[0]);
    sources_walk(l, d);
    folder_read(l, joined(l, d->path, STR("dashboards")), SCHEMA_DASHBOARD, &d->dashboards, &d->n_dashboards);
    folder_read(l, joined(l, d->path, STR("models")), SCHEMA_MODEL, &d->models, &d->n_models);
    folder_read(l, joined(l, d->path, STR("metrics")), SCHEMA_METRIC, &d->metrics, &d->n_metrics);

    struct str dir = joined(l, d->path, STR("products"));
    if (!names_in(l, dir, &names, &n))
        return;
    d->products = arena_array(l->a, n + 1, sizeof *d->products);
    for (size_t i = 0; i < n; i++) {
        struct str path = joined(l, dir, names[i]);
        if (!is_folder(l, path))
            continue;
        struct product_files *p = &d->products[d->n_products++];
        p->folder = names[i];
        p->path = path;
        product_walk(l, p);
    }
}

void files_walk(struct load *l)
{
    document_read(l, &l->mesh_file, STR("mesh.yaml"), SCHEMA_MESH);
    governance_walk(l);
    struct str *names;
    size_t n;
    if (!names_in(l, STR("domains"), &names, &n))
        return;
    l->domains = arena_array(l->a, n + 1, sizeof *l->domains);
    for (size_t i = 0; i < n; i++) {
        struct str path = joined(l, STR("domains"), names[i]);
        if (!is_folder(l, path))
            continue;
        struct domain_files *d = &l->domains[l->n_domains++];
        d->folder = names[i];
        d->path = path;
        domain_walk(l, d);
    }
}
