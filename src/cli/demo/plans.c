/* The demo's campaigns: data only. Names follow "<market> | <goal> | <theme>", except the one that does not:
 * a copied campaign that nobody renamed, as every account has one. */
#include "cli/demo/world.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

/* name, objective, channel, status, ad groups, ads each, spend a day, ROAS, CPC, CTR, from, to (days back), promotion */
static const struct demo_plan GOOGLE[] = {
    {"DE | Search | Brand", "SALES", "SEARCH", "ENABLED", 2, 3, 31, 9.4, 0.38, 0.112, -1, 0, false},
    {"DE | Search | Garden furniture", "SALES", "SEARCH", "ENABLED", 4, 3, 68, 3.6, 0.92, 0.046, -1, 0, false},
    {"DE | Search | Raised beds & soil", "SALES", "SEARCH", "ENABLED", 3, 3, 40, 3.1, 0.71, 0.051, -1, 0, false},
    {"DE | Shopping | All products", "SALES", "SHOPPING", "ENABLED", 2, 2, 92, 4.8, 0.55, 0.013, -1, 0, true},
    {"DE | Performance Max | Terrace season", "SALES", "PERFORMANCE_MAX", "ENABLED", 0, 0, 57, 4.1, 0.49, 0.017, 230, 0, true},
    {"AT | Search | Generic", "SALES", "SEARCH", "ENABLED", 2, 2, 20, 2.7, 0.84, 0.041, -1, 0, false},
    {"DE | Search | Competitors", "SALES", "SEARCH", "PAUSED", 2, 2, 16, 1.4, 1.35, 0.028, -1, 96, false},
    {"Kopie von Kampagne 7 (2)", "SALES", "SEARCH", "ENABLED", 1, 2, 13, 1.1, 1.18, 0.022, 74, 0, false},
};
static const struct demo_plan META[] = {
    {"DE | Prospecting | Spring sale", "OUTCOME_SALES", "SOCIAL", "ACTIVE", 3, 3, 62, 2.3, 0.44, 0.012, -1, 0, true},
    {"DE | Retargeting | Basket", "OUTCOME_SALES", "SOCIAL", "ACTIVE", 2, 3, 26, 6.2, 0.36, 0.019, -1, 0, true},
    {"DE | Lookalike | Best customers", "OUTCOME_SALES", "SOCIAL", "ACTIVE", 2, 3, 35, 2.9, 0.41, 0.013, -1, 0, false},
    {"AT | Prospecting | Balcony", "OUTCOME_TRAFFIC", "SOCIAL", "ACTIVE", 2, 2, 18, 1.9, 0.33, 0.015, 260, 0, false},
    {"\xd8\xad\xd9\x85\xd9\x84\xd8\xa9 \xd8\xa7\xd9\x84\xd8\xb5\xd9\x8a\xd9\x81 | Prospecting | Summer", "OUTCOME_SALES", "SOCIAL", "PAUSED", 1, 2, 10, 1.5, 0.29, 0.011, 190, 110, false},
};
static const struct demo_plan LINKEDIN[] = {
    {"DE | B2B | Office plants", "LEAD_GENERATION", "SOCIAL", "ACTIVE", 3, 2, 24, 2.2, 3.9, 0.0046, -1, 0, false},
    {"DE | B2B | Landscape architects and municipal green-space departments, decision makers, 50+ employees", "WEBSITE_CONVERSION", "SOCIAL", "ACTIVE", 2, 2, 15, 1.6, 4.6, 0.0039, 300, 0, false},
};
static const struct demo_plan MICROSOFT[] = {
    {"DE | Search | Brand", "SALES", "Search", "Active", 1, 3, 7.5, 8.1, 0.29, 0.094, -1, 0, false},
    {"DE | Search | Garden furniture", "SALES", "Search", "Active", 3, 2, 19, 3.9, 0.61, 0.037, -1, 0, false},
    {"DE | Shopping | All products", "SALES", "Shopping", "Active", 1, 2, 15, 4.4, 0.42, 0.012, -1, 0, true},
};
static const struct demo_plan TIKTOK[] = {
    {"\xf0\x9f\x8c\xbf DE | Awareness | Plant parents", "REACH", "SOCIAL", "ENABLE", 2, 2, 20, 1.2, 0.21, 0.0091, 280, 0, false},
    {"DE | Sales | Balcony makeover", "CONVERSIONS", "SOCIAL", "ENABLE", 2, 2, 29, 1.8, 0.26, 0.0102, -1, 0, true},
};
static const struct demo_plan PINTEREST[] = {
    {"DE | Ideas | Terrace inspiration", "AWARENESS", "SOCIAL", "ACTIVE", 2, 3, 14, 2.1, 0.31, 0.0068, -1, 0, false},
    {"DE | Shopping | Catalogue", "CATALOG_SALES", "SOCIAL", "ACTIVE", 2, 2, 16, 3.3, 0.34, 0.0072, -1, 0, true},
};
static const struct demo_plan AMAZON[] = {
    {"US | Sponsored Products | Planters", "SALES", "SPONSORED_PRODUCTS", "enabled", 2, 3, 33, 3.7, 0.88, 0.0058, -1, 0, true},
    {"US | Sponsored Products | Bird feeders", "SALES", "SPONSORED_PRODUCTS", "enabled", 2, 2, 21, 4.5, 0.67, 0.0064, -1, 0, false},
};

static const char *const SEARCH_GROUPS[] = {"Exact", "Phrase", "Broad", "Seasonal", NULL};
static const char *const SEARCH_ADS[] = {"RSA A: delivery in 2 days", "RSA B: 30 days return", "RSA C: 10 % first order", NULL};
static const char *const SOCIAL_GROUPS[] = {"Broad 25-54", "Interests: garden", "Visitors 30 days", "Lookalike 1 %", NULL};
static const char *const SOCIAL_ADS[] = {"Video 15 s: terrace in a day", "Carousel: raised beds", "Static: spring colours", NULL};
static const char *const B2B_GROUPS[] = {"Facility managers", "HR and office", "Architects", NULL};
static const char *const B2B_ADS[] = {"Case study: 400 desks", "Guide: indoor air", NULL};
static const char *const VIDEO_GROUPS[] = {"18-34 plants", "25-44 home", NULL};
static const char *const VIDEO_ADS[] = {"Creator: shelf tour \xf0\x9f\xaa\xb4", "Before and after", NULL};
static const char *const PIN_GROUPS[] = {"Terrace", "Balcony", NULL};
static const char *const PIN_ADS[] = {"Pin: wooden deck", "Pin: herb wall", "Pin: evening lights", NULL};
static const char *const SHOP_GROUPS[] = {"Auto", "Keywords", NULL};
static const char *const SHOP_ADS[] = {"MF-PLANTER-60", "MF-PLANTER-90", "MF-FEEDER-OAK", NULL};

const struct demo_platform DEMO_PLATFORMS[] = {
    {"google_ads", "8412096633", "Marlow & Finch", "EUR", SEARCH_GROUPS, SEARCH_ADS, GOOGLE, LEN(GOOGLE), 20100000000},
    {"facebook_ads", "102233445566778", "Marlow & Finch DE", "EUR", SOCIAL_GROUPS, SOCIAL_ADS, META, LEN(META), 6310000000000},
    {"linkedin_ads", "508120447", "Marlow & Finch Business", "EUR", B2B_GROUPS, B2B_ADS, LINKEDIN, LEN(LINKEDIN), 610200000},
    {"microsoft_ads", "150443210", "Marlow & Finch", "EUR", SEARCH_GROUPS, SEARCH_ADS, MICROSOFT, LEN(MICROSOFT), 360100000},
    {"tiktok_ads", "7011223344556", "Marlow & Finch", "EUR", VIDEO_GROUPS, VIDEO_ADS, TIKTOK, LEN(TIKTOK), 1711000000000},
    {"pinterest_ads", "549770012345", "Marlow & Finch", "EUR", PIN_GROUPS, PIN_ADS, PINTEREST, LEN(PINTEREST), 626750000000},
    {"amazon_ads", "ENTITY3MARLOWUS", "Marlow & Finch US", "USD", SHOP_GROUPS, SHOP_ADS, AMAZON, LEN(AMAZON), 41200000},
};
const size_t DEMO_PLATFORMS_N = LEN(DEMO_PLATFORMS);
