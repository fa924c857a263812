/* What a contract promises and can never hold: seen without any data, for `trellis check`. */
#include "contract/contract_int.h"

struct lint {
    const struct mesh_contract *c;
    const struct doc *d;
    struct errs *es;
};

static struct err *complain(struct lint *l, bool warn, const struct doc_node *n, struct str text)
{
    uint32_t line = n->line, col = n->col;
    return warn ? errs_warn(l->es, E_CONTRACT, l->d->file, line, col, "%.*s", STR_FMT(text))
                : errs_add(l->es, E_CONTRACT, l->d->file, line, col, "%.*s", STR_FMT(text));
}

static void suggest_column(struct lint *l, struct err *e, struct str name)
{
    struct arena a;
    arena_init(&a);
    struct str *names = arena_array(&a, l->c->n_columns + 1, sizeof *names);
    for (size_t i = 0; i < l->c->n_columns; i++)
        names[i] = l->c->columns[i].name;
    int best = str_nearest(name, names, l->c->n_columns);
    if (best >= 0)
        err_hint(e, "did you mean \"%.*s\"?", STR_FMT(names[best]));
    arena_fini(&a);
}

static void lint_column(struct lint *l, const struct doc_node *n, const char *where)
{
    struct arena a;
    struct str name = doc_text(l->d, n);
    if (contract_column(l->c, name))
        return;
    arena_init(&a);
    suggest_column(l,
                   complain(l, false, n,
                            arena_printf(&a, "%s names \"%.*s\", which is no column of %.*s", where, STR_FMT(name),
                                         STR_FMT(l->c->object_name))),
                   name);
    arena_fini(&a);
}

static void lint_pattern(struct lint *l, const struct doc_node *n)
{
    if (n && contract_pattern_looks_foreign(doc_text(l->d, n)))
        err_hint(complain(l, true, n,
                          STR("this pattern can never be checked: the engine's regular expressions (RE2) have no look-ahead, "
                              "look-behind, back references or \\u")),
                 "write the rule as SQL, or split the pattern");
}

static void lint_library(struct lint *l, const struct contract_rule *r, bool at_column)
{
    const struct doc_node *arguments = doc_get(l->d, r->node, "arguments");
    if (str_eq(r->metric, STR("duplicateValues")) && !at_column) {
        const struct doc_node *list = doc_get(l->d, arguments, "properties");
        if (!list || list->kind != DOC_SEQ || !list->n_children)
            err_hint(complain(l, true, r->node,
                              STR("this rule can never be checked: duplicateValues of a table needs the columns that make a row "
                                  "one of its kind")),
                     "add arguments: {properties: [column, …]}");
        for (const struct doc_node *n = doc_first(l->d, list); n; n = doc_next(l->d, n))
            lint_column(l, n, "duplicateValues");
    } else if (str_eq(r->metric, STR("invalidValues"))) {
        const struct doc_node *pattern = doc_get(l->d, arguments, "pattern");
        if (!pattern && !doc_get(l->d, arguments, "validValues") && !doc_get(l->d, r->node, "pattern"))
            err_hint(complain(l, true, r->node, STR("this rule can never be checked: invalidValues needs to know what is valid")),
                     "add arguments: {validValues: […]} or {pattern: '…'}");
        lint_pattern(l, pattern);
    }
    if (!at_column && (str_eq(r->metric, STR("nullValues")) || str_eq(r->metric, STR("missingValues")) ||
                       str_eq(r->metric, STR("invalidValues"))))
        err_hint(complain(l, true, r->node, STR("this rule can never be checked: it is one of a column and stands at the table")),
                 "move it below the column it means");
}

static void lint_rule(struct lint *l, const struct doc_node *n, bool at_column)
{
    struct contract_rule r;
    contract_rule_read(l->d, n, &r);
    if ((r.op == OP_BETWEEN || r.op == OP_NOT_BETWEEN) && r.low > r.high)
        err_hint(complain(l, false, r.operand, STR("the smaller number must come first")), "swap the two");
    if (str_eq(r.type, STR("custom")))
        complain(l, true, n, STR("this rule is for another engine and is not evaluated here"));
    else if (str_eq(r.type, STR("library")))
        lint_library(l, &r, at_column);
    else if (str_eq(r.type, STR("sql")) && !at_column) {
        struct str query = doc_str(l->d, n, "query");
        if (str_find(query, STR("{property}"), 0) != SIZE_MAX || str_find(query, STR("{column}"), 0) != SIZE_MAX)
            err_hint(complain(l, true, doc_get(l->d, n, "query"),
                              STR("this rule can never be checked: it speaks of {property} and stands at the table")),
                     "move it below the column it means, or name the column");
    }
}

static bool number_of(const struct doc_node *n, double *out)
{
    if (!n || (n->kind != DOC_INT && n->kind != DOC_FLOAT))
        return false;
    *out = n->kind == DOC_INT ? (double)n->v.i : n->v.f;
    return true;
}

static void lint_options(struct lint *l, const struct doc_node *options)
{
    static const char *const ends[][2] = {{"minimum", "maximum"},
                                          {"exclusiveMinimum", "exclusiveMaximum"},
                                          {"minLength", "maxLength"},
                                          {"minItems", "maxItems"},
                                          {"minProperties", "maxProperties"}};
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct doc_node *low = doc_get(l->d, options, ends[i][0]), *high = doc_get(l->d, options, ends[i][1]);
        double x, y;
        if (!low || !high)
            continue;
        bool numbers = number_of(low, &x) && number_of(high, &y);
        if (numbers ? x > y : str_cmp(doc_text(l->d, low), doc_text(l->d, high)) > 0)
            err_hint(
                complain(l, false, high, arena_printf(&a, "%s is below %s: no value can satisfy both", ends[i][1], ends[i][0])),
                "swap the two");
    }
    lint_pattern(l, doc_get(l->d, options, "pattern"));
    arena_fini(&a);
}

static void lint_from(struct lint *l, const struct doc_node *from)
{
    struct arena a;
    if (!from || from->kind == DOC_SEQ)
        return;
    struct str rest, table = str_cut(doc_text(l->d, from), '.', &rest);
    if (!rest.p || str_find(rest, STR("/"), 0) != SIZE_MAX || !str_eq_nocase(table, l->c->object_name) ||
        contract_column(l->c, rest))
        return;
    arena_init(&a);
    suggest_column(l,
                   complain(l, false, from,
                            arena_printf(&a, "the relationship begins at \"%.*s\", which is no column of %.*s", STR_FMT(rest),
                                         STR_FMT(table))),
                   rest);
    arena_fini(&a);
}

static void lint_slas(struct lint *l)
{
    for (const struct doc_node *n = contract_slas(l->c); n; n = doc_next(l->d, n)) {
        struct contract_sla s;
        struct arena a;
        if (!contract_sla_read(l->c, n, &s))
            continue;
        arena_init(&a);
        if (s.column.n && !contract_column(l->c, s.column))
            suggest_column(l,
                           complain(l, true, doc_get(l->d, n, "element"),
                                    arena_printf(&a, "the service level names \"%.*s\", which is no column of %.*s",
                                                 STR_FMT(s.column), STR_FMT(l->c->object_name))),
                           s.column);
        if (s.limit_s < 0 && (s.kind == SLA_FRESHNESS || s.kind == SLA_FREQUENCY || s.kind == SLA_RETENTION))
            err_hint(
                complain(l, true, doc_get(l->d, n, "value"), STR("this is no duration, so the service level is never evaluated")),
                "write a number, with unit h, d, w, mo or y");
        arena_fini(&a);
    }
}

void contract_lint(const struct mesh_port *port, struct errs *es)
{
    if (!port->contract)
        return;
    struct lint l = {.c = port->contract, .d = port->contract->doc, .es = es};
    for (const struct doc_node *n = contract_rules(l.d, l.c->object); n; n = doc_next(l.d, n))
        lint_rule(&l, n, false);
    for (const struct doc_node *n = doc_first(l.d, doc_get(l.d, l.c->object, "relationships")); n; n = doc_next(l.d, n))
        lint_from(&l, doc_get(l.d, n, "from"));
    for (size_t i = 0; i < l.c->n_columns; i++) {
        const struct doc_node *column = l.c->columns[i].node;
        for (const struct doc_node *n = contract_rules(l.d, column); n; n = doc_next(l.d, n))
            lint_rule(&l, n, true);
        lint_options(&l, doc_get(l.d, column, "logicalTypeOptions"));
    }
    lint_slas(&l);
}
