/* Segment files. A file is made under *.half, becomes *.free when its room is its own, gets its head, and then its name
 * <number>.seg: what carries that name is whole. Loaded ones become free again; a few are kept, the others removed. */
#include "spool/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "spool/disk.h"
#include "spool/forget.h"
#include "spool/place.h"

enum { FREE_KEPT = 4 };

/* ---- What lies there ---- */

static void number_add(uint64_t **v, size_t *n, uint64_t number)
{
    *v = mem_realloc(*v, (*n + 1) * sizeof **v);
    (*v)[(*n)++] = number;
}

static int number_cmp(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

bool spool_files_list(int dir_fd, struct spool_files *out, struct err *e)
{
    *out = (struct spool_files){0};
    int fd = disk_open(dir_fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        err_errno(e, errno, "cannot list the folder of the spool");
        if (fd >= 0)
            close(fd);
        return false;
    }
    errno = 0;
    for (struct dirent *entry; (entry = readdir(d)); errno = 0) {
        uint64_t number;
        struct stat st;
        enum spool_name_kind kind = spool_name_read(entry->d_name, &number);
        if (kind == SPOOL_NAME_OTHER)
            continue;
        if (kind == SPOOL_NAME_SEGMENT)
            number_add(&out->segments, &out->n_segments, number);
        else if (kind == SPOOL_NAME_FREE)
            number_add(&out->free, &out->n_free, number);
        else
            out->n_half++;
        if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            out->bytes += (uint64_t)st.st_size;
    }
    bool ok = errno == 0 || err_errno(e, errno, "cannot list the folder of the spool");
    closedir(d);
    if (out->n_segments)
        qsort(out->segments, out->n_segments, sizeof *out->segments, number_cmp);
    if (!ok)
        spool_files_fini(out);
    return ok;
}

void spool_files_fini(struct spool_files *f)
{
    mem_free(f->segments);
    mem_free(f->free);
    *f = (struct spool_files){0};
}

/* ---- The writer's files ---- */

static uint64_t size_of(int dir_fd, const char *name)
{
    struct stat st;
    return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_size : 0;
}

/* What a dead writer left half made, and free files of another size: away. */
static void remove_leftovers(struct spool_segments *s, const struct spool_files *f)
{
    for (size_t i = 0; i < f->n_free; i++) {
        struct spool_name name = spool_name_of(SPOOL_NAME_FREE, f->free[i]);
        if (f->free[i] >= s->next_free)
            s->next_free = f->free[i] + 1;
        if (size_of(s->dir_fd, name.z) == s->segment_bytes && s->n_free < FREE_KEPT)
            number_add(&s->free, &s->n_free, f->free[i]);
        else
            unlinkat(s->dir_fd, name.z, 0);
    }
    if (f->n_half == 0)
        return;
    int fd = disk_open(s->dir_fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return; /* they count, and the next start tries again */
    }
    uint64_t number;
    for (struct dirent *entry; (entry = readdir(d));)
        if (spool_name_read(entry->d_name, &number) == SPOOL_NAME_HALF)
            unlinkat(s->dir_fd, entry->d_name, 0);
    closedir(d);
}

bool spool_segments_init(struct spool_segments *s, int dir_fd, uint64_t segment_bytes, uint64_t limit_bytes, struct err *e)
{
    struct spool_files f;
    *s = (struct spool_segments){.dir_fd = dir_fd, .segment_bytes = segment_bytes, .limit_bytes = limit_bytes, .next_free = 1};
    if (!spool_files_list(dir_fd, &f, e))
        return false;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->made, NULL);
    remove_leftovers(s, &f);
    for (size_t i = 0; i < f.n_segments; i++) {
        struct spool_name name = spool_name_of(SPOOL_NAME_SEGMENT, f.segments[i]);
        number_add(&s->sealed, &s->n_sealed, f.segments[i]);
        s->bytes += size_of(dir_fd, name.z);
    }
    s->bytes += s->n_free * segment_bytes;
    spool_files_fini(&f);
    return true;
}

void spool_segments_fini(struct spool_segments *s)
{
    mem_free(s->sealed);
    mem_free(s->free);
    pthread_cond_destroy(&s->made);
    pthread_mutex_destroy(&s->lock);
}

/* A new file with room of its own under *.half. `zeros`: written once, so that later writes change nothing but data. */
static int make_half(struct spool_segments *s, uint64_t number, const atomic_bool *stop, bool zeros, struct err *e)
{
    enum { STEP = 1 << 20 };
    struct spool_name half = spool_name_of(SPOOL_NAME_HALF, number);
    char *p, *mem = NULL;
    int fd = disk_open_direct(s->dir_fd, half.z, O_RDWR | O_CREAT | O_EXCL);
    bool ok = fd >= 0 && disk_reserve(fd, s->segment_bytes);
    if (ok && zeros && (mem = disk_memory(STEP, &p))) {
        for (uint64_t at = 0; ok && at < s->segment_bytes && !atomic_load(stop) && !atomic_load(&s->wanted); at += STEP) {
            struct timespec from, to;
            clock_gettime(CLOCK_MONOTONIC, &from);
            ok = disk_write(fd, p, s->segment_bytes - at < STEP ? (size_t)(s->segment_bytes - at) : STEP, at);
            clock_gettime(CLOCK_MONOTONIC, &to);
            /* As long as the write took, the disk belongs to others. */
            long ns = (to.tv_sec - from.tv_sec) * 1000000000L + (to.tv_nsec - from.tv_nsec);
            struct timespec rest = {0, ns < 0 ? 0 : ns > 20000000 ? 20000000 : ns};
            nanosleep(&rest, NULL);
        }
        ok = ok && disk_sync(fd);
    }
    if (!ok) {
        disk_error(e, errno, "cannot make", half.z);
        if (fd >= 0)
            close(fd);
        unlinkat(s->dir_fd, half.z, 0);
        fd = -1;
    }
    mem_free(mem);
    return fd;
}

static bool room_left(const struct spool_segments *s)
{
    return s->bytes + s->segment_bytes <= s->limit_bytes;
}

/* The number of a free file, or of one to be made, whose room is taken from the limit. Where the last room is that of a file which is just being
 * made ahead, this one is waited for. */
static bool number_take(struct spool_segments *s, uint64_t *number, bool *fresh, struct err *e)
{
    pthread_mutex_lock(&s->lock);
    while (s->n_free == 0 && s->making && !room_left(s)) {
        atomic_store(&s->wanted, true);
        pthread_cond_wait(&s->made, &s->lock);
    }
    atomic_store(&s->wanted, false);
    *fresh = s->n_free == 0;
    bool ok = !*fresh || room_left(s);
    if (ok && *fresh)
        s->bytes += s->segment_bytes;
    if (ok)
        *number = *fresh ? s->next_free++ : s->free[--s->n_free];
    pthread_mutex_unlock(&s->lock);
    if (ok)
        return true;
    err_set(e, E_NO_SPACE, "the spool has reached its limit of %.1f MiB", (double)s->limit_bytes / (1 << 20));
    err_hint(e, "events wait to be loaded: start trellis serve, or see why it does not load them");
    return false;
}

static void room_give(struct spool_segments *s, uint64_t bytes)
{
    pthread_mutex_lock(&s->lock);
    s->bytes -= bytes < s->bytes ? bytes : s->bytes;
    pthread_mutex_unlock(&s->lock);
}

static bool put_head(int fd, const struct spool_head *h)
{
    char *block, *mem = disk_memory(SPOOL_BLOCK, &block);
    if (!mem) {
        errno = ENOMEM;
        return false;
    }
    spool_head_put(block, h);
    bool ok = disk_write(fd, block, SPOOL_BLOCK, 0) && disk_sync(fd);
    mem_free(mem);
    return ok;
}

static bool sync_folder(int dir_fd)
{
    int fd = disk_open(dir_fd, ".", O_RDONLY | O_DIRECTORY);
    bool ok = fd >= 0 && !fault_fires(FAULT_SYNC) && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return ok;
}

bool spool_segments_take(struct spool_segments *s, const struct spool_head *h, int *fd, struct err *e)
{
    struct spool_name name = spool_name_of(SPOOL_NAME_SEGMENT, h->segment), from;
    uint64_t number;
    bool fresh;
    *fd = -1;
    if (!number_take(s, &number, &fresh, e))
        return false;
    if (!fresh) {
        from = spool_name_of(SPOOL_NAME_FREE, number);
        *fd = disk_open_direct(s->dir_fd, from.z, O_RDWR);
    } else {
        from = spool_name_of(SPOOL_NAME_HALF, number);
        *fd = make_half(s, number, NULL, false, e);
        if (*fd < 0) {
            room_give(s, s->segment_bytes);
            return false;
        }
    }
    bool ok = *fd >= 0 && put_head(*fd, h);
    fault_crash_point("spool_segment_head");
    ok = ok && disk_rename(s->dir_fd, from.z, name.z);
    fault_crash_point("spool_segment_named");
    ok = ok && sync_folder(s->dir_fd);
    if (!ok) {
        disk_error(e, errno, "cannot begin", name.z);
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        unlinkat(s->dir_fd, name.z, 0); /* whichever of its names it has by now */
        unlinkat(s->dir_fd, from.z, 0);
        room_give(s, s->segment_bytes);
        return false;
    }
    pthread_mutex_lock(&s->lock);
    number_add(&s->sealed, &s->n_sealed, h->segment);
    pthread_mutex_unlock(&s->lock);
    return true;
}

static void leave_out(struct spool_segments *s, size_t i)
{
    memmove(s->sealed + i, s->sealed + i + 1, (s->n_sealed - i - 1) * sizeof *s->sealed);
    s->n_sealed--;
}

void spool_segments_drop(struct spool_segments *s, uint64_t segment)
{
    struct spool_name name = spool_name_of(SPOOL_NAME_SEGMENT, segment);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_sealed; i++)
        if (s->sealed[i] == segment) {
            uint64_t bytes = size_of(s->dir_fd, name.z);
            if (unlinkat(s->dir_fd, name.z, 0) == 0) {
                s->bytes -= bytes < s->bytes ? bytes : s->bytes;
                leave_out(s, i);
            }
            break;
        }
    pthread_mutex_unlock(&s->lock);
}

/* A person is to be forgotten: no free file is kept. With the lock held. */
static void give_up_free(struct spool_segments *s)
{
    while (s->n_free) {
        struct spool_name name = spool_name_of(SPOOL_NAME_FREE, s->free[s->n_free - 1]);
        if (unlinkat(s->dir_fd, name.z, 0) != 0 && errno != ENOENT)
            return;
        s->n_free--;
        s->bytes -= s->segment_bytes < s->bytes ? s->segment_bytes : s->bytes;
    }
}

void spool_segments_recycle(struct spool_segments *s, uint64_t active)
{
    struct spool_position loaded;
    struct err e = {0};
    bool forget = faccessat(s->dir_fd, SPOOL_FORGET, F_OK, 0) == 0;
    if (!spool_loaded_read(s->dir_fd, &loaded, &e)) {
        log_err(LOG_WARN, "spool", "loaded_unreadable", &e);
        return;
    }
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_sealed;) {
        uint64_t segment = s->sealed[i];
        if (segment >= loaded.segment || segment == active) {
            i++;
            continue;
        }
        struct spool_name name = spool_name_of(SPOOL_NAME_SEGMENT, segment);
        uint64_t bytes = size_of(s->dir_fd, name.z);
        bool keep = !forget && bytes == s->segment_bytes && s->n_free < FREE_KEPT;
        struct spool_name to = spool_name_of(SPOOL_NAME_FREE, s->next_free);
        if (keep ? !disk_rename(s->dir_fd, name.z, to.z) : unlinkat(s->dir_fd, name.z, 0) != 0) {
            i++;
            continue; /* tried again in a second */
        }
        fault_crash_point("spool_segment_freed");
        if (keep)
            number_add(&s->free, &s->n_free, s->next_free++);
        else
            s->bytes -= bytes < s->bytes ? bytes : s->bytes;
        leave_out(s, i);
    }
    if (forget)
        give_up_free(s);
    if (forget && s->n_free == 0)
        unlinkat(s->dir_fd, SPOOL_FORGET, 0);
    pthread_mutex_unlock(&s->lock);
}

void spool_segments_prepare(struct spool_segments *s, const atomic_bool *stop)
{
    struct err e = {0};
    pthread_mutex_lock(&s->lock);
    bool ok = s->making = s->n_free == 0 && room_left(s);
    uint64_t number = ok ? s->next_free++ : 0;
    s->bytes += ok ? s->segment_bytes : 0;
    pthread_mutex_unlock(&s->lock);
    if (!ok)
        return;
    struct spool_name half = spool_name_of(SPOOL_NAME_HALF, number), ready = spool_name_of(SPOOL_NAME_FREE, number);
    int fd = make_half(s, number, stop, true, &e);
    fault_crash_point("spool_file_made");
    ok = fd >= 0 && !atomic_load(stop) && disk_rename(s->dir_fd, half.z, ready.z);
    if (fd >= 0)
        close(fd);
    if (!ok)
        unlinkat(s->dir_fd, half.z, 0);
    pthread_mutex_lock(&s->lock);
    if (ok)
        number_add(&s->free, &s->n_free, number);
    else
        s->bytes -= s->segment_bytes < s->bytes ? s->segment_bytes : s->bytes;
    s->making = false;
    pthread_cond_broadcast(&s->made);
    pthread_mutex_unlock(&s->lock);
}

void spool_segments_count(struct spool_segments *s, uint64_t *in_use, uint64_t *free_files)
{
    pthread_mutex_lock(&s->lock);
    *in_use = s->n_sealed;
    *free_files = s->n_free;
    pthread_mutex_unlock(&s->lock);
}
