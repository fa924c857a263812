#include "measure/understand.h"

#include "base/buf.h"
#include "measure/understand_int.h"

const char *word_kind_text(enum word_kind k)
{
    static const char *const texts[] = {
        [WORD_METRIC] = "metric", [WORD_DIMENSION] = "dimension", [WORD_GRAIN] = "grain", [WORD_RANGE] = "range", [WORD_VALUE] = "value", [WORD_COMPARE] = "compare", [WORD_TOP] = "top", [WORD_ORDER] = "order"};
    return texts[k];
}

/* ---- words and phrases ---- */
static struct str folded(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        p[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == '_' || c == '-' ? ' ' : c;
    }
    return (struct str){p, s.n};
}

/* Without what stands around it: quotes, a full stop, "facebook's". */
static struct str bare(struct str w)
{
    while (w.n && strchr("\"'", w.p[0])) {
        w.p++;
        w.n--;
    }
    while (w.n && strchr("\"'.:", w.p[w.n - 1]))
        w.n--;
    if (w.n > 2 && str_ends(w, STR("'s")) && !str_eq(w, STR("what's")) && !str_eq(w, STR("how's")))
        w.n -= 2;
    return w;
}

static void split(struct reading *r, struct str text)
{
    struct str rest = str_trim(text);
    while (rest.n && r->n < WORDS_MAX) {
        size_t n = 0;
        while (n < rest.n && !strchr(" \t\r\n,;?!()", rest.p[n]))
            n++;
        struct str w = bare((struct str){rest.p, n});
        if (w.n) {
            r->code[r->n] = w.n == 2 && w.p[0] >= 'A' && w.p[0] <= 'Z' && w.p[1] >= 'A' && w.p[1] <= 'Z';
            r->word[r->n++] = folded(r->a, w);
        }
        rest = str_trim((struct str){rest.p + n + (n < rest.n), rest.n - n - (n < rest.n)});
    }
}

struct str reading_phrase(const struct reading *r, size_t n)
{
    struct buf b = BUF_INIT((size_t)4096);
    for (size_t i = 0; i < n; i++) {
        buf_addz(&b, i ? " " : "");
        buf_add(&b, r->word[r->at + i]);
    }
    struct str s = arena_str(r->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

/* Equal but for case, underscores, and an s (or ies) at the end. */
static bool alike(struct arena *a, struct str said, struct str name)
{
    struct str x = folded(a, name);
    if (!x.n || str_eq(said, x))
        return x.n > 0;
    if (said.n == x.n + 2 && str_ends(said, STR("ies")) && x.p[x.n - 1] == 'y')
        return memcmp(said.p, x.p, x.n - 1) == 0;
    return (said.n == x.n + 1 && str_starts(said, x) && said.p[x.n] == 's') || (x.n == said.n + 1 && str_starts(x, said) && x.p[said.n] == 's');
}

static bool any_alike(struct arena *a, struct str said, struct str name, struct str title, struct mesh_strs synonyms)
{
    bool found = alike(a, said, name) || alike(a, said, title);
    for (size_t i = 0; !found && i < synonyms.n; i++)
        found = alike(a, said, synonyms.v[i]);
    return found;
}

void reading_note(struct reading *r, size_t n, enum word_kind k, struct str ref, struct str title)
{
    r->out->words[r->out->n_words++] = (struct understood_word){reading_phrase(r, n), k, ref, title};
    r->at += n;
}

/* ---- metrics ---- */
static const struct mesh_metric *metric_called(const struct reading *r, struct str said)
{
    for (size_t i = 0; i < r->m->n_metrics; i++)
        if (any_alike(r->a, said, r->m->metrics[i]->name, r->m->metrics[i]->title, r->m->metrics[i]->synonyms))
            return r->m->metrics[i];
    return NULL;
}

static bool put_metric(struct reading *r, const struct mesh_metric *x, size_t n)
{
    bool had = false;
    for (size_t i = 0; i < r->n_metrics; i++)
        had = had || r->metrics[i] == x;
    if (!had && r->n_metrics < FOUND_MAX)
        r->metrics[r->n_metrics++] = x;
    if (r->first && !r->first_of && r->at == r->first_at)
        r->first_of = x;
    reading_note(r, n, WORD_METRIC, x->ref, x->title.n ? x->title : x->name);
    return true;
}

static bool take_metric(struct reading *r, struct str said, size_t n)
{
    const struct mesh_metric *x = metric_called(r, said);
    return x && put_metric(r, x, n);
}

/* "cost", "sold": a metric that has one of the names which are meant by it. */
static bool take_verb(struct reading *r, struct str said, size_t n)
{
    for (const char *const *names = words_of_verb(said); names && *names; names++) {
        const struct mesh_metric *x = metric_called(r, str_of(*names));
        if (x)
            return put_metric(r, x, n);
    }
    return false;
}

/* ---- dimensions ---- */
static const struct mesh_dimension *dimension_called(const struct reading *r, struct str said)
{
    for (size_t i = 0; i < r->m->n_models; i++)
        for (size_t k = 0; k < r->m->models[i]->n_dimensions; k++) {
            const struct mesh_dimension *d = &r->m->models[i]->dimensions[k];
            if (any_alike(r->a, said, d->name, d->title, d->synonyms))
                return d;
        }
    return NULL;
}

static bool can(const struct reading *r, struct str dimension)
{
    bool all = true;
    for (size_t i = 0; i < r->n_metrics && r->values && r->values->can; i++)
        all = all && r->values->can(r->values->ctx, r->metrics[i], dimension);
    return all;
}

/* Of dimensions that are called so, one that the metrics may be asked by, else the first. */
static const struct mesh_dimension *dimension_for(const struct reading *r, struct str said)
{
    for (size_t i = 0; i < r->m->n_models; i++)
        for (size_t k = 0; k < r->m->models[i]->n_dimensions; k++) {
            const struct mesh_dimension *d = &r->m->models[i]->dimensions[k];
            if (any_alike(r->a, said, d->name, d->title, d->synonyms) && can(r, d->name))
                return d;
        }
    return dimension_called(r, said);
}

static void put_dimension(struct reading *r, const struct mesh_dimension *d, size_t n)
{
    struct metric_ask *ask = &r->out->ask;
    bool had = false;
    for (size_t j = 0; j < ask->n_by; j++)
        had = had || str_eq(r->by[j], d->name);
    if (!had && ask->n_by < FOUND_MAX)
        r->by[ask->n_by++] = d->name;
    reading_note(r, n, WORD_DIMENSION, d->name, d->title.n ? d->title : d->name);
}

/* ---- what stands first ---- */
static bool take_top(struct reading *r)
{
    int64_t n = 0;
    struct str w = r->word[r->at], next = r->at + 1 < r->n ? r->word[r->at + 1] : STR("");
    int which = word_superlative(w);
    bool before = which && understand_number(next, &n), behind = !which && understand_number(w, &n) && (which = word_superlative(next));
    if ((!before && !behind) || n > 10000)
        return false;
    r->out->ask.limit = n;
    r->first = r->first ? r->first : which;
    reading_note(r, 2, WORD_TOP, arena_printf(r->a, "%lld", (long long)n), arena_printf(r->a, "the first %lld", (long long)n));
    r->first_at = r->at;
    return true;
}

static bool take_first(struct reading *r)
{
    static const char *const titles[] = {[FIRST_BEST] = "best first", [FIRST_WORST] = "worst first", [FIRST_MOST] = "largest first", [FIRST_LEAST] = "smallest first"};
    for (size_t n = r->at + 1 < r->n ? 2 : 1; n > 0; n--) {
        int which = word_superlative(reading_phrase(r, n));
        if (!which)
            continue;
        r->first = which;
        r->first_of = NULL;
        reading_note(r, n, WORD_ORDER, reading_phrase(r, n), str_of(titles[which]));
        r->first_at = r->at;
        return true;
    }
    return false;
}

/* Of rows there must be several. The first metric, where none stood beside the word. */
static void order(struct reading *r)
{
    const struct mesh_metric *x = r->first_of ? r->first_of : r->n_metrics ? r->metrics[0] : NULL;
    if (!r->first || !x || x->ambiguous || (!r->out->ask.n_by && r->out->ask.grain == GRAIN_NONE))
        return;
    bool less_is_better = x->better < 0, up = r->first == FIRST_LEAST || (r->first == FIRST_BEST && less_is_better) || (r->first == FIRST_WORST && !less_is_better);
    r->out->ask.order = arena_printf(r->a, "%s%.*s", up ? "" : "-", STR_FMT(x->name));
    if (r->out->ask.grain != GRAIN_NONE)
        range_of_year(r);
}

/* ---- first reading: all that stands by itself ---- */
enum slot { SLOT_DONE, SLOT_WORD, SLOT_DIMENSION, SLOT_METRIC };
struct slots { enum slot what[WORDS_MAX]; size_t n[WORDS_MAX]; }; /* n: words of a name that begins here, 0 inside it */

static void keep(struct reading *r, struct slots *s, enum slot what, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s->what[r->at + i] = what;
    s->n[r->at] = n;
    r->at += n;
}

/* The longest phrase that means something. Names go before words of time, so that a metric called "daily" is found. */
static bool take_phrase(struct reading *r, struct slots *s)
{
    size_t most = r->n - r->at < PHRASE_MAX ? r->n - r->at : PHRASE_MAX;
    bool whose = r->at > 0 && r->n_metrics > 0 && word_says_whose(r->word[r->at - 1]);
    for (size_t n = most; n > 0; n--) {
        struct str said = reading_phrase(r, n);
        if (whose && metric_called(r, said))
            return keep(r, s, SLOT_METRIC, n), true; /* "revenue from new customers": perhaps a value */
        if (take_metric(r, said, n) || take_grain(r, said, n))
            return true;
        if (dimension_called(r, said))
            return keep(r, s, SLOT_DIMENSION, n), true;
        if (n > 1 && take_verb(r, said, n))
            return true;
    }
    return false;
}

static void read_names(struct reading *r, struct slots *s)
{
    while (r->at < r->n) {
        if (take_top(r) || take_phrase(r, s) || take_compare(r) || take_range(r) || take_first(r))
            continue;
        bool says_nothing = !r->code[r->at] && (word_is_filler(r->word[r->at]) || (r->at > 0 && word_is_us(r->word[r->at - 1], r->word[r->at])));
        keep(r, s, says_nothing ? SLOT_DONE : SLOT_WORD, 1);
    }
}

/* No number has a name here, so that a verb says which: "what did facebook cost". Words that name a value together are none: "paid social". */
static void read_verbs(struct reading *r, struct slots *s)
{
    for (size_t i = 0; i < r->n && r->n_metrics == 0; i++) {
        r->at = i;
        bool value = i + 1 < r->n && word_names_value(reading_phrase(r, 2));
        if (value)
            i++;
        else if (s->what[i] == SLOT_WORD && take_verb(r, r->word[i], 1))
            s->what[i] = SLOT_DONE;
    }
}

/* ---- second reading: values, for only now it is known whose ---- */
static bool take_value(struct reading *r, struct str said, size_t n, bool negated)
{
    struct str dimension, value;
    if (!r->values || !r->n_metrics || r->n_where == FOUND_MAX || !r->values->find(r->values->ctx, &r->out->ask, r->metrics[0], said, &dimension, &value) || !can(r, dimension))
        return false;
    r->where[r->n_where++] = (struct wanted){dimension, value, negated};
    reading_note(r, n, WORD_VALUE, dimension, value);
    return true;
}

static size_t run_of(const struct slots *s, size_t from, size_t end, bool *words)
{
    size_t n = 0;
    *words = false;
    for (; from + n < end && s->what[from + n] != SLOT_DONE; n++)
        *words = *words || s->what[from + n] == SLOT_WORD || s->what[from + n] == SLOT_METRIC;
    return n;
}

/* The longest value, or the name that stands here where that is longer. */
static bool take_here(struct reading *r, const struct slots *s, bool negated)
{
    size_t i = r->at, named = s->what[i] == SLOT_DIMENSION || s->what[i] == SLOT_METRIC ? s->n[i] : 0;
    bool words, whose = i > 0 && word_says_whose(r->word[i - 1]);
    size_t run = run_of(s, i, r->n, &words);
    const struct mesh_dimension *d = s->what[i] == SLOT_DIMENSION && named ? dimension_for(r, reading_phrase(r, named)) : NULL;
    bool rather_value = whose || negated || (d && !can(r, d->name));
    size_t least = named == 0 ? 1 : rather_value ? named : named + 1, most = run < PHRASE_MAX ? run : PHRASE_MAX;
    bool look = words || rather_value;
    for (size_t n = most; look && n >= least && n > 0; n--)
        if (take_value(r, reading_phrase(r, n), n, negated))
            return true;
    if (d)
        put_dimension(r, d, named);
    else if (named)
        (void)take_metric(r, reading_phrase(r, named), named);
    if (named == 0 && r->n_metrics > 0 && word_is_weak(r->word[i]))
        return r->at++, true;
    return named > 0 || take_verb(r, r->word[i], 1);
}

/* "not from germany", "without the US": whether nothing but fillers stands between the word and what it leaves out. */
static bool leaves_out(const struct reading *r, const struct slots *s, size_t no)
{
    size_t i = no + 1;
    while (i < r->n && s->what[i] == SLOT_DONE && word_is_filler(r->word[i]))
        i++;
    return i < r->n && s->what[i] != SLOT_DONE;
}

/* Whether nothing but "and", "or" stands between two words: "without the US and Austria" leaves out both. */
static bool joined(const struct reading *r, size_t from, size_t to)
{
    bool all = true;
    for (size_t i = from; i < to; i++)
        all = all && word_joins(r->word[i]);
    return all;
}

static void read_values(struct reading *r, const struct slots *s)
{
    size_t behind_no = SIZE_MAX, no_at = 0; /* where a value ended that is left out */
    struct understood *out = r->out;
    bool no = false;
    for (size_t i = 0; i < r->n;) {
        if (s->what[i] == SLOT_DONE) {
            i++;
            continue;
        }
        if (!no && s->what[i] == SLOT_WORD && word_is_negation(r->word[i]) && leaves_out(r, s, i)) {
            no = true;
            no_at = i++;
            continue;
        }
        size_t found = r->n_where;
        bool negated = no || (behind_no != SIZE_MAX && joined(r, behind_no, i));
        r->at = i;
        bool taken = take_here(r, s, negated);
        if (no && r->n_where == found)
            out->left[out->n_left++] = r->word[no_at];
        if (!taken)
            out->left[out->n_left++] = r->word[i];
        i = taken ? r->at : i + 1;
        behind_no = negated && r->n_where > found ? i : SIZE_MAX;
        no = false;
    }
}

/* Values of one dimension stand in one condition: mobile and desktop are either, not both at once. */
static void condition(struct reading *r)
{
    struct buf b = BUF_INIT((size_t)1 << 20);
    bool done[FOUND_MAX] = {false};
    for (size_t i = 0; i < r->n_where; i++) {
        const struct wanted *w = &r->where[i];
        size_t n = 0;
        for (size_t k = i; k < r->n_where && !done[i]; k++)
            n += r->where[k].negated == w->negated && str_eq(r->where[k].dimension, w->dimension);
        if (n == 0)
            continue;
        buf_addz(&b, b.n ? " AND " : "");
        buf_sql_ident(&b, w->dimension);
        buf_addz(&b, n > 1 ? (w->negated ? " NOT IN (" : " IN (") : w->negated ? " <> " : " = ");
        for (size_t k = i, put = 0; k < r->n_where; k++) {
            if (r->where[k].negated != w->negated || !str_eq(r->where[k].dimension, w->dimension))
                continue;
            buf_addz(&b, put++ ? ", " : "");
            buf_sql_text(&b, r->where[k].value);
            done[k] = true;
        }
        buf_addz(&b, n > 1 ? ")" : "");
        bool had = n == 1 || w->negated || r->out->ask.n_by == FOUND_MAX; /* several are wanted side by side */
        for (size_t k = 0; k < r->out->ask.n_by; k++)
            had = had || str_eq(r->by[k], w->dimension);
        if (!had)
            r->by[r->out->ask.n_by++] = w->dimension;
    }
    r->out->ask.where = arena_str(r->a, buf_str(&b));
    buf_fini(&b);
}

void understand(const struct mesh *m, struct str text, int32_t today, const struct understand_values *values, struct arena *a, struct understood *out)
{
    struct reading r = {.m = m, .a = a, .values = values, .today = today, .out = out};
    struct slots slots = {0};
    *out = (struct understood){.words = arena_array(a, WORDS_MAX * 2, sizeof *out->words), .left = arena_array(a, WORDS_MAX + 1, sizeof *out->left)};
    split(&r, text);
    read_names(&r, &slots);
    read_verbs(&r, &slots);
    read_values(&r, &slots);
    if (r.comparing && out->ask.compare == COMPARE_NONE && r.n_where < 2 && r.n_metrics < 2) /* "compare revenue": with what was */
        out->ask.compare = COMPARE_PREVIOUS;
    condition(&r);
    order(&r);
    struct str *metrics = arena_array(a, FOUND_MAX, sizeof *metrics), *by = arena_array(a, FOUND_MAX, sizeof *by);
    for (size_t i = 0; i < r.n_metrics; i++)
        metrics[i] = r.metrics[i]->ambiguous ? r.metrics[i]->ref : r.metrics[i]->name;
    memcpy(by, r.by, sizeof r.by);
    out->ask.metrics = metrics;
    out->ask.n_metrics = r.n_metrics;
    out->ask.by = by;
}
