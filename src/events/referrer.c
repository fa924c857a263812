#include "events/referrer.h"

#include <ctype.h>

#include "base/arena.h"
#include "base/doc.h"
#include "base/embed.h"
#include "base/mem.h"
#include "mesh/table.h"

enum { WORD_MAX_BYTES = 253 };

struct referrers {
    struct arena arena;
    struct table hosts, names; /* -> struct referrer */
};

/* What the list of referer-parser does not know, or knows under another kind. Hosts first, then words of utm_source. */
static const struct {
    const char *medium, *name, *hosts, *words;
} newer[] = {
    {"search", "Google", "google.com", "google adwords googleads google_ads gads"},
    {"search", "Bing", "bing.com", "bing microsoft msn bingads"},
    {"search", "DuckDuckGo", "duckduckgo.com", "duckduckgo ddg"},
    {"search", "Yahoo!", "search.yahoo.com r.search.yahoo.com", "yahoo"},
    {"search", "Ecosia", "ecosia.org", "ecosia"},
    {"search", "Brave", "search.brave.com", "brave"},
    {"search", "Qwant", "qwant.com lite.qwant.com", "qwant"},
    {"search", "Startpage", "startpage.com", "startpage"},
    {"search", "Kagi", "kagi.com", "kagi"},
    {"search", "Yandex", "yandex.ru yandex.com ya.ru", "yandex"},
    {"search", "Baidu", "baidu.com", "baidu"},
    {"search", "Naver", "search.naver.com naver.com", "naver"},
    {"social", "Facebook", "facebook.com m.facebook.com l.facebook.com lm.facebook.com fb.me fb.com", "facebook fb meta facebook_ads meta_ads facebookads"},
    {"social", "Instagram", "instagram.com l.instagram.com", "instagram ig"},
    {"social", "Threads", "threads.net threads.com l.threads.net", "threads"},
    {"social", "X", "twitter.com t.co x.com", "twitter x"},
    {"social", "LinkedIn", "linkedin.com lnkd.in com.linkedin.android", "linkedin linkedin_ads"},
    {"social", "TikTok", "tiktok.com", "tiktok tiktok_ads"},
    {"social", "Pinterest", "pinterest.com pin.it", "pinterest pinterest_ads"},
    {"social", "Snapchat", "snapchat.com", "snapchat snap"},
    {"social", "Reddit", "reddit.com out.reddit.com old.reddit.com", "reddit"},
    {"social", "WhatsApp", "whatsapp.com wa.me web.whatsapp.com", "whatsapp"},
    {"social", "Telegram", "t.me telegram.org web.telegram.org", "telegram"},
    {"social", "Discord", "discord.com discordapp.com", "discord"},
    {"social", "Mastodon", "mastodon.social", "mastodon"},
    {"social", "Bluesky", "bsky.app go.bsky.app", "bluesky bsky"},
    {"social", "Hacker News", "news.ycombinator.com", "hackernews"},
    {"social", "Quora", "quora.com", "quora"},
    {"social", "Xing", "xing.com", "xing"},
    {"video", "YouTube", "youtube.com m.youtube.com youtu.be", "youtube yt"},
    {"video", "Vimeo", "vimeo.com player.vimeo.com", "vimeo"},
    {"video", "Twitch", "twitch.tv", "twitch"},
    {"video", "Dailymotion", "dailymotion.com", "dailymotion"},
    {"shopping", "Amazon", "amazon.com amazon.de amazon.co.uk amazon.fr amazon.it amazon.es", "amazon amazon_ads"},
    {"shopping", "eBay", "ebay.com ebay.de ebay.co.uk", "ebay"},
    {"shopping", "Etsy", "etsy.com", "etsy"},
    {"shopping", "Walmart", "walmart.com", "walmart"},
    {"shopping", "Google Shopping", "shopping.google.com", "googleshopping google_shopping"},
    {"shopping", "Idealo", "idealo.de idealo.com", "idealo"},
    {"email", "Gmail", "mail.google.com com.google.android.gm", "gmail"},
    {"email", "Outlook.com", "outlook.live.com outlook.office.com outlook.office365.com", ""},
    {"ai", "ChatGPT", "chatgpt.com chat.openai.com", "chatgpt chatgpt.com openai"},
    {"ai", "Perplexity", "perplexity.ai", "perplexity"},
    {"ai", "Claude", "claude.ai", "claude"},
    {"ai", "Gemini", "gemini.google.com bard.google.com", "gemini"},
    {"ai", "Copilot", "copilot.microsoft.com", "copilot"},
};

/* Lower case, without spaces, into `to`; empty when it is too long. */
static struct str plain(struct str s, char to[WORD_MAX_BYTES])
{
    size_t n = 0;
    if (s.n > WORD_MAX_BYTES)
        return (struct str){to, 0};
    for (size_t i = 0; i < s.n; i++)
        if (!isspace((unsigned char)s.p[i]))
            to[n++] = (char)tolower((unsigned char)s.p[i]);
    return (struct str){to, n};
}

static void put(struct referrers *x, struct table *t, struct str word, const char *medium, struct str name)
{
    char text[WORD_MAX_BYTES];
    struct str key = plain(word, text);
    if (!key.n || table_get(t, key))
        return;
    struct referrer *r = arena_alloc(&x->arena, sizeof *r);
    *r = (struct referrer){medium, name};
    (void)table_put(t, &x->arena, arena_str(&x->arena, key), r);
}

static void put_all(struct referrers *x, struct table *t, struct str words, const char *medium, struct str name)
{
    while (words.n)
        put(x, t, str_cut(words, ' ', &words), medium, name);
}

static void read_list(struct referrers *x, const struct doc *d)
{
    /* `unknown`: hosts of a search engine that are none (help, news); the same name, no medium. */
    static const struct {
        const char *key, *medium;
    } media[] = {{"unknown", NULL}, {"email", "email"}, {"social", "social"}, {"search", "search"}};
    for (size_t m = 0; m < sizeof media / sizeof *media; m++) {
        const struct doc_node *group = doc_get(d, doc_root(d), media[m].key);
        for (const struct doc_node *n = group ? doc_first(d, group) : NULL; n; n = doc_next(d, n)) {
            const struct doc_node *domains = doc_get(d, n, "domains");
            if (media[m].medium)
                put(x, &x->names, doc_key(d, n), media[m].medium, doc_key(d, n));
            for (const struct doc_node *h = domains ? doc_first(d, domains) : NULL; h; h = doc_next(d, h))
                if (str_find(doc_text(d, h), STR("/"), 0) == SIZE_MAX) /* some know a path: a host alone would say too much */
                    put(x, &x->hosts, doc_text(d, h), media[m].medium, doc_key(d, n));
        }
    }
}

struct referrers *referrers_new(void)
{
    struct referrers *x = mem_alloc(sizeof *x);
    const struct embed_file *list = embed_find(STR("words/referer-parser.yml"));
    struct errs es = {0};
    arena_init(&x->arena);
    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++) {
        struct str name = str_of(newer[i].name);
        put_all(x, &x->hosts, str_of(newer[i].hosts), newer[i].medium, name);
        put_all(x, &x->names, str_of(newer[i].words), newer[i].medium, name);
    }
    struct doc *d = list ? doc_parse_yaml(&x->arena, list->path, list->data, &es) : NULL;
    if (d)
        read_list(x, d);
    errs_fini(&es);
    return x;
}

void referrers_free(struct referrers *x)
{
    if (!x)
        return;
    arena_fini(&x->arena);
    mem_free(x);
}

struct referrer referrer_of_host(const struct referrers *x, struct str host)
{
    char text[WORD_MAX_BYTES];
    struct str h = plain(host, text), rest;
    while (h.n && str_find(h, STR("."), 0) != SIZE_MAX) {
        const struct referrer *r = table_get(&x->hosts, h);
        if (r)
            return *r;
        (void)str_cut(h, '.', &rest);
        h = rest;
    }
    return (struct referrer){NULL, {"", 0}};
}

struct referrer referrer_of_word(const struct referrers *x, struct str word)
{
    char text[WORD_MAX_BYTES];
    struct str w = plain(word, text);
    const struct referrer *r = w.n ? table_get(&x->names, w) : NULL;
    return r ? *r : referrer_of_host(x, word);
}
