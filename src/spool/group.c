/* Groups grow in memory by doubling and are used again, so that a steady stream allocates nothing. */
#include "spool/group.h"

#include "base/mem.h"
#include "spool/disk.h"

enum { ROOM_FIRST = 256 << 10, WAITERS_FIRST = 256 };

struct group *group_new(void)
{
    struct group *g = mem_try_alloc(sizeof *g);
    if (!g)
        return NULL;
    *g = (struct group){.n = SPOOL_GROUP_HEAD};
    return g;
}

void group_free(struct group *g)
{
    if (!g)
        return;
    mem_free(g->mem);
    mem_free(g->waiters);
    mem_free(g);
}

void group_reset(struct group *g)
{
    g->n = SPOOL_GROUP_HEAD;
    g->records = 0;
    g->next = NULL;
}

bool group_fits(const struct group *g, size_t record_bytes, size_t most)
{
    return g->records == 0 || g->n + record_bytes <= most;
}

static bool make_room(struct group *g, size_t bytes)
{
    size_t need = (size_t)spool_blocks(g->n + bytes + SPOOL_SEAL_BYTES), room = g->room ? g->room : ROOM_FIRST;
    if (need <= g->room)
        return true;
    while (room < need)
        room *= 2;
    char *p;
    void *mem = disk_memory(room, &p);
    if (!mem)
        return false;
    if (g->mem)
        memcpy(p, g->p, g->n);
    mem_free(g->mem);
    g->mem = mem;
    g->p = p;
    g->room = room;
    return true;
}

bool group_add(struct group *g, const struct spool_record *r, size_t record_bytes, spool_done_fn *done, void *ctx)
{
    if (!make_room(g, record_bytes))
        return false;
    if (g->records == g->waiters_room) {
        size_t room = g->waiters_room ? g->waiters_room * 2 : WAITERS_FIRST;
        struct spool_waiter *v = mem_try_realloc(g->waiters, room * sizeof *v);
        if (!v)
            return false;
        g->waiters = v;
        g->waiters_room = room;
    }
    spool_record_put(g->p + g->n, r);
    g->n += record_bytes;
    g->waiters[g->records++] = (struct spool_waiter){done, ctx};
    return true;
}

size_t group_close(struct group *g, size_t more)
{
    size_t bytes = (size_t)spool_blocks(g->n + more);
    memset(g->p + g->n, 0, bytes - g->n);
    return bytes;
}
