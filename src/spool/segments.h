/* The files of the log: which there are, making new ones, using loaded ones again. Used by the writer's two threads. */
#ifndef SPOOL_SEGMENTS_H
#define SPOOL_SEGMENTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "spool/format.h"

struct spool_files {
    uint64_t *segments; /* numbers, ascending */
    uint64_t *free;     /* numbers of free files */
    size_t n_segments, n_free, n_half;
    uint64_t bytes; /* of all */
};
MUST_CHECK bool spool_files_list(int dir_fd, struct spool_files *out, struct err *e);
void spool_files_fini(struct spool_files *f);

struct spool_segments {
    int dir_fd;
    uint64_t segment_bytes, limit_bytes;
    pthread_mutex_t lock; /* guards what follows; held over renames, not over writing */
    uint64_t *sealed, *free;
    size_t n_sealed, n_free, cap_sealed, cap_free;
    uint64_t bytes, next_free;
    bool making;         /* a file ahead, which has its room already */
    pthread_cond_t made; /* ... and has not any more */
    atomic_bool wanted;  /* it is waited for: ready as it is will do */
};
MUST_CHECK bool spool_segments_init(struct spool_segments *s, int dir_fd, uint64_t segment_bytes, uint64_t limit_bytes,
                                    struct err *e);
void spool_segments_fini(struct spool_segments *s);
/* A file under its final name, its head on disk; a free one where there is one. E_NO_SPACE, E_IO. */
MUST_CHECK bool spool_segments_take(struct spool_segments *s, const struct spool_head *h, int *fd, struct err *e);
/* Nothing in it counts: away with it. */
void spool_segments_drop(struct spool_segments *s, uint64_t segment);
/* Frees what is loaded, except `active`. */
void spool_segments_recycle(struct spool_segments *s, uint64_t active);
/* Has one file ready, written with zeros, where room is left. `stop`: give up soon. */
void spool_segments_prepare(struct spool_segments *s, const atomic_bool *stop);
void spool_segments_count(struct spool_segments *s, uint64_t *in_use, uint64_t *free_files);

#endif
