/* Quality rules: the standard's library of metrics, at columns and at the table. SQL rules: check_sql.c. */
#include "contract/contract_int.h"

/* What a metric counts. */
struct counted {
    int64_t n;
    struct str where;          /* the rows it counts, as a condition; empty: it is none */
    const struct str *repeats; /* or: rows that share these columns */
    size_t n_repeats;
    bool ignore_nulls;
};
/* False: it cannot be counted, *why says why. */
typedef bool (*metric_fn)(struct contract_run *run, const struct contract_rule *r, struct str column, struct counted *out,
                          struct str *why);

static bool count_where(struct contract_run *run, struct str condition, struct counted *out, struct str *why)
{
    out->where = condition;
    return contract_count(
        run, arena_printf(run->a, "SELECT count(*) FROM %.*s WHERE %.*s", STR_FMT(run->table), STR_FMT(condition)), &out->n, why);
}

static bool null_values(struct contract_run *run, const struct contract_rule *r, struct str column, struct counted *out, struct str *why)
{
    struct str condition = arena_printf(run->a, "%.*s IS NULL", STR_FMT(contract_ident(run, column)));
    (void)r;
    for (size_t i = 0; i < run->c->n_columns; i++)
        if (str_eq_nocase(run->c->columns[i].name, column) && run->nulls[i] >= 0) {
            *out = (struct counted){.n = run->nulls[i], .where = condition};
            return true;
        }
    return count_where(run, condition, out, why);
}

/* "x IN (…)" over the scalars of a list, each as a value of the column's type; *null: the list holds NULL. */
static struct str in_list(struct contract_run *run, struct str column, const struct doc_node *list, bool *null)
{
    const struct engine_column *t = contract_table_column(run, column);
    bool text = !t || t->type == ENGINE_TEXT;
    struct buf b = BUF_INIT(4 << 20);
    *null = false;
    buf_printf(&b, "%.*s IN (", STR_FMT(contract_ident(run, column)));
    size_t n = 0;
    for (const struct doc_node *v = doc_first(run->d, list); v; v = doc_next(run->d, v)) {
        if (v->kind == DOC_NULL && !v->quoted) {
            *null = true;
            continue;
        }
        struct str literal = contract_text(run, doc_text(run->d, v));
        buf_addz(&b, n++ ? ", " : "");
        if (text)
            buf_add(&b, literal);
        else
            buf_printf(&b, "TRY_CAST(%.*s AS %.*s)", STR_FMT(literal), STR_FMT(t->type_name));
    }
    buf_addc(&b, ')');
    struct str s = n ? arena_str(run->a, buf_str(&b)) : STR("false");
    buf_fini(&b);
    return s;
}

static bool missing_values(struct contract_run *run, const struct contract_rule *r, struct str column, struct counted *out,
                           struct str *why)
{
    const struct doc_node *list = doc_path(run->d, r->node, "arguments.missingValues");
    bool null;
    if (!list || list->kind != DOC_SEQ)
        return null_values(run, r, column, out, why); /* without a list, missing is what is NULL */
    struct str in = in_list(run, column, list, &null);
    return count_where(run,
                       arena_printf(run->a, "(%.*s)%s%.*s%s", STR_FMT(in), null ? " OR " : "",
                                    STR_FMT(null ? contract_ident(run, column) : STR("")), null ? " IS NULL" : ""),
                       out, why);
}

/* NULL is not invalid: nullValues counts it. */
static bool invalid_values(struct contract_run *run, const struct contract_rule *r, struct str column, struct counted *out,
                           struct str *why)
{
    const struct doc_node *list = doc_path(run->d, r->node, "arguments.validValues"),
                          *pattern = doc_path(run->d, r->node, "arguments.pattern");
    struct str x = contract_ident(run, column), condition = STR("");
    bool null;
    if (!pattern)
        pattern = doc_get(run->d, r->node, "pattern");
    if (!list && !pattern) {
        *why = STR("the rule has neither arguments.validValues nor arguments.pattern");
        return false;
    }
    if (list && list->kind == DOC_SEQ)
        condition = arena_printf(run->a, "coalesce(%.*s, false) = false", STR_FMT(in_list(run, column, list, &null)));
    if (pattern) {
        struct str text = doc_text(run->d, pattern);
        if (!contract_pattern_fits(run, text)) {
            *why = STR("the pattern uses what the engine's regular expressions (RE2) cannot hold, such as look-ahead");
            return false;
        }
        condition = arena_printf(run->a, "%.*s%sNOT regexp_matches(CAST(%.*s AS VARCHAR), %.*s)", STR_FMT(condition),
                                 condition.n ? " OR " : "", STR_FMT(x), STR_FMT(contract_text(run, text)));
    }
    return count_where(run, arena_printf(run->a, "%.*s IS NOT NULL AND (%.*s)", STR_FMT(x), STR_FMT(condition)), out, why);
}

static bool duplicate_values(struct contract_run *run, const struct contract_rule *r, struct str column, struct counted *out,
                             struct str *why)
{
    const struct doc_node *list = doc_path(run->d, r->node, "arguments.properties");
    if (column.n) {
        struct str *one = arena_array(run->a, 1, sizeof *one);
        *one = column;
        *out = (struct counted){.repeats = one, .n_repeats = 1, .ignore_nulls = true};
        return contract_duplicates(run, one, 1, true, &out->n, why);
    }
    if (!list || list->kind != DOC_SEQ || !list->n_children) {
        *why = STR("the rule names no columns: arguments.properties is missing");
        return false;
    }
    struct str *cols = arena_array(run->a, list->n_children, sizeof *cols);
    size_t n = 0;
    for (const struct doc_node *v = doc_first(run->d, list); v; v = doc_next(run->d, v)) {
        cols[n] = doc_text(run->d, v);
        if (!contract_table_column(run, cols[n])) {
            *why = arena_printf(run->a, "the table has no column %.*s", STR_FMT(cols[n]));
            return false;
        }
        n++;
    }
    *out = (struct counted){.repeats = cols, .n_repeats = n};
    return contract_duplicates(run, cols, n, false, &out->n, why);
}

static bool row_count(struct contract_run *run, const struct contract_rule *r, struct str column, struct counted *out, struct str *why)
{
    (void)r, (void)column, (void)why;
    out->n = run->rows;
    return true;
}

static const struct metric {
    const char *name, *dimension;
    metric_fn count;
    bool at_column, at_table;
    const char *words; /* "<n> rows of <column> <words>" */
} metrics[] = {
    {"nullValues", "completeness", null_values, true, false, "have no value"},
    {"missingValues", "completeness", missing_values, true, false, "have a value that counts as missing"},
    {"invalidValues", "conformity", invalid_values, true, false, "have a value outside the valid ones"},
    {"duplicateValues", "uniqueness", duplicate_values, true, true, "repeat another row's value"},
    {"rowCount", "completeness", row_count, true, true, "are in the table"},
};

static struct str measured_text(struct contract_run *run, const struct contract_rule *r, double value)
{
    return arena_printf(run->a, r->percent ? "%.4g %%" : "%.15g", value);
}

static void check_library(struct contract_run *run, const struct contract_rule *r, struct str column)
{
    const struct metric *m = NULL;
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        if (str_eq(r->metric, str_of(metrics[i].name)))
            m = &metrics[i];
    struct store_check *k = contract_add(run, r->name, column, m ? m->name : "", m ? m->dimension : "", r->severity);
    if (r->dimension.n)
        k->dimension = r->dimension;
    k->expected = contract_rule_expected(run->a, run->d, r);
    struct str why = STR("");
    struct counted count = {0};
    if (!m)
        why = arena_printf(run->a, "\"%.*s\" is no metric of the standard's library", STR_FMT(r->metric));
    else if (r->op == OP_NONE)
        why = STR("the rule has no mustBe… to compare with");
    else if (column.n ? !m->at_column : !m->at_table)
        why = arena_printf(run->a, "%s is a rule of a %s", m->name, column.n ? "table" : "column");
    else if (column.n && m->count != row_count && !contract_table_column(run, column))
        why = arena_printf(run->a, "the table has no column %.*s", STR_FMT(column));
    if (why.n || !m->count(run, r, column, &count, &why)) {
        contract_not_evaluated(k, why);
        return;
    }
    double value = r->percent ? (run->rows ? 100.0 * (double)count.n / (double)run->rows : 0) : (double)count.n;
    k->measured = measured_text(run, r, value);
    contract_judge(k, contract_rule_holds(r, value),
                   arena_printf(run->a, "%.*s: %.*s %s%.*s %s, which must be %.*s", STR_FMT(r->name), STR_FMT(k->measured),
                                r->percent ? "of rows" : "rows",
                                STR_FMT(column.n ? arena_printf(run->a, " of %.*s", STR_FMT(column)) : STR("")), m->words,
                                STR_FMT(k->expected)));
    if (!contract_rule_counts_bad(r))
        return;
    if (count.n_repeats)
        contract_failing_repeats(run, k, count.repeats, count.n_repeats, count.ignore_nulls);
    else if (count.where.n)
        contract_failing_where(run, k, count.where);
}

/* What changed rows alone can tell: rows at fault, of which there must be none. */
static bool of_single_rows(struct contract_run *run, const struct contract_rule *r)
{
    return str_eq(r->type, STR("library")) && !str_eq(r->metric, STR("rowCount")) && contract_rule_counts_bad(r) && !r->percent &&
           str_eq(contract_rule_expected(run->a, run->d, r), STR("0"));
}

static void check_rule(struct contract_run *run, const struct doc_node *node, struct str column)
{
    struct contract_rule r;
    contract_rule_read(run->d, node, &r);
    if (run->whole.n > 0 && !of_single_rows(run, &r))
        return;
    if (str_eq(r.type, STR("library"))) {
        check_library(run, &r, column);
        return;
    }
    struct store_check *k = contract_add(run, r.name, column,
                                         str_eq(r.type, STR("sql"))    ? "sql"
                                         : str_eq(r.type, STR("text")) ? "text"
                                                                       : "custom",
                                         "", r.severity);
    k->dimension = r.dimension;
    k->expected = contract_rule_expected(run->a, run->d, &r);
    if (str_eq(r.type, STR("sql")))
        contract_check_sql(run, &r, k, column);
    else if (str_eq(r.type, STR("text")))
        contract_not_evaluated(k, STR("the rule is written for people"));
    else
        contract_not_evaluated(
            k, arena_printf(run->a, "the rule is for another engine (%.*s)", STR_FMT(doc_str(run->d, node, "engine"))));
}

void contract_check_rules(struct contract_run *run)
{
    for (const struct doc_node *n = contract_rules(run->d, run->c->object); n && !run->broken; n = doc_next(run->d, n))
        check_rule(run, n, STR(""));
    for (size_t i = 0; i < run->c->n_columns; i++)
        for (const struct doc_node *n = contract_rules(run->d, run->c->columns[i].node); n && !run->broken;
             n = doc_next(run->d, n))
            check_rule(run, n, run->c->columns[i].name);
}
