/* The HTTP core over real sockets: framing, limits, slow and vanishing clients, streams, stopping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http.h"

/* ---- a server with a few routes of its own ---- */
struct fixture {
    struct http_server *server;
    pthread_t thread;
    int port;
    atomic_int gone, slow_running, stream_failed;
    atomic_bool release;
    struct http_stream *stream;
    atomic_bool stream_ready;
};

static struct str text_plain(void)
{
    return STR("text/plain");
}

static bool fast(void *ctx, const struct http_request *q, struct http_reply *r)
{
    (void)ctx;
    if (!str_eq(q->path, STR("/fast")))
        return false;
    http_reply_whole(r, 200, text_plain(), STR("fast\n"), true);
    return true;
}

static void note_gone(void *ctx)
{
    struct fixture *f = ctx;
    atomic_fetch_add(&f->gone, 1);
}

static void answer(void *ctx, const struct http_request *q, struct http_reply *r)
{
    struct fixture *f = ctx;
    struct arena a;
    arena_init(&a);
    if (str_eq(q->path, STR("/echo"))) {
        struct str x = STR("-");
        http_query_param(q, &a, "x", &x);
        struct str text =
            arena_printf(&a, "%d|%.*s|%.*s|%.*s|%zu", (int)q->verb, STR_FMT(q->path), STR_FMT(x), STR_FMT(q->body), q->n_headers);
        http_reply_whole(r, 200, text_plain(), text, false);
    } else if (str_eq(q->path, STR("/big"))) {
        static char block[64 << 10];
        memset(block, 'x', sizeof block);
        http_reply_begin(r, 200, text_plain());
        for (int i = 0; i < 512; i++) /* 32 MB */
            if (!http_reply_write(r, (struct str){block, sizeof block})) {
                atomic_fetch_add(&f->stream_failed, 1);
                break;
            }
        http_reply_end(r);
    } else if (str_eq(q->path, STR("/broken"))) {
        http_reply_begin(r, 200, text_plain());
        http_reply_write(r, STR("half"));
        http_reply_abort(r);
    } else if (str_eq(q->path, STR("/hold"))) {
        http_reply_on_gone(r, note_gone, f);
        atomic_fetch_add(&f->slow_running, 1);
        while (!atomic_load(&f->release))
            usleep(2000);
        atomic_fetch_sub(&f->slow_running, 1);
        http_reply_whole(r, 200, text_plain(), STR("held\n"), false);
    } else if (str_eq(q->path, STR("/events"))) {
        http_reply_header(r, "Cache-Control", STR("no-cache"));
        http_reply_begin(r, 200, STR("text/event-stream"));
        http_reply_write(r, STR(": hello\n\n"));
        f->stream = http_reply_detach(r);
        atomic_store(&f->stream_ready, true);
    } else if (str_eq(q->path, STR("/header"))) {
        http_reply_header(r, "X-Test", STR("a\r\nEvil: b"));
        http_reply_whole(r, 200, text_plain(), STR(""), false);
    }
    arena_fini(&a); /* any other path is left without an answer on purpose */
}

static void *run_server(void *arg)
{
    http_server_run(arg);
    return NULL;
}

static void open_with(struct fixture *f, const struct http_limits *l, int workers)
{
    struct err e = {0};
    struct http_handlers h = {fast, answer, f};
    memset(f, 0, sizeof *f);
    if (!http_server_open(l, workers, &h, &f->server, &e) || !http_server_listen_tcp(f->server, "127.0.0.1", 0, &f->port, &e))
        fail_msg("%s", e.text);
    assert_int_equal(pthread_create(&f->thread, NULL, run_server, f->server), 0);
}

static void open_default(struct fixture *f)
{
    struct http_limits l = http_limits_default();
    open_with(f, &l, 2);
}

static void shut(struct fixture *f)
{
    http_server_stop(f->server);
    pthread_join(f->thread, NULL);
    http_server_close(f->server);
}

/* ---- a client ---- */
static int dial(const struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)f->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t n = strlen(text), at = 0;
    while (at < n) {
        ssize_t k = send(fd, text + at, n - at, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        at += (size_t)k;
    }
}

/* Reads until `until` is seen, the other side closes, or three seconds of silence. */
static const char *hear(int fd, const char *until)
{
    static char room[1 << 20];
    size_t n = 0;
    room[0] = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (n < sizeof room - 1 && poll(&p, 1, 3000) > 0) {
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

static bool closed(int fd)
{
    char c;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 3000) > 0 && recv(fd, &c, 1, 0) <= 0;
}

static void wait_for(atomic_int *what, int value)
{
    for (int i = 0; i < 3000 && atomic_load(what) != value; i++)
        usleep(1000);
    assert_int_equal(atomic_load(what), value);
}

/* ---- framing and limits: one request text each, and what the answer holds ---- */
struct exchange {
    const char *what, *send, *expect;
    bool closes;
};
#define H "Host: x\r\n"
static const struct exchange exchanges[] = {
    {"plain", "GET /echo?x=a%20b+c HTTP/1.1\r\n" H "\r\n", "0|/echo|a b c||1", false},
    {"decoded path", "GET /ech%6f HTTP/1.1\r\n" H "\r\n", "0|/echo|-||1", false},
    {"body", "POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello", "2|/echo|-|hello|2", false},
    {"chunked body", "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n0\r\n\r\n",
     "|abcde|", false},
    {"empty header", "GET /echo HTTP/1.1\r\n" H "X-Empty:\r\nX-Other: 1\r\n\r\n", "0|/echo|-||3", false},
    {"head", "HEAD /echo HTTP/1.1\r\n" H "\r\n", "Content-Length: 12\r\n", false},
    {"fast", "GET /fast HTTP/1.1\r\n" H "\r\n", "\r\n\r\nfast\n", false},
    {"upgrade is ignored", "GET /fast HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "200 OK", false},
    {"close", "GET /fast HTTP/1.1\r\n" H "Connection: close\r\n\r\n", "Connection: close", true},
    {"1.0", "GET /fast HTTP/1.0\r\n\r\n", "Connection: close", true},
    {"1.0 kept", "GET /fast HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive", false},
    {"1.0 streamed", "GET /broken HTTP/1.0\r\n\r\n", "half", true},
    {"no answer", "GET /nowhere HTTP/1.1\r\n" H "\r\n", "500 Internal", false},
    {"header injection", "GET /header HTTP/1.1\r\n" H "\r\n", "X-Test: aEvil: b\r\n", false},
    {"csp", "GET /fast HTTP/1.1\r\n" H "\r\n",
     "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:", false},
    {"no store", "GET /fast HTTP/1.1\r\n" H "\r\n", "Cache-Control: no-store", false},
    {"rubbish", "hello there\r\n\r\n", "400 Bad Request", true},
    {"no host", "GET /fast HTTP/1.1\r\n\r\n", "exactly one Host", true},
    {"two hosts", "GET /fast HTTP/1.1\r\n" H H "\r\n", "exactly one Host", true},
    {"absolute form", "GET http://x/fast HTTP/1.1\r\n" H "\r\n", "must begin with a slash", true},
    {"broken escape", "GET /a%zz HTTP/1.1\r\n" H "\r\n", "broken %-escape", true},
    {"nul escape", "GET /a%00b HTTP/1.1\r\n" H "\r\n", "broken %-escape", true},
    {"connect", "CONNECT x:1 HTTP/1.1\r\n" H "\r\n", "405", true},
    {"version", "GET /fast HTTP/2.0\r\n" H "\r\n", "505", true},
    {"both lengths", "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", true},
    {"two lengths", "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400", true},
    {"bad length", "POST /echo HTTP/1.1\r\n" H "Content-Length: -3\r\n\r\n", "400", true},
    {"huge length", "POST /echo HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", "400", true},
    {"large body", "POST /echo HTTP/1.1\r\n" H "Content-Length: 2000\r\n\r\n", "413 Content Too Large", true},
    {"other expectation", "POST /echo HTTP/1.1\r\n" H "Expect: tea\r\nContent-Length: 1\r\n\r\na", "417", true},
    {"bare newline in header", "GET /fast HTTP/1.1\r\n" H "A: b\r c\r\n\r\n", "400", true},
};

static struct http_limits small_limits(void)
{
    struct http_limits l = http_limits_default();
    l.header_bytes = 1500;
    l.headers = 20;
    l.body_bytes = 1000;
    return l;
}

static void requests_are_framed(void **state)
{
    (void)state;
    struct fixture f;
    struct http_limits l = small_limits();
    open_with(&f, &l, 2);
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
        const struct exchange *x = &exchanges[i];
        for (int slowly = 0; slowly < 2; slowly++) {
            int fd = dial(&f);
            if (slowly) {
                for (const char *p = x->send; *p; p++) {
                    char one[2] = {*p, 0};
                    say(fd, one);
                }
            } else {
                say(fd, x->send);
            }
            const char *got = hear(fd, x->closes ? NULL : x->expect);
            if (!strstr(got, x->expect))
                fail_msg("%s (%s): expected '%s' in '%s'", x->what, slowly ? "byte by byte" : "at once", x->expect, got);
            close(fd);
        }
    }
    shut(&f);
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct fixture f;
    struct http_limits l = small_limits();
    open_with(&f, &l, 2);
    char text[8192];

    int fd = dial(&f);
    snprintf(text, sizeof text, "GET /%02000d HTTP/1.1\r\n" H "\r\n", 7);
    say(fd, text);
    assert_non_null(strstr(hear(fd, NULL), "414 URI Too Long"));
    close(fd);

    fd = dial(&f);
    snprintf(text, sizeof text, "GET /fast HTTP/1.1\r\n" H "A: %02000d\r\n\r\n", 7);
    say(fd, text);
    assert_non_null(strstr(hear(fd, NULL), "431 "));
    close(fd);

    fd = dial(&f);
    say(fd, "GET /fast HTTP/1.1\r\n" H);
    for (int i = 0; i < 30; i++)
        say(fd, "A: b\r\n");
    assert_non_null(strstr(hear(fd, NULL), "more header lines"));
    close(fd);

    fd = dial(&f); /* a chunked body has no length to refuse by */
    say(fd, "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; i++)
        say(fd, "40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n");
    assert_non_null(strstr(hear(fd, NULL), "413 "));
    close(fd);
    shut(&f);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    int fd = dial(&f);
    struct buf b = BUF_INIT((size_t)1 << 20);
    enum { MANY = 200 };
    for (int i = 0; i < MANY; i++)
        buf_printf(&b,
                   i % 3 ? "GET /echo?x=n%dn HTTP/1.1\r\n" H "\r\n"
                         : "POST /echo?x=n%dn HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nhi",
                   i);
    buf_addz(&b, "GET /fast HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
    say(fd, buf_z(&b));
    const char *got = hear(fd, NULL), *at = got;
    for (int i = 0; i < MANY; i++) {
        char want[32];
        snprintf(want, sizeof want, "|n%dn|", i);
        const char *found = strstr(at, want);
        if (!found)
            fail_msg("answer %d is missing or out of order", i);
        at = found;
    }
    assert_non_null(strstr(at, "fast\n"));
    buf_fini(&b);
    close(fd);
    shut(&f);
}

static void continue_is_said(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    int fd = dial(&f);
    say(fd, "POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_non_null(strstr(hear(fd, "\r\n\r\n"), "100 Continue"));
    say(fd, "ok");
    assert_non_null(strstr(hear(fd, "|ok|"), "200 OK"));
    close(fd);
    shut(&f);
}

static void slow_senders_are_cut_off(void **state)
{
    (void)state;
    struct fixture f;
    struct http_limits l = http_limits_default();
    l.head_timeout_ms = l.body_timeout_ms = 300;
    open_with(&f, &l, 2);
    int head = dial(&f), body = dial(&f), mute = dial(&f);
    say(head, "GET /fast HTTP/1.1\r\nHo");
    say(body, "POST /echo HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\nabc");
    assert_non_null(strstr(hear(head, NULL), "408 Request Timeout"));
    assert_non_null(strstr(hear(body, NULL), "408 Request Timeout"));
    assert_true(closed(mute));
    close(head);
    close(body);
    close(mute);
    shut(&f);
}

static void large_answers_wait_for_slow_readers(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    int fd = dial(&f);
    say(fd, "GET /big HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
    size_t total = 0, x = 0;
    static char room[64 << 10];
    for (int i = 0;; i++) {
        if (i < 40)
            usleep(5000); /* the writer has to wait for us now and then */
        ssize_t k = recv(fd, room, sizeof room, 0);
        if (k <= 0)
            break;
        for (ssize_t j = 0; j < k; j++)
            x += room[j] == 'x';
        total += (size_t)k;
    }
    assert_true(total > 32u << 20);
    assert_true(x >= 32u << 20); /* the headers hold an x or two */
    assert_int_equal(atomic_load(&f.stream_failed), 0);
    close(fd);
    shut(&f);
}

static void readers_that_take_nothing_lose_their_answer(void **state)
{
    (void)state;
    struct fixture f;
    struct http_limits l = http_limits_default();
    l.write_timeout_ms = 300;
    open_with(&f, &l, 1);
    int fd = dial(&f);
    say(fd, "GET /big HTTP/1.1\r\n" H "\r\n");
    wait_for(&f.stream_failed, 1); /* the worker is free again */
    int other = dial(&f);
    say(other, "GET /echo HTTP/1.1\r\n" H "\r\n");
    assert_non_null(strstr(hear(other, "/echo"), "200 OK"));
    close(other);
    close(fd);
    shut(&f);
}

static void broken_streams_are_seen_as_such(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    int fd = dial(&f);
    say(fd, "GET /broken HTTP/1.1\r\n" H "\r\n");
    const char *got = hear(fd, NULL);
    assert_null(strstr(got, "\r\n0\r\n\r\n"));
    close(fd);
    shut(&f);
}

static void a_full_queue_is_an_answer(void **state)
{
    (void)state;
    struct fixture f;
    struct http_limits l = http_limits_default();
    l.queue = 2;
    open_with(&f, &l, 1);
    int held[3], over;
    for (int i = 0; i < 3; i++) {
        held[i] = dial(&f);
        say(held[i], "GET /hold HTTP/1.1\r\n" H "\r\n");
        if (i == 0)
            wait_for(&f.slow_running, 1);
    }
    usleep(50000);
    over = dial(&f);
    say(over, "GET /hold HTTP/1.1\r\n" H "\r\n");
    const char *got = hear(over, NULL);
    assert_non_null(strstr(got, "503 Service Unavailable"));
    assert_non_null(strstr(got, "Retry-After: 1"));
    close(over);
    over = dial(&f); /* answers from memory do not need a worker */
    say(over, "GET /fast HTTP/1.1\r\n" H "\r\n");
    assert_non_null(strstr(hear(over, "fast\n"), "200 OK"));
    close(over);
    atomic_store(&f.release, true);
    for (int i = 0; i < 3; i++) {
        assert_non_null(strstr(hear(held[i], "held\n"), "200 OK"));
        close(held[i]);
    }
    shut(&f);
}

static void a_client_that_leaves_calls_its_work_off(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    int fd = dial(&f);
    say(fd, "GET /hold HTTP/1.1\r\n" H "\r\n");
    wait_for(&f.slow_running, 1);
    close(fd);
    wait_for(&f.gone, 1);
    atomic_store(&f.release, true);
    wait_for(&f.slow_running, 0);
    shut(&f);
}

static void events_reach_a_detached_stream(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    int fd = dial(&f);
    say(fd, "GET /events HTTP/1.1\r\n" H "\r\n");
    assert_non_null(strstr(hear(fd, ": hello\n\n"), "text/event-stream"));
    for (int i = 0; i < 3000 && !atomic_load(&f.stream_ready); i++)
        usleep(1000);
    for (int i = 0; i < 3; i++) { /* from a thread that is none of the server's; both workers are free meanwhile */
        char text[32];
        snprintf(text, sizeof text, "data: %d\n\n", i);
        assert_true(http_stream_send(f.stream, str_of(text)));
        assert_non_null(strstr(hear(fd, text), text));
        int other = dial(&f);
        say(other, "GET /echo HTTP/1.1\r\n" H "\r\n");
        assert_non_null(strstr(hear(other, "/echo"), "200 OK"));
        close(other);
    }
    http_stream_close(f.stream);
    assert_non_null(strstr(hear(fd, "0\r\n\r\n"), "0\r\n\r\n"));
    say(fd, "GET /fast HTTP/1.1\r\n" H "\r\n"); /* and the connection serves on */
    assert_non_null(strstr(hear(fd, "fast\n"), "200 OK"));
    close(fd);

    atomic_store(&f.stream_ready, false);
    fd = dial(&f);
    say(fd, "GET /events HTTP/1.1\r\n" H "\r\n");
    hear(fd, ": hello\n\n");
    for (int i = 0; i < 3000 && !atomic_load(&f.stream_ready); i++)
        usleep(1000);
    close(fd); /* a client that left: the next sends say so */
    bool good = true;
    for (int i = 0; i < 3000 && good; i++) {
        good = http_stream_send(f.stream, STR("data: x\n\n"));
        usleep(1000);
    }
    assert_false(good);
    http_stream_close(f.stream);

    atomic_store(&f.stream_ready, false);
    fd = dial(&f);
    say(fd, "GET /events HTTP/1.1\r\n" H "\r\n");
    hear(fd, ": hello\n\n");
    for (int i = 0; i < 3000 && !atomic_load(&f.stream_ready); i++)
        usleep(1000);
    static char block[16 << 10]; /* one that reads nothing falls behind and is let go, without anybody waiting for it */
    memset(block, 'y', sizeof block);
    good = true;
    for (int i = 0; i < 100000 && good; i++)
        good = http_stream_send(f.stream, (struct str){block, sizeof block});
    assert_false(good);
    http_stream_close(f.stream);
    close(fd);
    shut(&f);
}

static void stopping_finishes_what_is_in_flight(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    int busy = dial(&f), idle = dial(&f);
    say(idle, "GET /fast HTTP/1.1\r\n" H "\r\n");
    hear(idle, "fast\n");
    say(busy, "GET /hold HTTP/1.1\r\n" H "\r\n");
    wait_for(&f.slow_running, 1);
    http_server_stop(f.server);
    assert_true(closed(idle));
    atomic_store(&f.release, true);
    assert_non_null(strstr(hear(busy, NULL), "held\n"));
    close(busy);
    close(idle);
    pthread_join(f.thread, NULL);
    http_server_close(f.server);
}

static void unix_sockets_are_ours_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct err e = {0};
    struct http_limits l = http_limits_default();
    struct http_handlers h = {fast, answer, &f};
    memset(&f, 0, sizeof f);
    char dir[256] = "/tmp/trellis-http-XXXXXX", path[600], deep[400];
    assert_non_null(mkdtemp(dir));
    snprintf(deep, sizeof deep, "%s/%0120d", dir, 1); /* longer than a socket address holds */
    assert_int_equal(mkdir(deep, 0700), 0);
    snprintf(path, sizeof path, "%s/t.sock", deep);
    assert_true(http_server_open(&l, 1, &h, &f.server, &e));
    if (!http_server_listen_unix(f.server, path, &e))
        fail_msg("%s", e.text);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    pthread_create(&f.thread, NULL, run_server, f.server);
    assert_int_equal(chdir(deep), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "t.sock"};
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    say(fd, "GET /fast HTTP/1.1\r\n" H "\r\n");
    assert_non_null(strstr(hear(fd, "fast\n"), "200 OK"));
    close(fd);
    shut(&f);
    assert_int_not_equal(stat(path, &st), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(deep), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void only_loopback_is_listened_on(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    static const char *const hosts[] = {"0.0.0.0", "192.168.1.1", "::", "example.org", "", "127.0.0.1.evil.org"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct err e = {0};
        assert_false(http_server_listen_tcp(f.server, hosts[i], 0, NULL, &e));
        assert_int_equal(e.code, E_DENIED);
    }
    struct err e = {0};
    assert_false(http_server_listen_tcp(f.server, "127.0.0.1", f.port, NULL, &e));
    assert_int_equal(e.code, E_BUSY);
    shut(&f);
}

static void many_idle_connections_are_cheap(void **state)
{
    (void)state;
    struct fixture f;
    open_default(&f);
    enum { MANY = 800 };
    static int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = dial(&f);
        say(fds[i], "GET /fast HTTP/1.1\r\n" H "\r\n");
        assert_non_null(strstr(hear(fds[i], "fast\n"), "200 OK"));
    }
    assert_int_equal(http_server_connections(f.server), MANY);
    say(fds[MANY / 2], "GET /echo HTTP/1.1\r\n" H "\r\n");
    assert_non_null(strstr(hear(fds[MANY / 2], "/echo"), "200 OK"));
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    shut(&f);
}

static void the_limit_on_connections_is_kept(void **state)
{
    (void)state;
    struct fixture f;
    struct http_limits l = http_limits_default();
    l.connections = 3;
    open_with(&f, &l, 1);
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(&f);
        say(fds[i], "GET /fast HTTP/1.1\r\n" H "\r\n");
        hear(fds[i], "fast\n");
    }
    int over = dial(&f);
    assert_non_null(strstr(hear(over, NULL), "503 Service Unavailable"));
    close(over);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    shut(&f);
}

static void escapes_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        bool form, good;
    } cases[] = {
        {"abc", "abc", false, true},
        {"a%20b", "a b", false, true},
        {"a+b", "a+b", false, true},
        {"a+b", "a b", true, true},
        {"%C3%A4", "\xc3\xa4", false, true},
        {"%2F", "/", false, true},
        {"%", "", false, false},
        {"%2", "", false, false},
        {"%g0", "", false, false},
        {"%00", "", false, false},
        {"%0a", "", false, false},
        {"", "", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[64];
        size_t n = 0;
        bool good = http_decode(str_of(cases[i].in), cases[i].form, room, &n);
        assert_int_equal(good, cases[i].good);
        if (good)
            assert_true(str_eq((struct str){room, n}, str_of(cases[i].out)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_framed),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(continue_is_said),
        cmocka_unit_test(slow_senders_are_cut_off),
        cmocka_unit_test(large_answers_wait_for_slow_readers),
        cmocka_unit_test(readers_that_take_nothing_lose_their_answer),
        cmocka_unit_test(broken_streams_are_seen_as_such),
        cmocka_unit_test(a_full_queue_is_an_answer),
        cmocka_unit_test(a_client_that_leaves_calls_its_work_off),
        cmocka_unit_test(events_reach_a_detached_stream),
        cmocka_unit_test(stopping_finishes_what_is_in_flight),
        cmocka_unit_test(unix_sockets_are_ours_alone),
        cmocka_unit_test(only_loopback_is_listened_on),
        cmocka_unit_test(many_idle_connections_are_cheap),
        cmocka_unit_test(the_limit_on_connections_is_kept),
        cmocka_unit_test(escapes_are_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
