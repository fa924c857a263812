/* What a writer finds when it opens: where the last whole group ends. */
#ifndef SPOOL_RECOVER_H
#define SPOOL_RECOVER_H

#include "spool/format.h"

struct spool_tail {
    struct spool_head last;            /* the segment with the highest number; segment 0: there is none */
    uint64_t end;                      /* behind its last whole group; 0: not known, its head is damaged */
    int fd;                            /* open for writing on; -1: a new segment has to begin */
    struct spool_durable_note durable; /* numbers of the next group and record; end as above */
    uint64_t next_segment;
};
MUST_CHECK bool spool_recover(int dir_fd, int durable_fd, const uint64_t *segments, size_t n, struct spool_tail *out,
                              struct err *e);

#endif
