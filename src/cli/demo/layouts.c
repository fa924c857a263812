/* The tables in which the demo's platforms land: names and order of columns as in real exports. Data only. */
#include "cli/demo/landed.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))
#define COLUMNS(x) .columns = (x), .n_columns = LEN(x)
#define SPLITS(x) .splits = (x), .n_splits = LEN(x)

static const struct landed_split DEVICES[] = {{"MOBILE", 61}, {"DESKTOP", 31}, {"TABLET", 8}};
static const struct landed_split MS_DEVICES[] = {{"Computer", 72}, {"Smartphone", 28}};
static const struct landed_split HOURS[] = {{"7", 18}, {"12", 24}, {"18", 33}, {"21", 25}};

/* ---- Google: micros, one row a device, the ad's group in a resource name ---- */
#define GOOGLE_HEAD {"_fivetran_id", CELL_BLANK, NULL}, {"customer_id", CELL_ACCOUNT, NULL}, {"date", CELL_DATE, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"ad_network_type", CELL_TEXT, "SEARCH"}
#define GOOGLE_FACTS {"clicks", CELL_CLICKS, NULL}, {"conversions", CELL_CONVERSIONS, NULL}, {"conversions_value", CELL_VALUE, NULL}, {"cost_micros", CELL_SPEND_MICROS, NULL}, {"device", CELL_SPLIT, NULL}
static const struct landed_column G_ACCOUNT_STATS[] = {GOOGLE_HEAD, GOOGLE_FACTS, {"impressions", CELL_IMPRESSIONS, NULL}, {"interactions", CELL_CLICKS, NULL}, {"view_through_conversions", CELL_TEXT, "0"}};
static const struct landed_column G_CAMPAIGN_STATS[] = {GOOGLE_HEAD, GOOGLE_FACTS, {"id", CELL_CAMPAIGN, NULL}, {"impressions", CELL_IMPRESSIONS, NULL}, {"interactions", CELL_CLICKS, NULL}, {"view_through_conversions", CELL_TEXT, "0"}};
static const struct landed_column G_AD_GROUP_STATS[] = {GOOGLE_HEAD, {"base_ad_group", CELL_AD_GROUP_RESOURCE, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, GOOGLE_FACTS, {"id", CELL_AD_GROUP, NULL}, {"impressions", CELL_IMPRESSIONS, NULL}, {"interactions", CELL_CLICKS, NULL}};
static const struct landed_column G_AD_STATS[] = {{"customer_id", CELL_ACCOUNT, NULL}, {"date", CELL_DATE, NULL}, {"ad_group_id", CELL_BLANK, NULL}, {"ad_group", CELL_AD_GROUP_RESOURCE, NULL}, {"keyword_ad_group_criterion", CELL_BLANK, NULL}, {"ad_network_type", CELL_TEXT, "SEARCH"}, {"device", CELL_TEXT, "ALL"}, {"ad_id", CELL_AD, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"clicks", CELL_CLICKS, NULL}, {"cost_micros", CELL_SPEND_MICROS, NULL}, {"impressions", CELL_IMPRESSIONS, NULL}, {"conversions", CELL_CONVERSIONS, NULL}, {"conversions_value", CELL_VALUE, NULL}, {"view_through_conversions", CELL_TEXT, "0"}};
static const struct landed_column G_ACCOUNTS[] = {{"id", CELL_ACCOUNT, NULL}, {"updated_at", CELL_SYNCED, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"auto_tagging_enabled", CELL_TEXT, "TRUE"}, {"currency_code", CELL_CURRENCY, NULL}, {"descriptive_name", CELL_ACCOUNT_NAME, NULL}, {"hidden", CELL_TEXT, "FALSE"}, {"manager", CELL_TEXT, "FALSE"}, {"time_zone", CELL_TEXT, "Europe/Berlin"}};
static const struct landed_column G_CAMPAIGNS[] = {{"id", CELL_CAMPAIGN, NULL}, {"updated_at", CELL_SYNCED, NULL}, {"name", CELL_CAMPAIGN_NAME, NULL}, {"customer_id", CELL_ACCOUNT, NULL}, {"advertising_channel_type", CELL_CHANNEL, NULL}, {"advertising_channel_subtype", CELL_TEXT, "UNSPECIFIED"}, {"start_date", CELL_START, NULL}, {"end_date", CELL_TEXT, "2037-12-30"}, {"serving_status", CELL_TEXT, "SERVING"}, {"status", CELL_STATUS, NULL}, {"tracking_url_template", CELL_BLANK, NULL}};
static const struct landed_column G_AD_GROUPS[] = {{"id", CELL_AD_GROUP, NULL}, {"updated_at", CELL_SYNCED, NULL}, {"type", CELL_TEXT, "SEARCH_STANDARD"}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"campaign_name", CELL_CAMPAIGN_NAME, NULL}, {"name", CELL_AD_GROUP_NAME, NULL}, {"status", CELL_STATUS, NULL}};
static const struct landed_column G_ADS[] = {{"ad_group_id", CELL_AD_GROUP, NULL}, {"id", CELL_AD, NULL}, {"name", CELL_AD_NAME, NULL}, {"updated_at", CELL_SYNCED, NULL}, {"type", CELL_TEXT, "RESPONSIVE_SEARCH_AD"}, {"status", CELL_STATUS, NULL}, {"display_url", CELL_BLANK, NULL}, {"final_urls", CELL_TEXT, "[https://www.example.com/terrace?utm_source=google&utm_medium=cpc]"}};

/* ---- Meta: text numbers, actions in tables of their own, no currency anywhere ---- */
static const struct landed_column M_BASIC_AD[] = {{"ad_id", CELL_AD, NULL}, {"date", CELL_DATE, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"impressions", CELL_IMPRESSIONS, NULL}, {"inline_link_clicks", CELL_CLICKS, NULL}, {"spend", CELL_SPEND, NULL}};
#define META_ACTION_HEAD {"_fivetran_id", CELL_BLANK, NULL}, {"ad_id", CELL_AD, NULL}, {"date", CELL_DATE, NULL}, {"index", CELL_TEXT, "0"}, {"_7_d_click", CELL_BLANK, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"action_type", CELL_TEXT, "omni_purchase"}
static const struct landed_column M_ACTIONS[] = {META_ACTION_HEAD, {"inline", CELL_BLANK, NULL}, {"value", CELL_CONVERSIONS, NULL}};
static const struct landed_column M_ACTION_VALUES[] = {META_ACTION_HEAD, {"value", CELL_VALUE, NULL}};
static const struct landed_column M_ACCOUNTS[] = {{"id", CELL_ACCOUNT, NULL}, {"name", CELL_ACCOUNT_NAME, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}};
static const struct landed_column M_CAMPAIGNS[] = {{"id", CELL_CAMPAIGN, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"name", CELL_CAMPAIGN_NAME, NULL}, {"status", CELL_STATUS, NULL}, {"objective", CELL_OBJECTIVE, NULL}, {"daily_budget", CELL_BUDGET_CENTS, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"updated_time", CELL_SYNCED, NULL}};
static const struct landed_column M_AD_SETS[] = {{"id", CELL_AD_GROUP, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"name", CELL_AD_GROUP_NAME, NULL}, {"optimization_goal", CELL_TEXT, "OFFSITE_CONVERSIONS"}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"updated_time", CELL_SYNCED, NULL}};
static const struct landed_column M_ADS[] = {{"id", CELL_AD, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"ad_set_id", CELL_AD_GROUP, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"creative_id", CELL_BLANK, NULL}, {"name", CELL_AD_NAME, NULL}, {"effective_status", CELL_STATUS, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"updated_time", CELL_SYNCED, NULL}};

/* ---- LinkedIn: its campaign group is our campaign, its campaign our ad group, its creative our ad ---- */
#define LINKEDIN_FACTS {"day", CELL_DAY_TIME, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"clicks", CELL_CLICKS, NULL}, {"conversion_value_in_local_currency", CELL_VALUE, NULL}, {"cost_in_local_currency", CELL_SPEND, NULL}, {"cost_in_usd", CELL_BLANK, NULL}, {"external_website_conversions", CELL_CONVERSIONS, NULL}, {"impressions", CELL_IMPRESSIONS, NULL}, {"landing_page_clicks", CELL_CLICKS, NULL}, {"one_click_leads", CELL_TEXT, "0"}
static const struct landed_column L_BY_CAMPAIGN[] = {{"campaign_id", CELL_AD_GROUP, NULL}, LINKEDIN_FACTS};
static const struct landed_column L_BY_CREATIVE[] = {{"creative_id", CELL_AD, NULL}, LINKEDIN_FACTS};
static const struct landed_column L_ACCOUNTS[] = {{"id", CELL_ACCOUNT, NULL}, {"last_modified_time", CELL_SYNCED, NULL}, {"created_time", CELL_TEXT, "2019-06-07 22:44:32"}, {"name", CELL_ACCOUNT_NAME, NULL}, {"currency", CELL_CURRENCY, NULL}, {"version_tag", CELL_TEXT, "7"}};
static const struct landed_column L_GROUPS[] = {{"id", CELL_CAMPAIGN, NULL}, {"last_modified_time", CELL_SYNCED, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"created_time", CELL_TEXT, "2024-02-01 09:00:00"}, {"name", CELL_CAMPAIGN_NAME, NULL}, {"status", CELL_STATUS, NULL}};
static const struct landed_column L_CAMPAIGNS[] = {{"id", CELL_AD_GROUP, NULL}, {"last_modified_time", CELL_SYNCED, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"campaign_group_id", CELL_CAMPAIGN, NULL}, {"created_time", CELL_TEXT, "2024-02-01 09:00:00"}, {"name", CELL_AD_GROUP_NAME, NULL}, {"version_tag", CELL_TEXT, "3"}, {"objective_type", CELL_OBJECTIVE, NULL}};
static const struct landed_column L_CREATIVES[] = {{"id", CELL_AD, NULL}, {"campaign_id", CELL_AD_GROUP, NULL}, {"intended_status", CELL_STATUS, NULL}, {"click_uri", CELL_TEXT, "https://www.example.com/business?utm_source=linkedin&utm_medium=paid_social"}, {"last_modified_at", CELL_SYNCED, NULL}, {"created_time", CELL_TEXT, "2024-02-01 09:00:00"}, {"text_ad_landing_page", CELL_BLANK, NULL}, {"spotlight_landing_page", CELL_BLANK, NULL}};

/* ---- Microsoft: one row a device, values as text with thousands separators ---- */
#define MICROSOFT_FACTS {"currency_code", CELL_CURRENCY, NULL}, {"device_type", CELL_SPLIT, NULL}, {"network", CELL_TEXT, "Bing and Yahoo! search"}, {"clicks", CELL_CLICKS, NULL}, {"impressions", CELL_IMPRESSIONS, NULL}, {"spend", CELL_SPEND, NULL}, {"conversions_qualified", CELL_CONVERSIONS, NULL}, {"conversions", CELL_CONVERSIONS, NULL}, {"revenue", CELL_VALUE_GROUPED, NULL}
static const struct landed_column S_ACCOUNT[] = {{"date", CELL_DATE, NULL}, {"account_id", CELL_ACCOUNT, NULL}, MICROSOFT_FACTS};
static const struct landed_column S_CAMPAIGN[] = {{"date", CELL_DATE, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, MICROSOFT_FACTS};
static const struct landed_column S_AD_GROUP[] = {{"date", CELL_DATE, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"ad_group_id", CELL_AD_GROUP, NULL}, MICROSOFT_FACTS};
static const struct landed_column S_AD[] = {{"date", CELL_DATE, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"ad_group_id", CELL_AD_GROUP, NULL}, {"ad_id", CELL_AD, NULL}, MICROSOFT_FACTS};
static const struct landed_column S_ACCOUNTS[] = {{"id", CELL_ACCOUNT, NULL}, {"name", CELL_ACCOUNT_NAME, NULL}, {"last_modified_time", CELL_SYNCED, NULL}, {"time_zone", CELL_TEXT, "AmsterdamBerlinBernRomeStockholmVienna"}, {"currency_code", CELL_CURRENCY, NULL}};
static const struct landed_column S_CAMPAIGNS[] = {{"id", CELL_CAMPAIGN, NULL}, {"name", CELL_CAMPAIGN_NAME, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"modified_time", CELL_SYNCED, NULL}, {"type", CELL_CHANNEL, NULL}, {"time_zone", CELL_BLANK, NULL}, {"status", CELL_STATUS, NULL}, {"budget", CELL_BUDGET, NULL}, {"budget_type", CELL_TEXT, "DailyBudgetStandard"}};
static const struct landed_column S_AD_GROUPS[] = {{"id", CELL_AD_GROUP, NULL}, {"name", CELL_AD_GROUP_NAME, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"modified_time", CELL_SYNCED, NULL}, {"start_date", CELL_START, NULL}, {"end_date", CELL_BLANK, NULL}, {"status", CELL_STATUS, NULL}};
static const struct landed_column S_ADS[] = {{"id", CELL_AD, NULL}, {"title_part_1", CELL_AD_NAME, NULL}, {"final_url", CELL_TEXT, "https://www.example.com/?utm_source=Bing&utm_medium=cpc"}, {"ad_group_id", CELL_AD_GROUP, NULL}, {"modified_time", CELL_SYNCED, NULL}, {"status", CELL_STATUS, NULL}, {"type", CELL_TEXT, "Responsive search ad"}, {"title", CELL_BLANK, NULL}};

/* ---- TikTok: upper case, hourly with unpadded hours ---- */
#define TIKTOK_FACTS {"STAT_TIME_HOUR", CELL_HOUR, NULL}, {"IMPRESSIONS", CELL_IMPRESSIONS, NULL}, {"CONVERSION", CELL_CONVERSIONS, NULL}, {"CLICKS", CELL_CLICKS, NULL}, {"SPEND", CELL_SPEND, NULL}, {"TOTAL_PURCHASE_VALUE", CELL_VALUE, NULL}, {"TOTAL_SALES_LEAD_VALUE", CELL_TEXT, "0.00"}, {"_FIVETRAN_SYNCED", CELL_SYNCED, NULL}
static const struct landed_column T_CAMPAIGN[] = {{"CAMPAIGN_ID", CELL_CAMPAIGN, NULL}, TIKTOK_FACTS};
static const struct landed_column T_AD_GROUP[] = {{"ADGROUP_ID", CELL_AD_GROUP, NULL}, TIKTOK_FACTS};
static const struct landed_column T_AD[] = {{"AD_ID", CELL_AD, NULL}, TIKTOK_FACTS};
static const struct landed_column T_ADVERTISER[] = {{"id", CELL_ACCOUNT, NULL}, {"name", CELL_ACCOUNT_NAME, NULL}, {"address", CELL_TEXT, "1 Garden Lane"}, {"contacter", CELL_TEXT, "Kim Marlow"}, {"currency", CELL_CURRENCY, NULL}, {"email", CELL_TEXT, "kim@example.com"}, {"timezone", CELL_TEXT, "Europe/Berlin"}, {"_fivetran_synced", CELL_SYNCED, NULL}};
static const struct landed_column T_CAMPAIGNS[] = {{"campaign_id", CELL_CAMPAIGN, NULL}, {"updated_at", CELL_SYNCED, NULL}, {"advertiser_id", CELL_ACCOUNT, NULL}, {"campaign_name", CELL_CAMPAIGN_NAME, NULL}, {"objective_type", CELL_OBJECTIVE, NULL}, {"budget", CELL_BUDGET, NULL}, {"budget_mode", CELL_TEXT, "BUDGET_MODE_DAY"}, {"operation_status", CELL_STATUS, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}};
static const struct landed_column T_AD_GROUPS[] = {{"adgroup_id", CELL_AD_GROUP, NULL}, {"updated_at", CELL_SYNCED, NULL}, {"advertiser_id", CELL_ACCOUNT, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"adgroup_name", CELL_AD_GROUP_NAME, NULL}, {"placement_type", CELL_TEXT, "PLACEMENT_TYPE_NORMAL"}, {"audience_type", CELL_TEXT, "NEW_CUSTOM_AUDIENCE"}, {"gender", CELL_TEXT, "GENDER_UNLIMITED"}, {"optimization_goal", CELL_TEXT, "CONVERT"}, {"operation_status", CELL_STATUS, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}};
static const struct landed_column T_ADS[] = {{"ad_id", CELL_AD, NULL}, {"updated_at", CELL_SYNCED, NULL}, {"advertiser_id", CELL_ACCOUNT, NULL}, {"adgroup_id", CELL_AD_GROUP, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"ad_name", CELL_AD_NAME, NULL}, {"operation_status", CELL_STATUS, NULL}, {"landing_page_url", CELL_TEXT, "https://www.example.com/balcony?utm_source=tiktok&utm_medium=paid-social"}, {"_fivetran_synced", CELL_SYNCED, NULL}};

/* ---- Pinterest: paid and earned apart, micros, a byte order mark ---- */
#define PINTEREST_FACTS {"_fivetran_synced", CELL_SYNCED, NULL}, {"impression_1", CELL_IMPRESSIONS_PAID, NULL}, {"impression_2", CELL_IMPRESSIONS_EARNED, NULL}, {"clickthrough_1", CELL_CLICKS_PAID, NULL}, {"clickthrough_2", CELL_CLICKS_EARNED, NULL}, {"spend_in_micro_dollar", CELL_SPEND_MICROS, NULL}, {"total_conversions", CELL_CONVERSIONS, NULL}, {"total_conversions_value_in_micro_dollar", CELL_VALUE_MICROS, NULL}
static const struct landed_column P_ADVERTISER[] = {{"date", CELL_DATE, NULL}, {"advertiser_id", CELL_ACCOUNT, NULL}, PINTEREST_FACTS};
static const struct landed_column P_CAMPAIGN[] = {{"date", CELL_DATE, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"campaign_name", CELL_CAMPAIGN_NAME, NULL}, {"campaign_status", CELL_STATUS, NULL}, {"advertiser_id", CELL_ACCOUNT, NULL}, PINTEREST_FACTS};
static const struct landed_column P_AD_GROUP[] = {{"date", CELL_DATE, NULL}, {"ad_group_id", CELL_AD_GROUP, NULL}, {"ad_group_name", CELL_AD_GROUP_NAME, NULL}, {"ad_group_status", CELL_STATUS, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"advertiser_id", CELL_ACCOUNT, NULL}, PINTEREST_FACTS};
static const struct landed_column P_PIN[] = {{"date", CELL_DATE, NULL}, {"pin_promotion_id", CELL_AD, NULL}, {"ad_group_id", CELL_AD_GROUP, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"advertiser_id", CELL_ACCOUNT, NULL}, PINTEREST_FACTS};
static const struct landed_column P_ACCOUNTS[] = {{"id", CELL_ACCOUNT, NULL}, {"updated_time", CELL_SYNCED, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"country", CELL_TEXT, "DE"}, {"currency", CELL_CURRENCY, NULL}, {"name", CELL_ACCOUNT_NAME, NULL}, {"status", CELL_TEXT, "ACTIVE"}};
static const struct landed_column P_CAMPAIGNS[] = {{"id", CELL_CAMPAIGN, NULL}, {"created_time", CELL_TEXT, "2024-05-20 08:00:00.000 +0000"}, {"name", CELL_CAMPAIGN_NAME, NULL}, {"status", CELL_STATUS, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"advertiser_id", CELL_ACCOUNT, NULL}, {"default_ad_group_budget_in_micro_currency", CELL_BUDGET_MICROS, NULL}, {"is_automated_campaign", CELL_TEXT, "False"}};
static const struct landed_column P_AD_GROUPS[] = {{"id", CELL_AD_GROUP, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"created_time", CELL_TEXT, "2024-05-25 09:00:00.000 +0000"}, {"name", CELL_AD_GROUP_NAME, NULL}, {"status", CELL_STATUS, NULL}, {"placement_group", CELL_TEXT, "ALL"}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"ad_account_id", CELL_ACCOUNT, NULL}};
static const struct landed_column P_PINS[] = {{"id", CELL_AD, NULL}, {"ad_group_id", CELL_AD_GROUP, NULL}, {"created_time", CELL_TEXT, "2024-05-26 09:00:00.000 +0000"}, {"destination_url", CELL_TEXT, "https://www.example.com/ideas?utm_source=pinterest&utm_medium=paid_social"}, {"name", CELL_AD_NAME, NULL}, {"status", CELL_STATUS, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"ad_account_id", CELL_ACCOUNT, NULL}};

/* ---- Amazon: in dollars, the account is the profile ---- */
#define AMAZON_FACTS {"date", CELL_DATE, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"campaign_budget_currency_code", CELL_CURRENCY, NULL}, {"clicks", CELL_CLICKS, NULL}, {"cost", CELL_SPEND, NULL}, {"impressions", CELL_IMPRESSIONS, NULL}, {"purchases_30_d", CELL_CONVERSIONS, NULL}, {"sales_30_d", CELL_VALUE, NULL}
static const struct landed_column A_CAMPAIGN[] = {{"campaign_id", CELL_CAMPAIGN, NULL}, AMAZON_FACTS};
static const struct landed_column A_AD_GROUP[] = {{"ad_group_id", CELL_AD_GROUP, NULL}, AMAZON_FACTS};
static const struct landed_column A_PRODUCT[] = {{"ad_group_id", CELL_AD_GROUP, NULL}, {"ad_id", CELL_AD, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, AMAZON_FACTS};
static const struct landed_column A_PROFILE[] = {{"id", CELL_TEXT, "66"}, {"_fivetran_deleted", CELL_TEXT, "FALSE"}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"account_id", CELL_ACCOUNT, NULL}, {"account_name", CELL_ACCOUNT_NAME, NULL}, {"country_code", CELL_TEXT, "US"}, {"currency_code", CELL_CURRENCY, NULL}, {"timezone", CELL_TEXT, "America/Los_Angeles"}};
static const struct landed_column A_CAMPAIGNS[] = {{"id", CELL_CAMPAIGN, NULL}, {"last_updated_date", CELL_SYNCED, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"bidding_strategy", CELL_TEXT, "autoForSales"}, {"budget", CELL_BUDGET, NULL}, {"name", CELL_CAMPAIGN_NAME, NULL}, {"profile_id", CELL_TEXT, "66"}, {"start_date", CELL_START, NULL}, {"state", CELL_STATUS, NULL}, {"targeting_type", CELL_TEXT, "auto"}, {"budget_type", CELL_TEXT, "daily"}};
static const struct landed_column A_AD_GROUPS[] = {{"id", CELL_AD_GROUP, NULL}, {"last_updated_date", CELL_SYNCED, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"default_bid", CELL_TEXT, "1.20"}, {"name", CELL_AD_GROUP_NAME, NULL}, {"state", CELL_STATUS, NULL}};
static const struct landed_column A_ADS[] = {{"id", CELL_AD, NULL}, {"last_updated_date", CELL_SYNCED, NULL}, {"_fivetran_synced", CELL_SYNCED, NULL}, {"ad_group_id", CELL_AD_GROUP, NULL}, {"asin", CELL_BLANK, NULL}, {"campaign_id", CELL_CAMPAIGN, NULL}, {"sku", CELL_AD_NAME, NULL}, {"state", CELL_STATUS, NULL}};

#define REPORT(p, f, l, ...) {.platform = (p), .file = (f), .level = (l), __VA_ARGS__}
#define HISTORY(p, f, l, c) {.platform = (p), .file = (f), .level = (l), .history = true, COLUMNS(c)}

const struct landed_table LANDED_TABLES[] = {
    REPORT("google_ads", "google_ads_account_stats_data", LEVEL_ACCOUNT, SPLITS(DEVICES), COLUMNS(G_ACCOUNT_STATS)),
    REPORT("google_ads", "google_ads_campaign_stats_data", LEVEL_CAMPAIGN, SPLITS(DEVICES), COLUMNS(G_CAMPAIGN_STATS)),
    REPORT("google_ads", "google_ads_ad_group_stats_data", LEVEL_AD_GROUP, SPLITS(DEVICES), COLUMNS(G_AD_GROUP_STATS)),
    REPORT("google_ads", "google_ads_ad_stats_data", LEVEL_AD, COLUMNS(G_AD_STATS)),
    HISTORY("google_ads", "google_ads_account_history_data", LEVEL_ACCOUNT, G_ACCOUNTS),
    HISTORY("google_ads", "google_ads_campaign_history_data", LEVEL_CAMPAIGN, G_CAMPAIGNS),
    HISTORY("google_ads", "google_ads_ad_group_history_data", LEVEL_AD_GROUP, G_AD_GROUPS),
    HISTORY("google_ads", "google_ads_ad_history_data", LEVEL_AD, G_ADS),

    REPORT("facebook_ads", "facebook_ads_basic_ad_data", LEVEL_AD, COLUMNS(M_BASIC_AD)),
    REPORT("facebook_ads", "facebook_ads_basic_ad_actions_data", LEVEL_AD, .only_with_conversions = true, COLUMNS(M_ACTIONS)),
    REPORT("facebook_ads", "facebook_ads_basic_ad_action_values_data", LEVEL_AD, .only_with_conversions = true, COLUMNS(M_ACTION_VALUES)),
    HISTORY("facebook_ads", "facebook_ads_account_history_data", LEVEL_ACCOUNT, M_ACCOUNTS),
    HISTORY("facebook_ads", "facebook_ads_campaign_history_data", LEVEL_CAMPAIGN, M_CAMPAIGNS),
    HISTORY("facebook_ads", "facebook_ads_ad_set_history_data", LEVEL_AD_GROUP, M_AD_SETS),
    HISTORY("facebook_ads", "facebook_ads_ad_history_data", LEVEL_AD, M_ADS),

    REPORT("linkedin_ads", "linkedin_ad_analytics_by_campaign_data", LEVEL_AD_GROUP, COLUMNS(L_BY_CAMPAIGN)),
    REPORT("linkedin_ads", "linkedin_ad_analytics_by_creative_data", LEVEL_AD, COLUMNS(L_BY_CREATIVE)),
    HISTORY("linkedin_ads", "linkedin_ad_account_history_data", LEVEL_ACCOUNT, L_ACCOUNTS),
    HISTORY("linkedin_ads", "linkedin_ad_campaign_group_history_data", LEVEL_CAMPAIGN, L_GROUPS),
    HISTORY("linkedin_ads", "linkedin_ad_campaign_history_data", LEVEL_AD_GROUP, L_CAMPAIGNS),
    HISTORY("linkedin_ads", "linkedin_ad_creative_history_data", LEVEL_AD, L_CREATIVES),

    REPORT("microsoft_ads", "microsoft_ads_account_performance_daily_report_data", LEVEL_ACCOUNT, SPLITS(MS_DEVICES), COLUMNS(S_ACCOUNT)),
    REPORT("microsoft_ads", "microsoft_ads_campaign_performance_daily_report_data", LEVEL_CAMPAIGN, SPLITS(MS_DEVICES), COLUMNS(S_CAMPAIGN)),
    REPORT("microsoft_ads", "microsoft_ads_ad_group_performance_daily_report_data", LEVEL_AD_GROUP, SPLITS(MS_DEVICES), COLUMNS(S_AD_GROUP)),
    REPORT("microsoft_ads", "microsoft_ads_ad_performance_daily_report_data", LEVEL_AD, SPLITS(MS_DEVICES), COLUMNS(S_AD)),
    HISTORY("microsoft_ads", "microsoft_ads_account_history_data", LEVEL_ACCOUNT, S_ACCOUNTS),
    HISTORY("microsoft_ads", "microsoft_ads_campaign_history_data", LEVEL_CAMPAIGN, S_CAMPAIGNS),
    HISTORY("microsoft_ads", "microsoft_ads_ad_group_history_data", LEVEL_AD_GROUP, S_AD_GROUPS),
    HISTORY("microsoft_ads", "microsoft_ads_ad_history_data", LEVEL_AD, S_ADS),

    REPORT("tiktok_ads", "tiktok_campaign_report_hourly_data", LEVEL_CAMPAIGN, SPLITS(HOURS), COLUMNS(T_CAMPAIGN)),
    REPORT("tiktok_ads", "tiktok_adgroup_report_hourly_data", LEVEL_AD_GROUP, SPLITS(HOURS), COLUMNS(T_AD_GROUP)),
    REPORT("tiktok_ads", "tiktok_ad_report_hourly_data", LEVEL_AD, SPLITS(HOURS), COLUMNS(T_AD)),
    HISTORY("tiktok_ads", "tiktok_advertiser_data", LEVEL_ACCOUNT, T_ADVERTISER),
    HISTORY("tiktok_ads", "tiktok_campaign_history_data", LEVEL_CAMPAIGN, T_CAMPAIGNS),
    HISTORY("tiktok_ads", "tiktok_adgroup_history_data", LEVEL_AD_GROUP, T_AD_GROUPS),
    HISTORY("tiktok_ads", "tiktok_ad_history_data", LEVEL_AD, T_ADS),

    REPORT("pinterest_ads", "pinterest_advertiser_report_data", LEVEL_ACCOUNT, .byte_order_mark = true, COLUMNS(P_ADVERTISER)),
    REPORT("pinterest_ads", "pinterest_campaign_report_data", LEVEL_CAMPAIGN, .byte_order_mark = true, COLUMNS(P_CAMPAIGN)),
    REPORT("pinterest_ads", "pinterest_ad_group_report_data", LEVEL_AD_GROUP, .byte_order_mark = true, COLUMNS(P_AD_GROUP)),
    REPORT("pinterest_ads", "pinterest_pin_promotion_report_data", LEVEL_AD, .byte_order_mark = true, COLUMNS(P_PIN)),
    HISTORY("pinterest_ads", "pinterest_advertiser_history_data", LEVEL_ACCOUNT, P_ACCOUNTS),
    HISTORY("pinterest_ads", "pinterest_campaign_history_data", LEVEL_CAMPAIGN, P_CAMPAIGNS),
    HISTORY("pinterest_ads", "pinterest_ad_group_history_data", LEVEL_AD_GROUP, P_AD_GROUPS),
    HISTORY("pinterest_ads", "pinterest_pin_promotion_history_data", LEVEL_AD, P_PINS),

    REPORT("amazon_ads", "amazon_ads_campaign_level_report_data", LEVEL_CAMPAIGN, COLUMNS(A_CAMPAIGN)),
    REPORT("amazon_ads", "amazon_ads_ad_group_level_report_data", LEVEL_AD_GROUP, COLUMNS(A_AD_GROUP)),
    REPORT("amazon_ads", "amazon_ads_advertised_product_report_data", LEVEL_AD, COLUMNS(A_PRODUCT)),
    HISTORY("amazon_ads", "amazon_ads_profile_data", LEVEL_ACCOUNT, A_PROFILE),
    HISTORY("amazon_ads", "amazon_ads_campaign_history_data", LEVEL_CAMPAIGN, A_CAMPAIGNS),
    HISTORY("amazon_ads", "amazon_ads_ad_group_history_data", LEVEL_AD_GROUP, A_AD_GROUPS),
    HISTORY("amazon_ads", "amazon_ads_product_ad_history_data", LEVEL_AD, A_ADS),
};
const size_t LANDED_TABLES_N = LEN(LANDED_TABLES);
