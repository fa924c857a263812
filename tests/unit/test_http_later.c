/* Answers that come later: order on one connection, many at once, clients that leave, a server that stops meanwhile. And bodies
 * that are read to their place, and listeners of any address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http.h"

enum { WAITING_MAX = 4096 };

/* A server whose answers are completed by a thread of its own, in groups and out of order. */
struct fixture {
    struct http_server *server;
    pthread_t loop, teller;
    int port;
    pthread_mutex_t lock;
    struct http_later *waiting[WAITING_MAX];
    size_t n;
    atomic_int taken, told;
    atomic_bool hold, end;
};

static const struct http_fixed fixed = {202, {"X-Fixed: yes\r\n", 14}, {"text/plain", 10}, {"later\n", 6}};
static const struct http_fixed none = {204, {NULL, 0}, {"", 0}, {"", 0}};

static void take(struct fixture *f, struct http_later *l)
{
    assert_non_null(l);
    pthread_mutex_lock(&f->lock);
    assert_true(f->n < WAITING_MAX);
    f->waiting[f->n++] = l;
    pthread_mutex_unlock(&f->lock);
    atomic_fetch_add(&f->taken, 1);
}

static bool later(struct fixture *f, const struct http_request *q, struct http_reply *r)
{
    http_reply_header(r, "X-N", q->query);
    take(f, http_reply_later(r));
    return true;
}

static bool fast(void *ctx, const struct http_request *q, struct http_reply *r)
{
    if (str_eq(q->path, STR("/later")))
        return later(ctx, q, r);
    if (str_eq(q->path, STR("/now"))) {
        http_reply_header(r, "X-N", q->query);
        http_reply_fixed(r, &none);
        return true;
    }
    return false;
}

static void answer(void *ctx, const struct http_request *q, struct http_reply *r)
{
    if (str_eq(q->path, STR("/worker"))) {
        later(ctx, q, r);
    } else { /* the sum of a body, so that a byte in the wrong place is seen */
        char text[64];
        uint64_t sum = 0;
        for (size_t i = 0; i < q->body.n; i++)
            sum = sum * 31 + (unsigned char)q->body.p[i];
        int n = snprintf(text, sizeof text, "%zu %llu\n", q->body.n, (unsigned long long)sum);
        http_reply_whole(r, 200, STR("text/plain"), (struct str){text, (size_t)n}, false);
    }
}

static void *run_loop(void *arg)
{
    http_server_run(arg);
    return NULL;
}

static void tell_all(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    for (; f->n > 0; f->n--) { /* newest first */
        http_later_answer(f->waiting[f->n - 1], &fixed);
        atomic_fetch_add(&f->told, 1);
    }
    pthread_mutex_unlock(&f->lock);
}

static void *run_teller(void *arg)
{
    struct fixture *f = arg;
    while (!atomic_load(&f->end)) {
        usleep(300);
        if (!atomic_load(&f->hold))
            tell_all(f);
    }
    tell_all(f);
    return NULL;
}

static void open_fixture(struct fixture *f)
{
    struct err e = {0};
    struct http_limits l = http_limits_default();
    struct http_handlers h = {.fast = fast, .answer = answer, .ctx = f};
    memset(f, 0, sizeof *f);
    l.drain_ms = 300;
    pthread_mutex_init(&f->lock, NULL);
    if (!http_server_open(&l, 2, &h, &f->server, &e) || !http_server_listen_any(f->server, "127.0.0.1", 0, &f->port, &e))
        fail_msg("%s", e.text);
    assert_int_equal(pthread_create(&f->loop, NULL, run_loop, f->server), 0);
    assert_int_equal(pthread_create(&f->teller, NULL, run_teller, f), 0);
}

/* As the collector does: the loop ends, then the last answers are given, then the server goes. */
static void close_fixture(struct fixture *f)
{
    http_server_stop(f->server);
    pthread_join(f->loop, NULL);
    atomic_store(&f->end, true);
    pthread_join(f->teller, NULL);
    assert_int_equal(atomic_load(&f->taken), atomic_load(&f->told));
    http_server_close(f->server);
    pthread_mutex_destroy(&f->lock);
}

static int dial(const struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)f->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void say(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        assert_true(k > 0);
        p += k;
        n -= (size_t)k;
    }
}

static void sayz(int fd, const char *z)
{
    say(fd, z, strlen(z));
}

static char *hear(int fd, const char *until)
{
    static char room[1 << 20];
    size_t n = 0;
    room[0] = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (n < sizeof room - 1 && poll(&p, 1, 5000) > 0) {
        ssize_t k = recv(fd, room + n, sizeof room - 1 - n, 0);
        if (k <= 0)
            break;
        n += (size_t)k;
        room[n] = 0;
        if (until && strstr(room, until))
            break;
    }
    return room;
}

static void one_answer(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    for (int i = 0; i < 2; i++) {
        int fd = dial(&f);
        sayz(fd, i ? "POST /worker?7 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                   : "GET /later?7 HTTP/1.1\r\nHost: x\r\n\r\n");
        const char *got = hear(fd, "later\n");
        assert_non_null(strstr(got, "HTTP/1.1 202 Accepted\r\n"));
        assert_non_null(strstr(got, "X-N: 7\r\n"));
        assert_non_null(strstr(got, "X-Fixed: yes\r\n"));
        assert_non_null(strstr(got, "Content-Length: 6\r\n"));
        sayz(fd, "HEAD /later?8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        got = hear(fd, NULL);
        assert_non_null(strstr(got, "X-N: 8\r\n"));
        assert_non_null(strstr(got, "Connection: close\r\n"));
        assert_null(strstr(got, "later\n"));
        close(fd);
    }
    close_fixture(&f);
}

/* Requests that are sent ahead are answered in their order, whoever answers them and when. */
static void pipelined_ones_keep_their_order(void **state)
{
    (void)state;
    enum { REQUESTS = 300 };
    static const char *const paths[] = {"/later", "/now", "/worker", "/later", "/sum"};
    struct fixture f;
    open_fixture(&f);
    int fd = dial(&f);
    for (int i = 0; i < REQUESTS; i++) {
        char text[128];
        int n = snprintf(text, sizeof text, "POST %s?%d HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", paths[i % 5], i);
        say(fd, text, (size_t)n);
    }
    sayz(fd, "GET /later?last HTTP/1.1\r\nHost: x\r\n\r\n");
    const char *at = hear(fd, "X-N: last\r\n");
    for (int i = 0; i < REQUESTS; i++) {
        at = strstr(at, "HTTP/1.1 ");
        assert_non_null(at);
        char want[32];
        snprintf(want, sizeof want, "X-N: %d\r\n", i);
        const char *end = strstr(at, "\r\n\r\n"), *found = strstr(at, want);
        if (i % 5 == 4)
            assert_memory_equal(at, "HTTP/1.1 200", 12);
        else
            assert_true(found && found < end);
        at = end;
    }
    close(fd);
    close_fixture(&f);
}

struct client {
    struct fixture *f;
    int seed, answered;
};

static void *run_client(void *arg)
{
    struct client *c = arg;
    unsigned r = (unsigned)c->seed;
    for (int i = 0; i < 150; i++) {
        char room[4096];
        int fd = dial(c->f);
        r = r * 1103515245 + 12345;
        sayz(fd, "POST /later?1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /later?2 HTTP/1.1\r\nHost: x\r\n\r\n");
        switch (r >> 16 & 3) {
        case 0: { /* leaves hard */
            struct linger l = {1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
            break;
        }
        case 1: /* leaves */
            break;
        case 2: /* shuts its side and hears the first */
            shutdown(fd, SHUT_WR);
            c->answered += recv(fd, room, sizeof room, 0) > 0;
            break;
        default:
            c->answered += recv(fd, room, sizeof room, 0) > 0;
        }
        close(fd);
    }
    return NULL;
}

static void clients_that_leave_harm_nobody(void **state)
{
    (void)state;
    struct fixture f;
    struct client clients[8];
    pthread_t threads[8];
    int answered = 0;
    open_fixture(&f);
    for (int i = 0; i < 8; i++) {
        clients[i] = (struct client){&f, i + 1, 0};
        pthread_create(&threads[i], NULL, run_client, &clients[i]);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        answered += clients[i].answered;
    }
    assert_true(answered > 300);
    for (int i = 0; i < 3000 && http_server_connections(f.server); i++)
        usleep(1000);
    assert_int_equal(http_server_connections(f.server), 0);
    close_fixture(&f);
}

static void a_server_that_stops_has_answers_outstanding(void **state)
{
    (void)state;
    struct fixture f;
    int fds[50];
    open_fixture(&f);
    atomic_store(&f.hold, true);
    for (int i = 0; i < 50; i++) {
        fds[i] = dial(&f);
        sayz(fds[i], i % 2 ? "GET /later?1 HTTP/1.1\r\nHost: x\r\n\r\n" : "GET /worker?1 HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 3000 && atomic_load(&f.taken) < 50; i++)
        usleep(1000);
    assert_int_equal(atomic_load(&f.taken), 50);
    close_fixture(&f); /* drains in vain for drain_ms; then the answers are given to nobody */
    for (int i = 0; i < 50; i++)
        close(fds[i]);
}

static void drained_ones_are_answered(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    atomic_store(&f.hold, true);
    int fd = dial(&f);
    sayz(fd, "GET /later?1 HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 3000 && atomic_load(&f.taken) < 1; i++)
        usleep(1000);
    http_server_stop(f.server);
    atomic_store(&f.hold, false);
    assert_non_null(strstr(hear(fd, NULL), "Connection: close"));
    close(fd);
    close_fixture(&f);
}

/* Bodies of every size around those of the pieces that are read, sent in pieces of odd sizes, with the next request behind. */
static void bodies_come_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 3900, 4000, 4096, 4097, 65535, 65536, 65537, 131072, 200001, 1 << 20};
    struct fixture f;
    open_fixture(&f);
    char *text = malloc((size_t)2 << 20);
    assert_non_null(text);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        char head[128], want[64];
        uint64_t sum = 0;
        int fd = dial(&f);
        size_t n = (size_t)snprintf(text, 256, "POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", sizes[k]);
        for (size_t i = 0; i < sizes[k]; i++) {
            text[n + i] = (char)('a' + (i * 7 + k) % 26);
            sum = sum * 31 + (unsigned char)text[n + i];
        }
        n += sizes[k];
        n += (size_t)snprintf(head, sizeof head, "GET /later?%zu HTTP/1.1\r\nHost: x\r\n\r\n", k);
        memcpy(text + n - strlen(head), head, strlen(head));
        for (size_t at = 0, step = 1; at < n; at += step) {
            step = (step * 5 + 3) % 30011 + 1;
            say(fd, text + at, at + step < n ? step : n - at);
        }
        const char *got = hear(fd, "later\n");
        snprintf(want, sizeof want, "%zu %llu\n", sizes[k], (unsigned long long)sum);
        assert_non_null(strstr(got, want));
        assert_non_null(strstr(got, "202 Accepted"));
        close(fd);
    }
    free(text);
    close_fixture(&f);
}

static void addresses_to_listen_on(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        enum err_code code;
    } cases[] = {{"127.0.0.1", E_OK},    {"0.0.0.0", E_OK},  {"localhost", E_OK}, {"no-such-host.invalid", E_USAGE},
                 {"300.1.1.1", E_USAGE}, {"192.0.2.1", E_IO}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_limits l = http_limits_default();
        struct http_handlers h = {.answer = answer};
        struct http_server *s;
        struct err e = {0};
        int port = 0;
        assert_true(http_server_open(&l, 1, &h, &s, &e));
        bool good = http_server_listen_any(s, cases[i].host, 0, &port, &e);
        assert_int_equal(e.code, cases[i].code);
        assert_int_equal(good, cases[i].code == E_OK);
        assert_true(!good || port > 0);
        http_server_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer),
        cmocka_unit_test(pipelined_ones_keep_their_order),
        cmocka_unit_test(clients_that_leave_harm_nobody),
        cmocka_unit_test(a_server_that_stops_has_answers_outstanding),
        cmocka_unit_test(drained_ones_are_answered),
        cmocka_unit_test(bodies_come_whole),
        cmocka_unit_test(addresses_to_listen_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
