/* A hash table from text to pointer, in an arena. Keys are borrowed. Not ordered; never shrinks. */
#ifndef MESH_TABLE_H
#define MESH_TABLE_H

#include "base/arena.h"

struct table_slot {
    struct str key; /* p == NULL: free */
    uint64_t hash;
    void *value;
};

struct table {
    struct table_slot *slots;
    size_t cap, n; /* cap: 0 or a power of two */
};

void *table_get(const struct table *t, struct str key); /* NULL when absent */
/* Keeps the earlier value of a key and returns it; NULL when the key is new. */
void *table_put(struct table *t, struct arena *a, struct str key, void *value);

#endif
