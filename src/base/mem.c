/* Heap memory: one handler for exhaustion, one fault point for sizes that come from input. */
#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"

/* Every store commits atomically, so ending here loses no acknowledged work; nothing may allocate on this path. */
static _Noreturn void mem_exhausted(void)
{
    static const char text[] = "trellis: error TR002: not enough memory; the process ends here, committed data is safe\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    abort();
}

void *mem_alloc(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        mem_exhausted();
    return p;
}

void *mem_realloc(void *p, size_t bytes)
{
    void *q = realloc(p, bytes ? bytes : 1);
    if (!q)
        mem_exhausted();
    return q;
}

void *mem_try_alloc(size_t bytes)
{
    if (fault_fires(FAULT_ALLOC))
        return NULL;
    return calloc(1, bytes ? bytes : 1);
}

void *mem_try_realloc(void *p, size_t bytes)
{
    if (fault_fires(FAULT_ALLOC))
        return NULL;
    return realloc(p, bytes ? bytes : 1);
}

void mem_free(void *p)
{
    free(p);
}

char *mem_strdup(struct str s)
{
    char *z = mem_alloc(s.n + 1);
    if (s.n)
        memcpy(z, s.p, s.n);
    return z;
}

bool size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

bool size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
