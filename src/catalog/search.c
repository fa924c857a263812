/* A question to the index: words, what each may match (itself, a beginning, a synonym, a typo), the sum per entry, the best.
 * Each word has one number per entry, for all entries: 100,000 of them are sooner gone through than kept in order. */
#include "catalog/search_int.h"

#include <math.h>
#include <stdlib.h>

enum {
    WORDS_MAX = 8,
    MATCHES_MAX = 4000,   /* ways in which one word may match */
    TYPO_LETTERS = 4,     /* shorter words have too many neighbours */
    TYPO_TWO_LETTERS = 8, /* from here on two typos */
    TYPO_BELOW = 5,       /* a word that this many places have is meant as it stands */
    FORM_WORDS_MAX = 4,
    FORMS_MAX = 16,
    REPEATS_POOL = 200 /* so many of the best are looked at for what is alike */
};
static const float SYNONYM = 0.7F, PREFIX = 0.9F, INNER_PREFIX = 0.8F, TYPO = 0.6F, TYPO_TWO = 0.4F, TYPO_PREFIX = 0.8F, WHOLE_NAME = 0.5F, SAME_COLUMN = 0.15F, SAME_KIND = 0.08F;

/* How well an entry matches a word: the score above, below how (a place in `via`) and in which field, so that the larger of
 * two numbers is the better match with all that is to be said of it. 0: not at all. */
typedef uint32_t mark;
enum { MARK_SCORE_BITS = 16, MARK_SCALE = 6000 };
#define FIELD_MASK ((1u << POSTING_FIELD_BITS) - 1)

static float mark_score(mark m)
{
    return (float)(m >> MARK_SCORE_BITS) / MARK_SCALE;
}

struct asking {
    const struct find *f;
    const struct find_ask *ask;
    struct arena *a;
    struct word words[WORDS_MAX];
    struct str spelt[WORDS_MAX];
    size_t n;
    mark *marks[WORDS_MAX]; /* by entry */
    size_t places[WORDS_MAX];
    float rarity[WORDS_MAX];
    struct str *via[WORDS_MAX]; /* the word that it matched by; the first is empty: as it is spelt */
    size_t n_via[WORDS_MAX];
    bool meant[WORDS_MAX]; /* part of a glossary form: no typos of it */
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
static size_t via_add(struct asking *q, size_t w, struct str text)
{
    if (!q->via[w])
        q->via[w] = arena_array(q->a, MATCHES_MAX, sizeof *q->via[w]);
    q->via[w][q->n_via[w]] = text;
    return q->n_via[w]++;
}

static void mark_all(struct asking *q, size_t w, const posting *v, size_t n, float discount, size_t via)
{
    mark best[FIELD_MASK + 1] = {0}, *marks = q->marks[w];
    for (unsigned k = 0; k < FIELD_COUNT; k++)
        best[k] = (mark)(search_weights[k] * discount * MARK_SCALE) << MARK_SCORE_BITS | (mark)via << POSTING_FIELD_BITS | k;
    for (size_t i = 0; i < n; i++) {
        mark m = best[v[i] & FIELD_MASK], *at = &marks[v[i] >> POSTING_FIELD_BITS];
        *at = m > *at ? m : *at;
    }
    q->places[w] += n;
}

static void mark_token(struct asking *q, size_t w, const struct token *t, float discount, size_t via)
{
    mark_all(q, w, q->f->postings + t->postings, t->n_postings, discount, via);
}

static const struct token *token_find(const struct find *f, struct str text)
{
    size_t i = search_token_from(f, text);
    return i < f->n_tokens && str_eq(search_token_text(f, &f->tokens[i]), text) ? &f->tokens[i] : NULL;
}

static void mark_spelt(struct asking *q, size_t w)
{
    const struct find *f = q->f;
    struct str word = q->spelt[w];
    bool last = w + 1 == q->n;
    size_t via = via_add(q, w, STR(""));
    for (size_t i = search_token_from(f, word); i < f->n_tokens; i++) {
        const struct token *t = &f->tokens[i];
        struct str text = search_token_text(f, t);
        if (!str_starts(text, word))
            break;
        bool plural = text.n == word.n + 1 && text.p[word.n] == 's';
        float part = 0.5F + 0.5F * (float)word.n / (float)text.n;
        if (text.n == word.n)
            mark_token(q, w, t, 1, via);
        else if (last || plural || word.n >= 3)
            mark_token(q, w, t, PREFIX * part * (last || plural ? 1 : INNER_PREFIX), via);
    }
    /* "conversions" asks for what is called conversion, too. */
    if (word.n > 3 && word.p[word.n - 1] == 's') {
        const struct token *one = token_find(f, (struct str){word.p, word.n - 1});
        if (one)
            mark_token(q, w, one, PREFIX, via);
    }
}

static void mark_typos(struct asking *q, size_t w)
{
    const struct find *f = q->f;
    struct str word = q->spelt[w];
    unsigned most = word.n >= TYPO_TWO_LETTERS ? 2 : 1;
    uint64_t letters = search_letters(word.p, word.n);
    bool last = w + 1 == q->n;
    for (size_t i = 0; i < f->n_tokens && q->n_via[w] < MATCHES_MAX; i++) {
        /* A typo brings in one foreign letter at most. */
        if (__builtin_popcountll(letters & ~f->letters[i]) > (int)most)
            continue;
        const struct token *t = &f->tokens[i];
        if (t->n + most < word.n || (!last && t->n > word.n + most))
            continue;
        struct str text = search_token_text(f, t);
        unsigned whole = str_distance(word, text, most), begun = most + 1;
        if (last && text.n > word.n)
            begun = str_distance(word, (struct str){text.p, word.n}, most);
        if (whole == 0 || begun == 0 || (whole > most && begun > most))
            continue; /* as it is spelt, and there already; or another word */
        float discount = whole <= most ? (whole == 1 ? TYPO : TYPO_TWO) : (begun == 1 ? TYPO : TYPO_TWO) * TYPO_PREFIX;
        mark_token(q, w, t, discount, via_add(q, w, text));
    }
}

/* ---- synonyms ---- */
/* Words of the question said by another form of a term: where that stands. */
struct said {
    size_t from, words;
    const posting *v;
    size_t n;
    struct str form;
};

/* Keeps of v what the list has too, with the weaker field. */
static size_t intersect(posting *v, size_t n, const posting *list, size_t n_list)
{
    size_t kept = 0, k = 0;
    for (size_t i = 0; i < n && k < n_list; i++) {
        posting entry = v[i] >> POSTING_FIELD_BITS;
        size_t step = 1; /* leaps, since the list is mostly much longer */
        while (k + step < n_list && list[k + step] >> POSTING_FIELD_BITS < entry) {
            k += step;
            step *= 2;
        }
        while (k < n_list && list[k] >> POSTING_FIELD_BITS < entry) {
            size_t leap = step;
            while (leap > 1 && (k + leap >= n_list || list[k + leap] >> POSTING_FIELD_BITS >= entry))
                leap /= 2;
            k += leap;
        }
        if (k < n_list && list[k] >> POSTING_FIELD_BITS == entry)
            v[kept++] = list[k] > v[i] ? list[k] : v[i];
    }
    return kept;
}

/* Entries that have all words of a form, with the weakest field. */
static bool all_of(struct asking *q, struct str form, struct said *out)
{
    const struct token *words[FORM_WORDS_MAX * 2] = {NULL};
    size_t n = 0, rarest = 0;
    for (struct str rest = form; rest.p && n < FORM_WORDS_MAX * 2; n++) {
        words[n] = token_find(q->f, str_cut(rest, ' ', &rest));
        if (!words[n])
            return false;
        if (words[n]->n_postings < words[rarest]->n_postings)
            rarest = n;
    }
    if (n == 0)
        return false;
    const posting *all = q->f->postings;
    *out = (struct said){.from = out->from, .words = out->words, .v = all + words[rarest]->postings, .n = words[rarest]->n_postings, .form = form};
    if (n == 1)
        return true;
    posting *v = arena_array(q->a, out->n + 1, sizeof *v);
    memcpy(v, out->v, out->n * sizeof *v);
    for (size_t i = 0; i < n; i++)
        if (i != rarest)
            out->n = intersect(v, out->n, all + words[i]->postings, words[i]->n_postings);
    out->v = v;
    return out->n > 0;
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

static void other_forms(struct asking *q, uint32_t form, size_t from, size_t words, struct said *said, size_t *n)
{
    const struct find *f = q->f;
    size_t i = form;
    while (i > 0 && f->forms[i - 1].term == f->forms[form].term)
        i--;
    for (; i < f->n_forms && f->forms[i].term == f->forms[form].term && *n < FORMS_MAX; i++) {
        struct said s = {.from = from, .words = words};
        if (i != form && all_of(q, f->forms[i].text, &s))
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
static bool wanted(const struct asking *q, const struct entry *en)
{
    return (!q->ask->kinds || (q->ask->kinds & 1u << en->kind)) && (q->domain == NO_DOMAIN || en->domain == q->domain);
}

static unsigned words_of(const struct asking *q, size_t entry)
{
    unsigned set = 0;
    for (size_t w = 0; w < q->n; w++)
        set |= (unsigned)(q->marks[w][entry] != 0) << w;
    return set;
}

/* The most words that some entry has together; of as many words, the rarer ones. */
static unsigned words_together(const struct asking *q)
{
    bool seen[1 << WORDS_MAX] = {false};
    unsigned best = 0;
    float best_rarity = 0;
    for (size_t i = 0; i < q->f->n_entries; i++)
        if (wanted(q, &q->f->entries[i]))
            seen[words_of(q, i)] = true;
    for (unsigned set = 1; set < 1u << q->n; set++) {
        float rarity = 0;
        for (size_t w = 0; seen[set] && w < q->n; w++)
            if (set & 1u << w)
                rarity += 100 + q->rarity[w];
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
    if (max == 0)
        return;
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

/* The same column in fifty ports tells less each time, and so does the tenth port in a row: what is alike steps back. */
static void thin_repeats(const struct find *f, struct pick *v, size_t n)
{
    size_t of_kind[FIND_KINDS] = {0};
    for (size_t i = 0; i < n; i++) {
        const struct entry *en = &f->entries[v[i].entry];
        size_t same = 0;
        for (size_t k = 0; en->kind == FIND_COLUMN && k < i; k++) {
            const struct entry *other = &f->entries[v[k].entry];
            same += other->kind == FIND_COLUMN &&
                    str_eq(((const struct mesh_column *)other->thing)->name, ((const struct mesh_column *)en->thing)->name);
        }
        v[i].score /= 1 + SAME_COLUMN * (float)same + SAME_KIND * (float)of_kind[en->kind]++;
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
    size_t strongest = 0;
    h.domain = d ? d->name : STR("");
    for (size_t w = 1; w < q->n; w++)
        if (mark_score(q->marks[w][p.entry]) * q->rarity[w] > mark_score(q->marks[strongest][p.entry]) * q->rarity[strongest])
            strongest = w;
    mark best = q->marks[strongest][p.entry];
    h.field = search_field_text((enum find_field)(best & FIELD_MASK));
    h.via = arena_str(q->a, q->via[strongest][(best & ((1u << MARK_SCORE_BITS) - 1)) >> POSTING_FIELD_BITS]); /* hits outlive the index */
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
    case FIND_EVENT: {
        const struct mesh_planned *x = en->thing;
        h.ref = arena_printf(q->a, "%.*s.%.*s.%.*s", STR_FMT(d->name), STR_FMT(x->source->name), STR_FMT(x->name));
        name = x->name, h.title = x->title, h.text = x->contract->description, owner = x->source->owner;
        break;
    }
    case FIND_METRIC: {
        const struct mesh_metric *x = en->thing;
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

/* More where the whole name or title is meant, or most of it. */
static float name_factor(const struct asking *q, size_t entry, unsigned set)
{
    const struct entry *en = &q->f->entries[entry];
    unsigned words = (unsigned)__builtin_popcount(set), of = words;
    for (size_t w = 0; w < q->n; w++) {
        unsigned field = q->marks[w][entry] & FIELD_MASK, n = field == FIELD_NAME ? en->n_name : en->n_title;
        if (!(set & 1u << w))
            continue;
        if (field > FIELD_TITLE)
            return 1;
        of = n > of ? n : of;
    }
    return 1 + WHOLE_NAME * (float)words / (float)of;
}

static void pick_best(struct asking *q, unsigned set, struct find_result *out)
{
    const struct find *f = q->f;
    size_t room = q->ask->limit < REPEATS_POOL ? REPEATS_POOL : q->ask->limit, n = 0;
    room = room < f->n_entries ? room : f->n_entries;
    struct pick *best = mem_alloc((room + 1) * sizeof *best);
    bool filtered = q->ask->kinds || q->domain != NO_DOMAIN;
    for (size_t i = 0; i < f->n_entries; i++) {
        float score = 0;
        size_t w = 0;
        for (; w < q->n && (q->marks[w][i] || !(set & 1u << w)); w++)
            score += mark_score(q->marks[w][i]) * q->rarity[w];
        if (w < q->n || (filtered && !wanted(q, &f->entries[i])))
            continue;
        score *= f->priors[i];
        out->total++;
        if (n < room || (room && score * (1 + WHOLE_NAME) >= best[0].score))
            offer(best, &n, room, (struct pick){score * name_factor(q, i, set), (uint32_t)i});
    }
    qsort(best, n, sizeof *best, pick_order);
    if (__builtin_popcount(q->ask->kinds) != 1 || q->ask->kinds == 1u << FIND_COLUMN)
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
    size_t n_said = find_forms(&q, said), each = f->n_entries + 1;
    mark *marks = mem_alloc(q.n * each * sizeof *marks);
    for (size_t w = 0; w < q.n; w++) {
        q.marks[w] = marks + w * each;
        mark_spelt(&q, w);
        for (size_t i = 0; i < n_said; i++)
            if (w >= said[i].from && w < said[i].from + said[i].words)
                mark_all(&q, w, said[i].v, said[i].n, SYNONYM, via_add(&q, w, said[i].form));
        if (!q.meant[w] && q.spelt[w].n >= TYPO_LETTERS && q.places[w] < TYPO_BELOW)
            mark_typos(&q, w);
        q.rarity[w] = logf(2 + (float)f->n_entries / (float)(1 + q.places[w]));
    }
    unsigned set = (1u << q.n) - 1;
    pick_best(&q, set, out);
    if (!out->total && (set = words_together(&q)) != 0) {
        out->dropped = arena_array(a, q.n + 1, sizeof *out->dropped);
        for (size_t w = 0; w < q.n; w++)
            if (!(set & 1u << w))
                out->dropped[out->n_dropped++] = arena_str(a, q.spelt[w]);
        pick_best(&q, set, out);
    }
    mem_free(marks);
    return true;
}
