/* Contracts from and to other tools: each format is read as hand-worked cases say, every mistake is told with its place, and what a
 * writer makes is read back as the same table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exchange/exchange.h"

/* "orders 'Orders' / id BIGINT key1 required unique [a|b] <=20 ~pattern 1..9 ->t.c #class 'title' "description"" */
static void told(struct buf *b, const struct exchange_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct exchange_table *t = &set->tables[i];
        buf_printf(b, "%.*s%s%.*s\n", STR_FMT(t->name), t->description.n ? ": " : "", STR_FMT(t->description));
        for (size_t k = 0; k < t->n_columns; k++) {
            const struct mesh_inferred_column *c = &t->columns[k];
            buf_printf(b, "  %.*s %.*s", STR_FMT(c->name), STR_FMT(c->physical_type));
            if (c->key_position)
                buf_printf(b, " key%d", c->key_position);
            buf_addz(b, c->required ? " required" : "");
            buf_addz(b, c->unique ? " unique" : "");
            for (size_t v = 0; v < c->n_values; v++)
                buf_printf(b, "%s%.*s%s", v ? "|" : " [", STR_FMT(c->values[v]), v + 1 == c->n_values ? "]" : "");
            if (c->max_length)
                buf_printf(b, " <=%d", (int)c->max_length);
            if (c->pattern.n)
                buf_printf(b, " ~%.*s", STR_FMT(c->pattern));
            if (c->minimum.n || c->maximum.n)
                buf_printf(b, " %.*s..%.*s", STR_FMT(c->minimum), STR_FMT(c->maximum));
            if (c->references.n)
                buf_printf(b, " ->%.*s", STR_FMT(c->references));
            if (c->class_text.n)
                buf_printf(b, " #%.*s", STR_FMT(c->class_text));
            if (c->description.n)
                buf_printf(b, " \"%.*s\"", STR_FMT(c->description));
            buf_addc(b, '\n');
        }
    }
}

static const struct read_case {
    const char *file, *text, *wanted, *warning; /* a part of what is warned of; NULL: nothing is */
} cases[] = {
    {"dump.sql", /* pg_dump with rows, commands of psql and a function */
     "\\restrict x\nCREATE TABLE public.a (\n    x bigint NOT NULL\n);\nCOPY public.a (x) FROM stdin;\n1\tit's; CREATE TABLE no (x int);\n\\.\n"
     "CREATE FUNCTION f() RETURNS trigger AS $_$ begin; CREATE TABLE nope (x int); end; $_$ LANGUAGE plpgsql;\nCREATE TABLE public.b (y text);\n",
     "a\n  x BIGINT required\nb\n  y VARCHAR\n", "2 other statements"},
    {"mysql.sql", "CREATE TABLE `a` (`x` int NOT NULL COMMENT 'it\\'s');\nINSERT INTO `a` VALUES ('a\\'; CREATE TABLE no (x int);','\\\\');\nCREATE TABLE `b` (`y` int);\n",
     "a\n  x INTEGER required \"it's\"\nb\n  y INTEGER\n", "1 other statement"},
    {"snowflake.sql", "create or replace TABLE D.S.ORDERS cluster by (ID, (X)) (\n\tID NUMBER(38,0) NOT NULL\n);", "orders\n  id DECIMAL(38,0) required\n", NULL},
    {"order.schema.json",
     "{\"$schema\": \"x\", \"title\": \"Order\", \"$defs\": {\"base\": {\"properties\": {\"id\": {\"type\": \"string\"}, \"n\": {\"type\": \"string\"}}, \"required\": [\"id\"]},"
     " \"loop\": {\"allOf\": [{\"$ref\": \"#/$defs/loop\"}, {\"$ref\": \"#/$defs/base\"}]}},"
     " \"allOf\": [{\"properties\": {\"n\": {\"allOf\": [{\"type\": \"integer\"}]}}, \"required\": [\"n\"]}, {\"$ref\": \"#/$defs/loop\"}]}",
     "order\n  n BIGINT required\n  id VARCHAR required\n", NULL},
    {"shop.sql",
     "-- shop\nCREATE TABLE IF NOT EXISTS shop.customers (\n"
     "  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  email VARCHAR(255) NOT NULL UNIQUE,\n"
     "  status ENUM('new', 'it''s') DEFAULT 'new',\n  since TIMESTAMP WITH TIME ZONE DEFAULT now(), tags TEXT[], flag TINYINT(1),\n"
     "  balance NUMERIC(10,2), CHECK (status IN ('a')));\n"
     "create or replace table `proj.ds.orders` (order_id INT64 NOT NULL OPTIONS(description=\"The order\"), customer_id INT64,"
     " items ARRAY<STRUCT<sku STRING, n INT64>>, \"Net Total\" NUMBER(12,4) COMMENT 'net',\n"
     " FOREIGN KEY (customer_id) REFERENCES shop.customers (id), PRIMARY KEY (order_id) NOT ENFORCED) PARTITION BY DATE(x) OPTIONS(description='All');\n"
     "COMMENT ON COLUMN shop.customers.balance IS 'owed';\nALTER TABLE ONLY shop.customers ADD CONSTRAINT u UNIQUE (balance);\n",
     "customers\n  id BIGINT key1 required\n  email VARCHAR required unique <=255\n  status VARCHAR [a]\n  since TIMESTAMP WITH TIME ZONE\n  tags JSON\n  flag BOOLEAN\n"
     "  balance DECIMAL(10,2) unique \"owed\"\n"
     "orders: All\n  order_id BIGINT key1 required \"The order\"\n  customer_id BIGINT ->customers.id\n  items JSON\n  net_total DECIMAL(12,4) \"net\"\n",
     NULL},
    {"other.ddl", "CREATE TABLE [dbo].[Sales 2024] ([Id] uniqueidentifier NOT NULL, [When] datetime2(7), odd weird(3), KEY idx (Id));\nINSERT INTO x VALUES (1);\n"
                  "CREATE TABLE made AS SELECT 1;",
     "sales_2024\n  id UUID required\n  when TIMESTAMP\n  odd VARCHAR\n", "the type weird(3) is not known"},
    {"order.schema.json",
     "{\"$schema\":\"x\",\"title\":\"Order\",\"type\":\"object\",\"description\":\"One order\",\"required\":[\"id\",\"note\"],\"properties\":{"
     "\"id\":{\"type\":\"string\",\"format\":\"uuid\"},\"at\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"When\"},"
     "\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9},\"note\":{\"type\":[\"string\",\"null\"],\"maxLength\":5,\"pattern\":\"^a\"},"
     "\"money\":{\"$ref\":\"#/$defs/money\"},\"state\":{\"enum\":[\"paid\",\"open\"],\"type\":\"string\"},\"lines\":{\"type\":\"array\"},"
     "\"email\":{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"}],\"x-classification\":\"pii\"}},\"$defs\":{\"money\":{\"type\":\"number\"}}}",
     "order: One order\n  id UUID required\n  at TIMESTAMP WITH TIME ZONE \"When\"\n  n BIGINT 1..9\n  note VARCHAR <=5 ~^a\n  money DOUBLE\n  state VARCHAR [paid|open]\n  lines JSON\n"
     "  email VARCHAR #personal\n",
     NULL},
    {"several.schema.json", "{\"$defs\":{\"a\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"boolean\"}}},\"b\":{\"type\":\"array\",\"items\":{\"properties\":{\"y\":{\"$ref\":\"http://x\"}}}}}}",
     "a\n  x BOOLEAN\nb\n  y VARCHAR\n", "leads out of this file"},
    {"order.avsc",
     "{\"type\":\"record\",\"name\":\"Order\",\"doc\":\"One order\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"day\",\"type\":{\"type\":\"int\",\"logicalType\":\"date\"}},"
     "{\"name\":\"at\",\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}],\"doc\":\"When\"},"
     "{\"name\":\"total\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":12,\"scale\":2}},"
     "{\"name\":\"state\",\"type\":{\"type\":\"enum\",\"name\":\"s\",\"symbols\":[\"paid\",\"open\"]}},{\"name\":\"lines\",\"type\":{\"type\":\"array\",\"items\":\"string\"}},"
     "{\"name\":\"either\",\"type\":[\"int\",\"string\"]}]}",
     "order: One order\n  id BIGINT required\n  day DATE required\n  at TIMESTAMP WITH TIME ZONE \"When\"\n  total DECIMAL(12,2) required\n  state VARCHAR required [paid|open]\n"
     "  lines JSON required\n  either VARCHAR required\n",
     "a union of several types"},
    {"sources.yml",
     "version: 2\nsources:\n  - name: shop\n    tables:\n      - name: customers\n        columns:\n          - {name: id, data_type: \"number(38,0)\", tests: [unique, not_null]}\n"
     "      - name: orders\n        description: All orders\n        columns:\n          - name: state\n            data_tests:\n              - accepted_values: {values: [paid, open]}\n"
     "          - name: customer_id\n            data_type: int64\n            meta: {classification: confidential}\n            tests:\n              - relationships: {to: \"source('shop', 'customers')\", field: id}\n"
     "              - dbt_utils.something: {x: 1}\n",
     "customers\n  id DECIMAL(38,0) required unique\norders: All orders\n  state VARCHAR [paid|open]\n  customer_id BIGINT ->customers.id #confidential\n", "the test dbt_utils.something"},
    {"manifest.json",
     "{\"metadata\":{\"dbt_schema_version\":\"v12\"},\"nodes\":{\"model.p.orders\":{\"resource_type\":\"model\",\"name\":\"orders\",\"description\":\"All orders\",\"columns\":{"
     "\"ID\":{\"name\":\"ID\",\"data_type\":\"integer\",\"description\":\"The id\",\"constraints\":[{\"type\":\"primary_key\"}]},\"EMAIL\":{\"name\":\"EMAIL\",\"data_type\":\"varchar(9)\",\"tags\":[\"pii\"]},"
     "\"cust\":{\"name\":\"cust\",\"config\":{\"meta\":{\"classification\":\"internal\"}}}}},"
     "\"test.p.nn\":{\"resource_type\":\"test\",\"attached_node\":\"model.p.orders\",\"test_metadata\":{\"name\":\"not_null\",\"kwargs\":{\"column_name\":\"EMAIL\"}}},"
     "\"test.p.rel\":{\"resource_type\":\"test\",\"attached_node\":\"model.p.orders\",\"depends_on\":{\"nodes\":[\"source.p.crm.people\",\"model.p.orders\"]},"
     "\"test_metadata\":{\"name\":\"relationships\",\"kwargs\":{\"column_name\":\"cust\",\"field\":\"pid\"}}},"
     "\"test.p.val\":{\"resource_type\":\"test\",\"attached_node\":\"model.p.orders\",\"test_metadata\":{\"name\":\"accepted_values\",\"kwargs\":{\"column_name\":\"cust\",\"values\":[\"a\",7]}}},"
     "\"model.p.bare\":{\"resource_type\":\"model\",\"name\":\"bare\",\"columns\":{}}},"
     "\"sources\":{\"source.p.crm.people\":{\"resource_type\":\"source\",\"source_name\":\"crm\",\"name\":\"people\",\"columns\":{\"pid\":{\"name\":\"pid\"}}}}}",
     "orders: All orders\n  id INTEGER key1 \"The id\"\n  email VARCHAR required <=9 #personal\n  cust VARCHAR [a|7] ->people.pid #internal\npeople\n  pid VARCHAR\n", "1 models describe no columns"},
};

static void read_as_worked_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        struct errs es = {0};
        struct err e = {0};
        struct exchange_set set;
        enum exchange_format f;
        struct buf b = BUF_INIT((size_t)1 << 20), said = BUF_INIT((size_t)1 << 20);
        arena_init(&a);
        assert_true(exchange_format_guess(str_of(cases[i].file), str_of(cases[i].text), &f, &e));
        bool good = exchange_read(&a, f, str_of(cases[i].file), str_of(cases[i].text), &set, &es);
        for (size_t k = 0; k < es.n; k++)
            err_text(&es.v[k], es.warning[k], &said);
        if (!good)
            fail_msg("%s: %s", cases[i].file, buf_z(&said));
        told(&b, &set);
        assert_string_equal(buf_z(&b), cases[i].wanted);
        if (!cases[i].warning)
            assert_string_equal(buf_z(&said), "");
        else if (!strstr(buf_z(&said), cases[i].warning))
            fail_msg("%s: not warned of \"%s\" but: %s", cases[i].file, cases[i].warning, buf_z(&said));
        buf_fini(&b);
        buf_fini(&said);
        errs_fini(&es);
        arena_fini(&a);
    }
}

static const struct mistake {
    const char *file, *text;
    const char *said[3]; /* each must be among what is said */
} mistakes[] = {
    {"a.sql", "CREATE TABLE a (x int,, y int);\nCREATE TABLE b (y int;\nCREATE TABLE good (z int);",
     {"a.sql:1:23: error TR110: a column or constraint is expected here, not ,", "a.sql:2:22: error TR110: ) at the end of the table is expected here, not ;"}},
    {"a.sql", "CREATE TABLE a (x text DEFAULT 'never closed", {"a.sql:1:32: error TR110: the quote ' is not closed"}},
    {"a.sql", "SELECT 1;", {"a.sql: error TR102: no table is described here, read as sql"}},
    {"a.sql", "CREATE TABLE a (x int, X text);\nCREATE TABLE a (y int);", {"a.sql:1:24: error TR105: a has two columns that come to be named x", "a.sql:2:14: error TR105: the table a is described twice"}},
    {"a.schema.json", "{\"$schema\": 1, \"properties\": {\"x\": {\"$ref\": \"#/$defs/no\"}}}", {"error TR106: #/$defs/no is not in this file"}},
    {"a.schema.json", "{\"$schema\": 1, \"properties\": {\"x\": {\"$ref\": \"#/$defs/a\"}}, \"$defs\": {\"a\": {\"$ref\": \"#/$defs/a\"}}}", {"references go round in a circle"}},
    {"a.avsc", "{\"type\":\"record\",\"name\":\"a\",\"fields\":[{\"name\":\"x\"},{\"type\":\"int\"},{\"name\":\"d\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":99}}]}",
     {"the field x has no type", "a column of a has no name", "a decimal of precision 99"}},
    {"manifest.json", "{\"a\": 1}", {"this is no dbt manifest"}},
    {"manifest.json", "{\"a\": ", {"manifest.json:1:7: error TR101"}},
    {"x.yml", "sources:\n  - name: s\n    tables:\n      - {description: none}\n", {"x.yml:4:9: error TR104: a table without a name"}},
    {"x.yml", "sources: [", {"x.yml:"}},
};

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct arena a;
        struct errs es = {0};
        struct err e = {0};
        struct exchange_set set;
        enum exchange_format f;
        struct buf said = BUF_INIT((size_t)1 << 20);
        arena_init(&a);
        assert_true(exchange_format_guess(str_of(mistakes[i].file), str_of(mistakes[i].text), &f, &e));
        assert_false(exchange_read(&a, f, str_of(mistakes[i].file), str_of(mistakes[i].text), &set, &es));
        for (size_t k = 0; k < es.n; k++)
            err_text(&es.v[k], es.warning[k], &said);
        for (size_t k = 0; k < 3 && mistakes[i].said[k]; k++)
            if (!strstr(buf_z(&said), mistakes[i].said[k]))
                fail_msg("case %zu: \"%s\" is not in: %s", i, mistakes[i].said[k], buf_z(&said));
        buf_fini(&said);
        errs_fini(&es);
        arena_fini(&a);
    }
}

/* What each format can say of this table; the others lose nothing that they could have kept. */
static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static struct str states[] = {{"paid", 4}, {"open", 4}};
    static struct mesh_inferred_column customers[] = {
        {.name = {"id", 2}, .physical_type = {"BIGINT", 6}, .logical_type = {"integer", 7}, .required = true, .unique = true, .class_text = {"internal", 8}}};
    static struct mesh_inferred_column orders[] = {
        {.name = {"order_id", 8}, .physical_type = {"VARCHAR", 7}, .logical_type = {"string", 6}, .required = true, .class_text = {"internal", 8}, .description = {"It's \"the\" order", 16}},
        {.name = {"day", 3}, .physical_type = {"DATE", 4}, .logical_type = {"date", 4}, .class_text = {"internal", 8}},
        {.name = {"at", 2}, .physical_type = {"TIMESTAMP WITH TIME ZONE", 24}, .logical_type = {"timestamp", 9}, .class_text = {"internal", 8}},
        {.name = {"total", 5}, .physical_type = {"DECIMAL(18,2)", 13}, .logical_type = {"number", 6}, .class_text = {"internal", 8}},
        {.name = {"state", 5}, .physical_type = {"VARCHAR", 7}, .logical_type = {"string", 6}, .values = states, .n_values = 2, .class_text = {"public", 6}},
        {.name = {"customer_id", 11}, .physical_type = {"BIGINT", 6}, .logical_type = {"integer", 7}, .references = {"customers.id", 12}, .class_text = {"personal", 8}},
        {.name = {"paid", 4}, .physical_type = {"BOOLEAN", 7}, .logical_type = {"boolean", 7}, .class_text = {"internal", 8}},
    };
    struct exchange_table tables[] = {{.name = {"customers", 9}, .columns = customers, .n_columns = 1},
                                      {.name = {"orders", 6}, .description = {"All: \"orders\"", 13}, .columns = orders, .n_columns = 7}};
    struct exchange_set set = {tables, 2};
    static const struct { enum exchange_format f; const char *wanted; } formats[] = {
        {EXCHANGE_ODCS, "customers\n  id BIGINT required unique #internal\norders: All: \"orders\"\n  order_id VARCHAR required #internal \"It's \"the\" order\"\n  day DATE #internal\n"
                        "  at TIMESTAMP WITH TIME ZONE #internal\n  total DECIMAL(18,2) #internal\n  state VARCHAR [paid|open] #public\n  customer_id BIGINT ->customers.id #personal\n  paid BOOLEAN #internal\n"},
        {EXCHANGE_DBT_YAML, "customers\n  id BIGINT required unique #internal\norders: All: \"orders\"\n  order_id VARCHAR required #internal \"It's \"the\" order\"\n  day DATE #internal\n"
                            "  at TIMESTAMP WITH TIME ZONE #internal\n  total DECIMAL(18,2) #internal\n  state VARCHAR [paid|open] #public\n  customer_id BIGINT ->customers.id #personal\n  paid BOOLEAN #internal\n"},
        {EXCHANGE_JSON_SCHEMA, "customers\n  id BIGINT required #internal\norders: All: \"orders\"\n  order_id VARCHAR required #internal \"It's \"the\" order\"\n  day DATE #internal\n"
                               "  at TIMESTAMP WITH TIME ZONE #internal\n  total DECIMAL(18,2) #internal\n  state VARCHAR [paid|open] #public\n  customer_id BIGINT #personal\n  paid BOOLEAN #internal\n"},
        {EXCHANGE_AVRO, "customers\n  id BIGINT required #internal\norders: All: \"orders\"\n  order_id VARCHAR required #internal \"It's \"the\" order\"\n  day DATE #internal\n"
                        "  at TIMESTAMP WITH TIME ZONE #internal\n  total DECIMAL(18,2) #internal\n  state VARCHAR [paid|open] #public\n  customer_id BIGINT #personal\n  paid BOOLEAN #internal\n"},
        {EXCHANGE_SQL, "customers\n  id BIGINT required unique\norders: All: \"orders\"\n  order_id VARCHAR required \"It's \"the\" order\"\n  day DATE\n"
                       "  at TIMESTAMP WITH TIME ZONE\n  total DECIMAL(18,2)\n  state VARCHAR [paid|open]\n  customer_id BIGINT ->customers.id\n  paid BOOLEAN\n"},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct arena a;
        struct errs es = {0};
        struct exchange_set back;
        struct buf b = BUF_INIT((size_t)1 << 20), again = BUF_INIT((size_t)1 << 20);
        arena_init(&a);
        assert_true(exchange_write(&a, formats[i].f, &set, STR("web"), &b, &es));
        assert_int_equal(es.n, 0);
        bool good = exchange_read(&a, formats[i].f, STR("written"), buf_str(&b), &back, &es);
        if (!good || es.n)
            fail_msg("%s: %s in\n%s", exchange_format_name(formats[i].f), es.n ? es.v[0].text : "", buf_z(&b));
        told(&again, &back);
        assert_string_equal(buf_z(&again), formats[i].wanted);
        buf_fini(&b);
        buf_fini(&again);
        errs_fini(&es);
        arena_fini(&a);
    }
}

static void formats_by_name(void **state)
{
    (void)state;
    enum exchange_format f;
    struct err e = {0};
    assert_true(exchange_format_find(STR("json-schema"), &f, &e));
    assert_int_equal(f, EXCHANGE_JSON_SCHEMA);
    assert_false(exchange_format_find(STR("avrow"), &f, &e));
    assert_string_equal(e.hint, "did you mean avro?");
    assert_false(exchange_format_guess(STR("what.txt"), STR("hello"), &f, &e));
    assert_int_equal(e.code, E_USAGE);
    assert_false(exchange_format_written(EXCHANGE_DBT_MANIFEST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(read_as_worked_by_hand), cmocka_unit_test(mistakes_are_told_with_their_place),
                                       cmocka_unit_test(what_is_written_is_read_back), cmocka_unit_test(formats_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
