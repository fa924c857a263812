/* What people wait for when they look for something: search over 100,000 entries (aim: p99 at most 3 times that of a SELECT 1), the graph of
 * 2,000 nodes; pages of a catalog of 10,000 products over HTTP (TRELLIS_PROGRAM). Words are common and rare as in any text. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "catalog/catalog.h"
#include "engine/engine.h"

enum { DOMAINS = 20, PRODUCTS = 10000, COLUMNS = 8, TERMS = 300, PROBES = 3000, SELECTS = 3000, NODES = 2000, SHOWN = 20, VOCABULARY = 6000 };

static const char *const stems[] = {"campaign", "order", "customer", "session", "revenue", "spend", "click", "impression", "conversion", "refund", "email",
                                    "product", "basket", "margin", "visit", "lead", "account", "subscription", "invoice", "ticket", "audience", "segment",
                                    "channel", "creative", "keyword", "budget", "target", "forecast", "cohort", "retention", "churn", "coupon", "review",
                                    "store", "stock", "return", "shipment", "payment", "device", "country", "region", "city", "browser", "referrer"};
static const char *const tails[] = {"daily", "weekly", "monthly", "total", "rate", "count", "amount", "id", "name", "status", "date", "share", "average",
                                    "new", "active", "lost", "paid", "organic", "claimed", "real"};
enum { STEMS = sizeof stems / sizeof *stems, TAILS = sizeof tails / sizeof *tails };

static uint64_t seed = 7;
static size_t pick(size_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % n;
}

/* A few words are said all the time, most of them rarely: as in any text. */
static void word(struct buf *b)
{
    size_t rank = pick(pick(pick(VOCABULARY) + 1) + 1);
    if (rank < STEMS)
        buf_addz(b, stems[rank]);
    else if (rank < STEMS + TAILS)
        buf_addz(b, tails[rank - STEMS]);
    else
        buf_printf(b, "%c%c%s%c", 'a' + (int)(rank % 23), "aeiou"[rank % 5], stems[rank % STEMS] + rank % 3, 'a' + (int)(rank / 97 % 26));
}

static struct str words(struct arena *a, size_t n, const char *joint)
{
    struct buf b = BUF_INIT((size_t)4096);
    for (size_t i = 0; i < n; i++) {
        buf_addz(&b, i ? joint : "");
        word(&b);
    }
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static struct mesh *world(size_t products)
{
    struct mesh *m = mem_alloc(sizeof *m);
    struct arena *a = &m->arena;
    arena_init(a);
    m->n_domains = DOMAINS;
    m->domains = arena_array(a, DOMAINS, sizeof *m->domains);
    for (size_t i = 0; i < DOMAINS; i++)
        m->domains[i] = (struct mesh_domain){.name = arena_printf(a, "d%02zu", i), .title = words(a, 2, " "), .owner = {.name = words(a, 2, " ")}};
    m->products = arena_array(a, products, sizeof *m->products);
    m->ports = arena_array(a, products, sizeof *m->ports);
    m->n_products = m->n_ports = products;
    for (size_t i = 0; i < products; i++) {
        struct mesh_product *p = arena_alloc(a, sizeof *p);
        struct mesh_port *port = arena_alloc(a, sizeof *port);
        struct mesh_contract *c = arena_alloc(a, sizeof *c);
        *p = (struct mesh_product){.domain = &m->domains[i % DOMAINS], .name = arena_printf(a, "%.*s_%zu", STR_FMT(words(a, 2, "_")), i), .title = words(a, 3, " "),
                                   .purpose = words(a, 14, " "), .status = STR("active"), .n_ports = 1, .owner = {.name = words(a, 2, " ")}};
        p->ports = arena_array(a, 1, sizeof *p->ports);
        p->ports[0] = port;
        *port = (struct mesh_port){.product = p, .name = p->name, .is_default = true, .description = words(a, 8, " "), .contract = c, .index = i};
        port->ref = port->ref_major = arena_printf(a, "%.*s.%.*s", STR_FMT(p->domain->name), STR_FMT(port->name));
        c->n_columns = COLUMNS;
        c->columns = arena_array(a, COLUMNS, sizeof *c->columns);
        for (size_t k = 0; k < COLUMNS; k++)
            c->columns[k] = (struct mesh_column){.name = words(a, 2, "_"), .description = words(a, 8, " "), .business_name = words(a, 2, " ")};
        if (i > DOMAINS) {
            port->n_inputs = 2;
            port->inputs = arena_array(a, 2, sizeof *port->inputs);
            for (size_t k = 0; k < 2; k++) {
                struct mesh_port *in = m->ports[k ? i / 2 : i - DOMAINS];
                port->inputs[k] = (struct mesh_input){.port = in, .ref = in->ref};
            }
        }
        m->products[i] = p;
        m->ports[i] = port;
    }
    m->n_terms = TERMS;
    m->terms = arena_array(a, TERMS, sizeof *m->terms);
    for (size_t i = 0; i < TERMS; i++) {
        struct mesh_term *t = &m->terms[i];
        *t = (struct mesh_term){.name = words(a, 1 + i % 2, "_"), .title = words(a, 1 + i % 2, " "), .definition = words(a, 12, " "), .n_synonyms = 2};
        t->synonyms = arena_array(a, 2, sizeof *t->synonyms);
        t->synonyms[0] = words(a, 1, " ");
        t->synonyms[1] = words(a, 2, " ");
    }
    return m;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void die(const struct err *e)
{
    fprintf(stderr, "bench_catalog: %s\n", e->text);
    exit(1);
}

/* ---- what is typed ---- */
static struct str typed_prefix(struct arena *a, size_t i)
{
    struct str w = str_of(stems[pick(STEMS)]);
    w.n = 1 + i % w.n;
    return arena_str(a, w);
}
static struct str typed_word(struct arena *a, size_t i)
{
    (void)i;
    return words(a, 1, " ");
}
static struct str typed_three(struct arena *a, size_t i)
{
    (void)i;
    return words(a, 3, " ");
}
static struct str typed_wrong(struct arena *a, size_t i)
{
    char *z = arena_strz(a, str_of(stems[pick(STEMS)]));
    size_t n = strlen(z), at = n / 2;
    char c = z[at];
    z[at] = i % 2 ? z[at - 1] : 'q'; /* two letters changed about, or one wrong */
    if (i % 2)
        z[at - 1] = c;
    return str_of(z);
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void probe(const struct find *f, const char *what, struct str (*make)(struct arena *, size_t), double select_p99)
{
    static double us[PROBES], cpu[PROBES];
    size_t found = 0;
    struct arena a;
    struct err e = {0};
    for (size_t i = 0; i < PROBES; i++) {
        arena_init(&a);
        struct find_ask ask = {.q = make(&a, i), .limit = SHOWN};
        struct find_result r;
        int64_t t = clock_mono_us();
        double c = cpu_us();
        if (!find_query(f, &ask, &a, &r, &e))
            die(&e);
        cpu[i] = cpu_us() - c;
        us[i] = (double)(clock_mono_us() - t);
        found += r.n > 0;
        arena_fini(&a);
    }
    qsort(us, PROBES, sizeof *us, by_value);
    qsort(cpu, PROBES, sizeof *cpu, by_value);
    printf("  %-34s p50 %5.0f us, p99 %5.0f us = %5.2f x SELECT 1 p99 (processor time %5.0f us = %5.2f x); %zu %% found something\n", what, us[PROBES / 2],
           us[PROBES * 99 / 100], us[PROBES * 99 / 100] / select_p99, cpu[PROBES * 99 / 100], cpu[PROBES * 99 / 100] / select_p99, found * 100 / PROBES);
}

static double select_one(void)
{
    static double us[SELECTS];
    struct engine *engine;
    struct engine_conn *c;
    struct err e = {0};
    struct engine_options o = {.threads = 2};
    if (!engine_open(&o, &engine, &e) || !engine_connect(engine, &c, &e))
        die(&e);
    for (int i = 0; i < SELECTS; i++) {
        int64_t t = clock_mono_us();
        if (!engine_exec(c, STR("SELECT 1"), &e))
            die(&e);
        us[i] = (double)(clock_mono_us() - t);
    }
    engine_disconnect(c);
    engine_close(engine);
    qsort(us, SELECTS, sizeof *us, by_value);
    printf("SELECT 1 in the engine: p50 %.0f us, p99 %.0f us\n", us[SELECTS / 2], us[SELECTS * 99 / 100]);
    return us[SELECTS * 99 / 100];
}

static void search(double select_p99)
{
    struct mesh *m = world(PRODUCTS);
    struct find *f;
    struct err e = {0};
    int64_t t = clock_mono_us();
    if (!find_open(m, NULL, &f, &e))
        die(&e);
    double ms = (double)(clock_mono_us() - t) / 1e3;
    struct find_size s = find_size(f);
    printf("search over %zu entries (%zu words, %zu places): made in %.0f ms, %.1f MB\n", s.entries, s.words, s.places, ms, (double)s.bytes / 1e6);
    probe(f, "as one types (1 letter and more)", typed_prefix, select_p99);
    probe(f, "a word", typed_word, select_p99);
    probe(f, "three words", typed_three, select_p99);
    probe(f, "a word with a typo", typed_wrong, select_p99);
    find_close(f);
    arena_fini(&m->arena);
    mem_free(m);
}

/* ---- graph ---- */
static void graph(void)
{
    static double us[60];
    enum { ROUNDS = sizeof us / sizeof *us };
    struct mesh *m = world(NODES);
    struct err e = {0};
    struct graph g = {0};
    for (size_t i = 0; i < ROUNDS; i++) {
        struct arena a;
        arena_init(&a);
        struct graph_ask ask = {.level = GRAPH_PORT, .focus = STR(""), .domain = STR(""), .up = -1, .down = -1, .limit = NODES};
        int64_t t = clock_mono_us();
        if (!catalog_graph(m, NULL, &ask, &a, &g, &e))
            die(&e);
        us[i] = (double)(clock_mono_us() - t);
        arena_fini(&a);
    }
    qsort(us, ROUNDS, sizeof *us, by_value);
    printf("graph of %zu nodes and %zu edges, laid out: p50 %.1f ms, worst %.1f ms\n", g.n_nodes, g.n_edges, us[ROUNDS / 2] / 1e3, us[ROUNDS - 1] / 1e3);
    arena_fini(&m->arena);
    mem_free(m);
}

/* ---- pages over HTTP ---- */
static void put(const char *dir, const char *path, const char *text)
{
    char whole[512], folder[512];
    struct err e = {0};
    snprintf(whole, sizeof whole, "%s/%s", dir, path);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(whole, '/') - whole), whole);
    FILE *f = fs_mkdirs(folder, 0755, &e) ? fopen(whole, "wb") : NULL;
    if (!f || fwrite(text, 1, strlen(text), f) != strlen(text) || fclose(f) != 0) {
        fprintf(stderr, "bench_catalog: %s cannot be written\n", whole);
        exit(1);
    }
}

static void write_mesh(const char *dir)
{
    struct arena a;
    char path[256];
    arena_init(&a);
    put(dir, "mesh.yaml", "name: many\ntitle: Many\n");
    for (int d = 0; d < DOMAINS; d++) {
        snprintf(path, sizeof path, "domains/d%d/domain.yaml", d);
        put(dir, path, arena_printf(&a, "name: d%d\ntitle: %.*s\nowner: {name: Ana Ruiz, contact: ana@example.org}\nprofile: light\n", d, STR_FMT(words(&a, 2, " "))).p);
    }
    for (int i = 0; i < PRODUCTS; i++) {
        int d = i % DOMAINS;
        struct buf b = BUF_INIT((size_t)1 << 16);
        buf_printf(&b,
                   "apiVersion: v1.0.0\nkind: DataProduct\nid: d%d.p%d\nname: p%d\nversion: 1.0.0\nstatus: active\ndomain: d%d\ndescription:\n  purpose: \"%.*s\"\n"
                   "tags: [%.*s]\ncustomProperties:\n  - {property: trellisTitle, value: \"%.*s\"}\noutputPorts:\n  - name: t%d\n    version: 1.0.0\n    type: tables\n    contractId: d%d.p%d.t%d\n"
                   "    customProperties:\n      - {property: trellisMaterialization, value: view}\n",
                   d, i, i, d, STR_FMT(words(&a, 12, " ")), STR_FMT(words(&a, 1, " ")), STR_FMT(words(&a, 3, " ")), i, d, i, i);
        snprintf(path, sizeof path, "domains/d%d/products/p%d/product.yaml", d, i);
        put(dir, path, buf_z(&b));
        buf_reset(&b);
        buf_printf(&b, "apiVersion: v3.1.0\nkind: DataContract\nid: d%d.p%d.t%d\nname: t%d\nversion: 1.0.0\nstatus: active\nschema:\n  - name: t%d\n    physicalType: view\n    properties:\n", d, i, i, i, i);
        for (int c = 0; c < COLUMNS; c++)
            buf_printf(&b, "      - {name: c%d, logicalType: integer, businessName: \"%.*s\", classification: internal, description: \"%.*s\"}\n", c, STR_FMT(words(&a, 2, " ")), STR_FMT(words(&a, 6, " ")));
        snprintf(path, sizeof path, "domains/d%d/products/p%d/t%d.odcs.yaml", d, i, i);
        put(dir, path, buf_z(&b));
        buf_reset(&b);
        buf_addz(&b, "SELECT ");
        for (int c = 0; c < COLUMNS; c++)
            buf_printf(&b, "%s%s%d AS c%d", c ? ", " : "", i < DOMAINS ? "" : "c", c, c);
        if (i >= DOMAINS)
            buf_printf(&b, " FROM d%d.t%d", i / 2 % DOMAINS, i / 2);
        buf_addc(&b, '\n');
        snprintf(path, sizeof path, "domains/d%d/products/p%d/t%d.sql", d, i, i);
        put(dir, path, buf_z(&b));
        buf_fini(&b);
    }
    arena_fini(&a);
}

static double ask(int port, const char *token, const char *target, size_t *bytes)
{
    char room[65536], request[512];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), n = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", target, port, token);
    int64_t t = clock_mono_us();
    double us = -1;
    *bytes = 0;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && send(fd, request, (size_t)n, MSG_NOSIGNAL) == n) {
        ssize_t got;
        bool good = false;
        while ((got = recv(fd, room, sizeof room, 0)) > 0) {
            good |= *bytes == 0 && got > 12 && memcmp(room + 9, "200", 3) == 0;
            *bytes += (size_t)got;
        }
        if (good)
            us = (double)(clock_mono_us() - t);
    }
    if (fd >= 0)
        close(fd);
    return us;
}

static void pages(const char *program)
{
    static const char *const targets[] = {"/api/v1/catalog?limit=50", "/api/v1/catalog?limit=50&sort=use&domain=d1,d2&state=never_built", "/api/v1/catalog?q=campaign&limit=50",
                                          "/api/v1/search?q=conv", "/api/v1/search?q=campain", "/api/v1/lineage?level=domain", "/api/v1/lineage?level=product&limit=2000"};
    static double us[200];
    enum { ROUNDS = sizeof us / sizeof *us };
    char dir[] = "/tmp/trellis-bench-XXXXXX", path[128], port_text[16], token[128] = "";
    struct err e = {0};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof own;
    int probe_fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t bytes;
    if (!mkdtemp(dir) || bind(probe_fd, (struct sockaddr *)&own, sizeof own) != 0 || getsockname(probe_fd, (struct sockaddr *)&own, &len) != 0)
        exit(1);
    close(probe_fd);
    int port = ntohs(own.sin_port);
    write_mesh(dir);
    snprintf(port_text, sizeof port_text, "%d", port);
    int64_t begun = clock_mono_us();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDOUT_FILENO);
        execl(program, program, "-C", dir, "serve", "--port", port_text, "--quiet", (char *)NULL);
        _exit(127);
    }
    snprintf(path, sizeof path, "%s/data/session-token", dir);
    bool up = false;
    for (int status; !up && waitpid(pid, &status, WNOHANG) == 0; usleep(100000)) {
        FILE *f = fopen(path, "rb");
        if (f && fgets(token, sizeof token, f))
            token[strcspn(token, "\n")] = '\0';
        if (f)
            fclose(f);
        up = token[0] && ask(port, token, "/healthz", &bytes) >= 0;
    }
    if (up) {
        double first = ask(port, token, targets[0], &bytes);
        printf("a mesh of %d products: started in %.1f s; the first page of the catalog %.0f ms\n", PRODUCTS, (double)(clock_mono_us() - begun) / 1e6, first / 1e3);
        for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
            for (size_t i = 0; i < ROUNDS; i++)
                us[i] = ask(port, token, targets[k], &bytes);
            qsort(us, ROUNDS, sizeof *us, by_value);
            printf("  %-70s p50 %6.2f ms, p99 %6.2f ms, %zu bytes%s\n", targets[k], us[ROUNDS / 2] / 1e3, us[ROUNDS * 99 / 100] / 1e3, bytes, us[0] < 0 ? " (some failed)" : "");
        }
        int status;
        kill(pid, SIGTERM);
        waitpid(pid, &status, 0);
    } else {
        fprintf(stderr, "bench_catalog: the server of the large mesh did not start\n");
    }
    if (!fs_remove_tree(dir, &e))
        fprintf(stderr, "bench_catalog: %s\n", e.text);
}

int main(void)
{
    const char *program = getenv("TRELLIS_PROGRAM");
    search(select_one());
    graph();
    if (program)
        pages(program);
    else
        printf("TRELLIS_PROGRAM names no program: pages over HTTP are not measured\n");
    return 0;
}
