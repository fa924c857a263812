/* Whole groups in a segment: one read brings as many as a window holds. A damaged head tells no length, so that looking for the
 * next group goes block by block; a head of another place or epoch is none. */
#include "spool/scan.h"

#include <errno.h>

#include "base/mem.h"
#include "spool/disk.h"

enum { WINDOW = 512 << 10 };

void spool_scan_init(struct spool_scan *s)
{
    *s = (struct spool_scan){.fd = -1};
}

void spool_scan_fini(struct spool_scan *s)
{
    mem_free(s->mem);
    *s = (struct spool_scan){.fd = -1};
}

void spool_scan_file(struct spool_scan *s, int fd, const char *name, uint64_t epoch)
{
    s->fd = fd;
    s->name = name;
    s->epoch = epoch;
    s->n = 0;
}

void spool_scan_forget(struct spool_scan *s)
{
    s->n = 0;
}

/* Makes [at, at + n) stand in the window, or as much of it as the file has; `limit` bounds what is read beyond. */
static bool bring(struct spool_scan *s, uint64_t at, size_t n, uint64_t limit, struct err *e)
{
    if (at >= s->at && at - s->at <= s->n && s->n - (size_t)(at - s->at) >= n)
        return true;
    uint64_t ahead = limit > at ? spool_blocks(limit - at) : 0;
    size_t want = (size_t)spool_blocks(n);
    if (want < WINDOW)
        want = ahead > WINDOW ? WINDOW : ahead > want ? (size_t)ahead : want;
    if (want > s->room) {
        char *window;
        void *mem = disk_memory(want, &window);
        if (!mem)
            return err_set(e, E_MEMORY, "not enough memory to read a group of %zu bytes of spool/%s", n, s->name);
        mem_free(s->mem);
        s->mem = mem;
        s->window = window;
        s->room = want;
    }
    s->n = 0;
    ssize_t got = disk_read(s->fd, s->window, want, at);
    if (got < 0)
        return disk_error(e, errno, "cannot read", s->name);
    s->at = at;
    s->n = (size_t)got;
    return true;
}

static const char *have(const struct spool_scan *s, uint64_t at, size_t n)
{
    size_t skip = (size_t)(at - s->at);
    return skip <= s->n && s->n - skip >= n ? s->window + skip : NULL;
}

enum spool_look spool_scan_group(struct spool_scan *s, uint64_t at, uint64_t limit, struct spool_group *g, struct str *payload,
                                 struct err *e)
{
    if (limit < SPOOL_BLOCK || at > limit - SPOOL_BLOCK)
        return LOOK_NOTHING;
    if (!bring(s, at, SPOOL_GROUP_HEAD, limit, e))
        return LOOK_FAILED;
    const char *p = have(s, at, SPOOL_GROUP_HEAD);
    if (!p || !spool_group_get(p, s->epoch, at, g) || spool_group_end(g) > limit)
        return LOOK_NOTHING;
    size_t whole = (size_t)SPOOL_GROUP_HEAD + g->payload_bytes;
    if (!bring(s, at, whole, limit, e))
        return LOOK_FAILED;
    p = have(s, at, whole);
    if (!p || !spool_group_whole(g, p + SPOOL_GROUP_HEAD, s->epoch))
        return LOOK_NOTHING;
    *payload = (struct str){p + SPOOL_GROUP_HEAD, g->payload_bytes};
    return LOOK_GROUP;
}

enum spool_look spool_scan_find(struct spool_scan *s, uint64_t from, uint64_t limit, struct spool_group *g, struct err *e)
{
    struct str payload;
    for (uint64_t at = spool_blocks(from); limit >= SPOOL_BLOCK && at <= limit - SPOOL_BLOCK; at += SPOOL_BLOCK) {
        enum spool_look look = spool_scan_group(s, at, limit, g, &payload, e);
        if (look != LOOK_NOTHING)
            return look;
    }
    return LOOK_NOTHING;
}

enum spool_look spool_scan_holder(struct spool_scan *s, uint64_t at, struct spool_group *g, struct err *e)
{
    for (uint64_t block = at / SPOOL_BLOCK * SPOOL_BLOCK; block >= SPOOL_BLOCK; block -= SPOOL_BLOCK) {
        if (!bring(s, block, SPOOL_GROUP_HEAD, block, e))
            return LOOK_FAILED;
        const char *p = have(s, block, SPOOL_GROUP_HEAD);
        if (p && spool_group_get(p, s->epoch, block, g))
            return spool_group_end(g) > at ? LOOK_GROUP : LOOK_NOTHING;
    }
    return LOOK_NOTHING;
}
