-- Which touches led to which conversion, and what each rule gives them: one row for each conversion and each touch within its lookback; one row `(none)` for a
-- conversion without touches. Shares are cut to millionths; what is left goes one millionth each to the largest cut-off parts, of equal ones to the later touch: so the
-- credits of a conversion sum to exactly 1 and its values to exactly its value. All sums are of whole numbers, so that it does not matter what is built together.
WITH setting AS (
    -- Weights count in ten-thousandths.
    SELECT mesh_attribution('default_model') AS default_model, CAST(mesh_attribution('half_life_s') AS DOUBLE) AS half_life_s,
           CAST(round(CAST(mesh_attribution('u_first') AS DOUBLE) * 10000) AS BIGINT) AS u_first, CAST(round(CAST(mesh_attribution('u_middle') AS DOUBLE) * 10000) AS BIGINT) AS u_middle,
           CAST(round(CAST(mesh_attribution('u_last') AS DOUBLE) * 10000) AS BIGINT) AS u_last, CAST(round(CAST(mesh_attribution('w_first') AS DOUBLE) * 10000) AS BIGINT) AS w_first,
           CAST(round(CAST(mesh_attribution('w_milestone') AS DOUBLE) * 10000) AS BIGINT) AS w_milestone, CAST(round(CAST(mesh_attribution('w_last') AS DOUBLE) * 10000) AS BIGINT) AS w_last,
           CAST(round(CAST(mesh_attribution('w_rest') AS DOUBLE) * 10000) AS BIGINT) AS w_rest
), refused AS (
    -- From when on a customer's touches are left out: always, or since a yes to an opt-in purpose ended.
    SELECT said.customer_id, min(CASE WHEN said.granted THEN said.expires_at ELSE TIMESTAMP '0001-01-01' END) AS refused_from
    FROM shared.consent AS said JOIN mesh_purposes() AS meant ON said.purpose = meant.purpose
    WHERE said.purpose = mesh_attribution('consent_purpose') AND mesh_attribution('consent_touches') = 'exclude'
      AND (NOT said.granted OR (said.expires_at IS NOT NULL AND NOT meant.fail_open))
    GROUP BY said.customer_id
), touch AS MATERIALIZED (
    SELECT row_number() OVER () AS t, seen.customer_id AS owner, seen.touchpoint_id, seen.occurred_at, seen.kind, coalesce(seen.channel_group, 'direct') AS channel,
           coalesce(nullif(lower(trim(seen.utm_source)), ''), seen.platform) AS source, seen.platform, seen.campaign_key, seen.campaign_id, seen.campaign_name,
           seen.ad_group_id, seen.ad_group_name, seen.ad_id, seen.ad_name, seen.cost_reporting
    FROM shared.touchpoint AS seen LEFT JOIN refused ON seen.customer_id = refused.customer_id
    WHERE refused.refused_from IS NULL OR seen.occurred_at < refused.refused_from
), reached AS MATERIALIZED (
    SELECT row_number() OVER () AS c, told.customer_id AS owner, told.conversion_id, told.conversion, told.occurred_at, told.value_reporting, told.is_first, rule.lookback_s,
           CAST(timezone(mesh_time_zone(), timezone('UTC', told.occurred_at)) AS DATE) AS date_day, abs(CAST(told.value_reporting * 1000000 AS BIGINT)) AS total
    FROM shared.conversion AS told JOIN mesh_conversions() AS rule ON told.conversion = rule.conversion
    WHERE NOT rule.by_account
), mark AS (
    SELECT customer_id AS owner, conversion, occurred_at FROM shared.conversion WHERE conversion = mesh_attribution('milestone')
), milestone AS ( -- from here on as in account_credit.sql
    SELECT reached.c, min(mark.occurred_at) AS milestone_at
    FROM reached JOIN mark ON reached.owner = mark.owner AND mark.conversion <> reached.conversion
        AND mark.occurred_at <= reached.occurred_at AND mark.occurred_at >= reached.occurred_at - to_seconds(reached.lookback_s)
    GROUP BY reached.c
), pair AS (
    SELECT reached.c, touch.t, reached.total, touch.occurred_at AS touched_at, touch.touchpoint_id, coalesce(touch.occurred_at <= milestone.milestone_at, false) AS is_before_mark,
           (epoch_us(reached.occurred_at) - epoch_us(touch.occurred_at)) // 1000000 AS lag_seconds,
           touch.channel IN (SELECT channel FROM mesh_direct_channels()) AS is_direct, touch.channel IN (SELECT channel FROM mesh_paid_channels()) AS is_paid
    FROM reached
    JOIN touch ON reached.owner = touch.owner
        AND touch.occurred_at <= reached.occurred_at AND touch.occurred_at >= reached.occurred_at - to_seconds(reached.lookback_s)
    LEFT JOIN mesh_touch_windows() AS spell ON reached.conversion = spell.conversion AND touch.kind = spell.kind
    LEFT JOIN milestone ON reached.c = milestone.c
    WHERE spell.lookback_s IS NULL OR touch.occurred_at >= reached.occurred_at - to_seconds(spell.lookback_s)
), path AS (
    -- p: place in the journey of n touches; meant: the last touch that is not direct; mark: how many came before the milestone.
    SELECT c, t, total, lag_seconds, row_number() OVER told AS p, count(*) OVER whole AS n, first_value(is_paid) OVER whole AS began_paid,
           last_value(CASE WHEN NOT is_direct THEN t END IGNORE NULLS) OVER whole AS meant,
           count(CASE WHEN is_before_mark THEN 1 END) OVER whole AS mark, min(lag_seconds) OVER whole AS youngest
    FROM pair
    WINDOW told AS (PARTITION BY c ORDER BY touched_at, touchpoint_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
           whole AS (PARTITION BY c ORDER BY touched_at, touchpoint_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), placed AS MATERIALIZED (
    -- j: place of the touch before the milestone, where it lies between the first and the last; 0: nowhere. aged: weight by age, in 2^-40.
    SELECT c, t, total, lag_seconds, p, n, began_paid, coalesce(meant = t, p = n) AS is_meant, CASE WHEN mark > 1 AND mark < n THEN mark ELSE 0 END AS j,
           CAST(trunc(pow(2.0, (youngest - lag_seconds) / half_life_s) * 1099511627776) AS BIGINT) AS aged
    FROM path CROSS JOIN setting
), shape AS (
    SELECT DISTINCT n, j FROM placed WHERE n > 1
), weighed AS (
    -- Weights as whole numbers: of the first, the one before the milestone, each other, the last, and of all together. Without a milestone W is U.
    SELECT n, j, n - 2 AS u_others, u_first * greatest(u_others, 1) AS u_f, CASE WHEN u_others > 0 THEN u_middle ELSE 0 END AS u_o, u_last * greatest(u_others, 1) AS u_l,
           n - CASE WHEN j > 0 THEN 3 ELSE 2 END AS w_others, CASE WHEN j > 0 THEN w_first * greatest(w_others, 1) ELSE u_f END AS w_f, CASE WHEN j > 0 THEN w_milestone * greatest(w_others, 1) ELSE 0 END AS w_j,
           CASE WHEN j = 0 THEN u_o WHEN w_others > 0 THEN w_rest ELSE 0 END AS w_o, CASE WHEN j > 0 THEN w_last * greatest(w_others, 1) ELSE u_l END AS w_l,
           u_f + u_others * u_o + u_l AS u_all, w_f + w_j + w_others * w_o + w_l AS w_all
    FROM shape CROSS JOIN setting
), weight AS (
    -- Where all of a journey's weigh nothing, they are alike.
    SELECT n, j, u_others, w_others, CASE WHEN u_all > 0 THEN u_f ELSE 1 END AS u_f, CASE WHEN u_all > 0 THEN u_o ELSE 1 END AS u_o, CASE WHEN u_all > 0 THEN u_l ELSE 1 END AS u_l,
           CASE WHEN u_all > 0 THEN u_all ELSE n END AS u_all, CASE WHEN w_all > 0 THEN w_f ELSE 1 END AS w_f, CASE WHEN w_all > 0 THEN w_j WHEN j > 0 THEN 1 ELSE 0 END AS w_j,
           CASE WHEN w_all > 0 THEN w_o ELSE 1 END AS w_o, CASE WHEN w_all > 0 THEN w_l ELSE 1 END AS w_l, CASE WHEN w_all > 0 THEN w_all ELSE n END AS w_all
    FROM weighed
), amount AS (
    SELECT 0 AS of_c, n AS of_n, j AS of_j, CAST(1000000 AS BIGINT) AS sum_of FROM shape
    UNION ALL
    SELECT c, n, j, total FROM placed WHERE p = 1 AND n > 1 AND total IS NOT NULL
), cut AS (
    -- sum_of x weight / all, whole and rest, without a product that could be too large.
    SELECT of_c, of_n, of_j, u_others, w_others,
           sum_of // u_all * u_f + sum_of % u_all * u_f // u_all AS uf, sum_of % u_all * u_f % u_all AS uf_rest, sum_of // u_all * u_o + sum_of % u_all * u_o // u_all AS uo, sum_of % u_all * u_o % u_all AS uo_rest,
           sum_of // u_all * u_l + sum_of % u_all * u_l // u_all AS ul, sum_of % u_all * u_l % u_all AS ul_rest, sum_of - uf - u_others * uo - ul AS u_left,
           sum_of // w_all * w_f + sum_of % w_all * w_f // w_all AS wf, sum_of % w_all * w_f % w_all AS wf_rest, sum_of // w_all * w_j + sum_of % w_all * w_j // w_all AS wj, sum_of % w_all * w_j % w_all AS wj_rest,
           sum_of // w_all * w_o + sum_of % w_all * w_o // w_all AS wo, sum_of % w_all * w_o % w_all AS wo_rest, sum_of // w_all * w_l + sum_of % w_all * w_l // w_all AS wl, sum_of % w_all * w_l % w_all AS wl_rest,
           sum_of - wf - wj - w_others * wo - wl AS w_left
    FROM amount JOIN weight ON amount.of_n = weight.n AND amount.of_j = weight.j
), share AS (
    -- Who comes before whom for what is left follows from the few rests that there are: a touch gets one more where fewer come before it than are left. Of the
    -- others the latest `_more` get one; the touch before the milestone has a rest of its own, and stands among them.
    SELECT of_c, of_n, of_j, uo, wo,
           uf + CAST(CASE WHEN uo_rest >= uf_rest THEN u_others ELSE 0 END + CAST(ul_rest >= uf_rest AS BIGINT) < u_left AS BIGINT) AS u_first,
           ul + CAST(CASE WHEN uo_rest > ul_rest THEN u_others ELSE 0 END + CAST(uf_rest > ul_rest AS BIGINT) < u_left AS BIGINT) AS u_last,
           u_left - CAST(uf_rest > uo_rest AS BIGINT) - CAST(ul_rest >= uo_rest AS BIGINT) AS u_more,
           wf + CAST(CASE WHEN wo_rest >= wf_rest THEN w_others ELSE 0 END + CAST(of_j > 0 AND wj_rest >= wf_rest AS BIGINT) + CAST(wl_rest >= wf_rest AS BIGINT) < w_left AS BIGINT) AS w_first,
           wl + CAST(CASE WHEN wo_rest > wl_rest THEN w_others ELSE 0 END + CAST(of_j > 0 AND wj_rest > wl_rest AS BIGINT) + CAST(wf_rest > wl_rest AS BIGINT) < w_left AS BIGINT) AS w_last,
           wj + CAST(CASE WHEN wo_rest > wj_rest THEN w_others WHEN wo_rest = wj_rest THEN of_n - 1 - of_j ELSE 0 END
                     + CAST(wf_rest > wj_rest AS BIGINT) + CAST(wl_rest >= wj_rest AS BIGINT) < w_left AS BIGINT) AS w_milestone,
           w_left - CAST(wf_rest > wo_rest AS BIGINT) - CAST(wl_rest >= wo_rest AS BIGINT) AS w_free,
           w_free - CASE WHEN of_j = 0 OR wj_rest < wo_rest THEN 0 WHEN wj_rest > wo_rest THEN 1 ELSE CAST(w_free > of_n - 1 - of_j AS BIGINT) END AS w_more
    FROM cut
), fading AS (
    SELECT *, CAST(aged AS DOUBLE) / CAST(sum(aged) OVER (PARTITION BY c) AS DOUBLE) AS part FROM placed WHERE n > 1
), ranked AS (
    SELECT *, CAST(floor(part * 1000000) AS BIGINT) AS c_whole, CAST(floor(part * total) AS BIGINT) AS v_whole,
           row_number() OVER (PARTITION BY c ORDER BY part * 1000000 - floor(part * 1000000) DESC, p DESC) AS c_rank,
           row_number() OVER (PARTITION BY c ORDER BY part * total - floor(part * total) DESC, p DESC) AS v_rank
    FROM fading
), decayed AS (
    SELECT * EXCLUDE (c_whole, v_whole, c_rank, v_rank, part, aged), c_whole + CAST(c_rank <= 1000000 - sum(c_whole) OVER each AS BIGINT) AS c_decay, v_whole + CAST(v_rank <= total - sum(v_whole) OVER each AS BIGINT) AS v_decay
    FROM ranked WINDOW each AS (PARTITION BY c)
    UNION ALL
    SELECT * EXCLUDE (aged), 1000000, total FROM placed WHERE n = 1
), given AS (
    -- In millionths. A conversion without touches gives itself to nobody: place and number of touches are 0.
    SELECT decayed.c, decayed.t, p, n, began_paid, lag_seconds, c_decay, v_decay,
           CAST(p = n AS BIGINT) * 1000000 AS c_last, CAST(p = n AS BIGINT) * total AS v_last, CAST(is_meant AS BIGINT) * 1000000 AS c_meant, CAST(is_meant AS BIGINT) * total AS v_meant,
           CAST(p = 1 AS BIGINT) * 1000000 AS c_first, CAST(p = 1 AS BIGINT) * total AS v_first,
           1000000 // n + CAST(n - p < 1000000 % n AS BIGINT) AS c_linear, total // n + CAST(n - p < total % n AS BIGINT) AS v_linear,
           CASE WHEN n = 1 THEN 1000000 WHEN p = 1 THEN one.u_first WHEN p = n THEN one.u_last ELSE one.uo + CAST(n - 1 - p < one.u_more AS BIGINT) END AS c_u,
           CASE WHEN n = 1 THEN total WHEN p = 1 THEN worth.u_first WHEN p = n THEN worth.u_last ELSE worth.uo + CAST(n - 1 - p < worth.u_more AS BIGINT) END AS v_u,
           CASE WHEN n = 1 THEN 1000000 WHEN p = 1 THEN one.w_first WHEN p = n THEN one.w_last WHEN p = j THEN one.w_milestone
                ELSE one.wo + CAST(n - 1 - p - CAST(p < j AS BIGINT) < one.w_more AS BIGINT) END AS c_w,
           CASE WHEN n = 1 THEN total WHEN p = 1 THEN worth.w_first WHEN p = n THEN worth.w_last WHEN p = j THEN worth.w_milestone
                ELSE worth.wo + CAST(n - 1 - p - CAST(p < j AS BIGINT) < worth.w_more AS BIGINT) END AS v_w
    FROM decayed
    LEFT JOIN share AS one ON one.of_c = 0 AND decayed.n = one.of_n AND decayed.j = one.of_j
    LEFT JOIN share AS worth ON decayed.c = worth.of_c
    UNION ALL
    SELECT c, NULL, 0, 0, false, NULL, 1000000, total, 1000000, total, 1000000, total, 1000000, total, 1000000, total, 1000000, total, 1000000, total
    FROM reached WHERE c NOT IN (SELECT c FROM placed WHERE p = 1)
), told AS ( -- to here
    SELECT given.*, reached.conversion_id, reached.conversion, reached.owner, reached.occurred_at, reached.date_day, reached.is_first,
           CASE WHEN reached.value_reporting < 0 THEN CAST(-0.000001 AS DECIMAL(6,6)) ELSE CAST(0.000001 AS DECIMAL(6,6)) END AS unit,
           touch.touchpoint_id, touch.occurred_at AS touched_at, coalesce(touch.channel, '(none)') AS channel, touch.source, touch.platform, touch.campaign_key, touch.campaign_id, touch.campaign_name,
           touch.ad_group_id, touch.ad_group_name, touch.ad_id, touch.ad_name, touch.cost_reporting,
           CASE default_model WHEN 'last' THEN c_last WHEN 'first' THEN c_first WHEN 'linear' THEN c_linear WHEN 'position_u' THEN c_u WHEN 'position_w' THEN c_w
                              WHEN 'time_decay' THEN c_decay ELSE c_meant END AS c_default,
           CASE default_model WHEN 'last' THEN v_last WHEN 'first' THEN v_first WHEN 'linear' THEN v_linear WHEN 'position_u' THEN v_u WHEN 'position_w' THEN v_w
                              WHEN 'time_decay' THEN v_decay ELSE v_meant END AS v_default
    FROM given CROSS JOIN setting
    JOIN reached ON given.c = reached.c
    LEFT JOIN touch ON given.t = touch.t
)
SELECT 'r_' || md5(conversion_id || '|' || coalesce(touchpoint_id, '')) AS credit_id, conversion_id, conversion, owner AS customer_id, occurred_at AS converted_at, date_day,
       touchpoint_id, touched_at, p AS position, n AS touches, told.channel, told.source, platform, campaign_key, campaign_id, campaign_name, ad_group_id, ad_group_name, ad_id, ad_name,
       is_first AS is_first_conversion, began_paid, told.channel IN (SELECT channel FROM mesh_paid_channels()) AS is_paid, lag_seconds,
       CAST(CAST(c_last AS DECIMAL(7,0)) * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit_last, CAST(v_last * unit AS DECIMAL(18,6)) AS value_last,
       CAST(CAST(c_meant AS DECIMAL(7,0)) * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit_last_non_direct, CAST(v_meant * unit AS DECIMAL(18,6)) AS value_last_non_direct,
       CAST(CAST(c_first AS DECIMAL(7,0)) * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit_first, CAST(v_first * unit AS DECIMAL(18,6)) AS value_first,
       CAST(CAST(c_linear AS DECIMAL(7,0)) * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit_linear, CAST(v_linear * unit AS DECIMAL(18,6)) AS value_linear,
       CAST(CAST(c_u AS DECIMAL(7,0)) * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit_position_u, CAST(v_u * unit AS DECIMAL(18,6)) AS value_position_u,
       CAST(CAST(c_w AS DECIMAL(7,0)) * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit_position_w, CAST(v_w * unit AS DECIMAL(18,6)) AS value_position_w,
       CAST(CAST(c_decay AS DECIMAL(7,0)) * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit_time_decay, CAST(v_decay * unit AS DECIMAL(18,6)) AS value_time_decay,
       CAST(CAST(c_default AS DECIMAL(7,0)) * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit, CAST(v_default * unit AS DECIMAL(18,6)) AS value,
       -- What would not have come anyway: by an experiment's share, else what began with an ad; nothing of channels that nobody pays for.
       CAST(CASE WHEN proof.share IS NOT NULL THEN CAST(trunc(c_default * proof.share) AS DECIMAL(7,0))
                 WHEN began_paid AND told.channel IN (SELECT channel FROM mesh_paid_channels()) THEN CAST(c_default AS DECIMAL(7,0)) ELSE 0 END * CAST(0.000001 AS DECIMAL(6,6)) AS DECIMAL(18,6)) AS credit_net,
       cost_reporting, mesh_reporting_currency() AS reporting_currency
FROM told LEFT JOIN mesh_incremental() AS proof ON told.channel = proof.channel
