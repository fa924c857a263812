/* What can be changed from outside, in one table: kind, field, and the way to its value in the file. */
#include "mesh/mesh_edit.h"

#include "base/clock.h"
#include "base/fs.h"

enum { FILE_MAX_BYTES = 16 << 20, STEPS_MAX = 8, FIELDS_MAX = 24 };

enum value_form { FORM_TEXT, FORM_TEXTS, FORM_BARE, FORM_JSON, FORM_WHOLE /* the file itself */ };

/* In a path, [key={word}] chooses the entry of a list; {name} is the thing's own name, {object} the schema object, {column} the column (of a dashboard the panel). */
static const struct editable {
    const char *kind, *field;
    enum value_form form;
    const char *path;
} table[] = {
    {"product", "title", FORM_TEXT, "customProperties[property=trellisTitle].value"},
    {"product", "purpose", FORM_TEXT, "description.purpose"},
    {"product", "limitations", FORM_TEXT, "description.limitations"},
    {"product", "usage", FORM_TEXT, "description.usage"},
    {"product", "status", FORM_TEXT, "status"},
    {"product", "tags", FORM_TEXTS, "tags"},
    {"product", "consumers", FORM_TEXTS, "customProperties[property=trellisConsumers].value"},
    {"product", "owner_name", FORM_TEXT, "team.members[role=owner].name"},
    {"product", "owner_contact", FORM_TEXT, "team.members[role=owner].username"},
    {"product", "support", FORM_JSON, "support"},
    {"product", "readme", FORM_WHOLE, ""},
    {"port", "description", FORM_TEXT, "outputPorts[name={name}].description"},
    {"column", "description", FORM_TEXT, "schema[name={object}].properties[name={column}].description"},
    {"column", "title", FORM_TEXT, "schema[name={object}].properties[name={column}].businessName"},
    {"column", "classification", FORM_TEXT, "schema[name={object}].properties[name={column}].classification"},
    {"domain", "title", FORM_TEXT, "title"},
    {"domain", "description", FORM_TEXT, "description"},
    {"domain", "owner_name", FORM_TEXT, "owner.name"},
    {"domain", "owner_contact", FORM_TEXT, "owner.contact"},
    {"domain", "support_channel", FORM_TEXT, "support.channel"},
    {"domain", "support_url", FORM_TEXT, "support.url"},
    {"domain", "kpis", FORM_TEXTS, "kpis"},
    {"domain", "profile", FORM_TEXT, "profile"},
    {"domain", "roles", FORM_JSON, "roles"},
    {"domain", "raci", FORM_JSON, "raci"},
    {"source", "title", FORM_TEXT, "title"},
    {"source", "description", FORM_TEXT, "description"},
    {"source", "owner_name", FORM_TEXT, "owner.name"},
    {"source", "owner_contact", FORM_TEXT, "owner.contact"},
    {"source", "freshness", FORM_TEXT, "sla.freshness"},
    {"source", "volume", FORM_BARE, "sla.volume"},
    {"source", "currency", FORM_TEXT, "currency"},
    {"source", "watch", FORM_BARE, "watch"},
    {"term", "title", FORM_TEXT, "terms[name={name}].title"},
    {"term", "definition", FORM_TEXT, "terms[name={name}].definition"},
    {"term", "not_this", FORM_TEXT, "terms[name={name}].not_this"},
    {"term", "synonyms", FORM_TEXTS, "terms[name={name}].synonyms"},
    {"term", "columns", FORM_TEXTS, "terms[name={name}].columns"},
    {"term", "status", FORM_TEXT, "terms[name={name}].status"},
    {"term", "reviewed", FORM_TEXT, "terms[name={name}].reviewed"},
    {"term", "owner_name", FORM_TEXT, "terms[name={name}].owner.name"},
    {"term", "owner_contact", FORM_TEXT, "terms[name={name}].owner.contact"},
    {"goal", "title", FORM_TEXT, "goals[name={name}].title"},
    {"goal", "question", FORM_TEXT, "goals[name={name}].question"},
    {"goal", "target", FORM_BARE, "goals[name={name}].target.value"},
    {"goal", "target_by", FORM_TEXT, "goals[name={name}].target.by"},
    {"goal", "baseline", FORM_JSON, "goals[name={name}].baseline"},
    {"goal", "owner_name", FORM_TEXT, "goals[name={name}].owner.name"},
    {"goal", "owner_contact", FORM_TEXT, "goals[name={name}].owner.contact"},
    {"goal", "number", FORM_JSON, "goals[name={name}].number"},
    {"goal", "products", FORM_TEXTS, "goals[name={name}].products"},
    {"role", "title", FORM_TEXT, "roles[name={name}].title"},
    {"role", "about", FORM_TEXT, "roles[name={name}].about"},
    {"role", "groups", FORM_TEXTS, "roles[name={name}].groups"},
    {"role", "grants", FORM_JSON, "roles[name={name}].grants"},
    {"role", "rights", FORM_JSON, "roles[name={name}].rights"},
    {"role", "role", FORM_JSON, "roles[name={name}]"},
    {"mask", "rule", FORM_JSON, "masks[name={name}]"},
    {"rows", "rule", FORM_JSON, "rows[name={name}]"},
    {"tier", "rule", FORM_JSON, "tiers[name={name}]"},
    {"retention", "rule", FORM_JSON, "retention[name={name}]"},
    {"identity", "rules", FORM_WHOLE, ""},
    {"dashboard", "title", FORM_TEXT, "title"},
    {"dashboard", "description", FORM_TEXT, "description"},
    {"dashboard", "refresh", FORM_TEXT, "refresh"},
    {"dashboard", "panels", FORM_JSON, "panels"},
    {"dashboard", "panel", FORM_JSON, "panels[title={column}]"}, /* the one of that title, or one more */
    {"annotation", "annotation", FORM_JSON, "annotations[title={name}]"}, /* with a column, the one of that day, which has to be there */
};
enum { EDITABLES = sizeof table / sizeof *table };

const char *const *mesh_edit_fields(struct str kind)
{
    static _Thread_local const char *out[FIELDS_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < EDITABLES && n < FIELDS_MAX; i++)
        if (str_eq(str_of(table[i].kind), kind))
            out[n++] = table[i].field;
    out[n] = NULL;
    return out;
}

/* The file that a thing is declared in, and the words of its paths. */
struct target {
    struct str file, name, object, column;
    bool may_be_new;       /* the file need not be there yet */
    const char *beginning; /* of a new file */
};

struct planning {
    struct arena *a;
    const struct mesh *m;
    struct errs *es;
    struct mesh_patch *patches;
    size_t n, cap;
};

static struct err *refuse(struct planning *p, enum err_code code, const struct mesh_edit *v, const char *why)
{
    return errs_add(p->es, code, STR(""), 0, 0, "%.*s %.*s: %s", STR_FMT(v->kind), STR_FMT(v->ref), why);
}

static bool not_found(struct planning *p, const struct mesh_edit *v)
{
    refuse(p, E_NOT_FOUND, v, "there is nothing of this name");
    return false;
}

static bool port_target(struct planning *p, const struct mesh_edit *v, bool of_column, struct target *t)
{
    const struct mesh_port *port = mesh_find_port(p->m, v->ref);
    if (!port)
        return not_found(p, v);
    t->name = port->name;
    t->file = port->product->pos.file;
    if (!of_column) {
        if (port->is_default)
            return true;
        err_hint(refuse(p, E_SCHEMA, v, "only the default version's description is changed from here"), "change %.*s by hand", STR_FMT(port->product->pos.file));
        return false;
    }
    if (!port->contract) {
        refuse(p, E_NOT_FOUND, v, "it has no contract");
        return false;
    }
    for (size_t i = 0; i < port->contract->n_columns; i++) {
        if (!str_eq(port->contract->columns[i].name, v->column))
            continue;
        t->file = port->contract->pos.file;
        t->object = port->contract->object_name;
        t->column = v->column;
        return true;
    }
    struct err *e = refuse(p, E_NOT_FOUND, v, "it has no such column");
    struct str *names = arena_array(p->a, port->contract->n_columns + 1, sizeof *names);
    for (size_t i = 0; i < port->contract->n_columns; i++)
        names[i] = port->contract->columns[i].name;
    int near = str_nearest(v->column, names, port->contract->n_columns);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    return false;
}

/* "name" is of the whole mesh, "domain.name" of a domain; what is there already stays in its file. */
static bool listed_target(struct planning *p, const struct mesh_edit *v, bool is_term, struct target *t)
{
    struct str rest, first = str_cut(v->ref, '.', &rest);
    struct str domain = rest.p ? first : STR("");
    t->name = rest.p ? rest : first;
    t->may_be_new = true;
    t->beginning = is_term ? "terms:\n" : "goals:\n";
    if (domain.n && !mesh_find_domain(p->m, domain))
        return not_found(p, v);
    if (!str_is_name(t->name)) {
        err_hint(refuse(p, E_NAME, v, "this is no name"), "lower-case letters, digits and single underscores, beginning with a letter");
        return false;
    }
    t->file = domain.n ? arena_printf(p->a, "domains/%.*s/%s", STR_FMT(domain), is_term ? "glossary.yaml" : "goals.yaml")
                       : arena_printf(p->a, "governance/%s", is_term ? "glossary.yaml" : "goals.yaml");
    return true;
}

/* Rules of the mesh, or "domain.name" of a domain; roles are of the mesh. */
static bool policy_target(struct planning *p, const struct mesh_edit *v, struct target *t)
{
    static const struct { const char *kind, *beginning; } kinds[] = {{"role", "roles:\n"}, {"mask", "masks:\n"}, {"rows", "rows:\n"}, {"tier", "tiers:\n"}, {"retention", "retention:\n"}};
    struct str rest, first = str_cut(v->ref, '.', &rest), domain = rest.p ? first : STR("");
    bool role = str_eq(v->kind, STR("role"));
    if (domain.n && (role || !mesh_find_domain(p->m, domain)))
        return not_found(p, v);
    *t = (struct target){.name = rest.p ? rest : first, .may_be_new = true};
    if (!str_is_name(t->name)) {
        err_hint(refuse(p, E_NAME, v, "this is no name"), "lower-case letters, digits and single underscores, beginning with a letter");
        return false;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_eq(v->kind, str_of(kinds[i].kind)))
            t->beginning = kinds[i].beginning;
    t->file = role ? STR("governance/roles.yaml") : domain.n ? arena_printf(p->a, "domains/%.*s/policies.yaml", STR_FMT(domain)) : STR("governance/policies.yaml");
    return true;
}

/* Of one title there may be several, on other days. */
static bool annotation_is_one(struct planning *p, const struct mesh_edit *v)
{
    size_t n = 0;
    for (size_t i = 0; i < p->m->n_annotations; i++) {
        const struct mesh_annotation *x = &p->m->annotations[i];
        n += str_eq(x->title, v->ref) && (!v->column.n || str_eq(str_of(clock_date(x->day).z), v->column));
    }
    if (n > 1)
        err_hint(refuse(p, E_DUPLICATE, v, v->column.n ? "several of this day are called so" : "several are called so"), v->column.n ? "change governance/annotations.yaml by hand" : "say in column which day is meant");
    if (n == 0 && v->column.n)
        err_hint(refuse(p, E_NOT_FOUND, v, "nothing of this title is written down for that day"), "somebody may have changed it meanwhile: look again");
    return v->ref.n == 0 ? not_found(p, v) : n == 1 || (n == 0 && !v->column.n);
}

bool mesh_edit_of_policy(struct str kind)
{
    static const char *const kinds[] = {"role", "mask", "rows", "tier", "retention"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_eq(kind, str_of(kinds[i])))
            return true;
    return false;
}

static bool find_target(struct planning *p, const struct mesh_edit *v, struct target *t)
{
    struct str name, domain = str_cut(v->ref, '.', &name);
    *t = (struct target){.file = STR("")};
    if (str_eq(v->kind, STR("identity"))) {
        *t = (struct target){.file = STR("governance/identity.yaml"), .may_be_new = true, .beginning = ""};
        return true;
    }
    if (str_eq(v->kind, STR("annotation"))) {
        *t = (struct target){.file = STR("governance/annotations.yaml"), .name = v->ref, .column = v->column, .may_be_new = true, .beginning = "annotations:\n"};
        return annotation_is_one(p, v);
    }
    if (mesh_edit_of_policy(v->kind))
        return policy_target(p, v, t);
    if (str_eq(v->kind, STR("port")) || str_eq(v->kind, STR("column")))
        return port_target(p, v, str_eq(v->kind, STR("column")), t);
    if (str_eq(v->kind, STR("term")) || str_eq(v->kind, STR("goal")))
        return listed_target(p, v, str_eq(v->kind, STR("term")), t);
    if (str_eq(v->kind, STR("product"))) {
        const struct mesh_product *product = name.p ? mesh_find_product(p->m, domain, name) : NULL;
        t->file = product ? product->pos.file : STR("");
    } else if (str_eq(v->kind, STR("domain"))) {
        const struct mesh_domain *d = mesh_find_domain(p->m, v->ref);
        t->file = d ? d->pos.file : STR("");
    }
    for (size_t i = 0; i < p->m->n_sources && str_eq(v->kind, STR("source")) && name.p; i++)
        if (str_eq(p->m->sources[i]->name, name) && str_eq(p->m->sources[i]->domain->name, domain))
            t->file = p->m->sources[i]->pos.file;
    for (size_t i = 0; i < p->m->n_dashboards && str_eq(v->kind, STR("dashboard")) && name.p; i++)
        if (str_eq(p->m->dashboards[i]->name, name) && str_eq(p->m->dashboards[i]->domain->name, domain))
            *t = (struct target){.file = p->m->dashboards[i]->pos.file, .column = v->column};
    return t->file.n ? true : not_found(p, v);
}

static struct str word_of(const struct target *t, struct str word)
{
    return str_eq(word, STR("{name}")) ? t->name : str_eq(word, STR("{object}")) ? t->object : str_eq(word, STR("{column}")) ? t->column : word;
}

/* "a[b={name}].c" -> steps. */
static size_t steps_of(const char *path, const struct target *t, struct yaml_step *steps)
{
    size_t n = 0;
    for (struct str rest = str_of(path); rest.p && n < STEPS_MAX;) {
        struct str inside, part = str_cut(rest, '.', &rest), key = str_cut(part, '[', &inside);
        steps[n] = (struct yaml_step){.key = key};
        if (inside.p) {
            struct str value;
            steps[n].where = str_cut((struct str){inside.p, inside.n - 1}, '=', &value);
            steps[n].equals = word_of(t, value);
        }
        n++;
    }
    return n;
}

static const struct editable *find_editable(struct planning *p, const struct mesh_edit *v)
{
    struct str fields[FIELDS_MAX], kinds[EDITABLES];
    size_t n = 0, n_kinds = 0;
    for (size_t i = 0; i < EDITABLES; i++) {
        kinds[n_kinds++] = str_of(table[i].kind);
        if (!str_eq(str_of(table[i].kind), v->kind))
            continue;
        if (str_eq(str_of(table[i].field), v->field))
            return &table[i];
        if (n < FIELDS_MAX)
            fields[n++] = str_of(table[i].field);
    }
    struct err *e = refuse(p, E_USAGE, v, n ? arena_printf(p->a, "the field %.*s is not changed from here", STR_FMT(v->field)).p : "there is no such kind of thing to change");
    int near = n ? str_nearest(v->field, fields, n) : str_nearest(v->kind, kinds, n_kinds);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(n ? fields[near] : kinds[near]));
    return NULL;
}

static bool value_fits(struct planning *p, const struct mesh_edit *v, enum value_form form)
{
    static const struct { enum yaml_value_kind kind; const char *what; } wanted[] = {
        [FORM_TEXT] = {YAML_TEXT, "a text"}, [FORM_TEXTS] = {YAML_TEXTS, "a list of texts"}, [FORM_BARE] = {YAML_BARE, "a number or true or false"},
        [FORM_JSON] = {YAML_JSON, "a list or an object"}, [FORM_WHOLE] = {YAML_TEXT, "a text"}};
    bool empty_list = form == FORM_JSON && v->value.kind == YAML_TEXTS && v->value.n == 0;
    if (v->value.kind == wanted[form].kind || empty_list || (v->value.kind == YAML_REMOVE && form != FORM_WHOLE))
        return true;
    refuse(p, E_USAGE, v, arena_printf(p->a, "%.*s is %s", STR_FMT(v->field), wanted[form].what).p);
    return false;
}

static struct mesh_patch *patch_of(struct planning *p, struct str path, const struct target *t)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->patches[i].path, path))
            return &p->patches[i];
    struct err e = {0};
    struct mesh_patch patch = {.path = path};
    char *full = arena_strz(p->a, fs_join(p->a, p->m->dir, path));
    if (!fs_exists(full) && t->may_be_new) {
        patch.after = str_of(t->beginning);
    } else if (!fs_read(p->a, full, FILE_MAX_BYTES, &patch.before, &e)) {
        errs_push(p->es, &e);
        return NULL;
    } else {
        if (!patch.before.p)
            patch.before.p = "";
        patch.after = patch.before;
    }
    if (p->n == p->cap) {
        struct mesh_patch *more = arena_array(p->a, p->cap = p->cap ? p->cap * 2 : 8, sizeof *more);
        if (p->n)
            memcpy(more, p->patches, p->n * sizeof *more);
        p->patches = more;
    }
    p->patches[p->n] = patch;
    return &p->patches[p->n++];
}

static void plan_one(struct planning *p, const struct mesh_edit *v)
{
    struct target t;
    struct yaml_step steps[STEPS_MAX];
    struct err e = {0};
    const struct editable *what = find_editable(p, v);
    if (!what || !value_fits(p, v, what->form) || !find_target(p, v, &t))
        return;
    if (what->form == FORM_WHOLE && str_eq(v->kind, STR("product"))) {
        t.file = fs_join(p->a, fs_dirname(t.file), STR("README.md"));
        t.may_be_new = true;
        t.beginning = "";
    }
    struct mesh_patch *patch = patch_of(p, t.file, &t);
    if (!patch)
        return;
    if (what->form == FORM_WHOLE) {
        bool broken = v->value.text.n == 0 || v->value.text.p[v->value.text.n - 1] != '\n';
        patch->after = broken ? arena_printf(p->a, "%.*s\n", STR_FMT(v->value.text)) : arena_str(p->a, v->value.text);
        return;
    }
    size_t n = steps_of(what->path, &t, steps);
    if (str_eq(v->kind, STR("annotation")) && t.column.n) {
        steps[n - 1].also = STR("day");
        steps[n - 1].also_equals = t.column;
        /* Who sees other words in its place cannot change it: a second one would be added. */
        const struct yaml_value gone = {.kind = YAML_REMOVE};
        struct str without = patch->after;
        if (!yaml_set(p->a, t.file, patch->after, steps, n, &gone, &without, &e) || str_eq(without, patch->after)) {
            err_hint(refuse(p, E_NOT_FOUND, v, "its line is not found"), "change governance/annotations.yaml by hand");
            return;
        }
    }
    /* A new glossary that has to lose something has nothing. */
    if (!yaml_set(p->a, t.file, patch->after, steps, n, &v->value, &patch->after, &e))
        errs_push(p->es, &e);
}

bool mesh_edit_plan(struct arena *a, const struct mesh *m, const struct mesh_edit *v, size_t n, struct mesh_patch **out, size_t *n_out, struct errs *es)
{
    struct planning p = {.a = a, .m = m, .es = es};
    size_t before = es->n_errors, kept = 0;
    for (size_t i = 0; i < n; i++)
        plan_one(&p, &v[i]);
    for (size_t i = 0; i < p.n; i++) /* a value that was there already changes nothing */
        if (!p.patches[i].before.p || !str_eq(p.patches[i].before, p.patches[i].after))
            p.patches[kept++] = p.patches[i];
    *out = p.patches;
    *n_out = kept;
    return es->n_errors == before;
}
