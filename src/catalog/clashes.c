/* Two that claim the same: a word of the glossary defined twice, products of one title, ports of two domains that publish the
 * same, metrics of one name, metrics that claim one word. Nothing is refused for it; both owners are named, so that they can settle it. */
#include "catalog/catalog_int.h"

#include <stdlib.h>

enum { COLUMNS_MIN = 2 };

enum how { HOW_NAME, HOW_SYNONYM }; /* by what an entry claims a key */

struct entry {
    struct str key;
    size_t thing; /* in the list that the key belongs to */
    enum how how;
};

struct finder {
    const struct mesh *m;
    struct arena *a;
    struct clash *v;
    size_t n, cap;
};

/* Lower case (ASCII), words apart by one blank: "Active_User" and "active  user" are one. */
static struct str fold(struct str s, struct arena *a)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '_' || c == '-' || c == ' ' || c == '\t') {
            if (n && out[n - 1] != ' ')
                out[n++] = ' ';
        } else {
            out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
    }
    while (n && out[n - 1] == ' ')
        n--;
    return (struct str){out, n};
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int c = str_cmp(x->key, y->key);
    if (c)
        return c;
    return x->thing != y->thing ? (x->thing < y->thing ? -1 : 1) : (int)x->how - (int)y->how;
}

static struct clash *add(struct finder *f, const char *kind, struct str subject, size_t n_claims)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 32;
        struct clash *v = arena_array(f->a, cap, sizeof *v);
        if (f->n)
            memcpy(v, f->v, f->n * sizeof *v);
        f->v = v;
        f->cap = cap;
    }
    f->v[f->n] = (struct clash){
        .kind = str_of(kind), .subject = subject, .claims = arena_array(f->a, n_claims, sizeof(struct clash_claim))};
    return &f->v[f->n++];
}

/* Two claims of the same things were told already, under another word. */
static bool told(const struct finder *f, size_t from, const struct clash *c)
{
    for (size_t i = from; i + 1 < f->n; i++) {
        const struct clash *o = &f->v[i];
        size_t same = 0;
        for (size_t k = 0; k < c->n_claims && o->n_claims == c->n_claims; k++)
            same += str_eq(o->claims[k].ref, c->claims[k].ref);
        if (same && same == c->n_claims)
            return true;
    }
    return false;
}

static struct str term_ref(const struct mesh_term *t, struct arena *a)
{
    return t->domain ? arena_printf(a, "%.*s.%.*s", STR_FMT(t->domain->name), STR_FMT(t->name)) : t->name;
}

static struct str names_of(struct mesh_person p)
{
    return p.name.n ? p.name : p.contact.n ? p.contact : STR("nobody");
}

/* ---- words of the glossary ---- */
static void term_group(struct finder *f, const struct entry *v, size_t n)
{
    size_t names = 0, things = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || v[i].thing != v[i - 1].thing) {
            things++;
            names += v[i].how == HOW_NAME;
        }
    if (things < 2)
        return;
    struct clash *c = add(f, names > 1 ? "duplicate_term" : "duplicate_synonym", v[0].key, things);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || v[i].thing != v[i - 1].thing) {
            const struct mesh_term *t = &f->m->terms[v[i].thing];
            c->claims[c->n_claims++] = (struct clash_claim){
                .ref = term_ref(t, f->a), .text = t->definition, .owner = who_or_domain(t->owner, t->domain), .pos = t->pos};
        }
    if (told(f, 0, c)) {
        f->n--;
        return;
    }
    c->why = arena_printf(f->a, "\"%.*s\" is %s by %zu terms", STR_FMT(c->subject), names > 1 ? "defined" : "claimed as a word",
                          things);
}

static void group_all(struct finder *f, struct entry *v, size_t n, void (*group)(struct finder *, const struct entry *, size_t))
{
    if (n)
        qsort(v, n, sizeof *v, by_key);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && str_eq(v[end].key, v[i].key); end++) {
        }
        if (end - i > 1 && v[i].key.n)
            group(f, v + i, end - i);
    }
}

static void terms(struct finder *f)
{
    size_t cap = 0, n = 0;
    for (size_t i = 0; i < f->m->n_terms; i++)
        cap += 2 + f->m->terms[i].n_synonyms;
    struct entry *v = arena_array(f->a, cap + 1, sizeof *v);
    for (size_t i = 0; i < f->m->n_terms; i++) {
        const struct mesh_term *t = &f->m->terms[i];
        v[n++] = (struct entry){fold(t->name, f->a), i, HOW_NAME};
        v[n++] = (struct entry){fold(t->title, f->a), i, HOW_NAME};
        for (size_t k = 0; k < t->n_synonyms; k++)
            v[n++] = (struct entry){fold(t->synonyms[k], f->a), i, HOW_SYNONYM};
    }
    group_all(f, v, n, term_group);
}

/* ---- products ---- */
static void product_group(struct finder *f, const struct entry *v, size_t n)
{
    struct clash *c =
        add(f, "duplicate_product", title_of(f->m->products[v[0].thing]->title, f->m->products[v[0].thing]->name), n);
    for (size_t i = 0; i < n; i++) {
        const struct mesh_product *p = f->m->products[v[i].thing];
        c->claims[c->n_claims++] =
            (struct clash_claim){.ref = arena_printf(f->a, "%.*s.%.*s", STR_FMT(p->domain->name), STR_FMT(p->name)),
                                 .text = p->purpose,
                                 .owner = who_of_product(p),
                                 .pos = p->pos};
    }
    c->why = arena_printf(f->a, "%zu products are called \"%.*s\"", n, STR_FMT(c->subject));
}

static void products(struct finder *f)
{
    struct entry *v = arena_array(f->a, f->m->n_products + 1, sizeof *v);
    for (size_t i = 0; i < f->m->n_products; i++)
        v[i] = (struct entry){fold(title_of(f->m->products[i]->title, f->m->products[i]->name), f->a), i, HOW_NAME};
    group_all(f, v, f->m->n_products, product_group);
}

/* ---- ports ---- */
static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Key columns and all columns, each sorted: what the rows are and what they say. Empty: too little to compare. */
static struct str signature(const struct mesh_port *p, struct arena *a)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    size_t n = p->contract ? p->contract->n_columns : 0;
    if (n < COLUMNS_MIN || p->n_key == 0)
        return STR("");
    struct str *v = arena_array(a, n + p->n_key, sizeof *v);
    memcpy(v, p->key, p->n_key * sizeof *v);
    qsort(v, p->n_key, sizeof *v, by_text);
    for (size_t i = 0; i < n; i++)
        v[p->n_key + i] = p->contract->columns[i].name;
    qsort(v + p->n_key, n, sizeof *v, by_text);
    for (size_t i = 0; i < p->n_key + n; i++)
        buf_printf(&b, "%s%.*s", i == p->n_key ? "|" : ",", STR_FMT(v[i]));
    struct str text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}

static bool reads(const struct mesh_port *p, const struct mesh_port *other)
{
    for (size_t i = 0; i < p->n_inputs; i++)
        if (p->inputs[i].port == other)
            return true;
    return false;
}

/* Parts of one whole, or one made of the other, do not compete: the union of two accounts' campaigns is meant to have their
 * shape. */
static bool of_one_family(const struct mesh *m, const struct mesh_port *x, const struct mesh_port *y)
{
    if (x->product->domain == y->product->domain || reads(x, y) || reads(y, x))
        return true;
    for (size_t i = 0; i < m->n_ports; i++)
        if (reads(m->ports[i], x) && reads(m->ports[i], y))
            return true;
    return false;
}

static void port_group(struct finder *f, const struct entry *v, size_t n)
{
    const struct mesh_port *first = f->m->ports[v[0].thing];
    struct clash *c = add(f, "duplicate_port", first->name, n);
    for (size_t i = 0; i < n; i++) {
        const struct mesh_port *p = f->m->ports[v[i].thing];
        bool rival = false;
        for (size_t k = 0; k < n && !rival; k++)
            rival = k != i && !of_one_family(f->m, p, f->m->ports[v[k].thing]);
        if (rival)
            c->claims[c->n_claims++] = (struct clash_claim){
                .ref = port_shown(p), .text = p->description, .owner = who_of_product(p->product), .pos = p->pos};
    }
    if (c->n_claims < 2) {
        f->n--;
        return;
    }
    c->why = arena_printf(f->a, "%zu ports of different domains publish the same columns by the same key", c->n_claims);
}

static void ports(struct finder *f)
{
    struct entry *v = arena_array(f->a, f->m->n_ports + 1, sizeof *v);
    for (size_t i = 0; i < f->m->n_ports; i++)
        v[i] = (struct entry){signature(f->m->ports[i], f->a), i, HOW_NAME};
    group_all(f, v, f->m->n_ports, port_group);
}

/* ---- metrics ---- */

static void claim_metric(struct clash *c, const struct mesh_metric *m)
{
    c->claims[c->n_claims++] = (struct clash_claim){.ref = m->ref, .text = m->description, .owner = who_or_domain(m->owner, m->domain), .pos = m->pos};
}

static void metric_group(struct finder *f, const struct entry *v, size_t n)
{
    struct clash *c = add(f, "duplicate_metric", f->m->metrics[v[0].thing]->name, n);
    for (size_t i = 0; i < n; i++)
        claim_metric(c, f->m->metrics[v[i].thing]);
    c->why = arena_printf(f->a, "%zu domains declare a metric \"%.*s\", which is asked with its domain until then", n, STR_FMT(c->subject));
}

/* The word for one metric is the name or title of another: who asks in words gets either. */
static void metric_word_group(struct finder *f, const struct entry *v, size_t n)
{
    size_t things = 0, names = 0;
    for (size_t i = 0; i < n; i++) {
        things += i == 0 || v[i].thing != v[i - 1].thing;
        names += v[i].how == HOW_NAME;
    }
    if (things < 2 || names == 0 || names == n)
        return;
    struct clash *c = add(f, "duplicate_metric", v[0].key, things);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || v[i].thing != v[i - 1].thing)
            claim_metric(c, f->m->metrics[v[i].thing]);
    if (told(f, 0, c)) {
        f->n--;
        return;
    }
    c->why = arena_printf(f->a, "\"%.*s\" is the name of one metric and a synonym of another", STR_FMT(c->subject));
}

static void words_of_metrics(struct finder *f)
{
    size_t cap = 0, n = 0;
    for (size_t i = 0; i < f->m->n_metrics; i++)
        cap += 2 + f->m->metrics[i]->synonyms.n;
    struct entry *v = arena_array(f->a, cap + 1, sizeof *v);
    for (size_t i = 0; i < f->m->n_metrics; i++) {
        const struct mesh_metric *m = f->m->metrics[i];
        v[n++] = (struct entry){fold(m->name, f->a), i, HOW_NAME};
        v[n++] = (struct entry){fold(m->title, f->a), i, HOW_NAME};
        for (size_t k = 0; k < m->synonyms.n; k++)
            v[n++] = (struct entry){fold(m->synonyms.v[k], f->a), i, HOW_SYNONYM};
    }
    group_all(f, v, n, metric_word_group);
}

static void metrics(struct finder *f)
{
    struct entry *v = arena_array(f->a, f->m->n_metrics + 1, sizeof *v);
    for (size_t i = 0; i < f->m->n_metrics; i++)
        v[i] = (struct entry){f->m->metrics[i]->name, i, HOW_NAME};
    group_all(f, v, f->m->n_metrics, metric_group);
    words_of_metrics(f);
}

/* A word has one number. */
static void numbers_of_terms(struct finder *f)
{
    const struct mesh *m = f->m;
    const struct mesh_metric **claims = arena_array(f->a, m->n_metrics + 1, sizeof *claims);
    for (size_t t = 0; t < m->n_terms; t++) {
        size_t n = 0;
        for (size_t i = 0; i < m->n_metrics; i++)
            for (size_t k = 0; k < m->metrics[i]->terms.n; k++)
                if (str_eq(m->metrics[i]->terms.v[k], m->terms[t].name) && mesh_term_meant(m, m->metrics[i]->domain, m->metrics[i]->terms.v[k]) == &m->terms[t]) {
                    claims[n++] = m->metrics[i];
                    break;
                }
        if (n < 2)
            continue;
        struct clash *c = add(f, "claimed_term", m->terms[t].name, n);
        for (size_t i = 0; i < n; i++)
            claim_metric(c, claims[i]);
        c->why = arena_printf(f->a, "%zu metrics say that they are the number of \"%.*s\"", n, STR_FMT(m->terms[t].name));
    }
}

bool catalog_clashes(const struct mesh *m, struct arena *a, struct clash **out, size_t *n, struct err *e)
{
    struct finder f = {.m = m, .a = a};
    (void)e;
    terms(&f);
    products(&f);
    ports(&f);
    metrics(&f);
    numbers_of_terms(&f);
    *out = f.v;
    *n = f.n;
    return true;
}

bool catalog_clash_warnings(const struct mesh *m, struct errs *es, struct err *e)
{
    struct arena a;
    struct clash *v;
    size_t n;
    arena_init(&a);
    bool ok = catalog_clashes(m, &a, &v, &n, e);
    for (size_t i = 0; ok && i < n; i++) {
        const struct clash_claim *first = &v[i].claims[0], *second = &v[i].claims[1];
        struct str one = names_of(first->owner), two = names_of(second->owner);
        struct err *w =
            errs_warn(es, E_OWNER, second->pos.file, second->pos.line, second->pos.col, "%.*s: %.*s (%.*s) and %.*s (%.*s)",
                      STR_FMT(v[i].why), STR_FMT(first->ref), STR_FMT(one), STR_FMT(second->ref), STR_FMT(two));
        if (w && str_eq(one, two))
            err_hint(w, "let %.*s keep one and rename or drop the other; see %.*s:%u", STR_FMT(one), STR_FMT(first->pos.file), first->pos.line);
        else if (w)
            err_hint(w, "let %.*s and %.*s agree on one owner and rename or drop the other; see %.*s:%u", STR_FMT(one),
                     STR_FMT(two), STR_FMT(first->pos.file), first->pos.line);
    }
    arena_fini(&a);
    return ok;
}
