/* Lock, durable and loaded. Neither of the last two need be on disk: the truth of the one is the segments themselves, of the
 * other the ledger; a file that is older than the truth only delays. */
#include "spool/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "spool/disk.h"

/* Locks of the open file, not of the process: two writers in one process exclude each other, too. */
bool spool_lock_take(int dir_fd, const char *dir, int *fd, struct err *e)
{
    char pid[24] = "";
    *fd = disk_open(dir_fd, "lock", O_RDWR | O_CREAT);
    if (*fd < 0)
        return err_errno(e, errno, "cannot open %s/lock", dir);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(*fd, F_OFD_SETLK, &whole) != 0) {
        int why = errno;
        ssize_t n = pread(*fd, pid, sizeof pid - 1, 0);
        close(*fd);
        *fd = -1;
        if (why != EAGAIN && why != EACCES)
            return err_errno(e, why, "cannot lock %s/lock", dir);
        pid[n > 0 ? n : 0] = 0;
        pid[strcspn(pid, "\n")] = 0;
        err_set(e, E_BUSY, "process %s takes events for %s already", pid[0] ? pid : "(unknown)", dir);
        err_hint(e, "one collector writes at a time: stop the other one, or give this one another mesh");
        return false;
    }
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(*fd, 0) != 0 || pwrite(*fd, pid, (size_t)n, 0) != n) { /* the pid is for messages alone */
        ssize_t ignored = pwrite(*fd, "\n", 1, 0);
        (void)ignored;
    }
    return true;
}

bool spool_lock_held(int lock_fd)
{
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    return lock_fd >= 0 && fcntl(lock_fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

bool spool_durable_open(int dir_fd, int *fd, struct err *e)
{
    char room[SPOOL_DURABLE_BYTES] = {0};
    *fd = disk_open(dir_fd, "durable", O_RDWR | O_CREAT);
    if (*fd < 0)
        return disk_error(e, errno, "cannot open", "durable");
    /* Its room is taken now, so that it is there when the disk is full. */
    off_t size = lseek(*fd, 0, SEEK_END);
    if (size < SPOOL_DURABLE_BYTES && !disk_write(*fd, room, sizeof room, 0)) {
        int why = errno;
        close(*fd);
        *fd = -1;
        return disk_error(e, why, "cannot write", "durable");
    }
    return true;
}

bool spool_durable_write(int fd, const struct spool_durable_note *d)
{
    char room[SPOOL_DURABLE_BYTES];
    spool_durable_put(room, d);
    return disk_write(fd, room, sizeof room, 0);
}

bool spool_durable_read(int fd, struct spool_durable_note *d)
{
    char room[SPOOL_DURABLE_BYTES];
    for (int i = 0; fd >= 0 && i < 100; i++) { /* a reader may see half of a write; the next moment it is whole */
        ssize_t n = pread(fd, room, sizeof room, 0);
        if (n != SPOOL_DURABLE_BYTES)
            return false;
        if (spool_durable_get(room, d))
            return true;
    }
    return false;
}

/* ---- loaded: one line of text, "segment offset hash" ---- */

bool spool_loaded_set(const char *dir, struct spool_position p, struct err *e)
{
    char line[96], temp[48];
    int n = snprintf(line, sizeof line, "%llu %llu", (unsigned long long)p.segment, (unsigned long long)p.offset);
    n += snprintf(line + n, sizeof line - (size_t)n, " %016llx\n", (unsigned long long)spool_hash((struct str){line, (size_t)n}));
    int dir_fd = disk_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
    if (dir_fd < 0)
        return err_errno(e, errno, "cannot open the folder %s", dir);
    snprintf(temp, sizeof temp, "loaded.%ld.tmp", (long)getpid());
    int fd = disk_open(dir_fd, temp, O_WRONLY | O_CREAT | O_TRUNC);
    bool ok = fd >= 0 && disk_write(fd, line, (size_t)n, 0);
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (ok && !disk_rename(dir_fd, temp, "loaded")) {
        ok = false;
        why = errno;
    }
    if (!ok) {
        unlinkat(dir_fd, temp, 0);
        disk_error(e, why, "cannot write", "loaded");
    }
    close(dir_fd);
    return ok;
}

bool spool_loaded_read(int dir_fd, struct spool_position *p, struct err *e)
{
    char line[96];
    *p = (struct spool_position){0, 0};
    int fd = disk_open(dir_fd, "loaded", O_RDONLY);
    if (fd < 0)
        return errno == ENOENT || err_errno(e, errno, "cannot read spool/loaded");
    ssize_t n = disk_read(fd, line, sizeof line - 1, 0);
    int why = errno;
    close(fd);
    if (n < 0)
        return err_errno(e, why, "cannot read spool/loaded");
    struct str rest = {line, (size_t)n}, numbers, hash;
    size_t blank = str_find(rest, STR(" "), 0);
    blank = blank == SIZE_MAX ? blank : str_find(rest, STR(" "), blank + 1);
    if (blank == SIZE_MAX)
        goto bad;
    numbers = (struct str){line, blank};
    hash = str_trim((struct str){line + blank, (size_t)n - blank});
    char expected[24];
    snprintf(expected, sizeof expected, "%016llx", (unsigned long long)spool_hash(numbers));
    int64_t segment, offset;
    struct str first = str_cut(numbers, ' ', &rest);
    if (!str_eq(hash, str_of(expected)) || !str_to_i64(first, &segment) || !str_to_i64(rest, &offset))
        goto bad;
    *p = (struct spool_position){(uint64_t)segment, (uint64_t)offset};
    return true;
bad:
    err_at(e, E_SPOOL, STR("spool/loaded"), 0, 0, "spool/loaded is damaged, so that no segment can be used again");
    err_hint(e, "it is written anew when the next events are loaded");
    return false;
}

bool spool_loaded_get(const char *dir, struct spool_position *p, struct err *e)
{
    *p = (struct spool_position){0, 0};
    int dir_fd = disk_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
    if (dir_fd < 0)
        return errno == ENOENT || err_errno(e, errno, "cannot open the folder %s", dir);
    bool ok = spool_loaded_read(dir_fd, p, e);
    close(dir_fd);
    return ok;
}
