/* The layout of the spool's files, byte by byte: docs/spool.md. Bytes in, values out; no file is touched here. */
#ifndef SPOOL_FORMAT_H
#define SPOOL_FORMAT_H

#include "spool/spool.h"

enum {
    SPOOL_VERSION = 2, /* 1: the same without a mark; what is written without a key still is */
    SPOOL_BLOCK = 4096, /* everything begins at a multiple of it: what direct I/O asks for */
    SPOOL_GROUP_HEAD = 64,
    SPOOL_RECORD_HEAD = 24,
    SPOOL_DURABLE_BYTES = 64,
};

/* First block of a segment. */
struct spool_head {
    uint64_t segment, epoch, segment_bytes;
    uint64_t prev_segment, prev_end, prev_epoch; /* the segment before: nothing at or behind prev_end counts. 0: not known */
    uint64_t first_group, first_record;          /* numbers over the whole spool */
    int64_t created_us;
    uint64_t mark; /* of the key that its groups are sealed with; 0: plain */
};
void spool_head_put(char *block, const struct spool_head *h);
/* False: these bytes are none. *version is filled where they are, also when it is not ours. */
bool spool_head_get(const char *block, struct spool_head *h, uint32_t *version);

/* One group commit. */
struct spool_group {
    uint64_t at, group, first_record;
    uint32_t records, payload_bytes;
    uint64_t payload_check;
};
/* Fills the head in front of the payload, checksums included. */
void spool_group_put(char *p, struct spool_group *g, uint64_t epoch);
/* A head that was written for this place under this epoch. The payload is not looked at. */
bool spool_group_get(const char *p, uint64_t epoch, uint64_t at, struct spool_group *g);
bool spool_group_whole(const struct spool_group *g, const char *payload, uint64_t epoch);
uint64_t spool_group_end(const struct spool_group *g); /* where the next one begins */

size_t spool_record_bytes(const struct spool_record *r); /* SIZE_MAX: more than the format holds */
void spool_record_put(char *p, const struct spool_record *r);
/* False: not a record. *bytes: to the next one. */
bool spool_record_get(struct str payload, size_t at, struct spool_record *r, size_t *bytes);

/* Seals the payload behind the head in place, with room for SPOOL_SEAL_BYTES more: for this place under this epoch. */
enum { SPOOL_SEAL_BYTES = 40 };
void spool_group_seal(char *p, struct spool_group *g, uint64_t epoch, const unsigned char *key);
/* The payload of a whole group into `to`, g->payload_bytes - SPOOL_SEAL_BYTES long. False: it does not open. */
bool spool_group_unseal(const struct spool_group *g, const char *payload, uint64_t epoch, const unsigned char *key, char *to);

/* The file `durable`: how far groups are on disk. */
struct spool_durable_note {
    struct spool_position end;
    uint64_t next_group, next_record;
};
void spool_durable_put(char *p, const struct spool_durable_note *d);
bool spool_durable_get(const char *p, struct spool_durable_note *d);

uint64_t spool_blocks(uint64_t bytes); /* rounded up to whole blocks */
uint64_t spool_hash(struct str bytes);

#endif
