/* The reader: record after record over all segments. What is damaged is named once, with its place, and passed over. */
#include "spool/reader.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"

bool spool_reader_open(const char *dir, struct spool_position from, struct spool_reader **out, struct err *e)
{
    struct spool_reader *r = mem_alloc(sizeof *r);
    *r = (struct spool_reader){.dir_fd = -1, .lock_fd = -1, .durable_fd = -1, .notify_fd = -1, .watch = -1, .fd = -1, .at = from};
    r->dir = mem_strdup(str_of(dir));
    spool_scan_init(&r->scan);
    *out = r;
    if (spool_seal_open(&r->seal, dir, e))
        return true;
    spool_reader_close(r);
    *out = NULL;
    return false;
}

void spool_reader_close(struct spool_reader *r)
{
    if (!r)
        return;
    reader_segment_leave(r);
    spool_scan_fini(&r->scan);
    int fds[] = {r->notify_fd, r->durable_fd, r->lock_fd, r->dir_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    spool_seal_fini(&r->seal);
    mem_free(r->text);
    mem_free(r->dir);
    mem_free(r);
}

static bool damaged(struct spool_reader *r, uint64_t from, uint64_t to, struct err *e)
{
    err_at(e, E_SPOOL, str_of(r->name.z), 0, 0, "spool/%s is damaged from offset %llu to %llu: the requests there are lost",
           r->name.z, (unsigned long long)from, (unsigned long long)to);
    err_hint(e, "reading goes on behind it; look at the health of this disk");
    return false;
}

/* The first time in a segment: `at` may be inside of a group. */
static bool enter(struct spool_reader *r, struct err *e)
{
    struct spool_group g;
    enum spool_look look = spool_scan_holder(&r->scan, r->at.offset, &g, e);
    if (look == LOOK_FAILED)
        return false;
    r->inner = 0;
    if (look == LOOK_GROUP && g.at < r->at.offset) {
        r->inner = (size_t)(r->at.offset - g.at);
        r->at.offset = g.at;
    }
    r->at.offset = spool_blocks(r->at.offset);
    r->entered = true;
    return true;
}

static void group_begin(struct spool_reader *r)
{
    size_t skip = r->inner > SPOOL_GROUP_HEAD ? r->inner - SPOOL_GROUP_HEAD : 0, bytes;
    struct spool_record record;
    r->in_group = true;
    r->inner = 0;
    while (r->inner < skip && spool_record_get(r->payload, r->inner, &record, &bytes))
        r->inner += bytes;
}

static void segment_next(struct spool_reader *r)
{
    r->passed = r->head.segment;
    r->at = (struct spool_position){r->head.segment + 1, 0};
    reader_segment_leave(r);
}

/* The payload of a sealed group as text. One that does not open is damaged, though its checksums are whole: somebody changed it. */
static bool unseal(struct spool_reader *r, struct err *e)
{
    if (!r->head.mark)
        return true;
    if (!spool_seal_fits(&r->seal, r->head.mark, r->name.z, e)) /* known of a damaged head from the next one */
        return false;
    uint64_t end = spool_group_end(&r->group);
    size_t n = r->payload.n > SPOOL_SEAL_BYTES ? r->payload.n - SPOOL_SEAL_BYTES : 0;
    if (n > r->text_room) {
        char *text = mem_try_realloc(r->text, n);
        if (!text)
            return err_set(e, E_MEMORY, "not enough memory to open a group of %zu bytes of spool/%s", n, r->name.z);
        r->text = text;
        r->text_room = n;
    }
    if (!n || !spool_group_unseal(&r->group, r->payload.p, r->head.epoch, r->seal.key, r->text)) {
        r->at.offset = end;
        return damaged(r, r->group.at, end, e);
    }
    r->payload = (struct str){r->text, n};
    return true;
}

enum step { STEP_GROUP, STEP_AGAIN, STEP_NOTHING, STEP_FAILED };

/* Not whole at `at`, and before the limit: damaged, torn, used again, or the end. */
static enum step not_whole(struct spool_reader *r, uint64_t limit, bool certain, struct err *e)
{
    struct spool_group g;
    if (!certain && !r->sealed && r->nothing_at == r->at.offset)
        return STEP_NOTHING;
    if (!reader_segment_current(r)) {
        segment_next(r);
        return STEP_AGAIN;
    }
    spool_scan_forget(&r->scan);
    enum spool_look look = spool_scan_find(&r->scan, r->at.offset, limit, &g, e);
    if (look == LOOK_FAILED)
        return STEP_FAILED;
    if (look == LOOK_GROUP && g.at == r->at.offset)
        return STEP_AGAIN; /* what the window held was older than the file */
    if (look == LOOK_GROUP || certain) {
        uint64_t from = r->at.offset;
        r->at.offset = look == LOOK_GROUP ? g.at : limit;
        damaged(r, from, r->at.offset, e);
        return STEP_FAILED;
    }
    if (r->sealed) {
        segment_next(r);
        return STEP_AGAIN;
    }
    r->nothing_at = r->at.offset;
    return STEP_NOTHING;
}

static enum step next_group(struct spool_reader *r, struct err *e)
{
    uint64_t limit;
    bool certain;
    if (!reader_attach(r))
        return STEP_NOTHING;
    switch (reader_segment(r, e)) {
    case READER_NONE:
        return STEP_NOTHING;
    case READER_FAILED:
        return STEP_FAILED;
    case READER_OPEN:
        break;
    }
    if (!r->entered && !enter(r, e))
        return STEP_FAILED;
    if (!reader_limit(r, &limit, &certain, e))
        return STEP_FAILED;
    if (certain && r->at.offset >= limit) {
        if (!r->sealed)
            return STEP_NOTHING;
        segment_next(r);
        return STEP_AGAIN;
    }
    switch (spool_scan_group(&r->scan, r->at.offset, limit, &r->group, &r->payload, e)) {
    case LOOK_GROUP:
        if (!unseal(r, e))
            return STEP_FAILED;
        group_begin(r);
        return STEP_GROUP;
    case LOOK_FAILED:
        return STEP_FAILED;
    case LOOK_NOTHING:
        break;
    }
    return not_whole(r, limit, certain, e);
}

bool spool_next(struct spool_reader *r, struct spool_entry *out, bool *got, struct err *e)
{
    *got = false;
    for (;;) {
        size_t bytes;
        if (r->in_group && r->inner >= r->payload.n) {
            r->in_group = false;
            r->inner = 0;
            r->at.offset = spool_group_end(&r->group);
        }
        if (r->in_group) {
            if (!spool_record_get(r->payload, r->inner, &out->record, &bytes)) {
                uint64_t from = r->group.at + SPOOL_GROUP_HEAD + r->inner;
                r->inner = r->payload.n;
                return damaged(r, from, spool_group_end(&r->group), e);
            }
            out->at = (struct spool_position){r->head.segment, r->group.at + SPOOL_GROUP_HEAD + r->inner};
            r->inner += bytes;
            out->next =
                (struct spool_position){r->head.segment, r->inner < r->payload.n ? r->group.at + SPOOL_GROUP_HEAD + r->inner
                                                                                 : spool_group_end(&r->group)};
            *got = true;
            return true;
        }
        switch (next_group(r, e)) {
        case STEP_GROUP:
        case STEP_AGAIN:
            break;
        case STEP_NOTHING:
            return true;
        case STEP_FAILED:
            return false;
        }
    }
}
