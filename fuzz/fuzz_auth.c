/* What strangers send to get in: tokens, lists of keys, claims under a right signature, cookies, the page to go to afterwards. The first byte
 * says which. */
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/jwt.h"
#include "base/buf.h"
#include "base/json.h"
#include "serve/session.h"

#define ISSUER "https://login.example.org"
#define NONCE "0123456789abcdef"

static EVP_PKEY *own;
static struct jwks *keys;

static void put64(struct buf *b, const unsigned char *p, size_t n)
{
    char *out = mem_alloc(sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING));
    sodium_bin2base64(out, sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING), p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_addz(b, out);
    mem_free(out);
}

/* A key of our own, and the list that it stands in. */
static void begin(void)
{
    unsigned char point[65];
    size_t n = 0;
    struct err e;
    struct buf b = BUF_INIT((size_t)4096);
    if (keys)
        return;
    own = EVP_EC_gen("P-256");
    if (!own || EVP_PKEY_get_octet_string_param(own, "pub", point, sizeof point, &n) != 1 || n != sizeof point)
        abort();
    buf_addz(&b, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"");
    put64(&b, point + 1, 32);
    buf_addz(&b, "\",\"y\":\"");
    put64(&b, point + 33, 32);
    buf_addz(&b, "\"}]}");
    if (!jwks_parse(buf_str(&b), &keys, &e) || jwks_count(keys) != 1)
        abort();
    buf_fini(&b);
}

static const struct jwt_expect expect = {
    .issuer = {ISSUER, sizeof ISSUER - 1}, .audience = {"trellis", 7}, .nonce = {NONCE, sizeof NONCE - 1}, .now_us = INT64_C(1780000000000000)};

static void token(struct str s)
{
    yyjson_doc *claims;
    struct err e = {0};
    if (jwt_verify(keys, s, &expect, &claims, &e) == JWT_GOOD)
        abort(); /* nobody but us has the key */
    if (claims || e.code == E_OK)
        abort();
}

/* The claims under a signature that is right. */
static void claims_of(struct str s)
{
    static const char head[] = "{\"alg\":\"ES256\",\"kid\":\"a\"}";
    struct buf b = BUF_INIT((size_t)1 << 20);
    unsigned char der[80], raw[64] = {0};
    size_t n = sizeof der;
    put64(&b, (const unsigned char *)head, sizeof head - 1);
    buf_addc(&b, '.');
    put64(&b, (const unsigned char *)s.p, s.n);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, own) != 1 || EVP_DigestSign(md, der, &n, (const unsigned char *)b.p, b.n) != 1)
        abort();
    EVP_MD_CTX_free(md);
    const unsigned char *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
    buf_addc(&b, '.');
    put64(&b, raw, sizeof raw);
    yyjson_doc *claims = NULL;
    struct err e = {0};
    enum jwt_verdict v = b.failed ? JWT_BAD : jwt_verify(keys, buf_str(&b), &expect, &claims, &e);
    yyjson_val *root = yyjson_doc_get_root(claims);
    if (v == JWT_UNKNOWN_KEY || (v == JWT_GOOD) != (claims != NULL))
        abort();
    if (v == JWT_GOOD && (!str_eq(json_str(root, "iss"), expect.issuer) || !str_eq(json_str(root, "nonce"), expect.nonce) || json_str(root, "sub").n == 0))
        abort();
    yyjson_doc_free(claims);
    buf_fini(&b);
}

static void key_list(struct str s)
{
    struct jwks *k = NULL;
    struct err e = {0};
    if (!jwks_parse(s, &k, &e))
        return;
    yyjson_doc *claims;
    if (jwt_verify(k, STR("eyJhbGciOiJFUzI1NiJ9.e30.AAAA"), &expect, &claims, &e) == JWT_GOOD)
        abort();
    jwks_free(k);
}

static void cookies(struct str s)
{
    struct http_header h[2] = {{STR("cookie"), s}, {STR("cookie"), s}};
    struct http_request q = {.headers = h, .n_headers = 2};
    struct str v = session_cookie_find(&q, STR("trellis_8080_user"));
    if (v.p && (v.p < s.p || v.p + v.n > s.p + s.n || (v.n && memchr(v.p, ';', v.n))))
        abort();
    struct session x = {.token = "", .cookie = "trellis_8080", .user_cookie = "trellis_8080_user", .port = 8080};
    struct err e = {0};
    if (session_check_token(&x, &q, &e))
        abort(); /* no token was made: nothing is right */
}

static void way(struct str s)
{
    struct str to = session_own_path(s);
    if (to.n == 0 || to.p[0] != '/' || (to.n > 1 && (to.p[1] == '/' || to.p[1] == '\\')))
        abort();
    for (size_t i = 0; i < to.n; i++)
        if ((unsigned char)to.p[i] <= ' ' || (unsigned char)to.p[i] >= 0x7f)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const each[])(struct str) = {token, claims_of, key_list, cookies, way};
    if (size < 1 || sodium_init() < 0)
        return 0;
    begin();
    each[data[0] % (sizeof each / sizeof *each)]((struct str){(const char *)data + 1, size - 1});
    return 0;
}
