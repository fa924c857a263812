/* The resolver's calls: everything from the beginning, or only the neighbourhoods that something new belongs to. */
#include "identity/resolve.h"

#include "identity/resolve_int.h"

/* ---- Life ---- */

struct resolve *resolve_new(const struct resolve_rules *rules)
{
    struct resolve *r = mem_alloc(sizeof *r);
    r->n_kinds = rules->n_kinds < RESOLVE_KINDS_MAX ? rules->n_kinds : RESOLVE_KINDS_MAX;
    r->kinds = mem_alloc((r->n_kinds + 1) * sizeof *r->kinds);
    for (size_t i = 0; i < r->n_kinds; i++) {
        r->kinds[i] = rules->kinds[i];
        r->kinds[i].name = (struct str){mem_strdup(rules->kinds[i].name), rules->kinds[i].name.n};
    }
    r->blocked = rules->blocked;
    r->blocked_ctx = rules->blocked_ctx;
    r->staged_text = (struct buf)BUF_INIT(SIZE_MAX / 2);
    return r;
}

void resolve_free(struct resolve *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_kinds; i++)
        mem_free((void *)r->kinds[i].name.p);
    for (size_t i = 0; i < r->sources.n; i++)
        mem_free((void *)r->sources.v[i].p);
    void *all[] = {r->kinds, r->text, r->sources.v, r->nodes.v, r->slots, r->sets.v, r->set_flags.v, r->entries.v, r->evidence_slots, r->decisions.v, r->labels.v, r->pending.v, r->dirty.v, r->touched.v, r->records.v,
                   r->before.v, r->changed.v, r->redone.v, r->created.v, r->lines.v, r->gone.v, r->born.v, r->ids.v, r->roots.v, r->fresh.v,
                   r->scratch_sets.v, r->marks.v, r->staged.v, r->staged_ids.v, r->unstaged.v, r->unstaged_hashes.v};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mem_free(all[i]);
    buf_fini(&r->staged_text);
    mem_free(r);
}

/* ---- What comes in ---- */

static void mark_dirty(struct resolve *r, uint32_t id)
{
    r->nodes.v[resolve_nb_find(r, id)].flags |= NB_DIRTY;
    VEC_ADD(r->dirty, id);
}

/* Takes a set away; its neighbourhood will be resolved without it. */
static void kill_set(struct resolve *r, uint32_t set)
{
    size_t n;
    const uint32_t *e = set_entries(r, set, &n);
    r->set_flags.v[set] |= SET_DEAD;
    for (size_t i = 0; i < n && resolve_was_resolved(r, set); i++)
        if (ENTRY_REASON(e[i]) != RESOLVE_BLOCKED)
            mark_dirty(r, ENTRY_NUMBER(e[i]));
}

void resolve_load(struct resolve *r, const struct resolve_set *s)
{
    resolve_stage(r, s);
}

static bool same_set(const struct resolve *r, uint32_t a, uint32_t b)
{
    size_t n, m;
    const uint32_t *x = set_entries(r, a, &n), *y = set_entries(r, b, &m);
    if (n != m || resolve_set_cmp(r, a, b) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (ENTRY_NUMBER(x[i]) != ENTRY_NUMBER(y[i]))
            return false;
    return true;
}

void resolve_put(struct resolve *r, const struct resolve_set *s)
{
    resolve_unstage(r);
    uint32_t old = resolve_evidence_find(r, s->evidence), set = resolve_add_set(r, s);
    if (old != RESOLVE_NONE && !(r->set_flags.v[old] & SET_DEAD) && same_set(r, old, set)) {
        resolve_drop_last(r);
        return;
    }
    if (old != RESOLVE_NONE) {
        if (resolve_was_resolved(r, old))
            resolve_record(r, set, resolve_set_customer(r, old));
        else if (r->set_flags.v[old] & SET_RECORDED)
            for (size_t i = 0; i < r->records.n; i++) /* put twice before it was resolved: what it was at first counts */
                if (r->records.v[i].set == old) {
                    r->records.v[i].set = set;
                    r->set_flags.v[set] |= SET_RECORDED;
                }
        kill_set(r, old);
    }
    VEC_ADD(r->pending, set);
    resolve_evidence_add(r, set);
}

void resolve_remove(struct resolve *r, int64_t evidence)
{
    resolve_unstage(r);
    uint32_t old = resolve_set_find(r, evidence);
    if (old != RESOLVE_NONE)
        kill_set(r, old);
}

/* ---- Decisions ---- */

static const struct resolve_decision *decision_among(const struct resolve_decision *d, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (d[i].id == id)
            return &d[i];
    return NULL;
}

static bool decision_known(const struct resolve *r, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (r->decisions.v[i].id == id)
            return true;
    return false;
}

static void dirty_labels(struct resolve *r, const struct decision *x)
{
    for (size_t i = 0; i < x->n_labels; i++)
        mark_dirty(r, r->labels.v[x->first_label + i].identifier);
}

static void add_labels(struct resolve *r, struct decision *x, const struct resolve_identifier *v, size_t n, uint8_t side)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t id = resolve_intern(r, v[i]);
        VEC_ADD(r->labels, (struct label){id, side});
        r->nodes.v[id].flags |= ID_LABEL;
        x->n_labels++;
    }
}

/* Beyond whatever a hash of evidence can be in practice, so that a merge keeps clear of the evidence of records. */
static int64_t decision_evidence(int64_t id)
{
    return INT64_MIN + id;
}

void resolve_decide(struct resolve *r, const struct resolve_decision *d, size_t n)
{
    resolve_unstage(r);
    size_t had = r->decisions.n, kept = 0;
    for (size_t i = 0; i < had; i++) {
        const struct decision *x = &r->decisions.v[i];
        if (decision_among(d, n, x->id))
            continue;
        if (x->split)
            dirty_labels(r, x);
        else
            kill_set(r, x->set);
    }
    for (size_t i = 0; i < r->labels.n; i++)
        r->nodes.v[r->labels.v[i].identifier].flags &= (uint8_t)~ID_LABEL;
    r->labels.n = 0;
    for (size_t i = 0; i < n; i++) { /* the new ones behind those of before, which then go */
        struct decision x = {.id = d[i].id, .split = d[i].split, .first_label = r->labels.n, .set = RESOLVE_NONE};
        bool known = decision_known(r, had, d[i].id);
        if (d[i].split) {
            add_labels(r, &x, d[i].out, d[i].n_out, 1);
            add_labels(r, &x, d[i].rest, d[i].n_rest, 2);
            if (!known)
                dirty_labels(r, &x);
        } else if (known) {
            for (size_t k = 0; k < had; k++)
                if (r->decisions.v[k].id == x.id)
                    x.set = r->decisions.v[k].set;
        } else {
            struct resolve_set s = {.evidence = decision_evidence(d[i].id), .at_us = d[i].at_us, .source = STR("decision"),
                                    .identifiers = d[i].out, .n = d[i].n_out};
            x.set = resolve_add_set(r, &s);
            r->set_flags.v[x.set] |= SET_DECIDED;
            VEC_ADD(r->pending, x.set);
            resolve_evidence_add(r, x.set);
        }
        VEC_ADD(r->decisions, x);
    }
    for (size_t i = had; i < r->decisions.n; i++)
        r->decisions.v[kept++] = r->decisions.v[i];
    r->decisions.n = kept;
}

/* ---- Resolving ---- */

static void begin(struct resolve *r)
{
    resolve_unstage(r);
    r->before.n = r->changed.n = r->redone.n = r->created.n = r->lines.n = r->gone.n = r->born.n = r->touched.n = 0;
}

/* In the order of time everything lies elsewhere: what will be needed is fetched while those before are worked on: the set, its entries,
 * their identifiers, the roots of those, and the sets at the roots' ends. (A call that does nothing but that would be left out by gcc.) */
__attribute__((always_inline)) static inline void look_ahead(const struct resolve *r, size_t i)
{
    enum { SET_AHEAD = 20, ENTRIES_AHEAD = 16, NODES_AHEAD = 12, ROOTS_AHEAD = 8, TAILS_AHEAD = 4, ENTRIES_LOOKED_AT = 4 };
    const uint32_t *v = r->scratch_sets.v, *e;
    size_t n = r->scratch_sets.n, count;
    if (i + SET_AHEAD < n) {
        __builtin_prefetch(&r->sets.v[v[i + SET_AHEAD]]);
        __builtin_prefetch(&r->set_flags.v[v[i + SET_AHEAD]]);
    }
    if (i + ENTRIES_AHEAD < n)
        __builtin_prefetch(&r->entries.v[r->sets.v[v[i + ENTRIES_AHEAD]].first]);
    if (i + NODES_AHEAD >= n)
        return;
    e = set_entries(r, v[i + NODES_AHEAD], &count);
    for (size_t k = 0; k < count && k < ENTRIES_LOOKED_AT; k++)
        __builtin_prefetch(&r->nodes.v[ENTRY_NUMBER(e[k])]);
    e = set_entries(r, v[i + ROOTS_AHEAD], &count);
    for (size_t k = 0; k < count && k < ENTRIES_LOOKED_AT; k++) {
        const struct node *x = &r->nodes.v[ENTRY_NUMBER(e[k])];
        __builtin_prefetch(&r->nodes.v[x->nb_parent]);
        if (x->cu_parent != RESOLVE_NONE)
            __builtin_prefetch(&r->nodes.v[x->cu_parent]);
    }
    e = set_entries(r, v[i + TAILS_AHEAD], &count);
    for (size_t k = 0; k < count && k < ENTRIES_LOOKED_AT; k++) {
        const struct node *x = &r->nodes.v[ENTRY_NUMBER(e[k])], *nb = &r->nodes.v[x->nb_parent];
        if (nb->nb_tail != RESOLVE_NONE)
            __builtin_prefetch(&r->sets.v[nb->nb_tail]);
        if (x->cu_parent != RESOLVE_NONE && r->nodes.v[x->cu_parent].cu_tail != RESOLVE_NONE)
            __builtin_prefetch(&r->sets.v[r->nodes.v[x->cu_parent].cu_tail]);
    }
}

void resolve_all(struct resolve *r)
{
    begin(r);
    r->appending = false;
    for (uint32_t id = 0; id < r->nodes.n; id++) {
        struct node *x = &r->nodes.v[id];
        *x = (struct node){x->text, id, RESOLVE_NONE, RESOLVE_NONE, RESOLVE_NONE, RESOLVE_NONE, RESOLVE_NONE, x->kind, x->flags & (ID_BLOCKED | ID_LABEL)};
    }
    VEC_FREE(r->pending); /* all of them count now; this may have been as many as there are */
    r->scratch_sets.n = 0;
    for (uint32_t s = 0; s < r->sets.n; s++) {
        r->set_flags.v[s] &= (uint8_t)~SET_RECORDED;
        if (!(r->set_flags.v[s] & SET_DEAD))
            VEC_ADD(r->scratch_sets, s);
    }
    resolve_sort(r, r->scratch_sets.v, r->scratch_sets.n);
    for (size_t i = 0; i < r->scratch_sets.n; i++) {
        look_ahead(r, i);
        resolve_nb_add(r, r->scratch_sets.v[i]);
        resolve_take(r, r->scratch_sets.v[i]);
    }
    for (size_t id = 0; id < r->nodes.n; id++)
        r->nodes.v[id].flags = (uint8_t)((r->nodes.v[id].flags & ~(ID_TOUCHED | ID_CUSTOMER)) | (r->nodes.v[id].cu_parent == id ? ID_CUSTOMER : 0));
    r->touched.n = r->dirty.n = r->records.n = 0;
    VEC_FREE(r->scratch_sets);
}

/* Later than everything in its neighbourhoods, none of which is to be resolved anew. */
static bool is_latest(struct resolve *r, uint32_t set)
{
    size_t n;
    const uint32_t *e = set_entries(r, set, &n);
    for (size_t i = 0; i < n; i++) {
        if (ENTRY_REASON(e[i]) == RESOLVE_BLOCKED)
            continue;
        uint32_t root = resolve_nb_find(r, ENTRY_NUMBER(e[i]));
        if ((r->nodes.v[root].flags & NB_DIRTY) || (r->nodes.v[root].nb_tail != RESOLVE_NONE && resolve_set_cmp(r, r->nodes.v[root].nb_tail, set) > 0))
            return false;
    }
    return true;
}

static uint32_t first_linked(const struct resolve *r, uint32_t set)
{
    size_t n;
    const uint32_t *e = set_entries(r, set, &n);
    for (size_t i = 0; i < n; i++)
        if (ENTRY_REASON(e[i]) != RESOLVE_BLOCKED)
            return ENTRY_NUMBER(e[i]);
    return RESOLVE_NONE; /* never: every set has one */
}

static void forget_customer(struct resolve *r, uint32_t id)
{
    if (r->nodes.v[id].cu_parent == id)
        resolve_touch(r, id);
    r->nodes.v[id].cu_parent = r->nodes.v[id].cu_tail = r->nodes.v[id].member_next = r->nodes.v[id].last = RESOLVE_NONE;
    r->nodes.v[id].flags &= (uint8_t)~(ID_LISTED | CU_LABEL);
}

/* What a set of a neighbourhood was before it is resolved anew, to tell afterwards whether it has changed. */
static void remember(struct resolve *r, uint32_t set)
{
    size_t n;
    const uint32_t *e = set_entries(r, set, &n);
    if ((r->set_flags.v[set] & SET_RECORDED) || r->sets.v[set].cu_next == RESOLVE_NONE)
        return;
    resolve_record(r, set, resolve_set_customer(r, set));
    struct record *x = &r->records.v[r->records.n - 1];
    x->before = r->before.n;
    x->compare = true;
    for (size_t i = 0; i < n; i++)
        VEC_ADD(r->before, e[i]);
}

static void redo(struct resolve *r, uint32_t root)
{
    uint32_t tail = r->nodes.v[root].nb_tail, s = tail;
    r->nodes.v[root].flags &= (uint8_t)~NB_DIRTY;
    r->nodes.v[root].nb_tail = RESOLVE_NONE;
    r->scratch_sets.n = 0;
    if (tail == RESOLVE_NONE)
        return;
    do {
        VEC_ADD(r->scratch_sets, s);
        if (!(r->set_flags.v[s] & SET_DEAD))
            remember(r, s);
        s = r->sets.v[s].nb_next;
    } while (s != tail);
    size_t live = 0;
    for (size_t i = 0; i < r->scratch_sets.n; i++) {
        size_t n;
        const uint32_t *e;
        s = r->scratch_sets.v[i];
        e = set_entries(r, s, &n);
        for (size_t k = 0; k < n; k++)
            if (ENTRY_REASON(e[k]) != RESOLVE_BLOCKED)
                forget_customer(r, ENTRY_NUMBER(e[k]));
        VEC_ADD(r->redone, s);
        r->sets.v[s].cu_next = r->sets.v[s].nb_next = RESOLVE_NONE;
        if (!(r->set_flags.v[s] & SET_DEAD))
            r->scratch_sets.v[live++] = s;
    }
    resolve_sort(r, r->scratch_sets.v, live);
    for (size_t i = 0; i < live; i++) {
        s = r->scratch_sets.v[i];
        r->sets.v[s].nb_next = r->scratch_sets.v[i + 1 < live ? i + 1 : 0];
        r->nodes.v[root].nb_tail = s;
        resolve_take(r, s);
    }
}

static bool record_stands(struct resolve *r, const struct record *x)
{
    size_t n;
    const uint32_t *e = set_entries(r, x->set, &n);
    if (r->set_flags.v[x->set] & SET_DEAD)
        return false;
    return !x->compare || resolve_set_customer(r, x->set) != x->was || memcmp(e, r->before.v + x->before, n * sizeof *e) != 0;
}

/* Lines of sets that were taken, and after that belonged to a neighbourhood that was resolved anew, were written twice. */
static void drop_stale(struct resolve *r, size_t n_lines, size_t n_created)
{
    size_t kept = 0;
    if (r->redone.n == 0 || n_lines + n_created == 0)
        return;
    for (size_t i = 0; i < r->redone.n; i++)
        r->set_flags.v[r->redone.v[i]] |= SET_REDONE;
    for (size_t i = 0; i < r->lines.n; i++)
        if (i >= n_lines || !(r->set_flags.v[r->lines.v[i].set] & SET_REDONE))
            r->lines.v[kept++] = r->lines.v[i];
    r->lines.n = kept;
    kept = 0;
    for (size_t i = 0; i < r->created.n; i++)
        if (i >= n_created || !(r->set_flags.v[r->created.v[i].set] & SET_REDONE))
            r->created.v[kept++] = r->created.v[i];
    r->created.n = kept;
    for (size_t i = 0; i < r->redone.n; i++)
        r->set_flags.v[r->redone.v[i]] &= (uint8_t)~SET_REDONE;
}

static void tell(struct resolve *r)
{
    for (size_t i = 0; i < r->records.n; i++) {
        const struct record *x = &r->records.v[i];
        r->set_flags.v[x->set] &= (uint8_t)~SET_RECORDED;
        if (record_stands(r, x))
            VEC_ADD(r->changed, (struct resolve_changed){x->set, x->was});
    }
    r->records.n = 0;
    for (size_t i = 0; i < r->touched.n; i++) {
        uint32_t id = r->touched.v[i];
        bool was = r->nodes.v[id].flags & ID_CUSTOMER, is = r->nodes.v[id].cu_parent == id;
        r->nodes.v[id].flags &= (uint8_t)~(ID_TOUCHED | ID_CUSTOMER);
        r->nodes.v[id].flags |= is ? ID_CUSTOMER : 0;
        if (was && !is)
            VEC_ADD(r->gone, id);
        else if (is && !was)
            VEC_ADD(r->born, id);
    }
    r->touched.n = 0;
}

void resolve_changes(struct resolve *r)
{
    size_t n = 0;
    begin(r);
    for (size_t i = 0; i < r->pending.n; i++)
        if (!(r->set_flags.v[r->pending.v[i]] & SET_DEAD))
            r->pending.v[n++] = r->pending.v[i];
    resolve_sort(r, r->pending.v, n);
    r->appending = true;
    for (size_t i = 0; i < n; i++) {
        uint32_t set = r->pending.v[i];
        bool latest = is_latest(r, set);
        resolve_nb_add(r, set);
        if (!latest)
            mark_dirty(r, first_linked(r, set));
        resolve_record(r, set, RESOLVE_NONE);
        if (latest)
            resolve_take(r, set);
    }
    r->pending.n = 0;
    r->appending = false;
    size_t n_lines = r->lines.n, n_created = r->created.n;
    for (size_t i = 0; i < r->dirty.n; i++) {
        uint32_t root = resolve_nb_find(r, r->dirty.v[i]);
        if (r->nodes.v[root].flags & NB_DIRTY)
            redo(r, root);
    }
    r->dirty.n = 0;
    drop_stale(r, n_lines, n_created);
    tell(r);
}

/* ---- The state ---- */

size_t resolve_sets(const struct resolve *r)
{
    return r->sets.n;
}

size_t resolve_identifiers(const struct resolve *r)
{
    return r->nodes.n;
}

bool resolve_set_live(const struct resolve *r, uint32_t set)
{
    return !(r->set_flags.v[set] & SET_DEAD);
}

bool resolve_set_decided(const struct resolve *r, uint32_t set, int64_t *decision_id)
{
    if (!(r->set_flags.v[set] & SET_DECIDED))
        return false;
    *decision_id = r->sets.v[set].evidence - INT64_MIN;
    return true;
}

int64_t resolve_set_evidence(const struct resolve *r, uint32_t set)
{
    return r->sets.v[set].evidence;
}

int64_t resolve_set_at_us(const struct resolve *r, uint32_t set)
{
    return r->sets.v[set].at;
}

uint32_t resolve_set_customer(struct resolve *r, uint32_t set)
{
    size_t n;
    const uint32_t *e = set_entries(r, set, &n);
    for (size_t i = 0; i < n; i++)
        if (ENTRY_REASON(e[i]) == RESOLVE_ADMITTED)
            return resolve_identifier_customer(r, ENTRY_NUMBER(e[i]));
    return RESOLVE_NONE;
}

size_t resolve_set_size(const struct resolve *r, uint32_t set)
{
    size_t n;
    set_entries(r, set, &n);
    return n;
}

uint32_t resolve_set_identifier(const struct resolve *r, uint32_t set, size_t i, enum resolve_reason *reason)
{
    size_t n;
    const uint32_t *e = set_entries(r, set, &n);
    *reason = (enum resolve_reason)ENTRY_REASON(e[i]);
    return ENTRY_NUMBER(e[i]);
}

uint32_t resolve_identifier_customer(struct resolve *r, uint32_t identifier)
{
    return r->nodes.v[identifier].cu_parent == RESOLVE_NONE ? RESOLVE_NONE : resolve_cu_find(r, identifier);
}

bool resolve_is_customer(const struct resolve *r, uint32_t identifier)
{
    return r->nodes.v[identifier].cu_parent == identifier;
}

uint32_t resolve_customer_first(const struct resolve *r, uint32_t customer)
{
    return r->sets.v[r->nodes.v[customer].cu_tail].cu_next;
}

uint32_t resolve_customer_next(const struct resolve *r, uint32_t customer, uint32_t set)
{
    return set == r->nodes.v[customer].cu_tail ? RESOLVE_NONE : r->sets.v[set].cu_next;
}

void resolve_outcome_get(const struct resolve *r, struct resolve_outcome *out)
{
    *out = (struct resolve_outcome){.changed = r->changed.v, .n_changed = r->changed.n, .redone = r->redone.v, .n_redone = r->redone.n,
                                    .created = r->created.v, .n_created = r->created.n, .lines = r->lines.v, .n_lines = r->lines.n,
                                    .gone = r->gone.v, .n_gone = r->gone.n, .born = r->born.v, .n_born = r->born.n};
}

struct resolve_counts resolve_counts_get(struct resolve *r)
{
    struct resolve_counts c = {0};
    for (size_t s = 0; s < r->set_flags.n; s++)
        c.sets += !(r->set_flags.v[s] & (SET_DEAD | SET_DECIDED));
    for (size_t id = 0; id < r->nodes.n; id++) {
        c.identifiers += r->nodes.v[id].cu_parent != RESOLVE_NONE && id_kind(r, (uint32_t)id) != RESOLVE_KIND_EVIDENCE;
        c.customers += r->nodes.v[id].cu_parent == id;
    }
    return c;
}
