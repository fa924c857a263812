/* Journeys walked: the touches that have a part in a conversion, paths for the models that are solved, and words about ports of one's own. */
#include "measure/journeys.h"

#include <string.h>

/* A column that does not tell customers apart makes one journey of everybody; a customer of a million touches is none. */
#define VISITED_MAX ((int64_t)4000000000)

uint32_t journeys_up(const struct journeys *j, uint32_t leaf, enum journey_level level)
{
    for (int l = (int)j->level; l > (int)level; l--)
        leaf = j->nodes[l][leaf].parent;
    return leaf;
}

/* The first touch of the customer after the moment. */
static size_t touch_after(const struct journeys *j, size_t from, size_t to, int64_t at_us)
{
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (j->touches[mid].at_us <= at_us)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

bool journeys_touched(struct journeys *j, size_t end, struct journey_touched *out, struct err *e)
{
    const struct journey_end *x = &j->ends[end];
    size_t from = j->first_touch[x->customer], to = touch_after(j, from, j->first_touch[x->customer + 1], x->at_us), first = to;
    if (j->once && end > j->first_end[x->customer])
        from = touch_after(j, from, to, j->ends[end - 1].at_us);
    while (first > from && j->touches[first - 1].at_us >= x->at_us - j->longest_us)
        first--;
    j->visited += (int64_t)(to - first);
    if (j->visited > VISITED_MAX) {
        err_set(e, E_TOO_LARGE, "the conversions have more than %lld touches between them", (long long)VISITED_MAX);
        err_hint(e, "does the column of customers tell them apart? Else ask for fewer days or a shorter lookback");
        return false;
    }
    if (to - first > out->cap) {
        size_t bytes;
        uint32_t *v = size_mul((to - first) * 2, sizeof *v, &bytes) ? mem_try_realloc(out->v, bytes) : NULL;
        if (!v)
            return err_set(e, E_MEMORY, "there is not enough memory for a journey of %zu touches", to - first);
        out->v = v;
        out->cap = (to - first) * 2;
    }
    out->n = 0;
    for (size_t i = first; i < to; i++)
        if (x->at_us - j->touches[i].at_us <= j->window_us[j->touches[i].kind])
            out->v[out->n++] = (uint32_t)i;
    return true;
}

/* ---- paths ---- */

struct cutting { const struct journeys *j; struct journey_paths *p; size_t n_steps; uint32_t bucket; };

/* Touches [from, to) of a customer before the conversion `x` (NULL: none), those within its windows or those too old for it: one path. */
static void cut_one(struct cutting *c, size_t from, size_t to, size_t end, const struct journey_end *x, bool within)
{
    const struct journey_touch *first = NULL, *last = NULL;
    struct journey_paths *p = c->p;
    size_t n = c->n_steps, k = p->set.n;
    for (size_t i = from; i < to; i++) {
        const struct journey_touch *t = &c->j->touches[i];
        if (x && (x->at_us - t->at_us <= c->j->window_us[t->kind]) != within)
            continue;
        p->steps[n++] = journeys_up(c->j, t->leaf, JOURNEY_CHANNEL);
        first = first ? first : t;
        last = t;
    }
    if (!last || (!within && c->j->has_from && last->at_us < c->j->from_us))
        return;
    p->ends[k] = c->n_steps = n;
    p->end_of[k] = within ? end : SIZE_MAX;
    p->conversions[k] = within;
    p->value[k] = within ? x->value : 0;
    p->nulls[k] = !within;
    p->bucket[k] = c->bucket;
    p->lag_s[k] = ((within ? x->at_us : last->at_us) - first->at_us) / 1000000;
    p->set.n++;
}

static void cut_customer(struct cutting *c, size_t k)
{
    const struct journeys *j = c->j;
    size_t t = j->first_touch[k], last = j->first_touch[k + 1];
    c->bucket = (uint32_t)(j->hash[k] >> 32) % JOURNEY_BUCKETS;
    for (size_t i = j->first_end[k]; i < j->first_end[k + 1]; i++) {
        size_t to = touch_after(j, t, last, j->ends[i].at_us);
        cut_one(c, t, to, i, &j->ends[i], false); /* too old for it: a walk that led nowhere */
        if (j->ends[i].counted)
            cut_one(c, t, to, i, &j->ends[i], true);
        t = to;
    }
    cut_one(c, t, last, SIZE_MAX, NULL, false);
}

bool journeys_cut(const struct journeys *j, struct journey_paths *out, struct err *e)
{
    size_t most = j->n_touches + 1, bytes;
    struct cutting c = {.j = j, .p = out};
    *out = (struct journey_paths){0};
    bool ok = size_mul(most, sizeof(int64_t), &bytes) && (out->steps = mem_try_alloc(most * sizeof *out->steps)) && (out->ends = mem_try_alloc(bytes)) &&
              (out->end_of = mem_try_alloc(bytes)) && (out->conversions = mem_try_alloc(bytes)) && (out->value = mem_try_alloc(bytes)) && (out->nulls = mem_try_alloc(bytes)) &&
              (out->bucket = mem_try_alloc(bytes)) && (out->lag_s = mem_try_alloc(bytes));
    if (!ok)
        err_set(e, E_MEMORY, "there is not enough memory for paths of %zu touches", j->n_touches);
    for (size_t k = 0; ok && k < j->n_customers; k++)
        cut_customer(&c, k);
    out->set.steps = out->steps;
    out->set.ends = out->ends;
    out->set.conversions = out->conversions;
    out->set.value = out->value;
    out->set.nulls = out->nulls;
    out->set.bucket = out->bucket;
    out->set.channels = j->n_nodes[JOURNEY_CHANNEL];
    out->set.buckets = JOURNEY_BUCKETS;
    return ok;
}

void journey_paths_fini(struct journey_paths *p)
{
    mem_free(p->steps);
    mem_free(p->ends);
    mem_free(p->end_of);
    mem_free(p->conversions);
    mem_free(p->value);
    mem_free(p->nulls);
    mem_free(p->bucket);
    mem_free(p->lag_s);
}

/* ---- words ---- */

/* Brackets that match outside of quotes, no comment and no end of a statement: it cannot become part of what stands around it. */
bool journeys_condition(struct str w, struct err *e)
{
    int depth = 0;
    for (size_t i = 0; i < w.n; i++) {
        char c = w.p[i], next = i + 1 < w.n ? w.p[i + 1] : 0;
        if (c == '\'' || c == '"') {
            const char *close = memchr(w.p + i + 1, c, w.n - i - 1);
            if (!close)
                return err_set(e, E_USAGE, "in the condition a quote is opened and not closed");
            i = (size_t)(close - w.p);
        } else if (c == ';' || c == '$' || (c == '-' && next == '-') || (c == '/' && next == '*')) {
            return err_set(e, E_USAGE, "a condition is one expression over columns, without ; $ and comments");
        } else if (c == '(' || c == '[' || c == '{') {
            depth++;
        } else if (c == ')' || c == ']' || c == '}') {
            if (--depth < 0)
                return err_set(e, E_USAGE, "in the condition a bracket is closed that was not opened");
        }
    }
    return depth == 0 || err_set(e, E_USAGE, "in the condition a bracket is opened and not closed");
}

bool journey_port_read(struct str text, bool touches, struct journey_port *out, struct err *e)
{
    static const char *const names[] = {"customer", "time", "kind", "value", "channel", "source", "campaign", "ad_group", "ad"};
    *out = (struct journey_port){0};
    struct str *const to[] = {&out->customer, &out->time, &out->kind, &out->value, &out->level[0], &out->level[1], &out->level[2], &out->level[3], &out->level[4]};
    struct str rest;
    text = str_trim(text);
    out->port = str_cut(text, ' ', &rest);
    while (rest.p && (rest = str_trim(rest)).n) {
        size_t k = 0;
        if (str_starts(rest, STR("where="))) {
            out->where = str_trim((struct str){rest.p + 6, rest.n - 6});
            break;
        }
        struct str column, word = str_cut(rest, ' ', &rest), name = str_cut(word, '=', &column);
        while (k < sizeof names / sizeof *names && !str_eq(name, str_of(names[k])))
            k++;
        if (k == sizeof names / sizeof *names || !column.p || !column.n) {
            err_set(e, E_USAGE, "'%.*s' is not understood", STR_FMT(word));
            err_hint(e, "a port and its columns: '%s'", touches ? "web.visit customer=user_id time=started_at channel=utm_source" : "web.order customer=user_id time=ordered_at value=revenue where=NOT test");
            return false;
        }
        *to[k] = column;
    }
    if (out->port.n && out->customer.n && out->time.n && (!touches || out->level[JOURNEY_CHANNEL].n))
        return true;
    err_set(e, E_USAGE, "a port of %s needs its name and %s", touches ? "touches" : "conversions", touches ? "customer=, time=, channel=" : "customer=, time=");
    err_hint(e, "'%s'", touches ? "web.visit customer=user_id time=started_at channel=utm_source" : "web.order customer=user_id time=ordered_at value=revenue");
    return false;
}
