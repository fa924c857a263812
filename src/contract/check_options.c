/* logicalTypeOptions as checks: bounds, lengths, patterns, formats, sizes of lists and objects. Each counts the values that
 * break it; NULL breaks none. */
#include "contract/contract_int.h"

enum option_kind {
    OPTION_LENGTH, /* length(x) <op> n */
    OPTION_BOUND,  /* x <op> value of the column's type */
    OPTION_MULTIPLE,
    OPTION_PATTERN,
    OPTION_FORMAT,
    OPTION_ITEMS, /* len(x) <op> n */
    OPTION_UNIQUE,
    OPTION_MEMBERS, /* len(json_keys(x)) <op> n */
    OPTION_MEMBER,  /* required members of an object */
};

/* `breaks` is the operator that a broken value fulfils. */
static const struct option {
    const char *key;
    enum option_kind kind;
    const char *breaks, *words;
} options[] = {
    {"minLength", OPTION_LENGTH, "<", "shorter than"},
    {"maxLength", OPTION_LENGTH, ">", "longer than"},
    {"minimum", OPTION_BOUND, "<", "below"},
    {"maximum", OPTION_BOUND, ">", "above"},
    {"exclusiveMinimum", OPTION_BOUND, "<=", "not above"},
    {"exclusiveMaximum", OPTION_BOUND, ">=", "not below"},
    {"multipleOf", OPTION_MULTIPLE, "", "no multiple of"},
    {"pattern", OPTION_PATTERN, "", "not of the pattern"},
    {"format", OPTION_FORMAT, "", "not of the format"},
    {"minItems", OPTION_ITEMS, "<", "with fewer items than"},
    {"maxItems", OPTION_ITEMS, ">", "with more items than"},
    {"uniqueItems", OPTION_UNIQUE, "", "with repeated items, uniqueItems:"},
    {"minProperties", OPTION_MEMBERS, "<", "with fewer members than"},
    {"maxProperties", OPTION_MEMBERS, ">", "with more members than"},
    {"required", OPTION_MEMBER, "", "without the members"},
};

/* Formats of texts as patterns, of numbers as the range of the type. */
static const struct contract_format formats[] = {
    {"string", "email", "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", NULL, NULL},
    {"string", "uuid", "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", NULL, NULL},
    {"string", "uri", "^[A-Za-z][A-Za-z0-9+.-]*:\\S+$", NULL, NULL},
    {"string", "hostname", "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$", NULL,
     NULL},
    {"string", "ipv4", "^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])$", NULL, NULL},
    {"string", "ipv6", "^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$", NULL, NULL},
    {"integer", "i8", NULL, "-128", "127"},
    {"integer", "i16", NULL, "-32768", "32767"},
    {"integer", "i32", NULL, "-2147483648", "2147483647"},
    {"integer", "i64", NULL, "-9223372036854775808", "9223372036854775807"},
    {"integer", "u8", NULL, "0", "255"},
    {"integer", "u16", NULL, "0", "65535"},
    {"integer", "u32", NULL, "0", "4294967295"},
    {"integer", "u64", NULL, "0", "18446744073709551615"},
};

const struct contract_format *contract_format_find(struct str logical, struct str format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (str_eq(logical, str_of(formats[i].logical)) && str_eq(format, str_of(formats[i].format)))
            return &formats[i];
    return NULL;
}

struct condition {
    struct str sql;     /* true for a broken value */
    struct str why_not; /* set: cannot be evaluated */
    bool nothing;       /* the type itself holds it */
};

static void pattern_condition(struct contract_run *run, struct str x, struct str pattern, struct condition *out)
{
    if (!contract_pattern_fits(run, pattern))
        out->why_not = STR("the pattern uses what the engine's regular expressions (RE2) cannot hold, such as look-ahead");
    else
        out->sql = arena_printf(run->a, "NOT regexp_matches(CAST(%.*s AS VARCHAR), %.*s)", STR_FMT(x),
                                STR_FMT(contract_text(run, pattern)));
}

static void format_condition(struct contract_run *run, const struct mesh_column *c, struct str x, struct str format,
                             struct condition *out)
{
    const struct contract_format *f = contract_format_find(c->logical_type, format);
    if (f && f->pattern)
        pattern_condition(run, x, str_of(f->pattern), out);
    else if (f)
        out->sql = arena_printf(run->a, "CAST(%.*s AS HUGEINT) NOT BETWEEN %s AND %s", STR_FMT(x), f->low, f->high);
    if (f)
        return;
    static const char *const held[] = {"f32", "f64", "i128", "u128", "password", "byte", "binary"};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        out->nothing |= str_eq(format, str_of(held[i]));
    if (str_eq(c->logical_type, STR("date")) || str_eq(c->logical_type, STR("timestamp")) || str_eq(c->logical_type, STR("time")))
        out->nothing = true; /* how it is written; the value has a type of its own here */
    if (!out->nothing)
        out->why_not = arena_printf(run->a, "the format \"%.*s\" is not one that Trellis knows", STR_FMT(format));
}

/* The operand as the column's type; a text that is none cannot be compared. */
static void bound_condition(struct contract_run *run, const struct engine_column *t, struct str x, const struct option *o,
                            struct str value, struct condition *out)
{
    struct str literal = arena_printf(
        run->a, "TRY_CAST(%.*s AS %.*s)", STR_FMT(contract_text(run, value)),
        STR_FMT(t->type == ENGINE_TEXT || t->type == ENGINE_INT || t->type == ENGINE_DECIMAL ? STR("DOUBLE") : t->type_name));
    struct str why;
    int64_t known;
    if (t->type == ENGINE_TEXT) {
        out->why_not = STR("bounds cannot be compared with a column kept as text");
        return;
    }
    if ((t->type == ENGINE_INT || t->type == ENGINE_HUGEINT || t->type == ENGINE_DECIMAL) && value.n < 38 &&
        str_find(value, STR("e"), 0) == SIZE_MAX &&
        str_find(value, STR("E"), 0) == SIZE_MAX) /* exact where the bound is a plain decimal number */
        literal = arena_printf(run->a, "TRY_CAST(%.*s AS DECIMAL(38,%zu))", STR_FMT(contract_text(run, value)),
                               str_find(value, STR("."), 0) == SIZE_MAX ? (size_t)0 : value.n - str_find(value, STR("."), 0) - 1);
    if (!contract_count(run, arena_printf(run->a, "SELECT count(%.*s)", STR_FMT(literal)), &known, &why) || known == 0)
        out->why_not = arena_printf(run->a, "\"%.*s\" is no value of type %.*s", STR_FMT(value), STR_FMT(t->type_name));
    else
        out->sql = arena_printf(run->a, "%.*s %s %.*s", STR_FMT(x), o->breaks, STR_FMT(literal));
}

static void multiple_condition(struct contract_run *run, const struct engine_column *t, struct str x, struct str value,
                               struct condition *out)
{
    double step;
    if (!str_to_f64(value, &step) || step <= 0)
        out->why_not = STR("multipleOf must be a number above 0");
    else if (t->type == ENGINE_DOUBLE) /* within the error of binary fractions */
        out->sql = arena_printf(run->a, "abs(%.*s / %.17g - round(%.*s / %.17g)) > 1e-9 * greatest(1, abs(%.*s / %.17g))",
                                STR_FMT(x), step, STR_FMT(x), step, STR_FMT(x), step);
    else
        out->sql =
            arena_printf(run->a, "%.*s %% CAST(%.*s AS DECIMAL(18,6)) <> 0", STR_FMT(x), STR_FMT(contract_text(run, value)));
}

static void member_condition(struct contract_run *run, const struct doc_node *list, struct str x, struct condition *out)
{
    struct buf b = BUF_INIT(1 << 16);
    for (const struct doc_node *n = doc_first(run->d, list); n; n = doc_next(run->d, n))
        buf_printf(&b, "%sNOT list_contains(json_keys(CAST(%.*s AS JSON)), %.*s)", b.n ? " OR " : "", STR_FMT(x),
                   STR_FMT(contract_text(run, doc_text(run->d, n))));
    out->sql = arena_str(run->a, buf_str(&b));
    out->nothing = b.n == 0;
    buf_fini(&b);
}

static struct condition condition_of(struct contract_run *run, const struct mesh_column *c, const struct engine_column *t,
                                     const struct option *o, const struct doc_node *value)
{
    struct condition out = {0};
    struct str x = contract_ident(run, c->name), text = doc_text(run->d, value);
    switch (o->kind) {
    case OPTION_LENGTH:
        out.sql = arena_printf(run->a, "length(CAST(%.*s AS VARCHAR)) %s %lld", STR_FMT(x), o->breaks, (long long)value->v.i);
        break;
    case OPTION_BOUND:
        bound_condition(run, t, x, o, text, &out);
        break;
    case OPTION_MULTIPLE:
        multiple_condition(run, t, x, text, &out);
        break;
    case OPTION_PATTERN:
        pattern_condition(run, x, text, &out);
        break;
    case OPTION_FORMAT:
        format_condition(run, c, x, text, &out);
        break;
    case OPTION_ITEMS:
        out.sql = arena_printf(run->a, "len(%.*s) %s %lld", STR_FMT(x), o->breaks, (long long)value->v.i);
        break;
    case OPTION_UNIQUE:
        out.nothing = !value->v.b;
        out.sql = arena_printf(run->a, "len(list_distinct(%.*s)) < len(list_filter(%.*s, lambda y: y IS NOT NULL))", STR_FMT(x),
                               STR_FMT(x));
        break;
    case OPTION_MEMBERS:
        out.sql =
            arena_printf(run->a, "len(json_keys(CAST(%.*s AS JSON))) %s %lld", STR_FMT(x), o->breaks, (long long)value->v.i);
        break;
    case OPTION_MEMBER:
        member_condition(run, value, x, &out);
        break;
    }
    return out;
}

static void check_option(struct contract_run *run, const struct mesh_column *c, const struct engine_column *t,
                         const struct option *o, const struct doc_node *value)
{
    struct condition cond = condition_of(run, c, t, o, value);
    int64_t broken;
    struct str shown = doc_text(run->d, value);
    if (cond.nothing || run->broken)
        return;
    struct store_check *k =
        contract_add(run, arena_printf(run->a, "%.*s: %s", STR_FMT(c->name), o->key), c->name, o->key, "conformity", STR(""));
    k->expected = arena_printf(run->a, "%s %.*s", o->key, STR_FMT(shown));
    if (cond.why_not.n ||
        !contract_count(run, arena_printf(run->a, "SELECT count(*) FROM %.*s WHERE %.*s", STR_FMT(run->table), STR_FMT(cond.sql)),
                        &broken, &cond.why_not)) {
        contract_not_evaluated(k, cond.why_not);
        return;
    }
    k->measured = arena_printf(run->a, "%lld", (long long)broken);
    contract_judge(
        k, broken == 0,
        arena_printf(run->a, "%lld values of %.*s are %s %.*s", (long long)broken, STR_FMT(c->name), o->words, STR_FMT(shown)));
    contract_failing_where(run, k, cond.sql);
}

void contract_check_options(struct contract_run *run)
{
    for (size_t i = 0; i < run->c->n_columns; i++) {
        const struct mesh_column *c = &run->c->columns[i];
        const struct engine_column *t = contract_table_column(run, c->name);
        const struct doc_node *given = doc_get(run->d, c->node, "logicalTypeOptions");
        for (const struct doc_node *n = t ? doc_first(run->d, given) : NULL; n && !run->broken; n = doc_next(run->d, n))
            for (size_t k = 0; k < sizeof options / sizeof *options; k++)
                if (str_eq(doc_key(run->d, n), str_of(options[k].key)))
                    check_option(run, c, t, &options[k], n);
    }
}
