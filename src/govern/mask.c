/* Masks: what each makes of a value, and how a view writes it down. See mask.h. */
#include "govern/mask.h"

#include <sodium.h>

#include "base/mem.h"
#include "base/secret.h"

#define HIDDEN_TEXT "hidden: personal"
enum { MARK_BYTES = 16, VALUE_MAX = 1 << 20, PHONE_DIGITS = 7, PHONE_SHOWN = 4 };

void mask_keys_of(const unsigned char key[MASK_KEY_BYTES], struct mask_keys *out)
{
    static const char context[crypto_kdf_CONTEXTBYTES + 1] = "trlsmask";
    crypto_kdf_derive_from_key(out->hash, MASK_KEY_BYTES, 1, context, key);
    crypto_kdf_derive_from_key(out->mark, MASK_KEY_BYTES, 2, context, key);
    crypto_kdf_derive_from_key(out->cipher, MASK_KEY_BYTES, 3, context, key);
}

/* ---- values ---- */

void mask_hash(const struct mask_keys *k, struct str value, struct buf *out)
{
    unsigned char sum[MARK_BYTES];
    char hex[2 * MARK_BYTES + 1];
    crypto_generichash(sum, sizeof sum, (const unsigned char *)value.p, value.n, k->hash, MASK_KEY_BYTES);
    buf_addz(out, "h_");
    buf_addz(out, sodium_bin2hex(hex, sizeof hex, sum, sizeof sum));
}

/* Bytes of the first character. */
static size_t first_of(struct str s)
{
    size_t n = s.n > 0;
    while (n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

void mask_partial(struct str value, struct buf *out)
{
    size_t at = SIZE_MAX, digits = 0, letters = 0;
    value = str_trim(value);
    for (size_t i = 0; i < value.n; i++) {
        at = value.p[i] == '@' ? i : at;
        digits += value.p[i] >= '0' && value.p[i] <= '9';
        letters += ((unsigned)value.p[i] | 32) - 'a' < 26;
    }
    if (value.n == 0)
        return;
    if (at == SIZE_MAX && letters == 0 && digits >= PHONE_DIGITS) {
        buf_addz(out, "***");
        buf_add(out, (struct str){value.p + value.n - PHONE_SHOWN, PHONE_SHOWN});
        return;
    }
    if (at != 0)
        buf_add(out, (struct str){value.p, first_of(value)});
    buf_addz(out, "***");
    if (at != SIZE_MAX)
        buf_add(out, (struct str){value.p + at, value.n - at});
}

static void stream(const struct mask_keys *k, const unsigned char mark[MARK_BYTES], unsigned char *bytes, size_t n)
{
    unsigned char nonce[crypto_stream_xchacha20_NONCEBYTES] = {0};
    memcpy(nonce, mark, MARK_BYTES);
    crypto_stream_xchacha20_xor(bytes, bytes, n, nonce, k->cipher);
}

void mask_token(const struct mask_keys *k, struct str value, struct buf *out)
{
    if (value.n > VALUE_MAX) { /* no identifier: its hash is as joinable */
        mask_hash(k, value, out);
        return;
    }
    size_t n = MARK_BYTES + value.n, room = sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    unsigned char *box = mem_alloc(n);
    char *text = mem_alloc(room);
    crypto_generichash(box, MARK_BYTES, (const unsigned char *)value.p, value.n, k->mark, MASK_KEY_BYTES);
    if (value.n)
        memcpy(box + MARK_BYTES, value.p, value.n);
    stream(k, box, box + MARK_BYTES, value.n);
    sodium_bin2base64(text, room, box, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_addz(out, "t_");
    buf_addz(out, text);
    mem_free(text);
    mem_free(box);
}

bool mask_untoken(const struct mask_keys *k, struct str token, struct buf *value, struct err *e)
{
    unsigned char *box = NULL, mark[MARK_BYTES];
    size_t n = 0;
    bool ok = token.n > 2 && str_starts(token, STR("t_")) && token.n < 2 * (size_t)VALUE_MAX;
    if (ok) {
        box = mem_alloc(token.n);
        ok = sodium_base642bin(box, token.n, token.p + 2, token.n - 2, NULL, &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 && n >= MARK_BYTES;
    }
    if (ok) {
        stream(k, box, box + MARK_BYTES, n - MARK_BYTES);
        crypto_generichash(mark, sizeof mark, box + MARK_BYTES, n - MARK_BYTES, k->mark, MASK_KEY_BYTES);
        ok = sodium_memcmp(mark, box, MARK_BYTES) == 0;
    }
    if (ok)
        buf_add(value, (struct str){(const char *)box + MARK_BYTES, n - MARK_BYTES});
    else
        err_set(e, E_USAGE, "this is no token of this mesh");
    if (box)
        sodium_memzero(box, token.n);
    mem_free(box);
    return ok;
}

/* ---- functions of the engine ---- */

static void hash_fn(const void *k, struct str value, struct buf *out)
{
    mask_hash(k, value, out);
}

static void token_fn(const void *k, struct str value, struct buf *out)
{
    mask_token(k, value, out);
}

static void partial_fn(const void *k, struct str value, struct buf *out)
{
    (void)k;
    mask_partial(value, out);
}

bool mask_open(struct state *s, struct mask_keys **out, struct err *e)
{
    static const struct { const char *name; engine_text_fn fn; } functions[] = {
        {"trellis_hash", hash_fn}, {"trellis_token", token_fn}, {"trellis_partial", partial_fn}};
    unsigned char key[SECRET_BYTES];
    *out = NULL;
    if (sodium_init() < 0)
        return err_set(e, E_INTERNAL, "the random generator did not start");
    if (!secret_key(s->data_dir, MASK_KEY_FILE, key, e))
        return false;
    struct mask_keys *k = mem_alloc(sizeof *k);
    mask_keys_of(key, k);
    sodium_memzero(key, sizeof key);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (!engine_text_function(s->engine, functions[i].name, functions[i].fn, k, sizeof *k, e)) {
            mask_close(k);
            return false;
        }
    }
    *out = k;
    return true;
}

void mask_close(struct mask_keys *k)
{
    if (!k)
        return;
    sodium_memzero(k, sizeof *k);
    mem_free(k);
}

/* ---- views ---- */

static bool is_type(struct str type, const char *start)
{
    return str_starts(type, str_of(start));
}

static bool is_nested(struct str type)
{
    return str_ends(type, STR("]")) || is_type(type, "STRUCT") || is_type(type, "MAP") || is_type(type, "UNION") || is_type(type, "BLOB");
}

static bool is_number(struct str type)
{
    static const char *const names[] = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_type(type, names[i]))
            return true;
    return false;
}

static void put_call(struct buf *b, const char *before, struct str column, const char *after)
{
    buf_addz(b, before);
    buf_sql_ident(b, column);
    buf_addz(b, after);
}

/* False: what is asked for does not fit the type. */
static bool put_general(struct buf *b, struct str to, struct str column, struct str type)
{
    static const char *const spans[] = {"day", "month", "quarter", "year", "decade"};
    bool when = is_type(type, "DATE") || is_type(type, "TIMESTAMP"), text = is_type(type, "VARCHAR");
    struct str prefix = STR("prefix");
    if (to.n == 0)
        to = when ? STR("year") : text ? STR("prefix1") : STR("band");
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        if (!str_eq(to, str_of(spans[i])))
            continue;
        if (!when && !text)
            return false;
        buf_printf(b, "date_trunc('%s', ", spans[i]);
        put_call(b, when ? "" : "TRY_CAST(", column, when ? ")" : " AS DATE))");
        buf_addz(b, is_type(type, "TIMESTAMP") ? "" : "::DATE");
        return true;
    }
    if (str_starts(to, prefix) && to.n == prefix.n + 1 && to.p[prefix.n] >= '1' && to.p[prefix.n] <= '9' && text) {
        put_call(b, "concat(left(", column, ", ");
        buf_printf(b, "%c), '…')", to.p[prefix.n]);
        return true;
    }
    if (str_eq(to, STR("age_band")) && (when || text)) {
        put_call(b, when ? "(floor(date_diff('year', " : "(floor(date_diff('year', TRY_CAST(", column, when ? "::DATE, current_date) / 10) * 10)::INTEGER" : " AS DATE), current_date) / 10) * 10)::INTEGER");
        return true;
    }
    if ((str_eq(to, STR("age_band")) || str_eq(to, STR("band"))) && is_number(type)) {
        put_call(b, "(floor(", column, " / 10) * 10)::BIGINT");
        return true;
    }
    return false;
}

void mask_put(struct buf *b, struct policy_mask k, struct str column, struct str type)
{
    static const char *const functions[] = {[MASK_PARTIAL] = "trellis_partial", [MASK_TOKENISE] = "trellis_token", [MASK_HASH] = "trellis_hash"};
    switch (k.mask) {
    case MASK_NONE: buf_sql_ident(b, column); return;
    case MASK_NULL:
        buf_addz(b, "CAST(NULL AS ");
        buf_add(b, type.n ? type : STR("VARCHAR"));
        buf_addc(b, ')');
        return;
    case MASK_GENERALISE:
        if (put_general(b, k.to, column, type))
            return;
        break;
    case MASK_PARTIAL: case MASK_TOKENISE: case MASK_HASH:
        if (is_nested(type))
            break;
        buf_printf(b, "%s(", functions[k.mask]);
        put_call(b, "CAST(", column, " AS VARCHAR))");
        return;
    case MASK_REDACT: break;
    }
    buf_addz(b, "'" HIDDEN_TEXT "'");
}
