#include "privacy/receipt.h"

#include <sodium.h>
#include <stdlib.h>
#include <yyjson.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/secret.h"

enum { RECEIPT_MAX = 4 << 20, DEPTH_MAX = 32, ID_BYTES = 10, ID_LENGTH = 2 + 2 * ID_BYTES };
#define FOLDER "receipts"

void receipt_id_make(struct receipt_id *out)
{
    unsigned char bytes[ID_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    out->z[0] = 'r';
    out->z[1] = '_';
    sodium_bin2hex(out->z + 2, sizeof out->z - 2, bytes, sizeof bytes);
}

bool receipt_id_is(struct str s)
{
    bool good = s.n == ID_LENGTH && s.p[0] == 'r' && s.p[1] == '_';
    for (size_t i = 2; i < s.n && good; i++)
        good = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
    return good;
}

/* ---- canonical form ---- */

struct member {
    struct str key;
    yyjson_val *value;
};

static int by_key(const void *x, const void *y)
{
    return str_cmp(((const struct member *)x)->key, ((const struct member *)y)->key);
}

static bool canonical(yyjson_val *v, struct str without, int depth, struct arena *a, struct buf *b)
{
    size_t i, max, n = 0;
    yyjson_val *key, *child;
    if (depth > DEPTH_MAX)
        return false;
    if (yyjson_is_arr(v)) {
        buf_addc(b, '[');
        yyjson_arr_foreach(v, i, max, child)
        {
            buf_addz(b, i ? "," : "");
            if (!canonical(child, STR(""), depth + 1, a, b))
                return false;
        }
        buf_addc(b, ']');
        return true;
    }
    if (yyjson_is_obj(v)) {
        struct member *m = arena_array(a, yyjson_obj_size(v) + 1, sizeof *m);
        yyjson_obj_foreach(v, i, max, key, child) m[n++] = (struct member){{yyjson_get_str(key), yyjson_get_len(key)}, child};
        qsort(m, n, sizeof *m, by_key);
        buf_addc(b, '{');
        bool first = true;
        for (i = 0; i < n; i++) {
            if (i > 0 && str_eq(m[i].key, m[i - 1].key))
                return false; /* two members of one name could be read in two ways */
            if (without.n && str_eq(m[i].key, without))
                continue;
            buf_addz(b, first ? "" : ",");
            first = false;
            buf_json_str(b, m[i].key);
            buf_addc(b, ':');
            if (!canonical(m[i].value, STR(""), depth + 1, a, b))
                return false;
        }
        buf_addc(b, '}');
        return true;
    }
    if (yyjson_is_str(v))
        buf_json_str(b, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
    else if (yyjson_is_raw(v))
        buf_add(b, (struct str){yyjson_get_raw(v), yyjson_get_len(v)}); /* numbers stay as they are written */
    else
        buf_addz(b, yyjson_is_null(v) ? "null" : yyjson_get_bool(v) ? "true" : "false");
    return true;
}

static yyjson_doc *parse(struct str text, struct err *e)
{
    yyjson_doc *doc = text.n <= RECEIPT_MAX ? yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL) : NULL;
    if (doc && yyjson_is_obj(yyjson_doc_get_root(doc)))
        return doc;
    yyjson_doc_free(doc);
    err_set(e, E_USAGE, "this is no receipt: it is not one JSON object");
    return NULL;
}

/* ---- signing ---- */

static bool key_pair(const char *data_dir, unsigned char public_key[crypto_sign_PUBLICKEYBYTES], unsigned char secret[crypto_sign_SECRETKEYBYTES], struct err *e)
{
    unsigned char seed[SECRET_BYTES];
    if (!secret_key(data_dir, RECEIPT_KEY_FILE, seed, e))
        return false;
    crypto_sign_seed_keypair(public_key, secret, seed);
    sodium_memzero(seed, sizeof seed);
    return true;
}

bool receipt_sign(const char *data_dir, struct str json, struct buf *out, struct err *e)
{
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];
    char public_hex[2 * sizeof public_key + 1], hex[2 * sizeof signature + 1];
    struct arena a;
    struct buf with = BUF_INIT((size_t)RECEIPT_MAX);
    yyjson_doc *doc = NULL;
    bool ok = false;
    arena_init(&a);
    buf_reset(out);
    if (!key_pair(data_dir, public_key, secret, e))
        goto out;
    sodium_bin2hex(public_hex, sizeof public_hex, public_key, sizeof public_key);
    struct str inner = str_trim(json);
    if (inner.n < 2 || inner.p[inner.n - 1] != '}') {
        err_set(e, E_INTERNAL, "a receipt is not one JSON object");
        goto out;
    }
    buf_add(&with, (struct str){inner.p, inner.n - 1});
    buf_printf(&with, "%s\"public_key\":\"%s\"}", inner.n > 2 ? "," : "", public_hex);
    if (!buf_ok(&with, e) || !(doc = parse(buf_str(&with), e)))
        goto out;
    if (!canonical(yyjson_doc_get_root(doc), STR("signature"), 0, &a, out)) {
        err_set(e, E_INTERNAL, "a receipt cannot be written in canonical form");
        goto out;
    }
    if (!buf_ok(out, e))
        goto out;
    crypto_sign_detached(signature, NULL, (const unsigned char *)out->p, out->n, secret);
    sodium_bin2hex(hex, sizeof hex, signature, sizeof signature);
    /* The signature goes to its own place in the order of members. */
    buf_reset(&with);
    buf_add(&with, (struct str){out->p, out->n - 1});
    buf_printf(&with, ",\"signature\":\"%s\"}", hex);
    yyjson_doc_free(doc);
    doc = NULL;
    buf_reset(out);
    ok = buf_ok(&with, e) && (doc = parse(buf_str(&with), e)) && canonical(yyjson_doc_get_root(doc), STR(""), 0, &a, out) && buf_ok(out, e);
out:
    sodium_memzero(secret, sizeof secret);
    yyjson_doc_free(doc);
    buf_fini(&with);
    arena_fini(&a);
    return ok;
}

bool receipt_verify(const char *data_dir, struct str text, struct arena *a, struct receipt_verdict *out, struct err *e)
{
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES], own[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];
    struct buf b = BUF_INIT((size_t)RECEIPT_MAX);
    size_t n = 0;
    yyjson_doc *doc = parse(text, e);
    *out = (struct receipt_verdict){0};
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct str hex = json_str(root, "signature"), key = json_str(root, "public_key");
    out->receipt_id = arena_str(a, json_str(root, "receipt_id"));
    out->kind = arena_str(a, json_str(root, "kind"));
    out->at = arena_str(a, json_str(root, "at"));
    bool ok = true;
    if (sodium_hex2bin(signature, sizeof signature, hex.p ? hex.p : "", hex.n, NULL, &n, NULL) != 0 || n != sizeof signature)
        out->problem = STR("it carries no signature");
    else if (sodium_hex2bin(public_key, sizeof public_key, key.p ? key.p : "", key.n, NULL, &n, NULL) != 0 || n != sizeof public_key)
        out->problem = STR("it names no public key");
    else if (!canonical(root, STR("signature"), 0, a, &b))
        out->problem = STR("a member stands in it twice, or it is nested too deeply");
    else if (b.failed || crypto_sign_verify_detached(signature, (const unsigned char *)b.p, b.n, public_key) != 0)
        out->problem = STR("it was changed after it was signed");
    out->valid = out->problem.n == 0;
    if (out->valid && data_dir) {
        ok = fs_exists(arena_printf(a, "%s/" RECEIPT_KEY_FILE, data_dir).p) ? key_pair(data_dir, own, secret, e) : (memset(own, 0, sizeof own), true);
        out->ours = ok && sodium_memcmp(own, public_key, sizeof own) == 0;
        sodium_memzero(secret, sizeof secret);
        if (ok && !out->ours)
            out->problem = STR("it is whole, but it was signed by another key than that of this mesh");
    }
    buf_fini(&b);
    yyjson_doc_free(doc);
    return ok;
}

/* ---- keeping ---- */

static struct str path_of(const char *data_dir, struct str id, struct arena *a)
{
    return arena_printf(a, "%s/" FOLDER "/%.*s.json", data_dir, STR_FMT(id));
}

bool receipt_keep(const char *data_dir, struct str id, struct str json, struct buf *out, struct err *e)
{
    struct arena a;
    arena_init(&a);
    bool ok = receipt_id_is(id) || err_set(e, E_INTERNAL, "a receipt has no id of its own");
    ok = ok && receipt_sign(data_dir, json, out, e) && fs_mkdirs(arena_printf(&a, "%s/" FOLDER, data_dir).p, 0700, e) &&
         fs_write_atomic(path_of(data_dir, id, &a).p, buf_str(out), 0600, e);
    arena_fini(&a);
    return ok;
}

bool receipt_read(const char *data_dir, struct str id, struct arena *a, struct str *text, struct err *e)
{
    struct str path = path_of(data_dir, id, a);
    if (!receipt_id_is(id) || !fs_exists(path.p)) {
        err_set(e, E_NOT_FOUND, "there is no receipt of this number");
        err_hint(e, "trellis receipt list shows those that are kept");
        return false;
    }
    return fs_read(a, path.p, RECEIPT_MAX, text, e);
}

struct listed {
    int64_t mtime_ns;
    struct str id, text;
};

static int newest_first(const void *x, const void *y)
{
    const struct listed *a = x, *b = y;
    return a->mtime_ns != b->mtime_ns ? (a->mtime_ns < b->mtime_ns ? 1 : -1) : -str_cmp(a->id, b->id);
}

static bool is_kind(struct str text, struct str kind)
{
    struct err ignored = {0};
    yyjson_doc *doc = kind.n ? parse(text, &ignored) : NULL;
    bool is = kind.n == 0 || (doc && str_eq(json_str(yyjson_doc_get_root(doc), "kind"), kind));
    yyjson_doc_free(doc);
    return is;
}

bool receipt_list(const char *data_dir, struct str kind, size_t offset, size_t limit, struct arena *a, struct str **texts, size_t *n, size_t *total, struct err *e)
{
    struct str dir = arena_printf(a, "%s/" FOLDER, data_dir), *names = NULL;
    size_t n_names = 0, found = 0;
    *n = *total = 0;
    *texts = arena_array(a, limit + 1, sizeof **texts);
    if (!fs_exists(dir.p))
        return true;
    if (!fs_list(a, dir.p, &names, &n_names, e))
        return false;
    struct listed *v = arena_array(a, n_names + 1, sizeof *v);
    for (size_t i = 0; i < n_names; i++) {
        struct fs_stat st;
        struct str path = fs_join(a, dir, names[i]);
        if (names[i].n != ID_LENGTH + 5 || !receipt_id_is((struct str){names[i].p, ID_LENGTH}) || !fs_stat(path.p, &st))
            continue;
        v[found++] = (struct listed){.mtime_ns = st.mtime_ns, .id = names[i]};
    }
    qsort(v, found, sizeof *v, newest_first);
    for (size_t i = 0; i < found; i++) {
        struct str text;
        if (!fs_read(a, fs_join(a, dir, v[i].id).p, RECEIPT_MAX, &text, e))
            return false;
        if (!is_kind(text, kind))
            continue;
        if (*total >= offset && *n < limit)
            (*texts)[(*n)++] = text;
        ++*total;
    }
    return true;
}
