/* Credit of every model by every level. Rules are applied touch by touch and added up as whole millionths; models that are solved share the same total over
 * channels, and go down the tree in proportion to linear credit. So each level, and each model, has the same sums. */
#include "measure/attribution.h"

#include <stdlib.h>

#include "base/clock.h"
#include "measure/attribution_int.h"

enum { ROWS_DEFAULT = 1000, ORDER_MAX = 4 };

const struct attribution_model attribution_models[ATTRIBUTION_MODELS] = {
    [RULE_LAST] = {"last", "Last touch", "The whole to the last touch before the conversion.", false},
    [RULE_LAST_NON_DIRECT] = {"last_non_direct", "Last touch but direct", "The whole to the last touch that is not direct; where all are, to the last.", false},
    [RULE_FIRST] = {"first", "First touch", "The whole to the touch that began the journey.", false},
    [RULE_LINEAR] = {"linear", "Linear", "The same share to every touch.", false},
    [RULE_POSITION_U] = {"position_u", "U-shaped", "Most to the first and the last touch, the rest to those between.", false},
    [RULE_POSITION_W] = {"position_w", "W-shaped", "Most to the first touch, the one before the milestone and the last.", false},
    [RULE_TIME_DECAY] = {"time_decay", "Time decay", "The nearer to the conversion the more: half as much for each half-life of age.", false},
    [MODEL_MARKOV] = {"markov", "Markov chain", "By how many conversions would be lost without the channel, counted from all journeys, also those that led nowhere.", true},
    [MODEL_SHAPLEY] = {"shapley", "Shapley value", "By what each channel adds to every set of channels that people met.", true},
};

bool attribution_models_read(struct str text, int *models, size_t *n, struct err *e)
{
    struct str names[ATTRIBUTION_MODELS + 1];
    *n = 0;
    for (int m = 0; m < ATTRIBUTION_MODELS; m++)
        names[m] = str_of(attribution_models[m].name);
    names[ATTRIBUTION_MODELS] = STR("all");
    for (struct str rest = text; rest.p;) {
        struct str word = str_trim(str_cut(rest, ',', &rest));
        int found = -1;
        for (int m = 0; m <= ATTRIBUTION_MODELS; m++)
            if (str_eq(word, names[m]))
                found = m;
        if (found < 0) {
            int near = str_nearest(word, names, ATTRIBUTION_MODELS + 1);
            err_set(e, E_NOT_FOUND, "there is no model %.*s", STR_FMT(word));
            err_hint(e, near >= 0 ? "did you mean %s?" : "%s, or some of: last last_non_direct first linear position_u position_w time_decay markov shapley", near >= 0 ? names[near].p : "all");
            return false;
        }
        for (int m = 0; m < ATTRIBUTION_MODELS; m++) {
            bool there = false;
            for (size_t i = 0; i < *n; i++)
                there = there || models[i] == m;
            if (!there && (found == m || found == ATTRIBUTION_MODELS))
                models[(*n)++] = m;
        }
    }
    return true;
}

bool attribution_conversion(const struct mesh *m, struct str name, const struct mesh_conversion **out, struct err *e)
{
    const struct mesh_attribution *at = &m->attribution;
    struct str names[64];
    size_t n = 0;
    *out = NULL;
    for (size_t i = 0; i < at->n_conversions; i++) {
        if (n < sizeof names / sizeof *names)
            names[n++] = at->conversions[i].name;
        if (!*out && (!name.n || str_eq(at->conversions[i].name, name)))
            *out = &at->conversions[i];
    }
    if (*out)
        return true;
    int near = name.n ? str_nearest(name, names, n) : -1;
    err_set(e, E_NOT_FOUND, "there is no conversion %.*s", STR_FMT(name));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(names[near]));
    else
        err_hint(e, "conversions are declared in governance/attribution.yaml; `trellis attribution --list` names them");
    return false;
}

void rule_setting_make(const struct mesh *m, const struct journeys *j, struct rule_setting *out)
{
    const struct mesh_attribution *at = &m->attribution;
    size_t n = j->n_nodes[JOURNEY_CHANNEL];
    out->direct = mem_alloc(n + 1);
    for (size_t c = 0; c < n; c++)
        out->direct[c] = mesh_strs_have(at->direct, j->nodes[JOURNEY_CHANNEL][c].key);
    out->o = (struct rule_options){.half_life_s = (double)at->half_life_s, .direct = out->direct};
    memcpy(out->o.u, at->u, sizeof at->u);
    memcpy(out->o.w, at->w, sizeof at->w);
}

bool attribution_days(const struct mesh *m, const struct journey_ask *ask, const struct journeys *j, int32_t *from, int32_t *to)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < j->n_ends; i++) {
        if (!j->ends[i].counted)
            continue;
        first = j->ends[i].at_us < first ? j->ends[i].at_us : first;
        last = j->ends[i].at_us > last ? j->ends[i].at_us : last;
    }
    bool some = first <= last;
    *from = ask->from;
    *to = ask->to;
    return (ask->has_from || (some && clock_day_of(first, m->time_zone, from))) && (ask->has_to || (some && clock_day_of(last, m->time_zone, to)));
}

/* ---- rules, touch by touch ---- */

static bool add_to(int64_t *sum, int64_t more, struct err *e)
{
    return !__builtin_add_overflow(*sum, more, sum) || err_set(e, E_TOO_LARGE, "the values add up to more than 9 million million");
}

/* One conversion into the sums of its leaves. */
static bool credit_one(struct crediting *c, size_t end, struct err *e)
{
    const struct journey_end *x = &c->j->ends[end];
    struct attribution *out = c->out;
    if (!journeys_touched(c->j, end, &c->touched, e) || !add_to(&out->value, x->value, e))
        return false;
    out->conversions++;
    if (c->touched.n == 0) {
        out->untouched++;
        return add_to(&out->untouched_value, x->value, e);
    }
    out->journeys++;
    for (size_t i = 0; i < c->touched.n; i++)
        c->part[c->touched.v[i]] = 1;
    for (size_t k = 0; k < c->n_rules; k++) {
        if (!attribution_share(c->j, &c->set, x, &c->touched, (enum rule_model)c->rules[k], &c->room, e))
            return false;
        for (size_t i = 0; i < c->touched.n; i++) {
            struct sums *s = &c->sums[k * c->leaves + c->j->touches[c->touched.v[i]].leaf];
            s->conversions += c->room.conversions[i];
            if (!add_to(&s->value, c->room.value[i], e))
                return false;
        }
    }
    return true;
}

static bool credit_all(struct crediting *c, struct err *e)
{
    bool data = false, linear = false;
    for (size_t i = 0; i < c->ask->n_models; i++) {
        data = data || attribution_models[c->ask->models[i]].data;
        linear = linear || c->ask->models[i] == RULE_LINEAR;
        if (!attribution_models[c->ask->models[i]].data)
            c->rules[c->n_rules++] = c->ask->models[i];
    }
    if (data && !linear)
        c->rules[c->n_rules++] = RULE_LINEAR; /* what solved credit goes down by */
    c->leaves = c->j->n_nodes[c->j->level];
    rule_setting_make(c->who->mesh, c->j, &c->set);
    c->sums = mem_try_alloc((c->n_rules * c->leaves + 1) * sizeof *c->sums);
    c->part = mem_try_alloc(c->j->n_touches + 1);
    if (!c->sums || !c->part)
        return err_set(e, E_MEMORY, "there is not enough memory for the credit of %zu places", c->leaves);
    for (size_t i = 0; i < c->j->n_ends; i++)
        if (c->j->ends[i].counted && !credit_one(c, i, e))
            return false;
    return true;
}

/* ---- models that are solved ---- */

static const struct sums *rule_sums(const struct crediting *c, int model)
{
    for (size_t k = 0; k < c->n_rules; k++)
        if (c->rules[k] == model)
            return c->sums + k * c->leaves;
    return NULL;
}

/* Linear credit and touches of the nodes of every level above the leaves. */
static void linear_up(struct crediting *c)
{
    const struct sums *linear = rule_sums(c, RULE_LINEAR);
    for (int l = 0; l <= (int)c->j->level; l++)
        c->linear[l] = arena_array(c->a, c->j->n_nodes[l] + 1, sizeof *c->linear[l]);
    for (size_t i = 0; i < c->leaves; i++)
        c->linear[c->j->level][i].credit = linear[i];
    for (size_t i = 0; i < c->j->n_touches; i++)
        c->linear[c->j->level][c->j->touches[i].leaf].touches++;
    for (int l = (int)c->j->level; l > 0; l--)
        for (size_t i = 0; i < c->j->n_nodes[l]; i++) {
            struct level_sums *up = &c->linear[l - 1][c->j->nodes[l][i].parent], *x = &c->linear[l][i];
            up->credit.conversions += x->credit.conversions;
            up->credit.value += x->credit.value;
            up->touches += x->touches;
        }
}

/* A total over parts in proportion to the first of these that weighs anything; `w` is room for n. */
static void share_total(int64_t total, const double *by, const double *otherwise, const double *last, size_t n, double *w, int64_t *out)
{
    const double *choice[] = {by, otherwise, last};
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        bool good = true;
        for (size_t i = 0; i < n; i++) {
            good = good && choice[k][i] >= 0;
            sum += choice[k][i];
        }
        if ((!good || !(sum > 0)) && k < 2)
            continue;
        for (size_t i = 0; i < n; i++)
            w[i] = sum > 0 ? choice[k][i] / sum : 0;
        share_exactly(total, w, n, out);
        return;
    }
}

/* From the nodes of level l - 1 to those of l: nodes of a parent stand together. */
static void go_down(const struct crediting *c, int l, const struct sums *above, struct sums *below)
{
    const struct journeys *j = c->j;
    size_t n = j->n_nodes[l];
    double *credit = arena_array(c->a, n + 1, sizeof *credit), *value = arena_array(c->a, n + 1, sizeof *value), *touches = arena_array(c->a, n + 1, sizeof *touches), *w = arena_array(c->a, n + 1, sizeof *w);
    int64_t *part = arena_array(c->a, n + 1, sizeof *part);
    for (size_t i = 0; i < n; i++) {
        credit[i] = (double)c->linear[l][i].credit.conversions;
        value[i] = (double)c->linear[l][i].credit.value;
        touches[i] = (double)c->linear[l][i].touches;
    }
    for (size_t from = 0, to; from < n; from = to) {
        const struct sums *up = &above[j->nodes[l][from].parent];
        for (to = from; to < n && j->nodes[l][to].parent == j->nodes[l][from].parent;)
            to++;
        share_total(up->conversions, credit + from, credit + from, touches + from, to - from, w, part + from);
        for (size_t i = from; i < to; i++)
            below[i].conversions = part[i];
        share_total(up->value, value + from, credit + from, touches + from, to - from, w, part + from);
        for (size_t i = from; i < to; i++)
            below[i].value = part[i];
    }
}

/* Shares of channels as solved, of the total that all models share; *scale: what one of its conversions counts. */
static void channel_totals(const struct crediting *c, const struct channel_credit *solved, struct sums *out, double *scale)
{
    size_t n = c->j->n_nodes[JOURNEY_CHANNEL];
    double *credit = arena_array(c->a, n + 1, sizeof *credit), *value = arena_array(c->a, n + 1, sizeof *value), *linear = arena_array(c->a, n + 1, sizeof *linear), *w = arena_array(c->a, n + 1, sizeof *w), sum = 0;
    int64_t *part = arena_array(c->a, n + 1, sizeof *part);
    for (size_t i = 0; i < n; i++) {
        credit[i] = solved[i].conversions;
        value[i] = solved[i].value;
        linear[i] = (double)c->linear[JOURNEY_CHANNEL][i].credit.conversions;
        sum += solved[i].conversions;
    }
    *scale = sum > 0 ? (double)c->out->journeys / sum : 0;
    share_total(c->out->journeys * ONE, credit, linear, linear, n, w, part);
    for (size_t i = 0; i < n; i++)
        out[i].conversions = part[i];
    share_total(c->out->value - c->out->untouched_value, value, credit, linear, n, w, part);
    for (size_t i = 0; i < n; i++)
        out[i].value = part[i];
}

static void note(struct attribution *out, struct str text)
{
    if (out->n_notes < sizeof out->notes / sizeof *out->notes)
        out->notes[out->n_notes++] = text;
}

static bool solve_one(struct crediting *c, const struct path_set *paths, int model, struct solved *out, struct err *e)
{
    const struct mesh_attribution *at = &c->who->mesh->attribution;
    struct data_options o = {.order = c->ask->order ? c->ask->order : at->markov_order, .shapley_rate = at->shapley_rate, .seed = at->shapley_seed, .samples = c->ask->intervals ? at->samples : 0,
                             .level = at->level, .bootstrap_seed = at->bootstrap_seed, .threads = c->who->mesh->engine_threads};
    struct markov_facts facts = {0};
    size_t n = c->j->n_nodes[JOURNEY_CHANNEL];
    struct sums *sums = arena_array(c->a, n + 1, sizeof *sums);
    out->channels = arena_array(c->a, n + 1, sizeof *out->channels);
    bool ok = model == MODEL_MARKOV ? markov_run(paths, &o, out->channels, &facts, e) : shapley_run(paths, &o, out->channels, e);
    if (!ok)
        return false;
    channel_totals(c, out->channels, sums, &out->scale);
    for (int l = 1; l <= (int)c->j->level; l++) {
        struct sums *below = arena_array(c->a, c->j->n_nodes[l] + 1, sizeof *below);
        go_down(c, l, sums, below);
        sums = below;
    }
    out->sums = sums;
    out->intervals = o.samples > 0;
    if (model == MODEL_MARKOV)
        note(c->out, arena_printf(c->a, "Markov of order %d: %zu states, %.4f of the journeys lead to a conversion.", o.order, facts.states, facts.p_conversion));
    return true;
}

/* The journeys as paths with their counts; those without a conversion are what the answer calls open. */
static bool cut_paths(struct crediting *c, struct journey_paths *paths, struct err *e)
{
    bool ok = journeys_cut(c->j, paths, e);
    for (size_t k = 0; ok && k < paths->set.n; k++)
        c->out->open += paths->nulls[k];
    return ok;
}

static bool solve_all(struct crediting *c, struct err *e)
{
    struct journey_paths paths = {0};
    bool ok = true, cut = false;
    for (size_t i = 0; ok && i < c->ask->n_models; i++) {
        int m = c->ask->models[i];
        if (!attribution_models[m].data)
            continue;
        if (!cut) {
            linear_up(c);
            ok = cut = cut_paths(c, &paths, e);
        }
        ok = ok && solve_one(c, &paths.set, m, &c->solved[m - MODEL_MARKOV], e);
    }
    if (ok && !cut)
        ok = cut_paths(c, &paths, e);
    journey_paths_fini(&paths);
    return ok;
}

/* ---- rows ---- */

static void fill_cells(const struct crediting *c, size_t leaf, struct attribution_row *row)
{
    row->cells = arena_array(c->a, c->ask->n_models + 1, sizeof *row->cells);
    for (size_t i = 0; i < c->ask->n_models; i++) {
        int m = c->ask->models[i];
        const struct solved *x = attribution_models[m].data ? &c->solved[m - MODEL_MARKOV] : NULL;
        const struct sums *s = x ? x->sums : rule_sums(c, m);
        struct attribution_cell *cell = &row->cells[i];
        cell->conversions = s[leaf].conversions;
        cell->value = s[leaf].value;
        if (x && x->intervals && c->j->level == JOURNEY_CHANNEL) {
            const struct channel_credit *k = &x->channels[leaf];
            cell->interval = true;
            cell->low = k->low * x->scale;
            cell->high = k->high * x->scale;
            cell->value_low = k->value_low * x->scale;
            cell->value_high = k->value_high * x->scale;
        }
    }
}

static void fill_row(const struct crediting *c, size_t leaf, int64_t touches, struct attribution_row *row)
{
    uint32_t at = (uint32_t)leaf;
    row->touches = touches;
    row->title = c->j->nodes[c->j->level][leaf].title;
    for (int l = (int)c->j->level; l >= 0; l--) {
        const struct journey_node *x = &c->j->nodes[l][at];
        row->key[l] = arena_str(c->a, x->key);
        at = x->parent;
    }
    row->title = arena_str(c->a, row->title.n ? row->title : row->key[c->j->level].n ? row->key[c->j->level] : STR("(not known)"));
    fill_cells(c, leaf, row);
}

static int row_order(const void *a, const void *b)
{
    const struct attribution_row *x = a, *y = b;
    if (x->none != y->none)
        return x->none ? 1 : -1;
    if (x->cells[0].conversions != y->cells[0].conversions)
        return x->cells[0].conversions > y->cells[0].conversions ? -1 : 1;
    for (int l = 0; l < JOURNEY_LEVELS; l++) {
        int o = str_cmp(x->key[l], y->key[l]);
        if (o)
            return o;
    }
    return 0;
}

static bool anything(const struct crediting *c, const struct attribution_row *row)
{
    bool some = row->touches > 0;
    for (size_t i = 0; i < c->ask->n_models; i++)
        some = some || row->cells[i].conversions || row->cells[i].value;
    return some;
}

static void make_rows(struct crediting *c)
{
    struct attribution *out = c->out;
    int64_t *touches = arena_array(c->a, c->leaves + 1, sizeof *touches);
    for (size_t i = 0; i < c->j->n_touches; i++)
        touches[c->j->touches[i].leaf] += c->part[i];
    out->rows = arena_array(c->a, c->leaves + 2, sizeof *out->rows);
    for (size_t i = 0; i < c->leaves; i++) {
        struct attribution_row *row = &out->rows[out->n_rows];
        fill_row(c, i, touches[i], row);
        if (anything(c, row))
            out->n_rows++;
        else
            *row = (struct attribution_row){0};
    }
    if (out->untouched) {
        struct attribution_row *row = &out->rows[out->n_rows++];
        *row = (struct attribution_row){.none = true, .title = STR("(none)")};
        row->key[JOURNEY_CHANNEL] = row->title;
        row->cells = arena_array(c->a, c->ask->n_models + 1, sizeof *row->cells);
        for (size_t i = 0; i < c->ask->n_models; i++)
            row->cells[i] = (struct attribution_cell){.conversions = out->untouched * ONE, .value = out->untouched_value};
    }
    qsort(out->rows, out->n_rows, sizeof *out->rows, row_order);
    out->n_all = out->n_rows;
}

static void crediting_fini(struct crediting *c)
{
    mem_free(c->set.direct);
    mem_free(c->sums);
    mem_free(c->part);
    mem_free(c->touched.v);
    mem_free(c->room.all);
}

bool attribution_of(const struct metric_asker *who, const struct attribution_ask *ask, struct journeys *j, struct arena *a, struct attribution *out, struct err *e)
{
    struct crediting c = {.who = who, .ask = ask, .a = a, .j = j, .out = out};
    *out = (struct attribution){.has_value = j->has_value, .lookback_s = j->longest_us / 1000000};
    bool ok = credit_all(&c, e) && solve_all(&c, e);
    if (ok) {
        make_rows(&c);
        out->has_days = attribution_days(who->mesh, &ask->journeys, j, &out->from, &out->to);
        for (size_t i = 0; i < j->n_ports; i++)
            out->ports[out->n_ports++] = arena_str(a, j->ports[i]);
        if (!out->conversions)
            note(out, STR("There is no conversion in these days."));
        else if (ask->journeys.where.n && out->untouched)
            note(out, arena_printf(a, "The condition is over touches: %lld of %lld conversions have none that meets it, and stand under (none).", (long long)out->untouched, (long long)out->conversions));
    }
    crediting_fini(&c);
    return ok;
}

bool attribution_run(const struct metric_asker *who, const struct attribution_ask *ask, struct arena *a, struct attribution *out, struct err *e)
{
    struct journeys j;
    size_t limit = (size_t)(ask->limit ? ask->limit : ROWS_DEFAULT);
    if (ask->order < 0 || ask->order > ORDER_MAX)
        return err_set(e, E_USAGE, "the order of a Markov chain is 1 to %d", ORDER_MAX);
    bool ok = journeys_read(who, &ask->journeys, &j, e) && attribution_of(who, ask, &j, a, out, e);
    journeys_fini(&j);
    ok = ok && attribution_consent(who, ask, a, out, e) && attribution_costs(who, ask, a, out, e);
    if (ok && out->n_rows > limit)
        out->n_rows = limit;
    return ok;
}
