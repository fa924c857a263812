/* What can be known from the event itself: device, bot, own people, signals of privacy, page, referrer, campaign, click id, channel. Values that the client
 * has given win over those that are found. */
#include "events/event.h"

#include <arpa/inet.h>
#include <fnmatch.h>

#include "base/mem.h"
#include "events/address.h"
#include "events/agent.h"
#include "events/channel.h"
#include "events/referrer.h"

enum { PATTERN_MAX_BYTES = 256, ADDRESS_MAX_BYTES = 64 };

struct network {
    int family, bits;
    unsigned char address[16];
};
struct enrich {
    const struct mesh_events *rules;
    struct agents *agents;
    struct referrers *referrers;
    struct channels *channels;
    struct network *internal;
    size_t n_internal;
};

/* Names of click ids in a page's address, strongest first. */
static const char *const click_ids[] = {"gclid", "gbraid", "wbraid", "dclid", "msclkid", "fbclid", "ttclid", "li_fat_id", "twclid",
                                        "epik", "sccid", "rdt_cid", "irclickid", "awc", "cjevent"};

static bool network_parse(struct str text, struct network *out)
{
    char z[ADDRESS_MAX_BYTES];
    struct str bits, address = str_cut(text, '/', &bits);
    int64_t n;
    if (!address.n || address.n >= sizeof z)
        return false;
    memcpy(z, address.p, address.n);
    z[address.n] = '\0';
    out->family = memchr(z, ':', address.n) ? AF_INET6 : AF_INET;
    if (inet_pton(out->family, z, out->address) != 1)
        return false;
    int whole = out->family == AF_INET ? 32 : 128;
    if (!bits.p)
        n = whole;
    else if (!str_to_i64(bits, &n) || n < 0 || n > whole)
        return false;
    out->bits = (int)n;
    return true;
}

static bool network_holds(const struct network *net, const struct network *address)
{
    if (net->family != address->family)
        return false;
    for (int bit = 0; bit < net->bits; bit += 8) {
        int left = net->bits - bit;
        unsigned mask = left >= 8 ? 0xffu : 0xffu << (8 - left) & 0xffu;
        if ((net->address[bit / 8] & mask) != (address->address[bit / 8] & mask))
            return false;
    }
    return true;
}

struct enrich *enrich_new(const struct mesh *m, const struct mesh_source *s)
{
    struct enrich *x = mem_alloc(sizeof *x);
    x->rules = s->events;
    x->agents = agents_new();
    x->referrers = referrers_new();
    x->channels = channels_new(m);
    x->internal = mem_alloc((s->events->n_internal_ips + 1) * sizeof *x->internal);
    for (size_t i = 0; i < s->events->n_internal_ips; i++)
        x->n_internal += network_parse(s->events->internal_ips[i], &x->internal[x->n_internal]);
    return x;
}

void enrich_free(struct enrich *x)
{
    if (!x)
        return;
    agents_free(x->agents);
    referrers_free(x->referrers);
    channels_free(x->channels);
    mem_free(x->internal);
    mem_free(x);
}

static struct str text_of(const struct event *ev, enum event_column c)
{
    return ev->cells[c].set ? ev->cells[c].s : (struct str){"", 0};
}

static void text_unless_set(struct event *ev, enum event_column c, struct str s)
{
    if (!ev->cells[c].set)
        event_text(ev, c, s);
}

static void device(struct enrich *x, struct event *ev)
{
    /* What a server's library says of itself is no visitor's browser. */
    struct str ua = text_of(ev, EVENT_USER_AGENT);
    if (!ua.n && str_starts(ev->user_agent, STR("Mozilla/")))
        ua = ev->user_agent;
    if (!ua.n)
        return;
    const struct agent *a = agent_of(x->agents, ua);
    yyjson_val *hints = ev->context ? yyjson_obj_get(ev->context, "userAgentData") : NULL;
    const char *category = a->device_category;
    if (!a->is_bot && yyjson_is_true(yyjson_obj_get(hints, "mobile")))
        category = strcmp(category, "tablet") == 0 ? category : "mobile";
    text_unless_set(ev, EVENT_USER_AGENT, ua);
    text_unless_set(ev, EVENT_BROWSER, a->browser);
    text_unless_set(ev, EVENT_BROWSER_VERSION, a->browser_version);
    text_unless_set(ev, EVENT_OPERATING_SYSTEM, a->operating_system);
    text_unless_set(ev, EVENT_DEVICE_CATEGORY, str_of(category));
    event_bool(ev, EVENT_IS_BOT, a->is_bot);
    text_unless_set(ev, EVENT_BOT_NAME, a->bot_name);
}

static bool like_any(struct str s, const struct str *patterns, size_t n)
{
    char text[PATTERN_MAX_BYTES], pattern[PATTERN_MAX_BYTES];
    if (!s.n || s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (patterns[i].n >= sizeof pattern)
            continue;
        memcpy(pattern, patterns[i].p, patterns[i].n);
        pattern[patterns[i].n] = '\0';
        if (fnmatch(pattern, text, FNM_CASEFOLD) == 0)
            return true;
    }
    return false;
}

static void internal(const struct enrich *x, struct event *ev)
{
    const struct mesh_events *r = x->rules;
    struct network address;
    struct str host = text_of(ev, EVENT_PAGE_HOST);
    bool own = like_any(text_of(ev, EVENT_EMAIL), r->internal_emails, r->n_internal_emails) ||
               like_any(host, r->internal_hosts, r->n_internal_hosts);
    if (!own && x->n_internal && network_parse(ev->ip, &address))
        for (size_t i = 0; i < x->n_internal && !own; i++)
            own = network_holds(&x->internal[i], &address);
    event_bool(ev, EVENT_IS_INTERNAL, own);
}

static void campaign(struct event *ev, struct str query, struct arena *a)
{
    static const struct {
        const char *name;
        enum event_column to;
    } utm[] = {{"utm_source", EVENT_UTM_SOURCE}, {"utm_medium", EVENT_UTM_MEDIUM},   {"utm_campaign", EVENT_UTM_CAMPAIGN},
               {"utm_term", EVENT_UTM_TERM},     {"utm_content", EVENT_UTM_CONTENT}, {"utm_id", EVENT_UTM_ID}};
    for (size_t i = 0; i < sizeof utm / sizeof *utm; i++)
        text_unless_set(ev, utm[i].to, address_param(query, utm[i].name, a));
    for (size_t i = 0; i < sizeof click_ids / sizeof *click_ids && !ev->cells[EVENT_CLICK_ID].set; i++) {
        struct str id = address_param(query, click_ids[i], a);
        event_text(ev, EVENT_CLICK_ID, id);
        if (id.n)
            event_text(ev, EVENT_CLICK_ID_TYPE, str_of(click_ids[i]));
    }
}

static void page(struct enrich *x, struct event *ev, struct arena *a)
{
    struct str url = text_of(ev, EVENT_PAGE_URL), from = text_of(ev, EVENT_REFERRER_URL);
    struct address here = address_of(url, a), there = address_of(from, a);
    yyjson_val *said = ev->context ? yyjson_obj_get(ev->context, "page") : NULL;
    const char *search = yyjson_get_str(yyjson_obj_get(said, "search"));
    struct str query = here.query.n ? here.query : str_of(search ? search : "");
    if (query.n && query.p[0] == '?')
        query = (struct str){query.p + 1, query.n - 1};
    if (url.n) {
        event_text(ev, EVENT_PAGE_URL, address_plain(url, a));
        text_unless_set(ev, EVENT_PAGE_HOST, here.host);
        text_unless_set(ev, EVENT_PAGE_PATH, here.path.n ? here.path : STR("/"));
    }
    if (from.n) {
        event_text(ev, EVENT_REFERRER_URL, address_plain(from, a));
        text_unless_set(ev, EVENT_REFERRER_HOST, there.host);
    }
    campaign(ev, query, a);
    struct visit v = {.source = text_of(ev, EVENT_UTM_SOURCE),
                      .medium = text_of(ev, EVENT_UTM_MEDIUM),
                      .campaign = text_of(ev, EVENT_UTM_CAMPAIGN),
                      .term = text_of(ev, EVENT_UTM_TERM),
                      .content = text_of(ev, EVENT_UTM_CONTENT),
                      .utm_id = text_of(ev, EVENT_UTM_ID),
                      .click_id_type = text_of(ev, EVENT_CLICK_ID_TYPE),
                      .referrer_host = text_of(ev, EVENT_REFERRER_HOST),
                      .page_host = text_of(ev, EVENT_PAGE_HOST),
                      .page_path = text_of(ev, EVENT_PAGE_PATH)};
    v.internal_referrer = v.referrer_host.n && v.page_host.n &&
                          (address_host_within(v.referrer_host, v.page_host) || address_host_within(v.page_host, v.referrer_host));
    if (v.referrer_host.n && !v.internal_referrer) {
        v.referrer = referrer_of_host(x->referrers, v.referrer_host);
        text_unless_set(ev, EVENT_REFERRER_MEDIUM, str_of(v.referrer.medium ? v.referrer.medium : ""));
        text_unless_set(ev, EVENT_REFERRER_SOURCE, v.referrer.name);
    }
    text_unless_set(ev, EVENT_CHANNEL_GROUP, channel_classify(x->channels, x->referrers, &v));
}

void enrich_event(struct enrich *x, struct event *ev, struct arena *a)
{
    device(x, ev);
    page(x, ev, a);
    internal(x, ev);
    event_bool(ev, EVENT_GPC, ev->gpc || (ev->cells[EVENT_GPC].set && ev->cells[EVENT_GPC].i));
    event_bool(ev, EVENT_DNT, ev->dnt || (ev->cells[EVENT_DNT].set && ev->cells[EVENT_DNT].i));
}
