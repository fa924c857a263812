/* Cells of many rows of a chunk in one call, for those who walk through millions of them. */
#include "engine/duckdb_int.h"

#include <string.h>

static bool valid(const uint64_t *validity, size_t row)
{
    return !validity || (validity[row / 64] >> (row % 64) & 1);
}

void engine_cells_i64(const struct engine_chunk *ch, size_t col, size_t from, size_t n, int64_t *out)
{
    const uint64_t *validity = ch->validity[col];
    switch (ch->types[col].id) {
    case DUCKDB_TYPE_BIGINT: case DUCKDB_TYPE_TIMESTAMP: memcpy(out, (const int64_t *)ch->data[col] + from, n * sizeof *out); break;
    case DUCKDB_TYPE_INTEGER:
        for (size_t i = 0; i < n; i++)
            out[i] = ((const int32_t *)ch->data[col])[from + i];
        break;
    case DUCKDB_TYPE_BOOLEAN:
        for (size_t i = 0; i < n; i++)
            out[i] = ((const bool *)ch->data[col])[from + i];
        break;
    default:
        for (size_t i = 0; i < n; i++)
            out[i] = engine_cell_i64(ch, col, from + i);
        return;
    }
    for (size_t i = 0; validity && i < n; i++)
        if (!valid(validity, from + i))
            out[i] = 0;
}

static bool is_text(const struct coltype *t)
{
    return t->id == DUCKDB_TYPE_VARCHAR || t->id == DUCKDB_TYPE_BLOB;
}

bool engine_column_is_text(const struct engine_chunk *ch, size_t col)
{
    return is_text(&ch->types[col]) || ch->types[col].id == DUCKDB_TYPE_ENUM;
}

void engine_cells_str(const struct engine_chunk *ch, size_t col, size_t from, size_t n, struct str *out)
{
    bool plain = is_text(&ch->types[col]);
    duckdb_string_t *v = (duckdb_string_t *)ch->data[col] + (plain ? from : 0);
    for (size_t i = 0; i < n; i++)
        if (!plain || !valid(ch->validity[col], from + i))
            out[i] = engine_cell_str(ch, col, from + i);
        else
            out[i] = (struct str){duckdb_string_t_data(&v[i]), duckdb_string_t_length(v[i])};
}

/* ---- rows that are alike ---- */

/* What the engine keeps of a text: its length and either all of it or its beginning and where it stands. Of an ENUM: its number. */
struct raw { uint64_t a, b; };
_Static_assert(sizeof(struct raw) == sizeof(duckdb_string_t), "a text is sixteen bytes");

static struct raw raw_at(const struct engine_chunk *ch, size_t col, size_t row)
{
    struct raw r = {UINT64_MAX, UINT64_MAX}; /* NULL: no text has this length */
    if (!valid(ch->validity[col], row))
        return r;
    r = (struct raw){0};
    switch (ch->types[col].id == DUCKDB_TYPE_ENUM ? ch->types[col].storage : DUCKDB_TYPE_VARCHAR) {
    case DUCKDB_TYPE_UTINYINT: r.a = ((const uint8_t *)ch->data[col])[row]; break;
    case DUCKDB_TYPE_USMALLINT: r.a = ((const uint16_t *)ch->data[col])[row]; break;
    case DUCKDB_TYPE_UINTEGER: r.a = ((const uint32_t *)ch->data[col])[row]; break;
    default: memcpy(&r, (const char *)ch->data[col] + row * sizeof r, sizeof r);
    }
    return r;
}

static uint64_t mixed(uint64_t h, struct raw r)
{
    h = (h ^ r.a) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 32 ^ r.b) * UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 29;
}

static bool alike(const struct engine_chunk *ch, const size_t *cols, size_t n_cols, size_t x, size_t y)
{
    for (size_t c = 0; c < n_cols; c++) {
        struct raw a = raw_at(ch, cols[c], x), b = raw_at(ch, cols[c], y);
        if (a.a != b.a || a.b != b.b)
            return false;
    }
    return true;
}

size_t engine_cells_alike(const struct engine_chunk *ch, const size_t *cols, size_t n_cols, size_t from, size_t n, uint16_t *group, uint16_t *row)
{
    uint16_t slots[2 * ENGINE_ALIKE_ROWS] = {0};
    uint64_t hash[ENGINE_ALIKE_ROWS] = {0};
    size_t groups = 0, text[ENGINE_ALIKE_COLUMNS], n_text = 0;
    for (size_t c = 0; c < n_cols; c++)
        if (engine_column_is_text(ch, cols[c]))
            text[n_text++] = cols[c];
    for (size_t c = 0; c < n_text; c++)
        for (size_t i = 0; i < n; i++)
            hash[i] = mixed(hash[i], raw_at(ch, text[c], from + i));
    for (size_t i = 0; i < n; i++) {
        size_t at = hash[i] % (2 * ENGINE_ALIKE_ROWS);
        while (slots[at] && !alike(ch, text, n_text, from + i, from + row[slots[at] - 1]))
            at = (at + 1) % (2 * ENGINE_ALIKE_ROWS);
        if (!slots[at]) {
            row[groups] = (uint16_t)i;
            slots[at] = (uint16_t)++groups;
        }
        group[i] = (uint16_t)(slots[at] - 1);
    }
    return groups;
}
