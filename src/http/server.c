/* The loop: listeners, wake-ups, time limits, stopping. One thread runs it; connections do their work in conn.c. */
#include "http/http_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"

enum { SWEEP_MS = 500, EVENTS = 256, BACKLOG = 1024, FDS_APART_FROM_CONNECTIONS = 256 };

/* As many descriptors as the system lets us have; the limit on connections follows what that leaves. */
static void raise_fd_limit(struct http_limits *l)
{
    struct rlimit rl;
    if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
        return;
    rlim_t want = (rlim_t)l->connections + FDS_APART_FROM_CONNECTIONS;
    if (rl.rlim_cur < want) {
        rl.rlim_cur = rl.rlim_max < want ? rl.rlim_max : want;
        if (setrlimit(RLIMIT_NOFILE, &rl) != 0)
            getrlimit(RLIMIT_NOFILE, &rl);
    }
    if (rl.rlim_cur < want) {
        rlim_t left = rl.rlim_cur > FDS_APART_FROM_CONNECTIONS * 2 ? rl.rlim_cur - FDS_APART_FROM_CONNECTIONS : rl.rlim_cur / 2;
        l->connections = (int)left;
        log_event(LOG_WARN, "http", "few_descriptors", "connections=%d", l->connections);
    }
}

static bool watch(struct http_server *s, int fd, void *what, struct err *e)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0)
        return err_errno(e, errno, "cannot watch a descriptor");
    return true;
}

bool http_server_open(const struct http_limits *limits, int workers, const struct http_handlers *h, struct http_server **out,
                      struct err *e)
{
    struct http_server *s = mem_alloc(sizeof *s);
    s->limits = *limits;
    s->handlers = *h;
    atomic_init(&s->wanting, NULL);
    raise_fd_limit(&s->limits);
    s->scratch = mem_alloc(HTTP_SCRATCH_BYTES);
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool good = s->epoll_fd >= 0 && s->wake_fd >= 0;
    if (!good)
        err_errno(e, errno, "cannot start the server's loop");
    good = good && watch(s, s->wake_fd, NULL, e) && pool_open(workers, s->limits.queue, conn_work, &s->pool, e);
    if (!good) {
        http_server_close(s);
        return false;
    }
    *out = s;
    return true;
}

/* ---- listeners ---- */
static bool add_listener(struct http_server *s, int fd, char *path, struct err *e)
{
    if (s->n_listeners == HTTP_LISTENERS) {
        close(fd);
        mem_free(path);
        return err_set(e, E_INTERNAL, "more listeners than the table has room for");
    }
    struct http_listener *l = &s->listeners[s->n_listeners++];
    *l = (struct http_listener){fd, path};
    return watch(s, fd, l, e);
}

static bool loopback_address(const char *host, int port, struct sockaddr_storage *out, socklen_t *len)
{
    memset(out, 0, sizeof *out);
    if (strcmp(host, "::1") == 0 || strcmp(host, "[::1]") == 0) {
        struct sockaddr_in6 *a = (struct sockaddr_in6 *)out;
        a->sin6_family = AF_INET6;
        a->sin6_addr = in6addr_loopback;
        a->sin6_port = htons((uint16_t)port);
        *len = sizeof *a;
        return true;
    }
    struct sockaddr_in *a = (struct sockaddr_in *)out;
    a->sin_family = AF_INET;
    a->sin_port = htons((uint16_t)port);
    *len = sizeof *a;
    const char *text = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return inet_pton(AF_INET, text, &a->sin_addr) == 1 && (ntohl(a->sin_addr.s_addr) >> 24) == 127;
}

static bool listen_at(struct http_server *s, struct sockaddr_storage *addr, socklen_t len, const char *host, int port,
                      int *port_out, struct err *e)
{
    int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(e, errno, "cannot make a socket");
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)addr, len) != 0 || listen(fd, BACKLOG) != 0) {
        int why = errno;
        close(fd);
        if (why != EADDRINUSE)
            return err_errno(e, why, "cannot listen on %s port %d", host, port);
        err_set(e, E_BUSY, "port %d is taken by another program", port);
        err_hint(e, "choose another with --port, or --port 0 for any free one");
        return false;
    }
    if (getsockname(fd, (struct sockaddr *)addr, &len) == 0 && port_out)
        *port_out = ntohs(addr->ss_family == AF_INET6 ? ((struct sockaddr_in6 *)addr)->sin6_port
                                                      : ((struct sockaddr_in *)addr)->sin_port);
    return add_listener(s, fd, NULL, e);
}

bool http_server_listen_tcp(struct http_server *s, const char *host, int port, int *port_out, struct err *e)
{
    struct sockaddr_storage addr;
    socklen_t len;
    if (port < 0 || port > 65535)
        return err_set(e, E_USAGE, "%d is no port number", port);
    if (!loopback_address(host, port, &addr, &len)) {
        err_set(e, E_DENIED, "the page and the API may only listen on this machine itself, not on %s", host);
        err_hint(
            e, "leave --host away, or use 127.0.0.1; to look from another machine, forward the port: ssh -L %d:127.0.0.1:%d HOST",
            port, port);
        return false;
    }
    return listen_at(s, &addr, len, host, port, port_out, e);
}

bool http_server_listen_any(struct http_server *s, const char *host, int port, int *port_out, struct err *e)
{
    struct addrinfo ask = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
    struct sockaddr_storage addr = {0};
    char text[16], name[256];
    struct str h = str_of(host);
    if (port < 0 || port > 65535)
        return err_set(e, E_USAGE, "%d is no port number", port);
    if (str_starts(h, STR("[")) && str_ends(h, STR("]")))
        h = (struct str){h.p + 1, h.n - 2};
    snprintf(text, sizeof text, "%d", port);
    snprintf(name, sizeof name, "%.*s", STR_FMT(h));
    int why = getaddrinfo(*name ? name : "::", text, &ask, &found);
    if (why != 0 || !found || found->ai_addrlen > sizeof addr) {
        if (found)
            freeaddrinfo(found);
        err_set(e, E_USAGE, "there is no address %s to listen on", host);
        err_hint(e, "use an address of this machine, 0.0.0.0 for all of them");
        return false;
    }
    socklen_t len = found->ai_addrlen;
    memcpy(&addr, found->ai_addr, len);
    freeaddrinfo(found);
    return listen_at(s, &addr, len, host, port, port_out, e);
}

void http_server_form(struct http_server *s, const char *always, const char *error_begin)
{
    s->always = always;
    s->error_begin = error_begin;
}

void http_server_strict(struct http_server *s)
{
    s->strict = true;
}

/* The address of a Unix socket holds 107 bytes; through the folder's descriptor any path fits. */
bool http_server_listen_unix(struct http_server *s, const char *path, struct err *e)
{
    struct str whole = str_of(path), dir = fs_dirname(whole), name = fs_basename(whole);
    char *dir_z = mem_strdup(dir);
    int dir_fd = open(dir_z, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    bool good = false;
    int n = snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%.*s", dir_fd, STR_FMT(name));
    if (dir_fd < 0 || n < 0 || (size_t)n >= sizeof a.sun_path) {
        err_errno(e, dir_fd < 0 ? errno : ENAMETOOLONG, "cannot make the socket %s", path);
        goto out;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(a.sun_path); /* left by a process that was killed: the lock says that nobody serves there */
    mode_t before = umask(0177);
    good = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, BACKLOG) == 0;
    int why = errno;
    umask(before);
    if (!good)
        err_errno(e, why, "cannot make the socket %s", path);
out:
    if (dir_fd >= 0)
        close(dir_fd);
    mem_free(dir_z);
    if (!good && fd >= 0)
        close(fd);
    return good && add_listener(s, fd, mem_strdup(whole), e);
}

static void close_listeners(struct http_server *s)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        struct http_listener *l = &s->listeners[i];
        close(l->fd);
        if (l->path)
            unlink(l->path);
        mem_free(l->path);
    }
    s->n_listeners = 0;
}

static void pause_accepting(struct http_server *s, bool pause)
{
    s->accept_paused = pause;
    for (size_t i = 0; i < s->n_listeners; i++) {
        struct epoll_event ev = {.events = pause ? 0 : EPOLLIN, .data.ptr = &s->listeners[i]};
        epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, s->listeners[i].fd, &ev);
    }
}

static bool same_user(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static void turn_away(int fd)
{
    static const char full[] =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    ssize_t k = send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)k; /* a courtesy */
    close(fd);
}

/* "" for a Unix socket; an IPv4 address that came in over IPv6 is written as what it is. */
static void address_text(const struct sockaddr_storage *a, char out[INET6_ADDRSTRLEN])
{
    const void *bytes = NULL;
    int family = a->ss_family;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)a)->sin6_addr;
    *out = 0;
    if (family == AF_INET)
        bytes = &((const struct sockaddr_in *)a)->sin_addr;
    else if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(six))
        bytes = six->s6_addr + 12, family = AF_INET;
    else if (family == AF_INET6)
        bytes = six;
    if (bytes && !inet_ntop(family, bytes, out, INET6_ADDRSTRLEN))
        *out = 0;
}

static void accept_some(struct http_server *s, struct http_listener *l)
{
    for (int i = 0; i < 64; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                pause_accepting(s, true); /* until the next sweep */
            return;
        }
        if (l->path && !same_user(fd)) {
            log_event(LOG_WARN, "http", "foreign_peer", "listener=unix");
            close(fd);
        } else if (atomic_load(&s->n_conns) >= (size_t)s->limits.connections) {
            turn_away(fd);
        } else {
            int on = 1;
            if (!l->path)
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            char peer[INET6_ADDRSTRLEN];
            address_text(&from, peer);
            conn_accepted(s, fd, l->path != NULL, peer);
        }
    }
}

/* ---- the loop ---- */
static void serve_wanting(struct http_server *s)
{
    uint64_t count;
    ssize_t k = read(s->wake_fd, &count, sizeof count);
    (void)k; /* empty when another wake-up took it */
    struct http_conn *first = NULL, *newest = atomic_exchange(&s->wanting, NULL);
    while (newest) { /* in the order in which they came */
        struct http_conn *next = newest->next_wanting;
        newest->next_wanting = first;
        first = newest;
        newest = next;
    }
    while (first) {
        struct http_conn *c = first;
        first = c->next_wanting;
        atomic_store(&c->wants_loop, false); /* from here on it may be put on the list again */
        conn_wanted(c);
        conn_unref(c);
    }
}

static void sweep(struct http_server *s)
{
    int64_t now = clock_mono_us();
    if (now < s->next_sweep_us)
        return;
    s->next_sweep_us = now + SWEEP_MS * 1000;
    struct http_conn *next;
    for (struct http_conn *c = s->conns; c; c = next) {
        next = c->next;
        conn_sweep(c, now);
    }
    if (s->accept_paused)
        pause_accepting(s, false);
}

static void for_all(struct http_server *s, void (*fn)(struct http_conn *c))
{
    struct http_conn *next;
    for (struct http_conn *c = s->conns; c; c = next) {
        next = c->next;
        fn(c);
    }
}

/* False: time to leave the loop. */
static bool still_needed(struct http_server *s)
{
    int stops = atomic_load(&s->stops);
    if (stops == 0)
        return true;
    if (!s->draining) {
        s->draining = true;
        s->drain_until_us = clock_mono_us() + (int64_t)s->limits.drain_ms * 1000;
        close_listeners(s);
    }
    for_all(s, conn_drain);
    return s->conns && stops < 2 && clock_mono_us() < s->drain_until_us;
}

void http_server_run(struct http_server *s)
{
    struct epoll_event events[EVENTS];
    while (still_needed(s)) {
        bool timed = s->conns || s->accept_paused || s->draining;
        int n = epoll_wait(s->epoll_fd, events, EVENTS, timed ? SWEEP_MS : -1);
        for (int i = 0; i < n; i++) {
            void *what = events[i].data.ptr;
            if (what >= (void *)s->listeners && what < (void *)(s->listeners + HTTP_LISTENERS))
                accept_some(s, what);
            else if (what)
                conn_event(what, events[i].events);
        }
        serve_wanting(s);
        sweep(s);
        conn_bury(s);
    }
    for_all(s, conn_close);
    conn_bury(s);
    close_listeners(s);
}

void http_server_stop(struct http_server *s)
{
    uint64_t one = 1;
    atomic_fetch_add(&s->stops, 1);
    ssize_t k = write(s->wake_fd, &one, sizeof one);
    (void)k;
}

size_t http_server_connections(const struct http_server *s)
{
    return atomic_load(&((struct http_server *)(uintptr_t)s)->n_conns);
}

void http_server_close(struct http_server *s)
{
    if (!s)
        return;
    for_all(s, conn_close);
    pool_close(s->pool);
    serve_wanting(s);
    conn_bury(s);
    close_listeners(s);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    if (s->epoll_fd >= 0)
        close(s->epoll_fd);
    tls_free(s);
    mem_free(s->scratch);
    mem_free(s);
}
