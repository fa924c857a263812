/* Loading a generated CSV of ad-day rows through the loader child, against DuckDB's own read_csv into a file table of the
 * same types, in one run on the same file. Bad rows are in it: here they go to quarantine, there they are ignored.
 *
 *   bench_load [MEGABYTES [ROUNDS]]     default 1000 and 1; the program itself is its loader child */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "ingest/ingest_int.h"

static const struct {
    const char *name, *type;
} columns[] = {
    {"date", "DATE"},
    {"account_id", "VARCHAR"},
    {"account_name", "VARCHAR"},
    {"campaign_id", "VARCHAR"},
    {"campaign_name", "VARCHAR"},
    {"ad_group_id", "VARCHAR"},
    {"ad_group_name", "VARCHAR"},
    {"ad_id", "VARCHAR"},
    {"ad_name", "VARCHAR"},
    {"device", "VARCHAR"},
    {"currency", "VARCHAR"},
    {"impressions", "BIGINT"},
    {"clicks", "BIGINT"},
    {"spend", "DECIMAL(18,6)"},
    {"conversions", "DOUBLE"},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static struct err e;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_load: %s: %s %s\n", what, e.text, e.hint);
    exit(1);
}

static uint64_t dice(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Ad-day rows, day by day; about one in 20,000 is broken. */
static int64_t generate(const char *path, int64_t bytes, int64_t *bad)
{
    FILE *f = fopen(path, "we");
    must(f != NULL, "writing the file");
    uint64_t s = 88172645463325252ull;
    int64_t rows = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        fprintf(f, "%s%s", i ? "," : "", columns[i].name);
    fputc('\n', f);
    *bad = 0;
    for (int32_t day = 19723; ftell(f) < bytes; day = day + 1 < 19723 + 1500 ? day + 1 : 19723) {
        struct clock_text date = clock_date(day);
        for (unsigned i = 0; i < 4000; i++, rows++) {
            uint64_t r = dice(&s);
            unsigned c = (unsigned)(r % 400), g = c * 10 + (unsigned)(r >> 16) % 10, a = g * 10 + (unsigned)(r >> 24) % 10;
            unsigned imp = (unsigned)(r >> 32) % 20000, clk = imp * ((unsigned)(r >> 48) % 50) / 1000;
            if (r % 20011 == 0) {
                fprintf(f, r & 1 ? "%s,1000,short row\n" : "%s,1000,x,1,y,2,z,3,w,MOBILE,EUR,many,1,0.5,0\n", date.z);
                (*bad)++;
                continue;
            }
            fprintf(f, "%s,%u,Account %u,%u,\"Campaign %u, summer\",%u,Group %u,%llu,Ad number %u,%s,EUR,%u,%u,%u.%02u,%u\n",
                    date.z, 1000 + c % 7, c % 7, 700000000 + c, c, 800000000 + g, g, 9000000000ull + a, a,
                    i % 3 == 0   ? "MOBILE"
                    : i % 3 == 1 ? "DESKTOP"
                                 : "TABLET",
                    imp, clk, clk * 7 / 5, (unsigned)(r >> 40) % 100, clk / 9);
        }
    }
    must(fclose(f) == 0, "writing the file");
    return rows;
}

static double since(int64_t from_us)
{
    return (double)(clock_mono_us() - from_us) / 1e6;
}

/* Processor seconds of this process and its ended children: says more than the clock on a machine that others use. */
static double processor(void)
{
    double sum = 0;
    struct rusage u;
    for (int i = 0; i < 2; i++) {
        getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &u);
        sum += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    }
    return sum;
}

/* Only the child and the way to this process: blocks are taken and thrown away. */
static double hand_over(const char *path, const struct mesh_stream *st)
{
    struct buf job = BUF_INIT(1 << 20);
    struct loader *l;
    struct arena a;
    struct loader_shape shape;
    struct engine_pipe_block *b;
    struct engine_pipe_type types[COLUMNS + 1];
    arena_init(&a);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int64_t t = clock_mono_us();
    job_write(st, STR("load.csv"), 0, &job);
    const struct loader_options o = {.program = "/proc/self/exe", .spool_dir = "/tmp", .shown = STR("load.csv")};
    must(loader_start(&o, fd, buf_str(&job), &l, &e) && loader_schema(l, &a, &shape, &e), "starting the child");
    size_t n = shape.n_cols;
    for (size_t i = 0; i < n; i++)
        types[i] = contract_type(st, shape.cols[i].name);
    types[n] = (struct engine_pipe_type){.type = ENGINE_INT, .bytes = 8};
    must(loader_go(l, 'L', types, n + 1, &e), "asking the child");
    struct engine_pipe_source source = loader_source(l);
    do {
        must(source.next(source.ctx, &b, &e), "taking rows");
        if (b)
            source.release(source.ctx, b);
    } while (b);
    double took = since(t);
    loader_close(l);
    close(fd);
    buf_fini(&job);
    arena_fini(&a);
    return took;
}

/* Only the reading: the child's code in this process, rows go nowhere. */
static double read_only(const char *path, const struct mesh_stream *st)
{
    struct buf job = BUF_INIT(1 << 20);
    struct reading r = {.fd = open(path, O_RDONLY | O_CLOEXEC), .rows = {.fd = -1}};
    const struct reader *reader = NULL;
    arena_init(&r.arena);
    int64_t t = clock_mono_us();
    job_write(st, STR("load.csv"), 0, &job);
    must(job_parse(&r.arena, buf_str(&job), &r.job, &e) && reading_open(&r, &reader, &e) && rows_init(&r.rows, &r.arena, &e) &&
             reader->run(&r, &e),
         "reading");
    double took = since(t);
    reading_close(&r, reader);
    close(r.fd);
    arena_fini(&r.arena);
    buf_fini(&job);
    return took;
}

static double ours(const char *dir, struct mesh *m, int64_t rows, int64_t bad, double *summed)
{
    struct arena a;
    struct state *s;
    struct errs es = {0};
    struct ingest_report r;
    struct ingest_file *files;
    size_t n;
    const struct state_options so = {.threads = 2};
    const struct ingest_options o = {.program = "/proc/self/exe"};
    arena_init(&a);
    must(state_open(dir, &so, &s, &e), "opening the state");
    int64_t t = clock_mono_us();
    must(ingest_discover(s, m, &a, &files, &n, &es, &e) && n == 1, "finding the file");
    *summed = since(t);
    t = clock_mono_us();
    must(ingest_run(s, m, &o, &a, &r, &es, &e), "loading");
    double took = since(t);
    if (r.rows + r.quarantined != rows || r.quarantined != bad) {
        fprintf(stderr, "bench_load: %lld rows and %lld in quarantine, expected %lld and %lld\n", (long long)r.rows,
                (long long)r.quarantined, (long long)(rows - bad), (long long)bad);
        exit(1);
    }
    state_close(s);
    errs_fini(&es);
    arena_fini(&a);
    return took;
}

static double theirs(const char *dir, const char *path, bool in_order, int64_t rows)
{
    char file[512];
    struct engine *g;
    struct engine_conn *c;
    struct buf sql = BUF_INIT(1 << 16);
    int64_t count;
    snprintf(file, sizeof file, "%s/own.duckdb", dir);
    unlink(file);
    const struct engine_options o = {.data_path = file, .threads = 2};
    must(engine_open(&o, &g, &e) && engine_connect(g, &c, &e), "opening an engine");
    buf_addz(&sql, "CREATE TABLE mesh.t (");
    for (size_t i = 0; i < COLUMNS; i++)
        buf_printf(&sql, "%s\"%s\" %s", i ? ", " : "", columns[i].name, columns[i].type);
    buf_addz(&sql, ")");
    must(sql_run_buf(c, &sql, &e), "making a table");
    must(engine_exec(c, in_order ? STR("SET preserve_insertion_order = true") : STR("SET preserve_insertion_order = false"), &e),
         "setting");
    buf_reset(&sql);
    buf_printf(&sql, "INSERT INTO mesh.t SELECT * FROM read_csv('%s', header = true, ignore_errors = true, columns = {", path);
    for (size_t i = 0; i < COLUMNS; i++)
        buf_printf(&sql, "%s'%s': '%s'", i ? ", " : "", columns[i].name, columns[i].type);
    buf_addz(&sql, "})");
    int64_t t = clock_mono_us();
    must(sql_run_buf(c, &sql, &e), "read_csv");
    double took = since(t);
    must(engine_value_i64(c, STR("SELECT count(*) FROM mesh.t"), NULL, 0, &count, &e) && count == rows, "counting");
    engine_disconnect(c);
    engine_close(g);
    buf_fini(&sql);
    return took;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "loader-child") == 0)
        return loader_child_main();
    int64_t mb = argc > 1 ? strtol(argv[1], NULL, 10) : 1000, rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 1, bad;
    const char *tmp = getenv("TMPDIR");
    char dir[256], path[300], sub[300];
    snprintf(dir, sizeof dir, "%s/trellis-bench-load-XXXXXX", tmp ? tmp : "/tmp");
    must(mkdtemp(dir) != NULL, "making a folder");
    snprintf(path, sizeof path, "%s/load.csv", dir);
    int64_t rows = generate(path, mb * 1000000, &bad);

    struct mesh_column cols[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        cols[i] = (struct mesh_column){.name = str_of(columns[i].name), .physical_type = str_of(columns[i].type)};
    struct mesh_contract contract = {.columns = cols, .n_columns = COLUMNS};
    struct mesh_domain domain = {.name = STR("d")};
    struct mesh_stream st = {.name = STR("load"),
                             .ref = STR("d.s__load"),
                             .path = STR("load.csv"),
                             .header = -1,
                             .skip_rows = -1,
                             .load = LOAD_REPLACE_DAYS,
                             .account_column = STR("account_id"),
                             .day_column = STR("date"),
                             .contract = &contract};
    struct mesh_source source = {.domain = &domain, .name = STR("s"), .kind = STR("files"), .streams = &st, .n_streams = 1};
    struct mesh_stream *streams[1] = {&st};
    struct mesh m = {.dir = str_of(dir), .streams = streams, .n_streams = 1};
    st.source = &source;

    printf("load: %lld rows, %lld MB, %lld of them bad, 2 threads\n", (long long)rows, (long long)mb, (long long)bad);
    for (int64_t i = 0; i < rounds; i++) {
        double summed, parse = read_only(path, &st), child = hand_over(path, &st);
        double own_order = theirs(dir, path, true, rows - bad), cpu = processor();
        double own = theirs(dir, path, false, rows - bad), own_cpu = processor() - cpu;
        cpu = processor();
        double through = ours(dir, &m, rows, bad, &summed), through_cpu = processor() - cpu;
        printf("load: through the child %.2f s (%.0f MB/s), of it finding and SHA-256 %.2f s\n"
               "load: DuckDB's read_csv into a file table %.2f s, and %.2f s without keeping the order\n"
               "load: ratio %.2f, and %.2f against the unordered one (aim: at most 1.5)\n"
               "load: processor time %.2f s against %.2f s\n"
               "load: reading alone %.2f s, with the hand-over to this process %.2f s: the hand-over costs %.2f s\n",
               through, (double)mb / through, summed, own_order, own, through / own_order, through / own, through_cpu, own_cpu,
               parse, child, child - parse);
        snprintf(sub, sizeof sub, "%s/data", dir);
        must(fs_remove_tree(sub, &e), "removing the state");
    }
    must(fs_remove_tree(dir, &e), "removing the folder");
    return 0;
}
