/* What the files of the HTTP core share: the connection, the server, the order of locks.
 *
 * States of a connection (conn_move checks them):
 *
 *      accept -> IDLE -> HEAD -> BODY -> BUSY -> FLUSH -> IDLE (kept) | LINGER -> CLOSED
 *                  \________\______\____________\________________________________/
 *
 * IDLE: no request begun. HEAD, BODY: reading one. BUSY: queued, answered by a worker, or a detached stream. FLUSH: answered,
 * bytes left to send. LINGER: our side is shut, the client's remaining bytes are read off so that it sees the answer.
 *
 * While BUSY the socket stays armed for input, which spares two calls a request; only when something comes does it become
 * silent until the answer is out, so that a client that sends ahead waits in its socket.
 *
 * Locks: conn.lock guards the answer's bytes, `gone`, `done`, `interest` and the hook; pool.lock guards the queue. The list of
 * connections that want the loop has none: any thread pushes, the loop takes all at once. */
#ifndef SERVE_HTTP_INT_H
#define SERVE_HTTP_INT_H

#include <llhttp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "http/http.h"

struct http_conn;

/* The bytes of a connection go through this table, so that TLS can take the place of the plain socket. Results as
 * read(2) and write(2): -1 with errno EAGAIN means later. */
struct http_io {
    const char *name;
    ssize_t (*read)(struct http_conn *c, void *p, size_t n);
    ssize_t (*write)(struct http_conn *c, const void *p, size_t n);
    bool (*pending)(struct http_conn *c); /* bytes were read off the socket that nobody has asked for yet; NULL: never */
    void (*shut)(struct http_conn *c);    /* no more from us; the other side may still send */
    void (*close)(struct http_conn *c);
};
extern const struct http_io http_io_plain, http_io_tls;

enum conn_state { CONN_IDLE, CONN_HEAD, CONN_BODY, CONN_BUSY, CONN_FLUSH, CONN_LINGER, CONN_CLOSED, CONN_STATES };

struct span {
    size_t at, n;
};
enum { HTTP_SPANS_FIRST = 16 };

/* A request while it is read: text with offsets, since the buffer moves as it grows. */
struct http_draft {
    struct buf text, body; /* text: target, then names and values back to back */
    struct span target;
    struct span *names, *values; /* arrays of `cap_headers` */
    size_t n_headers, cap_headers;
    bool in_value; /* the last header callback was a value */
    bool head_done, complete, keep_alive, expect_continue, http_1_0;
    int refuse_status; /* a limit was broken: answer this */
    const char *refuse_text;
    struct http_header *headers; /* resolved when complete; `room_headers` of them, kept for the next request */
    size_t room_headers;
    char *path; /* `room_path` bytes, kept as well */
    size_t room_path;
    struct http_request req;
};

struct http_later {
    struct http_conn *conn; /* it is a part of this one */
};

struct http_conn {
    const struct http_io *io;
    struct http_server *server;
    void *tls; /* SSL */
    int fd;
    bool trusted;
    char peer[46];         /* address of the other side */
    enum conn_state state; /* loop only, like all down to the lock */
    llhttp_t parser;
    struct http_draft *draft; /* allocated with the first byte of a request */
    struct buf in;            /* bytes read beyond the request in work */
    int64_t deadline_us;
    size_t body_mark;              /* body bytes at the last extension of the deadline */
    struct http_conn *prev, *next; /* all connections */
    struct http_conn *next_dead;

    pthread_mutex_t lock;
    pthread_cond_t room; /* bytes went out, or the client went away */
    struct buf out;
    size_t out_at;
    struct str tail;         /* borrowed for ever, goes after `out` */
    uint32_t interest;       /* epoll events asked for */
    int64_t progress_us;     /* last time that a byte of the answer went out */
    bool gone;               /* nothing can be written any more */
    bool left;               /* the client has shut its side while its request is worked on */
    bool done;               /* the answer is complete in `out` and `tail` */
    bool keep;               /* and the connection may serve another */
    bool broken;             /* the answer stopped half-way: close without a proper end */
    bool stream;             /* detached: no time limit while nothing waits to be sent */
    bool chunked, body_less; /* framing of the answer in work */
    void (*on_gone)(void *ctx);
    void *on_gone_ctx;              /* called with the lock held: must neither wait nor reply */
    const struct http_fixed *fixed; /* the answer that came later */
    struct buf later_extra;         /* and its further header lines: whoever answers, then the loop */
    struct http_later later;

    atomic_bool wants_loop;
    struct http_conn *next_wanting; /* written before it is put on the list, read after it was taken off */
    atomic_int refs;                /* loop, list, and whoever answers */
};

struct http_stream {
    struct http_conn *conn;
};

enum { HTTP_LISTENERS = 3 };
struct http_listener {
    int fd;
    char *path; /* of a Unix socket, owned; else NULL */
};

struct http_pool;
struct http_server {
    struct http_limits limits;
    struct http_handlers handlers;
    int epoll_fd, wake_fd;
    struct http_listener listeners[HTTP_LISTENERS];
    size_t n_listeners;
    struct http_conn *conns;
    atomic_size_t n_conns;
    struct http_conn *dead;              /* closed in this round; freed at its end */
    _Atomic(struct http_conn *) wanting; /* those that want the loop, newest first */
    const char *always, *error_begin;
    bool strict; /* TLS for ever */
    void *tls; /* SSL_CTX; NULL: plain */
    struct http_pool *pool;
    atomic_int stops; /* how often asked to stop */
    bool draining;
    int64_t drain_until_us, next_sweep_us;
    bool accept_paused;
    char *scratch; /* read buffer of the loop */
};
enum { HTTP_SCRATCH_BYTES = 64 << 10 };

/* conn.c */
void conn_accepted(struct http_server *s, int fd, bool trusted, const char *peer);
void conn_event(struct http_conn *c, uint32_t events);
void conn_wanted(struct http_conn *c); /* somebody called conn_call_loop */
void conn_sweep(struct http_conn *c, int64_t now_us);
void conn_close(struct http_conn *c);
void conn_unref(struct http_conn *c);
void conn_drain(struct http_conn *c); /* the server stops: idle ones close */
void conn_bury(struct http_server *s);
void conn_work(struct http_conn *c); /* on a worker: answers the request and gives its reference back */

/* out.c: from any thread */
bool conn_send(struct http_conn *c, struct str bytes, bool forever, bool may_wait);
bool conn_flush_locked(struct http_conn *c); /* false: broken; conn.lock held */
size_t conn_unsent_locked(const struct http_conn *c);
void conn_interest_locked(struct http_conn *c, uint32_t events);
void conn_gone_locked(struct http_conn *c);
void conn_call_loop(struct http_conn *c);
extern const struct http_reply_ops http_reply_conn;      /* on a worker: waits for slow clients */
extern const struct http_reply_ops http_reply_conn_loop; /* on the loop: never waits */

/* request.c */
extern const llhttp_settings_t http_parse_settings;
struct http_draft *draft_new(const struct http_limits *l);
void draft_free(struct http_draft *d);
void draft_reset(struct http_draft *d);
/* After the last byte: resolves spans, splits and decodes the target. False: refuse_status is set. */
bool draft_finish(struct http_draft *d, const struct http_conn *c, uint8_t parser_method);

/* tls.c */
bool tls_accept(struct http_conn *c);
void tls_free(struct http_server *s);

/* pool.c */
MUST_CHECK bool pool_open(int workers, int queue, void (*work)(struct http_conn *c), struct http_pool **out, struct err *e);
bool pool_push(struct http_pool *p, struct http_conn *c); /* false: full */
void pool_close(struct http_pool *p);                     /* waits for the workers */

#endif
