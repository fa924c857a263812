/* Markov attribution: counts of moves between states, and credit by what the removal of a channel loses (Anderl et al. 2016). A state is the
 * last `order` channels; before there were so many, those that there were. Which walks convert and which channels they saw is then the same as
 * where short paths are states of their own. Solved: markov_dense.c for order 1, markov_sparse.c for the others and for very many channels. */
#include "measure/kernels.h"

#include <stdlib.h>

#include "base/mem.h"
#include "measure/kernels_int.h"

enum { DIRECT_MOVES_MAX = 1 << 16, RANKED_MOVES_MAX = 1 << 24, STATES_MAX = 4000000, DENSE_CHANNELS_MAX = 1500 };

/* ---- numbers of moves ---- */

static size_t slot_of(const struct move_slot *slots, size_t mask, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(h ^ h >> 32) & mask;
    while (slots[i].key && slots[i].key != key)
        i = (i + 1) & mask;
    return i;
}

size_t markov_move_rank(const struct markov *m, uint64_t move)
{
    if (!m->move)
        return (size_t)move;
    return m->rank ? m->rank[move] : m->slots[slot_of(m->slots, m->mask, move + 1)].rank;
}

/* What comes after `code` by a step of channel c; `gone` is the digit that falls out. */
static uint64_t code_next(const struct markov *m, uint64_t code, uint32_t c, uint32_t gone)
{
    return code * m->base + c + 1 - gone * m->drop;
}

static uint64_t code_after(const struct markov *m, uint64_t code, uint64_t next)
{
    return code % (m->codes / m->base) * m->base + next + 1;
}

/* ---- counting ---- */

/* Order 1 with all moves by their number: the table stays in the nearest cache. */
static void count_first_order(const struct data_model *model, size_t from, size_t to, const int64_t *conversions, const int64_t *value, const int64_t *nulls, int64_t *counts)
{
    const struct markov *m = (const struct markov *)model;
    const struct path_set *p = model->p;
    size_t width = (size_t)m->width, at = from ? p->ends[from - 1] : 0;
    for (size_t i = from; i < to; i++) {
        int64_t converted = conversions[i - from], lost = nulls ? nulls[i - from] : 0, walks = converted + lost;
        size_t end = p->ends[i], row = 0;
        if (at == end)
            continue;
        for (; at < end; at++) {
            uint32_t c = p->steps[at];
            counts[row + c] += walks;
            row = ((size_t)c + 1) * width;
        }
        counts[row + width - 2] += converted;
        counts[row + width - 1] += lost;
        if (value)
            counts[m->moves + row + width - 2] += value[i - from];
    }
}

static void count_any(const struct data_model *model, size_t from, size_t to, const int64_t *conversions, const int64_t *value, const int64_t *nulls, int64_t *counts)
{
    const struct markov *m = (const struct markov *)model;
    const struct path_set *p = model->p;
    for (size_t i = from; i < to; i++) {
        size_t begin = i ? p->ends[i - 1] : 0, end = p->ends[i];
        int64_t converted = conversions[i - from], lost = nulls ? nulls[i - from] : 0, worth = value ? value[i - from] : 0;
        uint64_t code = 0;
        if (begin == end || (converted == 0 && lost == 0))
            continue;
        for (size_t at = begin; at < end; at++) {
            uint32_t gone = at - begin >= (size_t)m->order ? p->steps[at - (size_t)m->order] + 1 : 0;
            counts[markov_move_rank(m, code * m->width + p->steps[at])] += converted + lost;
            code = code_next(m, code, p->steps[at], gone);
        }
        uint64_t last = code * m->width + m->width - 2;
        if (converted) {
            size_t rank = markov_move_rank(m, last);
            counts[rank] += converted;
            counts[m->moves + rank] += worth;
        }
        if (lost)
            counts[markov_move_rank(m, last + 1)] += lost;
    }
}

/* ---- which moves there are ---- */

struct seen { struct move_slot *slots; size_t mask, n; uint32_t *rank; bool failed; };

static void see(struct seen *s, uint64_t move)
{
    if (s->rank) {
        s->n += s->rank[move] == 0;
        s->rank[move] = 1;
        return;
    }
    if (2 * (s->n + 1) > s->mask) {
        size_t wider = s->mask * 2 + 1;
        struct move_slot *slots = wider < SIZE_MAX / sizeof *slots - 1 ? mem_try_alloc((wider + 1) * sizeof *slots) : NULL;
        if (!slots) {
            s->failed = true;
            return;
        }
        for (size_t i = 0; i <= s->mask; i++)
            if (s->slots[i].key)
                slots[slot_of(slots, wider, s->slots[i].key)] = s->slots[i];
        mem_free(s->slots);
        s->slots = slots;
        s->mask = wider;
    }
    size_t i = slot_of(s->slots, s->mask, move + 1);
    s->n += s->slots[i].key == 0;
    s->slots[i].key = move + 1;
}

static void see_all(const struct markov *m, struct seen *s)
{
    const struct path_set *p = m->model.p;
    for (size_t i = 0, at = 0; i < p->n && !s->failed; at = p->ends[i++]) {
        size_t begin = at, end = p->ends[i];
        uint64_t code = 0;
        if (p->conversions[i] == 0 && !(p->nulls && p->nulls[i]))
            continue;
        for (; at < end && !s->failed; at++) {
            uint32_t gone = at - begin >= (size_t)m->order ? p->steps[at - (size_t)m->order] + 1 : 0;
            see(s, code * m->width + p->steps[at]);
            code = code_next(m, code, p->steps[at], gone);
        }
        if (begin == end || s->failed)
            continue;
        if (p->conversions[i])
            see(s, code * m->width + m->width - 2);
        if (!s->failed && p->nulls && p->nulls[i])
            see(s, code * m->width + m->width - 1);
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Numbers in ascending order of the moves themselves: they do not depend on which path came first. */
static bool moves_number(struct markov *m, struct err *e)
{
    uint64_t all = m->codes * m->width; /* cannot overflow: markov_run */
    struct seen s = {.mask = 1023};
    uint64_t *move = NULL;
    if (all <= DIRECT_MOVES_MAX) {
        m->moves = (size_t)all;
        return true;
    }
    if (all <= RANKED_MOVES_MAX)
        s.rank = mem_try_alloc((size_t)all * sizeof *s.rank);
    else
        s.slots = mem_try_alloc((s.mask + 1) * sizeof *s.slots);
    s.failed = !s.rank && !s.slots;
    if (!s.failed)
        see_all(m, &s);
    if (s.failed || s.n > UINT32_MAX || !(move = mem_try_alloc((s.n + 1) * sizeof *move))) {
        mem_free(s.rank);
        mem_free(s.slots);
        return err_set(e, E_MEMORY, "there is not enough memory for the moves of a chain of order %d", m->order);
    }
    size_t n = 0;
    for (uint64_t i = 0; s.rank && i < all; i++)
        if (s.rank[i])
            move[n++] = i;
    for (size_t i = 0; s.slots && i <= s.mask; i++)
        if (s.slots[i].key)
            move[n++] = s.slots[i].key - 1;
    if (s.slots)
        qsort(move, n, sizeof *move, by_number);
    for (size_t i = 0; i < n; i++)
        if (s.rank)
            s.rank[move[i]] = (uint32_t)i;
        else
            s.slots[slot_of(s.slots, s.mask, move[i] + 1)].rank = (uint32_t)i;
    m->moves = n;
    m->move = move;
    m->rank = s.rank;
    m->slots = s.slots;
    m->mask = s.mask;
    return true;
}

/* ---- the chain of counts ---- */

static size_t state_find(const struct chain *c, uint64_t code)
{
    size_t low = 0, high = c->states;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->code[middle] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void chain_fini(struct chain *c)
{
    mem_free(c->code);
    mem_free(c->out);
    mem_free(c->to);
    mem_free(c->weight);
    mem_free(c->conversions);
    mem_free(c->value);
    mem_free(c->leaving);
}

static bool chain_alloc(const struct markov *m, const int64_t *counts, struct chain *c, struct err *e)
{
    uint64_t last = UINT64_MAX;
    for (size_t i = 0; i < m->moves; i++) {
        uint64_t move = m->move ? m->move[i] : i, code = move / m->width;
        if (counts[i] == 0)
            continue;
        c->states += code != last;
        c->edges += move % m->width < m->width - 2;
        last = code;
    }
    if (c->states > STATES_MAX) {
        err_set(e, E_TOO_LARGE, "a chain of order %d over these paths has %zu states; %d are the most", m->order, c->states, STATES_MAX);
        err_hint(e, "take a lower order, or group rare channels");
        return false;
    }
    c->code = mem_try_alloc((c->states + 1) * sizeof *c->code);
    c->out = mem_try_alloc((c->states + 1) * sizeof *c->out);
    c->to = mem_try_alloc((c->edges + 1) * sizeof *c->to);
    c->weight = mem_try_alloc((c->edges + 1) * sizeof *c->weight);
    c->conversions = mem_try_alloc((c->states + 1) * sizeof *c->conversions);
    c->value = mem_try_alloc((c->states + 1) * sizeof *c->value);
    c->leaving = mem_try_alloc((c->states + 1) * sizeof *c->leaving);
    return (c->code && c->out && c->to && c->weight && c->conversions && c->value && c->leaving) ||
           err_set(e, E_MEMORY, "there is not enough memory for a chain of %zu states", c->states);
}

static bool chain_make(const struct markov *m, const int64_t *counts, struct chain *c, struct err *e)
{
    size_t at = 0, edge = 0;
    if (!chain_alloc(m, counts, c, e))
        return false;
    for (size_t i = 0, s = SIZE_MAX; i < m->moves; i++) { /* the states, so that they can be found */
        uint64_t code = (m->move ? m->move[i] : i) / m->width;
        if (counts[i] && (s == SIZE_MAX || c->code[s] != code))
            c->code[++s] = code;
    }
    for (size_t i = 0; i < m->moves; i++) {
        uint64_t move = m->move ? m->move[i] : i, code = move / m->width, next = move % m->width;
        double n = (double)counts[i];
        if (counts[i] == 0)
            continue;
        while (c->code[at] != code)
            c->out[++at] = edge;
        if (at == 0)
            c->walks += n;
        if (next < m->width - 2) {
            uint64_t after = code_after(m, code, next);
            if (after == code) /* staying changes nothing of where one gets to */
                continue;
            c->to[edge] = (uint32_t)state_find(c, after);
            c->weight[edge++] = n;
        } else if (next == m->width - 2) {
            double value = (double)counts[m->moves + i] / MILLIONTHS;
            c->conversions[at] = n;
            c->value[at] = value;
            c->all_conversions += n;
            c->all_value += value;
            c->value_negative |= value < 0;
        }
        c->leaving[at] += n;
    }
    while (c->states && at < c->states)
        c->out[++at] = edge;
    c->edges = edge;
    return true;
}

static bool solve(const struct data_model *model, const int64_t *counts, bool last, struct channel_credit *out, struct err *e)
{
    const struct markov *m = (const struct markov *)model;
    size_t channels = model->p->channels;
    struct chain c = {0};
    struct markov_facts facts = {0};
    double *effects = mem_try_alloc((channels + 1) * sizeof *effects), *value_effects = mem_try_alloc((channels + 1) * sizeof *value_effects);
    bool good = false;
    if (!effects || !value_effects) {
        err_set(e, E_MEMORY, "there is not enough memory for %zu channels", channels);
        goto out;
    }
    if (!chain_make(m, counts, &c, e))
        goto out;
    facts.states = c.states;
    facts.transitions = c.edges;
    facts.p_conversion = c.walks > 0 ? c.all_conversions / c.walks : 0;
    good = m->order == 1 && channels <= DENSE_CHANNELS_MAX ? markov_dense(m, &c, effects, value_effects, e)
                                                             : markov_sparse(m, &c, last, effects, value_effects, &facts, e);
    if (!good)
        goto out;
    credit_by_effects(effects, c.value_negative ? NULL : value_effects, c.all_conversions, c.all_value, channels, out);
    if (last && m->facts)
        *m->facts = facts;
out:
    chain_fini(&c);
    mem_free(effects);
    mem_free(value_effects);
    return good;
}

bool markov_run(const struct path_set *p, const struct data_options *o, struct channel_credit *out, struct markov_facts *facts, struct err *e)
{
    struct path_totals t;
    struct markov m = {.model = {.p = p, .count = count_any, .solve = solve}, .order = o->order, .threads = o->threads, .facts = facts, .codes = 1};
    uint64_t all;
    if (o->order < 1 || o->order > 4) {
        err_set(e, E_USAGE, "a Markov chain of order %d cannot be had", o->order);
        err_hint(e, "orders are 1 to 4");
        return false;
    }
    if (!path_totals(p, &t, e))
        return false;
    m.base = (uint64_t)p->channels + 1;
    m.width = (uint64_t)p->channels + 2;
    bool over = m.base > UINT32_MAX;
    for (int i = 0; i < o->order && !over; i++)
        over = __builtin_mul_overflow(m.codes, m.base, &m.codes);
    if (over || __builtin_mul_overflow(m.codes, m.width, &all) || all > UINT64_MAX / 2) {
        err_set(e, E_TOO_LARGE, "%zu channels are too many for a chain of order %d", p->channels, o->order);
        err_hint(e, "take a lower order, or group rare channels");
        return false;
    }
    m.drop = m.codes;
    bool good = moves_number(&m, e);
    if (good && o->order == 1 && !m.move)
        m.model.count = count_first_order;
    m.model.counts = 2 * m.moves;
    good = good && data_model_run(&m.model, o, out, e);
    mem_free((void *)(uintptr_t)m.move);
    mem_free(m.rank);
    mem_free(m.slots);
    return good;
}
