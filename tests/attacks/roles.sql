# Questions by role, beyond attacks.sql. One a line: who asks, what must happen, SQL; "\n" is a line break.
#   refused  4xx
#   absent   404, in the words for what does not exist
#   none     answered, with no row, or with one that holds nothing but 0, false and NULL
#   run      may run; whatever comes back, no canary is in it
# Who: roles of world.mjs. shop.people has email (in part), phone (token), born (year), iban and remark (redacted), club_key (hash); zqvault.zqpay is hidden from all.

# -- filters on masked columns: they work on what is shown, so a guess finds nobody
marketer none select customer_id from shop.people where email = 'anna.zqmail2@example.org'
marketer none select customer_id from shop.people where email ilike '%zqmail%'
marketer none select count(*) from shop.people where starts_with(email, 'anna.')
marketer none select count(*) from shop.people where contains(email, 'zqmail7')
marketer none select count(*) from shop.people where regexp_matches(email, 'zqm')
marketer none select count(*) from shop.people where email similar to '.*zqmail.*'
marketer none select count(*) from shop.people where email glob '*zqmail*'
marketer none select count(*) from shop.people where length(email) > 18
marketer none select count(*) from shop.people where position('mail' in email) > 0
marketer none select count(*) from shop.people where substr(email, 2, 4) = 'nna.'
marketer none select count(*) from shop.people where left(email, 5) = 'anna.'
marketer none select count(*) from shop.people where levenshtein(email, 'anna.zqmail2@example.org') < 3
marketer none select count(*) from shop.people where jaro_winkler_similarity(email, 'anna.zqmail2@example.org') > 0.99
marketer none select count(*) from shop.people where email between 'anna' and 'annb'
marketer none select count(*) from shop.people where email > 'ann' and email < 'anz'
marketer none select count(*) from shop.people where iban = 'DEzqiban7'
marketer none select count(*) from shop.people where iban like 'DE%'
marketer none select count(*) from shop.people where remark <> 'hidden: personal'
marketer none select count(*) from shop.people where phone = '+491705557'
marketer none select count(*) from shop.people where phone like '+49%'
marketer none select count(*) from shop.people where club_key = 'zqclub7'
marketer none select count(*) from shop.people where born = date '1980-04-07'
marketer none select count(*) from shop.people where month(born) > 1 or day(born) > 1
marketer none select count(*) from shop.people where email in ('anna.zqmail2@example.org', 'anna.zqmail4@example.org')
marketer none select count(*) from shop.people where (email, iban) = ('anna.zqmail2@example.org', 'DEzqiban2')
marketer none select count(*) from shop.people where email is distinct from email
marketer none select count(*) filter (where email = 'anna.zqmail2@example.org') from shop.people
marketer none select count(case when iban = 'DEzqiban7' then 1 end) from shop.people
marketer none select customer_id from shop.people group by all having max(iban) = 'DEzqiban7'
marketer none select customer_id from shop.people qualify max(iban) over (partition by customer_id) like 'DE%'
marketer none select count(*) from shop.people where iban collate nocase = 'dezqiban7'
marketer none select count(*) from shop.people where upper(email) like 'ANNA.%'
marketer none select count(*) from shop.people where reverse(email) like '%anna'
marketer none select count(*) from shop.people where ascii(substr(email, 2, 1)) <> ascii('*')
marketer none select count(*) from shop.people where strlen(iban) <> strlen('hidden: personal')
marketer none select count(*) from shop.people where md5(iban) = md5('DEzqiban7')
marketer none select count(*) from shop.people where sha256(email) = sha256('anna.zqmail2@example.org')
marketer none select count(*) from shop.people where hash(iban) = hash('DEzqiban7')
marketer none select count(*) from shop.people where club_key = md5('zqclub7') or club_key = sha256('zqclub7')
marketer none select count(*) from shop.people where year(born) + 1 = 1981 and born > date '1980-01-01' and born < date '1980-12-31'

# -- masks undone by functions, forms, casts
marketer run select customer_id, email, phone, born, iban, club_key, remark from shop.people
marketer run select to_json(p) from shop.people p
marketer run select p from shop.people p
marketer run select row_to_json(p) from shop.people p
marketer run select {'a': p, 'b': [p.email]} from shop.people p
marketer run select struct_pack(x := email, y := iban) from shop.people
marketer run select unnest(p) from shop.people p
marketer run select columns('.*') from shop.people
marketer run select columns(c -> c like '%a%') from shop.people
marketer run select columns(lambda c: c in ('email', 'iban')) from shop.people
marketer run select * exclude (customer_id) from shop.people
marketer run select * replace (iban || remark as iban) from shop.people
marketer run select * rename (iban as customer_id2) from shop.people
marketer run from shop.people select iban, remark
marketer run table shop.people
marketer run select encode(iban), base64(encode(email)), hex(email) from shop.people
marketer run select unhex(hex(email)) from shop.people
marketer run select translate(email, '*', 'x'), replace(email, '***', ''), trim(email, '*') from shop.people
marketer run select string_split(email, '@'), regexp_extract_all(email, '[a-z]+') from shop.people
marketer run select list_transform(string_split(iban, ''), lambda c: ascii(c)) from shop.people
marketer run select array_agg(distinct email), list(iban), first(remark), last(remark), arbitrary(iban) from shop.people
marketer run select mode(iban), min_by(iban, spent), max_by(email, spent), arg_min(remark, spent), histogram(email) from shop.people
marketer run select quantile_disc(iban, 0.5), approx_top_k(email, 3), string_agg(email, ',') from shop.people
marketer run select lag(iban) over (order by spent), first_value(email) over (order by iban) from shop.people
marketer run select nth_value(remark, 3) over (order by spent rows between unbounded preceding and unbounded following) from shop.people
marketer run select email, count(*) from shop.people group by rollup (email, iban)
marketer run select * from (select iban, remark from shop.people) unpivot (v for k in (iban, remark))
marketer run unpivot shop.people on iban, remark, email
marketer run select * from (pivot shop.people on country in ('DE', 'FR') using list(iban))
marketer run with recursive r(n, t) as (select 1, min(iban) from shop.people union all select n + 1, t || n from r where n < 3) select * from r
marketer run select iban::date from shop.people
marketer run select cast(remark as integer) from shop.people
marketer run select try_cast(iban as double), iban::json from shop.people
marketer run select (iban || '')::uuid from shop.people
marketer run select date_trunc('day', born), epoch(born), strftime(born, '%d.%m.%Y'), age(born) from shop.people
marketer run select json_extract(to_json(p), '$.iban') from shop.people p
marketer run select json_group_array(iban), json_group_object(customer_id, email) from shop.people
marketer run select map_from_entries([(customer_id, iban)]) from shop.people
marketer run select union_value(a := iban) from shop.people
marketer run select coalesce(nullif(iban, 'hidden: personal'), remark) from shop.people
marketer run select * from shop.people order by born, email, iban collate de
marketer run select distinct on (iban) * from shop.people order by iban, spent
marketer run select strptime(remark, '%d') from shop.people
marketer run select json(remark) from shop.people
marketer run select 1 / (spent - 21) as x, iban::int from shop.people
marketer run select case when spent = 21 then remark::int end from shop.people
marketer run select regexp_replace(remark, '(', '') from shop.people
marketer run select array_extract([iban], 1::utinyint - 2) from shop.people
marketer run select list_extract([remark], spent::tinyint * 100) from shop.people

# -- joins that would say who it is
marketer none select p.customer_id from shop.people p join (values ('anna.zqmail2@example.org'), ('berta.zqmail7@example.com')) v(mail) on p.email = v.mail
marketer none select p.customer_id from shop.people p join (select 'DEzqiban' || range as i from range(100)) g on p.iban = g.i
marketer none select p.customer_id from shop.people p join (select '+49170555' || range as i from range(100)) g on p.phone = g.i
marketer none select p.customer_id from shop.people p semi join (select '+49' || 170555 || range as phone from range(100)) g using (phone)
marketer none select g.d from (select date '1980-01-01' + range::int as d from range(9000)) g join shop.people p on p.born = g.d where month(g.d) > 1
marketer none select customer_id from shop.people p where exists (select 1 from range(100) r where p.club_key = 'zqclub' || r.range)
marketer refused select a.customer_id from shop.people a asof join (select 'anna.zqmail' || range as e from range(99)) b on a.email = b.e
marketer run select a.iban, b.remark from shop.people a join shop.people b on a.iban = b.iban limit 50
marketer run select a.email, o.amount from shop.people a join shop.orders o using (customer_id)
marketer run select * from shop.people natural join shop.orders limit 20
marketer run select * from shop.people positional join shop.people
marketer refused select p.phone, untoken(p.phone) from shop.people p
marketer refused select trellis_token(iban) from shop.people
marketer refused select trellis_hash('zqclub7')
marketer refused select mesh_hash63(iban) from shop.people
marketer refused select * from mesh_consent_said()
marketer refused select * from mesh_identity_kinds()

# -- what is hidden, by every name that it could have
marketer absent select * from zqvault.zqpay
marketer absent select zqsalary from zqvault.zqpay_v1
marketer absent select * from zqvault.zqpay__failing
marketer absent select * from zqvault.zqpay_v1__failing
marketer absent select * from shop.people__failing
marketer absent select * from shop.till__data
marketer absent select * from ZQVAULT.ZQPAY
marketer absent select * from "zqvault"."zqpay"
marketer absent select 1 where exists (from zqvault.zqpay)
marketer absent with people as (from zqvault.zqpay) from shop.people, people
marketer absent select (select max(zqsalary) from zqvault.zqpay) from shop.people
marketer absent select * from shop.people where spent in (select zqsalary from zqvault.zqpay)
marketer absent select * from shop.people union all by name select * from zqvault.zqpay
marketer absent select * from zqvault.nothing
marketer refused select * from "zqvault.zqpay_v1@1"
marketer refused select * from built."zqvault.zqpay_v1@1"
marketer refused select * from pr_1.zqvault.zqpay
marketer refused select zqboss from shop.people
marketer refused select p.zqsalar from shop.people p
marketer refused select * exclude (zqsalary) from shop.people
engineer absent select * from zqvault.zqpay
engineer absent select * from zqvault.zqpay_v1__failing
engineer run select * from shop.till__data
officer absent select * from zqvault.zqpay
officer none select customer_id from shop.people where email = 'anna.zqmail2@example.org'
officer run select * from shop.people

# -- rows of a condition: what it leaves out cannot be felt
german none select count(*) from shop.people where country <> 'DE'
german none select count(*) from shop.people where customer_id = 'p7'
german none select * from shop.people where country = 'FR' or country is null
german none select count(*) from shop.people p full join (values ('p7')) v(customer_id) using (customer_id) where p.country = 'FR'
german none select sum(case when country = 'FR' then spent end) from shop.people
german none select count(*) from shop.people where not (country = 'DE')
german none select count(*) from (select * from shop.people tablesample 100 percent (system, 3)) where country = 'FR'
german run select 1 / (case when country = 'FR' then 0 else 1 end) from shop.people
german run select case when country = 'FR' then 'x'::int else 1 end from shop.people
german run select max(country), min(country) from shop.people
german run select * from shop.cells
german run select (country || 'x')::int from shop.people

# -- groups alone: no row, no value of one, no difference of two answers
viewer refused select * from shop.people
viewer refused select customer_id from shop.people
viewer refused select customer_id, count(*) from shop.people group by customer_id
viewer refused select email, count(*) from shop.people group by email
viewer refused select iban, count(*) from shop.people group by 1
viewer refused select min(spent) from shop.people
viewer refused select max(spent) from shop.people group by country
viewer refused select median(spent) from shop.people
viewer refused select quantile_cont(spent, 0.99) from shop.people
viewer refused select list(spent) from shop.people
viewer refused select string_agg(country) from shop.people
viewer refused select any_value(spent) from shop.people
viewer refused select first(spent) from shop.people
viewer refused select arg_max(country, spent) from shop.people
viewer refused select mode(shop_no) from shop.people
viewer refused select histogram(spent) from shop.people
viewer refused select product(spent) from shop.people
viewer refused select bit_xor(spent) from shop.people
viewer refused select bool_or(spent = 21) from shop.people
viewer refused select count(*) from shop.people where customer_id = 'p7'
viewer refused select count(*) from shop.people where customer_id like 'p7%'
viewer refused select count(*) from shop.people where email like 'anna%'
viewer refused select count(*) filter (where customer_id <> 'p7') from shop.people
viewer refused select sum(case when customer_id = 'p7' then 1 else 0 end) from shop.people
viewer refused select count(*) over () from shop.people
viewer refused select count(*) from shop.people having count(*) > 3
viewer refused select count(*) from (select * from shop.people limit 1)
viewer refused with p as (select * from shop.people) select count(*) from p
viewer refused select (select count(*) from shop.people)
viewer refused select count(*) from shop.people union all select count(*) from shop.people where spent > 21
viewer refused select count(*) from shop.people tablesample 1 rows
viewer refused select count(distinct email) from shop.people
viewer refused select sum(spent * spent * 1e300) from shop.people
viewer refused select sum(1 / (spent - 21)) from shop.people
viewer refused select count(*) from shop.people a join shop.people b using (customer_id)
viewer refused select count(*) from shop.people a, shop.orders b
viewer refused select count(*) from shop.people, lateral (select 1)
viewer refused select to_json(p) from shop.people p
viewer refused select count(p) from shop.people p
viewer refused select * from shop.people__failing
viewer refused select count(*) from shop.people where spent::varchar like '2%'
viewer refused select count(*) from shop.people where spent = (select 21)
viewer none select country, sum(spent) from shop.people where spent < 9 group by country
viewer none select spent, count(*) from shop.people group by spent
viewer none select count(*) from shop.people where spent = 21
viewer none select sum(spent) from shop.people where spent = 21
viewer none select avg(spent) from shop.people where spent between 20 and 22
viewer none select count(distinct customer_id) from shop.people where spent < 10
viewer absent select count(*) from zqvault.zqpay
viewer run select country, count(*) from shop.people group by country

# -- generated rows: no value is anybody's
tester run select * from shop.people
tester none select customer_id from shop.people where email like '%zqmail%' or iban like '%zqiban%' or phone like '+49170555%'
tester none select t.email from shop.people t where remark like 'zqnote%'
tester absent select * from zqvault.zqpay

# -- a purpose that is not one's own, and nobody at all
mails_only none select customer_id from shop.people where email = 'anna.zqmail2@example.org'
mails_only absent select * from zqvault.zqpay
nobody refused select * from shop.people
nobody refused select * from zqvault.zqpay
nobody refused select 1
keeper refused select * from shop.people
keeper refused select count(*) from shop.people
revoked refused select 1
