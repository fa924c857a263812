# Questions that marketing people ask and that must pass and run. One a line. web.people(id, email, country, created_at), web.visits(id, person_id,
# visited_at, day, channel, campaign, device, note, revenue, cost, clicks, impressions, tags, props).
select channel, sum(cost) as cost from web.visits group by channel order by cost desc
select day, sum(revenue) / nullif(sum(cost), 0) as roas from web.visits group by day order by day
select channel, round(sum(cost) / nullif(sum(clicks), 0), 2) as cpc, 100.0 * sum(clicks) / nullif(sum(impressions), 0) as ctr from web.visits group by all order by all
select date_trunc('month', day) as month, count(*) from web.visits group by 1 order by 1
select date_trunc('week', day)::date as week, count(distinct person_id) as people from web.visits where day >= date '2026-01-01' group by 1
select year(day), quarter(day), month(day), week(day), dayofweek(day), isodow(day), dayname(day), monthname(day) from web.visits
select extract(year from day), extract('month' from day), date_part('isodow', day) from web.visits
select day + 7, day - interval 1 month, day + interval '2 weeks', last_day(day), day - day from web.visits
select date_diff('day', p.created_at::date, v.day) as lag_days from web.people p join web.visits v on v.person_id = p.id
select * from web.visits where day between '2026-01-01' and '2026-12-31' and channel in ('search', 'social') limit 10 offset 1
select * from web.visits where channel ilike 's%' or campaign like '%sale%' escape '!' or campaign similar to 'x.*' or regexp_matches(campaign, '^a')
select channel, count(*) filter (where device = 'mobile') as mobile from web.visits group by channel having count(*) > 0
select case when cost > 100 then 'high' when cost > 10 then 'middle' else 'low' end as band, count(*) from web.visits group by band
select coalesce(campaign, '(none)') as campaign, ifnull(device, 'x'), if(cost > 1, 1, 0), greatest(cost, 1), least(cost, 1) from web.visits
with spend as (select channel, sum(cost) as c from web.visits group by 1), total as (select sum(c) as t from spend) select channel, c / t as share from spend, total
with recursive days(d) as (select date '2026-01-01' union all select (d + interval 1 day)::date from days where d < date '2026-01-10') select d, count(v.id) from days left join web.visits v on v.day = d group by d order by d
select d::date as day, coalesce(sum(cost), 0) as cost from generate_series(date '2026-01-01', date '2026-01-31', interval 1 day) g(d) left join web.visits v on v.day = d::date group by 1 order by 1
select * from range(10) r(i), unnest([1, 2, 3]) u(x)
select unnest(generate_series(date '2026-01-01', date '2026-01-10', interval 1 day))::date as d
select unnest(range(1, 10)) as i
select person_id, visited_at, row_number() over (partition by person_id order by visited_at) as n from web.visits
select * from (select *, row_number() over (partition by person_id order by visited_at desc) as rn from web.visits) where rn = 1
select * from web.visits qualify row_number() over (partition by channel order by cost desc) <= 3
select day, sum(cost) over (order by day rows between 6 preceding and current row) as week_cost from web.visits
select day, avg(cost) over (order by day range between interval 7 days preceding and current row) from web.visits
select channel, cost, lag(cost, 1, 0) over w, lead(cost) over w, first_value(cost) over w, last_value(cost) over w, nth_value(cost, 2) over w, ntile(4) over w, rank() over w, dense_rank() over w, percent_rank() over w, cume_dist() over w from web.visits window w as (partition by channel order by day)
select sum(cost) over (partition by channel) / sum(cost) over () as share from web.visits
select channel, arg_max(campaign, cost), max_by(campaign, cost), arg_min(campaign, cost) from web.visits group by channel
select approx_count_distinct(person_id), approx_quantile(cost, 0.5), median(cost), quantile_cont(cost, [0.1, 0.9]), mode(channel), stddev(cost), variance(cost), corr(cost, clicks) from web.visits
select percentile_cont(0.9) within group (order by cost) from web.visits
select regr_slope(revenue, cost), regr_intercept(revenue, cost), regr_r2(revenue, cost), covar_pop(revenue, cost), skewness(cost), kurtosis(cost) from web.visits
select string_agg(distinct channel, ', ' order by channel), list(channel order by day), array_agg(cost), any_value(device), bool_or(cost > 1), bool_and(cost > 1), count_if(cost > 1) from web.visits
select channel, device, sum(cost), grouping(channel) from web.visits group by rollup (channel, device)
select channel, device, sum(cost) from web.visits group by cube (channel, device)
select channel, device, sum(cost) from web.visits group by grouping sets ((channel), (device), ())
select distinct channel from web.visits order by channel
select distinct on (person_id) person_id, channel from web.visits order by person_id, visited_at
select channel from web.visits union select 'x' union all select 'y' except select 'z' order by 1
select 1 as a union all by name select 2 as b
select count(*) from web.people p left join web.visits v on v.person_id = p.id where v.id is null
select * from web.people p semi join web.visits v on v.person_id = p.id
select * from web.people p anti join web.visits v on v.person_id = p.id
select * from web.visits v asof join web.people p on v.person_id = p.id and v.visited_at >= p.created_at
select * from web.people full join web.visits on people.id = visits.person_id
select count(*) from web.people cross join web.visits
select * from web.people join (select person_id as id, sum(revenue) as ltv from web.visits group by 1) using (id)
select p.id, x.n from web.people p, lateral (select count(*) as n from web.visits v where v.person_id = p.id) x
select id from web.people p where exists (select 1 from web.visits v where v.person_id = p.id)
select id from web.people where id not in (select person_id from web.visits where person_id is not null)
select id, (select max(day) from web.visits v where v.person_id = p.id) as last_visit from web.people p
select * from web.visits where (channel, device) in (('search', 'mobile'), ('social', 'desktop'))
select * from web.visits where cost > all (select cost from web.visits where channel = 'none') or cost = any ([1, 2])
select * exclude (note) replace (round(cost, 2) as cost) from web.visits
select * rename (cost as spend) from web.visits
select v.* from web.visits v
select columns('cost|revenue') from web.visits
select sum(columns(c -> c in ('cost', 'revenue'))) from web.visits
select channel, sum(columns(['cost', 'revenue'])) from web.visits group by channel
from web.visits select channel, cost where cost > 1
from web.visits
table web.visits
values (1, 'a'), (2, 'b')
select * from (values ('search', 1.5), ('social', 2)) t(channel, weight) join web.visits using (channel)
select upper(channel), lower(channel), trim(' x '), length(channel), substring(channel, 1, 3), left(channel, 2), right(channel, 2), replace(channel, 'a', 'b'), reverse(channel), concat(channel, '-', device), concat_ws('/', channel, device), channel || device from web.visits
select split_part(campaign, '_', 1), string_split(campaign, '_'), str_split(campaign, '_')[1], position('a' in campaign), strpos(campaign, 'a'), contains(campaign, 'a'), starts_with(campaign, 'a'), lpad(channel, 10, ' '), rpad(channel, 10, '.') from web.visits
select regexp_extract(campaign, '(\d+)', 1), regexp_replace(campaign, '[^a-z]', '', 'g'), translate(campaign, 'a', 'b'), levenshtein(channel, device), jaro_winkler_similarity(channel, device) from web.visits
select cast(cost as decimal(18, 2)), cost::double, cost::varchar, try_cast(note as integer), '2026-01-01'::date, timestamp '2026-01-01 10:00:00', 1::hugeint, true, null from web.visits
select strftime(day, '%Y-%m'), strptime('2026-01-31', '%Y-%m-%d'), try_strptime('x', '%Y'), make_date(2026, 1, 31), to_timestamp(0), epoch(visited_at), epoch_ms(visited_at), age(visited_at) from web.visits
select visited_at at time zone 'UTC' at time zone 'Europe/Berlin', current_date, now(), today() from web.visits
select time_bucket(interval '15 minutes', visited_at), hour(visited_at), minute(visited_at), dayofyear(day) from web.visits
select [1, 2, 3], list_sum([1, 2]), len(tags), tags[1], tags[1:2], list_contains(tags, 'a'), list_distinct(tags), list_sort(tags), array_to_string(tags, ','), flatten([[1], [2]]) from web.visits
select list_transform(tags, lambda t: upper(t)), list_filter(tags, t -> t <> ''), [upper(t) for t in tags if t <> ''], list_reduce([1, 2, 3], lambda a, b: a + b) from web.visits
select tag, count(*) from (select unnest(tags) as tag from web.visits) group by tag
select v.id, t.tag, t.position from web.visits v, unnest(v.tags) with ordinality as t(tag, position)
select {'a': 1, 'b': channel}.b, struct_pack(x := cost), row(1, 2), map {'a': 1}['a'], map_keys(map {'a': 1}), map_from_entries([('k', 1)]) from web.visits
select json_extract_string(props, '$.utm'), props ->> '$.utm', props -> 'a', json_array_length('[1]'), json_type(props), to_json({'a': 1}), json_valid(props), json_keys(props) from web.visits
select md5(channel), sha256(channel), hash(channel), to_base64(channel::blob) from web.visits
select round(1.55, 1), floor(1.5), ceil(1.5), abs(-1), sqrt(4), power(2, 3), 2 ** 3, ln(2), log10(100), exp(1), sign(-1), mod(5, 2), 5 % 2, 5 // 2, greatest(1, 2), pi(), trunc(1.5), isnan(1.0), -cost, +cost from web.visits
select 1 & 2, 1 | 2, 1 << 2, xor(1, 2), bit_count(5), cost is distinct from clicks, cost is not null, not (cost > 1), cost between 1 and 2, cost not between 1 and 2 from web.visits
pivot web.visits on channel in ('search', 'social') using sum(cost) as cost group by day
select * from web.visits pivot (sum(cost) for channel in ('search', 'social') group by day)
select * from (select day, cost, revenue from web.visits) unpivot (amount for kind in (cost, revenue))
unpivot (select day, cost, revenue from web.visits) on cost, revenue into name kind value amount
select count(*) from web.visits using sample 50%
select * from web.visits limit 10%
select * from web.people order by country collate nocase nulls first, id desc
select mesh_reporting_currency() as currency, mesh_time_zone() as zone
select channel, sum(cost) as cost, cost * 2 as twice from web.visits group by all
select #1, channel from web.visits order by #2
select $1::int + 1
select first(channel order by day), last(channel order by day), favg(cost), fsum(cost), product(1.0), geomean(2.0), entropy(channel), max(cost, 2), min(cost, 2) from web.visits
select channel, sum(cost) from web.visits where day >= current_date - interval 28 days and day < current_date group by channel
select sum(cost) filter (where day >= date '2026-01-15') as this_period, sum(cost) filter (where day < date '2026-01-15') as period_before from web.visits
select channel, sum(clicks) as clicks, sum(clicks) * 1.0 / sum(sum(clicks)) over () as share from web.visits group by channel
select person_id, list(channel order by visited_at) as path, sum(revenue) as revenue from web.visits group by person_id
select array_to_string(path, ' > ') as path, count(*) from (select person_id, list(channel order by visited_at) as path from web.visits group by 1) group by 1 order by 2 desc
select cohort, date_diff('month', cohort, date_trunc('month', v.day)) as age, count(distinct p.id) from (select id, date_trunc('month', created_at) as cohort from web.people) p join web.visits v on v.person_id = p.id group by all
select web.visits.channel from web.visits
select "channel", "cost" as "Cost in €" from "web"."visits"
select wavg(cost, clicks), weighted_avg(cost, clicks) from web.visits
select count(*), count(cost), count(distinct (channel, device)) from web.visits
select ((((1 + 2) * 3) - 4) / 5)::decimal(9, 2) as x
select count(*) from web.people t0 join web.people t1 using (id) join web.people t2 using (id) join web.people t3 using (id) join web.people t4 using (id) join web.people t5 using (id) join web.people t6 using (id) join web.people t7 using (id) join web.people t8 using (id) join web.people t9 using (id) join web.people t10 using (id) join web.people t11 using (id) join web.people t12 using (id) join web.people t13 using (id) join web.people t14 using (id) join web.people t15 using (id) join web.people t16 using (id) join web.people t17 using (id) join web.people t18 using (id) join web.people t19 using (id) join web.people t20 using (id)
with a as materialized (select id from web.people), b as (select * from a) select count(*) from a join b using (id)
select 'not materialized' as "not materialized" -- not materialized
