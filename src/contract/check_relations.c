/* Relationships: every value of a foreign key is found in the table it refers to, where that table is one of the mesh. */
#include "contract/contract_int.h"

enum { KEY_COLUMNS_MAX = 16 };

struct reference {
    struct str table, column;
};

/* "table.column"; anything else (paths by id) is not looked up. */
static bool parse_reference(struct str text, struct reference *out)
{
    struct str rest;
    out->table = str_cut(text, '.', &rest);
    out->column = rest;
    return out->table.n && rest.n && str_find(rest, STR("."), 0) == SIZE_MAX && str_find(text, STR("/"), 0) == SIZE_MAX;
}

/* A scalar or a list of texts. */
static size_t texts_of(const struct doc *d, const struct doc_node *n, struct str *out)
{
    size_t count = 0;
    if (!n)
        return 0;
    if (n->kind != DOC_SEQ) {
        out[count++] = doc_text(d, n);
        return count;
    }
    for (const struct doc_node *v = doc_first(d, n); v && count < KEY_COLUMNS_MAX; v = doc_next(d, v))
        out[count++] = doc_text(d, v);
    return count;
}

/* The other port as the builder's catalog names it: of the own domain first, then of `shared`. */
static struct str find_table(struct contract_run *run, struct str name)
{
    const struct str domains[] = {run->port->product ? run->port->product->domain->name : STR(""), STR("shared")};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        struct engine_column *cols;
        size_t n;
        if (!domains[i].n)
            continue;
        struct str qualified =
            arena_printf(run->a, "%.*s.%.*s", STR_FMT(contract_ident(run, domains[i])), STR_FMT(contract_ident(run, name)));
        struct err said = {0};
        if (engine_describe(run->conn, arena_printf(run->a, "SELECT * FROM %.*s", STR_FMT(qualified)), run->a, &cols, &n, &said))
            return qualified;
        contract_not_run(run, &said); /* absent is no failure, a failing engine is */
    }
    return (struct str){NULL, 0};
}

static void check_relation(struct contract_run *run, const struct doc_node *node, struct str column)
{
    struct str from[KEY_COLUMNS_MAX], to[KEY_COLUMNS_MAX], why, table = {NULL, 0};
    size_t n = texts_of(run->d, doc_get(run->d, node, "to"), to), n_from = 1;
    from[0] = column;
    if (!column.n) {
        n_from = texts_of(run->d, doc_get(run->d, node, "from"), from);
        for (size_t i = 0; i < n_from; i++) {
            struct reference r;
            if (parse_reference(from[i], &r))
                from[i] = r.column;
        }
    }
    struct store_check *k = contract_add(
        run, arena_printf(run->a, "%.*s refers to %.*s", STR_FMT(n_from ? from[0] : STR("")), STR_FMT(n ? to[0] : STR(""))),
        n_from == 1 ? from[0] : STR(""), "relationship", "consistency", STR("error"));
    k->expected = STR("0");
    if (n == 0 || n != n_from) {
        contract_not_evaluated(k, STR("the relationship names as many columns on one side as on the other"));
        return;
    }
    struct buf match = BUF_INIT(1 << 16), given = BUF_INIT(1 << 16);
    bool readable = true;
    for (size_t i = 0; i < n; i++) {
        struct reference r;
        readable =
            readable && parse_reference(to[i], &r) && contract_table_column(run, from[i]) && (i == 0 || str_eq(r.table, table));
        if (!readable)
            break;
        table = r.table;
        struct str mine = contract_ident(run, from[i]);
        buf_printf(&match, "%sother.%.*s = own.%.*s", i ? " AND " : "", STR_FMT(contract_ident(run, r.column)), STR_FMT(mine));
        buf_printf(&given, "%sown.%.*s IS NOT NULL", i ? " AND " : "", STR_FMT(mine));
    }
    struct str matches = arena_str(run->a, buf_str(&match)), present = arena_str(run->a, buf_str(&given));
    buf_fini(&match);
    buf_fini(&given);
    struct str other = {NULL, 0};
    bool itself = readable && str_eq_nocase(table, run->c->object_name);
    if (readable)
        other = itself ? run->table : find_table(run, table);
    int64_t orphans;
    if (!readable)
        contract_not_evaluated(k,
                               STR("the relationship is not between columns of this table and one other, written table.column"));
    else if (!other.n)
        contract_not_evaluated(
            k, arena_printf(run->a, "the table %.*s is not a built port of this domain or of shared", STR_FMT(table)));
    else if (!contract_count(
                 run,
                 arena_printf(run->a,
                              "SELECT count(*) FROM %.*s own WHERE %.*s AND NOT EXISTS (SELECT 1 FROM %.*s other WHERE %.*s)",
                              STR_FMT(run->table), STR_FMT(present), STR_FMT(other), STR_FMT(matches)),
                 &orphans, &why))
        contract_not_evaluated(k, why);
    else {
        k->measured = arena_printf(run->a, "%lld", (long long)orphans);
        contract_judge(
            k, orphans == 0,
            arena_printf(run->a, "%lld rows refer to a value that %.*s does not hold", (long long)orphans, STR_FMT(to[0])));
        contract_failing_select(
            run, k,
            arena_printf(run->a,
                         "SELECT own.* FROM " CONTRACT_OBJECT " own WHERE %.*s AND NOT EXISTS (SELECT 1 FROM %.*s other WHERE %.*s)",
                         STR_FMT(present), STR_FMT(itself ? STR(CONTRACT_OBJECT) : other), STR_FMT(matches)));
    }
}

void contract_check_relations(struct contract_run *run)
{
    for (const struct doc_node *n = doc_first(run->d, doc_get(run->d, run->c->object, "relationships")); n && !run->broken;
         n = doc_next(run->d, n))
        check_relation(run, n, STR(""));
    for (size_t i = 0; i < run->c->n_columns; i++)
        for (const struct doc_node *n = doc_first(run->d, doc_get(run->d, run->c->columns[i].node, "relationships"));
             n && !run->broken; n = doc_next(run->d, n))
            check_relation(run, n, run->c->columns[i].name);
}

/* As find_table: of the own domain first, then of `shared`. */
static const struct mesh_port *referred_port(const struct mesh *m, const struct mesh_port *from, struct str table, struct arena *a)
{
    const struct str domains[] = {from->product->domain->name, STR("shared")};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        const struct mesh_port *p = mesh_find_port(m, arena_printf(a, "%.*s.%.*s", STR_FMT(domains[i]), STR_FMT(table)));
        if (p)
            return p;
    }
    return NULL;
}

struct referred {
    const struct mesh *m;
    const struct mesh_port *from, **ports;
    struct arena *a;
    size_t n, cap;
};

static void refer(struct referred *r, const struct doc *d, const struct doc_node *list)
{
    for (const struct doc_node *l = doc_first(d, list); l; l = doc_next(d, l)) {
        struct str to[KEY_COLUMNS_MAX];
        struct reference reference;
        if (texts_of(d, doc_get(d, l, "to"), to) == 0 || !parse_reference(to[0], &reference))
            continue;
        const struct mesh_port *p = referred_port(r->m, r->from, reference.table, r->a);
        bool known = p == NULL || p == r->from;
        for (size_t i = 0; i < r->n && !known; i++)
            known = r->ports[i] == p;
        if (known)
            continue;
        if (r->n == r->cap) {
            const struct mesh_port **more = arena_array(r->a, r->cap = r->cap ? r->cap * 2 : 8, sizeof *more);
            if (r->n)
                memcpy(more, r->ports, r->n * sizeof *more);
            r->ports = more;
        }
        r->ports[r->n++] = p;
    }
}

const struct mesh_port **contract_referred(const struct mesh *m, const struct mesh_port *port, struct arena *a, size_t *n)
{
    struct referred r = {.m = m, .from = port, .a = a};
    const struct mesh_contract *c = port->contract;
    if (c) {
        refer(&r, c->doc, doc_get(c->doc, c->object, "relationships"));
        for (size_t i = 0; i < c->n_columns; i++)
            if (c->columns[i].node)
                refer(&r, c->doc, doc_get(c->doc, c->columns[i].node, "relationships"));
    }
    *n = r.n;
    return r.ports;
}
