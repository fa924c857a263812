#include "govern/audit_int.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"

const struct str AUDIT_ITSELF = {"audit", 5};
const struct str AUDIT_CUT = {"audit cut to ", 13};
const struct str AUDIT_FORGOT = {"audit forgot ", 13};

enum { SEAL_MAX_BYTES = 4096 };

/* ---- the bytes that are hashed: a tag, then each field at its place, numbers in eight bytes, texts after their length ---- */

static void add_number(crypto_generichash_state *st, int64_t v)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (unsigned char)((uint64_t)v >> (8 * i));
    crypto_generichash_update(st, b, sizeof b);
}

static void add_text(crypto_generichash_state *st, struct str s)
{
    add_number(st, (int64_t)s.n);
    crypto_generichash_update(st, (const unsigned char *)(s.p ? s.p : ""), s.n);
}

void chain_hash(const unsigned char before[AUDIT_HASH_BYTES], const struct store_audit *x, unsigned char out[AUDIT_HASH_BYTES])
{
    crypto_generichash_state st;
    crypto_generichash_init(&st, NULL, 0, AUDIT_HASH_BYTES);
    add_text(&st, x->signed_id < 0 ? STR("trellis audit entry 1") : STR("trellis audit entry 2"));
    crypto_generichash_update(&st, before, AUDIT_HASH_BYTES);
    add_number(&st, x->id);
    add_number(&st, x->at_us);
    add_text(&st, x->kind);
    add_text(&st, x->principal);
    add_text(&st, x->roles);
    add_text(&st, x->purpose);
    add_text(&st, x->what);
    add_text(&st, x->sql_shape);
    add_text(&st, x->verdict);
    add_text(&st, x->detail_hash);
    add_text(&st, x->person);
    add_number(&st, x->rows);
    add_number(&st, x->bytes);
    add_number(&st, x->elapsed_us);
    add_number(&st, x->quiet);
    if (x->signed_id >= 0)
        add_number(&st, x->signed_id);
    crypto_generichash_final(&st, out, AUDIT_HASH_BYTES);
}

void chain_detail(struct str detail, const unsigned char salt[AUDIT_SALT_BYTES], unsigned char out[AUDIT_HASH_BYTES])
{
    crypto_generichash(out, AUDIT_HASH_BYTES, (const unsigned char *)detail.p, detail.n, salt, AUDIT_SALT_BYTES);
}

/* ---- checkpoints ---- */

static void checkpoint_hash(const struct chain_head *h, unsigned char out[AUDIT_HASH_BYTES])
{
    crypto_generichash_state st;
    crypto_generichash_init(&st, NULL, 0, AUDIT_HASH_BYTES);
    add_text(&st, STR("trellis audit checkpoint 1"));
    add_number(&st, h->id);
    add_number(&st, h->at_us);
    crypto_generichash_update(&st, h->hash, AUDIT_HASH_BYTES);
    crypto_generichash_final(&st, out, AUDIT_HASH_BYTES);
}

void chain_sign(const struct audit_keys *k, const struct chain_head *h, unsigned char out[crypto_sign_BYTES])
{
    unsigned char digest[AUDIT_HASH_BYTES];
    checkpoint_hash(h, digest);
    crypto_sign_detached(out, NULL, digest, sizeof digest, k->secret_key);
}

bool chain_signed(const unsigned char public_key[crypto_sign_PUBLICKEYBYTES], const struct chain_head *h, struct str signature)
{
    unsigned char digest[AUDIT_HASH_BYTES];
    checkpoint_hash(h, digest);
    return signature.n == crypto_sign_BYTES &&
           crypto_sign_verify_detached((const unsigned char *)signature.p, digest, sizeof digest, public_key) == 0;
}

bool chain_head_of(const struct store_checkpoint *c, struct chain_head *out)
{
    *out = (struct chain_head){.id = c->id, .at_us = c->at_us};
    if (c->hash.n != AUDIT_HASH_BYTES)
        return false;
    memcpy(out->hash, c->hash.p, AUDIT_HASH_BYTES);
    return true;
}

/* ---- data/audit.head ---- */

static void put_hex(struct buf *b, const char *key, const unsigned char *v, size_t n)
{
    char hex[2 * crypto_sign_BYTES + 1];
    sodium_bin2hex(hex, sizeof hex, v, n);
    buf_printf(b, ",\"%s\":\"%s\"", key, hex);
}

void chain_seal_put(struct buf *b, const struct audit_keys *k, const struct chain_head *h)
{
    unsigned char signature[crypto_sign_BYTES];
    chain_sign(k, h, signature);
    buf_printf(b, "{\"id\":%lld,\"at_us\":%lld", (long long)h->id, (long long)h->at_us);
    put_hex(b, "hash", h->hash, AUDIT_HASH_BYTES);
    put_hex(b, "signature", signature, sizeof signature);
    put_hex(b, "public_key", k->public_key, sizeof k->public_key);
    buf_addz(b, "}\n");
}

static bool read_hex(struct str text, unsigned char *out, size_t n)
{
    size_t got = 0;
    return text.n == 2 * n && sodium_hex2bin(out, n, text.p, text.n, NULL, &got, NULL) == 0 && got == n;
}

bool chain_seal_read(const char *path, struct chain_seal *out, struct err *e)
{
    struct arena a;
    struct str text;
    *out = (struct chain_seal){0};
    if (!fs_exists(path))
        return true;
    arena_init(&a);
    yyjson_doc *doc = NULL;
    bool ok = fs_read(&a, path, SEAL_MAX_BYTES, &text, e);
    if (ok) {
        doc = yyjson_read(text.p, text.n, 0);
        yyjson_val *root = yyjson_doc_get_root(doc);
        out->head.id = json_int(root, "id", 0);
        out->head.at_us = json_int(root, "at_us", 0);
        /* One that cannot be read is there all the same: its signature fits to nothing. */
        bool read = read_hex(json_str(root, "hash"), out->head.hash, AUDIT_HASH_BYTES) &&
                    read_hex(json_str(root, "signature"), out->signature, sizeof out->signature);
        if (!read)
            out->head.id = 0;
        out->there = true;
    }
    yyjson_doc_free(doc);
    arena_fini(&a);
    return ok;
}

/* ---- holding entries to the chain ---- */

bool chain_bad(struct chain_check *k, int64_t id, const char *fmt, ...)
{
    if (k->verdict->problem.n)
        return false;
    va_list ap;
    va_start(ap, fmt);
    k->verdict->problem = arena_vprintf(k->arena, fmt, ap);
    va_end(ap);
    k->verdict->first_bad_id = id;
    return false;
}

void chain_check_init(struct chain_check *k, struct arena *a, struct audit_verdict *out)
{
    *k = (struct chain_check){.verdict = out, .arena = a};
    *out = (struct audit_verdict){.problem = STR("")};
}

void chain_check_base(struct chain_check *k, const struct store_checkpoint *c)
{
    struct chain_head h;
    if (!chain_head_of(c, &h) || !chain_signed(k->public_key, &h, c->signature)) {
        chain_bad(k, c->id, "the checkpoint at entry %lld, where the log begins, is not signed by the key of this log",
                  (long long)c->id);
        return;
    }
    k->from = k->at = k->signed_at = h;
    if (k->seal.there && k->seal.head.id == h.id && memcmp(k->seal.head.hash, h.hash, sizeof h.hash) != 0)
        chain_bad(k, c->id, "the checkpoint at entry %lld is not the one that audit.head names", (long long)c->id);
    k->met_known = k->ask_known && memcmp(h.hash, k->known, sizeof h.hash) == 0;
}

/* A text is what its hash says, or was blanked for somebody who was forgotten; the latter is looked at in the end. */
static bool detail_fits(struct chain_check *k, const struct store_audit *x)
{
    unsigned char h[AUDIT_HASH_BYTES];
    if (x->detail_hash.n == 0)
        return x->detail.n == 0 && x->salt.n == 0;
    if (x->salt.n == 0 && x->detail.n == 0) {
        if (k->n_blank == k->cap_blank) {
            struct chain_blank *old = k->blank;
            k->blank = arena_array(k->arena, k->cap_blank = k->cap_blank ? k->cap_blank * 2 : 16, sizeof *k->blank);
            if (old)
                memcpy(k->blank, old, k->n_blank * sizeof *old);
        }
        k->blank[k->n_blank++] = (struct chain_blank){arena_str(k->arena, x->person), x->id};
        return true;
    }
    if (x->salt.n != AUDIT_SALT_BYTES || x->detail_hash.n != AUDIT_HASH_BYTES)
        return false;
    chain_detail(x->detail, (const unsigned char *)x->salt.p, h);
    return memcmp(h, x->detail_hash.p, sizeof h) == 0;
}

static void note_forgot(struct chain_check *k, struct str person)
{
    if (k->n_forgot == k->cap_forgot) {
        struct str *old = k->forgot;
        k->forgot = arena_array(k->arena, k->cap_forgot = k->cap_forgot ? k->cap_forgot * 2 : 16, sizeof *k->forgot);
        if (old)
            memcpy(k->forgot, old, k->n_forgot * sizeof *old);
    }
    k->forgot[k->n_forgot++] = arena_str(k->arena, person);
}

/* "audit cut to 4000 <hash>": names the checkpoint with which this log begins. */
static bool names_begin(const struct chain_check *k, struct str what)
{
    char expected[128], hex[AUDIT_HEX];
    sodium_bin2hex(hex, sizeof hex, k->from.hash, AUDIT_HASH_BYTES);
    snprintf(expected, sizeof expected, "%s%lld %s", AUDIT_CUT.p, (long long)k->from.id, hex);
    return str_eq(what, str_of(expected));
}

/* Entries about the log itself; only what the program writes has these kinds and this principal. */
static bool about_itself(struct chain_check *k, const struct store_audit *x)
{
    if (str_eq(x->kind, STR("system")) && str_eq(x->what, AUDIT_ITSELF) && !str_eq(x->verdict, STR("ok")))
        return chain_bad(k, x->id, "entry %lld: when the log was opened, it was found broken: %.*s", (long long)x->id,
                         STR_FMT(x->detail));
    if (str_eq(x->kind, STR("retention")) && str_starts(x->what, AUDIT_CUT))
        k->cut_ok = k->cut_ok || names_begin(k, x->what);
    if (str_eq(x->kind, STR("erasure")) && str_starts(x->what, AUDIT_FORGOT))
        note_forgot(k, (struct str){x->what.p + AUDIT_FORGOT.n, x->what.n - AUDIT_FORGOT.n});
    return true;
}

bool chain_check_entry(struct chain_check *k, const struct store_audit *x)
{
    unsigned char h[AUDIT_HASH_BYTES];
    struct audit_verdict *v = k->verdict;
    if (v->entries == 0)
        v->first_id = x->id;
    if (x->id <= k->at.id)
        return chain_bad(k, x->id, "entry %lld stands out of order: it comes after entry %lld", (long long)x->id,
                         (long long)k->at.id);
    if (x->id == k->at.id + 2)
        return chain_bad(k, x->id - 1, "entry %lld is missing", (long long)x->id - 1);
    if (x->id != k->at.id + 1)
        return chain_bad(k, k->at.id + 1, "entries %lld to %lld are missing", (long long)k->at.id + 1, (long long)x->id - 1);
    chain_hash(k->at.hash, x, h);
    if (x->hash.n != sizeof h || memcmp(h, x->hash.p, sizeof h) != 0)
        return chain_bad(k, x->id,
                         "entry %lld was edited, or another stands in its place: its hash does not follow from the entry before",
                         (long long)x->id);
    if (x->signed_id >= 0 && x->signed_id != k->signed_at.id)
        return chain_bad(k, x->signed_id, "the checkpoint at entry %lld is missing: entry %lld was written after it", (long long)x->signed_id, (long long)x->id);
    if (!detail_fits(k, x))
        return chain_bad(k, x->id, "entry %lld: its text was edited", (long long)x->id);
    v->entries++;
    v->last_id = x->id;
    k->at.id = x->id;
    k->at.at_us = x->at_us;
    memcpy(k->at.hash, h, sizeof h);
    if (k->ask_known && memcmp(h, k->known, sizeof h) == 0)
        k->met_known = true;
    if (k->seal.there && x->id == k->seal.head.id && memcmp(h, k->seal.head.hash, sizeof h) != 0)
        return chain_bad(k, x->id, "entry %lld is not the one that audit.head names", (long long)x->id);
    if (x->id - k->signed_at.id > AUDIT_GAP_MAX)
        return chain_bad(k, k->signed_at.id + 1, "a checkpoint is missing between entries %lld and %lld",
                         (long long)k->signed_at.id, (long long)x->id);
    return about_itself(k, x);
}

bool chain_check_checkpoint(struct chain_check *k, const struct store_checkpoint *c)
{
    struct chain_head h;
    if (c->id != k->at.id || !chain_head_of(c, &h) || memcmp(h.hash, k->at.hash, AUDIT_HASH_BYTES) != 0)
        return chain_bad(k, c->id, "the checkpoint at entry %lld is not of this chain", (long long)c->id);
    if (!chain_signed(k->public_key, &h, c->signature))
        return chain_bad(k, c->id, "the signature of the checkpoint at entry %lld is forged, or of another key",
                         (long long)c->id);
    k->signed_before = k->signed_at;
    k->signed_at = h;
    k->verdict->checkpoints++;
    return true;
}

static bool forgotten(const struct chain_check *k, struct str person)
{
    for (size_t i = 0; i < k->n_forgot; i++)
        if (str_eq(k->forgot[i], person))
            return true;
    return false;
}

static bool seal_fits(struct chain_check *k)
{
    const struct chain_seal *s = &k->seal;
    if (!s->there)
        return true;
    if (!chain_signed(k->public_key, &s->head, (struct str){(const char *)s->signature, sizeof s->signature}))
        return chain_bad(k, k->at.id, "audit.head is not signed by the key of this log: it was replaced");
    if (s->head.id > k->at.id)
        return chain_bad(k, k->at.id + 1, "the end is missing from entry %lld on: audit.head names entry %lld",
                         (long long)k->at.id + 1, (long long)s->head.id);
    if (s->head.id > k->signed_at.id)
        return chain_bad(k, s->head.id, "the checkpoint at entry %lld is missing: audit.head names it", (long long)s->head.id);
    /* A process that dies between the two has written a checkpoint that the head does not name yet. */
    if (s->head.id < k->signed_before.id)
        return chain_bad(k, s->head.id,
                         "audit.head names entry %lld, but a later checkpoint stands at entry %lld: it was replaced",
                         (long long)s->head.id, (long long)k->signed_at.id);
    return true;
}

void chain_check_end(struct chain_check *k)
{
    struct audit_verdict *v = k->verdict;
    sodium_bin2hex(v->head, sizeof v->head, k->at.hash, AUDIT_HASH_BYTES);
    sodium_bin2hex(v->public_key, sizeof v->public_key, k->public_key, sizeof k->public_key);
    v->blanked = (int64_t)k->n_blank;
    if (!v->problem.n && k->from.id > 0 && !k->cut_ok && !k->export_part)
        chain_bad(k, k->from.id, "entries up to %lld are missing, and no entry says that they were cut", (long long)k->from.id);
    for (size_t i = 0; i < k->n_blank && !v->problem.n; i++)
        if (!forgotten(k, k->blank[i].person))
            chain_bad(k, k->blank[i].id, "entry %lld: its text was taken away, and nobody was forgotten there",
                      (long long)k->blank[i].id);
    if (!v->problem.n && seal_fits(k) && k->ask_known && !k->met_known)
        chain_bad(k, k->at.id, "the head that you kept is not in this log: it was cut back, or made anew");
    v->whole = v->problem.n == 0;
}
