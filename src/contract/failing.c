/* The rows behind a check that did not pass: what a check counts, said once more as a SELECT of the rows themselves. */
#include "contract/contract.h"

#include "contract/contract_int.h"
#include "sql/sql.h"

enum { FAILING_SQL_MAX = 4 << 20 };

static struct contract_failing *place(struct contract_run *run, const struct store_check *k)
{
    bool bad = k->verdict == CHECK_FAILED || k->verdict == CHECK_WARNED;
    return bad && !run->broken ? &run->failing[k - run->v] : NULL;
}

void contract_failing_select(struct contract_run *run, struct store_check *k, struct str sql)
{
    struct contract_failing *f = place(run, k);
    if (f)
        f->sql = sql;
}

void contract_failing_where(struct contract_run *run, struct store_check *k, struct str condition)
{
    if (place(run, k))
        contract_failing_select(run, k,
                                arena_printf(run->a, "SELECT * FROM " CONTRACT_OBJECT " WHERE %.*s", STR_FMT(condition)));
}

/* All rows of a repeated value stand beside each other, the first of them too. */
void contract_failing_repeats(struct contract_run *run, struct store_check *k, const struct str *columns, size_t n, bool ignore_nulls)
{
    struct buf b = BUF_INIT(FAILING_SQL_MAX), list = BUF_INIT(FAILING_SQL_MAX);
    if (!place(run, k))
        return;
    buf_addz(&b, "SELECT * FROM " CONTRACT_OBJECT);
    for (size_t i = 0; i < n; i++) {
        buf_addz(&list, i ? ", " : "");
        buf_sql_ident(&list, columns[i]);
        if (ignore_nulls) {
            buf_addz(&b, i ? " AND " : " WHERE ");
            buf_sql_ident(&b, columns[i]);
            buf_addz(&b, " IS NOT NULL");
        }
    }
    buf_printf(&b, " QUALIFY count(*) OVER (PARTITION BY %.*s) > 1 ORDER BY %.*s", STR_FMT(buf_str(&list)), STR_FMT(buf_str(&list)));
    if (!b.failed && !list.failed)
        contract_failing_select(run, k, arena_str(run->a, buf_str(&b)));
    buf_fini(&b);
    buf_fini(&list);
}

/* ---- rules written in SQL ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct str skip_space(struct str s)
{
    while (s.n && is_space(*s.p))
        s = (struct str){s.p + 1, s.n - 1};
    return s;
}

/* A name, quoted or not, or a keyword. */
static struct str cut_name(struct str *s)
{
    *s = skip_space(*s);
    size_t n = 0;
    if (s->n && *s->p == '"') {
        size_t end = str_find(*s, STR("\""), 1);
        n = end == SIZE_MAX ? 0 : end + 1;
    }
    while (n < s->n && (n == 0 || *s->p != '"') && is_word(s->p[n]))
        n++;
    struct str name = {s->p, n};
    *s = (struct str){s->p + n, s->n - n};
    return name;
}

static bool cut_all(struct str *s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str w = str_of(words[i]);
        *s = skip_space(*s);
        if (s->n < w.n || !str_eq_nocase((struct str){s->p, w.n}, w) || (is_word(w.p[w.n - 1]) && s->n > w.n && is_word(s->p[w.n])))
            return false;
        *s = (struct str){s->p + w.n, s->n - w.n};
    }
    return true;
}

/* `SELECT count(*) FROM name [alias] [WHERE condition]` and nothing else. The condition goes between brackets, where no other clause
 * can stand; what does not parse that way is no plain count. */
static bool rows_of_count(struct arena *a, struct str sql, struct str *out)
{
    static const char *const head[] = {"select", "count", "(", "*", ")", "from"}, *const where[] = {"where"}, *const as[] = {"as"};
    struct str rest = sql, name, alias = STR(""), ahead;
    if (!cut_all(&rest, head, sizeof head / sizeof *head))
        return false;
    name = cut_name(&rest);
    ahead = rest;
    if (cut_all(&ahead, as, 1))
        rest = ahead;
    ahead = rest;
    if (!cut_all(&ahead, where, 1))
        alias = cut_name(&rest);
    rest = skip_space(rest);
    if (!name.n || (rest.n && !cut_all(&rest, where, 1)))
        return false;
    *out = arena_printf(a, "SELECT * FROM %.*s%s%.*s%s%.*s%s", STR_FMT(name), alias.n ? " AS " : "", STR_FMT(alias),
                        rest.n ? " WHERE (" : "", STR_FMT(rest), rest.n ? "\n)" : "");
    return true;
}

void contract_failing_rule(struct contract_run *run, struct store_check *k, struct str sql)
{
    struct str rows;
    struct sql_ast *ast = NULL;
    struct err said = {0};
    if (!place(run, k) || !rows_of_count(run->a, sql, &rows))
        return;
    if (sql_parse(run->conn, run->a, rows, &ast, &said) && sql_gate(ast, SQL_PORT, &said))
        contract_failing_select(run, k, rows);
    if (ast)
        sql_ast_free(ast);
}

/* ---- for those who ask ---- */

struct str contract_failing_sql(const struct mesh_port *port, const struct contract_failing *f, struct str table_sql, int64_t limit,
                                struct arena *a)
{
    /* A rule's SQL may call its table by these names too. */
    const struct str names[] = {port->contract ? port->contract->object_name : STR(""), port->name};
    struct buf b = BUF_INIT(FAILING_SQL_MAX);
    buf_printf(&b, "WITH " CONTRACT_OBJECT " AS (SELECT * FROM %.*s)", STR_FMT(table_sql));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!names[i].n || str_eq_nocase(names[i], STR(CONTRACT_OBJECT)) || (i > 0 && str_eq_nocase(names[i], names[0])))
            continue;
        buf_addz(&b, ", ");
        buf_sql_ident(&b, names[i]);
        buf_addz(&b, " AS (SELECT * FROM " CONTRACT_OBJECT ")");
    }
    buf_printf(&b, " %.*s LIMIT %lld", STR_FMT(f->sql), (long long)limit);
    struct str sql = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return sql;
}

struct str contract_failing_none(const struct store_check *k)
{
    static const struct {
        const char *metric, *why;
    } reasons[] = {
        {"schema", "the column as a whole is concerned, not single rows"},
        {"rowCount", "the number of rows is judged, not single rows"},
        {"sla", "the age of the data as a whole is judged, not single rows"},
        {"sql", "the rule's SQL gives one figure for the table; rows can be told where it is SELECT count(*) FROM {object} WHERE … and "
                "must be small"},
    };
    if (k->verdict == CHECK_PASSED)
        return STR("no row breaks this rule");
    if (k->verdict == CHECK_NOT_EVALUATED)
        return k->message;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (str_eq(k->metric, str_of(reasons[i].metric)))
            return str_of(reasons[i].why);
    if (str_starts(k->expected, STR(">")) || str_starts(k->expected, STR("not")))
        return STR("the rule asks for more such rows, so that none of them is at fault");
    return STR("its rows are kept from the next build on");
}
