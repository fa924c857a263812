/* Verifying an id_token: form, algorithm, key, signature, then what it claims; the first that does not hold ends it. The signature is OpenSSL's
 * business. */
#include "auth/jwt.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include "base/json.h"
#include "base/mem.h"

enum { TOKEN_MAX = 64 << 10, KEYS_MAX = 64, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, EC_BYTES = 32, LEEWAY_S = 60, SUBJECT_MAX = 255 };

enum kind { KIND_RSA, KIND_EC };
struct jwk {
    char kid[200], alg[16]; /* empty: not said */
    enum kind kind;
    EVP_PKEY *key;
};
struct jwks {
    struct jwk keys[KEYS_MAX];
    size_t n;
};

static const struct alg {
    const char *name;
    enum kind kind;
    int padding;
} algs[] = {
    {"RS256", KIND_RSA, RSA_PKCS1_PADDING},
    {"PS256", KIND_RSA, RSA_PKCS1_PSS_PADDING},
    {"ES256", KIND_EC, 0},
};

/* base64url without padding, nothing else. */
static bool decode(struct str text, unsigned char *out, size_t max, size_t *n)
{
    return sodium_base642bin(out, max, text.p, text.n, NULL, n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

/* ---- keys ---- */

static EVP_PKEY *key_of(const char *type, OSSL_PARAM_BLD *b)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(struct str n_text, struct str e_text)
{
    unsigned char n[RSA_BITS_MAX / 8 + 1], e[8];
    size_t n_len, e_len;
    EVP_PKEY *key = NULL;
    if (!decode(n_text, n, sizeof n, &n_len) || !decode(e_text, e, sizeof e, &e_len))
        return NULL;
    BIGNUM *bn = BN_bin2bn(n, (int)n_len, NULL), *be = BN_bin2bn(e, (int)e_len, NULL);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    if (bn && be && b && BN_num_bits(bn) >= RSA_BITS_MIN && BN_num_bits(bn) <= RSA_BITS_MAX && BN_is_odd(be) && !BN_is_one(be) &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) == 1 && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) == 1)
        key = key_of("RSA", b);
    OSSL_PARAM_BLD_free(b);
    BN_free(bn);
    BN_free(be);
    return key;
}

static EVP_PKEY *ec_key(struct str x, struct str y)
{
    unsigned char point[1 + 2 * EC_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t nx, ny;
    EVP_PKEY *key = NULL;
    if (!decode(x, point + 1, EC_BYTES, &nx) || !decode(y, point + 1 + EC_BYTES, EC_BYTES, &ny) || nx != EC_BYTES || ny != EC_BYTES)
        return NULL;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    if (b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
        key = key_of("EC", b); /* a point off the curve is refused there */
    OSSL_PARAM_BLD_free(b);
    return key;
}

static bool copy_text(char *to, size_t size, struct str s)
{
    if (s.n >= size || (s.n && memchr(s.p, '\0', s.n)))
        return false;
    if (s.n)
        memcpy(to, s.p, s.n);
    to[s.n] = '\0';
    return true;
}

static void take_key(struct jwks *k, yyjson_val *v)
{
    struct jwk x = {.key = NULL};
    struct str kty = json_str(v, "kty"), use = json_str(v, "use");
    if (k->n == KEYS_MAX || (use.n && !str_eq(use, STR("sig"))) || !copy_text(x.kid, sizeof x.kid, json_str(v, "kid")) ||
        !copy_text(x.alg, sizeof x.alg, json_str(v, "alg")))
        return;
    if (str_eq(kty, STR("RSA"))) {
        x.kind = KIND_RSA;
        x.key = rsa_key(json_str(v, "n"), json_str(v, "e"));
    } else if (str_eq(kty, STR("EC")) && str_eq(json_str(v, "crv"), STR("P-256"))) {
        x.kind = KIND_EC;
        x.key = ec_key(json_str(v, "x"), json_str(v, "y"));
    }
    if (x.key)
        k->keys[k->n++] = x;
}

bool jwks_parse(struct str json, struct jwks **out, struct err *e)
{
    yyjson_doc *doc = json_parse(json, e);
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(doc), "keys"), *v;
    size_t i, max;
    if (!doc)
        return false;
    if (!yyjson_is_arr(list)) {
        yyjson_doc_free(doc);
        return err_set(e, E_USAGE, "the provider's keys are no list of keys");
    }
    struct jwks *k = mem_alloc(sizeof *k);
    yyjson_arr_foreach(list, i, max, v) take_key(k, v);
    yyjson_doc_free(doc);
    *out = k;
    return true;
}

void jwks_free(struct jwks *k)
{
    for (size_t i = 0; k && i < k->n; i++)
        EVP_PKEY_free(k->keys[i].key);
    mem_free(k);
}

size_t jwks_count(const struct jwks *k)
{
    return k->n;
}

/* By name; without one only where no other could be meant. */
static const struct jwk *find_key(const struct jwks *k, struct str kid, const struct alg *alg)
{
    const struct jwk *found = NULL;
    for (size_t i = 0; i < k->n; i++) {
        const struct jwk *x = &k->keys[i];
        if (x->kind != alg->kind || (x->alg[0] && strcmp(x->alg, alg->name) != 0) || (kid.p && !str_eq(kid, str_of(x->kid))))
            continue;
        if (found)
            return NULL;
        found = x;
    }
    return found;
}

/* ---- signature ---- */

/* Two numbers side by side, as the token has them, in the form that OpenSSL takes. Owned: OPENSSL_free. */
static unsigned char *der_of(const unsigned char *sig, size_t n, int *len)
{
    unsigned char *der = NULL;
    if (n != 2 * EC_BYTES)
        return NULL;
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig, EC_BYTES, NULL), *t = BN_bin2bn(sig + EC_BYTES, EC_BYTES, NULL);
    if (s && r && t && ECDSA_SIG_set0(s, r, t) == 1) {
        r = t = NULL;
        *len = i2d_ECDSA_SIG(s, &der);
        if (*len <= 0)
            der = NULL;
    }
    BN_free(r);
    BN_free(t);
    ECDSA_SIG_free(s);
    return der;
}

static bool signature_holds(const struct jwk *key, const struct alg *alg, struct str signed_part, const unsigned char *sig, size_t n_sig)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = NULL;
    unsigned char *der = NULL;
    int n_der = 0;
    bool good = md && EVP_DigestVerifyInit(md, &ctx, EVP_sha256(), NULL, key->key) == 1;
    if (good && alg->kind == KIND_EC) {
        der = der_of(sig, n_sig, &n_der);
        good = der && EVP_DigestVerify(md, der, (size_t)n_der, (const unsigned char *)signed_part.p, signed_part.n) == 1;
    } else if (good) {
        good = n_sig == (size_t)EVP_PKEY_get_size(key->key) && EVP_PKEY_CTX_set_rsa_padding(ctx, alg->padding) == 1 &&
               (alg->padding != RSA_PKCS1_PSS_PADDING || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1) &&
               EVP_DigestVerify(md, sig, n_sig, (const unsigned char *)signed_part.p, signed_part.n) == 1;
    }
    OPENSSL_free(der);
    EVP_MD_CTX_free(md);
    return good;
}

/* ---- claims ---- */

static bool bad(struct err *e, const char *what)
{
    return err_set(e, E_UNAUTHENTICATED, "the provider's token %s", what);
}

static bool for_us(yyjson_val *root, struct str audience)
{
    yyjson_val *aud = yyjson_obj_get(root, "aud"), *azp = yyjson_obj_get(root, "azp"), *v;
    size_t i, max, n = 1;
    bool found = yyjson_is_str(aud) && str_eq(json_str(root, "aud"), audience);
    if (yyjson_is_arr(aud)) {
        n = yyjson_arr_size(aud);
        yyjson_arr_foreach(aud, i, max, v) found = found || (yyjson_is_str(v) && str_eq((struct str){yyjson_get_str(v), yyjson_get_len(v)}, audience));
    }
    if (!found || (n > 1 && !azp))
        return false;
    return !azp || str_eq(json_str(root, "azp"), audience);
}

/* Seconds since 1970, whole or with a fraction. */
static bool time_of(yyjson_val *root, const char *key, double *out)
{
    yyjson_val *v = yyjson_obj_get(root, key);
    *out = yyjson_get_num(v);
    return yyjson_is_num(v) && *out > 0 && *out < 1e11;
}

static bool check_claims(yyjson_val *root, const struct jwt_expect *x, struct err *e)
{
    double now = (double)x->now_us / 1e6, exp, nbf, iat;
    struct str sub = json_str(root, "sub"), nonce = json_str(root, "nonce");
    if (!yyjson_is_obj(root))
        return bad(e, "holds no claims");
    if (x->issuer.n == 0 || !str_eq(json_str(root, "iss"), x->issuer))
        return bad(e, "is of another issuer");
    if (x->audience.n == 0 || !for_us(root, x->audience))
        return bad(e, "is for somebody else");
    if (!time_of(root, "exp", &exp) || exp + LEEWAY_S <= now)
        return bad(e, "has expired");
    if (yyjson_obj_get(root, "nbf") && (!time_of(root, "nbf", &nbf) || nbf - LEEWAY_S > now))
        return bad(e, "does not hold yet");
    if (!time_of(root, "iat", &iat) || iat - LEEWAY_S > now)
        return bad(e, "was issued at no time that can be");
    if (x->nonce.n == 0 || nonce.n != x->nonce.n || sodium_memcmp(nonce.p, x->nonce.p, nonce.n) != 0)
        return bad(e, "is not the answer to this sign-in");
    if (sub.n == 0 || sub.n > SUBJECT_MAX || memchr(sub.p, '\0', sub.n))
        return bad(e, "names nobody");
    return true;
}

/* The first part: algorithm, name of the key. */
static bool read_head(const unsigned char *bytes, size_t n, const struct alg **alg, char kid[200], bool *has_kid, struct err *e)
{
    yyjson_doc *doc = yyjson_read((const char *)bytes, n, YYJSON_READ_NOFLAG);
    yyjson_val *root = yyjson_doc_get_root(doc), *kid_val = yyjson_obj_get(root, "kid");
    struct str name = json_str(root, "alg");
    bool good = yyjson_is_obj(root) || bad(e, "has no head");
    *alg = NULL;
    for (size_t i = 0; good && i < sizeof algs / sizeof *algs; i++)
        if (str_eq(name, str_of(algs[i].name)))
            *alg = &algs[i];
    if (good && !*alg)
        good = bad(e, "is not signed in a way that is taken (RS256, PS256, ES256)");
    if (good && yyjson_obj_get(root, "crit"))
        good = bad(e, "asks for something that is not known here");
    *has_kid = kid_val != NULL;
    if (good && kid_val && (!yyjson_is_str(kid_val) || !copy_text(kid, 200, json_str(root, "kid"))))
        good = bad(e, "names no key");
    yyjson_doc_free(doc);
    return good;
}

enum jwt_verdict jwt_verify(const struct jwks *k, struct str token, const struct jwt_expect *x, yyjson_doc **claims, struct err *e)
{
    const struct alg *alg;
    char kid[200] = "";
    bool has_kid;
    size_t n = 0;
    *claims = NULL;
    struct str tail, sig_text, head = str_cut(token, '.', &tail), body = tail.p ? str_cut(tail, '.', &sig_text) : (struct str){NULL, 0};
    if (token.n > TOKEN_MAX || !tail.p || !sig_text.p || head.n == 0 || body.n == 0 || sig_text.n == 0 || memchr(sig_text.p, '.', sig_text.n)) {
        bad(e, "is none");
        return JWT_BAD;
    }
    enum jwt_verdict verdict = JWT_BAD;
    unsigned char *bytes = mem_try_alloc(token.n);
    if (!bytes) {
        err_set(e, E_MEMORY, "not enough memory for the provider's token");
        return JWT_BAD;
    }
    if (!decode(head, bytes, token.n, &n)) {
        bad(e, "is none");
        goto out;
    }
    if (!read_head(bytes, n, &alg, kid, &has_kid, e))
        goto out;
    const struct jwk *key = find_key(k, has_kid ? str_of(kid) : (struct str){NULL, 0}, alg);
    if (!key) {
        bad(e, "is signed with a key that the provider does not show");
        verdict = JWT_UNKNOWN_KEY;
        goto out;
    }
    if (!decode(sig_text, bytes, token.n, &n) || !signature_holds(key, alg, (struct str){token.p, (size_t)(sig_text.p - 1 - token.p)}, bytes, n)) {
        bad(e, "is not signed by the provider");
        goto out;
    }
    if (!decode(body, bytes, token.n, &n) || !(*claims = yyjson_read((const char *)bytes, n, YYJSON_READ_NOFLAG))) {
        bad(e, "holds no claims");
        goto out;
    }
    if (check_claims(yyjson_doc_get_root(*claims), x, e)) {
        verdict = JWT_GOOD;
    } else {
        yyjson_doc_free(*claims);
        *claims = NULL;
    }
out:
    mem_free(bytes);
    return verdict;
}
