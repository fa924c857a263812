/* HTTP/1.1 on an own epoll loop: one loop thread reads, parses and flushes; workers answer. This header is the
 * contract between the connection machinery (http_*.c) and the routes, which see requests and replies only.
 * A reply may also go to memory (http_reply_memory), so that the command line asks the same routes in process. */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* ---- Limits: name, default, meaning. One table, so that tests can lower each. ---- */
#define HTTP_LIMITS(X)                                                                       \
    X(connections, 12000, "open connections; more are answered 503 and closed")              \
    X(queue, 256, "requests that wait for a worker; more are answered 503 with Retry-After") \
    X(header_bytes, 32 << 10, "request line and headers of one request")                     \
    X(headers, 100, "header lines of one request")                                           \
    X(body_bytes, 4 << 20, "body of one request")                                            \
    X(head_timeout_ms, 10000, "from the first byte of a request to the end of its headers")  \
    X(body_timeout_ms, 20000, "for the body, and again for each further 64 KB of it")        \
    X(idle_timeout_ms, 75000, "kept connection without a request")                           \
    X(write_timeout_ms, 30000, "client that takes no byte of its answer")                    \
    X(out_bytes, 256 << 10, "answer bytes held per connection before its worker waits")      \
    X(drain_ms, 10000, "requests in flight when the server is asked to stop")

struct http_limits {
#define X(name, value, text) int name;
    HTTP_LIMITS(X)
#undef X
};
struct http_limits http_limits_default(void);

/* ---- Request ---- */
enum http_verb { VERB_GET, VERB_HEAD, VERB_POST, VERB_PUT, VERB_DELETE, VERB_OPTIONS, VERB_OTHER };

struct http_header {
    struct str name, value;
}; /* name in lower case */

/* Everything is borrowed from the connection until the reply has ended. */
struct http_request {
    enum http_verb verb;
    struct str target;      /* as sent: path and query */
    struct str path, query; /* path percent-decoded; query raw, without the question mark */
    const struct http_header *headers;
    size_t n_headers;
    struct str body;
    struct str peer; /* address of the other side, "192.0.2.7"; empty over the Unix socket and in process */
    bool trusted;    /* came over the Unix socket from our own user, or in process */
};

struct str http_request_header(const struct http_request *q, const char *lower_name); /* empty when absent */
size_t http_request_header_count(const struct http_request *q, const char *lower_name);
/* Value of one query parameter, decoded into the arena; false when absent. E_USAGE for a broken escape goes as absent. */
bool http_query_param(const struct http_request *q, struct arena *a, const char *name, struct str *value);
/* Percent-decodes; '+' is a space where `form`. False for broken escapes and for a NUL or other control byte. */
bool http_decode(struct str s, bool form, char *out, size_t *n);

/* ---- Reply ---- */
struct http_reply;
struct http_reply_ops {
    const char *name;
    bool (*head)(struct http_reply *r, struct str type, int64_t length); /* length -1: streamed */
    bool (*data)(struct http_reply *r, struct str bytes, bool forever);  /* forever: bytes outlive the process' requests */
    void (*end)(struct http_reply *r, bool whole);                       /* whole false: the stream broke off */
};

struct http_reply {
    const struct http_reply_ops *ops;
    void *sink;
    const struct http_request *req;
    int status;                /* set by begin, whole and error */
    struct buf extra;          /* further header lines "Name: value\r\n" */
    struct buf pending;        /* streamed bytes not yet handed to the sink */
    bool begun, ended, failed; /* failed: the other side is gone or too slow; stop working */
    bool cache_set, detached;
};

void http_reply_init(struct http_reply *r, const struct http_reply_ops *ops, void *sink, const struct http_request *req);
void http_reply_fini(struct http_reply *r); /* an answer that was never begun becomes a 500 */
void http_reply_header(struct http_reply *r, const char *name,
                       struct str value); /* before it begins; control bytes are dropped */
/* One piece with its length known. `forever`: body lives as long as the process and is not copied. */
void http_reply_whole(struct http_reply *r, int status, struct str type, struct str body, bool forever);
void http_reply_error(struct http_reply *r, const struct err *e); /* {"error":{…}} with the code's status */
void http_reply_refuse(struct http_reply *r, int status, const struct err *e); /* the same with a status of the machinery: 405 */
/* Streamed: begin, then writes (gathered into pieces of 32 KB), then end. False: stop, nobody listens any more. */
bool http_reply_begin(struct http_reply *r, int status, struct str type);
bool http_reply_write(struct http_reply *r, struct str bytes);
bool http_reply_flush(struct http_reply *r); /* hands over what is gathered: for events that should be seen now */
void http_reply_end(struct http_reply *r);
void http_reply_abort(struct http_reply *r); /* after begin: breaks the stream so that the client sees it is not whole */
/* Called from the loop when the client goes away while the request is worked on (or at once, when it has); at most once.
 * It must neither wait nor touch the reply. NULL takes it back: after that it does not run any more. */
void http_reply_on_gone(struct http_reply *r, void (*fn)(void *ctx), void *ctx);

/* A stream that outlives its handler (server-sent events): after begin, detach; the handler returns; any thread sends. */
struct http_stream;
struct http_stream *http_reply_detach(struct http_reply *r);
bool http_stream_send(struct http_stream *s,
                      struct str bytes);       /* never waits; false: client gone or more than out_bytes behind */
void http_stream_close(struct http_stream *s); /* owned: once, also after a failed send */

/* An answer that comes later, without a thread that waits for it: the handler (on the loop or a worker) sets headers, takes
 * the request over and returns; what it borrowed from the request is valid only until then. Any thread completes it, once,
 * without waiting; the loop is woken once for all that are completed close together. NULL: this reply cannot (in process). */
struct http_later;
struct http_fixed { /* lives for ever */
    int status;
    struct str headers; /* further lines, each with its end */
    struct str type, body;
};
struct http_later *http_reply_later(struct http_reply *r);
void http_later_answer(struct http_later *l, const struct http_fixed *answer);
void http_reply_fixed(struct http_reply *r, const struct http_fixed *answer); /* the same at once */

/* In-process replies: pieces go to a function. */
struct http_memory {
    int status;
    struct str type; /* content type, borrowed while the reply lives */
    bool (*data)(void *ctx, struct str bytes);
    void *ctx;
    bool whole; /* the answer came to its end */
};
extern const struct http_reply_ops http_reply_memory; /* sink: struct http_memory */

/* ---- Server ---- */
struct http_server;
struct http_handlers {
    /* On the loop: answer at once from memory, or return false so that a worker does. May be NULL. */
    bool (*fast)(void *ctx, const struct http_request *q, struct http_reply *r);
    void (*answer)(void *ctx, const struct http_request *q, struct http_reply *r); /* on a worker; may take its time */
    void *ctx;
};

MUST_CHECK bool http_server_open(const struct http_limits *limits, int workers, const struct http_handlers *h,
                                 struct http_server **out, struct err *e);
/* Loopback only: 127.0.0.1, ::1 or localhost; anything else is E_DENIED. Port 0 takes any free one. */
MUST_CHECK bool http_server_listen_tcp(struct http_server *s, const char *host, int port, int *port_out, struct err *e);
/* Any address or name of this machine, "" for all of them: for listeners that serve no more than what the world may ask. */
MUST_CHECK bool http_server_listen_any(struct http_server *s, const char *host, int port, int *port_out, struct err *e);
/* Before it runs: connections over TCP speak TLS from now on. PEM files; E_USAGE says what is wrong with them. */
MUST_CHECK bool http_server_tls(struct http_server *s, const char *certificate, const char *key, struct err *e);
/* Before it runs. `always`: header lines of every answer in place of those that protect the page; `error_begin`: how the body of
 * an error of the machinery begins (a JSON object up to the error's value). Both live for ever. */
void http_server_form(struct http_server *s, const char *always, const char *error_begin);
/* Before it runs: every answer tells browsers to come back over TLS alone (for listeners that are reached by TLS). */
void http_server_strict(struct http_server *s);
/* Mode 0600; peers of another user are refused. A stale socket file is replaced. Removed at close. */
MUST_CHECK bool http_server_listen_unix(struct http_server *s, const char *path, struct err *e);
void http_server_run(struct http_server *s);  /* until stopped; then drains */
void http_server_stop(struct http_server *s); /* from any thread or a signal handler; a second call does not wait for the drain */
void http_server_close(struct http_server *s);
size_t http_server_connections(const struct http_server *s);

#endif
