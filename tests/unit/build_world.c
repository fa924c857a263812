#include "build_world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/log.h"

char world_program[512];

/* A whole run in a process of its own: the one that crash tests kill. */
static int run_once(const char *dir)
{
    struct world w;
    world_at(&w, dir);
    world_open(&w);
    int code = world_run(&w) ? w.report.exit_code : 1;
    if (code != 0)
        fprintf(stderr, "run: %s %s\n", w.err.text, w.errs.n > 0 ? w.errs.v[0].text : "");
    world_leave(&w);
    return code;
}

pid_t world_spawn_run(struct world *w, const char *crash_at)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    if (crash_at)
        setenv("TRELLIS_CRASH_AT", crash_at, 1);
    execl(world_program, world_program, "run", w->dir, (char *)NULL);
    _exit(127);
}

void world_main(int argc, char **argv)
{
    ssize_t n = readlink("/proc/self/exe", world_program, sizeof world_program - 1);
    if (n > 0)
        world_program[n] = '\0';
    if (argc > 1 && str_eq(str_of(argv[1]), STR("loader-child")))
        exit(loader_child_main());
    log_set(LOG_ERROR, false);
    if (argc > 2 && str_eq(str_of(argv[1]), STR("run")))
        exit(run_once(argv[2]));
}

static void must(struct world *w, bool ok)
{
    if (!ok)
        fail_msg("%s:%u:%u %s (%s)", w->err.file, w->err.line, w->err.col, w->err.text, w->err.hint);
}

void world_put(struct world *w, const char *path, const char *text)
{
    struct str full = arena_printf(&w->arena, "%s/%s", w->dir, path);
    must(w, fs_mkdirs(arena_strz(&w->arena, fs_dirname(full)), 0700, &w->err));
    must(w, fs_write_atomic(full.p, str_of(text), 0600, &w->err));
}

void world_remove(struct world *w, const char *path)
{
    must(w, fs_remove_tree(arena_printf(&w->arena, "%s/%s", w->dir, path).p, &w->err));
}

static const char source_yaml[] =
    "name: ads\n"
    "kind: files\n"
    "title: Ads\n"
    "path: landing\n"
    "currency: EUR\n"
    "streams:\n"
    "  - {name: stats, table: stats, optional: true, load: replace_days, account_column: account, day_column: day}\n";
static const char source_contract[] =
    "apiVersion: v3.1.0\n"
    "kind: DataContract\n"
    "id: acquisition.ads\n"
    "name: ads\n"
    "version: 1.0.0\n"
    "status: active\n"
    "schema:\n"
    "  - name: stats\n"
    "    properties:\n"
    "      - {name: day, logicalType: date, physicalType: DATE, classification: internal}\n"
    "      - {name: account, logicalType: string, physicalType: VARCHAR, classification: internal}\n"
    "      - {name: campaign, logicalType: string, physicalType: VARCHAR, classification: internal}\n"
    "      - {name: spend, logicalType: number, physicalType: \"DECIMAL(18,6)\", classification: internal}\n"
    "      - {name: clicks, logicalType: integer, physicalType: BIGINT, classification: internal}\n";

void world_at(struct world *w, const char *dir)
{
    *w = (struct world){0};
    arena_init(&w->arena);
    snprintf(w->dir, sizeof w->dir, "%s", dir);
}

void world_init(struct world *w)
{
    char dir[] = "/tmp/trellis-build-XXXXXX";
    assert_non_null(mkdtemp(dir));
    world_at(w, dir);
    world_put(w, "mesh.yaml",
              "name: shop\ntitle: Shop\ntime_zone: Europe/Berlin\nreporting_currency: EUR\nengine: {kind: duckdb, threads: 2}\n");
    world_put(w, "domains/acquisition/domain.yaml",
              "name: acquisition\ntitle: Acquisition\nowner: {name: Ana Ruiz, contact: ana@example.org, role: product owner}\n");
    world_put(w, "domains/acquisition/sources/ads.yaml", source_yaml);
    world_put(w, "domains/acquisition/sources/ads.odcs.yaml", source_contract);
}

static const char *logical_type(struct str physical)
{
    static const struct {
        const char *prefix, *logical;
    } types[] = {{"DATE", "date"},       {"DECIMAL", "number"},  {"DOUBLE", "number"},       {"BIGINT", "integer"},
                 {"HUGEINT", "integer"}, {"INTEGER", "integer"}, {"TIMESTAMP", "timestamp"}, {"BOOLEAN", "boolean"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_starts(physical, str_of(types[i].prefix)))
            return types[i].logical;
    return "string";
}

/* "day DATE, spend DECIMAL(18,6)" -> property lines */
static void put_columns(struct buf *b, struct str columns, struct str key)
{
    int position = 0;
    while (columns.n > 0) {
        size_t end = 0;
        int depth = 0;
        for (; end < columns.n && (columns.p[end] != ',' || depth > 0); end++)
            depth += columns.p[end] == '(' ? 1 : columns.p[end] == ')' ? -1 : 0;
        struct str type, name = str_cut(str_trim((struct str){columns.p, end}), ' ', &type);
        buf_printf(b, "      - {name: %.*s, logicalType: %s, physicalType: \"%.*s\", classification: internal", STR_FMT(name),
                   logical_type(type), STR_FMT(type));
        if (str_find(key, name, 0) != SIZE_MAX)
            buf_printf(b, ", primaryKey: true, primaryKeyPosition: %d", ++position);
        buf_addz(b, "}\n");
        columns = end < columns.n ? (struct str){columns.p + end + 1, columns.n - end - 1} : STR("");
    }
}

void world_port(struct world *w, const struct world_port *p)
{
    struct arena *a = &w->arena;
    struct buf b = BUF_INIT(1 << 20);
    const char *folder = arena_printf(a, "domains/acquisition/products/%s_product", p->name).p;
    buf_printf(
        &b,
        "apiVersion: v1.0.0\nkind: DataProduct\nid: acquisition.%s_product\nname: %s_product\nversion: 1.0.0\nstatus: active\n"
        "domain: acquisition\ndescription: {purpose: A test., limitations: None., usage: Tests.}\noutputPorts:\n  - name: %s\n   "
        " version: 1.0.0\n"
        "    type: tables\n    description: A test.\n    contractId: acquisition.%s_product.%s\n    customProperties:\n"
        "      - {property: trellisMaterialization, value: %s}\n",
        p->name, p->name, p->name, p->name, p->name, p->materialization ? p->materialization : "table");
    if (!p->time_column || p->time_column[0])
        buf_printf(&b, "      - {property: trellisTimeColumn, value: %s}\n", p->time_column ? p->time_column : "day");
    if (p->materialization && str_eq(str_of(p->materialization), STR("incremental")))
        buf_printf(&b, "      - {property: trellisKey, value: [%s]}\n      - {property: trellisLookback, value: %d}\n",
                   p->time_column ? p->time_column : "day", p->lookback);
    if (p->by)
        buf_printf(&b, "      - {property: trellisIncrementalBy, value: %s}\n", p->by);
    if (p->key || p->by)
        buf_printf(&b, "      - {property: trellisKey, value: [%s]}\n", p->key ? p->key : p->by);
    if (p->live)
        buf_addz(&b, "      - {property: trellisLive, value: true}\n");
    buf_addz(&b, "team: {name: Growth, members: [{username: ana@example.org, name: Ana Ruiz, role: owner}]}\n");
    world_put(w, arena_printf(a, "%s/product.yaml", folder).p, buf_z(&b));
    buf_reset(&b);
    buf_printf(&b,
               "apiVersion: v3.1.0\nkind: DataContract\nid: acquisition.%s_product.%s\nname: %s\nversion: 1.0.0\nstatus: "
               "active\nschema:\n  - name: %s\n"
               "    physicalType: table\n    properties:\n",
               p->name, p->name, p->name, p->name);
    put_columns(&b, str_of(p->columns), p->key ? str_of(p->key) : STR(""));
    if (p->quality)
        buf_printf(&b, "    quality:\n%s", p->quality);
    world_put(w, arena_printf(a, "%s/%s.odcs.yaml", folder, p->name).p, buf_z(&b));
    world_put(w, arena_printf(a, "%s/%s.sql", folder, p->name).p, p->sql);
    buf_fini(&b);
}

void world_drop_port(struct world *w, const char *name)
{
    world_remove(w, arena_printf(&w->arena, "domains/acquisition/products/%s_product", name).p);
}

void world_land(struct world *w, const char *name, const char *rows)
{
    world_put(w, arena_printf(&w->arena, "landing/%s_stats.csv", name).p,
              arena_printf(&w->arena, "day,account,campaign,spend,clicks\n%s", rows).p);
}

bool world_try_load(struct world *w)
{
    struct mesh_load_options o = {.parser = w->conn};
    errs_fini(&w->errs);
    w->errs = (struct errs){0};
    struct mesh *m = mesh_load(w->dir, &o, &w->errs);
    if (m == NULL)
        return false;
    mesh_free(w->before);
    w->before = w->mesh;
    w->mesh = m;
    must(w, build_refresh(w->build, m, &w->err));
    return true;
}

void world_load(struct world *w)
{
    if (!world_try_load(w))
        fail_msg("%s:%u:%u %s (%s)", w->errs.v[0].file, w->errs.v[0].line, w->errs.v[0].col, w->errs.v[0].text,
                 w->errs.v[0].hint);
}

void world_open(struct world *w)
{
    struct state_options o = {.threads = 2, .memory_limit_bytes = (uint64_t)1 << 30};
    must(w, state_open(w->dir, &o, &w->state, &w->err));
    must(w, engine_connect(w->state->engine, &w->conn, &w->err));
    must(w, build_open(w->state, &w->build, &w->err));
    world_load(w);
}

void world_close(struct world *w)
{
    build_close(w->build);
    engine_disconnect(w->conn);
    if (w->state)
        state_close(w->state);
    mesh_free(w->before);
    mesh_free(w->mesh);
    w->build = NULL;
    w->conn = NULL;
    w->state = NULL;
    w->before = w->mesh = NULL;
}

void world_leave(struct world *w)
{
    world_close(w);
    errs_fini(&w->errs);
    arena_fini(&w->arena);
}

void world_fini(struct world *w)
{
    world_close(w);
    must(w, fs_remove_tree(w->dir, &w->err));
    world_leave(w);
}

bool world_run_with(struct world *w, struct build_options o)
{
    o.program = world_program;
    o.trigger = STR("test");
    errs_fini(&w->errs);
    w->errs = (struct errs){0};
    return build_run(w->build, w->mesh, &o, &w->report, &w->errs, &w->err);
}

bool world_run(struct world *w)
{
    return world_run_with(w, (struct build_options){0});
}

const char *world_value(struct world *w, const char *sql, ...)
{
    va_list ap;
    struct str out = {0};
    bool null = false;
    va_start(ap, sql);
    struct str text = arena_vprintf(&w->arena, sql, ap);
    va_end(ap);
    if (!engine_value(w->conn, text, NULL, 0, &w->arena, &out, &null, &w->err))
        fail_msg("%.*s: %s [%s]", STR_FMT(text), w->err.text, engine_last_message(w->conn));
    return null ? "NULL" : arena_strz(&w->arena, out);
}

struct build_port_status world_status(struct world *w, const char *ref)
{
    struct build_port_status *all = NULL;
    struct mesh_port *p = mesh_find_port(w->mesh, str_of(ref));
    assert_non_null(p);
    must(w, build_status(w->build, w->mesh, &w->arena, &all, &w->err));
    return all[p->index];
}
