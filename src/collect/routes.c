/* The collector's routes in one table (docs/events.md, "What the collector answers"). */
#include "collect/collect_int.h"

#define CALL(path, short_path, kind)                           \
    {"/v1/" path, VERB_POST, kind, "segment", 0, NULL},        \
    {                                                          \
        "/v1/" short_path, VERB_POST, kind, "segment", 0, NULL \
    }
#define PIXEL(path, kind)                                              \
    {"/pixel/v1/" path, VERB_GET, kind, "rudderstack", 0, take_pixel}, \
    {                                                                  \
        "/v1/pixel/" path, VERB_GET, kind, "segment", 0, take_pixel    \
    }

static const struct route routes[] = {
    {"/v1/batch", VERB_POST, SPOOL_BATCH, "segment", ROUTE_BATCH, NULL},
    CALL("track", "t", SPOOL_TRACK),
    CALL("identify", "i", SPOOL_IDENTIFY),
    CALL("page", "p", SPOOL_PAGE),
    CALL("screen", "s", SPOOL_SCREEN),
    CALL("group", "g", SPOOL_GROUP),
    CALL("alias", "a", SPOOL_ALIAS),
    {"/v1/b", VERB_POST, SPOOL_BATCH, "segment", ROUTE_BATCH, NULL},
    {"/b", VERB_POST, SPOOL_BATCH, "segment", ROUTE_BATCH, NULL},
    {"/v1/import", VERB_POST, SPOOL_BATCH, "segment", ROUTE_BATCH, NULL},
    {"/beacon/v1/batch", VERB_POST, SPOOL_BATCH, "rudderstack", ROUTE_BATCH, NULL},
    {"/v1/merge", VERB_POST, SPOOL_MERGE, "rudderstack", 0, NULL},
    {"/v1/consent", VERB_POST, SPOOL_CONSENT, "api", ROUTE_CONSENT, NULL},
    {"/v1/webhook", VERB_POST, SPOOL_WEBHOOK, "webhook", ROUTE_ARRAY, NULL},
    {"/mp/collect", VERB_POST, SPOOL_GA4, "ga4", 0, NULL},
    {"/debug/mp/collect", VERB_POST, SPOOL_GA4, "ga4", 0, page_ga4_debug},
    {"/v2/events", VERB_POST, SPOOL_MPARTICLE, "mparticle", 0, NULL},
    {"/v2/bulkevents", VERB_POST, SPOOL_MPARTICLE, "mparticle", ROUTE_ARRAY | ROUTE_BULK, NULL},
    PIXEL("track", SPOOL_TRACK),
    PIXEL("page", SPOOL_PAGE),
    PIXEL("identify", SPOOL_IDENTIFY),
    PIXEL("screen", SPOOL_SCREEN),
    PIXEL("group", SPOOL_GROUP),
    PIXEL("alias", SPOOL_ALIAS),
    {"/v1/m", VERB_POST, 0, "segment", ROUTE_OPEN, page_dropped},
    {"/v1/projects/*", VERB_GET, 0, "segment", 0, page_segment_settings},
    {"/sourceConfig", VERB_GET, 0, "rudderstack", 0, page_rudder_settings},
    {"/t.js", VERB_GET, 0, "snippet", ROUTE_OPEN, page_snippet},
    {"/.well-known/gpc.json", VERB_GET, 0, "", ROUTE_OPEN, page_gpc},
    {"/healthz", VERB_GET, 0, "", ROUTE_OPEN, page_health},
};

static bool path_fits(const char *pattern, struct str path, struct str *rest)
{
    size_t n = strlen(pattern);
    *rest = STR("");
    if (pattern[n - 1] != '*')
        return n == path.n && memcmp(pattern, path.p, n) == 0;
    if (path.n < n || memcmp(pattern, path.p, n - 1) != 0)
        return false;
    *rest = (struct str){path.p + n - 1, path.n - n + 1};
    return true;
}

const struct route *route_find(struct str path, enum http_verb verb, struct str *rest, bool *known, const char **allow)
{
    while (path.n > 1 && path.p[path.n - 1] == '/') /* some SDKs end their addresses with one */
        path.n--;
    while (path.n > 1 && path.p[1] == '/') /* and a host that was given with one makes two */
        path = (struct str){path.p + 1, path.n - 1};
    *known = false;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const struct route *r = &routes[i];
        if (!path_fits(r->path, path, rest))
            continue;
        if (r->verb == verb || (verb == VERB_HEAD && r->verb == VERB_GET))
            return r;
        *known = true;
        *allow = r->verb == VERB_GET ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
    }
    return NULL;
}
