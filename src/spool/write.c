/* The writer's threads. One writes a group, syncs it, tells its callers, and takes what has come meanwhile: so a group is as
 * large as one sync is long, and one sync is in flight. The other has an empty segment ready and frees those that are loaded.
 *
 *   taking -> (write, sync) -> acknowledged
 *     ^            | failed: the group is answered with its error, the segment is left behind
 *     |            v
 *     +------- blocked: appends are refused at once; a new segment is tried at once and then each 100 ms */
#include "spool/writer_int.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "spool/disk.h"
#include "spool/place.h"

enum { RETRY_MS = 100, KEEP_MS = 1000, GROUPS_KEPT = 3 };

static void spare_give(struct spool_writer *w, struct group *g)
{
    if (w->n_spare >= GROUPS_KEPT || g->room > 2 * (size_t)GROUP_TARGET) {
        group_free(g);
        return;
    }
    g->next = w->spare;
    w->spare = g;
    w->n_spare++;
}

static bool segment_begin(struct spool_writer *w, struct err *e)
{
    struct spool_head h = {.segment = w->next_segment,
                           .segment_bytes = w->segment_bytes,
                           .prev_segment = w->prev.segment,
                           .prev_end = w->prev_end,
                           .prev_epoch = w->prev.epoch,
                           .first_group = w->durable.next_group,
                           .first_record = w->durable.next_record,
                           .created_us = clock_now_us(),
                           .mark = w->seal.mark};
    if (getrandom(&h.epoch, sizeof h.epoch, 0) != sizeof h.epoch)
        return err_errno(e, errno, "no random numbers");
    if (w->fd >= 0) { /* what is on disk of the old one ends where the next group would have begun */
        h.prev_segment = w->head.segment;
        h.prev_end = w->offset;
        h.prev_epoch = w->head.epoch;
    }
    spool_segments_recycle(&w->segments, w->head.segment);
    int fd;
    if (!spool_segments_take(&w->segments, &h, &fd, e))
        return false;
    if (w->fd >= 0) {
        close(w->fd);
        w->prev = w->head;
        w->prev_end = w->offset;
    }
    w->fd = fd;
    w->head = h;
    w->offset = SPOOL_BLOCK;
    w->next_segment++;
    pthread_mutex_lock(&w->lock);
    w->active = h.segment;
    pthread_cond_signal(&w->keep);
    pthread_mutex_unlock(&w->lock);
    return true;
}

/* Nothing is written to this segment any more: after a failed sync nobody knows what is on disk of it. What the failed group left
 * is made void; should that fail too, the next segment's head says where this one ends. */
static void segment_leave(struct spool_writer *w)
{
    char *zeros;
    void *mem = disk_memory(SPOOL_BLOCK, &zeros);
    if (mem && disk_write(w->fd, zeros, SPOOL_BLOCK, w->offset))
        disk_sync(w->fd);
    mem_free(mem);
    close(w->fd);
    w->fd = -1;
    if (w->offset > SPOOL_BLOCK) {
        w->prev = w->head;
        w->prev_end = w->offset;
    } else {
        spool_segments_drop(&w->segments, w->head.segment);
    }
    w->head = (struct spool_head){0};
    pthread_mutex_lock(&w->lock);
    w->active = 0;
    pthread_mutex_unlock(&w->lock);
}

static bool write_group(struct spool_writer *w, struct group *g, struct err *e)
{
    size_t bytes = group_close(g, w->seal.key ? SPOOL_SEAL_BYTES : 0);
    if ((w->fd < 0 || w->offset + bytes > w->head.segment_bytes) && !segment_begin(w, e))
        return false;
    struct spool_group head = {.at = w->offset,
                               .group = w->durable.next_group,
                               .first_record = w->durable.next_record,
                               .records = g->records,
                               .payload_bytes = (uint32_t)(g->n - SPOOL_GROUP_HEAD)};
    if (w->seal.key)
        spool_group_seal(g->p, &head, w->head.epoch, w->seal.key);
    spool_group_put(g->p, &head, w->head.epoch);
    fault_crash_point("spool_before_write");
    bool ok = disk_write(w->fd, g->p, bytes, w->offset);
    fault_crash_point("spool_before_sync");
    ok = ok && disk_sync(w->fd);
    if (!ok) {
        disk_error(e, errno, "cannot write", spool_name_of(SPOOL_NAME_SEGMENT, w->head.segment).z);
        segment_leave(w);
        return false;
    }
    fault_crash_point("spool_after_sync");
    w->offset += bytes;
    struct spool_durable_note d = {{w->head.segment, w->offset}, head.group + 1, head.first_record + head.records};
    pthread_mutex_lock(&w->lock);
    w->durable = d;
    w->stats.records += g->records;
    w->stats.bytes += bytes;
    w->stats.groups++;
    pthread_mutex_unlock(&w->lock);
    w->durable_behind = !spool_durable_write(w->durable_fd, &d);
    fault_crash_point("spool_before_answer");
    return true;
}

static void answer(struct group *g, const struct err *e)
{
    for (uint32_t i = 0; i < g->records; i++)
        if (g->waiters[i].done)
            g->waiters[i].done(g->waiters[i].ctx, e);
}

static void until(struct timespec *t, int64_t us)
{
    clock_gettime(CLOCK_MONOTONIC, t);
    t->tv_sec += us / 1000000;
    t->tv_nsec += us % 1000000 * 1000;
    if (t->tv_nsec >= 1000000000) {
        t->tv_sec++;
        t->tv_nsec -= 1000000000;
    }
}

/* With the lock, which it gives back meanwhile. */
static void write_first(struct spool_writer *w)
{
    struct group *g = w->first;
    struct err e = {0};
    w->first = g->next;
    if (w->filling == g)
        w->filling = NULL;
    uint64_t taken = g->n - SPOOL_GROUP_HEAD;
    e = w->blocked; /* groups behind the one that failed fail with it: they might have nowhere to go either */
    pthread_mutex_unlock(&w->lock);
    bool ok = e.code == E_OK && (g->records == 0 || write_group(w, g, &e)); /* empty: memory failed its first record */
    if (!ok) {
        log_err(LOG_ERROR, "spool", "write_failed", &e);
        pthread_mutex_lock(&w->lock);
        w->blocked = e;
        pthread_mutex_unlock(&w->lock);
    }
    answer(g, ok ? NULL : &e);
    pthread_mutex_lock(&w->lock);
    w->backlog -= taken;
    spare_give(w, g);
}

/* With the lock, which it gives back meanwhile. */
static void try_again(struct spool_writer *w)
{
    struct err e = {0};
    pthread_mutex_unlock(&w->lock);
    bool ok = segment_begin(w, &e);
    pthread_mutex_lock(&w->lock);
    if (ok)
        log_event(LOG_INFO, "spool", "writes_again", "segment=%llu", (unsigned long long)w->head.segment);
    w->blocked = ok ? (struct err){0} : e;
}

void *writer_write(void *arg)
{
    struct spool_writer *w = arg;
    struct timespec t;
    bool tried = false; /* since it was blocked */
    pthread_mutex_lock(&w->lock);
    while (!w->closing || w->first) {
        if (w->first) {
            if (w->group_delay_us > 0 && w->first == w->filling && !w->closing) {
                until(&t, w->group_delay_us);
                while (w->first == w->filling && !w->closing && pthread_cond_timedwait(&w->work, &w->lock, &t) == 0)
                    continue;
            }
            write_first(w);
            continue;
        }
        if (w->blocked.code != E_OK && !tried) {
            try_again(w);
            tried = w->blocked.code != E_OK;
            continue;
        }
        tried = false;
        w->writer_waits = true;
        if (w->blocked.code == E_OK && !w->durable_behind) {
            pthread_cond_wait(&w->work, &w->lock);
        } else {
            until(&t, RETRY_MS * 1000);
            pthread_cond_timedwait(&w->work, &w->lock, &t);
        }
        w->writer_waits = false;
        if (w->durable_behind)
            w->durable_behind = !spool_durable_write(w->durable_fd, &w->durable);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

void *writer_keep(void *arg)
{
    struct spool_writer *w = arg;
    struct timespec t;
    pthread_mutex_lock(&w->lock);
    while (!w->closing) {
        uint64_t active = w->active;
        pthread_mutex_unlock(&w->lock);
        spool_segments_recycle(&w->segments, active);
        spool_segments_prepare(&w->segments, &w->stop_keeping);
        pthread_mutex_lock(&w->lock);
        if (w->closing)
            break;
        until(&t, KEEP_MS * 1000);
        pthread_cond_timedwait(&w->keep, &w->lock, &t);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}
