-- Ratios of each row of ad_daily; NULL where the denominator is 0 or unknown.
SELECT date_day, platform, account_id, account_name, campaign_id, campaign_name, ad_group_id, ad_group_name, ad_id, ad_name, reporting_currency,
       clicks / nullif(impressions, 0) AS ctr,
       CAST(spend_reporting AS DOUBLE) / nullif(clicks, 0) AS cpc,
       1000 * CAST(spend_reporting AS DOUBLE) / nullif(impressions, 0) AS cpm,
       CAST(spend_reporting AS DOUBLE) / nullif(conversions, 0) AS cpa,
       CAST(conversions_value_reporting AS DOUBLE) / nullif(CAST(spend_reporting AS DOUBLE), 0) AS roas
FROM {{domain}}.ad_daily
