/* The writer as others see it: opening, copying records into the group that is being filled, closing. What becomes of a group is
 * in write.c. */
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "spool/disk.h"
#include "spool/place.h"
#include "spool/recover.h"
#include "spool/writer_int.h"

#define SEGMENT_BYTES (UINT64_C(64) << 20)
#define LIMIT_BYTES   (UINT64_C(8) << 30)
#define BACKLOG_BYTES (UINT64_C(64) << 20)
#define RECORD_BYTES  (UINT64_C(32) << 20) /* of one record, at most */

/* ---- Taking ---- */

static struct group *spare_take(struct spool_writer *w)
{
    struct group *g = w->spare;
    if (!g)
        return group_new();
    w->spare = g->next;
    w->n_spare--;
    group_reset(g);
    return g;
}

/* With the lock. */
static bool take(struct spool_writer *w, const struct spool_record *r, size_t bytes, spool_done_fn *done, void *ctx,
                 struct err *e)
{
    if (w->closing)
        return err_set(e, E_CANCELLED, "the spool is being closed");
    if (w->blocked.code != E_OK) {
        if (e)
            *e = w->blocked;
        return false;
    }
    if (w->backlog && w->backlog + bytes > w->backlog_bytes)
        return err_set(e, E_BUSY, "%llu MiB wait to be written already", (unsigned long long)(w->backlog >> 20));
    struct group *g = w->filling;
    if (!g || !group_fits(g, bytes, w->group_bytes)) {
        g = spare_take(w);
        if (!g)
            return err_set(e, E_MEMORY, "not enough memory to take an event");
        if (w->filling)
            w->filling->next = g;
        else
            w->first = g;
        w->filling = g;
        pthread_cond_signal(&w->work);
    }
    if (!group_add(g, r, bytes, done, ctx))
        return err_set(e, E_MEMORY, "not enough memory to take an event of %zu bytes", bytes);
    w->backlog += bytes;
    if (w->writer_waits) {
        w->writer_waits = false;
        pthread_cond_signal(&w->work);
    }
    return true;
}

bool spool_append(struct spool_writer *w, const struct spool_record *r, spool_done_fn *done, void *ctx, struct err *e)
{
    size_t bytes = spool_record_bytes(r);
    if (r->kind < SPOOL_TRACK || r->kind > SPOOL_MPARTICLE)
        return err_set(e, E_INTERNAL, "a record of kind %d for the spool", (int)r->kind);
    if (bytes > w->record_bytes)
        return err_set(e, E_TOO_LARGE, "a request of %zu bytes; the spool takes up to %llu", r->body.n,
                       (unsigned long long)w->record_bytes);
    pthread_mutex_lock(&w->lock);
    bool ok = take(w, r, bytes, done, ctx, e);
    pthread_mutex_unlock(&w->lock);
    return ok;
}

struct wait_for {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    struct err e;
};

static void wait_done(void *ctx, const struct err *e)
{
    struct wait_for *f = ctx;
    pthread_mutex_lock(&f->lock);
    f->done = true;
    if (e)
        f->e = *e;
    pthread_cond_signal(&f->cond);
    pthread_mutex_unlock(&f->lock);
}

bool spool_append_wait(struct spool_writer *w, const struct spool_record *r, struct err *e)
{
    struct wait_for f = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    bool ok = spool_append(w, r, wait_done, &f, e);
    if (ok) {
        pthread_mutex_lock(&f.lock);
        while (!f.done)
            pthread_cond_wait(&f.cond, &f.lock);
        pthread_mutex_unlock(&f.lock);
        ok = f.e.code == E_OK;
        if (!ok && e)
            *e = f.e;
    }
    pthread_mutex_destroy(&f.lock);
    pthread_cond_destroy(&f.cond);
    return ok;
}

/* ---- Opening and closing ---- */

struct spool_position spool_durable(struct spool_writer *w)
{
    pthread_mutex_lock(&w->lock);
    struct spool_position p = w->durable.end;
    pthread_mutex_unlock(&w->lock);
    return p;
}

void spool_writer_stats(struct spool_writer *w, struct spool_stats *out)
{
    pthread_mutex_lock(&w->lock);
    *out = w->stats;
    out->full = w->blocked.code != E_OK;
    pthread_mutex_unlock(&w->lock);
    spool_segments_count(&w->segments, &out->segments, &out->free_segments);
}

/* Threads of the spool take no signals but those of defects: what they are sent would end the program in the middle of a write (a
 * limit on the size of files does), and waiting calls would be interrupted. */
static bool start_threads(struct spool_writer *w, struct err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    static const int defects[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++)
        sigdelset(&all, defects[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&w->write_thread, NULL, writer_write, w);
    if (rc == 0) {
        pthread_setname_np(w->write_thread, "spool-write");
        rc = pthread_create(&w->keep_thread, NULL, writer_keep, w);
        if (rc == 0) {
            pthread_setname_np(w->keep_thread, "spool-keep");
        } else {
            pthread_mutex_lock(&w->lock);
            w->closing = true;
            pthread_cond_signal(&w->work);
            pthread_mutex_unlock(&w->lock);
            pthread_join(w->write_thread, NULL);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 || err_errno(e, rc, "cannot start the threads of the spool");
}

static void release(struct spool_writer *w)
{
    struct group *g;
    while ((g = w->spare)) {
        w->spare = g->next;
        group_free(g);
    }
    spool_seal_fini(&w->seal);
    int fds[] = {w->fd, w->durable_fd, w->lock_fd, w->dir_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    mem_free(w);
}

static bool recover(struct spool_writer *w, struct err *e)
{
    struct spool_tail tail;
    if (!spool_recover(w->dir_fd, w->durable_fd, w->segments.sealed, w->segments.n_sealed, &tail, e))
        return false;
    if (!spool_seal_fits(&w->seal, tail.last.mark, spool_name_of(SPOOL_NAME_SEGMENT, tail.last.segment).z, e)) {
        if (tail.fd >= 0)
            close(tail.fd);
        return false;
    }
    if (tail.fd >= 0 && tail.last.mark != w->seal.mark) { /* a plain one is not written on under a key */
        close(tail.fd);
        tail.fd = -1;
    }
    w->fd = tail.fd;
    w->next_segment = tail.next_segment;
    w->durable = tail.durable;
    w->prev = tail.last;
    w->prev_end = tail.end;
    if (tail.fd >= 0) {
        w->head = tail.last;
        w->offset = tail.end;
        w->active = tail.last.segment;
    }
    w->durable_behind = !spool_durable_write(w->durable_fd, &w->durable);
    return true;
}

bool spool_writer_open(const struct spool_options *o, struct spool_writer **out, struct err *e)
{
    *out = NULL;
    struct spool_writer *w = mem_alloc(sizeof *w);
    *w = (struct spool_writer){.fd = -1, .durable_fd = -1, .lock_fd = -1, .dir_fd = -1, .group_delay_us = o->group_delay_us};
    uint64_t wanted = o->segment_bytes ? o->segment_bytes : SEGMENT_BYTES, least = 16 * SPOOL_BLOCK;
    w->segment_bytes = spool_blocks(wanted < least ? least : wanted);
    w->backlog_bytes = o->backlog_bytes ? o->backlog_bytes : BACKLOG_BYTES;
    w->record_bytes = w->segment_bytes - SPOOL_BLOCK - SPOOL_GROUP_HEAD;
    w->group_bytes = w->segment_bytes - SPOOL_BLOCK < GROUP_TARGET ? (size_t)(w->segment_bytes - SPOOL_BLOCK) : GROUP_TARGET;
    bool ok = fs_mkdirs(o->dir, 0700, e) && spool_seal_open(&w->seal, o->dir, e);
    if (w->seal.key) {
        w->record_bytes -= SPOOL_SEAL_BYTES;
        w->group_bytes -= SPOOL_SEAL_BYTES;
    }
    if (w->record_bytes > RECORD_BYTES)
        w->record_bytes = RECORD_BYTES;
    if (ok && (w->dir_fd = disk_open(AT_FDCWD, o->dir, O_RDONLY | O_DIRECTORY)) < 0)
        ok = err_errno(e, errno, "cannot open the folder %s", o->dir);
    ok = ok && spool_lock_take(w->dir_fd, o->dir, &w->lock_fd, e) && spool_durable_open(w->dir_fd, &w->durable_fd, e) &&
         spool_segments_init(&w->segments, w->dir_fd, w->segment_bytes, o->limit_bytes ? o->limit_bytes : LIMIT_BYTES, e);
    if (!ok) {
        release(w);
        return false;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, &monotonic);
    pthread_cond_init(&w->keep, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (recover(w, e) && start_threads(w, e)) {
        *out = w;
        return true;
    }
    spool_segments_fini(&w->segments);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->keep);
    release(w);
    return false;
}

void spool_writer_close(struct spool_writer *w)
{
    if (!w)
        return;
    atomic_store(&w->stop_keeping, true);
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_signal(&w->work);
    pthread_cond_signal(&w->keep);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->write_thread, NULL);
    pthread_join(w->keep_thread, NULL);
    spool_segments_fini(&w->segments);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->keep);
    release(w);
}
