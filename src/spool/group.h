/* A group being filled: the bytes as they will stand on disk, and who waits for them. */
#ifndef SPOOL_GROUP_H
#define SPOOL_GROUP_H

#include "spool/format.h"

struct spool_waiter {
    spool_done_fn *done;
    void *ctx;
};

enum { GROUP_TARGET = 4 << 20 }; /* a group is closed when another record would make it longer; less where segments are small */

struct group {
    void *mem;
    char *p;        /* aligned; head first */
    size_t n, room; /* n: bytes in use, head included */
    uint32_t records;
    struct spool_waiter *waiters;
    size_t waiters_room;
    struct group *next;
};
struct group *group_new(void); /* NULL: no memory */
void group_free(struct group *g);
void group_reset(struct group *g);
bool group_fits(const struct group *g, size_t record_bytes, size_t most); /* the first record always does */
bool group_add(struct group *g, const struct spool_record *r, size_t record_bytes, spool_done_fn *done,
               void *ctx); /* false: no memory */
/* Pads to whole blocks, with `more` bytes behind the records; returns how many bytes are to be written. */
size_t group_close(struct group *g, size_t more);

#endif
