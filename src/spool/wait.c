/* Waiting: the kernel tells of changes of `durable`, from whichever process. Where it cannot (no spool yet, too many watches),
 * a look now and then. */
#include "spool/reader.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"

enum { LOOK_MS = 50 };

static void watch(struct spool_reader *r)
{
    char path[4096];
    if (r->watch >= 0 || r->durable_fd < 0)
        return;
    if (r->notify_fd < 0)
        r->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", r->durable_fd); /* the file that is open, wherever its folder is by now */
    if (r->notify_fd >= 0)
        r->watch = inotify_add_watch(r->notify_fd, path, IN_MODIFY);
}

static void drain(int fd)
{
    char room[4096];
    while (read(fd, room, sizeof room) > 0)
        continue;
}

bool spool_wait(struct spool_reader *r, int timeout_ms, int wake)
{
    int64_t end = clock_mono_us() + (int64_t)timeout_ms * 1000;
    if (r->watch < 0 &&
        reader_attach(r)) { /* not when opening: many readers never wait, and ending a watch takes the kernel long */
        watch(r);
        if (r->watch >= 0)
            return true; /* what came before the watch was there is to be looked for first */
    }
    for (;;) {
        struct pollfd p[2] = {{.fd = r->watch >= 0 ? r->notify_fd : -1, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
        int64_t left = (end - clock_mono_us() + 999) / 1000;
        if (timeout_ms >= 0 && left < 0)
            left = 0;
        int ms = timeout_ms < 0 ? -1 : (int)left;
        if (r->watch < 0 && (ms < 0 || ms > LOOK_MS))
            ms = LOOK_MS;
        int n = poll(p, 2, ms);
        if (n < 0 && errno != EINTR)
            return false;
        if (p[0].revents) {
            drain(r->notify_fd);
            return true;
        }
        if (n > 0)
            return true;
        if (timeout_ms >= 0 && clock_mono_us() >= end)
            return false;
        if (r->watch < 0 && reader_attach(r)) {
            watch(r);
            if (r->watch >= 0 || r->durable_fd >= 0)
                return true;
        }
    }
}
