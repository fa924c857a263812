/* Cells of a chunk as numbers, as exact text and as JSON, for every type the engine has. Text equals CAST(x AS VARCHAR). */
#include "engine/duckdb_render.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* One value inside a vector, at any depth of nesting. */
struct cell {
    const struct coltype *type;
    duckdb_vector vector;
    const void *data;
    const uint64_t *validity;
    uint64_t row;
};

static bool valid(const uint64_t *validity, uint64_t row)
{
    return !validity || (validity[row / 64] >> (row % 64) & 1);
}

static struct cell cell_at(const struct coltype *t, duckdb_vector v, uint64_t row)
{
    return (struct cell){t, v, duckdb_vector_get_data(v), duckdb_vector_get_validity(v), row};
}

static struct cell cell_top(const struct engine_chunk *ch, size_t col, size_t row)
{
    return (struct cell){&ch->types[col], ch->vectors[col], ch->data[col], ch->validity[col], row};
}

static struct str string_of(const struct cell *c)
{
    duckdb_string_t *s = (duckdb_string_t *)c->data + c->row;
    return (struct str){duckdb_string_t_data(s), duckdb_string_t_length(*s)};
}

/* Any integer-like value as 128 bits. `unsigned_top`: the high bit is part of the number. */
static __int128 integer_of(const struct cell *c, bool *unsigned_top)
{
    uint64_t r = c->row;
    *unsigned_top = false;
    switch (c->type->storage) {
    case DUCKDB_TYPE_BOOLEAN: return ((const bool *)c->data)[r];
    case DUCKDB_TYPE_TINYINT: return ((const int8_t *)c->data)[r];
    case DUCKDB_TYPE_SMALLINT: return ((const int16_t *)c->data)[r];
    case DUCKDB_TYPE_INTEGER: case DUCKDB_TYPE_DATE: return ((const int32_t *)c->data)[r];
    case DUCKDB_TYPE_UTINYINT: return ((const uint8_t *)c->data)[r];
    case DUCKDB_TYPE_USMALLINT: return ((const uint16_t *)c->data)[r];
    case DUCKDB_TYPE_UINTEGER: return ((const uint32_t *)c->data)[r];
    case DUCKDB_TYPE_UBIGINT: return ((const uint64_t *)c->data)[r];
    case DUCKDB_TYPE_UHUGEINT: *unsigned_top = true; /* fall through */
    case DUCKDB_TYPE_HUGEINT: case DUCKDB_TYPE_UUID: {
        duckdb_hugeint h = ((const duckdb_hugeint *)c->data)[r];
        return (__int128)((unsigned __int128)(uint64_t)h.upper << 64 | h.lower);
    }
    default: return ((const int64_t *)c->data)[r]; /* BIGINT, TIMESTAMPs, TIMEs */
    }
}

static int enum_index(const struct cell *c)
{
    bool top;
    return (int)integer_of(c, &top);
}

/* Digits of |v| into the end of `buf` (at least 40 bytes); returns the first. */
static char *digits_of(unsigned __int128 v, char *end)
{
    char *p = end;
    do {
        *--p = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v);
    return p;
}

static void put_integer(struct buf *b, __int128 v, bool unsigned_top)
{
    char tmp[48];
    bool neg = v < 0 && !unsigned_top;
    unsigned __int128 u = neg ? -(unsigned __int128)v : (unsigned __int128)v;
    char *p = digits_of(u, tmp + sizeof tmp);
    if (neg)
        *--p = '-';
    buf_add(b, (struct str){p, (size_t)(tmp + sizeof tmp - p)});
}

static void put_decimal(struct buf *b, __int128 v, unsigned scale)
{
    char tmp[96];
    bool neg = v < 0;
    char *end = tmp + sizeof tmp;
    char *p = digits_of(neg ? -(unsigned __int128)v : (unsigned __int128)v, end);
    while ((size_t)(end - p) < (size_t)scale + 1)
        *--p = '0';
    if (neg)
        buf_addc(b, '-');
    size_t whole = (size_t)(end - p) - scale;
    buf_add(b, (struct str){p, whole});
    if (scale) {
        buf_addc(b, '.');
        buf_add(b, (struct str){p + whole, scale});
    }
}

/* The shortest digits that read back as the same number, laid out as the engine does: exponent form from 1e16 and below 1e-4. */
static void put_double(struct buf *b, double v, bool is_float)
{
    if (isnan(v)) {
        buf_addz(b, "nan");
        return;
    }
    if (isinf(v)) {
        buf_addz(b, v < 0 ? "-inf" : "inf");
        return;
    }
    char tmp[40];
    for (int precision = 0; precision < 17; precision++) {
        snprintf(tmp, sizeof tmp, "%.*e", precision, v);
        if (is_float ? strtof(tmp, NULL) == (float)v : strtod(tmp, NULL) == v)
            break;
    }
    char *p = tmp, *exp_at = strchr(tmp, 'e');
    int exponent = (int)strtol(exp_at + 1, NULL, 10);
    char digits[24];
    int n = 0;
    if (*p == '-') {
        buf_addc(b, '-');
        p++;
    }
    for (; p < exp_at; p++)
        if (*p != '.')
            digits[n++] = *p;
    if (exponent < -4 || exponent >= 16) {
        buf_add(b, (struct str){digits, 1});
        if (n > 1)
            buf_printf(b, ".%.*s", n - 1, digits + 1);
        buf_printf(b, "e%c%02d", exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
        return;
    }
    if (exponent < 0) {
        buf_addz(b, "0.");
        for (int i = -1; i > exponent; i--)
            buf_addc(b, '0');
        buf_add(b, (struct str){digits, (size_t)n});
        return;
    }
    for (int i = 0; i <= exponent; i++)
        buf_addc(b, i < n ? digits[i] : '0');
    buf_addc(b, '.');
    if (n > exponent + 1)
        buf_add(b, (struct str){digits + exponent + 1, (size_t)(n - exponent - 1)});
    else
        buf_addc(b, '0');
}

static void put_uuid(struct buf *b, const struct cell *c)
{
    duckdb_hugeint h = ((const duckdb_hugeint *)c->data)[c->row];
    uint64_t hi = (uint64_t)h.upper ^ (1ull << 63), lo = h.lower; /* stored with the top bit flipped, so that it sorts */
    buf_printf(b, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(hi >> 32), (unsigned)(hi >> 16 & 0xffff), (unsigned)(hi & 0xffff),
               (unsigned)(lo >> 48), (unsigned long long)(lo & 0xffffffffffffull));
}

static void put_blob(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if (ch < 32 || ch > 126 || ch == '\\' || ch == '\'' || ch == '"')
            buf_printf(b, "\\x%02X", ch);
        else
            buf_addc(b, (char)ch);
    }
}

static void put_bits(struct buf *b, struct str s)
{
    if (s.n == 0)
        return;
    unsigned padding = (unsigned char)s.p[0];
    for (size_t bit = padding; bit < (s.n - 1) * 8; bit++)
        buf_addc(b, (unsigned char)s.p[1 + bit / 8] >> (7 - bit % 8) & 1 ? '1' : '0');
}

/* BIGNUM: three bytes of header (top bit set for positive numbers), then the magnitude, inverted when negative. */
static void put_bignum(struct buf *b, struct str s)
{
    enum { MAX_BYTES = 1024 };
    if (s.n < 4 || s.n - 3 > MAX_BYTES) {
        buf_addz(b, "0");
        return;
    }
    unsigned char mag[MAX_BYTES];
    size_t n = s.n - 3;
    bool neg = !((unsigned char)s.p[0] & 0x80);
    for (size_t i = 0; i < n; i++)
        mag[i] = (unsigned char)(neg ? ~(unsigned char)s.p[3 + i] : (unsigned char)s.p[3 + i]);
    char out[MAX_BYTES * 3];
    size_t at = sizeof out;
    bool rest = true;
    while (rest && at > 1) {
        unsigned carry = 0;
        rest = false;
        for (size_t i = 0; i < n; i++) {
            unsigned v = carry << 8 | mag[i];
            mag[i] = (unsigned char)(v / 10);
            carry = v % 10;
            rest = rest || mag[i];
        }
        out[--at] = (char)('0' + carry);
    }
    if (neg)
        out[--at] = '-';
    buf_add(b, (struct str){out + at, sizeof out - at});
}

/* ---- nested values ---- */

typedef void (*put_fn)(struct buf *b, const struct cell *c);

static struct cell child_of(const struct cell *c, size_t i)
{
    return cell_at(&c->type->children[i], duckdb_struct_vector_get_child(c->vector, i), c->row);
}

/* The range of a list's or array's elements inside the child vector. */
static struct cell elements_of(const struct cell *c, uint64_t *count)
{
    uint64_t from;
    struct cell child;
    if (c->type->id == DUCKDB_TYPE_ARRAY) {
        child = cell_at(&c->type->children[0], duckdb_array_vector_get_child(c->vector), 0);
        from = c->row * c->type->array_size;
        *count = c->type->array_size;
    } else {
        duckdb_list_entry l = ((const duckdb_list_entry *)c->data)[c->row];
        child = cell_at(&c->type->children[0], duckdb_list_vector_get_child(c->vector), 0);
        from = l.offset;
        *count = l.length;
    }
    child.row = from;
    return child;
}

/* A map is a list of structs of key and value; its type names both, not the struct. */
static void map_entry(const struct cell *map, uint64_t i, struct cell *key, struct cell *value)
{
    duckdb_list_entry l = ((const duckdb_list_entry *)map->data)[map->row];
    duckdb_vector entries = duckdb_list_vector_get_child(map->vector);
    *key = cell_at(&map->type->children[0], duckdb_struct_vector_get_child(entries, 0), l.offset + i);
    *value = cell_at(&map->type->children[1], duckdb_struct_vector_get_child(entries, 1), l.offset + i);
}

static uint64_t map_count(const struct cell *map)
{
    return ((const duckdb_list_entry *)map->data)[map->row].length;
}

/* UNION: a struct vector whose first child is the tag. */
static bool union_member(const struct cell *c, struct cell *member, struct str *name)
{
    duckdb_vector tags = duckdb_struct_vector_get_child(c->vector, 0);
    size_t tag = ((const uint8_t *)duckdb_vector_get_data(tags))[c->row];
    if (tag >= c->type->n)
        return false;
    *member = cell_at(&c->type->children[tag], duckdb_struct_vector_get_child(c->vector, tag + 1), c->row);
    *name = c->type->names[tag];
    return true;
}

static void put_text(struct buf *b, const struct cell *c);

/* Text inside nested values is quoted where it would be misread. */
static bool needs_quotes(struct str s)
{
    static const char special[] = "{}[]()=,:\"'";
    if (s.n == 0 || str_eq_nocase(s, STR("NULL")) || s.p[0] == ' ' || s.p[s.n - 1] == ' ')
        return true;
    for (size_t i = 0; i < s.n; i++)
        if (strchr(special, s.p[i]) && s.p[i])
            return true;
    return false;
}

static void put_nested_text(struct buf *b, const struct cell *c)
{
    if (!valid(c->validity, c->row)) {
        buf_addz(b, "NULL");
        return;
    }
    enum engine_type kind = coltype_public(c->type->id);
    if (kind == ENGINE_NESTED && c->type->id != DUCKDB_TYPE_UNION) {
        put_text(b, c);
        return;
    }
    struct buf tmp = BUF_INIT(64u << 20);
    put_text(&tmp, c);
    struct str s = buf_str(&tmp);
    /* Plain numbers and booleans never need quotes; everything else may. */
    if (kind == ENGINE_TEXT || kind == ENGINE_BLOB || kind == ENGINE_OTHER || kind == ENGINE_TIME || kind == ENGINE_TIMESTAMP ||
        kind == ENGINE_TIMESTAMP_TZ || kind == ENGINE_DATE) {
        if (needs_quotes(s)) {
            buf_addc(b, '\'');
            for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '\'' || s.p[i] == '\\')
                    buf_addc(b, '\\');
                buf_addc(b, s.p[i]);
            }
            buf_addc(b, '\'');
            s = STR("");
        }
    }
    buf_add(b, s);
    b->failed = b->failed || tmp.failed;
    buf_fini(&tmp);
}

/* The engine writes elements of fixed arrays bare. */
static void put_bare_text(struct buf *b, const struct cell *c)
{
    if (valid(c->validity, c->row))
        put_text(b, c);
    else
        buf_addz(b, "NULL");
}

static void put_nested_name(struct buf *b, struct str name)
{
    buf_addc(b, '\'');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '\'' || name.p[i] == '\\')
            buf_addc(b, '\\');
        buf_addc(b, name.p[i]);
    }
    buf_addz(b, "': ");
}

static void put_list(struct buf *b, const struct cell *c, put_fn put, bool spaced)
{
    uint64_t n;
    struct cell el = elements_of(c, &n);
    buf_addc(b, '[');
    for (uint64_t i = 0; i < n && !b->failed; i++, el.row++) {
        buf_addz(b, i ? (spaced ? ", " : ",") : "");
        put(b, &el);
    }
    buf_addc(b, ']');
}

static void put_text(struct buf *b, const struct cell *c)
{
    bool top;
    switch (c->type->id) {
    case DUCKDB_TYPE_BOOLEAN: buf_addz(b, integer_of(c, &top) ? "true" : "false"); break;
    case DUCKDB_TYPE_TINYINT: case DUCKDB_TYPE_SMALLINT: case DUCKDB_TYPE_INTEGER: case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT: case DUCKDB_TYPE_USMALLINT: case DUCKDB_TYPE_UINTEGER: case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT: case DUCKDB_TYPE_UHUGEINT: {
        __int128 v = integer_of(c, &top);
        put_integer(b, v, top);
        break;
    }
    case DUCKDB_TYPE_DECIMAL: put_decimal(b, integer_of(c, &top), c->type->scale); break;
    case DUCKDB_TYPE_FLOAT: put_double(b, (double)((const float *)c->data)[c->row], true); break;
    case DUCKDB_TYPE_DOUBLE: put_double(b, ((const double *)c->data)[c->row], false); break;
    case DUCKDB_TYPE_VARCHAR: buf_add(b, string_of(c)); break;
    case DUCKDB_TYPE_ENUM: {
        size_t i = (size_t)enum_index(c);
        buf_add(b, i < c->type->n ? c->type->names[i] : STR(""));
        break;
    }
    case DUCKDB_TYPE_BLOB: put_blob(b, string_of(c)); break;
    case DUCKDB_TYPE_BIT: put_bits(b, string_of(c)); break;
    case DUCKDB_TYPE_BIGNUM: put_bignum(b, string_of(c)); break;
    case DUCKDB_TYPE_UUID: put_uuid(b, c); break;
    case DUCKDB_TYPE_INTERVAL: render_interval(b, ((const duckdb_interval *)c->data)[c->row]); break;
    case DUCKDB_TYPE_LIST: put_list(b, c, put_nested_text, true); break;
    case DUCKDB_TYPE_ARRAY: put_list(b, c, put_bare_text, true); break;
    case DUCKDB_TYPE_STRUCT: {
        bool unnamed = c->type->n && c->type->names[0].n == 0;
        buf_addc(b, unnamed ? '(' : '{');
        for (size_t i = 0; i < c->type->n; i++) {
            struct cell child = child_of(c, i);
            buf_addz(b, i ? ", " : "");
            if (!unnamed)
                put_nested_name(b, c->type->names[i]);
            put_nested_text(b, &child);
        }
        buf_addc(b, unnamed ? ')' : '}');
        break;
    }
    case DUCKDB_TYPE_MAP:
        buf_addc(b, '{');
        for (uint64_t i = 0, n = map_count(c); i < n; i++) {
            struct cell key, value;
            map_entry(c, i, &key, &value);
            buf_addz(b, i ? ", " : "");
            put_nested_text(b, &key);
            buf_addc(b, '=');
            put_nested_text(b, &value);
        }
        buf_addc(b, '}');
        break;
    case DUCKDB_TYPE_UNION: {
        struct cell member;
        struct str name;
        if (!union_member(c, &member, &name))
            break;
        if (valid(member.validity, member.row))
            put_text(b, &member);
        else
            buf_addz(b, "NULL");
        break;
    }
    case DUCKDB_TYPE_SQLNULL: buf_addz(b, "NULL"); break;
    case DUCKDB_TYPE_DATE: case DUCKDB_TYPE_TIME: case DUCKDB_TYPE_TIME_NS: case DUCKDB_TYPE_TIME_TZ: case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S: case DUCKDB_TYPE_TIMESTAMP_MS: case DUCKDB_TYPE_TIMESTAMP_NS: case DUCKDB_TYPE_TIMESTAMP_TZ:
        render_time(b, c->type->id, (int64_t)integer_of(c, &top), false);
        break;
    default: buf_addz(b, "(a type that cannot be shown)"); break; /* newer than the header that this was built with */
    }
}

static void put_json(struct buf *b, const struct cell *c);

static void put_json_key(struct buf *b, const struct cell *key)
{
    struct buf tmp = BUF_INIT(16u << 20);
    if (valid(key->validity, key->row))
        put_text(&tmp, key);
    buf_json_str(b, buf_str(&tmp));
    b->failed = b->failed || tmp.failed;
    buf_fini(&tmp);
}

static void put_json_text(struct buf *b, const struct cell *c)
{
    struct buf tmp = BUF_INIT(64u << 20);
    put_text(&tmp, c);
    buf_json_str(b, buf_str(&tmp));
    b->failed = b->failed || tmp.failed;
    buf_fini(&tmp);
}

static void put_json(struct buf *b, const struct cell *c)
{
    static const __int128 exact = (__int128)1 << 53;
    if (!valid(c->validity, c->row)) {
        buf_addz(b, "null");
        return;
    }
    bool top = false;
    switch (coltype_public(c->type->id)) {
    case ENGINE_BOOL: case ENGINE_DECIMAL: put_text(b, c); break;
    case ENGINE_INT: case ENGINE_HUGEINT: {
        if (c->type->id == DUCKDB_TYPE_BIGNUM) {
            put_json_text(b, c);
            break;
        }
        __int128 v = integer_of(c, &top);
        bool small = !(top && v < 0) && v <= exact && v >= -exact; /* beyond 2^53 a JavaScript reader would round */
        buf_addz(b, small ? "" : "\"");
        put_integer(b, v, top);
        buf_addz(b, small ? "" : "\"");
        break;
    }
    case ENGINE_DOUBLE: {
        bool single = c->type->id == DUCKDB_TYPE_FLOAT;
        double v = single ? (double)((const float *)c->data)[c->row] : ((const double *)c->data)[c->row];
        if (isfinite(v))
            put_double(b, v, single);
        else
            buf_addz(b, "null");
        break;
    }
    case ENGINE_TEXT:
        if (c->type->id == DUCKDB_TYPE_VARCHAR)
            buf_json_str(b, string_of(c));
        else
            put_json_text(b, c);
        break;
    case ENGINE_DATE: case ENGINE_TIME: case ENGINE_TIMESTAMP: case ENGINE_TIMESTAMP_TZ:
        buf_addc(b, '"');
        render_time(b, c->type->id, (int64_t)integer_of(c, &top), true);
        buf_addc(b, '"');
        break;
    case ENGINE_NESTED:
        if (c->type->id == DUCKDB_TYPE_LIST || c->type->id == DUCKDB_TYPE_ARRAY) {
            put_list(b, c, put_json, false);
        } else if (c->type->id == DUCKDB_TYPE_STRUCT) {
            bool unnamed = c->type->n && c->type->names[0].n == 0;
            buf_addc(b, unnamed ? '[' : '{');
            for (size_t i = 0; i < c->type->n; i++) {
                struct cell child = child_of(c, i);
                buf_addz(b, i ? "," : "");
                if (!unnamed) {
                    buf_json_str(b, c->type->names[i]);
                    buf_addc(b, ':');
                }
                put_json(b, &child);
            }
            buf_addc(b, unnamed ? ']' : '}');
        } else if (c->type->id == DUCKDB_TYPE_MAP) {
            buf_addc(b, '{');
            for (uint64_t i = 0, n = map_count(c); i < n; i++) {
                struct cell key, value;
                map_entry(c, i, &key, &value);
                buf_addz(b, i ? "," : "");
                put_json_key(b, &key);
                buf_addc(b, ':');
                put_json(b, &value);
            }
            buf_addc(b, '}');
        } else {
            struct cell member;
            struct str name;
            if (union_member(c, &member, &name))
                put_json(b, &member);
            else
                buf_addz(b, "null");
        }
        break;
    default: put_json_text(b, c); break;
    }
}

/* ---- the public face ---- */

size_t engine_chunk_rows(const struct engine_chunk *ch)
{
    return ch->rows;
}

bool engine_cell_null(const struct engine_chunk *ch, size_t col, size_t row)
{
    return !valid(ch->validity[col], row);
}

int64_t engine_cell_i64(const struct engine_chunk *ch, size_t col, size_t row)
{
    struct cell c = cell_top(ch, col, row);
    bool top;
    if (engine_cell_null(ch, col, row))
        return 0;
    switch (c.type->id) {
    case DUCKDB_TYPE_FLOAT: case DUCKDB_TYPE_DOUBLE: {
        double v = engine_cell_f64(ch, col, row);
        return v >= 9.2e18 ? INT64_MAX : v <= -9.2e18 ? INT64_MIN : isnan(v) ? 0 : (int64_t)v;
    }
    case DUCKDB_TYPE_VARCHAR: case DUCKDB_TYPE_BLOB: case DUCKDB_TYPE_BIT: case DUCKDB_TYPE_BIGNUM: case DUCKDB_TYPE_INTERVAL:
    case DUCKDB_TYPE_LIST: case DUCKDB_TYPE_ARRAY: case DUCKDB_TYPE_STRUCT: case DUCKDB_TYPE_MAP: case DUCKDB_TYPE_UNION:
    case DUCKDB_TYPE_UUID: case DUCKDB_TYPE_SQLNULL:
        return 0;
    case DUCKDB_TYPE_TIMESTAMP_S: return (int64_t)integer_of(&c, &top) * 1000000;
    case DUCKDB_TYPE_TIMESTAMP_MS: return (int64_t)integer_of(&c, &top) * 1000;
    case DUCKDB_TYPE_TIMESTAMP_NS: return (int64_t)integer_of(&c, &top) / 1000;
    default: break;
    }
    __int128 v = integer_of(&c, &top);
    for (unsigned s = c.type->scale; s > 0; s--)
        v /= 10;
    if (top && v < 0)
        return INT64_MAX;
    return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

double engine_cell_f64(const struct engine_chunk *ch, size_t col, size_t row)
{
    struct cell c = cell_top(ch, col, row);
    bool top;
    if (engine_cell_null(ch, col, row))
        return 0;
    switch (coltype_public(c.type->id)) {
    case ENGINE_DOUBLE:
        return c.type->id == DUCKDB_TYPE_FLOAT ? (double)((const float *)c.data)[row] : ((const double *)c.data)[row];
    case ENGINE_DECIMAL: {
        double v = (double)integer_of(&c, &top);
        static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
        return c.type->scale < sizeof powers / sizeof powers[0] ? v / powers[c.type->scale] : v / pow(10.0, c.type->scale);
    }
    case ENGINE_HUGEINT: {
        if (c.type->id == DUCKDB_TYPE_BIGNUM)
            return 0;
        __int128 v = integer_of(&c, &top);
        return top ? (double)(unsigned __int128)v : (double)v;
    }
    case ENGINE_BOOL: case ENGINE_INT: case ENGINE_DATE: case ENGINE_TIMESTAMP: case ENGINE_TIMESTAMP_TZ:
        return (double)engine_cell_i64(ch, col, row);
    default:
        return 0;
    }
}

struct str engine_cell_str(const struct engine_chunk *ch, size_t col, size_t row)
{
    struct cell c = cell_top(ch, col, row);
    if (engine_cell_null(ch, col, row))
        return STR("");
    if (c.type->id == DUCKDB_TYPE_VARCHAR || c.type->id == DUCKDB_TYPE_BLOB)
        return string_of(&c);
    if (c.type->id == DUCKDB_TYPE_ENUM && (size_t)enum_index(&c) < c.type->n)
        return c.type->names[enum_index(&c)];
    return STR("");
}

void engine_cell_text(const struct engine_chunk *ch, size_t col, size_t row, struct buf *out)
{
    struct cell c = cell_top(ch, col, row);
    if (!engine_cell_null(ch, col, row))
        put_text(out, &c);
}

void engine_cell_json(const struct engine_chunk *ch, size_t col, size_t row, struct buf *out)
{
    struct cell c = cell_top(ch, col, row);
    put_json(out, &c);
}
