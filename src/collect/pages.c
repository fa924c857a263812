/* What is asked of the collector with GET: settings that browser SDKs load first, the snippet, GPC's statement, its health. */
#include "collect/collect_int.h"

#include <stdio.h>
#include <yyjson.h>

static const struct str json_type = {"application/json; charset=utf-8", 31};

static bool say(struct take *t, int status, struct buf *b)
{
    http_reply_whole(t->r, status, json_type, buf_str(b), false);
    buf_fini(b);
    return true;
}

static bool not_found(struct take *t)
{
    struct err e = {0};
    err_set(&e, E_NOT_FOUND, "there is no such route");
    return answer_error(t, 404, &e);
}

bool page_health(struct take *t)
{
    struct spool_stats s = {0};
    struct buf b = BUF_INIT((size_t)1 << 10);
    spool_writer_stats(t->c->spool, &s);
    if (s.full)
        http_reply_header(t->r, "Retry-After", STR("10"));
    buf_addz(&b, s.full ? "{\"success\":false,\"spool\":\"full\"}\n" : "{\"success\":true,\"spool\":\"open\"}\n");
    return say(t, s.full ? 503 : 200, &b);
}

/* That this site honours the signal: https://w3c.github.io/gpc/ */
bool page_gpc(struct take *t)
{
    http_reply_header(t->r, "Cache-Control", STR("public, max-age=86400"));
    http_reply_whole(t->r, 200, STR("application/json"), STR("{\"gpc\":true,\"lastUpdate\":\"2026-11-22\"}\n"), true);
    return true;
}

bool page_snippet(struct take *t)
{
    struct collect *c = t->c;
    char tag[80];
    if (!c->snippet.p)
        return not_found(t);
    snprintf(tag, sizeof tag, "\"%s\"", c->snippet_tag);
    http_reply_header(t->r, "Cache-Control", STR("public, max-age=3600"));
    http_reply_header(t->r, "ETag", str_of(tag));
    bool known = str_find(t->f.etag, str_of(tag), 0) != SIZE_MAX;
    http_reply_whole(t->r, known ? 304 : 200, STR("text/javascript; charset=utf-8"), known ? STR("") : c->snippet, true);
    return true;
}

bool page_dropped(struct take *t)
{
    http_reply_whole(t->r, 200, json_type, STR("{\"success\":true}\n"), true);
    return true;
}

/* Host as the browser wrote it; a proxy of our own says with which scheme. */
static void host_of(const struct take *t, struct str *host, const char **scheme)
{
    *host = t->f.host;
    bool near = ip_is_near(t->q->peer);
    *scheme = t->c->tls || (near && str_eq_nocase(t->f.scheme, STR("https"))) ? "https" : "http";
}

/* /v1/projects/KEY/settings of analytics-next: no other destination than this collector, no metrics sent elsewhere. */
bool page_segment_settings(struct take *t)
{
    struct str tail, key = str_cut(t->rest, '/', &tail), host;
    const char *scheme;
    if (!tail.p || !str_eq(tail, STR("settings")))
        return not_found(t);
    if (!take_key(t, key))
        return true;
    host_of(t, &host, &scheme);
    struct buf b = BUF_INIT((size_t)8 << 10);
    buf_addz(&b, "{\"integrations\":{\"Segment.io\":{\"apiKey\":");
    buf_json_str(&b, key);
    buf_addz(&b, ",\"apiHost\":");
    struct str api = arena_printf(&t->arena, "%.*s/v1", STR_FMT(host));
    buf_json_str(&b, api);
    buf_printf(&b,
               ",\"protocol\":\"%s\",\"unbundledIntegrations\":[],\"addBundledMetadata\":true,\"maybeBundledConfigIds\":{}}},",
               scheme);
    buf_addz(&b,
             "\"plan\":{\"track\":{\"__default\":{\"enabled\":true,\"integrations\":{}}},\"identify\":{\"__default\":{"
             "\"enabled\":true}},"
             "\"group\":{\"__default\":{\"enabled\":true}}},\"edgeFunction\":{},\"analyticsNextEnabled\":true,"
             "\"middlewareSettings\":{},"
             "\"enabledMiddleware\":{},\"metrics\":{\"sampleRate\":0},\"legacyVideoPluginsEnabled\":false,\"remotePlugins\":[],"
             "\"autoInstrumentationSettings\":{\"disableTraffic\":true,\"sampleRate\":0}}\n");
    return say(t, 200, &b);
}

/* /sourceConfig/?writeKey=… (or Basic) of RudderStack's browser SDK. */
bool page_rudder_settings(struct take *t)
{
    struct str key = STR(""), ref;
    take_key_of_address(t, &key);
    if (!take_key(t, key))
        return true;
    ref = t->key->source->ref;
    struct buf b = BUF_INIT((size_t)8 << 10);
    buf_addz(&b, "{\"source\":{\"id\":");
    buf_json_str(&b, ref);
    buf_addz(&b, ",\"name\":");
    buf_json_str(&b, ref);
    buf_addz(&b, ",\"writeKey\":");
    buf_json_str(&b, key);
    buf_addz(&b, ",\"enabled\":true,\"workspaceId\":\"trellis\",\"config\":{\"statsCollection\":{\"errors\":{\"enabled\":false},"
                 "\"metrics\":{\"enabled\":false}}},\"connections\":[],\"destinations\":[],\"dataplanes\":{}},\"updatedAt\":"
                 "\"2026-01-01T00:00:00.000Z\","
                 "\"consentManagementMetadata\":{\"providers\":[]}}\n");
    return say(t, 200, &b);
}

static void complain(struct buf *b, const char *field, const char *code, const char *text)
{
    if (b->n && b->p[b->n - 1] == '}')
        buf_addc(b, ',');
    buf_printf(b, "{\"fieldPath\":\"%s\",\"description\":\"%s\",\"validationCode\":\"%s\"}", field, text, code);
}

/* The debugging twin of GA4's route: says what is wrong, keeps nothing. */
bool page_ga4_debug(struct take *t)
{
    struct err e = {0};
    struct str key = STR("");
    size_t i, n;
    yyjson_val *v;
    take_key_of_address(t, &key);
    if (!take_key(t, key))
        return true;
    struct buf b = BUF_INIT((size_t)64 << 10);
    buf_addz(&b, "{\"validationMessages\":[");
    yyjson_doc *doc = body_read(t->s, t->q->body, false, &e);
    yyjson_val *root = yyjson_doc_get_root(doc), *events = yyjson_obj_get(root, "events");
    if (!yyjson_is_obj(root))
        complain(&b, "", "VALUE_INVALID", "The body is no JSON object.");
    else if (!yyjson_is_str(yyjson_obj_get(root, "client_id")) && !yyjson_is_str(yyjson_obj_get(root, "app_instance_id")) &&
             !yyjson_is_str(yyjson_obj_get(root, "user_id")))
        complain(&b, "client_id", "VALUE_REQUIRED", "One of client_id, app_instance_id and user_id is needed.");
    if (yyjson_is_obj(root) && yyjson_arr_size(events) == 0)
        complain(&b, "events", "VALUE_REQUIRED", "There are no events.");
    yyjson_arr_foreach(events, i, n, v) if (!yyjson_is_str(yyjson_obj_get(v, "name")))
    {
        complain(&b, "events.name", "NAME_INVALID", "An event has no name.");
        break;
    }
    buf_addz(&b, "]}\n");
    return say(t, 200, &b);
}
