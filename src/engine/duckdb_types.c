/* Types of result columns: the tree that rendering walks, the text that people read, the coarse public kind. */
#include "engine/duckdb_int.h"

#include "base/mem.h"

enum engine_type coltype_public(duckdb_type id)
{
    switch (id) {
    case DUCKDB_TYPE_BOOLEAN: return ENGINE_BOOL;
    case DUCKDB_TYPE_TINYINT: case DUCKDB_TYPE_SMALLINT: case DUCKDB_TYPE_INTEGER: case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT: case DUCKDB_TYPE_USMALLINT: case DUCKDB_TYPE_UINTEGER: return ENGINE_INT;
    case DUCKDB_TYPE_UBIGINT: case DUCKDB_TYPE_HUGEINT: case DUCKDB_TYPE_UHUGEINT: case DUCKDB_TYPE_BIGNUM:
        return ENGINE_HUGEINT;
    case DUCKDB_TYPE_FLOAT: case DUCKDB_TYPE_DOUBLE: return ENGINE_DOUBLE;
    case DUCKDB_TYPE_DECIMAL: return ENGINE_DECIMAL;
    case DUCKDB_TYPE_VARCHAR: case DUCKDB_TYPE_ENUM: return ENGINE_TEXT;
    case DUCKDB_TYPE_DATE: return ENGINE_DATE;
    case DUCKDB_TYPE_TIME: case DUCKDB_TYPE_TIME_TZ: case DUCKDB_TYPE_TIME_NS: return ENGINE_TIME;
    case DUCKDB_TYPE_TIMESTAMP: case DUCKDB_TYPE_TIMESTAMP_S: case DUCKDB_TYPE_TIMESTAMP_MS: case DUCKDB_TYPE_TIMESTAMP_NS:
        return ENGINE_TIMESTAMP;
    case DUCKDB_TYPE_TIMESTAMP_TZ: return ENGINE_TIMESTAMP_TZ;
    case DUCKDB_TYPE_BLOB: return ENGINE_BLOB;
    case DUCKDB_TYPE_UUID: return ENGINE_UUID;
    case DUCKDB_TYPE_LIST: case DUCKDB_TYPE_ARRAY: case DUCKDB_TYPE_STRUCT: case DUCKDB_TYPE_MAP: case DUCKDB_TYPE_UNION:
        return ENGINE_NESTED;
    default: return ENGINE_OTHER;
    }
}

static const char *simple_name(duckdb_type id)
{
    switch (id) {
    case DUCKDB_TYPE_BOOLEAN: return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT: return "TINYINT";
    case DUCKDB_TYPE_SMALLINT: return "SMALLINT";
    case DUCKDB_TYPE_INTEGER: return "INTEGER";
    case DUCKDB_TYPE_BIGINT: return "BIGINT";
    case DUCKDB_TYPE_UTINYINT: return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT: return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER: return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT: return "UBIGINT";
    case DUCKDB_TYPE_HUGEINT: return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT: return "UHUGEINT";
    case DUCKDB_TYPE_BIGNUM: return "BIGNUM";
    case DUCKDB_TYPE_FLOAT: return "FLOAT";
    case DUCKDB_TYPE_DOUBLE: return "DOUBLE";
    case DUCKDB_TYPE_VARCHAR: return "VARCHAR";
    case DUCKDB_TYPE_BLOB: return "BLOB";
    case DUCKDB_TYPE_BIT: return "BIT";
    case DUCKDB_TYPE_DATE: return "DATE";
    case DUCKDB_TYPE_TIME: return "TIME";
    case DUCKDB_TYPE_TIME_NS: return "TIME_NS";
    case DUCKDB_TYPE_TIME_TZ: return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_TIMESTAMP: return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_S: return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS: return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS: return "TIMESTAMP_NS";
    case DUCKDB_TYPE_TIMESTAMP_TZ: return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_INTERVAL: return "INTERVAL";
    case DUCKDB_TYPE_UUID: return "UUID";
    case DUCKDB_TYPE_SQLNULL: return "NULL";
    default: return "OTHER";
    }
}

/* The i-th child type of a nested type. Owned: duckdb_destroy_logical_type. */
static duckdb_logical_type child_type(duckdb_logical_type t, duckdb_type id, size_t i)
{
    switch (id) {
    case DUCKDB_TYPE_LIST: return duckdb_list_type_child_type(t);
    case DUCKDB_TYPE_ARRAY: return duckdb_array_type_child_type(t);
    case DUCKDB_TYPE_STRUCT: return duckdb_struct_type_child_type(t, i);
    case DUCKDB_TYPE_UNION: return duckdb_union_type_member_type(t, i);
    case DUCKDB_TYPE_MAP: return i == 0 ? duckdb_map_type_key_type(t) : duckdb_map_type_value_type(t);
    default: return NULL;
    }
}

static size_t child_count(duckdb_logical_type t, duckdb_type id)
{
    switch (id) {
    case DUCKDB_TYPE_LIST: case DUCKDB_TYPE_ARRAY: return 1;
    case DUCKDB_TYPE_STRUCT: return duckdb_struct_type_child_count(t);
    case DUCKDB_TYPE_UNION: return duckdb_union_type_member_count(t);
    case DUCKDB_TYPE_MAP: return 2;
    default: return 0;
    }
}

static struct str take_text(struct arena *a, char *z)
{
    struct str s = arena_str(a, str_of(z ? z : ""));
    duckdb_free(z);
    return s;
}

static struct str child_name(struct arena *a, duckdb_logical_type t, duckdb_type id, size_t i)
{
    if (id == DUCKDB_TYPE_STRUCT)
        return take_text(a, duckdb_struct_type_child_name(t, i));
    if (id == DUCKDB_TYPE_UNION)
        return take_text(a, duckdb_union_type_member_name(t, i));
    return STR("");
}

void coltype_read(struct arena *a, duckdb_logical_type t, struct coltype *out)
{
    duckdb_type id = duckdb_get_type_id(t);
    *out = (struct coltype){.id = id, .storage = id};
    if (id == DUCKDB_TYPE_DECIMAL) {
        out->storage = duckdb_decimal_internal_type(t);
        out->scale = duckdb_decimal_scale(t);
    } else if (id == DUCKDB_TYPE_ENUM) {
        out->storage = duckdb_enum_internal_type(t);
        out->n = duckdb_enum_dictionary_size(t);
        out->names = arena_array(a, out->n, sizeof *out->names);
        for (size_t i = 0; i < out->n; i++)
            out->names[i] = take_text(a, duckdb_enum_dictionary_value(t, i));
        return;
    } else if (id == DUCKDB_TYPE_ARRAY) {
        out->array_size = duckdb_array_type_array_size(t);
    }
    out->n = child_count(t, id);
    out->children = arena_array(a, out->n, sizeof *out->children);
    out->names = arena_array(a, out->n, sizeof *out->names);
    for (size_t i = 0; i < out->n; i++) {
        duckdb_logical_type child = child_type(t, id, i);
        out->names[i] = child_name(a, t, id, i);
        coltype_read(a, child, &out->children[i]);
        duckdb_destroy_logical_type(&child);
    }
}

static void write_name(struct arena *a, duckdb_logical_type t, struct buf *b)
{
    duckdb_type id = duckdb_get_type_id(t);
    char *alias = duckdb_logical_type_get_alias(t);
    if (alias && alias[0]) {
        buf_addz(b, alias);
        duckdb_free(alias);
        return;
    }
    duckdb_free(alias);
    if (id == DUCKDB_TYPE_DECIMAL) {
        buf_printf(b, "DECIMAL(%d,%d)", duckdb_decimal_width(t), duckdb_decimal_scale(t));
        return;
    }
    if (id == DUCKDB_TYPE_ENUM) {
        buf_addz(b, "ENUM(");
        for (uint32_t i = 0, n = duckdb_enum_dictionary_size(t); i < n; i++) {
            buf_addz(b, i ? ", " : "");
            buf_sql_text(b, take_text(a, duckdb_enum_dictionary_value(t, i)));
        }
        buf_addc(b, ')');
        return;
    }
    size_t n = child_count(t, id);
    if (n == 0) {
        buf_addz(b, simple_name(id));
        return;
    }
    buf_addz(b, id == DUCKDB_TYPE_STRUCT ? "STRUCT(" : id == DUCKDB_TYPE_UNION ? "UNION(" : id == DUCKDB_TYPE_MAP ? "MAP(" : "");
    for (size_t i = 0; i < n; i++) {
        duckdb_logical_type child = child_type(t, id, i);
        struct str name = child_name(a, t, id, i);
        buf_addz(b, i ? ", " : "");
        if (name.n) {
            buf_sql_ident(b, name);
            buf_addc(b, ' ');
        }
        write_name(a, child, b);
        duckdb_destroy_logical_type(&child);
    }
    if (id == DUCKDB_TYPE_LIST)
        buf_addz(b, "[]");
    else if (id == DUCKDB_TYPE_ARRAY)
        buf_printf(b, "[%llu]", (unsigned long long)duckdb_array_type_array_size(t));
    else
        buf_addc(b, ')');
}

struct str coltype_name(struct arena *a, duckdb_logical_type t)
{
    struct buf b = BUF_INIT(1 << 20);
    write_name(a, t, &b);
    struct str name = arena_str(a, b.failed ? STR("OTHER") : buf_str(&b));
    buf_fini(&b);
    return name;
}
