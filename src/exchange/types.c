/* Column types of other dialects in the engine's names. */
#include "mesh/types.h"

#include "exchange/exchange_int.h"

/* Words of Snowflake, BigQuery, Redshift, PostgreSQL, MySQL, SQL Server and Oracle that the engine does not know. `args`: its
 * parentheses are kept ("NUMBER(10,2)"). Source: the vendors' type references. */
static const struct {
    const char *theirs, *ours;
    bool args;
} dialects[] = {
    {"ARRAY", "JSON", false}, {"AUTOINCREMENT", "BIGINT", false}, {"BIGDECIMAL", "DECIMAL", true}, {"BIGNUMERIC", "DECIMAL", true},
    {"BIGSERIAL", "BIGINT", false}, {"BINARY", "BLOB", false}, {"BIT", "BOOLEAN", false}, {"BYTEINT", "SMALLINT", false}, {"BYTES", "BLOB", false},
    {"BPCHAR", "VARCHAR", false}, {"CHARACTER", "VARCHAR", false}, {"CITEXT", "VARCHAR", false}, {"CLOB", "VARCHAR", false}, {"DATETIME2", "TIMESTAMP", false},
    {"DATETIMEOFFSET", "TIMESTAMP WITH TIME ZONE", false}, {"DEC", "DECIMAL", true}, {"DOUBLE", "DOUBLE", false}, {"ENUM", "VARCHAR", false},
    {"FIXED", "DECIMAL", true}, {"FLOAT64", "DOUBLE", false}, {"GEOGRAPHY", "VARCHAR", false}, {"GEOMETRY", "VARCHAR", false}, {"INET", "VARCHAR", false},
    {"INT64", "BIGINT", false}, {"INT UNSIGNED", "UINTEGER", false}, {"INTEGER UNSIGNED", "UINTEGER", false}, {"BIGINT UNSIGNED", "UBIGINT", false},
    {"SMALLINT UNSIGNED", "USMALLINT", false}, {"TINYINT UNSIGNED", "UTINYINT", false}, {"JSONB", "JSON", false}, {"LONGBLOB", "BLOB", false},
    {"LONGTEXT", "VARCHAR", false}, {"MAP", "JSON", false}, {"MEDIUMBLOB", "BLOB", false}, {"MEDIUMINT", "INTEGER", false}, {"MEDIUMTEXT", "VARCHAR", false},
    {"MONEY", "DECIMAL(19,4)", false}, {"NCHAR", "VARCHAR", false}, {"NTEXT", "VARCHAR", false}, {"NUMBER", "DECIMAL", true}, {"NVARCHAR2", "VARCHAR", false},
    {"OBJECT", "JSON", false}, {"RECORD", "JSON", false}, {"SERIAL", "INTEGER", false}, {"SMALLDATETIME", "TIMESTAMP", false},
    {"SMALLMONEY", "DECIMAL(10,4)", false}, {"SMALLSERIAL", "SMALLINT", false}, {"STRUCT", "JSON", false}, {"SUPER", "JSON", false}, {"TINYBLOB", "BLOB", false},
    {"TINYTEXT", "VARCHAR", false}, {"TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP", false}, {"TIMESTAMP_LTZ", "TIMESTAMP WITH TIME ZONE", false},
    {"TIMESTAMP_NTZ", "TIMESTAMP", false}, {"TIMESTAMP_TZ", "TIMESTAMP WITH TIME ZONE", false}, {"TIMESTAMPLTZ", "TIMESTAMP WITH TIME ZONE", false},
    {"TIMESTAMPNTZ", "TIMESTAMP", false}, {"TIME WITHOUT TIME ZONE", "TIME", false}, {"TIME WITH TIME ZONE", "TIME", false},
    {"TIMETZ", "TIME", false}, {"UNIQUEIDENTIFIER", "UUID", false}, {"VARBINARY", "BLOB", false}, {"VARCHAR2", "VARCHAR", false}, {"VARIANT", "JSON", false},
    {"XML", "VARCHAR", false}, {"YEAR", "SMALLINT", false},
};

static const struct { const char *physical, *logical; } families[] = {
    {"DECIMAL", "number"}, {"DOUBLE", "number"}, {"FLOAT", "number"}, {"DATE", "date"}, {"TIMESTAMP", "timestamp"}, {"TIME", "time"}, {"BOOLEAN", "boolean"},
    {"JSON", "object"}, {"STRUCT", "object"}, {"MAP", "object"}, {"BIGINT", "integer"}, {"INTEGER", "integer"}, {"SMALLINT", "integer"}, {"TINYINT", "integer"},
    {"HUGEINT", "integer"}, {"UBIGINT", "integer"}, {"UINTEGER", "integer"}, {"USMALLINT", "integer"}, {"UTINYINT", "integer"}, {"UHUGEINT", "integer"},
};

bool type_decimal(struct str physical, int *precision, int *scale)
{
    struct str inside, rest, base = str_cut(physical, '(', &inside);
    int64_t p = 18, s = 3;
    if (!str_eq(base, STR("DECIMAL")))
        return false;
    if (inside.p && inside.n) {
        struct str first = str_cut((struct str){inside.p, inside.n - 1}, ',', &rest);
        if (!str_to_i64(str_trim(first), &p) || (rest.p && !str_to_i64(str_trim(rest), &s)))
            return false;
        if (!rest.p)
            s = 0;
    }
    *precision = (int)p;
    *scale = (int)s;
    return true;
}

struct str type_logical(struct str physical)
{
    int p, s;
    if (str_ends(physical, STR("[]")))
        return STR("array");
    if (type_decimal(physical, &p, &s) && s == 0)
        return STR("integer");
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (str_starts(physical, str_of(families[i].physical)))
            return str_of(families[i].logical);
    return STR("string");
}

void type_set(struct mesh_inferred_column *c, struct str physical)
{
    c->physical_type = physical;
    c->logical_type = type_logical(physical);
}

/* "character varying (20)" -> "CHARACTER VARYING", and what stands in the parentheses. What follows them ("unsigned", "with time zone") counts to the name. */
static struct str cut_arguments(struct arena *a, struct str type, struct str *arguments)
{
    char *out = arena_strz(a, type);
    size_t n = 0, open = SIZE_MAX, close = 0;
    int depth = 0;
    for (size_t i = 0; i < type.n; i++) {
        char c = type.p[i];
        if ((c == '(' || c == '<') && depth++ == 0 && open == SIZE_MAX)
            open = i + 1;
        if (depth == 0) {
            char up = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
            bool space = up == ' ' || up == '\t' || up == '\n' || up == '\r';
            if (!space)
                out[n++] = up;
            else if (n && out[n - 1] != ' ')
                out[n++] = ' ';
        }
        if ((c == ')' || c == '>') && depth > 0 && --depth == 0)
            close = i;
    }
    *arguments = open != SIZE_MAX && close >= open ? (struct str){type.p + open, close - open} : STR("");
    return str_trim((struct str){out, n});
}

void type_from_sql(struct intake *r, struct mesh_inferred_column *c, struct str type, uint32_t line, uint32_t col)
{
    struct str near, arguments, found = {NULL, 0}, base;
    type = str_trim(type);
    base = cut_arguments(r->a, type, &arguments);
    bool list = str_ends(base, STR("[]")), one_bit = str_eq(base, STR("TINYINT")) && str_eq(str_trim(arguments), STR("1"));
    if (list) {
        type_set(c, STR("JSON"));
        return;
    }
    if (one_bit)
        found = STR("BOOLEAN");
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects && !found.p; i++) {
        if (!str_eq(str_of(dialects[i].theirs), base))
            continue;
        found = str_of(dialects[i].ours);
        if (dialects[i].args)
            found = type_canonical(r->a, arguments.n ? arena_printf(r->a, "DECIMAL(%.*s)", STR_FMT(arguments)) : STR("DECIMAL(38,9)"), &near);
    }
    if (!found.p && str_eq(base, STR("TIMESTAMP WITH TIME ZONE")))
        found = base;
    if (!found.p) {
        bool exact = str_eq(base, STR("DECIMAL")) || str_eq(base, STR("NUMERIC"));
        found = type_canonical(r->a, !exact ? base : arguments.n ? arena_printf(r->a, "DECIMAL(%.*s)", STR_FMT(arguments)) : STR("DECIMAL(38,9)"), &near);
    }
    if (found.p) {
        int64_t length;
        type_set(c, found);
        if (str_eq(found, STR("VARCHAR")) && str_to_i64(str_trim(arguments), &length) && length > 0)
            c->max_length = length;
        return;
    }
    struct err *e = errs_warn(r->es, E_SCHEMA, r->file, line, col, "%.*s: the type %.*s is not known, taken as text", STR_FMT(c->name),
                              (int)(type.n < 60 ? type.n : 60), type.p);
    err_hint(e, "set physicalType in the contract if it is something else");
    type_set(c, STR("VARCHAR"));
}

struct str class_known(struct str word)
{
    static const char *const words[] = {"public", "internal", "confidential", "personal", "sensitive"};
    static const struct { const char *theirs, *ours; } others[] = {{"pii", "personal"}, {"restricted", "confidential"}, {"private", "confidential"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq_nocase(word, str_of(words[i])))
            return str_of(words[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (str_eq_nocase(word, str_of(others[i].theirs)))
            return str_of(others[i].ours);
    return STR("");
}
