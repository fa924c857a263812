/* Looking for whole groups in one segment file: shared by the reader and by the writer's recovery. */
#ifndef SPOOL_SCAN_H
#define SPOOL_SCAN_H

#include "spool/format.h"

/* A window of the file; what it holds was read before, and may be older than the file: spool_scan_forget. */
struct spool_scan {
    int fd;
    const char *name; /* for messages; borrowed */
    uint64_t epoch;
    void *mem;
    char *window;
    size_t room, n;
    uint64_t at;
};
void spool_scan_init(struct spool_scan *s);
void spool_scan_fini(struct spool_scan *s);
void spool_scan_file(struct spool_scan *s, int fd, const char *name,
                     uint64_t epoch); /* another file, or the same with another epoch */
void spool_scan_forget(struct spool_scan *s);

enum spool_look { LOOK_GROUP, LOOK_NOTHING, LOOK_FAILED };
/* Is there a whole group at `at` that ends at or before `limit`? The payload is borrowed until the next call. */
enum spool_look spool_scan_group(struct spool_scan *s, uint64_t at, uint64_t limit, struct spool_group *g, struct str *payload,
                                 struct err *e);
/* The first whole group that begins at or behind `from`. */
enum spool_look spool_scan_find(struct spool_scan *s, uint64_t from, uint64_t limit, struct spool_group *g, struct err *e);
/* The group whose bytes hold `at` by its head, however damaged its payload is; LOOK_NOTHING: there is none. */
enum spool_look spool_scan_holder(struct spool_scan *s, uint64_t at, struct spool_group *g, struct err *e);

#endif
