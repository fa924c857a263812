/* dbt's property files: `sources:`, `models:`, `seeds:`, `snapshots:` with columns, constraints and generic tests; and back. */
#include "exchange/exchange_int.h"

struct place { struct intake *r; const struct doc *d; };

/* A test is a word or a map with one key. */
static struct str test_name(const struct doc *d, const struct doc_node *n, const struct doc_node **arguments)
{
    *arguments = NULL;
    if (n->kind == DOC_STRING)
        return doc_text(d, n);
    const struct doc_node *one = doc_first(d, n);
    if (n->kind != DOC_MAP || !one)
        return STR("");
    if (doc_get(d, n, "test_name")) {
        *arguments = n;
        return doc_str(d, n, "test_name");
    }
    *arguments = doc_get(d, one, "arguments") ? doc_get(d, one, "arguments") : one;
    return doc_key(d, one);
}

/* ref('orders') -> orders; source('shop', 'orders') -> shop.orders */
static struct str reference(struct arena *a, struct str to)
{
    struct str inside, rest;
    str_cut(to, '(', &inside);
    if (!inside.p)
        return STR("");
    struct str parts[2] = {{NULL, 0}, {NULL, 0}};
    inside = str_cut(inside, ')', &rest);
    parts[0] = str_cut(inside, ',', &parts[1]);
    for (size_t i = 0; i < 2; i++) {
        parts[i] = str_trim(parts[i]);
        while (parts[i].n && (parts[i].p[0] == '\'' || parts[i].p[0] == '"'))
            parts[i] = (struct str){parts[i].p + 1, parts[i].n - 1};
        while (parts[i].n && (parts[i].p[parts[i].n - 1] == '\'' || parts[i].p[parts[i].n - 1] == '"'))
            parts[i].n--;
    }
    return parts[1].n ? arena_printf(a, "%.*s.%.*s", STR_FMT(parts[0]), STR_FMT(parts[1])) : parts[0];
}

static void tests(struct place *p, struct mesh_inferred_column *c, const struct doc_node *list)
{
    for (const struct doc_node *n = doc_first(p->d, list); n; n = doc_next(p->d, n)) {
        const struct doc_node *arguments, *v;
        struct str name = test_name(p->d, n, &arguments);
        if (str_eq(name, STR("not_null"))) {
            c->required = true;
        } else if (str_eq(name, STR("unique"))) {
            c->unique = true;
        } else if (str_eq(name, STR("accepted_values")) && arguments) {
            const struct doc_node *values = doc_get(p->d, arguments, "values");
            c->values = arena_array(p->r->a, values ? values->n_children + 1 : 1, sizeof *c->values);
            c->n_values = 0;
            for (v = doc_first(p->d, values); v; v = doc_next(p->d, v))
                c->values[c->n_values++] = doc_text(p->d, v);
        } else if (str_eq(name, STR("relationships")) && arguments) {
            struct str to = reference(p->r->a, doc_str(p->d, arguments, "to"));
            if (to.n)
                c->references = arena_printf(p->r->a, "%.*s.%.*s", STR_FMT(to), STR_FMT(doc_str(p->d, arguments, "field")));
        } else {
            errs_warn(p->r->es, E_SCHEMA, p->r->file, n->line, n->col, "%.*s: the test %.*s has no rule that says the same; it is left out", STR_FMT(c->name), STR_FMT(name));
        }
    }
}

static void column(struct place *p, const struct doc_node *n)
{
    const struct doc *d = p->d;
    const struct doc_node *constraints, *k;
    struct mesh_inferred_column *c = intake_column(p->r, doc_str(d, n, "name"), n->line, n->col);
    if (!c)
        return;
    const struct doc_node *type = doc_get(d, n, "data_type");
    if (type)
        type_from_sql(p->r, c, doc_text(d, type), type->line, type->col);
    c->description = str_trim(doc_str(d, n, "description"));
    c->class_text = class_known(doc_text(d, doc_path(d, n, "meta.classification")));
    if (!c->class_text.n)
        c->class_text = class_known(doc_text(d, doc_path(d, n, "config.meta.classification")));
    tests(p, c, doc_get(d, n, "tests"));
    tests(p, c, doc_get(d, n, "data_tests"));
    constraints = doc_get(d, n, "constraints");
    for (k = doc_first(d, constraints); k; k = doc_next(d, k)) {
        struct str what = doc_str(d, k, "type");
        if (str_eq(what, STR("not_null")))
            c->required = true;
        else if (str_eq(what, STR("unique")))
            c->unique = true;
        else if (str_eq(what, STR("primary_key")))
            c->key_position = 1;
    }
}

static void table(struct place *p, const struct doc_node *n, struct str of)
{
    struct str name = doc_str(p->d, n, "name");
    if (!name.n) {
        errs_add(p->r->es, E_MISSING_KEY, p->r->file, n->line, n->col, "a table without a name");
        return;
    }
    struct exchange_table *t = intake_table(p->r, of.n ? arena_printf(p->r->a, "%.*s.%.*s", STR_FMT(of), STR_FMT(name)) : name, n->line, n->col);
    if (!t)
        return;
    t->description = str_trim(doc_str(p->d, n, "description"));
    const struct doc_node *columns = doc_get(p->d, n, "columns");
    for (const struct doc_node *c = doc_first(p->d, columns); c; c = doc_next(p->d, c))
        column(p, c);
}

void read_dbt_yaml(struct intake *r, struct str text)
{
    static const char *const lists[] = {"models", "seeds", "snapshots"};
    struct place p = {r, doc_parse_yaml(r->a, r->file, text, r->es)};
    if (!p.d)
        return;
    const struct doc_node *root = doc_root(p.d), *sources = doc_get(p.d, root, "sources");
    for (const struct doc_node *s = doc_first(p.d, sources); s; s = doc_next(p.d, s)) {
        const struct doc_node *tables = doc_get(p.d, s, "tables");
        for (const struct doc_node *t = doc_first(p.d, tables); t; t = doc_next(p.d, t))
            table(&p, t, doc_str(p.d, s, "name"));
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct doc_node *list = doc_get(p.d, root, lists[i]);
        for (const struct doc_node *t = doc_first(p.d, list); t; t = doc_next(p.d, t))
            table(&p, t, STR(""));
    }
}

/* ---- writing ---- */
static void described(struct buf *b, const char *indent, struct str description)
{
    if (!description.n)
        return;
    buf_printf(b, "%sdescription: ", indent);
    buf_json_str(b, description);
    buf_addc(b, '\n');
}

static void write_tests(struct buf *b, const struct mesh_inferred_column *c)
{
    bool required = c->required || c->key_position > 0;
    if (!required && !c->unique && !c->n_values && !c->references.n)
        return;
    buf_addz(b, "            data_tests:\n");
    if (required)
        buf_addz(b, "              - not_null\n");
    if (c->unique)
        buf_addz(b, "              - unique\n");
    if (c->n_values) {
        buf_addz(b, "              - accepted_values:\n                  arguments: {values: [");
        for (size_t i = 0; i < c->n_values; i++) {
            buf_addz(b, i ? ", " : "");
            buf_json_str(b, c->values[i]);
        }
        buf_addz(b, "]}\n");
    }
    if (c->references.n) {
        struct str column, to = str_cut(c->references, '.', &column);
        buf_printf(b, "              - relationships:\n                  arguments: {to: \"source('trellis', '%.*s')\", field: %.*s}\n", STR_FMT(to), STR_FMT(column));
    }
}

/* As a dbt source: to dbt, what Trellis publishes comes from outside. */
void write_dbt_yaml(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es)
{
    (void)a;
    (void)es;
    buf_printf(b, "version: 2\n\nsources:\n  - name: trellis\n");
    if (base.n)
        buf_printf(b, "    schema: %.*s\n", STR_FMT(base));
    buf_addz(b, "    tables:\n");
    for (size_t i = 0; i < set->n; i++) {
        const struct exchange_table *t = &set->tables[i];
        buf_printf(b, "      - name: %.*s\n", STR_FMT(t->name));
        described(b, "        ", t->description);
        buf_addz(b, "        columns:\n");
        for (size_t k = 0; k < t->n_columns; k++) {
            const struct mesh_inferred_column *c = &t->columns[k];
            buf_printf(b, "          - name: %.*s\n            data_type: ", STR_FMT(c->name));
            buf_json_str(b, c->physical_type);
            buf_addc(b, '\n');
            described(b, "            ", c->description);
            if (c->class_text.n)
                buf_printf(b, "            meta: {classification: %.*s}\n", STR_FMT(c->class_text));
            write_tests(b, c);
        }
    }
}
