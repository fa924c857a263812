/* From one segment to the next, and how far a reader may go in one: while somebody writes, to the end of what is durable; in a
 * segment that another follows, to the end that the other's head tells; else as far as groups are whole. */
#include "spool/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "spool/place.h"
#include "spool/segments.h"

bool reader_attach(struct spool_reader *r)
{
    if (r->dir_fd < 0)
        r->dir_fd = disk_open(AT_FDCWD, r->dir, O_RDONLY | O_DIRECTORY);
    if (r->dir_fd < 0)
        return false;
    if (r->lock_fd < 0)
        r->lock_fd = disk_open(r->dir_fd, "lock", O_RDONLY);
    if (r->durable_fd < 0)
        r->durable_fd = disk_open(r->dir_fd, "durable", O_RDONLY);
    return true;
}

void reader_segment_leave(struct spool_reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    r->sealed = r->synced = r->entered = r->in_group = false;
    r->end = r->nothing_at = 0;
    r->head = (struct spool_head){0};
    spool_scan_forget(&r->scan);
}

/* 1: read; 0: damaged; -1: an error. */
static int head_read(struct spool_reader *r, int fd, const char *name, struct spool_head *h, struct err *e)
{
    char *block;
    void *mem = disk_memory(SPOOL_BLOCK, &block);
    uint32_t version = 0;
    if (!mem) {
        err_set(e, E_MEMORY, "not enough memory to read %s", r->dir);
        return -1;
    }
    ssize_t n = disk_read(fd, block, SPOOL_BLOCK, 0);
    int why = errno;
    bool good = n == SPOOL_BLOCK && spool_head_get(block, h, &version);
    mem_free(mem);
    if (n < 0) {
        disk_error(e, why, "cannot read", name);
        return -1;
    }
    if (version > SPOOL_VERSION) {
        err_set(e, E_STATE_NEWER, "spool/%s was written by a newer Trellis (format %u, this one knows %d)", name,
                (unsigned)version, SPOOL_VERSION);
        return -1;
    }
    return good;
}

static bool head_of(struct spool_reader *r, uint64_t segment, struct spool_head *h)
{
    struct spool_name name = spool_name_of(SPOOL_NAME_SEGMENT, segment);
    int fd = disk_open_direct(r->dir_fd, name.z, O_RDONLY);
    bool ok = fd >= 0 && head_read(r, fd, name.z, h, NULL) == 1 && h->segment == segment;
    if (fd >= 0)
        close(fd);
    return ok;
}

bool reader_segment_current(struct spool_reader *r)
{
    struct spool_head h;
    int got = head_read(r, r->fd, r->name.z, &h, NULL);
    return got != 1 || (h.segment == r->head.segment && h.epoch == r->head.epoch);
}

/* The lowest number at or above `from`; 0: none. */
static bool lowest(struct spool_reader *r, uint64_t from, uint64_t *number, struct err *e)
{
    struct spool_files f;
    *number = 0;
    if (!spool_files_list(r->dir_fd, &f, e))
        return false;
    for (size_t i = 0; i < f.n_segments && !*number; i++)
        if (f.segments[i] >= from)
            *number = f.segments[i];
    spool_files_fini(&f);
    return true;
}

/* Segments that were there, were not read and are not known to be loaded, are missing. */
static bool gap(struct spool_reader *r, uint64_t wanted, const struct spool_head *h, struct err *e)
{
    struct spool_position loaded = {0, 0};
    if (!spool_loaded_read(r->dir_fd, &loaded, NULL))
        return false;
    uint64_t least = wanted > loaded.segment ? wanted : loaded.segment;
    if (h->prev_segment == 0 || h->prev_segment < least || h->prev_segment <= r->passed)
        return false;
    struct spool_name name = spool_name_of(SPOOL_NAME_SEGMENT, h->prev_segment);
    err_at(e, E_SPOOL, str_of(name.z), 0, 0, "spool/%s is missing, and perhaps others before it: the requests in it are lost",
           name.z);
    err_hint(e, "somebody or something removed it; restore it from a copy before going on, if there is one");
    return true;
}

static bool head_damaged(struct spool_reader *r, uint64_t number, struct err *e)
{
    struct spool_head next;
    uint64_t follows;
    /* The epoch stands in the next head, too. */
    bool known = lowest(r, number + 1, &follows, NULL) && follows && head_of(r, follows, &next) && next.prev_segment == number &&
                 next.prev_epoch;
    err_at(e, E_SPOOL, str_of(r->name.z), 0, 0, "the head of spool/%s is damaged (offset 0)%s", r->name.z,
           known ? "; its groups are read all the same" : ": what it holds cannot be told from old bytes and is left out");
    if (known)
        r->head = (struct spool_head){.segment = number, .epoch = next.prev_epoch, .segment_bytes = next.segment_bytes, .mark = next.mark};
    return known;
}

enum reader_open reader_segment(struct spool_reader *r, struct err *e)
{
    uint64_t number, wanted = r->at.segment ? r->at.segment : 1;
    if (r->fd >= 0)
        return READER_OPEN;
    if (!lowest(r, wanted, &number, e))
        return READER_FAILED;
    if (!number)
        return READER_NONE;
    r->name = spool_name_of(SPOOL_NAME_SEGMENT, number);
    r->fd = disk_open_direct(r->dir_fd, r->name.z, O_RDONLY);
    if (r->fd < 0) {
        if (errno == ENOENT)
            return READER_NONE; /* used again this very moment */
        disk_error(e, errno, "cannot open", r->name.z);
        return READER_FAILED;
    }
    int got = head_read(r, r->fd, r->name.z, &r->head, e);
    if (got == 1 && r->head.segment != number) { /* the same */
        reader_segment_leave(r);
        return READER_NONE;
    }
    if (got < 0) {
        reader_segment_leave(r);
        return READER_FAILED;
    }
    if (got == 1 && !spool_seal_fits(&r->seal, r->head.mark, r->name.z, e)) {
        reader_segment_leave(r);
        return READER_FAILED;
    }
    enum reader_open answer = READER_OPEN;
    if (got == 0) {
        answer = READER_FAILED;
        if (!head_damaged(r, number, e)) {
            reader_segment_leave(r);
            r->at = (struct spool_position){number + 1, 0};
            r->passed = number;
            return answer;
        }
    } else if (number > wanted && gap(r, wanted, &r->head, e)) {
        answer = READER_FAILED;
    }
    if (number != r->at.segment || r->at.offset < SPOOL_BLOCK)
        r->at = (struct spool_position){number, SPOOL_BLOCK};
    r->entered = r->at.offset == SPOOL_BLOCK;
    spool_scan_file(&r->scan, r->fd, r->name.z, r->head.epoch);
    return answer;
}

bool reader_limit(struct spool_reader *r, uint64_t *limit, bool *certain, struct err *e)
{
    struct spool_durable_note d = {0};
    struct spool_head next;
    uint64_t follows;
    if (!r->sealed) {
        bool held = spool_lock_held(r->lock_fd), known = spool_durable_read(r->durable_fd, &d);
        if (held) {
            r->synced = false;
            if (!known || d.end.segment <= r->head.segment) {
                *limit = known && d.end.segment == r->head.segment ? d.end.offset : 0;
                *certain = true;
                return true;
            }
        }
        if (!lowest(r, r->head.segment + 1, &follows, e))
            return false;
        r->sealed = follows != 0;
        r->end = follows && head_of(r, follows, &next) && next.prev_segment == r->head.segment ? next.prev_end : 0;
    }
    *certain = r->sealed && r->end;
    *limit = r->end;
    if (*certain)
        return true;
    off_t size = lseek(r->fd, 0, SEEK_END);
    *limit = (uint64_t)(size < 0 ? 0 : size) / SPOOL_BLOCK * SPOOL_BLOCK;
    if (r->sealed)
        return true;
    /* Nobody writes. What was noted as durable has to be whole; the rest is what a writer left behind when it died, and is handed
     * out once it is sure to stay. */
    if (d.end.segment == r->head.segment && d.end.offset > r->at.offset && d.end.offset <= *limit) {
        *limit = d.end.offset;
        *certain = true;
        return true;
    }
    if (!r->synced && !disk_sync(r->fd))
        return disk_error(e, errno, "cannot make sure that it is on disk:", r->name.z);
    r->synced = true;
    return true;
}
