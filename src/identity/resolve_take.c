/* One set taken, after all those before it: who of its identifiers come together, who has to stay out. */
#include "identity/resolve_int.h"

/* ---- Neighbourhoods and customers as forests ---- */

uint32_t resolve_nb_find(struct resolve *r, uint32_t id)
{
    struct node *v = r->nodes.v;
    while (v[id].nb_parent != id)
        id = v[id].nb_parent = v[v[id].nb_parent].nb_parent;
    return id;
}

uint32_t resolve_cu_find(struct resolve *r, uint32_t id)
{
    struct node *v = r->nodes.v;
    while (v[id].cu_parent != id)
        id = v[id].cu_parent = v[v[id].cu_parent].cu_parent;
    return id;
}

static uint32_t nb_union(struct resolve *r, uint32_t a, uint32_t b)
{
    if (a == b)
        return a;
    if (b < a) {
        uint32_t swap = a;
        a = b;
        b = swap;
    }
    r->nodes.v[b].nb_parent = a;
    r->nodes.v[a].flags |= r->nodes.v[b].flags & NB_DIRTY;
    uint32_t ta = r->nodes.v[a].nb_tail, tb = r->nodes.v[b].nb_tail;
    if (ta == RESOLVE_NONE) {
        r->nodes.v[a].nb_tail = tb;
    } else if (tb != RESOLVE_NONE) {
        uint32_t after = r->sets.v[ta].nb_next;
        r->sets.v[ta].nb_next = r->sets.v[tb].nb_next;
        r->sets.v[tb].nb_next = after;
        if (resolve_set_cmp(r, tb, ta) > 0)
            r->nodes.v[a].nb_tail = tb;
    }
    return a;
}

void resolve_nb_add(struct resolve *r, uint32_t set)
{
    size_t n;
    const uint32_t *e = set_entries(r, set, &n);
    uint32_t root = RESOLVE_NONE;
    for (size_t i = 0; i < n; i++)
        if (ENTRY_REASON(e[i]) != RESOLVE_BLOCKED) {
            uint32_t nb = resolve_nb_find(r, ENTRY_NUMBER(e[i]));
            root = root == RESOLVE_NONE ? nb : nb_union(r, root, nb);
        }
    uint32_t tail = r->nodes.v[root].nb_tail;
    if (tail == RESOLVE_NONE) {
        r->sets.v[set].nb_next = set;
        r->nodes.v[root].nb_tail = set;
    } else {
        r->sets.v[set].nb_next = r->sets.v[tail].nb_next;
        r->sets.v[tail].nb_next = set;
        if (resolve_set_cmp(r, set, tail) > 0)
            r->nodes.v[root].nb_tail = set;
    }
}

/* ---- What is remembered of a call ---- */

void resolve_touch(struct resolve *r, uint32_t id)
{
    if (r->nodes.v[id].flags & ID_TOUCHED)
        return;
    r->nodes.v[id].flags |= ID_TOUCHED;
    VEC_ADD(r->touched, id);
}

void resolve_record(struct resolve *r, uint32_t set, uint32_t was)
{
    if (r->set_flags.v[set] & SET_RECORDED)
        return;
    r->set_flags.v[set] |= SET_RECORDED;
    VEC_ADD(r->records, (struct record){.set = set, .was = was});
}

/* ---- Limits ---- */

static bool in_set(const struct resolve *r, size_t n, uint32_t id)
{
    for (size_t i = 0; i < n; i++)
        if (r->ids.v[i] == id)
            return true;
    return false;
}

/* Counts the members of a customer that stand against a limit at this time. Those whose window has passed leave the ring: they come
 * back with the next set that has them. */
static void count_members(struct resolve *r, uint32_t root, int64_t at, size_t n_ids, uint32_t *counts)
{
    uint32_t before = root;
    for (bool done = false; !done;) {
        uint32_t id = r->nodes.v[before].member_next, kind = id_kind(r, id);
        bool gone = false;
        done = id == root;
        if (kind_limited(r, kind)) {
            int64_t per = r->kinds[kind].per_us;
            bool counts_now = per == 0 || r->sets.v[r->nodes.v[id].last].at > at - per || in_set(r, n_ids, id);
            counts[kind] += counts_now;
            gone = !counts_now && id != root;
        }
        if (gone) {
            r->nodes.v[before].member_next = r->nodes.v[id].member_next;
            r->nodes.v[id].flags &= (uint8_t)~ID_LISTED;
        } else {
            before = id;
        }
    }
    for (size_t i = 0; i < n_ids; i++) { /* back again */
        uint32_t id = r->ids.v[i], kind = id_kind(r, id);
        if (kind_limited(r, kind) && !(r->nodes.v[id].flags & ID_LISTED) && r->nodes.v[id].cu_parent != RESOLVE_NONE && resolve_cu_find(r, id) == root)
            counts[kind]++;
    }
}

/* Whether the customers in r->roots and the new identifiers in r->fresh fit together: no kind gets more values than its limit by it. */
static bool fits_limits(struct resolve *r, int64_t at, size_t n_ids, uint8_t *kind)
{
    uint32_t *part = r->counts[0], *total = r->counts[1], *most = r->counts[2];
    size_t bytes = r->n_kinds * sizeof *part;
    memset(total, 0, bytes);
    memset(most, 0, bytes);
    for (size_t i = 0; i < r->roots.n; i++) {
        memset(part, 0, bytes);
        count_members(r, r->roots.v[i], at, n_ids, part);
        for (size_t k = 0; k < r->n_kinds; k++) {
            total[k] += part[k];
            most[k] = part[k] > most[k] ? part[k] : most[k];
        }
    }
    for (size_t i = 0; i < r->fresh.n; i++) {
        uint32_t k = id_kind(r, r->fresh.v[i]);
        if (kind_limited(r, k))
            total[k]++;
    }
    for (size_t k = 0; k < r->n_kinds; k++)
        if (r->kinds[k].limit && total[k] > r->kinds[k].limit && total[k] > most[k]) {
            *kind = (uint8_t)k;
            return false;
        }
    return true;
}

/* ---- Splits ---- */

static size_t labelled_parts(const struct resolve *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->roots.n; i++)
        n += (r->nodes.v[r->roots.v[i]].flags & CU_LABEL) != 0;
    for (size_t i = 0; i < r->fresh.n; i++)
        n += (r->nodes.v[r->fresh.v[i]].flags & ID_LABEL) != 0;
    return n;
}

static size_t part_of(struct resolve *r, uint32_t id)
{
    if (r->nodes.v[id].cu_parent == RESOLVE_NONE) {
        for (size_t i = 0; i < r->fresh.n; i++)
            if (r->fresh.v[i] == id)
                return r->roots.n + i;
        return SIZE_MAX;
    }
    uint32_t root = resolve_cu_find(r, id);
    for (size_t i = 0; i < r->roots.n; i++)
        if (r->roots.v[i] == root)
            return i;
    return SIZE_MAX;
}

/* No split may find both of its sides in one customer, unless they were together before: then a newer merge said so. A set that stands
 * for a merge is held by newer splits alone. */
static bool fits_splits(struct resolve *r, int64_t merge_id, int64_t *decision_id)
{
    if (labelled_parts(r) < 2)
        return true;
    size_t parts = r->roots.n + r->fresh.n;
    while (r->marks.n < parts)
        VEC_ADD(r->marks, 0);
    for (size_t d = 0; d < r->decisions.n; d++) {
        const struct decision *x = &r->decisions.v[d];
        uint8_t all = 0;
        bool together = false;
        if (!x->split || x->id < merge_id)
            continue;
        memset(r->marks.v, 0, parts);
        for (size_t i = 0; i < x->n_labels; i++) {
            const struct label *l = &r->labels.v[x->first_label + i];
            size_t part = part_of(r, l->identifier);
            if (part == SIZE_MAX)
                continue;
            r->marks.v[part] |= l->side;
            all |= l->side;
            together |= r->marks.v[part] == 3;
        }
        if (all == 3 && !together) {
            *decision_id = x->id;
            return false;
        }
    }
    return true;
}

/* ---- Taking ---- */

/* The first `n` of r->ids: their customers in r->roots, those of nobody in r->fresh. */
static void sort_out(struct resolve *r, size_t n)
{
    r->roots.n = r->fresh.n = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t id = r->ids.v[i], root;
        size_t j = 0;
        if (r->nodes.v[id].cu_parent == RESOLVE_NONE) {
            VEC_ADD(r->fresh, id);
            continue;
        }
        root = resolve_cu_find(r, id);
        while (j < r->roots.n && r->roots.v[j] != root)
            j++;
        if (j == r->roots.n)
            VEC_ADD(r->roots, root);
    }
}

static void list_member(struct resolve *r, uint32_t root, uint32_t id)
{
    if (!kind_limited(r, id_kind(r, id)) || (r->nodes.v[id].flags & ID_LISTED))
        return;
    r->nodes.v[id].member_next = r->nodes.v[root].member_next;
    r->nodes.v[root].member_next = id;
    r->nodes.v[id].flags |= ID_LISTED;
}

static uint32_t found_customer(struct resolve *r, uint32_t set, uint32_t seq)
{
    uint32_t id = r->ids.v[0];
    r->nodes.v[id].cu_parent = r->nodes.v[id].member_next = id;
    r->nodes.v[id].cu_tail = RESOLVE_NONE;
    r->nodes.v[id].flags |= ID_LISTED;
    if (r->nodes.v[id].flags & ID_LABEL)
        r->nodes.v[id].flags |= CU_LABEL;
    resolve_touch(r, id);
    VEC_ADD(r->created, (struct resolve_created){set, seq});
    return id;
}

static void absorb(struct resolve *r, uint32_t set, uint32_t winner, uint32_t loser, uint32_t seq)
{
    uint32_t first = r->sets.v[r->nodes.v[loser].cu_tail].cu_next, s = first;
    VEC_ADD(r->lines, (struct resolve_line){.set = set, .seq = seq, .customer = winner, .other = loser, .identifier = RESOLVE_NONE,
                                            .founded_by = first, .action = RESOLVE_MERGED});
    if (r->appending)
        do {
            resolve_record(r, s, loser);
            s = r->sets.v[s].cu_next;
        } while (s != first);
    resolve_touch(r, loser);
    r->nodes.v[loser].cu_parent = winner;
    uint32_t after = r->nodes.v[winner].member_next;
    r->nodes.v[winner].member_next = r->nodes.v[loser].member_next;
    r->nodes.v[loser].member_next = after;
    r->sets.v[r->nodes.v[loser].cu_tail].cu_next = r->sets.v[r->nodes.v[winner].cu_tail].cu_next;
    r->sets.v[r->nodes.v[winner].cu_tail].cu_next = first;
    r->nodes.v[winner].cu_tail = r->nodes.v[loser].cu_tail;
    r->nodes.v[winner].flags |= r->nodes.v[loser].flags & CU_LABEL;
}

static uint32_t oldest(const struct resolve *r)
{
    uint32_t best = r->roots.v[0];
    for (size_t i = 1; i < r->roots.n; i++)
        if (resolve_set_cmp(r, r->sets.v[r->nodes.v[r->roots.v[i]].cu_tail].cu_next, r->sets.v[r->nodes.v[best].cu_tail].cu_next) < 0)
            best = r->roots.v[i];
    return best;
}

/* Leaves out the weakest until the rest fit; how many are left. */
static size_t demote(struct resolve *r, uint32_t set, uint32_t *entries, size_t n_entries, uint32_t *seq)
{
    int64_t at = r->sets.v[set].at, merge_id = 0, decision_id = 0;
    bool decided = resolve_set_decided(r, set, &merge_id);
    size_t n = r->ids.n;
    for (;; n--) {
        uint8_t kind = 0;
        enum resolve_reason reason;
        sort_out(r, n);
        if (r->roots.n + r->fresh.n <= 1)
            return n;
        if (!fits_splits(r, merge_id, &decision_id))
            reason = RESOLVE_SPLIT;
        else if (!decided && !(r->roots.n == 1 && r->fresh.n == 0) && !fits_limits(r, at, n, &kind))
            reason = RESOLVE_LIMIT;
        else
            return n;
        uint32_t out = r->ids.v[n - 1];
        for (size_t i = 0; i < n_entries; i++)
            if (ENTRY_NUMBER(entries[i]) == out)
                entries[i] = ENTRY(out, reason);
        VEC_ADD(r->lines, (struct resolve_line){.set = set, .seq = (*seq)++, .customer = RESOLVE_NONE, .identifier = out, .founded_by = RESOLVE_NONE,
                                                .other = r->nodes.v[out].cu_parent == RESOLVE_NONE ? RESOLVE_NONE : resolve_cu_find(r, out),
                                                .decision_id = reason == RESOLVE_SPLIT ? decision_id : 0, .action = RESOLVE_REFUSED,
                                                .reason = (uint8_t)reason, .kind = kind});
    }
}

void resolve_take(struct resolve *r, uint32_t set)
{
    size_t n_entries, n, first_line = r->lines.n;
    uint32_t *entries = set_entries(r, set, &n_entries), seq = 0, root;
    r->ids.n = 0;
    for (size_t i = 0; i < n_entries; i++)
        if (ENTRY_REASON(entries[i]) != RESOLVE_BLOCKED) {
            entries[i] = ENTRY_NUMBER(entries[i]);
            VEC_ADD(r->ids, entries[i]);
        }
    n = demote(r, set, entries, n_entries, &seq);
    if (r->roots.n == 0) {
        root = found_customer(r, set, seq++);
    } else {
        root = oldest(r);
        for (size_t i = 0; i < r->roots.n; i++)
            if (r->roots.v[i] != root)
                absorb(r, set, root, r->roots.v[i], seq++);
    }
    for (size_t i = 0; i < r->fresh.n; i++) {
        uint32_t id = r->fresh.v[i];
        if (id == root)
            continue;
        r->nodes.v[id].cu_parent = root;
        if (r->nodes.v[id].flags & ID_LABEL)
            r->nodes.v[root].flags |= CU_LABEL;
    }
    for (size_t i = 0; i < n; i++) {
        list_member(r, root, r->ids.v[i]);
        r->nodes.v[r->ids.v[i]].last = set;
    }
    uint32_t tail = r->nodes.v[root].cu_tail;
    r->sets.v[set].cu_next = tail == RESOLVE_NONE ? set : r->sets.v[tail].cu_next;
    if (tail != RESOLVE_NONE)
        r->sets.v[tail].cu_next = set;
    r->nodes.v[root].cu_tail = set;
    for (size_t i = first_line; i < r->lines.n; i++)
        if (r->lines.v[i].action == RESOLVE_REFUSED)
            r->lines.v[i].customer = root;
}
