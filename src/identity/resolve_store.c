/* What the resolver holds: identifiers by value, sets by evidence. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xxhash.h>

#include "identity/resolve_int.h"

enum { SLOTS_LEAST = 1024, VALUE_MAX = (1 << 24) - 1 };

/* Nearly every access is to another place: with pages of 4 KB each would cost a walk of the page table, too. */
static void *huge_pages(void *p, size_t bytes)
{
    const uintptr_t page = 2u << 20, from = ((uintptr_t)p + page - 1) & ~(page - 1), to = ((uintptr_t)p + bytes) & ~(page - 1);
    if (bytes >= 4 * page && to > from)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE); /* where it cannot be, it is slower */
    return p;
}

void *vec_grow(void *v, size_t *cap, size_t at_least, size_t size)
{
    size_t want = *cap ? *cap : 64, bytes;
    while (want < at_least)
        want += want / 2;
    if (want == *cap)
        want += want / 2;
    *cap = want;
    if (!size_mul(want, size, &bytes))
        bytes = SIZE_MAX; /* mem_realloc says that there is not as much */
    return huge_pages(mem_realloc(v, bytes), bytes);
}

static const char *const reason_texts[] = {NULL, "blocked", "limit", "split"};

const char *resolve_reason_text(enum resolve_reason reason)
{
    return reason_texts[reason];
}

/* ---- Text: a head of 4 bytes, then the bytes, padded ---- */

static void text_room(struct resolve *r, size_t need)
{
    if (r->text_cap - r->text_n >= need)
        return;
    r->text_cap += r->text_cap / 2 + need + 4096;
    r->text = huge_pages(mem_realloc(r->text, r->text_cap), r->text_cap);
}

static uint32_t text_add(struct resolve *r, uint32_t tag, struct str s)
{
    size_t n = s.n < VALUE_MAX ? s.n : VALUE_MAX, need = (4 + n + 3) / 4 * 4, at = r->text_n;
    text_room(r, need);
    uint32_t head = tag << 24 | (uint32_t)n;
    memcpy(r->text + at, &head, 4);
    if (n)
        memcpy(r->text + at + 4, s.p, n);
    memset(r->text + at + 4 + n, 0, need - 4 - n);
    r->text_n += need;
    return (uint32_t)(at / 4);
}

static struct str text_get(const struct resolve *r, uint32_t ref, uint32_t *tag)
{
    uint32_t head;
    const char *p = r->text + (size_t)ref * 4;
    memcpy(&head, p, 4);
    *tag = head >> 24;
    return (struct str){p + 4, head & 0xffffff};
}

/* ---- Identifiers ---- */

static uint64_t identifier_hash(uint32_t kind, struct str value)
{
    return XXH3_64bits_withSeed(value.p ? value.p : "", value.n < VALUE_MAX ? value.n : VALUE_MAX, kind);
}

/* A slot holds where the identifier's text is; its number stands before that. */
static uint32_t number_at(const struct resolve *r, uint32_t ref)
{
    uint32_t id;
    memcpy(&id, r->text + (size_t)(ref - 1) * 4, sizeof id);
    return id;
}

static void slots_grow(struct resolve *r)
{
    size_t n = r->n_slots ? r->n_slots * 2 : SLOTS_LEAST;
    mem_free(r->slots);
    r->slots = huge_pages(mem_alloc(n * sizeof *r->slots), n * sizeof *r->slots);
    r->n_slots = n;
    for (uint32_t id = 0; id < r->nodes.n; id++) {
        uint32_t kind;
        struct str value = text_get(r, r->nodes.v[id].text, &kind);
        size_t at = identifier_hash(kind, value) & (n - 1);
        while (r->slots[at])
            at = (at + 1) & (n - 1);
        r->slots[at] = r->nodes.v[id].text;
    }
}

static size_t slot_of(const struct resolve *r, struct resolve_identifier of, uint64_t hash)
{
    size_t at = hash & (r->n_slots - 1), n = of.value.n < VALUE_MAX ? of.value.n : VALUE_MAX;
    for (; r->slots[at]; at = (at + 1) & (r->n_slots - 1)) {
        uint32_t kind;
        struct str value = text_get(r, r->slots[at], &kind);
        if (kind == of.kind && value.n == n && (n == 0 || memcmp(value.p, of.value.p, n) == 0))
            break;
    }
    return at;
}

uint32_t resolve_identifier_find(const struct resolve *r, struct resolve_identifier of)
{
    size_t at = r->n_slots ? slot_of(r, of, identifier_hash(of.kind, of.value)) : 0;
    return r->n_slots && r->slots[at] ? number_at(r, r->slots[at]) : RESOLVE_NONE;
}

static uint32_t intern(struct resolve *r, struct resolve_identifier of, uint64_t hash)
{
    uint32_t id = (uint32_t)r->nodes.n, text;
    if (id + 1u > r->n_slots / 4 * 3)
        slots_grow(r);
    size_t at = slot_of(r, of, hash);
    if (r->slots[at])
        return number_at(r, r->slots[at]);
    bool blocked = of.kind != RESOLVE_KIND_EVIDENCE &&
                   (of.kind >= r->n_kinds || of.value.n == 0 || (r->blocked && r->blocked(r->blocked_ctx, of.kind, of.value)));
    text_room(r, 4);
    memcpy(r->text + r->text_n, &id, 4);
    r->text_n += 4;
    text = text_add(r, of.kind, of.value);
    VEC_ADD(r->nodes, (struct node){text, id, RESOLVE_NONE, RESOLVE_NONE, RESOLVE_NONE, RESOLVE_NONE, RESOLVE_NONE, (uint8_t)of.kind, blocked ? ID_BLOCKED : 0});
    r->slots[at] = text;
    return id;
}

uint32_t resolve_intern(struct resolve *r, struct resolve_identifier of)
{
    return intern(r, of, identifier_hash(of.kind, of.value));
}

struct resolve_identifier resolve_identifier_get(const struct resolve *r, uint32_t identifier)
{
    struct resolve_identifier out;
    out.value = text_get(r, r->nodes.v[identifier].text, &out.kind);
    return out;
}

/* ---- Sets ---- */

static uint32_t source_number(struct resolve *r, struct str source)
{
    for (uint32_t i = (uint32_t)r->sources.n; i-- > 0;)
        if (str_eq(r->sources.v[i], source))
            return i;
    struct str copy = {mem_strdup(source), source.n};
    VEC_ADD(r->sources, copy);
    return (uint32_t)r->sources.n - 1;
}

/* The strongest first: by kind, then by value. */
static int entry_cmp(const struct resolve *r, uint32_t a, uint32_t b)
{
    uint8_t x = id_kind(r, ENTRY_NUMBER(a)), y = id_kind(r, ENTRY_NUMBER(b));
    if (x != y)
        return x < y ? -1 : 1;
    return str_cmp(resolve_identifier_get(r, ENTRY_NUMBER(a)).value, resolve_identifier_get(r, ENTRY_NUMBER(b)).value);
}

static int entry_qsort(const void *a, const void *b, void *ctx)
{
    return entry_cmp(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void sort_entries(struct resolve *r, uint32_t *v, size_t n)
{
    enum { SMALL = 16 };
    if (n > SMALL) {
        qsort_r(v, n, sizeof *v, entry_qsort, r);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        uint32_t x = v[i];
        size_t j = i;
        for (; j > 0 && entry_cmp(r, v[j - 1], x) > 0; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

/* Three bytes of a tag and a length leave a byte for the source: those beyond stand in the text itself. */
enum { SOURCES_INLINE = 255 };

static uint32_t add_set(struct resolve *r, const struct resolve_set *s, const uint64_t *hashes)
{
    uint32_t set = (uint32_t)r->sets.n, first = (uint32_t)r->entries.n, source = source_number(r, s->source);
    bool linked = false;
    uint32_t origin;
    if (source < SOURCES_INLINE) {
        origin = text_add(r, source, s->message_id);
    } else {
        origin = text_add(r, SOURCES_INLINE, (struct str){(const char *)&source, sizeof source});
        text_add(r, 0, s->message_id);
    }
    VEC_ADD(r->sets, (struct set){s->evidence, s->at_us, origin, first, RESOLVE_NONE, RESOLVE_NONE});
    VEC_ADD(r->set_flags, 0);
    for (size_t i = 0; i < s->n; i++) {
        uint32_t id = hashes ? intern(r, s->identifiers[i], hashes[i]) : resolve_intern(r, s->identifiers[i]);
        bool blocked = r->nodes.v[id].flags & ID_BLOCKED;
        linked |= !blocked;
        VEC_ADD(r->entries, ENTRY(id, blocked ? RESOLVE_BLOCKED : RESOLVE_ADMITTED));
    }
    if (!linked) { /* a customer of its own */
        char digits[24];
        int n = snprintf(digits, sizeof digits, "%lld", (long long)s->evidence);
        uint32_t id = resolve_intern(r, (struct resolve_identifier){RESOLVE_KIND_EVIDENCE, {digits, (size_t)n}});
        VEC_ADD(r->entries, ENTRY(id, RESOLVE_ADMITTED));
    }
    uint32_t *v = r->entries.v + first;
    size_t n = r->entries.n - first, kept = 0;
    sort_entries(r, v, n);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || ENTRY_NUMBER(v[i]) != ENTRY_NUMBER(v[kept - 1]))
            v[kept++] = v[i];
    r->entries.n = first + kept;
    return set;
}

uint32_t resolve_add_set(struct resolve *r, const struct resolve_set *s)
{
    return add_set(r, s, NULL);
}

/* ---- Many at once: what the one set needs is fetched while others are worked on ---- */

void resolve_stage(struct resolve *r, const struct resolve_set *s)
{
    struct staged x = {.evidence = s->evidence, .at = s->at_us, .first = r->staged_ids.n, .n = s->n};
    const struct str texts[] = {s->source, s->message_id};
    for (size_t i = 0; i < 2; i++) {
        x.text[i] = r->staged_text.n;
        x.text_n[i] = texts[i].n;
        buf_add(&r->staged_text, texts[i]);
    }
    for (size_t i = 0; i < s->n; i++) {
        struct str v = s->identifiers[i].value;
        VEC_ADD(r->staged_ids, (struct staged_id){identifier_hash(s->identifiers[i].kind, v), r->staged_text.n, v.n, s->identifiers[i].kind});
        buf_add(&r->staged_text, v);
    }
    VEC_ADD(r->staged, x);
    if (r->staged.n >= STAGED_MOST)
        resolve_unstage(r);
}

void resolve_unstage(struct resolve *r)
{
    if (!r->staged.n)
        return;
    for (size_t i = 0; i < r->staged_ids.n && r->n_slots; i++)
        __builtin_prefetch(&r->slots[r->staged_ids.v[i].hash & (r->n_slots - 1)]);
    for (size_t i = 0; i < r->staged_ids.n && r->n_slots; i++) {
        uint32_t ref = r->slots[r->staged_ids.v[i].hash & (r->n_slots - 1)];
        if (ref)
            __builtin_prefetch(r->text + (size_t)(ref - 1) * 4);
    }
    for (size_t i = 0; i < r->staged_ids.n && r->n_slots; i++) {
        uint32_t ref = r->slots[r->staged_ids.v[i].hash & (r->n_slots - 1)];
        if (ref)
            __builtin_prefetch(&r->nodes.v[number_at(r, ref)]);
    }
    for (size_t k = 0; k < r->staged.n; k++) {
        const struct staged *x = &r->staged.v[k];
        r->unstaged.n = r->unstaged_hashes.n = 0;
        for (size_t i = 0; i < x->n; i++) {
            const struct staged_id *id = &r->staged_ids.v[x->first + i];
            VEC_ADD(r->unstaged, (struct resolve_identifier){id->kind, {r->staged_text.p + id->text, id->n}});
            VEC_ADD(r->unstaged_hashes, id->hash);
        }
        struct resolve_set s = {x->evidence, x->at, {r->staged_text.p + x->text[0], x->text_n[0]}, {r->staged_text.p + x->text[1], x->text_n[1]}, r->unstaged.v, x->n};
        uint32_t set = add_set(r, &s, r->unstaged_hashes.v);
        VEC_ADD(r->pending, set);
        resolve_evidence_add(r, set);
    }
    r->staged.n = r->staged_ids.n = 0;
    buf_reset(&r->staged_text);
}

/* The set that was added last, as if it had not been; its text stays. */
void resolve_drop_last(struct resolve *r)
{
    r->entries.n = r->sets.v[r->sets.n - 1].first;
    r->set_flags.n = --r->sets.n;
}

void resolve_set_origin(const struct resolve *r, uint32_t set, struct str *source, struct str *message_id)
{
    uint32_t tag, unused;
    *message_id = text_get(r, r->sets.v[set].origin, &tag);
    if (tag == SOURCES_INLINE) {
        memcpy(&tag, message_id->p, sizeof tag);
        *message_id = text_get(r, r->sets.v[set].origin + 2, &unused);
    }
    *source = r->sources.v[tag];
}

/* ---- Sets by evidence ---- */

static size_t evidence_slot(const struct resolve *r, int64_t evidence)
{
    size_t at = XXH3_64bits(&evidence, sizeof evidence) & (r->n_evidence_slots - 1);
    while (r->evidence_slots[at] && r->sets.v[r->evidence_slots[at] - 1].evidence != evidence)
        at = (at + 1) & (r->n_evidence_slots - 1);
    return at;
}

void resolve_evidence_map(struct resolve *r)
{
    size_t n = SLOTS_LEAST;
    while (n / 4 * 3 <= r->sets.n)
        n *= 2;
    mem_free(r->evidence_slots);
    r->evidence_slots = mem_alloc(n * sizeof *r->evidence_slots);
    r->n_evidence_slots = n;
    r->n_evidence = 0;
    for (uint32_t s = 0; s < r->sets.n; s++)
        if (!(r->set_flags.v[s] & SET_DEAD) || resolve_was_resolved(r, s)) {
            r->evidence_slots[evidence_slot(r, r->sets.v[s].evidence)] = s + 1;
            r->n_evidence++;
        }
}

/* The set instead of another one of its evidence, where there is one. */
void resolve_evidence_add(struct resolve *r, uint32_t set)
{
    if (!r->evidence_slots)
        return;
    if (r->n_evidence + 1 > r->n_evidence_slots / 4 * 3) {
        resolve_evidence_map(r);
        return;
    }
    size_t at = evidence_slot(r, r->sets.v[set].evidence);
    r->n_evidence += r->evidence_slots[at] == 0;
    r->evidence_slots[at] = set + 1;
}

uint32_t resolve_evidence_find(struct resolve *r, int64_t evidence)
{
    if (!r->evidence_slots)
        resolve_evidence_map(r);
    return r->evidence_slots[evidence_slot(r, evidence)] - 1; /* 0 - 1: RESOLVE_NONE */
}

uint32_t resolve_set_find(struct resolve *r, int64_t evidence)
{
    uint32_t found = resolve_evidence_find(r, evidence);
    return found != RESOLVE_NONE && !(r->set_flags.v[found] & SET_DEAD) ? found : RESOLVE_NONE;
}
