/* The spool: an append-only log of what collectors were given, on disk before they answer. One process writes, any number
 * read. The format, byte by byte: docs/spool.md. Knows nothing of events: a record is a source, a few facts and a body. */
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include "base/arena.h"
#include "base/error.h"

/* What a body is. Numbers are part of the format and never change. */
enum spool_kind {
    SPOOL_TRACK = 1,
    SPOOL_PAGE,
    SPOOL_SCREEN,
    SPOOL_IDENTIFY,
    SPOOL_GROUP,
    SPOOL_ALIAS,    /* one call of that route */
    SPOOL_BATCH,    /* {"batch":[...]} of Segment and RudderStack */
    SPOOL_MERGE,    /* RudderStack */
    SPOOL_CONSENT,  /* consent API */
    SPOOL_WEBHOOK,  /* any JSON, mapped by the source's declaration */
    SPOOL_GA4,      /* Measurement Protocol */
    SPOOL_MPARTICLE /* mParticle batch */
};

struct spool_record {
    int64_t received_us;
    enum spool_kind kind;
    struct str source; /* "web.site" */
    struct str meta;   /* JSON object of request facts: docs/spool.md, "Facts of a request" */
    struct str body;   /* JSON text, unpacked, valid UTF-8 */
};

/* Where a record begins. Segments count from 1. {0,0}: before everything. */
struct spool_position {
    uint64_t segment, offset;
};
int spool_position_cmp(struct spool_position a, struct spool_position b);

/* ---- writing ---- */
struct spool_writer;
struct spool_options {
    const char *dir;        /* data/spool; made (0700) when absent */
    uint64_t segment_bytes; /* 0: 64 MiB; made in advance and written anew when loaded */
    uint64_t limit_bytes;   /* 0: 8 GiB; all segments together. Beyond it append says E_NO_SPACE */
    uint64_t backlog_bytes; /* 0: 64 MiB; taken and not yet on disk. Beyond it append says E_BUSY */
    int group_delay_us;     /* 0: a group is written as soon as the one before is on disk */
};
/* Takes spool/lock (E_BUSY with the holder's pid), cuts a torn tail, begins behind the last whole group. */
MUST_CHECK bool spool_writer_open(const struct spool_options *o, struct spool_writer **out, struct err *e);
/* Called from the writer's thread when the record's group is on disk, or can never be (`e`: E_NO_SPACE, E_IO). Must not wait. */
typedef void spool_done_fn(void *ctx, const struct err *e);
/* Copies the record; never waits. False: nothing was taken, and `done` is not called. */
MUST_CHECK bool spool_append(struct spool_writer *w, const struct spool_record *r, spool_done_fn *done, void *ctx, struct err *e);
/* The same, waiting until it is on disk: for tools and tests. */
MUST_CHECK bool spool_append_wait(struct spool_writer *w, const struct spool_record *r, struct err *e);
struct spool_position spool_durable(struct spool_writer *w); /* end of the last group on disk */
struct spool_stats {
    uint64_t records, bytes, groups, segments, free_segments;
    bool full;
};
void spool_writer_stats(struct spool_writer *w, struct spool_stats *out);
void spool_writer_close(struct spool_writer *w); /* writes what was taken, then ends; NULL-safe */

/* ---- reading ---- */
struct spool_reader;
/* `from`: where to begin; a place that no longer exists is the next one that does. No spool at all is an empty one. */
MUST_CHECK bool spool_reader_open(const char *dir, struct spool_position from, struct spool_reader **out, struct err *e);
struct spool_entry {
    struct spool_record record; /* borrowed until the next call */
    struct spool_position at, next;
};
/* *got false: nothing more is on disk now; ask again later. False: E_SPOOL with file and offset; the reader then stands behind
 * the damaged group, so that asking again goes on. */
MUST_CHECK bool spool_next(struct spool_reader *r, struct spool_entry *out, bool *got, struct err *e);
/* Waits until something may have been written, or the time is over, or `wake` (an eventfd; -1: none) is readable. Works across
 * processes. */
bool spool_wait(struct spool_reader *r, int timeout_ms, int wake);
void spool_reader_close(struct spool_reader *r);
/* Tells the writer, through the file spool/loaded, that everything before is loaded: its segments may be used again. */
MUST_CHECK bool spool_loaded_set(const char *dir, struct spool_position p, struct err *e);
MUST_CHECK bool spool_loaded_get(const char *dir, struct spool_position *p, struct err *e); /* {0,0}: none */

#endif
