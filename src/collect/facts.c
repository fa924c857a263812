/* The headers that matter, gathered in one pass, and the facts of a request that go into the spool beside its body. */
#include "collect/collect_int.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <yyjson.h>

static const struct {
    struct str name;
    size_t at;
} wanted[] = {
#define W(text, field)                                         \
    {                                                          \
        {text, sizeof text - 1}, offsetof(struct facts, field) \
    }
    W("authorization", authorization),
    W("content-encoding", encoding),
    W("origin", origin),
    W("user-agent", user_agent),
    W("accept-language", languages),
    W("sec-gpc", gpc),
    W("dnt", dnt),
    W("x-forwarded-for", forwarded),
    W("content-length", length),
    W("transfer-encoding", transfer),
    W("host", host),
    W("x-forwarded-proto", scheme),
    W("anonymousid", anonymous_id),
    W("access-control-request-headers", ask_headers),
    W("if-none-match", etag),
#undef W
};

void facts_gather(const struct http_request *q, struct facts *f)
{
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < q->n_headers; i++) {
        struct str name = q->headers[i].name;
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
            if (wanted[k].name.n != name.n || memcmp(wanted[k].name.p, name.p, name.n) != 0)
                continue;
            struct str *field = (struct str *)((char *)f + wanted[k].at);
            if (!field->p) /* the first counts */
                *field = q->headers[i].value;
            break;
        }
    }
}

static const struct {
    uint32_t net, mask;
} near_nets[] = {{0x7f000000, 0xff000000}, {0x0a000000, 0xff000000}, {0xac100000, 0xfff00000}, {0xc0a80000, 0xffff0000}};

static bool ip_parse(struct str ip, struct in_addr *four, struct in6_addr *six, bool *is_six)
{
    char z[64];
    if (ip.n == 0 || ip.n >= sizeof z)
        return false;
    memcpy(z, ip.p, ip.n);
    z[ip.n] = 0;
    *is_six = memchr(z, ':', ip.n) != NULL;
    return *is_six ? inet_pton(AF_INET6, z, six) == 1 : inet_pton(AF_INET, z, four) == 1;
}

bool ip_is_near(struct str ip)
{
    struct in_addr four;
    struct in6_addr six;
    bool is_six;
    if (!ip_parse(ip, &four, &six, &is_six))
        return false;
    if (is_six)
        return IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_LINKLOCAL(&six) || (six.s6_addr[0] & 0xfe) == 0xfc;
    for (size_t i = 0; i < sizeof near_nets / sizeof *near_nets; i++)
        if ((ntohl(four.s_addr) & near_nets[i].mask) == near_nets[i].net)
            return true;
    return false;
}

/* The client's address: that of the connection, or what a proxy of our own says of it (the last entry: those before it may be
 * the client's invention). */
static struct str client_ip(const struct take *t)
{
    struct str ip = t->q->peer;
    if (!t->f.forwarded.n || !ip_is_near(ip))
        return ip;
    struct str last = t->f.forwarded;
    for (size_t i = last.n; i > 0; i--)
        if (last.p[i - 1] == ',') {
            last = (struct str){last.p + i, last.n - i};
            break;
        }
    last = str_trim(last);
    struct in_addr four;
    struct in6_addr six;
    bool is_six;
    return ip_parse(last, &four, &six, &is_six) ? last : ip;
}

static const struct {
    struct str begins;
    const char *api;
} libraries[] = {{{"trellis", 7}, "snippet"}, {{"rudder", 6}, "rudderstack"}, {{"analytics", 9}, "segment"}};

static bool begins_nocase(struct str s, struct str begin)
{
    return s.n >= begin.n && str_eq_nocase((struct str){s.p, begin.n}, begin);
}

/* Clients of several makers use the same routes: the library that the first event names says which, or RudderStack's own header.
 */
const char *facts_way_in(const struct take *t, yyjson_val *root)
{
    yyjson_val *first = t->route->flags & ROUTE_BATCH ? yyjson_arr_get_first(yyjson_obj_get(root, "batch")) : root;
    yyjson_val *context = yyjson_obj_get(first, "context");
    if (!context)
        context = yyjson_obj_get(root, "context");
    yyjson_val *name = yyjson_obj_get(yyjson_obj_get(context, "library"), "name");
    struct str text = yyjson_is_str(name) ? (struct str){yyjson_get_str(name), yyjson_get_len(name)} : STR("");
    const char *api = t->f.anonymous_id.n ? "rudderstack" : t->route->api;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (begins_nocase(text, libraries[i].begins))
            api = libraries[i].api;
    return api;
}

static void add(struct buf *b, const char *key, struct str value, size_t max)
{
    if (value.n == 0)
        return;
    if (value.n > max)
        value.n = max;
    buf_addc(b, b->n == 0 ? '{' : ',');
    buf_json_key(b, key);
    buf_json_str(b, value);
}

void facts_meta(const struct take *t, struct buf *b)
{
    buf_reset(b);
    buf_printf(b, "{\"key\":%lld", (long long)t->key->id);
    add(b, "api", str_of(t->api), 32);
    add(b, "ip", client_ip(t), 64); /* whole: the loader asks whether it is internal, and cuts it to its network */
    add(b, "ua", t->f.user_agent, 1024);
    add(b, "lang", t->f.languages, 128);
    add(b, "origin", t->f.origin, 256);
    if (t->f.origin.n || t->route->answer == take_pixel) /* browsers name the page that sends; servers have none */
        buf_addz(b, ",\"direct\":true");
    if (str_eq(t->f.gpc, STR("1")))
        buf_addz(b, ",\"gpc\":true");
    if (str_eq(t->f.dnt, STR("1")))
        buf_addz(b, ",\"dnt\":true");
    buf_addc(b, '}');
}
