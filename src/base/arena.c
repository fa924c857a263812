/* Bump arena: blocks of growing size; under AddressSanitizer one block per piece, so that overruns are seen. */
#include "base/arena.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ONE_PER_PIECE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ONE_PER_PIECE 1
#endif
#endif
#ifndef ARENA_ONE_PER_PIECE
#define ARENA_ONE_PER_PIECE 0
#endif

enum { ARENA_FIRST_BYTES = 4096, ARENA_BLOCK_BYTES_MAX = 1 << 20, ARENA_ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size, used; /* of the bytes behind this header */
};
_Static_assert(sizeof(struct arena_block) <= 2 * ARENA_ALIGN, "the header must fit its padding");
enum { ARENA_HEADER = 2 * ARENA_ALIGN };

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_fini(struct arena *a)
{
    for (struct arena_block *b = a->head; b;) {
        struct arena_block *next = b->next;
        mem_free(b);
        b = next;
    }
    *a = (struct arena){0};
}

static struct arena_block *block_new(size_t bytes)
{
    struct arena_block *b = mem_alloc(ARENA_HEADER + bytes);
    b->size = bytes;
    return b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) /* a negative size: let the handler of exhaustion report it */
        return mem_alloc(SIZE_MAX / 2);
    size_t size = ARENA_ONE_PER_PIECE ? bytes : (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    a->used_bytes += size;
    struct arena_block *b = a->head;
    if (!ARENA_ONE_PER_PIECE && b && b->size - b->used >= size) {
        void *p = (char *)b + ARENA_HEADER + b->used;
        b->used += size;
        return p;
    }
    size_t block = size;
    if (!ARENA_ONE_PER_PIECE) {
        size_t usual = b ? (b->size * 2 < ARENA_BLOCK_BYTES_MAX ? b->size * 2 : ARENA_BLOCK_BYTES_MAX) : ARENA_FIRST_BYTES;
        if (size > usual / 4 && b) { /* a large piece gets a block of its own behind the current one, which stays in use */
            struct arena_block *own = block_new(size);
            own->used = size;
            own->next = b->next;
            b->next = own;
            return (char *)own + ARENA_HEADER;
        }
        if (block < usual)
            block = usual;
    }
    struct arena_block *fresh = block_new(block);
    fresh->used = size;
    fresh->next = b;
    a->head = fresh;
    return (char *)fresh + ARENA_HEADER;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    return arena_alloc(a, size_mul(count, size, &bytes) ? bytes : SIZE_MAX);
}

char *arena_strz(struct arena *a, struct str s)
{
    char *z = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(z, s.p, s.n);
    return z;
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str){arena_strz(a, s), s.n};
}

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    size_t size = n > 0 ? (size_t)n : 0;
    char *z = arena_alloc(a, size + 1);
    if (n > 0)
        vsnprintf(z, size + 1, fmt, again);
    va_end(again);
    return (struct str){z, size};
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}
