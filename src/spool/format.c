/* The layout of the spool's files: little-endian numbers at fixed places, XXH3-64 over everything. */
#include "spool/format.h"

#include <endian.h>
#include <xxhash.h>

#include "base/cipher.h"

static const char head_magic[8] = {'T', 'r', 'l', 'S', 'p', 'o', 'o', 'l'};
static const char group_magic[4] = {'T', 'r', 'l', 'G'};
static const char durable_magic[8] = {'T', 'r', 'l', 'D', 'u', 'r', 'b', 'l'};

enum { HEAD_CHECKED = 96, RECORD_ALIGN = 8 };

static void put32(char *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof v);
}

static void put64(char *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof v);
}

static uint32_t get32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static uint64_t get64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

uint64_t spool_blocks(uint64_t bytes)
{
    return (bytes + SPOOL_BLOCK - 1) / SPOOL_BLOCK * SPOOL_BLOCK;
}

uint64_t spool_hash(struct str bytes)
{
    return XXH3_64bits(bytes.p, bytes.n);
}

int spool_position_cmp(struct spool_position a, struct spool_position b)
{
    if (a.segment != b.segment)
        return a.segment < b.segment ? -1 : 1;
    return a.offset < b.offset ? -1 : a.offset > b.offset;
}

void spool_head_put(char *block, const struct spool_head *h)
{
    memset(block, 0, SPOOL_BLOCK);
    memcpy(block, head_magic, sizeof head_magic);
    put32(block + 8, h->mark ? SPOOL_VERSION : 1);
    put32(block + 12, SPOOL_BLOCK);
    put64(block + 16, h->segment);
    put64(block + 24, h->epoch);
    put64(block + 32, h->segment_bytes);
    put64(block + 40, h->prev_segment);
    put64(block + 48, h->prev_end);
    put64(block + 56, h->prev_epoch);
    put64(block + 64, h->first_group);
    put64(block + 72, h->first_record);
    put64(block + 80, (uint64_t)h->created_us);
    put64(block + 88, h->mark);
    put64(block + HEAD_CHECKED, XXH3_64bits(block, HEAD_CHECKED));
}

bool spool_head_get(const char *block, struct spool_head *h, uint32_t *version)
{
    *version = 0;
    if (memcmp(block, head_magic, sizeof head_magic) != 0 || get64(block + HEAD_CHECKED) != XXH3_64bits(block, HEAD_CHECKED))
        return false;
    *version = get32(block + 8);
    *h = (struct spool_head){.segment = get64(block + 16),
                             .epoch = get64(block + 24),
                             .segment_bytes = get64(block + 32),
                             .prev_segment = get64(block + 40),
                             .prev_end = get64(block + 48),
                             .prev_epoch = get64(block + 56),
                             .first_group = get64(block + 64),
                             .first_record = get64(block + 72),
                             .created_us = (int64_t)get64(block + 80),
                             .mark = get64(block + 88)};
    return get32(block + 12) == SPOOL_BLOCK && h->segment_bytes % SPOOL_BLOCK == 0 && h->prev_end % SPOOL_BLOCK == 0;
}

void spool_group_put(char *p, struct spool_group *g, uint64_t epoch)
{
    g->payload_check = XXH3_64bits_withSeed(p + SPOOL_GROUP_HEAD, g->payload_bytes, epoch);
    memset(p, 0, SPOOL_GROUP_HEAD);
    memcpy(p + 8, group_magic, sizeof group_magic);
    put32(p + 12, g->records);
    put64(p + 16, g->at);
    put64(p + 24, g->group);
    put64(p + 32, g->first_record);
    put32(p + 40, g->payload_bytes);
    put64(p + 48, g->payload_check);
    put64(p, XXH3_64bits_withSeed(p + 8, SPOOL_GROUP_HEAD - 8, epoch));
}

bool spool_group_get(const char *p, uint64_t epoch, uint64_t at, struct spool_group *g)
{
    if (memcmp(p + 8, group_magic, sizeof group_magic) != 0 || get64(p + 16) != at ||
        get64(p) != XXH3_64bits_withSeed(p + 8, SPOOL_GROUP_HEAD - 8, epoch))
        return false;
    *g = (struct spool_group){.at = at,
                              .group = get64(p + 24),
                              .first_record = get64(p + 32),
                              .records = get32(p + 12),
                              .payload_bytes = get32(p + 40),
                              .payload_check = get64(p + 48)};
    return true;
}

bool spool_group_whole(const struct spool_group *g, const char *payload, uint64_t epoch)
{
    return XXH3_64bits_withSeed(payload, g->payload_bytes, epoch) == g->payload_check;
}

/* What the seal holds to: the group's place and number, so that none can be put in another's place. */
enum { ABOUT_BYTES = 32 };
_Static_assert((int)SPOOL_SEAL_BYTES == (int)CIPHER_SEAL_BYTES, "room for a seal");

static struct str about(char room[ABOUT_BYTES], const struct spool_group *g, uint64_t epoch)
{
    put64(room, epoch);
    put64(room + 8, g->at);
    put64(room + 16, g->group);
    put64(room + 24, g->first_record);
    return (struct str){room, ABOUT_BYTES};
}

void spool_group_seal(char *p, struct spool_group *g, uint64_t epoch, const unsigned char *key)
{
    char room[ABOUT_BYTES];
    cipher_seal(key, about(room, g, epoch), p + SPOOL_GROUP_HEAD, g->payload_bytes);
    g->payload_bytes += SPOOL_SEAL_BYTES;
}

bool spool_group_unseal(const struct spool_group *g, const char *payload, uint64_t epoch, const unsigned char *key, char *to)
{
    char room[ABOUT_BYTES];
    return cipher_unseal(key, about(room, g, epoch), payload, g->payload_bytes, to);
}

uint64_t spool_group_end(const struct spool_group *g)
{
    return g->at + spool_blocks((uint64_t)SPOOL_GROUP_HEAD + g->payload_bytes);
}

size_t spool_record_bytes(const struct spool_record *r)
{
    size_t n = SPOOL_RECORD_HEAD;
    if (r->source.n > UINT16_MAX || r->meta.n > UINT32_MAX || r->body.n > UINT32_MAX)
        return SIZE_MAX;
    n += r->source.n + r->meta.n + r->body.n;
    n = (n + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
    return n <= UINT32_MAX ? n : SIZE_MAX;
}

static char *put_text(char *p, struct str s)
{
    if (s.n)
        memcpy(p, s.p, s.n);
    return p + s.n;
}

void spool_record_put(char *p, const struct spool_record *r)
{
    size_t bytes = spool_record_bytes(r);
    char *end = p + bytes;
    put32(p, (uint32_t)bytes);
    p[4] = (char)r->kind;
    p[5] = 0;
    p[6] = (char)(r->source.n & 0xff);
    p[7] = (char)(r->source.n >> 8);
    put32(p + 8, (uint32_t)r->meta.n);
    put32(p + 12, (uint32_t)r->body.n);
    put64(p + 16, (uint64_t)r->received_us);
    p = put_text(p + SPOOL_RECORD_HEAD, r->source);
    p = put_text(p, r->meta);
    p = put_text(p, r->body);
    memset(p, 0, (size_t)(end - p));
}

bool spool_record_get(struct str payload, size_t at, struct spool_record *r, size_t *bytes)
{
    if (at > payload.n || payload.n - at < SPOOL_RECORD_HEAD)
        return false;
    const char *p = payload.p + at;
    size_t source = (size_t)(unsigned char)p[6] | (size_t)(unsigned char)p[7] << 8;
    *bytes = get32(p);
    *r = (struct spool_record){.received_us = (int64_t)get64(p + 16), .kind = (enum spool_kind)(unsigned char)p[4]};
    r->source = (struct str){p + SPOOL_RECORD_HEAD, source};
    r->meta = (struct str){r->source.p + source, get32(p + 8)};
    r->body = (struct str){r->meta.p + r->meta.n, get32(p + 12)};
    return *bytes <= payload.n - at && *bytes == spool_record_bytes(r);
}

enum { DURABLE_CHECKED = 40 };

void spool_durable_put(char *p, const struct spool_durable_note *d)
{
    memset(p, 0, SPOOL_DURABLE_BYTES);
    memcpy(p, durable_magic, sizeof durable_magic);
    put64(p + 8, d->end.segment);
    put64(p + 16, d->end.offset);
    put64(p + 24, d->next_group);
    put64(p + 32, d->next_record);
    put64(p + DURABLE_CHECKED, XXH3_64bits(p, DURABLE_CHECKED));
}

bool spool_durable_get(const char *p, struct spool_durable_note *d)
{
    if (memcmp(p, durable_magic, sizeof durable_magic) != 0 || get64(p + DURABLE_CHECKED) != XXH3_64bits(p, DURABLE_CHECKED))
        return false;
    *d = (struct spool_durable_note){{get64(p + 8), get64(p + 16)}, get64(p + 24), get64(p + 32)};
    return d->end.offset % SPOOL_BLOCK == 0;
}
