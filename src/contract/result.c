/* Results and the questions that are put to the engine for them. */
#include "contract/contract_int.h"

bool contract_refuses(struct str severity)
{
    return severity.n == 0 || str_eq_nocase(severity, STR("error"));
}

struct store_check *contract_add(struct contract_run *run, struct str rule, struct str column, const char *metric,
                                 const char *dimension, struct str severity)
{
    if (run->n == run->cap) {
        size_t cap = run->cap ? run->cap * 2 : 32;
        struct store_check *v = arena_array(run->a, cap, sizeof *v);
        if (run->n)
            memcpy(v, run->v, run->n * sizeof *v);
        struct contract_failing *f = arena_array(run->a, cap, sizeof *f);
        if (run->n)
            memcpy(f, run->failing, run->n * sizeof *f);
        run->failing = f;
        run->v = v;
        run->cap = cap;
    }
    struct store_check *k = &run->v[run->n++];
    *k = (struct store_check){.run_id = run->run_id,
                              .evaluated_at_us = run->now_us,
                              .ref = run->port->ref_major,
                              .rule = rule,
                              .column = column,
                              .metric = str_of(metric),
                              .dimension = str_of(dimension),
                              .severity = severity.n ? severity : STR("error"),
                              .verdict = CHECK_PASSED};
    return k;
}

void contract_judge(struct store_check *k, bool holds, struct str message)
{
    k->verdict = holds ? CHECK_PASSED : contract_refuses(k->severity) ? CHECK_FAILED : CHECK_WARNED;
    if (!holds)
        k->message = message;
}

void contract_not_evaluated(struct store_check *k, struct str reason)
{
    k->verdict = CHECK_NOT_EVALUATED;
    k->message = reason;
}

/* Failures that say nothing about the rule: the check as a whole ends. */
static bool is_outside_cause(enum err_code code)
{
    return code == E_CANCELLED || code == E_TIMEOUT || code == E_MEMORY || code == E_IO || code == E_BUSY || code == E_ENGINE ||
           code == E_INTERNAL;
}

struct str contract_not_run(struct contract_run *run, const struct err *said)
{
    int64_t one;
    if (is_outside_cause(said->code)) {
        if (run->e)
            *run->e = *said;
        run->broken = true;
    } else if (!engine_value_i64(run->conn, STR("SELECT 1"), NULL, 0, &one, run->e)) {
        /* The failure has ended the transaction that the caller builds in. */
        err_set(run->e, said->code, "a rule could not be evaluated: %s", said->text);
        run->broken = true;
    }
    return arena_str(run->a, str_of(said->text));
}

static bool ask(struct contract_run *run, struct str sql, struct str *value, bool *null, struct str *why)
{
    struct err said = {0};
    if (engine_value(run->conn, sql, NULL, 0, run->a, value, null, &said))
        return true;
    *why = contract_not_run(run, &said);
    return false;
}

bool contract_count(struct contract_run *run, struct str sql, int64_t *out, struct str *why)
{
    struct str value;
    bool null;
    if (run->broken || !ask(run, sql, &value, &null, why))
        return false;
    *out = 0;
    return null || str_to_i64(value, out);
}

/* The one value of a query; *single false: it gives more. */
static bool one_value(struct contract_run *run, struct str sql, struct buf *value, bool *null, bool *single, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    const struct engine_column *cols;
    size_t rows = 0;
    *null = true;
    *single = true;
    bool ok = engine_query(run->conn, sql, NULL, 0, &r, e);
    if (ok)
        *single = engine_result_columns(r, &cols) == 1;
    while (ok && *single && (ok = engine_result_next(r, &ch, e)) && ch) {
        if (rows == 0 && engine_chunk_rows(ch) > 0 && !engine_cell_null(ch, 0, 0)) {
            engine_cell_text(ch, 0, 0, value);
            *null = false;
        }
        rows += engine_chunk_rows(ch);
        *single = rows <= 1;
    }
    engine_result_close(r);
    return ok && buf_ok(value, e);
}

bool contract_number(struct contract_run *run, struct str sql, double *out, bool *none, bool *text, struct str *why)
{
    struct buf value = BUF_INIT(1u << 20);
    struct err said = {0};
    bool single = true, ok = false;
    *text = false;
    if (run->broken)
        goto out;
    if (!one_value(run, sql, &value, none, &single, &said)) {
        *why = contract_not_run(run, &said);
        goto out;
    }
    if (!single) {
        *why = STR("the query gives several rows or columns; a rule compares one value");
        goto out;
    }
    ok = true;
    if (*none)
        goto out;
    if (str_eq(buf_str(&value), STR("true")) || str_eq(buf_str(&value), STR("false")))
        *out = value.n == 4;
    else
        *text = !str_to_f64(buf_str(&value), out);
out:
    buf_fini(&value);
    return ok;
}

struct str contract_ident(struct contract_run *run, struct str name)
{
    struct buf b = BUF_INIT(1 << 16);
    buf_sql_ident(&b, name);
    struct str s = arena_str(run->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

struct str contract_text(struct contract_run *run, struct str text)
{
    struct buf b = BUF_INIT(1 << 20);
    buf_sql_text(&b, text);
    struct str s = arena_str(run->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

const struct engine_column *contract_table_column(const struct contract_run *run, struct str name)
{
    for (size_t i = 0; i < run->n_cols; i++)
        if (str_eq_nocase(run->cols[i].name, name))
            return &run->cols[i];
    return NULL;
}

const struct mesh_column *contract_column(const struct mesh_contract *c, struct str name)
{
    for (size_t i = 0; i < c->n_columns; i++)
        if (str_eq_nocase(c->columns[i].name, name))
            return &c->columns[i];
    return NULL;
}

/* Asked so that the engine cannot work the answer out while it plans, where TRY does not reach: a failure there would end
 * the caller's transaction. */
bool contract_pattern_fits(struct contract_run *run, struct str pattern)
{
    struct str why,
        sql = arena_printf(run->a,
                           "SELECT CASE WHEN TRY(regexp_matches('', p)) IS NULL THEN 0 ELSE 1 END FROM (SELECT %.*s ||"
                           " CASE WHEN random() < 2 THEN '' ELSE 'x' END AS p)",
                           STR_FMT(contract_text(run, pattern)));
    int64_t fits;
    return contract_count(run, sql, &fits, &why) && fits == 1;
}

bool contract_pattern_looks_foreign(struct str p)
{
    for (size_t i = 0; i + 1 < p.n; i++) {
        if (p.p[i] == '\\') {
            char c = p.p[i + 1];
            if ((c >= '1' && c <= '9') || c == 'u' || c == 'k' || c == 'c')
                return true;
            i++;
        } else if (p.p[i] == '(' && p.p[i + 1] == '?' && i + 2 < p.n) {
            char c = p.p[i + 2];
            if (c == '=' || c == '!' || c == '>' || (c == '<' && i + 3 < p.n && (p.p[i + 3] == '=' || p.p[i + 3] == '!')))
                return true;
        }
    }
    return false;
}
