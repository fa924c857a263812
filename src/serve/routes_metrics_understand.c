/* Plain words to a question. Values are looked for among those that the asker sees, dimension by dimension, of texts that are few. */
#include "measure/understand.h"

#include "base/clock.h"
#include "base/json.h"
#include "serve/metrics.h"

enum { TEXT_MAX = 400, VALUES_LOOKED_AT = 2000, DIMENSIONS_LOOKED_AT = 16, METRICS_KNOWN = 16 };

struct known { const struct mesh_metric *m; struct metric_dimension *v; size_t n; };
struct looking {
    struct call *c;
    const struct mesh_metric *m;      /* whose values are known */
    struct str *names; size_t n;
    struct metric_table *tables;
    struct known known[METRICS_KNOWN]; size_t n_known;
};

static const struct known *dimensions_of(struct looking *l, const struct mesh_metric *m)
{
    struct known *k = l->known;
    while (k < l->known + l->n_known && k->m != m)
        k++;
    if (k == l->known + l->n_known) {
        k -= l->n_known == METRICS_KNOWN;
        l->n_known = (size_t)(k - l->known) + 1;
        k->m = m;
        metric_dimensions(l->c->mesh, m, l->c->a, &k->v, &k->n);
    }
    return k;
}

static bool value_can(void *ctx, const struct mesh_metric *m, struct str dimension)
{
    const struct known *k = dimensions_of(ctx, m);
    for (size_t i = 0; i < k->n; i++)
        if (str_eq(k->v[i].name, dimension))
            return true;
    return false;
}

static void values_of(struct looking *l, const struct metric_ask *asked, const struct mesh_metric *m, const struct metric_dimension *d)
{
    struct metric_asker who = metrics_asker(l->c);
    struct metric_ask ask = {.metrics = &m->ref, .n_metrics = 1, .by = &d->name, .n_by = 1, .limit = VALUES_LOOKED_AT, .has_from = asked->has_from, .has_to = asked->has_to, .from = asked->from, .to = asked->to};
    struct err none = {0};
    struct metric_table *t = &l->tables[l->n];
    bool good = !d->dimension->time && l->n < DIMENSIONS_LOOKED_AT && metric_ask_run(&who, &ask, l->c->a, t, &none);
    if (good && t->n_rows == 0 && ask.has_from) { /* nothing happened then: the names are known from other days */
        ask.has_from = ask.has_to = false;
        good = metric_ask_run(&who, &ask, l->c->a, t, &none);
    }
    if (good)
        l->names[l->n++] = d->name;
}

/* Whose values people name most comes first, since not all are read. */
static size_t rank_of(struct str dimension)
{
    static const char *const first[] = {"platform", "channel", "country", "source", "device", "customer_type", "campaign", "medium", "product", "conversion"};
    size_t i = 0;
    while (i < sizeof first / sizeof *first && !str_eq(dimension, str_of(first[i])))
        i++;
    return i;
}

static void values_read(struct looking *l, const struct metric_ask *asked, const struct mesh_metric *m)
{
    const struct known *k = dimensions_of(l, m);
    l->m = m;
    l->n = 0;
    l->names = arena_array(l->c->a, k->n + 1, sizeof *l->names);
    l->tables = arena_array(l->c->a, k->n + 1, sizeof *l->tables);
    for (size_t rank = 0; rank <= rank_of(STR("")); rank++)
        for (size_t i = 0; i < k->n; i++)
            if (rank_of(k->v[i].name) == rank)
                values_of(l, asked, m, &k->v[i]);
}

static bool is_code(struct str s)
{
    return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

/* A country of which there is nothing: the answer says so better than a word that is not understood. */
static bool country_find(const struct looking *l, struct str text, struct str *dimension, struct str *value)
{
    struct str code = understand_country(text);
    for (size_t i = 0; code.n && i < l->n; i++) {
        const struct metric_table *t = &l->tables[i];
        bool codes = str_ends(l->names[i], STR("country")) && t->n_rows;
        for (size_t r = 0; codes && r < t->n_rows; r++)
            codes = !t->cells[r * t->n_columns].known || is_code(t->cells[r * t->n_columns].text);
        if (codes) {
            *dimension = l->names[i];
            *value = code;
            return true;
        }
    }
    return false;
}

static bool value_find(void *ctx, const struct metric_ask *asked, const struct mesh_metric *m, struct str text, struct str *dimension, struct str *value)
{
    struct looking *l = ctx;
    if (l->m != m)
        values_read(l, asked, m);
    for (int exact = 1; exact >= 0; exact--) /* what is written so goes before what is called so */
        for (size_t i = 0; i < l->n; i++)
            for (size_t r = 0; r < l->tables[i].n_rows; r++) {
                const struct metric_cell *x = &l->tables[i].cells[r * l->tables[i].n_columns];
                if (x->known && (exact ? str_eq_nocase(text, x->text) : understand_means(text, x->text))) {
                    *dimension = l->names[i];
                    *value = x->text;
                    return true;
                }
            }
    return country_find(l, text, dimension, value);
}

static void put_ask(struct buf *b, const struct metric_ask *ask)
{
    put_open(b, "ask", '{');
    put_texts(b, "metrics", ask->metrics, ask->n_metrics);
    put_texts(b, "by", ask->by, ask->n_by);
    put_opt(b, "grain", str_of(metric_grain_text(ask->grain)));
    if (ask->has_from) {
        metrics_put_day(b, "from", ask->from);
        metrics_put_day(b, "to", ask->to);
    } else {
        put_null(b, "from");
        put_null(b, "to");
    }
    put_opt(b, "where", ask->where);
    put_str(b, "compare", ask->compare == COMPARE_YEAR ? STR("year") : ask->compare == COMPARE_PREVIOUS ? STR("previous") : STR("none"));
    put_opt(b, "order", ask->order);
    if (ask->limit)
        put_int(b, "limit", ask->limit);
    else
        put_null(b, "limit");
    put_close(b, '}');
}

bool route_metrics_understand(struct call *c, struct err *e)
{
    yyjson_doc *doc = call_body(c, NULL, e);
    struct str text = doc ? arena_str(c->a, json_str(yyjson_doc_get_root(doc), "text")) : STR("");
    struct looking looking = {.c = c};
    struct understand_values values = {value_find, value_can, &looking};
    struct understood u;
    struct buf b = call_buf();
    int32_t today = 0;
    bool good = doc && (str_trim(text).n || err_set(e, E_USAGE, "text is empty: what is asked for?")) &&
                (text.n <= TEXT_MAX || err_set(e, E_TOO_LARGE, "the text is longer than %d characters", TEXT_MAX));
    yyjson_doc_free(doc);
    if (!good)
        return false;
    if (!clock_day_of(clock_now_us(), c->mesh->time_zone, &today))
        today = (int32_t)(clock_now_us() / 86400000000);
    understand(c->mesh, text, today, &values, c->a, &u);
    put_open(&b, NULL, '{');
    put_ask(&b, &u.ask);
    put_open(&b, "words", '[');
    for (size_t i = 0; i < u.n_words; i++) {
        put_open(&b, NULL, '{');
        put_str(&b, "text", u.words[i].text);
        put_str(&b, "as", str_of(word_kind_text(u.words[i].kind)));
        put_str(&b, "ref", u.words[i].ref);
        put_str(&b, "title", u.words[i].title);
        put_close(&b, '}');
    }
    put_close(&b, ']');
    put_texts(&b, "left", u.left, u.n_left);
    put_close(&b, '}');
    call_json(c, &b);
    buf_fini(&b);
    return true;
}
