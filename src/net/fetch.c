/* Asking a server and reading what it says: for providers of single sign-on. */
#include "net/net_int.h"

#include <stdio.h>

struct reading {
    struct buf *out;
    bool full;
};

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
    struct reading *r = ctx;
    if (r->full || n * size > r->out->max - r->out->n) {
        r->full = true;
        return 0;
    }
    buf_add(r->out, (struct str){p, n * size});
    return r->out->failed ? 0 : n * size;
}

bool net_is_local(struct str url)
{
    static const char *const hosts[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        size_t n = strlen(hosts[i]);
        if (str_starts(url, str_of(hosts[i])) && (url.n == n || url.p[n] == ':' || url.p[n] == '/'))
            return true;
    }
    return false;
}

/* Encrypted, but to this machine itself; and nothing in it that a header line or a name could be smuggled with. */
static bool good_url(struct str url)
{
    bool good = str_starts(url, STR("https://")) || net_is_local(url);
    for (size_t i = 0; good && i < url.n; i++)
        good = (unsigned char)url.p[i] > ' ' && (unsigned char)url.p[i] < 0x7f && url.p[i] != '@' && url.p[i] != '\\';
    return good;
}

bool net_fetch(const struct net_ask *ask, const struct net_limits *limits, int *status, struct buf *out, struct err *e)
{
    const struct curl_calls *c;
    struct reading r = {.out = out};
    long code = 0;
    *status = 0;
    if (!good_url(str_of(ask->url))) {
        err_set(e, E_USAGE, "%s has an address that is not encrypted, or is none", ask->whom);
        err_hint(e, "it must begin with https://; http:// is for this machine alone");
        return false;
    }
    if (!(c = curl_get(e)))
        return false;
    CURL *h = curl_begin(c, limits, e);
    if (!h)
        return false;
    struct curl_slist *heads = NULL, *more = c->slist_append(NULL, "Accept: application/json");
    bool ok = more != NULL;
    heads = more;
    if (ok && ask->bearer) {
        struct buf line = BUF_INIT((size_t)64 << 10);
        buf_printf(&line, "Authorization: Bearer %s", ask->bearer);
        ok = buf_ok(&line, NULL) && (more = c->slist_append(heads, buf_z(&line))) != NULL;
        heads = more ? more : heads;
        buf_fini(&line);
    }
    ok = ok || err_set(e, E_MEMORY, "not enough memory to ask anything");
    if (ok) {
        c->setopt(h, CURLOPT_URL, ask->url);
        c->setopt(h, CURLOPT_HTTPHEADER, heads);
        c->setopt(h, CURLOPT_USERAGENT, "trellis");
        if (net_is_local(str_of(ask->url)))
            c->setopt(h, CURLOPT_NOPROXY, "*");
        if (ask->form.p) {
            c->setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->form.n);
            c->setopt(h, CURLOPT_POSTFIELDS, ask->form.p);
        }
        if (ask->user) {
            c->setopt(h, CURLOPT_USERNAME, ask->user);
            c->setopt(h, CURLOPT_PASSWORD, ask->password);
        }
        c->setopt(h, CURLOPT_WRITEFUNCTION, take);
        c->setopt(h, CURLOPT_WRITEDATA, &r);
        ok = curl_carry_out(c, h, ask->whom, e);
        c->getinfo(h, CURLINFO_RESPONSE_CODE, &code);
        *status = (int)code;
    }
    if (r.full)
        ok = err_set(e, E_TOO_LARGE, "%s says more than can be taken", ask->whom);
    c->slist_free(heads);
    c->cleanup(h);
    return ok;
}
