/* Enrichment: addresses, user agents, referrers, channels, own people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/arena.h"
#include "events/address.h"
#include "events/agent.h"
#include "events/channel.h"
#include "events/event.h"
#include "events/pattern.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void same(struct str got, const char *want, const char *what)
{
    if (!str_eq(got, str_of(want)))
        fail_msg("%s: got '%.*s', want '%s'", what, STR_FMT(got), want);
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host, *path, *query, *plain;
    } cases[] = {
        {"https://Shop.Example/a/b?x=1#f", "shop.example", "/a/b", "x=1", "https://Shop.Example/a/b"},
        {"https://user:pw@shop.example:8443/?utm_source=a", "shop.example", "/", "utm_source=a", "https://shop.example:8443/"},
        {"https://shop.example", "shop.example", "", "", "https://shop.example"},
        {"https://shop.example.?q", "shop.example", "", "q", "https://shop.example."},
        {"/only/path?y=2", "", "/only/path", "y=2", "/only/path"},
        {"android-app://com.google.android.gm/", "com.google.android.gm", "/", "", "android-app://com.google.android.gm/"},
        {"http://[::1]:80/x", "[::1]", "/x", "", "http://[::1]:80/x"},
        {"https://a@b@c.example/p#?no=query", "c.example", "/p", "", "https://c.example/p"},
        {"", "", "", "", ""},
        {"://x", "", "://x", "", "://x"},
        {"mailto:ana@shop.example", "", "mailto:ana@shop.example", "", "mailto:ana@shop.example"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address got = address_of(str_of(cases[i].url), &arena);
        same(got.host, cases[i].host, cases[i].url);
        same(got.path, cases[i].path, cases[i].url);
        same(got.query, cases[i].query, cases[i].url);
        same(address_plain(str_of(cases[i].url), &arena), cases[i].plain, cases[i].url);
    }
}

static void parameters(void **state)
{
    (void)state;
    static const struct {
        const char *query, *name, *value;
    } cases[] = {
        {"utm_source=news+letter&utm_medium=e%2Dmail", "utm_source", "news letter"},
        {"utm_source=a&utm_medium=e%2Dmail", "utm_medium", "e-mail"},
        {"UTM_Source=x", "utm_source", "x"},
        {"a=1&a=2", "a", "1"},
        {"a=&a=2", "a", "2"},
        {"a", "a", ""},
        {"x=%zz%4", "x", "%zz%4"},
        {"x=%ff", "x", ""},
        {"x=%00y", "x", ""},
        {"&&x=%c3%a9", "x", "é"},
        {"xx=1", "x", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        same(address_param(str_of(cases[i].query), cases[i].name, &arena), cases[i].value, cases[i].query);
    assert_true(address_host_within(STR("www.shop.example"), STR("shop.example")));
    assert_true(address_host_within(STR("a.shop.example"), STR("Shop.example")));
    assert_false(address_host_within(STR("ashop.example"), STR("shop.example")));
    assert_false(address_host_within(STR("example"), STR("shop.example")));
}

static void user_agents(void **state)
{
    (void)state;
    static const struct {
        const char *text, *browser, *version, *system, *device, *bot;
    } cases[] = {
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", "Chrome", "126.0", "Windows", "desktop", ""},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "Safari", "17.5", "Mac OS X", "desktop", ""},
        {"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox", "127.0", "Ubuntu", "desktop", ""},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Mobile Safari", "17.5", "iOS", "mobile", ""},
        {"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1", "Mobile Safari", "16.6", "iOS", "tablet", ""},
        {"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.6422.165 Mobile Safari/537.36", "Chrome Mobile", "125.0", "Android", "mobile", ""},
        {"Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", "Chrome", "124.0", "Android", "tablet", ""},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge", "126.0", "Windows", "desktop", ""},
        {"Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/5.0 Chrome/94.0.4606.31 TV Safari/537.36", "Samsung Internet", "5.0", "Tizen", "tv", ""},
        {"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15", "Safari", "13.0", "", "console", ""},
        {"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "", "", "", "bot", "Googlebot"},
        {"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "", "", "Android", "bot", "Googlebot"},
        {"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/103.0.5060.134 Safari/537.36", "", "", "", "bot", "bingbot"},
        {"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "", "", "", "bot", "FacebookBot"},
        {"curl/8.5.0", "", "", "", "bot", "curl"},
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36", "", "", "Linux", "bot", "HeadlessChrome"},
        {"", "", "", "", "other", ""},
    };
    struct agents *x = agents_new();
    for (int round = 0; round < 2; round++) /* the second time from memory */
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const struct agent *got = agent_of(x, str_of(cases[i].text));
            same(got->browser, cases[i].browser, cases[i].text);
            same(got->browser_version, cases[i].version, cases[i].text);
            if (cases[i].system[0])
                same(got->operating_system, cases[i].system, cases[i].text);
            same(str_of(got->device_category), cases[i].device, cases[i].text);
            same(got->bot_name, cases[i].bot, cases[i].text);
            assert_int_equal(got->is_bot, strcmp(cases[i].device, "bot") == 0);
        }
    agents_free(x);
}

/* More user agents than are remembered, hostile ones among them. */
static void many_user_agents(void **state)
{
    (void)state;
    struct agents *x = agents_new();
    char text[4096];
    for (int i = 0; i < 20000; i += 1 + (i > 50) * 97) {
        memset(text, i % 3 ? '(' : 'a', sizeof text);
        int n = snprintf(text, sizeof text, "Mozilla/5.0 (iPhone; CPU %d", i);
        text[n] = ';';
        text[1023] = (char)0xc3;
        assert_non_null(agent_of(x, (struct str){text, i % 2 ? sizeof text : (size_t)n}));
    }
    agents_free(x);
}

static void channels(void **state)
{
    (void)state;
    static const struct {
        const char *source, *medium, *campaign, *click, *referrer, *want;
    } cases[] = {
        {"", "", "", "", "", "direct"},
        {"google", "cpc", "spring", "", "", "paid_search"},
        {"google", "organic", "", "", "www.google.de", "organic_search"},
        {"", "", "", "", "www.google.co.uk", "organic_search"},
        {"", "", "", "", "support.google.com", "referral"},
        {"", "", "", "", "duckduckgo.com", "organic_search"},
        {"", "", "", "gclid", "www.google.com", "paid_search"},
        {"", "", "", "dclid", "", "display"},
        {"", "", "", "msclkid", "", "paid_search"},
        {"", "", "", "fbclid", "l.facebook.com", "organic_social"},
        {"", "", "", "ttclid", "", "paid_social"},
        {"", "", "", "awc", "", "affiliate"},
        {"facebook", "paid_social", "spring", "fbclid", "", "paid_social"},
        {"meta", "cpc", "", "", "", "paid_social"},
        {"ig", "social", "", "", "", "organic_social"},
        {"facebook", "", "", "", "", "organic_social"},
        {"partner", "paid-social", "", "", "", "paid_social"},
        {"somebody", "cpc", "", "", "", "paid_other"},
        {"somebody", "paid_search", "", "", "", "paid_search"},
        {"google", "cpc", "Summer Shopping DE", "", "", "paid_shopping"},
        {"amazon", "cpc", "", "", "", "paid_shopping"},
        {"amazon", "referral", "", "", "", "organic_shopping"},
        {"youtube", "cpv", "", "", "", "paid_video"},
        {"youtube", "paid", "", "", "", "paid_video"},
        {"youtube", "", "", "", "", "organic_video"},
        {"news", "video", "", "", "", "organic_video"},
        {"dv360", "display", "", "", "", "display"},
        {"dv360", "cpm", "", "", "", "display"},
        {"google", "cross", "x cross-network y", "", "", "cross_network"},
        {"newsletter", "email", "may", "", "", "email"},
        {"klaviyo", "e-mail", "", "", "", "email"},
        {"", "", "", "", "mail.google.com", "email"},
        {"awin", "affiliate", "", "", "", "affiliate"},
        {"radio", "audio", "", "", "", "audio"},
        {"sms", "", "", "", "", "sms"},
        {"app", "webpush", "", "", "", "mobile_push"},
        {"blog.partner.example", "referral", "", "", "", "referral"},
        {"", "", "", "", "blog.partner.example", "referral"},
        {"", "", "", "", "chatgpt.com", "ai"},
        {"chatgpt.com", "", "", "", "", "ai"},
        {"poster", "qr", "", "", "", "other"},
        {"", "", "", "", "www.shop.example", ""}, /* moved within the site */
    };
    struct mesh m = {0};
    struct channels *x = channels_new(&m);
    struct referrers *r = referrers_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char what[64];
        struct visit v = {.source = str_of(cases[i].source),
                          .medium = str_of(cases[i].medium),
                          .campaign = str_of(cases[i].campaign),
                          .click_id_type = str_of(cases[i].click),
                          .referrer_host = str_of(cases[i].referrer),
                          .page_host = STR("shop.example")};
        v.internal_referrer = v.referrer_host.n && address_host_within(v.referrer_host, v.page_host);
        v.referrer = referrer_of_host(r, v.referrer_host);
        snprintf(what, sizeof what, "channel %zu", i);
        struct str got = channel_classify(x, r, &v);
        same(got, cases[i].want, what);
        bool known = !got.n;
        for (const char *const *name = channel_names; *name; name++)
            known |= str_eq(got, str_of(*name));
        assert_true(known);
    }
    referrers_free(r);
    channels_free(x);
}

static void own_rules(void **state)
{
    (void)state;
    struct mesh_channel_when when[] = {{STR("medium"), STR("^influencer$")}, {STR("source"), STR("^(ig|instagram)$")}};
    struct mesh_channel_rule rules[] = {{.channel = STR("influencer"), .when = when, .n_when = 2}};
    struct mesh m = {.channels = rules, .n_channels = 1};
    struct channels *x = channels_new(&m);
    struct referrers *r = referrers_new();
    struct visit v = {.source = STR("IG"), .medium = STR("Influencer"), .page_host = STR("shop.example")};
    same(channel_classify(x, r, &v), "influencer", "both fit");
    v.source = STR("blog");
    same(channel_classify(x, r, &v), "other", "one does not");
    referrers_free(r);
    channels_free(x);
}

static struct str cell(const struct event *ev, enum event_column c)
{
    return ev->cells[c].set ? ev->cells[c].s : STR("");
}

static void a_whole_event(void **state)
{
    (void)state;
    struct str ips[] = {STR("10.1.0.0/16"), STR("2001:db8::/32")}, hosts[] = {STR("staging.*")}, emails[] = {STR("*@shop.example")};
    struct mesh_events rules = {.internal_ips = ips, .n_internal_ips = 2, .internal_hosts = hosts, .n_internal_hosts = 1, .internal_emails = emails, .n_internal_emails = 1};
    struct mesh_source source = {.events = &rules};
    struct mesh m = {0};
    struct enrich *x = enrich_new(&m, &source);
    struct event ev = {.source = &source, .stream = EVENT_PAGE, .ip = STR("203.0.113.9"), .gpc = true};
    event_text(&ev, EVENT_PAGE_URL, STR("https://shop.example/p?utm_source=meta&utm_medium=cpc&utm_campaign=spring&fbclid=Abc-1&email=ana%40x.example"));
    event_text(&ev, EVENT_REFERRER_URL, STR("https://l.facebook.com/l.php?u=secret"));
    event_text(&ev, EVENT_UTM_CAMPAIGN, STR("given"));
    ev.user_agent = STR("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15");
    enrich_event(x, &ev, &arena);
    same(cell(&ev, EVENT_PAGE_URL), "https://shop.example/p", "no query is kept");
    same(cell(&ev, EVENT_REFERRER_URL), "https://l.facebook.com/l.php", "of the referrer neither");
    same(cell(&ev, EVENT_PAGE_PATH), "/p", "path");
    same(cell(&ev, EVENT_UTM_SOURCE), "meta", "source");
    same(cell(&ev, EVENT_UTM_CAMPAIGN), "given", "the client's word wins");
    same(cell(&ev, EVENT_CLICK_ID), "Abc-1", "click id");
    same(cell(&ev, EVENT_CLICK_ID_TYPE), "fbclid", "its kind");
    same(cell(&ev, EVENT_REFERRER_SOURCE), "Facebook", "referrer");
    same(cell(&ev, EVENT_CHANNEL_GROUP), "paid_social", "channel");
    same(cell(&ev, EVENT_DEVICE_CATEGORY), "desktop", "device");
    assert_true(ev.cells[EVENT_GPC].i == 1 && ev.cells[EVENT_DNT].i == 0 && ev.cells[EVENT_IS_INTERNAL].i == 0);
    static const struct {
        const char *ip, *email, *host;
        bool own;
    } people[] = {{"10.1.2.3", "", "", true},          {"10.2.0.1", "", "", false}, {"2001:db8:1::5", "", "", true},
                  {"", "Tom@Shop.example", "", true},  {"not an ip", "", "", false}, {"", "", "staging.shop.example", true},
                  {"", "tom@other.example", "", false}};
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        struct event other = {.source = &source, .stream = EVENT_TRACK, .ip = people[i].ip[0] ? str_of(people[i].ip) : (struct str){0}, .user_agent = STR("analytics-node/2.0")};
        event_text(&other, EVENT_EMAIL, str_of(people[i].email));
        event_text(&other, EVENT_PAGE_HOST, str_of(people[i].host));
        enrich_event(x, &other, &arena);
        assert_int_equal(other.cells[EVENT_IS_INTERNAL].i, people[i].own);
        assert_false(other.cells[EVENT_IS_BOT].set); /* a library is no visitor */
    }
    enrich_free(x);
}

static void patterns(void **state)
{
    (void)state;
    struct pattern *p;
    struct err e = {0};
    struct str g[3];
    assert_false(pattern_new(STR("(a"), 0, &p, &e));
    assert_int_equal(e.code, E_USAGE);
    assert_true(pattern_new(STR("(a)(b)?"), PATTERN_NOCASE, &p, &e));
    assert_true(pattern_groups(p, STR("xAc"), g, 3));
    same(g[1], "A", "group");
    assert_null(g[2].p);
    pattern_free(p);
    char many[20000];
    memset(many, 'a', sizeof many);
    assert_true(pattern_new(STR("(a+)+$"), 0, &p, &e)); /* ends soon, by the limits */
    many[sizeof many - 1] = '!';
    (void)pattern_find(p, (struct str){many, sizeof many});
    pattern_free(p);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {CASE(addresses), CASE(parameters),    CASE(user_agents), CASE(many_user_agents),
                                       CASE(channels),  CASE(own_rules), CASE(a_whole_event), CASE(patterns)};
    return cmocka_run_group_tests_name("events_enrich", tests, NULL, NULL);
}
