#include "mesh/types.h"

/* Names that people write -> the engine's, and the most numbers that may follow in parentheses. */
static const struct type_name {
    const char *name, *canonical;
    int args;
    bool drops_args; /* a length that the engine does not keep */
} types[] = {
    {"BIGINT", "BIGINT", 0, false}, {"BLOB", "BLOB", 0, false}, {"BOOL", "BOOLEAN", 0, false}, {"BOOLEAN", "BOOLEAN", 0, false},
    {"BYTEA", "BLOB", 0, false}, {"CHAR", "VARCHAR", 1, true}, {"CHARACTER VARYING", "VARCHAR", 1, true}, {"DATE", "DATE", 0, false},
    {"DATETIME", "TIMESTAMP", 0, false}, {"DECIMAL", "DECIMAL", 2, false}, {"DOUBLE", "DOUBLE", 0, false},
    {"DOUBLE PRECISION", "DOUBLE", 0, false}, {"FLOAT", "FLOAT", 0, false}, {"FLOAT4", "FLOAT", 0, false}, {"FLOAT8", "DOUBLE", 0, false},
    {"HUGEINT", "HUGEINT", 0, false}, {"INT", "INTEGER", 0, false}, {"INT2", "SMALLINT", 0, false}, {"INT4", "INTEGER", 0, false},
    {"INT8", "BIGINT", 0, false}, {"INTEGER", "INTEGER", 0, false}, {"INTERVAL", "INTERVAL", 0, false}, {"JSON", "JSON", 0, false},
    {"LONG", "BIGINT", 0, false}, {"NUMERIC", "DECIMAL", 2, false}, {"NVARCHAR", "VARCHAR", 1, true}, {"REAL", "FLOAT", 0, false},
    {"SMALLINT", "SMALLINT", 0, false}, {"STRING", "VARCHAR", 0, false}, {"TEXT", "VARCHAR", 0, false}, {"TIME", "TIME", 0, false},
    {"TIMESTAMP", "TIMESTAMP", 1, true}, {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE", 0, false},
    {"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", 0, false}, {"TINYINT", "TINYINT", 0, false}, {"UBIGINT", "UBIGINT", 0, false},
    {"UHUGEINT", "UHUGEINT", 0, false}, {"UINTEGER", "UINTEGER", 0, false}, {"USMALLINT", "USMALLINT", 0, false},
    {"UTINYINT", "UTINYINT", 0, false}, {"UUID", "UUID", 0, false}, {"VARCHAR", "VARCHAR", 1, true},
};

enum { TYPES = sizeof types / sizeof types[0], TYPE_TEXT_MAX = 200, DECIMAL_DIGITS_MAX = 38 };

static char upper_of(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

/* STRUCT(...), MAP(...): kept as written, as long as nothing in it could be anything but a type. */
static bool nested_is_safe(struct str s)
{
    int depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = upper_of(s.p[i]);
        bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ' ' || c == ',' || c == '[' || c == ']';
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth < 0 || (!plain && c != '(' && c != ')'))
            return false;
    }
    return depth == 0;
}

/* The numbers in "(10, 2)"; -1 when it is not that. */
static int numbers_of(struct str s, int64_t v[2])
{
    int n = 0;
    for (struct str rest = s; rest.p && n <= 2;) {
        struct str part = str_trim(str_cut(rest, ',', &rest));
        if (n == 2 || !str_to_i64(part, &v[n++]))
            return -1;
    }
    return n;
}

struct str type_canonical(struct arena *a, struct str text, struct str *near)
{
    const struct str none = {NULL, 0};
    *near = none;
    text = str_trim(text);
    if (text.n == 0 || text.n > TYPE_TEXT_MAX)
        return none;
    if (str_ends(text, STR("[]"))) {
        struct str element = type_canonical(a, (struct str){text.p, text.n - 2}, near);
        return element.p ? arena_printf(a, "%.*s[]", STR_FMT(element)) : none;
    }
    char *upper = arena_strz(a, text);
    for (size_t i = 0; i < text.n; i++)
        upper[i] = upper_of(upper[i]);
    struct str s = {upper, text.n};
    if (str_starts(s, STR("STRUCT(")) || str_starts(s, STR("MAP(")))
        return nested_is_safe(text) ? text : none;

    int64_t v[2] = {18, 3};
    int args = 0;
    struct str inside, base = str_trim(str_cut(s, '(', &inside));
    if (inside.p) {
        if (!str_ends(inside, STR(")")))
            return none;
        args = numbers_of((struct str){inside.p, inside.n - 1}, v);
        if (args < 1)
            return none;
    }
    struct str names[TYPES];
    for (size_t i = 0; i < TYPES; i++) {
        names[i] = str_of(types[i].name);
        if (!str_eq(names[i], base))
            continue;
        if (args > types[i].args)
            return none;
        if (strcmp(types[i].canonical, "DECIMAL") != 0)
            return str_of(types[i].canonical);
        if (args == 1)
            v[1] = 0;
        if (v[0] < 1 || v[0] > DECIMAL_DIGITS_MAX || v[1] < 0 || v[1] > v[0])
            return none;
        return arena_printf(a, "DECIMAL(%d,%d)", (int)v[0], (int)v[1]);
    }
    int i = str_nearest(base, names, TYPES);
    if (i >= 0)
        *near = names[i];
    return none;
}

static const struct { const char *logical, *format, *physical; } formats[] = {
    {"integer", "i8", "TINYINT"}, {"integer", "i16", "SMALLINT"}, {"integer", "i32", "INTEGER"}, {"integer", "i64", "BIGINT"},
    {"integer", "i128", "HUGEINT"}, {"integer", "u8", "UTINYINT"}, {"integer", "u16", "USMALLINT"}, {"integer", "u32", "UINTEGER"},
    {"integer", "u64", "UBIGINT"}, {"integer", "u128", "UHUGEINT"}, {"number", "f32", "FLOAT"}, {"number", "f64", "DOUBLE"},
    {"string", "uuid", "UUID"}, {"string", "binary", "BLOB"},
    /* The standard's default of i32 would overflow on ordinary counts; without a format an integer has 64 bits. */
    {"integer", NULL, "BIGINT"}, {"number", NULL, "DOUBLE"}, {"string", NULL, "VARCHAR"}, {"date", NULL, "DATE"},
    {"time", NULL, "TIME"}, {"boolean", NULL, "BOOLEAN"}, {"object", NULL, "JSON"},
};

struct str type_of_logical(struct str logical, struct str format, bool zoned)
{
    if (str_eq(logical, STR("timestamp")))
        return zoned ? STR("TIMESTAMP WITH TIME ZONE") : STR("TIMESTAMP");
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (str_eq(logical, str_of(formats[i].logical)) && (!formats[i].format || str_eq(format, str_of(formats[i].format))))
            return str_of(formats[i].physical);
    return str_eq(logical, STR("array")) ? (struct str){NULL, 0} : STR("VARCHAR");
}

/* A physical type fits when it begins with one of the words. */
static const struct { const char *logical; const char *words[14]; } families[] = {
    {"string", {"VARCHAR", "UUID", "BLOB", "INTERVAL"}},
    {"date", {"DATE", "TIMESTAMP"}},
    {"timestamp", {"TIMESTAMP"}},
    {"time", {"TIME"}},
    {"number", {"DECIMAL", "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "UHUGEINT"}},
    {"integer", {"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "UHUGEINT", "DECIMAL"}},
    {"boolean", {"BOOLEAN"}},
    {"object", {"JSON", "STRUCT", "MAP", "struct", "map", "Struct", "Map"}},
};

bool type_fits(struct str logical, struct str physical)
{
    bool is_list = str_ends(physical, STR("[]"));
    if (str_eq(logical, STR("array")))
        return is_list;
    if (str_eq(logical, STR("integer")) && str_starts(physical, STR("DECIMAL")) && !str_ends(physical, STR(",0)")))
        return false; /* with decimals it is a number */
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (!str_eq(logical, str_of(families[i].logical)))
            continue;
        for (size_t k = 0; families[i].words[k] && !is_list; k++) {
            struct str word = str_of(families[i].words[k]);
            bool time_of_day = str_eq(word, STR("TIME"));
            if (time_of_day ? str_eq(physical, word) : str_starts(physical, word))
                return true;
        }
        return false;
    }
    return true;
}
