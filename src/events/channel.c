/* GA4's default channel groups, in their order, as Google documents them; words are those of the shared ports. Three things are added, since events carry more
 * than a report: click ids stand for source and medium where the page's address has no UTM; a referrer stands for them where it has neither; assistants (ai) are
 * a channel of their own. */
#include "events/channel.h"

#include "base/log.h"
#include "base/mem.h"
#include "events/pattern.h"

const char *const channel_names[] = {"direct", "cross_network", "paid_shopping", "paid_search", "paid_social", "paid_video", "display", "paid_other",
                                     "organic_shopping", "organic_social", "organic_video", "organic_search", "ai", "referral", "email", "affiliate",
                                     "audio", "sms", "mobile_push", "other", NULL};

struct rule {
    struct str channel;
    size_t n;
    struct {
        size_t field;
        struct pattern *pattern;
    } *when;
};
struct channels {
    struct rule *rules;
    size_t n;
    struct pattern *paid, *shop, *video, *email, *email_medium, *social_medium, *push;
};

/* Fields that a rule may look at, and where they lie. */
static const struct {
    const char *name;
    size_t at;
} fields[] = {
    {"source", offsetof(struct visit, source)},
    {"medium", offsetof(struct visit, medium)},
    {"campaign", offsetof(struct visit, campaign)},
    {"term", offsetof(struct visit, term)},
    {"content", offsetof(struct visit, content)},
    {"utm_id", offsetof(struct visit, utm_id)},
    {"click_id_type", offsetof(struct visit, click_id_type)},
    {"referrer_host", offsetof(struct visit, referrer_host)},
    {"page_host", offsetof(struct visit, page_host)},
    {"page_path", offsetof(struct visit, page_path)},
};

/* What a click id alone says. fbclid is not here: Facebook adds it to links that people share, too. */
static const struct {
    const char *type, *source, *medium;
} clicks[] = {
    {"gclid", "google", "cpc"},      {"gbraid", "google", "cpc"},   {"wbraid", "google", "cpc"},     {"dclid", "google", "display"},
    {"msclkid", "bing", "cpc"},      {"ttclid", "tiktok", "cpc"},   {"li_fat_id", "linkedin", "cpc"}, {"twclid", "x", "cpc"},
    {"epik", "pinterest", "cpc"},    {"sccid", "snapchat", "cpc"},  {"rdt_cid", "reddit", "cpc"},    {"irclickid", "impact", "affiliate"},
    {"awc", "awin", "affiliate"},    {"cjevent", "cj", "affiliate"},
};

static struct pattern *fixed(const char *text)
{
    struct pattern *p;
    struct err e = {0};
    if (!pattern_new(str_of(text), PATTERN_NOCASE, &p, &e))
        log_err(LOG_ERROR, "events", "channel_pattern", &e);
    return p;
}

struct channels *channels_new(const struct mesh *m)
{
    struct channels *x = mem_alloc(sizeof *x);
    x->rules = mem_alloc((m->n_channels + 1) * sizeof *x->rules);
    for (size_t i = 0; i < m->n_channels; i++) {
        const struct mesh_channel_rule *from = &m->channels[i];
        struct rule *r = &x->rules[x->n++];
        r->channel = from->channel;
        r->when = mem_alloc((from->n_when + 1) * sizeof *r->when);
        for (size_t k = 0; k < from->n_when; k++) {
            struct err e = {0};
            size_t f = 0;
            while (f < sizeof fields / sizeof *fields && !str_eq(from->when[k].field, str_of(fields[f].name)))
                f++;
            r->when[r->n].field = f;
            if (f == sizeof fields / sizeof *fields || !pattern_new(from->when[k].pattern, PATTERN_NOCASE, &r->when[r->n].pattern, &e))
                log_event(LOG_WARN, "events", "channel_rule", "line=%u", from->pos.line); /* checked when the mesh is loaded */
            r->n++;
        }
    }
    x->paid = fixed("^(.*cp.*|ppc|retargeting|paid.*)$");
    x->shop = fixed("^(.*(([^a-df-z]|^)shop|shopping).*)$");
    x->video = fixed("^(.*video.*)$");
    x->email = fixed("^(email|e-mail|e_mail|e mail|newsletter)$");
    x->email_medium = fixed("^(e[-_ ]?mail.*|newsletter)$");
    x->social_medium = fixed("^(social|social-network|social-media|sm|social network|social media|organic[-_ ]?social)$");
    x->push = fixed("(push$|mobile|notification)");
    return x;
}

void channels_free(struct channels *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->n; i++) {
        for (size_t k = 0; k < x->rules[i].n; k++)
            pattern_free(x->rules[i].when[k].pattern);
        mem_free(x->rules[i].when);
    }
    struct pattern *all[] = {x->paid, x->shop, x->video, x->email, x->email_medium, x->social_medium, x->push};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        pattern_free(all[i]);
    mem_free(x->rules);
    mem_free(x);
}

static bool matches(struct pattern *p, struct str s)
{
    return p && s.n && pattern_find(p, s);
}

static bool word_is(struct str s, const char *const *words)
{
    for (; *words; words++)
        if (str_eq_nocase(s, str_of(*words)))
            return true;
    return false;
}

static bool medium_is(const char *known, const char *wanted)
{
    return known && strcmp(known, wanted) == 0;
}

static struct str own_rule(const struct channels *x, const struct visit *v)
{
    for (size_t i = 0; i < x->n; i++) {
        const struct rule *r = &x->rules[i];
        size_t fit = 0;
        while (fit < r->n) {
            const struct str *field =
                r->when[fit].field < sizeof fields / sizeof *fields
                    ? (const struct str *)(const void *)((const char *)v + fields[r->when[fit].field].at)
                    : NULL;
            if (!field || !r->when[fit].pattern || !pattern_find(r->when[fit].pattern, *field))
                break;
            fit++;
        }
        if (r->n && fit == r->n)
            return r->channel;
    }
    return (struct str){"", 0};
}

/* `known`: the kind of site that the source is. */
static const char *by_words(const struct channels *x, struct str source, struct str medium, struct str campaign, const char *known)
{
    static const char *const displays[] = {"display", "banner", "expandable", "interstitial", "cpm", NULL};
    static const char *const referrals[] = {"referral", "app", "link", NULL};
    static const char *const affiliates[] = {"affiliate", "affiliates", NULL};
    static const char *const audios[] = {"audio", NULL}, *const texts[] = {"sms", NULL}, *const organic[] = {"organic", NULL};
    static const char *const firebase[] = {"firebase", NULL};
    bool paid = matches(x->paid, medium), shop = medium_is(known, "shopping") || matches(x->shop, campaign);
    bool display = word_is(medium, displays);
    if (str_find(campaign, STR("cross-network"), 0) != SIZE_MAX)
        return "cross_network";
    if (paid && !display) {
        if (shop)
            return "paid_shopping";
        if (medium_is(known, "search"))
            return "paid_search";
        if (medium_is(known, "social") || str_find(medium, STR("social"), 0) != SIZE_MAX)
            return "paid_social";
        if (medium_is(known, "video"))
            return "paid_video";
    }
    if (display)
        return "display";
    if (paid)
        return str_find(medium, STR("search"), 0) != SIZE_MAX ? "paid_search" : "paid_other";
    if (shop)
        return "organic_shopping";
    if (matches(x->email, source) || matches(x->email_medium, medium)) /* before social: newsletters that name a network */
        return "email";
    if (medium_is(known, "social") || matches(x->social_medium, medium))
        return "organic_social";
    if (medium_is(known, "video") || matches(x->video, medium))
        return "organic_video";
    if (medium_is(known, "search") || word_is(medium, organic))
        return "organic_search";
    if (medium_is(known, "ai"))
        return "ai";
    if (word_is(medium, referrals))
        return "referral";
    if (medium_is(known, "email"))
        return "email";
    if (word_is(medium, affiliates))
        return "affiliate";
    if (word_is(medium, audios))
        return "audio";
    if (word_is(medium, texts) || word_is(source, texts))
        return "sms";
    if (matches(x->push, medium) || word_is(source, firebase))
        return "mobile_push";
    return "other";
}

struct str channel_classify(struct channels *x, const struct referrers *r, const struct visit *v)
{
    struct str source = v->source, medium = v->medium, own = own_rule(x, v);
    const char *known = source.n ? referrer_of_word(r, source).medium : v->referrer.medium;
    if (own.n)
        return own;
    if (!source.n && !medium.n && !v->campaign.n) {
        for (size_t i = 0; i < sizeof clicks / sizeof *clicks; i++)
            if (str_eq(v->click_id_type, str_of(clicks[i].type))) {
                source = str_of(clicks[i].source);
                return str_of(by_words(x, source, str_of(clicks[i].medium), v->campaign, referrer_of_word(r, source).medium));
            }
        if (v->internal_referrer || (!v->page_host.n && !v->referrer_host.n))
            return (struct str){"", 0};
        if (!v->referrer_host.n)
            return STR("direct");
        if (!v->referrer.medium)
            return STR("referral");
        return str_of(by_words(x, v->referrer_host, STR(""), STR(""), v->referrer.medium));
    }
    return str_of(by_words(x, source, medium, v->campaign, known));
}
