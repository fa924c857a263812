/* Fourth stage: what metrics are made of: no circles, expressions that can be worked out, units that fit, words of the glossary, and the version of each definition. */
#include "mesh/mesh_int.h"

#include <stdlib.h>

enum { DEPTH_MAX = 64, CANONICAL_MAX_BYTES = 32 << 20 };

/* ---- circles ---- */

enum colour { WHITE, GREY, BLACK };

static size_t index_of(const struct metric_file *v, size_t n, const struct mesh_metric *m)
{
    size_t i = 0;
    while (i < n && v[i].m != m)
        i++;
    return i;
}

/* A part that leads back to a metric on the way to it is reported there, and then is no part: what follows walks them. */
static void circle_from(struct load *l, struct metric_file *v, size_t n, size_t at, enum colour *colours)
{
    struct mesh_metric *m = v[at].m;
    colours[at] = GREY;
    for (size_t k = 0; k < m->n_parts; k++) {
        size_t to = m->parts[k].metric ? index_of(v, n, m->parts[k].metric) : n;
        if (to == n)
            continue;
        if (colours[to] == GREY) {
            hint(at_value(l, E_CYCLE, v[at].d, v[at].root, "the metric \"%.*s\" is made of itself, by way of \"%.*s\"", STR_FMT(m->ref), STR_FMT(m->parts[k].ref)),
                 "metrics are made of others down to measures: name a simple metric instead");
            v[at].wrong = true;
            m->parts[k].metric = NULL;
        } else if (colours[to] == WHITE) {
            circle_from(l, v, n, to, colours);
        }
    }
    colours[at] = BLACK;
}

static void circles(struct load *l, struct metric_file *v, size_t n)
{
    enum colour *colours = arena_array(l->a, n + 1, sizeof *colours);
    for (size_t i = 0; i < n; i++)
        if (colours[i] == WHITE)
            circle_from(l, v, n, i, colours);
}

/* ---- expressions of derived metrics ---- */

struct expression { struct str s; size_t at; const struct mesh_metric *m; bool *used; int depth; const char *wrong; struct str word; };

static const struct { const char *name; int least, most; } functions[] = {{"nullif", 2, 2}, {"coalesce", 2, 20}, {"abs", 1, 1}, {"greatest", 2, 20}, {"least", 2, 20}};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char next(struct expression *x)
{
    while (x->at < x->s.n && (x->s.p[x->at] == ' ' || x->s.p[x->at] == '\n' || x->s.p[x->at] == '\t' || x->s.p[x->at] == '\r'))
        x->at++;
    return x->at < x->s.n ? x->s.p[x->at] : '\0';
}

static bool fail(struct expression *x, const char *why, struct str word)
{
    x->wrong = why;
    x->word = word;
    return false;
}

static bool sum_of(struct expression *x);

static bool call_of(struct expression *x, size_t f)
{
    int n = 0;
    do {
        x->at++; /* the bracket or comma */
        if (!sum_of(x))
            return false;
        n++;
    } while (next(x) == ',');
    if (next(x) != ')')
        return fail(x, "a bracket is left open after", str_of(functions[f].name));
    x->at++;
    if (n < functions[f].least || n > functions[f].most)
        return fail(x, "the number of values does not fit", str_of(functions[f].name));
    return true;
}

static bool name_of(struct expression *x)
{
    size_t begin = x->at;
    while (x->at < x->s.n && (is_letter(x->s.p[x->at]) || is_digit(x->s.p[x->at])))
        x->at++;
    struct str word = {x->s.p + begin, x->at - begin};
    for (size_t i = 0; i < FUNCTIONS && next(x) == '('; i++)
        if (str_eq_nocase(word, str_of(functions[i].name)))
            return call_of(x, i);
    if (next(x) == '(')
        return fail(x, "there is no function", word);
    for (size_t i = 0; i < x->m->n_parts; i++)
        if (str_eq(x->m->parts[i].as, word)) {
            x->used[i] = true;
            return true;
        }
    return fail(x, "it names a metric that stands not under metrics:", word);
}

static bool number_of(struct expression *x)
{
    size_t begin = x->at;
    double v;
    while (x->at < x->s.n && (is_digit(x->s.p[x->at]) || x->s.p[x->at] == '.'))
        x->at++;
    struct str word = {x->s.p + begin, x->at - begin};
    return str_to_f64(word, &v) || fail(x, "this is no number:", word);
}

static bool factor_of(struct expression *x)
{
    char c = next(x);
    if (c == '-') {
        x->at++;
        return ++x->depth < DEPTH_MAX ? factor_of(x) : fail(x, "it nests too deep at", STR("-"));
    }
    if (c == '(') {
        x->at++;
        if (!sum_of(x))
            return false;
        if (next(x) != ')')
            return fail(x, "a bracket is left open before", x->at < x->s.n ? (struct str){x->s.p + x->at, 1} : STR("the end"));
        x->at++;
        return true;
    }
    if (is_digit(c) || c == '.')
        return number_of(x);
    if (is_letter(c))
        return name_of(x);
    return fail(x, "a metric or a number is missing before", c ? (struct str){x->s.p + x->at, 1} : STR("the end"));
}

static bool sum_of(struct expression *x)
{
    if (++x->depth >= DEPTH_MAX)
        return fail(x, "it nests too deep at", x->at < x->s.n ? (struct str){x->s.p + x->at, 1} : STR("the end"));
    while (factor_of(x)) {
        char c = next(x);
        if (c != '+' && c != '-' && c != '*' && c != '/') {
            x->depth--;
            return true;
        }
        x->at++;
    }
    return false;
}

static void expression_of(struct load *l, struct metric_file *f)
{
    struct mesh_metric *m = f->m;
    const struct doc_node *at = doc_get(f->d, f->root, "expr");
    struct expression x = {.s = m->expr, .m = m, .used = arena_array(l->a, m->n_parts + 1, sizeof(bool))};
    struct table seen = {0};
    for (size_t i = 0; i < m->n_parts; i++)
        if (table_put(&seen, l->a, m->parts[i].as, &m->parts[i]))
            hint(at_value(l, E_DUPLICATE, f->d, doc_get(f->d, f->root, "metrics"), "two of its metrics go by the name \"%.*s\"", STR_FMT(m->parts[i].as)), "give one of them another: as: %.*s_before", STR_FMT(m->parts[i].as));
    if (!at || f->wrong)
        return;
    bool good = sum_of(&x);
    if (good && next(&x))
        good = fail(&x, "an operator is missing before", (struct str){x.s.p + x.at, 1});
    if (!good) {
        hint(at_value(l, E_METRIC, f->d, at, "this expression cannot be worked out: %s \"%.*s\"", x.wrong, STR_FMT(x.word)),
             "it may hold the names under metrics, numbers, + - * / ( ) and nullif, coalesce, abs, greatest, least");
        f->wrong = true;
        return;
    }
    for (size_t i = 0; i < m->n_parts; i++)
        if (!x.used[i])
            hint(warn_at(l, E_METRIC, &(struct mesh_pos){f->d->file, at->line, at->col}, "the metric \"%.*s\" stands under metrics, and expr does not use it", STR_FMT(m->parts[i].as)), "remove it, or use it");
}

/* ---- units ---- */

static bool unit_find(struct str text, enum mesh_unit *out)
{
    for (int i = 0; i <= UNIT_HOURS; i++)
        if (str_eq(text, str_of(mesh_unit_text((enum mesh_unit)i)))) {
            *out = (enum mesh_unit)i;
            return true;
        }
    return false;
}

static bool is_plain(enum mesh_unit u)
{
    return u == UNIT_COUNT || u == UNIT_RATIO || u == UNIT_PERCENT;
}

/* What a quotient is measured in; false: nothing that has a name here. */
static bool quotient(enum mesh_unit a, enum mesh_unit b, enum mesh_unit *out)
{
    *out = a == b || is_plain(a) ? UNIT_RATIO : a;
    return a == b || is_plain(b);
}

/* The unit where a file says none; parts are done before. */
static enum mesh_unit unit_of(const struct mesh_metric *m)
{
    enum mesh_unit u = UNIT_COUNT;
    if (m->type == METRIC_CONVERSION)
        return m->conversions_only ? UNIT_COUNT : UNIT_PERCENT;
    if (m->type == METRIC_SIMPLE)
        return m->fact && m->fact->unit.n && unit_find(m->fact->unit, &u) ? u : UNIT_COUNT;
    for (size_t i = 0; i < m->n_parts; i++)
        if (!m->parts[i].metric)
            return UNIT_COUNT;
    if (m->type == METRIC_RATIO && m->n_parts == 2) {
        (void)quotient(m->parts[0].metric->unit, m->parts[1].metric->unit, &u);
        return u;
    }
    for (size_t i = 1; i < m->n_parts; i++)
        if (m->parts[i].metric->unit != m->parts[0].metric->unit)
            return UNIT_COUNT;
    return m->n_parts ? m->parts[0].metric->unit : UNIT_COUNT;
}

static void unit_fits(struct load *l, const struct metric_file *f)
{
    const struct mesh_metric *m = f->m;
    const struct doc_node *at = doc_get(f->d, f->root, "unit"), *under = doc_get(f->d, f->root, "denominator");
    enum mesh_unit u;
    if (m->type != METRIC_RATIO || m->n_parts != 2 || !m->parts[0].metric || !m->parts[1].metric)
        return;
    enum mesh_unit a = m->parts[0].metric->unit, b = m->parts[1].metric->unit;
    bool named = quotient(a, b, &u);
    if (!named && !at)
        hint(warn_at(l, E_METRIC, &(struct mesh_pos){f->d->file, under->line, under->col}, "%s divided by %s has no unit of its own", mesh_unit_text(a), mesh_unit_text(b)), "check that it is the right metric, or say unit:");
    else if (at && named && is_plain(u) != is_plain(m->unit))
        hint(warn_at(l, E_METRIC, &(struct mesh_pos){f->d->file, at->line, at->col}, "%s divided by %s is no %s", mesh_unit_text(a), mesh_unit_text(b), mesh_unit_text(m->unit)), "write unit: %s", mesh_unit_text(u));
}

static void unit_done(struct metric_file *v, size_t n, const struct mesh_metric *m, bool *done)
{
    size_t i = index_of(v, n, m);
    if (i == n || done[i])
        return;
    done[i] = true;
    for (size_t k = 0; k < m->n_parts; k++)
        if (m->parts[k].metric)
            unit_done(v, n, m->parts[k].metric, done);
    v[i].m->unit = unit_of(m);
    (void)unit_find(doc_str(v[i].d, v[i].root, "unit"), &v[i].m->unit);
}

/* ---- filters of parts, and dimensions that may be asked ---- */

static void part_filters(struct load *l, const struct metric_file *f)
{
    struct mesh_metric *m = f->m;
    const struct doc_node *sides[] = {doc_get(f->d, f->root, "numerator"), doc_get(f->d, f->root, "denominator")}, *list = doc_get(f->d, f->root, "metrics");
    const struct doc_node *n = m->type == METRIC_DERIVED && list ? doc_first(f->d, list) : NULL;
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct doc_node *part = m->type == METRIC_RATIO && i < 2 ? sides[i] : n;
        const struct doc_node *filter = part && part->kind == DOC_MAP ? doc_get(f->d, part, "filter") : NULL;
        const struct mesh_model *leaves[METRIC_LEAVES_MAX];
        size_t count = filter && m->parts[i].metric ? metric_leaves(m->parts[i].metric, leaves, METRIC_LEAVES_MAX) : 0, before = l->es->n_errors;
        for (size_t k = 0; k < count && l->es->n_errors == before; k++)
            metric_filter_check(l, f->d, filter, leaves[k], f->m);
        n = n ? doc_next(f->d, n) : NULL;
    }
}

static void dimensions_check(struct load *l, const struct metric_file *f)
{
    const struct doc_node *list = doc_get(f->d, f->root, "dimensions");
    const struct mesh_model *leaves[METRIC_LEAVES_MAX];
    size_t n = list ? metric_leaves(f->m, leaves, METRIC_LEAVES_MAX) : 0;
    for (const struct doc_node *x = list ? doc_first(f->d, list) : NULL; x; x = doc_next(f->d, x))
        for (size_t k = 0; k < n && metric_dimension_check(l, f->d, x, leaves[k], doc_text(f->d, x), "its list of dimensions"); k++)
            ;
}

/* Every model that its figures come from: its own, those that filters go to, and those of its parts, which are done before. */
static void models_of(struct load *l, struct metric_file *v, size_t n, struct mesh_metric *m, bool *done)
{
    size_t i = index_of(v, n, m);
    if (i == n || done[i])
        return;
    done[i] = true;
    if (m->model)
        metric_reads(l, m, m->model);
    if (m->to_model)
        metric_reads(l, m, m->to_model);
    for (size_t k = 0; k < m->n_parts; k++) {
        size_t part = index_of(v, n, m->parts[k].metric);
        if (part == n)
            continue;
        models_of(l, v, n, v[part].m, done);
        for (size_t j = 0; j < v[part].m->n_models; j++)
            metric_reads(l, m, v[part].m->models[j]);
    }
}

/* ---- versions ---- */

static int key_order(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return str_cmp(*x, *y);
}

/* The document without its layout: keys in order, no comments. */
static void canonical(struct arena *a, const struct doc *d, const struct doc_node *n, struct buf *out)
{
    if (n->kind == DOC_MAP) {
        struct str *keys = arena_array(a, n->n_children + 1, sizeof *keys);
        size_t count = 0;
        for (const struct doc_node *c = doc_first(d, n); c; c = doc_next(d, c))
            keys[count++] = doc_key(d, c);
        if (count)
            qsort(keys, count, sizeof *keys, key_order);
        for (size_t i = 0; i < count; i++) {
            buf_json_str(out, keys[i]);
            buf_addc(out, ':');
            canonical(a, d, doc_get(d, n, arena_strz(a, keys[i])), out);
            buf_addc(out, ';');
        }
    } else if (n->kind == DOC_SEQ) {
        for (const struct doc_node *c = doc_first(d, n); c; c = doc_next(d, c)) {
            canonical(a, d, c, out);
            buf_addc(out, ',');
        }
    } else {
        buf_json_str(out, doc_text(d, n));
    }
}

static const struct doc *model_doc(const struct load *l, const struct mesh_model *m)
{
    for (size_t i = 0; i < l->n_domains; i++)
        for (size_t k = 0; k < l->domains[i].n_models; k++)
            if (l->domains[i].models[k].doc && str_eq(l->domains[i].models[k].path, m->pos.file))
                return l->domains[i].models[k].doc;
    return NULL;
}

static void version_of(struct load *l, struct metric_file *v, size_t n, const struct mesh_metric *m)
{
    struct buf b = BUF_INIT(CANONICAL_MAX_BYTES);
    const struct mesh_model *models[] = {m->model, m->to_model};
    struct arena scratch;
    struct sha sha;
    size_t i = index_of(v, n, m);
    if (i == n || m->sha.z[0])
        return;
    arena_init(&scratch);
    canonical(&scratch, v[i].d, v[i].root, &b);
    for (size_t k = 0; k < 2; k++) {
        const struct doc *d = models[k] ? model_doc(l, models[k]) : NULL;
        buf_addc(&b, '\n');
        if (d)
            canonical(&scratch, d, doc_root(d), &b);
    }
    for (size_t k = 0; k < m->n_parts; k++) {
        if (!m->parts[k].metric)
            continue;
        version_of(l, v, n, m->parts[k].metric);
        buf_printf(&b, "\n%s", m->parts[k].metric->sha.z);
    }
    sha_bytes(buf_str(&b), &sha);
    memcpy(v[i].m->sha.z, sha.hex, sizeof v[i].m->sha.z);
    arena_fini(&scratch);
    buf_fini(&b);
}

/* ---- names, and words of the glossary ---- */

/* Who claims what another claims too: src/catalog/clashes.c. */
static void names_claimed(struct load *l)
{
    struct mesh *m = l->m;
    for (size_t i = 1; i < m->n_metrics; i++)
        if (str_eq(m->metrics[i]->name, m->metrics[i - 1]->name))
            m->metrics[i]->ambiguous = m->metrics[i - 1]->ambiguous = true;
}

const struct mesh_term *mesh_term_meant(const struct mesh *m, const struct mesh_domain *own, struct str name)
{
    const struct mesh_term *found = NULL;
    for (size_t i = 0; i < m->n_terms; i++) {
        const struct mesh_term *t = &m->terms[i];
        if (!str_eq(t->name, name))
            continue;
        if (t->domain == own)
            return t;
        found = !found || !t->domain ? t : found;
    }
    return found;
}

static void terms_known(struct load *l, const struct metric_file *f)
{
    const struct doc_node *list = doc_get(f->d, f->root, "terms");
    struct mesh *m = l->m;
    for (const struct doc_node *n = list ? doc_first(f->d, list) : NULL; n; n = doc_next(f->d, n)) {
        if (mesh_term_meant(m, f->m->domain, doc_text(f->d, n)))
            continue;
        const struct mesh_pos at = {f->d->file, n->line, n->col};
        struct str *names = arena_array(l->a, m->n_terms + 1, sizeof *names);
        for (size_t i = 0; i < m->n_terms; i++)
            names[i] = m->terms[i].name;
        struct err *e = warn_at(l, E_DANGLING, &at, "the glossary has no term \"%.*s\"", STR_FMT(doc_text(f->d, n)));
        hint_nearest(e, doc_text(f->d, n), names, m->n_terms);
        if (e && !e->hint[0])
            hint(e, "add it to domains/%.*s/glossary.yaml, or remove it here", STR_FMT(f->m->domain->name));
    }
}

void metric_parts_check(struct load *l, struct metric_file *v, size_t n)
{
    bool *done = arena_array(l->a, n + 1, sizeof *done);
    circles(l, v, n);
    for (size_t i = 0; i < n; i++) {
        if (v[i].m->type == METRIC_DERIVED)
            expression_of(l, &v[i]);
        unit_done(v, n, v[i].m, done);
    }
    for (size_t i = 0; i < n; i++) {
        unit_fits(l, &v[i]);
        part_filters(l, &v[i]);
        dimensions_check(l, &v[i]);
        terms_known(l, &v[i]);
        version_of(l, v, n, v[i].m);
    }
    memset(done, 0, (n + 1) * sizeof *done);
    for (size_t i = 0; i < n; i++)
        models_of(l, v, n, v[i].m, done);
    names_claimed(l);
}
