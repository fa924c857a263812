/* See query_grammar.h. */
#include "query_grammar.h"

#include "sql/gate_tables.h"

enum { DEPTH_MAX = 5, SQL_ROOM = 12 * 1024 };

struct gen { const uint8_t *p, *end; struct buf *b; int depth; unsigned names; };

/* A number below n; when the bytes are used up, 0: the first alternative everywhere is the shortest. */
static unsigned pick(struct gen *g, unsigned n)
{
    if (g->p >= g->end || g->b->n > SQL_ROOM)
        return 0;
    unsigned v = *g->p++;
    if (n > 256 && g->p < g->end)
        v = v << 8 | *g->p++;
    return v % n;
}
#define ONE(g, list) (list)[pick(g, (unsigned)(sizeof(list) / sizeof *(list)))]

static const char *const plain[] = {"customer_id", "email", "phone", "note", "country"}, *const numbers[] = {"spent", "length(email)", "year(born)", "ascii(note)"};
static const char *const columns[] = {"spent", "country", "email", "phone", "note", "customer_id", "born", "tags", "props", "page", "evidence", "n", "amount", "owner", "x", "t1.email", "t1.note", "t2.customer_id", "t1", "t2"};
static const char *const seen[] = {"web.people", "web.people", "web.people_v1", "web.people", "web.clicks", "web.totals"};
static const char *const tables[] = {"web.people", "web.people_v1", "web.totals", "web.clicks", "crm.payroll", "web.shop__orders", "web.people_v1__failing", "c1", "range(5)", "generate_series(1, 3)", "mesh.built.p", "mesh.live.\"web.people_v1\"",
                                     "mesh.govern.consent_said", "information_schema.tables", "duckdb_views()", "pg_catalog.pg_class", "sqlite_master", "\"web\".\"people\"", "WEB.PEOPLE", "temp.main.trellis_groups"};
static const char *const literals[] = {"1", "'a'", "NULL", "0", "-1", "3.5", "DATE '2026-01-01'", "[1, 2]", "{'a': 1}", "'%'", "TRUE", "'DE'", "2147483647", "'c2'", "INTERVAL 1 DAY", "'hidden: personal'", "1e300", "''"};
/* Of texts and lists, that most often bind: where half of the calls go, so that many questions run. */
static const char *const text_calls[] = {"upper(%)", "lower(%)", "reverse(%)", "left(%, 3)", "substr(%, 2, 5)", "concat(%, 'x')", "replace(%, 'a', 'b')", "md5(%)", "sha256(%)", "hash(%)::VARCHAR", "string_agg(%, ',')", "min(%)", "max(%)", "any_value(%)", "first(%)",
                                         "list(%)::VARCHAR", "histogram(%)::VARCHAR", "mode(%)", "arg_max(%, spent)", "to_json(%)::VARCHAR", "regexp_extract(%, '.+')", "regexp_replace(%, '(.)', '\\1\\1')", "split(%, '@')::VARCHAR", "string_split(%, 'c')[1]", "coalesce(%, 'n')",
                                         "nullif(%, 'a')", "lpad(%, 20, '.')", "translate(%, 'abc', 'xyz')", "base64(encode(%))", "hex(%)", "unicode(%)::VARCHAR", "levenshtein(%, 'a')::VARCHAR", "trim(%)", "json_object('k', %)::VARCHAR", "struct_pack(a := %)::VARCHAR", "map([1], [%])::VARCHAR",
                                         "list_transform([%], lambda y: y || '!')::VARCHAR", "format_bytes(length(%))", "bar_of(%)", "lag(%) OVER (ORDER BY spent)", "first_value(%) OVER ()", "CASE WHEN % > 'a' THEN % ELSE 'b' END", "(SELECT max(z) FROM (SELECT % AS z))"};
static const char *const infix[] = {"=", "+", "||", "<", "AND", "OR", "<>", "-", "*", "/", "%", "LIKE", "ILIKE", "IS DISTINCT FROM", "^", "//", "~~~", "SIMILAR TO", "&", "<<"};
static const char *const types[] = {"VARCHAR", "INTEGER", "DOUBLE", "DATE", "BOOLEAN", "DECIMAL(9,2)", "VARCHAR[]", "JSON", "TIMESTAMP", "BIGINT", "BLOB", "TINYINT", "STRUCT(a VARCHAR)", "UUID"};

static void expr(struct gen *g);
static void query(struct gen *g);

static void put(struct gen *g, const char *z)
{
    buf_addz(g->b, z);
}

static void call(struct gen *g)
{
    static unsigned count;
    if (!count)
        while (gate_function_at(count))
            count++;
    const char *name = gate_function_at(pick(g, count));
    bool word = (name[0] >= 'a' && name[0] <= 'z') || name[0] == '_';
    put(g, word ? name : "coalesce");
    put(g, pick(g, 8) == 1 ? "(DISTINCT " : "(");
    for (unsigned i = 0, n = pick(g, 4); i <= n; i++) {
        put(g, i ? ", " : "");
        if (pick(g, 12) == 1)
            put(g, "lambda x: x");
        else
            expr(g);
    }
    put(g, pick(g, 10) == 1 ? " ORDER BY 1)" : ")");
    if (pick(g, 10) == 1) {
        put(g, " FILTER (WHERE ");
        expr(g);
        put(g, ")");
    }
    if (pick(g, 8) == 1) {
        put(g, " OVER (PARTITION BY ");
        expr(g);
        put(g, " ORDER BY ");
        expr(g);
        put(g, pick(g, 2) ? ")" : " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)");
    }
}

static void text(struct gen *g)
{
    if (g->depth >= DEPTH_MAX || pick(g, 3) == 0) {
        put(g, ONE(g, plain));
        return;
    }
    const char *form = ONE(g, text_calls), *inner = ONE(g, plain);
    g->depth++;
    for (const char *at = form; *at; at++) {
        if (*at == '%' && at[1] != '\'')
            put(g, inner);
        else
            buf_addc(g->b, *at);
    }
    g->depth--;
}

/* A condition that binds. */
static void condition(struct gen *g)
{
    static const char *const compare[] = {" = ", " <> ", " < ", " > ", " LIKE ", " IS DISTINCT FROM "};
    if (pick(g, 4) == 1) {
        expr(g);
        return;
    }
    if (pick(g, 2)) {
        text(g);
        put(g, ONE(g, compare));
        if (pick(g, 2))
            text(g);
        else
            put(g, "'c1'");
    } else {
        put(g, ONE(g, numbers));
        put(g, ONE(g, compare));
        put(g, ONE(g, numbers));
    }
}

static void expr(struct gen *g)
{
    if (pick(g, 3) != 1) {
        text(g);
        return;
    }
    if (g->depth >= DEPTH_MAX) {
        put(g, ONE(g, columns));
        return;
    }
    g->depth++;
    switch (pick(g, 13)) {
    case 0: case 1: put(g, ONE(g, columns)); break;
    case 2: put(g, ONE(g, literals)); break;
    case 3: case 4: case 5: call(g); break;
    case 6:
        put(g, "(");
        expr(g);
        put(g, " ");
        put(g, ONE(g, infix));
        put(g, " ");
        expr(g);
        put(g, ")");
        break;
    case 7:
        put(g, pick(g, 2) ? "CAST(" : "TRY_CAST(");
        expr(g);
        put(g, " AS ");
        put(g, ONE(g, types));
        put(g, ")");
        break;
    case 8:
        put(g, "CASE WHEN ");
        expr(g);
        put(g, " THEN ");
        expr(g);
        put(g, " ELSE ");
        expr(g);
        put(g, " END");
        break;
    case 9:
        put(g, pick(g, 2) ? "(" : "EXISTS (");
        query(g);
        put(g, ")");
        break;
    case 10:
        expr(g);
        put(g, pick(g, 2) ? " IN (" : " NOT IN (");
        if (pick(g, 2))
            query(g);
        else
            expr(g);
        put(g, ")");
        break;
    case 11:
        put(g, "[");
        expr(g);
        put(g, " FOR y IN [");
        expr(g);
        put(g, "]]");
        break;
    default:
        put(g, pick(g, 2) ? "COLUMNS(*)" : "*");
        break;
    }
    g->depth--;
}

static void table(struct gen *g)
{
    g->depth++;
    if (g->depth < DEPTH_MAX && pick(g, 6) == 1) {
        put(g, pick(g, 4) == 1 ? "LATERAL (" : "(");
        query(g);
        put(g, ")");
    } else {
        put(g, pick(g, 4) ? ONE(g, seen) : ONE(g, tables));
    }
    buf_printf(g->b, " AS t%u", ++g->names % 3 + 1);
    if (pick(g, 12) == 1)
        put(g, " TABLESAMPLE 50%");
    g->depth--;
}

static void from(struct gen *g)
{
    static const char *const joins[] = {" JOIN ", " LEFT JOIN ", " FULL JOIN ", " CROSS JOIN ", " SEMI JOIN ", " ANTI JOIN ", " NATURAL JOIN ", " POSITIONAL JOIN ", " ASOF JOIN "};
    put(g, " FROM ");
    table(g);
    for (unsigned n = pick(g, 4) / 2; n > 0; n--) {
        unsigned kind = pick(g, 9);
        put(g, joins[kind]);
        table(g);
        if (kind == 3 || kind == 6 || kind == 7)
            continue;
        put(g, " ON ");
        condition(g);
    }
}

static void select_one(struct gen *g)
{
    put(g, pick(g, 8) == 1 ? "SELECT DISTINCT " : "SELECT ");
    for (unsigned i = 0, n = pick(g, 3); i <= n; i++) {
        put(g, i ? ", " : "");
        expr(g);
        if (pick(g, 5) == 1)
            put(g, " AS x");
    }
    from(g);
    if (pick(g, 2)) {
        put(g, " WHERE ");
        condition(g);
    }
    if (pick(g, 4) == 1)
        put(g, " GROUP BY ALL");
    else if (pick(g, 4) == 1) {
        put(g, pick(g, 3) == 1 ? " GROUP BY ROLLUP (" : " GROUP BY (");
        expr(g);
        put(g, ")");
    }
    if (pick(g, 8) == 1) {
        put(g, pick(g, 2) ? " HAVING " : " QUALIFY ");
        expr(g);
    }
    if (pick(g, 5) == 1) {
        put(g, " ORDER BY ");
        expr(g);
    }
    if (pick(g, 6) == 1)
        put(g, " LIMIT 3");
}

static void query(struct gen *g)
{
    static const char *const sets[] = {" UNION ALL ", " UNION ", " EXCEPT ", " INTERSECT ", " UNION ALL BY NAME "};
    g->depth++;
    if (pick(g, 8) == 1 && g->depth < DEPTH_MAX) {
        put(g, pick(g, 3) == 1 ? "WITH RECURSIVE c1 AS (" : "WITH c1 AS (");
        query(g);
        put(g, ") ");
    }
    select_one(g);
    if (pick(g, 10) == 1 && g->depth < DEPTH_MAX) {
        put(g, ONE(g, sets));
        select_one(g);
    }
    g->depth--;
}

void grammar_query(const uint8_t *data, size_t size, struct buf *out)
{
    static const char *const whole[] = {"FROM web.people", "TABLE web.people", "UNPIVOT web.people ON email, note INTO NAME k VALUE v", "PIVOT web.people ON country IN ('DE', 'FR') USING max(note)", "DESCRIBE web.people", "SUMMARIZE web.people",
                                        "EXPLAIN SELECT * FROM web.people", "SHOW ALL TABLES", "EXPLAIN ANALYZE SELECT email FROM web.people"};
    struct gen g = {.p = data, .end = data + size, .b = out};
    if (pick(&g, 60) == 1)
        put(&g, ONE(&g, whole));
    else
        query(&g);
}
