/* How long a declaration takes to load: a generated mesh of 1,000 products (or the number given), three files each, without
 * and with the cache. Aims: under 1.5 s cold, under 0.5 s warm for 1,000. Prints the best and the middle of five. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/mesh.h"

enum { RUNS = 5, DOMAINS = 10, COLUMNS = 15 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_mesh: %s\n", what);
    exit(1);
}

static void put(const char *dir, struct buf *b, const char *fmt, int i, int k)
{
    char path[512];
    struct err e = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int n = snprintf(path, sizeof path, "%s/", dir);
    snprintf(path + n, sizeof path - (size_t)n, fmt, i, k);
#pragma GCC diagnostic pop
    char folder[512];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (!fs_mkdirs(folder, 0755, &e))
        die(e.text);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0)
        die("a file cannot be written");
    buf_reset(b);
}

static void write_product(const char *dir, struct buf *b, int domain, int i, int products)
{
    buf_printf(b,
               "apiVersion: v1.0.0\nkind: DataProduct\nid: d%d.p%d\nname: p%d\nversion: 1.0.0\nstatus: active\ndomain: d%d\ndescription:\n"
               "  purpose: \"What product %d is for, in a sentence of ordinary length.\"\n  limitations: \"What it does not show.\"\ntags: [generated]\n"
               "outputPorts:\n  - name: t%d\n    version: 1.0.0\n    type: tables\n    description: \"Rows of product %d.\"\n    contractId: d%d.p%d.t%d\n"
               "    customProperties:\n      - {property: trellisMaterialization, value: table}\n      - {property: trellisKey, value: [c0, c1]}\n"
               "team:\n  members:\n    - {username: ana@example.org, name: Ana Ruiz, role: owner}\n",
               domain, i, i, domain, i, i, i, domain, i, i);
    put(dir, b, "domains/d%d/products/p%d/product.yaml", domain, i);
    buf_printf(b, "apiVersion: v3.1.0\nkind: DataContract\nid: d%d.p%d.t%d\nname: t%d\nversion: 1.0.0\nstatus: active\nschema:\n  - name: t%d\n    physicalType: table\n    properties:\n",
               domain, i, i, i, i);
    for (int c = 0; c < COLUMNS; c++)
        buf_printf(b, "      - {name: c%d, logicalType: %s, classification: internal, description: \"Column %d of the table.\"}\n", c, c < 3 ? "string" : "number", c);
    buf_addz(b, "    quality:\n      - {metric: duplicateValues, arguments: {properties: [c0, c1]}, mustBe: 0, severity: error}\n"
                "slaProperties:\n  - {property: latency, value: 1, unit: d}\n");
    char name[128];
    snprintf(name, sizeof name, "domains/d%%d/products/p%%d/t%d.odcs.yaml", i);
    put(dir, b, name, domain, i);
    buf_printf(b, "-- Product %d.\nSELECT ", i);
    for (int c = 0; c < COLUMNS; c++)
        buf_printf(b, "%s%s(s.c%d) AS c%d", c ? ",\n       " : "", c < 3 ? "any_value" : "sum", c, c);
    if (i < DOMAINS)
        buf_printf(b, "\nFROM d%d.s__data AS s\n", domain);
    else
        buf_printf(b, "\nFROM d%d.t%d AS s\nLEFT JOIN d%d.t%d AS o ON s.c0 = o.c0\n", (i - DOMAINS) % DOMAINS, i - DOMAINS, (i / 2) % DOMAINS, i / 2);
    buf_addz(b, "GROUP BY s.c0, s.c1\n");
    snprintf(name, sizeof name, "domains/d%%d/products/p%%d/t%d.sql", i);
    put(dir, b, name, domain, i);
    (void)products;
}

static void write_mesh(const char *dir, int products)
{
    struct buf b = BUF_INIT(1 << 20);
    buf_addz(&b, "name: bench\nreporting_currency: EUR\n");
    put(dir, &b, "mesh.yaml", 0, 0);
    for (int d = 0; d < DOMAINS; d++) {
        buf_printf(&b, "name: d%d\nowner: {name: Ana Ruiz, contact: ana@example.org}\n", d);
        put(dir, &b, "domains/d%d/domain.yaml", d, 0);
        buf_addz(&b, "name: s\nkind: files\npath: ../exports\nstreams: [{name: data}]\n");
        put(dir, &b, "domains/d%d/sources/s.yaml", d, 0);
    }
    for (int i = 0; i < products; i++)
        write_product(dir, &b, i % DOMAINS, i, products);
    buf_fini(&b);
}

static double load_once(const char *dir, const char *cache, struct engine_conn *parser, int products)
{
    struct errs es = {0};
    struct mesh_load_options o = {.parser = parser, .cache_path = cache};
    double start = now_s();
    struct mesh *m = mesh_load(dir, &o, &es);
    double took = now_s() - start;
    if (!m || m->n_products != (size_t)products)
        die(es.n ? es.v[0].text : "the mesh did not load");
    mesh_free(m);
    errs_fini(&es);
    return took;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, double *t)
{
    qsort(t, RUNS, sizeof *t, order);
    printf("mesh_load_%s  best %.3f s  middle %.3f s\n", what, t[0], t[RUNS / 2]);
}

int main(int argc, char **argv)
{
    int64_t wanted = 1000;
    char dir[] = "/tmp/trellis-bench-XXXXXX", cache[64];
    struct engine *g;
    struct engine_conn *parser;
    struct err e = {0};
    struct engine_options o = {.threads = 1};
    double cold[RUNS], warm[RUNS];
    if ((argc > 1 && !str_to_i64(str_of(argv[1]), &wanted)) || wanted < 1 || wanted > 1000000 || !mkdtemp(dir))
        die("usage: bench_mesh [PRODUCTS]");
    int products = (int)wanted;
    write_mesh(dir, products);
    if (!engine_open(&o, &g, &e) || !engine_connect(g, &parser, &e))
        die(e.text);
    snprintf(cache, sizeof cache, "%s/mesh.cache", dir);
    for (int i = 0; i < RUNS; i++) {
        unlink(cache);
        cold[i] = load_once(dir, cache, parser, products);
    }
    for (int i = 0; i < RUNS; i++)
        warm[i] = load_once(dir, cache, parser, products);
    struct fs_stat st = {0};
    (void)fs_stat(cache, &st);
    printf("mesh of %d products, %d files; cache %.1f MB\n", products, products * 3 + DOMAINS * 2 + 1, (double)st.size_bytes / 1e6);
    report("cold", cold);
    report("warm", warm);
    engine_disconnect(parser);
    engine_close(g);
    if (!fs_remove_tree(dir, &e))
        die(e.text);
    return 0;
}
