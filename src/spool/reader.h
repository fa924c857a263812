/* Inside of a reader: the segment it stands in, how far it may read, and what it hands out. */
#ifndef SPOOL_READER_H
#define SPOOL_READER_H

#include "spool/disk.h"
#include "spool/scan.h"
#include "spool/seal.h"

struct spool_reader {
    char *dir;
    int dir_fd, lock_fd, durable_fd, notify_fd, watch; /* -1: not there yet */
    struct spool_position at;                          /* of the next group; while in_group, of the next record */

    /* the segment that is open; fd -1: none */
    int fd;
    struct spool_name name;
    struct spool_head head;
    bool entered;        /* `at` is known to be the beginning of a group */
    bool sealed;         /* another segment follows */
    uint64_t end;        /* sealed: where it ends, 0 when that is not known */
    bool synced;         /* nobody writes, and what is visible has been synced by us */
    uint64_t nothing_at; /* nobody writes, and nothing whole lies at or behind this place */
    uint64_t passed;     /* number of the segment that was read to its end; 0: none */

    struct spool_scan scan;
    bool in_group;
    struct spool_group group;
    struct str payload;
    size_t inner; /* of the payload: the next record */
    struct spool_seal seal;
    char *text; /* the payload of a sealed group, opened */
    size_t text_room;
};

/* Opens the folder's files as they come to exist. False: there is no spool yet. */
bool reader_attach(struct spool_reader *r);
enum reader_open { READER_OPEN, READER_NONE, READER_FAILED };
/* Makes r->fd the segment of `at`, or the next that there is. READER_FAILED: an error to hand out; asking again goes on. */
enum reader_open reader_segment(struct spool_reader *r, struct err *e);
void reader_segment_leave(struct spool_reader *r);
/* Whether the file still is the segment that was opened; it may have been used again. */
bool reader_segment_current(struct spool_reader *r);
/* How far may be read: *limit. *certain: everything before it was acknowledged, so what is not whole there is damaged. */
bool reader_limit(struct spool_reader *r, uint64_t *limit, bool *certain, struct err *e);

#endif
