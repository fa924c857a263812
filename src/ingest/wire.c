/* Frames between the loader child and the writer: sending, and taking apart with every length checked. */
#include "ingest/wire.h"

#include <errno.h>
#include <unistd.h>

static const char *const names[] = {
#define X(id, name, meaning) name,
    REJECT_REASONS(X)
#undef X
};
static const char *const meanings[] = {
#define X(id, name, meaning) meaning,
    REJECT_REASONS(X)
#undef X
};

const char *reject_reason_name(enum reject_reason r)
{
    return r < REJECT_COUNT ? names[r] : "unknown";
}

const char *reject_reason_meaning(enum reject_reason r)
{
    return r < REJECT_COUNT ? meanings[r] : "";
}

static bool write_all(int fd, const char *p, size_t n, struct err *e)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return err_errno(e, errno, "handing over rows");
        p += w;
        n -= (size_t)w;
    }
    return true;
}

bool wire_send(int fd, enum wire_kind kind, uint32_t rows, int64_t source_bytes, struct str payload, struct err *e)
{
    struct wire_head h = {WIRE_MAGIC, kind, payload.n, source_bytes, rows, 0};
    return write_all(fd, (const char *)&h, sizeof h, e) && write_all(fd, payload.p, payload.n, e);
}

struct reject_head {
    int64_t line;
    uint16_t reason, column;
    uint32_t message_bytes, raw_bytes, zero;
};

void wire_reject_add(struct buf *b, const struct wire_reject *r)
{
    struct reject_head h = {r->line, (uint16_t)r->reason, (uint16_t)r->column, (uint32_t)r->message.n, (uint32_t)r->raw.n, 0};
    buf_add(b, (struct str){(const char *)&h, sizeof h});
    buf_add(b, r->message);
    buf_add(b, r->raw);
}

bool wire_reject_take(struct str *rest, struct wire_reject *out)
{
    struct reject_head h;
    if (rest->n < sizeof h)
        return false;
    memcpy(&h, rest->p, sizeof h);
    size_t n = rest->n - sizeof h;
    if (h.reason >= REJECT_COUNT || h.message_bytes > n || h.raw_bytes > n - h.message_bytes)
        return false;
    const char *p = rest->p + sizeof h;
    *out = (struct wire_reject){
        h.line, (enum reject_reason)h.reason, h.column, {p, h.message_bytes}, {p + h.message_bytes, h.raw_bytes}};
    rest->p = p + h.message_bytes + h.raw_bytes;
    rest->n = n - h.message_bytes - h.raw_bytes;
    return str_utf8_valid(out->message) && str_utf8_valid(out->raw);
}

/* Takes `n` bytes and the padding to a multiple of 8. */
static const char *take(struct str *s, size_t n)
{
    size_t padded = (n + 7) & ~(size_t)7;
    if (padded < n || padded > s->n)
        return NULL;
    const char *p = s->p;
    s->p += padded;
    s->n -= padded;
    return p;
}

static bool ascii(struct str s)
{
    uint64_t any = 0, w;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&w, s.p + i, 8);
        any |= w;
    }
    for (; i < s.n; i++)
        any |= (unsigned char)s.p[i];
    return (any & 0x8080808080808080u) == 0;
}

static bool texts_parse(const uint32_t *lengths, uint32_t rows, struct str heap)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < rows; i++)
        sum += lengths[i];
    if (sum > heap.n)
        return false;
    if (ascii(heap))
        return true;
    for (uint32_t i = 0; i < rows; i++) {
        if (!str_utf8_valid((struct str){heap.p, lengths[i]}))
            return false;
        heap.p += lengths[i];
    }
    return true;
}

bool wire_rows_parse(struct str s, uint32_t rows, const struct engine_pipe_type *types, size_t n, struct engine_pipe_cells *cells)
{
    if (rows == 0 || rows > WIRE_BLOCK_ROWS || ((uintptr_t)s.p & 7))
        return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t head[2];
        const char *p = take(&s, sizeof head);
        if (!p)
            return false;
        memcpy(head, p, sizeof head);
        cells[i] = (struct engine_pipe_cells){0};
        if (head[0] & 1) {
            p = take(&s, (rows + 63) / 64 * sizeof(uint64_t));
            if (!p)
                return false;
            cells[i].valid = (const uint64_t *)(const void *)p;
        }
        bool text = types[i].type == ENGINE_TEXT;
        p = take(&s, (size_t)rows * (text ? sizeof(uint32_t) : types[i].bytes));
        if (!p)
            return false;
        cells[i].data = p;
        if (text) {
            p = take(&s, head[1]);
            if (!p || !texts_parse(cells[i].data, rows, (struct str){p, head[1]}))
                return false;
            cells[i].heap = p;
        }
        if (types[i].type == ENGINE_BOOL) {
            for (uint32_t k = 0; k < rows; k++) {
                if (((const uint8_t *)cells[i].data)[k] > 1)
                    return false;
            }
        }
    }
    return s.n == 0;
}
