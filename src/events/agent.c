/* Order is that of uap-core: the first pattern that fits decides. A user agent costs about a thousand tries, so that the answers are
 * kept, in two generations: when the younger is full it becomes the older, and what is asked again moves up. */
#include "events/agent.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/doc.h"
#include "base/embed.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "events/pattern.h"
#include "mesh/table.h"

enum { GROUPS = 10, KEPT = 8192, AGENT_MAX_BYTES = 1024, FAMILY_MAX_BYTES = 120 };

/* One pattern of a list, with what it says: texts with $1 … for groups; empty: the group of that place. */
struct word {
    struct pattern *pattern;
    struct str family, major, minor;
};
struct words {
    struct word *v;
    size_t n;
};
struct generation {
    struct arena arena;
    struct table table; /* user agent -> struct agent */
};

struct agents {
    struct arena arena;
    bool ready;
    struct words browsers, systems, devices;
    struct pattern *bot, *tv, *console, *tablet, *mobile;
    struct generation kept[2];
    int young;
};

struct list {
    const char *key, *family, *major, *minor;
};
static const struct list browser_list = {"user_agent_parsers", "family_replacement", "v1_replacement", "v2_replacement"};
static const struct list system_list = {"os_parsers", "os_replacement", "os_v1_replacement", "os_v2_replacement"};
static const struct list device_list = {"device_parsers", "device_replacement", "brand_replacement", "model_replacement"};

static struct pattern *pattern_or_none(struct str text, unsigned flags)
{
    struct pattern *p;
    struct err e = {0};
    if (!pattern_new(text, flags, &p, &e))
        log_err(LOG_WARN, "events", "pattern_passed_over", &e);
    return p;
}

static void words_read(struct agents *x, const struct doc *d, const struct list *l, struct words *out)
{
    const struct doc_node *list = doc_get(d, doc_root(d), l->key);
    out->v = arena_array(&x->arena, (list ? list->n_children : 0) + 1, sizeof *out->v);
    for (const struct doc_node *n = list ? doc_first(d, list) : NULL; n; n = doc_next(d, n)) {
        struct str family = doc_str(d, n, l->family);
        /* Of devices only the spiders are asked for: brands and models are not kept. */
        if (l == &device_list && !str_eq(family, STR("Spider")))
            continue;
        struct pattern *p = pattern_or_none(doc_str(d, n, "regex"), str_eq(doc_str(d, n, "regex_flag"), STR("i")) ? PATTERN_NOCASE : 0);
        if (p)
            out->v[out->n++] = (struct word){p, family, doc_str(d, n, l->major), doc_str(d, n, l->minor)};
    }
}

/* JavaScript takes a hyphen behind a class for itself ("[\w-.]"), PCRE2 takes it for a range that is none. */
static void add_javascript(struct buf *b, struct str pattern)
{
    bool in_set = false;
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        if (c == '\\' && i + 1 < pattern.n) {
            bool class_ = strchr("wdsWDS", pattern.p[i + 1]) != NULL;
            buf_addc(b, c);
            buf_addc(b, pattern.p[++i]);
            if (in_set && class_ && i + 1 < pattern.n && pattern.p[i + 1] == '-')
                buf_addc(b, '\\');
            continue;
        }
        in_set = c == '[' || (in_set && c != ']');
        buf_addc(b, c);
    }
}

/* isbot is a JavaScript module that begins with its list of patterns, which is JSON: one expression of them all. */
static struct pattern *bot_pattern(struct str module)
{
    struct buf all = BUF_INIT((size_t)1 << 20);
    struct pattern *p = NULL;
    struct err e = {0};
    size_t begin = str_find(module, STR("["), 0), end = str_find(module, STR("\n];"), 0), i, max;
    yyjson_val *v;
    if (begin == SIZE_MAX || end == SIZE_MAX)
        return NULL;
    yyjson_doc *doc = json_parse((struct str){module.p + begin, end + 2 - begin}, &e);
    yyjson_arr_foreach(doc ? yyjson_doc_get_root(doc) : NULL, i, max, v)
    {
        buf_addz(&all, i ? "|" : "");
        add_javascript(&all, str_of(yyjson_get_str(v)));
    }
    p = all.n ? pattern_or_none(buf_str(&all), PATTERN_NOCASE) : NULL;
    yyjson_doc_free(doc);
    buf_fini(&all);
    return p;
}

static void make_ready(struct agents *x)
{
    const struct embed_file *words = embed_find(STR("words/uap-core.yaml")), *bots = embed_find(STR("words/isbot.mjs"));
    struct errs es = {0};
    x->ready = true;
    struct doc *d = words ? doc_parse_yaml(&x->arena, words->path, words->data, &es) : NULL;
    if (d) {
        words_read(x, d, &browser_list, &x->browsers);
        words_read(x, d, &system_list, &x->systems);
        words_read(x, d, &device_list, &x->devices);
    }
    errs_fini(&es);
    x->bot = bots ? bot_pattern(bots->data) : NULL;
    x->tv = pattern_or_none(STR("\\b(smart-?tv|smarttv|appletv|apple tv|googletv|google tv|hbbtv|bravia|netcast|web0s|webos\\.tv|roku|crkey|aft[a-z]{1,4}\\b|viera|tizen.*tv)"), PATTERN_NOCASE);
    x->console = pattern_or_none(STR("playstation|xbox|nintendo"), PATTERN_NOCASE);
    x->tablet = pattern_or_none(STR("ipad|tablet|kindle|silk/|playbook|android(?!.*mobi)"), PATTERN_NOCASE);
    x->mobile = pattern_or_none(STR("iphone|ipod|mobi|windows phone|blackberry|bb10|opera mini"), PATTERN_NOCASE);
}

struct agents *agents_new(void)
{
    struct agents *x = mem_alloc(sizeof *x);
    arena_init(&x->arena);
    arena_init(&x->kept[0].arena);
    arena_init(&x->kept[1].arena);
    return x;
}

void agents_free(struct agents *x)
{
    if (!x)
        return;
    struct words *lists[] = {&x->browsers, &x->systems, &x->devices};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (size_t i = 0; i < lists[k]->n; i++)
            pattern_free(lists[k]->v[i].pattern);
    struct pattern *single[] = {x->bot, x->tv, x->console, x->tablet, x->mobile};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        pattern_free(single[i]);
    arena_fini(&x->kept[0].arena);
    arena_fini(&x->kept[1].arena);
    arena_fini(&x->arena);
    mem_free(x);
}

/* `said` with its $1 … filled in; without, the group of place `group`. */
static struct str fill(struct arena *a, struct str said, const struct str groups[GROUPS], size_t group)
{
    struct buf b = BUF_INIT(FAMILY_MAX_BYTES);
    if (!said.n)
        return arena_str(a, group < GROUPS && groups[group].n <= FAMILY_MAX_BYTES ? groups[group] : (struct str){"", 0});
    for (size_t i = 0; i < said.n; i++) {
        bool place = said.p[i] == '$' && i + 1 < said.n && said.p[i + 1] >= '1' && said.p[i + 1] <= '9';
        if (place)
            buf_add(&b, groups[said.p[++i] - '0']);
        else
            buf_addc(&b, said.p[i]);
    }
    struct str out = arena_str(a, b.failed ? (struct str){"", 0} : str_trim(buf_str(&b)));
    buf_fini(&b);
    return out;
}

static const struct word *first_fit(const struct words *w, struct str text, struct str groups[GROUPS])
{
    for (size_t i = 0; i < w->n; i++)
        if (pattern_groups(w->v[i].pattern, text, groups, GROUPS))
            return &w->v[i];
    return NULL;
}

static const char *category(struct agents *x, const struct agent *a, struct str text)
{
    static const char *const desks[] = {"Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Debian", "Chrome OS", "FreeBSD", "OpenBSD"};
    if (a->is_bot)
        return "bot";
    const struct {
        struct pattern *p;
        const char *says;
    } kinds[] = {{x->console, "console"}, {x->tv, "tv"}, {x->tablet, "tablet"}, {x->mobile, "mobile"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].p && pattern_find(kinds[i].p, text))
            return kinds[i].says;
    for (size_t i = 0; i < sizeof desks / sizeof *desks; i++)
        if (str_eq(a->operating_system, str_of(desks[i])))
            return "desktop";
    return "other";
}

static void look(struct agents *x, struct arena *a, struct str text, struct agent *out)
{
    struct str g[GROUPS];
    const struct word *w = first_fit(&x->browsers, text, g);
    if (w) {
        out->browser = fill(a, w->family, g, 1);
        struct str major = fill(a, w->major, g, 2), minor = fill(a, w->minor, g, 3);
        out->browser_version = minor.n ? arena_printf(a, "%.*s.%.*s", STR_FMT(major), STR_FMT(minor)) : major;
    }
    if ((w = first_fit(&x->systems, text, g)))
        out->operating_system = fill(a, w->family, g, 1);
    out->is_bot = first_fit(&x->devices, text, g) || (x->bot && pattern_find(x->bot, text));
    if (out->is_bot) {
        out->bot_name = out->browser;
        out->browser = out->browser_version = (struct str){"", 0};
    }
    out->device_category = category(x, out, text);
}

const struct agent *agent_of(struct agents *x, struct str text)
{
    if (!x->ready)
        make_ready(x);
    if (text.n > AGENT_MAX_BYTES) /* longer ones are made up; what they are stands at their beginning */
        text.n = AGENT_MAX_BYTES;
    while (text.n && !str_utf8_valid(text))
        text.n--;
    struct generation *young = &x->kept[x->young], *old = &x->kept[!x->young];
    struct agent *known = table_get(&young->table, text);
    if (known)
        return known;
    if (young->table.n >= KEPT) {
        arena_fini(&old->arena);
        arena_init(&old->arena);
        old->table = (struct table){0};
        x->young = !x->young;
        struct generation *was = young;
        young = old;
        old = was;
    }
    struct agent *a = arena_alloc(&young->arena, sizeof *a);
    known = table_get(&old->table, text);
    if (known) {
        *a = *known;
        struct str *texts[] = {&a->browser, &a->browser_version, &a->operating_system, &a->bot_name};
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            *texts[i] = arena_str(&young->arena, *texts[i]);
    } else {
        look(x, &young->arena, text, a);
    }
    (void)table_put(&young->table, &young->arena, arena_str(&young->arena, text), a);
    return a;
}
