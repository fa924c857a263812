/* Questions made from bytes, of a principal who must not see the canaries of a small mesh: none may come back, in rows, errors or the log. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "../tests/unit/governed_world.h"
#include "../tests/unit/query_grammar.h"

static struct world w;

static void *close_it(void *ctx)
{
    (void)ctx;
    world_close(&w);
    return NULL;
}

/* At exit what the engine keeps for this thread is gone already: another one closes it. */
static void close_world(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, close_it, NULL) == 0)
        pthread_join(t, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct buf sql = BUF_INIT((size_t)1 << 16);
    struct world_answer a;
    if (!w.g && (!world_open(&w, &e) || atexit(close_world) != 0))
        abort();
    grammar_query(data, size, &sql);
    world_ask(&w, true, buf_str(&sql), &a);
    if (a.canary)
        abort();
    buf_fini(&sql);
    return 0;
}
