/* Which rows are a person's: conditions in SQL, by what tells whose a row is. */
#include "privacy/person.h"

#include <ctype.h>
#include <string.h>

#include <sodium.h>

enum { PERSON_SQL_MAX = 4 << 20, TELLING_MIN = 8, PHONE_MIN = 7 };

static size_t digits_of(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += isdigit((unsigned char)s.p[i]) != 0;
    return n;
}

bool person_telling(struct str kind, struct str value)
{
    value = str_trim(value);
    if (str_eq(kind, STR("phone")))
        return digits_of(value) >= PHONE_MIN;
    return value.n >= TELLING_MIN || (value.n > 4 && memchr(value.p, '@', value.n));
}

bool person_text_type(struct str type)
{
    return str_starts(type, STR("VARCHAR")) || str_starts(type, STR("JSON")) || str_starts(type, STR("STRUCT")) || str_starts(type, STR("MAP")) ||
           (type.n > 2 && type.p[type.n - 1] == ']');
}

struct str person_text(struct arena *a, const struct str *columns, const struct str *types, size_t n)
{
    struct buf b = BUF_INIT(PERSON_SQL_MAX);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (!person_text_type(types[i]))
            continue;
        buf_addz(&b, any ? ", " : "concat_ws(chr(31), ");
        bool text = str_starts(types[i], STR("VARCHAR"));
        buf_addz(&b, text ? "" : "CAST(");
        buf_sql_ident(&b, columns[i]);
        buf_addz(&b, text ? "" : " AS VARCHAR)");
        any = true;
    }
    buf_addz(&b, any ? ")" : "''");
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

/* Columns that tell whose a row is, in every table that this program makes. */
static bool tells_whose(struct str column)
{
    static const char *const names[] = {"evidence", "customer_id", "user_id", "anonymous_id", "email", "phone", "contact_key", "value", "recipient"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(column, str_of(names[i])))
            return true;
    return false;
}

/* Columns by whose name a value of this kind may be short: user_id, shop_user_id. */
static bool column_of_kind(struct str column, struct str kind)
{
    return str_eq(column, kind) || str_eq(column, STR("value")) ||
           (column.n > kind.n + 1 && column.p[column.n - kind.n - 1] == '_' && memcmp(column.p + column.n - kind.n, kind.p, kind.n) == 0);
}

static bool has(struct str s, const char *word)
{
    return str_find(s, str_of(word), 0) != SIZE_MAX;
}

static void put_or(struct buf *b)
{
    buf_addz(b, b->n > 1 ? " OR " : "");
}

/* [lower('...'), ...] of identifiers: with no column those that tell a person in any column, with one the others that may stand in it. False: none. */
static bool put_values(struct buf *b, const struct person *p, struct str column)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_identifiers; i++) {
        const struct person_identifier *x = &p->identifiers[i];
        bool telling = person_telling(x->kind, x->value);
        if (x->shared || (column.n ? telling || !column_of_kind(column, x->kind) : !telling))
            continue;
        buf_addz(b, n++ ? ", lower(" : "[lower(");
        buf_sql_text(b, str_trim(x->value));
        buf_addc(b, ')');
    }
    for (size_t i = 0; i < p->customer_ids.n && column.n == 0; i++) {
        buf_addz(b, n++ ? ", " : "[");
        buf_sql_text(b, p->customer_ids.v[i]);
    }
    buf_addz(b, n ? "]" : "");
    return n > 0;
}

static bool plain_text(struct str type)
{
    return str_starts(type, STR("VARCHAR")) && !str_ends(type, STR("]"));
}

/* Any column equal to what tells the person. One comparison of two lists: as many IN, the engine plans a join for each column. */
static void put_any_column(struct buf *b, const struct person *p, const struct str *columns, const struct str *types, size_t n)
{
    struct buf values = BUF_INIT(PERSON_SQL_MAX);
    size_t compared = 0;
    bool any = put_values(&values, p, STR(""));
    for (size_t i = 0; any && i < n; i++) {
        if (!plain_text(types[i]))
            continue;
        if (compared == 0)
            put_or(b);
        buf_addz(b, compared++ ? ", lower(trim(" : "list_has_any([lower(trim(");
        buf_sql_ident(b, columns[i]);
        buf_addz(b, "))");
    }
    if (compared) {
        buf_addz(b, "], ");
        buf_add(b, buf_str(&values));
        buf_addc(b, ')');
    }
    if (values.p)
        sodium_memzero(values.p, values.n);
    buf_fini(&values);
}

/* What may stand in this column alone: short values of its kind, numbers in another spelling. */
static void put_column(struct buf *b, const struct person *p, struct str column)
{
    struct buf list = BUF_INIT(PERSON_SQL_MAX);
    if (put_values(&list, p, column)) {
        put_or(b);
        buf_addz(b, "list_contains(");
        buf_add(b, buf_str(&list));
        buf_addz(b, ", lower(trim(");
        buf_sql_ident(b, column);
        buf_addz(b, ")))");
    }
    if (list.p)
        sodium_memzero(list.p, list.n);
    buf_fini(&list);
    for (size_t i = 0; i < p->n_identifiers; i++) {
        const struct person_identifier *x = &p->identifiers[i];
        bool phone = str_eq(x->kind, STR("phone")) && !x->shared && digits_of(x->value) >= PHONE_MIN;
        if (!phone || !(has(column, "phone") || has(column, "mobile") || has(column, "tel") || str_eq(column, STR("value"))))
            continue;
        put_or(b);
        buf_addz(b, "ltrim(regexp_replace(");
        buf_sql_ident(b, column);
        buf_addz(b, ", '[^0-9]', '', 'g'), '0') = '");
        bool begun = false;
        for (size_t k = 0; k < x->value.n; k++)
            if (isdigit((unsigned char)x->value.p[k]) && (begun |= x->value.p[k] != '0'))
                buf_addc(b, x->value.p[k]);
        buf_addc(b, '\'');
    }
}

static struct str where(const struct person *p, struct arena *a, const struct str *columns, const struct str *types, size_t n, bool mentions)
{
    struct buf b = BUF_INIT(PERSON_SQL_MAX);
    bool told = !mentions;
    buf_addc(&b, '(');
    put_any_column(&b, p, columns, types, n);
    for (size_t i = 0; i < n; i++) {
        told |= tells_whose(columns[i]);
        if (plain_text(types[i]))
            put_column(&b, p, columns[i]);
        if (!str_eq(columns[i], STR("evidence")) || !str_eq(types[i], STR("BIGINT")) || p->n_evidence == 0)
            continue;
        put_or(&b);
        buf_addz(&b, "evidence IN (");
        for (size_t k = 0; k < p->n_evidence; k++)
            buf_printf(&b, "%s%lld", k ? ", " : "", (long long)p->evidence[k]);
        buf_addc(&b, ')');
    }
    struct str pattern = told ? STR("") : person_pattern(p, a);
    if (pattern.n) {
        put_or(&b);
        buf_add(&b, person_matches(a, pattern, person_text(a, columns, types, n)));
    }
    buf_addz(&b, b.n > 1 ? ")" : "false)");
    struct str s = arena_str(a, buf_str(&b));
    if (b.p)
        sodium_memzero(b.p, b.n);
    buf_fini(&b);
    return s;
}

struct str person_rows(const struct person *p, struct arena *a, const struct str *columns, const struct str *types, size_t n)
{
    return where(p, a, columns, types, n, false);
}

struct str person_where(const struct person *p, struct arena *a, const struct str *columns, const struct str *types, size_t n)
{
    return where(p, a, columns, types, n, true);
}

struct str person_said(const struct person *p, struct arena *a)
{
    static const struct str columns[] = {{"kind", 4}, {"value", 5}, {"customer_id", 11}}, types[] = {{"VARCHAR", 7}, {"VARCHAR", 7}, {"VARCHAR", 7}};
    return person_rows(p, a, columns, types, 3);
}
