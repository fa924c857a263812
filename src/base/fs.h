/* Files and folders, each call with a fault point, so that tests can fail or tear any of them. */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/arena.h"
#include "base/error.h"

MUST_CHECK bool fs_read(struct arena *a, const char *path, size_t max_bytes, struct str *out, struct err *e);
/* Writes beside, fsyncs, renames, fsyncs the folder: the old or the new file, never half of one. */
MUST_CHECK bool fs_write_atomic(const char *path, struct str data, unsigned mode, struct err *e);
/* The same for a file that nobody has made yet: one that is there stays as it is, and *there is set. Of several at once one wins. */
MUST_CHECK bool fs_write_new(const char *path, struct str data, unsigned mode, bool *there, struct err *e);
MUST_CHECK bool fs_mkdirs(const char *path, unsigned mode, struct err *e);
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
struct fs_stat { uint64_t size_bytes; int64_t mtime_ns; bool is_dir; };
bool fs_stat(const char *path, struct fs_stat *out);
/* Names in a folder, sorted by bytes, without dot files. */
MUST_CHECK bool fs_list(struct arena *a, const char *dir, struct str **names, size_t *n, struct err *e);
/* Files that match a glob with *, ?, [..], {a,b} and ** ; sorted; a plain path is itself. `nocase` for landed exports. */
MUST_CHECK bool fs_glob(struct arena *a, const char *pattern, bool nocase, struct str **paths, size_t *n, struct err *e);
MUST_CHECK bool fs_remove_tree(const char *path, struct err *e);
struct str fs_join(struct arena *a, struct str dir, struct str name); /* an absolute name wins */
struct str fs_basename(struct str path);
struct str fs_dirname(struct str path); /* borrowed part of path; "." when none */

/* SHA-256 (libsodium) in lower-case hex. */
struct sha { char hex[65]; };
void sha_bytes(struct str data, struct sha *out);
MUST_CHECK bool sha_file(const char *path, struct sha *out, struct err *e);
/* Sums of the first sizes[i] bytes of an open file, in one pass; `sizes` ascend. A file that is shorter: false with E_IO. */
MUST_CHECK bool sha_prefixes(int fd, const uint64_t *sizes, size_t n, struct sha *out, struct err *e);

/* Advisory lock by flock: *fd stays open while held; E_BUSY when somebody else holds it. */
MUST_CHECK bool fs_lock(const char *path, int *fd, struct err *e);
void fs_unlock(int *fd);

#endif
