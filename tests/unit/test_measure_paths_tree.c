/* Ways folded to a tree: worked by hand, and against counts of each beginning. */
#include "measure/path_tree.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static size_t walks(const char *const *texts, size_t n, uint32_t room[][8], struct path_walk *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct path_walk){room[i], strlen(texts[i])};
        for (size_t k = 0; k < out[i].n; k++)
            room[i][k] = (uint32_t)(texts[i][k] - 'a') + 1;
    }
    return n;
}

/* "ab:3/1" for each node: its labels from the start on, people, and how many end there. */
static void way_of(const struct path_node *v, size_t i, char *out)
{
    if (i == 0) {
        *out = 0;
        return;
    }
    way_of(v, v[i].parent, out);
    size_t n = strlen(out);
    out[n] = v[i].rest ? '*' : (char)('a' + v[i].label - 1);
    out[n + 1] = 0;
}

static void test_by_hand(void **state)
{
    (void)state;
    static const char *const ways[] = {"ab", "ab", "ac", "a", "b", "", "ca", "da", "e"};
    uint32_t room[16][8];
    struct path_walk w[16];
    struct path_node *v;
    struct arena a;
    struct buf b = BUF_INIT((size_t)4096);
    size_t n, count = walks(ways, sizeof ways / sizeof *ways, room, w);
    arena_init(&a);
    path_tree_fold(w, count, 2, 2, &a, &v, &n);
    for (size_t i = 0; i < n; i++) {
        char way[16];
        way_of(v, i, way);
        buf_printf(&b, "%s:%lld/%lld ", way, (long long)v[i].people, (long long)v[i].ends);
    }
    assert_string_equal(buf_z(&b), ":9/1 a:4/1 b:1/1 *:3/3 ab:2/2 ac:1/1 ");
    buf_fini(&b);
    arena_fini(&a);
}

static uint64_t seed = 3;
static unsigned draw(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static int64_t begins_with(const struct path_walk *w, size_t n, const char *way)
{
    int64_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (way[k] && k < w[i].n && w[i].labels[k] == (uint32_t)(way[k] - 'a') + 1)
            k++;
        count += way[k] == 0;
    }
    return count;
}

static void test_generated(void **state)
{
    (void)state;
    enum { WALKS = 200 };
    static uint32_t room[WALKS][8];
    struct path_walk w[WALKS];
    for (int round = 0; round < 200; round++) {
        struct arena a;
        struct path_node *v;
        size_t n, count = draw(WALKS), own[1024] = {0};
        int limit = 1 + (int)draw(4), depth = 1 + (int)draw(5);
        int64_t people[1024] = {0};
        for (size_t i = 0; i < count; i++) {
            w[i] = (struct path_walk){room[i], draw(8)};
            for (size_t k = 0; k < w[i].n; k++)
                room[i][k] = 1 + draw(5);
        }
        arena_init(&a);
        path_tree_fold(w, count, limit, depth, &a, &v, &n);
        assert_int_equal(v[0].people, count);
        assert_true(n <= 1024);
        for (size_t i = 1; i < n; i++) {
            char way[16];
            way_of(v, i, way);
            assert_true(v[i].parent < i && v[i].depth == v[v[i].parent].depth + 1 && v[i].depth <= depth && !v[v[i].parent].rest);
            people[v[i].parent] += v[i].people;
            own[v[i].parent] += !v[i].rest;
            if (v[i].rest)
                assert_int_equal(v[i].ends, v[i].people);
            else
                assert_int_equal(v[i].people, begins_with(w, count, way));
            if (!v[i].rest && !v[i - 1].rest && v[i - 1].parent == v[i].parent && i > 1) /* the most first */
                assert_true(v[i - 1].people > v[i].people || (v[i - 1].people == v[i].people && v[i - 1].label < v[i].label));
        }
        for (size_t i = 0; i < n; i++) {
            assert_true(own[i] <= (size_t)limit);
            assert_int_equal(v[i].people, v[i].ends + people[i]);
        }
        arena_fini(&a);
    }
}

static void test_full_tree(void **state)
{
    (void)state;
    enum { WALKS = 60000, STEPS = 4 };
    static uint32_t room[WALKS][STEPS];
    static struct path_walk w[WALKS];
    struct arena a;
    struct path_node *v;
    size_t n;
    for (size_t i = 0; i < WALKS; i++) {
        w[i] = (struct path_walk){room[i], STEPS};
        for (size_t k = 0; k < STEPS; k++)
            room[i][k] = 1 + draw(40);
    }
    arena_init(&a);
    path_tree_fold(w, WALKS, PATH_FANOUT_MAX, PATH_DEPTH_MAX, &a, &v, &n);
    int64_t ends = 0;
    for (size_t i = 0; i < n; i++)
        ends += v[i].ends;
    assert_int_equal(ends, WALKS); /* nobody is lost where there is no room */
    assert_true(n <= 2 * PATH_NODES_MAX + 2);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_generated), cmocka_unit_test(test_full_tree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
