/* Questions made at random, of a principal who must not see canaries and of one who may: none may come back to the first, in rows, errors or the log; that some
 * come back to the second shows that the questions reach them. The corpus is the seed and the number, which are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "governed_world.h"
#include "query_grammar.h"

enum { QUESTIONS = 1500, BYTES = 160 };

static void test_no_canary(void **state)
{
    struct world w;
    struct err e = {0};
    struct buf sql = BUF_INIT((size_t)1 << 16);
    const char *seed_text = getenv("TRELLIS_DIFFERENTIAL_SEED"), *count_text = getenv("TRELLIS_DIFFERENTIAL_COUNT");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 20261122, x = seed;
    long count = count_text ? strtol(count_text, NULL, 10) : QUESTIONS, answered = 0, seen = 0;
    struct timespec from, to;
    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (!world_open(&w, &e))
        fail_msg("%s: %s", e.text, w.admin ? engine_last_message(w.admin) : "");
    for (long i = 0; i < count; i++) {
        uint8_t bytes[BYTES];
        for (size_t k = 0; k < sizeof bytes; k++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            bytes[k] = (uint8_t)(x >> 56);
        }
        struct world_answer a;
        buf_reset(&sql);
        grammar_query(bytes, sizeof bytes, &sql);
        world_ask(&w, true, buf_str(&sql), &a);
        if (a.canary)
            fail_msg("a hidden value came back to:\n%s\n%s\n%s", buf_z(&sql), a.e.text, a.e.hint);
        answered += a.ok;
        if (i % 4 == 0) {
            world_ask(&w, false, buf_str(&sql), &a);
            seen += a.canary;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%ld questions, seed %llu, %ld s: %ld answered to who must not see, no hidden value; of a quarter of them, asked by who may, %ld gave one\n", count, (unsigned long long)seed, (long)(to.tv_sec - from.tv_sec),
           answered, seen);
    assert_true(answered > count / 50);
    assert_true(seen > count / 400);
    world_close(&w);
    buf_fini(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_canary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
