/* Words that people use beside the names that a mesh declares: fillers, verbs that ask for a number, what stands first, other names of values. */
#include "measure/understand_int.h"

static bool among(struct str w, const char *const *words)
{
    for (; *words; words++)
        if (str_eq(w, str_of(*words)))
            return true;
    return false;
}

bool word_is_filler(struct str w)
{
    static const char *const words[] = {
        "by", "per", "for", "in", "of", "the", "and", "show", "me", "what", "which", "is", "was", "our", "a", "an", "each", "with", "on", "from", "how", "much", "many", "has", "had", "have", "did", "do", "does",
        "we", "i", "you", "vs", "versus", "against", "or", "to", "at", "via", "through", "during", "over", "please", "give", "get", "got", "tell", "see", "list", "display", "find", "are", "were", "be", "there", "it",
        "its", "my", "this", "that", "these", "their", "them", "can", "could", "would", "like", "want", "about", "number", "total", "overall", "all", "only", "just", "where", "who", "when", "split", "broken", "down",
        "grouped", "breakdown", "divided", "so", "far", "as", "than", "between", "among", "figures", "figure", "what's", "whats", "how's", "&", "+", "-", "value", "went", "go", "up", "one", "period", "time", NULL};
    return among(w, words);
}

bool word_is_us(struct str before, struct str w)
{
    static const char *const words[] = {"cost", "costs", "bring", "brings", "brought", "give", "gives", "gave", "tell", "show", "for", "to", "made", "make", "earn", "earned", "visit", "visited", "with", "of", NULL};
    return str_eq(w, STR("us")) && among(before, words);
}

bool word_is_negation(struct str w)
{
    static const char *const words[] = {"not", "without", "except", "excluding", "exclude", "minus", "no", "outside", NULL};
    return among(w, words);
}

bool word_says_whose(struct str w)
{
    static const char *const words[] = {"from", "on", "via", "in", "for", "of", "only", "through", "among", "at", "with", "is", NULL};
    return among(w, words);
}

bool word_joins(struct str w)
{
    static const char *const words[] = {"and", "or", "nor", NULL};
    return among(w, words);
}

int word_superlative(struct str said)
{
    static const struct { const char *said; enum superlative which; } words[] = {
        {"best", FIRST_BEST},     {"top", FIRST_BEST},       {"strongest", FIRST_BEST}, {"worst", FIRST_WORST},   {"bottom", FIRST_WORST},  {"weakest", FIRST_WORST}, {"highest", FIRST_MOST},   {"most", FIRST_MOST},
        {"largest", FIRST_MOST},  {"biggest", FIRST_MOST},   {"greatest", FIRST_MOST},  {"lowest", FIRST_LEAST},  {"least", FIRST_LEAST},   {"fewest", FIRST_LEAST},  {"smallest", FIRST_LEAST}, {"cheapest", FIRST_LEAST},
        {"most expensive", FIRST_MOST}, {"dearest", FIRST_MOST}, {"least expensive", FIRST_LEAST},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(said, str_of(words[i].said)))
            return (int)words[i].which;
    return 0;
}

const char *const *words_of_verb(struct str said)
{
    static const char *const paid[] = {"spend", "ad spend", "cost", "costs", NULL}, *const per_customer[] = {"cac", "cost per new customer", "acquisition cost", NULL},
                      *const per_order[] = {"cpa", "cost per order", "cost per acquisition", NULL}, *const per_click[] = {"cpc", "cost per click", NULL}, *const earned[] = {"revenue", "sales", "turnover", NULL},
                      *const pieces[] = {"units sold", "orders", NULL}, *const ordered[] = {"orders", "number of orders", "purchases", NULL}, *const visited[] = {"visits", "sessions", NULL},
                      *const clicked[] = {"clicks", NULL}, *const viewed[] = {"page views", NULL}, *const converts[] = {"conversion rate", NULL}, *const won[] = {"customers won", "new customers", NULL},
                      *const churned[] = {"churn rate", "churn", NULL}, *const came_back[] = {"returning customers", "repeat customers", "retention rate", NULL}, *const opened[] = {"emails opened", NULL},
                      *const sent[] = {"emails delivered", "emails sent", NULL}, *const bought[] = {"buying customers", "buyers", "orders", NULL}, *const basket[] = {"average order value", "aov", NULL};
    static const struct { const char *said; const char *const *names; } verbs[] = {
        {"cost", paid}, {"costs", paid}, {"spent", paid}, {"spend", paid}, {"spending", paid}, {"paid", paid}, {"pay", paid}, {"paying", paid}, {"invest", paid}, {"invested", paid}, {"money for ads", paid}, {"expenses", paid},
        {"new customer cost", per_customer}, {"new customers cost", per_customer}, {"customer cost", per_customer}, {"customers cost", per_customer}, {"cost of a new customer", per_customer}, {"cost of a customer", per_customer},
        {"pay for a new customer", per_customer}, {"pay for a customer", per_customer}, {"pay per customer", per_customer}, {"pay per new customer", per_customer},
        {"order cost", per_order}, {"pay per order", per_order}, {"pay for an order", per_order}, {"cost of an order", per_order},
        {"click cost", per_click}, {"pay per click", per_click}, {"pay for a click", per_click}, {"cost of a click", per_click},
        {"earn", earned}, {"earned", earned}, {"made", earned}, {"make", earned}, {"brought in", earned}, {"bring in", earned}, {"brought", earned}, {"bring", earned}, {"brings", earned}, {"makes", earned}, {"generates", earned}, {"took in", earned}, {"generate", earned}, {"generated", earned}, {"income", earned},
        {"sell", pieces}, {"sold", pieces}, {"ordered", ordered}, {"purchases", ordered}, {"bought", bought}, {"buy", bought}, {"visited", visited}, {"visit us", visited}, {"came to the site", visited}, {"traffic", visited},
        {"clicked", clicked}, {"viewed", viewed}, {"convert", converts}, {"converted", converts}, {"converts", converts}, {"converting", converts}, {"win", won}, {"won", won}, {"gained", won}, {"gain", won}, {"acquired", won}, {"acquire", won},
        {"churned", churned}, {"come back", came_back}, {"came back", came_back}, {"opened", opened}, {"emails sent", sent}, {"mails sent", sent}, {"basket value", basket}, {"basket size", basket}, {"average basket", basket}, {"avg basket", basket}, {"avg order value", basket}, {"order value", basket},
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (str_eq(said, str_of(verbs[i].said)))
            return verbs[i].names;
    return NULL;
}

bool word_is_weak(struct str w)
{
    static const char *const words[] = {"bring", "brings", "brought", "make", "makes", "made", "generate", "generates", "generated", "doing", "gained", "gain", NULL};
    return among(w, words);
}

/* ---- values ---- */
static const struct { const char *code, *said[6]; } countries[] = {
    {"DE", {"germany", "german", "deutschland"}}, {"AT", {"austria", "austrian", "\xc3\xb6sterreich"}}, {"CH", {"switzerland", "swiss", "schweiz"}}, {"FR", {"france", "french"}}, {"IT", {"italy", "italian"}},
    {"ES", {"spain", "spanish"}}, {"PT", {"portugal", "portuguese"}}, {"NL", {"netherlands", "the netherlands", "holland", "dutch"}}, {"BE", {"belgium", "belgian"}}, {"LU", {"luxembourg"}}, {"PL", {"poland", "polish"}},
    {"CZ", {"czechia", "czech republic", "czech"}}, {"DK", {"denmark", "danish"}}, {"SE", {"sweden", "swedish"}}, {"NO", {"norway", "norwegian"}}, {"FI", {"finland", "finnish"}}, {"IE", {"ireland", "irish"}},
    {"GB", {"united kingdom", "uk", "great britain", "britain", "england", "british"}}, {"US", {"united states", "usa", "america", "american", "u.s", "the states"}}, {"CA", {"canada", "canadian"}}, {"MX", {"mexico", "mexican"}},
    {"BR", {"brazil", "brazilian"}}, {"AU", {"australia", "australian"}}, {"JP", {"japan", "japanese"}}, {"IN", {"india", "indian"}}, {"CN", {"china", "chinese"}}, {"GR", {"greece", "greek"}}, {"HU", {"hungary", "hungarian"}},
    {"RO", {"romania", "romanian"}}, {"TR", {"turkey", "turkish"}},
};

struct str understand_country(struct str said)
{
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
        for (size_t k = 0; k < 6 && countries[i].said[k]; k++)
            if (str_eq(said, str_of(countries[i].said[k])))
                return str_of(countries[i].code);
    return (struct str){"", 0};
}

/* Names of one thing: what is said is one of them, and the value, or its first word, another. */
static const char *const names[][12] = {
    {"google", "google ads", "adwords", "google adwords", "googleads"},
    {"facebook", "meta", "fb", "facebook ads", "meta ads", "fb ads"},
    {"microsoft", "bing", "microsoft ads", "bing ads", "microsoft advertising"},
    {"tiktok", "tik tok", "tiktok ads", "tik tok ads"},
    {"linkedin", "linked in", "linkedin ads"},
    {"pinterest", "pinterest ads"},
    {"amazon", "amazon ads"},
    {"twitter", "x ads", "twitter ads"},
    {"snapchat", "snap", "snapchat ads"},
    {"email", "e mail", "mail", "mails", "emails", "e mails", "newsletter", "newsletters", "mailing", "mailings"},
    {"paid search", "sem", "sea", "ppc", "search ads", "search advertising"},
    {"organic search", "seo", "organic", "natural search"},
    {"paid social", "social ads", "social media ads"},
    {"organic social", "social media", "social"},
    {"paid shopping", "shopping ads", "shopping"},
    {"display", "banner", "banners", "display ads"},
    {"referral", "referrals", "referrers", "other sites"},
    {"affiliate", "affiliates", "partners"},
    {"direct", "typed in"},
    {"ai", "chatgpt", "ai assistants", "llm", "llms"},
    {"mobile", "phone", "phones", "smartphone", "smartphones", "mobiles", "cell phones"},
    {"desktop", "computer", "computers", "laptop", "laptops", "pc", "desktops"},
    {"tablet", "tablets", "ipad", "ipads"},
};

static bool is_name(struct str s, const char *const *group)
{
    for (size_t i = 0; i < sizeof names[0] / sizeof names[0][0] && group[i]; i++)
        if (str_eq_nocase(s, str_of(group[i])))
            return true;
    return false;
}

bool word_names_value(struct str said)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_name(said, names[i]))
            return true;
    return false;
}

static bool called(struct str said, struct str plain, struct str code)
{
    struct str first = plain;
    for (size_t i = 0; i < plain.n && first.n == plain.n; i++)
        if (plain.p[i] == ' ')
            first.n = i;
    if (str_eq_nocase(said, plain) || (said.n > 2 && str_eq_nocase(said, first)))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_name(said, names[i]) && (is_name(plain, names[i]) || (first.n < plain.n && str_ends(plain, STR(" ads")) && is_name(first, names[i]))))
            return true;
    struct str country = understand_country(said);
    return country.n && str_eq(country, code);
}

bool understand_means(struct str said, struct str value)
{
    static const char *const nouns[] = {" customers", " customer", " buyers", " people", " users", " visitors", " traffic", " shoppers", " visits", " campaigns", " channel", " country", " orders", " market"};
    char plain[128];
    if (value.n >= sizeof plain)
        return false;
    for (size_t i = 0; i < value.n; i++)
        plain[i] = value.p[i] == '_' || value.p[i] == '-' ? ' ' : value.p[i];
    struct str text = {plain, value.n};
    if (called(said, text, value))
        return true;
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (said.n > strlen(nouns[i]) && str_ends(said, str_of(nouns[i])) && called((struct str){said.p, said.n - strlen(nouns[i])}, text, value))
            return true;
    return false;
}
