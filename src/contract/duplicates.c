/* Is a key unique? A 64-bit hash of every row's key is streamed out of the engine and looked through here, in buckets that
 * fit the cache: several times faster than counting distinct values, and exact where it says "unique", since different
 * hashes mean different keys. Any repeated hash (a duplicate, or two keys of one hash) is left to a grouping query. */
#include "contract/contract_int.h"

enum { BUCKET_ROWS = 2048, BUCKET_BITS_MAX = 14, BUCKET_ROWS_MAX = 1 << 16 };
#define SLOT_TAKEN (UINT64_C(1) << 63) /* hashes come shifted: their top bit is free to tell a slot from an empty one */

static bool repeats_in_bucket(const uint64_t *v, size_t n, uint64_t *table)
{
    size_t slots = 16;
    while (slots < n * 2)
        slots *= 2;
    memset(table, 0, slots * sizeof *table);
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(v[i] * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (slots - 1);
        while (table[at] && table[at] != (v[i] | SLOT_TAKEN))
            at = (at + 1) & (slots - 1);
        if (table[at])
            return true;
        table[at] = v[i] | SLOT_TAKEN;
    }
    return false;
}

bool contract_repeats(const uint64_t *v, size_t n)
{
    unsigned bits = 0;
    while (bits < BUCKET_BITS_MAX && n >> bits > BUCKET_ROWS)
        bits++;
    size_t buckets = (size_t)1 << bits;
    size_t *ends = mem_try_alloc((buckets + 1) * sizeof *ends);
    uint64_t *sorted = mem_try_alloc(n * sizeof *sorted), *table = mem_try_alloc(4 * (size_t)BUCKET_ROWS_MAX * sizeof *table);
    bool repeats = true; /* without memory: let the engine find out */
    if (!ends || !sorted || !table)
        goto out;
    for (size_t i = 0; i < n; i++)
        ends[(v[i] >> (63 - bits)) + 1]++;
    for (size_t b = 0; b < buckets; b++)
        ends[b + 1] += ends[b];
    for (size_t i = 0; i < n; i++)
        sorted[ends[v[i] >> (63 - bits)]++] = v[i]; /* ends[b] walks from the begin of bucket b to its end */
    size_t begin = 0;
    repeats = false;
    for (size_t b = 0; b < buckets && !repeats; b++) {
        size_t in_bucket = ends[b] - begin;
        repeats = in_bucket > BUCKET_ROWS_MAX || repeats_in_bucket(sorted + begin, in_bucket, table);
        begin = ends[b];
    }
out:
    mem_free(ends);
    mem_free(sorted);
    mem_free(table);
    return repeats;
}

/* Hashes of one share of the rows; false: e is filled. *fits: there was room for all. */
static bool take_hashes(struct contract_run *run, struct str sql, uint64_t *v, size_t room, size_t *n, bool *fits, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool ok = engine_query(run->conn, sql, NULL, 0, &r, e);
    *n = 0;
    *fits = true;
    while (ok && *fits && (ok = engine_result_next(r, &ch, e)) && ch) {
        size_t rows = engine_chunk_rows(ch);
        *fits = rows <= room - *n;
        for (size_t i = 0; i < rows && *fits; i++)
            v[(*n)++] = (uint64_t)engine_cell_i64(ch, 0, i);
    }
    engine_result_close(r);
    return ok;
}

/* *repeats false: every key is different, surely. */
static bool look_through(struct contract_run *run, struct str cols, struct str cond, bool *repeats, struct err *e)
{
    size_t rows = (size_t)run->rows, shares = rows / CONTRACT_HASHES_AT_ONCE + 1,
           room = rows / shares + rows / shares / 16 + 4096, n;
    uint64_t *v = mem_try_alloc(room * sizeof *v);
    bool ok = true, fits = true;
    *repeats = v == NULL;
    for (size_t share = 0; v && share < shares && ok && !*repeats; share++) {
        struct str part = shares == 1 ? STR("")
                                      : arena_printf(run->a, " %s hash(%.*s) %% %zu = %zu", cond.n ? "AND" : "WHERE",
                                                     STR_FMT(cols), shares, share);
        struct str sql = arena_printf(run->a, "SELECT CAST(hash(%.*s) >> 1 AS BIGINT) FROM %.*s%.*s%.*s", STR_FMT(cols),
                                      STR_FMT(run->table), STR_FMT(cond), STR_FMT(part));
        ok = take_hashes(run, sql, v, room, &n, &fits, e);
        *repeats = ok && (!fits || contract_repeats(v, n));
    }
    mem_free(v);
    return ok;
}

static bool duplicates(struct contract_run *run, const struct str *columns, size_t n, bool ignore_nulls, int64_t *out, struct str *why)
{
    struct buf list = BUF_INIT(1 << 20), where = BUF_INIT(1 << 20);
    struct err said = {0};
    bool repeats;
    for (size_t i = 0; i < n; i++) {
        buf_addz(&list, i ? ", " : "");
        buf_sql_ident(&list, columns[i]);
        if (ignore_nulls) {
            buf_addz(&where, i ? " AND " : " WHERE ");
            buf_sql_ident(&where, columns[i]);
            buf_addz(&where, " IS NOT NULL");
        }
    }
    struct str cols = arena_str(run->a, buf_str(&list)), cond = arena_str(run->a, buf_str(&where));
    buf_fini(&list);
    buf_fini(&where);
    if (!look_through(run, cols, cond, &repeats, &said)) {
        *why = contract_not_run(run, &said);
        return false;
    }
    *out = 0;
    if (!repeats)
        return true;
    struct str exact = arena_printf(
        run->a,
        "SELECT coalesce(sum(n - 1), 0)::BIGINT FROM (SELECT count(*) AS n FROM %.*s%.*s GROUP BY %.*s HAVING count(*) > 1)",
        STR_FMT(run->table), STR_FMT(cond), STR_FMT(cols));
    return contract_count(run, exact, out, why);
}

/* A changed row may repeat one that has not changed, unless rows of one key can only be among the changed ones. */
bool contract_duplicates(struct contract_run *run, const struct str *columns, size_t n, bool ignore_nulls, int64_t *out, struct str *why)
{
    struct str changed = run->table;
    bool within = run->whole.n == 0;
    for (size_t i = 0; i < n; i++)
        within |= str_eq_nocase(columns[i], run->by);
    if (!within) {
        struct buf using = BUF_INIT(1 << 20);
        for (size_t i = 0; i < n; i++) {
            buf_addz(&using, i ? ", " : "");
            buf_sql_ident(&using, columns[i]);
        }
        run->table = arena_printf(run->a, "(SELECT * FROM %.*s SEMI JOIN %.*s USING (%.*s))", STR_FMT(run->whole), STR_FMT(changed),
                                  STR_FMT(buf_str(&using)));
        buf_fini(&using);
    }
    bool ok = duplicates(run, columns, n, ignore_nulls, out, why);
    run->table = changed;
    return ok;
}
