/* Calls of the system that the spool makes. Direct I/O leaves the page cache alone: the log is read once, soon, from the same
 * disk, and a write that bypasses the cache cannot be lost by it after a failed sync. */
#include "spool/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "spool/format.h"

static const char *const suffixes[] = {[SPOOL_NAME_SEGMENT] = ".seg", [SPOOL_NAME_FREE] = ".free", [SPOOL_NAME_HALF] = ".half"};
enum { DIGITS = 16 };

struct spool_name spool_name_of(enum spool_name_kind kind, uint64_t number)
{
    struct spool_name name;
    snprintf(name.z, sizeof name.z, "%016llu%s", (unsigned long long)number, suffixes[kind]);
    return name;
}

enum spool_name_kind spool_name_read(const char *z, uint64_t *number)
{
    uint64_t n = 0;
    for (int i = 0; i < DIGITS; i++) {
        if (z[i] < '0' || z[i] > '9')
            return SPOOL_NAME_OTHER;
        n = n * 10 + (uint64_t)(z[i] - '0');
    }
    *number = n;
    for (int k = 0; k < SPOOL_NAME_OTHER; k++)
        if (strcmp(z + DIGITS, suffixes[k]) == 0)
            return (enum spool_name_kind)k;
    return SPOOL_NAME_OTHER;
}

int disk_open(int dir_fd, const char *name, int flags)
{
    if (fault_fires(FAULT_OPEN)) {
        errno = EIO;
        return -1;
    }
    int fd;
    do
        fd = openat(dir_fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int disk_open_direct(int dir_fd, const char *name, int flags)
{
    int fd = disk_open(dir_fd, name, flags | O_DIRECT);
    if (fd < 0 && errno == EINVAL)
        fd = disk_open(dir_fd, name, flags);
    return fd;
}

/* Some file systems take the flag when opening and refuse the first transfer. True: it is off now, try again. */
static bool went_buffered(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return errno == EINVAL && flags >= 0 && (flags & O_DIRECT) && fcntl(fd, F_SETFL, flags & ~O_DIRECT) == 0;
}

bool disk_write(int fd, const char *p, size_t n, uint64_t at)
{
    while (n) {
        if (fault_fires(FAULT_WRITE)) { /* a torn write: half arrives, then the disk is full */
            ssize_t ignored = pwrite(fd, p, n / 2 / SPOOL_BLOCK * SPOOL_BLOCK, (off_t)at);
            (void)ignored;
            errno = ENOSPC;
            return false;
        }
        ssize_t put = pwrite(fd, p, n, (off_t)at);
        if (put < 0 && (errno == EINTR || went_buffered(fd)))
            continue;
        if (put <= 0) {
            errno = put == 0 ? ENOSPC : errno;
            return false;
        }
        p += put;
        n -= (size_t)put;
        at += (uint64_t)put;
    }
    return true;
}

ssize_t disk_read(int fd, char *p, size_t n, uint64_t at)
{
    size_t have = 0;
    while (have < n) {
        if (fault_fires(FAULT_READ)) {
            errno = EIO;
            return -1;
        }
        ssize_t got = pread(fd, p + have, n - have, (off_t)(at + have));
        if (got < 0 && (errno == EINTR || went_buffered(fd)))
            continue;
        if (got < 0)
            return -1;
        have += (size_t)got;
        if (got == 0 || have % SPOOL_BLOCK) /* the end; a direct read could not go on from within a block */
            break;
    }
    return (ssize_t)have;
}

bool disk_sync(int fd)
{
    if (fault_fires(FAULT_SYNC)) {
        errno = EIO;
        return false;
    }
    return fdatasync(fd) == 0;
}

bool disk_rename(int dir_fd, const char *from, const char *to)
{
    if (fault_fires(FAULT_RENAME)) {
        errno = EIO;
        return false;
    }
    return renameat(dir_fd, from, dir_fd, to) == 0;
}

static bool write_zeros(int fd, uint64_t bytes)
{
    enum { STEP = 256 << 10 };
    char *zeros, *mem = disk_memory(STEP, &zeros);
    bool ok = mem != NULL;
    if (!mem)
        errno = ENOMEM;
    for (uint64_t at = 0; ok && at < bytes; at += STEP)
        ok = disk_write(fd, zeros, bytes - at < STEP ? (size_t)(bytes - at) : STEP, at);
    mem_free(mem);
    return ok;
}

bool disk_reserve(int fd, uint64_t bytes)
{
    if (fault_fires(FAULT_WRITE)) {
        errno = ENOSPC;
        return false;
    }
    int rc;
    do
        rc = fallocate(fd, 0, 0, (off_t)bytes);
    while (rc != 0 && errno == EINTR);
    return rc == 0 || ((errno == EOPNOTSUPP || errno == ENOSYS) && write_zeros(fd, bytes));
}

void *disk_memory(size_t bytes, char **p)
{
    char *mem = mem_try_alloc(bytes + SPOOL_BLOCK);
    if (mem)
        *p = mem + (SPOOL_BLOCK - (uintptr_t)mem % SPOOL_BLOCK) % SPOOL_BLOCK;
    return mem;
}

bool disk_error(struct err *e, int errnum, const char *what, const char *name)
{
    if (errnum != ENOSPC && errnum != EDQUOT && errnum != EFBIG)
        return err_errno(e, errnum, "%s spool/%s", what, name);
    char reason[128];
    err_set(e, E_NO_SPACE, "%s spool/%s: %s", what, name, strerror_r(errnum, reason, sizeof reason));
    err_hint(e, "free room on the disk, or let trellis serve load what is waiting; writing goes on by itself");
    return false;
}
