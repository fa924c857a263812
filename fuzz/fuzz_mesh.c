/* A whole mesh from the input: sections that begin with a line "@@ N" replace file N of a small good mesh. It loads, or says
 * why not, the same with a fresh cache and with a used one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "engine/engine.h"
#include "mesh/mesh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct { const char *path, *text; } files[] = {
    {"mesh.yaml", "name: m\n"},
    {"domains/a/domain.yaml", "name: a\nowner: {name: A, contact: a@example.org}\n"},
    {"domains/a/sources/s.yaml", "name: s\nkind: files\npath: x\nstreams: [{name: t}]\n"},
    {"domains/a/sources/s.odcs.yaml", "apiVersion: v3.1.0\nkind: DataContract\nid: a.s\nversion: 1.0.0\nstatus: active\nschema: [{name: t, properties: [{name: x}]}]\n"},
    {"domains/a/products/p/product.yaml",
     "apiVersion: v1.0.0\nkind: DataProduct\nid: a.p\nname: p\nstatus: active\noutputPorts:\n  - {name: q, version: 1.0.0, contractId: a.p.q}\n  - {name: r, version: 1.0.0, contractId: a.p.r}\n"},
    {"domains/a/products/p/q.odcs.yaml", "apiVersion: v3.1.0\nkind: DataContract\nid: a.p.q\nversion: 1.0.0\nstatus: active\nschema: [{name: q, properties: [{name: x}]}]\n"},
    {"domains/a/products/p/q.sql", "SELECT x FROM a.s__t\n"},
    {"domains/a/products/p/r.odcs.yaml", "apiVersion: v3.1.0\nkind: DataContract\nid: a.p.r\nversion: 1.0.0\nstatus: active\nschema: [{name: r, properties: [{name: x}]}]\n"},
    {"domains/a/products/p/r.sql", "SELECT x FROM a.q\n"},
    {"domains/b/domain.yaml", "name: b\nowner: {name: B, contact: b@example.org}\n"},
    {"domains/a/models/d.yaml", "name: d\nport: a.q\nentities: [{name: x, type: foreign}]\ndimensions: [{name: x}, {name: y, expr: \"x || 'a'\"}]\nmeasures: [{name: n, agg: count}, {name: u, agg: count_distinct, expr: x}]\n"},
    {"domains/a/metrics/n.yaml", "name: n\ndescription: N.\ntype: simple\nmeasure: d.n\nfilter: \"y <> 'b'\"\n"},
    {"domains/a/metrics/o.yaml", "name: o\ndescription: O.\ntype: derived\nexpr: (n + 1) / nullif(n, 0)\nmetrics: [n]\n"},
    {"governance/attribution.yaml", "models: {u: [0.5, 0, 0.5]}\n"},
    {"governance/annotations.yaml", "annotations: [{day: 2026-01-01, title: T, domain: a}]\n"},
    {"domains/a/dashboards/s.yaml", "name: s\npanels: [{title: N, metrics: [n], by: y}, {title: F, funnel: {steps: [A, \"conversion:purchase\"]}}]\n"},
};
enum { FILES = sizeof files / sizeof files[0] };

static char dir[64], cache[96];
static struct engine *engine;
static struct engine_conn *parser;

static void clean_up(void)
{
    engine_disconnect(parser);
    engine_close(engine);
    (void)!fs_remove_tree(dir, NULL);
}

static void set_up(void)
{
    struct err e = {0};
    struct engine_options o = {.threads = 1};
    snprintf(dir, sizeof dir, "%s/trellis-fuzz-XXXXXX", fs_is_dir("/dev/shm") ? "/dev/shm" : "/tmp");
    if (!mkdtemp(dir) || !engine_open(&o, &engine, &e) || !engine_connect(engine, &parser, &e))
        abort();
    atexit(clean_up);
    snprintf(cache, sizeof cache, "%s.cache", dir);
}

static void put(const char *path, const void *text, size_t n)
{
    char full[256];
    struct err e = {0};
    int length = snprintf(full, sizeof full, "%s/%s", dir, path);
    char *slash = strrchr(full, '/');
    *slash = 0;
    if (length < 0 || !fs_mkdirs(full, 0755, &e))
        abort();
    *slash = '/';
    FILE *f = fopen(full, "wb");
    if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0)
        abort();
}

static size_t load(const char *cache_path)
{
    struct errs es = {0};
    struct mesh_load_options o = {.parser = parser, .cache_path = cache_path};
    struct mesh *m = mesh_load(dir, &o, &es);
    size_t n = es.n_errors;
    if ((m != NULL) != (n == 0))
        abort();
    for (size_t i = 0; i < es.n; i++)
        if (!es.v[i].text[0] || !str_utf8_valid(str_of(es.v[i].text)) || !str_utf8_valid(str_of(es.v[i].hint)))
            abort();
    mesh_free(m);
    errs_fini(&es);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool replaced[FILES] = {false};
    struct str rest = {(const char *)data, size};
    if (size > 1 << 16)
        return 0;
    if (!parser)
        set_up();
    size_t at = str_find(rest, STR("@@ "), 0);
    while (at != SIZE_MAX && at + 4 < rest.n) {
        size_t next = str_find(rest, STR("\n@@ "), at), end = next == SIZE_MAX ? rest.n : next + 1;
        unsigned i = (unsigned char)(rest.p[at + 3] - '0');
        if (i < FILES) {
            put(files[i].path, rest.p + at + 5 > rest.p + end ? rest.p + end : rest.p + at + 5, at + 5 > end ? 0 : end - at - 5);
            replaced[i] = true;
        }
        at = next == SIZE_MAX ? SIZE_MAX : next + 1;
    }
    for (size_t i = 0; i < FILES; i++)
        if (!replaced[i])
            put(files[i].path, files[i].text, strlen(files[i].text));
    unlink(cache);
    size_t without = load(NULL), fresh = load(cache), used = load(cache);
    if (without != fresh || fresh != used)
        abort();
    unlink(cache);
    return 0;
}
