# Questions that must not reach anything but what the asker may see. One a line: expectation, blank, SQL; "\n" is a line break.
#   gate  refused by the parser or the gate, whatever tables exist
#   name  passes the form, names something that does not exist for the asker
#   run   may run; must not show a canary
# Visible ports of the test: web.people (email is personal), web.visits. Everything else is hidden.

# -- names with a catalog, other schemas
gate select * from mesh.main.customers
gate select * from mesh.built."web.people_v1@1"
gate select * from "mesh"."built"."web.people_v1@1"
gate select * from MESH.BUILT."web.people_v1@1"
gate select * from mesh/**/.built/**/."web.people_v1@1"
gate select * from mesh\n.\nmain\n.\ncustomers
gate table mesh.main.customers
gate from mesh.main.customers
gate select email from mesh.live."web.people_v1"
gate select * from memory.main.customers
gate select * from system.information_schema.tables
gate select * from temp.main.x
gate select * from gov_1.web.people
gate select * from src.web.people
gate select * from mesh.sys.port_version
gate select * from mesh.raw."web.crm__contacts"
gate select * from mesh.hist."web.crm__contacts"
gate select * from mesh.quarantine.rejected
name select * from mesh.customers
name select * from main.customers
name select * from customers
name select * from live."web.people_v1"
name select * from "live"."web.people_v1"
name select * from built."web.people_v1@1"
name select * from raw."web.crm__contacts"
name select * from sys.port_version
name select * from src.people
name select * from web.payroll
name select * from web.crm__contacts_x
name select * from web.people_v9
name select * from "web.people"
name select * from "mesh.main.customers"
name select * from hr.salaries
name select * from gov_1.people

# -- hidden in a part of a query
gate select (select email from mesh.main.customers limit 1)
gate select exists (select 1 from mesh.main.customers where email like 'a%')
gate select 1 where (1, 'x') in (select 1, email from mesh.main.customers)
gate select * from web.people order by (select max(email) from mesh.main.customers)
gate select * from web.people limit (select count(*) from mesh.main.customers)
gate select * from web.people limit 1 offset (select count(*) from mesh.main.customers)
gate select count(*) filter (where exists (select 1 from mesh.main.customers)) from web.people
gate select sum(1) over (order by (select min(email) from mesh.main.customers)) from web.people
gate select sum(1) over (partition by (select min(email) from mesh.main.customers)) from web.people
gate select * from web.people, lateral (select * from mesh.main.customers) c
gate select * from web.people semi join mesh.main.customers c using (id)
gate select * from web.people anti join mesh.main.customers c using (id)
gate select * from web.people positional join mesh.main.customers
gate select * from web.people asof join mesh.main.customers c on people.id >= c.id
gate select * from (values ((select email from mesh.main.customers limit 1))) v(x)
gate select case when (select count(*) from mesh.main.customers) > 0 then 1 end
gate select [(select email from mesh.main.customers limit 1)]
gate select {'a': (select email from mesh.main.customers limit 1)}
gate select list_transform([1], lambda x: (select email from mesh.main.customers limit 1))
gate select id from web.people group by (select email from mesh.main.customers limit 1), id
gate select id from web.people group by id having max(id) > (select count(*) from mesh.main.customers)
gate select id from web.people qualify row_number() over () > (select count(*) from mesh.main.customers)
gate select distinct on ((select email from mesh.main.customers limit 1)) id from web.people
gate select id from web.people union all select email from mesh.main.customers
gate select id from web.people intersect select email from mesh.main.customers
gate select id from web.people except select email from mesh.main.customers
gate select id from web.people union by name select email from mesh.main.customers
gate select array(select email from mesh.main.customers)
gate select string_agg((select max(email) from mesh.main.customers), ',' order by (select 1 from mesh.main.customers)) from web.people
gate select * replace ((select max(email) from mesh.main.customers) as id) from web.people
gate select unnest((select list(email) from mesh.main.customers))
gate select * from unnest((select list(email) from mesh.main.customers))
gate select * from range((select count(*) from mesh.main.customers))
name select (select email from customers limit 1)
name select * from web.people where id in (select id from hr.salaries)
name select * from web.people, lateral (select * from payroll where payroll.id = people.id)

# -- common table expressions that shadow
gate with customers as (select * from mesh.main.customers) select * from customers
gate with recursive r as (select email from mesh.main.customers union all select email from r) select * from r
gate with people as materialized (select * from mesh.main.customers) select * from people
gate select * from (with q as (select * from mesh.main.customers) select * from q) x
gate with a as (with b as (select * from mesh.main.customers) select * from b) select * from a
name with a as (select * from b), b as (select 1) select * from a
name with customers as (select * from customers) select * from customers
name select * from (with inner_q as (select 1) select * from inner_q) x, inner_q
name with a as (with payroll as (select 1) select * from payroll) select * from payroll
gate with recursive r(n, m) using key (n) as (select 1, 1 union select n + 1, m from recurring.r where n < 3) select * from recurring.r
gate with recursive r(n, m) using key (n) as (select 1, 1 union select n + 1, m from recurring.r where n < 3) select * from r
name select (with q as (select 1) select * from q), * from q
run with sqlite_master as (select 1 as x) select * from sqlite_master
run with customers as (select id from web.people) select * from customers
run with people as (select id from web.people) select * from people

# -- system catalogs
gate select * from duckdb_tables()
gate select * from duckdb_views()
gate select * from duckdb_columns()
gate select * from duckdb_settings()
gate select * from duckdb_databases()
gate select * from duckdb_secrets()
gate select * from duckdb_logs()
gate select * from duckdb_variables()
gate select * from duckdb_memory()
gate select * from duckdb_functions()
gate select * from duckdb_prepared_statements()
gate select * from duckdb_external_file_cache()
gate select * from duckdb_temporary_files()
gate select * from duckdb_table_sample('web.people')
gate select * from pragma_table_info('mesh.main.customers')
gate select * from pragma_storage_info('mesh.main.customers')
gate select * from pragma_metadata_info()
gate select * from pragma_database_size()
gate select * from pragma_show('customers')
gate select * from pragma_version()
gate select * from which_secret('x', 's3')
gate select * from json_execute_serialized_sql('x')
gate select * from test_all_types()
gate select * from histogram('mesh.main.customers', email)
gate select * from histogram_values('mesh.main.customers', email)
gate select * from summary((select * from mesh.main.customers))
gate select * from seq_scan('customers')
gate select * from query('select * from mesh.main.customers')
gate select * from query_table('mesh.main.customers')
gate select * from query_table(['mesh.main.customers'])
name select * from duckdb_tables
name select * from duckdb_views
name select * from information_schema.tables
name select * from information_schema.columns
name select * from information_schema.views
name select * from INFORMATION_SCHEMA."TABLES"
name select * from pg_catalog.pg_views
name select * from pg_catalog.pg_class
name select * from pg_tables
name select * from pg_settings
name select * from sqlite_master
name select * from sqlite_schema
name select * from duckdb_logs
name select * from pragma_database_list

# -- files and the network
gate select * from read_csv('/etc/passwd')
gate select * from read_csv_auto('/etc/passwd')
gate select * from read_text('/etc/passwd')
gate select * from read_blob('/etc/passwd')
gate select * from read_json('/etc/passwd')
gate select * from read_json_auto('/etc/passwd')
gate select * from read_ndjson('/etc/passwd')
gate select * from read_parquet('/tmp/x.parquet')
gate select * from parquet_scan('/tmp/x.parquet')
gate select * from parquet_metadata('/tmp/x.parquet')
gate select * from parquet_schema('/tmp/x.parquet')
gate select * from sniff_csv('/etc/passwd')
gate select * from glob('/etc/*')
gate select * from "read_csv"('/etc/passwd')
gate select * from READ_TEXT('/etc/passwd')
gate select * from read_duckdb('/tmp/x.db')
gate select * from read_csv('http://example.org/x.csv')
gate select * from arrow_scan(1, 2, 3)
name select * from '/etc/passwd'
name select * from '/etc/passwd.csv'
name select * from "data/mesh.duckdb"
name select * from 'https://example.org/x.parquet'
name from 'x.json'
name select * from 's3://b/x.parquet'

# -- functions that read settings, state or run text
gate select current_setting('memory_limit')
gate select system.main.current_setting('memory_limit')
gate select getenv('HOME')
gate select getvariable('x')
gate select current_database()
gate select current_schema()
gate select current_schemas(true)
gate select current_user
gate select session_user
gate select CURRENT_ROLE
gate select current_catalog
gate select current_schema
gate select version()
gate select current_query()
gate select in_search_path('x', 'y')
gate select txid_current()
gate select current_connection_id()
gate select current_transaction_id()
gate select nextval('s')
gate select currval('s')
gate select pg_get_viewdef(1)
gate select obj_description(1, 'x')
gate select pg_sleep(10)
gate select sleep_ms(10000)
gate select write_log('x')
gate select setseed(0.5)
gate select json_serialize_sql('select 1')
gate select json_deserialize_sql('{}')
gate select json_serialize_plan('select * from mesh.main.customers')
gate select stats(email) from web.people
gate select email.stats() from web.people
gate select id.stats() from web.people
gate select error(email) from web.people
gate select email.error() from web.people
gate select * replace (error(email) as email) from web.people
gate select columns(lambda c: error(c)) from web.people
gate select alias(email) from web.people
gate select enum_range(null::x)
gate select 'x'::web.mytype
gate select 'x'::mesh.main.mytype
gate select cast('x' as memory.main.t)
gate select try_cast('x' as customers)
gate select 'POINT(0 0)'::geometry.x
gate select vector_type(id) from web.people
gate select create_sort_key(id, 'asc') from web.people
gate select __internal_compress_string_ubigint(email) from web.people
gate select parse_path('x')
gate select get_type(id) from web.people
gate select list_aggregate([1], 'sum')
gate select checkpoint()
gate select * from checkpoint()
gate select * from force_checkpoint()
gate select * from enable_logging()
gate select * from disable_logging()
gate select * from enable_profiling()
gate select * from truncate_duckdb_logs()
gate select ｒead_text('/etc/passwd')
gate select ſum(1)
gate select upper::web.people
gate select web.people.upper(email)
gate select main.current_setting('x')
gate select mesh.main.upper('x')

# -- statements that are no question
gate select 1; select * from mesh.main.customers
gate select 1;\nselect 2
gate -- c\nselect 1; drop table web.people
gate copy mesh.main.customers to '/tmp/x.csv'
gate copy (select * from mesh.main.customers) to '/tmp/x.csv'
gate attach '/tmp/x.db' as x
gate detach mesh
gate install httpfs
gate load httpfs
gate set memory_limit = '1GB'
gate set enable_external_access = true
gate set schema = 'mesh.main'
gate reset all
gate pragma database_list
gate pragma table_info('mesh.main.customers')
gate call pragma_version()
gate use mesh
gate export database '/tmp/x'
gate import database '/tmp/x'
gate insert into web.people values (1)
gate update web.people set email = 'x'
gate delete from web.people
gate merge into web.people using web.people p on false when not matched then insert values (1)
gate truncate web.people
gate create table x as select 1
gate create or replace view web.people as select * from mesh.main.customers
gate create macro upper(x) as 1
gate create temp table t as select * from mesh.main.customers
gate create function f() as (select 1)
gate alter table web.people add column x int
gate drop table web.people
gate comment on table web.people is 'x'
gate begin
gate commit
gate vacuum
gate analyze
gate checkpoint
gate prepare p as select * from mesh.main.customers
gate execute p
gate deallocate p
gate explain select * from web.people
gate explain analyze select * from mesh.main.customers
gate describe web.people
gate describe mesh.main.customers
gate show tables
gate show all tables
gate show mesh.main.customers
gate summarize mesh.main.customers
gate summarize web.people
gate select * from (describe mesh.main.customers)
gate select * from (summarize mesh.main.customers)
gate select * from (show tables)
gate from (describe web.people)
gate set variable x = (select email from mesh.main.customers)
gate select * into x from web.people
gate pivot mesh.main.customers on email using count(*)
gate pivot web.people on email using count(*)

# -- pivots, stars, samples, time travel
gate pivot mesh.main.customers on email in ('a') using count(*)
gate select * from mesh.main.customers unpivot (v for k in (email))
gate unpivot mesh.main.customers on email
gate select * from web.people pivot (count(*) for email in (select email from mesh.main.customers))
gate select * from web.people at (version => 1)
gate select * from web.people at (timestamp => now())
gate select * exclude (x.y.z.a) from web.people
name select * from web.people_
name select people.email from hidden.people
gate select * from web.people for update
gate select default from web.people

# -- work that never ends or fills memory at one stroke
gate select repeat('x', 2000000000)
gate select lpad('x', 2000000000, 'y')
gate select rpad('x', 1000000 * 1000, 'y')
gate select rpad('x', id, 'y') from web.people
gate select range(1000000000)
gate select generate_series(1, 2000000000)
gate select range(id, 100000000) from web.people
gate select generate_series(1, (select 1000000000))
gate select generate_series(date '5881580-07-10', date '2026-01-01', interval 1 day)
gate select generate_series(timestamp '2020-01-01', timestamp '2026-01-01', interval '1 microsecond')
gate select * from range(100000000000)
gate select * from generate_series(1, 9223372036854775807)
gate select list_resize([1], 1000000000)
gate select array_resize([1], 1000000000)
gate select printf('%1000000000d', 1)
gate select format('{:>1000000000}', 1)
gate select bar(1, 0, 1, 1000000000)
gate select [1]::int[1000000000]
gate select equi_width_bins(0, 1, 1000000000, false)
gate select bitstring('1', 1000000000)
gate select * from repeat('x', 1000000000)
gate select * from repeat_row(1, num_rows := 1000000000)

# -- quoted text that only looks like an attack
run select 'select * from mesh.main.customers' as text
run select $$; drop table web.people$$ as text
run select E'\\'; select 1; --' as text
run select "email" from web.people -- from mesh.main.customers
run select /* mesh.main.customers */ id from web.people
run select 1 as "mesh.main.customers"

# -- personal columns stay hidden, however they are asked for
run select email from web.people
run select people from web.people
run select web.people.email from web.people
run select upper(email), length(email), md5(email), email || 'x' from web.people
run select list(email), string_agg(email, ','), min(email), max(email), any_value(email), histogram_x from (select email, 1 as histogram_x from web.people) t group by histogram_x
run select count(*) from web.people where email = 'CANARY_alice@example.org'
run select id from web.people where email like 'CANARY%'
run select * from web.people p join web.people q on p.email = q.email
run select columns('em.*') from web.people
run select * from web.people where email in (select email from web.people)
run select to_json(p) from web.people p
run select {'a': p} from web.people p
run select row_number() over (order by email), email from web.people
run select email::int from web.people
run select cast(email as date) from web.people
run select * from web.visits where note::int > 5
run select 1 / (length(note) - length(note)) from web.visits
run select strptime(note, '%Y') from web.visits
run select json_extract(note, '$.a') from web.visits
run select note::json from web.visits
run select regexp_extract(note, '(') from web.visits
run select nope from web.people
run select emai from web.people
run select * from web.people where payrol = 1
run pivot web.people on email in ('a') using count(*)
run select * from web.people unpivot (v for k in (email))
run select * from web.visits tablesample 100%
run select rowid from web.people
run select * from web.people order by email collate nocase

# -- plans that grow where no deadline reaches
gate with a as not materialized (select id from web.people) select * from a
gate with a as (select 1), b as not materialized (select * from a x, a y), c as not materialized (select * from b x, b y) select * from c
gate select 1 from web.people t0, web.people t1, web.people t2, web.people t3, web.people t4, web.people t5, web.people t6, web.people t7, web.people t8, web.people t9, web.people t10, web.people t11, web.people t12, web.people t13, web.people t14, web.people t15, web.people t16, web.people t17, web.people t18, web.people t19, web.people t20, web.people t21, web.people t22, web.people t23, web.people t24, web.people t25, web.people t26, web.people t27, web.people t28, web.people t29, web.people t30, web.people t31, web.people t32, web.people t33, web.people t34, web.people t35, web.people t36, web.people t37, web.people t38, web.people t39, web.people t40, web.people t41, web.people t42, web.people t43, web.people t44, web.people t45, web.people t46, web.people t47, web.people t48, web.people t49, web.people t50, web.people t51
gate select 1 from web.people t0 join web.people t1 using (id) join web.people t2 using (id) join web.people t3 using (id) join web.people t4 using (id) join web.people t5 using (id) join web.people t6 using (id) join web.people t7 using (id) join web.people t8 using (id) join web.people t9 using (id) join web.people t10 using (id) join web.people t11 using (id) join web.people t12 using (id) join web.people t13 using (id) join web.people t14 using (id) join web.people t15 using (id) join web.people t16 using (id) join web.people t17 using (id) join web.people t18 using (id) join web.people t19 using (id) join web.people t20 using (id) join web.people t21 using (id) join web.people t22 using (id) join web.people t23 using (id) join web.people t24 using (id) join web.people t25 using (id) join web.people t26 using (id) join web.people t27 using (id) join web.people t28 using (id) join web.people t29 using (id) join web.people t30 using (id) join web.people t31 using (id) join web.people t32 using (id) join web.people t33 using (id) join web.people t34 using (id) join web.people t35 using (id) join web.people t36 using (id) join web.people t37 using (id) join web.people t38 using (id) join web.people t39 using (id) join web.people t40 using (id) join web.people t41 using (id) join web.people t42 using (id) join web.people t43 using (id) join web.people t44 using (id) join web.people t45 using (id) join web.people t46 using (id) join web.people t47 using (id) join web.people t48 using (id) join web.people t49 using (id) join web.people t50 using (id) join web.people t51 using (id)
gate with a as NOT/* x */\n-- y\n Materialized (select 1) select * from a
