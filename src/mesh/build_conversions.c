/* Second stage: `mesh_conversion_rows('orders', x)` in the SQL of a port becomes the rows of x that are conversions, as governance/attribution.yaml
 * declares them. It is written out here, and not a function of the engine, so that everything after (inputs, lineage, deltas, fingerprints)
 * sees plain SQL. No line is added, so that places in messages stay those of the file. docs/attribution.md. */
#include "mesh/mesh_int.h"

#include "mesh/functions.h"

enum { EXPANDED_MAX_BYTES = 1 << 20 };
static const char word[] = "mesh_conversion_rows";

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t spaces(struct str s, size_t i)
{
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r'))
        i++;
    return i;
}

/* Behind a comment, a text or a quoted name that begins at i; i itself where none does. */
static size_t skipped(struct str s, size_t i)
{
    char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : '\0';
    size_t end = SIZE_MAX, ends = 1;
    if (c == '-' && next == '-') {
        end = str_find(s, STR("\n"), i);
    } else if (c == '/' && next == '*') {
        end = str_find(s, STR("*/"), i + 2);
        ends = 2;
    } else if (c == '\'' || c == '"') {
        end = str_find(s, (struct str){s.p + i, 1}, i + 1);
    } else {
        return i;
    }
    return end == SIZE_MAX ? s.n : end + ends;
}

/* The next place of the word in code, from `from` on; SIZE_MAX: none. */
static size_t word_find(struct str s, size_t from)
{
    for (size_t i = from; i < s.n;) {
        size_t next = skipped(s, i);
        if (next != i) {
            i = next;
            continue;
        }
        if (!is_word(s.p[i])) {
            i++;
            continue;
        }
        size_t end = i;
        while (end < s.n && is_word(s.p[end]))
            end++;
        if (str_eq_nocase((struct str){s.p + i, end - i}, str_of(word)))
            return i;
        i = end;
    }
    return SIZE_MAX;
}

/* ('orders', x) or ('orders', domain.port): fills both, *end is behind the bracket. */
static bool arguments(struct str s, size_t at, struct str *from, struct str *rows, size_t *end)
{
    size_t i = spaces(s, at), close;
    if (i >= s.n || s.p[i] != '(')
        return false;
    i = spaces(s, i + 1);
    if (i >= s.n || s.p[i] != '\'' || (close = str_find(s, STR("'"), i + 1)) == SIZE_MAX)
        return false;
    *from = (struct str){s.p + i + 1, close - i - 1};
    i = spaces(s, close + 1);
    if (i >= s.n || s.p[i] != ',')
        return false;
    size_t begin = i = spaces(s, i + 1);
    while (i < s.n && (is_word(s.p[i]) || s.p[i] == '.'))
        i++;
    *rows = (struct str){s.p + begin, i - begin};
    i = spaces(s, i);
    if (!rows->n || i >= s.n || s.p[i] != ')')
        return false;
    *end = i + 1;
    return true;
}

/* Comments of a condition end where it does. */
static void put_bracketed(struct buf *b, struct str text)
{
    buf_addc(b, '(');
    buf_add(b, text);
    buf_addz(b, str_find(text, STR("--"), 0) != SIZE_MAX ? "\n)" : ")");
}

static void put_conversion(struct buf *b, const struct mesh_conversion *c, struct str rows)
{
    struct str last = rows;
    for (size_t i = rows.n; i-- > 0;)
        if (rows.p[i] == '.') {
            last = (struct str){rows.p + i + 1, rows.n - i - 1};
            break;
        }
    buf_addz(b, "SELECT ");
    buf_sql_text(b, c->name);
    buf_addz(b, " AS conversion, CAST(");
    if (c->value.n)
        put_bracketed(b, c->value);
    else
        buf_addz(b, "NULL");
    buf_printf(b, " AS DECIMAL(18,6)) AS value_reporting, %.*s.* FROM %.*s WHERE ", STR_FMT(last), STR_FMT(rows));
    put_bracketed(b, c->where);
    for (size_t i = 0; i < c->events.n; i++) {
        buf_addz(b, i ? ", " : " AND name IN (");
        buf_sql_text(b, c->events.v[i]);
    }
    if (c->events.n)
        buf_addc(b, ')');
}

static bool put_rows(struct load *l, struct buf *b, struct str from, struct str rows)
{
    const struct mesh_attribution *t = &l->m->attribution;
    enum mesh_conversion_from kind;
    size_t n = 0;
    if (!mesh_conversion_from_find(from, &kind))
        return false;
    buf_addc(b, '(');
    for (size_t i = 0; i < t->n_conversions; i++) {
        if (t->conversions[i].from != kind)
            continue;
        buf_addz(b, n++ ? " UNION ALL " : "");
        put_conversion(b, &t->conversions[i], rows);
    }
    if (!n) {
        const struct mesh_conversion none = {.where = STR("false")};
        put_conversion(b, &none, rows);
    }
    buf_addc(b, ')');
    return true;
}

/* Behind the brackets that stand at i, if any. */
static size_t call_end(struct str s, size_t i)
{
    size_t open = 0, at = spaces(s, i);
    while (at < s.n && (open || s.p[at] == '(')) {
        size_t next = skipped(s, at);
        if (next != at) {
            at = next;
            continue;
        }
        open += s.p[at] == '(';
        open -= s.p[at] == ')';
        at++;
        if (!open)
            return at;
    }
    return i;
}

static void misused(struct load *l, struct str sql, size_t at, struct str file)
{
    uint32_t line = 1, col = 1;
    for (size_t i = 0; i < at; i++) {
        col = sql.p[i] == '\n' ? 1 : col + 1;
        line += sql.p[i] == '\n';
    }
    hint(errs_add(l->es, E_SQL, file, line, col, "mesh_conversion_rows cannot be read here"),
         "write FROM mesh_conversion_rows('orders', x) AS c, where x is a common table or domain.port; or 'opportunities', 'events'");
}

struct str build_conversion_rows(struct load *l, struct str sql, struct str file)
{
    struct buf b = BUF_INIT(EXPANDED_MAX_BYTES);
    struct str from, rows, out = sql;
    struct err e = {0};
    size_t done = 0, end = 0;
    if (!mesh_function_called(sql, word))
        return sql;
    for (size_t at = word_find(sql, 0); at != SIZE_MAX; at = word_find(sql, end)) {
        end = at + sizeof word - 1;
        buf_add(&b, (struct str){sql.p + done, at - done});
        if (!arguments(sql, end, &from, &rows, &end) || !put_rows(l, &b, from, rows)) {
            misused(l, sql, at, file);
            buf_addz(&b, "(SELECT NULL AS conversion)"); /* said once: what stands here is no further mistake */
            end = call_end(sql, end);
        }
        done = end;
    }
    buf_add(&b, (struct str){sql.p + done, sql.n - done});
    if (!buf_ok(&b, &e))
        hint(at_file(l, e.code, file, "this SQL is too long with the conversions written out: %s", e.text), "declare fewer conversions, or shorter conditions");
    else if (done)
        out = arena_str(l->a, buf_str(&b));
    buf_fini(&b);
    return out;
}
