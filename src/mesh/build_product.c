/* Second stage: a product and its ports: owner, our facts in customProperties, SQL and contract of every port. */
#include "mesh/mesh_int.h"

#include "mesh/names.h"

/* ---- customProperties of ours ---- */

static const struct own_property product_properties[] = {
    {"trellisTitle", DOC_STRING, "text"}, {"trellisConsumers", DOC_SEQ, "a list of texts"},
    {"trellisSuccessMetrics", DOC_SEQ, "a list of texts"}, {"trellisConsent", DOC_STRING, "counted or filtered"},
    {"trellisLawfulBasis", DOC_STRING, "a text"}, {"trellisCountedFor", DOC_SEQ, "a list of purposes"}, {NULL, DOC_NULL, NULL},
};
static const struct own_property port_properties[] = {
    {"trellisMaterialization", DOC_STRING, "table, view, incremental, by_key or identity"}, {"trellisKey", DOC_SEQ, "a list of columns"},
    {"trellisTimeColumn", DOC_STRING, "a column"}, {"trellisLookback", DOC_INT, "a number of days"}, {"trellisDefault", DOC_BOOL, "true or false"},
    {"trellisIncrementalBy", DOC_STRING, "a column"}, {"trellisLive", DOC_BOOL, "true or false"}, {NULL, DOC_NULL, NULL},
};

enum { OWN_PROPERTIES_MAX = 8 };

/* Ours must be known, given once and of the right form; those of others are left alone. False when a form is wrong. */
bool build_own_properties(struct load *l, const struct doc *d, const struct doc_node *owner, const struct own_property *known)
{
    const struct doc_node *list = doc_get(d, owner, "customProperties"), *first[OWN_PROPERTIES_MAX] = {NULL};
    struct str names[OWN_PROPERTIES_MAX];
    size_t n = 0;
    bool good = true;
    for (; known[n].name; n++)
        names[n] = str_of(known[n].name);
    for (const struct doc_node *c = list ? doc_first(d, list) : NULL; c; c = doc_next(d, c)) {
        const struct doc_node *property = doc_get(d, c, "property"), *value = doc_get(d, c, "value");
        struct str s = doc_text(d, property);
        size_t i = 0;
        if (!str_starts(s, STR("trellis")))
            continue;
        while (i < n && !str_eq(names[i], s))
            i++;
        if (i == n) {
            hint_nearest(at_value(l, E_UNKNOWN_KEY, d, property, "\"%.*s\" is not a property that Trellis knows here", STR_FMT(s)), s, names, n);
            continue;
        }
        if (first[i])
            hint(at_value(l, E_DUPLICATE, d, property, "%.*s is given twice; first in line %u", STR_FMT(s), first[i]->line), "remove one of them");
        first[i] = property;
        bool fits = value->kind == known[i].kind;
        for (const struct doc_node *item = fits && value->kind == DOC_SEQ ? doc_first(d, value) : NULL; item; item = doc_next(d, item))
            fits = fits && item->kind == DOC_STRING;
        if (!fits) {
            good = false;
            hint(at_value(l, E_SCHEMA, d, value, "the value of %.*s must be %s", STR_FMT(s), known[i].form), "write it like in docs/mesh-files.md");
        }
    }
    return good;
}

/* ---- Who answers for it ---- */

static bool is_owner_role(struct str role)
{
    return str_eq_nocase(role, STR("owner")) || str_eq_nocase(role, STR("product owner")) || str_eq_nocase(role, STR("data product owner"));
}

static void product_team(struct load *l, struct mesh_product *p, const struct doc *d, const struct doc_node *root)
{
    const struct doc_node *team = doc_get(d, root, "team"), *members = team ? doc_get(d, team, "members") : NULL, *first = NULL;
    p->owner = p->domain->owner;
    if (!members)
        return;
    p->team = arena_array(l->a, members->n_children + 1, sizeof *p->team);
    for (const struct doc_node *n = doc_first(d, members); n; n = doc_next(d, n)) {
        struct mesh_person *who = &p->team[p->n_team++];
        *who = person_of(d, n);
        who->contact = doc_str(d, n, "username");
        if (who->name.n == 0)
            who->name = who->contact;
        if (!is_owner_role(who->role) || doc_get(d, n, "dateOut"))
            continue;
        if (first)
            hint(at_value(l, E_OWNER, d, n, "the product \"%.*s\" has two owners; the first is in line %u", STR_FMT(p->name), first->line),
                 "leave the role owner to one member, or close the other with dateOut");
        else
            p->owner = *who;
        first = first ? first : n;
    }
}

static void product_support(struct load *l, struct mesh_product *p, const struct doc *d, const struct doc_node *root)
{
    const struct doc_node *list = doc_get(d, root, "support");
    p->support = arena_array(l->a, list ? list->n_children + 1 : 1, sizeof *p->support);
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n))
        p->support[p->n_support++] = channel_of(d, n);
    if (p->n_support == 0 && p->domain->support.channel.n)
        p->support[p->n_support++] = p->domain->support;
}

static void product_status(struct load *l, const struct doc *d, const struct doc_node *status)
{
    static const struct str known[] = {{"proposed", 8}, {"draft", 5}, {"active", 6}, {"deprecated", 10}, {"retired", 7}};
    enum { KNOWN = sizeof known / sizeof known[0] };
    struct str s = doc_text(d, status);
    for (size_t i = 0; i < KNOWN; i++)
        if (str_eq(s, known[i]))
            return;
    hint_nearest(at_value(l, E_SCHEMA, d, status, "\"%.*s\" is not a status of a product", STR_FMT(s)), s, known, KNOWN);
}

/* People who said no to a purpose are left out of its rows, unless it counts them under another lawful basis. */
static void product_consent(struct load *l, struct mesh_product *p, const struct doc *d, const struct doc_node *root)
{
    static const struct str words[] = {{"counted", 7}, {"filtered", 8}};
    const struct doc_node *said = custom_get(d, root, "trellisConsent");
    struct str s = doc_text(d, said);
    p->lawful_basis = doc_text(d, custom_get(d, root, "trellisLawfulBasis"));
    p->consent_counted = str_eq(s, words[0]);
    if (said && !p->consent_counted && !str_eq(s, words[1]))
        hint_nearest(at_value(l, E_SCHEMA, d, said, "\"%.*s\" is not what trellisConsent can be", STR_FMT(s)), s, words, sizeof words / sizeof words[0]);
    if (p->consent_counted && !str_trim(p->lawful_basis).n)
        hint(at_value(l, E_MISSING_KEY, d, said, "the product \"%.*s\" counts people who said no, and does not say on what lawful basis", STR_FMT(p->name)),
             "add to customProperties: {property: trellisLawfulBasis, value: legitimate interest in …}");
    const struct doc_node *list = custom_get(d, root, "trellisCountedFor");
    p->counted_for = text_list(l, d, list, &p->n_counted_for);
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        bool known = str_eq(doc_text(d, n), STR("analytics")); /* what a question is for where it says nothing */
        for (size_t i = 0; i < l->m->n_purposes; i++)
            known = known || str_eq(l->m->purposes[i], doc_text(d, n));
        if (!known)
            hint_nearest(at_value(l, E_DANGLING, d, n, "\"%.*s\" is no purpose of mesh.yaml", STR_FMT(doc_text(d, n))), doc_text(d, n), l->m->purposes, l->m->n_purposes);
    }
    if (list && !p->consent_counted)
        hint(at_value(l, E_SCHEMA, d, list, "the product \"%.*s\" says for which purposes it counts people who said no, and does not count them", STR_FMT(p->name)),
             "add to customProperties: {property: trellisConsent, value: counted}");
}

/* ---- Ports ---- */

static struct mesh_file *file_named(struct mesh_file *files, size_t n, struct str base)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(files[i].base, base))
            return &files[i];
    return NULL;
}

static struct str port_file(struct load *l, const struct mesh_port *p, const char *ending)
{
    return p->is_default ? arena_printf(l->a, "%.*s%s", STR_FMT(p->name), ending)
                         : arena_printf(l->a, "%.*s_v%d%s", STR_FMT(p->name), p->major, ending);
}

static void port_sql(struct load *l, struct product_files *f, struct mesh_port *p, const struct doc *d, const struct doc_node *name)
{
    struct str wanted = port_file(l, p, ".sql");
    struct mesh_file *sql = file_named(f->sql, f->n_sql, wanted);
    if (!sql) {
        struct err *e = at_value(l, E_DANGLING, d, name, "the port \"%.*s\" has no SQL: %.*s is not there", STR_FMT(p->name), STR_FMT(wanted));
        struct str *there = arena_array(l->a, f->n_sql + 1, sizeof *there);
        size_t n = 0;
        for (size_t i = 0; i < f->n_sql; i++)
            if (!f->sql[i].used)
                there[n++] = f->sql[i].base;
        int near = str_nearest(wanted, there, n);
        if (near >= 0)
            hint(e, "there is %.*s: rename it to %.*s", STR_FMT(there[near]), STR_FMT(wanted));
        else
            hint(e, "write %.*s/%.*s with the SELECT that gives its rows", STR_FMT(f->path), STR_FMT(wanted));
        return;
    }
    sql->used = true;
    p->sql = build_conversion_rows(l, sql->text, sql->path);
    p->sql_file = sql->path;
    struct sha sha = sql->sha;
    if (p->sql.p != sql->text.p)
        sha_bytes(p->sql, &sha);
    memcpy(p->sql_sha.z, sha.hex, sizeof p->sql_sha.z);
}

/* The contract file of a port: by its name, where the id must agree; else by the id among the folder's files. */
static struct mesh_file *port_contract_file(struct load *l, struct product_files *f, struct mesh_port *p, const struct doc *d,
                                            const struct doc_node *port)
{
    const struct doc_node *id = doc_get(d, port, "contractId"), *name = doc_get(d, port, "name");
    struct str wanted = port_file(l, p, ".odcs.yaml");
    struct mesh_file *file = file_named(f->contracts, f->n_contracts, wanted);
    if (file)
        file->used = true;
    if (!id) {
        struct err *e = at_value(l, E_MISSING_KEY, d, name, "the port \"%.*s\" has no contractId", STR_FMT(p->name));
        if (file && file->doc)
            hint(e, "add: contractId: %.*s (the id in %.*s)", STR_FMT(doc_str(file->doc, doc_root(file->doc), "id")), STR_FMT(wanted));
        else
            hint(e, "every port is published with a contract: write %.*s and name its id here", STR_FMT(wanted));
        return NULL;
    }
    if (file && (!file->doc || str_eq(doc_str(file->doc, doc_root(file->doc), "id"), doc_text(d, id))))
        return file->doc ? file : NULL;
    struct err *e = at_value(l, E_DANGLING, d, id, file ? "\"%.*s\" is not the id in %.*s" : "no contract here has the id \"%.*s\": %.*s is not there",
                             STR_FMT(doc_text(d, id)), STR_FMT(wanted));
    if (file) {
        hint(e, "the id there is \"%.*s\"; make the two equal", STR_FMT(doc_str(file->doc, doc_root(file->doc), "id")));
        return NULL;
    }
    struct str *ids = arena_array(l->a, f->n_contracts + 1, sizeof *ids);
    size_t n = 0;
    for (size_t i = 0; i < f->n_contracts; i++) {
        if (!f->contracts[i].doc)
            continue;
        struct str other = doc_str(f->contracts[i].doc, doc_root(f->contracts[i].doc), "id");
        if (!f->contracts[i].used)
            ids[n++] = other;
        if (str_eq(other, doc_text(d, id))) {
            hint(e, "%.*s has that id: rename it to %.*s", STR_FMT(f->contracts[i].base), STR_FMT(wanted));
            f->contracts[i].used = true;
            return NULL;
        }
    }
    int near = str_nearest(doc_text(d, id), ids, n);
    if (near >= 0)
        hint(e, "did you mean \"%.*s\"?", STR_FMT(ids[near]));
    else
        hint(e, "write %.*s/%.*s with that id", STR_FMT(f->path), STR_FMT(wanted));
    return NULL;
}

static const struct doc_node *contract_object(struct load *l, const struct doc *c, struct mesh_port *p)
{
    const struct doc_node *schema = doc_get(c, doc_root(c), "schema"), *found = NULL;
    struct str *names = arena_array(l->a, schema ? schema->n_children + 1 : 1, sizeof *names);
    size_t n = 0;
    for (const struct doc_node *o = schema ? doc_first(c, schema) : NULL; o; o = doc_next(c, o)) {
        const struct doc_node *name = doc_get(c, o, "name");
        names[n++] = doc_text(c, name);
        if (str_eq(names[n - 1], p->name) && !found)
            found = o;
        else if (schema->n_children > 1)
            hint(at_value(l, E_CONTRACT, c, name, "the contract of a port describes one table; \"%.*s\" is one more", STR_FMT(names[n - 1])),
                 "move it to a contract of its own");
    }
    if (found || n > 1)
        return found;
    struct err *e = at_value(l, E_CONTRACT, c, n ? doc_get(c, doc_first(c, schema), "name") : schema ? schema : doc_root(c),
                             "the contract has no schema object named \"%.*s\", the port it is for", STR_FMT(p->name));
    if (n)
        hint(e, "\"%.*s\" should be \"%.*s\"", STR_FMT(names[0]), STR_FMT(p->name));
    else
        hint(e, "add: schema: [{name: %.*s, properties: [...]}]", STR_FMT(p->name));
    return NULL;
}

static void port_contract(struct load *l, struct product_files *f, struct mesh_port *p, const struct doc *d, const struct doc_node *port)
{
    struct mesh_file *file = port_contract_file(l, f, p, d, port);
    if (!file)
        return;
    const struct doc *c = file->doc;
    const struct doc_node *root = doc_root(c), *version = doc_get(c, root, "version"), *domain = doc_get(c, root, "domain");
    build_claim_id(l, &l->contract_ids, c, doc_get(c, root, "id"), arena_printf(l->a, "the contract of %.*s", STR_FMT(p->ref_major)), NULL);
    int major = build_major(doc_text(c, version));
    if (major == MAJOR_NONE)
        hint(at_value(l, E_CONTRACT, c, version, "\"%.*s\" is not a version", STR_FMT(doc_text(c, version))), "versions have three numbers, such as 1.0.0");
    else if (p->major != MAJOR_NONE && major != p->major)
        hint(at_value(l, E_CONTRACT, c, version, "the contract is version %.*s, its port \"%.*s\" is version %.*s: their majors differ",
                      STR_FMT(doc_text(c, version)), STR_FMT(p->name), STR_FMT(p->version)),
             "a breaking change needs a new major of both");
    if (domain && !str_eq(doc_text(c, domain), p->product->domain->name))
        hint(at_value(l, E_CONTRACT, c, domain, "the contract says domain \"%.*s\", it stands in \"%.*s\"", STR_FMT(doc_text(c, domain)),
                      STR_FMT(p->product->domain->name)), "write domain: %.*s", STR_FMT(p->product->domain->name));
    const struct doc_node *object = contract_object(l, c, p);
    if (!object)
        return;
    p->contract = build_contract(l, c, object, COLUMNS_PORT);
    if (p->contract->n_columns == 0)
        hint(at_value(l, E_CONTRACT, c, object, "the contract of \"%.*s\" describes no column", STR_FMT(p->name)), "add properties: with one entry per column");
    struct id_claim *claim = table_get(&l->contract_ids, p->contract->id);
    if (claim && !claim->contract)
        claim->contract = p->contract;
}

static bool is_marked(const struct doc *d, const struct doc_node *port)
{
    const struct doc_node *mark = custom_get(d, port, "trellisDefault");
    return mark && mark->kind == DOC_BOOL && mark->v.b;
}

/* Ports of one name: exactly one major answers to the plain name, the only one or the one marked trellisDefault. Where that
 * is not declared rightly, the files tell which one was meant (the one without _vN), so that one mistake gives one error. */
static void choose_default(struct load *l, const struct product_files *f, struct mesh_product *p, const struct doc *d, const struct doc_node *const *nodes,
                           size_t first)
{
    struct mesh_port *chosen = NULL, *fallback = NULL;
    size_t same = 0, marked = 0;
    for (size_t i = first; i < p->n_ports; i++) {
        struct mesh_port *port = p->ports[i];
        if (!str_eq(port->name, p->ports[first]->name))
            continue;
        bool mark = is_marked(d, nodes[i]);
        struct str with_major = arena_printf(l->a, "%.*s_v%d.sql", STR_FMT(port->name), port->major);
        bool plain_file = file_named(f->sql, f->n_sql, with_major) == NULL;
        same++;
        marked += mark;
        if (mark && marked == 2)
            hint(at_value(l, E_DUPLICATE, d, custom_get(d, nodes[i], "trellisDefault"), "two majors of \"%.*s\" are marked trellisDefault", STR_FMT(port->name)),
                 "mark one of them");
        if (plain_file && (!chosen || mark))
            chosen = port;
        if (!fallback || (mark && marked == 1))
            fallback = port;
    }
    if (same > 1 && marked == 0)
        hint(at_value(l, E_MISSING_KEY, d, doc_get(d, nodes[first], "name"), "the port \"%.*s\" has %zu majors and none is the default",
                      STR_FMT(p->ports[first]->name), same),
             "add to one of them: customProperties: [{property: trellisDefault, value: true}]");
    if (marked == 1 || !chosen)
        chosen = fallback;
    chosen->is_default = true;
}

static void choose_defaults(struct load *l, const struct product_files *f, struct mesh_product *p, const struct doc *d, const struct doc_node *const *nodes)
{
    for (size_t i = 0; i < p->n_ports; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++) {
            if (!str_eq(p->ports[k]->name, p->ports[i]->name))
                continue;
            first = false;
            if (p->ports[k]->major == p->ports[i]->major)
                hint(at_value(l, E_DUPLICATE, d, nodes[i], "the port \"%.*s\" has major %d twice; first in line %u", STR_FMT(p->ports[i]->name),
                              p->ports[i]->major, nodes[k]->line), "keep one entry per major");
        }
        if (first)
            choose_default(l, f, p, d, nodes, i);
    }
}

static void port_register(struct load *l, struct mesh_port *p, const struct doc *d, const struct doc_node *name)
{
    p->ref = arena_printf(l->a, "%.*s.%.*s", STR_FMT(p->product->domain->name), STR_FMT(p->name));
    p->ref_major = arena_printf(l->a, "%.*s_v%d", STR_FMT(p->ref), p->major);
    const struct mesh_port *other = table_put(&l->w->ports, l->a, p->ref_major, p);
    if (p->is_default) {
        const struct mesh_port *first = table_put(&l->w->ports, l->a, p->ref, p);
        other = first ? first : other;
    }
    if (other && other->product != p->product)
        hint(at_value(l, E_DUPLICATE, d, name, "the domain has two ports named \"%.*s\"; the other is of product \"%.*s\" (%.*s:%u)", STR_FMT(p->name),
                      STR_FMT(other->product->name), STR_FMT(other->pos.file), other->pos.line),
             "port names are unique in a domain; rename one of them");
}

/* A port with a wrong name has its files under that name: they are not reported as unused on top. */
static void files_of_port_used(struct product_files *f, struct str name)
{
    for (size_t i = 0; i < f->n_sql; i++)
        f->sql[i].used = f->sql[i].used || str_starts(f->sql[i].base, name);
    for (size_t i = 0; i < f->n_contracts; i++)
        f->contracts[i].used = f->contracts[i].used || str_starts(f->contracts[i].base, name);
}

enum { PORTS_MAX = 500 };

static void product_ports(struct load *l, struct product_files *f, struct mesh_product *p, const struct doc *d, const struct doc_node *list)
{
    const struct doc_node **nodes = arena_array(l->a, list->n_children + 1, sizeof *nodes);
    if (list->n_children > PORTS_MAX) {
        hint(at_value(l, E_TOO_LARGE, d, list, "the product has %u ports, more than %d", list->n_children, PORTS_MAX), "make several products of it");
        return;
    }
    p->ports = arena_array(l->a, list->n_children + 1, sizeof(struct mesh_port *));
    for (const struct doc_node *n = doc_first(d, list); n; n = doc_next(d, n)) {
        const struct doc_node *name = doc_get(d, n, "name"), *version = doc_get(d, n, "version");
        struct mesh_port *port = arena_alloc(l->a, sizeof *port);
        port->product = p;
        port->name = doc_text(d, name);
        port->version = doc_text(d, version);
        port->description = doc_str(d, n, "description");
        port->pos = pos_of(d, n);
        port->major = build_major(port->version);
        if (port->major == MAJOR_NONE)
            hint(at_value(l, E_SCHEMA, d, version, "\"%.*s\" is not a version", STR_FMT(port->version)), "versions have three numbers, such as 1.0.0");
        bool good = check_name(l, d, name, "port");
        if (name_is_reserved(port->name)) {
            hint(at_value(l, E_NAME, d, name, "\"%.*s\" is a reserved word and cannot be the name of a port", STR_FMT(port->name)), "choose another name");
            good = false;
        }
        if (!good) {
            files_of_port_used(f, port->name);
            continue;
        }
        nodes[p->n_ports] = n;
        p->ports[p->n_ports++] = port;
    }
    choose_defaults(l, f, p, d, nodes);
    for (size_t i = 0; i < p->n_ports; i++) {
        struct mesh_port *port = p->ports[i];
        port_register(l, port, d, doc_get(d, nodes[i], "name"));
        port_sql(l, f, port, d, doc_get(d, nodes[i], "name"));
        port_contract(l, f, port, d, nodes[i]);
        if (build_own_properties(l, d, nodes[i], port_properties))
            build_materialization(l, port, d, nodes[i]);
        build_person_column(l, port);
    }
}

static void check_unused(struct load *l, const struct product_files *f, const struct mesh_product *p)
{
    struct str *names = arena_array(l->a, p->n_ports + 1, sizeof *names);
    for (size_t i = 0; i < p->n_ports; i++)
        names[i] = p->ports[i]->name;
    for (size_t i = 0; i < f->n_sql + f->n_contracts; i++) {
        bool is_sql = i < f->n_sql;
        const struct mesh_file *file = is_sql ? &f->sql[i] : &f->contracts[i - f->n_sql];
        if (file->used)
            continue;
        struct str stem = file->base;
        stem.n -= is_sql ? sizeof ".sql" - 1 : sizeof ".odcs.yaml" - 1;
        struct err *e = at_file(l, E_DANGLING, file->path, "no port of \"%.*s\" uses this %s", STR_FMT(p->name), is_sql ? "SQL" : "contract");
        int near = str_nearest(stem, names, p->n_ports);
        if (near >= 0)
            hint(e, "did you mean the port \"%.*s\"? Then rename it to %.*s%s", STR_FMT(names[near]), STR_FMT(names[near]), is_sql ? ".sql" : ".odcs.yaml");
        else
            hint(e, "declare an output port \"%.*s\" in product.yaml, or remove the file", STR_FMT(stem));
    }
}

/* The ports of a product that cannot be read are guessed from its files, so that their readers are not reported too. */
static void mark_broken(struct load *l, const struct product_files *f, const struct mesh_domain *dom)
{
    for (size_t i = 0; i < f->n_sql; i++)
        table_put(&l->broken, l->a, arena_printf(l->a, "%.*s.%.*s", STR_FMT(dom->name), (int)(f->sql[i].base.n - 4), f->sql[i].base.p), l);
    for (size_t i = 0; i < f->n_contracts; i++)
        if (f->contracts[i].doc)
            table_put(&l->broken, l->a, doc_str(f->contracts[i].doc, doc_root(f->contracts[i].doc), "id"), l);
}

void build_product(struct load *l, const struct domain_files *siblings, struct product_files *f, struct mesh_domain *dom)
{
    const struct doc *d = f->product.doc;
    if (!d) {
        mark_broken(l, f, dom);
        return;
    }
    const struct doc_node *root = doc_root(d), *name = doc_get(d, root, "name"), *domain = doc_get(d, root, "domain");
    const struct doc_node *outputs = doc_get(d, root, "outputPorts");
    struct mesh_product *p = arena_alloc(l->a, sizeof *p);
    p->domain = dom;
    p->doc = d;
    p->pos = pos_of(d, root);
    p->name = p->title = f->folder;
    p->id = doc_str(d, root, "id");
    p->version = doc_str(d, root, "version");
    p->status = doc_str(d, root, "status");
    p->purpose = doc_text(d, doc_path(d, root, "description.purpose"));
    p->limitations = doc_text(d, doc_path(d, root, "description.limitations"));
    p->usage = doc_text(d, doc_path(d, root, "description.usage"));
    p->tags = text_list(l, d, doc_get(d, root, "tags"), &p->n_tags);
    p->readme = f->readme.text;
    if (!name)
        hint(at_value(l, E_MISSING_KEY, d, root, "the product has no name"), "add: name: %.*s (the name of its folder)", STR_FMT(f->folder));
    struct str claimed = {NULL, 0};
    for (size_t i = 0; i < siblings->n_products; i++)
        if (name && str_eq(siblings->products[i].folder, doc_text(d, name)) && &siblings->products[i] != f)
            claimed = siblings->products[i].path;
    build_check_own_name(l, d, name, f->folder, claimed, "product");
    if (domain && !str_eq(doc_text(d, domain), dom->name))
        hint(at_value(l, E_NAME, d, domain, "the product says domain \"%.*s\", it stands in \"%.*s\"", STR_FMT(doc_text(d, domain)), STR_FMT(dom->name)),
             "write domain: %.*s, or move the folder", STR_FMT(dom->name));
    build_claim_id(l, &l->product_ids, d, doc_get(d, root, "id"),
                   arena_printf(l->a, "product %.*s.%.*s", STR_FMT(dom->name), STR_FMT(f->folder)), NULL);
    product_status(l, d, doc_get(d, root, "status"));
    product_team(l, p, d, root);
    product_support(l, p, d, root);
    if (build_own_properties(l, d, root, product_properties)) {
        const struct doc_node *title = custom_get(d, root, "trellisTitle");
        p->title = title ? doc_text(d, title) : p->title;
        p->consumers = text_list(l, d, custom_get(d, root, "trellisConsumers"), &p->n_consumers);
        p->success_metrics = text_list(l, d, custom_get(d, root, "trellisSuccessMetrics"), &p->n_success_metrics);
        product_consent(l, p, d, root);
    }
    if (!outputs || outputs->n_children == 0)
        hint(at_value(l, E_MISSING_KEY, d, outputs ? outputs : root, "the product \"%.*s\" has no output port", STR_FMT(p->name)),
             "add outputPorts: with at least one entry");
    else
        product_ports(l, f, p, d, outputs);
    if (p->n_ports > 0)
        check_unused(l, f, p);
    dom->products[dom->n_products++] = p;
}
