/* The index of one declaration: entries, the words in them with the fields where they stand, the forms of the glossary. Made
 * once, read by all; 100,000 entries take a fraction of a second and some 20 MB. */
#include "catalog/search_int.h"

#include <math.h>
#include <stdlib.h>

enum {
    ENTRIES_MAX = 1 << 27,
    FIELD_WORDS_MAX = 80, /* of one text: what a description says it says early */
    FORM_USES_MAX = 64
};

struct pair {
    uint32_t token;
    posting at;
};
struct making {
    struct find *f;
    uint32_t *slots; /* table of tokens by text, place + 1 */
    size_t n_slots, cap_tokens, cap_text;
    uint32_t *stamp; /* place + 1 of the token's pair in the entry at work */
    struct pair *pairs;
    size_t n_pairs, cap_pairs, entry_pairs;
    size_t cap_entries;
    const int64_t *uses;
};

/* ---- tokens ---- */
static void *grown(void *p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return p;
    size_t more = *cap ? *cap * 2 : 256;
    while (more < need)
        more *= 2;
    size_t bytes;
    if (!size_mul(more, size, &bytes))
        bytes = SIZE_MAX; /* which the allocator refuses */
    *cap = more;
    return mem_realloc(p, bytes);
}

static void rehash(struct making *k)
{
    struct find *f = k->f;
    mem_free(k->slots);
    k->n_slots = k->n_slots ? k->n_slots * 2 : 1024;
    k->slots = mem_alloc(k->n_slots * sizeof *k->slots);
    for (size_t i = 0; i < f->n_tokens; i++) {
        size_t at = str_hash(search_token_text(f, &f->tokens[i])) & (k->n_slots - 1);
        while (k->slots[at])
            at = (at + 1) & (k->n_slots - 1);
        k->slots[at] = (uint32_t)i + 1;
    }
}

static uint32_t token_of(struct making *k, struct str text)
{
    struct find *f = k->f;
    if ((f->n_tokens + 1) * 2 > k->n_slots)
        rehash(k);
    size_t at = str_hash(text) & (k->n_slots - 1);
    for (; k->slots[at]; at = (at + 1) & (k->n_slots - 1))
        if (str_eq(search_token_text(f, &f->tokens[k->slots[at] - 1]), text))
            return k->slots[at] - 1;
    size_t cap_stamp = k->cap_tokens;
    f->tokens = grown(f->tokens, &k->cap_tokens, f->n_tokens + 1, sizeof *f->tokens);
    k->stamp = grown(k->stamp, &cap_stamp, f->n_tokens + 1, sizeof *k->stamp);
    f->text = grown(f->text, &k->cap_text, f->text_bytes + text.n, 1);
    memcpy(f->text + f->text_bytes, text.p, text.n);
    f->tokens[f->n_tokens] =
        (struct token){.text = (uint32_t)f->text_bytes, .n = (uint32_t)text.n};
    f->text_bytes += text.n;
    k->stamp[f->n_tokens] = 0;
    k->slots[at] = (uint32_t)++f->n_tokens;
    return (uint32_t)f->n_tokens - 1;
}

/* ---- entries ---- */
static void add_word(struct making *k, struct str word, enum find_field field)
{
    uint32_t token = token_of(k, word);
    size_t seen = k->stamp[token];
    posting at = (posting)((k->f->n_entries - 1) << POSTING_FIELD_BITS | field);
    if (seen > k->entry_pairs) {
        if (k->pairs[seen - 1].at > at)
            k->pairs[seen - 1].at = at;
        return;
    }
    k->pairs = grown(k->pairs, &k->cap_pairs, k->n_pairs + 1, sizeof *k->pairs);
    k->pairs[k->n_pairs++] = (struct pair){token, at};
    k->stamp[token] = (uint32_t)k->n_pairs;
}

static size_t add_text(struct making *k, struct str text, enum find_field field)
{
    struct word w;
    size_t n = 0;
    for (; n < FIELD_WORDS_MAX && search_word(&text, &w); n++)
        add_word(k, (struct str){w.p, w.n}, field);
    return n;
}

static void add_texts(struct making *k, const struct str *v, size_t n, enum find_field field)
{
    for (size_t i = 0; i < n; i++)
        add_text(k, v[i], field);
}

static uint32_t domain_index(const struct making *k, const struct mesh_domain *d)
{
    return d ? (uint32_t)(d - k->f->m->domains) : NO_DOMAIN;
}

static struct entry *begin(struct making *k, enum find_kind kind, const void *thing, const struct mesh_domain *d, struct str name,
                           struct str title)
{
    /* Product before port before column; a term says what the others mean. */
    static const float priors[FIND_KINDS] = {
        [FIND_PRODUCT] = 1.2F, [FIND_PORT] = 1,          [FIND_COLUMN] = 0.8F, [FIND_TERM] = 1.4F,
        [FIND_GOAL] = 1,       [FIND_DASHBOARD] = 1.05F, [FIND_DOMAIN] = 1.1F, [FIND_SOURCE] = 0.95F,
        [FIND_EVENT] = 1,      [FIND_METRIC] = 1.35F};
    struct find *f = k->f;
    size_t cap_priors = k->cap_entries;
    f->priors = grown(f->priors, &cap_priors, f->n_entries + 1, sizeof *f->priors);
    f->entries = grown(f->entries, &k->cap_entries, f->n_entries + 1, sizeof *f->entries);
    f->priors[f->n_entries] = priors[kind];
    struct entry *en = &f->entries[f->n_entries++];
    *en = (struct entry){.thing = thing, .domain = domain_index(k, d), .kind = (uint8_t)kind};
    k->entry_pairs = k->n_pairs;
    en->n_name = (uint8_t)add_text(k, name, FIELD_NAME);
    en->n_title = (uint8_t)add_text(k, title, FIELD_TITLE);
    if (d) {
        add_text(k, d->name, FIELD_PLACE);
        add_text(k, d->title, FIELD_PLACE);
    }
    return en;
}

static const struct mesh_person *owner_of(const struct mesh_person *own, const struct mesh_domain *d)
{
    return own->name.n || !d ? own : &d->owner;
}

static float use_factor(int64_t uses)
{
    float f = 1 + 0.08F * log2f(1 + (float)uses);
    return f > 1.6F ? 1.6F : f;
}

static int64_t port_uses(const struct making *k, const struct mesh_port *p)
{
    return k->uses ? k->uses[p->index] : 0;
}

/* ---- terms tied to columns: place of the port -> terms ---- */
struct tie {
    const struct mesh_port *port;
    struct str column;
    const struct mesh_term *term;
};

static int tie_order(const void *x, const void *y)
{
    const struct tie *a = x, *b = y;
    return a->port->index < b->port->index ? -1 : a->port->index > b->port->index;
}

static struct tie *ties_make(const struct mesh *m, size_t *n)
{
    size_t all = 0;
    for (size_t i = 0; i < m->n_terms; i++)
        all += m->terms[i].n_columns;
    struct tie *v = mem_alloc((all + 1) * sizeof *v);
    *n = 0;
    for (size_t i = 0; i < m->n_terms; i++)
        for (size_t c = 0; c < m->terms[i].n_columns; c++)
            if (m->terms[i].columns[c].port)
                v[(*n)++] = (struct tie){m->terms[i].columns[c].port, m->terms[i].columns[c].column, &m->terms[i]};
    qsort(v, *n, sizeof *v, tie_order);
    return v;
}

static size_t ties_from(const struct tie *v, size_t n, const struct mesh_port *p)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid].port->index < p->index)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void add_term(struct making *k, const struct mesh_term *t)
{
    add_text(k, t->name, FIELD_TERM);
    add_text(k, t->title, FIELD_TERM);
    add_texts(k, t->synonyms, t->n_synonyms, FIELD_TERM);
}

/* ---- the kinds ---- */
static void add_columns_of(struct making *k, const struct mesh_port *p)
{
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++) {
        add_text(k, p->contract->columns[i].name, FIELD_COLUMN);
        add_text(k, p->contract->columns[i].business_name, FIELD_COLUMN);
    }
}

static void add_ties_of(struct making *k, const struct mesh_port *p, const struct tie *ties, size_t n, const struct str *column)
{
    for (size_t i = ties_from(ties, n, p); i < n && ties[i].port == p; i++)
        if (!column || str_eq(ties[i].column, *column))
            add_term(k, ties[i].term);
}

static void add_port(struct making *k, const struct mesh_port *p, const struct tie *ties, size_t n_ties)
{
    const struct mesh_product *product = p->product;
    float of_use = use_factor(port_uses(k, p)), of_major = p->is_default ? 1 : 0.8F;
    begin(k, FIND_PORT, p, product->domain, p->name, STR(""));
    k->f->priors[k->f->n_entries - 1] *= of_use * of_major;
    add_ties_of(k, p, ties, n_ties, NULL);
    add_text(k, p->description, FIELD_DESCRIPTION);
    add_columns_of(k, p);
    add_text(k, product->name, FIELD_PLACE);
    add_text(k, product->title, FIELD_PLACE);
    add_text(k, owner_of(&product->owner, product->domain)->name, FIELD_OWNER);
    for (size_t i = 0; p->contract && i < p->contract->n_columns; i++) {
        const struct mesh_column *c = &p->contract->columns[i];
        begin(k, FIND_COLUMN, c, product->domain, c->name, c->business_name)->port = p;
        k->f->priors[k->f->n_entries - 1] *= (1 + of_use) / 2 * of_major;
        add_ties_of(k, p, ties, n_ties, &c->name);
        add_text(k, c->description, FIELD_DESCRIPTION);
        add_text(k, p->name, FIELD_DESCRIPTION); /* daily spend is the spend of a daily port */
        add_text(k, product->name, FIELD_PLACE);
    }
}

static void add_product(struct making *k, const struct mesh_product *p, const struct tie *ties, size_t n_ties)
{
    int64_t uses = 0;
    size_t place = k->f->n_entries;
    begin(k, FIND_PRODUCT, p, p->domain, p->name, p->title);
    for (size_t i = 0; i < p->n_ports; i++) {
        uses += port_uses(k, p->ports[i]);
        add_ties_of(k, p->ports[i], ties, n_ties, NULL);
        add_columns_of(k, p->ports[i]);
        add_text(k, p->ports[i]->name, FIELD_DESCRIPTION);
        add_text(k, p->ports[i]->description, FIELD_DESCRIPTION);
    }
    k->f->priors[place] *= use_factor(uses) * (str_eq(p->status, STR("retired")) ? 0.5F : str_eq(p->status, STR("deprecated")) ? 0.7F : 1);
    add_texts(k, p->tags, p->n_tags, FIELD_TAG);
    add_text(k, p->purpose, FIELD_DESCRIPTION);
    add_text(k, p->usage, FIELD_DESCRIPTION);
    add_text(k, p->limitations, FIELD_DESCRIPTION);
    add_texts(k, p->consumers, p->n_consumers, FIELD_DESCRIPTION);
    add_text(k, owner_of(&p->owner, p->domain)->name, FIELD_OWNER);
    for (size_t i = 0; i < p->n_ports; i++)
        add_port(k, p->ports[i], ties, n_ties);
}

static void add_source(struct making *k, const struct mesh_source *s)
{
    begin(k, FIND_SOURCE, s, s->domain, s->name, s->title);
    add_text(k, s->pack, FIELD_TAG);
    add_text(k, s->description, FIELD_DESCRIPTION);
    add_text(k, owner_of(&s->owner, s->domain)->name, FIELD_OWNER);
    for (size_t i = 0; i < s->n_streams; i++) {
        const struct mesh_contract *c = s->streams[i].contract;
        add_text(k, s->streams[i].name, FIELD_DESCRIPTION);
        for (size_t n = 0; c && n < c->n_columns; n++)
            add_text(k, c->columns[n].name, FIELD_COLUMN);
    }
}

/* An event type of a tracking plan. */
static void add_event(struct making *k, const struct mesh_planned *p)
{
    const struct mesh_source *s = p->source;
    begin(k, FIND_EVENT, p, s->domain, p->name, p->title);
    add_text(k, p->type, FIELD_TAG);
    add_text(k, p->contract->description, FIELD_DESCRIPTION);
    add_text(k, s->name, FIELD_PLACE);
    add_text(k, s->title, FIELD_PLACE);
    add_text(k, owner_of(&s->owner, s->domain)->name, FIELD_OWNER);
    for (size_t i = 0; i < p->contract->n_columns; i++) {
        add_text(k, p->contract->columns[i].name, FIELD_COLUMN);
        add_text(k, p->contract->columns[i].business_name, FIELD_COLUMN);
    }
}

static void add_domain(struct making *k, const struct mesh_domain *d)
{
    begin(k, FIND_DOMAIN, d, d, d->name, d->title);
    add_text(k, d->description, FIELD_DESCRIPTION);
    add_texts(k, d->kpis, d->n_kpis, FIELD_TAG);
    add_text(k, d->north_star, FIELD_TAG);
    add_text(k, d->owner.name, FIELD_OWNER);
    for (size_t i = 0; i < d->n_roles; i++)
        add_text(k, d->roles[i].name, FIELD_OWNER);
}

/* A number is found by its words, by those of the terms that it is the number of, and by what it is made of. */
static void add_metric(struct making *k, const struct mesh_metric *x)
{
    const struct mesh *m = k->f->m;
    begin(k, FIND_METRIC, x, x->domain, x->name, x->title);
    add_texts(k, x->synonyms.v, x->synonyms.n, FIELD_SYNONYM);
    for (size_t i = 0; i < m->n_terms; i++) {
        const struct mesh_term *t = &m->terms[i];
        bool own = mesh_strs_have(x->terms, t->name);
        for (size_t n = 0; n < t->n_metrics && !own; n++)
            own = str_eq(t->metrics[n], x->name) || str_eq(t->metrics[n], x->ref);
        if (own)
            add_term(k, t);
    }
    add_text(k, x->description, FIELD_DESCRIPTION);
    for (size_t i = 0; i < x->n_parts; i++)
        add_text(k, x->parts[i].metric ? x->parts[i].metric->title : x->parts[i].ref, FIELD_DESCRIPTION);
    add_text(k, owner_of(&x->owner, x->domain)->name, FIELD_OWNER);
}

static void add_dashboard(struct making *k, const struct mesh_dashboard *d)
{
    begin(k, FIND_DASHBOARD, d, d->domain, d->name, d->title);
    add_text(k, d->description, FIELD_DESCRIPTION);
    add_text(k, owner_of(&d->owner, d->domain)->name, FIELD_OWNER);
    for (size_t i = 0; i < d->n_panels; i++) {
        add_text(k, d->panels[i].title, FIELD_DESCRIPTION);
        for (size_t n = 0; n < d->panels[i].n_measures; n++)
            add_text(k, d->panels[i].measures[n].column, FIELD_COLUMN);
        for (size_t n = 0; n < d->panels[i].n_metrics; n++)
            add_text(k, d->panels[i].metrics[n]->title, FIELD_DESCRIPTION);
    }
}

static void add_goal(struct making *k, const struct mesh_goal *g)
{
    begin(k, FIND_GOAL, g, g->domain, g->name, g->title);
    add_text(k, g->question, FIELD_DESCRIPTION);
    add_text(k, owner_of(&g->owner, g->domain)->name, FIELD_OWNER);
}

static void add_term_entry(struct making *k, const struct mesh_term *t)
{
    begin(k, FIND_TERM, t, t->domain, t->name, t->title);
    add_texts(k, t->synonyms, t->n_synonyms, FIELD_SYNONYM);
    add_text(k, t->definition, FIELD_DESCRIPTION);
    add_texts(k, t->metrics, t->n_metrics, FIELD_TAG);
    add_text(k, owner_of(&t->owner, t->domain)->name, FIELD_OWNER);
    for (size_t i = 0; i < t->n_columns; i++)
        add_text(k, t->columns[i].column, FIELD_COLUMN);
}

/* ---- forms of the glossary ---- */
static int form_order(const void *x, const void *y, void *ctx)
{
    const struct find *f = ctx;
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    int c = str_cmp(f->forms[a].text, f->forms[b].text);
    return c ? c : a < b ? -1 : a > b;
}

static void add_form(struct find *f, uint32_t term, size_t first, struct str text)
{
    struct str form = search_form(&f->arena, text);
    for (size_t i = first; i < f->n_forms; i++)
        if (str_eq(f->forms[i].text, form))
            return;
    if (form.n && f->n_forms - first < FORM_USES_MAX)
        f->forms[f->n_forms++] = (struct form){form, term};
}

static void make_forms(struct find *f)
{
    const struct mesh *m = f->m;
    size_t all = 0;
    for (size_t i = 0; i < m->n_terms; i++)
        all += 2 + m->terms[i].n_synonyms;
    f->forms = arena_array(&f->arena, all + 1, sizeof *f->forms);
    for (size_t i = 0; i < m->n_terms; i++) {
        size_t first = f->n_forms;
        add_form(f, (uint32_t)i, first, m->terms[i].name);
        add_form(f, (uint32_t)i, first, m->terms[i].title);
        for (size_t s = 0; s < m->terms[i].n_synonyms; s++)
            add_form(f, (uint32_t)i, first, m->terms[i].synonyms[s]);
    }
    f->forms_sorted = arena_array(&f->arena, f->n_forms + 1, sizeof *f->forms_sorted);
    for (size_t i = 0; i < f->n_forms; i++)
        f->forms_sorted[i] = (uint32_t)i;
    qsort_r(f->forms_sorted, f->n_forms, sizeof *f->forms_sorted, form_order, f);
}

/* ---- from pairs to lists ---- */
static int token_order(const void *x, const void *y, void *ctx)
{
    const struct find *f = ctx;
    return str_cmp(search_token_text(f, &f->tokens[*(const uint32_t *)x]),
                   search_token_text(f, &f->tokens[*(const uint32_t *)y]));
}

static void make_lists(struct making *k)
{
    struct find *f = k->f;
    uint32_t *order = mem_alloc((f->n_tokens + 1) * sizeof *order), at = 0;
    struct token *sorted = mem_alloc((f->n_tokens + 1) * sizeof *sorted);
    f->postings = mem_alloc((k->n_pairs + 1) * sizeof *f->postings);
    f->n_postings = k->n_pairs;
    f->letters = mem_alloc((f->n_tokens + 1) * sizeof *f->letters);
    for (size_t i = 0; i < f->n_tokens; i++)
        order[i] = (uint32_t)i;
    for (size_t i = 0; i < k->n_pairs; i++)
        f->tokens[k->pairs[i].token].n_postings++;
    qsort_r(order, f->n_tokens, sizeof *order, token_order, f);
    for (size_t i = 0; i < f->n_tokens; i++) {
        struct token *t = &f->tokens[order[i]];
        t->postings = at;
        at += t->n_postings;
        k->stamp[order[i]] = t->postings; /* where its next posting goes */
        sorted[i] = *t;
        f->letters[i] = search_letters(f->text + t->text, t->n);
    }
    for (size_t i = 0; i < k->n_pairs; i++)
        f->postings[k->stamp[k->pairs[i].token]++] = k->pairs[i].at;
    mem_free(f->tokens);
    f->tokens = sorted;
    mem_free(order);
}

struct str search_token_text(const struct find *f, const struct token *t)
{
    return (struct str){f->text + t->text, t->n};
}

size_t search_token_from(const struct find *f, struct str text)
{
    size_t low = 0, high = f->n_tokens;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (str_cmp(search_token_text(f, &f->tokens[mid]), text) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static size_t count_entries(const struct mesh *m)
{
    size_t n = m->n_products + m->n_ports + m->n_terms + m->n_goals + m->n_dashboards + m->n_metrics + m->n_domains + m->n_sources;
    for (size_t i = 0; i < m->n_ports; i++)
        n += m->ports[i]->contract ? m->ports[i]->contract->n_columns : 0;
    for (size_t i = 0; i < m->n_sources; i++)
        n += m->sources[i]->events ? m->sources[i]->events->n_planned : 0;
    return n;
}

bool find_open(const struct mesh *m, const int64_t *uses, struct find **out, struct err *e)
{
    if (count_entries(m) > ENTRIES_MAX)
        return err_set(e, E_TOO_LARGE, "the mesh has more than %d names to search", ENTRIES_MAX);
    struct find *f = mem_alloc(sizeof *f);
    struct making k = {.f = f, .uses = uses};
    size_t n_ties;
    struct tie *ties = ties_make(m, &n_ties);
    f->m = m;
    arena_init(&f->arena);
    for (size_t i = 0; i < m->n_terms; i++)
        add_term_entry(&k, &m->terms[i]);
    for (size_t i = 0; i < m->n_domains; i++)
        add_domain(&k, &m->domains[i]);
    for (size_t i = 0; i < m->n_products; i++)
        add_product(&k, m->products[i], ties, n_ties);
    for (size_t i = 0; i < m->n_sources; i++)
        add_source(&k, m->sources[i]);
    for (size_t i = 0; i < m->n_sources; i++)
        for (size_t n = 0; m->sources[i]->events && n < m->sources[i]->events->n_planned; n++)
            add_event(&k, &m->sources[i]->events->planned[n]);
    for (size_t i = 0; i < m->n_dashboards; i++)
        add_dashboard(&k, m->dashboards[i]);
    for (size_t i = 0; i < m->n_goals; i++)
        add_goal(&k, &m->goals[i]);
    for (size_t i = 0; i < m->n_metrics; i++)
        add_metric(&k, m->metrics[i]);
    make_forms(f);
    make_lists(&k);
    mem_free(ties);
    mem_free(k.slots);
    mem_free(k.stamp);
    mem_free(k.pairs);
    *out = f;
    return true;
}

struct find_size find_size(const struct find *f)
{
    return (struct find_size){.entries = f->n_entries,
                              .words = f->n_tokens,
                              .places = f->n_postings,
                              .bytes = f->n_entries * (sizeof *f->entries + sizeof *f->priors) + f->n_tokens * (sizeof *f->tokens + sizeof *f->letters) +
                                       f->n_postings * sizeof *f->postings + f->text_bytes + f->arena.used_bytes};
}

void find_close(struct find *f)
{
    if (!f)
        return;
    mem_free(f->entries);
    mem_free(f->priors);
    mem_free(f->tokens);
    mem_free(f->letters);
    mem_free(f->text);
    mem_free(f->postings);
    arena_fini(&f->arena);
    mem_free(f);
}
