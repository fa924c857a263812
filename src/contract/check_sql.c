/* SQL rules. What is gated is what runs: placeholders become plain names, the text must be one SELECT inside the allowed
 * language that reads nothing but the checked table, and a temporary view of the connection gives that name its meaning. */
#include "contract/contract_int.h"

#include <math.h>

#include "base/log.h"
#include "sql/sql.h"

enum { RULE_SQL_BYTES_MAX = 1 << 16 };

/* {object} {table} ${object} ${table} -> the alias; {property} {column} ${…} -> the column. */
static bool fill_placeholders(struct contract_run *run, struct str query, struct str column, struct str *out, struct str *why)
{
    static const struct {
        const char *name;
        bool is_column;
    } words[] = {{"object", false}, {"table", false}, {"property", true}, {"column", true}};
    struct buf b = BUF_INIT(RULE_SQL_BYTES_MAX);
    bool ok = true;
    for (size_t i = 0; i < query.n && ok;) {
        size_t open = query.p[i] == '{' ? i : query.p[i] == '$' && i + 1 < query.n && query.p[i + 1] == '{' ? i + 1 : SIZE_MAX;
        size_t close = open == SIZE_MAX ? SIZE_MAX : str_find(query, STR("}"), open);
        bool known = false;
        if (close != SIZE_MAX) {
            struct str word = str_trim((struct str){query.p + open + 1, close - open - 1});
            for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
                if (!str_eq(word, str_of(words[k].name)))
                    continue;
                known = true;
                if (words[k].is_column && !column.n) {
                    *why = arena_printf(run->a, "the rule speaks of {%s} and does not stand at a column", words[k].name);
                    ok = false;
                } else if (words[k].is_column) {
                    buf_sql_ident(&b, column);
                } else {
                    buf_addz(&b, CONTRACT_OBJECT);
                }
            }
        }
        if (known)
            i = close + 1;
        else
            buf_addc(&b, query.p[i++]);
    }
    struct str text = str_trim(buf_str(&b));
    while (str_ends(text, STR(";")))
        text = str_trim((struct str){text.p, text.n - 1});
    if (ok && b.failed) {
        *why = STR("the query is too long");
        ok = false;
    }
    *out = arena_str(run->a, text);
    buf_fini(&b);
    return ok;
}

/* The names by which a query may speak of the checked table: the placeholder, the contract's own name for it, the port. */
static bool is_the_table(const struct contract_run *run, const struct sql_ref *r)
{
    const struct mesh_port *p = run->port;
    if (r->catalog.n)
        return false;
    if (!r->schema.n)
        return str_eq(r->table, STR(CONTRACT_OBJECT)) || str_eq_nocase(r->table, run->c->object_name) ||
               str_eq_nocase(r->table, p->name);
    return false;
}

static bool gate(struct contract_run *run, struct str sql, struct sql_ref **refs, size_t *n, struct str *why)
{
    struct sql_ast *ast = NULL;
    struct err said = {0};
    bool ok =
        sql_parse(run->conn, run->a, sql, &ast, &said) && sql_gate(ast, SQL_PORT, &said) && sql_refs(ast, run->a, refs, n, &said);
    if (ast)
        sql_ast_free(ast);
    if (!ok) {
        *why = arena_printf(run->a, "%s%s", said.code == E_SQL ? "the query is not SQL that Trellis understands: " : "",
                            contract_not_run(run, &said).p);
        return false;
    }
    for (size_t i = 0; i < *n; i++)
        if (!is_the_table(run, &(*refs)[i])) {
            *why = arena_printf(run->a, "the query reads %.*s%s%.*s; a rule may read only its own table, as {object}",
                                STR_FMT((*refs)[i].schema), (*refs)[i].schema.n ? "." : "", STR_FMT((*refs)[i].table));
            return false;
        }
    return true;
}

static bool make_views(struct contract_run *run, const struct sql_ref *refs, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!engine_exec(run->conn,
                         arena_printf(run->a, "CREATE OR REPLACE TEMPORARY VIEW %.*s AS SELECT * FROM %.*s",
                                      STR_FMT(contract_ident(run, refs[i].table)), STR_FMT(run->table)),
                         e))
            return false;
    return true;
}

static void drop_views(struct contract_run *run, const struct sql_ref *refs, size_t n)
{
    struct err e;
    for (size_t i = 0; i < n; i++)
        if (!engine_exec(run->conn,
                         arena_printf(run->a, "DROP VIEW IF EXISTS temp.%.*s", STR_FMT(contract_ident(run, refs[i].table))), &e))
            log_err(LOG_DEBUG, "contract", "view_kept", &e);
}

/* A number that is more than a count may be a value of a row (a maximum, say): of personal columns it is not kept. */
static bool may_show_a_value(const struct contract_run *run, struct str sql)
{
    struct str start = {sql.p, sql.n < 13 ? sql.n : 13};
    if (str_eq_nocase(start, STR("select count(")))
        return false;
    for (size_t i = 0; i < run->c->n_columns; i++)
        if (mesh_column_hidden(&run->c->columns[i]))
            for (size_t at = 0; at + run->c->columns[i].name.n <= sql.n; at++)
                if (str_eq_nocase((struct str){sql.p + at, run->c->columns[i].name.n}, run->c->columns[i].name))
                    return true;
    return false;
}

void contract_check_sql(struct contract_run *run, const struct contract_rule *r, struct store_check *k, struct str column)
{
    struct str sql, why = STR("");
    struct sql_ref *refs = NULL;
    size_t n = 0;
    double value = 0;
    bool none = false, text = false;
    struct err said = {0};
    if (r->op == OP_NONE) {
        contract_not_evaluated(k, STR("the rule has no mustBe… to compare with"));
        return;
    }
    if (!fill_placeholders(run, doc_str(run->d, r->node, "query"), column, &sql, &why) || !gate(run, sql, &refs, &n, &why)) {
        contract_not_evaluated(k, why);
        return;
    }
    if (!make_views(run, refs, n, &said)) {
        if (run->e)
            *run->e = said;
        run->broken = true;
        return;
    }
    bool ran = contract_number(run, sql, &value, &none, &text, &why);
    if (!run->broken)
        drop_views(run, refs, n);
    if (!ran || text) {
        contract_not_evaluated(k, text ? STR("the query gives a text; only a number or a truth value can be compared") : why);
        return;
    }
    if (r->percent && !none)
        value = run->rows ? 100.0 * value / (double)run->rows : 0;
    k->measured = none                         ? STR("nothing")
                  : may_show_a_value(run, sql) ? STR("hidden: personal")
                                               : arena_printf(run->a, r->percent ? "%.4g %%" : "%.15g", value);
    contract_judge(k, !none && isfinite(value) && contract_rule_holds(r, value), /* a division by zero holds nothing */
                   arena_printf(run->a, "%.*s: the query gives %.*s, which must be %.*s", STR_FMT(r->name), STR_FMT(k->measured),
                                STR_FMT(k->expected)));
    if (contract_rule_counts_bad(r))
        contract_failing_rule(run, k, sql);
}
