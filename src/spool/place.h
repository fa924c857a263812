/* The small files beside the segments: the lock, how far groups are on disk, how far they are loaded. */
#ifndef SPOOL_PLACE_H
#define SPOOL_PLACE_H

#include "spool/format.h"

/* spool/lock: held by the process that writes. Asking who holds it disturbs nobody. */
MUST_CHECK bool spool_lock_take(int dir_fd, const char *dir, int *fd, struct err *e); /* E_BUSY with the holder's pid */
bool spool_lock_held(int lock_fd);

/* spool/durable: written over in place behind each sync; its changes wake those who wait. */
MUST_CHECK bool spool_durable_open(int dir_fd, int *fd, struct err *e);
bool spool_durable_write(int fd, const struct spool_durable_note *d);
bool spool_durable_read(int fd, struct spool_durable_note *d); /* false: nothing known */

MUST_CHECK bool spool_loaded_read(int dir_fd, struct spool_position *p, struct err *e);

#endif
