/* Inside of the writer: what its two threads and those who append share. */
#ifndef SPOOL_WRITER_H
#define SPOOL_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "spool/group.h"
#include "spool/seal.h"
#include "spool/segments.h"

struct spool_writer {
    int dir_fd, lock_fd, durable_fd;
    uint64_t segment_bytes, backlog_bytes, record_bytes;
    size_t group_bytes;
    int group_delay_us;
    struct spool_segments segments;
    struct spool_seal seal;
    pthread_t write_thread, keep_thread;
    atomic_bool stop_keeping;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work, keep;
    struct group *first, *filling; /* a queue of groups; the last of it is being filled */
    struct group *spare;
    size_t n_spare;
    uint64_t backlog;
    bool writer_waits, closing;
    struct err blocked; /* code E_OK: not */
    struct spool_durable_note durable;
    struct spool_stats stats;
    uint64_t active; /* number of the segment that is written to; 0: none */

    /* of the writing thread alone */
    int fd;
    struct spool_head head;
    uint64_t offset; /* where the next group goes */
    uint64_t next_segment;
    bool durable_behind; /* the file `durable` could not be written */
    struct spool_head prev;
    uint64_t prev_end;
};

void *writer_write(void *writer); /* the thread that writes, syncs and answers */
void *writer_keep(void *writer);  /* the thread that has empty files ready */

#endif
