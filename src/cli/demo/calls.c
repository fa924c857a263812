/* What the SDK of a visitor sends during one visit, in Segment's form. */
#include "cli/demo/teller.h"

#include "base/clock.h"
#include "cli/demo/people.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

enum { SALT = 73, URL_MAX_BYTES = 4096 };

static const struct { const char *library, *version, *agent, *system, *model; } DEVICES[DEMO_DEVICES] = {
    [DESKTOP_CHROME] = {"analytics.js", "npm:next-1.70.0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36", NULL, NULL},
    [DESKTOP_SAFARI] = {"analytics.js", "npm:next-1.70.0", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", NULL, NULL},
    [DESKTOP_FIREFOX] = {"analytics.js", "npm:next-1.70.0", "Mozilla/5.0 (X11; Linux x86_64; rv:129.0) Gecko/20100101 Firefox/129.0", NULL, NULL},
    [DESKTOP_EDGE] = {"analytics.js", "npm:next-1.70.0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36 Edg/127.0.0.0", NULL, NULL},
    [PHONE_IOS] = {"analytics.js", "npm:next-1.70.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", NULL, NULL},
    [PHONE_ANDROID] = {"analytics.js", "npm:next-1.70.0", "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Mobile Safari/537.36", NULL, NULL},
    [TABLET] = {"analytics.js", "npm:next-1.70.0", "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1", NULL, NULL},
    [APP_IOS] = {"rudder-ios-library", "1.29.0", NULL, "iOS", "iPhone15,3"},
    [APP_ANDROID] = {"rudder-android-library", "1.25.1", NULL, "Android", "Pixel 8"},
    [ROBOT] = {"analytics.js", "npm:next-1.70.0", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", NULL, NULL},
};
static const struct { const char *platform, *source, *medium, *click; } AD_TAGS[] = {
    {"google_ads", "google", "cpc", "gclid"}, {"facebook_ads", "facebook", "paid-social", "fbclid"}, {"linkedin_ads", "linkedin", "paid-social", "li_fat_id"},
    {"microsoft_ads", "bing", "cpc", "msclkid"}, {"tiktok_ads", "tiktok", "paid-social", "ttclid"}, {"pinterest_ads", "pinterest", "paid_social", "epik"}};
static const char SITE[] = "https://www.example.com", STAGING[] = "https://staging.example.com";


double teller_chance(const struct teller *t, uint64_t what)
{
    return demo_chance(t->w->seed, t->v->id, what, SALT);
}

size_t teller_pick(const struct teller *t, uint64_t what, size_t n)
{
    return (size_t)((double)n * teller_chance(t, what));
}

static void uuid(struct buf *b, const struct demo_world *w, uint64_t who, uint64_t what)
{
    uint64_t x = demo_number(w->seed, who, what, SALT), y = demo_number(w->seed, who, what, SALT + 1);
    buf_printf(b, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)(x >> 32), (unsigned)(x >> 16 & 0xffff), (unsigned)(x & 0xfff), (unsigned)(y >> 52), (unsigned long long)(y & 0xffffffffffff));
}

void teller_text(struct buf *b, const char *name, const char *value)
{
    buf_json_key(b, name);
    buf_json_str(b, str_of(value));
}

void teller_money(struct buf *b, const char *name, int64_t cents)
{
    buf_printf(b, "\"%s\":%lld.%02lld", name, (long long)(cents / 100), (long long)(cents % 100));
}

static void moment(struct buf *b, const char *name, int64_t ms)
{
    teller_text(b, name, clock_iso(ms * 1000).z);
}

/* ---- Where the visit begins ---- */

static void percent(struct buf *b, const char *z)
{
    for (; *z; z++) {
        unsigned char c = (unsigned char)*z;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.') {
            buf_addc(b, (char)c);
        } else {
            buf_printf(b, "%%%02X", c);
        }
    }
}

static void ad_query(struct buf *b, const struct teller *t)
{
    const struct demo_node *ad = t->v->ad, *campaign = ad;
    while (campaign->level != LEVEL_CAMPAIGN) {
        campaign = campaign->parent;
    }
    size_t i = 0;
    while (i + 1 < LEN(AD_TAGS) && strcmp(AD_TAGS[i].platform, ad->platform->name) != 0) {
        i++;
    }
    buf_printf(b, "?utm_source=%s&utm_medium=%s&utm_campaign=", AD_TAGS[i].source, AD_TAGS[i].medium);
    percent(b, campaign->plan->name);
    buf_printf(b, "&utm_id=%.*s", STR_FMT(campaign->id));
    if (ad->level == LEVEL_AD) {
        buf_printf(b, "&utm_content=%.*s", STR_FMT(ad->id));
    }
    buf_printf(b, "&%s=Cj0%016llx", AD_TAGS[i].click, (unsigned long long)demo_number(t->w->seed, t->v->id, 1, SALT));
}

static void entry_query(struct buf *b, const struct teller *t)
{
    switch (t->v->entry) {
    case ENTRY_AD:
        ad_query(b, t);
        break;
    case ENTRY_LETTER:
        buf_addz(b, "?utm_source=newsletter&utm_medium=email&utm_campaign=");
        percent(b, t->v->campaign);
        if (t->v->letter) {
            buf_printf(b, "&utm_content=letter-%d", t->v->letter);
        }
        break;
    case ENTRY_AFFILIATE:
        buf_addz(b, "?utm_source=gartenfreunde&utm_medium=affiliate&utm_campaign=partner");
        break;
    default:
        break;
    }
}

static const char *entry_referrer(const struct teller *t)
{
    static const char *const SEARCH[] = {"https://www.google.com/", "https://www.google.de/", "https://www.google.com/", "https://www.google.com/", "https://www.bing.com/", "https://duckduckgo.com/"};
    static const char *const SOCIAL[] = {"https://www.instagram.com/", "https://l.facebook.com/", "https://www.pinterest.de/", "https://www.reddit.com/"};
    static const char *const REFERRAL[] = {"https://forum.garten.example/t/hochbeet", "https://blog.balkon.example/ideen", "https://www.magazin.example/wohnen"};
    static const char *const ASSISTANT[] = {"https://chatgpt.com/", "https://www.perplexity.ai/"};
    switch (t->v->entry) {
    case ENTRY_SEARCH:
        return SEARCH[teller_pick(t, 2, LEN(SEARCH))];
    case ENTRY_SOCIAL:
        return SOCIAL[teller_pick(t, 2, LEN(SOCIAL))];
    case ENTRY_REFERRAL:
        return REFERRAL[teller_pick(t, 2, LEN(REFERRAL))];
    case ENTRY_ASSISTANT:
        return ASSISTANT[teller_pick(t, 2, LEN(ASSISTANT))];
    case ENTRY_AD:
        return strcmp(t->v->ad->platform->name, "google_ads") == 0 ? "https://www.google.com/" : "";
    default:
        return "";
    }
}

/* ---- One call ---- */

static void consent(struct buf *b, const struct teller *t)
{
    enum { FIRST_TOOL_DAYS = 120 };
    bool all = t->v->word == WORD_ALL, some = all || t->v->word == WORD_SOME;
    if (t->app) {
        buf_printf(b, ",\"consentManagement\":{\"provider\":\"ketch\",\"resolutionStrategy\":\"and\",\"allowedConsentIds\":[%s%s],\"deniedConsentIds\":[%s%s]}", some ? "\"analytics\"" : "",
                   all ? ",\"advertising\"" : "", some ? "" : "\"analytics\",", all ? "" : "\"advertising\"");
    } else if (t->v->at_ms / 86400000 < t->w->first_day + FIRST_TOOL_DAYS) { /* before the shop changed its tool */
        const char *ads = all ? "granted" : "denied", *numbers = some ? "granted" : "denied";
        buf_printf(b, ",\"consent\":{\"google\":{\"ad_storage\":\"%s\",\"ad_user_data\":\"%s\",\"ad_personalization\":\"%s\",\"analytics_storage\":\"%s\"}}", ads, ads, ads, numbers);
    } else {
        buf_printf(b, ",\"consent\":{\"categoryPreferences\":{\"Analytics\":%s,\"Advertising\":%s,\"Marketing\":%s}}", some ? "true" : "false", all ? "true" : "false", all ? "true" : "false");
    }
}

static const char *site_of(const struct teller *t)
{
    return t->v->own_people && t->v->id % 2 ? STAGING : SITE;
}

static void who(struct buf *b, const struct teller *t)
{
    if (t->v->fault == FAULT_NOBODY) {
        return;
    }
    buf_addz(b, ",\"anonymousId\":\"");
    uuid(b, t->w, t->v->visitor, 0);
    buf_addc(b, '"');
    if (t->inside && t->v->customer >= 0) {
        char id[DEMO_USER_ID_BYTES];
        demo_user_id(t->v->customer, id);
        buf_addc(b, ',');
        teller_text(b, "userId", id);
    } else if (t->inside && t->v->aim == AIM_OFFICES) {
        buf_printf(b, ",\"userId\":\"biz-%03d-%d\"", t->v->company, t->v->colleague + 1);
    }
}

bool teller_call(struct teller *t, const char *type)
{
    int place = t->n++;
    int64_t ms = t->ms;
    t->ms += 6000 + (int64_t)(50000.0 * teller_chance(t, 1000 + (uint64_t)place) * teller_chance(t, 2000 + (uint64_t)place));
    if (t->only >= 0 && place != t->only) {
        return false;
    }
    struct buf *b = t->out;
    if (t->only < 0 && place > 0) {
        buf_addc(b, ',');
    }
    buf_addz(b, "{\"messageId\":\"");
    uuid(b, t->w, t->v->id, 3000 + (uint64_t)place);
    buf_printf(b, "\",\"type\":\"%s\",", type);
    moment(b, "timestamp", (t->now_ms ? t->now_ms : ms) + t->v->skew_s * 1000);
    who(b, t);
    buf_addz(b, ",\"context\":{");
    if (t->app) {
        buf_printf(b, "\"sessionId\":%lld", (long long)(t->v->at_ms / 1000));
    } else {
        struct buf url = BUF_INIT(URL_MAX_BYTES);
        buf_printf(&url, "%s%s%s", site_of(t), t->path, t->query);
        buf_addz(b, "\"page\":{");
        teller_text(b, "url", buf_z(&url));
        buf_addc(b, ',');
        teller_text(b, "path", t->path);
        buf_addc(b, ',');
        teller_text(b, "title", t->title);
        buf_addc(b, ',');
        if (t->before) {
            buf_reset(&url);
            buf_printf(&url, "%s%s", site_of(t), t->before);
            teller_text(b, "referrer", buf_z(&url));
        } else {
            teller_text(b, "referrer", t->referrer);
        }
        buf_addc(b, '}');
        buf_fini(&url);
    }
    if (t->v->word != WORD_NONE && (place == 1 || (place == 0 && t->v->aim == AIM_LOOK))) {
        consent(b, t);
    }
    buf_addc(b, '}');
    return true;
}

void teller_call_end(struct teller *t)
{
    buf_addc(t->out, '}');
}

void teller_page(struct teller *t, const char *name, const char *path, const char *title)
{
    if (t->path) {
        t->before = t->path;
        t->query = "";
    }
    t->path = path;
    t->title = title;
    if (teller_call(t, t->app ? "screen" : "page")) {
        buf_addc(t->out, ',');
        teller_text(t->out, "name", name);
        buf_addz(t->out, ",\"properties\":{");
        teller_text(t->out, "title", title);
        buf_addc(t->out, '}');
        teller_call_end(t);
    }
}

bool teller_track(struct teller *t, const char *event)
{
    if (!teller_call(t, "track")) {
        return false;
    }
    buf_addc(t->out, ',');
    teller_text(t->out, "event", event);
    buf_addz(t->out, ",\"properties\":{");
    return true;
}

void teller_track_end(struct teller *t)
{
    buf_addc(t->out, '}');
    teller_call_end(t);
}

void teller_product(struct buf *b, const struct demo_product *p, int64_t cents, bool as_text)
{
    teller_text(b, "product_id", p->sku);
    buf_addc(b, ',');
    teller_text(b, "name", p->title);
    buf_addc(b, ',');
    teller_text(b, "category", p->type);
    if (as_text) {
        buf_printf(b, ",\"price\":\"%lld,%02lld €\"", (long long)(cents / 100), (long long)(cents % 100));
    } else {
        buf_addc(b, ',');
        teller_money(b, "price", cents);
    }
}

/* ---- The request around them ---- */

static void ip(struct buf *b, const struct teller *t)
{
    uint64_t h = demo_number(t->w->seed, t->v->visitor, 8, SALT);
    if (t->v->own_people) {
        buf_printf(b, "192.0.2.%d", (int)(h % 200) + 1);
    } else {
        buf_printf(b, "%s.%d", h % 2 ? "198.51.100" : "203.0.113", (int)(h / 2 % 254) + 1);
    }
}

static void surroundings(struct buf *b, const struct teller *t)
{
    const struct demo_visit *v = t->v;
    bool server = v->fault == FAULT_NOBODY;
    buf_addz(b, "\"context\":{\"library\":{");
    teller_text(b, "name", server ? "@segment/analytics-node" : DEVICES[v->device].library);
    buf_addc(b, ',');
    teller_text(b, "version", server ? "2.1.3" : DEVICES[v->device].version);
    buf_addz(b, "},\"locale\":\"de-DE\",\"timezone\":\"Europe/Berlin\",\"ip\":\"");
    ip(b, t);
    buf_addc(b, '"');
    if (t->app) {
        buf_addz(b, ",\"app\":{\"name\":\"Marlow & Finch\",\"version\":\"4.2.0\"},\"os\":{");
        teller_text(b, "name", DEVICES[v->device].system);
        buf_addz(b, "},\"device\":{\"type\":\"mobile\",\"id\":\"");
        uuid(b, t->w, v->visitor, 1);
        buf_addz(b, "\",");
        teller_text(b, "model", DEVICES[v->device].model);
        buf_addc(b, '}');
    } else if (!server) {
        buf_addc(b, ',');
        teller_text(b, "userAgent", DEVICES[v->device].agent);
    }
    if (v->gpc) {
        buf_addz(b, ",\"gpc\":true");
    }
    buf_addc(b, '}');
}

static void teller_init(struct teller *t, struct buf *out, const struct demo_world *w, const struct demo_visit *v, int only, int64_t now_ms)
{
    *t = (struct teller){.out = out, .w = w, .v = v, .only = only, .now_ms = now_ms, .ms = v->at_ms, .inside = v->known, .query = "", .app = v->device == APP_IOS || v->device == APP_ANDROID};
}

int demo_visit_write(struct buf *out, const struct demo_world *w, const struct demo_visit *v, int only, int64_t now_ms)
{
    struct teller t;
    struct buf query = BUF_INIT(URL_MAX_BYTES);
    teller_init(&t, out, w, v, only, now_ms);
    entry_query(&query, &t);
    t.query = buf_z(&query);
    t.referrer = entry_referrer(&t);
    buf_addz(out, "{\"batch\":[");
    teller_visit(&t);
    buf_addz(out, "],");
    moment(out, "sentAt", (now_ms ? now_ms : demo_visit_told_ms(w, v)) + v->skew_s * 1000);
    buf_addc(out, ',');
    surroundings(out, &t);
    buf_addc(out, '}');
    buf_fini(&query);
    return t.n;
}

void demo_visit_facts(struct buf *out, const struct demo_world *w, const struct demo_visit *v)
{
    struct teller t;
    teller_init(&t, out, w, v, -1, 0);
    buf_printf(out, "{\"key\":1,\"api\":\"%s\",\"ip\":\"", t.app ? "rudderstack" : "segment");
    ip(out, &t);
    buf_addc(out, '"');
    if (DEVICES[v->device].agent) {
        buf_addc(out, ',');
        teller_text(out, "ua", DEVICES[v->device].agent);
    }
    buf_printf(out, "%s%s}", v->gpc ? ",\"gpc\":true" : "", v->fault == FAULT_NOBODY ? "" : ",\"direct\":true");
}

/* When the last call was made, and a moment more: an SDK sends what it has gathered. */
int64_t demo_visit_told_ms(const struct demo_world *w, const struct demo_visit *v)
{
    enum { SILENT = 1 << 20 };
    struct teller t;
    struct buf none = BUF_INIT(1);
    teller_init(&t, &none, w, v, SILENT, 0);
    t.referrer = "";
    teller_visit(&t);
    buf_fini(&none);
    return t.ms + 1500 + v->delay_ms;
}
