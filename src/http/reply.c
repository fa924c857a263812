/* Answers as routes write them: whole or streamed, with headers and errors in one form. Where the bytes go (a
 * connection, memory) is the sink's business. */
#include "http/http_int.h"

#include <stdio.h>
#include <sys/epoll.h>

#include "base/log.h"

enum { PIECE_BYTES = 32 << 10, EXTRA_HEADER_BYTES = 8 << 10 };

static const struct str json_type = {"application/json; charset=utf-8", 31};

void http_reply_init(struct http_reply *r, const struct http_reply_ops *ops, void *sink, const struct http_request *req)
{
    *r = (struct http_reply){.ops = ops, .sink = sink, .req = req, .status = 200};
    r->extra = BUF_INIT((size_t)EXTRA_HEADER_BYTES);
    r->pending = BUF_INIT((size_t)PIECE_BYTES * 2);
}

void http_reply_fini(struct http_reply *r)
{
    if (!r->detached && !r->begun) {
        struct err e = {0};
        err_set(&e, E_INTERNAL, "this request was left without an answer");
        http_reply_error(r, &e);
    } else if (!r->detached && !r->ended) {
        http_reply_abort(r);
    }
    buf_fini(&r->extra);
    buf_fini(&r->pending);
}

void http_reply_header(struct http_reply *r, const char *name, struct str value)
{
    if (strcmp(name, "Cache-Control") == 0)
        r->cache_set = true;
    buf_printf(&r->extra, "%s: ", name);
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] >= 0x20 && value.p[i] != 0x7f)
            buf_addc(&r->extra, value.p[i]);
    buf_addz(&r->extra, "\r\n");
}

static void finish(struct http_reply *r, bool whole)
{
    if (r->ended)
        return;
    r->ended = true;
    r->ops->end(r, whole && !r->failed);
}

void http_reply_whole(struct http_reply *r, int status, struct str type, struct str body, bool forever)
{
    if (r->begun)
        return;
    r->begun = true;
    r->status = status;
    bool good = r->ops->head(r, type, (int64_t)body.n);
    if (good && forever)
        good = r->ops->data(r, body, true);
    for (size_t at = 0; good && !forever && at < body.n; at += PIECE_BYTES) {
        size_t n = body.n - at < PIECE_BYTES ? body.n - at : PIECE_BYTES;
        good = r->ops->data(r, (struct str){body.p + at, n}, false);
    }
    r->failed = !good;
    finish(r, true);
}

void http_reply_refuse(struct http_reply *r, int status, const struct err *e)
{
    struct buf b = BUF_INIT((size_t)16 << 10);
    buf_addz(&b, "{\"error\":");
    err_json(e, &b);
    buf_addz(&b, "}\n");
    if (status == 503)
        http_reply_header(r, "Retry-After", STR("1"));
    if (e->code == E_INTERNAL || e->code == E_ENGINE || e->code == E_STORE)
        log_err(LOG_ERROR, "serve", "request_failed", e);
    http_reply_whole(r, status, json_type, buf_str(&b), false);
    buf_fini(&b);
}

void http_reply_error(struct http_reply *r, const struct err *e)
{
    http_reply_refuse(r, err_info_get(e->code)->http_status, e);
}

bool http_reply_begin(struct http_reply *r, int status, struct str type)
{
    if (r->begun)
        return false;
    r->begun = true;
    r->status = status;
    r->failed = !r->ops->head(r, type, -1);
    return !r->failed;
}

bool http_reply_flush(struct http_reply *r)
{
    if (!r->failed && r->pending.n)
        r->failed = !r->ops->data(r, buf_str(&r->pending), false);
    buf_reset(&r->pending);
    return !r->failed;
}

bool http_reply_write(struct http_reply *r, struct str bytes)
{
    while (!r->failed && bytes.n) {
        size_t room = PIECE_BYTES - r->pending.n, n = bytes.n < room ? bytes.n : room;
        buf_add(&r->pending, (struct str){bytes.p, n});
        r->failed = r->pending.failed;
        bytes = (struct str){bytes.p + n, bytes.n - n};
        if (r->pending.n >= PIECE_BYTES)
            http_reply_flush(r);
    }
    return !r->failed;
}

void http_reply_end(struct http_reply *r)
{
    http_reply_flush(r);
    finish(r, true);
}

void http_reply_abort(struct http_reply *r)
{
    http_reply_flush(r);
    finish(r, false);
}

void http_reply_on_gone(struct http_reply *r, void (*fn)(void *ctx), void *ctx)
{
    if (r->ops != &http_reply_conn || r->ended)
        return;
    struct http_conn *c = r->sink;
    pthread_mutex_lock(&c->lock);
    bool already = c->gone || c->left;
    c->on_gone = already ? NULL : fn;
    c->on_gone_ctx = ctx;
    if (already && fn)
        fn(ctx);
    pthread_mutex_unlock(&c->lock);
}

/* ---- answers that come later ---- */
struct http_later *http_reply_later(struct http_reply *r)
{
    bool on_loop = r->ops == &http_reply_conn_loop;
    if (r->begun || (!on_loop && r->ops != &http_reply_conn))
        return NULL;
    struct http_conn *c = r->sink;
    c->later.conn = c;
    c->later_extra = r->extra;
    r->extra = BUF_INIT((size_t)EXTRA_HEADER_BYTES);
    r->detached = true;
    if (on_loop)
        atomic_fetch_add(&c->refs, 1); /* a worker hands over the reference that it holds */
    return &c->later;
}

void http_later_answer(struct http_later *l, const struct http_fixed *answer)
{
    struct http_conn *c = l->conn;
    pthread_mutex_lock(&c->lock);
    c->fixed = answer;
    pthread_mutex_unlock(&c->lock);
    conn_call_loop(c);
    conn_unref(c);
}

void http_reply_fixed(struct http_reply *r, const struct http_fixed *answer)
{
    buf_add(&r->extra, answer->headers);
    http_reply_whole(r, answer->status, answer->type, answer->body, true);
}

/* ---- streams that outlive their handler ---- */
struct http_stream *http_reply_detach(struct http_reply *r)
{
    struct http_conn *c = r->sink;
    struct http_stream *s = mem_alloc(sizeof *s);
    http_reply_flush(r);
    s->conn = c;
    r->detached = true;
    pthread_mutex_lock(&c->lock);
    c->stream = true;
    conn_flush_locked(c);
    if (!c->gone && conn_unsent_locked(c))
        conn_interest_locked(c, c->interest | EPOLLOUT);
    pthread_mutex_unlock(&c->lock);
    return s;
}

bool http_stream_send(struct http_stream *s, struct str bytes)
{
    struct http_conn *c = s->conn;
    char frame[24];
    int n = snprintf(frame, sizeof frame, "%zx\r\n", bytes.n);
    pthread_mutex_lock(&c->lock);
    bool behind = conn_unsent_locked(c) + bytes.n > (size_t)c->server->limits.out_bytes;
    if (behind)
        conn_gone_locked(c);
    bool good = !c->gone;
    pthread_mutex_unlock(&c->lock);
    if (behind)
        conn_call_loop(c);
    if (!good || bytes.n == 0)
        return good;
    if (!c->chunked)
        return conn_send(c, bytes, false, false);
    struct buf b = BUF_INIT(bytes.n + 32);
    buf_add(&b, (struct str){frame, (size_t)n});
    buf_add(&b, bytes);
    buf_addz(&b, "\r\n");
    good = !b.failed && conn_send(c, buf_str(&b), false, false);
    buf_fini(&b);
    return good;
}

void http_stream_close(struct http_stream *s)
{
    if (!s)
        return;
    struct http_conn *c = s->conn;
    pthread_mutex_lock(&c->lock);
    if (c->chunked && !c->body_less)
        buf_addz(&c->out, "0\r\n\r\n");
    c->done = true;
    c->stream = false;
    conn_flush_locked(c);
    pthread_mutex_unlock(&c->lock);
    conn_call_loop(c);
    conn_unref(c);
    mem_free(s);
}

/* ---- in process ---- */
static bool memory_head(struct http_reply *r, struct str type, int64_t length)
{
    struct http_memory *m = r->sink;
    (void)length;
    m->status = r->status;
    m->type = type;
    return true;
}

static bool memory_data(struct http_reply *r, struct str bytes, bool forever)
{
    struct http_memory *m = r->sink;
    (void)forever;
    return bytes.n == 0 || m->data(m->ctx, bytes);
}

static void memory_end(struct http_reply *r, bool whole)
{
    struct http_memory *m = r->sink;
    m->whole = whole;
}

const struct http_reply_ops http_reply_memory = {"memory", memory_head, memory_data, memory_end};
