/* Rows of people on the suppression list are left out while a file is loaded, and their names in names of files. The list is a sorted block of keyed hashes behind
 * its key; a function of the engine looks values up in it, so that the rows never reach a table. */
#include "ingest/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/secret.h"
#include "collect/suppress.h"
#include "store/store.h"

enum { WORD_MIN = 6, WORD_MAX = 320, NAME_MIN = 8 /* of an id in a file's name, as in person_telling */, PIECES_MAX = 16, MARK_BYTES = 6 };

struct suppressed {
    size_t n;
    unsigned char key[SUPPRESS_KEY_BYTES];
    unsigned char hash[]; /* n of SUPPRESS_HASH_BYTES, sorted */
};

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, SUPPRESS_HASH_BYTES);
}

static bool is_listed(const struct suppressed *x, struct str kind, struct str value)
{
    struct suppress_hash h;
    unsigned char bytes[SUPPRESS_HASH_BYTES];
    if (str_trim(value).n == 0)
        return false;
    suppress_hash(x->key, kind, value, &h);
    return sodium_hex2bin(bytes, sizeof bytes, h.z, sizeof h.z - 1, NULL, NULL, NULL) == 0 && bsearch(bytes, x->hash, x->n, SUPPRESS_HASH_BYTES, by_bytes) != NULL;
}

/* "email:a@b.c" -> itself where it is listed, else nothing. */
static void look_up(const void *ctx, struct str text, struct buf *out)
{
    struct str value, kind = str_cut(text, ':', &value);
    if (value.p && is_listed(ctx, kind, value))
        buf_addc(out, '1');
}

static bool in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* `%40` is @. As much as there is room for. */
static struct str plain_name(struct str raw, char *room, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.n && n < cap; i++) {
        bool at = str_starts((struct str){raw.p + i, raw.n - i}, STR("%40"));
        room[n++] = at ? '@' : raw.p[i];
        i += at ? 2 : 0;
    }
    return (struct str){room, n};
}

/* Where an address may stand that begins at or behind `from`; false: none does. */
static bool next_address(struct str text, size_t from, size_t *begin, size_t *end)
{
    static const char signs[] = "._%+-";
    for (size_t i = from; i < text.n; i++) {
        size_t at = text.p[i] == '@' ? 1 : str_starts((struct str){text.p + i, text.n - i}, STR("%40")) ? 3 : 0;
        size_t a = i, b = i + at;
        if (!at)
            continue;
        while (a > from && (in_word(text.p[a - 1]) || memchr(signs, text.p[a - 1], sizeof signs - 1)))
            a--;
        while (b < text.n && (in_word(text.p[b]) || text.p[b] == '.' || text.p[b] == '-'))
            b++;
        while (b > i + at && !in_word(text.p[b - 1]))
            b--;
        if (a < i && b > i + at) {
            *begin = a;
            *end = b;
            return true;
        }
    }
    return false;
}

static bool address_listed(const struct suppressed *x, struct str raw)
{
    char word[WORD_MAX];
    struct str w = plain_name(raw, word, sizeof word);
    return w.n < sizeof word && (is_listed(x, STR("email"), w) || is_listed(x, STR("user_id"), w));
}

/* The next one that is on the list. */
static bool next_listed(const struct suppressed *x, struct str text, size_t from, size_t *begin, size_t *end)
{
    for (; next_address(text, from, begin, end); from = *end) {
        while (*end - *begin > 3 && text.p[*begin] == '%' && !str_starts((struct str){text.p + *begin, 3}, STR("%40")))
            *begin += 3; /* an escaped sign before it */
        if (address_listed(x, (struct str){text.p + *begin, *end - *begin}))
            return true;
    }
    return false;
}

/* Somebody else's row that speaks of them: without their address. */
static void leave_out(const void *ctx, struct str text, struct buf *out)
{
    size_t done = 0, begin, end;
    for (size_t from = 0; next_listed(ctx, text, from, &begin, &end); from = end) {
        buf_add(out, (struct str){text.p + done, begin - done});
        buf_addz(out, "[erased]");
        done = end;
    }
    buf_add(out, (struct str){text.p + done, text.n - done});
}

bool suppressed_of(struct state *s, const struct store_suppressed *v, size_t n, struct suppressed **out, struct err *e)
{
    struct suppressed *x = mem_alloc(sizeof *x + n * SUPPRESS_HASH_BYTES);
    bool ok = secret_key(s->data_dir, SUPPRESS_KEY_FILE, x->key, e);
    for (size_t i = 0; ok && i < n; i++)
        if (sodium_hex2bin(x->hash + x->n * SUPPRESS_HASH_BYTES, SUPPRESS_HASH_BYTES, v[i].hash.p, v[i].hash.n, NULL, NULL, NULL) == 0)
            x->n++;
    qsort(x->hash, x->n, SUPPRESS_HASH_BYTES, by_bytes);
    *out = ok ? x : NULL;
    if (!ok)
        suppressed_free(x);
    return ok;
}

bool suppressed_look(struct state *s, struct suppressed **out, struct err *e)
{
    struct arena a;
    struct store_suppressed *v;
    size_t n;
    arena_init(&a);
    *out = NULL;
    bool ok = store_suppressed_all(s->store, &a, &v, &n, e) && (n == 0 || suppressed_of(s, v, n, out, e));
    arena_fini(&a);
    return ok;
}

bool suppressed_read(struct state *s, struct suppressed **out, struct err *e)
{
    struct suppressed *x;
    *out = NULL;
    if (!suppressed_look(s, &x, e))
        return false;
    const size_t bytes = x ? sizeof *x + x->n * SUPPRESS_HASH_BYTES : 0;
    if (x && !(engine_text_function(s->engine, "trellis_suppressed", look_up, x, bytes, e) && engine_text_function(s->engine, "trellis_unnamed", leave_out, x, bytes, e))) {
        suppressed_free(x);
        return false;
    }
    *out = x;
    return true;
}

void suppressed_free(struct suppressed *x)
{
    if (!x)
        return;
    sodium_memzero(x->key, sizeof x->key);
    mem_free(x);
}

static void put_call(struct buf *b, struct str before, size_t no)
{
    buf_addz(b, "trellis_suppressed(");
    buf_sql_text(b, before);
    buf_printf(b, " || CAST(c%zu AS VARCHAR)) = '1'", no);
}

static bool acts(const struct mesh_stream *st, struct str column)
{
    return people_staff(st->name) || people_role(column);
}

/* A personal value of no kind that its name tells may be an address. */
static const char *kind_of(const struct mesh_stream *st, struct str column)
{
    const char *kind = people_kind(column);
    enum mesh_class k = st->contract ? mesh_contract_class(st->contract, column) : CLASS_UNSET;
    return kind ? kind : k == CLASS_PERSONAL || k == CLASS_SENSITIVE || mesh_name_personal(column) ? "email" : NULL;
}

/* Whether rows of other streams name this one's records by the column: its contract tells its columns, as far as it has one. */
static bool names_record(struct arena *a, const struct mesh_stream *of, struct str column)
{
    size_t n = of->contract ? of->contract->n_columns : 0;
    struct str *names = arena_array(a, n + 1, sizeof *names), key, ref;
    for (size_t i = 0; i < n; i++)
        names[i] = of->contract->columns[i].name;
    names[n] = STR("id");
    people_key(a, of->name, of->contract, names, n + 1, &key, &ref);
    return ref.n && str_eq(ref, column);
}

void suppressed_condition(const struct suppressed *x, const struct mesh_stream *st, const struct str *columns, const bool *text, size_t n, struct arena *a, struct buf *cut)
{
    struct str key, ref;
    if (!x)
        return;
    people_key(a, st->name, st->contract, columns, n, &key, &ref);
    for (size_t i = 0; i < n; i++) {
        const char *kind = text[i] && !acts(st, columns[i]) ? kind_of(st, columns[i]) : NULL;
        if (kind) {
            buf_addz(cut, cut->n ? " OR " : "");
            put_call(cut, arena_printf(a, "%s:", kind), i);
        }
        if (key.n && str_eq(columns[i], key)) {
            buf_addz(cut, cut->n ? " OR " : "");
            put_call(cut, arena_printf(a, "record:%.*s:", STR_FMT(st->ref)), i);
        }
        for (size_t k = 0; k < st->source->n_streams; k++) {
            const struct mesh_stream *other = &st->source->streams[k];
            if (other == st || !names_record(a, other, columns[i]))
                continue;
            buf_addz(cut, cut->n ? " OR " : "");
            put_call(cut, arena_printf(a, "record:%.*s:", STR_FMT(other->ref)), i);
        }
    }
}

void suppressed_value(const struct suppressed *x, const struct mesh_stream *st, struct str column, bool text, size_t no, struct buf *b)
{
    const char *kind = x && text && acts(st, column) ? kind_of(st, column) : NULL;
    if (!x || !text) {
        buf_printf(b, "c%zu", no);
        return;
    }
    buf_addz(b, "CASE WHEN ");
    if (kind) {
        put_call(b, str_of(strcmp(kind, "phone") == 0 ? "phone:" : strcmp(kind, "email") == 0 ? "email:" : "user_id:"), no);
        buf_addz(b, " THEN NULL WHEN ");
    }
    buf_printf(b, "contains(c%zu, '@') OR contains(c%zu, '%%40') THEN trellis_unnamed(c%zu) ELSE c%zu END", no, no, no, no);
}

static bool word_listed(const struct suppressed *x, struct str w)
{
    static const struct str kinds[] = {{"user_id", 7}, {"anonymous_id", 12}, {"phone", 5}, {"device_id", 9}};
    if (w.n < WORD_MIN || w.n > WORD_MAX)
        return false;
    if (memchr(w.p, '@', w.n))
        return is_listed(x, STR("email"), w);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is_listed(x, kinds[i], w))
            return true;
    return false;
}

bool suppressed_in_text(const struct suppressed *x, struct str text)
{
    static const char apart[] = ",;\t|\"'<>{}[]\r\n=:";
    size_t begin = 0;
    for (size_t i = 0; x && i <= text.n; i++) {
        if (i < text.n && !memchr(apart, text.p[i], sizeof apart - 1))
            continue;
        struct str w = str_trim((struct str){text.p + begin, i - begin});
        struct str rest, first = str_cut(w, ' ', &rest);
        if (word_listed(x, w) || (rest.p && word_listed(x, first)))
            return true;
        begin = i + 1;
    }
    size_t from, to;
    return x && next_listed(x, text, 0, &from, &to); /* inside of a longer field */
}

/* ---- Names of files ---- */

static bool name_listed(const struct suppressed *x, const struct mesh *m, const struct mesh_stream *st, struct str raw)
{
    char word[WORD_MAX], record[WORD_MAX + 256];
    const struct str w = plain_name(raw, word, sizeof word);
    if (memchr(w.p, '@', w.n))
        return is_listed(x, STR("email"), w) || is_listed(x, STR("user_id"), w);
    if (w.n < NAME_MIN)
        return false;
    for (size_t i = 0; i < m->identity.n_kinds; i++)
        if (is_listed(x, m->identity.kinds[i].name, w))
            return true;
    for (size_t i = 0; st && i < st->source->n_streams; i++) {
        int len = snprintf(record, sizeof record, "%.*s:%.*s", STR_FMT(st->source->streams[i].ref), STR_FMT(w));
        if (len > 0 && (size_t)len < sizeof record && is_listed(x, STR("record"), (struct str){record, (size_t)len}))
            return true;
    }
    return false;
}

/* The longest name that begins here; 0: none. */
static size_t name_at(const struct suppressed *x, const struct mesh *m, const struct mesh_stream *st, struct str s)
{
    size_t ends[PIECES_MAX], n = 0;
    for (size_t i = 1; i <= s.n && i <= WORD_MAX && s.p[i - 1] != '/' && n < PIECES_MAX; i++)
        if (in_word(s.p[i - 1]) && (i == s.n || !in_word(s.p[i])))
            ends[n++] = i;
    while (n-- > 0)
        if (name_listed(x, m, st, (struct str){s.p, ends[n]}))
            return ends[n];
    return 0;
}

static void put_mark(const struct suppressed *x, struct str name, struct buf *out)
{
    crypto_generichash_state g;
    unsigned char sum[crypto_generichash_BYTES_MIN];
    char hex[2 * MARK_BYTES + 1];
    crypto_generichash_init(&g, x->key, sizeof x->key, sizeof sum);
    crypto_generichash_update(&g, (const unsigned char *)"path:", 5);
    crypto_generichash_update(&g, (const unsigned char *)name.p, name.n);
    crypto_generichash_final(&g, sum, sizeof sum);
    buf_printf(out, "erased-%s", sodium_bin2hex(hex, sizeof hex, sum, MARK_BYTES));
}

struct str suppressed_path(const struct suppressed *x, const struct mesh *m, const struct mesh_stream *st, struct arena *a, struct str path)
{
    struct buf b = BUF_INIT((size_t)64 << 10);
    struct str s = path;
    bool any = false;
    for (size_t i = 0, n; x && i < path.n; i += n) {
        bool begins = (in_word(path.p[i]) || path.p[i] == '+') && (i == 0 || !in_word(path.p[i - 1]));
        size_t name = begins ? name_at(x, m, st, (struct str){path.p + i, path.n - i}) : 0;
        n = name ? name : 1;
        if (name)
            put_mark(x, (struct str){path.p + i, n}, &b);
        else
            buf_addc(&b, path.p[i]);
        any |= name > 0;
    }
    if (any && !b.failed)
        s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}
