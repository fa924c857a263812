/* The way out: bytes of an answer gather in the connection's buffer, go to the socket as far as it takes them, and
 * wait there for the loop otherwise. A worker that runs too far ahead of its client waits here, for a limited time. */
#include "http/http_int.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* What lives for ever is not copied, unless it is small enough to leave in one packet with its head. */
enum { COPIED_BYTES = 8 << 10 };

/* ---- plain sockets ---- */
static ssize_t plain_read(struct http_conn *c, void *p, size_t n)
{
    return recv(c->fd, p, n, 0);
}

static ssize_t plain_write(struct http_conn *c, const void *p, size_t n)
{
    return send(c->fd, p, n, MSG_NOSIGNAL);
}

static void plain_shut(struct http_conn *c)
{
    shutdown(c->fd, SHUT_WR);
}

static void plain_close(struct http_conn *c)
{
    close(c->fd);
}

const struct http_io http_io_plain = {"plain", plain_read, plain_write, NULL, plain_shut, plain_close};

/* ---- bytes ---- */
size_t conn_unsent_locked(const struct http_conn *c)
{
    return c->out.n - c->out_at + c->tail.n;
}

void conn_interest_locked(struct http_conn *c, uint32_t events)
{
    if (c->interest == events || c->gone)
        return;
    struct epoll_event ev = {.events = events, .data.ptr = c};
    if (epoll_ctl(c->server->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev) == 0)
        c->interest = events;
}

void conn_gone_locked(struct http_conn *c)
{
    if (c->gone)
        return;
    c->gone = true;
    epoll_ctl(c->server->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
    pthread_cond_broadcast(&c->room);
}

/* Sends one piece; *sent is what the socket took. */
static bool push(struct http_conn *c, const char *p, size_t n, size_t *sent)
{
    *sent = 0;
    while (*sent < n) {
        ssize_t k = c->io->write(c, p + *sent, n - *sent);
        if (k > 0) {
            *sent += (size_t)k;
            c->progress_us = clock_mono_us();
        } else if (k < 0 && errno == EINTR) {
            continue;
        } else {
            return k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        }
    }
    return true;
}

bool conn_flush_locked(struct http_conn *c)
{
    if (c->gone)
        return false;
    size_t sent, left = c->out.n - c->out_at;
    bool good = true;
    if (left) {
        good = push(c, c->out.p + c->out_at, left, &sent);
        c->out_at += sent;
        left -= sent;
    }
    if (left == 0) {
        buf_reset(&c->out);
        c->out_at = 0;
        if (good && c->tail.n) {
            good = push(c, c->tail.p, c->tail.n, &sent);
            c->tail.p += sent;
            c->tail.n -= sent;
        }
    }
    if (!good)
        conn_gone_locked(c);
    else
        pthread_cond_broadcast(&c->room);
    return good;
}

/* Waits until the client has taken enough. False: it is gone, or took nothing for write_timeout_ms. */
static bool wait_for_room(struct http_conn *c)
{
    const struct http_limits *l = &c->server->limits;
    int64_t limit_us = (int64_t)l->write_timeout_ms * 1000;
    while (!c->gone && conn_unsent_locked(c) > (size_t)l->out_bytes / 2) {
        int64_t left_us = c->progress_us + limit_us - clock_mono_us();
        if (left_us <= 0) {
            conn_gone_locked(c);
            break;
        }
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + left_us * 1000;
        until.tv_sec += ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
        pthread_cond_timedwait(&c->room, &c->lock, &until);
    }
    return !c->gone;
}

bool conn_send(struct http_conn *c, struct str bytes, bool forever, bool may_wait)
{
    pthread_mutex_lock(&c->lock);
    bool good = !c->gone;
    if (good && conn_unsent_locked(c) == 0)
        c->progress_us = clock_mono_us(); /* the client's time to take bytes begins with the first that wait */
    if (good && forever && c->tail.n == 0 && bytes.n > COPIED_BYTES) {
        c->tail = bytes;
    } else if (good) {
        buf_add(&c->out, bytes);
        if (c->out.failed)
            conn_gone_locked(c);
    }
    if (!c->gone)
        conn_flush_locked(c);
    if (!c->gone && conn_unsent_locked(c))
        conn_interest_locked(c, c->interest | EPOLLOUT);
    if (!c->gone && may_wait && conn_unsent_locked(c) > (size_t)c->server->limits.out_bytes)
        wait_for_room(c);
    good = !c->gone;
    pthread_mutex_unlock(&c->lock);
    return good;
}

void conn_call_loop(struct http_conn *c)
{
    struct http_server *s = c->server;
    if (atomic_exchange(&c->wants_loop, true))
        return; /* it stands on the list; the loop looks at it after it has taken it off */
    atomic_fetch_add(&c->refs, 1);
    struct http_conn *top = atomic_load(&s->wanting);
    do
        c->next_wanting = top;
    while (!atomic_compare_exchange_weak(&s->wanting, &top, c));
    if (!top) {
        uint64_t one = 1;
        ssize_t k = write(s->wake_fd, &one, sizeof one);
        (void)k; /* a full counter wakes the loop as well */
    }
}

/* ---- replies on a connection ---- */
static const struct {
    int status;
    const char *text;
} reasons[] = {
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Status";
}

/* Every answer carries these, where the server was given no others. Scripts and data from this origin alone; inline styles for
 * the charts. */
static const char protection[] =
    "Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

static void add_date(struct buf *b)
{
    static _Thread_local time_t written; /* the line is made once a second */
    static _Thread_local char text[64];
    time_t now = (time_t)(clock_now_us() / 1000000);
    struct tm tm;
    if (now != written || !*text) {
        if (!gmtime_r(&now, &tm) || !strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm))
            *text = 0;
        written = now;
    }
    buf_addz(b, text);
}

static void add_number(struct buf *b, uint64_t v)
{
    char text[24];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + v % 10);
    while (v /= 10);
    buf_add(b, (struct str){text + at, sizeof text - at});
}

static bool write_head(struct http_reply *r, struct str type, int64_t length)
{
    struct http_conn *c = r->sink;
    const struct http_draft *d = c->draft;
    pthread_mutex_lock(&c->lock);
    bool no_body = r->status == 304 || r->status == 204;
    c->body_less = no_body || (d && d->req.verb == VERB_HEAD);
    c->chunked = length < 0 && !(d && d->http_1_0);
    if (length < 0 && !c->chunked)
        c->keep = false;
    if (atomic_load(&c->server->stops))
        c->keep = false;
    struct buf *b = &c->out; /* leaves with the first bytes of the body, or at the end */
    buf_add(b, STR("HTTP/1.1 "));
    add_number(b, (uint64_t)r->status);
    buf_addc(b, ' ');
    buf_addz(b, reason_of(r->status));
    buf_add(b, STR("\r\n"));
    add_date(b);
    buf_addz(b, c->server->always ? c->server->always : protection);
    if (c->server->strict)
        buf_addz(b, "Strict-Transport-Security: max-age=31536000\r\n");
    if (type.n) {
        buf_add(b, STR("Content-Type: "));
        buf_add(b, type);
        buf_add(b, STR("\r\n"));
    }
    if (!r->cache_set)
        buf_add(b, STR("Cache-Control: no-store\r\n"));
    buf_add(b, buf_str(&r->extra));
    if (length >= 0 && !no_body) {
        buf_add(b, STR("Content-Length: "));
        add_number(b, (uint64_t)length);
        buf_add(b, STR("\r\n"));
    } else if (c->chunked && !no_body) {
        buf_add(b, STR("Transfer-Encoding: chunked\r\n"));
    }
    if (!c->keep)
        buf_add(b, STR("Connection: close\r\n"));
    else if (d && d->http_1_0)
        buf_add(b, STR("Connection: keep-alive\r\n"));
    buf_add(b, STR("\r\n"));
    bool good = !b->failed && !r->extra.failed && !c->gone;
    pthread_mutex_unlock(&c->lock);
    return good;
}

static bool write_data(struct http_reply *r, struct str bytes, bool forever, bool may_wait)
{
    struct http_conn *c = r->sink;
    if (c->body_less || bytes.n == 0)
        return true;
    if (!c->chunked)
        return conn_send(c, bytes, forever, may_wait);
    char frame[24];
    int n = snprintf(frame, sizeof frame, "%zx\r\n", bytes.n);
    pthread_mutex_lock(&c->lock);
    buf_add(&c->out, (struct str){frame, (size_t)n});
    buf_add(&c->out, bytes);
    pthread_mutex_unlock(&c->lock);
    return conn_send(c, STR("\r\n"), false, may_wait);
}

static void write_end(struct http_reply *r, bool whole)
{
    struct http_conn *c = r->sink;
    pthread_mutex_lock(&c->lock);
    if (whole && c->chunked && !c->body_less)
        buf_addz(&c->out, "0\r\n\r\n");
    if (!whole) {
        c->broken = true;
        c->keep = false;
    }
    c->done = true;
    c->on_gone = NULL;
    conn_flush_locked(c);
    pthread_mutex_unlock(&c->lock);
}

static bool worker_data(struct http_reply *r, struct str bytes, bool forever)
{
    return write_data(r, bytes, forever, true);
}

static void worker_end(struct http_reply *r, bool whole)
{
    write_end(r, whole);
    conn_call_loop(r->sink);
}

static bool loop_data(struct http_reply *r, struct str bytes, bool forever)
{
    return write_data(r, bytes, forever, false);
}

const struct http_reply_ops http_reply_conn = {"worker", write_head, worker_data, worker_end};
const struct http_reply_ops http_reply_conn_loop = {"loop", write_head, loop_data, write_end};
