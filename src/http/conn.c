/* One connection on the loop: read, parse, hand over, flush, keep or close. The states and their order stand in
 * http_int.h. Everything here runs on the loop thread, apart from conn_work, which is a worker's. */
#include "http/http_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define S(state) (1u << (state))
static const unsigned allowed_moves[CONN_STATES] = {
    [CONN_IDLE] = S(CONN_HEAD) | S(CONN_CLOSED),
    [CONN_HEAD] = S(CONN_BODY) | S(CONN_BUSY) | S(CONN_FLUSH) | S(CONN_CLOSED),
    [CONN_BODY] = S(CONN_BUSY) | S(CONN_FLUSH) | S(CONN_CLOSED),
    [CONN_BUSY] = S(CONN_FLUSH) | S(CONN_CLOSED),
    [CONN_FLUSH] = S(CONN_IDLE) | S(CONN_LINGER) | S(CONN_CLOSED),
    [CONN_LINGER] = S(CONN_CLOSED),
};

enum { LINGER_MS = 2000, BODY_STEP_BYTES = 64 << 10, HEAD_PIECE_BYTES = 4 << 10, OUT_SPARE_BYTES = 8 << 20 };

static void conn_move(struct http_conn *c, enum conn_state next)
{
    if (!(allowed_moves[c->state] & S(next))) {
        struct err e = {0};
        err_set(&e, E_INTERNAL, "connection state %d cannot become %d", (int)c->state, (int)next);
        log_err(LOG_ERROR, "http", "bad_move", &e);
        abort();
    }
    c->state = next;
}

static void deadline_in(struct http_conn *c, int ms)
{
    c->deadline_us = clock_mono_us() + (int64_t)ms * 1000;
}

void conn_accepted(struct http_server *s, int fd, bool trusted, const char *peer)
{
    struct http_conn *c = mem_alloc(sizeof *c);
    c->io = &http_io_plain;
    c->server = s;
    c->fd = fd;
    c->trusted = trusted;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    c->in = BUF_INIT((size_t)HTTP_SCRATCH_BYTES * 2);
    c->out = BUF_INIT((size_t)s->limits.out_bytes + OUT_SPARE_BYTES);
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->room, &attr);
    pthread_condattr_destroy(&attr);
    atomic_init(&c->refs, 1);
    llhttp_init(&c->parser, HTTP_REQUEST, &http_parse_settings);
    c->parser.data = c;
    deadline_in(c, s->limits.head_timeout_ms); /* a connection that says nothing at first is not waited for long */
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    c->interest = EPOLLIN;
    if ((s->tls && !trusted && !tls_accept(c)) || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
        c->io->close(c);
        conn_unref(c);
        return;
    }
    c->next = s->conns;
    if (s->conns)
        s->conns->prev = c;
    s->conns = c;
    atomic_fetch_add(&s->n_conns, 1);
}

void conn_unref(struct http_conn *c)
{
    if (atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    draft_free(c->draft);
    buf_fini(&c->in);
    buf_fini(&c->out);
    buf_fini(&c->later_extra);
    pthread_cond_destroy(&c->room);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

/* Whoever answers a request of this connection may still hold it: memory goes with the last reference. */
void conn_close(struct http_conn *c)
{
    if (c->state == CONN_CLOSED)
        return;
    struct http_server *s = c->server;
    conn_move(c, CONN_CLOSED);
    pthread_mutex_lock(&c->lock);
    conn_gone_locked(c);
    void (*fn)(void *) = c->on_gone;
    void *ctx = c->on_gone_ctx;
    c->on_gone = NULL;
    if (fn)
        fn(ctx); /* under the lock, so that its taking back waits for it */
    c->io->close(c);
    c->fd = -1;
    pthread_mutex_unlock(&c->lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    atomic_fetch_sub(&s->n_conns, 1);
    c->next_dead = s->dead;
    s->dead = c;
}

void conn_bury(struct http_server *s)
{
    while (s->dead) {
        struct http_conn *c = s->dead;
        s->dead = c->next_dead;
        conn_unref(c);
    }
}

static void interest(struct http_conn *c, uint32_t events)
{
    pthread_mutex_lock(&c->lock);
    conn_interest_locked(c, events);
    pthread_mutex_unlock(&c->lock);
}

/* ---- answering ---- */
void conn_work(struct http_conn *c)
{
    pthread_mutex_lock(&c->lock);
    bool gone = c->gone;
    pthread_mutex_unlock(&c->lock);
    if (gone) { /* the client left while its request waited in the queue */
        conn_unref(c);
        return;
    }
    struct http_reply r;
    http_reply_init(&r, &http_reply_conn, c, &c->draft->req);
    c->server->handlers.answer(c->server->handlers.ctx, &c->draft->req, &r);
    bool detached = r.detached;
    http_reply_fini(&r);
    if (!detached)
        conn_unref(c); /* a stream keeps the reference until it is closed */
}

static void begin_answer(struct http_conn *c, bool keep)
{
    pthread_mutex_lock(&c->lock);
    c->done = c->broken = c->stream = c->left = false;
    c->keep = keep;
    c->progress_us = clock_mono_us();
    pthread_mutex_unlock(&c->lock);
}

/* An answer of the machinery itself; the connection ends with it. */
static void refuse(struct http_conn *c, int status, enum err_code code, const char *text, const char *hint)
{
    struct http_reply r;
    struct err e = {0};
    struct buf b = BUF_INIT((size_t)4 << 10);
    begin_answer(c, false);
    err_set(&e, code, "%s", text);
    if (hint)
        err_hint(&e, "%s", hint);
    http_reply_init(&r, &http_reply_conn_loop, c, NULL);
    buf_addz(&b, c->server->error_begin ? c->server->error_begin : "{\"error\":");
    err_json(&e, &b);
    buf_addz(&b, "}\n");
    if (status == 503)
        http_reply_header(&r, "Retry-After", STR("1"));
    http_reply_whole(&r, status, STR("application/json; charset=utf-8"), buf_str(&b), false);
    http_reply_fini(&r);
    buf_fini(&b);
    conn_move(c, CONN_FLUSH);
}

/* A request is whole: answered here when that needs no waiting, else by a worker. */
static void dispatch(struct http_conn *c)
{
    struct http_draft *d = c->draft;
    struct http_server *s = c->server;
    if (!draft_finish(d, c, llhttp_get_method(&c->parser))) {
        refuse(c, d->refuse_status, E_USAGE, d->refuse_text, NULL);
        return;
    }
    begin_answer(c, d->keep_alive && !s->draining);
    if (s->handlers.fast) {
        struct http_reply r;
        http_reply_init(&r, &http_reply_conn_loop, c, &d->req);
        bool answered = s->handlers.fast(s->handlers.ctx, &d->req, &r);
        bool later = r.detached;
        if (answered) {
            http_reply_fini(&r);
            conn_move(c, later ? CONN_BUSY : CONN_FLUSH);
            return;
        }
        buf_fini(&r.extra);
        buf_fini(&r.pending);
    }
    conn_move(c, CONN_BUSY);
    atomic_fetch_add(&c->refs, 1);
    if (!pool_push(s->pool, c)) {
        atomic_fetch_sub(&c->refs, 1);
        refuse(c, 503, E_BUSY, "the server has as many requests waiting as it accepts", "try again in a moment");
    }
}

static void parse_failed(struct http_conn *c)
{
    struct http_draft *d = c->draft;
    int status = d->refuse_status ? d->refuse_status : 400;
    const char *text = d->refuse_status ? d->refuse_text : "this is not HTTP as the standard has it";
    bool large = status == 413 || status == 414 || status == 431;
    refuse(c, status, large ? E_TOO_LARGE : E_USAGE, text, NULL);
}

static void say_continue(struct http_conn *c)
{
    c->draft->expect_continue = false;
    conn_send(c, STR("HTTP/1.1 100 Continue\r\n\r\n"), false, false);
}

/* Feeds bytes to the parser until they are used up or a request has to be answered first. Returns how many were used. */
static size_t feed_one(struct http_conn *c, const char *p, size_t n)
{
    const struct http_limits *l = &c->server->limits;
    if (c->state == CONN_IDLE) {
        if (!c->draft)
            c->draft = draft_new(l);
        conn_move(c, CONN_HEAD);
        deadline_in(c, l->head_timeout_ms);
        c->body_mark = 0;
    }
    llhttp_errno_t code = llhttp_execute(&c->parser, p, n);
    struct http_draft *d = c->draft;
    if (code == HPE_PAUSED && d->complete) {
        size_t used = (size_t)(llhttp_get_error_pos(&c->parser) - p);
        llhttp_resume(&c->parser);
        dispatch(c);
        return used;
    }
    if (code != HPE_OK) {
        parse_failed(c);
        return n;
    }
    if (d->head_done && c->state == CONN_HEAD) {
        conn_move(c, CONN_BODY);
        deadline_in(c, l->body_timeout_ms);
        if (d->expect_continue)
            say_continue(c);
    } else if (c->state == CONN_BODY && d->body.n >= c->body_mark + BODY_STEP_BYTES) {
        c->body_mark = d->body.n;
        deadline_in(c, l->body_timeout_ms);
    }
    return n;
}

static bool ready_for_input(const struct http_conn *c)
{
    return c->state == CONN_IDLE || c->state == CONN_HEAD || c->state == CONN_BODY;
}

static void settle(struct http_conn *c);
static void readable(struct http_conn *c);
static bool more_pending(struct http_conn *c);

static void feed(struct http_conn *c, const char *p, size_t n)
{
    size_t at = 0;
    while (at < n && ready_for_input(c)) {
        at += feed_one(c, p + at, n - at);
        if (c->state == CONN_FLUSH)
            settle(c);
    }
    if (at < n && (c->state == CONN_BUSY || c->state == CONN_FLUSH)) {
        buf_add(&c->in, (struct str){p + at, n - at});
        if (c->in.failed)
            conn_close(c);
    }
}

/* The answer is complete: sends what is left; then the next request, or the end. */
static void settle(struct http_conn *c)
{
    pthread_mutex_lock(&c->lock);
    bool good = conn_flush_locked(c), sent = good && conn_unsent_locked(c) == 0;
    bool keep = c->keep, broken = c->broken;
    if (good && !sent)
        conn_interest_locked(c, EPOLLOUT);
    pthread_mutex_unlock(&c->lock);
    if (!good || (sent && broken)) {
        conn_close(c);
    } else if (sent && keep && !c->server->draining) {
        conn_move(c, CONN_IDLE);
        draft_reset(c->draft);
        deadline_in(c, c->server->limits.idle_timeout_ms);
        interest(c, EPOLLIN);
    } else if (sent) {
        conn_move(c, CONN_LINGER);
        c->io->shut(c);
        deadline_in(c, LINGER_MS);
        interest(c, EPOLLIN);
    }
}

/* After an answer: requests that came behind it (pipelined) are waiting in `in`, or within TLS. */
static void go_on(struct http_conn *c)
{
    settle(c);
    if (c->state == CONN_IDLE && c->in.n) {
        struct buf waiting = c->in;
        c->in = BUF_INIT((size_t)HTTP_SCRATCH_BYTES * 2);
        feed(c, waiting.p, waiting.n);
        buf_fini(&waiting);
    }
    if (more_pending(c))
        readable(c);
}

static void answer_fixed(struct http_conn *c, const struct http_fixed *fixed)
{
    struct http_reply r;
    http_reply_init(&r, &http_reply_conn_loop, c, &c->draft->req);
    r.extra = c->later_extra;
    c->later_extra = (struct buf){0};
    http_reply_fixed(&r, fixed);
    http_reply_fini(&r);
}

void conn_wanted(struct http_conn *c)
{
    pthread_mutex_lock(&c->lock);
    bool done = c->done, gone = c->gone;
    const struct http_fixed *fixed = c->fixed;
    c->fixed = NULL;
    pthread_mutex_unlock(&c->lock);
    if (c->state != CONN_BUSY)
        return;
    if (gone) {
        conn_close(c);
    } else if (done || fixed) {
        if (fixed)
            answer_fixed(c, fixed);
        conn_move(c, CONN_FLUSH);
        go_on(c);
    }
}

/* Where the next bytes go. The rest of a body whose length is known goes straight to its place; what may be the beginning of a
 * request is read in a small piece, so that little of a body comes with it and has to be copied. */
static char *place_for_input(struct http_conn *c, size_t *room)
{
    struct http_draft *d = c->draft;
    if (c->state == CONN_BODY && (c->parser.flags & F_CONTENT_LENGTH) && c->parser.content_length <= d->body.max - d->body.n) {
        size_t rest = (size_t)c->parser.content_length;
        if (rest > BODY_STEP_BYTES)
            rest = BODY_STEP_BYTES;
        if (rest && buf_reserve(&d->body, rest)) {
            *room = rest;
            return d->body.p + d->body.n;
        }
    }
    *room = c->state == CONN_BODY || c->state == CONN_LINGER ? HTTP_SCRATCH_BYTES : HEAD_PIECE_BYTES;
    return c->server->scratch;
}

/* What TLS has taken off the socket wakes nobody again. */
static bool more_pending(struct http_conn *c)
{
    return c->io->pending && (ready_for_input(c) || c->state == CONN_LINGER) && c->io->pending(c);
}

static void readable(struct http_conn *c)
{
    size_t room;
    ssize_t n;
    do {
        char *place = place_for_input(c, &room);
        n = c->io->read(c, place, room);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            return;
        if (n <= 0)
            conn_close(c);
        else if (c->state != CONN_LINGER)
            feed(c, place, (size_t)n);
    } while ((c->state == CONN_BODY && (size_t)n == room) || more_pending(c)); /* more of the body is likely there */
}

/* The client has shut its side while its request is worked on: the work is called off, and what there is still sent. */
static void peer_left(struct http_conn *c)
{
    pthread_mutex_lock(&c->lock);
    c->keep = false;
    c->left = true;
    conn_interest_locked(c, c->interest & ~(uint32_t)EPOLLRDHUP);
    void (*fn)(void *) = c->on_gone;
    c->on_gone = NULL;
    if (fn)
        fn(c->on_gone_ctx);
    bool stream = c->stream;
    pthread_mutex_unlock(&c->lock);
    if (stream)
        conn_close(c);
}

/* The client sends on, or leaves, while its request is worked on: from now on the loop hears only of the latter. */
static void look_away(struct http_conn *c)
{
    pthread_mutex_lock(&c->lock);
    conn_interest_locked(c, (c->interest & ~(uint32_t)EPOLLIN) | EPOLLRDHUP);
    pthread_mutex_unlock(&c->lock);
}

void conn_event(struct http_conn *c, uint32_t events)
{
    if (c->state == CONN_CLOSED)
        return;
    if (events & (EPOLLERR | EPOLLHUP)) {
        conn_close(c);
        return;
    }
    if ((events & EPOLLOUT) && c->state == CONN_BUSY) {
        pthread_mutex_lock(&c->lock);
        conn_flush_locked(c);
        if (!c->gone && conn_unsent_locked(c) == 0)
            conn_interest_locked(c, c->interest & ~(uint32_t)EPOLLOUT);
        bool gone = c->gone;
        pthread_mutex_unlock(&c->lock);
        if (gone) {
            conn_close(c);
            return;
        }
    } else if ((events & EPOLLOUT) && c->state == CONN_FLUSH) {
        go_on(c);
    }
    if ((events & EPOLLRDHUP) && c->state == CONN_BUSY)
        peer_left(c);
    else if ((events & EPOLLIN) && c->state == CONN_BUSY)
        look_away(c);
    else if ((events & EPOLLIN) && (ready_for_input(c) || c->state == CONN_LINGER))
        readable(c);
}

void conn_drain(struct http_conn *c)
{
    pthread_mutex_lock(&c->lock);
    bool stream = c->stream;
    pthread_mutex_unlock(&c->lock);
    if (c->state == CONN_IDLE || c->state == CONN_HEAD || c->state == CONN_LINGER || stream)
        conn_close(c);
}

/* An idle connection keeps no memory but itself. */
static void slim(struct http_conn *c)
{
    draft_free(c->draft);
    c->draft = NULL;
    buf_fini(&c->in);
    c->in = BUF_INIT((size_t)HTTP_SCRATCH_BYTES * 2);
    pthread_mutex_lock(&c->lock);
    if (conn_unsent_locked(c) == 0) {
        size_t max = c->out.max;
        buf_fini(&c->out);
        c->out = BUF_INIT(max);
        c->out_at = 0;
    }
    pthread_mutex_unlock(&c->lock);
}

void conn_sweep(struct http_conn *c, int64_t now_us)
{
    int64_t write_us = (int64_t)c->server->limits.write_timeout_ms * 1000;
    bool late = now_us > c->deadline_us;
    switch (c->state) {
    case CONN_IDLE:
        if (late)
            conn_close(c);
        else if (c->draft)
            slim(c);
        break;
    case CONN_HEAD:
    case CONN_BODY:
        if (late) {
            refuse(c, 408, E_TIMEOUT, "the request did not arrive in time", NULL);
            settle(c);
        }
        break;
    case CONN_LINGER:
        if (late)
            conn_close(c);
        break;
    case CONN_BUSY:
    case CONN_FLUSH: {
        pthread_mutex_lock(&c->lock);
        bool stuck = conn_unsent_locked(c) && now_us > c->progress_us + write_us;
        pthread_mutex_unlock(&c->lock);
        if (stuck)
            conn_close(c);
        break;
    }
    case CONN_CLOSED:
    case CONN_STATES:
        break;
    }
}
