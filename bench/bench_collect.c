/* The collector against what the machine can do at all: durable POSTs of one event (64 and 256 connections) and of 100 events
 * (64), interleaved with a bare 204 of the same HTTP server and, where nginx is installed, with its `return 204`. The servers run
 * on one core, the load on another; the aims are shares of nginx (1 event at 256 connections 45 %, 100 events 25 %).
 *   bench_collect [ROUNDS [MILLISECONDS]]        (TMPDIR: where the spool lies) */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fs.h"
#include "collect/collect.h"
#include "http/http.h"
#include "spool/spool.h"

enum { ROUNDS = 7, ROUND_MS = 1000, CONNECTIONS = 256, LOADER_MS = 50, MAX_ROUNDS = 99 };
#define KEY "bench-0123456789abcdefghijklmnopq"

static void fail(const char *what)
{
    fprintf(stderr, "bench_collect: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core % (int)sysconf(_SC_NPROCESSORS_ONLN), &set);
    sched_setaffinity(0, sizeof set, &set);
}

/* ---- servers, each a process of its own on the first core ---- */
struct server {
    const char *name;
    pid_t pid;
    int port;
};

static bool nothing(void *ctx, const struct http_request *q, struct http_reply *r)
{
    (void)ctx;
    (void)q;
    http_reply_whole(r, 204, STR(""), STR(""), true);
    return true;
}

static void never(void *ctx, const struct http_request *q, struct http_reply *r)
{
    nothing(ctx, q, r);
}

static void tell_port(int fd, int port)
{
    if (write(fd, &port, sizeof port) != sizeof port)
        _exit(1);
}

static void run_bare(const char *dir, int fd)
{
    struct http_limits l = http_limits_default();
    struct http_handlers h = {.fast = nothing, .answer = never};
    struct http_server *s;
    struct err e = {0};
    int port = 0;
    (void)dir;
    if (!http_server_open(&l, 1, &h, &s, &e) || !http_server_listen_tcp(s, "127.0.0.1", 0, &port, &e))
        fail(e.text);
    http_server_form(s, "", NULL);
    tell_port(fd, port);
    http_server_run(s);
}

static void write_settings(const char *spool)
{
    struct sha key;
    struct arena a;
    struct err e = {0};
    arena_init(&a);
    sha_bytes(STR(KEY), &key);
    struct str text = arena_printf(&a,
                                   "{\"version\":1,\"mesh\":\"bench\",\"sources\":[{\"ref\":\"web.site\",\"enabled\":true,"
                                   "\"keys\":[{\"id\":1,\"sha256\":\"%s\"}],\"rate\":100000000}]}",
                                   key.hex);
    struct str path = fs_join(&a, str_of(spool), STR("collector.json"));
    if (!fs_mkdirs(spool, 0700, &e) || !fs_write_atomic(path.p, text, 0600, &e))
        fail(e.text);
    arena_fini(&a);
}

/* What a loader does for the spool: says that everything is loaded, so that segments are used again. */
static void run_collector(const char *dir, int fd)
{
    struct collect_options o = {.data_dir = dir, .host = "127.0.0.1"};
    struct collect *c;
    struct err e = {0};
    char spool[512];
    snprintf(spool, sizeof spool, "%s/spool", dir);
    write_settings(spool);
    if (!collect_open(&o, &c, &e))
        fail(e.text);
    tell_port(fd, collect_port(c));
    for (;;) {
        usleep(LOADER_MS * 1000);
        if (!spool_loaded_set(spool, spool_durable(collect_spool(c)), &e))
            fail(e.text);
    }
}

static struct server start(const char *name, void (*run)(const char *dir, int fd), const char *dir)
{
    struct server s = {.name = name};
    int pipe_fds[2];
    if (pipe(pipe_fds) != 0)
        fail("a pipe");
    s.pid = fork();
    if (s.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin(0);
        run(dir, pipe_fds[1]);
        _exit(0);
    }
    close(pipe_fds[1]);
    if (read(pipe_fds[0], &s.port, sizeof s.port) != sizeof s.port)
        fail(name);
    close(pipe_fds[0]);
    return s;
}

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        fail("a free port");
    close(fd);
    return ntohs(a.sin_port);
}

/* One worker in one process, without logs: the figure that the aims are shares of. */
static bool start_nginx(const char *dir, struct server *s)
{
    char conf[600], text[4096];
    struct err e = {0};
    if (access("/usr/sbin/nginx", X_OK) != 0)
        return false;
    s->name = "nginx return 204";
    s->port = free_port();
    snprintf(conf, sizeof conf, "%s/nginx.conf", dir);
    int n =
        snprintf(text, sizeof text,
                 "daemon off; master_process off; worker_processes 1; pid %s/nginx.pid; error_log /dev/null;\n"
                 "events { worker_connections 2048; }\n"
                 "http { access_log off; keepalive_requests 1000000000; client_max_body_size 8m; client_body_temp_path %s/body;\n"
                 "proxy_temp_path %s/proxy; fastcgi_temp_path %s/fastcgi; uwsgi_temp_path %s/uwsgi; scgi_temp_path %s/scgi;\n"
                 "server { listen 127.0.0.1:%d backlog=1024; location / { return 204; } } }\n",
                 dir, dir, dir, dir, dir, dir, s->port);
    if (!fs_write_atomic(conf, (struct str){text, (size_t)n}, 0600, &e))
        fail(e.text);
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin(0);
        execl("/usr/sbin/nginx", "nginx", "-c", conf, "-p", dir, (char *)NULL);
        _exit(1);
    }
    return true;
}

static double cpu_seconds(pid_t pid)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    const char *at = strrchr(text, ')');
    if (at)
        sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- the load: each connection sends, waits for its answer, sends again ---- */
struct client {
    int fd;
    size_t sent, got;
};

static int dial(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 200; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
            fcntl(fd, F_SETFL, O_NONBLOCK);
            return fd;
        }
        if (fd >= 0)
            close(fd);
        usleep(10000); /* nginx is still starting */
    }
    return -1;
}

/* The size of an answer, from the first of each server: those that follow have the same. */
static size_t answer_size(int port, struct str request)
{
    char room[4096];
    size_t n = 0;
    int fd = dial(port);
    if (fd < 0)
        fail("a connection");
    fcntl(fd, F_SETFL, 0);
    for (size_t at = 0; at < request.n;) {
        ssize_t k = send(fd, request.p + at, request.n - at, MSG_NOSIGNAL);
        if (k <= 0)
            fail("the first request");
        at += (size_t)k;
    }
    for (;;) {
        ssize_t k = recv(fd, room + n, sizeof room - 1 - n, 0);
        if (k <= 0)
            fail("the first answer");
        n += (size_t)k;
        room[n] = 0;
        const char *end = strstr(room, "\r\n\r\n"), *length = strcasestr(room, "content-length:");
        if (strncmp(room, "HTTP/1.1 20", 11) != 0) {
            fprintf(stderr, "bench_collect: %s\n", room);
            exit(1);
        }
        size_t body = length ? strtoul(length + 15, NULL, 10) : 0;
        if (end && n >= (size_t)(end + 4 - room) + body)
            break;
    }
    close(fd);
    return n;
}

static void push(int ep, struct client *c, struct str request)
{
    while (c->sent < request.n) {
        ssize_t k = send(c->fd, request.p + c->sent, request.n - c->sent, MSG_NOSIGNAL);
        if (k < 0 && errno == EAGAIN)
            break;
        if (k <= 0)
            fail("a request");
        c->sent += (size_t)k;
    }
    struct epoll_event ev = {.events = c->sent < request.n ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};
    if (c->sent < request.n)
        epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev);
}

struct figure {
    double per_second, per_cpu_second;
};

static struct figure load(const struct server *s, int connections, struct str request, int ms)
{
    static struct client clients[CONNECTIONS];
    static char room[64 << 10];
    struct epoll_event events[CONNECTIONS];
    size_t size = answer_size(s->port, request), done = 0;
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < connections; i++) {
        clients[i] = (struct client){.fd = dial(s->port)};
        if (clients[i].fd < 0)
            fail("a connection");
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &clients[i]};
        epoll_ctl(ep, EPOLL_CTL_ADD, clients[i].fd, &ev);
    }
    double cpu = cpu_seconds(s->pid);
    int64_t from = clock_mono_us(), until = from + (int64_t)ms * 1000, now = from;
    for (int i = 0; i < connections; i++)
        push(ep, &clients[i], request);
    for (; now < until; now = clock_mono_us()) {
        int n = epoll_wait(ep, events, connections, 100);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (c->sent < request.n) {
                push(ep, c, request);
                if (c->sent == request.n) {
                    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
                    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev);
                }
                continue;
            }
            ssize_t k = recv(c->fd, room, sizeof room, 0);
            if (k <= 0)
                fail("an answer");
            if (c->got == 0 && memcmp(room, "HTTP/1.1 20", k < 11 ? (size_t)k : 11) != 0)
                fail("an answer that is no success");
            c->got += (size_t)k;
            if (c->got >= size) {
                done++;
                c->sent = c->got = 0;
                push(ep, c, request);
            }
        }
    }
    double seconds = (double)(now - from) / 1e6, used = cpu_seconds(s->pid) - cpu;
    for (int i = 0; i < connections; i++)
        close(clients[i].fd);
    close(ep);
    usleep(50000);
    return (struct figure){(double)done / seconds, used > 0 ? (double)done / used : 0};
}

/* ---- bodies ---- */
static void add_event(struct buf *b, int i)
{
    buf_printf(b,
               "{\"type\":\"track\",\"messageId\":\"node-next-1732271000%03d-6f1a52c4-7e0b\",\"anonymousId\":\"507f191e-810c-"
               "4197-29de-860ea%03d\","
               "\"event\":\"Product "
               "Viewed\",\"timestamp\":\"2026-01-05T10:00:%02d.000Z\",\"properties\":{\"product_id\":\"507f1f77bcf86cd79943\","
               "\"sku\":\"G-32\",\"category\":\"Games\",\"name\":\"Monopoly: 3rd "
               "Edition\",\"price\":18.99,\"quantity\":1,\"currency\":\"EUR\",\"position\":%d},"
               "\"context\":{\"library\":{\"name\":\"analytics.js\",\"version\":\"2.11.1\"},\"page\":{\"path\":\"/"
               "games\",\"url\":\"https://shop.example/games\"},"
               "\"locale\":\"de-DE\",\"campaign\":{\"source\":\"google\",\"medium\":\"cpc\"}},\"integrations\":{\"All\":true}}",
               i, i, i % 60, i % 10);
}

static struct str make_request(struct arena *a, int events)
{
    struct buf body = BUF_INIT((size_t)1 << 20);
    buf_addz(&body, events > 1 ? "{\"batch\":[" : "");
    for (int i = 0; i < events; i++) {
        buf_addz(&body, i ? "," : "");
        add_event(&body, i);
    }
    buf_addz(&body, events > 1 ? "],\"sentAt\":\"2026-01-05T10:00:05.000Z\"}" : "");
    char auth[128];
    sodium_bin2base64(auth, sizeof auth, (const unsigned char *)KEY ":", sizeof KEY, sodium_base64_VARIANT_ORIGINAL);
    struct str r =
        arena_printf(a,
                     "POST /v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\n"
                     "User-Agent: analytics-node/2.1.0\r\nContent-Length: %zu\r\n\r\n%.*s",
                     events > 1 ? "batch" : "track", auth, body.n, STR_FMT(buf_str(&body)));
    buf_fini(&body);
    return r;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n, double *least, double *most)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    *least = v[0];
    *most = v[n - 1];
    return v[n / 2];
}

static const struct {
    const char *what;
    int events, connections;
} cases[] = {{"1 event, 64 connections", 1, 64}, {"1 event, 256 connections", 1, 256}, {"100 events, 64 connections", 100, 64}};

int main(int argc, char **argv)
{
    int64_t wanted[2] = {ROUNDS, ROUND_MS};
    for (int i = 0; i < 2 && i + 1 < argc; i++)
        if (!str_to_i64(str_of(argv[i + 1]), &wanted[i]) || wanted[i] < 1 || wanted[i] > 600000)
            return fprintf(stderr, "usage: bench_collect [ROUNDS [MILLISECONDS]]\n"), 2;
    int rounds = (int)wanted[0], ms = (int)wanted[1], n_servers = 2;
    char dir[512];
    struct arena a;
    struct server servers[3];
    static double wall[3][MAX_ROUNDS], cpu[3][MAX_ROUNDS], share[3][MAX_ROUNDS], cpu_share[3][MAX_ROUNDS];
    const char *tmp = getenv("TMPDIR");
    struct err e = {0};
    if (rounds < 1 || rounds > MAX_ROUNDS || ms < 1)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    arena_init(&a);
    snprintf(dir, sizeof dir, "%s/bench-collect-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        fail(dir);
    servers[0] = start("collector", run_collector, dir);
    servers[1] = start("bare 204 of the same server", run_bare, dir);
    if (start_nginx(dir, &servers[2]))
        n_servers = 3;
    else
        printf("nginx is not installed: shares are those of the bare server, the aims are not judged\n");
    pin(1);
    int base = n_servers - 1;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct str request = make_request(&a, cases[k].events);
        for (int i = 0; i < n_servers; i++)
            load(&servers[i], cases[k].connections, request, ms / 4); /* warm */
        for (int r = 0; r < rounds; r++) {
            for (int i = 0; i < n_servers; i++) {
                struct figure f = load(&servers[i], cases[k].connections, request, ms);
                wall[i][r] = f.per_second;
                cpu[i][r] = f.per_cpu_second;
            }
            for (int i = 0; i < n_servers; i++) {
                share[i][r] = wall[i][r] / wall[base][r] * 100;
                cpu_share[i][r] = cpu[base][r] > 0 ? cpu[i][r] / cpu[base][r] * 100 : 0;
            }
        }
        printf("%s (%zu bytes each), %d rounds of %d ms\n", cases[k].what, request.n, rounds, ms);
        for (int i = 0; i < n_servers; i++) {
            double low, high, share_low, share_high, none;
            double w = median(wall[i], rounds, &low, &high), c = median(cpu[i], rounds, &none, &none);
            double s = median(share[i], rounds, &share_low, &share_high), cs = median(cpu_share[i], rounds, &none, &none);
            printf("  %-28s %8.0f req/s [%.0f-%.0f]  %8.0f per CPU-s  %5.1f %% of %s [%.1f-%.1f], %.1f %% per CPU-s",
                   servers[i].name, w, low, high, c, s, servers[base].name, share_low, share_high, cs);
            if (i == 0 && cases[k].events > 1)
                printf("  = %.0f events/s", w * cases[k].events);
            printf("\n");
        }
    }
    for (int i = 0; i < n_servers; i++) {
        kill(servers[i].pid, SIGKILL);
        waitpid(servers[i].pid, NULL, 0);
    }
    if (!fs_remove_tree(dir, &e))
        fail(e.text);
    arena_fini(&a);
    return 0;
}
