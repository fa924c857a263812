-- What brought people here: the first step of each visit, a new campaign inside of one, a click in a message. Bots and our own people are no visitors.
-- A visit ends after 30 minutes without a step, or where the client's own session ends; it never ends because a day does.
WITH step AS (
    SELECT interaction_id, customer_id, occurred_at, coalesce(channel_group, 'direct') AS channel_group, utm_source, utm_medium, utm_campaign, utm_term,
           utm_content, utm_id, click_id, click_id_type, page_host, page_path, referrer_host, device_category, client_session_id, source, visitor_id,
           nullif(concat_ws('|', utm_source, utm_medium, utm_campaign, utm_id, click_id), '') AS campaign_mark
    FROM shared.interaction
    WHERE NOT is_bot AND NOT is_internal
      AND (kind IN ('page', 'screen') OR (kind = 'track' AND (page_host IS NOT NULL OR client_session_id IS NOT NULL)))
), seen AS (
    SELECT *, lag(occurred_at) OVER told AS before_at, lag(client_session_id) OVER told AS session_before,
           lag(campaign_mark IGNORE NULLS) OVER told AS mark_before
    FROM step
    WINDOW told AS (PARTITION BY customer_id, visitor_id ORDER BY occurred_at, interaction_id)
), marked AS (
    SELECT *,
           coalesce(CASE WHEN client_session_id IS NOT NULL AND session_before IS NOT NULL THEN client_session_id <> session_before
                         ELSE occurred_at > before_at + INTERVAL 30 MINUTE OR (campaign_mark IS NOT NULL AND campaign_mark IS DISTINCT FROM mark_before) END, true) AS begins,
           campaign_mark IS NOT NULL AND campaign_mark IS DISTINCT FROM mark_before AS brings
    FROM seen
), visit AS (
    SELECT *, last_value(CASE WHEN begins THEN coalesce(md5(visitor_id || '|' || client_session_id), md5(interaction_id)) END IGNORE NULLS)
                  OVER (PARTITION BY customer_id, visitor_id ORDER BY occurred_at, interaction_id) AS session_hash
    FROM marked WHERE begins OR brings
), mail AS (
    SELECT interaction_id, customer_id, occurred_at, channel_group, campaign_id, campaign_name, platform, source
    FROM shared.interaction WHERE kind = 'email' AND name = 'click' AND NOT is_bot
), landed AS (
    -- A click in a message and the visit that it led to are one touchpoint: the visit, with the message's campaign.
    SELECT mail.interaction_id AS mail_id, visit.interaction_id AS visit_id, mail.campaign_id, mail.campaign_name, mail.platform
    FROM mail JOIN visit ON mail.customer_id = visit.customer_id AND mail.channel_group = visit.channel_group
        AND visit.occurred_at >= mail.occurred_at - INTERVAL 1 MINUTE AND visit.occurred_at <= mail.occurred_at + INTERVAL 30 MINUTE
    QUALIFY row_number() OVER (PARTITION BY mail.interaction_id ORDER BY visit.occurred_at, visit.interaction_id) = 1
), touch AS (
    SELECT visit.interaction_id, visit.customer_id, visit.occurred_at, 'visit' AS kind, visit.channel_group, utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id,
           click_id, click_id_type, page_host, page_path, referrer_host, device_category, 's_' || session_hash AS session_id, begins, source,
           by_mail.campaign_id AS message_campaign_id, by_mail.campaign_name AS message_campaign_name, by_mail.platform AS message_platform,
           CASE click_id_type WHEN 'gclid' THEN 'google_ads' WHEN 'gbraid' THEN 'google_ads' WHEN 'wbraid' THEN 'google_ads' WHEN 'dclid' THEN 'google_ads'
                WHEN 'fbclid' THEN 'facebook_ads' WHEN 'msclkid' THEN 'microsoft_ads' WHEN 'ttclid' THEN 'tiktok_ads' WHEN 'li_fat_id' THEN 'linkedin_ads'
                WHEN 'epik' THEN 'pinterest_ads' WHEN 'twclid' THEN 'x_ads' WHEN 'rdt_cid' THEN 'reddit_ads' WHEN 'sccid' THEN 'snapchat_ads' WHEN 'ScCid' THEN 'snapchat_ads'
                ELSE CASE WHEN regexp_matches(lower(utm_medium), '^(.*cp.*|ppc|retargeting|.*paid.*|display|banner)$') THEN
                    CASE WHEN regexp_matches(lower(utm_source), '^(google|adwords|googleads|youtube)') THEN 'google_ads'
                         WHEN regexp_matches(lower(utm_source), '^(facebook|fb|instagram|ig|meta)') THEN 'facebook_ads' WHEN regexp_matches(lower(utm_source), '^(bing|microsoft|msn)') THEN 'microsoft_ads'
                         WHEN lower(utm_source) LIKE 'tiktok%' THEN 'tiktok_ads' WHEN lower(utm_source) LIKE 'linkedin%' THEN 'linkedin_ads' WHEN lower(utm_source) LIKE 'pinterest%' THEN 'pinterest_ads'
                         WHEN lower(utm_source) LIKE 'amazon%' THEN 'amazon_ads' WHEN lower(utm_source) LIKE 'reddit%' THEN 'reddit_ads' WHEN lower(utm_source) LIKE 'snapchat%' THEN 'snapchat_ads'
                         WHEN lower(utm_source) IN ('x', 'twitter', 't.co') THEN 'x_ads' END END END AS ad_platform
    FROM visit LEFT JOIN (SELECT visit_id, min(campaign_id) AS campaign_id, min(campaign_name) AS campaign_name, min(platform) AS platform FROM landed GROUP BY visit_id) AS by_mail
        ON visit.interaction_id = by_mail.visit_id
    UNION ALL
    SELECT interaction_id, customer_id, occurred_at, 'message_click', channel_group, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, source, campaign_id, campaign_name, platform, NULL
    FROM mail WHERE interaction_id NOT IN (SELECT mail_id FROM landed)
), ad_campaign AS (
    SELECT campaign_key, platform, campaign_id, campaign_name, channel, lower(trim(campaign_name)) AS folded FROM shared.campaign
), by_id AS (
    SELECT platform, campaign_id, min(campaign_key) AS campaign_key FROM ad_campaign WHERE campaign_id IS NOT NULL GROUP BY 1, 2
), by_name AS (
    -- A name is taken for a campaign only where it is the name of one.
    SELECT platform, folded, min(campaign_key) AS campaign_key FROM ad_campaign WHERE folded <> '' GROUP BY 1, 2 HAVING count(DISTINCT campaign_key) = 1
), any_id AS (
    SELECT campaign_id, min(campaign_key) AS campaign_key FROM ad_campaign WHERE campaign_id IS NOT NULL GROUP BY 1 HAVING count(DISTINCT campaign_key) = 1
), keyed AS (
    SELECT touch.*, coalesce(id_of_utm.campaign_key, id_of_name.campaign_key, name_of.campaign_key, id_of_any.campaign_key) AS campaign_key
    FROM touch
    LEFT JOIN by_id AS id_of_utm ON touch.ad_platform = id_of_utm.platform AND touch.utm_id = id_of_utm.campaign_id
    LEFT JOIN by_id AS id_of_name ON touch.ad_platform = id_of_name.platform AND touch.utm_campaign = id_of_name.campaign_id
    LEFT JOIN by_name AS name_of ON touch.ad_platform = name_of.platform AND lower(trim(touch.utm_campaign)) = name_of.folded
    LEFT JOIN any_id AS id_of_any ON touch.utm_id = id_of_any.campaign_id
), ad AS (
    SELECT campaign_key, ad_id, min(ad_group_id) AS ad_group_id, min(ad_group_name) AS ad_group_name, min(ad_name) AS ad_name
    FROM shared.ad WHERE ad_id IS NOT NULL GROUP BY 1, 2
)
SELECT 't_' || md5(keyed.interaction_id) AS touchpoint_id,
       keyed.customer_id, keyed.occurred_at, keyed.kind,
       -- An ad's channel is that of its campaign, so that what it cost and whom it brought stand in one place; a channel of one's own stays.
       CASE WHEN ad_campaign.channel IS NOT NULL AND keyed.channel_group IN ('paid_search', 'paid_social', 'paid_shopping', 'paid_video', 'display', 'paid_other', 'cross_network')
            THEN ad_campaign.channel ELSE keyed.channel_group END AS channel_group,
       keyed.utm_source, keyed.utm_medium, keyed.utm_campaign, keyed.utm_term, keyed.utm_content, keyed.utm_id, keyed.click_id, keyed.click_id_type,
       keyed.campaign_key,
       coalesce(ad_campaign.platform, keyed.message_platform, keyed.ad_platform) AS platform,
       coalesce(ad_campaign.campaign_id, keyed.message_campaign_id) AS campaign_id,
       coalesce(ad_campaign.campaign_name, keyed.message_campaign_name, keyed.utm_campaign) AS campaign_name,
       ad.ad_group_id, ad.ad_group_name, ad.ad_id, ad.ad_name,
       CASE WHEN keyed.click_id IS NOT NULL OR keyed.ad_platform IS NOT NULL THEN coalesce(ad_cost.cost_per_click, campaign_cost.cost_per_click) END AS cost_reporting,
       mesh_reporting_currency() AS reporting_currency,
       keyed.session_id, keyed.begins AS begins_session, keyed.page_host AS landing_host, keyed.page_path AS landing_path, keyed.referrer_host, keyed.device_category,
       keyed.interaction_id, keyed.source
FROM keyed
LEFT JOIN ad_campaign ON keyed.campaign_key = ad_campaign.campaign_key
LEFT JOIN ad ON keyed.campaign_key = ad.campaign_key AND keyed.utm_content = ad.ad_id
LEFT JOIN shared.click_cost AS ad_cost ON keyed.campaign_key = ad_cost.campaign_key AND ad.ad_id = ad_cost.ad_id AND CAST(keyed.occurred_at AS DATE) = ad_cost.date_day
LEFT JOIN shared.click_cost AS campaign_cost ON keyed.campaign_key = campaign_cost.campaign_key AND campaign_cost.ad_id IS NULL AND CAST(keyed.occurred_at AS DATE) = campaign_cost.date_day
