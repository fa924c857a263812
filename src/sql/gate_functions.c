/* Functions and types that a question may use. Reviewed against duckdb_functions() of 1.5.5: whatever reads files, settings,
 * catalogs, statistics or other queries, has effects, sleeps, or builds values of unbounded size at one stroke, is absent
 * (docs/gate.md). Sorted by bytes within the list, since it is searched by halving. */
#include "sql/gate_tables.h"

#include <stdlib.h>

static const char *const functions[] = {
    /* operators */
    "!~~", "!~~*", "%", "&", "&&", "*", "**", "+", "-", "->>", "/", "//", "<<", "<@", ">>", "@", "@>", "^", "^@",
    "abs", "acos", "age", "ago", "any_value", "approx_count_distinct", "approx_quantile", "arbitrary", "arg_max", "arg_max_null", "arg_min",
    "arg_min_null", "argmax", "argmin", "array_agg", "array_append", "array_apply", "array_cat", "array_concat",
    "array_contains", "array_distinct", "array_extract", "array_filter", "array_has", "array_has_all", "array_has_any",
    "array_indexof", "array_intersect", "array_length", "array_position", "array_prepend", "array_reverse",
    "array_reverse_sort", "array_slice", "array_sort", "array_to_string", "array_transform", "array_unique", "array_value",
    "ascii", "asin", "atan", "atan2", "avg", "bit_and", "bit_count", "bit_or", "bit_xor", "bool_and", "bool_or", "cardinality", "cbrt", "ceil",
    "ceiling", "century", "char_length", "character_length", "chr", "concat", "concat_ws", "contains", "corr", "cos", "cot", "count",
    "count_if", "count_star", "countif", "covar_pop", "covar_samp", "cume_dist", "current_date", "current_localtime", "current_localtimestamp",
    "damerau_levenshtein", "date_add", "date_diff", "date_part", "date_sub", "date_trunc", "datediff", "datepart", "datesub", "datetrunc",
    "day", "dayname", "dayofmonth", "dayofweek", "dayofyear", "days_in_month", "decade", "degrees", "dense_rank",
    "divide", "editdist3", "element_at", "ends_with", "entropy", "epoch", "epoch_ms", "epoch_ns", "epoch_us", "era", "even",
    "exp", "favg", "fdiv", "first", "first_value", "flatten", "floor", "fmod", "format_bytes", "fsum", "gcd", "generate_series",
    "geomean", "geometric_mean", "get_current_time", "get_current_timestamp", "greatest", "greatest_common_divisor", "group_concat", "hamming", "hash", "hour",
    "ifnull", "ilike_escape", "instr", "isfinite", "isinf", "isnan", "isodow", "isoyear", "jaccard", "jaro_similarity",
    "jaro_winkler_similarity", "json_array", "json_array_length", "json_contains", "json_exists", "json_extract",
    "json_extract_path", "json_extract_path_text", "json_extract_string", "json_group_array", "json_group_object",
    "json_keys", "json_object", "json_quote", "json_type", "json_valid", "json_value", "julian", "kahan_sum", "kurtosis", "kurtosis_pop", "lag", "last",
    "last_day", "last_value", "lcase", "lcm", "lead", "least", "least_common_multiple", "left", "left_grapheme", "len", "length",
    "length_grapheme", "levenshtein", "like_escape", "list", "list_any_value", "list_append", "list_apply", "list_avg",
    "list_bool_and", "list_bool_or", "list_cat", "list_concat", "list_contains", "list_count", "list_distinct",
    "list_element", "list_extract", "list_filter", "list_first", "list_has", "list_has_all", "list_has_any", "list_indexof",
    "list_intersect", "list_last", "list_max", "list_median", "list_min", "list_mode", "list_pack", "list_position",
    "list_prepend", "list_product", "list_reduce", "list_reverse", "list_reverse_sort", "list_select", "list_slice",
    "list_sort", "list_stddev_pop", "list_stddev_samp", "list_string_agg", "list_sum", "list_transform", "list_unique",
    "list_value", "list_var_pop", "list_var_samp", "list_where", "list_zip", "listagg", "ln", "log", "log10", "log2", "lower", "lpad", "ltrim", "mad",
    "make_date", "make_time", "make_timestamp", "make_timestamptz", "map", "map_concat", "map_contains", "map_entries",
    "map_extract", "map_extract_value", "map_from_entries", "map_keys", "map_values", "max", "max_by", "md5", "mean", "median",
    "mesh_reporting_currency", "mesh_time_zone", "microsecond", "millennium", "millisecond", "min", "min_by", "minute",
    "mod", "mode", "month", "monthname", "multiply", "nanosecond", "nfc_normalize", "not_ilike_escape",
    "not_like_escape", "now", "nth_value", "ntile", "nullif", "octet_length", "ord", "percent_rank", "pi", "position", "pow", "power", "prefix",
    "product", "quantile", "quantile_cont", "quantile_disc", "quarter", "radians", "range", "rank", "rank_dense", "regexp_escape",
    "regexp_extract", "regexp_extract_all", "regexp_full_match", "regexp_matches", "regexp_replace",
    "regexp_split_to_array", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx",
    "regr_sxy", "regr_syy", "replace", "reverse", "right", "right_grapheme", "round", "round_even", "row", "row_number", "rpad", "rtrim",
    "second", "sem", "sha256", "sign", "signbit", "sin", "skewness", "split", "split_part", "sqrt", "starts_with", "stddev", "stddev_pop",
    "stddev_samp", "str_split", "str_split_regex", "strftime", "string_agg", "string_split", "string_split_regex", "string_to_array",
    "strip_accents", "strlen", "strpos", "strptime", "struct_extract", "struct_insert", "struct_keys", "struct_pack", "substr", "substring",
    "substring_grapheme", "subtract", "suffix", "sum", "sumkahan", "tan", "time_bucket", "timezone", "timezone_hour", "timezone_minute",
    "to_base64", "to_centuries", "to_days", "to_decades", "to_hex", "to_hours", "to_json", "to_microseconds",
    "to_milliseconds", "to_minutes", "to_months", "to_quarters", "to_seconds", "to_timestamp", "to_weeks", "to_years",
    "today", "transaction_timestamp", "translate", "trim", "trunc", "try_strptime", "typeof", "ucase", "unicode", "unnest", "upper", "url_decode",
    "url_encode", "var_pop", "var_samp", "variance", "wavg", "week", "weekday", "weekofyear", "weighted_avg", "xor", "year", "yearweek",
    "|", "||", "~", "~~", "~~*", "~~~",
};

static const char *const table_functions[] = {"generate_series", "range", "unnest"};

/* Of the mesh, in the SQL of ports. A question has no use for them, and hashes of identifiers are not handed out. */
static const char *const port_functions[] = {"mesh_attribution", "mesh_consent_merge", "mesh_hash63"};
static const char *const port_table_functions[] = {"mesh_consent_rules", "mesh_consent_said", "mesh_conversions", "mesh_direct_channels",
                                                    "mesh_identity_kinds", "mesh_incremental", "mesh_paid_channels", "mesh_purposes", "mesh_touch_windows"};

static const char *const types[] = {
    "ARRAY", "BIGINT", "BIT", "BLOB", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "INTEGER",
    "INTEGER_LITERAL", "INTERVAL", "LIST", "MAP", "NULL", "SMALLINT", "STRING_LITERAL", "STRUCT", "TIME", "TIME WITH TIME ZONE",
    "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP_S", "TINYINT", "UBIGINT",
    "UHUGEINT", "UINTEGER", "UNBOUND", "USMALLINT", "UTINYINT", "UUID", "VARCHAR",
};

static int name_cmp(const void *key, const void *entry)
{
    const struct str *name = key;
    return str_cmp(*name, str_of(*(const char *const *)entry));
}

#define LISTED(list, name) (bsearch(&(name), list, sizeof(list) / sizeof((list)[0]), sizeof((list)[0]), name_cmp) != NULL)

/* Names compare without case, as the engine compares them. Operators and functions are ASCII. */
static bool listed_folded(bool (*look_up)(struct str), struct str name)
{
    char folded[64];
    if (name.n >= sizeof folded)
        return false;
    for (size_t i = 0; i < name.n; i++)
        folded[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
    return look_up((struct str){folded, name.n});
}

static bool in_functions(struct str name) { return LISTED(functions, name); }
static bool in_table_functions(struct str name) { return LISTED(table_functions, name); }

static bool in_port_functions(struct str name) { return LISTED(port_functions, name); }
static bool in_port_table_functions(struct str name) { return LISTED(port_table_functions, name); }

bool gate_port_function(struct str name, bool in_from)
{
    return listed_folded(in_from ? in_port_table_functions : in_port_functions, name);
}

bool gate_function_allowed(struct str name)
{
    return listed_folded(in_functions, name);
}

bool gate_table_function_allowed(struct str name)
{
    return listed_folded(in_table_functions, name);
}

bool gate_type_allowed(struct str id)
{
    return LISTED(types, id);
}

bool gate_user_type_allowed(struct str name)
{
    return str_eq_nocase(name, STR("json"));
}

const char *gate_function_at(size_t i)
{
    return i < sizeof functions / sizeof functions[0] ? functions[i] : NULL;
}
