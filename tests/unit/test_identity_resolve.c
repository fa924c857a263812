/* The resolver against a slow one that is written down separately, word by word as docs/identity.md says it: thousands of small random
 * worlds with shared devices, logouts, limits and windows, duplicates, late and changed and removed sets, merges, splits and withdrawals;
 * in one piece, in any order, and batch by batch. Then what a split and a withdrawal owe: the state as if the merge had never been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "identity/resolve_int.h"

enum { KINDS = 5, VALUES = 7, IDS = KINDS * VALUES, SETS_MAX = 60, DECISIONS_MAX = 6, IN_SET_MAX = 5, BLOCKED_VALUE = VALUES - 1 };

/* user, e-mail, contact without a limit, device and visitor with windows. */
static const struct resolve_kind kinds[KINDS] = {{{"user", 4}, 1, 0}, {{"email", 5}, 2, 0}, {{"contact", 7}, 0, 0}, {{"device", 6}, 2, 200}, {{"visitor", 7}, 2, 40}};

struct wset { int64_t evidence, at; int source, message, ids[IN_SET_MAX], n; bool live; };
struct wdecision { int64_t id, at; bool split, live; int out[4], rest[4], n_out, n_rest; };
struct world { struct wset sets[SETS_MAX]; size_t n; struct wdecision decisions[DECISIONS_MAX]; size_t n_decisions; };

static uint64_t seed;
static unsigned pick(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((seed >> 33) % n);
}

static bool blocked_id(int id)
{
    return id / VALUES == 4 && id % VALUES == BLOCKED_VALUE;
}

/* ---- The slow one ---- */

struct customer { bool alive; int first, born; bool member[IDS]; int64_t last[IDS]; };
struct slow {
    struct customer customers[SETS_MAX + DECISIONS_MAX];
    int n;
    char lines[SETS_MAX][600]; /* by place in world.sets; of decisions they are not compared */
    int of_set[SETS_MAX];      /* customer */
    char reason[SETS_MAX][IN_SET_MAX];
};
struct item { const struct wset *set; const struct wdecision *merge; int64_t at; const char *source; int message; int64_t evidence; };
static const char *const source_names[] = {"web.site", "crm.app"};

static int item_cmp(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int c;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if ((c = strcmp(x->source, y->source)) != 0)
        return c;
    if (x->message != y->message)
        return x->message < y->message ? -1 : 1;
    return (x->evidence > y->evidence) - (x->evidence < y->evidence);
}

static int by_strength(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int customer_of(const struct slow *w, int id)
{
    for (int c = 0; c < w->n; c++)
        if (w->customers[c].alive && w->customers[c].member[id])
            return c;
    return -1;
}

static bool has(const int *v, int n, int x)
{
    for (int i = 0; i < n; i++)
        if (v[i] == x)
            return true;
    return false;
}

/* How many values of a kind one customer shows at this time, given the identifiers of the set. */
static unsigned shown(const struct customer *c, int kind, int64_t at, const int *ids, int n)
{
    unsigned k = 0;
    for (int id = kind * VALUES; id < (kind + 1) * VALUES; id++)
        if (c->member[id] && (kinds[kind].per_us == 0 || c->last[id] > at - kinds[kind].per_us || has(ids, n, id)))
            k++;
    return k;
}

/* Why the first n identifiers do not fit together: 0 they do, 'l' a limit (*kind), 's' a split (*decision). */
static char why_not(const struct slow *w, const struct world *world, const struct item *it, const int *ids, int n, int *kind, int64_t *decision)
{
    int parts[IN_SET_MAX], n_parts = 0, fresh[IN_SET_MAX], n_fresh = 0;
    for (int i = 0; i < n; i++) {
        int c = customer_of(w, ids[i]);
        if (c < 0)
            fresh[n_fresh++] = ids[i];
        else if (!has(parts, n_parts, c))
            parts[n_parts++] = c;
    }
    if (n_parts + n_fresh <= 1)
        return 0;
    for (size_t d = 0; d < world->n_decisions; d++) {
        const struct wdecision *x = &world->decisions[d];
        bool any_out = false, any_rest = false, before = false;
        if (!x->live || !x->split || (it->merge && x->id < it->merge->id))
            continue;
        for (int p = 0; p < n_parts; p++) {
            bool o = false, r = false;
            for (int i = 0; i < x->n_out; i++)
                o |= w->customers[parts[p]].member[x->out[i]];
            for (int i = 0; i < x->n_rest; i++)
                r |= w->customers[parts[p]].member[x->rest[i]];
            any_out |= o;
            any_rest |= r;
            before |= o && r;
        }
        for (int i = 0; i < n_fresh; i++) {
            any_out |= has(x->out, x->n_out, fresh[i]);
            any_rest |= has(x->rest, x->n_rest, fresh[i]);
        }
        if (any_out && any_rest && !before) {
            *decision = x->id;
            return 's';
        }
    }
    for (int k = 0; k < KINDS && !it->merge; k++) {
        unsigned total = 0, most = 0;
        for (int p = 0; p < n_parts; p++) {
            unsigned c = shown(&w->customers[parts[p]], k, it->at, ids, n);
            total += c;
            most = c > most ? c : most;
        }
        for (int i = 0; i < n_fresh; i++)
            total += fresh[i] / VALUES == k;
        if (kinds[k].limit && total > kinds[k].limit && total > most) {
            *kind = k;
            return 'l';
        }
    }
    return 0;
}

__attribute__((format(printf, 3, 4))) static void say(char *to, size_t max, const char *fmt, ...)
{
    va_list ap;
    size_t n = strlen(to);
    va_start(ap, fmt);
    vsnprintf(to + n, max - n, fmt, ap);
    va_end(ap);
}

static void slow_resolve(struct slow *w, const struct world *world)
{
    struct item items[SETS_MAX + DECISIONS_MAX];
    size_t n_items = 0;
    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < world->n; i++) {
        const struct wset *s = &world->sets[i];
        w->of_set[i] = -1;
        if (s->live)
            items[n_items++] = (struct item){s, NULL, s->at, source_names[s->source], s->message, s->evidence};
    }
    for (size_t i = 0; i < world->n_decisions; i++) {
        const struct wdecision *d = &world->decisions[i];
        if (d->live && !d->split)
            items[n_items++] = (struct item){NULL, d, d->at, "decision", -1, INT64_MIN + d->id};
    }
    qsort(items, n_items, sizeof *items, item_cmp);
    for (size_t t = 0; t < n_items; t++) {
        const struct item *it = &items[t];
        int ids[IN_SET_MAX], n = 0, kind = 0, joined[IN_SET_MAX], n_joined = 0, winner = -1;
        int64_t decision = 0;
        char ignored[600] = "", left[IDS] = {0}, why;
        size_t place = it->set ? (size_t)(it->set - world->sets) : 0;
        char *lines = it->set ? w->lines[place] : ignored;
        const int *given = it->set ? it->set->ids : it->merge->out;
        int n_given = it->set ? it->set->n : it->merge->n_out;
        for (int i = 0; i < n_given; i++)
            if (!blocked_id(given[i]) && !has(ids, n, given[i]))
                ids[n++] = given[i];
        qsort(ids, (size_t)n, sizeof *ids, by_strength);
        if (n == 0) { /* a customer of its own */
            struct customer *c = &w->customers[w->n];
            *c = (struct customer){.alive = true, .first = -1 - (int)it->evidence, .born = (int)t};
            say(lines, 600, "created;");
            w->of_set[place] = w->n++;
            memset(w->reason[place], 'b', (size_t)n_given);
            continue;
        }
        while ((why = why_not(w, world, it, ids, n, &kind, &decision)) != 0) {
            int out = ids[--n], stays = customer_of(w, out);
            left[out] = why;
            say(lines, 600, "refused %d %c %d %d %d;", out, why, why == 'l' ? kind : 0, (int)decision * (why == 's'), stays < 0 ? -1 : w->customers[stays].first);
        }
        for (int i = 0; i < n; i++) {
            int c = customer_of(w, ids[i]);
            if (c >= 0 && !has(joined, n_joined, c))
                joined[n_joined++] = c;
        }
        for (int i = 0; i < n_joined; i++)
            if (winner < 0 || w->customers[joined[i]].born < w->customers[winner].born)
                winner = joined[i];
        if (winner < 0) {
            winner = w->n++;
            w->customers[winner] = (struct customer){.alive = true, .first = ids[0], .born = (int)t};
            say(lines, 600, "created;");
        }
        for (int i = 0; i < n_joined; i++)
            if (joined[i] != winner) {
                struct customer *goes = &w->customers[joined[i]], *stays = &w->customers[winner];
                say(lines, 600, "merged %d %d;", stays->first, goes->first);
                for (int id = 0; id < IDS; id++)
                    if (goes->member[id]) {
                        stays->member[id] = true;
                        stays->last[id] = goes->last[id];
                    }
                goes->alive = false;
                for (size_t k = 0; k < world->n; k++)
                    if (w->of_set[k] == joined[i])
                        w->of_set[k] = winner;
            }
        for (int i = 0; i < n; i++) {
            w->customers[winner].member[ids[i]] = true;
            w->customers[winner].last[ids[i]] = it->at;
        }
        if (!it->set)
            continue;
        w->of_set[place] = winner;
        for (int i = 0; i < n_given; i++)
            w->reason[place][i] = blocked_id(given[i]) ? 'b' : left[given[i]] ? left[given[i]] : 'a';
    }
}

/* ---- The one under test, and the tables that somebody keeps by what it says ---- */

struct kept { bool there; int customer; char lines[600], reason[IN_SET_MAX]; };
struct tables { struct kept sets[SETS_MAX]; bool customer[IDS + SETS_MAX + 2]; };

static char value_texts[VALUES][16];
static bool is_blocked(void *ctx, uint32_t kind, struct str value)
{
    (void)ctx;
    return kind == 4 && str_eq(value, str_of(value_texts[BLOCKED_VALUE]));
}

static struct resolve_identifier identifier(int id)
{
    return (struct resolve_identifier){(uint32_t)(id / VALUES), str_of(value_texts[id % VALUES])};
}

static int number_of(const struct resolve *r, uint32_t identifier_)
{
    struct resolve_identifier x;
    int64_t n = 0;
    if (identifier_ == RESOLVE_NONE)
        return -1;
    x = resolve_identifier_get(r, identifier_);
    if (x.kind == RESOLVE_KIND_EVIDENCE) {
        assert_true(str_to_i64(x.value, &n));
        return -1 - (int)n;
    }
    return (int)x.kind * VALUES + atoi(x.value.p + 1);
}

static struct resolve *opened(void)
{
    struct resolve_rules rules = {kinds, KINDS, is_blocked, NULL};
    return resolve_new(&rules);
}

static void give(struct resolve *r, const struct wset *s, bool load)
{
    struct resolve_identifier ids[IN_SET_MAX];
    char message[16];
    snprintf(message, sizeof message, "m%03d", s->message);
    for (int i = 0; i < s->n; i++)
        ids[i] = identifier(s->ids[i]);
    struct resolve_set set = {s->evidence, s->at, str_of(source_names[s->source]), str_of(message), ids, (size_t)s->n};
    (load ? resolve_load : resolve_put)(r, &set);
}

static void decide(struct resolve *r, const struct world *w)
{
    struct resolve_decision d[DECISIONS_MAX];
    struct resolve_identifier ids[DECISIONS_MAX][2][4];
    size_t n = 0;
    for (size_t i = 0; i < w->n_decisions; i++) {
        const struct wdecision *x = &w->decisions[i];
        if (!x->live)
            continue;
        for (int k = 0; k < x->n_out; k++)
            ids[n][0][k] = identifier(x->out[k]);
        for (int k = 0; k < x->n_rest; k++)
            ids[n][1][k] = identifier(x->rest[k]);
        d[n] = (struct resolve_decision){x->id, x->at, x->split, ids[n][0], ids[n][1], (size_t)x->n_out, (size_t)x->n_rest};
        n++;
    }
    resolve_decide(r, d, n);
}

static size_t place_of(const struct world *w, int64_t evidence)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->sets[i].evidence == evidence)
            return i;
    return SIZE_MAX;
}

static bool *customer_slot(struct tables *t, int number)
{
    return &t->customer[number >= 0 ? number : IDS - number];
}

static void keep_set(struct tables *t, const struct world *w, struct resolve *r, uint32_t set)
{
    size_t place = place_of(w, resolve_set_evidence(r, set));
    struct kept *k;
    if (place == SIZE_MAX)
        return; /* a decision */
    k = &t->sets[place];
    k->there = true;
    k->customer = number_of(r, resolve_set_customer(r, set));
    for (int i = 0; i < w->sets[place].n; i++)
        for (size_t j = 0; j < resolve_set_size(r, set); j++) {
            enum resolve_reason reason;
            uint32_t id = resolve_set_identifier(r, set, j, &reason);
            if (number_of(r, id) == w->sets[place].ids[i])
                k->reason[i] = "abls"[reason];
        }
}

struct said { uint32_t set, seq; char text[80]; };
static int said_cmp(const void *a, const void *b)
{
    const struct said *x = a, *y = b;
    return x->set != y->set ? (x->set < y->set ? -1 : 1) : (int)x->seq - (int)y->seq;
}

static void keep_lines(struct tables *t, const struct world *w, struct resolve *r, const struct resolve_outcome *o)
{
    struct said *v = calloc(o->n_lines + o->n_created + 1, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < o->n_lines; i++) {
        const struct resolve_line *l = &o->lines[i];
        v[n] = (struct said){.set = l->set, .seq = l->seq};
        if (l->action == RESOLVE_MERGED)
            snprintf(v[n++].text, sizeof v->text, "merged %d %d;", number_of(r, l->customer), number_of(r, l->other));
        else
            snprintf(v[n++].text, sizeof v->text, "refused %d %c %d %d %d;", number_of(r, l->identifier), "abls"[l->reason], l->reason == RESOLVE_LIMIT ? l->kind : 0,
                     (int)l->decision_id, number_of(r, l->other));
    }
    for (size_t i = 0; i < o->n_created; i++) {
        v[n] = (struct said){.set = o->created[i].set, .seq = o->created[i].seq};
        snprintf(v[n++].text, sizeof v->text, "created;");
    }
    qsort(v, n, sizeof *v, said_cmp);
    for (size_t i = 0; i < n; i++) {
        size_t place = place_of(w, resolve_set_evidence(r, v[i].set));
        if (place == SIZE_MAX)
            continue;
        if (i == 0 || v[i].set != v[i - 1].set)
            assert_int_equal(v[i].seq, 0);
        else
            assert_int_equal(v[i].seq, v[i - 1].seq + 1);
        say(t->sets[place].lines, sizeof t->sets[place].lines, "%s", v[i].text);
    }
    free(v);
}

static void keep_changes(struct tables *t, const struct world *w, struct resolve *r)
{
    struct resolve_outcome o;
    resolve_outcome_get(r, &o);
    for (size_t i = 0; i < o.n_redone; i++) {
        size_t place = place_of(w, resolve_set_evidence(r, o.redone[i]));
        if (place != SIZE_MAX)
            t->sets[place].lines[0] = '\0';
    }
    for (size_t i = 0; i < o.n_changed; i++) {
        size_t place = place_of(w, resolve_set_evidence(r, o.changed[i].set));
        if (place != SIZE_MAX && o.changed[i].was != RESOLVE_NONE)
            assert_int_equal(t->sets[place].customer, number_of(r, o.changed[i].was));
        if (place != SIZE_MAX && o.changed[i].was == RESOLVE_NONE)
            assert_false(t->sets[place].there);
        keep_set(t, w, r, o.changed[i].set);
    }
    keep_lines(t, w, r, &o);
    for (size_t i = 0; i < o.n_gone; i++) {
        assert_true(*customer_slot(t, number_of(r, o.gone[i])));
        *customer_slot(t, number_of(r, o.gone[i])) = false;
    }
    for (size_t i = 0; i < o.n_born; i++) {
        assert_false(*customer_slot(t, number_of(r, o.born[i])));
        *customer_slot(t, number_of(r, o.born[i])) = true;
    }
}

static void keep_all(struct tables *t, const struct world *w, struct resolve *r)
{
    struct resolve_outcome o;
    memset(t, 0, sizeof *t);
    resolve_outcome_get(r, &o);
    for (uint32_t s = 0; s < resolve_sets(r); s++)
        if (resolve_set_live(r, s))
            keep_set(t, w, r, s);
    keep_lines(t, w, r, &o);
    for (uint32_t id = 0; id < resolve_identifiers(r); id++)
        if (resolve_is_customer(r, id))
            *customer_slot(t, number_of(r, id)) = true;
}

static void compare(const struct tables *t, const struct slow *s, const struct world *w, uint64_t which, const char *way)
{
    struct tables expected;
    memset(&expected, 0, sizeof expected);
    for (size_t i = 0; i < w->n; i++) {
        if (!w->sets[i].live)
            continue;
        const struct customer *c = &s->customers[s->of_set[i]];
        if (t->sets[i].customer != c->first || memcmp(t->sets[i].reason, s->reason[i], (size_t)w->sets[i].n) != 0 || strcmp(t->sets[i].lines, s->lines[i]) != 0)
            fail_msg("world %llu, %s, set %zu: customer %d, %.*s, '%s' instead of %d, %.*s, '%s'", (unsigned long long)which, way, i, t->sets[i].customer,
                     w->sets[i].n, t->sets[i].reason, t->sets[i].lines, c->first, w->sets[i].n, s->reason[i], s->lines[i]);
    }
    for (int c = 0; c < s->n; c++)
        if (s->customers[c].alive)
            *customer_slot(&expected, s->customers[c].first) = true;
    for (size_t i = 0; i < sizeof expected.customer; i++)
        if (expected.customer[i] != t->customer[i])
            fail_msg("world %llu, %s: customer %zu is %d", (unsigned long long)which, way, i, t->customer[i]);
}

/* ---- Worlds ---- */

static void make_set(struct world *w, struct wset *s, int64_t now)
{
    *s = (struct wset){.evidence = s->evidence, .at = pick(4) ? now : (int64_t)pick((unsigned)now + 1), .source = (int)pick(2), .message = (int)pick(20), .live = true};
    s->n = 1 + (int)pick(pick(3) ? 2 : IN_SET_MAX);
    for (int i = 0; i < s->n;) {
        int id = (int)(pick(pick(2) ? KINDS : 2) * VALUES + pick(pick(2) ? VALUES : 3));
        if (!has(s->ids, i, id))
            s->ids[i++] = id;
        else
            s->n--;
    }
    (void)w;
}

static void change_world(struct world *w, int64_t *now, struct resolve *r)
{
    unsigned what = pick(12);
    *now += pick(30);
    if (what == 0 && w->n > 3) { /* removed */
        struct wset *s = &w->sets[pick((unsigned)w->n)];
        s->live = false;
        resolve_remove(r, s->evidence);
    } else if (what <= 2 && w->n > 3) { /* its time, or its identifiers, are others; or it comes back */
        struct wset *s = &w->sets[pick((unsigned)w->n)];
        if (pick(2) || !s->live)
            make_set(w, s, *now);
        else
            s->at -= (int64_t)pick(20);
        give(r, s, false);
    } else if (what == 3 && w->n_decisions < DECISIONS_MAX) {
        struct wdecision *d = &w->decisions[w->n_decisions];
        *d = (struct wdecision){.id = (int64_t)w->n_decisions + 1, .at = *now, .split = pick(2), .live = true};
        d->n_out = d->split ? 1 + (int)pick(3) : 2;
        for (int i = 0; i < d->n_out; i++)
            d->out[i] = (int)pick(IDS - 1);
        d->n_rest = d->split ? 1 + (int)pick(3) : 0;
        for (int i = 0; i < d->n_rest; i++) {
            d->rest[i] = (int)pick(IDS - 1);
            if (has(d->out, d->n_out, d->rest[i]))
                return;
        }
        w->n_decisions++;
        decide(r, w);
    } else if (what == 4 && w->n_decisions) {
        w->decisions[pick((unsigned)w->n_decisions)].live = false;
        decide(r, w);
    } else if (w->n < SETS_MAX) {
        struct wset *s = &w->sets[w->n];
        s->evidence = (int64_t)w->n;
        make_set(w, s, *now);
        w->n++;
        give(r, s, false);
        if (pick(10) == 0)
            give(r, s, false); /* told twice */
    }
}

static void shuffle(size_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = pick((unsigned)i), x = v[i - 1];
        v[i - 1] = v[j];
        v[j] = x;
    }
}

/* The world as it is now, in another order: whole, or set by set. */
static void other_orders(const struct world *w, const struct slow *s, uint64_t which)
{
    size_t order[SETS_MAX];
    struct tables t;
    struct resolve *r = opened();
    shuffle(order, w->n);
    if (pick(2))
        decide(r, w);
    for (size_t i = 0; i < w->n; i++)
        if (w->sets[order[i]].live)
            give(r, &w->sets[order[i]], true);
    decide(r, w);
    resolve_all(r);
    keep_all(&t, w, r);
    compare(&t, s, w, which, "whole");
    resolve_free(r);

    r = opened();
    resolve_all(r);
    keep_all(&t, w, r);
    size_t decided_at = pick((unsigned)w->n + 1);
    shuffle(order, w->n);
    for (size_t i = 0; i < w->n; i++) {
        if (i == decided_at)
            decide(r, w);
        if (w->sets[order[i]].live)
            give(r, &w->sets[order[i]], false);
        if (pick(3) == 0) {
            resolve_changes(r);
            keep_changes(&t, w, r);
        }
    }
    decide(r, w);
    resolve_changes(r);
    keep_changes(&t, w, r);
    compare(&t, s, w, which, "shuffled");
    resolve_free(r);
}

static void same_as_the_slow_one(void **state)
{
    (void)state;
    const char *more = getenv("TRELLIS_IDENTITY_WORLDS");
    uint64_t worlds = more ? strtoull(more, NULL, 10) : 4000;
    static struct slow slow;
    for (uint64_t which = 1; which <= worlds; which++) {
        struct world w = {0};
        struct tables t;
        int64_t now = 50;
        seed = which * 7919;
        struct resolve *r = opened();
        resolve_all(r);
        keep_all(&t, &w, r);
        unsigned rounds = 3 + pick(12);
        for (unsigned round = 0; round < rounds; round++) {
            unsigned n = 1 + pick(6);
            for (unsigned i = 0; i < n; i++)
                change_world(&w, &now, r);
            resolve_changes(r);
            for (size_t i = 0; i < w.n; i++)
                if (!w.sets[i].live)
                    t.sets[i] = (struct kept){0};
            keep_changes(&t, &w, r);
            slow_resolve(&slow, &w);
            compare(&t, &slow, &w, which, "batch by batch");
        }
        if (which % 5 == 0) {
            resolve_all(r);
            keep_all(&t, &w, r);
            compare(&t, &slow, &w, which, "all again");
        }
        other_orders(&w, &slow, which);
        resolve_free(r);
    }
    print_message("%llu worlds\n", (unsigned long long)worlds);
}

/* Enough that they are sorted by keys: spread over all time, crowded, all at once, and with gaps where some are gone. */
static void the_canonical_order(void **state)
{
    (void)state;
    static const uint64_t spans[] = {0, 1, 100, 1000000, INT64_C(365) * 86400 * 1000000, UINT64_MAX};
    enum { N = 20000 };
    for (size_t k = 0; k < sizeof spans / sizeof *spans; k++) {
        struct resolve *r = opened();
        uint32_t *v = calloc(N, sizeof *v);
        size_t n = 0;
        seed = 99 + k;
        for (int i = 0; i < N; i++) {
            uint64_t random = (uint64_t)pick(1u << 31) << 33 ^ (uint64_t)pick(1u << 31) << 16 ^ pick(1u << 31);
            struct resolve_identifier id = identifier((int)pick(IDS));
            char message[16];
            snprintf(message, sizeof message, "m%u", pick(50));
            struct resolve_set s = {i, (int64_t)(spans[k] == UINT64_MAX ? random : random % (spans[k] + 1)), str_of(source_names[pick(2)]), str_of(message), &id, 1};
            (void)resolve_add_set(r, &s);
        }
        for (uint32_t i = 0; i < N; i++)
            if (pick(10))
                v[n++] = i;
        for (size_t i = n; i > 1; i--) {
            size_t j = pick((unsigned)i);
            uint32_t x = v[i - 1];
            v[i - 1] = v[j];
            v[j] = x;
        }
        resolve_sort(r, v, n);
        for (size_t i = 1; i < n; i++)
            if (resolve_set_cmp(r, v[i - 1], v[i]) >= 0)
                fail_msg("span %zu: places %zu and %zu", k, i - 1, i);
        free(v);
        resolve_free(r);
    }
}

int main(void)
{
    for (int i = 0; i < VALUES; i++)
        snprintf(value_texts[i], sizeof value_texts[i], "v%d", i);
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_the_slow_one), cmocka_unit_test(the_canonical_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
