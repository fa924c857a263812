/* Bump arena for things that live and die together: a mesh, a request, a run.
 * Under AddressSanitizer every piece is a malloc of its own, so overruns are seen. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>

#include "base/mem.h"

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used_bytes;
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
void *arena_alloc(struct arena *a, size_t bytes);          /* zeroed, 16-byte aligned, never NULL */
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_strz(struct arena *a, struct str s);           /* NUL-terminated copy */
struct str arena_str(struct arena *a, struct str s);       /* copy; also NUL-terminated */
struct str arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#endif
