/* What the files of the events module share. The way of a body: split.c takes it apart (ga4.c, mparticle.c, webhook.c turn other
 * forms into Segment's first), normalise.c makes a struct event of each item, consent.c its statements; take.c judges it (seen
 * before, tracking plan), rows.c writes it. Nothing before take.c knows a database. */
#ifndef EVENTS_EVENTS_INT_H
#define EVENTS_EVENTS_INT_H

#include <pthread.h>

#include "events/event.h"
#include "engine/pipe.h"
#include "events/events.h"
#include "spool/spool.h"

enum { EVENT_DEPTH_MAX = 200, EVENT_MESSAGE_ID_MAX = 100, EVENT_BEGINNING_BYTES = 2048 };

/* ---- a batch of events on its way ---- */
struct event_refusal {
    const char *reason;       /* docs/events.md, "Rejected events" */
    struct str field, message; /* without values */
};
enum event_verdict { EVENT_PASSED, EVENT_QUARANTINED, EVENT_DUPLICATE };
/* Facts of the request, from the spool record's meta: docs/spool.md. */
struct event_facts {
    struct str ip, user_agent, accept_language, origin, api;
    bool gpc, dnt, direct;
    int64_t key_id, received_us;
};
struct event_entry {
    struct event ev; /* stream 0: its type is not known */
    const struct event_facts *facts;
    enum event_verdict verdict;
    struct event_refusal *why; /* EVENT_QUARANTINED: all that is wrong */
    size_t n_why;
    struct event_entry *statement_of; /* a row of the stream `consent`: of this event; NULL: an event */
    struct str type, name, origin;    /* as sent; segment:offset:index */
    struct str source_ref;            /* of a source that is not declared: ev.source is NULL */
    yyjson_val *integrations, *sent_at;
    struct str payload; /* what is kept when it is rejected, where `ev.whole` is not it (too large) */
    enum spool_kind request; /* a whole request that could not be split, of this kind; 0: an event */
    int64_t again;      /* id in quarantine of an event that is replayed; 0: it comes from the spool */
    uint64_t print;     /* of source and message id */
};
struct event_batch {
    struct arena a;
    const struct mesh *m;
    struct event_entry **v; /* statements stand behind their event */
    size_t n, cap, events;  /* events: without statements */
    yyjson_doc **docs;
    size_t n_docs, cap_docs;
};
void event_batch_init(struct event_batch *b, const struct mesh *m);
void event_batch_fini(struct event_batch *b);
void event_batch_clear(struct event_batch *b);
struct event_entry *event_batch_add(struct event_batch *b);
yyjson_doc *event_batch_parse(struct event_batch *b, struct str json); /* NULL: no JSON; lives as long as the batch */
yyjson_alc event_alc(struct arena *a);
struct str event_json(struct arena *a, yyjson_val *v); /* compact; empty for NULL */
yyjson_val *event_frozen(struct arena *a, yyjson_mut_doc *doc); /* the root as an immutable value that lives in the arena */
void event_refuse(struct event_batch *b, struct event_entry *x, const char *reason, struct str field, const char *message);

/* ---- split.c ---- */
/* All events of one record of the spool, normalised; with what is wrong with each. */
void event_split(struct event_batch *b, const struct mesh_source *s, const struct spool_record *r, struct spool_position at);
/* A record of a source that is not declared any more: kept whole, in quarantine. */
void event_split_unknown(struct event_batch *b, const struct spool_record *r, struct spool_position at);
/* The same of one payload that lay in quarantine. */
void event_split_again(struct event_batch *b, const struct mesh_source *s, struct str payload, struct str meta, int64_t received_us,
                       struct str origin, int64_t id);
/* The kind of the whole request that lay in quarantine; 0: one payload. */
enum spool_kind event_request_kind(struct event_batch *b, struct str meta);
/* A whole request that lay in quarantine, from the place of its origin: what it is made of by the declaration of today. */
void event_split_request(struct event_batch *b, const struct mesh_source *s, enum spool_kind kind, struct str payload, struct str meta,
                         int64_t received_us, struct str origin);
/* What quarantine keeps of an entry. */
struct str event_payload(struct event_batch *b, const struct event_entry *x);
struct str event_meta(struct event_batch *b, const struct event_entry *x);

/* ---- translate: other forms into Segment's. Each gives an array of calls, {"type":…}; NULL with a reason: it does not fit ---- */
struct event_translation {
    yyjson_val *items;
    const char *reason;
    struct str field, message;
};
void event_ga4(struct event_batch *b, yyjson_val *body, struct event_translation *out);
void event_mparticle(struct event_batch *b, yyjson_val *body, struct event_translation *out);
void event_webhook(struct event_batch *b, const struct mesh_source *s, yyjson_val *body, struct event_translation *out);
yyjson_val *event_path(yyjson_val *root, struct str path); /* "$.a.b[0]['c']"; NULL: nothing there, or no path */

/* ---- normalise.c ---- */
struct event_shared { /* of a whole batch */
    yyjson_val *context, *integrations, *sent_at;
};
/* `stream`: what the route says; 0: what `type` says. */
void event_normalise(struct event_batch *b, struct event_entry *x, yyjson_val *item, const struct event_shared *sh,
                     enum event_stream stream);
bool event_moment(struct str s, int64_t *us);          /* ISO 8601; no offset: UTC */
bool event_millionths(struct str number, int64_t *out); /* exactly, rounded half away from zero; false: no number or too large */
struct str event_scalar(yyjson_val *v);                 /* text, or the digits of a number; else empty */

/* ---- ip.c ---- */
struct str event_ip_cut(struct arena *a, struct str ip); /* to /24 or /48; empty: no address */

/* ---- evidence.c: which identifiers stand together ---- */
void event_evidence(const struct mesh *m, struct event *ev, struct arena *a);

/* ---- consent.c, tcf.c ---- */
/* Adds an entry of the stream `consent` for each statement of an event (`spoken`: the object of the consent API, or NULL). */
void event_consent(struct event_batch *b, struct event_entry *x, yyjson_val *spoken);
struct event_tcf {
    int64_t created_us, updated_us;
    int cmp_id, cmp_version, vendor_list_version, policy_version;
    uint32_t purposes; /* bit 0: purpose 1 */
    bool service_specific;
};
bool event_tcf_parse(struct str s, struct event_tcf *out);

/* ---- seen.c: ids that were loaded, as fingerprints of 52 bits with a rough time: eight bytes each ---- */
struct seen;
struct seen *seen_new(int64_t keep_us); /* for how long an id is remembered */
void seen_free(struct seen *s);
uint64_t seen_print(struct str source, struct str message_id);
/* True: the print is there, and it was received between *from_us and *to_us. False: it is added. */
bool seen_add(struct seen *s, uint64_t print, int64_t received_us, int64_t *from_us, int64_t *to_us);
void seen_again(struct seen *s, uint64_t print, int64_t received_us); /* what was found was another one, or too old: this is its time now */
size_t seen_count(const struct seen *s);
size_t seen_bytes(const struct seen *s);

/* ---- tables.c: the raw tables ---- */
struct event_table { /* one stream of one source, as it stands in the database */
    const struct mesh_source *source;
    enum event_stream stream;
    struct str ref;                    /* "web.site__track" */
    const struct plan_column *planned; /* of the plan */
    size_t n_planned;
    const struct event_own { struct str name, sql; } *enrich; /* declared columns that can be bound: TRY_CAST(TRY(…) AS …) */
    size_t n_enrich;
    struct event_counts {
        int64_t version, rows, from_us, to_us;
    } now, next; /* as committed; as the open transaction has it */
};
struct event_source { /* of one declaration */
    struct str ref; /* "web.site" */
    const struct mesh_source *source;
    struct plan *plan;
    struct enrich *enrich;
    struct event_table tables[EVENT_STREAMS]; /* as event_streams */
};
/* Makes and widens the tables of a source; what cannot be bound is a warning in `es`. */
MUST_CHECK bool event_tables_fit(struct engine_conn *c, struct event_source *s, struct arena *a, struct errs *es, struct err *e);

/* ---- rows.c ---- */
/* Inserts all passed entries of one table, inside the caller's transaction. */
MUST_CHECK bool event_rows_write(struct engine_conn *c, const struct event_table *t, struct event_entry **v, size_t n, int64_t batch_id,
                                 int64_t learned_us, struct arena *a, struct err *e);

/* ---- tail.c ---- */
struct tail;
struct tail *tail_new(void);
void tail_free(struct tail *t);
void tail_add(struct tail *t, const struct event_batch *b, int64_t loaded_us);
size_t tail_read(struct tail *t, int64_t after_seq, struct str source, struct arena *a, struct events_seen **out, size_t max);

/* ---- events.c ---- */
struct events {
    struct state *s;
    struct engine_conn *c;
    pthread_mutex_t lock; /* all below; held by load, replay and prepare */
    /* Of the declaration that was prepared last. The pointers tell it apart, they are not followed. */
    const struct mesh *m;
    const void *m_sources, *m_arena;
    struct sha_hex sha;
    struct arena a;
    struct event_source *sources;
    size_t n_sources;
    struct errs said; /* warnings about the declaration */

    char *spool_dir;
    struct spool_reader *reader;
    struct spool_reader *waiter; /* reads nothing, waits: of the one thread that calls events_wait */
    struct spool_position place;
    struct seen *seen; /* NULL: to be made from the tables */
    int64_t window_us;
    int64_t next_batch, next_rejected;

    struct tail *tail; /* has a lock of its own */
    pthread_mutex_t listen_lock;
    void (*on_batch)(void *ctx);
    void *on_batch_ctx;
};
struct event_source *events_source(struct events *ev, struct str ref); /* "web.site"; NULL: not declared */
/* Brings `sources` in line with the declaration; the caller holds `lock`. */
MUST_CHECK bool events_fit(struct events *ev, const struct mesh *m, struct err *e);
/* Fills `seen`, where that has not been done; the caller holds `lock`. */
MUST_CHECK bool events_know_ids(struct events *ev, struct err *e);
struct str event_ref(const struct mesh_source *s, struct arena *a); /* "web.site" */
/* Rows of a question, one after the other; `row` NULL: dropped. */
MUST_CHECK bool events_each(struct engine_conn *c, struct str sql, const struct engine_param *p, size_t n,
                            bool (*row)(void *ctx, const struct engine_chunk *ch, size_t at, struct err *e), void *ctx, struct err *e);

/* ---- take.c: what load and replay have in common; the caller holds `lock` ---- */
/* Judges every entry: seen before, tracking plan, enrichment. */
MUST_CHECK bool events_judge(struct events *ev, struct event_batch *b, struct err *e);
struct str event_messages(struct event_batch *b, const struct event_entry *x); /* of all that is wrong */
/* Writes rows, quarantine and counts inside a transaction of ev->c that the caller began. Entries that come from quarantine are not
 * written there again: whoever replays marks them. */
MUST_CHECK bool events_write(struct events *ev, struct event_batch *b, struct events_report *r, struct err *e);
/* After COMMIT (what was written counts from now on, and is told) or ROLLBACK. */
void events_written(struct events *ev, struct event_batch *b, bool committed);

#endif
