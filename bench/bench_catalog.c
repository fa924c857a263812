/* What people wait for when they look for something: search over 100,000 entries (aim: p99 at most 3 times that of a SELECT 1), the graph of
 * 2,000 nodes; and a page of a catalog of 10,000 products over HTTP when TRELLIS_BENCH_CATALOG names a built mesh. The declaration is made in
 * memory, with names as meshes have them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
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

int main(void)
{
    search(select_one());
    return 0;
}
