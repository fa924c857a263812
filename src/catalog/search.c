/* A question to the index: words, what each may match (itself, a beginning, a synonym, a typo), the sum per entry, the best.
 * Dense sums over all entries: 100,000 of them are cheaper to add up than to keep in order. */
#include "catalog/search_int.h"

#include <math.h>
#include <stdlib.h>

enum {
    WORDS_MAX = 8,
    MATCHES_MAX = 2048,   /* lists that one word may match */
    TYPO_LETTERS = 4,     /* shorter words have too many neighbours */
    TYPO_TWO_LETTERS = 8, /* from here on two typos */
    TYPO_BELOW = 5,       /* a word that this many entries have is meant as it stands */
    FORM_WORDS_MAX = 4,
    FORMS_MAX = 16,
    REPEATS_POOL = 200 /* so many of the best are looked at for the same column over and over */
};
static const float SYNONYM = 0.7F, PREFIX = 0.9F, INNER_PREFIX = 0.8F, TYPO = 0.6F, TYPO_TWO = 0.4F, TYPO_PREFIX = 0.8F, WHOLE_NAME = 0.5F;

/* A list of postings that counts for a word, at a discount. */
struct match {
    const posting *v;
    size_t n;
    float discount;
    struct str via;
};

struct cell {
    float total, now, strongest; /* over the words; of the word at work; the best of one word */
    uint32_t match;              /* of the strongest */
    uint8_t words, named;        /* which words matched; which in name or title */
    uint8_t word, field;         /* at work, + 1; of the strongest */
};

struct asking {
    const struct find *f;
    const struct find_ask *ask;
    struct arena *a;
    struct word words[WORDS_MAX];
    struct str spelt[WORDS_MAX];
    size_t n;
    struct match *matches;
    size_t n_matches, first[WORDS_MAX + 1]; /* of each word */
    bool meant[WORDS_MAX];                  /* part of a glossary form: no typos of it */
    struct cell *cells;
    uint32_t domain;
};

/* ---- words ---- */
/* Words of a question that say nothing about what is looked for. */
static bool is_filler(const struct word *w)
{
    static const char *const fillers[] = {"a", "an", "and", "are", "by", "do", "does", "for", "from", "how", "i", "in", "is", "it", "me", "mean",
                                          "means", "my", "of", "on", "or", "our", "own", "owns", "the", "there", "to", "was", "we", "what", "where",
                                          "which", "who", "whose", "why", "with"};
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
        if (str_eq((struct str){w->p, w->n}, str_of(fillers[i])))
            return true;
    return false;
}

static void cut_words(struct asking *q)
{
    struct word all[WORDS_MAX * 4];
    size_t n = 0, telling = 0;
    struct str rest = q->ask->q;
    while (n < WORDS_MAX * 4 && search_word(&rest, &all[n]))
        telling += !is_filler(&all[n++]);
    for (size_t i = 0; i < n && q->n < WORDS_MAX; i++) {
        /* What is being typed may be the beginning of more. */
        if (telling && is_filler(&all[i]) && !(i + 1 == n && telling + 1 >= n))
            continue;
        bool twice = false;
        for (size_t k = 0; k < q->n; k++)
            twice |= str_eq(q->spelt[k], (struct str){all[i].p, all[i].n});
        if (twice)
            continue;
        q->words[q->n] = all[i];
        q->spelt[q->n] = (struct str){q->words[q->n].p, q->words[q->n].n};
        q->n++;
    }
}

/* ---- what a word matches ---- */
static void add_match(struct asking *q, const posting *v, size_t n, float discount, struct str via)
{
    if (n && q->n_matches < (q->n * (size_t)MATCHES_MAX))
        q->matches[q->n_matches++] = (struct match){v, n, discount, via};
}

static void add_token(struct asking *q, const struct token *t, float discount, struct str via)
{
    add_match(q, q->f->postings + t->postings, t->n_postings, discount, via);
}

static const struct token *token_find(const struct find *f, struct str text)
{
    size_t i = search_token_from(f, text);
    return i < f->n_tokens && str_eq(search_token_text(f, &f->tokens[i]), text) ? &f->tokens[i] : NULL;
}

static void add_spelt(struct asking *q, size_t w)
{
    const struct find *f = q->f;
    struct str word = q->spelt[w];
    bool last = w + 1 == q->n;
    size_t from = q->n_matches;
    for (size_t i = search_token_from(f, word); i < f->n_tokens; i++) {
        const struct token *t = &f->tokens[i];
        struct str text = search_token_text(f, t);
        if (!str_starts(text, word) || q->n_matches - from >= MATCHES_MAX / 2)
            break;
        bool plural = text.n == word.n + 1 && text.p[word.n] == 's';
        float part = 0.5F + 0.5F * (float)word.n / (float)text.n;
        if (text.n == word.n)
            add_token(q, t, 1, STR(""));
        else if (last || plural || word.n >= 3)
            add_token(q, t, PREFIX * part * (last || plural ? 1 : INNER_PREFIX), STR(""));
    }
    /* "conversions" asks for what is called conversion, too. */
    if (word.n > 3 && word.p[word.n - 1] == 's') {
        const struct token *one = token_find(f, (struct str){word.p, word.n - 1});
        if (one)
            add_token(q, one, PREFIX, STR(""));
    }
}

static size_t entries_of(const struct asking *q, size_t from)
{
    size_t n = 0;
    for (size_t i = from; i < q->n_matches; i++)
        n += q->matches[i].n;
    return n;
}

static void add_typos(struct asking *q, size_t w)
{
    const struct find *f = q->f;
    struct str word = q->spelt[w];
    unsigned most = word.n >= TYPO_TWO_LETTERS ? 2 : 1;
    uint64_t letters = search_letters(word.p, word.n);
    bool last = w + 1 == q->n;
    for (size_t i = 0; i < f->n_tokens; i++) {
        const struct token *t = &f->tokens[i];
        /* A typo brings in one foreign letter at most. */
        if (__builtin_popcountll(letters & ~t->letters) > (int)most || t->n + most < word.n || (!last && t->n > word.n + most))
            continue;
        struct str text = search_token_text(f, t);
        unsigned whole = str_distance(word, text, most), begun = most + 1;
        if (last && text.n > word.n)
            begun = str_distance(word, (struct str){text.p, word.n}, most);
        if (whole == 0 || (begun == 0 && whole > most))
            continue; /* as it is spelt, and there already */
        if (whole <= most)
            add_token(q, t, whole == 1 ? TYPO : TYPO_TWO, text);
        else if (begun <= most)
            add_token(q, t, (begun == 1 ? TYPO : TYPO_TWO) * TYPO_PREFIX, text);
    }
}

/* ---- synonyms ---- */
/* Entries that have all words of a form, with the weakest field. */
static bool all_of(struct asking *q, struct str form, struct match *out)
{
    struct str rest = form;
    posting *v = NULL;
    size_t n = 0;
    for (bool first = true; rest.p; first = false) {
        struct str word = str_cut(rest, ' ', &rest);
        const struct token *t = token_find(q->f, word);
        if (!t)
            return false;
        const posting *list = q->f->postings + t->postings;
        if (first && !rest.p) { /* one word: its list is the answer */
            *out = (struct match){list, t->n_postings, SYNONYM, form};
            return true;
        }
        if (first) {
            v = arena_array(q->a, t->n_postings + 1, sizeof *v);
            memcpy(v, list, t->n_postings * sizeof *v);
            n = t->n_postings;
            continue;
        }
        size_t kept = 0, k = 0;
        for (size_t i = 0; i < n; i++) {
            while (k < t->n_postings && list[k] >> POSTING_FIELD_BITS < v[i] >> POSTING_FIELD_BITS)
                k++;
            if (k < t->n_postings && list[k] >> POSTING_FIELD_BITS == v[i] >> POSTING_FIELD_BITS)
                v[kept++] = list[k] > v[i] ? list[k] : v[i];
        }
        n = kept;
    }
    *out = (struct match){v, n, SYNONYM, form};
    return n > 0;
}

/* First of the sorted forms that is not before `text`. */
static size_t form_from(const struct find *f, struct str text)
{
    size_t low = 0, high = f->n_forms;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (str_cmp(f->forms[f->forms_sorted[mid]].text, text) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct said {
    size_t from, words;
    struct match match;
};

static void other_forms(struct asking *q, uint32_t form, size_t from, size_t words, struct said *said, size_t *n)
{
    const struct find *f = q->f;
    size_t i = form;
    while (i > 0 && f->forms[i - 1].term == f->forms[form].term)
        i--;
    for (; i < f->n_forms && f->forms[i].term == f->forms[form].term && *n < FORMS_MAX; i++) {
        struct said s = {.from = from, .words = words};
        if (i != form && all_of(q, f->forms[i].text, &s.match))
            said[(*n)++] = s;
    }
}

/* Every run of words that is a form of the glossary may be said by the other forms of its term. */
static size_t find_forms(struct asking *q, struct said *said)
{
    size_t n = 0;
    for (size_t from = 0; from < q->n; from++) {
        struct buf joined = BUF_INIT((size_t)1024);
        for (size_t words = 1; words <= FORM_WORDS_MAX && from + words <= q->n; words++) {
            if (words > 1)
                buf_addc(&joined, ' ');
            buf_add(&joined, search_form(q->a, q->spelt[from + words - 1]));
            struct str text = buf_str(&joined);
            for (size_t i = form_from(q->f, text); i < q->f->n_forms && n < FORMS_MAX && str_eq(q->f->forms[q->f->forms_sorted[i]].text, text); i++) {
                other_forms(q, q->f->forms_sorted[i], from, words, said, &n);
                for (size_t w = from; w < from + words; w++)
                    q->meant[w] = true;
            }
        }
        buf_fini(&joined);
    }
    return n;
}

/* ---- adding up ---- */
static void add_up(struct asking *q, size_t w)
{
    size_t from = q->first[w], to = q->first[w + 1];
    float rarity = logf(2 + (float)q->f->n_entries / (float)(1 + entries_of(q, from)));
    for (size_t i = from; i < to; i++) {
        const struct match *m = &q->matches[i];
        float factor = m->discount * rarity;
        for (size_t k = 0; k < m->n; k++) {
            struct cell *c = &q->cells[m->v[k] >> POSTING_FIELD_BITS];
            unsigned field = m->v[k] & ((1u << POSTING_FIELD_BITS) - 1);
            float score = search_weights[field] * factor;
            if (c->word != w + 1) {
                c->word = (uint8_t)(w + 1);
                c->words |= (uint8_t)(1u << w);
                c->now = 0;
            }
            if (score <= c->now)
                continue;
            c->total += score - c->now;
            c->now = score;
            c->named = (uint8_t)((c->named & ~(1u << w)) | (unsigned)(field <= FIELD_TITLE) << w);
            if (score > c->strongest) {
                c->strongest = score;
                c->match = (uint32_t)i;
                c->field = (uint8_t)field;
            }
        }
    }
}

static bool wanted(const struct asking *q, const struct entry *en)
{
    return (!q->ask->kinds || (q->ask->kinds & 1u << en->kind)) && (q->domain == NO_DOMAIN || en->domain == q->domain);
}

/* The most words that some entry has together; of as many words, the rarer ones. */
static unsigned words_together(const struct asking *q)
{
    bool seen[1 << WORDS_MAX] = {false};
    unsigned all = (1u << q->n) - 1, best = 0;
    float best_rarity = 0;
    for (size_t i = 0; i < q->f->n_entries; i++)
        if (q->cells[i].words && wanted(q, &q->f->entries[i])) {
            if (q->cells[i].words == all)
                return all;
            seen[q->cells[i].words] = true;
        }
    for (unsigned set = 1; set <= all; set++) {
        float rarity = 0;
        for (size_t w = 0; seen[set] && w < q->n; w++)
            if (set & 1u << w)
                rarity += 100 + logf(2 + (float)q->f->n_entries / (float)(1 + q->first[w + 1] - q->first[w]));
        if (rarity > best_rarity) {
            best_rarity = rarity;
            best = set;
        }
    }
    return best;
}

struct pick {
    float score;
    uint32_t entry;
};

static bool worse(struct pick a, struct pick b)
{
    return a.score < b.score || (!(a.score > b.score) && a.entry > b.entry);
}

/* A heap with the worst on top, of the best `max`. */
static void offer(struct pick *heap, size_t *n, size_t max, struct pick p)
{
    size_t i;
    if (*n < max) {
        for (i = (*n)++; i > 0 && worse(p, heap[(i - 1) / 2]); i = (i - 1) / 2)
            heap[i] = heap[(i - 1) / 2];
        heap[i] = p;
        return;
    }
    if (!worse(heap[0], p))
        return;
    for (i = 0;;) {
        size_t child = 2 * i + 1;
        if (child >= max)
            break;
        if (child + 1 < max && worse(heap[child + 1], heap[child]))
            child++;
        if (!worse(heap[child], p))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = p;
}

static int pick_order(const void *x, const void *y)
{
    struct pick a = *(const struct pick *)x, b = *(const struct pick *)y;
    return worse(a, b) ? 1 : worse(b, a) ? -1 : 0;
}

/* The same column in fifty ports tells less each time. */
static void thin_repeats(const struct find *f, struct pick *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct entry *en = &f->entries[v[i].entry];
        size_t before = 0;
        for (size_t k = 0; en->kind == FIND_COLUMN && k < i; k++) {
            const struct entry *other = &f->entries[v[k].entry];
            before += other->kind == FIND_COLUMN &&
                      str_eq(((const struct mesh_column *)other->thing)->name, ((const struct mesh_column *)en->thing)->name);
        }
        v[i].score /= 1 + 0.15F * (float)before;
    }
    qsort(v, n, sizeof *v, pick_order);
}

/* ---- hits ---- */
static struct str first_of(struct str a, struct str b)
{
    return a.n ? a : b;
}

static struct find_hit hit_of(const struct asking *q, struct pick p)
{
    const struct entry *en = &q->f->entries[p.entry];
    const struct mesh_domain *d = en->domain == NO_DOMAIN ? NULL : &q->f->m->domains[en->domain];
    struct find_hit h = {.kind = (enum find_kind)en->kind, .entry = en->thing, .port = en->port, .score = (double)p.score};
    struct mesh_person owner = {0};
    struct str name = STR("");
    const struct cell *c = &q->cells[p.entry];
    h.domain = d ? d->name : STR("");
    h.field = search_field_text((enum find_field)c->field);
    h.via = arena_str(q->a, q->matches[c->match].via); /* hits outlive the index */
    switch (h.kind) {
    case FIND_PRODUCT: {
        const struct mesh_product *x = en->thing;
        name = x->name, h.title = x->title, h.text = x->purpose, owner = x->owner;
        break;
    }
    case FIND_PORT: {
        const struct mesh_port *x = en->thing;
        h.ref = x->is_default ? x->ref : x->ref_major;
        name = x->name, h.title = x->name, h.text = x->description, owner = x->product->owner;
        break;
    }
    case FIND_COLUMN: {
        const struct mesh_column *x = en->thing;
        h.ref = arena_printf(q->a, "%.*s.%.*s", STR_FMT(en->port->is_default ? en->port->ref : en->port->ref_major), STR_FMT(x->name));
        name = x->name, h.title = x->business_name, h.text = x->description, owner = en->port->product->owner;
        break;
    }
    case FIND_TERM: {
        const struct mesh_term *x = en->thing;
        name = x->name, h.title = x->title, h.text = x->definition, owner = x->owner;
        break;
    }
    case FIND_GOAL: {
        const struct mesh_goal *x = en->thing;
        name = x->name, h.title = x->title, h.text = x->question, owner = x->owner;
        break;
    }
    case FIND_DASHBOARD: {
        const struct mesh_dashboard *x = en->thing;
        name = x->name, h.title = x->title, h.text = x->description, owner = x->owner;
        break;
    }
    case FIND_DOMAIN: {
        const struct mesh_domain *x = en->thing;
        name = x->name, h.ref = x->name, h.title = x->title, h.text = x->description, owner = x->owner;
        break;
    }
    case FIND_SOURCE: {
        const struct mesh_source *x = en->thing;
        name = x->name, h.title = x->title, h.text = x->description, owner = x->owner;
        break;
    }
    case FIND_KINDS:
        break;
    }
    if (!h.ref.n)
        h.ref = d ? arena_printf(q->a, "%.*s.%.*s", STR_FMT(d->name), STR_FMT(name)) : name;
    h.title = first_of(h.title, name);
    h.owner = first_of(owner.name, d ? d->owner.name : STR(""));
    return h;
}

static void pick_best(struct asking *q, unsigned set, struct find_result *out)
{
    const struct find *f = q->f;
    size_t room = q->ask->limit < REPEATS_POOL ? REPEATS_POOL : q->ask->limit, n = 0;
    room = room < f->n_entries ? room : f->n_entries;
    struct pick *best = mem_alloc((room + 1) * sizeof *best);
    float words = (float)__builtin_popcount(set);
    for (size_t i = 0; i < f->n_entries; i++) {
        const struct cell *c = &q->cells[i];
        const struct entry *en = &f->entries[i];
        if (!c->words || (c->words & set) != set || !wanted(q, en))
            continue;
        float score = c->total * en->prior;
        if ((c->named & set) == set) { /* the whole name is meant, or most of it */
            unsigned shortest = en->n_title && en->n_title < en->n_name ? en->n_title : en->n_name;
            score *= 1 + WHOLE_NAME * words / ((float)shortest > words ? (float)shortest : words);
        }
        out->total++;
        if (room)
            offer(best, &n, room, (struct pick){score, (uint32_t)i});
    }
    qsort(best, n, sizeof *best, pick_order);
    thin_repeats(f, best, n < REPEATS_POOL ? n : REPEATS_POOL);
    out->n = n < q->ask->limit ? n : q->ask->limit;
    out->hits = arena_array(q->a, out->n + 1, sizeof *out->hits);
    for (size_t i = 0; i < out->n; i++)
        out->hits[i] = hit_of(q, best[i]);
    mem_free(best);
}

bool find_query(const struct find *f, const struct find_ask *ask, struct arena *a, struct find_result *out, struct err *e)
{
    struct asking q = {.f = f, .ask = ask, .a = a, .domain = NO_DOMAIN};
    struct said said[FORMS_MAX];
    *out = (struct find_result){0};
    if (ask->domain.n) {
        const struct mesh_domain *d = mesh_find_domain(f->m, ask->domain);
        if (!d)
            return err_set(e, E_NOT_FOUND, "there is no domain %.*s", STR_FMT(ask->domain));
        q.domain = (uint32_t)(d - f->m->domains);
    }
    cut_words(&q);
    if (!q.n)
        return true;
    q.matches = mem_alloc(q.n * MATCHES_MAX * sizeof *q.matches);
    q.cells = mem_alloc((f->n_entries + 1) * sizeof *q.cells);
    size_t n_said = find_forms(&q, said);
    for (size_t w = 0; w < q.n; w++) {
        q.first[w] = q.n_matches;
        add_spelt(&q, w);
        for (size_t i = 0; i < n_said; i++)
            if (w >= said[i].from && w < said[i].from + said[i].words)
                add_match(&q, said[i].match.v, said[i].match.n, said[i].match.discount, said[i].match.via);
        if (!q.meant[w] && q.spelt[w].n >= TYPO_LETTERS && entries_of(&q, q.first[w]) < TYPO_BELOW)
            add_typos(&q, w);
        q.first[w + 1] = q.n_matches;
        add_up(&q, w);
    }
    unsigned set = words_together(&q);
    if (set) {
        out->dropped = arena_array(a, q.n + 1, sizeof *out->dropped);
        for (size_t w = 0; w < q.n; w++)
            if (!(set & 1u << w))
                out->dropped[out->n_dropped++] = arena_str(a, q.spelt[w]);
        pick_best(&q, set, out);
    }
    mem_free(q.cells);
    mem_free(q.matches);
    return true;
}
