/* Answers of the collector: fixed ones for what is kept, errors in one form, and what lets pages of other hosts send. */
#include "collect/collect_int.h"

#include <stdio.h>

#define JSON_TYPE "application/json; charset=utf-8"
#define TEXT(z)         \
    {                   \
        z, sizeof z - 1 \
    }

const char answers_always[] = "X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: cross-origin\r\n";
const char answers_error_begin[] = "{\"success\":false,\"error\":";

/* The smallest picture that there is: one transparent point. */
static const char gif[] =
    "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    "\x01\x00\x01\x00\x00\x02\x02"
    "D\x01\x00;";

static const struct http_fixed kept = {200, TEXT(""), TEXT(JSON_TYPE), TEXT("{\"success\":true}\n")};
static const struct http_fixed kept_pixel = {200, TEXT(""), TEXT("image/gif"), {gif, sizeof gif - 1}};
static const struct http_fixed kept_ga4 = {204, TEXT(""), TEXT(""), TEXT("")};
static const struct http_fixed kept_mparticle = {202, TEXT(""), TEXT(JSON_TYPE), TEXT("{\"success\":true}\n")};

#define LATER(code, seconds, text)                                                                                      \
    {                                                                                                                   \
        503, TEXT("Retry-After: " seconds "\r\n"), TEXT(JSON_TYPE),                                                     \
            TEXT("{\"success\":false,\"error\":{\"code\":\"" code "\",\"message\":\"" text "\",\"retryable\":true}}\n") \
    }
static const struct http_fixed failed_space =
    LATER("TR015", "10", "there is no room on the collector's disk; nothing of this request was kept");
static const struct http_fixed failed_busy =
    LATER("TR007", "1", "the collector has more waiting than its disk takes; nothing of this request was kept");
static const struct http_fixed failed_disk =
    LATER("TR003", "5", "the collector's disk could not take this request; nothing of it was kept");

const struct http_fixed *answer_of_route(const struct route *r)
{
    if (r->verb == VERB_GET)
        return &kept_pixel;
    return r->kind == SPOOL_GA4 ? &kept_ga4 : r->kind == SPOOL_MPARTICLE ? &kept_mparticle : &kept;
}

const struct http_fixed *answer_of_failure(enum err_code code)
{
    return code == E_NO_SPACE ? &failed_space : code == E_BUSY ? &failed_busy : &failed_disk;
}

bool answer_ok(struct take *t)
{
    http_reply_fixed(t->r, answer_of_route(t->route));
    return true;
}

bool answer_error(struct take *t, int status, const struct err *e)
{
    struct buf b = BUF_INIT((size_t)4 << 10);
    struct counts *k = t->key ? t->key->source->counts : &t->c->nobody;
    atomic_fetch_add_explicit(&k->refused[e->code < E_COUNT ? e->code : E_INTERNAL], 1, memory_order_relaxed);
    buf_addz(&b, answers_error_begin);
    err_json(e, &b);
    buf_addz(&b, "}\n");
    if (status == 429 || status == 503)
        http_reply_header(t->r, "Retry-After", STR("1"));
    if (status == 429)
        http_reply_header(t->r, "X-RateLimit-Reset", STR("1"));
    http_reply_whole(t->r, status, STR(JSON_TYPE), buf_str(&b), false);
    buf_fini(&b);
    return true;
}

/* A page may read the answer when some source takes events of its origin; whether this one does is asked once the key is known.
 * No cookie means anything here, so that credentials do no harm (navigator.sendBeacon always sends them). */
void answer_cors(struct take *t)
{
    if (t->f.origin.n == 0 || !config_allows(t->g, t->f.origin))
        return;
    http_reply_header(t->r, "Access-Control-Allow-Origin", t->f.origin);
    buf_add(&t->r->extra, STR("Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n"));
}

bool answer_preflight(struct take *t)
{
    if (t->f.origin.n && config_allows(t->g, t->f.origin)) {
        struct str ask = t->f.ask_headers;
        buf_add(&t->r->extra, STR("Access-Control-Allow-Methods: GET, POST, OPTIONS\r\nAccess-Control-Max-Age: 86400\r\n"));
        if (ask.n && ask.n <= 1024)
            http_reply_header(t->r, "Access-Control-Allow-Headers", ask);
    }
    http_reply_whole(t->r, 204, STR(""), STR(""), true);
    return true;
}
