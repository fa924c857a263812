/* Recovery at open. Groups that were acknowledged are whole on disk; what follows the last whole one is the torn rest of a group
 * that was not. A damaged group in the middle does not end the log: whole ones behind it are found. */
#include "spool/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "spool/disk.h"
#include "spool/place.h"
#include "spool/scan.h"

static bool read_head(int fd, struct spool_head *h, const char *name, bool *known, struct err *e)
{
    char *block;
    void *mem = disk_memory(SPOOL_BLOCK, &block);
    uint32_t version = 0;
    if (!mem)
        return err_set(e, E_MEMORY, "not enough memory to open the spool");
    ssize_t n = disk_read(fd, block, SPOOL_BLOCK, 0);
    int why = errno;
    *known = n == SPOOL_BLOCK && spool_head_get(block, h, &version);
    mem_free(mem);
    if (n < 0)
        return disk_error(e, why, "cannot read", name);
    if (version > SPOOL_VERSION)
        return err_set(e, E_STATE_NEWER, "spool/%s was written by a newer Trellis (format %u, this one knows %d)", name,
                       (unsigned)version, SPOOL_VERSION);
    return true;
}

/* From `at` on, over all that is whole. */
static bool walk(struct spool_scan *s, uint64_t at, uint64_t limit, struct spool_tail *t, struct err *e)
{
    for (;;) {
        struct spool_group g;
        struct str payload;
        enum spool_look look = spool_scan_group(s, at, limit, &g, &payload, e);
        if (look == LOOK_NOTHING) {
            look = spool_scan_find(s, at + SPOOL_BLOCK, limit, &g, e);
            if (look == LOOK_GROUP)
                log_event(LOG_ERROR, "spool", "damaged", "file=%s from=%llu to=%llu", s->name, (unsigned long long)at,
                          (unsigned long long)g.at);
        }
        if (look == LOOK_FAILED)
            return false;
        if (look == LOOK_NOTHING)
            return true;
        at = spool_group_end(&g);
        t->durable = (struct spool_durable_note){{t->last.segment, at}, g.group + 1, g.first_record + g.records};
    }
}

static bool recover_last(int dir_fd, uint64_t number, struct spool_tail *t, struct err *e)
{
    struct spool_name name = spool_name_of(SPOOL_NAME_SEGMENT, number);
    struct spool_scan s;
    struct spool_durable_note noted = t->durable;
    bool known = false, ok = false;
    spool_scan_init(&s);
    int fd = disk_open_direct(dir_fd, name.z, O_RDWR);
    if (fd < 0)
        return disk_error(e, errno, "cannot open", name.z);
    if (!read_head(fd, &t->last, name.z, &known, e))
        goto out;
    if (!known || t->last.segment != number) {
        log_event(LOG_ERROR, "spool", "head_damaged", "file=%s", name.z);
        t->last = (struct spool_head){.segment = number};
        ok = true;
        goto out;
    }
    off_t size = lseek(fd, 0, SEEK_END);
    bool whole_file = size >= 0 && (uint64_t)size >= t->last.segment_bytes;
    uint64_t limit = whole_file ? t->last.segment_bytes : (uint64_t)(size < 0 ? 0 : size) / SPOOL_BLOCK * SPOOL_BLOCK;
    /* Groups before a noted end were whole and synced; what `durable` says of other segments tells nothing. */
    bool noted_here = noted.end.segment == number && noted.end.offset >= SPOOL_BLOCK && noted.end.offset <= limit;
    if (!noted_here)
        t->durable = (struct spool_durable_note){{number, SPOOL_BLOCK}, t->last.first_group, t->last.first_record};
    spool_scan_file(&s, fd, name.z, t->last.epoch);
    if (!walk(&s, t->durable.end.offset, limit, t, e))
        goto out;
    t->end = t->durable.end.offset;
    /* A group that is whole, but was not synced when its writer died, may have been read since: from here on it stays. */
    if (whole_file && disk_sync(fd)) {
        t->fd = fd;
        fd = -1;
    }
    ok = true;
out:
    spool_scan_fini(&s);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool spool_recover(int dir_fd, int durable_fd, const uint64_t *segments, size_t n, struct spool_tail *t, struct err *e)
{
    struct spool_position loaded;
    *t = (struct spool_tail){.fd = -1, .durable = {.next_group = 1, .next_record = 1}};
    struct spool_durable_note noted;
    bool is_noted = spool_durable_read(durable_fd, &noted);
    if (is_noted)
        t->durable = noted;
    if (n && !recover_last(dir_fd, segments[n - 1], t, e))
        return false;
    if (is_noted && noted.next_group > t->durable.next_group) {
        t->durable.next_group = noted.next_group;
        t->durable.next_record = noted.next_record;
    }
    /* Numbers never come back, also when files were lost: a place that was loaded stays behind everything that is written. */
    uint64_t highest = n ? segments[n - 1] : 0;
    if (is_noted && noted.end.segment > highest)
        highest = noted.end.segment;
    if (spool_loaded_read(dir_fd, &loaded, NULL) && loaded.segment > highest)
        highest = loaded.segment;
    t->next_segment = highest + 1;
    if (t->fd >= 0 && highest > t->last.segment) {
        close(t->fd);
        t->fd = -1;
    }
    return true;
}
