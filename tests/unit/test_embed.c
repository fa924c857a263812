/* The table of embedded files: every row can be found, the walk by prefix is sorted and complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/embed.h"

static void every_file_is_found(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct embed_file *f = embed_next(STR(""), NULL); f; f = embed_next(STR(""), f)) {
        assert_ptr_equal(embed_find(f->path), f);
        assert_non_null(f->data.p);
        assert_int_equal(f->data.p[f->data.n], 0);
        assert_int_equal(strlen(f->sha256), 64);
        n++;
    }
    print_message("%zu embedded files\n", n);
}

static void unknown_files_are_not_found(void **state)
{
    (void)state;
    assert_null(embed_find(STR("")));
    assert_null(embed_find(STR("no/such/file")));
    assert_null(embed_find(STR("packs/")));
    assert_null(embed_next(STR("zzz/"), NULL));
}

static void a_prefix_bounds_the_walk(void **state)
{
    (void)state;
    const struct embed_file *before = NULL;
    for (const struct embed_file *f = embed_next(STR("packs/"), NULL); f; f = embed_next(STR("packs/"), f)) {
        assert_true(f->path.n > 6 && memcmp(f->path.p, "packs/", 6) == 0);
        if (before) {
            size_t n = before->path.n < f->path.n ? before->path.n : f->path.n;
            int c = memcmp(before->path.p, f->path.p, n);
            assert_true(c < 0 || (c == 0 && before->path.n < f->path.n));
        }
        before = f;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_found),
        cmocka_unit_test(unknown_files_are_not_found),
        cmocka_unit_test(a_prefix_bounds_the_walk),
    };
    return cmocka_run_group_tests_name("embed", tests, NULL, NULL);
}
