/* `trellis check FILE...`: one file alone, by what it says it is, or by where it stands. */
#include "mesh/mesh.h"
#include "mesh/schema.h"

#include "base/fs.h"

enum { FILE_MAX_BYTES = 16 << 20 };

static bool in_folder(struct str path, struct str folder)
{
    return str_eq(fs_basename(fs_dirname(path)), folder);
}

/* The kind that the file names itself; otherwise its name. False: neither tells. */
static bool kind_of(struct str path, const struct doc *d, enum schema_kind *kind)
{
    static const struct { const char *name; enum schema_kind kind; } names[] = {
        {"mesh.yaml", SCHEMA_MESH}, {"domain.yaml", SCHEMA_DOMAIN}, {"pack.yaml", SCHEMA_PACK}, {"product.yaml", SCHEMA_PRODUCT},
        {"glossary.yaml", SCHEMA_GLOSSARY}, {"goals.yaml", SCHEMA_GOALS}, {"naming.yaml", SCHEMA_NAMING}, {"expect.yaml", SCHEMA_EXPECT},
        {"identity.yaml", SCHEMA_IDENTITY}, {"consent.yaml", SCHEMA_CONSENT}, {"channels.yaml", SCHEMA_CHANNELS},
        {"roles.yaml", SCHEMA_ROLES}, {"policies.yaml", SCHEMA_POLICIES}, {"attribution.yaml", SCHEMA_ATTRIBUTION},
        {"annotations.yaml", SCHEMA_ANNOTATIONS},
    };
    struct str base = fs_basename(path), said = d ? doc_str(d, doc_root(d), "kind") : (struct str){NULL, 0};
    *kind = str_eq(said, STR("DataProduct")) ? SCHEMA_PRODUCT : SCHEMA_CONTRACT;
    if (str_eq(said, STR("DataProduct")) || str_eq(said, STR("DataContract")))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq(base, str_of(names[i].name))) {
            *kind = names[i].kind;
            return true;
        }
    if (str_ends(base, STR(".odps.yaml")) || str_ends(base, STR(".odps.json"))) {
        *kind = SCHEMA_PRODUCT;
        return true;
    }
    if (str_ends(base, STR(".odcs.yaml")) || str_ends(base, STR(".odcs.json")))
        return true;
    static const struct { const char *folder; enum schema_kind kind; } folders[] = {
        {"approvals", SCHEMA_APPROVAL}, {"dashboards", SCHEMA_DASHBOARD}, {"models", SCHEMA_MODEL}, {"metrics", SCHEMA_METRIC},
    };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (str_ends(base, STR(".yaml")) && in_folder(path, str_of(folders[i].folder))) {
            *kind = folders[i].kind;
            return true;
        }
    *kind = SCHEMA_SOURCE;
    return str_ends(base, STR(".yaml")) && (in_folder(path, STR("sources")) || str_eq(said, STR("files")) || str_eq(said, STR("events")));
}

bool mesh_check_file(const char *path, struct errs *es)
{
    struct arena a;
    struct str file = str_of(path), text;
    struct err e = {0};
    size_t before = es->n_errors;
    enum schema_kind kind;
    arena_init(&a);
    if (!fs_read(&a, path, FILE_MAX_BYTES, &text, &e)) {
        struct err *x = errs_add(es, e.code, file, 0, 0, "this file cannot be read: %s", e.text);
        if (x)
            err_hint(x, "name a file of at most 16 MB that can be read");
        goto out;
    }
    bool json = str_ends(file, STR(".json"));
    const struct doc *d = json ? doc_parse_json(&a, file, text, es) : doc_parse_yaml(&a, file, text, es);
    if (!d)
        goto out;
    if (!kind_of(file, d, &kind)) {
        struct err *x = errs_add(es, E_SCHEMA, file, doc_root(d)->line, doc_root(d)->col, "this is not a kind of file that Trellis knows");
        if (x)
            err_hint(x, "a product says kind: DataProduct, a contract kind: DataContract; mesh.yaml, domain.yaml, glossary.yaml, goals.yaml, naming.yaml, roles.yaml, policies.yaml, identity.yaml, consent.yaml, channels.yaml, attribution.yaml, annotations.yaml, and files of sources/, dashboards/, models/ and metrics/ are known by name");
        goto out;
    }
    (void)schema_check(schema_get(kind), d, es);
out:
    arena_fini(&a);
    return es->n_errors == before;
}
