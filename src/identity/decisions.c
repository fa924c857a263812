#include "identity/decisions.h"

#include <stdio.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/json.h"

enum { SEALED_MAX = 8 << 20 };

/* Of the mesh's identity key, but not itself: what is sealed by it and what is hashed by it have nothing in common. */
static void seal_key(const unsigned char key[SECRET_BYTES], unsigned char out[crypto_secretbox_KEYBYTES])
{
    static const unsigned char use[] = "decisions of people";
    crypto_generichash(out, crypto_secretbox_KEYBYTES, use, sizeof use - 1, key, SECRET_BYTES);
}

static void put_side(struct buf *b, const char *name, const struct identifier *v, size_t n)
{
    buf_json_key(b, name);
    buf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_addz(b, i ? ",[" : "[");
        buf_json_str(b, v[i].kind);
        buf_addc(b, ',');
        buf_json_str(b, v[i].value);
        buf_addc(b, ']');
    }
    buf_addc(b, ']');
}

static bool seal(const unsigned char key[SECRET_BYTES], const struct decision_made *d, struct buf *out, struct err *e)
{
    struct buf plain = BUF_INIT(SEALED_MAX);
    unsigned char k[crypto_secretbox_KEYBYTES], *box = NULL;
    bool ok = false;
    buf_addc(&plain, '{');
    put_side(&plain, "out", d->out, d->n_out);
    buf_addc(&plain, ',');
    put_side(&plain, "rest", d->rest, d->n_rest);
    buf_addc(&plain, '}');
    if (!buf_ok(&plain, e))
        goto out;
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.n, room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
    box = mem_alloc(n);
    seal_key(key, k);
    randombytes_buf(box, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.p, plain.n, box, k);
    if (buf_reserve(out, room)) {
        sodium_bin2base64(out->p + out->n, room, box, n, sodium_base64_VARIANT_ORIGINAL);
        out->n += room - 1;
    }
    ok = buf_ok(out, e);
out:
    sodium_memzero(k, sizeof k);
    if (plain.p)
        sodium_memzero(plain.p, plain.n);
    buf_fini(&plain);
    mem_free(box);
    return ok;
}

static bool take_side(yyjson_val *list, struct arena *a, struct identifier **out, size_t *n)
{
    size_t i, max;
    yyjson_val *v;
    if (!yyjson_is_arr(list))
        return false;
    *n = 0;
    *out = arena_array(a, yyjson_arr_size(list) + 1, sizeof **out);
    yyjson_arr_foreach(list, i, max, v)
    {
        yyjson_val *kind = yyjson_arr_get(v, 0), *value = yyjson_arr_get(v, 1);
        if (!yyjson_is_str(kind) || !yyjson_is_str(value))
            return false;
        (*out)[(*n)++] = (struct identifier){arena_str(a, (struct str){yyjson_get_str(kind), yyjson_get_len(kind)}),
                                             arena_str(a, (struct str){yyjson_get_str(value), yyjson_get_len(value)})};
    }
    return true;
}

static bool unseal(const unsigned char key[SECRET_BYTES], struct str sealed, struct decision_made *d, struct arena *a)
{
    unsigned char k[crypto_secretbox_KEYBYTES], *box = mem_alloc(sealed.n + 1), *plain = NULL;
    size_t n = 0;
    bool ok = false;
    yyjson_doc *doc = NULL;
    if (sodium_base642bin(box, sealed.n, sealed.p, sealed.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        n < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
        goto out;
    plain = mem_alloc(n + 1);
    seal_key(key, k);
    n -= crypto_secretbox_NONCEBYTES;
    if (crypto_secretbox_open_easy(plain, box + crypto_secretbox_NONCEBYTES, n, box, k) != 0)
        goto out;
    n -= crypto_secretbox_MACBYTES;
    doc = json_parse((struct str){(const char *)plain, n}, NULL);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    ok = root && take_side(yyjson_obj_get(root, "out"), a, &d->out, &d->n_out) && take_side(yyjson_obj_get(root, "rest"), a, &d->rest, &d->n_rest);
out:
    yyjson_doc_free(doc);
    mem_free(plain);
    mem_free(box);
    return ok;
}

bool decisions_read(struct store *s, const unsigned char key[SECRET_BYTES], struct arena *a, struct decision_made **out, size_t *n, struct err *e)
{
    struct store_decision *v;
    size_t n_all;
    *n = 0;
    if (!store_decisions(s, a, &v, &n_all, e))
        return false;
    *out = arena_array(a, n_all + 1, sizeof **out);
    for (size_t i = 0; i < n_all; i++) {
        struct decision_made *d = &(*out)[(*n)++];
        *d = (struct decision_made){.id = v[i].id, .at_us = v[i].at_us, .withdrawn_at_us = v[i].withdrawn_at_us, .split = str_eq(v[i].action, STR("split")),
                                    .reason = v[i].reason, .who = v[i].who, .withdrawn_by = v[i].withdrawn_by};
        if (!unseal(key, v[i].sealed, d, a)) {
            err_set(e, E_STORE, "decision %lld about identities cannot be read: data/" IDENTITY_KEY_FILE " is not the key it was sealed with",
                    (long long)d->id);
            err_hint(e, "restore the key file from the backup that belongs to control.sqlite");
            return false;
        }
    }
    return true;
}

static void put_hashes(struct buf *b, const unsigned char key[SECRET_BYTES], const struct identifier *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct identifier_hash h;
        identifier_hash_make(key, v[i].kind, v[i].value, &h);
        buf_printf(b, "%s%s", b->n ? " " : "", h.z);
    }
}

bool decision_write(struct store *s, const unsigned char key[SECRET_BYTES], struct decision_made *d, struct err *e)
{
    struct buf sealed = BUF_INIT(SEALED_MAX), hashes = BUF_INIT(SEALED_MAX);
    put_hashes(&hashes, key, d->out, d->n_out);
    put_hashes(&hashes, key, d->rest, d->n_rest);
    struct store_decision row = {.action = d->split ? STR("split") : STR("merge"), .reason = d->reason, .who = d->who};
    bool ok = seal(key, d, &sealed, e) && buf_ok(&hashes, e);
    if (ok) {
        row.sealed = buf_str(&sealed);
        row.hashes = buf_str(&hashes);
        ok = store_decision_add(s, &row, e);
        d->id = row.id;
        d->at_us = row.at_us;
    }
    buf_fini(&sealed);
    buf_fini(&hashes);
    return ok;
}

static struct resolve_identifier *side_of(const struct identifier *v, size_t n, const struct rules *rules, struct arena *a)
{
    struct resolve_identifier *out = arena_array(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct resolve_identifier){rules_kind(rules, v[i].kind), v[i].value};
    return out;
}

static bool is_in_force(const struct decision_made *d, const struct str *only)
{
    char id[32];
    if (!only)
        return d->withdrawn_at_us == 0;
    snprintf(id, sizeof id, ",%lld,", (long long)d->id);
    return str_find(*only, str_of(id), 0) != SIZE_MAX;
}

size_t decisions_resolve(const struct decision_made *d, size_t n, const struct rules *rules, const struct str *only, struct arena *a,
                         struct resolve_decision **out)
{
    size_t kept = 0;
    *out = arena_array(a, n + 1, sizeof **out);
    for (size_t i = 0; i < n; i++)
        if (is_in_force(&d[i], only))
            (*out)[kept++] = (struct resolve_decision){.id = d[i].id, .at_us = d[i].at_us, .split = d[i].split, .out = side_of(d[i].out, d[i].n_out, rules, a),
                                                       .rest = side_of(d[i].rest, d[i].n_rest, rules, a), .n_out = d[i].n_out, .n_rest = d[i].n_rest};
    return kept;
}

struct str decisions_text(const struct decision_made *d, size_t n, struct arena *a)
{
    struct str s = STR(",");
    for (size_t i = 0; i < n; i++)
        if (d[i].withdrawn_at_us == 0)
            s = arena_printf(a, "%.*s%lld,", STR_FMT(s), (long long)d[i].id);
    return s;
}
