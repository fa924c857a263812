/* Files and folders: whole-file reads, atomic writes, folders, locks. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

static int open_file(const char *path, int flags, unsigned mode)
{
    if (fault_fires(FAULT_OPEN)) {
        errno = EIO;
        return -1;
    }
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static ssize_t read_some(int fd, char *p, size_t n)
{
    if (fault_fires(FAULT_READ)) {
        errno = EIO;
        return -1;
    }
    ssize_t got;
    do
        got = read(fd, p, n);
    while (got < 0 && errno == EINTR);
    return got;
}

bool fs_read(struct arena *a, const char *path, size_t max_bytes, struct str *out, struct err *e)
{
    bool ok = false;
    char *piece = NULL;
    struct stat st;
    int fd = open_file(path, O_RDONLY | O_NONBLOCK, 0); /* a pipe of this name must not hang us */
    if (fd < 0)
        return errno == ENOENT ? err_set(e, E_NOT_FOUND, "there is no file %s", path)
                               : err_errno(e, errno, "cannot read %s", path);
    if (fstat(fd, &st) != 0) {
        err_errno(e, errno, "cannot read %s", path);
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        err_set(e, E_IO, "%s is %s, not a file", path, S_ISDIR(st.st_mode) ? "a folder" : "a device or pipe");
        goto out;
    }
    if ((uint64_t)st.st_size > max_bytes) {
        err_set(e, E_TOO_LARGE, "%s has %lld bytes; the limit is %zu", path, (long long)st.st_size, max_bytes);
        goto out;
    }
    size_t size = (size_t)st.st_size, n = 0;
    piece = mem_try_alloc(size + 1);
    if (!piece) {
        err_set(e, E_MEMORY, "not enough memory to read %s (%zu bytes)", path, size);
        goto out;
    }
    while (n < size) {
        ssize_t got = read_some(fd, piece + n, size - n);
        if (got < 0) {
            err_errno(e, errno, "cannot read %s", path);
            goto out;
        }
        if (got == 0)
            break; /* shortened meanwhile */
        n += (size_t)got;
    }
    *out = arena_str(a, (struct str){piece, n});
    ok = true;
out:
    mem_free(piece);
    close(fd);
    return ok;
}

static bool write_all(int fd, struct str data)
{
    while (data.n) {
        size_t part = data.n;
        if (fault_fires(FAULT_WRITE)) { /* a torn write: half arrives, then the disk is full */
            ssize_t ignored = write(fd, data.p, part / 2);
            (void)ignored;
            errno = ENOSPC;
            return false;
        }
        ssize_t put = write(fd, data.p, part);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        data.p += put;
        data.n -= (size_t)put;
    }
    return true;
}

static int sync_fd(int fd)
{
    if (fault_fires(FAULT_SYNC)) {
        errno = EIO;
        return -1;
    }
    return fsync(fd);
}

/* Two threads may write one file at once: each has a name of its own for what it is writing. */
static char *temp_beside(const char *path)
{
    static atomic_uint count;
    const size_t bytes = strlen(path) + 48;
    char *temp = mem_alloc(bytes);
    snprintf(temp, bytes, "%s.%ld.%u.tmp", path, (long)getpid(), atomic_fetch_add(&count, 1));
    return temp;
}

/* there: NULL to replace what is there; else it is left as it is, and *there told. */
static bool put_file(const char *path, struct str data, unsigned mode, bool *there, struct err *e)
{
    bool ok = false;
    int fd = -1, dir_fd = -1;
    char *dir = mem_strdup(fs_dirname(str_of(path))), *temp = temp_beside(path);
    fd = open_file(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
    if (fd < 0 || fchmod(fd, (mode_t)mode) != 0 || !write_all(fd, data) || sync_fd(fd) != 0) {
        err_errno(e, errno, "cannot write %s", path);
        goto out;
    }
    int put = fault_fires(FAULT_RENAME) ? (errno = EIO, -1) : there ? link(temp, path) : rename(temp, path);
    if (there && (*there = put != 0 && errno == EEXIST)) {
        ok = true;
        goto out;
    }
    if (put != 0) {
        err_errno(e, errno, "cannot put %s in its place", path);
        goto out;
    }
    if (!there) {
        mem_free(temp);
        temp = NULL;
    }
    dir_fd = open_file(dir, O_RDONLY | O_DIRECTORY, 0);
    if (dir_fd < 0 || sync_fd(dir_fd) != 0) {
        err_errno(e, errno, "cannot make sure that %s is on disk", path);
        goto out;
    }
    ok = true;
out:
    if (fd >= 0)
        close(fd);
    if (dir_fd >= 0)
        close(dir_fd);
    if (temp) {
        unlink(temp);
        mem_free(temp);
    }
    mem_free(dir);
    return ok;
}

bool fs_write_atomic(const char *path, struct str data, unsigned mode, struct err *e)
{
    return put_file(path, data, mode, NULL, e);
}

bool fs_write_new(const char *path, struct str data, unsigned mode, bool *there, struct err *e)
{
    return put_file(path, data, mode, there, e);
}

bool fs_mkdirs(const char *path, unsigned mode, struct err *e)
{
    char *z = mem_strdup(str_of(path));
    bool ok = true;
    size_t n = strlen(z);
    while (n > 1 && z[n - 1] == '/')
        z[--n] = 0;
    for (size_t i = 1; i <= n && ok; i++) {
        if (z[i] != '/' && z[i] != 0)
            continue;
        z[i] = 0;
        struct stat st;
        if (stat(z, &st) != 0) {
            if (mkdir(z, (mode_t)mode) != 0 && errno != EEXIST)
                ok = err_errno(e, errno, "cannot make the folder %s", z);
        } else if (!S_ISDIR(st.st_mode)) {
            ok = err_set(e, E_IO, "cannot make the folder %s: a file of this name is in the way", z);
        }
        if (i < n)
            z[i] = '/';
    }
    mem_free(z);
    return ok;
}

bool fs_stat(const char *path, struct fs_stat *out)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    *out = (struct fs_stat){.size_bytes = (uint64_t)st.st_size,
                            .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
                            .is_dir = S_ISDIR(st.st_mode)};
    return true;
}

bool fs_exists(const char *path)
{
    struct fs_stat st;
    return fs_stat(path, &st);
}

bool fs_is_dir(const char *path)
{
    struct fs_stat st;
    return fs_stat(path, &st) && st.is_dir;
}

static int name_compare(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool fs_list(struct arena *a, const char *dir, struct str **names, size_t *n, struct err *e)
{
    *names = NULL;
    *n = 0;
    DIR *d = fault_fires(FAULT_OPEN) ? (errno = EIO, NULL) : opendir(dir);
    if (!d)
        return errno == ENOENT ? err_set(e, E_NOT_FOUND, "there is no folder %s", dir)
                               : err_errno(e, errno, "cannot list the folder %s", dir);
    struct str *v = NULL;
    size_t count = 0, cap = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(d);
        if (!entry)
            break;
        if (entry->d_name[0] == '.')
            continue;
        if (count == cap) {
            cap = cap ? cap * 2 : 32;
            v = mem_realloc(v, cap * sizeof *v);
        }
        v[count++] = arena_str(a, str_of(entry->d_name));
    }
    bool ok = errno == 0 || err_errno(e, errno, "cannot list the folder %s", dir);
    closedir(d);
    if (ok && count) {
        qsort(v, count, sizeof *v, name_compare);
        *names = arena_array(a, count, sizeof *v);
        memcpy(*names, v, count * sizeof *v);
        *n = count;
    }
    mem_free(v);
    return ok;
}

/* Removes what stands below an open folder; symbolic links are removed, never followed. Moves `fd`. */
static bool remove_below(int fd, const char *path, unsigned depth, struct err *e)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return err_errno(e, errno, "cannot list the folder %s", path);
    }
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(d));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (unlinkat(dirfd(d), name, 0) == 0)
            continue;
        if (errno != EISDIR && errno != EPERM) {
            ok = err_errno(e, errno, "cannot remove %s/%s", path, name);
            break;
        }
        int child = openat(dirfd(d), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child < 0 || depth > 256) {
            ok = err_errno(e, child < 0 ? errno : ELOOP, "cannot remove %s/%s", path, name);
            if (child >= 0)
                close(child);
            break;
        }
        ok = remove_below(child, path, depth + 1, e);
        if (ok && unlinkat(dirfd(d), name, AT_REMOVEDIR) != 0)
            ok = err_errno(e, errno, "cannot remove %s/%s", path, name);
    }
    closedir(d);
    return ok;
}

bool fs_remove_tree(const char *path, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT || err_errno(e, errno, "cannot remove %s", path);
    if (!S_ISDIR(st.st_mode))
        return unlink(path) == 0 || err_errno(e, errno, "cannot remove %s", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "cannot remove %s", path);
    return remove_below(fd, path, 0, e) && (rmdir(path) == 0 || err_errno(e, errno, "cannot remove %s", path));
}

struct str fs_join(struct arena *a, struct str dir, struct str name)
{
    if (dir.n == 0 || (name.n && name.p[0] == '/'))
        return arena_str(a, name);
    if (name.n == 0)
        return arena_str(a, dir);
    return arena_printf(a, "%.*s%s%.*s", STR_FMT(dir), dir.p[dir.n - 1] == '/' ? "" : "/", STR_FMT(name));
}

static size_t last_slash(struct str path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/')
            return i - 1;
    return SIZE_MAX;
}

struct str fs_basename(struct str path)
{
    size_t at = last_slash(path);
    return at == SIZE_MAX ? path : (struct str){path.p + at + 1, path.n - at - 1};
}

struct str fs_dirname(struct str path)
{
    size_t at = last_slash(path);
    if (at == SIZE_MAX)
        return STR(".");
    return at == 0 ? STR("/") : (struct str){path.p, at};
}

bool fs_lock(const char *path, int *fd, struct err *e)
{
    *fd = -1;
    int f = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (f < 0)
        return err_errno(e, errno, "cannot open the lock %s", path);
    int rc;
    do
        rc = flock(f, LOCK_EX | LOCK_NB);
    while (rc != 0 && errno == EINTR);
    if (rc != 0) {
        int why = errno;
        close(f);
        return why == EWOULDBLOCK ? err_set(e, E_BUSY, "another process holds %s", path)
                                  : err_errno(e, why, "cannot lock %s", path);
    }
    *fd = f;
    return true;
}

void fs_unlock(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
