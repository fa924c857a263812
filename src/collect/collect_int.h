/* What the files of the collector share. The way of a request:
 *
 *   fast (loop) | answer (worker)  ->  routes.c: which route  ->  facts.c: its headers  ->  take.c: key, limits, body
 *        ->  body.c: valid JSON?  ->  cut.c: suppressed people out  ->  spool_append  ->  on disk: http_later_answer
 *
 * Settings are one immutable struct collect_config with a count of holders; a thread reads collector.json anew when it changes.
 */
#ifndef COLLECT_COLLECT_INT_H
#define COLLECT_COLLECT_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "collect/collect.h"
#include "collect/suppress.h"
#include "http/http.h"
#include "spool/spool.h"

enum { KEY_SHA_BYTES = 32, KEY_MAX_BYTES = 256, BODY_MAX_DEPTH = 200 };

/* ---- what is counted, by source; made once, never moved or freed while the collector is open ---- */
struct counts {
    struct str ref; /* "": requests without a known key */
    atomic_uint_fast64_t requests, events, bytes, suppressed;
    atomic_uint_fast64_t refused[E_COUNT];
    struct counts *next;
};
/* A bucket of tokens for each write key, which outlives a change of the settings. */
struct bucket {
    int64_t key_id;
    pthread_mutex_t lock;
    double tokens;
    int64_t filled_us;
    struct bucket *next;
};

/* ---- config.c: settings ---- */
struct source {
    struct str ref;
    bool enabled, webhook;
    int64_t rate, batch_bytes;
    struct str *origins; /* none: all */
    size_t n_origins;
    struct counts *counts;
};
struct write_key {
    unsigned char sha[KEY_SHA_BYTES];
    int64_t id;
    const struct source *source;
    struct bucket *bucket;
};
struct suppressed_hash {
    unsigned char b[SUPPRESS_HASH_BYTES];
};
struct collect_config {
    atomic_int holders;
    struct arena arena;
    struct source *sources;
    size_t n_sources;
    struct write_key *keys; /* sorted by sha */
    size_t n_keys;
    bool any_origin; /* at least one source takes events of every page */
    unsigned char suppress_key[SUPPRESS_KEY_BYTES];
    struct suppressed_hash *suppressed; /* sorted */
    size_t n_suppressed;
};
/* Reads the text of collector.json; buckets and counts are found or made in `c`. NULL: `e`. */
struct collect_config *config_parse(struct collect *c, struct str text, struct err *e);
struct collect_config *config_hold(struct collect *c);
void config_drop(struct collect_config *g); /* NULL-safe */
/* Reads the file when it is another than before; an unreadable one changes nothing and is logged. */
void config_refresh(struct collect *c);
const struct write_key *config_key(const struct collect_config *g, struct str key); /* NULL: unknown */
bool config_suppresses(const struct collect_config *g, struct str kind, struct str value);
bool source_allows(const struct source *s, struct str origin);
bool config_allows(const struct collect_config *g, struct str origin); /* some source does */

/* ---- memory for one request, kept for the next ---- */
struct scratch {
    struct buf plain; /* unpacked body */
    struct buf meta;
    struct buf made; /* a body that was written anew */
    char *pool;      /* for the JSON reader */
    size_t pool_bytes;
    struct scratch *next;
};

struct collect {
    struct http_server *server;
    struct spool_writer *spool;
    int port;
    bool tls;
    char *config_path;
    pthread_t loop, watcher;
    bool loop_runs, watcher_runs;
    pthread_mutex_t lock; /* config, lists, what is known of the file */
    pthread_cond_t wake;
    bool closing;
    struct collect_config *config;
    uint64_t config_size;
    int64_t config_mtime_ns;
    bool config_seen, config_bad;
    struct counts nobody; /* head of the list of counts */
    struct bucket *buckets;
    struct scratch *scratch;
    struct str snippet, snippet_gzip;
    const char *snippet_tag;
};
struct counts *counts_of(struct collect *c, struct str ref); /* c->lock held */
struct bucket *bucket_of(struct collect *c, int64_t key_id); /* c->lock held */
struct scratch *scratch_take(struct collect *c);
void scratch_give(struct collect *c, struct scratch *s);
void collect_lists_free(struct collect *c); /* counts, buckets, scratch */

/* ---- routes.c ---- */
struct take;
struct yyjson_doc;
struct yyjson_val;
struct route {
    const char *path; /* with a star at its end: whatever follows, in take.rest */
    enum http_verb verb;
    enum spool_kind kind;
    const char *api; /* way in, for the facts */
    unsigned flags;
    bool (*answer)(struct take *t); /* NULL: take_event */
};
enum {
    ROUTE_ARRAY = 1 /* the body may be an array */,
    ROUTE_BATCH = 2,
    ROUTE_BULK = 4,
    ROUTE_CONSENT = 8,
    ROUTE_OPEN = 16 /* needs no key */
};
/* NULL: none; *known: the path is known, for other methods (*allow lists them). */
const struct route *route_find(struct str path, enum http_verb verb, struct str *rest, bool *known, const char **allow);

/* ---- facts.c: the headers that matter, gathered in one pass ---- */
struct facts {
    struct str authorization, encoding, origin, user_agent, languages, gpc, dnt, forwarded, length, transfer, host, scheme,
        anonymous_id, ask_headers, etag;
};
void facts_gather(const struct http_request *q, struct facts *f);
const char *facts_way_in(const struct take *t, struct yyjson_val *root); /* which maker's client it is */
void facts_meta(const struct take *t, struct buf *out);                  /* docs/spool.md, "Facts of a request" */
bool ip_is_near(struct str ip);                                          /* loopback or private: a proxy of our own */

/* ---- take.c: one request ---- */
struct take {
    struct collect *c;
    struct collect_config *g;
    const struct http_request *q;
    struct http_reply *r;
    const struct route *route;
    const char *api; /* way in */
    struct str rest;
    struct facts f;
    struct scratch *s;
    struct arena arena;
    const struct write_key *key;
    struct str body;
    int64_t events;
    bool on_loop;
};
/* False: not here; a worker should (only asked on the loop). */
bool take_request(struct collect *c, const struct http_request *q, struct http_reply *r, bool on_loop);
bool take_key(struct take *t, struct str key);             /* sets t->key; false: answered 401, 404, 403 or 429 */
bool take_key_of_address(struct take *t, struct str *key); /* Basic, or a parameter; false: none */
/* Puts t->body (valid, whole) into the spool and answers when it is on disk. */
bool take_keep(struct take *t);
bool take_event(struct take *t);
bool take_pixel(struct take *t);

/* ---- body.c ---- */
/* Valid JSON of valid UTF-8, not nested too deep: the document lives in the scratch's pool until its next use. NULL: `e`. */
struct yyjson_doc *body_read(struct scratch *s, struct str text, bool raw_numbers, struct err *e);
/* ---- unpack.c: Content-Encoding. E_EVENT with *status 415 (unknown), 400 (broken) or E_TOO_LARGE with 413 ---- */
bool unpack(struct str encoding, struct str packed, size_t max_bytes, struct buf *out, int *status, struct err *e);
/* ---- cut.c: *cut says how many events were cut out; t->body is the rest, t->events how many are left ---- */
bool cut_suppressed(struct take *t, struct yyjson_doc **doc, int64_t *cut, struct err *e);
/* ---- pixel.c: a body made of an address ---- */
bool pixel_body(struct take *t, struct buf *out, struct err *e);

/* ---- answers.c ---- */
bool answer_error(struct take *t, int status, const struct err *e);
bool answer_ok(struct take *t);
void answer_cors(struct take *t);
bool answer_preflight(struct take *t);
const struct http_fixed *answer_of_route(const struct route *r); /* kept */
const struct http_fixed *answer_of_failure(enum err_code code);  /* the spool could not keep it */
extern const char answers_always[], answers_error_begin[];
/* pages.c: what is asked with GET */
bool page_health(struct take *t);
bool page_gpc(struct take *t);
bool page_snippet(struct take *t);
bool page_segment_settings(struct take *t);
bool page_rudder_settings(struct take *t);
bool page_dropped(struct take *t); /* metrics of SDKs: taken and dropped */
bool page_ga4_debug(struct take *t);

#endif
