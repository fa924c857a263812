/* libcurl as this module uses it: loaded when it is first needed. */
#ifndef NET_NET_INT_H
#define NET_NET_INT_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "net/net.h"

struct curl_calls {
    CURL *(*init)(void);
    void (*cleanup)(CURL *);
    CURLcode (*setopt)(CURL *, CURLoption, ...);
    CURLcode (*perform)(CURL *);
    CURLcode (*getinfo)(CURL *, CURLINFO, ...);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free)(struct curl_slist *);
};
const struct curl_calls *curl_get(struct err *e); /* NULL: it is not installed */
/* A handle with the time-outs and the way to call it off. NULL: `e` says why. */
CURL *curl_begin(const struct curl_calls *c, const struct net_limits *limits, struct err *e);
/* Carries it out; what went wrong in words without addresses. `whom`: "the webhook's receiver". */
MUST_CHECK bool curl_carry_out(const struct curl_calls *c, CURL *h, const char *whom, struct err *e);

#endif
