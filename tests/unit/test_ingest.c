/* Bringing in files, end to end: a mesh made by hand, files written by the test, the loader child being this very program. */
#include "ingest_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>
#include <zstd.h>

#define RAW "mesh.raw.\"d.s__t\""

/* ---- Typing and known content ---- */

static void test_loads_and_types(void **state)
{
    struct fixture *f = *state;
    fixture_file(f, "in/stats.csv",
                 "Date,Account ID,Clicks,Cost,Note,When\n"
                 "2026-01-01,a1,10,\"1,234.56\",\"x, \"\"y\"\"\",2021-09-15 4:00:00\n"
                 "2026-01-02,a1,,0.5,,2023-05-26T09:00:00.000 +0200\n");
    struct mesh_stream *st = fixture_stream(f, "t", "in/stats.csv");
    fixture_column(f, st, "date", "DATE", true);
    fixture_column(f, st, "clicks", "BIGINT", false);
    fixture_column(f, st, "cost", "DECIMAL(18,6)", false);
    fixture_column(f, st, "when", "TIMESTAMP", false);
    fixture_column(f, st, "absent", "DOUBLE", false);
    fixture_run(f);
    assert_int_equal(f->report.rows, 2);
    assert_int_equal(f->report.quarantined, 0);
    fixture_expect(f,
                   "SELECT sum(cost)::VARCHAR, sum(clicks)::VARCHAR, max(\"when\")::VARCHAR, count(absent)::VARCHAR, "
                   "string_agg(note, '|'), max(_line)::VARCHAR"
                   " FROM " RAW,
                   "1235.060000 10 2023-05-26 07:00:00 0 x, \"y\" 3");
    fixture_run(f); /* the same content: nothing happens */
    assert_int_equal(f->report.files, 0);
    fixture_expect(f, "SELECT count(*)::VARCHAR FROM " RAW, "2");
}

/* ---- Rows that cannot be loaded: counted, with a reason and a line ---- */

/* reasons: "line:reason:column" in order of lines. */
static const struct {
    const char *what, *text, *typed, *loaded, *reasons;
} broken[] = {
    {"too few, too many", "a,b\n1,2\n3\n4,5,6\n7,8\n", "", "2", "3:field_count:,4:field_count:"},
    {"a value that does not convert", "a,b\nx,1\ny,one\nz,3\n", "b", "2", "3:bad_value:b"},
    {"an open quote costs its line", "a,b\n1,2\n3,\"4\n5,6\n7,8\n", "", "3", "3:unterminated_quote:"},
    {"text behind a quote", "a,b\n\"1\"x,2\n3,4\n", "", "1", "2:bad_quote:"},
    {"an open quote that meets another", "a,b\n1,\"2\n3,\"4\"\n5,6\n", "", "2", "2:bad_quote:"},
    {"line breaks in quotes", "a,b\n1,\"x\ny\nz\"\n2,3\nw\n", "", "2", "6:field_count:"},
    {"bytes that are no UTF-8", "a,b\n\xc3\xa4,\xc3\xb6\nx,\xff\n\xc3\xbc,4\n", "", "2", "3:bad_encoding:"},
    {"empty lines are no rows", "a,b\n\n1,2\n\r\n\n3,4\n\n", "", "2", ""},
    {"CRLF and no end", "a,b\r\n1,2\r\n3,\"4\"\r\n5,6", "b", "3", ""},
    {"a quote inside of a value", "a,b\n5\" screen,2\nx\"y\"z,4\n", "b", "2", ""},
    {"missing keys", "a,b,k\n1,2,x\n3,4,\n5,6,y\n", "", "2", "3:missing_key:k"},
    {"out of range", "a,b\n1,9223372036854775808\n2,-9223372036854775808\n", "b", "1", "2:bad_value:b"},
    {"a fraction is no integer", "a,b\n1,2.5\n2,3.0\n3,\"1,000\"\n4,\"1,00\"\n", "b", "2", "2:bad_value:b,5:bad_value:b"},
    {"only a header", "a,b\n", "", "0", ""},
    {"quote at the very end", "a,b\n1,2\n3,\"", "", "1", "3:unterminated_quote:"},
    {"doubled quotes", "a,b\n\"\"\"x\"\"\",\"\"\n\"\",\"\"\"\"\n", "", "2", ""},
};

static void test_broken_rows(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char name[16], path[32], sql[512];
        snprintf(name, sizeof name, "b%zu", i);
        snprintf(path, sizeof path, "in/b%zu.csv", i);
        fixture_file(f, path, broken[i].text);
        struct mesh_stream *st = fixture_stream(f, arena_strz(&f->a, str_of(name)), arena_strz(&f->a, str_of(path)));
        if (broken[i].typed[0])
            fixture_column(f, st, "b", "BIGINT", false);
        if (strstr(broken[i].text, ",k\n"))
            fixture_column(f, st, "k", "VARCHAR", true);
        fixture_run(f);
        snprintf(sql, sizeof sql, "SELECT (SELECT count(*) FROM mesh.raw.\"d.s__b%zu\")::VARCHAR", i);
        if (strcmp(fixture_ask(f, sql).p, broken[i].loaded) != 0)
            fail_msg("%s: %s rows loaded, not %s", broken[i].what, fixture_ask(f, sql).p, broken[i].loaded);
        snprintf(sql, sizeof sql,
                 "SELECT coalesce(string_agg(line || ':' || reason || ':' || coalesce(column_name, ''), ',' ORDER BY line), '')"
                 " FROM mesh.quarantine.rejected WHERE stream = 'd.s__b%zu'",
                 i);
        if (strcmp(fixture_ask(f, sql).p, broken[i].reasons) != 0)
            fail_msg("%s: quarantine has %s, not %s", broken[i].what, fixture_ask(f, sql).p, broken[i].reasons);
    }
}

/* A generated file with damage of every kind, larger than a window: each line that holds data is loaded or rejected. */
static void test_nothing_is_lost(void **state)
{
    struct fixture *f = *state;
    struct buf b = BUF_INIT(64u << 20);
    int64_t lines = 0;
    uint64_t s = 42;
    buf_addz(&b, "n,text,amount\n");
    for (int i = 0; i < 30000; i++, lines++) {
        s = s * 6364136223846793005ull + 1442695040888963407ull;
        switch (s >> 60) {
        case 0:
            buf_printf(&b, "%d,short\n", i);
            break;
        case 1:
            buf_printf(&b, "%d,\"never closed,1.5\n", i);
            break;
        case 2:
            buf_printf(&b, "%d,\xff\xfe,2\n", i);
            break;
        case 3:
            buf_printf(&b, "%d,x,not a number\n", i);
            break;
        case 4:
            buf_printf(&b, "%d,\"closed\"badly,3\n", i);
            break;
        default:
            buf_printf(&b, "%d,value %d of a longer line,%d.25\n", i, i, i);
        }
    }
    /* A line beyond the limit in the middle of things. */
    buf_addz(&b, "1,");
    for (int i = 0; i < (5 << 20) / 16; i++)
        buf_addz(&b, "0123456789abcdef");
    buf_addz(&b, ",2\n3,after,4\n");
    lines += 2;
    fixture_bytes(f, "in/t.csv", buf_str(&b));
    buf_fini(&b);
    struct mesh_stream *st = fixture_stream(f, "t", "in/t.csv");
    fixture_column(f, st, "amount", "DECIMAL(18,6)", false);
    fixture_run(f);
    assert_int_equal(f->es.n_errors, 0);
    assert_int_equal(f->report.rows + f->report.quarantined, lines);
    fixture_expect(f,
                   "SELECT count(DISTINCT line)::VARCHAR || ' ' || count(*) FILTER (reason = 'oversized_line') FROM (SELECT "
                   "_line AS line, NULL AS reason FROM " RAW " UNION ALL SELECT line, reason FROM mesh.quarantine.rejected)",
                   "30002 1");
    fixture_expect(f, "SELECT count(*)::VARCHAR FROM " RAW " WHERE text LIKE 'value%' AND amount <> n::INTEGER + 0.25", "0");
}

/* ---- What a file is, found out ---- */

static const struct {
    const char *what;
    struct str bytes;
} looks_alike[] = {
    {"semicolons", {"day;amount;note\n2026-01-01;1,5;x,y\n2026-01-02;2,5;z\n", 53}},
    {"tabs", {"day\tamount\tnote\n2026-01-01\t1.5\tx,y\n2026-01-02\t2.5\tz\n", 53}},
    {"pipes", {"day|amount|note\n2026-01-01|1.5|x,y\n2026-01-02|2.5|z\n", 53}},
    {"old Mac line ends", {"day,amount,note\r2026-01-01,1.5,\"x,y\"\r2026-01-02,2.5,z\r", 55}},
    {"byte order mark",
     {"\xef\xbb\xbf"
      "day,amount,note\n2026-01-01,1.5,\"x,y\"\n2026-01-02,2.5,z\n",
      58}},
    {"single quotes", {"day,amount,note\n'2026-01-01','1.5','x,y'\n'2026-01-02','2.5','z'\n", 66}},
    {"titles above", {"Campaign report\nAll time\n\nday,amount,note\n2026-01-01,1.5,\"x,y\"\n2026-01-02,2.5,z\n", 81}},
    {"JSON array",
     {"[{\"day\":\"2026-01-01\",\"amount\":1.5,\"note\":\"x,y\"},\n {\"day\":\"2026-01-02\",\"amount\":2.5,\"note\":\"z\"}]",
      99}},
    {"NDJSON",
     {"{\"day\":\"2026-01-01\",\"amount\":1.5,\"note\":\"x,y\"}\n{\"note\":\"z\",\"day\":\"2026-01-02\",\"amount\":\"2.5\"}\n",
      98}},
    {"pretty JSON",
     {"{\n \"day\":\"2026-01-01\",\n "
      "\"amount\":1.5,\"note\":\"x,y\"\n}\n{\"day\":\"2026-01-02\",\"amount\":2.5,\"note\":\"z\"}\n",
      100}},
};

static void check_table(struct fixture *f, const char *what, const char *name)
{
    char sql[512];
    if (f->es.n)
        fail_msg("%s: %s", what, f->es.v[0].text);
    snprintf(
        sql, sizeof sql,
        "SELECT sum(amount)::VARCHAR || ' ' || min(day) || ' ' || string_agg(note, '|' ORDER BY day) FROM mesh.raw.\"d.s__%s\"",
        name);
    if (strcmp(fixture_ask(f, sql).p, "4.000000 2026-01-01 x,y|z") != 0)
        fail_msg("%s: %s", what, fixture_ask(f, sql).p);
}

static struct mesh_stream *table_stream(struct fixture *f, const char *name, const char *path)
{
    struct mesh_stream *st = fixture_stream(f, arena_strz(&f->a, str_of(name)), arena_strz(&f->a, str_of(path)));
    fixture_column(f, st, "day", "DATE", true);
    fixture_column(f, st, "amount", "DECIMAL(18,6)", false);
    return st;
}

static void test_dialects(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof looks_alike / sizeof looks_alike[0]; i++) {
        char name[16], path[32];
        snprintf(name, sizeof name, "l%zu", i);
        snprintf(path, sizeof path, "in/l%zu.dat", i);
        fixture_bytes(f, path, (struct str){looks_alike[i].bytes.p, strlen(looks_alike[i].bytes.p)});
        struct mesh_stream *st = table_stream(f, name, path);
        if (i == 0)
            st->decimal_separator = STR(",");
        fixture_run(f);
        check_table(f, looks_alike[i].what, name);
    }
    fixture_file(f, "in/headless.csv", "2026-01-01,1.5,\"x,y\"\n2026-01-02,2.5,z\n");
    struct mesh_stream *st = table_stream(f, "headless", "in/headless.csv");
    fixture_column(f, st, "note", "VARCHAR", false);
    fixture_run(f);
    check_table(f, "no header, the contract's names", "headless");
    fixture_file(f, "in/backslash.csv", "day,amount,note\n2026-01-01,1.5,\"x,y\"\n2026-01-02,2.5,\"a \\\"b\\\" c\"\n");
    table_stream(f, "backslash", "in/backslash.csv");
    fixture_run(f);
    fixture_expect(f, "SELECT max(note) FROM mesh.raw.\"d.s__backslash\"", "x,y");
    fixture_expect(f, "SELECT min(note) FROM mesh.raw.\"d.s__backslash\"", "a \"b\" c");
}

static void test_encodings(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "day,amount,note\n2026-01-01,1.5,\xe4\xf6\xfc\n2026-01-02,2.5,\xdf\n";
    char wide[2][256];
    size_t n = 2;
    memcpy(wide[0], "\xff\xfe", 2);
    memcpy(wide[1], "\xfe\xff", 2);
    for (size_t i = 0; i < sizeof text - 1; i++, n += 2) {
        wide[0][n] = wide[1][n + 1] = text[i];
        wide[0][n + 1] = wide[1][n] = 0;
    }
    fixture_bytes(f, "in/e0.csv", (struct str){wide[0], n});
    fixture_bytes(f, "in/e1.csv", (struct str){wide[1], n});
    fixture_bytes(f, "in/e2.csv", (struct str){wide[0] + 2, n - 2}); /* no byte order mark */
    fixture_bytes(f, "in/e3.csv", STR(text));
    for (int i = 0; i < 4; i++) {
        char name[16], path[32], sql[256];
        snprintf(name, sizeof name, "e%d", i);
        snprintf(path, sizeof path, "in/e%d.csv", i);
        table_stream(f, name, path);
        fixture_run(f);
        snprintf(sql, sizeof sql, "SELECT string_agg(note, '|' ORDER BY day) || ' ' || sum(amount) FROM mesh.raw.\"d.s__e%d\"",
                 i);
        fixture_expect(f, sql, "\xc3\xa4\xc3\xb6\xc3\xbc|\xc3\x9f 4.000000");
    }
    fixture_bytes(f, "in/euro.csv",
                  STR("a,b\n\x80"
                      "5,\x93q\x94\n"));
    fixture_stream(f, "euro", "in/euro.csv");
    fixture_run(f);
    fixture_expect(f, "SELECT a || b FROM mesh.raw.\"d.s__euro\"",
                   "\xe2\x82\xac"
                   "5\xe2\x80\x9cq\xe2\x80\x9d");
    /* A lone surrogate in UTF-16 is no text. */
    fixture_bytes(f, "in/lone.csv",
                  (struct str){"\xff\xfe"
                               "a\0,\0b\0\n\0x\0,\0\0\xd8\n\0y\0,\0z\0\n\0",
                               26});
    fixture_stream(f, "lone", "in/lone.csv");
    fixture_run(f);
    fixture_expect(f, "SELECT reason || line FROM mesh.quarantine.rejected WHERE stream = 'd.s__lone'", "bad_encoding2");
}

/* ---- Compression ---- */

static struct str gzipped(struct fixture *f, struct str s)
{
    z_stream z = {0};
    size_t cap = s.n + 1024;
    char *p = arena_alloc(&f->a, cap);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)s.p;
    z.avail_in = (uInt)s.n;
    z.next_out = (Bytef *)p;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = cap - z.avail_out;
    deflateEnd(&z);
    return (struct str){p, n};
}

static void test_compression(void **state)
{
    struct fixture *f = *state;
    struct str plain = STR("day,amount,note\n2026-01-01,1.5,\"x,y\"\n2026-01-02,2.5,z\n"), gz = gzipped(f, plain);
    struct str first = gzipped(f, STR("day,amount,note\n2026-01-01,1.5,\"x,y\"\n")),
               second = gzipped(f, STR("2026-01-02,2.5,z\n"));
    char *joined = /* gzip members may follow each other */
        arena_alloc(&f->a, first.n + second.n);
    memcpy(joined, first.p, first.n);
    memcpy(joined + first.n, second.p, second.n);
    char *zst = arena_alloc(&f->a, 1024);
    size_t n = ZSTD_compress(zst, 1024, plain.p, plain.n, 3);
    fixture_bytes(f, "in/g.csv.gz", gz);
    fixture_bytes(f, "in/m.csv.gz", (struct str){joined, first.n + second.n});
    fixture_bytes(f, "in/z.csv.zst", (struct str){zst, n});
    table_stream(f, "g", "in/g.csv.gz");
    fixture_run(f);
    check_table(f, "gzip", "g");
    table_stream(f, "m", "in/m.csv.gz");
    fixture_run(f);
    check_table(f, "two gzip members", "m");
    table_stream(f, "z", "in/z.csv.zst");
    fixture_run(f);
    check_table(f, "zstd", "z");
    /* Half a file is no file. */
    fixture_bytes(f, "in/half.csv.gz", (struct str){gz.p, gz.n - 12});
    fixture_bytes(f, "in/half.csv.zst", (struct str){zst, n - 5});
    table_stream(f, "hg", "in/half.csv.gz");
    table_stream(f, "hz", "in/half.csv.zst");
    fixture_run(f);
    assert_int_equal(f->es.n_errors, 2);
    assert_int_equal(f->es.v[0].code, E_SOURCE_FILE);
    assert_non_null(strstr(f->es.v[0].text, "ends early"));
    assert_string_equal(f->es.v[0].file, "in/half.csv.gz");
    fixture_expect(
        f, "SELECT count(*)::VARCHAR FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name IN ('d.s__hg', 'd.s__hz')",
        "0");
    fixture_expect(f, "SELECT count(*)::VARCHAR FROM mesh.sys.ingest_problem", "2");
}

static void test_unreadable(void **state)
{
    static const struct {
        const char *path;
        struct str bytes;
        const char *says;
    } files[] = {
        {"in/empty.csv", {"", 0}, "empty"},
        {"in/sheet.csv", {"PK\x03\x04xxxxxxxx", 12}, "workbook is damaged"},
        {"in/broken.parquet", {"PAR1 nothing of the kind PAR1", 29}, "damaged"},
        {"in/no.json", {"[1, 2, 3]", 9}, "no JSON object"},
        {"in/cut.json", {"[{\"a\":1},\n{\"a\":2}", 17}, "not closed"},
        {"in/bz.csv", {"BZh91AY&SY", 10}, "bzip2"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[16];
        snprintf(name, sizeof name, "u%zu", i);
        fixture_bytes(f, files[i].path, files[i].bytes);
        fixture_stream(f, arena_strz(&f->a, str_of(name)), files[i].path);
    }
    fixture_run(f);
    assert_int_equal(f->es.n_errors, sizeof files / sizeof files[0]);
    for (size_t i = 0; i < f->es.n; i++) {
        assert_int_equal(f->es.v[i].code, E_SOURCE_FILE);
        assert_string_equal(f->es.v[i].file, files[i].path);
        if (!strstr(f->es.v[i].text, files[i].says))
            fail_msg("%s: %s", files[i].path, f->es.v[i].text);
    }
    struct mesh_stream *st = fixture_stream(f, "gone", "in/not-there-*.csv");
    st->pos = (struct mesh_pos){STR("domains/d/sources/s.yaml"), 7, 5};
    fixture_run(f);
    bool told = false;
    for (size_t i = 0; i < f->es.n; i++)
        told = told || (f->es.v[i].line == 7 && strstr(f->es.v[i].text, "nothing matches"));
    assert_true(told);
}

/* ---- JSON and Parquet ---- */

static void test_json(void **state)
{
    struct fixture *f = *state;
    fixture_file(f, "in/t.ndjson",
                 "{\"id\":\"1\",\"amount\":0.30000000000000004,\"tags\":[\"a\",{\"b\":1}],\"on\":true}\n"
                 "not json\n\n{\"id\":2,\"amount\":12345678901234567890}\n[1]\n{\"id\":\"3\",\"Late "
                 "Key\":\"x\\u00e4\",\"amount\":null}\n");
    struct mesh_stream *st = fixture_stream(f, "t", "in/t.ndjson");
    fixture_column(f, st, "amount", "DECIMAL(18,6)", false);
    fixture_column(f, st, "on", "BOOLEAN", false);
    fixture_run(f);
    assert_int_equal(f->report.rows, 2);
    fixture_expect(f,
                   "SELECT string_agg(id || coalesce(amount::VARCHAR, '-') || coalesce(tags, '-') || coalesce(\"on\"::VARCHAR, "
                   "'-') || coalesce(late_key, '-'), ' ' ORDER BY _line)"
                   " FROM " RAW,
                   "10.300000[\"a\",{\"b\":1}]true- 3---x\xc3\xa4");
    fixture_expect(f, "SELECT string_agg(line || reason, ',' ORDER BY line) FROM mesh.quarantine.rejected",
                   "2bad_json,4bad_value,5bad_json");
}

static void test_parquet(void **state)
{
    struct fixture *f = *state;
    struct engine *g;
    struct engine_conn *c;
    struct engine_options o = {.threads = 1};
    char sql[512];
    must(f, fs_mkdirs(arena_strz(&f->a, fs_join(&f->a, str_of(f->dir), STR("in"))), 0755, &f->e));
    must(f, engine_open(&o, &g, &f->e));
    must(f, engine_connect(g, &c, &f->e));
    snprintf(sql, sizeof sql,
             "COPY (SELECT DATE '2026-01-01' + i::INTEGER AS \"Day\", i::DECIMAL(10,2) / 4 AS amount, 'n' || i AS note, [i, i+1] "
             "AS list, i %% 2 = 0 AS even"
             " FROM range(10000) t(i)) TO '%s/in/t.parquet' (FORMAT parquet)",
             f->dir);
    must(f, engine_exec(c, str_of(sql), &f->e));
    engine_disconnect(c);
    engine_close(g);
    struct mesh_stream *st = fixture_stream(f, "t", "in/t.parquet");
    fixture_column(f, st, "day", "DATE", true);
    fixture_column(f, st, "amount", "DECIMAL(18,6)", false);
    fixture_column(f, st, "even", "BOOLEAN", false);
    fixture_column(f, st, "note", "VARCHAR", false);
    fixture_run(f);
    if (f->es.n)
        fail_msg("%s", f->es.v[0].text);
    fixture_expect(f,
                   "SELECT count(*) || ' ' || sum(amount) || ' ' || max(day) || ' ' || min(list) || ' ' || count(*) FILTER "
                   "(even) || ' ' || max(_line) FROM " RAW,
                   "10000 12498750.000000 2053-05-18 [0,1] 5000 10000");
}

/* ---- Restatement ---- */

static struct mesh_stream *daily(struct fixture *f, const char *name, const char *path)
{
    struct mesh_stream *st = fixture_stream(f, name, path);
    st->load = LOAD_REPLACE_DAYS;
    st->day_column = STR("day");
    st->account_column = STR("account");
    fixture_column(f, st, "day", "DATE", true);
    fixture_column(f, st, "spend", "DECIMAL(18,6)", false);
    return st;
}

static struct str as_of(struct fixture *f, const struct mesh_stream *st, const char *moment)
{
    struct buf b = BUF_INIT(1 << 20);
    int64_t us = 0;
    buf_addz(&b, "SELECT coalesce(sum(spend), 0)::VARCHAR || ' ' || count(*) FROM (");
    if (moment)
        assert_true(cell_timestamp(str_of(moment), &us));
    must(f, ingest_stream_view_sql(f->conn, st, us, &b, &f->e));
    buf_addc(&b, ')');
    struct str out = fixture_ask(f, buf_z(&b));
    buf_fini(&b);
    return out;
}

static void at(const char *moment)
{
    int64_t us;
    assert_true(cell_timestamp(str_of(moment), &us));
    clock_set_us(us);
}

/* Of column v. */
static struct str total_of(struct fixture *f, const struct mesh_stream *st, const char *moment)
{
    struct buf b = BUF_INIT(1 << 20);
    int64_t us = 0;
    buf_addz(&b, "SELECT coalesce(sum(CAST(v AS DECIMAL(18,2))), 0)::VARCHAR || ' ' || count(*) FROM (");
    if (moment)
        assert_true(cell_timestamp(str_of(moment), &us));
    must(f, ingest_stream_view_sql(f->conn, st, us, &b, &f->e));
    buf_addc(&b, ')');
    struct str out = fixture_ask(f, buf_z(&b));
    buf_fini(&b);
    return out;
}

static void test_restatement(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = daily(f, "t", "in/*.csv");
    assert_string_equal(as_of(f, st, NULL).p, "0.000000 0"); /* nothing known yet, and that is an answer */
    fixture_file(f, "in/w1.csv", "day,account,spend\n2026-01-01,a,1\n2026-01-01,a,2\n2026-01-02,a,4\n2026-01-02,b,8\n");
    at("2026-01-03 06:00:00");
    fixture_run(f);
    assert_string_equal(as_of(f, st, NULL).p, "15.000000 4");
    /* A later export gives other figures for one account's day, and a new day. */
    fixture_file(f, "in/w2.csv", "day,account,spend\n2026-01-02,a,5\n2026-01-03,a,16\n");
    at("2026-01-04 06:00:00");
    fixture_run(f);
    assert_int_equal(f->report.replaced, 1);
    assert_string_equal(as_of(f, st, NULL).p, "32.000000 5");
    assert_string_equal(as_of(f, st, "2026-01-04 00:00:00").p, "15.000000 4");
    assert_string_equal(as_of(f, st, "2026-01-03 00:00:00").p, "0.000000 0");
    assert_string_equal(as_of(f, st, "2026-01-05 00:00:00").p, "32.000000 5");
    /* The first export again, under its own path, with a partition that shrank. */
    fixture_file(f, "in/w1.csv", "day,account,spend\n2026-01-01,a,3\n");
    at("2026-01-05 06:00:00");
    fixture_run(f);
    assert_int_equal(f->report.replaced, 2);
    assert_int_equal(f->es.n_errors, 0);
    assert_string_equal(as_of(f, st, NULL).p, "32.000000 4");
    fixture_file(f, "in/w1.csv", "day,account,spend\n2026-01-01,a,1\n2026-01-01,a,1\n2026-01-01,a,1\n2026-01-02,b,1\n");
    fixture_run(f);
    fixture_file(f, "in/w1.csv", "day,account,spend\n2026-01-01,a,3\n2026-01-02,b,7\n");
    fixture_run(f);
    assert_int_equal(f->es.n, 1); /* three rows became one: a warning that names the day */
    assert_true(f->es.warning[0]);
    assert_non_null(strstr(f->es.v[0].text, "2026-01-01"));
    /* Every row that ever was, is or was known at some time: nothing disappears. */
    fixture_expect(f,
                   "SELECT (SELECT count(*) FROM mesh.hist.\"d.s__t\") + (SELECT count(*) FROM " RAW
                   ") = sum(rows_loaded) FROM mesh.sys.file_load",
                   "true");
    assert_string_equal(as_of(f, st, "2026-01-04 00:00:00").p, "15.000000 4");
    /* Content that was replaced and comes back is a restatement like any other. */
    fixture_file(f, "in/w2.csv", "day,account,spend\n2026-01-02,a,6\n2026-01-03,a,16\n");
    fixture_run(f);
    fixture_file(f, "in/w2.csv", "day,account,spend\n2026-01-02,a,5\n2026-01-03,a,16\n");
    fixture_run(f);
    assert_int_equal(f->report.files, 1);
    fixture_expect(f, "SELECT spend::VARCHAR FROM " RAW " WHERE day = '2026-01-02' AND account = 'a'", "5.000000");
}

/* Files are renamed, copied and moved about: no figure may change by it, now or later. */
static void test_files_move(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = daily(f, "t", "in/d*.csv");
    struct mesh_stream *snap = fixture_stream(f, "snap", "in/s*.csv");
    const char *const old = "day,account,spend\n2026-01-01,a,1\n", *const now = "day,account,spend\n2026-01-01,a,2\n";
    (void)snap;
    fixture_file(f, "in/d.csv", old);
    fixture_run(f);
    /* A copy is set beside it; then the file is restated: the copy does not undo that, in this run or a later one. */
    fixture_file(f, "in/d (copy).csv", old);
    fixture_file(f, "in/s.csv", "id,spend\n1,10\n");
    fixture_run(f);
    assert_int_equal(f->report.files, 1);
    fixture_file(f, "in/d.csv", now);
    for (int i = 0; i < 3; i++) {
        fixture_run(f);
        assert_int_equal(f->report.files, i == 0);
        assert_string_equal(as_of(f, st, NULL).p, "2.000000 1");
    }
    /* A renamed snapshot that changes replaces what it gave under its old name. */
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/in/s.csv", f->dir);
    snprintf(to, sizeof to, "%s/in/s2.csv", f->dir);
    assert_int_equal(rename(from, to), 0);
    fixture_run(f);
    assert_int_equal(f->report.files, 0);
    fixture_file(f, "in/s2.csv", "id,spend\n1,11\n");
    fixture_run(f);
    fixture_expect(f, "SELECT string_agg(id || spend, ',' ORDER BY id) FROM mesh.raw.\"d.s__snap\"", "111");
    /* Rotated: the old part goes on under another name, the new one takes its place. */
    assert_int_equal(rename(to, from), 0);
    fixture_file(f, "in/s2.csv", "id,spend\n2,20\n");
    fixture_run(f);
    fixture_expect(f, "SELECT string_agg(id || spend, ',' ORDER BY id) FROM mesh.raw.\"d.s__snap\"", "111,220");
    fixture_run(f);
    assert_int_equal(f->report.files, 0);
}

static void test_overlap_adds(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = daily(f, "t", "in/*.csv");
    st->overlap_adds = true;
    fixture_file(f, "in/a.csv", "day,account,spend\n2026-01-01,a,1\n2026-01-02,a,2\n");
    fixture_file(f, "in/b.csv", "day,account,spend\n2026-01-01,a,10\n2026-01-02,a,20\n");
    fixture_run(f);
    assert_string_equal(as_of(f, st, NULL).p, "33.000000 4"); /* two parts of the same days */
    fixture_file(f, "in/a.csv", "day,account,spend\n2026-01-01,a,3\n2026-01-02,a,2\n");
    fixture_run(f);
    assert_string_equal(as_of(f, st, NULL).p, "35.000000 4"); /* one part anew: the other stays */
    fixture_file(f, "in/c.csv", "day,account,spend\n2026-01-01,a,100\n");
    fixture_file(f, "in/d.csv", "day,account,spend\n2026-01-01,a,200\n");
    fixture_run(f);
    assert_string_equal(as_of(f, st, NULL).p, "322.000000 4"); /* a later load of the day replaces it whole */
}

static void test_missing_currency(void **state)
{
    struct fixture *f = *state;
    daily(f, "t", "in/*.csv");
    f->source.pack = STR("meta_ads");
    fixture_file(f, "in/a.csv", "day,account,spend\n2026-01-01,a,1\n");
    fixture_run(f);
    assert_int_equal(f->es.n, 1);
    assert_true(f->es.warning[0]);
    assert_non_null(strstr(f->es.v[0].text, "currency"));
    fixture_file(f, "in/a.csv", "day,account,spend\n2026-01-01,a,2\n");
    f->source.currency = STR("EUR");
    fixture_run(f);
    assert_int_equal(f->es.n, 0);
    f->source.currency = STR("");
    fixture_stream(f, "accounts", "in/accounts.tsv")->load = LOAD_SNAPSHOT;
    fixture_file(f, "in/accounts.tsv", "id\taccount_currency\na\tUSD\n");
    fixture_run(f);
    assert_int_equal(f->es.n, 0);
}

/* Names that this module uses itself may stand in a header. */
static void test_awkward_names(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = daily(f, "t", "in/*.csv");
    fixture_file(f, "in/a.csv",
                 "day,account,spend,_day,_n,r,p,_line,_file_id,n,Select,a\"b,,\xc3\xa4\xc3\xb6,n\n2026-01-01,a,1,1,2,3,4,5,6,7,8,"
                 "9,10,11,12\n");
    fixture_run(f);
    fixture_file(f, "in/b.csv",
                 "day,account,spend,_day,_n,r,p,_line,_file_id,n,Select,a\"b,,\xc3\xa4\xc3\xb6,n\n2026-01-01,a,2,1,2,3,4,5,6,7,8,"
                 "9,10,11,13\n");
    fixture_run(f);
    assert_int_equal(f->es.n, 0);
    assert_string_equal(as_of(f, st, NULL).p, "2.000000 1");
    fixture_expect(f,
                   "SELECT _day || _n || r || p || _line_2 || _file_id_2 || n || \"select\" || a_b || column_13 || __ || n_2 "
                   "FROM mesh.hist.\"d.s__t\"",
                   "123456789101112");
}

static void test_snapshot_and_append(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *snap = fixture_stream(f, "snap", "in/s*.csv"), *app = fixture_stream(f, "app", "in/l*.csv");
    app->load = LOAD_APPEND;
    fixture_file(f, "in/s.csv", "id,spend\n1,10\n2,20\n");
    fixture_file(f, "in/l1.csv", "id,spend\n1,10\n");
    fixture_run(f);
    fixture_file(f, "in/s.csv", "id,spend\n2,21\n");
    fixture_file(f, "in/l2.csv", "id,spend\n2,20\n");
    fixture_run(f);
    fixture_expect(f, "SELECT string_agg(id || spend, ',' ORDER BY id) FROM mesh.raw.\"d.s__snap\"", "221");
    fixture_expect(f, "SELECT string_agg(id || spend, ',' ORDER BY id) FROM mesh.hist.\"d.s__snap\"", "110,220");
    fixture_expect(f, "SELECT string_agg(id || spend, ',' ORDER BY id) FROM mesh.raw.\"d.s__app\"", "110,220");
    fixture_expect(f, "SELECT count(*)::VARCHAR FROM mesh.hist.\"d.s__app\"", "0");
    (void)snap;
}

/* Days in a column that the contract does not type, unpadded hours and all. */
static void test_days_as_text(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = fixture_stream(f, "t", "in/*.csv");
    st->load = LOAD_REPLACE_DAYS;
    st->day_column = STR("hour");
    fixture_file(f, "in/a.csv", "HOUR,SPEND\n2021-09-15 4:00:00,1\n2021-09-15 5:00:00,2\n2021-09-16 0:00:00,4\n");
    fixture_run(f);
    fixture_file(f, "in/b.csv", "HOUR,SPEND\n2021-09-15 6:00:00,8\n");
    fixture_run(f);
    fixture_expect(f, "SELECT sum(spend::INTEGER)::VARCHAR || ' ' || count(*) FROM " RAW, "12 2");
    fixture_expect(f, "SELECT min(day_from)::VARCHAR || max(day_to)::VARCHAR FROM mesh.sys.file_load", "2021-09-152021-09-16");
}

/* ---- Drift ---- */

static void test_drift(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = fixture_stream(f, "t", "in/*.csv");
    st->load = LOAD_APPEND;
    fixture_file(f, "in/1.csv", "id,spend\n1,10\n");
    fixture_run(f);
    fixture_file(f, "in/2.csv", "id,spend,extra\n2,ten,x\n");
    f->source.drift = DRIFT_FAIL;
    fixture_run(f);
    assert_int_equal(f->es.n_errors, 1);
    assert_int_equal(f->es.v[0].code, E_DRIFT);
    fixture_expect(f, "SELECT count(*)::VARCHAR FROM " RAW, "1");
    f->source.drift = DRIFT_QUARANTINE;
    fixture_run(f);
    assert_int_equal(f->es.n_errors, 0);
    assert_int_equal(f->report.quarantined, 1);
    fixture_expect(f, "SELECT reason || raw_text FROM mesh.quarantine.rejected", "drift2,ten,x");
    fixture_run(f); /* once is enough */
    assert_int_equal(f->report.files, 0);
    f->source.drift = DRIFT_EVOLVE; /* and what was set aside comes in */
    fixture_run(f);
    assert_int_equal(f->report.rows, 1);
    assert_int_equal(f->es.n_errors, 0);
    fixture_expect(f, "SELECT string_agg(id || spend || coalesce(extra, '-'), ' ' ORDER BY id) FROM " RAW, "110- 2tenx");
    fixture_file(f, "in/3.csv", "id,extra\n3,y\n");
    fixture_run(f);
    struct ingest_stream_state s;
    must(f, ingest_stream_state(f->conn, st, &f->a, &s, &f->e));
    assert_int_equal(s.rows, 3);
    assert_int_equal(s.n_drift, 3);
    assert_string_equal(s.state.p, "loaded");
    fixture_expect(f,
                   "SELECT string_agg(column_name || ' ' || change, ', ' ORDER BY path, column_name) FROM mesh.sys.ingest_drift",
                   "extra new column, spend type changed from integer to text, spend column missing");
    /* A contract that types a column later, and one that cannot. */
    fixture_column(f, st, "id", "BIGINT", false);
    fixture_run(f);
    assert_int_equal(f->es.n, 0);
    fixture_expect(f, "SELECT sum(id)::VARCHAR FROM " RAW, "6");
    fixture_column(f, st, "spend", "DOUBLE", false);
    fixture_run(f);
    assert_int_equal(f->es.n_errors, 1);
    assert_int_equal(f->es.v[0].code, E_DRIFT);
    assert_null(strstr(f->es.v[0].text, "ten"));
}

static void test_required_column(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = fixture_stream(f, "t", "in/t.csv");
    fixture_column(f, st, "id", "VARCHAR", true);
    fixture_file(f, "in/t.csv", "name\nx\n");
    fixture_run(f);
    assert_int_equal(f->es.n_errors, 1);
    assert_int_equal(f->es.v[0].code, E_DRIFT);
    assert_non_null(strstr(f->es.v[0].text, "id (column missing)"));
}

/* Rows that were rejected come in when the stream's options or types are mended; nothing is doubled. */
static void test_read_again(void **state)
{
    struct fixture *f = *state;
    static const enum mesh_load loads[] = {LOAD_SNAPSHOT, LOAD_APPEND, LOAD_REPLACE_DAYS};
    for (int i = 0; i < 3; i++) {
        char name[16], path[32], sql[256];
        snprintf(name, sizeof name, "r%d", i);
        snprintf(path, sizeof path, "in/r%d.csv", i);
        fixture_file(f, path, "day,amount,note\n2026-01-01,1.5,x\n2026-01-02,2\n2026-01-03,three,y\n");
        struct mesh_stream *st = fixture_stream(f, arena_strz(&f->a, str_of(name)), arena_strz(&f->a, str_of(path)));
        st->load = loads[i];
        st->day_column = STR("day");
        struct mesh_column *amount = fixture_column(f, st, "amount", "DOUBLE", false);
        snprintf(sql, sizeof sql,
                 "SELECT count(*) || ' ' || (SELECT coalesce(sum(rows_quarantined), 0) FROM mesh.sys.file_load WHERE stream = "
                 "'d.s__r%d'"
                 " AND superseded_at IS NULL) FROM mesh.raw.\"d.s__r%d\"",
                 i, i);
        fixture_run(f);
        fixture_expect(f, sql, "1 2");
        fixture_run(f);
        assert_int_equal(f->report.files, 0);
        st->short_rows_fill = true;
        fixture_run(f);
        assert_int_equal(f->report.files, 1);
        fixture_expect(f, sql, "2 1");
        amount->physical_type = STR("VARCHAR");
        fixture_run(f);
        fixture_expect(f, sql, "3 0");
        fixture_run(f);
        assert_int_equal(f->report.files, 0);
    }
}

/* A contract or options that change after newer files came: the older ones are read again without undoing what came since, and
 * what was known at an earlier moment stays what it was. Steps apply in order: a file is written, the declaration changed. */
struct step {
    const char *at, *file, *text; /* file NULL: none */
    const char *type, *decimal;   /* of v; NULL: as it is */
    const char *now, *files;      /* sum and rows; files that the run loads */
};
static const struct {
    const char *what;
    enum mesh_load load;
    bool adds;
    struct step steps[8];
    const char *past; /* as of the noon after the second step, asked at the end */
} reread_cases[] = {
    {"a day that a later file holds stays, also when it is read again twice",
     LOAD_REPLACE_DAYS,
     false,
     {{"2026-01-03 06:00:00", "w1.csv", "day,v\n2026-01-01,1\n2026-01-02,2\n2026-01-03,2.5\n", "BIGINT", "", "3.00 2", "1"},
      {"2026-01-04 06:00:00", "w2.csv", "day,v\n2026-01-02,200\n", NULL, NULL, "201.00 2", "1"},
      {"2026-01-05 06:00:00", NULL, NULL, "DECIMAL(18,2)", NULL, "203.50 3", "2"},
      {"2026-01-06 06:00:00", NULL, NULL, "DECIMAL(18,4)", NULL, "203.50 3", "2"},
      {"2026-01-07 06:00:00", NULL, NULL, "DOUBLE", NULL, "203.50 3", "2"},
      {"2026-01-07 07:00:00", NULL, NULL, NULL, NULL, "203.50 3", "0"},
      {"2026-01-08 06:00:00", "w1.csv", "day,v\n2026-01-02,7\n", NULL, NULL, "10.50 3", "1"}},
     "201.00 2"},
    {"the newer file comes first in the order of names",
     LOAD_REPLACE_DAYS,
     false,
     {{"2026-01-03 06:00:00", "w2.csv", "day,v\n2026-01-01,1\n2026-01-02,2\n2026-01-03,2.5\n", "BIGINT", "", "3.00 2", "1"},
      {"2026-01-04 06:00:00", "w1.csv", "day,v\n2026-01-02,200\n", NULL, NULL, "201.00 2", "1"},
      {"2026-01-05 06:00:00", "w0.csv", "day,v\n2026-01-03,9\n", "DECIMAL(18,2)", NULL, "210.00 3", "3"},
      {"2026-01-06 06:00:00", NULL, NULL, "DECIMAL(18,3)", NULL, "210.00 3", "3"}},
     "201.00 2"},
    {"parts of one whole, then a load that replaces them on one day",
     LOAD_REPLACE_DAYS,
     true,
     {{"2026-01-03 06:00:00", "a1.csv", "day,v\n2026-01-01,1\n2026-01-02,2\n2026-01-02,2.5\n", "BIGINT", "", "3.00 2", "1"},
      {"2026-01-04 06:00:00", "a1.csv", "day,v\n2026-01-01,1\n2026-01-02,2\n2026-01-02,3.5\n", NULL, NULL, "3.00 2", "1"},
      {"2026-01-05 06:00:00", "b1.csv", "day,v\n2026-01-01,10\n", NULL, NULL, "12.00 2", "1"},
      {"2026-01-06 06:00:00", NULL, NULL, "DECIMAL(18,2)", NULL, "15.50 3", "2"},
      {"2026-01-07 06:00:00", "b1.csv", "day,v\n2026-01-01,11\n", NULL, NULL, "16.50 3", "1"},
      {"2026-01-08 06:00:00", NULL, NULL, "DECIMAL(18,3)", NULL, "16.50 3", "2"}},
     "3.00 2"},
    {"snapshot",
     LOAD_SNAPSHOT,
     false,
     {{"2026-01-03 06:00:00", "w1.csv", "day,v\n2026-01-01,1\n2026-01-02,2.5\n", "BIGINT", "", "1.00 1", "1"},
      {"2026-01-04 06:00:00", "w2.csv", "day,v\n2026-01-01,4\n", NULL, NULL, "5.00 2", "1"},
      {"2026-01-05 06:00:00", NULL, NULL, "DECIMAL(18,2)", NULL, "7.50 3", "2"},
      {"2026-01-06 06:00:00", NULL, NULL, "DECIMAL(18,3)", NULL, "7.50 3", "2"}},
     "5.00 2"},
    {"append",
     LOAD_APPEND,
     false,
     {{"2026-01-03 06:00:00", "w1.csv", "day,v\n2026-01-01,1\n2026-01-02,2.5\n", "BIGINT", "", "1.00 1", "1"},
      {"2026-01-04 06:00:00", "w2.csv", "day,v\n2026-01-01,4\n", NULL, NULL, "5.00 2", "1"},
      {"2026-01-05 06:00:00", NULL, NULL, "DECIMAL(18,2)", NULL, "7.50 3", "2"},
      {"2026-01-06 06:00:00", NULL, NULL, "DECIMAL(18,3)", NULL, "7.50 3", "2"}},
     "5.00 2"},
    {"options without any rejected row",
     LOAD_REPLACE_DAYS,
     false,
     {{"2026-01-03 06:00:00", "w1.csv", "day;v\n2026-02-01;1.000\n", "DECIMAL(18,2)", "", "1.00 1", "1"},
      {"2026-01-04 06:00:00", "w1 (copy).csv", "day;v\n2026-02-01;1.000\n", NULL, NULL, "1.00 1", "0"},
      {"2026-01-05 06:00:00", NULL, NULL, NULL, ",", "1000.00 1", "1"},
      {"2026-01-05 07:00:00", NULL, NULL, NULL, NULL, "1000.00 1", "0"},
      {"2026-01-06 06:00:00", NULL, NULL, NULL, "", "1.00 1", "1"}},
     "1.00 1"},
    {"text that becomes a number is read by the stream's options",
     LOAD_SNAPSHOT,
     false,
     {{"2026-01-03 06:00:00", "w1.csv", "day;v\n2026-02-01;1.000\n", "VARCHAR", ",", "1.00 1", "1"},
      {"2026-01-04 06:00:00", NULL, NULL, "DECIMAL(18,2)", NULL, "1000.00 1", "1"}},
     "1000.00 1"},
};

static void test_reread_keeps_what_is_newer(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof reread_cases / sizeof reread_cases[0]; i++) {
        char name[16], glob[32];
        snprintf(name, sizeof name, "k%zu", i);
        snprintf(glob, sizeof glob, "k%zu/*.csv", i);
        struct mesh_stream *st = fixture_stream(f, arena_strz(&f->a, str_of(name)), arena_strz(&f->a, str_of(glob)));
        struct mesh_column *v = fixture_column(f, st, "v", "BIGINT", false);
        st->load = reread_cases[i].load;
        st->overlap_adds = reread_cases[i].adds;
        st->day_column = STR("day");
        struct str only[] = {st->ref};
        for (size_t k = 0; k < 8 && reread_cases[i].steps[k].at; k++) {
            const struct step *s = &reread_cases[i].steps[k];
            char path[64];
            at(s->at);
            snprintf(path, sizeof path, "k%zu/%s", i, s->file ? s->file : "");
            if (s->file)
                fixture_file(f, path, s->text);
            if (s->type)
                v->physical_type = str_of(s->type);
            if (s->decimal)
                st->decimal_separator = str_of(s->decimal);
            fixture_run_streams(f, only, 1);
            if (f->es.n_errors)
                fail_msg("%s, step %zu: %s", reread_cases[i].what, k, f->es.v[0].text);
            if (strcmp(total_of(f, st, NULL).p, s->now) != 0 || (size_t)atoi(s->files) != f->report.files)
                fail_msg("%s, step %zu: %s with %zu files, not %s with %s", reread_cases[i].what, k, total_of(f, st, NULL).p,
                         f->report.files, s->now, s->files);
        }
        if (strcmp(total_of(f, st, "2026-01-04 12:00:00").p, reread_cases[i].past) != 0)
            fail_msg("%s: as of then %s, not %s", reread_cases[i].what, total_of(f, st, "2026-01-04 12:00:00").p,
                     reread_cases[i].past);
        char kept[256];
        snprintf(kept, sizeof kept,
                 "SELECT (SELECT count(*) FROM mesh.hist.\"d.s__%s\") + (SELECT count(*) FROM mesh.raw.\"d.s__%s\") = "
                 "sum(rows_loaded) FROM mesh.sys.file_load WHERE stream = 'd.s__%s'",
                 name, name, name);
        fixture_expect(f, kept, "true");
    }
}

/* Read under other options a row may belong to another day: the day that it had does not keep it. And a delimiter that is put
 * right is no drift, whatever the policy. */
static void test_reread_moves_days(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = daily(f, "t", "in/*.csv");
    f->source.drift = DRIFT_FAIL;
    st->date_format = STR("%m/%d/%Y");
    fixture_file(f, "in/a.csv", "day,account,spend;x\n02/01/2026,a,1\n");
    st->contract->n_columns = 1; /* the day alone */
    fixture_run(f);
    assert_int_equal(f->report.rows, 1);
    st->date_format = STR("%d/%m/%Y");
    fixture_run(f);
    assert_int_equal(f->report.rows, 1);
    fixture_expect(f, "SELECT count(*) || ' ' || min(day) FROM " RAW, "1 2026-01-02");
    st->delimiter = STR(";");
    st->day_column = STR("day_account_spend");
    st->account_column = STR("");
    st->short_rows_fill = true;
    st->contract->n_columns = 0;
    fixture_run(f);
    assert_int_equal(f->es.n_errors, 0);
    fixture_expect(f, "SELECT count(*) || ' ' || min(day_account_spend) FROM " RAW, "1 02/01/2026,a,1");
}

/* A disk without room, by a limit on the size of any file: the file and the folder are named. */
static void test_full_disk(void **state)
{
    struct fixture *f = *state;
    struct buf b = BUF_INIT(64u << 20);
    struct rlimit was, small;
    buf_addz(&b, "n,text\n");
    uint64_t s = 42;
    for (int i = 0; i < 200000; i++) {
        s = s * 6364136223846793005ull + 1442695040888963407ull;
        buf_printf(&b, "%d,%016llx%016llx\n", i, (unsigned long long)s, (unsigned long long)(s * s));
    }
    fixture_bytes(f, "in/t.csv", buf_str(&b));
    buf_fini(&b);
    fixture_stream(f, "t", "in/t.csv");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, SIG_IGN);
    small = was;
    small.rlim_cur = 2u << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct ingest_options o = {.program = "/proc/self/exe"};
    struct err e = {0};
    bool ok = ingest_run(f->state, &f->mesh, &o, &f->a, &f->report, &f->es, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, SIG_DFL);
    const struct err *told = f->es.n_errors ? &f->es.v[0] : &e;
    assert_true(!ok || f->es.n_errors == 1);
    assert_string_equal(told->file, "in/t.csv");
    assert_non_null(strstr(told->hint, f->dir));
    /* With room again the file comes in. */
    fixture_close(f);
    fixture_open(f);
    fixture_run(f);
    assert_int_equal(f->report.rows, 200000);
}

static void test_no_quoting(void **state)
{
    struct fixture *f = *state;
    fixture_file(f, "in/t.csv", "a,b\n\"1,2\n3\"4,\"\n");
    fixture_stream(f, "t", "in/t.csv")->quote = STR("");
    fixture_run(f);
    fixture_expect(f, "SELECT string_agg(a || b, ' ' ORDER BY _line) FROM " RAW, "\"12 3\"4\"");
    fixture_file(f, "in/u.csv", "a,b\n1,2\n");
    fixture_stream(f, "u", "in/u.csv")->delimiter = STR("::");
    fixture_run(f);
    assert_int_equal(f->es.n_errors, 1);
    assert_non_null(strstr(f->es.v[0].text, "more than one character"));
}

/* ---- What people see ---- */

static void test_personal_values_stay_out_of_messages(void **state)
{
    struct fixture *f = *state;
    struct mesh_stream *st = fixture_stream(f, "t", "in/t.csv");
    fixture_column(f, st, "phone", "BIGINT", false)->class_ = CLASS_PERSONAL;
    fixture_column(f, st, "clicks", "BIGINT", false);
    fixture_file(f, "in/t.csv", "phone,clicks\nsecret-one,1\n2,many\n");
    fixture_run(f);
    fixture_expect(f,
                   "SELECT count(*) FILTER (message LIKE '%secret%')::VARCHAR || count(*) FILTER (message LIKE "
                   "'%many%')::VARCHAR FROM mesh.quarantine.rejected",
                   "01");
    for (size_t i = 0; i < f->es.n; i++)
        assert_null(strstr(f->es.v[i].text, "secret"));
    struct ingest_stream_state s;
    must(f, ingest_stream_state(f->conn, st, &f->a, &s, &f->e));
    assert_string_equal(s.state.p, "quarantine");
    assert_int_equal(s.rows_quarantined, 2);
    assert_int_equal(s.n_reasons, 1);
    assert_string_equal(s.reasons[0].reason.p, "bad_value");
    assert_int_equal(s.reasons[0].first_line, 2);
    assert_string_equal(s.reasons[0].first_file.p, "in/t.csv");
}

static void test_names_of_landed_tables(void **state)
{
    struct fixture *f = *state;
    static const char *const tables[] = {"stats", "ad_stats"};
    for (int i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "in/{,*_}%s{,_data}.{csv,tsv,json,ndjson,jsonl,parquet}{,.gz,.zst}", tables[i]);
        fixture_stream(f, tables[i], arena_strz(&f->a, str_of(path)))->table = str_of(tables[i]);
    }
    fixture_file(f, "in/Google_Ads_Stats_DATA.csv", "a\n1\n");
    fixture_file(f, "in/google_ads_ad_stats.csv", "a\n2\n");
    fixture_file(f, "in/x_data.csv", "a\n3\n");
    fixture_run(f);
    fixture_expect(f, "SELECT string_agg(stream || '=' || path, ' ' ORDER BY stream) FROM mesh.sys.file_load",
                   "d.s__ad_stats=in/google_ads_ad_stats.csv d.s__stats=in/Google_Ads_Stats_DATA.csv");
}

static void test_natural_order(void **state)
{
    (void)state;
    static const char *const sorted[] = {
        "a1.csv", "a2.csv", "a10.csv", "a010b.csv", "A11.csv", "b.csv", "week-2026-01-02.csv", "week-2026-01-10.csv"};
    for (size_t i = 0; i + 1 < sizeof sorted / sizeof sorted[0]; i++) {
        if (natural_order(str_of(sorted[i]), str_of(sorted[i + 1])) >= 0)
            fail_msg("%s should come before %s", sorted[i], sorted[i + 1]);
        assert_true(natural_order(str_of(sorted[i + 1]), str_of(sorted[i])) > 0);
    }
}

static void test_infer(void **state)
{
    struct fixture *f = *state;
    fixture_file(
        f, "in/budget.csv",
        "Month Start,Campaign ID,Budget (EUR),Active,Clicks,Note,When\n2026-01-01,007,1500.50,true,3,x,2026-01-01T10:00:00Z\n");
    struct ingest_inferred in;
    must(f, ingest_infer("/proc/self/exe", arena_strz(&f->a, fs_join(&f->a, str_of(f->dir), STR("in/budget.csv"))), &f->a, &in,
                         &f->e));
    static const char *const expected[][2] = {
        {"month_start", "DATE"}, {"campaign_id", "VARCHAR"}, {"budget__eur_", "DECIMAL(18,6)"},
        {"active", "BOOLEAN"},   {"clicks", "BIGINT"},       {"note", "VARCHAR"},
        {"when", "TIMESTAMP"}};
    assert_string_equal(in.format.p, "csv");
    assert_string_equal(in.day_column.p, "month_start");
    assert_int_equal(in.rows_sampled, 1);
    /* What comes late counts, too. */
    struct buf b = BUF_INIT(64u << 20);
    struct ingest_inferred late;
    buf_addz(&b, "n,m\n");
    for (int i = 0; i < 50000; i++)
        buf_printf(&b, "%d,%d\n", i, i);
    buf_addz(&b, "1.5,none\n");
    fixture_bytes(f, "in/late.csv", buf_str(&b));
    buf_fini(&b);
    must(f, ingest_infer("/proc/self/exe", arena_strz(&f->a, fs_join(&f->a, str_of(f->dir), STR("in/late.csv"))), &f->a, &late,
                         &f->e));
    assert_int_equal(late.rows_sampled, 50001);
    assert_string_equal(late.columns[0].physical_type.p, "DECIMAL(18,6)");
    assert_string_equal(late.columns[1].physical_type.p, "VARCHAR");
    assert_int_equal(in.n_columns, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(arena_strz(&f->a, in.columns[i].name), expected[i][0]);
        assert_string_equal(in.columns[i].physical_type.p, expected[i][1]);
    }
}

/* Decimal commas are found where nothing else makes sense of the numbers, and then "1.000" is a thousand. */
static void test_infer_decimal_comma(void **state)
{
    static const struct {
        const char *text, *separator, *types;
    } files[] = {
        {"a;b;c\n1.234,56;1.000;x\n0,5;12;y\n", ",", "DECIMAL(18,6) BIGINT VARCHAR"},
        {"a;b;c\n1234.56;1.000;x\n0.5;12;y\n", "", "DECIMAL(18,6) DECIMAL(18,6) VARCHAR"},
        {"a;b;c\n12,50;0.5;x\n", "", "VARCHAR DECIMAL(18,6) VARCHAR"}, /* contradictory: nothing is guessed */
        {"a,b,c\n\"12,50\",1,x\n", "", "VARCHAR BIGINT VARCHAR"},
        {NULL, ",", "DECIMAL(18,6) BIGINT VARCHAR"}, /* larger than what is read at once */
    };
    struct fixture *f = *state;
    struct buf large = BUF_INIT(4u << 20);
    buf_addz(&large, "a;b;c\n");
    for (int i = 0; i < 100000; i++)
        buf_printf(&large, "%d,50;1.000;x\n", i);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct ingest_inferred in;
        fixture_file(f, "in/x.csv", files[i].text ? files[i].text : buf_z(&large));
        must(f, ingest_infer("/proc/self/exe", arena_strz(&f->a, fs_join(&f->a, str_of(f->dir), STR("in/x.csv"))), &f->a, &in,
                             &f->e));
        struct str types = arena_printf(&f->a, "%.*s %.*s %.*s", STR_FMT(in.columns[0].physical_type),
                                        STR_FMT(in.columns[1].physical_type), STR_FMT(in.columns[2].physical_type));
        assert_string_equal(arena_strz(&f->a, types), files[i].types);
        assert_string_equal(arena_strz(&f->a, in.decimal_separator), files[i].separator);
    }
    buf_fini(&large);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    log_set(LOG_ERROR, false);
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_loads_and_types),
        TEST(test_broken_rows),
        TEST(test_nothing_is_lost),
        TEST(test_dialects),
        TEST(test_encodings),
        TEST(test_compression),
        TEST(test_unreadable),
        TEST(test_json),
        TEST(test_parquet),
        TEST(test_restatement),
        TEST(test_files_move),
        TEST(test_overlap_adds),
        TEST(test_awkward_names),
        TEST(test_missing_currency),
        TEST(test_snapshot_and_append),
        TEST(test_days_as_text),
        TEST(test_drift),
        TEST(test_required_column),
        TEST(test_read_again),
        TEST(test_reread_keeps_what_is_newer),
        TEST(test_reread_moves_days),
        TEST(test_full_disk),
        TEST(test_no_quoting),
        TEST(test_personal_values_stay_out_of_messages),
        TEST(test_names_of_landed_tables),
        cmocka_unit_test(test_natural_order),
        TEST(test_infer),
        TEST(test_infer_decimal_comma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
