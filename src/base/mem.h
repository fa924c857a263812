/* The only place that calls malloc. `mem_alloc` never returns NULL: on exhaustion it reports and
 * exits through the handler, which is safe because every store commits atomically. Sizes that come
 * from outside input use the `try` forms, which also carry the allocation fault point. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

void *mem_alloc(size_t bytes);                  /* zeroed; owned: mem_free */
void *mem_realloc(void *p, size_t bytes);
void *mem_try_alloc(size_t bytes);              /* NULL on exhaustion or injected fault */
void *mem_try_realloc(void *p, size_t bytes);
void mem_free(void *p);                         /* NULL-safe */
char *mem_strdup(struct str s);                 /* owned, NUL-terminated */

/* Checked size arithmetic: false on overflow. */
bool size_add(size_t a, size_t b, size_t *out);
bool size_mul(size_t a, size_t b, size_t *out);

#endif
