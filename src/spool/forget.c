/* Overwriting what has been loaded: groups before the place of the loader, and free files. A writer may be at work in this or in another process: it only ever
 * writes behind what is loaded, and it takes free files; so those it gives up itself, asked to by the file `forget`. */
#include "spool/forget.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "spool/disk.h"
#include "spool/place.h"
#include "spool/segments.h"

enum { PIECE = 1 << 20, WAIT_STEPS = 80, WAIT_STEP_NS = 100000000 };

static bool zero(int fd, uint64_t from, uint64_t to, const char *name, struct err *e)
{
    static const char zeros[PIECE];
    while (from < to) {
        size_t n = to - from < PIECE ? (size_t)(to - from) : PIECE;
        if (!disk_write(fd, zeros, n, from))
            return disk_error(e, errno, "cannot overwrite", name);
        from += n;
    }
    return true;
}

/* Whole groups that end at or before `limit`; what is no group (overwritten before) is passed over. */
static bool zero_groups(int fd, uint64_t epoch, uint64_t limit, const char *name, uint64_t *bytes, struct err *e)
{
    char head[SPOOL_GROUP_HEAD];
    struct spool_group g;
    for (uint64_t at = SPOOL_BLOCK; at + SPOOL_BLOCK <= limit;) {
        if (disk_read(fd, head, sizeof head, at) != (ssize_t)sizeof head)
            return disk_error(e, errno, "cannot read", name);
        if (!spool_group_get(head, epoch, at, &g)) {
            at += SPOOL_BLOCK;
            continue;
        }
        uint64_t end = spool_group_end(&g);
        if (end > limit)
            break;
        if (!zero(fd, at, end, name, e))
            return false;
        *bytes += end - at;
        at = end;
    }
    return true;
}

static bool segment(int dir_fd, uint64_t number, const struct spool_position *loaded, uint64_t *bytes, struct err *e)
{
    struct spool_name name = spool_name_of(SPOOL_NAME_SEGMENT, number);
    char block[SPOOL_BLOCK];
    struct spool_head h;
    struct stat st;
    uint32_t version;
    bool ok = false;
    if (number > loaded->segment)
        return true;
    int fd = disk_open(dir_fd, name.z, O_RDWR);
    if (fd < 0)
        return errno == ENOENT || disk_error(e, errno, "cannot open", name.z); /* the writer has freed it meanwhile: see below */
    if (fstat(fd, &st) != 0 || disk_read(fd, block, sizeof block, 0) != (ssize_t)sizeof block) {
        disk_error(e, errno, "cannot read", name.z);
        goto out;
    }
    if (!spool_head_get(block, &h, &version) || h.segment != number)
        ok = true; /* used again by the writer, or none of ours */
    else
        ok = zero_groups(fd, h.epoch, number < loaded->segment ? (uint64_t)st.st_size : loaded->offset, name.z, bytes, e) &&
             (disk_sync(fd) || disk_error(e, errno, "cannot sync", name.z));
out:
    close(fd);
    return ok;
}

static bool remove_free(int dir_fd, struct err *e)
{
    struct spool_files f;
    if (!spool_files_list(dir_fd, &f, e))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < f.n_free; i++) {
        struct spool_name name = spool_name_of(SPOOL_NAME_FREE, f.free[i]);
        ok = unlinkat(dir_fd, name.z, 0) == 0 || errno == ENOENT || disk_error(e, errno, "cannot remove", name.z);
    }
    spool_files_fini(&f);
    return ok;
}

/* A writer that is alive looks each second. */
static bool ask_writer(int dir_fd, bool *done, struct err *e)
{
    int fd = disk_open(dir_fd, SPOOL_FORGET, O_WRONLY | O_CREAT);
    if (fd < 0)
        return disk_error(e, errno, "cannot write", SPOOL_FORGET);
    close(fd);
    *done = false;
    for (int i = 0; i < WAIT_STEPS && !*done; i++) {
        const struct timespec step = {.tv_nsec = WAIT_STEP_NS};
        nanosleep(&step, NULL);
        *done = faccessat(dir_fd, SPOOL_FORGET, F_OK, 0) != 0;
    }
    return true;
}

bool spool_forget(const char *dir, uint64_t *bytes, bool *whole, struct err *e)
{
    struct spool_position loaded;
    struct spool_files f = {0};
    bool ok = false;
    *bytes = 0;
    *whole = true;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), lock = -1;
    if (dir_fd < 0)
        return errno == ENOENT || err_errno(e, errno, "cannot open the spool %s", dir);
    if (!spool_loaded_read(dir_fd, &loaded, e))
        goto out;
    struct err busy = {0};
    if (spool_lock_take(dir_fd, dir, &lock, &busy)) {
        if (!remove_free(dir_fd, e))
            goto out;
        unlinkat(dir_fd, SPOOL_FORGET, 0);
    } else if (!ask_writer(dir_fd, whole, e)) {
        goto out;
    }
    /* After the free files: a segment that became free meanwhile has gone with them, or is still here under its number. */
    if (!spool_files_list(dir_fd, &f, e))
        goto out;
    ok = true;
    for (size_t i = 0; ok && i < f.n_segments; i++)
        ok = segment(dir_fd, f.segments[i], &loaded, bytes, e);
    fault_crash_point("spool_forgotten");
out:
    spool_files_fini(&f);
    if (lock >= 0)
        close(lock);
    close(dir_fd);
    return ok;
}
