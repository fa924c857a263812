/* The server: 10,000 idle connections, requests a second from memory and through workers, the way from start to the first
 * answered request on the demo mesh, size of the program and resident memory when idle.
 *   TRELLIS_PROGRAM=build/trellis bench_serve            (TRELLIS_BENCH_MESH: a built mesh to use instead of a new demo) */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "http/http.h"

enum { IDLE = 10000, PROBES = 2000, BUSY = 64, BUSY_MS = 3000, STARTS = 7 };

static void fail(const char *what)
{
    fprintf(stderr, "bench_serve: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static long rss_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

static int dial(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Answers here end with a bare newline, header lines with two bytes: so the end is seen without parsing. */
static bool ended(const char *p, ssize_t n)
{
    return n > 1 && p[n - 1] == '\n' && p[n - 2] != '\r';
}

static bool ask(int fd, const char *text)
{
    char room[4096];
    ssize_t n;
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) <= 0)
        return false;
    while ((n = recv(fd, room, sizeof room, 0)) > 0)
        if (ended(room, n))
            return true;
    return false;
}

/* ---- the HTTP core alone, in this process ---- */
static bool fast(void *ctx, const struct http_request *q, struct http_reply *r)
{
    (void)ctx;
    if (!str_eq(q->path, STR("/memory")))
        return false;
    http_reply_whole(r, 200, STR("text/plain"), STR("ok\n"), true);
    return true;
}

static void slow(void *ctx, const struct http_request *q, struct http_reply *r)
{
    (void)ctx;
    (void)q;
    http_reply_whole(r, 200, STR("text/plain"), STR("ok\n"), false);
}

/* In a process of its own: both ends of 10,000 connections would need twice the descriptors. */
static pid_t serve_core(int *port)
{
    int pipe_fds[2];
    if (pipe(pipe_fds) != 0)
        fail("a pipe");
    pid_t pid = fork();
    if (pid == 0) {
        struct http_limits l = http_limits_default();
        struct http_handlers h = {fast, slow, NULL};
        struct http_server *s;
        struct err e = {0};
        int own = 0;
        if (!http_server_open(&l, 4, &h, &s, &e) || !http_server_listen_tcp(s, "127.0.0.1", 0, &own, &e))
            fprintf(stderr, "%s\n", e.text);
        if (write(pipe_fds[1], &own, sizeof own) != sizeof own || own == 0)
            _exit(1);
        http_server_run(s); /* until it is killed */
        _exit(0);
    }
    if (read(pipe_fds[0], port, sizeof *port) != sizeof *port || *port == 0)
        fail("the server");
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return pid;
}

#define MEMORY "GET /memory HTTP/1.1\r\nHost: x\r\n\r\n"
#define WORKER "GET /worker HTTP/1.1\r\nHost: x\r\n\r\n"

static void idle_connections(pid_t server, int port)
{
    static int fds[IDLE];
    static double us[PROBES];
    long before = rss_kb(server);
    int n = 0;
    int64_t t = clock_mono_us();
    while (n < IDLE && (fds[n] = dial(port)) >= 0 && ask(fds[n], MEMORY))
        n++;
    double seconds = (double)(clock_mono_us() - t) / 1e6;
    sleep(2); /* the sweep takes the memory of idle connections back */
    long after = rss_kb(server);
    for (int i = 0; i < PROBES; i++) {
        int64_t at = clock_mono_us();
        if (!ask(fds[(i * 37) % n], WORKER))
            fail("a request beside idle connections");
        us[i] = (double)(clock_mono_us() - at);
    }
    qsort(us, PROBES, sizeof *us, by_value);
    printf(
        "%d idle connections (opened and asked once in %.1f s): %.2f KB each; a request beside them p50 %.0f us, p99 %.0f us\n",
        n, seconds, (double)(after - before) / n, us[PROBES / 2], us[PROBES * 99 / 100]);
    if (n < IDLE)
        printf("  fewer than %d: raise the hard limit of open files\n", IDLE);
    for (int i = 0; i < n; i++)
        close(fds[i]);
}

static double requests_a_second(int port, const char *text)
{
    int fds[BUSY];
    struct pollfd p[BUSY];
    char room[4096];
    long done = 0;
    for (int i = 0; i < BUSY; i++) {
        fds[i] = dial(port);
        p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        if (fds[i] < 0 || send(fds[i], text, strlen(text), MSG_NOSIGNAL) <= 0)
            fail("a busy connection");
    }
    int64_t start = clock_mono_us();
    while (clock_mono_us() - start < BUSY_MS * 1000)
        if (poll(p, BUSY, 1000) > 0)
            for (int i = 0; i < BUSY; i++)
                if (p[i].revents && ended(room, recv(fds[i], room, sizeof room, 0))) {
                    done++;
                    if (send(fds[i], text, strlen(text), MSG_NOSIGNAL) <= 0)
                        fail("a busy connection");
                }
    double seconds = (double)(clock_mono_us() - start) / 1e6;
    for (int i = 0; i < BUSY; i++)
        close(fds[i]);
    return (double)done / seconds;
}

static void core(void)
{
    int port, status;
    pid_t pid = serve_core(&port);
    idle_connections(pid, port);
    printf("%d connections, client on the same cores: %.0f requests/s from memory, %.0f requests/s through workers\n", BUSY,
           requests_a_second(port, MEMORY), requests_a_second(port, WORKER));
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

/* ---- the program on a mesh ---- */
static pid_t spawn(const char *const *argv, const char *dir)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (dir && chdir(dir) != 0)
            _exit(127);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        fail("a free port");
    close(fd);
    return ntohs(a.sin_port);
}

static void starts(const char *program, const char *mesh)
{
    double ms[STARTS];
    long idle_kb = 0;
    for (int i = 0; i < STARTS; i++) {
        char port_text[16], request[128];
        int port = free_port(), fd = -1, status;
        snprintf(port_text, sizeof port_text, "%d", port);
        snprintf(request, sizeof request, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", port);
        const char *argv[] = {program, "serve", "--port", port_text, "--quiet", NULL};
        int64_t t = clock_mono_us();
        pid_t pid = spawn(argv, mesh);
        while (((fd = dial(port)) < 0 || !ask(fd, request)) && waitpid(pid, &status, WNOHANG) == 0)
            usleep(500);
        ms[i] = (double)(clock_mono_us() - t) / 1e3;
        if (fd < 0)
            fail("the server did not start");
        usleep(300000);
        idle_kb = rss_kb(pid);
        close(fd);
        kill(pid, SIGTERM);
        waitpid(pid, &status, 0);
    }
    qsort(ms, STARTS, sizeof *ms, by_value);
    printf("start of trellis serve to first answered request: median %.0f ms [%.0f-%.0f] (aim: under 150 on a quiet machine)\n",
           ms[STARTS / 2], ms[0], ms[STARTS - 1]);
    printf("resident memory when idle: %ld MB (aim: under 200)\n", idle_kb >> 10);
}

int main(void)
{
    const char *program = getenv("TRELLIS_PROGRAM"), *given = getenv("TRELLIS_BENCH_MESH");
    char dir[] = "/tmp/trellis-bench-XXXXXX", mesh[64];
    struct rlimit rl;
    struct stat st;
    struct err e = {0};
    if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
        rl.rlim_cur = rl.rlim_max;
        setrlimit(RLIMIT_NOFILE, &rl);
    }
    core();
    if (!program || stat(program, &st) != 0) {
        printf("TRELLIS_PROGRAM names no program: start and size are not measured\n");
        return 0;
    }
    printf("size of the program: %.1f MB (the engine's library apart)\n", (double)st.st_size / 1e6);
    if (given) {
        starts(program, given);
        return 0;
    }
    if (!mkdtemp(dir))
        fail("a folder for the demo");
    snprintf(mesh, sizeof mesh, "%s/demo", dir);
    const char *argv[] = {program, "demo", "--dir", mesh, "--no-serve", NULL};
    int status = 0;
    int64_t t = clock_mono_us();
    waitpid(spawn(argv, NULL), &status, 0);
    printf("trellis demo, from nothing to a built mesh: %.1f s (aim: under 60)\n", (double)(clock_mono_us() - t) / 1e6);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        starts(program, mesh);
    else
        fprintf(stderr, "bench_serve: trellis demo failed\n");
    if (!fs_remove_tree(dir, &e))
        fprintf(stderr, "bench_serve: %s\n", e.text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
