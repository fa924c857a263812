/* The spool's calls of the system: direct I/O where the file system takes it, each call with a fault point. */
#ifndef SPOOL_DISK_H
#define SPOOL_DISK_H

#include <sys/types.h>

#include "base/error.h"

/* Names below the folder `spool`. */
enum spool_name_kind { SPOOL_NAME_SEGMENT, SPOOL_NAME_FREE, SPOOL_NAME_HALF, SPOOL_NAME_OTHER };
struct spool_name {
    char z[32];
};
struct spool_name spool_name_of(enum spool_name_kind kind, uint64_t number); /* 0000000000000007.seg, .free, .half */
enum spool_name_kind spool_name_read(const char *z, uint64_t *number);

/* Errors of these are in errno. */
int disk_open(int dir_fd, const char *name, int flags);        /* as it says; close-on-exec, 0600 */
int disk_open_direct(int dir_fd, const char *name, int flags); /* with O_DIRECT, or without where that is refused */
bool disk_write(int fd, const char *p, size_t n, uint64_t at); /* all of it; a multiple of blocks from aligned memory */
ssize_t disk_read(int fd, char *p, size_t n, uint64_t at);     /* as much as there is up to n */
bool disk_sync(int fd);
bool disk_rename(int dir_fd, const char *from, const char *to);
bool disk_reserve(int fd, uint64_t bytes); /* gives the file its room, so that writing into it cannot run out */

/* Memory that begins at a whole block. *p is what may be used, the return is what is freed; NULL when there is none. */
void *disk_memory(size_t bytes, char **p);

/* E_NO_SPACE or E_IO, from errno. */
bool disk_error(struct err *e, int errnum, const char *what, const char *name);

#endif
