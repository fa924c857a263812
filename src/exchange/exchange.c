/* The table of formats, and the one way in and out. */
#include "exchange/exchange.h"

#include "exchange/exchange_int.h"

static const struct format {
    const char *name, *ending;
    void (*read)(struct intake *r, struct str text);
    void (*write)(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es);
} formats[EXCHANGE_FORMATS] = {
    [EXCHANGE_ODCS] = {"odcs", ".odcs.yaml", read_odcs, write_odcs},
    [EXCHANGE_DBT_MANIFEST] = {"dbt-manifest", ".json", read_dbt_manifest, NULL},
    [EXCHANGE_DBT_YAML] = {"dbt", ".yml", read_dbt_yaml, write_dbt_yaml},
    [EXCHANGE_JSON_SCHEMA] = {"json-schema", ".schema.json", read_json_schema, write_json_schema},
    [EXCHANGE_AVRO] = {"avro", ".avsc", read_avro, write_avro},
    [EXCHANGE_SQL] = {"sql", ".sql", read_sql, write_sql},
};

bool exchange_format_find(struct str name, enum exchange_format *out, struct err *e)
{
    struct str names[EXCHANGE_FORMATS];
    for (size_t i = 0; i < EXCHANGE_FORMATS; i++) {
        names[i] = str_of(formats[i].name);
        if (str_eq(names[i], name)) {
            *out = (enum exchange_format)i;
            return true;
        }
    }
    err_set(e, E_USAGE, "there is no format %.*s", (int)(name.n < 60 ? name.n : 60), name.p);
    int near = str_nearest(name, names, EXCHANGE_FORMATS);
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    else
        err_hint(e, "one of odcs, dbt-manifest, dbt, json-schema, avro, sql");
    return false;
}

const char *exchange_format_name(enum exchange_format f)
{
    return formats[f].name;
}

const char *exchange_format_ending(enum exchange_format f)
{
    return formats[f].ending;
}

bool exchange_format_written(enum exchange_format f)
{
    return formats[f].write != NULL;
}

static bool holds(struct str text, const char *word)
{
    return str_find(text, str_of(word), 0) != SIZE_MAX;
}

bool exchange_format_guess(struct str file, struct str text, enum exchange_format *out, struct err *e)
{
    enum { LOOKED_AT = 64 << 10 };
    struct str base = file, head = {text.p, text.n < LOOKED_AT ? text.n : LOOKED_AT};
    for (size_t i = file.n; i-- > 0;) {
        if (file.p[i] == '/') {
            base = (struct str){file.p + i + 1, file.n - i - 1};
            break;
        }
    }
    bool json = str_ends(base, STR(".json")), yaml = str_ends(base, STR(".yml")) || str_ends(base, STR(".yaml"));
    const struct { bool is; enum exchange_format f; } signs[] = {
        {str_ends(base, STR(".sql")) || str_ends(base, STR(".ddl")), EXCHANGE_SQL},
        {str_ends(base, STR(".avsc")), EXCHANGE_AVRO},
        {str_ends(base, STR(".odcs.yaml")) || str_ends(base, STR(".odcs.json")) || holds(head, "kind: DataContract"), EXCHANGE_ODCS},
        {json && (str_eq(base, STR("manifest.json")) || holds(head, "dbt_schema_version")), EXCHANGE_DBT_MANIFEST},
        {json && (holds(head, "\"$schema\"") || holds(head, "\"properties\"") || holds(head, "\"$defs\"")), EXCHANGE_JSON_SCHEMA},
        {json && holds(head, "\"fields\"") && holds(head, "\"record\""), EXCHANGE_AVRO},
        {yaml && (holds(head, "sources:") || holds(head, "models:") || holds(head, "seeds:")), EXCHANGE_DBT_YAML},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (signs[i].is) {
            *out = signs[i].f;
            return true;
        }
    }
    err_set(e, E_USAGE, "%.*s: its format is not clear from its name and beginning", STR_FMT(base));
    err_hint(e, "say it: --as odcs, dbt-manifest, dbt, json-schema, avro or sql");
    return false;
}

bool exchange_read(struct arena *a, enum exchange_format f, struct str file, struct str text, struct exchange_set *out, struct errs *es)
{
    struct intake r = {.a = a, .es = es, .file = file};
    size_t before = es->n_errors;
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = (struct str){text.p + 3, text.n - 3};
    *out = (struct exchange_set){0};
    formats[f].read(&r, text);
    if (!intake_close(&r, out) || es->n_errors > before)
        return false;
    if (out->n == 0) {
        struct err *e = errs_add(es, E_SCHEMA, file, 0, 0, "no table is described here, read as %s", formats[f].name);
        err_hint(e, "if it is another format, say it with --as");
        return false;
    }
    return true;
}

bool exchange_write(struct arena *a, enum exchange_format f, const struct exchange_set *set, struct str base, struct buf *out, struct errs *es)
{
    struct err e = {0};
    if (!formats[f].write) {
        err_hint(errs_add(es, E_USAGE, STR(""), 0, 0, "%s is read, not written", formats[f].name), "dbt writes it itself; give it --as dbt");
        return false;
    }
    formats[f].write(set, base, a, out, es);
    if (buf_ok(out, &e))
        return true;
    errs_push(es, &e);
    return false;
}
