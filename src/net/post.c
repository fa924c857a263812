/* JSON to an HTTP receiver. */
#include "net/net_int.h"

static size_t drop(char *p, size_t size, size_t n, void *ctx)
{
    (void)p;
    (void)ctx;
    return size * n;
}

static bool is_http(const char *url)
{
    struct str u = str_of(url);
    bool good = str_starts(u, STR("https://")) || str_starts(u, STR("http://"));
    for (size_t i = 0; good && i < u.n; i++)
        good = (unsigned char)u.p[i] > ' ' && (unsigned char)u.p[i] < 0x7f;
    return good;
}

bool net_post_json(const char *url, struct str body, const struct net_limits *limits, int *status, struct err *e)
{
    const struct curl_calls *c;
    long code = 0;
    *status = 0;
    if (!is_http(url)) {
        err_set(e, E_USAGE, "the webhook's address does not begin with https:// or http://, or holds blanks");
        err_hint(e, "it stands where `alerts: webhook` points to: put the whole address there and nothing else");
        return false;
    }
    if (!(c = curl_get(e)))
        return false;
    CURL *h = curl_begin(c, limits, e);
    if (!h)
        return false;
    struct curl_slist *heads = c->slist_append(NULL, "Content-Type: application/json; charset=utf-8");
    struct curl_slist *more = heads ? c->slist_append(heads, "Expect:") : NULL;
    bool ok = more != NULL || err_set(e, E_MEMORY, "not enough memory to send anything");
    if (ok) {
        c->setopt(h, CURLOPT_URL, url);
        c->setopt(h, CURLOPT_HTTPHEADER, more);
        c->setopt(h, CURLOPT_USERAGENT, "trellis");
        c->setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
        c->setopt(h, CURLOPT_POSTFIELDS, body.p);
        c->setopt(h, CURLOPT_WRITEFUNCTION, drop);
        ok = curl_carry_out(c, h, "the webhook's receiver", e);
        c->getinfo(h, CURLINFO_RESPONSE_CODE, &code);
        *status = (int)code;
    }
    if (ok && (code < 200 || code > 299)) {
        ok = err_set(e, E_IO, "the webhook's receiver answered with status %ld", code);
        err_hint(e, "%s",
                 code >= 300 && code < 400   ? "redirects are not followed: give the address that it leads to"
                 : code >= 400 && code < 500 ? "check the address: receivers answer so when it was withdrawn or cut short"
                                             : "it is tried again by itself");
    }
    c->slist_free(heads);
    c->cleanup(h);
    return ok;
}
