/* Open addressing with linear probing, at most two thirds full. */
#include "mesh/table.h"

static struct table_slot *slot_of(const struct table *t, struct str key, uint64_t hash)
{
    size_t i = (size_t)hash & (t->cap - 1);
    while (t->slots[i].key.p && !(t->slots[i].hash == hash && str_eq(t->slots[i].key, key)))
        i = (i + 1) & (t->cap - 1);
    return &t->slots[i];
}

void *table_get(const struct table *t, struct str key)
{
    if (t->cap == 0 || !key.p)
        return NULL;
    return slot_of(t, key, str_hash(key))->value;
}

static void grow(struct table *t, struct arena *a)
{
    struct table bigger = {.cap = t->cap ? t->cap * 2 : 32, .n = t->n};
    bigger.slots = arena_array(a, bigger.cap, sizeof *bigger.slots);
    for (size_t i = 0; i < t->cap; i++)
        if (t->slots[i].key.p)
            *slot_of(&bigger, t->slots[i].key, t->slots[i].hash) = t->slots[i];
    *t = bigger;
}

void *table_put(struct table *t, struct arena *a, struct str key, void *value)
{
    if (!key.p)
        key.p = "";
    if ((t->n + 1) * 3 > t->cap * 2)
        grow(t, a);
    uint64_t hash = str_hash(key);
    struct table_slot *s = slot_of(t, key, hash);
    if (s->key.p)
        return s->value;
    *s = (struct table_slot){key, hash, value};
    t->n++;
    return NULL;
}
